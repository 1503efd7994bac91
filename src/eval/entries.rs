//! The entries of a dict, and which of them are there only under a condition that is not known.
//!
//! Where branches that set different keys meet, the joined dict has the keys of both. Reading one
//! gives a hole, but what asks for the keys themselves (iteration, `len`, `in`, truth) must not take
//! them as present, nor rely on an order that differs between the branches.

use std::cmp::Ordering;
use std::ops::Deref;

use super::item::may_be_one_key;
use super::object::{Key, Map, Val};

/// The most pairs of keys that are looked at for being the same.
const MOST_COMPARED: usize = 100_000;

type Inner = Map<Key, (Val, Val)>;

/// Entries of a dict by key: the key as it was written, and the value.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entries {
    map: Inner,
    /// Whether a key that is no single known one was ever set: where none was, none has to be looked for.
    had_open: bool,
    doubt: Option<Box<Doubt>>,
}

/// What is not certain about the keys of a dict.
#[derive(Debug, Clone, Default, PartialEq)]
struct Doubt {
    /// Keys that may be missing.
    keys: Map<Key, ()>,
    /// The order of the keys differs between branches that were joined.
    disordered: bool,
}

impl Entries {
    /// Sets an entry, which is certain from then on.
    pub(crate) fn insert(&mut self, key: Key, entry: (Val, Val)) {
        self.settle(&key);
        self.had_open |= is_open(&key);
        self.map.insert(key, entry);
    }

    /// The entry under a key, to change its value.
    pub(crate) fn get_mut(&mut self, key: &Key) -> Option<&mut (Val, Val)> {
        self.map.get_mut(key)
    }

    /// Takes out the entry at a place; those after it move up.
    pub(crate) fn take_at(&mut self, at: usize) -> Option<(Val, Val)> {
        self.map.shift_remove_index(at).map(|(_, entry)| entry)
    }

    /// Gives back room that is not needed.
    pub(crate) fn shrink_to_fit(&mut self) {
        self.map.shrink_to_fit();
    }

    /// Takes out the last entry.
    pub(crate) fn pop(&mut self) -> Option<(Val, Val)> {
        self.map.pop().map(|(_, entry)| entry)
    }

    /// Moves an entry to another place; both are below the length.
    pub(crate) fn move_index(&mut self, from: usize, to: usize) {
        self.map.move_index(from, to);
    }

    /// Orders the entries by their values; equal ones keep their order.
    pub(crate) fn sort_by_value(&mut self, mut order: impl FnMut(&Val, &Val) -> Ordering) {
        self.map.sort_by(|_, (_, a), _, (_, b)| order(a, b));
    }

    /// An entry was taken out: it is not there for sure.
    pub(crate) fn forget(&mut self, key: &Key) {
        if let Some(doubt) = &mut self.doubt {
            doubt.keys.shift_remove(key);
        }
    }

    /// An entry was set without condition: it is there now, at a place that depends on whether it was.
    pub(crate) fn settle(&mut self, key: &Key) {
        if let Some(doubt) = &mut self.doubt
            && doubt.keys.shift_remove(key).is_some()
        {
            doubt.disordered = true;
        }
    }

    /// An entry may be missing.
    pub(crate) fn doubt(&mut self, key: Key) {
        if self.map.contains_key(&key) && !matches!(key, Key::Spread(_)) {
            self.doubt.get_or_insert_default().keys.insert(key, ());
        }
    }

    /// Entries under other, open keys that may be the same as this one.
    pub(crate) fn like(&self, key: &Key, name: &Val) -> Vec<(usize, Key, Val)> {
        if !self.had_open {
            return Vec::new();
        }
        let like = |(at, (other, (open, value))): (usize, (&Key, &(Val, Val)))| {
            let is_like =
                other != key && matches!(other, Key::Hole(_)) && may_be_one_key(open, name);
            is_like.then(|| (at, other.clone(), value.clone()))
        };
        self.map.iter().enumerate().filter_map(like).collect()
    }

