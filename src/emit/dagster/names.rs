//! Names in Python and Dagster made from ids that may be anything.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

/// Longest name made from an id.
const LONGEST: usize = 40;

/// Python's keywords, soft ones aside, and names that a generated module uses itself.
const RESERVED: &[&str] = &[
    "False",
    "None",
    "True",
    "and",
    "as",
    "assert",
    "async",
    "await",
    "break",
    "class",
    "continue",
    "def",
    "del",
    "elif",
    "else",
    "except",
    "finally",
    "for",
    "from",
    "global",
    "if",
    "import",
    "in",
    "is",
    "lambda",
    "nonlocal",
    "not",
    "or",
    "pass",
    "raise",
    "return",
    "try",
    "while",
    "with",
    "yield",
    "context",
    "config",
    "dg",
    "json",
    "os",
    "datetime",
    "timedelta",
    "timezone",
    "PipesK8sClient",
    "assets_with_task_mappings",
    "ZoneInfo",
    "Any",
    "defs",
    "job",
    "schedule",
    "partitions",
    "value_of",
    "unported",
    "str",
    "int",
    "bool",
    "float",
    "list",
    "dict",
    "definitions",
    "resources",
    "environment",
    "self",
    "data_interval_start",
    "data_interval_end",
    "ds",
    "ts",
    "print",
    "type",
    "id",
    "date",
];

/// What Dagster takes as no name of a job or a step, `DISALLOWED_NAMES` of its own code: Python's keywords and these.
const DISALLOWED: &[&str] = &[
    "context",
    "conf",
    "config",
    "meta",
    "arg_dict",
    "dict",
    "input_arg_dict",
    "output_arg_dict",
    "int",
    "str",
    "float",
    "bool",
    "input",
    "output",
    "type",
];

/// How many of the reserved names are keywords.
const KEYWORDS: usize = 35;

/// A lower-case identifier: `Load data-1` gives `load_data_1`.
pub(super) fn snake(id: &str) -> String {
    let mut name = String::new();
    let mut was_lower = false;
    for c in id.chars() {
        if c.is_ascii_alphanumeric() {
            if c.is_ascii_uppercase() && was_lower {
                name.push('_');
            }
            was_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
            name.push(c.to_ascii_lowercase());
        } else {
            was_lower = false;
            if !name.ends_with('_') {
                name.push('_');
            }
        }
    }
    let name = name.trim_matches('_');
    let name = if name.len() > LONGEST { cut(name) } else { name.to_owned() };
    if name.is_empty() {
        "unnamed".to_owned()
    } else if name.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{name}")
    } else {
        name
    }
}

/// A longer name ends in a mark made from all of it, so that names with one beginning stay apart.
fn cut(name: &str) -> String {
    let digest = Sha256::digest(name.as_bytes());
    let mark = digest.iter().take(2).fold(String::new(), |mark, byte| format!("{mark}{byte:02x}"));
    let kept = name.get(..LONGEST - 5).unwrap_or(name).trim_end_matches('_');
    format!("{kept}_{mark}")
}

/// `LOAD_DATA_1`, and `VALUE_1` where a digit would come first: an underscore would make it private.
pub(super) fn constant(id: &str) -> String {
    let name = snake(id).to_ascii_uppercase();
    if name.starts_with('_') { format!("VALUE{name}") } else { name }
}

/// `LoadData1`.
pub(super) fn class(id: &str) -> String {
    let words = snake(id);
    let words = words.split('_').filter(|word| !word.is_empty());
    let name: String = words
        .map(|word| {
            let mut chars = word.chars();
            let first = chars.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(chars).collect::<String>()
        })
        .collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("Dag{name}") } else { name }
}

/// Whether Python takes a text as a name of one's own.
pub(super) fn is_free_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !RESERVED.contains(&name)
}

/// A part of an asset key: what Dagster takes in a key whose step it names itself.
pub(super) fn key_part(id: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if !id.is_empty() && id.chars().all(plain) {
        return id.to_owned();
    }
    let words = id.split(|c: char| !plain(c) || c == '_').filter(|word| !word.is_empty());
    let part = words.collect::<Vec<_>>().join("_");
    let part = if part.len() > LONGEST { cut(&part) } else { part };
    if part.is_empty() { "unnamed".to_owned() } else { part }
}

/// A group name, job name or step name: letters, digits and underscores, and a number after what is reserved.
pub(super) fn word(id: &str) -> String {
    let part: String =
        id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let part = if part.is_empty() { "unnamed".to_owned() } else { part };
    // One name that Dagster refuses keeps the whole project from loading.
    let reserved = || RESERVED.iter().take(KEYWORDS).chain(DISALLOWED);
    if reserved().any(|name| *name == part) { format!("{part}_2") } else { part }
}

