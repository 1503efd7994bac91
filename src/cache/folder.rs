//! The folder of a cache: made for one's own eyes, marked for programs that make backups, and kept from growing for ever.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::CacheError;

/// What the names of packs end in.
pub(super) const PACK: &str = ".pack";
/// What the names of packs end in while they are written.
pub(super) const DRAFT: &str = ".draft";
/// Marks the folder of a cache for programs that make backups.
const TAG: &str = "CACHEDIR.TAG";
const TAG_TEXT: &str = "Signature: 8a477f597d28d172789f06886806bc55\n\
    # This folder is a cache of podlift: it can be deleted at any time.\n";

/// The longest mark that is read, in bytes.
const LONGEST_TAG: u64 = 4096;

/// How many packs are kept: one for each way of asking, such as the values of three environments.
const MOST: usize = 16;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a pack is kept that nobody uses.
const UNUSED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Makes the folder if it is not there.
pub(super) fn prepare(folder: &Path) -> Result<(), CacheError> {
    if is_ours(folder) {
        return Ok(());
    }
    // A folder of something else would be littered, and `.gitignore` would hide what is in it.
    match fs::read_dir(folder).map(|mut entries| entries.next().is_some()) {
        // Another run may have marked it meanwhile.
        Ok(true) if is_ours(folder) => return Ok(()),
        Ok(true) => return Err(CacheError::Taken(folder.to_owned())),
        Ok(false) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(folder).map_err(|error| CacheError::Unusable(folder.to_owned(), error))?;
        }
        Err(error) => return Err(CacheError::Unusable(folder.to_owned(), error)),
    }
    let write = |name: &str, text: &str| fs::write(folder.join(name), text);
    // The mark comes first: whoever finds the folder taken looks for it.
    write(TAG, TAG_TEXT)
        .and_then(|()| write(".gitignore", "*\n"))
        .map_err(|error| CacheError::Unusable(folder.to_owned(), error))
}

/// Whether a folder is marked as a cache of podlift: other programs mark theirs with a file of the same name.
fn is_ours(folder: &Path) -> bool {
    let read = crate::disk::read(&folder.join(TAG), LONGEST_TAG);
    read.is_ok_and(|text| text.is_some_and(|text| text == TAG_TEXT.as_bytes()))
}

/// Makes a folder that nobody else can look into: job specs may hold credentials.
fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        if let Some(above) = folder.parent() {
            fs::create_dir_all(above)?;
        }
        builder.mode(0o700);
    }
    builder.create(folder)
}

/// Notes that a pack is in use.
pub(super) fn touch(pack: &Path) {
    let is_recent = |about: fs::Metadata| {
        about.modified().is_ok_and(|at| at.elapsed().is_ok_and(|since| since < DAY))
    };
    if !fs::metadata(pack).is_ok_and(is_recent)
        && let Ok(file) = File::options().append(true).open(pack)
    {
        // A pack that looks unused is only removed too early.
        _ = file.set_modified(SystemTime::now());
    }
}

/// Removes packs that were not used for long and those beyond the most that are kept, the one in use excepted; also
/// what killed processes left behind.
pub(super) fn tidy(folder: &Path, in_use: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let now = SystemTime::now();
    let mut packs: Vec<(Duration, PathBuf)> = Vec::new();
    for entry in entries.flatten() {
        let age = entry.metadata().and_then(|about| about.modified());
        let age = age.map(|at| now.duration_since(at).unwrap_or_default()).unwrap_or_default();
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if name.ends_with(DRAFT) && age > DAY {
            _ = fs::remove_file(path);
        } else if name.ends_with(PACK) && path != in_use {
            packs.push((age, path));
        }
    }
    packs.sort();
    for (number, (age, path)) in packs.into_iter().enumerate() {
        if number + 1 >= MOST || age > UNUSED {
            // What cannot be removed now will be another time.
            _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_new_folder_is_marked_and_closed_to_others() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("a/b");
        prepare(&folder).unwrap();
        prepare(&folder).unwrap();
        assert_eq!(names(&folder), [".gitignore", TAG]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }

    #[test]
    fn a_folder_of_something_else_is_left_alone() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("dag.py"), "").unwrap();
        assert!(matches!(prepare(place.path()), Err(CacheError::Taken(_))));
        assert_eq!(names(place.path()), ["dag.py"]);
        assert!(matches!(prepare(&place.path().join("dag.py")), Err(CacheError::Unusable(..))));
    }

    #[test]
    fn old_packs_go_and_the_one_in_use_stays() {
        let place = tempfile::tempdir().unwrap();
        prepare(place.path()).unwrap();
        let file = |name: &str, days: u32| {
            let path = place.path().join(name);
            fs::write(&path, "").unwrap();
            let at = SystemTime::now() - DAY * days;
            File::options().append(true).open(&path).unwrap().set_modified(at).unwrap();
            path
        };
        let in_use = file("old.pack", 40);
        file("older.pack", 40);
        file("left.draft", 2);
        file("written.draft", 0);
        file("mine.txt", 400);
        for number in 0..20 {
            file(&format!("{number:02}.pack"), number);
        }
        tidy(place.path(), &in_use);
        let kept: Vec<String> =
            names(place.path()).into_iter().filter(|name| name.ends_with(PACK)).collect();
        assert_eq!(kept.len(), MOST);
        assert_eq!(kept.last().map(String::as_str), Some("old.pack"));
        assert!(kept.contains(&"14.pack".to_owned()) && !kept.contains(&"15.pack".to_owned()));
        let others = ["mine.txt", "written.draft"].map(|name| place.path().join(name).exists());
        assert_eq!((others, place.path().join("left.draft").exists()), ([true; 2], false));
    }

    #[test]
    fn a_pack_in_use_is_not_taken_for_an_old_one() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("x.pack");
        fs::write(&path, "").unwrap();
        let old = SystemTime::now() - DAY * 20;
        File::options().append(true).open(&path).unwrap().set_modified(old).unwrap();
        touch(&path);
        let since = fs::metadata(&path).unwrap().modified().unwrap().elapsed();
        assert!(since.unwrap_or_default() < DAY);
    }
}
