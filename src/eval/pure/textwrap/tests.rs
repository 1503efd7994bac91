#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use serde_json::{Value, json};

use super::*;
use crate::eval::pure::oracle::{self, integer, text};

fn call(name: &str, args: &[Value]) -> Result<Value, Failure> {
    Ok(match name {
        "dedent" => json!(dedent(text(&args[0]))),
        "indent" => json!(indent(text(&args[0]), text(&args[1]))?),
        "cleandoc" => json!(cleandoc(text(&args[0]))?),
        "wrap" => json!(wrap(text(&args[0]), integer(&args[1]))?),
        "fill" => json!(fill(text(&args[0]), integer(&args[1]))?),
        _ => panic!("no function: {name}"),
    })
}

#[test]
fn wrapped_texts_agree_with_cpython() {
    oracle::check("textwrap", call);
}

#[test]
fn hyphens_are_left_to_python() {
    assert!(matches!(wrap("well-known", 5), Err(Failure::Unsupported(_))));
}
