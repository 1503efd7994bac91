//! How far a task is from running outside Airflow, and the one thing to do next.

use std::collections::BTreeSet;

use indexmap::IndexSet;

use super::model::{Finding, KeywordEntry, Level, Readiness, TaskEntry};
use crate::diag::Code;
use crate::mapping::{Disposition, only_in_airflow};

/// Findings after which somebody has to decide how a task is to run, although they are no errors.
const DECISIONS: [Code; 5] = [
    Code::UnsupportedOperator,
    Code::TaskPattern,
    Code::UnknownExpansion,
    Code::OverriddenMethod,
    Code::ConditionalTask,
];

/// The findings about a task, or about all tasks of one name: each of thousands of files may have one.
#[derive(Default)]
pub(super) struct Findings<'a> {
    /// Codes that are not ignored.
    pub(super) codes: BTreeSet<&'a str>,
    unsupported: Option<&'a Finding>,
    error: Option<&'a Finding>,
    decision: Option<&'a Finding>,
    /// Lines with findings that are ignored.
    ignored: BTreeSet<u32>,
}

impl<'a> Findings<'a> {
    pub(super) fn add(&mut self, finding: &'a Finding) {
        if finding.ignored.is_some() {
            self.ignored.insert(finding.line);
            return;
        }
        let code = finding.code.as_str();
        self.codes.insert(code);
        if code == Code::UnsupportedOperator.as_str() {
            self.unsupported.get_or_insert(finding);
        }
        if finding.severity == Level::Error {
            self.error.get_or_insert(finding);
        }
        if DECISIONS.iter().any(|decision| decision.as_str() == code) {
            self.decision.get_or_insert(finding);
        }
    }
}

/// Judges a task by what became of its keywords, its job specs and the findings about it. The file is named in the
/// commands that the next step gives.
pub(super) fn judge(task: &TaskEntry, findings: &Findings<'_>, file: &str) -> (Readiness, String) {
    if task.pods.is_empty() {
        let why = findings.unsupported;
        let why = why.map_or_else(|| "it gives no pod".to_owned(), |why| why.message.clone());
        return (Readiness::NotMigratable, format!("carry it over by hand: {why}"));
    }
    if let Some(error) = findings.error {
        return (Readiness::NeedsDecision, step_of(error, "correct"));
    }
    let is_ignored = |keyword: &KeywordEntry| {
        keyword.place.as_ref().is_some_and(|place| findings.ignored.contains(&place.line))
    };
    let undecided = [Disposition::Unknown, Disposition::Unsupported, Disposition::Manual];
    let keyword = undecided.iter().find_map(|disposition| {
        let found =
            |keyword: &&KeywordEntry| keyword.disposition == *disposition && !is_ignored(keyword);
        task.keywords.iter().find(found)
    });
    if let Some(keyword) = keyword {
        return (Readiness::NeedsDecision, step_for(keyword));
    }
    if let Some(decision) = findings.decision {
        return (Readiness::NeedsDecision, step_of(decision, "decide"));
    }
    if let Some(template) =
        task.templates.iter().find(|one| !only_in_airflow(&one.needs).is_empty())
    {
        let names = only_in_airflow(&template.needs).join(", ");
        let step =
            format!("replace the template at `{}`: {names} exists in Airflow only", template.path);
        return (Readiness::NeedsDecision, step);
    }
    if !task.holes.is_empty() {
        return (Readiness::NeedsValues, values(task, file));
    }
    let lookups =
        task.templates.iter().flat_map(|one| &one.needs).find_map(|name| match name.as_str() {
            "var" => Some(("Airflow Variables", "variable")),
            "conn" => Some(("connections", "connection")),
            _ => None,
        });
    if let Some((what, kind)) = lookups {
        let step = format!("give the {what} that its templates read: --set {kind}:NAME=VALUE");
        return (Readiness::NeedsValues, step);
    }
    (Readiness::Ready, format!("nothing; `podlift translate {file}` writes its job spec"))
}

/// What has to be given, by the names that `--set` takes.
fn values(task: &TaskEntry, file: &str) -> String {
    let asked = task.holes.iter().flat_map(|hole| {
        let own = std::slice::from_ref(&hole.name);
        if hole.needs.is_empty() { own } else { hole.needs.as_slice() }
    });
    let names: IndexSet<&str> = asked.map(String::as_str).collect();
    let sets: Vec<String> =
        names.iter().take(3).map(|name| format!("--set {}", set(name))).collect();
    let more = match names.len().saturating_sub(sets.len()) {
        0 => String::new(),
        rest => format!(" (and {rest} more)"),
    };
    format!("give its values: `podlift translate {file} {}`{more}", sets.join(" "))
}

/// `env:TAG=VALUE`, quoted where a shell would take it apart.
fn set(name: &str) -> String {
    let is_plain =
        name.chars().all(|c| c.is_alphanumeric() || matches!(c, ':' | '_' | '-' | '.' | '/'));
    if is_plain {
        format!("{name}=VALUE")
    } else {
        format!("'{}=VALUE'", name.replace('\'', "'\\''"))
    }
}

fn step_of(finding: &Finding, verb: &str) -> String {
    let place = finding.file.as_ref().map(|file| format!(" at {file}:{}", finding.line));
    format!("{verb}{}: {} ({})", place.unwrap_or_default(), finding.message, finding.code)
}

fn step_for(keyword: &KeywordEntry) -> String {
    let place = keyword.place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
    let note = if keyword.note.is_empty() { String::new() } else { format!(": {}", keyword.note) };
    match keyword.disposition {
        Disposition::Unknown => {
            format!("correct `{}`{place}: no release of the operator has it", keyword.name)
        }
        Disposition::Unsupported => format!("do without `{}`{place}{note}", keyword.name),
        _ => format!("carry over `{}` by hand{place}{note}", keyword.name),
    }
}
