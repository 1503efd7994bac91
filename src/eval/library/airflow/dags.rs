//! DAGs: `DAG(...)`, `with DAG(...)`, `@dag`, and joining them over branches.

use std::sync::Arc;

use super::{DagObject, DecoratorObject, TaskKeyword, TaskObject, ids};
use crate::eval::call::{Args, Kwarg};
use crate::eval::conditions::{Conditions, without_branch};
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Key, Map, ObjId, Object, Val};
use crate::eval::{Hole, HoleKind, Text};
use crate::python::Span;
use crate::python::ast::Name;

/// Positional parameters of `DAG`, in the order of Airflow's signature.
const PARAMETERS: &[&str] = &["dag_id", "description", "schedule"];

/// The other parameters of `DAG`, those of Airflow 2 and 3.
const NAMED_PARAMETERS: &[&str] = &[
    "access_control",
    "allowed_run_types",
    "auto_register",
    "catchup",
    "concurrency",
    "dag_display_name",
    "dagrun_timeout",
    "deadline",
    "default_args",
    "default_view",
    "disable_bundle_versioning",
    "doc_md",
    "end_date",
    "fail_fast",
    "fail_stop",
    "full_filepath",
    "is_paused_upon_creation",
    "jinja_environment_kwargs",
    "max_active_runs",
    "max_active_tasks",
    "max_consecutive_failed_dag_runs",
    "on_failure_callback",
    "on_success_callback",
    "orientation",
    "owner_links",
    "params",
    "render_template_as_native_obj",
    "rerun_with_latest_version",
    "schedule_interval",
    "sla_miss_callback",
    "start_date",
    "tags",
    "template_searchpath",
    "template_undefined",
    "timetable",
    "user_defined_filters",
    "user_defined_macros",
];

fn is_parameter(name: &str) -> bool {
    PARAMETERS.contains(&name) || NAMED_PARAMETERS.contains(&name)
}

/// What making a DAG counts for, in steps.
const DAG: usize = 250;

