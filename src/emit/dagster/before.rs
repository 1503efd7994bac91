//! Which assets stand before an asset: those of the nearest pod tasks, through tasks of other operators, which are no
//! assets.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::spec::TaskFacts;

/// The most that may stand before the assets of one DAG. Between two groups of tasks one that is no pod saves the
/// edges that assets have to have.
const MOST: usize = 2_000_000;

/// The most edges that are followed for the assets of one DAG.
const MOST_FOLLOWED: usize = 20_000_000;

/// What stands before an asset.
#[derive(Debug, PartialEq)]
pub(in crate::emit) struct Found<'a> {
    /// Ids of the pod tasks.
    pub(super) tasks: Vec<&'a str>,
    /// Their assets, by number.
    pub(in crate::emit) assets: Vec<usize>,
}

/// The search for what stands before the assets of a DAG; tasks that wait for the same share what is found.
pub(super) struct Search<'a> {
    tasks: &'a [TaskFacts],
    numbers: FxHashMap<&'a str, usize>,
    assets: FxHashMap<&'a str, Vec<usize>>,
    /// In which search each task was seen last.
    seen: Vec<usize>,
    searches: usize,
    known: HashMap<&'a [String], Option<Rc<Found<'a>>>>,
    /// How much more may be found, and how many edges followed.
    left: usize,
    edges_left: usize,
    /// Whether assets that wait for the same share the list of it.
    is_shared: bool,
}

impl<'a> Search<'a> {
    /// `assets` names the task of each asset.
    pub(super) fn new(
        tasks: &'a [TaskFacts],
        assets: impl Iterator<Item = &'a str>,
        is_shared: bool,
    ) -> Self {
        let numbers = tasks.iter().enumerate().map(|(number, task)| (task.id.as_str(), number));
        let mut by_task: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
        for (number, task) in assets.enumerate() {
            by_task.entry(task).or_default().push(number);
        }
        Self {
            tasks,
            numbers: numbers.collect(),
            assets: by_task,
            seen: vec![0; tasks.len()],
            searches: 0,
            known: HashMap::new(),
            left: MOST,
            edges_left: MOST_FOLLOWED,
            is_shared,
        }
    }

    /// What stands before a task that waits for these; none where that would be too much.
    pub(super) fn before(&mut self, upstream: &'a [String]) -> Option<Rc<Found<'a>>> {
        let found = match self.known.get(upstream) {
            Some(known) if self.is_shared => return known.clone(),
            Some(known) => known.clone(),
            None => self.find(upstream).map(Rc::new),
        };
        let size = found.as_ref().map_or(0, |found| found.tasks.len().max(found.assets.len()));
        let found = found.filter(|_| size <= self.left);
        if found.is_some() {
            self.left -= size;
        }
        self.known.insert(upstream, found.clone());
        found
    }

    fn find(&mut self, upstream: &'a [String]) -> Option<Found<'a>> {
        self.searches += 1;
        let mut found = Found { tasks: Vec::new(), assets: Vec::new() };
        let mut elsewhere: BTreeSet<&str> = BTreeSet::new();
        let mut todo: Vec<&'a str> = upstream.iter().rev().map(String::as_str).collect();
        while let Some(id) = todo.pop() {
            let number = self.numbers.get(id).copied();
            let is_new = match number.and_then(|number| self.seen.get_mut(number)) {
                Some(seen) => std::mem::replace(seen, self.searches) != self.searches,
                None => elsewhere.insert(id),
            };
            if !is_new {
                continue;
            }
            match number.and_then(|number| self.tasks.get(number)) {
                Some(task) if !task.is_pod => {
                    self.edges_left = self.edges_left.checked_sub(task.upstream.len())?;
                    todo.extend(task.upstream.iter().rev().map(String::as_str));
                }
                _ => {
                    found.tasks.push(id);
                    found.assets.extend(self.assets.get(id).into_iter().flatten());
                }
            }
            if found.tasks.len() > self.left {
                return None;
            }
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn task(id: &str, upstream: &[&str], is_pod: bool) -> TaskFacts {
        TaskFacts {
            id: id.to_owned(),
            upstream: upstream.iter().map(|id| (*id).to_owned()).collect(),
            is_pod,
            ..TaskFacts::default()
        }
    }

    #[test]
    fn tasks_that_wait_for_the_same_share_it() {
        let tasks = [
            task("a", &[], true),
            task("b", &[], true),
            task("join", &["a", "b", "wait"], false),
            task("wait", &["a"], false),
        ];
        let mut search = Search::new(&tasks, ["a", "b", "a"].into_iter(), true);
        let upstream = ["join".to_owned()];
        let same = ["join".to_owned()];
        let one = search.before(&upstream).unwrap();
        assert_eq!(*one, Found { tasks: vec!["a", "b"], assets: vec![0, 2, 1] });
        assert!(Rc::ptr_eq(&one, &search.before(&same).unwrap()));
    }

    #[test]
    fn too_much_is_not_found() {
        let tasks = [task("a", &[], true)];
        let upstream = ["a".to_owned()];
        let mut search = Search::new(&tasks, ["a"].into_iter(), false);
        search.left = 1;
        assert!(search.before(&upstream).is_some());
        assert!(search.before(&upstream).is_none());
    }
}
