//! `podlift schema`: the JSON Schemas of what podlift writes.

use anyhow::Result;
use clap::ValueEnum;

use super::{Ctx, Exit};
use crate::{report, spec};

/// Print the JSON Schema of job specs or reports
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  podlift schema > jobspec.schema.json
  podlift schema report > report.schema.json

Editors that know the YAML language server check a job spec that begins with
  # yaml-language-server: $schema=jobspec.schema.json")]
pub(super) struct Args {
    /// What to describe
    #[arg(value_name = "KIND", value_enum, default_value = "job-spec")]
    kind: Kind,
}

/// What has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// What `podlift translate` writes.
    JobSpec,
    /// What `podlift report --format json` writes.
    Report,
}

pub(super) fn run(args: &Args, ctx: &mut Ctx<'_>) -> Result<Exit> {
    let schema = match args.kind {
        Kind::JobSpec => spec::schema(),
        Kind::Report => report::schema(),
    };
    serde_json::to_writer_pretty(&mut ctx.stdout, &schema)?;
    writeln!(ctx.stdout)?;
    Ok(Exit::Ok)
}
