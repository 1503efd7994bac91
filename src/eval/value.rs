//! What evaluation leaves behind: plain values that know where they came from.
//!
//! While a DAG file is evaluated its objects live on the evaluator's heap, mutable and shared as in
//! Python. A [`Value`] is the finished picture of one of them: it owns its parts, can cross threads,
//! and every part remembers its [`Span`]. What could not be known is a [`Hole`] inside it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use indexmap::IndexMap;
use num_bigint::BigInt;
use smallvec::{SmallVec, smallvec};

use super::template;
use crate::python::Span;

/// A finished Python value.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// What it is.
    pub kind: Kind,
    /// What made it.
    pub span: Span,
}

/// The kinds of values that reach operator arguments.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer of any size.
    Int(BigInt),
    /// A float.
    Float(f64),
    /// A string, perhaps with holes in it.
    Str(Text),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Value>),
    /// A tuple.
    Tuple(Vec<Value>),
    /// A set, in insertion order.
    Set(Vec<Value>),
    /// A dict, in insertion order.
    Dict(Vec<(Value, Value)>),
    /// A Kubernetes client object (`V1Volume`) or one of Airflow's pod helpers (`Secret`, and the old
    /// `Volume`, `VolumeMount`, `Port`, `Resources`, `PodRuntimeInfoEnv`).
    Model(Model),
    /// A `datetime.timedelta`, in microseconds.
    TimeDelta(i64),
    /// A date or datetime in ISO 8601 form.
    DateTime(String),
    /// Any other object: a function, a class, an instance, an operator.
    Object(Object),
    /// The result of another task, known only when that task has run.
    XCom(XCom),
    /// What could not be known.
    Unknown(Arc<Hole>),
}

/// A model object: class and the fields that were given.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Class name, such as `V1EnvVar` or `Secret`.
    pub class: String,
    /// Fields by their Python (snake_case) names, in the order given.
    pub fields: IndexMap<String, Value>,
}

/// An object podlift has no closer picture of.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// Qualified class name, or `function`, `class`, `module`.
    pub class: String,
    /// A short text for people, such as the qualified name of a function.
    pub name: String,
}

/// A reference to the XCom of another task.
#[derive(Debug, Clone, PartialEq)]
pub struct XCom {
    /// The task that pushes the value.
    pub task_id: String,
    /// The XCom key, `return_value` unless given.
    pub key: String,
}

/// A string made of text and holes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Text {
    /// The parts, in order; neighbouring literals are joined.
    pub segments: SmallVec<[Segment; 1]>,
}

/// A part of a [`Text`].
#[derive(Debug, Clone, PartialEq)]
pub enum Segment {
    /// Known text.
    Literal(String),
    /// Unknown text.
    Hole(Arc<Hole>),
}

/// What could not be known, why and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Hole {
    /// What kind of lookup left it open.
    pub kind: HoleKind,
    /// Name of the lookup: the variable, the call, the loop. Closing it needs `kind:name`.
    pub name: String,
    /// The default that the code itself gives.
    pub default: Option<serde_json::Value>,
    /// One line for people: the expression in the source.
    pub reason: String,
    /// Where the lookup is written.
    pub span: Span,
    /// The lookups a computed hole depends on; empty for a lookup itself.
    pub roots: Vec<Arc<Hole>>,
}

/// The kinds of holes. The text form is what stands before the colon in `${kind:name}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HoleKind {
    /// An environment variable.
    Env,
    /// An Airflow Variable.
    Variable,
    /// An Airflow Connection.
    Connection,
    /// An Airflow configuration option.
    Conf,
    /// A DAG or task param.
    Param,
    /// An XCom of another task.
    XCom,
    /// Something imported from a module outside the roots.
    Import,
    /// The result of a call that is not known.
    Call,
    /// A variable of a loop over something unknown.
    Loop,
    /// A value that differs between two branches of an unknown condition.
    Condition,
    /// A file that could not be read.
    File,
    /// A different value at each run: time, random numbers, UUIDs.
    Nondeterministic,
    /// A bound of the evaluator was reached.
    Limit,
    /// Computed from other holes in a way that cannot be written down.
    Expression,
    /// A parameter of a function whose caller is not known.
    Argument,
    /// A name or attribute that is not defined anywhere podlift looked.
    Name,
}

impl HoleKind {
    /// All kinds, in the order of their declaration.
    pub const ALL: [Self; 16] = [
        Self::Env,
        Self::Variable,
        Self::Connection,
        Self::Conf,
        Self::Param,
        Self::XCom,
        Self::Import,
        Self::Call,
        Self::Loop,
        Self::Condition,
        Self::File,
        Self::Nondeterministic,
        Self::Limit,
        Self::Expression,
        Self::Argument,
        Self::Name,
    ];

