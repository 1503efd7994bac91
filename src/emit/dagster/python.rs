//! Python literals and calls, laid out as a formatter lays them out: on one line where it fits into 88
//! columns, else one element per line with a comma after the last.

use std::fmt::Write as _;

use crate::diag::escape::is_unsafe;

/// The longest line that formatters leave alone.
const WIDTH: usize = 88;

/// A Python expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Py {
    /// Code that stays on one line.
    Code(String),
    /// A string literal.
    Str(String),
    /// An f-string.
    Format(Vec<Piece>),
    /// A list.
    List(Vec<Py>),
    /// A set with at least one element.
    Set(Vec<Py>),
    /// A dict.
    Dict(Vec<(Py, Py)>),
    /// A call: what is called, its arguments, and what follows the closing parenthesis.
    Call { function: String, args: Vec<(Option<String>, Py)>, tail: String, spread: bool },
}

/// A part of an f-string.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    /// Text.
    Text(String),
    /// What stands between the braces.
    Value(String),
}

impl Py {
    pub(super) fn code(code: impl Into<String>) -> Self {
        Self::Code(code.into())
    }

    pub(super) fn str(text: impl Into<String>) -> Self {
        Self::Str(text.into())
    }

    /// A call with keyword arguments.
    pub(super) fn call(function: &str, args: Vec<(&str, Self)>) -> Self {
        let args = args.into_iter().map(|(name, value)| (Some(name.to_owned()), value)).collect();
        Self::Call { function: function.to_owned(), args, tail: String::new(), spread: false }
    }

    /// A call with positional arguments.
    pub(super) fn apply(function: &str, args: Vec<Self>) -> Self {
        let args = args.into_iter().map(|value| (None, value)).collect();
        Self::Call { function: function.to_owned(), args, tail: String::new(), spread: false }
    }

    /// The expression as it stands after `before` columns of its first line, with `after` columns to follow its
    /// last; further lines are indented by `indent`.
    pub(super) fn layout(&self, indent: usize, before: usize, after: usize) -> String {
        if !self.is_spread() {
            let flat = self.flat();
            let has_parts = match self {
                Self::List(items) | Self::Set(items) => !items.is_empty(),
                Self::Dict(entries) => !entries.is_empty(),
                Self::Call { args, .. } => !args.is_empty(),
                Self::Code(_) | Self::Str(_) | Self::Format(_) => false,
            };
            if !has_parts || before + width(&flat) + after <= WIDTH {
                return flat;
            }
        }
        let inner = indent + 4;
        let mut out = String::new();
        let line = |out: &mut String, head: String, value: &Self| {
            let columns = inner + width(&head);
            let text = value.layout(inner, columns, 1);
            _ = write!(out, "\n{}{head}{text},", " ".repeat(inner));
        };
        let (open, close) = match self {
            Self::List(_) => ("[".to_owned(), "]".to_owned()),
            Self::Set(_) | Self::Dict(_) => ("{".to_owned(), "}".to_owned()),
            Self::Call { function, tail, .. } => (format!("{function}("), format!("){tail}")),
            Self::Code(_) | Self::Str(_) | Self::Format(_) => return self.flat(),
        };
        out.push_str(&open);
        match self {
            Self::List(items) | Self::Set(items) => {
                items.iter().for_each(|item| line(&mut out, String::new(), item));
            }
            Self::Dict(entries) => {
                for (key, value) in entries {
                    line(&mut out, format!("{}: ", key.flat()), value);
                }
            }
            Self::Call { args, .. } => {
                for (name, value) in args {
                    let head = name.as_ref().map_or_else(String::new, |name| format!("{name}="));
                    line(&mut out, head, value);
                }
            }
            Self::Code(_) | Self::Str(_) | Self::Format(_) => {}
        }
        _ = write!(out, "\n{}{close}", " ".repeat(indent));
        out
    }

    /// Whether something in it is always on lines of its own.
    fn is_spread(&self) -> bool {
        match self {
            Self::Code(_) | Self::Str(_) | Self::Format(_) => false,
            Self::List(items) | Self::Set(items) => items.iter().any(Self::is_spread),
            Self::Dict(entries) => entries.iter().any(|(_, value)| value.is_spread()),
            Self::Call { args, spread, .. } => {
                *spread || args.iter().any(|(_, value)| value.is_spread())
            }
        }
    }

