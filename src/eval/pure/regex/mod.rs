//! Python's `re`, on top of a backtracking engine with a bound.
//!
//! Patterns are rewritten rather than handed over: `$` also matches before a last line end, `\w` means
//! `str.isalnum`, brackets nest in one dialect and not in the other. What cannot be rewritten
//! faithfully is [`Failure::Unsupported`].

mod escapes;
mod template;
mod translate;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;

use fancy_regex::{Captures, Regex, RegexBuilder};
use rustc_hash::FxHashMap;

pub use template::Template;
use translate::{Translation, translate};

use super::{Failure, within_bound};
use crate::eval::weight::pattern_size;

/// Steps back that one search may take, tried in this order: how many it took is not told, only that it was more.
const BACKTRACK_LIMITS: [usize; 3] = [64, 4096, 100_000];

/// Bytes of text that a step back goes over without taking longer.
const BYTES_BACK: usize = 512;

/// Work that finding all matches in one text may take, in the time of a step.
const MOST_WORK: usize = 1 << 21;

/// Bytes that an automaton looks at in the time of a step.
const BYTES_SEEN: usize = 512;

/// The same for a pattern that looks around itself or back, for which the engine tries one way after the other.
const BYTES_TRIED: usize = 16;

/// Flags of a pattern, by Python's numbers (`re.I` is 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// `re.I`.
    pub ignore_case: bool,
    /// `re.M`.
    pub multi_line: bool,
    /// `re.S`.
    pub dot_all: bool,
    /// `re.X`.
    pub verbose: bool,
    /// `re.A`.
    pub ascii: bool,
}

impl Flags {
    /// The flags in the sum of Python's numbers; `re.U` and `re.DEBUG` change nothing.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] for `re.L`, which depends on the machine.
    pub fn from_bits(bits: i64) -> Result<Self, Failure> {
        if bits & 4 != 0 {
            return Err(Failure::Unsupported("re.LOCALE".to_owned()));
        }
        let has = |bit: i64| bits & bit != 0;
        Ok(Self {
            ignore_case: has(2),
            multi_line: has(8),
            dot_all: has(16),
            verbose: has(64),
            ascii: has(256),
        })
    }
}

/// How many engines are kept, as many as Python keeps patterns.
const MAX_ENGINES: usize = 512;

/// How many states they may have together, by their estimated number: 30 MB.
const MAX_STATES: usize = 1_000_000;

thread_local! {
    /// Engines by their patterns: to make one takes longer than most searches, and loops search for the same.
    static ENGINES: RefCell<Engines> = RefCell::default();
}

#[derive(Default)]
struct Engines {
    known: FxHashMap<String, Regex>,
    states: usize,
}

/// Parts of patterns that are searched for by trying one way after the other.
const GOES_BACK: [&str; 14] = [
    "(?=", "(?!", "(?<", "(?>", "(?(", "(?P=", "\\1", "\\2", "\\3", "\\k", "\\G", "++", "*+", "?+",
];

/// A pattern made ready, in one of its forms.
#[derive(Debug)]
struct Engine {
    source: String,
    regex: Regex,
    /// Whether it tries one way after the other; else it goes over a text once.
    goes_back: bool,
}

/// A compiled pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// The pattern in the engine's dialect.
    source: String,
    groups: usize,
    names: BTreeMap<String, usize>,
    /// What finding all matches has taken so far.
    work: Cell<usize>,
}

/// A match: the byte ranges of its groups, the whole first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    spans: Vec<Option<Range<usize>>>,
}

impl Found {
    /// The text of a group of the text that was searched; `None` when the group took no part.
    pub fn group<'t>(&self, text: &'t str, group: usize) -> Option<&'t str> {
        text.get(self.spans.get(group)?.clone()?)
    }

    /// All groups but the whole: `match.groups()`.
    pub fn groups<'t>(&self, text: &'t str) -> Vec<Option<&'t str>> {
        (1..self.spans.len()).map(|group| self.group(text, group)).collect()
    }

    /// Where a group stands, in code points: `match.span(group)`.
    pub fn span(&self, text: &str, group: usize) -> Option<(usize, usize)> {
        let span = self.spans.get(group)?.clone()?;
        let points = |byte: usize| text.get(..byte).map(super::text::length);
        Some((points(span.start)?, points(span.end)?))
    }

    fn whole(&self) -> Range<usize> {
        self.spans.first().cloned().flatten().unwrap_or_default()
    }
}

