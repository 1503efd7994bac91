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
                if self.set_by_descriptor(object, &class, name, &val, span)? {
                    return Ok(());
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
            Object::Task(_) | Object::Dag(_) | Object::Group(_) => {
                let Some(class) = self.class_of_node(object) else {
                    return self.set_node_attribute(object, name, val, span);
                };
                if let Ok(Some(setter)) = self.class_lookup(&class, "__setattr__") {
                    let args = vec![object.clone(), Val::str(name.as_ref(), span), val];
                    self.call(&setter, Args::positional(args), span)?;
                    return Ok(());
                }
                self.set_plainly(object, &class, name, val, span)?;
            }
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

    /// Sets an attribute of a task, a DAG or a group of a user's class as `object.__setattr__` does.
    pub(crate) fn set_plainly(
        &mut self,
        node: &Val,
        class: &Val,
        name: &Name,
        val: Val,
        span: Span,
    ) -> Res<()> {
        if self.set_by_descriptor(node, class, name, &val, span)? {
            return self.keep_computed(node, name, span);
        }
        self.set_node_attribute(node, name, val, span)
    }

    /// Lets a property or another descriptor of the class set an attribute; whether there is one.
    fn set_by_descriptor(
        &mut self,
        object: &Val,
        class: &Val,
        name: &Name,
        val: &Val,
        span: Span,
    ) -> Res<bool> {
        let Ok(Some(found)) = self.class_lookup(class, name) else { return Ok(false) };
        let Some(descriptor) = found.as_obj() else { return Ok(false) };
        match self.heap.copy(descriptor) {
            Object::Property(_, Some(setter), _) => {
                let args = Args::positional(vec![object.clone(), val.clone()]);
                self.call(&setter, args, span)?;
                Ok(true)
            }
            Object::Property(_, None, _) => {
                let owner = self.type_name(object);
                let text = format!("property '{name}' of '{owner}' object has no setter");
                Err(self.exception("AttributeError", text, span))
            }
            Object::Instance(own) => match self.class_lookup(&own.class, "__set__") {
                Ok(Some(setter)) => {
                    let args = vec![found, object.clone(), val.clone()];
                    self.call(&setter, Args::positional(args), span)?;
                    Ok(true)
                }
                _ => Ok(false),
            },
            _ => Ok(false),
        }
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
            let dict = match self.heap.get(id) {
                Object::Instance(instance) => instance.attrs.get("__dict__").cloned(),
                _ => None,
            };
            if let Some(dict) = dict.filter(|_| name.as_ref() != "__dict__") {
                return self.delete_item(&dict, &Val::str(name.as_ref(), span), span);
            }
            match self.heap.get_mut(id) {
                Object::Instance(instance) => {
                    instance.attrs.shift_remove(name);
                }
                Object::Record(_, attrs) | Object::Model(_, attrs) | Object::Class(_, attrs) => {
                    attrs.shift_remove(name);
                }
                Object::Task(task) => {
                    task.attrs.shift_remove(name);
                }
                Object::Dag(dag) => {
                    dag.attrs.shift_remove(name);
                }
                Object::Group(group) => {
                    group.attrs.shift_remove(name);
                }
                _ => {}
            }
        }
        Ok(())
    }
}
