//! The order of sets and folders.
//!
//! CPython orders the texts of a set by a hash that it seeds anew in each process, and gives the names in a folder as the
//! file system has them, so whatever a program does with them one after the other may differ from run to run, or from
//! machine to machine. A program that asks for such an order is evaluated in several, and what comes out differently is
//! not known. The other way, values that carry the doubt with them, would lose the tasks of
//! `for table in list(set(tables))`, which come out alike in every order.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashSet};

use super::interp::{Interp, Res};
use super::object::{Key, Map, Object, Val};
use super::{Hole, HoleKind, Kind, Text, Value};
use crate::diag::{Code, Diagnostic};
use crate::python::Span;

/// In which order the elements of a set, and the names in a folder, come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Order {
    /// As they were put in, or by their names.
    #[default]
    Plain,
    /// By what they are alone, so that a set that is made from another one in its order has the same.
    Hashed {
        /// Different seeds give different orders.
        seed: u64,
        /// The other way round.
        reversed: bool,
    },
}

impl Order {
    /// The orders in which a program is evaluated once it has asked for one. Any two elements come both ways round,
    /// and the one in the middle of a set differs as well.
    const OTHERS: [Self; 3] = [
        Self::Hashed { seed: 1, reversed: false },
        Self::Hashed { seed: 1, reversed: true },
        Self::Hashed { seed: 2, reversed: false },
    ];
}

impl Order {
    /// Brings items that are told apart by `key` into this order.
    fn arrange<T, K: Hash + ?Sized>(self, items: &mut [T], key: impl Fn(&T) -> &K) {
        let Self::Hashed { seed, reversed } = self else { return };
        items.sort_by_cached_key(|item| {
            let mut hasher = FxBuildHasher.build_hasher();
            seed.hash(&mut hasher);
            key(item).hash(&mut hasher);
            hasher.finish()
        });
        if reversed {
            items.reverse();
        }
    }
}

/// Whose order a program has asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Asked {
    #[default]
    Nothing,
    Set,
    Folder,
    Both,
}

impl Asked {
    /// Both of two.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, one) | (one, Self::Nothing) => one,
            (a, b) if a == b => a,
            _ => Self::Both,
        }
    }

    /// What a value, a task or an edge depends on, for people.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::Nothing | Self::Set => {
                "it depends on the order of a set, which differs from run to run"
            }
            Self::Folder => {
                "it depends on the order in which the names of a folder come, which differs from machine to machine"
            }
            Self::Both => {
                "it depends on the order of a set or of the names of a folder, which differs from run to run"
            }
        }
    }

    /// What is not known because there is no order that one could rely on.
    pub(crate) fn hole(self, span: Span) -> Arc<Hole> {
        let name = match self {
            Self::Nothing | Self::Set => "order of a set",
            Self::Folder => "order of a folder",
            Self::Both => "order of a set or folder",
        };
        Arc::new(Hole {
            kind: HoleKind::Nondeterministic,
            name: name.to_owned(),
            default: None,
            reason: self.reason().to_owned(),
            span,
            roots: Vec::new(),
        })
    }
}

/// Evaluates in one order of sets, and in the others if the program asks for it. All of them together may take `steps`;
/// `unfinished` is told if those do not suffice.
pub(crate) fn in_all_orders<T>(
    steps: u64,
    mut evaluate: impl FnMut(Order, u64) -> Pass<T>,
    mut join: impl FnMut(&mut T, T, Asked),
    mut unfinished: impl FnMut(&mut T, Asked),
) -> T {
    let first = evaluate(Order::Plain, steps);
    let mut result = first.result;
    let mut asked = first.asked;
    if asked == Asked::Nothing || first.stopped {
        return result;
    }
    let mut left = steps.saturating_sub(first.steps);
    for order in Order::OTHERS {
        // They take about as many as the first.
        let pass = (left >= first.steps).then(|| evaluate(order, left));
        let Some(pass) = pass.filter(|pass| !pass.stopped) else {
            unfinished(&mut result, asked);
            break;
        };
        left = left.saturating_sub(pass.steps);
        asked = asked.and(pass.asked);
        join(&mut result, pass.result, asked);
    }
    result
}

