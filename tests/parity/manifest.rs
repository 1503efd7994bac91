//! The fixtures: what stands in `fixtures/expect.yaml`, and which of their tasks are known not to be equal.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use indexmap::IndexMap;
use podlift::python::Sources;
use podlift::values::{Unset, Values};
use podlift::verify::{Report, Status};
use serde::Deserialize;
use serde_json::Value as Json;

/// The folder of the fixtures.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// `fixtures/expect.yaml`.
#[derive(Deserialize)]
pub(crate) struct Manifest {
    /// Folders for imports, the DAG folder first.
    pub(crate) roots: Vec<PathBuf>,
    /// Fixtures by `name` or `name@variant`.
    pub(crate) fixtures: IndexMap<String, Fixture>,
}

/// One fixture.
#[derive(Deserialize)]
pub(crate) struct Fixture {
    /// Values for its lookups.
    #[serde(default)]
    pub(crate) values: Json,
}

impl Manifest {
    /// Reads it.
    pub(crate) fn read() -> Self {
        let text = fs::read_to_string(folder().join("expect.yaml")).unwrap();
        serde_yaml::from_str(&text).unwrap()
    }

    /// The folders for imports.
    pub(crate) fn roots(&self) -> Vec<PathBuf> {
        self.roots.iter().map(|root| podlift::paths::normal(&folder().join(root))).collect()
    }
}

/// The values of a manifest or an expectation.
pub(crate) fn values(json: &Json) -> Values {
    let text = if json.is_null() { "{}".to_owned() } else { json.to_string() };
    let values = Values::from_yaml(&Sources::default(), "values", &text);
    Values { unset: Unset::Absent, ..values.unwrap() }
}

/// Fixture -> `dag.task` -> the verdict that is known not to be `equal`.
pub(crate) type Deviations = BTreeMap<String, BTreeMap<String, String>>;

/// `tests/parity/deviations.yaml`.
pub(crate) fn deviations() -> Deviations {
    serde_yaml::from_str(include_str!("deviations.yaml")).unwrap()
}

/// Everything in a report that is not equal, in the form of [`Deviations`].
pub(crate) fn found(fixture: &str, report: &Report, into: &mut Deviations) {
    for task in report.tasks.iter().filter(|task| task.status != Status::Equal) {
        let index = task.map_index.map(|index| format!("[{index}]")).unwrap_or_default();
        let id = format!("{}.{}{index}", task.dag, task.task);
        let tasks = into.entry(fixture.to_owned()).or_default();
        let status = serde_json::to_value(task.status).unwrap();
        tasks.insert(id, status.as_str().unwrap().to_owned());
    }
}

/// What stands in one and not in the other, as lines.
pub(crate) fn unlike(found: &Deviations, known: &Deviations) -> String {
    let lines = |these: &Deviations, others: &Deviations, mark: &str| -> Vec<String> {
        let flat = these
            .iter()
            .flat_map(|(file, tasks)| tasks.iter().map(move |(task, status)| (file, task, status)));
        flat.filter(|(file, task, status)| {
            others.get(*file).and_then(|tasks| tasks.get(*task)) != Some(*status)
        })
        .map(|(file, task, status)| format!("{mark} {file}: {task}: {status}"))
        .collect()
    };
    let mut all = lines(found, known, "new:  ");
    all.extend(lines(known, found, "gone: "));
    all.join("\n")
}
