//! What each file gave, and the numbers of the summary.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;

use serde::Serialize;

use super::select::Selection;
use crate::airflow::{Dag, Task};
use crate::diag::Diagnostic;
use crate::discover::Input;
use crate::eval::Kind;
use crate::mapping::{Account, Mapped};
use crate::python::{Sources, Span};
use crate::spec::{DagFacts, JobSpec};

/// What one DAG file gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileAccount {
    /// The path as shown to people.
    pub path: String,
    /// Where it lies.
    pub location: PathBuf,
    /// Whether the file could be read at all.
    pub read: bool,
    /// DAGs made by it that are wanted.
    pub dags: usize,
    /// Wanted tasks that run pods.
    pub tasks: usize,
    /// Tasks whose job specs have no holes.
    pub resolved: usize,
    /// Tasks whose job specs have holes.
    pub open: usize,
    /// Tasks without a job spec.
    pub failed: usize,
    /// Which of the translation's job specs come from it.
    pub specs: Range<usize>,
    /// Which of the translation's accounts are about its tasks.
    pub accounts: Range<usize>,
}

/// A task of a wanted DAG that became no job spec: one of another operator, or one that was not selected.
/// Whoever runs the DAG needs it to keep the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherTask {
    /// DAG id.
    pub dag: String,
    /// Task id, with the prefixes of its groups.
    pub task: String,
    /// Qualified name of its operator.
    pub operator: String,
    /// Whether it runs a pod and was only not selected.
    pub runs_pod: bool,
    /// Ids of the tasks that must end before it.
    pub upstream: Vec<String>,
    /// Its `trigger_rule`, if it is known and not the default.
    pub trigger_rule: Option<String>,
}

/// The numbers of the summary line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Summary {
    /// DAG files.
    pub files: usize,
    /// DAG files that could not be read.
    pub unread: usize,
    /// DAGs.
    pub dags: usize,
    /// Tasks that run pods.
    pub tasks: usize,
    /// Tasks whose job specs have no holes.
    pub resolved: usize,
    /// Tasks whose job specs have holes.
    pub open: usize,
    /// Tasks without a job spec.
    pub failed: usize,
}

impl Summary {
    /// Adds up what the files gave.
    pub fn of(files: &[FileAccount]) -> Self {
        files.iter().fold(Self::default(), |sum, file| Self {
            files: sum.files + 1,
            unread: sum.unread + usize::from(!file.read),
            dags: sum.dags + file.dags,
            tasks: sum.tasks + file.tasks,
            resolved: sum.resolved + file.resolved,
            open: sum.open + file.open,
            failed: sum.failed + file.failed,
        })
    }
}

/// Everything one file gave, before it joins the others.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) file: FileAccount,
    pub(super) specs: Vec<JobSpec>,
    /// DAGs with job specs, in the order of these.
    pub(super) dags: Vec<DagFacts>,
    pub(super) accounts: Vec<Account>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) others: Vec<OtherTask>,
    /// Where only some are wanted, every DAG and pod task of the file as `(dag id, task id)`; a DAG stands with an empty task id.
    pub(super) ids: BTreeSet<(String, String)>,
    /// Pod tasks of the file, wanted or not.
    pub(super) pods: usize,
    /// Whether a finding says why tasks of the file are not among those of Airflow.
    pub(super) is_told: bool,
    /// Paths of the helpers in which its pod tasks are written.
    pub(super) written_in: BTreeSet<String>,
    /// Where it names a pod operator, if it was read and has no pod task.
    pub(super) mention: Option<Span>,
    /// Whether findings about other files may point into this one.
    pub(super) is_shared: bool,
}

impl Outcome {
    /// The outcome of a file that has been evaluated, without its tasks.
    pub(super) fn new(input: &Input, read: bool) -> Self {
        let (path, location) = (input.shown.clone(), input.path.clone());
        let file = FileAccount { path, location, read, ..FileAccount::default() };
        Self { file, ..Self::default() }
    }

    /// Notes a DAG.
    pub(super) fn see_dag(&mut self, dag: &Dag, selection: &Selection) {
        self.file.dags += usize::from(selection.has_dag(dag));
        if !selection.is_all() {
            self.ids.insert((dag.dag_id.to_template(), String::new()));
        }
    }

    /// Notes a task that runs pods.
    pub(super) fn see_task(&mut self, task: &Task, selection: &Selection, sources: &Sources) {
        self.pods += 1;
        if !selection.is_all() {
            self.ids.insert((task.dag_id.to_template(), task.task_id.to_template()));
        }
        let mut last = None;
        for span in spans(task) {
            // Most keywords stand beside each other.
            if last.replace(span.source) == Some(span.source) {
                continue;
            }
            let source = sources.get(span.source);
            let other = source.filter(|source| source.path != self.file.path);
            self.written_in.extend(other.map(|source| source.path.clone()));
        }
    }

    /// Notes a task of a wanted DAG that is not wanted itself or runs no pod.
    pub(super) fn see_other(&mut self, task: &Task, runs_pod: bool) {
        let rule = task.keyword("trigger_rule").and_then(|value| match &value.kind {
            // `TriggerRule.ALL_DONE`
            Kind::Object(object) => Some(object.name.to_string()),
            _ => value.as_str().map(str::to_owned),
        });
        self.others.push(OtherTask {
            dag: task.dag_id.to_template(),
            task: task.task_id.to_template(),
            operator: task.operator.class.clone(),
            runs_pod,
            upstream: task.upstream.clone(),
            trigger_rule: rule,
        });
    }

    /// Adds what became of one task.
    pub(super) fn add(&mut self, mapped: Mapped) {
        self.file.tasks += 1;
        if mapped.specs.is_empty() {
            self.file.failed += 1;
        } else if mapped.specs.iter().any(|spec| !spec.holes.is_empty()) {
            self.file.open += 1;
        } else {
            self.file.resolved += 1;
        }
        self.specs.extend(mapped.specs);
        self.accounts.push(mapped.account);
        self.diagnostics.extend(mapped.diagnostics);
    }
}

/// Every place a task is written in.
fn spans(task: &Task) -> impl Iterator<Item = Span> {
    let keywords = task.keywords.values().map(|keyword| keyword.span);
    let classes = task.operator.subclasses.iter().map(|class| class.span);
    std::iter::once(task.span).chain(keywords).chain(classes)
}
