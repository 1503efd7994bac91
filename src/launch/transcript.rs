//! What the containers of one pod say: lines for the log, messages for the session.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::events::{Event, Teller};
use super::logs::{Heard, LogLine};
use crate::pipes::{Fault, Line, Message, Session, parse_line};

/// How many lines of each container are kept for the report of a failure.
const TAIL: usize = 25;
/// Stands for every container.
const ALL: &str = "*";
/// How much of a faulty line is told.
const FAULTY: usize = 1000;

/// Takes lines apart and tells what they say.
pub(super) struct Transcript {
    teller: Teller,
    session: Session,
    tails: BTreeMap<String, VecDeque<String>>,
    /// Containers whose log was not read to its end.
    incomplete: BTreeSet<String>,
}

impl Transcript {
    pub(super) fn new(teller: Teller) -> Self {
        Self {
            teller,
            session: Session::default(),
            tails: BTreeMap::new(),
            incomplete: BTreeSet::new(),
        }
    }

    /// Takes what a follower heard. Gives the reason if it means that the log cannot be read at all.
    pub(super) fn hear(&mut self, heard: Heard) -> Option<String> {
        match heard {
            Heard::Lines { container, lines } => {
                for line in lines {
                    self.line(&container, &line);
                }
                None
            }
            Heard::Reopened { container, reason } => {
                self.teller.tell(Event::LogReopened { container, reason });
                None
            }
            Heard::Incomplete { container, error } => {
                let reason = error.to_string();
                self.incomplete.insert(container.clone());
                self.teller.tell(Event::LogIncomplete { container, reason: reason.clone() });
                error.is_lack_of_rights().then_some(reason)
            }
        }
    }

    fn line(&mut self, container: &str, line: &LogLine) {
        let text = line.text();
        match parse_line(&text) {
            Line::Text => {
                let tail = self.tails.entry(container.to_owned()).or_default();
                if tail.len() == TAIL {
                    tail.pop_front();
                }
                tail.push_back(text.clone());
                self.teller.tell(Event::Log {
                    container: container.into(),
                    written: line.time,
                    text,
                });
            }
            Line::Message(message, faults) => {
                if let Some(warning) = self.session.take(&message) {
                    let message = warning.to_string();
                    self.teller.tell(Event::ProtocolWarning { message, detail: warning });
                }
                for fault in faults {
                    self.fault(container, fault, &text);
                }
                self.teller.tell(told(message));
            }
            Line::Fault(fault) => self.fault(container, fault, &text),
        }
    }

    fn fault(&mut self, container: &str, fault: Fault, line: &str) {
        self.session.fault(fault.clone());
        self.teller.tell(Event::ProtocolFault {
            container: container.into(),
            message: fault.to_string(),
            detail: fault,
            line: line.chars().take(FAULTY).collect(),
        });
    }

    /// Says that the rest of the logs was given up.
    pub(super) fn cut_short(&mut self, after: Duration) {
        self.incomplete.insert(ALL.to_owned());
        let reason = format!("the rest could not be read within {} s", after.as_secs());
        self.teller.tell(Event::LogIncomplete { container: ALL.into(), reason });
    }

    /// Ends the conversation. Gives what was reported and the last lines of a container.
    pub(super) fn finish(mut self, container: Option<&str>, read: bool) -> (Session, Vec<String>) {
        let is_whole =
            |name: &str| !self.incomplete.contains(name) && !self.incomplete.contains(ALL);
        let is_whole = container.is_none_or(is_whole);
        if read && let Some(warning) = self.session.finish(is_whole) {
            self.teller
                .tell(Event::ProtocolWarning { message: warning.to_string(), detail: warning });
        }
        let tail = container.and_then(|name| self.tails.remove(name)).unwrap_or_default();
        (self.session, tail.into())
    }
}

fn told(message: Message) -> Event {
    match message {
        Message::Opened { extras } => Event::PipesOpened { extras },
        Message::Closed { exception } => Event::PipesClosed { exception },
        Message::Log { level, message } => Event::PipesLog { level, message },
        Message::Materialization(report) => Event::Materialization { report },
        Message::Check(report) => Event::AssetCheck { report },
        Message::Custom(payload) => Event::CustomMessage { payload },
        Message::External { stream, text } => Event::External { stream, text },
    }
}
