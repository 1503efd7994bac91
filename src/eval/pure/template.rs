//! `string.Template`: `$name`, `${name}`, and `$$` for a dollar.

use super::Failure;

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplatePiece {
    /// Text.
    Literal(String),
    /// A placeholder.
    Named {
        /// The name.
        name: String,
        /// As it is written, which `safe_substitute` leaves where the name is unknown.
        written: String,
    },
    /// A dollar that begins nothing; `substitute` refuses it, `safe_substitute` leaves it.
    Stray {
        /// Its line, from 1.
        line: usize,
        /// Its column, from 1.
        column: usize,
    },
}

impl TemplatePiece {
    /// The `ValueError` of `substitute` for a stray dollar.
    pub fn error(&self) -> Option<Failure> {
        match self {
            Self::Stray { line, column } => Some(Failure::value(format!(
                "Invalid placeholder in string: line {line}, col {column}"
            ))),
            _ => None,
        }
    }
}

/// Reads a template.
pub fn parse(template: &str) -> Vec<TemplatePiece> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = template;
    while let Some(dollar) = rest.find('$') {
        let (before, from_dollar) = rest.split_at_checked(dollar).unwrap_or((rest, ""));
        literal.push_str(before);
        let after = from_dollar.strip_prefix('$').unwrap_or(from_dollar);
        if let Some(after) = after.strip_prefix('$') {
            literal.push('$');
            rest = after;
            continue;
        }
        if !literal.is_empty() {
            pieces.push(TemplatePiece::Literal(std::mem::take(&mut literal)));
        }
        let (piece, length) = placeholder(after).unwrap_or_else(|| {
            let read = template.len() - from_dollar.len();
            (stray(template.get(..read).unwrap_or_default()), 0)
        });
        pieces.push(piece);
        rest = after.get(length..).unwrap_or_default();
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(TemplatePiece::Literal(literal));
    }
    pieces
}

/// The placeholder behind a dollar, and its length.
fn placeholder(text: &str) -> Option<(TemplatePiece, usize)> {
    if let Some(inner) = text.strip_prefix('{') {
        let name = identifier(inner)?;
        inner.get(name.len()..)?.strip_prefix('}')?;
        let piece = TemplatePiece::Named { name: name.to_owned(), written: format!("${{{name}}}") };
        return Some((piece, name.len() + 2));
    }
    let name = identifier(text)?;
    let piece = TemplatePiece::Named { name: name.to_owned(), written: format!("${name}") };
    Some((piece, name.len()))
}

fn identifier(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    text.get(..end).filter(|name| name.starts_with(|c: char| !c.is_ascii_digit()))
}

fn stray(before: &str) -> TemplatePiece {
    let lines = super::text::splitlines(&format!("{before}$"), true);
    let column = lines.last().map_or(1, |line| super::text::length(line));
    TemplatePiece::Stray { line: lines.len(), column }
}

#[cfg(test)]
mod tests;
