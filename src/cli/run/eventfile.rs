//! The file of `--events`, written by a thread of its own: a pipe whose reader is slow holds up nothing but logs.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::args::OutputArgs;
use super::feed::{Feed, Item};
use crate::cli::Ctx;
use crate::cli::failure::Trouble;
use crate::disk;
use crate::launch::cancel::{Cancel, Urgency};
use crate::launch::events::{JsonLines, Sink};

/// How often the end of the writing is looked for.
const PACE: Duration = Duration::from_millis(100);
/// After which time podlift says whom it waits for.
const SAY: Duration = Duration::from_secs(2);
/// How long a run that was asked to stop waits for the reader.
const STOPPED: Duration = Duration::from_secs(10);

/// The file and what waits to be written to it.
pub(super) struct EventFile {
    pub(super) feed: Feed,
    failed: Arc<Mutex<Option<String>>>,
    /// Its other end goes when everything is written.
    done: Receiver<()>,
}

impl EventFile {
    /// Opens the file, if one was asked for.
    ///
    /// # Errors
    /// When it cannot be written to.
    pub(super) fn open(output: &OutputArgs, ctx: &Ctx<'_>) -> Result<Option<Self>> {
        let Some(path) = &output.events else { return Ok(None) };
        let place = ctx.cwd.join(path);
        let file = match disk::feed(&place) {
            Ok(Some(there)) => Ok(there),
            Ok(None) => {
                OpenOptions::new().create(true).append(true).open(&place).and_then(|mut file| {
                    // Who is killed while writing leaves half a line.
                    if !disk::ends_with_line(&place).unwrap_or(true) {
                        file.write_all(b"\n")?;
                    }
                    Ok(file)
                })
            }
            Err(error) => Err(error),
        };
        let trouble = || {
            let message = format!("cannot write events to `{}`", path.display());
            Trouble::new(message, "choose a file you may write to with --events FILE")
        };
        let (lines, failed) = JsonLines::new(file.with_context(trouble)?);
        let feed = Feed::default();
        let (end, done) = channel();
        let from = feed.clone();
        let write = move || {
            let _end = end;
            while let Some(items) = from.take(Duration::from_secs(60)) {
                for item in items {
                    if let Item::Record(record) = item {
                        lines.take(&record);
                    }
                }
            }
        };
        std::thread::Builder::new().name("events".into()).spawn(write).with_context(trouble)?;
        Ok(Some(Self { feed, failed, done }))
    }

    /// Waits until all is written: for a reader that is slow as long as the user likes, which `note` tells. Gives what
    /// went wrong.
    pub(super) fn end(self, cancel: &Cancel, mut note: impl FnMut(&str)) -> Option<String> {
        let (begin, before) = (Instant::now(), cancel.now());
        let mut said = false;
        while let Err(RecvTimeoutError::Timeout) = self.done.recv_timeout(PACE) {
            let most = match before {
                Urgency::None => Duration::MAX,
                Urgency::Orderly => STOPPED,
                Urgency::AtOnce => PACE,
            };
            if begin.elapsed() > most || cancel.now() > before {
                return Some("nobody reads them".to_owned());
            }
            if !said && begin.elapsed() > SAY {
                note("the reader of the events is behind; waiting for it (Ctrl-C leaves)");
                said = true;
            }
        }
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
