//! The migration report, format `podlift/v1`, kind `Report`: where a code base stands.
//!
//! It holds no time and no absolute path, and everything in it is in the order of files and of the source, so
//! the same DAGs always give the same bytes.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::mapping::Disposition;
use crate::spec::{API_VERSION, JobSpec, OpenHole, Template};

/// The `kind` of a report.
pub const KIND: &str = "Report";

/// Where a code base stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Format of the file: `podlift/v1`.
    #[serde(rename = "apiVersion")]
    #[schemars(extend("const" = API_VERSION))]
    pub api_version: String,
    /// Always `Report`.
    #[schemars(extend("const" = KIND))]
    pub kind: String,
    /// The release of podlift that wrote it.
    pub podlift: String,
    /// Whether values that look like credentials are replaced by `[redacted]`.
    pub redacted: bool,
    /// The numbers.
    pub totals: Totals,
    /// The numbers of each folder, by its path.
    pub folders: Vec<Group>,
    /// The numbers of each owner, by name; tasks without a known owner come last, under an empty name.
    pub owners: Vec<Group>,
    /// Every DAG file, by its path.
    pub files: Vec<FileEntry>,
    /// Findings, by place.
    pub findings: Vec<Finding>,
}

/// The numbers of a report or a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// DAG files.
    pub files: usize,
    /// DAG files that could not be read; nobody knows how many tasks they have.
    pub unreadable: usize,
    /// DAGs.
    pub dags: usize,
    /// Tasks that run pods. A dynamic pattern counts as one.
    pub tasks: usize,
    /// Tasks that stand for a number of tasks known only when the DAG runs.
    pub patterns: usize,
    /// Tasks that exist under a condition nobody could decide.
    pub conditional: usize,
    /// Tasks with nothing left to do.
    pub ready: usize,
    /// Tasks that need values.
    pub needs_values: usize,
    /// Tasks that need a decision.
    pub needs_decision: usize,
    /// Tasks that cannot become a pod.
    pub not_migratable: usize,
    /// How many keywords have each disposition.
    pub keywords: BTreeMap<Disposition, usize>,
    /// Holes in tasks.
    pub holes: usize,
    /// Credentials in plain text.
    pub credentials: usize,
    /// Findings of severity error that are not ignored.
    pub errors: usize,
    /// Findings of severity warning that are not ignored.
    pub warnings: usize,
    /// Findings of severity info that are not ignored.
    pub infos: usize,
    /// Findings that a comment or the configuration ignores.
    pub ignored: usize,
}

impl Totals {
    /// Tasks of one readiness.
    pub fn of(&self, readiness: Readiness) -> usize {
        match readiness {
            Readiness::Ready => self.ready,
            Readiness::NeedsValues => self.needs_values,
            Readiness::NeedsDecision => self.needs_decision,
            Readiness::NotMigratable => self.not_migratable,
        }
    }
}

/// The tasks of a folder or an owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Path of the folder, or name of the owner.
    pub name: String,
    /// Tasks that run pods.
    pub tasks: usize,
    /// Tasks with nothing left to do.
    pub ready: usize,
    /// Tasks that need values.
    pub needs_values: usize,
    /// Tasks that need a decision.
    pub needs_decision: usize,
    /// Tasks that cannot become a pod.
    pub not_migratable: usize,
    /// Files that could not be read.
    pub unreadable: usize,
}

impl Group {
    /// Tasks of one readiness.
    pub fn of(&self, readiness: Readiness) -> usize {
        match readiness {
            Readiness::Ready => self.ready,
            Readiness::NeedsValues => self.needs_values,
            Readiness::NeedsDecision => self.needs_decision,
            Readiness::NotMigratable => self.not_migratable,
        }
    }
}

/// How far a task is from running outside Airflow.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Readiness {
    /// Nothing is left to do.
    Ready,
    /// Something is known only when the DAG runs and has to be given.
    NeedsValues,
    /// Somebody has to decide, or to correct the DAG.
    NeedsDecision,
    /// It cannot become a pod.
    NotMigratable,
}

impl Readiness {
    /// All, best first.
    pub const ALL: [Self; 4] =
        [Self::Ready, Self::NeedsValues, Self::NeedsDecision, Self::NotMigratable];

