//! One watch for all pods of a run in a namespace.
//!
//! Every change reaches its subscriber in order and none is merged into the next: the last status before a
//! pod disappears is often the one that tells why. A watch that ends goes on from the version it had seen; when the
//! server has forgotten that version, the pods are listed again and what is missing counts as gone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use serde::Deserialize;
use serde_json::Value as Json;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::api::{ApiError, Backoff, Call, Cluster, Notice, Verb, escape};

/// How long the server may keep a watch open, in seconds. Short, because a connection that is dead without a
/// word is noticed only after this time.
const WATCH_SECONDS: u64 = 60;
/// How long a watch may be silent beyond that.
const SILENCE: Duration = Duration::from_secs(WATCH_SECONDS + 15);

/// A watch that is over so soon has told nothing.
const SHORT: Duration = Duration::from_secs(1);
/// The longest event, in bytes. Servers store objects of a few MiB.
const LONGEST_EVENT: usize = 64 << 20;

/// A change of a pod.
#[derive(Debug, Clone)]
pub enum Change {
    /// The pod as it is now.
    Pod(Arc<Pod>),
    /// The pod is gone from the API.
    Gone,
    /// The pods cannot be watched any more.
    Failed(ApiError),
}

#[derive(Default)]
struct Shared {
    pods: BTreeMap<String, Arc<Pod>>,
    subscribers: BTreeMap<String, UnboundedSender<Change>>,
    failure: Option<ApiError>,
}

/// A running watch. It ends when dropped.
pub struct PodWatch {
    shared: Arc<Mutex<Shared>>,
    task: JoinHandle<()>,
}

impl PodWatch {
    /// Lists the pods with the given labels and begins to watch them. The first answer may take as long as
    /// `patience` says.
    ///
    /// # Errors
    /// When the pods cannot be listed.
    pub async fn start(
        cluster: Cluster,
        namespace: String,
        selector: String,
        patience: Duration,
    ) -> Result<Self, ApiError> {
        let watcher = Watcher { cluster, namespace, selector, shared: Arc::default() };
        let version = watcher.list(patience).await?;
        let shared = watcher.shared.clone();
        let task = tokio::spawn(watcher.run(version));
        Ok(Self { shared, task })
    }

    /// The pods known now.
    pub fn pods(&self) -> Vec<Arc<Pod>> {
        lock(&self.shared).pods.values().cloned().collect()
    }

    /// All changes of a pod from now on, beginning with what is known of it.
    pub fn subscribe(&self, name: &str) -> UnboundedReceiver<Change> {
        let (send, receive) = unbounded_channel();
        let mut shared = lock(&self.shared);
        // The receiver is at hand, so nothing sent here can be lost.
        if let Some(pod) = shared.pods.get(name) {
            let _ = send.send(Change::Pod(pod.clone()));
        }
        if let Some(failure) = &shared.failure {
            let _ = send.send(Change::Failed(failure.clone()));
        }
        shared.subscribers.insert(name.into(), send);
        receive
    }
}

impl Drop for PodWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(shared: &Mutex<Shared>) -> std::sync::MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn tell(&self, name: &str, change: Change) {
        if let Some(subscriber) = self.subscribers.get(name) {
            // A subscriber that has gone does not want to know.
            let _ = subscriber.send(change);
        }
    }

    fn set(&mut self, pod: Pod) {
        let Some(name) = pod.metadata.name.clone() else { return };
        let pod = Arc::new(pod);
        self.pods.insert(name.clone(), pod.clone());
        self.tell(&name, Change::Pod(pod));
    }

    fn remove(&mut self, name: &str) {
        self.pods.remove(name);
        self.tell(name, Change::Gone);
    }

    fn fail(&mut self, error: &ApiError) {
        self.failure = Some(error.clone());
        for subscriber in self.subscribers.values() {
            let _ = subscriber.send(Change::Failed(error.clone()));
        }
    }
}

#[derive(Deserialize)]
struct PodList {
    metadata: ListMeta,
    #[serde(default)]
    items: Vec<Pod>,
}

#[derive(Deserialize)]
struct ListMeta {
    #[serde(rename = "resourceVersion", default)]
    resource_version: String,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    object: Json,
}

struct Watcher {
    cluster: Cluster,
    namespace: String,
    selector: String,
    shared: Arc<Mutex<Shared>>,
}

