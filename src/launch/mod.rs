//! The launcher: job specs in, pods on a cluster, typed outcomes out.

pub mod api;
pub mod attempt;
pub mod cancel;
pub mod events;
mod keys;
pub mod logs;
pub mod names;
pub mod outcome;
pub mod pod;
mod podevents;
#[cfg(test)]
mod scripted;
pub mod state;
mod transcript;
pub mod watch;
