//! From nodes to JSON, keeping book of holes, templates, and what each keyword produced.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Map, Value as Json};

use super::jinja;
use super::node::{Fields, Jinja, Node, NodeKind};
use crate::eval::{Hole, HoleKind, Segment, Text, template};
use crate::pointer::{Pointers, within, within_item};
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
    /// Templates of which Airflow makes Python values, with the place that made them.
    pub(crate) native: Vec<(String, Span)>,
    /// Which keyword produced which place, topmost places only.
    targets: Vec<(usize, Range<usize>)>,
    /// Where the parts stand in the source.
    spans: Vec<(Range<usize>, Span)>,
    pointers: Pointers,
    names: Names,
    /// Places and names of the holes above.
    told: FxHashSet<(String, String)>,
}

/// The names of holes in one job spec: different holes never share one.
#[derive(Debug, Default)]
struct Names {
    /// Names of lookups, which give the same value each time.
    lookups: FxHashMap<(HoleKind, String), String>,
    /// Names of other holes by their address, with the hole, so that its address stays its own.
    others: FxHashMap<usize, (Arc<Hole>, String)>,
    taken: FxHashSet<(HoleKind, String)>,
    /// The last number given to a name.
    numbers: FxHashMap<(HoleKind, String), u32>,
}

impl Names {
    fn of(&mut self, hole: &Arc<Hole>) -> String {
        let asked = (hole.kind, hole.name.clone());
        let address = Arc::as_ptr(hole) as usize;
        let is_lookup = is_lookup(hole.kind);
        let known = if is_lookup {
            self.lookups.get(&asked)
        } else {
            self.others.get(&address).map(|(_, name)| name)
        };
        if let Some(name) = known {
            return name.clone();
        }
        let number = self.numbers.entry(asked.clone()).or_insert(0);
        let name = loop {
            *number += 1;
            let name = match *number {
                1 => hole.name.clone(),
                number => format!("{}#{number}", hole.name),
            };
            if self.taken.insert((hole.kind, name.clone())) {
                break name;
            }
        };
        if is_lookup {
            self.lookups.insert(asked, name.clone());
        } else {
            self.others.insert(address, (Arc::clone(hole), name.clone()));
        }
        name
    }
}

/// Whether holes of a kind and a name stand for the same value. A lookup gives the same value each time; the result of
/// a call may be another one each time it is made.
fn is_lookup(kind: HoleKind) -> bool {
    match kind {
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
        | HoleKind::Argument => false,
    }
}

/// Places in the source by pointer, put in order when many of them are asked for.
pub(crate) struct Places<'o> {
    output: &'o Output,
    asked: Cell<usize>,
    spans: OnceCell<FxHashMap<&'o str, Span>>,
}

/// For so few questions the places are gone through one by one.
const FEW: usize = 4;

impl Places<'_> {
    /// The place in the source of a pointer, or of the closest place around it.
    pub(crate) fn span(&self, path: &str) -> Span {
        self.asked.set(self.asked.get() + 1);
        let is_one_of_many = self.asked.get() > FEW;
        let mut path = path;
        loop {
            let found = if is_one_of_many {
                self.spans.get_or_init(|| self.output.spans().collect()).get(path).copied()
            } else {
                self.output.last_span(path)
            };
            if let Some(span) = found {
                return span;
            }
            match path.rsplit_once('/') {
                Some((around, _)) => path = around,
                None => return Span::NONE,
            }
        }
    }
}

impl Output {
    /// Nothing yet, with room for a pod of a usual size.
    pub(crate) fn new() -> Self {
        let (spans, targets) = (Vec::with_capacity(64), Vec::with_capacity(32));
        Self { spans, targets, pointers: Pointers::with_capacity(4096), ..Self::default() }
    }

    /// Writes a tree that stands at a pointer.
    pub(crate) fn write(&mut self, node: &Node, path: &str, sources: &Sources) -> Json {
        self.node(node, &mut path.to_owned(), None, sources)
    }

    /// A text outside the pod, such as a DAG id.
    pub(crate) fn text(&mut self, text: &Text, path: &str, sources: &Sources) -> String {
        self.fill(text, path, sources)
    }

    /// Where the parts stand in the source, to be asked for.
    pub(crate) fn places(&self) -> Places<'_> {
        Places { output: self, asked: Cell::new(0), spans: OnceCell::new() }
    }

    /// Where the parts stand in the source, by pointer.
    pub(crate) fn spans(&self) -> impl Iterator<Item = (&str, Span)> {
        self.spans.iter().map(|(path, span)| (self.pointers.at(path), *span))
    }

    /// The place in the source of a pointer; of several the last one.
    fn last_span(&self, path: &str) -> Option<Span> {
        let is_there = |(place, _): &&(Range<usize>, Span)| self.pointers.at(place) == path;
        self.spans.iter().rev().find(is_there).map(|(_, span)| *span)
    }

    /// Which keyword produced which place, topmost places only.
    pub(crate) fn targets(&self) -> impl Iterator<Item = (usize, &str)> {
        self.targets.iter().map(|(keyword, path)| (*keyword, self.pointers.at(path)))
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
            self.targets.push((keyword, self.pointers.add(path)));
        }
        if node.span.is_some() {
            self.spans.push((self.pointers.add(path), node.span));
        }
        match &node.kind {
            NodeKind::Null => Json::Null,
            NodeKind::Bool(value) => Json::Bool(*value),
            NodeKind::Number(value) => Json::Number(value.clone()),
            NodeKind::Time(value) => Json::String(template::escape(value)),
            NodeKind::Text(text, jinja) => {
                let text = match jinja {
                    Jinja::Rendered => jinja::rendered(text),
                    Jinja::Native => jinja::rendered_natively(text, node.span),
                    Jinja::Literal => Cow::Borrowed(text),
                };
                self.templates_of(&text, *jinja, path, node.span);
                Json::String(self.fill(&text, path, sources))
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
            let open = if fields.open_keys.is_empty() { None } else { fields.open_keys.get(key) };
            let written = match open {
                Some(text) => self.named(text),
                None => key.clone(),
            };
            let json = within(path, &written, |path| {
                if let Some(text) = open {
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
        if self.told.insert((path.to_owned(), name.clone())) {
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
        if let [Segment::Literal(literal)] = text.segments.as_slice() {
            return template::escape(literal);
        }
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
            Jinja::Rendered | Jinja::Native => {
                if jinja == Jinja::Native {
                    self.native.push((path.to_owned(), span));
                }
                let needs = jinja::names(&text.to_template());
                self.templates.push(Template { path: path.to_owned(), needs });
            }
        }
    }
}

/// The keyword that made every part of a list or dict which itself is nobody's.
fn shared_owner(node: &Node) -> Option<usize> {
    fn shared<'n>(mut parts: impl Iterator<Item = &'n Node>) -> Option<usize> {
        let first = parts.next()?.from?;
        parts.all(|part| part.from == Some(first)).then_some(first)
    }
    match &node.kind {
        NodeKind::List(items) => shared(items.iter()),
        NodeKind::Map(fields) if fields.class.is_none() => shared(fields.entries.values()),
        _ => None,
    }
}
