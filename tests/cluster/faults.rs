//! What goes wrong while a run goes on.

use std::time::Duration;

use podlift::launch::connect::Access;
use podlift::launch::plan::Overrides;
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::harness::{IMAGE, Lab, kubeconfig, python, shell, spec};
use super::proxy::Proxy;

const MINUTE: Duration = Duration::from_secs(60);

fn numbers(count: u32, pause: &str) -> String {
    format!("import time\nfor n in range({count}):\n  print('line', n)\n  time.sleep({pause})")
}

fn expected(count: u32) -> Vec<String> {
    (0..count).map(|n| format!("line {n}")).collect()
}

#[tokio::test]
async fn dropped_connections_lose_and_repeat_no_line() {
    let Some(kubeconfig) = kubeconfig() else { return };
    let folder = tempfile::tempdir().unwrap();
    let proxy = Proxy::start(&kubeconfig).await;
    let through = proxy.kubeconfig(&kubeconfig, folder.path());
    let lab = Lab::with(Access { kubeconfig: Some(through), ..Access::default() }).await;
    let begun = lab.begin(
        "dropped",
        vec![python("dropped", &numbers(4000, "0.002"))],
        &Overrides::default(),
    );
    begun.told.wait("log").await;
    for _ in 0..6 {
        sleep(Duration::from_millis(700)).await;
        proxy.cut();
    }
    let report = timeout(MINUTE, begun.report).await.expect("the run hangs").unwrap();
    assert!(report.success, "{report:#?}");
    assert_eq!(begun.told.lines("base"), expected(4000));
    assert!(!begun.told.events("log_reopened").is_empty());
    assert_eq!(lab.pods("dropped").await, Vec::<String>::new());
}

#[tokio::test]
async fn an_api_out_of_reach_for_a_while_is_waited_out() {
    let Some(kubeconfig) = kubeconfig() else { return };
    let folder = tempfile::tempdir().unwrap();
    let proxy = Proxy::start(&kubeconfig).await;
    let through = proxy.kubeconfig(&kubeconfig, folder.path());
    let lab = Lab::with(Access { kubeconfig: Some(through), ..Access::default() }).await;
    let begun =
        lab.begin("outage", vec![python("outage", &numbers(50, "0.1"))], &Overrides::default());
    begun.told.wait("log").await;
    proxy.set_down(true);
    // The pod ends while nobody can see it.
    sleep(Duration::from_secs(9)).await;
    proxy.set_down(false);
    let report = timeout(MINUTE, begun.report).await.expect("the run hangs").unwrap();
    assert!(report.success, "{report:#?}");
    assert_eq!(begun.told.lines("base"), expected(50));
    assert_eq!(lab.pods("outage").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_pod_deleted_from_outside_ends_the_task_at_once() {
    let Some(lab) = Lab::open().await else { return };
    let begun = lab.begin(
        "deleted",
        vec![shell("deleted", "echo up; exec sleep 1000")],
        &Overrides::default(),
    );
    begun.told.wait("log").await;
    let pod = lab.pods("deleted").await.remove(0);
    lab.cluster.delete_pod(&lab.namespace, &pod, None).await.unwrap();
    let report = timeout(MINUTE, begun.report).await.expect("the run hangs").unwrap();
    assert!(
        report.tasks[0].message.contains("deleted from outside"),
        "{}",
        report.tasks[0].message
    );
}

#[tokio::test]
async fn a_failed_task_is_tried_again_with_a_new_pod() {
    let Some(lab) = Lab::open().await else { return };
    let begun = lab.begin(
        "retried",
        vec![shell("retried", "exit 1")],
        &Overrides {
            retries: Some(2),
            retry_delay: Some(Duration::from_millis(100)),
            ..Overrides::default()
        },
    );
    let report = timeout(MINUTE, begun.report).await.expect("the run hangs").unwrap();
    let pods: std::collections::BTreeSet<_> =
        report.tasks[0].attempts.iter().map(|it| it.pod.clone()).collect();
    assert_eq!((report.tasks[0].attempts.len(), pods.len()), (3, 3));
    assert_eq!(lab.pods("retried").await, Vec::<String>::new());
}

#[tokio::test]
async fn the_first_signal_deletes_the_pod_and_waits_for_it() {
    let Some(lab) = Lab::open().await else { return };
    let script = "trap 'echo bye; exit 0' TERM; echo up; while true; do sleep 0.1; done";
    let pod = json!({"terminationGracePeriodSeconds": 10, "containers": [
        {"name": "base", "image": IMAGE, "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", script]}]});
    let begun =
        lab.begin("cancelled", vec![spec("cancelled", pod, json!({}))], &Overrides::default());
    begun.told.wait("log").await;
    begun.canceller.press();
    let report = timeout(MINUTE, begun.report).await.expect("the run hangs").unwrap();
    assert!(report.cancelled);
    assert_eq!(begun.told.lines("base"), ["up", "bye"]);
    assert_eq!(lab.pods("cancelled").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_run_that_was_killed_is_gone_on_with() {
    let Some(lab) = Lab::open().await else { return };
    let work = || vec![python("again", &numbers(60, "0.1"))];
    let first = lab.begin("again", work(), &Overrides::default());
    first.told.wait("log").await;
    first.report.abort();
    let second = lab.begin("again", work(), &Overrides::default());
    let report = timeout(MINUTE, second.report).await.expect("the run hangs").unwrap();
    assert!(report.success, "{report:#?}");
    assert_eq!(second.told.events("pod_reattached").len(), 1);
    assert_eq!(second.told.events("pod_created").len(), 0);
    assert_eq!(second.told.lines("base"), expected(60));
    assert_eq!(lab.pods("again").await, Vec::<String>::new());
}
