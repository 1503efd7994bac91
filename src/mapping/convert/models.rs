//! Arguments for which Airflow wants objects of one Kubernetes class.

use super::lists::{empty_dict, hole};
use super::{Subject, deserialise, helpers, plain, type_of};
use crate::eval::{Kind, Value};
use crate::kubernetes::Type;
use crate::mapping::node::{Jinja, Node};
use crate::mapping::remarks::Remarks;

/// A list of objects of the row's class, or of Airflow's old helpers; dicts are refused.
pub(super) fn models(value: &Value, subject: &Subject<'_>, remarks: &mut Remarks) -> Node {
    each(value, subject, remarks, |item, subject, remarks| match &item.kind {
        Kind::Model(made) if Some(made.class.as_str()) == subject.row.model.as_deref() => {
            plain(item, subject.jinja, subject, remarks)
        }
        Kind::Model(made) => helpers::to_client_object(made, item, subject, remarks)
            .unwrap_or_else(|| refuse(item, "", subject, remarks)),
        _ => refuse(item, "", subject, remarks),
    })
}

/// An object of the row's class, or a dict with its JSON keys.
pub(super) fn model_or_dict(value: &Value, subject: &Subject<'_>, remarks: &mut Remarks) -> Node {
    if value.truth() == Some(false) {
        return empty_dict(value);
    }
    one(value, subject, remarks)
}

/// A list of those.
pub(super) fn models_or_dicts(value: &Value, subject: &Subject<'_>, remarks: &mut Remarks) -> Node {
    each(value, subject, remarks, one)
}

fn one(item: &Value, subject: &Subject<'_>, remarks: &mut Remarks) -> Node {
    match (&item.kind, subject.class()) {
        (Kind::Unknown(_), _) => plain(item, Jinja::Literal, subject, remarks),
        (Kind::Model(made), Some(class)) if made.class == class.name => {
            plain(item, subject.jinja, subject, remarks)
        }
        (Kind::Dict(_), Some(class)) => {
            let node = plain(item, subject.jinja, subject, remarks);
            deserialise(node, &Type::Model(class.name), subject.argument, remarks)
        }
        _ => refuse(item, "dict or ", subject, remarks),
    }
}

/// Converts each item of an iterable, as a comprehension over the argument does.
fn each(
    value: &Value,
    subject: &Subject<'_>,
    remarks: &mut Remarks,
    convert: fn(&Value, &Subject<'_>, &mut Remarks) -> Node,
) -> Node {
    if let Some(node) = hole(value) {
        return node;
    }
    match &value.kind {
        Kind::List(items) | Kind::Tuple(items) | Kind::Set(items) => {
            let items = items
                .iter()
                .map(|item| hole(item).unwrap_or_else(|| convert(item, subject, remarks)))
                .collect();
            Node::list(items, value.span)
        }
        _ if value.truth() == Some(false) => Node::list(Vec::new(), value.span),
        _ => {
            let message = format!("Expected list, got {}", type_of(value));
            remarks.refuse(subject.argument, value.span, message)
        }
    }
}

fn refuse(item: &Value, or: &str, subject: &Subject<'_>, remarks: &mut Remarks) -> Node {
    let class = subject.row.model.as_deref().unwrap_or("object");
    let message = format!("Expected {or}{class}, got {}", type_of(item));
    remarks.refuse(subject.argument, item.span, message)
}
