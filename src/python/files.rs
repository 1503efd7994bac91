//! Files, read and parsed once.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Source, SourceId, Sources, ast, parse};
use crate::airflow::Limits;
use crate::diag::{Code, Diagnostic};

/// A file with its syntax tree.
#[derive(Debug)]
pub struct LoadedFile {
    /// Number of the source.
    pub id: SourceId,
    /// The source.
    pub source: Arc<Source>,
    /// Its tree.
    pub module: Arc<ast::Module>,
    /// Findings.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether it could be read.
    pub read: bool,
}

/// Files read so far.
#[derive(Debug, Default)]
pub struct Files {
    loaded: Mutex<BTreeMap<PathBuf, Arc<LoadedFile>>>,
}

impl Files {
    /// An empty cache.
    pub fn new(_limits: Limits) -> Self {
        Self::default()
    }
    /// Reads a file.
    pub fn load(&self, sources: &Sources, path: &Path, shown: &str) -> Arc<LoadedFile> {
        if let Some(file) = self.loaded.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            return Arc::clone(file);
        }
        let text = std::fs::read_to_string(path);
        let read = text.is_ok();
        let (id, source) = sources.add(Source::new(shown, text.unwrap_or_default()));
        let parsed = parse(&source, id);
        let mut diagnostics = parsed.diagnostics;
        if !read {
            let span = super::Span { source: id, start: 0, end: 0 };
            diagnostics.push(Diagnostic::new(Code::UnreadableFile, span, "file could not be read"));
        }
        let file = Arc::new(LoadedFile { id, source, module: parsed.module, diagnostics, read });
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), Arc::clone(&file));
        file
    }
}
