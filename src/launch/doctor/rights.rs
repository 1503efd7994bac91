//! Whether podlift may do what it has to do.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{Finding, Status, unanswered};
use crate::launch::api::{ApiError, Call, Cluster, Verb};

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
        let name = name(resource, part);
        match may(cluster, namespace, verb, resource, part).await {
            Ok((true, _)) => granted.push(format!("{verb} {name}")),
            Ok((false, reason)) => findings.push(missing(verb, &name, namespace, &reason, needed)),
            Err(error) => {
                let message = format!("whether podlift may {verb} {name} is not known: {error}");
                findings.push(Finding::new(unanswered(&error), "right", message));
            }
        }
    }
    if !granted.is_empty() {
        let message = format!("may {} in namespace {namespace}", granted.join(", "));
        findings.insert(0, Finding::new(Status::Ok, "right", message));
    }
    findings
}

/// The first of these rights that is missing, as the error that its use would give. Where the question cannot be
/// asked, the right is taken to be there.
pub(in crate::launch) async fn refusal(
    cluster: &Cluster,
    namespace: &str,
    rights: &[(Verb, &str, &str)],
) -> Option<ApiError> {
    let call = Call::new(Verb::Create, "selfsubjectrulesreviews", "");
    let body = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    });
    let path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    let cluster = cluster.clone().patience(Duration::ZERO);
    // One question for all of them; some authorizers cannot list what they would grant.
    let answer = cluster.post(&call, path, &body).await.ok()?;
    let status: RulesStatus = serde_json::from_value(answer.get("status")?.clone()).ok()?;
    if status.incomplete {
        return None;
    }
    rights
        .iter()
        .find(|(verb, resource, part)| {
            !status.resource_rules.iter().any(|rule| rule.grants(*verb, resource, part))
        })
        .map(|(verb, resource, part)| {
            let call = Call::new(*verb, &name(resource, part), namespace);
            ApiError::Forbidden { call, message: "no role grants it".to_owned() }
        })
}

/// What an identity may do in a namespace.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RulesStatus {
    #[serde(default)]
    incomplete: bool,
    #[serde(default)]
    resource_rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    #[serde(default)]
    verbs: Vec<String>,
    #[serde(default)]
    api_groups: Vec<String>,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    resource_names: Vec<String>,
}

impl Rule {
    /// Whether it grants a verb on all objects of a resource of the core group.
    fn grants(&self, verb: Verb, resource: &str, part: &str) -> bool {
        let has = |list: &[String], wanted: &str| list.iter().any(|it| it == "*" || it == wanted);
        let resource = name(resource, part);
        let any = format!("*/{part}");
        self.resource_names.is_empty()
            && has(&self.verbs, &verb.to_string())
            && has(&self.api_groups, "")
            && (has(&self.resources, &resource) || (!part.is_empty() && has(&self.resources, &any)))
    }
}

/// `pods/log`
fn name(resource: &str, part: &str) -> String {
    if part.is_empty() { resource.to_owned() } else { format!("{resource}/{part}") }
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
) -> Result<(bool, String), ApiError> {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::launch::scripted::{Script, answer};

    const PATH: &str = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";

    async fn missing_of(status: Json) -> Option<String> {
        let (cluster, script) = Script::new();
        let server = script.serve(vec![answer("POST", PATH, 201, json!({"status": status}))]);
        let rights = [(Verb::Create, "pods", ""), (Verb::Get, "pods", "log")];
        let refused = refusal(&cluster, "ns", &rights).await;
        server.abort();
        refused.map(|error| error.to_string())
    }

    fn rule(verbs: &[&str], resources: &[&str]) -> Json {
        json!({"verbs": verbs, "apiGroups": [""], "resources": resources})
    }

    #[tokio::test]
    async fn the_first_right_that_is_missing_is_named() {
        let rules = json!({"resourceRules": [rule(&["create", "get"], &["pods"])]});
        assert_eq!(
            missing_of(rules).await.unwrap(),
            "get pods/log in namespace `ns`: forbidden (403): no role grants it; the role needs the verb `get` on \
             `pods/log`"
        );
        assert!(
            missing_of(json!({"resourceRules": []})).await.unwrap().starts_with("create pods ")
        );
    }

    #[tokio::test]
    async fn wildcards_grant_and_what_is_not_known_is_not_refused() {
        for status in [
            json!({"resourceRules": [rule(&["*"], &["*"])]}),
            json!({"resourceRules": [rule(&["create"], &["pods"]), rule(&["get"], &["*/log"])]}),
            json!({"resourceRules": [], "incomplete": true}),
        ] {
            assert_eq!(missing_of(status).await, None);
        }
        let named = json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "resourceNames": ["one"]});
        assert!(missing_of(json!({"resourceRules": [named]})).await.is_some());
    }
}
