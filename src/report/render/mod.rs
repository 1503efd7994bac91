//! A report as text: one function for each format.

mod github;
mod human;
mod junit;
mod markdown;
mod sarif;

pub use github::github;
pub use human::human;
pub use junit::{junit_of_findings, junit_of_tasks};
pub use markdown::markdown;
pub use sarif::sarif;

/// Text in Markdown that stays text.
pub(in crate::report) mod markdown_parts {
    pub(in crate::report) use super::markdown::{cell, code};
}

use super::model::{Finding, Report};
use crate::diag::escape::pretty_json;

/// A report as JSON, indented, ending in a line feed.
pub fn json(report: &Report) -> String {
    // A report has string keys only, so serde_json has nothing to refuse.
    pretty_json(report).unwrap_or_default()
}

/// A finding as a gate sees it.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// Whether it fails the gate.
    pub fails: bool,
    /// Whether the baseline does not have it; always for a gate without baseline.
    pub is_new: bool,
}

impl<'a> Judged<'a> {
    /// The findings of a report that nobody judges.
    pub fn all(report: &'a Report) -> Vec<Self> {
        let judged = |finding| Self { finding, fails: false, is_new: true };
        report.findings.iter().map(judged).collect()
    }
}
