//! The elements of values, and sets of them.

use super::range_length;
use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::lazy::Next;
use crate::eval::object::{Data, Flavour, Native, ObjId, Object, Val};
use crate::python::Span;

impl Interp<'_> {
    /// The elements of an iterable: `None` when they are unknown, an exception when there are none to
    /// iterate over.
    pub(crate) fn iterate(&mut self, val: &Val, span: Span) -> Res<Option<Vec<Val>>> {
        let items = self.all_items(val, span)?;
        if items.is_none() && !matches!(val.data, Data::Text(_)) {
            self.may_fail(val, span);
        }
        self.spend(items.as_ref().map_or(0, Vec::len), span)?;
        Ok(items)
    }

    fn all_items(&mut self, val: &Val, span: Span) -> Res<Option<Vec<Val>>> {
        Ok(match &val.data {
            Data::Unknown(_) => {
                self.use_candidates(val, span);
                self.go_over_unknown(val, span)?;
                None
            }
            Data::Text(_) => None,
            Data::Str(text) if text.len() > self.settings.limits.collection => {
                let message = "a text has more characters than the bound on collections";
                self.limit(span, "collection", message, "--max-collection");
                return Ok(None);
            }
            Data::Str(text) => Some(
                text.chars().map(|character| Val::str(character.to_string(), val.span)).collect(),
            ),
            Data::Bytes(bytes) => {
                Some(bytes.iter().map(|byte| Val::int(i64::from(*byte), val.span)).collect())
            }
            Data::Tuple(items) => Some(items.to_vec()),
            Data::Native(native) => match native.as_ref() {
                Native::Range(start, stop, step) => {
                    let bound = i64::try_from(self.settings.limits.collection).unwrap_or(i64::MAX);
                    let count = range_length(*start, *stop, *step);
                    if count > bound {
                        let message = "a range has more elements than the bound";
                        self.limit(span, "collection", message, "--max-collection");
                        return Ok(None);
                    }
                    Some((0..count).map(|turn| Val::int(start + turn * step, val.span)).collect())
                }
                _ => {
                    let message = format!("'{}' object is not iterable", self.type_name(val));
                    return self.type_error(message, span);
                }
            },
            Data::Symbol(path) => {
                let path = path.clone();
                return self.symbol_items(&path, span);
            }
            Data::Obj(id) => return self.object_items(val, *id, span),
            _ => {
                let message = format!("'{}' object is not iterable", self.type_name(val));
                return self.type_error(message, span);
            }
        })
    }

    pub(super) fn object_items(
        &mut self,
        val: &Val,
        id: ObjId,
        span: Span,
    ) -> Res<Option<Vec<Val>>> {
        let id = self.heap.resolve(id);
        Ok(match self.heap.get(id) {
            Object::List(items) => Some(items.clone()),
            Object::Dict(entries, _) => {
                if entries.is_untold() {
                    return Ok(None);
                }
                Some(entries.values().map(|(name, _)| name.clone()).collect())
            }
            Object::Set(items, _) => Some(self.in_order(items)),
            Object::Iterator(items, at) => {
                let rest = items.iter().skip(*at).cloned().collect();
                let end = items.len();
                if let Object::Iterator(_, at) = self.heap.get_mut(id) {
                    *at = end;
                }
                Some(rest)
            }
            Object::Lazy(_) => return self.drain(val, span),
            Object::Namespace(_) => {
                let entries = self.entries_of(val).unwrap_or_default();
                if entries.is_untold() {
                    return Ok(None);
                }
                Some(entries.into_values().map(|(name, _)| name).collect())
            }
            Object::Scope(names) => {
                Some(names.keys().map(|name| Val::str(name.as_ref(), span)).collect())
            }
            Object::Poisoned(_) | Object::XCom(..) => None,
            Object::Class(class, _) if class.meta.is_some() => {
                match self.meta_call(val, "__iter__", &[], span)? {
                    Some(iterator) => return self.iterate(&iterator, span),
                    None => {
                        let message = format!("'{}' object is not iterable", self.type_name(val));
                        return self.type_error(message, span);
                    }
                }
            }
            Object::Class(class, attrs) if class.flavour == Flavour::Enum => {
                if attrs.values().any(|val| self.is_partial(val)) {
                    return Ok(None);
                }
                let members = self.members(val);
                let is_flag = self.symbol_base(val).is_some_and(|base| base.ends_with("Flag"));
                let is_single = |val: &Val| {
                    self.flag_number(val).is_some_and(|(_, number)| number.count_ones() == 1)
                };
                if is_flag && !members.values().all(is_single) {
                    // Releases of Python differ in whether combined flags are members.
                    return Ok(None);
                }
                Some(members.into_values().collect())
            }
            Object::Instance(instance) => {
                let (class, payload, attrs) =
                    (instance.class.clone(), instance.payload.clone(), instance.attrs.clone());
                for protocol in ["__iter__", "__getitem__"] {
                    let is_own = matches!(self.class_lookup(&class, protocol), Ok(Some(_)));
                    if is_own && protocol == "__getitem__" && self.has_unseen_methods(&class) {
                        return Ok(None);
                    }
                    if is_own && (protocol == "__iter__" || payload.is_none()) {
                        return match self.iter_of(val, span)? {
                            Some(iterator) => self.drain(&iterator, span),
                            None => Ok(None),
                        };
                    }
                }
                if let Some(Flavour::NamedTuple(fields)) = self.flavour_of(&class) {
                    return Ok(Some(
                        fields.iter().filter_map(|name| attrs.get(name).cloned()).collect(),
                    ));
                }
                match payload {
                    Some(payload) => return self.iterate(&payload, span),
                    None if attrs.contains_key("__unknown_base__") => None,
                    None => {
                        let message = format!("'{}' object is not iterable", self.type_name(val));
                        return self.type_error(message, span);
                    }
                }
            }
            // Of all records only views of dicts and file objects are iterated over.
            Object::Record(class, attrs) if class.as_ref() == "configparser.ConfigParser" => {
                let attrs = attrs.clone();
                let names = self
                    .config_method(val, &attrs, "__iter__", &Args::default(), span)
                    .transpose()?;
                match names {
                    Some(names) => return self.iterate(&names, span),
                    None => None,
                }
            }
            Object::Record(..) if let Some(options) = self.section_options(val) => {
                options.map(|options| options.into_values().map(|(name, _)| name).collect())
            }
            Object::Record(..) => match self.view_items(val) {
                Some(items) => items,
                None => self.take_lines(val, span),
            },
            Object::Task(_) | Object::Dag(_) | Object::Group(_) => {
                if let Some(iterator) = self.special_of_node(val, "__iter__", &[], span)? {
                    return self.drain(&iterator, span);
                }
                if matches!(self.heap.get(id), Object::Group(_)) {
                    return Ok(Some(self.tasks_of_group(id, span)));
                }
                let message = format!("'{}' object is not iterable", self.type_name(val));
                return self.type_error(message, span);
            }
            _ => {
                let message = format!("'{}' object is not iterable", self.type_name(val));
                return self.type_error(message, span);
            }
        })
    }

    /// All that an iterator still has; `None` when that is unknown, or beyond the bound.
    pub(super) fn drain(&mut self, iterator: &Val, span: Span) -> Res<Option<Vec<Val>>> {
        if let Some(Object::Iterator(..)) = iterator.as_obj().map(|id| self.heap.get(id)) {
            return self.iterate(iterator, span);
        }
        let mut items = Vec::new();
        loop {
            self.step(span)?;
            match self.next_item(iterator, span)? {
                Next::Item(_) if items.len() >= self.settings.limits.collection => {
                    let message = "an iterator has more elements than the bound";
                    self.limit(span, "collection", message, "--max-collection");
                    return Ok(None);
                }
                Next::Item(item) => items.push(item),
                Next::End(_) => return Ok(Some(items)),
                Next::Open(_) => return Ok(None),
            }
        }
    }

    /// A set from elements.
    pub(crate) fn make_set(&mut self, items: Vec<Val>, frozen: bool, span: Span) -> Res {
        let mut set = crate::eval::object::Map::default();
        for item in items {
            if self.is_open(&item) {
                // Whether it is equal to another element is not known.
                return Ok(self.derived(&[&item], span));
            }
            let key = self.key(&item, span)?;
            if key.has_hole() {
                return Ok(self.derived(&[&item], span));
            }
            set.entry(key).or_insert(item);
        }
        Ok(self.heap.val(Object::Set(set, frozen), span))
    }
}
