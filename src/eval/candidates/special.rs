//! Methods that Python calls by itself, for operators, subscripts, `for` and `with`, on one of several objects.

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Map, Object, Val};
use crate::python::Span;
use crate::python::ast::{BinaryOp, CompareOp, Name};

/// The beginnings of names that are called without being named.
const CALLED: &[&str] = &[
    "__add__",
    "__and__",
    "__contains__",
    "__delitem__",
    "__enter__",
    "__eq__",
    "__exit__",
    "__floordiv__",
    "__ge__",
    "__getitem__",
    "__gt__",
    "__iter__",
    "__le__",
    "__lshift__",
    "__lt__",
    "__matmul__",
    "__mod__",
    "__mul__",
    "__ne__",
    "__next__",
    "__or__",
    "__pow__",
    "__rshift__",
    "__setattr__",
    "__setitem__",
    "__sub__",
    "__truediv__",
    "__xor__",
];

/// Whether a class defines one of them, or one for operands that stand on the right or change in place.
pub(crate) fn defines_special(names: &Map<Name, Val>) -> bool {
    names.keys().any(|name| {
        let plain = |prefix: &str| {
            let rest = name.strip_prefix(prefix)?;
            CALLED.iter().find(|known| known.strip_prefix("__") == Some(rest))
        };
        ["__", "__r", "__i"].into_iter().any(|prefix| plain(prefix).is_some())
    })
}

