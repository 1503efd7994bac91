//! A difference as text: one function for each format.

mod html;
mod human;
mod markdown;

pub use html::html;
pub use human::human;
pub use markdown::markdown;

use super::Diff;

/// A difference as JSON, indented, ending in a line feed.
pub fn json(diff: &Diff) -> String {
    // A difference has string keys only, so serde_json has nothing to refuse.
    crate::diag::escape::pretty_json(diff).unwrap_or_default()
}
