//! One event as one line for people.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use serde_json::Value as Json;

use crate::diag::escape::{push_visible, visible};
use crate::launch::events::{Event, Record};
use crate::launch::outcome::Outcome;
use crate::launch::rules::TaskState;
use crate::launch::state::Stage;
use crate::pipes::{self, Exception, MetadataValue};

/// How lines are written.
pub(super) struct Lines {
    /// With colours.
    pub(super) color: bool,
    /// With the DAG before the task, where there are several.
    pub(super) with_dag: bool,
}

/// How a line stands out.
enum Tone {
    /// Output of the pod.
    Plain,
    /// What podlift does.
    Quiet,
    /// Something good to know.
    Good,
    Warning,
    Error,
}

impl Tone {
    fn style(&self) -> Style {
        match self {
            Self::Plain => Style::new(),
            Self::Quiet => Style::new().dimmed(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Warning => AnsiColor::Yellow.on_default(),
            Self::Error => AnsiColor::Red.on_default(),
        }
    }
}

impl Lines {
    /// The line of an event, if it has one.
    pub(super) fn line(&self, record: &Record) -> Option<String> {
        let (tone, text) = words(&record.event)?;
        let mut line = String::with_capacity(text.len() + 32);
        let (dim, style) =
            if self.color { (Tone::Quiet.style(), tone.style()) } else { Default::default() };
        let seconds = record.time.as_second().rem_euclid(86_400);
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let task = self.task(record);
        // Writing to a String cannot fail.
        let _ = write!(line, "{dim}{hours:02}:{minutes:02}:{seconds:02}{dim:#} {task}{style}");
        for char in text.chars() {
            // Tabs are harmless and common in logs.
            if char == '\t' { line.push(char) } else { push_visible(&mut line, char) }
        }
        let _ = write!(line, "{style:#}");
        Some(line)
    }

