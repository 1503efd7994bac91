//! The order in which findings are shown, and how many there are of each severity.
//!
//! Files are read in parallel and a helper module is read once per DAG file that imports it, so
//! findings arrive in any order and more than once. What people and machines see is sorted by place
//! and free of repeats.

use std::cmp::Ordering;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Serialize;

use super::record::{Label, Point, labels, points};
use super::{Diagnostic, Severity};
use crate::python::{SourceId, Sources};

/// Sorts findings by path, line, column, code and message, and drops those that say the same twice.
pub fn arrange(diagnostics: Vec<Diagnostic>, sources: &Sources) -> Vec<Diagnostic> {
    let files = Files::of(&diagnostics, sources);
    let mut placed: Vec<Placed> =
        diagnostics.into_iter().map(|diagnostic| Placed::of(diagnostic, &files, sources)).collect();
    placed.sort_by(Placed::order);
    // Two findings may come from two readings of one file, with different spans for one place, so
    // what decides is what would be shown.
    placed.dedup_by(|next, kept| next.order(kept).is_eq());
    placed.into_iter().map(|placed| placed.diagnostic).collect()
}

/// The files that findings are in, by their numbers in the order of their paths: a path is compared once and not for
/// each finding.
struct Files(FxHashMap<SourceId, usize>);

impl Files {
    fn of(diagnostics: &[Diagnostic], sources: &Sources) -> Self {
        let ids: FxHashSet<SourceId> = diagnostics.iter().map(|told| told.span.source).collect();
        let mut names: Vec<(String, SourceId)> =
            ids.into_iter().filter_map(|id| Some((sources.get(id)?.path.clone(), id))).collect();
        names.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        // One file may have been read twice.
        let same = names.chunk_by(|(one, _), (other, _)| one == other).enumerate();
        let numbered =
            same.flat_map(|(number, same)| same.iter().map(move |(_, id)| (*id, number)));
        Self(numbered.collect())
    }
}

/// A finding with what it is sorted by. It is shown as [`super::Record`] says, whose order this is.
struct Placed {
    file: Option<usize>,
    start: Option<Point>,
    end: Option<Point>,
    labels: Vec<Label>,
    diagnostic: Diagnostic,
}

impl Placed {
    fn of(diagnostic: Diagnostic, files: &Files, sources: &Sources) -> Self {
        let points = points(diagnostic.span, sources);
        Self {
            file: files.0.get(&diagnostic.span.source).copied(),
            start: points.map(|(start, _)| start),
            end: points.map(|(_, end)| end),
            labels: labels(&diagnostic, sources),
            diagnostic,
        }
    }

    fn order(&self, other: &Self) -> Ordering {
        fn first<'a>(it: &'a Placed) -> impl Ord + 'a {
            let told = &it.diagnostic;
            (it.file, it.start, told.code.as_str(), told.message.as_str(), told.severity.as_str())
        }
        fn then<'a>(it: &'a Placed) -> impl Ord + 'a {
            let told = &it.diagnostic;
            (it.end, &told.label, &told.task, &told.pod_path, &told.help, &it.labels)
        }
        first(self).cmp(&first(other)).then_with(|| then(self).cmp(&then(other)))
    }
}

/// How many findings there are of each severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// Findings of severity error.
    pub errors: usize,
    /// Findings of severity warning.
    pub warnings: usize,
    /// Findings of severity info.
    pub infos: usize,
}

impl Tally {
    /// Counts findings.
    pub fn of(diagnostics: &[Diagnostic]) -> Self {
        diagnostics.iter().fold(Self::default(), |mut tally, diagnostic| {
            match diagnostic.severity {
                Severity::Error => tally.errors += 1,
                Severity::Warning => tally.warnings += 1,
                Severity::Info => tally.infos += 1,
            }
            tally
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Code;
    use crate::python::{Source, Span};

    fn at(source: SourceId, start: u32) -> Span {
        Span { source, start, end: start + 1 }
    }

    #[test]
    fn findings_are_ordered_by_place_whatever_the_order_of_reading() {
        let sources = Sources::default();
        let (later, _) = sources.add(Source::new("b.py", "x\ny\n"));
        let (first, _) = sources.add(Source::new("a.py", "x\ny\n"));
        let found = vec![
            Diagnostic::new(Code::SyntaxError, at(later, 0), "third"),
            Diagnostic::new(Code::SyntaxError, at(first, 2), "second"),
            Diagnostic::new(Code::UnresolvedValue, at(first, 0), "first, too"),
            Diagnostic::new(Code::SyntaxError, at(first, 0), "first"),
            Diagnostic::new(Code::InvalidValues, Span::NONE, "nowhere"),
        ];
        let messages: Vec<String> =
            arrange(found, &sources).into_iter().map(|found| found.message).collect();
        assert_eq!(messages, ["nowhere", "first", "first, too", "second", "third"]);
    }

    #[test]
    fn a_helper_read_twice_is_reported_once() {
        let sources = Sources::default();
        let (one, _) = sources.add(Source::new("helper.py", "x\n"));
        let (two, _) = sources.add(Source::new("helper.py", "x\n"));
        let found = vec![
            Diagnostic::new(Code::UnresolvedValue, at(one, 0), "open"),
            Diagnostic::new(Code::UnresolvedValue, at(two, 0), "open"),
            Diagnostic::new(Code::UnresolvedValue, at(two, 0), "open").task("d", "t"),
        ];
        assert_eq!(arrange(found, &sources).len(), 2);
    }
}
