//! `object[index] = val` and `del object[index]`.

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Key, ObjId, Object, Val};
use crate::eval::pure;
use crate::python::Span;
use crate::python::ast::Name;

/// Entries that are moved in the time of a step.
const ENTRIES_MOVED: usize = 16;

impl Interp<'_> {
    /// `object[index] = val`.
    pub(crate) fn set_item(&mut self, object: &Val, index: &Val, val: Val, span: Span) -> Res<()> {
        if self.unknown(object).is_some() {
            self.special(object, "__setitem__", &[index, &val], span)?;
            self.change_candidates(object, &[index, &val], span);
            self.keep_in(object, &val);
        }
        let Some(id) = object.as_obj() else {
            if object.as_symbol().is_some() || self.unknown(object).is_some() {
                return self.set_symbol_item(object, index, val, span);
            }
            let message =
                format!("'{}' object does not support item assignment", self.type_name(object));
            return self.type_error(message, span);
        };
        if self.special_of_node(object, "__setitem__", &[index, &val], span)?.is_some() {
            return Ok(());
        }
        if matches!(self.heap.get(id), Object::Dict(..)) {
            let key = self.key(index, span)?;
            self.insert(id, key, index.clone(), val);
            return Ok(());
        }
        // Setting one element is what loops do; it must not copy the list each time.
        if let (Object::List(items), Data::Int(at)) = (self.heap.get(id), &index.data) {
            let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
            let at = usize::try_from(if *at < 0 { at + length } else { *at });
            if let (Ok(at), Object::List(items)) = (at, self.heap.get_mut(id))
                && let Some(slot) = items.get_mut(at)
            {
                *slot = val;
                return Ok(());
            }
        }
        self.look_through(object, span)?;
        match self.heap.copy(id) {
            Object::List(items) => {
                if self.is_open(index) {
                    self.poison_with(id, index, span);
                    return Ok(());
                }
                if let Data::Slice(parts) = &index.data {
                    return self.set_slice(id, items, parts, &val, span);
                }
                let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let at = index.as_int().map(|at| if at < 0 { at + length } else { at });
                let at = at.and_then(|at| usize::try_from(at).ok());
                if let (Some(at), Object::List(items)) = (at, self.heap.get_mut(id))
                    && let Some(slot) = items.get_mut(at)
                {
                    *slot = val;
                } else {
                    let message = "list assignment index out of range";
                    return Err(self.exception("IndexError", message, span));
                }
            }
            Object::Instance(instance) => {
                if let Some(method) = self.find_attribute(object, "__setitem__", span)?
                    && method.as_obj().is_some()
                {
                    self.call(&method, Args::positional(vec![index.clone(), val]), span)?;
                } else if let Some(payload) = instance.payload {
                    self.set_item(&payload, index, val, span)?;
                }
            }
            Object::Namespace(owner) => {
                let owner = Val::obj(owner, span);
                match index.as_str() {
                    Some(name) => self.set_raw(&owner, &self.name_of(name), val),
                    None => self.poison_with(id, index, span),
                }
            }
            Object::Scope(_) => {
                if let Some(name) = index.as_str() {
                    self.bind_in(id, &self.name_of(name), val);
                } else if self.is_open(index) {
                    // `globals()[unknown] = dag`: bound under a name nobody knows.
                    let name = Name::from(format!("{}#{}", self.display(index), self.fresh()));
                    self.bind_in(id, &name, val);
                }
            }
            Object::Record(class, _) if class.starts_with("configparser.") => {
                let args = Args::positional(vec![index.clone(), val]);
                self.call_method(object, &Name::from("__setitem__"), args, span)?;
            }
            // What an object of a library makes of it is not known.
            Object::Record(..) => self.poison_with(id, index, span),
            _ => {}
        }
        Ok(())
    }

    pub(super) fn set_slice(
        &mut self,
        id: ObjId,
        items: Vec<Val>,
        parts: &[Val; 3],
        val: &Val,
        span: Span,
    ) -> Res<()> {
        let (Some((start, stop, step)), Some(new)) =
            (self.slice_bounds(parts, span)?, self.iterate(val, span)?)
        else {
            self.poison_with(id, val, span);
            return Ok(());
        };
        if step != 1 {
            let chosen =
                pure::text::slice_indices(items.len(), start, stop, step).unwrap_or_default();
            if chosen.len() != new.len() {
                let message = format!(
                    "attempt to assign sequence of size {} to extended slice of size {}",
                    new.len(),
                    chosen.len()
                );
                return Err(self.exception("ValueError", message, span));
            }
            let mut result = items;
            for (at, item) in chosen.into_iter().zip(new) {
                if let Some(slot) = result.get_mut(at) {
                    *slot = item;
                }
            }
            self.heap.set(id, Object::List(result));
            return Ok(());
        }
        let chosen = pure::text::slice_indices(items.len(), start, stop, 1).unwrap_or_default();
        let first = chosen.first().copied().unwrap_or_else(|| {
            let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
            let start = start.unwrap_or(0);
            let start = if start < 0 { start + length } else { start };
            usize::try_from(start.clamp(0, length)).unwrap_or(0)
        });
        let mut result: Vec<Val> = items.iter().take(first).cloned().collect();
        result.extend(new);
        result.extend(items.iter().skip(first + chosen.len()).cloned());
        self.spend(result.len() / ENTRIES_MOVED, span)?;
        if result.len() > self.settings.limits.collection {
            let message = "a collection is larger than the bound";
            let hole = self.limit_hole(span, "collection", message);
            self.poison_with(id, &hole, span);
            return Ok(());
        }
        self.heap.set(id, Object::List(result));
        Ok(())
    }

    /// Takes an entry out of a dict. Those after it move up, which counts.
    pub(crate) fn take_entry(&mut self, id: ObjId, key: &Key, span: Span) -> Res<Option<Val>> {
        let Object::Dict(entries, _) = self.heap.get(id) else { return Ok(None) };
        let Some(at) = entries.get_index_of(key) else { return Ok(None) };
        let moved = entries.len() - at;
        self.spend(moved / ENTRIES_MOVED, span)?;
        self.doubt_like(id, key, span);
        Ok(match self.heap.get_mut(id) {
            Object::Dict(entries, _) => {
                entries.forget(key);
                entries.take_at(at).map(|(_, val)| val)
            }
            _ => None,
        })
    }

    /// `del object[index]`.
    pub(crate) fn delete_item(&mut self, object: &Val, index: &Val, span: Span) -> Res<()> {
        if self.unknown(object).is_some() {
            self.special(object, "__delitem__", &[index], span)?;
            self.change_candidates(object, &[index], span);
            self.may_fail(object, span);
        }
        let Some(id) = object.as_obj() else {
            if object.as_symbol() == Some("os.environ") {
                self.remove_environment(index, span);
            }
            return Ok(());
        };
        if matches!(self.heap.get(id), Object::Dict(..)) {
            let key = self.key(index, span)?;
            if self.is_open(index) || matches!(key, Key::Hole(_)) {
                self.may_fail(index, span);
                self.poison_with(id, index, span);
                return Ok(());
            }
            let is_open =
                matches!(self.heap.get(id), Object::Dict(entries, _) if entries.has_open_keys());
            if self.take_entry(id, &key, span)?.is_none() {
                if is_open {
                    self.may_raise(index, span);
                    let open = self.derived(&[object, index], span);
                    self.poison_with(id, &open, span);
                    return Ok(());
                }
                return Err(self.key_error(index, span));
            }
            return Ok(());
        }
        match self.heap.copy(id) {
            Object::List(items) => match self.sequence_item("list", &items, index, span)? {
                Ok(_) if self.is_open(index) => {
                    self.may_fail(index, span);
                    self.poison_with(id, index, span);
                }
                Ok(_) => {
                    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                    let at = index.as_int().map_or(0, |at| if at < 0 { at + length } else { at });
                    if let (Ok(at), Object::List(items)) =
                        (usize::try_from(at), self.heap.get_mut(id))
                        && at < items.len()
                    {
                        items.remove(at);
                    }
                }
                Err(_) => {
                    let Data::Slice(parts) = &index.data else { return Ok(()) };
                    if let Some((start, stop, step)) = self.slice_bounds(parts, span)? {
                        let gone = pure::text::slice_indices(items.len(), start, stop, step)
                            .unwrap_or_default();
                        let kept = items
                            .into_iter()
                            .enumerate()
                            .filter(|(at, _)| !gone.contains(at))
                            .map(|(_, val)| val)
                            .collect();
                        self.heap.set(id, Object::List(kept));
                    }
                }
            },
            Object::Instance(instance) => {
                if let Some(method) = self.find_attribute(object, "__delitem__", span)?
                    && method.as_obj().is_some()
                {
                    self.call(&method, Args::positional(vec![index.clone()]), span)?;
                } else if let Some(payload) = instance.payload {
                    self.delete_item(&payload, index, span)?;
                }
            }
            Object::Namespace(owner) => {
                if let Some(name) = index.as_str() {
                    let owner = Val::obj(owner, span);
                    self.delete_attribute(&owner, &Name::from(name), span)?;
                }
            }
            Object::Scope(_) => {
                if let (Some(name), Object::Scope(names)) = (index.as_str(), self.heap.get_mut(id))
                {
                    names.shift_remove(name);
                }
            }
            Object::Record(class, _) if class.starts_with("configparser.") => {
                let args = Args::positional(vec![index.clone()]);
                self.call_method(object, &Name::from("__delitem__"), args, span)?;
            }
            Object::Record(..) => self.poison_with(id, index, span),
            _ => {}
        }
        Ok(())
    }
}
