//! Text of DAGs inside a page: never markup, never code, nothing invisible.

use serde_json::Value as Json;

use crate::diag::escape::{is_unsafe, visible};

/// Text in an element or in a quoted attribute, on one line.
pub(in crate::report) fn text(text: &str) -> String {
    markup(&visible(text))
}

/// Lines of a program. What would not be visible is replaced by one character, so that columns stay what they are.
pub(super) fn source(text: &str) -> String {
    let replace = |char: char| {
        if char != '\t' && char != '\n' && is_unsafe(char) { '\u{fffd}' } else { char }
    };
    markup(&text.chars().map(replace).collect::<String>())
}

fn markup(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(char),
        }
    }
    out
}

/// JSON inside a script element, which nothing in it can end.
pub(in crate::report) fn data_block(json: &Json) -> String {
    let text = json.to_string();
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        if matches!(char, '<' | '>' | '&') || (!matches!(char, ' '..='~') && is_unsafe(char)) {
            let mut units = [0; 2];
            for unit in char.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(char);
        }
    }
    out
}

/// Part of an address after `#`.
pub(super) fn fragment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' | b':' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
