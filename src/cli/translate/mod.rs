//! `podlift translate`: DAG files in, job specs out.

pub(super) mod args;
pub(super) mod inputs;

pub(super) use args::Args;

use anyhow::{Context as _, Result};

use self::args::{Emit, Format, OutputArgs};
use self::inputs::{options, tables};
use super::failure::Trouble;
use super::messages::{Messages, count};
use super::output::{self, Artefact};
use super::{Ctx, Exit};
use crate::diag::Tally;
use crate::diag::escape::visible;
use crate::diag::suggest::nearest;
use crate::emit::paths::spec_paths;
use crate::spec;
use crate::translate::{FileAccount, Static, Translation, Unmatched, translate};

pub(super) fn run(args: Args, ctx: &mut Ctx<'_>) -> Result<Exit> {
    let messages = Messages { format: args.message_format, verbose: args.verbose };
    let tables = tables(&args.reading.mappings, ctx)?;
    let options = options(&args.paths, &args.reading, &messages, ctx)?;
    let stages = Static::new(tables, options.settings.limits.file);
    let translation = translate(&stages, &options).map_err(|error| {
        let remedy = "check the spelling; relative paths start from the current directory";
        anyhow::Error::new(error).context(Trouble::new("nothing could be translated", remedy))
    })?;

    messages.findings(&translation.diagnostics, &translation.sources, ctx)?;
    if let Some(unmatched) = translation.unmatched.first() {
        return Err(not_there(unmatched).into());
    }
    let exit = exit(&translation, args.strict);
    write(&args.output, &translation, &messages, ctx)?;
    let summary = translation.summary();
    messages.summary(summary, &translation.diagnostics, exit, &mut ctx.stderr)?;
    Ok(exit)
}

/// Whether the result is in order.
fn exit(translation: &Translation, strict: bool) -> Exit {
    let tally = Tally::of(&translation.diagnostics);
    let summary = translation.summary();
    let is_wrong = tally.errors > 0 || summary.failed > 0 || summary.unread > 0;
    let is_open = tally.warnings > 0 || summary.open > 0;
    if is_wrong || (strict && is_open) { Exit::Findings } else { Exit::Ok }
}

/// Writes the job specs to standard output or below the output folder.
fn write(
    args: &OutputArgs,
    translation: &Translation,
    messages: &Messages,
    ctx: &mut Ctx<'_>,
) -> Result<()> {
    match args.output.as_deref().filter(|folder| folder.as_os_str() != "-") {
        None => {
            ctx.stdout.write_all(stream(args, translation).as_bytes())?;
        }
        Some(folder) => {
            let artefacts = artefacts(args, translation);
            let written = output::write(&ctx.cwd, folder, &artefacts).with_context(|| {
                Trouble::new(
                    "the output could not be written",
                    "choose a folder you may write to with -o DIR",
                )
            })?;
            for path in &written.stale {
                let path = folder.join(path);
                let note = format!("{} is from an earlier run", path.display());
                messages.note(&note, &mut ctx.stderr)?;
            }
        }
    }
    Ok(())
}

/// Everything as one text.
fn stream(args: &OutputArgs, translation: &Translation) -> String {
    match args.format {
        Format::Json => spec::to_json_list(&translation.specs),
        Format::Yaml => {
            let documents: Vec<String> =
                artefacts(args, translation).into_iter().map(|artefact| artefact.text).collect();
            documents.join("---\n")
        }
    }
}

/// One text per job spec, with the path it has below an output folder.
fn artefacts(args: &OutputArgs, translation: &Translation) -> Vec<Artefact> {
    let Emit::JobSpec = args.emit;
    let extension = match args.format {
        Format::Yaml => "yaml",
        Format::Json => "json",
    };
    let paths = spec_paths(&translation.specs, extension);
    let of_file = |file: &FileAccount| std::iter::repeat_n(file.path.clone(), file.specs.len());
    let origins = translation.files.iter().flat_map(of_file);
    let specs = translation.specs.iter().zip(paths).zip(origins);
    specs
        .map(|((spec, path), origin)| {
            let text = match args.format {
                Format::Yaml => format!("{}{}", header(&origin), spec::to_yaml(spec)),
                Format::Json => spec::to_json(spec),
            };
            Artefact { path, text }
        })
        .collect()
}

/// The line that says where an artefact comes from. It holds no time and no absolute path, so that the same
/// DAG gives the same bytes everywhere.
fn header(origin: &str) -> String {
    format!("{}{} from {}\n", output::MARK, env!("CARGO_PKG_VERSION"), visible(origin))
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
