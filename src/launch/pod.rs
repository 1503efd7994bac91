//! The pod of one attempt: what `PipesK8sClient` would create from the same arguments, and labels to
//! find it again.
//!
//! Specs stay JSON from the file to the request, so nothing is dropped on the way. The typed pod of
//! `k8s-openapi` only judges: a field it does not know or a type it refuses is an error here, before the API server
//! refuses it or drops it silently.

use k8s_openapi::api::core::v1::Pod;
use serde_json::{Map, Value as Json, json};

use super::keys::respell;
use super::names::Identity;
use crate::pipes::ContextData;
use crate::pipes::bootstrap::{self, BootstrapError, CONTEXT_VARIABLE, MESSAGES_VARIABLE};
use crate::pointer::escape;
use crate::spec::Run;

/// The release of Dagster whose pods are made; its label says so.
pub const DAGSTER_VERSION: &str = "1.13.27";
/// The name of the first container when it has none.
pub const DEFAULT_CONTAINER: &str = "dagster-pipes-execution";

/// Why no pod can be made.
#[derive(Debug, thiserror::Error)]
pub enum PodError {
    /// The first container has no image.
    #[error("the first container has no image")]
    NoImage,
    /// Pods of a task must end.
    #[error("restartPolicy Always is not allowed: the pod of a task is expected to end")]
    RestartAlways,
    /// With several containers each needs a name and an image.
    #[error(
        "/spec/{list}/{index} has no {key}; with several containers each needs a name and an image"
    )]
    Incomplete {
        /// `containers` or `initContainers`.
        list: &'static str,
        /// Position in the list.
        index: usize,
        /// `name` or `image`.
        key: &'static str,
    },
    /// A key is there in snake_case and in camelCase.
    #[error("`{0}` and `{1}` are the same field")]
    TwoSpellings(String, String),
    /// A part that must be a list of objects is something else.
    #[error("{0} is not a list of objects")]
    NotAList(String),
    /// The namespace of the metadata is not the one of the request.
    #[error(
        "the pod says namespace `{metadata}` and the run says `{request}`; the API refuses a pod whose namespace \
         is not that of the request"
    )]
    Namespace {
        /// In the metadata.
        metadata: String,
        /// Of the request.
        request: String,
    },
    /// The API does not know these fields and would drop them.
    #[error("the Kubernetes API has no field {}", .0.join(", "))]
    UnknownFields(Vec<String>),
    /// The API refuses the type of a field.
    #[error("{pointer}: {reason}")]
    Type {
        /// JSON pointer of the field, empty if it could not be found.
        pointer: String,
        /// The words of the typed model.
        reason: String,
    },
    /// The context does not fit.
    #[error(transparent)]
    Bootstrap(#[from] BootstrapError),
}

/// Builds the pod of an attempt.
///
/// # Errors
/// When the arguments are ones that PipesK8sClient or the API server would refuse.
pub fn build(
    run: &Run,
    namespace: &str,
    identity: &Identity,
    context: &ContextData,
) -> Result<Json, PodError> {
    let variables = bootstrap::variables(context)?;
    let mut pod = body(&identity.pod_name(), &variables, &run.base_pod_meta, &run.base_pod_spec)?;
    let metadata = pod.get_mut("metadata").and_then(Json::as_object_mut);
    if let Some(metadata) = metadata {
        match metadata.get("namespace").and_then(Json::as_str) {
            Some(other) if other != namespace => {
                return Err(PodError::Namespace {
                    metadata: other.into(),
                    request: namespace.into(),
                });
            }
            _ => metadata.insert("namespace".into(), namespace.into()),
        };
        // A generated name would make a second pod when a request is sent again.
        metadata.shift_remove("generateName");
        if let Some(labels) = metadata.get_mut("labels").and_then(Json::as_object_mut) {
            for (name, value) in identity.labels() {
                labels.insert(name.into(), value.into());
            }
        }
    }
    check(&pod)?;
    Ok(pod)
}

