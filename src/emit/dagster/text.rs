//! Values of a job spec as Python: texts with holes and Jinja become f-strings, the rest literals.

use std::collections::HashSet;

use minijinja::machinery::ast::Stmt;
use rustc_hash::FxHashMap;
use serde_json::Value as Json;

use super::jinja::{Expression, HOLE, Kind, Writer, between, split_holes};
use super::names::snake;
use super::python::{Piece, Py};
use super::scope::Import;
use crate::eval::HoleKind;
use crate::eval::template::{self, Part, has_jinja};
use crate::jinja;
use crate::kubernetes::{Models, Type};
use crate::spec::{JobSpec, OpenHole, Pointer};

/// Longest expression inside an f-string; a longer one gets a name.
const INLINE: usize = 40;

/// How the entries of a job spec end that only tell what has to be done by hand.
const NOTE: &str = ", then delete this line";

/// What a place in a job spec takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes<'a> {
    /// A value of the Kubernetes API.
    Typed(&'a Type),
    /// Any text.
    Text,
    /// Anything: what a hole holds there is read as JSON.
    Json,
}

/// The holes of a job spec by where they are and what they are called.
pub(super) struct Holes<'a> {
    by_place: FxHashMap<(&'a str, &'a str), &'a OpenHole>,
    by_name: FxHashMap<&'a str, &'a OpenHole>,
}

impl<'a> Holes<'a> {
    pub(super) fn of(spec: &'a JobSpec) -> Self {
        let (mut by_place, mut by_name) = (FxHashMap::default(), FxHashMap::default());
        for hole in &spec.holes {
            by_place.entry((&*hole.path, &*hole.name)).or_insert(hole);
            by_name.entry(&*hole.name).or_insert(hole);
        }
        Self { by_place, by_name }
    }

    /// The hole of this name at a place, or elsewhere.
    fn get(&self, path: &str, name: &str) -> Option<&'a OpenHole> {
        self.by_place.get(&(path, name)).or_else(|| self.by_name.get(name)).copied()
    }
}

/// The walk through the arguments of a job spec.
pub(super) struct Walk<'a, 'b> {
    /// Places of its templates.
    pub(super) templates: HashSet<&'a str>,
    pub(super) holes: Holes<'a>,
    pub(super) writer: Writer<'b>,
}

impl Walk<'_, '_> {
    /// A value as Python. `wish` is the name it gets if it needs one.
    pub(super) fn value(&mut self, value: &Json, at: &Pointer, takes: Takes<'_>, wish: &str) -> Py {
        match value {
            Json::Null => Py::code("None"),
            Json::Bool(flag) => Py::code(if *flag { "True" } else { "False" }),
            Json::Number(number) => Py::code(number.to_string()),
            Json::String(text) => self.text(text, at, takes, wish),
            Json::Array(items) => {
                let inner = match takes {
                    Takes::Typed(Type::List(inner)) => Takes::Typed(inner),
                    _ => Takes::Json,
                };
                let item = |(index, item): (usize, &Json)| {
                    self.value(item, &at.index(index), inner, &format!("{wish}_{}", index + 1))
                };
                Py::List(items.iter().enumerate().map(item).collect())
            }
            Json::Object(fields) => {
                let named =
                    fields.get("name").and_then(Json::as_str).filter(|name| !has_jinja(name));
                let entries = fields.iter().filter_map(|(key, value)| {
                    let here = at.key(key);
                    let wish = match (key.as_str(), named) {
                        ("value", Some(name)) => snake(name),
                        _ => snake(key),
                    };
                    if let Some(note) = value.as_str().and_then(|it| it.strip_suffix(NOTE)) {
                        let Writer { module, body, .. } = &mut self.writer;
                        body.give_up(module, "", key, &here.to_string(), note.to_owned());
                        return None;
                    }
                    let name = self.text(key, &here, Takes::Text, &format!("{wish}_key"));
                    Some((name, self.value(value, &here, field(takes, key), &wish)))
                });
                Py::Dict(entries.collect())
            }
        }
    }

