//! Comparison with a real Airflow: the proof that podlift's pods are the pods Airflow makes.
//!
//! [`airflow`] asks the user's own Airflow, in a child process, which pods it makes of each DAG file; it is the only
//! part of podlift that lets DAG code run. `pair` finds for each of podlift's job specs the task that Airflow
//! made, `normal` brings both pods to a form in which the intended differences (see [`crate::mapping`]) are gone,
//! `compare` and `facts` hold what is left against each other, and [`report`] is the result.

pub mod airflow;
mod compare;
mod facts;
mod hide;
mod normal;
mod pair;
pub mod record;
pub mod report;
mod table;

pub use airflow::{Airflow, Answer, AskError, Question, Versions, ask};
pub use pair::verdicts;
pub use report::{Difference, FileTrouble, Open, Report, Status, Summary, Verdict};
pub use table::table;

#[cfg(test)]
mod tests;
