//! Texts that are Python literals, as `ast.literal_eval` reads them.

use super::ast::{BinaryOp, Expr, ExprKind, StmtKind, UnaryOp};
use super::parse::parse;
use super::{Source, SourceId};

/// What a text means to `ast.literal_eval`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    /// A string, with its value.
    Text(String),
    /// A number, a list or any other value.
    Other,
}

/// Reads a text as a literal; `None` when it is none.
pub(crate) fn literal(text: &str) -> Option<Literal> {
    with_literal(text, |expr| match &expr.kind {
        ExprKind::Str(text) => Literal::Text(text.to_string()),
        _ => Literal::Other,
    })
}

/// What `use_it` makes of a text that is a literal; `None` when it is none. Places of the expression are those in the text.
pub(crate) fn with_literal<T>(text: &str, use_it: impl FnOnce(&Expr) -> T) -> Option<T> {
    // Most texts are none and need not be parsed.
    let first = text.bytes().next()?;
    let starts_one = first.is_ascii_digit()
        || matches!(first, b'\'' | b'"' | b'(' | b'[' | b'{' | b'+' | b'-' | b'.' | b'#' | b'\n')
        || ["None", "True", "False", "set("].iter().any(|name| text.starts_with(name))
        || text.bytes().take(3).any(|byte| matches!(byte, b'\'' | b'"'));
    if !starts_one {
        return None;
    }
    let parsed = parse(&Source::new("literal", text), SourceId(0));
    if !parsed.diagnostics.is_empty() {
        return None;
    }
    let [statement] = parsed.module.body.as_slice() else { return None };
    match &statement.kind {
        StmtKind::Expr(expr) if is_literal(expr) => Some(use_it(expr)),
        _ => None,
    }
}

fn is_literal(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::None
        | ExprKind::Bool(_)
        | ExprKind::Str(_)
        | ExprKind::Bytes(_)
        | ExprKind::Ellipsis => true,
        ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Set(items) => {
            items.iter().all(is_literal)
        }
        ExprKind::Dict(entries) => entries
            .iter()
            .all(|(key, value)| key.as_ref().is_some_and(is_literal) && is_literal(value)),
        ExprKind::Call(call) => {
            matches!(&call.function.kind, ExprKind::Name(name) if name.as_ref() == "set")
                && call.args.is_empty()
                && call.keywords.is_empty()
        }
        ExprKind::Binary(left, BinaryOp::Add | BinaryOp::Sub, right) => {
            is_signed(left) && matches!(right.kind, ExprKind::Complex(_))
        }
        _ => is_signed(expr),
    }
}

/// A number, perhaps with a sign.
fn is_signed(expr: &Expr) -> bool {
    let number = match &expr.kind {
        ExprKind::Unary(UnaryOp::Minus | UnaryOp::Plus, number) => number,
        _ => expr,
    };
    matches!(
        number.kind,
        ExprKind::Int(_) | ExprKind::BigInt(_) | ExprKind::Float(_) | ExprKind::Complex(_)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_literals_as_in_python() {
        for text in [
            "1",
            "1.5",
            "-1",
            "+2",
            "1_000",
            "0x10",
            "(1)",
            "1 ",
            "[1, 'a']",
            "{'a': [1]}",
            "{1}",
            "set()",
            "None",
            "True",
            "...",
            "b'x'",
            "1+2j",
            "()",
            "1,",
            ".5",
            "1 # x",
        ] {
            assert_eq!(literal(text), Some(Literal::Other), "{text:?}");
        }
        for text in [
            "",
            "a",
            "-c",
            "--x=1",
            "1+1",
            "2024-01-01",
            "2024-1-1",
            "1.4.2",
            "true",
            "f'x'",
            "a'b'",
            " 1",
            "- -1",
            "[x]",
            "{**a}",
            "set(1)",
            "./run",
            "echo 'a'",
            "1\n2",
            "{{ ds }}",
            "-",
            "http://x",
            "None of it",
            "10Gi",
        ] {
            assert_eq!(literal(text), None, "{text:?}");
        }
        for (text, value) in [("'a'", "a"), ("\"x\" 'y'", "xy"), ("r'\\d'", "\\d"), ("''", "")] {
            assert_eq!(literal(text), Some(Literal::Text(value.to_owned())), "{text:?}");
        }
    }
}
