//! Methods of lists, dicts, tuples, scopes, iterators and numbers; those of sets are in [`sets`].
//!
//! What changes a container under something unknown poisons it: from then on the container as a
//! whole is a hole, because no element of it is certain any more.

mod counter;
mod sets;

use std::rc::Rc;

use num_traits::Signed;

use crate::eval::HoleKind;
use crate::eval::call::Args;
use crate::eval::generator::Input;
use crate::eval::interp::{Interp, Res};
use crate::eval::item::as_big;
use crate::eval::lazy::Lazy;
use crate::eval::object::{Data, Entries, Key, ObjId, Object, Val};
use crate::eval::pure::number;
use crate::python::Span;
use crate::python::ast::{CompareOp, Name};

/// Methods of iterators and generators.
pub(crate) const ITERATOR_METHODS: &[&str] = &["__next__", "send", "throw", "close", "__iter__"];

/// Methods of `list`; `collections.deque` is a list here too.
pub(crate) const LIST_METHODS: &[&str] = &[
    "append",
    "appendleft",
    "clear",
    "copy",
    "count",
    "extend",
    "extendleft",
    "index",
    "insert",
    "pop",
    "popleft",
    "remove",
    "reverse",
    "rotate",
    "sort",
    "__contains__",
    "__delitem__",
    "__getitem__",
    "__iter__",
    "__len__",
    "__setitem__",
];

/// Methods of `dict` and of its kin in `collections`.
pub(crate) const DICT_METHODS: &[&str] = &[
    "clear",
    "copy",
    "elements",
    "fromkeys",
    "get",
    "items",
    "keys",
    "most_common",
    "move_to_end",
    "pop",
    "popitem",
    "setdefault",
    "subtract",
    "total",
    "update",
    "values",
    "__contains__",
    "__delitem__",
    "__getitem__",
    "__iter__",
    "__len__",
    "__setitem__",
];

