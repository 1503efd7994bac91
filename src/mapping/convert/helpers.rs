//! Airflow's own pod helpers from before provider 5.0.0 (`Volume`, `VolumeMount`, `Port`, `Resources`,
//! `PodRuntimeInfoEnv`), which the operator still accepts, and the old `resources` argument.

use indexmap::IndexMap;

use super::lists::hole;
use super::{Subject, plain, type_of};
use crate::diag::{Code, Diagnostic};
use crate::eval::{Kind, Model, Value};
use crate::kubernetes::{ModelClass, Models};
use crate::mapping::node::{Fields, Jinja, Node};
use crate::mapping::remarks::Remarks;

/// The keys of the old `resources` dict: field of `Resources`, `requests` or `limits`, resource.
const RESOURCES: [(&str, &str, &str); 7] = [
    ("limit_cpu", "limits", "cpu"),
    ("limit_memory", "limits", "memory"),
    ("limit_gpu", "limits", "nvidia.com/gpu"),
    ("limit_ephemeral_storage", "limits", "ephemeral-storage"),
    ("request_cpu", "requests", "cpu"),
    ("request_memory", "requests", "memory"),
    ("request_ephemeral_storage", "requests", "ephemeral-storage"),
];

/// What `BaseOperator.resources` accepts: bookkeeping of Airflow that never reaches a pod.
const BOOKKEEPING: [&str; 4] = ["cpus", "ram", "disk", "gpus"];

/// A helper as the Kubernetes object it stands for; `None` for any other class.
pub(super) fn to_client_object(
    made: &Model,
    value: &Value,
    subject: &Subject<'_>,
    remarks: &mut Remarks,
) -> Option<Node> {
    let class = |name| Models::get().class(name);
    let mut field = |name: &str| {
        made.fields.get(name).map(|value| plain(value, Jinja::Literal, subject, remarks))
    };
    let wanted = subject.row.model.as_deref();
    match (made.class.as_str(), wanted) {
        ("VolumeMount", _) => Some(Node::object(
            class("V1VolumeMount"),
            [
                ("name", field("name")),
                ("mountPath", field("mount_path")),
                ("subPath", field("sub_path")),
                ("readOnly", field("read_only")),
            ],
            value.span,
        )),
        ("Port", _) => Some(Node::object(
            class("V1ContainerPort"),
            [("name", field("name")), ("containerPort", field("container_port"))],
            value.span,
        )),
        ("PodRuntimeInfoEnv", _) => {
            let path = field("field_path");
            let name = field("name");
            let selector =
                Node::object(class("V1ObjectFieldSelector"), [("fieldPath", path)], value.span);
            let source =
                Node::object(class("V1EnvVarSource"), [("fieldRef", Some(selector))], value.span);
            Some(Node::object(
                class("V1EnvVar"),
                [("name", name), ("valueFrom", Some(source))],
                value.span,
            ))
        }
        ("Volume", _) => Some(volume(made, value, subject, remarks)),
        _ => None,
    }
}

/// `Volume(name, configs)`: each key of the configs, in camelCase, is a field of the volume.
fn volume(made: &Model, value: &Value, subject: &Subject<'_>, remarks: &mut Remarks) -> Node {
    let class = Models::get().class("V1Volume");
    let mut entries = IndexMap::default();
    if let Some(name) = made.fields.get("name") {
        entries.insert("name".to_owned(), plain(name, Jinja::Literal, subject, remarks));
    }
    let configs = made.fields.get("configs");
    match configs.map(|configs| &configs.kind) {
        Some(Kind::Dict(configs)) => {
            for (key, config) in configs {
                let field = key.as_str().unwrap_or_default();
                let known = class.and_then(|class| known_field(class, field));
                let Some(json) = known else {
                    let message = format!("V1Volume does not have attribute {field}");
                    return remarks.refuse(subject.argument, key.span.or(value.span), message);
                };
                entries.insert(json, plain(config, Jinja::Literal, subject, remarks));
            }
        }
        Some(Kind::Unknown(_)) => {
            return configs.and_then(hole).map_or_else(
                || Node::list(Vec::new(), value.span),
                |hole| Node::computed(subject.argument, "configs of a Volume", &[&hole]),
            );
        }
        Some(Kind::None) | None => {}
        Some(_) => {
            return remarks.refuse(
                subject.argument,
                value.span,
                "configs of a Volume must be a dict",
            );
        }
    }
    entries.retain(|_, node| !node.is_null());
    Node::map(Fields { class, entries, open_keys: IndexMap::default() }, value.span)
}

/// The helper turns `persistentVolumeClaim` into `persistent_volume_claim` by its capitals alone.
fn known_field(class: &ModelClass, key: &str) -> Option<String> {
    let mut snake = String::new();
    for character in key.chars() {
        if character.is_uppercase() {
            snake.push('_');
        }
        snake.extend(character.to_lowercase());
    }
    class.field(snake.trim_start_matches('_')).map(|field| field.json.clone())
}

/// `resources`: until provider 4.4.0 the resources of the container, later an argument of BaseOperator.
pub(super) fn old_resources(
    value: &Value,
    subject: &Subject<'_>,
    remarks: &mut Remarks,
) -> Option<Node> {
    if value.is_none() {
        return None;
    }
    if let Some(node) = hole(value) {
        return Some(node);
    }
    let given: Vec<(String, &Value)> = match &value.kind {
        Kind::Dict(entries) => entries
            .iter()
            .filter_map(|(key, value)| Some((key.as_str()?.to_owned(), value)))
            .collect(),
        Kind::Model(made) if made.class == "Resources" => {
            made.fields.iter().map(|(name, value)| (name.clone(), value)).collect()
        }
        Kind::Model(_) => return Some(plain(value, Jinja::Literal, subject, remarks)),
        _ => {
            let message = format!("Expected dict, got {}", type_of(value));
            return Some(remarks.refuse(subject.argument, value.span, message));
        }
    };
    let gone = subject.release.is_at_least("5.0.0");
    if gone && given.iter().all(|(name, _)| BOOKKEEPING.contains(&name.as_str())) {
        return None;
    }
    let sides = ["limits", "requests"].map(|side| {
        let mut entries = IndexMap::default();
        for (field, of, resource) in RESOURCES {
            let found = given.iter().find(|(name, _)| name == field);
            if let Some((_, value)) = found.filter(|(_, v)| of == side && v.truth() != Some(false))
            {
                entries.insert(resource.to_owned(), plain(value, Jinja::Literal, subject, remarks));
            }
        }
        Node::map(Fields { class: None, entries, open_keys: IndexMap::default() }, value.span)
    });
    for (name, item) in &given {
        if !RESOURCES.iter().any(|(field, ..)| field == name) {
            let message = format!("unexpected keyword argument '{name}'");
            return Some(remarks.refuse(subject.argument, item.span.or(value.span), message));
        }
    }
    if gone {
        remarks.add(
            Diagnostic::new(
                Code::WrongType,
                value.span,
                "`resources` is an argument of BaseOperator, which refuses these keys",
            )
            .label("resources of the container until provider 4.4.0; podlift takes them as such")
            .help(
                "Write container_resources=k8s.V1ResourceRequirements(requests=..., limits=...).",
            ),
        );
    }
    let [limits, requests] = sides;
    Some(Node::object(
        Models::get().class("V1ResourceRequirements"),
        [("limits", Some(limits)), ("requests", Some(requests))],
        value.span,
    ))
}
