//! The cluster as the launcher sees it: a few calls, one policy for trouble.
//!
//! kube's client makes the connections and keeps the credentials fresh. The calls are made here, because a
//! launcher has to decide for itself what may be repeated: kube repeats any request on 429 and 5xx, also one
//! that creates, and its typed calls drop fields of a pod they do not know.

mod backoff;
mod client;
mod error;

pub use backoff::Backoff;
pub(crate) use client::escape;
pub use client::{Cluster, NotCreated, Notice, Stream};
pub use error::{ApiError, Call, Verb};
