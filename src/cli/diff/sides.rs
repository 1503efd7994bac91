//! What the two sides of a comparison are: reports, job specs, DAGs, or DAGs of a git revision.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use ignore::WalkBuilder;

use super::git::Tree;
use crate::cli::Ctx;
use crate::cli::failure::Trouble;
use crate::cli::messages::{MessageFormat, Messages};
use crate::cli::project;
use crate::cli::translate::args::ReadingArgs;
use crate::cli::translate::inputs::options;
use crate::config::Config;
use crate::diag::Code;
use crate::paths::Shown;
use crate::python::Sources;
use crate::report::diff::Side;
use crate::report::{self, Report};
use crate::spec::{self, JobSpec};

/// Reads one side.
pub(super) fn side(
    word: &Path,
    reading: &ReadingArgs,
    config: &Config,
    ctx: &mut Ctx<'_>,
) -> Result<Side> {
    let path = ctx.cwd.join(word);
    let label = word.to_string_lossy().into_owned();
    if !path.exists() {
        return match label.split_once(':') {
            Some((revision, inside)) => of_revision(&label, revision, inside, reading, config, ctx),
            None => Err(nothing(&label).into()),
        };
    }
    if path.is_dir() {
        let specs = spec_files(&path);
        return if specs.is_empty() || holds(&path, &["py"]) {
            of_dags(&label, word, reading, config, None, ctx)
        } else {
            of_specs(&label, &specs, ctx)
        };
    }
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("json" | "yaml" | "yml") => of_file(&label, &path, ctx),
        _ => of_dags(&label, word, reading, config, None, ctx),
    }
}

fn nothing(label: &str) -> Trouble {
    let remedy =
        "name a report, a folder of job specs, DAG files, or REVISION:PATH of this git repository";
    Trouble::new(format!("there is no `{label}`"), remedy)
}

/// Whether a folder holds files with one of these extensions.
fn holds(folder: &Path, extensions: &[&str]) -> bool {
    !files(folder, extensions).is_empty()
}

/// Files below a folder with one of these extensions, sorted.
fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let walk = WalkBuilder::new(folder)
        .standard_filters(false)
        .hidden(true)
        .sort_by_file_name(Ord::cmp)
        .build();
    let wanted = |path: &Path| {
        path.extension().and_then(|one| one.to_str()).is_some_and(|one| extensions.contains(&one))
    };
    walk.flatten()
        .map(|entry| entry.into_path())
        .filter(|path| path.is_file() && wanted(path))
        .collect()
}

/// The files of a folder that say they are job specs.
fn spec_files(folder: &Path) -> Vec<PathBuf> {
    let is_spec = |path: &PathBuf| {
        crate::cli::file::read(path)
            .is_ok_and(|text| text.contains(spec::API_VERSION) && text.contains(spec::KIND))
    };
    files(folder, &["yaml", "yml", "json"]).into_iter().filter(is_spec).collect()
}

/// A report, or a file of job specs.
fn of_file(label: &str, path: &Path, ctx: &mut Ctx<'_>) -> Result<Side> {
    let text = crate::cli::file::read(path).with_context(|| {
        Trouble::new(
            format!("cannot read `{label}`"),
            "check the path; the file has to be UTF-8 text",
        )
    })?;
    let kind = serde_json::from_str::<serde_json::Value>(&text).ok();
    let kind = kind.as_ref().and_then(|value| value.get("kind")?.as_str());
    if kind == Some(report::KIND) {
        let report: Report = serde_json::from_str(&text).with_context(|| {
            let remedy = "write it again with this release: `podlift report PATH -o FILE.json`";
            Trouble::new(format!("`{label}` is no report of this format"), remedy)
        })?;
        return Ok(Side::of_report(label, &report));
    }
    of_specs(label, &[path.to_owned()], ctx)
}

