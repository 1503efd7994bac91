//! What filling does, seen from outside.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::spec::tests_support::{arbitrary_spec, spec_named};
use crate::spec::{Open, Template};
use crate::values::Unset;

/// A spec whose one container has these fields.
fn with_container(container: Json) -> JobSpec {
    let mut spec = spec_named("nightly", "load");
    spec.run.base_pod_spec.insert("containers".to_owned(), json!([container]));
    spec
}

fn values(assignments: &[&str]) -> Values {
    let mut values = Values::default();
    assignments.iter().for_each(|assignment| values.set(assignment).unwrap());
    values
}

fn container(filled: &Filled) -> &Json {
    &filled.spec.run.base_pod_spec["containers"][0]
}

fn hole(path: &str, name: &str, default: Option<Json>) -> OpenHole {
    OpenHole {
        path: path.to_owned(),
        name: name.to_owned(),
        reason: "os.environ['TAG']".to_owned(),
        source: "dags/nightly.py:5".to_owned(),
        default,
        needs: Vec::new(),
    }
}

#[test]
fn a_hole_inside_a_text_becomes_part_of_it() {
    let spec = with_container(json!({"image": "acme/load:${env:TAG}-${env:ARCH}"}));
    let filled = fill(&spec, &values(&["env:TAG=v3", "env:ARCH=arm"]));
    assert_eq!(container(&filled)["image"], "acme/load:v3-arm");
    assert_eq!((filled.open.len(), filled.misfits.len()), (0, 0));
}

#[test]
fn a_part_of_a_path_is_closed_by_its_lookup() {
    let first = r#"expression:os.path.join(env:BASE, "")"#;
    let later = r#"expression:variable:KEY.removesuffix("/") + "/""#;
    let mut spec = with_container(json!({"args": [
        format!("${{{first}}}x"), format!("a-${{{later}}}y"), format!("${{{first}}}z"),
    ]}));
    for (at, (name, needs)) in
        [(first, "env:BASE"), (later, "variable:KEY")].into_iter().enumerate()
    {
        let path = format!("/run/base_pod_spec/containers/0/args/{at}");
        spec.holes.push(OpenHole { needs: vec![needs.to_owned()], ..hole(&path, name, None) });
    }
    let filled = fill(&spec, &values(&["env:BASE=/b", "variable:KEY=k/"]));
    assert_eq!(container(&filled)["args"], json!(["/b/x", "a-k/y", "/b/z"]));
    assert!(filled.open.is_empty());
    let filled = fill(&spec, &values(&["env:BASE=", "variable:KEY="]));
    assert_eq!(container(&filled)["args"], json!(["x", "a-/y", "z"]));
    assert_eq!(fill(&spec, &values(&[])).open.len(), 3);
}

#[test]
fn a_hole_alone_takes_the_type_of_its_field() {
    let spec = with_container(json!({
        "env": [{"name": "PORT", "value": "${param:port}"}, {"name": "ON", "value": "${param:on}"}],
        "ports": [{"containerPort": "${param:port}"}, {"containerPort": "${env:PORT}"}],
        "tty": "${env:TTY}",
        "args": "${variable:args}",
    }));
    let values = values(&[
        "param:port=80",
        "param:on=true",
        "env:PORT=8080",
        "env:TTY=True",
        "variable:args=[\"a\", \"${x}\"]",
    ]);
    let filled = fill(&spec, &values);
    assert_eq!(
        *container(&filled),
        json!({
            "env": [{"name": "PORT", "value": "80"}, {"name": "ON", "value": "True"}],
            "ports": [{"containerPort": 80}, {"containerPort": 8080}],
            "tty": true,
            "args": ["a", "$${x}"],
        })
    );
    assert_eq!(filled.misfits, []);
}

#[test]
fn typed_fields_of_the_launcher_become_typed() {
    let mut spec = spec_named("d", "t");
    spec.launcher.retries = Some(Open::Text("${env:RETRIES}".to_owned()));
    spec.launcher.startup_timeout_seconds = Some(Open::Text("1${env:ZEROS}".to_owned()));
    spec.launcher.get_logs = Some(Open::Text("${param:logs}".to_owned()));
    spec.launcher.pool_slots = Some(Open::Text("{{ params.s }}".to_owned()));
    spec.run.namespace = Some("${env:NS}".to_owned());
    let filled =
        fill(&spec, &values(&["env:RETRIES=2", "env:ZEROS=20", "param:logs=false", "env:NS=3"]));
    assert_eq!(filled.misfits, []);
    let launcher = filled.spec.launcher;
    assert_eq!(launcher.retries, Some(Open::Known(2.0)));
    assert_eq!(launcher.startup_timeout_seconds, Some(Open::Known(120.0)));
    assert_eq!(launcher.get_logs, Some(Open::Known(false)));
    assert_eq!(launcher.pool_slots, Some(Open::Text("{{ params.s }}".to_owned())));
    assert_eq!(filled.spec.run.namespace.as_deref(), Some("3"));
}

#[test]
fn a_value_that_does_not_fit_leaves_its_hole_and_says_so() {
    let mut spec = with_container(json!({
        "ports": [{"containerPort": "${env:PORT}"}],
        "image": "a:${param:list}",
    }));
    spec.launcher.retries = Some(Open::Text("${env:R}".to_owned()));
    let filled = fill(&spec, &values(&["env:PORT=http", "param:list=[1]", "env:R=two"]));
    let messages: Vec<_> = filled.misfits.iter().map(ToString::to_string).collect();
    assert_eq!(
        messages,
        [
            "/run/base_pod_spec/containers/0/ports/0/containerPort: value `http` of `env:PORT` \
             does not fit here",
            "/run/base_pod_spec/containers/0/image: value `[1]` of `param:list` is no text",
            "/launcher/retries: value `two` of `env:R` does not fit here",
        ]
    );
    assert_eq!(container(&filled)["image"], "a:${param:list}");
    assert_eq!(filled.spec.holes.len(), 3);
    assert!(filled.finish().is_err());
}

