//! What is called in other ways than by its name: functions that choose by the class of their argument, methods with
//! arguments filled in, functions under a context manager, and those that an executor or a thread runs.

use std::rc::Rc;

use super::functional::CACHED_FUNCTION;
use super::managers::{GENERATOR_MANAGER, MANAGER_FUNCTION};
use crate::eval::HoleKind;
use crate::eval::bounds::CALLS_TOO_DEEP;
use crate::eval::branch::Flow;
use crate::eval::call::{Args, Kwarg};
use crate::eval::interp::{Interp, Raised, Res};
use crate::eval::object::{Data, Map, ObjId, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;

/// A function under `functools.singledispatch`, with those it chooses from as pairs of a class and a function.
pub(crate) const DISPATCHED: &str = "functools.singledispatch";
/// A method under `functools.singledispatchmethod`.
pub(crate) const DISPATCHED_METHOD: &str = "functools.singledispatchmethod";
/// A `functools.partialmethod`.
pub(crate) const PARTIAL_METHOD: &str = "functools.partialmethod";
/// A function under a manager that is used as a decorator.
const DECORATED: &str = "contextlib.ContextDecorator.function";
/// An executor of `concurrent.futures`: everything is run where it is handed over.
const EXECUTOR: &str = "concurrent.futures.Executor";
const FUTURE: &str = "concurrent.futures.Future";
const THREAD: &str = "threading.Thread";

/// Methods of the records that are made here.
pub(crate) fn methods_of(class: &str) -> Option<&'static [&'static str]> {
    Some(match class {
        DISPATCHED | DISPATCHED_METHOD => &["register", "dispatch"],
        EXECUTOR => &["submit", "map", "shutdown"],
        FUTURE => &["result", "exception", "done", "running", "cancelled", "add_done_callback"],
        THREAD => &["start", "run", "join"],
        _ => return None,
    })
}

/// Whether a record in a class is a method of it.
pub(crate) fn is_method(class: &str) -> bool {
    matches!(
        class,
        MANAGER_FUNCTION
            | CACHED_FUNCTION
            | DISPATCHED
            | DISPATCHED_METHOD
            | PARTIAL_METHOD
            | DECORATED
    )
}

