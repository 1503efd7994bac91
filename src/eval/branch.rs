//! Undecided branches: both sides are evaluated, and what they leave behind is joined.
//!
//! A statement whose condition is not known ends in one or two kinds of [`Flow`]. When both sides
//! end alike their effects are joined at once. When they differ (one side returns, continues or
//! breaks) the flow is a [`Fork`]: the rest of the block is evaluated for the side that goes on, and
//! the sides meet where their flows are alike again: at the end of the loop turn or of the function.

mod alike;
mod join;

use std::sync::Arc;

pub(crate) use join::Joining;

use super::conditions::without_branch;
use super::heap::Delta;
use super::interp::Interp;
use super::library::airflow::ids::join;
use super::object::{Data, Entries, Key, Map, ObjId, Object, Val};
use super::{Hole, HoleKind};
use crate::python::Span;
use crate::python::ast::Name;

/// Steps that joining a value counts for.
const JOINED: usize = 16;

/// How a statement ended.
#[derive(Debug)]
pub(crate) enum Flow {
    Normal,
    Break,
    Continue,
    Return(Val),
    Raise(Val),
    /// A bound was reached; nothing further is evaluated.
    Stop,
    /// The two sides of an undecided condition ended differently.
    Fork(Box<Fork>),
}

/// Two sides that have not met again.
#[derive(Debug)]
pub(crate) struct Fork {
    cond: Arc<Hole>,
    sides: [Side; 2],
}

impl Fork {
    /// What decides which side is taken.
    pub(crate) fn cond(&self) -> Arc<Hole> {
        Arc::clone(&self.cond)
    }
}

/// One side: how it ended and what it changed.
#[derive(Debug)]
pub(crate) struct Side {
    flow: Flow,
    delta: Delta,
}

impl Flow {
    /// A number for how it ended.
    fn kind(&self) -> u8 {
        match self {
            Self::Normal => 0,
            Self::Break => 1,
            Self::Continue => 2,
            Self::Return(_) => 3,
            Self::Raise(_) => 4,
            Self::Stop => 5,
            Self::Fork(_) => 6,
        }
    }

    /// Whether two of its ends are alike.
    fn repeats_a_kind(&self, seen: &mut Vec<u8>) -> bool {
        if let Self::Fork(fork) = self {
            return fork.sides.iter().any(|side| side.flow.repeats_a_kind(seen));
        }
        let kind = self.kind();
        let repeats = seen.contains(&kind);
        seen.push(kind);
        repeats
    }

    /// Its ends, each with the innermost condition it lies under and all that changed on the way.
    fn flatten(self, cond: Option<Arc<Hole>>, before: Delta, ends: &mut Vec<(Arc<Hole>, Side)>) {
        match (self, cond) {
            (Self::Fork(fork), _) => {
                let Fork { cond, sides } = *fork;
                for side in sides {
                    let mut delta = before.clone();
                    delta.extend(side.delta);
                    side.flow.flatten(Some(Arc::clone(&cond)), delta, ends);
                }
            }
            (flow, Some(cond)) => ends.push((cond, Side { flow, delta: before })),
            (_, None) => {}
        }
    }
}

