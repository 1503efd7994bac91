//! The static evaluator: syntax tree to values, without running anything.
//!
//! [`crate::airflow::load_file`] is its entry for DAG files, [`evaluate()`] the one for programs by
//! themselves. Statements are in `exec.rs`, undecided branches in `branch.rs`, expressions in `expr.rs`,
//! calls in `call.rs`, classes in `class.rs`; what is known of libraries is in `library/`, Python's
//! semantics of plain values in `pure/`.

mod assign;
mod attribute;
mod bounds;
mod branch;
pub(crate) mod call;
mod candidates;
pub(crate) mod checkout;
pub(crate) mod class;
pub(crate) mod conditions;
mod entries;
mod evaluate;
mod exec;
mod expr;
mod freeze;
mod generator;
mod heap;
mod import;
pub(crate) mod interp;
mod item;
mod lazy;
pub(crate) mod library;
mod matching;
pub(crate) mod object;
mod operate;
pub mod pure;
mod recursion;
mod rehearsal;
mod repr;
pub(crate) mod slash;
mod strings;
pub(crate) mod surroundings;
pub mod template;
mod value;
mod weight;

pub(crate) use bounds::is_unfinished;
pub use evaluate::{Evaluated, evaluate};
pub use value::{Hole, HoleKind, Kind, Model, Object, Segment, Text, Value, XCom};
