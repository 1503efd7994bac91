//! Puts a set of files below an output folder, as a whole.
//!
//! All files are written to a temporary folder inside the output folder first, so a full disk is
//! noticed before anything changes. Then each is renamed to its place, and should that fail halfway,
//! what was there before is put back. A file whose text would not change is not touched.
//!
//! People edit what was generated. podlift therefore remembers what it wrote in `.podlift.sha256` in the
//! output folder: one line for each file, in the form of `sha256sum`, to be committed with the files. A
//! file that is not as it was written, or that podlift never wrote, is only overwritten on request.
//! Nothing is ever deleted; files of an earlier run that this run did not write are named.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::OutputFile;

/// The file that remembers what was written.
pub const RECORD: &str = ".podlift.sha256";

/// The longest file that is read back, in bytes. A longer one is none that podlift wrote.
const LONGEST: u64 = 1 << 30;

/// What writing did.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Written {
    /// Files that were made or changed, below the output folder and in the order given.
    pub changed: Vec<String>,
    /// How many files were as they should be.
    pub unchanged: usize,
    /// Files of an earlier run that this run did not write, sorted.
    pub stale: Vec<String>,
}

/// Why nothing was written. What was in the folder before is still there.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Files that somebody edited or that podlift did not write.
    #[error("{} would be overwritten but {} not as podlift wrote {}", .0.join(", "),
        if .0.len() == 1 { "is" } else { "are" }, if .0.len() == 1 { "it" } else { "them" })]
    Edited(Vec<String>),
    /// A path that is not a plain path below the folder, or is given twice.
    #[error("`{0}` is no path for an output file")]
    BadPath(String),
    /// The system refused.
    #[error("cannot write `{}`: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The error.
        source: io::Error,
    },
}

fn refused(path: &Path) -> impl FnOnce(io::Error) -> WriteError {
    let path = path.to_owned();
    move |source| WriteError::Io { path, source }
}

/// Writes all files below a folder, which is made if it is not there. With `force`, edited files are
/// overwritten.
///
/// # Errors
/// See [`WriteError`]; then nothing has changed.
pub fn write(folder: &Path, files: &[OutputFile], force: bool) -> Result<Written, WriteError> {
    check_paths(files)?;
    fs::create_dir_all(folder).map_err(refused(folder))?;
    let mut record = read_record(folder)?;
    let (changes, edited) = compare(folder, files, &record)?;
    if !edited.is_empty() && !force {
        return Err(WriteError::Edited(edited));
    }

    let current: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    record.retain(|path, _| current.contains(path.as_str()) || folder.join(path).exists());
    let stale = record.keys().filter(|path| !current.contains(path.as_str())).cloned().collect();
    let hashes: Vec<String> = files.par_iter().map(|file| hash(file.text.as_bytes())).collect();
    record.extend(files.iter().zip(hashes).map(|(file, hash)| (file.path.clone(), hash)));
    let record = OutputFile { path: RECORD.to_owned(), text: print_record(&record) };

    let mut all: Vec<&OutputFile> = changes.clone();
    let is_recorded = fs::read(folder.join(RECORD)).is_ok_and(|old| old == record.text.as_bytes());
    if !is_recorded {
        all.push(&record);
    }
    if !all.is_empty() {
        put(folder, &all)?;
    }
    Ok(Written {
        changed: changes.iter().map(|file| file.path.clone()).collect(),
        unchanged: files.len() - changes.len(),
        stale,
    })
}

fn check_paths(files: &[OutputFile]) -> Result<(), WriteError> {
    let mut seen = BTreeSet::new();
    for OutputFile { path, .. } in files {
        let parts = Path::new(path).components();
        let plain = parts.clone().all(|part| matches!(part, Component::Normal(_)))
            && parts.count() == path.split('/').count()
            && !path.chars().any(|c| c.is_control() || c == '\\');
        if !plain || path == RECORD || !seen.insert(path) {
            return Err(WriteError::BadPath(path.clone()));
        }
    }
    Ok(())
}

