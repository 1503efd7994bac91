//! Whether podlift may do what it has to do.

use serde_json::{Value as Json, json};

use super::{Finding, Status};
use crate::launch::api::{Call, Cluster, Verb};

/// What podlift does, and whether it can do without.
const RIGHTS: [(Verb, &str, &str, bool); 7] = [
    (Verb::Create, "pods", "", true),
    (Verb::Get, "pods", "", true),
    (Verb::List, "pods", "", true),
    (Verb::Watch, "pods", "", true),
    (Verb::Delete, "pods", "", true),
    (Verb::Get, "pods", "log", true),
    (Verb::List, "events", "", false),
];

/// Asks for each right; those that are there become one finding.
pub(super) async fn rights(cluster: &Cluster, namespace: &str) -> Vec<Finding> {
    let (mut granted, mut findings) = (Vec::new(), Vec::new());
    for (verb, resource, part, needed) in RIGHTS {
        let name = if part.is_empty() { resource.to_owned() } else { format!("{resource}/{part}") };
        match may(cluster, namespace, verb, resource, part).await {
            Ok((true, _)) => granted.push(format!("{verb} {name}")),
            Ok((false, reason)) => findings.push(missing(verb, &name, namespace, &reason, needed)),
            Err(error) => {
                let message = format!("whether podlift may {verb} {name} is not known: {error}");
                findings.push(Finding::new(Status::Warning, "right", message));
            }
        }
    }
    if !granted.is_empty() {
        let message = format!("may {} in namespace {namespace}", granted.join(", "));
        findings.insert(0, Finding::new(Status::Ok, "right", message));
    }
    findings
}

fn missing(verb: Verb, name: &str, namespace: &str, reason: &str, needed: bool) -> Finding {
    let reason = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    let role = format!(
        "grant it: kubectl create role podlift-{verb}-{} --verb={verb} --resource={name} -n {namespace}, and a \
         rolebinding to this identity",
        name.replace('/', "-")
    );
    if needed {
        let message = format!("may not {verb} {name} in namespace {namespace}{reason}");
        Finding::new(Status::Problem, "right", message).remedy(role)
    } else {
        let message = format!(
            "may not {verb} {name} in namespace {namespace}{reason}; failures will be explained with less"
        );
        Finding::new(Status::Warning, "right", message).remedy(role)
    }
}

/// Whether one thing is allowed, and the words of the server if it is not.
async fn may(
    cluster: &Cluster,
    namespace: &str,
    verb: Verb,
    resource: &str,
    part: &str,
) -> Result<(bool, String), crate::launch::api::ApiError> {
    let call = Call::new(Verb::Create, "selfsubjectaccessreviews", "");
    let body = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {
            "namespace": namespace, "verb": verb, "group": "", "resource": resource, "subresource": part,
        }},
    });
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let answer = cluster.post(&call, path, &body).await?;
    let text = |pointer| answer.pointer(pointer).and_then(Json::as_str).unwrap_or_default();
    let allowed = answer.pointer("/status/allowed").and_then(Json::as_bool).unwrap_or(false);
    Ok((allowed, text("/status/reason").to_owned()))
}
