//! Builtin functions that make or consume sequences.

use crate::eval::HoleKind;
use crate::eval::call::Args;
use crate::eval::checkout::{is_marked, is_parts};
use crate::eval::interp::{Interp, Raised, Res};
use crate::eval::item::range_length;
use crate::eval::lazy::{Lazy, Next};
use crate::eval::object::{Data, Flavour, Native, Object, Val};
use crate::eval::pure::text;
use crate::python::Span;
use crate::python::ast::Name;

/// Keys to sort by, each with its element.
type Pairs = Vec<(Val, Val)>;

/// Elements that are sorted by insertion; more are merged from so many each.
const RUN: usize = 64;

/// Elements of `any` and `all` after each of which the others are perhaps not looked at; beyond, they all are or none.
const MOST_STOPS: u32 = 8;

impl Interp<'_> {
    pub(crate) fn call_len(&mut self, val: &Val, span: Span) -> Res {
        if self.is_open(val) {
            return Ok(self.derived(&[val], span));
        }
        let length = match &val.data {
            Data::Str(value) if is_marked(value) => return Ok(self.derived(&[val], span)),
            Data::Str(value) => text::length(value),
            Data::Bytes(bytes) => bytes.len(),
            Data::Native(native) => match native.as_ref() {
                Native::Range(start, stop, step) => {
                    usize::try_from(range_length(*start, *stop, *step)).unwrap_or(usize::MAX)
                }
                _ => return self.type_error("object has no len()", span),
            },
            Data::Obj(id) => match self.heap.get(*id) {
                Object::List(items) if is_parts(items.iter().map(Val::as_str)) => {
                    return Ok(self.derived(&[val], span));
                }
                Object::List(items) => items.len(),
                Object::Dict(entries, _) => {
                    if entries.has_open_keys() {
                        return Ok(self.derived(&[val], span));
                    }
                    entries.len()
                }
                Object::Set(items, _) => items.len(),
                Object::Instance(instance) => {
                    let class = instance.class.clone();
                    if let Ok(Some(method)) = self.class_lookup(&class, "__len__") {
                        return self.call(&method, Args::positional(vec![val.clone()]), span);
                    }
                    match self.iterate(val, span)? {
                        Some(items) => items.len(),
                        None => return Ok(self.derived(&[val], span)),
                    }
                }
                Object::Class(class, _) => {
                    let is_enum = class.flavour == Flavour::Enum;
                    if let Some(length) = self.meta_call(val, "__len__", &[], span)? {
                        return Ok(length);
                    }
                    if !is_enum {
                        let message =
                            format!("object of type '{}' has no len()", self.type_name(val));
                        return self.type_error(message, span);
                    }
                    self.members(val).len()
                }
                Object::Record(..) if let Some(options) = self.section_options(val) => {
                    match options {
                        Some(options) => options.len(),
                        None => return Ok(self.derived(&[val], span)),
                    }
                }
                Object::Record(..) => match self.view_of(val) {
                    Some((_, dict)) => return self.call_len(&dict, span),
                    None => return Ok(self.derived(&[val], span)),
                },
                _ => {
                    let length = self.special_of_node(val, "__len__", &[], span)?;
                    return Ok(length.unwrap_or_else(|| self.derived(&[val], span)));
                }
            },
            Data::Tuple(items) => items.len(),
            Data::Symbol(_) => return Ok(self.derived(&[val], span)),
            _ => {
                let message = format!("object of type '{}' has no len()", self.type_name(val));
                return self.type_error(message, span);
            }
        };
        Ok(Val::int(i64::try_from(length).unwrap_or(i64::MAX), span))
    }

    pub(super) fn call_range(&mut self, args: &Args, span: Span) -> Res {
        let mut bounds = Vec::new();
        for val in &args.pos {
            match self.plain(val).and_then(|val| val.as_int()) {
                Some(number) => bounds.push(number),
                None if self.is_open(val) => return Ok(self.derived(&[val], span)),
                None if self.index_of(val, span)?.is_some() => {
                    bounds.extend(self.index_of(val, span)?);
                }
                None => {
                    let message = format!(
                        "'{}' object cannot be interpreted as an integer",
                        self.type_name(val)
                    );
                    return self.type_error(message, span);
                }
            }
        }
        let (start, stop, step) = match bounds.as_slice() {
            [stop] => (0, *stop, 1),
            [start, stop] => (*start, *stop, 1),
            [start, stop, step] => (*start, *stop, *step),
            _ => return self.type_error("range expected at most 3 arguments", span),
        };
        if step == 0 {
            return Err(self.exception("ValueError", "range() arg 3 must not be zero", span));
        }
        Ok(Val::native(Native::Range(start, stop, step), span))
    }

    /// Iterators of all arguments: `None` when one of them is unknown.
    pub(crate) fn iterators(&mut self, vals: &[Val], span: Span) -> Res<Option<Vec<Val>>> {
        vals.iter().map(|val| self.iter_of(val, span)).collect()
    }

    pub(super) fn call_enumerate(&mut self, val: &Val, start: Option<&Val>, span: Span) -> Res {
        let start = start.map_or(Some(0), Val::as_int);
        match (self.iter_of(val, span)?, start) {
            (Some(iterator), Some(start)) => Ok(self.lazy(Lazy::Enumerate(iterator, start), span)),
            _ => Ok(self.derived(&[val], span)),
        }
    }

    /// `zip(..., strict=True)`: computed at once, so that a wrong length shows.
    pub(super) fn call_strict_zip(&mut self, args: &Args, span: Span) -> Res {
        let strict = match args.named("strict") {
            Some(val) => self.truth(&val.clone())?,
            None => Some(false),
        };
        if strict == Some(false) {
            return self.call_zip(args, span);
        }
        let mut lists = Vec::new();
        for val in &args.pos {
            match self.iterate(val, span)? {
                Some(items) => lists.push(items),
                None => return Ok(self.derived(&args.all(), span)),
            }
        }
        let length = lists.first().map_or(0, Vec::len);
        if let Some(at) = lists.iter().position(|list| list.len() != length) {
            let is_longer = lists.get(at).is_some_and(|list| list.len() > length);
            let others = if at == 1 { "argument 1".into() } else { format!("arguments 1-{at}") };
            let than = if is_longer { "longer" } else { "shorter" };
            let message = format!("zip() argument {} is {than} than {others}", at + 1);
            return Err(self.exception("ValueError", message, span));
        }
        let row = |at: usize| lists.iter().filter_map(|list| list.get(at).cloned()).collect();
        let rows = (0..length).map(|at| Val::tuple(row(at), span)).collect();
        Ok(self.heap.val(Object::Iterator(rows, 0), span))
    }

    pub(super) fn call_zip(&mut self, args: &Args, span: Span) -> Res {
        match self.iterators(&args.pos, span)? {
            Some(iterators) => Ok(self.lazy(Lazy::Zip(iterators), span)),
            None => Ok(self.derived(&args.all(), span)),
        }
    }

    pub(crate) fn call_sorted(&mut self, val: &Val, args: &Args, span: Span) -> Res {
        let items = match args.named("key") {
            // Elements with equal keys stay in the order in which they came.
            Some(key) if !key.is_none() => self.iterate(val, span)?,
            _ => self.iterate_in_any_order(val, span)?,
        };
        let Some(items) = items else { return Ok(self.derived(&[val], span)) };
        let reverse = match args.named("reverse") {
            Some(val) => self.truth(&val.clone())?,
            None => Some(false),
        };
        let Some(reverse) = reverse else { return Ok(self.derived(&[val], span)) };
        let Some(sorted) = self.sort(&items, args.named("key"), reverse, span)? else {
            return Ok(self.derived(&[val], span));
        };
        let items = sorted.into_iter().map(|(_, item)| item).collect();
        Ok(self.list(items, span))
    }

    /// Sorted pairs of key and element; `None` when an unknown key decides the order.
    pub(crate) fn sort(
        &mut self,
        items: &[Val],
        key: Option<&Val>,
        reverse: bool,
        span: Span,
    ) -> Res<Option<Vec<(Val, Val)>>> {
        let mut pairs = Vec::with_capacity(items.len());
        for item in items {
            let by = match key {
                Some(key) if !key.is_none() => {
                    self.call(key, Args::positional(vec![item.clone()]), span)?
                }
                _ => item.clone(),
            };
            pairs.push((by, item.clone()));
        }
        let mut runs: Vec<Pairs> = Vec::new();
        for run in pairs.chunks(RUN) {
            let Some(run) = self.sorted_run(run, reverse, span)? else { return Ok(None) };
            runs.push(run);
        }
        while runs.len() > 1 {
            let mut merged = Vec::with_capacity(runs.len() / 2 + 1);
            let mut rest = runs.into_iter();
            while let Some(run) = rest.next() {
                merged.push(match rest.next() {
                    Some(other) => match self.merged(run, other, reverse, span)? {
                        Some(both) => both,
                        None => return Ok(None),
                    },
                    None => run,
                });
            }
            runs = merged;
        }
        Ok(Some(runs.pop().unwrap_or_default()))
    }

    /// A few elements in order. Insertion by binary search keeps equal elements in order and lets a comparison fail.
    fn sorted_run(
        &mut self,
        pairs: &[(Val, Val)],
        reverse: bool,
        span: Span,
    ) -> Res<Option<Pairs>> {
        let mut sorted: Pairs = Vec::with_capacity(pairs.len());
        for (by, item) in pairs {
            let (mut low, mut high) = (0, sorted.len());
            while low < high {
                let middle = low + (high - low) / 2;
                let Some((other, _)) = sorted.get(middle) else { break };
                let other = other.clone();
                match self.comes_before(by, &other, reverse, span)? {
                    Some(true) => high = middle,
                    Some(false) => low = middle + 1,
                    None => return Ok(None),
                }
            }
            sorted.insert(low, (by.clone(), item.clone()));
        }
        Ok(Some(sorted))
    }

    /// Two runs as one; of equal elements those of the first come first.
    fn merged(&mut self, a: Pairs, b: Pairs, reverse: bool, span: Span) -> Res<Option<Pairs>> {
        let mut both = Vec::with_capacity(a.len() + b.len());
        let (mut a, mut b) = (a.into_iter().peekable(), b.into_iter().peekable());
        while let (Some((first, _)), Some((second, _))) = (a.peek(), b.peek()) {
            let taken = match self.comes_before(second, first, reverse, span)? {
                Some(true) => b.next(),
                Some(false) => a.next(),
                None => return Ok(None),
            };
            both.extend(taken);
        }
        both.extend(a);
        both.extend(b);
        Ok(Some(both))
    }

    /// Whether one key has to come before another that stands before it. Equal elements keep their order, the other
    /// way round too.
    fn comes_before(
        &mut self,
        later: &Val,
        earlier: &Val,
        reverse: bool,
        span: Span,
    ) -> Res<Option<bool>> {
        if reverse { self.less(earlier, later, span) } else { self.less(later, earlier, span) }
    }

    pub(super) fn call_extreme(&mut self, largest: bool, args: &Args, span: Span) -> Res {
        let items = match args.pos.as_slice() {
            [one] => match self.iterate(one, span)? {
                Some(items) => items,
                None => return Ok(self.derived(&[one], span)),
            },
            many => many.to_vec(),
        };
        let key = args.named("key").filter(|key| !key.is_none()).cloned();
        let mut best: Option<(Val, Val)> = None;
        for item in items {
            let by = match &key {
                Some(key) => self.call(key, Args::positional(vec![item.clone()]), span)?,
                None => item.clone(),
            };
            let better = match &best {
                None => Some(true),
                Some((other, _)) if largest => self.less(&other.clone(), &by, span)?,
                Some((other, _)) => self.less(&by, &other.clone(), span)?,
            };
            match better {
                Some(true) => best = Some((by, item)),
                Some(false) => {}
                None => return Ok(self.derived(&args.all(), span)),
            }
        }
        match (best, args.named("default")) {
            (Some((_, val)), _) => Ok(val),
            (None, Some(default)) => Ok(default.clone()),
            (None, None) => Err(self.exception("ValueError", "arg is an empty sequence", span)),
        }
    }

    /// `a < b`; `None` when that is not known.
    pub(super) fn less(&mut self, a: &Val, b: &Val, span: Span) -> Res<Option<bool>> {
        let result = self.compare(crate::python::ast::CompareOp::Lt, a, b, span)?;
        self.truth(&result)
    }

    pub(super) fn call_sum(&mut self, val: &Val, start: Option<&Val>, span: Span) -> Res {
        let Some(items) = self.iterate(val, span)? else { return Ok(self.derived(&[val], span)) };
        let mut total = start.cloned().unwrap_or_else(|| Val::int(0, span));
        let mut rest = items.into_iter();
        while let Some(item) = rest.next() {
            if matches!((&total.data, &item.data), (Data::Float(_), Data::Float(_) | Data::Int(_)))
                || matches!((&total.data, &item.data), (Data::Int(_), Data::Float(_)))
            {
                return self.sum_floats(&total, item, rest, span);
            }
            total = self.binary(crate::python::ast::BinaryOp::Add, &total, &item, span)?;
        }
        Ok(total)
    }

    /// A sum of floats. CPython compensates rounding errors since 3.12 and did not before; where that
    /// makes a difference the result is unknown.
    pub(super) fn sum_floats(
        &mut self,
        total: &Val,
        first: Val,
        rest: impl Iterator<Item = Val>,
        span: Span,
    ) -> Res {
        #[allow(clippy::cast_precision_loss, reason = "as CPython converts the numbers of a sum")]
        let number = |val: &Val| match &val.data {
            Data::Float(value) => Some(*value),
            _ => val.as_int().map(|value| value as f64),
        };
        let mut plain = number(total).unwrap_or(0.0);
        let (mut high, mut low) = (plain, 0.0);
        let mut rest = rest;
        let mut item = first;
        loop {
            let Some(value) = number(&item) else {
                let mut sum = Val::new(Data::Float(plain), span);
                for item in std::iter::once(item).chain(rest) {
                    sum = self.binary(crate::python::ast::BinaryOp::Add, &sum, &item, span)?;
                }
                return Ok(if low == 0.0 { sum } else { self.derived(&[&sum], span) });
            };
            plain += value;
            let next: f64 = high + value;
            low += if high.abs() >= value.abs() {
                (high - next) + value
            } else {
                (value - next) + high
            };
            high = next;
            match rest.next() {
                Some(next) => item = next,
                None => break,
            }
        }
        let compensated = if low.is_finite() { high + low } else { high };
        if compensated.to_bits() == plain.to_bits() {
            return Ok(Val::new(Data::Float(plain), span));
        }
        Ok(self.hole(HoleKind::Nondeterministic, "rounding of a sum", span))
    }

    pub(super) fn call_any_all(&mut self, any: bool, val: &Val, span: Span) -> Res {
        let Some(iterator) = self.iter_of(val, span)? else {
            return Ok(self.derived(&[val], span));
        };
        let mut unsure = None;
        let decided = self.decides(any, &iterator, &mut unsure, 0, span)?;
        Ok(match unsure {
            // The last element decides as well, if no other does.
            Some(item) if !decided => self.derived(&[&item], span),
            _ => Val::bool(any == decided, span),
        })
    }

    /// Whether an element certainly decides `any` or `all`. After one that may decide, it is not known whether the others
    /// are looked at, and so not what looking at them does.
    fn decides(
        &mut self,
        any: bool,
        iterator: &Val,
        unsure: &mut Option<Val>,
        depth: u32,
        span: Span,
    ) -> Res<bool> {
        loop {
            self.step(span)?;
            let item = match self.next_item(iterator, span)? {
                Next::Item(item) => item,
                Next::Open(unknown) => {
                    *unsure = Some(unknown);
                    return Ok(false);
                }
                Next::End(_) => return Ok(false),
            };
            match self.truth(&item)? {
                Some(truth) if truth == any => return Ok(true),
                Some(_) => continue,
                None => {}
            }
            *unsure = Some(item.clone());
            if depth < MOST_STOPS {
                let cond = self.condition_at(span, &item);
                let mut decided = false;
                self.perhaps(&cond, span, &mut |this| {
                    decided = this.decides(any, iterator, unsure, depth + 1, span)?;
                    Ok(())
                })?;
                return Ok(decided);
            }
        }
    }

    pub(super) fn call_map(&mut self, function: &Val, args: &Args, span: Span) -> Res {
        let rest: Vec<Val> = args.pos.iter().skip(1).cloned().collect();
        match self.iterators(&rest, span)? {
            Some(iterators) => Ok(self.lazy(Lazy::Map(function.clone(), iterators), span)),
            None => {
                let unknown = self.derived(&rest.iter().collect::<Vec<_>>(), span);
                self.call_for_any(function, rest.len(), &unknown, span)?;
                Ok(unknown)
            }
        }
    }

    pub(super) fn call_filter(&mut self, function: &Val, args: &Args, span: Span) -> Res {
        let Some(val) = args.pos.get(1) else {
            return self.type_error("filter expected 2 arguments", span);
        };
        match self.iter_of(val, span)? {
            Some(iterator) => Ok(self.lazy(Lazy::Filter(function.clone(), iterator), span)),
            None => Ok(self.derived(&[val], span)),
        }
    }

    pub(crate) fn call_next(&mut self, val: &Val, default: Option<&Val>, span: Span) -> Res {
        if self.unknown(val).is_some() {
            self.use_candidates(val, span);
            self.special(val, "__next__", &[], span)?;
            if default.is_none() {
                self.may_fail(val, span);
            }
            return Ok(self.part_of(val, "[next]", span));
        }
        let is_iterator = matches!(
            val.as_obj().map(|id| self.heap.get(id)),
            Some(Object::Iterator(..) | Object::Lazy(_))
        );
        if is_iterator {
            let next = self.next_item(val, span);
            return self.item_or_stop(next, default, span);
        }
        if let Some(Object::Instance(instance)) = val.as_obj().map(|id| self.heap.get(id)) {
            let class = instance.class.clone();
            if let Ok(Some(method)) = self.class_lookup(&class, "__next__") {
                let result = self.call(&method, Args::positional(vec![val.clone()]), span);
                return match (result, default) {
                    (Err(Raised::Exception(raised)), Some(default))
                        if self.exception_is(&raised, "builtins.StopIteration") =>
                    {
                        Ok(default.clone())
                    }
                    (result, _) => result,
                };
            }
        }
        let message = format!("'{}' object is not an iterator", self.type_name(val));
        self.type_error(message, span)
    }

    /// An element, or `StopIteration` with the value a generator returned.
    pub(crate) fn item_or_stop(
        &mut self,
        next: Res<Next>,
        default: Option<&Val>,
        span: Span,
    ) -> Res {
        match (next?, default) {
            (Next::Item(val), _) => Ok(val),
            (Next::Open(unknown), default) => {
                let part = self.part_of(&unknown, "[next]", span);
                if let Some(default) = default {
                    self.may_be(&part, &[&part, default]);
                }
                Ok(part)
            }
            (Next::End(_), Some(default)) => Ok(default.clone()),
            (Next::End(val), None) => {
                let class = Val::symbol("builtins.StopIteration", span);
                let pos = if val.is_none() { Vec::new() } else { vec![val.clone()] };
                let raised = self.make_exception(class, &Args::positional(pos), span);
                self.set_raw(&raised, &Name::from("value"), val);
                Err(Raised::Exception(raised))
            }
        }
    }
}
