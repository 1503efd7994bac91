//! Where artefacts go: below an output folder, or to standard output.

use std::path::Path;

use anyhow::Result;

use super::Ctx;
use super::failure::Trouble;
use super::messages::Messages;
use crate::emit::write::{WriteError, write};
use crate::emit::{Emitter, OutputFile};

/// Writes artefacts below a folder, or to standard output when there is none or it is `-`. A relative folder
/// is taken from the current directory.
pub(super) fn put(
    emitter: &dyn Emitter,
    files: &[OutputFile],
    folder: Option<&Path>,
    force: bool,
    messages: &Messages,
    ctx: &mut Ctx<'_>,
) -> Result<()> {
    let Some(folder) = folder.filter(|folder| folder.as_os_str() != "-") else {
        for part in emitter.parts(files) {
            ctx.stdout.write_all(part.as_bytes())?;
        }
        return Ok(());
    };
    let written =
        write(&ctx.cwd.join(folder), files, force).map_err(|error| trouble(shown(error, ctx)))?;
    for path in &written.stale {
        let path = folder.join(path);
        messages.note(&format!("{} is from an earlier run", path.display()), &mut ctx.stderr)?;
    }
    Ok(())
}

/// What to do about an output that was not written.
fn trouble(error: WriteError) -> anyhow::Error {
    let remedy = match error {
        WriteError::Edited(_) => "keep your changes elsewhere, or overwrite them with --force",
        _ => "choose a folder you may write to with -o DIR",
    };
    let what = Trouble::new("the output could not be written, nothing has changed", remedy);
    anyhow::Error::new(error).context(what)
}

/// The error with paths as the user wrote them.
fn shown(error: WriteError, ctx: &Ctx<'_>) -> WriteError {
    match error {
        WriteError::Io { path, source } => {
            let path = path.strip_prefix(&ctx.cwd).map(Path::to_owned).unwrap_or(path);
            WriteError::Io { path, source }
        }
        other => other,
    }
}
