//! Dependencies: `>>`, `<<`, `set_upstream`, `chain`, and those that XComs imply.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::operators::converted_at_once;
use super::setups::{SETUP, TEARDOWN};
use super::{DagObject, TaskObject};
use crate::airflow::SPREAD;
use crate::eval::Text;
use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Map, Native, ObjId, Object, Val};
use crate::python::Span;
use crate::python::ast::{BinaryOp, Name};

/// Values that are looked at in the time of a step.
const LOOKED_AT: usize = 2;

/// Tasks that are found to be certain in the time of a step.
const TASKS_CHECKED: usize = 32;

/// What was looked at in search of XComs.
#[derive(Debug, Default)]
pub(crate) struct Visited {
    containers: FxHashSet<Container>,
    /// How many values, those that hold no others among them.
    values: usize,
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum Container {
    Object(ObjId),
    /// By the address of what it holds.
    Tuple(usize),
}

/// Whether a task is certainly in its DAG, under the id it goes by.
pub(super) fn is_there(task: &TaskObject, dag: &DagObject) -> bool {
    task.id.as_literal().is_some()
        && task.pattern.is_none()
        && task.conditions.len() <= dag.conditions.len()
}

/// How deep tasks may lie in lists of lists.
const NODES_WITHIN: u32 = 8;

impl Interp<'_> {
    /// `a >> b` and `a << b` between tasks, groups, XComs and lists of them. `None` when neither side
    /// is one.
    pub(crate) fn relation(
        &mut self,
        op: BinaryOp,
        left: &Val,
        right: &Val,
        span: Span,
    ) -> Res<Option<Val>> {
        let forward = match op {
            BinaryOp::RShift => true,
            BinaryOp::LShift => false,
            _ => return Ok(None),
        };
        let node = |this: &Self, val: &Val| this.is_node(val);
        if !node(self, left) && !node(self, right) {
            if [left, right].iter().any(|val| self.may_be_node(val)) {
                self.tell_lost(left, span);
                self.tell_lost(right, span);
            }
            return Ok(None);
        }
        let (up, down) = if forward { (left, right) } else { (right, left) };
        self.relate(up, down, span)?;
        // A label names the edge between its neighbours: what follows it is related to what stands before it.
        let is_label = matches!(&right.data, Data::Native(native) if matches!(native.as_ref(), Native::Label(_)));
        Ok(Some(if is_label { left.clone() } else { right.clone() }))
    }

    /// Makes every last task of `up` an upstream of every first task of `down`.
    pub(crate) fn relate(&mut self, up: &Val, down: &Val, span: Span) -> Res<()> {
        self.tell_lost(up, span);
        self.tell_lost(down, span);
        let ups = self.ends(up, false, 0)?;
        let downs = self.ends(down, true, 0)?;
        for down in &downs {
            for up in &ups {
                // Each is compared with those that are there, and stands in the job spec.
                let there = match self.heap.get(*down) {
                    Object::Task(task) => task.upstream.len(),
                    _ => 0,
                };
                self.spend(8 + there / 8, span)?;
                self.add_upstream(*down, *up);
            }
        }
        Ok(())
    }

    fn add_upstream(&mut self, task: ObjId, upstream: ObjId) {
        let (task, upstream) = (self.heap.resolve(task), self.heap.resolve(upstream));
        if task == upstream {
            return;
        }
        // A task without a DAG joins the DAG of the task it is related to.
        let dag = |this: &Self, id: ObjId| match this.heap.get(id) {
            Object::Task(task) => task.dag,
            _ => None,
        };
        match (dag(self, task), dag(self, upstream)) {
            (None, Some(dag)) => self.move_to_dag(task, dag),
            (Some(dag), None) => self.move_to_dag(upstream, dag),
            _ => {}
        }
        if let Object::Task(task) = self.heap.get(task)
            && task.upstream.contains(&upstream)
        {
            return;
        }
        self.airflow.has_open_edges |= self.undecided() > 0;
        self.tell_doubtful_edge(task, upstream);
        if let Object::Task(task) = self.heap.get_mut(task) {
            task.upstream.push(upstream);
        }
    }

