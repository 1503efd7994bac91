//! Job specs for tests.

use super::{API_VERSION, Client, JobSpec, KIND, Launcher, Metadata, Run};

/// A job spec with nothing in it but its ids.
pub(crate) fn spec_named(dag: &str, task: &str) -> JobSpec {
    JobSpec {
        api_version: API_VERSION.to_owned(),
        kind: KIND.to_owned(),
        metadata: Metadata {
            dag: dag.to_owned(),
            task: task.to_owned(),
            operator: "airflow.providers.cncf.kubernetes.operators.pod.KubernetesPodOperator"
                .to_owned(),
            source: "dags/nightly.py:14".to_owned(),
            ..Metadata::default()
        },
        client: Client::default(),
        run: Run::default(),
        launcher: Launcher::default(),
        templates: Vec::new(),
        holes: Vec::new(),
    }
}
