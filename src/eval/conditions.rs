//! The conditions under which tasks and DAGs are made.
//!
//! A condition is told from others by its identity: the same words may be asked twice, with two answers.
//! There can be thousands around a task, one for each `if` in which a loop may have ended before it.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::Hole;
use super::interp::Interp;

/// What a condition of a task counts for, in steps: it stands in the job spec.
const CONDITION: usize = 10;

/// Some conditions, to be looked for.
#[derive(Debug)]
pub(crate) struct Conditions(FxHashSet<*const Hole>);

impl Conditions {
    /// Those of a list.
    pub(crate) fn of(list: &[Arc<Hole>]) -> Self {
        Self(list.iter().map(Arc::as_ptr).collect())
    }

    /// Whether it is one of them.
    pub(crate) fn has(&self, condition: &Arc<Hole>) -> bool {
        self.0.contains(&Arc::as_ptr(condition))
    }

    /// Adds one; whether it is new.
    fn add(&mut self, condition: &Arc<Hole>) -> bool {
        self.0.insert(Arc::as_ptr(condition))
    }
}

/// The conditions of what is made on both sides of a branch: it does not matter which is taken. Where the sides ask
/// different things besides, it does.
pub(crate) fn without_branch(
    merged: &mut Vec<Arc<Hole>>,
    cond: &Arc<Hole>,
    a: &[Arc<Hole>],
    b: &[Arc<Hole>],
) {
    let other = Conditions::of(b);
    if a.len() == b.len() && a.iter().all(|own| other.has(own)) {
        merged.retain(|own| !Arc::ptr_eq(own, cond));
    }
}

impl Interp<'_> {
    /// Conditions under which what is made now exists.
    pub(crate) fn current_conditions(&self) -> Vec<Arc<Hole>> {
        let loops = Conditions::of(&self.patterns);
        let mut known = Conditions::of(&[]);
        let conditions: Vec<Arc<Hole>> = self
            .conditions
            .iter()
            // In the body of a `try`, that nothing was raised before.
            .chain(self.guards.iter().filter_map(|guard| guard.raised()))
            .filter(|condition| !loops.has(condition) && known.add(condition))
            .cloned()
            .collect();
        self.work(conditions.len() * CONDITION);
        conditions
    }
}
