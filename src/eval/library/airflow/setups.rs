//! Setup and teardown tasks as context managers: the edges between them and the tasks of the `with` block.
//!
//! Airflow collects the tasks that are made while a block is open, and relates those without neighbours to the setup and
//! the teardown when the block is left. An inner block ends the collecting, also that of the block around it.

use rustc_hash::FxHashSet;

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Map, ObjId, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;

/// What marks a task as one that prepares for others.
pub(super) const SETUP: &str = "is_setup";
/// What marks a task as one that cleans up after others.
pub(super) const TEARDOWN: &str = "is_teardown";
/// What the target of such a `with` is.
const CONTEXT: &str = "airflow.SetupTeardownContext";
/// Several setups or teardowns as one manager.
pub(crate) const WRAPPER: &str = "airflow.ContextWrapper";

/// The open blocks, innermost last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Blocks {
    setups: Level,
    teardowns: Level,
    /// The setups that a teardown which is a manager has, and the other way round.
    found_setups: Level,
    found_teardowns: Level,
    /// Tasks made in the block of a manager.
    inside: Map<Vec<ObjId>, Vec<ObjId>>,
    is_collecting: bool,
}

/// One kind of tasks in the open blocks.
#[derive(Debug, Clone, Default)]
struct Level {
    now: Vec<ObjId>,
    before: Vec<Vec<ObjId>>,
}

impl Level {
    fn push(&mut self, tasks: Vec<ObjId>) {
        if !self.now.is_empty() && self.now != tasks {
            self.before.push(std::mem::take(&mut self.now));
        }
        self.now = tasks;
    }

    /// What was the innermost, which the one around it takes the place of.
    fn pop(&mut self) -> Vec<ObjId> {
        std::mem::replace(&mut self.now, self.before.pop().unwrap_or_default())
    }
}

/// Tasks whose edges are looked at in the time of a step.
const TASKS_LOOKED_AT: usize = 8;

