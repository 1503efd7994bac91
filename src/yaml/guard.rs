//! Looks at a YAML text before it is read: nesting that would overflow the stack, and aliases that would fill the
//! memory, are refused while they are still only text.

use std::collections::BTreeMap;

use granit_parser::{Event, Parser};

/// How deep collections may lie in each other: as deep as serde_yaml reads them.
const MAX_DEPTH: usize = 128;

/// How many values the aliases of a text may stand for.
const MAX_REPEATED: usize = 100_000;

/// How many values one document may hold: a hundred times those of a large pod.
const MAX_VALUES: usize = 400_000;

/// Brackets that may be open where the text is not YAML to the parser that counts.
const MAX_BRACKETS: usize = 2_000;

/// Why a text must not be read; the byte is where it becomes too much.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMuch {
    pub(super) at: usize,
    pub(super) message: &'static str,
}

/// Lines `%TAG` that a text may have; hardly any has one.
const MAX_DIRECTIVES: usize = 16;

/// Bytes of such a line: each tag that it is for has a copy of it.
const MAX_DIRECTIVE: usize = 256;

/// Looks for what would overflow.
pub(super) fn look(text: &str) -> Option<TooMuch> {
    if let Some(too_much) = directives(text) {
        return Some(too_much);
    }
    let mut counter = Counter::default();
    for event in Parser::new_from_str(text) {
        let Ok((event, span)) = event else { return brackets(text) };
        let at = span.start.byte_offset().unwrap_or(0);
        if let Some(message) = counter.take(&event) {
            return Some(TooMuch { at, message });
        }
    }
    None
}

/// Looks for handles of tags that would be copied too often, or are too many to look one up.
fn directives(text: &str) -> Option<TooMuch> {
    let mut at = 0;
    let mut found = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with("%TAG") {
            found += 1;
            if found > MAX_DIRECTIVES || line.len() > MAX_DIRECTIVE {
                let message = "a document declares too many or too long handles of tags (%TAG)";
                return Some(TooMuch { at, message });
            }
        }
        at += line.len();
    }
    None
}

#[derive(Default)]
struct Counter {
    /// The collections around, each with its anchor and how many values it holds so far.
    open: Vec<(usize, usize)>,
    /// How many values each anchor stands for.
    anchors: BTreeMap<usize, usize>,
    repeated: usize,
    /// Values of the document so far.
    values: usize,
}

impl Counter {
    fn take(&mut self, event: &Event<'_>) -> Option<&'static str> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Some("a document holds too many values");
        }
        match event {
            Event::DocumentStart(..) => {
                self.anchors.clear();
                self.values = 0;
            }
            Event::SequenceStart(_, anchor, _) | Event::MappingStart(_, anchor, _) => {
                self.open.push((*anchor, 1));
                if self.open.len() > MAX_DEPTH {
                    return Some("values are nested too deeply");
                }
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let (anchor, values) = self.open.pop().unwrap_or_default();
                self.count(anchor, values);
            }
            Event::Scalar(_, _, anchor, _) => self.count(*anchor, 1),
            Event::Alias(anchor) => {
                let values = self.anchors.get(anchor).copied().unwrap_or(1);
                self.repeated = self.repeated.saturating_add(values);
                self.count(0, values);
                if self.repeated > MAX_REPEATED {
                    return Some("aliases stand for too many values");
                }
            }
            _ => {}
        }
        None
    }

    /// Notes that a node is complete.
    fn count(&mut self, anchor: usize, values: usize) {
        // Zero is no anchor.
        if anchor != 0 {
            self.anchors.insert(anchor, values);
        }
        if let Some((_, around)) = self.open.last_mut() {
            *around = around.saturating_add(values);
        }
    }
}

/// The bound for text that cannot be counted properly: what stands in brackets, strings or not.
fn brackets(text: &str) -> Option<TooMuch> {
    let mut depth = 0_usize;
    let at = text.bytes().position(|byte| {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > MAX_BRACKETS
    })?;
    Some(TooMuch { at, message: "values are nested too deeply" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::SourceId;

    fn message(text: &str) -> Option<&'static str> {
        look(text).map(|found| found.message)
    }

    #[test]
    fn documents_are_bounded_one_by_one() {
        assert_eq!(message(&"- a\n".repeat(MAX_VALUES)), Some("a document holds too many values"));
        assert_eq!(message(&"---\n- a\n- b\n".repeat(MAX_VALUES / 4)), None);
    }

    #[test]
    fn deep_nesting_is_refused_in_every_notation() {
        let deep = Some("values are nested too deeply");
        assert_eq!(message(&"[".repeat(100_000)), deep);
        // So many brackets the parser refuses by itself.
        let maps = format!("{}1{}", "{a: ".repeat(500), "}".repeat(500));
        assert!(message(&maps) == deep || crate::yaml::read(SourceId(0), &maps).is_err());
        assert_eq!(message(&format!("{}1", "- ".repeat(500))), deep);
        let block: String = (0..500).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
        assert_eq!(message(&block), deep);
        assert_eq!(message(&format!("%%\u{1}{}", "[".repeat(100_000))), deep);
    }

    #[test]
    fn aliases_of_aliases_are_counted() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..15 {
            let below = format!("*a{}", level - 1);
            let items = vec![below; 9].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        assert_eq!(message(&text), Some("aliases stand for too many values"));
    }

    #[test]
    fn handles_of_tags_are_bounded() {
        let many = Some("a document declares too many or too long handles of tags (%TAG)");
        let long =
            format!("%TAG ! tag:x,{}:\n---\n[!b c{}]\n", "y".repeat(500_000), ",!b c".repeat(9));
        assert_eq!(message(&long), many);
        let handles: String = (0..50_000).map(|at| format!("%TAG !a{at}! tag:x{at}:\n")).collect();
        assert_eq!(message(&format!("{handles}---\na: 1\n")), many);
        assert_eq!(message("%TAG !e! tag:example.com,2026:\n---\na: !e!b 1\n"), None);
    }

    #[test]
    fn what_people_write_passes() {
        assert_eq!(look("base: &base {a: 1}\none: *base\ntwo: *base\n"), None);
        let colours = "run: |\n".to_owned() + &"  echo -e '\\e[0m'\n".repeat(5_000);
        assert_eq!(look(&colours), None);
        assert_eq!(look(&"---\na: [1, {b: 2}]\n".repeat(1_000)), None);
        assert_eq!(look(""), None);
    }
}
