//! Value files.
//!
//! ```yaml
//! env:
//!   TAG: v3
//! variables:
//!   bucket: acme-data
//!   settings: {retries: 3}        # a map or list is what `deserialize_json=True` gives
//! connections:
//!   warehouse: postgres://user@db/acme
//! params:
//!   days: 7
//! conf:
//!   core:
//!     dags_folder: /opt/dags
//!   core.parallelism: "32"
//! values:
//!   "call:get_image()": eu.gcr.io/acme/load:v3
//! ```
//!
//! Environment, configuration and Variables hold text. A bare `1.10` or `yes` is refused there: YAML
//! would make another text of it.

use serde_json::Value as Json;

use super::Values;
use crate::diag::{Code, Diagnostic, suggest};
use crate::eval::HoleKind;
use crate::python::{Source, SourceId, Sources, Span};
use crate::yaml::{self, Content, Key, Node, Problem};

const SECTIONS: [&str; 6] = ["env", "variables", "connections", "params", "conf", "values"];

impl Values {
    /// Reads a value file in YAML or JSON; `shown` is its path as shown to people.
    ///
    /// # Errors
    /// [`Code::InvalidValues`] for everything that is not as the format says.
    pub fn from_yaml(sources: &Sources, shown: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let (source, _) = sources.add(Source::new(shown, text));
        values(source, text).map_err(|problems| {
            problems.into_iter().map(|problem| problem.report(Code::InvalidValues)).collect()
        })
    }
}

fn values(source: SourceId, text: &str) -> Result<Values, Vec<Problem>> {
    let documents = yaml::read(source, text)?;
    let mut reader = Reader { values: Values::default(), problems: Vec::new() };
    match documents.as_slice() {
        [] => {}
        [file] => reader.file(file),
        [_, second, ..] => {
            let message = "a value file holds one document";
            reader.problems.push(
                Problem::new(second.span, message)
                    .help("Pass several files with several `--values`; the later one wins."),
            );
        }
    }
    if reader.problems.is_empty() { Ok(reader.values) } else { Err(reader.problems) }
}

struct Reader {
    values: Values,
    problems: Vec<Problem>,
}

impl Reader {
    fn file(&mut self, file: &Node) {
        for (section, node) in self.entries(file, "a value file") {
            let name = section.text.as_str();
            if !SECTIONS.contains(&name) {
                self.unknown_section(section);
                continue;
            }
            // `env:` with nothing under it is an empty section.
            if node.content == Content::Null {
                continue;
            }
            for (key, value) in self.entries(node, &format!("`{name}`")) {
                self.value(name, key, value);
            }
        }
    }

    fn unknown_section(&mut self, section: &Key) {
        let help = match meant(&section.text) {
            Some(name) => format!("Did you mean `{name}`?"),
            None => format!("Sections are {}.", SECTIONS.join(", ")),
        };
        let message = format!("unknown section `{}`", section.text);
        self.problems.push(Problem::new(section.span, message).help(help));
    }

    fn value(&mut self, section: &str, key: &Key, value: &Node) {
        let name = key.text.clone();
        match section {
            "env" => {
                if let Some(text) = self.text(value, "env", &name) {
                    self.values.env.insert(name, text);
                }
            }
            "variables" => {
                let json = match value.content {
                    Content::List(_) | Content::Map(_) => Some(value.to_json()),
                    _ => self.text(value, "variables", &name).map(Json::String),
                };
                self.values.variables.extend(json.map(|json| (name, json)));
            }
            "connections" => match value.content {
                Content::Text(_) | Content::Map(_) => {
                    self.values.connections.insert(name, value.to_json());
                }
                _ => {
                    let message = format!(
                        "connection `{name}` has to be a URI or a map, not {}",
                        value.kind()
                    );
                    self.problems.push(Problem::new(value.span, message));
                }
            },
            "params" => {
                self.values.params.insert(name, value.to_json());
            }
            "conf" => self.conf(name, key.span, value),
            _ => self.other(name, key.span, value),
        }
    }

    /// `section: {option: text}` or `section.option: text`.
    fn conf(&mut self, name: String, span: Span, value: &Node) {
        if let Content::Map(options) = &value.content {
            for (option, value) in options {
                let full = format!("{name}.{}", option.text);
                self.option(full, option.span, value);
            }
        } else if name.contains('.') {
            self.option(name, span, value);
        } else {
            let message = format!("`conf.{name}` has to be a map of options, not {}", value.kind());
            self.problems.push(
                Problem::new(span, message).help("Write `section.option: value`, or nest them."),
            );
        }
    }

    fn option(&mut self, name: String, span: Span, value: &Node) {
        let Some(text) = self.text(value, "conf", &name) else { return };
        if self.values.conf.insert(name.clone(), text).is_some() {
            self.problems.push(Problem::new(span, format!("option `{name}` is given twice")));
        }
    }

    /// `kind:name`: any hole, also of a kind that has its own section.
    fn other(&mut self, key: String, span: Span, value: &Node) {
        let kind = key.split_once(':').and_then(|(word, _)| HoleKind::parse(word));
        match kind {
            Some(HoleKind::Env | HoleKind::Variable | HoleKind::Connection)
            | Some(HoleKind::Param | HoleKind::Conf) => {
                let message = format!("`{key}` has a section of its own");
                self.problems.push(
                    Problem::new(span, message)
                        .help("Write it under env, variables, connections, params or conf."),
                );
            }
            Some(_) => {
                self.values.others.insert(key, value.to_json());
            }
            None => {
                let message = format!("`{key}` is not the name of a hole");
                self.problems.push(
                    Problem::new(span, message)
                        .help("Write `kind:name` as the `holes` of the job spec name it."),
                );
            }
        }
    }