/// The files that are not yet as they should be, and those among them that are not podlift's.
fn compare<'a>(
    folder: &Path,
    files: &'a [OutputFile],
    record: &BTreeMap<String, String>,
) -> Result<(Vec<&'a OutputFile>, Vec<String>), WriteError> {
    let mut parents: Vec<&Path> =
        files.iter().filter_map(|file| Path::new(&file.path).parent()).collect();
    parents.dedup();
    for parent in parents {
        no_link_between(folder, &folder.join(parent))?;
    }
    let states: Vec<io::Result<State>> =
        files.par_iter().map(|file| state(folder, file, record)).collect();
    let (mut changes, mut edited) = (Vec::new(), Vec::new());
    for (file, state) in files.iter().zip(states) {
        match state.map_err(refused(&folder.join(&file.path)))? {
            State::Current => continue,
            State::Edited => edited.push(file.path.clone()),
            State::Ours => {}
        }
        changes.push(file);
    }
    Ok((changes, edited))
}

/// What is at the place of a file that is to be written.
enum State {
    /// The file as it should be.
    Current,
    /// What somebody else wrote.
    Edited,
    /// Nothing, or what podlift wrote.
    Ours,
}

fn state(folder: &Path, file: &OutputFile, record: &BTreeMap<String, String>) -> io::Result<State> {
    let path = folder.join(&file.path);
    match crate::disk::read(&path, LONGEST).map(Option::unwrap_or_default) {
        Ok(old) if old == file.text.as_bytes() => Ok(State::Current),
        Ok(old) if record.get(&file.path) != Some(&hash(&old)) => Ok(State::Edited),
        Ok(_) => Ok(State::Ours),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(State::Ours),
        Err(error) => Err(error),
    }
}

/// A link among the folders below the output folder would lead out of it.
fn no_link_between(folder: &Path, path: &Path) -> Result<(), WriteError> {
    let inside = path.ancestors().take_while(|above| *above != folder);
    for above in inside {
        if fs::symlink_metadata(above).is_ok_and(|found| found.is_symlink()) {
            let error = io::Error::other("the folder is a symbolic link");
            return Err(refused(above)(error));
        }
    }
    Ok(())
}

/// Puts files in their places, or leaves everything as it was.
fn put(folder: &Path, files: &[&OutputFile]) -> Result<(), WriteError> {
    let staging = Staging::new(folder)?;
    files.par_iter().enumerate().try_for_each(|(number, file)| {
        let written = fs::write(staging.new_file(number), &file.text);
        written.map_err(refused(&folder.join(&file.path)))
    })?;
    let mut undo = Vec::new();
    // Everything that takes time comes first, so that nearly no time is left to be killed in between two renames.
    let prepared = each(folder, files, |number, path| {
        make_folders(path, &mut undo)?;
        keep(path, &staging.old_file(number), &mut undo)
    });
    let done = prepared.and_then(|()| {
        each(folder, files, |number, path| fs::rename(staging.new_file(number), path))
    });
    if done.is_err() {
        // Undoing only renames within one folder; if even that fails, the first error says why.
        undo.into_iter().rev().for_each(Undo::run);
    }
    done
}

/// Does something for each file, given by its number and path, until it fails.
fn each(
    folder: &Path,
    files: &[&OutputFile],
    mut step: impl FnMut(usize, &Path) -> io::Result<()>,
) -> Result<(), WriteError> {
    files.iter().enumerate().try_for_each(|(number, file)| {
        let path = folder.join(&file.path);
        step(number, &path).map_err(refused(&path))
    })
}

/// A step back.
enum Undo {
    /// Put the kept file back.
    Restore { kept: PathBuf, path: PathBuf },
    /// There was no such file.
    RemoveFile(PathBuf),
    /// There was no such folder.
    RemoveFolder(PathBuf),
}

impl Undo {
    fn run(self) {
        _ = match self {
            Self::Restore { kept, path } => fs::rename(kept, path),
            Self::RemoveFile(path) => fs::remove_file(path),
            Self::RemoveFolder(path) => fs::remove_dir(path),
        };
    }
}

fn make_folders(path: &Path, undo: &mut Vec<Undo>) -> io::Result<()> {
    let missing: Vec<&Path> =
        path.ancestors().skip(1).take_while(|above| !above.exists()).collect();
    for above in missing.into_iter().rev() {
        fs::create_dir(above)?;
        undo.push(Undo::RemoveFolder(above.to_owned()));
    }
    Ok(())
}