impl Watcher {
    async fn run(self, mut version: String) {
        let mut backoff = Backoff::default();
        let mut idle = Backoff::default();
        let begin = Instant::now();
        let mut last_success = None;
        loop {
            let began = Instant::now();
            let result = self.watch(&mut version, &mut backoff, &mut last_success).await;
            let error = match result {
                Ok(()) => {
                    self.rest(began, &mut idle).await;
                    continue;
                }
                Err(ApiError::Expired { .. }) => {
                    match self.list(self.cluster.patience_limit()).await {
                        Ok(new) => {
                            version = new;
                            self.rest(began, &mut idle).await;
                            continue;
                        }
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            // What was answered once may be refused for a while: a token that is being replaced, a server that starts.
            let may_pass = error.is_transient() || last_success.is_some();
            if !may_pass || last_success.unwrap_or(begin).elapsed() > self.cluster.patience_limit()
            {
                lock(&self.shared).fail(&error);
                return;
            }
            let delay = backoff.delay(error.retry_after());
            self.cluster.tell(Notice::Retrying { error, delay });
            sleep(delay).await;
        }
    }

    /// Leaves a server alone that ends watches as soon as they begin.
    async fn rest(&self, began: Instant, idle: &mut Backoff) {
        if began.elapsed() > SHORT {
            idle.reset();
        } else {
            sleep(idle.delay(None)).await;
        }
    }

    fn call(&self) -> Call {
        Call::new(Verb::Watch, "pods", &self.namespace)
    }

    /// Lists the pods; what is known and not listed is gone.
    async fn list(&self, patience: Duration) -> Result<String, ApiError> {
        let cluster = self.cluster.clone().patience(patience);
        let answer = cluster.list_pods(&self.namespace, &self.selector).await?;
        let list: PodList = serde_json::from_value(answer).map_err(|error| {
            ApiError::Malformed { call: self.call(), reason: error.to_string() }
        })?;
        let mut shared = lock(&self.shared);
        let listed: Vec<_> =
            list.items.iter().filter_map(|pod| pod.metadata.name.clone()).collect();
        let gone: Vec<_> =
            shared.pods.keys().filter(|name| !listed.contains(name)).cloned().collect();
        for name in gone {
            shared.remove(&name);
        }
        for pod in list.items {
            shared.set(pod);
        }
        Ok(list.metadata.resource_version)
    }

    /// Watches until the stream ends.
    async fn watch(
        &self,
        version: &mut String,
        backoff: &mut Backoff,
        success: &mut Option<Instant>,
    ) -> Result<(), ApiError> {
        let path = format!(
            "/api/v1/namespaces/{}/pods?watch=true&labelSelector={}&resourceVersion={version}\
             &allowWatchBookmarks=true&timeoutSeconds={WATCH_SECONDS}",
            escape(&self.namespace),
            escape(&self.selector),
        );
        let mut stream = self.cluster.open(&self.call(), &path).await?;
        *success = Some(Instant::now());
        backoff.reset();
        let mut rest = Vec::new();
        loop {
            // Silence and an end are the same to a watch: it goes on from where it was.
            let Ok(bytes) = timeout(SILENCE, stream.next()).await else { return Ok(()) };
            let Some(bytes) = bytes? else { return Ok(()) };
            *success = Some(Instant::now());
            rest.extend_from_slice(&bytes);
            if rest.len() > LONGEST_EVENT {
                let reason = format!("an event has more than {} MiB", LONGEST_EVENT >> 20);
                return Err(ApiError::Malformed { call: self.call(), reason });
            }
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = rest.drain(..=end).collect();
                self.event(&line, version)?;
            }
        }
    }

    fn event(&self, line: &[u8], version: &mut String) -> Result<(), ApiError> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let malformed = |error: serde_json::Error| ApiError::Malformed {
            call: self.call(),
            reason: error.to_string(),
        };
        let event: Event = serde_json::from_slice(line).map_err(malformed)?;
        if event.kind == "ERROR" {
            let code = event.object.get("code").and_then(Json::as_u64).unwrap_or(500);
            let body = event.object.to_string();
            return Err(ApiError::from_watch(&self.call(), code, body.as_bytes()));
        }
        if let Some(new) = event.object.pointer("/metadata/resourceVersion").and_then(Json::as_str)
        {
            *version = new.to_owned();
        }
        match event.kind.as_str() {
            "ADDED" | "MODIFIED" => {
                let pod = serde_json::from_value(event.object).map_err(malformed)?;
                lock(&self.shared).set(pod);
            }
            "DELETED" => {
                // The last status comes with the deletion and may tell more than the one before it.
                let pod: Pod = serde_json::from_value(event.object).map_err(malformed)?;
                let name = pod.metadata.name.clone().unwrap_or_default();
                let mut shared = lock(&self.shared);
                shared.set(pod);
                shared.remove(&name);
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::super::scripted::{Script, answer, status, stream_of};
    use super::*;
    use serde_json::json;

    const PODS: &str = "/api/v1/namespaces/ns/pods";

    fn pod(name: &str, version: u32, phase: &str) -> Json {
        json!({"metadata": {"name": name, "resourceVersion": version.to_string()}, "status": {"phase": phase}})
    }

    fn list(version: u32, items: &[Json]) -> super::super::scripted::Answer {
        answer(
            "GET",
            PODS,
            200,
            json!({"metadata": {"resourceVersion": version.to_string()}, "items": items}),
        )
        .query("!watch=true")
    }

    fn event(kind: &str, object: Json) -> String {
        format!("{}\n", json!({"type": kind, "object": object}))
    }

    async fn phases(changes: &mut UnboundedReceiver<Change>, count: usize) -> Vec<String> {
        let mut out = vec![];
        while out.len() < count {
            out.push(match changes.recv().await.unwrap() {
                Change::Pod(pod) => pod.status.as_ref().unwrap().phase.clone().unwrap(),
                Change::Gone => "gone".into(),
                Change::Failed(error) => error.to_string(),
            });
        }
        out
    }

    async fn start(cluster: &Cluster) -> PodWatch {
        PodWatch::start(
            cluster.clone(),
            "ns".into(),
            "podlift/run=r".into(),
            Duration::from_secs(5),
        )
        .await
        .unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn every_change_arrives_however_the_stream_is_cut() {
        let (cluster, script) = Script::new();
        let events =
            event("ADDED", pod("a", 2, "Pending")) + &event("MODIFIED", pod("a", 3, "Running"));
        let (first, second) = events.split_at(events.len() / 2 + 7);
        let server = script.play(vec![
            list(1, &[]),
            stream_of(PODS, "resourceVersion=1&", vec![(10, first.into()), (10, second.into())]),
            stream_of(
                PODS,
                "resourceVersion=3&",
                vec![(10, event("DELETED", pod("a", 4, "Failed")))],
            )
            .endless(),
        ]);
        let watch = start(&cluster).await;
        let mut changes = watch.subscribe("a");
        assert_eq!(phases(&mut changes, 4).await, ["Pending", "Running", "Failed", "gone"]);
        server.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn an_expired_watch_lists_again_and_misses_no_deletion() {
        let (cluster, script) = Script::new();
        let expired = json!({"kind": "Status", "code": 410, "message": "too old resource version"});
        let server = script.play(vec![
            list(1, &[pod("a", 1, "Running"), pod("b", 1, "Running")]),
            stream_of(PODS, "resourceVersion=1&", vec![(10, event("ERROR", expired))]),
            list(9, &[pod("b", 8, "Succeeded")]),
            stream_of(PODS, "resourceVersion=9&", vec![]).endless(),
        ]);
        let watch = start(&cluster).await;
        let (mut a, mut b) = (watch.subscribe("a"), watch.subscribe("b"));
        assert_eq!(phases(&mut a, 2).await, ["Running", "gone"]);
        assert_eq!(phases(&mut b, 2).await, ["Running", "Succeeded"]);
        server.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn outages_are_waited_out_and_told() {
        let (cluster, script) = Script::new();
        let told = Arc::new(Mutex::new(0));
        let count = told.clone();
        let cluster = cluster.on_notice(move |_| *count.lock().unwrap() += 1);
        let server = script.play(vec![
            list(1, &[]),
            stream_of(PODS, "watch=true", vec![]).broken(),
            answer("GET", PODS, 503, "down").query("watch=true"),
            answer("GET", PODS, 503, "down").query("watch=true"),
            stream_of(
                PODS,
                "resourceVersion=1&",
                vec![(0, event("ADDED", pod("a", 2, "Running")))],
            )
            .endless(),
        ]);
        let watch = start(&cluster).await;
        assert_eq!(phases(&mut watch.subscribe("a"), 1).await, ["Running"]);
        server.await.unwrap();
        assert_eq!(*told.lock().unwrap(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_connection_is_replaced() {
        let (cluster, script) = Script::new();
        let server = script.play(vec![
            list(1, &[]),
            stream_of(PODS, "watch=true", vec![]).endless(),
            stream_of(PODS, "watch=true", vec![(0, event("ADDED", pod("a", 2, "Running")))])
                .endless(),
        ]);
        let watch = start(&cluster).await;
        assert_eq!(phases(&mut watch.subscribe("a"), 1).await, ["Running"]);
        server.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_ends_watches_at_once_is_left_alone() {
        let (cluster, script) = Script::new();
        let answers = (0..200).map(|_| stream_of(PODS, "watch=true", vec![]));
        let _server = script.play(std::iter::once(list(1, &[])).chain(answers).collect());
        let _watch = start(&cluster).await;
        sleep(Duration::from_secs(60)).await;
        assert!(cluster.requests() < 30, "{}", cluster.requests());
    }

    #[tokio::test(start_paused = true)]
    async fn a_right_that_was_there_may_come_back() {
        let (cluster, script) = Script::new();
        let running = vec![(0, event("ADDED", pod("a", 2, "Running")))];
        let server = script.play(vec![
            list(1, &[]),
            stream_of(PODS, "watch=true", running),
            answer("GET", PODS, 403, status(403, "cannot watch")).query("watch=true"),
            stream_of(PODS, "watch=true", vec![(0, event("MODIFIED", pod("a", 3, "Succeeded")))])
                .endless(),
        ]);
        let watch = start(&cluster).await;
        assert_eq!(phases(&mut watch.subscribe("a"), 2).await, ["Running", "Succeeded"]);
        server.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_missing_right_reaches_every_subscriber() {
        let (cluster, script) = Script::new();
        let server = script.play(vec![
            list(1, &[]),
            answer("GET", PODS, 403, status(403, "cannot watch")).query("watch=true"),
        ]);
        let watch = start(&cluster).await;
        let said = phases(&mut watch.subscribe("a"), 1).await;
        assert!(said[0].contains("verb `watch` on `pods`"), "{said:?}");
        server.await.unwrap();
    }
}
