//! The two stages the pipeline joins, and how one file goes through them.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::account::Outcome;
use super::facts;
use super::net;
use super::select::Selection;
use super::templates::{Known, Templates};
use crate::airflow::{Dag, Loaded, Operator, OperatorKind, Settings, Task, load_bytes, load_file};
use crate::diag::{Code, Diagnostic};
use crate::discover::{Content, Input};
use crate::disk::Disk;
use crate::mapping::{Mapped, Tables, map_task};
use crate::python::{FileLimits, Files, Source, Sources, Span};
use crate::spec::DagFacts;

/// Reading and mapping. A trait, so that the pipeline can be tested without Python.
pub trait Stages: Sync {
    /// Evaluates one file. What is wrong with the file is a finding in the result. Nothing but `disk` is asked for
    /// what lies on the disk.
    fn load(&self, input: &Input, settings: &Settings, sources: &Sources, disk: &Disk) -> Loaded;

    /// Whether an operator runs pods, so that its tasks have to be accounted for.
    fn runs_pods(&self, operator: &Operator) -> bool {
        operator.kind != OperatorKind::Other
    }

    /// Maps one task through the tables.
    fn map(
        &self,
        task: &Task,
        dag: &Dag,
        settings: &Settings,
        sources: &Sources,
        disk: &Disk,
    ) -> Mapped;
}

/// Takes one file through both stages. A bug of podlift costs this file, not the run.
pub(super) fn read(
    stages: &dyn Stages,
    input: &Input,
    settings: &Settings,
    selection: &Selection,
    sources: &Sources,
    disk: &Disk,
) -> Outcome {
    let attempt = AssertUnwindSafe(|| read_file(stages, input, settings, selection, sources, disk));
    catch_unwind(attempt).unwrap_or_else(|panic| {
        let (source, _) = sources.add(Source::new(input.shown.as_str(), ""));
        let span = Span { source, start: 0, end: 0 };
        let finding = Diagnostic::new(Code::InternalError, span, words(panic.as_ref()))
            .help("please report it with this file, or the part of it that shows the failure");
        Outcome { diagnostics: vec![finding], ..Outcome::new(input, false) }
    })
}

fn read_file(
    stages: &dyn Stages,
    input: &Input,
    settings: &Settings,
    selection: &Selection,
    sources: &Sources,
    disk: &Disk,
) -> Outcome {
    let loaded = stages.load(input, settings, sources, disk);
    let mut outcome = Outcome::new(input, loaded.read);
    outcome.is_shared = loaded.is_shared;
    outcome.is_told = loaded.diagnostics.iter().any(|finding| {
        matches!(finding.code, Code::TaskWithoutDag | Code::DagNeverCalled | Code::HiddenDag)
    });
    // What an operator of the user's own does stands in the user's table.
    let mapped: Vec<Span> = loaded
        .dags
        .iter()
        .flat_map(|dag| &dag.tasks)
        .filter(|task| {
            task.operator.kind == OperatorKind::Other && stages.runs_pods(&task.operator)
        })
        .map(|task| task.span)
        .collect();
    let diagnostics = loaded.diagnostics.into_iter().filter(|finding| {
        finding.code != Code::UnresolvedOperator || !mapped.contains(&finding.span)
    });
    outcome.diagnostics.extend(diagnostics.filter(|finding| selection.concerns(finding)));
    for dag in &loaded.dags {
        outcome.see_dag(dag, selection);
        let first = outcome.specs.len();
        for task in &dag.tasks {
            let runs_pod = stages.runs_pods(&task.operator);
            if runs_pod {
                outcome.see_task(task, selection, sources);
            }
            if runs_pod && selection.has(dag, task) {
                outcome.add(stages.map(task, dag, settings, sources, disk));
            } else if selection.has_dag(dag) {
                outcome.see_other(task, runs_pod);
            }
        }
        if outcome.specs.len() > first {
            let specs = first..outcome.specs.len();
            outcome.dags.push(DagFacts { specs, ..facts::facts(stages, dag, input) });
        }
    }
    outcome.mention = net::mention(&outcome, sources);
    outcome
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let said = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    match said {
        Some(said) => format!("podlift failed on this file: {said}"),
        None => "podlift failed on this file".to_owned(),
    }
}

/// The stages of podlift itself: static evaluation, and the mapping tables.
#[derive(Debug)]
pub struct Static {
    tables: Tables,
    files: Files,
    templates: Known,
    accounts: bool,
}

impl Static {
    /// The stages with these tables; files longer than `longest` bytes are not read.
    pub fn new(tables: Tables, longest: u64) -> Self {
        let files = Files::new(FileLimits { bytes: longest });
        Self { tables, files, templates: Known::default(), accounts: true }
    }

    /// The same without saying what becomes of each keyword: the accounts of tasks have neither keywords nor places.
    #[must_use]
    pub fn without_accounts(self) -> Self {
        Self { accounts: false, ..self }
    }
}

impl Stages for Static {
    fn load(&self, input: &Input, settings: &Settings, sources: &Sources, disk: &Disk) -> Loaded {
        let Input { path, shown, content } = input;
        let bytes = match content {
            Content::Given(bytes) => {
                return load_bytes(&self.files, sources, settings, path, shown, bytes);
            }
            Content::Read(bytes) => Some(bytes.as_slice()),
            Content::Unread => None,
        };
        load_file(&self.files, sources, settings, (path, bytes), shown, disk)
    }

    fn runs_pods(&self, operator: &Operator) -> bool {
        let is_users = |class: &str| {
            operator.class == class || operator.subclasses.iter().any(|sub| sub.name == class)
        };
        operator.kind != OperatorKind::Other || self.tables.operators().any(is_users)
    }

    fn map(
        &self,
        task: &Task,
        dag: &Dag,
        settings: &Settings,
        sources: &Sources,
        disk: &Disk,
    ) -> Mapped {
        let templates = Templates::new(sources, settings, &self.templates, disk);
        map_task(task, dag, &self.tables, settings, sources, &templates, self.accounts)
    }
}
