//! A dict read as a model object, as the Kubernetes client reads an API answer: JSON keys only, others
//! dropped without a word, scalars forced to the field's type.

use indexmap::IndexMap;
use serde_json::Number;

use crate::diag::{Code, Diagnostic};
use crate::eval::Text;
use crate::kubernetes::{ModelClass, Models, Type};
use crate::mapping::node::{Fields, Jinja, Node, NodeKind};
use crate::mapping::remarks::Remarks;

/// The node as a value of a type.
pub(crate) fn deserialise(node: Node, kind: &Type, argument: &str, remarks: &mut Remarks) -> Node {
    if node.is_null() || matches!(node.kind, NodeKind::Hole(_)) {
        return node;
    }
    let span = node.span;
    match kind {
        Type::Object | Type::DateTime => node,
        Type::Str | Type::Int | Type::Float | Type::Bool => scalar(node, kind, argument, remarks),
        Type::List(item) => match node.kind {
            NodeKind::List(items) => {
                let items = items
                    .into_iter()
                    .map(|node| deserialise(node, item, argument, remarks))
                    .collect();
                Node { kind: NodeKind::List(items), ..node_shell(&node.from, span) }
            }
            _ => unreadable(&node, kind, argument, remarks),
        },
        Type::Dict(value) => match node.kind {
            NodeKind::Map(mut fields) if fields.class.is_none() => {
                let entries = std::mem::take(&mut fields.entries).into_iter();
                fields.entries = entries
                    .map(|(key, node)| (key, deserialise(node, value, argument, remarks)))
                    .collect();
                Node { kind: NodeKind::Map(fields), ..node_shell(&node.from, span) }
            }
            _ => unreadable(&node, kind, argument, remarks),
        },
        Type::Model(name) => match (Models::get().class(name), node.kind) {
            (Some(class), NodeKind::Map(fields)) if fields.class.is_none() => {
                let made = model(class, *fields, span, argument, remarks);
                Node { from: node.from, ..made }
            }
            (_, other) => unreadable(&Node::new(other, span), kind, argument, remarks),
        },
    }
}

fn node_shell(from: &Option<usize>, span: crate::python::Span) -> Node {
    Node { kind: NodeKind::Null, span, from: *from }
}

fn model(
    class: &'static ModelClass,
    given: Fields,
    span: crate::python::Span,
    argument: &str,
    remarks: &mut Remarks,
) -> Node {
    let mut entries = IndexMap::default();
    for (key, node) in given.entries {
        if given.open_keys.contains_key(&key) {
            // Nobody knows which field it is.
            entries.insert(key, node);
            continue;
        }
        let Some((_, field)) = class.by_json(&key) else {
            dropped(class, &key, &node, argument, remarks);
            continue;
        };
        let node = deserialise(node, &field.kind, argument, remarks);
        if !node.is_null() {
            entries.insert(key, node);
        }
    }
    let missing =
        class.fields.values().find(|field| field.required && !entries.contains_key(&field.json));
    if let Some(field) = missing {
        let message = format!("{}: `{}` must not be None", class.name, field.json);
        return remarks.refuse(argument, span, message);
    }
    let open_keys = given.open_keys;
    Node::map(Fields { class: Some(class), entries, open_keys }, span)
}

fn dropped(class: &ModelClass, key: &str, node: &Node, argument: &str, remarks: &mut Remarks) {
    let mut told = Diagnostic::new(
        Code::DroppedField,
        node.span,
        format!("`{argument}`: Airflow drops `{key}`, which is no field of {}", class.name),
    )
    .label("missing in the pod");
    if let Some(field) = class.field(key) {
        told = told.help(format!("Write `{}`.", field.json));
    }
    remarks.add(told);
}

/// Forces a scalar to a type with Python's constructors: `str(1)`, `int("5")`, `bool("x")`.
fn scalar(node: Node, kind: &Type, argument: &str, remarks: &mut Remarks) -> Node {
    let made = match (&node.kind, kind) {
        // A text that is not known yet cannot be forced; it stays what it is.
        (NodeKind::Text(text, jinja), _) if is_open(text, *jinja) => return node,
        (NodeKind::Text(..), Type::Str)
        | (NodeKind::Bool(_), Type::Bool)
        | (NodeKind::Number(_), Type::Float) => return node,
        (NodeKind::Bool(value), Type::Str) => {
            Some(text(if *value { "True" } else { "False" }.to_owned()))
        }
        (NodeKind::Number(value), Type::Str) => Some(text(python_number(value))),
        (NodeKind::Time(value), Type::Str) => Some(text(value.replace('T', " "))),
        (NodeKind::Text(value, _), Type::Int) => value
            .as_literal()
            .and_then(|literal| literal.trim().replace('_', "").parse::<i64>().ok())
            .map(|value| NodeKind::Number(value.into())),
        (NodeKind::Number(value), Type::Int) => match (value.is_f64(), value.as_f64()) {
            (false, _) => return node,
            (true, Some(float)) => whole(float).map(|value| NodeKind::Number(value.into())),
            (true, None) => None,
        },
        (NodeKind::Bool(value), Type::Int | Type::Float) => {
            Some(NodeKind::Number(i64::from(*value).into()))
        }
        (NodeKind::Text(value, _), Type::Float) => value
            .as_literal()
            .and_then(|literal| literal.trim().parse::<f64>().ok())
            .and_then(Number::from_f64)
            .map(NodeKind::Number),
        (_, Type::Bool) => node.truth().map(NodeKind::Bool),
        _ => None,
    };
    match made {
        Some(made) => Node { kind: made, ..node },
        None => unreadable(&node, kind, argument, remarks),
    }
}

fn text(text: String) -> NodeKind {
    NodeKind::Text(Text::literal(text), Jinja::Literal)
}

fn is_open(text: &Text, jinja: Jinja) -> bool {
    let templated = |literal: &str| literal.contains("{{") || literal.contains("{%");
    match text.as_literal() {
        None => true,
        Some(literal) => jinja != Jinja::Literal && templated(literal),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn whole(float: f64) -> Option<i64> {
    (float.abs() < 9e15).then(|| float.trunc() as i64)
}

/// A number as Python's `str` writes it.
fn python_number(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    let size = float.abs();
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        // Rust writes `1e-5` where Python writes `1e-05`.
        let text = format!("{float:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, digits) = match exponent.strip_prefix('-') {
            Some(digits) => ('-', digits),
            None => ('+', exponent),
        };
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    format!("{float:?}")
}

fn unreadable(node: &Node, kind: &Type, argument: &str, remarks: &mut Remarks) -> Node {
    let message = format!("cannot be read as {}", kind.describe());
    remarks.refuse(argument, node.span, message)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn numbers_become_text_as_python_writes_them() {
        let written = |float: f64| python_number(&Number::from_f64(float).unwrap());
        assert_eq!(written(0.5), "0.5");
        assert_eq!(written(1.0), "1.0");
        assert_eq!(written(1e16), "1e+16");
        assert_eq!(written(0.00001), "1e-05");
        assert_eq!(python_number(&Number::from(7)), "7");
    }
}
