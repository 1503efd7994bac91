//! Patterns of `match`.

use rustpython_ast as py;

use super::Lower;
use crate::python::ast::{Expr, ExprKind, Name, Pattern};

impl Lower<'_> {
    /// A pattern that binds its names in the current scope.
    pub(super) fn pattern(&mut self, pattern: py::Pattern) -> Pattern {
        let span = self.span_of(&pattern);
        if !self.enter(span) {
            return Pattern::Value(Self::invalid(span));
        }
        let lowered = match pattern {
            py::Pattern::MatchValue(node) => Pattern::Value(self.expr(*node.value)),
            py::Pattern::MatchSingleton(node) => {
                let kind = match node.value {
                    py::Singleton::None => ExprKind::None,
                    py::Singleton::True => ExprKind::Bool(true),
                    py::Singleton::False => ExprKind::Bool(false),
                };
                Pattern::Singleton(Expr { kind, span })
            }
            py::Pattern::MatchSequence(node) => Pattern::Sequence(self.patterns(node.patterns)),
            py::Pattern::MatchStar(node) => Pattern::Star(self.capture(node.name)),
            py::Pattern::MatchMapping(node) => self.mapping(node),
            py::Pattern::MatchClass(node) => self.class_pattern(node),
            py::Pattern::MatchAs(node) => {
                let inner = node.pattern.map(|inner| Box::new(self.pattern(*inner)));
                Pattern::As(inner, self.capture(node.name))
            }
            py::Pattern::MatchOr(node) => Pattern::Or(self.patterns(node.patterns)),
        };
        self.leave();
        lowered
    }

    fn patterns(&mut self, patterns: Vec<py::Pattern>) -> Vec<Pattern> {
        patterns.into_iter().map(|pattern| self.pattern(pattern)).collect()
    }

    fn mapping(&mut self, node: py::PatternMatchMapping) -> Pattern {
        let mut items = Vec::with_capacity(node.keys.len());
        for (key, pattern) in node.keys.into_iter().zip(node.patterns) {
            let key = self.expr(key);
            items.push((key, self.pattern(pattern)));
        }
        Pattern::Mapping(items, self.capture(node.rest))
    }

    fn class_pattern(&mut self, node: py::PatternMatchClass) -> Pattern {
        let class = self.expr(*node.cls);
        let positional = self.patterns(node.arguments.patterns);
        let mut keywords = Vec::with_capacity(node.arguments.keywords.len());
        for keyword in node.arguments.keywords {
            let name = self.identifier(&keyword.attr);
            keywords.push((name, self.pattern(keyword.pattern)));
        }
        Pattern::Class(class, positional, keywords)
    }

    fn capture(&mut self, name: Option<py::Identifier>) -> Option<Name> {
        let name = self.identifier(&name?);
        self.scopes.bind(&name);
        Some(name)
    }
}
