//! `with`: entering managers, and leaving them with or without an exception.

use std::sync::Arc;

use crate::eval::branch::Flow;
use crate::eval::call::Args;
use crate::eval::heap::Delta;
use crate::eval::interp::{Interp, Res};
use crate::eval::lazy::Lazy;
use crate::eval::library::airflow::setups::WRAPPER;
use crate::eval::library::managers::{EXIT_STACK, GENERATOR_MANAGER};
use crate::eval::object::{Data, Object, Val};
use crate::eval::{Hole, HoleKind};
use crate::python::Span;
use crate::python::ast::{Expr, ExprKind, Stmt, StmtKind, Target};

/// Whether a manager has swallowed what the body raised.
enum Swallowed {
    Yes,
    No,
    /// A condition nobody knows decides.
    Perhaps(Arc<Hole>),
}

impl Interp<'_> {
    pub(super) fn exec_with(&mut self, items: &[(Expr, Option<Target>)], body: &[Stmt]) -> Flow {
        let Some(((expr, target), rest)) = items.split_first() else {
            return self.exec_block(body);
        };
        let manager = attempt!(self.eval(expr));
        let nodes = self.nodes_of_unknown(&manager);
        if !nodes.is_empty() {
            let cond = self.condition_at(expr.span, &manager);
            return self.exec_with_one_of(&cond, &nodes, target.as_ref(), (rest, body), expr.span);
        }
        let entered = attempt!(self.enter(&manager, expr.span));
        if let Some(target) = target {
            attempt!(self.assign(target, entered));
        }
        if self.may_swallow(&manager) {
            return self.exec_suppressing(&manager, rest, body, expr.span);
        }
        let flow = self.exec_with(rest, body);
        self.leave_with(&manager, flow, expr.span)
    }

    /// The DAGs, groups or setups that an unknown manager may be: what is made in its body is made there.
    fn nodes_of_unknown(&self, manager: &Val) -> Vec<Val> {
        let mut found = self.candidates_of(manager);
        let is_node = |val: &Val| {
            let object = val.as_obj().map(|id| self.heap.get(id));
            matches!(object, Some(Object::Dag(_) | Object::Group(_) | Object::Task(_)))
        };
        if !found.iter().any(is_node) {
            found.clear();
        }
        found
    }

    /// A `with` on one of several managers: the body is gone through for each.
    fn exec_with_one_of(
        &mut self,
        cond: &Arc<Hole>,
        managers: &[Val],
        target: Option<&Target>,
        (rest, body): (&[(Expr, Option<Target>)], &[Stmt]),
        span: Span,
    ) -> Flow {
        let Some((manager, others)) = managers.split_first() else { return Flow::Normal };
        let mut run = |this: &mut Self| {
            let entered = attempt!(this.enter(manager, span));
            if let Some(target) = target {
                attempt!(this.assign(target, entered));
            }
            let flow = this.exec_with(rest, body);
            this.leave_with(manager, flow, span)
        };
        if others.is_empty() {
            return run(self);
        }
        let mut go_on =
            |this: &mut Self| this.exec_with_one_of(cond, others, target, (rest, body), span);
        self.both(cond, &mut run, &mut go_on)
    }

    /// Leaves the body of a `with` that ended in some way.
    pub(crate) fn leave_with(&mut self, manager: &Val, flow: Flow, span: Span) -> Flow {
        // A manager of the user's own leaves each side by itself; DAGs and groups are entered once.
        let is_apart = self.is_own_manager(manager) || self.may_swallow(manager);
        if matches!(flow, Flow::Fork(_)) && is_apart {
            let around = (self.airflow.dag_stack.clone(), self.airflow.group_stack.clone());
            return self.each_end(flow, &mut |this, end| {
                let (dags, groups) = around.clone();
                (this.airflow.dag_stack, this.airflow.group_stack) = (dags, groups);
                this.leave_with(manager, end, span)
            });
        }
        let raised = match &flow {
            Flow::Raise(val) => Some(val.clone()),
            _ => None,
        };
        match self.leave(manager, raised.as_ref(), span) {
            Ok(Swallowed::Yes) if raised.is_some() => Flow::Normal,
            Ok(Swallowed::Perhaps(cond)) if raised.is_some() => {
                let mut flow = Some(flow);
                let mut goes_on = |_: &mut Self| flow.take().unwrap_or(Flow::Normal);
                self.both(&cond, &mut |_| Flow::Normal, &mut goes_on)
            }
            Ok(_) => flow,
            Err(raised) => raised.into(),
        }
    }

    fn is_own_manager(&self, manager: &Val) -> bool {
        let is_instance =
            matches!(manager.as_obj().map(|id| self.heap.get(id)), Some(Object::Instance(_)));
        is_instance
            || self
                .class_of_node(manager)
                .is_some_and(|class| matches!(self.class_lookup(&class, "__exit__"), Ok(Some(_))))
    }

    /// `__enter__`.
    pub(crate) fn enter(&mut self, manager: &Val, span: Span) -> Res {
        let candidates = self.managers_of_unknown(manager);
        if !candidates.is_empty() {
            let cond = self.condition_at(span, manager);
            let mut entered = Vec::new();
            for candidate in candidates {
                self.perhaps(&cond, span, &mut |this| {
                    entered.push(this.enter(&candidate, span)?);
                    Ok(())
                })?;
            }
            let made = self.part_of(manager, ".__enter__()", span);
            self.may_be(&made, &entered.iter().collect::<Vec<_>>());
            return Ok(made);
        }
        if let Some(enter) = self.own_method(manager, "__enter__", span)? {
            return self.call(&enter, Args::default(), span);
        }
        if let Data::Obj(id) = &manager.data {
            let id = self.heap.resolve(*id);
            match self.heap.get(id) {
                Object::Dag(_) => {
                    self.enter_dag(id);
                    return Ok(manager.clone());
                }
                Object::Group(_) => {
                    self.enter_group(id);
                    return Ok(manager.clone());
                }
                Object::Task(_) | Object::XCom(..) => return self.enter_work(manager, span),
                Object::Record(class, _) if class.as_ref() == WRAPPER => {
                    return self.enter_work(manager, span);
                }
                Object::Record(class, attrs) if class.as_ref() == "contextlib.nullcontext" => {
                    if let Some(val) = attrs.get("enter_result") {
                        return Ok(val.clone());
                    }
                }
                Object::Record(class, _) => {
                    let class = class.clone();
                    return self.enter_library(manager, &class, span);
                }
                _ => {}
            }
        }
        Ok(manager.clone())
    }

    /// `__exit__`: whether it swallows the exception of the body.
    fn leave(&mut self, manager: &Val, raised: Option<&Val>, span: Span) -> Res<Swallowed> {
        let candidates = self.managers_of_unknown(manager);
        if !candidates.is_empty() {
            let cond = self.condition_at(span, manager);
            let mut swallows = false;
            for candidate in candidates {
                self.perhaps(&cond, span, &mut |this| {
                    swallows |= !matches!(this.leave(&candidate, raised, span)?, Swallowed::No);
                    Ok(())
                })?;
            }
            return Ok(if swallows { Swallowed::Perhaps(cond) } else { Swallowed::No });
        }
        if let Some(exit) = self.own_method(manager, "__exit__", span)? {
            let none = Val::none(span);
            let kind = match raised {
                None => none.clone(),
                // An exception nobody knows is of a class nobody knows.
                Some(val) => self.unknown(val).unwrap_or_else(|| self.class_of(val)),
            };
            let raised = raised.cloned().unwrap_or_else(|| none.clone());
            let args = Args::positional(vec![kind, raised, none]);
            let result = self.call(&exit, args, span)?;
            return Ok(match self.truth(&result)? {
                Some(true) => Swallowed::Yes,
                Some(false) => Swallowed::No,
                None => Swallowed::Perhaps(self.condition_at(span, &result)),
            });
        }
        if let Data::Obj(id) = &manager.data {
            let id = self.heap.resolve(*id);
            match self.heap.get(id) {
                Object::Dag(_) => self.leave_dag(id),
                Object::Group(_) => self.leave_group(id),
                Object::Task(_) | Object::XCom(..) => self.leave_work(span)?,
                Object::Record(class, _) if class.as_ref() == WRAPPER => self.leave_work(span)?,
                Object::Record(class, _) => {
                    let class = class.clone();
                    let swallowed = self.leave_library(manager, &class, raised, span)?;
                    return Ok(if swallowed { Swallowed::Yes } else { Swallowed::No });
                }
                _ => {}
            }
        }
        Ok(Swallowed::No)
    }

    /// Whether this manager may swallow what the body of a `with` raises. What an `ExitStack` holds shows
    /// only when the body has run.
    fn may_swallow(&self, manager: &Val) -> bool {
        if self.managers_of_unknown(manager).iter().any(|candidate| self.may_swallow(candidate)) {
            return true;
        }
        match manager.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Record(class, attrs)) => match class.as_ref() {
                "contextlib.suppress" | EXIT_STACK => true,
                GENERATOR_MANAGER => {
                    attrs.get("generator").and_then(Val::as_obj).is_some_and(|id| {
                        match self.heap.get(id) {
                            Object::Lazy(Lazy::Generator(state)) => state.may_swallow(),
                            _ => false,
                        }
                    })
                }
                _ => false,
            },
            Some(Object::Instance(instance)) => self.exit_may_swallow(&instance.class),
            _ => self.class_of_node(manager).is_some_and(|class| self.exit_may_swallow(&class)),
        }
    }

    fn exit_may_swallow(&self, class: &Val) -> bool {
        let exit = self.class_lookup(class, "__exit__").ok().flatten();
        match exit.and_then(|exit| exit.as_obj()).map(|id| self.heap.get(id)) {
            Some(Object::Function(function)) => returns_value(&function.def.body),
            Some(_) => true,
            None => false,
        }
    }

    /// Whether it swallows what it does not know. A stack does when one of its managers may.
    fn swallows_unknown(&self, manager: &Val) -> bool {
        match manager.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Record(class, attrs)) if class.as_ref() == EXIT_STACK => {
                attrs.values().any(|entry| match &entry.data {
                    Data::Tuple(parts) => parts.first().is_some_and(|one| self.may_swallow(one)),
                    _ => false,
                })
            }
            _ => true,
        }
    }

    /// `with suppress(...)`: where something in the body may raise, the rest of the body may be left
    /// out.
    fn exec_suppressing(
        &mut self,
        manager: &Val,
        rest: &[(Expr, Option<Target>)],
        body: &[Stmt],
        span: Span,
    ) -> Flow {
        self.open_try();
        self.heap.begin();
        let flow = self.exec_with(rest, body);
        let swallows = self.swallows_unknown(manager);
        let delta = self.heap.rollback();
        let Some(mut doubt) = self.close_try() else {
            self.heap.apply(delta);
            return self.leave_with(manager, flow, span);
        };
        let cond = Arc::clone(&doubt.cond);
        // What this manager lets pass may reach a handler further out.
        self.raises_if(&cond, true, delta.clone());
        let end = doubt.end_of(&delta);
        let mut ended = Some((flow, delta));
        self.both(
            &cond,
            &mut |this| {
                let (flow, delta) = ended.take().unwrap_or((Flow::Normal, Delta::default()));
                this.heap.apply(delta);
                this.leave_with(manager, flow, span)
            },
            &mut |this| {
                this.enter_raised(&mut doubt, end.clone());
                this.leave_raised(manager, swallows, span)
            },
        )
    }

    /// Leaves the body where something nobody knows was raised in it.
    fn leave_raised(&mut self, manager: &Val, swallows: bool, span: Span) -> Flow {
        let is_library = match manager.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Record(class, _)) => class.as_ref() != GENERATOR_MANAGER,
            _ => false,
        };
        let raised = self.hole(HoleKind::Call, "exception", span);
        match (is_library, swallows) {
            (true, true) => Flow::Normal,
            (true, false) => Flow::Raise(raised),
            (false, _) => self.leave_with(manager, Flow::Raise(raised), span),
        }
    }
}

/// Whether a function returns anything but what counts as false.
fn returns_value(block: &[Stmt]) -> bool {
    block.iter().any(|stmt| match &stmt.kind {
        StmtKind::Return(Some(expr)) => {
            !matches!(expr.kind, ExprKind::None | ExprKind::Bool(false))
        }
        StmtKind::If(_, body, orelse)
        | StmtKind::While(_, body, orelse)
        | StmtKind::For(_, _, body, orelse) => returns_value(body) || returns_value(orelse),
        StmtKind::With(_, body) => returns_value(body),
        StmtKind::Try(parts) => {
            returns_value(&parts.body)
                || parts.handlers.iter().any(|handler| returns_value(&handler.body))
                || returns_value(&parts.orelse)
                || returns_value(&parts.finalbody)
        }
        StmtKind::Match(_, cases) => cases.iter().any(|case| returns_value(&case.body)),
        _ => false,
    })
}
