//! Statements.

use std::sync::Arc;

use super::HoleKind;
use super::branch::Flow;
use super::interp::{Interp, Raised, Res};
use super::lazy::Next;
use super::object::{Object, Val};
use crate::diag::{Code, Diagnostic};
use crate::python::Span;
use crate::python::ast::{Expr, Name, Stmt, StmtKind, Target};
use crate::python::writes;

impl From<Raised> for Flow {
    fn from(raised: Raised) -> Self {
        match raised {
            Raised::Exception(val) => Self::Raise(val),
            Raised::Stop => Self::Stop,
        }
    }
}

/// Unwraps a result inside a function that gives a flow.
macro_rules! attempt {
    ($result:expr) => {
        match $result {
            Ok(value) => value,
            Err(raised) => return Flow::from(raised),
        }
    };
}

mod carried;
mod definitions;
pub(crate) mod guard;
mod managing;
mod raising;

/// Turns of a `while` loop that are gone through one by one though each may be the last.
const DOUBTFUL_TURNS: u32 = 16;

/// The same for a `for` loop over what makes its items one by one.
const DOUBTFUL_ITEMS: u32 = 512;

impl Interp<'_> {
    /// Evaluates the statements of a module. An exception nobody catches is told and the next
    /// statement is evaluated: Airflow would not load such a file, but what podlift misunderstands
    /// must not cost the tasks below it.
    pub(crate) fn exec_module(&mut self, body: &[Stmt]) -> Res<()> {
        let mut rest = body;
        while let Some((stmt, tail)) = rest.split_first() {
            rest = tail;
            let flow = self.exec_stmt(stmt);
            // A fork at module level has a side that ends the module (`sys.exit()`): follow the other.
            let flow = self.each_end(flow, &mut |_, end| match end {
                Flow::Raise(val) => Flow::Raise(val),
                Flow::Stop => Flow::Stop,
                _ => Flow::Normal,
            });
            match flow {
                Flow::Stop => return Err(Raised::Stop),
                Flow::Raise(val) => {
                    if self.is_import_error(&val) && self.modules_loading() {
                        return Err(Raised::Exception(val));
                    }
                    if let Some(scope) = self.frame().map(|frame| frame.globals) {
                        self.broken.push(scope);
                    }
                    self.tell_uncaught(&val, stmt.span);
                    self.poison_targets(stmt);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn modules_loading(&self) -> bool {
        self.frames.len() > 1
    }

    fn is_import_error(&self, val: &Val) -> bool {
        ["ImportError", "ModuleNotFoundError"]
            .iter()
            .any(|class| self.exception_is(val, &format!("builtins.{class}")))
    }

    fn tell_uncaught(&mut self, val: &Val, span: Span) {
        let text = self.exception_text(val);
        let diagnostic = Diagnostic::new(
            Code::UncaughtException,
            val.span.or(span),
            format!("evaluation ends here in {text}"),
        )
        .also(span, "while evaluating this statement");
        self.tell(diagnostic);
    }

    /// After a failed statement, what it would have bound is unknown.
    fn poison_targets(&mut self, stmt: &Stmt) {
        let targets: &[Target] = match &stmt.kind {
            StmtKind::Assign(targets, _) => targets,
            _ => return,
        };
        for target in targets {
            let val = self.hole(HoleKind::Expression, "failed statement", stmt.span);
            // Binding a hole to a plain name cannot fail; other targets may, and then stay unbound.
            drop(self.assign(target, val));
        }
    }

    /// Evaluates statements in order.
    pub(crate) fn exec_block(&mut self, body: &[Stmt]) -> Flow {
        let mut rest = body;
        while let Some((stmt, tail)) = rest.split_first() {
            let flow = self.exec_stmt(stmt);
            let flow = if tail.is_empty() { flow } else { self.gather(flow) };
            match flow {
                Flow::Normal => rest = tail,
                flow @ Flow::Fork(_) => {
                    if tail.is_empty() {
                        return flow;
                    }
                    return self.each_end(flow, &mut |this, end| match end {
                        Flow::Normal => this.exec_block(tail),
                        end => end,
                    });
                }
                flow => return flow,
            }
        }
        Flow::Normal
    }

    pub(crate) fn exec_stmt(&mut self, stmt: &Stmt) -> Flow {
        attempt!(self.step(stmt.span));
        match &stmt.kind {
            StmtKind::Expr(expr) => {
                attempt!(self.eval(expr));
                Flow::Normal
            }
            StmtKind::Assign(targets, value) => {
                let val = attempt!(self.eval(value));
                for target in targets {
                    attempt!(self.assign(target, val.clone()));
                }
                Flow::Normal
            }
            StmtKind::AnnAssign(target, annotation, value) => {
                attempt!(self.annotated(target, annotation, value.as_ref()));
                Flow::Normal
            }
            StmtKind::AugAssign(target, op, value) => {
                attempt!(self.augmented(target, *op, value, stmt.span));
                Flow::Normal
            }
            StmtKind::Delete(targets) => {
                for target in targets {
                    attempt!(self.delete(target));
                }
                Flow::Normal
            }
            StmtKind::If(test, body, orelse) => self.exec_if(test, body, orelse),
            StmtKind::While(test, body, orelse) => self.exec_while(test, body, orelse),
            StmtKind::For(target, iterable, body, orelse) => {
                self.exec_for(target, iterable, body, orelse)
            }
            StmtKind::With(items, body) => self.exec_with(items, body),
            StmtKind::Function(def) => {
                let function = attempt!(self.make_function(def));
                let val = attempt!(self.decorate(function, &def.decorators, def.span));
                self.bind(&def.name, val);
                Flow::Normal
            }
            StmtKind::Class(def) => {
                let class = attempt!(self.make_class(def));
                let val = attempt!(self.decorate(class, &def.decorators, def.span));
                self.bind(&def.name, val);
                Flow::Normal
            }
            StmtKind::Return(value) => match value {
                Some(value) => Flow::Return(attempt!(self.eval(value))),
                None => Flow::Return(Val::none(stmt.span)),
            },
            StmtKind::Raise(exception, cause) => {
                let flow = self.exec_raise(exception.as_ref(), stmt.span);
                let (Some(cause), Flow::Raise(val)) = (cause, &flow) else { return flow };
                let cause = attempt!(self.eval(cause));
                self.set_raw(val, &Name::from("__cause__"), cause);
                let suppressed = Val::bool(true, stmt.span);
                self.set_raw(val, &Name::from("__suppress_context__"), suppressed);
                flow
            }
            StmtKind::Try(parts) => self.exec_try(parts),
            StmtKind::Assert(test, message) => {
                let val = attempt!(self.eval(test));
                match attempt!(self.truth(&val)) {
                    Some(true) => Flow::Normal,
                    Some(false) => self.fail_assertion(message.as_ref(), stmt.span),
                    None => {
                        let cond = self.condition_at(test.span, &val);
                        self.both(&cond, &mut |_| Flow::Normal, &mut |this| {
                            this.fail_assertion(message.as_ref(), stmt.span)
                        })
                    }
                }
            }
            StmtKind::Import(names) => {
                for (name, alias) in names {
                    attempt!(self.import(name, alias.as_ref(), stmt.span));
                }
                Flow::Normal
            }
            StmtKind::ImportFrom { module, level, names } => {
                attempt!(self.import_from(module.as_ref(), *level, names, stmt.span));
                Flow::Normal
            }
            StmtKind::Global(names) => {
                self.work(names.len());
                if let Some(frame) = self.frames.last_mut() {
                    frame.global_names.extend(names.iter().cloned());
                }
                Flow::Normal
            }
            StmtKind::Nonlocal(names) => {
                self.work(names.len());
                if let Some(frame) = self.frames.last_mut() {
                    frame.nonlocal_names.extend(names.iter().cloned());
                }
                Flow::Normal
            }
            StmtKind::Match(subject, cases) => {
                let subject = attempt!(self.eval(subject));
                self.exec_match(&subject, cases)
            }
            StmtKind::TypeAlias(name) => {
                self.bind(name, Val::symbol("typing.TypeAlias", stmt.span));
                Flow::Normal
            }
            StmtKind::Break => Flow::Break,
            StmtKind::Continue => Flow::Continue,
            StmtKind::Pass | StmtKind::Invalid => Flow::Normal,
        }
    }

    fn exec_if(&mut self, test: &Expr, body: &[Stmt], orelse: &[Stmt]) -> Flow {
        let val = attempt!(self.eval(test));
        match attempt!(self.truth(&val)) {
            Some(true) => self.exec_block(body),
            Some(false) => self.exec_block(orelse),
            None => {
                let cond = self.condition_hole(test, &val);
                self.both(&cond, &mut |this| this.exec_block(body), &mut |this| {
                    this.exec_block(orelse)
                })
            }
        }
    }

    fn exec_while(&mut self, test: &Expr, body: &[Stmt], orelse: &[Stmt]) -> Flow {
        let flow = self.while_turns(test, body, 0, 0);
        self.after_loop(flow, orelse)
    }

    /// The turns of a `while` loop after the first `turn`, `doubts` of which may have been the last.
    pub(crate) fn while_turns(
        &mut self,
        test: &Expr,
        body: &[Stmt],
        mut turn: u32,
        doubts: u32,
    ) -> Flow {
        loop {
            let val = attempt!(self.eval(test));
            match attempt!(self.truth(&val)) {
                Some(false) => return Flow::Normal,
                Some(true) => {}
                None => {
                    let cond = self.condition_hole(test, &val);
                    return self.any_turns(&cond, test, body);
                }
            }
            turn += 1;
            if turn > self.settings.limits.turns {
                return self.cut_short(test.span, body, |this| this.exec_block(body));
            }
            let flow = self.exec_block(body);
            match self.end_turn(flow) {
                Flow::Normal => {}
                Flow::Fork(fork) => {
                    let cond = fork.cond();
                    return self.each_end(Flow::Fork(fork), &mut |this, end| match end {
                        // Nobody knows how many more there are.
                        Flow::Normal if doubts == DOUBTFUL_TURNS => {
                            this.any_turns(&cond, test, body)
                        }
                        Flow::Normal => this.while_turns(test, body, turn, doubts + 1),
                        end => end,
                    });
                }
                flow => return flow,
            }
        }
    }

    /// Any number of turns of a `while` loop. The test is asked again after each, and may do something itself.
    pub(crate) fn any_turns(
        &mut self,
        cond: &Arc<super::Hole>,
        test: &Expr,
        body: &[Stmt],
    ) -> Flow {
        let bound: Vec<Name> = writes::bound_by(test).into_iter().cloned().collect();
        self.pattern_loop(cond, body, |this| {
            let flow = this.exec_block(body);
            this.each_end(flow, &mut |this, end| match end {
                Flow::Normal | Flow::Continue => {
                    attempt!(this.eval(test));
                    let names: Vec<_> = bound.iter().map(|name| (name.clone(), false)).collect();
                    this.forget_carried(&names, cond);
                    Flow::Normal
                }
                end => end,
            })
        })
    }

    /// `continue` ends a turn like its last statement does.
    fn end_turn(&mut self, flow: Flow) -> Flow {
        let flow = self.each_end(flow, &mut |_, end| match end {
            Flow::Continue => Flow::Normal,
            end => end,
        });
        self.gather(flow)
    }

    /// `else` runs where the loop was not left by `break`.
    pub(crate) fn after_loop(&mut self, flow: Flow, orelse: &[Stmt]) -> Flow {
        self.each_end(flow, &mut |this, end| match end {
            Flow::Normal => this.exec_block(orelse),
            Flow::Break => Flow::Normal,
            end => end,
        })
    }

    fn exec_for(
        &mut self,
        target: &Target,
        iterable: &Expr,
        body: &[Stmt],
        orelse: &[Stmt],
    ) -> Flow {
        let val = attempt!(self.eval(iterable));
        let flow = match attempt!(self.iter_of(&val, iterable.span)) {
            Some(iterator) => self.for_turns(target, &iterator, body, iterable.span, 0),
            None => {
                self.may_fail(&val, iterable.span);
                self.unknown_turns(target, &val, body, iterable.span)
            }
        };
        self.after_loop(flow, orelse)
    }

    /// The turns of a loop over something unknown, evaluated once.
    pub(super) fn unknown_turns(
        &mut self,
        target: &Target,
        val: &Val,
        body: &[Stmt],
        span: Span,
    ) -> Flow {
        let unknown = self.loop_hole(val, span);
        let cond = unknown.hole().map_or_else(|| self.condition_at(span, val), Arc::clone);
        self.pattern_loop(&cond, body, |this| {
            if let Err(raised) = this.assign_unknown(target, &unknown) {
                return raised.into();
            }
            this.exec_block(body)
        })
    }

    /// A loop has more turns than the bound: what its further turns would change is unknown.
    fn cut_short(
        &mut self,
        span: Span,
        body: &[Stmt],
        turn: impl FnMut(&mut Self) -> Flow,
    ) -> Flow {
        let turns = self.settings.limits.turns;
        let message = format!("loop ended after {turns} turns");
        let unknown = self.limit_hole(span, "turns", &message);
        match unknown.hole() {
            Some(hole) => {
                let hole = Arc::clone(hole);
                self.pattern_loop(&hole, body, turn)
            }
            None => Flow::Normal,
        }
    }

    /// The turns of a loop that an iterator still has, after `doubts` of which each may have been the last.
    pub(crate) fn for_turns(
        &mut self,
        target: &Target,
        iterator: &Val,
        body: &[Stmt],
        span: Span,
        doubts: u32,
    ) -> Flow {
        // It may have items without end.
        let is_lazy =
            matches!(iterator.as_obj().map(|id| self.heap.get(id)), Some(Object::Lazy(_)));
        if is_lazy && doubts > DOUBTFUL_ITEMS {
            let rest = self.derived(&[iterator], span);
            return self.unknown_turns(target, &rest, body, span);
        }
        let mut turn = 0;
        loop {
            let item = match attempt!(self.next_item(iterator, span)) {
                Next::Item(item) => item,
                Next::End(_) => return Flow::Normal,
                Next::Open(unknown) => return self.unknown_turns(target, &unknown, body, span),
            };
            attempt!(self.step(span));
            turn += 1;
            if turn > self.settings.limits.turns {
                let unknown =
                    self.limit_hole(span, "turns", "a loop has more turns than the bound");
                return self.cut_short(span, body, |this| {
                    if let Err(raised) = this.assign_unknown(target, &unknown) {
                        return raised.into();
                    }
                    this.exec_block(body)
                });
            }
            attempt!(self.assign(target, item));
            let flow = self.exec_block(body);
            match self.end_turn(flow) {
                Flow::Normal => {}
                flow @ Flow::Fork(_) => {
                    return self.each_end(flow, &mut |this, end| match end {
                        Flow::Normal => this.for_turns(target, iterator, body, span, doubts + 1),
                        end => end,
                    });
                }
                flow => return flow,
            }
        }
    }

    /// The loop variable of a loop over something unknown.
    fn loop_hole(&mut self, iterable: &Val, span: Span) -> Val {
        let mut roots = Vec::new();
        self.roots_of(iterable, &mut roots, 0);
        let reason = self.snippet(span);
        let hole = super::Hole {
            kind: HoleKind::Loop,
            name: reason.clone(),
            default: None,
            reason: format!("element of `{reason}`"),
            span,
            roots,
        };
        let element = Val::unknown(Arc::new(hole), span);
        self.may_be(&element, &[iterable]);
        self.hold(&element, &[iterable]);
        self.may_be_kept(&element, iterable, false);
        element
    }

    /// Binds loop targets to parts of an unknown element.
    fn assign_unknown(&mut self, target: &Target, val: &Val) -> Res<()> {
        match target {
            Target::Sequence(targets, span) => {
                for (index, target) in targets.iter().enumerate() {
                    let part = self.part_of(val, &format!("[{index}]"), *span);
                    self.assign_unknown(target, &part)?;
                }
                Ok(())
            }
            Target::Star(target, _) => self.assign_unknown(target, val),
            target => self.assign(target, val.clone()),
        }
    }

    /// A loop that runs an unknown number of turns: its body is evaluated once, for any turn.
    pub(super) fn pattern_loop(
        &mut self,
        cond: &Arc<super::Hole>,
        body: &[Stmt],
        mut turn: impl FnMut(&mut Self) -> Flow,
    ) -> Flow {
        self.rehearse(cond, &mut turn);
        let carried = self.carried(body);
        self.patterns.push(Arc::clone(cond));
        let flow = self.both(
            cond,
            &mut |this| {
                let flow = turn(this);
                this.each_end(flow, &mut |this, end| {
                    this.forget_carried(&carried, cond);
                    match end {
                        // A turn that breaks off leaves out the `else` of the loop.
                        Flow::Continue => Flow::Normal,
                        end => end,
                    }
                })
            },
            &mut |_| Flow::Normal,
        );
        self.patterns.pop();
        flow
    }
}