/// Groups a pattern may have: each state of its automaton keeps the ends of all.
const MOST_GROUPS: usize = 200;

impl Pattern {
    /// `re.compile(pattern, flags)`.
    ///
    /// # Errors
    /// `re.error` for what Python refuses; [`Failure::Unsupported`] for what cannot be rewritten.
    pub fn new(pattern: &str, flags: Flags) -> Result<Self, Failure> {
        within_bound(pattern.len(), "re.compile")?;
        let Translation { source, groups, names } = translate(pattern, flags)?;
        if groups > MOST_GROUPS {
            return Err(Failure::Bound("re.compile"));
        }
        let pattern = Self { source, groups, names, work: Cell::new(0) };
        // An engine that does not take it is found out here and not at the first search.
        pattern.engine("", "")?;
        Ok(pattern)
    }

    /// What finding all matches has taken so far, in the time of a step.
    pub fn work(&self) -> usize {
        self.work.get()
    }

    /// `pattern.groups`: how many groups there are besides the whole.
    pub fn group_count(&self) -> usize {
        self.groups
    }

    /// `pattern.groupindex`: groups by name.
    pub fn names(&self) -> &BTreeMap<String, usize> {
        &self.names
    }

    fn engine(&self, before: &str, after: &str) -> Result<Engine, Failure> {
        let source = format!("{before}(?:{}){after}", self.source);
        let [quick, ..] = BACKTRACK_LIMITS;
        let regex = Self::regex(&source, quick)?;
        let goes_back = GOES_BACK.iter().any(|part| source.contains(part));
        Ok(Engine { source, regex, goes_back })
    }

    fn regex(pattern: &str, limit: usize) -> Result<Regex, Failure> {
        let source = format!("{limit}/{pattern}");
        if let Some(known) = ENGINES.with_borrow(|engines| engines.known.get(&source).cloned()) {
            return Ok(known);
        }
        let engine = RegexBuilder::new(pattern)
            .backtrack_limit(limit)
            .build()
            .map_err(|error| Failure::Unsupported(format!("this regular expression: {error}")))?;
        ENGINES.with_borrow_mut(|engines| {
            if engines.known.len() >= MAX_ENGINES || engines.states >= MAX_STATES {
                *engines = Engines::default();
            }
            engines.states += pattern_size(pattern, 0);
            engines.known.insert(source, engine.clone());
        });
        Ok(engine)
    }

    fn find(&self, engine: &Engine, text: &str, byte: usize) -> Result<Option<Found>, Failure> {
        if !engine.goes_back {
            let found = engine.regex.captures_from_pos(text, byte);
            let found = found.map_err(|_| Failure::Bound("a regular expression"))?;
            return Ok(found.map(|captures| self.found(&captures)));
        }
        // A step back may go over the rest of the text. Powers of two keep the engines few.
        let rest = text.len().saturating_sub(byte);
        let length = (rest / BYTES_BACK).max(1).next_power_of_two();
        for limit in BACKTRACK_LIMITS {
            let limit = (limit / length).max(1);
            self.work.set(self.work.get() + limit * length);
            let regex = Self::regex(&engine.source, limit)?;
            if let Ok(captures) = regex.captures_from_pos(text, byte) {
                return Ok(captures.map(|captures| self.found(&captures)));
            }
        }
        Err(Failure::Bound("a regular expression"))
    }

    fn found(&self, captures: &Captures<'_>) -> Found {
        let spans = (0..=self.groups).map(|group| captures.get(group).map(|group| group.range()));
        Found { spans: spans.collect() }
    }

    /// `pattern.search(text)`.
    ///
    /// # Errors
    /// [`Failure::Bound`] when it takes too long.
    pub fn search(&self, text: &str) -> Result<Option<Found>, Failure> {
        self.find(&self.engine("", "")?, text, 0)
    }

