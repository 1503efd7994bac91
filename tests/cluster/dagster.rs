//! Manifests before the real API server, and a generated asset that Dagster materialises on the cluster.

use podlift::emit::{Batch, DagsterProject, Emitter, Jobs, OutputFile, Pods};
use podlift::launch::api::{Call, Verb};
use podlift::spec::{DagFacts, TaskFacts};
use serde_json::{Value as Json, json};

use super::super::peers::dagster::ask;
use super::super::peers::dagster_code::put;
use super::harness::{Lab, kubeconfig, python};

/// The script of Dagster's guide, with what its pod needs to find the API of Pipes.
const SCRIPT: &str = r#"
from dagster_pipes import open_dagster_pipes

with open_dagster_pipes() as pipes:
    pipes.log.info("Reporting from the pod")
    pipes.report_asset_materialization(
        metadata={"some_metric": {"raw_value": pipes.get_extra("some_parameter"), "type": "int"}},
        data_version="alpha",
    )
"#;

/// Materialises the asset of a project and tells what Dagster's event log says.
const MATERIALISE: &str = r#"
import importlib, json, os, sys
request = json.load(sys.stdin)
os.environ["KUBECONFIG"] = request["kubeconfig"]
sys.path.insert(0, request["folder"])
import dagster as dg
import kubernetes
out, sys.stdout = sys.stdout, sys.stderr
defs = importlib.import_module("definitions").defs
result = dg.materialize(list(defs.assets), resources=defs.resources, raise_on_error=False)
events = [event for event in result.get_asset_materialization_events()]
metadata = [
    {name: value.value for name, value in event.materialization.metadata.items()} for event in events
]
json.dump({"success": result.success, "metadata": metadata}, out)
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_api_server_takes_pods_and_jobs_as_they_are() {
    let Some(lab) = Lab::open().await else { return };
    let mut spec = python("manifest", "print(1)");
    spec.run.namespace = Some(lab.namespace.clone());
    let specs = [spec];
    let batch = Batch::of(&specs);
    let core = format!("/api/v1/namespaces/{}/pods?dryRun=All", lab.namespace);
    let jobs = format!("/apis/batch/v1/namespaces/{}/jobs?dryRun=All", lab.namespace);
    let cases: [(&str, String, Vec<OutputFile>); 2] = [
        ("pods", core, Pods::default().emit(&batch).files),
        ("jobs", jobs, Jobs::default().emit(&batch).files),
    ];
    for (resource, path, files) in cases {
        let body: Json = serde_yaml::from_str(&files[0].text).unwrap();
        let call = Call::new(Verb::Create, resource, &lab.namespace);
        let taken = lab.cluster.post(&call, &path, &body).await.unwrap();
        assert_eq!(taken["metadata"]["name"], body["metadata"]["name"], "{resource}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generated_asset_shows_the_metric_of_its_pod() {
    let Some(lab) = Lab::open().await else { return };
    let mut spec = python("report", SCRIPT);
    spec.run.namespace = Some(lab.namespace.clone());
    spec.run.base_pod_meta.insert("namespace".to_owned(), lab.namespace.clone().into());
    spec.run.extras.insert("some_parameter".to_owned(), 77.into());
    let task = TaskFacts { id: "report".to_owned(), is_pod: true, ..TaskFacts::default() };
    let dags =
        [DagFacts { id: "lab".to_owned(), specs: 0..1, tasks: vec![task], ..DagFacts::default() }];
    let specs = [spec];
    let emitted = DagsterProject::default().emit(&Batch { specs: &specs, dags: &dags });
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), &emitted.files);
    let request = json!({"folder": folder.path(), "kubeconfig": kubeconfig().unwrap()});
    let said = tokio::task::spawn_blocking(move || ask(MATERIALISE, &request)).await.unwrap();
    assert_eq!(said["success"], true, "{said}");
    assert_eq!(said["metadata"][0]["some_metric"], 77, "{said}");
}
