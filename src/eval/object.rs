//! What the evaluator computes with while it runs: values and heap objects.
//!
//! A [`Val`] is small and cheap to clone. What Python can change in place (lists, dicts, scopes,
//! instances, DAGs, tasks) is an [`Object`] on the [`Heap`](super::heap::Heap), named by an
//! [`ObjId`], so that two names for one list see the same changes, and so that the two sides of an
//! undecided `if` can be tried one after the other.

use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;
use num_bigint::BigInt;

use super::{Hole, Text};
use crate::python::Span;
use crate::python::ast::{self, Name};

/// A map in insertion order with a fast hash; its order is Python's.
pub(crate) type Map<K, V> = IndexMap<K, V, rustc_hash::FxBuildHasher>;

/// A heap object's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ObjId(pub(crate) u32);

/// A value and the place that made it.
#[derive(Debug, Clone)]
pub(crate) struct Val {
    /// The value.
    pub(crate) data: Data,
    /// What made it.
    pub(crate) span: Span,
}

/// Immutable data, or a reference to a heap object.
#[derive(Debug, Clone)]
pub(crate) enum Data {
    None,
    Bool(bool),
    Int(i64),
    /// An integer beyond 64 bits; smaller ones are always `Int`.
    Big(Rc<BigInt>),
    Float(f64),
    Str(Rc<str>),
    /// A string with at least one hole.
    Text(Rc<Text>),
    Bytes(Rc<[u8]>),
    Tuple(Rc<[Val]>),
    Ellipsis,
    NotImplemented,
    /// A slice object.
    Slice(Rc<[Val; 3]>),
    /// A value of the standard library that never changes: a date, a path, a pattern.
    Native(Rc<Native>),
    /// A symbol podlift knows by its dotted name: module, class or function.
    Symbol(Name),
    /// A method of a builtin value, found but not yet called.
    Method(Rc<(Val, Name)>),
    /// A heap object.
    Obj(ObjId),
    /// What is not known.
    Unknown(Arc<Hole>),
}

/// Immutable values of the standard library.
#[derive(Debug, Clone)]
pub(crate) enum Native {
    /// `pathlib.Path`.
    Path(String),
    /// `datetime.timedelta`, microseconds.
    TimeDelta(i64),
    /// A duration of pendulum, microseconds.
    Duration(i64),
    /// What lies between two datetimes of pendulum, microseconds.
    Interval(i64),
    /// `datetime.datetime`, `date` or `time`.
    Moment(super::library::datetime::Moment),
    /// `range`.
    Range(i64, i64, i64),
    /// `re.compile(...)`: pattern and flags.
    Regex(String, i64),
    /// A regular expression match: whole groups with their spans, and group names.
    Match(Rc<super::library::regex::MatchData>),
    /// An edge label.
    Label(String),
    /// The result of `operator.itemgetter` or `attrgetter`: `true` for items.
    Getter(bool, Vec<Val>),
}

/// A dict key: Python's equality and hash, so `1`, `1.0` and `True` are one key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    None,
    Int(i64),
    Big(BigInt),
    /// A float that is no integer, by its bits.
    Float(u64),
    Str(Rc<str>),
    Bytes(Rc<[u8]>),
    Tuple(Vec<Key>),
    Symbol(Name),
    Obj(ObjId),
    /// Other immutable values, by their `repr`.
    Other(String),
    /// A key with holes, by its template text: equal only to itself.
    Hole(String),
    /// The entries of an unknown mapping, `**unknown`; numbered to keep them apart.
    Spread(u32),
}

impl Key {
    /// The bytes of the texts in it.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Str(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            Self::Other(text) | Self::Hole(text) => text.len(),
            Self::Tuple(parts) => parts.iter().map(Self::bytes).sum(),
            _ => 0,
        }
    }

    /// Whether something in it is not known.
    pub(crate) fn has_hole(&self) -> bool {
        match self {
            Self::Hole(_) | Self::Spread(_) => true,
            Self::Tuple(parts) => parts.iter().any(Self::has_hole),
            _ => false,
        }
    }
}

pub(crate) use super::entries::Entries;

