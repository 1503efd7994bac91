//! The parser's complaints in plain words: one per line of the file, and not more than people read.

use rustpython_ast::token::{Token, TokenKind};
use rustpython_parser::{LexicalErrorType, ParseError, ParseErrorType};
use rustpython_text_size::Ranged;

use super::source::{Source, SourceId, Span};
use crate::diag::{Code, Diagnostic};

/// Lines reported per file; the rest is counted.
const MAX_LINES: usize = 20;

/// A diagnostic per error of the parser, in the order of the text.
pub(super) fn describe(
    source: &Source,
    id: SourceId,
    errors: &[ParseError],
    tokens: &[Token],
) -> Vec<Diagnostic> {
    let mut open = never_closed(tokens).into_iter().peekable();
    let mut diagnostics = Vec::with_capacity(errors.len());
    for error in errors {
        let span = span_of(id, error);
        // The first error behind a bracket without an end is mostly its consequence.
        let mut bracket = None;
        while let Some(next) = open.next_if(|bracket| bracket.start() <= error.range().start()) {
            bracket = Some(span_of(id, &next));
        }
        let at_end = usize::try_from(span.start)
            .is_ok_and(|start| source.text.get(start..).is_none_or(|rest| rest.trim().is_empty()));
        diagnostics.push(match bracket {
            Some(bracket) if at_end => {
                let message = format!("'{}' was never closed", source.slice(bracket));
                Diagnostic::new(Code::SyntaxError, bracket, message)
            }
            Some(bracket) => Diagnostic::new(Code::SyntaxError, span, plain(&error.error))
                .also(bracket, "this bracket is never closed"),
            None => Diagnostic::new(Code::SyntaxError, span, plain(&error.error)),
        });
    }
    diagnostics
}

/// Keeps the first syntax error of each line, because what follows on it is mostly the same mistake, and
/// [`MAX_LINES`] of them; other diagnostics stay. The result is in the order of the text.
pub(super) fn condense(source: &Source, mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    let (mut lines, mut more, mut last_line) = (0, 0, None);
    diagnostics.retain(|diagnostic| {
        if diagnostic.code != Code::SyntaxError {
            return true;
        }
        let line = Some(source.line(diagnostic.span.start));
        let repeats = std::mem::replace(&mut last_line, line) == line;
        if !repeats && lines == MAX_LINES {
            more += 1;
        }
        let kept = !repeats && lines < MAX_LINES;
        lines += usize::from(kept);
        kept
    });
    let last = diagnostics.iter_mut().rfind(|diagnostic| diagnostic.code == Code::SyntaxError);
    if let Some(last) = last
        && more > 0
    {
        last.help = Some(format!("{more} more lines of this file could not be parsed."));
    }
    diagnostics
}

fn span_of(id: SourceId, node: &impl Ranged) -> Span {
    Span { source: id, start: node.start().into(), end: node.end().into() }
}

/// Opening brackets without their closing ones.
fn never_closed(tokens: &[Token]) -> Vec<Token> {
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

/// The parser's message without capitals and without its own vocabulary.
fn plain(error: &ParseErrorType) -> String {
    match error {
        ParseErrorType::SimpleStatementsOnSameLine => {
            "two statements on one line: an operator, a comma or a bracket may be missing"
                .to_owned()
        }
        ParseErrorType::UnexpectedIndentation => "unexpected indentation".to_owned(),
        ParseErrorType::UnexpectedIpythonEscapeCommand => {
            "notebook command is no Python".to_owned()
        }
        ParseErrorType::Lexical(LexicalErrorType::UnicodeError) => {
            "invalid escape sequence in string literal".to_owned()
        }
        ParseErrorType::Lexical(LexicalErrorType::Eof) => "unexpected end of file".to_owned(),
        ParseErrorType::Lexical(LexicalErrorType::UnrecognizedToken { tok }) => {
            format!("unexpected character '{tok}'")
        }
        error => {
            let message = error.to_string();
            let mut chars = message.chars();
            let first = chars.next().into_iter().flat_map(char::to_lowercase);
            first.chain(chars).collect()
        }
    }
}
