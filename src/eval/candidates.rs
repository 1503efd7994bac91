//! Changes through a value of which it is not known which object it is.
//!
//! `chosen = a if unknown else b` is a hole, and so is `table[unknown]`; what `chosen.append(x)` changes
//! is one of known objects all the same. Those are remembered with the hole, and none of them is certain
//! any more after the change.

pub(crate) mod changes;
pub(crate) mod held;
mod named;
pub(crate) mod special;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use self::held::Held;
use super::Hole;
use super::branch::Flow;
use super::call::Args;
use super::interp::{Interp, Res};
use super::object::{Data, ObjId, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;

/// Objects that one hole is remembered to stand for.
const REMEMBERED: usize = 256;

/// Collections that are searched for what may be called.
const SEARCHED: usize = 1000;

/// Calls of one of several functions within each other, from the same place and of other functions each time.
const CALLS_WITHIN: usize = 8;

/// Calls that are taken for alternatives.
const ALTERNATIVES: usize = 16;

/// Values that are looked at in the time of a step.
const HELD_PER_STEP: usize = 4;

impl Interp<'_> {
    /// Remembers that an unknown value is one of these, or one of what these may be.
    pub(crate) fn may_be(&mut self, val: &Val, choices: &[&Val]) {
        let Some(hole) = val.hole() else { return };
        let found = self.changeable(choices);
        if let Some(found) = self.joined(found) {
            self.candidates.insert(Arc::as_ptr(hole).addr(), (Arc::clone(hole), found));
        }
    }

    /// Something that can be changed is kept in an unknown value: its parts, and those of what it was read from, may
    /// be that.
    pub(crate) fn keep_in(&mut self, object: &Val, val: &Val) {
        let Some(hole) = self.unknown(object).and_then(|val| val.hole().cloned()) else { return };
        let kept = self.changeable(&[val]);
        if kept.is_empty() {
            return;
        }
        for hole in std::iter::once(&hole).chain(&hole.roots) {
            let key = Arc::as_ptr(hole).addr();
            let before = self.kept_in.get(&key).map(|(_, held)| held.clone());
            if let Some(all) = self.joined(kept.iter().cloned().chain(before).collect()) {
                self.kept_in.insert(key, (Arc::clone(hole), all));
            }
        }
    }

    /// A part of an unknown value may be what was kept in that; a method is no part, but what it gives may be.
    pub(crate) fn may_be_kept(&mut self, made: &Val, object: &Val, is_method: bool) {
        if self.kept_in.is_empty() {
            return;
        }
        let unknown = self.unknown(object);
        let (Some(from), Some(hole)) = (unknown.as_ref().and_then(Val::hole), made.hole()) else {
            return;
        };
        let Some((_, kept)) = self.kept_in.get(&Arc::as_ptr(from).addr()).cloned() else { return };
        let key = Arc::as_ptr(hole).addr();
        if is_method {
            self.kept_in.insert(key, (Arc::clone(hole), kept));
            return;
        }
        let before = self.candidates.get(&key).map(|(_, held)| held.clone());
        if let Some(all) = self.joined(std::iter::once(kept.clone()).chain(before).collect()) {
            self.candidates.insert(key, (Arc::clone(hole), all));
        }
        self.kept_in.insert(key, (Arc::clone(hole), kept));
    }

    /// What can be changed among values, or among what they may be.
    fn changeable(&self, choices: &[&Val]) -> Vec<Held> {
        let mut found: Vec<Held> = Vec::new();
        for choice in choices {
            match &choice.data {
                Data::Unknown(other) => {
                    let known = self.candidates.get(&Arc::as_ptr(other).addr());
                    found.extend(known.map(|(_, known)| known.clone()));
                }
                Data::Obj(id) if self.can_change(self.heap.get(*id)) || self.heap.is_tied(*id) => {
                    found.push(Held::one(choice))
                }
                Data::Tuple(_) | Data::Symbol(_) => found.push(Held::one(choice)),
                _ => {}
            }
        }
        found
    }

    fn can_change(&self, object: &Object) -> bool {
        matches!(
            object,
            Object::List(_)
                | Object::Dict(..)
                | Object::Set(..)
                | Object::Model(..)
                | Object::Record(..)
                | Object::Instance(_)
                | Object::Task(_)
                | Object::Dag(_)
                | Object::Group(_)
                | Object::Iterator(..)
                | Object::Lazy(_)
        ) || is_callable(object)
    }

    /// Something unknown is gone over: if it is one of known iterators, nobody knows where that stands.
    pub(crate) fn use_candidates(&mut self, val: &Val, span: Span) {
        for candidate in self.candidates_of(val) {
            if let Some(id) = candidate.as_obj()
                && matches!(self.heap.get(id), Object::Iterator(..) | Object::Lazy(_))
            {
                let unknown = self.derived_safely(&[val], span);
                self.poison_with(id, &unknown, span);
            }
        }
    }

    pub(crate) fn candidates_of(&self, val: &Val) -> Vec<Val> {
        let unknown = self.unknown(val);
        let hole = unknown.as_ref().and_then(Val::hole);
        hole.and_then(|hole| self.candidates.get(&Arc::as_ptr(hole).addr()))
            .map(|(_, known)| Held::vals(std::slice::from_ref(known)))
            .unwrap_or_default()
    }

    /// Whether an unknown value is one of known objects.
    pub(crate) fn has_candidates(&self, val: &Val) -> bool {
        let unknown = self.unknown(val);
        let hole = unknown.as_ref().and_then(Val::hole);
        hole.is_some_and(|hole| self.candidates.contains_key(&Arc::as_ptr(hole).addr()))
    }

    /// What a decorator podlift cannot see was put on, when a value is its result.
    pub(super) fn wrapped_by(&self, function: &Val) -> Option<Val> {
        let hole = function.hole()?;
        let found = self.wrapped.iter().find(|(known, _)| Arc::ptr_eq(known, hole));
        found.map(|(_, inner)| inner.clone())
    }

    /// An attribute of something unknown: perhaps a method of what it may be.
    pub(crate) fn attribute_of_unknown(&mut self, object: &Val, name: &Name, span: Span) -> Res {
        let part = self.part_of(object, &format!(".{name}"), span);
        let reached = self.within_reach(object);
        if reached.is_empty() {
            return Ok(part);
        }
        let mut methods = Vec::new();
        for candidate in reached {
            let class = match candidate.as_obj().map(|id| self.heap.get(id)) {
                Some(Object::Instance(instance)) => {
                    methods.extend(instance.attrs.get(name).cloned());
                    instance.class.clone()
                }
                Some(Object::Class(..)) => candidate.clone(),
                _ => match self.class_of_node(&candidate) {
                    Some(class) => class,
                    None => continue,
                },
            };
            let found = self.class_lookup(&class, name).ok().flatten();
            let asks = |this: &Self| {
                this.class_lookup(&class, "__getattr__").is_ok_and(|hook| hook.is_some())
            };
            let runs_code = match found.as_ref().and_then(Val::as_obj) {
                Some(id) => match self.heap.get(id) {
                    Object::Function(_) | Object::Static(_) | Object::ClassMethod(_) => {
                        methods.extend(self.find_attribute(&candidate, name, span)?);
                        continue;
                    }
                    object => matches!(object, Object::Property(..)),
                },
                None => found.is_none() && asks(self),
            };
            if runs_code {
                let cond = self.condition_at(span, object);
                self.perhaps(&cond, span, &mut |this| {
                    methods.extend(this.find_attribute(&candidate, name, span)?);
                    Ok(())
                })?;
            }
        }
        self.may_be(&part, &methods.iter().collect::<Vec<_>>());
        self.only_calls(&part, methods);
        Ok(part)
    }

    /// An attribute of an object whose class has a base that may be one of several.
    pub(crate) fn attribute_of_base(
        &mut self,
        base: &Val,
        object: &Val,
        name: &str,
        span: Span,
    ) -> Res {
        let part = self.part_of(base, &format!(".{name}"), span);
        let mut methods = Vec::new();
        for candidate in self.within_reach(base) {
            if let Ok(Some(found)) = self.class_lookup(&candidate, name)
                && found.as_obj().is_some_and(|id| {
                    let object = self.heap.get(id);
                    is_callable(object)
                        || matches!(object, Object::Static(_) | Object::ClassMethod(_))
                })
            {
                methods.push(self.bind_attribute(&found, object, &candidate, span)?);
            }
        }
        self.may_be(&part, &methods.iter().collect::<Vec<_>>());
        self.only_calls(&part, methods);
        Ok(part)
    }

    /// A call of an attribute is one of its methods. What the object holds besides is not called.
    pub(crate) fn only_calls(&mut self, attribute: &Val, methods: Vec<Val>) {
        if let Some(hole) = attribute.hole() {
            self.methods.insert(Arc::as_ptr(hole).addr(), (Arc::clone(hole), methods));
        }
    }

    /// What an unknown value was made of, so far as it may be called or have methods: what a list held before nobody
    /// knew its length is still what a loop over it goes through.
    pub(crate) fn hold(&mut self, made: &Val, from: &[&Val]) {
        let Some(hole) = made.hole() else { return };
        let mut own: Vec<Val> = Vec::new();
        let mut found: Vec<Held> = Vec::new();
        for val in from {
            match &val.data {
                Data::Obj(id) => match self.heap.get(*id) {
                    Object::Poisoned(hole) => found.extend(self.held_by(hole)),
                    _ if self.is_of_use(val) => own.push((*val).clone()),
                    _ => {}
                },
                Data::Unknown(hole) => found.extend(self.held_by(hole)),
                Data::Tuple(_) if self.is_of_use(val) => own.push((*val).clone()),
                _ => {}
            }
        }
        self.work(own.len());
        if !own.is_empty() {
            found.insert(0, Held::Vals(own.into()));
        }
        self.hold_all(hole, found);
        self.hold_elements(made, from);
    }

    /// All of these; copying them costs steps, since what is copied stays.
    fn joined(&self, found: Vec<Held>) -> Option<Held> {
        Held::join(found, |copied| {
            self.work(copied);
        })
    }

    fn hold_all(&mut self, hole: &Arc<Hole>, mut found: Vec<Held>) {
        let key = Arc::as_ptr(hole).addr();
        found.extend(self.held.get(&key).map(|(_, held)| held.clone()));
        if let Some(held) = self.joined(found) {
            self.held.insert(key, (Arc::clone(hole), held));
        }
    }

    /// Whether a value can be called, has methods of the user or holds something that does.
    fn is_of_use(&self, val: &Val) -> bool {
        let left = Cell::new(SEARCHED);
        let found = self.leads_to_use(val, 0, &left);
        self.work((SEARCHED - left.get()) / HELD_PER_STEP);
        found
    }

    /// The same within a depth. What is not looked at any more may be.
    fn leads_to_use(&self, val: &Val, depth: u32, left: &Cell<usize>) -> bool {
        if left.get() == 0 {
            return true;
        }
        left.set(left.get() - 1);
        let any = |vals: &mut dyn Iterator<Item = &Val>| {
            depth < 3
                && vals.take(REMEMBERED).any(|val| {
                    matches!(val.data, Data::Obj(_) | Data::Tuple(_) | Data::Unknown(_))
                        && self.leads_to_use(val, depth + 1, left)
                })
        };
        match &val.data {
            Data::Tuple(items) => any(&mut items.iter()),
            Data::Unknown(hole) => !self.held_by(hole).is_empty(),
            Data::Obj(id) => match self.heap.get(*id) {
                Object::List(items) | Object::Iterator(items, _) => any(&mut items.iter()),
                Object::Set(items, _) => any(&mut items.values()),
                Object::Dict(entries, _) => any(&mut entries.values().map(|(_, val)| val)),
                Object::Record(_, attrs) => any(&mut attrs.values()),
                Object::Poisoned(hole) => !self.held_by(hole).is_empty(),
                Object::Instance(_) | Object::Lazy(_) => true,
                object => is_callable(object),
            },
            _ => false,
        }
    }

    /// Remembers what an object held that is about to become unknown.
    pub(crate) fn hold_parts(&mut self, made: &Val, object: &Object) {
        let parts: Vec<Val> = match object {
            Object::List(items) | Object::Iterator(items, _) => kept(items),
            Object::Set(items, _) => kept(items.values()),
            Object::Dict(entries, _) => kept(entries.values().map(|(_, val)| val)),
            // Its class is still known, and so are its methods; of its attributes none.
            Object::Instance(instance) if instance.payload.is_none() => {
                let mut instance = instance.clone();
                instance.attrs.values_mut().for_each(|val| *val = made.clone());
                vec![self.heap.val(Object::Instance(instance), made.span)]
            }
            Object::Poisoned(hole) => {
                let hole = Arc::clone(hole);
                if let Some(own) = made.hole() {
                    let held = self.held_by(&hole);
                    self.hold_all(&Arc::clone(own), held);
                }
                self.hold_elements(made, &[&Val::unknown(hole, made.span)]);
                return;
            }
            _ => return,
        };
        self.hold(made, &parts.iter().collect::<Vec<_>>());
        // As elements: what they hold themselves is another question.
        self.hold_elements(made, &[&Val::tuple(parts, made.span)]);
    }

    fn held_by(&self, hole: &Arc<Hole>) -> Vec<Held> {
        let key = Arc::as_ptr(hole).addr();
        let known = [self.candidates.get(&key), self.held.get(&key)];
        known.into_iter().flatten().map(|(_, held)| held.clone()).collect()
    }

    fn all_held_by(&self, hole: &Arc<Hole>) -> Vec<Val> {
        Held::vals(&self.held_by(hole))
    }

    /// All that an unknown value may be or was made of, collections opened.
    fn within_reach(&self, val: &Val) -> Vec<Val> {
        let unknown = self.unknown(val);
        let Some(hole) = unknown.as_ref().and_then(Val::hole) else { return Vec::new() };
        let mut open = self.all_held_by(hole);
        open.reverse();
        let mut seen = FxHashSet::default();
        // What is computed from one thing again and again holds the same each time.
        let mut seen_holes = FxHashSet::from_iter([Arc::as_ptr(hole)]);
        let mut found: Vec<Val> = Vec::new();
        while let Some(val) = open.pop() {
            if found.len() >= REMEMBERED || !self.work(1) {
                break;
            }
            let parts = match &val.data {
                Data::Tuple(items) => kept(items.iter()),
                Data::Symbol(_) => {
                    found.push(val.clone());
                    continue;
                }
                Data::Unknown(hole) if seen_holes.insert(Arc::as_ptr(hole)) => {
                    self.all_held_by(hole)
                }
                Data::Obj(id) => {
                    let id = self.heap.resolve(*id);
                    if !seen.insert(id) {
                        continue;
                    }
                    match self.heap.get(id) {
                        Object::List(items) | Object::Iterator(items, _) => kept(items),
                        Object::Set(items, _) => kept(items.values()),
                        Object::Dict(entries, _) => kept(entries.values().map(|(_, val)| val)),
                        Object::Lazy(lazy) => lazy.holds(),
                        Object::Poisoned(hole) if seen_holes.insert(Arc::as_ptr(hole)) => {
                            self.all_held_by(hole)
                        }
                        Object::Poisoned(_) => continue,
                        // A view of a dict, or an iterator of a library.
                        Object::Record(_, attrs) => kept(attrs.values()),
                        _ => {
                            found.push(val.clone());
                            continue;
                        }
                    }
                }
                _ => continue,
            };
            self.work(parts.len() / HELD_PER_STEP);
            if seen.len() < SEARCHED {
                open.extend(parts.into_iter().rev());
            }
        }
        found
    }

    /// A call of one of known functions or classes, nobody knows of which: each of the calls may take place. Gives their
    /// results, or `None` when what is called is not known any better.
    pub(crate) fn call_candidates(
        &mut self,
        function: &Val,
        args: &Args,
        span: Span,
    ) -> Res<Option<Vec<Val>>> {
        let hole = function.hole();
        let methods = hole.and_then(|hole| self.methods.get(&Arc::as_ptr(hole).addr()));
        let mut candidates = match methods {
            Some((_, methods)) => methods.clone(),
            None => self.within_reach(function),
        };
        let is_cut = candidates.len() >= REMEMBERED;
        candidates.retain(|val| self.can_be_called(val));
        if candidates.is_empty() {
            return Ok(None);
        }
        if is_cut {
            self.leave_out_calls(span);
        }
        // Each of them may call others in the same way, in any order: the second time stands for all times.
        let codes: BTreeSet<ObjId> =
            candidates.iter().filter_map(|val| self.code_of(val)).collect();
        let here = self.choosing.iter().filter(|(site, _)| *site == span);
        let under_way = here.clone().count();
        let is_repeated = here.clone().any(|(_, others)| codes.is_subset(others));
        let stands_for_all = here.filter(|(_, others)| codes.is_subset(others)).count() > 1;
        if stands_for_all {
            return Ok(Some(Vec::new()));
        }
        if under_way > CALLS_WITHIN {
            self.leave_out_calls(span);
            return Ok(Some(Vec::new()));
        }
        let decided = function.hole().map_or(span, |hole| hole.span.or(span));
        let cond = self.condition_at(decided, function);
        let results = RefCell::new(Vec::new());
        self.choosing.push((span, codes));
        if is_repeated {
            self.patterns.push(Arc::clone(&cond));
        }
        let flow = self.one_of(&cond, &candidates, args, &results, span);
        if is_repeated {
            self.patterns.pop();
        }
        self.choosing.pop();
        self.flow_value(flow, span)?;
        Ok(Some(results.into_inner()))
    }

    /// The task that each of several calls gave, on its side of a branch.
    pub(crate) fn same_task_of(&self, results: Option<&[Val]>) -> Option<Val> {
        let [first, others @ ..] = results? else { return None };
        let id = self.heap.resolve(first.as_obj()?);
        let is_it = |val: &Val| val.as_obj().is_some_and(|other| self.heap.resolve(other) == id);
        let is_one = !others.is_empty() && others.iter().all(is_it) && self.is_task(first);
        is_one.then(|| first.clone())
    }

    fn can_be_called(&self, val: &Val) -> bool {
        match val.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Instance(instance)) => {
                matches!(self.class_lookup(&instance.class, "__call__"), Ok(Some(_)))
            }
            Some(object) => is_callable(object),
            None => val.as_symbol().is_some(),
        }
    }

    /// The function that a call runs, whichever object it is bound to.
    fn code_of(&self, val: &Val) -> Option<ObjId> {
        let id = self.heap.resolve(val.as_obj()?);
        match self.heap.get(id) {
            Object::Bound(function, _) | Object::Partial(function, ..) => self.code_of(function),
            Object::Instance(instance) => instance.class.as_obj(),
            _ => Some(id),
        }
    }

    /// One of several calls takes place, or none.
    fn one_of(
        &mut self,
        cond: &Arc<Hole>,
        candidates: &[Val],
        args: &Args,
        results: &RefCell<Vec<Val>>,
        span: Span,
    ) -> Flow {
        let call = |this: &mut Self, candidate: &Val| {
            match this.call(candidate, args.clone(), span) {
                Ok(val) => results.borrow_mut().push(val),
                Err(raised) => return raised.into(),
            }
            Flow::Normal
        };
        match candidates {
            [] => Flow::Normal,
            // That it is none of them is a question of its own.
            [last] => {
                let cond = Arc::new(cond.as_ref().clone());
                self.both(&cond, &mut |this| call(this, last), &mut |_| Flow::Normal)
            }
            [first, rest @ ..] if rest.len() < ALTERNATIVES => {
                self.both(cond, &mut |this| call(this, first), &mut |this| {
                    this.one_of(cond, rest, args, results, span)
                })
            }
            // So many alternatives within each other take too long: each by itself.
            [first, rest @ ..] => {
                let flow = self.both(cond, &mut |this| call(this, first), &mut |_| Flow::Normal);
                match flow {
                    Flow::Normal => self.one_of(cond, rest, args, results, span),
                    flow => flow,
                }
            }
        }
    }
}

/// Whether a call of an object runs code of the user.
fn is_callable(object: &Object) -> bool {
    matches!(
        object,
        Object::Function(_) | Object::Bound(..) | Object::Partial(..) | Object::Class(..)
    )
}

/// The values that can hold others, be called or have methods.
fn kept<'a>(vals: impl IntoIterator<Item = &'a Val>) -> Vec<Val> {
    let is_kept = |val: &&Val| {
        matches!(val.data, Data::Obj(_) | Data::Tuple(_) | Data::Symbol(_) | Data::Unknown(_))
    };
    vals.into_iter().filter(is_kept).take(REMEMBERED).cloned().collect()
}
