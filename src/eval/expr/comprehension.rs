//! Comprehensions.

use std::sync::Arc;

use super::target_names;
use crate::eval::Hole;
use crate::eval::branch::Flow;
use crate::eval::interp::{Interp, Res};
use crate::eval::lazy::Next;
use crate::eval::object::{Object, Val};
use crate::python::Span;
use crate::python::ast::{Comprehension, Expr, GeneratorExpr, Name, Target};

/// What a comprehension has made so far.
struct Made<'e, 'a> {
    /// Makes the elements of a turn.
    element: &'e mut dyn FnMut(&mut Interp<'a>) -> Res<Vec<Val>>,
    /// The elements, in order.
    items: Vec<Val>,
    /// What decides whether some of them are there.
    doubt: Option<Val>,
    /// Why it is not known at all which elements there are.
    open: Option<Val>,
}

impl<'e, 'a> Made<'e, 'a> {
    fn by(element: &'e mut dyn FnMut(&mut Interp<'a>) -> Res<Vec<Val>>) -> Self {
        Self { element, items: Vec::new(), doubt: None, open: None }
    }
}

impl<'a> Interp<'a> {
    /// Runs the clauses of a comprehension and collects what the element gives; `Err` when an unknown iterable or, unless
    /// the elements find their own places (`keyed`), an unknown condition makes the whole unknown.
    pub(super) fn comprehension(
        &mut self,
        keyed: bool,
        generators: &[Comprehension],
        element: &mut dyn FnMut(&mut Self) -> Res<Vec<Val>>,
    ) -> Res<Result<Vec<Val>, Val>> {
        let Some(frame) = self.frame().cloned() else { return Ok(Ok(Vec::new())) };
        // A comprehension has a scope of its own, like a function; `:=` inside it binds outside.
        let outer = frame.scope;
        let inner = self.comprehension_frame(&frame);
        let scope = inner.scope;
        // Its first iterable is evaluated outside.
        let Some((first, rest)) = generators.split_first() else { return Ok(Ok(Vec::new())) };
        let iterable = self.eval(&first.iterable)?;
        let mut made = Made::by(element);
        self.frames.push(inner);
        let result = self.clause(first, rest, &iterable, &mut made);
        self.frames.pop();
        self.lift_walrus(scope, outer, generators);
        result?;
        let doubt = made.doubt.filter(|_| !keyed);
        Ok(match made.open.or(doubt) {
            Some(unknown) => {
                let elements = match iterable.as_obj().map(|id| self.heap.get(id)) {
                    Some(Object::List(items)) => items.clone(),
                    _ => vec![iterable],
                };
                let choices: Vec<&Val> = elements.iter().chain(&made.items).collect();
                self.may_be(&unknown, &choices);
                self.hold_parts(&unknown, &Object::List(made.items));
                Err(unknown)
            }
            None => Ok(made.items),
        })
    }

    /// Names bound by `:=` inside a comprehension belong to the scope around it.
    pub(crate) fn lift_walrus(
        &mut self,
        scope: crate::eval::object::ObjId,
        outer: crate::eval::object::ObjId,
        generators: &[Comprehension],
    ) {
        let Object::Scope(names) = self.heap.get(scope) else { return };
        let mut targets = Vec::new();
        for generator in generators {
            target_names(&generator.target, &mut targets);
        }
        let lifted: Vec<(Name, Val)> = names
            .iter()
            .filter(|(name, _)| !targets.contains(name))
            .map(|(name, val)| (name.clone(), val.clone()))
            .collect();
        for (name, val) in lifted {
            self.bind_in(outer, &name, val);
        }
    }

    fn clauses(&mut self, generators: &[Comprehension], made: &mut Made<'_, 'a>) -> Res<()> {
        let Some((clause, rest)) = generators.split_first() else {
            let items = (made.element)(self)?;
            made.items.extend(items);
            return Ok(());
        };
        let iterable = self.eval(&clause.iterable)?;
        self.clause(clause, rest, &iterable, made)
    }

    /// One clause over its iterable, with the clauses inside it. What is unknown ends it no sooner: every turn may make
    /// tasks and change what others see.
    fn clause(
        &mut self,
        clause: &Comprehension,
        rest: &[Comprehension],
        iterable: &Val,
        made: &mut Made<'_, 'a>,
    ) -> Res<()> {
        let span = clause.iterable.span;
        let Some(iterator) = self.iter_of(iterable, span)? else {
            return self.unknown_clause(clause, rest, made, iterable);
        };
        loop {
            self.step(span)?;
            let value = match self.next_item(&iterator, span)? {
                Next::Item(value) => value,
                Next::End(_) => return Ok(()),
                Next::Open(unknown) => return self.unknown_clause(clause, rest, made, &unknown),
            };
            self.clause_turn(clause, rest, value, made)?;
            if made.items.len() > self.settings.limits.collection {
                let message = "a comprehension makes more elements than the bound";
                made.open = Some(self.limit_hole(span, "collection", message));
                return Ok(());
            }
        }
    }

