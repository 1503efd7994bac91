//! GKE, EKS, decorators, jobs, mapped tasks and users' own operators.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Value as Json, json};

use super::{POD, codes, dag, evaluate_python, kpo, map, spec, task};
use crate::airflow::{Expansion, OperatorKind, SPREAD, Settings, Task, TaskFunction};
use crate::eval::{Hole, HoleKind, Value};
use crate::mapping::{Disposition, Mapped, NoTemplates, Tables, map_task};
use crate::python::{Sources, Span};

const GKE: &str = "airflow.providers.google.cloud.operators.kubernetes_engine.GKEStartPodOperator";
const EKS: &str = "airflow.providers.amazon.aws.operators.eks.EksPodOperator";

fn mapped(task: &Task) -> Mapped {
    map(task, &Settings::default(), &NoTemplates)
}

fn help_of(mapped: &Mapped, code: &str) -> String {
    let told = mapped.diagnostics.iter().find(|told| told.code.as_str() == code).unwrap();
    told.help.clone().unwrap_or_default()
}

#[test]
fn gke_becomes_the_context_that_gcloud_makes() {
    let keywords = [
        ("project_id", "'acme'"),
        ("location", "'europe-west1'"),
        ("cluster_name", "'prod'"),
        ("use_internal_ip", "True"),
        ("image", "'i'"),
        ("namespace", "'jobs'"),
    ];
    let mapped = mapped(&task(OperatorKind::Gke, GKE, &keywords));
    assert_eq!(spec(&mapped)["client"], json!({"kube_context": "gke_acme_europe-west1_prod"}));
    assert_eq!(
        help_of(&mapped, "KPO310"),
        "Run `gcloud container clusters get-credentials prod --location europe-west1 --project acme \
         --internal-ip` where the pods are started from."
    );
    assert!(mapped.specs[0].holes.is_empty());
    let left: Vec<_> = mapped
        .account
        .keywords
        .iter()
        .filter(|one| one.disposition != Disposition::Mapped)
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(left, Vec::<&str>::new());
}

#[test]
fn a_project_that_only_the_connection_knows_is_a_hole() {
    let keywords =
        [("location", "'z'"), ("cluster_name", "'prod'"), ("image", "'i'"), ("config_file", "'k'")];
    let task = task(OperatorKind::Gke, GKE, &keywords);
    let open = mapped(&task);
    assert_eq!(open.specs[0].holes[0].name, "argument:project_id");
    assert_eq!(spec(&open)["client"]["kube_context"], json!("gke_${argument:project_id}_z_prod"));
    assert!(codes(&open).contains(&"KPO303"), "config_file is not allowed");
    let mut settings = Settings::default();
    settings.values.others.insert("argument:project_id".to_owned(), json!("acme"));
    let closed = map(&task, &settings, &NoTemplates);
    assert_eq!(spec(&closed)["client"]["kube_context"], json!("gke_acme_z_prod"));
}

#[test]
fn eks_has_a_namespace_and_a_name_of_its_own() {
    let keywords = [
        ("cluster_name", "'prod'"),
        ("region", "'eu-west-1'"),
        ("pod_name", "'My_Pod'"),
        ("image", "'i'"),
    ];
    let mapped = mapped(&task(OperatorKind::Eks, EKS, &keywords));
    let spec = spec(&mapped);
    assert_eq!(spec["client"], json!({"kube_context": "prod"}));
    assert_eq!(spec["run"]["namespace"], json!("default"));
    assert_eq!(spec["run"]["base_pod_meta"]["name"], json!("my-pod"));
    assert_eq!(
        help_of(&mapped, "KPO310"),
        "Run `aws eks update-kubeconfig --name prod --alias prod --region eu-west-1` where the pods are \
         started from."
    );
}

fn decorated(kind: OperatorKind, function: TaskFunction, keywords: &[(&str, &str)]) -> Task {
    Task { function: Some(function), ..task(kind, "airflow.decorators.task.kubernetes", keywords) }
}

