//! How pods end, and what is told about it.

use serde_json::json;

use super::harness::{IMAGE, Lab, container, python, shell, spec};

const PIPES: &str = r#"
from dagster_pipes import open_dagster_pipes
with open_dagster_pipes() as pipes:
    pipes.log.info("from inside")
    print("plain")
    pipes.report_asset_check("rows", passed=True, metadata={"rows": 7})
    pipes.report_custom_message({"extra": pipes.get_extra("day") if "day" in pipes.extras else None})
    pipes.report_asset_materialization(data_version="v1", metadata={"n": 3})
"#;

#[tokio::test]
async fn the_script_of_the_guide_reports_through_pipes() {
    let Some(lab) = Lab::open().await else { return };
    let (report, told) = lab.run("guide", python("guide", PIPES)).await;
    let attempt = &report.tasks[0].attempts[0];
    assert!(report.success, "{report:#?}");
    assert_eq!(attempt.pipes.materializations[0].asset_key, "lab/guide");
    assert_eq!((attempt.pipes.checks.len(), attempt.pipes.custom_messages.len()), (1, 1));
    assert_eq!(attempt.pipes.warnings, []);
    assert_eq!(told.lines("base"), ["plain"]);
    assert_eq!(lab.pods("guide").await, Vec::<String>::new());
}

#[tokio::test]
async fn exit_codes_and_kills_are_told_apart() {
    let Some(lab) = Lab::open().await else { return };
    let hungry = "x = []\nwhile True: x.append(bytearray(1000000))";
    let hungry =
        json!({"command": ["python3", "-c", hungry], "resources": {"limits": {"memory": "32Mi"}}});
    for (id, spec, expected) in [
        (
            "exit-3",
            shell("exit", "echo last words; exit 3"),
            "container `base` ended with exit code 3",
        ),
        ("oom", container("oom", hungry), "exit code 137 (OOMKilled), signal 9"),
        (
            "no-command",
            container("nocmd", json!({"command": ["/no/such/file"]})),
            "no such file or directory",
        ),
    ] {
        let (report, _) = lab.run(id, spec).await;
        assert!(report.tasks[0].message.contains(expected), "{:#?}", report.tasks[0]);
        assert_eq!(lab.pods(id).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn skip_codes_skip() {
    let Some(lab) = Lab::open().await else { return };
    let mut spec = shell("skip", "exit 99");
    spec.launcher.skip_on_exit_code = vec![99];
    let (report, _) = lab.run("skip", spec).await;
    assert_eq!(report.tasks[0].state.as_str(), "skipped");
}

#[tokio::test]
async fn a_missing_image_fails_fast() {
    let Some(lab) = Lab::open().await else { return };
    let begin = std::time::Instant::now();
    let (report, _) =
        lab.run("image", container("image", json!({"image": "localhost/none:v1"}))).await;
    assert!(
        report.tasks[0].message.contains("its image cannot be pulled"),
        "{}",
        report.tasks[0].message
    );
    assert!(begin.elapsed().as_secs() < 60);
    assert_eq!(lab.pods("image").await, Vec::<String>::new());
}

#[tokio::test]
async fn init_containers_and_sidecars_do_not_decide() {
    let Some(lab) = Lab::open().await else { return };
    let each = |name: &str, script: &str| json!({"name": name, "image": IMAGE, "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", script]});
    let pod = json!({
        "terminationGracePeriodSeconds": 1,
        "initContainers": [each("init", "echo initial")],
        "containers": [each("main", "sleep 1; echo working"), each("side", "echo beside; sleep 1000")],
    });
    let (report, told) = lab.run("sides", spec("sides", pod, json!({}))).await;
    assert!(report.success, "{report:#?}");
    assert_eq!(told.lines("init"), ["initial"]);
    assert_eq!(told.lines("main"), ["working"]);
    assert_eq!(told.lines("side"), ["beside"]);
}

#[tokio::test]
async fn long_lines_and_odd_bytes_arrive_whole() {
    let Some(lab) = Lab::open().await else { return };
    let script = r#"
import sys, json
sys.stdout.write("é" * 30000 + "\n")
sys.stdout.write("\n")
sys.stdout.buffer.write(b"bad \xff byte\n")
for n in range(500): print("line", n)
sys.stdout.write("no end")
"#;
    let (_, told) = lab.run("lines", python("lines", script)).await;
    let lines = told.lines("base");
    assert_eq!(lines[0], "é".repeat(30000));
    assert_eq!(&lines[1..3], ["", "bad \u{fffd} byte"]);
    assert_eq!(lines[3..503], (0..500).map(|n| format!("line {n}")).collect::<Vec<_>>());
    assert_eq!(lines[503..], ["no end"]);
}

#[tokio::test]
async fn limits_stop_the_pod_and_name_themselves() {
    let Some(lab) = Lab::open().await else { return };
    let sleeping = json!({"name": "base", "image": IMAGE, "imagePullPolicy": "IfNotPresent", "command": ["sleep", "1000"]});
    for (id, pod, launcher, expected) in [
        (
            "execution",
            json!({"terminationGracePeriodSeconds": 1, "containers": [sleeping]}),
            json!({"execution_timeout_seconds": 6}),
            "(execution timeout)",
        ),
        (
            "deadline",
            json!({"terminationGracePeriodSeconds": 1, "activeDeadlineSeconds": 4, "containers": [sleeping]}),
            json!({}),
            "activeDeadlineSeconds of the pod",
        ),
        (
            "schedule",
            json!({"nodeSelector": {"no": "where"}, "containers": [sleeping]}),
            json!({"schedule_timeout_seconds": 3}),
            "(schedule timeout): Unschedulable: 0/1 nodes are available",
        ),
    ] {
        let (report, _) = lab.run(id, spec(id, pod, launcher)).await;
        assert!(report.tasks[0].message.contains(expected), "{:#?}", report.tasks[0]);
        assert_eq!(lab.pods(id).await, Vec::<String>::new());
    }
}
