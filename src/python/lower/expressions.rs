//! Expressions. Each kind has its own small function, which keeps the stack of the recursion low.

use std::sync::Arc;

use rustpython_ast as py;

use super::Lower;
use super::scopes::Kind;
use crate::python::Span;
use crate::python::ast::{CompareOp, Comprehension, Expr, ExprKind, GeneratorExpr, UnaryOp};

impl Lower<'_> {
    /// One expression; beyond the nesting bound an invalid one.
    pub(super) fn expr(&mut self, expr: py::Expr) -> Expr {
        let span = self.span_of(&expr);
        if !self.enter(span) {
            return Self::invalid(span);
        }
        let lowered = if Self::is_chain(&expr) {
            self.chain(expr)
        } else if is_literal(&expr) && self.broken.touches(&expr) {
            Self::invalid(span)
        } else {
            Expr { kind: self.kind(expr, span), span }
        };
        self.leave();
        lowered
    }

    /// Expressions in order.
    pub(super) fn exprs(&mut self, exprs: Vec<py::Expr>) -> Vec<Expr> {
        exprs.into_iter().map(|expr| self.expr(expr)).collect()
    }

    pub(super) fn boxed(&mut self, expr: py::Expr) -> Box<Expr> {
        Box::new(self.expr(expr))
    }

    pub(super) fn optional(&mut self, expr: Option<Box<py::Expr>>) -> Option<Expr> {
        expr.map(|expr| self.expr(*expr))
    }

    fn kind(&mut self, expr: py::Expr, span: Span) -> ExprKind {
        match expr {
            py::Expr::NoneLiteral(_) => ExprKind::None,
            py::Expr::BooleanLiteral(node) => ExprKind::Bool(node.value),
            py::Expr::EllipsisLiteral(_) => ExprKind::Ellipsis,
            py::Expr::NumberLiteral(node) => self.number(&node.value, span),
            py::Expr::StringLiteral(node) => self.string(&node, span),
            py::Expr::BytesLiteral(node) => Self::bytes(&node),
            py::Expr::FString(node) => self.fstring(node, span),
            py::Expr::TString(_) => self.tstring(span),
            py::Expr::Name(node) if node.id.is_empty() => ExprKind::Invalid,
            py::Expr::Name(node) => ExprKind::Name(self.identifier(&node.id)),
            py::Expr::List(node) => ExprKind::List(self.exprs(node.elts)),
            py::Expr::Tuple(node) => ExprKind::Tuple(self.exprs(node.elts)),
            py::Expr::Set(node) => ExprKind::Set(self.exprs(node.elts)),
            py::Expr::Dict(node) => self.dict(node),
            py::Expr::Starred(node) => ExprKind::Starred(self.boxed(*node.value)),
            py::Expr::Slice(node) => self.slice(node),
            py::Expr::UnaryOp(node) => {
                ExprKind::Unary(unary_op(node.op), self.boxed(*node.operand))
            }
            py::Expr::BoolOp(node) => self.bool_op(node),
            py::Expr::Compare(node) => self.compare(node),
            py::Expr::If(node) => self.if_else(node),
            py::Expr::Lambda(node) => ExprKind::Lambda(self.lambda(node)),
            py::Expr::Named(node) => self.walrus(node),
            py::Expr::ListComp(node) => {
                let (element, parts) = self.comprehension(*node.elt, node.generators);
                ExprKind::ListComp(element, parts)
            }
            py::Expr::SetComp(node) => {
                let (element, parts) = self.comprehension(*node.elt, node.generators);
                ExprKind::SetComp(element, parts)
            }
            py::Expr::Generator(node) => {
                let (element, clauses) = self.comprehension(*node.elt, node.generators);
                ExprKind::Generator(Arc::new(GeneratorExpr { element: *element, clauses }))
            }
            py::Expr::DictComp(node) => self.dict_comprehension(node),
            py::Expr::Yield(node) => {
                self.note_yield(span);
                ExprKind::Yield(node.value.map(|value| self.boxed(*value)))
            }
            py::Expr::YieldFrom(node) => {
                self.note_yield(span);
                ExprKind::YieldFrom(self.boxed(*node.value))
            }
            py::Expr::Await(node) => ExprKind::Await(self.boxed(*node.value)),
            // Notebook commands are no Python.
            py::Expr::IpyEscapeCommand(_) => ExprKind::Invalid,
            // Handled by `chain`.
            py::Expr::BinOp(_)
            | py::Expr::Attribute(_)
            | py::Expr::Call(_)
            | py::Expr::Subscript(_) => ExprKind::Invalid,
        }
    }

    fn dict(&mut self, node: py::ExprDict) -> ExprKind {
        let mut items = Vec::with_capacity(node.items.len());
        for item in node.items {
            let key = item.key.map(|key| self.expr(key));
            items.push((key, self.expr(item.value)));
        }
        ExprKind::Dict(items)
    }

    fn slice(&mut self, node: py::ExprSlice) -> ExprKind {
        let lower = node.lower.map(|bound| self.boxed(*bound));
        let upper = node.upper.map(|bound| self.boxed(*bound));
        let step = node.step.map(|bound| self.boxed(*bound));
        ExprKind::Slice(lower, upper, step)
    }

    fn bool_op(&mut self, node: py::ExprBoolOp) -> ExprKind {
        let values = self.exprs(node.values);
        match node.op {
            py::BoolOp::And => ExprKind::And(values),
            py::BoolOp::Or => ExprKind::Or(values),
        }
    }

    fn compare(&mut self, node: py::ExprCompare) -> ExprKind {
        let left = self.boxed(*node.left);
        let operators = node.ops.iter().copied().map(compare_op);
        let rest = operators.zip(self.exprs(node.comparators.into_vec())).collect();
        ExprKind::Compare(left, rest)
    }

    fn if_else(&mut self, node: py::ExprIf) -> ExprKind {
        let test = self.boxed(*node.test);
        let body = self.boxed(*node.body);
        let orelse = self.boxed(*node.orelse);
        ExprKind::IfElse(test, body, orelse)
    }

    fn walrus(&mut self, node: py::ExprNamed) -> ExprKind {
        let value = self.boxed(*node.value);
        match *node.target {
            py::Expr::Name(target) if !target.id.is_empty() => {
                let name = self.identifier(&target.id);
                self.scopes.bind_walrus(&name);
                ExprKind::Walrus(name, value)
            }
            _ => ExprKind::Invalid,
        }
    }

    fn comprehension(
        &mut self,
        element: py::Expr,
        generators: Vec<py::Comprehension>,
    ) -> (Box<Expr>, Vec<Comprehension>) {
        self.scopes.open(Kind::Comprehension);
        let parts = self.comprehension_parts(generators);
        let element = Box::new(self.expr(element));
        self.scopes.close();
        (element, parts)
    }

    fn dict_comprehension(&mut self, node: py::ExprDictComp) -> ExprKind {
        self.scopes.open(Kind::Comprehension);
        let parts = self.comprehension_parts(node.generators);
        let key = self.boxed(*node.key);
        let value = self.boxed(*node.value);
        self.scopes.close();
        ExprKind::DictComp(key, value, parts)
    }

    fn comprehension_parts(&mut self, generators: Vec<py::Comprehension>) -> Vec<Comprehension> {
        let mut parts = Vec::with_capacity(generators.len());
        for generator in generators {
            let iterable = self.expr(generator.iter);
            let target = self.target(generator.target);
            let conditions = self.exprs(generator.ifs);
            parts.push(Comprehension { target, iterable, conditions });
        }
        parts
    }

    fn note_yield(&mut self, span: Span) {
        if !self.scopes.note_yield() {
            self.refused(span, "'yield' outside function");
        }
    }
}

