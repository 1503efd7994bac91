//! The pod that Airflow would create, built in the order in which the operator builds it: arguments,
//! template, name, namespace, secrets, XCom sidecar.

use std::sync::Arc;

use super::bind::{Bound, Target};
use super::convert::{SecretUse, convert, plain, secrets};
use super::merge::Merger;
use super::name;
use super::node::{Jinja, Node, NodeKind};
use super::release::Release;
use super::remarks::Remarks;
use super::row::{Converter, Row};
use super::template::{Layers, TemplateReader, layers};
use super::tree::{append_to, find, find_mut, place, remove};
use crate::eval::{Hole, Text};
use crate::kubernetes::Models;
use crate::python::Span;

/// A built pod.
#[derive(Debug)]
pub(crate) struct Pod {
    /// A `V1Pod`.
    pub(crate) pod: Node,
    /// Why any part of it may differ: a template that is not known.
    pub(crate) unknown: Option<Arc<Hole>>,
    /// The restart policy that a template asks for and Airflow replaces.
    pub(crate) replaced_restart_policy: Option<(String, Span)>,
}

/// What the pod is built from beside the keywords.
#[derive(Debug)]
pub(crate) struct Build<'a> {
    /// The task id with the prefixes of its groups.
    pub(crate) task_id: &'a Text,
    /// The releases.
    pub(crate) target: &'a Target,
    /// Rows of arguments that were not given: their defaults count too.
    pub(crate) absent: Vec<&'a Row>,
    /// The name that the operator assumes when none is given, also where a template has one.
    pub(crate) default_name: Option<String>,
    /// The namespace that the operator assumes when none is given.
    pub(crate) default_namespace: Option<&'a str>,
    /// Whether the operator forgets the command and the arguments that it was given, but not those of a template.
    pub(crate) replaces_command: bool,
    /// Whether the XCom sidecar is kept.
    pub(crate) keep_xcom_sidecar: bool,
    /// The call.
    pub(crate) span: Span,
}

