#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use serde_json::{Value, json};

use super::*;
use crate::eval::pure::Failure;
use crate::eval::pure::oracle::{self, of_float, of_int, text};

fn encode(value: &JsonValue) -> Value {
    match value {
        JsonValue::Null => Value::Null,
        JsonValue::Bool(value) => json!(value),
        JsonValue::Int(value) => of_int(value),
        JsonValue::Float(value) => of_float(*value),
        JsonValue::Str(value) => json!(value),
        JsonValue::Array(items) => items.iter().map(encode).collect(),
        JsonValue::Object(entries) => {
            let entries: Vec<Value> =
                entries.iter().map(|(key, value)| json!([key, encode(value)])).collect();
            json!({"dict": entries})
        }
    }
}

fn decode(value: &Value) -> JsonValue {
    match value {
        Value::Null => JsonValue::Null,
        Value::Bool(value) => JsonValue::Bool(*value),
        Value::String(value) => JsonValue::Str(value.clone()),
        Value::Array(items) => JsonValue::Array(items.iter().map(decode).collect()),
        Value::Object(entry) if entry.contains_key("dict") => {
            let entries = entry["dict"].as_array().unwrap().iter();
            let entries =
                entries.map(|entry| (decode(&entry[0]).as_key().unwrap(), decode(&entry[1])));
            JsonValue::Object(entries.collect())
        }
        _ => match oracle::number(value) {
            crate::eval::pure::number::Number::Int(value) => JsonValue::Int(value),
            crate::eval::pure::number::Number::Float(value) => JsonValue::Float(value),
        },
    }
}

fn options(value: &Value) -> DumpOptions {
    let mut options = DumpOptions::default();
    for entry in value["dict"].as_array().unwrap() {
        let value = &entry[1];
        match text(&entry[0]) {
            "indent" => {
                options.indent = match value {
                    Value::Null => None,
                    Value::String(indent) => Some(indent.clone()),
                    _ => Some(" ".repeat(usize::try_from(oracle::integer(value)).unwrap())),
                }
            }
            "separators" => {
                options.separators = Some((text(&value[0]).to_owned(), text(&value[1]).to_owned()));
            }
            "sort_keys" => options.sort_keys = value == true,
            "ensure_ascii" => options.ensure_ascii = value == true,
            "allow_nan" => options.allow_nan = value == true,
            other => panic!("no option: {other}"),
        }
    }
    options
}

#[test]
fn json_agrees_with_cpython() {
    oracle::check("json", |name, args| match name {
        "loads" => Ok(encode(&loads(text(&args[0]))?)),
        _ => Ok(json!(dumps(&decode(&args[0]), &options(&args[1]))?)),
    });
}

#[test]
fn nesting_without_end_is_refused() {
    assert!(matches!(loads(&"[".repeat(100_000)), Err(Failure::Bound(_))));
    assert!(loads(&("[".repeat(400) + &"]".repeat(400))).is_ok());
}

#[test]
fn half_a_character_is_not_guessed() {
    assert!(matches!(loads(r#""\ud83d""#), Err(Failure::Unsupported(_))));
    assert!(matches!(loads(r#""\ude00""#), Err(Failure::Unsupported(_))));
}