    /// The first (`roots`) or last tasks of a node.
    fn ends(&mut self, val: &Val, roots: bool, depth: u32) -> Res<Vec<ObjId>> {
        let mut found = Vec::new();
        self.spend(1, val.span)?;
        // A list may hold itself.
        if depth > NODES_WITHIN {
            return Ok(found);
        }
        match &val.data {
            Data::Obj(id) => {
                let id = self.heap.resolve(*id);
                match self.heap.copy(id) {
                    Object::Task(_) => found.push(id),
                    Object::XCom(task, _) => found.push(self.heap.resolve(task)),
                    Object::Group(_) => {
                        let mut tasks = Vec::new();
                        self.group_tasks(id, &mut tasks);
                        found = self.group_ends(&tasks, roots);
                    }
                    Object::List(items) => {
                        for item in items {
                            found.extend(self.ends(&item, roots, depth + 1)?);
                        }
                    }
                    Object::Dict(entries, _) => {
                        for (_, item) in entries.into_values() {
                            found.extend(self.ends(&item, roots, depth + 1)?);
                        }
                    }
                    Object::Set(items, _) => {
                        for item in items.into_values() {
                            found.extend(self.ends(&item, roots, depth + 1)?);
                        }
                    }
                    _ => {}
                }
            }
            Data::Tuple(items) => {
                for item in items.iter() {
                    found.extend(self.ends(item, roots, depth + 1)?);
                }
            }
            _ => {}
        }
        Ok(found)
    }

    /// What going over a group gives: its tasks, those of the groups inside it among them.
    pub(crate) fn tasks_of_group(&self, id: ObjId, span: Span) -> Vec<Val> {
        let mut tasks = Vec::new();
        self.group_tasks(id, &mut tasks);
        tasks.into_iter().map(|task| Val::obj(task, span)).collect()
    }

    /// The first (`roots`) or last tasks of a group; `None` if there may be other edges than those that are known.
    pub(crate) fn ends_of_group(&self, id: ObjId, roots: bool, span: Span) -> Option<Vec<Val>> {
        let dag = match self.heap.get(id) {
            Object::Group(group) => group.dag?,
            _ => return None,
        };
        if !self.knows_edges(dag) {
            return None;
        }
        let mut tasks = Vec::new();
        self.group_tasks(id, &mut tasks);
        let ends = self.group_ends(&tasks, roots);
        Some(ends.into_iter().map(|task| Val::obj(task, span)).collect())
    }

    /// `dag.roots` and `dag.leaves`; `None` if they are not known.
    pub(crate) fn ends_of_dag(
        &mut self,
        dag: ObjId,
        roots: bool,
        span: Span,
    ) -> Res<Option<Vec<Val>>> {
        let Object::Dag(object) = self.heap.get(dag) else { return Ok(None) };
        let tasks: Vec<ObjId> = object.tasks.values().map(|task| self.heap.resolve(task)).collect();
        if !self.knows_edges(dag) {
            return Ok(None);
        }
        self.spend(tasks.len(), span)?;
        let related: FxHashSet<ObjId> = if roots {
            tasks.iter().copied().filter(|task| !self.upstream_of(*task).is_empty()).collect()
        } else {
            tasks.iter().flat_map(|task| self.upstream_of(*task)).collect()
        };
        let ends = tasks.into_iter().filter(|task| !related.contains(task));
        Ok(Some(ends.map(|task| Val::obj(task, span)).collect()))
    }

    /// `task.upstream_list`, `task.downstream_task_ids` and their kin.
    pub(crate) fn relatives(&mut self, task: ObjId, name: &Name, span: Span) -> Res {
        let dag = match self.heap.get(task) {
            Object::Task(task) => task.dag,
            _ => None,
        };
        if let Some(Object::Dag(dag)) = dag.map(|dag| self.heap.get(dag)) {
            let tasks = dag.tasks.values().count();
            self.spend(tasks / TASKS_CHECKED, span)?;
        }
        if !dag.is_some_and(|dag| self.knows_edges(dag)) {
            return Ok(self.some_tasks_of(dag, "task", name, span));
        }
        let found = match name.starts_with("up") {
            true => self.upstream_of(task),
            false => self.downstream_of(&std::iter::once(task).collect(), span)?,
        };
        // Airflow keeps them in a set.
        let mut ids = Map::default();
        for task in found {
            let id = self.task_id_of(task, span);
            ids.insert(self.key(&id, span)?, (id, Val::obj(task, span)));
        }
        if name.ends_with("_ids") {
            let ids = ids.into_iter().map(|(key, (id, _))| (key, id)).collect();
            return Ok(self.heap.val(Object::Set(ids, false), span));
        }
        let tasks = ids.into_iter().map(|(key, (_, task))| (key, task)).collect();
        let tasks = self.in_order(&tasks);
        Ok(self.list(tasks, span))
    }

    /// Whether all tasks of a DAG and all edges between them are certain.
    fn knows_edges(&self, dag: ObjId) -> bool {
        match self.heap.get(dag) {
            Object::Dag(dag) => !self.airflow.has_open_edges && self.knows_tasks(dag),
            _ => false,
        }
    }

    /// Whether all tasks of a DAG are certain.
    pub(super) fn knows_tasks(&self, dag: &DagObject) -> bool {
        dag.tasks.values().all(|task| match self.heap.get(task) {
            Object::Task(task) => is_there(task, dag),
            _ => false,
        })
    }

