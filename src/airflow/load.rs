//! Loading one DAG file: evaluate it, then take down the DAGs Airflow would see.

use std::path::Path;
use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::FxHashSet;

use super::{
    Dag, Expansion, Keyword, Keywords, Loaded, Operator, OperatorKind, Origin, Settings, Subclass,
    Task, TaskFunction, command, surroundings, timing,
};
use crate::diag::{Code, Diagnostic, Once};
use crate::disk::Disk;
use crate::eval::conditions::Conditions;
use crate::eval::interp::Interp;
use crate::eval::library::airflow::{DagObject, TaskKeyword, TaskObject, Visited, is_operator};
use crate::eval::object::{Data, Map, ObjId, Object, Val};
use crate::eval::surroundings::{Pass, Surroundings, in_all_surroundings, not_compared};
use crate::eval::{Hole, HoleKind};
use crate::python::ast::Name;
use crate::python::{Files, LoadedFile, Resolver, Sources, Span, names};
use crate::values::Unset;

/// Methods of an operator that run with the task and can change its pod.
const RUNTIME_METHODS: &[&str] = &[
    "execute",
    "execute_sync",
    "execute_async",
    "pre_execute",
    "build_pod_request_obj",
    "create_pod_request_obj",
    "get_or_create_pod",
    "pod_manager",
    "hook",
    "render_template_fields",
    "trigger_reentry",
    "invoke_defer_method",
    "cleanup",
    "process_pod_deletion",
    "on_kill",
    "await_pod_completion",
    "extract_xcom",
    "find_pod",
    "_set_name",
    "dry_run",
    "client",
];

/// Evaluates a DAG file without running it and takes down what it makes. Everything it asks the file system goes
/// through `disk`, but for the content of the file if that comes with its path.
pub fn load_file(
    files: &Files,
    sources: &Sources,
    settings: &Settings,
    (path, bytes): (&Path, Option<&[u8]>),
    shown: &str,
    disk: &Disk,
) -> Loaded {
    let canonical = disk.real(path).unwrap_or_else(|| path.to_owned());
    // A path that leads elsewhere by now leads to another content.
    let bytes = bytes.filter(|_| canonical == path);
    let file = files.load(sources, (&canonical, bytes), shown, disk);
    let loaded = load_parsed(files, sources, settings, &canonical, &file, disk);
    // Few DAG files are imported by others; those are parsed once more.
    let is_shared = files.forget(&canonical) > 1;
    Loaded { is_shared, ..loaded }
}

/// Evaluates a DAG given as bytes, such as from standard input; its imports start from the folder of
/// `path`, which need not exist.
pub fn load_bytes(
    files: &Files,
    sources: &Sources,
    settings: &Settings,
    path: &Path,
    shown: &str,
    bytes: &[u8],
) -> Loaded {
    let file = LoadedFile::from_bytes(sources, shown, bytes);
    load_parsed(files, sources, settings, path, &file, &Disk::default())
}

fn load_parsed(
    files: &Files,
    sources: &Sources,
    settings: &Settings,
    path: &Path,
    file: &LoadedFile,
    disk: &Disk,
) -> Loaded {
    if !file.read {
        return Loaded { diagnostics: file.diagnostics.clone(), ..Loaded::default() };
    }
    let loaded = load_with(files, sources, settings, path, file, disk);
    if settings.values.unset != Unset::Default || !rests_on_defaults(&loaded) {
        return loaded;
    }
    // A default that only serves to complain is not what Airflow runs with.
    let mut open = settings.clone();
    open.values.unset = Unset::Hole;
    // Both together take hardly longer than one may.
    open.limits.steps /= 4;
    let again = load_with(files, sources, &open, path, file, disk);
    let tasks = |loaded: &Loaded| loaded.dags.iter().map(|dag| dag.tasks.len()).sum::<usize>();
    let ends = |loaded: &Loaded| told_of(loaded, Code::UncaughtException);
    if ends(&again) < ends(&loaded) && tasks(&again) > tasks(&loaded) { again } else { loaded }
}

/// Whether an exception that nobody handles may come from a default of the code.
fn rests_on_defaults(loaded: &Loaded) -> bool {
    told_of(loaded, Code::UncaughtException) > 0 && told_of(loaded, Code::AssumedValue) > 0
}

fn told_of(loaded: &Loaded, code: Code) -> usize {
    loaded.diagnostics.iter().filter(|told| told.code == code).count()
}

