//! The verdict on a pod.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Pod;

use super::view::{ContainerKind as Kind, ContainerState as State, PodView, Stage, Terminated};
use super::{ContainerView, Severity, classify, view};
use crate::launch::outcome::{Cause, ContainerExit, Limit, Outcome};

/// How long a missing ConfigMap or Secret may be missing.
const CONFIG_GRACE: SignedDuration = SignedDuration::from_secs(20);
/// How long after the end of its grace period a pod may linger before its node counts as lost.
const LINGER: SignedDuration = SignedDuration::from_secs(60);

/// Whose end decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Success {
    /// The main container; all others may fail and need not end.
    #[default]
    Main,
    /// Every container that is not ignored.
    All,
}

/// What the verdict depends on beside the status.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// Whose end decides.
    pub success: Success,
    /// The main container; the first if none.
    pub main: Option<String>,
    /// Containers that are left out of waiting and of failure detection.
    pub ignored: BTreeSet<String>,
    /// Exit codes of the main container that mean "skipped".
    pub skip_codes: Vec<i64>,
}

/// What one look at a pod says.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// The pod.
    pub view: PodView,
    /// What it is waiting for, in words.
    pub waiting: Option<String>,
    /// A container whose back-off has no cause in the status.
    pub ask_events: Option<String>,
    /// When to look again although nothing changed.
    pub look_again: Option<Timestamp>,
    /// How it ended.
    pub verdict: Option<Outcome>,
}

/// What is remembered of a pod between two looks.
#[derive(Debug, Default)]
pub struct Tracker {
    rules: Rules,
    main_ran: bool,
    pull_causes: BTreeMap<String, String>,
    config_since: Option<Timestamp>,
    deletion_since: Option<Timestamp>,
    last: Option<PodView>,
}

