//! From job specs to tasks that can start: holes closed, templates rendered, settings checked. Whatever is
//! missing anywhere is told before anything starts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value as Json};

use super::args::Args;
use super::gather::Gathered;
use super::when::About;
use crate::cli::Ctx;
use crate::cli::failure::Trouble;
use crate::cli::messages::{Messages, count};
use crate::diag::escape::visible;
use crate::kubernetes::check_namespace;
use crate::launch::connect::Access;
use crate::launch::plan::{Overrides, plan};
use crate::launch::render::{Facts, render};
use crate::launch::resume::Earlier;
use crate::launch::rules::TriggerRule;
use crate::launch::run::{Other, Planned, Run};
use crate::secrets::{Mask, in_values, is_secret_name};
use crate::spec::{Finished, JobSpec, Metadata, fill};
use crate::translate::OtherTask;
use crate::values::Values;

/// What applies to all tasks.
pub(super) struct Common<'a> {
    pub(super) args: &'a Args,
    pub(super) values: &'a Arc<Values>,
    pub(super) about: About,
    pub(super) run: &'a str,
    pub(super) earlier: Option<&'a Earlier>,
}

impl Common<'_> {
    /// What the templates of a task can read.
    fn facts(&self, spec: &JobSpec) -> Facts {
        let JobSpec { metadata: Metadata { dag, task, map_index, .. }, .. } = spec;
        let interval = self.about.interval.clone();
        Facts {
            conf: self.about.conf.clone(),
            values: Arc::clone(self.values),
            ..Facts::new(dag, task, *map_index, self.run, interval)
        }
    }
}

/// The run of these tasks.
pub(super) fn ready(
    gathered: Gathered,
    common: &Common<'_>,
    messages: &Messages,
    ctx: &mut Ctx<'_>,
) -> Result<Run> {
    let overrides = common.args.running.overrides();
    // What a template says of a value it cannot use may quote a credential.
    let mask = Mask::of_both([], &in_values(common.values));
    let mut problems: Vec<(String, Vec<String>)> = Vec::new();
    let (mut tasks, mut others) = (Vec::new(), Vec::new());
    for spec in gathered.specs {
        let name = name(&spec);
        match one(spec, common, &overrides) {
            Ok(Ready::Run(task, notes)) => {
                for note in notes {
                    messages.note(&format!("{name}: {note}"), &mut ctx.stderr)?;
                }
                tasks.push(*task);
            }
            Ok(Ready::Done(other)) => others.push(other),
            Err(lines) => problems.push((name, lines)),
        }
    }
    others.extend(gathered.others.into_iter().map(|task| other(task, common)));
    if !problems.is_empty() {
        return Err(refuse(&problems, &mask, ctx)?);
    }
    Ok(Run {
        id: common.run.to_owned(),
        others: before(&tasks, others),
        tasks,
        assume: common.args.assume.state(),
        max_active: common.args.running.max_active.get(),
    })
}

enum Ready {
    Run(Box<Planned>, Vec<String>),
    /// An earlier run has done it.
    Done(Other),
}

