//! Iterators that make their elements when they are asked for.
//!
//! What an iterator still has to do is a [`Lazy`] on the heap. Taking an element takes the state out,
//! steps it and puts it back, so that an undecided branch can step it on one side and not on the other.

mod expression;

use std::rc::Rc;
use std::sync::Arc;

use self::expression::ExpressionState;
use super::call::Args;
use super::generator::GeneratorState;
use super::interp::{Interp, Raised, Res};
use super::item::range_length;
use super::object::{Data, Flavour, Native, ObjId, Object, Val};
use crate::python::Span;
use crate::python::ast::{BinaryOp, Name};

/// An iterator by what it does next.
#[derive(Debug, Clone)]
pub(crate) enum Lazy {
    /// Elements of a list, as they are when they are reached.
    List(ObjId, usize),
    /// Keys of a dict, which may not change its size meanwhile.
    Dict(ObjId, Rc<[Val]>, usize),
    /// First element, number of elements left, step.
    Range(i64, i64, i64),
    /// `__getitem__` with 0, 1, 2, … until `IndexError`.
    Items(Val, i64),
    /// `__next__` of a user class.
    Own(Val),
    /// Calls until they give the sentinel: `iter(function, sentinel)`.
    Calls(Val, Val),
    /// `itertools.count`: next and step.
    Count(Val, Val),
    /// `itertools.cycle`: what comes first, what it gave so far, where it is in that.
    Cycle(Val, Vec<Val>, Option<usize>),
    /// `itertools.repeat` without end.
    Repeat(Val),
    /// `map`: the function and its iterators.
    Map(Val, Vec<Val>),
    /// `filter`: the test, or `None`, and the iterator.
    Filter(Val, Val),
    /// `zip`.
    Zip(Vec<Val>),
    /// `enumerate`: the iterator and the next number.
    Enumerate(Val, i64),
    /// `itertools.chain`: iterables, the first of them being an iterator once it is begun.
    Chain(Vec<Val>),
    /// A generator.
    Generator(Box<GeneratorState>),
    /// A generator expression.
    Expression(Box<ExpressionState>),
    /// The iterator is being stepped, or has come to its end.
    Done,
}

/// What asking an iterator for an element gives.
#[derive(Debug)]
pub(crate) enum Next {
    Item(Val),
    /// The end, with the value a generator returns.
    End(Val),
    /// Nobody knows; the value is the reason.
    Open(Val),
}

impl Lazy {
    /// What its elements come from.
    pub(crate) fn holds(&self) -> Vec<Val> {
        match self {
            Self::List(id, _) => vec![Val::obj(*id, Span::NONE)],
            Self::Items(object, _) => vec![object.clone()],
            _ => self.sources(),
        }
    }

    /// The iterators it takes its elements from.
    pub(crate) fn sources(&self) -> Vec<Val> {
        match self {
            Self::Map(_, sources) | Self::Zip(sources) | Self::Chain(sources) => sources.clone(),
            Self::Filter(_, source) | Self::Enumerate(source, _) | Self::Cycle(source, ..) => {
                vec![source.clone()]
            }
            Self::Expression(state) => vec![state.source.clone()],
            _ => Vec::new(),
        }
    }

    /// How many values it keeps by itself.
    pub(crate) fn held(&self) -> usize {
        match self {
            Self::Dict(_, items, _) => items.len(),
            Self::Cycle(_, items, _)
            | Self::Map(_, items)
            | Self::Zip(items)
            | Self::Chain(items) => items.len(),
            Self::Expression(state) => state.ready.len(),
            _ => 0,
        }
    }

    /// Whether two states of one iterator go on alike, as far as that shows at its surface.
    pub(crate) fn stands_where(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::List(a, at), Self::List(b, other)) => a == b && at == other,
            (Self::Dict(a, _, at), Self::Dict(b, _, other)) => a == b && at == other,
            (Self::Range(at, left, _), Self::Range(other, rest, _)) => at == other && left == rest,
            (Self::Done, Self::Done) => true,
            _ => false,
        }
    }
}

