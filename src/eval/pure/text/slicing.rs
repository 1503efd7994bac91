//! `text[i]` and `text[start:stop:step]`, and the same for any sequence.

use crate::eval::pure::Failure;

/// `text[position]`; `None` is Python's `IndexError`.
pub fn index(text: &str, position: i64) -> Option<char> {
    let magnitude = usize::try_from(position.unsigned_abs()).ok()?;
    if position < 0 { text.chars().rev().nth(magnitude - 1) } else { text.chars().nth(magnitude) }
}

/// `text[start:stop:step]`.
///
/// # Errors
/// `ValueError` for a step of zero.
pub fn slice(
    text: &str,
    start: Option<i64>,
    stop: Option<i64>,
    step: i64,
) -> Result<String, Failure> {
    let chars: Vec<char> = text.chars().collect();
    let indices = slice_indices(chars.len(), start, stop, step)?;
    Ok(indices.into_iter().filter_map(|index| chars.get(index)).collect())
}

/// The indices that `sequence[start:stop:step]` takes from a sequence of `length` items, in order.
///
/// # Errors
/// `ValueError` for a step of zero.
pub fn slice_indices(
    length: usize,
    start: Option<i64>,
    stop: Option<i64>,
    step: i64,
) -> Result<Vec<usize>, Failure> {
    if step == 0 {
        return Err(Failure::value("slice step cannot be zero"));
    }
    // Wide arithmetic keeps the extremes of `i64` from overflowing.
    let length = i128::try_from(length).unwrap_or(i128::MAX);
    let step = i128::from(step);
    let (lowest, highest) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let place = |position: Option<i64>, default: i128| match position {
        None => default,
        Some(position) if position < 0 => (i128::from(position) + length).max(lowest),
        Some(position) => i128::from(position).min(highest),
    };
    let (first, last) = if step > 0 { (lowest, highest) } else { (highest, lowest) };
    let (mut position, stop) = (place(start, first), place(stop, last));
    let mut indices = Vec::new();
    while if step > 0 { position < stop } else { position > stop } {
        indices.extend(usize::try_from(position));
        position += step;
    }
    Ok(indices)
}
