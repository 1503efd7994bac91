//! The calls themselves.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Method, Request, Response};
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use kube::{Client, Config};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value as Json, json};
use tokio::time::{Instant, sleep, timeout};

use super::error::chain;
use super::{ApiError, Backoff, Call, Verb};

/// The longest answer that is read, in bytes, unpacked.
const LONGEST: usize = 64 << 20;

/// How long one answer may take to begin, and a short one to end.
const ANSWER: Duration = Duration::from_secs(30);
/// How long a credential program may take. Somebody may have to log in.
const CREDENTIALS: Duration = Duration::from_secs(120);
/// The longest a server can ask to be left alone, in seconds: a pod has to be looked at now and then.
const MOST_ASKED: u64 = 60;

/// What the cluster's client has to tell while a call goes on.
#[derive(Debug, Clone)]
pub enum Notice {
    /// A call failed and is made again.
    Retrying {
        /// Why.
        error: ApiError,
        /// After which time.
        delay: Duration,
    },
}

type Reconnect =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Client, String>> + Send>> + Send + Sync>;

/// A connection to a cluster. Clones share it.
#[derive(Clone)]
pub struct Cluster {
    client: Arc<Mutex<Client>>,
    reconnect: Option<Reconnect>,
    refreshed: Arc<tokio::sync::Mutex<Refreshed>>,
    requests: Arc<AtomicU64>,
    patience: Duration,
    notice: Arc<dyn Fn(Notice) + Send + Sync>,
}

impl Cluster {
    /// Uses a client whose credentials cannot be made anew.
    pub fn new(client: Client) -> Self {
        Self {
            client: Arc::new(Mutex::new(client)),
            reconnect: None,
            refreshed: Arc::default(),
            requests: Arc::default(),
            patience: Duration::from_secs(600),
            notice: Arc::new(|_| {}),
        }
    }

    /// Connects with a configuration. `again` reads it anew when the server refuses the credentials.
    ///
    /// # Errors
    /// When the configuration is unusable; the text says why.
    pub async fn connect<F, R>(config: Config, again: F) -> Result<Self, String>
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<Config, String>> + Send + 'static,
    {
        let client = client_in_time(config).await?;
        let reconnect: Reconnect = Arc::new(move || {
            let config = again();
            Box::pin(async move { client_in_time(config.await?).await })
        });
        Ok(Self { reconnect: Some(reconnect), ..Self::new(client) })
    }

    /// How long a failing call is repeated before its error counts.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Where to tell about repeated calls.
    #[must_use]
    pub fn on_notice(mut self, notice: impl Fn(Notice) + Send + Sync + 'static) -> Self {
        self.notice = Arc::new(notice);
        self
    }

    /// Requests sent so far, by all clones.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// How long failing calls are repeated.
    pub fn patience_limit(&self) -> Duration {
        self.patience
    }

    /// Tells something to whoever listens.
    pub fn tell(&self, notice: Notice) {
        (self.notice)(notice);
    }

    /// Creates a pod from its JSON. What the server made of it is for the watch to tell.
    pub async fn create_pod(&self, namespace: &str, pod: &Json) -> Result<(), NotCreated> {
        let call = Call::new(Verb::Create, "pods", namespace);
        let mut patience = Patience::new(self.patience);
        let mut may_exist = false;
        loop {
            let error = match self.send(&call, Method::POST, &pods(namespace, ""), Some(pod)).await
            {
                Ok(response) => {
                    let _ = collect(&call, response).await;
                    return Ok(());
                }
                Err(error) => error,
            };
            may_exist |= error.may_have_arrived();
            let again = self.again(error, &mut patience).await;
            again.map_err(|error| NotCreated { error, may_exist })?;
        }
    }

    /// Asks the server what it would make of a pod, without making it.
    pub async fn dry_run_pod(&self, namespace: &str, pod: &Json) -> Result<Json, ApiError> {
        let call = Call::new(Verb::Create, "pods", namespace);
        self.answer(&call, Method::POST, &format!("{}?dryRun=All", pods(namespace, "")), Some(pod))
            .await
    }

    /// Reads a pod.
    pub async fn get_pod(&self, namespace: &str, name: &str) -> Result<Json, ApiError> {
        let call = Call::new(Verb::Get, "pods", namespace);
        self.answer(&call, Method::GET, &pods(namespace, name), None).await
    }

    /// Lists pods by label.
    pub async fn list_pods(&self, namespace: &str, selector: &str) -> Result<Json, ApiError> {
        let call = Call::new(Verb::List, "pods", namespace);
        let path = format!("{}?labelSelector={}", pods(namespace, ""), escape(selector));
        self.answer(&call, Method::GET, &path, None).await
    }

