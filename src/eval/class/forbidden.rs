//! What a class forbids: instances while methods are abstract, and attributes it has no slot for.

use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;

/// Where CPython keeps the names that have no implementation yet.
const ABSTRACT_METHODS: &str = "__abstractmethods__";
/// What `@abstractmethod` sets on a function.
const IS_ABSTRACT: &str = "__isabstractmethod__";
/// Attributes that are looked at in the time of a step.
const ATTRIBUTES: usize = 8;

impl Interp<'_> {
    /// `@abstractmethod`.
    pub(crate) fn mark_abstract(&mut self, function: &Val, span: Span) -> Res {
        if function.as_obj().is_some_and(|id| matches!(self.heap.get(id), Object::Function(_))) {
            self.set_attribute(function, &Name::from(IS_ABSTRACT), Val::bool(true, span), span)?;
        }
        Ok(function.clone())
    }

    fn is_abstract(&self, val: &Val) -> bool {
        match val.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Function(function)) => function.attrs.contains_key(IS_ABSTRACT),
            Some(Object::Static(inner) | Object::ClassMethod(inner)) => self.is_abstract(inner),
            Some(Object::Property(get, set, delete)) => {
                std::iter::once(get).chain(set).chain(delete).any(|part| self.is_abstract(part))
            }
            _ => false,
        }
    }

    /// Whether instances of a class are refused while it has abstract methods: only where its metaclass is
    /// `ABCMeta` or derives from it.
    fn counts_abstract(&self, class: &Val, meta: Option<&Val>) -> bool {
        let derives = |class: &Val, names: &[&str]| {
            class.as_obj().is_some_and(|id| {
                self.mro(id).iter().any(|base| match &base.data {
                    Data::Symbol(path) => {
                        names.contains(&path.as_ref())
                            || crate::eval::library::airflow::is_operator(path)
                    }
                    Data::Obj(id) => matches!(
                        self.heap.get(*id),
                        Object::Class(_, attrs) if attrs.contains_key(ABSTRACT_METHODS)
                    ),
                    _ => false,
                })
            })
        };
        let is_meta =
            |meta: &Val| meta.as_symbol() == Some("abc.ABCMeta") || derives(meta, &["abc.ABCMeta"]);
        meta.is_some_and(is_meta)
            || self.meta_of(class).as_ref().is_some_and(is_meta)
            || derives(class, &["abc.ABC", "typing.Protocol"])
    }

    /// A class is made: which names are abstract in it, and whether its slots are in each other's way.
    pub(super) fn check_class(&mut self, class: &Val, meta: Option<&Val>, span: Span) -> Res<()> {
        let Some(id) = class.as_obj() else { return Ok(()) };
        let Object::Class(_, own) = self.heap.get(id) else { return Ok(()) };
        let slots = own.get("__slots__").and_then(|slots| self.slot_names(slots));
        let taken = slots.and_then(|slots| slots.into_iter().find(|name| own.contains_key(name)));
        if let Some(name) = taken {
            let message = format!("'{name}' in __slots__ conflicts with class variable");
            return Err(self.exception("ValueError", message, span));
        }
        if !self.counts_abstract(class, meta) {
            return Ok(());
        }
        let mut names: Vec<Name> = Vec::new();
        let mut looked = 0;
        for base in std::iter::once(class.clone()).chain(self.mro(id)) {
            let Some(Object::Class(_, attrs)) = base.as_obj().map(|id| self.heap.get(id)) else {
                continue;
            };
            looked += attrs.len();
            let found = attrs.iter().filter(|(_, val)| self.is_abstract(val));
            names.extend(found.map(|(name, _)| name.clone()));
        }
        self.spend(looked / ATTRIBUTES, span)?;
        names.sort();
        names.dedup();
        names.retain(|name| match self.class_lookup(class, name) {
            Ok(Some(val)) => self.is_abstract(&val),
            _ => false,
        });
        let names = names.iter().map(|name| Val::str(name.as_ref(), span)).collect();
        let names = self.make_set(names, true, span)?;
        self.set_raw(class, &Name::from(ABSTRACT_METHODS), names);
        Ok(())
    }

    /// Calling a class that has abstract methods left.
    pub(super) fn refuse_abstract(&mut self, class: &Val, span: Span) -> Res<()> {
        let abstract_names = match class.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Class(class, attrs)) => {
                attrs.get(ABSTRACT_METHODS).map(|names| (class.name.clone(), names.clone()))
            }
            _ => None,
        };
        let Some((class, names)) = abstract_names else { return Ok(()) };
        let Some(Object::Set(names, _)) = names.as_obj().map(|id| self.heap.get(id)) else {
            return Ok(());
        };
        let quoted: Vec<String> =
            names.values().filter_map(Val::as_str).map(|name| format!("'{name}'")).collect();
        if quoted.is_empty() {
            return Ok(());
        }
        let plural = if quoted.len() > 1 { "s" } else { "" };
        let message = format!(
            "Can't instantiate abstract class {class} without an implementation for abstract method{plural} {}",
            quoted.join(", ")
        );
        self.type_error(message, span)
    }

    /// The names in `__slots__`; `None` when they are not all known, or one is private to the class.
    fn slot_names(&self, slots: &Val) -> Option<Vec<Name>> {
        let one = |val: &Val| val.as_str().map(Name::from);
        let names: Vec<Name> = match &slots.data {
            Data::Str(_) => vec![one(slots)?],
            Data::Tuple(items) => items.iter().map(one).collect::<Option<_>>()?,
            Data::Obj(id) => match self.heap.get(*id) {
                Object::List(items) => items.iter().map(one).collect::<Option<_>>()?,
                Object::Dict(entries, _) if !entries.has_open_keys() => {
                    entries.values().map(|(name, _)| one(name)).collect::<Option<_>>()?
                }
                _ => return None,
            },
            _ => return None,
        };
        names.iter().all(|name| !name.starts_with("__") || name.ends_with("__")).then_some(names)
    }

    /// Setting an attribute of an instance whose classes all say which attributes there are.
    pub(crate) fn refuse_attribute(
        &mut self,
        object: &Val,
        class: &Val,
        name: &Name,
        span: Span,
    ) -> Res<()> {
        let Some(Object::Class(_, own)) = class.as_obj().map(|id| self.heap.get(id)) else {
            return Ok(());
        };
        if !own.contains_key("__slots__") {
            return Ok(());
        }
        let Some(id) = class.as_obj() else { return Ok(()) };
        for base in std::iter::once(class.clone()).chain(self.mro(id)) {
            let slots = match &base.data {
                Data::Symbol(path)
                    if matches!(
                        path.as_ref(),
                        "builtins.object" | "abc.ABC" | "typing.Generic"
                    ) =>
                {
                    continue;
                }
                Data::Obj(id) => match self.heap.get(*id) {
                    Object::Class(_, attrs) => {
                        attrs.get("__slots__").and_then(|slots| self.slot_names(slots))
                    }
                    _ => None,
                },
                _ => None,
            };
            match slots {
                Some(slots)
                    if !slots.iter().any(|slot| slot == name || slot.as_ref() == "__dict__") => {}
                _ => return Ok(()),
            }
        }
        let text = match self.class_lookup(class, name) {
            Ok(Some(_)) => {
                format!("'{}' object attribute '{name}' is read-only", self.type_name(object))
            }
            _ => format!("'{}' object has no attribute '{name}'", self.type_name(object)),
        };
        Err(self.exception("AttributeError", text, span))
    }

    /// `@dataclass(slots=True)`: the fields of the class are its slots.
    pub(crate) fn give_slots(&mut self, class: &Val, fields: &[Name], span: Span) {
        let names = fields.iter().map(|name| Val::str(name.as_ref(), span)).collect();
        self.set_raw(class, &Name::from("__slots__"), Val::tuple(names, span));
    }
}
