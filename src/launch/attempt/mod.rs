//! One attempt: a pod from its creation to the last line of its logs.
//!
//! Everything that can happen arrives in one loop: changes of the pod, lines of its logs, the passing of limits, the
//! user's wish to stop. The loop ends with exactly one [`Outcome`].

mod course;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use serde_json::Value as Json;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep, timeout};

use self::course::Course;
use super::api::{ApiError, Backoff, Cluster, NotCreated};
use super::cancel::{Cancel, Urgency};
use super::events::{Event, PodEvent, Teller};
use super::names::{ATTEMPT_LABEL, RUN_LABEL};
use super::outcome::Outcome;
use super::state::Rules;
use super::watch::Change;
use crate::pipes::Session;

/// How long a stopped run waits to hear whether its pod was created.
const LAST_ANSWER: Duration = Duration::from_secs(5);

/// The time limits of an attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Limits {
    /// From creation until the pod has a node.
    pub schedule: Option<Duration>,
    /// From scheduling until the main container runs.
    pub startup: Option<Duration>,
    /// From creation until the end.
    pub execution: Option<Duration>,
}

/// What an attempt is to do.
pub struct Attempt<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// Where to tell.
    pub teller: Teller,
    /// Namespace of the pod.
    pub namespace: &'a str,
    /// The pod to create, or to go on with.
    pub pod: Start,
    /// Its changes.
    pub changes: UnboundedReceiver<Change>,
    /// What the verdict depends on.
    pub rules: Rules,
    /// Its time.
    pub limits: Limits,
    /// Whether a pod that has to be stopped is deleted.
    pub delete_on_kill: bool,
    /// Grace period of that deletion in seconds; the pod's own if none.
    pub grace: Option<u64>,
    /// Whether logs are read at all.
    pub read_logs: bool,
    /// The user's wish to stop.
    pub cancel: Cancel,
}

/// Where an attempt begins.
pub enum Start {
    /// With a pod to create.
    Create(Json),
    /// With a pod that is there.
    Reattach(Arc<Pod>),
}

/// What came of an attempt.
#[derive(Debug)]
pub struct Report {
    /// Name of the pod.
    pub pod: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether the pod may still be in the cluster.
    pub pod_exists: bool,
    /// Whether the request to create it was left without an answer, so that it may still appear.
    pub may_appear: bool,
    /// Whether it had ended when the attempt did.
    pub pod_ended: bool,
    /// What the process reported.
    pub session: Session,
    /// Exit codes of the containers that ended.
    pub exit_codes: BTreeMap<String, i32>,
    /// The last lines of the container that decided.
    pub tail: Vec<String>,
    /// What the cluster said about the pod, if it failed.
    pub events: Vec<PodEvent>,
}

impl Report {
    /// The report of an attempt whose pod was never asked for.
    pub(super) fn not_created(pod: String, message: String) -> Self {
        Self {
            pod,
            outcome: Outcome::Error { message, pod_may_run: false },
            pod_exists: false,
            may_appear: false,
            pod_ended: false,
            session: Session::default(),
            exit_codes: BTreeMap::new(),
            tail: Vec::new(),
            events: Vec::new(),
        }
    }
}

impl Attempt<'_> {
    /// Runs it.
    pub async fn run(mut self) -> Report {
        let (name, age, created) = match self.begin().await {
            Ok(begun) => begun,
            Err(report) => return *report,
        };
        Course::new(self, name, age).run(created).await
    }

    /// Creates the pod. Gives its name, its age and its first status.
    async fn begin(&mut self) -> Result<(String, Duration, Option<Arc<Pod>>), Box<Report>> {
        let body = match &self.pod {
            Start::Reattach(pod) => {
                let name = pod.metadata.name.clone().unwrap_or_default();
                self.teller.tell(Event::PodReattached {
                    pod: name.clone(),
                    namespace: self.namespace.into(),
                });
                let created = pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
                let age = created
                    .and_then(|at| Duration::try_from(Timestamp::now().duration_since(at)).ok());
                return Ok((name, age.unwrap_or_default(), Some(pod.clone())));
            }
            Start::Create(body) => body.clone(),
        };
        let name =
            body.pointer("/metadata/name").and_then(Json::as_str).unwrap_or_default().to_owned();
        let mut cancel = self.cancel.clone();
        if cancel.now() > Urgency::None {
            let none = Report::not_created(name, String::new());
            return Err(Box::new(Report { outcome: Outcome::Cancelled, ..none }));
        }
        let result = {
            let mut create = std::pin::pin!(self.create(&name, &body));
            tokio::select! {
                result = &mut create => result.map_err(Some),
                // A request that is on its way may still make a pod, also when nobody waits for the answer.
                () = cancel.reached(Urgency::Orderly) => match timeout(LAST_ANSWER, create).await {
                    Ok(result) => result.map_err(Some),
                    Err(_) => Err(None),
                },
            }
        };
        match result {
            Ok(()) => {
                self.teller.tell(Event::PodCreated {
                    pod: name.clone(),
                    namespace: self.namespace.into(),
                });
                Ok((name, Duration::ZERO, None))
            }
            Err(error) => {
                // When no answer came, the request may have arrived all the same.
                let (pod_may_run, may_appear) =
                    (error.as_ref().is_none_or(|it| it.may_exist), error.is_none());
                let outcome = match error {
                    Some(it) => Outcome::Error { message: it.error.to_string(), pod_may_run },
                    None => Outcome::Cancelled,
                };
                Err(Box::new(Report {
                    outcome,
                    pod_exists: pod_may_run,
                    may_appear,
                    ..Report::not_created(name, String::new())
                }))
            }
        }
    }

    /// Creates the pod; a conflict with a pod of this very attempt means that an earlier request has arrived.
    async fn create(&self, name: &str, body: &Json) -> Result<(), NotCreated> {
        let begin = Instant::now();
        let mut backoff = Backoff::default();
        let mut may_exist = false;
        let (conflict, existing) = loop {
            let unmade = match self.cluster.create_pod(self.namespace, body).await {
                Ok(()) => return Ok(()),
                Err(unmade) => unmade,
            };
            may_exist |= unmade.may_exist;
            if !matches!(unmade.error, ApiError::Conflict { .. }) {
                return Err(NotCreated { may_exist, ..unmade });
            }
            match self.cluster.get_pod(self.namespace, name).await {
                Ok(existing) => break (unmade.error, existing),
                // Not about the name, then: a quota that others were changing at the same time.
                Err(ApiError::NotFound { .. })
                    if begin.elapsed() < self.cluster.patience_limit() =>
                {
                    sleep(backoff.delay(None)).await;
                }
                Err(error) => return Err(NotCreated { error, may_exist }),
            }
        };
        let label = |pod: &Json, label: &str| {
            pod.pointer("/metadata/labels").and_then(|it| it.get(label)).cloned()
        };
        let ours =
            [RUN_LABEL, ATTEMPT_LABEL].iter().all(|key| label(&existing, key) == label(body, key));
        let dying = existing.pointer("/metadata/deletionTimestamp").is_some();
        match ours && !dying {
            true => Ok(()),
            // The pod of that name is another one.
            false => Err(NotCreated { error: conflict, may_exist: ours }),
        }
    }
}

#[cfg(test)]
mod tests;
