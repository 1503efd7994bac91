//! The lines of a pod as YAML, each with the place in the job spec that it shows.

use serde_json::{Map, Value as Json};

use crate::python::{Source, SourceId};
use crate::spec::{self, JobSpec, Pointer};
use crate::yaml::{self, Content, Node};

/// The part of a job spec that says how the pod is run, as YAML.
pub(super) fn pod_yaml(spec: &JobSpec) -> String {
    let Json::Object(mut parts) = spec::to_value(spec) else { return String::new() };
    let mut shown = Map::new();
    for part in ["client", "run", "launcher", "job"] {
        if let Some(value) = parts.remove(part) {
            shown.insert(part.to_owned(), value);
        }
    }
    yaml::document(&Json::Object(shown))
}

/// For each line of a YAML text the JSON pointer of what stands on it: of the innermost value that begins there, or
/// goes on from a line above.
pub(super) fn pointers(text: &str) -> Vec<String> {
    let mut lines: Vec<Option<String>> = vec![None; text.lines().count()];
    let source = Source::new("", text);
    if let Ok(documents) = yaml::read(SourceId(0), text)
        && let Some(document) = documents.first()
    {
        walk(document, &Pointer::default(), &source, &mut lines);
    }
    let mut last = String::new();
    lines
        .into_iter()
        .map(|line| {
            if let Some(line) = line {
                last = line;
            }
            last.clone()
        })
        .collect()
}

fn walk(node: &Node, pointer: &Pointer, source: &Source, lines: &mut [Option<String>]) {
    match &node.content {
        Content::Map(entries) => {
            for (key, value) in entries {
                let inner = pointer.key(&key.text);
                set(key.span.start, &inner, source, lines);
                walk(value, &inner, source, lines);
            }
        }
        Content::List(items) => {
            for (index, item) in items.iter().enumerate() {
                let inner = pointer.index(index);
                // A block begins with its first line, but its mark stands on the line above.
                let above = source.line(item.span.start).saturating_sub(1);
                let mark = source.text.get(source.line_range(above)).unwrap_or("").trim_start();
                if mark.starts_with("- |") && matches!(item.content, Content::Text(_)) {
                    let start = source.line_range(above).start;
                    set(u32::try_from(start).unwrap_or(u32::MAX), &inner, source, lines);
                }
                set(item.span.start, &inner, source, lines);
                if matches!(item.content, Content::Text(_)) {
                    open_block(item.span.start, &inner, source, lines);
                }
                walk(item, &inner, source, lines);
            }
        }
        _ => {}
    }
}

/// A block of text begins below the line with its `- |`, which belongs to it.
fn open_block(offset: u32, pointer: &Pointer, source: &Source, lines: &mut [Option<String>]) {
    let above = source.line(offset).saturating_sub(1);
    let opens = |line: &str| {
        line.trim_start().starts_with('-')
            && line.rsplit(' ').next().is_some_and(|last| last.starts_with(['|', '>']))
    };
    if above > 0
        && source.text.get(source.line_range(above)).is_some_and(|line| opens(line.trim_end()))
        && let Some(line) = lines.get_mut(above as usize - 1)
    {
        *line = Some(pointer.to_string());
    }
}

fn set(offset: u32, pointer: &Pointer, source: &Source, lines: &mut [Option<String>]) {
    if let Some(line) = lines.get_mut(source.line(offset).saturating_sub(1) as usize) {
        *line = Some(pointer.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_knows_what_it_shows() {
        let text = "\
run:
  namespace: data
  base_pod_spec:
    containers:
    - args:
      - a
      - |
        one
        two
      env:
      - name: A
        value: b
    'a/b': 1
";
        let pointers = pointers(text);
        let base = "/run/base_pod_spec";
        let item = "/run/base_pod_spec/containers/0";
        assert_eq!(
            pointers,
            [
                "/run".to_owned(),
                "/run/namespace".to_owned(),
                base.to_owned(),
                format!("{base}/containers"),
                format!("{item}/args"),
                format!("{item}/args/0"),
                format!("{item}/args/1"),
                format!("{item}/args/1"),
                format!("{item}/args/1"),
                format!("{item}/env"),
                format!("{item}/env/0/name"),
                format!("{item}/env/0/value"),
                format!("{base}/a~1b"),
            ]
        );
    }
}
