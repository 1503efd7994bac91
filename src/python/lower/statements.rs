//! Statements.

use rustpython_ast as py;
use rustpython_text_size::{Ranged, TextRange};

use super::chains::binary_op;
use super::{Lower, MAX_DEPTH};
use crate::python::Span;
use crate::python::ast::{Expr, ExprKind, Handler, MatchCase, Name, Stmt, StmtKind, Target, Try};

impl Lower<'_> {
    /// The statements of a file.
    pub(super) fn top(&mut self, body: Vec<py::Stmt>) -> Vec<Stmt> {
        let mut lowered = Vec::with_capacity(body.len());
        for stmt in body {
            self.told_depth = false;
            lowered.push(self.stmt(stmt));
        }
        lowered
    }

    /// The statements of a block.
    pub(super) fn body(&mut self, body: Vec<py::Stmt>) -> Vec<Stmt> {
        body.into_iter().map(|stmt| self.stmt(stmt)).collect()
    }

    fn stmt(&mut self, stmt: py::Stmt) -> Stmt {
        let span = self.span_of(&stmt);
        if !self.enter(span) {
            return Stmt { kind: StmtKind::Invalid, span };
        }
        let doubtful = self.runs_into_error(&stmt);
        let kind = match stmt {
            py::Stmt::Expr(node) => match self.expr(*node.value) {
                Expr { kind: ExprKind::Invalid, .. } => StmtKind::Invalid,
                value => StmtKind::Expr(value),
            },
            py::Stmt::Assign(node) => self.assign(node),
            py::Stmt::AnnAssign(node) => self.annotated(node),
            py::Stmt::AugAssign(node) => {
                let target = self.target(*node.target);
                StmtKind::AugAssign(target, binary_op(node.op), self.expr(*node.value))
            }
            py::Stmt::Delete(node) => StmtKind::Delete(self.targets(node.targets)),
            py::Stmt::If(node) => self.if_statement(node),
            py::Stmt::While(node) => self.while_loop(node),
            py::Stmt::For(node) => self.for_loop(node),
            py::Stmt::With(node) => self.with(node),
            py::Stmt::FunctionDef(node) => StmtKind::Function(self.function(node)),
            py::Stmt::ClassDef(node) => StmtKind::Class(self.class(node)),
            py::Stmt::Return(node) => {
                if !self.scopes.in_function() {
                    self.refused(span, "'return' outside function");
                }
                StmtKind::Return(self.optional(node.value))
            }
            py::Stmt::Raise(node) => self.raise(node),
            py::Stmt::Try(node) => self.try_statement(node),
            py::Stmt::Assert(node) => {
                let test = self.expr(*node.test);
                StmtKind::Assert(test, self.optional(node.msg))
            }
            py::Stmt::Import(node) => self.import(node),
            py::Stmt::ImportFrom(node) => self.import_from(node, span),
            py::Stmt::Global(node) => StmtKind::Global(self.outer_names(&node.names)),
            py::Stmt::Nonlocal(node) => {
                if self.scopes.in_module() {
                    self.refused(span, "nonlocal declaration not allowed at module level");
                }
                StmtKind::Nonlocal(self.outer_names(&node.names))
            }
            py::Stmt::Match(node) => self.match_statement(node),
            py::Stmt::TypeAlias(node) => self.type_alias(*node.name),
            py::Stmt::Pass(_) => StmtKind::Pass,
            py::Stmt::Break(_) => {
                self.check_in_loop(span, "'break' outside loop");
                StmtKind::Break
            }
            py::Stmt::Continue(_) => {
                self.check_in_loop(span, "'continue' not properly in loop");
                StmtKind::Continue
            }
            // Notebook commands are no Python.
            py::Stmt::IpyEscapeCommand(_) => StmtKind::Invalid,
        };
        self.leave();
        Stmt { kind: if doubtful { without_value(kind) } else { kind }, span }
    }

    /// Whether the parser gave up in the line of a simple statement right behind it, or begins it with what
    /// was left then: in `x = 1 2` neither `1` nor `2` is the value.
    fn runs_into_error(&self, stmt: &py::Stmt) -> bool {
        let end = stmt.end();
        self.broken.stops_at(stmt.start())
            || self.broken.next_stop(end).is_some_and(|stop| {
                let between = self.text.slice(&TextRange::new(end, stop));
                between.chars().all(|character| matches!(character, ' ' | '\t'))
            })
    }

    fn assign(&mut self, node: py::StmtAssign) -> StmtKind {
        let value = self.expr(*node.value);
        let targets = self.targets(node.targets);
        let readable = !targets.iter().any(|target| matches!(target, Target::Invalid(_)));
        let assigned = StmtKind::Assign(targets, value);
        // In `x = = 1` nobody knows what was meant.
        if readable { assigned } else { without_value(assigned) }
    }

    fn annotated(&mut self, node: py::StmtAnnAssign) -> StmtKind {
        let annotation = self.expr(*node.annotation);
        let value = self.optional(node.value);
        let target = match *node.target {
            // `(name): annotation` declares nothing.
            py::Expr::Name(name) if !node.simple && value.is_none() && !name.id.is_empty() => {
                let span = self.span(name.range);
                Target::Name(self.identifier(&name.id), span)
            }
            target => self.target(target),
        };
        StmtKind::AnnAssign(target, annotation, value)
    }

    /// `elif` branches become nested `if` statements, from the last to the first; a chain longer than the
    /// depth bound loses its last branches, which is reported.
    fn if_statement(&mut self, node: py::StmtIf) -> StmtKind {
        let test = self.expr(*node.test);
        let body = self.body(node.body);
        let mut branches: Vec<(Expr, Vec<Stmt>, Span)> = Vec::new();
        let mut orelse = Vec::new();
        for clause in node.elif_else_clauses {
            let span = self.span(clause.range);
            if self.depth + branches.len() >= MAX_DEPTH {
                self.too_deep(span);
                orelse = vec![Stmt { kind: StmtKind::Invalid, span }];
                break;
            }
            let test = clause.test.map(|test| self.expr(test));
            let body = self.body(clause.body);
            match test {
                Some(test) => branches.push((test, body, span)),
                None => orelse = body,
            }
        }
        for (test, body, span) in branches.into_iter().rev() {
            orelse = vec![Stmt { kind: StmtKind::If(test, body, orelse), span }];
        }
        StmtKind::If(test, body, orelse)
    }

    fn while_loop(&mut self, node: py::StmtWhile) -> StmtKind {
        let test = self.expr(*node.test);
        let body = self.loop_body(node.body);
        StmtKind::While(test, body, self.body(node.orelse))
    }

    fn for_loop(&mut self, node: py::StmtFor) -> StmtKind {
        let iterable = self.expr(*node.iter);
        let target = self.target(*node.target);
        let body = self.loop_body(node.body);
        StmtKind::For(target, iterable, body, self.body(node.orelse))
    }

    fn loop_body(&mut self, body: Vec<py::Stmt>) -> Vec<Stmt> {
        self.scopes.enter_loop();
        let body = self.body(body);
        self.scopes.leave_loop();
        body
    }

    fn check_in_loop(&mut self, span: Span, message: &str) {
        if !self.scopes.in_loop() {
            self.refused(span, message);
        }
    }

    fn with(&mut self, node: py::StmtWith) -> StmtKind {
        let mut items = Vec::with_capacity(node.items.len());
        for item in node.items {
            let context = self.expr(item.context_expr);
            items.push((context, item.optional_vars.map(|target| self.target(*target))));
        }
        StmtKind::With(items, self.body(node.body))
    }

    fn raise(&mut self, node: py::StmtRaise) -> StmtKind {
        // The parser takes the `;` behind a bare `raise` for a missing exception.
        let is_missing =
            |expr: &py::Expr| matches!(expr, py::Expr::Name(name) if name.id.is_empty());
        let exception = node.exc.filter(|exception| !is_missing(exception));
        let exception = self.optional(exception);
        StmtKind::Raise(exception, self.optional(node.cause))
    }

    fn try_statement(&mut self, node: py::StmtTry) -> StmtKind {
        let body = self.body(node.body);
        let mut handlers = Vec::with_capacity(node.handlers.len());
        for py::ExceptHandler::ExceptHandler(handler) in node.handlers {
            let span = self.span(handler.range);
            let kind = self.optional(handler.type_);
            let name = handler.name.map(|name| self.bound(&name));
            let body = self.body(handler.body);
            handlers.push(Handler { kind, name, body, span });
        }
        let orelse = self.body(node.orelse);
        let finalbody = self.body(node.finalbody);
        let is_star = node.is_star;
        StmtKind::Try(Box::new(Try { body, handlers, is_star, orelse, finalbody }))
    }

    /// `import a.b` binds `a`; `import a.b as c` binds `c`.
    fn import(&mut self, node: py::StmtImport) -> StmtKind {
        let mut names = Vec::with_capacity(node.names.len());
        for alias in node.names {
            let dotted = self.name(&alias.name);
            let bound = alias.asname.as_ref().map(|name| self.bound(name));
            if bound.is_none() {
                let first = dotted.split('.').next().unwrap_or_default();
                let first = self.identifier(first);
                self.scopes.bind(&first);
            }
            names.push((dotted, bound));
        }
        StmtKind::Import(names)
    }

    fn import_from(&mut self, node: py::StmtImportFrom, span: Span) -> StmtKind {
        let module = node.module.map(|module| self.name(&module));
        let mut names = Vec::with_capacity(node.names.len());
        for alias in node.names {
            let place = self.span(alias.range);
            let name = self.name(&alias.name);
            let mut bound = alias.asname.as_ref().map(|name| self.bound(name));
            if &*name == "*" {
                if !self.scopes.in_module() {
                    self.refused(span, "import * only allowed at module level");
                }
            } else if bound.is_none() {
                let spelled = self.bound(&alias.name);
                bound = (spelled != name).then_some(spelled);
            }
            names.push((name, bound, place));
        }
        StmtKind::ImportFrom { module, level: node.level, names }
    }

    fn outer_names(&mut self, names: &[py::Identifier]) -> Vec<Name> {
        let mut spelled = Vec::with_capacity(names.len());
        for name in names {
            let name = self.identifier(name);
            self.scopes.declare_outer(&name);
            spelled.push(name);
        }
        spelled
    }

    fn match_statement(&mut self, node: py::StmtMatch) -> StmtKind {
        let subject = self.expr(*node.subject);
        let mut cases = Vec::with_capacity(node.cases.len());
        for case in node.cases {
            let pattern = self.pattern(case.pattern);
            let guard = self.optional(case.guard);
            cases.push(MatchCase { pattern, guard, body: self.body(case.body) });
        }
        StmtKind::Match(subject, cases)
    }

    /// The value of a type alias is evaluated lazily, if at all.
    fn type_alias(&mut self, name: py::Expr) -> StmtKind {
        match name {
            py::Expr::Name(name) if !name.id.is_empty() => {
                let name = self.identifier(&name.id);
                self.scopes.bind(&name);
                StmtKind::TypeAlias(name)
            }
            _ => StmtKind::Invalid,
        }
    }

    /// A name that the current statement binds.
    fn bound(&mut self, name: &py::Identifier) -> Name {
        let name = self.identifier(name);
        self.scopes.bind(&name);
        name
    }
}

/// A simple statement that still binds its names, but to nothing known.
fn without_value(kind: StmtKind) -> StmtKind {
    let unknown = |value: Expr| Expr { kind: ExprKind::Invalid, ..value };
    match kind {
        StmtKind::Expr(_) => StmtKind::Invalid,
        StmtKind::Assign(targets, value) => StmtKind::Assign(targets, unknown(value)),
        StmtKind::AnnAssign(target, annotation, value) => {
            StmtKind::AnnAssign(target, annotation, value.map(unknown))
        }
        StmtKind::AugAssign(target, op, value) => StmtKind::AugAssign(target, op, unknown(value)),
        StmtKind::Return(value) => StmtKind::Return(value.map(unknown)),
        other => other,
    }
}