    /// The order of the entries is not known.
    pub(crate) fn disorder(&mut self) {
        self.doubt.get_or_insert_default().disordered = true;
    }

    /// Whether this entry may be missing.
    pub(crate) fn is_doubtful(&self, key: &Key) -> bool {
        self.doubt.as_ref().is_some_and(|doubt| doubt.keys.contains_key(key))
    }

    /// Whether the order of the entries is not known.
    pub(crate) fn is_disordered(&self) -> bool {
        self.map.len() > 1 && self.doubt.as_ref().is_some_and(|doubt| doubt.disordered)
    }

    /// Whether an entry may be missing.
    pub(crate) fn has_doubtful(&self) -> bool {
        self.doubt
            .as_ref()
            .is_some_and(|doubt| doubt.keys.keys().any(|key| self.map.contains_key(key)))
    }

    /// Whether there may be keys that are not listed here, or some of those listed may be missing.
    pub(crate) fn has_open_keys(&self) -> bool {
        self.had_open && self.map.keys().any(is_open) || self.has_doubtful()
    }

    /// Whether going over the keys one after the other is not possible: some are not listed, some may
    /// be missing, or their order is not known.
    pub(crate) fn is_untold(&self) -> bool {
        self.had_open && self.map.keys().any(|key| matches!(key, Key::Spread(_)))
            || self.has_doubtful()
            || self.is_disordered()
            || self.may_coincide()
    }

    /// Whether two of the keys may turn out to be the same one.
    fn may_coincide(&self) -> bool {
        if !self.had_open || self.map.len() < 2 {
            return false;
        }
        let open: Vec<(usize, &Val)> = self
            .map
            .iter()
            .enumerate()
            .filter(|(_, (key, _))| matches!(key, Key::Hole(_)))
            .map(|(at, (_, (name, _)))| (at, name))
            .collect();
        // Beyond what is worth the time any two may be the same.
        open.len().saturating_mul(self.map.len()) > MOST_COMPARED
            || open.iter().any(|(at, name)| {
                self.map
                    .values()
                    .enumerate()
                    .any(|(other, (key, _))| other != *at && may_be_one_key(name, key))
            })
    }

    /// Python's truth value; `None` when it is not known whether there is any entry.
    pub(crate) fn truth(&self) -> Option<bool> {
        let certain = |key: &Key| !matches!(key, Key::Spread(_)) && !self.is_doubtful(key);
        if self.map.is_empty() || self.map.keys().any(certain) {
            return Some(!self.map.is_empty());
        }
        None
    }

    /// Whether the same is uncertain about two dicts.
    pub(crate) fn doubts_alike(&self, other: &Self) -> bool {
        self.has_doubtful() == other.has_doubtful()
            && self.is_disordered() == other.is_disordered()
            && self.map.keys().all(|key| self.is_doubtful(key) == other.is_doubtful(key))
    }

    /// The values with their keys as written.
    pub(crate) fn into_values(self) -> impl DoubleEndedIterator<Item = (Val, Val)> {
        self.map.into_values()
    }

    /// The keys.
    pub(crate) fn into_keys(self) -> impl DoubleEndedIterator<Item = Key> {
        self.map.into_keys()
    }
}

impl Deref for Entries {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.map
    }
}

impl IntoIterator for Entries {
    type Item = (Key, (Val, Val));
    type IntoIter = <Inner as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.map.into_iter()
    }
}

impl<'a> IntoIterator for &'a Entries {
    type Item = (&'a Key, &'a (Val, Val));
    type IntoIter = <&'a Inner as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.map.iter()
    }
}

impl FromIterator<(Key, (Val, Val))> for Entries {
    fn from_iter<T: IntoIterator<Item = (Key, (Val, Val))>>(entries: T) -> Self {
        let map: Inner = entries.into_iter().collect();
        let had_open = map.keys().any(is_open);
        Self { map, had_open, doubt: None }
    }
}

/// Whether a key stands for others, or for one that is not known.
fn is_open(key: &Key) -> bool {
    matches!(key, Key::Spread(_) | Key::Hole(_))
}
