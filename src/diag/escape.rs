//! Makes text from DAG files safe to show.
//!
//! A DAG file is somebody else's text: an escape sequence in it could repaint the terminal, and a
//! bidirectional mark could make a line read as something it is not. Every text that podlift prints
//! for people goes through here; what would not be visible is written as `\u{202e}`.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::Serialize;

/// Whether a character is invisible or changes how its neighbours are shown.
pub fn is_unsafe(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}'
            // Zero-width characters and directional marks; line and paragraph separators and embeddings.
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            // Word joiner, invisible operators, isolates and deprecated format characters.
            | '\u{2060}'..='\u{206f}'
            // Interlinear annotations and the tag block.
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// Text on one line with everything unsafe written out: `\n`, `\t`, `\u{1b}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if is_plain || !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        push_visible(&mut out, char);
    }
    Cow::Owned(out)
}

/// Appends one character as [`visible`] writes it.
pub fn push_visible(out: &mut String, char: char) {
    match char {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ if is_unsafe(char) => {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(char));
        }
        _ => out.push(char),
    }
}

/// A value as indented JSON in which nothing is unsafe, ending in a line feed.
///
/// # Errors
/// When the value cannot be written as JSON, such as a map without string keys.
pub fn pretty_json(value: &impl Serialize) -> serde_json::Result<String> {
    let json = serde_json::to_string_pretty(value)?;
    Ok(format!("{}\n", json_text(&json)))
}

/// JSON in which nothing is unsafe: what JSON lets stand as it is, but a terminal would act on, is escaped. Such
/// characters stand in strings only.
pub fn json_text(json: &str) -> Cow<'_, str> {
    if !json.chars().any(is_unsafe) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for char in json.chars() {
        if is_unsafe(char) && !char.is_ascii_whitespace() {
            for unit in char.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(char);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_says_the_same_without_unsafe_characters() {
        let text = "a\u{9b}31m\u{202e}\u{e0041}ü\n";
        let json = serde_json::to_string(text).unwrap();
        let safe = json_text(&json);
        assert!(!safe.chars().any(is_unsafe), "{safe}");
        assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
    }

    #[test]
    fn ordinary_text_is_left_alone() {
        assert_eq!(visible("größe: 東京 🚀"), "größe: 東京 🚀");
    }

    #[test]
    fn escape_sequences_and_directional_marks_are_written_out() {
        assert_eq!(visible("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(visible("a\u{202e}b\u{9b}c"), "a\\u{202e}b\\u{9b}c");
        assert_eq!(visible("one\ntwo\ttabs\r"), "one\\ntwo\\ttabs\\r");
    }
}
