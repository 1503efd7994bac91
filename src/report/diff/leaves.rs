//! A job spec taken apart into named places, so that two of them can be compared.
//!
//! Containers, variables, volumes, mounts, tolerations and their like go by their names; a list of plain values, such as
//! a command, is one value. Where the task is written, and where holes are, is not part of it: moving a line changes
//! no pod.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::meaning::Meaning;
use crate::secrets::{REDACTED, redact};
use crate::spec::{self, JobSpec};

/// A value at a place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Leaf {
    pub(super) meaning: Meaning,
    /// The value itself.
    pub(super) value: Json,
    /// The value as it may be shown.
    pub(super) shown: Json,
}

impl Leaf {
    /// Whether two values are the same as far as anybody can know: a side that was redacted already has lost its
    /// credentials, so the other is judged without its own.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        if is_redacted(&self.value) || is_redacted(&other.value) {
            self.shown == other.shown
        } else {
            self.value == other.value
        }
    }

    /// Whether it holds a credential.
    pub(super) fn is_secret(&self) -> bool {
        is_redacted(&self.shown)
    }
}

fn is_redacted(value: &Json) -> bool {
    match value {
        Json::String(text) => text.contains(REDACTED),
        Json::Array(items) => items.iter().any(is_redacted),
        Json::Object(fields) => fields.values().any(is_redacted),
        _ => false,
    }
}

/// The places of a job spec. Values are shown without credentials.
pub(super) fn leaves(spec: &JobSpec) -> BTreeMap<String, Leaf> {
    let shown = of_value(&spec::to_value(&redact(spec)));
    let mut all = BTreeMap::new();
    for (path, (mut meaning, value)) in of_value(&spec::to_value(spec)) {
        let shown = shown.get(&path).map_or(Json::Null, |(_, shown)| shown.clone());
        if is_redacted(&shown) {
            meaning = Meaning::Secrets;
        }
        all.insert(path, Leaf { meaning, value, shown });
    }
    all
}

type Values = BTreeMap<String, (Meaning, Json)>;

fn of_value(spec: &Json) -> Values {
    let mut taker = Taker { all: BTreeMap::new() };
    let none = Map::new();
    let part = |name: &str| spec.get(name).and_then(Json::as_object).unwrap_or(&none);
    let run = part("run");
    for (key, value) in run {
        match key.as_str() {
            "base_pod_spec" => taker.inside(value, &[], "", None),
            "base_pod_meta" => taker.inside(value, &["metadata"], "metadata", None),
            _ => taker.inside(value, &[key], key, None),
        }
    }
    for name in ["client", "launcher", "job"] {
        for (key, value) in part(name) {
            taker.inside(value, &[name, key], &format!("{name}.{key}"), None);
        }
    }
    let metadata = part("metadata");
    for key in ["upstream", "operator", "pattern", "conditions"] {
        if let Some(value) = metadata.get(key) {
            taker.inside(value, &[key], key, None);
        }
    }
    let mut holes: Vec<&str> = spec
        .get("holes")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(|hole| hole.get("name")?.as_str())
        .collect();
    holes.sort_unstable();
    holes.dedup();
    for hole in holes {
        taker.put(format!("holes[{hole}]"), &["holes"], Json::Bool(true));
    }
    taker.all
}

struct Taker {
    all: Values,
}

impl Taker {
    /// Takes a value apart. `keys` lead to it, without the names of items; `list` is the key of the list it is in.
    fn inside(&mut self, value: &Json, keys: &[&str], path: &str, list: Option<&str>) {
        match value {
            // One line says all about a variable, a volume, a mount or a toleration.
            Json::Object(fields) if !fields.is_empty() && list.is_none_or(is_container_list) => {
                for (key, inner) in fields {
                    let mut keys = keys.to_vec();
                    keys.push(key);
                    self.inside(inner, &keys, &join(path, key), None);
                }
            }
            Json::Array(items) if !items.is_empty() && items.iter().all(Json::is_object) => {
                let key = keys.last().copied().unwrap_or_default();
                let mut taken: BTreeMap<String, usize> = BTreeMap::new();
                for (index, item) in items.iter().enumerate() {
                    let name = item_name(key, item).unwrap_or_else(|| index.to_string());
                    let times = taken.entry(name.clone()).or_default();
                    *times += 1;
                    let path = match *times {
                        1 => format!("{path}[{name}]"),
                        times => format!("{path}[{name}#{times}]"),
                    };
                    self.inside(&without_name(key, item), keys, &path, Some(key));
                }
            }
            value => self.put(path.to_owned(), keys, value.clone()),
        }
    }

