//! The course of an attempt once its pod is there.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{Attempt, Report};
use crate::launch::cancel::Urgency;
use crate::launch::events::{Event, PodEvent};
use crate::launch::logs::{Follower, Heard, Life};
use crate::launch::outcome::{Limit, Outcome};
use crate::launch::podevents;
use crate::launch::state::{ContainerState, Observation, PodView, Stage, Tracker};
use crate::launch::transcript::Transcript;
use crate::launch::watch::Change;

/// How long a pod may wait without a change before its events are asked for.
const QUIET: Duration = Duration::from_secs(10);
/// How often events are asked for while it waits.
const ASK_EVENTS: Duration = Duration::from_secs(15);
/// How long the logs of a pod that has ended may be silent before they are given up.
const LAST_READ: Duration = Duration::from_secs(120);
/// How long beyond its grace period a stopped pod may take to end.
const STOP_MARGIN: Duration = Duration::from_secs(30);

/// How long one look at the pod or its events may take.
const LONGEST_LOOK: Duration = Duration::from_secs(5);

/// Further away than any pod lives, in a clock that may be near its end.
const FAR: Duration = Duration::from_secs(10 * 366 * 86_400);

/// How long the request to delete a pod may take when podlift has to leave at once.
const LAST_WORD: Duration = Duration::from_secs(3);

/// A pod that was asked to end.
struct Stopping {
    outcome: Outcome,
    until: Instant,
}

/// An attempt whose pod is there.
pub(super) struct Course<'a> {
    attempt: Attempt<'a>,
    name: String,
    tracker: Tracker,
    transcript: Transcript,
    lives: BTreeMap<String, watch::Sender<Life>>,
    to: mpsc::Sender<Heard>,
    from: mpsc::Receiver<Heard>,
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

impl<'a> Course<'a> {
    pub(super) fn new(attempt: Attempt<'a>, name: String, age: Duration) -> Self {
        let (to, from) = mpsc::channel(64);
        let now = Instant::now();
        Self {
            tracker: Tracker::new(attempt.rules.clone()),
            transcript: Transcript::new(attempt.teller.clone()),
            lives: BTreeMap::new(),
            to,
            from,
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
            attempt,
        }
    }

    pub(super) async fn run(mut self, first: Option<Arc<Pod>>) -> Report {
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
                Some(heard) = async {
                    self.attempt.teller.room().await;
                    self.from.recv().await
                } => Wake::Heard(heard),
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
        self.finish(outcome, gone).await
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
            let scheduled = after(self.created, age.unwrap_or_default());
            self.scheduled = Some(scheduled.min(Instant::now()));
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
        let execution =
            limits.execution.map(|span| (Limit::Execution, span, after(self.created, span)));
        schedule
            .map(|span| (Limit::Schedule, span, after(self.created, span)))
            .into_iter()
            .chain(startup.map(|(span, from)| (Limit::Startup, span, after(from, span))))
            .chain(execution)
            .collect()
    }

    fn next_timer(&self) -> Instant {
        let (wall, instant) = self.epoch;
        let look_again = self
            .look_again
            .map(|at| after(instant, at.duration_since(wall).try_into().unwrap_or_default()));
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
            .unwrap_or_else(|| after(Instant::now(), FAR))
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
            // The loop waits for this, limits and the user's wish to stop included.
            let cluster = self.attempt.cluster.clone().patience(Duration::ZERO);
            let look = timeout(LONGEST_LOOK, cluster.get_pod(self.attempt.namespace, &self.name));
            if let Ok(Ok(pod)) = look.await
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
        let delete =
            self.attempt.cluster.delete_pod(self.attempt.namespace, &self.name, self.attempt.grace);
        let mut cancel = self.attempt.cancel.clone();
        let result = tokio::select! {
            biased;
            result = delete => result,
            // Who leaves at once deletes the pod on the way out.
            () = async {
                cancel.reached(Urgency::AtOnce).await;
                sleep(LAST_WORD).await;
            } => return Some(outcome),
        };
        if let Err(error) = result {
            let (pod, reason) = (self.name.clone(), error.to_string());
            self.attempt.teller.tell(Event::CleanupFailed { pod, reason });
            return Some(outcome);
        }
        let grace = Duration::from_secs(self.attempt.grace.unwrap_or(30));
        let until = after(Instant::now(), grace.saturating_add(STOP_MARGIN));
        self.stopping = Some(Stopping { outcome, until });
        None
    }

    async fn fetch_events(&self) -> Vec<PodEvent> {
        // Events only explain; without the right to read them there is less to explain.
        let cluster = self.attempt.cluster.clone().patience(Duration::ZERO);
        let asked = cluster.pod_events(self.attempt.namespace, &self.name);
        match timeout(LONGEST_LOOK, asked).await {
            Ok(Ok(list)) => podevents::read(&list),
            Ok(Err(_)) | Err(_) => Vec::new(),
        }
    }

    /// Reads the logs to their end and sums up.
    async fn finish(mut self, mut outcome: Outcome, gone: bool) -> Report {
        for life in self.lives.values() {
            life.send_modify(|life| life.last = true);
        }
        // Its followers hold the other ends; when all are done, nothing more is heard.
        self.to = mpsc::channel(1).0;
        let mut deadline = Instant::now() + LAST_READ;
        let mut cancel = self.attempt.cancel.clone();
        loop {
            let held_up = Instant::now();
            tokio::select! {
                () = self.attempt.teller.room() => deadline += held_up.elapsed(),
                () = cancel.reached(Urgency::AtOnce) => break,
            }
            tokio::select! {
                heard = self.from.recv() => match heard {
                    Some(heard) => {
                        deadline = Instant::now() + LAST_READ;
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
        let events = if failed { self.fetch_events().await } else { Vec::new() };
        let decided = match &outcome {
            Outcome::Failed { exit } => Some(exit.container.clone()),
            _ => view.as_ref().and_then(|view| view.main()).map(|main| main.name.clone()),
        };
        let (session, tail) = self.transcript.finish(decided.as_deref(), self.attempt.read_logs);
        Report {
            pod: self.name,
            pod_exists: !gone,
            may_appear: false,
            pod_ended: gone || view.as_ref().is_some_and(has_ended),
            session,
            exit_codes: view.as_ref().map(exit_codes).unwrap_or_default(),
            tail,
            events,
            outcome,
        }
    }
}

/// A moment so much later; no limit is further away than [`FAR`].
fn after(from: Instant, span: Duration) -> Instant {
    from + span.min(FAR)
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
