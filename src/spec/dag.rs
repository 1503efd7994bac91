//! What targets need to know of a DAG beside the job specs of its tasks: its schedule, its documents, and
//! the graph of all its tasks, other operators included.

use std::borrow::Cow;
use std::ops::Range;
use std::path::PathBuf;

use indexmap::IndexMap;
use serde_json::Value as Json;

use crate::python::Span;

/// A DAG as plain data. Texts with holes are templates, as in job specs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DagFacts {
    /// DAG id.
    pub id: String,
    /// Path of the DAG file as shown to people.
    pub source: String,
    /// Where the DAG file lies.
    pub location: PathBuf,
    /// The call that makes the DAG.
    pub span: Span,
    /// Whether it is in a global variable of its file.
    pub is_global: bool,
    /// Which job specs of the translation are its tasks.
    pub specs: Range<usize>,
    /// When its runs start.
    pub timing: Timing,
    /// Whether missed intervals are run later; absent when the DAG does not say.
    pub catchup: Option<bool>,
    /// How many runs may go on at the same time.
    pub max_active_runs: Option<u32>,
    /// Whether its runs end one day: `end_date`.
    pub has_end: bool,
    /// Whether a run may last so long only: `dagrun_timeout`.
    pub has_run_timeout: bool,
    /// Its one-line description.
    pub description: Option<String>,
    /// Its documentation, Markdown.
    pub doc: Option<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its params with their defaults; those that are not known are absent.
    pub params: IndexMap<String, Json>,
    /// Its params without a default, with the type that their schema names or nothing.
    pub unset: IndexMap<String, String>,
    /// Params and macros that come from somewhere podlift cannot see.
    pub has_macros: bool,
    /// Its tasks in the order of their making, other operators included.
    pub tasks: Vec<TaskFacts>,
}

/// When runs of a DAG start.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Timing {
    /// The schedule.
    pub schedule: Schedule,
    /// `start_date`, from the DAG or its `default_args`.
    pub start: Option<Start>,
    /// The zone the schedule is meant in, when it is not UTC.
    pub zone: Option<String>,
    /// Whether the logical date of a run is the moment it starts at, not the start of the interval before it: so
    /// in Airflow 3, unless the DAG has a timetable of intervals.
    pub is_trigger: bool,
}

/// A start date on the wall of its zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// `2024-01-31`.
    pub date: String,
    /// Hour.
    pub hour: u32,
    /// Minute.
    pub minute: u32,
    /// Day of the week, Sunday is 0.
    pub weekday: u32,
}

/// The schedule of a DAG.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Schedule {
    /// Runs are started by hand or by another DAG.
    #[default]
    Never,
    /// A cron expression or a preset such as `@daily`.
    Cron(String),
    /// One run every so many seconds, counted from the start date.
    Every(u64),
    /// Anything else, in a few words: datasets, `@once`, a timetable, a hole.
    Other(String),
}

/// A task of a DAG.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TaskFacts {
    /// Task id with the prefixes of its groups.
    pub id: String,
    /// The call that makes it.
    pub span: Span,
    /// Qualified name of the operator class.
    pub operator: String,
    /// Whether it runs a pod and so has job specs.
    pub is_pod: bool,
    /// Ids of the tasks that must end before it.
    pub upstream: Vec<String>,
    /// Whether it is mapped with `.expand(...)`.
    pub is_mapped: bool,
    /// Full id of the innermost task group.
    pub group: Option<String>,
    /// Its owner, if it is known.
    pub owner: Option<String>,
    /// Its documentation.
    pub doc: Option<String>,
    /// Its own params, which go before those of the DAG; `None` for those that are not known.
    pub params: IndexMap<String, Option<Json>>,
    /// Those of its own params that have no default, as in [`DagFacts::unset`].
    pub unset: IndexMap<String, String>,
}

impl TaskFacts {
    /// The params of the task: those of its DAG and its own.
    pub fn params_in<'a>(&self, dag: &'a DagFacts) -> Cow<'a, IndexMap<String, Json>> {
        if self.params.is_empty() {
            return Cow::Borrowed(&dag.params);
        }
        let mut params = dag.params.clone();
        for (name, value) in &self.params {
            match value {
                Some(value) => params.insert(name.clone(), value.clone()),
                None => params.shift_remove(name),
            };
        }
        Cow::Owned(params)
    }

    /// The params of the task for which a run needs a value, with the type that their schema names or nothing.
    pub fn unset_in<'a>(&self, dag: &'a DagFacts) -> Cow<'a, IndexMap<String, String>> {
        if self.params.is_empty() {
            return Cow::Borrowed(&dag.unset);
        }
        let mut unset = dag.unset.clone();
        for (name, value) in &self.params {
            match value {
                Some(_) => unset.shift_remove(name),
                None => {
                    unset.insert(name.clone(), self.unset.get(name).cloned().unwrap_or_default())
                }
            };
        }
        Cow::Owned(unset)
    }
}
