//! The account of a task: every keyword ends in exactly one disposition.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::airflow::Origin;
use crate::diag::Diagnostic;
use crate::python::Span;
use crate::spec::JobSpec;

/// What became of one keyword.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Disposition {
    /// Stands in the pod or the client configuration.
    Mapped,
    /// Honoured by podlift's launcher; PipesK8sClient has no counterpart.
    Launcher,
    /// Has no meaning outside Airflow.
    NotNeeded,
    /// The user has to carry it over.
    Manual,
    /// Cannot be carried over.
    Unsupported,
    /// Would be mapped, but its value has holes.
    Unresolved,
    /// No table knows the keyword.
    Unknown,
}

impl Disposition {
    /// All, in the order in which people want to see them.
    pub const ALL: &'static [Self] = &[
        Self::Mapped,
        Self::Launcher,
        Self::NotNeeded,
        Self::Manual,
        Self::Unsupported,
        Self::Unresolved,
        Self::Unknown,
    ];

    /// The word in tables, reports and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Mapped => "mapped",
            Self::Launcher => "launcher",
            Self::NotNeeded => "not-needed",
            Self::Manual => "manual",
            Self::Unsupported => "unsupported",
            Self::Unresolved => "unresolved",
            Self::Unknown => "unknown",
        }
    }

    /// What it means, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Mapped => "mapped: stands in the pod or the client configuration",
            Self::Launcher => "launcher: honoured by podlift's launcher, not by PipesK8sClient",
            Self::NotNeeded => "not-needed: has no meaning outside Airflow",
            Self::Manual => "manual: has to be carried over by hand",
            Self::Unsupported => "unsupported: cannot be carried over",
            Self::Unresolved => "unresolved: its value has holes",
            Self::Unknown => "unknown: no table knows it",
        }
    }
}

/// One keyword of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct KeywordAccount {
    /// The Airflow name.
    pub name: String,
    /// What became of it.
    pub disposition: Disposition,
    /// Where it stands now, as JSON pointers into the job spec.
    pub targets: Vec<String>,
    /// Where it came from.
    pub origin: Origin,
    /// Where it is written.
    pub span: Span,
    /// A note for people; empty for none.
    pub note: String,
    /// Holes in its value, as `kind:name`.
    pub holes: Vec<String>,
}

/// One task with what became of each of its keywords.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// DAG id.
    pub dag: String,
    /// Task id.
    pub task: String,
    /// Qualified class of the operator.
    pub operator: String,
    /// The call.
    pub span: Span,
    /// `owner`, as far as it is known.
    pub owner: Option<String>,
    /// Every keyword, in the order in which they reached the operator.
    pub keywords: Vec<KeywordAccount>,
    /// For each job spec of the task: JSON pointers into it with what made the value there.
    pub places: Vec<Vec<(String, Span)>>,
}

/// What mapping makes of one task.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapped {
    /// The job specs: one, one per instance for a task mapped over known values, none where the
    /// operator is not a pod.
    pub specs: Vec<JobSpec>,
    /// What became of each keyword.
    pub account: Account,
    /// Findings.
    pub diagnostics: Vec<Diagnostic>,
}
