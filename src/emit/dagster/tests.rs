//! What generated modules say, piece by piece; the real Dagster loads them in `tests/peers`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use serde_json::json;

use super::DagsterProject;
use crate::diag::Code;
use crate::emit::{Batch, Emitted, Emitter};
use crate::spec::tests_support::spec_named;
use crate::spec::{DagFacts, JobSpec, OpenHole, Schedule, Start, TaskFacts, Template, Timing};

fn task(id: &str, upstream: &[&str], is_pod: bool) -> TaskFacts {
    TaskFacts {
        id: id.to_owned(),
        is_pod,
        upstream: upstream.iter().map(|id| (*id).to_owned()).collect(),
        ..TaskFacts::default()
    }
}

fn daily(tasks: Vec<TaskFacts>, specs: usize) -> DagFacts {
    let start = Start { date: "2024-01-01".to_owned(), hour: 0, minute: 0, weekday: 1 };
    let schedule = Schedule::Cron("@daily".to_owned());
    DagFacts {
        id: "etl".to_owned(),
        source: "dags/etl.py".to_owned(),
        specs: 0..specs,
        timing: Timing { schedule, start: Some(start), ..Timing::default() },
        params: [("mode".to_owned(), json!("full"))].into_iter().collect(),
        tasks,
        ..DagFacts::default()
    }
}

/// A job spec with one argument, which may be Jinja that reads `ds`.
fn argument(text: &str) -> JobSpec {
    let mut spec = spec_named("etl", "load");
    let container = json!([{"name": "base", "image": "acme/etl:1", "args": [text]}]);
    spec.run.base_pod_spec.insert("containers".to_owned(), container);
    if text.contains("{{") || text.contains("{%") {
        let path = "/run/base_pod_spec/containers/0/args/0".to_owned();
        spec.templates = vec![Template { path, needs: vec!["ds".to_owned()] }];
    }
    spec
}

fn emit(specs: &[JobSpec], dag: DagFacts) -> Emitted {
    DagsterProject::default().emit(&Batch { specs, dags: &[dag] })
}

#[test]
fn templates_become_plain_python() {
    let cases = [
        ("{{ ds }}", "\"args\": [ds]"),
        ("--day={{ ds_nodash }}", "f\"--day={ds_nodash}\""),
        ("{{ data_interval_start }}", "str(data_interval_start)"),
        ("at {{ logical_date }}", "f\"at {data_interval_start}\""),
        ("{{ ts }}", "ts = data_interval_start.isoformat()"),
        (
            "{{ macros.ds_add(ds, -7) }}",
            "(data_interval_start - timedelta(days=7)).strftime(\"%Y-%m-%d\")",
        ),
        ("{{ data_interval_end.strftime('%H') }}h", "f\"{data_interval_end:%H}h\""),
        (
            "{{ (data_interval_end - logical_date).days }}",
            "str(int((data_interval_end - data_interval_start).total_seconds() / 86400))",
        ),
        (
            "{{ (data_interval_end - data_interval_start).total_seconds() // 3600 }}",
            "str((data_interval_end - data_interval_start).total_seconds() // 3600)",
        ),
        ("{{ params.mode }}", "\"args\": [config.mode]"),
        ("{{ params['mode'] | upper }}", "config.mode.upper()"),
        ("{{ dag_run.conf.get('limit', 5) }}", "str(config.limit)"),
        ("{{ var.value.region }}", "value_of(REGION)"),
        (
            "{{ var.value.get('region', 'eu') }}",
            "REGION = os.environ.get(\"AIRFLOW_VAR_REGION\", \"eu\")",
        ),
        ("{{ var.json.settings.size }}", "settings = json.loads(value_of(SETTINGS))"),
        ("{{ conn.dwh.host }}", "dg.EnvVar(\"AIRFLOW_CONN_DWH_HOST\")"),
        (
            "{% if params.mode == 'full' %}a{% else %}b{% endif %}",
            "\"a\" if config.mode == \"full\" else \"b\"",
        ),
        ("{{ dag.dag_id }}/{{ task.task_id }}", "\"args\": [\"etl/load\"]"),
        ("{{ run_id }}", "context.run_id"),
    ];
    for (jinja, expected) in cases {
        let emitted = emit(&[argument(jinja)], daily(vec![task("load", &[], true)], 1));
        let text = &emitted.files[0].text;
        assert!(text.contains(expected), "{jinja}:\n{text}");
        assert!(!text.contains("TODO"), "{jinja}:\n{text}");
    }
}

