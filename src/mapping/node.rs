//! A pod in the making: JSON that still knows which keyword made each part, where that stands in the
//! source, whether Airflow renders Jinja there, and whether a mapping is a model object or a dict.
//!
//! The last point matters because Airflow merges Python objects: an empty dict is falsy and gives way to
//! a template, an empty model object is truthy and does not.

use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use serde_json::Number;

use crate::eval::{Hole, HoleKind, Text};
use crate::kubernetes::ModelClass;
use crate::python::Span;

/// A part of a pod.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// What it is.
    pub(crate) kind: NodeKind,
    /// What made it.
    pub(crate) span: Span,
    /// The number of the keyword that made it and its parts, unless they say otherwise.
    pub(crate) from: Option<usize>,
}

/// The kinds of parts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NodeKind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(Text, Jinja),
    /// A date or time, ISO 8601.
    Time(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping, apart from the node so that moving nodes about costs little.
    Map(Box<Fields>),
    /// Not known.
    Hole(Arc<Hole>),
}

/// Whether Airflow renders a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Jinja {
    /// It does.
    Rendered,
    /// It does, and takes what looks like a Python literal for its value: `render_template_as_native_obj`.
    Native,
    /// Braces stay braces.
    Literal,
}

/// A mapping: the fields of a model object by their JSON keys, or the entries of a dict.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Fields {
    /// The class of a model object; `None` for a dict.
    pub(crate) class: Option<&'static ModelClass>,
    /// The entries, by their keys as templates: a key with holes is `${kind:name}`.
    pub(crate) entries: IndexMap<String, Node, FxBuildHasher>,
    /// The keys that have holes, by the same.
    pub(crate) open_keys: IndexMap<String, Text, FxBuildHasher>,
}

impl Fields {
    /// Notes a key with holes and gives the form under which its entry stands.
    pub(crate) fn open_key(&mut self, key: Text) -> String {
        let written = key.to_template();
        self.open_keys.insert(written.clone(), key);
        written
    }
}

impl Node {
    /// A part made at a place in the source.
    pub(crate) fn new(kind: NodeKind, span: Span) -> Self {
        Self { kind, span, from: None }
    }

    /// A string that Airflow does not render.
    pub(crate) fn text(text: impl Into<String>, span: Span) -> Self {
        Self::new(NodeKind::Text(Text::literal(text), Jinja::Literal), span)
    }

    /// A mapping.
    pub(crate) fn map(fields: Fields, span: Span) -> Self {
        Self::new(NodeKind::Map(Box::new(fields)), span)
    }

    /// A model object or dict from its fields, of which absent ones are left out.
    pub(crate) fn object<const N: usize>(
        class: Option<&'static ModelClass>,
        fields: [(&str, Option<Self>); N],
        span: Span,
    ) -> Self {
        let mut entries = IndexMap::with_capacity_and_hasher(N, FxBuildHasher);
        entries.extend(
            fields
                .into_iter()
                .filter_map(|(key, node)| Some((key.to_owned(), node?)))
                .filter(|(_, node)| class.is_none() || !node.is_null()),
        );
        Self::map(Fields { class, entries, open_keys: IndexMap::default() }, span)
    }

    /// A list.
    pub(crate) fn list(items: Vec<Self>, span: Span) -> Self {
        Self::new(NodeKind::List(items), span)
    }

    /// The same part, made by a keyword.
    #[must_use]
    pub(crate) fn made_by(mut self, keyword: Option<usize>) -> Self {
        self.from = keyword.or(self.from);
        self
    }

    /// Whether it is `null`.
    pub(crate) fn is_null(&self) -> bool {
        matches!(self.kind, NodeKind::Null)
    }

    /// Python's truth value; `None` when a hole decides it.
    pub(crate) fn truth(&self) -> Option<bool> {
        Some(match &self.kind {
            NodeKind::Null => false,
            NodeKind::Bool(value) => *value,
            NodeKind::Number(value) => value.as_f64() != Some(0.0),
            // A template that renders to nothing would be false; podlift takes it for what is written.
            NodeKind::Text(text, _) => return text.truth(),
            NodeKind::Time(_) => true,
            NodeKind::List(items) => !items.is_empty(),
            NodeKind::Map(fields) => fields.class.is_some() || !fields.entries.is_empty(),
            NodeKind::Hole(_) => return None,
        })
    }

    /// The fields of a mapping.
    pub(crate) fn fields(&self) -> Option<&Fields> {
        match &self.kind {
            NodeKind::Map(fields) => Some(fields),
            _ => None,
        }
    }

    /// The fields of a mapping, to change.
    pub(crate) fn fields_mut(&mut self) -> Option<&mut Fields> {
        match &mut self.kind {
            NodeKind::Map(fields) => Some(fields),
            _ => None,
        }
    }

    /// An entry of a mapping; `null` counts as absent.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.fields()?.entries.get(key).filter(|node| !node.is_null())
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> Option<&[Self]> {
        match &self.kind {
            NodeKind::List(items) => Some(items),
            _ => None,
        }
    }

    /// The text of a fully known string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Text(text, _) => text.as_literal(),
            _ => None,
        }
    }

    /// Every hole in it, in order.
    pub(crate) fn holes(&self) -> Vec<Arc<Hole>> {
        let mut found = Vec::new();
        self.collect_holes(&mut found);
        found
    }

    fn collect_holes(&self, found: &mut Vec<Arc<Hole>>) {
        match &self.kind {
            NodeKind::Text(text, _) => found.extend(text.holes().cloned()),
            NodeKind::List(items) => items.iter().for_each(|item| item.collect_holes(found)),
            NodeKind::Map(fields) => {
                found.extend(fields.open_keys.values().flat_map(Text::holes).cloned());
                fields.entries.values().for_each(|node| node.collect_holes(found));
            }
            NodeKind::Hole(hole) => found.push(Arc::clone(hole)),
            NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) | NodeKind::Time(_) => {}
        }
    }

    /// A hole that stands for something computed from parts that are not all known.
    pub(crate) fn computed(name: &str, reason: &str, parts: &[&Self]) -> Self {
        let span =
            parts.iter().find(|part| part.span.is_some()).map_or(Span::NONE, |part| part.span);
        let mut roots: Vec<Arc<Hole>> = Vec::new();
        for hole in parts.iter().flat_map(|part| part.holes()) {
            if !roots.iter().any(|known| known.key() == hole.key()) {
                roots.push(hole);
            }
        }
        let hole = Hole {
            kind: HoleKind::Expression,
            name: name.to_owned(),
            default: None,
            reason: reason.to_owned(),
            span,
            roots,
        };
        let from = parts.iter().rev().find_map(|part| part.from);
        Self::new(NodeKind::Hole(Arc::new(hole)), span).made_by(from)
    }
}
