//! `var`, `conn`, `params` and `conf`: what a template looks up, and how a lookup that fails names itself.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use minijinja::value::{Kwargs, Object, ObjectRepr, Value, from_args};
use minijinja::{Error, ErrorKind, State};
use serde_json::{Map, Value as Json};

use super::{json, refuse};
use crate::eval::HoleKind;
use crate::values::Values;

/// What was looked up and is not known, in words.
#[derive(Debug, Clone, Default)]
pub(super) struct Misses(Arc<Mutex<Vec<String>>>);

impl Misses {
    fn add(&self, kind: &str, name: &str) {
        let text = format!("{kind}:{name} is not known; pass it with `--set {kind}:{name}=VALUE`");
        let mut misses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !misses.contains(&text) {
            misses.push(text);
        }
    }

    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What is looked up by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lookup {
    /// `params.x`
    Param,
    /// `var.value.x`
    Variable,
    /// `var.json.x`
    VariableAsJson,
    /// `conn.x`
    Connection,
}

/// Names with values, whose missing names are remembered. A value is made when it is asked for: there may be thousands,
/// and of each run of a template few are read.
#[derive(Debug)]
pub(super) struct Names {
    lookup: Lookup,
    values: Arc<Values>,
    misses: Misses,
}

impl Names {
    pub(super) fn new(lookup: Lookup, values: &Arc<Values>, misses: &Misses) -> Self {
        Self { lookup, values: Arc::clone(values), misses: misses.clone() }
    }

    fn all(&self) -> &BTreeMap<String, Json> {
        match self.lookup {
            Lookup::Param => &self.values.params,
            Lookup::Variable | Lookup::VariableAsJson => &self.values.variables,
            Lookup::Connection => &self.values.connections,
        }
    }

    fn make(&self, name: &str, value: &Json) -> Value {
        match self.lookup {
            Lookup::Param => json(value),
            Lookup::Variable => variable_as_text(value),
            Lookup::VariableAsJson => variable_as_json(value),
            Lookup::Connection => connection(name, value),
        }
    }

    fn get(&self, name: &str) -> Option<Value> {
        self.all().get(name).map(|value| self.make(name, value))
    }

    fn miss(&self, name: &str) {
        let kind = match self.lookup {
            Lookup::Param => HoleKind::Param,
            Lookup::Variable | Lookup::VariableAsJson => HoleKind::Variable,
            Lookup::Connection => HoleKind::Connection,
        };
        self.misses.add(kind.as_str(), name);
    }
}

impl Object for Names {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        let found = self.get(name);
        if found.is_none() {
            self.miss(name);
        }
        found
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "get" => {
                let (name, default, keywords): (&str, Option<Value>, Kwargs) = from_args(args)?;
                let named: Option<Value> = match keywords.get::<Option<Value>>("default_var")? {
                    Some(value) => Some(value),
                    None => keywords.get("default")?,
                };
                keywords.assert_all_used()?;
                match (self.get(name), default.or(named)) {
                    (Some(value), _) | (None, Some(value)) => Ok(value),
                    (None, None) => {
                        self.miss(name);
                        Err(refuse("not known"))
                    }
                }
            }
            // `params.items` may as well be a name.
            _ => match self.all().get(method) {
                Some(_) => Err(refuse(format!("`{method}` cannot be called"))),
                None => Err(Error::from(ErrorKind::UnknownMethod)),
            },
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.all().iter().map(|(name, value)| (name.clone(), self.make(name, value)));
        write!(f, "{}", Value::from_pairs(all.collect::<BTreeMap<_, _>>()))
    }
}

/// `var.json.x` of a Variable.
fn variable_as_json(value: &Json) -> Value {
    match value {
        Json::String(text) => match serde_json::from_str::<Json>(text) {
            Ok(parsed) => json(&parsed),
            Err(_) => json(value),
        },
        other => json(other),
    }
}

/// `var.value.x` of a Variable: always text.
fn variable_as_text(value: &Json) -> Value {
    match value {
        Json::String(text) => text.as_str().into(),
        other => other.to_string().into(),
    }
}

/// A Connection with the fields that templates read.
fn connection(id: &str, value: &Json) -> Value {
    let fields = match value {
        Json::String(uri) => from_uri(uri),
        Json::Object(fields) => fields.clone(),
        _ => Map::new(),
    };
    let text = |names: &[&str]| {
        names.iter().find_map(|name| fields.get(*name)).cloned().unwrap_or(Json::Null)
    };
    let extra = text(&["extra"]);
    let (extra_text, extra_dejson) = match extra {
        Json::String(text) => {
            (Json::String(text.clone()), serde_json::from_str(&text).unwrap_or_default())
        }
        Json::Null => (Json::Null, Json::Object(Map::new())),
        other => (Json::String(other.to_string()), other),
    };
    let mut out = Map::new();
    out.insert("conn_id".into(), id.into());
    out.insert("conn_type".into(), text(&["conn_type", "type"]));
    for name in ["host", "login", "password", "schema", "port", "description"] {
        out.insert(name.into(), text(&[name]));
    }
    out.insert("extra".into(), extra_text);
    out.insert("extra_dejson".into(), extra_dejson);
    json(&Json::Object(out))
}

/// `type://login:password@host:port/schema?extra`, each part percent-encoded.
fn from_uri(uri: &str) -> Map<String, Json> {
    let mut out = Map::new();
    let mut set = |name: &str, text: &str| {
        if !text.is_empty() {
            out.insert(name.to_owned(), Json::String(decode(text)));
        }
    };
    let (scheme, rest) = uri.split_once("://").unwrap_or(("", uri));
    // Airflow writes `google_cloud_platform` as `google-cloud-platform`.
    set("conn_type", &scheme.replace('-', "_"));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, address) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (login, password) = user.split_once(':').unwrap_or((user, ""));
    set("login", login);
    set("password", password);
    set("schema", path);
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (host, port),
        _ => (address, ""),
    };
    set("host", host);
    if let Ok(port) = port.parse::<u16>() {
        out.insert("port".into(), port.into());
    }
    let pairs: Map<String, Json> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), Json::String(decode(&value.replace('+', " ")))))
        .collect();
    match pairs.get("__extra__").and_then(Json::as_str) {
        Some(extra) => drop(out.insert("extra".into(), Json::String(extra.to_owned()))),
        None if !pairs.is_empty() => drop(out.insert("extra".into(), Json::Object(pairs))),
        None => {}
    }
    out
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let hex = more
            .get(..2)
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = more.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
