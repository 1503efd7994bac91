//! Generated Dagster projects in the real Dagster: every module loads and is formatted, and every asset asks for the pod
//! of its job spec.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

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
    translation_of(settings, vec!["dags".into(), "guide".into()], None)
}

fn translation_of(settings: Settings, paths: Vec<PathBuf>, text: Option<Vec<u8>>) -> Translation {
    let options = Options {
        cwd: folder(),
        paths,
        text,
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
        values: Arc::new(values),
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

/// Ids and params that Dagster, which reserves names and has types of its own for config, would take offence at.
const AWKWARD: &str = r#"
from datetime import datetime, timedelta, timezone
from airflow import DAG
from airflow.models.param import Param
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator as Pod

for name in ["import", "output", "config", "str", "type", "meta", "arg_dict", "None", "pipes_k8s_client"]:
    start = datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=-5)))
    params = {"d": {"k": "v", "n": None}, "l": [1, None], "n": None, "mode": "dag"}
    with DAG(name, start_date=start, schedule="0 6 * * 7", params=params) as dag:
        Pod(task_id="import", image="i:1", arguments=["{{ params.d.k }}", "{{ params.l[0] }}"])
        Pod(task_id="PipesK8sClient", image="i:1", arguments=["{{ params.mode }}"], params={"mode": "task"})
        Pod(
            task_id="pipes_k8s_client",
            image="i:1",
            arguments=["{{ (data_interval_end - logical_date).days }}", "{{ data_interval_start.hour }}"],
        )
    globals()["dag_" + name] = dag
# A job and a step of one name would be two definitions of it.
with DAG("import__import"):
    Pod(task_id="t", image="i:1", arguments=["x"])
with DAG("unset", params={"i": Param(type="integer"), "s": Param(type="string")}):
    Pod(task_id="t", image="i:1", arguments=["{{ params.i + 1 }}", "{{ params.s }}"])
"#;

/// Gives every job of a project a run, up to the pods, and says what became of it.
const RUN: &str = r#"
import json, sys, warnings
warnings.simplefilter("ignore")
import dagster as dg
from dagster_k8s import PipesK8sClient
folder, config = json.load(sys.stdin)
sys.path.insert(0, folder)
import definitions

seen = {}
class Capture(PipesK8sClient):
    def run(self, *, context, base_pod_spec, **rest):
        seen["/".join(context.asset_key.path)] = base_pod_spec["containers"][0]["args"]
        class Done:
            def get_materialize_result(self):
                return dg.MaterializeResult()
        return Done()

failed = []
for job in definitions.defs.resolve_all_job_defs():
    if job.name.startswith("__"):
        continue
    part = job.partitions_def.get_partition_keys()[0] if job.partitions_def else None
    assets = [asset for asset in definitions.defs.assets if asset.key in set(job.asset_layer.asset_graph.get_all_asset_keys())]
    ops = {"unset__t": {"config": config}} if job.name == "unset" else {}
    done = dg.materialize(assets, partition_key=part, resources={"pipes_k8s_client": Capture()}, raise_on_error=False, run_config={"ops": ops})
    if not done.success:
        failed.append(job.name)
json.dump({"failed": failed, "seen": seen}, sys.stdout)
"#;

#[test]
fn awkward_names_and_params_load_and_run() {
    let translation = translation_of(Settings::default(), Vec::new(), Some(AWKWARD.into()));
    let batch = Batch { specs: &translation.specs, dags: &translation.dags };
    let scratch = tempfile::tempdir().unwrap();
    put(scratch.path(), &DagsterProject::default().emit(&batch).files);
    let answer = &ask(SCRIPT, &json!([{"folder": scratch.path()}]))[0];
    assert_eq!(answer["errors"], json!([]));
    assert_eq!(answer["format"], "", "{}", answer["format"].as_str().unwrap());

    let answer = ask(RUN, &json!([scratch.path(), {"i": 3, "s": "x"}]));
    assert_eq!(answer["failed"], json!([]));
    let seen = &answer["seen"];
    assert_eq!(seen["import/import"], json!(["v", "1"]));
    assert_eq!(seen["import/PipesK8sClient"], json!(["task"]));
    // Six o'clock in the zone is eleven in UTC.
    assert_eq!(seen["import/pipes_k8s_client"], json!(["7", "11"]));
    assert_eq!(seen["import__import/t"], json!(["x"]));
    assert_eq!(seen["unset/t"], json!(["4", "x"]));
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
