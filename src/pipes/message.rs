//! Messages of a process: one JSON object on one line of its log.
//!
//! Each line is text, a message, or something that wanted to be a message. The last kind is never
//! passed off as text: a report that cannot be read is told as a [`Fault`] with the reason.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value as Json};

use super::json::strict;
use super::metadata::{self, MetadataFault, MetadataValue};

/// The key that makes a JSON object a message.
pub const PROTOCOL_FIELD: &str = "__dagster_pipes_version";
/// The version of the protocol that is read here.
pub const PROTOCOL_VERSION: &str = "0.1";

/// One line of a log, as the protocol sees it.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// Ordinary output.
    Text,
    /// A message, and what was wrong with parts of it that could be left out.
    Message(Message, Vec<Fault>),
    /// Something that wanted to be a message.
    Fault(Fault),
}

/// What is wrong with a line that carries the protocol's key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, JsonSchema)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// The JSON is broken, for instance cut short by the end of the process.
    #[error("a Pipes message is not readable JSON ({reason})")]
    BrokenJson {
        /// The parser's words.
        reason: String,
    },
    /// Other output stands before the message on its line, so no Pipes client counts it.
    #[error(
        "a Pipes message stands behind other text on its line and does not count; end what is printed before it \
         with a newline"
    )]
    BehindText,
    /// A method nobody knows.
    #[error("Pipes method `{method}` is unknown")]
    UnknownMethod {
        /// The method, as sent.
        method: String,
    },
    /// A parameter is missing or has the wrong type.
    #[error("Pipes method `{method}`: parameter `{parameter}` {problem}")]
    Parameter {
        /// The method.
        method: String,
        /// The parameter.
        parameter: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A parameter the method does not have; it is left out.
    #[error("Pipes method `{method}` has no parameter `{parameter}`; it is left out")]
    ExtraParameter {
        /// The method.
        method: String,
        /// The parameter.
        parameter: String,
    },
    /// A metadata value was left out of a report.
    #[error("Pipes method `{method}`: {inner}; the value is left out")]
    Metadata {
        /// The method.
        method: String,
        /// Which value and why.
        #[serde(flatten)]
        inner: MetadataFault,
    },
    /// The message is of another version of the protocol; it is read as far as it can be.
    #[error("the process speaks Pipes {version}, podlift reads {PROTOCOL_VERSION}")]
    Version {
        /// The version, as sent.
        version: String,
    },
}

/// A message of the process.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// The process opened Pipes.
    Opened {
        /// What it says about itself.
        extras: Json,
    },
    /// The process closed Pipes.
    Closed {
        /// The exception that ended it.
        exception: Option<Exception>,
    },
    /// A line for the log of the run.
    Log {
        /// `DEBUG`, `INFO`, `WARNING`, `ERROR` or `CRITICAL`.
        level: String,
        /// The text.
        message: String,
    },
    /// An asset was made.
    Materialization(Materialization),
    /// A check of an asset was made.
    Check(AssetCheck),
    /// Anything the process wants to tell its caller.
    Custom(Json),
    /// Output of a further process that this one started.
    External {
        /// Where that process wrote.
        stream: Stream,
        /// What it wrote.
        text: String,
    },
}

/// A report that an asset was made.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Materialization {
    /// Escaped asset key.
    pub asset_key: String,
    /// Version of the data.
    pub data_version: Option<String>,
    /// Metadata by name.
    #[serde(serialize_with = "as_map")]
    #[schemars(with = "BTreeMap<String, MetadataValue>")]
    pub metadata: Vec<(String, MetadataValue)>,
}

/// A report that a check was made.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AssetCheck {
    /// Escaped asset key.
    pub asset_key: String,
    /// Name of the check.
    pub check_name: String,
    /// Whether it passed.
    pub passed: bool,
    /// `WARN` or `ERROR`.
    pub severity: String,
    /// Metadata by name.
    #[serde(serialize_with = "as_map")]
    #[schemars(with = "BTreeMap<String, MetadataValue>")]
    pub metadata: Vec<(String, MetadataValue)>,
}

/// An exception of the process, with the exceptions behind it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Exception {
    /// The last lines of the traceback.
    pub message: String,
    /// The frames.
    pub stack: Vec<String>,
    /// Class name.
    pub name: Option<String>,
    /// The exception that led to it.
    pub cause: Option<Box<Exception>>,
    /// The exception during whose handling it was raised.
    pub context: Option<Box<Exception>>,
}

