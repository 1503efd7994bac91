//! `str.split`, `str.rsplit` and `str.splitlines`.

use super::is_space;
use super::search::refuse_empty;
use crate::eval::pure::Failure;

/// `str.split`; without a separator at runs of blanks. A negative `maxsplit` sets no limit.
///
/// # Errors
/// `ValueError` for an empty separator.
pub fn split(text: &str, separator: Option<&str>, maxsplit: i64) -> Result<Vec<String>, Failure> {
    let limit = usize::try_from(maxsplit).unwrap_or(usize::MAX);
    let Some(separator) = separator else {
        return Ok(split_blanks(text, limit));
    };
    refuse_empty(separator)?;
    Ok(text.splitn(limit.saturating_add(1), separator).map(str::to_owned).collect())
}

/// `str.rsplit`: as [`split`], but the splits are counted from the end.
///
/// # Errors
/// `ValueError` for an empty separator.
pub fn rsplit(text: &str, separator: Option<&str>, maxsplit: i64) -> Result<Vec<String>, Failure> {
    let limit = usize::try_from(maxsplit).unwrap_or(usize::MAX);
    let mut parts: Vec<String> = match separator {
        None => rsplit_blanks(text, limit),
        Some(separator) => {
            refuse_empty(separator)?;
            text.rsplitn(limit.saturating_add(1), separator).map(str::to_owned).collect()
        }
    };
    parts.reverse();
    Ok(parts)
}

/// What is left after the last split loses the blanks before it, but keeps those behind it.
fn split_blanks(text: &str, limit: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start_matches(is_space);
    while !rest.is_empty() {
        let end = if parts.len() < limit { rest.find(is_space) } else { None };
        let (part, after) = end.and_then(|end| rest.split_at_checked(end)).unwrap_or((rest, ""));
        parts.push(part.to_owned());
        rest = after.trim_start_matches(is_space);
    }
    parts
}

/// The mirror image of [`split_blanks`], last part first.
fn rsplit_blanks(text: &str, limit: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text.trim_end_matches(is_space);
    while !rest.is_empty() {
        let blank = if parts.len() < limit { rest.rfind(is_space) } else { None };
        let start = blank.and_then(|at| Some(at + rest.get(at..)?.chars().next()?.len_utf8()));
        let (before, part) =
            start.and_then(|start| rest.split_at_checked(start)).unwrap_or(("", rest));
        parts.push(part.to_owned());
        rest = before.trim_end_matches(is_space);
    }
    parts
}

/// `str.splitlines`: at every line end that Unicode knows, `\r\n` being one.
pub fn splitlines(text: &str, keepends: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if !is_line_end(c) {
            line.push(c);
            continue;
        }
        let crlf = c == '\r' && chars.next_if_eq(&'\n').is_some();
        if keepends {
            line.push(c);
            line.extend(crlf.then_some('\n'));
        }
        lines.push(std::mem::take(&mut line));
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

fn is_line_end(c: char) -> bool {
    matches!(
        c,
        '\n'..='\r' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}