    /// A text; anything else is refused, since YAML has already changed how it was written.
    fn text(&mut self, value: &Node, section: &str, name: &str) -> Option<String> {
        match &value.content {
            Content::Text(text) => return Some(text.clone()),
            content => {
                let kind = value.kind();
                let problem = Problem::new(
                    value.span,
                    format!("`{section}.{name}` has to be a string, not {kind}"),
                );
                let scalar = matches!(content, Content::Bool(_) | Content::Number(_));
                self.problems.push(if scalar {
                    problem.help("Write it in quotes.")
                } else {
                    problem
                });
            }
        }
        None
    }

    /// The entries of a map; anything else is a problem.
    fn entries<'n>(&mut self, node: &'n Node, subject: &str) -> &'n [(Key, Node)] {
        if let Content::Map(entries) = &node.content {
            return entries;
        }
        let message = format!("{subject} has to be a map, not {}", node.kind());
        self.problems.push(Problem::new(node.span, message));
        &[]
    }
}

/// The section somebody meant by a name.
fn meant(name: &str) -> Option<&'static str> {
    let known = match name {
        "environment" | "environ" => "env",
        "vars" | "var" => "variables",
        "conns" | "conn" => "connections",
        "config" | "configuration" => "conf",
        "others" | "other" | "holes" => "values",
        _ => suggest::nearest(name, SECTIONS)?,
    };
    Some(known)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn errors(text: &str) -> Vec<String> {
        let sources = Sources::default();
        let found = Values::from_yaml(&sources, "values.yaml", text).unwrap_err();
        assert!(found.iter().all(|finding| finding.code == Code::InvalidValues));
        found
            .into_iter()
            .map(|finding| {
                let help = finding.help.map(|help| format!(" | {help}")).unwrap_or_default();
                format!("{}: {}{help}", sources.location(finding.span).unwrap(), finding.message)
            })
            .collect()
    }

    #[test]
    fn every_section_is_read() {
        let text = "\
env: {TAG: v3, EMPTY: ''}
variables:
  bucket: acme-data
  settings: {retries: 3}
connections:
  warehouse: postgres://u@db/acme
  lake: {conn_type: aws, login: me}
params: {days: 7, full: false, note: null}
conf:
  core: {dags_folder: /opt/dags}
  webserver.base_url: http://x
values:
  call:get_image(): img
";
        let values = Values::from_yaml(&Sources::default(), "v", text).unwrap();
        let cases = [
            (HoleKind::Env, "TAG", json!("v3")),
            (HoleKind::Env, "EMPTY", json!("")),
            (HoleKind::Variable, "bucket", json!("acme-data")),
            (HoleKind::Variable, "settings", json!({"retries": 3})),
            (HoleKind::Connection, "warehouse", json!("postgres://u@db/acme")),
            (HoleKind::Connection, "lake", json!({"conn_type": "aws", "login": "me"})),
            (HoleKind::Param, "days", json!(7)),
            (HoleKind::Param, "full", json!(false)),
            (HoleKind::Param, "note", json!(null)),
            (HoleKind::Conf, "core.dags_folder", json!("/opt/dags")),
            (HoleKind::Conf, "webserver.base_url", json!("http://x")),
            (HoleKind::Call, "get_image()", json!("img")),
        ];
        for (kind, name, value) in cases {
            assert_eq!(values.get(kind, name), Some(value), "{kind}:{name}");
        }
    }

    #[test]
    fn an_empty_file_and_an_empty_section_hold_nothing() {
        for text in ["", "# later\n", "env:\n", "{}"] {
            let values = Values::from_yaml(&Sources::default(), "v", text);
            assert_eq!(values, Ok(Values::default()), "{text:?}");
        }
    }

    #[test]
    fn everything_else_is_an_error_with_its_place() {
        let text = "\
environment: {A: x}
enf: {A: x}
foo: {A: x}
env:
  VERSION: 1.10
  DEBUG: true
  NONE:
variables:
  n: 3
connections:
  c: 3
conf:
  core: x
  a.b: c
  a: {b: d}
params: [1]
values:
  env:A: x
  nothing: x
";
        assert_eq!(
            errors(text),
            [
                "values.yaml:1:1: unknown section `environment` | Did you mean `env`?",
                "values.yaml:2:1: unknown section `enf` | Did you mean `env`?",
                "values.yaml:3:1: unknown section `foo` | Sections are env, variables, connections, \
                 params, conf, values.",
                "values.yaml:5:12: `env.VERSION` has to be a string, not a number | Write it in quotes.",
                "values.yaml:6:10: `env.DEBUG` has to be a string, not a boolean | Write it in quotes.",
                "values.yaml:7:7: `env.NONE` has to be a string, not null",
                "values.yaml:9:6: `variables.n` has to be a string, not a number | Write it in quotes.",
                "values.yaml:11:6: connection `c` has to be a URI or a map, not a number",
                "values.yaml:13:3: `conf.core` has to be a map of options, not a string | Write \
                 `section.option: value`, or nest them.",
                "values.yaml:15:7: option `a.b` is given twice",
                "values.yaml:16:9: `params` has to be a map, not a list",
                "values.yaml:18:3: `env:A` has a section of its own | Write it under env, variables, \
                 connections, params or conf.",
                "values.yaml:19:3: `nothing` is not the name of a hole | Write `kind:name` as the \
                 `holes` of the job spec name it.",
            ]
        );
        assert_eq!(errors("[1]"), ["values.yaml:1:1: a value file has to be a map, not a list"]);
        assert_eq!(errors("env: {A: x}\n---\nenv: {}\n").len(), 1);
        assert_eq!(errors("env: {A: x, A: y}\n"), ["values.yaml:1:13: key `A` is repeated"]);
    }
}
