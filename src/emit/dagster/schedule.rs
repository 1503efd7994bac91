//! Partitions and schedules of a DAG.
//!
//! A DAG whose templates read the logical date becomes partitioned: a partition is a data interval, its start the
//! logical date. Without such templates the schedule alone is carried over.

use super::plan::{PartitionPlan, SchedulePlan};
use super::python::Py;
use super::scope::{Local, Partitions};
use crate::emit::cron::{five_fields, of_period};
use crate::spec::{DagFacts, JobSpec, Schedule};

/// Presets that Dagster takes as they are, with their expressions.
const PRESETS: [(&str, &str); 8] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@quarterly", "0 0 1 */3 *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];

/// Where partitions start when the DAG's own start is not known.
const START: &str = "2024-01-01";

/// The schedule as a cron expression; `None` for a DAG without one.
///
/// # Errors
/// A schedule that no cron expression says, in a few words.
pub(super) fn expression(facts: &DagFacts) -> Result<Option<String>, String> {
    match &facts.timing.schedule {
        Schedule::Never => Ok(None),
        Schedule::Other(words) => Err(format!("schedule {words} is no cron expression")),
        Schedule::Every(_) => of_period(&facts.timing).map(Some),
        Schedule::Cron(cron) => {
            let preset = PRESETS.iter().find(|(name, _)| name == cron);
            let cron = preset.map_or(cron.as_str(), |(_, expression)| expression);
            five_fields(cron)
                .map(Some)
                .ok_or_else(|| format!("schedule `{cron}` is no cron expression Dagster takes"))
        }
    }
}

/// Whether a template of these job specs reads the date of the run.
pub(super) fn needs_date(specs: &[JobSpec]) -> bool {
    let is_date = |name: &str| {
        let first = name.split('.').next().unwrap_or(name);
        let of_run = ["dag_run", "ti", "task_instance"].contains(&first)
            && name.split('.').nth(1).is_some_and(|name| Local::of(name).is_some());
        Local::of(first).is_some() || of_run || first == "task_instance_key_str"
    };
    let needs = specs.iter().flat_map(|spec| &spec.templates).flat_map(|template| &template.needs);
    needs.into_iter().any(|name| is_date(name))
}

/// The partitions of a DAG with such templates.
pub(super) fn partitions(facts: &DagFacts, expression: Option<&str>) -> PartitionPlan {
    let zone = facts.timing.zone.as_deref();
    let start = facts.timing.start.as_ref().map_or(START, |start| start.date.as_str());
    let cron = expression.unwrap_or("0 0 * * *");
    let mut args = Vec::new();
    let class = match cron {
        "0 0 * * *" => {
            args.push(("start_date", Py::str(start)));
            "dg.DailyPartitionsDefinition"
        }
        "0 * * * *" => {
            args.push(("start_date", Py::str(format!("{start}-00:00"))));
            "dg.HourlyPartitionsDefinition"
        }
        _ => {
            args.push(("cron_schedule", Py::str(cron)));
            args.push(("start", Py::str(format!("{start}-00:00"))));
            args.push(("fmt", Py::str("%Y-%m-%d-%H:%M")));
            "dg.TimeWindowPartitionsDefinition"
        }
    };
    if let Some(zone) = zone {
        args.push(("timezone", Py::str(zone)));
    }
    if facts.timing.is_trigger && expression.is_some() {
        args.push(("end_offset", Py::code("1")));
    }
    let windows =
        Partitions { is_utc: zone.is_none(), key_is_ds: zone.is_none() && cron == "0 0 * * *" };
    PartitionPlan { definition: Py::call(class, args), windows }
}

/// The schedule that goes with them.
pub(super) fn schedule(
    facts: &DagFacts,
    expression: Option<String>,
    is_partitioned: bool,
) -> SchedulePlan {
    match expression {
        None => SchedulePlan::None,
        Some(_) if is_partitioned => SchedulePlan::Partitioned,
        Some(expression) => SchedulePlan::Cron { expression, zone: facts.timing.zone.clone() },
    }
}