/// Whether an expression is one token, or one string, so that an error within it leaves nothing of it.
fn is_literal(expr: &py::Expr) -> bool {
    expr.is_literal_expr() || matches!(expr, py::Expr::FString(_) | py::Expr::TString(_))
}

fn unary_op(op: py::UnaryOp) -> UnaryOp {
    match op {
        py::UnaryOp::Invert => UnaryOp::Invert,
        py::UnaryOp::Not => UnaryOp::Not,
        py::UnaryOp::UAdd => UnaryOp::Plus,
        py::UnaryOp::USub => UnaryOp::Minus,
    }
}

fn compare_op(op: py::CmpOp) -> CompareOp {
    match op {
        py::CmpOp::Eq => CompareOp::Eq,
        py::CmpOp::NotEq => CompareOp::NotEq,
        py::CmpOp::Lt => CompareOp::Lt,
        py::CmpOp::LtE => CompareOp::LtE,
        py::CmpOp::Gt => CompareOp::Gt,
        py::CmpOp::GtE => CompareOp::GtE,
        py::CmpOp::Is => CompareOp::Is,
        py::CmpOp::IsNot => CompareOp::IsNot,
        py::CmpOp::In => CompareOp::In,
        py::CmpOp::NotIn => CompareOp::NotIn,
    }
}
