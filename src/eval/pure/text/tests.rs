#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use serde_json::{Value, json};

use super::*;
use crate::eval::pure::oracle::{
    self, bytes, character, integer, of_int, optional_integer, optional_text, texts,
};
use crate::eval::pure::{Failure, MAX_LENGTH};

fn query(name: &str, input: &str) -> Option<bool> {
    Some(match name {
        "isalpha" => isalpha(input),
        "isalnum" => isalnum(input),
        "isascii" => isascii(input),
        "isdecimal" => isdecimal(input),
        "isdigit" => isdigit(input),
        "isidentifier" => isidentifier(input),
        "islower" => islower(input),
        "isnumeric" => isnumeric(input),
        "isprintable" => isprintable(input),
        "isspace" => isspace(input),
        "istitle" => istitle(input),
        "isupper" => isupper(input),
        _ => return None,
    })
}

fn cased(name: &str, input: &str) -> Option<String> {
    Some(match name {
        "lower" => lower(input),
        "upper" => upper(input),
        "title" => title(input),
        "capitalize" => capitalize(input),
        "swapcase" => swapcase(input),
        "casefold" => casefold(input),
        "repr" => repr_str(input),
        "ascii" => ascii(input),
        _ => return None,
    })
}

fn call(name: &str, args: &[Value]) -> Result<Value, Failure> {
    let text = |at: usize| oracle::text(&args[at]);
    let spot = |at: usize| optional_integer(&args[at]);
    let position = |found: Option<usize>| found.map_or(Value::Null, of_int);
    if let Some(input) = args[0].as_str() {
        if let Some(answer) = query(name, input) {
            return Ok(json!(answer));
        }
        if let Some(answer) = cased(name, input) {
            return Ok(json!(answer));
        }
    }
    Ok(match name {
        "strip" => json!(strip(text(0), optional_text(&args[1]))),
        "lstrip" => json!(lstrip(text(0), optional_text(&args[1]))),
        "rstrip" => json!(rstrip(text(0), optional_text(&args[1]))),
        "replace" => json!(replace(text(0), text(1), text(2), integer(&args[3]))?),
        "count" => of_int(count(text(0), text(1), spot(2), spot(3))),
        "find" => position(find(text(0), text(1), spot(2), spot(3))),
        "rfind" => position(rfind(text(0), text(1), spot(2), spot(3))),
        "startswith" => json!(startswith(text(0), &texts(&args[1]), spot(2), spot(3))),
        "endswith" => json!(endswith(text(0), &texts(&args[1]), spot(2), spot(3))),
        "partition" => json!(partition(text(0), text(1))?),
        "rpartition" => json!(rpartition(text(0), text(1))?),
        "removeprefix" => json!(removeprefix(text(0), text(1))),
        "removesuffix" => json!(removesuffix(text(0), text(1))),
        "split" => json!(split(text(0), optional_text(&args[1]), integer(&args[2]))?),
        "rsplit" => json!(rsplit(text(0), optional_text(&args[1]), integer(&args[2]))?),
        "splitlines" => json!(splitlines(text(0), args[1] == true)),
        "ljust" => json!(ljust(text(0), integer(&args[1]), character(&args[2]))?),
        "rjust" => json!(rjust(text(0), integer(&args[1]), character(&args[2]))?),
        "center" => json!(center(text(0), integer(&args[1]), character(&args[2]))?),
        "zfill" => json!(zfill(text(0), integer(&args[1]))?),
        "expandtabs" => json!(expandtabs(text(0), integer(&args[1]))?),
        "slice" => json!(slice(text(0), spot(1), spot(2), integer(&args[3]))?),
        "slice_indices" => {
            let length = usize::try_from(integer(&args[0])).unwrap();
            let indices = slice_indices(length, spot(1), spot(2), integer(&args[3]))?;
            indices.into_iter().map(of_int).collect()
        }
        "index" => json!(index(text(0), integer(&args[1]))),
        "repr_bytes" => json!(repr_bytes(&bytes(&args[0]))),
        "repeat" => json!(repeat(text(0), integer(&args[1]))?),
        "translate" => json!(translate(text(0), &maketrans(text(1), text(2), text(3))?)?),
        _ => panic!("no function: {name}"),
    })
}

#[test]
fn text_methods_agree_with_cpython() {
    oracle::check("text", call);
}

#[test]
fn texts_that_would_grow_without_end_are_refused() {
    let long = "x".repeat(MAX_LENGTH / 2);
    let refused = [
        repeat("ab", 1 << 40),
        ljust("a", 1 << 40, ' '),
        center("a", i64::MAX, ' '),
        zfill("a", 1 << 40),
        expandtabs("\t", 1 << 40),
        replace(&long, "", &long, -1),
        replace(&long, "x", "xyz", -1),
    ];
    for result in refused {
        assert!(matches!(result, Err(Failure::Bound(_))));
    }
    assert_eq!(repeat("", i64::MAX), Ok(String::new()));
}
