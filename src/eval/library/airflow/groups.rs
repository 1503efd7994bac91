//! Task groups: `TaskGroup(...)`, `with TaskGroup(...)`, `@task_group`.

use super::{DecoratorObject, GroupObject};
use crate::diag::{Code, Diagnostic};
use crate::eval::Text;
use crate::eval::call::{Args, Kwarg};
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Map, ObjId, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;

/// What making a group counts for, in steps.
const GROUP: usize = 100;
/// Bytes of an id that are made in the time of a step.
const PREFIX: usize = 8;

impl Interp<'_> {
    /// `TaskGroup(...)`.
    pub(crate) fn make_group(&mut self, args: &Args, span: Span) -> Res {
        let group = self.new_group(Val::symbol("airflow.TaskGroup", span), span);
        self.init_group(group, args, span)?;
        Ok(Val::obj(group, span))
    }

    /// A group whose constructor has not been called yet.
    pub(super) fn new_group(&mut self, class: Val, span: Span) -> ObjId {
        let group = GroupObject {
            class,
            attrs: Map::default(),
            id: Text::default(),
            prefix: true,
            dag: None,
            default_args: Val::none(span),
            children: Vec::new(),
            initialised: false,
        };
        self.heap.add(Object::Group(Box::new(group)))
    }

    /// Airflow's own constructor.
    pub(super) fn init_group(&mut self, made: ObjId, args: &Args, span: Span) -> Res<()> {
        let label = match args.get(0, "group_id") {
            Some(val) => self.id_text(&val.clone(), span),
            None => {
                let open = args.more_kw.clone().unwrap_or_else(|| Val::none(span));
                let val = self.part_of(&open, "['group_id']", span);
                self.id_text(&val, span)
            }
        };
        let dag = args.named("dag").and_then(|val| self.as_dag(val)).or_else(|| self.current_dag());
        let parent = args
            .named("parent_group")
            .and_then(Val::as_obj)
            .filter(|id| matches!(self.heap.get(*id), Object::Group(_)))
            .or_else(|| self.airflow.group_stack.last().copied());
        let prefix = match args.get(1, "prefix_group_id") {
            Some(val) => match self.truth(&val.clone())? {
                Some(is_prefix) => is_prefix,
                None => {
                    let text = label.display();
                    let message = format!(
                        "whether ids in task group `{text}` begin with its id is not known"
                    );
                    self.tell(Diagnostic::new(Code::UnresolvedValue, val.span.or(span), message));
                    true
                }
            },
            None => true,
        };
        let suffix = match args.named("add_suffix_on_collision") {
            Some(val) => self.truth(&val.clone())? == Some(true),
            None => false,
        };
        let mut id = self.child_id(parent, &label);
        // The id of a group within groups has those of all of them in it.
        self.spend(GROUP + id.display().len() / PREFIX, span)?;
        if suffix && let Some(dag) = dag {
            id = self.unique_group_id(dag, id);
        }
        if let Some(dag) = dag
            && let Object::Dag(dag) = self.heap.get_mut(dag)
        {
            dag.groups.insert(id.to_template(), ());
        }
        let default_args = match args.named("default_args").cloned() {
            Some(val) => self.deep_copy(&val, span)?,
            None => Val::none(span),
        };
        // A group inherits the defaults of the groups around it.
        let default_args = match parent.map(|id| self.heap.copy(id)) {
            Some(Object::Group(parent)) if !parent.default_args.is_none() => {
                let merged = self.heap.add(Object::Dict(Default::default(), None));
                self.update_dict(merged, &parent.default_args, span)?;
                if !default_args.is_none() {
                    self.update_dict(merged, &default_args, span)?;
                }
                Val::obj(merged, span)
            }
            _ => default_args,
        };
        if let Object::Group(group) = self.heap.get_mut(made) {
            (group.id, group.prefix, group.dag) = (id, prefix, dag);
            group.default_args = default_args;
            group.initialised = true;
        }
        if let Some(parent) = parent
            && let Object::Group(parent) = self.heap.get_mut(parent)
        {
            parent.children.push(made);
        }
        Ok(())
    }

    /// `group.attribute = val`.
    pub(crate) fn set_group_attribute(&mut self, id: ObjId, name: &Name, val: Val) -> Res<()> {
        let prefix = match name.as_ref() {
            "prefix_group_id" => self.truth(&val)?,
            _ => None,
        };
        if let Object::Group(group) = self.heap.get_mut(id) {
            group.prefix = prefix.unwrap_or(group.prefix);
            if name.as_ref() == "default_args" && group.initialised {
                group.default_args = val;
            } else {
                group.attrs.insert(name.clone(), val);
            }
        }
        Ok(())
    }

    /// The id of a child of a group: prefixed unless the group says otherwise.
    pub(crate) fn child_id(&self, group: Option<ObjId>, label: &Text) -> Text {
        match group.map(|id| self.heap.get(id)) {
            Some(Object::Group(group)) if group.prefix => {
                let mut id = group.id.clone();
                id.push_str(".");
                id.push_text(label);
                id
            }
            _ => label.clone(),
        }
    }

    fn unique_group_id(&self, dag: ObjId, id: Text) -> Text {
        let Object::Dag(dag) = self.heap.get(dag) else { return id };
        let text = id.to_template();
        if !dag.groups.contains(&text) {
            return id;
        }
        let number = dag.groups.next_number(&text);
        let mut unique = id;
        unique.push_str(&format!("__{number}"));
        unique
    }

    pub(crate) fn enter_group(&mut self, id: ObjId) {
        self.airflow.group_stack.push(id);
        // A group made with `dag=` outside a `with DAG` block still brings its DAG along.
        if self.airflow.dag_stack.is_empty()
            && let Object::Group(group) = self.heap.get(id)
            && let Some(dag) = group.dag
        {
            self.airflow.dag_stack.push(dag);
        }
    }

    pub(crate) fn leave_group(&mut self, id: ObjId) {
        let id = self.heap.resolve(id);
        if let Some(at) =
            self.airflow.group_stack.iter().rposition(|other| self.heap.resolve(*other) == id)
        {
            self.airflow.group_stack.truncate(at);
        }
    }

    /// A function under `@task_group` called: its tasks are made inside a group of its name. Those of a mapped group
    /// wait for the tasks whose XComs it is mapped over.
    pub(crate) fn call_group_function(
        &mut self,
        decorator: &DecoratorObject,
        args: Args,
        mapped_over: &[Val],
        span: Span,
    ) -> Res {
        let Some(function) = decorator.function.clone() else { return Ok(Val::none(span)) };
        let name = match function.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Function(function)) => function.def.name.to_string(),
            _ => "group".to_owned(),
        };
        let mut kw = decorator.kwargs.clone();
        // Airflow makes nothing of a text that stands before the keywords (`@task_group("name")`).
        kw.shift_remove("0");
        kw.entry(Name::from("group_id"))
            .or_insert_with(|| Kwarg { val: Val::str(name, span), span });
        kw.entry(Name::from("add_suffix_on_collision"))
            .or_insert_with(|| Kwarg { val: Val::bool(true, span), span });
        let group_args = Args { kw, more_kw: decorator.more_kw.clone(), ..Args::default() };
        let group = self.make_group(&group_args, span)?;
        let Some(id) = group.as_obj() else { return Ok(group) };
        self.enter_group(id);
        let result = self.call(&function, args, span);
        self.leave_group(id);
        let result = result?;
        let mut waits_for = Vec::new();
        mapped_over.iter().for_each(|val| self.xcoms_in(val, &mut waits_for));
        for task in waits_for {
            self.relate(&Val::obj(task, span), &group, span)?;
        }
        // Without a return value the group itself stands for its tasks.
        Ok(if result.is_none() { group } else { result })
    }
}
