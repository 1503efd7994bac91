//! Whether pods could run: the cluster, the identity, the rights, and everything that pods name.
//!
//! Only questions are asked; nothing on the cluster changes.

mod identity;
mod needs;
mod rights;

pub use needs::{Need, NeedKind, needs};
pub(super) use rights::refusal;

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use super::api::{ApiError, Call, Cluster, Verb};
use super::connect::{Access, Clusters};

/// How long an unreachable API server is asked again.
const PATIENCE: Duration = Duration::from_secs(3);
/// The format of [`Health`].
pub const HEALTH_FORMAT: &str = "podlift-doctor/v1";

/// What pods need, by where they would run.
pub type Wanted = BTreeMap<(Access, Option<String>), BTreeMap<Need, Vec<String>>>;

/// What was found out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Health {
    /// Format: `podlift-doctor/v1`.
    #[schemars(extend("const" = HEALTH_FORMAT))]
    pub format: String,
    /// In the order of asking.
    pub findings: Vec<Finding>,
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// How it stands.
    pub status: Status,
    /// What was asked: `connection`, `identity`, `namespace`, `right`, `secret`, ...
    pub about: String,
    /// The answer in words.
    pub message: String,
    /// Tasks it concerns, as `dag.task`; empty for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// How a question stands that was not answered as expected.
fn unanswered(error: &ApiError) -> Status {
    if error.is_transient() { Status::Unreachable } else { Status::Warning }
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should be.
    Ok,
    /// It could not be found out, or matters only when something fails.
    Warning,
    /// Pods will not run like this.
    Problem,
    /// The cluster cannot be asked at all.
    Unreachable,
}

impl Status {
    /// The word in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
            Self::Unreachable => "unreachable",
        }
    }
}

impl Finding {
    fn new(status: Status, about: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            about: about.to_owned(),
            message: message.into(),
            tasks: Vec::new(),
            remedy: None,
        }
    }

    fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

impl Health {
    /// The worst that was found.
    pub fn worst(&self) -> Status {
        self.findings.iter().map(|finding| finding.status).max().unwrap_or(Status::Ok)
    }
}

/// Asks everything that matters to these pods.
pub async fn examine(wanted: &Wanted, clusters: &mut Clusters) -> Health {
    let mut health = Health { format: HEALTH_FORMAT.into(), findings: Vec::new() };
    let mut reached: BTreeMap<&Access, Option<(Cluster, String)>> = BTreeMap::new();
    for ((access, namespace), needs) in wanted {
        if !reached.contains_key(access) {
            let place = reach(access, clusters, &mut health.findings).await;
            reached.insert(access, place);
        }
        let Some(Some((cluster, default))) = reached.get(access) else { continue };
        let namespace = match access.namespace(namespace.clone(), default.clone()) {
            Ok(namespace) => namespace,
            Err(error) => {
                let finding = Finding::new(Status::Problem, "namespace", error.to_string());
                health.findings.push(finding.remedy("name one that exists with --namespace"));
                continue;
            }
        };
        let namespace = namespace.as_str();
        health.findings.push(namespace_exists(cluster, namespace).await);
        health.findings.extend(rights::rights(cluster, namespace).await);
        for (need, tasks) in needs {
            let finding = need.ask(cluster, namespace).await;
            health.findings.push(Finding { tasks: tasks.clone(), ..finding });
        }
    }
    health
}

/// Connects and says to whom and as whom.
async fn reach(
    access: &Access,
    clusters: &mut Clusters,
    findings: &mut Vec<Finding>,
) -> Option<(Cluster, String)> {
    let connected = clusters.get(access).await;
    let (cluster, default) = match connected {
        Ok((cluster, default)) => (cluster.patience(PATIENCE), default),
        Err(error) => {
            let remedy = "name a kubeconfig with --kubeconfig or KUBECONFIG, one of its contexts with --context, or \
                          use --in-cluster inside a pod; `kubectl config get-contexts` lists contexts";
            let finding = Finding::new(Status::Unreachable, "configuration", error.to_string());
            findings.push(finding.remedy(remedy));
            return None;
        }
    };
    let who = identity::configured(access).await;
    match cluster.get(&Call::new(Verb::Get, "version", ""), "/version").await {
        Ok(version) => {
            let version = version.get("gitVersion").and_then(Json::as_str).unwrap_or("unknown");
            let message = format!("Kubernetes {version} at {}{}", who.server, who.context_text());
            findings.push(Finding::new(Status::Ok, "connection", message));
        }
        Err(error) => {
            let message = format!("{}{}: {error}", who.server, who.context_text());
            findings.push(
                Finding::new(Status::Unreachable, "connection", message).remedy(cure(&error)),
            );
            return None;
        }
    }
    findings.push(identity::identity(&cluster, &who).await);
    Some((cluster, default))
}

/// What helps against an error of the very first call.
fn cure(error: &ApiError) -> &'static str {
    match error {
        ApiError::Unauthorized { .. } | ApiError::Credentials { .. } => {
            "log in again, or check the user of the context; `kubectl auth whoami` makes the same test"
        }
        ApiError::Certificate { .. } => {
            "the certificate-authority of the kubeconfig does not fit the server; get a new kubeconfig"
        }
        ApiError::Unreachable { .. } => {
            "check the address, the VPN and HTTPS_PROXY; `kubectl version` makes the same test"
        }
        _ => "`kubectl version` makes the same test",
    }
}

async fn namespace_exists(cluster: &Cluster, namespace: &str) -> Finding {
    let call = Call::new(Verb::Get, "namespaces", "");
    match cluster.get(&call, &format!("/api/v1/namespaces/{namespace}")).await {
        Ok(answer)
            if answer.pointer("/status/phase").and_then(Json::as_str) == Some("Terminating") =>
        {
            let message = format!("namespace {namespace} is being deleted");
            Finding::new(Status::Problem, "namespace", message)
                .remedy("wait until it is gone and make it anew, or use another with --namespace")
        }
        Ok(_) => Finding::new(Status::Ok, "namespace", format!("namespace {namespace} exists")),
        Err(ApiError::NotFound { .. }) => {
            let message = format!("namespace {namespace} does not exist");
            Finding::new(Status::Problem, "namespace", message).remedy(format!(
                "kubectl create namespace {namespace}, or use another with --namespace"
            ))
        }
        Err(ApiError::Forbidden { .. }) => {
            let message =
                format!("whether namespace {namespace} exists is not known: no right to look");
            Finding::new(Status::Warning, "namespace", message)
                .remedy("nothing, if you know that it exists; pods can be made without that right")
        }
        Err(error) => Finding::new(unanswered(&error), "namespace", error.to_string()),
    }
}
