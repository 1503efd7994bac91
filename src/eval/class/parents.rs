//! `super()` and what classes of the library do for their subclasses.

use crate::eval::HoleKind;
use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;
use std::rc::Rc;

impl Interp<'_> {
    /// `super()` without arguments: the class of the method and its first argument.
    pub(crate) fn bare_super(&mut self, span: Span) -> Res {
        // A comprehension inside a method has a frame of its own; the method's is further out.
        let found = self.frames.iter().rev().find_map(|frame| {
            let function = frame.function.as_ref()?;
            Some((function.class?, frame.this.clone()?))
        });
        match found {
            Some((class, this)) => {
                Ok(self.heap.val(Object::Super(this, Val::obj(class, span)), span))
            }
            None => Ok(self.hole(HoleKind::Name, "super()", span)),
        }
    }

    /// The next definition of `name` after the class of a `super()`.
    pub(crate) fn super_attribute(
        &mut self,
        this: &Val,
        after: &Val,
        name: &Name,
        span: Span,
    ) -> Res {
        let class = match self.class_of(this) {
            // In a class method the first argument is the class itself.
            _ if self.is_subclass(this, after) == Some(true) => this.clone(),
            class => class,
        };
        let order: Vec<Val> = match class.as_obj() {
            Some(id) => std::iter::once(class.clone()).chain(self.mro(id)).collect(),
            None => Vec::new(),
        };
        let after_id = after.as_obj().map(|id| self.heap.resolve(id));
        let position = order
            .iter()
            .position(|class| class.as_obj().map(|id| self.heap.resolve(id)) == after_id)
            .unwrap_or(0);
        for base in order.iter().skip(position + 1) {
            match &base.data {
                Data::Obj(id) => {
                    let found = match self.heap.get(*id) {
                        Object::Class(_, attrs) => attrs.get(name).cloned(),
                        _ => None,
                    };
                    if let Some(val) = found {
                        return self.bind_attribute(&val, this, &class, span);
                    }
                }
                Data::Symbol(path) => {
                    if let Some(val) = self.symbol_super(path, this, name, span)? {
                        return Ok(val);
                    }
                }
                Data::Unknown(hole) => {
                    let is_task = self.is_task(this);
                    if is_task && name.as_ref() == "__init__" {
                        let symbol = Val::symbol(format!("{}::{name}", hole.name), span);
                        return Ok(self.heap.val(Object::Bound(symbol, this.clone()), span));
                    }
                    let part = self.part_of(base, &format!(".{name}"), span);
                    return Ok(part);
                }
                _ => {}
            }
        }
        if name.as_ref() == "__new__" {
            return Ok(Val::symbol("builtins.object.__new__", span));
        }
        if name.as_ref() == "__init__" || name.starts_with("__init_subclass") {
            return Ok(Val::symbol("builtins.object.__init__", span));
        }
        if matches!(name.as_ref(), "__setattr__" | "__getattribute__") {
            return Ok(self.heap.val(
                Object::Bound(Val::symbol(format!("builtins.object.{name}"), span), this.clone()),
                span,
            ));
        }
        if ALSO_OF_OBJECT.contains(&name.as_ref()) {
            return Ok(self.hole(HoleKind::Call, format!("super().{name}"), span));
        }
        let text = format!("'super' object has no attribute '{name}'");
        Err(self.exception("AttributeError", text, span))
    }

    /// The base that podlift cannot see, where its constructor may give each instance a value of its own instead of
    /// this one of the class, as models and settings do (`class Config(BaseModel): image: str = "x"`).
    pub(crate) fn sets_itself(&self, class: &Val, val: &Val) -> Option<Val> {
        let Some(Object::Class(object, _)) = class.as_obj().map(|id| self.heap.get(id)) else {
            return None;
        };
        let base = object.mro.iter().find(|base| matches!(base.data, Data::Unknown(_)))?;
        let is_code = match val.as_obj().map(|id| self.heap.get(id)) {
            Some(object) => matches!(
                object,
                Object::Function(_)
                    | Object::Bound(..)
                    | Object::Partial(..)
                    | Object::Class(..)
                    | Object::Property(..)
                    | Object::Static(_)
                    | Object::ClassMethod(_)
                    | Object::Instance(_)
            ),
            None => matches!(val.data, Data::Symbol(_) | Data::Method(_)),
        };
        (!is_code).then(|| base.clone())
    }

    /// An attribute for which the class has a default.
    pub(crate) fn set_by_base(
        &mut self,
        base: &Val,
        default: &Val,
        object: &Val,
        name: &str,
        span: Span,
    ) -> Res {
        let mut val = self.attribute_of_base(base, object, name, span)?;
        if let (Data::Unknown(hole), Some(text)) = (&val.data, default.as_str()) {
            let mut hole = hole.as_ref().clone();
            hole.default = Some(serde_json::Value::String(text.to_owned()));
            val = Val::unknown(std::sync::Arc::new(hole), span);
        }
        Ok(val)
    }

    /// An instance of a subclass of `DAG` or `TaskGroup`. Airflow knows of it when the constructor has reached
    /// Airflow's own.
    pub(super) fn make_node_subclass(
        &mut self,
        class: &Val,
        base: &Name,
        args: Args,
        span: Span,
    ) -> Res {
        let this = Val::obj(self.new_node(class.clone(), base, span), span);
        match self.class_lookup(class, "__init__") {
            Ok(Some(init)) => {
                let mut args = args;
                args.pos.insert(0, this.clone());
                self.call(&init, args, span)?;
                self.warn_no_node(&this, span);
            }
            _ => self.init_node(base, &this, &args, span)?,
        }
        Ok(this)
    }

    /// A method of a library base class reached through `super()`.
    pub(super) fn symbol_super(
        &mut self,
        path: &Name,
        this: &Val,
        name: &Name,
        span: Span,
    ) -> Res<Option<Val>> {
        let is_node = matches!(path.as_ref(), "airflow.DAG" | "airflow.TaskGroup")
            || crate::eval::library::airflow::is_operator(path);
        if !is_node {
            return Ok(self.symbol_super_of_library(path, this, name, span));
        }
        let id = this.as_obj().map(|id| self.heap.resolve(id));
        let object = id.map(|id| self.heap.get(id));
        let is_made = matches!(object, Some(Object::Task(_) | Object::Dag(_) | Object::Group(_)));
        match (name.as_ref(), id) {
            ("__setattr__", _) => Ok(None),
            ("__init__", _) => {
                let symbol = Val::symbol(format!("{path}::{name}"), span);
                Ok(Some(self.heap.val(Object::Bound(symbol, this.clone()), span)))
            }
            (_, Some(id)) if is_made => self.airflow_attribute(this, id, name, span),
            // The class itself, in a class method.
            _ if path.as_ref() == "airflow.DAG" || path.as_ref() == "airflow.TaskGroup" => Ok(None),
            _ => {
                let symbol = Val::symbol(format!("{path}::{name}"), span);
                Ok(Some(self.heap.val(Object::Bound(symbol, this.clone()), span)))
            }
        }
    }

    fn symbol_super_of_library(
        &mut self,
        path: &Name,
        this: &Val,
        name: &Name,
        span: Span,
    ) -> Option<Val> {
        if self.is_exception_class(path) && name.as_ref() == "__init__" {
            let symbol = Val::symbol("builtins.BaseException.__init__", span);
            return Some(self.heap.val(Object::Bound(symbol, this.clone()), span));
        }
        if path.as_ref() == "builtins.type" {
            return Some(match name.as_ref() {
                "__new__" => Val::symbol("builtins.type.__new__", span),
                "__init__" => Val::symbol("builtins.object.__init__", span),
                name => {
                    let symbol = Val::symbol(format!("builtins.type.{name}"), span);
                    self.heap.val(Object::Bound(symbol, this.clone()), span)
                }
            });
        }
        if name.as_ref() == "__new__" && path.starts_with("builtins.") {
            return Some(Val::symbol("builtins.object.__new__", span));
        }
        if name.as_ref() == "__init__"
            && matches!(path.as_ref(), "builtins.dict" | "builtins.list")
            && let Some(Object::Instance(instance)) = this.as_obj().map(|id| self.heap.get(id))
            && let Some(payload) = instance.payload.clone()
        {
            let symbol = Val::symbol(format!("{path}.__init__"), span);
            return Some(self.heap.val(Object::Bound(symbol, payload), span));
        }
        if matches!(
            path.as_ref(),
            "builtins.dict"
                | "builtins.list"
                | "builtins.str"
                | "builtins.tuple"
                | "builtins.set"
                | "builtins.int"
        ) {
            let payload = match this.as_obj().map(|id| self.heap.get(id)) {
                Some(Object::Instance(instance)) => instance.payload.clone(),
                _ => None,
            }?;
            return Some(Val::new(Data::Method(Rc::new((payload, name.clone()))), span));
        }
        // What other classes of libraries have is not known. `object` has what follows here for all of them.
        let is_of_object = OF_OBJECT.contains(&name.as_ref());
        if is_of_object || is_mixin(path) || path.starts_with("builtins.") {
            return None;
        }
        Some(self.hole(HoleKind::Call, format!("{path}.{name}"), span))
    }
}

/// Methods of `object` that every `super()` ends at.
const OF_OBJECT: &[&str] =
    &["__new__", "__init__", "__init_subclass__", "__setattr__", "__getattribute__"];

/// Other methods of `object`.
const ALSO_OF_OBJECT: &[&str] = &[
    "__str__",
    "__repr__",
    "__eq__",
    "__ne__",
    "__lt__",
    "__le__",
    "__gt__",
    "__ge__",
    "__hash__",
    "__format__",
    "__dir__",
    "__reduce__",
    "__reduce_ex__",
    "__getstate__",
    "__sizeof__",
    "__delattr__",
    "__doc__",
    "__class__",
    "__module__",
    "__dict__",
];

/// Library classes that only add behaviour no constructor shows.
pub(crate) fn is_mixin(path: &str) -> bool {
    path.ends_with("Mixin")
        || path.starts_with("abc.")
        || path.starts_with("typing.")
        || path == "builtins.object"
}
