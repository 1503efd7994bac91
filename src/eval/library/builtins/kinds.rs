//! `type`, `isinstance` and `issubclass`.

use super::exceptions::{LIBRARY_EXCEPTIONS, exception_derives, exception_name};
use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Object, Val};
use crate::python::Span;

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

impl Interp<'_> {
    /// `type(name, bases, namespace)`.
    pub(super) fn call_type(&mut self, args: &Args, span: Span) -> Res {
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
            .filter_map(|(key, val)| key.as_str().map(|key| (self.name_of(key), val)))
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

    /// `dir(class)` and `dir(instance)` of a user class: what every object has, and what was added.
    pub(super) fn call_dir(&mut self, val: &Val, span: Span) -> Res {
        if self.is_instance(val)
            && let Ok(Some(own)) = self.class_lookup(&self.class_of(val), "__dir__")
        {
            let names = self.call(&own, Args::positional(vec![val.clone()]), span)?;
            return self
                .call_builtin("sorted", &Args::positional(vec![names]), span)
                .unwrap_or_else(|| Ok(self.derived(&[val], span)));
        }
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
            let entries = self.namespace_entries(id);
            if entries.has_doubtful() {
                return Ok(self.derived(&[val], span));
            }
            names.extend(
                entries.into_values().filter_map(|(name, _)| name.as_str().map(str::to_owned)),
            );
        }
        self.spend(names.len(), span)?;
        names.sort();
        names.dedup();
        let names = names.into_iter().map(|name| Val::str(name, span)).collect();
        Ok(self.list(names, span))
    }
}

/// Whether one library class derives from another, as far as DAG code asks.
pub(super) fn symbol_derives(class: &str, kind: &str) -> bool {
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
        "airflow.BaseOperator" => crate::eval::library::airflow::is_operator(class),
        _ if crate::eval::library::airflow::is_operator(kind)
            && crate::eval::library::airflow::is_operator(class) =>
        {
            class.rsplit('.').next() == kind.rsplit('.').next()
        }
        _ => false,
    }
}
