//! What is told where a bound of the evaluator is reached, and what is left open then.

use std::sync::Arc;

use super::interp::Interp;
use super::object::Val;
use super::{Hole, HoleKind};
use crate::diag::{Code, Diagnostic, Severity};
use crate::python::Span;

/// What is told where calls are nested too deeply.
pub(super) const CALLS_TOO_DEEP: &str = "calls are nested deeper than the bound";

/// What it means that a file is not evaluated as a whole.
const MAY_BE_WRONG: &str = "; tasks may be missing, and what changes others later is not seen";

/// How the condition begins that everything has in a file that is not evaluated as a whole.
const NOTHING_CHANGES: &str = "nothing changes it ";

/// Whether a condition only says that the file is not evaluated as a whole, which is told once for the file.
pub(crate) fn is_unfinished(condition: &Hole) -> bool {
    condition.kind == HoleKind::Limit && condition.reason.starts_with(NOTHING_CHANGES)
}

impl Interp<'_> {
    /// Ends the evaluation.
    pub(super) fn stop(&mut self, span: Span) {
        self.stopped = true;
        let limit = self.settings.limits.steps;
        let reason = format!("{NOTHING_CHANGES}after the first {limit} steps of the evaluation");
        let message = format!("evaluation ended after {limit} steps{MAY_BE_WRONG}");
        self.not_all("steps", reason, reached(span, message, "--max-steps"));
    }

    /// Leaves out a call, with all that it would do.
    pub(crate) fn leave_unfinished(&mut self, span: Span) {
        let limit = self.settings.limits.depth;
        let reason = format!("{NOTHING_CHANGES}in calls nested deeper than {limit}");
        let message = format!("calls nested deeper than {limit} are left out{MAY_BE_WRONG}");
        self.not_all("depth", reason, reached(span, message, "--max-depth"));
    }

    /// Leaves out calls of some of the many functions that an unknown value may be.
    pub(super) fn leave_out_calls(&mut self, span: Span) {
        let reason = format!("{NOTHING_CHANGES}in the calls of too many functions");
        let message = format!("too many functions may be called here; not all are{MAY_BE_WRONG}");
        let told = Diagnostic::new(Code::LimitReached, span, message);
        self.not_all("calls", reason, told.help("give the value that decides it, with `--set`"));
    }

    /// Not all of the file is evaluated. Tasks may be missing then, and those that there are might have been changed.
    fn not_all(&mut self, kind: &'static str, reason: String, mut told: Diagnostic) {
        // What is gone through for nothing is told when it is evaluated in earnest, unless everything ends here.
        let is_told = self.rehearsals > 0 && !self.stopped;
        if is_told || self.unfinished.iter().any(|hole| hole.name == kind) {
            return;
        }
        let name = kind.to_owned();
        let (default, roots, span) = (None, Vec::new(), told.span);
        let hole = Hole { kind: HoleKind::Limit, name, default, reason, span, roots };
        self.unfinished.push(Arc::new(hole));
        told.severity = Severity::Error;
        self.diagnostics.push(told);
    }

    /// Tells once per kind that a bound was reached.
    pub(crate) fn limit(&mut self, span: Span, kind: &'static str, message: &str, flag: &str) {
        if self.rehearsals == 0 && self.limits_told.insert(kind) {
            self.diagnostics.push(reached(span, message.to_owned(), flag));
        }
    }

    /// A hole for a bound.
    pub(crate) fn limit_hole(&mut self, span: Span, kind: &'static str, message: &str) -> Val {
        self.limit(span, kind, message, &format!("--max-{kind}"));
        self.hole(HoleKind::Limit, kind, span)
    }
}

/// That a bound was reached, and how to raise it.
fn reached(span: Span, message: String, flag: &str) -> Diagnostic {
    Diagnostic::new(Code::LimitReached, span, message)
        .help(format!("raise it with `{flag} N` if the file is trusted"))
}
