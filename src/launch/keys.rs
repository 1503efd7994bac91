//! The spelling of keys in pod specs. PipesK8sClient takes `image_pull_policy` and `imagePullPolicy`;
//! the API takes only the second.

use serde_json::{Map, Value as Json};

/// Maps whose keys are the user's own and keep their spelling.
const FREE: &[&str] = &[
    "labels",
    "annotations",
    "matchLabels",
    "nodeSelector",
    "limits",
    "requests",
    "overhead",
    "volumeAttributes",
    "options",
];

/// Keys whose capitals the general rule gets wrong.
const ABBREVIATIONS: &[(&str, &str)] = &[
    ("hostIpc", "hostIPC"),
    ("hostPid", "hostPID"),
    ("hostIp", "hostIP"),
    ("setHostnameAsFqdn", "setHostnameAsFQDN"),
    ("downwardApi", "downwardAPI"),
    ("volumeId", "volumeID"),
    ("diskUri", "diskURI"),
    ("pdId", "pdID"),
    ("storagePolicyId", "storagePolicyID"),
    ("datasetUuid", "datasetUUID"),
    ("targetWwNs", "targetWWNs"),
];

/// One key, as the API spells it.
fn camel_case(key: &str) -> String {
    let mut camel = String::with_capacity(key.len());
    let mut raise = false;
    for c in key.chars() {
        if c == '_' {
            raise = true;
        } else if raise {
            camel.push(c.to_ascii_uppercase());
            raise = false;
        } else {
            camel.push(c);
        }
    }
    match ABBREVIATIONS.iter().find(|(wrong, _)| *wrong == camel) {
        Some((_, right)) => (*right).into(),
        None => camel,
    }
}

/// Turns all keys of an object into the API's spelling. The error is a key that is there in both.
pub(super) fn to_camel_case(
    object: &Map<String, Json>,
) -> Result<Map<String, Json>, (String, String)> {
    let mut out = Map::new();
    for (key, value) in object {
        let camel = camel_case(key);
        let value = if FREE.contains(&camel.as_str()) {
            value.clone()
        } else {
            value_to_camel_case(value)?
        };
        if out.insert(camel.clone(), value).is_some() {
            return Err((camel, key.clone()));
        }
    }
    Ok(out)
}

fn value_to_camel_case(value: &Json) -> Result<Json, (String, String)> {
    Ok(match value {
        Json::Object(object) => Json::Object(to_camel_case(object)?),
        Json::Array(items) => {
            Json::Array(items.iter().map(value_to_camel_case).collect::<Result<_, _>>()?)
        }
        other => other.clone(),
    })
}
