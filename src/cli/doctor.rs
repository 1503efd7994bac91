//! `podlift doctor`: whether pods could run on a cluster, asked before they are.

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;

use super::failure::Trouble;
use super::messages::{MessageFormat, Messages, count};
use super::run::{ClusterArgs, gather_named, runtime};
use super::translate::args::ValueArgs;
use super::translate::inputs::values;
use super::{Ctx, Exit};
use crate::diag::escape::visible;
use crate::kubernetes::check_namespace;
use crate::launch::connect::{Access, Clusters};
use crate::launch::doctor::{Finding, Health, Status, Wanted, examine, needs};
use crate::spec::{JobSpec, fill};

/// Check the cluster: connection, identity, rights, and what job specs name
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Check the cluster: connection, identity, rights, and what job specs name.\n\n\
        Asks the API server whether it can be reached, whom it takes you for, and whether you may do what \
        `podlift run` does. With job specs or DAG files it also looks whether the namespaces, service accounts, \
        image pull secrets, config maps, secrets (and their keys), persistent volume claims and priority classes \
        that their pods name exist. Nothing on the cluster changes.",
    after_help = "\
Examples:
  podlift doctor                             the current context and its namespace
  podlift doctor --context prod -n data jobs/nightly
                                             another cluster, and what the specs of a DAG need there
  podlift doctor jobs --format json          for machines

Exit codes:
  0  everything is there
  1  something is missing; each finding says what to do
  2  the cluster cannot be asked, or a job spec cannot be read"
)]
pub(super) struct Args {
    /// Job specs (files, folders, `-` for standard input) or DAG files
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    values: ValueArgs,
    #[command(flatten)]
    cluster: ClusterArgs,
    /// How to write the findings
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text")]
    format: Format,
}

/// The notation of the findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One line each, with a remedy.
    Text,
    /// One JSON object.
    Json,
}

pub(super) fn run(args: &Args, ctx: &mut Ctx<'_>) -> Result<Exit> {
    let messages = Messages { format: MessageFormat::Human, verbose: false };
    let values = values(&args.values, &messages, ctx)?;
    let specs = gather_named(&args.paths, &values, &messages, ctx)?;
    let specs: Vec<JobSpec> =
        specs.iter().map(|spec| fill(spec, &values).finish_open().0).collect();
    let wanted = wanted(&specs, &args.cluster)?;
    let health = runtime()?.block_on(examine(&wanted, &mut Clusters::default()));
    match args.format {
        Format::Text => text(&health, ctx)?,
        Format::Json => {
            ctx.stdout.write_all(crate::diag::escape::pretty_json(&health)?.as_bytes())?;
        }
    }
    Ok(match health.worst() {
        Status::Ok | Status::Warning => Exit::Ok,
        Status::Problem => Exit::Findings,
        Status::Unreachable => Exit::Trouble,
    })
}

/// What the pods of the specs need, by cluster and namespace; without specs only the place itself.
fn wanted(specs: &[JobSpec], cluster: &ClusterArgs) -> Result<Wanted> {
    let mut wanted = Wanted::new();
    let check = |namespace: &str| {
        let remedy = "name one that exists with --namespace";
        check_namespace(namespace).map_err(|error| Trouble::new(error, remedy))
    };
    if specs.is_empty() {
        cluster.namespace.as_deref().map_or(Ok(()), check)?;
        wanted.insert((cluster.access(), cluster.namespace.clone()), Default::default());
    }
    for spec in specs {
        let access = Access::of(&spec.client, &cluster.access())?;
        let own = || spec.run.base_pod_meta.get("namespace").and_then(|it| it.as_str());
        let named = cluster.namespace.as_deref().or(spec.run.namespace.as_deref()).or_else(own);
        named.map_or(Ok(()), check)?;
        let place = wanted.entry((access, named.map(str::to_owned))).or_default();
        for need in needs(&spec.run.base_pod_spec) {
            let task = format!("{}.{}", spec.metadata.dag, spec.metadata.task);
            let tasks = place.entry(need).or_default();
            if !tasks.contains(&task) {
                tasks.push(task);
            }
        }
    }
    Ok(wanted)
}

fn text(health: &Health, ctx: &mut Ctx<'_>) -> Result<()> {
    for finding in &health.findings {
        let style = style(finding, ctx.color_out);
        let word = finding.status.as_str();
        writeln!(ctx.stdout, "{style}{word:<8}{style:#} {}", visible(&finding.message))?;
        if finding.status != Status::Ok {
            if !finding.tasks.is_empty() {
                let tasks = finding.tasks.join(", ");
                writeln!(ctx.stdout, "         needed by {}", visible(&tasks))?;
            }
            if let Some(remedy) = &finding.remedy {
                writeln!(ctx.stdout, "         help: {}", visible(remedy))?;
            }
        }
    }
    let problems = health.findings.iter().filter(|it| it.status >= Status::Problem).count();
    if problems > 0 {
        writeln!(ctx.stdout, "\n{}", count(problems, "problem"))?;
    }
    Ok(())
}

fn style(finding: &Finding, color: bool) -> anstyle::Style {
    use anstyle::AnsiColor::{Green, Red, Yellow};
    if !color {
        return anstyle::Style::new();
    }
    match finding.status {
        Status::Ok => Green.on_default(),
        Status::Warning => Yellow.on_default(),
        Status::Problem | Status::Unreachable => Red.on_default().bold(),
    }
}
