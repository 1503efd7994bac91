//! Reads the tables that CPython wrote (`fixtures/python/generate.py`) and compares.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use std::path::Path;

use num_bigint::BigInt;
use serde_json::{Value, json};

use super::Failure;
use super::format::FormatArg;
use super::number::Number;

/// Runs every call of a table through `call` and fails with the calls that came out differently.
///
/// `PODLIFT_PYTHON_TABLES` names a folder with other, larger tables of the same form.
pub(super) fn check(family: &str, call: impl Fn(&str, &[Value]) -> Result<Value, Failure>) {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/python");
    let folder = std::env::var_os("PODLIFT_PYTHON_TABLES").map_or(kept, Into::into);
    let table = std::fs::read_to_string(folder.join(format!("{family}.jsonl"))).unwrap();
    let mut wrong = Vec::new();
    let mut rows = 0;
    for line in table.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let args = row["args"].as_array().unwrap();
        let actual = call(row["call"].as_str().unwrap(), args);
        rows += 1;
        let agrees = match &actual {
            Ok(actual) => row.get("ok").is_some_and(|expected| same(expected, actual)),
            Err(Failure::Raised { class, message }) => {
                row["raises"].as_str() == Some(&format!("{class}: {message}"))
            }
            Err(_) => row["unknown"] == true,
        };
        if !agrees {
            wrong.push(format!("{line}\n    but here {actual:?}"));
        }
    }
    assert!(rows > 15, "the table of {family} is nearly empty");
    let shown = wrong.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {rows} rows differ\n{shown}", wrong.len());
}

/// Equality of encoded values; floats by their bits, so that signs of zero count and NaN is itself.
fn same(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b))
            if a.contains_key("float") && b.contains_key("float") =>
        {
            let (a, b) = (float(expected), float(actual));
            a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
        }
        (Value::Object(a), Value::Object(b))
            if a.contains_key("dict") && b.contains_key("dict") =>
        {
            same(&a["dict"], &b["dict"])
        }
        _ => expected == actual,
    }
}

fn float(value: &Value) -> f64 {
    value["float"].as_str().unwrap().parse().unwrap()
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

pub(super) fn optional_text(value: &Value) -> Option<&str> {
    value.as_str()
}

pub(super) fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(text).collect()
}

pub(super) fn big(value: &Value) -> BigInt {
    value["int"].as_str().unwrap_or_else(|| panic!("no integer: {value}")).parse().unwrap()
}

pub(super) fn integer(value: &Value) -> i64 {
    i64::try_from(big(value)).unwrap()
}

pub(super) fn optional_integer(value: &Value) -> Option<i64> {
    (!value.is_null()).then(|| integer(value))
}

pub(super) fn character(value: &Value) -> char {
    text(value).chars().next().unwrap()
}

pub(super) fn bytes(value: &Value) -> Vec<u8> {
    let hex = value["bytes"].as_str().unwrap();
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

pub(super) fn number(value: &Value) -> Number {
    if value.get("float").is_some() { Number::Float(float(value)) } else { Number::Int(big(value)) }
}

pub(super) fn format_arg(value: &Value) -> FormatArg {
    match value {
        Value::Null => FormatArg::None,
        Value::Bool(value) => FormatArg::Bool(*value),
        Value::String(value) => FormatArg::Str(value.clone()),
        _ => match number(value) {
            Number::Int(value) => FormatArg::Int(value),
            Number::Float(value) => FormatArg::Float(value),
        },
    }
}

pub(super) fn of_int(value: impl ToString) -> Value {
    json!({"int": value.to_string()})
}

pub(super) fn of_float(value: f64) -> Value {
    json!({"float": format!("{value:?}")})
}

pub(super) fn of_number(value: &Number) -> Value {
    match value {
        Number::Int(value) => of_int(value),
        Number::Float(value) => of_float(*value),
    }
}
