//! Holes, templates, findings and accounts of a KubernetesPodOperator.

use serde_json::{Value as Json, json};

use super::super::task::value_of;
use super::{POD, codes, evaluate_python, kpo, map, spec, task, task_of};
use crate::airflow::{OperatorKind, Settings};
use crate::eval::Value;
use crate::mapping::{Disposition, Mapped, NoTemplates, TemplateError, TemplateReader};
use crate::python::Span;

fn at(mapped: &Mapped, pointer: &str) -> Json {
    spec(mapped).pointer(pointer).cloned().unwrap_or(Json::Null)
}

fn fate(mapped: &Mapped, name: &str) -> (Disposition, Vec<String>) {
    let found = mapped.account.keywords.iter().find(|one| one.name == name).unwrap();
    (found.disposition, found.targets.clone())
}

fn with_release(release: &str, keywords: &[(&str, &str)]) -> Mapped {
    let settings = Settings { provider_version: release.to_owned(), ..Settings::default() };
    map(&task(OperatorKind::Pod, POD, keywords), &settings, &NoTemplates)
}

const CONTAINER: &str = "/run/base_pod_spec/containers/0";

#[test]
fn a_plain_task_becomes_what_the_guide_shows() {
    let mapped = kpo(&[
        ("task_id", "'hello'"),
        ("name", "'hello_world'"),
        ("namespace", "'jobs'"),
        ("image", "'busybox'"),
        ("cmds", "['echo']"),
        ("arguments", "['hello']"),
    ]);
    assert_eq!(
        spec(&mapped)["run"],
        json!({
            "namespace": "jobs",
            "base_pod_meta": {"name": "hello-world", "namespace": "jobs"},
            "base_pod_spec": {"containers": [
                {"args": ["hello"], "command": ["echo"], "image": "busybox", "name": "base"},
            ]},
        })
    );
    assert_eq!(codes(&mapped), ["KPO401", "KPO402"]);
    assert_eq!(
        fate(&mapped, "namespace"),
        (
            Disposition::Mapped,
            vec!["/run/namespace".to_owned(), "/run/base_pod_meta/namespace".to_owned()]
        )
    );
    assert_eq!(fate(&mapped, "cmds"), (Disposition::Mapped, vec![format!("{CONTAINER}/command")]));
    assert_eq!(fate(&mapped, "task_id"), (Disposition::Mapped, vec!["/metadata/task".to_owned()]));
}

#[test]
fn holes_stay_in_their_place_and_name_what_closes_them() {
    let mapped = kpo(&[
        ("image", "f'eu.gcr.io/app:{os.getenv(\"TAG\")}'"),
        ("env_vars", "{'TAG': os.environ['TAG'], 'DAY': '{{ ds }}'}"),
        ("labels", "LABELS"),
    ]);
    assert_eq!(at(&mapped, &format!("{CONTAINER}/image")), json!("eu.gcr.io/app:${env:TAG}"));
    assert_eq!(at(&mapped, &format!("{CONTAINER}/env/0/value")), json!("${env:TAG}"));
    assert_eq!(at(&mapped, "/run/base_pod_meta/labels"), json!("${name:LABELS}"));
    let holes: Vec<_> =
        mapped.specs[0].holes.iter().map(|hole| (hole.path.as_str(), hole.name.as_str())).collect();
    assert_eq!(
        holes,
        [
            ("/run/base_pod_meta/labels", "name:LABELS"),
            ("/run/base_pod_spec/containers/0/env/0/value", "env:TAG"),
            ("/run/base_pod_spec/containers/0/image", "env:TAG"),
        ]
    );
    let templates: Vec<_> = mapped.specs[0]
        .templates
        .iter()
        .map(|one| (one.path.as_str(), one.needs.clone()))
        .collect();
    assert_eq!(templates, [("/run/base_pod_spec/containers/0/env/1/value", vec!["ds".to_owned()])]);
    assert_eq!(fate(&mapped, "image").0, Disposition::Unresolved);
    assert_eq!(fate(&mapped, "env_vars").0, Disposition::Unresolved);
    let unresolved = codes(&mapped).iter().filter(|code| **code == "KPO201").count();
    assert_eq!(unresolved, 2);
}

