//! Which task of one side is which task of the other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::leaves::Leaf;
use super::side::Item;

/// How much of two tasks has to be alike for one to be the other under a new name.
const ALIKE: f64 = 0.6;

/// How many pairs of tasks are looked at closely. Beyond it only tasks that are alike in everything are one under two
/// names.
const PAIRS: usize = 250_000;

/// Values of such pairs that are compared.
const LEAVES: usize = 12_500_000;

/// The tasks of both sides as pairs; a task of one side only has no partner.
pub(super) fn pairs<'a>(
    old: &'a [Item],
    new: &'a [Item],
) -> Vec<(Option<&'a Item>, Option<&'a Item>)> {
    let (old, new) = (named(old), named(new));
    let names: BTreeSet<_> = old.keys().chain(new.keys()).cloned().collect();
    let mut pairs = Vec::new();
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for name in names {
        match (old.get(&name), new.get(&name)) {
            (Some(one), Some(other)) => pairs.push((Some(*one), Some(*other))),
            (Some(one), None) => gone.push(*one),
            (None, Some(other)) => come.push(*other),
            (None, None) => {}
        }
    }
    let renamed = renamed(&gone, &come);
    let taken: (BTreeSet<usize>, BTreeSet<usize>) = renamed.iter().copied().unzip();
    pairs.extend(
        renamed
            .iter()
            .filter_map(|(one, other)| Some((Some(*gone.get(*one)?), Some(*come.get(*other)?)))),
    );
    let left = |all: &[&'a Item], taken: &BTreeSet<usize>| {
        let left = all.iter().enumerate().filter(|(index, _)| !taken.contains(index));
        left.map(|(_, item)| *item).collect::<Vec<_>>()
    };
    pairs.extend(left(&gone, &taken.0).into_iter().map(|item| (Some(item), None)));
    pairs.extend(left(&come, &taken.1).into_iter().map(|item| (None, Some(item))));
    pairs
}

/// The tasks by name. Several of one name, which Airflow refuses, are numbered in an order that does not depend on
/// how they came.
fn named(items: &[Item]) -> BTreeMap<(super::model::Name, usize), &Item> {
    let mut groups: BTreeMap<&super::model::Name, Vec<&Item>> = BTreeMap::new();
    for item in items {
        groups.entry(&item.name).or_default().push(item);
    }
    let mut all = BTreeMap::new();
    for (name, mut group) in groups {
        if group.len() > 1 {
            group.sort_by_cached_key(|item| format!("{:?} {:?}", item.leaves, item.readiness));
        }
        for (number, item) in group.into_iter().enumerate() {
            all.insert((name.clone(), number), item);
        }
    }
    all
}

/// Pairs of positions that are one task under two names: the most alike first, each task once. Swapping the sides
/// swaps the pairs and nothing else.
fn renamed(gone: &[&Item], come: &[&Item]) -> Vec<(usize, usize)> {
    let leaves = |items: &[&Item]| items.iter().map(|item| item.leaves.len()).sum::<usize>();
    let compared = (leaves(gone).saturating_mul(come.len()))
        .saturating_add(leaves(come).saturating_mul(gone.len()));
    if gone.len().saturating_mul(come.len()) > PAIRS || compared > LEAVES {
        return twins(gone, come);
    }
    let mut candidates = Vec::new();
    for (one, old) in gone.iter().enumerate() {
        for (other, new) in come.iter().enumerate() {
            let near = old.name.dag == new.name.dag || old.name.task == new.name.task;
            if !near || old.name.map_index != new.name.map_index {
                continue;
            }
            let alike = likeness(&old.leaves, &new.leaves);
            if alike >= ALIKE {
                let names = kinship(&old.name.to_string(), &new.name.to_string());
                candidates.push((alike, names, one, other));
            }
        }
    }
    candidates.sort_by(|left, right| {
        let names = |(_, _, one, other): &(f64, usize, usize, usize)| {
            let mut names =
                [gone.get(*one), come.get(*other)].map(|item| item.map(|item| &item.name));
            names.sort();
            names
        };
        right
            .0
            .total_cmp(&left.0)
            .then(right.1.cmp(&left.1))
            .then_with(|| names(left).cmp(&names(right)))
    });
    let (mut old_taken, mut new_taken) = (BTreeSet::new(), BTreeSet::new());
    candidates.retain(|(_, _, one, other)| {
        let is_free = !old_taken.contains(one) && !new_taken.contains(other);
        if is_free {
            old_taken.insert(*one);
            new_taken.insert(*other);
        }
        is_free
    });
    candidates.into_iter().map(|(_, _, one, other)| (one, other)).collect()
}

/// Pairs of positions of tasks of one DAG that are alike in everything but their names, in the order of the names.
fn twins(gone: &[&Item], come: &[&Item]) -> Vec<(usize, usize)> {
    let content = |item: &Item| {
        let leaves = item.leaves.iter().filter(|(path, _)| counts(path));
        leaves.fold(String::new(), |mut text, (path, leaf)| {
            // Writing to a String cannot fail.
            _ = writeln!(text, "{path}={}", leaf.value);
            text
        })
    };
    let groups = |items: &[&Item]| {
        let mut groups: BTreeMap<(String, Option<u32>, String), Vec<usize>> = BTreeMap::new();
        for (index, item) in items.iter().enumerate() {
            let key = (item.name.dag.clone(), item.name.map_index, content(item));
            groups.entry(key).or_default().push(index);
        }
        for group in groups.values_mut() {
            group.sort_by_key(|index| items.get(*index).map(|item| &item.name));
        }
        groups
    };
    let come = groups(come);
    let same = |(key, old): (_, Vec<usize>)| Some((old, come.get(&key)?.clone()));
    groups(gone)
        .into_iter()
        .filter(|((_, _, content), _)| !content.is_empty())
        .filter_map(same)
        .flat_map(|(old, new)| old.into_iter().zip(new))
        .collect()
}

/// Whether a place says something about a task. Names and labels follow the name of the task and say nothing.
fn counts(path: &str) -> bool {
    !path.starts_with("metadata") && path != "operator" && path != "upstream"
}

/// How much of two job specs is the same, from 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "a job spec has far fewer than 2^52 places")]
fn likeness(old: &BTreeMap<String, Leaf>, new: &BTreeMap<String, Leaf>) -> f64 {
    let paths: BTreeSet<&String> =
        old.keys().chain(new.keys()).filter(|path| counts(path)).collect();
    if paths.is_empty() {
        return 0.0;
    }
    let is_same = |path: &&&String| match (old.get(**path), new.get(**path)) {
        (Some(one), Some(other)) => one.is_same(other),
        _ => false,
    };
    paths.iter().filter(is_same).count() as f64 / paths.len() as f64
}

/// How much two names share: the characters of their common beginning and end.
fn kinship(one: &str, other: &str) -> usize {
    let head = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let tail = one.chars().rev().zip(other.chars().rev()).take_while(|(a, b)| a == b).count();
    head + tail
}
