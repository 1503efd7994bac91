//! From nodes to JSON, keeping book of holes, templates, and what each keyword produced.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::jinja;
use super::node::{Fields, Jinja, Node, NodeKind};
use crate::eval::{Hole, HoleKind, Segment, Text, template};
use crate::pointer::{within, within_item};
use crate::python::{Sources, Span};
use crate::spec::{OpenHole, Template};

/// A tree written out.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// Holes, in the order of their places.
    pub(crate) holes: Vec<OpenHole>,
    /// The same holes with what made them, for findings.
    pub(crate) open: Vec<(String, Arc<Hole>)>,
    /// Texts in which Jinja is left and rendered.
    pub(crate) templates: Vec<Template>,
    /// Texts with what looks like Jinja but is never rendered, with the place that made them.
    pub(crate) literal_braces: Vec<(String, Span)>,
    /// Which keyword produced which place, topmost places only.
    pub(crate) targets: Vec<(usize, String)>,
    /// Where the parts stand in the source, by pointer.
    pub(crate) spans: Vec<(String, Span)>,
    names: Names,
}

/// The names of holes in one job spec: different holes never share one.
#[derive(Debug, Default)]
struct Names {
    taken: Vec<(Arc<Hole>, String)>,
}

impl Names {
    fn of(&mut self, hole: &Arc<Hole>) -> String {
        if let Some((_, name)) = self.taken.iter().find(|(known, _)| same(known, hole)) {
            return name.clone();
        }
        let mut name = hole.name.clone();
        let mut number = 1;
        while self.taken.iter().any(|(other, taken)| other.kind == hole.kind && *taken == name) {
            number += 1;
            name = format!("{}#{number}", hole.name);
        }
        self.taken.push((Arc::clone(hole), name.clone()));
        name
    }
}

/// Whether two holes stand for the same value. A lookup gives the same value each time; the result of a
/// call may be another one each time it is made.
fn same(one: &Arc<Hole>, other: &Arc<Hole>) -> bool {
    if one.kind != other.kind || one.name != other.name {
        return false;
    }
    match one.kind {
        HoleKind::Env
        | HoleKind::Variable
        | HoleKind::Connection
        | HoleKind::Conf
        | HoleKind::Param
        | HoleKind::XCom
        | HoleKind::Import
        | HoleKind::File
        | HoleKind::Name => true,
        HoleKind::Call
        | HoleKind::Loop
        | HoleKind::Condition
        | HoleKind::Nondeterministic
        | HoleKind::Limit
        | HoleKind::Expression
        | HoleKind::Argument => Arc::ptr_eq(one, other),
    }
}

impl Output {
    /// Writes a tree that stands at a pointer.
    pub(crate) fn write(&mut self, node: &Node, path: &str, sources: &Sources) -> Json {
        self.node(node, &mut path.to_owned(), None, sources)
    }

    /// A text outside the pod, such as a DAG id.
    pub(crate) fn text(&mut self, text: &Text, path: &str, sources: &Sources) -> String {
        self.fill(text, path, sources)
    }

