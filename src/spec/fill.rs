//! Closing the holes of a job spec with supplied values.
//!
//! A hole inside a text becomes part of the text. A text that is one hole alone takes the type of its
//! field: an environment variable stays text, a port becomes a number. Values go in escaped, so a
//! filled spec is a job spec like any other and may be filled again; [`Filled::finish`] is the one
//! point where a spec without holes stops being a template and `$${` becomes `${`.

use serde_json::{Map, Value as Json};

use super::fits::{OpenType, fits};
use super::pointer::Pointer;
use super::write::to_value;
use super::{JobSpec, OpenHole, schema};
use crate::eval::HoleKind;
use crate::eval::template::{self, Part};
use crate::values::Values;

/// What filling a job spec gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    /// The job spec; its `holes` are those still open.
    pub spec: JobSpec,
    /// Holes closed with the default of the code, because `use_defaults` asked for it.
    pub used_defaults: Vec<UsedDefault>,
    /// Holes that no value closes, in order of appearance.
    pub open: Vec<OpenHole>,
    /// Values that do not fit their place; the hole stays open there.
    pub misfits: Vec<Misfit>,
}

/// A hole closed with the default that the code gives.
#[derive(Debug, Clone, PartialEq)]
pub struct UsedDefault {
    /// JSON pointer of the text that held it.
    pub path: String,
    /// `kind:name`.
    pub name: String,
    /// The default.
    pub value: Json,
}

/// A value that does not fit its place, or a text that is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub struct Misfit {
    /// JSON pointer of the text.
    pub path: String,
    /// What does not fit.
    pub message: String,
}

/// A job spec in its final form: no holes, no escapes, ready for use. Its texts are no templates any
/// more, so it must not be written as a job spec file.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished(pub JobSpec);

/// Why a job spec cannot be used yet.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}", self.lines().join("\n"))]
pub struct Unfinished {
    /// Holes that no value closes.
    pub open: Vec<OpenHole>,
    /// Values that do not fit.
    pub misfits: Vec<Misfit>,
}

impl Unfinished {
    /// One line for each hole and each misfit.
    pub fn lines(&self) -> Vec<String> {
        let open = self.open.iter().map(|hole| {
            let from = if hole.source.is_empty() {
                String::new()
            } else {
                format!(" ({} in {})", hole.reason, hole.source)
            };
            let needs = if hole.needs.is_empty() {
                String::new()
            } else {
                format!("; it is computed from {}", hole.needs.join(", "))
            };
            format!("{}: `{}` has no value{from}{needs}", hole.path, hole.name)
        });
        open.chain(self.misfits.iter().map(ToString::to_string)).collect()
    }
}

/// Closes what `values` can close in `client`, `run`, `launcher` and the ids of `metadata`, keys of
/// maps included.
pub fn fill(spec: &JobSpec, values: &Values) -> Filled {
    let schema = schema();
    let mut filler = Filler {
        values,
        holes: &spec.holes,
        schema: &schema,
        used_defaults: Vec::new(),
        open: Vec::new(),
        left: Vec::new(),
        misfits: Vec::new(),
        moved: Vec::new(),
    };
    let mut value = to_value(spec);
    for (part, fields) in PARTS {
        let Some(Json::Object(map)) = value.get_mut(part) else { continue };
        let part = Pointer::default().key(part);
        if fields.is_empty() {
            *map = filler.map(std::mem::take(map), &At { old: part.clone(), new: part });
            continue;
        }
        for field in fields {
            let here = part.key(field);
            if let Some(inner) = map.get_mut(*field) {
                // The ids of a task cannot be nothing.
                let here = At { old: here.clone(), new: here };
                *inner = filler.value(inner.take(), &here, Takes::Item).unwrap_or_default();
            }
        }
    }
    let mut templates = spec.templates.clone();
    for template in &mut templates {
        template.path = filler.new_path(&template.path);
    }
    let Filler { used_defaults, open, mut left, mut misfits, .. } = filler;
    let mut filled = serde_json::from_value(value).unwrap_or_else(|error| {
        // Every value was checked against its field, so this is unreachable in all but name; the spec
        // as it was is still right.
        misfits.push(Misfit { path: String::new(), message: error.to_string() });
        left.clone_from(&spec.holes);
        spec.clone()
    });
    filled.templates = templates;
    filled.holes = left;
    Filled { spec: filled, used_defaults, open, misfits }
}

/// The parts of a job spec whose texts are templates, and which fields of them; none means all.
const PARTS: [(&str, &[&str]); 4] =
    [("metadata", &["dag", "task", "upstream"]), ("client", &[]), ("run", &[]), ("launcher", &[])];

