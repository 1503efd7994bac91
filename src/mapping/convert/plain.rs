//! Any value as the Kubernetes client serialises it: model objects field by field in camelCase, dicts
//! as they are.

use std::sync::Arc;

use indexmap::IndexMap;
use num_traits::ToPrimitive;
use serde_json::Number;

use super::Subject;
use crate::eval::{Kind, Model, Text, Value, XCom};
use crate::kubernetes::{ModelClass, Models};
use crate::mapping::node::{Fields, Jinja, Node, NodeKind};
use crate::mapping::remarks::Remarks;

/// The only fields of model objects in which Airflow renders Jinja.
const RENDERED_FIELDS: [(&str, &[&str]); 8] = [
    ("V1EnvVar", &["name", "value"]),
    ("V1ResourceRequirements", &["limits", "requests"]),
    ("V1Volume", &["name", "persistent_volume_claim", "config_map"]),
    ("V1VolumeMount", &["name", "sub_path"]),
    ("V1PersistentVolumeClaimVolumeSource", &["claim_name"]),
    ("V1ConfigMapVolumeSource", &["name"]),
    ("V1EnvFromSource", &["config_map_ref"]),
    ("V1ConfigMapEnvSource", &["name"]),
];

/// A value as JSON.
pub(crate) fn plain(
    value: &Value,
    jinja: Jinja,
    subject: &Subject<'_>,
    remarks: &mut Remarks,
) -> Node {
    let kind = match &value.kind {
        Kind::None => NodeKind::Null,
        Kind::Bool(value) => NodeKind::Bool(*value),
        Kind::Int(int) => {
            match int.to_i64().map(Number::from).or_else(|| int.to_u64().map(Number::from)) {
                Some(number) => NodeKind::Number(number),
                None => {
                    return remarks.refuse(subject.argument, value.span, "integer beyond 64 bits");
                }
            }
        }
        Kind::Float(float) => match Number::from_f64(*float) {
            Some(number) => NodeKind::Number(number),
            None => {
                return remarks.refuse(
                    subject.argument,
                    value.span,
                    format!("{float} has no JSON form"),
                );
            }
        },
        Kind::Str(text) => NodeKind::Text(text.clone(), jinja),
        Kind::DateTime(text) => NodeKind::Time(text.clone()),
        Kind::List(items) | Kind::Tuple(items) => {
            NodeKind::List(items.iter().map(|item| plain(item, jinja, subject, remarks)).collect())
        }
        Kind::Dict(entries) => NodeKind::Map(Box::new(dict(entries, jinja, subject, remarks))),
        Kind::Model(made) => return model(made, value, jinja, subject, remarks),
        Kind::XCom(reference) => return xcom(reference, value, jinja, subject, remarks),
        Kind::Unknown(hole) => NodeKind::Hole(Arc::clone(hole)),
        Kind::Bytes(_) | Kind::Set(_) | Kind::TimeDelta(_) | Kind::Object(_) => {
            let message = format!("a {} cannot be part of a pod", value.type_name());
            return remarks.refuse(subject.argument, value.span, message);
        }
    };
    Node::new(kind, value.span)
}

fn dict(
    entries: &[(Value, Value)],
    jinja: Jinja,
    subject: &Subject<'_>,
    remarks: &mut Remarks,
) -> Fields {
    let mut fields = Fields::default();
    for (key, value) in entries {
        // Airflow renders the values of a dict, never its keys; JSON knows only string keys.
        let name = match &key.kind {
            Kind::Str(text) if text.as_literal().is_some() => text.to_template(),
            Kind::Str(text) => fields.open_key(text.clone()),
            Kind::Unknown(hole) => fields.open_key(Text::hole(Arc::clone(hole))),
            Kind::Int(int) => int.to_string(),
            Kind::Bool(value) => value.to_string(),
            Kind::None => "null".to_owned(),
            _ => {
                let message = format!("a {} cannot be a key", key.type_name());
                remarks.refuse(subject.argument, key.span.or(value.span), message);
                continue;
            }
        };
        let node = plain(value, jinja, subject, remarks);
        fields.entries.insert(name, node);
    }
    fields
}

fn model(
    made: &Model,
    value: &Value,
    jinja: Jinja,
    subject: &Subject<'_>,
    remarks: &mut Remarks,
) -> Node {
    let Some(class) = Models::get().class(&made.class) else {
        let message = format!("an object of class {} cannot be part of a pod", made.class);
        return remarks.refuse(subject.argument, value.span, message);
    };
    let rendered = RENDERED_FIELDS
        .iter()
        .find(|(name, _)| *name == class.name)
        .map_or(&[][..], |(_, fields)| fields);
    let mut entries = IndexMap::default();
    for (name, field) in &made.fields {
        let Some(known) = class.field(name) else {
            let message = format!("{} has no field `{name}`", class.name);
            remarks.refuse(subject.argument, field.span.or(value.span), message);
            continue;
        };
        if field.is_none() {
            continue;
        }
        let inside = if rendered.contains(&name.as_str()) { jinja } else { Jinja::Literal };
        entries.insert(known.json.clone(), plain(field, inside, subject, remarks));
    }
    let fields = Fields { class: Some(class), entries, open_keys: IndexMap::default() };
    let node = Node::map(fields, value.span);
    missing_field(class, made).map_or(node, |field| {
        let message = format!("{}: `{field}` must not be None", class.name);
        remarks.refuse(subject.argument, value.span, message)
    })
}

fn missing_field(class: &ModelClass, made: &Model) -> Option<&'static str> {
    class
        .fields
        .iter()
        .find(|(name, field)| field.required && made.fields.get(**name).is_none_or(Value::is_none))
        .map(|(name, _)| *name)
}

/// A reference to another task's result becomes the template that reads it.
fn xcom(
    reference: &XCom,
    value: &Value,
    jinja: Jinja,
    subject: &Subject<'_>,
    remarks: &mut Remarks,
) -> Node {
    if jinja == Jinja::Literal {
        let message = "the result of another task is not rendered here";
        return remarks.refuse(subject.argument, value.span, message);
    }
    // What it gives is never read as a literal.
    Node::new(NodeKind::Text(Text::literal(xcom_template(reference)), Jinja::Rendered), value.span)
}

/// The template that reads an XCom.
pub(crate) fn xcom_template(reference: &XCom) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
    let task = quoted(&reference.task_id);
    if reference.key == "return_value" {
        format!("{{{{ ti.xcom_pull(task_ids={task}) }}}}")
    } else {
        format!("{{{{ ti.xcom_pull(task_ids={task}, key={}) }}}}", quoted(&reference.key))
    }
}
