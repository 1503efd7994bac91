//! Generator expressions.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Lazy, Next};
use crate::eval::interp::{Frame, Interp, Res};
use crate::eval::object::{Map, ObjId, Object, Val};
use crate::python::Span;
use crate::python::ast::GeneratorExpr;

/// Where a generator expression is.
#[derive(Debug, Clone)]
pub(crate) struct ExpressionState {
    expr: Arc<GeneratorExpr>,
    /// The frame of its own.
    frame: Frame,
    /// The scope around it, for `:=`.
    outer: ObjId,
    /// The iterator of its first clause.
    pub(super) source: Val,
    /// Elements made by the turn of the first clause that is under way.
    pub(super) ready: Vec<Val>,
}

impl Interp<'_> {
    /// A generator expression: its first iterable is evaluated at once, the rest when asked for.
    pub(crate) fn generator_expression(&mut self, expr: &Arc<GeneratorExpr>, span: Span) -> Res {
        let Some(first) = expr.clauses.first() else { return Ok(Val::none(span)) };
        let iterable = self.eval(&first.iterable)?;
        let Some(source) = self.iter_of(&iterable, first.iterable.span)? else {
            // Evaluated once for any element, so that what it makes is found.
            let Some(outer) = self.frame().cloned() else { return Ok(Val::none(span)) };
            let frame = self.comprehension_frame(&outer);
            self.frames.push(frame);
            let result = self.unknown_turn(expr, &iterable);
            self.frames.pop();
            result?;
            return Ok(self.derived(&[&iterable], first.iterable.span));
        };
        let Some(outer) = self.frame().cloned() else { return Ok(Val::none(span)) };
        let frame = self.comprehension_frame(&outer);
        let state = ExpressionState {
            expr: Arc::clone(expr),
            frame,
            outer: outer.scope,
            source,
            ready: Vec::new(),
        };
        Ok(self.lazy(Lazy::Expression(Box::new(state)), span))
    }

    /// A frame with a scope of its own inside another.
    pub(crate) fn comprehension_frame(&mut self, outer: &Frame) -> Frame {
        let scope = self.heap.add(Object::Scope(Map::default()));
        let mut closure = outer.closure.to_vec();
        // The names of a class body are not visible inside.
        if !outer.is_class && outer.scope != outer.globals {
            closure.insert(0, outer.scope);
        }
        let mut inner = outer.clone();
        inner.scope = scope;
        inner.closure = closure.into();
        inner.is_class = false;
        inner.function = None;
        inner.nonlocal_names = BTreeSet::new();
        inner.yields = Vec::new();
        inner.doubt = None;
        inner
    }

    pub(super) fn next_of_expression(
        &mut self,
        state: &mut ExpressionState,
        span: Span,
    ) -> Res<Next> {
        loop {
            if !state.ready.is_empty() {
                return Ok(Next::Item(state.ready.remove(0)));
            }
            self.step(span)?;
            match self.turn_of_expression(state, span)? {
                Turn::Known => {}
                Turn::Last(next) => return Ok(next),
                Turn::Doubtful(unknown) => {
                    self.rest_of_expression(state, &unknown, span)?;
                    // Whatever it made may be among what it gives.
                    let ready = std::mem::take(&mut state.ready);
                    self.hold_parts(&unknown, &Object::List(ready));
                    return Ok(Next::Open(unknown));
                }
            }
        }
    }

    fn turn_of_expression(&mut self, state: &mut ExpressionState, span: Span) -> Res<Turn> {
        let source = state.source.clone();
        let next = self.next_item(&source, span)?;
        if matches!(next, Next::End(_)) {
            return Ok(Turn::Last(next));
        }
        let mut frame = state.frame.clone();
        frame.undecided = self.undecided();
        self.frames.push(frame);
        let turn = match next {
            Next::Item(item) => {
                self.expression_turn(&state.expr, item, &mut state.ready).map(|made| match made {
                    Some(unknown) => Turn::Doubtful(unknown),
                    None => Turn::Known,
                })
            }
            Next::Open(unknown) => self
                .unknown_turn(&state.expr, &unknown)
                .map(|()| Turn::Last(Next::Open(self.derived(&[&unknown], span)))),
            end @ Next::End(_) => Ok(Turn::Last(end)),
        };
        self.frames.pop();
        self.lift_walrus(state.frame.scope, state.outer, &state.expr.clauses);
        turn
    }

    /// Nobody knows what an expression gives from here on. Whoever goes over it may ask for more all the same, so what
    /// its other turns do may happen.
    fn rest_of_expression(
        &mut self,
        state: &mut ExpressionState,
        unknown: &Val,
        span: Span,
    ) -> Res<()> {
        let cond = self.condition_at(span, unknown);
        self.perhaps(&cond, span, &mut |this| {
            for _ in 0..MOST_IN_DOUBT {
                this.step(span)?;
                if let Turn::Last(_) = this.turn_of_expression(state, span)? {
                    return Ok(());
                }
            }
            let mut frame = state.frame.clone();
            frame.undecided = this.undecided();
            this.frames.push(frame);
            let result = this.unknown_turn(&state.expr, unknown);
            this.frames.pop();
            result
        })
    }
}

/// How a turn of a generator expression went.
enum Turn {
    /// Its elements are ready.
    Known,
    /// It is not known which elements it gives.
    Doubtful(Val),
    /// There are no others.
    Last(Next),
}

/// Turns that are evaluated one by one after it is no longer known which count. Those after them are evaluated once
/// for all.
const MOST_IN_DOUBT: usize = 1000;