    fn put(&mut self, path: String, keys: &[&str], value: Json) {
        let meaning = Meaning::of(keys, &value);
        self.all.insert(path, (meaning, value));
    }
}

fn join(path: &str, key: &str) -> String {
    match (path, key.contains(['.', '/', '['])) {
        ("", _) => key.to_owned(),
        (path, true) => format!("{path}[{key}]"),
        (path, false) => format!("{path}.{key}"),
    }
}

fn is_container_list(key: &str) -> bool {
    matches!(key, "containers" | "initContainers" | "ephemeralContainers")
}

/// What tells an item from the others in its list.
fn item_name(list: &str, item: &Json) -> Option<String> {
    let text = |key: &str| item.get(key).and_then(Json::as_str).map(str::to_owned);
    match list {
        "volumeMounts" => text("mountPath").or_else(|| text("name")),
        "tolerations" => {
            let parts =
                ["key", "operator", "value", "effect"].map(|key| text(key).unwrap_or_default());
            let named: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            Some(named.join(" "))
        }
        "envFrom" => ["configMapRef", "secretRef"]
            .iter()
            .find_map(|kind| Some(format!("{kind} {}", item.get(kind)?.get("name")?.as_str()?))),
        "ports" => text("name").or_else(|| Some(item.get("containerPort")?.to_string())),
        "hostAliases" => text("ip"),
        _ => text("name"),
    }
}

/// An item without the field that names it already; a variable that is only a value becomes that value.
fn without_name(list: &str, item: &Json) -> Json {
    let Json::Object(fields) = item else { return item.clone() };
    let mut fields = fields.clone();
    if !matches!(list, "volumeMounts" | "tolerations" | "envFrom" | "hostAliases") {
        fields.shift_remove("name");
    }
    match (list, fields.len(), fields.get("value")) {
        ("env", 1, Some(value)) => value.clone(),
        _ => Json::Object(fields),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::spec::tests_support::spec_named;

    #[test]
    fn items_go_by_their_names() {
        let mut spec = spec_named("d", "t");
        spec.run.base_pod_spec = json!({
            "containers": [{
                "name": "base",
                "image": "app:1",
                "args": ["a", "b"],
                "env": [{"name": "DAY", "value": "1"}, {"name": "PW", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
                "volumeMounts": [{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/b"}],
                "resources": {"limits": {"nvidia.com/gpu": 1}},
            }],
            "tolerations": [{"key": "gpu", "operator": "Exists"}],
        })
        .as_object()
        .cloned()
        .unwrap_or_default();
        let found: Vec<(String, &str)> = leaves(&spec)
            .iter()
            .map(|(path, leaf)| (path.clone(), leaf.meaning.as_str()))
            .collect();
        let found: Vec<(&str, &str)> =
            found.iter().map(|(path, meaning)| (path.as_str(), *meaning)).collect();
        assert_eq!(
            found,
            [
                ("containers[base].args", "command"),
                ("containers[base].env[DAY]", "environment"),
                ("containers[base].env[PW]", "secrets"),
                ("containers[base].image", "image"),
                ("containers[base].resources.limits[nvidia.com/gpu]", "resources"),
                ("containers[base].volumeMounts[/a]", "storage"),
                ("containers[base].volumeMounts[/b]", "storage"),
                ("operator", "status"),
                ("tolerations[gpu Exists]", "scheduling"),
            ]
        );
    }
}
