//! The launcher: job specs in, pods on a cluster, typed outcomes out.