/// Objects that can change or have identity.
#[derive(Debug, Clone)]
pub(crate) enum Object {
    List(Vec<Val>),
    /// A dict; the class is set for `defaultdict`, `OrderedDict`, `Counter`.
    Dict(Entries, Option<Val>),
    Set(Map<Key, Val>, bool),
    /// Variables of a module, a function call or a class body.
    Scope(Map<Name, Val>),
    Function(Rc<FunctionObject>),
    /// A function or callable with its first argument.
    Bound(Val, Val),
    Class(Rc<ClassObject>, Map<Name, Val>),
    /// An instance of a user class, or of an exception class.
    Instance(Instance),
    Module(ModuleObject),
    /// Items still to come of an iterator, all of them known.
    Iterator(Vec<Val>, usize),
    /// An iterator that makes its elements when they are asked for.
    Lazy(super::lazy::Lazy),
    Partial(Val, Vec<Val>, Map<Name, Val>),
    /// Getter, setter and deleter.
    Property(Val, Option<Val>, Option<Val>),
    Static(Val),
    ClassMethod(Val),
    /// `super()`: the instance or class, and the class after which to look.
    Super(Val, Val),
    /// A Kubernetes client object or one of Airflow's pod helpers.
    Model(Name, Map<Name, Val>),
    /// The attributes of an object as a dict: `vars(object)`, `object.__dict__`.
    Namespace(ObjId),
    /// A namespace with attributes: `types.SimpleNamespace`, `Param`, connections, opaque instances.
    Record(Name, Map<Name, Val>),
    Dag(Box<super::library::airflow::DagObject>),
    Task(Box<super::library::airflow::TaskObject>),
    Group(Box<super::library::airflow::GroupObject>),
    /// A decorator such as `@task.kubernetes(...)` with its keywords; with a function once applied.
    TaskDecorator(Box<super::library::airflow::DecoratorObject>),
    /// The XCom of a task.
    XCom(ObjId, String),
    /// This object became another one when two branches were joined.
    Forward(ObjId),
    /// The object was changed in a way that cannot be known.
    Poisoned(Arc<Hole>),
}

/// An instance of a class.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    /// The class: a user class or a builtin exception.
    pub(crate) class: Val,
    /// Attributes.
    pub(crate) attrs: Map<Name, Val>,
    /// The value underneath, for subclasses of builtins (`dict`, `str`, enum members, exceptions).
    pub(crate) payload: Option<Val>,
}

/// A function with what it closes over.
#[derive(Debug, Clone)]
pub(crate) struct FunctionObject {
    pub(crate) def: Arc<ast::Function>,
    /// Dotted name for messages.
    pub(crate) name: Name,
    /// `__qualname__`.
    pub(crate) qualname: Name,
    /// The scope of its module.
    pub(crate) globals: ObjId,
    /// Scopes of the functions around it, innermost first.
    pub(crate) closure: Rc<[ObjId]>,
    /// The class whose body defines it, for `super()`; filled when the class is made.
    pub(crate) class: Option<ObjId>,
    /// Default values by parameter name, evaluated at definition.
    pub(crate) defaults: Rc<Map<Name, Val>>,
    /// Attributes set on it.
    pub(crate) attrs: Map<Name, Val>,
}

/// A user class.
#[derive(Debug, Clone)]
pub(crate) struct ClassObject {
    pub(crate) name: Name,
    /// Dotted name for messages.
    pub(crate) dotted: Name,
    /// `__qualname__`.
    pub(crate) qualname: Name,
    /// The scope of its module.
    pub(crate) globals: ObjId,
    pub(crate) span: Span,
    /// Direct bases.
    pub(crate) bases: Vec<Val>,
    /// Method resolution order after the class itself: user classes as `Obj`, others as `Symbol` or
    /// `Unknown`.
    pub(crate) mro: Vec<Val>,
    /// What kind of class: plain, dataclass, enum, namedtuple.
    pub(crate) flavour: Flavour,
    /// How a dataclass behaves.
    pub(crate) rules: Rc<DataclassRules>,
    /// The user's metaclass.
    pub(crate) meta: Option<Val>,
}

