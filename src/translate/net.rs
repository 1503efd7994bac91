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
pub(super) fn files_without_tasks(
    outcomes: &[Outcome],
    selection: &Selection,
    sources: &Sources,
) -> Vec<Diagnostic> {
    let helpers: BTreeSet<&String> =
        outcomes.iter().flat_map(|outcome| &outcome.written_in).collect();
    outcomes
        .iter()
        .filter(|outcome| outcome.file.read && outcome.pods == 0 && !outcome.is_told)
        .filter(|outcome| !helpers.contains(&outcome.file.path))
        .filter(|_| selection.is_all())
        .filter_map(|outcome| {
            let (id, source) = sources.by_path(&outcome.file.path)?;
            let mention = operator_mention(&source.text)?;
            let span = Span {
                source: id,
                start: u32::try_from(mention.start).ok()?,
                end: u32::try_from(mention.end).ok()?,
            };
            let message = "a pod operator is mentioned, but no task of it was found";
            Some(
                Diagnostic::new(Code::NoTaskFound, span, message)
                    .label("mentioned here")
                    .help("if other code makes tasks of it, pass that code's folder as PATH or with --root DIR"),
            )
        })
        .collect()
}
