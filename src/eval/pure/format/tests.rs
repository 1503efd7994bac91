#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use serde_json::json;

use super::*;
use crate::eval::pure::oracle;

#[test]
fn format_agrees_with_cpython() {
    oracle::check("format", |_, args| {
        format_value(&oracle::format_arg(&args[0]), oracle::text(&args[1])).map(|text| json!(text))
    });
}

#[test]
fn a_width_without_end_is_refused() {
    for spec in ["9999999999", ".9999999", "09999999,d"] {
        let result = format_value(&FormatArg::Float(1.0), spec);
        assert!(matches!(result, Err(Failure::Bound(_))), "{spec}: {result:?}");
    }
}
