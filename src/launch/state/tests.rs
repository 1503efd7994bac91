//! Statuses as clusters show them, and the verdict on each.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value as Json, json};

use super::*;

fn pod(spec: Json, metadata: Json, status: Json) -> Pod {
    serde_json::from_value(json!({"metadata": metadata, "spec": spec, "status": status})).unwrap()
}

fn one() -> Json {
    json!({"nodeName": "n", "restartPolicy": "Never", "containers": [{"name": "main", "image": "i"}]})
}

fn with_side() -> Json {
    json!({"nodeName": "n", "restartPolicy": "Never",
           "containers": [{"name": "main", "image": "i"}, {"name": "side", "image": "i"}]})
}

fn container(name: &str, state: Json) -> Json {
    json!({"name": name, "image": "i", "imageID": "", "ready": false, "restartCount": 0, "state": state})
}

fn running() -> Json {
    json!({"running": {"startedAt": "2026-01-01T00:00:00Z"}})
}

fn ended(code: i32, reason: &str) -> Json {
    json!({"terminated": {"exitCode": code, "reason": reason, "startedAt": "2026-01-01T00:00:00Z",
                          "finishedAt": "2026-01-01T00:01:00Z"}})
}

/// Before anybody asked the pod to go.
fn early(code: i32) -> Json {
    json!({"terminated": {"exitCode": code, "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:10Z"}})
}

fn waits(reason: &str, message: &str) -> Json {
    json!({"waiting": {"reason": reason, "message": message}})
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + second).unwrap()
}

fn rules(success: Success) -> Rules {
    Rules { success, skip_codes: vec![99], ..Rules::default() }
}

/// The verdict after the given statuses, one second apart.
fn verdict(rules: Rules, pods: &[Pod]) -> Option<Outcome> {
    let mut tracker = Tracker::new(rules);
    let mut verdict = None;
    for (second, pod) in pods.iter().enumerate() {
        verdict = tracker.observe(pod, at(second as i64)).verdict;
    }
    verdict
}

fn word(outcome: Option<Outcome>) -> String {
    outcome.map_or_else(|| "none".into(), |outcome| outcome.to_string())
}

fn status(phase: &str, containers: Vec<Json>) -> Json {
    json!({"phase": phase, "containerStatuses": containers})
}

#[test]
fn ordinary_ends() {
    for (phase, state, expected) in [
        ("Pending", waits("ContainerCreating", ""), "none"),
        ("Running", running(), "none"),
        ("Running", ended(0, "Completed"), "succeeded"),
        ("Succeeded", ended(0, "Completed"), "succeeded"),
        ("Failed", ended(3, "Error"), "failed: container `main` ended with exit code 3"),
        (
            "Failed",
            ended(137, "OOMKilled"),
            "failed: container `main` ended with exit code 137 (OOMKilled), signal 9",
        ),
        ("Failed", ended(99, "Error"), "skipped: exit code 99 means skipped"),
    ] {
        let pod = pod(one(), json!({}), status(phase, vec![container("main", state)]));
        assert_eq!(word(verdict(rules(Success::Main), &[pod])), expected);
    }
}

#[test]
fn the_main_container_decides_whatever_a_sidecar_does() {
    for (main, side, expected_main, expected_all) in [
        (ended(0, ""), running(), "succeeded", "none"),
        (
            ended(0, ""),
            ended(1, "Error"),
            "succeeded",
            "failed: container `side` ended with exit code 1",
        ),
        (running(), ended(1, "Error"), "none", "none"),
        (
            running(),
            waits("ImagePullBackOff", "not found"),
            "none",
            "the pod was lost while it ran: its image cannot be pulled: container `side`: ImagePullBackOff: not found",
        ),
        (
            ended(2, "Error"),
            running(),
            "failed: container `main` ended with exit code 2",
            "failed: container `main` ended with exit code 2",
        ),
    ] {
        let pod = pod(
            with_side(),
            json!({}),
            status("Running", vec![container("main", main), container("side", side)]),
        );
        assert_eq!(word(verdict(rules(Success::Main), std::slice::from_ref(&pod))), expected_main);
        assert_eq!(word(verdict(rules(Success::All), &[pod])), expected_all);
    }
}

