//! `contextlib`: what `with` does with its managers.

use crate::eval::branch::Flow;
use crate::eval::call::Args;
use crate::eval::generator::Input;
use crate::eval::interp::{Interp, Raised, Res};
use crate::eval::lazy::Next;
use crate::eval::object::{Data, Map, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;

/// A function under `@contextlib.contextmanager`.
pub(crate) const MANAGER_FUNCTION: &str = "contextlib.contextmanager";
/// What calling such a function gives.
pub(crate) const GENERATOR_MANAGER: &str = "contextlib._GeneratorContextManager";

/// A stack of managers.
pub(crate) const EXIT_STACK: &str = "contextlib.ExitStack";

impl Interp<'_> {
    /// A function under `@contextlib.contextmanager` called.
    pub(crate) fn call_manager_function(&mut self, function: &Val, args: Args, span: Span) -> Res {
        let mut attrs = Map::default();
        if !args.is_open() && args.doubtful.is_empty() {
            // As a decorator it is made anew for each call.
            let kw = args.kw.iter().map(|(name, given)| (name.clone(), given.val.clone()));
            let again = Object::Partial(function.clone(), args.pos.clone(), kw.collect());
            attrs.insert(Name::from("again"), self.heap.val(again, span));
        }
        let generator = self.call(function, args, span)?;
        if self.unknown(&generator).is_some() {
            return Ok(generator);
        }
        attrs.insert(Name::from("generator"), generator);
        Ok(self.heap.val(Object::Record(GENERATOR_MANAGER.into(), attrs), span))
    }

    fn manager_part(&self, manager: &Val, name: &str) -> Option<Val> {
        match self.heap.get(manager.as_obj()?) {
            Object::Record(_, attrs) => attrs.get(name).cloned(),
            _ => None,
        }
    }

    /// `__enter__` of a manager of the library.
    pub(crate) fn enter_library(&mut self, manager: &Val, class: &Name, span: Span) -> Res {
        match class.as_ref() {
            GENERATOR_MANAGER => {
                let Some(generator) = self.manager_part(manager, "generator") else {
                    return Ok(manager.clone());
                };
                match self.next_item(&generator, span)? {
                    Next::Item(val) | Next::Open(val) => Ok(val),
                    Next::End(_) => {
                        Err(self.exception("RuntimeError", "generator didn't yield", span))
                    }
                }
            }
            "contextlib.nullcontext" => {
                Ok(self.manager_part(manager, "enter_result").unwrap_or_else(|| Val::none(span)))
            }
            "contextlib.suppress" => Ok(Val::none(span)),
            "contextlib.closing" => {
                Ok(self.manager_part(manager, "thing").unwrap_or_else(|| Val::none(span)))
            }
            _ => Ok(manager.clone()),
        }
    }

    /// `__exit__` of a manager of the library: whether it swallows what was raised in the body.
    pub(crate) fn leave_library(
        &mut self,
        manager: &Val,
        class: &Name,
        raised: Option<&Val>,
        span: Span,
    ) -> Res<bool> {
        match class.as_ref() {
            GENERATOR_MANAGER => {
                let Some(generator) = self.manager_part(manager, "generator") else {
                    return Ok(false);
                };
                self.leave_generator(&generator, raised, span)
            }
            "contextlib.suppress" => match (raised, self.manager_part(manager, "kinds")) {
                (Some(val), Some(kinds)) => Ok(self.exception_matches(val, &kinds)),
                _ => Ok(false),
            },
            "contextlib.closing" => match self.manager_part(manager, "thing") {
                Some(thing) => {
                    let close = self.attribute(&thing, &Name::from("close"), span)?;
                    self.call(&close, Args::default(), span).map(|_| false)
                }
                None => Ok(false),
            },
            EXIT_STACK => self.leave_stack(manager, raised, span),
            _ => Ok(false),
        }
    }

    fn leave_generator(&mut self, generator: &Val, raised: Option<&Val>, span: Span) -> Res<bool> {
        let Some(raised) = raised else {
            return match self.next_item(generator, span)? {
                Next::Item(_) => Err(self.exception("RuntimeError", "generator didn't stop", span)),
                Next::End(_) | Next::Open(_) => Ok(false),
            };
        };
        match self.wake_iterator(generator, Input::Throw(raised.clone()), span) {
            Ok(Next::End(_)) => Ok(true),
            Ok(Next::Open(_)) => Ok(false),
            Ok(Next::Item(_)) => {
                let message = "generator didn't stop after throw()";
                Err(self.exception("RuntimeError", message, span))
            }
            // The same exception goes on by itself.
            Err(Raised::Exception(val)) if val.as_obj() == raised.as_obj() => Ok(false),
            Err(raised) => Err(raised),
        }
    }

    /// A method of `contextlib.ExitStack`; its entries are pairs of a manager and `None`, or a function
    /// and its arguments.
    pub(crate) fn call_exit_stack(
        &mut self,
        stack: &Val,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        let first = args.pos.first();
        Some(match (name, first) {
            ("enter_context", Some(manager)) => {
                let manager = manager.clone();
                self.enter(&manager, span).inspect(|_| {
                    let entry = vec![manager.clone(), Val::none(span)];
                    self.push_entry(stack, Val::tuple(entry, span));
                })
            }
            ("callback", Some(function)) => {
                let function = function.clone();
                let pos = args.pos.iter().skip(1).cloned().collect();
                let kw =
                    args.kw.iter().map(|(name, kwarg)| (name.clone(), kwarg.val.clone())).collect();
                let call = self.heap.val(Object::Partial(function.clone(), pos, kw), span);
                let entry = vec![Val::none(span), call];
                self.push_entry(stack, Val::tuple(entry, span));
                Ok(function)
            }
            ("close", None) => self.leave_stack(stack, None, span).map(|_| Val::none(span)),
            ("__enter__", None) => Ok(stack.clone()),
            _ => return None,
        })
    }

    fn push_entry(&mut self, stack: &Val, entry: Val) {
        let Some(id) = stack.as_obj() else { return };
        if let Object::Record(_, attrs) = self.heap.get_mut(id) {
            let number = attrs.len();
            attrs.insert(Name::from(number.to_string()), entry);
        }
    }

    /// A callback that was registered under a condition.
    fn perhaps_called(&mut self, entry: &Val, span: Span) {
        let cond = self.condition_at(span, entry);
        for candidate in self.candidates_of(entry) {
            if let Data::Tuple(parts) = &candidate.data
                && let [_, call] = parts.as_ref()
                && !call.is_none()
            {
                let mut called = |this: &mut Self| match this.call(call, Args::default(), span) {
                    Ok(_) => Flow::Normal,
                    Err(raised) => raised.into(),
                };
                self.both(&cond, &mut called, &mut |_| Flow::Normal);
            }
        }
    }

    fn leave_stack(&mut self, stack: &Val, raised: Option<&Val>, span: Span) -> Res<bool> {
        let Some(id) = stack.as_obj() else { return Ok(false) };
        let entries: Vec<Val> = match self.heap.get_mut(id) {
            Object::Record(_, attrs) => std::mem::take(attrs).into_values().collect(),
            _ => return Ok(false),
        };
        let mut flow = raised.map_or(Flow::Normal, |val| Flow::Raise(val.clone()));
        for entry in entries.into_iter().rev() {
            let Data::Tuple(parts) = &entry.data else {
                self.perhaps_called(&entry, span);
                continue;
            };
            flow = match parts.as_ref() {
                [manager, call] if call.is_none() => self.leave_with(manager, flow, span),
                [_, call] => match self.call(call, Args::default(), span) {
                    Ok(_) => flow,
                    Err(raised) => raised.into(),
                },
                _ => flow,
            };
        }
        match flow {
            Flow::Raise(val) if raised.and_then(Val::as_obj) != val.as_obj() => {
                Err(Raised::Exception(val))
            }
            Flow::Raise(_) => Ok(false),
            Flow::Stop => Err(Raised::Stop),
            _ => Ok(raised.is_some()),
        }
    }
}
