//! Airflow `Secret` objects: an environment variable, a source of variables, or a mounted volume each.

use super::{Subject, env, lists, plain, type_of};
use crate::eval::{Kind, Model, Value};
use crate::kubernetes::Models;
use crate::mapping::node::{Jinja, Node, NodeKind};
use crate::mapping::remarks::Remarks;

/// What one `Secret` adds to the first container and to the pod.
#[derive(Debug)]
pub(crate) enum SecretUse {
    /// An entry of `env`.
    Env(Node),
    /// An entry of `envFrom`.
    EnvFrom(Node),
    /// An entry of `volumes` and one of `volumeMounts`.
    Volume(Node, Node),
    /// Not known, or refused: any of the three.
    Unknown(Node),
}

/// What each of the secrets adds, in their order.
pub(crate) fn secrets(
    value: &Value,
    subject: &Subject<'_>,
    remarks: &mut Remarks,
) -> Vec<SecretUse> {
    let items = match &value.kind {
        Kind::List(items) | Kind::Tuple(items) | Kind::Set(items) => items.as_slice(),
        Kind::Unknown(_) => {
            return lists::hole(value).map(SecretUse::Unknown).into_iter().collect();
        }
        _ if value.truth() == Some(false) => &[],
        _ => {
            let message = format!("Expected list, got {}", type_of(value));
            return vec![SecretUse::Unknown(remarks.refuse(subject.argument, value.span, message))];
        }
    };
    let mut uses = Vec::new();
    for (index, item) in items.iter().enumerate() {
        uses.push(match &item.kind {
            Kind::Model(made) if made.class == "Secret" => {
                secret(made, item, index + 1, subject, remarks)
            }
            Kind::Unknown(_) => match lists::hole(item) {
                Some(hole) => SecretUse::Unknown(hole),
                None => continue,
            },
            _ => {
                let message = format!("Expected Secret, got {}", type_of(item));
                SecretUse::Unknown(remarks.refuse(subject.argument, item.span, message))
            }
        });
    }
    uses
}

fn secret(
    made: &Model,
    item: &Value,
    position: usize,
    subject: &Subject<'_>,
    remarks: &mut Remarks,
) -> SecretUse {
    let given = |name: &str| made.fields.get(name).filter(|value| !value.is_none());
    let Some(deploy_type) = given("deploy_type").and_then(Value::as_str) else {
        let unknown = given("deploy_type").and_then(lists::hole);
        return SecretUse::Unknown(unknown.unwrap_or_else(|| {
            remarks.refuse(subject.argument, item.span, "deploy_type must be env or volume")
        }));
    };
    let name = given("secret").map(|value| plain(value, Jinja::Literal, subject, remarks));
    match (deploy_type, given("deploy_target"), given("key")) {
        ("env" | "volume", None, Some(_)) => SecretUse::Unknown(remarks.refuse(
            subject.argument,
            item.span,
            "if `key` is set, `deploy_target` should not be None",
        )),
        ("env", Some(target), Some(key)) => {
            let key = plain(key, Jinja::Literal, subject, remarks);
            SecretUse::Env(env_entry(variable(target, subject, remarks), name, key, item))
        }
        ("env", _, None) => {
            let models = Models::get();
            let source = models.class("V1SecretEnvSource");
            let source = Node::object(source, [("name", name)], item.span);
            let class = models.class("V1EnvFromSource");
            SecretUse::EnvFrom(Node::object(class, [("secretRef", Some(source))], item.span))
        }
        ("volume", Some(target), _) => {
            let target = plain(target, Jinja::Literal, subject, remarks);
            let items = given("items")
                .filter(|items| items.truth() != Some(false))
                .map(|items| plain(items, Jinja::Literal, subject, remarks));
            volume(target, name, items, position, item)
        }
        ("volume", None, None) => SecretUse::Unknown(remarks.refuse(
            subject.argument,
            item.span,
            "a volume Secret needs a deploy_target, the path to mount it at",
        )),
        _ => SecretUse::Unknown(remarks.refuse(
            subject.argument,
            item.span,
            "deploy_type must be env or volume",
        )),
    }
}

/// The name of the variable, which Airflow writes in capitals.
fn variable(target: &Value, subject: &Subject<'_>, remarks: &mut Remarks) -> Node {
    let node = plain(target, Jinja::Literal, subject, remarks);
    match &node.kind {
        NodeKind::Text(text, _) => match env::upper(text) {
            Some(upper) => Node::new(NodeKind::Text(upper, Jinja::Literal), node.span),
            None => Node::computed("deploy_target", "the target in capitals", &[&node]),
        },
        _ => Node::computed("deploy_target", "the target in capitals", &[&node]),
    }
}

fn env_entry(variable: Node, secret: Option<Node>, key: Node, item: &Value) -> Node {
    let models = Models::get();
    let selector = Node::object(
        models.class("V1SecretKeySelector"),
        [("key", Some(key)), ("name", secret)],
        item.span,
    );
    let source =
        Node::object(models.class("V1EnvVarSource"), [("secretKeyRef", Some(selector))], item.span);
    Node::object(
        models.class("V1EnvVar"),
        [("name", Some(variable)), ("valueFrom", Some(source))],
        item.span,
    )
}

/// The volume and its mount. Airflow names the volume with a random UUID; podlift needs the same bytes
/// from the same input, so its name tells secret and position.
fn volume(
    target: Node,
    secret: Option<Node>,
    items: Option<Node>,
    position: usize,
    item: &Value,
) -> SecretUse {
    let models = Models::get();
    let known = secret.as_ref().and_then(Node::as_str).unwrap_or("unknown");
    let mut label: String = known
        .to_lowercase()
        .chars()
        .map(|character| if character.is_ascii_alphanumeric() { character } else { '-' })
        .take(45)
        .collect();
    label.truncate(label.trim_end_matches('-').len());
    let volume_name = Node::text(format!("secretvol-{label}-{position}"), item.span);
    let source = Node::object(
        models.class("V1SecretVolumeSource"),
        [("items", items), ("secretName", secret)],
        item.span,
    );
    let volume = Node::object(
        models.class("V1Volume"),
        [("name", Some(volume_name.clone())), ("secret", Some(source))],
        item.span,
    );
    let read_only = Node::new(NodeKind::Bool(true), item.span);
    let mount = Node::object(
        models.class("V1VolumeMount"),
        [("mountPath", Some(target)), ("name", Some(volume_name)), ("readOnly", Some(read_only))],
        item.span,
    );
    SecretUse::Volume(volume, mount)
}
