//! From a job spec to what the launcher does with it: one checked [`Plan`] per task.
//!
//! Everything that can be known to fail is refused here, before anything is created: open holes, texts where
//! a number belongs, an action nobody knows.

use std::time::Duration;

use crate::spec::{JobSpec, Open};

use super::attempt::Limits;
use super::rules::TriggerRule;
use super::state::{Rules, Success};

/// What happens to a pod when its task has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishAction {
    /// It is deleted.
    Delete,
    /// It is deleted if it succeeded.
    DeleteSucceeded,
    /// It is deleted if it still runs.
    DeleteActive,
    /// It stays.
    Keep,
}

/// How often and when a task is tried again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retry {
    /// Further attempts.
    pub retries: u32,
    /// Time before the next attempt.
    pub delay: Duration,
    /// Whether the time doubles.
    pub exponential: bool,
    /// The longest time.
    pub most: Duration,
    /// Whether to try again although the earlier pod may still run.
    pub although_lost: bool,
}

impl Retry {
    /// The time before the attempt after `attempt`, counted from 1.
    pub fn delay_after(&self, attempt: u32) -> Duration {
        if !self.exponential {
            return self.delay.min(self.most);
        }
        let factor =
            2f64.powi(i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX).min(62));
        Duration::try_from_secs_f64(self.delay.as_secs_f64() * factor)
            .unwrap_or(self.most)
            .min(self.most)
    }
}

/// One task, ready to run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The job spec, without holes and without Jinja.
    pub spec: JobSpec,
    /// What the verdict depends on.
    pub rules: Rules,
    /// Its time.
    pub limits: Limits,
    /// What happens to its pods in the end.
    pub on_finish: FinishAction,
    /// Whether its pods are deleted when it is stopped.
    pub delete_on_kill: bool,
    /// Grace period of that deletion, in seconds.
    pub grace: Option<u64>,
    /// Whether logs are read.
    pub read_logs: bool,
    /// Whether a pod of the same run is gone on with.
    pub reattach: bool,
    /// How often it is tried again.
    pub retry: Retry,
    /// Which results of the tasks before it let it start.
    pub trigger_rule: TriggerRule,
}

/// Changes a caller makes to every plan.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Leave pods in the cluster.
    pub keep_pod: bool,
    /// Whose end decides.
    pub success: Option<Success>,
    /// Further attempts.
    pub retries: Option<u32>,
    /// Time before the next attempt.
    pub retry_delay: Option<Duration>,
    /// Try again although the earlier pod may still run.
    pub retry_lost: bool,
    /// Never go on with a pod of the same run.
    pub no_reattach: bool,
    /// Time limits; each replaces that of the spec.
    pub limits: Limits,
}

/// Why a job spec cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Something is not known.
    #[error(
        "{name} is not known ({reason}); pass it with `--set {name}=VALUE` or in a values file"
    )]
    Hole {
        /// `kind:name`.
        name: String,
        /// The expression that left it open.
        reason: String,
    },
    /// The task makes a Job.
    #[error(
        "the task makes a Job, which needs a controller; write its manifest with `translate --emit job`"
    )]
    Job,
    /// The task stands for any number of tasks.
    #[error("the task stands for any number of tasks, made by {0}; it cannot be run as one")]
    Pattern(String),
    /// A field holds a text where something else belongs.
    #[error("launcher.{field} is `{text}`, not {expected}")]
    Field {
        /// The field.
        field: &'static str,
        /// What it holds.
        text: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// A template could not be rendered.
    #[error("{path}: {reason}")]
    Template {
        /// JSON pointer of the template.
        path: String,
        /// Why.
        reason: String,
    },
}

/// Airflow's default for the time to start, also used for the time to be scheduled.
const STARTUP: Duration = Duration::from_secs(120);
/// Airflow's default for the time between two attempts.
const RETRY_DELAY: Duration = Duration::from_secs(300);
/// Airflow's limit for that time.
const MOST_RETRY_DELAY: Duration = Duration::from_secs(86_400);

