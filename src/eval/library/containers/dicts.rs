//! Methods of dicts.

use super::{json_scalar, with_default};
use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Entries, Key, ObjId, Object, Val};
use crate::python::Span;

impl Interp<'_> {
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
        if let ("pop", [key, ..]) = (name, args.pos.as_slice()) {
            let place = self.key(key, span)?;
            if !matches!(place, Key::Hole(_))
                && let Some(val) = self.take_entry(id, &place, span)?
            {
                return Ok(Some(val));
            }
        }
        if let ("keys" | "values" | "items", None) = (name, args.pos.first()) {
            return Ok(Some(self.dict_view(this, name, span)));
        }
        if let ("setdefault", [key, rest @ ..]) = (name, args.pos.as_slice()) {
            return self.set_default(id, key, rest.first(), span);
        }
        self.look_through(this, span)?;
        let Object::Dict(entries, class) = self.heap.copy(id) else { return Ok(None) };
        let is_counter = class.as_ref().and_then(Val::as_symbol) == Some("collections.Counter");
        if is_counter && let Some(val) = self.counter_method(id, &entries, name, args, span)? {
            return Ok(Some(val));
        }
        let key = args.get(0, "key");
        let default = args.get(1, "default");
        Ok(Some(match (name, key) {
            ("get", Some(key)) => self.get_or(&entries, key, default, span)?,
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
                self.doubt_keys(id, &args.doubtful);
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
                let is_open =
                    entries.has_open_keys() || self.is_open(key) || matches!(place, Key::Hole(_));
                let (false, Some(to_end)) = (is_open, to_end) else {
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
            Some(_) if entries.is_doubtful(&place) => Ok(None),
            Some((_, val)) => Ok(Some(val.clone())),
            None if entries.has_open_keys() => Ok(None),
            None => Ok(Some(default.cloned().unwrap_or_else(|| Val::none(span)))),
        }
    }

    /// `dict.setdefault`. Loops do it often: the dict is copied only where something is in doubt.
    fn set_default(
        &mut self,
        id: ObjId,
        key: &Val,
        default: Option<&Val>,
        span: Span,
    ) -> Res<Option<Val>> {
        let place = self.key(key, span)?;
        let given = default.cloned().unwrap_or_else(|| Val::none(span));
        let Object::Dict(entries, _) = self.heap.get(id) else { return Ok(None) };
        let is_hole = matches!(place, Key::Hole(_));
        let found = match entries.get(&place) {
            Some((_, val)) if !is_hole && !entries.is_doubtful(&place) => {
                return Ok(Some(val.clone()));
            }
            None if !is_hole && !entries.has_open_keys() => None,
            _ => match self.heap.copy(id) {
                Object::Dict(entries, _) => self.dict_get(&entries, key, span)?,
                _ => None,
            },
        };
        let val = match found {
            Some(found) => self.derived(&[&found, &given], span),
            None => given,
        };
        self.insert(id, place, key.clone(), val.clone());
        Ok(Some(val))
    }

    /// Whether an entry is there under exactly this key.
    fn is_certain(&mut self, entries: &Entries, key: &Val, span: Span) -> Res<bool> {
        let key = self.key(key, span)?;
        Ok(!matches!(key, Key::Hole(_)) && entries.contains_key(&key) && !entries.is_doubtful(&key))
    }

    /// `dict.get`: the default is what the code gives for an entry that is not known to be there.
    fn get_or(&mut self, entries: &Entries, key: &Val, default: Option<&Val>, span: Span) -> Res {
        let certain = self.is_certain(entries, key, span)?;
        Ok(match self.dict_get(entries, key, span)? {
            Some(val) if certain => val,
            Some(val) => match default.and_then(json_scalar) {
                Some(scalar) => with_default(val, scalar),
                None => match default
                    .filter(|one| one.as_obj().is_some() || one.as_symbol().is_some())
                {
                    Some(default) => {
                        let one = self.derived(&[&val, default], span);
                        self.may_be(&one, &[&val, default]);
                        one
                    }
                    None => val,
                },
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
        if let Some(val) = self.take_entry(id, &place, span)? {
            return Ok(val);
        }
        match self.dict_get(entries, key, span)? {
            Some(val) => {
                // The entry that is taken is one of those under open keys, or none.
                for (_, like, _) in entries.like(&place, key) {
                    if let Object::Dict(entries, _) = self.heap.get_mut(id) {
                        entries.doubt(like);
                    }
                }
                if default.is_none() {
                    self.may_fail(&val, span);
                }
                Ok(match default.and_then(json_scalar) {
                    Some(default) => with_default(val, default),
                    None => val,
                })
            }
            None => match default {
                Some(default) => Ok(default.clone()),
                None => Err(self.key_error(key, span)),
            },
        }
    }

    fn dict_popitem(&mut self, id: ObjId, entries: Entries, args: &Args, span: Span) -> Res {
        if entries.has_open_keys() || entries.is_disordered() {
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
        let removed = if from_end { entries.pop() } else { entries.take_at(0) };
        match removed {
            Some((key, val)) => Ok(Val::tuple(vec![key, val], span)),
            None => Err(self.exception("KeyError", "popitem(): dictionary is empty", span)),
        }
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
}