#[test]
fn ignored_containers_neither_delay_nor_fail() {
    let pod = pod(
        with_side(),
        json!({}),
        status("Running", vec![container("main", ended(0, "")), container("side", running())]),
    );
    let rules =
        Rules { success: Success::All, ignored: ["side".to_owned()].into(), ..Rules::default() };
    assert_eq!(verdict(rules, &[pod]), Some(Outcome::Succeeded));
}

#[test]
fn init_containers_and_native_sidecars() {
    let spec = |policy: Json| {
        json!({"nodeName": "n", "restartPolicy": policy,
               "initContainers": [{"name": "proxy", "image": "i", "restartPolicy": "Always"}, {"name": "init", "image": "i"}],
               "containers": [{"name": "main", "image": "i"}]})
    };
    let status = |phase: &str, proxy: Json, init: Json, main: Json| {
        json!({"phase": phase, "initContainerStatuses": [container("proxy", proxy), container("init", init)],
               "containerStatuses": [container("main", main)]})
    };
    let main = || waits("PodInitializing", "");
    let failing = status("Failed", running(), ended(7, "Error"), main());
    assert_eq!(
        word(verdict(
            rules(Success::Main),
            &[pod(spec(json!("Never")), json!({}), failing.clone())]
        )),
        "failed: container `init` ended with exit code 7"
    );
    let mut retried = failing;
    retried["phase"] = json!("Pending");
    assert_eq!(
        verdict(rules(Success::Main), &[pod(spec(json!("OnFailure")), json!({}), retried)]),
        None
    );
    let sidecar_killed = status("Running", ended(143, "Error"), ended(0, ""), ended(0, ""));
    assert_eq!(
        verdict(rules(Success::All), &[pod(spec(json!("Never")), json!({}), sidecar_killed)]),
        Some(Outcome::Succeeded)
    );
}

#[test]
fn restarts_are_no_failure_where_the_pod_asks_for_them() {
    let spec = json!({"nodeName": "n", "restartPolicy": "OnFailure", "containers": [{"name": "main", "image": "i"}]});
    for state in
        [ended(1, "Error"), waits("CrashLoopBackOff", "back-off 10s restarting failed container")]
    {
        let pod = pod(spec.clone(), json!({}), status("Running", vec![container("main", state)]));
        assert_eq!(verdict(rules(Success::Main), &[pod]), None);
    }
}

#[test]
fn images_fail_fast_and_throttling_is_tolerated() {
    let see = |states: &[Json]| {
        let pods: Vec<_> = states
            .iter()
            .map(|state| {
                pod(one(), json!({}), status("Pending", vec![container("main", state.clone())]))
            })
            .collect();
        word(verdict(rules(Success::Main), &pods))
    };
    assert_eq!(
        see(&[waits("ErrImagePull", "manifest unknown")]),
        "the pod never started: its image cannot be pulled: container `main`: ErrImagePull: manifest unknown"
    );
    let back_off = waits("ImagePullBackOff", "Back-off pulling image \"x\"");
    assert_eq!(see(&[waits("ErrImagePull", "429 Too Many Requests"), back_off.clone()]), "none");
    // A back-off without a known cause is no verdict; the events are asked.
    let alone = pod(one(), json!({}), status("Pending", vec![container("main", back_off)]));
    let mut tracker = Tracker::new(rules(Success::Main));
    let observation = tracker.observe(&alone, at(0));
    assert_eq!((observation.ask_events.as_deref(), observation.verdict), (Some("main"), None));
    tracker.pull_failed("main", "not found");
    assert!(word(tracker.observe(&alone, at(0)).verdict).ends_with("ImagePullBackOff: not found"));
}

