//! Both sides made up, so that each verdict can be seen for its own reason.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use serde_json::{Value as Json, json};

use super::record::{MappedTask, TaskRecord};
use super::{Answer, Report, Status, Verdict, Versions, table, verdicts};
use crate::spec::{JobSpec, OpenHole};
use crate::translate::{FileAccount, Selection, Translation};
use crate::values::Values;

fn spec(task: &str, pod: &Json) -> JobSpec {
    serde_json::from_value(json!({
        "apiVersion": "podlift/v1",
        "kind": "JobSpec",
        "metadata": {"dag": "d", "task": task, "operator": "KubernetesPodOperator", "source": "d.py:3"},
        "run": {"base_pod_meta": pod["metadata"], "base_pod_spec": pod["spec"]},
    }))
    .unwrap()
}

fn ours(containers: Json) -> JobSpec {
    spec("t", &json!({"metadata": {"name": "t"}, "spec": {"containers": containers}}))
}

fn record(task: &str, pod: Json) -> TaskRecord {
    serde_json::from_value(json!({
        "dag_id": "d", "task_id": task, "class": "KubernetesPodOperator", "upstream": [],
        "facts": {
            "retries": 0, "retry_delay": 300.0, "execution_timeout": null, "trigger_rule": "all_success",
            "pool": "default_pool",
        },
        "pod": pod,
    }))
    .unwrap()
}

fn theirs(containers: Json) -> TaskRecord {
    let metadata =
        json!({"name": "t-abcdefgh", "namespace": "default", "labels": {}, "annotations": {}});
    record(
        "t",
        json!({"metadata": metadata, "spec": {"containers": containers, "restartPolicy": "Never"}}),
    )
}

fn judge(specs: Vec<JobSpec>, tasks: Vec<TaskRecord>) -> Vec<Verdict> {
    judge_with(specs, tasks, &Values::default())
}

fn judge_with(specs: Vec<JobSpec>, tasks: Vec<TaskRecord>, values: &Values) -> Vec<Verdict> {
    let file = FileAccount {
        path: "d.py".to_owned(),
        read: true,
        specs: 0..specs.len(),
        ..FileAccount::default()
    };
    let translation = Translation { specs, ..Translation::default() };
    let answer = Answer { tasks, ..Answer::default() };
    let (troubles, verdicts) =
        verdicts(&file, &translation, &answer, &Selection::default(), values, false);
    assert!(troubles.is_empty());
    verdicts
}

