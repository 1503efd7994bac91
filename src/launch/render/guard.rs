//! The syntax tree of a template with calls put in: to the operators that the engine lacks (dates) or that make new
//! texts, and to what weighs values that are passed on.

use minijinja::machinery::Span;
use minijinja::machinery::ast::{
    AutoEscape, BinOp, BinOpKind, Block, Call, CallArg, CallBlock, Compare, CompareOp, Const, Do,
    EmitExpr, EmitRaw, Expr, Filter, FilterBlock, ForLoop, GetAttr, GetItem, IfCond, IfExpr, List,
    Macro, Map, Set, SetBlock, Slice, Spanned, Stmt, Template, Test, Tuple, UnaryOp, UnaryOpKind,
    Var, WithBlock,
};

use super::refuse;

/// The function that weighs a value.
pub(super) const HELD: &str = "__held";
/// `+`.
pub(super) const ADD: &str = "__add";
/// `-`.
pub(super) const SUB: &str = "__sub";
/// `*`.
pub(super) const MUL: &str = "__mul";
/// `~`.
pub(super) const CONCAT: &str = "__concat";

type Res<T> = Result<T, minijinja::Error>;

/// The same statement with guards.
pub(super) fn statement<'a>(it: &Stmt<'a>) -> Res<Stmt<'a>> {
    Ok(match it {
        Stmt::Template(it) => {
            Stmt::Template(Spanned::new(Template { children: all(&it.children)? }, it.span()))
        }
        // What is printed is weighed by the formatter.
        Stmt::EmitExpr(it) => {
            Stmt::EmitExpr(Spanned::new(EmitExpr { expr: inner(&it.expr) }, it.span()))
        }
        Stmt::EmitRaw(it) => Stmt::EmitRaw(Spanned::new(EmitRaw { raw: it.raw }, it.span())),
        Stmt::ForLoop(it) => {
            let node = ForLoop {
                target: inner(&it.target),
                iter: held(&it.iter),
                filter_expr: it.filter_expr.as_ref().map(inner),
                recursive: it.recursive,
                body: all(&it.body)?,
                else_body: all(&it.else_body)?,
            };
            Stmt::ForLoop(Spanned::new(node, it.span()))
        }
        Stmt::IfCond(it) => {
            let node = IfCond {
                expr: inner(&it.expr),
                true_body: all(&it.true_body)?,
                false_body: all(&it.false_body)?,
            };
            Stmt::IfCond(Spanned::new(node, it.span()))
        }
        Stmt::WithBlock(it) => {
            let pairs = it.assignments.iter();
            let node = WithBlock {
                assignments: pairs.map(|(name, value)| (inner(name), held(value))).collect(),
                body: all(&it.body)?,
            };
            Stmt::WithBlock(Spanned::new(node, it.span()))
        }
        Stmt::Set(it) => {
            let node = Set { target: inner(&it.target), expr: held(&it.expr) };
            Stmt::Set(Spanned::new(node, it.span()))
        }
        Stmt::SetBlock(it) => {
            let node = SetBlock {
                target: inner(&it.target),
                filter: it.filter.as_ref().map(inner),
                body: all(&it.body)?,
            };
            Stmt::SetBlock(Spanned::new(node, it.span()))
        }
        Stmt::AutoEscape(it) => {
            let node = AutoEscape { enabled: inner(&it.enabled), body: all(&it.body)? };
            Stmt::AutoEscape(Spanned::new(node, it.span()))
        }
        Stmt::FilterBlock(it) => {
            let node = FilterBlock { filter: inner(&it.filter), body: all(&it.body)? };
            Stmt::FilterBlock(Spanned::new(node, it.span()))
        }
        Stmt::Block(it) => {
            let node = Block { name: it.name, required: it.required, body: all(&it.body)? };
            Stmt::Block(Spanned::new(node, it.span()))
        }
        Stmt::Macro(it) => Stmt::Macro(Spanned::new(macro_(it)?, it.span())),
        Stmt::CallBlock(it) => {
            let node = CallBlock {
                call: Spanned::new(call(&it.call), it.call.span()),
                macro_decl: Spanned::new(macro_(&it.macro_decl)?, it.macro_decl.span()),
            };
            Stmt::CallBlock(Spanned::new(node, it.span()))
        }
        Stmt::Do(it) => {
            let node = Do { call: Spanned::new(call(&it.call), it.call.span()) };
            Stmt::Do(Spanned::new(node, it.span()))
        }
        _ => return Err(refuse("templates cannot read other templates here")),
    })
}

fn all<'a>(list: &[Stmt<'a>]) -> Res<Vec<Stmt<'a>>> {
    list.iter().map(statement).collect()
}

fn macro_<'a>(it: &Macro<'a>) -> Res<Macro<'a>> {
    Ok(Macro {
        name: it.name,
        args: it.args.iter().map(inner).collect(),
        defaults: it.defaults.iter().map(held).collect(),
        body: all(&it.body)?,
    })
}

fn call<'a>(it: &Call<'a>) -> Call<'a> {
    Call { expr: inner(&it.expr), args: arguments(&it.args) }
}

