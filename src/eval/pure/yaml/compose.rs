//! From parser events to nodes: tags decided, aliases tied to their anchors.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, Span, StructureStyle, Tag};

use super::Mark;
use super::resolve::{Kind, resolve};
use crate::eval::pure::Failure;
use crate::eval::pure::text::repr_str;

/// How deep collections may lie in each other.
const MAX_DEPTH: usize = 200;

const CORE: &str = "tag:yaml.org,2002:";

/// A node whose tag is known.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) id: u32,
    pub(super) mark: Mark,
    /// The short name for tags of YAML itself (`int`), the whole tag otherwise.
    pub(super) tag: String,
    pub(super) content: Content,
}

/// What is in a node.
#[derive(Debug)]
pub(super) enum Content {
    Scalar(String),
    Sequence(Vec<Arc<Node>>),
    Mapping(Vec<(Arc<Node>, Arc<Node>)>),
}

impl Node {
    /// What PyYAML calls this kind of node.
    pub(super) fn kind_name(&self) -> &'static str {
        match self.content {
            Content::Scalar(_) => "scalar",
            Content::Sequence(_) => "sequence",
            Content::Mapping(_) => "mapping",
        }
    }
}

/// How many lines of quoted texts are indented before podlift gives up, each of which asks for another reading.
const INDENTED: usize = 50;

/// How many bytes are read again for them.
const BYTES_READ_AGAIN: usize = 1 << 20;

/// How far: no block of a document lies deeper.
const INDENT: &str = "                                                                ";

/// The documents of a stream; an empty document is a `null` node.
pub(super) fn compose(text: &str) -> Result<Vec<Arc<Node>>, Failure> {
    refuse_characters(text)?;
    let mut indented = Cow::Borrowed(text);
    // Where, in the text that is read.
    let mut inserted = Vec::new();
    for times in 0..INDENTED {
        if text.len().saturating_mul(times) > BYTES_READ_AGAIN {
            break;
        }
        let mut unindented = None;
        match documents(&indented, &mut unindented) {
            // PyYAML does not ask where the lines of a quoted text begin, and what they begin with is no part of it.
            Err(_) if unindented.is_some() => {
                let lines = indented.split_inclusive('\n').map(str::len);
                let start = lines.take(unindented.unwrap_or(1).saturating_sub(1)).sum();
                indented.to_mut().insert_str(start, INDENT);
                inserted.push(start);
            }
            Ok(documents) if !inserted.is_empty() => {
                let mut source = InSource { text, inserted, nodes: BTreeMap::new() };
                return Ok(documents.iter().map(|node| source.node(node)).collect());
            }
            result => return result,
        }
    }
    Err(Failure::Unsupported("YAML texts in quotes whose lines are not indented".into()))
}

/// Puts nodes of a text with indented lines where they lie in the text as it is.
struct InSource<'t> {
    text: &'t str,
    inserted: Vec<usize>,
    nodes: BTreeMap<u32, Arc<Node>>,
}

impl InSource<'_> {
    fn node(&mut self, node: &Arc<Node>) -> Arc<Node> {
        if let Some(made) = self.nodes.get(&node.id) {
            return Arc::clone(made);
        }
        let content = match &node.content {
            Content::Scalar(text) => Content::Scalar(text.clone()),
            Content::Sequence(items) => {
                Content::Sequence(items.iter().map(|item| self.node(item)).collect())
            }
            Content::Mapping(entries) => {
                let entries = entries.iter().map(|(key, val)| (self.node(key), self.node(val)));
                Content::Mapping(entries.collect())
            }
        };
        let (start, end) = (self.place(node.mark.start), self.place(node.mark.end));
        let before = self.text.get(..start).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let mark = Mark { start, end, line: node.mark.line, column: line.chars().count() + 1 };
        let made = Arc::new(Node { id: node.id, mark, tag: node.tag.clone(), content });
        self.nodes.insert(node.id, Arc::clone(&made));
        made
    }

    fn place(&self, read: usize) -> usize {
        let back = |place: usize, at: &usize| place - INDENT.len().min(place.saturating_sub(*at));
        self.inserted.iter().rev().fold(read, back)
    }
}

/// The documents of a stream. Where a line of a quoted text is not indented as YAML 1.2 wants it, its number is left
/// behind.
fn documents(text: &str, unindented: &mut Option<usize>) -> Result<Vec<Arc<Node>>, Failure> {
    let options = granit_parser::options! { emit_anchor_events: true };
    let mut composer = Composer {
        text,
        events: Parser::new_from_str_with_options(text, options),
        next: None,
        anchors: BTreeMap::new(),
        names: BTreeSet::new(),
        nodes: 0,
        depth: 0,
        flow_depth: 0,
        tabs_allowed: Vec::new(),
        unindented: None,
    };
    let documents = composer.stream();
    *unindented = composer.unindented;
    documents
}