/// A standard stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

fn as_map<S: serde::Serializer>(
    pairs: &[(String, MetadataValue)],
    to: S,
) -> Result<S::Ok, S::Error> {
    to.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}

/// Reads one line, without its timestamp.
pub fn parse_line(line: &str) -> Line {
    if !line.contains(PROTOCOL_FIELD) {
        return Line::Text;
    }
    let text = line.trim();
    let starts_like_a_message = text
        .strip_prefix('{')
        .and_then(|rest| rest.trim_start().strip_prefix('"'))
        .is_some_and(|rest| rest.starts_with(PROTOCOL_FIELD));
    match serde_json::from_str::<Json>(&strict(text)) {
        Ok(Json::Object(object)) if object.contains_key(PROTOCOL_FIELD) => parse_object(&object),
        // The key is somewhere inside other JSON: a log line that quotes a message.
        Ok(_) => Line::Text,
        Err(error) if starts_like_a_message => {
            Line::Fault(Fault::BrokenJson { reason: error.to_string() })
        }
        Err(_) => match text.find(&format!("{{\"{PROTOCOL_FIELD}\"")) {
            Some(at)
                if serde_json::from_str::<Map<String, Json>>(&strict(
                    text.get(at..).unwrap_or_default(),
                ))
                .is_ok() =>
            {
                Line::Fault(Fault::BehindText)
            }
            _ => Line::Text,
        },
    }
}

fn parse_object(object: &Map<String, Json>) -> Line {
    let method = match object.get("method") {
        Some(Json::String(method)) => method.as_str(),
        other => {
            let method = other.map_or_else(|| "(none)".into(), Json::to_string);
            return Line::Fault(Fault::UnknownMethod { method });
        }
    };
    let mut parameters = match Parameters::new(method, object.get("params")) {
        Ok(parameters) => parameters,
        Err(fault) => return Line::Fault(fault),
    };
    if object.get(PROTOCOL_FIELD).and_then(Json::as_str) != Some(PROTOCOL_VERSION) {
        let version = object.get(PROTOCOL_FIELD).map_or_else(String::new, Json::to_string);
        parameters.faults.push(Fault::Version { version });
    }
    match parameters.message() {
        Ok(message) => Line::Message(message, parameters.faults),
        Err(fault) => Line::Fault(fault),
    }
}

struct Parameters<'a> {
    method: &'a str,
    values: Map<String, Json>,
    faults: Vec<Fault>,
}

impl<'a> Parameters<'a> {
    fn new(method: &'a str, params: Option<&Json>) -> Result<Self, Fault> {
        let values = match params {
            Some(Json::Object(values)) => values.clone(),
            None | Some(Json::Null) => Map::new(),
            Some(_) => {
                return Err(Fault::Parameter {
                    method: method.into(),
                    parameter: "params".into(),
                    problem: "is not an object".into(),
                });
            }
        };
        Ok(Self { method, values, faults: Vec::new() })
    }

    fn message(&mut self) -> Result<Message, Fault> {
        let message = match self.method {
            "opened" => {
                Message::Opened { extras: self.values.remove("extras").unwrap_or(Json::Null) }
            }
            "closed" => {
                let exception = self.values.remove("exception").filter(|value| !value.is_null());
                if exception.as_ref().is_some_and(|value| !value.is_object()) {
                    self.faults.push(self.fault("exception", "is not an object"));
                }
                Message::Closed { exception: exception.map(|value| read_exception(&value)) }
            }
            "log" => Message::Log { message: self.text("message")?, level: self.level() },
            "report_asset_materialization" => Message::Materialization(Materialization {
                asset_key: self.text("asset_key")?,
                data_version: self.optional_text("data_version"),
                metadata: self.metadata(),
            }),
            "report_asset_check" => Message::Check(AssetCheck {
                asset_key: self.text("asset_key")?,
                check_name: self.text("check_name")?,
                passed: self.bool("passed")?,
                severity: self.severity(),
                metadata: self.metadata(),
            }),
            "report_custom_message" => Message::Custom(
                self.values.remove("payload").ok_or_else(|| self.fault("payload", "is missing"))?,
            ),
            "log_external_stream" => {
                let stream = match self.text("stream")?.as_str() {
                    "stdout" => Stream::Stdout,
                    "stderr" => Stream::Stderr,
                    other => {
                        return Err(self
                            .fault("stream", &format!("is `{other}`, neither stdout nor stderr")));
                    }
                };
                let text = self.text("text")?;
                self.values.remove("extras");
                Message::External { stream, text }
            }
            other => return Err(Fault::UnknownMethod { method: other.into() }),
        };
        for parameter in self.values.keys() {
            self.faults.push(Fault::ExtraParameter {
                method: self.method.into(),
                parameter: parameter.clone(),
            });
        }
        Ok(message)
    }