fn load_with(
    files: &Files,
    sources: &Sources,
    settings: &Settings,
    path: &Path,
    file: &LoadedFile,
    disk: &Disk,
) -> Loaded {
    let resolver = Resolver::on(disk.clone(), settings.roots.clone());
    let evaluate = |surroundings: Surroundings, steps: u64| {
        let mut interp = Interp::new(files, sources, settings, &resolver, path);
        (interp.surroundings, interp.most_steps) = (surroundings, steps);
        let loaded = load_once(&mut interp, path, file);
        Pass::of(&interp, loaded)
    };
    in_all_surroundings(settings, evaluate, surroundings::join, |loaded, asked| {
        let told = not_compared(asked, loaded.dags.first().map_or(Span::default(), |dag| dag.span));
        loaded.diagnostics.push(told);
        for dag in &mut loaded.dags {
            dag.conditions.push(asked.hole(dag.span));
        }
    })
}

/// Evaluates a file in one of its surroundings.
fn load_once(interp: &mut Interp<'_>, path: &Path, file: &LoadedFile) -> Loaded {
    let mut loaded =
        Loaded { diagnostics: file.diagnostics.clone(), read: true, ..Loaded::default() };
    let scope = interp.run_main(path, &file.module);
    call_escaped(interp);
    loaded.dags = visible_dags(interp, scope);
    let first = loaded.dags.first().map_or(Span::default(), |dag| dag.span);
    interp.tell_left_out(first);
    tell_leftovers(interp);
    let mut told = Once::default();
    loaded.diagnostics.retain(|diagnostic| told.is_new(diagnostic));
    for diagnostic in std::mem::take(&mut interp.diagnostics) {
        if told.is_new(&diagnostic) {
            loaded.diagnostics.push(diagnostic);
        }
    }
    loaded
}

/// What stands for the calls of functions that were handed to code podlift cannot see.
const OUTSIDE: &str = "call from outside the roots";

/// Functions and classes that are looked at to find out whether one makes tasks.
const FUNCTIONS_SEARCHED: usize = 1000;

/// Functions handed to code podlift cannot see may be called by it: their tasks are kept as patterns.
fn call_escaped(interp: &mut Interp<'_>) {
    let mut done = 0;
    while let Some((function, dag, group)) = interp.escaped.get(done).cloned() {
        done += 1;
        if done > 64 || !makes_tasks(interp, &function) {
            continue;
        }
        let hole = Arc::new(Hole {
            kind: HoleKind::Call,
            name: OUTSIDE.to_owned(),
            default: None,
            reason: "the function is called by code outside the roots, or not at all".to_owned(),
            span: function.span,
            roots: Vec::new(),
        });
        interp.conditions.push(Arc::clone(&hole));
        interp.patterns.push(hole);
        interp.airflow.dag_stack.extend(dag);
        interp.airflow.group_stack.extend(group);
        // What such a call raises concerns nobody: it may never happen.
        drop(interp.call_escaped(&function));
        interp.airflow.dag_stack.clear();
        interp.airflow.group_stack.clear();
        interp.patterns.pop();
        interp.conditions.pop();
    }
}

/// Whether a function, or one that it names, mentions an operator at all: the others are not worth a call with
/// unknown arguments.
fn makes_tasks(interp: &Interp<'_>, function: &Val) -> bool {
    let mut seen: FxHashSet<ObjId> = FxHashSet::default();
    let mut open = vec![function.clone()];
    while let Some(val) = open.pop() {
        if let Some(path) = val.as_symbol() {
            if is_operator(path) || path == "airflow.DAG" || path.starts_with("airflow.task") {
                return true;
            }
            continue;
        }
        let Some(id) = val.as_obj().map(|id| interp.heap.resolve(id)) else { continue };
        if seen.len() > FUNCTIONS_SEARCHED || !seen.insert(id) {
            continue;
        }
        match interp.heap.get(id) {
            Object::Function(function) => {
                // Imported in the function itself, where its name is no value yet.
                let is_named = |name: &Name| name.ends_with("Operator") || name.ends_with("Sensor");
                if names::reads(&function.def).iter().any(is_named) {
                    return true;
                }
                let scopes = function.closure.iter().chain([&function.globals]);
                let scopes: Vec<ObjId> = scopes.copied().collect();
                for name in names::free(&function.def) {
                    let found = scopes.iter().find_map(|scope| match interp.heap.get(*scope) {
                        Object::Scope(names) => names.get(&name).cloned(),
                        _ => None,
                    });
                    open.extend(found);
                }
            }
            Object::Bound(inner, this) => open.extend([inner.clone(), this.clone()]),
            Object::Partial(inner, ..)
            | Object::Static(inner)
            | Object::ClassMethod(inner)
            | Object::Property(inner, ..) => open.push(inner.clone()),
            Object::Instance(instance) => open.push(instance.class.clone()),
            Object::Class(class, attrs) => {
                open.extend(class.mro.iter().cloned());
                open.extend(attrs.values().filter(|val| val.as_obj().is_some()).cloned());
            }
            Object::TaskDecorator(_) => return true,
            _ => {}
        }
    }
    false
}

