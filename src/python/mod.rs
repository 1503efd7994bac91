//! Python source text: files, places, the syntax tree, and where imports lead.
//!
//! This is the only folder that names the parser.

pub mod ast;
mod broken;
mod comments;
mod decode;
mod depth;
mod errors;
mod files;
pub(crate) mod literal;
mod lower;
pub mod names;
mod newlines;
mod origin;
mod parse;
mod python2;
mod repair;
mod resolve;
mod source;
pub mod writes;

pub use comments::comments;
pub use decode::{DecodeError, Decoded, Encoding, decode};
pub use files::{FileLimits, Files, LoadedFile};
pub use lower::{MAX_DEPTH, MAX_NESTING};
pub use origin::{Form, Origin};
pub use parse::{Parsed, allow_stack, parse};
pub use resolve::{Resolved, Resolver, guess_roots};
pub use source::{Location, Source, SourceId, Sources, Span};
