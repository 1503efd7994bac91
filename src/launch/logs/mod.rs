//! Logs of containers, without a line lost or repeated.
//!
//! [`Framer`] cuts a byte stream into lines, [`Position`] remembers what was seen and recognises it when a
//! stream is opened again; neither knows the network. [`Follower`] opens streams until the log of a container is
//! complete.

mod follow;
mod frame;
mod position;

pub use follow::{Follower, Heard, Life};
pub use frame::{Framer, LogLine};
pub use position::Position;