/// The algorithm of `build_pod_body`.
fn body(
    name: &str,
    variables: &[(&'static str, String); 2],
    meta: &Map<String, Json>,
    spec: &Map<String, Json>,
) -> Result<Json, PodError> {
    let spelling = |(camel, key)| PodError::TwoSpellings(camel, key);
    let mut meta = respell(meta, "V1ObjectMeta").map_err(spelling)?;
    meta.insert("name".into(), name.into());
    let mut labels = common_labels();
    if let Some(Json::Object(own)) = meta.get("labels") {
        labels.extend(own.clone());
    }
    meta.insert("labels".into(), Json::Object(labels));

    let mut spec = respell(spec, "V1PodSpec").map_err(spelling)?;
    match spec.get("restartPolicy").and_then(Json::as_str) {
        Some("Always") => return Err(PodError::RestartAlways),
        Some(_) => {}
        None => drop(spec.insert("restartPolicy".into(), "Never".into())),
    }
    let mut containers = take_list(&mut spec, "containers")?;
    let mut inits = take_list(&mut spec, "initContainers")?;
    complete(&mut containers, &inits)?;
    if let Some((first, others)) = containers.split_first_mut() {
        let env = env_of(first)?;
        env.extend(variables.iter().map(|(name, value)| json!({"name": name, "value": value})));
        for container in others.iter_mut().chain(inits.iter_mut()) {
            silence(container, &variables[0].1)?;
        }
    }
    spec.insert("containers".into(), objects(containers));
    if !inits.is_empty() {
        spec.insert("initContainers".into(), objects(inits));
    }
    Ok(json!({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}))
}

fn common_labels() -> Map<String, Json> {
    [
        ("name", "dagster"),
        ("instance", "dagster"),
        ("version", DAGSTER_VERSION),
        ("part-of", "dagster"),
    ]
    .into_iter()
    .map(|(key, value)| (format!("app.kubernetes.io/{key}"), value.into()))
    .collect()
}

type Object = Map<String, Json>;

fn objects(list: Vec<Object>) -> Json {
    Json::Array(list.into_iter().map(Json::Object).collect())
}

fn take_list(spec: &mut Object, key: &str) -> Result<Vec<Object>, PodError> {
    let wrong = || PodError::NotAList(format!("/spec/{key}"));
    match spec.shift_remove(key) {
        None | Some(Json::Null) => Ok(Vec::new()),
        Some(Json::Array(items)) => items
            .into_iter()
            .map(|item| if let Json::Object(object) = item { Ok(object) } else { Err(wrong()) })
            .collect(),
        Some(_) => Err(wrong()),
    }
}

/// Names the first container and refuses what has no image or no name.
fn complete(containers: &mut Vec<Object>, inits: &[Object]) -> Result<(), PodError> {
    if containers.is_empty() {
        containers.push(Object::new());
    }
    if let Some(first) = containers.first_mut() {
        if !first.contains_key("image") {
            return Err(PodError::NoImage);
        }
        first.entry("name").or_insert_with(|| DEFAULT_CONTAINER.into());
    }
    if containers.len() == 1 && inits.is_empty() {
        return Ok(());
    }
    for (list, items) in [("containers", containers.as_slice()), ("initContainers", inits)] {
        for (index, item) in items.iter().enumerate() {
            if let Some(key) = ["name", "image"].into_iter().find(|key| !item.contains_key(*key)) {
                return Err(PodError::Incomplete { list, index, key });
            }
        }
    }
    Ok(())
}

fn env_of(container: &mut Object) -> Result<&mut Vec<Json>, PodError> {
    let env = container.entry("env").or_insert_with(|| json!([]));
    if env.is_null() {
        *env = json!([]);
    }
    env.as_array_mut().ok_or_else(|| PodError::NotAList("env of a container".into()))
}

/// Gives a container the context, and a place for messages nobody reads unless it has one of its own.
fn silence(container: &mut Object, context: &str) -> Result<(), PodError> {
    let silent = bootstrap::silent_messages()?;
    let env = env_of(container)?;
    env.push(json!({"name": CONTEXT_VARIABLE, "value": context}));
    let named =
        |variable: &Json| variable.get("name").and_then(Json::as_str) == Some(MESSAGES_VARIABLE);
    if !env.iter().any(named) {
        env.push(json!({"name": MESSAGES_VARIABLE, "value": silent}));
    }
    Ok(())
}

/// Compares a pod with the typed model: every field must be known and have its type.
fn check(pod: &Json) -> Result<(), PodError> {
    let mut pod = pod.clone();
    quantities_to_text(&mut pod);
    let typed: Pod = serde_json::from_value(pod.clone()).map_err(|error| PodError::Type {
        pointer: culprit(&pod).unwrap_or_default(),
        reason: error.to_string(),
    })?;
    let kept = serde_json::to_value(typed)
        .map_err(|error| PodError::Type { pointer: String::new(), reason: error.to_string() })?;
    let mut unknown = Vec::new();
    dropped(&pod, Some(&kept), "", &mut unknown);
    if unknown.is_empty() { Ok(()) } else { Err(PodError::UnknownFields(unknown)) }
}

/// The API takes numbers for quantities; the typed model takes only text.
fn quantities_to_text(value: &mut Json) {
    match value {
        Json::Object(object) => {
            for (key, value) in object {
                match value {
                    Json::Object(amounts)
                        if matches!(key.as_str(), "limits" | "requests" | "overhead") =>
                    {
                        for amount in amounts.values_mut().filter(|amount| amount.is_number()) {
                            *amount = Json::String(amount.to_string());
                        }
                    }
                    Json::Number(_) if matches!(key.as_str(), "sizeLimit" | "divisor") => {
                        *value = Json::String(value.to_string());
                    }
                    other => quantities_to_text(other),
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(quantities_to_text),
        _ => {}
    }
}

/// Collects the pointers of what the typed model did not keep.
fn dropped(given: &Json, kept: Option<&Json>, pointer: &str, out: &mut Vec<String>) {
    match (given, kept) {
        (Json::Null, _) => {}
        (Json::Object(object), None) if object.is_empty() => {}
        (Json::Array(items), None) if items.is_empty() => {}
        (_, None) => out.push(pointer.to_owned()),
        (Json::Object(given), Some(kept)) => {
            for (key, value) in given {
                dropped(value, kept.get(key), &format!("{pointer}/{}", escape(key)), out);
            }
        }
        (Json::Array(given), Some(kept)) => {
            for (index, value) in given.iter().enumerate() {
                dropped(value, kept.get(index), &format!("{pointer}/{index}"), out);
            }
        }
        _ => {}
    }
}

/// The pointer of the field of a wrong type: the first without which all before it can be read. Each level is searched by
/// halves, since a container may have thousands of variables.
fn culprit(pod: &Json) -> Option<String> {
    let fails = |pod: &Json| serde_json::from_value::<Pod>(pod.clone()).is_err();
    let mut pod = pod.clone();
    let mut pointer = String::new();
    loop {
        let whole = pod.pointer(&pointer)?.clone();
        let keep = |pod: &mut Json, first: usize| {
            if let Some(here) = pod.pointer_mut(&pointer) {
                *here = first_of(&whole, first);
            }
        };
        keep(&mut pod, 0);
        if fails(&pod) {
            return (!pointer.is_empty()).then_some(pointer);
        }
        let (mut readable, mut broken) = (0, size(&whole));
        while broken - readable > 1 {
            let middle = readable + (broken - readable) / 2;
            keep(&mut pod, middle);
            if fails(&pod) { broken = middle } else { readable = middle }
        }
        keep(&mut pod, broken);
        let key = match &whole {
            Json::Object(fields) => escape(fields.keys().nth(readable)?).into_owned(),
            _ => readable.to_string(),
        };
        pointer = format!("{pointer}/{key}");
    }
}

/// How many parts a value has.
fn size(value: &Json) -> usize {
    match value {
        Json::Object(fields) => fields.len(),
        Json::Array(items) => items.len(),
        _ => 0,
    }
}

/// A value with its first parts only.
fn first_of(value: &Json, count: usize) -> Json {
    match value {
        Json::Object(fields) => {
            let first = fields.iter().take(count);
            Json::Object(first.map(|(key, value)| (key.clone(), value.clone())).collect())
        }
        Json::Array(items) => Json::Array(items.iter().take(count).cloned().collect()),
        value => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]
    use super::*;

    fn run(meta: Json, spec: Json) -> Run {
        Run {
            base_pod_meta: meta.as_object().unwrap().clone(),
            base_pod_spec: spec.as_object().unwrap().clone(),
            ..Run::default()
        }
    }

    fn identity() -> Identity {
        Identity { dag: "d".into(), task: "t".into(), map_index: None, run: "r".into(), attempt: 2 }
    }

    fn make(meta: Json, spec: Json) -> Result<Json, PodError> {
        build(&run(meta, spec), "data", &identity(), &ContextData::new("r"))
    }

    #[test]
    fn bodies_equal_those_of_dagster() {
        let golden: Json =
            serde_json::from_str(include_str!("../../fixtures/pipes/pods.json")).unwrap();
        let variables = [
            (CONTEXT_VARIABLE, "CONTEXT".to_owned()),
            (MESSAGES_VARIABLE, "eJyrViouScnMV7JSADFSi4qUagFBNAaS".to_owned()),
        ];
        for case in golden.as_array().unwrap() {
            let (meta, spec) =
                (case["meta"].as_object().unwrap(), case["spec"].as_object().unwrap());
            let made =
                body("the-pod", &variables, meta, spec).and_then(|pod| check(&pod).map(|()| pod));
            match (made, case.get("pod")) {
                (Ok(mut pod), Some(expected)) => {
                    let object = pod.as_object_mut().unwrap();
                    object.shift_remove("apiVersion");
                    object.shift_remove("kind");
                    assert_eq!(&pod, expected, "{}", case["name"]);
                }
                (Err(_), None) => {}
                (made, _) => panic!("{}: {made:?}, but Dagster: {}", case["name"], case["error"]),
            }
        }
    }

    #[test]
    fn labels_of_podlift_stand_beside_those_of_the_user() {
        let pod = make(
            json!({"labels": {"team": "core", "podlift/run": "mine"}, "generateName": "x-"}),
            json!({"containers": [{"image": "i"}]}),
        )
        .unwrap();
        let labels = &pod["metadata"]["labels"];
        assert_eq!(labels["team"], "core");
        assert_eq!(labels["podlift/run"], "r");
        assert_eq!(labels["podlift/attempt"], "2");
        assert_eq!(pod["metadata"]["namespace"], "data");
        assert_eq!(pod["metadata"].get("generateName"), None);
    }

    #[test]
    fn errors_name_the_place() {
        for (meta, spec, expected) in [
            (
                json!({}),
                json!({"containers": [{"image": "i", "arguments": ["x"]}]}),
                "/spec/containers/0/arguments",
            ),
            (
                json!({}),
                json!({"containers": [{"image": "i", "args": "x"}]}),
                "/spec/containers/0/args: ",
            ),
            (
                json!({}),
                json!({"containers": [{"image": "i", "env": [{"name": "A", "value": 1}]}]}),
                "/spec/containers/0/env/0/value: ",
            ),
            (
                json!({}),
                json!({"containers": [{"name": "a", "image": "i"}, {"name": "b", "image": "i", "env": (0..100).map(|number| match number {
                    70 => json!({"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": 1}}}),
                    _ => json!({"name": "A", "value": "x"}),
                }).collect::<Vec<Json>>()}]}),
                "/spec/containers/1/env/70/valueFrom/secretKeyRef/key: ",
            ),
            (json!({"namespace": "other"}), json!({"containers": [{"image": "i"}]}), "`other`"),
            (json!({}), json!({"containers": {"image": "i"}}), "/spec/containers is not a list"),
        ] {
            let error = make(meta, spec).unwrap_err().to_string();
            assert!(error.contains(expected), "{error:?} does not say {expected:?}");
        }
    }

    #[test]
    fn numbers_are_fine_as_quantities() {
        let resources = json!({"limits": {"cpu": 1, "memory": "1Gi"}});
        let pod = make(json!({}), json!({"containers": [{"image": "i", "resources": resources}]}))
            .unwrap();
        assert_eq!(pod["spec"]["containers"][0]["resources"], resources);
    }
}