/// DAGs Airflow would find: in a global variable of the file, or used as a context.
fn visible_dags(interp: &mut Interp<'_>, scope: ObjId) -> Vec<Dag> {
    let mut visible: FxHashSet<ObjId> = FxHashSet::default();
    if let Object::Scope(names) = interp.heap.get(scope) {
        visible.extend(names.values().filter_map(|val| interp.as_dag(val)));
    }
    let mut dags = Vec::new();
    let mut seen: FxHashSet<ObjId> = FxHashSet::default();
    let mut without_xcoms = Visited::default();
    for id in interp.airflow.dags.clone() {
        let id = interp.heap.resolve(id);
        if !seen.insert(id) {
            continue;
        }
        let Object::Dag(dag) = interp.heap.copy(id) else { continue };
        if dag.entered || visible.contains(&id) {
            dags.push(dag_of(interp, &dag, visible.contains(&id), &mut without_xcoms));
        } else if !dag.tasks.is_empty() {
            let text = dag.id.display();
            interp.tell(Diagnostic::new(
                Code::HiddenDag,
                dag.span,
                format!("DAG `{text}` is in no global variable, so Airflow does not load it"),
            ));
        }
    }
    dags
}

fn tell_leftovers(interp: &mut Interp<'_>) {
    for id in interp.airflow.orphans.clone() {
        if let Object::Task(task) = interp.heap.copy(id)
            && task.kind != OperatorKind::Other
        {
            let text = task.id.display();
            let is_outside = task.pattern.as_ref().is_some_and(|by| by.name == OUTSIDE);
            let message = if is_outside {
                format!("it is not known in which DAG task `{text}` is made, if at all")
            } else {
                format!("task `{text}` belongs to no DAG, so Airflow never runs it")
            };
            interp.tell(Diagnostic::new(Code::TaskWithoutDag, task.span, message));
        }
    }
    for (function, called) in interp.airflow.dag_functions.clone() {
        if !called {
            interp.tell(Diagnostic::new(
                Code::DagNeverCalled,
                function.span,
                "the @dag function is never called, so Airflow sees no DAG".to_owned(),
            ));
        }
    }
}

/// What is asked for each task and found out once.
struct Common<'a> {
    /// The conditions of its DAG.
    conditions: Conditions,
    /// Values in which there is no XCom.
    without_xcoms: &'a mut Visited,
}

fn dag_of(
    interp: &mut Interp<'_>,
    dag: &DagObject,
    is_global: bool,
    without_xcoms: &mut Visited,
) -> Dag {
    let arguments = dag
        .args
        .iter()
        .map(|(name, kwarg)| {
            let value = interp.freeze(&kwarg.val);
            let keyword = Keyword { value, origin: Origin::Call, span: kwarg.span };
            (name.to_string(), keyword)
        })
        .collect();
    let mut tasks = Vec::new();
    let mut seen: FxHashSet<ObjId> = FxHashSet::default();
    let mut common = Common { conditions: Conditions::of(&dag.conditions), without_xcoms };
    for id in dag.tasks.values() {
        let id = interp.heap.resolve(id);
        if !seen.insert(id) {
            continue;
        }
        interp.set_rendered_again(id);
        if let Object::Task(task) = interp.heap.copy(id) {
            tasks.push(task_of(interp, dag, &mut common, &task));
        }
    }
    Dag {
        dag_id: dag.id.clone(),
        arguments,
        span: dag.span,
        tasks,
        is_global,
        timing: timing::timing(interp, dag, &interp.settings.airflow_version),
        conditions: dag.conditions.iter().chain(&interp.unfinished).cloned().collect(),
    }
}