impl Interp<'_> {
    /// `DAG(...)`.
    pub(crate) fn make_dag(&mut self, args: &Args, span: Span) -> Val {
        let dag = self.new_dag(Val::symbol("airflow.DAG", span), span);
        self.init_dag(dag, args, span);
        Val::obj(dag, span)
    }

    /// A DAG whose constructor has not been called yet.
    pub(super) fn new_dag(&mut self, class: Val, span: Span) -> ObjId {
        let dag = DagObject {
            class,
            id: Text::default(),
            args: Map::default(),
            attrs: Map::default(),
            default_args: Val::none(span),
            tasks: ids::Ids::default(),
            groups: ids::Ids::default(),
            entered: false,
            initialised: false,
            span,
            conditions: self.current_conditions(),
        };
        self.heap.add(Object::Dag(Box::new(dag)))
    }

    /// Airflow's own constructor.
    pub(super) fn init_dag(&mut self, dag: ObjId, args: &Args, span: Span) {
        let mut given: Map<Name, Kwarg> = Map::default();
        for (name, val) in PARAMETERS.iter().zip(&args.pos) {
            given.insert(Name::from(*name), Kwarg { val: val.clone(), span: val.span });
        }
        for (name, kwarg) in &args.kw {
            given.insert(name.clone(), kwarg.clone());
        }
        let id = match given.shift_remove("dag_id") {
            Some(kwarg) => self.id_text(&kwarg.val, span),
            None => {
                let from = args.more_kw.clone().or_else(|| args.more_pos.clone());
                let hole = match from {
                    Some(open) => self.part_of(&open, "['dag_id']", span),
                    None => self.hole(HoleKind::Expression, "dag_id", span),
                };
                self.id_text(&hole, span)
            }
        };
        let default_args = match given.get("default_args").map(|kwarg| kwarg.val.clone()) {
            // Airflow copies the dict: later changes of the caller's dict do not reach the DAG.
            Some(val) => match self.default_args_copy(&val, span) {
                Ok(copy) => copy,
                // What cannot be copied is used as it is.
                Err(_) => val,
            },
            None => Val::none(span),
        };
        // As for a task: a loop must not make them without end. Making one gives no error of its own, so the
        // next step finds out.
        self.work(DAG);
        let Object::Dag(made) = self.heap.get_mut(dag) else { return };
        made.id = id;
        made.args = given;
        made.default_args = default_args;
        if !std::mem::replace(&mut made.initialised, true) {
            self.airflow.dags.push(dag);
        }
    }

    /// An id as a text; what is no string becomes a hole.
    pub(crate) fn id_text(&mut self, val: &Val, span: Span) -> Text {
        // A member of an enum of texts is one.
        let plain = self.plain(val).unwrap_or_else(|| val.clone());
        if let Some(text) = self.to_text(&plain) {
            // It is kept, shown and compared, each time as a text of its own.
            self.write(text.len() * 2);
            return self.without_checkout(text, span);
        }
        match self.str_text(val, span) {
            Ok(text) => text,
            Err(_) => {
                let hole = self.derived(&[val], span);
                self.to_text(&hole).unwrap_or_default()
            }
        }
    }

    pub(crate) fn enter_dag(&mut self, id: ObjId) {
        self.airflow.dag_stack.push(id);
        if let Object::Dag(dag) = self.heap.get_mut(id) {
            dag.entered = true;
        }
    }

    pub(crate) fn leave_dag(&mut self, id: ObjId) {
        let id = self.heap.resolve(id);
        if let Some(at) =
            self.airflow.dag_stack.iter().rposition(|other| self.heap.resolve(*other) == id)
        {
            self.airflow.dag_stack.truncate(at);
        }
    }

    /// `@dag(...)` called: makes the DAG and evaluates the function inside it.
    pub(crate) fn call_dag_function(
        &mut self,
        decorator: &DecoratorObject,
        args: Args,
        span: Span,
    ) -> Res {
        let Some(function) = decorator.function.clone() else { return Ok(Val::none(span)) };
        for (known, called) in &mut self.airflow.dag_functions {
            if known.as_obj() == function.as_obj() {
                *called = true;
            }
        }
        let name = match function.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Function(function)) => function.def.name.to_string(),
            _ => "dag".to_owned(),
        };
        let mut kw = decorator.kwargs.clone();
        let positional = kw.shift_remove("0");
        kw.entry(Name::from("dag_id")).or_insert_with(|| {
            positional.unwrap_or_else(|| Kwarg { val: Val::str(name, span), span })
        });
        let dag_args = Args { kw, more_kw: decorator.more_kw.clone(), ..Args::default() };
        let dag = self.make_dag(&dag_args, function.span.or(span));
        let Some(id) = dag.as_obj() else { return Ok(dag) };
        self.enter_dag(id);
        let groups = std::mem::take(&mut self.airflow.group_stack);
        // Arguments of a DAG function are params: templates that are rendered at run time.
        let result = self.call_with_params(&function, args, span);
        self.airflow.group_stack = groups;
        self.leave_dag(id);
        result?;
        Ok(dag)
    }

    /// Calls a DAG function; a parameter that is given or has a default is a `{{ params.x }}` at run
    /// time, which Airflow represents by the value itself while the DAG is made.
    fn call_with_params(&mut self, function: &Val, args: Args, span: Span) -> Res {
        let Some(Object::Function(object)) = function.as_obj().map(|id| self.heap.copy(id)) else {
            return self.call(function, args, span);
        };
        let mut with = args;
        let parameters = &object.def.parameters;
        for (index, parameter) in parameters.positional.iter().enumerate() {
            if index < with.pos.len() {
                if let Some(slot) = with.pos.get_mut(index) {
                    *slot = self.param_reference(&parameter.name, span);
                }
            } else {
                let val = self.param_reference(&parameter.name, span);
                with.kw.insert(parameter.name.clone(), Kwarg { val, span });
            }
        }
        self.call(function, with, span)
    }

    /// `DagParam`: rendered when the task runs.
    fn param_reference(&mut self, name: &Name, span: Span) -> Val {
        let mut attrs = Map::default();
        attrs.insert(Name::from("name"), Val::str(name.as_ref(), span));
        self.heap.val(Object::Record("airflow.DagParam".into(), attrs), span)
    }

    /// The DAG a new task or group belongs to.
    pub(crate) fn current_dag(&self) -> Option<ObjId> {
        self.airflow.dag_stack.last().map(|id| self.heap.resolve(*id))
    }

    /// `dag.start_date` and `dag.end_date`: Airflow keeps them as moments of pendulum in UTC.
    pub(super) fn date_of_dag(&mut self, dag: &DagObject, name: &Name, span: Span) -> Res {
        let given = dag.args.get(name).map(|kwarg| kwarg.val.clone());
        let is_old = self.settings.airflow_version.starts_with("2.");
        let of_tasks = match name.as_ref() {
            "start_date" if is_old => None,
            _ => self.value_at(&dag.default_args, &Key::Str(name.as_ref().into())),
        };
        let given = given.filter(|val| !val.is_none()).or(of_tasks);
        let Some(given) = given else { return Ok(Val::none(span)) };
        let zone = self.settings.values.get(HoleKind::Conf, "core.default_timezone");
        if zone.is_some() || !matches!(given.data, Data::Native(_)) {
            let kept = self.hole(HoleKind::Name, format!("dag.{name}"), span);
            return Ok(self.derived(&[&given, &kept], span));
        }
        let moment = self.call_symbol("pendulum.instance", Args::positional(vec![given]), span)?;
        let convert = self.attribute(&moment, &Name::from("in_timezone"), span)?;
        self.call(&convert, Args::positional(vec![Val::str("UTC", span)]), span)
    }

    /// `dag.attribute = val`.
    pub(crate) fn set_dag_attribute(&mut self, id: ObjId, name: &Name, val: Val, span: Span) {
        if let Object::Dag(dag) = self.heap.get_mut(id) {
            // Airflow's constructor overwrites what stands under the names of its parameters before.
            if !dag.initialised || !is_parameter(name) {
                dag.attrs.insert(name.clone(), val);
                return;
            }
            if name.as_ref() == "default_args" {
                dag.default_args = val.clone();
            }
            dag.args.insert(name.clone(), Kwarg { val, span });
        }
    }

    /// One DAG from the two states of an undecided branch.
    pub(crate) fn merge_dags(
        &mut self,
        cond: &Arc<Hole>,
        a: DagObject,
        b: DagObject,
        depth: u32,
    ) -> DagObject {
        let mut merged = a;
        for (own, other) in merged.tasks.join(&b.tasks) {
            let (own, other) = (self.heap.resolve(own), self.heap.resolve(other));
            if own != other
                && let (Object::Task(p), Object::Task(q)) =
                    (self.heap.copy(own), self.heap.copy(other))
            {
                // They are one before they are joined: what they hold may lead back to them.
                self.heap.forward(other, own);
                let (of_p, of_q) = (p.conditions.clone(), q.conditions.clone());
                let mut task = self.merge_tasks(cond, *p, *q, depth + 1);
                // Ids with holes need not be the same ones.
                if task.id.as_literal().is_some() {
                    without_branch(&mut task.conditions, cond, &of_p, &of_q);
                }
                self.heap.set(own, Object::Task(Box::new(task)));
            }
        }
        merged.groups.join(&b.groups);
        for (name, kwarg) in b.args {
            match merged.args.get(&name).cloned() {
                Some(own) => {
                    let val = self.merge_vals(cond, &own.val, &kwarg.val, depth + 1);
                    merged.args.insert(name, Kwarg { val, span: own.span });
                }
                None => {
                    merged.args.insert(name, kwarg);
                }
            }
        }
        merged.default_args =
            self.merge_vals(cond, &merged.default_args, &b.default_args, depth + 1);
        merged.attrs = self.merge_attributes(cond, merged.attrs, b.attrs, depth);
        merged.initialised |= b.initialised;
        merged.entered |= b.entered;
        let other = Conditions::of(&b.conditions);
        merged.conditions.retain(|own| other.has(own));
        merged
    }

    /// Whether two tasks made on the two sides of a branch are one task.
    pub(crate) fn same_task(&self, a: &TaskObject, b: &TaskObject) -> bool {
        let dag = |task: &TaskObject| task.dag.map(|id| self.heap.resolve(id));
        a.id == b.id && dag(a) == dag(b) && a.kind == b.kind
    }

    /// One task from the two states of an undecided branch.
    pub(crate) fn merge_tasks(
        &mut self,
        cond: &Arc<Hole>,
        a: TaskObject,
        b: TaskObject,
        depth: u32,
    ) -> TaskObject {
        let mut merged = a;
        let mut others = b.keywords;
        let mut keywords = Map::default();
        for (name, own) in std::mem::take(&mut merged.keywords) {
            let (val, span, origin) = match others.shift_remove(&name) {
                Some(other) => {
                    (self.merge_vals(cond, &own.val, &other.val, depth + 1), own.span, own.origin)
                }
                None => {
                    let none = Val::none(own.span);
                    (self.merge_vals(cond, &own.val, &none, depth + 1), own.span, own.origin)
                }
            };
            keywords.insert(name, TaskKeyword { val, origin, span });
        }
        for (name, other) in others {
            let none = Val::none(other.span);
            let val = self.merge_vals(cond, &none, &other.val, depth + 1);
            keywords.insert(name, TaskKeyword { val, origin: other.origin, span: other.span });
        }
        merged.keywords = keywords;
        ids::join(&mut merged.upstream, &b.upstream);
        merged.attrs = self.merge_attributes(cond, merged.attrs, b.attrs, depth);
        let other = Conditions::of(&b.conditions);
        merged.conditions.retain(|own| other.has(own));
        if b.pattern.is_none() {
            merged.pattern = None;
        }
        merged
    }

    /// Attributes of one object from the two states of an undecided branch.
    pub(crate) fn merge_attributes(
        &mut self,
        cond: &Arc<Hole>,
        mut attrs: Map<Name, Val>,
        others: Map<Name, Val>,
        depth: u32,
    ) -> Map<Name, Val> {
        for (name, val) in others {
            let val = match attrs.get(&name).cloned() {
                Some(own) => self.merge_vals(cond, &own, &val, depth + 1),
                None => val,
            };
            attrs.insert(name, val);
        }
        attrs
    }

    /// Whether a value is a DAG.
    pub(crate) fn as_dag(&self, val: &Val) -> Option<ObjId> {
        match &val.data {
            Data::Obj(id) => {
                let id = self.heap.resolve(*id);
                matches!(self.heap.get(id), Object::Dag(_)).then_some(id)
            }
            _ => None,
        }
    }
}
