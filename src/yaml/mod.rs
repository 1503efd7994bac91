//! YAML that means what it says.
//!
//! The only place where podlift writes YAML, and where it reads YAML that people edit. Written text
//! is read back as the same value by every usual reader, those of YAML 1.1 included; read text keeps
//! the place of every value, so that a finding can point at it.

mod guard;
mod json;
mod place;
mod read;
mod style;
mod write;

pub use read::{Content, Key, Node, Problem, read};
pub use write::{document, stream};

/// Why a text must not be given to a parser of YAML, and the line where it becomes too much.
pub(crate) fn too_much(text: &str) -> Option<(usize, &'static str)> {
    let guard::TooMuch { at, message } = guard::look(text)?;
    Some((1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count(), message))
}
