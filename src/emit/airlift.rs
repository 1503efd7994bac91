//! Moving tasks over one by one with `dagster-airlift`: the state of each task, the Dagster side, and the edit of the DAG
//! file.
//!
//! ```text
//! proxied_state/<dag>.yaml   which tasks run in Dagster; belongs beside the DAG file
//! airlift.diff               the edit of the DAG files, for `git apply`
//! definitions.py, defs/      the Dagster side, each asset with its task
//! ```
//!
//! A task that dagster-airlift would break the DAG with is left out of the state, and stays in Airflow.

use std::collections::{BTreeMap, BTreeSet};

use super::dagster::{DagsterProject, shown};
use super::header::MARK;
use super::paths::component;
use super::{Batch, Emitted, Emitter, OutputFile, Parts};
use crate::diag::{Code, Diagnostic};
use crate::spec::{DagFacts, JobSpec};

/// Writes what dagster-airlift needs.
#[derive(Debug, Clone, Default)]
pub struct Airlift {
    /// Whether the tasks run in Dagster from the start.
    pub proxied: bool,
    /// The texts of the DAG files by their paths as shown; a file without one is not edited.
    pub files: BTreeMap<String, String>,
}

/// The statement that is added to a DAG file.
const STATEMENT: &str = "
from pathlib import Path  # noqa: E402

from dagster_airlift.in_airflow import proxying_to_dagster  # noqa: E402
from dagster_airlift.in_airflow.proxied_state import (  # noqa: E402
    load_proxied_state_from_yaml,
)

proxying_to_dagster(
    global_vars=globals(),
    proxied_state=load_proxied_state_from_yaml(Path(__file__).parent / \"proxied_state\"),
)
";

impl Emitter for Airlift {
    fn emit(&self, batch: &Batch<'_>) -> Emitted {
        let mut emitted = DagsterProject { airlift: true }.emit(batch);
        // Whether a file has tasks to hand over, and all its DAGs can be found.
        let mut edited: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
        let mut states: BTreeSet<String> = BTreeSet::new();
        for (facts, specs) in batch.by_dag() {
            let (mut tasks, told) = proxied_tasks(facts, specs);
            emitted.diagnostics.extend(told);
            // dagster-airlift finds the file by the id, so there is one for both.
            let path = format!("proxied_state/{}.yaml", component(&facts.id));
            if !tasks.is_empty() && !states.insert(path.clone()) {
                let message = format!(
                    "another DAG has the id `{}`, too; the tasks of this one stay in Airflow",
                    shown(&facts.id)
                );
                emitted.diagnostics.push(Diagnostic::new(Code::AirliftTrap, facts.span, message));
                tasks.clear();
            }
            let can = edited.entry(facts.source.as_str()).or_insert((false, true));
            can.0 |= !tasks.is_empty();
            can.1 &= facts.is_global;
            if !facts.is_global {
                let message = format!(
                    "DAG `{}` is in no global variable, where dagster-airlift looks for DAGs; the file is not edited",
                    shown(&facts.id)
                );
                emitted.diagnostics.push(Diagnostic::new(Code::AirliftTrap, facts.span, message));
            }
            if tasks.is_empty() {
                continue;
            }
            emitted.files.push(OutputFile { path, text: state(facts, &tasks, self.proxied) });
        }
        let mut diff = String::new();
        for (source, _) in edited.into_iter().filter(|(_, can)| can.0 && can.1) {
            if let Some(text) =
                self.files.get(source).filter(|text| !text.contains("proxying_to_dagster"))
            {
                diff.push_str(&unified(source, text));
            }
        }
        if !diff.is_empty() {
            emitted.files.push(OutputFile { path: "airlift.diff".to_owned(), text: diff });
        }
        emitted
    }

    fn parts<'a>(&self, files: &'a [OutputFile]) -> Parts<'a> {
        DagsterProject { airlift: true }.parts(files)
    }
}

/// A DAG file with the statement at its end, in the line ends of the file.
pub fn edited(text: &str) -> String {
    let mut out = text.to_owned();
    let end = line_end(text);
    if !out.is_empty() && !out.ends_with('\n') {
        out.push_str(end);
    }
    out.push_str(&STATEMENT.replace('\n', end));
    out
}

