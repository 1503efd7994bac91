//! What `podlift run` can be told.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;

use crate::cli::translate::args::ValueArgs;
use crate::launch::attempt::Limits;
use crate::launch::connect::Access;
use crate::launch::plan::Overrides;
use crate::launch::rules::TaskState;
use crate::launch::state::Success;

/// Run job specs or DAG files on a cluster, as a Dagster Pipes client; no Python, no Dagster
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Run job specs or DAG files on a cluster, as a Dagster Pipes client; no Python, no Dagster.\n\n\
        Every task becomes one pod per attempt. podlift watches it, follows the logs of all its containers, \
        reads what the process reports through Pipes, and deletes the pod as on_finish_action says. Several tasks \
        run in the order of their DAG. Open holes and Jinja that cannot be rendered are named before anything \
        starts.",
    after_help = "\
Examples:
  podlift run jobs/nightly/load.yaml                      one task
  podlift run jobs/nightly --date 2026-11-21              a whole DAG, for one day
  podlift run dags/nightly.py --task load --set env:TAG=v3
                                                          translate and run one task
  podlift run jobs --context prod --namespace data        on another cluster, in another namespace
  podlift run jobs --dry-run=server                       ask the API server, create nothing
  podlift run jobs --run-id R --events r.jsonl            events as JSON Lines
  podlift run jobs --resume r.jsonl --events r.jsonl      run again what failed or was not reached
  podlift run jobs --format json > result.json            the result for machines

Ctrl-C or SIGTERM deletes the pods, reads their last lines and ends; a second one leaves at once, after
the requests to delete them. Should podlift itself be killed, run it again with the same --run-id: it goes
on with the pods that are there. With --resume FILE it also leaves out what was done.

The main container (the first one) decides; sidecars may go on.
Three limits are counted separately: --schedule-timeout from the creation of the pod until it has a node,
--startup-timeout from then until its main container runs, --execution-timeout from the creation until
the end. 0 is no limit.

Exit codes:
  0  every task succeeded or was skipped
  1  a task failed, or could not start because of one that did
  2  nothing could be started (open holes, no cluster, missing rights), or the run was stopped"
)]
pub(in crate::cli) struct Args {
    /// Job specs (files, folders, `-` for standard input) or DAG files
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,

    /// Only this DAG; may be repeated
    #[arg(long, value_name = "ID", help_heading = "Selection")]
    pub(super) dag: Vec<String>,
    /// Only this task, with the prefixes of its groups (`group.task`); may be repeated
    #[arg(long, value_name = "ID", help_heading = "Selection")]
    pub(super) task: Vec<String>,
    /// How tasks end that are not run: those of other operators, and those not selected
    #[arg(
        long,
        value_name = "HOW",
        value_enum,
        default_value = "success",
        help_heading = "Selection"
    )]
    pub(super) assume: Assume,

    #[command(flatten)]
    pub(super) values: ValueArgs,

    #[command(flatten)]
    pub(super) about: AboutArgs,

    #[command(flatten)]
    pub(super) cluster: ClusterArgs,

    #[command(flatten)]
    pub(super) running: RunningArgs,

    #[command(flatten)]
    pub(super) output: OutputArgs,

    /// Also look for modules and files that DAG files import here; may be repeated
    #[arg(long, value_name = "DIR", help_heading = "Reading")]
    pub(super) root: Vec<PathBuf>,
    /// A mapping table for operators of your own; may be repeated
    #[arg(long, value_name = "FILE", help_heading = "Reading")]
    pub(super) mappings: Vec<PathBuf>,
}

/// How tasks that are not run are taken to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Assume {
    /// They succeed.
    Success,
    /// They are skipped.
    Skip,
    /// They fail.
    Fail,
}

