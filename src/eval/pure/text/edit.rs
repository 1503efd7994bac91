//! `str.strip`, `str.replace`, `str.translate` and the like: text that loses or changes characters.

use std::collections::{BTreeMap, BTreeSet};

use super::{is_space, length};
use crate::eval::pure::{Failure, within_bound};

/// `str.strip`; `None` strips blanks.
pub fn strip<'a>(text: &'a str, chars: Option<&str>) -> &'a str {
    text.trim_matches(stripped(chars))
}

/// `str.lstrip`; `None` strips blanks.
pub fn lstrip<'a>(text: &'a str, chars: Option<&str>) -> &'a str {
    text.trim_start_matches(stripped(chars))
}

/// `str.rstrip`; `None` strips blanks.
pub fn rstrip<'a>(text: &'a str, chars: Option<&str>) -> &'a str {
    text.trim_end_matches(stripped(chars))
}

fn stripped(chars: Option<&str>) -> impl Fn(char) -> bool {
    // A set, because both texts may be long.
    let chars: Option<BTreeSet<char>> = chars.map(|chars| chars.chars().collect());
    move |c| chars.as_ref().map_or_else(|| is_space(c), |chars| chars.contains(&c))
}

/// `str.replace`; a negative `count` replaces all. An empty `old` stands between all characters.
///
/// # Errors
/// [`Failure::Bound`] when the result would be too long.
pub fn replace(text: &str, old: &str, new: &str, count: i64) -> Result<String, Failure> {
    let limit = usize::try_from(count).unwrap_or(usize::MAX);
    let found = text.matches(old).take(limit).count();
    let grown = found.saturating_mul(length(new).saturating_sub(length(old)));
    if grown > 0 {
        within_bound(length(text).saturating_add(grown), "str.replace")?;
    }
    Ok(text.replacen(old, new, limit))
}

/// `str.removeprefix`.
pub fn removeprefix<'a>(text: &'a str, prefix: &str) -> &'a str {
    text.strip_prefix(prefix).unwrap_or(text)
}

/// `str.removesuffix`.
pub fn removesuffix<'a>(text: &'a str, suffix: &str) -> &'a str {
    text.strip_suffix(suffix).unwrap_or(text)
}

/// `text * count`.
///
/// # Errors
/// [`Failure::Bound`] when the result would be too long.
pub fn repeat(text: &str, count: i64) -> Result<String, Failure> {
    let count = usize::try_from(count).unwrap_or(0);
    within_bound(length(text).saturating_mul(count), "the repetition of a text")?;
    // Nothing repeated is nothing, however often.
    Ok(if text.is_empty() { String::new() } else { text.repeat(count) })
}

/// `str.maketrans(from, to, delete)`: the table for [`translate`].
///
/// # Errors
/// `ValueError` when `from` and `to` differ in length.
pub fn maketrans(
    from: &str,
    to: &str,
    delete: &str,
) -> Result<BTreeMap<char, Option<String>>, Failure> {
    if length(from) != length(to) {
        return Err(Failure::value("the first two maketrans arguments must have equal length"));
    }
    let mut table: BTreeMap<char, Option<String>> =
        from.chars().zip(to.chars()).map(|(from, to)| (from, Some(to.to_string()))).collect();
    table.extend(delete.chars().map(|c| (c, None)));
    Ok(table)
}

/// `str.translate`: characters in the table become their text, or go away for `None`.
///
/// # Errors
/// [`Failure::Bound`] when the result would be too long.
pub fn translate(text: &str, table: &BTreeMap<char, Option<String>>) -> Result<String, Failure> {
    let mut result = String::with_capacity(text.len());
    for c in text.chars() {
        match table.get(&c) {
            Some(Some(replacement)) => result.push_str(replacement),
            Some(None) => {}
            None => result.push(c),
        }
        within_bound(result.len() / 4, "str.translate")?;
    }
    Ok(result)
}
