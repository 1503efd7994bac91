//! Where results are kept for the next run, if anywhere: `--cache`, `PODLIFT_CACHE`, `podlift.toml`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::args::{Args, CacheArgs, Emit};
use crate::cache::{Cache, Used};
use crate::cli::Ctx;
use crate::cli::failure::Trouble;
use crate::cli::messages::{Messages, count};
use crate::cli::project::cache_of_project;

/// The variable that names the folder.
const VARIABLE: &str = "PODLIFT_CACHE";

/// The cache that is to be used. Asking for one where none is of use is a mistake; a folder that is named for all
/// runs is only used where it can be.
pub(super) fn cache(args: &Args, ctx: &Ctx<'_>) -> Result<Option<Cache>> {
    let CacheArgs { cache, no_cache } = &args.cache;
    let is_of_use = args.output.emit == Emit::JobSpec;
    if cache.is_some() && !is_of_use {
        let what = "--cache keeps job specs and nothing else that --emit can write";
        return Err(Trouble::new(what, "leave out --cache or --emit").into());
    }
    if *no_cache || !is_of_use {
        return Ok(None);
    }
    let variable = || std::env::var_os(VARIABLE).filter(|value| !value.is_empty());
    let folder: Option<PathBuf> = match cache.clone().or_else(|| variable().map(PathBuf::from)) {
        Some(folder) => Some(ctx.cwd.join(folder)),
        None => cache_of_project(ctx)?,
    };
    let cache = folder.map(|folder| Cache::at(&folder).with_context(|| trouble(&folder.display())));
    cache.transpose()
}

fn trouble(folder: &dyn std::fmt::Display) -> Trouble {
    Trouble::new(
        format!("no results can be kept in `{folder}`"),
        "name a folder of its own that you may write to with --cache DIR, or none with --no-cache",
    )
}

/// Says what the cache was good for, to those who want to know everything, and what kept it from being of use.
pub(super) fn tell(
    used: &Used,
    files: usize,
    messages: &Messages,
    ctx: &mut Ctx<'_>,
) -> Result<()> {
    if messages.verbose {
        let files = count(files, "file");
        messages
            .note(&format!("{} of {files} taken from the cache", used.reused), &mut ctx.stderr)?;
    }
    if let Some(problem) = &used.problem {
        let note = format!("results of this run are not kept: {problem}");
        messages.note(&note, &mut ctx.stderr)?;
    }
    Ok(())
}
