//! The Dagster Pipes protocol as pure functions: what a container is given, and what it says back.
//!
//! Nothing here knows Kubernetes or time. [`bootstrap`] packs the two environment variables a process
//! opens Pipes with, [`ContextData`] is what the first of them carries, [`parse_line`] reads one line
//! of log, and [`Session`] gathers what a run reported and what it failed to report.

pub mod bootstrap;
mod context;
mod json;
mod message;
mod metadata;
mod session;

pub use context::{AssetKey, ContextData, KeyRange, Provenance, TimeWindow};
pub use json::to_python_json;
pub use message::{
    AssetCheck, Exception, Fault, Line, Materialization, Message, PROTOCOL_FIELD, PROTOCOL_VERSION,
    Stream, parse_line,
};
pub use metadata::{MetadataFault, MetadataType, MetadataValue};
pub use session::{Session, Warning};
