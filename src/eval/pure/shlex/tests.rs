#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use serde_json::{Value, json};

use super::*;
use crate::eval::pure::oracle::{self, text, texts};

fn call(name: &str, args: &[Value]) -> Result<Value, Failure> {
    Ok(match name {
        "split" => json!(split(text(&args[0]))?),
        "quote" => json!(quote(text(&args[0]))),
        "join" => json!(join(&texts(&args[0]))),
        _ => panic!("no function: {name}"),
    })
}

#[test]
fn command_lines_agree_with_cpython() {
    oracle::check("shlex", call);
}
