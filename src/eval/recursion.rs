//! Functions that call themselves, directly or through others, it is not known how often.

use std::rc::Rc;
use std::sync::Arc;

use super::branch::Flow;
use super::call::Args;
use super::interp::{Interp, Raised, Res};
use super::object::{FunctionObject, Map, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;

/// Functions that are run for any number of their calls at a time, each within the one before.
const MOST: usize = 32;

impl Interp<'_> {
    /// Whether a function calls itself under a condition that became undecided since: nothing would
    /// ever end such a recursion, since both sides of every condition are followed.
    pub(super) fn repeats_undecided(&self, function: &Rc<FunctionObject>) -> bool {
        let undecided = self.undecided();
        self.frames.iter().any(|frame| {
            frame.undecided < undecided
                && frame
                    .function
                    .as_ref()
                    .is_some_and(|other| std::sync::Arc::ptr_eq(&other.def, &function.def))
        })
    }

    /// A call that stands for any number of calls, as the body of a loop over something unknown stands for all its turns:
    /// the function runs once, with arguments that are those of any of them. What it changes is not certain
    /// afterwards, and the tasks it makes are patterns. Its result is unknown.
    pub(super) fn call_any_number(
        &mut self,
        function: &Rc<FunctionObject>,
        args: Args,
        this: Option<Val>,
        unknown: Val,
        span: Span,
    ) -> Res {
        let is_running = self.recursions.iter().any(|def| Arc::ptr_eq(def, &function.def));
        // A generator runs where its values are asked for, any number of times as well.
        let Some(hole) = unknown.hole().filter(|_| !is_running) else { return Ok(unknown) };
        if self.recursions.len() >= MOST {
            self.leave_unfinished(span);
            return Ok(unknown);
        }
        let hole = Arc::clone(hole);
        let this = this.or_else(|| args.pos.first().cloned());
        let mut names = self.bind_parameters(function, args, span)?;
        self.make_any(function, &mut names);
        self.recursions.push(Arc::clone(&function.def));
        let flow = self.pattern_loop(&hole, &[], |inner: &mut Self| {
            let frame = inner.frame_of(function, names.clone(), this.clone(), span);
            let flow = inner.run_body(function, frame, span);
            inner.each_end(flow, &mut |_, end| match end {
                Flow::Return(_) => Flow::Normal,
                end => end,
            })
        });
        self.recursions.pop();
        match flow {
            Flow::Raise(val) => Err(Raised::Exception(val)),
            Flow::Stop => Err(Raised::Stop),
            _ => Ok(unknown),
        }
    }

    /// Arguments that are not the same in each call are unknown.
    fn make_any(&mut self, function: &FunctionObject, names: &mut Map<Name, Val>) {
        let is_call = |other: &&super::interp::Frame| {
            other.function.as_ref().is_some_and(|other| Arc::ptr_eq(&other.def, &function.def))
        };
        let scope = self.frames.iter().rev().find(is_call).map(|frame| frame.scope);
        let outer = match scope.map(|scope| self.heap.get(scope)) {
            Some(Object::Scope(names)) => names.clone(),
            _ => Map::default(),
        };
        for (name, val) in names {
            if outer.get(name).is_some_and(|other| self.same(other, val, 0)) {
                continue;
            }
            let any = self.derived(&[val], val.span);
            self.may_be(&any, &[val]);
            *val = any;
        }
    }
}
