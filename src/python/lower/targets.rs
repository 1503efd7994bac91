//! Targets: what stands left of `=`, after `for`, `as` and `del`.

use rustpython_ast as py;

use super::Lower;
use crate::python::ast::Target;

impl Lower<'_> {
    /// A target that binds its names in the current scope.
    pub(super) fn target(&mut self, expr: py::Expr) -> Target {
        let span = self.span_of(&expr);
        if !self.enter(span) {
            return Target::Invalid(span);
        }
        let target = match expr {
            py::Expr::Name(name) if name.id.is_empty() => Target::Invalid(span),
            py::Expr::Name(name) => {
                let name = self.identifier(&name.id);
                self.scopes.bind(&name);
                Target::Name(name, span)
            }
            py::Expr::Attribute(attribute) if attribute.attr.is_valid() => {
                let value = self.expr(*attribute.value);
                let name = self.identifier(&attribute.attr);
                Target::Attribute(value, name, span)
            }
            py::Expr::Subscript(subscript) => {
                let value = self.expr(*subscript.value);
                let index = self.expr(*subscript.slice);
                Target::Subscript(value, index, span)
            }
            py::Expr::Tuple(tuple) => Target::Sequence(self.targets(tuple.elts), span),
            py::Expr::List(list) => Target::Sequence(self.targets(list.elts), span),
            py::Expr::Starred(starred) => Target::Star(Box::new(self.target(*starred.value)), span),
            _ => Target::Invalid(span),
        };
        self.leave();
        target
    }

    /// Several targets in order.
    pub(super) fn targets(&mut self, exprs: Vec<py::Expr>) -> Vec<Target> {
        exprs.into_iter().map(|expr| self.target(expr)).collect()
    }
}
