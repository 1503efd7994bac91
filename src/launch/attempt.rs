//! One attempt: a pod from its creation to the last line of its logs.
//!
//! Everything that can happen arrives in one loop: changes of the pod, lines of its logs, the passing of limits, the
//! user's wish to stop. The loop ends with exactly one [`Outcome`].

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use serde_json::Value as Json;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::api::{ApiError, Cluster};
use super::cancel::{Cancel, Urgency};
use super::events::{Event, PodEvent, Teller};
use super::logs::{Follower, Heard, Life};
use super::names::{ATTEMPT_LABEL, RUN_LABEL};
use super::outcome::{Limit, Outcome};
use super::podevents;
use super::state::{ContainerState, Observation, PodView, Rules, Stage, Tracker};
use super::transcript::Transcript;
use super::watch::Change;
use crate::pipes::Session;

/// How long a pod may wait without a change before its events are asked for.
const QUIET: Duration = Duration::from_secs(5);
/// How often events are asked for while it waits.
const ASK_EVENTS: Duration = Duration::from_secs(15);
/// How long the logs of a pod that has ended may take to be read.
const LAST_READ: Duration = Duration::from_secs(120);
/// How long beyond its grace period a stopped pod may take to end.
const STOP_MARGIN: Duration = Duration::from_secs(30);

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

/// A pod that was asked to end.
struct Stopping {
    outcome: Outcome,
    until: Instant,
}

impl Attempt<'_> {
    /// Runs it.
    pub async fn run(mut self) -> Report {
        let (name, age, created) = match self.begin().await {
            Ok(begun) => begun,
            Err(report) => return *report,
        };
        let (to, from) = mpsc::channel(64);
        let now = Instant::now();
        let state = Loop {
            tracker: Tracker::new(self.rules.clone()),
            transcript: Transcript::new(self.teller.clone()),
            lives: BTreeMap::new(),
            to,
            created: now.checked_sub(age).unwrap_or(now),
            scheduled: None,
            epoch: (Timestamp::now(), now),
            stage: None,
            told_waiting: None,
            last_change: now,
            next_events: None,
            told_events: VecDeque::new(),
            stopping: None,
            look_again: None,
            name,
            attempt: self,
        };
        state.run(created, from).await
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
        let result = if cancel.now() > Urgency::None {
            Err(None)
        } else {
            tokio::select! {
                result = self.create(&name, &body) => result.map_err(Some),
                () = cancel.reached(Urgency::Orderly) => Err(None),
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
                let pod_may_run = error.as_ref().is_none_or(ApiError::is_transient);
                let outcome = match error {
                    Some(error) => Outcome::Error { message: error.to_string(), pod_may_run },
                    None => Outcome::Cancelled,
                };
                Err(Box::new(Report {
                    pod: name,
                    outcome,
                    pod_exists: pod_may_run,
                    pod_ended: false,
                    session: Session::default(),
                    exit_codes: BTreeMap::new(),
                    tail: Vec::new(),
                    events: Vec::new(),
                }))
            }
        }
    }

    /// Creates the pod; a conflict with a pod of this very attempt means that an earlier request has arrived.
    async fn create(&self, name: &str, body: &Json) -> Result<(), ApiError> {
        let conflict = match self.cluster.create_pod(self.namespace, body).await {
            Ok(_) => return Ok(()),
            Err(error @ ApiError::Conflict { .. }) => error,
            Err(error) => return Err(error),
        };
        let existing = self.cluster.get_pod(self.namespace, name).await?;
        let label = |pod: &Json, label: &str| {
            pod.pointer("/metadata/labels").and_then(|it| it.get(label)).cloned()
        };
        let ours =
            [RUN_LABEL, ATTEMPT_LABEL].iter().all(|key| label(&existing, key) == label(body, key));
        let dying = existing.pointer("/metadata/deletionTimestamp").is_some();
        if ours && !dying { Ok(()) } else { Err(conflict) }
    }
}

struct Loop<'a> {
    attempt: Attempt<'a>,
    name: String,
    tracker: Tracker,
    transcript: Transcript,
    lives: BTreeMap<String, watch::Sender<Life>>,
    to: mpsc::Sender<Heard>,
    created: Instant,
    scheduled: Option<Instant>,
    /// A moment on both clocks.
    epoch: (Timestamp, Instant),
    stage: Option<Stage>,
    told_waiting: Option<String>,
    last_change: Instant,
    next_events: Option<Instant>,
    told_events: VecDeque<PodEvent>,
    stopping: Option<Stopping>,
    look_again: Option<Timestamp>,
}

