//! How long to wait before trying again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Growing, jittered delays.
#[derive(Debug, Clone)]
pub struct Backoff {
    next: Duration,
    first: Duration,
    most: Duration,
}

impl Backoff {
    /// Delays from `first`, doubling up to `most`.
    pub fn new(first: Duration, most: Duration) -> Self {
        Self { next: first, first, most }
    }

    /// The next delay: between half and the whole of the current step, but never less than the server asked for.
    pub fn delay(&mut self, asked: Option<Duration>) -> Duration {
        let step = self.next;
        self.next = (step * 2).min(self.most);
        step.mul_f64(0.5 + 0.5 * fraction()).max(asked.unwrap_or_default())
    }

    /// Starts over after a success.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new(Duration::from_millis(250), Duration::from_secs(10))
    }
}

/// A number from 0 to 1 that differs between processes and calls. It spreads retries and guards nothing.
fn fraction() -> f64 {
    (RandomState::new().hash_one(0u8) >> 32) as f64 / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_a_limit_and_honour_the_server() {
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(4));
        for most in [1, 2, 4, 4, 4] {
            let delay = backoff.delay(None);
            let most = Duration::from_secs(most);
            assert!(delay >= most / 2 && delay <= most, "{delay:?} {most:?}");
        }
        assert_eq!(backoff.delay(Some(Duration::from_secs(30))), Duration::from_secs(30));
        backoff.reset();
        assert!(backoff.delay(None) <= Duration::from_secs(1));
    }
}
