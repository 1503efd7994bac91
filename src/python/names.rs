//! Which names a function reads: to tell whether it stands on its own.

use std::collections::BTreeSet;

use super::ast::{
    Comprehension, Expr, ExprKind, FPart, Function, Name, Pattern, Stmt, StmtKind, Target,
};

/// Every name read anywhere in a function, nested functions included.
pub fn reads(function: &Function) -> BTreeSet<Name> {
    let mut names = BTreeSet::new();
    body(&function.body, &mut names);
    names
}

/// Names a function reads that it does not bind itself, builtins included.
pub fn free(function: &Function) -> BTreeSet<Name> {
    let mut read = BTreeSet::new();
    free_into(function, &mut read);
    read
}

fn free_into(function: &Function, out: &mut BTreeSet<Name>) {
    let mut read = BTreeSet::new();
    let mut bound: BTreeSet<Name> = function.locals.iter().cloned().collect();
    let parameters = &function.parameters;
    for parameter in parameters
        .positional_only
        .iter()
        .chain(&parameters.positional)
        .chain(&parameters.keyword_only)
    {
        bound.insert(parameter.name.clone());
        // Defaults are evaluated outside the function.
        if let Some(default) = &parameter.default {
            expr(default, out);
        }
    }
    bound.extend(parameters.vararg.iter().chain(&parameters.kwarg).cloned());
    body(&function.body, &mut read);
    out.extend(read.into_iter().filter(|name| !bound.contains(name)));
}

fn body(statements: &[Stmt], names: &mut BTreeSet<Name>) {
    for statement in statements {
        stmt(statement, names);
    }
}

fn stmt(statement: &Stmt, names: &mut BTreeSet<Name>) {
    match &statement.kind {
        StmtKind::Expr(value) => expr(value, names),
        StmtKind::Assign(targets, value) => {
            targets.iter().for_each(|item| target(item, names));
            expr(value, names);
        }
        StmtKind::AnnAssign(place, annotation, value) => {
            target(place, names);
            expr(annotation, names);
            value.iter().for_each(|value| expr(value, names));
        }
        StmtKind::AugAssign(place, _, value) => {
            if let Target::Name(name, _) = place {
                names.insert(name.clone());
            }
            target(place, names);
            expr(value, names);
        }
        StmtKind::Delete(targets) => targets.iter().for_each(|item| target(item, names)),
        StmtKind::If(test, then, orelse) | StmtKind::While(test, then, orelse) => {
            expr(test, names);
            body(then, names);
            body(orelse, names);
        }
        StmtKind::For(place, iterable, then, orelse) => {
            target(place, names);
            expr(iterable, names);
            body(then, names);
            body(orelse, names);
        }
        StmtKind::With(items, then) => {
            for (manager, place) in items {
                expr(manager, names);
                place.iter().for_each(|place| target(place, names));
            }
            body(then, names);
        }
        StmtKind::Function(function) => {
            function.decorators.iter().for_each(|item| expr(item, names));
            free_into(function, names);
        }
        StmtKind::Class(class) => {
            class.decorators.iter().chain(&class.bases).for_each(|item| expr(item, names));
            class.keywords.iter().for_each(|keyword| expr(&keyword.value, names));
            body(&class.body, names);
        }
        StmtKind::Return(value) => value.iter().for_each(|value| expr(value, names)),
        StmtKind::Raise(exception, cause) => {
            exception.iter().chain(cause).for_each(|value| expr(value, names));
        }
        StmtKind::Try(parts) => {
            body(&parts.body, names);
            for handler in &parts.handlers {
                handler.kind.iter().for_each(|kind| expr(kind, names));
                body(&handler.body, names);
            }
            body(&parts.orelse, names);
            body(&parts.finalbody, names);
        }
        StmtKind::Assert(test, message) => {
            expr(test, names);
            message.iter().for_each(|message| expr(message, names));
        }
        StmtKind::Match(subject, cases) => {
            expr(subject, names);
            for case in cases {
                pattern(&case.pattern, names);
                case.guard.iter().for_each(|guard| expr(guard, names));
                body(&case.body, names);
            }
        }
        StmtKind::Global(declared) | StmtKind::Nonlocal(declared) => {
            names.extend(declared.iter().cloned());
        }
        StmtKind::Import(_)
        | StmtKind::ImportFrom { .. }
        | StmtKind::TypeAlias(_)
        | StmtKind::Pass
        | StmtKind::Break
        | StmtKind::Continue
        | StmtKind::Invalid => {}
    }
}

fn target(place: &Target, names: &mut BTreeSet<Name>) {
    match place {
        Target::Name(..) | Target::Invalid(_) => {}
        Target::Attribute(object, ..) => expr(object, names),
        Target::Subscript(object, index, _) => {
            expr(object, names);
            expr(index, names);
        }
        Target::Sequence(items, _) => items.iter().for_each(|item| target(item, names)),
        Target::Star(inner, _) => target(inner, names),
    }
}

