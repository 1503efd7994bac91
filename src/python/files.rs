//! Every file of a run is read, decoded and parsed once, however many DAGs import it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::ast::Module;
use super::decode::decode;
use super::origin::{Form, Origin};
use super::parse::{Parsed, parse};
use super::source::{Source, SourceId, Sources, Span};
use crate::diag::{Code, Diagnostic};
use crate::disk::{Answer, Disk, Question};

/// Bounds on what is read from disk.
#[derive(Debug, Clone, Copy)]
pub struct FileLimits {
    /// The largest file, in bytes.
    pub bytes: u64,
}

impl Default for FileLimits {
    /// 16 MiB: a hundred times the largest DAG file that people keep by hand.
    fn default() -> Self {
        Self { bytes: 16 << 20 }
    }
}

/// A file after reading, whether or not that went well.
#[derive(Debug)]
pub struct LoadedFile {
    /// The number of its source.
    pub id: SourceId,
    /// Its text; empty when it could not be read.
    pub source: Arc<Source>,
    /// Its statements; none when it could not be read.
    pub module: Arc<Module>,
    /// What went wrong, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether there was a text to parse.
    pub read: bool,
    /// What the disk answered when it was asked for the content, if anybody wanted to know.
    content: Option<Answer>,
}

impl LoadedFile {
    /// A file from bytes that are at hand, such as standard input.
    pub fn from_bytes(sources: &Sources, shown: &str, bytes: &[u8]) -> Self {
        Self::of(sources, shown, bytes, None)
    }

    fn of(sources: &Sources, shown: &str, bytes: &[u8], origin: Option<Origin>) -> Self {
        match decode(bytes) {
            Ok(decoded) => {
                let (id, source) = sources.add(Source::new(shown, decoded.text).from(origin));
                let Parsed { module, diagnostics } = parse(&source, id);
                Self { id, source, module, diagnostics, read: true, content: None }
            }
            Err(error) => {
                Self::unreadable(sources, shown, &error.to_string(), error.remedy().into_owned())
            }
        }
    }

    fn unreadable(sources: &Sources, shown: &str, message: &str, remedy: String) -> Self {
        let (id, source) = sources.add(Source::new(shown, ""));
        let span = Span { source: id, start: 0, end: 0 };
        let told = Diagnostic::new(Code::UnreadableFile, span, message).help(remedy);
        let module = Arc::new(Module { body: Vec::new() });
        Self { id, source, module, diagnostics: vec![told], read: false, content: None }
    }
}

/// A file once it is read.
type Slot = Arc<OnceLock<Arc<LoadedFile>>>;

/// A file, and how often it was asked for.
#[derive(Debug, Default)]
struct Asked {
    times: usize,
    slot: Slot,
}

/// The files of a run by path, shared between threads.
#[derive(Debug, Default)]
pub struct Files {
    limits: FileLimits,
    slots: Mutex<HashMap<PathBuf, Asked>>,
}

impl Files {
    /// An empty cache.
    pub fn new(limits: FileLimits) -> Self {
        Self { limits, slots: Mutex::default() }
    }

