//! The weaker layers of a pod: `pod_template_file`, `pod_template_dict`, `full_pod_spec`.

use std::sync::Arc;

use super::bind::Bound;
use super::convert::{deserialise, plain};
use super::jinja::looks_like_template;
use super::merge::Merger;
use super::node::{Jinja, Node, NodeKind};
use super::release::Release;
use super::remarks::Remarks;
use super::row::Converter;
use crate::diag::{Code, Diagnostic};
use crate::eval::{Hole, HoleKind, Kind, Value};
use crate::kubernetes::{Models, Type};
use crate::python::Span;

/// Reads pod templates: YAML files inside the roots, with the rules of PyYAML.
pub trait TemplateReader {
    /// The content of a file, as `yaml.safe_load` gives it. `near` is the keyword that names the file.
    ///
    /// # Errors
    /// Why the content is not known.
    fn read(&self, path: &str, near: Span) -> Result<Value, TemplateError>;
}

/// Why the content of a pod template is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Nothing is there.
    #[error("it is not under the roots")]
    Missing,
    /// The path leads out of the roots.
    #[error("it is outside the roots")]
    OutsideRoots,
    /// It is no YAML.
    #[error("it cannot be parsed: {0}")]
    Malformed(String),
}

/// A reader without files.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTemplates;

impl TemplateReader for NoTemplates {
    fn read(&self, _path: &str, _near: Span) -> Result<Value, TemplateError> {
        Err(TemplateError::Missing)
    }
}

/// The template layers of a pod, merged.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    /// The pod they make.
    pub(crate) pod: Option<Node>,
    /// Why a layer is not known: then every part of the pod may come from it.
    pub(crate) unknown: Option<Arc<Hole>>,
    /// The argument that brought the strongest layer.
    pub(crate) argument: &'static str,
}

/// Reads and merges the layers. A file wins over a dict, which is then ignored altogether.
pub(crate) fn layers(
    bound: &[Bound<'_>],
    release: &Release,
    templates: &dyn TemplateReader,
    remarks: &mut Remarks,
) -> Layers {
    let given = |converter| {
        bound
            .iter()
            .find(|one| one.row.converter == converter)
            .filter(|one| one.value.truth() != Some(false))
    };
    let file = given(Converter::TemplateFile).map(|one| from_file(one, templates, remarks));
    let template =
        file.or_else(|| given(Converter::TemplateDict).map(|one| from_dict(one, remarks)));
    let full = given(Converter::FullPodSpec).map(|one| full_pod(one, remarks));
    let mut out = Layers { argument: "pod template", ..Layers::default() };
    for layer in [template, full].into_iter().flatten() {
        match layer.kind {
            NodeKind::Hole(hole) => out.unknown = Some(hole),
            kind => {
                let layer = Node { kind, ..layer };
                out.pod = Some(match out.pod.take() {
                    Some(weaker) => {
                        let merger = Merger { release, argument: "full_pod_spec" };
                        merger.pods(weaker, layer, remarks)
                    }
                    None => layer,
                });
            }
        }
    }
    out
}

fn from_file(one: &Bound<'_>, templates: &dyn TemplateReader, remarks: &mut Remarks) -> Node {
    let unknown = |path: &str, reason: String| {
        let hole = Hole {
            kind: HoleKind::File,
            name: path.to_owned(),
            default: None,
            reason,
            span: one.span,
            roots: one.value.holes(),
        };
        Node::new(NodeKind::Hole(Arc::new(hole)), one.span)
    };
    let path = match &one.value.kind {
        Kind::Str(text) => match text.as_literal() {
            Some(path) if one.jinja == Jinja::Literal || !looks_like_template(path) => path,
            _ => {
                let path = text.to_template();
                tell_unread(&path, "its path is known only when the task runs", one, remarks);
                return unknown(&path, "path known only when the task runs".to_owned());
            }
        },
        Kind::Unknown(hole) => {
            tell_unread(&hole.name, "its path is not known", one, remarks);
            return Node::new(NodeKind::Hole(Arc::clone(hole)), one.span);
        }
        _ => {
            let message = format!("Expected str, got {}", one.value.type_name());
            return remarks.refuse(&one.row.argument, one.span, message);
        }
    };
    match templates.read(path, one.span) {
        Ok(content) => {
            let node = plain(&content, Jinja::Literal, &one.subject(), remarks);
            pod_of(node, one, remarks)
        }
        Err(error) => {
            tell_unread(path, &error.to_string(), one, remarks);
            unknown(path, format!("pod template {path}: {error}"))
        }
    }
}

fn tell_unread(path: &str, why: &str, one: &Bound<'_>, remarks: &mut Remarks) {
    remarks.add(
        Diagnostic::new(
            Code::TemplateFile,
            one.span,
            format!("pod template `{path}` is not read: {why}"),
        )
        .label("every part of the pod may come from it"),
    );
}

fn from_dict(one: &Bound<'_>, remarks: &mut Remarks) -> Node {
    let node = plain(one.value, one.jinja, &one.subject(), remarks);
    pod_of(node, one, remarks)
}

/// A dict as a `V1Pod`; an empty document is an empty pod.
fn pod_of(node: Node, one: &Bound<'_>, remarks: &mut Remarks) -> Node {
    let pod = if node.is_null() {
        Node::object(Models::get().class("V1Pod"), [], one.span)
    } else {
        deserialise(node, &Type::Model("V1Pod"), &one.row.argument, remarks)
    };
    owned(pod, one)
}

fn full_pod(one: &Bound<'_>, remarks: &mut Remarks) -> Node {
    let node = match &one.value.kind {
        Kind::Model(made) if made.class == "V1Pod" => {
            plain(one.value, Jinja::Literal, &one.subject(), remarks)
        }
        Kind::Unknown(hole) => Node::new(NodeKind::Hole(Arc::clone(hole)), one.span),
        _ => {
            let message = format!("Expected V1Pod, got {}", one.value.type_name());
            remarks.refuse(&one.row.argument, one.span, message)
        }
    };
    owned(node, one)
}

/// Marks the parts that a reader of the job spec looks for as made by the keyword: the fields of
/// metadata and spec, and those of each container.
fn owned(mut pod: Node, one: &Bound<'_>) -> Node {
    let Some(pod_fields) = pod.fields_mut() else { return pod };
    for side in ["metadata", "spec"] {
        let Some(fields) = pod_fields.entries.get_mut(side).and_then(Node::fields_mut) else {
            continue;
        };
        for (key, node) in &mut fields.entries {
            if key == "containers"
                && let NodeKind::List(containers) = &mut node.kind
            {
                for container in containers {
                    mark_container(container, one.index);
                }
            } else {
                node.from = one.index;
            }
        }
    }
    pod
}

fn mark_container(container: &mut Node, keyword: Option<usize>) {
    match container.fields_mut() {
        Some(fields) => fields.entries.values_mut().for_each(|node| node.from = keyword),
        None => container.from = keyword,
    }
}
