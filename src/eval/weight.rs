//! What one operation on large values counts for. A step may sort a list or search a text of a megabyte; a loop of such
//! steps would take hours within its bound, so they count for as many as they are worth.

use std::collections::BTreeSet;

use num_bigint::BigInt;
use num_traits::Signed as _;

use super::call::Args;
use super::interp::{Interp, Res};
use super::object::{Data, Native, Object, Val};
use super::pure::hash::hexdigest;
use crate::python::Span;
use crate::python::ast::Name;
use crate::words::shorten;

/// Bytes of text that are handled in the time of a step.
const TEXT: usize = 256;
/// Bytes of a text that are compared or hashed in the time of a step.
const BYTES_SCANNED: usize = 256;
/// Bytes of a text that are written in the time of a step, one character after the other.
const BYTES_WRITTEN: usize = 16;
/// Bytes of the name of an unknown value; no path of a file is longer.
const LONGEST_NAME: usize = 4096;
/// Elements that are handled in the time of a step.
const ELEMENTS: usize = 16;
/// Bytes of a path that are handled in the time of a step: it is taken apart and put together each time.
const PATH: usize = 4;
/// Steps that the arguments of an object of Airflow count for if they are not large.
const LARGE: u64 = 256;
/// Keywords of such an object that are not worth counting.
const KEYWORDS: usize = 64;
/// Keys that are looked up in the time of a step.
const HASHED: usize = 4;
/// Bits of an integer that are handled in the time of a step.
const BITS: u64 = 64;
/// States of automata that are kept; beyond, they are made again.
pub(crate) const STATES_KEPT: usize = 250_000;
/// Steps that making a state of an automaton counts for.
const STATE: usize = 2;
/// States of an automaton that are gone through in no time worth counting.
const FEW_STATES: usize = 64;
/// Groups of a pattern that are found in no time worth counting.
const FEW_GROUPS: usize = 2;
/// States that are visited in the time of a step.
const STATES_VISITED: usize = 8;
/// States that stand for a class of characters such as `\w`.
const CLASS: usize = 1000;
/// Classes that `\b` stands for.
const BORDER: usize = 16;
/// `re.I`.
const IGNORE_CASE: i64 = 2;
/// Products of words that are made in the time of a step, to write an integer.
const WORDS_WRITTEN: usize = 128;
/// Products of digits that are made in the time of a step.
const PRODUCTS: u64 = 64;
/// Products that are made before a power under a modulus is.
const POWERS: u64 = 32;
/// How much longer it takes to sort, search or write than to copy.
const SLOW: u64 = 16;
/// How much longer it takes to make many values of one text, or a text of another.
const TAKES_APART: u64 = 64;
/// How much longer it takes to read a notation.
const READS: u64 = 256;
/// How much longer it takes to read YAML.
const READS_YAML: u64 = 512;
/// How much longer it takes to write out a moment.
const WRITES_TIME: u64 = 512;
/// What reading a moment counts for.
const READS_TIME: u64 = 32;
/// What making ready a regular expression counts for.
const PATTERN: u64 = 400;

/// Functions and methods that take no longer for a large value.
const AT_ONCE: &[&str] = &[
    "len",
    "isinstance",
    "issubclass",
    "type",
    "id",
    "getattr",
    "setattr",
    "hasattr",
    "bool",
    "iter",
    "next",
    "callable",
    "get",
    "setdefault",
    "add",
    "discard",
    "append",
    "appendleft",
    "pop",
    "popleft",
    "popitem",
    "items",
    "keys",
    "values",
    "print",
    "hash",
    "super",
];

/// Patterns that are ready, as far as is known here: they are not kept for ever.
#[derive(Debug, Default)]
pub(crate) struct PatternsWeighed {
    known: BTreeSet<(String, i64)>,
    states: usize,
}

