//! Replacement templates: `\1`, `\g<name>`, `\n`.

use super::{Found, Pattern, error};
use crate::eval::pure::{Failure, within_bound};

/// A template whose groups are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Group(usize),
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

impl Template {
    /// A template that is only text, as the result of a function is.
    pub fn literal(text: impl Into<String>) -> Self {
        Self { pieces: vec![Piece::Literal(text.into())] }
    }

    pub(super) fn parse(text: &str, pattern: &Pattern) -> Result<Self, Failure> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if c != '\\' {
                literal.push(c);
                continue;
            }
            match escape(&mut chars, pattern)? {
                Piece::Literal(text) => literal.push_str(&text),
                group => {
                    pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                    pieces.push(group);
                }
            }
        }
        pieces.push(Piece::Literal(literal));
        Ok(Self { pieces })
    }

    /// Writes the template with the groups of a match; those that took no part are empty.
    ///
    /// # Errors
    /// The result is too long.
    pub fn expand(&self, found: &Found, text: &str, result: &mut String) -> Result<(), Failure> {
        for piece in &self.pieces {
            within_bound(result.len() / 4, "re.sub")?;
            match piece {
                Piece::Literal(literal) => result.push_str(literal),
                Piece::Group(group) => {
                    result.push_str(found.group(text, *group).unwrap_or_default());
                }
            }
        }
        Ok(())
    }
}

fn escape(chars: &mut Chars<'_>, pattern: &Pattern) -> Result<Piece, Failure> {
    let literal = |c: char| Ok(Piece::Literal(c.to_string()));
    let group = |number: usize| {
        if number <= pattern.group_count() {
            Ok(Piece::Group(number))
        } else {
            Err(error(format!("invalid group reference {number}")))
        }
    };
    let Some(c) = chars.next() else { return Err(error("bad escape (end of pattern)")) };
    match c {
        'g' => named(chars, pattern),
        '0' => {
            let mut code = 0;
            for _ in 0..2 {
                let Some(digit) = chars.next_if(|c| c.is_digit(8)) else { break };
                code = code * 8 + digit.to_digit(8).unwrap_or(0);
            }
            literal(char::from_u32(code).unwrap_or('\0'))
        }
        '1'..='9' => {
            let first = c.to_digit(10).unwrap_or(0);
            let Some(second) = chars.next_if(char::is_ascii_digit) else {
                return group(usize::try_from(first).unwrap_or(0));
            };
            let second = second.to_digit(10).unwrap_or(0);
            // Three octal digits are a character, whatever groups there are.
            if first < 8
                && second < 8
                && let Some(third) = chars.next_if(|c| c.is_digit(8))
            {
                let code = first * 64 + second * 8 + third.to_digit(8).unwrap_or(0);
                if code > 0o377 {
                    return Err(error("octal escape value outside of range 0-0o377"));
                }
                return literal(char::from_u32(code).unwrap_or('\0'));
            }
            group(usize::try_from(first * 10 + second).unwrap_or(0))
        }
        'n' => literal('\n'),
        't' => literal('\t'),
        'r' => literal('\r'),
        'f' => literal('\x0c'),
        'v' => literal('\x0b'),
        'a' => literal('\x07'),
        'b' => literal('\x08'),
        '\\' => literal('\\'),
        _ if c.is_ascii_alphabetic() => Err(error(format!("bad escape \\{c}"))),
        _ => Ok(Piece::Literal(format!("\\{c}"))),
    }
}

fn named(chars: &mut Chars<'_>, pattern: &Pattern) -> Result<Piece, Failure> {
    if chars.next() != Some('<') {
        return Err(error("missing <"));
    }
    let mut name = String::new();
    loop {
        match chars.next() {
            Some('>') => break,
            Some(c) => name.push(c),
            None => return Err(error("missing >, unterminated name")),
        }
    }
    if let Some(group) = pattern.names().get(&name) {
        return Ok(Piece::Group(*group));
    }
    if name.is_empty() {
        return Err(error("missing group name"));
    }
    match name.parse::<usize>() {
        Ok(group) if name.chars().all(|c| c.is_ascii_digit()) => {
            if group <= pattern.group_count() {
                Ok(Piece::Group(group))
            } else {
                Err(error(format!("invalid group reference {group}")))
            }
        }
        // An unknown name is the one mistake that is an `IndexError`.
        _ if crate::eval::pure::text::isidentifier(&name) => {
            Err(Failure::raised("IndexError", format!("unknown group name '{name}'")))
        }
        _ => Err(error(format!("bad character in group name '{name}'"))),
    }
}
