//! `str.center`, `str.zfill`, `str.expandtabs`: text brought to a width.

use super::length;
use crate::eval::pure::{Failure, within_bound};

/// `str.ljust`.
///
/// # Errors
/// [`Failure::Bound`] for a width that is too large.
pub fn ljust(text: &str, width: i64, fill: char) -> Result<String, Failure> {
    let missing = missing(text, width)?;
    Ok(pad(text, 0, missing, fill))
}

/// `str.rjust`.
///
/// # Errors
/// [`Failure::Bound`] for a width that is too large.
pub fn rjust(text: &str, width: i64, fill: char) -> Result<String, Failure> {
    let missing = missing(text, width)?;
    Ok(pad(text, missing, 0, fill))
}

/// `str.center`: an odd blank goes left in an odd width.
///
/// # Errors
/// [`Failure::Bound`] for a width that is too large.
pub fn center(text: &str, width: i64, fill: char) -> Result<String, Failure> {
    let missing = missing(text, width)?;
    let left = missing / 2 + usize::from(missing % 2 == 1 && width % 2 == 1);
    Ok(pad(text, left, missing - left, fill))
}

/// `str.zfill`: zeros after the sign.
///
/// # Errors
/// [`Failure::Bound`] for a width that is too large.
pub fn zfill(text: &str, width: i64) -> Result<String, Failure> {
    let zeros = "0".repeat(missing(text, width)?);
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = text.strip_suffix(unsigned).unwrap_or_default();
    Ok(format!("{sign}{zeros}{unsigned}"))
}

/// `str.expandtabs`: columns begin anew after `\n` and `\r`.
///
/// # Errors
/// [`Failure::Bound`] when the result would be too long.
pub fn expandtabs(text: &str, tab_size: i64) -> Result<String, Failure> {
    let tab_size = usize::try_from(tab_size).unwrap_or(0);
    let mut result = String::with_capacity(text.len());
    let mut total = 0usize;
    let mut column = 0;
    for c in text.chars() {
        let width = match c {
            '\t' if tab_size == 0 => 0,
            '\t' => tab_size - column % tab_size,
            _ => 1,
        };
        total = total.saturating_add(width);
        within_bound(total, "str.expandtabs")?;
        if c == '\t' {
            result.extend(std::iter::repeat_n(' ', width));
        } else {
            result.push(c);
        }
        column = if matches!(c, '\n' | '\r') { 0 } else { column + width };
    }
    Ok(result)
}

fn missing(text: &str, width: i64) -> Result<usize, Failure> {
    let width = usize::try_from(width).unwrap_or(0);
    within_bound(width, "padding a text")?;
    Ok(width.saturating_sub(length(text)))
}

/// `text` between so many fill characters.
pub(in crate::eval::pure) fn pad(text: &str, left: usize, right: usize, fill: char) -> String {
    let mut result = String::with_capacity(text.len() + left + right);
    result.extend(std::iter::repeat_n(fill, left));
    result.push_str(text);
    result.extend(std::iter::repeat_n(fill, right));
    result
}