#[test]
fn what_has_no_counterpart_is_marked_and_told() {
    let difference = "(data_interval_end - data_interval_start)";
    let differences =
        ["{{ D }}", "{{ D ~ 'x' }}", "{{ D / 2 }}", "{{ D.in_words }}", "{{ D | string }}"];
    let differences = differences.map(|text| text.replace('D', difference));
    let others = ["{{ ti.xcom_pull('a') }}", "{{ bucket }}", "{% for x in y %}{% endfor %}"];
    for jinja in differences.iter().map(String::as_str).chain(others) {
        let emitted = emit(&[argument(jinja)], daily(vec![task("load", &[], true)], 1));
        let text = &emitted.files[0].text;
        assert!(text.contains("# TODO(podlift): ") && text.contains("unported("), "{text}");
        assert!(emitted.diagnostics.iter().any(|told| told.code == Code::DagsterTodo), "{jinja}");
        assert!(!text.contains("data_interval_start = "), "nothing is left of the attempt: {text}");
    }
}

#[test]
fn holes_are_constants_at_the_head() {
    let mut spec = argument("--tag=${env:TAG}");
    spec.holes = vec![OpenHole {
        path: "/run/base_pod_spec/containers/0/args/0".to_owned(),
        name: "env:TAG".to_owned(),
        reason: "os.environ['TAG']".to_owned(),
        source: "dags/etl.py:5".to_owned(),
        default: None,
        needs: Vec::new(),
    }];
    let emitted = emit(&[spec], daily(vec![task("load", &[], true)], 1));
    let text = &emitted.files[0].text;
    assert!(
        text.contains("# os.environ['TAG'], dags/etl.py:5\nTAG = dg.EnvVar(\"TAG\")\n"),
        "{text}"
    );
    assert!(text.contains("f\"--tag={value_of(TAG)}\""), "{text}");
}

#[test]
fn dependencies_go_through_tasks_that_are_no_pods() {
    let spec = |id: &str, upstream: &[&str]| {
        let mut spec = argument("x");
        spec.metadata.task = id.to_owned();
        spec.metadata.upstream = upstream.iter().map(|id| (*id).to_owned()).collect();
        spec
    };
    let specs = [spec("extract", &[]), spec("load", &["check"])];
    let tasks = vec![
        task("extract", &[], true),
        task("wait", &["extract"], false),
        task("check", &["wait"], false),
        task("load", &["check"], true),
    ];
    let emitted = emit(&specs, daily(tasks, 2));
    assert!(emitted.files[0].text.contains("    deps=[extract],\n"), "{}", emitted.files[0].text);
    let told: Vec<&str> = emitted
        .diagnostics
        .iter()
        .filter(|told| told.code == Code::DagsterDependency)
        .map(|told| told.message.as_str())
        .collect();
    assert_eq!(told, ["waits for check in Airflow, for extract in Dagster"]);
}

#[test]
fn ids_that_meet_in_dagster_are_told_apart() {
    let ids = ["a-b", "a.b", "a_b", "class", "é"];
    let specs: Vec<JobSpec> = ids
        .iter()
        .map(|id| {
            let mut spec = argument("x");
            spec.metadata.task = (*id).to_owned();
            spec
        })
        .collect();
    let tasks = ids.iter().map(|id| task(id, &[], true)).collect();
    let emitted = emit(&specs, daily(tasks, specs.len()));
    let text = &emitted.files[0].text;
    for line in ["def a_b(", "def a_b_2(", "def a_b_3(", "def class_2(", "def unnamed("] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    for key in ["\"a-b\"]", "\"a.b_2\"]", "\"a_b_3\"]"] {
        assert!(text.contains(key), "{key}\n{text}");
    }
}

#[test]
fn no_name_hides_the_client_or_is_reserved_in_dagster() {
    let mut spec = argument("${env:pipes_k8s_client} {{ params.mode | upper }}");
    spec.metadata.task = "PipesK8sClient".to_owned();
    let mut dag = daily(vec![task("PipesK8sClient", &[], true)], 1);
    dag.id = "import".to_owned();
    let emitted = emit(&[spec], dag);
    let text = &emitted.files[0].text;
    assert!(text.contains("def pipes_k8s_client_2("), "{text}");
    assert!(text.contains("name=\"import_2\""), "{text}");
    assert!(text.contains("group_name=\"import_2\""), "{text}");
}

