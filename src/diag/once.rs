//! Findings without repeats: a loop may make the same finding at every turn, and comparing each with all before it would
//! take the square of their number.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::Diagnostic;

/// Remembers which findings were made. It holds their hashes, so it takes little memory and a lookup does not compare texts.
#[derive(Debug, Default, Clone)]
pub(crate) struct Once(HashSet<u64>);

impl Once {
    /// Whether a finding is made for the first time.
    pub(crate) fn is_new(&mut self, diagnostic: &Diagnostic) -> bool {
        let mut hasher = DefaultHasher::new();
        diagnostic.hash(&mut hasher);
        self.0.insert(hasher.finish())
    }
}
