//! `podlift verify`: the pods of job specs against those that the user's own Airflow makes.

use std::ffi::OsString;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::ValueEnum;

use super::failure::Trouble;
use super::messages::{MessageFormat, Messages, count};
use super::translate::args::ValueArgs;
use super::translate::inputs::{tables, values};
use super::translate::{not_there, nothing};
use super::{Ctx, Exit};
use crate::airflow::Settings;
use crate::diag::escape::pretty_json;
use crate::discover::IgnoreSyntax;
use crate::paths::normal;
use crate::python::guess_roots;
use crate::translate::{Options, Selection, Static, Translation, translate};
use crate::values::Unset;
use crate::verify::{self, Airflow, AskError, Question, Report, Versions};

/// Prove that the pods equal those your own Airflow makes; this EXECUTES the DAG files
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Prove that the pods equal those your own Airflow makes.\n\n\
        Unlike every other command of podlift, this one EXECUTES the DAG files: it imports each in a process \
        of its own with the Python you name, as Airflow does, and has Airflow build the pod of every task. \
        Those pods and what a launcher needs beside them (retries, retry_delay, execution_timeout, \
        trigger_rule, pool, upstream tasks) are compared field by field with podlift's job specs. No pod \
        is started, no database and no scheduler is needed, and nothing is written but a temporary folder.",
    after_help = "\
Examples:
  podlift verify dags --python /opt/airflow/bin/python
  podlift verify dags --python venv/bin/python --values prod.yaml --format json > verify.json
  podlift verify dags/nightly.py --python venv/bin/python --task load

Both sides get the same values: the DAGs see no environment variables but those of --values and --set,
PATH, HOME, TMPDIR, locale and library paths. Everything else counts as not set on both sides.

Verdicts: equal; differs (both values, the place in the DAG, the argument in Airflow); not resolved (the
holes); refused by Airflow (it fails to make the pod); only in Airflow; only in podlift.

Exit codes:
  0  every task is equal
  1  a task is not equal, or a file could not be loaded by either side
  2  the work could not be done: no Airflow in that Python, a PATH that is not there, wrong arguments"
)]
pub(super) struct Args {
    /// DAG files and folders
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The Python of your Airflow environment, 2.5 to 3.x with the cncf.kubernetes provider
    #[arg(long, value_name = "PYTHON")]
    python: PathBuf,
    /// How to write the result
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "table")]
    format: Format,
    /// Seconds one DAG file may take to import
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
    /// Files read at the same time [default: one per core]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZeroUsize>,

    /// Show values that look like credentials instead of [redacted]
    #[arg(long, help_heading = "Findings")]
    show_secrets: bool,
    /// Only this DAG; may be repeated
    #[arg(long, value_name = "ID", help_heading = "Selection")]
    dag: Vec<String>,
    /// Only this task, with the prefixes of its groups (`group.task`); may be repeated
    #[arg(long, value_name = "ID", help_heading = "Selection")]
    task: Vec<String>,

    #[command(flatten)]
    values: ValueArgs,

    /// Also look for imported modules and files here, before the folders of PATH; may be repeated
    #[arg(long, value_name = "DIR", help_heading = "Reading")]
    root: Vec<PathBuf>,
    /// A mapping table for operators of your own; may be repeated
    #[arg(long, value_name = "FILE", help_heading = "Reading")]
    mappings: Vec<PathBuf>,
    /// Compare the sidecar that holds the result of tasks with do_xcom_push, too
    #[arg(long, help_heading = "Reading")]
    keep_xcom_sidecar: bool,
}

/// The notation of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people.
    Table,
    /// One JSON object.
    Json,
}

/// Environment variables that programs need to run at all; DAGs seldom look at them.
const SURROUNDINGS: [&str; 10] = [
    "PATH",
    "HOME",
    "TMPDIR",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "PYENV_VERSION",
    "VIRTUAL_ENV",
];
/// How often progress is told.
const PACE: Duration = Duration::from_secs(5);

pub(super) fn run(args: &Args, ctx: &mut Ctx<'_>) -> Result<Exit> {
    let airflow = airflow(args, ctx);
    let versions = airflow.versions().map_err(|error| explain(error, &args.python))?;
    let messages = Messages { format: MessageFormat::Human, verbose: false };
    let what = format!("Airflow {} of {}", versions.airflow, args.python.display());
    messages.note(&format!("this command executes the DAG files, with {what}"), &mut ctx.stderr)?;
    ctx.stderr.flush()?;

    let stages_of = |tables| Static::new(tables, Settings::default().limits.file);
    let stages = stages_of(tables(&args.mappings, ctx)?);
    let options = options(args, &versions, &messages, ctx)?;
    let translation = translate(&stages, &options).map_err(|error| nothing(error, "compared"))?;
    let report = report(args, &airflow, versions, &options, &translation, ctx)?;
    if report.tasks.is_empty()
        && let Some(unmatched) = translation.unmatched.first()
    {
        return Err(not_there(unmatched).into());
    }
    match args.format {
        Format::Table => ctx.stdout.write_all(verify::table(&report).as_bytes())?,
        Format::Json => {
            ctx.stdout.write_all(pretty_json(&report)?.as_bytes())?;
        }
    }
    Ok(if report.is_equal() { Exit::Ok } else { Exit::Findings })
}

