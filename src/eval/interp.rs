//! The state of one evaluation: heap, frames, modules, bounds and findings.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::candidates::held::Held;
use super::checkout::{Checkout, is_marked};
use super::expr::BYTES_MADE;
use super::heap::Heap;
use super::object::{Data, FunctionObject, Map, Native, ObjId, Object, Val};
use super::surroundings::{Asked, Surroundings};
use super::weight::PatternsWeighed;
use super::{Hole, HoleKind, Text};
use crate::airflow::{OperatorKind, Settings};
use crate::diag::{Diagnostic, Once};
use crate::python::ast::{Expr, Function, Name};
use crate::python::{Files, Resolved, Resolver, Source, SourceId, Sources, Span};

/// Bytes of a statement that are enough to show it: more than are shown, whatever its letters.
const MOST_BYTES_SHOWN: usize = 400;

/// Lookups that an unknown value remembers.
const MOST_ROOTS: usize = 64;
/// Steps that making an unknown value counts for.
const UNKNOWN: usize = 8;
/// Parts of a value that are asked in the time of a step what they depend on.
const PARTS_ASKED: usize = 8;

/// Bytes of a statement in which those to be shown are looked for: some are blanks.
const MOST_BYTES_READ: usize = 4096;

/// Why an expression has no value.
#[derive(Debug)]
pub(crate) enum Raised {
    /// A Python exception.
    Exception(Val),
    /// The evaluation of the file has to end: a bound was reached.
    Stop,
}

/// The result of an evaluation step.
pub(crate) type Res<T = Val> = Result<T, Raised>;

/// One function call, class body or module being evaluated.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    /// Its variables.
    pub(crate) scope: ObjId,
    /// The scope of its module.
    pub(crate) globals: ObjId,
    /// Scopes of the functions around it, innermost first.
    pub(crate) closure: Rc<[ObjId]>,
    /// The function, for its local names and for `super()`.
    pub(crate) function: Option<Rc<FunctionObject>>,
    /// The first argument, for `super()`.
    pub(crate) this: Option<Val>,
    /// The place of the call.
    pub(crate) call: Span,
    /// Names declared `global`.
    pub(crate) global_names: BTreeSet<Name>,
    /// Names declared `nonlocal`.
    pub(crate) nonlocal_names: BTreeSet<Name>,
    /// Values yielded so far, for generators.
    pub(crate) yields: Vec<Val>,
    /// Whether this is a class body, whose names its functions do not see.
    pub(crate) is_class: bool,
    /// Dotted name of the module.
    pub(crate) module: Name,
    /// What stands before a name defined here in its `__qualname__`.
    pub(crate) qualifier: Name,
    /// Undecided conditions and loops around the call.
    pub(crate) undecided: usize,
    /// `try` statements with handlers that are open in this frame.
    pub(crate) tries: u32,
    /// Why it is unknown what a generator yields from here on.
    pub(crate) doubt: Option<Val>,
}

/// A module that was imported before.
#[derive(Debug, Clone)]
pub(crate) enum ModuleState {
    /// Evaluated, or being evaluated (an import cycle sees what is there so far).
    Ready(ObjId),
}

