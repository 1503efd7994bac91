//! One task: attempts until one succeeds or none is left, each cleaned up before the next begins.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::{Instant, sleep, timeout};

use super::api::{ApiError, Cluster};
use super::attempt::{Attempt, Report, Start};
use super::cancel::{Cancel, Urgency};
use super::events::{Event, PodEvent, Teller};
use super::names::{ATTEMPT_LABEL, Identity};
use super::outcome::Outcome;
use super::plan::{FinishAction, Plan};
use super::pod;
use super::rules::TaskState;
use super::watch::{Change, PodWatch};
use crate::pipes::{ContextData, Session};

/// For how long a pod is looked for whose creation was not answered.
const APPEARS: Duration = Duration::from_secs(5);
/// How long beyond its grace period an earlier pod may take to end.
const END_MARGIN: Duration = Duration::from_secs(30);
/// The longest grace period that is waited for, in seconds.
const MOST_GRACE: u64 = 86_400;

/// A task on its cluster.
pub struct Task<'a> {
    /// What to do.
    pub plan: &'a Plan,
    /// What its process reads through Pipes; the retry number is set here.
    pub context: &'a ContextData,
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The watch of its namespace.
    pub watch: &'a PodWatch,
    /// Its namespace.
    pub namespace: &'a str,
    /// Run id.
    pub run: &'a str,
    /// Attempts of an earlier run that is resumed.
    pub attempts_before: u32,
    /// Where to tell.
    pub teller: &'a Teller,
    /// The user's wish to stop.
    pub cancel: Cancel,
}

/// What came of a task: the entry of the final result.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TaskReport {
    /// DAG id.
    pub dag: String,
    /// Task id, with the index of a mapped task.
    pub task: String,
    /// How it ended.
    pub state: TaskState,
    /// In words.
    pub message: String,
    /// Its attempts, in order.
    pub attempts: Vec<AttemptReport>,
}

/// What came of an attempt: part of the final result.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AttemptReport {
    /// Number, from 1.
    pub attempt: u32,
    /// Name of the pod.
    pub pod: String,
    /// Namespace of the pod.
    pub namespace: String,
    /// When it began.
    #[schemars(with = "String")]
    pub started: Timestamp,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// How it ended.
    pub outcome: Outcome,
    /// Exit codes of the containers that ended.
    pub exit_codes: std::collections::BTreeMap<String, i32>,
    /// What the process reported.
    pub pipes: Session,
    /// The last lines of the container that decided, if it failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tail: Vec<String>,
    /// What the cluster said about the pod, if it failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<PodEvent>,
    /// Why the pod could not be deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cleanup_error: Option<String>,
}

