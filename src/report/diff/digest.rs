//! The same change in many tasks is one thing to review.

use std::collections::BTreeMap;

use super::model::{Change, Diff, Kind, TaskChange};

/// Tasks from which on a change is told once for all of them.
const MANY: usize = 3;

/// A difference ordered for reading.
pub(super) struct Digest<'a> {
    /// Changes that several tasks share, with those tasks: by what matters most among them.
    pub(super) shared: Vec<Shared<'a>>,
    /// Tasks with what they share with no others. Tasks about which nothing is left to say are not among them.
    pub(super) tasks: Vec<(&'a TaskChange, Vec<&'a Change>)>,
}

/// What some tasks have in common.
pub(super) struct Shared<'a> {
    /// The tasks, in the order of the difference.
    pub(super) tasks: Vec<&'a TaskChange>,
    /// The changes, by meaning and place.
    pub(super) changes: Vec<&'a Change>,
}

impl<'a> Digest<'a> {
    pub(super) fn of(diff: &'a Diff) -> Self {
        let key = |change: &Change| {
            let text = |value: &Option<serde_json::Value>| value.as_ref().map(ToString::to_string);
            (change.meaning, change.path.clone(), text(&change.old), text(&change.new))
        };
        let mut all: BTreeMap<_, (&Change, Vec<usize>)> = BTreeMap::new();
        for (index, task) in diff.tasks.iter().enumerate() {
            for change in &task.changes {
                all.entry(key(change)).or_insert_with(|| (change, Vec::new())).1.push(index);
            }
        }
        all.retain(|_, (_, tasks)| tasks.len() >= MANY);
        let own = |task: &'a TaskChange| {
            let own: Vec<&Change> =
                task.changes.iter().filter(|change| !all.contains_key(&key(change))).collect();
            let is_told = own.is_empty()
                && !task.changes.is_empty()
                && task.trend.is_none()
                && task.kind == Kind::Changed;
            (!is_told).then_some((task, own))
        };
        let tasks = diff.tasks.iter().filter_map(own).collect();
        // What the same tasks have in common is told together.
        let mut groups: BTreeMap<Vec<usize>, Vec<&Change>> = BTreeMap::new();
        for (change, tasks) in all.into_values() {
            groups.entry(tasks).or_default().push(change);
        }
        let named =
            |indices: &[usize]| indices.iter().filter_map(|index| diff.tasks.get(*index)).collect();
        let mut shared: Vec<Shared<'a>> = groups
            .into_iter()
            .map(|(indices, changes)| Shared { tasks: named(&indices), changes })
            .collect();
        shared.sort_by_key(|one| {
            let first = one.changes.iter().map(|change| change.meaning).min();
            (first, std::cmp::Reverse(one.tasks.len()))
        });
        Self { shared, tasks }
    }
}
