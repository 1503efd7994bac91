//! What an earlier run left behind in writing, and which of its tasks need not be run again.
//!
//! Both files that `podlift run` writes will do: the result, and the events, which are there also when
//! podlift itself was killed.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

use super::events::EVENTS_FORMAT;
use super::graph::Key;
use super::rules::TaskState;
use super::run::RESULT_FORMAT;

/// An earlier run, as far as it matters to the next one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Earlier {
    /// Run id.
    pub run: String,
    /// Its tasks.
    pub tasks: BTreeMap<Key, EarlierTask>,
}

/// A task of an earlier run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EarlierTask {
    /// How it ended, if it did.
    pub state: Option<TaskState>,
    /// The number of its last attempt that ended; 0 if none did.
    pub attempts: u32,
}

/// Why a file tells nothing about an earlier run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResumeError {
    /// It is something else.
    #[error("it is neither a result nor a file of events of `podlift run`")]
    Format,
    /// It is broken.
    #[error("line {line}: {reason}")]
    Broken {
        /// Where.
        line: usize,
        /// Why.
        reason: String,
    },
    /// It tells of other runs only.
    #[error("it does not tell of run `{0}`")]
    NoRun(String),
}

#[derive(Deserialize)]
struct ResultFile {
    run: String,
    tasks: Vec<ResultTask>,
}

#[derive(Deserialize)]
struct ResultTask {
    dag: String,
    task: String,
    state: TaskState,
    attempts: Vec<ResultAttempt>,
}

#[derive(Deserialize)]
struct ResultAttempt {
    attempt: u32,
}

#[derive(Deserialize)]
struct Line {
    run: String,
    event: String,
    #[serde(default)]
    format: String,
    #[serde(default)]
    dag: String,
    task: Option<String>,
    #[serde(default)]
    attempt: u32,
    state: Option<TaskState>,
}

impl Earlier {
    /// Reads a result, or events. Of several runs in one file of events the last counts, unless `run` names one.
    ///
    /// # Errors
    /// When the text is neither, or does not tell of that run.
    pub fn read(text: &str, run: Option<&str>) -> Result<Self, ResumeError> {
        let earlier = match serde_json::from_str::<Json>(text) {
            Ok(result) if result.get("format").and_then(Json::as_str) == Some(RESULT_FORMAT) => {
                Self::of_result(result)?
            }
            _ => Self::of_events(text, run)?,
        };
        match run {
            Some(run) if run != earlier.run => Err(ResumeError::NoRun(run.into())),
            _ => Ok(earlier),
        }
    }

    fn of_result(result: Json) -> Result<Self, ResumeError> {
        let result: ResultFile = serde_json::from_value(result)
            .map_err(|error| ResumeError::Broken { line: 1, reason: error.to_string() })?;
        let tasks = result.tasks.into_iter().map(|task| {
            let attempts = task.attempts.iter().map(|it| it.attempt).max().unwrap_or(0);
            (key(task.dag, &task.task), EarlierTask { state: Some(task.state), attempts })
        });
        Ok(Self { run: result.run, tasks: tasks.collect() })
    }

    fn of_events(text: &str, run: Option<&str>) -> Result<Self, ResumeError> {
        let mut runs: BTreeMap<String, Self> = BTreeMap::new();
        let mut last = None;
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let line: Line = match serde_json::from_str(line) {
                Ok(line) => line,
                Err(_) if at == 0 => return Err(ResumeError::Format),
                // Who is killed while writing leaves half a line. What it said counts as not done.
                Err(_) => continue,
            };
            if line.event == "run_started" && line.format == EVENTS_FORMAT {
                last = Some(line.run.clone());
            }
            let earlier = runs.entry(line.run.clone()).or_default();
            earlier.run.clone_from(&line.run);
            let Some(task) = &line.task else { continue };
            let task = earlier.tasks.entry(key(line.dag, task)).or_default();
            match line.event.as_str() {
                "attempt_started" => task.state = None,
                "attempt_finished" => task.attempts = task.attempts.max(line.attempt),
                "task_finished" => task.state = line.state,
                _ => {}
            }
        }
        let last = last.ok_or(ResumeError::Format)?;
        let wanted = run.map_or(last, str::to_owned);
        runs.remove(&wanted).ok_or(ResumeError::NoRun(wanted))
    }

    /// How a task ended, if it need not be run again: its pod ran, and it succeeded or said that there is nothing to
    /// do. What was only skipped because of other tasks is decided anew.
    pub fn done(&self, key: &Key) -> Option<TaskState> {
        let task = self.tasks.get(key).filter(|task| task.attempts > 0)?;
        task.state.filter(|state| matches!(state, TaskState::Success | TaskState::Skipped))
    }

    /// The number of the last attempt of a task that ended.
    pub fn attempts(&self, key: &Key) -> u32 {
        self.tasks.get(key).map_or(0, |task| task.attempts)
    }
}

