//! Text to syntax tree, with recovery: one bad statement does not cost the others.

use std::sync::Arc;

use rustpython_ast as py;
use rustpython_parser::{Mode, ParseOptions, parse_unchecked};

use super::ast::Module;
use super::depth::stack_needed;
use super::source::{Source, SourceId, Span};
use super::{errors, lower, python2};
use crate::diag::{Code, Diagnostic};

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
    let has_errors = parsed.has_invalid_syntax();
    let python2 = python2::detect(source, id, parsed.tokens(), has_errors);
    let mut diagnostics = errors::describe(source, id, parsed.errors(), parsed.tokens());
    let body = match parsed.into_syntax() {
        py::Mod::Module(module) => {
            let (body, found) = lower::module(source, id, module);
            diagnostics.extend(found);
            body
        }
        // Not what the parser was asked for.
        py::Mod::Expression(_) => Module { body: Vec::new() },
    };
    if let Some(python2) = python2 {
        // One finding says it all.
        diagnostics.retain(|diagnostic| diagnostic.code != Code::SyntaxError);
        diagnostics.push(python2);
    }
    Parsed { module: Arc::new(body), diagnostics: errors::condense(source, diagnostics) }
}
