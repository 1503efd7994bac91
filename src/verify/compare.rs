//! Holds two values against each other, field by field.
//!
//! podlift's side may have holes. A text with holes never counts as equal; but where the known parts around
//! its holes cannot be in Airflow's text, podlift stated something wrong.

use serde_json::{Map, Value as Json};

use crate::eval::template::{self, Part};
use crate::spec::Pointer;

/// A place at which two values differ.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unequal {
    /// The place, for people.
    pub(super) path: String,
    /// The place as pointer into the job spec.
    pub(super) pointer: Pointer,
    /// Airflow's value; null for nothing.
    pub(super) theirs: Json,
    /// podlift's value; null for nothing.
    pub(super) ours: Json,
}

/// Compares podlift's value at a place of the job spec with Airflow's.
pub(super) fn compare(
    ours: Option<&Json>,
    theirs: Option<&Json>,
    path: &str,
    pointer: &Pointer,
    found: &mut Vec<Unequal>,
) {
    // What is null says nothing: the cluster drops it.
    let ours = ours.filter(|value| !value.is_null());
    let theirs = theirs.filter(|value| !value.is_null());
    match (ours, theirs) {
        (Some(Json::Object(ours)), Some(Json::Object(theirs))) => {
            maps(ours, theirs, path, pointer, found);
        }
        (Some(Json::Array(ours)), Some(Json::Array(theirs))) => {
            lists(ours, theirs, path, pointer, found);
        }
        _ if is_same(ours, theirs, pointer) => {}
        _ => found.push(Unequal {
            path: path.to_owned(),
            pointer: pointer.clone(),
            theirs: theirs.cloned().unwrap_or_default(),
            ours: ours.cloned().unwrap_or_default(),
        }),
    }
}

/// Whether a value that is no collection on both sides is the same, or may be once holes are closed.
fn is_same(ours: Option<&Json>, theirs: Option<&Json>, pointer: &Pointer) -> bool {
    let Some(Json::String(text)) = ours else { return ours == theirs };
    let parts = parts(text);
    match (parts.as_slice(), theirs) {
        ([Part::Hole { .. }], _) => true,
        (parts, Some(Json::String(theirs))) => {
            let is_open = parts.iter().any(|part| matches!(part, Part::Hole { .. }));
            // Names are cut and cleaned as a whole, so parts of them say nothing certain.
            (is_open && pointer.to_string().ends_with("/name")) || fits(parts, theirs)
        }
        _ => false,
    }
}

/// The parts of a text of a job spec. Texts that are no template stand for themselves.
fn parts(text: &str) -> Vec<Part> {
    template::parse(text).unwrap_or_else(|_| vec![Part::Literal(text.to_owned())])
}

/// Whether a text of a job spec has holes.
pub(super) fn is_open(text: &str) -> bool {
    parts(text).iter().any(|part| matches!(part, Part::Hole { .. }))
}

/// A text of a job spec without its escapes, unless it has holes.
pub(super) fn literal(text: &str) -> Option<String> {
    match parts(text).as_slice() {
        [] => Some(String::new()),
        [Part::Literal(text)] => Some(text.clone()),
        _ => None,
    }
}

/// Whether a text of a job spec becomes `text` for some values of its holes.
pub(super) fn may_become(ours: &str, text: &str) -> bool {
    fits(&parts(ours), text)
}

/// Whether the known parts stand in `text` in their order, the first and the last of them at its ends.
fn fits(parts: &[Part], text: &str) -> bool {
    let mut rest = text;
    let mut after_hole = false;
    let last = parts.len().saturating_sub(1);
    for (number, part) in parts.iter().enumerate() {
        match part {
            Part::Hole { .. } => after_hole = true,
            Part::Literal(known) if after_hole && number == last => return rest.ends_with(known),
            Part::Literal(known) if after_hole => {
                let Some((_, behind)) = rest.split_once(known.as_str()) else { return false };
                (rest, after_hole) = (behind, false);
            }
            Part::Literal(known) => {
                let Some(behind) = rest.strip_prefix(known.as_str()) else { return false };
                rest = behind;
            }
        }
    }
    after_hole || rest.is_empty()
}

fn maps(
    ours: &Map<String, Json>,
    theirs: &Map<String, Json>,
    path: &str,
    pointer: &Pointer,
    found: &mut Vec<Unequal>,
) {
    let mut known = Vec::new();
    let mut is_whole = true;
    for (key, value) in ours {
        let Some(name) = literal(key) else {
            is_whole = false;
            continue;
        };
        let inner = format!("{path}{}", step(&name));
        compare(Some(value), theirs.get(&name), &inner, &pointer.key(key), found);
        known.push(name);
    }
    // A key with a hole in it may stand for any of those that only Airflow has.
    for (key, value) in theirs.iter().filter(|(key, _)| is_whole && !known.contains(key)) {
        let inner = format!("{path}{}", step(key));
        compare(None, Some(value), &inner, &pointer.key(key), found);
    }
}

fn lists(ours: &[Json], theirs: &[Json], path: &str, pointer: &Pointer, found: &mut Vec<Unequal>) {
    // An item that is a hole as a whole may stand for several, after which positions mean nothing.
    let is_hole = |item: &Json| {
        item.as_str().is_some_and(|text| matches!(parts(text).as_slice(), [Part::Hole { .. }]))
    };
    let fixed = if ours.len() == theirs.len() {
        ours.len().max(theirs.len())
    } else {
        ours.iter().position(is_hole).unwrap_or(ours.len().max(theirs.len()))
    };
    for index in 0..fixed {
        let (one, other) = (ours.get(index), theirs.get(index));
        let name = item_name(one).or_else(|| item_name(other));
        let inner = match name {
            Some(name) => format!("{path}[{index} {name}]"),
            None => format!("{path}[{index}]"),
        };
        compare(one, other, &inner, &pointer.index(index), found);
    }
}

/// What people call an item of a list: its `name`.
fn item_name(item: Option<&Json>) -> Option<&str> {
    item.and_then(|item| item.get("name")).and_then(Json::as_str)
}

/// `.key`, or `["key"]` where a dot would mislead.
fn step(key: &str) -> String {
    let is_plain = key.chars().all(|letter| letter.is_alphanumeric() || "_-".contains(letter));
    if is_plain && !key.is_empty() { format!(".{key}") } else { format!("[{}]", Json::from(key)) }
}
