//! podlift's own syntax tree of Python: what the evaluator walks.
//!
//! It is smaller than the parser's tree (no contexts, no parentheses, assignments already split into
//! targets), owns its text, and can be shared between threads. Function bodies and class bodies are
//! behind [`Arc`], because functions outlive the statement that defines them.

use std::sync::Arc;

use super::Span;

/// A name, cheap to clone.
pub type Name = Arc<str>;

/// A parsed file.
#[derive(Debug)]
pub struct Module {
    /// Its statements.
    pub body: Vec<Stmt>,
}

/// A statement and its place.
#[derive(Debug)]
pub struct Stmt {
    /// What it does.
    pub kind: StmtKind,
    /// Where it stands.
    pub span: Span,
}

/// The statements of Python.
#[derive(Debug)]
pub enum StmtKind {
    /// An expression for its effect.
    Expr(Expr),
    /// `a = b = value`; annotated assignments with a value too.
    Assign(Vec<Target>, Expr),
    /// `target: annotation` or `target: annotation = value`; at class level it declares a field.
    AnnAssign(Target, Expr, Option<Expr>),
    /// `target += value`.
    AugAssign(Target, BinaryOp, Expr),
    /// `del target, ...`.
    Delete(Vec<Target>),
    /// `if` with all its `elif` branches nested in `orelse`.
    If(Expr, Vec<Stmt>, Vec<Stmt>),
    /// `while test: body else: orelse`.
    While(Expr, Vec<Stmt>, Vec<Stmt>),
    /// `for target in iterable: body else: orelse`; also `async for`.
    For(Target, Expr, Vec<Stmt>, Vec<Stmt>),
    /// `with item as target, ...: body`; also `async with`.
    With(Vec<(Expr, Option<Target>)>, Vec<Stmt>),
    /// `def`; also `async def`.
    Function(Arc<Function>),
    /// `class`.
    Class(Arc<Class>),
    /// `return`.
    Return(Option<Expr>),
    /// `raise exception from cause`.
    Raise(Option<Expr>, Option<Expr>),
    /// `try`.
    Try(Box<Try>),
    /// `assert test, message`.
    Assert(Expr, Option<Expr>),
    /// `import a.b as c`: dotted name and alias.
    Import(Vec<(Name, Option<Name>)>),
    /// `from ..module import name as alias`; the name `*` imports all.
    ImportFrom {
        /// Dotted module; `None` for `from . import x`.
        module: Option<Name>,
        /// Number of leading dots.
        level: u32,
        /// Names and aliases, each with its place.
        names: Vec<(Name, Option<Name>, Span)>,
    },
    /// `global a, b`.
    Global(Vec<Name>),
    /// `nonlocal a, b`.
    Nonlocal(Vec<Name>),
    /// `match subject: case ...`.
    Match(Expr, Vec<MatchCase>),
    /// `type Alias = ...`, evaluated to an opaque object.
    TypeAlias(Name),
    /// `pass`.
    Pass,
    /// `break`.
    Break,
    /// `continue`.
    Continue,
    /// A statement the parser could not read (already told by a diagnostic).
    Invalid,
}

/// `try` with its parts.
#[derive(Debug)]
pub struct Try {
    /// The guarded statements.
    pub body: Vec<Stmt>,
    /// `except type as name: body`.
    pub handlers: Vec<Handler>,
    /// Whether the handlers are written `except*`.
    pub is_star: bool,
    /// Runs when nothing was raised.
    pub orelse: Vec<Stmt>,
    /// Runs always.
    pub finalbody: Vec<Stmt>,
}

/// One `except` clause.
#[derive(Debug)]
pub struct Handler {
    /// The exception type or tuple of types; `None` catches all.
    pub kind: Option<Expr>,
    /// `as name`.
    pub name: Option<Name>,
    /// Statements.
    pub body: Vec<Stmt>,
    /// The clause.
    pub span: Span,
}

/// One `case`.
#[derive(Debug)]
pub struct MatchCase {
    /// The pattern.
    pub pattern: Pattern,
    /// `if guard`.
    pub guard: Option<Expr>,
    /// Statements.
    pub body: Vec<Stmt>,
}

/// A pattern of `match`.
#[derive(Debug)]
pub enum Pattern {
    /// A value compared with `==`.
    Value(Expr),
    /// `None`, `True`, `False`, compared with `is`.
    Singleton(Expr),
    /// `[a, b, *rest]`.
    Sequence(Vec<Pattern>),
    /// `*name` inside a sequence; `None` for `*_`.
    Star(Option<Name>),
    /// `{"key": pattern, **rest}`.
    Mapping(Vec<(Expr, Pattern)>, Option<Name>),
    /// `Class(a, b, key=c)`.
    Class(Expr, Vec<Pattern>, Vec<(Name, Pattern)>),
    /// `pattern as name`, `name`, or `_` (neither).
    As(Option<Box<Pattern>>, Option<Name>),
    /// `a | b`.
    Or(Vec<Pattern>),
}

