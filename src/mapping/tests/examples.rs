//! The examples of the mapping tables.

use serde_json::Value as Json;

use super::{codes, kpo, spec};
use crate::mapping::{Class, Disposition, Tables};

/// What stands at a pointer, with everything that a job spec leaves out as null.
fn at(json: &Json, pointer: &str) -> Json {
    json.pointer(pointer).cloned().unwrap_or(Json::Null)
}

/// An empty collection and a default that no keyword asked for are left out of a job spec.
fn is_left_out(gives: &Json) -> bool {
    match gives {
        Json::Array(items) => items.is_empty(),
        Json::Object(entries) => entries.is_empty(),
        _ => false,
    }
}

/// Numbers of the launcher are floats in a job spec.
fn same(one: &Json, other: &Json) -> bool {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

#[test]
fn every_example_gives_what_its_row_says() {
    let tables = Tables::builtin();
    let mut run = 0;
    for (table, row) in tables.rows().filter(|(table, _)| table.operators.len() > 3) {
        for example in &row.examples {
            let mut keywords =
                vec![("image", "'busybox'"), ("name", "'p'"), ("namespace", "'default'")];
            keywords.retain(|(name, _)| *name != row.argument);
            keywords.push((&row.argument, &example.python));
            let mapped = kpo(&keywords);
            let place = format!("{} {}={}", table.table, row.argument, example.python);
            let refused = codes(&mapped).contains(&"KPO303");
            assert_eq!(refused, example.refused.is_some(), "{place}: {:?}", mapped.diagnostics);
            if example.refused.is_none() {
                let spec = spec(&mapped);
                let found = at(&spec, &row.targets[0].path);
                let expected =
                    if is_left_out(&example.gives) { &Json::Null } else { &example.gives };
                assert!(same(&found, expected), "{place}: {found} instead of {expected}");
            }
            run += 1;
        }
    }
    assert!(run > 100, "{run}");
}

#[test]
fn every_row_of_the_pod_that_reaches_one_place_has_an_example() {
    for (table, row) in Tables::builtin().rows() {
        let pod = matches!(row.class, Class::Pod | Class::Meta) && table.operators.len() > 3;
        let plain = row.disposition == Disposition::Mapped && !row.targets.is_empty();
        if pod && plain {
            assert!(!row.examples.is_empty(), "{} has no example", row.argument);
        }
    }
}