impl Tracker {
    /// Begins to track a pod.
    pub fn new(rules: Rules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Whether the main container was ever seen to run.
    pub fn main_ran(&self) -> bool {
        self.main_ran
    }

    /// The pod at the last look.
    pub fn last(&self) -> Option<&PodView> {
        self.last.as_ref()
    }

    /// Tells why the image of a container could not be pulled, as the events say.
    pub fn pull_failed(&mut self, container: &str, cause: &str) {
        self.pull_causes.insert(container.into(), cause.into());
    }

    /// Looks at a pod.
    pub fn observe(&mut self, pod: &Pod, now: Timestamp) -> Observation {
        let view = view(pod, self.rules.main.as_deref());
        self.main_ran |= view.main().is_some_and(|main| main.has_run);
        for container in &view.containers {
            if let State::Waiting { reason, message } = &container.state
                && reason == "ErrImagePull"
                && !message.is_empty()
            {
                self.pull_causes.insert(container.name.clone(), message.clone());
            }
        }
        let mut observation = Observation {
            waiting: waiting(&view),
            ask_events: None,
            look_again: None,
            verdict: None,
            view,
        };
        observation.verdict = self.verdict(&mut observation, now);
        self.last = Some(observation.view.clone());
        observation
    }

    /// The verdict on a pod that is gone from the API.
    pub fn gone(&self) -> Outcome {
        let Some(last) = &self.last else {
            return self.taken(Cause::Deleted, String::new(), false);
        };
        if let Some(outcome) = self.finished(last) {
            return outcome;
        }
        let (cause, message) = self.disruption(last).unwrap_or((Cause::Deleted, String::new()));
        // A kubelet reports the end of the containers before the pod goes; a forced deletion does not wait for it.
        let ended = last.main().is_some_and(|main| matches!(main.state, State::Terminated(_)));
        self.taken(cause, message, ended)
    }

    fn verdict(&mut self, observation: &mut Observation, now: Timestamp) -> Option<Outcome> {
        let view = observation.view.clone();
        if let Some(outcome) = self.finished(&view) {
            return Some(outcome);
        }
        if view.reason == "DeadlineExceeded" {
            return Some(deadline(&view));
        }
        if view.phase == "Failed" {
            let (cause, message) = self.pod_failure(&view);
            return Some(self.taken(cause, message, true));
        }
        if let Some(deletion) = view.deletion {
            // By the clock of this machine: that of the server may be minutes off.
            let since = *self.deletion_since.get_or_insert(now);
            let grace = deletion.due_at.duration_since(deletion.asked_at);
            let lost_at = since.saturating_add(grace + LINGER).unwrap_or(since);
            if now >= lost_at {
                let message =
                    format!("still terminating {} s after its grace period", LINGER.as_secs());
                return Some(self.taken(Cause::NodeLost, message, false));
            }
            observation.look_again = Some(lost_at);
            // Whatever a pod on its way out says about starting does not matter any more.
            return None;
        }
        self.stuck(&view, observation, now)
    }

    /// The verdict from the ends of containers.
    fn finished(&self, view: &PodView) -> Option<Outcome> {
        if let Some(main) = view.main()
            && let State::Terminated(end) = &main.state
        {
            if end.exit_code == 0
                && (self.rules.success == Success::Main || view.phase == "Succeeded")
            {
                return Some(self.cut_off(view, end).unwrap_or(Outcome::Succeeded));
            }
            if end.exit_code != 0 && !may_restart(main, view) {
                return Some(self.main_failed(view, main, end));
            }
        }
        for init in view.containers.iter().filter(|it| it.kind == Kind::Init && self.counts(it)) {
            if let State::Terminated(end) = &init.state
                && end.exit_code != 0
                && !may_restart(init, view)
            {
                return Some(self.disrupted(view, end).unwrap_or_else(|| failed(init, end)));
            }
        }
        match self.rules.success {
            Success::All => self.all_finished(view),
            Success::Main if view.phase == "Succeeded" => Some(Outcome::Succeeded),
            Success::Main => None,
        }
    }

    fn all_finished(&self, view: &PodView) -> Option<Outcome> {
        let counting: Vec<_> = view
            .containers
            .iter()
            .filter(|it| matches!(it.kind, Kind::Main | Kind::Side) && self.counts(it))
            .collect();
        let mut failure = None;
        for container in &counting {
            match &container.state {
                State::Terminated(end) if end.exit_code == 0 => {}
                State::Terminated(end) if !may_restart(container, view) => {
                    failure = failure.or(Some((*container, end)));
                }
                _ => return None,
            }
        }
        match failure {
            Some((container, end)) => {
                Some(self.disrupted(view, end).unwrap_or_else(|| failed(container, end)))
            }
            None if counting.is_empty() && view.phase != "Succeeded" => None,
            None => {
                let ends = counting.iter().filter_map(|container| match &container.state {
                    State::Terminated(end) => Some(end),
                    _ => None,
                });
                let cut_off = ends.filter_map(|end| self.cut_off(view, end)).next();
                Some(cut_off.unwrap_or(Outcome::Succeeded))
            }
        }
    }

    /// What took the pod away before a container ended, if anything did: a process that is asked to end may do so in
    /// good order and with its work undone.
    fn cut_off(&self, view: &PodView, end: &Terminated) -> Option<Outcome> {
        if view.reason == "DeadlineExceeded" {
            let limit = view.deadline.map(SignedDuration::from_secs).zip(view.started_at);
            let due = limit.and_then(|(limit, from)| from.checked_add(limit).ok());
            let was_faster = due.zip(end.finished_at).is_some_and(|(due, at)| at < due);
            return (!was_faster).then(|| deadline(view));
        }
        let was_faster = view.disrupted_at.zip(end.finished_at).is_some_and(|(from, at)| at < from);
        if was_faster { None } else { self.disrupted(view, end) }
    }

    fn main_failed(&self, view: &PodView, main: &ContainerView, end: &Terminated) -> Outcome {
        if self.rules.skip_codes.contains(&i64::from(end.exit_code)) {
            return Outcome::Skipped { exit_code: end.exit_code };
        }
        self.disrupted(view, end).unwrap_or_else(|| failed(main, end))
    }

    /// The end of a container as part of the pod being taken away, if it was.
    fn disrupted(&self, view: &PodView, end: &Terminated) -> Option<Outcome> {
        if view.reason == "DeadlineExceeded" {
            return Some(deadline(view));
        }
        let (cause, message) = self.disruption(view)?;
        let before =
            view.deletion.zip(end.finished_at).is_some_and(|(deletion, at)| at < deletion.asked_at);
        if before && view.disruption.is_none() && view.reason.is_empty() {
            return None;
        }
        Some(self.taken(cause, message, end.reason != "ContainerStatusUnknown"))
    }

    /// Why a pod is being taken away, if it is.
    fn disruption(&self, view: &PodView) -> Option<(Cause, String)> {
        if let Some((reason, message)) = &view.disruption {
            let cause = match reason.as_str() {
                "PreemptionByScheduler" | "PreemptionByKubeScheduler" => Cause::Preempted,
                "EvictionByEvictionAPI" | "TerminationByKubelet" => Cause::Evicted,
                "DeletionByTaintManager" | "DeletionByPodGC" => Cause::NodeLost,
                _ => Cause::Other,
            };
            return Some((cause, joined(reason, message)));
        }
        let cause = match view.reason.as_str() {
            "Evicted" => Cause::Evicted,
            "Preempting" | "Preempted" => Cause::Preempted,
            "NodeLost" => Cause::NodeLost,
            "Terminated" | "NodeShutdown" | "Shutdown" => Cause::NodeShutdown,
            "" if view.deletion.is_some() => return Some((Cause::Deleted, String::new())),
            _ => return None,
        };
        Some((cause, joined(&view.reason, &view.message)))
    }

    /// Why a pod failed that shows no failed container.
    fn pod_failure(&self, view: &PodView) -> (Cause, String) {
        if let Some(found) = self.disruption(view) {
            return found;
        }
        let message = joined(&view.reason, &view.message);
        let rejected = [
            "UnexpectedAdmissionError",
            "NodeAffinity",
            "AppArmor",
            "SysctlForbidden",
            "InvalidNodeInfo",
        ];
        let cause = if view.reason.starts_with("OutOf") || rejected.contains(&view.reason.as_str())
        {
            Cause::Rejected
        } else {
            Cause::Other
        };
        (cause, message)
    }

    fn taken(&self, cause: Cause, message: String, ended: bool) -> Outcome {
        if let Some(view) = &self.last
            && view.reason == "DeadlineExceeded"
        {
            return deadline(view);
        }
        if self.main_ran {
            Outcome::Lost { cause, message, ended }
        } else {
            Outcome::NeverStarted { cause, message }
        }
    }

    /// The verdict on a container that cannot start.
    fn stuck(
        &mut self,
        view: &PodView,
        observation: &mut Observation,
        now: Timestamp,
    ) -> Option<Outcome> {
        let mut missing_since = None;
        for container in view.containers.iter().filter(|it| self.counts(it)) {
            let State::Waiting { reason, message } = &container.state else { continue };
            // A sidecar that cannot start does not stop a main container that runs.
            if self.main_ran && container.kind != Kind::Main && self.rules.success == Success::Main
            {
                continue;
            }
            let cause = self.pull_causes.get(&container.name);
            let said = joined(reason, cause.unwrap_or(message));
            let text = format!("container `{}`: {said}", container.name);
            match classify(reason, message, cause.map(String::as_str)) {
                Severity::Normal | Severity::Passing => {}
                Severity::Unclear => observation.ask_events = Some(container.name.clone()),
                Severity::Image => return Some(self.taken(Cause::Image, text, true)),
                Severity::Fatal
                    if container.restarts_on_failure && reason == "RunContainerError" => {}
                Severity::Fatal => return Some(self.taken(Cause::Config, text, true)),
                Severity::Config => {
                    let since = self.config_since.unwrap_or(now);
                    missing_since = Some(since);
                    let end = since.saturating_add(CONFIG_GRACE).unwrap_or(since);
                    if now >= end {
                        return Some(self.taken(Cause::Config, text, true));
                    }
                    observation.look_again = Some(end);
                }
            }
        }
        self.config_since = missing_since;
        None
    }

    fn counts(&self, container: &ContainerView) -> bool {
        container.kind != Kind::NativeSidecar && !self.rules.ignored.contains(&container.name)
    }
}

fn failed(container: &ContainerView, end: &Terminated) -> Outcome {
    Outcome::Failed {
        exit: ContainerExit {
            container: container.name.clone(),
            exit_code: end.exit_code,
            reason: end.reason.clone(),
            message: end.message.clone(),
        },
    }
}

fn deadline(view: &PodView) -> Outcome {
    Outcome::TimedOut {
        limit: Limit::PodDeadline,
        seconds: view.deadline.unwrap_or_default() as f64,
        message: view.message.clone(),
        ended: true,
    }
}

/// Whether the kubelet will start a failed container again.
fn may_restart(container: &ContainerView, view: &PodView) -> bool {
    container.restarts_on_failure && view.stage != Stage::Ended && view.deletion.is_none()
}

fn joined(reason: &str, message: &str) -> String {
    match (reason.trim(), message.trim()) {
        ("", message) => message.to_owned(),
        (reason, "") => reason.to_owned(),
        (reason, message) => format!("{reason}: {message}"),
    }
}

/// What a pod is waiting for, in words.
fn waiting(view: &PodView) -> Option<String> {
    if let Some(why) = &view.unschedulable {
        return Some(why.clone());
    }
    if view.stage == Stage::Pending {
        return Some("waiting for a node".into());
    }
    view.containers.iter().filter(|it| it.kind != Kind::Side).find_map(|container| match &container
        .state
    {
        State::Waiting { reason, message } if !reason.is_empty() && reason != "PodInitializing" => {
            Some(format!("container `{}`: {}", container.name, joined(reason, message)))
        }
        _ => None,
    })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
