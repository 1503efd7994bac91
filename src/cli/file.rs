//! Writes one file, whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context as _, Result};

use super::Ctx;
use super::failure::Trouble;

/// Writes a text to the file that was named with `-o`, or to standard output without one and for `-`.
pub(super) fn deliver(text: &str, file: Option<&Path>, ctx: &mut Ctx<'_>) -> Result<()> {
    match file.filter(|file| file.as_os_str() != "-") {
        None => Ok(ctx.stdout.write_all(text.as_bytes())?),
        Some(file) => write(&ctx.cwd.join(file), text).with_context(|| {
            let message = format!("cannot write `{}`", file.display());
            Trouble::new(message, "choose a file you may write to with -o FILE")
        }),
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