impl Task<'_> {
    /// Runs it.
    pub async fn run(self) -> TaskReport {
        let (first, mut pod) = self.find_earlier().await;
        let last = self
            .attempts_before
            .saturating_add(self.plan.retry.retries)
            .saturating_add(1)
            .max(first);
        let mut attempts: Vec<AttemptReport> = Vec::new();
        let mut attempt = first;
        loop {
            let report = self.attempt(attempt, last, pod.take()).await;
            let outcome = report.outcome.clone();
            attempts.push(report);
            if outcome.is_final() || attempt >= last || !self.may_retry(&outcome, attempt) {
                return self.report(&outcome, attempts);
            }
            let delay = self.plan.retry.delay_after(attempt);
            self.teller(attempt).tell(Event::Retrying { delay_seconds: delay.as_secs_f64() });
            let mut cancel = self.cancel.clone();
            tokio::select! {
                () = sleep(delay) => {}
                () = cancel.reached(Urgency::Orderly) => return self.report(&Outcome::Cancelled, attempts),
            }
            attempt += 1;
        }
    }

    fn report(&self, outcome: &Outcome, attempts: Vec<AttemptReport>) -> TaskReport {
        let identity = self.identity(1);
        let state = match outcome {
            Outcome::Succeeded => TaskState::Success,
            Outcome::Skipped { .. } => TaskState::Skipped,
            Outcome::Cancelled => TaskState::Cancelled,
            _ => TaskState::Failed,
        };
        let message = outcome.to_string();
        let attempt = attempts.last().map_or(1, |last| last.attempt);
        self.teller(attempt).tell(Event::TaskFinished { state, message: message.clone() });
        TaskReport { task: identity.task_name(), dag: identity.dag, state, message, attempts }
    }

    fn may_retry(&self, outcome: &Outcome, attempt: u32) -> bool {
        if outcome.is_safe_to_retry() || self.plan.retry.although_lost {
            return true;
        }
        let reason = "the pod may still run, and a second one could do the work twice; --retry-lost tries again all the same";
        self.teller(attempt).tell(Event::NotRetried { reason: reason.into() });
        false
    }

    fn identity(&self, attempt: u32) -> Identity {
        let metadata = &self.plan.spec.metadata;
        Identity {
            dag: metadata.dag.clone(),
            task: metadata.task.clone(),
            map_index: metadata.map_index,
            run: self.run.into(),
            attempt,
        }
    }

    fn teller(&self, attempt: u32) -> Teller {
        self.teller.about(&self.identity(attempt))
    }

    /// Looks for pods of the same task and run: the newest is gone on with, all others that are left are deleted.
    /// Pods of attempts whose end is known already were left on purpose and are no concern of this run.
    async fn find_earlier(&self) -> (u32, Option<Arc<Pod>>) {
        let labels = self.identity(1).labels();
        let mut earlier: Vec<(u32, Arc<Pod>)> = self
            .watch
            .pods()
            .into_iter()
            .filter_map(|pod| {
                let own = pod.metadata.labels.as_ref()?;
                let same = labels.iter().filter(|(name, _)| *name != ATTEMPT_LABEL);
                let same = same.clone().all(|(name, value)| own.get(*name) == Some(value))
                    && own.contains_key(super::names::MAP_INDEX_LABEL)
                        == self.plan.spec.metadata.map_index.is_some();
                let attempt = own.get(ATTEMPT_LABEL)?.parse().ok()?;
                (same && attempt > self.attempts_before).then_some((attempt, pod))
            })
            .collect();
        earlier.sort_by_key(|(attempt, _)| *attempt);
        let Some((newest, pod)) = earlier.pop() else { return (self.attempts_before + 1, None) };
        let dying = pod.metadata.deletion_timestamp.is_some();
        let go_on = self.plan.reattach && !dying;
        let others = earlier.into_iter().chain((!go_on).then(|| (newest, pod.clone())));
        let others: Vec<_> = others
            .map(|(attempt, pod)| {
                (self.teller(attempt), pod.metadata.name.clone().unwrap_or_default(), pod)
            })
            .collect();
        for (teller, name, pod) in &others {
            if pod.metadata.deletion_timestamp.is_none() {
                self.delete(teller, name, false).await;
            }
        }
        for (teller, name, pod) in &others {
            self.wait_for_end(teller, name, pod).await;
        }
        if go_on { (newest, Some(pod)) } else { (newest.max(self.attempts_before) + 1, None) }
    }

    /// Waits until an earlier pod that was asked to end is gone: its processes work on until then, and a second pod
    /// would do the work twice.
    async fn wait_for_end(&self, teller: &Teller, name: &str, pod: &Pod) {
        let own = pod.spec.as_ref().and_then(|spec| spec.termination_grace_period_seconds);
        let grace = self.plan.grace.or(own.and_then(|it| u64::try_from(it).ok())).unwrap_or(30);
        let most = Duration::from_secs(grace.min(MOST_GRACE)) + END_MARGIN;
        let mut changes = self.watch.subscribe(name);
        let mut cancel = self.cancel.clone();
        let is_there =
            || self.watch.pods().iter().any(|it| it.metadata.name.as_deref() == Some(name));
        if is_there() {
            teller.tell(Event::PodWaiting {
                message: format!("for the end of the earlier pod {name}"),
            });
        }
        let gone = async {
            while is_there() {
                match changes.recv().await {
                    Some(Change::Pod(_)) => {}
                    // Without sight of it nothing tells its end; whatever is wrong is told by the attempt.
                    Some(Change::Gone | Change::Failed(_)) | None => return,
                }
            }
        };
        tokio::select! {
            ended = timeout(most, gone) => if ended.is_err() {
                let (pod, reason) = (name.to_owned(), format!("it has not ended within {} s", most.as_secs()));
                teller.tell(Event::CleanupFailed { pod, reason });
            },
            () = cancel.reached(Urgency::Orderly) => {}
        }
    }

    async fn attempt(&self, attempt: u32, last: u32, found: Option<Arc<Pod>>) -> AttemptReport {
        let identity = self.identity(attempt);
        let teller = self.teller.about(&identity);
        teller.tell(Event::AttemptStarted { of: last });
        let (started, clock) = (Timestamp::now(), tokio::time::Instant::now());
        let context = ContextData { retry_number: attempt - 1, ..self.context.clone() };
        let start = match found {
            Some(pod) => Ok(Start::Reattach(pod)),
            None => pod::build(&self.plan.spec.run, self.namespace, &identity, &context)
                .map(Start::Create),
        };
        let (report, cleanup_error) = match start {
            Ok(start) => {
                let name = match &start {
                    Start::Reattach(pod) => pod.metadata.name.clone().unwrap_or_default(),
                    Start::Create(_) => identity.pod_name(),
                };
                let report = Attempt {
                    cluster: self.cluster,
                    teller: teller.clone(),
                    namespace: self.namespace,
                    pod: start,
                    changes: self.watch.subscribe(&name),
                    rules: self.plan.rules.clone(),
                    limits: self.plan.limits,
                    delete_on_kill: self.plan.delete_on_kill,
                    grace: self.plan.grace,
                    read_logs: self.plan.read_logs,
                    cancel: self.cancel.clone(),
                }
                .run()
                .await;
                let cleanup_error = self.clean_up(&teller, &report).await;
                (report, cleanup_error)
            }
            Err(error) => (Report::not_created(identity.pod_name(), error.to_string()), None),
        };
        teller.tell(Event::AttemptFinished {
            outcome: report.outcome.clone(),
            message: report.outcome.to_string(),
        });
        let failed = !report.outcome.is_success();
        AttemptReport {
            attempt,
            pod: report.pod,
            namespace: self.namespace.into(),
            started,
            seconds: clock.elapsed().as_secs_f64(),
            outcome: report.outcome,
            exit_codes: report.exit_codes,
            pipes: report.session,
            tail: if failed { report.tail } else { Vec::new() },
            events: report.events,
            cleanup_error,
        }
    }

    /// Deletes the pod, unless it is to stay. An error here never changes the outcome.
    async fn clean_up(&self, teller: &Teller, report: &Report) -> Option<String> {
        if !report.pod_exists {
            return None;
        }
        let delete = match (&report.outcome, self.plan.on_finish) {
            (Outcome::Cancelled | Outcome::TimedOut { .. } | Outcome::Error { .. }, _)
                if !report.pod_ended =>
            {
                self.plan.delete_on_kill
            }
            (_, FinishAction::Delete) => true,
            // As the provider, which looks at the phase: that of a pod that is skipped is Failed.
            (outcome, FinishAction::DeleteSucceeded) => *outcome == Outcome::Succeeded,
            (_, FinishAction::DeleteActive) => !report.pod_ended,
            (_, FinishAction::Keep) => false,
        };
        if delete {
            return self.delete(teller, &report.pod, report.may_appear).await;
        }
        teller.tell(Event::PodKept { pod: report.pod.clone() });
        None
    }

    /// Deletes a pod and tells it; one that `may_appear` is looked for, if it is not there, for a while. Gives what
    /// went wrong.
    async fn delete(&self, teller: &Teller, pod: &str, may_appear: bool) -> Option<String> {
        let begin = Instant::now();
        let delete = async {
            loop {
                let there = self.cluster.delete_pod(self.namespace, pod, self.plan.grace).await?;
                if there || !may_appear || begin.elapsed() > APPEARS {
                    return Ok::<_, ApiError>(there);
                }
                sleep(Duration::from_secs(1)).await;
            }
        };
        let mut cancel = self.cancel.clone();
        let result = tokio::select! {
            biased;
            result = delete => result.map_err(|error| error.to_string()),
            // The request is on its way; who asked twice does not want to wait for the answer for long.
            () = async {
                cancel.reached(Urgency::AtOnce).await;
                sleep(Duration::from_secs(3)).await;
            } => Err("no answer before podlift had to leave".to_owned()),
        };
        let pod = pod.to_owned();
        match result {
            Ok(false) if may_appear => {
                let reason = "the request to create it was not answered; it is not there now, but may still appear";
                teller.tell(Event::CleanupFailed { pod, reason: reason.into() });
                Some(reason.to_owned())
            }
            Ok(_) => {
                teller.tell(Event::PodDeleted { pod });
                None
            }
            Err(reason) => {
                teller.tell(Event::CleanupFailed { pod, reason: reason.clone() });
                Some(reason)
            }
        }
    }
}

#[cfg(test)]
mod tests;