    /// `pattern.match(text)`: at the beginning.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn match_start(&self, text: &str) -> Result<Option<Found>, Failure> {
        self.find(&self.engine(r"\A", "")?, text, 0)
    }

    /// `pattern.fullmatch(text)`.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn full_match(&self, text: &str) -> Result<Option<Found>, Failure> {
        self.find(&self.engine(r"\A", r"\z")?, text, 0)
    }

    /// The first matches, at most `limit`: `pattern.finditer(text)`.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn find_all(&self, text: &str, limit: usize) -> Result<Vec<Found>, Failure> {
        within_bound(text.len() / 4, "a regular expression")?;
        let engine = self.engine("", "")?;
        // After an empty match the next one may begin at the same place, but must go on from there.
        let advancing = self.engine("", r"(?!\G)")?;
        let mut matches = Vec::new();
        let mut position = 0;
        let mut must_advance = false;
        let looks_around = engine.goes_back;
        let (mut work, mut counted) = (0, 0);
        while matches.len() < limit {
            // Each search may go to the end of the text, however short its match is.
            let is_tried = looks_around || must_advance;
            work += text.len().saturating_sub(position)
                / if is_tried { BYTES_TRIED } else { BYTES_SEEN };
            self.work.set(self.work.get() + work - counted);
            counted = work;
            if self.work.get() > MOST_WORK {
                return Err(Failure::Bound("a regular expression"));
            }
            let engine = if must_advance { &advancing } else { &engine };
            let Some(found) = self.find(engine, text, position)? else { break };
            let whole = found.whole();
            must_advance = whole.is_empty();
            position = whole.end;
            matches.push(found);
        }
        Ok(matches)
    }

    /// `pattern.findall(text)`: the wholes without groups, otherwise the groups of each match. A group
    /// that took no part is an empty text.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn find_texts(&self, text: &str) -> Result<Vec<Vec<String>>, Failure> {
        let groups = if self.groups == 0 { 0..1 } else { 1..self.groups + 1 };
        let texts = |found: &Found| {
            let text = |group| found.group(text, group).unwrap_or_default().to_owned();
            groups.clone().map(text).collect()
        };
        Ok(self.find_all(text, usize::MAX)?.iter().map(texts).collect())
    }

    /// `pattern.split(text, maxsplit)`; zero sets no limit. The groups stand between the parts.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn split(&self, text: &str, maxsplit: i64) -> Result<Vec<Option<String>>, Failure> {
        let mut parts = Vec::new();
        let mut position = 0;
        for found in self.find_all(text, limit(maxsplit))? {
            let whole = found.whole();
            parts.push(text.get(position..whole.start).map(str::to_owned));
            parts.extend(found.groups(text).into_iter().map(|group| group.map(str::to_owned)));
            position = whole.end;
        }
        parts.push(text.get(position..).map(str::to_owned));
        Ok(parts)
    }

    /// `pattern.subn(template, text, count)`; zero sets no limit.
    ///
    /// # Errors
    /// As [`Self::search`]; also when the result is too long.
    pub fn substitute(
        &self,
        template: &Template,
        text: &str,
        count: i64,
    ) -> Result<(String, usize), Failure> {
        let matches = self.find_all(text, limit(count))?;
        let mut result = String::new();
        let mut position = 0;
        for found in &matches {
            let whole = found.whole();
            result.push_str(text.get(position..whole.start).unwrap_or_default());
            template.expand(found, text, &mut result)?;
            within_bound(result.len() / 4, "re.sub")?;
            position = whole.end;
        }
        result.push_str(text.get(position..).unwrap_or_default());
        Ok((result, matches.len()))
    }

    /// Reads the template of `pattern.sub`.
    ///
    /// # Errors
    /// `re.error` for groups that do not exist and escapes that mean nothing.
    pub fn template(&self, text: &str) -> Result<Template, Failure> {
        Template::parse(text, self)
    }
}

/// A count of Python's: zero is no limit, a negative one leaves nothing.
fn limit(count: i64) -> usize {
    match count {
        0 => usize::MAX,
        _ => usize::try_from(count).unwrap_or(0),
    }
}

/// `re.escape(text)`.
pub fn escape(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for c in text.chars() {
        if "()[]{}?*+-|^$\\.&~# \t\n\r\x0b\x0c".contains(c) {
            result.push('\\');
        }
        result.push(c);
    }
    result
}

/// A `re.error`.
fn error(message: impl Into<String>) -> Failure {
    Failure::raised("error", message)
}

#[cfg(test)]
mod tests;
