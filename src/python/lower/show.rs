//! Prints the tree compactly, for tests: `x = f(1)` is `(= x (call f 1))`.

use crate::python::ast::*;

/// A module, one statement per line.
pub(crate) fn module(module: &Module) -> String {
    module.body.iter().map(stmt).collect::<Vec<_>>().join("\n")
}

fn list<T>(items: &[T], show: impl Fn(&T) -> String) -> String {
    items.iter().map(|item| format!(" {}", show(item))).collect()
}

fn block(body: &[Stmt]) -> String {
    format!("{{{}}}", body.iter().map(stmt).collect::<Vec<_>>().join("; "))
}

fn maybe(value: Option<&Expr>) -> String {
    value.map_or("_".to_owned(), expr)
}

fn name(name: &Option<Name>) -> &str {
    name.as_deref().unwrap_or("_")
}

/// A statement.
pub(crate) fn stmt(stmt: &Stmt) -> String {
    match &stmt.kind {
        StmtKind::Expr(value) => expr(value),
        StmtKind::Assign(targets, value) => format!("(={} {})", list(targets, target), expr(value)),
        StmtKind::AnnAssign(place, annotation, value) => {
            format!("(: {} {} {})", target(place), expr(annotation), maybe(value.as_ref()))
        }
        StmtKind::AugAssign(place, op, value) => {
            format!("({}= {} {})", op.symbol(), target(place), expr(value))
        }
        StmtKind::Delete(targets) => format!("(del{})", list(targets, target)),
        StmtKind::If(test, body, orelse) => {
            format!("(if {} {} {})", expr(test), block(body), block(orelse))
        }
        StmtKind::While(test, body, orelse) => {
            format!("(while {} {} {})", expr(test), block(body), block(orelse))
        }
        StmtKind::For(place, iterable, body, orelse) => {
            format!("(for {} {} {} {})", target(place), expr(iterable), block(body), block(orelse))
        }
        StmtKind::With(items, body) => {
            let show = |(context, place): &(Expr, Option<Target>)| {
                format!("[{} {}]", expr(context), place.as_ref().map_or("_".to_owned(), target))
            };
            format!("(with{} {})", list(items, show), block(body))
        }
        StmtKind::Function(function) => self::function(function),
        StmtKind::Class(class) => self::class(class),
        StmtKind::Return(value) => format!("(return {})", maybe(value.as_ref())),
        StmtKind::Raise(exception, cause) => {
            format!("(raise {} {})", maybe(exception.as_ref()), maybe(cause.as_ref()))
        }
        StmtKind::Try(node) => {
            let handler = |handler: &Handler| {
                let kind = maybe(handler.kind.as_ref());
                format!("(except {kind} {} {})", name(&handler.name), block(&handler.body))
            };
            format!(
                "(try {}{} {} {})",
                block(&node.body),
                list(&node.handlers, handler),
                block(&node.orelse),
                block(&node.finalbody)
            )
        }
        StmtKind::Assert(test, message) => {
            format!("(assert {} {})", expr(test), maybe(message.as_ref()))
        }
        StmtKind::Import(names) => {
            format!("(import{})", list(names, |(from, to)| format!("[{from} {}]", name(to))))
        }
        StmtKind::ImportFrom { module, level, names } => format!(
            "(from {level} {}{})",
            name(module),
            list(names, |(from, to, _)| format!("[{from} {}]", name(to)))
        ),
        StmtKind::Global(names) => format!("(global{})", list(names, Name::to_string)),
        StmtKind::Nonlocal(names) => format!("(nonlocal{})", list(names, Name::to_string)),
        StmtKind::Match(subject, cases) => {
            let case = |case: &MatchCase| {
                let guard = maybe(case.guard.as_ref());
                format!("(case {} {guard} {})", pattern(&case.pattern), block(&case.body))
            };
            format!("(match {}{})", expr(subject), list(cases, case))
        }
        StmtKind::TypeAlias(name) => format!("(type {name})"),
        StmtKind::Pass => "pass".to_owned(),
        StmtKind::Break => "break".to_owned(),
        StmtKind::Continue => "continue".to_owned(),
        StmtKind::Invalid => "invalid".to_owned(),
    }
}

