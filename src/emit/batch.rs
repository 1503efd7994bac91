//! What an emitter is given: job specs, and the DAGs they belong to.

use crate::spec::{DagFacts, JobSpec};

/// Job specs and their DAGs.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// The job specs, those of a DAG one after the other.
    pub specs: &'a [JobSpec],
    /// The DAGs; their `specs` are ranges of the job specs. Specs of none are specs without a DAG file.
    pub dags: &'a [DagFacts],
}

impl<'a> Batch<'a> {
    /// Job specs alone, such as those read from files.
    pub fn of(specs: &'a [JobSpec]) -> Self {
        Self { specs, dags: &[] }
    }

    /// Each job spec with its DAG.
    pub(super) fn each(self) -> impl Iterator<Item = (&'a JobSpec, Option<&'a DagFacts>)> {
        self.specs.iter().enumerate().map(move |(index, spec)| (spec, self.dag_of(index)))
    }

    /// Each DAG with its job specs.
    pub(super) fn by_dag(self) -> impl Iterator<Item = (&'a DagFacts, &'a [JobSpec])> {
        let specs = |dag: &DagFacts| self.specs.get(dag.specs.clone()).unwrap_or_default();
        self.dags.iter().map(move |dag| (dag, specs(dag)))
    }

    fn dag_of(self, index: usize) -> Option<&'a DagFacts> {
        // The ranges are in order, and there may be thousands.
        let at = self.dags.partition_point(|dag| dag.specs.end <= index);
        self.dags.get(at).filter(|dag| dag.specs.contains(&index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::tests_support::spec_named;

    #[test]
    fn each_spec_finds_its_dag() {
        let specs = [spec_named("a", "x"), spec_named("b", "y"), spec_named("b", "z")];
        let dag = |id: &str, specs| DagFacts { id: id.to_owned(), specs, ..DagFacts::default() };
        let dags = [dag("a", 0..1), dag("b", 1..3)];
        let batch = Batch { specs: &specs, dags: &dags };
        let ids: Vec<_> = batch.each().filter_map(|(_, dag)| Some(dag?.id.as_str())).collect();
        assert_eq!(ids, ["a", "b", "b"]);
        let counts: Vec<_> = batch.by_dag().map(|(_, specs)| specs.len()).collect();
        assert_eq!(counts, [1, 2]);
        assert!(Batch::of(&specs).each().all(|(_, dag)| dag.is_none()));
    }
}
