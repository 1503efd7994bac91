//! The difference of two sides as plain data.

use serde::Serialize;
use serde_json::Value as Json;

use super::meaning::Meaning;
use crate::report::model::Readiness;

/// What changed from one side to the other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diff {
    /// Format: `podlift/v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: &'static str,
    /// Always `Diff`.
    pub kind: &'static str,
    /// The old side, as it was named.
    pub old: String,
    /// The new side, as it was named.
    pub new: String,
    /// The numbers.
    pub summary: Summary,
    /// Files that can be read on one side only.
    pub files: Vec<FileChange>,
    /// Tasks that differ, what matters most first.
    pub tasks: Vec<TaskChange>,
}

impl Diff {
    /// Whether the sides are the same.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.tasks.is_empty()
    }
}

/// The numbers of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Summary {
    /// Tasks of the old side.
    pub old_tasks: usize,
    /// Tasks of the new side.
    pub new_tasks: usize,
    /// Tasks of the new side only.
    pub added: usize,
    /// Tasks of the old side only.
    pub removed: usize,
    /// Tasks with another name.
    pub renamed: usize,
    /// Tasks with the same name and something else changed.
    pub changed: usize,
    /// Tasks without any difference.
    pub same: usize,
    /// Tasks on both sides that are closer to running outside Airflow.
    pub better: usize,
    /// Tasks on both sides that are farther from it.
    pub worse: usize,
}

/// A file that can be read on one side only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FileChange {
    /// Its path.
    pub path: String,
    /// Whether the new side can read it.
    pub readable_now: bool,
}

/// What happened to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It is gone.
    Removed,
    /// It has another name.
    Renamed,
    /// It is not as it was.
    Changed,
    /// It is new.
    Added,
}

impl Kind {
    /// The word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Renamed => "renamed",
            Self::Changed => "changed",
            Self::Added => "added",
        }
    }
}

/// Whether a task is closer to running outside Airflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Trend {
    /// It is farther from it.
    Worse,
    /// It is closer to it.
    Better,
}

/// The name of a task.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Name {
    /// DAG id.
    pub dag: String,
    /// Task id, with the prefixes of its groups.
    pub task: String,
    /// Index of an instance of a mapped task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map_index: Option<u32>,
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.dag, self.task)?;
        self.map_index.map_or(Ok(()), |index| write!(f, "[{index}]"))
    }
}

/// A task that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskChange {
    /// What happened to it.
    pub kind: Kind,
    /// Its name on the old side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Name>,
    /// Its name on the new side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Name>,
    /// How far it was from running outside Airflow, where the side knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_readiness: Option<Readiness>,
    /// How far it is from it, where the side knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_readiness: Option<Readiness>,
    /// Whether that is better or worse; nothing for neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trend: Option<Trend>,
    /// What is different, by meaning and place. For tasks of one side only there is nothing to compare.
    pub changes: Vec<Change>,
}

impl TaskChange {
    /// Its name now, or the one it had.
    pub fn name(&self) -> Option<&Name> {
        self.new.as_ref().or(self.old.as_ref())
    }
}

/// One difference inside a task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// What it is about.
    pub meaning: Meaning,
    /// The place, as in `containers[base].env[DAY]`.
    pub path: String,
    /// What stood there; nothing if it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Json>,
    /// What stands there; nothing if it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Json>,
    /// Whether it is a credential, which is not shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
}
