//! What each file gave, and the numbers of the summary.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::Serialize;

use super::select::Selection;
use crate::airflow::{Dag, Loaded, OperatorKind, Task};
use crate::diag::Diagnostic;
use crate::discover::Input;
use crate::mapping::{Account, Mapped};
use crate::python::{Sources, Span};
use crate::spec::JobSpec;

/// What one DAG file gave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileAccount {
    /// The path as shown to people.
    pub path: String,
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
    pub(super) accounts: Vec<Account>,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Every DAG and pod task of the file, wanted or not, as `(dag id, task id)`; a DAG stands with an empty task id.
    pub(super) ids: BTreeSet<(String, String)>,
    /// Pod tasks of the file, wanted or not.
    pub(super) pods: usize,
    /// Paths of the files in which its pod tasks are written, helpers included.
    pub(super) written_in: BTreeSet<String>,
}

impl Outcome {
    /// The outcome of a file that has been evaluated, without its tasks.
    pub(super) fn new(input: &Input, loaded: &Loaded, sources: &Sources) -> Self {
        let mut outcome = Self {
            file: FileAccount {
                path: input.shown.clone(),
                read: loaded.read,
                ..FileAccount::default()
            },
            ..Self::default()
        };
        for task in loaded.dags.iter().flat_map(|dag| &dag.tasks) {
            if task.operator.kind == OperatorKind::Other {
                continue;
            }
            outcome.pods += 1;
            let paths = spans(task).filter_map(|span| sources.get(span.source));
            outcome.written_in.extend(paths.map(|source| source.path.clone()));
        }
        outcome
    }

    /// Notes a DAG.
    pub(super) fn see_dag(&mut self, dag: &Dag, selection: &Selection) {
        let id = dag.dag_id.to_template();
        self.file.dags += usize::from(selection.has_dag(dag));
        let pods = dag.tasks.iter().filter(|task| task.operator.kind != OperatorKind::Other);
        self.ids.extend(pods.map(|task| (id.clone(), task.task_id.to_template())));
        self.ids.insert((id, String::new()));
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