/// Methods of `set` and `frozenset`.
pub(crate) const SET_METHODS: &[&str] = &[
    "add",
    "clear",
    "copy",
    "difference",
    "difference_update",
    "discard",
    "intersection",
    "intersection_update",
    "isdisjoint",
    "issubset",
    "issuperset",
    "pop",
    "remove",
    "symmetric_difference",
    "symmetric_difference_update",
    "union",
    "update",
    "__contains__",
    "__iter__",
    "__len__",
];

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
        let mut items = match self.heap.get(id) {
            // Appending is what loops do; it must not copy the list each time.
            Object::List(items) if name == "append" => {
                let full = items.len() >= self.settings.limits.collection;
                return self.append(id, args, full, span).map(Some);
            }
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

    /// Poisons a container; the result of the method that did it is not known either.
    fn changed_by(&mut self, id: ObjId, by: &[&Val], span: Span) -> Val {
        let unknown = self.derived(by, span);
        self.poison_with(id, &unknown, span);
        unknown
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

    fn too_large(&mut self, span: Span) -> Val {
        self.limit_hole(span, "collection", "a collection is larger than the bound")
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

    /// `==` as Python's containers use it; `None` when a hole decides.
    pub(crate) fn alike(&mut self, left: &Val, right: &Val, span: Span) -> Res<Option<bool>> {
        let verdict = self.compare(CompareOp::Eq, left, right, span)?;
        self.truth(&verdict)
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

    /// `repr` for a message.
    fn repr_plain(&mut self, val: &Val, span: Span) -> Res<String> {
        Ok(self.repr_text(val, span)?.display())
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

    /// The methods behind operators, written out: `d.__contains__(k)`.
    fn protocol(&mut self, this: &Val, name: &str, args: &Args, span: Span) -> Res<Option<Val>> {
        Ok(match (name, args.pos.as_slice()) {
            ("__len__", []) => Some(self.call_len(this, span)?),
            ("__iter__", []) => match self.iterate(this, span)? {
                Some(items) => Some(self.heap.val(Object::Iterator(items, 0), span)),
                None => Some(self.derived(&[this], span)),
            },
            ("__contains__", [needle]) => Some(self.compare(CompareOp::In, needle, this, span)?),
            ("__getitem__", [index]) => Some(self.item(this, index, span)?),
            ("__setitem__", [index, val]) => {
                self.set_item(this, index, val.clone(), span)?;
                Some(Val::none(span))
            }
            ("__delitem__", [index]) => {
                self.delete_item(this, index, span)?;
                Some(Val::none(span))
            }
            _ => None,
        })
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

    /// A method of a dict.
    pub(crate) fn call_dict(
        &mut self,
        this: &Val,
        id: ObjId,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        if args.is_open() && name != "update" {
            return Some(Ok(match name {
                "get" | "copy" | "keys" | "values" | "items" => {
                    let mut from = vec![this];
                    from.extend(args.all());
                    self.derived(&from, span)
                }
                _ => self.changed_by(id, &args.all(), span),
            }));
        }
        self.dict_method(this, id, name, args, span).transpose()
    }

    fn dict_method(
        &mut self,
        this: &Val,
        id: ObjId,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Res<Option<Val>> {
        if let ("get", [key, rest @ ..]) = (name, args.pos.as_slice())
            && let Some(val) = self.plain_get(id, key, rest.first(), span)?
        {
            return Ok(Some(val));
        }
        let (entries, class) = match self.heap.get(id) {
            Object::Dict(entries, class) => (entries.clone(), class.clone()),
            _ => return Ok(None),
        };
        let is_counter = class.as_ref().and_then(Val::as_symbol) == Some("collections.Counter");
        if is_counter && let Some(val) = self.counter_method(id, &entries, name, args, span)? {
            return Ok(Some(val));
        }
        let key = args.get(0, "key");
        let default = args.get(1, "default");
        Ok(Some(match (name, key) {
            ("get", Some(key)) => self.get_or(&entries, key, default, span)?,
            ("setdefault", Some(key)) => {
                if self.is_certain(&entries, key, span)? {
                    return self.dict_get(&entries, key, span);
                }
                let given = default.cloned().unwrap_or_else(|| Val::none(span));
                let val = match self.dict_get(&entries, key, span)? {
                    Some(found) => self.derived(&[&found, &given], span),
                    None => given,
                };
                let place = self.key(key, span)?;
                self.insert(id, place, key.clone(), val.clone());
                val
            }
            ("pop", Some(key)) => self.dict_pop(id, &entries, key, default, span)?,
            ("popitem", _) => self.dict_popitem(id, entries, args, span)?,
            ("update", _) => {
                if let Some(from) = args.pos.first() {
                    self.update_dict(id, from, span)?;
                }
                for (name, kwarg) in &args.kw {
                    let key = Val::str(name.as_ref(), kwarg.span);
                    let val = kwarg.val.clone();
                    self.insert(id, Key::Str(name.as_ref().into()), key, val);
                }
                for open in args.more_pos.iter().chain(&args.more_kw) {
                    self.update_dict(id, open, span)?;
                }
                if let Object::Dict(entries, _) = self.heap.get(id)
                    && entries.len() > self.settings.limits.collection
                {
                    let hole = self.too_large(span);
                    self.changed_by(id, &[&hole], span);
                }
                Val::none(span)
            }
            ("keys" | "values" | "items", _) => self.dict_view(this, entries, name, span),
            ("copy", _) => self.heap.val(Object::Dict(entries, class), span),
            ("clear", _) => {
                self.heap.set(id, Object::Dict(Entries::default(), class));
                Val::none(span)
            }
            ("fromkeys", Some(keys)) => self.dict_from_keys(keys, args.pos.get(1), span)?,
            ("move_to_end", Some(key)) => {
                let place = self.key(key, span)?;
                let to_end = match args.get(1, "last") {
                    Some(last) => self.truth(last)?,
                    None => Some(true),
                };
                let (false, Some(to_end)) = (has_open_key(&entries), to_end) else {
                    return Ok(Some(self.changed_by(id, &[key], span)));
                };
                let Some(at) = entries.get_index_of(&place) else {
                    return Err(self.key_error(key, span));
                };
                let mut entries = entries;
                let end = if to_end { entries.len() - 1 } else { 0 };
                entries.move_index(at, end);
                self.heap.set(id, Object::Dict(entries, class));
                Val::none(span)
            }
            ("elements" | "most_common" | "subtract" | "total", _) => {
                let message = format!("'dict' object has no attribute '{name}'");
                return Err(self.exception("AttributeError", message, span));
            }
            _ => return self.protocol(this, name, args, span),
        }))
    }

    /// `dict.get` where nothing is in doubt, which loops do often: the dict is not copied for it.
    fn plain_get(
        &mut self,
        id: ObjId,
        key: &Val,
        default: Option<&Val>,
        span: Span,
    ) -> Res<Option<Val>> {
        let place = self.key(key, span)?;
        if matches!(place, Key::Hole(_)) {
            return Ok(None);
        }
        let Object::Dict(entries, _) = self.heap.get(id) else { return Ok(None) };
        match entries.get(&place) {
            Some((_, val)) => Ok(Some(val.clone())),
            None if has_open_key(entries) => Ok(None),
            None => Ok(Some(default.cloned().unwrap_or_else(|| Val::none(span)))),
        }
    }

    /// Whether an entry is there under exactly this key.
    fn is_certain(&mut self, entries: &Entries, key: &Val, span: Span) -> Res<bool> {
        let key = self.key(key, span)?;
        Ok(!matches!(key, Key::Hole(_)) && entries.contains_key(&key))
    }

    /// `dict.get`: the default is what the code gives for an entry that is not known to be there.
    fn get_or(&mut self, entries: &Entries, key: &Val, default: Option<&Val>, span: Span) -> Res {
        let certain = self.is_certain(entries, key, span)?;
        Ok(match self.dict_get(entries, key, span)? {
            Some(val) if certain => val,
            Some(val) => match default.and_then(json_scalar) {
                Some(default) => with_default(val, default),
                None => val,
            },
            None => default.cloned().unwrap_or_else(|| Val::none(span)),
        })
    }

    fn dict_pop(
        &mut self,
        id: ObjId,
        entries: &Entries,
        key: &Val,
        default: Option<&Val>,
        span: Span,
    ) -> Res {
        let place = self.key(key, span)?;
        if matches!(place, Key::Hole(_)) {
            if entries.is_empty() {
                return match default {
                    Some(default) => Ok(default.clone()),
                    None => Ok(self.derived(&[key], span)),
                };
            }
            return Ok(self.changed_by(id, &[key], span));
        }
        if let Object::Dict(entries, _) = self.heap.get_mut(id)
            && let Some((_, val)) = entries.shift_remove(&place)
        {
            return Ok(val);
        }
        match self.dict_get(entries, key, span)? {
            Some(val) => Ok(match default.and_then(json_scalar) {
                Some(default) => with_default(val, default),
                None => val,
            }),
            None => match default {
                Some(default) => Ok(default.clone()),
                None => {
                    Err(self.key_error(key, span))
                }
            },
        }
    }

    fn dict_popitem(&mut self, id: ObjId, entries: Entries, args: &Args, span: Span) -> Res {
        if has_open_key(&entries) {
            let from: Vec<&Val> = entries.values().map(|(name, _)| name).collect();
            return Ok(self.changed_by(id, &from, span));
        }
        let from_end = match args.get(0, "last") {
            Some(last) => self.truth(last)?,
            None => Some(true),
        };
        let Some(from_end) = from_end else {
            return Ok(self.changed_by(id, &args.all(), span));
        };
        let Object::Dict(entries, _) = self.heap.get_mut(id) else { return Ok(Val::none(span)) };
        let removed = if from_end { entries.pop() } else { entries.shift_remove_index(0) };
        match removed {
            Some((_, (key, val))) => Ok(Val::tuple(vec![key, val], span)),
            None => Err(self.exception("KeyError", "popitem(): dictionary is empty", span)),
        }
    }

    /// `keys`, `values` and `items`. The keys are set-like, as Python's are.
    fn dict_view(&mut self, this: &Val, entries: Entries, name: &str, span: Span) -> Val {
        if entries.keys().any(|key| matches!(key, Key::Spread(_))) {
            return self.derived(&[this], span);
        }
        if name == "keys" {
            let is_dict = |id: &ObjId| matches!(self.heap.get(*id), Object::Dict(..));
            let id = match this.as_obj().filter(is_dict) {
                Some(id) => id,
                None => self.heap.add(Object::Dict(entries, None)),
            };
            return self.heap.val(Object::Keys(id), span);
        }
        let items = entries
            .into_values()
            .map(|(key, val)| match name {
                "values" => val,
                _ => {
                    let at = val.span.or(key.span);
                    Val::tuple(vec![key, val], at)
                }
            })
            .collect();
        self.list(items, span)
    }

    /// `dict.fromkeys(keys, value)`.
    pub(crate) fn dict_from_keys(&mut self, keys: &Val, val: Option<&Val>, span: Span) -> Res {
        let Some(items) = self.iterate(keys, span)? else {
            return Ok(self.derived(&[keys], span));
        };
        let dict = self.dict(Entries::default(), span);
        for item in items {
            let val = val.cloned().unwrap_or_else(|| Val::none(span));
            self.set_item(&dict, &item, val, span)?;
        }
        Ok(dict)
    }

    /// A method of the dict that `globals()` and `locals()` give.
    pub(crate) fn call_scope(
        &mut self,
        id: ObjId,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        self.scope_method(id, name, args, span).transpose()
    }

    fn scope_method(&mut self, id: ObjId, name: &str, args: &Args, span: Span) -> Res<Option<Val>> {
        let names = match self.heap.get(id) {
            Object::Scope(names) => names.clone(),
            _ => return Ok(None),
        };
        let this = Val::obj(id, span);
        let known = args.pos.first().and_then(Val::as_str);
        let found = known.and_then(|name| names.get(name)).cloned();
        let default = args.pos.get(1).cloned();
        Ok(Some(match (name, args.pos.first()) {
            ("update", _) => {
                let dict = self.call_dict_type(args, span)?;
                let Some(entries) = self.entries_of(&dict) else { return Ok(None) };
                for (key, (name, val)) in entries {
                    // What an unknown mapping binds is under names nobody knows.
                    if !matches!(key, Key::Spread(_)) {
                        self.set_item(&this, &name, val, span)?;
                    }
                }
                Val::none(span)
            }
            ("get" | "setdefault" | "pop", Some(key)) if known.is_none() => {
                self.derived(&[key], span)
            }
            ("get", Some(_)) => found.or(default).unwrap_or_else(|| Val::none(span)),
            ("setdefault", Some(key)) => match found {
                Some(val) => val,
                None => {
                    let val = default.unwrap_or_else(|| Val::none(span));
                    self.set_item(&this, key, val.clone(), span)?;
                    val
                }
            },
            ("pop", Some(key)) => match found.is_some() {
                true => {
                    self.delete_item(&this, key, span)?;
                    found.unwrap_or_else(|| Val::none(span))
                }
                false => match default {
                    Some(default) => default,
                    None => {
                        return Err(self.key_error(key, span));
                    }
                },
            },
            ("copy", _) => self.dict_of(&names, span),
            ("keys" | "values" | "items", _) => {
                let dict = self.dict_of(&names, span);
                let Some(entries) = self.entries_of(&dict) else { return Ok(None) };
                self.dict_view(&dict, entries, name, span)
            }
            _ => return self.protocol(&this, name, args, span),
        }))
    }

    fn is_generator(&self, val: &Val) -> bool {
        matches!(
            val.as_obj().map(|id| self.heap.get(id)),
            Some(Object::Lazy(Lazy::Generator(_)))
        )
    }

    /// A method of an iterator or generator.
    pub(crate) fn call_iterator(
        &mut self,
        this: &Val,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        Some(match (name, args.pos.as_slice()) {
            ("__next__", []) => self.call_next(this, None, span),
            ("__iter__", []) => Ok(this.clone()),
            ("send", [val]) => {
                let woken = self.wake_iterator(this, Input::Send(val.clone()), span);
                self.item_or_stop(woken, None, span)
            }
            ("throw", [val]) => {
                let made = match &val.data {
                    Data::Symbol(_) => self.call(val, Args::default(), span),
                    _ => Ok(val.clone()),
                };
                match made {
                    Ok(val) => {
                        let woken = self.wake_iterator(this, Input::Throw(val), span);
                        self.item_or_stop(woken, None, span)
                    }
                    Err(raised) => Err(raised),
                }
            }
            ("close", []) if self.is_generator(this) => {
                self.close_generator(this, span).map(|()| Val::none(span))
            }
            ("close", []) => {
                if let Some(Object::Iterator(items, at)) =
                    this.as_obj().map(|id| self.heap.get_mut(id))
                {
                    *at = items.len();
                }
                Ok(Val::none(span))
            }
            _ => return None,
        })
    }

    /// A method of a number.
    pub(crate) fn call_number(
        &mut self,
        this: &Val,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        if args.is_open() {
            return None;
        }
        if let Data::Float(value) = &this.data {
            return Some(Ok(match name {
                "is_integer" => Val::bool(value.is_finite() && value.fract() == 0.0, span),
                "conjugate" | "__float__" => this.clone(),
                "__str__" => Val::str(number::repr_float(*value), span),
                _ => return None,
            }));
        }
        let value = as_big(this)?;
        Some(Ok(match name {
            "bit_length" => Val::int(i64::try_from(value.bits()).unwrap_or(i64::MAX), span),
            "conjugate" | "__int__" => Val::big(value, span),
            "is_integer" => Val::bool(true, span),
            "__str__" => return Some(self.str_text(this, span).map(|text| Val::text(text, span))),
            "to_bytes" => {
                let size = args.get(0, "length").map_or(Some(1), Val::as_int)?;
                let size = usize::try_from(size).ok()?;
                let order = args.get(1, "byteorder").map_or(Some("big"), Val::as_str)?;
                if args.named("signed").is_some() || size > self.settings.limits.string {
                    return None;
                }
                let mut bytes = value.magnitude().to_bytes_le();
                while bytes.last() == Some(&0) {
                    bytes.pop();
                }
                if value.is_negative() {
                    let message = "can't convert negative int to unsigned";
                    return Some(Err(self.exception("OverflowError", message, span)));
                }
                if bytes.len() > size {
                    let message = "int too big to convert";
                    return Some(Err(self.exception("OverflowError", message, span)));
                }
                bytes.resize(size, 0);
                if order == "big" {
                    bytes.reverse();
                }
                Val::new(Data::Bytes(bytes.into()), span)
            }
            _ => return None,
        }))
    }

    /// A method taken from its class and called with its object: `str.upper("a")`,
    /// `dict.fromkeys(names)`; `path` is what follows `builtins.`.
    pub(crate) fn call_unbound(&mut self, path: &str, args: &Args, span: Span) -> Option<Res> {
        let (class, name) = path.split_once('.')?;
        match (class, name) {
            ("dict", "fromkeys") => {
                let keys = args.pos.first()?;
                return Some(self.dict_from_keys(keys, args.pos.get(1), span));
            }
            ("str", "maketrans") => return self.make_translation(args, span),
            ("bytes", "fromhex") => return self.bytes_from_hex(args, span),
            ("int", "from_bytes") => {
                let Data::Bytes(bytes) = &args.pos.first()?.data else { return None };
                let order = args.get(1, "byteorder").map_or(Some("big"), Val::as_str)?;
                if args.named("signed").is_some() {
                    return None;
                }
                let value = match order {
                    "big" => num_bigint::BigUint::from_bytes_be(bytes),
                    _ => num_bigint::BigUint::from_bytes_le(bytes),
                };
                return Some(Ok(Val::big(value.into(), span)));
            }
            _ => {}
        }
        let this = args.pos.first()?.clone();
        if self.is_open(&this) && class != "str" {
            return None;
        }
        let type_name = self.type_name(&this);
        if type_name != class || !self.has_method(&this, name) {
            return None;
        }
        let rest = Args {
            pos: args.pos.iter().skip(1).cloned().collect(),
            kw: args.kw.clone(),
            more_pos: args.more_pos.clone(),
            more_kw: args.more_kw.clone(),
        };
        Some(self.call_method(&this, &Name::from(name), rest, span))
    }

    /// An arbitrary element: which one Python gives differs from run to run.
    fn arbitrary(&mut self, what: &str, span: Span) -> Val {
        self.hole(HoleKind::Nondeterministic, what, span)
    }
}

/// Whether a dict has entries under keys that are not known.
fn has_open_key(entries: &Entries) -> bool {
    entries.keys().any(|key| matches!(key, Key::Spread(_) | Key::Hole(_)))
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

/// A default that can be written beside a hole.
pub(crate) fn json_scalar(val: &Val) -> Option<serde_json::Value> {
    Some(match &val.data {
        Data::None => serde_json::Value::Null,
        Data::Bool(value) => (*value).into(),
        Data::Int(value) => (*value).into(),
        Data::Str(text) => text.as_ref().into(),
        Data::Float(value) => serde_json::Number::from_f64(*value)?.into(),
        _ => return None,
    })
}

/// A hole that says which default the code gives.
pub(crate) fn with_default(val: Val, default: serde_json::Value) -> Val {
    match &val.data {
        Data::Unknown(hole) if hole.default.is_none() => {
            let mut hole = hole.as_ref().clone();
            hole.default = Some(default);
            Val::unknown(std::sync::Arc::new(hole), val.span)
        }
        _ => val,
    }
}
