//! Both pods in a form without the intended differences.
//!
//! What podlift leaves out of job specs because it says nothing is taken from both sides; what Airflow adds for
//! itself is taken from Airflow's. Only entries of maps go, never items of lists before others, so that places
//! in podlift's pod are still places in its job spec.

use serde_json::{Map, Value as Json, json};

use super::record::TaskRecord;
use crate::spec::JobSpec;
use crate::values::Values;

/// The suffix of names that the probe has Airflow draw.
const SUFFIX: &str = "-abcdefgh";
const SIDECAR: &str = "airflow-xcom-sidecar";
const SIDECAR_PATH: &str = "/airflow/xcom";
/// Places of lists of containers in a pod spec.
const CONTAINERS: [&str; 2] = ["containers", "initContainers"];

/// The two pods, each as `{metadata, spec}`.
#[derive(Debug)]
pub(super) struct Pods {
    pub(super) ours: Json,
    pub(super) theirs: Json,
}

/// The normal form of a job spec and of what Airflow made of the same task.
pub(super) fn pods(spec: &JobSpec, record: &TaskRecord, pod: &Json, values: &Values) -> Pods {
    let mut ours = json!({"metadata": spec.run.base_pod_meta, "spec": spec.run.base_pod_spec});
    let mut theirs = json!({
        "metadata": pod.get("metadata").cloned().unwrap_or_default(),
        "spec": pod.get("spec").cloned().unwrap_or_default(),
    });
    fill_params(&mut theirs, values);
    meet_xcoms(&mut ours, &mut theirs);
    drop_suffix(&mut theirs);
    drop_default_namespace(&mut theirs, &ours);
    if !has_sidecar(&ours) {
        drop_sidecar(&mut theirs);
    }
    if record.class.ends_with("._KubernetesDecoratedOperator") {
        drop_bare_names(&mut ours, &mut theirs);
        drop_script(&mut ours, &mut theirs);
    }
    for pod in [&mut ours, &mut theirs] {
        name_secret_volumes(pod);
        prune(pod);
    }
    Pods { ours, theirs }
}

/// Params that a DAG hands on stand in Airflow's arguments as objects; podlift has their values.
fn fill_params(json: &mut Json, values: &Values) {
    if let Some(value) =
        json.get("$param").and_then(Json::as_str).and_then(|name| values.params.get(name))
    {
        *json = value.clone();
        return;
    }
    match json {
        Json::Array(items) => items.iter_mut().for_each(|item| fill_params(item, values)),
        Json::Object(fields) => fields.values_mut().for_each(|item| fill_params(item, values)),
        _ => {}
    }
}

/// The result of another task stands in Airflow's arguments as an object that is resolved when the task runs, and
/// in podlift's as the template that asks for the same result: where they ask for the same, they are made equal.
fn meet_xcoms(ours: &mut Json, theirs: &mut Json) {
    if let (Json::String(one), Some(Json::String(other))) = (&*ours, theirs.get("$xcom"))
        && asked(one).is_some_and(|result| asked(other) == Some(result))
    {
        *theirs = ours.clone();
        return;
    }
    match (ours, theirs) {
        (Json::Array(one), Json::Array(other)) => {
            one.iter_mut().zip(other).for_each(|(one, other)| meet_xcoms(one, other));
        }
        (Json::Object(one), Json::Object(other)) => {
            for (key, one) in one {
                other.get_mut(key).into_iter().for_each(|other| meet_xcoms(one, other));
            }
        }
        _ => {}
    }
}

/// The task and the key of a result that a template asks for, if it is nothing but that question.
fn asked(template: &str) -> Option<(&str, &str)> {
    let call = template.strip_prefix("{{ ")?.strip_suffix(") }}")?;
    let (_, arguments) = call.split_once("xcom_pull(")?;
    let argument = |name: &str| {
        let (_, value) = arguments.split_once(name)?;
        value.strip_prefix("='")?.split_once('\'').map(|(value, _)| value)
    };
    Some((argument("task_ids")?, argument("key").unwrap_or("return_value")))
}

/// For a dict of `env_vars`, `@task.kubernetes` puts bare names into the pod, which no cluster takes; podlift
/// gives what was meant.
fn drop_bare_names(ours: &mut Json, theirs: &mut Json) {
    const ENV: &str = "/spec/containers/0/env";
    let Some(Json::Array(env)) = theirs.pointer_mut(ENV) else { return };
    let names: Vec<Json> = env.iter().filter(|item| item.is_string()).cloned().collect();
    env.retain(|item| !item.is_string());
    if let Some(Json::Array(env)) = ours.pointer_mut(ENV) {
        env.retain(|item| item.get("name").is_none_or(|name| !names.contains(name)));
    }
}