/// PyYAML reads printable characters only, and knows line ends that YAML has given up since.
fn refuse_characters(text: &str) -> Result<(), Failure> {
    if text.contains(['\u{85}', '\u{2028}', '\u{2029}']) {
        return Err(Failure::Unsupported("the line ends of YAML 1.1".to_owned()));
    }
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..);
    match text.chars().find(|c| !allowed(*c)) {
        Some(c) => Err(Failure::raised(
            "ReaderError",
            format!(
                "unacceptable character #x{:04x}: special characters are not allowed",
                u32::from(c)
            ),
        )),
        None => Ok(()),
    }
}

enum Anchored {
    Complete(Arc<Node>),
    /// Its node is still being read: an alias to it would lie within itself.
    Open,
}

struct Composer<'a> {
    text: &'a str,
    events: Parser<'a, granit_parser::StrInput<'a>>,
    /// An event that was read too early.
    next: Option<(Event<'a>, Span)>,
    anchors: BTreeMap<usize, (String, Anchored)>,
    /// Names of the anchors so far.
    names: BTreeSet<String>,
    nodes: u32,
    depth: usize,
    /// How many collections in brackets or braces lie around.
    flow_depth: usize,
    /// Bytes where PyYAML puts up with tabs: quoted texts, block texts and comments.
    tabs_allowed: Vec<(usize, usize)>,
    /// The line of a quoted text that is not indented, where reading ended for that.
    unindented: Option<usize>,
}

impl<'a> Composer<'a> {
    /// All documents.
    fn stream(&mut self) -> Result<Vec<Arc<Node>>, Failure> {
        let mut documents = Vec::new();
        while let Some((event, _)) = self.event()? {
            match event {
                Event::DocumentStart(explicit, _) => {
                    if !explicit && !documents.is_empty() {
                        return Err(Failure::raised("ParserError", "expected '<document start>'"));
                    }
                    self.anchors.clear();
                    self.names.clear();
                    documents.push(self.node()?);
                }
                Event::StreamEnd => break,
                _ => {}
            }
        }
        self.refuse_tabs()?;
        Ok(documents)
    }

    fn event(&mut self) -> Result<Option<(Event<'a>, Span)>, Failure> {
        if let Some(event) = self.next.take() {
            return Ok(Some(event));
        }
        loop {
            let event = self.events.next().transpose();
            let event = event.map_err(|error| {
                if *error.kind() == ErrorKind::InvalidQuotedScalarIndent {
                    self.unindented = Some(error.marker().line());
                }
                Failure::raised("YAMLError", error.to_string())
            })?;
            match event {
                Some((Event::Comment(..), span)) => self.allow_tabs(mark(span)),
                other => return Ok(other),
            }
        }
    }

    fn allow_tabs(&mut self, mark: Mark) {
        self.tabs_allowed.push((mark.start, mark.end));
    }

    fn refuse_tabs(&self) -> Result<(), Failure> {
        let allowed =
            |at: usize| self.tabs_allowed.iter().any(|(start, end)| (*start..*end).contains(&at));
        if self.text.match_indices('\t').any(|(at, _)| !allowed(at)) {
            let message = "found character '\\t' that cannot start any token";
            return Err(Failure::raised("ScannerError", message));
        }
        Ok(())
    }

    fn expect(&mut self) -> Result<(Event<'a>, Span), Failure> {
        self.event()?.ok_or_else(|| Failure::raised("YAMLError", "the stream ends within a node"))
    }

    fn node(&mut self) -> Result<Arc<Node>, Failure> {
        let (event, span) = self.expect()?;
        let mut mark = mark(span);
        self.nodes += 1;
        let id = self.nodes;
        let (anchor, tag, content) = match event {
            Event::Alias(anchor) => return self.alias(anchor),
            Event::Scalar(text, style, anchor, tag) => {
                self.open_anchor(anchor)?;
                let plain = style == ScalarStyle::Plain;
                if !plain {
                    self.allow_tabs(mark);
                } else if self.flow_depth > 0 && text.starts_with(['?', ':']) {
                    // PyYAML takes them for signs, not for text.
                    return Err(Failure::Unsupported("a YAML text that begins so".into()));
                }
                if self.depth == 0 && self.begins_at_the_margin(style, mark) {
                    return Err(Failure::Unsupported("a YAML block text without indent".into()));
                }
                // The empty tag asks for the implicit type, even of a quoted text.
                let implicit = plain || tag.is_some();
                let tag = tag_name(tag.as_deref()).unwrap_or_else(|| {
                    if implicit { kind_tag(resolve(&text)) } else { "str" }.to_owned()
                });
                let text = self.without_invented_end(text.into_owned(), style, mark);
                (anchor, tag, Content::Scalar(text))
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.open_anchor(anchor)?;
                let items =
                    self.collection(&mut mark, style, |event| *event == Event::SequenceEnd)?;
                let tag = tag_name(tag.as_deref()).unwrap_or_else(|| "seq".to_owned());
                (anchor, tag, Content::Sequence(items))
            }
            Event::MappingStart(style, anchor, tag) => {
                self.open_anchor(anchor)?;
                let items =
                    self.collection(&mut mark, style, |event| *event == Event::MappingEnd)?;
                let mut items = items.into_iter();
                let mut entries = Vec::new();
                while let (Some(key), Some(value)) = (items.next(), items.next()) {
                    self.refuse_missing_key(&key)?;
                    entries.push((key, value));
                }
                let tag = tag_name(tag.as_deref()).unwrap_or_else(|| "map".to_owned());
                (anchor, tag, Content::Mapping(entries))
            }
            other => {
                return Err(Failure::Unsupported(format!("the YAML event {other:?}")));
            }
        };
        let node = Arc::new(Node { id, mark, tag, content });
        if let Some((_, anchored)) = self.anchors.get_mut(&anchor) {
            *anchored = Anchored::Complete(Arc::clone(&node));
        }
        Ok(node)
    }

