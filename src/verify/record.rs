//! What the probe answers: one JSON object per line.

use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// One line of the probe.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "record", rename_all = "lowercase")]
pub enum Record {
    /// A task that runs a pod.
    Task(Box<TaskRecord>),
    /// A DAG.
    Dag(DagRecord),
    /// The end of what there is to say about a file.
    File(FileRecord),
}

impl Record {
    /// The DAG file it is about.
    pub fn file(&self) -> &str {
        match self {
            Self::Task(task) => &task.file,
            Self::Dag(dag) => &dag.file,
            Self::File(file) => &file.file,
        }
    }
}

/// A task that runs a pod, as Airflow has it.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct TaskRecord {
    /// Absolute path of the DAG file.
    pub file: String,
    /// DAG id.
    pub dag_id: String,
    /// Task id with the prefixes of its groups.
    pub task_id: String,
    /// Qualified name of the operator class.
    pub class: String,
    /// Ids of the tasks that must end before it.
    pub upstream: Vec<String>,
    /// What a launcher needs to know beside the pod.
    pub facts: Option<Facts>,
    /// The arguments of Airflow's own classes that say something.
    pub arguments: Map<String, Json>,
    /// The instance, for a mapped task.
    pub mapped: Option<MappedTask>,
    /// The pod, unless Airflow could not make it.
    pub pod: Option<Json>,
    /// Why Airflow could not make the pod.
    pub error: Option<String>,
}

/// An instance of a mapped task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct MappedTask {
    /// Whether Airflow knows the instances before the DAG runs.
    pub known: bool,
    /// Map index, if so.
    pub index: Option<u32>,
}

/// What a launcher needs to know beside the pod.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Further attempts after a failed one.
    pub retries: Json,
    /// Seconds between two attempts.
    pub retry_delay: Json,
    /// Seconds allowed for the whole attempt.
    pub execution_timeout: Json,
    /// Which results of the upstream tasks let this one start.
    pub trigger_rule: Json,
    /// Pool.
    pub pool: Json,
}

/// A DAG, as Airflow has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DagRecord {
    /// Absolute path of the DAG file.
    pub file: String,
    /// DAG id.
    pub dag_id: String,
    /// Why Airflow would refuse it although its file could be imported.
    pub trouble: Option<String>,
}

/// How reading a file went.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FileRecord {
    /// Absolute path of the DAG file.
    pub file: String,
    /// Whether it could be imported.
    pub ok: bool,
    /// The exception otherwise.
    #[serde(default)]
    pub error: Option<String>,
}