    /// One turn of a clause.
    fn clause_turn(
        &mut self,
        clause: &Comprehension,
        rest: &[Comprehension],
        value: Val,
        made: &mut Made<'_, 'a>,
    ) -> Res<()> {
        self.assign(&clause.target, value)?;
        self.conditions_of_turn(&clause.conditions, rest, made)
    }

    /// The conditions of a turn that are left, and what they lead to.
    fn conditions_of_turn(
        &mut self,
        conditions: &[Expr],
        rest: &[Comprehension],
        made: &mut Made<'_, 'a>,
    ) -> Res<()> {
        let mut left = conditions;
        while let Some((condition, after)) = left.split_first() {
            left = after;
            let val = self.eval(condition)?;
            match self.truth(&val)? {
                Some(true) => {}
                Some(false) => return Ok(()),
                None => {
                    let cond = self.condition_hole(condition, &val);
                    let unknown = self.derived(&[&val], condition.span);
                    made.doubt.get_or_insert(unknown);
                    return self.perhaps(&cond, condition.span, &mut |this| {
                        this.conditions_of_turn(after, rest, made)
                    });
                }
            }
        }
        self.clauses(rest, made)
    }

    /// Does what may not take place: what it changes is in doubt.
    pub(crate) fn perhaps(
        &mut self,
        cond: &Arc<Hole>,
        span: Span,
        run: &mut dyn FnMut(&mut Self) -> Res<()>,
    ) -> Res<()> {
        let flow = self.both(
            cond,
            &mut |this| run(this).map_or_else(Flow::from, |()| Flow::Normal),
            &mut |_| Flow::Normal,
        );
        self.flow_value(flow, span).map(|_| ())
    }

    /// Does once what may take place any number of times.
    pub(crate) fn any_number(
        &mut self,
        cond: &Arc<Hole>,
        span: Span,
        run: &mut dyn FnMut(&mut Self) -> Res<()>,
    ) -> Res<()> {
        self.rehearse(cond, &mut |this| run(this).map_or_else(Flow::from, |()| Flow::Normal));
        self.patterns.push(Arc::clone(cond));
        let result = self.perhaps(cond, span, run);
        self.patterns.pop();
        result
    }

    /// One turn of the first clause of a generator expression: `Some` when it is not known what it gives.
    pub(crate) fn expression_turn(
        &mut self,
        expr: &GeneratorExpr,
        value: Val,
        items: &mut Vec<Val>,
    ) -> Res<Option<Val>> {
        let Some((clause, rest)) = expr.clauses.split_first() else { return Ok(None) };
        let mut element = |this: &mut Interp<'a>| this.eval(&expr.element).map(|val| vec![val]);
        let mut made = Made::by(&mut element);
        self.clause_turn(clause, rest, value, &mut made)?;
        items.append(&mut made.items);
        Ok(made.open.or(made.doubt))
    }

    /// The turns of a generator expression over something unknown.
    pub(crate) fn unknown_turn(&mut self, expr: &GeneratorExpr, iterable: &Val) -> Res<()> {
        let Some((clause, rest)) = expr.clauses.split_first() else { return Ok(()) };
        let mut element = |this: &mut Interp<'a>| this.eval(&expr.element).map(|val| vec![val]);
        self.unknown_clause(clause, rest, &mut Made::by(&mut element), iterable)
    }

    /// A clause over something unknown: its element is evaluated once, so that tasks it makes are
    /// found, and the whole is unknown.
    fn unknown_clause(
        &mut self,
        clause: &Comprehension,
        rest: &[Comprehension],
        made: &mut Made<'_, 'a>,
        iterable: &Val,
    ) -> Res<()> {
        let span = clause.iterable.span;
        let unknown = self.part_of(iterable, "[...]", span);
        let whole = self.derived(&[iterable], span);
        made.open.get_or_insert(whole);
        let cond = self.condition_at(span, iterable);
        let (rehearsals, before) = (self.rehearsals, made.items.len());
        self.any_number(&cond, span, &mut |this| {
            // Those of a rehearsal are not the ones that are made.
            if this.rehearsals == rehearsals {
                made.items.truncate(before);
            }
            match &clause.target {
                Target::Sequence(targets, span) => {
                    for (index, target) in targets.iter().enumerate() {
                        let part = this.part_of(&unknown, &format!("[{index}]"), *span);
                        this.assign(target, part)?;
                    }
                }
                target => this.assign(target, unknown.clone())?,
            }
            this.conditions_of_turn(&clause.conditions, rest, made)
        })
    }
}
