//! Calls of what podlift cannot see.

use super::Args;
use super::known::is_harmless;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, ObjId, Object, Val};
use crate::eval::{Hole, HoleKind};
use crate::python::Span;

/// Steps that remembering a function counts for.
const ESCAPED: usize = 4;
/// Elements of a list given to such code that are looked at for objects it may change.
const FEW: usize = 16;

impl Interp<'_> {
    /// A call of something podlift cannot see. Functions given to it may be called by it, and lists
    /// and dicts given to a function (not to a class) may be changed by it.
    pub(crate) fn call_unknown(&mut self, function: &Val, args: &Args, span: Span) -> Res {
        let unknown = self.unknown(function);
        if let Some(inner) = self.wrapped_by(function) {
            return self.call_wrapped(function, &inner, args, span);
        }
        // They need not be all: it may be something else that podlift cannot see.
        let results = self.call_candidates(function, args, span)?;
        let name = unknown
            .as_ref()
            .and_then(|val| val.hole().map(|hole| hole.name.clone()))
            .unwrap_or_else(|| self.display(function));
        if let Some(task) = self.same_task_of(results.as_deref()) {
            return Ok(task);
        }
        let makes_tasks = results.iter().flatten().any(|val| self.is_task(val));
        if !makes_tasks && let Some(val) = self.unresolved_operator(&name, args, span)? {
            return Ok(val);
        }
        self.call_on_candidates(function, &name, span);
        let vals: Vec<Val> = args.all().into_iter().cloned().collect();
        for val in &vals {
            self.escape(val);
        }
        let last = name.rsplit('.').next().unwrap_or(&name);
        let is_class = last.chars().next().is_some_and(char::is_uppercase)
            && last.chars().any(char::is_lowercase);
        let harmless = is_class || is_harmless(&name);
        if matches!(last, "set_upstream" | "set_downstream" | "set_dependency") {
            for val in std::iter::once(function).chain(&vals) {
                self.tell_lost(val, span);
            }
        }
        if !harmless {
            let mut reached = Vec::new();
            for val in &vals {
                self.containers_in(val, &mut reached);
            }
            let given: Vec<Val> = vals.iter().flat_map(|val| self.with_elements(val)).collect();
            reached.extend(given.iter().filter_map(|val| self.changeable_instance(val)));
            for id in reached {
                let by = self.hole(HoleKind::Call, format!("{name}()"), span);
                self.poison_with(id, &by, span);
            }
        }
        if !harmless {
            self.may_raise(function, span);
        }
        let mut roots = Vec::new();
        for val in unknown.iter().chain(&vals) {
            self.roots_of(val, &mut roots, 0);
        }
        // The import itself is no lookup anybody can close, so the call is named instead.
        roots.retain(|root| root.kind != HoleKind::Import);
        let reason = self.snippet(span);
        let hole = Hole {
            kind: HoleKind::Call,
            name: if reason.is_empty() { format!("{name}()") } else { reason.clone() },
            default: None,
            reason,
            span,
            roots,
        };
        let made = Val::unknown(std::sync::Arc::new(hole), span);
        // A method may give back the object it was called on.
        let mut choices: Vec<&Val> =
            std::iter::once(function).chain(results.iter().flatten()).collect();
        if matches!(last, "get" | "pop" | "setdefault") {
            choices.extend(&vals);
        }
        self.may_be(&made, &choices);
        // Code podlift cannot see may give back the tasks it is given.
        let nodes = vals.iter().filter(|val| self.is_node(val) || self.may_be_node(val));
        let held: Vec<&Val> = choices.into_iter().chain(nodes).collect();
        self.hold(&made, &held);
        self.may_be_kept(&made, function, false);
        self.keep_xcoms(&made, function, args);
        Ok(made)
    }

    /// A value, and the elements of a short list.
    fn with_elements(&self, val: &Val) -> Vec<Val> {
        let mut found = vec![val.clone()];
        match (&val.data, val.as_obj().map(|id| self.heap.get(id))) {
            (Data::Tuple(items), _) => found.extend(items.iter().take(FEW).cloned()),
            (_, Some(Object::List(items))) => found.extend(items.iter().take(FEW).cloned()),
            _ => {}
        }
        found
    }

    /// An object of a class of the user whose attributes can be set.
    fn changeable_instance(&self, val: &Val) -> Option<ObjId> {
        let id = self.heap.resolve(val.as_obj()?);
        let Object::Instance(instance) = self.heap.get(id) else { return None };
        let is_fixed = instance.attrs.is_empty()
            || instance.payload.is_some()
            || self.rules_of(&instance.class).frozen
            || self.is_exception(val);
        (!is_fixed).then_some(id)
    }

    /// Lists, dicts and sets that can be reached from a value through one another.
    pub(crate) fn containers_in(&self, val: &Val, found: &mut Vec<ObjId>) {
        let mut open = vec![val];
        while let Some(val) = open.pop() {
            if let Data::Tuple(items) = &val.data {
                open.extend(items.iter());
                continue;
            }
            let Some(id) = val.as_obj().map(|id| self.heap.resolve(id)) else { continue };
            let is_new = !found.contains(&id) && found.len() < 1000;
            match self.heap.get(id) {
                Object::List(items) if is_new => {
                    found.push(id);
                    open.extend(items);
                }
                Object::Dict(entries, _) if is_new => {
                    found.push(id);
                    open.extend(entries.values().map(|(_, val)| val));
                }
                Object::Set(..) if is_new => found.push(id),
                // A buffer is written to.
                Object::Record(class, _)
                    if is_new && matches!(class.as_ref(), "io.StringIO" | "io.BytesIO") =>
                {
                    found.push(id);
                }
                _ => {}
            }
        }
    }

    /// Remembers functions that leave for code podlift cannot see.
    pub(crate) fn escape(&mut self, val: &Val) {
        if let Data::Obj(id) = &val.data
            && matches!(self.heap.get(*id), Object::Function(_) | Object::Bound(..))
        {
            let dag = self.airflow.dag_stack.last().copied();
            let group = self.airflow.group_stack.last().copied();
            // Each stays in memory.
            self.work(ESCAPED);
            self.escaped.push((val.clone(), dag, group));
        }
    }
}