    /// The place in the source of a pointer, or of the closest place around it.
    pub(crate) fn span(&self, path: &str) -> Span {
        self.spans
            .iter()
            .filter(|(at, _)| {
                path.strip_prefix(at.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
            .max_by_key(|(at, _)| at.len())
            .map_or(Span::NONE, |(_, span)| *span)
    }

    /// Writes a node; `path` is as before when it returns.
    fn node(
        &mut self,
        node: &Node,
        path: &mut String,
        owner: Option<usize>,
        sources: &Sources,
    ) -> Json {
        let mine = node.from.or_else(|| shared_owner(node)).or(owner);
        if let Some(keyword) = mine.filter(|_| mine != owner) {
            self.targets.push((keyword, path.clone()));
        }
        if node.span.is_some() {
            self.spans.push((path.clone(), node.span));
        }
        match &node.kind {
            NodeKind::Null => Json::Null,
            NodeKind::Bool(value) => Json::Bool(*value),
            NodeKind::Number(value) => Json::Number(value.clone()),
            NodeKind::Time(value) => Json::String(template::escape(value)),
            NodeKind::Text(text, jinja) => {
                self.templates_of(text, *jinja, path, node.span);
                Json::String(self.fill(text, path, sources))
            }
            NodeKind::Hole(hole) => {
                Json::String(self.fill(&Text::hole(Arc::clone(hole)), path, sources))
            }
            NodeKind::List(items) => Json::Array(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| {
                        within_item(path, index, |path| self.node(item, path, mine, sources))
                    })
                    .collect(),
            ),
            NodeKind::Map(fields) => Json::Object(self.fields(fields, path, mine, sources)),
        }
    }

    fn fields(
        &mut self,
        fields: &Fields,
        path: &mut String,
        owner: Option<usize>,
        sources: &Sources,
    ) -> Map<String, Json> {
        // The client serialises the fields of an object in the order of its class.
        let mut entries: Vec<_> = fields.entries.iter().collect();
        if let Some(class) = fields.class {
            let position = |key: &str| class.by_json(key).map_or(usize::MAX, |(index, _)| index);
            entries.sort_by_cached_key(|(key, _)| position(key));
        }
        let mut out = Map::with_capacity(entries.len());
        for (key, node) in entries {
            let written = match fields.open_keys.get(key) {
                Some(text) => self.named(text),
                None => key.clone(),
            };
            let json = within(path, &written, |path| {
                if let Some(text) = fields.open_keys.get(key) {
                    self.fill(text, path, sources);
                }
                self.node(node, path, owner, sources)
            });
            out.insert(written, json);
        }
        out
    }

    /// Records a hole at a place.
    fn hole(&mut self, hole: &Arc<Hole>, path: &str, sources: &Sources) {
        let name = format!("{}:{}", hole.kind, self.names.of(hole));
        if !self.holes.iter().any(|open| open.path == path && open.name == name) {
            self.open.push((name.clone(), Arc::clone(hole)));
            self.holes.push(OpenHole {
                path: path.to_owned(),
                name: name.clone(),
                reason: hole.reason.clone(),
                source: sources.place(hole.span),
                default: hole.default.clone(),
                needs: hole.roots.iter().map(|root| root.key()).collect(),
            });
        }
    }

    /// The text as it stands in the job spec.
    fn fill(&mut self, text: &Text, path: &str, sources: &Sources) -> String {
        for hole in text.holes() {
            self.hole(hole, path, sources);
        }
        self.named(text)
    }

    /// The same without recording the holes: for a key, whose own text is part of its place.
    fn named(&mut self, text: &Text) -> String {
        let mut out = String::new();
        for segment in &text.segments {
            match segment {
                Segment::Literal(literal) => template::push_literal(&mut out, literal),
                Segment::Hole(hole) => {
                    let name = self.names.of(hole);
                    template::push_hole(&mut out, hole.kind, &name);
                }
            }
        }
        out
    }

    fn templates_of(&mut self, text: &Text, jinja: Jinja, path: &str, span: Span) {
        let is_template = text.segments.iter().any(|segment| match segment {
            Segment::Literal(literal) => jinja::looks_like_template(literal),
            Segment::Hole(_) => false,
        });
        match jinja {
            _ if !is_template => {}
            Jinja::Literal => self.literal_braces.push((path.to_owned(), span)),
            Jinja::Rendered => {
                let needs = jinja::names(&text.to_template());
                self.templates.push(Template { path: path.to_owned(), needs });
            }
        }
    }
}

/// The keyword that made every part of a list or dict which itself is nobody's.
fn shared_owner(node: &Node) -> Option<usize> {
    let mut parts: Box<dyn Iterator<Item = &Node> + '_> = match &node.kind {
        NodeKind::List(items) => Box::new(items.iter()),
        NodeKind::Map(fields) if fields.class.is_none() => Box::new(fields.entries.values()),
        _ => return None,
    };
    let first = parts.next()?.from?;
    parts.all(|part| part.from == Some(first)).then_some(first)
}
