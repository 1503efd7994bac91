//! Operators: how a call, a subclass and `default_args` become the keywords of a task.

pub(super) mod attributes;
mod expansion;
mod shared;
mod taken;

use std::rc::Rc;

use rustc_hash::FxHashSet;

pub(super) use self::expansion::given;
pub(crate) use self::taken::converted_at_once;
use super::{TaskKeyword, TaskObject, is_operator, operator_kind};
use crate::airflow::{OperatorKind, Origin};
use crate::diag::{Code, Diagnostic};
use crate::eval::call::{Args, Kwarg};
use crate::eval::class::is_mixin;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, FunctionObject, Key, Map, ObjId, Object, Val};
use crate::eval::{HoleKind, Text};
use crate::mapping;
use crate::python::Span;
use crate::python::ast::Name;

/// What making a task counts for, in steps.
const STEPS_OF_A_TASK: u64 = 250;

/// How many bytes of a task's and its DAG's ids make a step.
const BYTES_OF_IDS: usize = 8;

/// What passing on one default argument counts for, in steps.
const DEFAULT_PASSED_ON: usize = 4;

/// What Airflow says to positional arguments.
const ONLY_KEYWORDS: &str = "Use keyword arguments when initializing operators";

/// Whether a call of a class of this name, from code podlift cannot see, makes a task.
fn looks_like_operator(name: &str, args: &Args) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let is_name = !last.contains(|c: char| !c.is_alphanumeric() && c != '_');
    // What hooks and triggers are told about a task is no task of its own.
    let is_helper = name.starts_with("airflow.")
        && [".hooks.", ".triggers.", ".links."].iter().any(|folder| name.contains(folder));
    let looks_like = last.chars().next().is_some_and(char::is_uppercase)
        && (args.kw.contains_key("task_id")
            || last.ends_with("Operator")
            || last.ends_with("Sensor"));
    is_name && looks_like && !is_helper
}

/// Keywords that the operator of a decorator passes on by itself, so that nobody else can.
fn made_up(kind: OperatorKind) -> &'static [&'static str] {
    match kind {
        OperatorKind::Decorated => &["cmds"],
        OperatorKind::DecoratedCmd => &["cmds", "arguments"],
        _ => &[],
    }
}

/// Whether an operator has a value of its own for a keyword that is not given, which default arguments do not replace.
fn is_own_default(kind: OperatorKind, name: &str) -> bool {
    let is_decorated = matches!(kind, OperatorKind::Decorated | OperatorKind::DecoratedCmd);
    made_up(kind).contains(&name) || is_decorated && OWN_DEFAULTS.contains(&name)
}

/// Keywords that the operators of decorators have values of their own for.
const OWN_DEFAULTS: [&str; 2] = ["name", "random_name_suffix"];

