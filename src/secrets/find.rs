//! Finds the credentials of a job spec.

use serde_json::{Map, Value as Json};

use super::names::{Promise, is_harmless, is_random, promise};
use super::shapes::{Found, apart, in_text};
use crate::emit::resource_name;
use crate::pointer::Trail;
use crate::spec::{JobSpec, Run};

/// A credential in a job spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// JSON pointer of the text that holds it.
    pub pointer: String,
    /// What kind of place that is.
    pub place: Place,
    /// The parts of the text that are secret, in order, as byte ranges.
    pub parts: Vec<std::ops::Range<usize>>,
    /// Why the first of them is taken for one, such as "it looks like a Slack token".
    pub why: String,
}

/// Where a credential stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The environment variable of this name.
    Env(String),
    /// The annotation of this name.
    Annotation(String),
    /// An argument or a part of the command.
    Argument,
    /// Anywhere else in the pod.
    Elsewhere,
}

impl Secret {
    /// One terse line that does not give the credential away.
    pub fn message(&self) -> String {
        let place = match &self.place {
            Place::Env(name) => format!("environment variable `{name}`"),
            Place::Annotation(name) => format!("annotation `{name}`"),
            Place::Argument => "an argument".to_owned(),
            Place::Elsewhere => format!("`{}`", self.pointer),
        };
        format!("{place} holds a credential: {}", self.why)
    }

    /// What to write instead, for the task of this id.
    pub fn remedy(&self, task: &str) -> String {
        let secret = resource_name(&[task], 50);
        let line = |name: &str| format!("Secret(\"env\", \"{name}\", \"{secret}\", \"{name}\")");
        let all = format!(
            "env_from=[k8s.V1EnvFromSource(secret_ref=k8s.V1SecretEnvSource(name=\"{secret}\"))]"
        );
        match &self.place {
            Place::Env(name) => format!(
                "keep it in the Kubernetes Secret `{secret}` and write `secrets=[{}]`, or `{all}` for all of its keys",
                line(name)
            ),
            Place::Argument => format!(
                "keep it in the Kubernetes Secret `{secret}`, write `secrets=[{}]` and `$(CREDENTIAL)` in the argument",
                line("CREDENTIAL")
            ),
            Place::Annotation(_) | Place::Elsewhere => format!(
                "whoever sees the pod can read it: keep it in the Kubernetes Secret `{secret}` and give it to the \
                 container with `secrets=[{}]`",
                line("CREDENTIAL")
            ),
        }
    }
}

/// The credentials of a job spec, in the order of their places.
pub fn in_spec(spec: &JobSpec) -> Vec<Secret> {
    let mut finder = Finder::default();
    let Run { base_pod_meta, base_pod_spec, extras, .. } = &spec.run;
    for (fields, path, named) in [
        (base_pod_meta, "/run/base_pod_meta", false),
        (base_pod_spec, "/run/base_pod_spec", false),
        (extras, "/run/extras", true),
    ] {
        finder.object(fields, Trail::Start(path), Around { named, ..Around::default() });
    }
    finder.found
}

/// What is known of a value from what stands around it.
#[derive(Debug, Default, Clone, Copy)]
struct Around<'a> {
    /// The place of the texts below.
    place: Option<Spot<'a>>,
    /// The name that the value is given to.
    name: Option<&'a str>,
    /// Whether the keys below are names that people chose rather than fields of Kubernetes.
    named: bool,
    /// Whether the value above was a flag such as `--password`.
    after_flag: bool,
    /// Whether it stands within environment variables.
    in_env: bool,
}

/// A [`Place`] that is nobody's yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spot<'a> {
    Env(&'a str),
    Annotation(&'a str),
    Argument,
}

impl From<Spot<'_>> for Place {
    fn from(spot: Spot<'_>) -> Self {
        match spot {
            Spot::Env(name) => Self::Env(name.to_owned()),
            Spot::Annotation(name) => Self::Annotation(name.to_owned()),
            Spot::Argument => Self::Argument,
        }
    }
}

#[derive(Default)]
struct Finder {
    found: Vec<Secret>,
}

