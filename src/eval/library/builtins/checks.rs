//! `isinstance` and `issubclass` where a class decides by itself: metaclasses, hooks, protocols, registered classes.

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;

/// What `register` of an abstract class adds to it, with a number behind.
const REGISTERED: &str = "__registered__";
/// Bytes of names that are looked up in the time of a step.
const NAMES: usize = 2;

impl Interp<'_> {
    /// `isinstance(val, kind)`, or `issubclass(val, kind)`; `None` when the answer is not known.
    pub(super) fn is_of(
        &mut self,
        val: &Val,
        kind: &Val,
        is_instance: bool,
        span: Span,
    ) -> Res<Option<bool>> {
        if let Data::Tuple(kinds) = &kind.data {
            let mut result = Some(false);
            for kind in kinds.iter() {
                self.spend(1, span)?;
                match self.is_of(val, kind, is_instance, span)? {
                    Some(true) => return Ok(Some(true)),
                    Some(false) => {}
                    None => result = None,
                }
            }
            return Ok(result);
        }
        let class = if is_instance { self.class_of(val) } else { val.clone() };
        let plain = self.is_subclass(&class, kind);
        let Some(Object::Class(object, _)) = kind.as_obj().map(|id| self.heap.get(id)) else {
            return Ok(plain);
        };
        let is_protocol =
            object.bases.iter().any(|base| base.as_symbol() == Some("typing.Protocol"));
        if self.same(&class, kind, 0) && is_instance {
            return Ok(Some(true));
        }
        let hook = if is_instance { "__instancecheck__" } else { "__subclasscheck__" };
        if let Some(answer) = self.meta_call(kind, hook, std::slice::from_ref(val), span)? {
            return self.truth(&answer);
        }
        if self.unknown(val).is_some() {
            return Ok(plain);
        }
        if self.is_abstract_base(kind)
            && let Ok(Some(hook)) = self.class_lookup(kind, "__subclasshook__")
        {
            let hook = self.unwrap_method(&hook);
            let args = Args::positional(vec![kind.clone(), class.clone()]);
            let answer = self.call(&hook, args, span)?;
            if !matches!(answer.data, Data::NotImplemented) {
                return self.truth(&answer);
            }
        }
        if plain == Some(true) {
            return Ok(plain);
        }
        if is_protocol {
            return self.has_members_of(if is_instance { val } else { &class }, kind, span);
        }
        let mut result = plain;
        let registered = self.registered_with(kind);
        self.spend(registered.len(), span)?;
        for registered in registered {
            match self.is_subclass(&class, &registered) {
                Some(true) => return Ok(Some(true)),
                Some(false) => {}
                None => result = None,
            }
        }
        Ok(result)
    }

    /// Whether an object has everything that a protocol declares.
    fn has_members_of(&mut self, val: &Val, protocol: &Val, span: Span) -> Res<Option<bool>> {
        let mut names: Vec<Name> = Vec::new();
        let order = protocol.as_obj().map(|id| self.mro(id)).unwrap_or_default();
        for class in std::iter::once(protocol).chain(&order) {
            let Some(Object::Class(_, attrs)) = class.as_obj().map(|id| self.heap.get(id)) else {
                continue;
            };
            let own = attrs.keys().filter(|name| {
                let is_of_classes = matches!(
                    name.as_ref(),
                    "__abstractmethods__"
                        | "__annotations__"
                        | "__module__"
                        | "__doc__"
                        | "__slots__"
                        | "__init__"
                );
                !is_of_classes && !name.starts_with("_abc_") && !name.starts_with("_is_")
            });
            names.extend(own.cloned());
            names.extend(self.declared(attrs));
        }
        self.spend(names.len() / NAMES, span)?;
        let mut result = Some(true);
        for name in names {
            match self.attribute_if_any(val, &name, span)? {
                None => return Ok(Some(false)),
                Some(found) if self.unknown(&found).is_some() => result = None,
                Some(_) => {}
            }
        }
        Ok(result)
    }

    /// Whether the metaclass of a class is that of abstract classes.
    pub(crate) fn is_abstract_base(&self, class: &Val) -> bool {
        let above = class.as_obj().map(|id| self.mro(id)).unwrap_or_default();
        above.iter().any(|base| matches!(base.as_symbol(), Some("abc.ABC" | "typing.Protocol")))
            || self.meta_of(class).is_some_and(|meta| meta.as_symbol() == Some("abc.ABCMeta"))
    }

    /// `Abstract.register(class)`.
    pub(crate) fn register_class(&mut self, abstract_class: &Val, class: &Val) -> Val {
        let number = self.registered_with(abstract_class).len();
        let name = Name::from(format!("{REGISTERED}{number}"));
        self.set_raw(abstract_class, &name, class.clone());
        class.clone()
    }

    fn registered_with(&self, class: &Val) -> Vec<Val> {
        match class.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Class(_, attrs)) => {
                let own = attrs.iter().filter(|(name, _)| name.starts_with(REGISTERED));
                own.map(|(_, val)| val.clone()).collect()
            }
            _ => Vec::new(),
        }
    }
}
