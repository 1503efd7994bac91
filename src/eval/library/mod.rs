//! What podlift knows of the standard library, Airflow and the Kubernetes client.
//!
//! A library symbol is its dotted name ([`Data::Symbol`]): `os.path.join`, `airflow.DAG`,
//! `kubernetes.client.V1Pod`. One file per module says what calling it gives. A symbol nobody here
//! knows is still a symbol: its call gives a hole that names it.

pub(crate) mod airflow;
pub(crate) mod builtins;
pub(crate) mod callables;
pub(crate) mod collections;
pub(crate) mod containers;
pub(crate) mod datetime;
pub(crate) mod files;
pub(crate) mod functional;
pub(crate) mod kubernetes;
pub(crate) mod lookups;
pub(crate) mod managers;
pub(crate) mod natives;
pub(crate) mod regex;
mod scopes;
pub(crate) mod serialise;
pub(crate) mod texts;
pub(crate) mod uuid;

use super::HoleKind;
use super::call::Args;
use super::interp::{Interp, Res};
use super::object::{Data, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;

/// Top-level modules of the standard library, as far as DAG files import them.
const STANDARD: &[&str] = &[
    "__future__",
    "abc",
    "argparse",
    "ast",
    "asyncio",
    "base64",
    "binascii",
    "calendar",
    "collections",
    "concurrent",
    "configparser",
    "contextlib",
    "contextvars",
    "copy",
    "csv",
    "ctypes",
    "dataclasses",
    "datetime",
    "decimal",
    "difflib",
    "email",
    "enum",
    "fnmatch",
    "fractions",
    "ftplib",
    "functools",
    "gc",
    "getpass",
    "glob",
    "gzip",
    "hashlib",
    "heapq",
    "hmac",
    "html",
    "http",
    "importlib",
    "inspect",
    "io",
    "ipaddress",
    "itertools",
    "json",
    "keyword",
    "locale",
    "logging",
    "math",
    "mimetypes",
    "multiprocessing",
    "numbers",
    "operator",
    "os",
    "pathlib",
    "pickle",
    "pkgutil",
    "platform",
    "pprint",
    "queue",
    "random",
    "re",
    "sched",
    "secrets",
    "select",
    "shlex",
    "shutil",
    "signal",
    "site",
    "smtplib",
    "socket",
    "sqlite3",
    "ssl",
    "stat",
    "statistics",
    "string",
    "struct",
    "subprocess",
    "sys",
    "syslog",
    "tarfile",
    "tempfile",
    "textwrap",
    "threading",
    "time",
    "timeit",
    "tomllib",
    "traceback",
    "types",
    "typing",
    "unicodedata",
    "unittest",
    "urllib",
    "uuid",
    "venv",
    "warnings",
    "weakref",
    "xml",
    "zipfile",
    "zlib",
    "zoneinfo",
];

/// Third-party modules podlift evaluates.
const KNOWN: &[&str] = &[
    "airflow",
    "kubernetes",
    "yaml",
    "pendulum",
    "pytz",
    "dateutil",
    "attr",
    "attrs",
    "typing_extensions",
    "toml",
    "six",
];

/// Whether imports of this module are answered here instead of from files.
pub(crate) fn is_library(module: &str) -> bool {
    let top = module.split('.').next().unwrap_or(module);
    STANDARD.contains(&top) || KNOWN.contains(&top)
}

/// Whether a library is known to have a symbol of this canonical name.
pub(crate) fn has(path: &str) -> bool {
    if path.starts_with("airflow.") {
        return airflow::is_operator(path) || path.matches('.').count() == 1;
    }
    match path.strip_prefix("kubernetes.client.") {
        Some(class) => crate::kubernetes::Models::get().class(class).is_some(),
        // Of the standard library every public name is taken to be there.
        None => STANDARD.contains(&path.split('.').next().unwrap_or(path)),
    }
}

/// The one name under which a symbol goes, whatever path it was imported by.
pub(crate) fn canonical(path: &str) -> String {
    if let Some(rest) = path.strip_prefix("kubernetes.client.") {
        let last = rest.rsplit('.').next().unwrap_or(rest);
        let is_class = last.chars().next().is_some_and(char::is_uppercase);
        if is_class {
            return format!("kubernetes.client.{last}");
        }
        return path.to_owned();
    }
    if path.starts_with("airflow.") {
        return airflow::canonical(path);
    }
    match path {
        "typing_extensions" => "typing".to_owned(),
        "posixpath" => "os.path".to_owned(),
        _ => path
            .strip_prefix("typing_extensions.")
            .map_or_else(|| path.to_owned(), |rest| format!("typing.{rest}")),
    }
}

impl Interp<'_> {
    /// `path.name` of a library symbol.
    pub(crate) fn symbol_attribute(&mut self, path: &Name, name: &Name, span: Span) -> Val {
        let full = canonical(&format!("{path}.{name}"));
        if let Some(val) = self.symbol_constant(&full, span) {
            return val;
        }
        match name.as_ref() {
            "__name__" | "__qualname__" if self.is_class_symbol(path) => {
                return Val::str(path.rsplit('.').next().unwrap_or(path), span);
            }
            "__members__" => return self.hole(HoleKind::Import, full, span),
            _ => {}
        }
        Val::symbol(full, span)
    }

    /// Constants of library modules and lookups that need no call.
    fn symbol_constant(&mut self, full: &str, span: Span) -> Option<Val> {
        self.lookup_constant(full, span)
            .or_else(|| self.airflow_constant(full, span))
            .or_else(|| self.text_constant(full, span))
    }

    /// Calls a library symbol.
    pub(crate) fn call_symbol(&mut self, path: &str, args: Args, span: Span) -> Res {
        if let Some((class, method)) = path.split_once("::") {
            return self.call_operator_method(class, method, args, span);
        }
        let result = if let Some(name) = path.strip_prefix("builtins.") {
            self.call_builtin(name, &args, span)
        } else if path.starts_with("airflow.") {
            self.call_airflow(path, &args, span)
        } else if let Some(class) = path.strip_prefix("kubernetes.") {
            self.call_kubernetes(class, &args, span)
        } else {
            self.call_standard(path, &args, span)
        };
        match result {
            Some(result) => result,
            None => {
                let function = self.hole(HoleKind::Call, path, span);
                self.call_unknown(&function, &args, span)
            }
        }
    }

    /// Modules of the standard library and what stands beside it.
    fn call_standard(&mut self, path: &str, args: &Args, span: Span) -> Option<Res> {
        let (module, name) = path.rsplit_once('.')?;
        match path.split('.').next()? {
            "concurrent" => self.call_concurrent(path, args, span),
            "threading" if name == "Thread" => self.call_concurrent(path, args, span),
            "inspect" if name == "getmembers" || name.starts_with("is") => {
                self.call_inspect(path, args, span)
            }
            "types" if name == "MethodType" && args.pos.len() == 2 => {
                let (function, this) = (args.pos.first()?.clone(), args.pos.get(1)?.clone());
                Some(Ok(self.heap.val(Object::Bound(function, this), span)))
            }
            "os" | "sys" | "platform" | "socket" | "getpass" | "random" | "uuid" | "secrets"
            | "time" | "logging" | "warnings" | "importlib" | "tempfile" | "subprocess"
            | "shutil" | "threading" | "signal" | "inspect" | "traceback" | "atexit" | "gc"
            | "locale" => self.call_lookup(path, args, span),
            "pathlib" | "glob" | "io" | "fnmatch" => self.call_files(path, args, span),
            "datetime" | "pendulum" | "zoneinfo" | "pytz" | "dateutil" | "calendar" => {
                self.call_datetime(path, args, span)
            }
            "ast" | "json" | "yaml" | "base64" | "hashlib" | "tomllib" | "toml"
            | "configparser" | "csv" | "urllib" | "binascii" | "zlib" | "pickle" => {
                self.call_serialise(path, args, span)
            }
            "re" => self.call_regex(name, args, span),
            "string" | "textwrap" | "shlex" | "pprint" | "html" | "unicodedata" => {
                self.call_text_module(path, args, span)
            }
            "collections" | "dataclasses" | "enum" | "types" | "attr" | "attrs" | "abc"
            | "contextlib" | "typing" => self.call_collections(path, args, span),
            "itertools" | "functools" | "operator" | "copy" | "math" | "statistics" | "heapq"
            | "six" => self.call_functional(module, name, args, span),
            _ => None,
        }
    }

    /// Whether a symbol is a class, as its name says.
    pub(crate) fn is_class_symbol(&self, path: &str) -> bool {
        let last = path.rsplit('.').next().unwrap_or(path);
        // A name in capitals is that of a constant, but for a few classes.
        let is_constant = !last.chars().any(char::is_lowercase)
            && !matches!(path, "abc.ABC" | "uuid.UUID" | "airflow.DAG");
        last.chars().next().is_some_and(char::is_uppercase) && !is_constant
            || matches!(
                path,
                "re.error"
                    | "builtins.str"
                    | "builtins.int"
                    | "builtins.float"
                    | "builtins.bool"
                    | "builtins.list"
                    | "builtins.dict"
                    | "builtins.tuple"
                    | "builtins.set"
                    | "builtins.frozenset"
                    | "builtins.bytes"
                    | "builtins.object"
                    | "builtins.type"
                    | "datetime.datetime"
                    | "datetime.date"
                    | "datetime.time"
                    | "datetime.timedelta"
                    | "datetime.timezone"
                    | "collections.defaultdict"
                    | "collections.deque"
                    | "builtins.property"
                    | "builtins.staticmethod"
                    | "builtins.classmethod"
                    | "builtins.range"
                    | "builtins.slice"
                    | "functools.partial"
            )
    }

    /// The truth of a symbol: classes and functions are true; a constant nobody knows is open.
    pub(crate) fn symbol_truth(&self, path: &str) -> Option<bool> {
        let known = path.starts_with("builtins.") || self.is_class_symbol(path);
        known.then_some(true)
    }

    /// `symbol[index]`: lookups such as `os.environ["X"]`, generic types, enum members.
    pub(crate) fn symbol_item(&mut self, path: &Name, index: &Val, span: Span) -> Res {
        if let Some(result) = self.lookup_item(path, index, span) {
            return result;
        }
        if let Some(result) = self.airflow_symbol_item(path, index, span) {
            return result;
        }
        let generic = self.is_class_symbol(path)
            || path.starts_with("typing.")
            || path.starts_with("builtins.")
            || path.starts_with("collections.");
        if generic {
            return Ok(Val::symbol(path.clone(), span));
        }
        let text = self.short_repr(index);
        Ok(self.hole(HoleKind::Import, format!("{path}[{text}]"), span))
    }

    /// `symbol[index] = val`.
    pub(crate) fn set_symbol_item(
        &mut self,
        object: &Val,
        index: &Val,
        val: Val,
        span: Span,
    ) -> Res<()> {
        if object.as_symbol() == Some("os.environ") {
            self.set_environment(index, val, span);
        }
        Ok(())
    }

    /// Elements of a symbol, unknown for every symbol that is not an enum or `os.environ`.
    pub(crate) fn symbol_items(&mut self, path: &Name, span: Span) -> Res<Option<Vec<Val>>> {
        let _ = (path, span);
        Ok(None)
    }

    /// `needle in symbol`.
    pub(crate) fn symbol_contains(
        &mut self,
        path: &Name,
        needle: &Val,
        span: Span,
    ) -> Res<Option<bool>> {
        Ok(self.lookup_contains(path, needle, span))
    }

    /// Whether a builtin value has a method.
    pub(crate) fn has_method(&self, val: &Val, name: &str) -> bool {
        let names: &[&str] = match &val.data {
            Data::Str(_) | Data::Text(_) => texts::METHODS,
            Data::Bytes(_) => texts::BYTES_METHODS,
            Data::Tuple(_) => {
                &["count", "index", "__len__", "__contains__", "__iter__", "__getitem__"]
            }
            Data::Int(_) | Data::Big(_) | Data::Bool(_) => {
                &["bit_length", "to_bytes", "conjugate", "__int__", "__str__"]
            }
            Data::Float(_) => &["is_integer", "hex", "as_integer_ratio", "__float__", "__str__"],
            Data::Obj(id) => match self.heap.get(*id) {
                Object::List(_) => containers::LIST_METHODS,
                Object::Dict(..) | Object::Scope(_) | Object::Namespace(_) => {
                    containers::DICT_METHODS
                }
                Object::Set(..) => containers::SET_METHODS,
                Object::Iterator(..) | Object::Lazy(_) => containers::ITERATOR_METHODS,
                Object::Property(..) => &["setter", "getter", "deleter"],
                _ => &[],
            },
            _ => &[],
        };
        names.contains(&name)
    }

    /// A method that every class has.
    fn call_class_method(
        &mut self,
        class: &Val,
        id: super::object::ObjId,
        name: &Name,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        match (name.as_ref(), args.pos.first()) {
            ("register", Some(other)) => Some(Ok(self.register_class(class, other))),
            ("mro", None) => {
                let order = self.attribute(class, &Name::from("__mro__"), span);
                Some(order.and_then(|order| {
                    let items = self.iterate(&order, span)?.unwrap_or_default();
                    Ok(self.list(items, span))
                }))
            }
            ("__subclasses__", None) => {
                let known = self.classes.clone();
                let direct = known.into_iter().filter(|other| match self.heap.get(*other) {
                    Object::Class(other, _) => other
                        .bases
                        .iter()
                        .any(|base| base.as_obj().map(|base| self.heap.resolve(base)) == Some(id)),
                    _ => false,
                });
                let direct = direct.map(|other| Val::obj(other, span)).collect();
                Some(Ok(self.list(direct, span)))
            }
            ("_make", Some(items)) => {
                let items = match self.iterate(items, span) {
                    Ok(items) => items?,
                    Err(raised) => return Some(Err(raised)),
                };
                Some(self.instantiate(id, Args::positional(items), span))
            }
            _ => self.call_library_method(class, id, name, args, span),
        }
    }

    /// A method of `vars(object)`: done on a dict, then written back.
    fn call_namespace(
        &mut self,
        owner: super::object::ObjId,
        name: &Name,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        let entries = self.namespace_entries(owner);
        let before = entries.len();
        let dict = self.heap.add(Object::Dict(entries, None));
        let result = self.call_dict(&Val::obj(dict, span), dict, name, args, span)?;
        let reads = matches!(name.as_ref(), "get" | "items" | "keys" | "values" | "copy");
        if reads {
            return Some(result);
        }
        let owner = Val::obj(owner, span);
        match self.heap.copy(dict) {
            Object::Dict(entries, _) => {
                if entries.len() < before {
                    for (name, _) in self.namespace_entries(owner.as_obj()?).into_values() {
                        let gone =
                            self.key(&name, span).is_ok_and(|key| !entries.contains_key(&key));
                        if let (true, Some(name)) = (gone, name.as_str())
                            && let Err(raised) =
                                self.delete_attribute(&owner, &self.name_of(name), span)
                        {
                            return Some(Err(raised));
                        }
                    }
                }
                for (name, val) in entries.into_values() {
                    match name.as_str() {
                        Some(name) => self.set_raw(&owner, &self.name_of(name), val),
                        None => self.poison_with(owner.as_obj()?, &val, span),
                    }
                }
            }
            // The attributes that were changed are not known.
            _ => {
                let unknown = Val::obj(dict, span);
                self.poison_with(owner.as_obj()?, &unknown, span);
            }
        }
        Some(result)
    }

    /// Calls a method of a builtin or library value.
    pub(crate) fn call_method(&mut self, this: &Val, name: &Name, args: Args, span: Span) -> Res {
        let result = match &this.data {
            Data::Str(_) | Data::Text(_) | Data::Bytes(_) => {
                self.call_text(this, name, &args, span)
            }
            Data::Tuple(_) => self.call_tuple(this, name, &args, span),
            Data::Native(native) => {
                let native = std::rc::Rc::clone(native);
                self.call_native(this, &native, name, &args, span)
            }
            Data::Int(_) | Data::Big(_) | Data::Bool(_) | Data::Float(_) => {
                self.call_number(this, name, &args, span)
            }
            Data::Obj(id) => {
                let id = self.heap.resolve(*id);
                match self.heap.get(id) {
                    Object::List(_) => self.call_list(this, id, name, &args, span),
                    Object::Dict(..) => self.call_dict(this, id, name, &args, span),
                    Object::Scope(_) => self.call_scope(id, name, &args, span),
                    Object::Namespace(owner) => {
                        let owner = *owner;
                        self.call_namespace(owner, name, &args, span)
                    }
                    Object::Class(..) => self.call_class_method(this, id, name, &args, span),
                    Object::Set(..) => self.call_set(this, id, name, &args, span),
                    Object::Iterator(..) | Object::Lazy(_) => {
                        self.call_iterator(this, name, &args, span)
                    }
                    Object::Property(getter, setter, deleter) => {
                        let (getter, setter, deleter) =
                            (getter.clone(), setter.clone(), deleter.clone());
                        let given = args.pos.first().cloned();
                        let property = match name.as_ref() {
                            "setter" => Object::Property(getter, given, deleter),
                            "getter" => Object::Property(given.unwrap_or(getter), setter, deleter),
                            _ => Object::Property(getter, setter, given),
                        };
                        Some(Ok(self.heap.val(property, span)))
                    }
                    Object::Instance(_) => self.call_instance_method(this, name, &args, span),
                    Object::Poisoned(_) => None,
                    _ => self.call_library_method(this, id, name, &args, span),
                }
            }
            _ => None,
        };
        match result {
            Some(result) => result,
            None => {
                let function = self.part_of(this, &format!(".{name}"), span);
                let text = format!("{}.{name}", self.type_name(this));
                let function = match function.hole() {
                    Some(hole) if hole.kind != HoleKind::Expression => function,
                    _ => self.hole(HoleKind::Call, text, span),
                };
                self.call_unknown(&function, &args, span)
            }
        }
    }
}