/// The evaluation of one DAG file with everything it imports.
pub(crate) struct Interp<'a> {
    pub(crate) files: &'a Files,
    pub(crate) sources: &'a Sources,
    pub(crate) settings: &'a Settings,
    pub(crate) resolver: &'a Resolver,
    /// Canonical path of the DAG file.
    pub(crate) main_path: PathBuf,
    /// Where the roots lie on this machine.
    pub(crate) checkout: Checkout,
    pub(crate) heap: Heap,
    pub(crate) frames: Vec<Frame>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    told: Once,
    pub(crate) modules: Map<Name, ModuleState>,
    /// Paths of evaluated modules by their scope, for `__file__` and relative imports.
    pub(crate) module_paths: Map<ObjId, PathBuf>,
    /// Undecided conditions around the statement being evaluated, outermost first.
    pub(crate) conditions: Vec<Arc<Hole>>,
    /// Loops over something unknown around the statement being evaluated, outermost first.
    pub(crate) patterns: Vec<Arc<Hole>>,
    /// The open tries, and what may have been raised inside them.
    pub(crate) guards: Vec<super::exec::guard::Guard>,
    /// The sides of a condition that are being joined.
    pub(crate) joining: Option<super::branch::Joining>,
    pub(crate) airflow: super::library::airflow::World,
    /// Where imports lead, for each folder around which they are looked up.
    pub(crate) resolved: FxHashMap<PathBuf, FxHashMap<String, Resolved>>,
    /// Objects of library modules that the DAG may change: `os.environ`, `sys.path`.
    pub(crate) globals_of_world: Map<Name, Val>,
    /// Exceptions being handled, innermost last, for a bare `raise`.
    pub(crate) handling: Vec<Val>,
    /// The arguments that operators of a kind render, found out once.
    pub(crate) rendered: std::cell::RefCell<Vec<(OperatorKind, Rc<FxHashSet<String>>)>>,
    /// Functions that were handed to code podlift cannot see, and so may be called by it, each with the
    /// DAG and the task group around.
    pub(crate) escaped: Vec<(Val, Option<ObjId>, Option<ObjId>)>,
    /// Functions and classes under decorators podlift cannot see, by the hole that stands for the result.
    pub(crate) wrapped: Vec<(Arc<Hole>, Val)>,
    /// What the containers of two branches became when they were joined last.
    pub(crate) joined: Map<(ObjId, ObjId), Val>,
    /// Objects that an unknown value may be, by the place of its hole.
    pub(crate) candidates: Map<usize, (Arc<Hole>, Held)>,
    /// What was kept in unknown values, by their holes.
    pub(crate) kept_in: Map<usize, (Arc<Hole>, Held)>,
    /// What unknown values were made of that can be called or has methods, by hole.
    pub(crate) held: Map<usize, (Arc<Hole>, Held)>,
    /// What unknown values may have as elements that can be changed, by hole: collections of them, and tasks.
    pub(crate) elements: Map<usize, (Arc<Hole>, Held)>,
    /// The methods that attributes of unknown values may be, by hole.
    pub(crate) methods: Map<usize, (Arc<Hole>, Vec<Val>)>,
    /// Where one of several functions is being called, and which they are.
    pub(crate) choosing: Vec<(Span, BTreeSet<ObjId>)>,
    /// Values of attributes that are there only under a condition, by the place of their hole.
    pub(crate) partial: Map<usize, Arc<Hole>>,
    /// Names that are bound under a condition only, by their scope: what asks a scope as a dict has to know.
    pub(crate) maybe_unbound: Map<(ObjId, Name), Arc<Hole>>,
    /// Scopes of modules in which a statement failed: a name they lack may be one it would have bound.
    pub(crate) broken: Vec<ObjId>,
    /// Library modules whose names a module imported with `*`, by its scope.
    pub(crate) star_imports: Map<ObjId, Vec<Val>>,
    /// Source snippets by source number, so that making a hole does not lock the source table.
    snippets: Map<SourceId, Arc<Source>>,
    /// Whether a user's `__hash__` is asked for a dict key: `hash()` then gives what it is made from.
    pub(crate) hashing: bool,
    /// Whether the program made a path that looks at no files: it prints as another class.
    pub(crate) makes_pure_paths: bool,
    /// Whether any class defines `__getattribute__`.
    pub(crate) hooks_attributes: bool,
    /// Whether any class defines a method for an operator, a subscript, `for` or `with`.
    pub(crate) hooks_operators: bool,
    /// Every class the files define, for `__subclasses__`.
    pub(crate) classes: Vec<ObjId>,
    /// Objects whose `repr` is being written, for those that contain themselves.
    pub(crate) shown: Vec<ObjId>,
    /// The objects that the value being finished lies in.
    pub(crate) being_finished: std::cell::RefCell<Vec<ObjId>>,
    /// How many more parts the value being finished may have.
    pub(crate) parts_left: std::cell::Cell<usize>,
    /// Whether a finished value would have had more parts than that.
    pub(crate) has_many_parts: std::cell::Cell<bool>,
    /// Patterns that were made ready.
    pub(crate) patterns_weighed: PatternsWeighed,
    /// How many parts the finished values of all tasks may still have together.
    pub(crate) all_parts_left: std::cell::Cell<usize>,
    /// How many bytes of text they may still have together.
    pub(crate) all_bytes_left: std::cell::Cell<usize>,
    /// Whether the value being finished keeps the paths of this checkout.
    pub(crate) keeps_checkout: std::cell::Cell<bool>,
    /// In what surroundings the program is evaluated.
    pub(crate) surroundings: Surroundings,
    /// What it asked of them.
    pub(crate) asked: std::cell::Cell<Asked>,
    /// The bound on the steps.
    pub(crate) most_steps: u64,
    pub(crate) steps: u64,
    /// Steps that single operations took because of the size of their operands.
    work: std::cell::Cell<u64>,
    pub(crate) depth: u32,
    /// How many iterators are being stepped, each for the next.
    pub(crate) iterators: u32,
    pub(crate) stopped: bool,
    /// Why not all of the file was evaluated: whatever it makes may be changed by what was not.
    pub(crate) unfinished: Vec<Arc<Hole>>,
    /// How many loops are gone through for nothing.
    pub(crate) rehearsals: u32,
    /// Functions that are being run for any number of their calls.
    pub(crate) recursions: Vec<Arc<Function>>,
    pub(super) limits_told: BTreeSet<&'static str>,
    counter: u32,
}

