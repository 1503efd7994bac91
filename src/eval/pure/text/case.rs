//! Case, with the full mappings (`ß` has two capitals) and the rule for the final sigma.

use super::classify::{is_cased, is_titlecase};

/// `str.lower`.
pub fn lower(text: &str) -> String {
    text.to_lowercase()
}

/// `str.upper`.
pub fn upper(text: &str) -> String {
    text.to_uppercase()
}

/// `str.title`: the first letter of every run of letters in title case, the others in lower case.
pub fn title(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut after_cased = false;
    for (c, lowered) in with_lower(text) {
        if after_cased {
            result.push_str(&lowered);
        } else {
            push_title(&mut result, c);
        }
        after_cased = is_cased(c);
    }
    result
}

/// `str.capitalize`: the first character in title case, all others in lower case.
pub fn capitalize(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for (position, (c, lowered)) in with_lower(text).enumerate() {
        if position == 0 {
            push_title(&mut result, c);
        } else {
            result.push_str(&lowered);
        }
    }
    result
}

/// `str.swapcase`.
pub fn swapcase(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for (c, lowered) in with_lower(text) {
        if c.is_uppercase() {
            result.push_str(&lowered);
        } else if c.is_lowercase() {
            result.extend(c.to_uppercase());
        } else {
            result.push(c);
        }
    }
    result
}

/// `str.casefold`. Folding is going up and down again, but for the letters named here.
pub fn casefold(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for c in text.chars() {
        match u32::from(c) {
            0x0131 | 0x13A0..=0x13F5 => result.push(c),
            0x13F8..=0x13FD | 0xAB70..=0xABBF => result.extend(c.to_uppercase()),
            0x1E9E => result.push_str("ss"),
            _ => result.extend(c.to_uppercase().flat_map(char::to_lowercase)),
        }
    }
    result
}

/// Each character with its lower case where it stands: the sigma depends on its neighbours.
fn with_lower(text: &str) -> impl Iterator<Item = (char, String)> {
    let lowered: Vec<char> = text.to_lowercase().chars().collect();
    let mut lowered = lowered.into_iter();
    text.chars().map(move |c| (c, lowered.by_ref().take(c.to_lowercase().len()).collect()))
}

/// The title case of one character: its capital, of which only the first letter stays large. The
/// digraphs, the Georgian letters and the Greek letters with iota have title cases of their own.
fn push_title(result: &mut String, c: char) {
    let code = u32::from(c);
    let own = match code {
        _ if is_titlecase(c) => Some(code),
        0x01C4..=0x01CC => Some((code - 0x01C4) / 3 * 3 + 0x01C5),
        0x01F1..=0x01F3 => Some(0x01F2),
        0x10D0..=0x10FA | 0x10FD..=0x10FF => Some(code),
        0x1F80..=0x1FAF => Some(code | 8),
        0x1FB3 | 0x1FC3 | 0x1FF3 => Some(code + 9),
        _ => None,
    };
    if let Some(own) = own.and_then(char::from_u32) {
        result.push(own);
        return;
    }
    let mut capitals = c.to_uppercase();
    result.extend(capitals.next());
    for capital in capitals {
        match (code, capital) {
            // The iota stays below the letter instead of standing beside it.
            (0x1F80..=0x1FFF, '\u{399}') => result.push('\u{345}'),
            (0x0149, _) => result.push(capital),
            _ => result.extend(capital.to_lowercase()),
        }
    }
}
