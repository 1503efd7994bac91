//! `shlex`: command lines as a POSIX shell splits and quotes them.

use super::Failure;

/// `shlex.split(text)`.
///
/// # Errors
/// `ValueError` for a quote or an escape that nothing closes.
pub fn split(text: &str) -> Result<Vec<String>, Failure> {
    let mut words = Vec::new();
    // A word begins with its first character or quote; quotes alone make an empty one.
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\\' => word.get_or_insert_default().push(escaped(&mut chars)?),
            '\'' | '"' => quoted(c, &mut chars, word.get_or_insert_default())?,
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn escaped(chars: &mut std::str::Chars<'_>) -> Result<char, Failure> {
    chars.next().ok_or_else(|| Failure::value("No escaped character"))
}

fn quoted(quote: char, chars: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), Failure> {
    loop {
        match chars.next() {
            None => return Err(Failure::value("No closing quotation")),
            Some(c) if c == quote => return Ok(()),
            Some('\\') if quote == '"' => {
                // Within quotes only these two are escaped; elsewhere the backslash is itself.
                let c = escaped(chars)?;
                if !matches!(c, '"' | '\\') {
                    word.push('\\');
                }
                word.push(c);
            }
            Some(c) => word.push(c),
        }
    }
}

/// `shlex.quote(text)`.
pub fn quote(text: &str) -> String {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !text.is_empty() && text.chars().all(is_safe) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\"'\"'"))
}

/// `shlex.join(words)`.
pub fn join(words: &[&str]) -> String {
    words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
