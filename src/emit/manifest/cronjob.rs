//! Cron jobs: jobs on the schedule of their DAG.

use serde_json::{Map, Value as Json, json};

use super::job::{job_spec, lost};
use super::{Manifest, emit, metadata};
use crate::emit::{Emitted, Emitter};
use crate::spec::JobSpec;

/// The schedule of a DAG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// A cron expression of five fields, or a preset such as `@daily`.
    pub cron: String,
    /// The time zone the expression is meant in; UTC unless given, as in Airflow.
    pub time_zone: Option<String>,
    /// Whether missed intervals are run later.
    pub catchup: bool,
    /// How many runs may go on at the same time.
    pub max_active_runs: Option<u32>,
}

/// Writes each spec as a `CronJob`.
#[derive(Debug, Clone)]
pub struct CronJobs {
    /// The schedule of the DAG of these specs.
    pub schedule: Schedule,
    /// Write specs with holes and Jinja too, as they are.
    pub allow_open: bool,
}

/// Airflow's presets that are cron expressions, as the Airflow documentation lists them.
const PRESETS: [(&str, &str); 6] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@quarterly", "0 0 1 */3 *"),
    ("@yearly", "0 0 1 1 *"),
];

impl Schedule {
    /// The expression as Kubernetes takes it.
    ///
    /// # Errors
    /// A schedule that is no cron expression of five fields.
    pub fn expression(&self) -> Result<String, String> {
        let preset = PRESETS.iter().find(|(name, _)| *name == self.cron);
        if let Some((_, expression)) = preset {
            return Ok((*expression).to_owned());
        }
        let fields: Vec<&str> = self.cron.split_whitespace().collect();
        let plain = |c: char| c.is_ascii_alphanumeric() || "*/,-?".contains(c);
        if fields.len() == 5 && fields.iter().all(|field| field.chars().all(plain)) {
            return Ok(fields.join(" "));
        }
        Err(format!("schedule `{}` is no cron expression that Kubernetes takes", self.cron))
    }

    /// A run waits for none before it, or is left out while one is going on.
    fn concurrency(&self) -> &'static str {
        if self.max_active_runs == Some(1) { "Forbid" } else { "Allow" }
    }
}

impl Emitter for CronJobs {
    fn emit(&self, specs: &[JobSpec]) -> Emitted {
        emit(specs, self.allow_open, |spec| {
            // Kubernetes appends eleven characters for each run.
            let about = metadata(spec, 52);
            let mut cron = Map::new();
            cron.insert("schedule".to_owned(), self.schedule.expression()?.into());
            let zone = self.schedule.time_zone.as_deref().unwrap_or("Etc/UTC");
            cron.insert("timeZone".to_owned(), zone.into());
            cron.insert("concurrencyPolicy".to_owned(), self.schedule.concurrency().into());
            cron.insert("jobTemplate".to_owned(), json!({"spec": job_spec(spec)?}));
            let mut lost = lost(spec);
            if self.schedule.catchup {
                lost.push("catchup; missed runs are not made up for".to_owned());
            }
            if let Some(runs @ 2..) = self.schedule.max_active_runs {
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
