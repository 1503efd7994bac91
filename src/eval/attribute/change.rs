//! `object.name = val` and `del object.name`.

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Raised, Res};
use crate::eval::object::{Flavour, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;
use std::rc::Rc;

impl Interp<'_> {
    /// `object.name = val`.
    pub(crate) fn set_attribute(
        &mut self,
        object: &Val,
        name: &Name,
        val: Val,
        span: Span,
    ) -> Res<()> {
        if self.unknown(object).is_some() {
            self.set_candidates(object, name, &val, span)?;
        }
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
                    && let Some(descriptor) = found.as_obj()
                {
                    match self.heap.copy(descriptor) {
                        Object::Property(_, Some(setter), _) => {
                            let args = Args::positional(vec![object.clone(), val]);
                            self.call(&setter, args, span)?;
                            return Ok(());
                        }
                        Object::Property(_, None, _) => {
                            let owner = self.type_name(object);
                            let text =
                                format!("property '{name}' of '{owner}' object has no setter");
                            return Err(self.exception("AttributeError", text, span));
                        }
                        Object::Instance(own) => {
                            if let Ok(Some(setter)) = self.class_lookup(&own.class, "__set__") {
                                let args = vec![found, object.clone(), val];
                                self.call(&setter, Args::positional(args), span)?;
                                return Ok(());
                            }
                        }
                        _ => {}
                    }
                }
                if let Some(Flavour::NamedTuple(fields)) = self.flavour_of(&class)
                    && fields.contains(name)
                {
                    let text = "can't set attribute";
                    return Err(self.exception("AttributeError", text, span));
                }
                if let Some(Object::Class(own, _)) = class.as_obj().map(|id| self.heap.get(id))
                    && own.bases.iter().any(|base| base.as_symbol() == Some("typing.NamedTuple"))
                {
                    let text =
                        format!("'{}' object has no attribute '{name}'", self.type_name(object));
                    return Err(self.exception("AttributeError", text, span));
                }
                if self.rules_of(&class).frozen {
                    let class = Val::symbol("dataclasses.FrozenInstanceError", span);
                    let message = Val::str(format!("cannot assign to field '{name}'"), span);
                    let args = Args::positional(vec![message]);
                    return Err(Raised::Exception(self.make_exception(class, &args, span)));
                }
                if let Ok(Some(setter)) = self.class_lookup(&class, "__setattr__") {
                    let args = vec![object.clone(), Val::str(name.as_ref(), span), val];
                    self.call(&setter, Args::positional(args), span)?;
                    return Ok(());
                }
                self.refuse_attribute(object, &class, name, span)?;
                self.set_raw(object, name, val);
            }
            Object::Function(function) => {
                let mut owned = function.as_ref().clone();
                owned.attrs.insert(name.clone(), val);
                self.heap.set(id, Object::Function(Rc::new(owned)));
            }
            Object::Bound(function, _) => {
                let function = function.clone();
                self.set_attribute(&function, name, val, span)?;
            }
            Object::Task(_) => self.set_task_attribute(id, name, val, span),
            Object::Dag(_) => self.set_dag_attribute(id, name, val, span),
            Object::Module(module) => {
                let scope = module.scope;
                self.bind_in(scope, name, val);
            }
            Object::Model(class, _) => {
                let class = class.clone();
                self.refuse_none(&class, name, &val, span)?;
                self.set_raw(object, name, val);
            }
            _ => self.set_raw(object, name, val),
        }
        Ok(())
    }

    /// `del object.name`.
    pub(crate) fn delete_attribute(&mut self, object: &Val, name: &Name, span: Span) -> Res<()> {
        if let Some(id) = object.as_obj() {
            if self.is_instance(object)
                && let Ok(Some(found)) = self.class_lookup(&self.class_of(object), name)
                && self.is_data_descriptor(&found)
            {
                let deleter = match found.as_obj().map(|id| self.heap.get(id)) {
                    Some(Object::Property(_, _, deleter)) => deleter.clone(),
                    _ => None,
                };
                match deleter {
                    Some(deleter) => {
                        self.call(&deleter, Args::positional(vec![object.clone()]), span)?;
                    }
                    None => self.poison_with(id, &found, span),
                }
                return Ok(());
            }
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
}
