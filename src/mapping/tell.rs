//! The findings of mapping: what a reader has to know about a task, its keywords and its pod.

use std::collections::BTreeSet;

use super::account::Disposition;
use super::bind::Bound;
use super::fate::is_default;
use super::jinja;
use super::output::Output;
use super::pod::Pod;
use super::remarks::Remarks;
use super::row::Converter;
use crate::airflow::{Dag, Expansion, Keywords, OperatorKind, SPREAD, Task};
use crate::diag::{Code, Diagnostic};
use crate::eval::{HoleKind, is_unfinished};
use crate::kubernetes::check_pod;
use crate::secrets;
use crate::spec::JobSpec;

/// Of how many conditions around a task a finding speaks, the innermost first; the job spec has them all.
const CONDITIONS_TOLD: usize = 8;

/// Conditions, patterns, mapping and subclasses of a task.
pub(crate) fn about_task(task: &Task, dag: &Dag, remarks: &mut Remarks) {
    let id = task.task_id.display();
    let conditions = dag.conditions.len() + task.conditions.len();
    let innermost = task.conditions.iter().rev().chain(dag.conditions.iter().rev());
    let told_here = innermost.filter(|hole| !is_unfinished(hole));
    for (number, hole) in told_here.take(CONDITIONS_TOLD).enumerate() {
        let told = Diagnostic::new(
            Code::ConditionalTask,
            task.span,
            format!("task `{id}` exists under a condition that is not known: {}", hole.reason),
        );
        let told = told.also(hole.span, "decided here");
        let others = conditions.saturating_sub(CONDITIONS_TOLD);
        remarks.add(if number + 1 == CONDITIONS_TOLD && others > 0 {
            told.help(format!("{others} more conditions around it stand in the job spec"))
        } else {
            told
        });
    }
    if let Some(hole) = &task.pattern {
        remarks.add(
            Diagnostic::new(
                Code::TaskPattern,
                task.span,
                format!("task `{id}` stands for an unknown number of tasks: {}", hole.reason),
            )
            .also(hole.span, "repeated here"),
        );
    }
    if let Some(Expansion::Unknown(hole)) = &task.expansion {
        remarks.add(
            Diagnostic::new(
                Code::UnknownExpansion,
                task.span,
                format!(
                    "task `{id}` is mapped over values known only at run time: {}",
                    hole.reason
                ),
            )
            .also(hole.span, "expands here"),
        );
    }
    for subclass in &task.operator.subclasses {
        for (name, span) in &subclass.overrides {
            remarks.add(
                Diagnostic::new(
                    Code::OverriddenMethod,
                    task.span,
                    format!("`{}` overrides `{name}`, which runs with the task", subclass.name),
                )
                .also(*span, "defined here"),
            );
        }
    }
}

