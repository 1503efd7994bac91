//! Metadata that a process attaches to what it reports.
//!
//! A value is `{"raw_value": ..., "type": ...}`. Dagster refuses a value that does not fit its type, and
//! loses the whole report with it; here the report is kept and the fault is told.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value as Json};

macro_rules! types {
    ($( $(#[$doc:meta])* $name:ident = $text:literal; )+) => {
        /// The types of metadata values.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
        pub enum MetadataType { $( $(#[$doc])* #[serde(rename = $text)] $name, )+ }

        impl MetadataType {
            /// The type of a name in a message.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $( $text => Some(Self::$name), )+ _ => None }
            }

            /// The name in a message.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$name => $text, )+ }
            }
        }
    };
}

types! {
    /// Guessed from the JSON type.
    Infer = "__infer__";
    /// Plain text.
    Text = "text";
    /// A URL.
    Url = "url";
    /// A path.
    Path = "path";
    /// Path of a notebook.
    Notebook = "notebook";
    /// Any JSON.
    Json = "json";
    /// Markdown.
    Markdown = "md";
    /// A number with a fraction.
    Float = "float";
    /// An integer of any size.
    Int = "int";
    /// True or false.
    Bool = "bool";
    /// A run id.
    DagsterRun = "dagster_run";
    /// An asset key.
    Asset = "asset";
    /// Nothing.
    Null = "null";
    /// Rows.
    Table = "table";
    /// Columns.
    TableSchema = "table_schema";
    /// From which columns a column was made.
    TableColumnLineage = "table_column_lineage";
    /// Seconds since 1970.
    Timestamp = "timestamp";
}

/// One value with its type, never [`MetadataType::Infer`] once read.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct MetadataValue {
    /// The type.
    #[serde(rename = "type")]
    pub kind: MetadataType,
    /// The value as it was sent.
    #[serde(rename = "raw_value")]
    pub value: Json,
}

/// Why a metadata value was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, JsonSchema)]
#[error("metadata `{name}`: {reason}")]
pub struct MetadataFault {
    /// Name of the entry.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Reads the metadata of a report: what fits, and the faults of what does not.
pub(super) fn read(
    object: &Map<String, Json>,
) -> (Vec<(String, MetadataValue)>, Vec<MetadataFault>) {
    let mut values = Vec::new();
    let mut faults = Vec::new();
    for (name, entry) in object {
        match value(entry) {
            Ok(value) => values.push((name.clone(), value)),
            Err(reason) => faults.push(MetadataFault { name: name.clone(), reason }),
        }
    }
    (values, faults)
}

fn value(entry: &Json) -> Result<MetadataValue, String> {
    let object = entry.as_object().ok_or("not an object with `raw_value` and `type`")?;
    let raw = object.get("raw_value").ok_or("`raw_value` is missing")?;
    let name =
        object.get("type").and_then(Json::as_str).ok_or("`type` is missing or not a string")?;
    let kind = MetadataType::parse(name).ok_or_else(|| format!("type `{name}` is unknown"))?;
    let kind = if kind == MetadataType::Infer { infer(raw) } else { kind };
    check(kind, raw)?;
    Ok(MetadataValue { kind, value: raw.clone() })
}

fn infer(raw: &Json) -> MetadataType {
    match raw {
        Json::Null => MetadataType::Null,
        Json::Bool(_) => MetadataType::Bool,
        Json::Number(number) if number.is_f64() => MetadataType::Float,
        Json::Number(_) => MetadataType::Int,
        Json::String(_) => MetadataType::Text,
        Json::Array(_) | Json::Object(_) => MetadataType::Json,
    }
}

fn check(kind: MetadataType, raw: &Json) -> Result<(), String> {
    use MetadataType as T;
    let fits = match kind {
        T::Infer | T::Json | T::Null => true,
        T::Text | T::Url | T::Path | T::Notebook | T::Markdown | T::DagsterRun | T::Asset => {
            raw.is_string()
        }
        T::Float => raw.is_f64() || python_number(raw, &["NaN", "Infinity", "-Infinity"]),
        T::Int => raw.is_i64() || raw.is_u64() || big_integer(raw),
        T::Bool => raw.is_boolean(),
        T::Timestamp => raw.is_number(),
        T::Table => {
            list_of_objects(raw.get("records")).is_some()
                && list_of_objects(raw.get("schema"))
                    .is_some_and(|columns| columns.iter().all(is_column))
        }
        T::TableSchema => {
            list_of_objects(raw.get("columns")).is_some_and(|columns| columns.iter().all(is_column))
        }
        T::TableColumnLineage => {
            raw.get("deps_by_column").and_then(Json::as_object).is_some_and(|columns| {
                columns.values().all(|deps| {
                    list_of_objects(Some(deps)).is_some_and(|deps| deps.iter().all(is_dependency))
                })
            })
        }
    };
    if fits { Ok(()) } else { Err(format!("the value does not fit type `{}`", kind.as_str())) }
}

/// A number that JSON cannot hold, kept as text by the reader.
fn python_number(raw: &Json, words: &[&str]) -> bool {
    raw.as_str().is_some_and(|text| words.contains(&text))
}

fn big_integer(raw: &Json) -> bool {
    raw.as_str().is_some_and(|text| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        digits.len() > 18 && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn list_of_objects(value: Option<&Json>) -> Option<&Vec<Json>> {
    value?.as_array().filter(|items| items.iter().all(Json::is_object))
}

fn is_column(column: &Json) -> bool {
    column.get("name").is_some_and(Json::is_string)
        && column.get("type").is_some_and(Json::is_string)
}

fn is_dependency(dependency: &Json) -> bool {
    dependency.get("asset_key").is_some_and(Json::is_string)
        && dependency.get("column_name").is_some_and(Json::is_string)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_accepted_exactly_where_dagster_accepts_them() {
        for (kind, raw, accepted) in [
            ("text", json!("x"), true),
            ("text", json!(1), false),
            ("int", json!(1), true),
            ("int", json!(1.0), false),
            ("int", json!(true), false),
            ("float", json!(1.0), true),
            ("float", json!(1), false),
            ("bool", json!(false), true),
            ("bool", json!(0), false),
            ("null", json!({"any": 1}), true),
            ("json", json!("text"), true),
            ("timestamp", json!(1), true),
            ("timestamp", json!("2024-01-01"), false),
            ("asset", json!("a/b"), true),
            (
                "table",
                json!({"records": [{"a": 1}], "schema": [{"name": "a", "type": "int"}]}),
                true,
            ),
            ("table", json!({"records": [{"a": 1}], "schema": {"columns": []}}), false),
            ("table_schema", json!({"columns": [{"name": "a"}]}), false),
            ("table_schema", json!({"columns": [{"name": "a", "type": "int"}]}), true),
            (
                "table_column_lineage",
                json!({"deps_by_column": {"c": [{"asset_key": "a", "column_name": "b"}]}}),
                true,
            ),
            ("table_column_lineage", json!({"deps_by_column": {"c": [{"asset_key": "a"}]}}), false),
            ("pickle", json!(1), false),
        ] {
            let read = value(&json!({"raw_value": raw, "type": kind}));
            assert_eq!(read.is_ok(), accepted, "{kind} {raw}: {read:?}");
        }
    }

    #[test]
    fn types_are_inferred_from_json() {
        for (raw, kind) in [
            (json!(2), "int"),
            (json!(2.5), "float"),
            (json!("x"), "text"),
            (json!([1]), "json"),
            (json!({}), "json"),
            (Json::Null, "null"),
            (json!(true), "bool"),
        ] {
            let Ok(value) = value(&json!({"raw_value": raw, "type": "__infer__"})) else {
                panic!("{raw}")
            };
            assert_eq!(value.kind.as_str(), kind);
        }
    }

    #[test]
    fn one_bad_value_does_not_cost_the_others() {
        let metadata = json!({"good": {"raw_value": 1, "type": "int"}, "bad": 3});
        let (values, faults) = read(metadata.as_object().unwrap());
        assert_eq!((values.len(), faults.len()), (1, 1));
        assert!(faults.first().unwrap().to_string().contains("`bad`"));
    }
}
