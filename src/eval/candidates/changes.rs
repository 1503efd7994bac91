//! Changes through unknown values: what they may be is not certain any more.

use std::sync::Arc;

use super::held::Held;
use super::{HELD_PER_STEP, REMEMBERED, kept};
use crate::diag::{Code, Diagnostic};
use crate::eval::interp::Interp;
use crate::eval::object::{Data, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;

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

/// Iterators over iterators that are opened.
const LAZY_WITHIN: u32 = 4;

impl Interp<'_> {
    /// Something unknown was changed in place: so was one of the objects it may be.
    pub(crate) fn change_candidates(&mut self, val: &Val, by: &[&Val], span: Span) {
        self.change_by(val, by, None, span);
    }

    /// What a value may be, or an element of what it was made of: a slice has the elements of its list.
    pub(super) fn elements_of(&self, val: &Val) -> Vec<Val> {
        let mut found = self.candidates_of(val);
        // An object that is known, though not what it holds, is none of its elements.
        let Data::Unknown(hole) = &val.data else { return found };
        let Some((_, held)) = self.held.get(&Arc::as_ptr(hole).addr()) else { return found };
        let mut open: Vec<(Val, u32)> =
            Held::vals(std::slice::from_ref(held)).into_iter().rev().map(|val| (val, 0)).collect();
        while let Some((val, depth)) = open.pop() {
            if found.len() >= REMEMBERED {
                break;
            }
            let parts = match (&val.data, val.as_obj().map(|id| self.heap.get(id))) {
                (Data::Tuple(items), _) => kept(items.iter()),
                (_, Some(Object::List(items) | Object::Iterator(items, _))) => kept(items),
                (_, Some(Object::Set(items, _))) => kept(items.values()),
                (_, Some(Object::Dict(entries, _))) => kept(entries.values().map(|(_, val)| val)),
                // What it goes over is opened, too.
                (_, Some(Object::Lazy(lazy))) if depth < LAZY_WITHIN => {
                    open.extend(lazy.holds().into_iter().map(|val| (val, depth + 1)));
                    continue;
                }
                _ => vec![val.clone()],
            };
            self.work(parts.len() / HELD_PER_STEP);
            found.extend(parts);
        }
        found
    }

    /// Something unknown was changed in place, by a method if it has a name.
    fn change_by(&mut self, val: &Val, by: &[&Val], method: Option<&str>, span: Span) {
        let mut candidates = self.elements_of(val);
        self.work(candidates.len());
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
            if let Some(method) = method {
                reached.retain(|id| changes_by(self.heap.get(*id), method));
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
            self.change_by(function, &[], Some(method), span);
        }
    }
}

/// Whether an object can be changed by a method of this name.
fn changes_by(object: &Object, method: &str) -> bool {
    match object {
        Object::List(_) => !matches!(
            method,
            "add"
                | "difference_update"
                | "discard"
                | "intersection_update"
                | "move_to_end"
                | "popitem"
                | "setdefault"
                | "symmetric_difference_update"
                | "update"
        ),
        Object::Dict(..) => matches!(
            method,
            "clear"
                | "move_to_end"
                | "pop"
                | "popitem"
                | "setdefault"
                | "update"
                | "__delitem__"
                | "__setitem__"
        ),
        Object::Set(..) => matches!(
            method,
            "add"
                | "clear"
                | "difference_update"
                | "discard"
                | "intersection_update"
                | "pop"
                | "remove"
                | "symmetric_difference_update"
                | "update"
        ),
        Object::Model(..) | Object::Record(..) => method.starts_with("__"),
        Object::Iterator(..) | Object::Lazy(_) => false,
        _ => true,
    }
}
