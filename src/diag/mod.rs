//! What podlift has to say about the user's files: findings, never failures.
//!
//! A [`Diagnostic`] is built where something is noticed and rendered much later, so it holds spans
//! instead of text. Its [`Code`] comes from one table, which also feeds `podlift explain`.

pub mod codes;
pub mod escape;
mod once;
mod order;
mod record;
pub mod render;
pub mod suggest;
mod window;

pub use codes::Code;
pub(crate) use once::Once;
pub use order::{Tally, arrange};
pub use record::{Label, Point, Record, TaskName};

use crate::python::Span;
use crate::words::shorten;

/// How long a message, a label or a remedy may be, in characters: they quote what DAGs are made of.
const LONGEST: usize = 2000;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know; changes nothing.
    Info,
    /// The translation stands, but somebody should look.
    Warning,
    /// A file, a task or an argument could not be translated as written.
    Error,
}

impl Severity {
    /// The word shown to people and written to JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Diagnostic {
    /// Which finding.
    pub code: Code,
    /// How much it matters; the code's own severity unless changed.
    pub severity: Severity,
    /// One terse line in the Airflow spelling.
    pub message: String,
    /// The place it is about.
    pub span: Span,
    /// Text under that place in the source window; empty for none.
    pub label: String,
    /// Further places, each with its text ("set here").
    pub secondary: Vec<(Span, String)>,
    /// What to do, exactly.
    pub help: Option<String>,
    /// The task it is about, as `(dag id, task id)`.
    pub task: Option<(String, String)>,
    /// The place in the pod or job spec, as a JSON pointer.
    pub pod_path: Option<String>,
}

impl Diagnostic {
    /// Every place it names.
    pub fn spans(&self) -> impl Iterator<Item = Span> {
        std::iter::once(self.span).chain(self.secondary.iter().map(|(span, _)| *span))
    }

    /// A finding at a place, with the severity of its code.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: bounded(message.into()),
            span,
            label: String::new(),
            secondary: Vec::new(),
            help: None,
            task: None,
            pod_path: None,
        }
    }

    /// Adds text under the primary place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = bounded(label.into());
        self
    }

    /// Adds a second place; one that points nowhere is left out.
    #[must_use]
    pub fn also(mut self, span: Span, label: impl Into<String>) -> Self {
        if span.is_some() {
            self.secondary.push((span, bounded(label.into())));
        }
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(bounded(help.into()));
        self
    }

    /// Names the task it is about.
    #[must_use]
    pub fn task(mut self, dag: impl Into<String>, task: impl Into<String>) -> Self {
        self.task = Some((dag.into(), task.into()));
        self
    }

    /// Names the place in the pod.
    #[must_use]
    pub fn pod_path(mut self, path: impl Into<String>) -> Self {
        self.pod_path = Some(path.into());
        self
    }
}

/// A text that is no longer than anybody reads.
fn bounded(text: String) -> String {
    if text.len() <= LONGEST { text } else { shorten(&text, LONGEST) }
}
