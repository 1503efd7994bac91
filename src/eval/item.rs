//! Subscripts, dict keys and iteration.

mod change;
mod iterate;
mod keys;

pub(crate) use keys::may_be_one_key;

use std::rc::Rc;

use num_bigint::BigInt;

use super::call::Args;
use super::interp::{Interp, Raised, Res};
use super::object::{Data, Entries, Flavour, Key, ObjId, Object, Val};
use super::pure;
use crate::eval::checkout::{self, is_marked};
use crate::python::Span;

/// Elements that one step goes over.
const ELEMENTS_READ: usize = 16;

/// Bytes of a `bytes` value that one step goes over: each becomes a number of its own.
const BYTES_READ: usize = 4;

/// Steps that an entry of a dict counts for.
const ROOM_OF_ENTRY: usize = 2;

impl Interp<'_> {
    /// Sets an entry of a dict object. A key with holes leaves entries it may stand for in doubt.
    pub(crate) fn insert(&mut self, id: ObjId, key: Key, name: Val, val: Val) {
        if matches!(key, Key::Hole(_)) {
            let span = name.span;
            self.doubt_entries(id, &name, Some(&key), span);
        } else {
            self.doubt_open_entries(id, &key, &name, &val);
        }
        if let Object::Dict(entries, _) = self.heap.get_mut(id) {
            if let Some(entry) = entries.get_mut(&key) {
                entry.1 = val;
                entries.settle(&key);
            } else {
                entries.insert(key, (name, val));
                // What is put in piece by piece takes as much room as what is made at once.
                self.work(ROOM_OF_ENTRY);
            }
        }
    }

    /// Entries of a dict, or of an instance of a dict subclass or a mapping record.
    pub(crate) fn entries_of(&self, val: &Val) -> Option<Entries> {
        match self.heap.get(val.as_obj()?) {
            Object::Namespace(owner) => Some(self.namespace_entries(*owner)),
            Object::Dict(entries, _) => {
                self.heap.copied(entries.len() * 2);
                Some(entries.clone())
            }
            Object::Instance(instance) => self.entries_of(instance.payload.as_ref()?),
            Object::Record(..) => self.section_options(val)?,
            _ => None,
        }
    }

    /// One of these entries: its value.
    pub(crate) fn value_at(&self, val: &Val, key: &Key) -> Option<Val> {
        match self.heap.get(val.as_obj()?) {
            Object::Dict(entries, _) => entries.get(key).map(|(_, val)| val.clone()),
            Object::Instance(instance) => self.value_at(instance.payload.as_ref()?, key),
            _ => self.entries_of(val)?.get(key).map(|(_, val)| val.clone()),
        }
    }

    /// Counts what it takes to go over a container once, as most operations on one do.
    pub(crate) fn look_through(&mut self, container: &Val, span: Span) -> Res<()> {
        let length = match &container.data {
            Data::Tuple(items) => items.len(),
            Data::Obj(id) => match self.heap.get(*id) {
                Object::List(items) => items.len(),
                Object::Dict(entries, _) => entries.len(),
                Object::Set(items, _) => items.len(),
                _ => 0,
            },
            _ => 0,
        };
        self.spend(length / ELEMENTS_READ, span)
    }

    /// `object[index]`.
    pub(crate) fn item(&mut self, object: &Val, index: &Val, span: Span) -> Res {
        if self.unknown(object).is_some() {
            let text = self.short_repr(index);
            self.may_raise(object, span);
            let results = self.special(object, "__getitem__", &[index], span)?;
            let part = self.part_of(object, &format!("[{text}]"), span);
            let choices: Vec<&Val> = std::iter::once(&part).chain(&results).collect();
            self.may_be(&part, &choices);
            return Ok(part);
        }
        if matches!(index.data, Data::Slice(_)) {
            self.weigh(object);
        }
        match &object.data {
            Data::Str(_) | Data::Text(_) | Data::Bytes(_) => self.text_item(object, index, span),
            Data::Tuple(items) => {
                let items = Rc::clone(items);
                let found = match self.sequence_item("tuple", &items, index, span) {
                    Err(Raised::Exception(val))
                        if self.exception_is(&val, "builtins.IndexError") =>
                    {
                        let message = "tuple index out of range";
                        return Err(self.exception("IndexError", message, span));
                    }
                    found => found?,
                };
                match found {
                    Ok(val) => Ok(val),
                    Err(items) => Ok(Val::tuple(items, span)),
                }
            }
            Data::Native(native) => {
                let native = Rc::clone(native);
                self.native_item(object, &native, index, span)
            }
            Data::Symbol(path) => {
                let path = path.clone();
                self.symbol_item(&path, index, span)
            }
            Data::Obj(id) => self.object_item(object, *id, index, span),
            _ => {
                let message = format!("'{}' object is not subscriptable", self.type_name(object));
                self.type_error(message, span)
            }
        }
    }

    fn object_item(&mut self, object: &Val, id: ObjId, index: &Val, span: Span) -> Res {
        if let Some(val) = self.special_of_node(object, "__getitem__", &[index], span)? {
            return Ok(val);
        }
        // The usual cases first, without copying the whole object.
        match (self.heap.get(id), &index.data) {
            (Object::List(_), _) if self.is_open(index) => self.may_raise(index, span),
            (Object::List(items), Data::Int(at)) => {
                let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let at = if *at < 0 { at + length } else { *at };
                if let Some(val) = usize::try_from(at).ok().and_then(|at| items.get(at)) {
                    return Ok(val.clone());
                }
            }
            (Object::Dict(entries, _), Data::Str(name)) => {
                let key = Key::Str(Rc::clone(name));
                if let Some((_, val)) = entries.get(&key)
                    && !entries.is_doubtful(&key)
                {
                    return Ok(val.clone());
                }
            }
            _ => {}
        }
        self.look_through(object, span)?;
        match self.heap.copy(id) {
            Object::List(items) => match self.sequence_item("list", &items, index, span)? {
                Ok(val) => Ok(val),
                Err(items) => Ok(self.list(items, span)),
            },
            Object::Dict(entries, class) => {
                if let Some(val) = self.dict_get(&entries, index, span)? {
                    let key = self.key(index, span)?;
                    if !entries.contains_key(&key) && self.factory_of(class.as_ref()).is_some() {
                        // Made now, or there under a key that is equal.
                        if let Object::Dict(entries, _) = self.heap.get_mut(id) {
                            entries.insert(key, (index.clone(), val.clone()));
                        }
                        return Ok(val);
                    }
                    if !entries.contains_key(&key) || entries.is_doubtful(&key) {
                        self.may_raise(index, span);
                    }
                    return Ok(val);
                }
                if let Some(val) = self.missing_key(id, class.as_ref(), index, span)? {
                    return Ok(val);
                }
                Err(self.key_error(index, span))
            }
            Object::Instance(instance) => {
                if let Some(method) = self.find_attribute(object, "__getitem__", span)?
                    && method.as_obj().is_some()
                {
                    return self.call(&method, Args::positional(vec![index.clone()]), span);
                }
                if let Some(payload) = instance.payload {
                    if let Ok(Some(missing)) = self.class_lookup(&instance.class, "__missing__")
                        && let Some(entries) = self.entries_of(&payload)
                        && self.dict_get(&entries, index, span)?.is_none()
                    {
                        let args = Args::positional(vec![object.clone(), index.clone()]);
                        return self.call(&missing, args, span);
                    }
                    return self.item(&payload, index, span);
                }
                if let Some(Flavour::NamedTuple(fields)) = self.flavour_of(&instance.class) {
                    let items: Vec<Val> = fields
                        .iter()
                        .filter_map(|name| instance.attrs.get(name).cloned())
                        .collect();
                    return match self.sequence_item("tuple", &items, index, span)? {
                        Ok(val) => Ok(val),
                        Err(items) => Ok(Val::tuple(items, span)),
                    };
                }
                let message = format!("'{}' object is not subscriptable", self.type_name(object));
                self.type_error(message, span)
            }
            Object::Class(class, attrs) => {
                if class.flavour == Flavour::Enum {
                    if let Some(name) = index.as_str()
                        && let Some(val) = attrs.get(name)
                    {
                        return Ok(val.clone());
                    }
                    if self.is_open(index) {
                        return Ok(self.derived(&[index], span));
                    }
                    return Err(self.key_error(index, span));
                }
                if let Some(val) =
                    self.meta_call(object, "__getitem__", std::slice::from_ref(index), span)?
                {
                    return Ok(val);
                }
                if let Ok(Some(generic)) = self.class_lookup(object, "__class_getitem__") {
                    let function = self.unwrap_method(&generic);
                    let args = Args::positional(vec![object.clone(), index.clone()]);
                    return self.call(&function, args, span);
                }
                // A generic alias such as `Base[int]`.
                Ok(object.clone())
            }
            Object::Namespace(_) => {
                let entries = self.entries_of(object).unwrap_or_default();
                match self.dict_get(&entries, index, span)? {
                    Some(val) => Ok(val),
                    None => Err(self.key_error(index, span)),
                }
            }
            Object::Scope(names) => match index.as_str().and_then(|name| names.get(name)) {
                Some(val) => {
                    if let Some(unbound) = self.may_be_unbound(id, index, span) {
                        self.may_raise(&unbound, span);
                    }
                    Ok(val.clone())
                }
                None if self.unknown(index).is_some() => self.named_by(object, index, span),
                None => Err(self.key_error(index, span)),
            },
            Object::XCom(..) | Object::Record(..) | Object::Dag(_) | Object::Group(_) => {
                self.airflow_item(object, index, span)
            }
            _ => {
                let message = format!("'{}' object is not subscriptable", self.type_name(object));
                self.type_error(message, span)
            }
        }
    }

    /// The condition under which a scope has a name, when it is bound under one only.
    pub(crate) fn may_be_unbound(&self, scope: ObjId, name: &Val, span: Span) -> Option<Val> {
        let key = (self.heap.resolve(scope), name.as_str()?.into());
        let cond = self.maybe_unbound.get(&key)?;
        Some(Val::unknown(std::sync::Arc::clone(cond), span))
    }

    /// The value of a key: `None` when the dict is known not to have it.
    pub(crate) fn dict_get(
        &mut self,
        entries: &Entries,
        index: &Val,
        span: Span,
    ) -> Res<Option<Val>> {
        let key = self.key(index, span)?;
        if let Some((at, _, (name, val))) = entries.get_full(&key) {
            if !matches!(key, Key::Hole(_)) {
                return Ok(Some(val.clone()));
            }
            // What was set after it under a key that may be the same one replaced it.
            self.spend(entries.len() / ELEMENTS_READ, span)?;
            let later = entries.iter().skip(at + 1);
            let mut from: Vec<&Val> = later
                .filter(|(_, (other, _))| may_be_one_key(name, other))
                .map(|(_, (_, val))| val)
                .collect();
            if from.is_empty() {
                return Ok(Some(val.clone()));
            }
            from.insert(0, val);
            let one = self.derived(&from, span);
            self.may_be(&one, &from);
            return Ok(Some(one));
        }
        self.spend(if entries.has_open_keys() { entries.len() } else { 0 }, span)?;
        if let Key::Hole(_) = key {
            self.spend(entries.len() / ELEMENTS_READ, span)?;
            let mut from: Vec<&Val> = vec![index];
            from.extend(entries.values().map(|(_, val)| val));
            let one = self.derived(&from, span);
            self.may_be(&one, from.get(1..).unwrap_or_default());
            return Ok(Some(one));
        }
        // An entry under a key that is not known may be this one.
        let open = entries.iter().rev().find(|(other, (name, _))| match other {
            Key::Spread(_) => true,
            Key::Hole(_) => may_be_one_key(name, index),
            _ => false,
        });
        match open {
            Some((_, (_, val))) => {
                let val = val.clone();
                let text = self.short_repr(index);
                Ok(Some(self.part_of(&val, &format!("[{text}]"), span)))
            }
            None => Ok(None),
        }
    }

    /// What makes the missing values of a `defaultdict`.
    fn factory_of(&self, class: Option<&Val>) -> Option<Val> {
        match self.heap.get(class?.as_obj()?) {
            Object::Record(name, attrs) if name.as_ref() == "collections.defaultdict" => {
                attrs.get("default_factory").filter(|factory| !factory.is_none()).cloned()
            }
            _ => None,
        }
    }

    /// What a `defaultdict` makes for a missing key.
    fn missing_key(
        &mut self,
        id: ObjId,
        class: Option<&Val>,
        index: &Val,
        span: Span,
    ) -> Res<Option<Val>> {
        if class.and_then(Val::as_symbol) == Some("collections.Counter") {
            return Ok(Some(Val::int(0, span)));
        }
        let Some(factory) = self.factory_of(class) else { return Ok(None) };
        let val = self.call(&factory, Args::default(), span)?;
        let key = self.key(index, span)?;
        self.insert(id, key, index.clone(), val.clone());
        Ok(Some(val))
    }

    /// An element (`Ok`) or a slice (`Err`) of a sequence.
    /// `kind` is the type of the sequence, for messages.
    pub(crate) fn sequence_item(
        &mut self,
        kind: &str,
        items: &[Val],
        index: &Val,
        span: Span,
    ) -> Res<Result<Val, Vec<Val>>> {
        if let Data::Slice(parts) = &index.data {
            let bounds = self.slice_bounds(parts, span)?;
            let Some((start, stop, step)) = bounds else {
                let mut from: Vec<&Val> = vec![index];
                from.extend(parts.iter());
                let made = self.derived(&from, span);
                self.hold_parts(&made, &Object::List(items.to_vec()));
                return Ok(Ok(made));
            };
            let counts = |at: Option<i64>| at.is_some_and(|at| at > 0);
            if (counts(start) || counts(stop)) && checkout::is_parts(items.iter().map(Val::as_str))
            {
                return Ok(Ok(self.derived(&[index], span)));
            }
            let chosen = match pure::text::slice_indices(items.len(), start, stop, step) {
                Ok(chosen) => chosen,
                Err(failure) => return self.failed(failure, &[index], span).map(Ok),
            };
            let items = chosen.into_iter().filter_map(|at| items.get(at).cloned()).collect();
            return Ok(Err(items));
        }
        let Some(at) = self.index_of(index, span)? else {
            if self.is_open(index) {
                let one = self.derived(&[index], span);
                let choices: Vec<&Val> = items.iter().collect();
                self.may_be(&one, &choices);
                return Ok(Ok(one));
            }
            if self.is_instance(index) {
                return Ok(Ok(self.derived(&[index], span)));
            }
            let message =
                format!("{kind} indices must be integers or slices, not {}", self.type_name(index));
            return self.type_error(message, span);
        };
        if at > 0 && checkout::is_parts(items.iter().map(Val::as_str)) {
            return Ok(Ok(self.derived(&[index], span)));
        }
        let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let at = if at < 0 { at + length } else { at };
        match usize::try_from(at).ok().and_then(|at| items.get(at)) {
            Some(val) => Ok(Ok(val.clone())),
            None => Err(self.exception("IndexError", "list index out of range", span)),
        }
    }

    /// The number that an index stands for; `None` when it is unknown or none.
    pub(crate) fn index_of(&mut self, index: &Val, span: Span) -> Res<Option<i64>> {
        if let Some(at) = index.as_int() {
            return Ok(Some(at));
        }
        let payload = match index.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Instance(instance)) => instance.payload.clone(),
            _ => return Ok(None),
        };
        match (payload, self.class_lookup(&self.class_of(index), "__index__")) {
            (Some(payload), _) => Ok(payload.as_int()),
            (None, Ok(Some(method))) => {
                let at = self.call(&method, Args::positional(vec![index.clone()]), span)?;
                Ok(at.as_int())
            }
            _ => Ok(None),
        }
    }

    /// Start, stop and step of a slice; `None` when one of them is unknown.
    #[allow(clippy::type_complexity, reason = "the three parts of a slice, each optional")]
    pub(crate) fn slice_bounds(
        &mut self,
        parts: &[Val; 3],
        span: Span,
    ) -> Res<Option<(Option<i64>, Option<i64>, i64)>> {
        let [start, stop, step] = parts;
        let mut part = |val: &Val| -> Res<Option<Option<i64>>> {
            if val.is_none() {
                return Ok(Some(None));
            }
            if self.is_open(val) {
                return Ok(None);
            }
            match self.index_of(val, span)? {
                Some(number) => Ok(Some(Some(number))),
                None if self.is_instance(val) => Ok(None),
                None => self.type_error("slice indices must be integers or None", span),
            }
        };
        let (Some(start), Some(stop), Some(step)) = (part(start)?, part(stop)?, part(step)?) else {
            return Ok(None);
        };
        match step.unwrap_or(1) {
            0 => Err(self.exception("ValueError", "slice step cannot be zero", span)),
            step => Ok(Some((start, stop, step))),
        }
    }

    fn text_item(&mut self, object: &Val, index: &Val, span: Span) -> Res {
        if let Data::Bytes(bytes) = &object.data {
            if let Data::Int(at) = &index.data
                && let Ok(at) = usize::try_from(*at)
                && let Some(byte) = bytes.get(at)
            {
                return Ok(Val::int(i64::from(*byte), span));
            }
            self.spend(bytes.len() / BYTES_READ, span)?;
            let items: Vec<Val> =
                bytes.iter().map(|byte| Val::int(i64::from(*byte), span)).collect();
            return match self.sequence_item("byte", &items, index, span)? {
                Ok(val) => Ok(val),
                Err(items) => {
                    let bytes: Vec<u8> =
                        items.iter().filter_map(|val| val.as_int()?.try_into().ok()).collect();
                    Ok(Val::new(Data::Bytes(bytes.into()), span))
                }
            };
        }
        let Data::Str(text) = &object.data else {
            return Ok(self.derived(&[object, index], span));
        };
        if let Data::Slice(parts) = &index.data {
            return match self.slice_bounds(parts, span)? {
                Some((start, stop, _))
                    if is_marked(text) && start.max(stop).is_some_and(|at| at > 0) =>
                {
                    Ok(self.derived(&[object, index], span))
                }
                Some((start, stop, step)) => match pure::text::slice(text, start, stop, step) {
                    Ok(part) => Ok(Val::str(part, span)),
                    Err(failure) => self.failed(failure, &[object], span),
                },
                None => Ok(self.derived(&[object, index], span)),
            };
        }
        if self.is_open(index) {
            return Ok(self.derived(&[object, index], span));
        }
        let Some(at) = self.index_of(index, span)? else {
            if self.is_instance(index) {
                return Ok(self.derived(&[object, index], span));
            }
            let kind = self.type_name(index);
            let message = format!("string indices must be integers, not '{kind}'");
            return self.type_error(message, span);
        };
        if at > 0 && is_marked(text) {
            return Ok(self.derived(&[object, index], span));
        }
        match pure::text::index(text, at) {
            Some(character) => Ok(Val::str(character.to_string(), span)),
            None => Err(self.exception("IndexError", "string index out of range", span)),
        }
    }
}

/// The number of elements of a range.
pub(crate) fn range_length(start: i64, stop: i64, step: i64) -> i64 {
    let (start, stop, step) = (i128::from(start), i128::from(stop), i128::from(step));
    let count = match step {
        0 => 0,
        step if step > 0 => (stop - start + step - 1).div_euclid(step),
        step => (start - stop - step - 1).div_euclid(-step),
    };
    i64::try_from(count.max(0)).unwrap_or(i64::MAX)
}

/// A value as an unbounded integer.
pub(crate) fn as_big(val: &Val) -> Option<BigInt> {
    match &val.data {
        Data::Int(value) => Some(BigInt::from(*value)),
        Data::Bool(value) => Some(BigInt::from(i64::from(*value))),
        Data::Big(value) => Some(value.as_ref().clone()),
        _ => None,
    }
}
