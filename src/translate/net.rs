//! The net under the evaluator: a file that names a pod operator and yields no task is reported.

use std::collections::BTreeSet;

use super::account::Outcome;
use super::select::Selection;
use crate::diag::{Code, Diagnostic};
use crate::discover::operator_mention;
use crate::python::{Sources, Span};

/// A finding for each file that was read, mentions a pod operator in its code and gave no pod task,
/// unless tasks of another file are written in it: then it is a helper and does its job. A file whose tasks no
/// DAG of Airflow has is told of by name.
pub(super) fn files_without_tasks(outcomes: &[Outcome], selection: &Selection) -> Vec<Diagnostic> {
    if !selection.is_all() || outcomes.iter().all(|outcome| outcome.mention.is_none()) {
        return Vec::new();
    }
    let helpers: BTreeSet<&String> =
        outcomes.iter().flat_map(|outcome| &outcome.written_in).collect();
    outcomes
        .iter()
        .filter(|outcome| !helpers.contains(&outcome.file.path))
        .filter_map(|outcome| outcome.mention)
        .map(|mention| {
            let message = "a pod operator is mentioned, but no task of it was found";
            Diagnostic::new(Code::NoTaskFound, mention, message)
                .label("mentioned here")
                .help("if other code makes tasks of it, pass that code's folder as PATH or with --root DIR")
        })
        .collect()
}

/// Where a file that was read and gave no pod task names a pod operator, unless a finding says why it has none.
pub(super) fn mention(outcome: &Outcome, sources: &Sources) -> Option<Span> {
    if !outcome.file.read || outcome.pods > 0 || outcome.is_told {
        return None;
    }
    let (source, text) = sources.by_path(&outcome.file.path)?;
    let mention = operator_mention(&text.text)?;
    let start = u32::try_from(mention.start).ok()?;
    Some(Span { source, start, end: u32::try_from(mention.end).ok()? })
}
