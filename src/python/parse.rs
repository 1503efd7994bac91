//! Text to syntax tree, with recovery: one bad statement does not cost the others.

use std::cell::Cell;
use std::sync::Arc;

use rustpython_ast as py;
use rustpython_parser::{Mode, ParseError, ParseOptions, parse_unchecked};
use rustpython_text_size::Ranged;

use super::ast::Module;
use super::broken::Broken;
use super::depth::{TRIVIA, has_more_tokens, most_stack_needed, stack_needed};
use super::newlines::Text;
use super::source::{Source, SourceId, Span};
use super::{errors, lower, python2, repair};
use crate::diag::{Code, Diagnostic, Severity};

/// Statements with an unclosed bracket that are passed over in one file. Each costs another parse.
const MAX_REPAIRS: usize = 20;

/// A parsed file.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// What could be read.
    pub module: Arc<Module>,
    /// What could not be read, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

/// A text that needs no more stack than this is parsed where it stands, in bytes.
pub(super) const AT_HAND: usize = 1 << 20;

thread_local! {
    /// As [`AT_HAND`], for this thread.
    static STACK_HERE: Cell<usize> = const { Cell::new(AT_HAND) };
}

/// Says that a text may use so many bytes of stack on this thread: it has them, whatever else is going on.
pub fn allow_stack(bytes: usize) {
    STACK_HERE.set(bytes.max(AT_HAND));
}

/// A text that needs more stack than this is refused, in bytes.
const MAX_STACK: usize = 512 << 20;

/// A text with so many tokens is refused: its tree would take half a gigabyte. Thousands of tasks have a tenth of them.
const MOST_TOKENS: usize = 1_000_000;

/// Parses a source. It never fails: what cannot be read becomes [`super::ast::StmtKind::Invalid`] or
/// [`super::ast::ExprKind::Invalid`] and is told in the diagnostics.
///
/// The caller needs 1.5 MiB of stack, or what [`allow_stack`] promises; a text that nests deeper gets a thread of its
/// own.
pub fn parse(source: &Source, id: SourceId) -> Parsed {
    let at_hand = STACK_HERE.get();
    // To look closely costs half as much as parsing.
    if most_stack_needed(&source.text) <= at_hand {
        return read(source, id);
    }
    if has_more_tokens(&source.text, MOST_TOKENS) {
        let message = format!(
            "file has more than {MOST_TOKENS} words and signs, of which {TRIVIA} empty lines or comments count as one"
        );
        let help = "Keep data in a JSON or YAML file beside the DAG, or divide the file.";
        return refused(id, &message, help);
    }
    let needed = stack_needed(&source.text);
    if needed <= at_hand {
        return read(source, id);
    }
    if needed <= MAX_STACK
        && let Some(parsed) = elsewhere(needed, || read(source, id))
    {
        return parsed;
    }
    refused(
        id,
        "code is nested too deeply to be parsed",
        "Python itself refuses more than 200 nested brackets and 100 nested blocks.",
    )
}

/// A text of which nothing is read.
fn refused(id: SourceId, message: &str, help: &str) -> Parsed {
    let span = Span { source: id, start: 0, end: 0 };
    let mut told = Diagnostic::new(Code::LimitReached, span, message).help(help);
    // Every task of the file is missing, which is more than the code's usual warning.
    told.severity = Severity::Error;
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
    let text = Text::new(source, id);
    let mut diagnostics = Vec::new();
    let mut lost = Vec::new();
    let (mut parsed, mut found) = syntax(&text.text);
    let python2 = python2::detect(&text, parsed.tokens(), !found.is_empty());
    let mut repaired: Option<String> = None;
    while !found.is_empty() && lost.len() < MAX_REPAIRS {
        let seen = repaired.as_deref().unwrap_or(&*text.text);
        let Some(unclosed) = repair::first_unclosed(seen, parsed.tokens()) else { break };
        diagnostics.push(errors::unclosed(&text, unclosed.bracket));
        lost.push(unclosed.lost);
        let blanked = repair::blank_out(seen, unclosed.lost);
        (parsed, found) = syntax(&blanked);
        repaired = Some(blanked);
    }
    diagnostics.extend(errors::describe(&text, &found));
    let stops = found.iter().map(Ranged::range).collect();
    let body = match parsed.into_syntax() {
        py::Mod::Module(module) => {
            let (body, told) = lower::module(&text, Broken::new(lost, stops), module);
            diagnostics.extend(told);
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

fn syntax(text: &str) -> (rustpython_parser::Parsed<py::Mod>, Vec<ParseError>) {
    let options = ParseOptions::from(Mode::Module).with_target_version(py::PythonVersion::latest());
    let parsed = parse_unchecked(text, options);
    let errors = errors::real(text, parsed.errors());
    (parsed, errors)
}

#[cfg(test)]
mod tests;
