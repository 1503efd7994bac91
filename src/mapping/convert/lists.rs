//! Lists and dicts that Airflow passes on, with what its constructor does to them.

use std::sync::Arc;

use super::{Subject, plain, type_of};
use crate::diag::{Code, Diagnostic};
use crate::eval::{Kind, Text, Value};
use crate::kubernetes::Models;
use crate::mapping::jinja::looks_like_template;
use crate::mapping::node::{Fields, Jinja, Node, NodeKind};
use crate::mapping::remarks::Remarks;
use crate::python::literal::literal;

/// A list that is passed through; anything falsy is an empty one.
pub(super) fn list(value: &Value, subject: &Subject<'_>, remarks: &mut Remarks) -> Node {
    match &value.kind {
        Kind::List(_) | Kind::Tuple(_) | Kind::Unknown(_) => {
            plain(value, subject.jinja, subject, remarks)
        }
        _ if value.truth() == Some(false) => Node::list(Vec::new(), value.span),
        _ => {
            let message = format!("Expected list, got {}", type_of(value));
            remarks.refuse(subject.argument, value.span, message)
        }
    }
}

/// Whether rendering may make something else of a text than a text, where it makes Python values.
fn may_become_list(text: &Text) -> bool {
    text.as_literal().is_none_or(|text| looks_like_template(text) || literal(text).is_some())
}

/// `cmds` and `arguments`. A string is copied as a string, which no API server accepts.
pub(super) fn string_list(value: &Value, subject: &Subject<'_>, remarks: &mut Remarks) -> Node {
    match &value.kind {
        // Airflow makes a list of it, or not.
        Kind::Str(text) if subject.jinja == Jinja::Native && may_become_list(text) => {
            plain(value, subject.jinja, subject, remarks)
        }
        Kind::Str(text) if text.truth() != Some(false) => {
            remarks.add(
                Diagnostic::new(
                    Code::StringCommand,
                    value.span,
                    format!("`{}` is a string instead of a list", subject.argument),
                )
                .label("Kubernetes refuses it; Dagster would split it into characters")
                .help(format!(
                    "Write {}=[{:?}].",
                    subject.argument,
                    text.display()
                )),
            );
            plain(value, subject.jinja, subject, remarks)
        }
        _ => list(value, subject, remarks),
    }
}

/// A dict or an object that is passed through; anything falsy is an empty dict.
pub(super) fn mapping(value: &Value, subject: &Subject<'_>, remarks: &mut Remarks) -> Node {
    if value.truth() == Some(false) {
        return empty_dict(value);
    }
    match &value.kind {
        Kind::Dict(_) | Kind::Model(_) | Kind::Unknown(_) => {
            plain(value, subject.jinja, subject, remarks)
        }
        _ => {
            let message = format!("Expected dict, got {}", type_of(value));
            remarks.refuse(subject.argument, value.span, message)
        }
    }
}

/// `labels`: a dict in which None becomes an empty text.
pub(super) fn labels(value: &Value, subject: &Subject<'_>, remarks: &mut Remarks) -> Node {
    let mut node = mapping(value, subject, remarks);
    if let Some(fields) = node.fields_mut() {
        for entry in fields.entries.values_mut() {
            if entry.is_null() {
                *entry = Node::text("", entry.span);
            }
        }
    }
    node
}

/// `image_pull_secrets`: a text is split at commas, blanks included; a list is passed through.
pub(super) fn image_pull_secrets(
    value: &Value,
    subject: &Subject<'_>,
    remarks: &mut Remarks,
) -> Node {
    let Kind::Str(text) = &value.kind else {
        return list(value, subject, remarks);
    };
    match text.as_literal() {
        Some("") => Node::list(Vec::new(), value.span),
        Some(names) => {
            let class = Models::get().class("V1LocalObjectReference");
            let items = names
                .split(',')
                .map(|name| {
                    Node::object(class, [("name", Some(Node::text(name, value.span)))], value.span)
                })
                .collect();
            Node::list(items, value.span)
        }
        // The unknown part may hold commas.
        None => {
            let whole = Node::new(NodeKind::Text(Text::clone(text), Jinja::Literal), value.span);
            Node::computed(subject.argument, "names separated by commas", &[&whole])
        }
    }
}

pub(super) fn empty_dict(value: &Value) -> Node {
    Node::map(Fields::default(), value.span)
}

/// A value that is not known as a whole.
pub(super) fn hole(value: &Value) -> Option<Node> {
    match &value.kind {
        Kind::Unknown(hole) => Some(Node::new(NodeKind::Hole(Arc::clone(hole)), value.span)),
        _ => None,
    }
}
