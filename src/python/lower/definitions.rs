//! Functions, lambdas and classes.

use std::collections::HashSet;
use std::sync::Arc;

use rustpython_ast as py;
use rustpython_text_size::Ranged;

use super::Lower;
use super::scopes::Kind;
use crate::python::Span;
use crate::python::ast::{
    Class, Expr, ExprKind, Function, Name, Parameter, Parameters, Stmt, StmtKind,
};

impl Lower<'_> {
    /// `def`: decorators, defaults and annotations belong to the scope around.
    pub(super) fn function(&mut self, node: py::StmtFunctionDef) -> Arc<Function> {
        let span = self.span(node.range);
        let def_span = self.after_decorators(span, &node.decorator_list);
        let decorators = self.decorators(node.decorator_list);
        let type_params = self.type_params(node.type_params);
        let parameters = self.parameters(*node.parameters);
        let returns = self.optional(node.returns);
        let name = self.identifier(&node.name);
        self.scopes.bind(&name);
        self.scopes.open(Kind::Function);
        self.bind_parameters(&parameters);
        let body = self.body(node.body);
        let closed = self.scopes.close();
        Arc::new(Function {
            name,
            type_params,
            decorators,
            parameters,
            returns,
            docstring: docstring(&body),
            body,
            is_generator: closed.is_generator,
            is_async: node.is_async,
            locals: closed.locals,
            span,
            def_span,
        })
    }

    pub(super) fn lambda(&mut self, node: py::ExprLambda) -> Arc<Function> {
        let span = self.span(node.range);
        let parameters = match node.parameters {
            Some(parameters) => self.parameters(*parameters),
            None => Parameters::default(),
        };
        self.scopes.open(Kind::Function);
        self.bind_parameters(&parameters);
        let value = self.expr(*node.body);
        let closed = self.scopes.close();
        let returned = Stmt { span: value.span, kind: StmtKind::Return(Some(value)) };
        Arc::new(Function {
            name: self.name("<lambda>"),
            type_params: Vec::new(),
            decorators: Vec::new(),
            parameters,
            returns: None,
            body: vec![returned],
            is_generator: closed.is_generator,
            is_async: false,
            locals: closed.locals,
            docstring: None,
            span,
            def_span: span,
        })
    }

    /// `class`: decorators, bases and keywords belong to the scope around.
    pub(super) fn class(&mut self, node: py::StmtClassDef) -> Arc<Class> {
        let span = self.span(node.range);
        let decorators = self.decorators(node.decorator_list);
        let written = self.name(&node.name);
        let name = self.identifier(&node.name);
        let type_params = self.type_params(node.type_params);
        let (bases, keywords) = match node.arguments {
            Some(arguments) => self.arguments(*arguments),
            None => (Vec::new(), Vec::new()),
        };
        self.scopes.bind(&name);
        self.scopes.open(Kind::Class);
        self.classes.push(written);
        let body = self.body(node.body);
        self.classes.pop();
        self.scopes.close();
        let docstring = docstring(&body);
        Arc::new(Class { name, type_params, decorators, bases, keywords, body, docstring, span })
    }

    fn decorators(&mut self, decorators: Vec<py::Decorator>) -> Vec<Expr> {
        decorators.into_iter().map(|decorator| self.expr(decorator.expression)).collect()
    }

    /// The names of `[T, *Ts, **P]`. Bounds and defaults matter to type checkers only.
    fn type_params(&mut self, params: Option<Box<py::TypeParams>>) -> Vec<Name> {
        let params = params.map(|params| params.type_params).unwrap_or_default();
        params.iter().map(|param| self.identifier(param.name())).collect()
    }

    fn parameters(&mut self, node: py::Parameters) -> Parameters {
        let mut seen = HashSet::new();
        for parameter in node.iter() {
            let name = parameter.name();
            if !seen.insert(name.as_str()) {
                let message = format!("duplicate argument '{name}' in function definition");
                let span = self.span_of(name);
                self.refused(span, message);
            }
        }
        Parameters {
            positional_only: self.parameter_list(node.posonlyargs),
            positional: self.parameter_list(node.args),
            vararg: node.vararg.map(|parameter| self.starred_parameter(*parameter)),
            keyword_only: self.parameter_list(node.kwonlyargs),
            kwarg: node.kwarg.map(|parameter| self.starred_parameter(*parameter)),
        }
    }

    fn parameter_list(&mut self, parameters: Vec<py::ParameterWithDefault>) -> Vec<Parameter> {
        let mut lowered = Vec::with_capacity(parameters.len());
        for parameter in parameters {
            let span = self.span_of(&parameter);
            let annotation = self.optional(parameter.parameter.annotation);
            let default = self.optional(parameter.default);
            let name = self.identifier(&parameter.parameter.name);
            lowered.push(Parameter { name, default, annotation, span });
        }
        lowered
    }

    /// The annotation of `*args` says nothing the evaluator could use, but a `:=` in it would bind.
    fn starred_parameter(&mut self, parameter: py::Parameter) -> Name {
        self.optional(parameter.annotation);
        self.identifier(&parameter.name)
    }

    fn bind_parameters(&mut self, parameters: &Parameters) {
        let listed =
            [&parameters.positional_only, &parameters.positional, &parameters.keyword_only];
        let names = listed.into_iter().flatten().map(|parameter| &parameter.name);
        for name in names.chain(&parameters.vararg).chain(&parameters.kwarg) {
            self.scopes.bind(name);
        }
    }

    /// The span of a definition from `def` on.
    fn after_decorators(&self, span: Span, decorators: &[py::Decorator]) -> Span {
        let Some(last) = decorators.last() else { return span };
        let mut start = u32::from(last.range().end());
        let rest = self.text.source.slice(Span { start, ..span });
        for line in rest.split_inclusive(['\n', '\r']) {
            let code = line.trim_start();
            if !code.is_empty() && !code.starts_with(['#', '\\']) {
                start += u32::try_from(line.len() - code.len()).unwrap_or(0);
                return Span { start, ..span };
            }
            start += u32::try_from(line.len()).unwrap_or(0);
        }
        span
    }
}

/// The text of a first statement that is nothing but a string.
fn docstring(body: &[Stmt]) -> Option<Name> {
    match &body.first()?.kind {
        StmtKind::Expr(Expr { kind: ExprKind::Str(text), .. }) => Some(text.clone()),
        _ => None,
    }
}