    /// A text as Python.
    pub(super) fn text(&mut self, text: &str, at: &Pointer, takes: Takes<'_>, wish: &str) -> Py {
        let Ok(parts) = template::parse(text) else { return Py::str(text) };
        let path = at.to_string();
        let is_template = has_jinja(text) && self.templates.contains(path.as_str());
        if let [Part::Hole { kind, name }] = parts.as_slice() {
            return self.whole_hole(*kind, name, &path, takes);
        }
        let is_open = parts.iter().any(|part| matches!(part, Part::Hole { .. }));
        if !is_open && !is_template {
            let text = literal(&parts);
            return match self.writer.module.script(&text, self.writer.task.task) {
                Some(name) => Py::code(name),
                None => Py::str(text),
            };
        }
        let mut source = String::new();
        self.writer.holes.clear();
        for part in &parts {
            match part {
                Part::Literal(text) => source.push_str(text),
                Part::Hole { kind, name } => {
                    let index = u32::try_from(self.writer.holes.len()).unwrap_or_default();
                    source.extend(char::from_u32(HOLE + index));
                    let code = self.hole(*kind, name, &path);
                    self.writer.holes.push(code);
                }
            }
        }
        if !is_template {
            let pieces = self.raw(&source);
            return self.join(pieces, wish);
        }
        // What a template that is given up has asked for is not needed.
        let before = (self.writer.module.mark(), self.writer.body.mark());
        let pieces = jinja::read(&source)
            .map_err(|error| format!("the template cannot be read: {error}"))
            .and_then(|tree| self.statement(&tree));
        match pieces {
            Ok(pieces) => self.join(pieces, wish),
            Err(reason) => {
                let Writer { module, body, .. } = &mut self.writer;
                module.undo(before.0);
                body.undo(before.1);
                body.give_up(module, wish, text, &path, reason)
            }
        }
    }

    /// A text that is one hole: it takes the type of its place.
    fn whole_hole(&mut self, kind: HoleKind, name: &str, path: &str, takes: Takes<'_>) -> Py {
        let code = self.hole(kind, name, path);
        let is_text = match takes {
            Takes::Text => true,
            Takes::Typed(kind) => matches!(kind, Type::Str | Type::DateTime | Type::Object),
            Takes::Json => false,
        };
        if is_text {
            return Py::code(code);
        }
        self.writer.module.imports.insert(Import::Json);
        Py::apply("json.loads", vec![Py::code(code)])
    }

    /// The code for a hole.
    fn hole(&mut self, kind: HoleKind, name: &str, path: &str) -> String {
        let key = format!("{kind}:{name}");
        let known = self.holes.get(path, &key);
        let default = known.and_then(|hole| match &hole.default {
            Some(Json::String(text)) => Some(text.clone()),
            Some(Json::Number(number)) => Some(number.to_string()),
            _ => None,
        });
        if kind == HoleKind::Param {
            let default = known.and_then(|hole| hole.default.clone());
            if let Ok(param) = self.writer.param(name, default) {
                return param.text();
            }
        }
        let comment = known.map_or_else(String::new, |hole| match hole.source.as_str() {
            "" => hole.reason.clone(),
            source => format!("{}, {source}", hole.reason),
        });
        self.writer.module.lookup(kind, name, default, &comment)
    }

