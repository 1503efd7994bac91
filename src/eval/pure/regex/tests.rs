#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use serde_json::{Value, json};

use super::*;
use crate::eval::pure::oracle::{self, integer, of_int, text};

fn shown(found: Option<Found>, input: &str) -> Value {
    found.map_or(Value::Null, |found| {
        (0..found.spans.len())
            .map(|group| {
                let span = found.span(input, group);
                let span = span.map_or(json!([of_int(-1), of_int(-1)]), |(start, end)| {
                    json!([of_int(start), of_int(end)])
                });
                json!([found.group(input, group), span])
            })
            .collect()
    })
}

fn call(name: &str, args: &[Value]) -> Result<Value, Failure> {
    if name == "escape" {
        return Ok(json!(escape(text(&args[0]))));
    }
    let pattern = Pattern::new(text(&args[0]), Flags::from_bits(integer(&args[1]))?)?;
    let input = text(&args[2]);
    Ok(match name {
        "search" => shown(pattern.search(input)?, input),
        "match" => shown(pattern.match_start(input)?, input),
        "fullmatch" => shown(pattern.full_match(input)?, input),
        "findall" => json!(pattern.find_texts(input)?),
        "split" => json!(pattern.split(input, integer(&args[3]))?),
        "sub" => {
            let template = pattern.template(text(&args[3]))?;
            let (result, count) = pattern.substitute(&template, input, integer(&args[4]))?;
            json!([result, of_int(count)])
        }
        "names" => {
            let names: Vec<Value> =
                pattern.names().iter().map(|(name, group)| json!([name, of_int(group)])).collect();
            json!([of_int(pattern.group_count()), names])
        }
        _ => panic!("no function: {name}"),
    })
}

/// The texts of `re.error` tell positions, which is more than podlift needs.
fn without_text(failure: Failure) -> Failure {
    match failure {
        Failure::Raised { class, .. } => Failure::raised(class, "any"),
        other => other,
    }
}

#[test]
fn regular_expressions_agree_with_cpython() {
    oracle::check("regex", |name, args| call(name, args).map_err(without_text));
}

#[test]
fn what_cannot_be_rewritten_is_refused() {
    for (pattern, bits) in
        [(r"(a)(?(1)b|c)", 0), ("(a*)*", 0), (r"(a)\1", 2), (r"\w", 256 | 2), (r"\w", 4)]
    {
        let compiled = Flags::from_bits(bits).and_then(|flags| Pattern::new(pattern, flags));
        assert!(matches!(compiled, Err(Failure::Unsupported(_))), "{pattern}");
    }
}

#[test]
fn a_search_without_end_is_stopped() {
    let pattern = Pattern::new(r"(?:(a|aa)\1?)*(?!.)b", Flags::default()).unwrap();
    let text = "a".repeat(5000) + "c";
    assert_eq!(pattern.search(&text), Err(Failure::Bound("a regular expression")));
}
