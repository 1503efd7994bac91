//! Follows the log of one container from its first line to its last.
//!
//! The end of a stream means nothing: kubelets, proxies and API servers end streams for reasons of their own. A log is
//! complete when the container has ended and a read that does not follow came to a clean end after that.

use std::ops::ControlFlow;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::{Framer, LogLine, Position};
use crate::launch::api::{ApiError, Backoff, Call, Cluster, Stream, Verb, escape};

/// How long a stream of a running container may be silent before it is replaced. The process may have nothing
/// to say; or the connection is dead, and nothing else would tell.
const IDLE: Duration = Duration::from_secs(120);
/// A stream that has been silent for so long and breaks has lost nothing: kubelets and proxies close what is idle.
const QUIET: Duration = Duration::from_secs(10);
/// How long a stream may stay open after its container has ended.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How long a status may take to follow the end of a log.
const STATUS_ON_THE_WAY: Duration = Duration::from_secs(2);

/// What the follower has to know about its container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Life {
    /// Whether there is a log.
    pub begun: bool,
    /// Whether the running instance has ended.
    pub ended: bool,
    /// How often the container was started again.
    pub restarts: u32,
    /// Nothing more is awaited from the container: read what there is, then stop.
    pub last: bool,
}

/// What a follower sends.
#[derive(Debug)]
pub enum Heard {
    /// New lines.
    Lines {
        /// Container.
        container: String,
        /// The lines, in order.
        lines: Vec<LogLine>,
    },
    /// The stream was lost and opened again.
    Reopened {
        /// Container.
        container: String,
        /// Why.
        reason: String,
    },
    /// The log was not read to its end.
    Incomplete {
        /// Container.
        container: String,
        /// Why.
        error: ApiError,
    },
}

/// Reads the log of one container.
pub struct Follower {
    /// The cluster.
    pub cluster: Cluster,
    /// Namespace of the pod.
    pub namespace: String,
    /// Name of the pod.
    pub pod: String,
    /// Name of the container.
    pub container: String,
    /// Where the lines go.
    pub to: mpsc::Sender<Heard>,
    /// What happens to the container.
    pub life: watch::Receiver<Life>,
}

/// How reading one stream ended.
enum Ended {
    /// The server ended it.
    Clean,
    /// The connection broke, or was silent for too long.
    Broken(ApiError),
    /// The container has ended and the stream was given its time.
    Overdue,
}

impl Follower {
    /// Reads until the container and its log have ended.
    pub async fn run(mut self) {
        let mut position = Position::default();
        let mut instance = 0;
        loop {
            // An instance that came and went between two looks has left its log behind.
            let life = *self.life.borrow_and_update();
            if life.restarts > instance {
                if life.restarts > instance + 1 {
                    let message = "it was started again more than once between two looks";
                    let error =
                        ApiError::NotFound { call: self.call(), message: message.to_owned() };
                    self.send(Heard::Incomplete { container: self.container.clone(), error }).await;
                    position.next_instance();
                }
                self.read_to_end(&mut position, true).await;
                position.next_instance();
                instance = life.restarts;
                continue;
            }
            if life.begun && !life.ended && !life.last {
                if self.follow(&mut position, instance).await.is_break() {
                    return;
                }
                continue;
            }
            if life.begun && (life.ended || life.last) {
                if !self.read_to_end(&mut position, false).await || life.last {
                    return;
                }
            } else if life.last {
                return;
            }
            if self
                .life
                .wait_for(|now| now.last || now.restarts > instance || (now.begun && !now.ended))
                .await
                .is_err()
            {
                return;
            }
        }
    }

