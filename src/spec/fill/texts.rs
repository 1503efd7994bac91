//! Between values and the texts of a template.

use serde_json::Value as Json;

use crate::eval::HoleKind;
use crate::eval::template::{self, Part};
use crate::secrets::is_secret_name;
use crate::spec::fits::OpenType;

/// Takes the escapes out of a value.
pub(super) fn unescape(value: &mut Json) {
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

/// The text a template stands for; holes that are left stay as `${kind:name}`.
pub(super) fn literal(text: &str) -> String {
    // Texts that are no templates were reported as misfits and stay as they are.
    let Ok(parts) = template::parse(text) else { return text.to_owned() };
    parts.iter().fold(String::new(), |mut out, part| {
        match part {
            Part::Literal(text) => out.push_str(text),
            Part::Hole { kind, name } => {
                out.push_str("${");
                out.push_str(&format!("{kind}:{name}"));
                out.push('}');
            }
        }
        out
    })
}

/// The texts inside a value, escaped.
pub(super) fn escaped(value: &Json) -> Json {
    match value {
        Json::String(text) => Json::String(template::escape(text)),
        Json::Array(items) => Json::Array(items.iter().map(escaped).collect()),
        Json::Object(map) => {
            map.iter().map(|(key, inner)| (template::escape(key), escaped(inner))).collect()
        }
        other => other.clone(),
    }
}

/// What a text may stand for, in the order in which fields are tried: itself before anything else.
pub(super) fn typed(text: &str) -> Vec<Json> {
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
pub(super) fn as_text(value: &Json) -> Option<String> {
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
pub(super) fn named(kind: HoleKind, name: &str, value: &Json) -> String {
    // A Connection holds a password, and of other lookups the name may promise a credential.
    if kind == HoleKind::Connection || is_secret_name(name) {
        return format!("the value of `{kind}:{name}`");
    }
    format!("value `{}` of `{kind}:{name}`", shown(value))
}

/// A value in words.
fn shown(value: &Json) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if text.chars().count() > 60 {
        format!("{}…", text.chars().take(59).collect::<String>())
    } else {
        text
    }
}