/// Takes `load[3]` apart.
fn key(dag: String, name: &str) -> Key {
    let indexed = name
        .strip_suffix(']')
        .and_then(|rest| rest.rsplit_once('['))
        .and_then(|(task, index)| Some((task, index.parse().ok()?)));
    match indexed {
        Some((task, index)) => (dag, task.to_owned(), Some(index)),
        None => (dag, name.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn at(task: &str, index: Option<u32>) -> Key {
        ("d".into(), task.into(), index)
    }

    #[test]
    fn a_result_tells_what_is_done() {
        let text = r#"{"format": "podlift-result/v1", "run": "r", "tasks": [
            {"dag": "d", "task": "a", "state": "success", "attempts": [{"attempt": 1}, {"attempt": 2}]},
            {"dag": "d", "task": "m[1]", "state": "failed", "attempts": [{"attempt": 3}]},
            {"dag": "d", "task": "s", "state": "skipped", "attempts": []}]}"#;
        let earlier = Earlier::read(text, None).unwrap();
        assert_eq!(earlier.done(&at("a", None)), Some(TaskState::Success));
        assert_eq!(earlier.done(&at("m", Some(1))), None);
        assert_eq!(earlier.attempts(&at("m", Some(1))), 3);
        assert_eq!(earlier.done(&at("s", None)), None);
        assert_eq!(Earlier::read(text, Some("x")), Err(ResumeError::NoRun("x".into())));
    }

    #[test]
    fn events_tell_it_also_when_podlift_was_killed() {
        let text = concat!(
            r#"{"run": "old", "event": "run_started", "format": "podlift-events/v1"}"#,
            "\n",
            r#"{"run": "r", "event": "run_started", "format": "podlift-events/v1"}"#,
            "\n",
            r#"{"run": "r", "dag": "d", "task": "a", "attempt": 1, "event": "attempt_started"}"#,
            "\n",
            r#"{"run": "r", "dag": "d", "task": "a", "attempt": 1, "event": "attempt_finished"}"#,
            "\n",
            r#"{"run": "r", "dag": "d", "task": "a", "attempt": 1, "event": "task_finished", "state": "success"}"#,
            "\n",
            r#"{"run": "r", "dag": "d", "task": "b", "attempt": 1, "event": "attempt_started"}"#,
            "\n",
            r#"{"run": "r", "dag": "d", "ta"#,
        );
        let earlier = Earlier::read(text, None).unwrap();
        assert_eq!(earlier.run, "r");
        assert_eq!(earlier.done(&at("a", None)), Some(TaskState::Success));
        assert_eq!((earlier.done(&at("b", None)), earlier.attempts(&at("b", None))), (None, 0));
        assert_eq!(Earlier::read(text, Some("old")).unwrap().tasks.len(), 0);
    }

    #[test]
    fn half_a_line_in_the_middle_hides_nothing_else() {
        let text = concat!(
            r#"{"run": "r", "event": "run_started", "format": "podlift-events/v1"}"#,
            "\n",
            r#"{"run": "r", "dag": "d", "ta"#,
            "\n",
            r#"{"run": "r", "dag": "d", "task": "a", "attempt": 1, "event": "attempt_finished"}"#,
            "\n",
            r#"{"run": "r", "dag": "d", "task": "a", "attempt": 1, "event": "task_finished", "state": "success"}"#,
            "\n",
        );
        let earlier = Earlier::read(text, None).unwrap();
        assert_eq!(earlier.done(&at("a", None)), Some(TaskState::Success));
    }

    #[test]
    fn other_files_are_refused() {
        for text in ["", "{}", "hello", "{\"run\": \"r\", \"event\": \"log\"}"] {
            assert_eq!(Earlier::read(text, None), Err(ResumeError::Format), "{text}");
        }
    }
}