impl Interp<'_> {
    /// Counts the steps of comparing or hashing so many bytes, as [`Self::work`] does.
    pub(crate) fn scan(&self, bytes: usize) -> bool {
        self.work(bytes / BYTES_SCANNED)
    }

    /// The same for writing so many bytes.
    pub(crate) fn write(&self, bytes: usize) -> bool {
        self.work(bytes / BYTES_WRITTEN)
    }

    /// The name of an attribute or variable that a text gives: a copy of it.
    pub(crate) fn name_of(&self, text: &str) -> Name {
        self.write(text.len());
        Name::from(text)
    }

    /// A name that is not too long: it is copied wherever the value goes. The digest keeps two such names apart.
    pub(crate) fn bounded_name(&self, name: String) -> String {
        if name.len() <= LONGEST_NAME {
            return name;
        }
        self.write(name.len());
        let digest = hexdigest("sha256", name.as_bytes()).unwrap_or_default();
        format!("{} {digest}", shorten(&name, LONGEST_NAME / 4))
    }

    /// Counts what a function of the library works through.
    pub(super) fn weigh_function(&mut self, path: &str, args: &Args) {
        let (module, name) = path.rsplit_once('.').unwrap_or(("", path));
        let is_pattern = module == "re";
        let factor = match (module, name) {
            ("json" | "toml" | "tomllib", "load" | "loads") | ("ast", "literal_eval") => READS,
            (_, "strptime") => {
                self.steps += READS_TIME;
                SLOW
            }
            ("yaml", "load" | "safe_load" | "load_all" | "safe_load_all") => READS_YAML,
            ("builtins", "exec" | "eval" | "compile") => READS,
            (_, "maketrans") => TAKES_APART,
            ("textwrap" | "shlex", _) | ("string", "capwords") => TAKES_APART,
            ("builtins", "sorted" | "int" | "float" | "complex") => SLOW,
            ("builtins", _) => 1,
            // Few functions of other modules only copy what they are given.
            _ => SLOW,
        };
        let is_at_once = module == "builtins" && AT_ONCE.contains(&name);
        if is_at_once {
            let texts: usize = args.pos.iter().filter_map(Val::as_str).map(str::len).sum();
            match name {
                // The name is kept.
                "setattr" | "getattr" | "hasattr" | "type" => self.write(texts),
                "len" | "hash" => self.scan(texts),
                _ => true,
            };
            return;
        }
        // Objects are made of what they are given as it is, but for what is large.
        if path.starts_with("airflow.") || path.starts_with("kubernetes.") {
            let weight: u64 = args.all().into_iter().map(|val| self.weight(val, 0)).sum();
            let keywords = args.kw.len().saturating_sub(KEYWORDS) as u64;
            self.steps += weight.saturating_sub(LARGE) + keywords * 2;
            return;
        }
        let weight: u64 = args.all().into_iter().map(|val| self.weight(val, 2)).sum();
        let weight = weight + steps(args.pos.len(), HASHED);
        let short: u64 = args.all().into_iter().map(short_text).sum();
        let pattern = if is_pattern { PATTERN } else { 0 };
        self.steps += weight * factor + short * factor / TEXT as u64 + pattern;
    }

    /// Counts what a method of a builtin value works through.
    pub(super) fn weigh_method(&mut self, this: &Val, name: &str, args: &Args) {
        if AT_ONCE.contains(&name) {
            return;
        }
        let is_pattern =
            matches!(&this.data, Data::Native(native) if matches!(**native, Native::Regex(..)));
        let factor = match name {
            "strftime" => WRITES_TIME,
            "split" | "rsplit" | "splitlines" | "replace" | "translate" | "format_map"
            | "maketrans" | "expandtabs" | "title" | "swapcase" | "casefold" | "capitalize" => {
                TAKES_APART
            }
            "sort" => SLOW,
            _ if is_pattern => SLOW,
            // Few methods of texts only copy what they are given.
            _ if matches!(this.data, Data::Str(_) | Data::Bytes(_)) => SLOW,
            _ => 1,
        };
        let all = std::iter::once(this).chain(args.all());
        let weight: u64 = all.map(|val| self.weight(val, 2)).sum();
        let short = short_text(this) + args.all().into_iter().map(short_text).sum::<u64>();
        let pattern = if is_pattern { PATTERN } else { 0 };
        self.steps += weight * factor + short * factor / TEXT as u64 + pattern;
    }

    /// Counts what an operator works through.
    pub(super) fn weigh_operands(&mut self, left: &Val, right: &Val) {
        self.steps += self.weight(left, 2) + self.weight(right, 2);
    }

    /// Counts making ready a pattern the first time it is met.
    pub(super) fn weigh_pattern(&mut self, pattern: &str, flags: i64, span: Span) -> Res<()> {
        // It is read each time.
        self.spend(pattern.len(), span)?;
        let known = (pattern.to_owned(), flags);
        if self.patterns_weighed.known.contains(&known) {
            return Ok(());
        }
        let states = pattern_size(pattern, flags);
        if self.patterns_weighed.states >= STATES_KEPT {
            self.patterns_weighed = PatternsWeighed::default();
        }
        self.patterns_weighed.states += states;
        self.patterns_weighed.known.insert(known);
        self.spend(states.saturating_mul(STATE), span)
    }

    /// Counts a search: a large automaton may be in all of its states at each character.
    pub(super) fn weigh_search(
        &mut self,
        pattern: &str,
        flags: i64,
        text: &str,
        span: Span,
    ) -> Res<()> {
        let states = states_of(pattern, flags, 1);
        // What its groups hold is written down at each character.
        let groups = pattern.matches('(').count();
        let noted = if groups > FEW_GROUPS { states } else { 0 };
        let visited = states.saturating_sub(FEW_STATES).max(noted);
        self.spend(visited.saturating_mul(text.len()) / STATES_VISITED, span)
    }

    /// Counts a power under a modulus: each bit of the exponent multiplies numbers as long as the modulus.
    pub(super) fn weigh_power(
        &mut self,
        exponent: &BigInt,
        modulus: &BigInt,
        span: Span,
    ) -> Res<()> {
        let digits = modulus.bits() / BITS + 1;
        let squared = digits.saturating_mul(digits);
        // Some powers are made ready first.
        let made = exponent.bits().saturating_add(POWERS);
        // An inverse is looked for first, where the exponent is negative.
        let inverse = if exponent.is_negative() { squared * PRODUCTS } else { 0 };
        let products = made.saturating_mul(squared).saturating_add(inverse);
        self.spend(usize::try_from(products / PRODUCTS).unwrap_or(usize::MAX), span)
    }

    /// Counts writing an integer in decimal digits.
    pub(super) fn weigh_digits(&self, number: &BigInt) {
        let words = usize::try_from(number.bits() / BITS).unwrap_or(usize::MAX);
        self.work(words.saturating_mul(words) / WORDS_WRITTEN);
    }

    /// Whether a look into a container is as quick however large it is.
    pub(super) fn is_hashed(&self, container: &Val) -> bool {
        container.as_obj().is_some_and(|id| {
            matches!(self.heap.get(self.heap.resolve(id)), Object::Dict(..) | Object::Set(..))
        })
    }

    /// Counts a walk over a value.
    pub(super) fn weigh(&mut self, val: &Val) {
        self.steps += match &val.data {
            // Each character becomes a text of its own.
            Data::Str(text) => steps(text.len(), ELEMENTS),
            _ => self.weight(val, 0),
        };
    }

    /// The size of a value in steps; of small collections also that of what they hold, so many levels deep.
    fn weight(&self, val: &Val, deep: u32) -> u64 {
        let inner = |items: &mut dyn Iterator<Item = &Val>, length: usize| -> u64 {
            let looked = if deep > 0 && length <= ELEMENTS { length } else { 0 };
            steps(length, ELEMENTS)
                + items.take(looked).map(|item| self.weight(item, deep - 1)).sum::<u64>()
        };
        match &val.data {
            Data::Str(text) => steps(text.len(), TEXT),
            Data::Bytes(bytes) => steps(bytes.len(), TEXT),
            Data::Text(text) => text.segments.len() as u64,
            Data::Native(native) => match native.as_ref() {
                Native::Path(text) | Native::Regex(text, _) => steps(text.len(), PATH),
                _ => 0,
            },
            Data::Big(number) => number.bits() / BITS,
            Data::Tuple(items) => inner(&mut items.iter(), items.len()),
            Data::Obj(id) => match self.heap.get(self.heap.resolve(*id)) {
                Object::List(items) => inner(&mut items.iter(), items.len()),
                Object::Dict(entries, _) => {
                    steps(entries.len(), HASHED)
                        + inner(&mut entries.values().map(|(_, item)| item), entries.len())
                }
                Object::Set(items, _) => {
                    steps(items.len(), HASHED) + inner(&mut items.values(), items.len())
                }
                _ => 0,
            },
            _ => 0,
        }
    }
}

