//! Jinja texts, looked at before they are read. The template engine descends once per operator of a chain, and works
//! out what is constant while it reads, such as `'x' * 10**8`; neither is bounded by anything but the text.

use std::borrow::Cow;
use std::cell::RefCell;

use minijinja::machinery::ast::Stmt;
use minijinja::machinery::{Token, parse, tokenize};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, ErrorKind};
use rustc_hash::FxHashMap;

/// Words, signs and constants that one `{{ … }}` or `{% … %}` may have.
const MOST_TOKENS: usize = 1_000;

/// Signs and `not`s before one operand: the engine asks at each of them whether all that follow are constant.
const MOST_PREFIXES: usize = 32;

/// Bytes of the longest template whose names are kept.
const LONGEST_KEPT: usize = 256;

/// Templates whose names are kept at a time.
const MOST_KEPT: usize = 1_000;

/// The text as Jinja takes it in, whether or not it is a template: every end of a line is `\n`, and the last one goes.
pub(crate) fn taken_in(text: &str) -> Cow<'_, str> {
    let text = lines_ended(text);
    match text {
        Cow::Borrowed(text) => text.strip_suffix('\n').unwrap_or(text).into(),
        Cow::Owned(mut text) => {
            if text.ends_with('\n') {
                text.pop();
            }
            text.into()
        }
    }
}

/// A part of a text as Jinja takes it in: every end of a line is `\n`.
pub(crate) fn lines_ended(text: &str) -> Cow<'_, str> {
    if !text.contains('\r') {
        return text.into();
    }
    text.replace("\r\n", "\n").replace('\r', "\n").into()
}

/// Reads a template that is not too much to read.
///
/// # Errors
/// When it is no template, or too much.
pub(crate) fn read(text: &str) -> Result<Stmt<'_>, Error> {
    look(text)?;
    parse(text, "<template>", SyntaxConfig::default())
}

/// The names a template reads, sorted; none when it cannot be read. Tasks repeat a few short templates, such as
/// `{{ ds }}`, over and over: each thread reads those once.
pub(crate) fn names(text: &str) -> Vec<String> {
    thread_local! {
        static READ: RefCell<FxHashMap<String, Vec<String>>> = RefCell::default();
    }
    if text.len() > LONGEST_KEPT {
        return read_names(text);
    }
    READ.with_borrow_mut(|read| {
        if let Some(names) = read.get(text) {
            return names.clone();
        }
        if read.len() >= MOST_KEPT {
            read.clear();
        }
        let names = read_names(text);
        read.insert(text.to_owned(), names.clone());
        names
    })
}

fn read_names(text: &str) -> Vec<String> {
    let Ok(skeleton) = look(text) else { return Vec::new() };
    let environment = Environment::new();
    let Ok(template) = environment.template_from_str(&skeleton) else { return Vec::new() };
    let mut names: Vec<_> = template.undeclared_variables(false).into_iter().collect();
    names.retain(|name| !environment.globals().any(|(global, _)| global == name));
    names.sort();
    names
}

/// The text with another operator instead of those that make texts longer: the same names, and nothing to work out.
///
/// # Errors
/// When it cannot be split into words, or has too many.
fn look(text: &str) -> Result<String, Error> {
    let mut skeleton = text.to_owned();
    let (mut length, mut prefixes) = (0, 0);
    for token in tokenize(text, false, SyntaxConfig::default()) {
        let (token, span) = token?;
        match token {
            Token::VariableStart | Token::BlockStart => length = 0,
            _ => length += 1,
        }
        prefixes = match token {
            Token::Minus | Token::Ident("not") => prefixes + 1,
            _ => 0,
        };
        if length > MOST_TOKENS || prefixes > MOST_PREFIXES {
            return Err(Error::new(ErrorKind::SyntaxError, "an expression is too long"));
        }
        let minus = match token {
            Token::Mul | Token::Plus | Token::Tilde => "-",
            Token::Pow => "- ",
            _ => continue,
        };
        let place = span.start_offset as usize..span.end_offset as usize;
        if skeleton.get(place.clone()).is_some_and(|sign| sign.len() == minus.len()) {
            skeleton.replace_range(place, minus);
        }
    }
    Ok(skeleton)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn chains_that_would_overflow_the_stack_are_refused() {
        for link in ["+1", "~1", ".b", "[0]", "|f", " and 1", " is defined", "()"] {
            let long = format!("{{{{ a{} }}}}", link.repeat(50_000));
            assert!(read(&long).is_err(), "{link}");
            assert_eq!(names(&long), [""; 0], "{link}");
        }
        for prefix in ["-", "- ", "not ", "not -"] {
            assert!(read(&format!("{{{{ {}a }}}}", prefix.repeat(33))).is_err(), "{prefix}");
            assert!(read(&format!("{{{{ {}a }}}}", prefix.repeat(16))).is_ok(), "{prefix}");
        }
        assert!(read(&"{{ a + b }}".repeat(5_000)).is_ok());
    }

    #[test]
    fn texts_are_taken_in_as_jinja_does() {
        for (text, taken) in [
            ("", ""),
            ("a", "a"),
            ("a\n", "a"),
            ("a\r\n", "a"),
            ("a\r", "a"),
            ("a\n\n", "a\n"),
            ("\na\r\nb\rc\n\r", "\na\nb\nc\n"),
            ("a\u{2028}", "a\u{2028}"),
        ] {
            assert_eq!(taken_in(text), taken, "{text:?}");
        }
    }

    #[test]
    fn nothing_is_worked_out_for_the_names() {
        let skeleton = look("{{ 'a*b' * 99 ** 2 ~ x + y }} a * b ~ {# * #}").unwrap();
        assert_eq!(skeleton, "{{ 'a*b' - 99 -  2 - x - y }} a * b ~ {# * #}");
        assert_eq!(names("{{ 'a*b' * 10 ** 2 ~ x + y * -z }}"), ["x", "y", "z"]);
    }
}
