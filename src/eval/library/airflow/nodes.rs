//! Tasks, DAGs and groups of the user's own classes: what such a class defines comes before what Airflow's does.

use rustc_hash::FxHashSet;

use super::is_operator;
use super::operators::attributes::{CONVERTED, DEFAULTED, default_argument, empty_argument};
use super::relations::is_there;
use crate::airflow::{OperatorKind, SPREAD};
use crate::diag::{Code, Diagnostic};
use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, ObjId, Object, Val};
use crate::eval::{HoleKind, Text};
use crate::mapping;
use crate::python::Span;
use crate::python::ast::{BinaryOp, Name};

/// How many characters an id may have.
const LONGEST_ID: usize = 250;

impl Interp<'_> {
    /// The user's class of a task, a DAG or a group.
    pub(crate) fn class_of_node(&self, val: &Val) -> Option<Val> {
        let class = match self.heap.get(val.as_obj()?) {
            Object::Task(task) => &task.class,
            Object::Dag(dag) => &dag.class,
            Object::Group(group) => &group.class,
            _ => return None,
        };
        class.as_obj().is_some().then(|| class.clone())
    }

    /// A method that the user's class of a task, a DAG or a group defines, bound to it.
    pub(crate) fn method_of_node(
        &mut self,
        node: &Val,
        name: &str,
        span: Span,
    ) -> Res<Option<Val>> {
        let Some(class) = self.class_of_node(node) else { return Ok(None) };
        match self.class_lookup(&class, name) {
            Ok(Some(found)) => self.bind_attribute(&found, node, &class, span).map(Some),
            _ => Ok(None),
        }
    }

    /// A method that Python calls by itself, of an instance or of a task, a DAG or a group of a user's class.
    pub(crate) fn own_method(&mut self, val: &Val, name: &str, span: Span) -> Res<Option<Val>> {
        match self.is_instance(val) {
            true => self.find_attribute(val, name, span),
            false => self.method_of_node(val, name, span),
        }
    }

    /// The class of the user that an object is of: an instance, a task, a DAG or a group.
    pub(crate) fn own_class(&self, val: &Val) -> Option<Val> {
        match self.heap.get(val.as_obj()?) {
            Object::Instance(instance) => Some(instance.class.clone()),
            _ => self.class_of_node(val),
        }
    }

    /// Calls a method that Python calls by itself, where the class of a task, a DAG or a group defines it.
    pub(crate) fn special_of_node(
        &mut self,
        node: &Val,
        name: &str,
        args: &[&Val],
        span: Span,
    ) -> Res<Option<Val>> {
        match self.method_of_node(node, name, span)? {
            Some(method) => {
                let args = args.iter().copied().cloned().collect();
                self.call(&method, Args::positional(args), span).map(Some)
            }
            None => Ok(None),
        }
    }

    /// `node.name`: what the class computes, what the object has, what the class has, and what Airflow knows.
    pub(crate) fn node_attribute(
        &mut self,
        node: &Val,
        name: &Name,
        span: Span,
    ) -> Res<Option<Val>> {
        let Some(id) = node.as_obj().map(|id| self.heap.resolve(id)) else { return Ok(None) };
        let Some(class) = self.class_of_node(node) else {
            return self.airflow_attribute(node, id, name, span);
        };
        let found = self.class_lookup(&class, name);
        if let Ok(Some(found)) = &found
            && self.is_data_descriptor(found)
        {
            return self.bind_attribute(found, node, &class, span).map(Some);
        }
        if self.node_has(node, name) {
            return self.airflow_attribute(node, id, name, span);
        }
        match found {
            Ok(Some(found)) => match self.cached_property(node, &found, name, span)? {
                Some(val) => Ok(Some(val)),
                None => self.bind_attribute(&found, node, &class, span).map(Some),
            },
            Ok(None) => self.airflow_attribute(node, id, name, span),
            // What Airflow knows is hardly what a base that podlift cannot see defines anew.
            Err(base) => match self.airflow_attribute(node, id, name, span)? {
                Some(known) if self.unknown(&known).is_none() => Ok(Some(known)),
                _ => Ok(Some(self.part_of(&base, &format!(".{name}"), span))),
            },
        }
    }

    /// Whether the object itself has an attribute, which then hides what its class has under that name.
    fn node_has(&self, node: &Val, name: &Name) -> bool {
        match node.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Task(task)) => {
                let is_set = task.attrs.contains_key(name) || task.keywords.contains_key(name);
                // The constructor sets those that are not given, too.
                is_set
                    || task.initialised
                        && (name.as_ref() == "task_id" || mapping::accepts(task.kind, name))
            }
            Some(Object::Dag(dag)) => {
                let is_set = dag.attrs.contains_key(name) || dag.args.contains_key(name);
                is_set || dag.initialised && matches!(name.as_ref(), "dag_id" | "default_args")
            }
            Some(Object::Group(group)) => {
                let of_airflow = matches!(name.as_ref(), "default_args" | "dag" | "children");
                group.attrs.contains_key(name) || group.initialised && of_airflow
            }
            _ => false,
        }
    }

    /// `node.name = val`, as Airflow's own classes do it.
    pub(crate) fn set_node_attribute(
        &mut self,
        node: &Val,
        name: &Name,
        val: Val,
        span: Span,
    ) -> Res<()> {
        let Some(id) = node.as_obj().map(|id| self.heap.resolve(id)) else { return Ok(()) };
        match self.heap.get(id) {
            Object::Task(_) => self.set_task_attribute(id, name, val, span),
            Object::Dag(_) => self.set_dag_attribute(id, name, val, span),
            Object::Group(_) => self.set_group_attribute(id, name, val)?,
            _ => {}
        }
        Ok(())
    }

    /// A property of a task was set: an argument of that name is what the property gives now.
    pub(crate) fn keep_computed(&mut self, node: &Val, name: &Name, span: Span) -> Res<()> {
        let Some(id) = node.as_obj().map(|id| self.heap.resolve(id)) else { return Ok(()) };
        let Object::Task(task) = self.heap.get(id) else { return Ok(()) };
        if !task.initialised || !mapping::accepts(task.kind, name) {
            return Ok(());
        }
        if let Some(val) = self.node_attribute(node, name, span)? {
            self.set_task_attribute(id, name, val, span);
        }
        Ok(())
    }

    /// The constructor of a pod operator assigns its arguments, which a setter or `__setattr__` of the class sees.
    pub(super) fn assign_arguments(&mut self, node: &Val, span: Span) -> Res<()> {
        let Some(class) = self.class_of_node(node) else { return Ok(()) };
        let Some(Object::Task(task)) = node.as_obj().map(|id| self.heap.get(id)) else {
            return Ok(());
        };
        let sees_all = matches!(self.class_lookup(&class, "__setattr__"), Ok(Some(_)));
        let mut names: Vec<Name> = self.computed_arguments(&class, task.kind);
        if sees_all {
            let given = task.keywords.keys().filter(|name| name.as_ref() != SPREAD).cloned();
            let known = CONVERTED.iter().chain(DEFAULTED).map(|name| Name::from(*name));
            names.extend(given.chain(known));
        }
        let mut seen = FxHashSet::default();
        names.retain(|name| seen.insert(name.clone()));
        for name in names {
            self.assign_argument(node, &name, span)?;
        }
        Ok(())
    }

    /// The arguments of an operator under whose names a class of the user computes something.
    fn computed_arguments(&self, class: &Val, kind: OperatorKind) -> Vec<Name> {
        let above = class.as_obj().map(|id| self.mro(id)).unwrap_or_default();
        let mut found = Vec::new();
        for class in std::iter::once(class).chain(&above) {
            if let Some(Object::Class(_, attrs)) = class.as_obj().map(|id| self.heap.get(id)) {
                let computed = attrs.iter().filter(|(name, val)| {
                    mapping::accepts(kind, name) && self.is_data_descriptor(val)
                });
                found.extend(computed.map(|(name, _)| name.clone()));
            }
        }
        found
    }

    fn assign_argument(&mut self, node: &Val, name: &Name, span: Span) -> Res<()> {
        let Some(id) = node.as_obj().map(|id| self.heap.resolve(id)) else { return Ok(()) };
        let Object::Task(task) = self.heap.get(id) else { return Ok(()) };
        let before = task.keywords.get(name).cloned();
        let val = match &before {
            Some(keyword) => keyword.val.clone(),
            None => match (empty_argument(name), default_argument(name)) {
                (Some(object), _) => self.heap.val(object, span),
                (None, Some(data)) => Val::new(data, span),
                (None, None) => self.hole(HoleKind::Name, format!("default of {name}"), span),
            },
        };
        let at = before.as_ref().map_or(span, |own| own.span);
        self.set_attribute(node, name, val.clone(), at)?;
        let after = match self.heap.get(id) {
            Object::Task(task) => task.keywords.get(name).map(|own| own.val.clone()),
            _ => None,
        };
        // What stays as it was keeps its origin.
        if after.is_some_and(|after| self.same(&val, &after, 4))
            && let Object::Task(task) = self.heap.get_mut(id)
        {
            match before {
                Some(before) => task.keywords.insert(name.clone(), before),
                None => task.keywords.shift_remove(name),
            };
        }
        Ok(())
    }

    /// `a >> b` where the class of one of them says what that does.
    pub(crate) fn own_relation(
        &mut self,
        op: BinaryOp,
        left: &Val,
        right: &Val,
        span: Span,
    ) -> Res<Option<Val>> {
        let (own, reflected, setter, other_setter) = match op {
            BinaryOp::RShift => ("__rshift__", "__rrshift__", "set_downstream", "set_upstream"),
            BinaryOp::LShift => ("__lshift__", "__rlshift__", "set_upstream", "set_downstream"),
            _ => return Ok(None),
        };
        let is_node = |this: &Self, val: &Val| {
            let object = val.as_obj().map(|id| this.heap.get(id));
            matches!(object, Some(Object::Task(_) | Object::Group(_) | Object::XCom(..)))
        };
        if self.class_of_node(left).is_some() {
            for name in [own, setter] {
                let Some(method) = self.method_of_node(left, name, span)? else { continue };
                let made = self.call(&method, Args::positional(vec![right.clone()]), span)?;
                return Ok(match made.data {
                    Data::NotImplemented => None,
                    _ if name == setter => Some(right.clone()),
                    _ => Some(made),
                });
            }
        }
        if !is_node(self, left) && self.class_of_node(right).is_some() {
            // Airflow's own reflected method is the opposite one, called on the right side.
            let opposite = if own == "__rshift__" { "__lshift__" } else { "__rshift__" };
            for name in [reflected, opposite, other_setter] {
                let Some(method) = self.method_of_node(right, name, span)? else { continue };
                let made = self.call(&method, Args::positional(vec![left.clone()]), span)?;
                return Ok(Some(if name == reflected { made } else { right.clone() }));
            }
        }
        Ok(None)
    }

    /// `a.__rshift__(b)` as Airflow's own classes do it: by the methods that a class may define anew.
    pub(super) fn shift(&mut self, this: &Val, name: &str, args: &Args, span: Span) -> Res {
        let Some(other) = args.pos.first().cloned() else {
            return self.type_error("expected 1 argument, got 0", span);
        };
        let is_down = name == "__rshift__";
        let setter = if is_down { "set_downstream" } else { "set_upstream" };
        if let Some(own) = self.method_of_node(this, setter, span)? {
            self.call(&own, Args::positional(vec![other.clone()]), span)?;
        } else {
            let (up, down) = if is_down { (this, &other) } else { (&other, this) };
            self.relate(up, down, span)?;
        }
        Ok(other)
    }

    /// A child of a group by the label it was made with.
    pub(super) fn child_named(&mut self, group: ObjId, label: &Text, span: Span) -> Res {
        let wanted = self.child_id(Some(group), label);
        let children = match self.heap.get(group) {
            Object::Group(group) => group.children.clone(),
            _ => Vec::new(),
        };
        self.spend(children.len(), span)?;
        let found = children.iter().map(|child| self.heap.resolve(*child)).find(|child| match self
            .heap
            .get(*child)
        {
            Object::Task(task) => task.id == wanted,
            Object::Group(group) => group.id == wanted,
            _ => false,
        });
        if let (Some(found), Some(_)) = (found, wanted.as_literal()) {
            return Ok(Val::obj(found, span));
        }
        let made = self.hole(HoleKind::Name, wanted.display(), span);
        let children: Vec<Val> = children.iter().map(|child| Val::obj(*child, span)).collect();
        self.may_be(&made, &children.iter().collect::<Vec<_>>());
        Ok(made)
    }

    /// A method of one of Airflow's classes that is called by its name, `DAG.add_task(dag, task)`; `None` if that is no
    /// method of a task, a DAG or a group.
    pub(super) fn call_node_method(&mut self, path: &str, args: &Args, span: Span) -> Option<Res> {
        let (class, method) = path.rsplit_once('.')?;
        let this = args.pos.first()?.clone();
        let id = self.heap.resolve(this.as_obj()?);
        let is_own = match self.heap.get(id) {
            Object::Task(_) => is_operator(class) || class == "airflow.BaseOperator",
            Object::Dag(_) => class == "airflow.DAG",
            Object::Group(_) => class == "airflow.TaskGroup",
            _ => false,
        };
        if !is_own {
            return None;
        }
        if method == "__init__" {
            return Some(self.call_operator_method(class, method, args.clone(), span));
        }
        let mut rest = args.clone();
        rest.pos.remove(0);
        let found = match self.airflow_attribute(&this, id, &Name::from(method), span) {
            Ok(found) => found?,
            Err(raised) => return Some(Err(raised)),
        };
        Some(self.call(&found, rest, span))
    }

    /// What Airflow refuses a task for, where code is prepared for that: an id that is taken, or is none.
    pub(super) fn refuse_id(&mut self, task: ObjId, span: Span) -> Res<()> {
        if self.guards.is_empty() || !self.conditions.is_empty() || self.airflow.detached > 0 {
            return Ok(());
        }
        let Object::Task(task) = self.heap.get(task) else { return Ok(()) };
        let full = self.child_id(task.group, &task.label);
        let Some(id) = full.as_literal() else { return Ok(()) };
        let is_in_key =
            |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.');
        if !id.chars().all(is_in_key) || id.chars().count() > LONGEST_ID {
            let message = format!(
                "The key {id:?} has to be made of alphanumeric characters, dashes, dots, and underscores exclusively"
            );
            return Err(self.exception("AirflowException", message, span));
        }
        let Some(Object::Dag(dag)) = task.dag.map(|dag| self.heap.get(dag)) else { return Ok(()) };
        let other = dag.tasks.get(&full.to_template()).map(|other| self.heap.get(other));
        if let Some(Object::Task(other)) = other
            && is_there(other, dag)
        {
            let message = format!("Task id '{id}' has already been added to the DAG");
            return Err(self.exception("DuplicateTaskIdFound", message, span));
        }
        Ok(())
    }

    /// A DAG or a group of a class of the user whose constructor has not been called yet.
    pub(crate) fn new_node(&mut self, class: Val, base: &str, span: Span) -> ObjId {
        match base {
            "airflow.DAG" => self.new_dag(class, span),
            _ => self.new_group(class, span),
        }
    }

    /// Airflow's constructor of a DAG or a group, reached from that of a subclass.
    pub(crate) fn init_node(&mut self, base: &str, this: &Val, args: &Args, span: Span) -> Res<()> {
        let Some(id) = this.as_obj().map(|id| self.heap.resolve(id)) else { return Ok(()) };
        match base {
            "airflow.DAG" => self.init_dag(id, args, span),
            _ => self.init_group(id, args, span)?,
        }
        Ok(())
    }

    /// A DAG or a group whose constructor never reaches Airflow's own is none.
    pub(crate) fn warn_no_node(&mut self, node: &Val, span: Span) {
        let (class, is_made) = match node.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Dag(dag)) => (dag.class.clone(), dag.initialised),
            Some(Object::Group(group)) => (group.class.clone(), group.initialised),
            _ => return,
        };
        if !is_made {
            let class = self.type_text(&class);
            let message =
                format!("the constructor of {class} never reaches that of its Airflow class");
            self.tell(Diagnostic::new(Code::UncaughtException, span, message));
        }
    }

    /// What may be any of the attributes of a task, a DAG or a group.
    pub(crate) fn all_attributes(&mut self, node: &Val, owner: &str, span: Span) -> Val {
        let all = self.hole(HoleKind::Name, format!("{owner}.__dict__"), span);
        self.may_be(&all, &[node]);
        all
    }
}