/// What one evaluation gave.
pub(crate) struct Pass<T> {
    pub(crate) result: T,
    /// Whether the program asked for an order that is not known.
    pub(crate) asked: Asked,
    /// Whether the bound on steps ended it.
    pub(crate) stopped: bool,
    pub(crate) steps: u64,
}

impl<T> Pass<T> {
    /// What an evaluation that has come to its end gave.
    pub(crate) fn of(interp: &Interp<'_>, result: T) -> Self {
        let asked = interp.asked_order.get();
        Self { result, asked, stopped: interp.stopped, steps: interp.spent() }
    }
}

/// Adds the findings of another order at places where there is none of the kind yet.
pub(crate) fn add_findings(findings: &mut Vec<Diagnostic>, others: Vec<Diagnostic>) {
    let place = |finding: &Diagnostic| (finding.code, finding.span);
    let mut places: FxHashSet<_> = findings.iter().map(place).collect();
    findings.extend(others.into_iter().filter(|other| places.insert(place(other))));
}

/// What is told where the other orders could not be looked at.
pub(crate) fn not_compared(span: Span) -> Diagnostic {
    let message = "what depends on the order of a set or a folder is not told apart: evaluating the file in several \
                   orders takes more than the bound on steps";
    Diagnostic::new(Code::LimitReached, span, message)
        .help("Raise the bound with `--max-steps N`, or go over `sorted(...)` instead.")
}

impl Value {
    /// Leaves open what differs from a value that came out in another order of sets. Dicts and sets are compared
    /// without regard to order, as Python does.
    pub(crate) fn join_order(&mut self, other: &Self, asked: Asked) {
        let is_joined = match (&mut self.kind, &other.kind) {
            (Kind::List(a), Kind::List(b)) | (Kind::Tuple(a), Kind::Tuple(b))
                if a.len() == b.len() =>
            {
                let is_long = a.len() > MOST_OPEN;
                let is_open =
                    is_long && a.iter().zip(b).filter(|(a, b)| !a.is_like(b)).count() > MOST_OPEN;
                if !is_open {
                    a.iter_mut().zip(b).for_each(|(a, b)| a.join_order(b, asked));
                }
                !is_open
            }
            (Kind::Set(a), Kind::Set(b)) => is_same_set(a, b),
            (Kind::Dict(a), Kind::Dict(b)) => join_entries(a, b, asked),
            (Kind::Model(a), Kind::Model(b))
                if a.class == b.class
                    && a.fields.len() == b.fields.len()
                    && a.fields.keys().all(|name| b.fields.contains_key(name)) =>
            {
                for (name, value) in &mut a.fields {
                    if let Some(other) = b.fields.get(name) {
                        value.join_order(other, asked);
                    }
                }
                true
            }
            (Kind::Float(a), Kind::Float(b)) => a.to_bits() == b.to_bits(),
            (a, b) => a == b,
        };
        if !is_joined {
            let hole = asked.hole(self.span);
            self.kind = match (&self.kind, &other.kind) {
                (Kind::Str(_), Kind::Str(_)) => Kind::Str(Text::hole(hole)),
                _ => Kind::Unknown(hole),
            };
        }
    }

    /// Whether it is the same value, wherever it was made.
    fn is_like(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Tuple(a), Kind::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is_like(b))
            }
            (Kind::Set(a), Kind::Set(b)) => is_same_set(a, b),
            (a, b) => a == b,
        }
    }
}

/// Of a list in which more than this differs nothing is of use to anybody.
const MOST_OPEN: usize = 1000;

/// Sets and dicts with more than this of anything but texts and numbers are not compared.
const MOST_SEARCHED: usize = 1000;

