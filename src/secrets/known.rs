//! Which of many known texts a text holds, without looking for each of them one after the other.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::AhoCorasick;

/// As many texts are looked for one by one; it takes longer to make the automaton.
const FEW: usize = 16;

/// Bytes at the beginning of a text that the automaton knows.
const HEAD: usize = 32;

/// Texts to look for.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    texts: Vec<String>,
    heads: Option<Heads>,
}

/// An automaton for how the texts begin.
#[derive(Debug, Clone)]
struct Heads {
    automaton: AhoCorasick,
    /// The texts that begin so, for each beginning.
    owners: Vec<Vec<usize>>,
}

impl Known {
    /// In the order given.
    pub(super) fn new(texts: Vec<String>) -> Self {
        let heads = if texts.len() > FEW { Heads::of(&texts) } else { None };
        Self { texts, heads }
    }

    /// Those that a text holds, in order.
    pub(super) fn within(&self, text: &str) -> Vec<&String> {
        let Some(heads) = &self.heads else {
            return self.texts.iter().filter(|known| text.contains(known.as_str())).collect();
        };
        let mut found: BTreeSet<usize> = BTreeSet::new();
        for head in heads.automaton.find_overlapping_iter(text.as_bytes()) {
            let rest = text.as_bytes().get(head.start()..).unwrap_or_default();
            let owners = heads.owners.get(head.pattern().as_usize());
            let begins = |at: &&usize| {
                self.texts.get(**at).is_some_and(|known| rest.starts_with(known.as_bytes()))
            };
            found.extend(owners.into_iter().flatten().filter(begins));
        }
        found.into_iter().filter_map(|at| self.texts.get(at)).collect()
    }
}

impl Heads {
    fn of(texts: &[String]) -> Option<Self> {
        let mut owners: BTreeMap<&[u8], Vec<usize>> = BTreeMap::new();
        for (at, text) in texts.iter().enumerate() {
            let bytes = text.as_bytes();
            owners.entry(bytes.get(..HEAD).unwrap_or(bytes)).or_default().push(at);
        }
        let automaton = AhoCorasick::new(owners.keys()).ok()?;
        Some(Self { automaton, owners: owners.into_values().collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_texts_are_found_alike() {
        let long = "ab".repeat(40);
        let wanted = ["b", "abc", "bc", &long, "é", "zz"].map(str::to_owned);
        let filler = (0..100).map(|number| format!("filler{number}"));
        let few = Known::new(wanted.to_vec());
        let many = Known::new(wanted.iter().cloned().chain(filler).collect());
        let unlike = format!("{}x", "ab".repeat(39));
        for text in ["", "xabcx", &long, &unlike, "bé", "z"] {
            assert_eq!(few.within(text), many.within(text), "{text}");
        }
        assert_eq!(many.within("filler7"), ["filler7"]);
    }
}
