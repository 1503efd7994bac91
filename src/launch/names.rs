//! Names and labels of pods.
//!
//! A pod's name has the form Dagster gives it. Its ten digits are not random: they are drawn from the
//! run, the task and the attempt, so that the same attempt always asks for the same pod. A create call that is
//! sent twice, or by two processes, then ends in a conflict instead of in two pods.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// What one pod is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Airflow DAG id.
    pub dag: String,
    /// Airflow task id, with the prefixes of its groups.
    pub task: String,
    /// Index of a mapped task.
    pub map_index: Option<u32>,
    /// Run id.
    pub run: String,
    /// Attempt, from 1.
    pub attempt: u32,
}

/// Label with the DAG of a pod.
pub const DAG_LABEL: &str = "podlift/dag";
/// Label with the task of a pod.
pub const TASK_LABEL: &str = "podlift/task";
/// Label with the index of a mapped task.
pub const MAP_INDEX_LABEL: &str = "podlift/map-index";
/// Label with the run of a pod.
pub const RUN_LABEL: &str = "podlift/run";
/// Label with the attempt of a pod.
pub const ATTEMPT_LABEL: &str = "podlift/attempt";

impl Identity {
    /// The name of the pod: `dagster-`, 18 characters of the run, 20 of the task, ten digits.
    pub fn pod_name(&self) -> String {
        let run: String = self.run.chars().map(name_character).take(18).collect();
        let task: String = self
            .task
            .to_lowercase()
            .replace('_', "-")
            .chars()
            .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-')
            .take(20)
            .collect();
        format!("dagster-{run}-{task}-{:010}", self.number() % 10_000_000_000)
    }

    /// The labels that find the pod again.
    pub fn labels(&self) -> Vec<(&'static str, String)> {
        let mut labels = vec![
            (DAG_LABEL, label_value(&self.dag)),
            (TASK_LABEL, label_value(&self.task)),
            (RUN_LABEL, label_value(&self.run)),
            (ATTEMPT_LABEL, self.attempt.to_string()),
        ];
        if let Some(index) = self.map_index {
            labels.push((MAP_INDEX_LABEL, index.to_string()));
        }
        labels
    }

    /// The task id as people write it, with the index of a mapped task.
    pub fn task_name(&self) -> String {
        match self.map_index {
            Some(index) => format!("{}[{index}]", self.task),
            None => self.task.clone(),
        }
    }

    /// Whether two pods are attempts of the same task in the same run.
    pub fn same_task(&self, other: &Self) -> bool {
        self.dag == other.dag
            && self.task == other.task
            && self.map_index == other.map_index
            && self.run == other.run
    }

    fn number(&self) -> u64 {
        let index = self.map_index.map_or_else(String::new, |index| index.to_string());
        let attempt = self.attempt.to_string();
        let hash = digest(&[&self.dag, &self.task, &index, &self.run, &attempt]);
        hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

fn digest(parts: &[&str]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().to_vec()
}

fn name_character(c: char) -> char {
    let c = c.to_ascii_lowercase();
    if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' }
}

/// The value of a label for any text: the text itself when Kubernetes accepts it, otherwise its readable
/// part and a hash, so that different texts never share a label.
pub fn label_value(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let safe: String = text.chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    let ends = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    if safe == text && text.len() <= 63 && ends(text) {
        return safe;
    }
    let hash: String = digest(&[text]).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let readable: String = safe.chars().take(54).collect();
    let readable = readable.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    if readable.is_empty() { hash } else { format!("{readable}-{hash}") }
}

/// A run id nobody has used: the time and the process make it unique, a hash gives it the shape of Dagster's.
pub fn new_run_id(now: Timestamp, process: u32) -> String {
    let hash = digest(&[&now.as_nanosecond().to_string(), &process.to_string()]);
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let mut id = String::new();
    for (at, c) in hex.chars().enumerate() {
        if matches!(at, 8 | 12 | 16 | 20) {
            id.push('-');
        }
        id.push(c);
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn identity(task: &str, run: &str, attempt: u32) -> Identity {
        Identity { dag: "d".into(), task: task.into(), map_index: None, run: run.into(), attempt }
    }

    #[test]
    fn names_have_the_form_of_dagster() {
        let run = "025e8b75-859c-4d95-9f21-0123456789ab";
        for (task, expected) in [
            ("my_asset", "dagster-025e8b75-859c-4d95-my-asset-"),
            ("My_Op__Name.with$chars", "dagster-025e8b75-859c-4d95-my-op--namewithchars-"),
            ("___", "dagster-025e8b75-859c-4d95-----"),
        ] {
            let name = identity(task, run, 1).pod_name();
            assert_eq!(name.strip_prefix(expected).map(str::len), Some(10), "{name}");
        }
    }

    #[test]
    fn an_attempt_keeps_its_name_and_another_gets_its_own() {
        assert_eq!(identity("a", "r", 1).pod_name(), identity("a", "r", 1).pod_name());
        assert_ne!(identity("a", "r", 1).pod_name(), identity("a", "r", 2).pod_name());
        assert_ne!(identity("a_b", "r", 1).pod_name(), identity("a-b", "r", 1).pod_name());
    }

    #[test]
    fn run_ids_have_the_shape_of_a_uuid() {
        let id = new_run_id(Timestamp::UNIX_EPOCH, 1);
        assert_eq!(id.len(), 36);
        assert_ne!(id, new_run_id(Timestamp::UNIX_EPOCH, 2));
    }

    proptest! {
        #[test]
        fn every_text_makes_a_legal_label(text in ".{0,80}") {
            let value = label_value(&text);
            prop_assert!(value.len() <= 63);
            prop_assert!(value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)));
            prop_assert!(value.starts_with(|c: char| c.is_ascii_alphanumeric()));
            prop_assert!(value.ends_with(|c: char| c.is_ascii_alphanumeric()));
        }

        #[test]
        fn every_task_makes_a_legal_name(task in ".{0,80}", run in ".{0,80}", attempt in 1u32..9) {
            let name = identity(&task, &run, attempt).pod_name();
            prop_assert!(name.len() <= 63, "{}", name);
            prop_assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
        }
    }
}
