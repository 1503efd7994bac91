//! What became of one file, written down and read back.
//!
//! Accounts and facts of DAGs are not written: whoever wants results kept has to be done with them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use indexmap::IndexSet;

use super::account::{OtherTask, Outcome};
use super::memory::Told;
use crate::cache::bytes::{Reader, Writer};
use crate::diag::{Code, Diagnostic, Severity};
use crate::discover::Input;
use crate::disk::Answer;
use crate::python::{Form, SourceId, Span};
use crate::spec::JobSpec;

const SEVERITIES: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Error];

/// Writes an outcome; `None` when it cannot be written down faithfully. `told` says how to restore a source.
pub(super) fn write(
    out: &mut Writer,
    outcome: &Outcome,
    told: impl Fn(SourceId) -> Option<Told>,
) -> Option<()> {
    let Outcome {
        file,
        specs,
        dags,
        accounts,
        diagnostics,
        others,
        ids,
        pods,
        is_told,
        written_in,
        mention,
        // Of a file that is read again, nothing is let go.
        is_shared: _,
    } = outcome;
    if !dags.is_empty() || !accounts.is_empty() {
        return None;
    }
    let places = diagnostics.iter().flat_map(Diagnostic::spans).chain(*mention);
    let used: IndexSet<SourceId> =
        places.filter(|span| span.is_some()).map(|span| span.source).collect();
    let sources: Option<Vec<Told>> = used.iter().map(|id| told(*id)).collect();
    out.list(&sources?, write_source);
    let number = |span: Span| used.get_index_of(&span.source).map_or(0, |at| at + 1);
    let span = |out: &mut Writer, span: Span| {
        out.size(number(span));
        out.number(u64::from(span.start));
        out.number(u64::from(span.end));
    };

    out.flag(file.read);
    for count in [file.dags, file.tasks, file.resolved, file.open, file.failed, *pods] {
        out.size(count);
    }
    out.flag(*is_told);
    out.flag(mention.is_some());
    if let Some(mention) = mention {
        span(out, *mention);
    }
    let specs: Option<Vec<String>> = specs.iter().map(json).collect();
    out.list(&specs?, |out, spec| out.text(spec));
    out.list(diagnostics, |out, finding| write_finding(out, finding, &span));
    out.list(others, write_other);
    out.list(ids, |out, (dag, task)| {
        out.text(dag);
        out.text(task);
    });
    out.list(written_in, |out, path| out.text(path));
    Some(())
}

/// Reads an outcome of the file `input`; `None` when it is not one or a source cannot be restored.
pub(super) fn read(
    from: &mut Reader<'_>,
    input: &Input,
    restore: impl Fn(Told) -> Option<SourceId>,
) -> Option<Outcome> {
    let sources: Vec<SourceId> = from.list(|from| restore(read_source(from)?))?;
    let span = |from: &mut Reader<'_>| {
        let source = match from.size()? {
            0 => Span::NONE.source,
            number => *sources.get(number - 1)?,
        };
        Some(Span { source, start: from.number32()?, end: from.number32()? })
    };

    let mut outcome = Outcome::new(input, from.flag()?);
    outcome.file.dags = from.size()?;
    outcome.file.tasks = from.size()?;
    outcome.file.resolved = from.size()?;
    outcome.file.open = from.size()?;
    outcome.file.failed = from.size()?;
    outcome.pods = from.size()?;
    outcome.is_told = from.flag()?;
    outcome.mention = if from.flag()? { Some(span(from)?) } else { None };
    outcome.specs = from.list(|from| serde_json::from_str(from.text()?).ok())?;
    outcome.diagnostics = from.list(|from| read_finding(from, &span))?;
    outcome.others = from.list(read_other)?;
    outcome.ids = from.list(|from| Some((from.string()?, from.string()?)))?;
    outcome.written_in = from.list::<_, BTreeSet<String>>(Reader::string)?;
    Some(outcome)
}

/// A job spec as JSON, if that can be read back as the same.
fn json(spec: &JobSpec) -> Option<String> {
    let text = serde_json::to_string(spec).ok()?;
    (serde_json::from_str::<JobSpec>(&text).ok()? == *spec).then_some(text)
}

fn write_finding(out: &mut Writer, finding: &Diagnostic, span: &impl Fn(&mut Writer, Span)) {
    let Diagnostic { code, severity, message, span: at, label, secondary, help, task, pod_path } =
        finding;
    out.size(*code as usize);
    out.size(SEVERITIES.iter().position(|known| known == severity).unwrap_or_default());
    out.text(message);
    span(out, *at);
    out.text(label);
    out.list(secondary, |out, (at, text)| {
        span(out, *at);
        out.text(text);
    });
    out.maybe_text(help.as_deref());
    out.flag(task.is_some());
    if let Some((dag, task)) = task {
        out.text(dag);
        out.text(task);
    }
    out.maybe_text(pod_path.as_deref());
}

fn read_finding(
    from: &mut Reader<'_>,
    span: &impl Fn(&mut Reader<'_>) -> Option<Span>,
) -> Option<Diagnostic> {
    Some(Diagnostic {
        code: *Code::ALL.get(from.size()?)?,
        severity: *SEVERITIES.get(from.size()?)?,
        message: from.string()?,
        span: span(from)?,
        label: from.string()?,
        secondary: from.list(|from| Some((span(from)?, from.string()?)))?,
        help: from.maybe_text()?,
        task: if from.flag()? { Some((from.string()?, from.string()?)) } else { None },
        pod_path: from.maybe_text()?,
    })
}

fn write_other(out: &mut Writer, other: &OtherTask) {
    let OtherTask { dag, task, operator, runs_pod, upstream, trigger_rule } = other;
    [dag, task, operator].into_iter().for_each(|text| out.text(text));
    out.flag(*runs_pod);
    out.list(upstream, |out, id| out.text(id));
    out.maybe_text(trigger_rule.as_deref());
}

fn read_other(from: &mut Reader<'_>) -> Option<OtherTask> {
    Some(OtherTask {
        dag: from.string()?,
        task: from.string()?,
        operator: from.string()?,
        runs_pod: from.flag()?,
        upstream: from.list(Reader::string)?,
        trigger_rule: from.maybe_text()?,
    })
}

fn write_source(out: &mut Writer, source: &Told) {
    out.text(&source.shown);
    out.flag(source.file.is_some());
    if let Some((path, form, content)) = &source.file {
        out.text(&path.to_string_lossy());
        match form {
            Form::Code => out.number(0),
            Form::Text { is_latin1, drops_mark, keeps_line_ends } => {
                out.number(1);
                [is_latin1, drops_mark, keeps_line_ends]
                    .into_iter()
                    .for_each(|flag| out.flag(*flag));
            }
        }
        out.raw(content.as_bytes());
    }
}

fn read_source(from: &mut Reader<'_>) -> Option<Told> {
    let shown = from.string()?;
    if !from.flag()? {
        return Some(Told { shown, file: None });
    }
    let path = PathBuf::from(from.text()?);
    let form = match from.number()? {
        0 => Form::Code,
        1 => Form::Text {
            is_latin1: from.flag()?,
            drops_mark: from.flag()?,
            keeps_line_ends: from.flag()?,
        },
        _ => return None,
    };
    let content = Answer::from_bytes(from.array()?);
    Some(Told { shown, file: Some((path, form, content)) })
}
