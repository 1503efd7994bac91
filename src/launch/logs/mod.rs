//! Logs of containers, without a line lost or repeated.
//!
//! [`Framer`] cuts a byte stream into lines, [`Position`] remembers what was seen and recognises it when a
//! stream is opened again; neither knows the network.

mod frame;
mod position;

pub use frame::{Framer, LogLine};
pub use position::Position;
