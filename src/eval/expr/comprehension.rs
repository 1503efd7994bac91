//! Comprehensions.

use super::target_names;
use crate::eval::interp::{Interp, Res};
use crate::eval::lazy::Next;
use crate::eval::object::{Object, Val};
use crate::python::Span;
use crate::python::ast::{Comprehension, GeneratorExpr, Name};

impl Interp<'_> {
    /// Runs the clauses of a comprehension and collects what the element gives; an unknown iterable
    /// or condition makes the whole unknown (`Err`).
    pub(super) fn comprehension(
        &mut self,
        ordered: bool,
        generators: &[Comprehension],
        element: &mut dyn FnMut(&mut Self) -> Res<Vec<Val>>,
    ) -> Res<Result<Vec<Val>, Val>> {
        let Some(frame) = self.frame().cloned() else { return Ok(Ok(Vec::new())) };
        // A comprehension has a scope of its own, like a function; `:=` inside it binds outside.
        let mut items = Vec::new();
        let outer = frame.scope;
        let inner = self.comprehension_frame(&frame);
        let scope = inner.scope;
        // Its first iterable is evaluated outside.
        let Some((first, rest)) = generators.split_first() else { return Ok(Ok(items)) };
        let iterable = self.eval(&first.iterable)?;
        self.frames.push(inner);
        let result = self.clause(ordered, first, rest, &iterable, element, &mut items);
        self.frames.pop();
        self.lift_walrus(scope, outer, generators);
        Ok(match result? {
            Some(unknown) => {
                let elements = match iterable.as_obj().map(|id| self.heap.get(id)) {
                    Some(Object::List(items)) => items.clone(),
                    _ => vec![iterable],
                };
                let choices: Vec<&Val> = elements.iter().collect();
                self.may_be(&unknown, &choices);
                Err(unknown)
            }
            None => Ok(items),
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

    pub(super) fn clauses(
        &mut self,
        ordered: bool,
        generators: &[Comprehension],
        element: &mut dyn FnMut(&mut Self) -> Res<Vec<Val>>,
        items: &mut Vec<Val>,
    ) -> Res<Option<Val>> {
        let Some((clause, rest)) = generators.split_first() else {
            let made = element(self)?;
            items.extend(made);
            if items.len() > self.settings.limits.collection {
                let span = generators.first().map_or(Span::NONE, |clause| clause.iterable.span);
                let message = "a comprehension makes more elements than the bound";
                return Ok(Some(self.limit_hole(span, "collection", message)));
            }
            return Ok(None);
        };
        let iterable = self.eval(&clause.iterable)?;
        self.clause(ordered, clause, rest, &iterable, element, items)
    }

    /// One clause over its iterable, with the clauses inside it.
    pub(super) fn clause(
        &mut self,
        ordered: bool,
        clause: &Comprehension,
        rest: &[Comprehension],
        iterable: &Val,
        element: &mut dyn FnMut(&mut Self) -> Res<Vec<Val>>,
        items: &mut Vec<Val>,
    ) -> Res<Option<Val>> {
        let span = clause.iterable.span;
        if ordered && self.is_unordered(iterable) {
            return Ok(Some(self.unordered(span)));
        }
        let Some(iterator) = self.iter_of(iterable, span)? else {
            return self.unknown_clause(clause, rest, element, iterable);
        };
        loop {
            self.step(span)?;
            let value = match self.next_item(&iterator, span)? {
                Next::Item(value) => value,
                Next::End(_) => return Ok(None),
                Next::Open(unknown) => {
                    return self.unknown_clause(clause, rest, element, &unknown);
                }
            };
            if let Some(unknown) = self.clause_turn(ordered, clause, rest, value, element, items)? {
                return Ok(Some(unknown));
            }
        }
    }

    /// One turn of a clause: `Some` when something unknown decides whether it counts.
    pub(super) fn clause_turn(
        &mut self,
        ordered: bool,
        clause: &Comprehension,
        rest: &[Comprehension],
        value: Val,
        element: &mut dyn FnMut(&mut Self) -> Res<Vec<Val>>,
        items: &mut Vec<Val>,
    ) -> Res<Option<Val>> {
        self.assign(&clause.target, value)?;
        for condition in &clause.conditions {
            let val = self.eval(condition)?;
            match self.truth(&val)? {
                Some(true) => {}
                Some(false) => return Ok(None),
                None => {
                    // Evaluated once all the same, so that what the element makes is found.
                    let cond = self.condition_hole(condition, &val);
                    self.conditions.push(std::sync::Arc::clone(&cond));
                    let result = self.clauses(false, rest, element, &mut Vec::new());
                    self.conditions.pop();
                    self.supposed(result, &cond)?;
                    return Ok(Some(self.derived(&[&val], condition.span)));
                }
            }
        }
        self.clauses(ordered, rest, element, items)
    }

    /// One turn of the first clause of a generator expression.
    pub(crate) fn expression_turn(
        &mut self,
        expr: &GeneratorExpr,
        value: Val,
        items: &mut Vec<Val>,
    ) -> Res<Option<Val>> {
        let Some((clause, rest)) = expr.clauses.split_first() else { return Ok(None) };
        let mut element = |this: &mut Self| this.eval(&expr.element).map(|val| vec![val]);
        self.clause_turn(false, clause, rest, value, &mut element, items)
    }

    /// A generator expression over something unknown.
    pub(crate) fn unknown_expression(
        &mut self,
        expr: &GeneratorExpr,
        iterable: &Val,
    ) -> Res<Option<Val>> {
        let Some((clause, rest)) = expr.clauses.split_first() else { return Ok(None) };
        let Some(frame) = self.frame().cloned() else { return Ok(None) };
        let inner = self.comprehension_frame(&frame);
        self.frames.push(inner);
        let mut element = |this: &mut Self| this.eval(&expr.element).map(|val| vec![val]);
        let result = self.unknown_clause(clause, rest, &mut element, iterable);
        self.frames.pop();
        result
    }

    /// A clause over something unknown: its element is evaluated once, so that tasks it makes are
    /// found, and the whole is unknown.
    pub(super) fn unknown_clause(
        &mut self,
        clause: &Comprehension,
        rest: &[Comprehension],
        element: &mut dyn FnMut(&mut Self) -> Res<Vec<Val>>,
        iterable: &Val,
    ) -> Res<Option<Val>> {
        let unknown = self.part_of(iterable, "[...]", clause.iterable.span);
        let cond = self.condition_at(clause.iterable.span, iterable);
        self.patterns.push(std::sync::Arc::clone(&cond));
        let mut ignored = Vec::new();
        let mut once = || -> Res<()> {
            match &clause.target {
                crate::python::ast::Target::Sequence(targets, span) => {
                    for (index, target) in targets.iter().enumerate() {
                        let part = self.part_of(&unknown, &format!("[{index}]"), *span);
                        self.assign(target, part)?;
                    }
                }
                target => self.assign(target, unknown.clone())?,
            }
            self.clauses(false, rest, element, &mut ignored)?;
            Ok(())
        };
        let result = once();
        self.patterns.pop();
        self.supposed(result, &cond)?;
        Ok(Some(self.derived(&[iterable], clause.iterable.span)))
    }
}
