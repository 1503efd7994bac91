//! Calls: arguments, binding to parameters, and what is callable.

mod known;
mod parameters;
mod unknown;

pub(crate) use parameters::too_many_positional;
use std::collections::BTreeSet;
use std::rc::Rc;

use self::known::{is_text_method, is_text_to_text, may_refuse, never_fails, of_texts};
use super::HoleKind;
use super::bounds::CALLS_TOO_DEEP;
use super::branch::Flow;
use super::interp::{Frame, Interp, Raised, Res};
use super::lazy::Lazy;
use super::object::{Data, FunctionObject, Key, Map, Object, Val};
use crate::python::Span;
use crate::python::ast::{Call, ExprKind, Name};

/// Steps that handing on a keyword of a dict counts for.
const KEYWORD: usize = 2;

/// A keyword argument of a call.
#[derive(Debug, Clone)]
pub(crate) struct Kwarg {
    pub(crate) val: Val,
    /// Where the keyword is written.
    pub(crate) span: Span,
}

/// Arguments of a call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Args {
    pub(crate) pos: Vec<Val>,
    pub(crate) kw: Map<Name, Kwarg>,
    /// `*unknown`: any number of further positional arguments.
    pub(crate) more_pos: Option<Val>,
    /// `**unknown`: any further keyword arguments.
    pub(crate) more_kw: Option<Val>,
    /// Keywords that come from `**mapping` and may be missing there.
    pub(crate) doubtful: Vec<Name>,
}

impl Args {
    pub(crate) fn positional(pos: Vec<Val>) -> Self {
        Self { pos, ..Self::default() }
    }

    /// The argument at a position or under a name.
    pub(crate) fn get(&self, index: usize, name: &str) -> Option<&Val> {
        self.pos.get(index).or_else(|| self.kw.get(name).map(|kwarg| &kwarg.val))
    }

    /// The keyword argument of a name.
    pub(crate) fn named(&self, name: &str) -> Option<&Val> {
        self.kw.get(name).map(|kwarg| &kwarg.val)
    }

    /// All values, for finding out what an unknown result depends on.
    pub(crate) fn all(&self) -> Vec<&Val> {
        self.pos
            .iter()
            .chain(self.kw.values().map(|kwarg| &kwarg.val))
            .chain(self.more_pos.iter())
            .chain(self.more_kw.iter())
            .collect()
    }

    /// Whether `*unknown` or `**unknown` is among them.
    pub(crate) fn is_open(&self) -> bool {
        self.more_pos.is_some() || self.more_kw.is_some()
    }
}