impl Interp<'_> {
    /// Runs both sides of an undecided condition from the same state and joins them.
    pub(crate) fn both(
        &mut self,
        cond: &Arc<Hole>,
        first: &mut dyn FnMut(&mut Self) -> Flow,
        second: &mut dyn FnMut(&mut Self) -> Flow,
    ) -> Flow {
        let first = self.side(cond, Delta::default(), first);
        let second = self.side(cond, Delta::default(), second);
        self.meet(cond, first, second)
    }

    /// Runs something on top of a delta, undoes it and gives what it changed.
    fn side(
        &mut self,
        cond: &Arc<Hole>,
        delta: Delta,
        run: &mut dyn FnMut(&mut Self) -> Flow,
    ) -> Side {
        self.heap.begin();
        self.heap.apply(delta);
        self.conditions.push(Arc::clone(cond));
        let flow = run(self);
        self.conditions.pop();
        Side { flow, delta: self.heap.rollback() }
    }

    /// Maps every end of a flow, each in its own state, and joins what is alike afterwards.
    pub(crate) fn each_end(
        &mut self,
        flow: Flow,
        map: &mut dyn FnMut(&mut Self, Flow) -> Flow,
    ) -> Flow {
        let Flow::Fork(fork) = flow else { return map(self, flow) };
        let Fork { cond, sides: [first, second] } = *fork;
        let mut ended = first.flow;
        let first = self.side(&cond, first.delta, &mut |this| {
            let flow = std::mem::replace(&mut ended, Flow::Normal);
            this.each_end(flow, map)
        });
        let mut ended = second.flow;
        let second = self.side(&cond, second.delta, &mut |this| {
            let flow = std::mem::replace(&mut ended, Flow::Normal);
            this.each_end(flow, map)
        });
        self.meet(&cond, first, second)
    }

    /// Joins the ends of a flow that are alike although they lie apart, as after `if a: if b: return`.
    /// Else what follows would be evaluated once for each of them, and twice as often at each such
    /// statement.
    pub(crate) fn gather(&mut self, flow: Flow) -> Flow {
        let mut kinds = Vec::new();
        if !matches!(flow, Flow::Fork(_)) || !flow.repeats_a_kind(&mut kinds) {
            return flow;
        }
        let mut ends = Vec::new();
        flow.flatten(None, Delta::default(), &mut ends);
        let mut joined: Vec<(Arc<Hole>, Side)> = Vec::new();
        for (cond, side) in ends {
            let alike = joined.iter().position(|(_, other)| other.flow.kind() == side.flow.kind());
            let Some(at) = alike else {
                joined.push((cond, side));
                continue;
            };
            let (first_cond, first) = joined.remove(at);
            self.heap.begin();
            self.merge(&cond, first.delta, side.delta);
            let flow = match (first.flow, side.flow) {
                (Flow::Return(a), Flow::Return(b)) => {
                    Flow::Return(self.merge_vals(&cond, &a, &b, 0))
                }
                (flow, _) => flow,
            };
            let delta = self.heap.rollback();
            joined.insert(at, (first_cond, Side { flow, delta }));
        }
        let Some((_, mut rest)) = joined.pop() else { return Flow::Normal };
        if joined.is_empty() {
            self.heap.apply(rest.delta);
            return rest.flow;
        }
        while let Some((cond, side)) = joined.pop() {
            let fork = Fork { cond, sides: [side, rest] };
            rest = Side { flow: Flow::Fork(Box::new(fork)), delta: Delta::default() };
        }
        rest.flow
    }

    /// Lets both sides meet when they ended alike.
    fn meet(&mut self, cond: &Arc<Hole>, first: Side, second: Side) -> Flow {
        match (&first.flow, &second.flow) {
            // Nothing is evaluated any more, and neither side is the one that counts.
            (Flow::Stop, _) | (_, Flow::Stop) => {
                self.merge(cond, first.delta, second.delta);
                Flow::Stop
            }
            (Flow::Normal, Flow::Normal) => {
                self.merge(cond, first.delta, second.delta);
                Flow::Normal
            }
            (Flow::Break, Flow::Break) => {
                self.merge(cond, first.delta, second.delta);
                Flow::Break
            }
            (Flow::Continue, Flow::Continue) => {
                self.merge(cond, first.delta, second.delta);
                Flow::Continue
            }
            (Flow::Return(a), Flow::Return(b)) => {
                let (a, b) = (a.clone(), b.clone());
                self.merge(cond, first.delta, second.delta);
                let merged = self.merge_vals(cond, &a, &b, 0);
                Flow::Return(merged)
            }
            (Flow::Raise(_), Flow::Raise(_)) if self.guards.is_empty() => {
                self.heap.apply(first.delta);
                first.flow
            }
            // A handler around may take one and not the other.
            (Flow::Raise(a), Flow::Raise(b)) => {
                let (a, b) = (a.clone(), b.clone());
                self.merge(cond, first.delta, second.delta);
                Flow::Raise(self.either_exception(cond, &a, &b))
            }
            // A DAG that loads does not raise: the other side is what happens, unless the exception
            // may be caught here, where both have to be followed.
            (Flow::Raise(_), _) if !self.may_be_caught(cond, &first.delta) => {
                self.heap.apply(second.delta);
                second.flow
            }
            (_, Flow::Raise(_)) if !self.may_be_caught(cond, &second.delta) => {
                self.heap.apply(first.delta);
                first.flow
            }
            _ => Flow::Fork(Box::new(Fork { cond: Arc::clone(cond), sides: [first, second] })),
        }
    }

    /// An exception of one of two sides. Its class is known where both agree.
    fn either_exception(&mut self, cond: &Arc<Hole>, a: &Val, b: &Val) -> Val {
        if self.same(a, b, 0) {
            return a.clone();
        }
        let (class, other) = (self.class_of(a), self.class_of(b));
        let is_known = self.unknown(a).is_none() && self.unknown(b).is_none();
        if is_known && self.same(&class, &other, 0) {
            let text = self.hole(HoleKind::Call, "exception", cond.span);
            let args = super::call::Args::positional(vec![text]);
            return self.make_exception(class, &args, a.span);
        }
        self.hole(HoleKind::Call, "exception", cond.span)
    }

    /// The condition on which two sides are still apart.
    pub(crate) fn fork_hole(&self, flow: &Flow, span: Span) -> Option<Val> {
        match flow {
            Flow::Fork(fork) => Some(Val::unknown(Arc::clone(&fork.cond), span)),
            _ => None,
        }
    }

    /// Whether a handler in this frame may catch what one side raises. A handler further out is told
    /// that something may have been raised.
    fn may_be_caught(&mut self, cond: &Arc<Hole>, raised: &Delta) -> bool {
        if self.frame().is_some_and(|frame| frame.tries > 0) {
            return true;
        }
        self.raises_if(cond, true, raised.clone());
        false
    }

    /// The value that holds whichever side is taken.
    pub(crate) fn merge_vals(&mut self, cond: &Arc<Hole>, a: &Val, b: &Val, depth: u32) -> Val {
        if self.same(a, b, 0) && !self.are_apart(a, b) {
            return a.clone();
        }
        if depth < 16
            && let (Data::Obj(x), Data::Obj(y)) = (&a.data, &b.data)
        {
            let (x, y) = (self.heap.resolve(*x), self.heap.resolve(*y));
            // What one side changed is joined before what refers to it.
            self.settle(x);
            self.settle(y);
            let (left, right) = (self.heap.copy(x), self.heap.copy(y));
            match (&left, &right) {
                _ if self.is_unjoined(x) || self.is_unjoined(y) => {}
                (Object::List(p), Object::List(q)) if p.len() == q.len() => {
                    return self.merge_apart(cond, (x, left), (y, right), depth, a.span);
                }
                (Object::Dict(_, p), Object::Dict(_, q))
                    if self.same_class(p.as_ref(), q.as_ref(), 0) =>
                {
                    return self.merge_apart(cond, (x, left), (y, right), depth, a.span);
                }
                (Object::Set(p, false), Object::Set(q, false))
                    if p.len() == q.len() && p.keys().all(|key| q.contains_key(key)) =>
                {
                    return self.merge_apart(cond, (x, left), (y, right), depth, a.span);
                }
                (Object::Record(..), Object::Record(..)) if self.same(a, b, 0) => {
                    return self.merge_apart(cond, (x, left), (y, right), depth, a.span);
                }
                (Object::Model(p, _), Object::Model(q, _)) if p == q => {
                    return self.merge_apart(cond, (x, left), (y, right), depth, a.span);
                }
                (Object::Task(p), Object::Task(q)) if self.same_task(p, q) => {
                    return self.merge_as_one(cond, (x, left), (y, right), depth, a);
                }
                (Object::Dag(p), Object::Dag(q)) if p.id.to_template() == q.id.to_template() => {
                    return self.merge_as_one(cond, (x, left), (y, right), depth, a);
                }
                _ => {}
            }
        }
        if depth < 16
            && let (Data::Tuple(p), Data::Tuple(q)) = (&a.data, &b.data)
            && p.len() == q.len()
        {
            let items = p.iter().zip(q.iter()).map(|(p, q)| self.merge_vals(cond, p, q, depth + 1));
            let items = items.collect();
            return Val::tuple(items, a.span);
        }
        let (left, right) = (self.short_repr(a), self.short_repr(b));
        let reason = format!("{left} if {} else {right}", cond.reason);
        let val = self.choice(cond, &reason, a.span.or(b.span));
        self.may_be(&val, &[a, b]);
        self.hold(&val, &[a, b]);
        val
    }

    /// Two tasks or DAGs that are one. They are so before they are joined: what they hold may lead back to them.
    fn merge_as_one(
        &mut self,
        cond: &Arc<Hole>,
        (x, left): (ObjId, Object),
        (y, right): (ObjId, Object),
        depth: u32,
        a: &Val,
    ) -> Val {
        self.heap.forward(y, x);
        let conditions = |object: &Object| match object {
            Object::Task(task) => task.conditions.clone(),
            Object::Dag(dag) => dag.conditions.clone(),
            _ => Vec::new(),
        };
        let (of_left, of_right) = (conditions(&left), conditions(&right));
        let mut merged = self.merge_objects(cond, left, right, depth + 1);
        match &mut merged {
            // Ids with holes need not be the same ones.
            Object::Task(task) if task.id.as_literal().is_some() => {
                without_branch(&mut task.conditions, cond, &of_left, &of_right);
            }
            Object::Dag(dag) if dag.id.as_literal().is_some() => {
                without_branch(&mut dag.conditions, cond, &of_left, &of_right);
            }
            _ => {}
        }
        self.heap.set(x, merged);
        a.clone()
    }

    /// Two containers that are not the same one, so that a change of what stands for both changes
    /// only one of them.
    fn merge_apart(
        &mut self,
        cond: &Arc<Hole>,
        (x, left): (ObjId, Object),
        (y, right): (ObjId, Object),
        depth: u32,
        span: Span,
    ) -> Val {
        if let Some(made) = self.joined.get(&(x, y)) {
            return made.clone();
        }
        let merged = self.merge_objects(cond, left, right, depth + 1);
        let made = self.heap.val(merged, span);
        self.heap.link(&made, [x, y], cond);
        self.joined.insert((x, y), made.clone());
        made
    }

    /// A value present on one side only.
    pub(crate) fn merge_missing(&mut self, cond: &Arc<Hole>, val: &Val) -> Val {
        let text = self.short_repr(val);
        let reason = format!("{text} only if decided by {}", cond.reason);
        let made = self.choice(cond, &reason, val.span);
        self.may_be(&made, &[val]);
        self.hold(&made, &[val]);
        made
    }

    /// An attribute set on one side only: what asks whether it is there has to know.
    fn merge_partial(&mut self, cond: &Arc<Hole>, val: &Val) -> Val {
        let val = self.merge_missing(cond, val);
        self.make_partial(&val);
        val
    }

    pub(crate) fn make_partial(&mut self, val: &Val) {
        if let Some(hole) = val.hole() {
            self.partial.insert(Arc::as_ptr(hole).addr(), Arc::clone(hole));
        }
    }

    /// Whether the attribute with this value may be missing.
    pub(crate) fn is_partial(&self, val: &Val) -> bool {
        val.hole().is_some_and(|hole| self.partial.contains_key(&Arc::as_ptr(hole).addr()))
    }

    /// The names whose values may be missing.
    pub(crate) fn partial_names(&self, vals: &Map<Name, Val>) -> Vec<Name> {
        let is_partial = |(_, val): &(&Name, &Val)| self.is_partial(val);
        vals.iter().filter(is_partial).map(|(name, _)| name.clone()).collect()
    }

    /// A hole for what an undecided condition decides.
    fn choice(&mut self, cond: &Arc<Hole>, reason: &str, span: Span) -> Val {
        // A name that differs at each of thousands of exits from a loop is joined again at each.
        self.work(JOINED);
        let roots = if cond.roots.is_empty() { vec![Arc::clone(cond)] } else { cond.roots.clone() };
        let hole = Hole {
            kind: HoleKind::Condition,
            name: cond.name.clone(),
            default: None,
            reason: reason.to_owned(),
            span: cond.span,
            roots,
        };
        Val::unknown(Arc::new(hole), span)
    }

    pub(super) fn merge_maps(
        &mut self,
        cond: &Arc<Hole>,
        a: Map<Name, Val>,
        b: Map<Name, Val>,
        missing_is_unbound: bool,
        depth: u32,
    ) -> Map<Name, Val> {
        // At each of thousands of exits from a loop all names are joined again.
        self.work(a.len() + b.len());
        let mut merged = Map::default();
        for (name, left) in a {
            let val = match b.get(&name) {
                Some(right) => {
                    let val = self.merge_vals(cond, &left, right, depth + 1);
                    if self.is_partial(&left) || self.is_partial(right) {
                        self.make_partial(&val);
                    }
                    val
                }
                // A variable bound on one side only can be used only where that side was taken.
                None if missing_is_unbound => left,
                None => self.merge_partial(cond, &left),
            };
            merged.insert(name, val);
        }
        for (name, right) in b {
            if merged.contains_key(&name) {
                continue;
            }
            let val = if missing_is_unbound { right } else { self.merge_partial(cond, &right) };
            merged.insert(name, val);
        }
        merged
    }

    fn merge_entries(&mut self, cond: &Arc<Hole>, a: Entries, b: Entries, depth: u32) -> Entries {
        let mut merged = Entries::default();
        let common = a.keys().filter(|key| b.contains_key(*key));
        let is_disordered = a.is_disordered()
            || b.is_disordered()
            || !common.eq(b.keys().filter(|key| a.contains_key(*key)));
        let mut doubtful: Vec<Key> = a
            .keys()
            .chain(b.keys())
            .filter(|key| a.is_doubtful(key) || b.is_doubtful(key))
            .cloned()
            .collect();
        for (key, (name, left)) in a {
            let val = match b.get(&key) {
                Some((_, right)) => self.merge_vals(cond, &left, right, depth + 1),
                None => {
                    doubtful.push(key.clone());
                    self.merge_missing(cond, &left)
                }
            };
            merged.insert(key, (name, val));
        }
        for (key, (name, right)) in b {
            if merged.contains_key(&key) {
                continue;
            }
            let val = self.merge_missing(cond, &right);
            doubtful.push(key.clone());
            merged.insert(key, (name, val));
        }
        doubtful.into_iter().for_each(|key| merged.doubt(key));
        if is_disordered {
            merged.disorder();
        }
        merged
    }

    /// Joins two states of one object, or two objects that stand for the same thing.
    pub(super) fn merge_objects(
        &mut self,
        cond: &Arc<Hole>,
        a: Object,
        b: Object,
        depth: u32,
    ) -> Object {
        match (a, b) {
            (Object::Scope(a), Object::Scope(b)) => {
                Object::Scope(self.merge_maps(cond, a, b, true, depth))
            }
            (Object::List(a), Object::List(b)) if a.len() == b.len() => {
                let items = a.iter().zip(&b).map(|(a, b)| self.merge_vals(cond, a, b, depth + 1));
                Object::List(items.collect())
            }
            (Object::Dict(a, class), Object::Dict(b, _)) => {
                Object::Dict(self.merge_entries(cond, a, b, depth), class)
            }
            (Object::Model(class, a), Object::Model(other, b)) if class == other => {
                Object::Model(class, self.merge_maps(cond, a, b, false, depth))
            }
            (Object::Record(class, a), Object::Record(other, b)) if class == other => {
                Object::Record(class, self.merge_maps(cond, a, b, false, depth))
            }
            (Object::Instance(mut a), Object::Instance(b)) => {
                a.attrs = self.merge_maps(cond, a.attrs, b.attrs, false, depth);
                Object::Instance(a)
            }
            (Object::Class(a, attrs), Object::Class(_, others)) => {
                Object::Class(a, self.merge_maps(cond, attrs, others, false, depth))
            }
            (Object::Set(a, frozen), Object::Set(b, _))
                if a.len() == b.len() && a.keys().all(|key| b.contains_key(key)) =>
            {
                Object::Set(a, frozen)
            }
            (Object::Dag(a), Object::Dag(b)) => {
                Object::Dag(Box::new(self.merge_dags(cond, *a, *b, depth)))
            }
            (Object::Task(a), Object::Task(b)) => {
                Object::Task(Box::new(self.merge_tasks(cond, *a, *b, depth)))
            }
            (Object::Group(a), Object::Group(b)) => {
                let (mut group, b) = (*a, *b);
                join(&mut group.children, &b.children);
                group.attrs = self.merge_attributes(cond, group.attrs, b.attrs, depth);
                group.initialised |= b.initialised;
                Object::Group(Box::new(group))
            }
            (Object::Iterator(items, at), Object::Iterator(others, other_at))
                if at == other_at && items.len() == others.len() =>
            {
                Object::Iterator(items, at)
            }
            // A loop over it goes on for each side by itself; what stands still is still known.
            (Object::Lazy(a), Object::Lazy(b)) if a.stands_where(&b) => Object::Lazy(a),
            (Object::Poisoned(hole), other) | (other, Object::Poisoned(hole)) => {
                self.hold_parts(&Val::unknown(Arc::clone(&hole), cond.span), &other);
                Object::Poisoned(hole)
            }
            (Object::Module(module), Object::Module(_)) => Object::Module(module),
            (Object::Function(a), Object::Function(b)) => {
                let mut function = a.as_ref().clone();
                function.attrs =
                    self.merge_maps(cond, function.attrs, b.attrs.clone(), false, depth);
                Object::Function(function.into())
            }
            (a, b) => {
                let val = self.choice(cond, &format!("changed only if {}", cond.reason), cond.span);
                self.hold_parts(&val, &a);
                self.hold_parts(&val, &b);
                Object::Poisoned(val.hole().map_or_else(|| Arc::clone(cond), Arc::clone))
            }
        }
    }
}