    /// Follows until the container has ended or starts anew. Breaks when there is no right to read.
    async fn follow(&mut self, position: &mut Position, instance: u32) -> ControlFlow<()> {
        let is_over = |life: &Life| life.ended || life.last || life.restarts > instance;
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));
        // Rights that were there may be back soon: a token that is being replaced, a server that starts.
        let (mut opened, mut denied) = (false, None);
        loop {
            let since = position.reopen();
            let asked_at = Instant::now();
            let reason = match self.open(since, true, false).await {
                Ok(stream) => {
                    (opened, denied) = (true, None);
                    match self.read(stream, position, &mut backoff, true).await {
                        Ended::Overdue => return ControlFlow::Continue(()),
                        Ended::Clean => None,
                        Ended::Broken(error) => Some(error),
                    }
                }
                // Some kubelets begin their answer with the first line.
                Err(ApiError::Unreachable { .. }) if asked_at.elapsed() >= QUIET => None,
                Err(error) => Some(error),
            };
            if is_over(&self.life.borrow()) {
                return ControlFlow::Continue(());
            }
            // An orderly end mostly means that the container has ended and its status is on the way.
            let orderly = if reason.is_none() { STATUS_ON_THE_WAY } else { Duration::ZERO };
            let asked = reason.as_ref().and_then(ApiError::retry_after).unwrap_or(orderly);
            if let Some(error) = reason {
                let denied =
                    error.is_lack_of_rights().then(|| *denied.get_or_insert_with(Instant::now));
                let patience = self.cluster.patience_limit();
                if denied.is_some_and(|since| !opened || since.elapsed() > patience) {
                    let container = self.container.clone();
                    self.send(Heard::Incomplete { container, error }).await;
                    return ControlFlow::Break(());
                }
                if !error.is_transient() && !is_too_early(&error) && denied.is_none() {
                    // The pod is gone, say; the last read will meet it again and tell.
                    self.settled().await;
                    return ControlFlow::Continue(());
                }
                if !is_too_early(&error) {
                    let (container, reason) = (self.container.clone(), error.to_string());
                    self.send(Heard::Reopened { container, reason }).await;
                }
            }
            let delay = sleep(backoff.delay(Some(asked)));
            tokio::select! {
                () = delay => {}
                _ = self.life.wait_for(is_over) => return ControlFlow::Continue(()),
            }
        }
    }

    /// Waits until the container has ended, or a while: what cannot be followed is not asked for in a loop.
    async fn settled(&mut self) {
        let ended = self.life.wait_for(|life| life.ended || life.last);
        let _ = tokio::time::timeout(IDLE, ended).await;
    }

    /// Reads what is left, without following. Says whether the log is still there.
    async fn read_to_end(&mut self, position: &mut Position, previous: bool) -> bool {
        let begin = Instant::now();
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(5));
        loop {
            let since = position.reopen();
            let error = match self.open(since, false, previous).await {
                Ok(stream) => match self.read(stream, position, &mut backoff, false).await {
                    Ended::Clean | Ended::Overdue => return true,
                    Ended::Broken(error) => error,
                },
                Err(error) => error,
            };
            if !error.is_transient() || begin.elapsed() > self.cluster.patience_limit() {
                // The log of an earlier instance, or of one that never ran, need not exist.
                if !previous && !is_too_early(&error) {
                    let container = self.container.clone();
                    self.send(Heard::Incomplete { container, error }).await;
                }
                return previous;
            }
            sleep(backoff.delay(error.retry_after())).await;
        }
    }

    async fn open(
        &self,
        since: Option<Timestamp>,
        follow: bool,
        previous: bool,
    ) -> Result<Stream, ApiError> {
        let mut path = format!(
            "/api/v1/namespaces/{}/pods/{}/log?container={}&timestamps=true",
            escape(&self.namespace),
            escape(&self.pod),
            escape(&self.container)
        );
        if follow {
            path.push_str("&follow=true");
        }
        if previous {
            path.push_str("&previous=true");
        }
        if let Some(since) = since {
            path.push_str(&format!("&sinceTime={}", escape(&since.to_string())));
        }
        self.cluster.open(&self.call(), &path).await
    }

    fn call(&self) -> Call {
        Call::new(Verb::Get, "pods/log", &self.namespace)
    }

    async fn read(
        &mut self,
        mut stream: Stream,
        position: &mut Position,
        backoff: &mut Backoff,
        follow: bool,
    ) -> Ended {
        let call = self.call();
        let mut framer = Framer::default();
        let mut overdue = None;
        let mut last = Instant::now();
        loop {
            let until = overdue.unwrap_or_else(|| Instant::now() + IDLE);
            let next = tokio::select! {
                biased;
                next = stream.next() => next,
                // Once the container has ended, the stream has a short while left.
                _ = self.life.wait_for(|life| life.ended || life.last), if follow && overdue.is_none() => {
                    overdue = Some(Instant::now() + LAST_WORDS);
                    continue;
                }
                () = sleep_until(until) => {
                    return match overdue {
                        Some(_) => Ended::Overdue,
                        // A process may have nothing to say, but the rest of a log comes at once.
                        None if !follow => Ended::Broken(ApiError::Unreachable {
                            call: call.clone(),
                            reason: format!("no more of the log came within {} s", IDLE.as_secs()),
                        }),
                        None => Ended::Clean,
                    };
                }
            };
            match next {
                Err(_) if follow && last.elapsed() >= QUIET => return Ended::Clean,
                Err(error) => return Ended::Broken(error),
                Ok(Some(bytes)) => {
                    if !bytes.is_empty() {
                        last = Instant::now();
                    }
                    backoff.reset();
                    // Who still sends is not overdue.
                    overdue = overdue.map(|_| Instant::now() + LAST_WORDS);
                    let mut lines = Vec::new();
                    framer.push(&bytes, |line| {
                        if position.admit(&line) {
                            lines.push(line);
                        }
                    });
                    if position.take_gap() {
                        let message = "lines between two connections are gone: the log was rotated";
                        let error =
                            ApiError::NotFound { call: call.clone(), message: message.to_owned() };
                        let container = self.container.clone();
                        self.send(Heard::Incomplete { container, error }).await;
                    }
                    self.lines(lines).await;
                }
                Ok(None) => {
                    // Without following, the end is the end of the log: also of a line that lacks its own.
                    if !follow
                        && let Some(line) = framer.finish()
                        && position.admit(&line)
                    {
                        self.lines(vec![line]).await;
                    }
                    return Ended::Clean;
                }
            }
        }
    }

    async fn lines(&self, lines: Vec<LogLine>) {
        if !lines.is_empty() {
            self.send(Heard::Lines { container: self.container.clone(), lines }).await;
        }
    }

    async fn send(&self, heard: Heard) {
        // Nobody listens any more when the attempt was given up; then nothing is lost either.
        let _ = self.to.send(heard).await;
    }
}

