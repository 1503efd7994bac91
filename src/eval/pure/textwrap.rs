//! `textwrap.dedent`, `indent`, `wrap` and `fill`, and `inspect.cleandoc`.

use super::text::{expandtabs, is_space, length, splitlines};
use super::{Failure, within_bound};

/// `textwrap.dedent`: takes away what blanks all lines begin with; lines of blanks only become empty.
pub fn dedent(text: &str) -> String {
    let is_blank = |c: char| matches!(c, ' ' | '\t');
    let lines: Vec<&str> =
        text.split('\n').map(|line| if line.chars().all(is_blank) { "" } else { line }).collect();
    let mut margin: Option<&str> = None;
    for line in lines.iter().filter(|line| !line.is_empty()) {
        let end = line.find(|c| !is_blank(c)).unwrap_or(line.len());
        let indent = line.get(..end).unwrap_or_default();
        margin = Some(match margin {
            None => indent,
            Some(margin) => {
                // Blanks are single bytes, so a count of them is a place in the text.
                let common = margin.bytes().zip(indent.bytes()).take_while(|(a, b)| a == b);
                margin.get(..common.count()).unwrap_or_default()
            }
        });
    }
    let margin = margin.unwrap_or_default();
    let dedented = lines.iter().map(|line| line.strip_prefix(margin).unwrap_or(line));
    dedented.collect::<Vec<_>>().join("\n")
}

/// `textwrap.indent`: a prefix before each line that holds more than blanks.
///
/// # Errors
/// [`Failure::Bound`] when the result would be too long.
pub fn indent(text: &str, prefix: &str) -> Result<String, Failure> {
    let mut result = String::new();
    for line in splitlines(text, true) {
        if !line.chars().all(is_space) {
            result.push_str(prefix);
        }
        result.push_str(&line);
        within_bound(result.len() / 4, "textwrap.indent")?;
    }
    Ok(result)
}

/// `inspect.cleandoc`: a docstring without the indentation of its function.
///
/// # Errors
/// [`Failure::Bound`] when its tabs make it too long.
pub fn cleandoc(text: &str) -> Result<String, Failure> {
    let expanded = expandtabs(text, 8)?;
    let mut lines: Vec<&str> = expanded.split('\n').collect();
    let indent = |line: &&str| {
        let content = line.trim_start_matches(is_space);
        (!content.is_empty()).then(|| length(line) - length(content))
    };
    let margin = lines.iter().skip(1).filter_map(indent).min().unwrap_or(0);
    for (position, line) in lines.iter_mut().enumerate() {
        *line = if position == 0 {
            line.trim_start_matches(is_space)
        } else {
            let start = line.char_indices().nth(margin).map_or(line.len(), |(start, _)| start);
            line.get(start..).unwrap_or_default()
        };
    }
    let is_text = |line: &&str| !line.is_empty();
    let first = lines.iter().position(is_text).unwrap_or(lines.len());
    let last = lines.iter().rposition(is_text).map_or(first, |last| last + 1);
    Ok(lines.get(first..last).unwrap_or_default().join("\n"))
}

/// `textwrap.wrap(text, width)`.
///
/// # Errors
/// `ValueError` for a width below one; [`Failure::Unsupported`] for texts with hyphens, at which
/// Python may break too.
pub fn wrap(text: &str, width: i64) -> Result<Vec<String>, Failure> {
    let Some(width) = usize::try_from(width).ok().filter(|width| *width > 0) else {
        return Err(Failure::value(format!("invalid width {width} (must be > 0)")));
    };
    if text.contains('-') {
        return Err(Failure::Unsupported("textwrap.wrap of a text with hyphens".to_owned()));
    }
    // Other blanks than ASCII's are letters here.
    let is_blank = |c: char| matches!(c, ' ' | '\t'..='\r');
    let text = expandtabs(text, 8)?;
    let text: String = text.chars().map(|c| if is_blank(c) { ' ' } else { c }).collect();
    let mut chunks = chunks(&text);
    chunks.reverse();
    // Only what a line takes is counted, because a word may be as long as the text.
    let fits = |chunk: &str, room: usize| chunk.chars().nth(room).is_none();
    let mut lines: Vec<String> = Vec::new();
    while !chunks.is_empty() {
        if !lines.is_empty() && chunks.last().is_some_and(|chunk| is_blank_text(chunk)) {
            chunks.pop();
        }
        let mut line: Vec<&str> = Vec::new();
        let mut taken = 0;
        while let Some(chunk) = chunks.pop_if(|chunk| fits(chunk, width - taken)) {
            taken += length(chunk);
            line.push(chunk);
        }
        if let Some(long) = chunks.last_mut().filter(|chunk| !fits(chunk, width)) {
            // A word longer than a line fills what is left of this one.
            let end = long.char_indices().nth(width - taken).map_or(long.len(), |(end, _)| end);
            let (head, rest) = long.split_at_checked(end).unwrap_or((*long, ""));
            *long = rest;
            line.push(head);
        }
        if line.last().is_some_and(|chunk| is_blank_text(chunk)) {
            line.pop();
        }
        if !line.is_empty() {
            lines.push(line.concat());
        }
    }
    Ok(lines)
}

/// `textwrap.shorten(text, width)`: words that do not fit give way to ` [...]`.
///
/// # Errors
/// A width in which not even the placeholder fits.
pub fn shorten(text: &str, width: i64) -> Result<String, Failure> {
    const PLACEHOLDER: &str = "[...]";
    let words: Vec<&str> = text.split(is_space).filter(|word| !word.is_empty()).collect();
    let whole = words.join(" ");
    let fits = |text: &str| i64::try_from(length(text)).is_ok_and(|length| length <= width);
    if fits(&whole) {
        return Ok(whole);
    }
    if !fits(PLACEHOLDER) {
        return Err(Failure::value("placeholder too large for max width"));
    }
    // Words, the blank after each, and the placeholder.
    let mut taken = length(PLACEHOLDER);
    let mut kept = 0;
    for word in &words {
        taken += length(word) + 1;
        if !i64::try_from(taken).is_ok_and(|taken| taken <= width) {
            break;
        }
        kept += 1;
    }
    let kept: Vec<&str> = words.into_iter().take(kept).chain([PLACEHOLDER]).collect();
    Ok(kept.join(" "))
}

/// `textwrap.fill(text, width)`.
///
/// # Errors
/// As [`wrap`].
pub fn fill(text: &str, width: i64) -> Result<String, Failure> {
    Ok(wrap(text, width)?.join("\n"))
}

fn is_blank_text(text: &str) -> bool {
    text.chars().all(is_space)
}

/// Words and the blanks between them.
fn chunks(text: &str) -> Vec<&str> {
    let mut chunks = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_blank = first == ' ';
        let end = rest.find(|c| (c == ' ') != is_blank).unwrap_or(rest.len());
        let Some((chunk, after)) = rest.split_at_checked(end) else { break };
        chunks.push(chunk);
        rest = after;
    }
    chunks
}

#[cfg(test)]
mod tests;
