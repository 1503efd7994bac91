//! Cron jobs: jobs on the schedule of their DAG.

use serde_json::{Map, Value as Json, json};

use super::job::{job_spec, lost};
use super::{Manifest, emit, metadata};
use crate::emit::{Batch, Emitted, Emitter};
use crate::spec::{DagFacts, Schedule};

/// Writes each spec as a `CronJob` with the schedule of its DAG.
#[derive(Debug, Clone, Copy, Default)]
pub struct CronJobs {
    /// Write specs with holes and Jinja too, as they are.
    pub allow_open: bool,
}

/// Airflow's presets that are cron expressions, as the Airflow documentation lists them.
const PRESETS: [(&str, &str); 7] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@quarterly", "0 0 1 */3 *"),
    ("@yearly", "0 0 1 1 *"),
];

/// How late a run may start before it counts as missed. Without it a cron job that missed a hundred starts,
/// as after a long suspension, never starts again.
const LATEST_START_SECONDS: u32 = 3600;

/// The schedule of a DAG as Kubernetes takes it.
///
/// # Errors
/// A DAG without a schedule, and a schedule that is no cron expression of five fields.
fn expression(dag: &DagFacts) -> Result<String, String> {
    let cron = match &dag.timing.schedule {
        Schedule::Cron(cron) => cron.clone(),
        Schedule::Every(_) => crate::emit::cron::of_period(&dag.timing)?,
        Schedule::Never => return Err("the DAG has no schedule".to_owned()),
        Schedule::Other(words) => return Err(format!("schedule {words} is no cron expression")),
    };
    if let Some((_, expression)) = PRESETS.iter().find(|(name, _)| *name == cron) {
        return Ok((*expression).to_owned());
    }
    crate::emit::cron::five_fields(&cron)
        .and_then(|cron| crate::emit::cron::without_day_seven(&cron))
        .ok_or_else(|| format!("schedule `{cron}` is no cron expression that Kubernetes takes"))
}

impl Emitter for CronJobs {
    fn emit(&self, batch: &Batch<'_>) -> Emitted {
        emit(batch, self.allow_open, |spec, dag| {
            let Some(dag) = dag else {
                return Err("a job spec alone has no schedule".to_owned());
            };
            // Kubernetes appends eleven characters for each run.
            let about = metadata(spec, 52);
            let mut cron = Map::new();
            cron.insert("schedule".to_owned(), expression(dag)?.into());
            let zone = dag.timing.zone.as_deref().unwrap_or("Etc/UTC");
            cron.insert("timeZone".to_owned(), zone.into());
            // A run waits for none before it, or is left out while one is going on.
            let concurrency = if dag.max_active_runs == Some(1) { "Forbid" } else { "Allow" };
            cron.insert("concurrencyPolicy".to_owned(), concurrency.into());
            cron.insert("startingDeadlineSeconds".to_owned(), LATEST_START_SECONDS.into());
            cron.insert("jobTemplate".to_owned(), json!({"spec": job_spec(spec)?}));
            let mut lost = lost(spec);
            if dag.catchup == Some(true) {
                lost.push("catchup; missed runs are not made up for".to_owned());
            }
            if dag.has_end {
                lost.push("end_date; the cron job goes on after it".to_owned());
            }
            if let Some(runs @ 2..) = dag.max_active_runs {
                lost.push(format!("the limit of {runs} runs at the same time"));
            }
            let object: Json = json!({
                "apiVersion": "batch/v1",
                "kind": "CronJob",
                "metadata": about,
                "spec": cron,
            });
            Ok(Manifest { object, lost })
        })
    }
}
