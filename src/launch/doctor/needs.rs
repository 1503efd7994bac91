//! What a pod names and the cluster has to have.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::{Finding, Status, unanswered};
use crate::launch::api::{ApiError, Call, Cluster, Verb};
use crate::launch::keys::respell;

/// An object that a pod names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// Its kind.
    pub kind: NeedKind,
    /// Its name.
    pub name: String,
    /// The key in it, if the pod names one.
    pub key: Option<String>,
}

/// Kinds of objects that pods name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NeedKind {
    /// A service account.
    ServiceAccount,
    /// A secret to pull images with.
    PullSecret,
    /// A config map.
    ConfigMap,
    /// A secret.
    Secret,
    /// A claim of a volume.
    Claim,
    /// A priority class, which has no namespace.
    PriorityClass,
}

impl NeedKind {
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::ServiceAccount => ("service account", "service_account", "serviceaccounts"),
            Self::PullSecret => ("image pull secret", "image_pull_secret", "secrets"),
            Self::ConfigMap => ("config map", "config_map", "configmaps"),
            Self::Secret => ("secret", "secret", "secrets"),
            Self::Claim => {
                ("persistent volume claim", "persistent_volume_claim", "persistentvolumeclaims")
            }
            Self::PriorityClass => ("priority class", "priority_class", "priorityclasses"),
        }
    }
}

/// Everything that a pod spec names and cannot do without, in either spelling of its keys.
pub fn needs(spec: &Map<String, Json>) -> BTreeSet<Need> {
    // Two spellings of one key are told when the pod is made.
    let spec = Json::Object(respell(spec, "V1PodSpec").unwrap_or_else(|_| spec.clone()));
    let mut out = BTreeSet::new();
    let mut add = |kind, name: Option<&Json>, key: Option<&Json>| {
        if let Some(name) = name.and_then(Json::as_str).filter(|name| !name.is_empty()) {
            let key = key.and_then(Json::as_str).map(str::to_owned);
            out.insert(Need { kind, name: name.to_owned(), key });
        }
    };
    let account = spec.get("serviceAccountName").or(spec.get("serviceAccount"));
    add(NeedKind::ServiceAccount, Some(account.unwrap_or(&Json::from("default"))), None);
    add(NeedKind::PriorityClass, spec.get("priorityClassName"), None);
    for secret in list(&spec, "imagePullSecrets") {
        add(NeedKind::PullSecret, secret.get("name"), None);
    }
    for volume in list(&spec, "volumes") {
        add(NeedKind::Claim, volume.pointer("/persistentVolumeClaim/claimName"), None);
        sources(volume, &mut add);
        for source in list(volume.get("projected").unwrap_or(&Json::Null), "sources") {
            sources(source, &mut add);
        }
    }
    for container in list(&spec, "containers").chain(list(&spec, "initContainers")) {
        for from in list(container, "envFrom") {
            for (field, kind) in
                [("configMapRef", NeedKind::ConfigMap), ("secretRef", NeedKind::Secret)]
            {
                let source = from.get(field).filter(|source| !is_optional(source));
                add(kind, source.and_then(|it| it.get("name")), None);
            }
        }
        for variable in list(container, "env") {
            for (field, kind) in
                [("configMapKeyRef", NeedKind::ConfigMap), ("secretKeyRef", NeedKind::Secret)]
            {
                let source = variable.get("valueFrom").and_then(|it| it.get(field));
                let source = source.filter(|source| !is_optional(source));
                add(
                    kind,
                    source.and_then(|it| it.get("name")),
                    source.and_then(|it| it.get("key")),
                );
            }
        }
    }
    out
}

/// The config map and the secret of a volume, or of a part of one.
fn sources(volume: &Json, add: &mut impl FnMut(NeedKind, Option<&Json>, Option<&Json>)) {
    for (field, kind) in [("configMap", NeedKind::ConfigMap), ("secret", NeedKind::Secret)] {
        let Some(source) = volume.get(field).filter(|source| !is_optional(source)) else {
            continue;
        };
        let name = source.get("secretName").or(source.get("name"));
        add(kind, name, None);
        for item in list(source, "items") {
            add(kind, name, item.get("key"));
        }
    }
}

fn is_optional(source: &Json) -> bool {
    source.get("optional").and_then(Json::as_bool) == Some(true)
}

fn list<'a>(value: &'a Json, field: &str) -> impl Iterator<Item = &'a Json> {
    value.get(field).and_then(Json::as_array).into_iter().flatten()
}

