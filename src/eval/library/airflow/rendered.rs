//! Which attributes of a task Airflow renders, and what their setters make of that.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use crate::airflow::OperatorKind;
use crate::eval::interp::Interp;
use crate::eval::object::{ObjId, Object, Val};
use crate::mapping;
use crate::python::ast::Name;

impl Interp<'_> {
    /// The template fields that a user's class of operators declares, where they are known.
    pub(crate) fn own_template_fields(&self, class: &Val) -> Option<Vec<Name>> {
        let Ok(Some(fields)) = self.class_lookup(class, "template_fields") else { return None };
        self.plain_list(&fields)?.iter().map(|field| field.as_str().map(Name::from)).collect()
    }

    /// Sets the attributes of a finished task that Airflow renders once more, as it does when the task runs: a setter of
    /// the user's class that changes what it is given changes it again.
    pub(crate) fn set_rendered_again(&mut self, id: ObjId) {
        let Object::Task(task) = self.heap.get(id) else { return };
        if task.class.as_obj().is_none() || task.expansion.is_some() || !task.initialised {
            return;
        }
        let (class, kind, span) = (task.class.clone(), task.kind, task.span);
        let always = matches!(self.class_lookup(&class, "__setattr__"), Ok(Some(_)));
        let is_set = |name: &str| {
            (always && (task.keywords.contains_key(name) || task.attrs.contains_key(name)))
                || match self.class_lookup(&class, name) {
                    Ok(Some(found)) => self.is_data_descriptor(&found),
                    _ => false,
                }
        };
        let mut fields: Vec<Name> = match self.own_template_fields(&class) {
            Some(own) => own.into_iter().filter(|name| is_set(name)).collect(),
            None => {
                let Some(all) = self.rendered_arguments(kind) else { return };
                all.iter()
                    .filter(|name| is_set(name))
                    .map(|name| Name::from(name.as_str()))
                    .collect()
            }
        };
        fields.sort();
        let this = Val::obj(id, span);
        for name in &fields {
            let Ok(val) = self.attribute(&this, name, span) else { continue };
            if !matches!(self.truth(&val), Ok(Some(false))) {
                // One that cannot be set fails when the task runs.
                let _ = self.set_attribute(&this, name, val, span);
            }
        }
    }

    /// The arguments that operators of a kind render; `None` for those podlift has no table of.
    pub(super) fn rendered_arguments(&self, kind: OperatorKind) -> Option<Rc<FxHashSet<String>>> {
        if kind == OperatorKind::Other {
            return None;
        }
        let mut known = self.rendered.borrow_mut();
        if let Some((_, fields)) = known.iter().find(|(other, _)| *other == kind) {
            return Some(Rc::clone(fields));
        }
        let fields = Rc::new(mapping::rendered_arguments(kind, self.settings));
        known.push((kind, Rc::clone(&fields)));
        Some(fields)
    }
}
