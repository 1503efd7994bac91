//! The job spec: what one task becomes, and how it is written, read and completed.

mod check;
mod dag;
mod fill;
mod fits;
mod model;
mod read;
mod schema;
#[cfg(test)]
pub(crate) mod tests_support;
mod write;

pub use crate::pointer::{Pointer, Step};
pub use dag::{DagFacts, Schedule, Start, TaskFacts, Timing};
pub use fill::{Filled, Finished, Misfit, Unfinished, UsedDefault, fill};
pub use model::{
    API_VERSION, Client, JobSpec, KIND, Launcher, Metadata, Open, OpenHole, Plain, Run, Template,
};
pub use read::read;
pub use schema::{SCHEMA_ID, schema};
pub use write::{to_json, to_json_list, to_value, to_yaml, to_yaml_stream};
