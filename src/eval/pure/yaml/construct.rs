//! From nodes to values: merge keys, explicit tags, unique keys.

use std::sync::Arc;

use super::compose::{Content, Node, compose};
use super::scalar;
use super::{YamlNode, YamlValue};
use crate::eval::pure::Failure;
use crate::eval::pure::number::{Number, exact_integer};
use crate::eval::pure::text::repr_str;

/// The most nodes of a document, aliases written out. PyYAML shares them; podlift copies.
const MAX_NODES: usize = 100_000;

/// `yaml.safe_load(text)`.
///
/// # Errors
/// PyYAML's exceptions (all are `YAMLError`s); `ValueError` for dates that do not exist;
/// [`Failure::Bound`] for documents that unfold beyond reason.
pub fn safe_load(text: &str) -> Result<YamlNode, Failure> {
    let mut documents = safe_load_all(text)?.into_iter();
    match (documents.next(), documents.next()) {
        (None, _) => Ok(YamlValue::Null.into()),
        (Some(document), None) => Ok(document),
        (Some(_), Some(_)) => {
            Err(Failure::raised("ComposerError", "expected a single document in the stream"))
        }
    }
}

/// `list(yaml.safe_load_all(text))`.
///
/// # Errors
/// As [`safe_load`].
pub fn safe_load_all(text: &str) -> Result<Vec<YamlNode>, Failure> {
    let mut budget = MAX_NODES;
    compose(text)?.iter().map(|node| construct(node, &mut budget)).collect()
}

fn construct(node: &Node, budget: &mut usize) -> Result<YamlNode, Failure> {
    *budget = budget.checked_sub(1).ok_or(Failure::Bound("reading YAML"))?;
    let value = match (node.tag.as_str(), &node.content) {
        (_, Content::Scalar(text)) => scalar::construct(&node.tag, text)?,
        ("seq", Content::Sequence(items)) => YamlValue::List(construct_all(items, budget)?),
        ("map", Content::Mapping(entries)) => YamlValue::Dict(mapping(entries, budget)?),
        ("set", Content::Mapping(entries)) => {
            let entries = mapping(entries, budget)?;
            YamlValue::Set(entries.into_iter().map(|(key, _)| key).collect())
        }
        ("omap" | "pairs", Content::Sequence(items)) => YamlValue::List(pairs(items, budget)?),
        (tag, _) if scalar::is_known(tag) => {
            return Err(constructor(format!(
                "expected a scalar node, but found {}",
                node.kind_name()
            )));
        }
        (tag, _) => return Err(unknown_tag(tag)),
    };
    Ok(YamlNode { value, mark: node.mark, id: node.id })
}

fn construct_all(nodes: &[Arc<Node>], budget: &mut usize) -> Result<Vec<YamlNode>, Failure> {
    nodes.iter().map(|node| construct(node, budget)).collect()
}

fn constructor(message: impl Into<String>) -> Failure {
    Failure::raised("ConstructorError", message)
}

pub(super) fn unknown_tag(tag: &str) -> Failure {
    let core = ["seq", "map", "set", "omap", "pairs", "merge", "value"].contains(&tag);
    let whole = if core { format!("tag:yaml.org,2002:{tag}") } else { tag.to_owned() };
    let shown = repr_str(&whole);
    constructor(format!("could not determine a constructor for the tag {shown}"))
}

type Entries = Vec<(Arc<Node>, Arc<Node>)>;