impl Interp<'_> {
    /// A call that calls another at once: how deep they may go is bounded as it is for functions.
    pub(crate) fn call_within(&mut self, span: Span, call: impl FnOnce(&mut Self) -> Res) -> Res {
        if self.depth >= self.settings.limits.depth {
            self.leave_unfinished(span);
            return Ok(self.limit_hole(span, "depth", CALLS_TOO_DEEP));
        }
        self.depth += 1;
        let result = call(self);
        self.depth -= 1;
        result
    }

    /// Calls a record that holds a function.
    pub(crate) fn call_record(
        &mut self,
        record: &Val,
        id: ObjId,
        (class, attrs): (&str, &Map<Name, Val>),
        args: Args,
        span: Span,
    ) -> Res {
        self.call_within(span, |this| this.call_held(record, id, (class, attrs), args, span))
    }

    fn call_held(
        &mut self,
        record: &Val,
        id: ObjId,
        (class, attrs): (&str, &Map<Name, Val>),
        args: Args,
        span: Span,
    ) -> Res {
        let Some(inner) = attrs.get("function") else {
            return match self.under_manager(record, &args, span) {
                Some(decorated) => Ok(decorated),
                None => self.call_unknown(record, &args, span),
            };
        };
        match class {
            MANAGER_FUNCTION => self.call_manager_function(inner, args, span),
            CACHED_FUNCTION => self.call_cached(id, inner, args, span),
            DISPATCHED => self.call_dispatched(attrs, inner, 0, args, span),
            DISPATCHED_METHOD => self.call_dispatched(attrs, inner, 1, args, span),
            PARTIAL_METHOD => {
                let (this, mut rest) = (args.pos.first().cloned(), args);
                let Some(this) = this else { return self.call(inner, rest, span) };
                rest.pos.remove(0);
                let partial = match inner.as_obj().map(|id| self.heap.copy(id)) {
                    Some(Object::Partial(function, pos, kw)) => {
                        let pos = std::iter::once(this).chain(pos).collect();
                        Object::Partial(function, pos, kw)
                    }
                    _ => return self.call_unknown(record, &rest, span),
                };
                let partial = self.heap.val(partial, span);
                self.call(&partial, rest, span)
            }
            DECORATED => self.call_under_manager(attrs, inner, args, span),
            _ => self.call_unknown(record, &args, span),
        }
    }

    /// `functools.singledispatch(function)` and its kin.
    pub(crate) fn make_holder(&mut self, class: &str, function: &Val, span: Span) -> Val {
        let mut attrs = Map::default();
        attrs.insert(Name::from("function"), function.clone());
        self.heap.val(Object::Record(class.into(), attrs), span)
    }

    /// `function.register(class, function)`, as a decorator or not.
    fn register(&mut self, holder: &Val, args: &Args, span: Span) -> Res {
        let Some(first) = args.get(0, "cls").cloned() else {
            return self
                .type_error("register() missing 1 required positional argument: 'cls'", span);
        };
        if let Some(function) = args.get(1, "func").cloned() {
            let pair = Val::tuple(vec![first, function.clone()], span);
            if let Some(Object::Record(_, attrs)) =
                holder.as_obj().map(|id| self.heap.resolve(id)).map(|id| self.heap.get_mut(id))
            {
                let number = attrs.len();
                attrs.insert(Name::from(number.to_string()), pair);
            }
            return Ok(function);
        }
        let function = match first.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Function(function)) => Some(Rc::clone(function)),
            _ => None,
        };
        let annotation = function.as_ref().map(|function| {
            let parameters = &function.def.parameters;
            let mut all = parameters.positional_only.iter().chain(&parameters.positional);
            all.find_map(|parameter| parameter.annotation.as_ref())
        });
        match annotation {
            Some(Some(annotation)) => {
                let class = self.eval(annotation)?;
                self.register(holder, &Args::positional(vec![class, first]), span)
            }
            Some(None) => {
                let message = "Invalid first argument to `register()`. Use either `@register(some_class)` \
                               or plain `@register` on an annotated function.";
                self.type_error(message, span)
            }
            None => {
                let apply = Val::symbol("functools.register()", span);
                let partial = Object::Partial(apply, vec![holder.clone(), first], Map::default());
                Ok(self.heap.val(partial, span))
            }
        }
    }

    /// `@function.register(class)` applied.
    pub(crate) fn apply_register(&mut self, args: &Args, span: Span) -> Option<Res> {
        let [holder, class, function] = args.pos.as_slice() else { return None };
        let args = Args::positional(vec![class.clone(), function.clone()]);
        Some(self.register(holder, &args, span))
    }

    /// Calls the function that the class of an argument chooses.
    fn call_dispatched(
        &mut self,
        attrs: &Map<Name, Val>,
        default: &Val,
        at: usize,
        args: Args,
        span: Span,
    ) -> Res {
        let Some(first) = args.pos.get(at).cloned() else {
            if args.is_open() {
                return self.call_one_of(attrs, &args, span);
            }
            return self.type_error(
                "a function that dispatches requires at least 1 positional argument",
                span,
            );
        };
        let class = self.class_of(&first);
        if self.is_open(&first) {
            return self.call_one_of(attrs, &args, span);
        }
        self.spend(attrs.len(), span)?;
        let mut best: Option<(Val, Val)> = None;
        for entry in attrs.values() {
            let Data::Tuple(pair) = &entry.data else { continue };
            let [kind, function] = pair.as_ref() else { continue };
            match self.is_subclass(&class, kind) {
                Some(true) => {}
                Some(false) => continue,
                None => return self.call_one_of(attrs, &args, span),
            }
            let is_closer = match &best {
                Some((other, _)) => self.is_subclass(kind, other),
                None => Some(true),
            };
            match is_closer {
                Some(true) => best = Some((kind.clone(), function.clone())),
                Some(false) => {}
                None => return self.call_one_of(attrs, &args, span),
            }
        }
        let chosen = best.map_or_else(|| default.clone(), |(_, function)| function);
        let chosen = self.unwrap_method(&chosen);
        self.call(&chosen, args, span)
    }

    /// Calls one of the functions of a record, nobody knows which.
    fn call_one_of(&mut self, attrs: &Map<Name, Val>, args: &Args, span: Span) -> Res {
        let functions: Vec<Val> = attrs
            .values()
            .map(|entry| match &entry.data {
                Data::Tuple(pair) => pair.get(1).unwrap_or(entry).clone(),
                _ => entry.clone(),
            })
            .collect();
        let by: Vec<&Val> = args.pos.iter().chain(&args.more_pos).collect();
        let chosen = self.derived(&by, span);
        self.only_calls(&chosen, functions);
        self.call(&chosen, args.clone(), span)
    }

    /// A manager used as a decorator: what it makes of a function.
    pub(crate) fn under_manager(&mut self, manager: &Val, args: &Args, span: Span) -> Option<Val> {
        let is_decorator = match self.heap.get(manager.as_obj()?) {
            Object::Record(class, _) => class.as_ref() == GENERATOR_MANAGER,
            Object::Instance(instance) => {
                let above = instance.class.as_obj().map(|id| self.mro(id)).unwrap_or_default();
                above.iter().any(|base| base.as_symbol() == Some("contextlib.ContextDecorator"))
                    && !matches!(self.class_lookup(&instance.class, "__call__"), Ok(Some(_)))
            }
            _ => false,
        };
        let [function] = args.pos.as_slice() else { return None };
        if !is_decorator || args.is_open() || !args.kw.is_empty() {
            return None;
        }
        let mut attrs = Map::default();
        attrs.insert(Name::from("function"), function.clone());
        attrs.insert(Name::from("manager"), manager.clone());
        Some(self.heap.val(Object::Record(DECORATED.into(), attrs), span))
    }

    fn call_under_manager(
        &mut self,
        attrs: &Map<Name, Val>,
        inner: &Val,
        args: Args,
        span: Span,
    ) -> Res {
        let Some(manager) = attrs.get("manager").cloned() else {
            return self.call(inner, args, span);
        };
        // A generator goes once; each call makes another.
        let again = match manager.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Record(_, parts)) => parts.get("again").cloned(),
            _ => None,
        };
        let manager = match again.and_then(|again| again.as_obj()).map(|id| self.heap.copy(id)) {
            Some(Object::Partial(function, pos, kw)) => {
                let partial = self.heap.val(Object::Partial(function, pos, kw), span);
                self.call_manager_function(&partial, Args::default(), span)?
            }
            _ => manager,
        };
        self.enter(&manager, span)?;
        let flow = match self.call(inner, args, span) {
            Ok(val) => Flow::Return(val),
            Err(raised) => raised.into(),
        };
        let flow = self.leave_with(&manager, flow, span);
        self.flow_value(flow, span)
    }

    /// `concurrent.futures` and `threading.Thread`.
    pub(crate) fn call_concurrent(&mut self, path: &str, args: &Args, span: Span) -> Option<Res> {
        let record = |this: &mut Self, class: &str, attrs| {
            Some(Ok(this.heap.val(Object::Record(class.into(), attrs), span)))
        };
        match path {
            "concurrent.futures.ThreadPoolExecutor" | "concurrent.futures.ProcessPoolExecutor" => {
                record(self, EXECUTOR, Map::default())
            }
            "concurrent.futures.as_completed" => Some(self.completed(args.pos.first()?, span)),
            "concurrent.futures.wait" => {
                let first = args.pos.first()?.clone();
                Some(self.call_builtin("set", &Args::positional(vec![first]), span)?.and_then(
                    |all| {
                        let none = self.call_builtin("set", &Args::default(), span);
                        let none = none.unwrap_or_else(|| Ok(Val::none(span)))?;
                        Ok(Val::tuple(vec![all, none], span))
                    },
                ))
            }
            THREAD if !args.is_open() => {
                let mut attrs = Map::default();
                for (at, name) in [(1, "target"), (3, "args"), (4, "kwargs")] {
                    if let Some(val) = args.get(at, name) {
                        attrs.insert(Name::from(name), val.clone());
                    }
                }
                record(self, THREAD, attrs)
            }
            _ => None,
        }
    }

    /// Futures in the order in which they are done, which nobody knows.
    fn completed(&mut self, futures: &Val, span: Span) -> Res {
        let Some(items) = self.iterate(futures, span)? else {
            return Ok(self.derived(&[futures], span));
        };
        let mut all = Map::default();
        for item in items {
            all.insert(self.key(&item, span)?, item);
        }
        let items = self.in_order(&all);
        Ok(self.heap.val(Object::Iterator(items, 0), span))
    }

    /// A method of a record that is made here.
    pub(crate) fn callable_method(
        &mut self,
        this: &Val,
        (class, attrs): (&str, &Map<Name, Val>),
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        Some(match (class, name) {
            (DISPATCHED | DISPATCHED_METHOD, "register") => self.register(this, args, span),
            (EXECUTOR, "shutdown") => Ok(Val::none(span)),
            (EXECUTOR, "map") => self.call_builtin("map", args, span)?.and_then(|lazy| {
                let list = self.call_builtin("list", &Args::positional(vec![lazy]), span);
                let list = list.unwrap_or_else(|| Ok(Val::none(span)))?;
                match self.unknown(&list) {
                    Some(unknown) => Ok(unknown),
                    None => Ok(self.iter_of(&list, span)?.unwrap_or(list)),
                }
            }),
            (EXECUTOR, "submit") => {
                let mut rest = args.clone();
                let function = rest.pos.first()?.clone();
                rest.pos.remove(0);
                let mut attrs = Map::default();
                match self.call(&function, rest, span) {
                    Ok(val) => attrs.insert(Name::from("value"), val),
                    Err(Raised::Exception(val)) => attrs.insert(Name::from("raised"), val),
                    Err(stop) => return Some(Err(stop)),
                };
                Ok(self.heap.val(Object::Record(FUTURE.into(), attrs), span))
            }
            (FUTURE, "result") => match (attrs.get("value"), attrs.get("raised")) {
                (Some(val), _) => Ok(val.clone()),
                (None, Some(raised)) => Err(Raised::Exception(raised.clone())),
                (None, None) => return None,
            },
            (FUTURE, "exception") => {
                Ok(attrs.get("raised").cloned().unwrap_or_else(|| Val::none(span)))
            }
            (FUTURE, "done") => Ok(Val::bool(true, span)),
            (FUTURE, "running" | "cancelled") => Ok(Val::bool(false, span)),
            (FUTURE, "add_done_callback") => {
                let callback = args.pos.first()?.clone();
                let given = Args::positional(vec![this.clone()]);
                self.call(&callback, given, span).map(|_| Val::none(span))
            }
            (THREAD, "join") => Ok(Val::none(span)),
            (THREAD, "start" | "run") => self.run_thread(attrs, span),
            _ => return None,
        })
    }

    fn run_thread(&mut self, attrs: &Map<Name, Val>, span: Span) -> Res {
        let Some(target) = attrs.get("target").filter(|target| !target.is_none()).cloned() else {
            return Ok(Val::none(span));
        };
        let empty = Val::tuple(Vec::new(), span);
        let given = attrs.get("args").cloned().unwrap_or(empty);
        let mut args = Args::default();
        match self.iterate(&given, span)? {
            Some(items) => args.pos = items,
            None => args.more_pos = Some(given),
        }
        if let Some(named) = attrs.get("kwargs").filter(|named| !named.is_none()).cloned() {
            match self.entries_of(&named) {
                Some(entries) => {
                    for (_, (name, val)) in entries {
                        if let Some(name) = name.as_str() {
                            let kwarg = Kwarg { val, span };
                            args.kw.insert(Name::from(name), kwarg);
                        }
                    }
                }
                None => args.more_kw = Some(named),
            }
        }
        match self.call(&target, args, span) {
            // What a thread raises is printed, and ends nothing but the thread.
            Ok(_) | Err(Raised::Exception(_)) => Ok(Val::none(span)),
            Err(stop) => Err(stop),
        }
    }

    /// Questions of `inspect` about what can be called.
    pub(crate) fn call_inspect(&mut self, path: &str, args: &Args, span: Span) -> Option<Res> {
        let val = args.pos.first()?.clone();
        let question = path.strip_prefix("inspect.")?;
        if question == "getmembers" {
            return self.members_of_object(&val, args.get(1, "predicate"), span).transpose();
        }
        if !matches!(question, "ismethod" | "isfunction" | "isclass" | "ismodule" | "isroutine") {
            return None;
        }
        if self.is_open(&val) {
            return Some(Ok(self.derived(&[&val], span)));
        }
        let object = val.as_obj().map(|id| self.heap.get(id));
        let is_function = match object {
            Some(Object::Function(_)) => true,
            Some(Object::Record(class, _)) => {
                matches!(class.as_ref(), MANAGER_FUNCTION | DISPATCHED | DECORATED)
            }
            _ => false,
        };
        let is_method = matches!(object, Some(Object::Bound(..)));
        let answer = match question {
            "ismethod" => is_method,
            "isfunction" => is_function,
            "isroutine" => {
                let is_builtin = matches!(val.data, Data::Method(_));
                is_method || is_function || is_builtin
            }
            "ismodule" => matches!(object, Some(Object::Module(_))),
            _ => {
                matches!(object, Some(Object::Class(..)))
                    || val.as_symbol().is_some_and(|path| self.is_class_symbol(path))
            }
        };
        Some(Ok(Val::bool(answer, span)))
    }

    /// `inspect.getmembers`: names and attributes, in the order of the names.
    fn members_of_object(
        &mut self,
        val: &Val,
        predicate: Option<&Val>,
        span: Span,
    ) -> Res<Option<Val>> {
        let names: Vec<Val> = match val.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Module(module)) => {
                let mut names: Vec<Name> = match self.heap.get(module.scope) {
                    Object::Scope(names) => names.keys().cloned().collect(),
                    _ => Vec::new(),
                };
                names.sort();
                names.iter().map(|name| Val::str(name.as_ref(), span)).collect()
            }
            Some(Object::Class(..) | Object::Instance(_)) => {
                let all = self.call_builtin("dir", &Args::positional(vec![val.clone()]), span);
                match all.transpose()?.map(|all| self.iterate(&all, span)).transpose()?.flatten() {
                    Some(names) => names,
                    None => return Ok(None),
                }
            }
            _ => return Ok(None),
        };
        let class = match self.is_instance(val) {
            true => self.class_of(val),
            false => val.clone(),
        };
        let asks_library =
            predicate.and_then(Val::as_symbol).is_some_and(|path| path.starts_with("inspect."));
        self.spend(names.len(), span)?;
        let mut found = Vec::new();
        for name in names {
            let Some(text) = name.as_str().map(str::to_owned) else { return Ok(None) };
            // What every object has is neither a function nor a method nor a class of the user.
            let is_own = matches!(self.class_lookup(&class, &text), Ok(Some(_)));
            if asks_library && text.starts_with("__") && !is_own {
                continue;
            }
            let attribute = match self.attribute_if_any(val, &text, span)? {
                Some(attribute) => attribute,
                None => self.hole(HoleKind::Name, text.as_str(), span),
            };
            let asks_all = predicate.and_then(Val::as_symbol) == Some("builtins.callable");
            if asks_all && text.starts_with("__") && !is_own {
                // Methods that every object has; the rest describe it.
                let describes = ["__annotations__", "__dict__", "__doc__", "__module__"];
                if describes.contains(&text.as_str()) || text == "__weakref__" {
                    continue;
                }
            } else if let Some(predicate) = predicate.filter(|predicate| !predicate.is_none()) {
                let answer =
                    self.call(predicate, Args::positional(vec![attribute.clone()]), span)?;
                match self.truth(&answer)? {
                    Some(true) => {}
                    Some(false) => continue,
                    None => return Ok(None),
                }
            }
            found.push(Val::tuple(vec![name, attribute], span));
        }
        Ok(Some(self.list(found, span)))
    }
}
