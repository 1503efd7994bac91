//! JSON values as YAML text.
//!
//! serde-saphyr writes: a string stays plain only where no reader, old or new, takes it for anything
//! else. What is decided here is the look: text of several lines becomes a `|` block where every
//! reader takes the block, and JSON in a string goes into single quotes, where it stays readable.

use std::fmt::Write as _;

use serde::ser::Serialize;
use serde_json::Value as Json;

use super::style::Styled;
use crate::diag::escape::is_unsafe;

/// One YAML document in block style, ending in a line feed, of anything that JSON can hold.
pub fn document(value: &(impl Serialize + ?Sized)) -> String {
    let options = serde_saphyr::ser_options! {
        // Blocks are chosen here; and no `>` blocks, which are hard to search and to compare.
        prefer_block_scalars: false,
    };
    match serde_saphyr::to_string_with_options(&Styled(value), options) {
        Ok(text) => escaped(text),
        // A key that would have to be quoted, which the writer does not do on request; JSON is YAML, too.
        Err(_) => escaped(format!("{:#}\n", serde_json::to_value(value).unwrap_or_default())),
    }
}

/// Escapes what would be invisible or turn the text around. It stands between double quotes only.
fn escaped(text: String) -> String {
    let is_raw = |c: char| (is_unsafe(c) || !is_printable(c)) && !matches!(c, '\n' | '\t');
    if is_plain(&text) || !text.contains(is_raw) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 64);
    for c in text.chars() {
        match u32::from(c) {
            code if is_raw(c) && code <= 0xffff => _ = write!(out, "\\u{code:04X}"),
            code if is_raw(c) => _ = write!(out, "\\U{code:08X}"),
            _ => out.push(c),
        }
    }
    out
}

/// Whether a text is printable ASCII throughout, as nearly all texts are: looking at bytes is many times faster than
/// at characters, and at many of them without a way out in between faster still.
fn is_plain(text: &str) -> bool {
    let is_plain = |byte: &u8| matches!(byte, b'\n' | b'\t' | b' '..=b'~');
    text.as_bytes().chunks(64).all(|bytes| bytes.iter().fold(true, |all, one| all & is_plain(one)))
}

/// Several documents, parted by `---` lines.
pub fn stream<'a>(values: impl IntoIterator<Item = &'a Json>) -> String {
    values.into_iter().map(document).collect::<Vec<_>>().join("---\n")
}

/// Whether a character in a text needs an escape, and so double quotes around the text. Others that do, all of them
/// ASCII, are known to the writer.
pub(super) fn has_unsafe_within(text: &str) -> bool {
    !text.is_ascii() && text.contains(|c: char| is_unsafe(c) && !c.is_ascii_control())
}

/// Whether a text is written as a block. Some readers refuse a block whose first line begins with a
/// tab; what is not printable has to be escaped.
pub(super) fn is_block(text: &str) -> bool {
    let first = || text.trim_start_matches('\n').chars().next();
    text.contains('\n')
        && !matches!(first(), None | Some('\t' | ' '))
        && text.chars().all(|c| matches!(c, '\n' | '\t') || is_printable(c))
}

/// Whether a text has to be quoted and has only double quotes and backslashes to make that ugly.
pub(super) fn is_single_quoted(text: &str) -> bool {
    text.bytes().any(|byte| matches!(byte, b'"' | b'\\'))
        && !text.contains('\'')
        && text.chars().all(is_printable)
        && serde_saphyr::to_string(&text).is_ok_and(|plain| plain.starts_with('"'))
}

/// Whether every reader takes a character as it is, outside of escapes.
fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
        && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::spec::tests_support::{NASTY, json as any_json, text};

    /// What each of the two readers in this program makes of a text.
    fn read_back(yaml: &str) -> [Json; 2] {
        [serde_yaml::from_str(yaml).unwrap(), serde_saphyr::from_str(yaml).unwrap()]
    }

    #[test]
    fn output_looks_as_an_engineer_writes_it() {
        let value = json!({
            "apiVersion": "podlift/v1",
            "empty": {"map": {}, "list": []},
            "containers": [{
                "name": "base",
                "image": "eu.gcr.io/acme/load:${env:TAG}",
                "command": ["bash", "-c", "set -e\nload --day \"$DAY\"  # {{ ds }}\n"],
                "args": ["--day", "{{ ds }}", "*.csv", "https://a.b/c?d=e&f#g", "it's", "a: b"],
                "env": [
                    {"name": "DEBUG", "value": "yes"},
                    {"name": "PORT", "value": "8080"},
                    {"name": "CONFIG", "value": "{\"retries\": 3}"},
                    {"name": "NOTE", "value": "two\nlines"},
                    {"name": "TABLE", "value": "  indented\nlines"},
                ],
                "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
            }],
            "count": 3,
            "ratio": 0.5,
            "on": true,
            "nothing": null,
        });
        let expected = r#"apiVersion: podlift/v1
empty:
  map: {}
  list: []
containers:
- name: base
  image: eu.gcr.io/acme/load:${env:TAG}
  command:
  - bash
  - -c
  - |
    set -e
    load --day "$DAY"  # {{ ds }}
  args:
  - --day
  - "{{ ds }}"
  - "*.csv"
  - https://a.b/c?d=e&f#g
  - it's
  - "a: b"
  env:
  - name: DEBUG
    value: "yes"
  - name: PORT
    value: "8080"
  - name: CONFIG
    value: '{"retries": 3}'
  - name: NOTE
    value: |-
      two
      lines
  - name: TABLE
    value: "  indented\nlines"
  resources:
    limits:
      cpu: "1"
      memory: 1Gi
count: 3
ratio: 0.5
"on": true
nothing: null
"#;
        assert_eq!(document(&value), expected);
    }

    #[test]
    fn nasty_texts_keep_their_meaning() {
        for text in NASTY.iter() {
            let values = [
                json!(text),
                json!({"key": text, "list": [text, {"inner": text, "next": 1}], "last": text}),
                json!({text: {text: [text]}}),
            ];
            for value in values {
                let yaml = document(&value);
                assert_eq!(read_back(&yaml), [value.clone(), value], "{text:?} written as\n{yaml}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn every_text_keeps_its_meaning(text in text()) {
            let value = json!({"a": [&text], &text: {&text: &text}});
            let yaml = document(&value);
            prop_assert_eq!(read_back(&yaml), [value.clone(), value], "{}", yaml);
        }

        #[test]
        fn every_value_keeps_its_meaning(value in any_json()) {
            let yaml = document(&value);
            let read: Json = serde_yaml::from_str(&yaml).unwrap();
            prop_assert_eq!(&read, &value, "{}", yaml);
            let read: Json = serde_saphyr::from_str(&yaml).unwrap();
            prop_assert_eq!(read, value, "{}", yaml);
        }
    }
}
