//! The order of a run: which task may start when, and what becomes of those that may not.
//!
//! Pure: it is told how tasks ended and says what follows. Tasks of other operators stand in the graph as well, so
//! that the order through them is kept; they are not run but assumed to end as the user says.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::{Decision, TaskState, TriggerRule};

/// A task, or one instance of a mapped task: DAG, task, index.
pub type Key = (String, String, Option<u32>);

/// A task in the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Which task.
    pub key: Key,
    /// Task ids of the same DAG that come before it.
    pub upstream: Vec<String>,
    /// Which of their results let it start.
    pub rule: TriggerRule,
    /// How it ends without being run: a task of another operator, or one done by an earlier run.
    pub assumed: Option<TaskState>,
}

/// What follows for a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It starts.
    Start(Key),
    /// It ended without starting.
    Settled(Key, TaskState),
}

/// Why there is no order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Tasks wait for each other.
    #[error("these tasks wait for each other: {}", .0.join(", "))]
    Cycle(Vec<String>),
    /// The same task is there twice.
    #[error("task `{1}` of DAG `{0}` is there twice")]
    Duplicate(String, String),
}

/// How far a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Waiting,
    Started,
    Done(TaskState),
}

/// The tasks of a run and how far they are.
#[derive(Debug)]
pub struct Graph {
    nodes: Vec<Node>,
    /// Those that come before each of them.
    before: Vec<Vec<usize>>,
    /// Where each of them stands.
    places: BTreeMap<Key, usize>,
    /// How far each of them is.
    progress: Vec<Progress>,
}

impl Graph {
    /// Makes a graph. Tasks before others that are nowhere in it are added, assumed to end as given; they are
    /// returned so that it can be said.
    ///
    /// # Errors
    /// When there is no order.
    pub fn new(mut nodes: Vec<Node>, assume: TaskState) -> Result<(Self, Vec<Key>), GraphError> {
        let mut keys = BTreeSet::new();
        for node in &nodes {
            if !keys.insert(node.key.clone()) {
                return Err(GraphError::Duplicate(node.key.0.clone(), node.key.1.clone()));
            }
        }
        let known: BTreeSet<(String, String)> =
            nodes.iter().map(|node| (node.key.0.clone(), node.key.1.clone())).collect();
        let missing: BTreeSet<(String, String)> = nodes
            .iter()
            .flat_map(|node| node.upstream.iter().map(|id| (node.key.0.clone(), id.clone())))
            .filter(|task| !known.contains(task))
            .collect();
        let added: Vec<Key> = missing.into_iter().map(|(dag, task)| (dag, task, None)).collect();
        nodes.extend(added.iter().map(|key| Node {
            key: key.clone(),
            upstream: Vec::new(),
            rule: TriggerRule::Always,
            assumed: Some(assume),
        }));
        let mut named: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        for (at, node) in nodes.iter().enumerate() {
            named.entry((&node.key.0, &node.key.1)).or_default().push(at);
        }
        let before = nodes.iter().map(|node| {
            let ids: BTreeSet<&String> = node.upstream.iter().collect();
            let found = ids.into_iter().filter_map(|id| named.get(&(&*node.key.0, id.as_str())));
            found.flatten().copied().collect()
        });
        let before = before.collect();
        let places = nodes.iter().enumerate().map(|(at, node)| (node.key.clone(), at)).collect();
        let progress = vec![Progress::Waiting; nodes.len()];
        let graph = Self { nodes, before, places, progress };
        graph.check_order()?;
        Ok((graph, added))
    }