/// What woke the loop.
enum Wake {
    Change(Option<Change>),
    Heard(Heard),
    Timer,
    Cancel,
}

impl Loop<'_> {
    async fn run(mut self, first: Option<Arc<Pod>>, mut from: mpsc::Receiver<Heard>) -> Report {
        let mut verdict = match first {
            Some(pod) => self.observe(&pod).await,
            None => None,
        };
        let mut gone = false;
        while verdict.is_none() {
            let mut cancel = self.attempt.cancel.clone();
            let wanted = if self.stopping.is_some() { Urgency::AtOnce } else { Urgency::Orderly };
            let timer = self.next_timer();
            let wake = tokio::select! {
                change = self.attempt.changes.recv() => Wake::Change(change),
                Some(heard) = from.recv() => Wake::Heard(heard),
                () = sleep_until(timer) => Wake::Timer,
                () = cancel.reached(wanted) => Wake::Cancel,
            };
            verdict = match wake {
                Wake::Change(Some(Change::Pod(pod))) => {
                    self.last_change = Instant::now();
                    self.observe(&pod).await
                }
                Wake::Change(Some(Change::Gone)) => {
                    gone = true;
                    Some(self.ended(self.tracker.gone(), true))
                }
                Wake::Change(Some(Change::Failed(error))) => Some(lost_sight(&error.to_string())),
                Wake::Change(None) => Some(lost_sight("the watch has ended")),
                Wake::Heard(heard) => self.transcript.hear(heard).map(|error| lost_sight(&error)),
                Wake::Timer => self.timer().await,
                Wake::Cancel => self.cancel().await,
            };
        }
        let outcome = verdict.unwrap_or(Outcome::Cancelled);
        self.finish(outcome, gone, from).await
    }

    /// Takes a status of the pod.
    async fn observe(&mut self, pod: &Pod) -> Option<Outcome> {
        let now = self.now();
        let mut observation = self.tracker.observe(pod, now);
        if let Some(container) = observation.ask_events.clone()
            && observation.verdict.is_none()
        {
            // Without rights on events the back-off has to be taken for what it mostly is.
            let events = self.fetch_events().await;
            let cause = podevents::pull_failure(&events)
                .unwrap_or_else(|| "the reason is not known".into());
            self.tracker.pull_failed(&container, &cause);
            observation = self.tracker.observe(pod, now);
        }
        self.tell_progress(&observation);
        self.update_lives(&observation.view);
        self.look_again = observation.look_again;
        let verdict = observation.verdict?;
        let ended = has_ended(&observation.view);
        match &self.stopping {
            // The pod was asked to end; only its end counts now.
            Some(_) if !ended && !verdict.is_success() => None,
            _ => Some(self.ended(verdict, ended)),
        }
    }

    /// The outcome when the pod has a verdict: that of whoever stopped it, if somebody did.
    fn ended(&mut self, verdict: Outcome, ended_now: bool) -> Outcome {
        let Some(stopping) = self.stopping.take() else { return verdict };
        match (stopping.outcome, verdict) {
            // It was faster than the stop.
            (_, Outcome::Succeeded) if self.main_exit() == Some(0) => Outcome::Succeeded,
            (Outcome::TimedOut { limit, seconds, message, .. }, _) => {
                Outcome::TimedOut { limit, seconds, message, ended: ended_now }
            }
            (outcome, _) => outcome,
        }
    }

    fn main_exit(&self) -> Option<i32> {
        match &self.tracker.last()?.main()?.state {
            ContainerState::Terminated(end) => Some(end.exit_code),
            _ => None,
        }
    }

    fn tell_progress(&mut self, observation: &Observation) {
        let view = &observation.view;
        if self.scheduled.is_none() && view.stage >= Stage::Scheduled {
            let age = view
                .scheduled_at
                .zip(view.created_at)
                .and_then(|(at, created)| Duration::try_from(at.duration_since(created)).ok());
            self.scheduled = Some((self.created + age.unwrap_or_default()).min(Instant::now()));
        }
        if self.stage != Some(view.stage) {
            self.stage = Some(view.stage);
            self.told_waiting = None;
            let node = view.node.clone();
            self.attempt.teller.tell(Event::PodStage { stage: view.stage, node });
        }
        let ordinary =
            |text: &str| text.ends_with(": ContainerCreating") || text == "waiting for a node";
        if let Some(waiting) = observation.waiting.as_deref().filter(|text| !ordinary(text))
            && self.told_waiting.as_deref() != Some(waiting)
            && observation.verdict.is_none()
        {
            self.told_waiting = Some(waiting.to_owned());
            self.attempt.teller.tell(Event::PodWaiting { message: waiting.to_owned() });
        }
    }

    /// Tells every follower how its container lives; starts followers of containers that are new.
    fn update_lives(&mut self, view: &PodView) {
        if !self.attempt.read_logs {
            return;
        }
        for container in &view.containers {
            let life = Life {
                begun: container.has_run
                    || matches!(container.state, ContainerState::Terminated(_)),
                ended: !matches!(container.state, ContainerState::Running),
                restarts: container.restarts,
                last: false,
            };
            if let Some(sender) = self.lives.get(&container.name) {
                sender.send_if_modified(|old| {
                    let changed = *old != life;
                    *old = life;
                    changed
                });
            } else if life.begun {
                let (sender, receiver) = watch::channel(life);
                self.lives.insert(container.name.clone(), sender);
                let follower = Follower {
                    cluster: self.attempt.cluster.clone(),
                    namespace: self.attempt.namespace.into(),
                    pod: self.name.clone(),
                    container: container.name.clone(),
                    to: self.to.clone(),
                    life: receiver,
                };
                tokio::spawn(follower.run());
            }
        }
    }

    fn now(&self) -> Timestamp {
        let (wall, instant) = self.epoch;
        wall.saturating_add(instant.elapsed()).unwrap_or(wall)
    }

    /// The limits that still matter, and when each passes.
    fn limits(&self) -> Vec<(Limit, Duration, Instant)> {
        let limits = self.attempt.limits;
        let ran = self.tracker.main_ran();
        let schedule = limits.schedule.filter(|_| self.scheduled.is_none());
        let startup = limits.startup.filter(|_| !ran).zip(self.scheduled);
        let execution = limits.execution.map(|span| (Limit::Execution, span, self.created + span));
        schedule
            .map(|span| (Limit::Schedule, span, self.created + span))
            .into_iter()
            .chain(startup.map(|(span, from)| (Limit::Startup, span, from + span)))
            .chain(execution)
            .collect()
    }

    fn next_timer(&self) -> Instant {
        let (wall, instant) = self.epoch;
        let look_again = self
            .look_again
            .map(|at| instant + Duration::try_from(at.duration_since(wall)).unwrap_or_default());
        let limit = match &self.stopping {
            Some(stopping) => Some(stopping.until),
            None => self.limits().into_iter().map(|(_, _, at)| at).min(),
        };
        let events = (!self.tracker.main_ran()).then(|| {
            self.next_events.unwrap_or(self.last_change + QUIET).max(self.last_change + QUIET)
        });
        [look_again, limit, events]
            .into_iter()
            .flatten()
            .min()
            // Far enough to never matter.
            .unwrap_or_else(|| Instant::now() + Duration::from_secs(86_400))
    }

    async fn timer(&mut self) -> Option<Outcome> {
        let now = Instant::now();
        if let Some(stopping) = self.stopping.take_if(|stopping| stopping.until <= now) {
            return Some(stopping.outcome);
        }
        if self.stopping.is_none()
            && let Some((limit, span, _)) = self.limits().into_iter().find(|(_, _, at)| *at <= now)
        {
            let message = self.waiting_for();
            let seconds = span.as_secs_f64();
            return self.stop(Outcome::TimedOut { limit, seconds, message, ended: false }).await;
        }
        if self.look_again.is_some_and(|at| at <= self.now()) {
            self.look_again = None;
            if let Ok(pod) = self.attempt.cluster.get_pod(self.attempt.namespace, &self.name).await
                && let Ok(pod) = serde_json::from_value::<Pod>(pod)
            {
                return self.observe(&pod).await;
            }
        }
        if !self.tracker.main_ran()
            && self.next_events.is_none_or(|at| at <= now)
            && self.last_change + QUIET <= now
        {
            self.next_events = Some(now + ASK_EVENTS);
            for event in self.fetch_events().await {
                if event.kind != "Normal" && !self.told_events.contains(&event) {
                    self.attempt.teller.tell(Event::PodEvent { said: event.clone() });
                    self.told_events.push_back(event);
                }
            }
        }
        None
    }

    fn waiting_for(&self) -> String {
        match (&self.told_waiting, self.tracker.last()) {
            (Some(waiting), _) => waiting.clone(),
            (None, Some(view)) if view.stage < Stage::Running => {
                "the container is being created".into()
            }
            _ => String::new(),
        }
    }

    async fn cancel(&mut self) -> Option<Outcome> {
        match (self.attempt.cancel.now(), self.stopping.take()) {
            (Urgency::AtOnce, Some(stopping)) => Some(stopping.outcome),
            (Urgency::AtOnce, None) => {
                let _ = self.stop(Outcome::Cancelled).await;
                Some(Outcome::Cancelled)
            }
            (_, stopping @ Some(_)) => {
                self.stopping = stopping;
                None
            }
            (_, None) => self.stop(Outcome::Cancelled).await,
        }
    }

    /// Asks the pod to end. The outcome counts once it has, or when it takes too long.
    async fn stop(&mut self, outcome: Outcome) -> Option<Outcome> {
        self.attempt.teller.tell(Event::Stopping { reason: outcome.to_string() });
        if !self.attempt.delete_on_kill {
            return Some(outcome);
        }
        let result = self
            .attempt
            .cluster
            .delete_pod(self.attempt.namespace, &self.name, self.attempt.grace)
            .await;
        if let Err(error) = result {
            let (pod, reason) = (self.name.clone(), error.to_string());
            self.attempt.teller.tell(Event::CleanupFailed { pod, reason });
            return Some(outcome);
        }
        let grace = Duration::from_secs(self.attempt.grace.unwrap_or(30));
        self.stopping = Some(Stopping { outcome, until: Instant::now() + grace + STOP_MARGIN });
        None
    }

    async fn fetch_events(&self) -> Vec<PodEvent> {
        // Events only explain; without the right to read them there is less to explain.
        match self
            .attempt
            .cluster
            .clone()
            .patience(Duration::ZERO)
            .pod_events(self.attempt.namespace, &self.name)
            .await
        {
            Ok(list) => podevents::read(&list),
            Err(_) => Vec::new(),
        }
    }

    /// Reads the logs to their end and sums up.
    async fn finish(
        mut self,
        mut outcome: Outcome,
        gone: bool,
        mut from: mpsc::Receiver<Heard>,
    ) -> Report {
        for life in self.lives.values() {
            life.send_modify(|life| life.last = true);
        }
        drop(self.to);
        let deadline = Instant::now() + LAST_READ;
        let mut cancel = self.attempt.cancel.clone();
        loop {
            tokio::select! {
                heard = from.recv() => match heard {
                    Some(heard) => {
                        // What the process reported is unknown then, whatever its exit code says.
                        if let Some(reason) = self.transcript.hear(heard) && outcome.is_success() {
                            let message = format!("the pod {}, but its log cannot be read: {reason}", outcome.word());
                            outcome = Outcome::Error { message, pod_may_run: false };
                        }
                    }
                    None => break,
                },
                () = sleep_until(deadline) => {
                    self.transcript.cut_short(LAST_READ);
                    break;
                }
                () = cancel.reached(Urgency::AtOnce) => break,
            }
        }
        let view = self.tracker.last().cloned();
        let failed = !outcome.is_success() && outcome != Outcome::Cancelled;
        let state = Loop { to: mpsc::channel(1).0, ..self };
        let events = if failed { state.fetch_events().await } else { Vec::new() };
        let decided = match &outcome {
            Outcome::Failed { exit } => Some(exit.container.clone()),
            _ => view.as_ref().and_then(|view| view.main()).map(|main| main.name.clone()),
        };
        let (session, tail) = state.transcript.finish(decided.as_deref(), state.attempt.read_logs);
        Report {
            pod: state.name,
            pod_exists: !gone,
            pod_ended: gone || view.as_ref().is_some_and(has_ended),
            session,
            exit_codes: view.as_ref().map(exit_codes).unwrap_or_default(),
            tail,
            events,
            outcome,
        }
    }
}

fn lost_sight(reason: &str) -> Outcome {
    Outcome::Error { message: format!("lost sight of the pod: {reason}"), pod_may_run: true }
}

fn has_ended(view: &PodView) -> bool {
    view.stage == Stage::Ended
        || (!view.containers.is_empty()
            && view.containers.iter().all(|it| matches!(it.state, ContainerState::Terminated(_))))
}

fn exit_codes(view: &PodView) -> BTreeMap<String, i32> {
    view.containers
        .iter()
        .filter_map(|container| match &container.state {
            ContainerState::Terminated(end) => Some((container.name.clone(), end.exit_code)),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
#[path = "attempt_tests.rs"]
mod tests;
