//! One status of a pod, reduced to what decides.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod, PodCondition};
use schemars::JsonSchema;
use serde::Serialize;

/// What a container is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainerKind {
    /// Runs to its end before the others start.
    Init,
    /// An init container that is restarted always: it runs beside the others and never decides.
    NativeSidecar,
    /// The first container: it decides.
    Main,
    /// Any other container.
    Side,
}

/// What a container is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerState {
    /// Not running yet, or not again.
    Waiting {
        /// `ContainerCreating`, `ImagePullBackOff`, ...
        reason: String,
        /// The words of the kubelet.
        message: String,
    },
    /// Running.
    Running,
    /// Ended.
    Terminated(Terminated),
}

/// The end of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terminated {
    /// Exit code.
    pub exit_code: i32,
    /// `Completed`, `Error`, `OOMKilled`, ...
    pub reason: String,
    /// Termination message.
    pub message: Option<String>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// One container of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerView {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: ContainerKind,
    /// What it is doing.
    pub state: ContainerState,
    /// How often it was started again.
    pub restarts: u32,
    /// Whether it runs or ever ran.
    pub has_run: bool,
    /// Whether the kubelet starts it again after a failure.
    pub restarts_on_failure: bool,
}

/// How far a pod is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Created, without a node.
    Pending,
    /// On a node, main container not running yet.
    Scheduled,
    /// The main container runs, or ran.
    Running,
    /// The pod has ended.
    Ended,
}

/// A pod, reduced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodView {
    /// Its name.
    pub name: String,
    /// Its unique id.
    pub uid: String,
    /// How far it is.
    pub stage: Stage,
    /// Phase as the API says it.
    pub phase: String,
    /// Reason of the pod as a whole, as for an eviction.
    pub reason: String,
    /// Message of the pod as a whole.
    pub message: String,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When it got its node.
    pub scheduled_at: Option<Timestamp>,
    /// Its node.
    pub node: Option<String>,
    /// Why it has no node yet.
    pub unschedulable: Option<String>,
    /// Since when it has been on its node: its own limit of time counts from here.
    pub started_at: Option<Timestamp>,
    /// Reason and message of a disruption.
    pub disruption: Option<(String, String)>,
    /// When that began.
    pub disrupted_at: Option<Timestamp>,
    /// When it was asked to go, and by when it must be gone.
    pub deletion: Option<Deletion>,
    /// Its own limit of time, in seconds.
    pub deadline: Option<i64>,
    /// Init containers first, then the others, as in the spec.
    pub containers: Vec<ContainerView>,
}

/// A deletion that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deletion {
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When the grace period ends.
    pub due_at: Timestamp,
}

impl PodView {
    /// The container that decides.
    pub fn main(&self) -> Option<&ContainerView> {
        self.containers.iter().find(|container| container.kind == ContainerKind::Main)
    }
}

/// Reads the status of a pod. `main` names the container that decides, the first one if none.
pub fn view(pod: &Pod, main: Option<&str>) -> PodView {
    let (spec, status) = (pod.spec.as_ref(), pod.status.as_ref());
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    let phase = text(status.and_then(|status| status.phase.as_ref()));
    let conditions = status.and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    let condition = |kind: &str| conditions.iter().find(|condition| condition.type_ == kind);
    let scheduled = condition("PodScheduled");
    let is_true = |condition: &&PodCondition| condition.status == "True";
    let node = spec.and_then(|spec| spec.node_name.clone());
    let containers = containers(pod, main);
    let main_ran = containers.iter().any(|it| it.kind == ContainerKind::Main && it.has_run);
    let stage = match phase.as_str() {
        "Succeeded" | "Failed" => Stage::Ended,
        _ if main_ran => Stage::Running,
        _ if node.is_some() => Stage::Scheduled,
        _ => Stage::Pending,
    };
    PodView {
        name: text(pod.metadata.name.as_ref()),
        uid: text(pod.metadata.uid.as_ref()),
        stage,
        phase,
        reason: text(status.and_then(|status| status.reason.as_ref())),
        message: text(status.and_then(|status| status.message.as_ref())),
        created_at: pod.metadata.creation_timestamp.as_ref().map(|time| time.0),
        scheduled_at: scheduled
            .filter(is_true)
            .and_then(|condition| condition.last_transition_time.as_ref())
            .map(|time| time.0),
        unschedulable: scheduled.filter(|it| !is_true(it) && node.is_none()).map(explain),
        node,
        disruption: condition("DisruptionTarget")
            .filter(is_true)
            .map(|it| (text(it.reason.as_ref()), text(it.message.as_ref()))),
        disrupted_at: condition("DisruptionTarget")
            .filter(is_true)
            .and_then(|it| it.last_transition_time.as_ref())
            .map(|time| time.0),
        started_at: status.and_then(|status| status.start_time.as_ref()).map(|time| time.0),
        deletion: deletion(pod),
        deadline: spec.and_then(|spec| spec.active_deadline_seconds),
        containers,
    }
}