/// Whether the kubelet says that the container has no log yet.
fn is_too_early(error: &ApiError) -> bool {
    matches!(error, ApiError::Refused { code: 400, message, .. }
        if message.contains("waiting to start") || message.contains("ContainerCreating")
            || message.contains("PodInitializing") || message.contains("not available"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::launch::scripted::{Answer, Script, answer, status, stream_of};

    const LOG: &str = "/api/v1/namespaces/ns/pods/p/log";
    const RUNNING: Life = Life { begun: true, ended: false, restarts: 0, last: false };
    const ENDED: Life = Life { begun: true, ended: true, restarts: 0, last: true };

    fn lines(range: std::ops::Range<u32>) -> String {
        range.map(|n| format!("2026-01-01T00:00:{n:02}.5Z line {n}\n")).collect()
    }

    fn follow(pieces: Vec<(u64, String)>) -> Answer {
        stream_of(LOG, "follow=true", pieces)
    }

    fn last(text: String) -> Answer {
        stream_of(LOG, "!follow", vec![(0, text)])
    }

    /// Plays the answers to a follower whose container lives as told; gives all it heard.
    async fn hear(answers: Vec<Answer>, life: Vec<(u64, Life)>) -> (Vec<String>, Vec<String>) {
        let (cluster, script) = Script::new();
        let server = script.play(answers);
        let (send_life, life_of) = watch::channel(Life::default());
        let (to, mut from) = mpsc::channel(16);
        let follower = Follower {
            cluster,
            namespace: "ns".into(),
            pod: "p".into(),
            container: "c".into(),
            to,
            life: life_of,
        };
        let task = tokio::spawn(follower.run());
        tokio::spawn(async move {
            for (delay, life) in life {
                sleep(Duration::from_millis(delay)).await;
                send_life.send_replace(life);
            }
            std::future::pending::<()>().await;
        });
        let (mut heard, mut told) = (vec![], vec![]);
        while let Some(item) = from.recv().await {
            match item {
                Heard::Lines { lines, .. } => heard.extend(lines.iter().map(LogLine::text)),
                Heard::Reopened { reason, .. } => told.push(reason),
                Heard::Incomplete { error, .. } => told.push(format!("incomplete: {error}")),
            }
        }
        task.await.unwrap();
        server.await.unwrap();
        (heard, told)
    }

    fn expected(range: std::ops::Range<u32>) -> Vec<String> {
        range.map(|n| format!("line {n}")).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_broken_stream_goes_on_where_it_was() {
        let whole = lines(0..6);
        let (before, _) = whole.split_at(whole.len() / 2 + 5);
        let (heard, told) = hear(
            vec![
                follow(vec![(0, before.into())]).broken(),
                follow(vec![(0, lines(1..6))])
                    .query("sinceTime=2026-01-01T00%3A00%3A01Z")
                    .endless(),
                last(lines(4..7)).query("!follow"),
            ],
            vec![(0, RUNNING), (2000, ENDED)],
        )
        .await;
        assert_eq!(heard, expected(0..7));
        assert_eq!(told.len(), 1, "{told:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_ends_early_is_not_the_end() {
        let (heard, _) = hear(
            vec![
                follow(vec![(0, lines(0..1))]),
                follow(vec![(500, lines(0..2))]).endless(),
                last(lines(0..4)),
            ],
            vec![(0, RUNNING), (9000, ENDED)],
        )
        .await;
        assert_eq!(heard, expected(0..4));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_never_ends_is_left_behind() {
        let (heard, _) = hear(
            vec![
                follow(vec![(0, lines(0..2))]).endless(),
                last(lines(0..3) + "2026-01-01T00:00:09Z no end"),
            ],
            vec![(0, RUNNING), (100, ENDED)],
        )
        .await;
        assert_eq!(heard, ["line 0", "line 1", "line 2", "no end"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_stream_is_replaced() {
        let (heard, _) = hear(
            vec![
                follow(vec![(0, lines(0..1))]).endless(),
                follow(vec![(0, lines(0..3))]).endless(),
                last(lines(1..3)),
            ],
            vec![(0, RUNNING), (200_000, ENDED)],
        )
        .await;
        assert_eq!(heard, expected(0..3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_stream_that_breaks_is_no_news() {
        let (heard, told) = hear(
            vec![
                follow(vec![(0, lines(0..1)), (30_000, String::new())]).broken(),
                follow(vec![(0, lines(0..3))]).endless(),
                last(lines(1..3)),
            ],
            vec![(0, RUNNING), (60_000, ENDED)],
        )
        .await;
        assert_eq!((heard, told), (expected(0..3), vec![]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_container_that_is_still_starting_is_asked_again() {
        let early = "container \"c\" in pod \"p\" is waiting to start: ContainerCreating";
        let (heard, told) = hear(
            vec![
                answer("GET", LOG, 400, status(400, early)),
                answer("GET", LOG, 503, "busy"),
                follow(vec![(0, lines(0..2))]).endless(),
                last(lines(0..2)),
            ],
            vec![(0, RUNNING), (1500, ENDED)],
        )
        .await;
        assert_eq!(heard, expected(0..2));
        assert_eq!(told.len(), 1, "{told:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_missing_right_is_told_and_not_asked_for_again() {
        let (heard, told) = hear(
            vec![answer("GET", LOG, 403, status(403, "no"))],
            vec![(0, RUNNING), (60_000, ENDED)],
        )
        .await;
        assert!(heard.is_empty());
        assert!(told.len() == 1 && told[0].contains("verb `get` on `pods/log`"), "{told:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_container_that_restarts_keeps_all_its_logs() {
        let second = Life { restarts: 1, ..RUNNING };
        let (heard, _) = hear(
            vec![
                follow(vec![(0, lines(0..2))]).endless(),
                last(lines(0..3)),
                stream_of(LOG, "previous=true", vec![(0, lines(1..3))]),
                follow(vec![(0, lines(3..4))]).endless(),
                last(lines(3..5)),
            ],
            vec![
                (0, RUNNING),
                (100, Life { last: false, ..ENDED }),
                (20_000, second),
                (100, Life { restarts: 1, ..ENDED }),
            ],
        )
        .await;
        assert_eq!(heard, expected(0..5));
    }

    #[tokio::test(start_paused = true)]
    async fn an_instance_that_nobody_saw_is_told() {
        let third = Life { restarts: 2, ..RUNNING };
        let (heard, told) = hear(
            vec![
                follow(vec![(0, lines(0..2))]),
                stream_of(LOG, "previous=true", vec![(0, lines(3..4))]),
                follow(vec![(0, lines(4..5))]).endless(),
                last(lines(4..6)),
            ],
            vec![(0, RUNNING), (1_000, third), (100, Life { restarts: 2, ..ENDED })],
        )
        .await;
        assert_eq!(heard, [expected(0..2), expected(3..6)].concat());
        assert!(told.iter().any(|it| it.contains("more than once")), "{told:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_container_that_never_ran_has_no_log() {
        let (heard, told) = hear(vec![], vec![(100, Life { last: true, ..Life::default() })]).await;
        assert!(heard.is_empty() && told.is_empty());
    }
}
