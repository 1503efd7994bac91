//! The walk through a job spec that replaces holes by values.

use serde_json::{Map, Value as Json};

use super::texts::{as_text, escaped, literal, named, typed};
use super::{Misfit, UsedDefault};
use crate::eval::template::{self, Part};
use crate::eval::{HoleKind, slash};
use crate::pointer::Pointer;
use crate::spec::OpenHole;
use crate::spec::fits::fits;
use crate::values::{Unset, Values};

pub(super) struct Filler<'a> {
    values: &'a Values,
    holes: &'a [OpenHole],
    schema: &'a Json,
    pub(super) used_defaults: Vec<UsedDefault>,
    pub(super) open: Vec<OpenHole>,
    /// Every hole still in a text: those open and those whose value does not fit.
    pub(super) left: Vec<OpenHole>,
    pub(super) misfits: Vec<Misfit>,
    /// Paths that a filled key changes, before and after.
    moved: Vec<(String, String)>,
}

/// A place before and after the keys above it are filled.
#[derive(Clone)]
pub(super) struct At {
    old: Pointer,
    new: Pointer,
}

/// What may stand at a place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// Only text: a key.
    Text,
    /// What the field takes; an item of a list cannot be nothing.
    Item,
    /// What the field takes, or nothing at all.
    Member,
}

impl At {
    /// A place above which no key has changed.
    pub(super) fn unchanged(at: Pointer) -> Self {
        Self { old: at.clone(), new: at }
    }

    fn index(&self, index: usize) -> Self {
        Self { old: self.old.index(index), new: self.new.index(index) }
    }
}

impl<'a> Filler<'a> {
    /// The walk before its first step.
    pub(super) fn new(values: &'a Values, holes: &'a [OpenHole], schema: &'a Json) -> Self {
        Self {
            values,
            holes,
            schema,
            used_defaults: Vec::new(),
            open: Vec::new(),
            left: Vec::new(),
            misfits: Vec::new(),
            moved: Vec::new(),
        }
    }

    /// A value with its holes closed; `None` when it is closed with nothing and has to go.
    pub(super) fn value(&mut self, value: Json, at: &At, takes: Takes) -> Option<Json> {
        match value {
            Json::String(text) => self.text(text, at, takes),
            Json::Array(items) => {
                let items = items.into_iter().enumerate();
                let items =
                    items.filter_map(|(i, item)| self.value(item, &at.index(i), Takes::Item));
                Some(Json::Array(items.collect()))
            }
            Json::Object(map) => Some(Json::Object(self.map(map, at))),
            scalar => Some(scalar),
        }
    }

    /// A map with its holes closed, in keys and in values.
    pub(super) fn map(&mut self, map: Map<String, Json>, at: &At) -> Map<String, Json> {
        let keys: Vec<String> = map.keys().map(|key| self.key(key, at)).collect();
        let mut filled = Map::new();
        for ((old_key, value), mut key) in map.into_iter().zip(&keys) {
            let here = at.old.key(&old_key);
            if *key != old_key && keys.iter().filter(|other| *other == key).count() > 1 {
                self.misfit(&here.to_string(), format!("another key is `{key}` too"));
                key = &old_key;
            }
            let here = At { old: here, new: at.new.key(key) };
            if *key != old_key {
                self.moved.push((here.old.to_string(), here.new.to_string()));
            }
            let key = key.clone();
            if let Some(value) = self.value(value, &here, Takes::Member) {
                filled.insert(key, value);
            }
        }
        filled
    }

    fn key(&mut self, key: &str, at: &At) -> String {
        let at = At { old: at.old.key(key), new: at.new.key(key) };
        match self.text(key.to_owned(), &at, Takes::Text) {
            Some(Json::String(text)) => text,
            _ => key.to_owned(),
        }
    }

    fn misfit(&mut self, path: &str, message: String) {
        self.misfits.push(Misfit { path: path.to_owned(), message });
    }

    fn text(&mut self, text: String, at: &At, takes: Takes) -> Option<Json> {
        let parts = match template::parse(&text) {
            Ok(parts) => parts,
            Err(error) => {
                self.misfit(&at.new.to_string(), error.to_string());
                return Some(Json::String(text));
            }
        };
        match parts.as_slice() {
            [] | [Part::Literal(_)] => Some(Json::String(text)),
            [Part::Hole { kind, name }] => match self.lookup(*kind, name, at) {
                Some(value) => self.alone(&value, text, *kind, name, at, takes),
                None => Some(Json::String(text)),
            },
            _ => Some(self.mixed(&parts, at, takes)),
        }
    }

