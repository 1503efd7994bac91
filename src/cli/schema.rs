//! `podlift schema`: the JSON Schema of job specs.

use anyhow::Result;

use super::{Ctx, Exit};
use crate::spec;

/// Print the JSON Schema of job specs
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  podlift schema > jobspec.schema.json

Editors that know the YAML language server check a job spec that begins with
  # yaml-language-server: $schema=jobspec.schema.json")]
pub(super) struct Args {}

pub(super) fn run(_: &Args, ctx: &mut Ctx<'_>) -> Result<Exit> {
    serde_json::to_writer_pretty(&mut ctx.stdout, &spec::schema())?;
    writeln!(ctx.stdout)?;
    Ok(Exit::Ok)
}