/// Keeps a file that is about to be replaced. It also stays in its place until it is replaced.
fn keep(path: &Path, kept: &Path, undo: &mut Vec<Undo>) -> io::Result<()> {
    if fs::symlink_metadata(path).is_err() {
        undo.push(Undo::RemoveFile(path.to_owned()));
        return Ok(());
    }
    // Not every file system has hard links.
    fs::hard_link(path, kept).or_else(|_| fs::copy(path, kept).map(drop))?;
    undo.push(Undo::Restore { kept: kept.to_owned(), path: path.to_owned() });
    Ok(())
}

/// A temporary folder inside the output folder, and so on the same file system.
struct Staging(PathBuf);

impl Staging {
    fn new(folder: &Path) -> Result<Self, WriteError> {
        let mut number = 0;
        loop {
            let path = folder.join(format!(".podlift-{}-{number}.tmp", std::process::id()));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 100 => {
                    number += 1;
                }
                Err(error) => return Err(refused(folder)(error)),
            }
        }
    }

    fn new_file(&self, number: usize) -> PathBuf {
        self.0.join(format!("new-{number}"))
    }

    fn old_file(&self, number: usize) -> PathBuf {
        self.0.join(format!("old-{number}"))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // A temporary folder left behind does no harm, and there is nobody here to tell.
        _ = fs::remove_dir_all(&self.0);
    }
}