    /// The parts a template writes.
    fn statement(&mut self, statement: &Stmt<'_>) -> Result<Vec<Segment>, String> {
        match statement {
            Stmt::Template(it) => self.statements(&it.children),
            Stmt::EmitRaw(it) => Ok(self.raw(it.raw)),
            Stmt::EmitExpr(it) => Ok(vec![match self.writer.known_text(&it.expr) {
                Some(text) => Segment::Text(text),
                None => match self.writer.expression(&it.expr)? {
                    value if value.kind == Kind::Between => return Err(between()),
                    value => Segment::Value(value),
                },
            }]),
            Stmt::IfCond(it) => {
                let test = self.writer.expression(&it.expr)?;
                let mut branch = |body: &[Stmt<'_>]| -> Result<String, String> {
                    let parts = self.statements(body)?;
                    Ok(self.join(parts, "text").flat())
                };
                let (yes, no) = (branch(&it.true_body)?, branch(&it.false_body)?);
                let code = format!("{yes} if {} else {no}", test.code);
                Ok(vec![Segment::Value(Expression { code, kind: Kind::Text, is_atom: false })])
            }
            _ => Err("Jinja statements other than `if` are not carried over".to_owned()),
        }
    }

    fn statements(&mut self, all: &[Stmt<'_>]) -> Result<Vec<Segment>, String> {
        let mut parts = Vec::new();
        for statement in all {
            parts.extend(self.statement(statement)?);
        }
        Ok(parts)
    }

    /// Text with marks for holes.
    fn raw(&self, text: &str) -> Vec<Segment> {
        let hole = |index: usize| {
            let code = self.writer.holes.get(index).cloned().unwrap_or_default();
            Segment::Value(Expression { code, kind: Kind::Text, is_atom: true })
        };
        split_holes(text).into_iter().map(|part| part.map_or_else(hole, Segment::Text)).collect()
    }

    /// The parts as one expression.
    fn join(&mut self, parts: Vec<Segment>, wish: &str) -> Py {
        if let [Segment::Value(only)] = parts.as_slice() {
            let value = match only.kind {
                Kind::Text => Py::code(&only.code),
                _ => Py::apply("str", vec![Py::code(&only.code)]),
            };
            return match only.is_atom && only.code.len() <= INLINE {
                true => value,
                false => Py::code(self.writer.body.hoist(wish, value)),
            };
        }
        let mut pieces = Vec::new();
        let mut text = String::new();
        for part in parts {
            match part {
                Segment::Text(more) => text.push_str(&more),
                Segment::Value(value) => {
                    if !text.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut text)));
                    }
                    pieces.push(Piece::Value(self.inline(&value, wish)));
                }
            }
        }
        if pieces.is_empty() {
            return Py::str(text);
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        Py::Format(pieces)
    }

    /// An expression between the braces of an f-string: quotes, braces and colons cannot stand there in every
    /// release of Python, so what has them gets a name.
    fn inline(&mut self, value: &Expression, wish: &str) -> String {
        let code = value.code.as_str();
        let is_plain = |code: &str| !code.contains(['"', '\'', '{', '}', '\\', ':', '!', '\n']);
        if let Some((moment, format)) =
            code.strip_suffix("\")").and_then(|code| code.split_once(".strftime(\""))
            && is_plain(moment)
            && !format.contains(['"', '{', '}', '\\', '('])
            && moment.len() <= INLINE
        {
            return format!("{moment}:{format}");
        }
        if is_plain(code) && code.len() <= INLINE {
            return code.to_owned();
        }
        self.writer.body.hoist(&format!("{wish}_value"), Py::code(code))
    }
}

/// A part of a text in the making.
enum Segment {
    Text(String),
    Value(Expression),
}

fn literal(parts: &[Part]) -> String {
    parts.iter().fold(String::new(), |mut text, part| {
        if let Part::Literal(more) = part {
            text.push_str(more);
        }
        text
    })
}

/// What a field takes, from what its object is.
fn field<'a>(takes: Takes<'a>, key: &str) -> Takes<'a> {
    match takes {
        Takes::Typed(Type::Model(class)) => {
            let field = Models::get().class(class).and_then(|class| class.by_json(key));
            field.map_or(Takes::Text, |(_, field)| Takes::Typed(&field.kind))
        }
        Takes::Typed(Type::Dict(inner)) => Takes::Typed(inner),
        Takes::Typed(_) | Takes::Text => Takes::Text,
        Takes::Json => Takes::Json,
    }
}