    fn fault(&self, parameter: &str, problem: &str) -> Fault {
        Fault::Parameter {
            method: self.method.into(),
            parameter: parameter.into(),
            problem: problem.into(),
        }
    }

    fn text(&mut self, name: &str) -> Result<String, Fault> {
        match self.values.remove(name) {
            Some(Json::String(text)) => Ok(text),
            Some(_) => Err(self.fault(name, "is not a string")),
            None => Err(self.fault(name, "is missing")),
        }
    }

    fn bool(&mut self, name: &str) -> Result<bool, Fault> {
        match self.values.remove(name) {
            Some(Json::Bool(value)) => Ok(value),
            Some(_) => Err(self.fault(name, "is neither true nor false")),
            None => Err(self.fault(name, "is missing")),
        }
    }

    fn optional_text(&mut self, name: &str) -> Option<String> {
        match self.values.remove(name) {
            Some(Json::String(text)) => Some(text),
            Some(Json::Null) => None,
            Some(_) => {
                self.faults.push(self.fault(name, "is not a string; it is left out"));
                None
            }
            None => {
                self.faults.push(self.fault(name, "is missing; null is taken"));
                None
            }
        }
    }

    fn level(&mut self) -> String {
        let level = match self.values.remove("level") {
            None => return "INFO".into(),
            Some(Json::String(level)) => level.to_uppercase(),
            Some(other) => other.to_string(),
        };
        match level.as_str() {
            "DEBUG" | "INFO" | "WARNING" | "ERROR" | "CRITICAL" => level,
            "WARN" => "WARNING".into(),
            "FATAL" => "CRITICAL".into(),
            _ => {
                self.faults.push(self.fault("level", &format!("is `{level}`; INFO is taken")));
                "INFO".into()
            }
        }
    }

    fn severity(&mut self) -> String {
        match self.values.remove("severity") {
            Some(Json::String(text)) if text == "WARN" || text == "ERROR" => text,
            other => {
                let problem = match other {
                    None => "is missing; ERROR is taken".to_owned(),
                    Some(value) => format!("is {value}, neither WARN nor ERROR; ERROR is taken"),
                };
                self.faults.push(self.fault("severity", &problem));
                "ERROR".into()
            }
        }
    }

    fn metadata(&mut self) -> Vec<(String, MetadataValue)> {
        match self.values.remove("metadata") {
            Some(Json::Object(object)) => {
                let (values, faults) = metadata::read(&object);
                let method = self.method;
                self.faults.extend(
                    faults
                        .into_iter()
                        .map(|inner| Fault::Metadata { method: method.into(), inner }),
                );
                values
            }
            Some(Json::Null) => Vec::new(),
            other => {
                let problem = if other.is_some() {
                    "is not an object; it is left out"
                } else {
                    "is missing; null is taken"
                };
                self.faults.push(self.fault("metadata", problem));
                Vec::new()
            }
        }
    }
}