    fn group_tasks(&self, id: ObjId, found: &mut Vec<ObjId>) {
        if let Object::Group(group) = self.heap.get(id) {
            for child in &group.children {
                let child = self.heap.resolve(*child);
                match self.heap.get(child) {
                    Object::Group(_) => self.group_tasks(child, found),
                    _ => found.push(child),
                }
            }
        }
    }

    /// Tasks of a group that have none of it before or behind them. What stands for a teardown that comes last is what
    /// it cleans up after.
    fn group_ends(&self, tasks: &[ObjId], roots: bool) -> Vec<ObjId> {
        let inside: FxHashSet<ObjId> = tasks.iter().copied().collect();
        if roots {
            let is_root =
                |task: &ObjId| !self.upstream_of(*task).iter().any(|up| inside.contains(up));
            return tasks.iter().copied().filter(is_root).collect();
        }
        let mut behind: FxHashMap<ObjId, Vec<ObjId>> = FxHashMap::default();
        for task in tasks {
            for up in self.upstream_of(*task) {
                behind.entry(up).or_default().push(*task);
            }
        }
        let goes_on = |task: ObjId, besides: ObjId| {
            let mut behind = behind.get(&task).into_iter().flatten();
            behind.any(|down| *down != besides && !self.is_marked(*down, TEARDOWN))
        };
        let mut found: Vec<ObjId> = Vec::new();
        for last in tasks.iter().copied().filter(|task| !behind.contains_key(task)) {
            if !self.is_marked(last, TEARDOWN) {
                found.push(last);
                continue;
            }
            let mut seen: FxHashSet<ObjId> = FxHashSet::default();
            let mut open = vec![last];
            while let Some(teardown) = open.pop() {
                for up in self.upstream_of(teardown) {
                    if !inside.contains(&up) || self.is_marked(up, SETUP) {
                    } else if self.is_marked(up, TEARDOWN) {
                        open.extend(seen.insert(up).then_some(up));
                    } else if !goes_on(up, teardown) {
                        found.push(up);
                    }
                }
            }
        }
        found
    }

    /// `chain(a, [b, c], [d, e], f)`.
    pub(crate) fn chain(&mut self, args: &Args, linear: bool, span: Span) -> Res {
        let nodes = args.pos.clone();
        if let Some(open) = &args.more_pos {
            self.tell_lost(open, span);
        }
        // Labels only name the edge: the nodes around them are related to each other, all of one side to all of the
        // other.
        let is_label = |val: &Val| matches!(&val.data, Data::Native(native) if matches!(native.as_ref(), Native::Label(_)));
        let mut before: Option<(Val, bool)> = None;
        for node in nodes {
            if is_label(&node) {
                before = before.map(|(val, _)| (val, true));
                continue;
            }
            let Some((up, is_labelled)) = before.replace((node.clone(), false)) else { continue };
            let (up, down) = (&up, &node);
            let lists = (self.plain_list(up), self.plain_list(down));
            if let ((Some(ups), Some(downs)), false) = (lists, linear || is_labelled) {
                if ups.len() != downs.len() {
                    let message = format!(
                        "Chain not supported for different length Iterable. Got {} and {}.",
                        ups.len(),
                        downs.len()
                    );
                    return self.type_error(message, span);
                }
                for (up, down) in ups.iter().zip(&downs) {
                    self.relate(up, down, span)?;
                }
            } else {
                self.relate(up, down, span)?;
            }
        }
        Ok(Val::none(span))
    }