impl<'a> Interp<'a> {
    pub(crate) fn new(
        files: &'a Files,
        sources: &'a Sources,
        settings: &'a Settings,
        resolver: &'a Resolver,
        main_path: &Path,
    ) -> Self {
        super::Text::allow(settings.limits.string);
        Self {
            files,
            sources,
            settings,
            resolver,
            main_path: main_path.to_owned(),
            checkout: checkout_of(resolver, settings, main_path),
            heap: Heap::default(),
            frames: Vec::new(),
            diagnostics: Vec::new(),
            told: Once::default(),
            modules: Map::default(),
            module_paths: Map::default(),
            conditions: Vec::new(),
            patterns: Vec::new(),
            guards: Vec::new(),
            joining: None,
            airflow: super::library::airflow::World::default(),
            resolved: FxHashMap::default(),
            globals_of_world: Map::default(),
            handling: Vec::new(),
            rendered: std::cell::RefCell::default(),
            escaped: Vec::new(),
            wrapped: Vec::new(),
            joined: Map::default(),
            candidates: Map::default(),
            kept_in: Map::default(),
            held: Map::default(),
            elements: Map::default(),
            methods: Map::default(),
            choosing: Vec::new(),
            partial: Map::default(),
            maybe_unbound: Map::default(),
            broken: Vec::new(),
            star_imports: Map::default(),
            snippets: Map::default(),
            hashing: false,
            makes_pure_paths: false,
            hooks_attributes: false,
            hooks_operators: false,
            classes: Vec::new(),
            shown: Vec::new(),
            being_finished: std::cell::RefCell::default(),
            parts_left: std::cell::Cell::new(0),
            has_many_parts: std::cell::Cell::new(false),
            patterns_weighed: PatternsWeighed::default(),
            all_parts_left: std::cell::Cell::new(settings.limits.collection.saturating_mul(8)),
            all_bytes_left: std::cell::Cell::new(settings.limits.string.saturating_mul(32)),
            keeps_checkout: std::cell::Cell::new(false),
            surroundings: Surroundings::default(),
            asked: std::cell::Cell::default(),
            most_steps: settings.limits.steps,
            steps: 0,
            work: std::cell::Cell::new(0),
            depth: 0,
            iterators: 0,
            stopped: false,
            unfinished: Vec::new(),
            rehearsals: 0,
            recursions: Vec::new(),
            limits_told: BTreeSet::new(),
            counter: 0,
        }
    }

    /// The frame being evaluated. There always is one: evaluation begins by pushing the module's.
    pub(crate) fn frame(&self) -> Option<&Frame> {
        self.frames.last()
    }

    /// A number that is used once.
    pub(crate) fn fresh(&mut self) -> u32 {
        self.counter += 1;
        self.counter
    }

    /// Counts a step; an error when the bound is reached.
    pub(crate) fn step(&mut self, span: Span) -> Res<()> {
        self.steps += 1;
        self.within(span)
    }

    /// Counts steps of one operation that goes over many values or a long text; an error when the bound is reached.
    pub(crate) fn spend(&mut self, steps: usize, span: Span) -> Res<()> {
        self.work(steps);
        self.within(span)
    }

    /// Counts steps where nothing can fail; whether the bound is not reached yet. What is found out beyond it is
    /// never used, because every expression looks at the bound again before it gives its value.
    pub(crate) fn work(&self, steps: usize) -> bool {
        self.work.set(self.work.get().saturating_add(steps as u64));
        self.spent() <= self.most_steps
    }

    pub(crate) fn spent(&self) -> u64 {
        self.steps.saturating_add(self.work.get()).saturating_add(self.heap.made())
    }

    fn within(&mut self, span: Span) -> Res<()> {
        if self.stopped {
            return Err(Raised::Stop);
        }
        if self.spent() > self.most_steps {
            self.stop(span);
            return Err(Raised::Stop);
        }
        Ok(())
    }

