//! Methods of lists, dicts, sets, tuples, scopes, iterators and numbers.
//!
//! What changes a container under something unknown poisons it: from then on the container as a
//! whole is a hole, because no element of it is certain any more.

mod counter;
mod dicts;
mod lists;
mod others;
mod sets;
pub(crate) mod views;

pub(crate) use views::View;

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, ObjId, Object, Val};
use crate::python::Span;
use crate::python::ast::CompareOp;

/// Methods of iterators and generators.
pub(crate) const ITERATOR_METHODS: &[&str] = &["__next__", "send", "throw", "close", "__iter__"];

/// Methods of `list`; `collections.deque` is a list here too.
pub(crate) const LIST_METHODS: &[&str] = &[
    "append",
    "appendleft",
    "clear",
    "copy",
    "count",
    "extend",
    "extendleft",
    "index",
    "insert",
    "pop",
    "popleft",
    "remove",
    "reverse",
    "rotate",
    "sort",
    "__contains__",
    "__delitem__",
    "__getitem__",
    "__iter__",
    "__len__",
    "__setitem__",
];

/// Methods of `dict` and of its kin in `collections`.
pub(crate) const DICT_METHODS: &[&str] = &[
    "clear",
    "copy",
    "elements",
    "fromkeys",
    "get",
    "items",
    "keys",
    "most_common",
    "move_to_end",
    "pop",
    "popitem",
    "setdefault",
    "subtract",
    "total",
    "update",
    "values",
    "__contains__",
    "__delitem__",
    "__getitem__",
    "__iter__",
    "__len__",
    "__setitem__",
];

/// Methods of `set` and `frozenset`.
pub(crate) const SET_METHODS: &[&str] = &[
    "add",
    "clear",
    "copy",
    "difference",
    "difference_update",
    "discard",
    "intersection",
    "intersection_update",
    "isdisjoint",
    "issubset",
    "issuperset",
    "pop",
    "remove",
    "symmetric_difference",
    "symmetric_difference_update",
    "union",
    "update",
    "__contains__",
    "__iter__",
    "__len__",
];

impl Interp<'_> {
    /// Poisons a container; the result of the method that did it is not known either.
    fn changed_by(&mut self, id: ObjId, by: &[&Val], span: Span) -> Val {
        let unknown = self.derived(by, span);
        self.poison_with(id, &unknown, span);
        unknown
    }

    fn too_large(&mut self, span: Span) -> Val {
        self.limit_hole(span, "collection", "a collection is larger than the bound")
    }

    /// `==` as Python's containers use it; `None` when a hole decides.
    pub(crate) fn alike(&mut self, left: &Val, right: &Val, span: Span) -> Res<Option<bool>> {
        let verdict = self.compare(CompareOp::Eq, left, right, span)?;
        self.truth(&verdict)
    }

    /// `repr` for a message.
    fn repr_plain(&mut self, val: &Val, span: Span) -> Res<String> {
        Ok(self.repr_text(val, span)?.display())
    }

    /// The methods behind operators, written out: `d.__contains__(k)`.
    fn protocol(&mut self, this: &Val, name: &str, args: &Args, span: Span) -> Res<Option<Val>> {
        Ok(match (name, args.pos.as_slice()) {
            ("__len__", []) => Some(self.call_len(this, span)?),
            ("__iter__", []) => match self.iterate(this, span)? {
                Some(items) => Some(self.heap.val(Object::Iterator(items, 0), span)),
                None => Some(self.derived(&[this], span)),
            },
            ("__contains__", [needle]) => Some(self.compare(CompareOp::In, needle, this, span)?),
            ("__getitem__", [index]) => Some(self.item(this, index, span)?),
            ("__setitem__", [index, val]) => {
                self.set_item(this, index, val.clone(), span)?;
                Some(Val::none(span))
            }
            ("__delitem__", [index]) => {
                self.delete_item(this, index, span)?;
                Some(Val::none(span))
            }
            _ => None,
        })
    }
}

/// A default that can be written beside a hole.
pub(crate) fn json_scalar(val: &Val) -> Option<serde_json::Value> {
    Some(match &val.data {
        Data::None => serde_json::Value::Null,
        Data::Bool(value) => (*value).into(),
        Data::Int(value) => (*value).into(),
        Data::Str(text) => text.as_ref().into(),
        Data::Float(value) => serde_json::Number::from_f64(*value)?.into(),
        _ => return None,
    })
}

/// A hole that says which default the code gives.
pub(crate) fn with_default(val: Val, default: serde_json::Value) -> Val {
    match &val.data {
        Data::Unknown(hole) if hole.default.is_none() => {
            let mut hole = hole.as_ref().clone();
            hole.default = Some(default);
            Val::unknown(std::sync::Arc::new(hole), val.span)
        }
        _ => val,
    }
}
