//! YAML and JSON text as a tree in which every value and every key knows its place.
//!
//! serde_yaml decides what a text means. It keeps no places, so serde-saphyr reads the text a second
//! time for these alone, and the two trees are laid over each other. JSON is read by serde_json, which
//! understands all of it (surrogate pairs, tabs), and a scan finds its places.
//!
//! A tree holds what JSON can hold. What only YAML can say and no job spec means is refused with its
//! place: repeated keys, keys that are not text, tags, merge keys, numbers that are not finite.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;
use serde_yaml::Value as Yaml;

use super::place::{self, Place};
use super::{guard, json};
use crate::diag::{Code, Diagnostic};
use crate::python::{SourceId, Span};

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub content: Content,
}

/// What a [`Node`] is.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A finite number.
    Number(serde_json::Number),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map in the author's order, without repeated keys.
    Map(Vec<(Key, Node)>),
}

/// A key of a map and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The key.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The place.
    pub span: Span,
    /// One line.
    pub message: String,
    /// Text under the place; empty for none.
    pub label: &'static str,
    /// A second place that explains the first.
    pub also: Option<(Span, &'static str)>,
    /// What to do.
    pub help: Option<String>,
}

impl Problem {
    /// A problem at a place.
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), label: "", also: None, help: None }
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The problem as a finding.
    pub fn report(self, code: Code) -> Diagnostic {
        let mut diagnostic = Diagnostic::new(code, self.span, self.message).label(self.label);
        if let Some((span, label)) = self.also {
            diagnostic = diagnostic.also(span, label);
        }
        match self.help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }
}

impl Node {
    /// The value without its places.
    pub fn to_json(&self) -> Json {
        match &self.content {
            Content::Null => Json::Null,
            Content::Bool(value) => Json::Bool(*value),
            Content::Number(value) => Json::Number(value.clone()),
            Content::Text(value) => Json::String(value.clone()),
            Content::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Content::Map(entries) => Json::Object(
                entries.iter().map(|(key, value)| (key.text.clone(), value.to_json())).collect(),
            ),
        }
    }

    /// The value of a key, if this is a map that has it.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match &self.content {
            Content::Map(entries) => {
                entries.iter().find(|(key, _)| key.text == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// What people call such a value.
    pub fn kind(&self) -> &'static str {
        match self.content {
            Content::Null => "null",
            Content::Bool(_) => "a boolean",
            Content::Number(_) => "a number",
            Content::Text(_) => "a string",
            Content::List(_) => "a list",
            Content::Map(_) => "a map",
        }
    }
}

/// Reads the documents of a text. Empty documents are left out.
///
/// # Errors
/// Text that is neither YAML nor JSON, or says what JSON cannot hold. All problems are given except
/// for syntax, where reading ends at the first.
pub fn read(source: SourceId, text: &str) -> Result<Vec<Node>, Vec<Problem>> {
    let mut builder = Builder { source, end: text.len(), problems: Vec::new() };
    let json = json(text);
    if json.is_none()
        && let Some(guard::TooMuch { at, message }) = guard::look(text)
    {
        return Err(vec![Problem::new(span(source, at, at + 1), message)]);
    }
    let places = match &json {
        Some(_) => json::places(text),
        None => place::read(text).unwrap_or_default(),
    };
    // serde_yaml also refuses repeated keys, but without their place; serde_json takes the last one.
    places.iter().for_each(|place| builder.repeated_keys(place));
    if !builder.problems.is_empty() {
        return Err(builder.problems);
    }
    let yaml = match json {
        Some(documents) => documents,
        None => yaml(source, text).map_err(|problem| vec![problem])?,
    };
    // Should the second reader see other documents than the first, it knows no place of them.
    let known = places.len() == yaml.len();
    let nodes = yaml
        .into_iter()
        .enumerate()
        .map(|(at, document)| builder.node(document, places.get(at).filter(|_| known), Span::NONE))
        .collect();
    if builder.problems.is_empty() { Ok(nodes) } else { Err(builder.problems) }
}

/// The documents of a JSON text; `None` when it is not JSON through and through.
fn json(text: &str) -> Option<Vec<Yaml>> {
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let documents = serde_json::Deserializer::from_str(text).into_iter::<Json>();
    let documents: Vec<Json> = documents.collect::<Result<_, _>>().ok()?;
    // Values change hands, not meaning: every JSON value is a YAML value.
    documents.into_iter().map(|document| serde_yaml::to_value(document).ok()).collect()
}

fn yaml(source: SourceId, text: &str) -> Result<Vec<Yaml>, Problem> {
    let mut documents = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        match Yaml::deserialize(document) {
            Ok(Yaml::Null) => {}
            Ok(value) => documents.push(value),
            Err(error) => return Err(syntax(source, text, &error)),
        }
    }
    Ok(documents)
}

