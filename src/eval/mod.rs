//! The static evaluator: syntax tree to values, without running anything.

pub mod template;
mod value;

pub use value::{Hole, HoleKind, Kind, Model, Object, Segment, Text, Value, XCom};