#[test]
fn missing_configuration_gets_a_short_while() {
    let state = waits("CreateContainerConfigError", "configmap \"c\" not found");
    let pod = pod(one(), json!({}), status("Pending", vec![container("main", state)]));
    let mut tracker = Tracker::new(rules(Success::Main));
    let first = tracker.observe(&pod, at(0));
    assert_eq!((first.verdict, first.look_again), (None, Some(at(20))));
    assert_eq!(
        word(tracker.observe(&pod, at(20)).verdict),
        "the pod never started: its configuration is incomplete: container `main`: CreateContainerConfigError: configmap \"c\" not found"
    );
}

#[test]
fn pods_that_fail_without_a_container() {
    for (reason, message, started, expected) in [
        (
            "Evicted",
            "The node was low on resource: memory.",
            false,
            "the pod never started: it was evicted: Evicted: The node was low on resource: memory.",
        ),
        ("Evicted", "low", true, "the pod was lost while it ran: it was evicted: Evicted: low"),
        ("OutOfcpu", "", false, "the pod never started: its node did not admit it: OutOfcpu"),
        ("Preempting", "", false, "the pod never started: it was preempted: Preempting"),
        (
            "Terminated",
            "Pod was terminated in response to imminent node shutdown.",
            true,
            "the pod was lost while it ran: its node was shut down: Terminated: Pod was terminated in response to imminent node shutdown.",
        ),
        ("Strange", "", false, "the pod never started: the cluster ended it: Strange"),
    ] {
        let mut pods = vec![];
        if started {
            pods.push(pod(one(), json!({}), status("Running", vec![container("main", running())])));
        }
        pods.push(pod(
            one(),
            json!({}),
            json!({"phase": "Failed", "reason": reason, "message": message}),
        ));
        assert_eq!(word(verdict(rules(Success::Main), &pods)), expected);
    }
}

#[test]
fn a_deadline_of_the_pod_is_named() {
    let mut spec = one();
    spec["activeDeadlineSeconds"] = json!(5);
    let message = "Pod was active on the node longer than the specified deadline";
    let expected = format!(
        "timed out: not finished within 5 s of its start on the node (activeDeadlineSeconds of the pod): {message}"
    );
    for containers in [vec![], vec![container("main", ended(137, "Error"))]] {
        let mut status = status("Failed", containers);
        status["reason"] = json!("DeadlineExceeded");
        status["message"] = json!(message);
        let before = pod(
            spec.clone(),
            json!({}),
            self::status("Running", vec![container("main", running())]),
        );
        let after = pod(spec.clone(), json!({}), status);
        assert_eq!(word(verdict(rules(Success::Main), &[before, after])), expected);
    }
}

#[test]
fn deletion_from_outside() {
    let metadata =
        json!({"deletionTimestamp": "2026-01-01T00:01:10Z", "deletionGracePeriodSeconds": 30});
    let dying = |state: Json| {
        pod(one(), metadata.clone(), status("Running", vec![container("main", state)]))
    };
    assert_eq!(verdict(rules(Success::Main), &[dying(running())]), None);
    assert_eq!(
        word(verdict(rules(Success::Main), &[dying(running()), dying(ended(137, "Error"))])),
        "the pod was lost while it ran: it was deleted from outside"
    );
    // A process that traps the signal ends in good order, and nobody knows whether it was done.
    for success in [Success::Main, Success::All] {
        assert_eq!(
            word(verdict(rules(success), &[dying(ended(0, "Completed"))])),
            "the pod was lost while it ran: it was deleted from outside"
        );
        assert_eq!(verdict(rules(success), &[dying(early(0))]), Some(Outcome::Succeeded));
    }
    // It had failed by itself before anybody deleted it.
    assert_eq!(
        word(verdict(rules(Success::Main), &[dying(early(5))])),
        "failed: container `main` ended with exit code 5"
    );

    let mut tracker = Tracker::new(rules(Success::Main));
    assert_eq!(word(Some(tracker.gone())), "the pod never started: it was deleted from outside");
    tracker.observe(&dying(running()), at(0));
    assert_eq!(
        word(Some(tracker.gone())),
        "the pod was lost while it ran: it was deleted from outside; its processes may still run"
    );
    tracker.observe(&dying(early(0)), at(1));
    assert_eq!(tracker.gone(), Outcome::Succeeded);
}

