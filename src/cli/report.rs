//! `podlift report`: where a migration stands.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::ValueEnum;

use super::file::deliver;
use super::project::{ProjectArgs, built, config};
use super::translate::args::ReadingArgs;
use super::{Ctx, Exit};
use crate::report::render::{self, Judged};
use crate::report::{Built, html};

/// Report where the migration stands: every task, every argument, what is left to do
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Report where the migration stands.\n\n\
        For every task: what becomes of each argument, where it stands in the job spec and where it came from, what is \
        not known and why, findings, and one of ready, needs values, needs a decision, not migratable, with the one thing \
        to do next. Files that could not be read and tasks that stand for any number of tasks are counted, never taken for \
        none.",
    after_help = "\
Examples:
  podlift report dags                          to the terminal
  podlift report dags -o report.html           a page with the source beside the pods; one file, no network
  podlift report dags -o report.json           a baseline for `podlift check` and a side of `podlift diff`
  podlift report dags --format sarif -o podlift.sarif
                                               for code scanning
  podlift report dags --format github          annotations in a workflow of GitHub Actions

The format follows the name of the file: .html, .md, .json, .sarif, .xml (JUnit); --format decides
otherwise. The same DAGs always give the same bytes: no times, no absolute paths.

Values that look like credentials are shown as [redacted].

Exit codes:
  0  the report was written, whatever it says; `podlift check` is the gate
  2  the work could not be done: wrong arguments, a PATH that is not there, a file that cannot be
     written"
)]
pub(super) struct Args {
    /// DAG files and folders; `-` reads one DAG file from standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How to write the report [default: by the name of the file, else human]
    #[arg(long, value_name = "FORMAT", value_enum, help_heading = "Output")]
    format: Option<Format>,
    /// Write it to FILE instead of standard output
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    #[command(flatten)]
    project: ProjectArgs,
    #[command(flatten)]
    reading: ReadingArgs,
}

/// The notation of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for the terminal.
    Human,
    /// GitHub-flavoured Markdown.
    Markdown,
    /// One page to look at, without network.
    Html,
    /// Everything; `podlift schema report` prints its schema.
    Json,
    /// The findings, for code scanning (SARIF 2.1.0).
    Sarif,
    /// The findings, as workflow commands of GitHub Actions.
    Github,
    /// Tasks as tests, for CI systems.
    Junit,
}

impl Format {
    /// The format that the name of a file asks for.
    fn of(file: &Path) -> Option<Self> {
        match file.extension()?.to_str()? {
            "html" | "htm" => Some(Self::Html),
            "md" => Some(Self::Markdown),
            "json" => Some(Self::Json),
            "sarif" => Some(Self::Sarif),
            "xml" => Some(Self::Junit),
            _ => None,
        }
    }
}

pub(super) fn run(args: &Args, ctx: &mut Ctx<'_>) -> Result<Exit> {
    let config = config(&args.project, ctx)?;
    let (built, _) = built(&args.paths, &args.reading, &args.project, &config, ctx)?;
    let named = args.output.as_deref().and_then(Format::of);
    let color = ctx.color_out && args.output.is_none();
    let text = write(args.format.or(named).unwrap_or(Format::Human), &built, color);
    deliver(&text, args.output.as_deref(), ctx)?;
    Ok(Exit::Ok)
}

fn write(format: Format, built: &Built, color: bool) -> String {
    let report = &built.report;
    match format {
        Format::Human => render::human(report, color),
        Format::Markdown => render::markdown(report),
        Format::Html => html::page(report, &built.texts),
        Format::Json => render::json(report),
        Format::Sarif => render::sarif(&Judged::all(report), false),
        Format::Github => render::github(&report.findings),
        Format::Junit => render::junit_of_tasks(report),
    }
}
