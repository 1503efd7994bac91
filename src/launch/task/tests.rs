//! Tasks against a scripted API, in paused time.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tokio::time::Instant;

use super::*;
use crate::launch::cancel::cancellation;
use crate::launch::plan::{Overrides, plan};
use crate::launch::scripted::{Answer, Script, answer, status, stream_of};

const PODS: &str = "/api/v1/namespaces/ns/pods";

fn identity() -> Identity {
    Identity { dag: "d".into(), task: "t".into(), map_index: None, run: "r".into(), attempt: 1 }
}

fn path() -> String {
    format!("{PODS}/{}", identity().pod_name())
}

/// The pod of the first attempt, running.
fn running() -> Json {
    let labels: BTreeMap<_, _> = identity().labels().into_iter().collect();
    json!({"metadata": {"name": identity().pod_name(), "labels": labels, "resourceVersion": "1"},
           "spec": {"containers": []}, "status": {"phase": "Running"}})
}

fn listed(pods: &[Json]) -> Answer {
    let list = json!({"metadata": {"resourceVersion": "1"}, "items": pods});
    answer("GET", PODS, 200, list).query("!watch=true")
}

/// Runs the task; it is asked to stop after a while, if at all. Gives the requests, too.
async fn task(
    launcher: Json,
    answers: Vec<Answer>,
    stop: Option<Duration>,
) -> (TaskReport, Vec<String>) {
    let (cluster, script) = Script::new();
    let requests = script.log();
    let server = script.serve(answers);
    let spec = serde_json::from_value(json!({
        "apiVersion": "podlift/v1", "kind": "JobSpec",
        "metadata": {"dag": "d", "task": "t", "operator": "o", "source": "s"},
        "run": {"base_pod_spec": {"containers": [{"name": "base", "image": "i"}]}}, "launcher": launcher,
    }));
    let plan = plan(spec.unwrap(), &Overrides::default()).unwrap();
    let seconds = Duration::from_secs(5);
    let watch = PodWatch::start(cluster.clone(), "ns".into(), "x".into(), seconds).await.unwrap();
    let (canceller, cancel) = cancellation();
    let context = ContextData::new("r");
    let teller = Teller::new("r", Vec::new());
    let task = Task {
        plan: &plan,
        context: &context,
        cluster: &cluster,
        watch: &watch,
        namespace: "ns",
        run: "r",
        attempts_before: 0,
        teller: &teller,
        cancel,
    };
    let stop = stop.filter(|stop| {
        let now = stop.is_zero();
        if now {
            canceller.press();
        }
        !now
    });
    let (report, ()) = tokio::join!(task.run(), async {
        if let Some(stop) = stop {
            sleep(stop).await;
            canceller.press();
        }
    });
    server.abort();
    let requests = requests.lock().unwrap().iter().map(|seen| seen.line.clone()).collect();
    (report, requests)
}

#[tokio::test(start_paused = true)]
async fn no_second_pod_is_made_while_the_first_one_ends() {
    let begin = Instant::now();
    let gone = format!("{}\n", json!({"type": "DELETED", "object": running()}));
    let answers = vec![
        listed(&[running()]),
        stream_of(PODS, "watch=true", vec![(20_000, gone)]).endless(),
        answer("DELETE", &path(), 200, json!({})),
        answer("POST", PODS, 403, status(403, "no")),
    ];
    let (report, requests) = task(json!({"reattach_on_restart": false}), answers, None).await;
    assert!(begin.elapsed() >= Duration::from_secs(20), "{:?}", begin.elapsed());
    assert_eq!((report.state, report.attempts[0].attempt), (TaskState::Failed, 2));
    let at = |verb: &str| requests.iter().position(|line| line.starts_with(verb)).unwrap();
    assert!(at("DELETE") < at("POST"), "{requests:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_may_still_appear_is_not_told_as_deleted() {
    let silent = answer("POST", PODS, 201, running()).after(600_000);
    let answers = || vec![listed(&[]), stream_of(PODS, "watch=true", vec![]).endless()];
    let stop = Some(Duration::from_secs(1));
    let missing = answer("DELETE", &path(), 404, status(404, "none")).always();
    let (report, _) =
        task(json!({}), [answers(), vec![silent.clone(), missing.clone()]].concat(), stop).await;
    let error = report.attempts[0].cleanup_error.as_deref().unwrap();
    assert!(error.contains("may still appear"), "{error}");
    // It appears a little later.
    let once = answer("DELETE", &path(), 404, status(404, "none"));
    let there = answer("DELETE", &path(), 200, json!({}));
    let late = [answers(), vec![silent, once, there]].concat();
    let (report, requests) = task(json!({}), late, stop).await;
    assert_eq!(report.attempts[0].cleanup_error, None);
    assert_eq!(requests.iter().filter(|line| line.starts_with("DELETE")).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_never_asked_for_is_not_deleted() {
    let answers = vec![listed(&[]), stream_of(PODS, "watch=true", vec![]).endless()];
    let (report, requests) = task(json!({}), answers, Some(Duration::ZERO)).await;
    assert_eq!(report.state, TaskState::Cancelled);
    assert!(!requests.iter().any(|line| line.starts_with("DELETE")), "{requests:?}");
}
