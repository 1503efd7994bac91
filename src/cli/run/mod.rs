//! `podlift run`: job specs or DAG files in, pods on a cluster, their results out.

mod args;
mod dry;
mod eventfile;
mod feed;
mod gather;
mod go;
mod lines;
mod progress;
mod ready;
mod table;
mod when;

pub(super) use args::{Args, ClusterArgs};
pub(super) use gather::gather_named;
pub(super) use go::{hangups_are_ignored, runtime};

use std::io;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use jiff::Timestamp;

use self::args::Format;
use self::gather::Paths;
use self::ready::{Common, earlier, ready};
use super::failure::Trouble;
use super::messages::{MessageFormat, Messages};
use super::translate::inputs::values;
use super::{Ctx, Exit};
use crate::diag::escape::pretty_json;
use crate::launch::names::new_run_id;
use crate::launch::run::RunReport;

pub(super) fn run(args: &Args, ctx: &mut Ctx<'_>) -> Result<Exit> {
    let messages = Messages { format: MessageFormat::Human, verbose: false };
    let values = Arc::new(values(&args.values, &messages, ctx)?);
    let about = when::About::of(&args.about)?;
    let gathered = gather::gather(&Paths::of(args), &values, &messages, ctx)?;
    let earlier = earlier(args, ctx)?;
    let run = match (&args.running.run_id, &earlier) {
        (Some(id), _) => id.clone(),
        (None, Some(earlier)) => earlier.run.clone(),
        (None, None) => new_run_id(Timestamp::now(), std::process::id()),
    };
    let common = Common { args, values: &values, about, run: &run, earlier: earlier.as_ref() };
    let run = ready(gathered, &common, &messages, ctx)?;
    if let Some(place) = args.running.dry_run {
        return dry::run(run, args, place, ctx);
    }
    if let Some(path) = &args.output.result {
        // Hours later would be too late to find out.
        crate::cli::file::can_write(&ctx.cwd.join(path)).with_context(|| {
            let message = format!("the result cannot be written to `{}`", path.display());
            Trouble::new(message, "choose a file you may write to with --result FILE")
        })?;
    }
    let report = go::go(run, &args.output, ctx)?;
    finish(&report, args, ctx)
}

/// Writes the result and decides the exit code.
fn finish(report: &RunReport, args: &Args, ctx: &mut Ctx<'_>) -> Result<Exit> {
    let written = args.output.result.as_ref().map_or(Ok(()), |path| {
        let json = pretty_json(report)?;
        crate::cli::file::write(&ctx.cwd.join(path), &json).with_context(|| {
            let message = format!(
                "the run has ended, but its result cannot be written to `{}`",
                path.display()
            );
            Trouble::new(message, "choose a file you may write to with --result FILE")
        })
    });
    let text = match args.output.format {
        Format::Text => table::table(report, args.output.quiet),
        Format::Json => pretty_json(report)?,
    };
    // A reader that went away changes nothing about how the run ended, so the exit code still tells.
    if let Err(error) = ctx.stdout.write_all(text.as_bytes()).and_then(|()| ctx.stdout.flush()) {
        ctx.stdout = Box::new(io::sink());
        if error.kind() != io::ErrorKind::BrokenPipe {
            return Err(error).context("the run has ended, but its result cannot be written");
        }
    }
    written?;
    let file = args.output.events.as_ref().or(args.output.result.as_ref());
    if let (false, Some(file)) = (report.success, file) {
        let note = format!("--resume {} leaves out what is done", file.display());
        // The run has ended: who does not listen any more changes nothing about that.
        let _ = writeln!(ctx.stderr, "note: {note}");
    }
    Ok(match (report.cancelled, report.success) {
        (true, _) => Exit::Trouble,
        (false, true) => Exit::Ok,
        (false, false) => Exit::Findings,
    })
}
