//! Attempts against a scripted API, in paused time.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::Mutex;

use serde_json::json;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use tokio::time::Instant;

use super::*;
use crate::launch::cancel::{Canceller, cancellation};
use crate::launch::events::{Record, Sink};
use crate::launch::outcome::{Cause, Limit};
use crate::launch::scripted::{Answer, Script, answer, status, stream_of};

const PODS: &str = "/api/v1/namespaces/ns/pods";
const POD: &str = "/api/v1/namespaces/ns/pods/p";
const LOG: &str = "/api/v1/namespaces/ns/pods/p/log";
const EVENTS: &str = "/api/v1/namespaces/ns/events";

#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Json>>>);

impl Sink for Told {
    fn take(&self, record: &Arc<Record>) {
        self.0.lock().unwrap().push(serde_json::to_value(&**record).unwrap());
    }
}

impl Told {
    fn events(&self, name: &str) -> Vec<Json> {
        self.0.lock().unwrap().iter().filter(|it| it["event"] == name).cloned().collect()
    }
}

struct Stage_ {
    told: Told,
    changes: UnboundedSender<Change>,
    canceller: Canceller,
}

fn body() -> Json {
    json!({"metadata": {"name": "p", "labels": {"podlift/run": "r", "podlift/attempt": "1"}}})
}

fn pod(phase: &str, state: Json, extra: Json) -> Change {
    let mut pod = json!({
        "metadata": {"name": "p", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"nodeName": "n", "restartPolicy": "Never", "containers": [{"name": "main", "image": "i"}]},
        "status": {"phase": phase, "containerStatuses": [
            {"name": "main", "image": "i", "imageID": "", "ready": false, "restartCount": 0, "state": state}]},
    });
    for (path, value) in extra.as_object().into_iter().flatten() {
        let (parent, key) = path.rsplit_once('/').unwrap();
        pod.pointer_mut(parent).unwrap()[key] = value.clone();
    }
    Change::Pod(Arc::new(serde_json::from_value(pod).unwrap()))
}

fn running() -> Change {
    pod("Running", json!({"running": {"startedAt": "2026-01-01T00:00:01Z"}}), json!({}))
}

fn ended(code: i32) -> Change {
    let phase = if code == 0 { "Succeeded" } else { "Failed" };
    pod(
        phase,
        json!({"terminated": {"exitCode": code, "startedAt": "2026-01-01T00:00:01Z"}}),
        json!({}),
    )
}

fn unscheduled() -> Change {
    let condition = json!([{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}]);
    pod(
        "Pending",
        json!({}),
        json!({"/spec/nodeName": null, "/status/containerStatuses": [], "/status/conditions": condition}),
    )
}

fn waiting(reason: &str, message: &str) -> Change {
    pod("Pending", json!({"waiting": {"reason": reason, "message": message}}), json!({}))
}

fn log(text: &str) -> Answer {
    stream_of(LOG, "", vec![(0, text.into())]).always()
}

fn no_events() -> Answer {
    answer("GET", EVENTS, 200, json!({"items": []})).always()
}

fn created() -> Answer {
    answer("POST", PODS, 201, body())
}

/// Runs an attempt; `play` sends changes and presses keys meanwhile.
async fn attempt<F, R>(answers: Vec<Answer>, limits: Limits, play: F) -> (Report, Told, Vec<String>)
where
    F: FnOnce(Stage_) -> R,
    R: Future<Output = ()> + Send + 'static,
{
    let (cluster, script) = Script::new();
    let requests = script.log();
    let server = script.serve(answers);
    let (send, changes) = unbounded_channel();
    let (canceller, cancel) = cancellation();
    let told = Told::default();
    let attempt = Attempt {
        cluster: &cluster,
        teller: Teller::new("r", vec![Box::new(told.clone())]),
        namespace: "ns",
        pod: Start::Create(body()),
        changes,
        rules: Rules::default(),
        limits,
        delete_on_kill: true,
        grace: Some(3),
        read_logs: true,
        cancel,
    };
    let stage = Stage_ { told: told.clone(), changes: send, canceller };
    let player = tokio::spawn(play(stage));
    let report = attempt.run().await;
    player.await.unwrap();
    server.abort();
    let requests = requests.lock().unwrap().iter().map(|seen| seen.line.clone()).collect();
    (report, told, requests)
}

