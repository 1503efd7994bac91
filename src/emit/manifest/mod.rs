//! Kubernetes manifests, ready for `kubectl apply`.
//!
//! A manifest holds the same pod as the job spec, without Dagster and without Pipes. Nothing fills a hole
//! or renders Jinja in it later, so a spec that has any left is refused unless the caller allows it; what
//! a manifest has no place for is named in its head.

mod cronjob;
mod job;
mod pod;

use serde_json::{Map, Value as Json, json};

pub use cronjob::CronJobs;
pub use job::Jobs;
pub use pod::Pods;

use super::header::{comment, line};
use super::names::resource_name;
use super::paths::spec_paths;
use super::{Batch, Emitted, OutputFile};
use crate::diag::{Code, Diagnostic};
use crate::eval::template::has_jinja;
use crate::python::Span;
use crate::spec::{DagFacts, Finished, JobSpec, Open, fill, to_value};
use crate::values::Values;
use crate::yaml;

/// One manifest and what it leaves out.
struct Manifest {
    object: Json,
    /// What Airflow would do and the manifest does not, in a few words each.
    lost: Vec<String>,
}

/// Writes one manifest for each spec.
fn emit(
    batch: &Batch<'_>,
    allow_open: bool,
    build: impl Fn(&JobSpec, Option<&DagFacts>) -> Result<Manifest, String>,
) -> Emitted {
    let mut emitted = Emitted::default();
    for ((spec, dag), path) in batch.each().zip(spec_paths(batch.specs, "yaml")) {
        let problem = |message: String| {
            Diagnostic::new(Code::UnfinishedManifest, Span::NONE, message)
                .task(&spec.metadata.dag, &spec.metadata.task)
        };
        let finished = match finish(spec, allow_open) {
            Ok(finished) => finished,
            Err(found) => {
                let found = found.into_iter().map(|(path, message, help)| {
                    problem(format!("{path}: {message}")).pod_path(path).help(help)
                });
                emitted.diagnostics.extend(found);
                continue;
            }
        };
        match build(&finished, dag) {
            Ok(manifest) => {
                let mut text = line(spec, dag);
                for lost in &manifest.lost {
                    text.push_str(&format!("# Not carried over: {}\n", comment(lost)));
                    emitted.diagnostics.push(
                        Diagnostic::new(
                            Code::ManifestLoss,
                            Span::NONE,
                            format!("not carried over: {lost}"),
                        )
                        .task(&spec.metadata.dag, &spec.metadata.task),
                    );
                }
                text.push_str(&yaml::document(&manifest.object));
                emitted.files.push(OutputFile { path, text });
            }
            Err(message) => emitted.diagnostics.push(problem(message)),
        }
    }
    emitted
}

/// The final form of a spec, or each thing that is open in it: its path, a message and what to do.
fn finish(spec: &JobSpec, allow_open: bool) -> Result<JobSpec, Vec<(String, String, String)>> {
    let filled = fill(spec, &Values::default());
    if allow_open {
        let Finished(spec) = filled.finish_open();
        return Ok(spec);
    }
    let mut found: Vec<(String, String, String)> = Vec::new();
    for hole in &filled.open {
        let source =
            if hole.source.is_empty() { String::new() } else { format!(", {}", hole.source) };
        let message = format!("`{}` has no value ({}{source})", hole.name, hole.reason);
        let help = format!("Pass `--set {}=VALUE`, or a file with `--values`.", hole.name);
        found.push((hole.path.clone(), message, help));
    }
    for misfit in &filled.misfits {
        let help = "Correct the text in the job spec.".to_owned();
        found.push((misfit.path.clone(), misfit.message.clone(), help));
    }
    // An entry that outlived the template it is about says nothing about the pod.
    let value = to_value(spec);
    let is_left = |path: &str| value.pointer(path).and_then(Json::as_str).is_some_and(has_jinja);
    for template in spec.templates.iter().filter(|template| {
        let path = template.path.as_str();
        let in_manifest = path == "/run/namespace" || path.starts_with("/run/base_pod_");
        in_manifest && is_left(path)
    }) {
        let message = format!("Jinja is left in the text; it needs {}", template.needs.join(", "));
        let help = "Replace it by a value; `podlift run` renders it instead.".to_owned();
        found.push((template.path.clone(), message, help));
    }
    if !found.is_empty() {
        return Err(found);
    }
    match filled.finish() {
        Ok(Finished(spec)) => Ok(spec),
        Err(unfinished) => Err(vec![(
            String::new(),
            unfinished.to_string(),
            "Translate the DAG again.".to_owned(),
        )]),
    }
}

