//! Small words around numbers.

/// `1 file`, `2 files`.
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// `part` of `whole` in whole per cent, rounded down, so that 100 means all.
pub fn percent(part: usize, whole: usize) -> usize {
    part.saturating_mul(100).checked_div(whole).unwrap_or(0)
}

/// At most `longest` characters, the last of them `…` if something is left out.
pub fn shorten(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(longest.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_everything_is_a_hundred_per_cent() {
        assert_eq!((percent(199, 200), percent(200, 200), percent(0, 0)), (99, 100, 0));
    }

    #[test]
    fn long_texts_are_cut_at_characters() {
        assert_eq!(shorten("größer", 4), "grö…");
        assert_eq!(shorten("größer", 6), "größer");
    }
}
