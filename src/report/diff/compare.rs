//! Compares two sides.

use std::collections::BTreeSet;

use super::model::{Change, Diff, FileChange, Kind, Summary, TaskChange, Trend};
use super::pair::pairs;
use super::side::{Item, Side};
use crate::report::model::Readiness;
use crate::spec::API_VERSION;

/// What changed from `old` to `new`. With `show_secrets`, credentials are shown.
pub fn compare(old: &Side, new: &Side, show_secrets: bool) -> Diff {
    let mut summary =
        Summary { old_tasks: old.tasks.len(), new_tasks: new.tasks.len(), ..Summary::default() };
    let mut tasks: Vec<TaskChange> = pairs(&old.tasks, &new.tasks)
        .into_iter()
        .filter_map(|(one, other)| task(one, other, show_secrets))
        .collect();
    tasks.sort_by_cached_key(order);
    for task in &tasks {
        match task.kind {
            Kind::Added => summary.added += 1,
            Kind::Removed => summary.removed += 1,
            Kind::Renamed => summary.renamed += 1,
            Kind::Changed => summary.changed += 1,
        }
        match task.trend {
            Some(Trend::Better) => summary.better += 1,
            Some(Trend::Worse) => summary.worse += 1,
            None => {}
        }
    }
    summary.same = new.tasks.len() - summary.added - summary.renamed - summary.changed;
    Diff {
        api_version: API_VERSION,
        kind: "Diff",
        old: old.label.clone(),
        new: new.label.clone(),
        summary,
        files: files(&old.unreadable, &new.unreadable),
        tasks,
    }
}

/// What got worse and what is gone comes first, then what runs differently, then the rest; each by name.
fn order(task: &TaskChange) -> impl Ord + use<> {
    let rank = match (task.trend, task.kind) {
        (Some(Trend::Worse), _) => 0,
        (_, Kind::Removed) => 1,
        (_, Kind::Added) => 3,
        _ => 2,
    };
    let first = task.changes.iter().map(|change| change.meaning).min();
    (rank, first.is_none(), first, task.name().cloned(), task.kind)
}

fn files(old: &BTreeSet<String>, new: &BTreeSet<String>) -> Vec<FileChange> {
    let change =
        |path: &String| FileChange { path: path.clone(), readable_now: !new.contains(path) };
    old.symmetric_difference(new).map(change).collect()
}

/// What happened to a task; nothing if nothing did.
fn task(old: Option<&Item>, new: Option<&Item>, show_secrets: bool) -> Option<TaskChange> {
    let readiness = |item: Option<&Item>| item.and_then(|item| item.readiness);
    let (old_readiness, new_readiness) = (readiness(old), readiness(new));
    let (kind, changes) = match (old, new) {
        (Some(one), Some(other)) => {
            let changes = changes(one, other, show_secrets);
            let is_renamed = one.name != other.name;
            // Where one side does not know how far a task is, there is nothing to compare.
            let moved = old_readiness.is_some()
                && new_readiness.is_some()
                && old_readiness != new_readiness;
            if !is_renamed && !moved && changes.is_empty() {
                return None;
            }
            (if is_renamed { Kind::Renamed } else { Kind::Changed }, changes)
        }
        (Some(_), None) => (Kind::Removed, Vec::new()),
        (None, Some(_)) => (Kind::Added, Vec::new()),
        (None, None) => return None,
    };
    Some(TaskChange {
        kind,
        old: old.map(|item| item.name.clone()),
        new: new.map(|item| item.name.clone()),
        old_readiness,
        new_readiness,
        trend: trend(old_readiness, new_readiness),
        changes,
    })
}

fn trend(old: Option<Readiness>, new: Option<Readiness>) -> Option<Trend> {
    match old?.cmp(&new?) {
        std::cmp::Ordering::Less => Some(Trend::Worse),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some(Trend::Better),
    }
}

fn changes(old: &Item, new: &Item, show_secrets: bool) -> Vec<Change> {
    let paths: BTreeSet<&String> = old.leaves.keys().chain(new.leaves.keys()).collect();
    let mut changes: Vec<Change> = paths
        .into_iter()
        .filter_map(|path| {
            let (one, other) = (old.leaves.get(path), new.leaves.get(path));
            if one.zip(other).is_some_and(|(one, other)| one.is_same(other)) {
                return None;
            }
            let leaves = || one.into_iter().chain(other);
            let shown = |leaf: &super::leaves::Leaf| {
                if show_secrets { leaf.value.clone() } else { leaf.shown.clone() }
            };
            Some(Change {
                // A credential that becomes a reference is about secrets on either side.
                meaning: leaves()
                    .map(|leaf| leaf.meaning)
                    .min_by_key(|meaning| (*meaning != super::Meaning::Secrets, *meaning))?,
                path: path.clone(),
                old: one.map(shown),
                new: other.map(shown),
                secret: !show_secrets && leaves().any(super::leaves::Leaf::is_secret),
            })
        })
        .collect();
    changes.sort_by(|one, other| (one.meaning, &one.path).cmp(&(other.meaning, &other.path)));
    changes
}