#[test]
fn two_calls_are_two_holes_even_when_they_look_alike() {
    let mapped = kpo(&[("env_vars", "{'A': token(), 'B': token()}")]);
    assert_eq!(at(&mapped, &format!("{CONTAINER}/env/0/value")), json!("${call:token()}"));
    assert_eq!(at(&mapped, &format!("{CONTAINER}/env/1/value")), json!("${call:token()#2}"));
    let names: Vec<_> = mapped.specs[0].holes.iter().map(|hole| hole.name.as_str()).collect();
    assert_eq!(names, ["call:token()", "call:token()#2"]);
}

#[test]
fn a_dollar_brace_in_the_dag_is_no_hole() {
    let mapped = kpo(&[("arguments", "['${HOME}', '$HOME', '$(A)']")]);
    assert_eq!(at(&mapped, &format!("{CONTAINER}/args")), json!(["$${HOME}", "$HOME", "$(A)"]));
    assert!(mapped.specs[0].holes.is_empty());
}

#[test]
fn a_list_joined_with_something_unknown_is_unknown() {
    let mapped = kpo(&[("env_vars", "{'A': '1'}"), ("secrets", "SECRETS")]);
    assert_eq!(at(&mapped, &format!("{CONTAINER}/env")), json!("${expression:env}"));
    let hole = mapped.specs[0].holes.iter().find(|hole| hole.name == "expression:env").unwrap();
    assert_eq!(hole.needs, ["name:SECRETS"]);
    assert_eq!(fate(&mapped, "secrets").0, Disposition::Unresolved);
}

#[test]
fn jinja_is_a_template_only_where_airflow_renders_it() {
    let mapped = kpo(&[
        ("service_account_name", "'{{ ds }}'"),
        (
            "volumes",
            "[k8s.V1Volume(name='v', secret=k8s.V1SecretVolumeSource(secret_name='{{ ds }}'))]",
        ),
        (
            "volume_mounts",
            "[k8s.V1VolumeMount(name='v', mount_path='/{{ ds }}', sub_path='{{ ds }}')]",
        ),
        ("arguments", "['{{ ti.xcom_pull(task_ids=\"a\") }}']"),
    ]);
    let paths: Vec<_> = mapped.specs[0].templates.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/run/base_pod_spec/containers/0/args/0",
            "/run/base_pod_spec/containers/0/volumeMounts/0/subPath",
        ]
    );
    let told: Vec<_> = mapped
        .diagnostics
        .iter()
        .filter(|told| told.code.as_str() == "KPO312")
        .map(|told| (told.message.as_str(), told.pod_path.as_deref().unwrap()))
        .collect();
    let braces = "looks like a template, but Airflow does not render it here";
    assert_eq!(
        told,
        [
            ("template reads ti", "/run/base_pod_spec/containers/0/args/0"),
            (braces, "/run/base_pod_spec/containers/0/volumeMounts/0/mountPath"),
            (braces, "/run/base_pod_spec/serviceAccountName"),
            (braces, "/run/base_pod_spec/volumes/0/secret/secretName"),
        ]
    );
}

#[test]
fn the_result_of_another_task_becomes_the_template_that_reads_it() {
    let mapped = kpo(&[
        ("arguments", "[xcom('extract'), xcom('extract', 'day')]"),
        ("env_vars", "xcom('config')"),
        ("service_account_name", "xcom('account')"),
    ]);
    assert_eq!(
        at(&mapped, &format!("{CONTAINER}/args")),
        json!([
            "{{ ti.xcom_pull(task_ids='extract') }}",
            "{{ ti.xcom_pull(task_ids='extract', key='day') }}",
        ])
    );
    assert_eq!(mapped.specs[0].templates.len(), 2);
    assert_eq!(at(&mapped, &format!("{CONTAINER}/env")), json!("${xcom:config}"));
    assert!(codes(&mapped).contains(&"KPO303"), "{:?}", codes(&mapped));
}

#[test]
fn a_refused_type_leaves_the_pod_open() {
    let mapped = kpo(&[("image", "'i'"), ("volumes", "[{'name': 'v'}]")]);
    assert_eq!(at(&mapped, "/run/base_pod_spec/volumes"), json!(["${expression:volumes}"]));
    assert_eq!(fate(&mapped, "volumes").0, Disposition::Unresolved);
    let told = mapped.diagnostics.iter().find(|told| told.code.as_str() == "KPO303").unwrap();
    assert_eq!(told.message, "`volumes`: Expected V1Volume, got dict");
    assert!(told.label.contains("no certain pod"));
}

