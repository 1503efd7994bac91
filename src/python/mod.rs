//! Python source text: files, places, the syntax tree, and where imports lead.
//!
//! This is the only folder that names the parser.

pub mod ast;
mod files;
mod lower;
pub mod names;
mod parse;
mod resolve;
mod source;

pub use files::{Files, LoadedFile};
pub use lower::{MAX_DEPTH, MAX_NESTING};
pub use parse::{Parsed, parse};
pub use resolve::{Resolved, Resolver};
pub use source::{Location, Source, SourceId, Sources, Span};
