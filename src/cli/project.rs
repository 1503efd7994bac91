//! What a project wants, from `podlift.toml`, and the translation that reports and checks are about.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::Ctx;
use super::failure::Trouble;
use super::messages::{MessageFormat, Messages};
use super::translate::args::ReadingArgs;
use super::translate::inputs::{options, tables};
use super::translate::{not_there, nothing};
use crate::config::{Config, FILE};
use crate::paths::normal;
use crate::report::{self, Built};
use crate::secrets;
use crate::translate::{Options, Static, Translation, translate};

/// How a project is read.
#[derive(Debug, clap::Args)]
pub(super) struct ProjectArgs {
    /// Show values that look like credentials instead of [redacted]
    #[arg(long, help_heading = "Findings")]
    pub(super) show_secrets: bool,
    /// Levels of findings [default: podlift.toml here or in a folder above, up to the repository]
    #[arg(long, value_name = "FILE", help_heading = "Findings")]
    pub(super) config: Option<PathBuf>,
}

/// The longest configuration, in bytes. It comes with the repository, so nobody may have looked at it.
const LONGEST: u64 = 1 << 20;

/// The configuration that was named, or that of the project around the current directory.
pub(super) fn config(args: &ProjectArgs, ctx: &Ctx<'_>) -> Result<Config> {
    let path = match &args.config {
        Some(path) => ctx.cwd.join(path),
        None => match nearest(&ctx.cwd) {
            Some(path) => path,
            None => return Ok(Config::default()),
        },
    };
    let shown = args.config.clone().unwrap_or_else(|| PathBuf::from(FILE));
    parsed(&path, &shown)
}

/// Where the project around the current directory wants results to be kept.
pub(super) fn cache_of_project(ctx: &Ctx<'_>) -> Result<Option<PathBuf>> {
    let Some(path) = nearest(&ctx.cwd) else { return Ok(None) };
    let Some(cache) = parsed(&path, Path::new(FILE))?.cache else { return Ok(None) };
    let folder = path.parent().unwrap_or(&ctx.cwd);
    let place = normal(&folder.join(&cache));
    // The file comes with the repository, and a repository has no say in what lies elsewhere.
    let there = place.ancestors().find_map(|above| above.canonicalize().ok());
    let is_inside = place.starts_with(folder)
        && match (there, folder.canonicalize()) {
            (Some(there), Ok(folder)) => there.starts_with(folder),
            _ => false,
        };
    if !is_inside {
        let message = format!("`cache` in `{FILE}` leads out of the folder of that file");
        let remedy = "name a folder below it, or choose another with --cache DIR or PODLIFT_CACHE";
        return Err(Trouble::new(message, remedy).into());
    }
    Ok(Some(place))
}

fn parsed(path: &Path, shown: &Path) -> Result<Config> {
    let text = super::file::read_up_to(path, LONGEST).with_context(|| {
        let message = format!("cannot read the configuration `{}`", shown.display());
        Trouble::new(message, "check the path; the file has to be UTF-8 text")
    })?;
    Config::parse(&text).with_context(|| {
        let message = format!("the configuration `{}` is malformed", shown.display());
        Trouble::new(message, "`podlift check --help` shows what it may hold")
    })
}

/// The configuration in a folder or the closest folder above it, up to the root of the repository.
fn nearest(folder: &Path) -> Option<PathBuf> {
    for folder in folder.ancestors() {
        let file = folder.join(FILE);
        if file.is_file() {
            return Some(file);
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}

/// Translates what was named. `what` could not be done if it fails: "nothing could be ...".
pub(super) fn read(
    options: &Options,
    args: &ReadingArgs,
    what: &str,
    ctx: &Ctx<'_>,
) -> Result<Translation> {
    let stages = Static::new(tables(&args.mappings, ctx)?, options.settings.limits.file);
    let translation = translate(&stages, options).map_err(|error| nothing(error, what))?;
    match translation.unmatched.first() {
        Some(unmatched) => Err(not_there(unmatched).into()),
        None => Ok(translation),
    }
}

/// The report on what was named, with the translation it is about.
pub(super) fn built(
    paths: &[PathBuf],
    reading: &ReadingArgs,
    project: &ProjectArgs,
    config: &Config,
    ctx: &mut Ctx<'_>,
) -> Result<(Built, Translation)> {
    let messages = Messages { format: MessageFormat::Human, verbose: false };
    let options = options(paths, reading, &messages, ctx)?;
    let translation = read(&options, reading, "reported", ctx)?;
    let how = report::Options {
        show_secrets: project.show_secrets,
        credentials: secrets::in_values(&options.settings.values),
        levels: config.levels.clone(),
        unused_ignores: options.selection.is_all(),
    };
    let built = report::build(&translation, &how);
    if translation.files.is_empty() {
        messages.note("no DAG file was found", &mut ctx.stderr)?;
    }
    Ok((built, translation))
}