fn read_exception(value: &Json) -> Exception {
    let text = |name: &str| value.get(name).and_then(Json::as_str).map(String::from);
    let further = |name: &str| {
        value.get(name).filter(|it| it.is_object()).map(|it| Box::new(read_exception(it)))
    };
    Exception {
        message: text("message").unwrap_or_else(|| value.to_string()),
        stack: value
            .get("stack")
            .and_then(Json::as_array)
            .map(|frames| frames.iter().filter_map(Json::as_str).map(String::from).collect())
            .unwrap_or_default(),
        name: text("name"),
        cause: further("cause"),
        context: further("context"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use super::*;

    fn message(method: &str, params: &str) -> Line {
        parse_line(&format!(
            r#"{{"{PROTOCOL_FIELD}": "0.1", "method": "{method}", "params": {params}}}"#
        ))
    }

    fn fault(line: Line) -> String {
        match line {
            Line::Fault(fault) => fault.to_string(),
            Line::Message(_, faults) => {
                faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
            }
            Line::Text => panic!("taken for text"),
        }
    }

    #[test]
    fn ordinary_output_is_text() {
        for line in [
            "",
            "hello",
            "{}",
            r#"{"a": 1}"#,
            "{",
            r#"["__dagster_pipes_version"]"#,
            r#"{"log": "{\"__dagster_pipes_version\": \"0.1\"}"}"#,
            "__dagster_pipes_version",
        ] {
            assert_eq!(parse_line(line), Line::Text, "{line}");
        }
    }

    #[test]
    fn blanks_around_a_message_do_not_matter() {
        let line = format!(
            "  {{\"method\": \"closed\", \"params\": null, \"{PROTOCOL_FIELD}\": \"0.1\"}} \r"
        );
        assert_eq!(parse_line(&line), Line::Message(Message::Closed { exception: None }, vec![]));
    }

    #[test]
    fn a_message_cut_short_is_a_fault() {
        let whole = format!(r#"{{"{PROTOCOL_FIELD}": "0.1", "method": "closed", "params": {{}}}}"#);
        for cut in PROTOCOL_FIELD.len() + 3..whole.len() {
            let line = whole.get(..cut).unwrap();
            assert!(matches!(parse_line(line), Line::Fault(Fault::BrokenJson { .. })), "{line}");
        }
    }

    #[test]
    fn a_message_behind_other_text_is_told_and_not_counted() {
        let line =
            format!(r#"50%{{"{PROTOCOL_FIELD}": "0.1", "method": "closed", "params": {{}}}}"#);
        assert_eq!(parse_line(&line), Line::Fault(Fault::BehindText));
    }

    #[test]
    fn faults_say_what_is_wrong() {
        for (line, expected) in [
            (message("explode", "{}"), "`explode` is unknown"),
            (message("log", "{}"), "`message` is missing"),
            (message("log", r#"{"message": 1}"#), "`message` is not a string"),
            (message("log", r#"{"message": "m", "level": "LOUD"}"#), "INFO is taken"),
            (message("log", r#"{"message": "m", "x": 1}"#), "no parameter `x`"),
            (message("log", "[]"), "is not an object"),
            (message("report_custom_message", "{}"), "`payload` is missing"),
            (
                message("log_external_stream", r#"{"stream": "tty", "text": "x"}"#),
                "neither stdout nor stderr",
            ),
            (
                message(
                    "report_asset_materialization",
                    r#"{"asset_key": "a", "metadata": {"m": 1}, "data_version": null}"#,
                ),
                "metadata `m`",
            ),
            (
                message("report_asset_materialization", r#"{"asset_key": "a"}"#),
                "`metadata` is missing",
            ),
            (
                message(
                    "report_asset_check",
                    r#"{"asset_key": "a", "check_name": "c", "passed": 1}"#,
                ),
                "neither true nor false",
            ),
            (
                message(
                    "report_asset_check",
                    r#"{"asset_key": "a", "check_name": "c", "passed": true, "severity": "BAD", "metadata": null}"#,
                ),
                "neither WARN nor ERROR",
            ),
            (
                parse_line(&format!(
                    r#"{{"{PROTOCOL_FIELD}": "9.9", "method": "closed", "params": {{}}}}"#
                )),
                "9.9",
            ),
            (parse_line(&format!(r#"{{"{PROTOCOL_FIELD}": "0.1"}}"#)), "(none)"),
        ] {
            let said = fault(line);
            assert!(said.contains(expected), "{said:?} does not say {expected:?}");
        }
    }

    #[test]
    fn numbers_only_python_writes_do_not_lose_the_report() {
        let Line::Message(Message::Materialization(report), faults) = message(
            "report_asset_materialization",
            r#"{"asset_key": "a", "data_version": null, "metadata": {"x": {"raw_value": NaN, "type": "float"}, "y": {"raw_value": 340282366920938463463374607431768211456, "type": "int"}}}"#,
        ) else {
            panic!("not a materialization")
        };
        assert_eq!((report.metadata.len(), faults.len()), (2, 0));
    }
}
