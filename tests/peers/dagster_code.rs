//! Generated Dagster projects in the real Dagster: every module loads and is formatted, and every asset asks for the pod
//! of its job spec.

use std::collections::{BTreeMap, BTreeSet};

use podlift::airflow::Settings;
use podlift::diag::Severity;
use podlift::discover::IgnoreSyntax;
use podlift::emit::{Batch, DagsterProject, Emitter, OutputFile};
use podlift::launch::render::{Facts, Interval, parse_date, render};
use podlift::mapping::Tables;
use podlift::spec::{DagFacts, Finished, JobSpec, fill};
use podlift::translate::{Options, Selection, Static, Translation, translate};
use podlift::values::Values;
use serde_json::{Value as Json, json};

use super::super::parity::manifest::{Manifest, folder, values};
use super::dagster::{ask, hide_labels, quantities_as_text, said};

const SCRIPT: &str = include_str!("dagster_code.py");

/// The job specs of all fixtures, with the defaults of the code.
fn translation() -> Translation {
    let settings = Settings {
        roots: Manifest::read().roots(),
        values: values(&Json::Null),
        ..Settings::default()
    };
    let options = Options {
        cwd: folder(),
        paths: vec!["dags".into(), "guide".into()],
        text: None,
        settings,
        ignore_syntax: IgnoreSyntax::Glob,
        selection: Selection::default(),
        jobs: None,
    };
    let stages = Static::new(Tables::builtin(), Settings::default().limits.file);
    translate(&stages, &options).unwrap()
}

/// Writes files below a folder.
pub(crate) fn put(folder: &std::path::Path, files: &[OutputFile]) {
    for file in files {
        let path = folder.join(&file.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &file.text).unwrap();
    }
}

/// The pod of a job spec in one interval, or why there is none.
fn expected(spec: &JobSpec, dag: &DagFacts, asked: &Json) -> Result<JobSpec, String> {
    let date = |field: &str| parse_date(asked[field].as_str().unwrap_or("2024-01-01")).unwrap();
    let about = &spec.metadata;
    let interval = Interval { start: date("start"), end: date("end") };
    let run = asked["run"].as_str().unwrap_or_default();
    let values = Values { params: dag.params.clone().into_iter().collect(), ..Values::default() };
    let facts = Facts {
        values,
        ..Facts::new(&about.dag, &about.task, about.map_index, run, Some(interval))
    };
    let Finished(spec) =
        fill(spec, &Values::default()).finish().map_err(|error| error.to_string())?;
    render(&spec, &facts)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

#[test]
fn every_module_loads_is_formatted_and_asks_for_the_pods_of_its_job_specs() {
    let translation = translation();
    let batch = Batch { specs: &translation.specs, dags: &translation.dags };
    let scratch = tempfile::tempdir().unwrap();
    let plain = scratch.path().join("plain");
    let emitted = DagsterProject::default().emit(&batch);
    put(&plain, &emitted.files);
    let airlift = scratch.path().join("airlift");
    put(&airlift, &DagsterProject { airlift: true }.emit(&batch).files);

    let answers = ask(SCRIPT, &json!([{"folder": plain}, {"folder": airlift}]));
    for answer in answers.as_array().unwrap() {
        assert!(answer["modules"].as_u64().unwrap() > 100, "{}", answer["modules"]);
        assert_eq!(answer["errors"], json!([]));
        assert_eq!(answer["format"], "", "{}", answer["format"].as_str().unwrap());
        assert_eq!(answer["check"], "", "{}", answer["check"].as_str().unwrap());
    }

    let assets: BTreeMap<String, &Json> = answers[0]["assets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|asset| (asset["key"].to_string(), asset))
        .collect();
    let keys = DagsterProject::keys(&batch);
    assert_eq!(assets.len(), keys.len(), "every job spec has an asset of its own");
    let dag_of =
        |index: usize| translation.dags.iter().find(|dag| dag.specs.contains(&index)).unwrap();
    // Tasks of which podlift itself says that something is wrong with their pods.
    let told = translation.diagnostics.iter().filter(|told| told.severity >= Severity::Warning);
    let told: BTreeSet<(String, String)> = told.filter_map(|told| told.task.clone()).collect();
    let (mut equal, mut trouble) = (0, Vec::new());
    for (index, (spec, key)) in translation.specs.iter().zip(&keys).enumerate() {
        let Some(asset) = assets.get(&json!(key).to_string()) else {
            trouble.push(format!("{key:?} is no asset"));
            continue;
        };
        for asked in asset["pods"].as_array().unwrap() {
            match (expected(spec, dag_of(index), asked), asked["error"].as_str()) {
                // What nobody knows before the run is a failure of the run, never a pod.
                (Err(_), Some(_)) => {}
                (Err(why), None) => trouble.push(format!("{key:?} asks for a pod although {why}")),
                (Ok(_), Some(error)) if is_known(error) => {}
                (Ok(_), Some(error)) => trouble.push(format!("{key:?}: {error}")),
                (Ok(spec), None) => {
                    let mut pod = asked["pod"].clone();
                    hide_labels(&mut pod, &spec.run.base_pod_meta);
                    let mut said = said(&spec);
                    quantities_as_text(&mut said);
                    let id = (spec.metadata.dag.clone(), spec.metadata.task.clone());
                    if pod != said && !told.contains(&id) {
                        trouble.push(format!(
                            "{key:?} {}:\n  asset   {pod}\n  podlift {said}",
                            asked["partition"]
                        ));
                    }
                    if asked["namespace"].as_str() != spec.run.namespace.as_deref() {
                        trouble.push(format!("{key:?} asks in another namespace"));
                    }
                    equal += 1;
                }
            }
        }
    }
    assert!(trouble.is_empty(), "{} of {}:\n{}", trouble.len(), equal, trouble.join("\n"));
    assert!(equal > 280, "only {equal} pods are equal");
}

/// Pods that Dagster itself refuses, of fixtures that are wrong on purpose; and texts that podlift's own launcher can
/// render and generated code does not carry over, which is told.
fn is_known(error: &str) -> bool {
    error.contains("must be a dict, received") || error.contains("has to be carried over by hand")
}

#[test]
fn components_of_all_fixtures_load() {
    let translation = translation();
    let batch = Batch { specs: &translation.specs, dags: &translation.dags };
    let scratch = tempfile::tempdir().unwrap();
    let files = podlift::emit::Components.emit(&batch).files;
    assert!(files.len() > 150, "only {} components", files.len());
    put(scratch.path(), &files);
    let answer = ask(include_str!("dagster_components.py"), &json!({"folder": scratch.path()}));
    // This fixture is wrong on purpose, and the finding KPO309 says so.
    let errors = answer["errors"].as_array().unwrap();
    let unexpected: Vec<_> = errors
        .iter()
        .filter(|error| !error.as_str().unwrap().starts_with("image_pull_secrets/strings/"))
        .collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    assert_eq!(answer["loaded"].as_u64().unwrap() as usize + errors.len(), files.len());
}