/// Makes one task ready. The errors are one line each.
fn one(spec: JobSpec, common: &Common<'_>, overrides: &Overrides) -> Result<Ready, Vec<String>> {
    let filled = fill(&spec, common.values);
    let mut notes: Vec<String> = filled
        .used_defaults
        .iter()
        .map(|used| match is_secret_name(&used.name) {
            true => format!("{} is the default of the code", used.name),
            false => format!("{} is the default of the code, {}", used.name, used.value),
        })
        .collect();
    let Finished(spec) = match filled.clone().finish() {
        Ok(finished) => finished,
        Err(unfinished) => {
            // All that is missing is told at once.
            let Finished(spec) = filled.finish_open();
            let unrendered = render(&spec, &common.facts(&spec)).err().unwrap_or_default();
            let lines = unfinished.lines().into_iter();
            return Err(lines.chain(unrendered.iter().map(ToString::to_string)).collect());
        }
    };
    let metadata = &spec.metadata;
    let key = (metadata.dag.clone(), metadata.task.clone(), metadata.map_index);
    let rule = rule(spec.launcher.trigger_rule.as_deref());
    if let Some(state) = common.earlier.and_then(|earlier| earlier.done(&key)) {
        let upstream = Vec::new();
        let why = "it is done by the run that is resumed".to_owned();
        return Ok(Ready::Done(Other { key, upstream, rule, assumed: state, why }));
    }
    notes.extend(metadata.conditions.iter().map(|condition| {
        format!("in the DAG it exists only if {condition}, which nobody could decide; it is run")
    }));
    notes.extend(job(&spec.job)?);
    let lines = |errors: Vec<crate::launch::plan::PlanError>| {
        errors.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let mut spec = render(&spec, &common.facts(&spec)).map_err(lines)?;
    let namespace = common.args.cluster.namespace.clone();
    if namespace.is_some() {
        spec.run.namespace = None;
        spec.run.base_pod_meta.shift_remove("namespace");
    }
    let own = || spec.run.base_pod_meta.get("namespace").and_then(Json::as_str);
    let named = namespace.as_deref().or(spec.run.namespace.as_deref()).or_else(own);
    named.map_or(Ok(()), check_namespace).map_err(|error| vec![error])?;
    let access = Access::of(&spec.client, &common.args.cluster.access())
        .map_err(|error| vec![error.to_string()])?;
    let context = common.about.context(common.run, &spec.metadata, &spec.run.extras);
    let plan = plan(spec, overrides).map_err(lines)?;
    let attempts_before = common.earlier.map_or(0, |earlier| earlier.attempts(&key));
    let task = Planned { plan, context, access, namespace, attempts_before };
    Ok(Ready::Run(Box::new(task), notes))
}

/// What becomes of a task that makes a Job: its pod is run, if it is only one.
fn job(fields: &Map<String, Json>) -> Result<Option<String>, Vec<String>> {
    for (field, alone) in [("parallelism", 1), ("completions", 1)] {
        if let Some(value) = fields.get(field).filter(|value| **value != alone && !value.is_null())
        {
            return Err(vec![format!(
                "/job/{field} is {value}, and podlift runs one pod per task; apply the Job as a manifest instead"
            )]);
        }
    }
    let names: Vec<&str> = fields.keys().map(String::as_str).collect();
    Ok((!names.is_empty()).then(|| {
        let names = names.join(", ");
        format!("the task makes a Job; podlift runs its pod by itself, and these fields do not count: {names}")
    }))
}

/// A task that is not run.
fn other(task: OtherTask, common: &Common<'_>) -> Other {
    let key = (task.dag, task.task, None);
    let done = common.earlier.and_then(|earlier| earlier.done(&key));
    let assumed = done.unwrap_or_else(|| common.args.assume.state());
    let why = match (done, task.runs_pod) {
        (Some(_), _) => "it is done by the run that is resumed".to_owned(),
        (None, true) => "it was not selected".to_owned(),
        (None, false) => format!("it is a {}", class(&task.operator)),
    };
    let rule = rule(task.trigger_rule.as_deref());
    Other { key, upstream: task.upstream, rule, assumed, why }
}

/// Those of the other tasks that some task waits for, over however many others.
fn before(tasks: &[Planned], others: Vec<Other>) -> Vec<Other> {
    let ids = |dag: &str, upstream: &[String]| -> Vec<(String, String)> {
        upstream.iter().map(|id| (dag.to_owned(), id.clone())).collect()
    };
    let mut open: Vec<(String, String)> = tasks
        .iter()
        .flat_map(|task| ids(&task.plan.spec.metadata.dag, &task.plan.spec.metadata.upstream))
        .collect();
    let mut named: BTreeMap<(&str, &str), Vec<&Other>> = BTreeMap::new();
    for other in &others {
        named.entry((&other.key.0, &other.key.1)).or_default().push(other);
    }
    let mut wanted = BTreeSet::new();
    while let Some(id) = open.pop() {
        if wanted.insert(id.clone()) {
            let same = named.get(&(&*id.0, &*id.1)).into_iter().flatten();
            open.extend(same.flat_map(|other| ids(&other.key.0, &other.upstream)));
        }
    }
    let is_wanted = |other: &Other| wanted.contains(&(other.key.0.clone(), other.key.1.clone()));
    others.into_iter().filter(is_wanted).collect()
}

fn rule(text: Option<&str>) -> TriggerRule {
    text.and_then(TriggerRule::parse).unwrap_or_default()
}

/// `airflow.operators.bash.BashOperator` without its module.
fn class(operator: &str) -> &str {
    operator.rsplit('.').next().unwrap_or(operator)
}

fn name(spec: &JobSpec) -> String {
    let metadata = &spec.metadata;
    let index = metadata.map_index.map_or_else(String::new, |index| format!("[{index}]"));
    format!("{}.{}{index}", metadata.dag, metadata.task)
}

/// Prints every problem of every task and makes the error that ends podlift.
fn refuse(
    problems: &[(String, Vec<String>)],
    mask: &Mask,
    ctx: &mut Ctx<'_>,
) -> Result<anyhow::Error> {
    for (name, lines) in problems {
        for line in lines {
            let line = mask.message(line);
            writeln!(ctx.stderr, "{}: {}", visible(name), visible(&line))?;
        }
    }
    let message = format!("nothing was started: {} cannot run yet", count(problems.len(), "task"));
    let remedy = "give what is missing with --set KIND:NAME=VALUE, --values FILE or --date, or select other tasks \
                  with --task";
    Ok(Trouble::new(message, remedy).into())
}

/// Reads the file of `--resume`.
pub(super) fn earlier(args: &Args, ctx: &Ctx<'_>) -> Result<Option<Earlier>> {
    let Some(path) = &args.running.resume else { return Ok(None) };
    let trouble = || {
        let message = format!("cannot resume from `{}`", path.display());
        Trouble::new(message, "name the file that --events or --result wrote in that run")
    };
    let text = crate::cli::file::read(&ctx.cwd.join(path)).with_context(trouble)?;
    let run = args.running.run_id.as_deref();
    Earlier::read(&text, run).map(Some).with_context(trouble)
}
