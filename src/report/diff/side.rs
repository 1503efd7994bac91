//! One side of a comparison.

use std::collections::{BTreeMap, BTreeSet};

use super::leaves::{Leaf, leaves};
use super::model::Name;
use crate::report::model::{Readiness, Report};
use crate::spec::JobSpec;

/// A set of tasks to compare.
#[derive(Debug, Clone, Default)]
pub struct Side {
    /// How people named it.
    pub(super) label: String,
    pub(super) tasks: Vec<Item>,
    pub(super) unreadable: BTreeSet<String>,
}

/// A task, or one instance of a mapped task.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) name: Name,
    /// Where the side knows it.
    pub(super) readiness: Option<Readiness>,
    pub(super) leaves: BTreeMap<String, Leaf>,
}

impl Side {
    /// The tasks of a report. One that was made with credentials is compared with them; they are never shown.
    pub fn of_report(label: &str, report: &Report) -> Self {
        let mut tasks = Vec::new();
        for (_, dag, task) in report.tasks() {
            let readiness = Some(task.readiness);
            if task.pods.is_empty() {
                let name = Name { dag: dag.id.clone(), task: task.id.clone(), map_index: None };
                tasks.push(Item { name, readiness, leaves: BTreeMap::new() });
            }
            tasks.extend(task.pods.iter().map(|pod| Item { readiness, ..Item::of(&pod.spec) }));
        }
        let unread = report.files.iter().filter(|file| !file.read);
        let unreadable = unread.map(|file| file.path.clone()).collect();
        Self { label: label.to_owned(), tasks, unreadable }
    }

    /// The tasks of job specs. How far they are is not known: specs do not say what was left out of them.
    pub fn of_specs(label: &str, specs: &[JobSpec]) -> Self {
        let tasks = specs.iter().map(Item::of).collect();
        Self { label: label.to_owned(), tasks, unreadable: BTreeSet::new() }
    }
}

impl Item {
    fn of(spec: &JobSpec) -> Self {
        let metadata = &spec.metadata;
        let name = Name {
            dag: metadata.dag.clone(),
            task: metadata.task.clone(),
            map_index: metadata.map_index,
        };
        Self { name, readiness: None, leaves: leaves(spec) }
    }
}
