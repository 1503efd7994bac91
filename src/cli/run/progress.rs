//! What is going on, on one line that stays at the bottom of the terminal.

use std::collections::BTreeSet;
use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::diag::escape::visible;
use crate::launch::events::{Event, Record};

/// How many names fit.
const NAMES: usize = 4;

/// The line; it does nothing where there is no terminal.
pub(super) struct Progress {
    bar: ProgressBar,
    running: BTreeSet<String>,
    done: usize,
    all: usize,
}

impl Progress {
    /// Shows progress on standard error if that is a terminal and `wanted`.
    pub(super) fn new(all: usize, wanted: bool) -> Self {
        let shown = wanted && std::io::stderr().is_terminal();
        let target =
            if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})");
        let bar = ProgressBar::with_draw_target(None, target)
            .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        Self { bar, running: BTreeSet::new(), done: 0, all }
    }

    /// Takes note of an event.
    pub(super) fn see(&mut self, record: &Record) {
        let task = record.task.clone().unwrap_or_default();
        match &record.event {
            Event::AttemptStarted { .. } => drop(self.running.insert(task)),
            Event::TaskFinished { .. } => {
                self.running.remove(&task);
                self.done += 1;
            }
            _ => return,
        }
        let mut names: Vec<_> =
            self.running.iter().take(NAMES).map(|name| visible(name).into_owned()).collect();
        if self.running.len() > NAMES {
            names.push(format!("{} more", self.running.len() - NAMES));
        }
        let message = format!("{} of {} done, running: {}", self.done, self.all, names.join(", "));
        self.bar.set_message(message);
    }

    /// Moves on.
    pub(super) fn tick(&self) {
        self.bar.tick();
    }

    /// Writes while the line is out of the way.
    pub(super) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    /// Takes the line away.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
