//! The order in which findings are shown, and how many there are of each severity.
//!
//! Files are read in parallel and a helper module is read once per DAG file that imports it, so
//! findings arrive in any order and more than once. What people and machines see is sorted by place
//! and free of repeats.

use serde::Serialize;

use super::{Diagnostic, Record, Severity};
use crate::python::Sources;

/// Sorts findings by path, line, column, code and message, and drops those that say the same twice.
pub fn arrange(diagnostics: Vec<Diagnostic>, sources: &Sources) -> Vec<Diagnostic> {
    let mut keyed: Vec<(Record, Diagnostic)> = diagnostics
        .into_iter()
        .map(|diagnostic| (Record::of(&diagnostic, sources), diagnostic))
        .collect();
    keyed.sort_by(|(left, _), (right, _)| left.cmp(right));
    // Two findings may come from two readings of one file, with different spans for one place, so
    // what decides is what would be shown.
    keyed.dedup_by(|(left, _), (right, _)| left == right);
    keyed.into_iter().map(|(_, diagnostic)| diagnostic).collect()
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
    use crate::python::{Source, SourceId, Span};

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
