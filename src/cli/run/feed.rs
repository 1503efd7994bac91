//! The way of events from the runtime to the terminal.
//!
//! The run goes on in threads of its own, and only the thread that owns the streams writes to them. A reader that is
//! slower than a log holds the log up, so that memory stays bounded; a wish to stop is never held up.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::launch::events::{Record, Sink};

/// How many things may wait to be shown.
const MOST: usize = 20_000;

/// Something to show.
pub(super) enum Item {
    /// An event.
    Record(Arc<Record>),
    /// A remark of podlift about itself.
    Note(String),
}

#[derive(Default)]
struct State {
    items: VecDeque<Item>,
    /// Nothing more will come.
    over: bool,
    /// Nobody is held up any more.
    hurry: bool,
}

/// A bounded queue; clones share it.
#[derive(Clone, Default)]
pub(super) struct Feed(Arc<(Mutex<State>, Condvar)>);

impl Feed {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, item: Item) {
        let mut state = self.lock();
        if state.items.len() >= MOST && !state.hurry {
            // Other tasks of the runtime move to another thread meanwhile.
            drop(state);
            state = tokio::task::block_in_place(|| {
                let full = |state: &mut State| state.items.len() >= MOST && !state.hurry;
                self.0.1.wait_while(self.lock(), full).unwrap_or_else(PoisonError::into_inner)
            });
        }
        state.items.push_back(item);
        self.0.1.notify_all();
    }

    /// Adds a remark.
    pub(super) fn note(&self, text: impl Into<String>) {
        self.push(Item::Note(text.into()));
    }

    /// Holds nobody up from now on.
    pub(super) fn hurry(&self) {
        self.lock().hurry = true;
        self.0.1.notify_all();
    }

    /// Everything that waits; after `patience` also nothing. None when the run is over and all was taken.
    pub(super) fn take(&self, patience: Duration) -> Option<VecDeque<Item>> {
        let idle = |state: &mut State| state.items.is_empty() && !state.over;
        let waited = self.0.1.wait_timeout_while(self.lock(), patience, idle);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if state.items.is_empty() && state.over {
            return None;
        }
        let items = std::mem::take(&mut state.items);
        self.0.1.notify_all();
        Some(items)
    }

    /// Says that nothing more comes when it is dropped, also when the run ends in a panic.
    pub(super) fn closer(&self) -> Closer {
        Closer(self.clone())
    }
}

impl Sink for Feed {
    fn take(&self, record: &Arc<Record>) {
        self.push(Item::Record(record.clone()));
    }
}

/// Ends the feed when dropped.
pub(super) struct Closer(Feed);

impl Drop for Closer {
    fn drop(&mut self) {
        self.0.lock().over = true;
        self.0.0.1.notify_all();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn notes(items: VecDeque<Item>) -> Vec<String> {
        items
            .into_iter()
            .filter_map(|item| match item {
                Item::Note(text) => Some(text),
                Item::Record(_) => None,
            })
            .collect()
    }

    #[test]
    fn what_was_pushed_is_taken_in_order_and_then_it_is_over() {
        let feed = Feed::default();
        assert!(feed.take(Duration::ZERO).unwrap().is_empty());
        feed.note("a");
        feed.note("b");
        drop(feed.closer());
        assert_eq!(notes(feed.take(Duration::ZERO).unwrap()), ["a", "b"]);
        assert!(feed.take(Duration::ZERO).is_none());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_slow_reader_holds_up_until_there_is_a_hurry() {
        let feed = Feed::default();
        let writer = feed.clone();
        let written = tokio::spawn(async move {
            for _ in 0..=MOST {
                writer.note("x");
            }
        });
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(!written.is_finished());
        feed.hurry();
        written.await.unwrap();
        assert_eq!(feed.take(Duration::ZERO).unwrap().len(), MOST + 1);
    }
}
