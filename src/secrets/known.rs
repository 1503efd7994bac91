//! Which of many known texts a text holds, without looking for each of them one after the other.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::AhoCorasick;
use indexmap::IndexSet;
use rustc_hash::FxHashSet;

/// As many texts are looked for one by one; it takes longer to make the automaton.
const FEW: usize = 16;

/// More texts than this are looked up by their lengths: the time an automaton takes to be made grows faster than they.
const MANY: usize = 2000;

/// Bytes at the beginning of a text that the automaton knows.
const HEAD: usize = 32;

/// Bytes at the beginning of one of many texts that are looked up first.
const START: usize = 4;

/// Texts to look for.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    texts: IndexSet<String>,
    way: Way,
}

/// How they are looked for.
#[derive(Debug, Clone, Default)]
enum Way {
    /// One by one.
    #[default]
    Each,
    /// By an automaton for how they begin.
    Heads(Heads),
    /// At each place, by every length that one of them has.
    Lengths(Lengths),
}

/// What is known of many texts.
#[derive(Debug, Clone)]
struct Lengths {
    /// Their lengths in bytes.
    all: BTreeSet<usize>,
    /// How they begin, in as many bytes as the shortest has, at most [`START`]: few places of a text begin like one.
    starts: FxHashSet<Vec<u8>>,
    start: usize,
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
        let texts: IndexSet<String> = texts.into_iter().collect();
        let way = match texts.len() {
            count if count > MANY => Way::Lengths(Lengths::of(&texts)),
            count if count > FEW => Heads::of(&texts).map(Way::Heads).unwrap_or_default(),
            _ => Way::Each,
        };
        Self { texts, way }
    }

    /// Those that a text holds, in order.
    pub(super) fn within(&self, text: &str) -> Vec<&String> {
        let mut found: BTreeSet<usize> = BTreeSet::new();
        match &self.way {
            Way::Each => {
                return self.texts.iter().filter(|known| text.contains(known.as_str())).collect();
            }
            Way::Heads(heads) => {
                for head in heads.automaton.find_overlapping_iter(text.as_bytes()) {
                    let rest = text.as_bytes().get(head.start()..).unwrap_or_default();
                    let owners = heads.owners.get(head.pattern().as_usize());
                    let begins = |at: &&usize| {
                        let known = self.texts.get_index(**at);
                        known.is_some_and(|known| rest.starts_with(known.as_bytes()))
                    };
                    found.extend(owners.into_iter().flatten().filter(begins));
                }
            }
            Way::Lengths(lengths) => {
                for start in lengths.places(text) {
                    let left = text.len() - start;
                    for length in lengths.all.iter().take_while(|length| **length <= left) {
                        let here = text.get(start..start + length);
                        found.extend(here.and_then(|here| self.texts.get_index_of(here)));
                    }
                }
            }
        }
        found.into_iter().filter_map(|at| self.texts.get_index(at)).collect()
    }
}

impl Lengths {
    fn of(texts: &IndexSet<String>) -> Self {
        let all: BTreeSet<usize> = texts.iter().map(String::len).collect();
        let start = all.first().copied().unwrap_or(0).min(START);
        let head = |text: &String| text.as_bytes().get(..start).unwrap_or_default().to_vec();
        Self { starts: texts.iter().map(head).collect(), all, start }
    }

    /// Places in a text where one of the texts may begin.
    fn places(&self, text: &str) -> impl Iterator<Item = usize> {
        let begins = |at: &usize| {
            let here = text.as_bytes().get(*at..*at + self.start);
            here.is_some_and(|here| self.starts.contains(here))
        };
        (0..text.len()).filter(begins)
    }
}

impl Heads {
    fn of(texts: &IndexSet<String>) -> Option<Self> {
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
        let few = Known::new(wanted.to_vec());
        for count in [100, MANY] {
            let filler = (0..count).map(|number| format!("filler{number}"));
            let many = Known::new(wanted.iter().cloned().chain(filler).collect());
            let unlike = format!("{}x", "ab".repeat(39));
            for text in ["", "xabcx", &long, &unlike, "bé", "z"] {
                assert_eq!(few.within(text), many.within(text), "{text}");
            }
            assert_eq!(many.within("filler7"), ["filler7"]);
        }
    }
}
