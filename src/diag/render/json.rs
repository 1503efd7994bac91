//! One JSON object per line, for machines. Characters are escaped by JSON's own rules.

use std::io;

use serde::Serialize;

use super::Render;
use crate::diag::escape::json_text;
use crate::diag::{Diagnostic, Record};
use crate::python::Sources;

/// One JSON object per finding, each on its own line, with `"type": "finding"`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json;

/// The line: the type first, so that a reader of the stream can tell findings from the summary.
#[derive(Serialize)]
struct Line {
    r#type: &'static str,
    #[serde(flatten)]
    record: Record,
}

impl Render for Json {
    fn render(
        &self,
        diagnostic: &Diagnostic,
        sources: &Sources,
        out: &mut dyn io::Write,
    ) -> io::Result<()> {
        let line = Line { r#type: "finding", record: Record::of(diagnostic, sources) };
        writeln!(out, "{}", json_text(&serde_json::to_string(&line)?))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::super::sample;
    use super::*;

    #[test]
    fn every_finding_is_one_object_on_one_line() {
        let text = sample::rendered(&Json);
        for line in text.lines() {
            let object: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(object.pointer("/type").unwrap(), "finding");
        }
        insta::assert_snapshot!(text);
    }
}
