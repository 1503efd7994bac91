//! Where a migration stands, and what changed: the report, its formats and the comparison of two sides.
//!
//! [`build`] makes a [`Report`] of a translation; a renderer turns it into text, and [`html`] into a page.
//! Everything here is a pure function of its input: no clock, no file system, no colours of its own.

mod build;
pub mod diff;
pub mod html;
mod ignore;
mod model;
mod readiness;
pub mod render;
mod schema;
mod terminal;
#[cfg(test)]
pub(crate) mod tests_support;

pub use build::{Built, Options, build, without_credentials};
pub use model::{
    DagEntry, FileEntry, Finding, Group, KIND, KeywordEntry, Level, Link, PodEntry, Readiness,
    Report, Site, TaskEntry, Totals,
};
pub use schema::{SCHEMA_ID, schema};
