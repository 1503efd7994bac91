//! `==`, `is` and the order of user classes.

use super::{ITEMS_COPIED, TOTAL_ORDERING};
use crate::eval::call::Args;
use crate::eval::checkout;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Flavour, Key, Map, Native, Object, Val};
use crate::eval::pure::number;
use crate::eval::{Segment, Text};
use crate::python::Span;
use crate::python::ast::{CompareOp, Name};

impl Interp<'_> {
    /// One comparison.
    pub(crate) fn compare(&mut self, op: CompareOp, left: &Val, right: &Val, span: Span) -> Res {
        match op {
            CompareOp::Is | CompareOp::IsNot => {}
            CompareOp::In | CompareOp::NotIn if self.is_hashed(right) => {}
            _ => self.weigh_operands(left, right),
        }
        self.spend(0, span)?;
        self.comparison_of_unknown(op, left, right, span)?;
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
            None if matches!(
                op,
                CompareOp::Lt | CompareOp::LtE | CompareOp::Gt | CompareOp::GtE
            ) =>
            {
                self.derived(&[left, right], span)
            }
            None => self.derived_safely(&[left, right], span),
        })
    }

    /// `is`. A hole can be anything, unless it is compared with what no lookup gives.
    pub(super) fn identical(&self, left: &Val, right: &Val) -> Option<bool> {
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
            (Data::Obj(a), Data::Obj(b)) => {
                let is_one = self.heap.resolve(*a) == self.heap.resolve(*b);
                (is_one || !self.heap.may_be_one(*a, *b)).then_some(is_one)
            }
            (Data::Obj(_), _) | (_, Data::Obj(_)) => Some(false),
            _ => Some(self.same(left, right, 0)),
        }
    }

    /// `<`, `<=`, `>`, `>=`, `!=` as a user class defines them.
    pub(super) fn own_order(
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
            let Some(class) = self.own_class(this) else { continue };
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
    pub(super) fn filled_order(
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

    pub(super) fn equals_within(
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
            if let Some(class) = self.own_class(this)
                && let Ok(Some(function)) = self.class_lookup(&class, "__eq__")
            {
                let args = Args::positional(vec![this.clone(), other.clone()]);
                let result = self.call(&function, args, span)?;
                if !matches!(result.data, Data::NotImplemented) {
                    return self.truth(&result);
                }
            }
        }
        Ok(self.equal(left, right))
    }

    /// `==` where a view of items or of values takes part: items compare like sets, values like any
    /// object, by identity.
    pub(super) fn views_of_items_equal(
        &mut self,
        left: &Val,
        right: &Val,
        depth: u32,
        span: Span,
    ) -> Res<Option<Option<bool>>> {
        use crate::eval::library::containers::View;
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

    pub(super) fn namespace_as_dict(&mut self, val: &Val) -> Val {
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
    pub(super) fn paired(&self, left: &Val, right: &Val) -> Option<Vec<(Val, Val)>> {
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

    pub(super) fn equal_within(&self, left: &Val, right: &Val, depth: u32) -> Option<bool> {
        if depth > 64 || !self.work(1) {
            return None;
        }
        if let (Some(a), Some(b)) = (self.plain(left), self.plain(right))
            && (left.as_obj() != a.as_obj() || right.as_obj() != b.as_obj())
        {
            return self.equal_within(&a, &b, depth + 1);
        }
        let texts = (&left.data, &right.data);
        let pair = match texts {
            (Data::Str(a), Data::Str(b)) if !self.scan(a.len().min(b.len())) => return None,
            (Data::Bytes(a), Data::Bytes(b)) if !self.scan(a.len().min(b.len())) => return None,
            (Data::Str(a), Data::Str(b)) => Some((a.as_ref(), b.as_ref())),
            (Data::Native(a), Data::Native(b)) => match (a.as_ref(), b.as_ref()) {
                (Native::Path(a), Native::Path(b)) if !self.scan(a.len().min(b.len())) => {
                    return None;
                }
                (Native::Path(a), Native::Path(b)) => Some((a.as_str(), b.as_str())),
                _ => None,
            },
            _ => None,
        };
        if pair.is_some_and(|(a, b)| checkout::may_be_equal(a, b)) {
            return None;
        }
        if let (Data::Text(a), Data::Text(b)) = texts
            && is_one_text(a, b)
        {
            return Some(true);
        }
        if let (Data::Text(text), other) | (other, Data::Text(text)) = texts {
            return match other {
                Data::Str(known) if !crate::eval::expr::text_may_equal(text, known) => Some(false),
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
                        let is_open = a.has_open_keys() || b.has_open_keys();
                        let has = |key: &Key| {
                            self.work(1) && self.scan(key.bytes()) && b.contains_key(key)
                        };
                        if a.len() != b.len() || !a.keys().all(has) {
                            return if is_open { None } else { Some(false) };
                        }
                        let mut result =
                            if a.has_doubtful() || b.has_doubtful() { None } else { Some(true) };
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
                        let has = |key: &Key| {
                            self.work(1) && self.scan(key.bytes()) && b.contains_key(key)
                        };
                        Some(a.len() == b.len() && a.keys().all(has))
                    }
                    (Object::Model(class, a), Object::Model(other, b)) => {
                        if class != other {
                            return Some(false);
                        }
                        // A field that was not given is `None`.
                        let none = Val::none(left.span);
                        let mut result = Some(true);
                        for name in a.keys().chain(b.keys()) {
                            let (a, b) =
                                (a.get(name).unwrap_or(&none), b.get(name).unwrap_or(&none));
                            match self.equal_within(a, b, depth + 1) {
                                Some(false) => return Some(false),
                                None => result = None,
                                Some(true) => {}
                            }
                        }
                        result
                    }
                    (Object::Record(class, a), Object::Record(other, b)) => match class.as_ref() {
                        "builtins.object" => Some(false),
                        "types.SimpleNamespace" if class == other => {
                            let is_doubtful = |attrs: &Map<Name, Val>| {
                                attrs.values().any(|val| self.is_partial(val))
                            };
                            if is_doubtful(a) || is_doubtful(b) {
                                return None;
                            }
                            if a.len() != b.len() || !a.keys().all(|name| b.contains_key(name)) {
                                return Some(false);
                            }
                            let b: Vec<Val> =
                                a.keys().filter_map(|name| b.get(name).cloned()).collect();
                            let a: Vec<Val> = a.values().cloned().collect();
                            all(&a, &b)
                        }
                        _ if class == other => self.same(left, right, 0).then_some(true),
                        _ => Some(false),
                    },
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
                                let a = self.compared_values(left).unwrap_or_default();
                                let b = self.compared_values(right).unwrap_or_default();
                                all(&a, &b)
                            }
                            _ => Some(false),
                        }
                    }
                    _ => Some(false),
                }
            }
            (Data::Native(a), Data::Native(b)) => crate::eval::library::natives::equal(a, b)
                .or_else(|| Some(self.same(left, right, 0))),
            _ => Some(self.same(left, right, 0)),
        }
    }

    /// Two classes or builtins of different names differ; two constants may be equal.
    pub(super) fn symbols_differ(&self, a: &str, b: &str) -> Option<bool> {
        let fixed = |path: &str| self.is_class_symbol(path) || path.starts_with("builtins.");
        (fixed(a) && fixed(b)).then_some(false)
    }

    /// The elements of a tuple or of an instance of a named tuple, which are equal by them alone.
    pub(super) fn tuple_items(&self, val: &Val) -> Option<Vec<Val>> {
        match &val.data {
            Data::Tuple(items) => {
                self.work(items.len() / ITEMS_COPIED);
                Some(items.to_vec())
            }
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
    pub(crate) fn plain(&self, val: &Val) -> Option<Val> {
        if let Some(Object::Instance(instance)) = val.as_obj().map(|id| self.heap.get(id))
            && let Some(payload) = &instance.payload
        {
            let base = self.symbol_base(&instance.class);
            let is_plain = base.as_deref().is_some_and(|base| {
                base.starts_with("builtins.")
                    || base.starts_with("airflow.")
                    || base.starts_with("datetime.")
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

    pub(super) fn bases_include_builtin(&self, class: &Val) -> bool {
        class.as_obj().is_some_and(|id| {
            self.mro(id)
                .iter()
                .any(|base| matches!(base.as_symbol(), Some("builtins.str" | "builtins.int")))
        })
    }
}

/// Whether two texts have the very same holes at the same places, and so are equal whatever these hold.
fn is_one_text(a: &Text, b: &Text) -> bool {
    a.segments.len() == b.segments.len()
        && a.segments.iter().zip(&b.segments).all(|pair| match pair {
            (Segment::Literal(a), Segment::Literal(b)) => a == b,
            (Segment::Hole(a), Segment::Hole(b)) => std::sync::Arc::ptr_eq(a, b),
            _ => false,
        })
}
