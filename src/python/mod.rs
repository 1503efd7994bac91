//! Python source text: files, places, the syntax tree, and where imports lead.
//!
//! This is the only folder that names the parser.

pub mod ast;
mod source;

pub use source::{Location, Source, SourceId, Sources, Span};
