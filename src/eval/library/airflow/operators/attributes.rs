//! What DAG code reads from operators and their classes.

use super::converted_at_once;
use crate::airflow::{OperatorKind, Origin, SPREAD};
use crate::eval::interp::{Interp, Res};
use crate::eval::library::airflow::{TaskKeyword, TaskObject, operator_kind};
use crate::eval::object::{Data, Key, Map, ObjId, Object, Val};
use crate::eval::{HoleKind, Text};
use crate::mapping;
use crate::python::Span;
use crate::python::ast::Name;
use std::rc::Rc;

impl Interp<'_> {
    /// An attribute of a task, DAG, group or decorator, as Airflow's own classes have it.
    pub(crate) fn airflow_attribute(
        &mut self,
        object: &Val,
        id: ObjId,
        name: &Name,
        span: Span,
    ) -> Res<Option<Val>> {
        let method = || Some(Val::new(Data::Method(Rc::new((object.clone(), name.clone()))), span));
        match self.heap.copy(id) {
            Object::Task(task) => self.task_attribute(object, id, &task, name, span),
            Object::Dag(dag) if matches!(name.as_ref(), "start_date" | "end_date") => {
                self.date_of_dag(&dag, name, span).map(Some)
            }
            Object::Dag(dag) => Ok(match name.as_ref() {
                _ if dag.attrs.contains_key(name) => dag.attrs.get(name).cloned(),
                "dag_id" => Some(Val::text(dag.id, span)),
                "default_args" if dag.default_args.is_none() => {
                    let empty = self.heap.val(Object::Dict(Default::default(), None), span);
                    self.set_dag_attribute(id, name, empty.clone(), span);
                    Some(empty)
                }
                "default_args" => Some(dag.default_args),
                "tasks" => {
                    let tasks = dag.tasks.values().map(|id| Val::obj(id, span)).collect();
                    Some(self.list(tasks, span))
                }
                "task_ids" => {
                    let ids: Vec<Val> =
                        dag.tasks.values().map(|id| self.task_id_of(id, span)).collect();
                    Some(self.list(ids, span))
                }
                "task_dict" => {
                    let tasks: Vec<ObjId> = dag.tasks.values().collect();
                    Some(self.nodes_by_id(&tasks, span))
                }
                "__dict__" => Some(self.all_attributes(object, &dag.id.display(), span)),
                "add_task" | "add_tasks" | "get_task" | "has_task" | "cli" | "test" | "run"
                | "task" | "set_dependency" | "topological_sort" | "__enter__" | "__exit__" => {
                    method()
                }
                "roots" | "leaves" => {
                    Some(match self.ends_of_dag(id, name.as_ref() == "roots", span)? {
                        Some(tasks) => self.list(tasks, span),
                        None => self.some_tasks_of(Some(id), "dag", name, span),
                    })
                }
                "task_group" => Some(self.some_tasks_of(Some(id), "dag", name, span)),
                _ => match dag.args.get(name) {
                    Some(kwarg) => Some(kwarg.val.clone()),
                    None => Some(self.hole(HoleKind::Name, format!("dag.{name}"), span)),
                },
            }),
            Object::Group(group) => Ok(match name.as_ref() {
                _ if group.attrs.contains_key(name) => group.attrs.get(name).cloned(),
                "group_id" | "node_id" => Some(Val::text(group.id, span)),
                "default_args" => Some(group.default_args),
                "dag" => group.dag.map(|id| Val::obj(id, span)),
                "roots" | "leaves" => {
                    Some(match self.ends_of_group(id, name.as_ref() == "roots", span) {
                        Some(tasks) => self.list(tasks, span),
                        None => self.some_tasks_of(group.dag, "task_group", name, span),
                    })
                }
                "children" => Some(self.nodes_by_id(&group.children, span)),
                "__dict__" => Some(self.all_attributes(object, &group.id.display(), span)),
                "set_upstream" | "set_downstream" | "add" | "child_id" | "__enter__"
                | "__exit__" | "get_child_by_label" | "get_roots" | "get_leaves" | "iter_tasks"
                | "__rshift__" | "__lshift__" => method(),
                _ => Some(self.hole(HoleKind::Name, format!("task_group.{name}"), span)),
            }),
            Object::XCom(task, _) => Ok(match name.as_ref() {
                "operator" => Some(Val::obj(task, span)),
                _ => method(),
            }),
            Object::TaskDecorator(_) => Ok(match name.as_ref() {
                "expand" | "partial" | "expand_kwargs" | "override" => method(),
                "function" | "__wrapped__" => match self.heap.get(id) {
                    Object::TaskDecorator(decorator) => decorator.function.clone(),
                    _ => None,
                },
                "__name__" | "__doc__" => {
                    let function = match self.heap.get(id) {
                        Object::TaskDecorator(decorator) => decorator.function.clone(),
                        _ => None,
                    };
                    match function {
                        Some(function) => self.find_attribute(&function, name, span)?,
                        None => None,
                    }
                }
                // `@task.kubernetes`: the decorator's own namespace.
                _ => {
                    let kind = match self.heap.get(id) {
                        Object::TaskDecorator(decorator) => decorator.kind.clone(),
                        _ => Name::from("airflow.task"),
                    };
                    Some(Val::symbol(format!("{kind}.{name}"), span))
                }
            }),
            _ => Ok(None),
        }
    }

    /// Tasks of a DAG, nobody knows which: what is changed through them is changed in one or another.
    pub(crate) fn some_tasks_of(
        &mut self,
        dag: Option<ObjId>,
        of: &str,
        name: &Name,
        span: Span,
    ) -> Val {
        let made = self.hole(HoleKind::Name, format!("{of}.{name}"), span);
        if let Some(Object::Dag(dag)) = dag.map(|id| self.heap.get(id)) {
            let tasks: Vec<Val> = dag.tasks.values().map(|id| Val::obj(id, span)).collect();
            self.may_be(&made, &tasks.iter().collect::<Vec<_>>());
        }
        made
    }

    /// Tasks and groups in a dict, under their ids.
    fn nodes_by_id(&mut self, nodes: &[ObjId], span: Span) -> Val {
        self.work(nodes.len());
        let named = nodes.iter().map(|node| {
            let node = self.heap.resolve(*node);
            let id = match self.heap.get(node) {
                Object::Task(task) => task.id.clone(),
                Object::Group(group) => group.id.clone(),
                _ => Text::default(),
            };
            let key = match id.as_literal() {
                Some(known) => Key::Str(known.into()),
                None => Key::Hole(id.to_template()),
            };
            (key, (Val::text(id, span), Val::obj(node, span)))
        });
        let named = named.collect();
        self.dict(named, span)
    }

    pub(crate) fn task_id_of(&self, id: ObjId, span: Span) -> Val {
        match self.heap.get(id) {
            Object::Task(task) => Val::text(task.id.clone(), span),
            _ => Val::none(span),
        }
    }

    pub(super) fn task_attribute(
        &mut self,
        object: &Val,
        id: ObjId,
        task: &TaskObject,
        name: &Name,
        span: Span,
    ) -> Res<Option<Val>> {
        if let Some(val) = task.attrs.get(name) {
            return Ok(Some(val.clone()));
        }
        if let Some(keyword) = task.keywords.get(name) {
            let is_empty = keyword.val.is_none() && empty_argument(name).is_some();
            if !is_empty || !task.initialised {
                let val = keyword.val.clone();
                return Ok(Some(self.argument_as_kept(id, task, name, val, span)));
            }
        }
        match name.as_ref() {
            "task_id" | "node_id" => return Ok(Some(Val::text(task.id.clone(), span))),
            "label" => return Ok(Some(Val::text(task.label.clone(), span))),
            "dag" => {
                return Ok(Some(match task.dag {
                    Some(dag) => Val::obj(dag, span),
                    None => Val::none(span),
                }));
            }
            "task_group" if task.group.is_some() => {
                return Ok(task.group.map(|group| Val::obj(group, span)));
            }
            "dag_id" => {
                if let Some(Object::Dag(dag)) = task.dag.map(|id| self.heap.get(id)) {
                    return Ok(Some(Val::text(dag.id.clone(), span)));
                }
            }
            "output" => {
                return Ok(Some(self.xcom_of(id, "return_value".to_owned(), span)));
            }
            "__class__" => return Ok(Some(task.class.clone())),
            // Whatever is written there is an attribute of the task.
            "__dict__" => {
                return Ok(Some(self.all_attributes(object, &task.label.display(), span)));
            }
            "upstream_list" | "downstream_list" | "upstream_task_ids" | "downstream_task_ids" => {
                return self.relatives(id, name, span).map(Some);
            }
            "log" => return Ok(Some(Val::symbol("logging.Logger", span))),
            "task_type" => {
                let name = self.type_text(&task.class.clone());
                return Ok(Some(Val::str(name, span)));
            }
            "set_upstream"
            | "set_downstream"
            | "as_setup"
            | "as_teardown"
            | "__enter__"
            | "__exit__"
            | "update_relative"
            | "render_template_fields"
            | "add_inlets"
            | "add_outlets"
            | "execute"
            | "expand"
            | "partial"
            | "xcom_push"
            | "xcom_pull"
            | "dry_run"
            | "get_dag"
            | "has_dag"
            | "__rshift__"
            | "__lshift__" => {
                return Ok(Some(Val::new(
                    Data::Method(Rc::new((object.clone(), name.clone()))),
                    span,
                )));
            }
            _ => {}
        }
        if !task.initialised && !mapping::accepts(task.kind, name) {
            // A subclass asks for an attribute before Airflow's constructor set any.
            return Ok(None);
        }
        // What the constructor makes of arguments that are not given.
        if let (Some(object), true) = (empty_argument(name), task.initialised) {
            let val = self.heap.val(object, span);
            self.keep_argument(id, name, val.clone(), span);
            return Ok(Some(val));
        }
        let is_plain = task.initialised && !task.keywords.contains_key(SPREAD);
        if let (true, OperatorKind::Pod, Some(data)) = (is_plain, task.kind, default_argument(name))
        {
            return Ok(Some(Val::new(data, span)));
        }
        if let Some(val) = self.class_constant(&task.base, name, span) {
            return Ok(Some(val));
        }
        let open =
            self.hole(HoleKind::Name, format!("{}.{name}", self.type_text(&task.class)), span);
        // Not all attributes of operators are known, and there may be none of this name.
        if !mapping::accepts(task.kind, name) {
            self.may_raise(&open, span);
        }
        Ok(Some(open))
    }

    /// What the constructor keeps of an argument that it converts.
    fn argument_as_kept(
        &mut self,
        id: ObjId,
        task: &TaskObject,
        name: &Name,
        val: Val,
        span: Span,
    ) -> Val {
        if !task.initialised {
            return val;
        }
        match (name.as_ref(), val.as_obj().map(|id| self.heap.get(id))) {
            // Other operators may put more into it, as those for Databricks do into `json`.
            (_, Some(Object::Dict(..))) if task.kind == OperatorKind::Other => {
                let class = self.type_text(&task.class);
                let kept = self.hole(HoleKind::Name, format!("{class}.{name}"), span);
                self.derived(&[&kept, &val], span)
            }
            ("image_pull_secrets", None) => {
                let Some(text) = val.as_str().filter(|text| !text.is_empty()) else { return val };
                let references: Vec<Val> = text
                    .split(',')
                    .map(|secret| {
                        let mut fields = Map::default();
                        fields.insert(Name::from("name"), Val::str(secret, span));
                        self.heap.val(Object::Model("V1LocalObjectReference".into(), fields), span)
                    })
                    .collect();
                let kept = self.list(references, span);
                self.keep_argument(id, name, kept.clone(), span);
                kept
            }
            ("affinity" | "env_vars", Some(Object::Dict(entries, _)))
                if !entries.is_empty()
                    && converted_at_once(name, &self.settings.provider_version) =>
            {
                self.derived_from(&val, name, span)
            }
            ("tolerations", Some(Object::List(items)))
                if items.iter().any(|item| {
                    item.as_obj().is_some_and(|id| matches!(self.heap.get(id), Object::Dict(..)))
                }) =>
            {
                self.derived_from(&val, name, span)
            }
            _ => val,
        }
    }

    /// A model that the constructor made of a dict.
    fn derived_from(&mut self, val: &Val, name: &Name, span: Span) -> Val {
        let kept = self.hole(HoleKind::Call, format!("convert_{name}"), span);
        self.derived(&[val, &kept], span)
    }

    fn keep_argument(&mut self, id: ObjId, name: &Name, val: Val, span: Span) {
        if let Object::Task(task) = self.heap.get_mut(id) {
            let keyword = TaskKeyword { val, origin: Origin::Attribute, span };
            task.keywords.insert(name.clone(), keyword);
        }
    }

    /// Class attributes of Airflow's operators that DAG code reads.
    pub(crate) fn class_constant(&mut self, class: &str, name: &str, span: Span) -> Option<Val> {
        match name {
            "template_fields" => {
                let fields = mapping::template_fields(operator_kind(class));
                let items = fields.iter().map(|field| Val::str(field.as_str(), span)).collect();
                Some(Val::tuple(items, span))
            }
            "template_ext" => Some(Val::tuple(Vec::new(), span)),
            "is_setup" | "is_teardown" => Some(Val::bool(false, span)),
            "ui_color" => Some(Val::str("#fff", span)),
            "BASE_CONTAINER_NAME" => Some(Val::str("base", span)),
            _ => None,
        }
    }
}

