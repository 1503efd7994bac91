//! F-strings: implicit concatenation joined, neighbouring text joined, debug text (`{x=}`) kept.

use rustpython_ast as py;

use super::Lower;
use crate::diag::{Code, Diagnostic};
use crate::python::Span;
use crate::python::ast::{ExprKind, FPart, Name};

/// The parts of an f-string while it is read.
#[derive(Default)]
struct Parts {
    done: Vec<FPart>,
    /// Text since the last value.
    text: String,
    /// Whether a literal could not be represented.
    unreadable: bool,
}

impl Parts {
    fn push(&mut self, value: FPart) {
        self.end_text();
        self.done.push(value);
    }

    fn end_text(&mut self) {
        if !self.text.is_empty() {
            self.done.push(FPart::Literal(Name::from(std::mem::take(&mut self.text))));
        }
    }
}

impl Lower<'_> {
    pub(super) fn fstring(&mut self, mut node: py::ExprFString, span: Span) -> ExprKind {
        let mut parts = Parts::default();
        for part in node.value.iter_mut() {
            match part {
                py::FStringPart::Literal(literal) => {
                    let place = self.span_of(literal);
                    self.push_text(&literal.value, place, &mut parts);
                }
                py::FStringPart::FString(fstring) => {
                    self.elements(&mut fstring.elements, &mut parts);
                }
            }
        }
        parts.end_text();
        if parts.unreadable {
            return self.surrogate(span);
        }
        ExprKind::FString(parts.done)
    }

    /// A t-string is an object of its own and no text, so nothing may take it for an f-string.
    pub(super) fn tstring(&mut self, span: Span) -> ExprKind {
        let message = "template string is not evaluated";
        self.diagnostics.push(Diagnostic::new(Code::UnsupportedSyntax, span, message));
        ExprKind::Invalid
    }

    fn elements(&mut self, elements: &mut py::InterpolatedStringElements, parts: &mut Parts) {
        for element in elements {
            match element {
                py::InterpolatedStringElement::Literal(literal) => {
                    let place = self.span_of(literal);
                    self.push_text(&literal.value, place, parts);
                }
                py::InterpolatedStringElement::Interpolation(element) => {
                    let value = self.interpolation(element, parts);
                    parts.push(value);
                }
            }
        }
    }

    fn push_text(&mut self, text: &str, place: Span, parts: &mut Parts) {
        parts.unreadable |= self.has_surrogate(text, place);
        parts.text.push_str(text);
    }

    fn interpolation(&mut self, element: &mut py::InterpolatedElement, parts: &mut Parts) -> FPart {
        let debug = element.debug_text.as_ref().map(|debug| {
            let expression = self.text.slice(&*element.expression);
            let text = format!("{}{expression}{}", debug.leading, debug.trailing);
            self.name(&without_comments(&text))
        });
        let has_spec = element.format_spec.is_some();
        let conversion = match element.conversion.to_char() {
            // As in Python: `{x=}` shows the repr, unless a format spec asks for something else.
            None if debug.is_some() && !has_spec => Some('r'),
            conversion => conversion,
        };
        // The expression is taken out, because the parser's type for f-strings only lends its parts.
        let empty = py::ExprNoneLiteral { range: element.range, node_index: Default::default() };
        let value = std::mem::replace(&mut *element.expression, py::Expr::NoneLiteral(empty));
        let value = Box::new(self.expr(value));
        let mut spec = Parts::default();
        if let Some(format_spec) = &mut element.format_spec {
            self.spec(format_spec, &mut spec);
        }
        parts.unreadable |= spec.unreadable;
        FPart::Value { value, conversion, spec: spec.done, debug }
    }

    /// A format spec, which may hold values whose specs may hold values again.
    fn spec(&mut self, node: &mut py::InterpolatedStringFormatSpec, spec: &mut Parts) {
        let span = self.span(node.range);
        if self.enter(span) {
            self.elements(&mut node.elements, spec);
            self.leave();
        } else {
            let value = Box::new(Self::invalid(span));
            spec.push(FPart::Value { value, conversion: None, spec: Vec::new(), debug: None });
        }
        spec.end_text();
    }
}

/// Debug text shows an expression as it is written, but for its comments.
fn without_comments(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let (mut quote, mut in_comment) = (None, false);
    for character in text.chars() {
        match (character, quote) {
            ('\n', _) => in_comment = false,
            ('#', None) => in_comment = true,
            ('\'' | '"', None) if !in_comment => quote = Some(character),
            (_, Some(open)) if open == character => quote = None,
            _ => {}
        }
        if !in_comment {
            shown.push(character);
        }
    }
    shown
}