#[test]
fn what_stays_open_is_named_with_its_reason() {
    let mut spec = with_container(json!({"image": "a:${env:TAG}", "args": ["${env:TAG}"]}));
    spec.holes = vec![
        hole("/run/base_pod_spec/containers/0/image", "env:TAG", None),
        hole("/run/namespace", "env:GONE", None),
    ];
    let filled = fill(&spec, &Values::default());
    assert_eq!(
        filled.open,
        [
            hole("/run/base_pod_spec/containers/0/image", "env:TAG", None),
            hole("/run/base_pod_spec/containers/0/args/0", "env:TAG", None),
        ]
    );
    assert_eq!(filled.spec.holes, filled.open);
    assert_eq!(
        filled.finish().unwrap_err().to_string(),
        "/run/base_pod_spec/containers/0/image: `env:TAG` has no value (os.environ['TAG'] in \
         dags/nightly.py:5)\n/run/base_pod_spec/containers/0/args/0: `env:TAG` has no value \
         (os.environ['TAG'] in dags/nightly.py:5)"
    );
}

#[test]
fn defaults_of_the_code_are_used_and_reported_unless_holes_are_wanted() {
    let mut spec = with_container(json!({"image": "a:${env:TAG}", "tty": "${env:TTY}"}));
    spec.holes = vec![
        hole("/run/base_pod_spec/containers/0/image", "env:TAG", Some(json!("latest"))),
        hole("/run/base_pod_spec/containers/0/tty", "env:TTY", Some(json!(null))),
    ];
    let mut values = Values { unset: Unset::Hole, ..Values::default() };
    assert_eq!(fill(&spec, &values).open.len(), 2);
    values.unset = Unset::Default;
    let filled = fill(&spec, &values);
    assert_eq!(*container(&filled), json!({"image": "a:latest"}));
    let used: Vec<_> = filled.used_defaults.iter().map(|used| used.name.as_str()).collect();
    assert_eq!(used, ["env:TAG", "env:TTY"]);
    values.set("env:TAG=v1").unwrap();
    assert_eq!(container(&fill(&spec, &values))["image"], "a:v1");
}

#[test]
fn keys_are_filled_and_paths_follow_them() {
    let mut spec = spec_named("d", "t");
    spec.run.base_pod_meta.insert(
        "labels".to_owned(),
        json!({"${env:K}/a": "{{ ds }}", "b": "${env:V}", "${env:OPEN}": "x"}),
    );
    spec.templates = vec![Template {
        path: "/run/base_pod_meta/labels/${env:K}~1a".to_owned(),
        needs: vec!["ds".to_owned()],
    }];
    spec.holes = vec![hole("/run/base_pod_meta/labels/${env:K}~1a", "env:K", None)];
    let filled = fill(&spec, &values(&["env:K=team", "env:V=v"]));
    assert_eq!(
        filled.spec.run.base_pod_meta["labels"],
        json!({"team/a": "{{ ds }}", "b": "v", "${env:OPEN}": "x"})
    );
    assert_eq!(filled.spec.templates[0].path, "/run/base_pod_meta/labels/team~1a");
    assert_eq!(filled.open[0].path, "/run/base_pod_meta/labels/${env:OPEN}");
}

#[test]
fn keys_that_become_equal_are_not_merged() {
    let mut spec = spec_named("d", "t");
    spec.run.extras = json!({"${env:A}": 1, "x": 2}).as_object().unwrap().clone();
    let filled = fill(&spec, &values(&["env:A=x"]));
    assert_eq!(Json::Object(filled.spec.run.extras), json!({"${env:A}": 1, "x": 2}));
    assert_eq!(filled.misfits[0].to_string(), "/run/extras/${env:A}: another key is `x` too");
}

#[test]
fn escapes_go_only_at_the_end() {
    let spec = with_container(json!({
        "image": "i",
        "command": ["sh", "-c", "echo $${HOME} $VAR $(POD) ${env:TEXT}"],
        "env": [{"name": "A", "value": "${env:TEXT}"}],
    }));
    let filled = fill(&spec, &values(&["env:TEXT=${env:NOT_A_HOLE}"]));
    assert_eq!(container(&filled)["command"][2], "echo $${HOME} $VAR $(POD) $${env:NOT_A_HOLE}");
    let Finished(spec) = filled.finish().unwrap();
    let container = &spec.run.base_pod_spec["containers"][0];
    assert_eq!(container["command"][2], "echo ${HOME} $VAR $(POD) ${env:NOT_A_HOLE}");
    assert_eq!(container["env"][0]["value"], "${env:NOT_A_HOLE}");
}

#[test]
fn ids_are_filled_too() {
    let mut spec = spec_named("etl_${env:STAGE}", "load");
    spec.metadata.upstream = vec!["extract_${env:STAGE}".to_owned()];
    let filled = fill(&spec, &values(&["env:STAGE=prod"]));
    assert_eq!(filled.spec.metadata.dag, "etl_prod");
    assert_eq!(filled.spec.metadata.upstream, ["extract_prod"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn without_values_nothing_changes_but_the_list_of_holes(spec in arbitrary_spec()) {
        let filled = fill(&spec, &Values::default());
        prop_assert_eq!(&filled.misfits, &[]);
        let mut without = filled.spec.clone();
        without.holes.clone_from(&spec.holes);
        prop_assert_eq!(&without, &spec);
        // Filling again finds the same holes.
        prop_assert_eq!(fill(&filled.spec, &Values::default()).open, filled.open);
    }
}