/// Makes a plan of a job spec whose templates are rendered.
///
/// # Errors
/// All that keeps the spec from being run, not only the first.
pub fn plan(spec: JobSpec, overrides: &Overrides) -> Result<Plan, Vec<PlanError>> {
    let mut errors: Vec<PlanError> = spec
        .holes
        .iter()
        .map(|hole| PlanError::Hole { name: hole.name.clone(), reason: hole.reason.clone() })
        .collect();
    errors.dedup();
    errors.extend(spec.metadata.pattern.clone().map(PlanError::Pattern));
    errors.extend((!spec.job.is_empty()).then_some(PlanError::Job));
    let launcher = &spec.launcher;
    let mut seconds = |field, value: &Option<Open<f64>>| -> Option<Duration> {
        let number = number(field, value.as_ref(), &mut errors)?;
        match Duration::try_from_secs_f64(number) {
            Ok(duration) => Some(duration),
            Err(_) => {
                let text = number.to_string();
                errors.push(PlanError::Field { field, text, expected: "a number of seconds" });
                None
            }
        }
    };
    let startup = seconds("startup_timeout_seconds", &launcher.startup_timeout_seconds);
    let schedule = seconds("schedule_timeout_seconds", &launcher.schedule_timeout_seconds);
    let execution = seconds("execution_timeout_seconds", &launcher.execution_timeout_seconds);
    let delay = seconds("retry_delay_seconds", &launcher.retry_delay_seconds);
    let most = seconds("max_retry_delay_seconds", &launcher.max_retry_delay_seconds);
    let grace =
        seconds("termination_grace_period_seconds", &launcher.termination_grace_period_seconds);
    let retries = number("retries", launcher.retries.as_ref(), &mut errors);
    let mut flag = |field, value: &Option<Open<bool>>, default| {
        flag(field, value.as_ref(), default, &mut errors)
    };
    let read_logs = flag("get_logs", &launcher.get_logs, true);
    let reattach = flag("reattach_on_restart", &launcher.reattach_on_restart, true);
    let exponential = flag("retry_exponential_backoff", &launcher.retry_exponential_backoff, false);
    let delete = flag("delete_pod_on_completion", &spec.run.delete_pod_on_completion, true);
    let on_finish = finish_action(launcher.on_finish_action.as_deref(), delete, &mut errors);
    let delete_on_kill = kill_action(launcher.on_kill_action.as_deref(), &mut errors);
    let trigger_rule =
        TriggerRule::parse(launcher.trigger_rule.as_deref().unwrap_or("all_success"));
    if trigger_rule.is_none() {
        let text = launcher.trigger_rule.clone().unwrap_or_default();
        errors.push(PlanError::Field {
            field: "trigger_rule",
            text,
            expected: "a trigger rule of Airflow",
        });
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    // Only Dagster's own argument is left as a limit of the whole; there 0 means none.
    let pod_wait = spec.run.pod_wait_timeout.filter(|_| execution.is_none());
    let pod_wait = pod_wait.and_then(|limit| Duration::try_from_secs_f64(limit).ok());
    let limits = overrides.limits;
    let startup = limits.startup.or(startup).or(Some(STARTUP));
    Ok(Plan {
        rules: Rules {
            success: overrides.success.unwrap_or_default(),
            main: None,
            ignored: spec.run.ignore_containers.iter().cloned().collect(),
            skip_codes: launcher.skip_on_exit_code.clone(),
        },
        limits: Limits {
            // As in Airflow, a limit for starting also limits the wait for a node.
            schedule: some(limits.schedule.or(schedule).or(startup)),
            startup: some(startup),
            execution: some(limits.execution.or(execution).or(pod_wait)),
        },
        on_finish: if overrides.keep_pod { FinishAction::Keep } else { on_finish },
        delete_on_kill,
        // 0 would be no grace at all.
        grace: grace.map(|grace| grace.as_secs() + u64::from(grace.subsec_nanos() > 0)),
        read_logs,
        reattach: reattach && !overrides.no_reattach,
        retry: Retry {
            retries: overrides.retries.unwrap_or(retries.unwrap_or(0.0).max(0.0) as u32),
            delay: overrides.retry_delay.or(delay).unwrap_or(RETRY_DELAY),
            exponential,
            most: most.unwrap_or(MOST_RETRY_DELAY),
            although_lost: overrides.retry_lost,
        },
        trigger_rule: trigger_rule.unwrap_or_default(),
        spec,
    })
}

/// A limit of 0 is no limit.
fn some(limit: Option<Duration>) -> Option<Duration> {
    limit.filter(|limit| !limit.is_zero())
}

fn number(
    field: &'static str,
    value: Option<&Open<f64>>,
    errors: &mut Vec<PlanError>,
) -> Option<f64> {
    match value? {
        Open::Known(number) => Some(*number),
        // A rendered template is a text that may well be a number.
        Open::Text(text) => text.trim().parse().ok().or_else(|| {
            errors.push(PlanError::Field { field, text: text.clone(), expected: "a number" });
            None
        }),
    }
}

fn flag(
    field: &'static str,
    value: Option<&Open<bool>>,
    default: bool,
    errors: &mut Vec<PlanError>,
) -> bool {
    match value {
        None => default,
        Some(Open::Known(flag)) => *flag,
        Some(Open::Text(text)) => match text.trim() {
            "true" | "True" => true,
            "false" | "False" => false,
            _ => {
                errors.push(PlanError::Field {
                    field,
                    text: text.clone(),
                    expected: "true or false",
                });
                default
            }
        },
    }
}

fn finish_action(text: Option<&str>, delete: bool, errors: &mut Vec<PlanError>) -> FinishAction {
    match text {
        None if delete => FinishAction::Delete,
        None | Some("keep_pod") => FinishAction::Keep,
        Some("delete_pod") => FinishAction::Delete,
        Some("delete_succeeded_pod") => FinishAction::DeleteSucceeded,
        Some("delete_active_pod") => FinishAction::DeleteActive,
        Some(other) => {
            errors.push(PlanError::Field {
                field: "on_finish_action",
                text: other.into(),
                expected: "delete_pod, delete_succeeded_pod, delete_active_pod or keep_pod",
            });
            FinishAction::Delete
        }
    }
}

fn kill_action(text: Option<&str>, errors: &mut Vec<PlanError>) -> bool {
    match text {
        None | Some("delete_pod") => true,
        Some("keep_pod") => false,
        Some(other) => {
            let expected = "delete_pod or keep_pod";
            errors.push(PlanError::Field { field: "on_kill_action", text: other.into(), expected });
            true
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::{Value as Json, json};

    fn spec(launcher: Json, run: Json) -> JobSpec {
        serde_json::from_value(json!({
            "apiVersion": "podlift/v1", "kind": "JobSpec",
            "metadata": {"dag": "d", "task": "t", "operator": "o", "source": "s"},
            "run": run, "launcher": launcher,
        }))
        .unwrap()
    }

    #[test]
    fn defaults_are_those_of_airflow() {
        let plan = plan(spec(json!({}), json!({})), &Overrides::default()).unwrap();
        assert_eq!(
            plan.limits,
            Limits { schedule: Some(STARTUP), startup: Some(STARTUP), execution: None }
        );
        assert_eq!(
            (plan.on_finish, plan.retry.retries, plan.reattach),
            (FinishAction::Delete, 0, true)
        );
    }

    #[test]
    fn texts_that_were_rendered_count_as_what_they_say() {
        let launcher = json!({"retries": "3", "startup_timeout_seconds": "7", "get_logs": "False",
                              "on_finish_action": "delete_succeeded_pod", "schedule_timeout_seconds": 9});
        let plan =
            plan(spec(launcher, json!({"pod_wait_timeout": 60.0})), &Overrides::default()).unwrap();
        assert_eq!((plan.retry.retries, plan.read_logs), (3, false));
        assert_eq!(plan.limits.startup, Some(Duration::from_secs(7)));
        assert_eq!(plan.limits.schedule, Some(Duration::from_secs(9)));
        assert_eq!(plan.limits.execution, Some(Duration::from_secs(60)));
        assert_eq!(plan.on_finish, FinishAction::DeleteSucceeded);
    }

    #[test]
    fn every_reason_is_told() {
        let mut spec = spec(
            json!({"retries": "many", "on_finish_action": "explode", "trigger_rule": "some"}),
            json!({}),
        );
        spec.metadata.pattern = Some("for x in load()".into());
        spec.holes = serde_json::from_value(json!([{"path": "/run", "name": "env:TAG", "reason": "os.environ['TAG']", "source": "d.py:1"}])).unwrap();
        let errors = plan(spec, &Overrides::default()).unwrap_err();
        let text: Vec<_> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(text.len(), 5, "{text:#?}");
        assert!(text.iter().any(|text| text.contains("--set env:TAG=VALUE")));
    }

    #[test]
    fn delays_double_up_to_their_limit() {
        let second = Duration::from_secs(1);
        let retry = Retry {
            retries: 9,
            delay: second,
            exponential: true,
            most: second * 5,
            although_lost: false,
        };
        let delays: Vec<_> = (1..=5).map(|attempt| retry.delay_after(attempt).as_secs()).collect();
        assert_eq!(delays, [1, 2, 4, 5, 5]);
        assert_eq!(Retry { exponential: false, ..retry }.delay_after(4), second);
    }
}