    /// The word before the colon in `${kind:name}`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Env => "env",
            Self::Variable => "variable",
            Self::Connection => "connection",
            Self::Conf => "conf",
            Self::Param => "param",
            Self::XCom => "xcom",
            Self::Import => "import",
            Self::Call => "call",
            Self::Loop => "loop",
            Self::Condition => "condition",
            Self::File => "file",
            Self::Nondeterministic => "nondeterministic",
            Self::Limit => "limit",
            Self::Expression => "expression",
            Self::Argument => "argument",
            Self::Name => "name",
        }
    }

    /// The kind of a word, as in `--set env:TAG=v3`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for HoleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Hole {
    /// `kind:name`, the name under which a value closes this hole.
    pub fn key(&self) -> String {
        format!("{}:{}", self.kind, self.name)
    }
}

impl Value {
    /// A value made by podlift itself, without a place in the source.
    pub fn new(kind: Kind, span: Span) -> Self {
        Self { kind, span }
    }

    /// A known string.
    pub fn str(text: impl Into<String>, span: Span) -> Self {
        Self::new(Kind::Str(Text::literal(text)), span)
    }

    /// The text of a fully known string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Str(text) => text.as_literal(),
            _ => None,
        }
    }

    /// Whether the value is Python's `None`.
    pub fn is_none(&self) -> bool {
        matches!(self.kind, Kind::None)
    }

    /// Every hole in the value, in order of appearance, repeats included.
    pub fn holes(&self) -> Vec<Arc<Hole>> {
        let mut found = Vec::new();
        self.collect_holes(&mut found);
        found
    }

    fn collect_holes(&self, found: &mut Vec<Arc<Hole>>) {
        match &self.kind {
            Kind::Str(text) => found.extend(text.holes().cloned()),
            Kind::List(items) | Kind::Tuple(items) | Kind::Set(items) => {
                items.iter().for_each(|item| item.collect_holes(found));
            }
            Kind::Dict(entries) => {
                for (key, value) in entries {
                    key.collect_holes(found);
                    value.collect_holes(found);
                }
            }
            Kind::Model(model) => {
                model.fields.values().for_each(|value| value.collect_holes(found));
            }
            Kind::Unknown(hole) => found.push(Arc::clone(hole)),
            _ => {}
        }
    }

    /// Python's truth value; `None` when a hole decides it.
    pub fn truth(&self) -> Option<bool> {
        Some(match &self.kind {
            Kind::None => false,
            Kind::Bool(value) => *value,
            Kind::Int(value) => *value != BigInt::ZERO,
            Kind::Float(value) => *value != 0.0,
            Kind::Str(text) => return text.truth(),
            Kind::Bytes(bytes) => !bytes.is_empty(),
            Kind::List(items) | Kind::Tuple(items) | Kind::Set(items) => !items.is_empty(),
            Kind::Dict(entries) => !entries.is_empty(),
            Kind::TimeDelta(micros) => *micros != 0,
            Kind::Model(_) | Kind::DateTime(_) | Kind::Object(_) => true,
            Kind::XCom(_) | Kind::Unknown(_) => return None,
        })
    }

    /// The Python type name, for messages.
    pub fn type_name(&self) -> &str {
        match &self.kind {
            Kind::None => "None",
            Kind::Bool(_) => "bool",
            Kind::Int(_) => "int",
            Kind::Float(_) => "float",
            Kind::Str(_) => "str",
            Kind::Bytes(_) => "bytes",
            Kind::List(_) => "list",
            Kind::Tuple(_) => "tuple",
            Kind::Set(_) => "set",
            Kind::Dict(_) => "dict",
            Kind::Model(model) => &model.class,
            Kind::TimeDelta(_) => "timedelta",
            Kind::DateTime(_) => "datetime",
            Kind::Object(object) => &object.class,
            Kind::XCom(_) => "XComArg",
            Kind::Unknown(_) => "unknown",
        }
    }
}

/// How long a text may become, in bytes.
static LONGEST: AtomicUsize = AtomicUsize::new(1 << 20);

/// How many segments a text may have. One has 100 bytes at most, or is counted by them.
const MOST_SEGMENTS: usize = 20_000;

/// Pieces shorter than this are counted by their number, in bytes.
const SMALL: usize = 100;

/// What stands at the end of a text that would be too long.
fn too_long() -> Arc<Hole> {
    Arc::new(Hole {
        kind: HoleKind::Limit,
        name: TOO_LONG.to_owned(),
        default: None,
        reason: "a string is longer than the bound".to_owned(),
        span: Span::NONE,
        roots: Vec::new(),
    })
}