    fn task(&self, record: &Record) -> String {
        match (&record.dag, &record.task) {
            (Some(dag), Some(task)) if self.with_dag => {
                format!("{}.{} ", visible(dag), visible(task))
            }
            (_, Some(task)) => format!("{} ", visible(task)),
            _ => String::new(),
        }
    }
}

fn words(event: &Event) -> Option<(Tone, String)> {
    use Tone::{Error, Good, Plain, Quiet, Warning};
    Some(match event {
        Event::Log { container, text, .. } => (Plain, format!("{container} | {text}")),
        Event::External { text, .. } => (Plain, format!("pipes | {}", text.trim_end_matches('\n'))),
        Event::PipesLog { level, message } => {
            let tone = match level.as_str() {
                "WARNING" => Warning,
                "ERROR" | "CRITICAL" => Error,
                _ => Plain,
            };
            (tone, format!("{level} {message}"))
        }
        Event::Materialization { report } => {
            let version = report
                .data_version
                .as_ref()
                .map_or_else(String::new, |it| format!(" version {it}"));
            let metadata = metadata(&report.metadata);
            (Good, format!("materialized {}{version}{metadata}", report.asset_key))
        }
        Event::AssetCheck { report } => {
            let metadata = metadata(&report.metadata);
            let text = |word| {
                format!("check {} of {} {word}{metadata}", report.check_name, report.asset_key)
            };
            match (report.passed, report.severity.as_str()) {
                (true, _) => (Good, text("passed")),
                (false, "WARN") => (Warning, text("failed (warning)")),
                (false, _) => (Error, text("failed")),
            }
        }
        Event::CustomMessage { payload } => (Plain, format!("message {payload}")),
        Event::PipesClosed { exception: Some(exception) } => {
            (Error, format!("raised {}", raised(exception)))
        }
        Event::RunStarted { tasks, .. } => {
            (Quiet, format!("{tasks} {}", if *tasks == 1 { "task" } else { "tasks" }))
        }
        Event::AttemptStarted { .. } | Event::PipesOpened { .. } | Event::PipesClosed { .. } => {
            return None;
        }
        Event::PodCreated { pod, namespace } => {
            (Quiet, format!("pod {pod} created in namespace {namespace}"))
        }
        Event::PodReattached { pod, namespace } => {
            (Quiet, format!("goes on with pod {pod} in namespace {namespace}"))
        }
        Event::PodStage { stage, node } => {
            let node = node.as_ref().map_or_else(String::new, |node| format!(" on {node}"));
            match stage {
                Stage::Pending => return None,
                Stage::Scheduled => (Quiet, format!("scheduled{node}")),
                Stage::Running => (Quiet, format!("running{node}")),
                Stage::Ended => (Quiet, "pod ended".to_owned()),
            }
        }
        Event::PodWaiting { message } => (Warning, format!("waiting: {message}")),
        Event::PodEvent { said } => (Warning, format!("{}: {}", said.reason, said.message)),
        Event::LogReopened { container, reason } => {
            (Quiet, format!("log of {container} opened again where it was ({reason})"))
        }
        Event::LogIncomplete { container, reason } => {
            (Error, format!("log of {container} is incomplete: {reason}"))
        }
        Event::ProtocolFault { message, line, .. } => (Warning, format!("{message}: {line}")),
        Event::ProtocolWarning { detail: pipes::Warning::NeverOpened, .. } => {
            (Quiet, "Pipes was never opened, so nothing was reported".to_owned())
        }
        Event::ProtocolWarning { message, .. } => (Quiet, message.clone()),
        Event::ApiRetry { reason, delay_seconds } => {
            (Warning, format!("{reason}; again in {delay_seconds:.1} s"))
        }
        Event::Stopping { reason } => (Warning, format!("stopping the pod: {reason}")),
        Event::PodDeleted { pod } => (Quiet, format!("pod {pod} deleted")),
        Event::PodKept { pod } => (Quiet, format!("pod {pod} is left in the cluster")),
        Event::CleanupFailed { pod, reason } => {
            (Error, format!("pod {pod} may be left in the cluster: {reason}"))
        }
        Event::AttemptFinished { outcome, message } => match outcome {
            // The task tells it.
            Outcome::Succeeded | Outcome::Skipped { .. } | Outcome::Cancelled => return None,
            _ => (Error, message.clone()),
        },
        Event::Retrying { delay_seconds } => {
            (Warning, format!("tries again in {delay_seconds:.0} s"))
        }
        Event::NotRetried { reason } => (Warning, format!("is not tried again: {reason}")),
        Event::TaskAssumed { state, why } => {
            (Quiet, format!("is not run and counts as {}: {why}", state.as_str()))
        }
        Event::TaskFinished { state, message } => match state {
            TaskState::Success => (Good, "succeeded".to_owned()),
            TaskState::Skipped => (Warning, message.clone()),
            // An attempt has told it.
            TaskState::Failed => return None,
            TaskState::UpstreamFailed | TaskState::Cancelled => (Warning, message.clone()),
        },
        Event::RunFinished { .. } => return None,
    })
}

fn metadata(values: &[(String, MetadataValue)]) -> String {
    let mut out = String::new();
    for (name, value) in values {
        let text = match &value.value {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        let _ = write!(out, ", {name}: {text}");
    }
    out
}

/// The exception and those behind it, the last one first.
fn raised(exception: &Exception) -> String {
    let mut text = exception.message.trim().to_owned();
    let mut behind = exception.cause.as_ref().or(exception.context.as_ref());
    while let Some(inner) = behind {
        let _ = write!(text, " (after {})", inner.message.trim());
        behind = inner.cause.as_ref().or(inner.context.as_ref());
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use jiff::Timestamp;

    fn line(event: Event) -> Option<String> {
        let record = Record {
            time: Timestamp::UNIX_EPOCH,
            run: "r".into(),
            dag: Some("d".into()),
            task: Some("t".into()),
            attempt: Some(1),
            event,
        };
        Lines { color: false, with_dag: false }.line(&record)
    }

    #[test]
    fn lines_of_pods_are_shown_as_they_are_and_cannot_repaint_the_terminal() {
        let log = |text: &str| {
            line(Event::Log { container: "base".into(), written: None, text: text.into() }).unwrap()
        };
        assert_eq!(log("a\tb"), "00:00:00 t base | a\tb");
        assert_eq!(log("\u{1b}[2J"), "00:00:00 t base | \\u{1b}[2J");
    }

    #[test]
    fn ids_cannot_repaint_the_terminal() {
        let record = Record {
            time: Timestamp::UNIX_EPOCH,
            run: "r".into(),
            dag: Some("d\u{202e}".into()),
            task: Some("t\u{1b}[2J".into()),
            attempt: None,
            event: Event::PodDeleted { pod: "p".into() },
        };
        let shown = Lines { color: false, with_dag: true }.line(&record).unwrap();
        assert_eq!(shown, "00:00:00 d\\u{202e}.t\\u{1b}[2J pod p deleted");
    }

    #[test]
    fn exceptions_name_what_was_behind_them() {
        let exception = |message: &str, cause| Exception {
            message: message.into(),
            stack: vec![],
            name: None,
            cause,
            context: None,
        };
        let behind = exception("ZeroDivisionError: division by zero\n", None);
        let event = Event::PipesClosed {
            exception: Some(exception("ValueError: boom\n", Some(Box::new(behind)))),
        };
        assert_eq!(
            line(event).unwrap(),
            "00:00:00 t raised ValueError: boom (after ZeroDivisionError: division by zero)"
        );
    }
}
