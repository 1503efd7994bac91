#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use serde_json::{Value, json};

use super::*;
use crate::eval::pure::oracle;

/// `template % args` for a list or a dict, as the evaluator puts the parts together.
fn apply(template: &str, args: &Value) -> Result<Value, Failure> {
    let mut result = String::new();
    let mut positional = args.as_array().into_iter().flatten();
    for piece in parse(template)? {
        match piece {
            Piece::Literal(text) => result.push_str(&text),
            Piece::Spec(spec) => {
                let mut star = |width| match width {
                    Width::Star => Some(oracle::integer(positional.next().unwrap())),
                    _ => None,
                };
                let (width, precision) = (star(spec.width), star(spec.precision));
                let spec = spec.with_stars(width, precision)?;
                let arg = match &spec.key {
                    Some(key) => args["dict"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .find(|entry| entry[0] == json!(key))
                        .map(|entry| &entry[1])
                        .unwrap(),
                    None => positional.next().unwrap(),
                };
                result.push_str(&render(&spec, &oracle::format_arg(arg))?);
            }
        }
    }
    Ok(json!(result))
}

#[test]
fn percent_templates_agree_with_cpython() {
    oracle::check("percent", |_, args| apply(oracle::text(&args[0]), &args[1]));
}

#[test]
fn a_width_without_end_is_refused() {
    for template in ["%9999999d", "%.9999999f"] {
        assert!(matches!(parse(template), Err(Failure::Bound(_))));
    }
    let Some(Piece::Spec(spec)) = parse("%*d").unwrap().pop() else { panic!("no spec") };
    assert!(matches!(spec.with_stars(Some(i64::MIN), None), Err(Failure::Bound(_))));
}
