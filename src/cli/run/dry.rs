//! `podlift run --dry-run`: the pods without running them.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde_json::Value as Json;

use super::args::{Args, DryRun, Format};
use super::go::runtime;
use crate::cli::failure::Trouble;
use crate::cli::{Ctx, Exit};
use crate::diag::escape::visible;
use crate::launch::connect::{Access, Clusters, ConnectError};
use crate::launch::pod;
use crate::launch::run::{Planned, Run};
use crate::yaml;

/// What became of one pod.
#[derive(Serialize)]
struct Judged {
    dag: String,
    task: String,
    /// The pod as it would be sent, or as the server would store it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pod: Option<Json>,
    /// Why it would be refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
}

/// Makes the pods of first attempts and has them judged. The user asked for `own`, if for anything.
pub(super) fn run(run: Run, args: &Args, place: DryRun, ctx: &mut Ctx<'_>) -> Result<Exit> {
    let (own, format) = (&args.cluster.access(), args.output.format);
    let judged: Vec<Judged> = match place {
        DryRun::Client => runtime()?.block_on(locally(&run, own, ctx))?,
        DryRun::Server => runtime()?.block_on(at_server(&run))?,
    };
    write(&judged, place, format, ctx)?;
    let is_fine = judged.iter().all(|it| it.refused.is_none());
    Ok(if is_fine { Exit::Ok } else { Exit::Findings })
}

async fn locally(run: &Run, own: &Access, ctx: &mut Ctx<'_>) -> Result<Vec<Judged>> {
    let mut defaults: BTreeMap<&Access, String> = BTreeMap::new();
    let mut all = Vec::new();
    for task in &run.tasks {
        // The namespace of the context is only asked for where nothing else names one.
        let namespace = match (task.named_namespace(), defaults.get(&task.access)) {
            (Some(named), _) => named,
            (None, Some(known)) => known.clone(),
            (None, None) => {
                let default = default_namespace(&task.access, own, ctx).await?;
                defaults.insert(&task.access, default.clone());
                default
            }
        };
        let built =
            pod::build(&task.plan.spec.run, &namespace, &task.identity(&run.id), &task.context);
        all.push(judged(task, built.map_err(|error| error.to_string())));
    }
    Ok(all)
}

/// The namespace of the context. What a job spec names may only be on the machines of Airflow, as its service account is.
async fn default_namespace(access: &Access, own: &Access, ctx: &mut Ctx<'_>) -> Result<String> {
    let found = access.config().await;
    let error = match found.and_then(|config| access.namespace(None, config.default_namespace)) {
        Ok(namespace) => return Ok(namespace),
        Err(error) => error,
    };
    let is_none = matches!(error, ConnectError::Namespace { .. });
    if *access == Access::default() && !is_none {
        return Ok("default".to_owned());
    }
    if access == own || is_none {
        let message = "the namespace of the context is not known";
        let remedy = "name one with --namespace, or a kubeconfig and a context that exist";
        return Err(error).with_context(|| Trouble::new(message, remedy));
    }
    let text = format!("pods without a namespace are shown in `default`: {error}");
    writeln!(ctx.stderr, "note: {}", visible(&text))?;
    Ok("default".to_owned())
}

async fn at_server(run: &Run) -> Result<Vec<Judged>> {
    let mut clusters = Clusters::default();
    let mut all = Vec::new();
    for task in &run.tasks {
        let unreachable = || {
            Trouble::new("the cluster cannot be asked", "`podlift doctor` tells what is missing")
        };
        let (cluster, default) = clusters.get(&task.access).await.with_context(unreachable)?;
        let cluster = cluster.patience(std::time::Duration::from_secs(10));
        let namespace =
            task.access.namespace(task.named_namespace(), default).with_context(unreachable)?;
        let built =
            pod::build(&task.plan.spec.run, &namespace, &task.identity(&run.id), &task.context);
        let answer = match built {
            Err(error) => Err(error.to_string()),
            Ok(pod) => match cluster.dry_run_pod(&namespace, &pod).await {
                Ok(pod) => Ok(pod),
                Err(error) if !error.is_about_the_object() => {
                    return Err(error).with_context(unreachable);
                }
                Err(error) => Err(error.to_string()),
            },
        };
        all.push(judged(task, answer));
    }
    Ok(all)
}

fn judged(task: &Planned, answer: Result<Json, String>) -> Judged {
    let (dag, name) = (task.plan.spec.metadata.dag.clone(), task.identity("").task_name());
    let (pod, refused) = match answer {
        Ok(pod) => (Some(pod), None),
        Err(reason) => (None, Some(reason)),
    };
    Judged { dag, task: name, pod, refused }
}

fn write(judged: &[Judged], place: DryRun, format: Format, ctx: &mut Ctx<'_>) -> Result<()> {
    if format == Format::Json {
        ctx.stdout.write_all(crate::diag::escape::pretty_json(&judged)?.as_bytes())?;
        return Ok(());
    }
    for it in judged {
        let name = format!("{}.{}", it.dag, it.task);
        match (&it.refused, place) {
            (Some(reason), _) => {
                writeln!(ctx.stderr, "{}: refused: {}", visible(&name), visible(reason))?;
            }
            (None, DryRun::Server) => writeln!(ctx.stdout, "{}: accepted", visible(&name))?,
            (None, DryRun::Client) => {}
        }
    }
    if place == DryRun::Client {
        let pods = judged.iter().filter_map(|it| it.pod.as_ref());
        ctx.stdout.write_all(yaml::stream(pods).as_bytes())?;
    }
    Ok(())
}
