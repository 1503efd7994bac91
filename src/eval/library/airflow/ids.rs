//! The ids taken in a DAG, of its tasks or of its groups.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::eval::object::{Map, ObjId};

/// Entries that a copy may have to itself.
const OWN: usize = 64;

/// What has an id, in the order in which it was made.
///
/// A DAG is copied before a statement that may or may not run, and the copies are joined afterwards. A DAG
/// of many tasks that each hang on a condition would take quadratic time, were the copies not to share
/// what they have in common.
#[derive(Debug, Clone)]
pub(crate) struct Ids<T> {
    taken: Layers<T>,
    /// The highest `__N` of the ids with one, by what is before it.
    numbers: Layers<u64>,
}

impl<T> Default for Ids<T> {
    fn default() -> Self {
        Self { taken: Layers::default(), numbers: Layers::default() }
    }
}

impl<T: Copy + PartialEq> Ids<T> {
    /// What has this id.
    pub(crate) fn get(&self, id: &str) -> Option<T> {
        self.taken.get(id)
    }

    /// Whether the id is taken.
    pub(crate) fn contains(&self, id: &str) -> bool {
        self.get(id).is_some()
    }

    /// Takes an id, unless it is taken.
    pub(crate) fn insert(&mut self, id: impl Into<Arc<str>>, what: T) {
        let id = id.into();
        if self.contains(&id) {
            return;
        }
        if let Some((base, number)) = numbered(&id)
            && self.numbers.get(base).is_none_or(|highest| highest < number)
        {
            self.numbers.insert(base.into(), number);
        }
        self.taken.insert(id, what);
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.values().next().is_none()
    }

    /// What has an id, oldest first.
    pub(crate) fn values(&self) -> impl Iterator<Item = T> {
        self.taken.iter().map(|(_, what)| *what)
    }

    /// Takes over what another one has beyond this one. Gives what goes by the same id in both and is not the same.
    pub(crate) fn join(&mut self, other: &Self) -> Vec<(T, T)> {
        let common = self.taken.common(&other.taken);
        let mut theirs = other.taken.after(common);
        // One side of a branch mostly has nothing of its own.
        if self.taken.after(common).all(|own| theirs.next() == Some(own)) {
            *self = other.clone();
            return Vec::new();
        }
        let mut apart = Vec::new();
        for (id, what) in other.taken.after(common) {
            match self.get(id) {
                None => self.insert(Arc::clone(id), *what),
                Some(own) if own == *what => {}
                Some(own) => apart.push((own, *what)),
            }
        }
        apart
    }

    /// The number of the next `__N` suffix for an id that is taken.
    pub(crate) fn next_number(&self, id: &str) -> u64 {
        let base = numbered(id).map_or(id, |(base, _)| base);
        self.numbers.get(base).map_or(1, |number| number.saturating_add(1))
    }
}

/// Adds what only the second of two lists has. Lists of two sides of a branch begin alike.
pub(crate) fn join(list: &mut Vec<ObjId>, other: &[ObjId]) {
    let alike = std::iter::zip(list.iter(), other).take_while(|(a, b)| a == b).count();
    let rest = other.get(alike..).unwrap_or_default();
    if rest.is_empty() {
        return;
    }
    if alike == list.len() {
        list.extend_from_slice(rest);
        return;
    }
    let mut known: FxHashSet<ObjId> = list.iter().copied().collect();
    list.extend(rest.iter().filter(|id| known.insert(**id)));
}

/// `load__2` as `load` and 2.
fn numbered(id: &str) -> Option<(&str, u64)> {
    let (base, digits) = id.rsplit_once("__")?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(())?;
    Some((base, digits.parse().ok()?))
}

/// A map in layers that copies share, the older ones being the larger ones.
#[derive(Debug, Clone)]
struct Layers<T> {
    shared: Vec<Arc<Map<Arc<str>, T>>>,
    own: Map<Arc<str>, T>,
}

impl<T> Default for Layers<T> {
    fn default() -> Self {
        Self { shared: Vec::new(), own: Map::default() }
    }
}

impl<T: Copy> Layers<T> {
    /// The value that was put in last.
    fn get(&self, key: &str) -> Option<T> {
        let of_shared = || self.shared.iter().rev().find_map(|layer| layer.get(key));
        self.own.get(key).or_else(of_shared).copied()
    }

