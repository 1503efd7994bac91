//! Findings and the summary line on standard error.

use std::io::{self, Write};

use clap::ValueEnum;
use serde::Serialize;

use super::{Ctx, Exit};
use crate::diag::escape::{json_text, visible};
use crate::diag::render::{Concise, Human, Json, Render};
use crate::diag::{Code, Diagnostic, Severity, Tally};
use crate::python::Sources;
use crate::report::without_credentials;
use crate::secrets;
use crate::translate::{Summary, Translation};
use crate::values::Values;
pub(super) use crate::words::count;

/// Reasons for refusing a file that are written.
const MOST_REASONS: usize = 100;

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum MessageFormat {
    /// With the lines of the DAG they are about.
    Human,
    /// One line each: `path:line:column: severity[code] message`.
    Concise,
    /// One JSON object per line; the last is the summary.
    Json,
}

/// Writes findings to standard error.
pub(super) struct Messages {
    pub(super) format: MessageFormat,
    /// Whether people see findings of severity info, too; machines always do.
    pub(super) verbose: bool,
}

impl Messages {
    /// Writes all findings.
    pub(super) fn findings(
        &self,
        findings: &[Diagnostic],
        sources: &Sources,
        ctx: &mut Ctx<'_>,
    ) -> io::Result<()> {
        let renderer: Box<dyn Render> = match self.format {
            MessageFormat::Human => Box::new(Human { color: ctx.color_err }),
            MessageFormat::Concise => Box::new(Concise),
            MessageFormat::Json => Box::new(Json),
        };
        let shown: Vec<&Diagnostic> =
            findings.iter().filter(|finding| self.shows(finding.severity)).collect();
        renderer.render_all(&shown, sources, &mut ctx.stderr)
    }

    /// Writes why a file is refused: the first reasons, and how many there are more. A file that was named by mistake is
    /// wrong in every line.
    pub(super) fn reasons(
        &self,
        findings: &[Diagnostic],
        sources: &Sources,
        ctx: &mut Ctx<'_>,
    ) -> io::Result<()> {
        let (first, rest) = findings.split_at(findings.len().min(MOST_REASONS));
        self.findings(first, sources, ctx)?;
        if rest.is_empty() {
            return Ok(());
        }
        self.note(&format!("{} in this file", count(rest.len(), "more error")), &mut ctx.stderr)
    }

    /// Writes the findings of a translation with these values. Its job specs hold credentials as the DAG and the values
    /// have them; what is told about them, which ends up in the logs of builds, does not.
    pub(super) fn findings_of(
        &self,
        translation: &Translation,
        values: &Values,
        ctx: &mut Ctx<'_>,
    ) -> io::Result<()> {
        let known = secrets::in_values(values);
        let is_plain = |finding: &Diagnostic| finding.code == Code::PlainSecret;
        if !known.is_empty() || translation.diagnostics.iter().any(is_plain) {
            let (findings, sources) = without_credentials(translation, &known);
            return self.findings(&findings, &sources, ctx);
        }
        self.findings(&translation.diagnostics, &translation.sources, ctx)
    }

    /// Whether findings of a severity are written.
    pub(super) fn shows(&self, severity: Severity) -> bool {
        self.verbose || self.format == MessageFormat::Json || severity > Severity::Info
    }

    /// Writes a remark about the run itself.
    pub(super) fn note(&self, text: &str, out: &mut dyn Write) -> io::Result<()> {
        if self.format == MessageFormat::Json {
            let json = serde_json::to_string(&Note { r#type: "note", message: text })?;
            return writeln!(out, "{}", json_text(&json));
        }
        writeln!(out, "note: {}", visible(text))
    }

    /// Writes the summary: a sentence, or the last JSON object.
    pub(super) fn summary(
        &self,
        summary: Summary,
        tally: Tally,
        exit: Exit,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        if self.format == MessageFormat::Json {
            let line = Line { r#type: "summary", summary, tally, exit: exit as u8 };
            serde_json::to_writer(&mut *out, &line)?;
            return writeln!(out);
        }
        writeln!(out, "{}", sentence(summary))?;
        let counts = self.counts(tally);
        if counts.is_empty() { Ok(()) } else { writeln!(out, "{counts}") }
    }

    fn counts(&self, tally: Tally) -> String {
        let counts = [
            (tally.errors, "error", ""),
            (tally.warnings, "warning", ""),
            (tally.infos, "note", if self.verbose { "" } else { " (shown with --verbose)" }),
        ];
        let texts: Vec<String> = counts
            .into_iter()
            .filter(|(number, ..)| *number > 0)
            .map(|(number, noun, hint)| format!("{}{hint}", count(number, noun)))
            .collect();
        texts.join(", ")
    }
}

#[derive(Serialize)]
struct Note<'a> {
    r#type: &'static str,
    message: &'a str,
}

#[derive(Serialize)]
struct Line {
    r#type: &'static str,
    #[serde(flatten)]
    summary: Summary,
    #[serde(flatten)]
    tally: Tally,
    exit: u8,
}

/// `2 files, 1 DAG, 3 tasks: 2 fully resolved, 1 with holes, 0 failed`.
fn sentence(summary: Summary) -> String {
    let unread = match summary.unread {
        0 => String::new(),
        unread => format!(" ({unread} not readable)"),
    };
    format!(
        "{}{unread}, {}, {}: {} fully resolved, {} with holes, {} failed",
        count(summary.files, "file"),
        count(summary.dags, "DAG"),
        count(summary.tasks, "task"),
        summary.resolved,
        summary.open,
        summary.failed,
    )
}
