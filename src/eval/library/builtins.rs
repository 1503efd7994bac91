//! Builtin functions, types and exceptions.

mod checks;
mod code;
mod exceptions;
mod kinds;
mod numbers;
mod sequences;

use exceptions::EXCEPTIONS;
pub(crate) use exceptions::{exception_derives, exception_path};
use num_bigint::BigInt;

use crate::eval::HoleKind;
use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::item::as_big;
use crate::eval::lazy::Lazy;
use crate::eval::object::{Data, Map, Object, Val};
use crate::eval::pure::number;
use crate::python::Span;
use crate::python::ast::Name;

const FUNCTIONS: &[&str] = &[
    "abs",
    "all",
    "any",
    "ascii",
    "bin",
    "bool",
    "bytes",
    "callable",
    "chr",
    "classmethod",
    "delattr",
    "dict",
    "dir",
    "divmod",
    "enumerate",
    "eval",
    "exec",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "list",
    "locals",
    "map",
    "max",
    "min",
    "next",
    "object",
    "oct",
    "open",
    "ord",
    "pow",
    "print",
    "property",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "slice",
    "sorted",
    "staticmethod",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "vars",
    "zip",
    "__import__",
    "bytearray",
    "memoryview",
    "complex",
    "exit",
    "quit",
];

