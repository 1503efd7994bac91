//! The file that holds what is kept for one way of asking.
//!
//! One file for all DAG files: ten thousand small ones would take longer to open than to read. It begins with the word
//! [`MAGIC`] and the fingerprint, then come the records of the DAG files one after the other, then a directory, and last
//! where the directory is. The directory names each DAG file, where its record lies, and by their numbers the observations
//! its result depends on. Most observations are common to many files, so each is written once and checked once in a
//! run.
//!
//! A pack is never changed: a new one is written beside it and renamed, so that a reader sees the old one or the new
//! one. Every part carries a number that tells whether it is as it was written; what is not is as good as absent.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::bytes::{Reader, Writer, check};
use crate::disk::{Answer, Bounds, Disk, Observation, Question, regular};

const MAGIC: &[u8; 16] = b"podlift cache 1\n";
/// Offset, length and check of the directory, and the word again.
const FOOTER: usize = 8 + 8 + 8 + MAGIC.len();

/// Where the record of a DAG file lies and when it may be used.
#[derive(Debug)]
pub(super) struct Place {
    /// The DAG file itself.
    pub(super) content: Answer,
    offset: u64,
    length: u64,
    check: u64,
    /// Numbers of the observations.
    depends: Vec<u32>,
    /// Whether this run has used it.
    pub(super) is_used: AtomicBool,
}

/// A pack that is read.
#[derive(Debug)]
pub(super) struct Pack {
    file: File,
    observations: Vec<Observation>,
    /// Whether each observation still holds, once somebody asked.
    holds: Vec<OnceLock<bool>>,
    places: FxHashMap<PathBuf, Place>,
}

impl Pack {
    /// The pack at a path; `None` when there is none or it is not whole or not of this fingerprint.
    pub(super) fn open(path: &Path, fingerprint: &str) -> Option<Self> {
        // A pipe would be waited for.
        let (mut file, _) = regular(path).ok()?;
        let mut head = vec![0; MAGIC.len() + fingerprint.len()];
        file.read_exact(&mut head).ok()?;
        if head.strip_prefix(MAGIC) != Some(fingerprint.as_bytes()) {
            return None;
        }
        let end = file.seek(SeekFrom::End(-i64::try_from(FOOTER).ok()?)).ok()?;
        let mut footer = [0; FOOTER];
        file.read_exact(&mut footer).ok()?;
        let mut from = Reader::new(&footer);
        let mut number = || Some(u64::from_le_bytes(from.array()?));
        let (offset, length, sum) = (number()?, number()?, number()?);
        if from.array() != Some(*MAGIC) || offset.checked_add(length)? != end {
            return None;
        }
        let directory = read_at(&file, offset, length, sum)?;
        let (observations, places) = read_directory(&directory)?;
        let holds = observations.iter().map(|_| OnceLock::new()).collect();
        Some(Self { file, observations, holds, places })
    }

    /// How many DAG files it knows.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The DAG files whose records this run has used, in no particular order.
    pub(super) fn used(&self) -> impl Iterator<Item = &Path> {
        let used = self.places.iter().filter(|(_, place)| place.is_used.load(Ordering::Relaxed));
        used.map(|(path, _)| path.as_path())
    }

    /// The place of a DAG file with this content, if everything its result depends on is as it was.
    pub(super) fn find(&self, path: &Path, content: Answer, bounds: Bounds) -> Option<&Place> {
        let place = self.places.get(path).filter(|place| place.content == content)?;
        place.depends.iter().all(|number| self.holds(*number, bounds)).then_some(place)
    }

    fn holds(&self, number: u32, bounds: Bounds) -> bool {
        let number = number as usize;
        match (self.observations.get(number), self.holds.get(number)) {
            (Some(Observation { question, path, answer }), Some(known)) => {
                *known.get_or_init(|| Disk::ask(*question, path, bounds) == *answer)
            }
            _ => false,
        }
    }

    /// The record at a place.
    pub(super) fn record(&self, place: &Place) -> Option<Vec<u8>> {
        read_at(&self.file, place.offset, place.length, place.check)
    }

    fn depends<'a>(&'a self, place: &'a Place) -> impl Iterator<Item = &'a Observation> {
        place.depends.iter().filter_map(|number| self.observations.get(*number as usize))
    }
}

/// Bytes of a file that are as they were written.
fn read_at(file: &File, offset: u64, length: u64, sum: u64) -> Option<Vec<u8>> {
    // A damaged length must not ask for memory.
    let end = offset.checked_add(length)?;
    if length > PROBED && end > file.metadata().ok()?.len() {
        return None;
    }
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    file.read_exact_at(&mut bytes, offset).ok()?;
    (check(&bytes) == sum).then_some(bytes)
}

