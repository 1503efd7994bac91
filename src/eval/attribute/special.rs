//! Attributes that Python itself gives functions and classes.

use crate::eval::HoleKind;
use crate::eval::interp::Interp;
use crate::eval::object::{Flavour, FunctionObject, Map, ObjId, Object, Val};
use crate::python::Span;

impl Interp<'_> {
    /// `__defaults__` or `__kwdefaults__` of a function: `None` where it has none.
    pub(super) fn default_values(
        &mut self,
        function: &FunctionObject,
        name: &str,
        span: Span,
    ) -> Val {
        let parameters = &function.def.parameters;
        if name == "__defaults__" {
            let positional = parameters.positional_only.iter().chain(&parameters.positional);
            let vals: Vec<Val> =
                positional.filter_map(|one| function.defaults.get(&one.name).cloned()).collect();
            return if vals.is_empty() { Val::none(span) } else { Val::tuple(vals, span) };
        }
        let mut vals = Map::default();
        for one in &parameters.keyword_only {
            if let Some(val) = function.defaults.get(&one.name) {
                vals.insert(one.name.clone(), val.clone());
            }
        }
        if vals.is_empty() { Val::none(span) } else { self.dict_of(&vals, span) }
    }

    /// `__name__` of the module with a scope.
    pub(crate) fn module_name(&mut self, globals: ObjId, span: Span) -> Val {
        let name = match self.heap.get(globals) {
            Object::Scope(names) => names.get("__name__").cloned(),
            _ => None,
        };
        name.unwrap_or_else(|| self.hole(HoleKind::Name, "__module__", span))
    }

    /// `__doc__` of a class: its own or none, since classes do not inherit it.
    pub(super) fn class_doc(&mut self, class: &Val, span: Span) -> Val {
        let own = match class.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Class(_, attrs)) => attrs.get("__doc__").cloned(),
            _ => None,
        };
        match (own, self.flavour_of(class)) {
            (Some(own), _) => own,
            // Those that Python writes itself.
            (None, Some(Flavour::Dataclass(_) | Flavour::NamedTuple(_) | Flavour::Enum) | None) => {
                self.hole(HoleKind::Name, "__doc__", span)
            }
            (None, Some(Flavour::Plain)) => Val::none(span),
        }
    }
}
