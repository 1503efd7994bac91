//! Attributes: reading, binding of methods, writing, deleting.

use std::rc::Rc;

use super::HoleKind;
use super::call::Args;
use super::interp::{Interp, Res};
use super::object::{Data, Flavour, Map, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;

impl Interp<'_> {
    /// `object.name`.
    pub(crate) fn attribute(&mut self, object: &Val, name: &Name, span: Span) -> Res {
        if self.unknown(object).is_some() {
            return Ok(self.part_of(object, &format!(".{name}"), span));
        }
        if let Some(val) = self.find_attribute(object, name, span)? {
            return Ok(val);
        }
        if let Some(getter) = self.find_attribute(object, "__getattr__", span)?
            && getter.as_obj().is_some()
        {
            let args = Args::positional(vec![Val::str(name.as_ref(), span)]);
            return self.call(&getter, args, span);
        }
        let text = format!("'{}' object has no attribute '{name}'", self.type_name(object));
        Err(self.exception("AttributeError", text, span))
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
            Data::Unknown(_) => Ok(Some(self.part_of(object, &format!(".{name}"), span))),
            Data::Symbol(path) => {
                let path = path.clone();
                Ok(Some(self.symbol_attribute(&path, &key, span)))
            }
            Data::Native(native) => {
                let native = Rc::clone(native);
                self.native_attribute(object, &native, &key, span)
            }
            Data::Obj(id) => self.object_attribute(object, *id, &key, span),
            _ => Ok(self.method(object, &key, span)),
        }
    }

    /// A method of a builtin value, or one of the few attributes they all have.
    fn method(&mut self, object: &Val, name: &Name, span: Span) -> Option<Val> {
        match name.as_ref() {
            "__class__" => Some(self.class_of(object)),
            "__doc__" => Some(Val::none(span)),
            "real" | "numerator" if object.as_int().is_some() => Some(object.clone()),
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
                if let Some(val) = instance.attrs.get(name) {
                    return Ok(Some(val.clone()));
                }
                let (class, payload) = (instance.class.clone(), instance.payload.clone());
                self.instance_attribute(object, &class, payload, name, span)
            }
            Object::Class(..) => self.class_attribute(object, name, span),
            Object::Module(module) => {
                let module = module.clone();
                self.module_attribute(&module, name, span)
            }
            Object::Scope(names) => Ok(names.get(name).cloned()),
            Object::Function(function) => Ok(match name.as_ref() {
                // `functools.wraps` changes the name, but not the definition.
                "__name__" => {
                    let name = function.name.rsplit('.').next().unwrap_or(&function.name);
                    Some(Val::str(name, span))
                }
                "__qualname__" => Some(Val::str(function.def.name.as_ref(), span)),
                "__module__" => {
                    let module = function.name.rsplit_once('.').map_or("", |(module, _)| module);
                    Some(Val::str(module, span))
                }
                "__doc__" => Some(match &function.def.docstring {
                    Some(doc) => Val::str(doc.as_ref(), span),
                    None => Val::none(span),
                }),
                "__wrapped__" => None,
                _ => Some(self.hole(HoleKind::Name, name.as_ref(), span)),
            }),
            Object::Bound(function, this) => {
                let (function, this) = (function.clone(), this.clone());
                match name.as_ref() {
                    "__self__" => Ok(Some(this)),
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
            Object::Partial(function, pos, _) => Ok(match name.as_ref() {
                "func" => Some(function.clone()),
                "args" => Some(Val::tuple(pos.clone(), span)),
                _ => None,
            }),
            Object::Dag(_)
            | Object::Task(_)
            | Object::Group(_)
            | Object::TaskDecorator(_)
            | Object::XCom(..) => self.airflow_attribute(object, id, name, span),
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
            "__dict__" => {
                let attrs = match object.as_obj().map(|id| self.heap.get(id)) {
                    Some(Object::Instance(instance)) => instance.attrs.clone(),
                    _ => Map::default(),
                };
                return Ok(Some(self.dict_of(&attrs, span)));
            }
            _ => {}
        }
        match self.class_lookup(class, name) {
            Ok(Some(val)) => return self.bind_attribute(&val, object, class, span).map(Some),
            Ok(None) => {}
            Err(base) => return Ok(Some(self.part_of(&base, &format!(".{name}"), span))),
        }
        if let Some(payload) = payload
            && let Some(val) = self.find_attribute(&payload, name, span)?
        {
            return Ok(Some(val));
        }
        let flavour = self.flavour_of(class);
        if let Some(Flavour::NamedTuple(fields)) = &flavour {
            return Ok(match name.as_ref() {
                "_asdict" | "_replace" | "index" | "count" => {
                    Some(Val::new(Data::Method(Rc::new((object.clone(), name.clone()))), span))
                }
                "_fields" => {
                    let names = fields.iter().map(|field| Val::str(field.as_ref(), span));
                    Some(Val::tuple(names.collect(), span))
                }
                _ => None,
            });
        }
        if let Some(base) = self.symbol_base(class) {
            if matches!(flavour, Some(Flavour::Dataclass(_))) || base.starts_with("builtins.") {
                return Ok(match name.as_ref() {
                    "with_traceback" | "add_note" => {
                        Some(Val::new(Data::Method(Rc::new((object.clone(), name.clone()))), span))
                    }
                    _ => None,
                });
            }
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
        match self.class_lookup(object, name) {
            Ok(Some(val)) => {
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
        let Some((class, attrs)) = object.as_obj().and_then(|id| match self.heap.get(id) {
            Object::Class(class, attrs) => Some((Rc::clone(class), attrs.clone())),
            _ => None,
        }) else {
            return Ok(None);
        };
        if let ("_fields", Flavour::NamedTuple(fields)) = (name.as_ref(), &class.flavour) {
            let names = fields.iter().map(|field| Val::str(field.as_ref(), span));
            return Ok(Some(Val::tuple(names.collect(), span)));
        }
        match name.as_ref() {
            "__name__" | "__qualname__" => return Ok(Some(Val::str(class.name.as_ref(), span))),
            "__module__" => {
                let module = class.qualname.rsplit_once('.').map_or("", |(module, _)| module);
                return Ok(Some(Val::str(module, span)));
            }
            "__doc__" => return Ok(Some(Val::none(span))),
            "__dict__" => return Ok(Some(self.dict_of(&attrs, span))),
            "__bases__" => return Ok(Some(Val::tuple(class.bases.clone(), span))),
            "__mro__" => {
                let mut order = vec![object.clone()];
                order.extend(class.mro.iter().cloned());
                return Ok(Some(Val::tuple(order, span)));
            }
            "_make" if matches!(class.flavour, Flavour::NamedTuple(_)) => {
                return Ok(Some(super::library::natives::method(object, name, span)));
            }
            "__members__" if class.flavour == Flavour::Enum => {
                let members = self.members(object);
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

    /// Members of an enum, in order.
    pub(crate) fn members(&self, class: &Val) -> Map<Name, Val> {
        let Some(Object::Class(_, attrs)) = class.as_obj().map(|id| self.heap.get(id)) else {
            return Map::default();
        };
        let own = class.as_obj().map(|id| self.heap.resolve(id));
        attrs
            .iter()
            .filter(|(_, val)| {
                val.as_obj().is_some_and(|id| match self.heap.get(id) {
                    Object::Instance(instance) => {
                        instance.class.as_obj().map(|id| self.heap.resolve(id)) == own
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
        match self.heap.get(id).clone() {
            Object::Function(_) => {
                Ok(self.heap.val(Object::Bound(val.clone(), this.clone()), span))
            }
            Object::ClassMethod(inner) => {
                Ok(self.heap.val(Object::Bound(inner, class.clone()), span))
            }
            Object::Static(inner) => Ok(inner),
            Object::Property(getter, _) => {
                self.call(&getter, Args::positional(vec![this.clone()]), span)
            }
            _ => Ok(val.clone()),
        }
    }

    /// `object.name = val`.
    pub(crate) fn set_attribute(
        &mut self,
        object: &Val,
        name: &Name,
        val: Val,
        span: Span,
    ) -> Res<()> {
        let Some(id) = object.as_obj() else {
            if self.unknown(object).is_none() && object.as_symbol().is_none() {
                let text = format!("'{}' object has no attribute '{name}'", self.type_name(object));
                return Err(self.exception("AttributeError", text, span));
            }
            return Ok(());
        };
        let id = self.heap.resolve(id);
        match self.heap.get(id) {
            Object::Instance(instance) => {
                let class = instance.class.clone();
                if let Ok(Some(found)) = self.class_lookup(&class, name)
                    && let Some(property) = found.as_obj()
                    && let Object::Property(_, Some(setter)) = self.heap.get(property).clone()
                {
                    self.call(&setter, Args::positional(vec![object.clone(), val]), span)?;
                    return Ok(());
                }
                if let Ok(Some(setter)) = self.class_lookup(&class, "__setattr__") {
                    let args = vec![object.clone(), Val::str(name.as_ref(), span), val];
                    self.call(&setter, Args::positional(args), span)?;
                    return Ok(());
                }
                self.set_raw(object, name, val);
            }
            Object::Task(_) => self.set_task_attribute(id, name, val, span),
            Object::Dag(_) => self.set_dag_attribute(id, name, val, span),
            Object::Module(module) => {
                let scope = module.scope;
                self.bind_in(scope, name, val);
            }
            _ => self.set_raw(object, name, val),
        }
        Ok(())
    }

    /// `del object.name`.
    pub(crate) fn delete_attribute(&mut self, object: &Val, name: &Name, _span: Span) -> Res<()> {
        if let Some(id) = object.as_obj() {
            match self.heap.get_mut(id) {
                Object::Instance(instance) => {
                    instance.attrs.shift_remove(name);
                }
                Object::Record(_, attrs) | Object::Model(_, attrs) | Object::Class(_, attrs) => {
                    attrs.shift_remove(name);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The class of a value.
    pub(crate) fn class_of(&self, val: &Val) -> Val {
        let symbol = |path: &str| Val::symbol(path, val.span);
        match &val.data {
            Data::None => symbol("builtins.NoneType"),
            Data::Bool(_) => symbol("builtins.bool"),
            Data::Int(_) | Data::Big(_) => symbol("builtins.int"),
            Data::Float(_) => symbol("builtins.float"),
            Data::Str(_) | Data::Text(_) => symbol("builtins.str"),
            Data::Bytes(_) => symbol("builtins.bytes"),
            Data::Tuple(_) => symbol("builtins.tuple"),
            Data::Ellipsis => symbol("builtins.ellipsis"),
            Data::NotImplemented => symbol("builtins.NotImplementedType"),
            Data::Slice(_) => symbol("builtins.slice"),
            Data::Native(native) => symbol(self.native_class(native)),
            Data::Symbol(path) if self.is_class_symbol(path) => symbol("builtins.type"),
            Data::Symbol(_) | Data::Method(_) => symbol("builtins.function"),
            Data::Unknown(_) => val.clone(),
            Data::Obj(id) => match self.heap.get(*id) {
                Object::List(_) => symbol("builtins.list"),
                Object::Dict(_, Some(class)) => match class.as_obj().map(|id| self.heap.get(id)) {
                    Some(Object::Record(name, _)) => symbol(name),
                    _ => class.clone(),
                },
                Object::Dict(_, None) => symbol("builtins.dict"),
                Object::Set(_, false) => symbol("builtins.set"),
                Object::Set(_, true) => symbol("builtins.frozenset"),
                Object::Instance(instance) => instance.class.clone(),
                Object::Class(..) => symbol("builtins.type"),
                Object::Function(_) | Object::Bound(..) => symbol("builtins.function"),
                Object::Module(_) => symbol("builtins.module"),
                Object::Iterator(..) => symbol("builtins.generator"),
                Object::Model(class, _) => symbol(&format!("kubernetes.client.{class}")),
                Object::Record(class, _) => symbol(class),
                Object::Dag(_) => symbol("airflow.DAG"),
                Object::Task(task) => task.class.clone(),
                Object::Group(_) => symbol("airflow.TaskGroup"),
                Object::XCom(..) => symbol("airflow.XComArg"),
                Object::Poisoned(hole) => Val::unknown(std::sync::Arc::clone(hole), val.span),
                _ => symbol("builtins.object"),
            },
        }
    }

    /// The name of a value's type, for messages.
    pub(crate) fn type_name(&self, val: &Val) -> String {
        let class = self.class_of(val);
        self.type_text(&class)
    }

    /// The short name of a class.
    pub(crate) fn type_text(&self, class: &Val) -> String {
        match &class.data {
            Data::Symbol(path) => path.rsplit('.').next().unwrap_or(path).to_owned(),
            Data::Obj(id) => match self.heap.get(*id) {
                Object::Class(class, _) => class.name.to_string(),
                _ => "object".to_owned(),
            },
            _ => "unknown".to_owned(),
        }
    }

    /// A dict from attributes.
    pub(crate) fn dict_of(&mut self, attrs: &Map<Name, Val>, span: Span) -> Val {
        let entries = attrs
            .iter()
            .map(|(name, val)| {
                let key = super::object::Key::Str(name.as_ref().into());
                (key, (Val::str(name.as_ref(), val.span), val.clone()))
            })
            .collect();
        self.dict(entries, span)
    }
}
