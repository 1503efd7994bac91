//! Python source text: files, places, the syntax tree, and where imports lead.
//!
//! This is the only folder that names the parser.

pub mod ast;
mod lower;
mod parse;
mod source;

pub use lower::{MAX_DEPTH, MAX_NESTING};
pub use parse::{Parsed, parse};
pub use source::{Location, Source, SourceId, Sources, Span};
