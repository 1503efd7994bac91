//! What may have been raised inside an open `try`, and what had happened by then.
//!
//! Much of what is done with an unknown value may raise, and nobody can know whether it does. The innermost open
//! `try` is told each time, and remembers what its body had changed up to that point: the handler, which may or may
//! not run, starts from one of these states.

use std::sync::Arc;

use crate::eval::heap::Delta;
use crate::eval::interp::Interp;
use crate::eval::object::Val;
use crate::eval::{Hole, HoleKind};
use crate::python::Span;
use crate::python::ast::{Expr, ExprKind, Handler};

/// States that are told apart. Beyond them the handler starts from what all of them and the end of the body leave open.
const POINTS: usize = 12;

/// An open `try`, or a `with` that may swallow.
#[derive(Debug)]
pub(crate) struct Guard {
    /// The journal that its body is written to; `None` when there is none.
    journal: Option<usize>,
    doubt: Option<Doubt>,
}

impl Guard {
    /// Takes out what may have been raised so far.
    pub(crate) fn take_doubt(&mut self) -> Option<Doubt> {
        self.doubt.take()
    }

    /// What decides whether something has been raised in the body.
    pub(crate) fn raised(&self) -> Option<&Arc<Hole>> {
        self.doubt.as_ref().map(|doubt| &doubt.cond)
    }
}

/// What may have been raised inside a `try`.
#[derive(Debug)]
pub(crate) struct Doubt {
    /// What decides whether something was.
    pub(crate) cond: Arc<Hole>,
    /// Whether it may be any exception. Else an operation on an unknown value failed, which is no trouble with
    /// imports or files.
    is_any: bool,
    /// What the body had changed where something may have been raised, in order.
    points: Vec<Delta>,
    /// Whether there were more such points.
    is_cut: bool,
    /// The version of the heap at the last point.
    version: u64,
}

/// Exceptions that no operation on a value raises.
const OF_THE_WORLD: [&str; 12] = [
    "ImportError",
    "ModuleNotFoundError",
    "OSError",
    "IOError",
    "EnvironmentError",
    "FileNotFoundError",
    "FileExistsError",
    "PermissionError",
    "ConnectionError",
    "TimeoutError",
    "KeyboardInterrupt",
    "SystemExit",
];

impl Doubt {
    /// What the end of the body counts for among the states that a handler may start from.
    pub(crate) fn end_of(&self, delta: &Delta) -> Delta {
        if self.is_cut { delta.clone() } else { Delta::default() }
    }

    /// Whether a handler may be the one that runs.
    pub(crate) fn may_reach(&self, handler: &Handler) -> bool {
        let of_the_world = |kind: &Expr| match &kind.kind {
            ExprKind::Name(name) => OF_THE_WORLD.contains(&name.as_ref()),
            _ => false,
        };
        self.is_any
            || !handler.kind.as_ref().is_some_and(|kind| match &kind.kind {
                ExprKind::Tuple(kinds) => kinds.iter().all(of_the_world),
                _ => of_the_world(kind),
            })
    }
}

/// Whether handlers take whatever is raised.
pub(super) fn take_all(handlers: &[&Handler]) -> bool {
    let takes_all = |kind: &Expr| match &kind.kind {
        ExprKind::Name(name) => matches!(name.as_ref(), "Exception" | "BaseException"),
        _ => false,
    };
    handlers.iter().any(|handler| match &handler.kind {
        None => true,
        Some(kind) => match &kind.kind {
            ExprKind::Tuple(kinds) => kinds.iter().any(takes_all),
            _ => takes_all(kind),
        },
    })
}