    pub(super) fn plain_list(&self, val: &Val) -> Option<Vec<Val>> {
        match &val.data {
            Data::Tuple(items) => Some(items.to_vec()),
            Data::Obj(id) => match self.heap.get(*id) {
                Object::List(items) => Some(items.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The XCom of a task.
    pub(crate) fn xcom_of(&mut self, task: ObjId, key: String, span: Span) -> Val {
        self.airflow.has_xcoms = true;
        self.heap.val(Object::XCom(task, key), span)
    }

    /// The arguments of a task in which Airflow looks for XComs: those that it renders and has not converted yet.
    pub(crate) fn values_with_xcoms<'a>(&self, task: &'a TaskObject) -> Vec<&'a Val> {
        let own = self.own_template_fields(&task.class);
        let of_kind = self.rendered_arguments(task.kind);
        let is_rendered = |name: &Name| match (&own, &of_kind) {
            (Some(own), _) => own.contains(name),
            (None, Some(fields)) => fields.contains(name.as_ref()),
            (None, None) => true,
        };
        let is_converted = |name: &Name, val: &Val| {
            let object = val.as_obj().map(|id| self.heap.get(id));
            matches!(object, Some(Object::Dict(..)))
                && converted_at_once(name, &self.settings.provider_version)
        };
        let looked_at = task.keywords.iter().filter(|(name, keyword)| {
            name.as_ref() == SPREAD || is_rendered(name) && !is_converted(name, &keyword.val)
        });
        looked_at.map(|(_, keyword)| &keyword.val).collect()
    }

    /// What is made of XComs by a method of a lazy value keeps those it is given: `xcom.map(f).concat(other)`.
    pub(crate) fn keep_xcoms(&mut self, made: &Val, method: &Val, args: &Args) {
        if self.airflow.made_of_xcoms.is_empty() {
            return;
        }
        let mut tasks = Vec::new();
        self.xcoms_in(method, &mut tasks);
        if tasks.is_empty() {
            return;
        }
        args.all().into_iter().for_each(|val| self.xcoms_in(val, &mut tasks));
        self.is_made_of(made, tasks);
    }

    /// Remembers the tasks whose XComs an unknown value is made of.
    pub(crate) fn is_made_of(&mut self, made: &Val, tasks: Vec<ObjId>) {
        if let Some(hole) = made.hole() {
            let address = Arc::as_ptr(hole).addr();
            self.airflow.made_of_xcoms.insert(address, (Arc::clone(hole), tasks));
        }
    }

    /// Makes the tasks whose XComs appear in some values upstream of a task.
    pub(crate) fn depend_on_all(&mut self, task: &Val, vals: &[Val]) {
        let Some(id) = task.as_obj() else { return };
        let mut found = Vec::new();
        for val in vals {
            self.xcoms_in(val, &mut found);
        }
        for upstream in found {
            self.add_upstream(id, upstream);
        }
    }

    /// Tasks whose XComs a value refers to, in the order in which they are met. What is there many times is looked at
    /// once.
    pub(crate) fn xcoms_in(&self, val: &Val, found: &mut Vec<ObjId>) {
        let looked_at = self.xcoms_beyond(val, &Visited::default(), found);
        self.work(looked_at.values / LOOKED_AT);
    }

    /// The same for many values of a heap that does not change any more: what was looked at for one of them and
    /// refers to no XCom is not looked at again.
    pub(crate) fn xcoms_in_all<'a>(
        &self,
        vals: impl Iterator<Item = &'a Val>,
        without: &mut Visited,
        found: &mut Vec<ObjId>,
    ) {
        for val in vals {
            let before = found.len();
            let visited = self.xcoms_beyond(val, without, found);
            if found.len() == before {
                without.containers.extend(visited.containers);
            }
        }
    }

    /// Looks for XComs in a value, without what is known to have none.
    fn xcoms_beyond(&self, val: &Val, without: &Visited, found: &mut Vec<ObjId>) -> Visited {
        let mut visited = Visited::default();
        let mut open = vec![val];
        while let Some(val) = open.pop() {
            visited.values += 1;
            let mut is_new = |container: Container| {
                !without.containers.contains(&container) && visited.containers.insert(container)
            };
            if let Data::Tuple(items) = &val.data
                && is_new(Container::Tuple(items.as_ptr().addr()))
            {
                open.extend(items.iter().rev());
            }
            if let Data::Unknown(hole) = &val.data
                && !self.airflow.made_of_xcoms.is_empty()
            {
                for part in std::iter::once(hole).chain(&hole.roots) {
                    let known = self.airflow.made_of_xcoms.get(&Arc::as_ptr(part).addr());
                    found.extend(known.iter().flat_map(|(_, tasks)| tasks));
                }
            }
            let Some(id) = val.as_obj().map(|id| self.heap.resolve(id)) else { continue };
            match self.heap.get(id) {
                Object::XCom(task, _) => found.push(self.heap.resolve(*task)),
                Object::List(items) if is_new(Container::Object(id)) => {
                    open.extend(items.iter().rev());
                }
                Object::Dict(entries, _) if is_new(Container::Object(id)) => {
                    open.extend(entries.values().rev().map(|(_, item)| item));
                }
                Object::Set(items, _) if is_new(Container::Object(id)) => {
                    open.extend(items.values().rev());
                }
                _ => {}
            }
        }
        visited
    }

    /// The template Airflow renders an XCom reference to inside a string.
    pub(crate) fn xcom_template(&self, task: ObjId, key: &str) -> Text {
        let mut text = Text::literal("{{ task_instance.xcom_pull(task_ids='");
        let dag = match self.heap.get(task) {
            Object::Task(task) => {
                text.push_text(&task.id);
                task.dag
            }
            _ => None,
        };
        text.push_str("', dag_id='");
        if let Some(Object::Dag(dag)) = dag.map(|id| self.heap.get(id)) {
            text.push_text(&dag.id);
        }
        text.push_str(&format!("', key='{key}') }}}}"));
        text
    }
}
