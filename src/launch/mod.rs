//! The launcher: job specs in, pods on a cluster, typed outcomes out.

mod keys;
pub mod names;
pub mod pod;