#[test]
fn silently_dropped_fields_are_told() {
    let mapped = kpo(&[("tolerations", "[{'key': 'k', 'toleration_seconds': 30}]")]);
    let told = mapped.diagnostics.iter().find(|told| told.code.as_str() == "KPO304").unwrap();
    assert!(told.message.contains("`toleration_seconds`"), "{}", told.message);
    assert_eq!(told.help.as_deref(), Some("Write `tolerationSeconds`."));
}

#[test]
fn secret_volumes_have_names_that_do_not_change() {
    let secrets = "[Secret('env', 'A', 's', 'k'), Secret('volume', '/etc/x', 'my.Secret')]";
    let mapped = kpo(&[("secrets", secrets)]);
    assert_eq!(
        at(&mapped, "/run/base_pod_spec/volumes"),
        json!([{"name": "secretvol-my-secret-2", "secret": {"secretName": "my.Secret"}}])
    );
    assert_eq!(
        fate(&mapped, "secrets").1,
        [
            "/run/base_pod_spec/containers/0/env",
            "/run/base_pod_spec/containers/0/volumeMounts",
            "/run/base_pod_spec/volumes",
        ]
    );
}

#[test]
fn an_empty_namespace_counts_as_none() {
    let mapped = kpo(&[("image", "'i'"), ("namespace", "''")]);
    assert_eq!(at(&mapped, "/run/namespace"), Json::Null);
    assert_eq!(at(&mapped, "/run/base_pod_meta/namespace"), Json::Null);
}

#[test]
fn the_provider_release_decides_defaults_and_names() {
    let old = with_release("1.0.0", &[("image", "'i'"), ("name", "'a.b'"), ("namespace", "'n'")]);
    assert_eq!(at(&old, &format!("{CONTAINER}/imagePullPolicy")), json!("IfNotPresent"));
    assert_eq!(at(&old, "/run/base_pod_spec/serviceAccountName"), json!("default"));
    assert_eq!(at(&old, "/run/base_pod_meta/name"), json!("a.b"));
    assert_eq!(at(&old, "/launcher/on_finish_action"), json!("keep_pod"));
    assert_eq!(at(&old, "/run/delete_pod_on_completion"), json!(false));
    let new = kpo(&[("image", "'i'"), ("name", "'a.b'")]);
    assert_eq!(at(&new, &format!("{CONTAINER}/imagePullPolicy")), Json::Null);
    assert_eq!(at(&new, "/run/base_pod_meta/name"), json!("a-b"));
    assert_eq!(at(&new, "/launcher"), Json::Null);
}

#[test]
fn arguments_outside_their_releases_are_told_with_the_release() {
    let message = |mapped: &Mapped| {
        let told = mapped.diagnostics.iter().find(|told| told.code.as_str() == "KPO302");
        told.map(|told| told.message.clone())
    };
    let mapped = kpo(&[("node_selectors", "{'disk': 'ssd'}")]);
    assert_eq!(
        message(&mapped).as_deref(),
        Some("`node_selectors` exists up to 4.4.0, no longer in 10.25.0")
    );
    assert_eq!(at(&mapped, "/run/base_pod_spec/nodeSelector"), json!({"disk": "ssd"}));
    let mapped = with_release("9.0.1", &[("runtime_class_name", "'gvisor'")]);
    assert_eq!(
        message(&mapped).as_deref(),
        Some("`runtime_class_name` exists since 10.15.0, not yet in 9.0.1")
    );
    let mapped = with_release("10.8.0", &[("termination_grace_period", "30")]);
    assert_eq!(at(&mapped, "/run/base_pod_spec/terminationGracePeriodSeconds"), Json::Null);
    assert_eq!(at(&mapped, "/launcher/termination_grace_period_seconds"), json!(30));
}

