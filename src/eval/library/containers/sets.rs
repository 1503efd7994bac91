//! Methods of sets.

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Key, Map, ObjId, Object, Val};
use crate::python::Span;

type Elements = Map<Key, Val>;

impl Interp<'_> {
    /// A method of a set.
    pub(crate) fn call_set(
        &mut self,
        this: &Val,
        id: ObjId,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        if args.is_open() {
            return Some(Ok(self.set_or_hole(this, id, name, &args.all(), span)));
        }
        self.set_method(this, id, name, args, span).transpose()
    }

    /// What a method with unknown arguments leaves: the set itself is lost if the method changes it.
    fn set_or_hole(&mut self, this: &Val, id: ObjId, name: &str, by: &[&Val], span: Span) -> Val {
        if matches!(name, "add" | "remove" | "discard" | "pop" | "clear")
            || name.ends_with("update")
        {
            return self.changed_by(id, by, span);
        }
        let mut from = vec![this];
        from.extend(by);
        self.derived(&from, span)
    }

    fn set_method(
        &mut self,
        this: &Val,
        id: ObjId,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Res<Option<Val>> {
        // Adding is what loops do; it must not copy the set each time.
        if let ("add", [val], Object::Set(elements, false)) =
            (name, args.pos.as_slice(), self.heap.get(id))
            && elements.len() < self.settings.limits.collection
            && !self.is_open(val)
        {
            let key = self.key(val, span)?;
            if let Object::Set(elements, _) = self.heap.get_mut(id) {
                elements.entry(key).or_insert_with(|| val.clone());
            }
            return Ok(Some(Val::none(span)));
        }
        self.look_through(this, span)?;
        let Object::Set(mut elements, frozen) = self.heap.copy(id) else { return Ok(None) };
        if frozen && is_change(name) {
            let message = format!("'frozenset' object has no attribute '{name}'");
            return Err(self.exception("AttributeError", message, span));
        }
        match name {
            "add" | "discard" | "remove" => {
                let Some(val) = args.pos.first() else { return Ok(None) };
                if self.is_open(val) {
                    return Ok(Some(self.changed_by(id, &[val], span)));
                }
                let key = self.key(val, span)?;
                if key.has_hole() {
                    return Ok(Some(self.changed_by(id, &[val], span)));
                }
                if name == "add" {
                    elements.entry(key).or_insert_with(|| val.clone());
                } else if elements.shift_remove(&key).is_none() && name == "remove" {
                    return Err(self.key_error(val, span));
                }
            }
            "pop" => {
                let Some(first) = self.in_order(&elements).into_iter().next() else {
                    return Err(self.exception("KeyError", "pop from an empty set", span));
                };
                let key = self.key(&first, span)?;
                elements.shift_remove(&key);
                self.heap.set(id, Object::Set(elements, frozen));
                return Ok(Some(first));
            }
            "clear" => elements.clear(),
            "copy" => return Ok(Some(self.heap.val(Object::Set(elements, frozen), span))),
            "issubset" | "issuperset" | "isdisjoint" => {
                let Some(other) = args.pos.first() else { return Ok(None) };
                let Some(other) = self.elements(other, span)? else {
                    return Ok(Some(self.derived(&[this, other], span)));
                };
                let answer = match name {
                    "issubset" => elements.keys().all(|key| other.contains_key(key)),
                    "issuperset" => other.keys().all(|key| elements.contains_key(key)),
                    _ => !elements.keys().any(|key| other.contains_key(key)),
                };
                return Ok(Some(Val::bool(answer, span)));
            }
            _ => {
                let Some(operation) = Operation::of(name) else {
                    return self.protocol(this, name, args, span);
                };
                for other in &args.pos {
                    let Some(other) = self.elements(other, span)? else {
                        return Ok(Some(self.set_or_hole(this, id, name, &args.all(), span)));
                    };
                    operation.apply(&mut elements, other);
                }
                if !is_change(name) {
                    return Ok(Some(self.heap.val(Object::Set(elements, frozen), span)));
                }
            }
        }
        if elements.len() > self.settings.limits.collection {
            let hole = self.too_large(span);
            return Ok(Some(self.changed_by(id, &[&hole], span)));
        }
        self.heap.set(id, Object::Set(elements, frozen));
        Ok(Some(Val::none(span)))
    }

    /// The elements of an iterable as a set has them; `None` when one of them is unknown.
    fn elements(&mut self, val: &Val, span: Span) -> Res<Option<Elements>> {
        let Some(items) = self.iterate_in_any_order(val, span)? else { return Ok(None) };
        let mut elements = Elements::default();
        for item in items {
            if self.is_open(&item) {
                return Ok(None);
            }
            let key = self.key(&item, span)?;
            elements.entry(key).or_insert(item);
        }
        Ok(Some(elements))
    }
}

fn is_change(name: &str) -> bool {
    matches!(name, "add" | "discard" | "remove" | "pop" | "clear") || name.ends_with("update")
}

/// The operations on two sets.
#[derive(Debug, Clone, Copy)]
enum Operation {
    Union,
    Intersection,
    Difference,
    Symmetric,
}

impl Operation {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "union" | "update" => Self::Union,
            "intersection" | "intersection_update" => Self::Intersection,
            "difference" | "difference_update" => Self::Difference,
            "symmetric_difference" | "symmetric_difference_update" => Self::Symmetric,
            _ => return None,
        })
    }

    fn apply(self, elements: &mut Elements, other: Elements) {
        match self {
            Self::Union => {
                for (key, val) in other {
                    elements.entry(key).or_insert(val);
                }
            }
            Self::Intersection => elements.retain(|key, _| other.contains_key(key)),
            Self::Difference => elements.retain(|key, _| !other.contains_key(key)),
            Self::Symmetric => {
                let mut added = other;
                let before = elements.clone();
                elements.retain(|key, _| !added.contains_key(key));
                added.retain(|key, _| !before.contains_key(key));
                elements.extend(added);
            }
        }
    }
}
