//! What a change is about, for people who review it.

use serde::Serialize;
use serde_json::Value as Json;

/// What a change is about, what matters most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// Whether the task stands for one or many, or exists at all; its operator; its holes.
    Status,
    /// The image.
    Image,
    /// What runs in it.
    Command,
    /// Credentials, and references to Secrets.
    Secrets,
    /// CPU, memory and other resources.
    Resources,
    /// Environment variables.
    Environment,
    /// Which nodes may run it.
    Scheduling,
    /// Volumes and where they are mounted.
    Storage,
    /// Cluster, namespace and service account.
    Access,
    /// Retries, timeouts, cleaning up.
    Behaviour,
    /// Tasks that come before.
    Order,
    /// Names, labels and annotations.
    Metadata,
    /// Everything else of the pod.
    Other,
}

impl Meaning {
    /// All, in order.
    pub const ALL: [Self; 13] = [
        Self::Status,
        Self::Image,
        Self::Command,
        Self::Secrets,
        Self::Resources,
        Self::Environment,
        Self::Scheduling,
        Self::Storage,
        Self::Access,
        Self::Behaviour,
        Self::Order,
        Self::Metadata,
        Self::Other,
    ];

    /// The word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Image => "image",
            Self::Command => "command",
            Self::Secrets => "secrets",
            Self::Resources => "resources",
            Self::Environment => "environment",
            Self::Scheduling => "scheduling",
            Self::Storage => "storage",
            Self::Access => "access",
            Self::Behaviour => "behaviour",
            Self::Order => "order",
            Self::Metadata => "metadata",
            Self::Other => "other",
        }
    }

    /// What a value of a job spec is about, by the keys that lead to it. Names of items are not among the keys.
    pub(super) fn of(keys: &[&str], value: &Json) -> Self {
        let has = |key: &str| keys.contains(&key);
        match keys.first().copied() {
            Some("client" | "namespace") => return Self::Access,
            Some("launcher" | "job" | "pod_wait_timeout" | "delete_pod_on_completion") => {
                return Self::Behaviour;
            }
            Some("upstream") => return Self::Order,
            Some("holes" | "operator" | "pattern" | "conditions") => return Self::Status,
            Some("metadata") if has("namespace") => return Self::Access,
            Some("metadata") => return Self::Metadata,
            _ => {}
        }
        if has("image") || has("imagePullPolicy") || has("imagePullSecrets") {
            Self::Image
        } else if has("env") || has("envFrom") || has("volumes") && refers_to_secret(value) {
            if refers_to_secret(value) { Self::Secrets } else { Self::Environment }
        } else if has("command") || has("args") || has("workingDir") {
            Self::Command
        } else if has("resources") {
            Self::Resources
        } else if [
            "nodeSelector",
            "tolerations",
            "affinity",
            "priorityClassName",
            "schedulerName",
            "nodeName",
            "runtimeClassName",
            "topologySpreadConstraints",
        ]
        .iter()
        .any(|key| has(key))
        {
            Self::Scheduling
        } else if has("volumes") || has("volumeMounts") {
            Self::Storage
        } else if has("serviceAccountName") || has("automountServiceAccountToken") {
            Self::Access
        } else if has("activeDeadlineSeconds") || has("terminationGracePeriodSeconds") {
            Self::Behaviour
        } else {
            Self::Other
        }
    }
}

/// Whether a value names a Kubernetes Secret.
fn refers_to_secret(value: &Json) -> bool {
    match value {
        Json::Object(fields) => fields.iter().any(|(key, inner)| {
            matches!(key.as_str(), "secretKeyRef" | "secretRef" | "secret")
                || refers_to_secret(inner)
        }),
        Json::Array(items) => items.iter().any(refers_to_secret),
        _ => false,
    }
}
