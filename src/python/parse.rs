//! Text to syntax tree, with recovery: one bad statement does not cost the others.

use std::sync::Arc;

use rustpython_ast as py;
use rustpython_parser::{Mode, ParseError, ParseOptions, parse_unchecked};
use rustpython_text_size::Ranged;

use super::ast::Module;
use super::depth::stack_needed;
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

/// A text that needs no more stack than this is parsed where it stands, in bytes.
const AT_HAND: usize = 1 << 20;

/// A text that needs more stack than this is refused, in bytes.
const MAX_STACK: usize = 512 << 20;

/// Parses a source. It never fails: what cannot be read becomes [`super::ast::StmtKind::Invalid`] or
/// [`super::ast::ExprKind::Invalid`] and is told in the diagnostics.
///
/// The caller needs 1.5 MiB of stack; a text that nests deeper gets a thread of its own.
pub fn parse(source: &Source, id: SourceId) -> Parsed {
    let needed = stack_needed(&source.text);
    if needed <= AT_HAND {
        return read(source, id);
    }
    if needed <= MAX_STACK
        && let Some(parsed) = elsewhere(needed, || read(source, id))
    {
        return parsed;
    }
    let span = Span { source: id, start: 0, end: 0 };
    let message = "code is nested too deeply to be parsed";
    let told = Diagnostic::new(Code::LimitReached, span, message)
        .help("Python itself refuses more than 200 nested brackets and 100 nested blocks.");
    Parsed { module: Arc::new(Module { body: Vec::new() }), diagnostics: vec![told] }
}

/// Runs `work` on a thread with the stack it needs; `None` when there is no such thread to be had.
fn elsewhere<T: Send>(stack: usize, work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread =
            std::thread::Builder::new().stack_size(stack).spawn_scoped(scope, work).ok()?;
        thread.join().map_err(|panic| std::panic::resume_unwind(panic)).ok()
    })
}

fn read(source: &Source, id: SourceId) -> Parsed {
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
