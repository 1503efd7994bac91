//! Dependencies that are not known: which tasks they are between, or whether they are there.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::airflow::OperatorKind;
use crate::diag::{Code, Diagnostic};
use crate::eval::conditions::Conditions;
use crate::eval::interp::Interp;
use crate::eval::object::{Data, Native, ObjId, Object, Val};
use crate::eval::{Hole, HoleKind};
use crate::python::Span;

/// Values that are asked in the time of a step whether they are tasks.
const NODES_ASKED: usize = 16;

impl Interp<'_> {
    /// Whether a value is a task, a group or a list of them.
    pub(crate) fn is_node(&self, val: &Val) -> bool {
        // A list may hold itself, or the same list many times.
        let mut seen: FxHashSet<ObjId> = FxHashSet::default();
        let mut open = vec![val];
        while let Some(val) = open.pop() {
            let items: &[Val] = match &val.data {
                Data::Obj(id) => match self.heap.get(*id) {
                    Object::Task(_) | Object::Group(_) | Object::XCom(..) => return true,
                    Object::List(items) if seen.insert(*id) => items,
                    _ => continue,
                },
                Data::Tuple(items) => items,
                Data::Native(native) if matches!(native.as_ref(), Native::Label(_)) => return true,
                _ => continue,
            };
            if !self.work(items.len() / NODES_ASKED) {
                return false;
            }
            open.extend(items);
        }
        false
    }

    /// Whether something unknown may be a task, or was made of one.
    pub(crate) fn may_be_node(&self, val: &Val) -> bool {
        let Some(unknown) = self.unknown(val) else { return false };
        self.elements_of(&unknown).iter().any(|part| self.is_node(part))
    }

    /// Tells of a dependency on what is one of known tasks, a list of them that is not known, or what was asked of a
    /// DAG or a group: it is in no job spec.
    pub(crate) fn tell_lost(&mut self, val: &Val, span: Span) {
        let is_lost = match &val.data {
            Data::Unknown(hole) => {
                let is_inside = |hole: &Hole| {
                    let names = ["dag.", "task_group."];
                    hole.kind == HoleKind::Name
                        && names.iter().any(|name| hole.name.starts_with(name))
                };
                self.has_candidates(val)
                    || self.may_be_node(val)
                    || is_inside(hole)
                    || hole.roots.iter().any(|root| is_inside(root))
            }
            Data::Obj(_) => self.unknown(val).is_some(),
            // The method of a task that is not known.
            Data::Method(bound) => self.may_be_node(&bound.0),
            _ => false,
        };
        if is_lost {
            self.airflow.has_open_edges = true;
            let text = self.short_repr(val);
            let message = format!("tasks of this dependency are not known: {text}");
            self.tell(Diagnostic::new(Code::UnresolvedValue, span, message));
        }
    }

    /// Tells of a dependency under a condition that neither of its tasks hangs on: job specs state it all the same, and
    /// one dependency more is kept by every run that would have been right without.
    pub(super) fn tell_doubtful_edge(&mut self, task: ObjId, upstream: ObjId) {
        let (Object::Task(down), Object::Task(up)) = (self.heap.get(task), self.heap.get(upstream))
        else {
            return;
        };
        if self.conditions.is_empty()
            || down.kind == OperatorKind::Other && up.kind == OperatorKind::Other
        {
            return;
        }
        let of_dag = match down.dag.map(|dag| self.heap.get(dag)) {
            Some(Object::Dag(dag)) => dag.conditions.as_slice(),
            _ => &[],
        };
        let known = Conditions::of(&[&down.conditions, &up.conditions, of_dag].concat());
        // Tasks made in a loop are there as often as it turns.
        let loops = match down.pattern.as_ref().or(up.pattern.as_ref()) {
            Some(_) => Conditions::of(&self.patterns),
            None => Conditions::of(&[]),
        };
        let Some(cond) = self.conditions.iter().find(|cond| !known.has(cond) && !loops.has(cond))
        else {
            return;
        };
        let message = format!(
            "whether task `{}` waits for `{}` is not known: {}",
            down.id.display(),
            up.id.display(),
            cond.reason
        );
        let cond = Arc::clone(cond);
        self.tell(Diagnostic::new(Code::UnresolvedValue, cond.span, message));
    }
}
