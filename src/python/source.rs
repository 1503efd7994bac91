//! Source files and places in them.
//!
//! Every value podlift evaluates remembers the [`Span`] that made it, so a span is small and `Copy`:
//! a source number and a byte range. [`Sources`] turns it back into `path:line:column`.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::origin::Origin;

/// The number of a source in its [`Sources`]. It depends on loading order, so nothing may sort by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SourceId(pub u32);

/// A byte range in a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The file.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Default for Span {
    fn default() -> Self {
        Self::NONE
    }
}

impl Span {
    /// A span that points nowhere: for values podlift itself supplies.
    pub const NONE: Self = Self { source: SourceId(u32::MAX), start: 0, end: 0 };

    /// Whether the span points into a source.
    pub fn is_some(self) -> bool {
        self.source.0 != u32::MAX
    }

    /// This span, or `other` when this one points nowhere.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self.is_some() { self } else { other }
    }
}

/// One text file: its name as shown to people, its text and where its lines begin.
#[derive(Debug)]
pub struct Source {
    /// Path as shown in artefacts and diagnostics: relative where possible, always with `/`.
    pub path: String,
    /// The text, decoded.
    pub text: String,
    /// Where the text can be had again, when it is that of a file.
    pub origin: Option<Origin>,
    lines: Vec<u32>,
    /// How many characters there are before some places in the text, by offset: a line can be as long as its file, and
    /// have findings at each end of it.
    marks: OnceLock<Vec<(usize, usize)>>,
}

/// Bytes between two places whose characters are counted once.
const STRIDE: usize = 4096;

/// A place for people: 1-based line and 1-based column in characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// Path of the source as shown to people.
    pub path: String,
    /// 1-based line.
    pub line: u32,
    /// 1-based column, in characters.
    pub column: u32,
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}

impl Source {
    /// Indexes the lines of `text`. `\n`, `\r\n` and a lone `\r` end a line, as in Python.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let bytes = text.as_bytes();
        let mut lines = vec![0];
        let mut end_at = |at: usize| lines.push(u32::try_from(at + 1).unwrap_or(u32::MAX));
        if bytes.contains(&b'\r') {
            for (at, byte) in bytes.iter().enumerate() {
                if *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')) {
                    end_at(at);
                }
            }
        } else {
            text.match_indices('\n').for_each(|(at, _)| end_at(at));
        }
        Self { path: path.into(), text, origin: None, lines, marks: OnceLock::new() }
    }

    /// The same source, with the file it was read from if it is that of one.
    #[must_use]
    pub fn from(self, origin: impl Into<Option<Origin>>) -> Self {
        Self { origin: origin.into(), ..self }
    }

    /// 1-based line of a byte offset.
    pub fn line(&self, offset: u32) -> u32 {
        u32::try_from(self.lines.partition_point(|start| *start <= offset)).unwrap_or(u32::MAX)
    }

    /// 1-based line and column (in characters) of a byte offset.
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let line = self.line(offset);
        let start = self.lines.get(line.saturating_sub(1) as usize).copied().unwrap_or(0);
        let (start, end) = (start as usize, offset as usize);
        let before = match self.text.get(start..end) {
            None => 0,
            Some(before) if before.len() <= STRIDE => before.chars().count(),
            Some(_) => self.characters_before(end) - self.characters_before(start),
        };
        (line, u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1))
    }

    /// How many characters begin before an offset.
    fn characters_before(&self, offset: usize) -> usize {
        let marks = self.marks.get_or_init(|| {
            let mut marks = vec![(0, 0)];
            let (mut at, mut characters) = (0, 0);
            while at < self.text.len() {
                let next = self.text.ceil_char_boundary(at + STRIDE);
                characters += self.text.get(at..next).map_or(0, |part| part.chars().count());
                marks.push((next, characters));
                at = next;
            }
            marks
        });
        let known = marks.partition_point(|(at, _)| *at <= offset).saturating_sub(1);
        let (at, characters) = marks.get(known).copied().unwrap_or_default();
        characters + self.text.get(at..offset).map_or(0, |part| part.chars().count())
    }

    /// The bytes of a 1-based line without its line ending; empty for a line that is not there.
    pub fn line_range(&self, line: u32) -> std::ops::Range<usize> {
        let index = line.saturating_sub(1) as usize;
        let Some(start) = self.lines.get(index).map(|start| *start as usize) else {
            return self.text.len()..self.text.len();
        };
        let end = self.lines.get(index + 1).map_or(self.text.len(), |next| *next as usize);
        let whole = self.text.get(start..end).unwrap_or("");
        start..start + whole.trim_end_matches(['\r', '\n']).len()
    }

    /// The text of a span of this source, empty when the span is not on character borders.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }
}

/// All sources of one run, shared between threads.
#[derive(Debug, Default)]
pub struct Sources {
    files: RwLock<Numbered>,
}

/// Sources by their numbers, and by their paths their numbers with how often each was added.
#[derive(Debug, Default)]
struct Numbered {
    all: Vec<Arc<Source>>,
    by_path: HashMap<String, Vec<(u32, usize)>>,
}

impl Sources {
    /// Adds a source and gives its number. One of the same path and text is the same source: a place in a file is the
    /// same place however often the file was read.
    pub fn add(&self, source: Source) -> (SourceId, Arc<Source>) {
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        let Numbered { all, by_path } = &mut *files;
        let numbers = by_path.entry(source.path.clone()).or_default();
        for (number, adds) in numbers.iter_mut() {
            if let Some(known) = all.get(*number as usize)
                && known.text == source.text
            {
                *adds += 1;
                return (SourceId(*number), Arc::clone(known));
            }
        }
        let number = u32::try_from(all.len()).unwrap_or(u32::MAX);
        let source = Arc::new(source);
        numbers.push((number, 1));
        all.push(Arc::clone(&source));
        (SourceId(number), source)
    }

