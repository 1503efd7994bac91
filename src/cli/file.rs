//! Writes one file, whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read as _, Write};
use std::path::Path;

use anyhow::{Context as _, Result};

use super::Ctx;
use super::failure::Trouble;

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

/// The text of a file that an option names. It may be a pipe, but it has to end.
///
/// # Errors
/// It cannot be read, is not UTF-8, or is longer than anybody writes.
pub(super) fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let length = File::open(path)?.take(LONGEST + 1).read_to_string(&mut text)?;
    match u64::try_from(length) {
        Ok(length) if length <= LONGEST => Ok(text),
        _ => Err(io::Error::other(format!("it is longer than {LONGEST} bytes"))),
    }
}

/// Replaces the text of a file. A reader of the file sees the old text or the new one, never a part. A file that would
/// not change is left alone, and one behind a link is replaced where it is.
///
/// # Errors
/// When it cannot be written; then the old text is still there.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    // A device or a pipe is written to, not replaced.
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return fs::write(path, text);
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
