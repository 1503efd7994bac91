//! The launcher: job specs in, pods on a cluster, typed outcomes out.

pub mod api;
pub mod attempt;
pub mod cancel;
pub mod connect;
pub mod doctor;
pub mod events;
pub mod graph;
mod keys;
pub mod logs;
pub mod names;
pub mod outcome;
pub mod plan;
pub mod pod;
mod podevents;
pub mod render;
pub mod resume;
pub mod rules;
pub mod run;
#[cfg(test)]
mod scripted;
pub mod state;
pub mod task;
mod transcript;
pub mod watch;
