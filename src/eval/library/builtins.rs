//! Builtin functions, types and exceptions.

use num_bigint::BigInt;

use crate::eval::HoleKind;
use crate::eval::call::Args;
use crate::eval::interp::{Interp, Raised, Res};
use crate::eval::item::{as_big, range_length};
use crate::eval::lazy::{Lazy, Next};
use crate::eval::object::{Data, Instance, Map, Native, Object, Val};
use crate::eval::pure::number::{self, Number};
use crate::eval::pure::text;
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

/// What `dir` gives for every class a user writes.
const OBJECT_NAMES: &[&str] = &[
    "__class__",
    "__delattr__",
    "__dict__",
    "__dir__",
    "__doc__",
    "__eq__",
    "__format__",
    "__ge__",
    "__getattribute__",
    "__getstate__",
    "__gt__",
    "__hash__",
    "__init__",
    "__init_subclass__",
    "__le__",
    "__lt__",
    "__module__",
    "__ne__",
    "__new__",
    "__reduce__",
    "__reduce_ex__",
    "__repr__",
    "__setattr__",
    "__sizeof__",
    "__str__",
    "__subclasshook__",
    "__weakref__",
];

/// Builtin exceptions with the class each derives from.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("BaseException", ""),
    ("Exception", "BaseException"),
    ("SystemExit", "BaseException"),
    ("KeyboardInterrupt", "BaseException"),
    ("GeneratorExit", "BaseException"),
    ("BaseExceptionGroup", "BaseException"),
    ("ExceptionGroup", "BaseExceptionGroup"),
    ("StopIteration", "Exception"),
    ("ArithmeticError", "Exception"),
    ("ZeroDivisionError", "ArithmeticError"),
    ("OverflowError", "ArithmeticError"),
    ("AssertionError", "Exception"),
    ("AttributeError", "Exception"),
    ("EOFError", "Exception"),
    ("ImportError", "Exception"),
    ("ModuleNotFoundError", "ImportError"),
    ("LookupError", "Exception"),
    ("IndexError", "LookupError"),
    ("KeyError", "LookupError"),
    ("MemoryError", "Exception"),
    ("NameError", "Exception"),
    ("UnboundLocalError", "NameError"),
    ("OSError", "Exception"),
    ("IOError", "OSError"),
    ("EnvironmentError", "OSError"),
    ("FileNotFoundError", "OSError"),
    ("FileExistsError", "OSError"),
    ("PermissionError", "OSError"),
    ("NotADirectoryError", "OSError"),
    ("IsADirectoryError", "OSError"),
    ("ConnectionError", "OSError"),
    ("TimeoutError", "OSError"),
    ("RuntimeError", "Exception"),
    ("NotImplementedError", "RuntimeError"),
    ("RecursionError", "RuntimeError"),
    ("SyntaxError", "Exception"),
    ("TypeError", "Exception"),
    ("ValueError", "Exception"),
    ("UnicodeError", "ValueError"),
    ("UnicodeDecodeError", "UnicodeError"),
    ("UnicodeEncodeError", "UnicodeError"),
    ("Warning", "Exception"),
    ("UserWarning", "Warning"),
    ("DeprecationWarning", "Warning"),
    ("PendingDeprecationWarning", "Warning"),
    ("FutureWarning", "Warning"),
    ("RuntimeWarning", "Warning"),
    ("ImportWarning", "Warning"),
    ("ResourceWarning", "Warning"),
];

/// Exceptions of libraries with the class each derives from.
const LIBRARY_EXCEPTIONS: &[(&str, &str)] = &[
    ("binascii.Error", "builtins.ValueError"),
    ("configparser.Error", "builtins.Exception"),
    ("configparser.NoOptionError", "configparser.Error"),
    ("configparser.NoSectionError", "configparser.Error"),
    ("json.JSONDecodeError", "builtins.ValueError"),
    ("re.error", "builtins.Exception"),
    ("tomllib.TOMLDecodeError", "builtins.ValueError"),
    ("yaml.ComposerError", "yaml.MarkedYAMLError"),
    ("yaml.ConstructorError", "yaml.MarkedYAMLError"),
    ("yaml.MarkedYAMLError", "yaml.YAMLError"),
    ("yaml.ParserError", "yaml.MarkedYAMLError"),
    ("yaml.ReaderError", "yaml.YAMLError"),
    ("yaml.ScannerError", "yaml.MarkedYAMLError"),
    ("yaml.YAMLError", "builtins.Exception"),
    ("zoneinfo.ZoneInfoNotFoundError", "builtins.KeyError"),
];

