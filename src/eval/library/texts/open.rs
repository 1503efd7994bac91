//! What methods of a string with holes certainly give.

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::Val;
use crate::eval::pure::text as known;
use crate::eval::{Segment, Text};
use crate::python::Span;

/// Stands for the first hole while the text around it is worked on; a plane nobody writes in.
const FIRST: u32 = 0x10_0000;
/// The most holes that can be stood for.
const MOST: u32 = 0xFFFD;

impl Interp<'_> {
    /// A method of a string with holes; its arguments are known.
    pub(super) fn open_text_method(
        &mut self,
        this: &Val,
        text: &Text,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Res {
        let decided = match name {
            "startswith" | "endswith" if args.pos.len() == 1 => {
                let parts = match self.alternatives(args, name) {
                    Ok(parts) => parts,
                    Err(failure) => return self.failed(failure, &[this], span),
                };
                let verdicts = parts.iter().map(|part| match name {
                    "startswith" => starts(text, part),
                    _ => ends(text, part),
                });
                any(verdicts).map(|answer| Val::bool(answer, span))
            }
            "strip" | "lstrip" | "rstrip" => {
                let chars = match self.text_arg(args, 0, "chars") {
                    Ok(chars) => chars,
                    Err(failure) => return self.failed(failure, &[this], span),
                };
                let (left, right) = (name != "rstrip", name != "lstrip");
                stripped(text, chars.as_deref(), left, right).map(|text| Val::text(text, span))
            }
            "removeprefix" | "removesuffix" => {
                let part = match self.needed(args, 0, "prefix") {
                    Ok(part) => part,
                    Err(failure) => return self.failed(failure, &[this], span),
                };
                let removed = if name == "removeprefix" {
                    without_prefix(text, &part)
                } else {
                    without_suffix(text, &part)
                };
                removed.map(|text| Val::text(text, span))
            }
            _ => None,
        };
        Ok(decided.unwrap_or_else(|| self.hole_from(this, args, span)))
    }
}

/// Whether one of several is true, where some are not known.
fn any(verdicts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut result = Some(false);
    for verdict in verdicts {
        match verdict {
            Some(true) => return Some(true),
            Some(false) => {}
            None => result = None,
        }
    }
    result
}

fn first_literal(text: &Text) -> &str {
    match text.segments.first() {
        Some(Segment::Literal(literal)) => literal,
        _ => "",
    }
}

fn last_literal(text: &Text) -> &str {
    match text.segments.last() {
        Some(Segment::Literal(literal)) => literal,
        _ => "",
    }
}

/// Whether a text begins with `part`.
fn starts(text: &Text, part: &str) -> Option<bool> {
    let known = first_literal(text);
    if known.starts_with(part) {
        Some(true)
    } else if part.starts_with(known) {
        None
    } else {
        Some(false)
    }
}

/// Whether a text ends with `part`.
fn ends(text: &Text, part: &str) -> Option<bool> {
    let known = last_literal(text);
    if known.ends_with(part) {
        Some(true)
    } else if part.ends_with(known) {
        None
    } else {
        Some(false)
    }
}

/// A text with its ends stripped, when stripping stops before it comes to a hole.
fn stripped(text: &Text, chars: Option<&str>, left: bool, right: bool) -> Option<Text> {
    let mut text = text.clone();
    if left {
        match text.segments.first_mut() {
            Some(Segment::Literal(literal)) => {
                let rest = known::lstrip(literal, chars);
                if rest.is_empty() {
                    return None;
                }
                *literal = rest.to_owned();
            }
            _ => return None,
        }
    }
    if right {
        match text.segments.last_mut() {
            Some(Segment::Literal(literal)) => {
                let rest = known::rstrip(literal, chars);
                if rest.is_empty() {
                    return None;
                }
                *literal = rest.to_owned();
            }
            _ => return None,
        }
    }
    Some(text)
}

