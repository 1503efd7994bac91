//! Whether what two branches left is alike, so that it holds whichever was taken.

use std::rc::Rc;
use std::sync::Arc;

use crate::eval::interp::Interp;
use crate::eval::object::{Data, Key, Map, Native, ObjId, Object, Val};
use crate::python::ast::Name;

impl Interp<'_> {
    /// Whether two values that are alike are, or contain, different containers that can change.
    pub(super) fn are_apart(&self, a: &Val, b: &Val) -> bool {
        match (&a.data, &b.data) {
            (Data::Tuple(a), Data::Tuple(b)) => {
                a.iter().zip(b.iter()).any(|(a, b)| self.are_apart(a, b))
            }
            (Data::Obj(a), Data::Obj(b)) => {
                self.heap.resolve(*a) != self.heap.resolve(*b)
                    && matches!(
                        self.heap.get(*a),
                        Object::List(_)
                            | Object::Dict(..)
                            | Object::Set(_, false)
                            | Object::Model(..)
                            | Object::Record(..)
                    )
            }
            _ => false,
        }
    }

    /// Whether two values are alike, looking into containers that are not shared.
    pub(crate) fn same(&self, a: &Val, b: &Val, depth: u32) -> bool {
        if !self.work(1) {
            return false;
        }
        match (&a.data, &b.data) {
            (Data::None, Data::None)
            | (Data::Ellipsis, Data::Ellipsis)
            | (Data::NotImplemented, Data::NotImplemented) => true,
            (Data::Bool(a), Data::Bool(b)) => a == b,
            (Data::Int(a), Data::Int(b)) => a == b,
            (Data::Big(a), Data::Big(b)) => a == b,
            (Data::Float(a), Data::Float(b)) => a.to_bits() == b.to_bits(),
            (Data::Str(a), Data::Str(b)) => {
                Rc::ptr_eq(a, b) || a.len() == b.len() && self.scan(a.len()) && a == b
            }
            (Data::Text(a), Data::Text(b)) => {
                Rc::ptr_eq(a, b)
                    || a.segments.len() == b.segments.len()
                        && a.len() == b.len()
                        && self.work(a.segments.len())
                        && self.scan(a.len())
                        && a == b
            }
            (Data::Bytes(a), Data::Bytes(b)) => {
                Rc::ptr_eq(a, b) || a.len() == b.len() && self.scan(a.len()) && a == b
            }
            (Data::Symbol(a), Data::Symbol(b)) => a == b,
            (Data::Unknown(a), Data::Unknown(b)) => Arc::ptr_eq(a, b) || a == b,
            (Data::Tuple(a), Data::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| self.same(a, b, depth))
            }
            (Data::Native(a), Data::Native(b)) => Rc::ptr_eq(a, b) || self.same_native(a, b),
            (Data::Obj(a), Data::Obj(b)) => {
                let (a, b) = (self.heap.resolve(*a), self.heap.resolve(*b));
                a == b || depth < 16 && self.same_objects(a, b, depth + 1)
            }
            _ => false,
        }
    }

    fn same_native(&self, a: &Native, b: &Native) -> bool {
        if let (Native::Path(a), Native::Path(b)) = (a, b) {
            return a.len() == b.len() && self.scan(a.len()) && a == b;
        }
        let (a, b) = (format!("{a:?}"), format!("{b:?}"));
        self.write(a.len() + b.len()) && a == b
    }

    /// Whether two dicts are both plain, or of one class.
    pub(super) fn same_class(&self, a: Option<&Val>, b: Option<&Val>, depth: u32) -> bool {
        match (a, b) {
            (None, None) => true,
            (Some(a), Some(b)) => self.same(a, b, depth),
            _ => false,
        }
    }

    fn same_objects(&self, a: ObjId, b: ObjId, depth: u32) -> bool {
        if self.is_unjoined(a) || self.is_unjoined(b) {
            return false;
        }
        let maps = |a: &Map<Name, Val>, b: &Map<Name, Val>| {
            a.len() == b.len()
                && a.iter()
                    .zip(b)
                    .all(|((name, a), (other, b))| name == other && self.same(a, b, depth))
        };
        match (self.heap.get(a), self.heap.get(b)) {
            (Object::List(a), Object::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.same(a, b, depth))
            }
            (Object::Dict(a, class), Object::Dict(b, other)) => {
                self.same_class(class.as_ref(), other.as_ref(), depth)
                    && a.len() == b.len()
                    && a.doubts_alike(b)
                    && a.iter().zip(b).all(|((key, (name, a)), (other, (named, b)))| {
                        key == other
                            && !matches!(key, Key::Spread(_))
                            && self.same(name, named, depth)
                            && self.same(a, b, depth)
                    })
            }
            (Object::Set(a, frozen), Object::Set(b, other)) => {
                frozen == other
                    && a.len() == b.len()
                    && a.iter()
                        .zip(b)
                        .all(|((key, a), (other, b))| key == other && self.same(a, b, depth))
            }
            (Object::Model(class, a), Object::Model(other, b))
            | (Object::Record(class, a), Object::Record(other, b)) => class == other && maps(a, b),
            (Object::Bound(f, x), Object::Bound(g, y)) => {
                self.same(f, g, depth) && self.same(x, y, depth)
            }
            (Object::Function(a), Object::Function(b)) => {
                Arc::ptr_eq(&a.def, &b.def)
                    && a.closure == b.closure
                    && maps(&a.defaults, &b.defaults)
                    && maps(&a.attrs, &b.attrs)
            }
            _ => false,
        }
    }
}