    /// All that follows from the states so far: each task at most once.
    pub fn steps(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        // A settled task may settle those behind it.
        let mut has_settled = true;
        while std::mem::take(&mut has_settled) {
            for (at, node) in self.nodes.iter().enumerate() {
                if self.progress.get(at) != Some(&Progress::Waiting) {
                    continue;
                }
                let state = match node.rule.decide(&self.states_before(at)) {
                    Decision::Wait => continue,
                    Decision::Start => node.assumed,
                    Decision::Skip => Some(TaskState::Skipped),
                    Decision::UpstreamFailed => Some(TaskState::UpstreamFailed),
                };
                has_settled |= state.is_some();
                if let Some(progress) = self.progress.get_mut(at) {
                    *progress = state.map_or(Progress::Started, Progress::Done);
                }
                let key = node.key.clone();
                steps.push(match state {
                    Some(state) => Step::Settled(key, state),
                    None => Step::Start(key),
                });
            }
        }
        steps
    }

    /// Tells how a task ended.
    pub fn end(&mut self, key: &Key, state: TaskState) {
        let place = self.places.get(key).and_then(|at| self.progress.get_mut(*at));
        if let Some(progress) = place {
            *progress = Progress::Done(state);
        }
    }

    /// Ends everything that has not started.
    pub fn cancel(&mut self) -> Vec<Key> {
        let waiting = self.nodes.iter().zip(&mut self.progress);
        let waiting = waiting.filter(|(_, progress)| **progress == Progress::Waiting);
        waiting
            .map(|(node, progress)| {
                *progress = Progress::Done(TaskState::Cancelled);
                node.key.clone()
            })
            .collect()
    }

    fn states_before(&self, node: usize) -> Vec<Option<TaskState>> {
        let before = self.before.get(node).into_iter().flatten();
        let state = |at: &usize| match self.progress.get(*at) {
            Some(Progress::Done(state)) => Some(*state),
            _ => None,
        };
        before.map(state).collect()
    }

