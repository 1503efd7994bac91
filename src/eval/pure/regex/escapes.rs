//! Escapes and sets: what `\w` and `[a-z]` are in the engine's dialect.

use super::translate::{Atom, Parser};
use super::{Flags, error};
use crate::eval::pure::Failure;

impl Parser<'_> {
    /// What a backslash outside of brackets makes of the next characters.
    pub(super) fn escape(&mut self, flags: Flags) -> Result<Atom, Failure> {
        let Some(c) = self.next() else { return Err(error("bad escape (end of pattern)")) };
        let fixed = |source: String| Ok(Atom::assertion(source));
        let word = word(flags);
        match c {
            'A' => return fixed(r"\A".to_owned()),
            'Z' => return fixed(r"\z".to_owned()),
            'b' => {
                return fixed(format!("(?:(?<=[{word}])(?![{word}])|(?<![{word}])(?=[{word}]))"));
            }
            // In an empty text there is no such place, says Python.
            'B' => {
                return fixed(format!(
                    r"(?!\A\z)(?:(?<=[{word}])(?=[{word}])|(?<![{word}])(?![{word}]))"
                ));
            }
            '1'..='9' => {
                let first = c.to_digit(10).unwrap_or(0);
                let second = self.peek().and_then(|c| c.to_digit(10));
                let octal = self.peek_at(1).and_then(|c| c.to_digit(8));
                match (second, octal) {
                    (Some(second), Some(third)) if first < 8 && second < 8 => {
                        self.position += 2;
                        let code = first * 64 + second * 8 + third;
                        if code > 0o377 {
                            return Err(error("octal escape value outside of range 0-0o377"));
                        }
                        let source = literal(char::from_u32(code).unwrap_or('\0'));
                        return Ok(Atom::character(source));
                    }
                    _ => {}
                }
                self.position += usize::from(second.is_some());
                let group = second.map_or(first, |second| first * 10 + second);
                return self.reference(usize::try_from(group).unwrap_or(usize::MAX), flags);
            }
            _ => {}
        }
        let source = match class_escape(c, flags) {
            Some((members, excluded)) => {
                format!("[{}{members}]", if excluded { "^" } else { "" })
            }
            None => literal(self.character(c)?),
        };
        Ok(Atom::character(source))
    }

    /// The character that an escape stands for, in brackets and outside.
    fn character(&mut self, c: char) -> Result<char, Failure> {
        Ok(match c {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'f' => '\x0c',
            'v' => '\x0b',
            'a' => '\x07',
            'x' => self.hexadecimal(2)?,
            'u' => self.hexadecimal(4)?,
            'U' => self.hexadecimal(8)?,
            '0' => {
                let mut code = 0;
                for _ in 0..2 {
                    let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else { break };
                    code = code * 8 + digit;
                    self.position += 1;
                }
                char::from_u32(code).unwrap_or('\0')
            }
            'N' => return Err(Failure::Unsupported("a named character in a pattern".to_owned())),
            _ if c.is_ascii_alphanumeric() => return Err(error(format!("bad escape \\{c}"))),
            _ => c,
        })
    }

    fn hexadecimal(&mut self, digits: usize) -> Result<char, Failure> {
        let mut code = 0u32;
        for _ in 0..digits {
            let digit = self.next().and_then(|c| c.to_digit(16));
            code = (code << 4) | digit.ok_or_else(|| error("incomplete escape"))?;
        }
        char::from_u32(code).ok_or_else(|| error("bad escape"))
    }

    /// The rest of `[...]`.
    pub(super) fn class(&mut self, flags: Flags) -> Result<String, Failure> {
        let unterminated = || error("unterminated character set");
        let mut source = String::from("[");
        if self.take("^") {
            source.push('^');
        }
        let mut first = true;
        loop {
            let Some(c) = self.next() else { return Err(unterminated()) };
            // A bracket that comes first is a member.
            if c == ']' && !first {
                break;
            }
            first = false;
            let Some(low) = self.class_member(c, flags, &mut source)? else { continue };
            if self.peek() == Some('-') && self.peek_at(1) != Some(']') {
                self.position += 1;
                let Some(c) = self.next() else { return Err(unterminated()) };
                let mut members = String::new();
                let Some(high) = self.class_member(c, flags, &mut members)? else {
                    return Err(error("bad character range"));
                };
                if high < low {
                    return Err(error("bad character range"));
                }
                source.push_str(&format!("{}-{}", member(low), member(high)));
            } else {
                source.push_str(&member(low));
            }
        }
        source.push(']');
        Ok(source)
    }

    /// A member that may begin a range, or `None` for one that was written to `source` as a whole.
    fn class_member(
        &mut self,
        c: char,
        flags: Flags,
        source: &mut String,
    ) -> Result<Option<char>, Failure> {
        if c != '\\' {
            return Ok(Some(c));
        }
        let Some(c) = self.next() else { return Err(error("unterminated character set")) };
        if let Some((members, excluded)) = class_escape(c, flags) {
            source.push_str(&format!("[{}{members}]", if excluded { "^" } else { "" }));
            if self.peek() == Some('-') && self.peek_at(1).is_some_and(|c| c != ']') {
                return Err(error("bad character range"));
            }
            return Ok(None);
        }
        match c {
            'b' => Ok(Some('\x08')),
            '1'..='7' => {
                // In brackets these are octal.
                let mut code = c.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else { break };
                    code = code * 8 + digit;
                    self.position += 1;
                }
                if code > 0o377 {
                    return Err(error("octal escape value outside of range 0-0o377"));
                }
                Ok(char::from_u32(code))
            }
            _ => self.character(c).map(Some),
        }
    }
}

/// Members of `\w`: what `str.isalnum` takes, and the underscore.
fn word(flags: Flags) -> &'static str {
    if flags.ascii { "a-zA-Z0-9_" } else { r"\p{L}\p{N}_" }
}

/// Members of `\d`, `\s`, `\w`, and whether the letter was a capital, which means all others.
fn class_escape(c: char, flags: Flags) -> Option<(&'static str, bool)> {
    let members = match c.to_ascii_lowercase() {
        'd' if flags.ascii => "0-9",
        'd' => r"\p{Nd}",
        's' if flags.ascii => r" \t-\r",
        's' => r"\s\x1c-\x1f",
        'w' => word(flags),
        _ => return None,
    };
    Some((members, c.is_ascii_uppercase()))
}

pub(super) fn literal(c: char) -> String {
    if c.is_ascii_punctuation() { format!("\\x{:02x}", u32::from(c)) } else { c.to_string() }
}

fn member(c: char) -> String {
    if c.is_ascii_alphanumeric() || !c.is_ascii() {
        c.to_string()
    } else {
        format!("\\x{:02x}", u32::from(c))
    }
}
