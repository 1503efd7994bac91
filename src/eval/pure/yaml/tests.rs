#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use serde_json::{Value, json};

use super::*;
use crate::eval::pure::Failure;
use crate::eval::pure::oracle::{self, of_float, of_int, text};

fn encode(node: &YamlNode) -> Value {
    match &node.value {
        YamlValue::Null => Value::Null,
        YamlValue::Bool(value) => json!(value),
        YamlValue::Int(value) => of_int(value),
        YamlValue::Float(value) => of_float(*value),
        YamlValue::Str(value) => json!(value),
        YamlValue::Bytes(value) => {
            json!({"bytes": value.iter().map(|byte| format!("{byte:02x}")).collect::<String>()})
        }
        YamlValue::Date(value) => json!({"date": value.to_string()}),
        YamlValue::DateTime(value) => json!({"date": value.to_str().unwrap()}),
        YamlValue::List(items) | YamlValue::Tuple(items) => items.iter().map(encode).collect(),
        YamlValue::Dict(entries) => {
            let entries: Vec<Value> =
                entries.iter().map(|(key, value)| json!([encode(key), encode(value)])).collect();
            json!({"dict": entries})
        }
        YamlValue::Set(items) => {
            let mut items: Vec<Value> = items.iter().map(encode).collect();
            items.sort_by_key(Value::to_string);
            json!({"set": items})
        }
    }
}

fn decode(value: &Value) -> YamlNode {
    YamlNode::from(match value {
        Value::Null => YamlValue::Null,
        Value::Bool(value) => YamlValue::Bool(*value),
        Value::String(value) => YamlValue::Str(value.clone()),
        Value::Array(items) => YamlValue::List(items.iter().map(decode).collect()),
        Value::Object(entry) if entry.contains_key("dict") => {
            let entries = entry["dict"].as_array().unwrap().iter();
            YamlValue::Dict(entries.map(|entry| (decode(&entry[0]), decode(&entry[1]))).collect())
        }
        _ => match oracle::number(value) {
            crate::eval::pure::number::Number::Int(value) => YamlValue::Int(value),
            crate::eval::pure::number::Number::Float(value) => YamlValue::Float(value),
        },
    })
}

/// Whose error it is and how it is worded is not compared: PyYAML's texts quote the source.
fn any_error(failure: Failure) -> Failure {
    match failure {
        Failure::Raised { .. } => Failure::raised("YAMLError", "any"),
        other => other,
    }
}

fn call(name: &str, args: &[Value]) -> Result<Value, Failure> {
    match name {
        "load" => safe_load(text(&args[0])).map(|node| encode(&node)),
        "load_all" => safe_load_all(text(&args[0])).map(|nodes| nodes.iter().map(encode).collect()),
        "dump" => {
            let mut options = DumpOptions::default();
            for entry in args[1]["dict"].as_array().unwrap() {
                match text(&entry[0]) {
                    "sort_keys" => options.sort_keys = entry[1] == true,
                    "allow_unicode" => options.allow_unicode = entry[1] == true,
                    "explicit_start" => options.explicit_start = entry[1] == true,
                    "indent" => {
                        options.indent = usize::try_from(oracle::integer(&entry[1])).unwrap();
                    }
                    "width" => {
                        options.width = usize::try_from(oracle::integer(&entry[1])).unwrap();
                    }
                    other => panic!("no option: {other}"),
                }
            }
            safe_dump(&decode(&args[0]), &options).map(|text| json!(text))
        }
        _ => panic!("no function: {name}"),
    }
    .map_err(any_error)
}

#[test]
fn yaml_agrees_with_pyyaml() {
    oracle::check("yaml", call);
}

#[test]
fn a_document_that_unfolds_without_end_is_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let previous = level - 1;
        let items = vec![format!("*a{previous}"); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    assert!(matches!(safe_load(&bomb), Err(Failure::Bound(_))));
    assert!(matches!(
        safe_load(&"[".repeat(10_000)),
        Err(Failure::Raised { .. } | Failure::Bound(_))
    ));
    assert!(matches!(
        safe_load(&"- ".repeat(10_000)),
        Err(Failure::Raised { .. } | Failure::Bound(_))
    ));
}

#[test]
fn a_collection_within_itself_is_not_guessed() {
    assert!(matches!(safe_load("&a [*a]"), Err(Failure::Unsupported(_))));
}

#[test]
fn nodes_know_their_place() {
    let source =
        "kind: Pod\nspec:\n  containers:\n    - name: é\n      image: x:1\nlast: {a: [1, 2]}\n";
    let document = safe_load(source).unwrap();
    let mut places = Vec::new();
    fn walk<'a>(node: &YamlNode, source: &'a str, places: &mut Vec<(&'a str, usize, usize)>) {
        let mark = node.mark;
        places.push((source.get(mark.start..mark.end).unwrap(), mark.line, mark.column));
        match &node.value {
            YamlValue::Dict(entries) => {
                for (_, value) in entries {
                    walk(value, source, places);
                }
            }
            YamlValue::List(items) => items.iter().for_each(|item| walk(item, source, places)),
            _ => {}
        }
    }
    walk(&document, source, &mut places);
    let whole = source.trim_end();
    assert_eq!(
        places,
        [
            (whole, 1, 1),
            ("Pod", 1, 7),
            ("containers:\n    - name: é\n      image: x:1", 3, 3),
            ("- name: é\n      image: x:1", 4, 5),
            ("name: é\n      image: x:1", 4, 7),
            ("é", 4, 13),
            ("x:1", 5, 14),
            ("{a: [1, 2]}", 6, 7),
            ("[1, 2]", 6, 11),
            ("1", 6, 12),
            ("2", 6, 15),
        ]
    );
}

#[test]
fn an_alias_is_the_object_of_its_anchor() {
    let document = safe_load("a: &x [1]\nb: *x\nc: [1]\n").unwrap();
    let YamlValue::Dict(entries) = &document.value else { panic!("no mapping") };
    let ids: Vec<u32> = entries.iter().map(|(_, value)| value.id).collect();
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2]);
}

#[test]
fn lines_of_quoted_texts_need_no_indent_and_places_are_those_of_the_text() {
    let source = "top:\n  one: \"x\n  or y\"\n  two: &b 'p\nq'\nthree: *b\nlast: 1\n";
    let document = safe_load(source).unwrap();
    let YamlValue::Dict(entries) = &document.value else { panic!("no mapping") };
    let shown = |node: &YamlNode| {
        (source.get(node.mark.start..node.mark.end).unwrap(), node.mark.line, node.mark.column)
    };
    let YamlValue::Dict(inner) = &entries[0].1.value else { panic!("no mapping") };
    assert_eq!(inner[0].1.value, YamlValue::Str("x or y".into()));
    assert_eq!(shown(&inner[0].1), ("\"x\n  or y\"", 2, 8));
    assert_eq!(inner[1].1.value, YamlValue::Str("p q".into()));
    assert_eq!(shown(&inner[1].1), ("'p\nq'", 4, 11));
    assert_eq!(entries[1].1.id, inner[1].1.id);
    assert_eq!(shown(&entries[2].1), ("1", 7, 7));
}
