//! What generated Dagster code leaves out or changes, as findings.

use std::collections::{BTreeMap, BTreeSet};

use super::module::Written;
use super::plan::{DagPlan, SchedulePlan};
use crate::diag::{Code, Diagnostic};
use crate::python::Span;
use crate::spec::{JobSpec, Open, Schedule, TaskFacts};

/// Tasks that are named in one message.
const NAMED: usize = 10;

/// Findings of the plan.
pub(super) fn planned(plan: &DagPlan<'_>, no_schedule: Option<&str>) -> Vec<Diagnostic> {
    let mut told = Vec::new();
    let facts = plan.facts;
    let of_dag = |code, message: String| Diagnostic::new(code, facts.span, message);
    if let Some(why) = no_schedule {
        told.push(of_dag(Code::DagsterSchedule, format!("the job has no schedule: {why}")));
    }
    if plan.partitions.is_some() {
        told.extend(about_partitions(plan));
    }
    if !matches!(plan.schedule, SchedulePlan::None) && facts.catchup == Some(true) {
        let message = "a schedule of Dagster never catches up; start a backfill for missed runs";
        told.push(of_dag(Code::DagsterSchedule, message.to_owned()));
    }
    if let Some(runs) =
        facts.max_active_runs.filter(|_| !matches!(plan.schedule, SchedulePlan::None))
    {
        let message =
            format!("max_active_runs={runs} is a limit of the Dagster instance, not of a job");
        told.push(of_dag(Code::DagsterLoss, message));
    }
    let runs_by_itself = !matches!(plan.schedule, SchedulePlan::None) || plan.partitions.is_some();
    if facts.has_end && runs_by_itself {
        let message = "end_date; partitions and schedule go on after it";
        told.push(of_dag(Code::DagsterLoss, message.to_owned()));
    }
    if facts.has_run_timeout {
        let message = "dagrun_timeout; tag the job with `dagster/max_runtime`";
        told.push(of_dag(Code::DagsterLoss, message.to_owned()));
    }
    let tasks: BTreeMap<&str, &TaskFacts> =
        facts.tasks.iter().map(|task| (task.id.as_str(), task)).collect();
    let mut seen = BTreeSet::new();
    for asset in &plan.assets {
        let spec = asset.spec;
        if !seen.insert(spec.metadata.task.as_str()) {
            continue;
        }
        let of_task = |code, message: String| {
            Diagnostic::new(code, Span::NONE, message).task(&spec.metadata.dag, &spec.metadata.task)
        };
        let through: Vec<&str> = spec
            .metadata
            .upstream
            .iter()
            .filter(|id| tasks.get(id.as_str()).is_some_and(|task| !task.is_pod))
            .map(String::as_str)
            .collect();
        match &asset.before {
            None => {
                let message =
                    "what the task waits for; that is too much, with the other tasks of the DAG";
                told.push(of_task(Code::DagsterLoss, message.to_owned()));
            }
            Some(found) if !through.is_empty() => {
                let instead = if found.tasks.is_empty() { "nothing" } else { &*some(&found.tasks) };
                let message =
                    format!("waits for {} in Airflow, for {instead} in Dagster", some(&through));
                told.push(of_task(Code::DagsterDependency, message));
            }
            Some(_) => {}
        }
        if let Some(pattern) = &spec.metadata.pattern {
            let message = format!("one asset stands for any number of tasks, made by {pattern}");
            told.push(of_task(Code::DagsterPattern, message));
        }
        if !spec.metadata.conditions.is_empty() {
            let message = format!(
                "the asset always exists, the task only under {}",
                spec.metadata.conditions.join(", ")
            );
            told.push(of_task(Code::DagsterLoss, message));
        }
        told.extend(lost(spec).into_iter().map(|lost| of_task(Code::DagsterLoss, lost)));
    }
    told
}

/// The first of some ids, and how many there are more.
fn some(ids: &[&str]) -> String {
    let (first, rest) = ids.split_at(ids.len().min(NAMED));
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    format!("{}{more}", first.join(", "))
}

