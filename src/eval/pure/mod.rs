//! Python's value semantics as pure functions on plain Rust data.
//!
//! The evaluator owns the heap, the holes and the spans; what `"%05.1f" % x`, `s.split()` or
//! `timedelta(hours=30)` *mean* once every operand is known is said here. Nothing in this folder knows
//! the evaluator, reads a file, a clock or the environment, and every function is bounded: a result
//! that Python would happily grow to gigabytes is a [`Failure::Bound`] here.
//!
//! The reference is CPython 3.12. Where an exception text changed between versions, 3.12's is used.

pub mod brace;
pub mod datetime;
pub mod format;
pub mod hash;
pub mod json;
pub mod number;
pub mod path;
pub mod percent;
pub mod regex;
pub mod shlex;
pub mod template;
pub mod text;
pub mod textwrap;
pub mod url;
pub mod yaml;

#[cfg(test)]
mod oracle;

/// The longest text, in characters, and the widest padding that a function here will make.
pub const MAX_LENGTH: usize = 1 << 20;

/// Why a function has no value to give.
///
/// Only [`Failure::Raised`] may be handed to the `except` clauses of the program under evaluation. The
/// other two say that podlift stops where Python would go on, so the value is unknown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Python raises this exception.
    #[error("{class}: {message}")]
    Raised {
        /// The class of the exception, such as `ValueError`.
        class: &'static str,
        /// Its text.
        message: String,
    },
    /// The result is larger than podlift is willing to make; the text names the operation.
    #[error("the result of {0} is too large")]
    Bound(&'static str),
    /// Python has an answer that podlift does not know how to find; the text says what is missing.
    #[error("{0}")]
    Unsupported(String),
}

impl Failure {
    /// A `ValueError`.
    pub fn value(message: impl Into<String>) -> Self {
        Self::Raised { class: "ValueError", message: message.into() }
    }

    /// A `TypeError`.
    pub fn type_error(message: impl Into<String>) -> Self {
        Self::Raised { class: "TypeError", message: message.into() }
    }

    /// An `OverflowError`.
    pub fn overflow(message: impl Into<String>) -> Self {
        Self::Raised { class: "OverflowError", message: message.into() }
    }

    /// Any other exception.
    pub fn raised(class: &'static str, message: impl Into<String>) -> Self {
        Self::Raised { class, message: message.into() }
    }
}

/// The message alone, for callers that keep no class.
impl From<Failure> for String {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Raised { message, .. } => message,
            other => other.to_string(),
        }
    }
}

/// `Ok(())` when a text of `length` characters may be made by `operation`.
fn within_bound(length: usize, operation: &'static str) -> Result<(), Failure> {
    if length > MAX_LENGTH { Err(Failure::Bound(operation)) } else { Ok(()) }
}