#[test]
fn a_pod_that_is_taken_away_does_not_succeed_by_ending_in_good_order() {
    let taken = |reason: &str, finished: &str| {
        let mut spec = one();
        spec["activeDeadlineSeconds"] = json!(50);
        let end = json!({"terminated": {"exitCode": 0, "startedAt": "2026-01-01T00:00:00Z", "finishedAt": finished}});
        let mut status = status("Failed", vec![container("main", end)]);
        status["reason"] = json!(reason);
        status["startTime"] = json!("2026-01-01T00:00:00Z");
        status["conditions"] = json!([{"type": "DisruptionTarget", "status": "True", "reason": "TerminationByKubelet",
                                       "lastTransitionTime": "2026-01-01T00:00:50Z"}]);
        verdict(rules(Success::Main), &[pod(spec, json!({}), status)])
    };
    let (before, after) = ("2026-01-01T00:00:49Z", "2026-01-01T00:00:51Z");
    assert!(matches!(taken("DeadlineExceeded", after), Some(Outcome::TimedOut { .. })));
    assert!(matches!(taken("Evicted", after), Some(Outcome::Lost { cause: Cause::Evicted, .. })));
    for reason in ["DeadlineExceeded", "Evicted"] {
        assert_eq!(taken(reason, before), Some(Outcome::Succeeded), "{reason}");
    }
}

#[test]
fn a_pod_that_lingers_has_lost_its_node() {
    let metadata =
        json!({"deletionTimestamp": "2026-01-01T00:01:10Z", "deletionGracePeriodSeconds": 30});
    let pod = pod(one(), metadata, status("Running", vec![container("main", running())]));
    let mut tracker = Tracker::new(rules(Success::Main));
    // By the clock of this machine: that of the server may be minutes off.
    assert_eq!(tracker.observe(&pod, at(370)).look_again, Some(at(460)));
    assert_eq!(
        word(tracker.observe(&pod, at(460)).verdict),
        "the pod was lost while it ran: its node does not answer: still terminating 60 s after its grace period; its processes may still run"
    );
}

#[test]
fn disruptions_of_newer_clusters_are_named() {
    for (reason, expected) in [
        ("PreemptionByScheduler", "it was preempted"),
        ("EvictionByEvictionAPI", "it was evicted"),
        ("DeletionByTaintManager", "its node does not answer"),
    ] {
        let mut status = status("Failed", vec![container("main", ended(143, "Error"))]);
        status["conditions"] = json!([{"type": "DisruptionTarget", "status": "True", "reason": reason, "message": "why"}]);
        let text = word(verdict(rules(Success::Main), &[pod(one(), json!({}), status)]));
        assert_eq!(text, format!("the pod was lost while it ran: {expected}: {reason}: why"));
    }
}

#[test]
fn waiting_is_explained() {
    let mut spec = one();
    spec.as_object_mut().unwrap().remove("nodeName");
    let conditions = json!([{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available: 3 Insufficient cpu."}]);
    let pending = pod(spec, json!({}), json!({"phase": "Pending", "conditions": conditions}));
    let observation = Tracker::new(rules(Success::Main)).observe(&pending, at(0));
    assert_eq!(
        observation.waiting.as_deref(),
        Some("Unschedulable: 0/3 nodes are available: 3 Insufficient cpu.")
    );
    assert_eq!((observation.view.stage, observation.verdict), (Stage::Pending, None));
}