/// Where values stand in a list of them.
struct Places<'a> {
    values: Vec<&'a Value>,
    /// The place of a text or a number.
    by_token: Map<String, usize>,
}

/// What finds a value quickly, if anything does.
fn token(value: &Value) -> Option<String> {
    match &value.kind {
        Kind::Int(number) => Some(number.to_string()),
        _ => value.as_str().map(|text| format!("'{text}")),
    }
}

impl<'a> Places<'a> {
    fn of(values: impl Iterator<Item = &'a Value>) -> Self {
        let values: Vec<&Value> = values.collect();
        let tokens = values.iter().enumerate().filter_map(|(at, value)| Some((token(value)?, at)));
        let by_token = tokens.collect();
        Self { values, by_token }
    }

    fn find(&self, value: &Value, near: usize) -> Option<usize> {
        if self.values.get(near).is_some_and(|other| value.is_like(other)) {
            return Some(near);
        }
        match token(value) {
            Some(token) => self.by_token.get(&token).copied(),
            None if self.values.len() > MOST_SEARCHED => None,
            None => self.values.iter().position(|other| value.is_like(other)),
        }
    }
}

fn is_same_set(a: &[Value], b: &[Value]) -> bool {
    let places = Places::of(b.iter());
    a.len() == b.len() && a.iter().enumerate().all(|(at, item)| places.find(item, at).is_some())
}

/// Joins the values under the same keys; `false` when the keys differ.
fn join_entries(a: &mut [(Value, Value)], b: &[(Value, Value)], asked: Asked) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let places = Places::of(b.iter().map(|(key, _)| key));
    let found: Option<Vec<usize>> =
        a.iter().enumerate().map(|(at, (key, _))| places.find(key, at)).collect();
    let Some(found) = found else { return false };
    for ((_, value), at) in a.iter_mut().zip(found) {
        if let Some((_, other)) = b.get(at) {
            value.join_order(other, asked);
        }
    }
    true
}

impl Interp<'_> {
    /// The elements of a set, one after the other.
    pub(crate) fn in_order(&self, elements: &Map<Key, Val>) -> Vec<Val> {
        if has_known_order(elements) {
            let mut sorted: Vec<(&Key, &Val)> = elements.iter().collect();
            sorted.sort_by_key(|(key, _)| match key {
                Key::Int(number) => *number,
                _ => 0,
            });
            return sorted.into_iter().map(|(_, val)| val.clone()).collect();
        }
        self.asked_order.set(self.asked_order.get().and(Asked::Set));
        let mut items: Vec<(&Key, &Val)> = elements.iter().collect();
        self.order.arrange(&mut items, |(key, _)| *key);
        items.into_iter().map(|(_, val)| val.clone()).collect()
    }

    /// Brings the entries of a folder, which are sorted, into the order in which they come.
    pub(crate) fn arrange_folder<T>(&self, entries: &mut [T], name: impl Fn(&T) -> &str) {
        if entries.len() > 1 {
            self.asked_order.set(self.asked_order.get().and(Asked::Folder));
            self.order.arrange(entries, name);
        }
    }

    /// The elements of an iterable for something to which their order does not matter.
    pub(crate) fn iterate_in_any_order(&mut self, val: &Val, span: Span) -> Res<Option<Vec<Val>>> {
        if let Some(Object::Set(elements, _)) = val.as_obj().map(|id| self.heap.get(id))
            && elements.keys().all(|key| matches!(key, Key::Str(_) | Key::Int(_)))
        {
            let items: Vec<Val> = elements.values().cloned().collect();
            self.spend(items.len(), span)?;
            return Ok(Some(items));
        }
        self.iterate(val, span)
    }
}

/// Whether the order of a set is the same in each run. Numbers below the size of the smallest table come in their own.
fn has_known_order(elements: &Map<Key, Val>) -> bool {
    elements.len() < 2 || elements.keys().all(|key| matches!(key, Key::Int(0..8)))
}
