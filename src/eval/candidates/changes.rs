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

/// Elements of a collection that are asked whether they can be changed: most collections are of one kind.
const ELEMENTS_ASKED: usize = 8;

/// Elements of an unknown collection that are gone into when one of them changes.
const FEW_ELEMENTS: usize = 16;

/// Iterators over iterators that are opened.
const LAZY_WITHIN: u32 = 4;

impl Interp<'_> {
    /// Remembers what an unknown value may have as elements that can be changed, or may be itself if it is a task.
    pub(super) fn hold_elements(&mut self, made: &Val, from: &[&Val]) {
        let Some(hole) = made.hole() else { return };
        let key = Arc::as_ptr(hole).addr();
        let mut own: Vec<Val> = Vec::new();
        let mut found: Vec<Held> = Vec::new();
        for val in from {
            let by = match &val.data {
                Data::Unknown(hole) => Some(hole),
                Data::Obj(id) => match self.heap.get(*id) {
                    Object::Poisoned(hole) => Some(hole),
                    _ => None,
                },
                _ => None,
            };
            match by {
                Some(hole) => {
                    let known = self.elements.get(&Arc::as_ptr(hole).addr());
                    found.extend(known.map(|(_, held)| held.clone()));
                }
                None if self.has_elements(val) => own.push((*val).clone()),
                None => {}
            }
        }
        if !own.is_empty() {
            found.insert(0, Held::Vals(own.into()));
        }
        found.extend(self.elements.get(&key).map(|(_, held)| held.clone()));
        if let Some(held) = self.joined(found) {
            self.elements.insert(key, (Arc::clone(hole), held));
        }
    }

    fn has_elements(&self, val: &Val) -> bool {
        let any = |items: &mut dyn Iterator<Item = &Val>| {
            items
                .take(ELEMENTS_ASKED)
                .any(|item| item.as_obj().is_some_and(|id| self.can_change(self.heap.get(id))))
        };
        match (&val.data, val.as_obj().map(|id| self.heap.get(id))) {
            (Data::Tuple(items), _) => any(&mut items.iter()),
            (_, Some(Object::List(items) | Object::Iterator(items, _))) => any(&mut items.iter()),
            (_, Some(Object::Set(items, _))) => any(&mut items.values()),
            (_, Some(Object::Dict(entries, _))) => any(&mut entries.values().map(|(_, val)| val)),
            (_, Some(Object::Task(_) | Object::Group(_) | Object::Lazy(_))) => true,
            _ => false,
        }
    }

    /// Something unknown was changed in place: so was one of the objects it may be.
    pub(crate) fn change_candidates(&mut self, val: &Val, by: &[&Val], span: Span) {
        self.change_by(val, by, None, span);
    }

    /// What a value may be, or an element of what it was made of: a slice has the elements of its list.
    pub(crate) fn elements_of(&self, val: &Val) -> Vec<Val> {
        let mut found = self.candidates_of(val);
        // An object that is known, though not what it holds, is none of its elements.
        let Data::Unknown(hole) = &val.data else { return found };
        let key = Arc::as_ptr(hole).addr();
        let known = [self.held.get(&key), self.elements.get(&key)];
        let held: Vec<Held> = known.into_iter().flatten().map(|(_, held)| held.clone()).collect();
        let mut open: Vec<(Val, u32)> =
            Held::vals(&held).into_iter().rev().map(|val| (val, 0)).collect();
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
        let mut candidates = self.candidates_of(val);
        // What it has as elements is gone into where these are few, and not for methods: else most of a program would be
        // open.
        let elements = match method {
            None => self.elements_of(val),
            Some(_) => Vec::new(),
        };
        if method.is_none() && elements.len() <= candidates.len() + FEW_ELEMENTS {
            candidates = elements;
        }
        self.work(candidates.len());
        if val.as_obj().is_some_and(|id| self.heap.get(id).is_poisoned() && self.heap.is_tied(id)) {
            candidates.push(val.clone());
        }
        let mut reached = Vec::new();
        for candidate in candidates {
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
            if let Some(Object::Task(_)) = candidate.as_obj().map(|id| self.heap.get(id))
                && method.is_none_or(|method| method.starts_with("__"))
            {
                self.tell_changed(&candidate, span);
            }
        }
        reached.retain(|id| {
            let object = self.heap.get(*id);
            let is_news = !object.is_poisoned() || self.heap.is_tied(*id);
            is_news && method.is_none_or(|method| changes_by(object, method))
        });
        self.work(reached.len());
        if reached.is_empty() {
            return;
        }
        let mut from = vec![val];
        from.extend(by);
        let unknown = self.derived(&from, span);
        for id in reached {
            self.poison_with(id, &unknown, span);
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

/// Whether a method of this name changes what it is called on.
pub(crate) fn changes_in_place(method: &str) -> bool {
    CHANGING.contains(&method)
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