/// Lengths up to this are asked for without a look at how long the file is, in bytes.
const PROBED: u64 = 1 << 20;

type Directory = (Vec<Observation>, FxHashMap<PathBuf, Place>);

fn read_directory(bytes: &[u8]) -> Option<Directory> {
    let mut from = Reader::new(bytes);
    let observations = from.list(|from| {
        let question = *Question::ALL.get(from.size()?)?;
        let path = PathBuf::from(from.text()?);
        let answer = Answer::from_bytes(from.array()?);
        Some(Observation { question, path, answer })
    })?;
    let places = from.list(|from| {
        let path = PathBuf::from(from.text()?);
        let content = Answer::from_bytes(from.array()?);
        let (offset, length) = (from.number()?, from.number()?);
        let check = u64::from_le_bytes(from.array()?);
        let depends = from.list(Reader::number32)?;
        Some((path, Place { content, offset, length, check, depends, is_used: false.into() }))
    })?;
    from.is_done().then_some((observations, places))
}

/// A pack that is being written. Records go to the disk as they come, so that memory stays flat.
#[derive(Debug)]
pub(super) struct Draft {
    file: BufWriter<tempfile::NamedTempFile>,
    offset: u64,
    observations: IndexSet<Observation, FxBuildHasher>,
    places: HashMap<PathBuf, Place, FxBuildHasher>,
}

impl Draft {
    /// A draft in this folder.
    pub(super) fn new(folder: &Path, fingerprint: &str) -> io::Result<Self> {
        let file = tempfile::Builder::new().suffix(super::folder::DRAFT).tempfile_in(folder)?;
        let mut file = BufWriter::with_capacity(1 << 16, file);
        file.write_all(MAGIC)?;
        file.write_all(fingerprint.as_bytes())?;
        Ok(Self {
            file,
            offset: (MAGIC.len() + fingerprint.len()) as u64,
            observations: IndexSet::default(),
            places: HashMap::default(),
        })
    }

    /// Adds the record of a DAG file.
    pub(super) fn add<'a>(
        &mut self,
        path: &Path,
        content: Answer,
        record: &[u8],
        depends: impl IntoIterator<Item = &'a Observation>,
    ) -> io::Result<()> {
        let mut numbers = Vec::new();
        for observation in depends {
            let number = match self.observations.get_index_of(observation) {
                Some(number) => number,
                None => self.observations.insert_full(observation.clone()).0,
            };
            numbers.push(u32::try_from(number).map_err(io::Error::other)?);
        }
        self.file.write_all(record)?;
        let length = record.len() as u64;
        let place = Place {
            content,
            offset: self.offset,
            length,
            check: check(record),
            depends: numbers,
            is_used: false.into(),
        };
        self.offset += length;
        self.places.insert(path.to_owned(), place);
        Ok(())
    }

    /// Takes over the record of a DAG file from another pack, if it is whole.
    pub(super) fn keep(&mut self, pack: &Pack, path: &Path) -> io::Result<()> {
        if !self.places.contains_key(path)
            && let Some(place) = pack.places.get(path)
            && let Some(record) = pack.record(place)
        {
            self.add(path, place.content, &record, pack.depends(place))?;
        }
        Ok(())
    }

    /// Writes the directory and puts the pack in its place.
    pub(super) fn finish(mut self, path: &Path) -> io::Result<()> {
        let directory = self.directory();
        self.file.write_all(&directory)?;
        for number in [self.offset, directory.len() as u64, check(&directory)] {
            self.file.write_all(&number.to_le_bytes())?;
        }
        self.file.write_all(MAGIC)?;
        self.file.into_inner().map_err(io::IntoInnerError::into_error)?.persist(path)?;
        Ok(())
    }

    fn directory(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.list(&self.observations, |out, Observation { question, path, answer }| {
            out.number(*question as u64);
            out.text(&path.to_string_lossy());
            out.raw(answer.as_bytes());
        });
        let mut places: Vec<(&PathBuf, &Place)> = self.places.iter().collect();
        places.sort_by_key(|(_, place)| place.offset);
        out.list(places, |out, (path, place)| {
            out.text(&path.to_string_lossy());
            out.raw(place.content.as_bytes());
            out.number(place.offset);
            out.number(place.length);
            out.raw(&place.check.to_le_bytes());
            out.list(&place.depends, |out, number| out.number(u64::from(*number)));
        });
        out.into_bytes()
    }
}