impl Interp<'_> {
    /// What follows may raise without anybody knowing; [`Self::close_try`] says whether it did. The next journal is
    /// the one of its body.
    pub(crate) fn open_try(&mut self) {
        let journal = Some(self.heap.journals());
        self.guards.push(Guard { journal, doubt: None });
        if let Some(frame) = self.frames.last_mut() {
            frame.tries += 1;
        }
    }

    /// The same for a body that has no journal.
    pub(crate) fn open_loose_try(&mut self) {
        self.open_try();
        if let Some(guard) = self.guards.last_mut() {
            guard.journal = None;
        }
    }

    /// Opens the tries again that a suspended generator is in.
    pub(crate) fn reopen_tries(&mut self, count: usize) {
        self.guards.extend((0..count).map(|_| Guard { journal: None, doubt: None }));
    }

    /// What may have been raised since [`Self::open_try`]; `None` when nothing may have been.
    pub(crate) fn close_try(&mut self) -> Option<Doubt> {
        if let Some(frame) = self.frames.last_mut() {
            frame.tries = frame.tries.saturating_sub(1);
        }
        self.guards.pop().and_then(|guard| guard.doubt)
    }

    /// Tells the innermost open `try` that something in its body may raise whatever there is.
    pub(crate) fn may_raise(&mut self, by: &Val, span: Span) {
        if !self.guards.is_empty() {
            let cond = self.guard_condition(by, span);
            self.raises_if(&cond, true, Delta::default());
        }
    }

    /// Tells it that an operation on a value may fail.
    pub(crate) fn may_fail(&mut self, by: &Val, span: Span) {
        if !self.guards.is_empty() {
            let cond = self.guard_condition(by, span);
            self.raises_if(&cond, false, Delta::default());
        }
    }

    /// Tells it that what is asked of the machine may fail: a file that is not there, a right that is missing.
    pub(crate) fn may_be_refused(&mut self, what: &str, span: Span) {
        if !self.guards.is_empty() {
            let by = self.hole(HoleKind::Call, what, span);
            self.may_raise(&by, span);
        }
    }

    /// The condition that the innermost `try` goes by: the first one that was met.
    fn guard_condition(&mut self, by: &Val, span: Span) -> Arc<Hole> {
        match self.guards.last().and_then(|guard| guard.doubt.as_ref()) {
            Some(doubt) => Arc::clone(&doubt.cond),
            None => self.condition_at(span, by),
        }
    }

    /// Tells the innermost open `try` that something is raised under a condition, after `more` was changed.
    pub(crate) fn raises_if(&mut self, cond: &Arc<Hole>, is_any: bool, more: Delta) {
        let version = self.heap.version();
        let Some(guard) = self.guards.last_mut() else { return };
        let doubt = guard.doubt.get_or_insert_with(|| Doubt {
            cond: Arc::clone(cond),
            is_any,
            points: Vec::new(),
            is_cut: false,
            version,
        });
        doubt.is_any |= is_any;
        let is_news = doubt.points.is_empty() || doubt.version != version || !more.is_empty();
        doubt.version = version;
        let Some(journal) = guard.journal else { return };
        if !is_news {
            return;
        }
        if doubt.points.len() == POINTS {
            doubt.is_cut = true;
            return;
        }
        let mut point = self.heap.changed_since(journal);
        point.extend(more);
        doubt.points.push(point);
    }

    /// Does something whose doubts are not told where they are not meant.
    pub(crate) fn with_doubt<T>(&mut self, is_meant: bool, run: impl FnOnce(&mut Self) -> T) -> T {
        if is_meant || self.guards.is_empty() {
            return run(self);
        }
        let height = self.guards.len();
        self.reopen_tries(1);
        let made = run(self);
        self.guards.truncate(height);
        made
    }

    /// Goes to the state in which a body was left by what it may have raised; `end` is what it changed to its end.
    pub(crate) fn enter_raised(&mut self, doubt: &mut Doubt, end: Delta) {
        let mut points = std::mem::take(&mut doubt.points).into_iter();
        let Some(mut state) = points.next() else { return };
        let rest: Vec<Delta> = points.chain(doubt.is_cut.then_some(end)).collect();
        for other in rest {
            self.heap.begin();
            self.merge(&doubt.cond, state, other);
            state = self.heap.rollback();
        }
        self.heap.apply(state);
    }
}
