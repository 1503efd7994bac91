//! Jobs: pods with retries.

use serde_json::{Map, Value as Json, json};

use super::{Manifest, emit, lost_by_all, metadata, number, pod_template, whole};
use crate::emit::{Batch, Emitted, Emitter};
use crate::spec::JobSpec;

/// How long a finished job is kept when Airflow would delete its pod: an hour to read the logs in, which
/// Airflow has copied by then and Kubernetes has not.
const KEPT_SECONDS: u32 = 3600;

/// Writes each spec as a `Job`, with Airflow's retries as its `backoffLimit`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Jobs {
    /// Write specs with holes and Jinja too, as they are.
    pub allow_open: bool,
}

impl Emitter for Jobs {
    fn emit(&self, batch: &Batch<'_>) -> Emitted {
        emit(batch, self.allow_open, |spec, _| {
            let object = json!({
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": metadata(spec, 63),
                "spec": job_spec(spec)?,
            });
            Ok(Manifest { object, lost: lost(spec) })
        })
    }
}

/// The spec of a job.
pub(super) fn job_spec(spec: &JobSpec) -> Result<Map<String, Json>, String> {
    if !spec.job.is_empty() {
        // The task makes a Job itself, so everything about it is said.
        let mut job = spec.job.clone();
        job.insert("template".to_owned(), pod_template(spec)?);
        return Ok(job);
    }
    let retries = number(spec.launcher.retries.as_ref(), "retries")?.unwrap_or(0.0);
    let mut job = Map::new();
    job.insert("backoffLimit".to_owned(), whole(retries, "retries")?.into());
    // Airflow's own default is `delete_pod`. Deleting only what succeeded is nothing a job can do.
    if matches!(spec.launcher.on_finish_action.as_deref(), None | Some("delete_pod")) {
        job.insert("ttlSecondsAfterFinished".to_owned(), KEPT_SECONDS.into());
    }
    job.insert("template".to_owned(), pod_template(spec)?);
    Ok(job)
}

/// What a job leaves out.
pub(super) fn lost(spec: &JobSpec) -> Vec<String> {
    let mut lost = lost_by_all(spec);
    let launcher = &spec.launcher;
    if !spec.job.is_empty() {
        if launcher.retries.is_some() {
            lost.push("Airflow's retries, each of which makes another job".to_owned());
        }
        return lost;
    }
    if launcher.retry_delay_seconds.is_some() || launcher.max_retry_delay_seconds.is_some() {
        lost.push("the delay of retries; a job waits 10 s, 20 s, 40 s, ...".to_owned());
    }
    if let Some(action @ ("delete_succeeded_pod" | "delete_active_pod")) =
        launcher.on_finish_action.as_deref()
    {
        lost.push(format!("{action}; finished pods stay until somebody deletes the job"));
    }
    lost
}
