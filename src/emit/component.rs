//! `defs.yaml` for `dagster_k8s.PipesK8sComponent`, one for each task.
//!
//! The component knows an image, a pod and its assets, and no more: no client, no partitions, no retries. What a task
//! needs beyond that is told; a task whose pod is not known, or changes with the date, has no file.

use serde_json::{Map, Value as Json, json};

use super::dagster::{Names, asset_names};
use super::header::line;
use super::{Batch, Emitted, Emitter, OutputFile, paths};
use crate::diag::{Code, Diagnostic};
use crate::python::Span;
use crate::spec::{Finished, JobSpec, Schedule, fill};
use crate::values::Values;
use crate::words::count;
use crate::yaml;

/// Open places of one task that are told one by one.
const PLACES_TOLD: usize = 10;

/// Writes each spec as a component.
#[derive(Debug, Clone, Copy, Default)]
pub struct Components;

impl Emitter for Components {
    fn emit(&self, batch: &Batch<'_>) -> Emitted {
        let mut emitted = Emitted::default();
        let mut names = Names::default();
        for (facts, specs) in batch.by_dag() {
            if facts.timing.schedule != Schedule::Never {
                let message = "components cannot say the schedule of the DAG".to_owned();
                let told = Diagnostic::new(Code::ComponentLimit, facts.span, message);
                emitted.diagnostics.push(told);
            }
            let assets = asset_names(facts, specs, &mut names);
            let keys: Vec<String> = assets.iter().map(|asset| asset.key.join("/")).collect();
            for (number, (spec, asset)) in specs.iter().zip(assets).enumerate() {
                let tell = |message: String| {
                    Diagnostic::new(Code::ComponentLimit, Span::NONE, message)
                        .task(&spec.metadata.dag, &spec.metadata.task)
                };
                let open = open(spec);
                if !open.is_empty() {
                    let rest = open.len().saturating_sub(PLACES_TOLD);
                    let told = open.into_iter().take(PLACES_TOLD).map(|(path, why)| {
                        tell(format!("no component is written: {path}: {why}")).pod_path(path)
                    });
                    emitted.diagnostics.extend(told);
                    if rest > 0 {
                        let more = count(rest, "more open place");
                        emitted.diagnostics.push(tell(format!("no component is written: {more}")));
                    }
                    continue;
                }
                let Ok(Finished(finished)) = fill(spec, &Values::default()).finish() else {
                    continue;
                };
                emitted.diagnostics.extend(
                    beyond(spec)
                        .into_iter()
                        .map(|what| tell(format!("the component cannot say {what}"))),
                );
                if asset.before.is_none() {
                    let what =
                        "what it waits for: that is too much, with the other tasks of the DAG";
                    emitted.diagnostics.push(tell(format!("the component cannot say {what}")));
                }
                let before = asset.before.iter().flat_map(|found| &found.assets);
                let deps = before.filter(|other| **other != number);
                let deps: Vec<&String> = deps.filter_map(|other| keys.get(*other)).collect();
                let mut attributes = json!({
                    "name": asset.key.join("__").replace(['-', '.'], "_"),
                    "assets": [{
                        "key": asset.key.join("/"),
                        "deps": deps,
                        "group_name": asset.group,
                        "description": asset.description,
                        "owners": &*asset.owners,
                        "tags": asset.tags.iter().map(|tag| (tag.clone(), json!(""))).collect::<Map<_, _>>(),
                        "kinds": ["kubernetes"],
                    }],
                });
                if let Some(first) =
                    attributes.pointer_mut("/assets/0").and_then(Json::as_object_mut)
                {
                    first.retain(|_, value| *value != json!([]) && *value != json!({}));
                }
                if let Some(fields) = attributes.as_object_mut() {
                    let run = &finished.run;
                    fields.extend(
                        run.namespace.clone().map(|it| ("namespace".to_owned(), it.into())),
                    );
                    let maps = [
                        ("base_pod_meta", &run.base_pod_meta),
                        ("base_pod_spec", &run.base_pod_spec),
                    ];
                    for (name, map) in maps.into_iter().filter(|(_, map)| !map.is_empty()) {
                        fields.insert(name.to_owned(), Json::Object(map.clone()));
                    }
                }
                literal(&mut attributes);
                let document = json!({"type": "dagster_k8s.component.PipesK8sComponent", "attributes": attributes});
                // A key may hold what no file system takes, or what leads elsewhere.
                let folders: Vec<String> =
                    asset.key.iter().map(|part| paths::component(part)).collect();
                emitted.files.push(OutputFile {
                    path: format!("{}/defs.yaml", folders.join("/")),
                    text: format!("{}{}", line(spec, Some(facts)), yaml::document(&document)),
                });
            }
        }
        emitted
    }
}

/// What keeps a task from being a component: each open place and why.
fn open(spec: &JobSpec) -> Vec<(String, String)> {
    let holes = spec.holes.iter();
    let holes = holes.map(|hole| (hole.path.clone(), format!("`{}` has no value", hole.name)));
    let templates = spec.templates.iter();
    let templates = templates.map(|it| (it.path.clone(), "Jinja is left in the text".to_owned()));
    holes.chain(templates).collect()
}

