//! What became of DAG files, kept from one run to the next.
//!
//! A second run over ten thousand files of which three have changed has three files to evaluate. What became of the
//! others is taken from here, and it must be exactly what evaluating them again would give:
//!
//! - A result is kept under everything it depends on besides the disk: the build of podlift, the settings, the values,
//!   the tables ([`Fingerprint`]).
//! - With it stands every question that its evaluation asked the disk, with the answers ([`crate::disk`]): imported
//!   modules, files that were opened, folders that were listed, and what was looked for and not found. A result is used
//!   only while all answers are the same. Contents are compared by their SHA-256; no date is trusted.
//! - What cannot be kept faithfully is not kept: a file on which podlift failed, or one that changed while it was read.
//! - A pack that is damaged, of another build or of a future form is as good as none.
//!
//! Whatever goes wrong with the cache itself costs time and never changes a result.

pub mod bytes;
mod fingerprint;
mod folder;
mod pack;

pub use fingerprint::Fingerprint;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use crate::disk::{Answer, Bounds, Observation};
use pack::{Draft, Pack};

/// A folder in which results are kept.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
}

/// Why a folder cannot be that of a cache.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// It holds files of something else.
    #[error("it holds other files and is no cache of podlift")]
    Taken(PathBuf),
    /// It cannot be made or looked into.
    #[error("{1}")]
    Unusable(PathBuf, io::Error),
}

/// What a cache was good for in one run.
#[derive(Debug, Default)]
pub struct Used {
    /// How many DAG files need not be evaluated again.
    pub reused: usize,
    /// Why results of this run could not be kept.
    pub problem: Option<io::Error>,
}

impl Cache {
    /// The cache in a folder, which is made if it is not there: only its owner may look into it, backups leave it out,
    /// and git ignores it.
    ///
    /// # Errors
    /// See [`CacheError`].
    pub fn at(folder: &Path) -> Result<Self, CacheError> {
        folder::prepare(folder)?;
        Ok(Self { folder: folder.to_owned() })
    }
}

/// The use of a cache during one run.
#[derive(Debug)]
pub(crate) struct Session {
    folder: PathBuf,
    path: PathBuf,
    fingerprint: String,
    bounds: Bounds,
    pack: Option<Pack>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    draft: Option<Draft>,
    problem: Option<io::Error>,
}

impl Session {
    /// Begins to use a cache for results with this fingerprint.
    pub(crate) fn new(cache: &Cache, fingerprint: Fingerprint, bounds: Bounds) -> Self {
        let fingerprint = fingerprint.text();
        let path = cache.folder.join(format!("{fingerprint}{}", folder::PACK));
        let pack = Pack::open(&path, &fingerprint);
        let folder = cache.folder.clone();
        Self { folder, path, fingerprint, bounds, pack, state: Mutex::default() }
    }

    /// The record of a DAG file with this content, if it still holds; `read` makes of it what is wanted, or `None` if
    /// that cannot be done.
    pub(crate) fn find<T>(
        &self,
        path: &Path,
        content: &[u8],
        read: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Option<T> {
        let pack = self.pack.as_ref()?;
        let place = pack.find(path, Answer::of_bytes(content), self.bounds)?;
        let found = read(&pack.record(place)?)?;
        place.is_used.store(true, Ordering::Relaxed);
        Some(found)
    }

    /// Keeps the record of a DAG file together with what it depends on.
    pub(crate) fn keep(
        &self,
        path: &Path,
        content: Answer,
        record: &[u8],
        depends: &[Observation],
    ) {
        let is_text = |path: &Path| path.to_str().is_some();
        if !is_text(path) || !depends.iter().all(|observation| is_text(&observation.path)) {
            return;
        }
        let mut state = self.state();
        if state.problem.is_some() {
            return;
        }
        let done =
            self.draft(&mut state).and_then(|draft| draft.add(path, content, record, depends));
        state.problem = done.err();
    }

    /// Writes what is to be kept.
    pub(crate) fn finish(self) -> Used {
        let mut state = self.state();
        let reused = self.pack.as_ref().map_or(0, |pack| pack.used().count());
        let known = self.pack.as_ref().map_or(0, Pack::len);
        if state.problem.is_none() {
            let done = if state.draft.is_none() && reused == known {
                // Nothing is new and nothing is gone.
                if self.pack.is_some() {
                    folder::touch(&self.path);
                }
                Ok(())
            } else {
                self.replace(&mut state)
            };
            state.problem = done.err();
        }
        Used { reused, problem: state.problem.take() }
    }

    /// Puts a new pack in place of the old one: of that, what this run has used is taken over.
    fn replace(&self, state: &mut State) -> io::Result<()> {
        let mut draft = match state.draft.take() {
            Some(draft) => draft,
            None => Draft::new(&self.folder, &self.fingerprint)?,
        };
        if let Some(pack) = &self.pack {
            let mut used: Vec<&Path> = pack.used().collect();
            used.sort_unstable();
            for path in used {
                draft.keep(pack, path)?;
            }
        }
        draft.finish(&self.path)?;
        folder::tidy(&self.folder, &self.path);
        Ok(())
    }

    fn draft<'a>(&self, state: &'a mut State) -> io::Result<&'a mut Draft> {
        match &mut state.draft {
            Some(draft) => Ok(draft),
            none => Ok(none.insert(Draft::new(&self.folder, &self.fingerprint)?)),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
