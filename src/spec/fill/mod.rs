//! Closing the holes of a job spec with supplied values.
//!
//! A hole inside a text becomes part of the text. A text that is one hole alone takes the type of its
//! field: an environment variable stays text, a port becomes a number. Values go in escaped, so a
//! filled spec is a job spec like any other and may be filled again; [`Filled::finish`] is the one
//! point where a spec without holes stops being a template and `$${` becomes `${`.

mod filler;
#[cfg(test)]
mod tests;
mod texts;

use serde_json::Value as Json;

use self::filler::{At, Filler, Takes};
use self::texts::unescape;
use super::schema::known;
use super::write::to_value;
use super::{JobSpec, OpenHole};
use crate::pointer::Pointer;
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
    let mut filler = Filler::new(values, &spec.holes, known());
    let mut value = to_value(spec);
    for (part, fields) in PARTS {
        let Some(Json::Object(map)) = value.get_mut(part) else { continue };
        let part = Pointer::default().key(part);
        if fields.is_empty() {
            *map = filler.map(std::mem::take(map), &At::unchanged(part));
            continue;
        }
        for field in fields {
            let here = At::unchanged(part.key(field));
            if let Some(inner) = map.get_mut(*field) {
                // The ids of a task cannot be nothing.
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
const PARTS: [(&str, &[&str]); 5] = [
    ("metadata", &["dag", "task", "upstream"]),
    ("client", &[]),
    ("run", &[]),
    ("launcher", &[]),
    ("job", &[]),
];

impl Filled {
    /// The final form, in which `$${` is `${`.
    ///
    /// # Errors
    /// Open holes and values that do not fit, each with its place.
    pub fn finish(self) -> Result<Finished, Unfinished> {
        if !self.open.is_empty() || !self.misfits.is_empty() {
            return Err(Unfinished { open: self.open, misfits: self.misfits });
        }
        Ok(self.finish_open())
    }

    /// The final form of a spec that may have holes left: they stand in its texts as `${kind:name}`, for
    /// people to replace. Nothing with such texts in it should ever be run.
    pub fn finish_open(self) -> Finished {
        let mut value = to_value(&self.spec);
        for (part, fields) in PARTS {
            let Some(Json::Object(map)) = value.get_mut(part) else { continue };
            for (key, inner) in map {
                if fields.is_empty() || fields.contains(&key.as_str()) {
                    unescape(inner);
                }
            }
        }
        // Texts become other texts, which changes no type.
        Finished(serde_json::from_value(value).unwrap_or(self.spec))
    }
}
