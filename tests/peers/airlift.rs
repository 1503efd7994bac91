//! DAG files after `--emit airlift`, in real Airflows with the real dagster-airlift: exactly the expected tasks are replaced.

use std::path::Path;
use std::process::Command;

use serde_json::{Value as Json, json};

const SCRIPT: &str = include_str!("airlift.py");
const HOW: &str = "`.ci/run` makes the environments; see tests/peers/*.txt";

/// A DAG with one of everything: plain tasks, one in a group, a mapped one, and one of another operator.
const DAG: &str = r#"from datetime import datetime

from airflow import DAG
from airflow.models.baseoperator import BaseOperator
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.utils.task_group import TaskGroup


class Nothing(BaseOperator):
    def execute(self, context):
        pass


with DAG("move", start_date=datetime(2024, 1, 1), schedule=None) as dag:
    start = Nothing(task_id="start")
    extract = KubernetesPodOperator(task_id="extract", name="extract", image="acme/etl:1", retries=2)
    with TaskGroup("group"):
        inner = KubernetesPodOperator(task_id="inner", name="inner", image="acme/etl:1")
    each = KubernetesPodOperator.partial(task_id="each", name="each", image="acme/etl:1").expand(arguments=[["a"], ["b"]])
    load = KubernetesPodOperator(task_id="load", name="load", image="acme/etl:1")
    start >> extract >> [inner, each] >> load
"#;

fn python(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} names no Python; {HOW}"))
}

/// Runs a program that has to succeed.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// A folder with the DAG, edited as the diff says, and the state of its tasks beside it.
fn lifted(flags: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let dags = folder.path().join("dags");
    std::fs::create_dir(&dags).unwrap();
    std::fs::write(dags.join("move.py"), DAG).unwrap();
    let podlift = env!("CARGO_BIN_EXE_podlift");
    let args = ["translate", "dags", "--emit", "airlift", "-o", "out"];
    run(Command::new(podlift).args(args).args(flags).current_dir(folder.path()));
    folder
}

/// The classes of the tasks of the DAG, as an Airflow loads it.
fn classes(airflow: &str, folder: &Path) -> Json {
    // The package is only on the path: it needs nothing that an Airflow does not have.
    let where_ =
        "import dagster_airlift, os; print(os.path.dirname(dagster_airlift.__file__), end='')";
    let package = run(Command::new(python("PODLIFT_DAGSTER_PYTHON")).args(["-c", where_]));
    let path = folder.join("path");
    std::fs::create_dir_all(&path).unwrap();
    let link = path.join("dagster_airlift");
    if !link.exists() {
        std::os::unix::fs::symlink(package, link).unwrap();
    }
    let said = run(Command::new(python(airflow))
        .args(["-c", SCRIPT, "dags/move.py"])
        .current_dir(folder)
        .env("PYTHONPATH", &path)
        .env("AIRFLOW_HOME", folder.join("home"))
        .env("AIRFLOW__CORE__LOAD_EXAMPLES", "false"));
    serde_json::from_str(said.trim().lines().last().unwrap()).unwrap()
}

fn expected(proxied: &str) -> Json {
    json!({"move": {
        "start": "Nothing",
        "extract": proxied,
        "group.inner": "KubernetesPodOperator",
        "each": "MappedOperator",
        "load": proxied,
    }})
}

fn check(airflow: &str) {
    let folder = lifted(&["--proxied"]);
    let state = folder.path().join("out/proxied_state");
    run(Command::new("git").args(["init", "-q"]).current_dir(folder.path()));
    run(Command::new("git").args(["apply", "out/airlift.diff"]).current_dir(folder.path()));
    run(Command::new("cp").arg("-r").arg(&state).arg(folder.path().join("dags")));
    assert_eq!(classes(airflow, folder.path()), expected("DefaultProxyTaskToDagsterOperator"));

    let folder = lifted(&["--write"]);
    assert_eq!(classes(airflow, folder.path()), expected("KubernetesPodOperator"));
}

#[test]
fn exactly_the_expected_tasks_are_replaced_in_airflow_3() {
    check("PODLIFT_AIRFLOW3_PYTHON");
}

#[test]
fn exactly_the_expected_tasks_are_replaced_in_airflow_2() {
    check("PODLIFT_AIRFLOW2_PYTHON");
}
