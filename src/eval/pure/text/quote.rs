//! `repr` of text and bytes.

use std::fmt::Write as _;

use super::classify::is_printable;

/// `repr(text)`: single quotes, unless only double ones avoid a backslash.
pub fn repr_str(text: &str) -> String {
    let quote = preferred_quote(text.contains('\''), text.contains('"'));
    let mut result = String::with_capacity(text.len() + 2);
    result.push(quote);
    for c in text.chars() {
        match c {
            '\n' => result.push_str("\\n"),
            '\r' => result.push_str("\\r"),
            '\t' => result.push_str("\\t"),
            '\\' => result.push_str("\\\\"),
            _ if c == quote => result.extend(['\\', c]),
            _ if is_printable(c) => result.push(c),
            _ => push_escape(&mut result, c),
        }
    }
    result.push(quote);
    result
}

/// `ascii(text)`.
pub fn ascii(text: &str) -> String {
    escape_non_ascii(&repr_str(text))
}

/// What `ascii(object)` makes of the object's `repr`.
pub fn escape_non_ascii(repr: &str) -> String {
    let mut result = String::with_capacity(repr.len());
    for c in repr.chars() {
        if c.is_ascii() { result.push(c) } else { push_escape(&mut result, c) }
    }
    result
}

/// `repr(bytes)`.
pub fn repr_bytes(bytes: &[u8]) -> String {
    let quote = preferred_quote(bytes.contains(&b'\''), bytes.contains(&b'"'));
    let mut result = String::with_capacity(bytes.len() + 3);
    result.push('b');
    result.push(quote);
    for byte in bytes {
        let c = char::from(*byte);
        match c {
            '\n' => result.push_str("\\n"),
            '\r' => result.push_str("\\r"),
            '\t' => result.push_str("\\t"),
            '\\' => result.push_str("\\\\"),
            _ if c == quote => result.extend(['\\', c]),
            ' '..='~' => result.push(c),
            _ => push_escape(&mut result, c),
        }
    }
    result.push(quote);
    result
}

fn preferred_quote(has_single: bool, has_double: bool) -> char {
    if has_single && !has_double { '"' } else { '\'' }
}

fn push_escape(result: &mut String, c: char) {
    let code = u32::from(c);
    // Writing to a `String` cannot fail.
    let _ = match code {
        0..=0xff => write!(result, "\\x{code:02x}"),
        0x100..=0xffff => write!(result, "\\u{code:04x}"),
        _ => write!(result, "\\U{code:08x}"),
    };
}
