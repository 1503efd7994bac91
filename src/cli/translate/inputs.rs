//! From what was typed to what it means: reads the files that arguments name and checks the rest.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::args::{LimitArgs, ReadingArgs, ValueArgs};
use crate::airflow::{Limits, Settings};
use crate::cli::failure::Trouble;
use crate::cli::messages::Messages;
use crate::cli::{Ctx, file};
use crate::diag::Code;
use crate::mapping::{Release, Tables};
use crate::paths::Shown;
use crate::python::Sources;
use crate::secrets;
use crate::translate::{Options, Selection};
use crate::values::Values;

/// The options of the pipeline.
pub(in crate::cli) fn options(
    paths: &[PathBuf],
    args: &ReadingArgs,
    messages: &Messages,
    ctx: &mut Ctx<'_>,
) -> Result<Options> {
    let (dashes, paths): (Vec<PathBuf>, Vec<PathBuf>) =
        paths.iter().cloned().partition(|path| path.as_os_str() == "-");
    let text = if dashes.is_empty() {
        None
    } else {
        let longest = args.limits.max_file.get();
        Some(file::bytes(&mut ctx.stdin, longest).context("cannot read standard input")?)
    };
    let settings = Settings {
        roots: args.root.clone(),
        values: values(&args.values, messages, ctx)?,
        airflow_version: release(&args.airflow_version, "--airflow-version")?,
        provider_version: release(&args.provider_version, "--provider-version")?,
        keep_xcom_sidecar: args.keep_xcom_sidecar,
        limits: args.limits.limits(),
        ..Settings::default()
    };
    for root in &args.root {
        if !ctx.cwd.join(root).is_dir() {
            let message = format!("--root `{}` is not a folder", root.display());
            return Err(
                Trouble::new(message, "name a folder that holds modules of your DAGs").into()
            );
        }
    }
    Ok(Options {
        cwd: ctx.cwd.clone(),
        paths,
        text,
        settings,
        ignore_syntax: args.airflowignore_syntax,
        selection: Selection { dags: args.dag.clone(), tasks: args.task.clone() },
        jobs: args.limits.jobs,
    })
}

impl LimitArgs {
    fn limits(&self) -> Limits {
        Limits {
            steps: self.max_steps.get(),
            depth: self.max_depth,
            collection: self.max_collection.get(),
            string: self.max_string.get(),
            turns: self.max_turns.get(),
            file: self.max_file.get(),
        }
    }
}

/// A release that can be compared.
fn release(text: &str, flag: &str) -> Result<String> {
    Release::parse(text).with_context(|| {
        Trouble::new(format!("{flag} `{text}` is no release"), "write it as in 10.25.0")
    })?;
    Ok(text.to_owned())
}

/// The values of `--values`, later files first, under those of `--set`.
pub(in crate::cli) fn values(
    args: &ValueArgs,
    messages: &Messages,
    ctx: &mut Ctx<'_>,
) -> Result<Values> {
    let mut values = Values::default();
    let sources = Sources::default();
    let shown = Shown::new(&ctx.cwd, args.values.iter().cloned());
    for path in &args.values {
        let text = read(path, "values file", ctx)?;
        match Values::from_yaml(&sources, &shown.text(path), &text) {
            Ok(read) => values.merge(read),
            Err(findings) => {
                let shown = sources.mapped(|source| secrets::without_values(&source.text));
                messages.reasons(&findings, &shown, ctx)?;
                let message = format!("values file `{}` is malformed", path.display());
                return Err(Trouble::new(message, Code::InvalidValues.remedy()).into());
            }
        }
    }
    for assignment in &args.set {
        values.set(assignment).with_context(|| {
            Trouble::new(
                // The value may be a credential.
                match assignment.split_once('=') {
                    Some((name, _)) => format!("--set `{name}=...` cannot be used"),
                    None => format!("--set `{assignment}` cannot be used"),
                },
                "write --set KIND:NAME=VALUE",
            )
        })?;
    }
    values.unset = args.unset.unwrap_or_default();
    Ok(values)
}

/// The text of a file that was named on the command line.
fn read(path: &Path, what: &str, ctx: &Ctx<'_>) -> Result<String> {
    file::read(&ctx.cwd.join(path)).with_context(|| {
        let message = format!("cannot read the {what} `{}`", path.display());
        Trouble::new(message, "check the path; the file has to be UTF-8 text")
    })
}

/// podlift's mapping tables and the user's.
pub(in crate::cli) fn tables(mappings: &[PathBuf], ctx: &Ctx<'_>) -> Result<Tables> {
    tables_of(&table_texts(mappings, ctx)?)
}

/// The user's mapping tables as they are written, each with its path.
pub(super) fn table_texts(mappings: &[PathBuf], ctx: &Ctx<'_>) -> Result<Vec<(String, String)>> {
    let text = |path: &PathBuf| Ok((path.display().to_string(), read(path, "mapping table", ctx)?));
    mappings.iter().map(text).collect()
}

/// podlift's mapping tables and these of the user.
pub(super) fn tables_of(texts: &[(String, String)]) -> Result<Tables> {
    Tables::with_user(texts.iter().cloned()).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let message = format!("mapping table is malformed: {}", lines.join("; "));
        Trouble::new(message, "`podlift explain KPO503` tells more").into()
    })
}
