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
//!
//! A process that is killed between two renames leaves some files new and others old, each of them whole. The record
//! then knows both texts of each, so that the next run takes neither for an edit and finishes the rest. Only one process
//! at a time writes to a folder; another one waits for it.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::OutputFile;
use super::record::{Hash, RECORD, Record, hash, is_plain};

/// The longest file that is read back, in bytes. A longer one is none that podlift wrote.
const LONGEST: u64 = 64 << 20;

/// How long another process that writes to the folder is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

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
    /// Another process has been writing to the folder for long.
    #[error("another process is writing to `{}`", .0.display())]
    Busy(PathBuf),
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
    let _lock = lock(folder)?;
    remove_leftovers(folder);
    let path = folder.join(RECORD);
    let (found, linked) = rayon::join(|| Record::read(&path), || no_links_between(folder, files));
    let (mut record, text) = found.map_err(refused(&path))?;
    linked?;
    let (changes, edited) = compare(folder, files, &record)?;
    if !edited.is_empty() && !force {
        return Err(WriteError::Edited(edited));
    }

    let current: FxHashSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    record.retain(|path| current.contains(path) || folder.join(path).exists());
    let stale = record.others(&current);
    let hashes: Vec<Hash> = files.par_iter().map(|file| hash(file.text.as_bytes())).collect();
    // Both records are made only where something is new: mostly nothing is. A line too many is one to forget.
    let mut meanwhile = None;
    let lines = text.iter().filter(|byte| **byte == b'\n').count();
    let is_kept = lines == files.len() + stale.len();
    for (file, hash) in files.iter().zip(hashes) {
        if !record.is_exactly(&file.path, hash) {
            meanwhile.get_or_insert_with(|| record.clone()).add(&file.path, hash);
            record.set(&file.path, hash);
        }
    }
    if !is_kept || meanwhile.is_some() || !changes.is_empty() {
        let meanwhile = meanwhile.as_ref().unwrap_or(&record).to_string();
        let record = OutputFile { path: RECORD.to_owned(), text: record.to_string() };
        let mut all: Vec<&OutputFile> = changes.clone();
        if text != record.text.as_bytes() {
            all.push(&record);
        }
        if !all.is_empty() {
            put(folder, &all, &meanwhile)?;
        }
    }
    Ok(Written {
        changed: changes.iter().map(|file| file.path.clone()).collect(),
        unchanged: files.len() - changes.len(),
        stale,
    })
}

fn check_paths(files: &[OutputFile]) -> Result<(), WriteError> {
    let mut seen = FxHashSet::default();
    for OutputFile { path, .. } in files {
        if !is_plain(path) || path == RECORD || !seen.insert(path) {
            return Err(WriteError::BadPath(path.clone()));
        }
    }
    Ok(())
}

/// The files that are not yet as they should be, and those among them that are not podlift's.
fn compare<'a>(
    folder: &Path,
    files: &'a [OutputFile],
    record: &Record,
) -> Result<(Vec<&'a OutputFile>, Vec<String>), WriteError> {
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

fn state(folder: &Path, file: &OutputFile, record: &Record) -> io::Result<State> {
    let path = folder.join(&file.path);
    let longest = LONGEST.max(file.text.len() as u64 * 2);
    match crate::disk::read(&path, longest) {
        Ok(Some(old)) if old == file.text.as_bytes() => Ok(State::Current),
        Ok(Some(old)) if record.knows(&file.path, hash(&old)) => Ok(State::Ours),
        // Nothing is read of a file that is too long to be ours.
        Ok(_) => Ok(State::Edited),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(State::Ours),
        Err(error) => Err(error),
    }
}

/// A link among the folders below the output folder would lead out of it.
fn no_links_between(folder: &Path, files: &[OutputFile]) -> Result<(), WriteError> {
    let parents = files.iter().filter_map(|file| Path::new(&file.path).parent());
    let within = parents.flat_map(Path::ancestors).filter(|above| !above.as_os_str().is_empty());
    let within: FxHashSet<&Path> = within.collect();
    let mut within: Vec<PathBuf> = within.into_iter().map(|above| folder.join(above)).collect();
    within.sort_unstable();
    let is_link = |above: &&PathBuf| fs::symlink_metadata(above).is_ok_and(|it| it.is_symlink());
    within.par_iter().find_first(is_link).map_or(Ok(()), |above| {
        Err(refused(above)(io::Error::other("the folder is a symbolic link")))
    })
}

/// Keeps other processes from writing to the folder until the lock is dropped. A file system without locks is written
/// to all the same.
fn lock(folder: &Path) -> Result<Option<File>, WriteError> {
    let Ok(file) = File::open(folder) else { return Ok(None) };
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::Error(_)) => return Ok(None),
            Err(TryLockError::WouldBlock) if begun.elapsed() > PATIENCE => {
                return Err(WriteError::Busy(folder.to_owned()));
            }
            Err(TryLockError::WouldBlock) => sleep(Duration::from_millis(20)),
        }
    }
}

