//! What `podlift translate` can be told.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::ValueEnum;

use crate::airflow::Settings;
use crate::cli::messages::MessageFormat;
use crate::discover::IgnoreSyntax;
use crate::emit::Notation;
use crate::values::Unset;

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
  podlift translate dags --emit job -o k8s       Kubernetes Jobs for `kubectl apply -R -f k8s`
  podlift translate dags -o jobs --cache .podlift-cache
                                                 evaluate only what has changed since

Folders are searched for DAG files as Airflow does it, honouring .airflowignore, and .gitignore
too. A file that is named itself is always read.

With -o all files are written or none. podlift remembers in DIR/.podlift.sha256 what it wrote, to be
committed with the files: a file that was edited since is not overwritten without --force. Nothing is
ever deleted. Files of an earlier run that this run did not write are named, so that you can delete
those whose tasks are gone.

With --cache DIR (or PODLIFT_CACHE=DIR, or `cache = \"DIR\"` in podlift.toml, from that file on)
job specs are kept in DIR, and a DAG file is evaluated again only when something has changed that
they depend on: the file, a module or file it reads, one it looked for in vain, a folder it lists,
values, tables, options, or podlift itself. What is printed and written is the same as without, to
the byte. It works for job specs, not for other kinds of --emit. DIR holds the same credentials as
the job specs; podlift makes it for your eyes only. It can be deleted at any time, and what was not
used for 30 days goes by itself.

Exit codes:
  0  every task was translated
  1  a file or task could not be translated, or there are errors; with --strict also holes and
     warnings
  2  the work could not be done: wrong arguments, a PATH that is not there, an output that cannot
     be written"
)]
pub(in crate::cli) struct Args {
    /// DAG files and folders; `-` reads one DAG file from standard input
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) output: OutputArgs,

    #[command(flatten)]
    pub(super) reading: ReadingArgs,

    #[command(flatten)]
    pub(super) cache: CacheArgs,

    /// Exit with 1 on warnings and holes, too
    #[arg(long, help_heading = "Messages")]
    pub(super) strict: bool,
    /// How findings are written to standard error
    #[arg(
        long,
        value_name = "FORMAT",
        value_enum,
        default_value = "human",
        help_heading = "Messages"
    )]
    pub(super) message_format: MessageFormat,
    /// Also show findings that need no action
    #[arg(long, short, help_heading = "Messages")]
    pub(super) verbose: bool,
}

/// What of the DAGs is read and how: common to every command that reads them.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ReadingArgs {
    /// Only this DAG; may be repeated
    #[arg(long, value_name = "ID", help_heading = "Selection")]
    pub(in crate::cli) dag: Vec<String>,
    /// Only this task, with the prefixes of its groups (`group.task`); may be repeated
    #[arg(long, value_name = "ID", help_heading = "Selection")]
    pub(in crate::cli) task: Vec<String>,
    /// Syntax of .airflowignore: glob as in Airflow 3, regexp as in Airflow 2
    #[arg(
        long,
        value_name = "SYNTAX",
        value_enum,
        default_value = "glob",
        help_heading = "Selection"
    )]
    pub(in crate::cli) airflowignore_syntax: IgnoreSyntax,

    #[command(flatten)]
    pub(in crate::cli) values: ValueArgs,

    /// Also look for imported modules and files here, before the folders of PATH; may be repeated
    ///
    /// Besides, code and files are read in the project around PATH: the folders called `dags`, the folder that holds the
    /// outermost package around it, and those with the usual marks of a project (`plugins`, `pyproject.toml`, `.git`), no
    /// higher than the repository.
    #[arg(long, value_name = "DIR", help_heading = "Reading")]
    pub(in crate::cli) root: Vec<PathBuf>,
    /// A mapping table for operators of your own; may be repeated
    #[arg(long, value_name = "FILE", help_heading = "Reading")]
    pub(in crate::cli) mappings: Vec<PathBuf>,
    /// The Airflow release that version checks in DAGs see
    #[arg(long, value_name = "VERSION", default_value_t = Settings::default().airflow_version, help_heading = "Reading")]
    pub(in crate::cli) airflow_version: String,
    /// The release of apache-airflow-providers-cncf-kubernetes the DAGs run on
    #[arg(long, value_name = "VERSION", default_value_t = Settings::default().provider_version, help_heading = "Reading")]
    pub(in crate::cli) provider_version: String,

    /// Keep the sidecar that holds the result of tasks with do_xcom_push; it never ends by itself
    #[arg(long, help_heading = "Reading")]
    pub(in crate::cli) keep_xcom_sidecar: bool,

    #[command(flatten)]
    pub(in crate::cli) limits: LimitArgs,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// Write one file per task below DIR; `-` writes all to standard output
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
    /// What to write
    #[arg(long, value_name = "KIND", value_enum, default_value = "job-spec")]
    pub(super) emit: Emit,
    /// Overwrite files below DIR that somebody edited or that podlift did not write
    #[arg(long, requires = "output")]
    pub(super) force: bool,
    /// Write manifests of tasks with holes or Jinja too, as they are, to be completed by hand
    #[arg(long)]
    pub(super) allow_open: bool,
    /// With `--emit airlift`: let the tasks run in Dagster from the start
    #[arg(long)]
    pub(super) proxied: bool,
    /// With `--emit airlift`: edit the DAG files in place and put `proxied_state` beside them
    #[arg(long)]
    pub(super) write: bool,
    /// How to write job specs: YAML documents, or JSON (a list on standard output)
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "yaml")]
    pub(super) format: Format,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Cache")]