/// Unknown arguments, arguments outside their releases, and rows that ask for a finding.
pub(crate) fn about_keywords(
    kind: OperatorKind,
    keywords: &Keywords,
    bound: &[Bound<'_>],
    remarks: &mut Remarks,
) {
    for (index, (name, keyword)) in keywords.iter().enumerate() {
        let span = keyword.span.or(keyword.value.span);
        if name == SPREAD {
            continue;
        }
        let Some(one) = bound.iter().find(|one| one.index == Some(index)) else {
            remarks.tell(
                Code::UnknownArgument,
                span,
                format!("`{name}` is not an argument of the operator"),
            );
            continue;
        };
        outside_releases(name, one, remarks);
        if one.row.converter == Converter::Name && kind == OperatorKind::Eks && name == "name" {
            remarks.refuse("name", span, "EksPodOperator takes `pod_name`");
        }
        if kind == OperatorKind::Decorated && name == "cmds" {
            remarks.refuse("cmds", span, "@task.kubernetes sets the command itself");
        }
        by_row(name, one, remarks);
    }
}

fn outside_releases(name: &str, one: &Bound<'_>, remarks: &mut Remarks) {
    let row = one.row;
    let instead = row.renamed_to.as_ref().map(|other| format!("Write `{other}`."));
    let message = match (&row.since, &row.until) {
        (Some(since), _) if one.release < since => {
            format!("`{name}` exists since {since}, not yet in {}", one.release)
        }
        // `resources` lives on as an argument of BaseOperator; its converter tells what that means.
        (_, Some(until)) if one.release > until && row.converter != Converter::OldResources => {
            format!("`{name}` exists up to {until}, no longer in {}", one.release)
        }
        _ => return,
    };
    let told = Diagnostic::new(Code::ArgumentOutsideVersion, one.span, message)
        .label("Airflow refuses it in the selected release");
    remarks.add(match instead {
        Some(help) => told.help(help),
        None => told,
    });
}

fn by_row(name: &str, one: &Bound<'_>, remarks: &mut Remarks) {
    let row = one.row;
    if row.converter == Converter::XcomPush {
        if one.value.truth() != Some(false) {
            remarks.add(
                Diagnostic::new(Code::XComSidecar, one.span, format!("`{name}`: {}", row.what))
                    .label("the sidecar is left out unless it is asked for"),
            );
        }
        return;
    }
    let Some(code) = row.diagnostic.as_deref().and_then(Code::parse) else { return };
    if is_default(one) {
        return;
    }
    let message = if row.disposition == Disposition::Manual {
        format!("`{name}` has to be carried over by hand: {}", row.what)
    } else {
        format!("`{name}`: {}", row.what)
    };
    let told = Diagnostic::new(code, one.span, message);
    remarks.add(match &row.dagster {
        Some(dagster) if dagster != "none" => told.help(format!("In Dagster: {dagster}.")),
        _ => told,
    });
}

/// An operator whose work is no plain pod.
pub(crate) fn unsupported_operator(task: &Task, remarks: &mut Remarks) {
    let class = task.operator.class.rsplit('.').next().unwrap_or(&task.operator.class);
    let what = match task.operator.kind {
        OperatorKind::Spark => "makes a SparkApplication, not a pod",
        _ => "makes a Job, not a pod",
    };
    remarks.tell(Code::UnsupportedOperator, task.span, format!("{class} {what}"));
}

/// A task of which the job spec's pod is only a part.
pub(crate) fn job(task: &Task, remarks: &mut Remarks) {
    let message = "KubernetesJobOperator makes a Job, which PipesK8sClient cannot";
    let told = Diagnostic::new(Code::UnsupportedOperator, task.span, message);
    remarks.add(told.help("Write the manifest of the Job with `--emit job`."));
}

/// Traps of the pod itself.
pub(crate) fn about_pod(task: &Task, built: &Pod, remarks: &mut Remarks) {
    if let Some((policy, span)) = &built.replaced_restart_policy {
        remarks.tell(
            Code::RestartPolicy,
            span.or(task.span),
            format!("restart policy {policy} of the template is replaced by Never"),
        );
    }
}

/// No argument, template or connection names a namespace.
pub(crate) fn no_namespace(task: &Task, bound: &[Bound<'_>], remarks: &mut Remarks) {
    let span = bound
        .iter()
        .find(|one| one.row.converter == Converter::Namespace)
        .map_or(task.span, |one| one.span);
    remarks.tell(Code::NamespaceFromOutside, span, "no namespace is given in the DAG");
}

/// What the written job spec shows: traps of the target, open holes, templates, a pod the API refuses.
pub(crate) fn about_output(task: &Task, spec: &JobSpec, output: &Output, remarks: &mut Remarks) {
    let places = output.places();
    let at = |path: &str| places.span(path).or(task.span);
    let meta = &spec.run.base_pod_meta;
    let written = |path: &str| output.spans().any(|(at, _)| at == path);
    if meta.contains_key("name")
        && output.targets().any(|(_, path)| path == "/run/base_pod_meta/name")
    {
        remarks.tell(
            Code::NameOverwritten,
            at("/run/base_pod_meta/name"),
            "PipesK8sClient names the pod itself",
        );
    }
    if written("/run/namespace") {
        remarks.tell(
            Code::NamespaceNeedsRun,
            at("/run/namespace"),
            "the namespace is also passed to run()",
        );
    }
    unresolved(task, output, remarks);
    for template in &spec.templates {
        let missing = jinja::only_in_airflow(&template.needs);
        if !missing.is_empty() {
            remarks.add(
                Diagnostic::new(
                    Code::TemplateNeedsAirflow,
                    at(&template.path),
                    format!("template reads {}", missing.join(", ")),
                )
                .pod_path(&template.path),
            );
        }
    }
    for (path, span) in &output.native {
        let mut told = Diagnostic::new(
            Code::TemplateNeedsAirflow,
            span.or(task.span),
            "the template becomes a Python value, not a text",
        )
        .label("what looks like a number, a list or another literal is taken for one")
        .help("`podlift run` renders texts; write the value itself where Airflow needs no text.")
        .pod_path(path);
        told.severity = crate::diag::Severity::Warning;
        remarks.add(told);
    }
    for (path, span) in &output.literal_braces {
        let mut told = Diagnostic::new(
            Code::TemplateNeedsAirflow,
            span.or(task.span),
            "looks like a template, but Airflow does not render it here",
        )
        .label("the braces reach the pod as they are")
        .pod_path(path);
        told.severity = crate::diag::Severity::Info;
        remarks.add(told);
    }
    for secret in secrets::in_spec(spec) {
        remarks.add(
            Diagnostic::new(Code::PlainSecret, at(&secret.pointer), secret.message())
                .label("stands in the DAG as plain text")
                .help(secret.remedy(&task.task_id.display()))
                .pod_path(&secret.pointer),
        );
    }
    for hole in secrets::in_defaults(spec) {
        let place = output.open.iter().find(|(name, _)| *name == hole.name);
        let message = format!("the default of `{}` is a credential", hole.name);
        remarks.add(
            Diagnostic::new(
                Code::PlainSecret,
                place.map_or(task.span, |(_, hole)| hole.span),
                message,
            )
            .label("stands in the DAG as plain text")
            .help("remove the default, so that the lookup fails where the value is missing")
            .pod_path(&hole.path),
        );
    }
    // A template that could not be read may add anything.
    let complete = !spec.run.base_pod_spec.keys().any(|key| key.contains("${"));
    for finding in check_pod(meta, &spec.run.base_pod_spec, complete) {
        let path = format!("/run{}", finding.path);
        remarks.add(Diagnostic::new(Code::InvalidPod, at(&path), finding.message).pod_path(&path));
    }
}

/// One finding per hole.
fn unresolved(task: &Task, output: &Output, remarks: &mut Remarks) {
    let places = output.places();
    let mut seen = BTreeSet::new();
    for (open, (name, hole)) in output.holes.iter().zip(&output.open) {
        // A refused value has its finding already.
        let is_refused = hole.kind == HoleKind::Expression
            && hole.roots.is_empty()
            && remarks.refused.contains(&hole.name);
        if is_refused || !seen.insert(name.clone()) {
            continue;
        }
        let place = places.span(&open.path);
        let mut told = Diagnostic::new(
            Code::UnresolvedValue,
            hole.span.or(place).or(task.span),
            format!("`{name}` is not known: {}", hole.reason),
        )
        .pod_path(&open.path);
        if hole.span != place && hole.span.is_some() {
            told = told.also(place, "needed here");
        }
        let first = hole.roots.first().map_or_else(|| name.clone(), |root| root.key());
        remarks.add(told.help(format!("Pass it with `--set {first}=VALUE`.")));
    }
}
