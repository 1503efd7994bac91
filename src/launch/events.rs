//! What happens during a run, as it is told: one [`Record`] after the other, in order.
//!
//! The launcher only tells. A [`Sink`] decides what becomes of it: lines on a terminal, JSON Lines in a file, or
//! nothing. The JSON of a record is a documented format (`podlift schema events`): fields are added, never
//! renamed.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use super::names::Identity;
use super::outcome::Outcome;
use super::rules::TaskState;
use super::state::Stage;
use crate::diag::escape::json_text;
use crate::pipes::{AssetCheck, Exception, Fault, Materialization, Stream, Warning};

/// The format of [`Record`]s.
pub const EVENTS_FORMAT: &str = "podlift-events/v1";

/// Something that happened, with when and to whom.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Record {
    /// When podlift noticed it.
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// Run id.
    pub run: String,
    /// DAG id; absent when it concerns the whole run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dag: Option<String>,
    /// Task id, with the index of a mapped task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// Attempt, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A run begins.
    RunStarted {
        /// Format of the records: `podlift-events/v1`. Fields and events are added to it, never renamed.
        #[schemars(extend("const" = EVENTS_FORMAT))]
        format: String,
        /// The release of podlift.
        podlift: String,
        /// Tasks it consists of.
        tasks: usize,
    },
    /// An attempt begins.
    AttemptStarted {
        /// Attempts there may be.
        of: u32,
    },
    /// The pod was created.
    PodCreated {
        /// Name.
        pod: String,
        /// Namespace.
        namespace: String,
    },
    /// A pod of the same run was found, and is watched instead of making another.
    PodReattached {
        /// Name.
        pod: String,
        /// Namespace.
        namespace: String,
    },
    /// The pod got further.
    PodStage {
        /// How far it is.
        stage: Stage,
        /// Its node.
        #[serde(skip_serializing_if = "Option::is_none")]
        node: Option<String>,
    },
    /// What the pod is waiting for.
    PodWaiting {
        /// In the words of the cluster.
        message: String,
    },
    /// Something the cluster says about the pod.
    PodEvent {
        /// What it says.
        #[serde(flatten)]
        said: PodEvent,
    },
    /// A line of output.
    Log {
        /// Container.
        container: String,
        /// When it was written.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        written: Option<Timestamp>,
        /// The line.
        text: String,
    },
    /// A log stream was lost and opened again where it was. Lines that are gone from the server by then are told as
    /// [`Event::LogIncomplete`].
    LogReopened {
        /// Container.
        container: String,
        /// Why.
        reason: String,
    },
    /// A log could not be read to its end.
    LogIncomplete {
        /// Container.
        container: String,
        /// Why.
        reason: String,
    },
    /// The process opened Pipes.
    PipesOpened {
        /// What it says about itself.
        extras: Json,
    },
    /// The process closed Pipes.
    PipesClosed {
        /// The exception that ended it.
        #[serde(skip_serializing_if = "Option::is_none")]
        exception: Option<Exception>,
    },
    /// A log message sent through Pipes.
    PipesLog {
        /// `DEBUG`, `INFO`, `WARNING`, `ERROR` or `CRITICAL`.
        level: String,
        /// The text.
        message: String,
    },
    /// An asset was reported.
    Materialization {
        /// The report.
        #[serde(flatten)]
        report: Materialization,
    },
    /// A check was reported.
    AssetCheck {
        /// The report.
        #[serde(flatten)]
        report: AssetCheck,
    },
    /// A custom message.
    CustomMessage {
        /// What was sent.
        payload: Json,
    },
    /// Output of a further process, sent through Pipes.
    External {
        /// Its stream.
        stream: Stream,
        /// The text.
        text: String,
    },
    /// A line that wanted to be a message, or a part of one that was left out.
    ProtocolFault {
        /// Container.
        container: String,
        /// What is wrong.
        message: String,
        /// In detail.
        detail: Fault,
        /// The line, at most 1000 characters of it.
        line: String,
    },
    /// Something about the conversation that the user should know.
    ProtocolWarning {
        /// In words.
        message: String,
        /// In detail.
        detail: Warning,
    },
    /// A call to the API failed and is repeated.
    ApiRetry {
        /// Why.
        reason: String,
        /// After this many seconds.
        delay_seconds: f64,
    },
    /// podlift asks the pod to end.
    Stopping {
        /// Why.
        reason: String,
    },
    /// The pod was deleted.
    PodDeleted {
        /// Name.
        pod: String,
    },
    /// The pod was left in the cluster, as asked.
    PodKept {
        /// Name.
        pod: String,
    },
    /// The pod could not be deleted. It does not change the outcome.
    CleanupFailed {
        /// Name.
        pod: String,
        /// Why.
        reason: String,
    },
    /// An attempt has ended.
    AttemptFinished {
        /// How.
        outcome: Outcome,
        /// In words.
        message: String,
    },
    /// Another attempt follows.
    Retrying {
        /// After this many seconds.
        delay_seconds: f64,
    },
    /// No further attempt is made although some are left.
    NotRetried {
        /// Why.
        reason: String,
    },
    /// A task is not run but assumed to end in a certain way.
    TaskAssumed {
        /// How.
        state: TaskState,
        /// Why it is not run.
        why: String,
    },
    /// A task has ended.
    TaskFinished {
        /// How.
        state: TaskState,
        /// In words.
        message: String,
    },
    /// The run has ended.
    RunFinished {
        /// Whether every task counts as done.
        success: bool,
        /// In words.
        message: String,
    },
}

