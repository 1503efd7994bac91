//! The file system as a DAG file sees it while it is evaluated, and a record of what it saw.
//!
//! Evaluating a file depends on nothing but its settings and the answers the disk gives. Whoever keeps a result for
//! later therefore has to know every question that was asked, those whose answer was "there is no such file"
//! included: a module that appears later may shadow another. So evaluation looks at the disk through [`Disk`] alone,
//! and a [`Disk`] that records can tell afterwards what it was asked.

mod open;
mod seen;

pub(crate) use open::regular;
pub use open::{ends, ends_with_line, feed, named};
pub use seen::{Answer, Observation, Question, Seen};

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, PoisonError, RwLock};

use rustc_hash::FxBuildHasher;

/// What is at a path, links followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing that can be looked at.
    Missing,
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A pipe, a device or the like.
    Other,
}

/// A name in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: OsString,
    /// Whether it is a folder or leads to one.
    pub is_folder: bool,
    /// Whether it is a link.
    pub is_link: bool,
}

/// Bounds on what is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The largest file that is read, in bytes.
    pub bytes: u64,
    /// How many entries of a folder are looked at.
    pub entries: usize,
}

/// The file system during one run. A thousand DAG files ask the same of the folders around them, so the system is asked
/// once, and all of them see the same disk.
#[derive(Debug, Default)]
pub struct World {
    kinds: RwLock<HashMap<PathBuf, Kind, FxBuildHasher>>,
    reals: RwLock<HashMap<PathBuf, Option<PathBuf>, FxBuildHasher>>,
}

impl World {
    /// The disk for one evaluation; one that records can tell afterwards what it was asked.
    pub fn disk(self: &Arc<Self>, is_recording: bool) -> Disk {
        Disk { world: Arc::clone(self), seen: is_recording.then(Rc::default) }
    }

    fn kind(&self, path: &Path) -> Kind {
        remembered(&self.kinds, path, kind)
    }

    fn real(&self, path: &Path) -> Option<PathBuf> {
        remembered(&self.reals, path, |path| path.canonicalize().ok())
    }
}

/// An answer that was given before, or the system's.
fn remembered<T: Clone>(
    known: &RwLock<HashMap<PathBuf, T, FxBuildHasher>>,
    path: &Path,
    ask: impl FnOnce(&Path) -> T,
) -> T {
    if let Some(answer) = known.read().unwrap_or_else(PoisonError::into_inner).get(path) {
        return answer.clone();
    }
    let answer = ask(path);
    let mut known = known.write().unwrap_or_else(PoisonError::into_inner);
    // Somebody else may have asked meanwhile; all have to see the same.
    known.entry(path.to_owned()).or_insert(answer).clone()
}

/// The file system as one evaluation sees it. Clones record into the same place.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    world: Arc<World>,
    seen: Option<Rc<RefCell<Seen>>>,
}

impl Disk {
    /// Whether what is asked is taken down.
    pub fn is_recording(&self) -> bool {
        self.seen.is_some()
    }

    /// What was asked so far, with the answers; nothing for a disk that does not record.
    pub fn take(&self) -> Seen {
        self.seen.as_ref().map(|seen| seen.take()).unwrap_or_default()
    }

    /// What is at a path.
    pub fn kind(&self, path: &Path) -> Kind {
        let kind = self.world.kind(path);
        self.note(Question::Kind, path, || Answer::of_kind(kind));
        kind
    }

    /// Whether a regular file is at a path.
    pub fn is_file(&self, path: &Path) -> bool {
        self.kind(path) == Kind::File
    }

    /// Whether a folder is at a path.
    pub fn is_dir(&self, path: &Path) -> bool {
        self.kind(path) == Kind::Folder
    }

    /// Whether anything is at a path.
    pub fn exists(&self, path: &Path) -> bool {
        self.kind(path) != Kind::Missing
    }

    /// Where a path leads when links are followed; `None` for what is not there.
    pub fn real(&self, path: &Path) -> Option<PathBuf> {
        let real = self.world.real(path);
        self.note(Question::Real, path, || Answer::of_real(real.as_deref()));
        real
    }

    /// Whether a path itself is a link.
    pub fn is_link(&self, path: &Path) -> bool {
        let is_link = path.is_symlink();
        self.note(Question::Link, path, || Answer::of_link(is_link));
        is_link
    }

    /// The content of a regular file, `None` for one of more than `longest` bytes. Anything but a regular file (a
    /// pipe, a device) could block or never end.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&self, path: &Path, longest: u64) -> io::Result<Option<Vec<u8>>> {
        let content = read(path, longest);
        self.note(Question::Content, path, || Answer::of_content(&content));
        content
    }

    /// The entries of a folder in no particular order, at most so many; `None` for what cannot be listed.
    pub fn entries(&self, path: &Path, most: usize) -> Option<Vec<Entry>> {
        let entries = entries(path, most);
        self.note(Question::Entries, path, || Answer::of_entries(entries.as_deref()));
        entries
    }

    /// Takes down an answer that was given before, to somebody else: files are read once for all who ask.
    pub fn note(&self, question: Question, path: &Path, answer: impl FnOnce() -> Answer) {
        if let Some(seen) = &self.seen {
            seen.borrow_mut().add(question, path, answer());
        }
    }

    /// The answer that a question has now.
    pub fn ask(question: Question, path: &Path, bounds: Bounds) -> Answer {
        match question {
            Question::Kind => Answer::of_kind(kind(path)),
            Question::Real => Answer::of_real(path.canonicalize().ok().as_deref()),
            Question::Link => Answer::of_link(path.is_symlink()),
            Question::Content => Answer::of_content(&read(path, bounds.bytes)),
            Question::Entries => Answer::of_entries(entries(path, bounds.entries).as_deref()),
        }
    }
}

fn kind(path: &Path) -> Kind {
    match fs::metadata(path) {
        Ok(about) if about.is_file() => Kind::File,
        Ok(about) if about.is_dir() => Kind::Folder,
        Ok(_) => Kind::Other,
        Err(_) => Kind::Missing,
    }
}

/// The content of a regular file, `None` for one of more than `longest` bytes, without a record of it.
///
/// # Errors
/// The file cannot be read, or is no regular file.
pub fn read(path: &Path, longest: u64) -> io::Result<Option<Vec<u8>>> {
    let (mut file, length) = open::regular(path)?;
    if length > longest {
        return Ok(None);
    }
    let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    let filled = open::fill(&mut file, &mut bytes)?;
    bytes.truncate(filled);
    // What says that it is empty, or that it is longer than it is, need not be: files of the kernel.
    if filled == 0 || u64::try_from(filled).ok() != Some(length) {
        let left = longest.saturating_add(1).saturating_sub(length);
        file.take(left).read_to_end(&mut bytes).map_err(open::waits)?;
    }
    Ok(u64::try_from(bytes.len()).is_ok_and(|length| length <= longest).then_some(bytes))
}

fn entries(path: &Path, most: usize) -> Option<Vec<Entry>> {
    let entry = |entry: io::Result<fs::DirEntry>| {
        let entry = entry.ok()?;
        // Only a link has to be followed to know what it is.
        let (is_folder, is_link) = match entry.file_type() {
            Ok(kind) if !kind.is_symlink() => (kind.is_dir(), false),
            kind => (entry.path().is_dir(), kind.is_ok()),
        };
        Some(Entry { name: entry.file_name(), is_folder, is_link })
    };
    fs::read_dir(path).ok()?.take(most).map(entry).collect()
}

#[cfg(test)]
mod tests;
