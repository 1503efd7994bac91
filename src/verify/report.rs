//! What a comparison found: the model behind the table and the JSON.

use serde::Serialize;
use serde_json::Value as Json;

use super::airflow::Versions;

/// The result of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Against what was compared.
    pub versions: Versions,
    /// The numbers.
    pub summary: Summary,
    /// Files that one side could not read, and DAGs that Airflow refuses.
    pub files: Vec<FileTrouble>,
    /// One verdict for each task, by file.
    pub tasks: Vec<Verdict>,
}

impl Report {
    /// Puts verdicts together and counts them.
    pub fn new(
        versions: Versions,
        read: usize,
        files: Vec<FileTrouble>,
        tasks: Vec<Verdict>,
    ) -> Self {
        let count = |status| tasks.iter().filter(|task| task.status == status).count();
        let summary = Summary {
            files: read,
            troubled: files.len(),
            tasks: tasks.len(),
            equal: count(Status::Equal),
            differs: count(Status::Differs),
            not_resolved: count(Status::NotResolved),
            refused: count(Status::Refused),
            only_airflow: count(Status::OnlyAirflow),
            only_podlift: count(Status::OnlyPodlift),
        };
        Self { versions, summary, files, tasks }
    }

    /// Whether everything was compared and is equal.
    pub fn is_equal(&self) -> bool {
        self.files.is_empty() && self.summary.equal == self.summary.tasks
    }
}

/// The numbers of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Summary {
    /// DAG files.
    pub files: usize,
    /// Remarks about files that could not be compared as a whole.
    pub troubled: usize,
    /// Tasks of either side.
    pub tasks: usize,
    /// Tasks with the same pod and the same facts.
    pub equal: usize,
    /// Tasks for which podlift states something that Airflow does not make.
    pub differs: usize,
    /// Tasks of whose job specs something is open.
    pub not_resolved: usize,
    /// Tasks of which Airflow itself makes no pod.
    pub refused: usize,
    /// Tasks that podlift did not find.
    pub only_airflow: usize,
    /// Tasks that Airflow does not have.
    pub only_podlift: usize,
}

/// A file that could not be compared as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileTrouble {
    /// Path of the file as shown to people.
    pub file: String,
    /// `airflow` or `podlift`: who could not read it.
    pub side: &'static str,
    /// Why: Airflow's exception, or podlift's finding.
    pub reason: String,
    /// Tasks of the other side that were not compared for it.
    pub tasks: usize,
}

/// How a task compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The same pod and the same facts, with everything known.
    Equal,
    /// podlift states something that Airflow does not make.
    Differs,
    /// Something in the job spec is open.
    NotResolved,
    /// Airflow itself fails to make the pod.
    Refused,
    /// podlift did not find it.
    OnlyAirflow,
    /// Airflow does not have it.
    OnlyPodlift,
}

impl Status {
    /// The words in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Differs => "differs",
            Self::NotResolved => "not resolved",
            Self::Refused => "refused by Airflow",
            Self::OnlyAirflow => "only in Airflow",
            Self::OnlyPodlift => "only in podlift",
        }
    }
}

/// How one task compares.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// Path of the DAG file as shown to people.
    pub file: String,
    /// DAG id.
    pub dag: String,
    /// Task id.
    pub task: String,
    /// Map index of an instance of a mapped task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map_index: Option<u32>,
    /// The verdict.
    pub status: Status,
    /// Why, where the differences and holes do not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where the sides differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// What is open on podlift's side.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<Open>,
}

/// A place at which the sides differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The place, for people: `spec.containers[0 base].image`.
    pub path: String,
    /// The same place as JSON pointer into the job spec.
    pub pointer: String,
    /// What Airflow has there; null for nothing.
    pub airflow: Json,
    /// What podlift has there; null for nothing.
    pub podlift: Json,
    /// `path:line:column` of the keyword that decides it, as far as podlift knows one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// That keyword.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub argument: Option<String>,
    /// Its value in Airflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub airflow_argument: Option<Json>,
}

/// Something that is open on podlift's side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Open {
    /// The place as JSON pointer into the job spec.
    pub pointer: String,
    /// The hole as `kind:name`, or the condition or loop.
    pub name: String,
    /// `path:line` of what left it open.
    pub source: String,
}