fn function(text: &str, free_names: &[&str]) -> TaskFunction {
    TaskFunction {
        name: "report".to_owned(),
        span: Span::NONE,
        text: text.to_owned(),
        free_names: free_names.iter().map(|name| (*name).to_owned()).collect(),
        args: Vec::new(),
        kwargs: IndexMap::new(),
        result: None,
    }
}

#[test]
fn a_self_contained_function_is_lifted_into_the_command() {
    let mut report = function("def report(day, limit=1):\n    print(json.dumps(day))\n", &["json"]);
    report.args = vec![evaluate_python("'{{ ds }}'")];
    report.kwargs.insert("limit".to_owned(), evaluate_python("[1, 'a\"b', None]"));
    let mapped = mapped(&decorated(OperatorKind::Decorated, report, &[("image", "'python:3'")]));
    let spec = spec(&mapped);
    let script = "from __future__ import annotations\n\nimport json\nimport sys\n\n\ndef report(day, limit=1):\n    \
                  print(json.dumps(day))\n\n\nreport(sys.argv[1], limit=[1, \"a\\\"b\", None])\n";
    assert_eq!(
        spec["run"]["base_pod_spec"]["containers"][0]["command"],
        json!(["python", "-c", script, "{{ ds }}"])
    );
    assert_eq!(spec["run"]["base_pod_meta"]["name"], json!("k8s-airflow-pod-report"));
    let paths: Vec<_> = mapped.specs[0].templates.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(paths, ["/run/base_pod_spec/containers/0/command/3"]);
}

#[test]
fn a_function_that_reads_its_module_leaves_the_command_open() {
    let report = function("def report():\n    return CONFIG\n", &["CONFIG"]);
    let mapped = mapped(&decorated(OperatorKind::Decorated, report, &[("image", "'python:3'")]));
    assert!(codes(&mapped).contains(&"KPO311"));
    assert_eq!(
        spec(&mapped)["run"]["base_pod_spec"]["containers"][0]["command"],
        json!("${call:report}")
    );
}

#[test]
fn the_list_that_a_cmd_function_returns_is_the_command_or_the_arguments() {
    let mut report = function("def report():\n    return ['a', '{{ ds }}']\n", &[]);
    report.result = Some(evaluate_python("['a', '{{ ds }}']"));
    let container = |keywords: &[(&str, &str)]| -> Json {
        let task = decorated(OperatorKind::DecoratedCmd, report.clone(), keywords);
        spec(&mapped(&task))["run"]["base_pod_spec"]["containers"][0].clone()
    };
    let command = container(&[("image", "'i'"), ("arguments", "['dropped']")]);
    assert_eq!(command, json!({"command": ["a", "{{ ds }}"], "image": "i", "name": "base"}));
    let args = container(&[("image", "'i'"), ("args_only", "True"), ("cmds", "['dropped']")]);
    assert_eq!(args, json!({"args": ["a", "{{ ds }}"], "image": "i", "name": "base"}));
}

#[test]
fn jobs_and_spark_are_told_apart_and_accounted_for() {
    for (kind, argument) in
        [(OperatorKind::Job, "parallelism"), (OperatorKind::Spark, "application_file")]
    {
        let mapped = mapped(&task(
            kind,
            "acme.Operator",
            &[("image", "'i'"), (argument, "1"), ("odd", "1")],
        ));
        assert!(mapped.specs.is_empty());
        let fates: Vec<_> = mapped.account.keywords.iter().map(|one| one.disposition).collect();
        assert_eq!(
            fates,
            [Disposition::Unsupported, Disposition::Unsupported, Disposition::Unknown]
        );
        assert!(codes(&mapped).contains(&"KPO307"));
    }
}

