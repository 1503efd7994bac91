//! Writes one file, whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::{Context as _, Result};

use super::Ctx;
use super::failure::Trouble;
use crate::disk;

/// Writes a text to the file that was named with `-o`, or to standard output without one and for `-`.
pub(super) fn deliver(text: &str, file: Option<&Path>, ctx: &mut Ctx<'_>) -> Result<()> {
    match file.filter(|file| file.as_os_str() != "-") {
        None => Ok(ctx.stdout.write_all(text.as_bytes())?),
        // What is written here is never Python; a DAG file was named by mistake.
        Some(file) if file.extension().is_some_and(|extension| extension == "py") => {
            let message =
                format!("`{}` is not overwritten: it is named as a Python file", file.display());
            Err(Trouble::new(message, "choose another name with -o FILE").into())
        }
        Some(file) => write(&ctx.cwd.join(file), text).with_context(|| {
            let message = format!("cannot write `{}`", file.display());
            Trouble::new(message, "choose a file you may write to with -o FILE")
        }),
    }
}

/// The longest file that an option may name, in bytes.
const LONGEST: u64 = 64 << 20;

/// The text of a file that an option names. It may be what the shell hands over as `<(...)`, but it has to end.
///
/// # Errors
/// It cannot be read, is not UTF-8, or is longer than anybody writes.
pub(super) fn read(path: &Path) -> io::Result<String> {
    read_up_to(path, LONGEST)
}

/// The text of a file of so many bytes at most.
///
/// # Errors
/// It cannot be read, is not UTF-8, or is longer.
pub(super) fn read_up_to(path: &Path, longest: u64) -> io::Result<String> {
    decoded(bytes(disk::named(path)?, longest)?)
}

/// All of a text.
///
/// # Errors
/// It cannot be read, is not UTF-8, or is longer than anybody writes.
pub(super) fn text(file: impl Read) -> io::Result<String> {
    decoded(bytes(file, LONGEST)?)
}

// An endless file is not UTF-8 as a rule, but what is wrong with it is that it does not end. So its length comes first.
fn decoded(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8 text"))
}

/// All bytes of what may not end.
///
/// # Errors
/// It cannot be read, or there is more.
pub(super) fn bytes(file: impl Read, longest: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let length = file.take(longest.saturating_add(1)).read_to_end(&mut bytes)?;
    match u64::try_from(length) {
        Ok(length) if length <= longest => Ok(bytes),
        _ => Err(io::Error::other(format!("it is longer than {longest} bytes"))),
    }
}

/// Looks whether a file can be written, without changing anything.
///
/// # Errors
/// When it cannot, as far as that can be seen.
pub(super) fn can_write(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(io::Error::from(io::ErrorKind::IsADirectory)),
        Ok(found) if found.is_file() => fs::OpenOptions::new().append(true).open(path).map(drop),
        // A device or a pipe: opening one may wait for who reads it.
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = fs::metadata(folder.unwrap_or_else(|| Path::new(".")))?;
            let is_open = folder.is_dir() && !folder.permissions().readonly();
            if is_open { Ok(()) } else { Err(io::Error::from(io::ErrorKind::PermissionDenied)) }
        }
        Err(error) => Err(error),
    }
}

/// Replaces the text of a file. A reader of the file sees the old text or the new one, never a part. A file that would
/// not change is left alone, and one behind a link is replaced where it is.
///
/// # Errors
/// When it cannot be written; then the old text is still there.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    // A device or a pipe is written to, not replaced.
    if let Some(mut there) = disk::feed(path)? {
        return there.write_all(text.as_bytes());
    }
    let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
    if disk::read(path, length).is_ok_and(|old| old.is_some_and(|old| old == text.as_bytes())) {
        return Ok(());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let mut file = File::create_new(&beside)?;
    let done = file
        .write_all(text.as_bytes())
        .and_then(|()| match fs::metadata(path) {
            Ok(old) => fs::set_permissions(&beside, old.permissions()),
            Err(_) => Ok(()),
        })
        .and_then(|()| fs::rename(&beside, path));
    if done.is_err() {
        // The error of writing says more than one of tidying up.
        _ = fs::remove_file(&beside);
    }
    done
}
