//! Which JSON type a field takes: what a hole of a whole field may be filled with.
//!
//! The fields of the job spec itself are known from its schema, those of the pod from the types of the
//! Kubernetes API: a value fits where a pod that holds nothing else can be read.

use k8s_openapi::api::batch::v1::JobSpec as BatchJobSpec;
use k8s_openapi::api::core::v1::PodSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Map, Value as Json};

use crate::pointer::{Pointer, Step};

/// What a typed field takes besides text with holes or Jinja.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OpenType {
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
}

impl OpenType {
    /// The value a text stands for. Python's spelling of booleans counts too.
    pub(super) fn parse(self, text: &str) -> Option<Json> {
        match self {
            Self::Bool => match text.trim() {
                "true" | "True" => Some(Json::Bool(true)),
                "false" | "False" => Some(Json::Bool(false)),
                _ => None,
            },
            Self::Number => {
                let number: f64 = text.trim().parse().ok()?;
                serde_json::Number::from_f64(number).map(Json::Number)
            }
        }
    }

    /// The words for messages.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Number => "a number",
        }
    }
}

/// The type of a field of `client`, `run` or `launcher` that is open in the sense of
/// [`Open`](super::Open).
pub(super) fn open_type(schema: &Json, part: &str, field: &str) -> Option<OpenType> {
    let types = field_types(schema, part, field)?;
    let takes = |name| types.contains(&name);
    match (takes("string"), takes("boolean"), takes("number")) {
        (true, true, _) => Some(OpenType::Bool),
        (true, _, true) => Some(OpenType::Number),
        _ => None,
    }
}

fn field_types<'a>(schema: &'a Json, part: &str, field: &str) -> Option<Vec<&'a str>> {
    let part = resolve(schema, schema.get("properties")?.get(part)?);
    let field = part.get("properties")?.get(field)?;
    let mut types = Vec::new();
    collect_types(schema, field, &mut types);
    Some(types)
}

fn collect_types<'a>(root: &'a Json, schema: &'a Json, types: &mut Vec<&'a str>) {
    let schema = resolve(root, schema);
    match schema.get("type") {
        Some(Json::String(one)) => types.push(one),
        Some(Json::Array(several)) => types.extend(several.iter().filter_map(Json::as_str)),
        _ => {}
    }
    for choice in schema.get("anyOf").and_then(Json::as_array).into_iter().flatten() {
        collect_types(root, choice, types);
    }
}

fn resolve<'a>(root: &'a Json, schema: &'a Json) -> &'a Json {
    let target = schema.get("$ref").and_then(Json::as_str).and_then(|at| at.strip_prefix('#'));
    target.and_then(|pointer| root.pointer(pointer)).unwrap_or(schema)
}

/// Whether a value may stand at a place of a job spec.
pub(super) fn fits(schema: &Json, at: &Pointer, value: &Json) -> bool {
    let steps = at.0.as_slice();
    match at.first_keys().as_slice() {
        ["run", "base_pod_spec", _, ..] => in_pod::<PodSpec>(steps.get(2..), value),
        ["run", "base_pod_meta", _, ..] => in_pod::<ObjectMeta>(steps.get(2..), value),
        ["job", _, ..] => in_pod::<BatchJobSpec>(steps.get(1..), value),
        ["run", "extras", _, ..] => true,
        [part, field] => match (open_type(schema, part, field), steps.len()) {
            (Some(OpenType::Bool), _) => value.is_boolean(),
            (Some(OpenType::Number), _) => value.is_number(),
            // An item of a list, such as a container to ignore, or a plain field: text.
            _ => value.is_string(),
        },
        _ => value.is_string(),
    }
}

/// Whether an object of the API with nothing but this value can be read.
fn in_pod<T: serde::de::DeserializeOwned>(steps: Option<&[Step]>, value: &Json) -> bool {
    let object =
        steps.unwrap_or_default().iter().rev().fold(value.clone(), |inner, step| match step {
            Step::Key(key) => Json::Object(Map::from_iter([(camel(key), inner)])),
            Step::Index(_) => Json::Array(vec![inner]),
        });
    serde_json::from_value::<T>(object).is_ok()
}

/// PipesK8sClient also takes snake_case keys.
fn camel(key: &str) -> String {
    // Keys of labels and the like hold no API names; a changed one fits as well as the original.
    let mut words = key.split('_');
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::spec::schema;

    fn at(path: &str) -> Pointer {
        let steps = path.split('.').map(|part| match part.parse() {
            Ok(index) => Step::Index(index),
            Err(_) => Step::Key(part.to_owned()),
        });
        Pointer(steps.collect())
    }

    #[test]
    fn fields_take_the_types_of_the_kubernetes_api() {
        let schema = schema();
        let cases = [
            ("run.base_pod_spec.containers.0.env.1.value", json!("1"), true),
            ("run.base_pod_spec.containers.0.env.1.value", json!(1), false),
            ("run.base_pod_spec.containers.0.ports.0.containerPort", json!(80), true),
            ("run.base_pod_spec.containers.0.ports.0.containerPort", json!("80"), false),
            ("run.base_pod_spec.containers.0.ports.0.container_port", json!("80"), false),
            ("run.base_pod_spec.containers.0.args", json!(["a"]), true),
            ("run.base_pod_spec.containers.0.args.0", json!(3), false),
            ("run.base_pod_spec.hostNetwork", json!(true), true),
            ("run.base_pod_spec.hostNetwork", json!("true"), false),
            ("run.base_pod_spec.tolerations", json!([{"key": "a"}]), true),
            ("run.base_pod_meta.labels.team", json!("core"), true),
            ("run.base_pod_meta.labels.team", json!(1), false),
            ("run.extras.anything", json!({"a": 1}), true),
            ("run.namespace", json!("data"), true),
            ("run.namespace", json!(1), false),
            ("run.ignore_containers.0", json!("sidecar"), true),
            ("launcher.retries", json!(2), true),
            ("launcher.retries", json!("2"), false),
            ("launcher.get_logs", json!(false), true),
            ("launcher.pool", json!("p"), true),
            ("metadata.dag", json!(1), false),
        ];
        for (path, value, expected) in cases {
            assert_eq!(fits(&schema, &at(path), &value), expected, "{path} = {value}");
        }
    }
}