    /// The file at `path`, from the cache if it has been asked for before. Threads that ask for the same
    /// file wait for the first of them.
    ///
    /// `shown` is the path for people. It must depend on the path alone, because the first caller's is kept. With the
    /// path may come what was just read from it.
    pub fn load(
        &self,
        sources: &Sources,
        (path, bytes): (&Path, Option<&[u8]>),
        shown: &str,
        disk: &Disk,
    ) -> Arc<LoadedFile> {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            let asked = slots.entry(path.to_owned()).or_default();
            asked.times += 1;
            Arc::clone(&asked.slot)
        };
        let file = slot.get_or_init(|| Arc::new(self.read(sources, path, bytes, shown, disk)));
        // Whoever uses a file depends on its content, also when somebody else had it read.
        if let Some(content) = file.content {
            disk.note(Question::Content, path, || content);
        }
        Arc::clone(file)
    }

    /// Lets go of the file at `path`, whose syntax tree is many times its text. Whoever asks for it again has it
    /// read again. Returns how often it was asked for so far.
    pub fn forget(&self, path: &Path) -> usize {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(asked) = slots.get_mut(path) else { return 0 };
        asked.slot = Slot::default();
        asked.times
    }

    fn read(
        &self,
        sources: &Sources,
        path: &Path,
        bytes: Option<&[u8]>,
        shown: &str,
        disk: &Disk,
    ) -> LoadedFile {
        // `load` takes the answer down, for the first caller as for all others.
        let content = match bytes {
            Some(bytes) => Ok(Some(Cow::Borrowed(bytes))),
            None => crate::disk::read(path, self.limits.bytes).map(|found| found.map(Cow::Owned)),
        };
        let answer = disk.is_recording().then(|| Answer::of_content(&content));
        let file = match content {
            Ok(Some(bytes)) => {
                let origin = Origin { path: path.to_owned(), form: Form::Code };
                LoadedFile::of(sources, shown, &bytes, Some(origin))
            }
            Ok(None) => {
                let message = format!("file is larger than {} bytes", self.limits.bytes);
                let remedy = "Leave the file out if it is no DAG.".to_owned();
                LoadedFile::unreadable(sources, shown, &message, remedy)
            }
            Err(error) => {
                let message = format!("file could not be read: {}", reason(&error));
                let remedy = "Check that the path exists and that you may read it.".to_owned();
                LoadedFile::unreadable(sources, shown, &message, remedy)
            }
        };
        LoadedFile { content: answer, ..file }
    }
}

/// The operating system's wording differs between systems, so the usual reasons have one of their own.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        folder
    }

    #[test]
    fn a_file_is_parsed_once_even_by_many_threads() {
        let folder = folder(&[("a.py", b"x = 1\n")]);
        let (files, sources) = (Files::default(), Sources::default());
        let path = folder.path().join("a.py");
        let loaded: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| files.load(&sources, (&path, None), "a.py", &Disk::default()))
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(loaded.iter().all(|file| Arc::ptr_eq(file, &loaded[0])));
        assert_eq!(loaded[0].module.body.len(), 1);
        assert!(sources.get(SourceId(1)).is_none(), "one source only");
    }

    #[test]
    fn unreadable_files_say_why() {
        let folder = folder(&[("big.py", b"x = 12345\n"), ("latin.py", b"x = '\xe9'\n")]);
        let files = Files::new(FileLimits { bytes: 9 });
        let sources = Sources::default();
        let cases = [
            ("none.py", "file could not be read: no such file"),
            ("", "file could not be read: not a regular file"),
            ("big.py", "file is larger than 9 bytes"),
            ("latin.py", "byte 0xE9 in line 1 is not UTF-8"),
        ];
        for (name, message) in cases {
            let file =
                files.load(&sources, (&folder.path().join(name), None), name, &Disk::default());
            assert!(!file.read && file.module.body.is_empty(), "{name}");
            assert_eq!(file.diagnostics.len(), 1, "{name}");
            assert_eq!(file.diagnostics[0].code, Code::UnreadableFile, "{name}");
            assert_eq!(file.diagnostics[0].message, message);
            assert_eq!(sources.location(file.diagnostics[0].span).unwrap().path, name);
        }
    }

    #[test]
    fn a_byte_order_mark_moves_no_span() {
        let sources = Sources::default();
        let file = LoadedFile::from_bytes(&sources, "a.py", b"\xef\xbb\xbfx = 1\n");
        assert!(file.read && file.diagnostics.is_empty());
        assert_eq!(sources.snippet(file.module.body[0].span), "x = 1");
        assert_eq!(sources.place(file.module.body[0].span), "a.py:1");
    }
}