fn task_of(
    interp: &mut Interp<'_>,
    dag: &DagObject,
    common: &mut Common<'_>,
    task: &TaskObject,
) -> Task {
    let mut upstream: Vec<ObjId> = task.upstream.clone();
    let values = interp.values_with_xcoms(task);
    interp.xcoms_in_all(values.into_iter(), common.without_xcoms, &mut upstream);
    let mut ids: Vec<String> = upstream
        .into_iter()
        .filter_map(|id| match interp.heap.get(id) {
            // A task whose constructor was never reached has no id.
            Object::Task(other) if other.id != task.id && other.initialised => {
                Some(other.id.to_template())
            }
            _ => None,
        })
        .collect();
    ids.sort();
    ids.dedup();
    let group = match task.group.map(|id| interp.heap.get(id)) {
        Some(Object::Group(group)) => Some(group.id.to_template()),
        _ => None,
    };
    // What holds for the DAG as a whole is told there.
    let conditions =
        task.conditions.iter().filter(|own| !common.conditions.has(own)).cloned().collect();
    let expansion = match &task.expansion {
        None => None,
        Some(Err(hole)) => Some(Expansion::Unknown(Arc::clone(hole))),
        Some(Ok(instances)) => Some(Expansion::Known(
            instances.iter().map(|keywords| values_of(interp, keywords)).collect(),
        )),
    };
    Task {
        dag_id: dag.id.clone(),
        task_id: task.id.clone(),
        label: task.label.clone(),
        operator: operator_of(interp, task),
        span: task.span,
        keywords: keywords_of(interp, &task.keywords),
        upstream: ids,
        group,
        conditions,
        pattern: task.pattern.clone(),
        expansion,
        function: function_of(interp, task),
    }
}

fn keywords_of(interp: &mut Interp<'_>, keywords: &Map<Name, TaskKeyword>) -> Keywords {
    keywords
        .iter()
        .map(|(name, keyword)| {
            let value = value_of(interp, name, keyword);
            let origin = keyword.origin.clone();
            (str::to_owned(name), Keyword { value, origin, span: keyword.span })
        })
        .collect()
}

fn values_of(
    interp: &Interp<'_>,
    keywords: &Map<Name, TaskKeyword>,
) -> IndexMap<String, crate::eval::Value> {
    keywords
        .iter()
        .map(|(name, keyword)| (str::to_owned(name), value_of(interp, name, keyword)))
        .collect()
}

fn value_of(interp: &Interp<'_>, name: &str, keyword: &TaskKeyword) -> crate::eval::Value {
    // A template is read from this checkout, so the path of its file keeps its place here.
    match name.ends_with("_template_file") {
        true => interp.freeze_in_place(&keyword.val),
        false => interp.freeze(&keyword.val),
    }
}

fn operator_of(interp: &Interp<'_>, task: &TaskObject) -> Operator {
    let mut subclasses = Vec::new();
    if let Some(id) = task.class.as_obj() {
        let order = std::iter::once(task.class.clone()).chain(interp.mro(id));
        for class in order {
            let Some(Object::Class(object, attrs)) = class.as_obj().map(|id| interp.heap.get(id))
            else {
                continue;
            };
            // A class may have many attributes, and many tasks.
            let mut found: Vec<_> =
                RUNTIME_METHODS.iter().filter_map(|name| attrs.get_full(*name)).collect();
            found.sort_by_key(|(at, ..)| *at);
            let overrides =
                found.into_iter().map(|(_, name, val)| (name.to_string(), val.span)).collect();
            subclasses.push(Subclass {
                name: object.dotted.to_string(),
                span: object.span,
                overrides,
            });
        }
    }
    let own = if subclasses.is_empty() { None } else { interp.own_template_fields(&task.class) };
    let template_fields = own.map(|own| own.iter().map(ToString::to_string).collect());
    Operator { kind: task.kind, class: task.base.to_string(), subclasses, template_fields }
}

fn function_of(interp: &mut Interp<'_>, task: &TaskObject) -> Option<TaskFunction> {
    let (function, args, kwargs) = task.function.as_ref()?;
    let Data::Obj(id) = &function.data else { return None };
    let Object::Function(object) = interp.heap.copy(*id) else { return None };
    let def = &object.def;
    let free_names = names::free(def)
        .into_iter()
        .filter(|name| interp.builtin(name, Span::NONE).is_none())
        .map(|name| name.to_string())
        .collect();
    let result = (task.kind == OperatorKind::DecoratedCmd && task.expansion.is_none())
        .then(|| command::returned(interp, task, (function, &object), (args, kwargs)));
    Some(TaskFunction {
        name: def.name.to_string(),
        span: def.span,
        text: interp.sources.snippet(def.def_span),
        free_names,
        args: args.iter().map(|val| interp.freeze(val)).collect(),
        kwargs: kwargs
            .iter()
            .map(|(name, val)| (str::to_owned(name), interp.freeze(val)))
            .collect(),
        result: result.flatten(),
    })
}