/// What can stand left of `=`.
#[derive(Debug)]
pub enum Target {
    /// A name.
    Name(Name, Span),
    /// `object.attribute`.
    Attribute(Expr, Name, Span),
    /// `object[index]`.
    Subscript(Expr, Expr, Span),
    /// `a, b` or `[a, b]`.
    Sequence(Vec<Target>, Span),
    /// `*rest` inside a sequence.
    Star(Box<Target>, Span),
    /// Anything the parser let through that is no target.
    Invalid(Span),
}

/// A function definition.
#[derive(Debug)]
pub struct Function {
    /// Its name; `<lambda>` for a lambda.
    pub name: Name,
    /// Type parameters, as in `def f[T](x: T)`; they are visible in annotations, defaults and the body.
    pub type_params: Vec<Name>,
    /// Decorators from the top.
    pub decorators: Vec<Expr>,
    /// Parameters.
    pub parameters: Parameters,
    /// Return annotation.
    pub returns: Option<Expr>,
    /// Statements; a lambda is one `return`.
    pub body: Vec<Stmt>,
    /// Whether it contains `yield`.
    pub is_generator: bool,
    /// Whether it is `async`.
    pub is_async: bool,
    /// Names assigned anywhere in the body (parameters included), so local in Python's sense, without
    /// those declared `global` or `nonlocal`.
    pub locals: Vec<Name>,
    /// The docstring.
    pub docstring: Option<Name>,
    /// The whole definition, decorators included.
    pub span: Span,
    /// The definition from `def` on.
    pub def_span: Span,
}

/// Parameters of a function.
#[derive(Debug, Default)]
pub struct Parameters {
    /// Before `/`.
    pub positional_only: Vec<Parameter>,
    /// Ordinary ones.
    pub positional: Vec<Parameter>,
    /// `*args`.
    pub vararg: Option<Name>,
    /// After `*`.
    pub keyword_only: Vec<Parameter>,
    /// `**kwargs`.
    pub kwarg: Option<Name>,
}

/// One parameter.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: Name,
    /// Its default.
    pub default: Option<Expr>,
    /// Its annotation.
    pub annotation: Option<Expr>,
    /// Its place.
    pub span: Span,
}

/// A class definition.
#[derive(Debug)]
pub struct Class {
    /// Its name.
    pub name: Name,
    /// Type parameters, as in `class C[T]`; they are visible in bases and the body.
    pub type_params: Vec<Name>,
    /// Decorators from the top.
    pub decorators: Vec<Expr>,
    /// Bases, starred ones included.
    pub bases: Vec<Expr>,
    /// Keywords such as `metaclass=`.
    pub keywords: Vec<Keyword>,
    /// Statements.
    pub body: Vec<Stmt>,
    /// The docstring.
    pub docstring: Option<Name>,
    /// The whole definition.
    pub span: Span,
}