#[test]
fn params_that_hold_none_are_fields_that_take_it() {
    let spec = argument("{{ params.d.k }} {{ params.l }}");
    let mut dag = daily(vec![task("load", &[], true)], 1);
    dag.params.insert("d".to_owned(), json!({"k": "v", "n": null}));
    dag.params.insert("l".to_owned(), json!([1, null]));
    let text = &emit(&[spec], dag).files[0].text;
    assert!(text.contains("    d: dict[str, Any | None] = Field("), "{text}");
    assert!(text.contains("    l: list[Any | None] = Field("), "{text}");
}

#[test]
fn params_of_a_task_go_before_those_of_its_dag() {
    let own = |value| {
        let params = [("mode".to_owned(), value)].into_iter().collect();
        TaskFacts { params, ..task("load", &[], true) }
    };
    let spec = argument("{{ params.mode }}");
    let text = |task| emit(std::slice::from_ref(&spec), daily(vec![task], 1)).files[0].text.clone();
    assert!(text(own(Some(json!("fast")))).contains("    mode: str = \"fast\"\n"));
    assert!(text(own(None)).contains("    mode: str\n"), "it is not known");
    let whole = TaskFacts { unset: [("mode".into(), "integer".into())].into(), ..own(None) };
    let text = text(whole);
    assert!(text.contains("    mode: int\n") && text.contains("str(config.mode)"), "{text}");

    // One run config cannot have two defaults.
    let mut other = argument("{{ params.mode }}");
    other.metadata.task = "check".to_owned();
    let tasks = vec![own(Some(json!("fast"))), task("check", &[], true)];
    let emitted = emit(&[spec, other], daily(tasks, 2));
    let told: Vec<&str> = emitted
        .diagnostics
        .iter()
        .filter(|told| told.code == Code::DagsterTodo)
        .map(|told| told.message.as_str())
        .collect();
    assert_eq!(
        told,
        ["/run/base_pod_spec/containers/0/args/0: param `mode` has different defaults in one DAG"]
    );
}

#[test]
fn which_pods_stay_and_when_runs_end_is_told() {
    let mut spec = argument("x");
    spec.launcher.on_finish_action = Some("delete_succeeded_pod".to_owned());
    let dag = daily(vec![task("load", &[], true)], 1);
    let emitted = emit(&[spec], DagFacts { has_end: true, has_run_timeout: true, ..dag });
    let losses = emitted.diagnostics.iter().filter(|told| told.code == Code::DagsterLoss);
    let losses: Vec<&str> = losses.map(|told| told.message.as_str()).collect();
    assert_eq!(
        losses,
        [
            "end_date; partitions and schedule go on after it",
            "dagrun_timeout; tag the job with `dagster/max_runtime`",
            "delete_succeeded_pod; PipesK8sClient deletes the pod however it ends",
        ]
    );
}

#[test]
fn what_many_assets_wait_for_stands_above_the_first_of_them() {
    let first: Vec<String> = (0..20).map(|number| format!("first_{number}")).collect();
    let second: Vec<String> = (0..2).map(|number| format!("second_{number}")).collect();
    let before: Vec<&str> = first.iter().map(String::as_str).collect();
    let spec = |id: &String, upstream: &[&str]| {
        let mut spec = argument("x");
        spec.metadata.task = id.clone();
        spec.metadata.upstream = upstream.iter().map(|id| (*id).to_owned()).collect();
        spec
    };
    let specs: Vec<JobSpec> = first
        .iter()
        .map(|id| spec(id, &[]))
        .chain(second.iter().map(|id| spec(id, &["join"])))
        .collect();
    let pods = first.iter().map(|id| task(id, &[], true));
    let tasks = pods
        .chain([task("join", &before, false)])
        .chain(second.iter().map(|id| task(id, &["join"], true)))
        .collect();
    let tags = (0..20).map(|number| format!("tag_{number}")).collect();
    let emitted = emit(&specs, DagFacts { tags, ..daily(tasks, specs.len()) });
    let text = &emitted.files[0].text;
    assert!(text.contains("\n\n\nTAGS = {\n    \"tag_0\": \"\",\n"), "{text}");
    assert_eq!(text.matches("    tags=TAGS,\n").count(), 22, "{text}");
    assert!(text.contains("\n\n\nUPSTREAM = [\n    first_0,\n    first_1,\n"), "{text}");
    assert!(text.contains("    first_19,\n]\n\n\n@dg.asset(\n"), "{text}");
    assert_eq!(text.matches("    deps=UPSTREAM,\n").count(), 2, "{text}");
    assert!(
        emitted.diagnostics[0].message.ends_with(
            "for first_0, first_1, first_2, first_3, first_4, first_5, first_6, first_7, first_8, first_9 and 10 \
             more in Dagster"
        ),
        "{}",
        emitted.diagnostics[0].message
    );
}
