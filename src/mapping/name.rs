//! The pod name as Airflow derives it, without the random suffix.

use super::bind::Bound;
use super::jinja::looks_like_template;
use super::node::{Jinja, Node, NodeKind};
use super::release::Release;
use super::remarks::Remarks;
use crate::diag::{Code, Diagnostic};
use crate::eval::{Hole, HoleKind, Text};
use crate::python::Span;

/// Length of the random suffix with its hyphen.
const SUFFIX: usize = 9;

/// The name given by an argument, sanitised: lower case, and a hyphen for each run of other characters.
pub(crate) fn explicit(node: Node, one: &Bound<'_>, remarks: &mut Remarks) -> Node {
    let NodeKind::Text(text, jinja) = &node.kind else { return node };
    let Some(literal) = text.as_literal() else { return node };
    if *jinja != Jinja::Literal && looks_like_template(literal) {
        return node;
    }
    let complaint = if literal.is_empty() {
        Some("is empty".to_owned())
    } else if literal.chars().count() > 220 {
        Some("is longer than 220 characters".to_owned())
    } else {
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        literal.chars().find(|c| !allowed(*c)).map(|found| format!("contains {found:?}"))
    };
    if let Some(complaint) = complaint {
        return refuse(literal, &complaint, one, remarks);
    }
    let name = sanitise(literal, !one.release.is_at_least("4.0.1"));
    Node { kind: NodeKind::Text(Text::literal(name), *jinja), ..node }
}

/// Lower case, and one hyphen for each run of characters that a pod name cannot have; `dots` keeps dots.
pub(crate) fn sanitise(given: &str, dots: bool) -> String {
    let mut name = String::new();
    let mut in_run = false;
    for character in given.to_lowercase().chars() {
        let kept = matches!(character, 'a'..='z' | '0'..='9' | '-') || (dots && character == '.');
        if kept {
            name.push(character);
        } else if !in_run {
            name.push('-');
        }
        in_run = !kept;
    }
    name
}

fn refuse(name: &str, complaint: &str, one: &Bound<'_>, remarks: &mut Remarks) -> Node {
    let message = format!("pod name {name:?} {complaint}");
    let mut told = Diagnostic::new(Code::PodName, one.span, message.clone())
        .label("Airflow refuses it when the task runs");
    told.severity = crate::diag::Severity::Error;
    remarks.add(told);
    remarks.refused.insert(one.row.argument.clone());
    let hole = Hole {
        kind: HoleKind::Expression,
        name: one.row.argument.clone(),
        default: None,
        reason: message,
        span: one.span,
        roots: Vec::new(),
    };
    Node::new(NodeKind::Hole(std::sync::Arc::new(hole)), one.span)
}

/// A name that is there, cut where Airflow cuts it to make room for the random suffix.
pub(crate) fn with_suffix(node: Node, release: &Release) -> Node {
    let limit = if release.is_at_least("7.12.0") {
        63
    } else if release.is_at_least("5.1.0") {
        80
    } else {
        return node;
    };
    match node.as_str() {
        Some(name) if !looks_like_template(name) => {
            let cut: String = name.chars().take(limit - SUFFIX).collect();
            let NodeKind::Text(_, jinja) = node.kind else { return node };
            let text = Text::literal(cut.trim_matches(['-', '.']));
            Node { kind: NodeKind::Text(text, jinja), ..node }
        }
        _ => node,
    }
}

/// The name made of a task id when there is no other; `None` when the id has characters whose spelling
/// in ASCII podlift does not know.
pub(crate) fn from_task_id(task_id: &Text, span: Span) -> Option<Node> {
    let literal = task_id.as_literal()?;
    if !literal.is_ascii() {
        return None;
    }
    let mut slug = String::new();
    for character in literal.to_ascii_lowercase().chars() {
        if character.is_ascii_alphanumeric() {
            slug.push(character);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    let slug: String = slug.trim_matches('-').chars().take(63).collect();
    Some(Node::text(slug.trim_matches(['.', '-']), span))
}