async fn pause(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}

fn seconds(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

#[tokio::test(start_paused = true)]
async fn a_run_reports_what_the_process_said() {
    let text = include_str!("../../../fixtures/pipes/messages.jsonl");
    let stamped: String =
        text.lines().take(13).map(|line| format!("2026-01-01T00:00:02Z {line}\n")).collect();
    let (report, told, requests) = attempt(
        vec![created(), log(&stamped), no_events()],
        Limits::default(),
        |stage| async move {
            stage.changes.send(running()).unwrap();
            pause(1.0).await;
            stage.changes.send(ended(0)).unwrap();
            pause(30.0).await;
        },
    )
    .await;
    assert_eq!(report.outcome, Outcome::Succeeded);
    assert_eq!((report.session.materializations.len(), report.session.checks.len()), (1, 2));
    assert_eq!(report.session.warnings, [crate::pipes::Warning::NeverClosed]);
    assert_eq!(told.events("materialization").len(), 1);
    assert_eq!(told.events("pipes_log").len(), 5);
    assert_eq!(told.events("protocol_warning").len(), 1);
    assert!(
        !requests.iter().any(|line| line.starts_with("DELETE")),
        "cleanup is not the attempt's"
    );
}

#[tokio::test(start_paused = true)]
async fn malformed_messages_are_told_and_never_lost() {
    let lines = "2026-01-01T00:00:02Z plain\n\
                 2026-01-01T00:00:02Z {\"__dagster_pipes_version\": \"0.1\", \"method\": \"nonsense\", \"params\": {}}\n\
                 2026-01-01T00:00:02Z {\"__dagster_pipes_version\": \"0.1\", \"meth\n";
    let (report, told, _) =
        attempt(vec![created(), log(lines), no_events()], Limits::default(), |stage| async move {
            stage.changes.send(ended(3)).unwrap();
            pause(30.0).await;
        })
        .await;
    assert_eq!(report.outcome.to_string(), "failed: container `main` ended with exit code 3");
    assert_eq!(report.tail, ["plain"]);
    assert_eq!(report.session.faults.len(), 2);
    assert_eq!(told.events("protocol_fault").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_conflict_with_our_own_pod_means_that_it_was_created() {
    let conflict = || answer("POST", PODS, 409, status(409, "already exists"));
    let play = |stage: Stage_| async move {
        stage.changes.send(ended(0)).unwrap();
        pause(10.0).await;
    };
    let ours = vec![
        answer("POST", PODS, 500, "etcd timeout"),
        conflict(),
        answer("GET", POD, 200, body()),
        log(""),
    ];
    assert_eq!(attempt(ours, Limits::default(), play).await.0.outcome, Outcome::Succeeded);
    let theirs = vec![
        conflict(),
        answer(
            "GET",
            POD,
            200,
            json!({"metadata": {"name": "p", "labels": {"podlift/run": "other"}}}),
        ),
    ];
    let (report, ..) = attempt(theirs, Limits::default(), |_| async {}).await;
    assert!(report.outcome.to_string().contains("conflict (409)"), "{}", report.outcome);
    assert!(!report.pod_exists);
}

#[tokio::test(start_paused = true)]
async fn a_missing_right_to_create_ends_the_attempt_at_once() {
    let (report, _, requests) = attempt(
        vec![answer("POST", PODS, 403, status(403, "forbidden"))],
        Limits::default(),
        |_| async {},
    )
    .await;
    assert!(report.outcome.to_string().contains("verb `create` on `pods`"), "{}", report.outcome);
    assert_eq!((requests.len(), report.pod_exists), (1, false));
}

#[tokio::test(start_paused = true)]
async fn each_limit_stops_the_pod_and_names_itself() {
    let limits = Limits { schedule: seconds(10), startup: seconds(20), execution: seconds(40) };
    for (states, name, after) in [
        (vec![unscheduled()], "(schedule timeout): Unschedulable: 0/1 nodes", 10),
        (
            vec![waiting("ContainerCreating", "")],
            "(startup timeout): the container is being created",
            20,
        ),
        (
            vec![running()],
            "not finished within 40 s of the creation of the pod (execution timeout)",
            40,
        ),
    ] {
        let begin = Instant::now();
        let answers = vec![created(), log(""), no_events(), answer("DELETE", POD, 200, json!({}))];
        let (report, _, requests) = attempt(answers, limits, |stage| async move {
            for state in states {
                stage.changes.send(state).unwrap();
            }
            pause(after as f64 + 1.0).await;
            stage.changes.send(Change::Gone).unwrap();
            pause(60.0).await;
        })
        .await;
        let text = report.outcome.to_string();
        assert!(text.contains(name), "{text}");
        assert!(matches!(report.outcome, Outcome::TimedOut { ended: true, .. }), "{text}");
        assert!(begin.elapsed().as_secs() >= after);
        assert_eq!(requests.iter().filter(|line| line.starts_with("DELETE")).count(), 1);
        assert!(!report.pod_exists);
    }
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_does_not_end_when_stopped_is_told() {
    let limits = Limits { execution: seconds(5), ..Limits::default() };
    let answers = vec![created(), log(""), no_events(), answer("DELETE", POD, 200, json!({}))];
    let (report, ..) = attempt(answers, limits, |stage| async move {
        stage.changes.send(running()).unwrap();
        pause(60.0).await;
    })
    .await;
    assert!(
        report.outcome.to_string().ends_with("its processes may still run"),
        "{}",
        report.outcome
    );
    assert!(!report.outcome.is_safe_to_retry());
}

#[tokio::test(start_paused = true)]
async fn the_first_signal_waits_for_the_pod_and_the_second_does_not() {
    let answers = || vec![created(), log(""), no_events(), answer("DELETE", POD, 200, json!({}))];
    let (report, told, _) = attempt(answers(), Limits::default(), |stage| async move {
        stage.changes.send(running()).unwrap();
        pause(1.0).await;
        stage.canceller.press();
        pause(2.0).await;
        assert!(stage.told.events("attempt_finished").is_empty());
        stage.changes.send(ended(143)).unwrap();
        pause(30.0).await;
    })
    .await;
    assert_eq!((report.outcome, report.pod_ended), (Outcome::Cancelled, true));
    assert_eq!(told.events("stopping").len(), 1);

    let begin = Instant::now();
    let (report, ..) = attempt(answers(), Limits::default(), |stage| async move {
        stage.changes.send(running()).unwrap();
        pause(1.0).await;
        stage.canceller.press();
        pause(0.1).await;
        stage.canceller.press();
        pause(0.5).await;
    })
    .await;
    assert_eq!((report.outcome, report.pod_exists), (Outcome::Cancelled, true));
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_second_press_does_not_wait_for_an_api_that_fails() {
    let failing = answer("DELETE", POD, 503, status(503, "down")).always();
    let begin = tokio::time::Instant::now();
    let answers = vec![created(), log(""), failing];
    let (report, ..) = attempt(answers, Limits::default(), |stage| async move {
        stage.changes.send(running()).unwrap();
        pause(1.0).await;
        stage.canceller.press();
        pause(20.0).await;
        stage.canceller.press();
        pause(5.0).await;
    })
    .await;
    assert_eq!((report.outcome, report.pod_exists), (Outcome::Cancelled, true));
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_creation_under_way_is_awaited_so_that_the_pod_is_deleted() {
    let slow = created().after(2000);
    let answers = vec![slow, log(""), answer("DELETE", POD, 200, json!({}))];
    let (report, told, requests) = attempt(answers, Limits::default(), |stage| async move {
        pause(0.5).await;
        stage.canceller.press();
        pause(5.0).await;
        stage.changes.send(Change::Gone).unwrap();
        pause(1.0).await;
    })
    .await;
    assert_eq!(report.outcome, Outcome::Cancelled);
    assert_eq!(told.events("pod_created").len(), 1);
    assert!(requests.iter().any(|line| line.starts_with("DELETE")), "{requests:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_ends_while_it_is_stopped_keeps_its_success() {
    let limits = Limits { execution: seconds(5), ..Limits::default() };
    let answers = vec![created(), log(""), no_events(), answer("DELETE", POD, 200, json!({}))];
    let (report, ..) = attempt(answers, limits, |stage| async move {
        stage.changes.send(running()).unwrap();
        pause(6.0).await;
        stage.changes.send(ended(0)).unwrap();
        pause(10.0).await;
    })
    .await;
    assert_eq!(report.outcome, Outcome::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_ends_in_good_order_because_it_is_stopped_has_not_succeeded() {
    let limits = Limits { execution: seconds(5), ..Limits::default() };
    let answers = vec![created(), log(""), no_events(), answer("DELETE", POD, 200, json!({}))];
    let (report, ..) = attempt(answers, limits, |stage| async move {
        stage.changes.send(running()).unwrap();
        pause(6.0).await;
        let state = json!({"terminated": {"exitCode": 0, "startedAt": "2026-01-01T00:00:01Z", "finishedAt": "2026-01-01T00:00:06Z"}});
        let deletion = json!({"/metadata/deletionTimestamp": "2026-01-01T00:00:35Z", "/metadata/deletionGracePeriodSeconds": 30});
        stage.changes.send(pod("Succeeded", state, deletion)).unwrap();
        pause(10.0).await;
    })
    .await;
    assert!(
        matches!(report.outcome, Outcome::TimedOut { limit: Limit::Execution, .. }),
        "{}",
        report.outcome
    );
}

#[tokio::test(start_paused = true)]
async fn a_limit_beyond_all_clocks_is_none() {
    let most = Some(Duration::MAX);
    let limits = Limits { execution: most, schedule: most, startup: most };
    let (report, ..) = attempt(vec![created(), log("")], limits, |stage| async move {
        stage.changes.send(running()).unwrap();
        stage.changes.send(ended(0)).unwrap();
        pause(1.0).await;
    })
    .await;
    assert_eq!(report.outcome, Outcome::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn the_events_tell_why_an_image_cannot_be_pulled() {
    let events = json!({"items": [{"type": "Warning", "reason": "Failed", "message": "Failed to pull image \"i\": not found"}]});
    let answers = vec![created(), answer("GET", EVENTS, 200, events).always()];
    let (report, ..) = attempt(answers, Limits::default(), |stage| async move {
        stage.changes.send(waiting("ImagePullBackOff", "Back-off pulling image \"i\"")).unwrap();
        pause(30.0).await;
    })
    .await;
    assert!(matches!(report.outcome, Outcome::NeverStarted { cause: Cause::Image, .. }));
    assert!(report.outcome.to_string().contains("not found"), "{}", report.outcome);
    assert_eq!(report.events.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn waiting_is_explained_from_conditions_and_events() {
    let events = json!({"items": [{"type": "Warning", "reason": "FailedMount", "message": "no such volume", "count": 2}]});
    let answers = vec![created(), answer("GET", EVENTS, 200, events).always(), log("")];
    let (_, told, _) = attempt(answers, Limits::default(), |stage| async move {
        stage.changes.send(unscheduled()).unwrap();
        pause(1.0).await;
        stage.changes.send(waiting("ContainerCreating", "")).unwrap();
        pause(60.0).await;
        stage.changes.send(ended(0)).unwrap();
        pause(30.0).await;
    })
    .await;
    assert_eq!(told.events("pod_waiting")[0]["message"], "Unschedulable: 0/1 nodes");
    let events = told.events("pod_event");
    assert_eq!((events.len(), &events[0]["reason"]), (1, &json!("FailedMount")));
}

#[tokio::test(start_paused = true)]
async fn deletion_from_outside_ends_the_attempt() {
    let (report, ..) =
        attempt(vec![created(), log(""), no_events()], Limits::default(), |stage| async move {
            stage.changes.send(running()).unwrap();
            stage.changes.send(Change::Gone).unwrap();
            pause(30.0).await;
        })
        .await;
    assert!(
        matches!(report.outcome, Outcome::Lost { cause: Cause::Deleted, ended: false, .. }),
        "{}",
        report.outcome
    );
}

#[tokio::test(start_paused = true)]
async fn a_missing_right_to_read_logs_is_an_error_of_its_own() {
    let forbidden = answer("GET", LOG, 403, status(403, "no logs")).always();
    let (report, ..) =
        attempt(vec![created(), forbidden, no_events()], Limits::default(), |stage| async move {
            stage.changes.send(running()).unwrap();
            pause(600.0).await;
            let _ = stage.changes.send(ended(0));
            pause(30.0).await;
        })
        .await;
    assert!(report.outcome.to_string().contains("verb `get` on `pods/log`"), "{}", report.outcome);
}