    fn check_order(&self) -> Result<(), GraphError> {
        let mut open: Vec<usize> = self.before.iter().map(Vec::len).collect();
        let mut after: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for (node, before) in self.before.iter().enumerate() {
            for at in before {
                if let Some(after) = after.get_mut(*at) {
                    after.push(node);
                }
            }
        }
        let mut ready: Vec<usize> =
            open.iter().enumerate().filter(|(_, open)| **open == 0).map(|(node, _)| node).collect();
        let mut ordered: BTreeSet<&Key> = BTreeSet::new();
        while let Some(node) = ready.pop() {
            ordered.extend(self.nodes.get(node).map(|node| &node.key));
            for next in after.get(node).into_iter().flatten() {
                if let Some(open) = open.get_mut(*next) {
                    *open -= 1;
                    if *open == 0 {
                        ready.push(*next);
                    }
                }
            }
        }
        let left: Vec<String> = self
            .nodes
            .iter()
            .filter(|node| !ordered.contains(&node.key))
            .map(|node| format!("{}.{}", node.key.0, node.key.1))
            .collect();
        if left.is_empty() { Ok(()) } else { Err(GraphError::Cycle(left)) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn key(task: &str) -> Key {
        ("d".into(), task.into(), None)
    }

    fn node(task: &str, upstream: &[&str], rule: &str) -> Node {
        Node {
            key: key(task),
            upstream: upstream.iter().map(ToString::to_string).collect(),
            rule: TriggerRule::parse(rule).unwrap(),
            assumed: None,
        }
    }

    fn graph(nodes: Vec<Node>) -> Graph {
        Graph::new(nodes, TaskState::Success).unwrap().0
    }

    fn start(task: &str) -> Step {
        Step::Start(key(task))
    }

    #[test]
    fn a_long_chain_is_ordered_whatever_way_it_is_given() {
        let id = |number: usize| format!("t{number}");
        let link = |number: usize| match number {
            0 => node(&id(0), &[], "all_success"),
            _ => node(&id(number), &[&id(number - 1)], "all_success"),
        };
        let (mut graph, _) =
            Graph::new((0..3000).rev().map(link).collect(), TaskState::Success).unwrap();
        for number in 0..3000 {
            assert_eq!(graph.steps(), [Step::Start(key(&id(number)))]);
            graph.end(&key(&id(number)), TaskState::Success);
        }
        assert!(graph.steps().is_empty());
    }

    #[test]
    fn tasks_start_when_those_before_are_done() {
        let mut graph = graph(vec![
            node("c", &["a", "b"], "all_success"),
            node("a", &[], "all_success"),
            node("b", &["a"], "all_success"),
        ]);
        assert_eq!(graph.steps(), [start("a")]);
        assert_eq!(graph.steps(), []);
        graph.end(&key("a"), TaskState::Success);
        assert_eq!(graph.steps(), [start("b")]);
        graph.end(&key("b"), TaskState::Success);
        assert_eq!(graph.steps(), [start("c")]);
    }

    #[test]
    fn skips_and_failures_travel_on_until_a_rule_stops_them() {
        let mut graph = graph(vec![
            node("a", &[], "all_success"),
            node("b", &["a"], "all_success"),
            node("c", &["b"], "all_success"),
            node("d", &["c"], "all_done"),
        ]);
        graph.steps();
        graph.end(&key("a"), TaskState::Skipped);
        assert_eq!(
            graph.steps(),
            [
                Step::Settled(key("b"), TaskState::Skipped),
                Step::Settled(key("c"), TaskState::Skipped),
                start("d"),
            ]
        );
    }

    #[test]
    fn other_operators_keep_the_order_and_end_as_assumed() {
        let mut between = node("python", &["a"], "all_success");
        between.assumed = Some(TaskState::Success);
        let mut graph = graph(vec![
            node("a", &[], "all_success"),
            between,
            node("b", &["python"], "all_success"),
        ]);
        assert_eq!(graph.steps(), [start("a")]);
        graph.end(&key("a"), TaskState::Success);
        assert_eq!(graph.steps(), [Step::Settled(key("python"), TaskState::Success), start("b")]);
    }

    #[test]
    fn what_is_missing_is_assumed_and_said() {
        let nodes = vec![node("a", &["gone"], "all_success")];
        let (mut graph, added) = Graph::new(nodes, TaskState::Failed).unwrap();
        assert_eq!(added, [key("gone")]);
        assert_eq!(
            graph.steps(),
            [
                Step::Settled(key("gone"), TaskState::Failed),
                Step::Settled(key("a"), TaskState::UpstreamFailed)
            ]
        );
    }

    #[test]
    fn instances_of_a_mapped_task_all_count() {
        let mut first = node("m", &[], "all_success");
        first.key.2 = Some(0);
        let mut second = first.clone();
        second.key.2 = Some(1);
        let (first_key, second_key) = (first.key.clone(), second.key.clone());
        let mut graph = graph(vec![first, second, node("end", &["m"], "all_success")]);
        graph.steps();
        graph.end(&first_key, TaskState::Success);
        assert_eq!(graph.steps(), []);
        graph.end(&second_key, TaskState::Failed);
        assert_eq!(graph.steps(), [Step::Settled(key("end"), TaskState::UpstreamFailed)]);
    }

    #[test]
    fn circles_and_doubles_are_refused() {
        let circle = vec![node("a", &["b"], "all_success"), node("b", &["a"], "all_success")];
        assert!(
            matches!(Graph::new(circle, TaskState::Success), Err(GraphError::Cycle(left)) if left.len() == 2)
        );
        let double = vec![node("a", &[], "all_success"), node("a", &[], "all_success")];
        assert!(matches!(Graph::new(double, TaskState::Success), Err(GraphError::Duplicate(..))));
    }

    #[test]
    fn cancelling_ends_what_has_not_started() {
        let mut graph =
            graph(vec![node("a", &[], "all_success"), node("b", &["a"], "all_success")]);
        graph.steps();
        assert_eq!(graph.cancel(), [key("b")]);
        assert_eq!(graph.steps(), []);
    }
}
