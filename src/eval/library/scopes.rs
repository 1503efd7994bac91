//! `globals()` and `locals()`.

use crate::eval::interp::Interp;
use crate::eval::object::{Key, Map, ObjId, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;
use crate::python::names;

/// Entries of the copy that are made in the time of a step.
const COPIED: usize = 2;

impl Interp<'_> {
    /// `globals()`, and `locals()` outside functions: the scope itself, so that `globals()["dag"] = dag` binds.
    pub(crate) fn scope_dict(&mut self, global: bool, span: Span) -> Val {
        let Some(frame) = self.frame() else { return Val::none(span) };
        let scope = if global { frame.globals } else { frame.scope };
        if scope == frame.globals || frame.is_class {
            return Val::obj(scope, span);
        }
        self.copied_locals(scope, span)
    }

    /// The variables of a function, copied: what becomes of the dict does not reach them.
    fn copied_locals(&mut self, scope: ObjId, span: Span) -> Val {
        let mut entries = self.namespace_entries(scope);
        for name in self.names_of(scope) {
            let key = Key::Str(name.as_ref().into());
            // Reading a variable means that it is there; asking for all of them does not.
            if let Some(cond) = self.maybe_unbound.get(&(scope, name)).cloned()
                && let Some((named, val)) = entries.get(&key).cloned()
            {
                let val = self.merge_missing(&cond, &val);
                entries.insert(key.clone(), (named, val));
                entries.doubt(key);
            }
        }
        for (name, val) in self.free_variables(span) {
            let key = Key::Str(name.as_ref().into());
            if !entries.contains_key(&key) {
                entries.insert(key, (Val::str(name.as_ref(), span), val));
            }
        }
        self.work(entries.len() * COPIED);
        self.dict(entries, span)
    }

    fn names_of(&self, scope: ObjId) -> Vec<Name> {
        match self.heap.get(scope) {
            Object::Scope(names) if !self.maybe_unbound.is_empty() => {
                names.keys().cloned().collect()
            }
            _ => Vec::new(),
        }
    }

    /// Variables of the functions around this one that it reads, and its class where it asks for that.
    fn free_variables(&self, span: Span) -> Map<Name, Val> {
        let mut found = Map::default();
        let Some(frame) = self.frame() else { return found };
        let Some(function) = &frame.function else { return found };
        let free = names::free(&function.def);
        for name in &free {
            let around = frame.closure.iter().find_map(|scope| match self.heap.get(*scope) {
                Object::Scope(names) => names.get(name).cloned(),
                _ => None,
            });
            if let Some(val) = around {
                found.insert(name.clone(), val);
            }
        }
        let asks = ["super", "__class__"].iter().any(|name| free.contains(*name));
        if let Some(class) = function.class.filter(|_| asks) {
            found.insert(Name::from("__class__"), Val::obj(class, span));
        }
        found
    }
}
