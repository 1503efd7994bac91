#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use serde_json::{Value, json};

use super::*;
use crate::eval::pure::oracle::{self, of_int};

fn shape(pieces: &[BracePiece]) -> Value {
    pieces
        .iter()
        .map(|piece| match piece {
            BracePiece::Literal(text) => json!(text),
            BracePiece::Field(field) => {
                let name = match &field.name {
                    FieldName::Index(index) => of_int(index),
                    FieldName::Name(name) => json!(name),
                };
                let accessors: Vec<Value> = field
                    .accessors
                    .iter()
                    .map(|accessor| match accessor {
                        Accessor::Attr(name) => json!([".", name]),
                        Accessor::Index(_) if accessor.as_integer().is_some() => {
                            json!(["[", accessor.as_integer().unwrap().to_string()])
                        }
                        Accessor::Index(text) => json!(["[", text]),
                    })
                    .collect();
                json!([name, accessors, field.conversion, shape(&field.spec)])
            }
        })
        .collect()
}

#[test]
fn brace_templates_agree_with_cpython() {
    oracle::check("brace", |_, args| parse(oracle::text(&args[0])).map(|pieces| shape(&pieces)));
}