#[test]
fn the_old_resources_mean_what_they_meant() {
    let legacy = "{'request_cpu': '100m', 'limit_memory': '1Gi', 'limit_gpu': 1}";
    let expected = json!({
        "limits": {"memory": "1Gi", "nvidia.com/gpu": 1}, "requests": {"cpu": "100m"},
    });
    let old = with_release("4.1.0", &[("resources", legacy)]);
    assert_eq!(at(&old, &format!("{CONTAINER}/resources")), expected);
    assert!(!codes(&old).contains(&"KPO303"));
    let new = kpo(&[("resources", legacy)]);
    assert_eq!(at(&new, &format!("{CONTAINER}/resources")), expected);
    assert!(codes(&new).contains(&"KPO303"));
    let bookkeeping = kpo(&[("resources", "{'cpus': 1}")]);
    assert_eq!(at(&bookkeeping, &format!("{CONTAINER}/resources")), Json::Null);
    assert!(!codes(&bookkeeping).contains(&"KPO303"));
}

#[test]
fn client_arguments_that_exclude_each_other_are_told() {
    let mapped =
        kpo(&[("in_cluster", "True"), ("cluster_context", "'prod'"), ("config_file", "'/k'")]);
    assert_eq!(at(&mapped, "/client"), json!({"load_incluster_config": true}));
    assert_eq!(codes(&mapped).iter().filter(|code| **code == "KPO403").count(), 2);
    assert_eq!(fate(&mapped, "cluster_context").0, Disposition::NotNeeded);
    let mapped = kpo(&[("in_cluster", "False"), ("cluster_context", "'prod'")]);
    assert_eq!(at(&mapped, "/client"), json!({"kube_context": "prod"}));
}

#[test]
fn a_connection_fills_the_client_when_its_extras_are_known() {
    let keywords = [("image", "'i'"), ("kubernetes_conn_id", "'prod'")];
    let mapped = kpo(&keywords);
    assert!(codes(&mapped).contains(&"KPO310"));
    assert_eq!(fate(&mapped, "kubernetes_conn_id").0, Disposition::Manual);
    let mut settings = Settings::default();
    let extra =
        json!({"extra": {"kube_config_path": "/k", "cluster_context": "c", "namespace": "n"}});
    settings.values.connections.insert("prod".to_owned(), extra);
    let mapped = map(&task(OperatorKind::Pod, POD, &keywords), &settings, &NoTemplates);
    assert_eq!(at(&mapped, "/client"), json!({"kubeconfig_file": "/k", "kube_context": "c"}));
    assert_eq!(at(&mapped, "/run/namespace"), json!("n"));
    assert!(!codes(&mapped).contains(&"KPO310"));
}

#[test]
fn the_launcher_gets_what_airflow_does_around_the_pod() {
    let mapped = kpo(&[
        ("retries", "2"),
        ("retry_delay", "timedelta(minutes=5)"),
        ("execution_timeout", "timedelta(hours=1)"),
        ("trigger_rule", "TriggerRule.ALL_DONE"),
        ("on_finish_action", "OnFinishAction.KEEP_POD"),
        ("skip_on_exit_code", "[1, 2]"),
        ("pool", "'heavy'"),
        ("on_failure_callback", "notify"),
        ("depends_on_past", "True"),
        ("email_on_failure", "True"),
    ]);
    assert_eq!(
        at(&mapped, "/launcher"),
        json!({
            "execution_timeout_seconds": 3600, "on_finish_action": "keep_pod", "pool": "heavy",
            "retries": 2, "retry_delay_seconds": 300, "skip_on_exit_code": [1, 2],
            "trigger_rule": "all_done",
        })
    );
    assert_eq!(at(&mapped, "/run/delete_pod_on_completion"), json!(false));
    assert_eq!(fate(&mapped, "retries").0, Disposition::Launcher);
    assert_eq!(fate(&mapped, "on_failure_callback").0, Disposition::Manual);
    assert_eq!(fate(&mapped, "email_on_failure").0, Disposition::NotNeeded);
    let told = codes(&mapped);
    assert!(told.contains(&"KPO305") && told.contains(&"KPO407"), "{told:?}");
}

#[test]
fn words_that_airflow_does_not_know_are_refused() {
    let mapped = kpo(&[("on_finish_action", "'delete'")]);
    assert!(codes(&mapped).contains(&"KPO303"));
    assert_eq!(at(&mapped, "/launcher/on_finish_action"), json!("${expression:on_finish_action}"));
}