/// What a component has no attribute for.
fn beyond(spec: &JobSpec) -> Vec<&'static str> {
    let (run, launcher) = (&spec.run, &spec.launcher);
    let all = [
        (!spec.client.is_empty(), "how to reach the cluster"),
        (launcher.retries.is_some(), "retries"),
        (launcher.pool.is_some(), "the pool"),
        (
            launcher.trigger_rule.as_deref().is_some_and(|rule| rule != "all_success"),
            "the trigger rule",
        ),
        (!launcher.skip_on_exit_code.is_empty(), "exit codes that skip the task"),
        (launcher.execution_timeout_seconds.is_some(), "execution_timeout"),
        (
            launcher.startup_timeout_seconds.is_some()
                || launcher.schedule_timeout_seconds.is_some(),
            "the limit of the start-up time",
        ),
        (
            matches!(
                launcher.on_finish_action.as_deref(),
                Some("delete_succeeded_pod" | "delete_active_pod")
            ),
            "which pods stay; all are deleted",
        ),
        (!run.ignore_containers.is_empty(), "`ignore_containers`"),
        (
            run.enable_multi_container_logs == Some(true),
            "`enable_multi_container_logs`, which the pod needs",
        ),
        (run.pod_wait_timeout.is_some(), "`pod_wait_timeout`"),
        (run.delete_pod_on_completion.is_some(), "`delete_pod_on_completion`"),
        (!run.extras.is_empty(), "`extras`"),
    ];
    all.into_iter().filter(|(is_set, _)| *is_set).map(|(_, what)| what).collect()
}

/// Dagster renders Jinja in the texts of a component; braces that are no template are written as one.
fn literal(value: &mut Json) {
    match value {
        Json::String(text) if ["{{", "{%", "{#"].iter().any(|open| text.contains(open)) => {
            let mut out = String::new();
            let mut rest = text.as_str();
            while let Some(at) = ["{{", "{%", "{#"].iter().filter_map(|open| rest.find(open)).min()
            {
                let (before, from) = rest.split_at(at);
                let (open, after) = from.split_at(2);
                out.push_str(before);
                out.push_str(&format!("{{{{ '{open}' }}}}"));
                rest = after;
            }
            out.push_str(rest);
            *text = out;
        }
        Json::Array(items) => items.iter_mut().for_each(literal),
        Json::Object(fields) => fields.values_mut().for_each(literal),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;
    use crate::spec::tests_support::spec_named;
    use crate::spec::{DagFacts, Open, TaskFacts, Timing};

    fn emit(spec: JobSpec) -> Emitted {
        let task = TaskFacts { id: "load".to_owned(), is_pod: true, ..TaskFacts::default() };
        let facts = DagFacts {
            id: "etl".to_owned(),
            specs: 0..1,
            tasks: vec![task],
            ..DagFacts::default()
        };
        Components.emit(&Batch { specs: &[spec], dags: &[facts] })
    }

    #[test]
    fn braces_that_are_no_template_stay_braces() {
        let mut spec = spec_named("etl", "load");
        let container = json!([{"name": "base", "image": "a", "args": ["{{ no }} {%"]}]);
        spec.run.base_pod_spec.insert("containers".to_owned(), container);
        let emitted = emit(spec);
        assert_eq!(emitted.files[0].path, "etl/load/defs.yaml");
        let read: Json = serde_yaml::from_str(&emitted.files[0].text).unwrap();
        let arg = &read["attributes"]["base_pod_spec"]["containers"][0]["args"][0];
        assert_eq!(arg, "{{ '{{' }} no }} {{ '{%' }}");
        assert_eq!(read["attributes"]["assets"][0]["key"], "etl/load");
    }

    #[test]
    fn many_open_places_are_counted() {
        let mut spec = spec_named("etl", "load");
        spec.templates = (0..500)
            .map(|at| crate::spec::Template { path: format!("/run/{at}"), needs: Vec::new() })
            .collect();
        let emitted = emit(spec);
        assert_eq!(emitted.diagnostics.len(), PLACES_TOLD + 1);
        assert!(emitted.diagnostics[PLACES_TOLD].message.ends_with("490 more open places"));
    }

    #[test]
    fn what_a_component_cannot_say_is_told() {
        let mut spec = spec_named("etl", "load");
        spec.launcher.retries = Some(Open::Known(2.0));
        spec.launcher.startup_timeout_seconds = Some(Open::Known(60.0));
        spec.launcher.on_finish_action = Some("delete_succeeded_pod".to_owned());
        let facts = DagFacts {
            id: "etl".to_owned(),
            specs: 0..1,
            timing: Timing { schedule: Schedule::Cron("@daily".to_owned()), ..Timing::default() },
            ..DagFacts::default()
        };
        let emitted = Components.emit(&Batch { specs: &[spec], dags: &[facts] });
        assert_eq!(emitted.files.len(), 1);
        let told: Vec<&str> = emitted.diagnostics.iter().map(|it| it.message.as_str()).collect();
        assert_eq!(
            told,
            [
                "components cannot say the schedule of the DAG",
                "the component cannot say retries",
                "the component cannot say the limit of the start-up time",
                "the component cannot say which pods stay; all are deleted",
            ]
        );
    }
}