    /// Lets go of the text of the source with this shown path, unless somebody else added the same source. Whoever
    /// calls this vouches that nothing points into it any more.
    pub fn let_go(&self, path: &str, is_needed: impl Fn(SourceId) -> bool) {
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        let Numbered { all, by_path } = &mut *files;
        let Some([(number, adds)]) = by_path.get(path).map(Vec::as_slice) else { return };
        if *adds > 1 || is_needed(SourceId(*number)) {
            return;
        }
        if let Some(source) = all.get_mut(*number as usize) {
            *source = Arc::new(Source::new(path, ""));
        }
        // Who adds it again gets another number.
        by_path.remove(path);
    }

    /// The source of a number; `None` for [`Span::NONE`].
    pub fn get(&self, id: SourceId) -> Option<Arc<Source>> {
        self.files.read().unwrap_or_else(PoisonError::into_inner).all.get(id.0 as usize).cloned()
    }

    /// A source by its shown path, the first of those that were added.
    pub fn by_path(&self, path: &str) -> Option<(SourceId, Arc<Source>)> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        let (number, _) = *files.by_path.get(path)?.first()?;
        Some((SourceId(number), Arc::clone(files.all.get(number as usize)?)))
    }

    /// Every source once, by its shown path.
    pub fn by_paths(&self) -> BTreeMap<String, (SourceId, Arc<Source>)> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        let numbered = (0u32..).zip(files.all.iter());
        // A file that was read in part may have an empty twin; the longest text is the whole one.
        let mut all: BTreeMap<String, (SourceId, Arc<Source>)> = BTreeMap::new();
        for (number, source) in numbered {
            let known = all.get(&source.path).map_or(0, |(_, known)| known.text.len());
            if known < source.text.len() || !all.contains_key(&source.path) {
                all.insert(source.path.clone(), (SourceId(number), Arc::clone(source)));
            }
        }
        all
    }

    /// The same sources with other texts. Texts of the same length keep every span valid.
    #[must_use]
    pub fn mapped(&self, text: impl Fn(&Source) -> String) -> Self {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        let mapped = files
            .all
            .iter()
            .map(|source| Arc::new(Source::new(source.path.as_str(), text(source))));
        let mapped = Numbered { all: mapped.collect(), by_path: files.by_path.clone() };
        Self { files: RwLock::new(mapped) }
    }

    /// Where a span begins, for people.
    pub fn location(&self, span: Span) -> Option<Location> {
        let source = self.get(span.source)?;
        let (line, column) = source.line_column(span.start);
        Some(Location { path: source.path.clone(), line, column })
    }

    /// `path:line` of a span, or an empty text for a span that points nowhere.
    pub fn place(&self, span: Span) -> String {
        self.location(span).map(|at| format!("{}:{}", at.path, at.line)).unwrap_or_default()
    }

    /// The source text of a span.
    pub fn snippet(&self, span: Span) -> String {
        self.get(span.source).map(|source| source.slice(span).to_owned()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_in_python() {
        let source = Source::new("a.py", "a\r\nbé\rc\nd");
        assert_eq!(source.line_column(0), (1, 1));
        assert_eq!(source.line_column(3), (2, 1));
        assert_eq!(source.line_column(6), (2, 3));
        assert_eq!(source.line_column(7), (3, 1));
        assert_eq!(source.line_column(9), (4, 1));
    }

    #[test]
    fn columns_of_a_long_line_are_counted_from_its_beginning() {
        let text = format!("first\n{}é{}", "a€".repeat(5000), "b".repeat(9000));
        let source = Source::new("a.py", text.as_str());
        let line = text.strip_prefix("first\n").unwrap_or_default();
        for (nth, (at, _)) in line.char_indices().enumerate().filter(|(nth, _)| nth % 97 == 0) {
            let column = u32::try_from(nth + 1).unwrap_or(0);
            assert_eq!(source.line_column(u32::try_from(at + 6).unwrap_or(0)), (2, column));
        }
    }

    #[test]
    fn a_source_added_twice_is_one() {
        let sources = Sources::default();
        let (first, _) = sources.add(Source::new("a.py", "x"));
        let (other, _) = sources.add(Source::new("a.py", "y"));
        assert_ne!(first, other);
        assert_eq!(sources.add(Source::new("a.py", "x")).0, first);
        assert_ne!(sources.add(Source::new("b.py", "x")).0, first);
        assert_eq!(sources.by_path("a.py").map(|(id, _)| id), Some(first));
    }

    #[test]
    fn a_text_is_let_go_of_only_when_nobody_needs_it() {
        let sources = Sources::default();
        let (id, _) = sources.add(Source::new("a.py", "x"));
        let text = |id| sources.get(id).map(|source| source.text.clone());
        sources.let_go("a.py", |asked| asked == id);
        assert_eq!(text(id).as_deref(), Some("x"), "it is needed");
        sources.let_go("a.py", |_| false);
        assert_eq!(text(id).as_deref(), Some(""));
        let (again, _) = sources.add(Source::new("a.py", "x"));
        assert_ne!(again, id, "a new number, since the old one has no text");
        sources.add(Source::new("a.py", "x"));
        sources.let_go("a.py", |_| false);
        assert_eq!(text(again).as_deref(), Some("x"), "somebody else added it, too");
    }

    #[test]
    fn a_span_outside_the_text_is_empty() {
        let source = Source::new("a.py", "é");
        let span = Span { source: SourceId(0), start: 1, end: 9 };
        assert_eq!(source.slice(span), "");
        assert_eq!(source.line_column(900), (1, 1));
    }
}
