//! Methods of scopes, iterators and numbers, and methods taken from their class.

use num_traits::Signed;

use crate::eval::call::Args;
use crate::eval::generator::Input;
use crate::eval::interp::{Interp, Res};
use crate::eval::item::as_big;
use crate::eval::lazy::Lazy;
use crate::eval::object::{Data, Key, ObjId, Object, Val};
use crate::eval::pure::number;
use crate::python::Span;
use crate::python::ast::Name;

impl Interp<'_> {
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
            ("get", Some(key)) if self.may_be_unbound(id, key, span).is_some() => {
                let unbound = self.may_be_unbound(id, key, span);
                let mut from: Vec<&Val> = unbound.iter().collect();
                from.extend(found.iter());
                self.derived(&from, span)
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
            // The names of a scope are not followed any further: they are shown as they are now.
            ("keys" | "values" | "items", _) => {
                let dict = self.dict_of(&names, span);
                self.dict_view(&dict, name, span)
            }
            _ => return self.protocol(&this, name, args, span),
        }))
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

    fn is_generator(&self, val: &Val) -> bool {
        matches!(val.as_obj().map(|id| self.heap.get(id)), Some(Object::Lazy(Lazy::Generator(_))))
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
            "__str__" => {
                return Some(self.str_text(this, span).map(|text| self.bounded_text(text, span)));
            }
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
        let mut this = args.pos.first()?.clone();
        // An instance of a subclass keeps the builtin value inside.
        if let Some(Object::Instance(instance)) = this.as_obj().map(|id| self.heap.get(id))
            && let Some(payload) = &instance.payload
        {
            this = payload.clone();
        }
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
            doubtful: args.doubtful.clone(),
        };
        Some(self.call_method(&this, &Name::from(name), rest, span))
    }
}