fn without_prefix(text: &Text, part: &str) -> Option<Text> {
    let mut result = text.clone();
    if starts(text, part)?
        && let Some(Segment::Literal(literal)) = result.segments.first_mut()
    {
        *literal = known::removeprefix(literal, part).to_owned();
    }
    Some(tidy(&result))
}

fn without_suffix(text: &Text, part: &str) -> Option<Text> {
    let mut result = text.clone();
    if ends(text, part)?
        && let Some(Segment::Literal(literal)) = result.segments.last_mut()
    {
        *literal = known::removesuffix(literal, part).to_owned();
    }
    Some(tidy(&result))
}

/// The same text without empty segments.
fn tidy(text: &Text) -> Text {
    let mut result = Text::default();
    result.push_text(text);
    result
}

/// Works on the text around holes as if each hole were one character that is neither a blank nor a
/// line end; `None` when that character would get lost or repeated.
///
/// This is for whole-text layout such as `textwrap.dedent`, where what a hole stands for is taken to
/// lie within its line.
pub(super) fn around_holes(text: &Text, work: impl FnOnce(&str) -> Option<String>) -> Option<Text> {
    let mut holes = Vec::new();
    let mut flat = String::new();
    for segment in &text.segments {
        match segment {
            Segment::Literal(literal) => {
                if literal.chars().any(|c| u32::from(c) >= FIRST) {
                    return None;
                }
                flat.push_str(literal);
            }
            Segment::Hole(hole) => {
                let number = u32::try_from(holes.len()).ok().filter(|number| *number < MOST)?;
                flat.push(char::from_u32(FIRST + number)?);
                holes.push(hole);
            }
        }
    }
    let worked = work(&flat)?;
    let mut result = Text::default();
    let mut next = 0;
    let mut literal = String::new();
    for c in worked.chars() {
        if u32::from(c) < FIRST {
            literal.push(c);
            continue;
        }
        let number = usize::try_from(u32::from(c) - FIRST).ok()?;
        if number != next {
            return None;
        }
        result.push_str(&literal);
        literal.clear();
        result.push_hole(std::sync::Arc::clone(holes.get(number)?));
        next += 1;
    }
    result.push_str(&literal);
    (next == holes.len()).then_some(result)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::sync::Arc;

    use super::*;
    use crate::eval::{Hole, HoleKind};

    fn text(before: &str, after: &str) -> Text {
        let hole = Hole {
            kind: HoleKind::Env,
            name: "X".to_owned(),
            default: None,
            reason: String::new(),
            span: Span::NONE,
            roots: Vec::new(),
        };
        let mut text = Text::literal(before);
        text.push_hole(Arc::new(hole));
        text.push_str(after);
        text
    }

    #[test]
    fn a_known_beginning_decides_what_it_can() {
        let path = text("gs://", "/x");
        assert_eq!(starts(&path, "gs:"), Some(true));
        assert_eq!(starts(&path, "s3:"), Some(false));
        assert_eq!(starts(&path, "gs://bucket"), None);
        assert_eq!(ends(&path, "y"), Some(false));
        assert_eq!(ends(&path, "/a/x"), None);
    }

    #[test]
    fn stripping_stops_at_a_hole() {
        assert_eq!(stripped(&text(" a", " "), None, true, false).unwrap().display(), "a⟨X⟩ ");
        assert_eq!(stripped(&text(" a", " "), None, true, true), None);
        assert_eq!(stripped(&text(" ", "b"), None, true, false), None);
        assert_eq!(stripped(&text("a", "b/"), Some("/"), false, true).unwrap().display(), "a⟨X⟩b");
    }

    #[test]
    fn layout_keeps_holes_in_their_lines() {
        let script = text("  a ", "\n  b");
        let out = around_holes(&script, |flat| Some(flat.replace("  ", "")));
        assert_eq!(out.unwrap().display(), "a ⟨X⟩\nb");
        assert_eq!(around_holes(&script, |_| Some(String::new())), None);
    }
}