/// Removes the temporary folders of processes that were killed.
fn remove_leftovers(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let is_leftover = name
            .strip_prefix(".podlift-")
            .and_then(|rest| rest.strip_suffix(".tmp"))
            .is_some_and(|rest| rest.split('-').all(|part| part.parse::<u32>().is_ok()));
        if is_leftover && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            // One that stays does no harm.
            _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Puts files in their places, or leaves everything as it was. The record is `meanwhile` until all of them are there.
fn put(folder: &Path, files: &[&OutputFile], meanwhile: &str) -> Result<(), WriteError> {
    let staging = Staging::new(folder)?;
    let record = folder.join(RECORD);
    let announced = staging.0.join("record");
    fs::write(&announced, meanwhile).map_err(refused(&record))?;
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
    let is_recorded = files.last().is_some_and(|file| file.path == RECORD);
    let announced = prepared.and_then(|()| match is_recorded {
        true => fs::rename(&announced, &record).map_err(refused(&record)),
        // Nothing but what is missing is put back.
        false => Ok(()),
    });
    let done = announced.and_then(|()| {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;
    use std::collections::BTreeMap;

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
        assert!(put(folder.path(), &all, "").is_err());
        assert_eq!(snapshot(folder.path()), before);
    }

    #[test]
    fn a_process_killed_halfway_is_followed_by_a_run_that_finishes() {
        let folder = tempfile::tempdir().unwrap();
        let files = |text| [file("d/a.yaml", text), file("d/b.yaml", text), file("d/c.yaml", text)];
        write(folder.path(), &files("1\n"), false).unwrap();
        let (record, _) = Record::read(&folder.path().join(RECORD)).unwrap();
        // As after the first of three renames: the record knows both texts of each.
        let mut meanwhile = record.clone();
        files("2\n").iter().for_each(|file| meanwhile.add(&file.path, hash(file.text.as_bytes())));
        fs::write(folder.path().join(RECORD), meanwhile.to_string()).unwrap();
        fs::write(folder.path().join("d/a.yaml"), "2\n").unwrap();
        fs::create_dir(folder.path().join(".podlift-4000000-0.tmp")).unwrap();
        fs::write(folder.path().join(".podlift-4000000-0.tmp/new-1"), "2\n").unwrap();
        let before = snapshot(folder.path());
        // What somebody edited since is still found.
        fs::write(folder.path().join("d/c.yaml"), "mine\n").unwrap();
        let error = write(folder.path(), &files("3\n"), false).unwrap_err();
        assert!(matches!(&error, WriteError::Edited(paths) if *paths == ["d/c.yaml"]), "{error}");
        fs::write(folder.path().join("d/c.yaml"), "1\n").unwrap();
        assert!(before.contains_key(".podlift-4000000-0.tmp/"));
        write(folder.path(), &files("3\n"), false).unwrap();
        let after = snapshot(folder.path());
        assert!(!after.keys().any(|path| path.ends_with(".tmp/")), "{after:?}");
        assert!(["a", "b", "c"].iter().all(|name| after[&format!("d/{name}.yaml")] == "3\n"));
        assert_eq!(after[RECORD].lines().count(), 3, "the final record knows one text of each");
    }

    #[test]
    fn two_processes_do_not_write_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let held = lock(folder.path()).unwrap();
        assert!(held.is_some(), "the folder of temporary files can be locked");
        let path = folder.path().to_owned();
        let other = std::thread::spawn(move || write(&path, &[file("a.yaml", "a\n")], false));
        sleep(Duration::from_millis(100));
        assert_eq!(snapshot(folder.path()), BTreeMap::new(), "the other waits");
        drop(held);
        assert_eq!(other.join().unwrap().unwrap().changed, ["a.yaml"]);
    }

    #[test]
    fn a_record_that_leads_elsewhere_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[file("d/a.yaml", "a")], false).unwrap();
        let lines = "b  /etc/passwd\nb  ../../etc/passwd\nb  d/../../x\n";
        let record = fs::read_to_string(folder.path().join(RECORD)).unwrap() + lines;
        fs::write(folder.path().join(RECORD), record).unwrap();
        let written = write(folder.path(), &[file("d/a.yaml", "a")], false).unwrap();
        assert_eq!(written.stale, [""; 0]);
        assert_eq!(snapshot(folder.path())[RECORD].lines().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_too_large_to_be_ours_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[file("a.yaml", "a\n")], false).unwrap();
        File::create(folder.path().join("a.yaml")).unwrap().set_len(1 << 40).unwrap();
        // A terabyte, of which there is nothing on the disk.
        let error = write(folder.path(), &[file("a.yaml", "b\n")], false).unwrap_err();
        assert!(matches!(error, WriteError::Edited(_)), "{error}");
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
