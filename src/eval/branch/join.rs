//! Joins what two sides changed.

use std::rc::Rc;
use std::sync::Arc;

use crate::eval::Hole;
use crate::eval::heap::Delta;
use crate::eval::interp::Interp;
use crate::eval::object::{Map, ObjId, Object, Val};
use crate::python::ast::Name;

/// Two sides that are being joined.
#[derive(Debug)]
pub(crate) struct Joining {
    cond: Arc<Hole>,
    sides: Rc<[Delta; 2]>,
    /// Objects whose joined state is not written yet.
    left: Map<ObjId, ()>,
    /// How many objects are being joined for the sake of one that refers to them.
    depth: u32,
}

/// A chain of changed objects is followed so far.
const MAX_DEPTH: u32 = 50;

impl Interp<'_> {
    /// Writes the join of two deltas.
    pub(crate) fn merge(&mut self, cond: &Arc<Hole>, first: Delta, second: Delta) {
        self.joined.clear();
        let mut ids: Vec<ObjId> = first.keys().copied().collect();
        ids.extend(second.keys().copied().filter(|id| !first.contains_key(id)));
        // Tasks and DAGs first: joining them forwards one object to another, and whatever refers to
        // the forwarded one is then alike on both sides.
        ids.sort_by_key(|id| !matches!(self.heap.state(&first, *id), Object::Dag(_)));
        let left = ids.iter().map(|id| (*id, ())).collect();
        let joining =
            Joining { cond: Arc::clone(cond), sides: Rc::new([first, second]), left, depth: 0 };
        let outer = self.joining.replace(joining);
        for id in ids {
            self.settle(id);
        }
        self.joining = outer;
    }

    /// Whether two sides are being joined, and an object that one of them changed is not joined yet: what the heap
    /// holds of it is the state before both.
    pub(super) fn is_unjoined(&self, id: ObjId) -> bool {
        self.joining.as_ref().is_some_and(|joining| joining.left.contains_key(&id))
    }

    /// Writes the joined state of an object that one of the sides changed, unless it is written.
    pub(super) fn settle(&mut self, id: ObjId) {
        let Some(joining) = &mut self.joining else { return };
        if joining.depth > MAX_DEPTH || joining.left.swap_remove(&id).is_none() {
            return;
        }
        joining.depth += 1;
        self.write_join(id);
        if let Some(joining) = &mut self.joining {
            joining.depth -= 1;
        }
    }

    fn write_join(&mut self, id: ObjId) {
        let Some(joining) = &self.joining else { return };
        let (cond, sides) = (Arc::clone(&joining.cond), Rc::clone(&joining.sides));
        let [first, second] = sides.as_ref();
        let a = self.heap.state(first, id).clone();
        let b = self.heap.state(second, id).clone();
        if matches!(a, Object::Forward(_)) || matches!(b, Object::Forward(_)) {
            let forward = if matches!(a, Object::Forward(_)) { a } else { b };
            self.heap.apply([(id, forward)].into_iter().collect());
            return;
        }
        // A name that a class body binds on one side only may be found elsewhere: in a base class.
        if let (Object::Scope(a), Object::Scope(b)) = (&a, &b) {
            let one_sided = |names: &Map<Name, Val>, other: &Map<Name, Val>| -> Vec<Name> {
                names.keys().filter(|name| !other.contains_key(*name)).cloned().collect()
            };
            for name in one_sided(a, b).into_iter().chain(one_sided(b, a)) {
                self.maybe_unbound.insert((id, name), Arc::clone(&cond));
            }
        }
        let is_class_body = self.frame().is_some_and(|frame| frame.is_class && frame.scope == id);
        let merged = match (a, b) {
            (Object::Scope(a), Object::Scope(b)) if is_class_body => {
                Object::Scope(self.merge_maps(&cond, a, b, false, 0))
            }
            (a, b) => self.merge_objects(&cond, a, b, 0),
        };
        self.heap.put(id, merged);
    }
}
