//! Whether a pod agrees with the Kubernetes API: fields and types of each object by its model class.
//!
//! Texts that are completed later, with a hole (`${`) or Jinja in them, are not judged.

use serde_json::{Map, Value as Json};

use super::formats::is_quantity;
use super::models::{ModelClass, Models, Type};
use super::rules;
use crate::pointer::Trail;

/// Something the API server refuses or drops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// JSON pointer into `{base_pod_meta, base_pod_spec}`.
    pub path: String,
    /// One line for people.
    pub message: String,
}

/// Fields of type string or dict of strings that hold quantities, for which the API takes numbers too.
const QUANTITIES: [(&str, &str); 7] = [
    ("V1ResourceRequirements", "limits"),
    ("V1ResourceRequirements", "requests"),
    ("V1VolumeResourceRequirements", "limits"),
    ("V1VolumeResourceRequirements", "requests"),
    ("V1EmptyDirVolumeSource", "size_limit"),
    ("V1ResourceFieldSelector", "divisor"),
    ("V1PodSpec", "overhead"),
];

/// Checks metadata and spec of a pod. `complete` says that nothing can be added to them any more; otherwise
/// nothing is told to be missing.
pub fn check_pod(
    meta: &Map<String, Json>,
    spec: &Map<String, Json>,
    complete: bool,
) -> Vec<Finding> {
    let mut check = Check { findings: Vec::new(), complete };
    let models = Models::get();
    for (path, class, fields) in
        [("/base_pod_meta", "V1ObjectMeta", meta), ("/base_pod_spec", "V1PodSpec", spec)]
    {
        if let Some(class) = models.class(class) {
            check.object(class, fields, Trail::Start(path));
        }
    }
    rules::check(meta, spec, &mut check);
    check.findings
}

/// A check under way.
#[derive(Debug)]
pub(super) struct Check {
    findings: Vec<Finding>,
    pub(super) complete: bool,
}

impl Check {
    /// Adds a finding.
    pub(super) fn tell(&mut self, path: Trail<'_>, message: impl Into<String>) {
        self.findings.push(Finding { path: path.to_string(), message: message.into() });
    }

    fn object(&mut self, class: &'static ModelClass, fields: &Map<String, Json>, path: Trail<'_>) {
        for (key, value) in fields {
            self.field(class, key, value, Trail::Key(&path, key));
        }
        let missing = class
            .fields
            .values()
            .filter(|field| field.required && fields.get(&field.json).is_none_or(Json::is_null));
        if self.complete {
            for field in missing {
                self.tell(path, format!("{} is missing in {}", field.json, class.name));
            }
        }
    }

    fn field(&mut self, class: &'static ModelClass, key: &str, value: &Json, path: Trail<'_>) {
        let Some((index, field)) = class.by_json(key) else {
            if !is_open(key) {
                self.unknown_field(class, key, path);
            }
            return;
        };
        let name = class.fields.get_index(index).map_or("", |(name, _)| name);
        if QUANTITIES.contains(&(class.name, name)) {
            self.quantities(value, path);
        } else {
            self.value(&field.kind, value, path);
        }
    }

    fn unknown_field(&mut self, class: &ModelClass, key: &str, path: Trail<'_>) {
        let hint = match class.field(key) {
            Some(field) => format!("; it is written {}", field.json),
            None => String::new(),
        };
        self.tell(path, format!("{} has no field {key}{hint}", class.name));
    }

    fn value(&mut self, kind: &Type, value: &Json, path: Trail<'_>) {
        // The API takes null for absent, and a text with a hole may become anything.
        if value.is_null() || value.as_str().is_some_and(is_open) {
            return;
        }
        match (kind, value) {
            (Type::Object, _)
            | (Type::Str | Type::DateTime, Json::String(_))
            | (Type::Bool, Json::Bool(_))
            | (Type::Float, Json::Number(_)) => {}
            (Type::Int, Json::Number(number)) if !number.is_f64() => {}
            (Type::List(item), Json::Array(items)) => {
                for (index, value) in items.iter().enumerate() {
                    self.value(item, value, Trail::Index(&path, index));
                }
            }
            (Type::Dict(item), Json::Object(entries)) => {
                for (key, value) in entries {
                    self.value(item, value, Trail::Key(&path, key));
                }
            }
            (Type::Model(_), Json::Object(fields)) => {
                if let Some(class) = kind.class() {
                    self.object(class, fields, path);
                }
            }
            _ => {
                let message = format!("must be {}, not {}", kind.describe(), describe(value));
                self.tell(path, message);
            }
        }
    }