fn function(function: &Function) -> String {
    format!(
        "({}{} {}{}{} {}{} {} locals({}))",
        if function.is_async { "async-" } else { "" },
        if function.is_generator { "gen" } else { "def" },
        function.name,
        type_params(&function.type_params),
        list(&function.decorators, |decorator| format!("@{}", expr(decorator))),
        parameters(&function.parameters),
        function.returns.as_ref().map(|value| format!(" -> {}", expr(value))).unwrap_or_default(),
        block(&function.body),
        function.locals.join(" ")
    )
}

fn class(class: &Class) -> String {
    format!(
        "(class {}{}{} ({} ) {})",
        class.name,
        type_params(&class.type_params),
        list(&class.decorators, |decorator| format!("@{}", expr(decorator))),
        list(&class.bases, expr) + &list(&class.keywords, keyword),
        block(&class.body)
    )
}

fn type_params(names: &[Name]) -> String {
    if names.is_empty() { String::new() } else { format!("<{}>", names.join(" ")) }
}

fn parameters(parameters: &Parameters) -> String {
    let one = |parameter: &Parameter| {
        let default = parameter.default.as_ref();
        let annotation = parameter.annotation.as_ref();
        format!(
            "{}{}{}",
            parameter.name,
            annotation.map(|value| format!(":{}", expr(value))).unwrap_or_default(),
            default.map(|value| format!("={}", expr(value))).unwrap_or_default()
        )
    };
    let star = |prefix: &str, name: &Option<Name>| {
        name.as_ref().map(|name| format!(" {prefix}{name}")).unwrap_or_default()
    };
    format!(
        "({} /{}{} *{}{} )",
        list(&parameters.positional_only, one),
        list(&parameters.positional, one),
        star("*", &parameters.vararg),
        list(&parameters.keyword_only, one),
        star("**", &parameters.kwarg)
    )
}

fn keyword(keyword: &Keyword) -> String {
    match &keyword.name {
        Some(name) => format!("{name}={}", expr(&keyword.value)),
        None => format!("**{}", expr(&keyword.value)),
    }
}

/// A target.
fn target(target: &Target) -> String {
    match target {
        Target::Name(name, _) => name.to_string(),
        Target::Attribute(value, name, _) => format!("(. {} {name})", expr(value)),
        Target::Subscript(value, index, _) => format!("(at {} {})", expr(value), expr(index)),
        Target::Sequence(targets, _) => format!("[{} ]", list(targets, self::target)),
        Target::Star(inner, _) => format!("*{}", self::target(inner)),
        Target::Invalid(_) => "invalid".to_owned(),
    }
}

fn pattern(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Value(value) => expr(value),
        Pattern::Singleton(value) => format!("(is {})", expr(value)),
        Pattern::Sequence(patterns) => format!("[{} ]", list(patterns, self::pattern)),
        Pattern::Star(capture) => format!("*{}", name(capture)),
        Pattern::Mapping(items, rest) => {
            let item =
                |(key, value): &(Expr, Pattern)| format!("{}: {}", expr(key), self::pattern(value));
            format!("{{{} **{}}}", list(items, item), name(rest))
        }
        Pattern::Class(class, positional, keywords) => format!(
            "(class {}{}{})",
            expr(class),
            list(positional, self::pattern),
            list(keywords, |(name, value)| format!("{name}={}", self::pattern(value)))
        ),
        Pattern::As(inner, capture) => {
            let inner = inner.as_ref().map_or("_".to_owned(), |inner| self::pattern(inner));
            format!("(as {inner} {})", name(capture))
        }
        Pattern::Or(patterns) => format!("(or{})", list(patterns, self::pattern)),
    }
}

