//! The same pod as Airflow: every argument in every form, alone and over every kind of template, against
//! what real Airflows made of it (`tests/parity/generate.py`).

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::super::task::value_of;
use super::{POD, evaluate_python, map, task_of};
use crate::airflow::{OperatorKind, Settings};
use crate::eval::Value;
use crate::mapping::{Mapped, TemplateError, TemplateReader};
use crate::python::Span;

const FILES: [&str; 2] = [
    include_str!("../../../fixtures/parity/airflow-3.3.2.json"),
    include_str!("../../../fixtures/parity/airflow-2.11.2.json"),
];

#[derive(Deserialize)]
struct Expectations {
    head: Head,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Head {
    airflow: String,
    provider: String,
    template: String,
    layers: Map<String, Json>,
}

#[derive(Deserialize)]
struct Case {
    case: String,
    with: String,
    keywords: Map<String, Json>,
    #[serde(default)]
    refused: Option<String>,
    #[serde(default)]
    metadata: Json,
    #[serde(default)]
    spec: Json,
}

/// The one template file of the cases.
struct OneTemplate(Json);

impl TemplateReader for OneTemplate {
    fn read(&self, path: &str, _near: Span) -> Result<Value, TemplateError> {
        if path == "pod.yaml" { Ok(value_of(&self.0)) } else { Err(TemplateError::Missing) }
    }
}

#[test]
fn pods_equal_those_of_airflow() {
    for file in FILES {
        let expectations: Expectations = serde_json::from_str(file).unwrap();
        let head = &expectations.head;
        let template = OneTemplate(serde_yaml::from_str(&head.template).unwrap());
        let settings = Settings {
            airflow_version: head.airflow.clone(),
            provider_version: head.provider.clone(),
            ..Settings::default()
        };
        let mut differences = Vec::new();
        for case in &expectations.cases {
            let empty = Map::new();
            let layer = head.layers.get(&case.with).and_then(Json::as_object).unwrap_or(&empty);
            let mut keywords = Vec::new();
            for (name, python) in case.keywords.iter().chain(layer) {
                let python = python.as_str().unwrap();
                let value = match name.as_str() {
                    "pod_template_file" => Value::str(python, Span::NONE),
                    _ => evaluate_python(python),
                };
                keywords.push((name.as_str(), value));
            }
            let mapped = map(&task_of(OperatorKind::Pod, POD, keywords), &settings, &template);
            if let Some(difference) = difference(case, &mapped) {
                differences.push(format!("{}: {difference}", case.case));
            }
        }
        assert!(
            differences.is_empty(),
            "{} of {} cases differ from Airflow {}:\n{}",
            differences.len(),
            expectations.cases.len(),
            head.airflow,
            differences.join("\n")
        );
    }
}

fn difference(case: &Case, mapped: &Mapped) -> Option<String> {
    let spec = &mapped.specs[0];
    let told = || {
        let told: Vec<_> = mapped
            .diagnostics
            .iter()
            .map(|d| format!("{} {}", d.code.as_str(), d.message))
            .collect();
        told.join("; ")
    };
    if let Some(reason) = &case.refused {
        let refusals = ["KPO301", "KPO302", "KPO303", "KPO313"];
        let is_told = mapped.diagnostics.iter().any(|told| refusals.contains(&told.code.as_str()));
        return (!is_told)
            .then(|| format!("Airflow refuses it ({reason}), podlift says {}", told()));
    }
    if !spec.holes.is_empty() {
        return Some(format!("holes {:?}: {}", spec.holes, told()));
    }
    let ours = serde_json::json!({
        "metadata": spec.run.base_pod_meta,
        "spec": spec.run.base_pod_spec,
    });
    let theirs = serde_json::json!({"metadata": case.metadata, "spec": case.spec});
    let (ours, theirs) = (normal(ours), normal(theirs));
    (ours != theirs).then(|| format!("\n  ours   {ours}\n  theirs {theirs}"))
}

/// A pod without what a job spec leaves out, and with the names that Airflow draws at random made equal.
fn normal(mut pod: Json) -> Json {
    if let Some(metadata) = pod["metadata"].as_object_mut() {
        drop_empty(metadata);
        if let Some(name) = metadata.get("name").and_then(Json::as_str) {
            let name = name.strip_suffix("-abcdefgh").unwrap_or(name).to_owned();
            metadata.insert("name".to_owned(), name.into());
        }
        // Without any other, Airflow writes the last resort, which a job spec leaves to the cluster.
        if metadata.get("namespace").and_then(Json::as_str) == Some("default") {
            metadata.remove("namespace");
        }
    }
    let Some(spec) = pod["spec"].as_object_mut() else { return pod };
    drop_empty(spec);
    spec.retain(|key, value| match key.as_str() {
        "hostNetwork" => *value != false,
        "restartPolicy" => *value != "Never",
        _ => true,
    });
    let secrets: Vec<String> = spec
        .get("volumes")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(|volume| volume["name"].as_str().filter(|name| name.starts_with("secretvol")))
        .map(str::to_owned)
        .collect();
    for container in spec.get_mut("containers").and_then(Json::as_array_mut).into_iter().flatten() {
        let Some(container) = container.as_object_mut() else { continue };
        drop_empty(container);
        container.retain(|key, value| key != "terminationMessagePolicy" || *value != "File");
    }
    let mut text = pod.to_string();
    for (number, name) in secrets.iter().enumerate() {
        text = text.replace(&format!("\"{name}\""), &format!("\"secret volume {number}\""));
    }
    serde_json::from_str(&text).unwrap()
}

fn drop_empty(fields: &mut Map<String, Json>) {
    fields.retain(|_, value| match value {
        Json::Array(items) => !items.is_empty(),
        Json::Object(entries) => !entries.is_empty(),
        _ => true,
    });
}