fn drop_suffix(pod: &mut Json) {
    if let Some(Json::String(name)) = pod.pointer_mut("/metadata/name")
        && let Some(stem) = name.strip_suffix(SUFFIX)
    {
        *name = stem.to_owned();
    }
}

/// Without any other namespace Airflow writes the last resort, which a job spec leaves to the cluster.
fn drop_default_namespace(theirs: &mut Json, ours: &Json) {
    let is_default = theirs.pointer("/metadata/namespace").is_some_and(|name| name == "default");
    if is_default && ours.pointer("/metadata/namespace").is_none() {
        object(theirs, "metadata").map(|metadata| metadata.shift_remove("namespace"));
    }
}

fn has_sidecar(pod: &Json) -> bool {
    let containers = pod.pointer("/spec/containers").and_then(Json::as_array);
    containers.into_iter().flatten().any(is_sidecar)
}

fn is_sidecar(container: &Json) -> bool {
    container.get("name").is_some_and(|name| name == SIDECAR)
}

/// Takes out the sidecar with its volume, which Airflow puts behind all others.
fn drop_sidecar(pod: &mut Json) {
    if !has_sidecar(pod) {
        return;
    }
    let Some(spec) = object(pod, "spec") else { return };
    if let Some(Json::Array(volumes)) = spec.get_mut("volumes") {
        volumes.retain(|volume| *volume != json!({"name": "xcom", "emptyDir": {}}));
    }
    let Some(Json::Array(containers)) = spec.get_mut("containers") else { return };
    containers.retain(|container| !is_sidecar(container));
    for container in containers {
        if let Some(Json::Array(mounts)) = container.get_mut("volumeMounts") {
            mounts.retain(|mount| *mount != json!({"name": "xcom", "mountPath": SIDECAR_PATH}));
        }
    }
}

/// Airflow runs a decorated function from a script in an environment variable, podlift runs its source: the
/// command is another one on purpose.
fn drop_script(ours: &mut Json, theirs: &mut Json) {
    for pod in [ours, theirs] {
        let Some(Json::Object(container)) = pod.pointer_mut("/spec/containers/0") else { continue };
        container.shift_remove("command");
        if let Some(Json::Array(env)) = container.get_mut("env") {
            let scripts = ["__PYTHON_SCRIPT", "__PYTHON_INPUT"];
            let is_script = |item: &Json| {
                item.get("name").and_then(Json::as_str).is_some_and(|name| scripts.contains(&name))
            };
            env.retain(|item| !is_script(item));
        }
    }
}

/// Volumes of `Secret` objects have names drawn at random; they become numbers in the order of the volumes.
fn name_secret_volumes(pod: &mut Json) {
    let Some(spec) = object(pod, "spec") else { return };
    let mut names: Vec<String> = Vec::new();
    for volume in items(spec.get_mut("volumes")) {
        if let Some(Json::String(name)) = volume.get_mut("name")
            && name.starts_with("secretvol")
        {
            names.push(std::mem::replace(name, format!("secret volume {}", names.len())));
        }
    }
    for list in CONTAINERS {
        for container in items(spec.get_mut(list)) {
            for mount in items(container.get_mut("volumeMounts")) {
                if let Some(Json::String(name)) = mount.get_mut("name")
                    && let Some(number) = names.iter().position(|known| known == name)
                {
                    *name = format!("secret volume {number}");
                }
            }
        }
    }
}

/// Takes out what says nothing.
fn prune(pod: &mut Json) {
    if let Some(metadata) = object(pod, "metadata") {
        drop_empty(metadata);
    }
    let Some(spec) = object(pod, "spec") else { return };
    drop_empty(spec);
    spec.retain(|key, value| match key.as_str() {
        "hostNetwork" => *value != false,
        "restartPolicy" => *value != "Never",
        _ => true,
    });
    for list in CONTAINERS {
        for container in items(spec.get_mut(list)) {
            let Some(container) = container.as_object_mut() else { continue };
            drop_empty(container);
            container.retain(|key, value| key != "terminationMessagePolicy" || *value != "File");
        }
    }
}

fn drop_empty(fields: &mut Map<String, Json>) {
    fields.retain(|_, value| match value {
        Json::Null => false,
        Json::Array(items) => !items.is_empty(),
        Json::Object(entries) => !entries.is_empty(),
        _ => true,
    });
}

fn object<'a>(pod: &'a mut Json, key: &str) -> Option<&'a mut Map<String, Json>> {
    pod.get_mut(key).and_then(Json::as_object_mut)
}

fn items(list: Option<&mut Json>) -> impl Iterator<Item = &mut Json> {
    list.and_then(Json::as_array_mut).into_iter().flatten()
}