    /// The nodes up to the event that closes a collection.
    fn collection(
        &mut self,
        mark: &mut Mark,
        style: StructureStyle,
        closes: impl Fn(&Event<'a>) -> bool,
    ) -> Result<Vec<Arc<Node>>, Failure> {
        self.depth += 1;
        let flow = usize::from(style == StructureStyle::Flow);
        self.flow_depth += flow;
        if self.depth > MAX_DEPTH {
            return Err(Failure::Bound("reading YAML"));
        }
        let mut items: Vec<Arc<Node>> = Vec::new();
        loop {
            let (event, span) = self.expect()?;
            if closes(&event) {
                self.depth -= 1;
                self.flow_depth -= flow;
                // A block ends with its last item; the parser notices only at the next token.
                let end = span.end.byte_offset().unwrap_or(mark.end);
                mark.end = if span.is_empty() {
                    items.last().map_or(end, |item| item.mark.end)
                } else {
                    end
                };
                mark.end = mark.end.max(mark.start);
                return Ok(items);
            }
            self.next = Some((event, span));
            items.push(self.node()?);
        }
    }

    /// A colon without a key is an error for PyYAML, unless a question mark announced the key.
    fn refuse_missing_key(&self, key: &Node) -> Result<(), Failure> {
        let before = || self.text.get(..key.mark.start).unwrap_or_default().trim_end();
        if key.tag == "null" && key.mark.start == key.mark.end && !before().ends_with('?') {
            return Err(Failure::raised("ParserError", "expected <block end>, but found ':'"));
        }
        Ok(())
    }

    fn begins_at_the_margin(&self, style: ScalarStyle, mark: Mark) -> bool {
        let source = self.text.get(mark.start..mark.end).unwrap_or_default();
        matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
            && source.lines().skip(1).any(|line| !line.is_empty() && !line.starts_with(' '))
    }

    /// A block text in the last line of a stream without a line end has none either for PyYAML.
    fn without_invented_end(&self, mut text: String, style: ScalarStyle, mark: Mark) -> String {
        let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        // A stream may be one line: it is looked for only where it matters.
        let last_line = || self.text.rsplit(['\n', '\r']).next().unwrap_or_default();
        if block
            && mark.end >= self.text.len()
            && text.ends_with('\n')
            && !last_line().trim().is_empty()
        {
            text.pop();
        }
        text
    }

    /// Takes note of the anchor whose name the next event tells.
    fn open_anchor(&mut self, anchor: usize) -> Result<(), Failure> {
        if anchor == 0 {
            return Ok(());
        }
        let name = match self.event()? {
            Some((Event::Anchor(_, name), _)) => name.into_owned(),
            other => {
                self.next = other;
                String::new()
            }
        };
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
            return Err(Failure::Unsupported(format!("the YAML anchor {}", repr_str(&name))));
        }
        if !self.names.insert(name.clone()) {
            return Err(Failure::raised(
                "ComposerError",
                format!("found duplicate anchor {}; first occurrence", repr_str(&name)),
            ));
        }
        self.anchors.insert(anchor, (name, Anchored::Open));
        Ok(())
    }

    fn alias(&mut self, anchor: usize) -> Result<Arc<Node>, Failure> {
        match self.anchors.get(&anchor) {
            Some((_, Anchored::Complete(node))) => Ok(Arc::clone(node)),
            Some((_, Anchored::Open)) => {
                Err(Failure::Unsupported("a YAML collection that contains itself".to_owned()))
            }
            None => Err(Failure::raised("ComposerError", "found undefined alias")),
        }
    }
}

/// The tag as [`Node::tag`] has it; `None` when there is none, or the empty `!`.
fn tag_name(tag: Option<&Tag>) -> Option<String> {
    let tag = tag?;
    let whole = format!("{}{}", tag.handle(), tag.suffix());
    match whole.strip_prefix(CORE) {
        _ if whole == "!" => None,
        Some(short) => Some(short.to_owned()),
        None => Some(whole),
    }
}

fn kind_tag(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "null",
        Kind::Bool => "bool",
        Kind::Int => "int",
        Kind::Float => "float",
        Kind::Str => "str",
        Kind::Timestamp => "timestamp",
        Kind::Merge => "merge",
        Kind::Value => "value",
    }
}

fn mark(span: Span) -> Mark {
    let start = span.start.byte_offset().unwrap_or(0);
    Mark {
        start,
        end: span.end.byte_offset().unwrap_or(start),
        line: span.start.line(),
        column: span.start.col() + 1,
    }
}
