//! The run itself: the runtime, the signals, and what is shown meanwhile.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use super::args::{Format, OutputArgs};
use super::eventfile::EventFile;
use super::feed::{Closer, Feed, Item};
use super::lines::Lines;
use super::progress::Progress;
use crate::cli::failure::Trouble;
use crate::cli::{Ctx, Exit};
use crate::diag::escape::visible;
use crate::launch::cancel::{Canceller, Urgency, cancellation};
use crate::launch::connect::{Clusters, ConnectError};
use crate::launch::events::{Sink, Teller};
use crate::launch::run::{Run, RunReport, StartError};

/// How often the line of progress moves.
const PACE: Duration = Duration::from_millis(120);
/// How long what is left of the runtime may take to end.
const LEAVE: Duration = Duration::from_millis(200);
/// When podlift leaves in any case, after it was told to leave at once: what asks pods to end has had its time by then.
const LEAVE_ANYWAY: Duration = Duration::from_secs(15);

/// Runs all tasks and shows what happens.
pub(super) fn go(run: Run, output: &OutputArgs, ctx: &mut Ctx<'_>) -> Result<RunReport> {
    let feed = Feed::default();
    let mut sinks: Vec<Box<dyn Sink>> = vec![Box::new(feed.clone())];
    let events = EventFile::open(output, ctx)?;
    let written = events.as_ref().map(|file| file.feed.clone());
    sinks.extend(written.iter().map(|feed| Box::new(feed.clone()) as Box<dyn Sink>));
    let teller = Teller::new(&run.id, sinks);
    let mut screen = Screen::new(&run, output, ctx);
    screen.note(&format!("run {}", run.id));
    let runtime = runtime()?;
    let (canceller, cancel) = cancellation();
    let feeds: Vec<Feed> = std::iter::once(feed.clone()).chain(written).collect();
    let closers: Vec<Closer> = feeds.iter().map(Feed::closer).collect();
    listen(&runtime, canceller, &feed, &feeds)?;
    let asked = cancel.clone();
    let work = runtime.spawn(async move {
        let _closers = closers;
        run.run(Clusters::default(), &teller, cancel).await
    });
    while let Some(items) = feed.take(PACE) {
        screen.show(items);
    }
    screen.end();
    let report = runtime.block_on(work);
    let failed = events.and_then(|file| file.end(&asked, |text| screen.note(text)));
    runtime.shutdown_timeout(LEAVE);
    if let Some(error) = failed {
        let note = format!("not all events could be written: {}", visible(&error));
        // The run has ended as it has, whether or not this can be told.
        let _ = writeln!(ctx.stderr, "warning: {note}");
    }
    report.map_err(|error| anyhow!("podlift failed: {error}"))?.map_err(trouble)
}

/// The runtime of the launcher.
pub(in crate::cli) fn runtime() -> Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the threads of the launcher cannot be started")
}

/// Why nothing was started, and what to do about it.
fn trouble(error: StartError) -> anyhow::Error {
    let remedy = match &error {
        StartError::Graph(_) => "select tasks with --dag and --task",
        StartError::Connect(ConnectError::Namespace { .. }) => "name one with --namespace",
        StartError::Connect(_) => {
            "check --context and --kubeconfig; `kubectl config get-contexts` lists contexts"
        }
        StartError::Api(_) => "`podlift doctor` tells what is missing",
        StartError::Pod { .. } => "correct the job spec; --dry-run=client shows the pods",
        StartError::Cancelled => "run it again when you like",
    };
    anyhow::Error::new(error).context(Trouble::new("nothing was started", remedy))
}

/// Hands signals on to the run, and tells `feed` of them; none of `feeds` holds anything up after that.
fn listen(runtime: &Runtime, canceller: Canceller, feed: &Feed, feeds: &[Feed]) -> Result<()> {
    let _inside = runtime.enter();
    let mut streams = vec![SignalKind::interrupt(), SignalKind::terminate()];
    if !hangups_are_ignored() {
        streams.push(SignalKind::hangup());
    }
    let canceller = Arc::new(canceller);
    for kind in streams {
        let mut signals = signal(kind).context("signals cannot be listened to")?;
        let (canceller, feed, feeds) = (canceller.clone(), feed.clone(), feeds.to_vec());
        runtime.spawn(async move {
            while signals.recv().await.is_some() {
                feeds.iter().for_each(Feed::hurry);
                feed.note(match canceller.press() {
                    Urgency::AtOnce => {
                        // Also when nobody reads what is shown, and the thread that shows it waits for ever.
                        std::thread::spawn(leave_anyway);
                        "leaving at once; the pods are asked to end"
                    }
                    _ => "stopping: pods are deleted and read to their end; once more to leave at once",
                });
            }
        });
    }
    Ok(())
}

/// Ends podlift after a while.
#[allow(
    clippy::exit,
    clippy::disallowed_methods,
    reason = "the thread that would return waits for a reader that does not read"
)]
fn leave_anyway() {
    std::thread::sleep(LEAVE_ANYWAY);
    std::process::exit(Exit::Trouble as i32);
}

/// Whether podlift was started by `nohup` or the like, and is to go on when its terminal closes.
pub(in crate::cli) fn hangups_are_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1)
}

/// Where events are shown.
struct Screen<'a, 'b> {
    ctx: &'a mut Ctx<'b>,
    lines: Lines,
    progress: Progress,
    /// Whether the log goes to standard output.
    to_stdout: bool,
    quiet: bool,
    /// A reader that went away does not end the run; the pods matter more than their log.
    deaf: bool,
}

impl<'a, 'b> Screen<'a, 'b> {
    fn new(run: &Run, output: &OutputArgs, ctx: &'a mut Ctx<'b>) -> Self {
        let to_stdout = output.format == Format::Text;
        let color = if to_stdout { ctx.color_out } else { ctx.color_err };
        let mut dags: Vec<&str> =
            run.tasks.iter().map(|it| it.plan.spec.metadata.dag.as_str()).collect();
        dags.sort_unstable();
        dags.dedup();
        Self {
            lines: Lines { color, with_dag: dags.len() > 1 },
            progress: Progress::new(run.tasks.len(), !output.quiet),
            to_stdout,
            quiet: output.quiet,
            deaf: false,
            ctx,
        }
    }

    fn show(&mut self, items: impl IntoIterator<Item = Item>) {
        let mut lines = String::new();
        for item in items {
            match item {
                Item::Note(text) => {
                    self.print(&lines);
                    lines.clear();
                    self.note(&text);
                }
                Item::Record(record) => {
                    self.progress.see(&record);
                    if let Some(line) = self.lines.line(&record).filter(|_| !self.quiet) {
                        lines.push_str(&line);
                        lines.push('\n');
                    }
                }
            }
        }
        self.print(&lines);
        self.progress.tick();
    }

    fn print(&mut self, lines: &str) {
        if lines.is_empty() || self.deaf {
            return;
        }
        let out = if self.to_stdout { &mut self.ctx.stdout } else { &mut self.ctx.stderr };
        if self.progress.aside(|| write(out, lines)).is_err() {
            *out = Box::new(io::sink());
            self.deaf = true;
        }
    }

    fn note(&mut self, text: &str) {
        let line = format!("note: {}\n", visible(text));
        // Whoever cannot be told is not told.
        let _ = self.progress.aside(|| write(&mut self.ctx.stderr, &line));
    }

    fn end(&mut self) {
        self.progress.end();
    }
}

fn write(out: &mut dyn Write, text: &str) -> io::Result<()> {
    out.write_all(text.as_bytes())?;
    out.flush()
}