fn explain(condition: &PodCondition) -> String {
    let reason = condition.reason.as_deref().unwrap_or("not scheduled");
    match condition.message.as_deref() {
        Some(message) if !message.is_empty() => format!("{reason}: {message}"),
        _ => reason.to_owned(),
    }
}

fn deletion(pod: &Pod) -> Option<Deletion> {
    let due_at = pod.metadata.deletion_timestamp.as_ref()?.0;
    let grace = pod.metadata.deletion_grace_period_seconds.unwrap_or(0);
    let asked_at =
        Timestamp::from_second(due_at.as_second().saturating_sub(grace)).unwrap_or(due_at);
    Some(Deletion { asked_at, due_at })
}

fn containers(pod: &Pod, main: Option<&str>) -> Vec<ContainerView> {
    let Some(spec) = pod.spec.as_ref() else { return Vec::new() };
    let status = pod.status.as_ref();
    let by_name = |list: Option<&Vec<ContainerStatus>>| -> BTreeMap<String, ContainerStatus> {
        list.into_iter().flatten().map(|status| (status.name.clone(), status.clone())).collect()
    };
    let inits = by_name(status.and_then(|status| status.init_container_statuses.as_ref()));
    let others = by_name(status.and_then(|status| status.container_statuses.as_ref()));
    let on_failure = spec.restart_policy.as_deref().is_some_and(|policy| policy != "Never");
    let known = main.is_some_and(|main| spec.containers.iter().any(|it| it.name == main));
    let mut out = Vec::new();
    for container in spec.init_containers.iter().flatten() {
        let policy = container.restart_policy.as_deref();
        let kind = match policy {
            Some("Always") => ContainerKind::NativeSidecar,
            _ => ContainerKind::Init,
        };
        let restarts = policy.map_or(on_failure, |policy| policy != "Never");
        out.push(container_view(&container.name, kind, restarts, inits.get(&container.name)));
    }
    for (index, container) in spec.containers.iter().enumerate() {
        let decides = if known { main == Some(container.name.as_str()) } else { index == 0 };
        let kind = if decides { ContainerKind::Main } else { ContainerKind::Side };
        let restarts =
            container.restart_policy.as_deref().map_or(on_failure, |policy| policy != "Never");
        out.push(container_view(&container.name, kind, restarts, others.get(&container.name)));
    }
    out
}

fn container_view(
    name: &str,
    kind: ContainerKind,
    restarts_on_failure: bool,
    status: Option<&ContainerStatus>,
) -> ContainerView {
    let state = status.and_then(|status| status.state.as_ref());
    let restarts = status.map_or(0, |status| u32::try_from(status.restart_count).unwrap_or(0));
    let read = if let Some(ended) = state.and_then(|state| state.terminated.as_ref()) {
        ContainerState::Terminated(Terminated {
            exit_code: ended.exit_code,
            reason: ended.reason.clone().unwrap_or_default(),
            message: ended.message.clone().filter(|message| !message.trim().is_empty()),
            finished_at: ended.finished_at.as_ref().map(|time| time.0),
        })
    } else if state.is_some_and(|state| state.running.is_some()) {
        ContainerState::Running
    } else {
        let waiting = state.and_then(|state| state.waiting.as_ref());
        ContainerState::Waiting {
            reason: waiting.and_then(|it| it.reason.clone()).unwrap_or_default(),
            message: waiting.and_then(|it| it.message.clone()).unwrap_or_default(),
        }
    };
    let started_before = status
        .and_then(|status| status.last_state.as_ref())
        .is_some_and(|state| state.terminated.is_some());
    // A kubelet that lost sight of a container says so with a made-up end; it never saw it run.
    let has_run = match &read {
        ContainerState::Waiting { .. } => started_before || restarts > 0,
        ContainerState::Running => true,
        ContainerState::Terminated(_) => {
            restarts > 0
                || state.and_then(|state| state.terminated.as_ref()).is_some_and(|ended| {
                    ended.started_at.as_ref().is_some_and(|time| time.0.as_second() > 0)
                })
        }
    };
    ContainerView { name: name.into(), kind, state: read, restarts, has_run, restarts_on_failure }
}