impl Finder {
    fn walk<'a>(&mut self, value: &'a Json, path: Trail<'_>, around: Around<'a>) {
        match value {
            Json::String(text) => self.text(text, path, around),
            Json::Array(items) => self.list(items, path, around),
            Json::Object(fields) => self.object(fields, path, around),
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    fn object<'a>(&mut self, fields: &'a Map<String, Json>, path: Trail<'_>, around: Around<'a>) {
        let name = || fields.get("name").and_then(Json::as_str);
        let env = if around.in_env { name() } else { None };
        for (key, inner) in fields {
            let in_env = around.in_env || key == "env";
            let below = Around { in_env, ..below(key, env, around) };
            self.walk(inner, Trail::Key(&path, key), below);
        }
    }

    fn list<'a>(&mut self, items: &'a [Json], path: Trail<'_>, around: Around<'a>) {
        let mut flag: Option<&str> = None;
        for (index, item) in items.iter().enumerate() {
            let name = flag.or(around.name);
            let inside = Around { after_flag: flag.is_some(), name, ..around };
            self.walk(item, Trail::Index(&path, index), inside);
            let text = item.as_str().filter(|_| around.place == Some(Spot::Argument));
            flag = text.filter(|text| {
                text.starts_with('-')
                    && !text.contains(['=', ' '])
                    && promise(text) == Promise::Strong
            });
        }
    }

    fn text(&mut self, text: &str, path: Trail<'_>, around: Around<'_>) {
        let by_name = around.name.map_or(Promise::Nothing, promise);
        let is_flag = around.after_flag && text.starts_with('-');
        let is_promised = match by_name {
            Promise::Strong => true,
            Promise::Weak => is_random(text),
            Promise::Nothing => false,
        };
        let is_whole = is_promised && !is_flag && !is_harmless(text);
        // A URL or a sentence under such a name holds its credential inside.
        let inside = in_text(text, false);
        let is_composed = || text.contains("://") || (text.contains(' ') && !inside.is_empty());
        let found = if is_whole && !is_composed() {
            let why = if around.after_flag {
                format!("it is given to `{}`", around.name.unwrap_or_default())
            } else {
                "its name says so".to_owned()
            };
            vec![Found { range: 0..text.len(), why }]
        } else {
            inside
        };
        let found = apart(found);
        let Some(first) = found.first() else { return };
        self.found.push(Secret {
            pointer: path.to_string(),
            place: around.place.map_or(Place::Elsewhere, Place::from),
            why: first.why.clone(),
            parts: found.iter().map(|one| one.range.clone()).collect(),
        });
    }
}

/// What is known of the value of a key.
fn below<'a>(key: &'a str, env: Option<&'a str>, around: Around<'a>) -> Around<'a> {
    if let (Some(name), "value") = (env, key) {
        return Around { place: Some(Spot::Env(name)), name: Some(name), ..Around::default() };
    }
    if around.named {
        let place = around.place.map(|_| Spot::Annotation(key));
        return Around { place, name: Some(key), named: true, ..Around::default() };
    }
    match key {
        "annotations" => {
            Around { place: Some(Spot::Annotation("")), named: true, ..Around::default() }
        }
        "args" | "command" => Around { place: Some(Spot::Argument), ..Around::default() },
        _ => Around::default(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::string_slice, clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;
    use crate::spec::tests_support::spec_named;

    fn spec(container: Json, annotations: Json) -> JobSpec {
        let mut spec = spec_named("nightly", "load_data");
        spec.run.base_pod_spec.insert("containers".into(), json!([container]));
        spec.run.base_pod_meta.insert("annotations".into(), annotations);
        spec
    }

    #[test]
    fn credentials_are_found_by_name_and_by_value() {
        let spec = spec(
            json!({
                "name": "base",
                "env": [
                    {"name": "DB_PASSWORD", "value": "hunter2"},
                    {"name": "DB_URL", "value": "postgres://me:swordfish@db/x"},
                    {"name": "TOKEN_PATH", "value": "tokens"},
                    {"name": "API_KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "token"}}},
                    {"name": "API_TOKEN", "value": "${env:API_TOKEN}"},
                    {"name": "OTHER_TOKEN", "value": "{{ var.value.token }}"},
                ],
                "args": ["--password", "hunter3", "--token", "--verbose", "plain"],
            }),
            json!({"vault/token": "s3cr3tvalue", "team": "core"}),
        );
        let found: Vec<(String, Place)> =
            in_spec(&spec).into_iter().map(|one| (one.pointer, one.place)).collect();
        assert_eq!(
            found,
            [
                (
                    "/run/base_pod_meta/annotations/vault~1token".into(),
                    Place::Annotation("vault/token".into())
                ),
                (
                    "/run/base_pod_spec/containers/0/env/0/value".into(),
                    Place::Env("DB_PASSWORD".into())
                ),
                ("/run/base_pod_spec/containers/0/env/1/value".into(), Place::Env("DB_URL".into())),
                ("/run/base_pod_spec/containers/0/args/1".into(), Place::Argument),
            ]
        );
    }

    #[test]
    fn the_remedy_is_a_line_to_paste_and_the_message_keeps_the_secret() {
        let spec = spec(json!({"env": [{"name": "PASSWORD", "value": "hunter2"}]}), json!({}));
        let secret = in_spec(&spec).pop().unwrap();
        assert!(!secret.message().contains("hunter2"));
        assert!(
            secret
                .remedy("load_data")
                .contains("secrets=[Secret(\"env\", \"PASSWORD\", \"load-data\", \"PASSWORD\")]")
        );
    }
}
