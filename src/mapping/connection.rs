//! The extras of an Airflow connection, from either of the forms in which users write connections.

use serde_json::{Map, Value as Json};

/// The extras of a Kubernetes connection.
#[derive(Debug, Default)]
pub(crate) struct Extras(Map<String, Json>);

impl Extras {
    /// The extras of a connection given as an object with `extra`, as its JSON text, or as a URI.
    pub(crate) fn of(connection: &Json) -> Self {
        let object = match connection {
            Json::Object(object) => object.clone(),
            Json::String(text) => match serde_json::from_str(text) {
                Ok(Json::Object(object)) => object,
                _ => return Self(of_uri(text)),
            },
            _ => Map::new(),
        };
        let extra = object.get("extra").or_else(|| object.get("extra_dejson"));
        Self(match extra {
            Some(Json::Object(extra)) => extra.clone(),
            Some(Json::String(text)) => serde_json::from_str(text).unwrap_or_default(),
            _ => Map::new(),
        })
    }

    /// An extra by its name or by its name in older providers; empty ones count as absent.
    fn get(&self, name: &str) -> Option<&Json> {
        let found = self.0.get(name).or_else(|| self.0.get(&format!("extra__kubernetes__{name}")));
        found.filter(|value| !value.is_null() && value.as_str() != Some(""))
    }

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| match value {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        })
    }

    /// A switch.
    pub(crate) fn flag(&self, name: &str) -> bool {
        match self.get(name) {
            Some(Json::Bool(value)) => *value,
            Some(Json::String(text)) => text.eq_ignore_ascii_case("true"),
            _ => false,
        }
    }
}

/// The query of a connection URI: one pair per extra, or all of them as JSON under `__extra__`.
fn of_uri(uri: &str) -> Map<String, Json> {
    let Some((_, query)) = uri.split_once('?') else { return Map::new() };
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut extras = Map::new();
    for (key, value) in pairs {
        let value = percent_decode(value);
        if key == "__extra__" {
            return serde_json::from_str(&value).unwrap_or_default();
        }
        extras.insert(percent_decode(key), Json::String(value));
    }
    extras
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes().iter();
    while let Some(byte) = rest.next() {
        let digits = rest.as_slice().get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match (byte, digits.and_then(|two| u8::from_str_radix(two, 16).ok())) {
            (b'%', Some(decoded)) => {
                bytes.push(decoded);
                rest.nth(1);
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn all_forms_of_a_connection_give_the_same_extras() {
        let forms = [
            json!({"conn_type": "kubernetes", "extra": {"namespace": "a b", "in_cluster": true}}),
            json!({"extra": "{\"extra__kubernetes__namespace\": \"a b\", \"in_cluster\": \"True\"}"}),
            json!("{\"extra\": {\"namespace\": \"a b\", \"in_cluster\": true}}"),
            json!("kubernetes://?namespace=a+b&in_cluster=True"),
            json!(
                "kubernetes://?__extra__=%7B%22namespace%22%3A%22a%20b%22%2C%22in_cluster%22%3Atrue%7D"
            ),
        ];
        for form in forms {
            let extras = Extras::of(&form);
            assert_eq!(extras.text("namespace").as_deref(), Some("a b"), "{form}");
            assert!(extras.flag("in_cluster"), "{form}");
            assert_eq!(extras.text("cluster_context"), None);
        }
    }
}