fn about_partitions(plan: &DagPlan<'_>) -> Vec<Diagnostic> {
    let facts = plan.facts;
    let mut told = Vec::new();
    let mut tell = |code, message: &str| told.push(Diagnostic::new(code, facts.span, message));
    if facts.timing.start.is_none() {
        tell(
            Code::DagsterPartitions,
            "the DAG's start is not known; the partitions start on 2024-01-01",
        );
    }
    if !matches!(facts.timing.schedule, Schedule::Cron(_) | Schedule::Every(_)) {
        tell(
            Code::DagsterPartitions,
            "templates read the date of a run, so the assets have a partition for each day",
        );
    }
    let reads_end = plan.assets.iter().flat_map(|asset| &asset.spec.templates).any(|template| {
        template
            .needs
            .iter()
            .any(|name| name.contains("data_interval_end") || name.starts_with("next_ds"))
    });
    if facts.timing.is_trigger && reads_end && !matches!(plan.schedule, SchedulePlan::None) {
        tell(
            Code::DagsterPartitions,
            "`data_interval_end` is the end of the partition; with Airflow 3's default timetable it is its start",
        );
    }
    told
}

/// What an asset does not do and Airflow does.
fn lost(spec: &JobSpec) -> Vec<String> {
    let launcher = &spec.launcher;
    let mut lost = Vec::new();
    if let Some(rule) = launcher.trigger_rule.as_deref().filter(|rule| *rule != "all_success") {
        lost.push(format!(
            "trigger rule {rule}; an asset of a job waits for the success of all before it"
        ));
    }
    if !launcher.skip_on_exit_code.is_empty() {
        let codes: Vec<String> =
            launcher.skip_on_exit_code.iter().map(ToString::to_string).collect();
        lost.push(format!("skip on exit code {}; the run fails instead", codes.join(", ")));
    }
    if launcher.execution_timeout_seconds.is_some() {
        lost.push("execution_timeout; set `activeDeadlineSeconds` of the pod".to_owned());
    }
    if launcher.startup_timeout_seconds.is_some() || launcher.schedule_timeout_seconds.is_some() {
        lost.push("the limit of the start-up time; PipesK8sClient waits a day".to_owned());
    }
    if let Some(Open::Known(slots)) = launcher.pool_slots
        && slots > 1.0
    {
        lost.push(format!("pool_slots={slots}; an asset takes one slot"));
    }
    if launcher.max_retry_delay_seconds.is_some() {
        lost.push("max_retry_delay; a RetryPolicy has no limit of the delay".to_owned());
    }
    if let Some(action @ ("delete_succeeded_pod" | "delete_active_pod")) =
        launcher.on_finish_action.as_deref()
        && !matches!(spec.run.delete_pod_on_completion, Some(Open::Known(false)))
    {
        lost.push(format!("{action}; PipesK8sClient deletes the pod however it ends"));
    }
    if !spec.job.is_empty() {
        lost.push("the Job around the pod; the asset runs one pod".to_owned());
    }
    if matches!(launcher.retries, Some(Open::Text(_))) {
        lost.push("retries, which are not known".to_owned());
    }
    lost
}

/// Findings of writing.
pub(super) fn written(plan: &DagPlan<'_>, written: &Written) -> Vec<Diagnostic> {
    let mut told: Vec<Diagnostic> = written
        .unported
        .iter()
        .filter_map(|(number, what)| {
            let spec = plan.assets.get(*number)?.spec;
            let told = Diagnostic::new(
                Code::DagsterTodo,
                Span::NONE,
                format!("{}: {}", what.path, what.reason),
            )
            .task(&spec.metadata.dag, &spec.metadata.task)
            .pod_path(&what.path);
            Some(told)
        })
        .collect();
    if !written.required.is_empty() && !matches!(plan.schedule, SchedulePlan::None) {
        let message =
            format!("runs of the schedule need run config for {}", written.required.join(", "));
        told.push(Diagnostic::new(Code::DagsterSchedule, plan.facts.span, message));
    }
    told
}
