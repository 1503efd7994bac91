//! A file of job specs from its text to pods.

use std::sync::Arc;

use podlift::emit::Batch;
use podlift::launch::names::Identity;
use podlift::launch::plan::{Overrides, plan};
use podlift::launch::pod;
use podlift::launch::render::{Facts, render};
use podlift::pipes::ContextData;
use podlift::python::Sources;
use podlift::spec::{self, JobSpec, fill};

use super::dag::reads_back;
use super::emitted::emitted;
use super::templates::{interval, values};

/// Reads job specs, closes their holes, renders their templates and builds their pods.
pub(crate) fn job_spec(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let sources = Sources::default();
    match spec::read(&sources, "spec.yaml", &text) {
        Ok(specs) => {
            specs.iter().for_each(one);
            emitted(&Batch::of(&specs));
        }
        Err(findings) => super::told(&findings, &sources),
    }
}

fn one(spec: &JobSpec) {
    reads_back(spec);
    let filled = fill(spec, &values());
    reads_back(&filled.spec);
    let Ok(finished) = filled.finish() else { return };
    let spec = finished.0;
    let metadata = &spec.metadata;
    let (dag, task, map_index) = (metadata.dag.clone(), metadata.task.clone(), metadata.map_index);
    let facts = Facts {
        values: Arc::new(values()),
        ..Facts::new(&dag, &task, map_index, "r", Some(interval()))
    };
    let Ok(rendered) = render(&spec, &facts) else { return };
    let Ok(plan) = plan(rendered, &Overrides::default()) else { return };
    let identity = Identity { dag, task, map_index, run: "r".to_owned(), attempt: 1 };
    let Ok(pod) = pod::build(&plan.spec.run, "ns", &identity, &ContextData::new("r")) else {
        return;
    };
    assert_eq!(pod.pointer("/metadata/namespace").and_then(|it| it.as_str()), Some("ns"));
}