    /// The expression on one line.
    pub(super) fn flat(&self) -> String {
        let all = |items: &[Self]| items.iter().map(Self::flat).collect::<Vec<_>>().join(", ");
        match self {
            Self::Code(code) => code.clone(),
            Self::Str(text) => quoted(text),
            Self::Format(pieces) => formatted(pieces),
            Self::List(items) => format!("[{}]", all(items)),
            Self::Set(items) => format!("{{{}}}", all(items)),
            Self::Dict(entries) => {
                let entries =
                    entries.iter().map(|(key, value)| format!("{}: {}", key.flat(), value.flat()));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
            }
            Self::Call { function, args, tail, .. } => {
                let args = args.iter().map(|(name, value)| match name {
                    Some(name) => format!("{name}={}", value.flat()),
                    None => value.flat(),
                });
                format!("{function}({}){tail}", args.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// `name = value` at some indentation, without a line end.
pub(super) fn assignment(indent: usize, name: &str, value: &Py) -> String {
    let head = format!("{}{name} = ", " ".repeat(indent));
    let before = width(&head);
    format!("{head}{}", value.layout(indent, before, 0))
}

/// Columns of a text. What may be wide counts twice: a line that is broken too early is still well formatted.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|c| if (c as u32) < 0x1100 { 1 } else { 2 }).sum()
}

/// A string literal in the quotes that need fewer escapes.
pub(super) fn quoted(text: &str) -> String {
    let quote = quote_for(text.chars());
    let mut out = String::from(quote);
    escape_into(&mut out, text, quote);
    out.push(quote);
    out
}

/// An f-string; values hold neither quotes nor braces nor backslashes.
fn formatted(pieces: &[Piece]) -> String {
    let texts = pieces.iter().filter_map(|piece| match piece {
        Piece::Text(text) => Some(text.as_str()),
        Piece::Value(_) => None,
    });
    let quote = quote_for(texts.flat_map(str::chars));
    let mut out = format!("f{quote}");
    for piece in pieces {
        match piece {
            Piece::Text(text) => {
                let doubled = text.replace('{', "{{").replace('}', "}}");
                escape_into(&mut out, &doubled, quote);
            }
            Piece::Value(value) => _ = write!(out, "{{{value}}}"),
        }
    }
    out.push(quote);
    out
}

fn quote_for(chars: impl Iterator<Item = char>) -> char {
    let (double, single) = chars.fold((0, 0), |(double, single), c| match c {
        '"' => (double + 1, single),
        '\'' => (double, single + 1),
        _ => (double, single),
    });
    if double > single { '\'' } else { '"' }
}

fn escape_into(out: &mut String, text: &str, quote: char) {
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if (c as u32) < 0x20 || c == '\u{7f}' => _ = write!(out, "\\x{:02x}", c as u32),
            // Invisible characters and those that end a line would hide in the source.
            c if is_hidden(c) => {
                let code = c as u32;
                _ = match code {
                    0..=0xff => write!(out, "\\x{code:02x}"),
                    0x100..=0xffff => write!(out, "\\u{code:04x}"),
                    _ => write!(out, "\\U{code:08x}"),
                };
            }
            c => out.push(c),
        }
    }
}

fn is_hidden(c: char) -> bool {
    is_unsafe(c) || matches!(c, '\u{a0}' | '\u{e000}'..='\u{f8ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_on_one_line() {
        let short = Py::Dict(vec![(Py::str("a"), Py::List(vec![Py::code("1"), Py::str("b")]))]);
        assert_eq!(assignment(0, "x", &short), "x = {\"a\": [1, \"b\"]}");
        let long = Py::List(vec![Py::str("a".repeat(50)), Py::str("b".repeat(50))]);
        assert_eq!(
            assignment(4, "x", &long),
            format!(
                "    x = [\n        \"{}\",\n        \"{}\",\n    ]",
                "a".repeat(50),
                "b".repeat(50)
            )
        );
    }

    #[test]
    fn strings_take_the_quotes_with_fewer_escapes() {
        assert_eq!(quoted("it's"), "\"it's\"");
        assert_eq!(quoted("say \"x\""), "'say \"x\"'");
        assert_eq!(quoted("a\"b'c\n\\\u{feff}"), "\"a\\\"b'c\\n\\\\\\ufeff\"");
        let pieces = vec![Piece::Text("{a} ".to_owned()), Piece::Value("ds".to_owned())];
        assert_eq!(Py::Format(pieces).flat(), "f\"{{a}} {ds}\"");
    }

    #[test]
    fn a_spread_call_is_never_on_one_line() {
        let call = Py::Call {
            function: "run".to_owned(),
            args: vec![(Some("context".to_owned()), Py::code("context"))],
            tail: ".get()".to_owned(),
            spread: true,
        };
        assert_eq!(call.layout(0, 0, 0), "run(\n    context=context,\n).get()");
    }
}