impl Filled {
    /// The final form, in which `$${` is `${`.
    ///
    /// # Errors
    /// Open holes and values that do not fit, each with its place.
    pub fn finish(self) -> Result<Finished, Unfinished> {
        if !self.open.is_empty() || !self.misfits.is_empty() {
            return Err(Unfinished { open: self.open, misfits: self.misfits });
        }
        let mut value = to_value(&self.spec);
        for (part, fields) in PARTS {
            let Some(Json::Object(map)) = value.get_mut(part) else { continue };
            for (key, inner) in map {
                if fields.is_empty() || fields.contains(&key.as_str()) {
                    unescape(inner);
                }
            }
        }
        match serde_json::from_value(value) {
            Ok(spec) => Ok(Finished(spec)),
            Err(error) => Err(Unfinished {
                open: Vec::new(),
                misfits: vec![Misfit { path: String::new(), message: error.to_string() }],
            }),
        }
    }
}

/// Takes the escapes out of a value without holes.
fn unescape(value: &mut Json) {
    match value {
        Json::String(text) => *text = literal(text),
        Json::Array(items) => items.iter_mut().for_each(unescape),
        Json::Object(map) => {
            *map = std::mem::take(map)
                .into_iter()
                .map(|(key, mut inner)| {
                    unescape(&mut inner);
                    (literal(&key), inner)
                })
                .collect();
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

fn literal(text: &str) -> String {
    match template::parse(text).as_deref() {
        Ok([]) => String::new(),
        Ok([Part::Literal(text)]) => text.clone(),
        // Filling left neither holes nor malformed texts behind.
        _ => text.to_owned(),
    }
}

/// The texts inside a value, escaped.
fn escaped(value: &Json) -> Json {
    match value {
        Json::String(text) => Json::String(template::escape(text)),
        Json::Array(items) => Json::Array(items.iter().map(escaped).collect()),
        Json::Object(map) => {
            map.iter().map(|(key, inner)| (template::escape(key), escaped(inner))).collect()
        }
        other => other.clone(),
    }
}

struct Filler<'a> {
    values: &'a Values,
    holes: &'a [OpenHole],
    schema: &'a Json,
    used_defaults: Vec<UsedDefault>,
    open: Vec<OpenHole>,
    /// Every hole still in a text: those open and those whose value does not fit.
    left: Vec<OpenHole>,
    misfits: Vec<Misfit>,
    /// Paths that a filled key changes, before and after.
    moved: Vec<(String, String)>,
}

/// A place before and after the keys above it are filled.
#[derive(Clone)]
struct At {
    old: Pointer,
    new: Pointer,
}

/// What may stand at a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// Only text: a key.
    Text,
    /// What the field takes; an item of a list cannot be nothing.
    Item,
    /// What the field takes, or nothing at all.
    Member,
}

impl At {
    fn index(&self, index: usize) -> Self {
        Self { old: self.old.index(index), new: self.new.index(index) }
    }
}

impl Filler<'_> {
    /// A value with its holes closed; `None` when it is closed with nothing and has to go.
    fn value(&mut self, value: Json, at: &At, takes: Takes) -> Option<Json> {
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

    fn map(&mut self, map: Map<String, Json>, at: &At) -> Map<String, Json> {
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
            let message = format!("value `{}` of `{kind}:{name}` does not fit here", shown(value));
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
                        let message =
                            format!("value `{}` of `{kind}:{name}` is no text", shown(value));
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
        let has_jinja = filled.contains("{{") || filled.contains("{%");
        if open || has_jinja {
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
        if let Some(value) = hole.default.clone().filter(|_| self.values.use_defaults) {
            let used = UsedDefault { path: hole.path, name: hole.name, value: value.clone() };
            self.used_defaults.push(used);
            return Some(value);
        }
        self.left.push(hole.clone());
        self.open.push(hole);
        None
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
    fn new_path(&self, path: &str) -> String {
        // Keys are filled from the outside in, so the last match is the longest.
        let within = |old: &str| {
            path.strip_prefix(old).filter(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let found = self.moved.iter().rev().find_map(|(old, new)| Some((within(old)?, new)));
        found.map_or_else(|| path.to_owned(), |(rest, new)| format!("{new}{rest}"))
    }
}

/// What a text may stand for, in the order in which fields are tried: itself before anything else.
fn typed(text: &str) -> Vec<Json> {
    let number = text.trim().parse().map(|number: i64| Json::Number(number.into())).ok();
    let known = [OpenType::Bool.parse(text), number, OpenType::Number.parse(text)];
    // A Variable that holds JSON, for a field that is a list or a map.
    let json =
        serde_json::from_str(text).ok().filter(|json: &Json| json.is_array() || json.is_object());
    let mut candidates = vec![Json::String(text.to_owned())];
    candidates.extend(known.into_iter().flatten().chain(json));
    candidates
}

/// What Python's `str` makes of a value, where that is beyond doubt.
fn as_text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Bool(true) => Some("True".to_owned()),
        Json::Bool(false) => Some("False".to_owned()),
        Json::Number(number) => {
            // Beyond these bounds Python writes an exponent of its own style.
            let plain =
                number.as_f64().is_some_and(|n| n == 0.0 || (1e-4..1e16).contains(&n.abs()));
            (plain || number.is_i64() || number.is_u64()).then(|| number.to_string())
        }
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// A value for a message.
fn shown(value: &Json) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if text.chars().count() > 60 {
        format!("{}…", text.chars().take(59).collect::<String>())
    } else {
        text
    }
}
