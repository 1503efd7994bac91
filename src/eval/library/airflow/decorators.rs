//! Decorators: `@dag`, `@task_group`, `@task` and its relatives, `.expand`, `.partial`, `.override`.

use super::operators::given;
use super::relations::is_there;
use super::setups::{SETUP, TEARDOWN};
use super::{DecoratorObject, is_operator};
use crate::airflow::{OperatorKind, Origin};
use crate::diag::{Code, Diagnostic};
use crate::eval::call::{Args, Kwarg};
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Key, Map, ObjId, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;

/// How many bytes of the text of a function make a step, for each task of it.
const BYTES_OF_A_FUNCTION: usize = 8;

/// The trigger rule of a teardown.
const TEARDOWN_RULE: &str = "all_done_setup_success";

/// Whether this decorator says when a task is skipped, and makes no task itself.
fn is_guard(kind: &str) -> bool {
    matches!(kind, "airflow.task.run_if" | "airflow.task.skip_if")
}

impl Interp<'_> {
    /// `@dag`, `@task`, `@task.kubernetes(...)`, `@task_group`: with a function the decorated thing,
    /// with keywords only a decorator still to be applied.
    pub(crate) fn make_decorator(&mut self, kind: &str, args: &Args, span: Span) -> Val {
        let function = args
            .get(0, "python_callable")
            .filter(|_| !is_guard(kind))
            .filter(|val| {
                val.as_obj().is_some_and(|id| {
                    matches!(self.heap.get(id), Object::Function(_) | Object::Bound(..))
                })
            })
            .cloned();
        let mut kwargs = args.kw.clone();
        kwargs.shift_remove("python_callable");
        if function.is_none()
            && let Some(first) = args.pos.first()
        {
            // `@dag("name", ...)`: the id given by position.
            kwargs.insert(Name::from("0"), Kwarg { val: first.clone(), span: first.span });
        }
        if kind == "airflow.dag"
            && let Some(function) = &function
        {
            self.airflow.dag_functions.push((function.clone(), false));
        }
        let object = DecoratorObject {
            kind: Name::from(kind),
            kwargs,
            function,
            partial: Map::default(),
            more_kw: args.more_kw.clone(),
            mark: None,
        };
        self.heap.val(Object::TaskDecorator(Box::new(object)), span)
    }

    /// Calls a decorator, or the function it decorated.
    pub(crate) fn call_task_decorator(&mut self, id: ObjId, args: Args, span: Span) -> Res {
        let Object::TaskDecorator(decorator) = self.heap.copy(id) else {
            return Ok(Val::none(span));
        };
        if decorator.function.is_none() {
            let Some(function) = args.pos.first().cloned() else {
                return Ok(Val::obj(id, span));
            };
            if is_guard(&decorator.kind) {
                return self.guard_task(&decorator, &function, span);
            }
            let mut applied = *decorator;
            if applied.kind.as_ref() == "airflow.dag" {
                self.airflow.dag_functions.push((function.clone(), false));
            }
            applied.function = Some(function);
            return Ok(self.heap.val(Object::TaskDecorator(Box::new(applied)), span));
        }
        match decorator.kind.as_ref() {
            "airflow.dag" => self.call_dag_function(&decorator, args, span),
            "airflow.task_group" => self.call_group_function(&decorator, args, &[], span),
            "airflow.partial" => {
                let message = "an operator made with .partial() must be expanded, not called";
                self.type_error(message, span)
            }
            _ => self.call_decorated_task(&decorator, args, None, span),
        }
    }

    /// `@task.run_if(condition)` and `@task.skip_if(condition)` above `@task`: code that runs before the task.
    fn guard_task(&mut self, guard: &DecoratorObject, decorated: &Val, span: Span) -> Res {
        let id = decorated.as_obj().map(|id| self.heap.resolve(id));
        let condition = guard.kwargs.get("0").or_else(|| guard.kwargs.get("condition")).cloned();
        match id {
            Some(id) if matches!(self.heap.get(id), Object::TaskDecorator(_)) => {
                if let (Object::TaskDecorator(task), Some(condition)) =
                    (self.heap.get_mut(id), condition)
                {
                    task.kwargs.insert(Name::from("pre_execute"), condition);
                }
                Ok(decorated.clone())
            }
            _ if self.unknown(decorated).is_some() => Ok(decorated.clone()),
            _ => {
                let name = guard.kind.rsplit('.').next().unwrap_or_default();
                let message = format!(
                    "{name} can only be used with task. decorate with @task before @{name}."
                );
                self.type_error(message, span)
            }
        }
    }

    /// `@setup` and `@teardown` on a decorated function.
    fn mark_decorator(&mut self, decorated: &Val, is_setup: bool, span: Span) {
        let Some(id) = decorated.as_obj() else { return };
        if let Object::TaskDecorator(decorator) = self.heap.get_mut(id) {
            decorator.mark = Some(if is_setup { SETUP } else { TEARDOWN });
            if !is_setup {
                let val = Val::str(TEARDOWN_RULE, span);
                decorator.kwargs.insert(Name::from("trigger_rule"), Kwarg { val, span });
            }
        }
    }

    /// A task from a decorated function.
    fn call_decorated_task(
        &mut self,
        decorator: &DecoratorObject,
        args: Args,
        mapped: Option<&str>,
        span: Span,
    ) -> Res {
        let Some(function) = decorator.function.clone() else { return Ok(Val::none(span)) };
        let name = match function.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Function(function)) => function.def.name.to_string(),
            _ => "task".to_owned(),
        };
        let (class, kind) = match decorator.kind.as_ref() {
            "airflow.task.kubernetes" => (
                "airflow.providers.cncf.kubernetes.decorators.kubernetes.KubernetesDecoratedOperator",
                OperatorKind::Decorated,
            ),
            "airflow.task.kubernetes_cmd" => (
                "airflow.providers.cncf.kubernetes.decorators.kubernetes_cmd.KubernetesCmdDecoratedOperator",
                OperatorKind::DecoratedCmd,
            ),
            _ => ("airflow.decorators.DecoratedOperator", OperatorKind::Other),
        };
        let mut kw = decorator.kwargs.clone();
        kw.shift_remove("0");
        // A second call of the same function gets a numbered id.
        let base =
            kw.get("task_id").map_or_else(|| Val::str(name, span), |kwarg| kwarg.val.clone());
        let label = self.unique_task_label(&base, span);
        kw.insert(Name::from("task_id"), Kwarg { val: label, span });
        let call_vals: Vec<Val> = args.all().into_iter().cloned().collect();
        let symbol = Name::from(class);
        if mapped.is_some() && self.settings.airflow_version.starts_with("2.") {
            self.give_own_defaults(kind, &mut kw);
        }
        let task_args = Args { kw, more_kw: decorator.more_kw.clone(), ..Args::default() };
        let expansion = match mapped {
            Some(method) => Some(self.instances(method, &args, span)?),
            None => None,
        };
        let val =
            self.make_operator(&Val::symbol(symbol.clone(), span), &symbol, task_args, span)?;
        let Some(id) = val.as_obj() else { return Ok(val) };
        // What a function that gives a command says is asked once, so not for each instance.
        let expansion = expansion.map(|known| known.filter(|_| kind != OperatorKind::DecoratedCmd));
        let hole = match expansion {
            Some(None) => {
                let refs: Vec<&Val> = call_vals.iter().collect();
                let derived = self.derived(&refs, span);
                derived.hole().cloned()
            }
            _ => None,
        };
        if let Some(Object::Function(object)) = function.as_obj().map(|id| self.heap.get(id)) {
            // The text of the function is a part of the job spec.
            let span = object.def.def_span;
            self.work(span.end.saturating_sub(span.start) as usize / BYTES_OF_A_FUNCTION);
        }
        if let Some(mark) = decorator.mark {
            self.mark(id, mark, span);
        }
        if mapped.is_some() || decorator.mark.is_some() {
            self.forget_task(id);
        }
        if let Object::Task(task) = self.heap.get_mut(id) {
            task.kind = kind;
            for keyword in task.keywords.values_mut() {
                if keyword.origin == Origin::Call {
                    keyword.origin = Origin::Decorator;
                }
            }
            let kwargs =
                args.kw.iter().map(|(name, kwarg)| (name.clone(), kwarg.val.clone())).collect();
            task.function = Some((function.clone(), args.pos.clone(), kwargs));
            // The instances differ in the arguments of the function, not in those of the pod.
            task.expansion = match (expansion, hole) {
                (_, Some(hole)) => Some(Err(hole)),
                (Some(Some(instances)), None) => Some(Ok(instances.iter().map(given).collect())),
                _ => None,
            };
        }
        self.depend_on_all(&val, &call_vals);
        Ok(self.xcom_of(id, "return_value".to_owned(), span))
    }

    fn unique_task_label(&mut self, base: &Val, span: Span) -> Val {
        let Some(text) = base.as_str().map(str::to_owned) else { return base.clone() };
        let Some(dag) = self.current_dag() else { return base.clone() };
        let group = self.airflow.group_stack.last().copied();
        let full = self.child_id(group, &crate::eval::Text::literal(text.as_str())).to_template();
        let Object::Dag(dag) = self.heap.get(dag) else { return base.clone() };
        if !dag.tasks.contains(&full) {
            return base.clone();
        }
        let number = dag.tasks.next_number(&full);
        Val::str(format!("{text}__{number}"), span)
    }

    /// Methods of DAGs, tasks, groups, XComs and decorators.
    pub(crate) fn airflow_method(
        &mut self,
        this: &Val,
        id: ObjId,
        name: &Name,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        match self.heap.copy(id) {
            Object::Task(task) => Some(match name.as_ref() {
                "set_upstream" | "set_downstream" => {
                    let Some(other) = args.get(0, "task_or_task_list").cloned() else {
                        return Some(Ok(Val::none(span)));
                    };
                    let result = if name.as_ref() == "set_upstream" {
                        self.relate(&other, this, span)
                    } else {
                        self.relate(this, &other, span)
                    };
                    result.map(|()| Val::none(span))
                }
                "__rshift__" | "__lshift__" => self.shift(this, name, args, span),
                "as_setup" => {
                    self.mark(id, SETUP, span);
                    Ok(this.clone())
                }
                "__enter__" => self.enter_work(this, span),
                "__exit__" => self.leave_work(span).map(|()| Val::none(span)),
                "as_teardown" => {
                    self.mark(id, TEARDOWN, span);
                    // A teardown runs whatever its work came to, once its setups have succeeded.
                    let rule = Val::str(TEARDOWN_RULE, span);
                    self.set_task_attribute(id, &Name::from("trigger_rule"), rule, span);
                    match args.named("setups").cloned() {
                        Some(setups) => {
                            self.mark_all(&setups, SETUP, span);
                            self.relate(&setups, this, span).map(|()| this.clone())
                        }
                        None => Ok(this.clone()),
                    }
                }
                "get_dag" => {
                    Ok(task.dag.map_or_else(|| Val::none(span), |dag| Val::obj(dag, span)))
                }
                "has_dag" => Ok(Val::bool(task.dag.is_some(), span)),
                _ => return None,
            }),
            Object::XCom(task, key) => Some(match name.as_ref() {
                "set_upstream" | "set_downstream" => {
                    let task = Val::obj(task, span);
                    let Some(other) = args.pos.first().cloned() else {
                        return Some(Ok(Val::none(span)));
                    };
                    let result = if name.as_ref() == "set_upstream" {
                        self.relate(&other, &task, span)
                    } else {
                        self.relate(&task, &other, span)
                    };
                    result.map(|()| Val::none(span))
                }
                "as_setup" | "as_teardown" => {
                    let task = Val::obj(task, span);
                    let made = self.call_method(&task, name, args.clone(), span);
                    made.map(|_| this.clone())
                }
                "__str__" => self.str_text(this, span).map(|text| self.bounded_text(text, span)),
                _ => {
                    // `.map`, `.zip`, `.concat`: values of a later run.
                    let text = format!("{key}.{name}");
                    let made = self.hole(crate::eval::HoleKind::XCom, text, span);
                    let mut tasks = vec![task];
                    args.all().into_iter().for_each(|val| self.xcoms_in(val, &mut tasks));
                    self.is_made_of(&made, tasks);
                    Ok(made)
                }
            }),
            Object::Group(group) => Some(match name.as_ref() {
                "set_upstream" | "set_downstream" => {
                    let Some(other) = args.pos.first().cloned() else {
                        return Some(Ok(Val::none(span)));
                    };
                    let result = if name.as_ref() == "set_upstream" {
                        self.relate(&other, this, span)
                    } else {
                        self.relate(this, &other, span)
                    };
                    result.map(|()| Val::none(span))
                }
                "__rshift__" | "__lshift__" => self.shift(this, name, args, span),
                "get_roots" | "get_leaves" | "iter_tasks" => {
                    let tasks = match name.as_ref() {
                        "iter_tasks" => self.tasks_of_group(id, span),
                        _ => match self.ends_of_group(id, name.as_ref() == "get_roots", span) {
                            Some(tasks) => tasks,
                            None => {
                                let dag = group.dag;
                                return Some(Ok(self.some_tasks_of(dag, "task_group", name, span)));
                            }
                        },
                    };
                    Ok(self.heap.val(Object::Iterator(tasks, 0), span))
                }
                "get_child_by_label" => {
                    let label = args.get(0, "label").cloned();
                    let label = label.map(|val| self.id_text(&val, span)).unwrap_or_default();
                    self.child_named(id, &label, span)
                }
                "child_id" => {
                    let label = args
                        .pos
                        .first()
                        .map(|val| self.id_text(&val.clone(), span))
                        .unwrap_or_default();
                    Ok(Val::text(self.child_id(Some(id), &label), span))
                }
                "add" => {
                    if let Some(child) = args.pos.first().and_then(Val::as_obj)
                        && let Object::Group(group) = self.heap.get_mut(id)
                    {
                        group.children.push(child);
                    }
                    Ok(Val::none(span))
                }
                "__enter__" => {
                    self.enter_group(id);
                    Ok(this.clone())
                }
                "__exit__" => {
                    self.leave_group(id);
                    Ok(Val::none(span))
                }
                _ => return None,
            }),
            Object::Dag(dag) => Some(match name.as_ref() {
                "add_task" | "add_tasks" => {
                    for val in args.pos.clone() {
                        let items = match val.as_obj().map(|id| self.heap.get(id)) {
                            Some(Object::List(items)) => items.clone(),
                            _ => vec![val.clone()],
                        };
                        for item in items {
                            if let Some(task) = item.as_obj()
                                && matches!(self.heap.get(task), Object::Task(_))
                            {
                                self.move_to_dag(task, id);
                            }
                        }
                    }
                    Ok(Val::none(span))
                }
                "get_task" => {
                    let wanted =
                        args.pos.first().and_then(|val| self.to_text(val)).unwrap_or_default();
                    match dag.tasks.get(&wanted.to_template()) {
                        Some(task) => Ok(Val::obj(task, span)),
                        None if wanted.as_literal().is_some() && self.knows_tasks(&dag) => {
                            let message = format!("Task {} not found", wanted.display());
                            Err(self.exception("TaskNotFound", message, span))
                        }
                        None => Ok(self.some_tasks_of(Some(id), "dag", name, span)),
                    }
                }
                "has_task" => {
                    let wanted =
                        args.pos.first().and_then(|val| self.to_text(val)).unwrap_or_default();
                    let task = dag.tasks.get(&wanted.to_template());
                    let is_certain = wanted.as_literal().is_some()
                        && match task.map(|task| self.heap.get(task)) {
                            Some(Object::Task(task)) => is_there(task, &dag),
                            _ => self.knows_tasks(&dag),
                        };
                    Ok(match is_certain {
                        true => Val::bool(task.is_some(), span),
                        false => self.hole(crate::eval::HoleKind::Name, "dag.has_task", span),
                    })
                }
                "topological_sort" => {
                    let tasks = dag.tasks.values().map(|task| self.heap.resolve(task));
                    let tasks = tasks.map(|task| (Key::Obj(task), Val::obj(task, span))).collect();
                    // One order of those that fit the edges, which only Airflow knows.
                    let sorted = self.in_order(&tasks);
                    Ok(self.list(sorted, span))
                }
                "cli" | "test" | "run" => Ok(Val::none(span)),
                "__enter__" => {
                    self.enter_dag(id);
                    Ok(this.clone())
                }
                "__exit__" => {
                    self.leave_dag(id);
                    Ok(Val::none(span))
                }
                // `@dag.task`: the decorator bound to this DAG.
                "task" => {
                    let mut args = args.clone();
                    args.kw.insert(Name::from("dag"), Kwarg { val: this.clone(), span });
                    Ok(self.make_decorator("airflow.task", &args, span))
                }
                _ => return None,
            }),
            Object::TaskDecorator(decorator) => {
                Some(self.decorator_method(id, &decorator, name, args, span))
            }
            Object::Class(..) => match name.as_ref() {
                "partial" => Some(Ok(self.partial_operator(this, args.clone(), span))),
                _ => None,
            },
            _ => None,
        }
    }

    fn decorator_method(
        &mut self,
        id: ObjId,
        decorator: &DecoratorObject,
        name: &Name,
        args: &Args,
        span: Span,
    ) -> Res {
        match name.as_ref() {
            "override" => {
                let mut changed = decorator.clone();
                for (name, kwarg) in &args.kw {
                    changed.kwargs.insert(name.clone(), kwarg.clone());
                }
                Ok(self.heap.val(Object::TaskDecorator(Box::new(changed)), span))
            }
            "partial" => {
                let mut changed = decorator.clone();
                for (name, kwarg) in &args.kw {
                    changed.partial.insert(name.clone(), kwarg.clone());
                }
                Ok(self.heap.val(Object::TaskDecorator(Box::new(changed)), span))
            }
            "expand" | "expand_kwargs" if decorator.kind.as_ref() == "airflow.partial" => {
                self.expand_operator(decorator, name, args, span)
            }
            "expand" | "expand_kwargs" if decorator.kind.as_ref() == "airflow.task_group" => {
                self.expand_group(decorator, name, args, span)
            }
            "expand" | "expand_kwargs" => {
                self.call_decorated_task(decorator, args.clone(), Some(name), span)
            }
            _ => {
                let _ = id;
                Ok(self.hole(
                    crate::eval::HoleKind::Call,
                    format!("{}.{name}()", decorator.kind),
                    span,
                ))
            }
        }
    }

    /// A mapped task group: its tasks stand for one instance per value.
    fn expand_group(
        &mut self,
        decorator: &DecoratorObject,
        method: &str,
        args: &Args,
        span: Span,
    ) -> Res {
        let vals: Vec<Val> = args.all().into_iter().cloned().collect();
        let refs: Vec<&Val> = vals.iter().collect();
        let derived = self.derived(&refs, span);
        let mut call = Args::default();
        for (name, kwarg) in &decorator.partial {
            call.kw.insert(name.clone(), kwarg.clone());
        }
        if method == "expand" {
            for (name, kwarg) in &args.kw {
                let part = self.part_of(&derived, &format!("[{name}]"), kwarg.span);
                call.kw.insert(name.clone(), Kwarg { val: part, span: kwarg.span });
            }
        } else {
            call.more_kw = Some(derived.clone());
        }
        let pattern = derived.hole().cloned();
        if let Some(pattern) = &pattern {
            self.patterns.push(std::sync::Arc::clone(pattern));
        }
        let result = self.call_group_function(decorator, call, &vals, span);
        if pattern.is_some() {
            self.patterns.pop();
        }
        result
    }

    /// Calls a symbol under `airflow.` or one of its methods.
    pub(crate) fn call_airflow(&mut self, path: &str, args: &Args, span: Span) -> Option<Res> {
        if is_operator(path) {
            let base = Name::from(path);
            let class = Val::symbol(base.clone(), span);
            self.tell_old_import(path, span);
            return Some(self.make_operator(&class, &base, args.clone(), span));
        }
        if let Some((class, method)) = path.rsplit_once('.')
            && is_operator(class)
        {
            return match method {
                "partial" => {
                    Some(Ok(self.partial_operator(&Val::symbol(class, span), args.clone(), span)))
                }
                _ => self.call_node_method(path, args, span),
            };
        }
        if let Some(result) = self.call_node_method(path, args, span) {
            return Some(result);
        }
        match path {
            "airflow.DAG" => Some(Ok(self.make_dag(args, span))),
            "airflow.TaskGroup" => Some(self.make_group(args, span)),
            "airflow.dag" | "airflow.task_group" => Some(Ok(self.make_decorator(path, args, span))),
            "airflow.chain" => Some(self.chain(args, false, span)),
            "airflow.chain_linear" => Some(self.chain(args, true, span)),
            "airflow.cross_downstream" => {
                let (Some(up), Some(down)) = (args.get(0, "from_tasks"), args.get(1, "to_tasks"))
                else {
                    return Some(self.type_error("cross_downstream() takes two lists", span));
                };
                let (up, down) = (up.clone(), down.clone());
                Some(self.relate(&up, &down, span).map(|()| Val::none(span)))
            }
            "airflow.setup" | "airflow.teardown" => Some(Ok(match args.pos.first() {
                Some(val) if matches!(val.data, Data::Obj(_)) => {
                    let is_function = val
                        .as_obj()
                        .is_some_and(|id| matches!(self.heap.get(id), Object::Function(_)));
                    let decorated = if is_function {
                        self.make_decorator("airflow.task", args, span)
                    } else {
                        val.clone()
                    };
                    self.mark_decorator(&decorated, path == "airflow.setup", span);
                    decorated
                }
                _ => Val::symbol(path, span),
            })),
            "airflow.SetupTeardownContext.add_task" => Some(self.add_to_block(args, span)),
            _ if path.ends_with(".context_wrapper") || path.ends_with(".ContextWrapper") => {
                self.context_wrapper(args, span)
            }
            _ if path == "airflow.task" || path.starts_with("airflow.task.") => {
                Some(Ok(self.make_decorator(path, args, span)))
            }
            _ => self.call_airflow_lookup(path, args, span),
        }
    }

    /// Import paths that current releases no longer have.
    fn tell_old_import(&mut self, path: &str, span: Span) {
        let old =
            path.starts_with("airflow.contrib.") || path.contains(".operators.kubernetes_pod.");
        if old && !matches!(super::operator_kind(path), OperatorKind::Other) {
            let module = path.rsplit_once('.').map_or(path, |(module, _)| module);
            let told = self
                .diagnostics
                .iter()
                .any(|known| known.code == Code::OldImport && known.span.source == span.source);
            if !told {
                self.tell(Diagnostic::new(
                    Code::OldImport,
                    span,
                    format!("`{module}` is the import path of an old release"),
                ));
            }
        }
    }
}