#[test]
fn a_task_mapped_over_known_values_has_one_spec_per_value() {
    let mut mapped_task = task(OperatorKind::Pod, POD, &[("image", "'i'"), ("namespace", "'n'")]);
    let instance = |day: &str| -> IndexMap<String, Value> {
        [("arguments".to_owned(), evaluate_python(day))].into()
    };
    mapped_task.expansion = Some(Expansion::Known(vec![instance("['a']"), instance("[DAY]")]));
    let mapped = mapped(&mapped_task);
    let args = |index: usize| {
        let spec = serde_json::to_value(&mapped.specs[index]).unwrap();
        (
            spec["metadata"]["map_index"].clone(),
            spec["run"]["base_pod_spec"]["containers"][0]["args"].clone(),
        )
    };
    assert_eq!(args(0), (json!(0), json!(["a"])));
    assert_eq!(args(1), (json!(1), json!(["${name:DAY}"])));
    let fate = mapped.account.keywords.iter().find(|one| one.name == "arguments").unwrap();
    assert_eq!(fate.disposition, Disposition::Unresolved);
}

#[test]
fn a_task_mapped_over_unknown_values_stays_open() {
    let hole = Hole {
        kind: HoleKind::XCom,
        name: "files".to_owned(),
        default: None,
        reason: "result of task files".to_owned(),
        span: Span::NONE,
        roots: Vec::new(),
    };
    let mut unknown = task(OperatorKind::Pod, POD, &[("image", "'i'")]);
    unknown.expansion = Some(Expansion::Unknown(Arc::new(hole)));
    let mapped = mapped(&unknown);
    assert!(codes(&mapped).contains(&"KPO212"));
    assert_eq!(mapped.specs[0].holes[0].name, "xcom:files");
}

#[test]
fn arguments_that_an_unknown_spread_gives_keep_the_task_open() {
    let mapped = kpo(&[("image", "'i'"), (SPREAD, "common()")]);
    assert_eq!(mapped.account.keywords[1].disposition, Disposition::Unresolved);
    assert_eq!(mapped.specs[0].holes[0].name, "call:common()");
    assert!(mapped.specs[0].run.namespace.is_none());
    assert_eq!(codes(&mapped), ["KPO201"]);
}

const ACME: &str = "\
table: acme
operator: acme.operators.SparkPodOperator
values:
  cmds: [spark-submit]
rows:
  - {argument: spark_image, rename: image}
  - {argument: environment, rename: env_vars, note: Variables of the driver.}
  - {argument: cpu, targets: [/run/base_pod_spec/containers/0/resources/requests/cpu], converter: copy}
  - {argument: skip, disposition: not-needed}
  - {argument: spark_jar, disposition: manual, what: path of the jar, diagnostic: KPO305}
";

#[test]
fn an_in_house_operator_follows_its_users_table() {
    let tables = Tables::with_user([("acme.yaml".to_owned(), ACME.to_owned())]).unwrap();
    assert_eq!(tables.operators().collect::<Vec<_>>(), ["acme.operators.SparkPodOperator"]);
    let task = task(
        OperatorKind::Other,
        "acme.operators.SparkPodOperator",
        &[
            ("spark_image", "'spark:3'"),
            ("environment", "{'A': '1'}"),
            ("cpu", "'1'"),
            ("skip", "False"),
            ("spark_jar", "'a.jar'"),
            ("labels", "{'team': 'core'}"),
            ("odd", "1"),
        ],
    );
    let mapped = map_task(
        &task,
        &dag(),
        &tables,
        &Settings::default(),
        &Sources::default(),
        &NoTemplates,
        true,
    );
    assert_eq!(
        spec(&mapped)["run"]["base_pod_spec"]["containers"][0],
        json!({
            "command": ["spark-submit"], "env": [{"name": "A", "value": "1"}], "image": "spark:3",
            "name": "base", "resources": {"requests": {"cpu": "1"}},
        })
    );
    let fates: Vec<_> = mapped.account.keywords.iter().map(|one| one.disposition).collect();
    use Disposition::{Manual, Mapped, NotNeeded, Unknown};
    assert_eq!(fates, [Mapped, Mapped, Mapped, NotNeeded, Manual, Mapped, Unknown]);
    let note = &mapped.account.keywords[1].note;
    assert_eq!(note, "Variables of the driver.");
    assert!(codes(&mapped).contains(&"KPO305"));
}