impl Interp<'_> {
    /// Calls a special method of an unknown value, if that may be an object of a class that defines it. Nobody knows
    /// which object it is, so each of the calls may take place or not. Gives the results; none if nothing was called.
    pub(crate) fn special(
        &mut self,
        object: &Val,
        name: &str,
        args: &[&Val],
        span: Span,
    ) -> Res<Vec<Val>> {
        if !self.hooks_operators {
            return Ok(Vec::new());
        }
        let Some(unknown) = self.unknown(object) else { return Ok(Vec::new()) };
        let mut methods = Vec::new();
        for candidate in self.within_reach(&unknown) {
            let class = match candidate.as_obj().map(|id| self.heap.get(id)) {
                Some(Object::Instance(instance)) => instance.class.clone(),
                _ => match self.class_of_node(&candidate) {
                    Some(class) => class,
                    None => continue,
                },
            };
            if let Ok(Some(found)) = self.class_lookup(&class, name) {
                methods.push(self.bind_attribute(&found, &candidate, &class, span)?);
            }
        }
        if methods.is_empty() {
            return Ok(Vec::new());
        }
        let method = self.part_of(&unknown, &format!(".{name}"), span);
        self.only_calls(&method, methods);
        let args = Args::positional(args.iter().copied().cloned().collect());
        Ok(self.call_candidates(&method, &args, span)?.unwrap_or_default())
    }

    /// The operator methods of two operands of which one is unknown; `Some` when one of them may have been called.
    pub(crate) fn operator_of_unknown(
        &mut self,
        op: BinaryOp,
        left: &Val,
        right: &Val,
        span: Span,
    ) -> Res<Option<Val>> {
        if !self.hooks_operators || !(self.is_open(left) || self.is_open(right)) {
            return Ok(None);
        }
        let name = crate::eval::operate::method(op);
        let mut results = self.special(left, &format!("__{name}__"), &[right], span)?;
        results.extend(self.special(right, &format!("__r{name}__"), &[left], span)?);
        let is_instance = |val: &Val| {
            matches!(val.as_obj().map(|id| self.heap.get(id)), Some(Object::Instance(_)))
        };
        let (own_left, own_right) = (is_instance(left), is_instance(right));
        if own_left {
            return match self.user_operation(op, left, right, span)? {
                Some(made) if results.is_empty() => Ok(Some(made)),
                made => {
                    results.extend(made);
                    self.one_of_results(left, right, &results, span)
                }
            };
        }
        if own_right {
            // Only if the unknown one does not know how.
            let cond = self.condition_at(span, left);
            self.perhaps(&cond, span, &mut |this| {
                results.extend(this.user_operation(op, left, right, span)?);
                Ok(())
            })?;
        }
        self.one_of_results(left, right, &results, span)
    }

    /// The result of an operation that one of several methods has, if any was called.
    pub(crate) fn one_of_results(
        &mut self,
        left: &Val,
        right: &Val,
        results: &[Val],
        span: Span,
    ) -> Res<Option<Val>> {
        if results.is_empty() {
            return Ok(None);
        }
        let made = self.derived(&[left, right], span);
        self.may_be(&made, &results.iter().collect::<Vec<_>>());
        Ok(Some(made))
    }

    /// The methods that a comparison with something unknown may call.
    pub(crate) fn comparison_of_unknown(
        &mut self,
        op: CompareOp,
        left: &Val,
        right: &Val,
        span: Span,
    ) -> Res<()> {
        let (name, reflected) = match op {
            CompareOp::Is | CompareOp::IsNot => return Ok(()),
            CompareOp::In | CompareOp::NotIn => {
                return self.special(right, "__contains__", &[left], span).map(|_| ());
            }
            CompareOp::Eq => ("__eq__", "__eq__"),
            CompareOp::NotEq => ("__ne__", "__ne__"),
            CompareOp::Lt => ("__lt__", "__gt__"),
            CompareOp::LtE => ("__le__", "__ge__"),
            CompareOp::Gt => ("__gt__", "__lt__"),
            CompareOp::GtE => ("__ge__", "__le__"),
        };
        self.special(left, name, &[right], span)?;
        self.special(right, reflected, &[left], span)?;
        Ok(())
    }

    /// Goes over what `__iter__` of an unknown value gives, to its end: what it does on the way may be done.
    pub(crate) fn go_over_unknown(&mut self, val: &Val, span: Span) -> Res<()> {
        let mut made = self.special(val, "__iter__", &[], span)?;
        // What is not known again leads nowhere else.
        made.retain(|iterator| self.unknown(iterator).is_none());
        let cond = match made.is_empty() {
            true => return Ok(()),
            false => self.condition_at(span, val),
        };
        for iterator in made {
            self.perhaps(&cond, span, &mut |this| {
                let items = this.iterate(&iterator, span)?;
                this.hold(val, &items.iter().flatten().collect::<Vec<_>>());
                Ok(())
            })?;
        }
        Ok(())
    }

    /// What may be a manager of those that an unknown value may be.
    pub(crate) fn managers_of_unknown(&self, manager: &Val) -> Vec<Val> {
        if self.unknown(manager).is_none() {
            return Vec::new();
        }
        let mut found = self.within_reach(manager);
        found.retain(|candidate| match candidate.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Instance(_)) => self.hooks_operators,
            Some(Object::Record(class, _)) => class.starts_with("contextlib."),
            _ => false,
        });
        found
    }

    /// An attribute of something unknown was set: one of what it may be has it, the others what they
    /// had.
    pub(crate) fn set_candidates(
        &mut self,
        val: &Val,
        name: &Name,
        to: &Val,
        span: Span,
    ) -> Res<()> {
        self.keep_in(val, to);
        let mut candidates = self.candidates_of(val);
        // Of what it was made of only what has attributes of its own.
        candidates.extend(self.elements_of(val).into_iter().skip(candidates.len()).filter(|val| {
            matches!(
                val.as_obj().map(|id| self.heap.get(id)),
                Some(
                    Object::Task(_)
                        | Object::Dag(_)
                        | Object::Group(_)
                        | Object::Instance(_)
                        | Object::Model(..)
                )
            )
        }));
        let mut unknown = None;
        for candidate in candidates {
            if candidate.as_obj().is_none() {
                continue;
            }
            if self.runs_code_when_set(&candidate, name) {
                let cond = self.condition_at(span, val);
                self.perhaps(&cond, span, &mut |this| {
                    this.set_attribute(&candidate, name, to.clone(), span)
                })?;
                continue;
            }
            let unknown = unknown.get_or_insert_with(|| self.derived(&[val, to], span)).clone();
            self.set_attribute(&candidate, name, unknown, span)?;
        }
        Ok(())
    }

    /// Whether setting an attribute of an object calls a method of its class.
    fn runs_code_when_set(&self, object: &Val, name: &Name) -> bool {
        let class = match object.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Instance(instance)) => instance.class.clone(),
            _ => match self.class_of_node(object) {
                Some(class) => class,
                None => return false,
            },
        };
        let found = |name: &str| self.class_lookup(&class, name).ok().flatten();
        found("__setattr__").is_some()
            || found(name)
                .and_then(|own| own.as_obj())
                .is_some_and(|id| matches!(self.heap.get(id), Object::Property(..)))
    }
}