/// The dotted name of an exception that a pure function names by its class alone.
pub(crate) fn exception_path(class: &str) -> String {
    LIBRARY_EXCEPTIONS
        .iter()
        .find(|(path, _)| path.rsplit('.').next() == Some(class))
        .map_or_else(|| format!("builtins.{class}"), |(path, _)| (*path).to_owned())
}

/// The one name of an exception class of a library, whichever of its modules it is imported from.
fn exception_name(path: &str) -> String {
    let (top, last) = (path.split('.').next().unwrap_or(path), path.rsplit('.').next());
    match last {
        Some("PatternError") if top == "re" => "re.error".to_owned(),
        Some(last) => format!("{top}.{last}"),
        None => path.to_owned(),
    }
}

/// Whether an exception class is `ancestor` or derives from it.
pub(crate) fn exception_derives(class: &str, ancestor: &str) -> bool {
    let name = exception_name(class);
    if let Some((_, base)) = LIBRARY_EXCEPTIONS.iter().find(|(path, _)| *path == name) {
        return name == exception_name(ancestor) || exception_derives(base, ancestor);
    }
    if class == ancestor {
        return true;
    }
    let Some(mut name) = class.strip_prefix("builtins.") else {
        // Exceptions of libraries derive from Exception; Airflow's have ancestors of their own.
        return ancestor == "builtins.Exception"
            || ancestor == "builtins.BaseException"
            || (class == "dataclasses.FrozenInstanceError"
                && ancestor == "builtins.AttributeError")
            || (class.starts_with("airflow.") && ancestor.ends_with(".AirflowException"));
    };
    let Some(wanted) = ancestor.strip_prefix("builtins.") else { return false };
    let alias = |name: &str| matches!(name, "IOError" | "EnvironmentError");
    loop {
        if name == wanted || (name == "OSError" && alias(wanted)) {
            return true;
        }
        // A group of exceptions is an `Exception` as well.
        if name == "ExceptionGroup" && wanted == "Exception" {
            return true;
        }
        match EXCEPTIONS.iter().find(|(known, _)| *known == name) {
            Some((_, base)) if !base.is_empty() => name = base,
            _ => return false,
        }
    }
}

