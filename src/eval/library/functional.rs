//! `functools`, `operator`, `copy`, `math`, `statistics`, `heapq` and `six`; `itertools` is in
//! [`iterators`], copying in [`copies`].

mod copies;
mod iterators;
mod numbers;

use std::rc::Rc;

use super::callables::{DISPATCHED, DISPATCHED_METHOD, PARTIAL_METHOD};
use crate::eval::branch::Flow;
use crate::eval::call::{Args, Kwarg};
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Map, Native, ObjId, Object, Val};
use crate::eval::operate::TOTAL_ORDERING;
use crate::python::Span;
use crate::python::ast::{BinaryOp, CompareOp, Name, UnaryOp};

/// A function under `functools.cache` or `lru_cache`.
pub(crate) const CACHED_FUNCTION: &str = "functools.cached";

impl Interp<'_> {
    /// A function of one of these modules.
    pub(crate) fn call_functional(
        &mut self,
        module: &str,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        if args.is_open() {
            return None;
        }
        match module {
            "functools" => self.call_functools(name, args, span),
            "itertools" | "itertools.chain" => self.call_itertools(module, name, args, span),
            "operator" => self.call_operator(name, args, span).transpose(),
            "copy" => {
                let val = args.pos.first()?.clone();
                match name {
                    "copy" => Some(Ok(self.shallow_copy(&val, span))),
                    "deepcopy" => Some(self.deep_copy(&val, span)),
                    _ => None,
                }
            }
            "math" => self.call_math(name, args, span).transpose(),
            "statistics" => self.call_statistics(name, args, span).transpose(),
            "heapq" => match (name, args.pos.as_slice()) {
                ("nlargest" | "nsmallest", [number, items]) => {
                    self.extremes(name == "nlargest", number, items, args, span).transpose()
                }
                _ => None,
            },
            "six" => match (name, args.pos.first()) {
                ("iteritems" | "itervalues" | "iterkeys", Some(dict)) => {
                    let method = Name::from(name.trim_start_matches("iter"));
                    Some(self.call_method(dict, &method, Args::default(), span))
                }
                ("ensure_str" | "ensure_text", Some(val)) if val.as_str().is_some() => {
                    Some(Ok(val.clone()))
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn call_functools(&mut self, name: &str, args: &Args, span: Span) -> Option<Res> {
        let first = args.pos.first();
        match (name, first) {
            ("partialmethod", Some(_)) => {
                let partial = self.call_functools("partial", args, span)?;
                Some(partial.map(|partial| self.make_holder(PARTIAL_METHOD, &partial, span)))
            }
            ("singledispatch" | "singledispatchmethod", Some(function)) => {
                let kind = if name == "singledispatch" { DISPATCHED } else { DISPATCHED_METHOD };
                Some(Ok(self.make_holder(kind, function, span)))
            }
            ("register()", Some(_)) => self.apply_register(args, span),
            ("partial", Some(function)) => {
                // A partial of a partial is one, as in CPython.
                let within = function.as_obj().map(|id| self.heap.get(id));
                let (function, mut pos, mut kw) = match within {
                    Some(Object::Partial(inner, pos, kw)) => {
                        (inner.clone(), pos.clone(), kw.clone())
                    }
                    _ => (function.clone(), Vec::new(), Map::default()),
                };
                pos.extend(args.pos.iter().skip(1).cloned());
                for (name, kwarg) in &args.kw {
                    let mut val = kwarg.val.clone();
                    if args.doubtful.contains(name) {
                        let before = kw.get(name).cloned();
                        let is_there = before.as_ref().is_some_and(|val| !self.is_partial(val));
                        let from: Vec<&Val> = before.iter().chain([&val]).collect();
                        val = self.derived(&from, span);
                        if !is_there {
                            self.make_partial(&val);
                        }
                    }
                    kw.insert(name.clone(), val);
                }
                Some(Ok(self.heap.val(Object::Partial(function, pos, kw), span)))
            }
            ("reduce", Some(function)) => Some(self.reduce(function, args, span)),
            // `wraps(f)` is a decorator that gives the wrapper the name of `f`.
            ("wraps", Some(function)) => {
                let apply = Val::symbol("functools.update_wrapper()", span);
                let partial = Object::Partial(apply, vec![function.clone()], Map::default());
                Some(Ok(self.heap.val(partial, span)))
            }
            ("update_wrapper()", Some(wrapped)) => {
                let wrapper = args.pos.get(1)?;
                Some(Ok(self.renamed(wrapper, wrapped)))
            }
            ("update_wrapper", Some(wrapper)) => {
                let wrapped = args.pos.get(1)?;
                Some(Ok(self.renamed(wrapper, wrapped)))
            }
            ("lru_cache" | "cache", Some(function)) if self.is_callable_object(function) => {
                Some(Ok(self.cached(function, span)))
            }
            ("lru_cache", _) => Some(Ok(Val::symbol("functools.cache", span))),
            ("identity()", Some(val)) => Some(Ok(val.clone())),
            ("total_ordering", Some(class)) => {
                let mark = Name::from(TOTAL_ORDERING);
                self.set_raw(class, &mark, Val::bool(true, span));
                Some(Ok(class.clone()))
            }
            ("cmp_to_key", Some(function)) => {
                let apply = Val::symbol("functools.cmp_to_key()", span);
                let partial = Object::Partial(apply, vec![function.clone()], Map::default());
                Some(Ok(self.heap.val(partial, span)))
            }
            ("cmp_to_key()", Some(function)) => {
                let mut attrs = Map::default();
                attrs.insert(Name::from("function"), function.clone());
                attrs.insert(Name::from("obj"), args.pos.get(1)?.clone());
                let wrapper = Object::Record("functools.KeyWrapper".into(), attrs);
                Some(Ok(self.heap.val(wrapper, span)))
            }
            ("cached_property", Some(getter)) => {
                let mut attrs = Map::default();
                attrs.insert(Name::from("function"), getter.clone());
                let property = Object::Record("functools.cached_property".into(), attrs);
                Some(Ok(self.heap.val(property, span)))
            }
            _ => None,
        }
    }

    /// A function that remembers what it gave: each caller gets the same object.
    fn cached(&mut self, function: &Val, span: Span) -> Val {
        let mut attrs = Map::default();
        attrs.insert(Name::from("function"), function.clone());
        let known = self.heap.val(Object::Dict(Default::default(), None), span);
        attrs.insert(Name::from("known"), known);
        self.heap.val(Object::Record(CACHED_FUNCTION.into(), attrs), span)
    }

    /// Calls a function under `functools.cache`.
    pub(crate) fn call_cached(&mut self, id: ObjId, function: &Val, args: Args, span: Span) -> Res {
        let known = match self.heap.get(id) {
            Object::Record(_, attrs) => attrs.get("known").cloned(),
            _ => None,
        };
        if let Some(open) = args.all().into_iter().find(|val| self.is_open(val)).cloned() {
            // It may have been called with this before; and what comes later may be this.
            let is_first = self.set_cache_open(id, &open);
            return match is_first {
                true => self.call(function, args, span),
                false => self.perhaps_call(function, args, &open, span),
            };
        }
        let mut parts: Vec<Val> = args.pos.clone();
        for (name, kwarg) in &args.kw {
            let pair = vec![Val::str(name.as_ref(), span), kwarg.val.clone()];
            parts.push(Val::tuple(pair, span));
        }
        let index = Val::tuple(parts, span);
        let key = self.key(&index, span)?;
        if let Some(Object::Dict(entries, _)) =
            known.as_ref().and_then(Val::as_obj).map(|id| self.heap.get(id))
            && let Some((_, val)) = entries.get(&key)
        {
            return Ok(val.clone());
        }
        let open = match self.heap.get(id) {
            Object::Record(_, attrs) => attrs.get("open").cloned(),
            _ => None,
        };
        let val = match open {
            Some(open) => self.perhaps_call(function, args, &open, span)?,
            None => self.call(function, args, span)?,
        };
        if let Some(known) = known.as_ref().and_then(Val::as_obj) {
            self.insert(known, key, index, val.clone());
        }
        Ok(val)
    }

    /// Notes that a cached function was called with something unknown; whether that was its first call.
    fn set_cache_open(&mut self, id: ObjId, open: &Val) -> bool {
        let Object::Record(_, attrs) = self.heap.get_mut(id) else { return false };
        let known = attrs.get("known").and_then(Val::as_obj);
        let was_open = attrs.insert(Name::from("open"), open.clone()).is_some();
        let is_empty =
            |id| matches!(self.heap.get(id), Object::Dict(entries, _) if entries.is_empty());
        !was_open && known.is_some_and(is_empty)
    }

    /// A call that takes place, or did before.
    fn perhaps_call(&mut self, function: &Val, args: Args, by: &Val, span: Span) -> Res {
        let cond = self.condition_at(span, by);
        let mut result = Ok(Val::none(span));
        let mut args = Some(args);
        self.both(
            &cond,
            &mut |this| {
                result = this.call(function, args.take().unwrap_or_default(), span);
                Flow::Normal
            },
            &mut |_| Flow::Normal,
        );
        result
    }

    fn is_callable_object(&self, val: &Val) -> bool {
        val.as_obj().is_some_and(|id| {
            matches!(
                self.heap.get(id),
                Object::Function(_) | Object::Bound(..) | Object::Class(..) | Object::Partial(..)
            )
        })
    }

    /// A wrapper that goes by the name of what it wraps.
    fn renamed(&mut self, wrapper: &Val, wrapped: &Val) -> Val {
        let names = match wrapped.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Function(function)) => Some((
                function.name.rsplit('.').next().unwrap_or_default().to_owned(),
                function.qualname.clone(),
            )),
            Some(Object::Class(class, _)) => Some((class.name.to_string(), class.qualname.clone())),
            _ => None,
        };
        let doc = self.find_attribute(wrapped, "__doc__", wrapped.span).ok().flatten();
        let attrs = match wrapped.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Function(function)) => function.attrs.clone(),
            _ => Map::default(),
        };
        if let (Some((name, qualname)), Some(id)) = (names, wrapper.as_obj())
            && let Object::Function(function) = self.heap.get_mut(id)
        {
            let mut owned = function.as_ref().clone();
            let module = owned.name.rsplit_once('.').map_or("", |(module, _)| module);
            owned.name = Name::from(format!("{module}.{name}"));
            owned.qualname = qualname;
            if let Some(doc) = doc {
                owned.attrs.insert(Name::from("__doc__"), doc);
            }
            for (name, val) in attrs {
                owned.attrs.insert(name, val);
            }
            owned.attrs.insert(Name::from("__wrapped__"), wrapped.clone());
            *function = Rc::new(owned);
        }
        wrapper.clone()
    }

    fn reduce(&mut self, function: &Val, args: &Args, span: Span) -> Res {
        let Some(items) = args.pos.get(1) else {
            return self.type_error("reduce expected at least 2 arguments, got 1", span);
        };
        let Some(items) = self.iterate(items, span)? else {
            let unknown = self.derived(&args.pos.iter().skip(1).collect::<Vec<_>>(), span);
            self.call_for_any(function, 2, &unknown, span)?;
            return Ok(self.derived(&args.all(), span));
        };
        let mut items = items.into_iter();
        let Some(mut total) = args.pos.get(2).cloned().or_else(|| items.next()) else {
            let message = "reduce() of empty iterable with no initial value";
            return self.type_error(message, span);
        };
        for item in items {
            total = self.call(function, Args::positional(vec![total, item]), span)?;
        }
        Ok(total)
    }

    fn call_operator(&mut self, name: &str, args: &Args, span: Span) -> Res<Option<Val>> {
        if matches!(name, "itemgetter" | "attrgetter") && !args.pos.is_empty() {
            let getter = Native::Getter(name == "itemgetter", args.pos.clone());
            return Ok(Some(Val::native(getter, span)));
        }
        if let ("methodcaller", Some((method, given))) = (name, args.pos.split_first()) {
            let apply = Val::symbol("operator.methodcaller()", span);
            let kw = args.kw.iter().map(|(name, one)| (name.clone(), one.val.clone())).collect();
            let mut pos = vec![method.clone(), Val::tuple(given.to_vec(), span)];
            pos.push(self.dict_of(&kw, span));
            return Ok(Some(self.heap.val(Object::Partial(apply, pos, Map::default()), span)));
        }
        if let ("methodcaller()", [method, given, named, this]) = (name, args.pos.as_slice())
            && let (Some(method), Some(pos)) = (method.as_str(), self.iterate(given, span)?)
        {
            let mut call = Args::positional(pos);
            for (_, (name, val)) in self.entries_of(named).unwrap_or_default() {
                if let Some(name) = name.as_str() {
                    call.kw.insert(Name::from(name), Kwarg { val, span });
                }
            }
            let method = self.attribute(this, &Name::from(method), span)?;
            return self.call(&method, call, span).map(Some);
        }
        let name = name.trim_start_matches("__").trim_end_matches("__").trim_end_matches('_');
        Ok(Some(match args.pos.as_slice() {
            [val] => match name {
                "neg" => self.unary(UnaryOp::Minus, val, span)?,
                "pos" => self.unary(UnaryOp::Plus, val, span)?,
                "inv" | "invert" => self.unary(UnaryOp::Invert, val, span)?,
                "not" | "truth" => match self.truth(val)? {
                    Some(truth) => Val::bool(truth == (name == "truth"), span),
                    None => self.derived(&[val], span),
                },
                _ => return Ok(None),
            },
            [left, right] => {
                let in_place = name.strip_prefix('i').unwrap_or(name);
                if let Some(op) = binary_operator(name) {
                    self.binary(op, left, right, span)?
                } else if let Some(op) = binary_operator(in_place) {
                    self.in_place(op, left, right, span)?
                } else if let Some(op) = comparison(name) {
                    self.compare(op, left, right, span)?
                } else {
                    match name {
                        "contains" => self.compare(CompareOp::In, right, left, span)?,
                        "getitem" => self.item(left, right, span)?,
                        "delitem" => {
                            self.delete_item(left, right, span)?;
                            Val::none(span)
                        }
                        _ => return Ok(None),
                    }
                }
            }
            [object, index, val] if name == "setitem" => {
                self.set_item(object, index, val.clone(), span)?;
                Val::none(span)
            }
            _ => return Ok(None),
        }))
    }

    /// `heapq.nlargest` and `nsmallest`: as sorting and cutting off would give it.
    fn extremes(
        &mut self,
        largest: bool,
        number: &Val,
        items: &Val,
        args: &Args,
        span: Span,
    ) -> Res<Option<Val>> {
        let Some(number) = number.as_int() else { return Ok(None) };
        let mut keywords = Args::default();
        if let Some(key) = args.kw.get("key") {
            keywords.kw.insert(Name::from("key"), key.clone());
        }
        if largest {
            let reverse = crate::eval::call::Kwarg { val: Val::bool(true, span), span };
            keywords.kw.insert(Name::from("reverse"), reverse);
        }
        let sorted = self.call_sorted(items, &keywords, span)?;
        let Some(id) = sorted.as_obj() else { return Ok(Some(sorted)) };
        if let Object::List(items) = self.heap.get_mut(id) {
            items.truncate(usize::try_from(number).unwrap_or(0));
            items.shrink_to_fit();
        }
        Ok(Some(sorted))
    }

    /// A float as a value.
    fn float(value: f64, span: Span) -> Val {
        Val::new(Data::Float(value), span)
    }
}

fn binary_operator(name: &str) -> Option<BinaryOp> {
    Some(match name {
        "add" | "concat" => BinaryOp::Add,
        "sub" => BinaryOp::Sub,
        "mul" => BinaryOp::Mul,
        "truediv" => BinaryOp::Div,
        "floordiv" => BinaryOp::FloorDiv,
        "mod" => BinaryOp::Mod,
        "pow" => BinaryOp::Pow,
        "or" => BinaryOp::BitOr,
        "and" => BinaryOp::BitAnd,
        "xor" => BinaryOp::BitXor,
        "lshift" => BinaryOp::LShift,
        "rshift" => BinaryOp::RShift,
        _ => return None,
    })
}

fn comparison(name: &str) -> Option<CompareOp> {
    Some(match name {
        "eq" => CompareOp::Eq,
        "ne" => CompareOp::NotEq,
        "lt" => CompareOp::Lt,
        "le" => CompareOp::LtE,
        "gt" => CompareOp::Gt,
        "ge" => CompareOp::GtE,
        "is" => CompareOp::Is,
        "is_not" => CompareOp::IsNot,
        _ => return None,
    })
}
