//! Numbers, times, words and switches of the launcher and the client.

use num_traits::ToPrimitive;
use serde_json::Number;

use super::lists::hole;
use super::{Subject, plain, type_of};
use crate::eval::{Kind, Value};
use crate::mapping::node::{Jinja, Node, NodeKind};
use crate::mapping::remarks::Remarks;

/// A string, perhaps one that is known later.
pub(super) fn text(value: &Value, subject: &Subject<'_>, remarks: &mut Remarks) -> Node {
    match &value.kind {
        Kind::None | Kind::Str(_) | Kind::Unknown(_) | Kind::XCom(_) => {
            plain(value, subject.jinja, subject, remarks)
        }
        _ => {
            let message = format!("Expected str, got {}", type_of(value));
            remarks.refuse(subject.argument, value.span, message)
        }
    }
}

/// A number; `None` is none.
pub(super) fn number(value: &Value, subject: &Subject<'_>, remarks: &mut Remarks) -> Option<Node> {
    match &value.kind {
        Kind::None => None,
        Kind::Int(_) | Kind::Float(_) | Kind::Unknown(_) => {
            Some(plain(value, Jinja::Literal, subject, remarks))
        }
        Kind::Str(text) if text.as_literal().is_none() => {
            Some(plain(value, Jinja::Literal, subject, remarks))
        }
        _ => {
            let message = format!("Expected a number, got {}", type_of(value));
            Some(remarks.refuse(subject.argument, value.span, message))
        }
    }
}

/// A duration in seconds, from a `timedelta` or a number.
pub(super) fn seconds(value: &Value, subject: &Subject<'_>, remarks: &mut Remarks) -> Option<Node> {
    let Kind::TimeDelta(micros) = &value.kind else {
        return number(value, subject, remarks);
    };
    let number = if micros % 1_000_000 == 0 {
        Some(Number::from(micros / 1_000_000))
    } else {
        micros.to_f64().and_then(|micros| Number::from_f64(micros / 1e6))
    };
    number.map(|number| Node::new(NodeKind::Number(number), value.span))
}

/// Python's truth of a value; `None` is none.
pub(super) fn truth(value: &Value) -> Option<Node> {
    if value.is_none() {
        return None;
    }
    match value.truth() {
        Some(truth) => Some(Node::new(NodeKind::Bool(truth), value.span)),
        None => hole(value).or_else(|| {
            let Kind::Str(text) = &value.kind else { return None };
            let node = Node::new(NodeKind::Text(text.clone(), Jinja::Literal), value.span);
            Some(Node::computed("truth", "whether the text is empty", &[&node]))
        }),
    }
}

/// `in_cluster`: False is the same as nothing, since Airflow tries in-cluster access first all the same.
pub(super) fn in_cluster(value: &Value) -> Option<Node> {
    truth(value).filter(|node| node.kind != NodeKind::Bool(false))
}

/// One of the row's words: a string, or a member of the enum that Airflow has for them.
pub(super) fn word(value: &Value, subject: &Subject<'_>, remarks: &mut Remarks) -> Option<Node> {
    let text = match &value.kind {
        Kind::None => return None,
        Kind::Str(text) => match text.as_literal() {
            Some(literal) => literal.to_owned(),
            None => return Some(plain(value, subject.jinja, subject, remarks)),
        },
        // `TriggerRule.ALL_DONE`, `OnFinishAction.KEEP_POD`: the value is the member in lower case.
        Kind::Object(object) => {
            let (_, member) = object.name.rsplit_once('.').unwrap_or(("", &object.name));
            member.to_lowercase()
        }
        Kind::Unknown(_) => return hole(value),
        _ => {
            let message = format!("Expected str, got {}", type_of(value));
            return Some(remarks.refuse(subject.argument, value.span, message));
        }
    };
    let allowed = &subject.row.values;
    if allowed.is_empty() || allowed.contains(&text) {
        Some(Node::text(text, value.span))
    } else {
        let message = format!("'{text}' is none of {}", allowed.join(", "));
        Some(remarks.refuse(subject.argument, value.span, message))
    }
}

/// `is_delete_operator_pod`: the word of `on_finish_action` that it stood for.
pub(super) fn delete_flag(value: &Value) -> Option<Node> {
    match truth(value)?.kind {
        NodeKind::Bool(true) => Some(Node::text("delete_pod", value.span)),
        NodeKind::Bool(false) => Some(Node::text("keep_pod", value.span)),
        kind => {
            let unknown = Node::new(kind, value.span);
            Some(Node::computed(
                "on_finish_action",
                "depends on is_delete_operator_pod",
                &[&unknown],
            ))
        }
    }
}

/// `skip_on_exit_code`: an integer or a container of integers.
pub(super) fn exit_codes(
    value: &Value,
    subject: &Subject<'_>,
    remarks: &mut Remarks,
) -> Option<Node> {
    let codes = match &value.kind {
        Kind::None => return None,
        Kind::Unknown(_) => return hole(value),
        Kind::List(items) | Kind::Tuple(items) | Kind::Set(items) => items.iter().collect(),
        _ => vec![value],
    };
    let mut items = Vec::new();
    for code in codes {
        match &code.kind {
            Kind::Int(_) => items.push(plain(code, Jinja::Literal, subject, remarks)),
            Kind::Unknown(_) => {
                let unknown = hole(code)?;
                let reason = "an exit code is not known";
                return Some(Node::computed(subject.argument, reason, &[&unknown]));
            }
            _ => {
                let message = format!("Expected int, got {}", type_of(code));
                return Some(remarks.refuse(subject.argument, code.span, message));
            }
        }
    }
    Some(Node::list(items, value.span))
}

/// `container_logs`, `init_container_logs`: whether further containers than the first are wanted.
pub(super) fn container_logs(value: &Value) -> Option<Node> {
    let wanted = match &value.kind {
        Kind::Bool(all) => *all,
        Kind::Str(text) => text.as_literal() != Some("base"),
        Kind::List(items) | Kind::Tuple(items) | Kind::Set(items) => {
            items.iter().any(|item| item.as_str() != Some("base"))
        }
        _ => false,
    };
    wanted.then(|| Node::new(NodeKind::Bool(true), value.span))
}