    /// The source text of a span, on one line and shortened for people.
    pub(crate) fn snippet(&mut self, span: Span) -> String {
        if !span.is_some() {
            return String::new();
        }
        if !self.snippets.contains_key(&span.source)
            && let Some(source) = self.sources.get(span.source)
        {
            self.snippets.insert(span.source, source);
        }
        let text = self.snippets.get(&span.source).map_or("", |source| source.slice(span));
        let mut short = String::new();
        // A statement may be as long as its file, without a blank in it.
        let text = text.get(..text.floor_char_boundary(MOST_BYTES_READ)).unwrap_or(text);
        for word in text.split_whitespace() {
            if !short.is_empty() {
                short.push(' ');
            }
            short.push_str(word);
            // The rest is cut off below; statements can be as long as their file.
            if short.len() > MOST_BYTES_SHOWN {
                break;
            }
        }
        if short.chars().count() > 80 {
            short = short.chars().take(77).collect::<String>() + "...";
        }
        short
    }

    /// An unknown value whose reason is the expression at `span`.
    pub(crate) fn hole(&mut self, kind: HoleKind, name: impl Into<String>, span: Span) -> Val {
        let reason = self.snippet(span);
        let mut name = name.into();
        if is_marked(&name) {
            name = self.checkout.shown(&name).into_owned();
        }
        let name = self.bounded_name(name);
        let hole = Hole { kind, name, default: None, reason, span, roots: Vec::new() };
        Val::unknown(Arc::new(hole), span)
    }

    /// An unknown value computed from others.
    pub(crate) fn derived(&mut self, from: &[&Val], span: Span) -> Val {
        if let Some(val) = from.iter().find(|val| self.is_open(val)).or(from.first()) {
            self.may_fail(val, span);
        }
        self.derived_safely(from, span)
    }

    /// The same where nothing can go wrong, as in a comparison.
    pub(crate) fn derived_safely(&mut self, from: &[&Val], span: Span) -> Val {
        let mut roots: Vec<Arc<Hole>> = Vec::new();
        self.work(UNKNOWN);
        for val in from {
            self.roots_of(val, &mut roots, 0);
        }
        // A value that passes through unchanged keeps its own name.
        let reason = self.snippet(span);
        let hole = Hole {
            kind: HoleKind::Expression,
            name: reason.clone(),
            default: None,
            reason,
            span,
            roots,
        };
        let made = Val::unknown(Arc::new(hole), span);
        self.hold(&made, from);
        made
    }