fn mapping(
    entries: &[(Arc<Node>, Arc<Node>)],
    budget: &mut usize,
) -> Result<Vec<(YamlNode, YamlNode)>, Failure> {
    let mut dict: Vec<(YamlNode, YamlNode)> = Vec::new();
    // Equal keys are found without comparing all of them with all.
    let mut by_text: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    for (key, value) in flatten(entries, 0)? {
        let key = if key.tag == "value" {
            *budget = budget.checked_sub(1).ok_or(Failure::Bound("reading YAML"))?;
            YamlNode { value: YamlValue::Str("=".to_owned()), mark: key.mark, id: key.id }
        } else {
            construct(&key, budget)?
        };
        let identity = identity(&key.value)?;
        let value = construct(&value, budget)?;
        match by_text.get(&identity).and_then(|at| dict.get_mut(*at)) {
            Some((_, old)) => *old = value,
            None => {
                by_text.insert(identity, dict.len());
                dict.push((key, value));
            }
        }
    }
    Ok(dict)
}

/// A text that is the same for keys that are equal in Python, where `1`, `1.0` and `True` are.
fn identity(key: &YamlValue) -> Result<String, Failure> {
    let of_number = |number: &Number| {
        let whole = match number {
            Number::Int(value) => Some(value.clone()),
            Number::Float(value) => exact_integer(*value),
        };
        match (whole, number) {
            (Some(whole), _) => format!("n{whole}"),
            // NaN is not even equal to itself, but twice the same key is nothing to rely on.
            (None, Number::Float(value)) => format!("n{value:?}"),
            (None, Number::Int(_)) => String::new(),
        }
    };
    Ok(match key {
        YamlValue::Null => "null".to_owned(),
        YamlValue::Bool(value) => format!("n{}", u8::from(*value)),
        YamlValue::Int(value) => of_number(&Number::Int(value.clone())),
        YamlValue::Float(value) => of_number(&Number::Float(*value)),
        YamlValue::Str(value) => format!("s{value}"),
        YamlValue::Bytes(value) => format!("b{value:?}"),
        YamlValue::Date(value) => format!("d{value}"),
        YamlValue::DateTime(value) => format!("t{}", value.repr()),
        YamlValue::List(_) | YamlValue::Tuple(_) | YamlValue::Dict(_) | YamlValue::Set(_) => {
            return Err(constructor("found unhashable key"));
        }
    })
}

/// The entries with merge keys resolved: what is merged comes first, so that own entries override it.
fn flatten(entries: &[(Arc<Node>, Arc<Node>)], depth: usize) -> Result<Entries, Failure> {
    if depth > 50 {
        return Err(Failure::Bound("reading YAML"));
    }
    let mut merged = Entries::new();
    let mut own = Entries::new();
    for (key, value) in entries {
        if key.tag != "merge" {
            own.push((Arc::clone(key), Arc::clone(value)));
            continue;
        }
        match &value.content {
            Content::Mapping(entries) => merged.extend(flatten(entries, depth + 1)?),
            Content::Sequence(items) => {
                // Of several mappings the first has the last word.
                for item in items.iter().rev() {
                    let Content::Mapping(entries) = &item.content else {
                        return Err(constructor(format!(
                            "expected a mapping for merging, but found {}",
                            item.kind_name()
                        )));
                    };
                    merged.extend(flatten(entries, depth + 1)?);
                }
            }
            Content::Scalar(_) => {
                return Err(constructor(
                    "expected a mapping or list of mappings for merging, but found scalar",
                ));
            }
        }
        if merged.len() > MAX_NODES {
            return Err(Failure::Bound("reading YAML"));
        }
    }
    merged.extend(own);
    Ok(merged)
}

fn pairs(items: &[Arc<Node>], budget: &mut usize) -> Result<Vec<YamlNode>, Failure> {
    let mut pairs = Vec::new();
    for item in items {
        let Content::Mapping(entries) = &item.content else {
            return Err(constructor(format!(
                "expected a mapping of length 1, but found {}",
                item.kind_name()
            )));
        };
        let [(key, value)] = entries.as_slice() else {
            return Err(constructor(format!(
                "expected a single mapping item, but found {} items",
                entries.len()
            )));
        };
        let pair = vec![construct(key, budget)?, construct(value, budget)?];
        pairs.push(YamlNode { value: YamlValue::Tuple(pair), mark: item.mark, id: item.id });
    }
    Ok(pairs)
}