/// Builds the pod.
pub(crate) fn build(
    bound: &[Bound<'_>],
    how: &Build<'_>,
    templates: &dyn TemplateReader,
    remarks: &mut Remarks,
) -> Pod {
    let explicit = explicit_pod(bound, how, remarks);
    let release = &how.target.provider;
    let Layers { pod: template, unknown, argument } = layers(bound, release, templates, remarks);
    let replaced_restart_policy = template.as_ref().and_then(|template| {
        let policy = find(template, "/spec/restartPolicy")?;
        let text = policy.as_str().filter(|text| *text != "Never")?;
        Some((text.to_owned(), policy.span))
    });
    let mut pod = match template {
        Some(template) => Merger { release, argument }.pods(template, explicit, remarks),
        None => explicit,
    };
    finish_name(&mut pod, bound, how);
    attach_secrets(&mut pod, bound, remarks);
    if how.keep_xcom_sidecar {
        attach_sidecar(&mut pod, bound, release, remarks);
    }
    Pod { pod, unknown, replaced_restart_policy }
}

/// What the arguments alone say: the side of the merge that always exists.
fn explicit_pod(bound: &[Bound<'_>], how: &Build<'_>, remarks: &mut Remarks) -> Node {
    let class = |name| Models::get().class(name);
    let container = Node::object(
        class("V1Container"),
        [("name", Some(Node::text("base", Span::NONE)))],
        Span::NONE,
    );
    let spec = Node::object(
        class("V1PodSpec"),
        [
            ("containers", Some(Node::list(vec![container], Span::NONE))),
            ("restartPolicy", Some(Node::text("Never", Span::NONE))),
        ],
        Span::NONE,
    );
    let metadata = Node::object(class("V1ObjectMeta"), [], Span::NONE);
    let mut pod = Node::object(
        class("V1Pod"),
        [("metadata", Some(metadata)), ("spec", Some(spec))],
        Span::NONE,
    );
    for row in &how.absent {
        let default = row.default_in(&how.target.provider).and_then(literal);
        let Some(default) = default else { continue };
        for path in row.pod_targets_in(&how.target.provider) {
            place(&mut pod, path, default.clone(), row.append);
        }
    }
    if let Some(namespace) = how.default_namespace {
        place(&mut pod, "/metadata/namespace", Node::text(namespace, Span::NONE), false);
    }
    if let Some(name) = &how.default_name {
        place(&mut pod, "/metadata/name", Node::text(name, how.span), false);
    }
    for one in bound {
        let mut paths = one.row.pod_targets_in(one.release).peekable();
        let is_command = matches!(one.row.argument.as_str(), "cmds" | "arguments");
        if paths.peek().is_none() || how.replaces_command && is_command {
            continue;
        }
        let node = match one.row.converter {
            Converter::Name => {
                let given = plain(one.value, one.jinja, &one.subject(), remarks);
                Some(name::explicit(given, one, remarks))
            }
            _ => convert(one.value, &one.subject(), remarks),
        };
        let Some(node) = node else { continue };
        let mut node = Some(node.made_by(one.index));
        while let Some(path) = paths.next() {
            // Few arguments have two places, so that the value is hardly ever copied.
            let here = if paths.peek().is_none() { node.take() } else { node.clone() };
            let Some(here) = here else { continue };
            match here.is_null() {
                // The name of the container falls back to the default, all else to nothing.
                true if path == "/spec/containers/0/name" => {}
                true => remove(&mut pod, path),
                false if path == "/spec/containers/0/name" && here.truth() == Some(false) => {}
                false => place(&mut pod, path, here, one.row.append),
            }
        }
    }
    pod
}

/// A default of the table that is plain Python: `None` and computed ones put nothing into the pod.
pub(crate) fn literal(python: &str) -> Option<Node> {
    let kind = match python {
        "True" => NodeKind::Bool(true),
        "False" => NodeKind::Bool(false),
        _ if let Ok(number) = python.parse::<i64>() => NodeKind::Number(number.into()),
        _ => {
            let text = python.strip_prefix('\'')?.strip_suffix('\'')?;
            return Some(Node::text(text, Span::NONE));
        }
    };
    Some(Node::new(kind, Span::NONE))
}

/// The name: explicit, else of the template, else of the task id; cut where a random suffix follows.
fn finish_name(pod: &mut Node, bound: &[Bound<'_>], how: &Build<'_>) {
    let suffix = bound
        .iter()
        .find(|one| one.row.argument == "random_name_suffix")
        .and_then(|one| one.value.truth())
        .unwrap_or(true);
    let there = find(pod, "/metadata/name").filter(|node| node.truth() != Some(false)).cloned();
    let named = there.or_else(|| name::from_task_id(how.task_id, how.span));
    match named {
        Some(node) if suffix => {
            let node = name::with_suffix(node, &how.target.provider);
            place(pod, "/metadata/name", node, false);
        }
        Some(node) => place(pod, "/metadata/name", node, false),
        None => remove(pod, "/metadata/name"),
    }
}

/// Each secret in its order, to the first container, after everything else.
fn attach_secrets(pod: &mut Node, bound: &[Bound<'_>], remarks: &mut Remarks) {
    let of_secrets = bound.iter().filter(|one| one.row.converter == Converter::Secrets);
    for one in of_secrets {
        for secret in secrets(one.value, &one.subject(), remarks) {
            let mut add = |path: &str, node: Node| {
                let node = node.made_by(one.index);
                push(pod, path, node);
            };
            match secret {
                SecretUse::Env(env) => add("/spec/containers/0/env", env),
                SecretUse::EnvFrom(source) => add("/spec/containers/0/envFrom", source),
                SecretUse::Volume(volume, mount) => {
                    add("/spec/volumes", volume);
                    add("/spec/containers/0/volumeMounts", mount);
                }
                SecretUse::Unknown(hole) => {
                    for path in [
                        "/spec/containers/0/env",
                        "/spec/containers/0/envFrom",
                        "/spec/containers/0/volumeMounts",
                        "/spec/volumes",
                    ] {
                        spoil(pod, path, &hole.clone().made_by(one.index));
                    }
                }
            }
        }
    }
}

/// Adds an item to the end of a list that may not be there yet.
fn push(pod: &mut Node, path: &str, item: Node) {
    let span = item.span;
    match find_mut(pod, path).filter(|node| !node.is_null()) {
        Some(list) => append_to(list, Node::list(vec![item], span)),
        None => place(pod, path, Node::list(vec![item], span), false),
    }
}

/// Marks a list as not known: something unknown may add to it.
fn spoil(pod: &mut Node, path: &str, hole: &Node) {
    let there = find(pod, path).cloned();
    let parts: Vec<&Node> = there.iter().chain([hole]).collect();
    let key = path.rsplit('/').next().unwrap_or(path);
    let node = Node::computed(key, "a secret that is not known may add to it", &parts);
    place(pod, path, node.made_by(hole.from), false);
}

/// The sidecar that holds the result for Airflow: volume and mount come first, the container last.
fn attach_sidecar(pod: &mut Node, bound: &[Bound<'_>], release: &Release, remarks: &mut Remarks) {
    let Some(wanted) = bound
        .iter()
        .find(|one| one.row.converter == Converter::XcomPush && one.value.truth() == Some(true))
    else {
        return;
    };
    let class = |name: &str| Models::get().class(name);
    let text = |text: &str| Some(Node::text(text, wanted.span));
    let object = |name: &str, fields: [(&str, Option<Node>); 2]| {
        Node::object(class(name), fields, wanted.span).made_by(wanted.index)
    };
    let mount =
        object("V1VolumeMount", [("mountPath", text("/airflow/xcom")), ("name", text("xcom"))]);
    let empty_dir = Node::object(class("V1EmptyDirVolumeSource"), [], wanted.span);
    let volume = object("V1Volume", [("emptyDir", Some(empty_dir)), ("name", text("xcom"))]);
    let requests = Node::object(None, [("cpu", text("1m")), ("memory", text("10Mi"))], wanted.span);
    let resources =
        Node::object(class("V1ResourceRequirements"), [("requests", Some(requests))], wanted.span);
    let security = bound
        .iter()
        .find(|one| one.row.converter == Converter::XcomSidecarSecurity && !one.value.is_none())
        .map(|one| plain(one.value, Jinja::Literal, &one.subject(), remarks).made_by(one.index));
    let command = ["sh", "-c", "trap \"exit 0\" INT; while true; do sleep 1; done;"]
        .map(|part| Node::text(part, wanted.span));
    let image = match release {
        _ if release.is_at_least("10.23.0") => "alpine:3.24.2",
        _ if release.is_at_least("10.19.0") => "alpine:3.24.1",
        _ if release.is_at_least("10.17.1") => "alpine:3.23.4",
        _ => "alpine",
    };
    let sidecar = Node::object(
        class("V1Container"),
        [
            ("command", Some(Node::list(command.to_vec(), wanted.span))),
            ("image", text(image)),
            ("name", text("airflow-xcom-sidecar")),
            ("resources", Some(resources)),
            ("securityContext", security),
            ("volumeMounts", Some(Node::list(vec![mount.clone()], wanted.span))),
        ],
        wanted.span,
    )
    .made_by(wanted.index);
    prepend(pod, "/spec/volumes", volume);
    prepend(pod, "/spec/containers/0/volumeMounts", mount);
    push(pod, "/spec/containers", sidecar);
}

fn prepend(pod: &mut Node, path: &str, item: Node) {
    let span = item.span;
    let mut list = Node::list(vec![item], span);
    if let Some(there) = find(pod, path).filter(|node| !node.is_null()).cloned() {
        append_to(&mut list, there);
    }
    place(pod, path, list, false);
}
