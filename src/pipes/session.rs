//! What one run reported, and what it failed to report.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use super::{AssetCheck, Exception, Fault, Materialization, Message};

/// Something about the conversation that the user should know, although the pod may have succeeded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, JsonSchema)]
#[serde(tag = "warning", rename_all = "snake_case")]
pub enum Warning {
    /// No message at all came.
    #[error(
        "the process never opened Pipes: nothing was reported. That is normal for an image that does not use \
         dagster_pipes; otherwise look at its output"
    )]
    NeverOpened,
    /// The process opened Pipes and ended without closing it.
    #[error(
        "the process opened Pipes and never closed it: buffered messages may be missing. Use `with \
         open_dagster_pipes()`, or call `close()` before the process ends"
    )]
    NeverClosed,
    /// The log, which carries the messages, was not read to its end.
    #[error("part of the log could not be read: messages of the process may be missing")]
    LogIncomplete,
    /// Messages came before `opened`.
    #[error("the first Pipes message was `{method}` instead of `opened`")]
    BeforeOpened {
        /// The method of that message.
        method: String,
    },
    /// A message came after `closed`. It still counts.
    #[error("a Pipes message came after `closed`: {method}")]
    AfterClosed {
        /// The method of that message.
        method: String,
    },
    /// One asset was reported twice.
    #[error("asset `{asset_key}` was reported more than once")]
    RepeatedAsset {
        /// Escaped asset key.
        asset_key: String,
    },
}

/// The state of the conversation with one process.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
pub struct Session {
    /// Messages `opened`.
    pub opened: u32,
    /// Messages `closed`.
    pub closed: u32,
    /// Reported assets, in order.
    pub materializations: Vec<Materialization>,
    /// Reported checks, in order.
    pub checks: Vec<AssetCheck>,
    /// Custom messages, in order.
    pub custom_messages: Vec<Json>,
    /// The exception that closed Pipes.
    pub exception: Option<Exception>,
    /// Lines that wanted to be messages, and parts of messages that were left out.
    pub faults: Vec<Fault>,
    /// What the user should know. Complete only after [`Session::finish`].
    pub warnings: Vec<Warning>,
    #[serde(skip)]
    messages: u64,
    /// Keys of the reported assets.
    #[serde(skip)]
    reported: BTreeSet<String>,
}

impl Session {
    /// Takes one message; the warning it causes is also returned, to be told at once.
    pub fn take(&mut self, message: &Message) -> Option<Warning> {
        let method = message.method();
        let warning = if self.closed > 0 {
            Some(Warning::AfterClosed { method: method.into() })
        } else if self.messages == 0 && !matches!(message, Message::Opened { .. }) {
            Some(Warning::BeforeOpened { method: method.into() })
        } else {
            self.repeated(message)
        };
        self.messages += 1;
        match message {
            Message::Opened { .. } => self.opened += 1,
            Message::Closed { exception } => {
                self.closed += 1;
                if let Some(exception) = exception {
                    self.exception = Some(exception.clone());
                }
            }
            Message::Materialization(report) => self.materializations.push(report.clone()),
            Message::Check(report) => self.checks.push(report.clone()),
            Message::Custom(payload) => self.custom_messages.push(payload.clone()),
            Message::Log { .. } | Message::External { .. } => {}
        }
        self.warnings.extend(warning.clone());
        warning
    }

    /// Takes a fault.
    pub fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Says that the process has ended and whether its log was read to the end; returns the last warning.
    pub fn finish(&mut self, is_whole: bool) -> Option<Warning> {
        let warning = match (self.opened, self.closed, self.messages) {
            // What is missing may be in the part that was not read.
            _ if !is_whole => Some(Warning::LogIncomplete),
            (0, 0, 0) => Some(Warning::NeverOpened),
            (1.., 0, _) => Some(Warning::NeverClosed),
            _ => None,
        };
        self.warnings.extend(warning.clone());
        warning
    }

    fn repeated(&mut self, message: &Message) -> Option<Warning> {
        let Message::Materialization(report) = message else { return None };
        let is_new = self.reported.insert(report.asset_key.clone());
        (!is_new).then(|| Warning::RepeatedAsset { asset_key: report.asset_key.clone() })
    }
}

impl Message {
    /// The method that names the message in the protocol.
    pub fn method(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::Closed { .. } => "closed",
            Self::Log { .. } => "log",
            Self::Materialization(_) => "report_asset_materialization",
            Self::Check(_) => "report_asset_check",
            Self::Custom(_) => "report_custom_message",
            Self::External { .. } => "log_external_stream",
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]
    use super::super::{Line, MetadataType, parse_line};
    use super::*;

    fn opened() -> Message {
        Message::Opened { extras: Json::Null }
    }

    fn closed() -> Message {
        Message::Closed { exception: None }
    }

    fn asset(key: &str) -> Message {
        Message::Materialization(Materialization {
            asset_key: key.into(),
            data_version: None,
            metadata: vec![],
        })
    }

    fn warnings(messages: &[Message]) -> Vec<Warning> {
        let mut session = Session::default();
        for message in messages {
            session.take(message);
        }
        session.finish(true);
        session.warnings
    }

    #[test]
    fn a_proper_conversation_warns_of_nothing() {
        assert_eq!(warnings(&[opened(), asset("a"), asset("b"), closed()]), []);
    }

    #[test]
    fn silence_and_a_missing_end_are_warnings_of_their_own() {
        assert_eq!(warnings(&[]), [Warning::NeverOpened]);
        assert_eq!(warnings(&[opened(), asset("a")]), [Warning::NeverClosed]);
    }

    #[test]
    fn messages_out_of_order_count_and_are_told() {
        assert_eq!(
            warnings(&[asset("a"), opened(), closed(), asset("b")]),
            [
                Warning::BeforeOpened { method: "report_asset_materialization".into() },
                Warning::AfterClosed { method: "report_asset_materialization".into() },
            ]
        );
    }

    #[test]
    fn an_asset_reported_twice_is_told() {
        assert_eq!(
            warnings(&[opened(), asset("a"), asset("a"), closed()]),
            [Warning::RepeatedAsset { asset_key: "a".into() }]
        );
    }

    #[test]
    fn everything_the_real_package_writes_is_read_without_a_fault() {
        let golden = include_str!("../../fixtures/pipes/messages.jsonl");
        let mut sessions = vec![];
        let mut session = Session::default();
        for line in golden.lines() {
            let Line::Message(message, faults) = parse_line(line) else { panic!("{line}") };
            assert_eq!(faults, [], "{line}");
            assert_eq!(session.take(&message), None, "{line}");
            if matches!(message, Message::Closed { .. }) {
                sessions.push(std::mem::take(&mut session));
            }
        }
        assert_eq!(sessions.len(), 2);
        let first = &sessions[0];
        assert_eq!((first.checks.len(), first.custom_messages.len()), (2, 2));
        assert_eq!(first.checks[0].metadata[0].1.kind, MetadataType::Int);
        assert_eq!(first.materializations[0].asset_key, "my/as_set");
        assert_eq!(first.materializations[0].data_version.as_deref(), Some("alpha"));
        assert_eq!(first.materializations[0].metadata.len(), 26);
        assert_eq!(first.exception, None);
        let exception = sessions[1].exception.as_ref().unwrap();
        assert_eq!(exception.name.as_deref(), Some("ValueError"));
        assert_eq!(exception.cause.as_ref().unwrap().name.as_deref(), Some("ZeroDivisionError"));
    }
}