    /// Fills a text that is one hole.
    fn alone(
        &mut self,
        value: &Json,
        text: String,
        kind: HoleKind,
        name: &str,
        at: &At,
        takes: Takes,
    ) -> Option<Json> {
        if value.is_null() && takes == Takes::Member {
            return None;
        }
        let candidates = match value {
            Json::String(given) => typed(given),
            Json::Null => Vec::new(),
            other => [Some(other.clone()), as_text(other).map(Json::String)]
                .into_iter()
                .flatten()
                .collect(),
        };
        let found = candidates.into_iter().find(|candidate| self.fits(at, candidate, takes));
        if found.is_none() {
            let message = format!("{} does not fit here", named(kind, name, value));
            self.misfit(&at.new.to_string(), message);
            self.leave(kind, name, at);
            return Some(Json::String(text));
        }
        found.map(|value| escaped(&value))
    }

    /// Fills the holes of a text with more in it than one hole.
    fn mixed(&mut self, parts: &[Part], at: &At, takes: Takes) -> Json {
        let mut filled = String::new();
        let mut open = false;
        for part in parts {
            match part {
                Part::Literal(text) => template::push_literal(&mut filled, text),
                Part::Hole { kind, name } => {
                    let value = self.lookup(*kind, name, at);
                    let text = value.as_ref().and_then(as_text);
                    if let (Some(value), None) = (&value, &text) {
                        let message = format!("{} is no text", named(*kind, name, value));
                        self.misfit(&at.new.to_string(), message);
                        self.leave(*kind, name, at);
                    }
                    if let Some(text) = text {
                        template::push_literal(&mut filled, &text);
                    } else {
                        template::push_hole(&mut filled, *kind, name);
                        open = true;
                    }
                }
            }
        }
        if open || template::has_jinja(&filled) {
            return Json::String(filled);
        }
        let found = typed(&literal(&filled)).into_iter().find(|value| self.fits(at, value, takes));
        if let Some(value) = found {
            return escaped(&value);
        }
        self.misfit(&at.new.to_string(), format!("`{}` does not fit here", literal(&filled)));
        Json::String(filled)
    }

    fn fits(&self, at: &At, value: &Json, takes: Takes) -> bool {
        match takes {
            Takes::Text => value.is_string(),
            Takes::Item | Takes::Member => fits(self.schema, &at.new, value),
        }
    }

    /// The value of a hole; without one, the hole is put down as open.
    fn lookup(&mut self, kind: HoleKind, name: &str, at: &At) -> Option<Json> {
        if let Some(value) = self.values.get(kind, name) {
            return Some(value);
        }
        let hole = self.described(kind, name, at);
        if let Some(value) = self.with_slash(kind, &hole) {
            return Some(value);
        }
        if let Some(value) = hole.default.clone().filter(|_| self.values.unset != Unset::Hole) {
            let used = UsedDefault { path: hole.path, name: hole.name, value: value.clone() };
            self.used_defaults.push(used);
            return Some(value);
        }
        self.left.push(hole.clone());
        self.open.push(hole);
        None
    }

    /// A part of a path whose slash depends on it: the value of the lookup in it, with that slash.
    fn with_slash(&self, kind: HoleKind, hole: &OpenHole) -> Option<Json> {
        let (_, name) = hole.name.split_once(':')?;
        let (lookup, is_first) = slash::part(kind, name)?;
        let (inner, inner_name) = lookup.split_once(':')?;
        if hole.needs != [lookup] {
            return None;
        }
        let value = self.values.get(HoleKind::parse(inner)?, inner_name)?;
        Some(Json::String(slash::with_slash(value.as_str()?, is_first)))
    }

    /// Puts a hole down that keeps its place although it has a value.
    fn leave(&mut self, kind: HoleKind, name: &str, at: &At) {
        let hole = self.described(kind, name, at);
        self.left.push(hole);
    }

    /// What the spec says of a hole: here, or wherever else it is named.
    fn described(&self, kind: HoleKind, name: &str, at: &At) -> OpenHole {
        let key = format!("{kind}:{name}");
        let path = at.old.to_string();
        let named = || self.holes.iter().filter(|hole| hole.name == key);
        let known = named().find(|hole| hole.path == path).or_else(|| named().next()).cloned();
        let known = known.unwrap_or_else(|| OpenHole {
            path: String::new(),
            name: key,
            reason: "written into the job spec".to_owned(),
            source: String::new(),
            default: None,
            needs: Vec::new(),
        });
        OpenHole { path: at.new.to_string(), ..known }
    }

    /// Where a path leads after keys were filled.
    pub(super) fn new_path(&self, path: &str) -> String {
        // Keys are filled from the outside in, so the last match is the longest.
        let within = |old: &str| {
            path.strip_prefix(old).filter(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let found = self.moved.iter().rev().find_map(|(old, new)| Some((within(old)?, new)));
        found.map_or_else(|| path.to_owned(), |(rest, new)| format!("{new}{rest}"))
    }
}