impl Interp<'_> {
    fn is_of_airflow(&self, val: &Val) -> bool {
        let object = val.as_obj().map(|id| self.heap.get(id));
        matches!(object, Some(Object::Task(_) | Object::Dag(_) | Object::Group(_)))
    }

    /// A builtin by name.
    pub(crate) fn builtin(&mut self, name: &Name, span: Span) -> Option<Val> {
        let known = FUNCTIONS.contains(&name.as_ref())
            || EXCEPTIONS.iter().any(|(known, _)| *known == name.as_ref());
        if known {
            return Some(Val::symbol(format!("builtins.{name}"), span));
        }
        match name.as_ref() {
            "NotImplemented" => Some(Val::new(Data::NotImplemented, span)),
            "Ellipsis" => Some(Val::new(Data::Ellipsis, span)),
            "__debug__" => Some(Val::bool(true, span)),
            _ => None,
        }
    }

    pub(crate) fn call_builtin(&mut self, name: &str, args: &Args, span: Span) -> Option<Res> {
        if EXCEPTIONS.iter().any(|(known, _)| *known == name) {
            let class = Val::symbol(format!("builtins.{name}"), span);
            return Some(Ok(self.make_exception(class, args, span)));
        }
        let first = args.pos.first();
        if args.is_open() && !matches!(name, "print" | "dict") {
            return None;
        }
        Some(match (name, first) {
            ("str", _) => self.call_str(args, span),
            ("repr", Some(val)) => {
                self.repr_text(val, span).map(|text| self.bounded_text(text, span))
            }
            ("ascii", Some(val)) => self.converted(val, 'a', span),
            ("format", Some(val)) => {
                let spec = args.pos.get(1).and_then(|spec| self.to_text(spec)).unwrap_or_default();
                self.format(val, &spec, span).map(|text| Val::text(text, span))
            }
            ("int", None) => Ok(Val::int(0, span)),
            ("int", Some(val)) => self.call_int(val, args.get(1, "base"), span),
            ("float", None) => Ok(Val::new(Data::Float(0.0), span)),
            ("float", Some(val)) => self.call_float(val, span),
            ("bool", None) => Ok(Val::bool(false, span)),
            ("bool", Some(val)) => match self.truth(val) {
                Ok(Some(truth)) => Ok(Val::bool(truth, span)),
                Ok(None) => Ok(self.derived(&[val], span)),
                Err(raised) => Err(raised),
            },
            ("len", Some(val)) => self.call_len(val, span),
            ("list", None) => Ok(self.list(Vec::new(), span)),
            ("tuple", None) => Ok(Val::tuple(Vec::new(), span)),
            ("set", None) => self.make_set(Vec::new(), false, span),
            ("frozenset", None) => self.make_set(Vec::new(), true, span),
            ("list" | "tuple", Some(val)) => match self.iterate(val, span) {
                Ok(Some(items)) if name == "list" => Ok(self.list(items, span)),
                Ok(Some(items)) => Ok(Val::tuple(items, span)),
                Ok(None) => Ok(self.derived(&[val], span)),
                Err(raised) => Err(raised),
            },
            ("set" | "frozenset", Some(val)) => match self.iterate_in_any_order(val, span) {
                Ok(Some(items)) => self.make_set(items, name == "frozenset", span),
                Ok(None) => Ok(self.derived(&[val], span)),
                Err(raised) => Err(raised),
            },
            ("dict", _) => self.call_dict_type(args, span),
            ("range", Some(_)) => self.call_range(args, span),
            ("enumerate", Some(val)) => self.call_enumerate(val, args.get(1, "start"), span),
            ("zip", _) if args.named("strict").is_some() => self.call_strict_zip(args, span),
            ("zip", _) => self.call_zip(args, span),
            ("reversed", Some(val))
                if self.is_instance(val)
                    && matches!(
                        self.class_lookup(&self.class_of(val), "__reversed__"),
                        Ok(Some(_))
                    ) =>
            {
                let own = self.attribute(val, &Name::from("__reversed__"), span);
                own.and_then(|own| self.call(&own, Args::default(), span))
            }
            ("reversed", Some(val)) => match self.iterate(val, span) {
                Ok(Some(mut items)) => {
                    items.reverse();
                    Ok(self.heap.val(Object::Iterator(items, 0), span))
                }
                Ok(None) => Ok(self.derived(&[val], span)),
                Err(raised) => Err(raised),
            },
            ("sorted", Some(val)) => self.call_sorted(val, args, span),
            ("min" | "max", Some(_)) => self.call_extreme(name == "max", args, span),
            ("sum", Some(val)) => self.call_sum(val, args.get(1, "start"), span),
            ("any" | "all", Some(val)) => self.call_any_all(name == "any", val, span),
            ("map", Some(function)) => self.call_map(function, args, span),
            ("filter", Some(function)) => self.call_filter(function, args, span),
            ("iter", Some(function)) if args.pos.len() == 2 => {
                let sentinel = args.pos.get(1).unwrap_or(function).clone();
                Ok(self.lazy(Lazy::Calls(function.clone(), sentinel), span))
            }
            ("iter", Some(val)) => match self.iter_of(val, span) {
                Ok(Some(iterator)) => Ok(iterator),
                Ok(None) => Ok(self.derived(&[val], span)),
                Err(raised) => Err(raised),
            },
            ("next", Some(val)) => self.call_next(val, args.pos.get(1), span),
            ("abs", Some(val)) => self.call_abs(val, span),
            ("round", Some(val)) => self.call_round(val, args.get(1, "ndigits"), span),
            ("divmod", Some(val)) => self.call_divmod(val, args.pos.get(1), span),
            ("pow", Some(val)) if args.pos.len() == 3 => {
                match (
                    as_big(val),
                    args.pos.get(1).and_then(as_big),
                    args.pos.get(2).and_then(as_big),
                ) {
                    (Some(base), Some(exponent), Some(modulus))
                        if modulus != BigInt::ZERO && exponent >= BigInt::ZERO =>
                    {
                        // The result has the sign of the modulus.
                        self.weigh_power(&exponent, &modulus, span)
                            .map(|()| Val::big(base.modpow(&exponent, &modulus), span))
                    }
                    (Some(base), Some(exponent), Some(modulus)) if modulus > BigInt::ZERO => {
                        match base.modinv(&modulus) {
                            Some(inverse) => self
                                .weigh_power(&exponent, &modulus, span)
                                .map(|()| Val::big(inverse.modpow(&-exponent, &modulus), span)),
                            None => {
                                let message = "base is not invertible for the given modulus";
                                Err(self.exception("ValueError", message, span))
                            }
                        }
                    }
                    _ => return None,
                }
            }
            ("pow", Some(val)) if args.pos.len() == 2 => {
                let other = args.pos.get(1).unwrap_or(val);
                self.binary(crate::python::ast::BinaryOp::Pow, val, other, span)
            }
            ("hex" | "oct" | "bin", Some(val)) => match as_big(val) {
                Some(number) => Ok(Val::str(
                    match name {
                        "hex" => number::hex(&number),
                        "oct" => number::oct(&number),
                        _ => number::bin(&number),
                    },
                    span,
                )),
                None => Ok(self.derived(&[val], span)),
            },
            ("chr", Some(val)) => {
                match val.as_int().and_then(|n| char::from_u32(n.try_into().ok()?)) {
                    Some(character) => Ok(Val::str(character.to_string(), span)),
                    None => Ok(self.derived(&[val], span)),
                }
            }
            ("ord", Some(val)) => match val.as_str().map(|text| text.chars().collect::<Vec<_>>()) {
                Some(characters) if characters.len() == 1 => {
                    Ok(Val::int(characters.first().map_or(0, |c| i64::from(u32::from(*c))), span))
                }
                _ => Ok(self.derived(&[val], span)),
            },
            ("isinstance" | "issubclass", Some(val)) => {
                let kind = args.pos.get(1)?;
                let answer = self.is_of(val, kind, name == "isinstance", span);
                answer.map(|answer| match answer {
                    Some(answer) => Val::bool(answer, span),
                    None => self.derived(&[val, kind], span),
                })
            }
            ("callable", Some(val)) => {
                if self.is_open(val) {
                    Ok(self.derived(&[val], span))
                } else {
                    let callable = match &val.data {
                        Data::Symbol(_) | Data::Method(_) => true,
                        Data::Obj(id) => match self.heap.get(*id) {
                            Object::Function(_)
                            | Object::Bound(..)
                            | Object::Class(..)
                            | Object::Partial(..) => true,
                            Object::Instance(instance) => {
                                let class = instance.class.clone();
                                matches!(self.class_lookup(&class, "__call__"), Ok(Some(_)))
                            }
                            _ => self.class_of_node(val).is_some_and(|class| {
                                matches!(self.class_lookup(&class, "__call__"), Ok(Some(_)))
                            }),
                        },
                        _ => false,
                    };
                    Ok(Val::bool(callable, span))
                }
            }
            ("getattr", Some(val)) => self.call_getattr(val, args, span),
            ("hasattr", Some(val)) => match args.pos.get(1).and_then(Val::as_str) {
                Some(_) if self.unknown(val).is_some() || val.as_symbol().is_some() => {
                    Ok(self.derived(&[val], span))
                }
                Some(name) => self.attribute_if_any(val, name, span).map(|found| match found {
                    Some(found) if self.is_partial(&found) => self.derived(&[&found], span),
                    // Not all attributes of what Airflow makes are known, nor what an installed package has.
                    Some(found)
                        if found.hole().is_some_and(|hole| {
                            self.is_of_airflow(val) || hole.kind == HoleKind::Import
                        }) =>
                    {
                        self.derived(&[&found], span)
                    }
                    found => Val::bool(found.is_some(), span),
                }),
                None => Ok(self.derived(&[val], span)),
            },
            ("setattr" | "delattr", Some(val))
                if args.pos.get(1).is_some_and(|name| self.is_open(name)) =>
            {
                self.change_somewhere(val, &args.all(), span);
                Ok(Val::none(span))
            }
            ("setattr", Some(val)) => {
                if let (Some(name), Some(new)) =
                    (args.pos.get(1).and_then(Val::as_str), args.pos.get(2))
                    && let Err(raised) =
                        self.set_attribute(val, &Name::from(name), new.clone(), span)
                {
                    return Some(Err(raised));
                }
                Ok(Val::none(span))
            }
            ("delattr", Some(val)) => {
                if let Some(name) = args.pos.get(1).and_then(Val::as_str)
                    && let Err(raised) = self.delete_attribute(val, &Name::from(name), span)
                {
                    return Some(Err(raised));
                }
                Ok(Val::none(span))
            }
            ("type", Some(val)) if args.pos.len() == 1 => Ok(self.class_of(val).at(span)),
            ("type", Some(_)) => self.call_type(args, span),
            ("type.__new__", Some(meta)) => {
                let meta = meta.clone();
                let rest = Args { pos: args.pos.iter().skip(1).cloned().collect(), ..args.clone() };
                self.call_type(&rest, span).inspect(|made| {
                    if let Some(id) = made.as_obj()
                        && let Object::Class(class, _) = self.heap.get_mut(id)
                    {
                        let mut owned = class.as_ref().clone();
                        owned.meta = Some(meta);
                        *class = std::rc::Rc::new(owned);
                    }
                })
            }
            ("type.__call__", Some(class)) => match class.as_obj() {
                Some(id) => {
                    let rest =
                        Args { pos: args.pos.iter().skip(1).cloned().collect(), ..args.clone() };
                    self.instantiate(id, rest, span)
                }
                None => return None,
            },
            ("super", Some(class)) if args.pos.len() == 2 => {
                let this = args.pos.get(1).unwrap_or(class).clone();
                Ok(self.heap.val(Object::Super(this, class.clone()), span))
            }
            ("object.__new__", Some(_)) => self.bare_instance(args, span),
            ("dict.__init__", Some(dict)) => {
                let rest = Args { pos: args.pos.iter().skip(1).cloned().collect(), ..args.clone() };
                match (self.call_dict_type(&rest, span), dict.as_obj()) {
                    (Ok(made), Some(id)) => {
                        self.update_dict(id, &made, span).map(|()| Val::none(span))
                    }
                    (made, _) => made,
                }
            }
            ("list.__init__", Some(list)) => {
                let items = match args.pos.get(1) {
                    Some(items) => self.iterate(items, span),
                    None => Ok(Some(Vec::new())),
                };
                match (items, list.as_obj()) {
                    (Ok(Some(items)), Some(id)) => {
                        self.heap.set(id, Object::List(items));
                        Ok(Val::none(span))
                    }
                    (Err(raised), _) => Err(raised),
                    _ => return None,
                }
            }
            ("property", getter) => {
                let getter = getter.cloned().unwrap_or_else(|| Val::none(span));
                let setter = args.get(1, "fset").cloned();
                let property = Object::Property(getter, setter, args.get(2, "fdel").cloned());
                Ok(self.heap.val(property, span))
            }
            ("staticmethod", Some(val)) => Ok(self.heap.val(Object::Static(val.clone()), span)),
            ("classmethod", Some(val)) => Ok(self.heap.val(Object::ClassMethod(val.clone()), span)),
            ("object", _) => {
                Ok(self.heap.val(Object::Record("builtins.object".into(), Map::default()), span))
            }
            ("object.__init__" | "BaseException.__init__", _) => {
                if let (true, Some(this)) = (name.starts_with('B'), first) {
                    let rest = Args::positional(args.pos.iter().skip(1).cloned().collect());
                    self.set_exception_args(this, &rest, span);
                }
                Ok(Val::none(span))
            }
            ("object.__getattribute__", Some(this)) => {
                let name = Name::from(args.pos.get(1).and_then(Val::as_str)?);
                let found = self.find_attribute(this, &name, span);
                found.and_then(|found| match found {
                    Some(val) => Ok(val),
                    None => {
                        let kind = self.type_name(this);
                        let message = format!("'{kind}' object has no attribute '{name}'");
                        Err(self.exception("AttributeError", message, span))
                    }
                })
            }
            ("object.__setattr__", Some(this)) => {
                if let (Some(name), Some(val)) =
                    (args.pos.get(1).and_then(Val::as_str), args.pos.get(2))
                {
                    let name = Name::from(name);
                    let set = match self.class_of_node(this) {
                        Some(class) => self.set_plainly(this, &class, &name, val.clone(), span),
                        None => {
                            self.set_raw(this, &name, val.clone());
                            Ok(())
                        }
                    };
                    if let Err(raised) = set {
                        return Some(Err(raised));
                    }
                }
                Ok(Val::none(span))
            }
            ("exec", Some(_)) => Ok(self.call_exec(args, span)),
            ("print" | "exec" | "exit" | "quit", _) => {
                if matches!(name, "exit" | "quit") {
                    return Some(Err(self.exception("SystemExit", "", span)));
                }
                Ok(Val::none(span))
            }
            ("open", Some(_)) => self.call_open(args, span),
            ("dir", Some(val)) => self.call_dir(val, span),
            ("vars", Some(val)) => self.attribute(val, &Name::from("__dict__"), span),
            ("slice", Some(_)) => {
                let none = Val::none(span);
                let part =
                    |index: usize| args.pos.get(index).cloned().unwrap_or_else(|| none.clone());
                let parts = if args.pos.len() == 1 {
                    [none.clone(), part(0), none.clone()]
                } else {
                    [part(0), part(1), part(2)]
                };
                Ok(Val::new(Data::Slice(parts.into()), span))
            }
            ("bytes", Some(Val { data: Data::Int(count), .. })) => match usize::try_from(*count) {
                Ok(count) if count <= self.settings.limits.string => {
                    Ok(Val::new(Data::Bytes(vec![0; count].into()), span))
                }
                Ok(_) => {
                    let message = "a string is longer than the bound";
                    Ok(self.limit_hole(span, "string", message))
                }
                Err(_) => Err(self.exception("ValueError", "negative count", span)),
            },
            ("bytes", None) => Ok(Val::new(Data::Bytes([].into()), span)),
            ("bytes", Some(val)) => match (&val.data, self.iterate(val, span)) {
                (Data::Str(text), _) => {
                    let rest = args.pos.iter().skip(1).cloned().collect();
                    let args = Args { pos: rest, kw: args.kw.clone(), ..Args::default() };
                    match self.encode(&text.clone(), &args, span) {
                        Ok(Some(bytes)) => Ok(bytes),
                        Ok(None) => Ok(self.derived(&[val], span)),
                        Err(failure) => self.failed(failure, &[val], span),
                    }
                }
                (_, Ok(Some(items))) => {
                    let bytes: Option<Vec<u8>> =
                        items.iter().map(|item| item.as_int()?.try_into().ok()).collect();
                    match bytes {
                        Some(bytes) => Ok(Val::new(Data::Bytes(bytes.into()), span)),
                        None => Ok(self.derived(&[val], span)),
                    }
                }
                _ => Ok(self.derived(&[val], span)),
            },
            ("__import__", Some(val)) => match val.as_str() {
                Some(module) => self.import_module(module, span),
                None => Ok(self.derived(&[val], span)),
            },
            (path, _) if path.contains('.') => return self.call_unbound(path, args, span),
            ("hash", Some(val)) if self.hashing => match self.key(val, span) {
                Ok(key) if key.has_hole() => Ok(self.derived(&[val], span)),
                Ok(key) => {
                    use std::hash::BuildHasher as _;
                    let hash = rustc_hash::FxBuildHasher.hash_one(&key);
                    Ok(Val::int(hash.cast_signed(), span))
                }
                Err(raised) => Err(raised),
            },
            ("hash", Some(Val { data: Data::Bool(value), .. })) => {
                Ok(Val::int(i64::from(*value), span))
            }
            ("hash", Some(Val { data: Data::Int(number @ 0..=0xFFFF_FFFF), .. })) => {
                Ok(Val::int(*number, span))
            }
            ("hash" | "id" | "input", _) => {
                Ok(self.hole(HoleKind::Nondeterministic, format!("{name}()"), span))
            }
            _ => return None,
        })
    }

    fn call_str(&mut self, args: &Args, span: Span) -> Res {
        let Some(val) = args.get(0, "object") else { return Ok(Val::str("", span)) };
        if let (Data::Bytes(bytes), true) =
            (&val.data, args.pos.len() > 1 || args.named("encoding").is_some())
        {
            return Ok(match std::str::from_utf8(bytes) {
                Ok(text) => Val::str(text, span),
                Err(_) => self.derived(&[val], span),
            });
        }
        if let Data::Str(_) = val.data {
            return Ok(val.clone().at(val.span.or(span)));
        }
        let text = self.str_text(val, span)?;
        Ok(self.bounded_text(text, val.span.or(span)))
    }

    pub(crate) fn call_dict_type(&mut self, args: &Args, span: Span) -> Res {
        let dict = self.dict(Default::default(), span);
        let Some(id) = dict.as_obj() else { return Ok(dict) };
        if let Some(from) = args.pos.first() {
            self.update_dict(id, from, span)?;
        }
        for (name, kwarg) in &args.kw {
            let key = Val::str(name.as_ref(), kwarg.span);
            self.set_item(&dict, &key, kwarg.val.clone(), span)?;
        }
        self.doubt_keys(id, &args.doubtful);
        if let Some(open) = args.more_kw.as_ref().or(args.more_pos.as_ref()) {
            self.update_dict(id, open, span)?;
        }
        Ok(dict)
    }

    fn call_getattr(&mut self, val: &Val, args: &Args, span: Span) -> Res {
        let Some(name) = args.pos.get(1) else {
            return self.type_error("getattr expected 2 arguments", span);
        };
        let Some(name) = name.as_str() else { return self.named_by(val, name, span) };
        match args.pos.get(2) {
            Some(default) => {
                let found = self.attribute_if_any(val, name, span)?;
                Ok(match found {
                    Some(found)
                        if self.is_partial(&found)
                            && (default.as_obj().is_some() || default.as_symbol().is_some()) =>
                    {
                        let one = self.derived(&[&found, default], span);
                        self.may_be(&one, &[&found, default]);
                        one
                    }
                    found => found.unwrap_or_else(|| default.clone()),
                })
            }
            None => self.attribute(val, &Name::from(name), span),
        }
    }
}

/// What is not ASCII as escapes.
pub(crate) fn escaped(plain: &str) -> String {
    plain.chars().fold(String::new(), |mut out, character| {
        let code = u32::from(character);
        match code {
            0..=0x7F => out.push(character),
            0x80..=0xFF => out.push_str(&format!("\\x{code:02x}")),
            0x100..=0xFFFF => out.push_str(&format!("\\u{code:04x}")),
            _ => out.push_str(&format!("\\U{code:08x}")),
        }
        out
    })
}
