//! Python's `datetime`: dates, times, durations and zones.
//!
//! Zones come from the time zone database that is compiled in, never from the machine: the same DAG
//! must mean the same everywhere. For the same reason whatever Python answers in the machine's local
//! time (`datetime.timestamp` of a naive value, `fromtimestamp` without a zone) is
//! [`super::Failure::Unsupported`].

mod calendar;
mod date;
mod delta;
mod instant;
mod iso;
mod strftime;
mod strptime;
mod time;
mod zone;

pub use date::Date;
pub use delta::{DeltaParts, TimeDelta};
pub use instant::{DateTime, DateTimeFields};
pub use strptime::strptime;
pub use time::{Time, TimeSpec};
pub use zone::Zone;

#[cfg(test)]
mod tests;
