//! What changed between two sides: reports, folders of job specs, or DAGs at two times.
//!
//! A [`Side`] is a set of tasks. Tasks meet by DAG and id, those that are left over by likeness; their job specs are
//! taken apart into named places (`leaves`), so that the order of containers, variables or volumes does not
//! matter. The comparison has three laws, which are tested: a side does not differ from itself, the sides can be
//! swapped, and the order in which tasks were read does not show.

mod compare;
mod digest;
mod leaves;
mod meaning;
mod model;
mod pair;
mod render;
mod show;
mod side;
#[cfg(test)]
mod tests;

pub use compare::compare;
pub use meaning::Meaning;
pub use model::{Change, Diff, FileChange, Kind, Summary, TaskChange, Trend};
pub use render::{html, human, json, markdown};
pub use side::Side;