/// Arguments of which the constructor makes a container when they are not given: see [`empty_argument`].
pub(crate) const CONVERTED: &[&str] = &[
    "annotations",
    "arguments",
    "cmds",
    "configmaps",
    "env_from",
    "env_vars",
    "image_pull_secrets",
    "init_containers",
    "labels",
    "node_selector",
    "ports",
    "secrets",
    "tolerations",
    "volume_mounts",
    "volumes",
];

/// What the constructor makes of an argument that is not given, or `None`, and that code may then add to.
pub(crate) fn empty_argument(name: &str) -> Option<Object> {
    match name {
        "cmds" | "arguments" | "env_vars" | "env_from" | "configmaps" | "ports" | "volumes"
        | "volume_mounts" | "secrets" | "image_pull_secrets" | "tolerations"
        | "init_containers" => Some(Object::List(Vec::new())),
        "labels" | "annotations" | "node_selector" => Some(Object::Dict(Default::default(), None)),
        _ => None,
    }
}

/// Arguments whose default every release of the operator has alike: see [`default_argument`].
pub(crate) const DEFAULTED: &[&str] = &[
    "active_deadline_seconds",
    "cluster_context",
    "config_file",
    "container_resources",
    "container_security_context",
    "dnspolicy",
    "do_xcom_push",
    "full_pod_spec",
    "get_logs",
    "hostname",
    "hostnetwork",
    "image",
    "log_events_on_failure",
    "namespace",
    "pod_template_file",
    "priority_class_name",
    "random_name_suffix",
    "reattach_on_restart",
    "schedulername",
    "startup_timeout_seconds",
    "subdomain",
];

/// The default of an argument that is in [`DEFAULTED`].
pub(crate) fn default_argument(name: &str) -> Option<Data> {
    match name {
        "active_deadline_seconds"
        | "cluster_context"
        | "config_file"
        | "container_resources"
        | "container_security_context"
        | "dnspolicy"
        | "full_pod_spec"
        | "hostname"
        | "image"
        | "namespace"
        | "pod_template_file"
        | "priority_class_name"
        | "schedulername"
        | "subdomain" => Some(Data::None),
        "get_logs" | "reattach_on_restart" | "random_name_suffix" => Some(Data::Bool(true)),
        "hostnetwork" | "log_events_on_failure" | "do_xcom_push" => Some(Data::Bool(false)),
        "startup_timeout_seconds" => Some(Data::Int(120)),
        _ => None,
    }
}
