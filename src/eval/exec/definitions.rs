//! Functions and decorators.

use std::rc::Rc;
use std::sync::Arc;

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{FunctionObject, Map, Object, Val};
use crate::python::Span;
use crate::python::ast::{Expr, Function, Name};

impl Interp<'_> {
    /// Applies decorators from the bottom up.
    pub(crate) fn decorate(&mut self, val: Val, decorators: &[Expr], span: Span) -> Res {
        let mut val = val;
        let mut evaluated = Vec::new();
        for decorator in decorators {
            evaluated.push((self.eval(decorator)?, decorator.span));
        }
        while let Some((decorator, at)) = evaluated.pop() {
            let args = Args::positional(vec![val.clone()]);
            let inner = val;
            let is_unknown = self.unknown(&decorator).is_some();
            val = self.call(&decorator, args, at)?.at(span);
            if let (true, Some(hole)) = (is_unknown, val.hole()) {
                let hole = Arc::clone(hole);
                // The function is followed where its name is called, not as one that escaped.
                self.escaped.retain(|(other, ..)| other.as_obj() != inner.as_obj());
                self.wrapped.push((hole, inner));
            }
        }
        Ok(val)
    }

    /// Calls what an unknown decorator made of a function. Most decorators call what they decorate, some change its
    /// arguments or its result.
    pub(crate) fn call_wrapped(
        &mut self,
        function: &Val,
        inner: &Val,
        args: &Args,
        span: Span,
    ) -> Res {
        // Arguments that do not fit are for the decorator.
        if let Some(Object::Function(inner)) = inner.as_obj().map(|id| self.heap.copy(id))
            && self.bind_parameters(&inner, args.clone(), span).is_err()
        {
            self.may_raise(function, span);
            return Ok(self.derived(&[function], span));
        }
        let cond = self.condition_at(function.span.or(span), function);
        self.conditions.push(cond);
        let result = self.call(inner, args.clone(), span);
        self.conditions.pop();
        let val = result?;
        Ok(if self.is_task(&val) { val } else { self.derived(&[function, &val], span) })
    }

    /// Whether it is a task, and not only something that may be one.
    pub(crate) fn is_task(&self, val: &Val) -> bool {
        val.as_obj().is_some_and(|id| matches!(self.heap.get(id), Object::Task(_)))
    }

    /// `def`: evaluates the defaults and closes over the scopes around it.
    pub(crate) fn make_function(&mut self, def: &Arc<Function>) -> Res {
        let mut defaults = Map::default();
        let parameters = &def.parameters;
        let all = parameters
            .positional_only
            .iter()
            .chain(&parameters.positional)
            .chain(&parameters.keyword_only);
        for parameter in all {
            if let Some(default) = &parameter.default {
                let val = self.eval(default)?;
                defaults.insert(parameter.name.clone(), val);
            }
        }
        let Some(frame) = self.frame() else { return Ok(Val::none(def.span)) };
        let mut closure: Vec<_> = frame.closure.to_vec();
        // Names of a class body are not visible in its functions, nor are module names closed over:
        // those are found through `globals`.
        if !frame.is_class && frame.scope != frame.globals {
            closure.insert(0, frame.scope);
        }
        let function = FunctionObject {
            def: Arc::clone(def),
            name: Name::from(format!("{}.{}", frame.module, def.name)),
            qualname: Name::from(format!("{}{}", frame.qualifier, def.name)),
            globals: frame.globals,
            closure: closure.into(),
            class: None,
            defaults: Rc::new(defaults),
            attrs: Map::default(),
        };
        Ok(self.heap.val(Object::Function(Rc::new(function)), def.span))
    }
}
