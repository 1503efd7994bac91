//! The job spec: what one task becomes, and how it is written, read and completed.

mod model;
#[cfg(test)]
pub(crate) mod tests_support;

pub use model::{
    API_VERSION, Client, JobSpec, KIND, Launcher, Metadata, Open, OpenHole, Run, Template,
};
