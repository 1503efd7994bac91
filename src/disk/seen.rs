//! Questions to the disk and their answers, in a form that can be kept and compared.

use std::io;
use std::path::{Path, PathBuf};

use indexmap::{Equivalent, IndexMap};
use rustc_hash::FxBuildHasher;
use sha2::{Digest as _, Sha256};

use super::{Entry, Kind};

/// What can be asked of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Question {
    /// What is there?
    Kind,
    /// Where does it lead?
    Real,
    /// Is it a link?
    Link,
    /// What is in the file?
    Content,
    /// What is in the folder?
    Entries,
}

impl Question {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Kind, Self::Real, Self::Link, Self::Content, Self::Entries];
}

/// What the disk answered, as far as it takes to notice another answer: long ones are kept as their SHA-256, because
/// content is compared by what it is and never by a date or a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Answer([u8; Answer::LENGTH]);

impl Answer {
    /// Bytes of an answer: its form, and 32 for what it says.
    pub const LENGTH: usize = 33;

    /// An answer that was written down.
    pub fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// An answer to be written down.
    pub fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    fn plain(form: u8) -> Self {
        let mut all = [0; Self::LENGTH];
        all[0] = form;
        Self(all)
    }

    fn hashed(form: u8, bytes: &[u8]) -> Self {
        let mut all = Self::plain(form);
        all.0[1..].copy_from_slice(&Sha256::digest(bytes));
        all
    }

    /// What is at a path.
    pub fn of_kind(kind: Kind) -> Self {
        Self::plain(match kind {
            Kind::Missing => 0,
            Kind::File => 1,
            Kind::Folder => 2,
            Kind::Other => 3,
        })
    }

    /// Whether a path is a link.
    pub fn of_link(is_link: bool) -> Self {
        Self::plain(u8::from(is_link))
    }

    /// Where a path leads.
    pub fn of_real(real: Option<&Path>) -> Self {
        match real {
            Some(real) => Self::hashed(1, real.as_os_str().as_encoded_bytes()),
            None => Self::plain(0),
        }
    }

    /// The content of a file, or why there is none.
    pub fn of_content(content: &io::Result<Option<impl AsRef<[u8]>>>) -> Self {
        match content {
            Ok(Some(bytes)) => Self::of_bytes(bytes.as_ref()),
            Ok(None) => Self::plain(0),
            // What is told of the failure depends on its kind and, for the unusual ones, on its words.
            Err(error) => Self::hashed(2, format!("{:?} {error}", error.kind()).as_bytes()),
        }
    }

    /// The content of a file that could be read.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self::hashed(1, bytes)
    }

    /// The entries of a folder. Their order says nothing.
    pub fn of_entries(entries: Option<&[Entry]>) -> Self {
        let Some(entries) = entries else { return Self::plain(0) };
        let about = |entry: &Entry| u8::from(entry.is_folder) | u8::from(entry.is_link) << 1;
        let mut names: Vec<(&[u8], u8)> =
            entries.iter().map(|entry| (entry.name.as_encoded_bytes(), about(entry))).collect();
        names.sort_unstable();
        let mut all = Vec::new();
        for (name, about) in names {
            // No name holds NUL.
            all.extend_from_slice(name);
            all.extend_from_slice(&[0, about]);
        }
        Self::hashed(1, &all)
    }
}

/// One question with its answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Observation {
    /// What was asked.
    pub question: Question,
    /// Of which path.
    pub path: PathBuf,
    /// What came back.
    pub answer: Answer,
}

/// Everything an evaluation asked, each question once, in the order of asking.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    answers: IndexMap<Asked, Answer, FxBuildHasher>,
    is_torn: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Asked(Question, PathBuf);

/// A question that is only looked up.
#[derive(Hash)]
struct Look<'a>(Question, &'a Path);

impl Equivalent<Asked> for Look<'_> {
    fn equivalent(&self, asked: &Asked) -> bool {
        self.0 == asked.0 && self.1 == asked.1
    }
}

impl Seen {
    /// Takes down an answer.
    pub fn add(&mut self, question: Question, path: &Path, answer: Answer) {
        match self.answers.get(&Look(question, path)) {
            Some(before) => self.is_torn |= *before != answer,
            None => {
                self.answers.insert(Asked(question, path.to_owned()), answer);
            }
        }
    }

    /// Whether a question had two answers, because somebody changed the disk meanwhile: then there is no saying what
    /// the result is the result of.
    pub fn is_torn(&self) -> bool {
        self.is_torn
    }

    /// The answer to a question, if it was asked.
    pub fn answer(&self, question: Question, path: &Path) -> Option<Answer> {
        self.answers.get(&Look(question, path)).copied()
    }

    /// All questions with their answers.
    pub fn observations(&self) -> impl Iterator<Item = (Question, &Path, Answer)> {
        self.answers.iter().map(|(asked, answer)| (asked.0, asked.1.as_path(), *answer))
    }
}