fn pattern(pattern_: &Pattern, names: &mut BTreeSet<Name>) {
    match pattern_ {
        Pattern::Value(value) | Pattern::Singleton(value) => expr(value, names),
        Pattern::Sequence(items) | Pattern::Or(items) => {
            items.iter().for_each(|item| pattern(item, names));
        }
        Pattern::Mapping(items, _) => {
            for (key, item) in items {
                expr(key, names);
                pattern(item, names);
            }
        }
        Pattern::Class(class, positional, keywords) => {
            expr(class, names);
            positional.iter().for_each(|item| pattern(item, names));
            keywords.iter().for_each(|(_, item)| pattern(item, names));
        }
        Pattern::As(inner, _) => inner.iter().for_each(|inner| pattern(inner, names)),
        Pattern::Star(_) => {}
    }
}

/// A comprehension binds its targets for itself: they are not read from outside.
fn comprehension(parts: &[&Expr], clauses: &[Comprehension], names: &mut BTreeSet<Name>) {
    let mut read = BTreeSet::new();
    let mut bound = BTreeSet::new();
    for clause in clauses {
        expr(&clause.iterable, &mut read);
        target(&clause.target, &mut read);
        bind(&clause.target, &mut bound);
        clause.conditions.iter().for_each(|condition| expr(condition, &mut read));
    }
    parts.iter().for_each(|part| expr(part, &mut read));
    names.extend(read.into_iter().filter(|name| !bound.contains(name)));
}

fn bind(place: &Target, names: &mut BTreeSet<Name>) {
    match place {
        Target::Name(name, _) => {
            names.insert(name.clone());
        }
        Target::Sequence(items, _) => items.iter().for_each(|item| bind(item, names)),
        Target::Star(inner, _) => bind(inner, names),
        Target::Attribute(..) | Target::Subscript(..) | Target::Invalid(_) => {}
    }
}

fn fstring(parts: &[FPart], names: &mut BTreeSet<Name>) {
    for part in parts {
        if let FPart::Value { value, spec, .. } = part {
            expr(value, names);
            fstring(spec, names);
        }
    }
}

pub(super) fn expr(value: &Expr, names: &mut BTreeSet<Name>) {
    match &value.kind {
        ExprKind::Name(name) => {
            names.insert(name.clone());
        }
        ExprKind::FString(parts) => fstring(parts, names),
        ExprKind::Attribute(object, _) => expr(object, names),
        ExprKind::Subscript(object, index) => {
            expr(object, names);
            expr(index, names);
        }
        ExprKind::Slice(start, stop, step) => {
            start.iter().chain(stop).chain(step).for_each(|part| expr(part, names));
        }
        ExprKind::Call(call) => {
            expr(&call.function, names);
            call.args.iter().for_each(|arg| expr(arg, names));
            call.keywords.iter().for_each(|keyword| expr(&keyword.value, names));
        }
        ExprKind::List(items)
        | ExprKind::Tuple(items)
        | ExprKind::Set(items)
        | ExprKind::And(items)
        | ExprKind::Or(items) => items.iter().for_each(|item| expr(item, names)),
        ExprKind::Dict(entries) => {
            for (key, item) in entries {
                key.iter().for_each(|key| expr(key, names));
                expr(item, names);
            }
        }
        ExprKind::Starred(inner)
        | ExprKind::Unary(_, inner)
        | ExprKind::Walrus(_, inner)
        | ExprKind::YieldFrom(inner)
        | ExprKind::Await(inner) => expr(inner, names),
        ExprKind::Yield(inner) => inner.iter().for_each(|inner| expr(inner, names)),
        ExprKind::Binary(left, _, right) => {
            expr(left, names);
            expr(right, names);
        }
        ExprKind::Compare(first, rest) => {
            expr(first, names);
            rest.iter().for_each(|(_, item)| expr(item, names));
        }
        ExprKind::IfElse(test, then, orelse) => {
            expr(test, names);
            expr(then, names);
            expr(orelse, names);
        }
        ExprKind::Lambda(function) => free_into(function, names),
        ExprKind::ListComp(element, clauses) | ExprKind::SetComp(element, clauses) => {
            comprehension(&[element], clauses, names)
        }
        ExprKind::Generator(made) => comprehension(&[&made.element], &made.clauses, names),
        ExprKind::DictComp(key, item, clauses) => comprehension(&[key, item], clauses, names),
        ExprKind::None
        | ExprKind::Bool(_)
        | ExprKind::Int(_)
        | ExprKind::BigInt(_)
        | ExprKind::Float(_)
        | ExprKind::Complex(_)
        | ExprKind::Str(_)
        | ExprKind::Bytes(_)
        | ExprKind::Ellipsis
        | ExprKind::Invalid => {}
    }
}
