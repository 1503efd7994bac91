//! Texts with holes: `${kind:name}` between literal text.
//!
//! The grammar is small and loses nothing:
//!
//! - `${kind:name}` is a hole. `kind` is one of [`HoleKind`]; in `name`, `$}` stands for `}` and `$$`
//!   for `$`, so a name may hold any character.
//! - Dollars that stand directly before `{` come doubled: `$${HOME}` is the text `${HOME}`, and
//!   `$$${env:PRICE}` is a dollar followed by a hole.
//! - Every other dollar is itself: `$HOME`, `$(POD_IP)`, `$$`.
//!
//! Texts of a job spec are templates in `client`, `run`, `launcher` and in the ids of `metadata`, keys
//! of maps included. They stay templates as long as the spec is a job spec: filling holes replaces
//! holes by *escaped* values, so that a value with `${` in it is never taken for a hole. Only
//! [`finish`](crate::spec::Filled::finish) removes the escapes, at the moment the spec is used.

use super::HoleKind;

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Known text, without escapes.
    Literal(String),
    /// A hole.
    Hole {
        /// Its kind.
        kind: HoleKind,
        /// Its name, without escapes.
        name: String,
    },
}

/// A `${` that begins neither a hole nor an escape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a hole: {why}")]
pub struct Malformed {
    /// The text from the `${` on, at most a few words of it.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

/// Splits a template into its parts; neighbouring literals are one part.
///
/// # Errors
/// A `${` without a known kind, a colon and a closing brace.
pub fn parse(template: &str) -> Result<Vec<Part>, Malformed> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = template;
    while let Some(at) = rest.find("${") {
        let (before, from) = rest.split_at(at);
        let kept = before.trim_end_matches('$');
        let dollars = before.len() - kept.len() + 1;
        literal.push_str(kept);
        literal.extend(std::iter::repeat_n('$', dollars / 2));
        // `from` begins with the two ASCII characters `${`.
        let inside = from.get(2..).unwrap_or_default();
        if dollars.is_multiple_of(2) {
            literal.push('{');
            rest = inside;
        } else {
            let (kind, name, after) = hole(inside)
                .map_err(|why| Malformed { text: from.chars().take(60).collect(), why })?;
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            parts.push(Part::Hole { kind, name });
            rest = after;
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Ok(parts)
}

/// Reads `kind:name}` and gives what follows it.
fn hole(inside: &str) -> Result<(HoleKind, String, &str), &'static str> {
    let Some((word, rest)) = inside.split_once(':') else {
        return Err("write `${kind:name}`, or `$${` for the text `${`");
    };
    let kind = HoleKind::parse(word)
        .ok_or("no such kind of hole; write `${kind:name}`, or `$${` for the text `${`")?;
    let mut name = String::new();
    let mut chars = rest.chars();
    while let Some(next) = chars.next() {
        match next {
            '}' => return Ok((kind, name, chars.as_str())),
            '$' => match chars.next() {
                Some(escaped @ ('$' | '}')) => name.push(escaped),
                _ => return Err("in a name, write `$$` for `$` and `$}` for `}`"),
            },
            other => name.push(other),
        }
    }
    Err("the closing `}` is missing")
}

/// The template of some parts: what [`parse`] reads back as the same parts.
pub fn print<'a>(parts: impl IntoIterator<Item = &'a Part>) -> String {
    let mut out = String::new();
    for part in parts {
        match part {
            Part::Literal(text) => push_literal(&mut out, text),
            Part::Hole { kind, name } => push_hole(&mut out, *kind, name),
        }
    }
    out
}

/// The template of a known text: it has no holes, whatever the text looks like.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_literal(&mut out, text);
    out
}

/// Whether Jinja would do anything with a text.
pub fn has_jinja(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|begin| text.contains(begin))
}

/// Appends known text to a template.
pub fn push_literal(template: &mut String, text: &str) {
    // The dollars that already end the template may come to stand before a brace.
    let mut rest = text;
    if rest.starts_with('{') {
        double_last_dollars(template);
    }
    // Few texts have any; one byte is found faster than two.
    if !rest.as_bytes().contains(&b'$') {
        template.push_str(rest);
        return;
    }
    while let Some(at) = rest.find("${") {
        let (before, from) = rest.split_at(at + 1);
        template.push_str(before);
        double_last_dollars(template);
        template.push('{');
        rest = from.get(1..).unwrap_or_default();
    }
    template.push_str(rest);
}

