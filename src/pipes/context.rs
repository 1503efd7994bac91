//! The context a process reads when it opens Pipes: assets, partition, run, extras.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// An asset key as its parts.
///
/// The protocol writes it with `/` between parts and a backslash before a `/` or a backslash in a part.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AssetKey(pub Vec<String>);

impl AssetKey {
    /// Reads the escaped form.
    pub fn parse(escaped: &str) -> Self {
        let mut parts = vec![String::new()];
        let mut chars = escaped.chars();
        while let Some(c) = chars.next() {
            let taken = match c {
                '\\' => chars.next(),
                '/' => {
                    parts.push(String::new());
                    continue;
                }
                other => Some(other),
            };
            if let (Some(part), Some(c)) = (parts.last_mut(), taken) {
                part.push(c);
            }
        }
        // Dagster drops a last part that is empty.
        if parts.len() > 1 && parts.last().is_some_and(String::is_empty) {
            parts.pop();
        }
        Self(parts)
    }

    /// Writes the escaped form.
    pub fn escaped(&self) -> String {
        let escape = |part: &String| part.replace('\\', "\\\\").replace('/', "\\/");
        self.0.iter().map(escape).collect::<Vec<_>>().join("/")
    }
}

/// A range of partition keys, both ends included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRange {
    /// First key.
    pub start: String,
    /// Last key.
    pub end: String,
}

/// A span of time, its end excluded; ISO 8601 with offset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeWindow {
    /// Start.
    pub start: String,
    /// End.
    pub end: String,
}

/// From which code and inputs an asset was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// Version of the code.
    pub code_version: String,
    /// Data versions of the inputs, by asset key.
    pub input_data_versions: IndexMap<String, String>,
    /// Whether the user supplied the version.
    pub is_user_provided: bool,
}

/// What `open_dagster_pipes()` finds in the container. All fields are always written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContextData {
    /// Escaped asset keys; none for an op.
    pub asset_keys: Option<Vec<String>>,
    /// Code version of each asset.
    pub code_version_by_asset_key: Option<IndexMap<String, Option<String>>>,
    /// Provenance of each asset.
    pub provenance_by_asset_key: Option<IndexMap<String, Option<Provenance>>>,
    /// Partition key.
    pub partition_key: Option<String>,
    /// Partition range.
    pub partition_key_range: Option<KeyRange>,
    /// Time covered, for time partitions.
    pub partition_time_window: Option<TimeWindow>,
    /// Run id.
    pub run_id: String,
    /// Job name.
    pub job_name: Option<String>,
    /// Attempts before this one.
    pub retry_number: u32,
    /// The caller's own values.
    pub extras: Map<String, Json>,
}

impl ContextData {
    /// A context with a run id and nothing else.
    pub fn new(run_id: impl Into<String>) -> Self {
        Self {
            asset_keys: None,
            code_version_by_asset_key: None,
            provenance_by_asset_key: None,
            partition_key: None,
            partition_key_range: None,
            partition_time_window: None,
            run_id: run_id.into(),
            job_name: None,
            retry_number: 0,
            extras: Map::new(),
        }
    }

    /// Targets one asset, whose versions are not known.
    #[must_use]
    pub fn asset(self, key: &AssetKey) -> Self {
        self.assets(&[key])
    }

    /// Targets assets, whose versions are not known.
    #[must_use]
    pub fn assets(mut self, keys: &[&AssetKey]) -> Self {
        let keys: Vec<String> = keys.iter().map(|key| key.escaped()).collect();
        self.code_version_by_asset_key = Some(keys.iter().map(|key| (key.clone(), None)).collect());
        self.provenance_by_asset_key = Some(keys.iter().map(|key| (key.clone(), None)).collect());
        self.asset_keys = Some(keys);
        self
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn context_has_every_field_in_the_order_of_dagster() {
        let mut context =
            ContextData::new("abc").asset(&AssetKey(vec!["my".into(), "as_set".into()]));
        context.partition_key = Some("2024-01-05".into());
        assert_eq!(
            super::super::to_python_json(&context).unwrap(),
            r#"{"asset_keys": ["my/as_set"], "code_version_by_asset_key": {"my/as_set": null}, "provenance_by_asset_key": {"my/as_set": null}, "partition_key": "2024-01-05", "partition_key_range": null, "partition_time_window": null, "run_id": "abc", "job_name": null, "retry_number": 0, "extras": {}}"#
        );
    }

    #[test]
    fn asset_keys_survive_escaping() {
        for parts in [vec!["a"], vec!["a", "b"], vec!["a/b", "c\\d", "e"], vec!["\\/"]] {
            let key = AssetKey(parts.into_iter().map(String::from).collect());
            assert_eq!(AssetKey::parse(&key.escaped()), key);
        }
        assert_eq!(AssetKey::parse("a/"), AssetKey(vec!["a".into()]));
    }
}
