//! What there is to say while a task is mapped.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::node::{Node, NodeKind};
use crate::diag::{Code, Diagnostic, Once};
use crate::eval::{Hole, HoleKind};
use crate::python::Span;

/// The findings of mapping one task, in the order in which they were made.
#[derive(Debug, Default)]
pub(crate) struct Remarks {
    /// The findings.
    pub(crate) diagnostics: Vec<Diagnostic>,
    told: Once,
    /// Arguments whose value Airflow refuses.
    pub(crate) refused: BTreeSet<String>,
}

impl Remarks {
    /// Adds a finding, unless it was made already at the same place.
    pub(crate) fn add(&mut self, diagnostic: Diagnostic) {
        if self.told.is_new(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Adds a finding without further parts.
    pub(crate) fn tell(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.add(Diagnostic::new(code, span, message));
    }

    /// Says that Airflow refuses a value, and gives what stands in its place: a hole, because a task
    /// that Airflow refuses has no certain pod.
    pub(crate) fn refuse(
        &mut self,
        argument: &str,
        span: Span,
        message: impl Into<String>,
    ) -> Node {
        let message = message.into();
        self.refused.insert(argument.to_owned());
        self.add(
            Diagnostic::new(Code::WrongType, span, format!("`{argument}`: {message}"))
                .label("Airflow refuses this value, so the task has no certain pod"),
        );
        let hole = Hole {
            kind: HoleKind::Expression,
            name: argument.to_owned(),
            default: None,
            reason: message,
            span,
            roots: Vec::new(),
        };
        Node::new(NodeKind::Hole(Arc::new(hole)), span)
    }
}