impl Need {
    /// Asks whether it exists.
    pub(super) async fn ask(&self, cluster: &Cluster, namespace: &str) -> Finding {
        let (word, about, resource) = self.kind.words();
        let what = self.text(word);
        if self.name.contains("${") || self.name.contains("{{") {
            let message = format!("{what} is not known yet");
            return Finding::new(Status::Warning, about, message).remedy(
                "give its holes with --set or --values; templates are rendered when the task runs",
            );
        }
        let (path, place) = match self.kind {
            NeedKind::PriorityClass => {
                (format!("/apis/scheduling.k8s.io/v1/{resource}/{}", self.name), String::new())
            }
            _ => (
                format!("/api/v1/namespaces/{namespace}/{resource}/{}", self.name),
                format!(" in namespace {namespace}"),
            ),
        };
        match cluster.get(&Call::new(Verb::Get, resource, namespace), &path).await {
            Ok(object) => match &self.key {
                Some(key) if !has_key(&object, key) => {
                    let name = &self.name;
                    let message = format!("{word} {name}{place} has no key {key}");
                    Finding::new(Status::Problem, about, message)
                        .remedy(format!("add the key {key} to it, or name another one"))
                }
                _ => self.found(&object, &what, &place, about),
            },
            Err(ApiError::NotFound { .. }) => {
                Finding::new(Status::Problem, about, format!("{what}{place} does not exist"))
                    .remedy(self.remedy(namespace))
            }
            Err(ApiError::Forbidden { .. }) => {
                let message =
                    format!("whether {what}{place} exists is not known: no right to look");
                Finding::new(Status::Warning, about, message).remedy(format!(
                    "nothing, if you know that it exists; otherwise grant the verb get on {resource}"
                ))
            }
            Err(error) => Finding::new(unanswered(&error), about, error.to_string()),
        }
    }

    fn found(&self, object: &Json, what: &str, place: &str, about: &str) -> Finding {
        let is = |pointer, value| object.pointer(pointer).and_then(Json::as_str) == Some(value);
        if self.kind == NeedKind::Claim && is("/status/phase", "Lost") {
            let message = format!("{what}{place} has lost its volume");
            return Finding::new(Status::Problem, about, message)
                .remedy("restore the volume, or make a new claim");
        }
        if self.kind == NeedKind::PullSecret
            && !is("/type", "kubernetes.io/dockerconfigjson")
            && !is("/type", "kubernetes.io/dockercfg")
        {
            let message =
                format!("{what}{place} is not of the type kubernetes.io/dockerconfigjson");
            return Finding::new(Status::Problem, about, message)
                .remedy("make it with `kubectl create secret docker-registry`");
        }
        Finding::new(Status::Ok, about, format!("{what}{place} exists"))
    }

    fn text(&self, word: &str) -> String {
        match &self.key {
            Some(key) => format!("{word} {} (key {key})", self.name),
            None => format!("{word} {}", self.name),
        }
    }

    fn remedy(&self, namespace: &str) -> String {
        let name = &self.name;
        match self.kind {
            NeedKind::ServiceAccount => {
                format!("kubectl create serviceaccount {name} -n {namespace}")
            }
            NeedKind::PullSecret => format!(
                "kubectl create secret docker-registry {name} -n {namespace} --docker-server=... --docker-username=..."
            ),
            NeedKind::ConfigMap => {
                format!("kubectl create configmap {name} -n {namespace} --from-file=...")
            }
            NeedKind::Secret => {
                format!("kubectl create secret generic {name} -n {namespace} --from-file=...")
            }
            NeedKind::Claim => {
                format!(
                    "make the claim in namespace {namespace}; claims are not shared between namespaces"
                )
            }
            NeedKind::PriorityClass => {
                "ask an administrator to make it, or leave priorityClassName out".to_owned()
            }
        }
    }
}

fn has_key(object: &Json, key: &str) -> bool {
    ["data", "binaryData", "stringData"]
        .iter()
        .any(|field| object.get(field).and_then(|it| it.get(key)).is_some())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    #[test]
    fn everything_a_pod_names_is_found_in_both_spellings() {
        let spec = json!({
            "service_account_name": "runner",
            "imagePullSecrets": [{"name": "registry"}],
            "volumes": [
                {"name": "a", "config_map": {"name": "cm", "items": [{"key": "k", "path": "p"}]}},
                {"name": "b", "secret": {"secretName": "s"}},
                {"name": "c", "persistentVolumeClaim": {"claimName": "pvc"}},
                {"name": "d", "projected": {"sources": [{"secret": {"name": "ps"}},
                                                        {"configMap": {"name": "po", "optional": true}}]}},
            ],
            "containers": [{"name": "base", "image": "i",
                "envFrom": [{"configMapRef": {"name": "ef"}}, {"secretRef": {"name": "eo", "optional": true}}],
                "env": [{"name": "X", "valueFrom": {"secretKeyRef": {"name": "es", "key": "x"}}}]}],
        });
        let found: Vec<String> = needs(spec.as_object().unwrap())
            .iter()
            .map(|need| need.text(need.kind.words().0))
            .collect();
        assert_eq!(
            found,
            [
                "service account runner",
                "image pull secret registry",
                "config map cm",
                "config map cm (key k)",
                "config map ef",
                "secret es (key x)",
                "secret ps",
                "secret s",
                "persistent volume claim pvc",
            ]
        );
    }

    #[test]
    fn a_pod_without_a_service_account_has_the_default_one() {
        let found = needs(&Map::new());
        assert_eq!(found.first().unwrap().name, "default");
        assert_eq!(found.len(), 1);
    }
}
