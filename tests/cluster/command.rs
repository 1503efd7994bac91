//! `podlift run` and `podlift doctor` from outside: exit codes, output, signals, runs that go on.

use std::time::Duration;

use podlift::launch::api::{Call, Verb};
use podlift::spec::JobSpec;
use serde_json::{Value as Json, json};
use tokio::time::sleep;

use super::harness::{IMAGE, container, kubeconfig, python, shell, spec};
use super::program::{Desk, ended, signal};
use super::proxy::Proxy;

const GUIDE: &str = r#"
from dagster_pipes import open_dagster_pipes
with open_dagster_pipes() as pipes:
    pipes.log.info("from inside")
    print("plain", pipes.get_extra("n"), pipes.partition_key, pipes.asset_key)
    pipes.report_asset_check("rows", passed=True, metadata={"rows": 7})
    pipes.report_custom_message({"day": pipes.partition_time_window["start"]})
    pipes.report_asset_materialization(data_version="v1", metadata={"n": 3})
"#;

fn after(mut spec: JobSpec, upstream: &[&str], rule: &str) -> JobSpec {
    spec.metadata.upstream = upstream.iter().map(ToString::to_string).collect();
    spec.launcher.trigger_rule = Some(rule.to_owned());
    spec
}

fn states(result: &str) -> Vec<(String, String)> {
    let result: Json = serde_json::from_str(result).unwrap();
    let text = |it: &Json| it.as_str().unwrap().to_owned();
    let tasks = result["tasks"].as_array().unwrap();
    let mut states: Vec<_> =
        tasks.iter().map(|it| (text(&it["task"]), text(&it["state"]))).collect();
    states.sort();
    states
}

#[tokio::test]
async fn the_script_of_the_guide_runs_from_the_command_line() {
    let Some(desk) = Desk::open().await else { return };
    let specs = [python("guide", GUIDE)];
    let more = ["--extra", "n=3", "--date", "2026-11-21", "--asset", "shop/orders"];
    let end = desk.run("cli-guide", &specs, &more).await;
    assert_eq!(end.code, Some(0), "{}{}", end.stdout, end.stderr);
    assert_eq!(desk.lines("cli-guide"), ["plain 3 2026-11-21 shop/orders"]);
    for expected in [
        "guide INFO from inside",
        "guide check rows of shop/orders passed, rows: 7",
        "guide message {\"day\":\"2026-11-21T00:00:00+00:00\"}",
        "guide materialized shop/orders version v1, n: 3",
        "guide  success  1 ",
    ] {
        assert!(end.stdout.contains(expected), "{expected} in {}", end.stdout);
    }
    assert_eq!(desk.lab.pods("cli-guide").await, Vec::<String>::new());
}

/// The schema that the program prints.
async fn schema(desk: &Desk, format: &str) -> jsonschema::Validator {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_podlift"));
    let output = command.args(["schema", format]).output().await.unwrap();
    std::fs::write(desk.path("schema.json"), &output.stdout).unwrap();
    jsonschema::draft202012::new(&serde_json::from_slice(&output.stdout).unwrap()).unwrap()
}

#[tokio::test]
async fn events_and_results_agree_with_their_schemas() {
    let Some(desk) = Desk::open().await else { return };
    let faulty =
        format!("{GUIDE}\nimport sys\nprint('{{\"__dagster_pipes_version\": 1', file=sys.stderr)");
    let specs = [
        python("good", &faulty),
        after(shell("bad", "exit 1"), &["other"], "all_success"),
        container("image", json!({"image": "localhost/none:v1"})),
    ];
    let more = [
        "--extra",
        "n=3",
        "--date",
        "2026-11-21",
        "--format",
        "json",
        "--retries",
        "1",
        "--retry-delay",
        "0",
    ];
    let end = desk.run("cli-schema", &specs, &more).await;
    assert_eq!(end.code, Some(1), "{}", end.stderr);
    let result: Json = serde_json::from_str(&end.stdout).unwrap();
    let problems = |of: &jsonschema::Validator, value: &Json| -> Vec<String> {
        of.iter_errors(value).map(|it| format!("{it} in {value}")).collect()
    };
    assert_eq!(problems(&schema(&desk, "result").await, &result), Vec::<String>::new());
    let events = schema(&desk, "events").await;
    let text = std::fs::read_to_string(desk.path("cli-schema.jsonl")).unwrap();
    let mut kinds = std::collections::BTreeSet::new();
    for line in text.lines() {
        let record: Json = serde_json::from_str(line).unwrap();
        assert_eq!(problems(&events, &record), Vec::<String>::new());
        kinds.insert(record["event"].as_str().unwrap().to_owned());
    }
    for kind in [
        "run_started",
        "task_assumed",
        "pod_created",
        "log",
        "materialization",
        "protocol_fault",
        "retrying",
        "attempt_finished",
        "task_finished",
        "run_finished",
    ] {
        assert!(kinds.contains(kind), "{kind} in {kinds:?}");
    }
}

