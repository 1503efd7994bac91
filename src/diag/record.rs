//! A finding with its places worked out: what the JSON form writes and what sorting compares.

use serde::Serialize;

use super::{Diagnostic, Severity};
use crate::python::{Sources, Span};

/// A finding as plain data. The fields compare in the order in which findings are sorted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Record {
    /// Path of the file as shown to people; `None` for a finding without a place.
    pub file: Option<String>,
    /// 1-based line.
    pub line: Option<u32>,
    /// 1-based column, in characters.
    pub column: Option<u32>,
    /// `KPO201`.
    pub code: &'static str,
    /// One terse line.
    pub message: String,
    /// `error`, `warning` or `info`.
    pub severity: &'static str,
    /// One past the last character of the place.
    pub end: Option<Point>,
    /// Text under the place.
    pub label: String,
    /// The task it is about.
    pub task: Option<TaskName>,
    /// The place in the job spec, as a JSON pointer.
    pub pod_path: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// Further places.
    pub labels: Vec<Label>,
}

/// A line and a column, both 1-based.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Point {
    /// 1-based line.
    pub line: u32,
    /// 1-based column, in characters.
    pub column: u32,
}

/// Names of a DAG and one of its tasks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct TaskName {
    /// The DAG id.
    pub dag: String,
    /// The task id.
    pub task: String,
}

/// A further place of a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Label {
    /// Path of the file as shown to people.
    pub file: String,
    /// 1-based line.
    pub line: u32,
    /// 1-based column, in characters.
    pub column: u32,
    /// One past the last character.
    pub end: Point,
    /// What stands there.
    pub text: String,
}

impl Record {
    /// Works out the places of a finding.
    pub fn of(diagnostic: &Diagnostic, sources: &Sources) -> Self {
        let whole = place(diagnostic.span, sources);
        Self {
            file: whole.as_ref().map(|(file, ..)| file.clone()),
            line: whole.as_ref().map(|(_, start, _)| start.line),
            column: whole.as_ref().map(|(_, start, _)| start.column),
            code: diagnostic.code.as_str(),
            message: diagnostic.message.clone(),
            severity: Severity::as_str(diagnostic.severity),
            end: whole.map(|(.., end)| end),
            label: diagnostic.label.clone(),
            task: diagnostic.task.clone().map(|(dag, task)| TaskName { dag, task }),
            pod_path: diagnostic.pod_path.clone(),
            help: diagnostic.help.clone(),
            labels: labels(diagnostic, sources),
        }
    }
}

/// The further places of a finding.
pub(super) fn labels(diagnostic: &Diagnostic, sources: &Sources) -> Vec<Label> {
    let label = |(span, text): &(Span, String)| {
        let (file, start, end) = place(*span, sources)?;
        let (line, column) = (start.line, start.column);
        Some(Label { file, line, column, end, text: text.clone() })
    };
    diagnostic.secondary.iter().filter_map(label).collect()
}

/// File, first character and one past the last character of a span.
fn place(span: Span, sources: &Sources) -> Option<(String, Point, Point)> {
    let (start, end) = points(span, sources)?;
    Some((sources.get(span.source)?.path.clone(), start, end))
}

/// First character and one past the last character of a span.
pub(super) fn points(span: Span, sources: &Sources) -> Option<(Point, Point)> {
    let source = sources.get(span.source)?;
    let point = |offset| {
        let (line, column) = source.line_column(offset);
        Point { line, column }
    };
    Some((point(span.start), point(span.end.max(span.start))))
}