    fn quantities(&mut self, value: &Json, path: Trail<'_>) {
        match value {
            Json::Object(entries) => {
                for (key, value) in entries {
                    self.quantities(value, Trail::Key(&path, key));
                }
            }
            Json::Null | Json::Number(_) => {}
            Json::String(text) if is_open(text) || is_quantity(text) => {}
            Json::String(text) => self.tell(path, format!("{text:?} is not a quantity")),
            other => self.tell(path, format!("must be a quantity, not {}", describe(other))),
        }
    }
}

/// Whether a text is completed later.
pub(super) fn is_open(text: &str) -> bool {
    text.as_bytes().windows(2).any(|pair| matches!(pair, b"${" | b"{{" | b"{%"))
}

fn describe(value: &Json) -> String {
    match value {
        Json::Null => "null".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Number(number) => format!("the number {number}"),
        Json::String(text) => format!("the string {text:?}"),
        Json::Array(_) => "a list".to_owned(),
        Json::Object(_) => "a mapping".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;
    use serde_json::json;

    fn findings(meta: &Json, spec: &Json) -> Vec<String> {
        check_pod(meta.as_object().unwrap(), spec.as_object().unwrap(), true)
            .into_iter()
            .map(|finding| format!("{}: {}", finding.path, finding.message))
            .collect()
    }

    fn of_container(fields: Json) -> Vec<String> {
        let mut container = json!({"name": "base", "image": "busybox"});
        for (key, value) in fields.as_object().unwrap() {
            container[key] = value.clone();
        }
        findings(&json!({}), &json!({"containers": [container]}))
            .into_iter()
            .map(|line| line.replace("/base_pod_spec/containers/0", ""))
            .collect()
    }

    #[test]
    fn a_good_pod_has_no_findings() {
        let meta = json!({"name": "p", "labels": {"team": "core"}, "annotations": {"acme.io/x": "any text"}});
        let spec = json!({
            "containers": [{
                "name": "base", "image": "i", "env": [{"name": "A", "value": "1"}],
                "resources": {"limits": {"cpu": 1, "memory": "1Gi"}},
                "volumeMounts": [{"name": "v", "mountPath": "/v"}],
            }],
            "volumes": [{"name": "v", "emptyDir": {"sizeLimit": "1Gi"}}],
            "terminationGracePeriodSeconds": 30,
        });
        assert_eq!(findings(&meta, &spec), Vec::<String>::new());
    }

    #[test]
    fn unknown_fields_and_wrong_types_are_told_with_their_place() {
        let spec = json!({
            "containers": [{"name": "base", "image": "i", "env_from": [], "args": "x", "tty": "yes"}],
            "hostnetwork": true,
            "nodeSelector": {"a": 1},
        });
        assert_eq!(
            findings(&json!({}), &spec),
            [
                "/base_pod_spec/containers/0/env_from: V1Container has no field env_from; it is written envFrom",
                "/base_pod_spec/containers/0/args: must be a list, not the string \"x\"",
                "/base_pod_spec/containers/0/tty: must be true or false, not the string \"yes\"",
                "/base_pod_spec/hostnetwork: V1PodSpec has no field hostnetwork",
                "/base_pod_spec/nodeSelector/a: must be a string, not the number 1",
            ]
        );
    }

    #[test]
    fn quantities_may_be_numbers_but_not_any_text() {
        let bad = json!({"resources": {"limits": {"memory": "1GB", "cpu": 0.5, "gpu": true}}});
        assert_eq!(
            of_container(bad),
            [
                "/resources/limits/memory: \"1GB\" is not a quantity",
                "/resources/limits/gpu: must be a quantity, not true",
            ]
        );
    }

    #[test]
    fn what_is_completed_later_is_not_judged() {
        let open = json!({
            "args": "${env:ARGS}", "tty": "{{ params.tty }}",
            "resources": {"limits": {"memory": "${env:MEM}Gi"}},
        });
        assert_eq!(of_container(open), Vec::<String>::new());
    }

    #[test]
    fn missing_fields_are_told_only_of_a_complete_pod() {
        let spec = json!({"containers": [{"image": "i"}], "volumes": [{}]});
        assert_eq!(
            findings(&json!({}), &spec),
            [
                "/base_pod_spec/containers/0: name is missing in V1Container",
                "/base_pod_spec/volumes/0: name is missing in V1Volume",
            ]
        );
        let open = check_pod(&Map::new(), spec.as_object().unwrap(), false);
        assert_eq!(open, []);
    }
}
