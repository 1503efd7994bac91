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
    let path = || PurePath::new(&[text(&args[0])]);
    let shown = |path: PurePath| json!(path.to_string());
    Ok(match name {
        "join" => json!(join(text(&args[0]), &texts(&args[1]))),
        "split" => json!(split(text(&args[0]))),
        "dirname" => json!(dirname(text(&args[0]))),
        "basename" => json!(basename(text(&args[0]))),
        "splitext" => json!(splitext(text(&args[0]))),
        "isabs" => json!(isabs(text(&args[0]))),
        "normpath" => json!(normpath(text(&args[0]))),
        "abspath" => json!(abspath(text(&args[0]), "/home/me")),
        "relpath" => json!(relpath(text(&args[0]), text(&args[1]), "/home/me")?),
        "commonprefix" => json!(commonprefix(&texts(&args[0]))),
        "commonpath" => json!(commonpath(&texts(&args[0]))?),
        "fnmatch" => json!(fnmatch(text(&args[0]), text(&args[1]))?),
        "pure" => json!({"dict": [
            ["str", path().to_string()],
            ["parts", path().parts()],
            ["name", path().name()],
            ["stem", path().stem()],
            ["suffix", path().suffix()],
            ["suffixes", path().suffixes()],
            ["parent", path().parent().to_string()],
            ["parents", path().parents().iter().map(ToString::to_string).collect::<Vec<_>>()],
            ["root", path().root()],
            ["absolute", path().is_absolute()],
        ]}),
        "segments" => shown(PurePath::new(&texts(&args[0]))),
        "truediv" => shown(path().join(text(&args[1]))),
        "with_name" => shown(path().with_name(text(&args[1]))?),
        "with_stem" => shown(path().with_stem(text(&args[1]))?),
        "with_suffix" => shown(path().with_suffix(text(&args[1]))?),
        "relative_to" => shown(path().relative_to(&PurePath::new(&[text(&args[1])]))?),
        "is_relative_to" => json!(path().is_relative_to(&PurePath::new(&[text(&args[1])]))),
        "match" => json!(path().matches(text(&args[1]))?),
        _ => panic!("no function: {name}"),
    })
}

#[test]
fn paths_agree_with_cpython() {
    oracle::check("path", call);
}

#[test]
fn a_pattern_of_many_stars_is_refused_rather_than_tried() {
    let result = fnmatch(&"a".repeat(10_000), &"*a".repeat(10_000));
    assert!(matches!(result, Err(Failure::Bound(_))));
}
