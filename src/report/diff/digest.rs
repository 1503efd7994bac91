//! The same change in many tasks is one thing to review.

use std::collections::BTreeMap;

use super::model::{Change, Diff, TaskChange};

/// Tasks from which on a change is told once for all of them.
const MANY: usize = 3;

/// A difference ordered for reading.
pub(super) struct Digest<'a> {
    /// Changes that several tasks share, each with those tasks, by meaning and how many they are.
    pub(super) shared: Vec<(&'a Change, Vec<&'a TaskChange>)>,
    /// Tasks with what they share with no others. Tasks about which nothing is left to say are not among them.
    pub(super) tasks: Vec<(&'a TaskChange, Vec<&'a Change>)>,
}

impl<'a> Digest<'a> {
    pub(super) fn of(diff: &'a Diff) -> Self {
        let key = |change: &Change| {
            let text = |value: &Option<serde_json::Value>| value.as_ref().map(ToString::to_string);
            (change.meaning, change.path.clone(), text(&change.old), text(&change.new))
        };
        let mut all: BTreeMap<_, (&Change, Vec<&TaskChange>)> = BTreeMap::new();
        for task in &diff.tasks {
            for change in &task.changes {
                all.entry(key(change)).or_insert_with(|| (change, Vec::new())).1.push(task);
            }
        }
        all.retain(|_, (_, tasks)| tasks.len() >= MANY);
        let tasks = diff.tasks.iter().filter_map(|task| {
            let own: Vec<&Change> =
                task.changes.iter().filter(|change| !all.contains_key(&key(change))).collect();
            let is_told = own.is_empty()
                && !task.changes.is_empty()
                && task.trend.is_none()
                && task.kind == super::Kind::Changed;
            (!is_told).then_some((task, own))
        });
        let tasks = tasks.collect();
        let mut shared: Vec<_> = all.into_values().collect();
        shared.sort_by_key(|(change, tasks)| (change.meaning, std::cmp::Reverse(tasks.len())));
        Self { shared, tasks }
    }
}
