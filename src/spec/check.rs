//! Checking a tree with places against the JSON Schema of job specs.
//!
//! serde stops at its first error and names no place; the schema is made from the same types, so
//! walking it finds every error, each with its path, its place and the field that was perhaps meant.

use serde_json::{Map, Value as Json};

use crate::diag::suggest;
use crate::python::Span;
use crate::yaml::{Content, Key, Node, Problem};

/// Keywords of JSON Schema this walk honours. A test keeps the schema of job specs to them.
#[cfg(test)]
pub(super) const HONOURED: [&str; 9] = [
    "$ref",
    "additionalProperties",
    "anyOf",
    "const",
    "items",
    "minimum",
    "properties",
    "required",
    "type",
];

/// All problems of a tree. Paths are written as people read them: `run.base_pod_spec.containers[0]`.
pub(super) fn check(schema: &Json, node: &Node) -> Vec<Problem> {
    let mut checker = Checker { root: schema, problems: Vec::new() };
    checker.node(schema, node, "");
    checker.problems
}

struct Checker<'a> {
    root: &'a Json,
    problems: Vec<Problem>,
}

impl<'a> Checker<'a> {
    fn node(&mut self, schema: &'a Json, node: &Node, path: &str) {
        let schema = self.resolve(schema);
        let types = self.types(schema);
        if !types.is_empty() && !types.iter().any(|wanted| is_a(node, wanted)) {
            self.wrong_type(&types, node, path);
            return;
        }
        if let Some(wanted) = schema.get("const").filter(|wanted| **wanted != node.to_json()) {
            let message =
                format!("`{path}` is `{}`, not `{}`", plain(&node.to_json()), plain(wanted));
            self.problems.push(Problem::new(node.span, message));
        }
        let least = schema.get("minimum").and_then(Json::as_f64);
        if let (Some(least), Content::Number(number)) = (least, &node.content)
            && number.as_f64().is_some_and(|number| number < least)
        {
            let message = format!("`{path}` is {number}, less than {least}");
            self.problems.push(Problem::new(node.span, message));
        }
        match &node.content {
            Content::List(items) => {
                if let Some(inner) = schema.get("items") {
                    for (at, item) in items.iter().enumerate() {
                        self.node(inner, item, &format!("{path}[{at}]"));
                    }
                }
            }
            Content::Map(entries) => self.map(schema, node.span, entries, path),
            _ => {}
        }
    }

    fn map(&mut self, schema: &'a Json, span: Span, entries: &[(Key, Node)], path: &str) {
        let none = Map::new();
        let fields = schema.get("properties").and_then(Json::as_object).unwrap_or(&none);
        let closed = schema.get("additionalProperties") == Some(&Json::Bool(false));
        for (key, value) in entries {
            let inner = join(path, &key.text);
            match schema.get("properties").and_then(|fields| fields.get(&key.text)) {
                Some(field) => self.node(field, value, &inner),
                None if closed => {
                    let names = || fields.keys().map(String::as_str);
                    let help = match suggest::nearest(&key.text, names()) {
                        Some(name) => format!("Did you mean `{name}`?"),
                        None => format!("Fields here: {}.", names().collect::<Vec<_>>().join(", ")),
                    };
                    let message = format!("unknown field `{inner}`");
                    self.problems.push(Problem::new(key.span, message).help(help));
                }
                None => {}
            }
        }
        let required = schema.get("required").and_then(Json::as_array);
        for name in required.into_iter().flatten().filter_map(Json::as_str) {
            if !entries.iter().any(|(key, _)| key.text == name) {
                let message = format!("field `{}` is missing", join(path, name));
                self.problems.push(Problem::new(span, message));
            }
        }
    }

    fn resolve(&self, schema: &'a Json) -> &'a Json {
        let target = schema.get("$ref").and_then(Json::as_str).and_then(|at| at.strip_prefix('#'));
        target.and_then(|pointer| self.root.pointer(pointer)).unwrap_or(schema)
    }

    /// The types a schema allows; none means any.
    fn types(&self, schema: &'a Json) -> Vec<&'a str> {
        match (schema.get("type"), schema.get("anyOf").and_then(Json::as_array)) {
            (Some(Json::String(one)), _) => vec![one],
            (Some(Json::Array(several)), _) => several.iter().filter_map(Json::as_str).collect(),
            (_, Some(choices)) => {
                choices.iter().flat_map(|choice| self.types(self.resolve(choice))).collect()
            }
            _ => Vec::new(),
        }
    }

    fn wrong_type(&mut self, types: &[&str], node: &Node, path: &str) {
        let wanted: Vec<_> =
            types.iter().filter(|name| **name != "null").map(|name| called(name)).collect();
        let subject = if path.is_empty() { "a job spec".to_owned() } else { format!("`{path}`") };
        let message = format!("{subject} has to be {}, not {}", wanted.join(" or "), node.kind());
        let mut problem = Problem::new(node.span, message);
        let scalar = matches!(node.content, Content::Bool(_) | Content::Number(_));
        if scalar && types.contains(&"string") {
            problem = problem.help("Write it in quotes.");
        }
        if matches!(node.content, Content::Text(_)) && !types.contains(&"string") {
            problem = problem.help("Write it without quotes.");
        }
        self.problems.push(problem);
    }
}

fn is_a(node: &Node, wanted: &str) -> bool {
    match &node.content {
        Content::Null => wanted == "null",
        Content::Bool(_) => wanted == "boolean",
        Content::Number(number) => {
            wanted == "number" || wanted == "integer" && (number.is_i64() || number.is_u64())
        }
        Content::Text(_) => wanted == "string",
        Content::List(_) => wanted == "array",
        Content::Map(_) => wanted == "object",
    }
}

fn called(name: &str) -> &str {
    match name {
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "a string",
        "array" => "a list",
        "object" => "a map",
        other => other,
    }
}

fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A path and the name of a field below it.
pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
