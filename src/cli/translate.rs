//! `podlift translate`: DAG files in, job specs out.

use std::io::Read as _;
use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::ValueEnum;

use super::failure::Trouble;
use super::messages::{MessageFormat, Messages, count};
use super::output::{self, Artefact};
use super::{Ctx, Exit};
use crate::airflow::{Limits, Settings};
use crate::diag::escape::visible;
use crate::diag::suggest::nearest;
use crate::diag::{Code, Tally};
use crate::discover::IgnoreSyntax;
use crate::emit::paths::spec_paths;
use crate::mapping::{Release, Tables};
use crate::paths::Shown;
use crate::python::Sources;
use crate::spec;
use crate::translate::{Options, Selection, Static, Translation, Unmatched, translate};
use crate::values::Values;

/// Translate KubernetesPodOperator tasks to job specs
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Translate KubernetesPodOperator tasks to job specs.\n\n\
        Reads DAG files without running them and writes one job spec per task: the keyword arguments of \
        Dagster's PipesK8sClient(...) and its run(...). What cannot be known without running the DAG stays in \
        the spec as a hole such as ${env:TAG}, which --set and --values close.",
    after_help = "\
Examples:
  podlift translate dags -o jobs                 one file per task: jobs/<dag>/<task>.yaml
  podlift translate dags --dag nightly           one DAG, to standard output
  podlift translate dags --set env:TAG=v3        close a hole
  podlift translate dags --values prod.yaml      close many
  podlift translate dags --strict                in CI: fail while anything is open
  podlift translate - < nightly.py               read a DAG from standard input

Folders are searched for DAG files as Airflow does it, honouring .airflowignore, and .gitignore
too. A file that is named itself is always read.

With -o nothing is ever deleted. Files of an earlier run that this run did not write are named, so
that you can delete those whose tasks are gone.

Exit codes:
  0  every task was translated
  1  a file or task could not be translated, or there are errors; with --strict also holes and
     warnings
  2  the work could not be done: wrong arguments, a PATH that is not there, an output that cannot
     be written"
)]
pub(super) struct Args {
    /// DAG files and folders; `-` reads one DAG file from standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    output: OutputArgs,

    /// Only this DAG; may be repeated
    #[arg(long, value_name = "ID", help_heading = "Selection")]
    dag: Vec<String>,
    /// Only this task, with the prefixes of its groups (`group.task`); may be repeated
    #[arg(long, value_name = "ID", help_heading = "Selection")]
    task: Vec<String>,
    /// Syntax of .airflowignore: glob as in Airflow 3, regexp as in Airflow 2
    #[arg(
        long,
        value_name = "SYNTAX",
        value_enum,
        default_value = "glob",
        help_heading = "Selection"
    )]
    airflowignore_syntax: IgnoreSyntax,

    #[command(flatten)]
    values: ValueArgs,

    /// Also look for imported modules and files here, before the folders of PATH; may be repeated
    #[arg(long, value_name = "DIR", help_heading = "Reading")]
    root: Vec<PathBuf>,
    /// A mapping table for operators of your own; may be repeated
    #[arg(long, value_name = "FILE", help_heading = "Reading")]
    mappings: Vec<PathBuf>,
    /// The Airflow release that version checks in DAGs see
    #[arg(long, value_name = "VERSION", default_value_t = Settings::default().airflow_version, help_heading = "Reading")]
    airflow_version: String,
    /// The release of apache-airflow-providers-cncf-kubernetes the DAGs run on
    #[arg(long, value_name = "VERSION", default_value_t = Settings::default().provider_version, help_heading = "Reading")]
    provider_version: String,

    /// Keep the sidecar that holds the result of tasks with do_xcom_push; it never ends by itself
    #[arg(long, help_heading = "Reading")]
    keep_xcom_sidecar: bool,

    /// Exit with 1 on warnings and holes, too
    #[arg(long, help_heading = "Messages")]
    strict: bool,
    /// How findings are written to standard error
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        default_value = "human",
        help_heading = "Messages"
    )]
    message_format: MessageFormat,
    /// Also show findings that need no action
    #[arg(long, short, help_heading = "Messages")]
    verbose: bool,

    #[command(flatten)]
    limits: LimitArgs,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
struct OutputArgs {
    /// Write one file per task below DIR; `-` writes all to standard output
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// What to write
    #[arg(long, value_name = "KIND", value_enum, default_value = "job-spec")]
    emit: Emit,
    /// How to write it: YAML documents, or JSON (a list on standard output)
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "yaml")]
    format: Format,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Values")]
