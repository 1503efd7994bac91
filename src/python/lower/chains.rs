//! Chains: `a + b + c`, `a.b.c`, `f(x)(y)`, `a[b][c]` and their mixtures.
//!
//! They lean to the left, so a sum of a thousand terms is a tree a thousand levels deep. The links are
//! collected in a loop and built again from the innermost, in the order in which Python evaluates them.

use rustpython_ast as py;
use rustpython_text_size::{Ranged, TextRange};

use super::{Lower, MAX_DEPTH};
use crate::python::Span;
use crate::python::ast::{BinaryOp, Call, Expr, ExprKind, Keyword};

/// A link with all of its expression but the one it continues.
enum Link {
    Binary(py::Operator, py::Expr),
    Attribute(py::Identifier),
    Call(py::Arguments),
    Subscript(py::Expr),
}

impl Lower<'_> {
    /// Whether an expression continues another one.
    pub(super) fn is_chain(expr: &py::Expr) -> bool {
        matches!(
            expr,
            py::Expr::BinOp(_)
                | py::Expr::Attribute(_)
                | py::Expr::Call(_)
                | py::Expr::Subscript(_)
        )
    }

    /// Lowers an expression for which [`Self::is_chain`] holds. What lies beyond the depth bound is the
    /// innermost part, so that part becomes invalid and the outer links stay.
    pub(super) fn chain(&mut self, expr: py::Expr) -> Expr {
        let mut links: Vec<(Link, TextRange)> = Vec::new();
        let mut rest = expr;
        let mut beyond = None;
        loop {
            let range = rest.range();
            if self.depth + links.len() >= MAX_DEPTH {
                beyond.get_or_insert(range);
            }
            let (link, inner) = match rest {
                py::Expr::BinOp(node) => (Link::Binary(node.op, *node.right), node.left),
                py::Expr::Attribute(node) => (Link::Attribute(node.attr), node.value),
                py::Expr::Call(node) => (Link::Call(node.arguments), node.func),
                py::Expr::Subscript(node) => (Link::Subscript(*node.slice), node.value),
                other => {
                    rest = other;
                    break;
                }
            };
            if beyond.is_none() {
                links.push((link, range));
            }
            rest = *inner;
        }
        let count = links.len();
        self.depth += count;
        let mut value = match beyond {
            Some(range) => {
                let span = self.span(range);
                self.too_deep(span);
                Self::invalid(span)
            }
            None => self.expr(rest),
        };
        for (link, range) in links.into_iter().rev() {
            let span = self.span(range);
            value = self.link(value, link, span);
            self.depth = self.depth.saturating_sub(1);
        }
        value
    }

    fn link(&mut self, value: Expr, link: Link, span: Span) -> Expr {
        let kind = match link {
            Link::Binary(op, right) => {
                let right = self.expr(right);
                ExprKind::Binary(Box::new(value), binary_op(op), Box::new(right))
            }
            Link::Attribute(name) if name.is_valid() => {
                let name = self.identifier(&name);
                ExprKind::Attribute(Box::new(value), name)
            }
            Link::Attribute(_) => ExprKind::Invalid,
            Link::Call(arguments) => {
                let (args, keywords) = self.arguments(arguments);
                ExprKind::Call(Box::new(Call { function: value, args, keywords }))
            }
            Link::Subscript(slice) => {
                let slice = self.expr(slice);
                ExprKind::Subscript(Box::new(value), Box::new(slice))
            }
        };
        Expr { kind, span }
    }

    /// Arguments of a call or of a class.
    pub(super) fn arguments(&mut self, arguments: py::Arguments) -> (Vec<Expr>, Vec<Keyword>) {
        let args = self.exprs(arguments.args.into_vec());
        let mut keywords = Vec::with_capacity(arguments.keywords.len());
        for keyword in arguments.keywords.into_vec() {
            let span = self.span_of(&keyword);
            // A keyword whose name could not be read would look like `**value`.
            let readable = keyword.arg.as_ref().is_none_or(py::Identifier::is_valid);
            // Keywords are not subject to the spelling of private names.
            let name = keyword.arg.map(|name| self.name(&name));
            let mut value = self.expr(keyword.value);
            if !readable {
                value.kind = ExprKind::Invalid;
            }
            keywords.push(Keyword { name: name.filter(|_| readable), value, span });
        }
        (args, keywords)
    }
}

/// The operator in podlift's tree.
pub(super) fn binary_op(op: py::Operator) -> BinaryOp {
    match op {
        py::Operator::Add => BinaryOp::Add,
        py::Operator::Sub => BinaryOp::Sub,
        py::Operator::Mult => BinaryOp::Mul,
        py::Operator::MatMult => BinaryOp::MatMul,
        py::Operator::Div => BinaryOp::Div,
        py::Operator::Mod => BinaryOp::Mod,
        py::Operator::Pow => BinaryOp::Pow,
        py::Operator::LShift => BinaryOp::LShift,
        py::Operator::RShift => BinaryOp::RShift,
        py::Operator::BitOr => BinaryOp::BitOr,
        py::Operator::BitXor => BinaryOp::BitXor,
        py::Operator::BitAnd => BinaryOp::BitAnd,
        py::Operator::FloorDiv => BinaryOp::FloorDiv,
    }
}
