#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use serde_json::{Value, json};

use super::*;
use crate::eval::pure::oracle::{self, bytes, text};

fn of_bytes(data: &[u8]) -> Value {
    json!({"bytes": to_hex(data)})
}

fn call(name: &str, args: &[Value]) -> Result<Value, Failure> {
    Ok(match name {
        "hexdigest" => json!(hexdigest(text(&args[0]), &bytes(&args[1]))),
        "to_hex" => json!(to_hex(&bytes(&args[0]))),
        "from_hex" => of_bytes(&from_hex(text(&args[0]))?),
        "b64encode" => json!(b64encode(&bytes(&args[0]))),
        "urlsafe_b64encode" => json!(urlsafe_b64encode(&bytes(&args[0]))),
        "b64decode" => of_bytes(&b64decode(text(&args[0]))?),
        "urlsafe_b64decode" => of_bytes(&urlsafe_b64decode(text(&args[0]))?),
        _ => panic!("no function: {name}"),
    })
}

#[test]
fn digests_and_encodings_agree_with_cpython() {
    oracle::check("hash", call);
}

#[test]
fn an_unknown_algorithm_has_no_digest() {
    assert_eq!(digest("whirlpool", b""), None);
}