impl Interp<'_> {
    /// A new iterator.
    pub(crate) fn lazy(&mut self, lazy: Lazy, span: Span) -> Val {
        self.heap.val(Object::Lazy(lazy), span)
    }

    /// `iter(val)`: an iterator object, or `None` when the elements are unknown.
    pub(crate) fn iter_of(&mut self, val: &Val, span: Span) -> Res<Option<Val>> {
        if let Data::Native(native) = &val.data
            && let Native::Range(start, stop, step) = native.as_ref()
        {
            let left = range_length(*start, *stop, *step);
            return Ok(Some(self.lazy(Lazy::Range(*start, left, *step), val.span)));
        }
        self.use_candidates(val, span);
        if let Data::Obj(id) = &val.data {
            let id = self.heap.resolve(*id);
            match self.heap.get(id) {
                Object::Lazy(_) | Object::Iterator(..) => return Ok(Some(val.clone())),
                Object::List(_) => return Ok(Some(self.lazy(Lazy::List(id, 0), val.span))),
                Object::Dict(entries, _) => {
                    if entries.is_untold() {
                        return Ok(None);
                    }
                    let keys = entries.values().map(|(name, _)| name.clone()).collect();
                    return Ok(Some(self.lazy(Lazy::Dict(id, keys, 0), val.span)));
                }
                Object::Instance(instance) => {
                    let (class, payload) = (instance.class.clone(), instance.payload.clone());
                    if let Ok(Some(method)) = self.class_lookup(&class, "__iter__") {
                        let iterator =
                            self.call(&method, Args::positional(vec![val.clone()]), span)?;
                        return self.own_iterator(&iterator, span);
                    }
                    if let Some(payload) = payload
                        && self.flavour_of(&class) != Some(Flavour::Enum)
                    {
                        return self.iter_of(&payload, span);
                    }
                    if let Ok(Some(_)) = self.class_lookup(&class, "__getitem__")
                        && !self.has_unseen_methods(&class)
                    {
                        return Ok(Some(self.lazy(Lazy::Items(val.clone(), 0), span)));
                    }
                }
                _ => {}
            }
        }
        Ok(self.iterate(val, span)?.map(|items| self.heap.val(Object::Iterator(items, 0), span)))
    }

    /// What `__iter__` gave, as an iterator.
    fn own_iterator(&mut self, iterator: &Val, span: Span) -> Res<Option<Val>> {
        if let Some(Object::Instance(instance)) = iterator.as_obj().map(|id| self.heap.get(id)) {
            let class = instance.class.clone();
            if let Ok(Some(_)) = self.class_lookup(&class, "__next__") {
                return Ok(Some(self.lazy(Lazy::Own(iterator.clone()), span)));
            }
        }
        self.iter_of(iterator, span)
    }

    /// The next element of an iterator made by [`Self::iter_of`].
    pub(crate) fn next_item(&mut self, iterator: &Val, span: Span) -> Res<Next> {
        self.spend(1, span)?;
        if let Some(unknown) = self.unknown(iterator) {
            self.use_candidates(iterator, span);
            return Ok(Next::Open(unknown));
        }
        let Some(id) = iterator.as_obj().map(|id| self.heap.resolve(id)) else {
            return Ok(Next::End(Val::none(span)));
        };
        match self.heap.get_mut(id) {
            Object::Iterator(items, at) => Ok(match items.get(*at).cloned() {
                Some(item) => {
                    *at += 1;
                    Next::Item(item)
                }
                None => Next::End(Val::none(span)),
            }),
            Object::Lazy(slot) => {
                let mut lazy = std::mem::replace(slot, Lazy::Done);
                self.iterators += 1;
                let next = if self.iterators > MOST_IN_EACH_OTHER {
                    let message = "iterators are nested deeper than the bound";
                    Ok(Next::Open(self.limit_hole(span, "depth", message)))
                } else {
                    self.advance(&mut lazy, span)
                };
                self.iterators -= 1;
                match &next {
                    Ok(Next::Item(_)) => self.heap.set(id, Object::Lazy(lazy)),
                    Ok(Next::End(_)) | Err(_) => {}
                    Ok(Next::Open(unknown)) => {
                        let unknown = unknown.clone();
                        self.poison_with(id, &unknown, span);
                    }
                }
                next
            }
            _ => {
                let message = format!("'{}' object is not an iterator", self.type_name(iterator));
                self.type_error(message, span)
            }
        }
    }

    /// Steps an iterator.
    fn advance(&mut self, lazy: &mut Lazy, span: Span) -> Res<Next> {
        let end = || Ok(Next::End(Val::none(span)));
        match lazy {
            Lazy::Done => end(),
            Lazy::List(id, at) => match self.heap.get(*id) {
                Object::List(items) => match items.get(*at).cloned() {
                    Some(item) => {
                        *at += 1;
                        Ok(Next::Item(item))
                    }
                    None => end(),
                },
                Object::Poisoned(hole) => Ok(Next::Open(Val::unknown(Arc::clone(hole), span))),
                _ => end(),
            },
            Lazy::Dict(id, keys, at) => {
                match self.heap.get(*id) {
                    Object::Dict(entries, _) if entries.len() != keys.len() => {
                        let message = "dictionary changed size during iteration";
                        return Err(self.exception("RuntimeError", message, span));
                    }
                    Object::Poisoned(hole) => {
                        return Ok(Next::Open(Val::unknown(Arc::clone(hole), span)));
                    }
                    _ => {}
                }
                let Some(key) = keys.get(*at) else { return end() };
                *at += 1;
                Ok(Next::Item(key.clone()))
            }
            Lazy::Range(at, left, step) => {
                if *left <= 0 {
                    return end();
                }
                let item = Val::int(*at, span);
                *left -= 1;
                *at = at.saturating_add(*step);
                Ok(Next::Item(item))
            }
            Lazy::Items(object, at) => {
                let index = Val::int(*at, span);
                *at += 1;
                let object = object.clone();
                match self.item(&object, &index, span) {
                    Err(Raised::Exception(val)) if self.exception_is(&val, INDEX_ERROR) => end(),
                    Err(Raised::Exception(val)) if self.exception_is(&val, STOP_ITERATION) => end(),
                    result => result.map(Next::Item),
                }
            }
            Lazy::Own(object) => {
                let object = object.clone();
                let method = self.attribute(&object, &Name::from("__next__"), span)?;
                match self.call(&method, Args::default(), span) {
                    Err(Raised::Exception(val)) if self.exception_is(&val, STOP_ITERATION) => end(),
                    Ok(val) if self.unknown(&val).is_some() && self.depth_reached() => {
                        Ok(Next::Open(val))
                    }
                    result => result.map(Next::Item),
                }
            }
            Lazy::Calls(function, sentinel) => {
                let (function, sentinel) = (function.clone(), sentinel.clone());
                let val = self.call(&function, Args::default(), span)?;
                match self.alike(&val, &sentinel, span)? {
                    Some(true) => end(),
                    Some(false) => Ok(Next::Item(val)),
                    None => Ok(Next::Open(self.derived(&[&val, &sentinel], span))),
                }
            }
            Lazy::Count(at, step) => {
                let item = at.clone();
                *at = self.binary(BinaryOp::Add, &item, &step.clone(), span)?;
                Ok(Next::Item(item))
            }
            Lazy::Repeat(val) => Ok(Next::Item(val.clone())),
            Lazy::Cycle(source, given, turn) => {
                if turn.is_none() {
                    match self.next_item(&source.clone(), span)? {
                        Next::Item(item) => {
                            given.push(item.clone());
                            return Ok(Next::Item(item));
                        }
                        Next::Open(unknown) => return Ok(Next::Open(unknown)),
                        Next::End(_) => *turn = Some(0),
                    }
                }
                let at = turn.unwrap_or(0);
                match given.get(at) {
                    Some(item) => {
                        *turn = Some((at + 1) % given.len());
                        Ok(Next::Item(item.clone()))
                    }
                    None => end(),
                }
            }
            Lazy::Map(function, iterators) => {
                let function = function.clone();
                match self.row(&iterators.clone(), span)? {
                    Ok(row) => self.call(&function, Args::positional(row), span).map(Next::Item),
                    Err(Next::Open(unknown)) => {
                        self.call_for_any(&function, iterators.len(), &unknown, span)?;
                        Ok(Next::Open(unknown))
                    }
                    Err(next) => Ok(next),
                }
            }
            Lazy::Zip(iterators) => match self.row(&iterators.clone(), span)? {
                Ok(row) => Ok(Next::Item(Val::tuple(row, span))),
                Err(Next::Open(unknown)) => {
                    let rows: Vec<&Val> =
                        std::iter::once(&unknown).chain(iterators.iter()).collect();
                    Ok(Next::Open(self.derived(&rows, span)))
                }
                Err(next) => Ok(next),
            },
            Lazy::Filter(test, iterator) => {
                let (test, iterator) = (test.clone(), iterator.clone());
                self.filtered(&test, &iterator, span)
            }
            Lazy::Enumerate(iterator, number) => {
                let next = self.next_item(&iterator.clone(), span)?;
                Ok(match next {
                    Next::Item(item) => {
                        let row = vec![Val::int(*number, span), item];
                        *number += 1;
                        Next::Item(Val::tuple(row, span))
                    }
                    other => other,
                })
            }
            Lazy::Chain(rest) => self.chained_next(rest, span),
            Lazy::Generator(state) => self.resume(state, super::generator::Input::Next, span),
            Lazy::Expression(state) => self.next_of_expression(state, span),
        }
    }

    fn depth_reached(&self) -> bool {
        self.depth >= self.settings.limits.depth
    }

    /// One element of each iterator, or how the shortest ended.
    fn row(&mut self, iterators: &[Val], span: Span) -> Res<Result<Vec<Val>, Next>> {
        let mut row = Vec::with_capacity(iterators.len());
        for iterator in iterators {
            match self.next_item(iterator, span)? {
                Next::Item(item) => row.push(item),
                next => return Ok(Err(next)),
            }
        }
        Ok(if row.is_empty() { Err(Next::End(Val::none(span))) } else { Ok(row) })
    }

    fn filtered(&mut self, test: &Val, iterator: &Val, span: Span) -> Res<Next> {
        loop {
            self.step(span)?;
            let item = match self.next_item(iterator, span)? {
                Next::Item(item) => item,
                next => return Ok(next),
            };
            let verdict = if test.is_none() {
                item.clone()
            } else {
                self.call(test, Args::positional(vec![item.clone()]), span)?
            };
            match self.truth(&verdict)? {
                Some(true) => return Ok(Next::Item(item)),
                Some(false) => {}
                None => {
                    let one = self.derived(&[&verdict, &item], span);
                    let mut choices = vec![item];
                    while let Next::Item(item) = self.next_item(iterator, span)? {
                        choices.push(item);
                    }
                    let choices: Vec<&Val> = choices.iter().collect();
                    self.may_be(&one, &choices);
                    return Ok(Next::Open(one));
                }
            }
        }
    }

    fn chained_next(&mut self, rest: &mut Vec<Val>, span: Span) -> Res<Next> {
        while let Some(first) = rest.first().cloned() {
            // Chains of chains are gone through from the outermost for each element.
            self.spend(LINK, span)?;
            let Some(iterator) = self.iter_of(&first, span)? else {
                return Ok(Next::Open(self.derived(&[&first], span)));
            };
            match self.next_item(&iterator, span)? {
                Next::End(_) => {
                    rest.remove(0);
                }
                next => {
                    if let Some(slot) = rest.first_mut() {
                        *slot = iterator;
                    }
                    return Ok(next);
                }
            }
        }
        Ok(Next::End(Val::none(span)))
    }

    /// A function is called for each element of something unknown.
    pub(crate) fn call_for_any(
        &mut self,
        function: &Val,
        rows: usize,
        unknown: &Val,
        span: Span,
    ) -> Res<()> {
        let cond = self.condition_at(span, unknown);
        self.any_number(&cond, span, &mut |this| {
            let part = this.part_of(unknown, "[...]", span);
            this.call(function, Args::positional(vec![part; rows]), span).map(|_| ())
        })
    }
}

/// Iterators that take their elements from each other, all of which stand on the stack.
const MOST_IN_EACH_OTHER: u32 = 2000;
/// Steps that it takes to ask one part of a chain.
const LINK: usize = 4;
const INDEX_ERROR: &str = "builtins.IndexError";
const STOP_ITERATION: &str = "builtins.StopIteration";
