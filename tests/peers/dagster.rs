//! Dagster's own `PipesK8sClient` takes the job specs of all fixtures and makes the pods they say.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use podlift::airflow::Settings;
use podlift::diag::Severity;
use podlift::discover::IgnoreSyntax;
use podlift::mapping::Tables;
use podlift::spec::{JobSpec, to_value};
use podlift::translate::{Options, Selection, Static, translate};
use serde_json::{Map, Value as Json, json};

use super::super::parity::manifest::{Manifest, folder, values};

const SCRIPT: &str = include_str!("dagster_pods.py");
const HOW: &str = "`.ci/run` makes an environment with dagster-k8s; to run this test alone, make one with `python3 -m \
                   venv VENV && VENV/bin/python -m pip install -r tests/peers/dagster.txt` and set \
                   PODLIFT_DAGSTER_PYTHON=VENV/bin/python";

/// The job specs without holes of all fixtures, and the tasks of which podlift itself says that something is wrong
/// with their pods.
fn specs() -> (Vec<JobSpec>, BTreeSet<(String, String)>) {
    let settings = Settings {
        roots: Manifest::read().roots(),
        values: values(&Json::Null),
        ..Settings::default()
    };
    let options = Options {
        cwd: folder(),
        paths: vec!["dags".into()],
        text: None,
        settings,
        ignore_syntax: IgnoreSyntax::Glob,
        selection: Selection::default(),
        jobs: None,
    };
    let stages = Static::new(Tables::builtin(), Settings::default().limits.file);
    let translation = translate(&stages, &options).unwrap();
    let told = translation.diagnostics.iter().filter(|told| told.severity >= Severity::Warning);
    let told = told.filter_map(|told| told.task.clone()).collect();
    let mut specs = translation.specs;
    specs.retain(|spec| spec.holes.is_empty());
    assert!(specs.len() > 200, "only {} job specs have no holes", specs.len());
    (specs, told)
}

/// What a script answers to a request in the Python that has Dagster.
pub(crate) fn ask(script: &str, request: &Json) -> Json {
    let python = std::env::var("PODLIFT_DAGSTER_PYTHON")
        .unwrap_or_else(|_| panic!("PODLIFT_DAGSTER_PYTHON names no Python; {HOW}"));
    let mut child = Command::new(&python)
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{python}: {error}; {HOW}"));
    let mut input = child.stdin.take().unwrap();
    let request = request.to_string();
    let feeding = std::thread::spawn(move || input.write_all(request.as_bytes()));
    let output = child.wait_with_output().unwrap();
    // Python may end before it has read everything; its own message says more than the broken pipe.
    _ = feeding.join();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}\n{HOW}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What Dagster answers to each job spec.
fn answers(specs: &[JobSpec]) -> Vec<Json> {
    let request: Vec<Json> = specs.iter().map(to_value).collect();
    serde_json::from_value(ask(SCRIPT, &json!(request))).unwrap()
}

/// The pod that a job spec says, with what Dagster adds to every pod.
pub(super) fn said(spec: &JobSpec) -> Json {
    let mut metadata = spec.run.base_pod_meta.clone();
    metadata.insert("name".to_owned(), json!("pod"));
    let mut labels = Map::new();
    for name in ["name", "instance", "version", "part-of"] {
        labels.insert(format!("app.kubernetes.io/{name}"), json!("of Dagster"));
    }
    if let Some(Json::Object(own)) = metadata.get("labels") {
        labels.extend(own.clone());
    }
    metadata.insert("labels".to_owned(), Json::Object(labels));
    let mut body = spec.run.base_pod_spec.clone();
    body.entry("restartPolicy").or_insert_with(|| json!("Never"));
    let mut pod = json!({"metadata": metadata, "spec": body});
    let container = pod["spec"]["containers"][0].as_object_mut().unwrap();
    container.entry("env").or_insert_with(|| json!([]));
    pod
}

/// Dagster's labels without their values, of which one is its release.
pub(super) fn hide_labels(pod: &mut Json, own: &Map<String, Json>) {
    let own = own.get("labels").and_then(Json::as_object);
    let Some(labels) = pod["metadata"]["labels"].as_object_mut() else { return };
    for (name, value) in labels {
        if name.starts_with("app.kubernetes.io/") && own.is_none_or(|own| !own.contains_key(name)) {
            *value = json!("of Dagster");
        }
    }
}

/// Dagster writes quantities as text; `1` and `"1"` are the same quantity.
pub(super) fn quantities_as_text(pod: &mut Json) {
    match pod {
        Json::Array(items) => items.iter_mut().for_each(quantities_as_text),
        Json::Object(fields) => {
            for (name, value) in fields {
                if name != "limits" && name != "requests" {
                    quantities_as_text(value);
                    continue;
                }
                for quantity in value.as_object_mut().into_iter().flat_map(Map::values_mut) {
                    if quantity.is_number() {
                        *quantity = json!(quantity.to_string());
                    }
                }
            }
        }
        _ => {}
    }
}

#[test]
fn dagster_makes_the_pods_that_job_specs_say() {
    let (specs, told) = specs();
    let mut trouble = Vec::new();
    let is_told =
        |spec: &JobSpec| told.contains(&(spec.metadata.dag.clone(), spec.metadata.task.clone()));
    for (spec, mut answer) in specs.iter().zip(answers(&specs)) {
        let id = format!("{}.{} ({})", spec.metadata.dag, spec.metadata.task, spec.metadata.source);
        if let Some(error) = answer["error"].as_str() {
            if !is_told(spec) {
                trouble.push(format!("{id}: {error}"));
            }
            continue;
        }
        let mut pod = answer["pod"].take();
        hide_labels(&mut pod, &spec.run.base_pod_meta);
        let mut said = said(spec);
        quantities_as_text(&mut said);
        if pod != said && !is_told(spec) {
            trouble.push(format!("{id}:\n  Dagster {pod}\n  podlift {said}"));
        }
        // The trap of the guide: the cluster answers 400 when the two differ.
        let namespace = spec.run.base_pod_meta.get("namespace").and_then(Json::as_str);
        if namespace != spec.run.namespace.as_deref() {
            trouble.push(format!("{id}: the request and the pod have different namespaces"));
        }
    }
    assert!(trouble.is_empty(), "{} of {}:\n{}", trouble.len(), specs.len(), trouble.join("\n"));
}
