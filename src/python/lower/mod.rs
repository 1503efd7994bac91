//! From the parser's tree to podlift's own.
//!
//! The tree is taken by value and taken apart on the way: long chains (`a + b + c ...`) are then neither
//! walked nor dropped by recursion. Scoping is settled here too, so that the evaluator only has to look
//! names up: which names are local to a function, which functions are generators, and how Python
//! spells private names of classes.

mod chains;
mod definitions;
mod expressions;
mod fstrings;
mod literals;
mod patterns;
mod scopes;
mod statements;
mod targets;

#[cfg(test)]
mod show;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rustc_hash::FxHashSet;
use rustpython_ast as py;
use rustpython_text_size::{Ranged, TextRange};

use super::ast::{Expr, ExprKind, Module, Name};
use super::broken::Broken;
use super::newlines::Text;
use super::source::Span;
use crate::diag::{Code, Diagnostic};
use scopes::Scopes;

/// Statements and expressions nested deeper than this are not read. Python itself stops at 200 nested
/// brackets and 100 nested blocks.
pub const MAX_NESTING: usize = 500;

/// The deepest path in a tree of [`super::ast`], links of chains such as `a + b + c` or `a.b().c()`
/// included, which do not count as nesting.
pub const MAX_DEPTH: usize = 1_000;

/// Lowers a parsed file. The diagnostics tell what the parser accepts and Python refuses, and what was
/// beyond a bound.
pub(super) fn module(
    text: &Text<'_>,
    broken: Broken,
    module: py::ModModule,
) -> (Module, Vec<Diagnostic>) {
    let mut lower = Lower::new(text, broken);
    let body = lower.top(module.body);
    (Module { body }, lower.diagnostics)
}

/// The state of lowering one file.
struct Lower<'a> {
    text: &'a Text<'a>,
    broken: Broken,
    diagnostics: Vec<Diagnostic>,
    scopes: Scopes,
    /// Names seen so far, so that equal names share their text.
    names: FxHashSet<Name>,
    /// The classes around the current place, by name: they decide how `__private` names are spelled.
    classes: Vec<Name>,
    /// Nested statements and expressions around the current place.
    nesting: usize,
    /// The same with the links of chains.
    depth: usize,
    /// Whether the current top-level statement has already been reported as too deep.
    told_depth: bool,
}

impl<'a> Lower<'a> {
    fn new(text: &'a Text<'a>, broken: Broken) -> Self {
        Self {
            text,
            broken,
            diagnostics: Vec::new(),
            scopes: Scopes::default(),
            names: FxHashSet::default(),
            classes: Vec::new(),
            nesting: 0,
            depth: 0,
            told_depth: false,
        }
    }

    fn span(&self, range: TextRange) -> Span {
        self.text.span(&range)
    }

    fn span_of(&self, node: &impl Ranged) -> Span {
        self.text.span(node)
    }

    /// The shared copy of a text.
    fn name(&mut self, text: &str) -> Name {
        if let Some(known) = self.names.get(text) {
            return Arc::clone(known);
        }
        let name: Name = Arc::from(text);
        self.names.insert(Arc::clone(&name));
        name
    }

    /// The name of an identifier as Python spells it: `__x` within `class C` is `_C__x`.
    fn identifier(&mut self, text: &str) -> Name {
        let private = text.starts_with("__") && !text.ends_with("__") && !text.contains('.');
        let class = self.classes.last().map(|class| class.trim_start_matches('_'));
        match class {
            Some(class) if private && !class.is_empty() => {
                let mangled = format!("_{class}{text}");
                self.name(&mangled)
            }
            _ => self.name(text),
        }
    }

    /// Counts one more level; false beyond the bound, which is reported once per top-level statement.
    fn enter(&mut self, span: Span) -> bool {
        if self.nesting >= MAX_NESTING || self.depth >= MAX_DEPTH {
            self.too_deep(span);
            return false;
        }
        self.nesting += 1;
        self.depth += 1;
        true
    }

    fn leave(&mut self) {
        self.nesting = self.nesting.saturating_sub(1);
        self.depth = self.depth.saturating_sub(1);
    }

    fn too_deep(&mut self, span: Span) {
        if !std::mem::replace(&mut self.told_depth, true) {
            let message = format!("code is nested deeper than {MAX_NESTING} levels");
            self.diagnostics.push(
                Diagnostic::new(Code::LimitReached, span, message)
                    .label("not read from here on")
                    .help(
                        "Split the statement; Python itself refuses more than 200 nested brackets.",
                    ),
            );
        }
    }

    /// Reports what the parser accepts and Python refuses.
    fn refused(&mut self, span: Span, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic::new(Code::SyntaxError, span, message));
    }

    fn invalid(span: Span) -> Expr {
        Expr { kind: ExprKind::Invalid, span }
    }
}