/// Appends a hole to a template.
pub fn push_hole(template: &mut String, kind: HoleKind, name: &str) {
    double_last_dollars(template);
    template.push_str("${");
    template.push_str(kind.as_str());
    template.push(':');
    for next in name.chars() {
        if matches!(next, '$' | '}') {
            template.push('$');
        }
        template.push(next);
    }
    template.push('}');
}

/// Doubles the run of dollars at the end.
fn double_last_dollars(template: &mut String) {
    let dollars = template.len() - template.trim_end_matches('$').len();
    template.extend(std::iter::repeat_n('$', dollars));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::eval::{Hole, Segment, Text};
    use crate::python::Span;

    fn literal(text: &str) -> Part {
        Part::Literal(text.to_owned())
    }

    fn env(name: &str) -> Part {
        Part::Hole { kind: HoleKind::Env, name: name.to_owned() }
    }

    #[test]
    fn dollars_before_a_brace_come_doubled_and_others_are_themselves() {
        let cases = [
            ("a${env:TAG}b", vec![literal("a"), env("TAG"), literal("b")]),
            ("$${HOME}", vec![literal("${HOME}")]),
            ("$$${env:P}", vec![literal("$"), env("P")]),
            ("$$$${x}", vec![literal("$${x}")]),
            ("$HOME $(IP) $$ {x} $", vec![literal("$HOME $(IP) $$ {x} $")]),
            ("${env:a$}b$$c}", vec![env("a}b$c")]),
            ("${env:A}${env:B}", vec![env("A"), env("B")]),
            ("${env:}", vec![env("")]),
            ("", vec![]),
        ];
        for (template, parts) in cases {
            assert_eq!(parse(template).unwrap(), parts, "{template}");
            assert_eq!(print(&parts), template);
        }
    }

    #[test]
    fn what_is_neither_hole_nor_escape_is_an_error() {
        for text in ["${HOME}", "${", "x ${env:A", "${nope:A}", "${env:a$b}", "${Env:A}"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    fn parts() -> impl Strategy<Value = Vec<Part>> {
        let text = prop_oneof!["[\\$\\{\\}:ae]{1,6}", "\\PC{1,8}"];
        let part = prop_oneof![
            text.clone().prop_map(Part::Literal),
            (proptest::sample::select(HoleKind::ALL.to_vec()), text)
                .prop_map(|(kind, name)| Part::Hole { kind, name }),
        ];
        proptest::collection::vec(part, 0..6)
    }

    proptest! {
        #[test]
        fn every_text_with_holes_is_read_back_as_it_was(parts in parts()) {
            let mut joined: Vec<Part> = Vec::new();
            for part in &parts {
                match (joined.last_mut(), part) {
                    (Some(Part::Literal(last)), Part::Literal(text)) => last.push_str(text),
                    _ => joined.push(part.clone()),
                }
            }
            prop_assert_eq!(parse(&print(&parts)).unwrap(), joined);
        }

        #[test]
        fn the_evaluator_writes_the_same_grammar(parts in parts()) {
            let mut text = Text::default();
            for part in &parts {
                match part {
                    Part::Literal(literal) => text.push_str(literal),
                    Part::Hole { kind, name } => text.push_hole(Arc::new(Hole {
                        kind: *kind,
                        name: name.clone(),
                        default: None,
                        reason: String::new(),
                        span: Span::NONE,
                        roots: Vec::new(),
                    })),
                }
            }
            prop_assert_eq!(text.to_template(), print(&parts));
            prop_assert!(text.segments.iter().all(|s| *s != Segment::Literal(String::new())));
        }

        #[test]
        fn an_escaped_text_has_no_holes(text in "[\\$\\{\\}a]{0,8}") {
            let expected = if text.is_empty() { vec![] } else { vec![literal(&text)] };
            prop_assert_eq!(parse(&escape(&text)).unwrap(), expected);
        }
    }
}
