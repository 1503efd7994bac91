//! Job specs, the usual output: each file's are written down as soon as it is read, and only their texts are kept, so
//! that a folder of ten thousand DAGs fits into little memory.

use std::hash::{DefaultHasher, Hash, Hasher as _};

use anyhow::Result;

use super::{Made, TRANSLATED, nothing};
use crate::cache::bytes::{Reader, Writer};
use crate::cache::{Cache, Fingerprint};
use crate::diag::{Code, Diagnostic, Severity};
use crate::emit::paths::{TaskName, task_paths};
use crate::emit::{JobSpecs, Notation, OutputFile};
use crate::python::{Sources, Span};
use crate::spec::JobSpec;
use crate::translate::{Lasting, Options, Piece, Static, translate_kept, translate_with};

/// What is kept of one file.
struct Kept {
    texts: Vec<Text>,
    unsaid: Vec<u64>,
}

/// One job spec as text, with what names its file.
struct Text {
    dag: String,
    task: String,
    map_index: Option<u32>,
    text: String,
}

impl Lasting for Kept {
    fn write(&self, out: &mut Writer) {
        out.list(&self.texts, |out, Text { dag, task, map_index, text }| {
            [dag, task, text].into_iter().for_each(|part| out.text(part));
            out.flag(map_index.is_some());
            out.number(map_index.unwrap_or_default().into());
        });
        out.list(&self.unsaid, |out, number| out.raw(&number.to_le_bytes()));
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let texts = from.list(|from| {
            let (dag, task, text) = (from.string()?, from.string()?, from.string()?);
            let (is_mapped, index) = (from.flag()?, from.number32()?);
            Some(Text { dag, task, map_index: is_mapped.then_some(index), text })
        })?;
        let unsaid = from.list(|from| from.array().map(u64::from_le_bytes))?;
        Some(Self { texts, unsaid })
    }
}

/// What is kept of a file depends on this, too.
#[derive(Debug, Clone, Copy)]
pub(super) struct How {
    pub(super) notation: Notation,
    /// Whether findings that need no action are told rather than counted.
    pub(super) says_all: bool,
}

/// Translates and writes down, file by file; `tables` are the user's mapping tables as they are written.
pub(super) fn make(
    stages: &Static,
    options: &Options,
    how: &How,
    tables: &[(String, String)],
    cache: Option<&Cache>,
) -> Result<Made> {
    let How { notation, says_all } = *how;
    let emitter = JobSpecs { notation };
    let keep = |piece: Piece<'_>| {
        *piece.accounts = Vec::new();
        *piece.dags = Vec::new();
        *piece.needs_text = false;
        let unsaid =
            if says_all { Vec::new() } else { take_infos(piece.diagnostics, piece.sources) };
        let text = |spec: &JobSpec| {
            let mut text = emitter.text(spec, &piece.file.path);
            // It grew bit by bit, and stays until the end.
            text.shrink_to_fit();
            let about = &spec.metadata;
            let (dag, task, map_index) = (about.dag.clone(), about.task.clone(), about.map_index);
            Text { dag, task, map_index, text }
        };
        let texts = piece.specs.iter().map(text).collect();
        // What is told must not show the credentials of these specs, so they stay to be looked into.
        if piece.diagnostics.iter().all(|told| told.code != Code::PlainSecret) {
            *piece.specs = Vec::new();
        }
        Kept { texts, unsaid }
    };
    let (translation, kept, used) = match cache {
        None => translate_with(stages, options, keep)
            .map(|(translation, kept)| (translation, kept, None)),
        Some(cache) => {
            let mut about = Fingerprint::of_build();
            (emitter.extension(), says_all, tables).hash(&mut about);
            translate_kept(stages, options, cache, about, keep)
                .map(|(translation, kept, used)| (translation, kept, Some(used)))
        }
    }
    .map_err(|error| nothing(error, TRANSLATED))?;
    // Files that import the same helper repeat what there is to say about it.
    let mut unsaid: Vec<u64> = kept.iter().flat_map(|file| &file.unsaid).copied().collect();
    unsaid.sort_unstable();
    unsaid.dedup();
    let texts: Vec<Text> = kept.into_iter().flat_map(|file| file.texts).collect();
    let names: Vec<TaskName<'_>> = texts
        .iter()
        .map(|text| TaskName { dag: &text.dag, task: &text.task, map_index: text.map_index })
        .collect();
    let paths = task_paths(&names, emitter.extension());
    let files =
        texts.into_iter().zip(paths).map(|(text, path)| OutputFile { path, text: text.text });
    let files = files.collect();
    Ok(Made { translation, emitter: Box::new(emitter), files, unsaid: unsaid.len(), used })
}

/// Takes out the findings that nobody asked to see; to count them, one number for each is enough.
fn take_infos(diagnostics: &mut Vec<Diagnostic>, sources: &Sources) -> Vec<u64> {
    let is_info = |finding: &mut Diagnostic| finding.severity == Severity::Info;
    let mut numbers: Vec<u64> =
        diagnostics.extract_if(.., is_info).map(|told| number(&told, sources)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    diagnostics.shrink_to_fit();
    numbers
}

/// A number that only the same finding at the same place has.
fn number(finding: &Diagnostic, sources: &Sources) -> u64 {
    let Diagnostic { code, severity, message, span, label, secondary, help, task, pod_path } =
        finding;
    let mut hasher = DefaultHasher::new();
    let mut place = |span: &Span| {
        sources.get(span.source).map(|source| source.path.clone()).hash(&mut hasher);
        (span.start, span.end).hash(&mut hasher);
    };
    place(span);
    secondary.iter().for_each(|(span, _)| place(span));
    let texts: Vec<&str> = secondary.iter().map(|(_, text)| text.as_str()).collect();
    (code.as_str(), severity.as_str(), message, label, texts, help, task, pod_path)
        .hash(&mut hasher);
    hasher.finish()
}
