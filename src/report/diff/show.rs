//! Values and sentences of a difference, for all formats.

use serde_json::Value as Json;

use super::model::{Change, Diff, Kind, TaskChange, Trend};
use crate::words::{count, shorten};

/// Characters of a value that are shown; the whole value is in the JSON.
const LONGEST: usize = 160;

/// A value on one line.
pub(super) fn value(value: &Json) -> String {
    let text = match value {
        Json::String(text) => text.clone(),
        Json::Object(fields) if fields.len() == 1 => match fields.get("valueFrom") {
            Some(from) => reference(from).unwrap_or_else(|| value.to_string()),
            None => value.to_string(),
        },
        other => other.to_string(),
    };
    shorten(&text, LONGEST)
}

/// `secret db/password` for where the value of a variable comes from.
fn reference(from: &Json) -> Option<String> {
    let fields = from.as_object().filter(|fields| fields.len() == 1)?;
    let (kind, inner) = fields.iter().next()?;
    let text = |key: &str| inner.get(key).and_then(Json::as_str);
    match kind.as_str() {
        "secretKeyRef" => Some(format!("secret {}/{}", text("name")?, text("key")?)),
        "configMapKeyRef" => Some(format!("config map {}/{}", text("name")?, text("key")?)),
        "fieldRef" => Some(format!("field {}", text("fieldPath")?)),
        _ => None,
    }
}

/// The values before and after. A change of a long text is shown around what is different in it.
pub(super) fn values(change: &Change) -> (Option<String>, Option<String>) {
    match (&change.old, &change.new) {
        (Some(Json::String(old)), Some(Json::String(new)))
            if old.len().max(new.len()) > LONGEST =>
        {
            let (old, new) = around(old, new);
            (Some(shorten(&old, LONGEST)), Some(shorten(&new, LONGEST)))
        }
        (Some(old @ Json::Array(_)), Some(new @ Json::Array(_))) => {
            let (old, new) = (old.to_string(), new.to_string());
            if old.len().max(new.len()) <= LONGEST {
                return (Some(old), Some(new));
            }
            let (old, new) = around(&old, &new);
            (Some(shorten(&old, LONGEST)), Some(shorten(&new, LONGEST)))
        }
        (old, new) => (old.as_ref().map(value), new.as_ref().map(value)),
    }
}

/// Two texts without most of what they have in common at their beginning.
fn around(old: &str, new: &str) -> (String, String) {
    const CONTEXT: usize = 30;
    let same = old.chars().zip(new.chars()).take_while(|(one, other)| one == other).count();
    let skip = same.saturating_sub(CONTEXT);
    let cut = |text: &str| {
        let rest: String = text.chars().skip(skip).collect();
        if skip == 0 { rest } else { format!("…{rest}") }
    };
    (cut(old), cut(new))
}

/// What a change of a credential says, which shows nothing.
pub(super) fn secret_note(change: &Change) -> Option<&'static str> {
    match (change.secret, &change.old, &change.new) {
        (true, Some(old), Some(new)) if old == new => Some("another credential"),
        _ => None,
    }
}

/// `dag.task`, or `dag.old -> dag.new`.
pub(super) fn name(task: &TaskChange) -> String {
    match (&task.old, &task.new) {
        (Some(old), Some(new)) if old != new => format!("{old} → {new}"),
        (_, Some(name)) | (Some(name), None) => name.to_string(),
        (None, None) => String::new(),
    }
}

/// Some tasks by their present names, the first few of them.
pub(super) fn names(tasks: &[&TaskChange], most: usize, write: impl Fn(&str) -> String) -> String {
    let name = |task: &&TaskChange| task.name().map(|name| write(&name.to_string()));
    let mut names: Vec<String> = tasks.iter().take(most).filter_map(name).collect();
    if tasks.len() > most {
        names.push(format!("{} more", tasks.len() - most));
    }
    names.join(", ")
}

/// `needs values → ready`, or the one that is known.
pub(super) fn readiness(task: &TaskChange) -> Option<String> {
    match (task.old_readiness, task.new_readiness) {
        (Some(old), Some(new)) if old != new => Some(format!("{} → {}", old.words(), new.words())),
        (None, Some(known)) if task.kind == Kind::Added => Some(known.words().to_owned()),
        (Some(known), None) if task.kind == Kind::Removed => Some(known.words().to_owned()),
        _ => None,
    }
}

/// One word for what happened, with the trend.
pub(super) fn verb(task: &TaskChange) -> &'static str {
    match (task.kind, task.trend) {
        (Kind::Changed, Some(Trend::Worse)) => "worse",
        (Kind::Changed, Some(Trend::Better)) => "better",
        (kind, _) => kind.as_str(),
    }
}

/// `2 tasks changed, 1 added; 1 got worse; 40 the same`.
pub(super) fn sentence(diff: &Diff) -> String {
    let summary = &diff.summary;
    let numbers = [
        (summary.changed, "changed"),
        (summary.renamed, "renamed"),
        (summary.added, "added"),
        (summary.removed, "removed"),
    ];
    let mut parts: Vec<String> = Vec::new();
    for (number, word) in numbers.into_iter().filter(|(number, _)| *number > 0) {
        let number = if parts.is_empty() { count(number, "task") } else { number.to_string() };
        parts.push(format!("{number} {word}"));
    }
    let mut text = if parts.is_empty() { "no task changed".to_owned() } else { parts.join(", ") };
    for (number, word) in [(summary.worse, "got worse"), (summary.better, "got better")] {
        if number > 0 {
            text.push_str(&format!("; {number} {word}"));
        }
    }
    let lost = diff.files.iter().filter(|file| !file.readable_now).count();
    let found = diff.files.len() - lost;
    for (number, what) in [(lost, "can no longer be read"), (found, "can be read now")] {
        if number > 0 {
            text.push_str(&format!("; {} {what}", count(number, "file")));
        }
    }
    format!("{text}; {} the same", summary.same)
}