/// The order in which imports are sorted: runs of digits by their number.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    let digits =
        |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    loop {
        let (in_a, in_b) = (digits(a), digits(b));
        if in_a > 0 && in_b > 0 {
            let (left, rest_a) = a.split_at(in_a);
            let (right, rest_b) = b.split_at(in_b);
            let number = |text: &str| {
                let text = text.trim_start_matches('0').to_owned();
                (text.len(), text)
            };
            match number(left).cmp(&number(right)) {
                Ordering::Equal => (a, b) = (rest_a, rest_b),
                unequal => return unequal,
            }
            continue;
        }
        let (mut chars_a, mut chars_b) = (a.chars(), b.chars());
        match (chars_a.next(), chars_b.next()) {
            (Some(left), Some(right)) if left == right => {
                (a, b) = (chars_a.as_str(), chars_b.as_str())
            }
            (left, right) => return left.cmp(&right),
        }
    }
}

/// The number of the second thing of one name.
const FIRST: u32 = 2;

/// Names that are taken; each new one is made different from them, regardless of case.
#[derive(Debug, Clone, Default)]
pub(super) struct Taken {
    folded: BTreeSet<String>,
    /// The number from which on a wish may be free; below it each one is taken.
    next: BTreeMap<String, u32>,
    /// The names that were taken, each with its wish and the number from which it was looked for.
    log: Vec<(String, String, u32)>,
}

impl Taken {
    /// No names but Python's and those of the module itself.
    pub(super) fn reserved() -> Self {
        let folded = RESERVED.iter().map(|name| name.to_ascii_lowercase()).collect();
        Self { folded, ..Self::default() }
    }

    /// The wish, or the wish with a number.
    pub(super) fn take(&mut self, wish: &str) -> String {
        let key = wish.to_ascii_lowercase();
        let before = self.next.get(&key).copied().unwrap_or(FIRST);
        let mut number = before;
        let mut name = wish.to_owned();
        while !self.folded.insert(name.to_ascii_lowercase()) {
            name = format!("{wish}_{number}");
            number += 1;
        }
        self.next.insert(key.clone(), number);
        self.log.push((name.to_ascii_lowercase(), key, before));
        name
    }

    /// How many names were taken so far.
    pub(super) fn mark(&self) -> usize {
        self.log.len()
    }

    /// Gives back the names that were taken since.
    pub(super) fn undo(&mut self, mark: usize) {
        while self.log.len() > mark {
            let Some((name, wish, number)) = self.log.pop() else { return };
            self.folded.remove(&name);
            self.next.insert(wish, number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_different_and_can_be_given_back() {
        let mut taken = Taken::default();
        assert_eq!(["a", "A", "a_3", "a"].map(|wish| taken.take(wish)), ["a", "A_2", "a_3", "a_4"]);
        let mark = taken.mark();
        assert_eq!(["b", "a", "b"].map(|wish| taken.take(wish)), ["b", "a_5", "b_2"]);
        taken.undo(mark);
        assert_eq!(["a", "b"].map(|wish| taken.take(wish)), ["a_5", "b"]);
    }

    #[test]
    fn a_constant_never_begins_with_a_digit() {
        assert_eq!(
            ["1", "1st-script", "tag_1"].map(constant),
            ["VALUE_1", "VALUE_1ST_SCRIPT", "TAG_1"]
        );
    }

    #[test]
    fn dagster_takes_every_job_name() {
        let ids = ["import", "yield", "output", "str", "None", "none", "job", "a-b", ""];
        let names =
            ["import_2", "yield_2", "output_2", "str_2", "None_2", "none", "job", "a_b", "unnamed"];
        assert_eq!(ids.map(word), names);
        assert_eq!(RESERVED.get(KEYWORDS - 1), Some(&"yield"));
    }

    #[test]
    fn any_id_gives_an_identifier() {
        let cases = [
            ("load", "load"),
            ("Load-Data.1", "load_data_1"),
            ("loadData", "load_data"),
            ("1st", "_1st"),
            ("ä", "unnamed"),
            ("", "unnamed"),
            ("a  b", "a_b"),
        ];
        for (id, name) in cases {
            assert_eq!(snake(id), name, "{id}");
        }
        assert_eq!(
            (class("risk-daily_2"), constant("env tag")),
            ("RiskDaily2".into(), "ENV_TAG".into())
        );
    }

    #[test]
    fn imports_are_sorted_by_their_numbers() {
        let mut names = ["step_10", "step_2", "a", "step", "step_2b"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["a", "step", "step_2", "step_2b", "step_10"]);
    }

    #[test]
    fn names_that_meet_are_numbered() {
        let mut taken = Taken::reserved();
        let names: Vec<String> =
            ["load", "Load", "class", "load"].map(|name| taken.take(name)).into();
        assert_eq!(names, ["load", "Load_2", "class_2", "load_3"]);
    }
}
