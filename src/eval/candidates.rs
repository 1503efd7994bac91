//! Changes through a value of which it is not known which object it is.
//!
//! `chosen = a if unknown else b` is a hole, and so is `table[unknown]`; what `chosen.append(x)` changes
//! is one of known objects all the same. Those are remembered with the hole, and none of them is certain
//! any more after the change.

use std::sync::Arc;

use super::interp::{Interp, Res};
use super::object::{Data, Object, Val};
use crate::diag::{Code, Diagnostic};
use crate::python::Span;
use crate::python::ast::Name;

/// Objects that one hole is remembered to stand for.
const REMEMBERED: usize = 256;

/// Methods that change what they are called on.
const CHANGING: &[&str] = &[
    "add",
    "append",
    "appendleft",
    "clear",
    "difference_update",
    "discard",
    "extend",
    "extendleft",
    "insert",
    "intersection_update",
    "move_to_end",
    "pop",
    "popitem",
    "popleft",
    "remove",
    "reverse",
    "rotate",
    "setdefault",
    "sort",
    "symmetric_difference_update",
    "update",
    "__delitem__",
    "__setitem__",
    "__setattr__",
];

impl Interp<'_> {
    /// Remembers that an unknown value is one of these, or one of what these may be.
    pub(crate) fn may_be(&mut self, val: &Val, choices: &[&Val]) {
        let Some(hole) = val.hole() else { return };
        let mut found: Vec<Val> = Vec::new();
        for choice in choices {
            match &choice.data {
                Data::Unknown(other) => {
                    if let Some((_, known)) = self.candidates.get(&Arc::as_ptr(other).addr()) {
                        found.extend(known.iter().cloned());
                    }
                }
                Data::Obj(id) if self.can_change(self.heap.get(*id)) || self.heap.is_tied(*id) => {
                    found.push((*choice).clone())
                }
                Data::Tuple(_) => found.push((*choice).clone()),
                _ => {}
            }
        }
        found.truncate(REMEMBERED);
        if !found.is_empty() {
            self.candidates.insert(Arc::as_ptr(hole).addr(), (Arc::clone(hole), found));
        }
    }

    fn can_change(&self, object: &Object) -> bool {
        matches!(
            object,
            Object::List(_)
                | Object::Dict(..)
                | Object::Set(..)
                | Object::Model(..)
                | Object::Record(..)
                | Object::Instance(_)
                | Object::Task(_)
                | Object::Iterator(..)
                | Object::Lazy(_)
        )
    }

    /// Something unknown is gone over: if it is one of known iterators, nobody knows where that stands.
    pub(crate) fn use_candidates(&mut self, val: &Val, span: Span) {
        for candidate in self.candidates_of(val) {
            if let Some(id) = candidate.as_obj()
                && matches!(self.heap.get(id), Object::Iterator(..) | Object::Lazy(_))
            {
                let unknown = self.derived_safely(&[val], span);
                self.poison_with(id, &unknown, span);
            }
        }
    }

    pub(crate) fn candidates_of(&self, val: &Val) -> Vec<Val> {
        let unknown = self.unknown(val);
        let hole = unknown.as_ref().and_then(Val::hole);
        hole.and_then(|hole| self.candidates.get(&Arc::as_ptr(hole).addr()))
            .map(|(_, known)| known.clone())
            .unwrap_or_default()
    }

    /// Whether an unknown value is one of known objects.
    pub(crate) fn has_candidates(&self, val: &Val) -> bool {
        !self.candidates_of(val).is_empty()
    }

    /// Something unknown was changed in place: so was one of the objects it may be.
    pub(crate) fn change_candidates(&mut self, val: &Val, by: &[&Val], span: Span) {
        let mut candidates = self.candidates_of(val);
        if val.as_obj().is_some_and(|id| self.heap.get(id).is_poisoned() && self.heap.is_tied(id)) {
            candidates.push(val.clone());
        }
        for candidate in candidates {
            let mut reached = Vec::new();
            self.containers_in(&candidate, &mut reached);
            // What is no longer known may still be tied to others, which change with it.
            if let Some(id) = candidate.as_obj()
                && matches!(
                    self.heap.get(id),
                    Object::Model(..)
                        | Object::Record(..)
                        | Object::Instance(_)
                        | Object::Poisoned(_)
                )
            {
                reached.push(id);
            }
            if let Some(Object::Task(_)) = candidate.as_obj().map(|id| self.heap.get(id)) {
                self.tell_changed(&candidate, span);
            }
            let mut from = vec![val];
            from.extend(by);
            let unknown = self.derived(&from, span);
            for id in reached {
                self.poison_with(id, &unknown, span);
            }
        }
    }

    /// An attribute whose name is not known was set or deleted.
    pub(crate) fn change_somewhere(&mut self, val: &Val, by: &[&Val], span: Span) {
        self.change_candidates(val, by, span);
        let Some(id) = val.as_obj() else { return };
        let unknown = self.derived(by, span);
        match self.heap.get(id) {
            Object::Class(_, attrs) => {
                // Its methods and the shape of its instances stay what they are.
                let names: Vec<Name> = attrs
                    .iter()
                    .filter(|(_, val)| val.as_obj().is_none())
                    .map(|(name, _)| name.clone())
                    .collect();
                for name in names {
                    self.set_raw(val, &name, unknown.clone());
                }
            }
            Object::Instance(_) | Object::Record(..) | Object::Model(..) => {
                self.poison_with(id, &unknown, span);
            }
            Object::Task(_) | Object::Dag(_) => self.tell_changed(val, span),
            _ => {}
        }
    }

    fn tell_changed(&mut self, val: &Val, span: Span) {
        let text = self.short_repr(val);
        let message = format!("an attribute of {text} changes, and it is not known which");
        self.tell(Diagnostic::new(Code::UnresolvedValue, span, message));
    }

    /// A method was called on something unknown.
    pub(crate) fn call_on_candidates(&mut self, function: &Val, name: &str, span: Span) {
        let method = name.rsplit('.').next().unwrap_or(name);
        if CHANGING.contains(&method) {
            self.change_candidates(function, &[], span);
        }
    }

    /// An attribute of something unknown was set: one of what it may be has it, the others what they
    /// had.
    pub(crate) fn set_candidates(
        &mut self,
        val: &Val,
        name: &Name,
        to: &Val,
        span: Span,
    ) -> Res<()> {
        for candidate in self.candidates_of(val) {
            let unknown = self.derived(&[val, to], span);
            if candidate.as_obj().is_some() {
                self.set_attribute(&candidate, name, unknown, span)?;
            }
        }
        Ok(())
    }
}
