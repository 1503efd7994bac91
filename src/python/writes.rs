//! What the turns of a loop write, and what decides it: to tell what a later turn may find changed.

use std::collections::BTreeSet;

use super::ast::{Expr, ExprKind, Name, Stmt, StmtKind, Target};
use super::names;

/// A name that a block binds, or whose value it may change in place.
#[derive(Debug)]
pub struct Write {
    /// The name.
    pub name: Name,
    /// Whether the value is changed and not the name bound.
    pub is_in_place: bool,
    /// The names read for it, those of the conditions around it included.
    pub reads: BTreeSet<Name>,
}

/// Everything that a block writes, nested blocks included, nested functions and classes not.
pub fn writes(block: &[Stmt]) -> Vec<Write> {
    let mut found = Vec::new();
    walk(block, BTreeSet::new(), &mut found);
    found
}

/// The names that the test of a loop binds by `:=`, where a comparison or a condition has them.
pub fn bound_by(test: &Expr) -> Vec<&Name> {
    match &test.kind {
        ExprKind::Walrus(name, value) => {
            let mut found = bound_by(value);
            found.push(name);
            found
        }
        ExprKind::Unary(_, inner) => bound_by(inner),
        ExprKind::And(parts) | ExprKind::Or(parts) => parts.iter().flat_map(bound_by).collect(),
        ExprKind::Compare(first, rest) => {
            let rest = rest.iter().map(|(_, part)| part);
            std::iter::once(first.as_ref()).chain(rest).flat_map(bound_by).collect()
        }
        ExprKind::Binary(left, _, right) => {
            [left, right].into_iter().flat_map(|part| bound_by(part)).collect()
        }
        ExprKind::Call(call) => call.args.iter().flat_map(bound_by).collect(),
        _ => Vec::new(),
    }
}

fn with(context: &BTreeSet<Name>, exprs: &[&Expr]) -> BTreeSet<Name> {
    let mut reads = context.clone();
    exprs.iter().for_each(|expr| names::expr(expr, &mut reads));
    reads
}

/// The name at the beginning of `name.part[index]`.
fn base(expr: &Expr) -> Option<&Name> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name),
        ExprKind::Attribute(inner, _) | ExprKind::Subscript(inner, _) => base(inner),
        _ => None,
    }
}

fn bind(target: &Target, reads: &BTreeSet<Name>, found: &mut Vec<Write>) {
    match target {
        Target::Name(name, _) => {
            found.push(Write { name: name.clone(), is_in_place: false, reads: reads.clone() });
        }
        Target::Attribute(object, ..) => change(object, reads.clone(), found),
        Target::Subscript(object, index, _) => change(object, with(reads, &[index]), found),
        Target::Sequence(targets, _) => targets.iter().for_each(|item| bind(item, reads, found)),
        Target::Star(inner, _) => bind(inner, reads, found),
        Target::Invalid(_) => {}
    }
}

fn change(object: &Expr, reads: BTreeSet<Name>, found: &mut Vec<Write>) {
    if let Some(name) = base(object) {
        found.push(Write { name: name.clone(), is_in_place: true, reads });
    }
}

fn walk(block: &[Stmt], mut context: BTreeSet<Name>, found: &mut Vec<Write>) {
    for stmt in block {
        match &stmt.kind {
            StmtKind::Assign(targets, value) => {
                let reads = with(&context, &[value]);
                targets.iter().for_each(|target| bind(target, &reads, found));
            }
            StmtKind::AnnAssign(target, _, Some(value)) => {
                bind(target, &with(&context, &[value]), found);
            }
            StmtKind::AugAssign(target, _, value) => {
                bind(target, &with(&context, &[value]), found);
            }
            StmtKind::Delete(targets) => {
                targets.iter().for_each(|target| bind(target, &context, found));
            }
            StmtKind::Expr(expr) => {
                // A method may change what it is called on.
                if let ExprKind::Call(call) = &expr.kind
                    && let ExprKind::Attribute(object, _) = &call.function.kind
                {
                    change(object, with(&context, &[expr]), found);
                }
            }
            StmtKind::If(test, then, orelse) | StmtKind::While(test, then, orelse) => {
                let inner = with(&context, &[test]);
                walk(then, inner.clone(), found);
                walk(orelse, inner.clone(), found);
                // Whether what follows is reached is decided here too.
                if leaves(then) || leaves(orelse) {
                    context = inner;
                }
            }
            StmtKind::For(target, iterable, then, orelse) => {
                let inner = with(&context, &[iterable]);
                bind(target, &inner, found);
                walk(then, inner.clone(), found);
                walk(orelse, inner.clone(), found);
                if leaves(then) || leaves(orelse) {
                    context = inner;
                }
            }
            StmtKind::With(items, then) => {
                for (manager, target) in items {
                    let reads = with(&context, &[manager]);
                    target.iter().for_each(|target| bind(target, &reads, found));
                }
                walk(then, context.clone(), found);
            }
            StmtKind::Try(parts) => {
                walk(&parts.body, context.clone(), found);
                for handler in &parts.handlers {
                    walk(&handler.body, context.clone(), found);
                }
                walk(&parts.orelse, context.clone(), found);
                walk(&parts.finalbody, context.clone(), found);
            }
            StmtKind::Match(subject, cases) => {
                let inner = with(&context, &[subject]);
                for case in cases {
                    let inner = match &case.guard {
                        Some(guard) => with(&inner, &[guard]),
                        None => inner.clone(),
                    };
                    walk(&case.body, inner, found);
                }
                if cases.iter().any(|case| leaves(&case.body)) {
                    context = inner;
                }
            }
            _ => {}
        }
    }
}

/// Whether a block may leave the turn it is in.
fn leaves(block: &[Stmt]) -> bool {
    block.iter().any(|stmt| match &stmt.kind {
        StmtKind::Break | StmtKind::Continue | StmtKind::Return(_) | StmtKind::Raise(..) => true,
        StmtKind::If(_, then, orelse) => leaves(then) || leaves(orelse),
        StmtKind::With(_, then) => leaves(then),
        StmtKind::Try(parts) => {
            leaves(&parts.body) || parts.handlers.iter().any(|handler| leaves(&handler.body))
        }
        StmtKind::Match(_, cases) => cases.iter().any(|case| leaves(&case.body)),
        _ => false,
    })
}
