//! Numbers, strings and bytes.

use std::sync::Arc;

use num_bigint::BigUint;
use rustpython_ast as py;

use super::Lower;
use crate::diag::{Code, Diagnostic};
use crate::python::Span;
use crate::python::ast::ExprKind;

/// Python refuses decimal literals beyond this many digits. podlift refuses other bases there as well,
/// where the value could neither be printed.
const MAX_DIGITS: usize = 4_300;

impl Lower<'_> {
    pub(super) fn number(&mut self, number: &py::Number, span: Span) -> ExprKind {
        match number {
            py::Number::Float(value) => ExprKind::Float(*value),
            py::Number::Complex { imag, .. } => ExprKind::Complex(*imag),
            py::Number::Int(value) => match value.as_i64() {
                Some(value) => ExprKind::Int(value),
                None => self.big_int(span),
            },
        }
    }

    /// The parser keeps a large integer as it is written; the tree holds it in decimal.
    fn big_int(&mut self, span: Span) -> ExprKind {
        let written: String =
            self.text.source.slice(span).chars().filter(|digit| *digit != '_').collect();
        let lower = written.to_ascii_lowercase();
        let (digits, radix) = match lower.get(..2) {
            Some("0x") => (lower.get(2..), 16),
            Some("0o") => (lower.get(2..), 8),
            Some("0b") => (lower.get(2..), 2),
            _ => (Some(lower.as_str()), 10),
        };
        let digits = digits.unwrap_or_default();
        // Both ways between digits and numbers take the square of the length.
        let is_short = digits.len() <= if radix == 10 { MAX_DIGITS } else { MAX_DIGITS * 4 };
        let value =
            match BigUint::parse_bytes(if is_short { digits.as_bytes() } else { b"0" }, radix) {
                Some(value) => value.to_string(),
                None => return ExprKind::Invalid,
            };
        if !is_short || value.len() > MAX_DIGITS {
            let message = format!("integer has more than {MAX_DIGITS} digits");
            self.diagnostics.push(Diagnostic::new(Code::LimitReached, span, message));
            return ExprKind::Invalid;
        }
        ExprKind::BigInt(Arc::from(value))
    }

    pub(super) fn string(&mut self, node: &py::ExprStringLiteral, span: Span) -> ExprKind {
        let text = node.value.to_str();
        if self.has_surrogate(text, span) {
            return self.surrogate(span);
        }
        // Texts such as task ids and keys repeat; long ones seldom do.
        if text.len() <= 40 { ExprKind::Str(self.name(text)) } else { ExprKind::Str(text.into()) }
    }

    pub(super) fn bytes(node: &py::ExprBytesLiteral) -> ExprKind {
        ExprKind::Bytes(node.value.bytes().collect())
    }

    /// Whether a literal stands for a lone surrogate (`"\ud800"`), which no Rust text can hold; the parser
    /// puts U+FFFD in its place.
    pub(super) fn has_surrogate(&self, text: &str, span: Span) -> bool {
        !text.is_ascii()
            && text.contains('\u{fffd}')
            && names_surrogate(self.text.source.slice(span))
    }

    pub(super) fn surrogate(&mut self, span: Span) -> ExprKind {
        self.diagnostics.push(Diagnostic::new(
            Code::UnsupportedSyntax,
            span,
            "string with a surrogate escape is not evaluated",
        ));
        ExprKind::Invalid
    }
}

/// Whether a source text has an escape of the range D800 to DFFF.
fn names_surrogate(written: &str) -> bool {
    written.split('\\').skip(1).any(|escape| {
        let digits = match escape.as_bytes() {
            [b'u', digits @ ..] => digits,
            [b'U', b'0', b'0', b'0', b'0', digits @ ..] => digits,
            _ => return false,
        };
        matches!(digits, [b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F', ..])
    })
}
