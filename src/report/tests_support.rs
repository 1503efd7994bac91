//! Reports for tests.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::model::{Finding, Level, Report};
use super::{Built, Options, build};
use crate::airflow::Settings;
use crate::discover::IgnoreSyntax;
use crate::mapping::Tables;
use crate::translate::{self, Selection, Static, Translation};

/// A DAG with a task of every readiness and a credential.
pub(crate) const DAG: &str = r#"
import os
from airflow import DAG
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.providers.cncf.kubernetes.operators.job import KubernetesJobOperator

with DAG("nightly", default_args={"owner": "core", "retries": 2}):
    extract = KubernetesPodOperator(task_id="extract", name="extract", image="app:1", namespace="data")
    load = KubernetesPodOperator(
        task_id="load",
        image=f"eu.gcr.io/acme/load:{os.environ['TAG']}",
        env_vars={"DB_PASSWORD": "hunter2", "DAY": "{{ ds }}"},
    )
    tell = KubernetesPodOperator(task_id="tell", image="app:1", on_failure_callback=print)
    job = KubernetesJobOperator(task_id="job", image="app:1")
    extract >> load >> tell
"#;

/// The translation of a text as `dags/nightly.py` by podlift itself.
pub(crate) fn translation(text: &str) -> Translation {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("dags")).unwrap();
    std::fs::write(folder.path().join("dags/nightly.py"), text).unwrap();
    let options = translate::Options {
        cwd: folder.path().to_owned(),
        paths: vec!["dags".into()],
        text: None,
        settings: Settings::default(),
        ignore_syntax: IgnoreSyntax::Glob,
        selection: Selection::default(),
        jobs: None,
    };
    let stages = Static::new(Tables::builtin(), options.settings.limits.file);
    translate::translate(&stages, &options).unwrap()
}

/// The report on a text.
pub(crate) fn built(text: &str) -> Built {
    build(&translation(text), &Options { unused_ignores: true, ..Options::default() })
}

/// The report on [`DAG`].
pub(crate) fn report() -> Report {
    let mut report = built(DAG).report;
    for file in &mut report.files {
        for task in file.dags.iter_mut().flat_map(|dag| &mut dag.tasks) {
            // Links are not written.
            task.pods.iter_mut().for_each(|pod| pod.links.clear());
        }
    }
    report
}

/// A finding about the task `load` of the DAG `nightly`.
pub(crate) fn finding(code: &str, file: &str, line: u32) -> Finding {
    Finding {
        code: code.to_owned(),
        severity: Level::Warning,
        message: "`env:TAG` is not known".to_owned(),
        file: Some(file.to_owned()),
        line,
        column: 1,
        end_line: line,
        end_column: 5,
        dag: Some("nightly".to_owned()),
        task: Some("load".to_owned()),
        pod_path: None,
        help: Some("pass it".to_owned()),
        ignored: None,
        fingerprint: "0123".to_owned(),
    }
}
