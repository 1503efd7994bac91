//! `+` and `-` on dates, which the template engine does not know.
//!
//! `{{ data_interval_start + macros.timedelta(days=1) }}` is rewritten to a call before it is compiled. The places come from
//! the engine's own syntax tree, so texts, comments and other operators stay as they are.

use minijinja::machinery::ast::{BinOpKind, Expr, Stmt};
use minijinja::machinery::parse;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{Environment, Error, State};

use super::moment::{self, Delta, Moment};

/// What is put into the text: at an offset, instead of so many bytes.
type Edit = (usize, usize, &'static str);

/// Rewrites the operators of a template.
pub(super) fn rewrite(text: &str) -> Result<String, Error> {
    let tree = parse(text, "<template>", SyntaxConfig::default())?;
    let mut edits = Vec::new();
    statement(&tree, text, &mut edits);
    // From the end, so that offsets stay true; at one place the outer call opens before the inner.
    edits.sort_by_key(|(at, length, _)| (std::cmp::Reverse(*at), *length));
    let mut out = text.to_owned();
    for (at, length, with) in edits {
        if out.is_char_boundary(at) && out.is_char_boundary(at + length) {
            out.replace_range(at..at + length, with);
        }
    }
    Ok(out)
}

fn statement(statement_: &Stmt<'_>, text: &str, edits: &mut Vec<Edit>) {
    let mut all = |list: &[Stmt<'_>]| list.iter().for_each(|it| statement(it, text, edits));
    match statement_ {
        Stmt::Template(it) => all(&it.children),
        Stmt::ForLoop(it) => {
            all(&it.body);
            all(&it.else_body);
            expression(&it.iter, text, edits);
            it.filter_expr.iter().for_each(|it| expression(it, text, edits));
        }
        Stmt::IfCond(it) => {
            all(&it.true_body);
            all(&it.false_body);
            expression(&it.expr, text, edits);
        }
        Stmt::WithBlock(it) => {
            all(&it.body);
            it.assignments.iter().for_each(|(_, value)| expression(value, text, edits));
        }
        Stmt::Set(it) => expression(&it.expr, text, edits),
        Stmt::SetBlock(it) => all(&it.body),
        Stmt::AutoEscape(it) => all(&it.body),
        Stmt::FilterBlock(it) => all(&it.body),
        Stmt::Macro(it) => all(&it.body),
        Stmt::EmitExpr(it) => expression(&it.expr, text, edits),
        _ => {}
    }
}

fn expression(expr: &Expr<'_>, text: &str, edits: &mut Vec<Edit>) {
    use minijinja::machinery::ast::CallArg;
    let mut all = |list: &[Expr<'_>]| list.iter().for_each(|it| expression(it, text, edits));
    let args = |list: &[CallArg<'_>], edits: &mut Vec<Edit>| {
        for arg in list {
            match arg {
                CallArg::Pos(it)
                | CallArg::Kwarg(_, it)
                | CallArg::PosSplat(it)
                | CallArg::KwargSplat(it) => {
                    expression(it, text, edits);
                }
            }
        }
    };
    match expr {
        Expr::BinOp(it) => {
            let function = match it.op {
                BinOpKind::Add => "__add(",
                BinOpKind::Sub => "__sub(",
                _ => "",
            };
            if !function.is_empty() {
                let span = it.span();
                let (from, to) =
                    (it.left.span().end_offset as usize, it.right.span().start_offset as usize);
                let sign = if function == "__add(" { '+' } else { '-' };
                if let Some(at) = text.get(from..to).and_then(|between| between.find(sign)) {
                    edits.push((span.start_offset as usize, 0, function));
                    edits.push((from + at, 1, ","));
                    edits.push((span.end_offset as usize, 0, ")"));
                }
            }
            expression(&it.left, text, edits);
            expression(&it.right, text, edits);
        }
        Expr::Slice(it) => {
            expression(&it.expr, text, edits);
            [&it.start, &it.stop, &it.step]
                .into_iter()
                .flatten()
                .for_each(|it| expression(it, text, edits));
        }
        Expr::UnaryOp(it) => expression(&it.expr, text, edits),
        Expr::Compare(it) => {
            expression(&it.expr, text, edits);
            it.ops.iter().for_each(|operand| expression(&operand.expr, text, edits));
        }
        Expr::IfExpr(it) => {
            expression(&it.test_expr, text, edits);
            expression(&it.true_expr, text, edits);
            it.false_expr.iter().for_each(|it| expression(it, text, edits));
        }
        Expr::Filter(it) => {
            it.expr.iter().for_each(|it| expression(it, text, edits));
            args(&it.args, edits);
        }
        Expr::Test(it) => {
            expression(&it.expr, text, edits);
            args(&it.args, edits);
        }
        Expr::GetAttr(it) => expression(&it.expr, text, edits),
        Expr::GetItem(it) => {
            expression(&it.expr, text, edits);
            expression(&it.subscript_expr, text, edits);
        }
        Expr::Call(it) => {
            expression(&it.expr, text, edits);
            args(&it.args, edits);
        }
        Expr::List(it) => all(&it.items),
        Expr::Tuple(it) => all(&it.items),
        Expr::Map(it) => {
            all(&it.keys);
            all(&it.values);
        }
        Expr::Var(_) | Expr::Const(_) => {}
    }
}

/// Adds the functions that rewritten templates call.
pub(super) fn install(environment: &mut Environment<'_>) {
    environment.add_function("__add", |state: &mut State<'_, '_>, a: Value, b: Value| {
        if let (Some(a), Some(b)) =
            (a.downcast_object_ref::<Moment>(), b.downcast_object_ref::<Delta>())
        {
            return a.plus(b.0);
        }
        if let (Some(a), Some(b)) =
            (a.downcast_object_ref::<Delta>(), b.downcast_object_ref::<Moment>())
        {
            return b.plus(a.0);
        }
        if let (Some(a), Some(b)) =
            (a.downcast_object_ref::<Delta>(), b.downcast_object_ref::<Delta>())
        {
            return moment::delta(a.0.plus(b.0));
        }
        plain(state, "a + b", a, b)
    });
    environment.add_function("__sub", |state: &mut State<'_, '_>, a: Value, b: Value| {
        if let (Some(a), Some(b)) =
            (a.downcast_object_ref::<Moment>(), b.downcast_object_ref::<Delta>())
        {
            return a.plus(-b.0);
        }
        if let (Some(a), Some(b)) =
            (a.downcast_object_ref::<Moment>(), b.downcast_object_ref::<Moment>())
        {
            return a.since(b);
        }
        if let (Some(a), Some(b)) =
            (a.downcast_object_ref::<Delta>(), b.downcast_object_ref::<Delta>())
        {
            return moment::delta(a.0.minus(b.0));
        }
        plain(state, "a - b", a, b)
    });
}

/// The engine's own operator.
fn plain(
    state: &mut State<'_, '_>,
    operator: &'static str,
    a: Value,
    b: Value,
) -> Result<Value, Error> {
    // Undefined operands are refused here as they are by the operator itself.
    state.env().compile_expression(operator)?.eval(minijinja::context! { a, b })
}