    /// Collects the lookups a value depends on.
    pub(crate) fn roots_of(&self, val: &Val, roots: &mut Vec<Arc<Hole>>, depth: u32) {
        if depth > 6 || roots.len() > 16 {
            return;
        }
        // A value that is there many times is gone through as often.
        let parts = match &val.data {
            Data::Tuple(items) => items.len(),
            Data::Text(text) => text.segments.len(),
            Data::Obj(id) => match self.heap.get(*id) {
                Object::List(items) => items.len(),
                Object::Dict(entries, _) => entries.len(),
                _ => 0,
            },
            _ => 0,
        };
        if !self.work(parts / PARTS_ASKED) {
            return;
        }
        let mut add = |hole: &Arc<Hole>| {
            let own =
                if hole.roots.is_empty() { std::slice::from_ref(hole) } else { &hole.roots[..] };
            for root in own {
                // A text may have thousands of them, and each is compared with all.
                if roots.len() < MOST_ROOTS
                    && !roots.iter().any(|known| known.kind == root.kind && known.name == root.name)
                {
                    roots.push(Arc::clone(root));
                }
            }
        };
        match &val.data {
            Data::Unknown(hole) => add(hole),
            Data::Text(text) => text.holes().for_each(add),
            Data::Tuple(items) => {
                for item in items.iter() {
                    self.roots_of(item, roots, depth + 1);
                }
            }
            Data::Method(bound) => self.roots_of(&bound.0, roots, depth + 1),
            Data::Obj(id) => match self.heap.get(*id) {
                Object::Poisoned(hole) => add(hole),
                Object::List(items) => {
                    for item in items {
                        self.roots_of(item, roots, depth + 1);
                    }
                }
                Object::Dict(entries, _) => {
                    for (key, value) in entries.values() {
                        self.roots_of(key, roots, depth + 1);
                        self.roots_of(value, roots, depth + 1);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// Whether a value is unknown as a whole, poisoned objects included, as an unknown value.
    pub(crate) fn unknown(&self, val: &Val) -> Option<Val> {
        match &val.data {
            Data::Unknown(_) => Some(val.clone()),
            Data::Obj(id) => match self.heap.get(*id) {
                Object::Poisoned(hole) => Some(Val::unknown(Arc::clone(hole), val.span)),
                Object::Namespace(owner) => match self.heap.get(*owner) {
                    Object::Poisoned(hole) => Some(Val::unknown(Arc::clone(hole), val.span)),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether a value is or contains something unknown at its surface: a hole or a text with holes.
    pub(crate) fn is_open(&self, val: &Val) -> bool {
        matches!(val.data, Data::Text(_)) || self.unknown(val).is_some()
    }

    /// The text of a value for string building: unknown values become one hole.
    pub(crate) fn to_text(&self, val: &Val) -> Option<Text> {
        match &val.data {
            Data::Str(text) => Some(Text::literal(text.as_ref())),
            Data::Text(text) => Some(text.as_ref().clone()),
            _ => self
                .unknown(val)
                .and_then(|val| val.hole().map(|hole| Text::hole(Arc::clone(hole)))),
        }
    }

    /// A finding.
    pub(crate) fn tell(&mut self, mut diagnostic: Diagnostic) {
        if self.rehearsals > 0 {
            return;
        }
        if is_marked(&diagnostic.message) {
            diagnostic.message = self.checkout.shown(&diagnostic.message).into_owned();
        }
        if self.told.is_new(&diagnostic) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// A Python exception of a builtin class.
    pub(crate) fn exception(
        &mut self,
        class: &str,
        message: impl Into<String>,
        span: Span,
    ) -> Raised {
        let message: String = message.into();
        self.work(message.len() / BYTES_MADE);
        let args = Val::tuple(vec![Val::str(message, span)], span);
        let mut attrs = Map::default();
        attrs.insert(Name::from("args"), args);
        let instance = super::object::Instance {
            class: Val::symbol(super::library::builtins::exception_path(class), span),
            attrs,
            payload: None,
        };
        Raised::Exception(self.heap.val(Object::Instance(instance), span))
    }

    /// `KeyError` for a key.
    pub(crate) fn key_error(&mut self, key: &Val, span: Span) -> Raised {
        let class = Val::symbol("builtins.KeyError", span);
        let args = super::call::Args::positional(vec![key.clone()]);
        Raised::Exception(self.make_exception(class, &args, span))
    }

    /// `TypeError`.
    pub(crate) fn type_error<T>(&mut self, message: impl Into<String>, span: Span) -> Res<T> {
        Err(self.exception("TypeError", message, span))
    }

    /// A new list.
    pub(crate) fn list(&mut self, items: Vec<Val>, span: Span) -> Val {
        if items.len() > self.settings.limits.collection {
            return self.limit_hole(span, "collection", "a collection is larger than the bound");
        }
        self.heap.val(Object::List(items), span)
    }

    /// A new dict from entries.
    pub(crate) fn dict(&mut self, entries: super::object::Entries, span: Span) -> Val {
        if entries.len() > self.settings.limits.collection {
            return self.limit_hole(span, "collection", "a collection is larger than the bound");
        }
        self.heap.val(Object::Dict(entries, None), span)
    }

    /// A new string, bounded.
    pub(crate) fn string(&mut self, text: String, span: Span) -> Val {
        if text.len() > self.settings.limits.string {
            return self.limit_hole(span, "string", "a string is longer than the bound");
        }
        self.write(text.len());
        Val::str(text, span)
    }

    /// A path value.
    pub(crate) fn path(text: impl Into<String>, span: Span) -> Val {
        Val::native(Native::Path(text.into()), span)
    }

    /// A name for an unknown value that depends on the expression of `expr`.
    pub(crate) fn condition_hole(&mut self, test: &Expr, val: &Val) -> Arc<Hole> {
        self.condition_at(test.span, val)
    }

    /// A condition that could not be decided.
    pub(crate) fn condition_at(&mut self, span: Span, val: &Val) -> Arc<Hole> {
        let mut roots = Vec::new();
        self.roots_of(val, &mut roots, 0);
        let reason = self.snippet(span);
        Arc::new(Hole {
            kind: HoleKind::Condition,
            name: reason.clone(),
            default: None,
            reason,
            span,
            roots,
        })
    }
}

/// Where the roots lie.
fn checkout_of(resolver: &Resolver, settings: &Settings, main: &Path) -> Checkout {
    let roots: Vec<PathBuf> =
        settings.roots.iter().filter_map(|root| resolver.disk().real(root)).collect();
    Checkout::new(roots.iter().map(PathBuf::as_path), main)
}
