//! `podlift schema`: the JSON Schemas of what podlift reads and writes.

use anyhow::Result;
use clap::ValueEnum;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;

use super::{Ctx, Exit};
use crate::launch::events::Record;
use crate::launch::run::RunReport;
use crate::{report, spec};

/// Print the JSON Schema of job specs, reports, or of what `podlift run` writes
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  podlift schema > jobspec.schema.json
  podlift schema report > report.schema.json
  podlift schema events > events.schema.json

Editors that know the YAML language server check a job spec that begins with
  # yaml-language-server: $schema=jobspec.schema.json

The formats podlift-events/v1 and podlift-result/v1 only grow: fields and events are added, never renamed
or taken away. Readers should pass over what they do not know.")]
pub(super) struct Args {
    /// Of what
    #[arg(value_name = "FORMAT", value_enum, default_value = "job-spec")]
    format: Format,
}

/// The formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Job specs, podlift/v1.
    JobSpec,
    /// What `podlift report --format json` writes, podlift/v1.
    Report,
    /// One line of `podlift run --events`, podlift-events/v1.
    Events,
    /// The result of `podlift run --format json`, podlift-result/v1.
    Result,
}

pub(super) fn run(args: &Args, ctx: &mut Ctx<'_>) -> Result<Exit> {
    let written = || SchemaGenerator::new(SchemaSettings::draft2020_12().for_serialize());
    let schema = match args.format {
        Format::JobSpec => spec::schema(),
        Format::Report => report::schema(),
        Format::Events => written().into_root_schema_for::<Record>().to_value(),
        Format::Result => written().into_root_schema_for::<RunReport>().to_value(),
    };
    serde_json::to_writer_pretty(&mut ctx.stdout, &schema)?;
    writeln!(ctx.stdout)?;
    Ok(Exit::Ok)
}