fn line_end(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// The tasks of a DAG that can be proxied, and why others cannot.
fn proxied_tasks<'a>(facts: &'a DagFacts, specs: &[JobSpec]) -> (Vec<&'a str>, Vec<Diagnostic>) {
    let mut tasks = Vec::new();
    let mut told = Vec::new();
    for task in &facts.tasks {
        if !specs.iter().any(|spec| spec.metadata.task == task.id) {
            continue;
        }
        let why = if shown(&task.id) != task.id || facts.id != shown(&facts.id) {
            Some("its id is not known")
        } else if task.is_mapped {
            Some("dagster-airlift refuses a DAG with a mapped task in its state")
        } else if task.group.as_ref().is_some_and(|group| task.id.starts_with(&format!("{group}.")))
        {
            Some("dagster-airlift puts the prefix of its group before its id twice")
        } else {
            None
        };
        match why {
            None => tasks.push(task.id.as_str()),
            Some(why) => told.push(
                Diagnostic::new(
                    Code::AirliftTrap,
                    task.span,
                    format!("the task stays in Airflow: {why}"),
                )
                .task(&facts.id, &task.id),
            ),
        }
    }
    (tasks, told)
}

/// The file that says which tasks run in Dagster.
fn state(facts: &DagFacts, tasks: &[&str], proxied: bool) -> String {
    let tasks: Vec<_> =
        tasks.iter().map(|id| serde_json::json!({"id": id, "proxied": proxied})).collect();
    let source = super::header::comment(&facts.source);
    let head = format!("{MARK}{} from {source}\n", env!("CARGO_PKG_VERSION"));
    format!("{head}{}", crate::yaml::document(&serde_json::json!({"tasks": tasks})))
}

/// The edit of a file as a unified diff.
fn unified(path: &str, text: &str) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let context = lines.len().min(3);
    let first = lines.len() - context;
    let end = line_end(text);
    let added: Vec<String> =
        STATEMENT.split_inclusive('\n').map(|line| line.replace('\n', end)).collect();
    let is_open = lines.last().is_some_and(|last| !last.ends_with('\n'));
    let mut body = String::new();
    for (number, line) in lines.iter().enumerate().skip(first) {
        if is_open && number + 1 == lines.len() {
            // The last line gets the line end that it lacks.
            body.push_str(&format!("-{line}\n\\ No newline at end of file\n+{line}{end}"));
        } else {
            body.push_str(&format!(" {line}"));
        }
    }
    for line in &added {
        body.push_str(&format!("+{line}"));
    }
    let (start, before, after) = (first + 1, context, context + added.len());
    let start = if context == 0 { 0 } else { start };
    let new_start = if context == 0 { 1 } else { start };
    format!("--- a/{path}\n+++ b/{path}\n@@ -{start},{before} +{new_start},{after} @@\n{body}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::process::Command;

    use super::*;

    #[test]
    fn git_applies_the_edit_of_any_file() {
        let texts = ["a\nb\nc\nd\n", "a\r\nb\r\n", "a\nb", "a", "", "a\r\nb"];
        for text in texts {
            let folder = tempfile::tempdir().unwrap();
            std::fs::create_dir(folder.path().join("dags")).unwrap();
            let file = folder.path().join("dags/a b.py");
            std::fs::write(&file, text).unwrap();
            std::fs::write(folder.path().join("x.diff"), unified("dags/a b.py", text)).unwrap();
            let git = |args: &[&str]| {
                Command::new("git").args(args).current_dir(folder.path()).output().unwrap()
            };
            git(&["init", "-q"]);
            let applied = git(&["-c", "core.autocrlf=false", "apply", "x.diff"]);
            let said = String::from_utf8_lossy(&applied.stderr).into_owned();
            assert!(applied.status.success(), "{text:?}: {said}");
            assert_eq!(std::fs::read_to_string(&file).unwrap(), edited(text), "{text:?}");
        }
    }
}