/// Bytes of a text that is too short to count by itself: what takes long for each character does for these, too.
fn short_text(val: &Val) -> u64 {
    match &val.data {
        Data::Str(text) if text.len() < TEXT => text.len() as u64,
        Data::Bytes(bytes) if bytes.len() < TEXT => bytes.len() as u64,
        _ => 0,
    }
}

/// About how many states the automaton of a pattern has: what is repeated is there as many times.
pub(crate) fn pattern_size(pattern: &str, flags: i64) -> usize {
    states_of(pattern, flags, CLASS)
}

/// The same, with so many states for a class of characters.
fn states_of(pattern: &str, flags: i64, class: usize) -> usize {
    let is_wide = flags & IGNORE_CASE != 0 || pattern.contains("(?i");
    let mut open: Vec<usize> = Vec::new();
    let (mut total, mut last) = (0_usize, 0_usize);
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        match c {
            '(' => {
                open.push(total);
                (total, last) = (0, 0);
            }
            ')' => {
                last = total;
                total = open.pop().unwrap_or(0).saturating_add(last);
            }
            '{' => {
                let inner: String = rest.clone().take_while(|c| *c != '}').collect();
                let times = inner.split(',').filter_map(|part| part.trim().parse().ok()).max();
                if let Some(times) = times.filter(|times: &usize| *times > 1) {
                    total = total.saturating_add(last.saturating_mul(times - 1));
                    last = last.saturating_mul(times);
                }
            }
            '*' | '+' | '?' | '|' => {}
            _ => {
                let is_class = match c {
                    '\\' => match rest.next() {
                        // Each looks for a class before and behind, in two ways, in each form of the automaton.
                        Some('b' | 'B') => {
                            total = total.saturating_add(class * BORDER);
                            continue;
                        }
                        Some(c) => c.is_ascii_alphabetic(),
                        None => false,
                    },
                    '[' => {
                        skip_class(&mut rest);
                        true
                    }
                    '.' => true,
                    _ => is_wide,
                };
                last = if is_class { class } else { 1 };
                total = total.saturating_add(last);
            }
        }
    }
    open.into_iter().fold(total, usize::saturating_add)
}

/// Goes behind a class of characters such as `[^]a-z]`, whose bracket is read.
fn skip_class(rest: &mut std::str::Chars<'_>) {
    let mut is_first = true;
    while let Some(c) = rest.next() {
        match c {
            '\\' => {
                rest.next();
            }
            ']' if !is_first => return,
            '^' if is_first => continue,
            _ => {}
        }
        is_first = false;
    }
}

/// How many steps a length is worth.
fn steps(length: usize, unit: usize) -> u64 {
    u64::try_from(length / unit).unwrap_or(u64::MAX)
}
