//! Job specs for tests.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Map, Value as Json};

use super::{
    API_VERSION, Client, JobSpec, KIND, Launcher, Metadata, Open, OpenHole, Run, Template,
};
use crate::eval::HoleKind;
use crate::eval::template;

/// A job spec with nothing in it but its ids.
pub(crate) fn spec_named(dag: &str, task: &str) -> JobSpec {
    JobSpec {
        api_version: API_VERSION.to_owned(),
        kind: KIND.to_owned(),
        metadata: Metadata {
            dag: dag.to_owned(),
            task: task.to_owned(),
            operator: "airflow.providers.cncf.kubernetes.operators.pod.KubernetesPodOperator"
                .to_owned(),
            source: "dags/nightly.py:14".to_owned(),
            ..Metadata::default()
        },
        client: Client::default(),
        run: Run::default(),
        launcher: Launcher::default(),
        templates: Vec::new(),
        job: Default::default(),
        holes: Vec::new(),
    }
}

/// Texts that YAML readers take for something else when they are written carelessly.
pub(crate) static NASTY: LazyLock<Vec<String>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../yaml/nasty.json")).unwrap());

/// Any text, with a good share of nasty ones.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(NASTY.as_slice()),
        2 => "[ -~\n]{0,20}",
        1 => "\\PC{0,10}",
        1 => proptest::collection::vec(any::<char>(), 0..8).prop_map(String::from_iter),
        1 => proptest::collection::vec(proptest::sample::select(NASTY.as_slice()), 2..4)
            .prop_map(|parts| parts.concat()),
    ]
}

/// A template: any text and holes of any name.
fn template() -> impl Strategy<Value = String> {
    let hole = (proptest::sample::select(HoleKind::ALL.to_vec()), text());
    (text(), proptest::option::weighted(0.2, hole), text()).prop_map(|(before, hole, after)| {
        let mut template = template::escape(&before);
        if let Some((kind, name)) = hole {
            template::push_hole(&mut template, kind, &name);
            template::push_literal(&mut template, &after);
        }
        template
    })
}

/// Any JSON value whose texts are templates.
pub(crate) fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Json::from),
        (-1000i32..1000).prop_map(|n| Json::from(f64::from(n) / 8.0)),
        template().prop_map(Json::from),
        template().prop_map(Json::from),
        template().prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            map(inner).prop_map(Json::from),
        ]
    })
}

fn map(inner: impl Strategy<Value = Json>) -> impl Strategy<Value = Map<String, Json>> {
    proptest::collection::vec((template(), inner), 0..4)
        .prop_map(|entries| entries.into_iter().collect())
}

fn open<T: Clone + std::fmt::Debug + 'static>(
    known: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Option<Open<T>>> {
    let text = text().prop_map(|name| {
        let mut template = String::new();
        template::push_hole(&mut template, HoleKind::Env, &name);
        Open::Text(template)
    });
    proptest::option::of(prop_oneof![known.prop_map(Open::Known), text])
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![(-10i32..10_000).prop_map(f64::from), any::<f64>()]
        .prop_filter("finite", |n| n.is_finite())
}

/// Any job spec.
pub(crate) fn arbitrary_spec() -> impl Strategy<Value = JobSpec> {
    let metadata = (
        template(),
        template(),
        proptest::option::of(any::<u32>()),
        proptest::collection::vec(template(), 0..3),
        proptest::option::of(template()),
    );
    let client =
        (open(any::<bool>()), proptest::option::of(template()), proptest::option::of(number()));
    let run = (
        proptest::option::of(template()),
        map(json()),
        map(json()),
        proptest::collection::vec(template(), 0..2),
        open(any::<bool>()),
        map(json()),
    );
    let launcher = (
        open(number()),
        proptest::option::of(template()),
        proptest::collection::vec(any::<i64>(), 0..3),
        open(any::<bool>()),
    );
    let template_entry = (text(), proptest::collection::vec(text(), 0..2));
    let hole = (text(), text(), text(), text(), proptest::option::of(json()));
    let rest =
        (proptest::collection::vec(template_entry, 0..2), proptest::collection::vec(hole, 0..2));
    (metadata, client, run, launcher, rest).prop_map(|(metadata, client, run, launcher, rest)| {
        let mut spec = spec_named(&metadata.0, &metadata.1);
        spec.metadata.map_index = metadata.2;
        spec.metadata.upstream = metadata.3;
        spec.metadata.pattern = metadata.4;
        spec.client.load_incluster_config = client.0;
        spec.client.kube_context = client.1;
        spec.client.poll_interval = client.2;
        spec.run.namespace = run.0;
        spec.run.base_pod_meta = run.1;
        spec.run.base_pod_spec = run.2;
        spec.run.ignore_containers = run.3;
        spec.run.delete_pod_on_completion = run.4;
        spec.run.extras = run.5;
        spec.launcher.retries = launcher.0;
        spec.launcher.pool = launcher.1;
        spec.launcher.skip_on_exit_code = launcher.2;
        spec.launcher.get_logs = launcher.3;
        spec.templates = rest.0.into_iter().map(|(path, needs)| Template { path, needs }).collect();
        spec.holes = rest
            .1
            .into_iter()
            .map(|(path, name, reason, source, default)| OpenHole {
                path,
                name,
                reason,
                source,
                default,
                needs: Vec::new(),
            })
            .collect();
        spec
    })
}