const TOO_LONG: &str = "string";

fn is_too_long(hole: &Hole) -> bool {
    hole.kind == HoleKind::Limit && hole.name == TOO_LONG && !hole.span.is_some()
}

impl Segment {
    fn len(&self) -> usize {
        match self {
            Self::Literal(text) => text.len(),
            Self::Hole(_) => 0,
        }
    }
}

impl Text {
    /// A text without holes.
    pub fn literal(text: impl Into<String>) -> Self {
        let text: String = text.into();
        let segments =
            if text.is_empty() { SmallVec::new() } else { smallvec![Segment::Literal(text)] };
        Self { segments }
    }

    /// A text that is one hole.
    pub fn hole(hole: Arc<Hole>) -> Self {
        Self { segments: smallvec![Segment::Hole(hole)] }
    }

    /// Lets texts become as long as this, in bytes, from now on. What would be longer ends in a hole: the pieces of a
    /// text that nobody could use must not fill the memory before somebody looks at its length.
    pub(crate) fn allow(bytes: usize) {
        LONGEST.fetch_max(bytes, Ordering::Relaxed);
    }

    /// Length of what is known of it, in bytes.
    pub(crate) fn len(&self) -> usize {
        self.segments.iter().map(Segment::len).sum()
    }

    /// Whether nothing can be appended any more.
    pub(crate) fn is_full(&self) -> bool {
        matches!(self.segments.last(), Some(Segment::Hole(hole)) if is_too_long(hole))
    }

    /// Whether some more bytes can be appended; ends the text if not.
    fn has_room(&mut self, bytes: usize) -> bool {
        if self.is_full() {
            return false;
        }
        let longest = LONGEST.load(Ordering::Relaxed);
        // Small pieces are counted by their number.
        let length = match self.segments.as_slice() {
            [] => 0,
            [Segment::Literal(text)] => text.len(),
            [.., Segment::Literal(text)] if bytes < SMALL => text.len(),
            _ if bytes < SMALL => 0,
            _ => self.len(),
        };
        let has_room = length + bytes <= longest && self.segments.len() < MOST_SEGMENTS;
        if !has_room {
            self.segments.push(Segment::Hole(too_long()));
        }
        has_room
    }

    /// Appends known text.
    pub fn push_str(&mut self, text: &str) {
        if text.is_empty() || !self.has_room(text.len()) {
            return;
        }
        if let Some(Segment::Literal(last)) = self.segments.last_mut() {
            last.push_str(text);
        } else {
            self.segments.push(Segment::Literal(text.to_owned()));
        }
    }

    /// Appends a hole.
    pub fn push_hole(&mut self, hole: Arc<Hole>) {
        if self.has_room(0) {
            self.segments.push(Segment::Hole(hole));
        }
    }

    /// Appends another text.
    pub fn push_text(&mut self, other: &Self) {
        for segment in &other.segments {
            match segment {
                Segment::Literal(text) => self.push_str(text),
                Segment::Hole(hole) => self.push_hole(Arc::clone(hole)),
            }
        }
    }

    /// The text, when no hole is in it.
    pub fn as_literal(&self) -> Option<&str> {
        match self.segments.as_slice() {
            [] => Some(""),
            [Segment::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The holes in order.
    pub fn holes(&self) -> impl Iterator<Item = &Arc<Hole>> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Hole(hole) => Some(hole),
            Segment::Literal(_) => None,
        })
    }

    /// Python's truth value: any known character makes it true.
    pub fn truth(&self) -> Option<bool> {
        if self.segments.iter().any(|part| matches!(part, Segment::Literal(_))) {
            Some(true)
        } else if self.segments.is_empty() {
            Some(false)
        } else {
            None
        }
    }

    /// The text as podlift writes it: holes as `${kind:name}`, a literal `${` as `$${`. The grammar
    /// is that of [`template`](super::template).
    pub fn to_template(&self) -> String {
        let mut out = String::new();
        for segment in &self.segments {
            match segment {
                Segment::Literal(text) => template::push_literal(&mut out, text),
                Segment::Hole(hole) => template::push_hole(&mut out, hole.kind, &hole.name),
            }
        }
        out
    }

    /// The text for people: holes as `⟨name⟩`.
    pub fn display(&self) -> String {
        self.segments.iter().fold(String::new(), |mut out, segment| {
            match segment {
                Segment::Literal(text) => out.push_str(text),
                Segment::Hole(hole) => {
                    out.push('⟨');
                    out.push_str(&hole.name);
                    out.push('⟩');
                }
            }
            out
        })
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::literal(text)
    }
}
