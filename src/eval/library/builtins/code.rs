//! `exec` of code in strings, which is not evaluated: what it may have changed is not known.

use crate::eval::call::Args;
use crate::eval::interp::Interp;
use crate::eval::object::{Data, ObjId, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;

impl Interp<'_> {
    /// `exec(code)`: the names that occur in the code are open, and all plain values where the code is
    /// not known.
    pub(super) fn call_exec(&mut self, args: &Args, span: Span) -> Val {
        let unknown = self.unsupported("strings of code", span);
        let spaces: Vec<Val> = args.all().into_iter().skip(1).cloned().collect();
        let mut scopes = Vec::new();
        for space in &spaces {
            match space.as_obj().map(|id| self.heap.resolve(id)) {
                Some(id) if matches!(self.heap.get(id), Object::Scope(_)) => scopes.push(id),
                Some(id) => self.poison_with(id, &unknown, span),
                None => {}
            }
        }
        if spaces.is_empty()
            && let Some(frame) = self.frame()
        {
            scopes = vec![frame.globals];
            if frame.scope != frame.globals {
                scopes.push(frame.scope);
            }
        }
        let text = args.pos.first().and_then(Val::as_str).map(str::to_owned);
        for scope in scopes {
            for name in self.names_in_doubt(scope, text.as_deref()) {
                self.bind_in(scope, &name, unknown.clone());
            }
        }
        Val::none(span)
    }

    /// Names of a scope that code in a string may have bound.
    fn names_in_doubt(&self, scope: ObjId, text: Option<&str>) -> Vec<Name> {
        let Object::Scope(names) = self.heap.get(scope) else { return Vec::new() };
        let Some(text) = text else {
            let plain = |val: &Val| match &val.data {
                Data::Symbol(_) => false,
                Data::Obj(id) => matches!(
                    self.heap.get(*id),
                    Object::List(_) | Object::Dict(..) | Object::Set(..) | Object::Model(..)
                ),
                _ => true,
            };
            let names = names.iter().filter(|(_, val)| plain(val));
            return names.map(|(name, _)| name.clone()).collect();
        };
        let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        words
            .filter(|word| word.starts_with(|c: char| c.is_alphabetic() || c == '_'))
            .filter(|word| names.contains_key(*word) || !super::FUNCTIONS.contains(word))
            .map(Name::from)
            .collect()
    }
}
