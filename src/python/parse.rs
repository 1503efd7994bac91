//! Text to syntax tree, with recovery: one bad statement does not cost the others.

use std::sync::Arc;

use rustpython_ast as py;
use rustpython_parser::{Mode, ParseError, ParseOptions, parse_unchecked};
use rustpython_text_size::Ranged;

use super::ast::Module;
use super::lower;
use super::source::{Source, SourceId, Span};
use crate::diag::{Code, Diagnostic};

/// Syntax errors reported per file; the rest is counted.
const MAX_ERRORS: usize = 20;

/// A parsed file.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// What could be read.
    pub module: Arc<Module>,
    /// What could not be read, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses a source.
pub fn parse(source: &Source, id: SourceId) -> Parsed {
    let options = ParseOptions::from(Mode::Module).with_target_version(py::PythonVersion::latest());
    let parsed = parse_unchecked(&source.text, options);
    let mut diagnostics = errors(source, id, parsed.errors());
    let py::Mod::Module(module) = parsed.into_syntax() else {
        return Parsed { module: Arc::new(Module { body: Vec::new() }), diagnostics };
    };
    let (module, found) = lower::module(source, id, module);
    diagnostics.extend(found);
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.code));
    Parsed { module: Arc::new(module), diagnostics }
}

/// One diagnostic per line that has errors: what follows on the same line is mostly the same mistake.
fn errors(source: &Source, id: SourceId, errors: &[ParseError]) -> Vec<Diagnostic> {
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    let mut last_line = None;
    let mut more = 0;
    for error in errors {
        let range = error.range();
        let line = source.line(range.start().into());
        if last_line == Some(line) {
            continue;
        }
        last_line = Some(line);
        if diagnostics.len() == MAX_ERRORS {
            more += 1;
            continue;
        }
        let span = Span { source: id, start: range.start().into(), end: range.end().into() };
        diagnostics.push(Diagnostic::new(Code::SyntaxError, span, plain(&error.error.to_string())));
    }
    if let Some(last) = diagnostics.last_mut()
        && more > 0
    {
        last.help = Some(format!("{more} more lines of this file have syntax errors."));
    }
    diagnostics
}

/// The parser begins its messages with a capital.
fn plain(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