fn arguments<'a>(args: &[CallArg<'a>]) -> Vec<CallArg<'a>> {
    let one = |arg: &CallArg<'a>| match arg {
        CallArg::Pos(it) => CallArg::Pos(held(it)),
        CallArg::Kwarg(name, it) => CallArg::Kwarg(name, held(it)),
        CallArg::PosSplat(it) => CallArg::PosSplat(held(it)),
        CallArg::KwargSplat(it) => CallArg::KwargSplat(held(it)),
    };
    args.iter().map(one).collect()
}

/// A call of a function with values.
fn calling<'a>(function: &'static str, values: Vec<Expr<'a>>, span: Span) -> Expr<'a> {
    let expr = Expr::Var(Spanned::new(Var { id: function }, span));
    let args = values.into_iter().map(CallArg::Pos).collect();
    Expr::Call(Spanned::new(Call { expr, args }, span))
}

/// An expression whose value is weighed.
fn held<'a>(expr: &Expr<'a>) -> Expr<'a> {
    match expr {
        // The text of the template has a bound of its own.
        Expr::Const(_) => inner(expr),
        _ => calling(HELD, vec![inner(expr)], expr.span()),
    }
}

/// An expression with guards inside.
fn inner<'a>(expr: &Expr<'a>) -> Expr<'a> {
    let span = expr.span();
    let list = |items: &[Expr<'a>]| items.iter().map(inner).collect::<Vec<_>>();
    match expr {
        Expr::Var(it) => Expr::Var(Spanned::new(Var { id: it.id }, span)),
        Expr::Const(it) => Expr::Const(Spanned::new(Const { value: it.value.clone() }, span)),
        Expr::Slice(it) => {
            let part = |part: &Option<Expr<'a>>| part.as_ref().map(inner);
            let node = Slice {
                expr: inner(&it.expr),
                start: part(&it.start),
                stop: part(&it.stop),
                step: part(&it.step),
            };
            calling(HELD, vec![Expr::Slice(Spanned::new(node, span))], span)
        }
        Expr::UnaryOp(it) => {
            // It can be neither copied nor cloned.
            let op = match &it.op {
                UnaryOpKind::Not => UnaryOpKind::Not,
                UnaryOpKind::Neg => UnaryOpKind::Neg,
            };
            Expr::UnaryOp(Spanned::new(UnaryOp { op, expr: inner(&it.expr) }, span))
        }
        Expr::BinOp(it) => binary(it, span),
        Expr::Compare(it) => {
            let ops = it.ops.iter().map(|one| CompareOp { op: one.op, expr: held(&one.expr) });
            let node = Compare { expr: held(&it.expr), ops: ops.collect() };
            Expr::Compare(Spanned::new(node, span))
        }
        Expr::IfExpr(it) => {
            let node = IfExpr {
                test_expr: inner(&it.test_expr),
                true_expr: inner(&it.true_expr),
                false_expr: it.false_expr.as_ref().map(inner),
            };
            Expr::IfExpr(Spanned::new(node, span))
        }
        Expr::Filter(it) => {
            let node = Filter {
                name: it.name,
                expr: it.expr.as_ref().map(held),
                args: arguments(&it.args),
            };
            Expr::Filter(Spanned::new(node, span))
        }
        Expr::Test(it) => {
            let node = Test { name: it.name, expr: held(&it.expr), args: arguments(&it.args) };
            Expr::Test(Spanned::new(node, span))
        }
        Expr::GetAttr(it) => {
            Expr::GetAttr(Spanned::new(GetAttr { expr: inner(&it.expr), name: it.name }, span))
        }
        Expr::GetItem(it) => {
            let node = GetItem { expr: inner(&it.expr), subscript_expr: inner(&it.subscript_expr) };
            Expr::GetItem(Spanned::new(node, span))
        }
        Expr::Call(it) => Expr::Call(Spanned::new(call(it), span)),
        Expr::List(it) => Expr::List(Spanned::new(List { items: list(&it.items) }, span)),
        Expr::Tuple(it) => Expr::Tuple(Spanned::new(Tuple { items: list(&it.items) }, span)),
        Expr::Map(it) => {
            let node = Map { keys: list(&it.keys), values: list(&it.values) };
            Expr::Map(Spanned::new(node, span))
        }
    }
}

fn binary<'a>(it: &BinOp<'a>, span: Span) -> Expr<'a> {
    let function = match it.op {
        BinOpKind::Add => ADD,
        BinOpKind::Sub => SUB,
        BinOpKind::Mul => MUL,
        BinOpKind::Concat => CONCAT,
        BinOpKind::ScAnd | BinOpKind::ScOr => {
            let node = BinOp { op: it.op, left: inner(&it.left), right: inner(&it.right) };
            return Expr::BinOp(Spanned::new(node, span));
        }
        _ => {
            let node = BinOp { op: it.op, left: held(&it.left), right: held(&it.right) };
            return Expr::BinOp(Spanned::new(node, span));
        }
    };
    calling(function, vec![inner(&it.left), inner(&it.right)], span)
}
