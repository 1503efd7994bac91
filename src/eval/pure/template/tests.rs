#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use serde_json::{Value, json};

use super::*;
use crate::eval::pure::oracle::{self, text};

fn substitute(template: &str, names: &Value, safe: bool) -> Result<Value, Failure> {
    let mut result = String::new();
    for piece in parse(template) {
        match &piece {
            TemplatePiece::Literal(literal) => result.push_str(literal),
            TemplatePiece::Named { name, written } => {
                let entries = names["dict"].as_array().unwrap();
                match entries.iter().find(|entry| text(&entry[0]) == name) {
                    Some(entry) => result.push_str(text(&entry[1])),
                    None if safe => result.push_str(written),
                    None => return Err(Failure::raised("KeyError", format!("'{name}'"))),
                }
            }
            TemplatePiece::Stray { .. } if safe => result.push('$'),
            TemplatePiece::Stray { .. } => return Err(piece.error().unwrap()),
        }
    }
    Ok(json!(result))
}

#[test]
fn templates_agree_with_cpython() {
    oracle::check("template", |name, args| substitute(text(&args[0]), &args[1], name == "safe"));
}