impl Assume {
    pub(super) fn state(self) -> TaskState {
        match self {
            Self::Success => TaskState::Success,
            Self::Skip => TaskState::Skipped,
            Self::Fail => TaskState::Failed,
        }
    }
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "What the run is about")]
pub(super) struct AboutArgs {
    /// Logical date: a day (2026-11-21) or a moment, UTC without a zone. Templates read it as ds, ts, ...;
    /// Pipes gets it as partition key and time window
    #[arg(long, value_name = "DATE")]
    pub(super) date: Option<String>,
    /// End of the data interval [default: one day after --date]
    #[arg(long, value_name = "DATE", requires = "date")]
    pub(super) interval_end: Option<String>,
    /// Partition key for Pipes
    #[arg(long, value_name = "KEY", conflicts_with = "partition_range")]
    pub(super) partition: Option<String>,
    /// First and last partition key for Pipes
    #[arg(long, value_name = "FIRST:LAST")]
    pub(super) partition_range: Option<String>,
    /// A value for the process, read with `get_extra`: JSON, or else text; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) extra: Vec<String>,
    /// Asset the process reports on (`a/b` has two parts), for all tasks or for one; may be repeated
    /// [default: DAG/TASK, and the index of a mapped task]
    #[arg(long, value_name = "[TASK=]KEY")]
    pub(super) asset: Vec<String>,
    /// `dag_run.conf` of templates, a JSON object
    #[arg(long, value_name = "JSON")]
    pub(super) conf: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Cluster")]
pub(in crate::cli) struct ClusterArgs {
    /// Context of the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub(super) context: Option<String>,
    /// The kubeconfig [default: that of the spec, KUBECONFIG, ~/.kube/config]
    #[arg(long, value_name = "FILE")]
    pub(super) kubeconfig: Option<PathBuf>,
    /// Use the service account of the pod that podlift runs in
    #[arg(long, conflicts_with_all = ["context", "kubeconfig"])]
    pub(super) in_cluster: bool,
    /// Namespace of all pods, whatever the specs say
    #[arg(long, short, value_name = "NAME")]
    pub(in crate::cli) namespace: Option<String>,
}

impl ClusterArgs {
    /// The access that was asked for; the default if none was.
    pub(in crate::cli) fn access(&self) -> Access {
        Access {
            in_cluster: self.in_cluster,
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
        }
    }
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Running")]
pub(super) struct RunningArgs {
    /// Name of the run; the same one again goes on with its pods [default: a new one]
    #[arg(long, value_name = "ID", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(super) run_id: Option<String>,
    /// Leave out what an earlier run has done: its result (--result, --format json) or its --events
    #[arg(long, value_name = "FILE")]
    pub(super) resume: Option<PathBuf>,
    /// Tasks that run at the same time
    #[arg(long, value_name = "N", default_value = "16")]
    pub(super) max_active: NonZeroUsize,
    /// Leave the pods in the cluster when they have ended
    #[arg(long)]
    pub(super) keep_pod: bool,
    /// Whose exit codes decide: those of the main container, or of all
    #[arg(long, value_name = "WHO", value_enum, default_value = "main")]
    pub(super) success: Deciding,
    /// Seconds from the creation of a pod until it has a node
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(super) schedule_timeout: Option<Duration>,
    /// Seconds from then until its main container runs
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(super) startup_timeout: Option<Duration>,
    /// Seconds from the creation of a pod until its end
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(super) execution_timeout: Option<Duration>,
    /// Further attempts of a failed task
    #[arg(long, value_name = "N")]
    pub(super) retries: Option<u32>,
    /// Seconds before the next attempt
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(super) retry_delay: Option<Duration>,
    /// Try again also when the earlier pod may still run
    #[arg(long)]
    pub(super) retry_lost: bool,
    /// Never go on with a pod of the same run; delete it and make a new one
    #[arg(long)]
    pub(super) no_reattach: bool,
    /// Create nothing: print the pods (client), or have the API server judge them (server)
    #[arg(long, value_name = "WHERE", value_enum)]
    pub(super) dry_run: Option<DryRun>,
}

/// Who decides whether a task succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Deciding {
    /// The main container.
    Main,
    /// Every container that is not in ignore_containers.
    All,
}

/// Where pods are only judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DryRun {
    /// Here, without a cluster.
    Client,
    /// At the API server.
    Server,
}

impl RunningArgs {
    /// What these arguments change in every plan.
    pub(super) fn overrides(&self) -> Overrides {
        Overrides {
            keep_pod: self.keep_pod,
            success: Some(match self.success {
                Deciding::Main => Success::Main,
                Deciding::All => Success::All,
            }),
            retries: self.retries,
            retry_delay: self.retry_delay,
            retry_lost: self.retry_lost,
            no_reattach: self.no_reattach,
            limits: Limits {
                schedule: self.schedule_timeout,
                startup: self.startup_timeout,
                execution: self.execution_timeout,
            },
        }
    }
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// Append every event to FILE as one line of JSON; `podlift schema events` is the format
    #[arg(long, value_name = "FILE")]
    pub(super) events: Option<PathBuf>,
    /// Also write the result to FILE as JSON; `podlift schema result` is the format
    #[arg(long, value_name = "FILE")]
    pub(super) result: Option<PathBuf>,
    /// What goes to standard output: log and table (text), or the result (json) with the log on standard error
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text")]
    pub(super) format: Format,
    /// Show no log, only how it ended
    #[arg(long, short)]
    pub(super) quiet: bool,
}

/// The notation of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Lines for people.
    Text,
    /// One JSON object.
    Json,
}

/// Reads a number of seconds.
fn seconds(text: &str) -> Result<Duration, String> {
    let number: f64 = text.trim().parse().map_err(|_| "write a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(number).map_err(|error| error.to_string())
}