impl Interp<'_> {
    pub(crate) fn eval_call(&mut self, call: &Call, span: Span) -> Res {
        // `super()` without arguments needs the frame, not a value.
        if let ExprKind::Name(name) = &call.function.kind
            && call.args.is_empty()
            && call.keywords.is_empty()
        {
            match name.as_ref() {
                "super" => return self.bare_super(span),
                "globals" => return Ok(self.scope_dict(true, span)),
                "locals" | "vars" => return Ok(self.scope_dict(false, span)),
                _ => {}
            }
        }
        let function = self.eval(&call.function)?;
        let args = self.eval_args(call)?;
        if function.as_symbol() == Some("builtins.super")
            && let ([class, this], false) = (args.pos.as_slice(), args.is_open())
            && class.as_obj().is_some()
        {
            return Ok(self.heap.val(Object::Super(this.clone(), class.clone()), span));
        }
        self.call(&function, args, span)
    }

    fn eval_args(&mut self, call: &Call) -> Res<Args> {
        let mut args = Args::default();
        args.pos.reserve(call.args.len());
        args.kw.reserve(call.keywords.len());
        for arg in &call.args {
            if let ExprKind::Starred(inner) = &arg.kind {
                let val = self.eval(inner)?;
                match self.iterate(&val, arg.span)? {
                    Some(items) => self.add_positional(&mut args, items, arg.span),
                    None => match args.more_pos.take() {
                        None => args.more_pos = Some(val),
                        Some(before) => {
                            args.more_pos = Some(self.derived_safely(&[&before, &val], arg.span));
                        }
                    },
                }
            } else {
                let val = self.eval(arg)?;
                self.add_positional(&mut args, vec![val], arg.span);
            }
        }
        for keyword in &call.keywords {
            let val = self.eval(&keyword.value)?;
            if let Some(name) = &keyword.name {
                if args.doubtful.contains(name) {
                    // A call that does not fail has it once.
                    self.may_fail(&val, keyword.span);
                    args.doubtful.retain(|other| other != name);
                } else if args.kw.contains_key(name) {
                    return self.repeated_keyword(name, keyword.span);
                }
                args.kw.insert(name.clone(), Kwarg { val, span: keyword.span });
                continue;
            }
            let entries = match self.entries_of(&val) {
                Some(entries) => Some(entries),
                None => self.entries_by_keys(&val, keyword.span)?,
            };
            match entries {
                Some(entries) => {
                    self.work(entries.len() * KEYWORD);
                    let doubtful = entries.has_doubtful().then(|| entries.clone());
                    for (key, (name, value)) in entries {
                        let is_doubtful =
                            doubtful.as_ref().is_some_and(|entries| entries.is_doubtful(&key));
                        match key {
                            Key::Str(name) => {
                                // The dict's own entry is the place people look for.
                                let at = value.span.or(keyword.span);
                                self.write(name.len());
                                let name = Name::from(name.as_ref());
                                if args.kw.contains_key(&name) {
                                    if !is_doubtful && !args.doubtful.contains(&name) {
                                        return self.repeated_keyword(&name, keyword.span);
                                    }
                                    self.may_fail(&value, keyword.span);
                                    if is_doubtful {
                                        continue;
                                    }
                                    args.doubtful.retain(|other| *other != name);
                                } else if is_doubtful {
                                    args.doubtful.push(name.clone());
                                }
                                args.kw.insert(name, Kwarg { val: value, span: at });
                            }
                            Key::Spread(_) => args.more_kw = Some(value),
                            // One keyword, and nobody knows which.
                            Key::Hole(_) => {
                                let before = args.more_kw.take();
                                let mut from = vec![&name, &value];
                                from.extend(before.as_ref());
                                args.more_kw = Some(self.derived(&from, keyword.span));
                            }
                            _ => {
                                let message = "keywords must be strings";
                                return self.type_error(message, keyword.span);
                            }
                        }
                    }
                }
                None => args.more_kw = Some(val),
            }
        }
        Ok(args)
    }

    fn repeated_keyword(&mut self, name: &Name, span: Span) -> Res<Args> {
        self.type_error(format!("got multiple values for keyword argument '{name}'"), span)
    }

    /// Calls a value.
    pub(crate) fn call(&mut self, function: &Val, args: Args, span: Span) -> Res {
        self.step(span)?;
        match &function.data {
            Data::Symbol(path) => {
                let path = path.clone();
                self.weigh_function(&path, &args);
                if !self.guards.is_empty()
                    && may_refuse(&path)
                    && let Some(open) =
                        args.all().into_iter().find(|val| self.is_open(val)).cloned()
                {
                    self.may_raise(&open, span);
                }
                // What is too much for the rest of the steps is not begun.
                self.spend(0, span)?;
                let is_safe = never_fails(&path)
                    && args.all().iter().all(|val| val.as_obj().is_none())
                    || of_texts(&path) && args.are_texts();
                self.with_doubt(!is_safe, |this| this.call_symbol(&path, args, span))
            }
            Data::Method(bound) => {
                let (this, name) = (bound.0.clone(), bound.1.clone());
                self.weigh_method(&this, &name, &args);
                self.spend(0, span)?;
                let is_safe = matches!(this.data, Data::Text(_))
                    && is_text_to_text(&name)
                    && args.are_plain();
                self.with_doubt(!is_safe, |at| at.call_method(&this, &name, args, span))
            }
            Data::Unknown(hole) => {
                let is_safe = is_text_method(hole) && args.are_plain();
                self.with_doubt(!is_safe, |this| this.call_unknown(function, &args, span))
            }
            Data::Native(native) => match native.as_ref() {
                super::object::Native::Getter(items, names) => {
                    let Some(this) = args.pos.first().cloned() else {
                        return self.type_error("expected 1 argument, got 0", span);
                    };
                    let mut got = Vec::new();
                    for name in names {
                        got.push(if *items {
                            self.item(&this, name, span)?
                        } else {
                            let mut val = this.clone();
                            for part in name.as_str().unwrap_or_default().split('.') {
                                val = self.attribute(&val, &Name::from(part), span)?;
                            }
                            val
                        });
                    }
                    Ok(match got.len() {
                        1 => got.swap_remove(0),
                        _ => Val::tuple(got, span),
                    })
                }
                _ => self.type_error(
                    format!("'{}' object is not callable", self.type_name(function)),
                    span,
                ),
            },
            Data::Obj(id) => {
                let id = self.heap.resolve(*id);
                // It has more to it than is worth a copy.
                if matches!(self.heap.get(id), Object::Class(..)) {
                    return self.call_class(id, args, span);
                }
                match self.heap.copy(id) {
                    Object::Function(function) => self.call_function(&function, args, None, span),
                    Object::Bound(function, this) => self.call_bound(&function, this, args, span),
                    Object::Static(function) => self.call(&function, args, span),
                    Object::Partial(function, pos, kw) => {
                        let mut all = args;
                        let mut positional = pos;
                        positional.append(&mut all.pos);
                        let mut doubtful = self.partial_names(&kw);
                        doubtful.retain(|name| !all.kw.contains_key(name));
                        let mut keywords: Map<Name, Kwarg> = kw
                            .into_iter()
                            .map(|(name, val)| {
                                let span = val.span;
                                (name, Kwarg { val, span })
                            })
                            .collect();
                        for (name, mut kwarg) in all.kw {
                            if let Some(before) = keywords.get(&name)
                                && all.doubtful.contains(&name)
                            {
                                let is_there = !self.is_partial(&before.val);
                                kwarg.val = self.derived(&[&before.val, &kwarg.val], span);
                                if is_there {
                                    all.doubtful.retain(|other| *other != name);
                                }
                            }
                            keywords.insert(name, kwarg);
                        }
                        doubtful.append(&mut all.doubtful);
                        let args = Args { pos: positional, kw: keywords, doubtful, ..all };
                        self.call(&function, args, span)
                    }
                    Object::TaskDecorator(_) => self.call_task_decorator(id, args, span),
                    Object::Instance(_) | Object::Task(_) | Object::Dag(_) | Object::Group(_) => {
                        if let Some(decorated) = self.under_manager(function, &args, span) {
                            return Ok(decorated);
                        }
                        if let Some(method) = self.own_method(function, "__call__", span)? {
                            return self.call(&method, args, span);
                        }
                        let message =
                            format!("'{}' object is not callable", self.type_name(function));
                        self.type_error(message, span)
                    }
                    Object::Record(kind, attrs) => {
                        self.call_record(function, id, (&kind, &attrs), args, span)
                    }
                    Object::Poisoned(_) => self.call_unknown(function, &args, span),
                    _ => {
                        let message =
                            format!("'{}' object is not callable", self.type_name(function));
                        self.type_error(message, span)
                    }
                }
            }
            _ => {
                let message = format!("'{}' object is not callable", self.type_name(function));
                self.type_error(message, span)
            }
        }
    }

    fn call_bound(&mut self, function: &Val, this: Val, mut args: Args, span: Span) -> Res {
        if let Data::Obj(id) = &function.data
            && let Object::Function(function) = self.heap.copy(*id)
        {
            args.pos.insert(0, this.clone());
            return self.call_function(&function, args, Some(this), span);
        }
        args.pos.insert(0, this);
        self.call_within(span, |at| at.call(function, args, span))
    }

    /// Calls a user function.
    pub(crate) fn call_function(
        &mut self,
        function: &Rc<FunctionObject>,
        args: Args,
        this: Option<Val>,
        span: Span,
    ) -> Res {
        if self.depth >= self.settings.limits.depth {
            let unknown = self.limit_hole(span, "depth", CALLS_TOO_DEEP);
            return self.call_any_number(function, args, this, unknown, span);
        }
        if self.repeats_undecided(function) {
            let vals: Vec<Val> = args.all().into_iter().cloned().collect();
            let refs: Vec<&Val> = vals.iter().collect();
            let unknown = self.derived(&refs, span);
            return self.call_any_number(function, args, this, unknown, span);
        }
        let this = this.or_else(|| args.pos.first().cloned());
        let mut args = args;
        if function.class.is_some()
            && function.def.name.as_ref() == "__init__"
            && let Some(id) = this.as_ref().and_then(Val::as_obj)
            && matches!(self.heap.get(id), Object::Task(_))
        {
            self.apply_default_args(id, function, &mut args, span)?;
        }
        let names = self.bind_parameters(function, args, span)?;
        let frame = self.frame_of(function, names, this, span);
        if function.def.is_generator {
            let state = super::generator::GeneratorState::new(function, frame);
            return Ok(self.lazy(Lazy::Generator(Box::new(state)), span));
        }
        let flow = self.run_body(function, frame, span);
        self.flow_value(flow, span)
    }

    /// The frame of a call whose parameters are bound.
    pub(super) fn frame_of(
        &mut self,
        function: &Rc<FunctionObject>,
        names: Map<Name, Val>,
        this: Option<Val>,
        span: Span,
    ) -> Frame {
        let scope = self.heap.add(Object::Scope(names));
        let module = function.name.rsplit_once('.').map_or("", |(module, _)| module);
        Frame {
            scope,
            globals: function.globals,
            closure: Rc::clone(&function.closure),
            function: Some(Rc::clone(function)),
            this,
            call: span,
            global_names: BTreeSet::new(),
            nonlocal_names: BTreeSet::new(),
            yields: Vec::new(),
            is_class: false,
            module: Name::from(module),
            qualifier: Name::from(format!("{}.<locals>.", function.qualname)),
            undecided: self.undecided(),
            tries: 0,
            doubt: None,
        }
    }

    /// Runs the body of a function, to its `return`.
    pub(super) fn run_body(
        &mut self,
        function: &Rc<FunctionObject>,
        frame: Frame,
        span: Span,
    ) -> Flow {
        self.depth += 1;
        self.frames.push(frame);
        let flow = self.exec_block(&function.def.body);
        let flow = self.each_end(flow, &mut |_, end| match end {
            Flow::Normal | Flow::Break | Flow::Continue => Flow::Return(Val::none(span)),
            end => end,
        });
        self.frames.pop();
        self.depth -= 1;
        flow
    }

    /// Undecided conditions and loops around what is being evaluated.
    pub(crate) fn undecided(&self) -> usize {
        self.conditions.len() + self.patterns.len()
    }

    /// The value a flow returns.
    pub(crate) fn flow_value(&mut self, flow: Flow, span: Span) -> Res {
        // What is still apart here is an exception on one side, which a handler further out is told of.
        match flow {
            Flow::Return(val) => Ok(val),
            Flow::Raise(val) => Err(Raised::Exception(val)),
            Flow::Stop => Err(Raised::Stop),
            Flow::Normal | Flow::Break | Flow::Continue => Ok(Val::none(span)),
            flow @ Flow::Fork(_) => {
                if let Some(cond) = self.fork_hole(&flow, span) {
                    // Named by the condition, not by the side that raises.
                    let at = cond.hole().map_or(span, |hole| hole.span);
                    self.may_raise(&cond, at);
                }
                let mut result = None;
                self.each_end(flow, &mut |_, end| match end {
                    Flow::Return(val) => {
                        result = Some(val);
                        Flow::Normal
                    }
                    Flow::Raise(_) => Flow::Normal,
                    end => end,
                });
                Ok(result.unwrap_or_else(|| Val::none(span)))
            }
        }
    }

    /// Calls a function of the user's code for its effects, its arguments unknown: it was handed to
    /// code podlift cannot see.
    pub(crate) fn call_escaped(&mut self, function: &Val) -> Res<()> {
        let Data::Obj(id) = &function.data else { return Ok(()) };
        let (function, this) = match self.heap.copy(*id) {
            Object::Function(function) => (function, None),
            Object::Bound(inner, this) => match &inner.data {
                Data::Obj(id) => match self.heap.copy(*id) {
                    Object::Function(function) => (function, Some(this)),
                    _ => return Ok(()),
                },
                _ => return Ok(()),
            },
            _ => return Ok(()),
        };
        let span = function.def.def_span;
        let mut args = Args::default();
        if let Some(this) = &this {
            args.pos.push(this.clone());
        }
        let parameters = &function.def.parameters;
        let skip = usize::from(this.is_some());
        for parameter in parameters.positional_only.iter().chain(&parameters.positional).skip(skip)
        {
            let val = self.hole(
                HoleKind::Argument,
                format!("{}.{}", function.name, parameter.name),
                parameter.span,
            );
            args.pos.push(val);
        }
        for parameter in &parameters.keyword_only {
            let val = self.hole(
                HoleKind::Argument,
                format!("{}.{}", function.name, parameter.name),
                parameter.span,
            );
            args.kw.insert(parameter.name.clone(), Kwarg { val, span: parameter.span });
        }
        self.call_function(&function, args, this, span)?;
        Ok(())
    }
}