impl Interp<'_> {
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

    /// Whether a symbol is an exception class.
    pub(crate) fn is_exception_class(&self, path: &str) -> bool {
        match path.strip_prefix("builtins.") {
            Some(name) => EXCEPTIONS.iter().any(|(known, _)| *known == name),
            None => {
                let last = path.rsplit('.').next().unwrap_or(path);
                last.ends_with("Exception") || last.ends_with("Error") || path == "re.error"
            }
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
            ("repr", Some(val)) => self.repr_text(val, span).map(|text| Val::text(text, span)),
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
            ("list" | "tuple", Some(val)) if self.is_unordered(val) => Ok(self.unordered(span)),
            ("list" | "tuple" | "set" | "frozenset", Some(val)) => match self.iterate(val, span) {
                Ok(Some(items)) => match name {
                    "list" => Ok(self.list(items, span)),
                    "tuple" => Ok(Val::tuple(items, span)),
                    _ => self.make_set(items, name == "frozenset", span),
                },
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
                        Ok(Val::big(base.modpow(&exponent, &modulus), span))
                    }
                    (Some(base), Some(exponent), Some(modulus)) if modulus > BigInt::ZERO => {
                        match base.modinv(&modulus) {
                            Some(inverse) => {
                                Ok(Val::big(inverse.modpow(&-exponent, &modulus), span))
                            }
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
                let class = if name == "isinstance" { self.class_of(val) } else { val.clone() };
                match self.is_subclass(&class, kind) {
                    Some(answer) => Ok(Val::bool(answer, span)),
                    None => Ok(self.derived(&[val, kind], span)),
                }
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
                            _ => false,
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
                Some(name) => self
                    .attribute_if_any(val, name, span)
                    .map(|found| Val::bool(found.is_some(), span)),
                None => Ok(self.derived(&[val], span)),
            },
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
            ("object.__setattr__", Some(this)) => {
                if let (Some(name), Some(val)) =
                    (args.pos.get(1).and_then(Val::as_str), args.pos.get(2))
                {
                    self.set_raw(this, &Name::from(name), val.clone());
                }
                Ok(Val::none(span))
            }
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
                (Data::Str(text), _) => Ok(Val::new(Data::Bytes(text.as_bytes().into()), span)),
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

    pub(crate) fn make_exception(&mut self, class: Val, args: &Args, span: Span) -> Val {
        let mut attrs = Map::default();
        attrs.insert(Name::from("args"), Val::tuple(args.pos.clone(), span));
        if class.as_symbol().is_some_and(|path| path.ends_with("ExceptionGroup"))
            && let [message, parts, ..] = args.pos.as_slice()
        {
            attrs.insert(Name::from("message"), message.clone());
            let parts = match self.iterate(parts, span) {
                Ok(Some(parts)) => Val::tuple(parts, span),
                _ => parts.clone(),
            };
            attrs.insert(Name::from("exceptions"), parts);
        }
        let instance = Instance { class, attrs, payload: None };
        self.heap.val(Object::Instance(instance), span)
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
        let text = self.str_text(val, span)?;
        Ok(Val::text(text, val.span.or(span)))
    }

    fn call_int(&mut self, val: &Val, base: Option<&Val>, span: Span) -> Res {
        if self.is_open(val) || val.as_symbol().is_some() {
            return self.converted_hole(val, "int", span);
        }
        match &val.data {
            Data::Str(text) => {
                let base = base.and_then(Val::as_int).unwrap_or(10);
                match number::parse_int(text, u32::try_from(base).unwrap_or(10)) {
                    Some(number) => Ok(Val::big(number, span)),
                    None => {
                        let message = format!(
                            "invalid literal for int() with base {base}: {}",
                            text::repr_str(text)
                        );
                        Err(self.exception("ValueError", message, span))
                    }
                }
            }
            Data::Bytes(bytes) => {
                let text = Val::str(String::from_utf8_lossy(bytes).as_ref(), span);
                self.call_int(&text, base, span)
            }
            Data::Float(value) => match number::float_to_int(*value) {
                Ok(number) => Ok(Val::big(number, span)),
                Err(_) => {
                    Err(self.exception("ValueError", "cannot convert float to integer", span))
                }
            },
            _ => match as_big(val) {
                Some(number) => Ok(Val::big(number, span)),
                None => {
                    if let Some(Object::Instance(instance)) =
                        val.as_obj().map(|id| self.heap.get(id))
                        && let Some(payload) = instance.payload.clone()
                    {
                        return self.call_int(&payload, base, span);
                    }
                    let message = format!(
                        "int() argument must be a string, a bytes-like object or a real number, not '{}'",
                        self.type_name(val)
                    );
                    self.type_error(message, span)
                }
            },
        }
    }

    /// `int(os.environ["N"])`: the hole stays the lookup, so that it can be closed by its own name.
    fn converted_hole(&mut self, val: &Val, by: &str, span: Span) -> Res {
        let mut made = self.derived(&[val], span);
        if let (Data::Unknown(hole), Some(source)) = (&mut made.data, val.hole())
            && let Some(default) = &source.default
            && by == "int"
            && let Some(number) = default.as_str().and_then(|text| number::parse_int(text, 10))
            && let Ok(number) = i64::try_from(number)
        {
            let mut with = hole.as_ref().clone();
            with.default = Some(serde_json::Value::from(number));
            *hole = std::sync::Arc::new(with);
        }
        Ok(made)
    }

    fn call_float(&mut self, val: &Val, span: Span) -> Res {
        if self.is_open(val) {
            return Ok(self.derived(&[val], span));
        }
        match &val.data {
            Data::Float(value) => Ok(Val::new(Data::Float(*value), span)),
            Data::Str(text) => match number::parse_float(text) {
                Some(value) => Ok(Val::new(Data::Float(value), span)),
                None => {
                    let message =
                        format!("could not convert string to float: {}", text::repr_str(text));
                    Err(self.exception("ValueError", message, span))
                }
            },
            _ => match as_big(val).map(|number| number::int_to_float(&number)) {
                Some(Ok(value)) => Ok(Val::new(Data::Float(value), span)),
                Some(Err(_)) => {
                    Err(self.exception("OverflowError", "int too large to convert to float", span))
                }
                None => {
                    let message = format!(
                        "float() argument must be a string or a real number, not '{}'",
                        self.type_name(val)
                    );
                    self.type_error(message, span)
                }
            },
        }
    }

    pub(crate) fn call_len(&mut self, val: &Val, span: Span) -> Res {
        if self.is_open(val) {
            return Ok(self.derived(&[val], span));
        }
        let length = match &val.data {
            Data::Str(value) => text::length(value),
            Data::Bytes(bytes) => bytes.len(),
            Data::Native(native) => match native.as_ref() {
                Native::Range(start, stop, step) => {
                    usize::try_from(range_length(*start, *stop, *step)).unwrap_or(usize::MAX)
                }
                _ => return self.type_error("object has no len()", span),
            },
            Data::Obj(id) => match self.heap.get(*id) {
                Object::List(items) => items.len(),
                Object::Dict(entries, _) => {
                    let open = entries.keys().any(|key| {
                        matches!(
                            key,
                            crate::eval::object::Key::Spread(_) | crate::eval::object::Key::Hole(_)
                        )
                    });
                    if open {
                        return Ok(self.derived(&[val], span));
                    }
                    entries.len()
                }
                Object::Set(items, _) => items.len(),
                Object::Instance(instance) => {
                    let class = instance.class.clone();
                    if let Ok(Some(method)) = self.class_lookup(&class, "__len__") {
                        return self.call(&method, Args::positional(vec![val.clone()]), span);
                    }
                    match self.iterate(val, span)? {
                        Some(items) => items.len(),
                        None => return Ok(self.derived(&[val], span)),
                    }
                }
                Object::Class(..) => self.members(val).len(),
                Object::Record(..) => match self.view_of(val) {
                    Some((_, dict)) => return self.call_len(&dict, span),
                    None => return Ok(self.derived(&[val], span)),
                },
                _ => return Ok(self.derived(&[val], span)),
            },
            Data::Tuple(items) => items.len(),
            Data::Symbol(_) => return Ok(self.derived(&[val], span)),
            _ => {
                let message = format!("object of type '{}' has no len()", self.type_name(val));
                return self.type_error(message, span);
            }
        };
        Ok(Val::int(i64::try_from(length).unwrap_or(i64::MAX), span))
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
        if let Some(open) = args.more_kw.as_ref().or(args.more_pos.as_ref()) {
            self.update_dict(id, open, span)?;
        }
        Ok(dict)
    }

    fn call_range(&mut self, args: &Args, span: Span) -> Res {
        let mut bounds = Vec::new();
        for val in &args.pos {
            match val.as_int() {
                Some(number) => bounds.push(number),
                None if self.is_open(val) => return Ok(self.derived(&[val], span)),
                None => {
                    let message = format!(
                        "'{}' object cannot be interpreted as an integer",
                        self.type_name(val)
                    );
                    return self.type_error(message, span);
                }
            }
        }
        let (start, stop, step) = match bounds.as_slice() {
            [stop] => (0, *stop, 1),
            [start, stop] => (*start, *stop, 1),
            [start, stop, step] => (*start, *stop, *step),
            _ => return self.type_error("range expected at most 3 arguments", span),
        };
        if step == 0 {
            return Err(self.exception("ValueError", "range() arg 3 must not be zero", span));
        }
        Ok(Val::native(Native::Range(start, stop, step), span))
    }

    /// Iterators of all arguments: `None` when one of them is unknown.
    pub(crate) fn iterators(&mut self, vals: &[Val], span: Span) -> Res<Option<Vec<Val>>> {
        vals.iter().map(|val| self.iter_of(val, span)).collect()
    }

    fn call_enumerate(&mut self, val: &Val, start: Option<&Val>, span: Span) -> Res {
        let start = start.map_or(Some(0), Val::as_int);
        match (self.iter_of(val, span)?, start) {
            (Some(iterator), Some(start)) => Ok(self.lazy(Lazy::Enumerate(iterator, start), span)),
            _ => Ok(self.derived(&[val], span)),
        }
    }

    /// `zip(..., strict=True)`: computed at once, so that a wrong length shows.
    fn call_strict_zip(&mut self, args: &Args, span: Span) -> Res {
        let strict = match args.named("strict") {
            Some(val) => self.truth(&val.clone())?,
            None => Some(false),
        };
        if strict == Some(false) {
            return self.call_zip(args, span);
        }
        let mut lists = Vec::new();
        for val in &args.pos {
            match self.iterate(val, span)? {
                Some(items) => lists.push(items),
                None => return Ok(self.derived(&args.all(), span)),
            }
        }
        let length = lists.first().map_or(0, Vec::len);
        if let Some(at) = lists.iter().position(|list| list.len() != length) {
            let is_longer = lists.get(at).is_some_and(|list| list.len() > length);
            let others = if at == 1 { "argument 1".into() } else { format!("arguments 1-{at}") };
            let than = if is_longer { "longer" } else { "shorter" };
            let message = format!("zip() argument {} is {than} than {others}", at + 1);
            return Err(self.exception("ValueError", message, span));
        }
        let row = |at: usize| lists.iter().filter_map(|list| list.get(at).cloned()).collect();
        let rows = (0..length).map(|at| Val::tuple(row(at), span)).collect();
        Ok(self.heap.val(Object::Iterator(rows, 0), span))
    }

    fn call_zip(&mut self, args: &Args, span: Span) -> Res {
        match self.iterators(&args.pos, span)? {
            Some(iterators) => Ok(self.lazy(Lazy::Zip(iterators), span)),
            None => Ok(self.derived(&args.all(), span)),
        }
    }

    pub(crate) fn call_sorted(&mut self, val: &Val, args: &Args, span: Span) -> Res {
        let Some(items) = self.iterate(val, span)? else { return Ok(self.derived(&[val], span)) };
        let reverse = match args.named("reverse") {
            Some(val) => self.truth(&val.clone())?,
            None => Some(false),
        };
        let Some(reverse) = reverse else { return Ok(self.derived(&[val], span)) };
        let Some(sorted) = self.sort(&items, args.named("key"), reverse, span)? else {
            return Ok(self.derived(&[val], span));
        };
        let items = sorted.into_iter().map(|(_, item)| item).collect();
        Ok(self.list(items, span))
    }

    /// Sorted pairs of key and element; `None` when an unknown key decides the order.
    pub(crate) fn sort(
        &mut self,
        items: &[Val],
        key: Option<&Val>,
        reverse: bool,
        span: Span,
    ) -> Res<Option<Vec<(Val, Val)>>> {
        let mut pairs = Vec::with_capacity(items.len());
        for item in items {
            let by = match key {
                Some(key) if !key.is_none() => {
                    self.call(key, Args::positional(vec![item.clone()]), span)?
                }
                _ => item.clone(),
            };
            pairs.push((by, item.clone()));
        }
        // Insertion by binary search keeps equal elements in order and lets a comparison fail.
        let mut sorted: Vec<(Val, Val)> = Vec::with_capacity(pairs.len());
        for (by, item) in pairs {
            let (mut low, mut high) = (0, sorted.len());
            while low < high {
                let middle = low + (high - low) / 2;
                let Some((other, _)) = sorted.get(middle) else { break };
                let other = other.clone();
                // Equal elements keep their order, the other way round too.
                let before = if reverse {
                    self.less(&other, &by, span)?
                } else {
                    self.less(&by, &other, span)?
                };
                match before {
                    Some(true) => high = middle,
                    Some(false) => low = middle + 1,
                    None => return Ok(None),
                }
            }
            sorted.insert(low, (by, item));
        }
        Ok(Some(sorted))
    }

    fn call_extreme(&mut self, largest: bool, args: &Args, span: Span) -> Res {
        let items = match args.pos.as_slice() {
            [one] => match self.iterate(one, span)? {
                Some(items) => items,
                None => return Ok(self.derived(&[one], span)),
            },
            many => many.to_vec(),
        };
        let key = args.named("key").filter(|key| !key.is_none()).cloned();
        let mut best: Option<(Val, Val)> = None;
        for item in items {
            let by = match &key {
                Some(key) => self.call(key, Args::positional(vec![item.clone()]), span)?,
                None => item.clone(),
            };
            let better = match &best {
                None => Some(true),
                Some((other, _)) if largest => self.less(&other.clone(), &by, span)?,
                Some((other, _)) => self.less(&by, &other.clone(), span)?,
            };
            match better {
                Some(true) => best = Some((by, item)),
                Some(false) => {}
                None => return Ok(self.derived(&args.all(), span)),
            }
        }
        match (best, args.named("default")) {
            (Some((_, val)), _) => Ok(val),
            (None, Some(default)) => Ok(default.clone()),
            (None, None) => Err(self.exception("ValueError", "arg is an empty sequence", span)),
        }
    }

    /// `a < b`; `None` when that is not known.
    fn less(&mut self, a: &Val, b: &Val, span: Span) -> Res<Option<bool>> {
        let result = self.compare(crate::python::ast::CompareOp::Lt, a, b, span)?;
        self.truth(&result)
    }

    fn call_sum(&mut self, val: &Val, start: Option<&Val>, span: Span) -> Res {
        let Some(items) = self.iterate(val, span)? else { return Ok(self.derived(&[val], span)) };
        let mut total = start.cloned().unwrap_or_else(|| Val::int(0, span));
        let mut rest = items.into_iter();
        while let Some(item) = rest.next() {
            if matches!((&total.data, &item.data), (Data::Float(_), Data::Float(_) | Data::Int(_)))
                || matches!((&total.data, &item.data), (Data::Int(_), Data::Float(_)))
            {
                return self.sum_floats(&total, item, rest, span);
            }
            total = self.binary(crate::python::ast::BinaryOp::Add, &total, &item, span)?;
        }
        Ok(total)
    }

    /// A sum of floats. CPython compensates rounding errors since 3.12 and did not before; where that
    /// makes a difference the result is unknown.
    fn sum_floats(
        &mut self,
        total: &Val,
        first: Val,
        rest: impl Iterator<Item = Val>,
        span: Span,
    ) -> Res {
        #[allow(clippy::cast_precision_loss, reason = "as CPython converts the numbers of a sum")]
        let number = |val: &Val| match &val.data {
            Data::Float(value) => Some(*value),
            _ => val.as_int().map(|value| value as f64),
        };
        let mut plain = number(total).unwrap_or(0.0);
        let (mut high, mut low) = (plain, 0.0);
        let mut rest = rest;
        let mut item = first;
        loop {
            let Some(value) = number(&item) else {
                let mut sum = Val::new(Data::Float(plain), span);
                for item in std::iter::once(item).chain(rest) {
                    sum = self.binary(crate::python::ast::BinaryOp::Add, &sum, &item, span)?;
                }
                return Ok(if low == 0.0 { sum } else { self.derived(&[&sum], span) });
            };
            plain += value;
            let next: f64 = high + value;
            low += if high.abs() >= value.abs() {
                (high - next) + value
            } else {
                (value - next) + high
            };
            high = next;
            match rest.next() {
                Some(next) => item = next,
                None => break,
            }
        }
        let compensated = if low.is_finite() { high + low } else { high };
        if compensated.to_bits() == plain.to_bits() {
            return Ok(Val::new(Data::Float(plain), span));
        }
        Ok(self.hole(HoleKind::Nondeterministic, "rounding of a sum", span))
    }

    fn call_any_all(&mut self, any: bool, val: &Val, span: Span) -> Res {
        let Some(iterator) = self.iter_of(val, span)? else {
            return Ok(self.derived(&[val], span));
        };
        let mut unsure = None;
        loop {
            self.step(span)?;
            let item = match self.next_item(&iterator, span)? {
                Next::Item(item) => item,
                Next::Open(unknown) => {
                    unsure = Some(unknown);
                    break;
                }
                Next::End(_) => break,
            };
            match self.truth(&item)? {
                Some(truth) if truth == any => return Ok(Val::bool(any, span)),
                Some(_) => {}
                None => unsure = Some(item),
            }
        }
        Ok(match unsure {
            Some(item) => self.derived(&[&item], span),
            None => Val::bool(!any, span),
        })
    }

    fn call_map(&mut self, function: &Val, args: &Args, span: Span) -> Res {
        let rest: Vec<Val> = args.pos.iter().skip(1).cloned().collect();
        match self.iterators(&rest, span)? {
            Some(iterators) => Ok(self.lazy(Lazy::Map(function.clone(), iterators), span)),
            None => Ok(self.derived(&args.all(), span)),
        }
    }

    fn call_filter(&mut self, function: &Val, args: &Args, span: Span) -> Res {
        let Some(val) = args.pos.get(1) else {
            return self.type_error("filter expected 2 arguments", span);
        };
        match self.iter_of(val, span)? {
            Some(iterator) => Ok(self.lazy(Lazy::Filter(function.clone(), iterator), span)),
            None => Ok(self.derived(&[val], span)),
        }
    }

    pub(crate) fn call_next(&mut self, val: &Val, default: Option<&Val>, span: Span) -> Res {
        if self.unknown(val).is_some() {
            return Ok(self.part_of(val, "[next]", span));
        }
        let is_iterator = matches!(
            val.as_obj().map(|id| self.heap.get(id)),
            Some(Object::Iterator(..) | Object::Lazy(_))
        );
        if is_iterator {
            let next = self.next_item(val, span);
            return self.item_or_stop(next, default, span);
        }
        if let Some(Object::Instance(instance)) = val.as_obj().map(|id| self.heap.get(id)) {
            let class = instance.class.clone();
            if let Ok(Some(method)) = self.class_lookup(&class, "__next__") {
                let result = self.call(&method, Args::positional(vec![val.clone()]), span);
                return match (result, default) {
                    (Err(Raised::Exception(raised)), Some(default))
                        if self.exception_is(&raised, "builtins.StopIteration") =>
                    {
                        Ok(default.clone())
                    }
                    (result, _) => result,
                };
            }
        }
        let message = format!("'{}' object is not an iterator", self.type_name(val));
        self.type_error(message, span)
    }

    /// An element, or `StopIteration` with the value a generator returned.
    pub(crate) fn item_or_stop(
        &mut self,
        next: Res<Next>,
        default: Option<&Val>,
        span: Span,
    ) -> Res {
        match (next?, default) {
            (Next::Item(val), _) => Ok(val),
            (Next::Open(unknown), _) => Ok(self.part_of(&unknown, "[next]", span)),
            (Next::End(_), Some(default)) => Ok(default.clone()),
            (Next::End(val), None) => {
                let class = Val::symbol("builtins.StopIteration", span);
                let pos = if val.is_none() { Vec::new() } else { vec![val.clone()] };
                let raised = self.make_exception(class, &Args::positional(pos), span);
                self.set_raw(&raised, &Name::from("value"), val);
                Err(Raised::Exception(raised))
            }
        }
    }

    fn call_abs(&mut self, val: &Val, span: Span) -> Res {
        match &val.data {
            Data::Float(value) => Ok(Val::new(Data::Float(value.abs()), span)),
            Data::Native(native) => match native.as_ref() {
                Native::TimeDelta(micros) => {
                    Ok(Val::native(Native::TimeDelta(micros.saturating_abs()), span))
                }
                _ => Ok(self.derived(&[val], span)),
            },
            _ => match as_big(val) {
                Some(number) => {
                    let positive = if number < BigInt::ZERO { -number } else { number };
                    Ok(Val::big(positive, span))
                }
                None => Ok(self.derived(&[val], span)),
            },
        }
    }

    fn call_round(&mut self, val: &Val, digits: Option<&Val>, span: Span) -> Res {
        let number = match &val.data {
            Data::Float(value) => Number::Float(*value),
            _ => match as_big(val) {
                Some(number) => Number::Int(number),
                None => return Ok(self.derived(&[val], span)),
            },
        };
        match number::round(&number, digits.and_then(Val::as_int)) {
            Ok(Number::Int(number)) => Ok(Val::big(number, span)),
            Ok(Number::Float(value)) => Ok(Val::new(Data::Float(value), span)),
            Err(_) => Ok(self.derived(&[val], span)),
        }
    }

    fn call_divmod(&mut self, val: &Val, by: Option<&Val>, span: Span) -> Res {
        let Some(by) = by else { return self.type_error("divmod expected 2 arguments", span) };
        let quotient = self.binary(crate::python::ast::BinaryOp::FloorDiv, val, by, span)?;
        let rest = self.binary(crate::python::ast::BinaryOp::Mod, val, by, span)?;
        Ok(Val::tuple(vec![quotient, rest], span))
    }

    fn call_getattr(&mut self, val: &Val, args: &Args, span: Span) -> Res {
        let Some(name) = args.pos.get(1) else {
            return self.type_error("getattr expected 2 arguments", span);
        };
        let Some(name) = name.as_str() else { return Ok(self.derived(&[val, name], span)) };
        match args.pos.get(2) {
            Some(default) => {
                let found = self.attribute_if_any(val, name, span)?;
                Ok(found.unwrap_or_else(|| default.clone()))
            }
            None => self.attribute(val, &Name::from(name), span),
        }
    }

    /// `dir(class)` and `dir(instance)` of a user class: what every object has, and what was added.
    fn call_dir(&mut self, val: &Val, span: Span) -> Res {
        let class = match val.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Class(..)) => val.clone(),
            Some(Object::Instance(_)) => self.class_of(val),
            _ => return Ok(self.derived(&[val], span)),
        };
        let Some(id) = class.as_obj() else { return Ok(self.derived(&[val], span)) };
        let mut names: Vec<String> = OBJECT_NAMES.iter().map(|name| (*name).to_owned()).collect();
        let order: Vec<Val> = std::iter::once(class.clone()).chain(self.mro(id)).collect();
        if order.iter().any(|base| base.as_obj().is_none()) {
            return Ok(self.derived(&[val], span));
        }
        for owner in order.iter().chain([val]) {
            let Some(id) = owner.as_obj() else { continue };
            names.extend(
                self.namespace_entries(id)
                    .into_values()
                    .filter_map(|(name, _)| name.as_str().map(str::to_owned)),
            );
        }
        names.sort();
        names.dedup();
        let names = names.into_iter().map(|name| Val::str(name, span)).collect();
        Ok(self.list(names, span))
    }

    /// `type(name, bases, namespace)`.
    fn call_type(&mut self, args: &Args, span: Span) -> Res {
        let (Some(name), Some(bases), Some(namespace)) =
            (args.pos.first(), args.pos.get(1), args.pos.get(2))
        else {
            return self.type_error("type() takes 1 or 3 arguments", span);
        };
        let (Some(name), Some(bases)) = (name.as_str(), self.iterate(bases, span)?) else {
            return Ok(self.derived(&args.all(), span));
        };
        let entries = self.entries_of(namespace).unwrap_or_default();
        let attrs = entries
            .into_values()
            .filter_map(|(key, val)| key.as_str().map(|key| (Name::from(key), val)))
            .collect();
        let (name, options) = (name.to_owned(), Args { kw: args.kw.clone(), ..Args::default() });
        let meta = bases.iter().find_map(|base| self.meta_of(base));
        self.build_class(&name, bases, attrs, meta, &options, span)
    }

    /// Whether a class is one of `kind` or derives from it; `None` when that is not known.
    pub(crate) fn is_subclass(&self, class: &Val, kind: &Val) -> Option<bool> {
        if let Data::Tuple(kinds) = &kind.data {
            let mut result = Some(false);
            for kind in kinds.iter() {
                match self.is_subclass(class, kind) {
                    Some(true) => return Some(true),
                    Some(false) => {}
                    None => result = None,
                }
            }
            return result;
        }
        if let Some(Object::Record(union, parts)) = kind.as_obj().map(|id| self.heap.get(id))
            && union.as_ref() == "types.UnionType"
        {
            let parts: Vec<Val> = parts.values().cloned().collect();
            return self.is_subclass(class, &Val::tuple(parts, kind.span));
        }
        if kind.is_none() {
            return Some(class.as_symbol() == Some("builtins.NoneType"));
        }
        if self.unknown(class).is_some() || self.unknown(kind).is_some() {
            return None;
        }
        match (&class.data, &kind.data) {
            (Data::Symbol(class), Data::Symbol(kind)) => Some(symbol_derives(class, kind)),
            (Data::Obj(id), Data::Symbol(wanted)) => {
                let order = self.mro(*id);
                if order.iter().any(|base| self.unknown(base).is_some()) {
                    return None;
                }
                Some(
                    wanted.as_ref() == "builtins.object"
                        || order.iter().any(|base| {
                            base.as_symbol().is_some_and(|base| symbol_derives(base, wanted))
                        }),
                )
            }
            (Data::Obj(id), Data::Obj(wanted)) => {
                let (id, wanted) = (self.heap.resolve(*id), self.heap.resolve(*wanted));
                if id == wanted {
                    return Some(true);
                }
                let order = self.mro(id);
                let found = order
                    .iter()
                    .any(|base| base.as_obj().map(|base| self.heap.resolve(base)) == Some(wanted));
                if !found && order.iter().any(|base| self.unknown(base).is_some()) {
                    return None;
                }
                Some(found)
            }
            (Data::Symbol(_), Data::Obj(_)) => Some(false),
            _ => None,
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

/// Whether one library class derives from another, as far as DAG code asks.
fn symbol_derives(class: &str, kind: &str) -> bool {
    if class == kind || kind == "builtins.object" {
        return true;
    }
    let is_exception = class.starts_with("builtins.")
        || class == "dataclasses.FrozenInstanceError"
        || LIBRARY_EXCEPTIONS.iter().any(|(path, _)| *path == exception_name(class));
    if is_exception && exception_derives(class, kind) {
        return true;
    }
    let underneath = match class {
        "enum.StrEnum" => "builtins.str",
        "enum.IntEnum" | "enum.IntFlag" => "builtins.int",
        "typing.NamedTuple" => "builtins.tuple",
        _ => "",
    };
    if !underneath.is_empty() && (underneath == kind || kind == "enum.Enum") {
        return true;
    }
    match kind {
        "builtins.int" | "numbers.Number" => {
            matches!(class, "builtins.bool")
                || (kind == "numbers.Number" && matches!(class, "builtins.int" | "builtins.float"))
        }
        "builtins.dict"
        | "collections.abc.Mapping"
        | "typing.Mapping"
        | "typing.Dict"
        | "collections.abc.MutableMapping" => {
            matches!(
                class,
                "builtins.dict"
                    | "collections.OrderedDict"
                    | "collections.Counter"
                    | "collections.defaultdict"
            )
        }
        "builtins.list" | "typing.List" => class == "builtins.list",
        "typing.Sequence" | "collections.abc.Sequence" => {
            matches!(class, "builtins.list" | "builtins.tuple" | "builtins.str")
        }
        "typing.Iterable" | "collections.abc.Iterable" => {
            matches!(
                class,
                "builtins.list"
                    | "builtins.tuple"
                    | "builtins.str"
                    | "builtins.dict"
                    | "builtins.set"
                    | "builtins.frozenset"
                    | "builtins.generator"
            )
        }
        "collections.abc.Callable" | "typing.Callable" | "types.FunctionType" => {
            class == "builtins.function"
        }
        "datetime.date" => class == "datetime.datetime",
        "pathlib.Path" | "pathlib.PurePath" | "os.PathLike" => class.starts_with("pathlib."),
        "airflow.BaseOperator" => super::airflow::is_operator(class),
        _ if super::airflow::is_operator(kind) && super::airflow::is_operator(class) => {
            class.rsplit('.').next() == kind.rsplit('.').next()
        }
        _ => false,
    }
}
