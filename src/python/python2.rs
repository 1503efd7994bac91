//! Tells Python 2 from broken Python 3.
//!
//! A file for Python 2 gives dozens of syntax errors, none of which says what is the matter. The tokens do:
//! print statements, `except X, e`, backticks and their like occur in no Python 3 program.

use rustpython_ast::token::{Token, TokenKind};
use rustpython_text_size::{Ranged, TextRange};

use super::newlines::Text;
use crate::diag::{Code, Diagnostic};

/// Names that `except X, e` gives to the exception. Since Python 3.14 `except A, b:` may also mean two
/// exception types, so in a file without other errors only these count.
const USUAL_NAMES: [&str; 7] = ["e", "ex", "exc", "err", "error", "exception", "ignored"];

/// The finding that a file is written for Python 2. `has_errors` tells whether the parser found any: without
/// errors only the one construct is looked for that both versions read, with different meanings.
pub(super) fn detect(source: &Text<'_>, tokens: &[Token], has_errors: bool) -> Option<Diagnostic> {
    if !has_errors && !source.text.contains("except") {
        return None;
    }
    let text = |token: &Token| source.slice(token);
    let tokens: Vec<Token> =
        tokens.iter().filter(|token| !token.kind().is_trivia()).copied().collect();
    let mut starts_statement = true;
    for (at, token) in tokens.iter().enumerate() {
        let rest = tokens.get(at..).unwrap_or_default();
        let sign = match token.kind() {
            TokenKind::Except if starts_statement => except_comma(rest, has_errors, text),
            _ if !has_errors => None,
            TokenKind::Raise if starts_statement => raise_comma(rest),
            TokenKind::Name if starts_statement => keyword_statement(rest, text),
            _ => lexical_sign(rest, text),
        };
        if let Some((sign, last)) = sign {
            let span = source.span(&TextRange::new(token.start(), last.end()));
            let message = "file is written for Python 2";
            return Some(Diagnostic::new(Code::Python2File, span, message).label(sign));
        }
        starts_statement = matches!(
            token.kind(),
            TokenKind::Newline
                | TokenKind::Indent
                | TokenKind::Dedent
                | TokenKind::Semi
                | TokenKind::Colon
        );
    }
    None
}

/// What was found, and the token it ends with.
type Sign = Option<(&'static str, Token)>;

/// `print x` and `exec code`, which are calls in Python 3.
fn keyword_statement<'a>(tokens: &[Token], text: impl Fn(&Token) -> &'a str) -> Sign {
    let [word, next, ..] = tokens else { return None };
    let starts_operand = matches!(
        next.kind(),
        TokenKind::String
            | TokenKind::FStringStart
            | TokenKind::Name
            | TokenKind::Int
            | TokenKind::Float
            | TokenKind::Lbrace
            | TokenKind::None
            | TokenKind::True
            | TokenKind::False
            | TokenKind::Not
    );
    match text(word) {
        "print" if starts_operand || next.kind() == TokenKind::RightShift => {
            Some(("print statement", *next))
        }
        "exec" if starts_operand => Some(("exec statement", *next)),
        _ => lexical_sign(tokens, text),
    }
}

/// `except X, e:`.
fn except_comma<'a>(tokens: &[Token], has_errors: bool, text: impl Fn(&Token) -> &'a str) -> Sign {
    let clause: Vec<&Token> =
        tokens.iter().take_while(|token| token.kind() != TokenKind::Colon).take(100).collect();
    let [.., comma, name] = clause.as_slice() else { return None };
    let is_pair = comma.kind() == TokenKind::Comma && name.kind() == TokenKind::Name;
    let commas = outer_commas(clause.iter().copied());
    let word = text(name);
    let is_variable = USUAL_NAMES.contains(&word)
        || has_errors && word.starts_with(|c: char| c.is_lowercase() || c == '_');
    (is_pair && commas == 1 && is_variable).then_some(("`except X, e` clause", **name))
}

/// `raise X, "message"`.
fn raise_comma(tokens: &[Token]) -> Sign {
    let ends = |token: &&Token| !matches!(token.kind(), TokenKind::Newline | TokenKind::Semi);
    let statement = tokens.iter().take_while(ends).take(100);
    let last = statement.clone().last()?;
    (outer_commas(statement) > 0).then_some(("`raise X, message` statement", *last))
}

/// Commas outside brackets.
fn outer_commas<'a>(tokens: impl Iterator<Item = &'a Token>) -> usize {
    let (mut depth, mut commas) = (0_usize, 0);
    for token in tokens {
        match token.kind() {
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => depth += 1,
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => {
                depth = depth.saturating_sub(1);
            }
            TokenKind::Comma if depth == 0 => commas += 1,
            _ => {}
        }
    }
    commas
}

/// Backticks, `<>`, `0777`, `10L` and `ur""`.
fn lexical_sign<'a>(tokens: &[Token], text: impl Fn(&Token) -> &'a str) -> Sign {
    let first = tokens.first()?;
    let word = text(first);
    let is_digits = word.bytes().all(|byte| byte.is_ascii_digit()) && !word.is_empty();
    if word == "`" {
        return Some(("backticks", *first));
    }
    if is_digits && word.starts_with('0') && !word.trim_start_matches('0').is_empty() {
        return Some(("octal number without `0o`", *first));
    }
    let next = tokens.get(1).filter(|next| next.start() == first.end())?;
    let sign = match (first.kind(), next.kind()) {
        (TokenKind::Less, TokenKind::Greater) => "`<>` operator",
        (TokenKind::Int, TokenKind::Name) if matches!(text(next), "L" | "l") => "long integer",
        (TokenKind::Name, TokenKind::String) if word.eq_ignore_ascii_case("ur") => "`ur` string",
        _ => return None,
    };
    Some((sign, *next))
}
