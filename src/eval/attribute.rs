//! Attributes: reading, binding of methods, writing, deleting.

mod change;
mod kinds;
mod special;

use std::rc::Rc;

use super::HoleKind;
use super::call::Args;
use super::interp::{Interp, Raised, Res};
use super::library;
use super::object::{Data, Flavour, Map, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;

impl Interp<'_> {
    /// `object.name`.
    pub(crate) fn attribute(&mut self, object: &Val, name: &Name, span: Span) -> Res {
        if self.unknown(object).is_some() {
            return self.attribute_of_unknown(object, name, span);
        }
        let own = match self.hooks_attributes && self.is_instance(object) {
            true => self.class_lookup(&self.class_of(object), "__getattribute__"),
            false => Ok(None),
        };
        if let Ok(Some(own)) = own {
            let args = vec![object.clone(), Val::str(name.as_ref(), span)];
            return self.call(&own, Args::positional(args), span);
        }
        if let Some(val) = self.find_attribute(object, name, span)? {
            return Ok(val);
        }
        if let Some(val) = self.dynamic_attribute(object, name, span)? {
            return Ok(val);
        }
        let is_class =
            object.as_obj().is_some_and(|id| matches!(self.heap.get(id), Object::Class(..)));
        let owner = if is_class {
            format!("type object '{}'", self.type_text(object))
        } else if let Some(Object::Module(module)) = object.as_obj().map(|id| self.heap.get(id)) {
            format!("module '{}'", module.name)
        } else {
            format!("'{}' object", self.full_type_name(object))
        };
        let text = format!("{owner} has no attribute '{name}'");
        Err(self.exception("AttributeError", text, span))
    }

    /// What `__getattr__` of a class gives, where it has one.
    fn dynamic_attribute(&mut self, object: &Val, name: &str, span: Span) -> Res<Option<Val>> {
        let class = match object.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Class(class, _)) => match &class.meta {
                Some(meta) => meta.clone(),
                None => return Ok(None),
            },
            _ if self.is_instance(object) => self.class_of(object),
            _ => return Ok(None),
        };
        match self.class_lookup(&class, "__getattr__") {
            Ok(Some(getter)) => {
                let args = Args::positional(vec![object.clone(), Val::str(name, span)]);
                self.call(&getter, args, span).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The attribute as `getattr` with a default and `hasattr` see it: an `AttributeError` raised on the
    /// way means that there is none.
    pub(crate) fn attribute_if_any(
        &mut self,
        object: &Val,
        name: &str,
        span: Span,
    ) -> Res<Option<Val>> {
        if let Some(Object::Module(module)) = object.as_obj().map(|id| self.heap.get(id)) {
            let (module, key) = (module.clone(), Val::str(name, span));
            if let Some(cond) = self.may_be_unbound(module.scope, &key, span) {
                let found = self.module_attribute(&module, &Name::from(name), span)?;
                let from: Vec<&Val> = std::iter::once(&cond).chain(found.iter()).collect();
                let val = self.derived(&from, span);
                self.make_partial(&val);
                return Ok(Some(val));
            }
        }
        let found = match self.find_attribute(object, name, span) {
            Ok(None) => self.dynamic_attribute(object, name, span),
            found => found,
        };
        match found {
            Err(Raised::Exception(val)) if self.exception_is(&val, "builtins.AttributeError") => {
                Ok(None)
            }
            found => found,
        }
    }

    /// The attribute, or `None` when the object is known not to have it.
    pub(crate) fn find_attribute(
        &mut self,
        object: &Val,
        name: &str,
        span: Span,
    ) -> Res<Option<Val>> {
        let key = Name::from(name);
        match &object.data {
            Data::Unknown(_) => self.attribute_of_unknown(object, &key, span).map(Some),
            Data::Symbol(path) => {
                let path = path.clone();
                Ok(Some(self.symbol_attribute(&path, &key, span)))
            }
            Data::Native(native) => {
                self.weigh(object);
                let native = Rc::clone(native);
                self.native_attribute(object, &native, &key, span)
            }
            Data::Obj(id) => self.object_attribute(object, *id, &key, span),
            Data::Slice(parts) => Ok(match name {
                "start" => parts.first().cloned(),
                "stop" => parts.get(1).cloned(),
                "step" => parts.get(2).cloned(),
                _ => Some(self.hole(HoleKind::Name, format!("slice.{name}"), span)),
            }),
            _ => Ok(self.method(object, &key, span)),
        }
    }

    /// A method of a builtin value, or one of the few attributes they all have.
    fn method(&mut self, object: &Val, name: &Name, span: Span) -> Option<Val> {
        match name.as_ref() {
            "__class__" => Some(self.class_of(object)),
            "__doc__" => Some(self.hole(HoleKind::Name, "__doc__", span)),
            "real" | "imag" | "numerator" | "denominator" => match (&object.data, name.as_ref()) {
                (Data::Int(_) | Data::Big(_), "real" | "numerator") | (Data::Float(_), "real") => {
                    Some(object.clone())
                }
                (Data::Int(_) | Data::Big(_), "denominator") => Some(Val::int(1, span)),
                (Data::Int(_) | Data::Big(_), "imag") => Some(Val::int(0, span)),
                (Data::Float(_), "imag") => Some(Val::new(Data::Float(0.0), span)),
                _ => None,
            },
            "major" | "minor" | "micro" | "releaselevel" | "serial" => {
                // `sys.version_info`, the one named tuple that is kept as a plain one.
                let Data::Tuple(items) = &object.data else { return None };
                let is_version = items.get(3).and_then(Val::as_str) == Some("final");
                let at = ["major", "minor", "micro", "releaselevel", "serial"]
                    .iter()
                    .position(|own| *own == name.as_ref())?;
                items.get(at).filter(|_| is_version).cloned()
            }
            _ if self.has_method(object, name) => {
                Some(Val::new(Data::Method(Rc::new((object.clone(), name.clone()))), span))
            }
            _ => None,
        }
    }

    fn object_attribute(
        &mut self,
        object: &Val,
        id: super::object::ObjId,
        name: &Name,
        span: Span,
    ) -> Res<Option<Val>> {
        let id = self.heap.resolve(id);
        match self.heap.get(id) {
            Object::Poisoned(_) => Ok(Some(self.part_of(object, &format!(".{name}"), span))),
            Object::Instance(instance) => {
                let (class, payload) = (instance.class.clone(), instance.payload.clone());
                if let Some(val) = self.own_attribute(instance, name) {
                    // Properties and other descriptors with a setter come before what is set.
                    return match self.class_lookup(&class, name) {
                        Ok(Some(found)) if self.is_data_descriptor(&found) => {
                            self.bind_attribute(&found, object, &class, span).map(Some)
                        }
                        _ => Ok(Some(val)),
                    };
                }
                if let Ok(Some(found)) = self.class_lookup(&class, name)
                    && let Some(val) = self.cached_property(object, &found, name, span)?
                {
                    return Ok(Some(val));
                }
                self.instance_attribute(object, &class, payload, name, span)
            }
            Object::Class(..) => self.class_attribute(object, name, span),
            Object::Module(module) => {
                let module = module.clone();
                self.module_attribute(&module, name, span)
            }
            Object::Scope(names) => match names.get(name) {
                Some(val) => Ok(Some(val.clone())),
                None => Ok(self.method(object, name, span)),
            },
            Object::Function(function) if function.attrs.contains_key(name) => {
                Ok(function.attrs.get(name).cloned())
            }
            Object::Function(function) => Ok(match name.as_ref() {
                "__call__" => Some(object.clone()),
                "__name__" => {
                    let own = function.name.rsplit('.').next().unwrap_or(&function.def.name);
                    Some(Val::str(own, span))
                }
                "__qualname__" => Some(Val::str(function.qualname.as_ref(), span)),
                "__module__" => Some(self.module_name(function.globals, span)),
                "__doc__" => Some(match &function.def.docstring {
                    Some(doc) => Val::str(doc.as_ref(), span),
                    None => Val::none(span),
                }),
                "__defaults__" | "__kwdefaults__" => {
                    let function = Rc::clone(function);
                    Some(self.default_values(&function, name, span))
                }
                name if name.starts_with("__") => {
                    Some(self.hole(HoleKind::Name, format!("{}.{name}", function.name), span))
                }
                _ => None,
            }),
            Object::Bound(function, this) => {
                let (function, this) = (function.clone(), this.clone());
                match name.as_ref() {
                    "__self__" => Ok(Some(this)),
                    "__call__" => Ok(Some(object.clone())),
                    "__func__" => Ok(Some(function)),
                    _ => self.find_attribute(&function, name, span),
                }
            }
            Object::Model(class, fields) => {
                if let Some(val) = fields.get(name) {
                    return Ok(Some(val.clone()));
                }
                let class = class.clone();
                Ok(self.model_attribute(object, &class, name, span))
            }
            Object::Record(..) if name.as_ref() == "__dict__" => {
                Ok(Some(self.heap.val(Object::Namespace(id), span)))
            }
            Object::Record(class, attrs) => {
                if let Some(val) = attrs.get(name) {
                    return Ok(Some(val.clone()));
                }
                let class = class.clone();
                Ok(self.record_attribute(object, &class, name, span))
            }
            Object::Super(this, after) => {
                let (this, after) = (this.clone(), after.clone());
                self.super_attribute(&this, &after, name, span).map(Some)
            }
            Object::Partial(_, _, kw) if name.as_ref() == "keywords" => {
                let kw = kw.clone();
                let doubtful = self.partial_names(&kw);
                let keywords = self.dict_of(&kw, span);
                if let Some(id) = keywords.as_obj() {
                    self.doubt_keys(id, &doubtful);
                }
                Ok(Some(keywords))
            }
            Object::Partial(function, pos, _) => Ok(match name.as_ref() {
                "func" => Some(function.clone()),
                "args" => Some(Val::tuple(pos.clone(), span)),
                _ => None,
            }),
            Object::Dag(_) | Object::Task(_) | Object::Group(_) => {
                self.node_attribute(object, name, span)
            }
            Object::TaskDecorator(_) | Object::XCom(..) => {
                self.airflow_attribute(object, id, name, span)
            }
            Object::Dict(_, Some(class))
                if class.as_symbol() == Some("collections.ChainMap")
                    && matches!(name.as_ref(), "maps" | "parents" | "new_child") =>
            {
                Ok(Some(self.hole(HoleKind::Name, format!("ChainMap.{name}"), span)))
            }
            Object::Property(..) if matches!(name.as_ref(), "setter" | "getter" | "deleter") => {
                Ok(Some(Val::new(Data::Method(Rc::new((object.clone(), name.clone()))), span)))
            }
            _ => Ok(self.method(object, name, span)),
        }
    }

    fn instance_attribute(
        &mut self,
        object: &Val,
        class: &Val,
        payload: Option<Val>,
        name: &Name,
        span: Span,
    ) -> Res<Option<Val>> {
        match name.as_ref() {
            "__class__" => return Ok(Some(class.clone())),
            "__doc__" => return Ok(Some(self.class_doc(class, span))),
            "__module__" => return self.class_attribute(class, name, span),
            // Members of an enum show themselves, not their values.
            "__str__" | "__repr__"
                if self.flavour_of(class) == Some(Flavour::Enum)
                    && matches!(self.class_lookup(class, name), Ok(None)) =>
            {
                return Ok(Some(Val::new(
                    Data::Method(Rc::new((object.clone(), name.clone()))),
                    span,
                )));
            }
            "__dict__" => {
                let Some(id) = object.as_obj() else { return Ok(None) };
                let id = self.heap.resolve(id);
                return Ok(Some(self.heap.val(Object::Namespace(id), span)));
            }
            "__cause__" if self.is_exception(object) => return Ok(Some(Val::none(span))),
            "__suppress_context__" if self.is_exception(object) => {
                return Ok(Some(Val::bool(false, span)));
            }
            "__context__" | "__traceback__" if self.is_exception(object) => {
                return Ok(Some(self.hole(HoleKind::Name, name.as_ref(), span)));
            }
            _ => {}
        }
        match self.class_lookup(class, name) {
            Ok(Some(val)) => {
                if let Some(base) = self.sets_itself(class, &val) {
                    return self.set_by_base(&base, &val, object, name, span).map(Some);
                }
                return self.bind_attribute(&val, object, class, span).map(Some);
            }
            Ok(None) => {}
            Err(base) => return self.attribute_of_base(&base, object, name, span).map(Some),
        }
        if let Some(payload) = payload {
            if name.as_ref() == "data"
                && self.symbol_base(class).as_deref() == Some("collections.UserDict")
            {
                return Ok(Some(payload));
            }
            if let Some(val) = self.find_attribute(&payload, name, span)? {
                return Ok(Some(val));
            }
        }
        let is_fixed =
            matches!(self.flavour_of(class), Some(Flavour::Dataclass(_) | Flavour::NamedTuple(_)));
        let base = self.symbol_base(class);
        if is_fixed || base.as_deref().is_some_and(|base| base.starts_with("builtins.")) {
            return Ok(match (name.as_ref(), self.flavour_of(class)) {
                ("_fields", Some(Flavour::NamedTuple(fields))) => Some(names_of(&fields, span)),
                ("_asdict" | "_replace" | "_make" | "with_traceback" | "add_note", _) => {
                    Some(Val::new(Data::Method(Rc::new((object.clone(), name.clone()))), span))
                }
                _ => None,
            });
        }
        if let Some(base) = base {
            // What a library base class adds is not known.
            return Ok(Some(self.hole(HoleKind::Name, format!("{base}.{name}"), span)));
        }
        Ok(None)
    }

    pub(crate) fn flavour_of(&self, class: &Val) -> Option<Flavour> {
        match self.heap.get(class.as_obj()?) {
            Object::Class(class, _) => Some(class.flavour.clone()),
            _ => None,
        }
    }

    fn class_attribute(&mut self, object: &Val, name: &Name, span: Span) -> Res<Option<Val>> {
        if name.as_ref() == "__doc__" {
            return Ok(Some(self.class_doc(object, span)));
        }
        match self.class_lookup(object, name) {
            Ok(Some(val)) => {
                if let Some(val) = self.described(&val, &Val::none(span), object, span)? {
                    return Ok(Some(val));
                }
                if let Some(id) = val.as_obj() {
                    match self.heap.get(id) {
                        Object::Static(inner) => return Ok(Some(inner.clone())),
                        Object::ClassMethod(inner) => {
                            let bound = Object::Bound(inner.clone(), object.clone());
                            return Ok(Some(self.heap.val(bound, span)));
                        }
                        _ => {}
                    }
                }
                return Ok(Some(val));
            }
            Ok(None) => {}
            Err(base) => return Ok(Some(self.part_of(&base, &format!(".{name}"), span))),
        }
        if let Some(meta) = self.meta_of(object)
            && let Ok(Some(found)) = self.class_lookup(&meta, name)
        {
            return self.bind_attribute(&found, object, &meta, span).map(Some);
        }
        let Some((id, class)) = object.as_obj().and_then(|id| match self.heap.get(id) {
            Object::Class(class, _) => Some((id, Rc::clone(class))),
            _ => None,
        }) else {
            return Ok(None);
        };
        let attrs = |this: &Self| match this.heap.copy(id) {
            Object::Class(_, attrs) => attrs,
            _ => Map::default(),
        };
        if let ("_fields", Flavour::NamedTuple(fields)) = (name.as_ref(), &class.flavour) {
            let names = fields.iter().map(|field| Val::str(field.as_ref(), span));
            return Ok(Some(Val::tuple(names.collect(), span)));
        }
        match name.as_ref() {
            "_field_defaults" if matches!(class.flavour, Flavour::NamedTuple(_)) => {
                let Flavour::NamedTuple(fields) = &class.flavour else { return Ok(None) };
                let mut defaults = attrs(self);
                defaults.retain(|name, _| fields.contains(name));
                return Ok(Some(self.dict_of(&defaults, span)));
            }
            "__name__" => return Ok(Some(Val::str(class.name.as_ref(), span))),
            "__qualname__" => return Ok(Some(Val::str(class.qualname.as_ref(), span))),
            "__module__" => return Ok(Some(self.module_name(class.globals, span))),
            "_fields" if matches!(class.flavour, Flavour::NamedTuple(_)) => {
                let Flavour::NamedTuple(fields) = &class.flavour else { return Ok(None) };
                return Ok(Some(names_of(fields, span)));
            }
            "register" if !self.is_abstract_base(object) => {}
            "__subclasses__" | "mro" | "_make" | "register" => {
                return Ok(Some(Val::new(
                    Data::Method(Rc::new((object.clone(), name.clone()))),
                    span,
                )));
            }
            "__dict__" => {
                let Some(id) = object.as_obj() else { return Ok(None) };
                let entries = self.namespace_entries(id);
                return Ok(Some(self.dict(entries, span)));
            }
            "__bases__" => return Ok(Some(Val::tuple(class.bases.clone(), span))),
            "__mro__" => {
                let mut order = vec![object.clone()];
                order.extend(class.mro.iter().cloned());
                let ends = |val: &Val| val.as_symbol() == Some("builtins.object");
                if !order.iter().any(|val| ends(val) || val.hole().is_some()) {
                    order.push(Val::symbol("builtins.object", span));
                }
                return Ok(Some(Val::tuple(order, span)));
            }
            "__members__" if class.flavour == Flavour::Enum => {
                // Other names of a member included.
                let mut members = attrs(self);
                members.retain(|_, val| self.is_instance(val));
                return Ok(Some(self.dict_of(&members, span)));
            }
            _ => {}
        }
        if let Some(base) = self.symbol_base(object) {
            if super::library::airflow::is_operator(&base)
                && matches!(name.as_ref(), "partial" | "expand" | "override")
            {
                return Ok(Some(Val::new(
                    Data::Method(Rc::new((object.clone(), name.clone()))),
                    span,
                )));
            }
            return Ok(Some(self.symbol_attribute(&base, name, span)));
        }
        Ok(None)
    }

    /// Whether what a class lookup found decides what setting the attribute does.
    pub(crate) fn is_data_descriptor(&self, found: &Val) -> bool {
        match found.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Property(..)) => true,
            Some(Object::Instance(instance)) => {
                matches!(self.class_lookup(&instance.class, "__set__"), Ok(Some(_)))
            }
            _ => false,
        }
    }

    /// `__get__` of a descriptor.
    fn described(&mut self, found: &Val, this: &Val, owner: &Val, span: Span) -> Res<Option<Val>> {
        if !self.is_instance(found) {
            return Ok(None);
        }
        match self.class_lookup(&self.class_of(found), "__get__") {
            Ok(Some(getter)) => {
                let args = vec![found.clone(), this.clone(), owner.clone()];
                self.call(&getter, Args::positional(args), span).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// A `functools.cached_property`: computed once, then kept as an attribute.
    pub(crate) fn cached_property(
        &mut self,
        object: &Val,
        found: &Val,
        name: &Name,
        span: Span,
    ) -> Res<Option<Val>> {
        let getter = match found.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Record(kind, attrs)) if kind.as_ref() == "functools.cached_property" => {
                attrs.get("function").cloned()
            }
            _ => None,
        };
        let Some(getter) = getter else { return Ok(None) };
        let val = self.call(&getter, Args::positional(vec![object.clone()]), span)?;
        self.set_raw(object, name, val.clone());
        Ok(Some(val))
    }

    pub(crate) fn is_exception(&self, object: &Val) -> bool {
        self.exception_is(object, "builtins.BaseException")
    }

    /// Attributes of an object as entries of a dict.
    pub(crate) fn namespace_entries(&self, owner: super::object::ObjId) -> super::object::Entries {
        let attrs = match self.heap.get(owner) {
            Object::Instance(instance) => &instance.attrs,
            Object::Record(_, attrs) | Object::Model(_, attrs) | Object::Class(_, attrs) => attrs,
            Object::Scope(names) => names,
            _ => return super::object::Entries::default(),
        };
        let key = |name: &Name| super::object::Key::Str(name.as_ref().into());
        let mut entries: super::object::Entries = attrs
            .iter()
            .map(|(name, val)| (key(name), (Val::str(name.as_ref(), val.span), val.clone())))
            .collect();
        for (name, val) in attrs {
            if self.is_partial(val) {
                entries.doubt(key(name));
            }
        }
        entries
    }

    /// Members of an enum, in order.
    pub(crate) fn members(&self, class: &Val) -> Map<Name, Val> {
        let Some(Object::Class(_, attrs)) = class.as_obj().map(|id| self.heap.get(id)) else {
            return Map::default();
        };
        self.work(attrs.len());
        let own = class.as_obj().map(|id| self.heap.resolve(id));
        let named = |instance: &super::object::Instance, name: &Name| {
            instance
                .attrs
                .get("_name_")
                .and_then(Val::as_str)
                .is_none_or(|own| own == name.as_ref())
        };
        attrs
            .iter()
            // Another name for a member is no member of its own.
            .filter(|(name, val)| {
                val.as_obj().is_some_and(|id| match self.heap.get(id) {
                    Object::Instance(instance) => {
                        instance.class.as_obj().map(|id| self.heap.resolve(id)) == own
                            && named(instance, name)
                    }
                    _ => false,
                })
            })
            .map(|(name, val)| (name.clone(), val.clone()))
            .collect()
    }

    /// Binds what a class lookup found: methods to the instance, class methods to the class,
    /// properties by calling them.
    pub(crate) fn bind_attribute(&mut self, val: &Val, this: &Val, class: &Val, span: Span) -> Res {
        let Some(id) = val.as_obj() else { return Ok(val.clone()) };
        if let Some(val) = self.described(val, this, class, span)? {
            return Ok(val);
        }
        match self.heap.copy(id) {
            Object::Function(_) => {
                Ok(self.heap.val(Object::Bound(val.clone(), this.clone()), span))
            }
            Object::ClassMethod(inner) => {
                Ok(self.heap.val(Object::Bound(inner, class.clone()), span))
            }
            Object::Static(inner) => Ok(inner),
            Object::Record(kind, _) if library::callables::is_method(&kind) => {
                Ok(self.heap.val(Object::Bound(val.clone(), this.clone()), span))
            }
            Object::Property(getter, ..) => {
                self.call(&getter, Args::positional(vec![this.clone()]), span)
            }
            _ => Ok(val.clone()),
        }
    }
}

/// Names as a tuple of strings.
fn names_of(names: &[Name], span: Span) -> Val {
    Val::tuple(names.iter().map(|name| Val::str(name.as_ref(), span)).collect(), span)
}
