//! A bracket that is never closed makes the parser read all that follows as its content, and so costs every
//! later statement. Indentation tells where the next statement begins, so the broken one is blanked out.

use rustpython_ast::token::{Token, TokenKind};
use rustpython_text_size::{Ranged, TextRange, TextSize};

/// A statement with an opening bracket that has no closing one.
pub(super) struct Unclosed {
    /// The bracket.
    pub(super) bracket: TextRange,
    /// From the broken expression up to the next statement.
    pub(super) lost: TextRange,
}

/// Opening brackets without their closing ones. A closing bracket of another kind closes nothing.
pub(super) fn never_closed(tokens: &[Token]) -> Vec<Token> {
    let mut open: Vec<(Token, TokenKind)> = Vec::new();
    for token in tokens {
        match token.kind() {
            TokenKind::Lpar => open.push((*token, TokenKind::Rpar)),
            TokenKind::Lsqb => open.push((*token, TokenKind::Rsqb)),
            TokenKind::Lbrace => open.push((*token, TokenKind::Rbrace)),
            kind => {
                if open.last().is_some_and(|(_, closer)| *closer == kind) {
                    open.pop();
                }
            }
        }
    }
    open.into_iter().map(|(token, _)| token).collect()
}

/// The first statement with a bracket that is never closed.
pub(super) fn first_unclosed(text: &str, tokens: &[Token]) -> Option<Unclosed> {
    let bracket = *never_closed(tokens).first()?;
    let at = tokens.iter().position(|token| token.start() == bracket.start())?;
    let (before, behind) = tokens.split_at_checked(at)?;
    let ends_statement = |token: &Token| {
        matches!(
            token.kind(),
            TokenKind::Newline | TokenKind::Indent | TokenKind::Dedent | TokenKind::Semi
        )
    };
    let start = before.iter().rposition(ends_statement).map_or(0, |at| at + 1);
    let statement = before.get(start..).unwrap_or_default();
    let statement: Vec<&Token> =
        statement.iter().filter(|token| !token.kind().is_trivia()).collect();
    let first = statement.first().map_or(bracket.start(), |token| token.start());
    let margin = column(text, line_start(text, first), first);
    let end = behind
        .iter()
        .skip(1)
        .find(|token| {
            let line = line_start(text, token.start());
            line > bracket.start()
                && may_begin_statement(token.kind())
                && is_blank(text, line, token.start())
                && column(text, line, token.start()) <= margin
        })
        .map_or(TextSize::of(text), |token| line_start(text, token.start()));
    // `name = f(` still binds the name.
    let lost = match statement.as_slice() {
        [name, equals, ..]
            if name.kind() == TokenKind::Name && equals.kind() == TokenKind::Equal =>
        {
            equals.end()
        }
        _ => first,
    };
    (lost < end).then(|| Unclosed { bracket: bracket.range(), lost: TextRange::new(lost, end) })
}

/// Puts `0` in place of the lost text, which keeps its length and its lines.
pub(super) fn blank_out(text: &str, lost: TextRange) -> String {
    let lost = lost.to_std_range();
    let mut repaired = String::with_capacity(text.len());
    repaired.push_str(text.get(..lost.start).unwrap_or_default());
    let mut blanks = text.get(lost.clone()).unwrap_or_default().bytes();
    if blanks.next().is_some() {
        repaired.push('0');
    }
    repaired.extend(blanks.map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
    repaired.push_str(text.get(lost.end..).unwrap_or_default());
    repaired
}

/// Whether a token at the margin begins a statement rather than goes on with a bracket.
fn may_begin_statement(kind: TokenKind) -> bool {
    kind == TokenKind::At
        || kind == TokenKind::Name
        || kind.is_keyword()
            && !matches!(
                kind,
                TokenKind::And
                    | TokenKind::Or
                    | TokenKind::Not
                    | TokenKind::In
                    | TokenKind::Is
                    | TokenKind::As
                    | TokenKind::None
                    | TokenKind::True
                    | TokenKind::False
                    | TokenKind::Lambda
            )
}

fn line_start(text: &str, at: TextSize) -> TextSize {
    let before = text.get(..at.to_usize()).unwrap_or_default();
    before.rfind('\n').and_then(|end| TextSize::try_from(end + 1).ok()).unwrap_or_default()
}

fn is_blank(text: &str, start: TextSize, end: TextSize) -> bool {
    text.get(start.to_usize()..end.to_usize()).is_some_and(|between| between.trim().is_empty())
}

/// The width of the indentation before `at`, with tabs as Python counts them.
fn column(text: &str, line: TextSize, at: TextSize) -> usize {
    let before = text.get(line.to_usize()..at.to_usize()).unwrap_or_default();
    before.chars().take_while(|character| character.is_whitespace()).fold(0, |column, character| {
        if character == '\t' { (column / 8 + 1) * 8 } else { column + 1 }
    })
}