pub(super) struct CacheArgs {
    /// Keep job specs in DIR and evaluate only what has changed the next time; DIR is made if need be
    #[arg(long, value_name = "DIR")]
    pub(super) cache: Option<PathBuf>,
    /// Use no cache, whatever PODLIFT_CACHE and podlift.toml say
    #[arg(long, conflicts_with = "cache")]
    pub(super) no_cache: bool,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Values")]
pub(in crate::cli) struct ValueArgs {
    /// Values for lookups, in the sections env, variables, connections, params and conf
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) values: Vec<PathBuf>,
    /// One value, such as env:TAG=v3 or variable:region=eu; wins over --values
    #[arg(long, value_name = "KIND:NAME=VALUE")]
    pub(in crate::cli) set: Vec<String>,
    /// What a lookup without a value gives [default: default; with verify: absent]
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(in crate::cli) unset: Option<Unset>,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub(in crate::cli) struct LimitArgs {
    /// Threads that read files [default: one per core]
    #[arg(long, value_name = "N")]
    pub(super) jobs: Option<NonZeroUsize>,
    /// Evaluation steps per file
    #[arg(long, value_name = "N", default_value = "5000000")]
    pub(super) max_steps: NonZeroU64,
    /// Calls inside calls
    #[arg(long, value_name = "N", default_value = "200", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) max_depth: u32,
    /// Turns of one loop
    #[arg(long, value_name = "N", default_value = "100000")]
    pub(super) max_turns: NonZeroU32,
    /// Elements of one collection
    #[arg(long, value_name = "N", default_value = "100000")]
    pub(super) max_collection: NonZeroUsize,
    /// Bytes of one string
    #[arg(long, value_name = "N", default_value = "1048576")]
    pub(super) max_string: NonZeroUsize,
    /// Bytes of one file
    #[arg(long, value_name = "N", default_value = "16777216")]
    pub(super) max_file: NonZeroU64,
}

/// What `translate` can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Emit {
    /// One job spec per task, format podlift/v1.
    JobSpec,
    /// One Kubernetes Pod per task, for `kubectl apply`.
    Pod,
    /// One Kubernetes Job per task, with the retries of the task.
    Job,
    /// One Kubernetes CronJob per task, with the schedule of its DAG.
    Cronjob,
    /// A Dagster project: one module of assets per DAG, and `definitions.py`.
    Dagster,
    /// One `defs.yaml` per task for `dagster_k8s.PipesK8sComponent`.
    Component,
    /// The Dagster project, `proxied_state/<dag>.yaml` and `airlift.diff` for a task-by-task move with dagster-airlift.
    Airlift,
}

/// The notation of what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// YAML that every reader reads as the same values.
    Yaml,
    /// JSON.
    Json,
}

impl Format {
    /// The notation of job specs.
    pub(super) fn notation(self) -> Notation {
        match self {
            Self::Yaml => Notation::Yaml,
            Self::Json => Notation::Json,
        }
    }
}
