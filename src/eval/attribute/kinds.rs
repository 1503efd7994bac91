//! The class of a value, and what it is called.

use crate::eval::interp::Interp;
use crate::eval::object::{Data, Key, Map, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;

impl Interp<'_> {
    /// A dict from attributes.
    pub(crate) fn dict_of(&mut self, attrs: &Map<Name, Val>, span: Span) -> Val {
        let entries = attrs
            .iter()
            .map(|(name, val)| {
                let key = Key::Str(name.as_ref().into());
                (key, (Val::str(name.as_ref(), val.span), val.clone()))
            })
            .collect();
        self.dict(entries, span)
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
                Object::Class(class, _) => {
                    class.meta.clone().unwrap_or_else(|| symbol("builtins.type"))
                }
                Object::Namespace(_) => symbol("builtins.dict"),
                Object::Function(_) | Object::Bound(..) => symbol("builtins.function"),
                Object::Module(_) => symbol("builtins.module"),
                Object::Iterator(..) | Object::Lazy(_) => symbol("builtins.generator"),
                Object::Model(class, _) => symbol(&format!("kubernetes.client.{class}")),
                Object::Record(class, _) => symbol(class),
                Object::Dag(dag) => dag.class.clone(),
                Object::Task(task) => task.class.clone(),
                Object::Group(group) => group.class.clone(),
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

    /// The name of a value's type as Python's own messages write it: with the module for some types
    /// of the library.
    pub(crate) fn full_type_name(&self, val: &Val) -> String {
        match &self.class_of(val).data {
            Data::Symbol(path) if path.starts_with("datetime.") => path.to_string(),
            _ => self.type_name(val),
        }
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
}
