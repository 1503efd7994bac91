//! What a program asks of its surroundings and may find different in each run: the order of sets and of the names in a
//! folder, and the release of Python.
//!
//! CPython orders the texts of a set by a hash that it seeds anew in each process, and gives the names in a folder as the
//! file system has them, so whatever a program does with them one after the other may differ from run to run, or from
//! machine to machine. A program that asks for such an order is evaluated in several, one that asks for the release of
//! Python in all on which Airflow runs, and what comes out differently is not known. The other way, values that carry
//! the doubt with them, would lose the tasks of `for table in list(set(tables))`, which come out alike in every order.

use std::hash::{BuildHasher, Hash};
use std::ops::RangeInclusive;
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashSet};

use super::interp::{Interp, Res};
use super::object::{Key, Map, Object, Val};
use super::{Hole, HoleKind, Kind, Text, Value};
use crate::airflow::Settings;
use crate::diag::{Code, Diagnostic};
use crate::mapping::Release;
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
        turned: Turned,
    },
}

/// A program that takes more steps than this is evaluated in fewer orders.
const MUCH: u64 = 100_000;

/// In what surroundings a program is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Surroundings {
    pub(crate) order: Order,
    /// The release of Python 3.
    pub(crate) python: Python,
}

/// A release of Python 3 by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Python(pub(crate) u8);

impl Default for Python {
    fn default() -> Self {
        Self(12)
    }
}

impl Python {
    /// The releases on which a release of Airflow runs.
    fn of_airflow(airflow: &str) -> RangeInclusive<u8> {
        let Ok(release) = Release::parse(airflow) else { return 10..=14 };
        let known =
            [("3.1", 10..=14), ("3", 9..=13), ("2.11", 9..=12), ("2.7", 8..=12), ("2.3", 7..=11)];
        let found = known.into_iter().find(|(least, _)| release.is_at_least(least));
        found.map_or(6..=9, |(_, releases)| releases)
    }
}

/// How an order is made of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turned {
    /// It is that one.
    Not,
    /// The other way round: any two elements change places.
    Round,
    /// The first comes last: another element stands at each place.
    On,
}

impl Surroundings {
    /// The further surroundings in which a program is evaluated once it has asked for something; `steps` is what its
    /// evaluation takes. Further seeds show what hangs on the order of some of the elements only.
    fn others(asked: Asked, airflow: &str, steps: u64) -> Vec<Self> {
        let mut others = Vec::new();
        if asked.set || asked.folder {
            let seeds = if steps > MUCH { 1..=1 } else { 1..=3 };
            let ways = [Turned::Not, Turned::Round, Turned::On];
            for (seed, turned) in seeds.flat_map(|seed| ways.map(|turned| (seed, turned))) {
                let order = Order::Hashed { seed, turned };
                others.push(Self { order, ..Self::default() });
            }
        }
        if asked.python {
            let releases = Python::of_airflow(airflow).map(Python);
            let other = releases.filter(|release| *release != Python::default());
            others.extend(other.map(|python| Self { python, ..Self::default() }));
        }
        others
    }
}

impl Order {
    /// Brings items that are told apart by `key` into this order.
    fn arrange<T, K: Hash + ?Sized>(self, items: &mut [T], key: impl Fn(&T) -> &K) {
        let Self::Hashed { seed, turned } = self else { return };
        items.sort_by_cached_key(|item| mixed(FxBuildHasher.hash_one(key(item)), seed));
        match turned {
            Turned::Not => {}
            Turned::Round => items.reverse(),
            Turned::On => items.rotate_left(usize::from(items.len() > 1)),
        }
    }
}

/// A number in which every bit depends on all of `hash` and `seed`: the finalizer of SplitMix64.
fn mixed(hash: u64, seed: u64) -> u64 {
    let mut bits = hash ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// What a program has asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Asked {
    /// The order of a set.
    pub(crate) set: bool,
    /// The order of the names in a folder.
    pub(crate) folder: bool,
    /// The release of Python.
    pub(crate) python: bool,
}

impl Asked {
    /// Both of two.
    fn and(self, other: Self) -> Self {
        Self {
            set: self.set || other.set,
            folder: self.folder || other.folder,
            python: self.python || other.python,
        }
    }

    /// What a value, a task or an edge depends on, for people.
    pub(crate) fn reason(self) -> String {
        format!("it depends on the {}, which differs between runs or machines", self.what())
    }

    fn what(self) -> String {
        let parts = [
            (self.set, "order of a set"),
            (self.folder, "order of a folder"),
            (self.python, "release of Python"),
        ];
        let parts: Vec<&str> =
            parts.into_iter().filter(|(is_asked, _)| *is_asked).map(|(_, what)| what).collect();
        parts.join(" or the ")
    }

