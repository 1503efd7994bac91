//! Values the user supplies for what a DAG looks up: environment, Variables, Connections, params,
//! configuration. `--values FILE` and `--set kind:NAME=VALUE` fill them; holes are closed from them.

mod file;
mod set;

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::eval::HoleKind;

pub use set::SetError;

/// What a lookup gives for which there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Unset {
    /// The default in the code, which is told; a hole where it has none, or where the file would end in an exception
    #[default]
    Default,
    /// What Airflow gives when nothing is set: the default in the code, None or an exception
    Absent,
    /// A hole, whatever default the code has
    Hole,
}

/// Supplied values, by the kind of lookup.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Values {
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Airflow Variables: text, or JSON for those read with `deserialize_json`.
    pub variables: BTreeMap<String, Json>,
    /// Airflow Connections: a URI, or an object with `conn_type`, `host`, `login`, `extra`, ...
    pub connections: BTreeMap<String, Json>,
    /// DAG params.
    pub params: BTreeMap<String, Json>,
    /// Airflow configuration, as `section.option`.
    pub conf: BTreeMap<String, String>,
    /// Every other hole, by its `kind:name`.
    pub others: BTreeMap<String, Json>,
    /// What a lookup gives that none of these is for.
    pub unset: Unset,
}

impl Values {
    /// The value for a lookup.
    pub fn get(&self, kind: HoleKind, name: &str) -> Option<Json> {
        match kind {
            HoleKind::Env => self.env.get(name).cloned().map(Json::String),
            HoleKind::Variable => self.variables.get(name).cloned(),
            HoleKind::Connection => self.connections.get(name).cloned(),
            HoleKind::Param => self.params.get(name).cloned(),
            HoleKind::Conf => self.conf.get(name).cloned().map(Json::String),
            _ => self.others.get(&format!("{kind}:{name}")).cloned(),
        }
    }

    /// Takes over all values of `later`; where both have one, that of `later` counts.
    pub fn merge(&mut self, later: Self) {
        self.env.extend(later.env);
        self.variables.extend(later.variables);
        self.connections.extend(later.connections);
        self.params.extend(later.params);
        self.conf.extend(later.conf);
        self.others.extend(later.others);
    }
}
