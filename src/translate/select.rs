//! Which DAGs and tasks are wanted: `--dag` and `--task`.

use std::collections::BTreeSet;

use super::account::Outcome;
use crate::airflow::{Dag, Task};
use crate::diag::Diagnostic;
use crate::eval::Text;

/// The wanted DAGs and tasks; empty lists want everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// DAG ids.
    pub dags: Vec<String>,
    /// Task ids, with the prefixes of their groups.
    pub tasks: Vec<String>,
}

/// A selected id that nothing has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmatched {
    /// `DAG` or `task`.
    pub kind: &'static str,
    /// The id that was asked for.
    pub id: String,
    /// Ids that there are, sorted.
    pub known: Vec<String>,
}

impl Selection {
    /// Whether everything is wanted.
    pub fn is_all(&self) -> bool {
        self.dags.is_empty() && self.tasks.is_empty()
    }

    /// Whether a DAG is wanted.
    pub fn has_dag(&self, dag: &Dag) -> bool {
        self.dags.is_empty() || names(&self.dags, &dag.dag_id)
    }

    /// Whether a task is wanted.
    pub fn has(&self, dag: &Dag, task: &Task) -> bool {
        self.has_dag(dag) && (self.tasks.is_empty() || names(&self.tasks, &task.task_id))
    }

    /// Whether a finding of reading is about something wanted. Findings about no task in particular
    /// always are: what they are about may hide a wanted task.
    pub fn concerns(&self, finding: &Diagnostic) -> bool {
        let wants = |ids: &[String], id: &String| ids.is_empty() || ids.contains(id);
        finding
            .task
            .as_ref()
            .is_none_or(|(dag, task)| wants(&self.dags, dag) && wants(&self.tasks, task))
    }

    /// Selected ids that nothing has.
    pub(super) fn unmatched(&self, outcomes: &[Outcome]) -> Vec<Unmatched> {
        if self.is_all() {
            return Vec::new();
        }
        let ids = || outcomes.iter().flat_map(|outcome| &outcome.ids);
        let dags: BTreeSet<&String> = ids().map(|(dag, _)| dag).collect();
        let tasks: BTreeSet<&String> = ids()
            .filter(|(dag, task)| {
                !task.is_empty() && (self.dags.is_empty() || self.dags.contains(dag))
            })
            .map(|(_, task)| task)
            .collect();
        let missing = |kind, wanted: &[String], known: &BTreeSet<&String>| {
            let known: Vec<String> = known.iter().map(|id| (*id).clone()).collect();
            wanted
                .iter()
                .filter(|id| !known.contains(id))
                .map(|id| Unmatched { kind, id: id.clone(), known: known.clone() })
                .collect::<Vec<_>>()
        };
        let mut all = missing("DAG", &self.dags, &dags);
        all.extend(missing("task", &self.tasks, &tasks));
        all
    }
}

/// Whether an id is among the wanted ones, written as it is or as job specs write it.
fn names(wanted: &[String], id: &Text) -> bool {
    let template = id.to_template();
    wanted.iter().any(|name| *name == template || Some(name.as_str()) == id.as_literal())
}