    /// What is not known because it differs between surroundings.
    pub(crate) fn hole(self, span: Span) -> Arc<Hole> {
        Arc::new(Hole {
            kind: HoleKind::Nondeterministic,
            name: self.what(),
            default: None,
            reason: self.reason(),
            span,
            roots: Vec::new(),
        })
    }
}

/// Evaluates in one place, and in others if the program asks for what may differ there. All evaluations together may
/// take the steps of the settings; `unfinished` is told if those do not suffice.
pub(crate) fn in_all_surroundings<T>(
    settings: &Settings,
    mut evaluate: impl FnMut(Surroundings, u64) -> Pass<T>,
    mut join: impl FnMut(&mut T, T, Asked),
    mut unfinished: impl FnMut(&mut T, Asked),
) -> T {
    let steps = settings.limits.steps;
    let first = evaluate(Surroundings::default(), steps);
    let mut result = first.result;
    let mut asked = first.asked;
    if asked == Asked::default() || first.stopped {
        return result;
    }
    let mut left = steps.saturating_sub(first.steps);
    for other in Surroundings::others(asked, &settings.airflow_version, first.steps) {
        // They take about as many as the first.
        let pass = (left >= first.steps).then(|| evaluate(other, left));
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
    /// What the program asked for.
    pub(crate) asked: Asked,
    /// Whether the bound on steps ended it.
    pub(crate) stopped: bool,
    pub(crate) steps: u64,
}

impl<T> Pass<T> {
    /// What an evaluation that has come to its end gave.
    pub(crate) fn of(interp: &Interp<'_>, result: T) -> Self {
        let asked = interp.asked.get();
        Self { result, asked, stopped: interp.stopped, steps: interp.spent() }
    }
}

/// Adds the findings of another order at places where there is none of the kind yet.
pub(crate) fn add_findings(findings: &mut Vec<Diagnostic>, others: Vec<Diagnostic>) {
    let place = |finding: &Diagnostic| (finding.code, finding.span);
    let mut places: FxHashSet<_> = findings.iter().map(place).collect();
    findings.extend(others.into_iter().filter(|other| places.insert(place(other))));
}

/// What is told where the other surroundings could not be looked at.
pub(crate) fn not_compared(asked: Asked, span: Span) -> Diagnostic {
    let message = format!(
        "what depends on the {} is not told apart: evaluating the file for several takes more than the bound on steps",
        asked.what()
    );
    let help = match asked.python {
        true => "Raise the bound with `--max-steps N`.",
        false => "Raise the bound with `--max-steps N`, or go over `sorted(...)` instead.",
    };
    Diagnostic::new(Code::LimitReached, span, message).help(help)
}

impl Value {
    /// Leaves open what differs from a value that came out in other surroundings. Dicts and sets are compared
    /// without regard to order, as Python does.
    pub(crate) fn join_other(&mut self, other: &Self, asked: Asked) {
        let is_joined = match (&mut self.kind, &other.kind) {
            (Kind::List(a), Kind::List(b)) | (Kind::Tuple(a), Kind::Tuple(b))
                if a.len() == b.len() =>
            {
                let is_long = a.len() > MOST_OPEN;
                let is_open =
                    is_long && a.iter().zip(b).filter(|(a, b)| !a.is_like(b)).count() > MOST_OPEN;
                if !is_open {
                    a.iter_mut().zip(b).for_each(|(a, b)| a.join_other(b, asked));
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
                        value.join_other(other, asked);
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
            value.join_other(other, asked);
        }
    }
    true
}

impl Interp<'_> {
    fn ask(&self, what: Asked) {
        self.asked.set(self.asked.get().and(what));
    }

    /// `sys.version_info`.
    pub(crate) fn python_release(&mut self, span: Span) -> Val {
        let python = Asked { python: true, ..Asked::default() };
        self.ask(python);
        let minor = Val::int(i64::from(self.surroundings.python.0), span);
        let micro = self.hole(HoleKind::Nondeterministic, python.what(), span);
        let (level, serial) = (Val::str("final", span), Val::int(0, span));
        Val::tuple(vec![Val::int(3, span), minor, micro, level, serial], span)
    }

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
        self.ask(Asked { set: true, ..Asked::default() });
        let mut items: Vec<(&Key, &Val)> = elements.iter().collect();
        self.surroundings.order.arrange(&mut items, |(key, _)| *key);
        items.into_iter().map(|(_, val)| val.clone()).collect()
    }

    /// Brings the entries of a folder, which are sorted, into the order in which they come.
    pub(crate) fn arrange_folder<T>(&self, entries: &mut [T], name: impl Fn(&T) -> &str) {
        if entries.len() > 1 {
            self.ask(Asked { folder: true, ..Asked::default() });
            self.surroundings.order.arrange(entries, name);
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
