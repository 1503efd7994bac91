//! Rules of the API beyond fields and types: names, labels, words, ranges, and references inside the pod.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::check::{Check, is_open};
use super::formats::{
    is_dns_label, is_dns_subdomain, is_label_value, is_port_name, is_qualified_name,
};
use crate::pointer::Trail;

/// Fields that take one of a few words.
const WORDS: [(&str, &[&str]); 4] = [
    ("imagePullPolicy", &["Always", "IfNotPresent", "Never"]),
    ("terminationMessagePolicy", &["File", "FallbackToLogsOnError"]),
    ("dnsPolicy", &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"]),
    ("restartPolicy", &["Always", "OnFailure", "Never"]),
];

/// Checks a pod.
pub(super) fn check(meta: &Map<String, Json>, spec: &Map<String, Json>, check: &mut Check) {
    metadata(meta, check);
    let at = Trail::Start("/base_pod_spec");
    words(spec, at, check);
    range(spec, at, "activeDeadlineSeconds", 1, check);
    range(spec, at, "terminationGracePeriodSeconds", 0, check);
    labels(spec.get("nodeSelector"), Trail::Key(&at, "nodeSelector"), check);
    let volumes = volumes(spec, at, check);
    let mut names = BTreeSet::new();
    for key in ["initContainers", "containers"] {
        let at = Trail::Key(&at, key);
        for (index, container) in list(spec, key).iter().enumerate() {
            let Some(container) = container.as_object() else { continue };
            let here = Trail::Index(&at, index);
            unique(container, here, ("container", "a container name"), &mut names, check);
            self::container(container, here, volumes.as_ref(), check);
        }
    }
}

fn metadata(meta: &Map<String, Json>, check: &mut Check) {
    let at = Trail::Start("/base_pod_meta");
    name(meta, "name", at, is_dns_subdomain, "a pod name", check);
    name(meta, "namespace", at, is_dns_label, "a namespace", check);
    labels(meta.get("labels"), Trail::Key(&at, "labels"), check);
    let annotations = meta.get("annotations").and_then(Json::as_object);
    for key in annotations.into_iter().flat_map(Map::keys) {
        if !is_open(key) && !is_qualified_name(&key.to_lowercase()) {
            let at = Trail::Key(&at, "annotations");
            check.tell(Trail::Key(&at, key), format!("{key:?} is not a key of annotations"));
        }
    }
}

fn labels(labels: Option<&Json>, at: Trail<'_>, check: &mut Check) {
    for (key, value) in labels.and_then(Json::as_object).into_iter().flatten() {
        let path = Trail::Key(&at, key);
        if !is_open(key) && !is_qualified_name(key) {
            check.tell(path, format!("{key:?} is not a key of labels"));
        }
        if let Some(text) = value.as_str().filter(|text| !is_open(text) && !is_label_value(text)) {
            check.tell(path, format!("{text:?} is not a label value"));
        }
    }
}

/// The names of the volumes; `None` when they are not all known.
fn volumes(spec: &Map<String, Json>, at: Trail<'_>, check: &mut Check) -> Option<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    let mut known =
        spec.get("volumes").is_none_or(|volumes| volumes.is_array() || volumes.is_null());
    let at = Trail::Key(&at, "volumes");
    for (index, volume) in list(spec, "volumes").iter().enumerate() {
        let here = Trail::Index(&at, index);
        let Some(volume) = volume.as_object() else {
            known = false;
            continue;
        };
        known &= volume.get("name").and_then(Json::as_str).is_some_and(|name| !is_open(name));
        unique(volume, here, ("volume", "a volume name"), &mut names, check);
        if volume.iter().filter(|(key, value)| *key != "name" && !value.is_null()).count() > 1 {
            check.tell(here, "a volume has one source only");
        }
    }
    (known && check.complete).then_some(names)
}

/// A name of its own that is a DNS label.
fn unique(
    fields: &Map<String, Json>,
    at: Trail<'_>,
    (kind, what): (&str, &str),
    names: &mut BTreeSet<String>,
    check: &mut Check,
) {
    name(fields, "name", at, is_dns_label, what, check);
    if let Some(text) = fields.get("name").and_then(Json::as_str).filter(|text| !is_open(text))
        && !names.insert(text.to_owned())
    {
        check.tell(Trail::Key(&at, "name"), format!("there are two {kind}s named {text:?}"));
    }
}

fn container(
    container: &Map<String, Json>,
    at: Trail<'_>,
    volumes: Option<&BTreeSet<String>>,
    check: &mut Check,
) {
    words(container, at, check);
    if check.complete && container.get("image").and_then(Json::as_str).is_none_or(str::is_empty) {
        check.tell(at, "the container has no image");
    }
    let of = Trail::Key(&at, "env");
    for (index, variable) in list(container, "env").iter().enumerate() {
        let here = Trail::Index(&of, index);
        let text = |key: &str| variable.get(key).and_then(Json::as_str);
        if let Some(name) = text("name").filter(|name| name.is_empty() || name.contains('=')) {
            check.tell(Trail::Key(&here, "name"), format!("{name:?} is not a name of a variable"));
        }
        if text("value").is_some_and(|value| !value.is_empty())
            && variable.get("valueFrom").is_some_and(|from| !from.is_null())
        {
            check.tell(here, "a variable has either value or valueFrom");
        }
    }
    let mut paths = BTreeSet::new();
    let of = Trail::Key(&at, "volumeMounts");
    for (index, mount) in list(container, "volumeMounts").iter().enumerate() {
        let here = Trail::Index(&of, index);
        let text = |key: &str| mount.get(key).and_then(Json::as_str).filter(|text| !is_open(text));
        if let (Some(name), Some(volumes)) = (text("name"), volumes)
            && !volumes.contains(name)
        {
            check.tell(Trail::Key(&here, "name"), format!("the pod has no volume {name:?}"));
        }
        if let Some(path) = text("mountPath")
            && !paths.insert(path.to_owned())
        {
            check.tell(Trail::Key(&here, "mountPath"), format!("{path:?} is mounted twice"));
        }
    }
    let of = Trail::Key(&at, "ports");
    for (index, port) in list(container, "ports").iter().enumerate() {
        if let Some(port) = port.as_object() {
            let here = Trail::Index(&of, index);
            name(port, "name", here, is_port_name, "a port name", check);
        }
    }
}

fn words(fields: &Map<String, Json>, at: Trail<'_>, check: &mut Check) {
    for (key, allowed) in WORDS {
        if let Some(word) = fields.get(key).and_then(Json::as_str).filter(|word| !is_open(word))
            && !allowed.contains(&word)
        {
            check.tell(Trail::Key(&at, key), format!("{word:?} is none of {}", allowed.join(", ")));
        }
    }
}

fn range(fields: &Map<String, Json>, at: Trail<'_>, key: &str, least: i64, check: &mut Check) {
    if let Some(number) = fields.get(key).and_then(Json::as_i64).filter(|number| *number < least) {
        check.tell(Trail::Key(&at, key), format!("{number} is less than {least}"));
    }
}

fn name(
    fields: &Map<String, Json>,
    key: &str,
    at: Trail<'_>,
    is_good: fn(&str) -> bool,
    what: &str,
    check: &mut Check,
) {
    if let Some(text) = fields.get(key).and_then(Json::as_str).filter(|text| !is_open(text))
        && !is_good(text)
    {
        check.tell(Trail::Key(&at, key), format!("{text:?} is not {what}"));
    }
}

fn list<'a>(fields: &'a Map<String, Json>, key: &str) -> &'a [Json] {
    fields.get(key).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::super::check::check_pod;
    use serde_json::{Value as Json, json};

    fn findings(meta: &Json, spec: &Json) -> Vec<String> {
        check_pod(meta.as_object().unwrap(), spec.as_object().unwrap(), true)
            .into_iter()
            .map(|finding| format!("{}: {}", finding.path, finding.message))
            .collect()
    }

    #[test]
    fn names_and_labels_have_formats() {
        let meta = json!({
            "name": "-p", "labels": {"team": "a b", "x y": "ok", "ref": "${env:REF}"},
            "annotations": {"Acme.IO/Note": "any text", "a b": ""},
        });
        let spec = json!({
            "containers": [{"name": "Base", "image": "i", "ports": [{"containerPort": 1, "name": "80"}]}],
        });
        assert_eq!(
            findings(&meta, &spec),
            [
                "/base_pod_meta/name: \"-p\" is not a pod name",
                "/base_pod_meta/labels/team: \"a b\" is not a label value",
                "/base_pod_meta/labels/x y: \"x y\" is not a key of labels",
                "/base_pod_meta/annotations/a b: \"a b\" is not a key of annotations",
                "/base_pod_spec/containers/0/name: \"Base\" is not a container name",
                "/base_pod_spec/containers/0/ports/0/name: \"80\" is not a port name",
            ]
        );
    }

    #[test]
    fn references_inside_the_pod_must_lead_somewhere() {
        let spec = json!({
            "volumes": [{"name": "v", "emptyDir": {}}, {"name": "v", "secret": {}, "emptyDir": {}}],
            "initContainers": [{"name": "base", "image": "i"}],
            "containers": [{"name": "base", "image": "i", "volumeMounts": [
                {"name": "v", "mountPath": "/v"}, {"name": "w", "mountPath": "/v"},
            ]}],
        });
        assert_eq!(
            findings(&json!({}), &spec),
            [
                "/base_pod_spec/volumes/1/name: there are two volumes named \"v\"",
                "/base_pod_spec/volumes/1: a volume has one source only",
                "/base_pod_spec/containers/0/name: there are two containers named \"base\"",
                "/base_pod_spec/containers/0/volumeMounts/1/name: the pod has no volume \"w\"",
                "/base_pod_spec/containers/0/volumeMounts/1/mountPath: \"/v\" is mounted twice",
            ]
        );
    }

    #[test]
    fn words_and_ranges_are_checked() {
        let spec = json!({
            "containers": [{"name": "c", "imagePullPolicy": "always", "env": [
                {"name": "A=B", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
            ]}],
            "activeDeadlineSeconds": 0,
        });
        assert_eq!(
            findings(&json!({}), &spec),
            [
                "/base_pod_spec/activeDeadlineSeconds: 0 is less than 1",
                "/base_pod_spec/containers/0/imagePullPolicy: \"always\" is none of Always, IfNotPresent, Never",
                "/base_pod_spec/containers/0: the container has no image",
                "/base_pod_spec/containers/0/env/0/name: \"A=B\" is not a name of a variable",
                "/base_pod_spec/containers/0/env/0: a variable has either value or valueFrom",
            ]
        );
    }

    #[test]
    fn an_unknown_list_of_volumes_may_hold_any_volume() {
        let spec = json!({
            "volumes": "${expression:volumes}",
            "containers": [{"name": "c", "image": "i", "volumeMounts": [{"name": "w", "mountPath": "/v"}]}],
        });
        assert_eq!(findings(&json!({}), &spec), Vec::<String>::new());
    }
}