/// An expression.
pub(crate) fn expr(value: &Expr) -> String {
    match &value.kind {
        ExprKind::None => "None".to_owned(),
        ExprKind::Bool(true) => "True".to_owned(),
        ExprKind::Bool(false) => "False".to_owned(),
        ExprKind::Int(value) => value.to_string(),
        ExprKind::BigInt(digits) => digits.to_string(),
        ExprKind::Float(value) => format!("{value:?}"),
        ExprKind::Complex(value) => format!("{value:?}j"),
        ExprKind::Str(text) => quoted(text),
        ExprKind::Bytes(bytes) => {
            format!("b\"{}\"", bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        }
        ExprKind::Ellipsis => "...".to_owned(),
        ExprKind::FString(parts) => fstring(parts),
        ExprKind::Name(name) => name.to_string(),
        ExprKind::Attribute(value, name) => format!("(. {} {name})", expr(value)),
        ExprKind::Subscript(value, index) => format!("(at {} {})", expr(value), expr(index)),
        ExprKind::Slice(lower, upper, step) => format!(
            "(slice {} {} {})",
            maybe(lower.as_deref()),
            maybe(upper.as_deref()),
            maybe(step.as_deref())
        ),
        ExprKind::Call(call) => format!(
            "(call {}{}{})",
            expr(&call.function),
            list(&call.args, expr),
            list(&call.keywords, keyword)
        ),
        ExprKind::List(items) => format!("(list{})", list(items, expr)),
        ExprKind::Tuple(items) => format!("(tuple{})", list(items, expr)),
        ExprKind::Set(items) => format!("(set{})", list(items, expr)),
        ExprKind::Dict(items) => {
            let item = |(key, value): &(Option<Expr>, Expr)| match key {
                Some(key) => format!("{}: {}", expr(key), expr(value)),
                None => format!("**{}", expr(value)),
            };
            format!("(dict{})", list(items, item))
        }
        ExprKind::Starred(value) => format!("*{}", expr(value)),
        ExprKind::Unary(op, value) => {
            let op = match op {
                UnaryOp::Not => "not",
                UnaryOp::Minus => "neg",
                UnaryOp::Plus => "pos",
                UnaryOp::Invert => "~",
            };
            format!("({op} {})", expr(value))
        }
        ExprKind::Binary(left, op, right) => {
            format!("({} {} {})", op.symbol(), expr(left), expr(right))
        }
        ExprKind::And(values) => format!("(and{})", list(values, expr)),
        ExprKind::Or(values) => format!("(or{})", list(values, expr)),
        ExprKind::Compare(left, rest) => format!(
            "(compare {}{})",
            expr(left),
            list(rest, |(op, right)| format!("{} {}", compare(*op), expr(right)))
        ),
        ExprKind::IfElse(test, body, orelse) => {
            format!("(ifelse {} {} {})", expr(test), expr(body), expr(orelse))
        }
        ExprKind::Lambda(function) => self::function(function),
        ExprKind::Walrus(name, value) => format!("(:= {name} {})", expr(value)),
        ExprKind::ListComp(element, parts) => comprehension("listcomp", &expr(element), parts),
        ExprKind::SetComp(element, parts) => comprehension("setcomp", &expr(element), parts),
        ExprKind::Generator(made) => {
            comprehension("generator", &expr(&made.element), &made.clauses)
        }
        ExprKind::DictComp(key, value, parts) => {
            comprehension("dictcomp", &format!("{}: {}", expr(key), expr(value)), parts)
        }
        ExprKind::Yield(value) => format!("(yield {})", maybe(value.as_deref())),
        ExprKind::YieldFrom(value) => format!("(yield-from {})", expr(value)),
        ExprKind::Await(value) => format!("(await {})", expr(value)),
        ExprKind::Invalid => "invalid".to_owned(),
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            ' '..='~' => quoted.push(character),
            _ => quoted.push_str(&format!("\\{{{:x}}}", u32::from(character))),
        }
    }
    quoted + "\""
}

fn fstring(parts: &[FPart]) -> String {
    let part = |part: &FPart| match part {
        FPart::Literal(text) => quoted(text),
        FPart::Value { value, conversion, spec, debug } => format!(
            "{{{}{}{}{}}}",
            debug.as_ref().map(|text| format!("{} ", quoted(text))).unwrap_or_default(),
            expr(value),
            conversion.map(|conversion| format!(" !{conversion}")).unwrap_or_default(),
            if spec.is_empty() { String::new() } else { format!(" :{}", fstring(spec)) }
        ),
    };
    format!("(f{})", list(parts, part))
}

fn comprehension(kind: &str, element: &str, parts: &[Comprehension]) -> String {
    let part = |part: &Comprehension| {
        let place = target(&part.target);
        format!("(for {place} {}{})", expr(&part.iterable), list(&part.conditions, expr))
    };
    format!("({kind} {element}{})", list(parts, part))
}

fn compare(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "==",
        CompareOp::NotEq => "!=",
        CompareOp::Lt => "<",
        CompareOp::LtE => "<=",
        CompareOp::Gt => ">",
        CompareOp::GtE => ">=",
        CompareOp::Is => "is",
        CompareOp::IsNot => "is-not",
        CompareOp::In => "in",
        CompareOp::NotIn => "not-in",
    }
}
