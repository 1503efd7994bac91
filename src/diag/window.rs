//! The lines of a source that a finding shows, made safe and kept small.
//!
//! The renderer lays out every line it is given, so it gets only the lines between the first and the
//! last place of a window. A character that would not be visible is shown as one that stands for it, so
//! that columns stay what they are; only very long lines are cut.

use std::ops::Range;

use super::escape::is_unsafe;
use crate::python::{Source, Span};

/// Bytes of a line that is shown as a whole.
const LONG: usize = 900;
/// Bytes kept before a place in a longer line.
const REACH: usize = 100;
/// Bytes kept in all: what is laid out takes time, and no terminal is that wide.
const KEPT: usize = 300;

/// Some lines of a source and the places in them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// The lines, joined with `\n`.
    pub(super) text: String,
    /// 1-based number of the first line.
    pub(super) first_line: u32,
    /// Whether the beginning of a line is left out, so that columns are not those of the file.
    pub(super) is_cut: bool,
    /// Where each asked-for span stands in `text`.
    pub(super) places: Vec<Range<usize>>,
}

/// Cuts the window that shows all `spans`, which must lie in `source`. A span over several lines is shown by its first
/// line: a task call of forty lines says no more than its head.
pub(super) fn cut(source: &Source, spans: &[Span]) -> Window {
    let first_line = spans.iter().map(|span| source.line(span.start)).min().unwrap_or(1);
    let last_line = spans.iter().map(|span| source.line(span.start)).max().unwrap_or(1);
    let mut window =
        Window { text: String::new(), first_line, is_cut: false, places: vec![0..0; spans.len()] };
    for line in first_line..=last_line {
        if line > first_line {
            window.text.push('\n');
        }
        let range = source.line_range(line);
        let here: Vec<(usize, Range<usize>)> = spans
            .iter()
            .enumerate()
            .filter(|(_, span)| source.line(span.start) == line)
            .map(|(index, span)| {
                let end = (span.end as usize).min(range.end);
                (index, span.start as usize..end.max(span.start as usize))
            })
            .collect();
        window.push_line(source, range, &here);
    }
    window
}

impl Window {
    /// Appends one line, writing out what is not visible and noting where the places have gone.
    fn push_line(&mut self, source: &Source, line: Range<usize>, here: &[(usize, Range<usize>)]) {
        let base = line.start;
        let text = source.text.get(line).unwrap_or("");
        let kept = kept_part(text, base, here);
        let mut open: Vec<(usize, Range<usize>)> = here.to_vec();
        if kept.start > 0 {
            self.is_cut = true;
            self.text.push('…');
        }
        for (at, char) in text.get(kept.clone()).unwrap_or_default().char_indices() {
            self.note_places(&mut open, base + kept.start + at);
            self.text.push(stand_in(char));
        }
        self.note_places(&mut open, base + text.len());
        if kept.end < text.len() {
            self.text.push('…');
        }
    }

    /// Notes the start of each place at or before `offset` that has not begun yet, and moves the end of
    /// each that goes on.
    fn note_places(&mut self, open: &mut [(usize, Range<usize>)], offset: usize) {
        let now = self.text.len();
        for (index, range) in open.iter_mut() {
            let Some(place) = self.places.get_mut(*index) else { continue };
            if range.start != usize::MAX && range.start <= offset {
                range.start = usize::MAX;
                *place = now..now;
            }
            if range.start == usize::MAX && offset <= range.end {
                place.end = now;
            }
        }
    }
}

/// What is shown for a character: one character, so that columns do not move.
fn stand_in(char: char) -> char {
    match char {
        // The renderer widens tabs itself.
        '\t' => '\t',
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(char)).unwrap_or('\u{fffd}'),
        '\x7f' => '\u{2421}',
        _ if is_unsafe(char) => '\u{fffd}',
        _ => char,
    }
}

/// The part of a line to show: all of it, or the neighbourhood of its places if it is very long.
fn kept_part(text: &str, base: usize, here: &[(usize, Range<usize>)]) -> Range<usize> {
    if text.len() <= LONG {
        return 0..text.len();
    }
    let start = here.iter().map(|(_, range)| range.start).min().unwrap_or(base);
    let start = start.saturating_sub(base).saturating_sub(REACH);
    let start = (start..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let end = (start + KEPT).min(text.len());
    let end = (end..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    start..end
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

    use super::*;
    use crate::python::SourceId;

    fn span(start: usize, end: usize) -> Span {
        Span { source: SourceId(0), start: start as u32, end: end as u32 }
    }

    fn shown(text: &str, needle: &str) -> (Window, String) {
        let source = Source::new("a.py", text);
        let start = text.find(needle).unwrap_or_default();
        let window = cut(&source, &[span(start, start + needle.len())]);
        let shown = window.text[window.places[0].clone()].to_owned();
        (window, shown)
    }

    #[test]
    fn only_the_lines_between_the_places_are_kept() {
        let text = "a = 1\nb = 2\r\nc = 3\nd = 4\n";
        let source = Source::new("a.py", text);
        let window = cut(&source, &[span(13, 14), span(6, 7)]);
        assert_eq!(window.text, "b = 2\nc = 3");
        assert_eq!(window.first_line, 2);
    }

    #[test]
    fn what_is_not_visible_gets_a_stand_in_of_the_same_width() {
        let (window, shown) = shown("x = '\u{1b}[2J\u{202e}'; y = é\n", "y = é");
        assert_eq!(window.text, "x = '␛[2J\u{fffd}'; y = é");
        assert_eq!(shown, "y = é");
    }

    #[test]
    fn a_place_over_several_lines_is_shown_by_its_first() {
        let (window, shown) = shown("x = f(\n  1,\n)\n", "f(\n  1,\n)");
        assert_eq!((window.text.as_str(), shown.as_str()), ("x = f(", "f("));
    }

    #[test]
    fn a_very_long_line_is_cut_around_the_place() {
        let long = format!("x = '{}'; needle = '{}'", "é".repeat(40_000), "b".repeat(40_000));
        let (window, shown) = shown(&long, "needle");
        assert!(window.text.len() < 2_000, "{}", window.text.len());
        assert_eq!(shown, "needle");
        assert!(window.text.starts_with('…') && window.text.ends_with('…'));
    }

    #[test]
    fn a_place_at_the_end_of_the_file_is_empty_but_shown() {
        let source = Source::new("a.py", "x = (\n");
        let window = cut(&source, &[span(6, 6)]);
        assert_eq!(window.places.as_slice(), std::slice::from_ref(&(0..0)));
        let beyond = cut(&source, &[span(90, 99)]);
        assert_eq!(beyond.text, "");
    }
}