    /// Deletes a pod. Says whether there was one; a pod that is gone already is deleted.
    pub async fn delete_pod(
        &self,
        namespace: &str,
        name: &str,
        grace: Option<u64>,
    ) -> Result<bool, ApiError> {
        let call = Call::new(Verb::Delete, "pods", namespace);
        let mut options = json!({"apiVersion": "v1", "kind": "DeleteOptions"});
        if let (Some(grace), Some(options)) = (grace, options.as_object_mut()) {
            options.insert("gracePeriodSeconds".into(), grace.into());
        }
        match self.answer(&call, Method::DELETE, &pods(namespace, name), Some(&options)).await {
            Ok(_) => Ok(true),
            Err(ApiError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Lists the events about a pod, oldest first as the server has them.
    pub async fn pod_events(&self, namespace: &str, name: &str) -> Result<Json, ApiError> {
        let call = Call::new(Verb::List, "events", namespace);
        let fields = escape(&format!("involvedObject.kind=Pod,involvedObject.name={name}"));
        let path = format!("/api/v1/namespaces/{namespace}/events?fieldSelector={fields}");
        self.answer(&call, Method::GET, &path, None).await
    }

    /// Any other read, by its path.
    pub async fn get(&self, call: &Call, path: &str) -> Result<Json, ApiError> {
        self.answer(call, Method::GET, path, None).await
    }

    /// Any other creation, by its path.
    pub async fn post(&self, call: &Call, path: &str, body: &Json) -> Result<Json, ApiError> {
        self.answer(call, Method::POST, path, Some(body)).await
    }

    /// Opens a stream of bytes: a watch or a log. Not repeated; who reads it knows where to go on.
    pub async fn open(&self, call: &Call, path: &str) -> Result<Stream, ApiError> {
        let response = self.send(call, Method::GET, path, None).await?;
        Ok(Stream { call: call.clone(), body: response.into_body() })
    }

    async fn answer(
        &self,
        call: &Call,
        method: Method,
        path: &str,
        body: Option<&Json>,
    ) -> Result<Json, ApiError> {
        let mut patience = Patience::new(self.patience);
        loop {
            match self.attempt(call, method.clone(), path, body).await {
                Ok(answer) => return Ok(answer),
                Err(error) => self.again(error, &mut patience).await?,
            }
        }
    }

    /// Waits until a failed call may be repeated, if it may.
    async fn again(&self, error: ApiError, patience: &mut Patience) -> Result<(), ApiError> {
        let delay = patience.backoff.delay(error.retry_after());
        if !error.is_transient() || patience.begin.elapsed() + delay > patience.most {
            return Err(error);
        }
        (self.notice)(Notice::Retrying { error, delay });
        sleep(delay).await;
        Ok(())
    }

    async fn attempt(
        &self,
        call: &Call,
        method: Method,
        path: &str,
        body: Option<&Json>,
    ) -> Result<Json, ApiError> {
        let response = self.send(call, method, path, body).await?;
        let bytes = collect(call, response).await?;
        serde_json::from_slice(&bytes)
            .map_err(|error| ApiError::Malformed { call: call.clone(), reason: error.to_string() })
    }

    /// Sends one request; a refusal of the credentials is answered once with fresh ones.
    async fn send(
        &self,
        call: &Call,
        method: Method,
        path: &str,
        body: Option<&Json>,
    ) -> Result<Response<Body>, ApiError> {
        let began = Instant::now();
        match self.send_once(call, &method, path, body).await {
            Err(ApiError::Unauthorized { .. }) if self.refresh(began).await => {
                self.send_once(call, &method, path, body).await
            }
            result => result,
        }
    }

    async fn send_once(
        &self,
        call: &Call,
        method: &Method,
        path: &str,
        body: Option<&Json>,
    ) -> Result<Response<Body>, ApiError> {
        let malformed = |reason: String| ApiError::Malformed { call: call.clone(), reason };
        let bytes = match body {
            Some(body) => serde_json::to_vec(body).map_err(|error| malformed(error.to_string()))?,
            None => Vec::new(),
        };
        let mut request = Request::builder().method(method).uri(path);
        if body.is_some() {
            request = request.header(http::header::CONTENT_TYPE, "application/json");
        }
        let request =
            request.body(Body::from(bytes)).map_err(|error| malformed(error.to_string()))?;
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.requests.fetch_add(1, Ordering::Relaxed);
        let response = match timeout(ANSWER, client.send(request)).await {
            Err(_) => {
                let reason = format!("no answer within {} s", ANSWER.as_secs());
                return Err(ApiError::Unreachable { call: call.clone(), reason });
            }
            Ok(Err(error)) => return Err(ApiError::from_kube(call, &error)),
            Ok(Ok(response)) => response,
        };
        if response.status().is_success() {
            return Ok(response);
        }
        let code = response.status().as_u16();
        let retry_after = response
            .headers()
            .get(http::header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(|seconds: u64| Duration::from_secs(seconds.min(MOST_ASKED)));
        let body = collect(call, response).await.unwrap_or_default();
        Err(ApiError::from_answer(call, code, retry_after, &body))
    }

    /// Makes the credentials anew that a call of that time was refused with, once for all calls: each may start a program
    /// or ask somebody. Says whether there are new ones.
    async fn refresh(&self, since: Instant) -> bool {
        let Some(reconnect) = &self.reconnect else { return false };
        let mut refreshed = self.refreshed.lock().await;
        if let Some((at, worked)) = refreshed.last
            && at > since
        {
            return worked;
        }
        let client = reconnect().await;
        refreshed.last = Some((Instant::now(), client.is_ok()));
        let Ok(client) = client else { return false };
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client;
        true
    }
}

/// When credentials were last made anew, and whether that worked.
#[derive(Default)]
struct Refreshed {
    last: Option<(Instant, bool)>,
}

/// Why a pod was not created, as far as anybody knows.
#[derive(Debug, Clone)]
pub struct NotCreated {
    /// How the last request ended.
    pub error: ApiError,
    /// Whether an earlier one, or this one, may have made it all the same.
    pub may_exist: bool,
}

/// For how long a call is repeated.
struct Patience {
    begin: Instant,
    most: Duration,
    backoff: Backoff,
}

impl Patience {
    fn new(most: Duration) -> Self {
        Self { begin: Instant::now(), most, backoff: Backoff::default() }
    }
}

fn client(mut config: Config) -> Result<Client, String> {
    // Repeating is decided in `answer`; a layer below would repeat creations as well.
    config.default_retry = false;
    // kubectl, too, reads a token without the line feed at its end.
    if let Some(token) = config.auth_info.token.take() {
        let token = token.expose_secret().trim();
        if !token.bytes().all(|byte| matches!(byte, b'!'..=b'~')) {
            return Err("the token of the kubeconfig holds blanks or control characters".to_owned());
        }
        config.auth_info.token = Some(SecretString::from(token));
    }
    Client::try_from(config).map_err(|error| chain(&error))
}

/// The same in a thread of its own: the credential program of a kubeconfig may ask somebody or hang, and signals and
/// limits do not wait for it.
async fn client_in_time(config: Config) -> Result<Client, String> {
    let made = tokio::task::spawn_blocking(move || client(config));
    match timeout(CREDENTIALS, made).await {
        Ok(Ok(made)) => made,
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no credentials within {} s", CREDENTIALS.as_secs())),
    }
}

fn pods(namespace: &str, name: &str) -> String {
    let (namespace, name) = (escape(namespace), escape(name));
    if name.is_empty() {
        format!("/api/v1/namespaces/{namespace}/pods")
    } else {
        format!("/api/v1/namespaces/{namespace}/pods/{name}")
    }
}

/// Escapes a value for a query.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

async fn collect(call: &Call, response: Response<Body>) -> Result<Vec<u8>, ApiError> {
    let unreachable = |reason| ApiError::Unreachable { call: call.clone(), reason };
    match timeout(ANSWER, Limited::new(response.into_body(), LONGEST).collect()).await {
        Err(_) => Err(unreachable(format!("the answer did not end within {} s", ANSWER.as_secs()))),
        Ok(Err(error)) => Err(unreachable(chain(error.as_ref()))),
        Ok(Ok(body)) => Ok(body.to_bytes().to_vec()),
    }
}

/// An open watch or log.
pub struct Stream {
    call: Call,
    body: Body,
}

impl Stream {
    /// The next bytes; none when the server ended the stream.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, ApiError> {
        loop {
            match self.body.frame().await {
                None => return Ok(None),
                Some(Err(error)) => {
                    return Err(ApiError::Unreachable {
                        call: self.call.clone(),
                        reason: chain(&error),
                    });
                }
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data.to_vec()));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use super::super::super::scripted::{Script, answer, status};
    use super::*;

    fn pod() -> Json {
        json!({"metadata": {"name": "p"}})
    }

    #[tokio::test]
    async fn a_token_is_trimmed_and_refused_without_being_shown() {
        let with = |token: &str| {
            let mut config = Config::new("http://127.0.0.1:1".parse().unwrap());
            config.auth_info.token = Some(SecretString::from(token));
            client(config).map(|_| ())
        };
        assert_eq!(with("abc.def-1\n"), Ok(()));
        let refused = with("abc\u{1}def").unwrap_err();
        assert!(refused.contains("token") && !refused.contains("abc"), "{refused}");
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_waits_as_long_as_the_server_asks() {
        let (cluster, script) = Script::new();
        let begin = Instant::now();
        let server = script.play(vec![
            answer("POST", "/api/v1/namespaces/ns/pods", 429, "slow down")
                .header("retry-after", "7"),
            answer("POST", "/api/v1/namespaces/ns/pods", 201, pod()),
        ]);
        cluster.create_pod("ns", &pod()).await.unwrap();
        assert!(begin.elapsed() >= Duration::from_secs(7));
        server.await.unwrap();
        assert_eq!(cluster.requests(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn no_server_can_ask_to_be_left_alone_for_ever() {
        let (cluster, script) = Script::new();
        let begin = Instant::now();
        let server = script.play(vec![
            answer("POST", "/api/v1/namespaces/ns/pods", 429, "slow down")
                .header("retry-after", &u64::MAX.to_string()),
            answer("POST", "/api/v1/namespaces/ns/pods", 201, pod()),
        ]);
        cluster.create_pod("ns", &pod()).await.unwrap();
        assert_eq!(begin.elapsed().as_secs(), MOST_ASKED);
        server.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_after_a_request_without_answer_may_leave_a_pod() {
        let (cluster, script) = Script::new();
        let server = script.play(vec![
            answer("POST", "/api/v1/namespaces/ns/pods", 504, status(504, "timeout")),
            answer("POST", "/api/v1/namespaces/ns/pods", 403, status(403, "exceeded quota")),
        ]);
        assert!(cluster.create_pod("ns", &pod()).await.unwrap_err().may_exist);
        server.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn server_errors_are_retried_until_patience_ends() {
        let (cluster, script) = Script::new();
        let cluster = cluster.patience(Duration::from_secs(5));
        let _server = script.repeat(503, status(503, "no leader"));
        let error = cluster.get_pod("ns", "p").await.unwrap_err();
        assert!(error.to_string().contains("no leader"), "{error}");
        assert!(cluster.requests() > 3, "{}", cluster.requests());
        assert!(cluster.requests() < 30, "{}", cluster.requests());
    }

    #[tokio::test(start_paused = true)]
    async fn missing_rights_are_named_and_not_retried() {
        let (cluster, script) = Script::new();
        let message = "pods is forbidden: User \"u\" cannot create resource \"pods\"";
        let server = script.play(vec![answer(
            "POST",
            "/api/v1/namespaces/ns/pods",
            403,
            status(403, message),
        )]);
        let error = cluster.create_pod("ns", &pod()).await.unwrap_err().error.to_string();
        assert!(
            error.contains("verb `create` on `pods`") && error.contains("User \"u\""),
            "{error}"
        );
        server.await.unwrap();
        assert_eq!(cluster.requests(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn deleting_what_is_gone_succeeds() {
        let (cluster, script) = Script::new();
        let server = script.play(vec![answer(
            "DELETE",
            "/api/v1/namespaces/ns/pods/p",
            404,
            status(404, "gone"),
        )]);
        cluster.delete_pod("ns", "p", Some(1)).await.unwrap();
        server.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn refused_credentials_are_made_anew_once() {
        let (cluster, first) = Script::new();
        let (fresh, second) = Script::client();
        let fresh = Arc::new(Mutex::new(Some(fresh)));
        let reconnect: Reconnect = Arc::new(move || {
            let fresh = fresh.lock().unwrap().take();
            Box::pin(async move { fresh.ok_or_else(|| "asked twice".into()) })
        });
        let cluster = Cluster { reconnect: Some(reconnect), ..cluster };
        let server = first.play(vec![answer("GET", "/api/v1/namespaces/ns/pods/p", 401, "no")]);
        let again = second.play(vec![
            answer("GET", "/api/v1/namespaces/ns/pods/p", 200, pod()),
            answer("GET", "/api/v1/namespaces/ns/pods/p", 401, "no"),
        ]);
        assert_eq!(cluster.get_pod("ns", "p").await.unwrap(), pod());
        assert!(matches!(cluster.get_pod("ns", "p").await, Err(ApiError::Unauthorized { .. })));
        server.await.unwrap();
        again.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_are_refused_together_share_new_credentials() {
        let (cluster, first) = Script::new();
        let made = Arc::new(AtomicU64::new(0));
        let (fresh, second) = Script::client();
        let count = made.clone();
        let reconnect: Reconnect = Arc::new(move || {
            let (fresh, count) = (fresh.clone(), count.clone());
            Box::pin(async move {
                count.fetch_add(1, Ordering::Relaxed);
                sleep(Duration::from_secs(2)).await;
                Ok(fresh)
            })
        });
        let cluster = Cluster { reconnect: Some(reconnect), ..cluster };
        let path = "/api/v1/namespaces/ns/pods/p";
        first.serve(vec![answer("GET", path, 401, "no").always()]);
        second.serve(vec![answer("GET", path, 200, pod()).always()]);
        let calls = (0..5).map(|_| cluster.get_pod("ns", "p"));
        assert!(futures::future::join_all(calls).await.iter().all(Result::is_ok));
        assert_eq!(made.load(Ordering::Relaxed), 1);
    }
}