fn of_specs(label: &str, files: &[PathBuf], ctx: &mut Ctx<'_>) -> Result<Side> {
    let shown = Shown::new(&ctx.cwd, []);
    let sources = Sources::default();
    let mut specs: Vec<JobSpec> = Vec::new();
    for path in files {
        let name = shown.text(path);
        let text = crate::cli::file::read(path).with_context(|| {
            Trouble::new(format!("cannot read `{name}`"), "the file has to be UTF-8 text")
        })?;
        match spec::read(&sources, &name, &text) {
            Ok(read) => specs.extend(read),
            Err(findings) => {
                let messages = Messages { format: MessageFormat::Human, verbose: false };
                messages.reasons(&findings, &sources, ctx)?;
                let message = format!("`{name}` holds no job specs");
                return Err(Trouble::new(message, Code::InvalidJobSpec.remedy()).into());
            }
        }
    }
    Ok(Side::of_specs(label, &specs))
}

/// DAGs; in the tree of a revision, if there is one.
fn of_dags(
    label: &str,
    path: &Path,
    reading: &ReadingArgs,
    config: &Config,
    tree: Option<&Tree>,
    ctx: &mut Ctx<'_>,
) -> Result<Side> {
    let messages = Messages { format: MessageFormat::Human, verbose: false };
    let mut options = options(&[path.to_owned()], reading, &messages, ctx)?;
    if let Some(tree) = tree {
        let roots = options.settings.roots.iter().map(|root| tree.place(&ctx.cwd.join(root)));
        options.settings.roots = roots.collect();
        options.cwd = tree.root();
    }
    let translation = project::read(&options, reading, "compared", ctx)?;
    let how = report::Options {
        show_secrets: true,
        credentials: Vec::new(),
        levels: config.levels.clone(),
        unused_ignores: false,
    };
    Ok(Side::of_report(label, &report::build(&translation, &how).report))
}

fn leads_out(label: &str) -> anyhow::Error {
    Trouble::new(format!("`{label}` leads out of the repository"), "name a path inside it").into()
}

/// DAGs as a revision has them. As in git, a path starts at the root of the repository, and with `./` in the current
/// directory.
fn of_revision(
    label: &str,
    revision: &str,
    inside: &str,
    reading: &ReadingArgs,
    config: &Config,
    ctx: &mut Ctx<'_>,
) -> Result<Side> {
    let tree = Tree::of(&ctx.cwd, revision).with_context(|| nothing(label))?;
    let from = match inside {
        "." => tree.place(&ctx.cwd),
        _ if inside.starts_with("./") || inside.starts_with("../") => {
            tree.place(&ctx.cwd).join(inside)
        }
        _ => tree.root().join(inside.trim_start_matches('/')),
    };
    let from = crate::paths::normal(&from);
    let Ok(path) = from.strip_prefix(tree.root()).map(Path::to_owned) else {
        return Err(leads_out(label));
    };
    // A link in the revision may lead anywhere.
    let (real, top) = (from.canonicalize(), tree.root().canonicalize());
    if let (Ok(real), Ok(top)) = (real, top)
        && !real.starts_with(&top)
    {
        return Err(leads_out(label));
    }
    if !from.exists() {
        let message = format!("there is no `{inside}` in the revision `{revision}`");
        return Err(Trouble::new(
            message,
            "paths start at the root of the repository, or with ./ here",
        )
        .into());
    }
    let path = if path.as_os_str().is_empty() { PathBuf::from(".") } else { path };
    let specs = if from.is_dir() { spec_files(&from) } else { Vec::new() };
    if !specs.is_empty() && !holds(&from, &["py"]) {
        return of_specs(label, &specs, ctx);
    }
    match from.extension().and_then(|extension| extension.to_str()) {
        Some("json" | "yaml" | "yml") if from.is_file() => of_file(label, &from, ctx),
        _ => of_dags(label, &path, reading, config, Some(&tree), ctx),
    }
}
