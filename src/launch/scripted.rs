//! A scripted API server for tests: it answers each request with the first answer for its route that is
//! still unused, and fails the test on a request nobody foresaw.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use kube::Client;
use kube::client::Body;
use serde_json::{Value as Json, json};
use tokio::task::JoinHandle;
use tower_test::mock::{Handle, pair};

use super::api::Cluster;

type Sent = UnsyncBoxBody<Bytes, std::io::Error>;

/// One foreseen answer.
#[derive(Clone)]
pub(super) struct Answer {
    method: &'static str,
    path: String,
    query: Option<String>,
    code: u16,
    headers: Vec<(&'static str, String)>,
    /// Pieces of the body, each after a time.
    pieces: Vec<(Duration, Vec<u8>)>,
    end: End,
    /// Answers any number of requests.
    always: bool,
}

/// How a body ends.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Clean,
    Broken,
    Never,
}

/// An answer whose body is JSON, or text as it is.
pub(super) fn answer(method: &'static str, path: &str, code: u16, body: impl Into<Json>) -> Answer {
    let bytes = match body.into() {
        Json::String(text) => text.into_bytes(),
        json => json.to_string().into_bytes(),
    };
    Answer {
        method,
        path: path.into(),
        query: None,
        code,
        headers: vec![],
        pieces: vec![(Duration::ZERO, bytes)],
        end: End::Clean,
        always: false,
    }
}

/// An answer whose body comes in pieces, each after a number of milliseconds.
pub(super) fn stream_of(path: &str, query: &str, pieces: Vec<(u64, String)>) -> Answer {
    let pieces =
        pieces.into_iter().map(|(delay, text)| (Duration::from_millis(delay), text.into_bytes()));
    Answer { pieces: pieces.collect(), ..answer("GET", path, 200, "") }.query(query)
}

/// The body of an error.
pub(super) fn status(code: u16, message: &str) -> Json {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code})
}

impl Answer {
    pub(super) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Only for requests whose query has this in it.
    pub(super) fn query(mut self, part: &str) -> Self {
        self.query = Some(part.into());
        self
    }

    /// Takes its time, in milliseconds.
    pub(super) fn after(mut self, delay: u64) -> Self {
        if let Some((before, _)) = self.pieces.first_mut() {
            *before += Duration::from_millis(delay);
        }
        self
    }

    pub(super) fn broken(mut self) -> Self {
        self.end = End::Broken;
        self
    }

    pub(super) fn endless(mut self) -> Self {
        self.end = End::Never;
        self
    }

    pub(super) fn always(mut self) -> Self {
        self.always = true;
        self
    }

    fn fits(&self, method: &str, path: &str, query: &str) -> bool {
        self.method == method
            && (self.path == path
                || (self.path.ends_with('*') && path.starts_with(self.path.trim_end_matches('*'))))
            && self.query.as_ref().is_none_or(|part| match part.strip_prefix('!') {
                Some(absent) => !query.contains(absent),
                None => query.contains(part),
            })
    }

    fn response(&self) -> Response<Sent> {
        let mut response = Response::builder().status(self.code);
        for (name, value) in &self.headers {
            response = response.header(*name, value);
        }
        let pieces = self.pieces.clone().into_iter().map(Some).chain([None]);
        let end = self.end;
        let frames = stream::unfold(pieces, move |mut pieces| async move {
            let frame: Result<_, std::io::Error> = match pieces.next()? {
                Some((delay, bytes)) => {
                    tokio::time::sleep(delay).await;
                    Ok(Frame::data(Bytes::from(bytes)))
                }
                None => match end {
                    End::Clean => return None,
                    End::Broken => Err(std::io::Error::other("connection reset")),
                    End::Never => std::future::pending().await,
                },
            };
            Some((frame, pieces))
        });
        response.body(StreamBody::new(frames).boxed_unsync()).unwrap()
    }
}

/// The server's end.
pub(super) struct Script {
    handle: Handle<Request<Body>, Response<Sent>>,
    log: Arc<Mutex<Vec<Seen>>>,
}

/// A request that came.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// `POST /api/v1/...?query`
    pub(super) line: String,
}

impl Script {
    pub(super) fn client() -> (Client, Self) {
        let (service, handle) = pair::<Request<Body>, Response<Sent>>();
        (Client::new(service, "default"), Self { handle, log: Arc::default() })
    }

    pub(super) fn new() -> (Cluster, Self) {
        let (client, script) = Self::client();
        (Cluster::new(client), script)
    }

    /// The requests that came, so far.
    pub(super) fn log(&self) -> Arc<Mutex<Vec<Seen>>> {
        self.log.clone()
    }

    /// Answers until all answers are used; panics on a request that fits none. Answers for any number of
    /// requests need not be used.
    pub(super) fn play(self, answers: Vec<Answer>) -> JoinHandle<()> {
        tokio::spawn(async move { self.run(answers, true).await })
    }

    /// Answers for ever; what fits nothing is not found.
    pub(super) fn serve(self, answers: Vec<Answer>) -> JoinHandle<()> {
        tokio::spawn(async move { self.run(answers, false).await })
    }

    /// Gives every request the same answer.
    pub(super) fn repeat(self, code: u16, body: Json) -> JoinHandle<()> {
        self.serve(
            ["GET", "POST", "DELETE"]
                .map(|method| answer(method, "/*", code, body.clone()).always())
                .into(),
        )
    }

    async fn run(mut self, mut answers: Vec<Answer>, strict: bool) {
        while !strict || answers.iter().any(|answer| !answer.always) {
            let Some((request, send)) = self.handle.next_request().await else {
                let left: Vec<_> =
                    answers.iter().filter(|it| !it.always).map(|it| &it.path).collect();
                assert!(!strict || left.is_empty(), "the client is gone, unused: {left:?}");
                return;
            };
            let (parts, body) = request.into_parts();
            body.collect().await.unwrap();
            let (method, path) = (parts.method.as_str(), parts.uri.path());
            let query = parts.uri.query().unwrap_or_default();
            self.log.lock().unwrap().push(Seen { line: format!("{method} {}", parts.uri) });
            let found = answers.iter().position(|answer| answer.fits(method, path, query));
            let Some(at) = found else {
                assert!(!strict, "nobody foresaw {method} {}", parts.uri);
                send.send_response(answer("GET", "", 404, status(404, "not scripted")).response());
                continue;
            };
            let response = answers[at].response();
            if !answers[at].always {
                answers.remove(at);
            }
            send.send_response(response);
        }
    }
}
