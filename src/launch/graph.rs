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

/// The tasks of a run and how far they are.
#[derive(Debug)]
pub struct Graph {
    nodes: Vec<Node>,
    /// States of the tasks that are done.
    done: BTreeMap<Key, TaskState>,
    started: BTreeSet<Key>,
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
        let graph = Self { nodes, done: BTreeMap::new(), started: BTreeSet::new() };
        graph.check_order()?;
        Ok((graph, added))
    }

    /// All that follows from the states so far: each task at most once.
    pub fn steps(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        // A settled task may settle those behind it.
        loop {
            let found =
                self.nodes.iter().filter(|node| !self.is_known(&node.key)).find_map(|node| {
                    let state = match node.rule.decide(&self.states_before(node)) {
                        Decision::Wait => return None,
                        Decision::Start => node.assumed,
                        Decision::Skip => Some(TaskState::Skipped),
                        Decision::UpstreamFailed => Some(TaskState::UpstreamFailed),
                    };
                    Some((node.key.clone(), state))
                });
            match found {
                None => return steps,
                Some((key, Some(state))) => {
                    self.done.insert(key.clone(), state);
                    steps.push(Step::Settled(key, state));
                }
                Some((key, None)) => {
                    self.started.insert(key.clone());
                    steps.push(Step::Start(key));
                }
            }
        }
    }

    /// Tells how a task ended.
    pub fn end(&mut self, key: &Key, state: TaskState) {
        self.done.insert(key.clone(), state);
    }

    /// Ends everything that has not started.
    pub fn cancel(&mut self) -> Vec<Key> {
        let left: Vec<Key> = self
            .nodes
            .iter()
            .map(|node| node.key.clone())
            .filter(|key| !self.is_known(key))
            .collect();
        for key in &left {
            self.done.insert(key.clone(), TaskState::Cancelled);
        }
        left
    }

    fn is_known(&self, key: &Key) -> bool {
        self.done.contains_key(key) || self.started.contains(key)
    }

    fn states_before(&self, node: &Node) -> Vec<Option<TaskState>> {
        self.before(node).map(|before| self.done.get(&before.key).copied()).collect()
    }

    fn before<'a>(&'a self, node: &'a Node) -> impl Iterator<Item = &'a Node> {
        self.nodes
            .iter()
            .filter(move |other| other.key.0 == node.key.0 && node.upstream.contains(&other.key.1))
    }

    fn check_order(&self) -> Result<(), GraphError> {
        let mut ordered: BTreeSet<&Key> = BTreeSet::new();
        loop {
            let ready: Vec<&Key> = self
                .nodes
                .iter()
                .filter(|node| !ordered.contains(&node.key))
                .filter(|node| self.before(node).all(|before| ordered.contains(&before.key)))
                .map(|node| &node.key)
                .collect();
            if ready.is_empty() {
                break;
            }
            ordered.extend(ready);
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