/// Metadata of an object named after the task: its name, namespace, labels and annotations, and whatever
/// else the pod metadata holds.
fn metadata(spec: &JobSpec, longest: usize) -> Map<String, Json> {
    let about = &spec.metadata;
    let index = about.map_index.map(|index| index.to_string());
    let ids: Vec<&str> =
        [about.dag.as_str(), about.task.as_str()].into_iter().chain(index.as_deref()).collect();
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), resource_name(&ids, longest).into());
    let inside = spec.run.base_pod_meta.get("namespace").and_then(Json::as_str);
    if let Some(namespace) = spec.run.namespace.as_deref().or(inside) {
        metadata.insert("namespace".to_owned(), namespace.into());
    }
    let rest = spec.run.base_pod_meta.iter();
    let rest =
        rest.filter(|(key, _)| !matches!(key.as_str(), "name" | "namespace" | "generateName"));
    metadata.extend(rest.map(|(key, value)| (key.clone(), value.clone())));
    metadata
}

/// The spec of the pod. Its deadline is Airflow's `execution_timeout`, which counts for each attempt as the
/// deadline of a pod does.
fn pod_spec(spec: &JobSpec) -> Result<Map<String, Json>, String> {
    let mut pod = spec.run.base_pod_spec.clone();
    let policy = pod.get("restartPolicy").and_then(Json::as_str);
    if policy != Some("OnFailure") {
        pod.insert("restartPolicy".to_owned(), "Never".into());
    }
    let timeout =
        number(spec.launcher.execution_timeout_seconds.as_ref(), "execution_timeout_seconds")?;
    if let Some(seconds) = timeout {
        let seconds = whole(seconds.ceil(), "execution_timeout_seconds")?.max(1);
        let own = pod.get("activeDeadlineSeconds").and_then(Json::as_u64);
        pod.insert(
            "activeDeadlineSeconds".to_owned(),
            own.map_or(seconds, |own| own.min(seconds)).into(),
        );
    }
    Ok(pod)
}

/// A number of the launcher; text in its place is an error, since a manifest needs the number.
fn number(value: Option<&Open<f64>>, field: &str) -> Result<Option<f64>, String> {
    match value {
        None => Ok(None),
        Some(Open::Known(number)) => Ok(Some(*number)),
        Some(Open::Text(text)) => Err(format!("/launcher/{field}: `{text}` is not a number yet")),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked on the line above"
)]
fn whole(number: f64, field: &str) -> Result<u64, String> {
    if number.fract() == 0.0 && (0.0..=f64::from(i32::MAX)).contains(&number) {
        return Ok(number as u64);
    }
    Err(format!("/launcher/{field}: {number} is not a whole number Kubernetes takes"))
}

/// What no manifest of a single object carries.
fn lost_by_all(spec: &JobSpec) -> Vec<String> {
    let launcher = &spec.launcher;
    let mut lost = Vec::new();
    if !spec.metadata.upstream.is_empty() {
        lost.push(format!("upstream tasks {}", spec.metadata.upstream.join(", ")));
    }
    if let Some(rule) = launcher.trigger_rule.as_deref().filter(|rule| *rule != "all_success") {
        lost.push(format!("trigger rule {rule}"));
    }
    if !launcher.skip_on_exit_code.is_empty() {
        let codes: Vec<String> =
            launcher.skip_on_exit_code.iter().map(ToString::to_string).collect();
        lost.push(format!("skip on exit code {}", codes.join(", ")));
    }
    if let Some(pool) = &launcher.pool {
        lost.push(format!("pool {pool}"));
    }
    if launcher.startup_timeout_seconds.is_some() || launcher.schedule_timeout_seconds.is_some() {
        lost.push("limits of the start-up time".to_owned());
    }
    if spec.client.kube_context.is_some() || spec.client.kubeconfig_file.is_some() {
        lost.push("the choice of the cluster".to_owned());
    }
    lost
}

/// The template of a job's pods.
fn pod_template(spec: &JobSpec) -> Result<Json, String> {
    let mut metadata = metadata(spec, 63);
    // Pods get their names from the job, and their namespace is the job's.
    metadata.remove("name");
    metadata.remove("namespace");
    let pod = pod_spec(spec)?;
    Ok(if metadata.is_empty() {
        json!({"spec": pod})
    } else {
        json!({"metadata": metadata, "spec": pod})
    })
}

#[cfg(test)]
mod tests;
