//! `podlift translate`: DAG files in, job specs out.

mod airlift;
pub(super) mod args;
pub(super) mod inputs;
mod kept;
mod lean;

pub(super) use args::Args;

use std::collections::BTreeMap;

use anyhow::Result;

use self::args::{Emit, OutputArgs};
use self::inputs::{options, table_texts, tables_of};
use super::failure::Trouble;
use super::messages::{Messages, count};
use super::output;
use super::{Ctx, Exit};
use crate::cache::Used;
use crate::diag::suggest::nearest;
use crate::diag::{Diagnostic, Severity, Tally, arrange};
use crate::emit::{
    Airlift, Batch, Components, CronJobs, DagsterProject, Emitter, JobSpecs, Jobs, OutputFile, Pods,
};
use crate::python::Span;
use crate::translate::{Error, Options, Static, Translation, Unmatched, translate};

pub(super) fn run(args: Args, ctx: &mut Ctx<'_>) -> Result<Exit> {
    let messages = Messages { format: args.message_format, verbose: args.verbose };
    let texts = table_texts(&args.reading.mappings, ctx)?;
    let tables = tables_of(&texts)?;
    let cache = kept::cache(&args, ctx)?;
    let options = options(&args.paths, &args.reading, &messages, ctx)?;
    let stages = Static::new(tables, options.settings.limits.file);
    let made = match (args.output.emit, args.output.format) {
        (Emit::JobSpec, format) => {
            let how =
                lean::How { notation: format.notation(), says_all: messages.shows(Severity::Info) };
            lean::make(&stages.without_accounts(), &options, &how, &texts, cache.as_ref())?
        }
        _ => whole(&stages, &options, &args.output)?,
    };
    let Made { translation, emitter, files, unsaid, used } = &made;

    messages.findings_of(translation, &options.settings.values, ctx)?;
    if let Some(unmatched) = translation.unmatched.first() {
        return Err(not_there(unmatched).into());
    }
    let exit = exit(translation, args.strict);
    let OutputArgs { output, force, .. } = &args.output;
    output::put(&**emitter, files, output.as_deref(), *force, &messages, ctx)?;
    if args.output.emit == Emit::Airlift && args.output.write {
        airlift::write(translation, files, &messages, ctx)?;
    }
    if let Some(used) = used {
        kept::tell(used, translation.files.len(), &messages, ctx)?;
    }
    let mut tally = Tally::of(&translation.diagnostics);
    tally.infos += unsaid;
    messages.summary(translation.summary(), tally, exit, &mut ctx.stderr)?;
    Ok(exit)
}

/// What is to be written.
struct Made {
    translation: Translation,
    emitter: Box<dyn Emitter>,
    files: Vec<OutputFile>,
    /// Findings that are only counted.
    unsaid: usize,
    /// What the cache was good for, if there is one.
    used: Option<Used>,
}

/// Translates everything, then emits: for the formats that look at more than one task at a time.
fn whole(stages: &Static, options: &Options, output: &OutputArgs) -> Result<Made> {
    let mut translation = translate(stages, options).map_err(|error| nothing(error, TRANSLATED))?;
    let emitter = emitter(output, &translation);
    let emitted = emitter.emit(&Batch { specs: &translation.specs, dags: &translation.dags });
    let found = placed(emitted.diagnostics, &translation);
    translation.diagnostics.extend(found);
    translation.diagnostics = arrange(translation.diagnostics, &translation.sources);
    Ok(Made { translation, emitter, files: emitted.files, unsaid: 0, used: None })
}

/// What a translation that did not begin could not do.
const TRANSLATED: &str = "translated";

/// The error for a translation that did not begin, and so nothing could be done for which it was wanted.
pub(super) fn nothing(error: Error, what: &str) -> anyhow::Error {
    let remedy = match error {
        Error::Missing(_) => "check the spelling; relative paths start from the current directory",
        Error::Threads(_) => "allow more memory or address space (`ulimit -v`), or use --jobs 1",
    };
    anyhow::Error::new(error).context(Trouble::new(format!("nothing could be {what}"), remedy))
}

/// Whether the result is in order.
fn exit(translation: &Translation, strict: bool) -> Exit {
    let tally = Tally::of(&translation.diagnostics);
    let summary = translation.summary();
    let is_wrong = tally.errors > 0 || summary.failed > 0 || summary.unread > 0;
    let is_open = tally.warnings > 0 || summary.open > 0;
    if is_wrong || (strict && is_open) { Exit::Findings } else { Exit::Ok }
}

/// The emitter of the wanted kind.
fn emitter(args: &OutputArgs, translation: &Translation) -> Box<dyn Emitter> {
    let allow_open = args.allow_open;
    match (args.emit, args.format) {
        (Emit::JobSpec, format) => Box::new(JobSpecs { notation: format.notation() }),
        (Emit::Pod, _) => Box::new(Pods { allow_open }),
        (Emit::Job, _) => Box::new(Jobs { allow_open }),
        (Emit::Dagster, _) => Box::new(DagsterProject::default()),
        (Emit::Component, _) => Box::new(Components),
        (Emit::Airlift, _) => {
            Box::new(Airlift { proxied: args.proxied, files: airlift::texts(translation) })
        }
        (Emit::Cronjob, _) => Box::new(CronJobs { allow_open }),
    }
}

/// Findings of an emitter stand at the task or the DAG they are about.
fn placed(found: Vec<Diagnostic>, translation: &Translation) -> Vec<Diagnostic> {
    if found.is_empty() {
        return found;
    }
    let mut places: BTreeMap<(&str, &str), Span> = BTreeMap::new();
    for account in &translation.accounts {
        places.entry((account.dag.as_str(), account.task.as_str())).or_insert(account.span);
    }
    let task = |name: &(String, String)| places.get(&(name.0.as_str(), name.1.as_str())).copied();
    found
        .into_iter()
        .map(|told| match &told.task {
            Some(name) if !told.span.is_some() => {
                Diagnostic { span: task(name).unwrap_or(told.span), ..told }
            }
            _ => told,
        })
        .collect()
}

/// The error for `--dag` or `--task` that nothing has.
pub(super) fn not_there(unmatched: &Unmatched) -> Trouble {
    let Unmatched { kind, id, known } = unmatched;
    let near = nearest(id, known.iter().map(String::as_str));
    let remedy = match (near, known.as_slice()) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, []) => format!("no {kind} was found at all"),
        (None, known) if known.len() <= 10 => format!("there are: {}", known.join(", ")),
        (None, known) => format!("there are {}", count(known.len(), kind)),
    };
    Trouble::new(format!("there is no {kind} `{id}`"), remedy)
}