/// What the options and markers of a dataclass say.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DataclassRules {
    pub(crate) eq: bool,
    pub(crate) order: bool,
    pub(crate) frozen: bool,
    /// Fields that are given by keyword only.
    pub(crate) kw_only: Vec<Name>,
    /// Pseudo-fields that only `__post_init__` sees.
    pub(crate) init_only: Vec<Name>,
}

impl Default for DataclassRules {
    fn default() -> Self {
        Self { eq: true, order: false, frozen: false, kw_only: Vec::new(), init_only: Vec::new() }
    }
}

impl Object {
    /// Whether nothing is known of the object any more.
    pub(crate) fn is_poisoned(&self) -> bool {
        matches!(self, Self::Poisoned(_))
    }
}

/// Kinds of classes that behave specially.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Flavour {
    Plain,
    /// Fields in order: name, and whether there is a default.
    Dataclass(Rc<[Name]>),
    Enum,
    NamedTuple(Rc<[Name]>),
}

/// A module of the user's code.
#[derive(Debug, Clone)]
pub(crate) struct ModuleObject {
    /// Dotted name.
    pub(crate) name: Name,
    /// Its variables.
    pub(crate) scope: ObjId,
    /// For a package: how its submodules are named.
    pub(crate) is_package: bool,
}

impl Val {
    pub(crate) fn new(data: Data, span: Span) -> Self {
        Self { data, span }
    }

    pub(crate) fn none(span: Span) -> Self {
        Self::new(Data::None, span)
    }

    pub(crate) fn bool(value: bool, span: Span) -> Self {
        Self::new(Data::Bool(value), span)
    }

    pub(crate) fn int(value: i64, span: Span) -> Self {
        Self::new(Data::Int(value), span)
    }

    /// An integer of any size, in its smallest form.
    pub(crate) fn big(value: BigInt, span: Span) -> Self {
        match i64::try_from(&value) {
            Ok(small) => Self::int(small, span),
            Err(_) => Self::new(Data::Big(Rc::new(value)), span),
        }
    }

    pub(crate) fn str(text: impl Into<Rc<str>>, span: Span) -> Self {
        Self::new(Data::Str(text.into()), span)
    }

    pub(crate) fn symbol(path: impl Into<Name>, span: Span) -> Self {
        Self::new(Data::Symbol(path.into()), span)
    }

    pub(crate) fn tuple(items: Vec<Val>, span: Span) -> Self {
        Self::new(Data::Tuple(items.into()), span)
    }

    pub(crate) fn unknown(hole: Arc<Hole>, span: Span) -> Self {
        Self::new(Data::Unknown(hole), span)
    }

    pub(crate) fn native(native: Native, span: Span) -> Self {
        Self::new(Data::Native(Rc::new(native)), span)
    }

    pub(crate) fn obj(id: ObjId, span: Span) -> Self {
        Self::new(Data::Obj(id), span)
    }

    /// A string value from a text: plain when it has no hole.
    pub(crate) fn text(text: Text, span: Span) -> Self {
        match text.as_literal() {
            Some(literal) => Self::str(literal, span),
            None => Self::new(Data::Text(Rc::new(text)), span),
        }
    }

    /// The same value with another place.
    pub(crate) fn at(mut self, span: Span) -> Self {
        self.span = span;
        self
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.data {
            Data::Str(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_int(&self) -> Option<i64> {
        match &self.data {
            Data::Int(value) => Some(*value),
            Data::Bool(value) => Some(i64::from(*value)),
            _ => None,
        }
    }

    pub(crate) fn as_obj(&self) -> Option<ObjId> {
        match &self.data {
            Data::Obj(id) => Some(*id),
            _ => None,
        }
    }

    pub(crate) fn as_symbol(&self) -> Option<&str> {
        match &self.data {
            Data::Symbol(path) => Some(path),
            _ => None,
        }
    }

    pub(crate) fn is_none(&self) -> bool {
        matches!(self.data, Data::None)
    }

    /// The hole, when the value as a whole is unknown.
    pub(crate) fn hole(&self) -> Option<&Arc<Hole>> {
        match &self.data {
            Data::Unknown(hole) => Some(hole),
            _ => None,
        }
    }
}
