//! `podlift diff`: what changed between two reports, folders of job specs, or DAGs.

mod git;
mod interrupt;
mod sides;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum;

use super::file::deliver;
use super::project::{ProjectArgs, config};
use super::translate::args::ReadingArgs;
use super::{Ctx, Exit};
use crate::report::diff::{compare, html, human, json, markdown};

/// Show what changed between two reports, folders of job specs, DAGs or git revisions
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Show what changed between two sides, by its meaning for the pods.\n\n\
        A side is a report (JSON), a folder or file of job specs, a DAG file or folder, or REVISION:PATH of the git \
        repository here, which is read without touching the work tree. Tasks meet by DAG and id, those left over by \
        likeness, so that a new name is no new task; containers, variables, volumes, mounts and tolerations by name.",
    after_help = "\
Examples:
  podlift diff main:dags dags                      what the work tree does to the pods
  podlift diff v1.4:dags main:dags                 between two revisions
  podlift diff last-week.json dags                 what happened since a report
  podlift diff jobs dags                           job specs that are out of date
  podlift diff main:dags dags --format markdown    a comment for a pull request
  podlift diff main:dags dags --exit-code          1 if anything changed

Credentials are not shown; one that changed is told without its value. A report without its
credentials cannot tell whether they changed.

Exit codes:
  0  the sides are compared; with --exit-code, they are the same
  1  with --exit-code: they differ
  2  the work could not be done: a side that cannot be read, no git, wrong arguments"
)]
pub(super) struct Args {
    /// The side before: a report, job specs, DAGs, or REVISION:PATH
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The side after
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// How to write the difference [default: by the name of the file, else human]
    #[arg(long, value_name = "FORMAT", value_enum, help_heading = "Output")]
    format: Option<Format>,
    /// Write it to FILE instead of standard output
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// Exit with 1 if the sides differ
    #[arg(long, help_heading = "Output")]
    exit_code: bool,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    reading: ReadingArgs,
}

/// The notation of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for the terminal.
    Human,
    /// A comment for a pull request, never longer than one may be.
    Markdown,
    /// Everything.
    Json,
    /// One page to look at, without network.
    Html,
}

impl Format {
    /// The format that the name of a file asks for.
    fn of(file: &Path) -> Option<Self> {
        match file.extension()?.to_str()? {
            "html" | "htm" => Some(Self::Html),
            "md" => Some(Self::Markdown),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

pub(super) fn run(args: &Args, ctx: &mut Ctx<'_>) -> Result<Exit> {
    let config = config(&args.project, ctx)?;
    let old = sides::side(&args.old, &args.reading, &config, ctx)?;
    let new = sides::side(&args.new, &args.reading, &config, ctx)?;
    let diff = compare(&old, &new, args.project.show_secrets);
    let named = args.output.as_deref().and_then(Format::of);
    let text = match args.format.or(named).unwrap_or(Format::Human) {
        Format::Human => human(&diff, ctx.color_out && args.output.is_none()),
        Format::Markdown => markdown(&diff),
        Format::Json => json(&diff),
        Format::Html => html(&diff),
    };
    deliver(&text, args.output.as_deref(), ctx)?;
    Ok(if args.exit_code && !diff.is_empty() { Exit::Findings } else { Exit::Ok })
}
