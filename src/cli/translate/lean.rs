//! Job specs, the usual output: each file's are written down as soon as it is read, and only their texts are kept, so
//! that a folder of ten thousand DAGs fits into little memory.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use anyhow::Result;

use super::{Made, nothing};
use crate::cli::messages::Messages;
use crate::diag::{Code, Diagnostic, Record, Severity};
use crate::emit::paths::{TaskName, task_paths};
use crate::emit::{JobSpecs, Notation, OutputFile};
use crate::python::Sources;
use crate::translate::{Options, Piece, Static, translate_with};

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

/// Translates and writes down, file by file.
pub(super) fn make(
    stages: &Static,
    options: &Options,
    notation: Notation,
    messages: &Messages,
) -> Result<Made> {
    let emitter = JobSpecs { notation };
    let says_all = messages.shows(Severity::Info);
    let keep = |piece: Piece<'_>| {
        *piece.accounts = Vec::new();
        *piece.dags = Vec::new();
        let unsaid =
            if says_all { Vec::new() } else { take_infos(piece.diagnostics, piece.sources) };
        // What is told must not show the credentials of these specs, so they stay to be looked into.
        let has_secrets = piece.diagnostics.iter().any(|told| told.code == Code::PlainSecret);
        let specs = if has_secrets { piece.specs.clone() } else { std::mem::take(piece.specs) };
        let texts = specs.into_iter().map(|spec| {
            let text = emitter.text(&spec, &piece.file.path);
            let about = spec.metadata;
            Text { dag: about.dag, task: about.task, map_index: about.map_index, text }
        });
        Kept { texts: texts.collect(), unsaid }
    };
    let (translation, kept) = translate_with(stages, options, keep).map_err(nothing)?;
    // Files that import the same helper repeat what there is to say about it.
    let unsaid: BTreeSet<u64> = kept.iter().flat_map(|file| &file.unsaid).copied().collect();
    let texts: Vec<Text> = kept.into_iter().flat_map(|file| file.texts).collect();
    let names: Vec<TaskName<'_>> = texts
        .iter()
        .map(|text| TaskName { dag: &text.dag, task: &text.task, map_index: text.map_index })
        .collect();
    let paths = task_paths(&names, emitter.extension());
    let files =
        texts.into_iter().zip(paths).map(|(text, path)| OutputFile { path, text: text.text });
    let files = files.collect();
    Ok(Made { translation, emitter: Box::new(emitter), files, unsaid: unsaid.len() })
}

/// Takes out the findings that nobody asked to see; to count them, one number for each is enough.
fn take_infos(diagnostics: &mut Vec<Diagnostic>, sources: &Sources) -> Vec<u64> {
    let is_info = |finding: &mut Diagnostic| finding.severity == Severity::Info;
    let numbers = diagnostics.extract_if(.., is_info).map(|finding| {
        let mut hasher = DefaultHasher::new();
        Record::of(&finding, sources).hash(&mut hasher);
        hasher.finish()
    });
    let numbers: BTreeSet<u64> = numbers.collect();
    diagnostics.shrink_to_fit();
    numbers.into_iter().collect()
}