/// Something the cluster says about a pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PodEvent {
    /// `Normal` or `Warning`.
    #[serde(rename = "type")]
    pub kind: String,
    /// One word.
    pub reason: String,
    /// The words of the cluster.
    pub message: String,
    /// How often.
    pub count: u64,
}

/// How often a full sink is looked at again.
const LOOK: Duration = Duration::from_millis(20);

/// Where records go. It is called from many tasks at once, and holds none of them up.
pub trait Sink: Send + Sync {
    /// Takes one record; who keeps it shares it.
    fn take(&self, record: &Arc<Record>);

    /// Whether it is so far behind that nothing more of a log should be read now.
    fn is_full(&self) -> bool {
        false
    }
}

/// Tells sinks what happens to one task, or to the whole run.
#[derive(Clone)]
pub struct Teller {
    sinks: Arc<Vec<Box<dyn Sink>>>,
    run: String,
    identity: Option<Identity>,
}

impl Teller {
    /// Tells about a run.
    pub fn new(run: &str, sinks: Vec<Box<dyn Sink>>) -> Self {
        Self { sinks: Arc::new(sinks), run: run.into(), identity: None }
    }

    /// Tells about one attempt of a task of the same run.
    #[must_use]
    pub fn about(&self, identity: &Identity) -> Self {
        Self { identity: Some(identity.clone()), ..self.clone() }
    }

    /// Waits until no sink is full. Who reads a log waits here, so that a log is read as fast as it is shown, while
    /// limits, signals and other tasks wait for nobody.
    pub async fn room(&self) {
        while self.sinks.iter().any(|sink| sink.is_full()) {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Tells.
    pub fn tell(&self, event: Event) {
        let record = Arc::new(Record {
            time: Timestamp::now(),
            run: self.run.clone(),
            dag: self.identity.as_ref().map(|identity| identity.dag.clone()),
            task: self.identity.as_ref().map(Identity::task_name),
            attempt: self.identity.as_ref().map(|identity| identity.attempt),
            event,
        });
        for sink in self.sinks.iter() {
            sink.take(&record);
        }
    }
}

/// Writes each record as one line of JSON and flushes it, so that a reader sees it at once.
pub struct JsonLines<W> {
    to: Mutex<W>,
    failed: Arc<Mutex<Option<String>>>,
}

impl<W: Write + Send> JsonLines<W> {
    /// Writes to `to`. The first error of writing is kept in the second value; the run goes on.
    pub fn new(to: W) -> (Self, Arc<Mutex<Option<String>>>) {
        let failed = Arc::new(Mutex::new(None));
        (Self { to: Mutex::new(to), failed: failed.clone() }, failed)
    }
}

impl<W: Write + Send> Sink for JsonLines<W> {
    fn take(&self, record: &Arc<Record>) {
        let mut to = self.to.lock().unwrap_or_else(PoisonError::into_inner);
        // One write per line, so that several programs may append to one file.
        let written = serde_json::to_string(&**record)
            .map_err(std::io::Error::from)
            .and_then(|line| to.write_all(format!("{}\n", json_text(&line)).as_bytes()))
            .and_then(|()| to.flush());
        if let Err(error) = written {
            self.failed
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get_or_insert_with(|| error.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use std::io;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_record_is_one_line_with_the_event_beside_its_task() {
        let buffer = Buffer::default();
        let (sink, failed) = JsonLines::new(buffer.clone());
        let identity = Identity {
            dag: "d".into(),
            task: "t".into(),
            map_index: Some(2),
            run: "r".into(),
            attempt: 1,
        };
        let teller = Teller::new("r", vec![Box::new(sink)]);
        teller.about(&identity).tell(Event::PodDeleted { pod: "p".into() });
        teller.tell(Event::RunFinished { success: true, message: "a\nb\u{9b}\u{202e}".into() });
        let text = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains(r"a\nb\u009b\u202e"), "{text}");
        let lines: Vec<Json> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(
            (&lines[0]["event"], &lines[0]["task"], &lines[0]["attempt"]),
            (&"pod_deleted".into(), &"t[2]".into(), &1.into())
        );
        assert_eq!((&lines[1]["event"], lines[1].get("task")), (&"run_finished".into(), None));
        assert_eq!(*failed.lock().unwrap(), None);
    }
}
