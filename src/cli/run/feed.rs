//! The way of events from the runtime to the terminal.
//!
//! The run goes on in threads of its own, and only the thread that owns a stream writes to it. A reader that is slower
//! than a log holds the log up, so that memory stays bounded; nothing else is held up: neither the limits of a task nor
//! a wish to stop.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::launch::events::{Event, Record, Sink};

/// How many things may wait to be shown before logs are held up.
const MOST: usize = 20_000;
/// How many bytes of logs may wait.
const MOST_BYTES: usize = 32 << 20;

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
    /// Bytes of the logs among them.
    bytes: usize,
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
        if let Item::Record(record) = &item
            && let Event::Log { text, .. } = &record.event
        {
            state.bytes = state.bytes.saturating_add(text.len());
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
    }

    /// Everything that waits; after `patience` also nothing. None when the run is over and all was taken.
    pub(super) fn take(&self, patience: Duration) -> Option<VecDeque<Item>> {
        let idle = |state: &mut State| state.items.is_empty() && !state.over;
        let waited = self.0.1.wait_timeout_while(self.lock(), patience, idle);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if state.items.is_empty() && state.over {
            return None;
        }
        state.bytes = 0;
        Some(std::mem::take(&mut state.items))
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

    fn is_full(&self) -> bool {
        let state = self.lock();
        (state.items.len() >= MOST || state.bytes >= MOST_BYTES) && !state.hurry
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
    use crate::launch::events::Teller;

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

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_holds_logs_up_until_there_is_a_hurry() {
        let feed = Feed::default();
        let teller = Teller::new("r", vec![Box::new(feed.clone())]);
        let held_up =
            async || tokio::time::timeout(Duration::from_secs(9), teller.room()).await.is_err();
        assert!(!held_up().await);
        let text = "x".repeat(MOST_BYTES);
        teller.tell(Event::Log { container: "c".into(), written: None, text });
        assert!(held_up().await);
        assert_eq!(feed.take(Duration::ZERO).unwrap().len(), 1);
        assert!(!held_up().await);
        for _ in 0..MOST {
            feed.note("x");
        }
        assert!(held_up().await);
        feed.hurry();
        assert!(!held_up().await);
    }
}