#[test]
fn unknown_exit_codes_keep_the_spec_open() {
    let mapped = kpo(&[("skip_on_exit_code", "CODES"), ("retries", "2")]);
    assert_eq!(at(&mapped, "/launcher"), json!({"retries": 2}));
    let holes: Vec<_> = mapped.specs[0].holes.iter().map(|hole| hole.path.as_str()).collect();
    assert_eq!(holes, ["/run/base_pod_spec/${name:CODES}"]);
}

#[test]
fn the_xcom_sidecar_is_left_out_unless_it_is_asked_for() {
    let keywords = [("image", "'i'"), ("do_xcom_push", "True")];
    let mapped = kpo(&keywords);
    assert_eq!(at(&mapped, "/run/base_pod_spec/containers").as_array().unwrap().len(), 1);
    assert!(codes(&mapped).contains(&"KPO405"));
    assert_eq!(fate(&mapped, "do_xcom_push").0, Disposition::Manual);
    let settings = Settings { keep_xcom_sidecar: true, ..Settings::default() };
    let mapped = map(&task(OperatorKind::Pod, POD, &keywords), &settings, &NoTemplates);
    assert_eq!(
        at(&mapped, "/run/base_pod_spec/volumes"),
        json!([{"emptyDir": {}, "name": "xcom"}])
    );
    assert_eq!(at(&mapped, "/run/base_pod_spec/containers/1/image"), json!("alpine:3.24.2"));
    assert_eq!(at(&mapped, "/run/enable_multi_container_logs"), json!(true));
    assert_eq!(fate(&mapped, "do_xcom_push").0, Disposition::Mapped);
}

struct Broken;

impl TemplateReader for Broken {
    fn read(&self, path: &str, _near: Span) -> Result<Value, TemplateError> {
        match path {
            "empty.yaml" => Ok(Value::new(crate::eval::Kind::None, Span::NONE)),
            "side.yaml" => Ok(value_of(&json!({
                "spec": {"restartPolicy": "Always", "containers": [
                    {"name": "main", "image": "i"}, {"name": "side", "image": "s"},
                ]},
            }))),
            "typed.yaml" => Ok(value_of(&json!({
                "metadata": {"labels": {"n": 1, "b": true}, "colour": "red"},
                "spec": {"terminationGracePeriodSeconds": "30", "containers": [{"name": "main"}]},
            }))),
            "empty_spec.yaml" => Ok(value_of(&json!({"spec": {}}))),
            _ => Err(TemplateError::OutsideRoots),
        }
    }
}

fn over(path: &str) -> Mapped {
    let keywords = vec![
        ("image", evaluate_python("'i'")),
        ("pod_template_file", Value::str(path, Span::NONE)),
    ];
    map(&task_of(OperatorKind::Pod, POD, keywords), &Settings::default(), &Broken)
}

#[test]
fn a_template_that_cannot_be_read_leaves_the_whole_pod_open() {
    let mapped = over("/opt/airflow/pod.yaml");
    let hole = &mapped.specs[0].holes[0];
    assert_eq!(hole.name, "file:/opt/airflow/pod.yaml");
    assert_eq!(hole.path, "/run/base_pod_spec/${file:~1opt~1airflow~1pod.yaml}");
    let note = at(&mapped, &hole.path);
    assert_eq!(note, json!("merge this pod template here, then delete this line"));
    assert!(codes(&mapped).contains(&"KPO308"));
    assert!(over("empty.yaml").specs[0].holes.is_empty());
}

#[test]
fn template_values_have_the_types_of_the_client() {
    let mapped = over("typed.yaml");
    assert_eq!(at(&mapped, "/run/base_pod_meta/labels"), json!({"n": "1", "b": "True"}));
    assert_eq!(at(&mapped, "/run/base_pod_spec/terminationGracePeriodSeconds"), json!(30));
    assert!(codes(&mapped).contains(&"KPO304"), "{:?}", codes(&mapped));
}

#[test]
fn a_template_without_containers_is_refused() {
    let mapped = over("empty_spec.yaml");
    assert!(codes(&mapped).contains(&"KPO303"));
    assert!(!mapped.specs[0].holes.is_empty());
}

