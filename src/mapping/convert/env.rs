//! Environment variables of the container: `env_vars` and `configmaps`.

use std::sync::Arc;

use super::{Subject, plain, type_of};
use crate::eval::{Kind, Text, Value};
use crate::kubernetes::Models;
use crate::mapping::node::{Jinja, Node, NodeKind};
use crate::mapping::remarks::Remarks;

/// `env_vars`: a dict becomes name and value pairs in its order, a list is passed through.
pub(super) fn env_vars(value: &Value, subject: &Subject<'_>, remarks: &mut Remarks) -> Node {
    match &value.kind {
        Kind::Unknown(hole) => Node::new(NodeKind::Hole(Arc::clone(hole)), value.span),
        Kind::Dict(entries) => {
            let items =
                entries.iter().map(|(key, entry)| env_var(key, entry, subject, remarks)).collect();
            Node::list(items, value.span)
        }
        Kind::List(_) => plain(value, subject.jinja, subject, remarks),
        _ if value.truth() == Some(false) => Node::list(Vec::new(), value.span),
        _ => {
            let message = format!("Expected dict or list, got {}", type_of(value));
            remarks.refuse(subject.argument, value.span, message)
        }
    }
}

/// One entry of a dict: Airflow makes a `V1EnvVar` of it and leaves the value as it is, so a number stays
/// a number (which the API refuses) and None leaves the value out.
fn env_var(key: &Value, entry: &Value, subject: &Subject<'_>, remarks: &mut Remarks) -> Node {
    // Older releases rendered the dict itself, and rendering a dict leaves its keys alone.
    let names = if subject.release.is_at_least("10.25.0") { subject.jinja } else { Jinja::Literal };
    let span = key.span.or(entry.span);
    if key.is_none() {
        return remarks.refuse(subject.argument, span, "the name of a variable must not be None");
    }
    let name = plain(key, names, subject, remarks);
    let value = plain(entry, subject.jinja, subject, remarks);
    Node::object(
        Models::get().class("V1EnvVar"),
        [("name", Some(name)), ("value", Some(value))],
        span,
    )
}

/// `configmaps`: each name becomes a source of the environment.
pub(super) fn configmaps(value: &Value, subject: &Subject<'_>, remarks: &mut Remarks) -> Node {
    let names = match &value.kind {
        Kind::Unknown(hole) => {
            // Each unknown name would be wrapped, so the list is not the hole itself.
            let hole = Node::new(NodeKind::Hole(Arc::clone(hole)), value.span);
            return Node::computed(subject.argument, "names of config maps", &[&hole]);
        }
        Kind::List(items) | Kind::Tuple(items) | Kind::Set(items) => items.as_slice(),
        _ if value.truth() == Some(false) => &[],
        _ => {
            let message = format!("Expected list, got {}", type_of(value));
            return remarks.refuse(subject.argument, value.span, message);
        }
    };
    let models = Models::get();
    let items = names
        .iter()
        .map(|name| {
            let node = plain(name, subject.jinja, subject, remarks);
            let source = models.class("V1ConfigMapEnvSource");
            let source = Node::object(source, [("name", Some(node))], name.span);
            Node::object(
                models.class("V1EnvFromSource"),
                [("configMapRef", Some(source))],
                name.span,
            )
        })
        .collect();
    Node::list(items, value.span)
}

/// A text in upper case, as Airflow spells the names of secret variables; `None` when a hole is in it.
pub(super) fn upper(text: &Text) -> Option<Text> {
    text.as_literal().map(|literal| Text::literal(literal.to_uppercase()))
}