/// An expression and its place.
#[derive(Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The expressions of Python.
#[derive(Debug)]
pub enum ExprKind {
    /// `None`.
    None,
    /// `True`, `False`.
    Bool(bool),
    /// A small integer.
    Int(i64),
    /// An integer beyond 64 bits, in decimal.
    BigInt(Name),
    /// A float.
    Float(f64),
    /// An imaginary literal such as `2j`.
    Complex(f64),
    /// A string, implicit concatenation already joined.
    Str(Name),
    /// Bytes.
    Bytes(Arc<[u8]>),
    /// `...`.
    Ellipsis,
    /// An f-string (t-strings too), implicit concatenation already joined.
    FString(Vec<FPart>),
    /// A name.
    Name(Name),
    /// `object.attribute`.
    Attribute(Box<Expr>, Name),
    /// `object[index]`.
    Subscript(Box<Expr>, Box<Expr>),
    /// `lower:upper:step` inside a subscript.
    Slice(Option<Box<Expr>>, Option<Box<Expr>>, Option<Box<Expr>>),
    /// A call.
    Call(Box<Call>),
    /// `[a, *b]`.
    List(Vec<Expr>),
    /// `(a, *b)`.
    Tuple(Vec<Expr>),
    /// `{a, *b}`.
    Set(Vec<Expr>),
    /// `{a: b, **c}`: a missing key is `**`.
    Dict(Vec<(Option<Expr>, Expr)>),
    /// `*x` in a list, a tuple or a call.
    Starred(Box<Expr>),
    /// `not x`, `-x`, `+x`, `~x`.
    Unary(UnaryOp, Box<Expr>),
    /// `a + b`.
    Binary(Box<Expr>, BinaryOp, Box<Expr>),
    /// `a and b and c`.
    And(Vec<Expr>),
    /// `a or b or c`.
    Or(Vec<Expr>),
    /// `a < b <= c`.
    Compare(Box<Expr>, Vec<(CompareOp, Expr)>),
    /// `body if test else orelse`: test, body, orelse.
    IfElse(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `lambda`.
    Lambda(Arc<Function>),
    /// `name := value`.
    Walrus(Name, Box<Expr>),
    /// `[element for ...]`.
    ListComp(Box<Expr>, Vec<Comprehension>),
    /// `{element for ...}`.
    SetComp(Box<Expr>, Vec<Comprehension>),
    /// `{key: value for ...}`.
    DictComp(Box<Expr>, Box<Expr>, Vec<Comprehension>),
    /// `(element for ...)`, which outlives the statement around it.
    Generator(Arc<GeneratorExpr>),
    /// `yield value`.
    Yield(Option<Box<Expr>>),
    /// `yield from value`.
    YieldFrom(Box<Expr>),
    /// `await value`.
    Await(Box<Expr>),
    /// An expression the parser could not read, or one nested beyond the bound of the tree.
    Invalid,
}

/// A call.
#[derive(Debug)]
pub struct Call {
    /// What is called.
    pub function: Expr,
    /// Positional arguments, `*x` as [`ExprKind::Starred`].
    pub args: Vec<Expr>,
    /// Keyword arguments, `**x` without a name, in order.
    pub keywords: Vec<Keyword>,
}

/// A keyword argument; without a name it is `**value`.
#[derive(Debug)]
pub struct Keyword {
    /// The name.
    pub name: Option<Name>,
    /// The value.
    pub value: Expr,
    /// The whole keyword.
    pub span: Span,
}

/// A part of an f-string.
#[derive(Debug)]
pub enum FPart {
    /// Text.
    Literal(Name),
    /// `{value!conversion:spec}`.
    Value {
        /// The expression.
        value: Box<Expr>,
        /// `s`, `r`, `a`.
        conversion: Option<char>,
        /// The format spec, itself an f-string.
        spec: Vec<FPart>,
        /// The text before the value, of the form `expr=`, for `{expr=}`.
        debug: Option<Name>,
    },
}

/// A generator expression.
#[derive(Debug)]
pub struct GeneratorExpr {
    /// What it gives in each turn.
    pub element: Expr,
    /// Its clauses, at least one.
    pub clauses: Vec<Comprehension>,
}

/// `for target in iterable if condition ...`.
#[derive(Debug)]
pub struct Comprehension {
    /// The target.
    pub target: Target,
    /// The iterable.
    pub iterable: Expr,
    /// Conditions.
    pub conditions: Vec<Expr>,
}

/// Unary operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnaryOp {
    /// `not`.
    Not,
    /// `-`.
    Minus,
    /// `+`.
    Plus,
    /// `~`.
    Invert,
}

/// Binary operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`.
    Add,
    /// `-`.
    Sub,
    /// `*`.
    Mul,
    /// `/`.
    Div,
    /// `//`.
    FloorDiv,
    /// `%`.
    Mod,
    /// `**`.
    Pow,
    /// `@`.
    MatMul,
    /// `<<`.
    LShift,
    /// `>>`.
    RShift,
    /// `|`.
    BitOr,
    /// `&`.
    BitAnd,
    /// `^`.
    BitXor,
}

impl BinaryOp {
    /// The operator as it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::FloorDiv => "//",
            Self::Mod => "%",
            Self::Pow => "**",
            Self::MatMul => "@",
            Self::LShift => "<<",
            Self::RShift => ">>",
            Self::BitOr => "|",
            Self::BitAnd => "&",
            Self::BitXor => "^",
        }
    }

    /// What Python's messages call it.
    pub fn in_messages(self) -> &'static str {
        match self {
            Self::Pow => "** or pow()",
            other => other.symbol(),
        }
    }
}

/// Comparison operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompareOp {
    /// `==`.
    Eq,
    /// `!=`.
    NotEq,
    /// `<`.
    Lt,
    /// `<=`.
    LtE,
    /// `>`.
    Gt,
    /// `>=`.
    GtE,
    /// `is`.
    Is,
    /// `is not`.
    IsNot,
    /// `in`.
    In,
    /// `not in`.
    NotIn,
}
