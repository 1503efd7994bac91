//! Methods of lists and tuples.

use std::rc::Rc;

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, ObjId, Object, Val};
use crate::python::Span;

impl Interp<'_> {
    /// A method of a list.
    pub(crate) fn call_list(
        &mut self,
        this: &Val,
        id: ObjId,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        if args.is_open() {
            // Which arguments it gets is not known, so neither is what it does.
            return Some(Ok(self.changed_by(id, &args.all(), span)));
        }
        self.list_method(this, id, name, args, span).transpose()
    }

    fn list_method(
        &mut self,
        this: &Val,
        id: ObjId,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Res<Option<Val>> {
        // Appending is what loops do; it must not copy the list each time.
        if let Object::List(items) = self.heap.get(id)
            && name == "append"
        {
            let full = items.len() >= self.settings.limits.collection;
            return self.append(id, args, full, span).map(Some);
        }
        self.look_through(this, span)?;
        let mut items = match self.heap.get(id) {
            Object::List(items) => items.clone(),
            _ => return Ok(None),
        };
        let first = args.pos.first();
        Ok(Some(match (name, first) {
            ("appendleft", Some(val)) => {
                items.insert(0, val.clone());
                self.store_list(id, items, span)
            }
            ("extend" | "extendleft", Some(from)) => {
                let Some(more) = self.iterate(from, span)? else {
                    return Ok(Some(self.changed_by(id, &[from], span)));
                };
                if name == "extend" {
                    items.extend(more);
                } else {
                    items.splice(0..0, more.into_iter().rev());
                }
                self.store_list(id, items, span)
            }
            ("insert", Some(at)) => {
                let val = args.pos.get(1).cloned().unwrap_or_else(|| Val::none(span));
                let Some(at) = at.as_int() else {
                    return self.wants_integer(id, at, span).map(Some);
                };
                items.insert(clamped(at, items.len()), val);
                self.store_list(id, items, span)
            }
            ("remove", Some(val)) => match self.position(&items, val, 0, items.len(), span)? {
                Some(Some(at)) => {
                    items.remove(at);
                    self.store_list(id, items, span)
                }
                Some(None) => {
                    return Err(self.exception(
                        "ValueError",
                        "list.remove(x): x not in list",
                        span,
                    ));
                }
                None => self.changed_by(id, &[val], span),
            },
            ("pop" | "popleft", at) => {
                let at = match at {
                    Some(at) => match at.as_int() {
                        Some(at) => at,
                        None => return self.wants_integer(id, at, span).map(Some),
                    },
                    None if name == "popleft" => 0,
                    None => -1,
                };
                if items.is_empty() {
                    return Err(self.exception("IndexError", "pop from empty list", span));
                }
                match exact(at, items.len()) {
                    Some(at) => {
                        let val = items.remove(at);
                        self.heap.set(id, Object::List(items));
                        val
                    }
                    None => {
                        return Err(self.exception("IndexError", "pop index out of range", span));
                    }
                }
            }
            ("clear", None) => self.store_list(id, Vec::new(), span),
            ("index", Some(val)) => return self.index(&items, val, args, "list", span).map(Some),
            ("count", Some(val)) => return self.count(&items, val, span).map(Some),
            ("sort", None) => {
                let sorted = self.call_sorted(this, args, span)?;
                match sorted.as_obj().map(|sorted| self.heap.get(sorted)) {
                    Some(Object::List(items)) => {
                        let items = items.clone();
                        self.store_list(id, items, span)
                    }
                    _ => self.changed_by(id, &[&sorted], span),
                }
            }
            ("reverse", None) => {
                items.reverse();
                self.store_list(id, items, span)
            }
            ("rotate", by) => {
                let Some(by) = by.map_or(Some(1), Val::as_int) else {
                    return Ok(Some(self.changed_by(id, &args.all(), span)));
                };
                let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                if length > 0 {
                    items.rotate_right(usize::try_from(by.rem_euclid(length)).unwrap_or(0));
                }
                self.store_list(id, items, span)
            }
            ("copy", None) => self.list(items, span),
            _ => return self.protocol(this, name, args, span),
        }))
    }

    fn append(&mut self, id: ObjId, args: &Args, full: bool, span: Span) -> Res {
        let [val] = args.pos.as_slice() else {
            let message =
                format!("list.append() takes exactly one argument ({} given)", args.pos.len());
            return self.type_error(message, span);
        };
        if full {
            let hole = self.too_large(span);
            return Ok(self.changed_by(id, &[&hole], span));
        }
        if let Object::List(items) = self.heap.get_mut(id) {
            items.push(val.clone());
        }
        Ok(Val::none(span))
    }

    /// An index that is no integer: unknown, or an error.
    fn wants_integer(&mut self, id: ObjId, at: &Val, span: Span) -> Res {
        if self.is_open(at) {
            return Ok(self.changed_by(id, &[at], span));
        }
        let message =
            format!("'{}' object cannot be interpreted as an integer", self.type_name(at));
        self.type_error(message, span)
    }

    /// Writes the elements of a list back, within the bound on sizes. The result is the `None` that
    /// methods changing a list return.
    fn store_list(&mut self, id: ObjId, items: Vec<Val>, span: Span) -> Val {
        if items.len() > self.settings.limits.collection {
            let hole = self.too_large(span);
            return self.changed_by(id, &[&hole], span);
        }
        self.heap.set(id, Object::List(items));
        Val::none(span)
    }

    /// The place of the first element equal to `val`: `None` when that is not known.
    fn position(
        &mut self,
        items: &[Val],
        val: &Val,
        start: usize,
        stop: usize,
        span: Span,
    ) -> Res<Option<Option<usize>>> {
        for (at, item) in items.iter().enumerate().take(stop).skip(start) {
            match self.alike(item, val, span)? {
                Some(true) => return Ok(Some(Some(at))),
                Some(false) => {}
                None => return Ok(None),
            }
        }
        Ok(Some(None))
    }

    fn index(&mut self, items: &[Val], val: &Val, args: &Args, kind: &str, span: Span) -> Res {
        let (start, stop) = (args.pos.get(1), args.pos.get(2));
        let bound = |val: Option<&Val>, default: usize| match val {
            Some(val) => val.as_int().map(|at| clamped(at, items.len())),
            None => Some(default),
        };
        let (Some(start), Some(stop)) = (bound(start, 0), bound(stop, items.len())) else {
            return Ok(self.derived(&args.all(), span));
        };
        match self.position(items, val, start, stop, span)? {
            Some(Some(at)) => Ok(length(at, span)),
            Some(None) => {
                let message = match kind {
                    "tuple" => "tuple.index(x): x not in tuple".to_owned(),
                    _ => format!("{} is not in {kind}", self.repr_plain(val, span)?),
                };
                Err(self.exception("ValueError", message, span))
            }
            None => {
                let mut from = vec![val];
                from.extend(items);
                Ok(self.derived(&from, span))
            }
        }
    }

    fn count(&mut self, items: &[Val], val: &Val, span: Span) -> Res {
        let mut found = 0;
        for item in items {
            match self.alike(item, val, span)? {
                Some(true) => found += 1,
                Some(false) => {}
                None => return Ok(self.derived(&[item, val], span)),
            }
        }
        Ok(length(found, span))
    }

    /// A method of a tuple.
    pub(crate) fn call_tuple(
        &mut self,
        this: &Val,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        let Data::Tuple(items) = &this.data else { return None };
        if args.is_open() {
            return None;
        }
        let items = Rc::clone(items);
        match (name, args.pos.first()) {
            ("index", Some(val)) => Some(self.index(&items, val, args, "tuple", span)),
            ("count", Some(val)) => Some(self.count(&items, val, span)),
            _ => self.protocol(this, name, args, span).transpose(),
        }
    }
}

/// A place for insertion: beyond the ends means the ends.
fn clamped(at: i64, length: usize) -> usize {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let at = if at < 0 { at.saturating_add(length) } else { at };
    usize::try_from(at.clamp(0, length)).unwrap_or(0)
}

/// The place of an element that must be there.
fn exact(at: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    let at = if at < 0 { at.checked_add(length)? } else { at };
    usize::try_from(at).ok().filter(|_| at < length)
}

fn length(number: usize, span: Span) -> Val {
    Val::int(i64::try_from(number).unwrap_or(i64::MAX), span)
}