#[test]
fn several_containers_need_the_logs_of_all_of_them() {
    let mapped = over("side.yaml");
    assert_eq!(at(&mapped, "/run/enable_multi_container_logs"), json!(true));
    assert!(codes(&mapped).contains(&"KPO404"));
    assert_eq!(at(&mapped, "/run/base_pod_spec/restartPolicy"), Json::Null);
}

#[test]
fn an_invalid_pod_is_told_with_its_place_in_the_source() {
    let mapped = kpo(&[("image", "'i'"), ("env_vars", "{'A': 1}")]);
    let told = mapped.diagnostics.iter().find(|told| told.code.as_str() == "KPO309").unwrap();
    assert_eq!(told.message, "must be a string, not the number 1");
    assert_eq!(told.pod_path.as_deref(), Some("/run/base_pod_spec/containers/0/env/0/value"));
    assert!(told.span.is_some());
}

#[test]
fn texts_that_are_literals_are_open_where_templates_become_python_values() {
    let native = |flag: &str| {
        let arguments = "['80', \"'a'\", 'true', '{{ ds }}']";
        let texts = [("image", "'i'"), ("arguments", arguments)];
        kpo(&[&texts[..], &[("render_template_as_native_obj", flag)]].concat())
    };
    let args = format!("{CONTAINER}/args");
    let plain = native("False");
    assert_eq!(at(&plain, &args), json!(["80", "'a'", "true", "{{ ds }}"]));
    let made = native("True");
    assert_eq!(at(&made, &args), json!(["${expression:python value}", "a", "true", "{{ ds }}"]));
    let told = |mapped: &Mapped| codes(mapped).iter().filter(|code| **code == "KPO312").count();
    assert_eq!((told(&plain), told(&made)), (0, 1));
    let listed = kpo(&[
        ("image", "'i'"),
        ("arguments", "'{{ params.list }}'"),
        ("render_template_as_native_obj", "True"),
    ]);
    assert!(!codes(&listed).contains(&"KPO406"));
    let text = kpo(&[
        ("image", "'i'"),
        ("arguments", "'load all'"),
        ("render_template_as_native_obj", "True"),
    ]);
    assert!(codes(&text).contains(&"KPO406"));
}

#[test]
fn a_string_for_a_command_is_told_and_kept() {
    let mapped = kpo(&[("image", "'i'"), ("cmds", "'bash -c'")]);
    assert_eq!(at(&mapped, &format!("{CONTAINER}/command")), json!("bash -c"));
    assert!(codes(&mapped).contains(&"KPO406"));
}

#[test]
fn the_same_task_gives_the_same_spec_whatever_the_order_of_its_keywords() {
    let one = kpo(&[
        ("env_vars", "{'A': '1'}"),
        ("pod_runtime_info_envs", "[k8s.V1EnvVar(name='B', value='2')]"),
        ("env_from", "[{'configMapRef': {'name': 'a'}}]"),
        ("configmaps", "['b']"),
    ]);
    let other = kpo(&[
        ("configmaps", "['b']"),
        ("env_from", "[{'configMapRef': {'name': 'a'}}]"),
        ("pod_runtime_info_envs", "[k8s.V1EnvVar(name='B', value='2')]"),
        ("env_vars", "{'A': '1'}"),
    ]);
    assert_eq!(one.specs, other.specs);
}

#[test]
fn a_value_that_does_not_fit_the_job_spec_is_refused_and_costs_nothing_else() {
    let mapped =
        kpo(&[("image", "'i'"), ("namespace", "5"), ("pool", "['a']"), ("retries", "'2'")]);
    assert_eq!(at(&mapped, "/run/namespace"), json!("${expression:namespace}"));
    assert_eq!(at(&mapped, &format!("{CONTAINER}/image")), json!("i"));
    let refused = codes(&mapped).iter().filter(|code| **code == "KPO303").count();
    assert_eq!(refused, 3);
    assert!(!codes(&mapped).contains(&"KPO201"), "a refusal is told once");
}

#[test]
fn a_full_pod_with_a_dict_inside_leaves_the_spec_open() {
    let pod = "k8s.V1Pod(spec={'containers': [{'name': 'a'}]})";
    let mapped = kpo(&[("image", "'i'"), ("full_pod_spec", pod)]);
    assert!(codes(&mapped).contains(&"KPO303"), "{:?}", codes(&mapped));
    assert!(!mapped.specs[0].holes.is_empty());
}
