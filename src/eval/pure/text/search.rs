//! `str.find`, `str.startswith`, `str.partition` and the like: where a text stands in another.
//!
//! `start` and `end` are as in Python: code points, negative ones counted from the end, `None` for the
//! ends of the text.

use super::length;
use crate::eval::pure::Failure;

/// `str.find`; `None` is Python's -1.
pub fn find(text: &str, needle: &str, start: Option<i64>, end: Option<i64>) -> Option<usize> {
    let (window, offset) = window(text, start, end)?;
    window.find(needle).map(|byte| offset + code_points_before(window, byte))
}

/// `str.rfind`; `None` is Python's -1.
pub fn rfind(text: &str, needle: &str, start: Option<i64>, end: Option<i64>) -> Option<usize> {
    let (window, offset) = window(text, start, end)?;
    window.rfind(needle).map(|byte| offset + code_points_before(window, byte))
}

/// `str.count`: without overlaps; the empty text stands before, between and after all characters.
pub fn count(text: &str, needle: &str, start: Option<i64>, end: Option<i64>) -> usize {
    window(text, start, end).map_or(0, |(window, _)| window.matches(needle).count())
}

/// `str.startswith` with one or more prefixes.
pub fn startswith(text: &str, prefixes: &[&str], start: Option<i64>, end: Option<i64>) -> bool {
    window(text, start, end)
        .is_some_and(|(window, _)| prefixes.iter().any(|prefix| window.starts_with(prefix)))
}

/// `str.endswith` with one or more suffixes.
pub fn endswith(text: &str, suffixes: &[&str], start: Option<i64>, end: Option<i64>) -> bool {
    window(text, start, end)
        .is_some_and(|(window, _)| suffixes.iter().any(|suffix| window.ends_with(suffix)))
}

/// `str.partition`: before the first separator, the separator, after it.
///
/// # Errors
/// `ValueError` for an empty separator.
pub fn partition(text: &str, separator: &str) -> Result<[String; 3], Failure> {
    refuse_empty(separator)?;
    Ok(match text.split_once(separator) {
        Some((before, after)) => [before.into(), separator.into(), after.into()],
        None => [text.into(), String::new(), String::new()],
    })
}

/// `str.rpartition`: before the last separator, the separator, after it.
///
/// # Errors
/// `ValueError` for an empty separator.
pub fn rpartition(text: &str, separator: &str) -> Result<[String; 3], Failure> {
    refuse_empty(separator)?;
    Ok(match text.rsplit_once(separator) {
        Some((before, after)) => [before.into(), separator.into(), after.into()],
        None => [String::new(), String::new(), text.into()],
    })
}

pub(super) fn refuse_empty(separator: &str) -> Result<(), Failure> {
    if separator.is_empty() { Err(Failure::value("empty separator")) } else { Ok(()) }
}

/// The part between `start` and `end`, and the position where it begins. A start beyond the end has
/// no part at all, not even an empty one: `"abc".find("", 4)` is -1.
fn window(text: &str, start: Option<i64>, end: Option<i64>) -> Option<(&str, usize)> {
    if start.is_none() && end.is_none() {
        return Some((text, 0));
    }
    let length = length(text);
    let from_end = |position: i64| {
        let back = usize::try_from(position.unsigned_abs()).unwrap_or(usize::MAX);
        if position < 0 { length.saturating_sub(back) } else { back }
    };
    let start = start.map_or(0, from_end);
    let end = end.map_or(length, from_end).min(length);
    if start > end {
        return None;
    }
    let byte =
        |position: usize| text.char_indices().nth(position).map_or(text.len(), |(byte, _)| byte);
    Some((text.get(byte(start)..byte(end))?, start))
}

fn code_points_before(text: &str, byte: usize) -> usize {
    text.char_indices().take_while(|(position, _)| *position < byte).count()
}