#[tokio::test]
async fn an_evicted_pod_ends_the_task_with_its_reason() {
    let Some(desk) = Desk::open().await else { return };
    let file = desk.specs("evict.yaml", &[shell("e", "echo up; exec sleep 1000")]);
    let child = desk.begin("cli-evict", &file, &["--format", "json"]);
    desk.wait("cli-evict", "log").await;
    let pod = desk.lab.pods("cli-evict").await.remove(0);
    let namespace = &desk.lab.namespace;
    let body = json!({"apiVersion": "policy/v1beta1", "kind": "Eviction", "metadata": {"name": pod, "namespace": namespace}});
    let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}/eviction");
    let call = Call::new(Verb::Create, "pods/eviction", namespace);
    desk.lab.cluster.post(&call, &path, &body).await.unwrap();
    let end = ended(child).await;
    assert_eq!(end.code, Some(1), "{}", end.stderr);
    assert!(end.stdout.contains("deleted from outside"), "{}", end.stdout);
    assert_eq!(desk.lab.pods("cli-evict").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_dag_runs_in_its_order_with_skips_and_trigger_rules() {
    let Some(desk) = Desk::open().await else { return };
    let mut skipping = shell("b", "exit 99");
    skipping.launcher.skip_on_exit_code = vec![99];
    let specs = [
        shell("a", "echo a"),
        after(skipping, &["a"], "all_success"),
        after(shell("c", "echo c"), &["b"], "all_success"),
        after(shell("d", "echo d; exit 5"), &["a"], "all_success"),
        after(shell("e", "echo e"), &["d"], "all_success"),
        after(shell("f", "echo f"), &["c", "e"], "all_done"),
        after(shell("g", "echo g"), &["d"], "one_failed"),
    ];
    let end = desk.run("cli-dag", &specs, &["--format", "json"]).await;
    assert_eq!(end.code, Some(1), "{}", end.stderr);
    let pairs = [
        ("a", "success"),
        ("b", "skipped"),
        ("c", "skipped"),
        ("d", "failed"),
        ("e", "upstream_failed"),
        ("f", "success"),
        ("g", "success"),
    ];
    assert_eq!(states(&end.stdout), pairs.map(|(task, state)| (task.to_owned(), state.to_owned())));
    let lines = desk.lines("cli-dag");
    let place = |text: &str| lines.iter().position(|line| line == text).unwrap();
    assert!(place("a") < place("d") && place("d") < place("f") && place("d") < place("g"));
    assert_eq!(desk.lab.pods("cli-dag").await, Vec::<String>::new());
}

#[tokio::test]
async fn what_failed_is_resumed_and_what_is_done_is_left_out() {
    let Some(desk) = Desk::open().await else { return };
    let chain = |code: &str| {
        [
            shell("a", "echo a"),
            after(shell("b", &format!("echo b; exit {code}")), &["a"], "all_success"),
            after(shell("c", "echo c"), &["b"], "all_success"),
        ]
    };
    let first = desk.run("cli-resume", &chain("1"), &[]).await;
    assert_eq!(first.code, Some(1));
    let events = desk.path("cli-resume.jsonl");
    let second = desk.run("cli-resume", &chain("0"), &["--resume", events.to_str().unwrap()]).await;
    assert_eq!(second.code, Some(0), "{}{}", second.stdout, second.stderr);
    assert_eq!(desk.lines("cli-resume"), ["a", "b", "b", "c"]);
    assert_eq!(desk.lab.pods("cli-resume").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_signal_deletes_the_pods_and_ends_with_2() {
    let Some(desk) = Desk::open().await else { return };
    let script = "trap 'echo bye; exit 0' TERM; echo up; while true; do sleep 0.1; done";
    let pod = json!({"terminationGracePeriodSeconds": 10, "containers": [
        {"name": "base", "image": IMAGE, "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", script]}]});
    for (name, kind) in [("cli-int", "INT"), ("cli-term", "TERM")] {
        let file = desk.specs(&format!("{name}.yaml"), &[spec("s", pod.clone(), json!({}))]);
        let child = desk.begin(name, &file, &[]);
        desk.wait(name, "log").await;
        signal(&child, kind);
        let end = ended(child).await;
        assert_eq!(end.code, Some(2), "{}{}", end.stdout, end.stderr);
        assert_eq!(desk.lines(name), ["up", "bye"]);
        assert_eq!(desk.lab.pods(name).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_second_signal_leaves_at_once_and_leaves_no_pod() {
    let Some(desk) = Desk::open().await else { return };
    let script = "trap '' TERM; echo up; while true; do sleep 0.1; done";
    let pod = json!({"terminationGracePeriodSeconds": 20, "containers": [
        {"name": "base", "image": IMAGE, "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", script]}]});
    let specs: Vec<JobSpec> =
        (0..3).map(|n| spec(&format!("s{n}"), pod.clone(), json!({}))).collect();
    let file = desk.specs("cli-twice.yaml", &specs);
    let child = desk.begin("cli-twice", &file, &[]);
    desk.wait("cli-twice", "log").await;
    signal(&child, "INT");
    sleep(Duration::from_millis(500)).await;
    let pressed = std::time::Instant::now();
    signal(&child, "INT");
    let end = ended(child).await;
    assert_eq!(end.code, Some(2), "{}", end.stderr);
    assert!(pressed.elapsed() < Duration::from_secs(5), "{:?}", pressed.elapsed());
    assert_eq!(desk.lab.pods("cli-twice").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_signal_while_pods_are_created_leaves_none() {
    let Some(desk) = Desk::open().await else { return };
    let specs: Vec<JobSpec> = (0..12).map(|n| shell(&format!("s{n}"), "sleep 1000")).collect();
    for (at, pause) in [0_u64, 30, 60, 120].into_iter().enumerate() {
        let name = format!("cli-early-{at}");
        let file = desk.specs(&format!("{name}.yaml"), &specs);
        let child = desk.begin(&name, &file, &[]);
        desk.wait(&name, "run_started").await;
        sleep(Duration::from_millis(pause)).await;
        signal(&child, "TERM");
        assert_eq!(ended(child).await.code, Some(2));
        assert_eq!(desk.lab.pods(&name).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_killed_podlift_is_gone_on_with() {
    let Some(desk) = Desk::open().await else { return };
    let work = "import time\nfor n in range(60):\n  print('line', n)\n  time.sleep(0.1)";
    let file = desk.specs("cli-kill.yaml", &[python("k", work)]);
    let mut child = desk.begin("cli-kill", &file, &[]);
    desk.wait("cli-kill", "log").await;
    child.kill().await.unwrap();
    assert_eq!(desk.lab.pods("cli-kill").await.len(), 1);
    std::fs::remove_file(desk.path("cli-kill.jsonl")).unwrap();
    let end = ended(desk.begin("cli-kill", &file, &[])).await;
    assert_eq!(end.code, Some(0), "{}{}", end.stdout, end.stderr);
    assert!(end.stdout.contains("goes on with pod"), "{}", end.stdout);
    let all: Vec<String> = (0..60).map(|n| format!("line {n}")).collect();
    assert_eq!(desk.lines("cli-kill"), all);
    assert_eq!(desk.lab.pods("cli-kill").await, Vec::<String>::new());
}

#[tokio::test]
async fn faults_of_the_network_lose_and_repeat_nothing() {
    let Some(desk) = Desk::open().await else { return };
    let original = kubeconfig().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let proxy = Proxy::start(&original).await;
    let through = proxy.kubeconfig(&original, folder.path());
    let work = "import time\nfor n in range(3000):\n  print('line', n)\n  time.sleep(0.003)";
    let file = desk.specs("cli-fault.yaml", &[python("f", work)]);
    let child = desk.begin_through(&through, "cli-fault", &file, &["--quiet"]);
    desk.wait("cli-fault", "log").await;
    for _ in 0..3 {
        sleep(Duration::from_millis(900)).await;
        proxy.cut();
    }
    proxy.set_down(true);
    sleep(Duration::from_secs(4)).await;
    proxy.set_down(false);
    let end = ended(child).await;
    assert_eq!(end.code, Some(0), "{}{}", end.stdout, end.stderr);
    let all: Vec<String> = (0..3000).map(|n| format!("line {n}")).collect();
    assert_eq!(desk.lines("cli-fault"), all);
    assert_eq!(desk.lab.pods("cli-fault").await, Vec::<String>::new());
}

#[tokio::test]
async fn the_server_judges_pods_without_making_them() {
    let Some(desk) = Desk::open().await else { return };
    let bad =
        container("bad", json!({"resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "2"}}}));
    let end = desk.run("cli-dry", &[shell("good", "true"), bad], &["--dry-run=server"]).await;
    assert_eq!(end.code, Some(1));
    assert_eq!(end.stdout, "lab.good: accepted\n");
    assert!(end.stderr.contains("lab.bad: refused: "), "{}", end.stderr);
    assert!(end.stderr.contains("must be less than or equal to cpu limit"), "{}", end.stderr);
    assert_eq!(desk.lab.pods("cli-dry").await, Vec::<String>::new());
}

#[tokio::test]
async fn too_few_rights_are_named_before_and_while_running() {
    let Some(desk) = Desk::open().await else { return };
    let weak = desk.lab.weak_account("cli-weak", &["pods:create,get,list"]).await;
    let weak = weak.kubeconfig.unwrap();
    let end = ended(desk.command(&weak, &["doctor"]).spawn().unwrap()).await;
    assert_eq!(end.code, Some(1));
    for missing in ["may not watch pods", "may not delete pods", "may not get pods/log"] {
        assert!(end.stdout.contains(missing), "{}", end.stdout);
    }
    assert!(end.stdout.contains("token of system:serviceaccount:"), "{}", end.stdout);
    let none = desk.lab.weak_account("cli-none", &["configmaps:get"]).await.kubeconfig.unwrap();
    let file = desk.specs("none.yaml", &[shell("n", "true")]);
    let end = ended(desk.begin_through(&none, "cli-none", &file, &[])).await;
    assert_eq!(end.code, Some(2));
    assert!(end.stderr.contains("the role needs the verb `list` on `pods`"), "{}", end.stderr);
    // Nothing is made that could not be read or deleted again.
    for (name, rights, missing) in [
        (
            "cli-deaf",
            "pods:create,delete,list,watch",
            "the role needs the verb `get` on `pods/log`",
        ),
        ("cli-keep", "pods:create,get,list,watch", "the role needs the verb `delete` on `pods`"),
    ] {
        let account = desk.lab.weak_account(name, &[rights]).await.kubeconfig.unwrap();
        let end = ended(desk.begin_through(&account, name, &file, &[])).await;
        assert_eq!(end.code, Some(2));
        assert!(end.stderr.contains(missing), "{}", end.stderr);
        assert_eq!(desk.lab.pods(name).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn the_doctor_finds_what_specs_name() {
    let Some(desk) = Desk::open().await else { return };
    let pod = json!({"serviceAccountName": "nobody", "imagePullSecrets": [{"name": "registry"}],
        "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "store"}},
                    {"name": "c", "configMap": {"name": "kube-root-ca.crt"}}],
        "containers": [{"name": "base", "image": IMAGE, "envFrom": [{"secretRef": {"name": "warehouse"}}]}]});
    let file = desk.specs("needs.yaml", &[spec("t", pod, json!({}))]);
    let kubeconfig = kubeconfig().unwrap();
    let args = ["doctor", file.to_str().unwrap(), "--format", "json"];
    let end = ended(desk.command(&kubeconfig, &args).spawn().unwrap()).await;
    assert_eq!(end.code, Some(1));
    let health: Json = serde_json::from_str(&end.stdout).unwrap();
    let of = |status: &str| -> Vec<String> {
        let all = health["findings"].as_array().unwrap().iter();
        all.filter(|it| it["status"] == status)
            .map(|it| it["about"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        of("problem"),
        ["service_account", "image_pull_secret", "secret", "persistent_volume_claim"]
    );
    assert!(of("ok").contains(&"config_map".to_owned()));
}

#[tokio::test]
async fn podlift_runs_inside_the_cluster_with_its_service_account() {
    let Some(desk) = Desk::open().await else { return };
    let rights = ["pods:create,get,list,watch,delete", "pods/log:get", "events:list"];
    desk.lab.weak_account("inside", &rights).await;
    let inner = shell("inner", "echo from the inner pod");
    desk.specs("inner.yaml", &[inner]);
    // The node is this machine, so the program and the libraries it is linked with come in from here.
    let mounts = [
        ("program", env!("CARGO_BIN_EXE_podlift").to_owned(), "/podlift"),
        ("libraries", "/lib".to_owned(), "/host/lib"),
        ("work", desk.path("").to_str().unwrap().trim_end_matches('/').to_owned(), "/work"),
    ];
    let volumes: Vec<Json> = mounts
        .iter()
        .map(|(name, from, _)| json!({"name": name, "hostPath": {"path": from}}))
        .collect();
    let at: Vec<Json> =
        mounts.iter().map(|(name, _, to)| json!({"name": name, "mountPath": to})).collect();
    let libraries = "/host/lib/x86_64-linux-gnu";
    let run = format!(
        "{libraries}/ld-linux-x86-64.so.2 --library-path {libraries} /podlift \
         run /work/inner.yaml --in-cluster --run-id cli-inner"
    );
    let outer = spec(
        "outer",
        json!({"serviceAccountName": "inside", "volumes": volumes, "terminationGracePeriodSeconds": 1,
            "containers": [{"name": "base", "image": IMAGE, "imagePullPolicy": "IfNotPresent",
                "command": ["sh", "-c", run], "volumeMounts": at}]}),
        json!({}),
    );
    let end = desk.run("cli-outer", &[outer], &[]).await;
    assert_eq!(end.code, Some(0), "{}{}", end.stdout, end.stderr);
    assert!(end.stdout.contains("inner base | from the inner pod"), "{}", end.stdout);
    assert_eq!(desk.lab.pods("cli-inner").await, Vec::<String>::new());
}

#[tokio::test]
async fn every_way_a_pod_can_end_has_its_words() {
    let Some(desk) = Desk::open().await else { return };
    let hungry = "x = []\nwhile True: x.append(bytearray(1000000))";
    let hungry =
        json!({"command": ["python3", "-c", hungry], "resources": {"limits": {"memory": "32Mi"}}});
    let each = |name: &str, script: &str| json!({"name": name, "image": IMAGE, "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", script]});
    let sides = json!({"terminationGracePeriodSeconds": 1,
        "initContainers": [each("init", "echo initial")],
        "containers": [each("main", "sleep 1; echo working"), each("side", "echo beside; sleep 1000")]});
    let broken = json!({"initContainers": [each("init", "echo no; exit 4")], "containers": [each("main", "true")]});
    let late = json!({"terminationGracePeriodSeconds": 1, "activeDeadlineSeconds": 5,
        "containers": [each("base", "sleep 1000")]});
    let config = json!({"containers": [{"name": "base", "image": IMAGE, "imagePullPolicy": "IfNotPresent",
        "envFrom": [{"configMapRef": {"name": "no-such-map"}}]}]});
    let mut skipping = shell("skip", "exit 99");
    skipping.launcher.skip_on_exit_code = vec![99];
    let specs = [
        shell("code", "echo last words; exit 3"),
        container("oom", hungry),
        container("image", json!({"image": "localhost/none:v1"})),
        container("command", json!({"command": ["/no/such/file"]})),
        spec("sides", sides, json!({})),
        spec("init", broken, json!({})),
        spec("deadline", late, json!({})),
        spec("config", config, json!({"startup_timeout_seconds": 8})),
        skipping,
    ];
    let end = desk.run("cli-ends", &specs, &["--format", "json"]).await;
    assert_eq!(end.code, Some(1), "{}", end.stderr);
    let result: Json = serde_json::from_str(&end.stdout).unwrap();
    for (task, expected) in [
        ("code", "container `base` ended with exit code 3"),
        ("oom", "exit code 137 (OOMKilled), signal 9"),
        ("image", "the pod never started: its image cannot be pulled"),
        ("command", "no such file or directory"),
        ("sides", "succeeded"),
        ("init", "container `init` ended with exit code 4"),
        ("deadline", "activeDeadlineSeconds of the pod"),
        ("config", "configmap \"no-such-map\" not found"),
        ("skip", "exit code 99 means skipped"),
    ] {
        let all = result["tasks"].as_array().unwrap();
        let found = all.iter().find(|it| it["task"] == task).unwrap();
        let message = found["message"].as_str().unwrap();
        assert!(message.contains(expected), "{task}: {message}");
    }
    assert_eq!(desk.lab.pods("cli-ends").await, Vec::<String>::new());
}

#[tokio::test]
async fn fifty_pods_at_once_share_one_watch() {
    let Some(desk) = Desk::open().await else { return };
    let specs: Vec<JobSpec> =
        (0..50).map(|n| shell(&format!("many-{n}"), &format!("echo task {n}"))).collect();
    let more = ["--max-active", "50", "--startup-timeout", "300", "--format", "json"];
    let end = desk.run("cli-many", &specs, &more).await;
    assert_eq!(end.code, Some(0), "{}", end.stderr);
    let mut lines = desk.lines("cli-many");
    lines.sort();
    let mut all: Vec<String> = (0..50).map(|n| format!("task {n}")).collect();
    all.sort();
    assert_eq!(lines, all);
    // One list and a few watches for all; create, log, last read and delete per pod. On a busy node a pod waits long
    // enough that its events are asked for, too, and a log may be opened twice.
    let result: Json = serde_json::from_str(&end.stdout).unwrap();
    assert!(result["api_requests"].as_u64().unwrap() < 50 * 6 + 20, "{}", result["api_requests"]);
    assert_eq!(desk.lab.pods("cli-many").await, Vec::<String>::new());
}
