//! Which folders a walk goes into.
//!
//! A link may lead to the root of the disk, and ten folders that link to each other have millions of paths. So a walk
//! goes only where files may be read, and into each folder under so many names. Folders may lie in each other without
//! end, and what stands as `.gitignore` may be a device: such folders are left out, too, and told of.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ignore::DirEntry;

use super::airflowignore::LONGEST;
use crate::diag::Code;

/// Under how many links a folder is walked. Once would do if `.airflowignore` did not see names: files left out under one
/// name may be wanted under another.
const NAMES: usize = 16;

/// How deep folders may lie in each other below the one that is walked.
const DEPTH: usize = 200;

/// The file of patterns that the walk itself reads on its way.
pub(super) const PATTERNS: &str = ".gitignore";

/// Why a walk does not go into a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It leads out of the roots.
    Outside,
    /// Its folder was walked under [`NAMES`] links.
    Again,
    /// It lies deeper than [`DEPTH`].
    Deep,
    /// What stands as its `.gitignore` cannot be one.
    Patterns,
}

impl Refusal {
    /// The code of the finding, its message and its remedy.
    pub(super) fn words(self) -> (Code, &'static str, &'static str) {
        match self {
            Self::Outside => (
                Code::OutsideRoots,
                "link leads out of the roots; the folder is not read",
                "pass the folder it leads to with --root DIR",
            ),
            Self::Again => (
                Code::UnreadableFile,
                "many links lead to this folder; it is not read under any more names",
                "leave the link out with .airflowignore",
            ),
            Self::Deep => (
                Code::UnreadableFile,
                "the folder lies too deep and is not read",
                "pass a folder further down as a path of its own",
            ),
            Self::Patterns => (
                Code::UnreadableFile,
                "the folder is not read, because its .gitignore is no file of a usual size",
                "repair the .gitignore, or name the DAG files themselves",
            ),
        }
    }
}

/// The folders that a walk has met.
#[derive(Debug)]
pub(super) struct Folders {
    /// Real paths of the folders that files may be read from.
    allowed: Vec<PathBuf>,
    met: Mutex<Met>,
}

#[derive(Debug, Default)]
struct Met {
    /// How many links led to a real folder.
    times: HashMap<PathBuf, usize>,
    refused: Vec<(PathBuf, Refusal)>,
}

impl Folders {
    /// Those of a walk that stays within these real folders.
    pub(super) fn within(allowed: &[PathBuf]) -> Self {
        Self { allowed: allowed.to_owned(), met: Mutex::default() }
    }

    /// Whether the walk goes into an entry: it does unless the entry is a folder that should not be walked.
    pub(super) fn lets_in(&self, entry: &DirEntry) -> bool {
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        if entry.depth() == 0 || !is_folder {
            return true;
        }
        let refusal = if entry.depth() > DEPTH {
            Some(Refusal::Deep)
        } else {
            (!has_plain_patterns(entry.path())).then_some(Refusal::Patterns)
        };
        if let Some(refusal) = refusal {
            let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
            met.refused.push((entry.path().to_owned(), refusal));
            return false;
        }
        if !entry.path_is_symlink() {
            return true;
        }
        // What cannot be resolved is for the walk to complain about.
        let Ok(real) = entry.path().canonicalize() else { return true };
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.allowed.iter().any(|root| real.starts_with(root)) {
            met.refused.push((entry.path().to_owned(), Refusal::Outside));
            return false;
        }
        let times = met.times.entry(real).or_insert(0);
        *times += 1;
        let times = *times;
        // One finding says it for all the links that follow.
        if times == NAMES + 1 {
            met.refused.push((entry.path().to_owned(), Refusal::Again));
        }
        times <= NAMES
    }

    /// The folders that were not walked, in the order of the walk.
    pub(super) fn refused(&self) -> Vec<(PathBuf, Refusal)> {
        self.met.lock().unwrap_or_else(PoisonError::into_inner).refused.clone()
    }
}

/// Whether what stands in a folder as a file of patterns can be one: it is read without a limit.
pub(super) fn has_plain_patterns(folder: &Path) -> bool {
    match folder.join(PATTERNS).metadata() {
        Ok(about) => about.is_file() && about.len() <= LONGEST,
        Err(_) => true,
    }
}
