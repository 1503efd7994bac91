//! `shlex`: splitting and quoting as a POSIX shell does.

use crate::eval::pure::Failure;

/// `shlex.split(text, comments, posix=True)`.
///
/// # Errors
/// `ValueError` for an open quote or a backslash at the end.
pub(super) fn split(text: &str, comments: bool) -> Result<Vec<String>, Failure> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '#' if comments => {
                words.extend(word.take());
                characters.by_ref().find(|c| *c == '\n');
            }
            '\\' => match characters.next() {
                Some(next) => word.get_or_insert_default().push(next),
                None => return Err(Failure::value("No escaped character")),
            },
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                quoted(c, &mut characters, word)?;
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// The part of a word up to the closing quote.
fn quoted(
    quote: char,
    characters: &mut std::str::Chars<'_>,
    word: &mut String,
) -> Result<(), Failure> {
    loop {
        match characters.next() {
            None => return Err(Failure::value("No closing quotation")),
            Some(c) if c == quote => return Ok(()),
            // Within double quotes a backslash escapes only itself and the quote.
            Some('\\') if quote == '"' => match characters.next() {
                None => return Err(Failure::value("No escaped character")),
                Some(c) => {
                    if c != '"' && c != '\\' {
                        word.push('\\');
                    }
                    word.push(c);
                }
            },
            Some(c) => word.push(c),
        }
    }
}

/// `shlex.quote(text)`.
pub(super) fn quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if text.is_empty() {
        "''".to_owned()
    } else if text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\"'\"'"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn words_are_those_of_a_shell() {
        let split = |text| split(text, false).unwrap();
        assert_eq!(split("a  'b c' \"d\\\"e\\f\" g\\ h ''"), ["a", "b c", "d\"e\\f", "g h", ""]);
        assert_eq!(split("x=#1 # y"), ["x=#1", "#", "y"]);
        assert!(split("").is_empty());
        assert!(super::split("a 'b", false).is_err());
        assert_eq!(super::split("a #b\nc", true).unwrap(), ["a", "c"]);
    }

    #[test]
    fn quotes_stand_only_where_needed() {
        assert_eq!(quote("a/b-c_d.e"), "a/b-c_d.e");
        assert_eq!(quote("it's"), "'it'\"'\"'s'");
        assert_eq!(quote("é"), "'é'");
        assert_eq!(quote(""), "''");
    }
}
