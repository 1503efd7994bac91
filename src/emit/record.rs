//! What podlift remembers of the files it wrote: a line for each, in the form of `sha256sum`.

use std::fmt::{self, Display};
use std::io;
use std::path::{Component, Path};

use rustc_hash::{FxHashMap, FxHashSet};
use sha2::{Digest, Sha256};
use smallvec::{SmallVec, smallvec};

/// The file that remembers what was written.
pub(super) const RECORD: &str = ".podlift.sha256";

/// The longest record that is read, in bytes: that of two million files.
const LONGEST: u64 = 256 << 20;

/// Texts that a file is remembered to have: more of them than podlift writes are somebody's own.
const MOST_TEXTS: usize = 8;

/// The SHA-256 of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hash([u8; 32]);

impl Hash {
    /// Reads 64 hexadecimal digits.
    fn parse(digits: &str) -> Option<Self> {
        let value = |digit: u8| char::from(digit).to_digit(16).and_then(|it| u8::try_from(it).ok());
        let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
        let mut hash = [0; 32];
        if pairs.len() != hash.len() || !rest.is_empty() {
            return None;
        }
        for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
            *byte = value(*high)? << 4 | value(*low)?;
        }
        Some(Self(hash))
    }
}

impl Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The texts by their hashes that each file may have without anybody having edited it: one, or two while it is being
/// replaced.
#[derive(Debug, Clone, Default)]
pub(super) struct Record(FxHashMap<String, SmallVec<[Hash; 1]>>);

impl Record {
    /// Reads the record, and gives its bytes as well. Lines that say nothing, and paths that do not lie below the folder,
    /// are passed over; the files they meant then count as edited, which is the safe side.
    ///
    /// # Errors
    /// It is there and cannot be read, or is far too long.
    pub(super) fn read(path: &Path) -> io::Result<(Self, Vec<u8>)> {
        let bytes = match crate::disk::read(path, LONGEST) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => {
                return Err(io::Error::other("it is far longer than any that podlift writes"));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let mut record = Self::default();
        for line in String::from_utf8_lossy(&bytes).lines() {
            if let Some((hash, path)) = line.split_once("  ")
                && is_plain(path)
                && let Some(hash) = Hash::parse(hash)
            {
                record.add(path, hash);
            }
        }
        Ok((record, bytes))
    }

    /// Whether a file may have the text of this hash.
    pub(super) fn knows(&self, path: &str, hash: Hash) -> bool {
        self.0.get(path).is_some_and(|hashes| hashes.contains(&hash))
    }

    /// Whether a file may have the text of this hash, and no other.
    pub(super) fn is_exactly(&self, path: &str, hash: Hash) -> bool {
        self.0.get(path).is_some_and(|hashes| **hashes == [hash])
    }

    /// One text more for a file.
    pub(super) fn add(&mut self, path: &str, hash: Hash) {
        let hashes = self.0.entry(path.to_owned()).or_default();
        if hashes.len() < MOST_TEXTS && !hashes.contains(&hash) {
            hashes.push(hash);
        }
    }

    /// The one text of a file.
    pub(super) fn set(&mut self, path: &str, hash: Hash) {
        self.0.insert(path.to_owned(), smallvec![hash]);
    }

    /// Forgets the other files.
    pub(super) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.retain(|path, _| keep(path));
    }

    /// The files that are not among these, sorted.
    pub(super) fn others(&self, these: &FxHashSet<&str>) -> Vec<String> {
        let others = self.0.keys().filter(|path| !these.contains(path.as_str()));
        let mut others: Vec<String> = others.cloned().collect();
        others.sort_unstable();
        others
    }
}

impl Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines: Vec<_> = self.0.iter().collect();
        lines.sort_unstable();
        lines.into_iter().try_for_each(|(path, hashes)| {
            hashes.iter().try_for_each(|hash| writeln!(f, "{hash}  {path}"))
        })
    }
}

/// Whether a path leads to a place below the folder, as it is written.
pub(super) fn is_plain(path: &str) -> bool {
    let is_odd = |c: char| c.is_control() || c == '\\';
    path.split('/').all(|part| !matches!(part, "" | "." | ".."))
        && match path.is_ascii() {
            true => !path.bytes().any(|byte| is_odd(char::from(byte))),
            false => !path.contains(is_odd),
        }
        // The drives of Windows.
        && (!path.contains(':') || has_names_only(Path::new(path)))
}

fn has_names_only(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_)))
}

/// SHA-256 of a text, whatever its line ends: a checkout may have changed them.
pub(super) fn hash(content: &[u8]) -> Hash {
    let mut digest = Sha256::new();
    if !content.contains(&b'\r') {
        digest.update(content);
        return Hash(digest.finalize().into());
    }
    let mut lines = content.split(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        if lines.peek().is_some() {
            digest.update(line.strip_suffix(b"\r").unwrap_or(line));
            digest.update(b"\n");
        } else {
            digest.update(line);
        }
    }
    Hash(digest.finalize().into())
}
