//! JSON as Python writes and reads it, where that differs from the JSON of everybody else.
//!
//! Python separates with `", "` and `": "`, escapes all that is not ASCII, prints `NaN` and `Infinity`
//! as bare words, passes lone surrogates through, and has integers of any size. A message that
//! Python can write must never be lost because a stricter reader stumbles over one of these.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// The text `json.dumps(value)` gives: the separators and escapes of Python's defaults.
pub fn to_python_json<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    let mut out = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut out, PythonFormatter))?;
    // The formatter writes ASCII only, so nothing can be replaced here.
    Ok(String::from_utf8_lossy(&out).into_owned())
}

struct PythonFormatter;

impl Formatter for PythonFormatter {
    fn begin_array_value<W: ?Sized + Write>(&mut self, w: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { w.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, w: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { w.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, w: &mut W) -> io::Result<()> {
        w.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        w: &mut W,
        part: &str,
    ) -> io::Result<()> {
        for c in part.chars() {
            if c.is_ascii() && c != '\u{7f}' {
                w.write_all(&[c as u8])?;
            } else if c == '\u{7f}' {
                w.write_all(b"\x7f")?;
            } else {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(w, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

/// Rewrites what only Python reads: bare `NaN` and infinities and integers beyond 64 bits become
/// strings, lone surrogates become U+FFFD. Everything else keeps its bytes.
pub(super) fn strict(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    let mut in_string = false;
    let bytes = text.as_bytes();
    let replace = |from: usize, to: usize, with: &str, out: &mut String, copied: &mut usize| {
        out.push_str(text.get(*copied..from).unwrap_or_default());
        out.push_str(with);
        *copied = to;
    };
    while let Some(&byte) = bytes.get(at) {
        let rest = text.get(at..).unwrap_or_default();
        if in_string {
            match byte {
                b'"' => in_string = false,
                b'\\' => {
                    let (length, lone) = escape(rest);
                    if lone {
                        replace(at, at + length, "\\ufffd", &mut out, &mut copied);
                    }
                    at += length;
                    continue;
                }
                _ => {}
            }
            at += 1;
        } else if byte == b'"' {
            in_string = true;
            at += 1;
        } else if let Some(word) =
            ["NaN", "Infinity", "-Infinity"].into_iter().find(|word| rest.starts_with(word))
        {
            replace(at, at + word.len(), &format!("\"{word}\""), &mut out, &mut copied);
            at += word.len();
        } else if byte == b'-' || byte.is_ascii_digit() {
            let length = rest
                .bytes()
                .take_while(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E'))
                .count();
            let number = rest.get(..length).unwrap_or_default();
            let integer = number.bytes().all(|b| b.is_ascii_digit() || b == b'-');
            if integer && number.parse::<i64>().is_err() && number.parse::<u64>().is_err() {
                replace(at, at + length, &format!("\"{number}\""), &mut out, &mut copied);
            }
            at += length;
        } else {
            at += 1;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

/// Length of the escape that `rest` starts with, and whether it is half of a surrogate pair.
fn escape(rest: &str) -> (usize, bool) {
    let unit = |from: usize| {
        let head = rest.get(from..from + 2)?;
        let digits = rest.get(from + 2..from + 6)?;
        (head == "\\u").then(|| u16::from_str_radix(digits, 16).ok())?
    };
    match unit(0) {
        None => (2, false),
        Some(0xd800..=0xdbff) => match unit(6) {
            Some(0xdc00..=0xdfff) => (12, false),
            _ => (6, true),
        },
        Some(0xdc00..=0xdfff) => (6, true),
        Some(_) => (6, false),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn text_is_the_text_of_python() {
        let value = json!({"a": [1, 2.5, null, true], "ü": "x\u{1F600}\n\"\u{1}"});
        assert_eq!(
            to_python_json(&value).unwrap(),
            r#"{"a": [1, 2.5, null, true], "\u00fc": "x\ud83d\ude00\n\"\u0001"}"#
        );
    }

    #[test]
    fn what_only_python_reads_becomes_readable() {
        let text = r#"{"a": NaN, "b": -Infinity, "c": "NaN \ud800 \ud83d\ude00 \\u", "d": 123456789012345678901234567890, "e": 1.5e3}"#;
        let value: Value = serde_json::from_str(&strict(text)).unwrap();
        assert_eq!(
            value,
            json!({"a": "NaN", "b": "-Infinity", "c": "NaN \u{fffd} \u{1F600} \\u",
                   "d": "123456789012345678901234567890", "e": 1500.0})
        );
    }

    #[test]
    fn ordinary_text_is_not_copied() {
        assert!(matches!(strict(r#"{"a": [1, -2, 1e9, "x\n"]}"#), Cow::Borrowed(_)));
    }
}
