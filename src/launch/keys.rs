//! The spelling of keys in pods. PipesK8sClient takes `image_pull_policy` and `imagePullPolicy`; the API takes
//! only the second. Which is which follows from the classes of the Kubernetes client, so that keys of the user's own,
//! such as labels, keep their spelling.

use serde_json::{Map, Value as Json};

use crate::kubernetes::{ModelClass, Models, Type};

/// Turns all keys of an object of a class, such as `V1PodSpec`, into the API's spelling. Keys the class does not know
/// stay as they are. The error is a key that is there in both spellings, first as the API spells it.
pub(super) fn respell(
    object: &Map<String, Json>,
    class: &str,
) -> Result<Map<String, Json>, (String, String)> {
    match Models::get().class(class) {
        Some(class) => of_class(object, class),
        None => Ok(object.clone()),
    }
}

fn of_class(
    object: &Map<String, Json>,
    class: &ModelClass,
) -> Result<Map<String, Json>, (String, String)> {
    let mut out = Map::new();
    for (key, value) in object {
        let (spelled, value) = match class.find(key) {
            Some(field) => (field.json.clone(), of_type(value, &field.kind)?),
            None => (key.clone(), value.clone()),
        };
        if out.insert(spelled.clone(), value).is_some() {
            return Err((spelled, key.clone()));
        }
    }
    Ok(out)
}

fn of_type(value: &Json, kind: &Type) -> Result<Json, (String, String)> {
    Ok(match (value, kind) {
        (Json::Array(items), Type::List(kind)) => {
            Json::Array(items.iter().map(|item| of_type(item, kind)).collect::<Result<_, _>>()?)
        }
        (Json::Object(fields), Type::Dict(kind)) => {
            let respelled =
                |(key, value): (&String, &Json)| Ok((key.clone(), of_type(value, kind)?));
            Json::Object(fields.iter().map(respelled).collect::<Result<_, (String, String)>>()?)
        }
        (Json::Object(fields), kind) => match kind.class() {
            Some(class) => Json::Object(of_class(fields, class)?),
            None => value.clone(),
        },
        _ => value.clone(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_respelled_and_keys_of_the_user_are_not() {
        let spec = json!({
            "host_ipc": true, "set_hostname_as_fqdn": true,
            "node_selector": {"my_pool": "a"},
            "containers": [{"name": "a", "image_pull_policy": "Always", "env_from": [{"secret_ref": {"name": "s"}}],
                            "resources": {"limits": {"example.com/my_gpu": 1}}}],
            "volumes": [{"name": "v", "csi": {"driver": "d", "volume_attributes": {"some_key": "x"}}},
                        {"name": "w", "downward_api": {"items": []}}],
            "made_up": 1,
        });
        assert_eq!(
            Json::Object(respell(spec.as_object().unwrap(), "V1PodSpec").unwrap()),
            json!({
                "hostIPC": true, "setHostnameAsFQDN": true,
                "nodeSelector": {"my_pool": "a"},
                "containers": [{"name": "a", "imagePullPolicy": "Always", "envFrom": [{"secretRef": {"name": "s"}}],
                                "resources": {"limits": {"example.com/my_gpu": 1}}}],
                "volumes": [{"name": "v", "csi": {"driver": "d", "volumeAttributes": {"some_key": "x"}}},
                            {"name": "w", "downwardAPI": {"items": []}}],
                "made_up": 1,
            })
        );
    }

    #[test]
    fn a_field_that_is_there_twice_is_an_error() {
        let spec = json!({"hostNetwork": true, "host_network": false});
        let error = respell(spec.as_object().unwrap(), "V1PodSpec").unwrap_err();
        assert_eq!(error, ("hostNetwork".into(), "host_network".into()));
    }
}