impl Interp<'_> {
    /// Calls an operator class: Airflow's own or a subclass of it.
    pub(crate) fn make_operator(
        &mut self,
        class: &Val,
        base: &Name,
        args: Args,
        span: Span,
    ) -> Res {
        // What is done with a task afterwards takes time as well, and a loop must not make them without end.
        self.steps += STEPS_OF_A_TASK;
        self.step(span)?;
        let dag = args.named("dag").and_then(|val| self.as_dag(val)).or_else(|| self.current_dag());
        let group = args
            .named("task_group")
            .and_then(Val::as_obj)
            .map(|id| self.heap.resolve(id))
            .filter(|id| matches!(self.heap.get(*id), Object::Group(_)))
            .or_else(|| self.airflow.group_stack.last().copied());
        let task = TaskObject {
            class: class.clone(),
            base: base.clone(),
            kind: operator_kind(base),
            id: Text::default(),
            label: Text::default(),
            keywords: Map::default(),
            attrs: Map::default(),
            // Each constructor finds those that count for it.
            default_args: Vec::new(),
            given: args.kw.keys().cloned().collect(),
            defaulted: Vec::new(),
            dag,
            group,
            upstream: Vec::new(),
            conditions: self.current_conditions(),
            pattern: self.patterns.last().cloned(),
            span,
            initialised: false,
            origin: Origin::Call,
            expansion: None,
            function: None,
        };
        let id = self.heap.add(Object::Task(Box::new(task)));
        let this = Val::obj(id, span);
        if class.as_symbol().is_some() {
            self.init_operator(id, args, span)?;
            return Ok(this);
        }
        match self.class_lookup(class, "__init__") {
            Ok(Some(init)) => {
                let mut args = args;
                args.pos.insert(0, this.clone());
                self.call(&init, args, span)?;
            }
            Ok(None) => self.init_operator(id, args, span)?,
            Err(base) => {
                let name = base.hole().map_or_else(String::new, |hole| hole.name.clone());
                self.unresolved_operator(&name, &args, span)?;
            }
        }
        self.depend_on_own_fields(&this, class, span)?;
        self.warn_uninitialised(id, span);
        Ok(this)
    }

    /// XComs in the attributes that a subclass declares as template fields are dependencies, also when
    /// its constructor keeps them from Airflow's.
    fn depend_on_own_fields(&mut self, this: &Val, class: &Val, span: Span) -> Res<()> {
        let Ok(Some(fields)) = self.class_lookup(class, "template_fields") else { return Ok(()) };
        let Some(fields) = self.iterate(&fields, span)? else { return Ok(()) };
        let vals: Vec<Val> = match this.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Task(task)) => {
                let names = fields.iter().filter_map(Val::as_str);
                names.filter_map(|name| task.attrs.get(name).cloned()).collect()
            }
            _ => Vec::new(),
        };
        self.depend_on_all(this, &vals);
        Ok(())
    }

    /// A subclass whose constructor never reaches Airflow's gives no task anybody can describe.
    fn warn_uninitialised(&mut self, id: ObjId, span: Span) {
        if let Object::Task(task) = self.heap.get(id)
            && !task.initialised
            && !matches!(task.kind, OperatorKind::Other)
        {
            let class = self.type_text(&task.class.clone());
            self.tell(Diagnostic::new(
                Code::UncaughtException,
                span,
                format!("the constructor of {class} never reaches the operator's own"),
            ));
        }
    }

    /// Default arguments from the weakest to the strongest: DAG, group, call.
    fn default_args(&self, dag: Option<ObjId>, group: Option<ObjId>, own: Option<Val>) -> Vec<Val> {
        let mut found = Vec::new();
        if let Some(Object::Dag(dag)) = dag.map(|id| self.heap.get(id)) {
            found.push(dag.default_args.clone());
        }
        if let Some(Object::Group(group)) = group.map(|id| self.heap.get(id)) {
            found.push(group.default_args.clone());
        }
        found.extend(own);
        found.retain(|val| !val.is_none());
        found
    }

    /// Airflow 2 hands the default arguments to a mapped decorator as if they were given with it.
    pub(super) fn give_own_defaults(&self, kind: OperatorKind, given: &mut Map<Name, Kwarg>) {
        let own = given.get("default_args").map(|kwarg| kwarg.val.clone());
        let group = self.airflow.group_stack.last().copied();
        let sources = self.default_args(self.current_dag(), group, own);
        for name in OWN_DEFAULTS.into_iter().filter(|name| is_own_default(kind, name)) {
            if !given.contains_key(name)
                && let Some(val) = self.default_for(&sources, name)
            {
                let span = val.span;
                given.insert(Name::from(name), Kwarg { val, span });
            }
        }
    }

    /// The default for a keyword: the strongest source that has it. An unknown source may have it.
    fn default_for(&self, sources: &[Val], name: &str) -> Option<Val> {
        let key = Key::Str(name.into());
        for source in sources.iter().rev() {
            if self.unknown(source).is_some() {
                // The mapping table leaves such a keyword open; see `open_defaults`.
                continue;
            }
            // Entries of `**unknown` may hold the keyword, or not.
            if let Some(val) = self.value_at(source, &key) {
                return Some(val);
            }
        }
        None
    }

    /// What Airflow's metaclass does before each `__init__` of an operator class: parameters that are
    /// not given are taken from the default arguments, and all of them are passed on as `default_args`. A class that
    /// is only mixed in has another metaclass.
    pub(crate) fn apply_default_args(
        &mut self,
        id: ObjId,
        function: &Rc<FunctionObject>,
        args: &mut Args,
        span: Span,
    ) -> Res<()> {
        if function.class.is_some_and(|class| self.is_plain_class(class)) {
            return Ok(());
        }
        // The task itself comes first. Of a class that is not read nobody knows what it takes.
        let is_known = matches!(self.heap.get(id), Object::Task(task) if is_operator(&task.base));
        if let Some(val) = args.pos.get(1).filter(|_| is_known) {
            return self.type_error(ONLY_KEYWORDS, val.span.or(span));
        }
        let given = args.kw.get("default_args").cloned();
        let sources = self.take_default_args(id, args);
        if sources.is_empty() {
            return Ok(());
        }
        let parameters = &function.def.parameters;
        let taken = args.pos.len();
        let names: Vec<Name> = parameters
            .positional_only
            .iter()
            .chain(&parameters.positional)
            .skip(taken)
            .chain(&parameters.keyword_only)
            .map(|parameter| parameter.name.clone())
            .collect();
        let own = Name::from("default_args");
        let takes_them = names.contains(&own) || parameters.kwarg.is_some();
        for name in names {
            if args.kw.contains_key(&name) {
                continue;
            }
            if let Some(val) = self.default_for(&sources, &name) {
                let at = val.span;
                args.kw.insert(name.clone(), Kwarg { val, span: at });
                if let Object::Task(task) = self.heap.get_mut(id) {
                    task.defaulted.push(name);
                }
            }
        }
        if !takes_them {
            return Ok(());
        }
        let sizes =
            sources.iter().map(|source| match source.as_obj().map(|id| self.heap.get(id)) {
                Some(Object::Dict(entries, _)) => Some(entries.len()),
                _ => None,
            });
        let size: Option<usize> = sizes.sum();
        if let Some(size) = size {
            // A class may be made many times, and its defaults may be many.
            self.spend(size.saturating_mul(DEFAULT_PASSED_ON), span)?;
            let merged = self.dict(Default::default(), span);
            if let Some(id) = merged.as_obj() {
                for source in &sources {
                    self.update_dict(id, source, span)?;
                }
            }
            args.kw.insert(own, Kwarg { val: merged, span });
        } else if let Some(given) = given {
            args.kw.insert(own, given);
        }
        Ok(())
    }

    /// The default arguments that count for one constructor: those of the DAG and the group, and those it is given.
    fn take_default_args(&mut self, id: ObjId, args: &mut Args) -> Vec<Val> {
        let Object::Task(task) = self.heap.get(id) else { return Vec::new() };
        let (dag, group) = (task.dag, task.group);
        let own = args.kw.shift_remove("default_args").map(|kwarg| kwarg.val);
        let sources = self.default_args(dag, group, own);
        if let Object::Task(task) = self.heap.get_mut(id) {
            task.default_args.clone_from(&sources);
        }
        sources
    }

    /// Whether a class of the code is certainly no operator itself.
    fn is_plain_class(&self, class: ObjId) -> bool {
        self.mro(class).iter().all(|base| match &base.data {
            Data::Obj(_) => true,
            Data::Symbol(path) => !is_operator(path) && is_mixin(path),
            _ => false,
        })
    }

    /// Airflow's own constructor: records the keywords and attaches the task to its DAG.
    pub(crate) fn init_operator(&mut self, id: ObjId, mut args: Args, span: Span) -> Res<()> {
        if let Some(val) = args.pos.first() {
            return self.type_error(ONLY_KEYWORDS, val.span.or(span));
        }
        let sources = self.take_default_args(id, &mut args);
        let Object::Task(task) = self.heap.get(id) else { return Ok(()) };
        for name in made_up(task.kind) {
            if args.kw.contains_key(*name) {
                let message = format!("got multiple values for keyword argument '{name}'");
                return self.type_error(message, span);
            }
        }
        let (class, kind, dag) = (task.class.clone(), task.kind, task.dag);
        let base = task.base.clone();
        let set = |names: &[Name]| names.iter().cloned().collect::<FxHashSet<Name>>();
        let (given, defaulted, made_by) =
            (set(&task.given), set(&task.defaulted), task.origin.clone());
        let subclass = class.as_symbol().is_none().then(|| self.type_text(&class));
        let mut keywords: Map<Name, TaskKeyword> = Map::default();
        keywords.reserve(args.kw.len());
        for (name, mut kwarg) in args.kw {
            kwarg.val = self.as_taken(&name, kwarg.val);
            let origin = if given.contains(&name) {
                made_by.clone()
            } else if defaulted.contains(&name) {
                Origin::DefaultArgs
            } else {
                match &subclass {
                    Some(class) => Origin::Subclass(class.clone()),
                    None => made_by.clone(),
                }
            };
            keywords.insert(name, TaskKeyword { val: kwarg.val, origin, span: kwarg.span });
        }
        for source in &sources {
            let Some(entries) = self.entries_of(source) else { continue };
            self.spend(entries.len(), span)?;
            for (name, _) in entries.values() {
                let Some(name) = name.as_str().map(Name::from) else { continue };
                let is_free = !keywords.contains_key(&name) && mapping::accepts(kind, &name);
                if !is_free || is_own_default(kind, &name) {
                    continue;
                }
                if let Some(val) = self.default_for(&sources, &name) {
                    let span = val.span;
                    let val = self.as_taken(&name, val);
                    keywords.insert(name, TaskKeyword { val, origin: Origin::DefaultArgs, span });
                }
            }
        }
        self.open_defaults(&sources, &mut keywords, span);
        if let Some(open) = args.more_kw {
            let span = open.span;
            keywords
                .insert(Name::from("**"), TaskKeyword { val: open, origin: Origin::Call, span });
        }
        self.name_base_container(&class, kind, &mut keywords, span)?;
        if mapping::accepts(kind, &Name::from("configmaps")) {
            self.extend_env_from(dag, &mut keywords, span)?;
        }
        let label = match keywords.shift_remove("task_id") {
            Some(keyword) => self.id_text(&keyword.val, span),
            None => match keywords.get("**").map(|keyword| keyword.val.clone()) {
                Some(open) => {
                    let val = self.part_of(&open, "['task_id']", span);
                    self.id_text(&val, span)
                }
                // A base that podlift cannot see may have an id of its own.
                None if !is_operator(&base) => {
                    let name = self.type_text(&class);
                    let val = self.hole(HoleKind::Name, format!("{name}.task_id"), span);
                    self.id_text(&val, span)
                }
                None => return self.type_error("missing keyword argument 'task_id'", span),
            },
        };
        keywords.shift_remove("dag");
        keywords.shift_remove("task_group");
        if let Object::Task(task) = self.heap.get_mut(id) {
            task.keywords = keywords;
            task.label = label;
            task.initialised = true;
        }
        self.refuse_id(id, span)?;
        self.attach(id);
        self.assign_arguments(&Val::obj(id, span), span)
    }

    /// A subclass may say in a class attribute what its container is called when no keyword does.
    fn name_base_container(
        &mut self,
        class: &Val,
        kind: OperatorKind,
        keywords: &mut Map<Name, TaskKeyword>,
        span: Span,
    ) -> Res<()> {
        let keyword = Name::from("base_container_name");
        let is_given = keywords.get(&keyword).is_some_and(|given| !given.val.is_none());
        if class.as_symbol().is_some() || is_given || !mapping::accepts(kind, &keyword) {
            return Ok(());
        }
        if let Ok(Some(val)) = self.class_lookup(class, "BASE_CONTAINER_NAME")
            && val.as_str() != Some("base")
        {
            let origin = Origin::Subclass(self.type_text(class));
            let span = val.span.or(span);
            keywords.insert(keyword, TaskKeyword { val, origin, span });
        }
        Ok(())
    }

    /// Default arguments that are not known may set any keyword that is not given.
    fn open_defaults(
        &mut self,
        sources: &[Val],
        keywords: &mut Map<Name, TaskKeyword>,
        span: Span,
    ) {
        let open = sources.iter().find_map(|source| {
            if let Some(unknown) = self.unknown(source) {
                return Some(unknown);
            }
            self.entries_of(source)?
                .into_iter()
                .find(|(key, _)| matches!(key, Key::Spread(_)))
                .map(|(_, (_, val))| val)
        });
        if let Some(val) = open {
            let val = self.derived(&[&val], val.span.or(span));
            let at = val.span;
            keywords.insert(
                Name::from("**"),
                TaskKeyword { val, origin: Origin::DefaultArgs, span: at },
            );
        }
    }

    /// Gives the task its full id and puts it into its group and DAG.
    fn attach(&mut self, id: ObjId) {
        let Object::Task(task) = self.heap.get(id) else { return };
        let (dag, group, label, span) = (task.dag, task.group, task.label.clone(), task.span);
        let full = self.child_id(group, &label);
        let dag_id = match dag.map(|dag| self.heap.get(dag)) {
            Some(Object::Dag(dag)) => dag.id.len(),
            _ => 0,
        };
        // Both stand in the job spec several times.
        self.work((full.len() + dag_id) / BYTES_OF_IDS);
        if let Object::Task(task) = self.heap.get_mut(id) {
            task.id = full.clone();
        }
        if self.airflow.detached > 0 {
            return;
        }
        if let Some(group) = group
            && let Object::Group(group) = self.heap.get_mut(group)
        {
            group.children.push(id);
        }
        self.collect_task(id);
        match dag {
            Some(dag) => self.add_to_dag(dag, id, &full, span),
            None => self.airflow.orphans.push(id),
        }
    }

    /// Registers a task in a DAG. Airflow refuses an id that is taken.
    pub(crate) fn add_to_dag(&mut self, dag: ObjId, id: ObjId, full: &Text, span: Span) {
        let key = full.to_template();
        let taken = match self.heap.get(dag) {
            Object::Dag(dag) => dag.tasks.get(&key),
            _ => None,
        };
        let mut unique = key.clone();
        if let Some(other) =
            taken.filter(|other| self.heap.resolve(*other) != self.heap.resolve(id))
        {
            let known = full.as_literal().is_some_and(|id| !id.is_empty());
            let first = match self.heap.get(other) {
                Object::Task(task) => task.span,
                _ => Span::NONE,
            };
            if known && self.conditions.is_empty() {
                self.tell(
                    Diagnostic::new(Code::DuplicateTask, span, format!("task id `{key}` is taken"))
                        .also(first, "first used here"),
                );
            }
            // Ids with holes may differ at run time; each is kept under a key of its own.
            unique = format!("{key}#{}", self.fresh());
        }
        if let Object::Dag(dag) = self.heap.get_mut(dag) {
            dag.tasks.insert(unique, id);
        }
    }

    /// `task.dag = dag` and `dag.add_task(task)`.
    pub(crate) fn move_to_dag(&mut self, id: ObjId, dag: ObjId) {
        let Object::Task(task) = self.heap.get(id) else { return };
        if task.dag.map(|old| self.heap.resolve(old)) == Some(self.heap.resolve(dag)) {
            return;
        }
        let (full, span) = (task.id.clone(), task.span);
        if let Object::Task(task) = self.heap.get_mut(id) {
            task.dag = Some(dag);
        }
        let own = self.heap.resolve(id);
        let orphans = std::mem::take(&mut self.airflow.orphans);
        self.airflow.orphans =
            orphans.into_iter().filter(|other| self.heap.resolve(*other) != own).collect();
        self.add_to_dag(dag, id, &full, span);
    }

    /// A method of an operator's Airflow class reached through `super()`.
    pub(crate) fn call_operator_method(
        &mut self,
        class: &str,
        method: &str,
        mut args: Args,
        span: Span,
    ) -> Res {
        let this = if args.pos.is_empty() { None } else { Some(args.pos.remove(0)) };
        let id = this.as_ref().and_then(Val::as_obj).map(|id| self.heap.resolve(id));
        match (method, id) {
            ("__init__", Some(id)) if matches!(self.heap.get(id), Object::Task(_)) => {
                self.init_operator(id, args, span)?;
                Ok(Val::none(span))
            }
            ("__init__", Some(_)) if matches!(class, "airflow.DAG" | "airflow.TaskGroup") => {
                let this = this.unwrap_or_else(|| Val::none(span));
                self.init_node(class, &this, &args, span)?;
                Ok(Val::none(span))
            }
            _ => Ok(self.hole(HoleKind::Call, format!("{class}.{method}()"), span)),
        }
    }

    /// `task.name = val`: an argument of the operator changes the pod, anything else is the user's.
    pub(crate) fn set_task_attribute(&mut self, id: ObjId, name: &Name, val: Val, span: Span) {
        match name.as_ref() {
            "dag" => {
                if let Some(dag) = self.as_dag(&val) {
                    self.move_to_dag(id, dag);
                }
                return;
            }
            "upstream_task_ids" | "downstream_task_ids" | "task_group" => return,
            _ => {}
        }
        let Object::Task(task) = self.heap.get(id) else { return };
        let kind = task.kind;
        // Before Airflow's constructor runs, its assignments will overwrite what user code sets.
        let is_argument = task.initialised && mapping::accepts(kind, name);
        if let Object::Task(task) = self.heap.get_mut(id) {
            if is_argument {
                task.keywords
                    .insert(name.clone(), TaskKeyword { val, origin: Origin::Attribute, span });
            } else {
                task.attrs.insert(name.clone(), val);
            }
        }
    }

    /// A call that looks like an operator from code podlift cannot see: the task is kept as a node.
    pub(crate) fn unresolved_operator(
        &mut self,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Res<Option<Val>> {
        if !looks_like_operator(name, args) {
            return Ok(None);
        }
        let base = Name::from(name);
        let class = Val::symbol(base.clone(), span);
        let mut args = args.clone();
        // Positional arguments of an unknown class mean whatever that class says.
        args.pos.clear();
        if !args.kw.contains_key("task_id") && args.more_kw.is_none() {
            return Ok(None);
        }
        let val = self.make_operator(&class, &base, args, span)?;
        self.tell_unresolved_operator(name, span);
        Ok(Some(val))
    }

    /// A subclass, with a constructor of its own, of what looks like an operator from code podlift cannot see.
    pub(crate) fn subclass_of_unresolved(
        &mut self,
        class: &Val,
        base: &Val,
        args: &Args,
        span: Span,
    ) -> Res<Option<Val>> {
        let name = base.hole().map_or_else(String::new, |hole| hole.name.clone());
        if !looks_like_operator(&name, args) {
            return Ok(None);
        }
        let val = self.make_operator(class, &Name::from(name.as_str()), args.clone(), span)?;
        self.tell_unresolved_operator(&name, span);
        Ok(Some(val))
    }

    fn tell_unresolved_operator(&mut self, name: &str, span: Span) {
        let last = name.rsplit('.').next().unwrap_or(name);
        self.tell(
            Diagnostic::new(
                Code::UnresolvedOperator,
                span,
                format!("`{last}` comes from a module outside the roots, so what it does is not known"),
            )
            .help("pass the folder that holds its module with `--root DIR`; or map it with `--mappings FILE`"),
        );
    }
}