    /// The words for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::NeedsValues => "needs values",
            Self::NeedsDecision => "needs a decision",
            Self::NotMigratable => "not migratable",
        }
    }

    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::NeedsValues => "needs-values",
            Self::NeedsDecision => "needs-decision",
            Self::NotMigratable => "not-migratable",
        }
    }
}

/// One DAG file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Its path.
    pub path: String,
    /// Whether it could be read at all.
    pub read: bool,
    /// How many DAGs it makes, those without pods included.
    pub dags_made: usize,
    /// DAGs with tasks that run pods, in the order of the source.
    pub dags: Vec<DagEntry>,
}

/// One DAG with its pod tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DagEntry {
    /// DAG id.
    pub id: String,
    /// Tasks that run pods, in the order of the source.
    pub tasks: Vec<TaskEntry>,
}

/// A place in a file.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Path of the file.
    pub file: String,
    /// 1-based line.
    pub line: u32,
    /// 1-based last line.
    pub last_line: u32,
}

impl std::fmt::Display for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// One task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskEntry {
    /// Task id, with the prefixes of its groups.
    pub id: String,
    /// Qualified class of the operator.
    pub operator: String,
    /// The call that makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Site>,
    /// Its owner, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// How far it is from running outside Airflow.
    pub readiness: Readiness,
    /// The one thing to do next.
    pub next_step: String,
    /// The loop or call that makes it stand for any number of tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Conditions nobody could decide and under which it exists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
    /// What became of each keyword, in the order in which they reached the operator.
    pub keywords: Vec<KeywordEntry>,
    /// What is not known, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holes: Vec<OpenHole>,
    /// Where Jinja is left, and the names it needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<Template>,
    /// Codes of its findings that are not ignored, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
    /// What it becomes: one job spec, or one for each instance of a task mapped over known values.
    pub pods: Vec<PodEntry>,
}

/// What became of one keyword.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeywordEntry {
    /// The Airflow name.
    pub name: String,
    /// What became of it.
    pub disposition: Disposition,
    /// Where it stands now, as JSON pointers into the job spec.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<String>,
    /// Where it came from: `call`, `default_args`, `partial`, `expand`, `decorator`, `subclass NAME`, `attribute`.
    pub origin: String,
    /// Where it is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Site>,
    /// A note for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Holes in its value, as `kind:name`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holes: Vec<String>,
}

/// One job spec of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PodEntry {
    /// The job spec.
    pub spec: JobSpec,
    /// Which place in the source made which place in the job spec. Only a report that was just made has them.
    #[serde(skip)]
    pub links: Vec<Link>,
}

/// A place in a job spec and what made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// JSON pointer into the job spec.
    pub pointer: String,
    /// The value in the source.
    pub place: Site,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The code, such as `KPO201`.
    pub code: String,
    /// How much it matters.
    pub severity: Level,
    /// One terse line.
    pub message: String,
    /// Path of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// 1-based line; 0 without a place.
    pub line: u32,
    /// 1-based column, in characters; 0 without a place.
    pub column: u32,
    /// 1-based last line; 0 without a place.
    pub end_line: u32,
    /// One past the last column, in characters; 0 without a place.
    pub end_column: u32,
    /// The DAG it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dag: Option<String>,
    /// The task it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// The place in the job spec, as a JSON pointer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_path: Option<String>,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Why it is ignored, if a comment or the configuration says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored: Option<String>,
    /// The same for the same finding wherever it moves in its file.
    pub fingerprint: String,
}

/// How much a finding matters.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Good to know.
    Info,
    /// Somebody should look.
    Warning,
    /// Something could not be translated as written.
    Error,
}

impl Level {
    /// The word for people and machines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl From<crate::diag::Severity> for Level {
    fn from(severity: crate::diag::Severity) -> Self {
        use crate::diag::Severity;
        match severity {
            Severity::Info => Self::Info,
            Severity::Warning => Self::Warning,
            Severity::Error => Self::Error,
        }
    }
}

impl Report {
    /// Every task with its file and DAG, in order.
    pub fn tasks(&self) -> impl Iterator<Item = (&FileEntry, &DagEntry, &TaskEntry)> {
        self.files.iter().flat_map(|file| {
            file.dags
                .iter()
                .flat_map(move |dag| dag.tasks.iter().map(move |task| (file, dag, task)))
        })
    }
}
