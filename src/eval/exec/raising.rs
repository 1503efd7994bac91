//! `raise`, `try` and its handlers.

use super::guard::{Doubt, take_all};
use crate::eval::HoleKind;
use crate::eval::branch::Flow;
use crate::eval::heap::Delta;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Map, Object, Val};
use crate::python::Span;
use crate::python::ast::{Expr, Handler, Name, Try};
use std::sync::Arc;

impl Interp<'_> {
    pub(super) fn exec_raise(&mut self, exception: Option<&Expr>, span: Span) -> Flow {
        let Some(exception) = exception else {
            let current = self.handling.last().cloned();
            return match current {
                Some(val) => Flow::Raise(val),
                None => {
                    self.exception("RuntimeError", "No active exception to reraise", span).into()
                }
            };
        };
        let val = attempt!(self.eval(exception));
        let is_class = match &val.data {
            Data::Symbol(_) => true,
            Data::Obj(id) => matches!(self.heap.get(*id), Object::Class(..)),
            _ => false,
        };
        let val = match is_class {
            true => attempt!(self.call(&val, crate::eval::call::Args::default(), span)),
            false => val,
        };
        let context = self.handling.last().cloned().unwrap_or_else(|| Val::none(span));
        if context.as_obj() != val.as_obj() {
            self.set_raw(&val, &Name::from("__context__"), context);
        }
        Flow::Raise(val.at(span))
    }

    /// The exception of an `assert`.
    pub(super) fn fail_assertion(&mut self, message: Option<&Expr>, span: Span) -> Flow {
        let given = match message {
            Some(message) => vec![attempt!(self.eval(message))],
            None => Vec::new(),
        };
        let class = Val::symbol("builtins.AssertionError", span);
        let args = crate::eval::call::Args::positional(given);
        Flow::Raise(self.make_exception(class, &args, span))
    }

    pub(super) fn exec_try(&mut self, parts: &Try) -> Flow {
        let guarded = !parts.handlers.is_empty();
        if guarded {
            self.open_try();
        }
        // Whether something in the body may raise shows only afterwards; a handler then starts from the
        // states in which that was.
        self.heap.begin();
        let flow = self.exec_block(&parts.body);
        let delta = self.heap.rollback();
        let maybe = if guarded { self.close_try() } else { None };
        self.finish_try(parts, flow, delta, maybe)
    }

    /// What follows the body of a `try`, which left `delta` behind; `maybe` is what may have been raised in it.
    pub(crate) fn finish_try(
        &mut self,
        parts: &Try,
        flow: Flow,
        delta: Delta,
        maybe: Option<Doubt>,
    ) -> Flow {
        let flow = match maybe {
            Some(mut doubt) => {
                let cond = Arc::clone(&doubt.cond);
                let end = doubt.end_of(&delta);
                let mut body = Some((flow, delta));
                let handlers: Vec<&Handler> =
                    parts.handlers.iter().filter(|handler| doubt.may_reach(handler)).collect();
                self.both(
                    &cond,
                    &mut |this| {
                        let (flow, delta) = body.take().unwrap_or((Flow::Normal, Map::default()));
                        this.heap.apply(delta);
                        this.after_body(flow, parts)
                    },
                    &mut |this| {
                        this.enter_raised(&mut doubt, end.clone());
                        this.any_handler(&cond, &handlers)
                    },
                )
            }
            None => {
                self.heap.apply(delta);
                self.after_body(flow, parts)
            }
        };
        self.run_finally(parts, flow)
    }

    /// The `finally` of a `try`, for each of its ends.
    pub(crate) fn run_finally(&mut self, parts: &Try, flow: Flow) -> Flow {
        if parts.finalbody.is_empty() {
            return flow;
        }
        self.each_end(flow, &mut |this, end| {
            if matches!(end, Flow::Stop) {
                return end;
            }
            match this.exec_block(&parts.finalbody) {
                Flow::Normal => end,
                other => other,
            }
        })
    }

    /// What follows the body of a `try`: a handler where it raised, `else` where it did not.
    pub(super) fn after_body(&mut self, flow: Flow, parts: &Try) -> Flow {
        self.each_end(flow, &mut |this, end| match end {
            Flow::Raise(val) if parts.is_star => this.handle_group(&val, &parts.handlers),
            Flow::Raise(val) => this.handle(&val, &parts.handlers),
            Flow::Normal => this.exec_block(&parts.orelse),
            end => end,
        })
    }

    /// `except*`: each handler takes its part of a group of exceptions; what nobody takes goes on.
    pub(super) fn handle_group(&mut self, val: &Val, handlers: &[Handler]) -> Flow {
        let group = self.exception_is(val, "builtins.BaseExceptionGroup");
        let mut rest = match self.find_attribute(val, "exceptions", val.span) {
            Ok(Some(parts)) if group => {
                attempt!(self.iterate(&parts, val.span)).unwrap_or_default()
            }
            _ => vec![val.clone()],
        };
        let message = match self.find_attribute(val, "message", val.span) {
            Ok(Some(message)) if group => message,
            _ => Val::str("", val.span),
        };
        for handler in handlers {
            let Some(kind) = &handler.kind else { continue };
            let kind = attempt!(self.eval(kind));
            let (taken, left) =
                rest.into_iter().partition(|part| self.exception_matches(part, &kind));
            let taken: Vec<Val> = taken;
            rest = left;
            if taken.is_empty() {
                continue;
            }
            let part = self.exception_group(message.clone(), taken, val.span);
            self.begin_handler(handler, &part);
            let flow = self.exec_block(&handler.body);
            match self.end_handler(handler, flow) {
                Flow::Normal => {}
                flow => return flow,
            }
        }
        match rest.as_slice() {
            [] => Flow::Normal,
            _ if group => Flow::Raise(self.exception_group(message, rest, val.span)),
            _ => Flow::Raise(val.clone()),
        }
    }

    pub(super) fn exception_group(&mut self, message: Val, parts: Vec<Val>, span: Span) -> Val {
        let class = Val::symbol("builtins.ExceptionGroup", span);
        let parts = self.list(parts, span);
        let args = crate::eval::call::Args::positional(vec![message, parts]);
        self.make_exception(class, &args, span)
    }

    /// One of the handlers runs, and nobody knows which, or none of them where none takes all.
    pub(super) fn any_handler(
        &mut self,
        cond: &Arc<crate::eval::Hole>,
        handlers: &[&Handler],
    ) -> Flow {
        let Some((handler, rest)) = handlers.split_first() else {
            return Flow::Raise(self.hole(HoleKind::Call, "exception", cond.span));
        };
        let mut run = |this: &mut Self| {
            let val = this.hole(HoleKind::Call, "exception", handler.span);
            this.begin_handler(handler, &val);
            let flow = this.exec_block(&handler.body);
            this.end_handler(handler, flow)
        };
        if take_all(&[handler]) {
            return run(self);
        }
        // Which of them it is is a question of its own, beside whether anything is raised.
        let which = Arc::new(cond.as_ref().clone());
        self.both(&which, &mut run, &mut |this| this.any_handler(cond, rest))
    }

    pub(super) fn handle(&mut self, val: &Val, handlers: &[Handler]) -> Flow {
        if self.unknown(val).is_some() && !handlers.is_empty() {
            let cond = self.condition_at(val.span, val);
            return self.any_handler(&cond, &handlers.iter().collect::<Vec<_>>());
        }
        self.handle_by(val, handlers)
    }

    /// The first handler that takes an exception that is known. One for a class that is one of several may take it.
    fn handle_by(&mut self, val: &Val, handlers: &[Handler]) -> Flow {
        for (at, handler) in handlers.iter().enumerate() {
            let kind = match &handler.kind {
                None => None,
                Some(kind) => Some(attempt!(self.eval(kind))),
            };
            let takes = |this: &mut Self| {
                this.begin_handler(handler, val);
                let flow = this.exec_block(&handler.body);
                this.end_handler(handler, flow)
            };
            match &kind {
                Some(kind) if !self.exception_matches(val, kind) => {
                    if !self.may_match(kind) {
                        continue;
                    }
                    let cond = self.condition_at(handler.span, kind);
                    let rest = handlers.get(at + 1..).unwrap_or_default();
                    return self.both(&cond, &mut { takes }, &mut |this| this.handle_by(val, rest));
                }
                _ => return takes(self),
            }
        }
        Flow::Raise(val.clone())
    }

    /// Whether what a handler is for is one of several classes, or holds such a one. A class from code podlift cannot see
    /// is hardly one of Python's own.
    fn may_match(&self, kind: &Val) -> bool {
        match &kind.data {
            Data::Tuple(kinds) => kinds.iter().any(|kind| self.may_match(kind)),
            Data::Unknown(hole) => !matches!(hole.kind, HoleKind::Import),
            _ => false,
        }
    }

    /// The first handler that takes an exception. One that nobody knows goes to the first there is.
    pub(crate) fn find_handler(&mut self, val: &Val, handlers: &[Handler]) -> Res<Option<usize>> {
        if self.unknown(val).is_some() && !handlers.is_empty() {
            return Ok(Some(0));
        }
        for (index, handler) in handlers.iter().enumerate() {
            let matched = match &handler.kind {
                None => true,
                Some(kind) => {
                    let kind = self.eval(kind)?;
                    self.exception_matches(val, &kind)
                }
            };
            if matched {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    pub(crate) fn begin_handler(&mut self, handler: &Handler, val: &Val) {
        if let Some(name) = &handler.name {
            self.bind(name, val.clone());
        }
        self.handling.push(val.clone());
    }

    /// A handler ended: the name of its exception is unbound, as in Python.
    pub(crate) fn end_handler(&mut self, handler: &Handler, flow: Flow) -> Flow {
        self.handling.pop();
        let Some(name) = &handler.name else { return flow };
        self.each_end(flow, &mut |this, end| {
            this.unbind(name);
            end
        })
    }

    pub(crate) fn exception_matches(&self, val: &Val, kind: &Val) -> bool {
        match &kind.data {
            Data::Tuple(kinds) => kinds.iter().any(|kind| self.exception_matches(val, kind)),
            Data::Symbol(path) => self.exception_is(val, path),
            // A class from code podlift cannot see may be any exception.
            Data::Unknown(_) => false,
            Data::Obj(id) => match &self.class_of(val).data {
                Data::Obj(class) => {
                    self.heap.resolve(*class) == self.heap.resolve(*id)
                        || self.mro(*class).iter().any(|base| {
                            base.as_obj().map(|base| self.heap.resolve(base))
                                == Some(self.heap.resolve(*id))
                        })
                }
                _ => false,
            },
            _ => false,
        }
    }
}
