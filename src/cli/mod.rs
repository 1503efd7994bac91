//! The command line: one file per subcommand, each with its `Args` and a `run` that reads as a paragraph.
//!
//! Only this folder prints, reads the environment and decides exit codes. What is wrong with somebody's
//! DAGs is a finding and goes to standard error in the chosen format; what kept podlift from doing its
//! work is an error and ends it with code 2.

mod check;
mod completions;
mod ctx;
mod diff;
mod doctor;
mod explain;
mod failure;
mod file;
mod mappings;
mod messages;
mod output;
mod project;
mod report;
mod run;
mod schema;
mod translate;
mod verify;

pub use ctx::Ctx;

use std::ffi::OsString;

use anyhow::Result;
use clap::{ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand};

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done and nothing is wrong.
    Ok = 0,
    /// The work was done, and there are findings that matter.
    Findings = 1,
    /// The work could not be done.
    Trouble = 2,
}

/// Lifts KubernetesPodOperator tasks out of Airflow DAG files and lands them on Dagster Pipes.
#[derive(Debug, Parser)]
#[command(
    name = "podlift",
    version,
    about,
    long_about = "Lifts KubernetesPodOperator tasks out of Airflow DAG files and lands them on Dagster Pipes.\n\n\
        DAG files are read without running them: no Airflow, no cluster and no credentials are needed. \
        `podlift run` and `podlift doctor` talk to a cluster. Only `podlift verify` runs them, in your own Airflow, to prove that the pods are the same.",
    max_term_width = 100,
    after_help = "\
Examples:
  podlift translate dags -o jobs        one job spec per task, in jobs/<dag>/<task>.yaml
  podlift translate dags/nightly.py     the same, to standard output
  podlift run jobs/nightly --date 2026-11-21
                                        run the pods of a DAG, in their order
  podlift doctor jobs/nightly           look whether the cluster has what they need
  podlift report dags -o report.html    where the migration stands, as a page to look at
  podlift diff main:dags dags           what a change to the DAGs does to the pods
  podlift check dags --baseline report.json
                                        in CI: fail on new findings only
  podlift verify dags --python /opt/airflow/bin/python
                                        compare the pods with those your Airflow makes
  podlift explain env_vars              what becomes of an argument
  podlift explain KPO201                what a finding means and what to do

Exit codes: 0 nothing is wrong, 1 there are findings, 2 the work could not be done.",
    subcommand_required = true,
    arg_required_else_help = true
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", value_enum)]
    color: ColorChoice,
}

#[derive(Debug, Subcommand)]
enum Command {
    Translate(Box<translate::Args>),
    Run(Box<run::Args>),
    Doctor(Box<doctor::Args>),
    Report(Box<report::Args>),
    Diff(Box<diff::Args>),
    Check(Box<check::Args>),
    Verify(Box<verify::Args>),
    Explain(explain::Args),
    Mappings(mappings::Args),
    Schema(schema::Args),
    Completions(completions::Args),
}

/// Runs one command line, program name included, and gives the exit code.
pub fn main(args: impl IntoIterator<Item = OsString>, ctx: &mut Ctx<'_>) -> u8 {
    let done = match parse(args, ctx) {
        Ok(cli) => {
            ctx.choose_color(cli.color);
            run(cli.command, ctx).and_then(|exit| Ok(ctx.flush().map(|()| exit)?))
        }
        Err(exit) => exit,
    };
    match done {
        Ok(exit) => exit as u8,
        Err(error) => failure::report(&error, ctx) as u8,
    }
}

fn run(command: Command, ctx: &mut Ctx<'_>) -> Result<Exit> {
    match command {
        Command::Translate(args) => translate::run(*args, ctx),
        Command::Run(args) => run::run(&args, ctx),
        Command::Doctor(args) => doctor::run(&args, ctx),
        Command::Report(args) => report::run(&args, ctx),
        Command::Diff(args) => diff::run(&args, ctx),
        Command::Check(args) => check::run(&args, ctx),
        Command::Verify(args) => verify::run(&args, ctx),
        Command::Explain(args) => explain::run(&args, ctx),
        Command::Mappings(args) => mappings::run(&args, ctx),
        Command::Schema(args) => schema::run(&args, ctx),
        Command::Completions(args) => completions::run(&args, ctx),
    }
}

/// The parsed command line, or how the run ends instead: after printing help, or a usage error.
fn parse(args: impl IntoIterator<Item = OsString>, ctx: &mut Ctx<'_>) -> Result<Cli, Result<Exit>> {
    Cli::command()
        .try_get_matches_from(args)
        .and_then(|matches| Cli::from_arg_matches(&matches))
        .map_err(|error| {
            let is_trouble = error.use_stderr();
            let printed = ctx.print_usage(&error.render(), is_trouble);
            printed.map(|()| if is_trouble { Exit::Trouble } else { Exit::Ok }).map_err(Into::into)
        })
}