pub(super) struct ValueArgs {
    /// Values for lookups, in the sections env, variables, connections, params and conf
    #[arg(long, value_name = "FILE")]
    values: Vec<PathBuf>,
    /// One value, such as env:TAG=v3 or variable:region=eu; wins over --values
    #[arg(long, value_name = "KIND:NAME=VALUE")]
    set: Vec<String>,
    /// Use the defaults that the code gives to its lookups
    #[arg(long)]
    use_defaults: bool,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
struct LimitArgs {
    /// Threads that read files [default: one per core]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
    /// Evaluation steps per file
    #[arg(long, value_name = "N", default_value = "5000000")]
    max_steps: NonZeroU64,
    /// Calls inside calls
    #[arg(long, value_name = "N", default_value = "200", value_parser = clap::value_parser!(u32).range(1..=1000))]
    max_depth: u32,
    /// Turns of one loop
    #[arg(long, value_name = "N", default_value = "100000")]
    max_turns: NonZeroU32,
    /// Elements of one collection
    #[arg(long, value_name = "N", default_value = "100000")]
    max_collection: NonZeroUsize,
    /// Bytes of one string
    #[arg(long, value_name = "N", default_value = "1048576")]
    max_string: NonZeroUsize,
    /// Bytes of one file
    #[arg(long, value_name = "N", default_value = "16777216")]
    max_file: NonZeroU64,
}

/// What `translate` can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Emit {
    /// One job spec per task, format podlift/v1.
    JobSpec,
}

/// The notation of what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// YAML that every reader reads as the same values.
    Yaml,
    /// JSON.
    Json,
}

pub(super) fn run(args: Args, ctx: &mut Ctx<'_>) -> Result<Exit> {
    let messages = Messages { format: args.message_format, verbose: args.verbose };
    let tables = tables(&args.mappings, ctx)?;
    let options = options(&args, &messages, ctx)?;
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

/// The options of the pipeline.
fn options(args: &Args, messages: &Messages, ctx: &mut Ctx<'_>) -> Result<Options> {
    let (dashes, paths): (Vec<PathBuf>, Vec<PathBuf>) =
        args.paths.iter().cloned().partition(|path| path.as_os_str() == "-");
    let text = if dashes.is_empty() {
        None
    } else {
        let mut bytes = Vec::new();
        ctx.stdin.read_to_end(&mut bytes).context("cannot read standard input")?;
        Some(bytes)
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
pub(super) fn values(args: &ValueArgs, messages: &Messages, ctx: &mut Ctx<'_>) -> Result<Values> {
    let mut values = Values::default();
    let sources = Sources::default();
    let shown = Shown::new(&ctx.cwd, args.values.iter().cloned());
    for path in &args.values {
        let text = read(path, "values file", ctx)?;
        match Values::from_yaml(&sources, &shown.text(path), &text) {
            Ok(read) => values.merge(read),
            Err(findings) => {
                messages.findings(&findings, &sources, ctx)?;
                let message = format!("values file `{}` is malformed", path.display());
                return Err(Trouble::new(message, Code::InvalidValues.remedy()).into());
            }
        }
    }
    for assignment in &args.set {
        values.set(assignment).with_context(|| {
            Trouble::new(
                format!("--set `{assignment}` cannot be used"),
                "write --set KIND:NAME=VALUE",
            )
        })?;
    }
    values.use_defaults = args.use_defaults;
    Ok(values)
}

/// The text of a file that was named on the command line.
fn read(path: &Path, what: &str, ctx: &Ctx<'_>) -> Result<String> {
    std::fs::read_to_string(ctx.cwd.join(path)).with_context(|| {
        let message = format!("cannot read the {what} `{}`", path.display());
        Trouble::new(message, "check the path; the file has to be UTF-8 text")
    })
}

/// podlift's mapping tables and the user's.
pub(super) fn tables(mappings: &[PathBuf], ctx: &Ctx<'_>) -> Result<Tables> {
    let files = mappings
        .iter()
        .map(|path| Ok((path.display().to_string(), read(path, "mapping table", ctx)?)));
    let files: Vec<(String, String)> = files.collect::<Result<_>>()?;
    Tables::with_user(files).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let message = format!("mapping table is malformed: {}", lines.join("; "));
        Trouble::new(message, "`podlift explain KPO503` tells more").into()
    })
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
            let written = output::write(&ctx.cwd.join(folder), &artefacts).with_context(|| {
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
    let of_file = |file: &crate::translate::FileAccount| {
        std::iter::repeat_n(file.path.clone(), file.specs.len())
    };
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