/// SHA-256 of a text, whatever its line ends: a checkout may have changed them.
fn hash(content: &[u8]) -> String {
    let mut digest = Sha256::new();
    if !content.contains(&b'\r') {
        digest.update(content);
        return hexadecimal(digest);
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
    hexadecimal(digest)
}

fn hexadecimal(digest: Sha256) -> String {
    digest.finalize().iter().fold(String::new(), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}

/// What is remembered of each file: its path and its hash. Lines that say nothing are passed over; the
/// files they meant then count as edited, which is the safe side.
fn read_record(folder: &Path) -> Result<BTreeMap<String, String>, WriteError> {
    let path = folder.join(RECORD);
    match crate::disk::read(&path, LONGEST).map(Option::unwrap_or_default) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let entries = text.lines().filter_map(|line| line.split_once("  "));
            Ok(entries.map(|(hash, path)| (path.to_owned(), hash.to_owned())).collect())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(refused(&path)(error)),
    }
}

fn print_record(record: &BTreeMap<String, String>) -> String {
    record.iter().fold(String::new(), |mut text, (path, hash)| {
        _ = writeln!(text, "{hash}  {path}");
        text
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;

    fn file(path: &str, text: &str) -> OutputFile {
        OutputFile { path: path.to_owned(), text: text.to_owned() }
    }

    /// Every file below a folder and its text.
    fn snapshot(folder: &Path) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                found.insert(format!("{name}/"), String::new());
                let inner = snapshot(&path).into_iter();
                found.extend(inner.map(|(path, text)| (format!("{name}/{path}"), text)));
            } else {
                found.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
        found
    }

    #[test]
    fn a_second_run_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let files = [file("d/a.yaml", "a\n"), file("d/b.yaml", "b\n")];
        assert_eq!(write(folder.path(), &files, false).unwrap().changed, ["d/a.yaml", "d/b.yaml"]);
        let before = snapshot(folder.path());
        assert_eq!(before.len(), 4, "two files, their folder and the record: {before:?}");
        let second = write(folder.path(), &files, false).unwrap();
        assert_eq!(second, Written { changed: vec![], unchanged: 2, stale: vec![] });
        assert_eq!(snapshot(folder.path()), before);
    }

    #[test]
    fn the_record_is_what_sha256sum_checks() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[file("d/a.yaml", "abc")], false).unwrap();
        assert_eq!(
            snapshot(folder.path())[RECORD],
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  d/a.yaml\n"
        );
    }

    #[test]
    fn what_podlift_wrote_is_overwritten_and_what_people_wrote_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let files = |text| [file("d/a.yaml", text), file("d/b.yaml", text)];
        write(folder.path(), &files("1\n"), false).unwrap();
        write(folder.path(), &files("2\n"), false).unwrap();
        fs::write(folder.path().join("d/b.yaml"), "mine\n").unwrap();
        let before = snapshot(folder.path());
        let error = write(folder.path(), &files("3\n"), false).unwrap_err();
        assert_eq!(
            error.to_string(),
            "d/b.yaml would be overwritten but is not as podlift wrote it"
        );
        assert_eq!(snapshot(folder.path()), before, "nothing is written at all");
        write(folder.path(), &files("3\n"), true).unwrap();
        write(folder.path(), &files("4\n"), false).unwrap();
        assert_eq!(snapshot(folder.path())["d/b.yaml"], "4\n");
    }

    #[test]
    fn a_file_podlift_never_wrote_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("d")).unwrap();
        fs::write(folder.path().join("d/a.yaml"), "mine\n").unwrap();
        let files = [file("d/a.yaml", "a\n")];
        assert!(matches!(write(folder.path(), &files, false), Err(WriteError::Edited(_))));
        fs::write(folder.path().join("d/a.yaml"), "a\n").unwrap();
        assert_eq!(write(folder.path(), &files, false).unwrap().unchanged, 1);
    }

    #[test]
    fn line_ends_changed_by_a_checkout_are_no_edit() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[file("a.yaml", "a\nb\n")], false).unwrap();
        fs::write(folder.path().join("a.yaml"), "a\r\nb\r\n").unwrap();
        let written = write(folder.path(), &[file("a.yaml", "a\nc\n")], false).unwrap();
        assert_eq!(written.changed, ["a.yaml"]);
    }

    #[test]
    fn files_of_an_earlier_run_are_named_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[file("d/a.yaml", "a"), file("d/b.yaml", "b")], false).unwrap();
        for _ in 0..2 {
            let written = write(folder.path(), &[file("d/a.yaml", "a")], false).unwrap();
            assert_eq!(written.stale, ["d/b.yaml"]);
        }
        fs::remove_file(folder.path().join("d/b.yaml")).unwrap();
        let written = write(folder.path(), &[file("d/a.yaml", "a")], false).unwrap();
        assert_eq!(written.stale, [""; 0]);
    }

    #[test]
    fn a_failure_halfway_leaves_everything_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[file("d/a.yaml", "old\n")], false).unwrap();
        fs::write(folder.path().join("e"), "a file where a folder has to be\n").unwrap();
        let before = snapshot(folder.path());
        let files = [file("d/a.yaml", "new\n"), file("n/c.yaml", "c\n"), file("e/b.yaml", "b\n")];
        let error = write(folder.path(), &files, false).unwrap_err();
        assert!(error.to_string().contains("e/b.yaml"), "{error}");
        assert_eq!(snapshot(folder.path()), before);
    }

    #[test]
    fn a_step_that_fails_is_undone_with_all_before_it() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[file("d/a.yaml", "old\n")], false).unwrap();
        // The folder in the way is only noticed when the file is to be renamed over it.
        fs::create_dir_all(folder.path().join("x.yaml/inner")).unwrap();
        let before = snapshot(folder.path());
        let files = [file("d/a.yaml", "new\n"), file("n/m/c.yaml", "c\n"), file("x.yaml", "b\n")];
        let all: Vec<&OutputFile> = files.iter().collect();
        assert!(put(folder.path(), &all).is_err());
        assert_eq!(snapshot(folder.path()), before);
    }

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["../x", "/x", "a/../x", "", "a//b", "./a", "a\nb", "a\\b", RECORD];
        for path in paths {
            let error = write(folder.path(), &[file(path, "x")], true).unwrap_err();
            assert!(matches!(error, WriteError::BadPath(_)), "{path:?}: {error}");
        }
        let twice = [file("a", "1"), file("a", "2")];
        assert!(matches!(write(folder.path(), &twice, true), Err(WriteError::BadPath(_))));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_inside_the_folder_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("d")).unwrap();
        let error = write(folder.path(), &[file("d/a.yaml", "a")], true).unwrap_err();
        assert!(error.to_string().contains("symbolic link"), "{error}");
        assert_eq!(snapshot(elsewhere.path()), BTreeMap::new());
    }
}
