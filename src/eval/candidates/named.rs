//! What `getattr(object, unknown)` and `globals()[unknown]` may be.

use super::is_callable;
use crate::eval::Segment;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Map, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;

/// Names that are compared in the time of a step.
const NAMES: usize = 4;

impl Interp<'_> {
    /// `getattr(object, unknown)` and `globals()[unknown]`: what can be called of what the name may be that of.
    pub(crate) fn named_by(&mut self, object: &Val, name: &Val, span: Span) -> Res {
        let made = self.derived(&[object, name], span);
        let Some(id) = object.as_obj() else { return Ok(made) };
        let (owners, this) = match self.heap.get(id) {
            Object::Instance(instance) => {
                let class = instance.class.clone();
                let above = class.as_obj().map(|id| self.mro(id)).unwrap_or_default();
                (std::iter::once(class).chain(above).collect(), Some(object.clone()))
            }
            Object::Module(module) => (vec![Val::obj(module.scope, span)], None),
            _ => (vec![object.clone()], None),
        };
        let mut found: Map<Name, Val> = Map::default();
        let mut computed: Vec<Name> = Vec::new();
        for owner in owners {
            let Some(Object::Class(_, names) | Object::Scope(names)) =
                owner.as_obj().map(|id| self.heap.get(id))
            else {
                continue;
            };
            self.work(names.len() / NAMES);
            for (own, val) in names.iter().filter(|(own, _)| may_be_name(own, name)) {
                let Some(part) = val.as_obj().map(|id| self.heap.get(id)) else { continue };
                if found.contains_key(own) || computed.contains(own) {
                } else if is_callable(part) {
                    found.insert(own.clone(), val.clone());
                } else if this.is_some() && matches!(part, Object::Property(..)) {
                    computed.push(own.clone());
                }
            }
        }
        let vals = found.into_values().map(|val| match &this {
            Some(this) => self.heap.val(Object::Bound(val, this.clone()), span),
            None => val,
        });
        let mut vals: Vec<Val> = vals.collect();
        for own in computed {
            let cond = self.condition_at(span, name);
            self.perhaps(&cond, span, &mut |this| {
                vals.extend(this.find_attribute(object, &own, span)?);
                Ok(())
            })?;
        }
        self.may_be(&made, &vals.iter().collect::<Vec<_>>());
        self.only_calls(&made, vals);
        Ok(made)
    }
}

/// Whether a name may be one that is known in part. Nobody means the names that Python itself calls.
fn may_be_name(name: &str, known: &Val) -> bool {
    let Data::Text(text) = &known.data else { return !name.starts_with("__") };
    let literal = |part: Option<&Segment>| match part {
        Some(Segment::Literal(text)) => text.clone(),
        _ => String::new(),
    };
    !name.starts_with("__")
        && name.starts_with(literal(text.segments.first()).as_str())
        && name.ends_with(literal(text.segments.last()).as_str())
}
