//! Where the statements with a `yield` are.

use super::{Level, LevelKind};
use crate::python::ast::{Expr, ExprKind, Function, Stmt, StmtKind};

/// The block of the innermost level.
pub(super) fn block<'a>(def: &'a Function, levels: &[Level]) -> Option<&'a [Stmt]> {
    let mut block: &'a [Stmt] = &def.body;
    let mut at = levels.first()?.at;
    for level in levels.get(1..)? {
        let stmt = block.get(at)?;
        block = match (&level.kind, &stmt.kind) {
            (LevelKind::Branch(true), StmtKind::If(_, body, _))
            | (LevelKind::For(_), StmtKind::For(_, _, body, _))
            | (LevelKind::While(_), StmtKind::While(_, body, _))
            | (LevelKind::With(_), StmtKind::With(_, body)) => body,
            (LevelKind::Branch(false), StmtKind::If(_, _, orelse))
            | (
                LevelKind::LoopElse,
                StmtKind::For(_, _, _, orelse) | StmtKind::While(_, _, orelse),
            ) => orelse,
            (LevelKind::Case(index), StmtKind::Match(_, cases)) => &cases.get(*index)?.body,
            (LevelKind::Try, StmtKind::Try(parts)) => &parts.body,
            (LevelKind::Handler(index), StmtKind::Try(parts)) => &parts.handlers.get(*index)?.body,
            (LevelKind::TryElse, StmtKind::Try(parts)) => &parts.orelse,
            (LevelKind::Finally(_), StmtKind::Try(parts)) => &parts.finalbody,
            _ => return None,
        };
        at = level.at;
    }
    Some(block)
}

/// The `yield` that is all of a statement's value.
pub(super) fn yield_of(stmt: &Stmt) -> Option<&Expr> {
    let expr = match &stmt.kind {
        StmtKind::Expr(expr) | StmtKind::Assign(_, expr) => expr,
        StmtKind::AnnAssign(_, _, Some(expr)) | StmtKind::Return(Some(expr)) => expr,
        _ => return None,
    };
    let is_plain = match &expr.kind {
        ExprKind::Yield(None) => true,
        ExprKind::Yield(Some(value)) | ExprKind::YieldFrom(value) => !expr_yields(value),
        _ => false,
    };
    is_plain.then_some(expr)
}

/// Whether a statement contains a `yield` of its function.
pub(super) fn stmt_yields(stmt: &Stmt) -> bool {
    let any = |block: &[Stmt]| block.iter().any(stmt_yields);
    match &stmt.kind {
        StmtKind::Expr(expr)
        | StmtKind::Assign(_, expr)
        | StmtKind::AugAssign(_, _, expr)
        | StmtKind::AnnAssign(_, _, Some(expr))
        | StmtKind::Return(Some(expr)) => expr_yields(expr),
        StmtKind::If(test, body, orelse) | StmtKind::While(test, body, orelse) => {
            expr_yields(test) || any(body) || any(orelse)
        }
        StmtKind::For(_, iterable, body, orelse) => {
            expr_yields(iterable) || any(body) || any(orelse)
        }
        StmtKind::With(items, body) => items.iter().any(|(expr, _)| expr_yields(expr)) || any(body),
        StmtKind::Try(parts) => {
            any(&parts.body)
                || parts.handlers.iter().any(|handler| any(&handler.body))
                || any(&parts.orelse)
                || any(&parts.finalbody)
        }
        StmtKind::Match(subject, cases) => {
            expr_yields(subject) || cases.iter().any(|case| any(&case.body))
        }
        StmtKind::Raise(Some(expr), _) | StmtKind::Assert(expr, _) => expr_yields(expr),
        _ => false,
    }
}

/// Whether an expression contains a `yield` of its function.
pub(super) fn expr_yields(expr: &Expr) -> bool {
    let maybe = |expr: &Option<Box<Expr>>| expr.as_deref().is_some_and(expr_yields);
    match &expr.kind {
        ExprKind::Yield(_) | ExprKind::YieldFrom(_) => true,
        ExprKind::Attribute(inner, _)
        | ExprKind::Starred(inner)
        | ExprKind::Unary(_, inner)
        | ExprKind::Walrus(_, inner)
        | ExprKind::Await(inner) => expr_yields(inner),
        ExprKind::Subscript(left, right) | ExprKind::Binary(left, _, right) => {
            expr_yields(left) || expr_yields(right)
        }
        ExprKind::Slice(start, stop, step) => maybe(start) || maybe(stop) || maybe(step),
        ExprKind::Call(call) => {
            expr_yields(&call.function)
                || call.args.iter().any(expr_yields)
                || call.keywords.iter().any(|keyword| expr_yields(&keyword.value))
        }
        ExprKind::List(items)
        | ExprKind::Tuple(items)
        | ExprKind::Set(items)
        | ExprKind::And(items)
        | ExprKind::Or(items) => items.iter().any(expr_yields),
        ExprKind::Dict(entries) => entries
            .iter()
            .any(|(key, value)| key.as_ref().is_some_and(expr_yields) || expr_yields(value)),
        ExprKind::Compare(first, rest) => {
            expr_yields(first) || rest.iter().any(|(_, item)| expr_yields(item))
        }
        ExprKind::IfElse(test, body, orelse) => {
            expr_yields(test) || expr_yields(body) || expr_yields(orelse)
        }
        ExprKind::FString(parts) => parts.iter().any(|part| match part {
            crate::python::ast::FPart::Value { value, .. } => expr_yields(value),
            crate::python::ast::FPart::Literal(_) => false,
        }),
        _ => false,
    }
}

/// Whether a `yield` of this block stands where an exception may be caught.
pub(super) fn catches(block: &[Stmt]) -> bool {
    block.iter().any(|stmt| match &stmt.kind {
        StmtKind::If(_, body, orelse)
        | StmtKind::While(_, body, orelse)
        | StmtKind::For(_, _, body, orelse) => catches(body) || catches(orelse),
        StmtKind::With(_, body) => body.iter().any(stmt_yields),
        StmtKind::Try(parts) => {
            let is_guarded = !parts.handlers.is_empty() || !parts.finalbody.is_empty();
            is_guarded && parts.body.iter().any(stmt_yields)
        }
        StmtKind::Match(_, cases) => cases.iter().any(|case| catches(&case.body)),
        _ => false,
    })
}