fn one(spec: JobSpec, task: TaskRecord) -> Verdict {
    let mut all = judge(vec![spec], vec![task]);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

#[test]
fn what_airflow_adds_for_itself_is_no_difference() {
    let image = json!({"name": "base", "image": "app:1"});
    let added = json!([{
        "name": "base", "image": "app:1", "args": [], "env": [], "terminationMessagePolicy": "File",
        "volumeMounts": [{"name": "xcom", "mountPath": "/airflow/xcom"}],
    }, {"name": "airflow-xcom-sidecar", "image": "alpine"}]);
    let mut task = theirs(added);
    task.pod.as_mut().unwrap()["spec"]["volumes"] = json!([{"name": "xcom", "emptyDir": {}}]);
    let verdict = one(ours(json!([image])), task);
    assert_eq!((verdict.status, verdict.differences), (Status::Equal, vec![]));
}

#[test]
fn a_sidecar_that_podlift_keeps_is_compared() {
    let kept = json!([{"name": "base"}, {"name": "airflow-xcom-sidecar", "image": "alpine:1"}]);
    let made = json!([{"name": "base"}, {"name": "airflow-xcom-sidecar", "image": "alpine:2"}]);
    let verdict = one(ours(kept), theirs(made));
    assert_eq!(verdict.status, Status::Differs);
    assert_eq!(verdict.differences[0].path, "spec.containers[1 airflow-xcom-sidecar].image");
}

#[test]
fn a_difference_names_the_place_and_both_values() {
    let verdict = one(
        ours(json!([{"name": "base", "env": [{"name": "A", "value": "1"}]}])),
        theirs(json!([{"name": "base", "env": [{"name": "A", "value": "2"}]}])),
    );
    assert_eq!(verdict.status, Status::Differs);
    let difference = &verdict.differences[0];
    assert_eq!(difference.path, "spec.containers[0 base].env[0 A].value");
    assert_eq!(difference.pointer, "/run/base_pod_spec/containers/0/env/0/value");
    assert_eq!((&difference.airflow, &difference.podlift), (&json!("2"), &json!("1")));
    assert_eq!(difference.source.as_deref(), Some("d.py:3"));
}

#[test]
fn types_matter_and_so_does_the_order_of_lists() {
    for (mine, other) in [
        (json!({"name": "base", "tty": true}), json!({"name": "base", "tty": "true"})),
        (json!({"name": "base", "args": ["a", "b"]}), json!({"name": "base", "args": ["b", "a"]})),
        (json!({"name": "base", "args": ["a"]}), json!({"name": "base", "args": ["a", "b"]})),
        (json!({"name": "base"}), json!({"name": "base", "tty": false})),
    ] {
        let verdict = one(ours(json!([mine])), theirs(json!([other])));
        assert_eq!(verdict.status, Status::Differs, "{mine} {other}");
    }
}

#[test]
fn a_hole_is_never_equal() {
    let mut spec = ours(json!([{"name": "base", "image": "app:${env:TAG}"}]));
    spec.holes.push(OpenHole {
        path: "/run/base_pod_spec/containers/0/image".to_owned(),
        name: "env:TAG".to_owned(),
        reason: "os.environ['TAG']".to_owned(),
        source: "d.py:1".to_owned(),
        default: None,
        needs: Vec::new(),
    });
    let verdict = one(spec.clone(), theirs(json!([{"name": "base", "image": "app:3"}])));
    assert_eq!((verdict.status, verdict.open[0].name.as_str()), (Status::NotResolved, "env:TAG"));
    let wrong = one(spec, theirs(json!([{"name": "base", "image": "other:3"}])));
    assert_eq!(wrong.status, Status::Differs, "what is known around the hole is not there");
}

#[test]
fn an_escaped_hole_is_the_text_that_looks_like_one() {
    let spec = ours(json!([{"name": "base", "args": ["$${HOME}"]}]));
    let verdict = one(spec, theirs(json!([{"name": "base", "args": ["${HOME}"]}])));
    assert_eq!(verdict.status, Status::Equal);
}

#[test]
fn volumes_of_secrets_are_known_by_their_order() {
    let pod = |name: &str| {
        json!({"metadata": {"name": "t"}, "spec": {
            "containers": [{"name": "base", "volumeMounts": [{"name": name, "mountPath": "/s"}]}],
            "volumes": [{"name": name, "secret": {"secretName": "s"}}],
        }})
    };
    let verdict = one(spec("t", &pod("secretvol-s-1")), record("t", pod("secretvolUUID4-1")));
    assert_eq!(verdict.differences, []);
}

#[test]
fn the_default_namespace_is_left_to_the_cluster_only_when_none_is_named() {
    let named = |namespace: &str| {
        let metadata = json!({"name": "t", "namespace": namespace});
        json!({"metadata": metadata, "spec": {"containers": [{"name": "base"}]}})
    };
    let other = one(spec("t", &named("team")), record("t", named("default")));
    assert_eq!(other.differences[0].path, "metadata.namespace");
    assert_eq!(
        one(spec("t", &named("default")), record("t", named("default"))).status,
        Status::Equal
    );
}

#[test]
fn the_launcher_is_compared_with_airflows_own_defaults() {
    let mut spec = ours(json!([{"name": "base"}]));
    let mut task = theirs(json!([{"name": "base"}]));
    task.facts.as_mut().unwrap().retries = json!(3);
    task.upstream = vec!["before".to_owned()];
    let paths = |verdict: Verdict| -> Vec<String> {
        verdict.differences.into_iter().map(|difference| difference.path).collect()
    };
    assert_eq!(paths(one(spec.clone(), task.clone())), ["launcher.retries", "metadata.upstream"]);
    spec.launcher.retries = Some(crate::spec::Open::Known(3.0));
    spec.metadata.upstream = task.upstream.clone();
    assert_eq!(paths(one(spec, task)), [""; 0]);
}

#[test]
fn tasks_of_one_side_are_told() {
    let pod = json!({"metadata": {}, "spec": {"containers": []}});
    let verdicts = judge(vec![spec("mine", &pod)], vec![record("other", pod)]);
    let told: Vec<_> =
        verdicts.iter().map(|verdict| (verdict.task.as_str(), verdict.status)).collect();
    assert_eq!(told, [("mine", Status::OnlyPodlift), ("other", Status::OnlyAirflow)]);
}

#[test]
fn an_open_id_covers_the_tasks_it_may_stand_for() {
    let pod = json!({"metadata": {}, "spec": {"containers": []}});
    let mut open = spec("load-${loop:tables}", &pod);
    open.metadata.pattern = Some("for table in tables".to_owned());
    let tasks =
        vec![record("load-a", pod.clone()), record("load-b", pod.clone()), record("x", pod)];
    let told: Vec<_> = judge(vec![open], tasks)
        .into_iter()
        .map(|verdict| (verdict.task, verdict.status))
        .collect();
    let expected = [
        ("load-${loop:tables}".to_owned(), Status::NotResolved),
        ("x".to_owned(), Status::OnlyAirflow),
    ];
    assert_eq!(told, expected);
}

#[test]
fn instances_of_a_mapped_task_are_paired_by_their_index() {
    let pod = |image: &str| json!({"metadata": {}, "spec": {"containers": [{"name": "base", "image": image}]}});
    let instance = |index: u32, image: &str| {
        let mut spec = spec("t", &pod(image));
        spec.metadata.map_index = Some(index);
        let mut task = record("t", pod(image));
        task.mapped = Some(MappedTask { known: true, index: Some(index) });
        (spec, task)
    };
    let (first, second) = (instance(0, "a"), instance(1, "b"));
    let verdicts = judge(vec![second.0, first.0], vec![first.1, second.1]);
    assert!(verdicts.iter().all(|verdict| verdict.status == Status::Equal), "{verdicts:?}");
}

#[test]
fn the_result_of_another_task_is_the_template_that_asks_for_it() {
    let mine = |text: &str| ours(json!([{"name": "base", "args": [text]}]));
    let stub = "{{ task_instance.xcom_pull(task_ids='a', dag_id='d', key='return_value') }}";
    let task = || theirs(json!([{"name": "base", "args": [{"$xcom": stub}]}]));
    assert_eq!(one(mine("{{ ti.xcom_pull(task_ids='a') }}"), task()).status, Status::Equal);
    assert_eq!(one(mine("{{ ti.xcom_pull(task_ids='b') }}"), task()).status, Status::Differs);
}

#[test]
fn params_that_are_given_stand_on_both_sides() {
    let spec = ours(json!([{"name": "base", "args": ["7"]}]));
    let task = theirs(json!([{"name": "base", "args": [{"$param": "days"}]}]));
    let mut values = Values::default();
    values.params.insert("days".to_owned(), json!("7"));
    let verdicts = judge_with(vec![spec], vec![task], &values);
    assert_eq!(verdicts[0].status, Status::Equal, "{verdicts:?}");
}

#[test]
fn a_pod_that_airflow_refuses_is_no_proof_of_anything() {
    let mut task = theirs(json!([]));
    task.pod = None;
    task.error = Some("AirflowException: no".to_owned());
    let verdict = one(ours(json!([])), task);
    assert_eq!(verdict.status, Status::Refused);
    assert_eq!(verdict.reason.as_deref(), Some("AirflowException: no"));
}

#[test]
fn the_table_says_what_is_not_equal() {
    let verdicts = judge(
        vec![ours(json!([{"name": "base", "image": "a\u{1b}[2J"}]))],
        vec![theirs(json!([{"name": "base", "image": "b"}]))],
    );
    let versions = Versions {
        airflow: "3.3.2".to_owned(),
        provider: "10.25.0".to_owned(),
        python: "3.12.1".to_owned(),
    };
    let report = Report::new(versions, 1, Vec::new(), verdicts);
    assert!(!report.is_equal());
    let expected = "differs  d.t  d.py\n    spec.containers[0 base].image\n      Airflow  \"b\"\n      \
                    podlift  \"a\\u001b[2J\"    (d.py:3)\n1 task in 1 file: 0 equal, 1 differs\n";
    assert_eq!(table(&report), expected);
}

#[test]
fn credentials_are_not_shown_on_either_side() {
    let containers = |password: &str, url: &str| {
        json!([{"name": "base", "image": "app:1", "env": [
            {"name": "DB_PASSWORD", "value": password}, {"name": "DB", "value": url},
        ]}])
    };
    let mut task = theirs(containers("hunter2", "postgres://me:k3yOfTheirs9@db/x"));
    task.arguments.insert("env_vars".to_owned(), json!({"DB_PASSWORD": "hunter2", "A": "b"}));
    let verdict = one(ours(containers("swordfish", "postgres://me:k3yOfOurs99@db/x")), task);
    assert_eq!(verdict.status, Status::Differs);
    let text = |verdict: Verdict| {
        let versions = Versions { airflow: "3".into(), provider: "10".into(), python: "3".into() };
        table(&Report::new(versions, 1, Vec::new(), vec![verdict]))
    };
    let shown = format!("{} {}", serde_json::to_string(&verdict).unwrap(), text(verdict.clone()));
    for secret in ["hunter2", "swordfish", "k3yOfTheirs9", "k3yOfOurs99"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert!(shown.contains("[redacted]"), "{shown}");
    let mut task = theirs(json!([]));
    task.pod = None;
    task.error = Some("bad url postgres://me:k3yOfTheirs9@db/x".to_owned());
    let refused = text(one(ours(containers("p", "q")), task));
    assert!(refused.contains("bad url") && !refused.contains("k3yOfTheirs9"), "{refused}");
}
