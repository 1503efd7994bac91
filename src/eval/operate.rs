//! Operators: arithmetic, comparison, membership, truth.

mod compare;
mod flags;
mod names;
mod order;

pub(crate) use self::names::method;
use super::call::Args;
use super::expr::BYTES_MADE;
use super::interp::{Interp, Res};
use super::item::as_big;
use super::object::{Data, Flavour, Native, Object, Val};
use super::pure::number::{self, ArithmeticError, Number};
use super::{HoleKind, Text};
use crate::python::Span;
use crate::python::ast::{BinaryOp, UnaryOp};

/// Elements that are copied in the time of a step.
const ITEMS_COPIED: usize = 8;
/// Steps that a segment of a text with holes counts for.
const SEGMENT: usize = 3;

/// The mark `functools.total_ordering` leaves on a class.
pub(crate) const TOTAL_ORDERING: &str = "__total_ordering__";

impl Interp<'_> {
    /// Python's truth value; `None` when a hole decides it.
    pub(crate) fn truth(&mut self, val: &Val) -> Res<Option<bool>> {
        Ok(Some(match &val.data {
            Data::None => false,
            Data::Bool(value) => *value,
            Data::Int(value) => *value != 0,
            Data::Float(value) => *value != 0.0,
            Data::Str(text) => !text.is_empty(),
            Data::Text(text) => return Ok(text.truth()),
            Data::Bytes(bytes) => !bytes.is_empty(),
            Data::Tuple(items) => !items.is_empty(),
            Data::Native(native) => match native.as_ref() {
                Native::TimeDelta(micros) | Native::Duration(micros) | Native::Interval(micros) => {
                    *micros != 0
                }
                Native::Range(start, stop, step) => {
                    super::item::range_length(*start, *stop, *step) != 0
                }
                _ => true,
            },
            Data::Unknown(_) => return Ok(None),
            Data::Symbol(path) => return Ok(self.symbol_truth(&path.clone())),
            Data::Obj(id) => match self.heap.get(*id) {
                Object::List(items) => !items.is_empty(),
                Object::Dict(entries, _) => return Ok(entries.truth()),
                Object::Set(items, _) => !items.is_empty(),
                Object::Record(..) => match self.view_of(val) {
                    Some((_, dict)) => return self.truth(&dict),
                    None => true,
                },
                Object::Poisoned(_) => return Ok(None),
                Object::Instance(instance) => {
                    let (class, payload) = (instance.class.clone(), instance.payload.clone());
                    for name in ["__bool__", "__len__"] {
                        if let Ok(Some(method)) = self.class_lookup(&class, name) {
                            let result =
                                self.call(&method, Args::positional(vec![val.clone()]), val.span)?;
                            return self.truth(&result);
                        }
                    }
                    let is_enum = self.flavour_of(&class) == Some(Flavour::Enum)
                        && self.flag_number(val).is_none();
                    match payload {
                        Some(payload) if !is_enum => return self.truth(&payload),
                        _ => true,
                    }
                }
                Object::Task(_) | Object::Dag(_) | Object::Group(_) => {
                    for name in ["__bool__", "__len__"] {
                        if let Some(result) = self.special_of_node(val, name, &[], val.span)? {
                            return self.truth(&result);
                        }
                    }
                    true
                }
                _ => true,
            },
            _ => true,
        }))
    }

    /// `-x`, `+x`, `~x`.
    pub(crate) fn unary(&mut self, op: UnaryOp, val: &Val, span: Span) -> Res {
        if self.is_open(val) {
            return Ok(self.derived(&[val], span));
        }
        if let Some(result) = self.own_unary(op, val, span)? {
            return Ok(result);
        }
        match (&val.data, op) {
            (Data::Float(value), UnaryOp::Minus) => Ok(Val::new(Data::Float(-value), span)),
            (Data::Float(_) | Data::Int(_) | Data::Big(_), UnaryOp::Plus) => {
                Ok(val.clone().at(span))
            }
            (Data::Native(native), UnaryOp::Minus) => match native.as_ref() {
                Native::TimeDelta(micros) => Ok(Val::native(Native::TimeDelta(-micros), span)),
                Native::Duration(micros) => Ok(Val::native(Native::Duration(-micros), span)),
                Native::Interval(_) => Ok(self.derived(&[val], span)),
                _ => self.type_error("bad operand type for unary -", span),
            },
            _ => match (as_big(val), op) {
                (Some(number), UnaryOp::Minus) => Ok(Val::big(-number, span)),
                (Some(number), UnaryOp::Plus) => Ok(Val::big(number, span)),
                (Some(number), UnaryOp::Invert) => Ok(Val::big(-number - 1, span)),
                _ => {
                    let sign = match op {
                        UnaryOp::Minus => "-",
                        UnaryOp::Plus => "+",
                        _ => "~",
                    };
                    let kind = self.full_type_name(val);
                    let message = format!("bad operand type for unary {sign}: '{kind}'");
                    self.type_error(message, span)
                }
            },
        }
    }

    /// `-x`, `+x`, `~x` of an instance: as its class says, or of the value underneath.
    fn own_unary(&mut self, op: UnaryOp, val: &Val, span: Span) -> Res<Option<Val>> {
        let Some(Object::Instance(instance)) = val.as_obj().map(|id| self.heap.get(id)) else {
            return Ok(None);
        };
        let (class, payload) = (instance.class.clone(), instance.payload.clone());
        let name = match op {
            UnaryOp::Minus => "__neg__",
            UnaryOp::Plus => "__pos__",
            UnaryOp::Invert => "__invert__",
            UnaryOp::Not => return Ok(None),
        };
        match (self.class_lookup(&class, name), payload) {
            (Ok(Some(function)), _) => {
                self.call(&function, Args::positional(vec![val.clone()]), span).map(Some)
            }
            (Ok(None), Some(payload)) => self.unary(op, &payload, span).map(Some),
            (Ok(None), None) => Ok(None),
            (Err(base), _) => Ok(Some(self.derived(&[&base, val], span))),
        }
    }

    /// `__iadd__` and its kin of an instance.
    pub(crate) fn own_in_place(
        &mut self,
        op: BinaryOp,
        this: &Val,
        other: &Val,
        span: Span,
    ) -> Res<Option<Val>> {
        let Some(class) = self.own_class(this) else {
            let results = self.special(this, &format!("__i{}__", method(op)), &[other], span)?;
            return self.one_of_results(this, other, &results, span);
        };
        let payload = match this.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Instance(instance)) => instance.payload.clone(),
            _ => None,
        };
        let Ok(Some(function)) = self.class_lookup(&class, &format!("__i{}__", method(op))) else {
            // What can be changed in place is, whatever the class says of the operator itself.
            let object = payload.as_ref().and_then(Val::as_obj).map(|id| self.heap.get(id));
            let changes = match object {
                Some(Object::List(_)) => matches!(op, BinaryOp::Add | BinaryOp::Mul),
                Some(Object::Dict(..)) => op == BinaryOp::BitOr,
                Some(Object::Set(_, false)) => matches!(
                    op,
                    BinaryOp::BitOr | BinaryOp::BitAnd | BinaryOp::BitXor | BinaryOp::Sub
                ),
                _ => false,
            };
            return match payload.filter(|_| changes) {
                Some(payload) => {
                    self.in_place(op, &payload, other, span)?;
                    Ok(Some(this.clone()))
                }
                None => Ok(None),
            };
        };
        let args = Args::positional(vec![this.clone(), other.clone()]);
        let result = self.call(&function, args, span)?;
        Ok((!matches!(result.data, Data::NotImplemented)).then_some(result))
    }

    /// The number of a value, enum members of numbers included.
    fn number(&self, val: &Val) -> Option<Number> {
        if let Data::Float(value) = &val.data {
            return Some(Number::Float(*value));
        }
        as_big(val).map(Number::Int)
    }

    /// Whether a value is an object of Airflow that is no task, group or DAG.
    fn is_airflow_object(&self, val: &Val) -> bool {
        matches!(
            val.as_obj().map(|id| self.heap.get(id)),
            Some(Object::Record(class, _)) if class.starts_with("airflow.")
        )
    }

    /// `left op right`.
    pub(crate) fn binary(&mut self, op: BinaryOp, left: &Val, right: &Val, span: Span) -> Res {
        self.weigh_operands(left, right);
        self.spend(0, span)?;
        if let Some(val) = self.operator_of_unknown(op, left, right, span)? {
            return Ok(val);
        }
        if let Some(val) = self.own_relation(op, left, right, span)? {
            return Ok(val);
        }
        if let Some(val) = self.relation(op, left, right, span)? {
            return Ok(val);
        }
        if let Some(val) = self.text_operation(op, left, right, span)? {
            // Also where it is done many times for one expression, as by `sum` or `accumulate`.
            let made = match &val.data {
                Data::Str(text) => text.len() / BYTES_MADE,
                Data::Text(text) => text.segments.len() * SEGMENT,
                _ => 0,
            };
            self.spend(made, span)?;
            return Ok(val);
        }
        if self.is_open(left) || self.is_open(right) {
            return Ok(self.derived(&[left, right], span));
        }
        if let (Some(a), Some(b)) = (self.number(left), self.number(right)) {
            // `True | False` and its kin stay booleans.
            if let (Data::Bool(a), Data::Bool(b)) = (&left.data, &right.data) {
                match op {
                    BinaryOp::BitOr => return Ok(Val::bool(a | b, span)),
                    BinaryOp::BitAnd => return Ok(Val::bool(a & b, span)),
                    BinaryOp::BitXor => return Ok(Val::bool(a ^ b, span)),
                    _ => {}
                }
            }
            return self.arithmetic(op, &a, &b, span);
        }
        if let Some(val) = self.collection_operation(op, left, right, span)? {
            return Ok(val);
        }
        if let Some(val) = self.native_operation(op, left, right, span)? {
            return Ok(val);
        }
        if let Some(val) = self.user_operation(op, left, right, span)? {
            return Ok(val);
        }
        // What objects of Airflow make of each other (`asset | asset`) is not known here.
        if [left, right].iter().any(|val| self.is_airflow_object(val)) {
            return Ok(self.derived(&[left, right], span));
        }
        if op == BinaryOp::BitOr && self.is_kind(left) && self.is_kind(right) {
            let mut parts = super::object::Map::default();
            parts.insert("0".into(), left.clone());
            parts.insert("1".into(), right.clone());
            return Ok(self.heap.val(Object::Record("types.UnionType".into(), parts), span));
        }
        // Other operators on library symbols.
        if left.as_symbol().is_some() || right.as_symbol().is_some() || left.is_none() {
            return Ok(self.derived(&[left, right], span));
        }
        let (a, b) = (self.full_type_name(left), self.full_type_name(right));
        let message = match (op, a.as_str()) {
            // Sequences say what they can be joined to.
            (BinaryOp::Add, "str" | "list" | "tuple") => {
                format!("can only concatenate {a} (not \"{b}\") to {a}")
            }
            _ => format!("unsupported operand type(s) for {}: '{a}' and '{b}'", op.in_messages()),
        };
        self.type_error(message, span)
    }

    /// Whether a value is a class, `None` or a union of them, as in `int | None`.
    fn is_kind(&self, val: &Val) -> bool {
        match &val.data {
            Data::None => true,
            Data::Symbol(path) => self.is_class_symbol(path),
            Data::Obj(id) => match self.heap.get(*id) {
                Object::Class(..) => true,
                Object::Record(class, _) => class.as_ref() == "types.UnionType",
                _ => false,
            },
            _ => false,
        }
    }

    fn arithmetic(&mut self, op: BinaryOp, a: &Number, b: &Number, span: Span) -> Res {
        if let (Number::Int(a), Number::Int(b)) = (a, b) {
            // Products and quotients take the product of the lengths.
            let words = |bits: u64| usize::try_from(bits / 64).unwrap_or(usize::MAX);
            self.spend(words(a.bits()).saturating_mul(words(b.bits())) / 64, span)?;
        }
        match number::binary(op, a, b) {
            Ok(Number::Int(value)) => Ok(Val::big(value, span)),
            Ok(Number::Float(value)) => Ok(Val::new(Data::Float(value), span)),
            Err(ArithmeticError::ZeroDivision(message)) => {
                Err(self.exception("ZeroDivisionError", message, span))
            }
            Err(ArithmeticError::Overflow(message)) => {
                Err(self.exception("OverflowError", message, span))
            }
            Err(ArithmeticError::Domain(message)) => {
                Err(self.exception("ValueError", message, span))
            }
            Err(ArithmeticError::Type(message)) => self.type_error(message, span),
            Err(ArithmeticError::Complex) => Ok(self.unsupported("complex numbers", span)),
            Err(ArithmeticError::TooLarge) => {
                Ok(self.limit_hole(span, "string", "a number is larger than the bound"))
            }
        }
    }

    /// Joining and repeating strings, and `%`.
    fn text_operation(
        &mut self,
        op: BinaryOp,
        left: &Val,
        right: &Val,
        span: Span,
    ) -> Res<Option<Val>> {
        let is_text = |val: &Val| matches!(val.data, Data::Str(_) | Data::Text(_));
        match op {
            BinaryOp::Add if is_text(left) || is_text(right) => {
                let (Some(mut text), Some(other)) = (self.to_text(left), self.to_text(right))
                else {
                    return Ok(None);
                };
                // What is joined to a text and is none is an error.
                if let Some(other) = [left, right].into_iter().find(|val| {
                    !is_text(val) && val.hole().is_none_or(|hole| hole.kind != HoleKind::Env)
                }) {
                    self.may_fail(other, span);
                }
                let bytes = |val: &Val| val.as_str().map_or(0, str::len);
                self.spend((bytes(left) + bytes(right)) / BYTES_MADE, span)?;
                text.push_text(&other);
                Ok(Some(self.bounded_text(text, span)))
            }
            BinaryOp::Mod if is_text(left) => self.percent(left, right, span).map(Some),
            BinaryOp::Mod if matches!(left.data, Data::Bytes(_)) => {
                Ok(Some(self.unsupported("`%` of bytes", span)))
            }
            BinaryOp::Mul => {
                let is_first = is_text(left) || matches!(left.data, Data::Bytes(_));
                let (text, count) = if is_first { (left, right) } else { (right, left) };
                if let (Data::Bytes(bytes), Some(count)) = (&text.data, count.as_int()) {
                    let count = usize::try_from(count.max(0)).unwrap_or(0);
                    if bytes.len().saturating_mul(count) > self.settings.limits.string {
                        let message = "a string is longer than the bound";
                        return Ok(Some(self.limit_hole(span, "string", message)));
                    }
                    return Ok(Some(Val::new(Data::Bytes(bytes.repeat(count).into()), span)));
                }
                let (Data::Str(text), Some(count)) = (&text.data, count.as_int()) else {
                    return Ok(None);
                };
                let count = usize::try_from(count.max(0)).unwrap_or(0);
                if text.len().saturating_mul(count) > self.settings.limits.string {
                    let message = "a string is longer than the bound";
                    return Ok(Some(self.limit_hole(span, "string", message)));
                }
                Ok(Some(Val::str(text.repeat(count), span)))
            }
            _ => Ok(None),
        }
    }

    /// `+`, `*`, `|`, `&`, `-`, `^` on lists, tuples, dicts and sets.
    fn collection_operation(
        &mut self,
        op: BinaryOp,
        left: &Val,
        right: &Val,
        span: Span,
    ) -> Res<Option<Val>> {
        if let (Data::Bytes(a), Data::Bytes(b), BinaryOp::Add) = (&left.data, &right.data, op) {
            if a.len() + b.len() > self.settings.limits.string {
                let message = "a string is longer than the bound";
                return Ok(Some(self.limit_hole(span, "string", message)));
            }
            self.spend((a.len() + b.len()) / BYTES_MADE, span)?;
            let joined: Vec<u8> = [a.as_ref(), b.as_ref()].concat();
            return Ok(Some(Val::new(Data::Bytes(joined.into()), span)));
        }
        if let (Data::Tuple(a), Data::Tuple(b), BinaryOp::Add) = (&left.data, &right.data, op) {
            if a.len() + b.len() > self.settings.limits.collection {
                let message = "a collection is larger than the bound";
                return Ok(Some(self.limit_hole(span, "collection", message)));
            }
            self.spend((a.len() + b.len()) / ITEMS_COPIED, span)?;
            let items = a.iter().chain(b.iter()).cloned().collect();
            return Ok(Some(Val::tuple(items, span)));
        }
        if op == BinaryOp::Mul {
            for (this, other) in [(left, right), (right, left)] {
                if self.is_sequence(this)
                    && other.as_int().is_none()
                    && let Some(count) = self.index_of(other, span)?
                {
                    return self.binary(op, this, &Val::int(count, span), span).map(Some);
                }
            }
            let (items, count) =
                if left.as_int().is_some() { (right, left) } else { (left, right) };
            let list = match &items.data {
                Data::Tuple(items) => Some((items.to_vec(), true)),
                Data::Obj(id) => match self.heap.get(*id) {
                    Object::List(items) => Some((items.clone(), false)),
                    _ => None,
                },
                _ => None,
            };
            if let (Some((items, is_tuple)), Some(count)) = (list, count.as_int()) {
                let count = usize::try_from(count.max(0)).unwrap_or(0);
                if items.len().saturating_mul(count) > self.settings.limits.collection {
                    let message = "a collection is larger than the bound";
                    return Ok(Some(self.limit_hole(span, "collection", message)));
                }
                let repeated: Vec<Val> = std::iter::repeat_n(items, count).flatten().collect();
                return Ok(Some(if is_tuple {
                    Val::tuple(repeated, span)
                } else {
                    self.list(repeated, span)
                }));
            }
        }
        // Views of dicts behave like sets, and take any iterable on the other side.
        if self.view_of(left).is_some() || self.view_of(right).is_some() {
            let mut sets = Vec::new();
            for val in [left, right] {
                let set = match self.view_as_set(val, span)? {
                    Some(set) => Some(set),
                    None => match self.iterate(val, span)? {
                        Some(items) => Some(self.make_set(items, false, span)?),
                        None => None,
                    },
                };
                match set {
                    Some(set) if self.unknown(&set).is_none() => sets.push(set),
                    _ => return Ok(Some(self.derived(&[left, right], span))),
                }
            }
            if let [left, right] = sets.as_slice() {
                return self.collection_operation(op, left, right, span);
            }
        }
        let (Some(a), Some(b)) = (left.as_obj(), right.as_obj()) else { return Ok(None) };
        let (a, b) = (self.heap.copy(a), self.heap.copy(b));
        Ok(match (a, b, op) {
            (Object::List(mut a), Object::List(b), BinaryOp::Add) => {
                a.extend(b);
                Some(self.list(a, span))
            }
            (
                Object::Dict(_, Some(class)),
                Object::Dict(..),
                BinaryOp::Add | BinaryOp::Sub | BinaryOp::BitOr | BinaryOp::BitAnd,
            ) if class.as_symbol() == Some("collections.Counter") => {
                return self.counter_operation(op, left, right, span).map(Some);
            }
            (Object::Namespace(_), _, BinaryOp::BitOr)
            | (_, Object::Namespace(_), BinaryOp::BitOr) => {
                let [left, right] = [left, right].map(|val| match self.entries_of(val) {
                    Some(entries) => self.dict(entries, span),
                    None => val.clone(),
                });
                return self.collection_operation(op, &left, &right, span);
            }
            (Object::Dict(a, class), Object::Dict(_, other), BinaryOp::BitOr) => {
                // `OrderedDict` and `defaultdict` answer for a plain dict on their left.
                let reflected = other.filter(|class| {
                    let name = class.as_symbol();
                    matches!(name, Some("collections.OrderedDict")) || name.is_none()
                });
                let class = class.or(reflected);
                let merged = self.heap.add(Object::Dict(a, class));
                self.update_dict(merged, right, span)?;
                Some(Val::obj(merged, span))
            }
            (Object::Set(mut a, frozen), Object::Set(b, _), _) => {
                match op {
                    BinaryOp::BitOr => {
                        for (key, val) in b {
                            a.entry(key).or_insert(val);
                        }
                    }
                    BinaryOp::BitAnd => a.retain(|key, _| b.contains_key(key)),
                    BinaryOp::Sub => a.retain(|key, _| !b.contains_key(key)),
                    BinaryOp::BitXor => {
                        let extra: Vec<_> =
                            b.into_iter().filter(|(key, _)| !a.contains_key(key)).collect();
                        if let Object::Set(other, _) =
                            self.heap.get(right.as_obj().unwrap_or(super::object::ObjId(0)))
                        {
                            a.retain(|key, _| !other.contains_key(key));
                        }
                        a.extend(extra);
                    }
                    _ => return Ok(None),
                }
                Some(self.heap.val(Object::Set(a, frozen), span))
            }
            _ => None,
        })
    }

    /// Whether a value can be repeated.
    fn is_sequence(&self, val: &Val) -> bool {
        match &val.data {
            Data::Str(_) | Data::Bytes(_) | Data::Tuple(_) => true,
            Data::Obj(id) => matches!(self.heap.get(*id), Object::List(_)),
            _ => false,
        }
    }

    /// Operators that a user class defines.
    pub(super) fn user_operation(
        &mut self,
        op: BinaryOp,
        left: &Val,
        right: &Val,
        span: Span,
    ) -> Res<Option<Val>> {
        if let Some(made) = self.flags(op, left, right, span) {
            return Ok(Some(made));
        }
        if self.flag_number(left).is_some() && self.flag_number(right).is_some() {
            // A class with members that are not known.
            return Ok(Some(self.derived(&[left, right], span)));
        }
        let name = method(op);
        for (this, other, prefix) in [(left, right, "__"), (right, left, "__r")] {
            let Some(class) = self.own_class(this) else { continue };
            let payload = match this.as_obj().map(|id| self.heap.get(id)) {
                Some(Object::Instance(instance)) => instance.payload.clone(),
                _ => None,
            };
            match self.class_lookup(&class, &format!("{prefix}{name}__")) {
                Ok(Some(function)) => {
                    let args = Args::positional(vec![this.clone(), other.clone()]);
                    let result = self.call(&function, args, span)?;
                    if !matches!(result.data, Data::NotImplemented) {
                        return Ok(Some(result));
                    }
                }
                Err(_) => return Ok(Some(self.derived(&[left, right], span))),
                Ok(None) => {
                    // A member of a plain enum is no number, whatever its value.
                    let is_plain_enum = self.flavour_of(&class) == Some(Flavour::Enum)
                        && self.symbol_base(&class).as_deref() == Some("enum.Enum");
                    if is_plain_enum {
                        continue;
                    }
                    if let Some(payload) = payload {
                        let (a, b) =
                            if prefix == "__" { (&payload, other) } else { (other, &payload) };
                        return self.binary(op, a, b, span).map(Some);
                    }
                    if self.symbol_base(&class).is_some() {
                        return Ok(Some(self.derived(&[left, right], span)));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Joins texts with a separator.
    pub(crate) fn join_texts(&mut self, separator: &Text, items: &[Val], span: Span) -> Res {
        let mut text = Text::default();
        let between = separator.as_literal().map_or(0, str::len);
        if between.saturating_mul(items.len()) > self.settings.limits.string {
            return Ok(self.limit_hole(span, "string", "a string is longer than the bound"));
        }
        for (index, item) in items.iter().enumerate() {
            if text.is_full() {
                break;
            }
            if index > 0 {
                text.push_text(separator);
            }
            let item = self.plain(item).unwrap_or_else(|| item.clone());
            match self.to_text(&item) {
                Some(part) => text.push_text(&part),
                None => {
                    let message = format!(
                        "sequence item {index}: expected str instance, {} found",
                        self.type_name(&item)
                    );
                    return self.type_error(message, span);
                }
            }
        }
        Ok(self.bounded_text(text, span))
    }
}
