//! What the turns of a loop leave for each other, where nobody knows how many there are.
//!
//! The body of such a loop is evaluated once and stands for all its turns, so it must not start from the state before
//! the first one: a counter may have any value by then. It is gone through for nothing first, and what it changes is
//! open when it is evaluated in earnest.

use std::sync::Arc;

use super::Hole;
use super::branch::Flow;
use super::heap::Delta;
use super::interp::{Frame, Interp};
use super::library::airflow::World;
use super::object::Object;

/// How often a body is gone through: what hangs on what has changed shows the second time.
const TIMES: u32 = 2;

/// What an evaluation changes besides objects.
struct Outside {
    airflow: World,
    frame: Option<Frame>,
    handling: usize,
    escaped: usize,
    wrapped: usize,
    modules: usize,
    module_paths: usize,
    globals_of_world: usize,
    star_imports: usize,
    broken: usize,
    classes: usize,
    guards: usize,
    unfinished: usize,
}

impl Interp<'_> {
    /// Leaves open what a turn finds changed by those before it. Loops within a loop have their turn when that is
    /// evaluated in earnest.
    pub(crate) fn rehearse(&mut self, cond: &Arc<Hole>, turn: &mut dyn FnMut(&mut Self) -> Flow) {
        if self.rehearsals > 0 {
            return;
        }
        for _ in 0..TIMES {
            let changed = self.try_turn(cond, turn);
            let is_news = changed.iter().any(|(id, object)| match (object, self.heap.get(*id)) {
                (Object::Scope(now), Object::Scope(before)) => before
                    .iter()
                    .any(|(name, val)| !now.get(name).is_some_and(|now| self.same(now, val, 0))),
                _ => true,
            });
            if self.stopped || changed.is_empty() {
                return;
            }
            self.merge(cond, Delta::default(), changed);
            if !is_news {
                return;
            }
        }
    }

    /// What a turn changes, undone.
    fn try_turn(&mut self, cond: &Arc<Hole>, turn: &mut dyn FnMut(&mut Self) -> Flow) -> Delta {
        let outside = self.beside_the_heap();
        self.rehearsals += 1;
        self.reopen_tries(1);
        self.heap.begin();
        self.conditions.push(Arc::clone(cond));
        self.patterns.push(Arc::clone(cond));
        let flow = turn(self);
        // Wherever it is left, another turn of an outer loop may follow.
        self.each_end(flow, &mut |_, end| match end {
            Flow::Stop => end,
            _ => Flow::Normal,
        });
        self.patterns.pop();
        self.conditions.pop();
        let mut changed = self.heap.rollback();
        self.rehearsals -= 1;
        self.go_back_to(outside);
        changed.retain(|id, object| match object {
            // What it makes is made in earnest later.
            Object::Dag(dag) => match self.heap.get(*id) {
                Object::Dag(before) if !dag.attrs.is_empty() => {
                    (dag.tasks, dag.groups) = (before.tasks.clone(), before.groups.clone());
                    true
                }
                _ => false,
            },
            Object::Group(group) => match self.heap.get(*id) {
                Object::Group(before) if !group.attrs.is_empty() => {
                    group.children.clone_from(&before.children);
                    true
                }
                _ => false,
            },
            Object::Task(task) => match self.heap.get(*id) {
                Object::Task(before) => {
                    task.upstream.clone_from(&before.upstream);
                    task.conditions.clone_from(&before.conditions);
                    true
                }
                _ => false,
            },
            _ => true,
        });
        changed
    }

    fn beside_the_heap(&self) -> Outside {
        Outside {
            airflow: self.airflow.clone(),
            frame: self.frames.last().cloned(),
            handling: self.handling.len(),
            escaped: self.escaped.len(),
            wrapped: self.wrapped.len(),
            modules: self.modules.len(),
            module_paths: self.module_paths.len(),
            globals_of_world: self.globals_of_world.len(),
            star_imports: self.star_imports.len(),
            broken: self.broken.len(),
            classes: self.classes.len(),
            guards: self.guards.len(),
            unfinished: self.unfinished.len(),
        }
    }

    fn go_back_to(&mut self, outside: Outside) {
        self.airflow = outside.airflow;
        if let (Some(frame), Some(before)) = (self.frames.last_mut(), outside.frame) {
            *frame = before;
        }
        self.handling.truncate(outside.handling);
        self.escaped.truncate(outside.escaped);
        self.wrapped.truncate(outside.wrapped);
        self.modules.truncate(outside.modules);
        self.module_paths.truncate(outside.module_paths);
        self.globals_of_world.truncate(outside.globals_of_world);
        self.star_imports.truncate(outside.star_imports);
        self.broken.truncate(outside.broken);
        self.classes.truncate(outside.classes);
        self.guards.truncate(outside.guards);
        if !self.stopped {
            self.unfinished.truncate(outside.unfinished);
        }
    }
}