    fn insert(&mut self, key: Arc<str>, value: T) {
        self.own.insert(key, value);
        if self.own.len() < OWN {
            return;
        }
        let mut layer = std::mem::take(&mut self.own);
        // Each layer is at least twice as large as the next, so there are few.
        while let Some(last) = self.shared.pop_if(|last| last.len() < layer.len() * 2) {
            let mut both = Arc::unwrap_or_clone(last);
            both.extend(layer);
            layer = both;
        }
        self.shared.push(Arc::new(layer));
    }

    fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &T)> {
        self.after(0)
    }

    /// How many layers two copies share.
    fn common(&self, other: &Self) -> usize {
        let both = std::iter::zip(&self.shared, &other.shared);
        both.take_while(|(a, b)| Arc::ptr_eq(a, b)).count()
    }

    /// The entries beyond the first layers.
    fn after(&self, layers: usize) -> impl Iterator<Item = (&Arc<str>, &T)> {
        self.shared.iter().skip(layers).flat_map(|layer| layer.iter()).chain(&self.own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: impl IntoIterator<Item = String>) -> Ids<usize> {
        let mut ids = Ids::default();
        for (number, name) in names.into_iter().enumerate() {
            ids.insert(name, number);
        }
        ids
    }

    #[test]
    fn many_ids_are_found_and_stay_in_order() {
        let ids = ids((0..5000).map(|number| format!("t{number}")));
        assert!(ids.values().eq(0..5000));
        assert_eq!(ids.get("t0"), Some(0));
        assert_eq!(ids.get("t4999"), Some(4999));
        assert_eq!(ids.get("t5000"), None);
    }

    #[test]
    fn an_id_stays_with_whom_it_was_given_first() {
        let mut ids = ids(["a".to_owned()]);
        ids.insert("a", 7);
        assert!(ids.values().eq([0]));
    }

    #[test]
    fn copies_are_joined_whatever_their_size_and_whichever_is_ahead() {
        for size in [0, 1, 63, 64, 65, 127, 128, 129, 1000, 4096] {
            let one = ids((0..size).map(|number| format!("t{number}")));
            let mut ahead = one.clone();
            ahead.insert("new", size);
            let mut aside = one.clone();
            aside.insert("other", size + 1);
            for (a, b, expected) in [
                (&one, &ahead, vec![size]),
                (&ahead, &one, vec![size]),
                (&ahead, &aside, vec![size, size + 1]),
            ] {
                let mut joined = a.clone();
                assert_eq!(joined.join(b), []);
                assert!(joined.values().eq((0..size).chain(expected)), "{size}");
                assert!(one.values().eq(0..size), "{size}");
            }
        }
    }

    #[test]
    fn what_goes_by_one_id_on_both_sides_is_told() {
        let one = ids(["a".to_owned()]);
        let (mut first, mut second) = (one.clone(), one);
        first.insert("b", 1);
        second.insert("b", 2);
        second.insert("c", 3);
        assert_eq!(first.join(&second), [(1, 2)]);
        assert!(first.values().eq([0, 1, 3]));
    }

    #[test]
    fn copies_share_nearly_all_of_what_they_have_in_common() {
        let mut one = ids((0..10_000).map(|number| format!("t{number}")));
        let mut apart = 0;
        for number in 10_000..11_000 {
            let mut other = one.clone();
            other.insert(format!("t{number}"), number);
            apart += other.taken.after(other.taken.common(&one.taken)).count();
            one = other;
        }
        assert!(apart < 1000 * 2 * OWN, "{apart}");
    }

    #[test]
    fn suffixes_count_on_from_the_highest_one() {
        let mut ids = ids(["a".to_owned()]);
        assert_eq!(ids.next_number("a"), 1);
        for id in ["a__1", "a__7", "a__3", "b__9", "a__x", "a__", "a__99999999999999999999999"] {
            ids.insert(id, 0);
        }
        assert_eq!(ids.next_number("a"), 8);
        assert_eq!(ids.next_number("a__2"), 8);
        assert_eq!(ids.next_number("b"), 10);
        assert_eq!(ids.next_number("c"), 1);
    }

    #[test]
    fn lists_that_begin_alike_are_joined_without_repeating_anything() {
        let list = |numbers: &[u32]| numbers.iter().copied().map(ObjId).collect::<Vec<_>>();
        for (a, b, both) in [
            (&[1, 2][..], &[1, 2, 3][..], &[1, 2, 3][..]),
            (&[1, 2, 3], &[1, 2], &[1, 2, 3]),
            (&[1, 2, 4], &[1, 3, 2, 3], &[1, 2, 4, 3]),
            (&[1], &[5, 6], &[1, 5, 6]),
        ] {
            let mut joined = list(a);
            join(&mut joined, &list(b));
            assert_eq!(joined, list(both));
        }
    }
}