/// A syntax error of serde_yaml, without the place in its message.
fn syntax(source: SourceId, text: &str, error: &serde_yaml::Error) -> Problem {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    let start = error.location().map_or(0, |at| at.index()).min(text.len());
    let start = text.floor_char_boundary(start);
    let end = text.get(start..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    let span = span(source, start, start + end);
    Problem::new(span, format!("not valid YAML: {message}"))
}

fn span(source: SourceId, start: usize, end: usize) -> Span {
    let number = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
    Span { source, start: number(start), end: number(end) }
}

struct Builder {
    source: SourceId,
    end: usize,
    problems: Vec<Problem>,
}

impl Builder {
    fn repeated_keys(&mut self, place: &Place) {
        match &place.inside {
            place::Inside::Nothing => {}
            place::Inside::List(items) => items.iter().for_each(|item| self.repeated_keys(item)),
            place::Inside::Map(entries) => {
                let mut seen: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
                for (key, value) in entries {
                    if let Some(first) = seen.insert(&key.text, key.range) {
                        self.problems.push(Problem {
                            span: self.at(key.range),
                            message: format!("key `{}` is repeated", key.text),
                            label: "",
                            also: Some((self.at(first), "first given here")),
                            help: None,
                        });
                    }
                    self.repeated_keys(value);
                }
            }
        }
    }

    fn at(&self, (start, end): (usize, usize)) -> Span {
        span(self.source, start.min(self.end), end.min(self.end))
    }

    /// Lays a value over its place. Where the place is not known, that of its parent stands in.
    fn node(&mut self, value: Yaml, place: Option<&Place>, parent: Span) -> Node {
        let span = place.map_or(parent, |place| self.at(place.range));
        let span = span.or(Span { source: self.source, start: 0, end: 0 });
        let content = match value {
            Yaml::Null => Content::Null,
            Yaml::Bool(value) => Content::Bool(value),
            Yaml::Number(value) => self.number(&value, span),
            Yaml::String(value) => Content::Text(value),
            Yaml::Sequence(items) => {
                let places = match place.map(|place| &place.inside) {
                    Some(place::Inside::List(places)) if places.len() == items.len() => {
                        places.as_slice()
                    }
                    _ => &[],
                };
                let items = items.into_iter().enumerate();
                Content::List(items.map(|(at, v)| self.node(v, places.get(at), span)).collect())
            }
            Yaml::Mapping(entries) => {
                let places = match place.map(|place| &place.inside) {
                    Some(place::Inside::Map(places)) if places.len() == entries.len() => {
                        places.as_slice()
                    }
                    _ => &[],
                };
                let mut map = Vec::with_capacity(entries.len());
                for (at, (key, value)) in entries.into_iter().enumerate() {
                    let place = places.get(at);
                    let key_span = place.map_or(span, |(key, _)| self.at(key.range));
                    let merges = place.is_some_and(|(key, _)| key.merges);
                    if let Some(text) = self.key(key, key_span, merges) {
                        let value = self.node(value, place.map(|(_, value)| value), span);
                        map.push((Key { text, span: key_span }, value));
                    }
                }
                Content::Map(map)
            }
            Yaml::Tagged(tagged) => {
                self.problems.push(
                    Problem::new(span, format!("tag `{}` is not read", tagged.tag))
                        .help("Remove the tag."),
                );
                Content::Null
            }
        };
        Node { span, content }
    }

    fn number(&mut self, value: &serde_yaml::Number, span: Span) -> Content {
        let json = match (value.as_u64(), value.as_i64(), value.as_f64()) {
            (Some(value), _, _) => Some(value.into()),
            (_, Some(value), _) => Some(value.into()),
            (_, _, Some(value)) => serde_json::Number::from_f64(value),
            _ => None,
        };
        json.map_or_else(
            || {
                self.problems.push(
                    Problem::new(span, format!("number `{value}` is not finite"))
                        .help("Write it in quotes if it is meant as text."),
                );
                Content::Null
            },
            Content::Number,
        )
    }

    fn key(&mut self, key: Yaml, span: Span, merges: bool) -> Option<String> {
        let shown = match key {
            Yaml::String(text) if merges => {
                self.problems.push(
                    Problem::new(span, "merge key `<<` is not read")
                        .help("Write the fields out, or quote the key if it is meant as text."),
                );
                text
            }
            Yaml::String(text) => return Some(text),
            Yaml::Null => "null".to_owned(),
            Yaml::Bool(value) => value.to_string(),
            Yaml::Number(value) => value.to_string(),
            Yaml::Sequence(_) | Yaml::Mapping(_) | Yaml::Tagged(_) => {
                self.problems.push(Problem::new(span, "a key has to be text"));
                return None;
            }
        };
        if !merges {
            self.problems.push(
                Problem::new(span, format!("key `{shown}` is not text"))
                    .help(format!("Write `\"{shown}\"`.")),
            );
        }
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

    use super::*;
    use crate::python::{Source, Sources};

    fn places(text: &str) -> Vec<(String, String)> {
        fn walk(node: &Node, path: &str, sources: &Sources, found: &mut Vec<(String, String)>) {
            found.push((path.to_owned(), sources.snippet(node.span)));
            match &node.content {
                Content::List(items) => {
                    for (at, item) in items.iter().enumerate() {
                        walk(item, &format!("{path}/{at}"), sources, found);
                    }
                }
                Content::Map(entries) => {
                    for (key, value) in entries {
                        found.push((format!("{path}/{}#", key.text), sources.snippet(key.span)));
                        walk(value, &format!("{path}/{}", key.text), sources, found);
                    }
                }
                _ => {}
            }
        }
        let sources = Sources::default();
        let (id, _) = sources.add(Source::new("x.yaml", text));
        let mut found = Vec::new();
        for node in read(id, text).unwrap() {
            walk(&node, "", &sources, &mut found);
        }
        found
    }

    fn problems(text: &str) -> Vec<String> {
        let sources = Sources::default();
        let (id, _) = sources.add(Source::new("x.yaml", text));
        let problems = read(id, text).unwrap_err();
        problems
            .into_iter()
            .map(|p| format!("{}: {}", sources.location(p.span).unwrap(), p.message))
            .collect()
    }

    #[test]
    fn every_value_knows_its_place() {
        let found = places("é: 1\nlist: [a, \"b c\"]\nmap:\n  'k': yes\n---\n? x\n: y\n");
        let scalars = [
            ("/é#", "é"),
            ("/é", "1"),
            ("/list/0", "a"),
            ("/list/1", "\"b c\""),
            ("/map/k#", "'k'"),
            ("/map/k", "yes"),
            ("/x", "y"),
        ];
        for (path, text) in scalars {
            assert!(found.contains(&(path.into(), text.into())), "{path}: {found:#?}");
        }
    }

    #[test]
    fn json_is_read_with_all_it_can_say() {
        let text =
            "{\"a\": \"\\ud83d\\ude00\\/\",\n\t\"b\": [1.5, null]}\n{\"c\": 12345678901234567890}";
        let sources = Sources::default();
        let (id, _) = sources.add(Source::new("x.json", text));
        let nodes = read(id, text).unwrap();
        assert_eq!(nodes[0].to_json(), serde_json::json!({"a": "😀/", "b": [1.5, null]}));
        assert_eq!(nodes[1].to_json(), serde_json::json!({"c": 12345678901234567890u64}));
        let Content::Map(entries) = &nodes[1].content else { panic!("{nodes:?}") };
        assert_eq!(sources.location(entries[0].0.span).unwrap().to_string(), "x.json:3:2");
    }

    #[test]
    fn what_json_cannot_hold_is_refused_with_its_place() {
        let cases = [
            ("a: 1\nb: 2\na: 3\n", "x.yaml:3:1: key `a` is repeated"),
            ("{\"a\": {\"b\": 1,\n \"b\": 2}}", "x.yaml:2:2: key `b` is repeated"),
            ("{\"a\": 1}\n {\"b\":\t1,\n \"b\": 2}", "x.yaml:3:2: key `b` is repeated"),
            ("m:\n  1: x\n", "x.yaml:2:3: key `1` is not text"),
            ("m:\n  true: x\n", "x.yaml:2:3: key `true` is not text"),
            ("m:\n  x: !secret y\n", "x.yaml:2:14: tag `!secret` is not read"),
            ("b: &b {x: 1}\nm:\n  <<: *b\n", "x.yaml:3:3: merge key `<<` is not read"),
            ("m:\n  x: .inf\n", "x.yaml:2:6: number `.inf` is not finite"),
            ("m:\n  x: [1\ny: 2\n", "not valid YAML"),
            ("m:\n\t x: 1\n", "not valid YAML"),
        ];
        for (text, expected) in cases {
            let found = problems(text);
            assert!(found.len() == 1 && found[0].contains(expected), "{text:?}: {found:?}");
        }
    }

    #[test]
    fn a_quoted_merge_key_and_an_alias_are_plain_values() {
        let text = "a: &a [x]\nb: *a\n\"<<\": y\n";
        let nodes = read(SourceId(0), text).unwrap();
        let expected = serde_json::json!({"a": ["x"], "b": ["x"], "<<": "y"});
        assert_eq!(nodes[0].to_json(), expected);
    }

    #[test]
    fn empty_documents_are_left_out() {
        assert_eq!(read(SourceId(0), "").unwrap(), []);
        assert_eq!(read(SourceId(0), "# nothing\n---\n---\na: 1\n---\n").unwrap().len(), 1);
    }
}
