//! The parser's complaints in plain words: one per line of the file, and not more than people read.

use rustpython_parser::{LexicalErrorType, ParseError, ParseErrorType};
use rustpython_text_size::{Ranged, TextRange};

use super::newlines::Text;
use super::source::Source;
use crate::diag::{Code, Diagnostic};

/// Lines reported per file; the rest is counted.
const MAX_LINES: usize = 20;

/// A diagnostic per error of the parser, in the order of the text.
pub(super) fn describe(text: &Text<'_>, errors: &[ParseError]) -> Vec<Diagnostic> {
    let describe = |error: &ParseError| {
        Diagnostic::new(Code::SyntaxError, text.span(error), plain(&error.error))
    };
    errors.iter().map(describe).collect()
}

/// The errors without false alarms: the parser takes no `;` behind a bare `raise`, though it reads on
/// correctly.
pub(super) fn real(text: &str, errors: &[ParseError]) -> Vec<ParseError> {
    let is_alarm = |error: &ParseError| {
        let rest = text.get(error.start().to_usize()..).unwrap_or_default();
        let before = text.get(..error.start().to_usize()).unwrap_or_default();
        rest.starts_with(';') && before.trim_end_matches([' ', '\t']).ends_with("raise")
    };
    errors.iter().filter(|error| !is_alarm(error)).cloned().collect()
}

/// A bracket without an end.
pub(super) fn unclosed(text: &Text<'_>, bracket: TextRange) -> Diagnostic {
    let message = format!("'{}' was never closed", text.slice(&bracket));
    Diagnostic::new(Code::SyntaxError, text.span(&bracket), message)
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
