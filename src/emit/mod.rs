//! From job specs to files: one emitter for each format, and the writing of files that people commit.
//!
//! An emitter only makes texts; it neither prints nor touches a disk. [`write`](write::write) puts a set
//! of files in its place as a whole.

mod airlift;
mod batch;
mod component;
mod cron;
mod dagster;
mod header;
mod job_spec;
mod manifest;

mod names;
pub mod paths;
mod record;
pub mod write;

use std::borrow::Cow;

use crate::diag::Diagnostic;

pub use airlift::{Airlift, edited};
pub use batch::Batch;
pub use component::Components;
pub use dagster::DagsterProject;
pub use job_spec::{JobSpecs, Notation};

pub use manifest::{CronJobs, Jobs, Pods};
pub use names::resource_name;

/// One file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFile {
    /// Path below the output folder, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// What an emitter made.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Emitted {
    /// The files, in the order of the specs.
    pub files: Vec<OutputFile>,
    /// Findings; a spec with an error among them has no file.
    pub diagnostics: Vec<Diagnostic>,
}

/// Turns job specs into files of one format.
pub trait Emitter {
    /// The files, below an output folder.
    fn emit(&self, batch: &Batch<'_>) -> Emitted;

    /// All files one after the other, as parts of one text for standard output. They come one by one, so that the
    /// whole need not be in memory twice.
    fn parts<'a>(&self, files: &'a [OutputFile]) -> Parts<'a> {
        documents(files)
    }
}

/// YAML documents parted by `---`.
fn documents(files: &[OutputFile]) -> Parts<'_> {
    let parted = files.iter().enumerate().flat_map(|(number, file)| {
        let line = if number > 0 { "---\n" } else { "" };
        [Cow::Borrowed(line), Cow::Borrowed(file.text.as_str())]
    });
    Box::new(parted)
}

/// A long text, part by part.
pub type Parts<'a> = Box<dyn Iterator<Item = Cow<'a, str>> + 'a>;
