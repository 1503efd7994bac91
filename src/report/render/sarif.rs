//! Findings as SARIF 2.1.0, which code-scanning services show beside the code.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::Judged;
use crate::diag::Code;
use crate::report::model::{Finding, Level};

/// Writes findings as SARIF 2.1.0. Ignored ones are in it as suppressed; with a baseline, each says whether it is new.
pub fn sarif(findings: &[Judged<'_>], has_baseline: bool) -> String {
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for judged in findings {
        rules.entry(judged.finding.code.as_str()).or_default();
    }
    for (index, position) in rules.values_mut().enumerate() {
        *position = index;
    }
    let results: Vec<Json> = findings.iter().map(|one| result(one, &rules, has_baseline)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "podlift",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.keys().map(|code| rule(code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "originalUriBaseIds": {"%SRCROOT%": {
                "description": {"text": "The folder podlift was started in."}
            }},
            "results": results,
        }],
    });
    crate::diag::escape::pretty_json(&log).unwrap_or_default()
}

fn rule(code: &str) -> Json {
    let Some(known) = Code::parse(code) else { return json!({"id": code}) };
    let explanation: Vec<&str> = known.explanation().lines().map(str::trim).collect();
    json!({
        "id": code,
        "name": format!("{known:?}"),
        "shortDescription": {"text": known.title()},
        "fullDescription": {"text": explanation.join(" ").trim()},
        "help": {"text": known.remedy()},
        "defaultConfiguration": {"level": level(known.severity().into())},
    })
}

fn result(judged: &Judged<'_>, rules: &BTreeMap<&str, usize>, has_baseline: bool) -> Json {
    let finding = judged.finding;
    let text = match &finding.help {
        Some(help) => format!("{}\n\n{help}", finding.message),
        None => finding.message.clone(),
    };
    let mut result = fields(json!({
        "ruleId": finding.code,
        "ruleIndex": rules.get(finding.code.as_str()),
        "level": level(finding.severity),
        "message": {"text": text},
        "locations": location(finding).into_iter().collect::<Vec<_>>(),
        "partialFingerprints": {"podlift/v1": finding.fingerprint},
    }));
    if let Some(reason) = &finding.ignored {
        let kind = if reason == crate::config::FILE { "external" } else { "inSource" };
        let suppressions = json!([{"kind": kind, "justification": reason}]);
        result.insert("suppressions".to_owned(), suppressions);
    }
    if has_baseline {
        let state = if judged.is_new { "new" } else { "unchanged" };
        result.insert("baselineState".to_owned(), state.into());
    }
    let properties: Map<String, Json> =
        [("dag", &finding.dag), ("task", &finding.task), ("podPath", &finding.pod_path)]
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), json!(value.as_ref()?))))
            .collect();
    if !properties.is_empty() {
        result.insert("properties".to_owned(), Json::Object(properties));
    }
    Json::Object(result)
}

/// The fields of an object.
fn fields(object: Json) -> Map<String, Json> {
    match object {
        Json::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Info => "note",
        Level::Warning => "warning",
        Level::Error => "error",
    }
}

fn location(finding: &Finding) -> Option<Json> {
    let file = finding.file.as_ref()?;
    let mut place = fields(json!({
        "artifactLocation": {"uri": uri(file), "uriBaseId": "%SRCROOT%"},
    }));
    if finding.line > 0 {
        let region = json!({
            "startLine": finding.line,
            "startColumn": finding.column.max(1),
            "endLine": finding.end_line.max(finding.line),
            "endColumn": finding.end_column.max(1),
        });
        place.insert("region".to_owned(), region);
    }
    Some(json!({"physicalLocation": place}))
}

/// A relative path as a URI reference.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uri_references() {
        assert_eq!(uri("dags/größe 1.py"), "dags/gr%C3%B6%C3%9Fe%201.py");
        assert_eq!(uri("a:b/c.py"), "a%3Ab/c.py");
    }
}