impl Interp<'_> {
    pub(super) fn is_marked(&self, task: ObjId, mark: &str) -> bool {
        match self.heap.get(task) {
            Object::Task(task) => {
                task.attrs.get(mark).is_some_and(|val| matches!(val.data, Data::Bool(true)))
            }
            _ => false,
        }
    }

    /// Marks a task as a setup or a teardown.
    pub(super) fn mark(&mut self, task: ObjId, mark: &str, span: Span) {
        if let Object::Task(task) = self.heap.get_mut(task) {
            task.attrs.insert(Name::from(mark), Val::bool(true, span));
        }
    }

    /// Marks the tasks of a value: a task, an XCom or a list of them.
    pub(super) fn mark_all(&mut self, val: &Val, mark: &str, span: Span) {
        for task in self.tasks_of_manager(val) {
            self.mark(task, mark, span);
        }
    }

    fn tasks_of_manager(&self, val: &Val) -> Vec<ObjId> {
        let Some(id) = val.as_obj().map(|id| self.heap.resolve(id)) else {
            return match &val.data {
                Data::Tuple(items) => {
                    items.iter().flat_map(|item| self.tasks_of_manager(item)).collect()
                }
                _ => Vec::new(),
            };
        };
        match self.heap.get(id) {
            Object::Task(_) => vec![id],
            Object::XCom(task, _) => vec![self.heap.resolve(*task)],
            Object::List(items) => {
                items.iter().flat_map(|item| self.tasks_of_manager(item)).collect()
            }
            Object::Record(class, attrs) if class.as_ref() == WRAPPER => {
                attrs.get("tasks").map(|tasks| self.tasks_of_manager(tasks)).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    /// `ContextWrapper([...])`.
    pub(super) fn context_wrapper(&mut self, args: &Args, span: Span) -> Option<Res> {
        let mut attrs = Map::default();
        attrs.insert(Name::from("tasks"), args.get(0, "tasks")?.clone());
        Some(Ok(self.heap.val(Object::Record(WRAPPER.into(), attrs), span)))
    }

    /// `with` on a setup or a teardown.
    pub(crate) fn enter_work(&mut self, manager: &Val, span: Span) -> Res {
        let tasks = self.tasks_of_manager(manager);
        let Some(first) = tasks.first().copied() else { return Ok(manager.clone()) };
        let (is_setup, is_teardown) =
            (self.is_marked(first, SETUP), self.is_marked(first, TEARDOWN));
        if !is_setup && !is_teardown {
            let message = "Only setup/teardown tasks can be used as context managers.";
            return Err(self.exception("RuntimeError", message, span));
        }
        let blocks = &mut self.airflow.blocks;
        if is_teardown {
            blocks.teardowns.push(tasks);
            let found = self.related(first, SETUP, true, span)?;
            self.airflow.blocks.found_setups.push(found);
        } else {
            blocks.setups.push(tasks);
            let found = self.related(first, TEARDOWN, false, span)?;
            self.airflow.blocks.found_teardowns.push(found);
        }
        self.airflow.blocks.is_collecting = true;
        Ok(Val::symbol(CONTEXT, span))
    }

    /// The nearest tasks with a mark, searched first on one side of a task, then on both sides of those found there.
    fn related(&mut self, of: ObjId, mark: &str, upstream: bool, span: Span) -> Res<Vec<ObjId>> {
        let mut open = match upstream {
            true => self.upstream_of(of),
            false => self.downstream_of(&[of].into_iter().collect(), span)?,
        };
        let mut seen: FxHashSet<ObjId> = FxHashSet::default();
        while !open.is_empty() {
            let found: Vec<ObjId> =
                open.iter().copied().filter(|task| self.is_marked(*task, mark)).collect();
            if !found.is_empty() {
                return Ok(found);
            }
            let mut next = self.downstream_of(&open.iter().copied().collect(), span)?;
            next.extend(open.iter().flat_map(|task| self.upstream_of(*task)));
            open = next.into_iter().filter(|task| *task != of && seen.insert(*task)).collect();
        }
        Ok(Vec::new())
    }

    /// What stands directly before a task, XComs included.
    pub(super) fn upstream_of(&self, task: ObjId) -> Vec<ObjId> {
        let Object::Task(task) = self.heap.get(task) else { return Vec::new() };
        let mut upstream = task.upstream.clone();
        if self.airflow.has_xcoms {
            for val in self.values_with_xcoms(task) {
                self.xcoms_in(val, &mut upstream);
            }
        }
        upstream.into_iter().map(|task| self.heap.resolve(task)).collect()
    }

    /// The tasks of a DAG with what stands directly before each.
    fn edges_around(&mut self, task: ObjId, span: Span) -> Res<Vec<(ObjId, Vec<ObjId>)>> {
        let dag = match self.heap.get(task) {
            Object::Task(task) => task.dag,
            _ => None,
        };
        let tasks: Vec<ObjId> = match dag.map(|dag| self.heap.get(dag)) {
            Some(Object::Dag(dag)) => {
                dag.tasks.values().map(|task| self.heap.resolve(task)).collect()
            }
            _ => vec![task],
        };
        self.spend(tasks.len() / TASKS_LOOKED_AT, span)?;
        Ok(tasks.into_iter().map(|task| (task, self.upstream_of(task))).collect())
    }

    /// The tasks that stand directly behind one of some tasks.
    pub(super) fn downstream_of(
        &mut self,
        tasks: &FxHashSet<ObjId>,
        span: Span,
    ) -> Res<Vec<ObjId>> {
        let Some(any) = tasks.iter().next().copied() else { return Ok(Vec::new()) };
        let edges = self.edges_around(any, span)?;
        let behind = edges.into_iter().filter(|(_, up)| up.iter().any(|up| tasks.contains(up)));
        Ok(behind.map(|(task, _)| task).collect())
    }

    /// Those of some tasks that have a task behind them.
    fn with_downstream(&mut self, tasks: &[ObjId], span: Span) -> Res<FxHashSet<ObjId>> {
        let Some(any) = tasks.first().copied() else { return Ok(FxHashSet::default()) };
        Ok(self.edges_around(any, span)?.into_iter().flat_map(|(_, upstream)| upstream).collect())
    }

    fn with_upstream(&self, tasks: &[ObjId]) -> FxHashSet<ObjId> {
        tasks.iter().copied().filter(|task| !self.upstream_of(*task).is_empty()).collect()
    }

    /// A task was made; it belongs to the open blocks.
    pub(super) fn collect_task(&mut self, task: ObjId) {
        let blocks = &self.airflow.blocks;
        if !blocks.is_collecting || self.is_marked(task, SETUP) || self.is_marked(task, TEARDOWN) {
            return;
        }
        let managers = [blocks.setups.now.clone(), blocks.teardowns.now.clone()];
        for manager in managers.into_iter().filter(|manager| !manager.is_empty()) {
            self.airflow.blocks.inside.entry(manager).or_default().push(task);
        }
    }

    /// Mapped tasks are not collected.
    pub(super) fn forget_task(&mut self, task: ObjId) {
        for tasks in self.airflow.blocks.inside.values_mut() {
            tasks.retain(|other| *other != task);
        }
    }

    /// `scope.add_task(task)`.
    pub(super) fn add_to_block(&mut self, args: &Args, span: Span) -> Res {
        if let Some(val) = args.get(0, "task").cloned() {
            for task in self.tasks_of_manager(&val) {
                self.collect_task(task);
            }
        }
        Ok(Val::none(span))
    }

    fn work_of(&self, manager: &[ObjId]) -> Vec<ObjId> {
        let tasks = self.airflow.blocks.inside.get(manager).cloned().unwrap_or_default();
        let resolved = tasks.into_iter().map(|task| self.heap.resolve(task));
        resolved
            .filter(|task| !self.is_marked(*task, SETUP) && !self.is_marked(*task, TEARDOWN))
            .collect()
    }

    /// The `with` block of a setup or a teardown ends.
    pub(crate) fn leave_work(&mut self, span: Span) -> Res<()> {
        let setups = self.airflow.blocks.setups.now.clone();
        let teardowns = self.airflow.blocks.teardowns.now.clone();
        let prepared = self.work_of(&setups);
        let cleaned = self.work_of(&teardowns);
        let all = if prepared.is_empty() { &cleaned } else { &prepared };
        let mut has_behind = self.with_downstream(all, span)?;
        if let (Some(first), Some(last)) = (prepared.first().copied(), prepared.last().copied()) {
            let roots = without(&prepared, &self.with_upstream(&prepared), first);
            self.relate_tasks(&setups, &roots, span)?;
            let leaves = without(&prepared, &has_behind, last);
            let found = self.airflow.blocks.found_teardowns.now.clone();
            let before = if teardowns.is_empty() { &leaves } else { &teardowns };
            self.relate_tasks(before, &found, span)?;
            if !found.is_empty() {
                has_behind.extend(before);
            }
        }
        if let (Some(first), Some(last)) = (cleaned.first().copied(), cleaned.last().copied()) {
            let leaves = without(&cleaned, &has_behind, last);
            self.relate_tasks(&leaves, &teardowns, span)?;
            let roots = without(&cleaned, &self.with_upstream(&cleaned), first);
            let found = self.airflow.blocks.found_setups.now.clone();
            let after = if setups.is_empty() { &roots } else { &setups };
            self.relate_tasks(&found, after, span)?;
        }
        let blocks = &mut self.airflow.blocks;
        let inner = [
            blocks.setups.pop(),
            blocks.teardowns.pop(),
            blocks.found_teardowns.pop(),
            blocks.found_setups.pop(),
        ];
        let outer = [
            blocks.setups.now.clone(),
            blocks.teardowns.now.clone(),
            blocks.found_teardowns.now.clone(),
            blocks.found_setups.now.clone(),
        ];
        blocks.inside.shift_remove(&setups);
        blocks.inside.shift_remove(&teardowns);
        blocks.is_collecting = false;
        for (index, (inner, outer)) in inner.iter().zip(&outer).enumerate() {
            // A setup comes after the setup around it, a teardown before the teardown around it.
            let is_setup = matches!(index, 0 | 3);
            let (up, down) = if is_setup { (outer, inner) } else { (inner, outer) };
            self.relate_tasks(up, down, span)?;
        }
        Ok(())
    }

    fn relate_tasks(&mut self, up: &[ObjId], down: &[ObjId], span: Span) -> Res<()> {
        let list = |tasks: &[ObjId]| {
            Val::tuple(tasks.iter().map(|task| Val::obj(*task, span)).collect(), span)
        };
        self.relate(&list(up), &list(down), span)
    }
}

/// Those of some tasks that are not in a set; if there are none, a certain one of them.
fn without(tasks: &[ObjId], set: &FxHashSet<ObjId>, otherwise: ObjId) -> Vec<ObjId> {
    let found: Vec<ObjId> = tasks.iter().copied().filter(|task| !set.contains(task)).collect();
    if found.is_empty() { vec![otherwise] } else { found }
}