/// The Airflow that was named.
fn airflow(args: &Args, ctx: &Ctx<'_>) -> Airflow {
    // A bare name is looked up in PATH; a link is not followed, since it is what makes a virtual environment.
    let is_bare = args.python.components().count() == 1 && !args.python.exists();
    let python = if is_bare { args.python.clone() } else { normal(&ctx.cwd.join(&args.python)) };
    let variable = |name: &&str| Some((OsString::from(name), std::env::var_os(name)?));
    let surroundings = SURROUNDINGS.iter().filter_map(variable).collect();
    Airflow { python, surroundings, cwd: ctx.cwd.clone() }
}

/// The options of podlift's side: the rules of the releases that are installed.
fn options(
    args: &Args,
    versions: &Versions,
    messages: &Messages,
    ctx: &mut Ctx<'_>,
) -> Result<Options> {
    for root in &args.root {
        if !ctx.cwd.join(root).is_dir() {
            let message = format!("--root `{}` is not a folder", root.display());
            let remedy = "name a folder that holds modules of your DAGs";
            return Err(Trouble::new(message, remedy).into());
        }
    }
    let mut values = values(&args.values, messages, ctx)?;
    values.unset = args.values.unset.unwrap_or(Unset::Absent);
    let folder = dags_folder(args, ctx);
    values.conf.entry("core.dags_folder".to_owned()).or_insert(folder);
    let settings = Settings {
        roots: args.root.clone(),
        values,
        airflow_version: versions.airflow.clone(),
        provider_version: versions.provider.clone(),
        keep_xcom_sidecar: args.keep_xcom_sidecar,
        ..Settings::default()
    };
    let ignore_syntax =
        if versions.airflow.starts_with("2.") { IgnoreSyntax::Regexp } else { IgnoreSyntax::Glob };
    Ok(Options {
        cwd: ctx.cwd.clone(),
        paths: args.paths.clone(),
        text: None,
        settings,
        ignore_syntax,
        selection: Selection { dags: args.dag.clone(), tasks: args.task.clone() },
        jobs: args.jobs,
    })
}

/// Asks Airflow and judges.
fn report(
    args: &Args,
    airflow: &Airflow,
    versions: Versions,
    options: &Options,
    translation: &Translation,
    ctx: &mut Ctx<'_>,
) -> Result<Report> {
    let values = &options.settings.values;
    let question = Question {
        files: translation.files.iter().map(|file| file.location.clone()).collect(),
        roots: translation.roots.clone(),
        values,
        timeout: Duration::from_secs(args.timeout),
        jobs: args.jobs.or_else(|| std::thread::available_parallelism().ok()).map_or(1, Into::into),
    };
    let total = question.files.len();
    let (started, mut told) = (Instant::now(), Duration::ZERO);
    let stderr = &mut ctx.stderr;
    let mut progress = |done: usize| {
        if started.elapsed() >= told + PACE && done < total {
            told = started.elapsed();
            // Progress that cannot be shown is no reason to stop.
            _ = writeln!(stderr, "{done} of {} read by Airflow", count(total, "file"));
            _ = stderr.flush();
        }
    };
    let answers = verify::ask(airflow, &question, &mut progress)
        .map_err(|error| explain(error, &args.python))?;
    let (mut files, mut tasks) = (Vec::new(), Vec::new());
    for (file, answer) in translation.files.iter().zip(&answers) {
        let (troubles, verdicts) = verify::verdicts(
            file,
            translation,
            answer,
            &options.selection,
            values,
            args.show_secrets,
        );
        files.extend(troubles);
        tasks.extend(verdicts);
    }
    Ok(Report::new(versions, total, files, tasks))
}

/// What Airflow's configuration calls the DAG folder: what is called so around the first PATH, else the PATH.
fn dags_folder(args: &Args, ctx: &Ctx<'_>) -> String {
    let roots: Vec<PathBuf> =
        args.paths.first().into_iter().flat_map(|path| guess_roots(&ctx.cwd.join(path))).collect();
    let called_dags = roots.iter().find(|root| root.ends_with("dags"));
    let folder = called_dags.or(roots.first()).cloned().unwrap_or_else(|| ctx.cwd.clone());
    folder.to_string_lossy().into_owned()
}

/// Why Airflow could not be asked, and what to do about it.
fn explain(error: AskError, python: &Path) -> anyhow::Error {
    let remedy = match &error {
        AskError::NoPython(..) => {
            "let --python name the interpreter of your Airflow environment, such as venv/bin/python"
                .to_owned()
        }
        AskError::NotInstalled { package, .. } => format!(
            "install it: {} -m pip install apache-airflow apache-airflow-providers-cncf-kubernetes, or let --python \
             name an environment that has {package}",
            python.display()
        ),
        AskError::Failed(_) => format!(
            "check that this works: {} -c 'import airflow.providers.cncf.kubernetes'",
            python.display()
        ),
        AskError::Silent(_) => "raise --timeout, or name fewer files".to_owned(),
    };
    let message = "the pods of Airflow could not be had";
    anyhow::Error::new(error).context(Trouble::new(message, remedy))
}
