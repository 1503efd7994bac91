//! Operators: arithmetic, comparison, membership, truth.

use super::Text;
use super::call::Args;
use super::interp::{Interp, Res};
use super::item::as_big;
use super::object::{Data, Flavour, Native, Object, Val};
use super::pure::number::{self, ArithmeticError, Number};
use crate::python::Span;
use crate::python::ast::{BinaryOp, CompareOp, UnaryOp};

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
                Native::TimeDelta(micros) => *micros != 0,
                Native::Range(start, stop, step) => {
                    super::item::range_length(*start, *stop, *step) != 0
                }
                _ => true,
            },
            Data::Unknown(_) => return Ok(None),
            Data::Symbol(path) => return Ok(self.symbol_truth(&path.clone())),
            Data::Obj(id) => match self.heap.get(*id) {
                Object::List(items) => !items.is_empty(),
                Object::Dict(entries, _) => {
                    let spread =
                        |key: &super::object::Key| matches!(key, super::object::Key::Spread(_));
                    if !entries.is_empty() && entries.keys().all(spread) {
                        return Ok(None);
                    }
                    !entries.is_empty()
                }
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
        let Some(Object::Instance(instance)) = this.as_obj().map(|id| self.heap.get(id)) else {
            return Ok(None);
        };
        let class = instance.class.clone();
        let Ok(Some(function)) = self.class_lookup(&class, &format!("__i{}__", method(op))) else {
            return Ok(None);
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

    /// `left op right`.
    pub(crate) fn binary(&mut self, op: BinaryOp, left: &Val, right: &Val, span: Span) -> Res {
        if let Some(val) = self.relation(op, left, right, span)? {
            return Ok(val);
        }
        if let Some(val) = self.text_operation(op, left, right, span)? {
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
            _ => format!("unsupported operand type(s) for {}: '{a}' and '{b}'", symbol(op)),
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
                text.push_text(&other);
                Ok(Some(self.bounded_text(text, span)))
            }
            BinaryOp::Mod if is_text(left) => self.percent(left, right, span).map(Some),
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
            let joined: Vec<u8> = a.iter().chain(b.iter()).copied().collect();
            return Ok(Some(Val::new(Data::Bytes(joined.into()), span)));
        }
        if let (Data::Tuple(a), Data::Tuple(b), BinaryOp::Add) = (&left.data, &right.data, op) {
            if a.len() + b.len() > self.settings.limits.collection {
                let message = "a collection is larger than the bound";
                return Ok(Some(self.limit_hole(span, "collection", message)));
            }
            let items = a.iter().chain(b.iter()).cloned().collect();
            return Ok(Some(Val::tuple(items, span)));
        }
        if op == BinaryOp::Mul {
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
        let (a, b) = (self.heap.get(a).clone(), self.heap.get(b).clone());
        Ok(match (a, b, op) {
            (Object::List(mut a), Object::List(b), BinaryOp::Add) => {
                a.extend(b);
                Some(self.list(a, span))
            }
            (Object::Dict(_, Some(class)), Object::Dict(..), BinaryOp::Add | BinaryOp::Sub)
                if class.as_symbol() == Some("collections.Counter") =>
            {
                return self.counter_sum(op, left, right, span).map(Some);
            }
            (Object::Dict(a, class), Object::Dict(..), BinaryOp::BitOr) => {
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

    /// `+` and `-` of counters, which keep only what counts more than zero.
    fn counter_sum(&mut self, op: BinaryOp, left: &Val, right: &Val, span: Span) -> Res {
        let class = Val::symbol("collections.Counter", span);
        let mut entries = self.entries_of(left).unwrap_or_default();
        for (key, (name, val)) in self.entries_of(right).unwrap_or_default() {
            let own = entries.get(&key).map_or_else(|| Val::int(0, span), |(_, val)| val.clone());
            let sum = self.binary(op, &own, &val, span)?;
            entries.insert(key, (name, sum));
        }
        let zero = Val::int(0, span);
        let mut kept = super::object::Entries::default();
        for (key, (name, val)) in entries {
            let counts = self.compare(CompareOp::Gt, &val, &zero, span)?;
            match self.truth(&counts)? {
                Some(true) => {
                    kept.insert(key, (name, val));
                }
                Some(false) => {}
                None => return Ok(self.derived(&[left, right], span)),
            }
        }
        Ok(self.heap.val(Object::Dict(kept, Some(class)), span))
    }

    /// Operators that a user class defines.
    fn user_operation(
        &mut self,
        op: BinaryOp,
        left: &Val,
        right: &Val,
        span: Span,
    ) -> Res<Option<Val>> {
        if let Some(made) = self.flags(op, left, right, span) {
            return Ok(Some(made));
        }
        let name = method(op);
        for (this, other, prefix) in [(left, right, "__"), (right, left, "__r")] {
            let Some(Object::Instance(instance)) = this.as_obj().map(|id| self.heap.get(id)) else {
                continue;
            };
            let (class, payload) = (instance.class.clone(), instance.payload.clone());
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

    /// `|`, `&` and `^` of two members of an `enum.Flag`.
    fn flags(&mut self, op: BinaryOp, left: &Val, right: &Val, span: Span) -> Option<Val> {
        if !matches!(op, BinaryOp::BitOr | BinaryOp::BitAnd | BinaryOp::BitXor) {
            return None;
        }
        let (class, a) = self.flag_number(left)?;
        let (other, b) = self.flag_number(right)?;
        if !self.same(&class, &other, 16) {
            return None;
        }
        let number = match op {
            BinaryOp::BitOr => a | b,
            BinaryOp::BitAnd => a & b,
            _ => a ^ b,
        };
        let members = self.members(&class);
        for member in members.values() {
            if self.flag_number(member).is_some_and(|(_, value)| value == number) {
                return Some(member.clone());
            }
        }
        let mut names: Vec<String> = Vec::new();
        for (name, member) in &members {
            if self
                .flag_number(member)
                .is_some_and(|(_, value)| value != 0 && number & value == value)
            {
                names.push(name.to_string());
            }
        }
        let mut attrs = super::object::Map::default();
        let name = Val::str(names.join("|"), span);
        for key in ["name", "_name_"] {
            attrs.insert(crate::python::ast::Name::from(key), name.clone());
        }
        for key in ["value", "_value_"] {
            attrs.insert(crate::python::ast::Name::from(key), Val::int(number, span));
        }
        let payload = Some(Val::int(number, span));
        let instance = super::object::Instance { class, attrs, payload };
        Some(self.heap.val(Object::Instance(instance), span))
    }

    /// Class and number of a member of an `enum.Flag`.
    fn flag_number(&self, val: &Val) -> Option<(Val, i64)> {
        let Object::Instance(instance) = self.heap.get(val.as_obj()?) else { return None };
        let base = self.symbol_base(&instance.class)?;
        let is_flag = matches!(base.as_ref(), "enum.Flag" | "enum.IntFlag");
        let number = instance.payload.as_ref().and_then(Val::as_int)?;
        is_flag.then(|| (instance.class.clone(), number))
    }

    /// One comparison.
    pub(crate) fn compare(&mut self, op: CompareOp, left: &Val, right: &Val, span: Span) -> Res {
        if let Some(result) = self.own_order(op, left, right, span)? {
            return Ok(result);
        }
        let decided = match op {
            CompareOp::Is => self.identical(left, right),
            CompareOp::IsNot => self.identical(left, right).map(|same| !same),
            CompareOp::Eq => self.equals(left, right, span)?,
            CompareOp::NotEq => self.equals(left, right, span)?.map(|same| !same),
            CompareOp::In => self.contains(right, left, span)?,
            CompareOp::NotIn => self.contains(right, left, span)?.map(|found| !found),
            CompareOp::Lt | CompareOp::LtE | CompareOp::Gt | CompareOp::GtE => {
                self.order(left, right, span)?.map(|order| match op {
                    CompareOp::Lt => order.is_some_and(std::cmp::Ordering::is_lt),
                    CompareOp::LtE => order.is_some_and(std::cmp::Ordering::is_le),
                    CompareOp::Gt => order.is_some_and(std::cmp::Ordering::is_gt),
                    _ => order.is_some_and(std::cmp::Ordering::is_ge),
                })
            }
        };
        Ok(match decided {
            Some(result) => Val::bool(result, span),
            None => self.derived(&[left, right], span),
        })
    }

    /// `is`. A hole can be anything, unless it is compared with what no lookup gives.
    fn identical(&self, left: &Val, right: &Val) -> Option<bool> {
        if matches!(left.data, Data::Text(_)) || matches!(right.data, Data::Text(_)) {
            let other = if matches!(left.data, Data::Text(_)) { right } else { left };
            return match other.data {
                Data::Unknown(_) | Data::Text(_) | Data::Str(_) => None,
                _ => Some(false),
            };
        }
        if self.unknown(left).is_some() || self.unknown(right).is_some() {
            return None;
        }
        match (&left.data, &right.data) {
            (Data::Obj(a), Data::Obj(b)) => Some(self.heap.resolve(*a) == self.heap.resolve(*b)),
            (Data::Obj(_), _) | (_, Data::Obj(_)) => Some(false),
            _ => Some(self.same(left, right, 0)),
        }
    }

    /// `<`, `<=`, `>`, `>=`, `!=` as a user class defines them.
    fn own_order(
        &mut self,
        op: CompareOp,
        left: &Val,
        right: &Val,
        span: Span,
    ) -> Res<Option<Val>> {
        let (name, reflected) = match op {
            CompareOp::Lt => ("__lt__", "__gt__"),
            CompareOp::LtE => ("__le__", "__ge__"),
            CompareOp::Gt => ("__gt__", "__lt__"),
            CompareOp::GtE => ("__ge__", "__le__"),
            CompareOp::NotEq => ("__ne__", "__ne__"),
            _ => return Ok(None),
        };
        for (this, other, name) in [(left, right, name), (right, left, reflected)] {
            let Some(Object::Instance(instance)) = this.as_obj().map(|id| self.heap.get(id)) else {
                continue;
            };
            let class = instance.class.clone();
            let args = Args::positional(vec![this.clone(), other.clone()]);
            if let Ok(Some(function)) = self.class_lookup(&class, name) {
                let result = self.call(&function, args, span)?;
                if !matches!(result.data, Data::NotImplemented) {
                    return Ok(Some(result));
                }
            } else if let Ok(Some(_)) = self.class_lookup(&class, TOTAL_ORDERING)
                && let Some(result) = self.filled_order(&class, name, this, other, span)?
            {
                return Ok(Some(result));
            }
        }
        Ok(None)
    }

    /// A comparison that `functools.total_ordering` fills in from the one the class defines.
    fn filled_order(
        &mut self,
        class: &Val,
        name: &str,
        this: &Val,
        other: &Val,
        span: Span,
    ) -> Res<Option<Val>> {
        // Which comparison is defined, and for each wanted one: whether the answer is negated, and
        // whether equal values turn it around.
        let rules: &[(&str, &str, bool, bool)] = &[
            ("__lt__", "__le__", false, true),
            ("__lt__", "__gt__", true, true),
            ("__lt__", "__ge__", true, false),
            ("__le__", "__lt__", false, true),
            ("__le__", "__ge__", true, true),
            ("__le__", "__gt__", true, false),
            ("__gt__", "__ge__", false, true),
            ("__gt__", "__lt__", true, true),
            ("__gt__", "__le__", true, false),
            ("__ge__", "__gt__", false, true),
            ("__ge__", "__le__", true, true),
            ("__ge__", "__lt__", true, false),
        ];
        for (root, wanted, negated, equal_counts) in rules {
            if *wanted != name {
                continue;
            }
            let Ok(Some(function)) = self.class_lookup(class, root) else { continue };
            let args = Args::positional(vec![this.clone(), other.clone()]);
            let result = self.call(&function, args, span)?;
            let Some(answer) = self.truth(&result)? else {
                return Ok(Some(self.derived(&[&result], span)));
            };
            let Some(same) = self.equals(this, other, span)? else {
                return Ok(Some(self.derived(&[this, other], span)));
            };
            // `<=` is `<` or equal, `>` is neither, `>=` is not `<`; from `<=` it is the other way.
            let strict = matches!(*root, "__lt__" | "__gt__");
            let verdict = match (strict, negated, equal_counts) {
                (true, false, _) => answer || same,
                (true, true, true) => !answer && !same,
                (false, false, _) => answer && !same,
                (false, true, true) => !answer || same,
                (_, true, false) => !answer,
            };
            return Ok(Some(Val::bool(verdict, span)));
        }
        Ok(None)
    }

    /// `==` where a user class may define it, inside containers too.
    pub(crate) fn equals(&mut self, left: &Val, right: &Val, span: Span) -> Res<Option<bool>> {
        self.equals_within(left, right, 0, span)
    }

    fn equals_within(
        &mut self,
        left: &Val,
        right: &Val,
        depth: u32,
        span: Span,
    ) -> Res<Option<bool>> {
        let (left, right) = (&self.namespace_as_dict(left), &self.namespace_as_dict(right));
        if let Some(equal) = self.views_of_items_equal(left, right, depth, span)? {
            return Ok(equal);
        }
        if depth < 32
            && let Some(pairs) = self.paired(left, right)
        {
            let mut result = Some(true);
            for (a, b) in pairs {
                self.step(span)?;
                match self.equals_within(&a, &b, depth + 1, span)? {
                    Some(true) => {}
                    Some(false) => return Ok(Some(false)),
                    None => result = None,
                }
            }
            return Ok(result);
        }
        for (this, other) in [(left, right), (right, left)] {
            if let Some(Object::Instance(instance)) = this.as_obj().map(|id| self.heap.get(id)) {
                let class = instance.class.clone();
                if let Ok(Some(function)) = self.class_lookup(&class, "__eq__") {
                    let args = Args::positional(vec![this.clone(), other.clone()]);
                    let result = self.call(&function, args, span)?;
                    if !matches!(result.data, Data::NotImplemented) {
                        return self.truth(&result);
                    }
                }
            }
        }
        Ok(self.equal(left, right))
    }

    /// `in` for an iterator: it is advanced until the element is found.
    fn iterator_contains(
        &mut self,
        container: &Val,
        needle: &Val,
        span: Span,
    ) -> Res<Option<Option<bool>>> {
        let is_iterator = container
            .as_obj()
            .is_some_and(|id| matches!(self.heap.get(id), Object::Iterator(..) | Object::Lazy(_)));
        if !is_iterator {
            return Ok(None);
        }
        loop {
            self.step(span)?;
            match self.next_item(container, span)? {
                super::lazy::Next::Item(item) => match self.equals(&item, needle, span)? {
                    Some(true) => return Ok(Some(Some(true))),
                    Some(false) => {}
                    None => {
                        if let Some(id) = container.as_obj() {
                            self.poison_with(id, &item, span);
                        }
                        return Ok(Some(None));
                    }
                },
                super::lazy::Next::End(_) => return Ok(Some(Some(false))),
                super::lazy::Next::Open(_) => return Ok(Some(None)),
            }
        }
    }

    /// `==` where a view of items or of values takes part: items compare like sets, values like any
    /// object, by identity.
    fn views_of_items_equal(
        &mut self,
        left: &Val,
        right: &Val,
        depth: u32,
        span: Span,
    ) -> Res<Option<Option<bool>>> {
        use super::library::containers::View;
        Ok(match (self.view_of(left), self.view_of(right)) {
            (Some((View::Values, _)), _) | (_, Some((View::Values, _))) => {
                let open = self.is_open(left) || self.is_open(right);
                Some((!open).then(|| left.as_obj() == right.as_obj()))
            }
            (Some((View::Items, a)), Some((View::Items, b))) => {
                Some(self.equals_within(&a, &b, depth + 1, span)?)
            }
            (Some((View::Items, _)), None) | (None, Some((View::Items, _))) => {
                let mut sides = Vec::new();
                for val in [left, right] {
                    sides.push(self.view_as_set(val, span)?.unwrap_or_else(|| val.clone()));
                }
                match sides.as_slice() {
                    [a, b] if self.view_of(a).is_none() && self.view_of(b).is_none() => {
                        Some(self.equals_within(a, b, depth + 1, span)?)
                    }
                    _ => Some(None),
                }
            }
            _ => None,
        })
    }

    fn namespace_as_dict(&mut self, val: &Val) -> Val {
        match val.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Namespace(owner)) => {
                let entries = self.namespace_entries(*owner);
                self.heap.val(Object::Dict(entries, None), val.span)
            }
            _ => val.clone(),
        }
    }

    /// The elements of two containers of one kind and size that are to be compared one by one, when
    /// there is an instance among them.
    fn paired(&self, left: &Val, right: &Val) -> Option<Vec<(Val, Val)>> {
        let deep = |val: &Val| val.as_obj().is_some_and(|id| !self.heap.get(id).is_poisoned());
        let worth = |items: &mut dyn Iterator<Item = &Val>| {
            let mut items = items;
            Iterator::any(&mut items, |val| deep(val) || matches!(val.data, Data::Tuple(_)))
        };
        match (&left.data, &right.data) {
            (Data::Tuple(a), Data::Tuple(b)) if a.len() == b.len() && worth(&mut a.iter()) => {
                Some(a.iter().cloned().zip(b.iter().cloned()).collect())
            }
            (Data::Obj(x), Data::Obj(y)) if self.heap.resolve(*x) != self.heap.resolve(*y) => {
                match (self.heap.get(*x), self.heap.get(*y)) {
                    (Object::List(a), Object::List(b))
                        if a.len() == b.len() && worth(&mut a.iter()) =>
                    {
                        Some(a.iter().cloned().zip(b.iter().cloned()).collect())
                    }
                    (Object::Dict(a, _), Object::Dict(b, _))
                        if a.len() == b.len()
                            && a.keys().all(|key| b.contains_key(key))
                            && worth(&mut a.values().map(|(_, val)| val)) =>
                    {
                        let pair = |(key, (_, val)): (_, &(Val, Val))| {
                            b.get(key).map(|(_, other)| (val.clone(), other.clone()))
                        };
                        a.iter().map(pair).collect()
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// `==` of values without user code; `None` when a hole decides it.
    pub(crate) fn equal(&self, left: &Val, right: &Val) -> Option<bool> {
        self.equal_within(left, right, 0)
    }

    fn equal_within(&self, left: &Val, right: &Val, depth: u32) -> Option<bool> {
        if depth > 64 {
            return None;
        }
        if let (Some(a), Some(b)) = (self.plain(left), self.plain(right))
            && (left.as_obj() != a.as_obj() || right.as_obj() != b.as_obj())
        {
            return self.equal_within(&a, &b, depth + 1);
        }
        let texts = (&left.data, &right.data);
        if let (Data::Text(text), other) | (other, Data::Text(text)) = texts {
            return match other {
                Data::Str(known) if !super::expr::text_may_equal(text, known) => Some(false),
                Data::Str(_) | Data::Text(_) | Data::Unknown(_) => None,
                Data::Obj(_) => None,
                _ => Some(false),
            };
        }
        if self.unknown(left).is_some() || self.unknown(right).is_some() {
            return None;
        }
        // A constant of a library that nobody here knows may be equal to anything.
        match (left.as_symbol(), right.as_symbol()) {
            (Some(a), Some(b)) => {
                return if a == b { Some(true) } else { self.symbols_differ(a, b) };
            }
            (Some(path), None) | (None, Some(path)) => {
                return if self.is_class_symbol(path) { Some(false) } else { None };
            }
            (None, None) => {}
        }
        if let (Some(a), Some(b)) = (self.number(left), self.number(right)) {
            return Some(number::compare(&a, &b) == Some(std::cmp::Ordering::Equal));
        }
        let all = |a: &[Val], b: &[Val]| -> Option<bool> {
            if a.len() != b.len() {
                return Some(false);
            }
            let mut result = Some(true);
            for (a, b) in a.iter().zip(b) {
                match self.equal_within(a, b, depth + 1) {
                    Some(false) => return Some(false),
                    None => result = None,
                    Some(true) => {}
                }
            }
            result
        };
        if let (Some(a), Some(b)) = (self.tuple_items(left), self.tuple_items(right)) {
            return all(&a, &b);
        }
        match (&left.data, &right.data) {
            (Data::Obj(a), Data::Obj(b)) => {
                let (a, b) = (self.heap.resolve(*a), self.heap.resolve(*b));
                if a == b {
                    return Some(true);
                }
                if let Some(equal) = self.views_equal(left, right) {
                    return equal;
                }
                match (self.heap.get(a), self.heap.get(b)) {
                    (Object::List(a), Object::List(b)) => all(a, b),
                    (Object::Dict(a, _), Object::Dict(b, _)) => {
                        if a.len() != b.len() || !a.keys().all(|key| b.contains_key(key)) {
                            let open = a.keys().chain(b.keys()).any(|key| {
                                matches!(
                                    key,
                                    super::object::Key::Spread(_) | super::object::Key::Hole(_)
                                )
                            });
                            return if open { None } else { Some(false) };
                        }
                        let mut result = Some(true);
                        for (key, (_, left)) in a {
                            let Some((_, right)) = b.get(key) else { return Some(false) };
                            match self.equal_within(left, right, depth + 1) {
                                Some(false) => return Some(false),
                                None => result = None,
                                Some(true) => {}
                            }
                        }
                        result
                    }
                    (Object::Set(a, _), Object::Set(b, _)) => {
                        Some(a.len() == b.len() && a.keys().all(|key| b.contains_key(key)))
                    }
                    (Object::Model(..), Object::Model(..))
                    | (Object::Record(..), Object::Record(..)) => Some(self.same(left, right, 0)),
                    (Object::Instance(x), Object::Instance(y)) => {
                        let (x, y) = (x.clone(), y.clone());
                        // What a user class says about it is asked elsewhere.
                        let own =
                            |class: &Val| !matches!(self.class_lookup(class, "__eq__"), Ok(None));
                        if own(&x.class) || own(&y.class) {
                            return None;
                        }
                        match self.flavour_of(&x.class) {
                            Some(Flavour::Dataclass(_))
                                if self.same(&x.class, &y.class, 16)
                                    && self.rules_of(&x.class).eq =>
                            {
                                let a: Vec<Val> = x.attrs.values().cloned().collect();
                                let b: Vec<Val> = y.attrs.values().cloned().collect();
                                all(&a, &b)
                            }
                            _ => Some(false),
                        }
                    }
                    _ => Some(false),
                }
            }
            (Data::Native(a), Data::Native(b)) => {
                super::library::natives::equal(a, b).or_else(|| Some(self.same(left, right, 0)))
            }
            _ => Some(self.same(left, right, 0)),
        }
    }

    /// Two classes or builtins of different names differ; two constants may be equal.
    fn symbols_differ(&self, a: &str, b: &str) -> Option<bool> {
        let fixed = |path: &str| self.is_class_symbol(path) || path.starts_with("builtins.");
        (fixed(a) && fixed(b)).then_some(false)
    }

    /// The elements of a tuple or of an instance of a named tuple, which are equal by them alone.
    fn tuple_items(&self, val: &Val) -> Option<Vec<Val>> {
        match &val.data {
            Data::Tuple(items) => Some(items.to_vec()),
            Data::Obj(id) => match self.heap.get(*id) {
                Object::Instance(instance) => match self.flavour_of(&instance.class)? {
                    Flavour::NamedTuple(fields) => Some(
                        fields
                            .iter()
                            .filter_map(|field| instance.attrs.get(field))
                            .cloned()
                            .collect(),
                    ),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// An instance seen as the plain value it is equal to: string and number enums, subclasses of
    /// builtins.
    fn plain(&self, val: &Val) -> Option<Val> {
        if let Some(Object::Instance(instance)) = val.as_obj().map(|id| self.heap.get(id))
            && let Some(payload) = &instance.payload
        {
            let base = self.symbol_base(&instance.class);
            let is_plain = base.as_deref().is_some_and(|base| {
                base.starts_with("builtins.")
                    || base.starts_with("airflow.")
                    || base == "enum.StrEnum"
                    || base == "enum.IntEnum"
            }) || self.bases_include_builtin(&instance.class)
                || matches!(self.flavour_of(&instance.class), Some(Flavour::NamedTuple(_)));
            if is_plain {
                return Some(payload.clone());
            }
        }
        Some(val.clone())
    }

    fn bases_include_builtin(&self, class: &Val) -> bool {
        class.as_obj().is_some_and(|id| {
            self.mro(id)
                .iter()
                .any(|base| matches!(base.as_symbol(), Some("builtins.str" | "builtins.int")))
        })
    }

    /// The order of two values: `Some(None)` when they cannot be ordered (NaN), `None` when unknown.
    #[allow(clippy::option_option, reason = "unknown and unordered are different answers")]
    pub(crate) fn order(
        &mut self,
        left: &Val,
        right: &Val,
        span: Span,
    ) -> Res<Option<Option<std::cmp::Ordering>>> {
        if self.is_open(left) || self.is_open(right) {
            return Ok(None);
        }
        let (left, right) = (
            self.plain(left).unwrap_or_else(|| left.clone()),
            self.plain(right).unwrap_or_else(|| right.clone()),
        );
        if let (Some(a), Some(b)) = (self.number(&left), self.number(&right)) {
            return Ok(Some(number::compare(&a, &b)));
        }
        let lists = |this: &Self, val: &Val| match &val.data {
            Data::Obj(_) if this.rules_of(&this.class_of(val)).order => this.field_values(val),
            Data::Tuple(items) => Some(items.to_vec()),
            Data::Obj(id) => match this.heap.get(*id) {
                Object::List(items) => Some(items.clone()),
                _ => None,
            },
            _ => None,
        };
        match (&left.data, &right.data) {
            (Data::Str(a), Data::Str(b)) => return Ok(Some(Some(a.chars().cmp(b.chars())))),
            (Data::Bytes(a), Data::Bytes(b)) => return Ok(Some(Some(a.cmp(b)))),
            (Data::Native(a), Data::Native(b)) => {
                if let Some(order) = super::library::datetime::order(a, b) {
                    return Ok(Some(Some(order)));
                }
            }
            _ => {}
        }
        if let (Some(a), Some(b)) = (lists(self, &left), lists(self, &right)) {
            for (a, b) in a.iter().zip(&b) {
                match self.equals(a, b, span)? {
                    Some(true) => {}
                    Some(false) => return self.order(a, b, span),
                    None => return Ok(None),
                }
            }
            return Ok(Some(Some(a.len().cmp(&b.len()))));
        }
        if let (Some(Object::Set(a, _)), Some(Object::Set(b, _))) =
            (left.as_obj().map(|id| self.heap.get(id)), right.as_obj().map(|id| self.heap.get(id)))
        {
            use std::cmp::Ordering;
            let (inside, around) =
                (a.keys().all(|key| b.contains_key(key)), b.keys().all(|key| a.contains_key(key)));
            return Ok(Some(match (inside, around) {
                (true, true) => Some(Ordering::Equal),
                (true, false) => Some(Ordering::Less),
                (false, true) => Some(Ordering::Greater),
                (false, false) => None,
            }));
        }
        if left.as_symbol().is_some() || right.as_symbol().is_some() {
            return Ok(None);
        }
        if let Some(order) = self.keyed_order(&left, &right, span)? {
            return Ok(order);
        }
        if let Some(result) = self.own_order(CompareOp::Lt, &left, &right, span)? {
            return Ok(self.truth(&result)?.map(|less| {
                Some(if less { std::cmp::Ordering::Less } else { std::cmp::Ordering::Greater })
            }));
        }
        if instance_is_open(self, &left) || instance_is_open(self, &right) {
            return Ok(None);
        }
        let kinds = (self.full_type_name(&left), self.full_type_name(&right));
        let message = match (kinds.0.as_str(), kinds.1.as_str()) {
            ("datetime.datetime", "datetime.datetime") => {
                "can't compare offset-naive and offset-aware datetimes".to_owned()
            }
            (a, b) => format!("'<' not supported between instances of '{a}' and '{b}'"),
        };
        self.type_error(message, span)
    }

    /// The order of two keys made by `functools.cmp_to_key`.
    #[allow(clippy::option_option, reason = "unknown and unordered are different answers")]
    #[allow(
        clippy::type_complexity,
        reason = "the same answer as `order` gives, when there is one"
    )]
    fn keyed_order(
        &mut self,
        left: &Val,
        right: &Val,
        span: Span,
    ) -> Res<Option<Option<Option<std::cmp::Ordering>>>> {
        let part = |val: &Val, name: &str| match self.heap.get(val.as_obj()?) {
            Object::Record(class, attrs) if class.as_ref() == "functools.KeyWrapper" => {
                attrs.get(name).cloned()
            }
            _ => None,
        };
        let (Some(function), Some(a), Some(b)) =
            (part(left, "function"), part(left, "obj"), part(right, "obj"))
        else {
            return Ok(None);
        };
        let verdict = self.call(&function, Args::positional(vec![a, b]), span)?;
        Ok(Some(verdict.as_int().map(|sign| Some(sign.cmp(&0)))))
    }

    /// `needle in container`.
    pub(crate) fn contains(
        &mut self,
        container: &Val,
        needle: &Val,
        span: Span,
    ) -> Res<Option<bool>> {
        match (&container.data, &needle.data) {
            (Data::Str(text), Data::Str(part)) => return Ok(Some(text.contains(part.as_ref()))),
            (Data::Bytes(text), Data::Bytes(part)) => {
                let found =
                    part.is_empty() || text.windows(part.len()).any(|window| window == &part[..]);
                return Ok(Some(found));
            }
            (Data::Text(text), Data::Str(part)) => {
                let found = text.segments.iter().any(|segment| match segment {
                    super::Segment::Literal(literal) => literal.contains(part.as_ref()),
                    super::Segment::Hole(_) => false,
                });
                return Ok(found.then_some(true));
            }
            (Data::Str(_), _) if self.is_open(needle) => return Ok(None),
            (Data::Str(text), _) => {
                if let Some(part) = self.known_str(needle) {
                    return Ok(Some(text.contains(part.as_ref())));
                }
                let message = "'in <string>' requires string as left operand";
                return self.type_error(message, span);
            }
            _ => {}
        }
        if self.unknown(container).is_some() {
            return Ok(None);
        }
        if let Some((view, dict)) = self.view_of(container) {
            if view == super::library::containers::View::Keys {
                return self.contains(&dict, needle, span);
            }
            let Some(items) = self.iterate(container, span)? else { return Ok(None) };
            return self.contains(&Val::tuple(items, span), needle, span);
        }
        if let Some(entries) = self.entries_of(container) {
            let key = self.key(needle, span)?;
            if entries.contains_key(&key) {
                return Ok(Some(true));
            }
            let open = matches!(key, super::object::Key::Hole(_))
                || entries.keys().any(|key| {
                    matches!(key, super::object::Key::Spread(_) | super::object::Key::Hole(_))
                });
            return Ok(if open && !entries.is_empty() { None } else { Some(false) });
        }
        if let Some(id) = container.as_obj() {
            match self.heap.get(id).clone() {
                Object::Set(items, _) => {
                    if self.is_open(needle) && !items.is_empty() {
                        return Ok(None);
                    }
                    let key = self.key(needle, span)?;
                    return Ok(Some(items.contains_key(&key)));
                }
                Object::Instance(instance) => {
                    if let (Some((_, whole)), Some((_, part))) =
                        (self.flag_number(container), self.flag_number(needle))
                    {
                        return Ok(Some(whole & part == part));
                    }
                    if let Ok(Some(method)) = self.class_lookup(&instance.class, "__contains__") {
                        let args = Args::positional(vec![container.clone(), needle.clone()]);
                        let result = self.call(&method, args, span)?;
                        return self.truth(&result);
                    }
                }
                Object::Scope(names) => {
                    return Ok(needle.as_str().map(|name| names.contains_key(name)));
                }
                Object::Dag(_) | Object::Group(_) | Object::Record(..) => return Ok(None),
                _ => {}
            }
        }
        if let Some(path) = container.as_symbol() {
            let path = crate::python::ast::Name::from(path);
            return self.symbol_contains(&path, needle, span);
        }
        if let Some(found) = self.iterator_contains(container, needle, span)? {
            return Ok(found);
        }
        let Some(items) = self.iterate(container, span)? else { return Ok(None) };
        let mut unsure = false;
        for item in &items {
            match self.equals(item, needle, span)? {
                Some(true) => return Ok(Some(true)),
                Some(false) => {}
                None => unsure = true,
            }
        }
        Ok(if unsure { None } else { Some(false) })
    }

    /// Joins texts with a separator.
    pub(crate) fn join_texts(&mut self, separator: &Text, items: &[Val], span: Span) -> Res {
        let mut text = Text::default();
        for (index, item) in items.iter().enumerate() {
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

fn instance_is_open(interp: &Interp<'_>, val: &Val) -> bool {
    match val.as_obj().map(|id| interp.heap.get(id)) {
        Some(Object::Instance(instance)) => instance.attrs.contains_key("__unknown_base__"),
        _ => false,
    }
}

/// The middle of an operator's method name.
fn method(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "add",
        BinaryOp::Sub => "sub",
        BinaryOp::Mul => "mul",
        BinaryOp::Div => "truediv",
        BinaryOp::FloorDiv => "floordiv",
        BinaryOp::Mod => "mod",
        BinaryOp::Pow => "pow",
        BinaryOp::MatMul => "matmul",
        BinaryOp::LShift => "lshift",
        BinaryOp::RShift => "rshift",
        BinaryOp::BitOr => "or",
        BinaryOp::BitAnd => "and",
        BinaryOp::BitXor => "xor",
    }
}

/// The operator as written.
fn symbol(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::FloorDiv => "//",
        BinaryOp::Mod => "%",
        BinaryOp::Pow => "** or pow()",
        BinaryOp::MatMul => "@",
        BinaryOp::LShift => "<<",
        BinaryOp::RShift => ">>",
        BinaryOp::BitOr => "|",
        BinaryOp::BitAnd => "&",
        BinaryOp::BitXor => "^",
    }
}
