//! Generators: functions that stop at a `yield` and go on from there.
//!
//! A stopped generator remembers which statement of which block it is in, for every block around the
//! `yield`; the blocks themselves are found again from the function's body. A `yield` that stands
//! alone, or is all that is assigned or returned, stops the function. Statements with a `yield` deeper
//! inside an expression, and those under a condition nobody can decide, are evaluated in one go.

mod levels;
mod yields;

use std::rc::Rc;
use yields::{block, expr_yields, stmt_yields, yield_of};

use super::bounds::CALLS_TOO_DEEP;
use super::branch::Flow;
use super::call::Args;
use super::interp::{Frame, Interp, Raised, Res};
use super::lazy::Next;
use super::object::{FunctionObject, Object, Val};
use crate::python::Span;
use crate::python::ast::{ExprKind, Function, Stmt, StmtKind, Target, Try};

/// A generator that is not running.
#[derive(Debug, Clone)]
pub(crate) struct GeneratorState {
    function: Rc<FunctionObject>,
    frame: Frame,
    /// Blocks around the place where it stopped, outermost first; empty before the first step.
    levels: Vec<Level>,
    /// Whether it stopped at a `yield`, rather than before the first statement.
    is_suspended: bool,
    /// What `yield from` takes its elements from.
    delegate: Option<Val>,
    /// Elements of a statement that was evaluated in one go.
    ready: Vec<Val>,
    /// Why the elements that follow are unknown.
    open: Option<Val>,
}

/// A block that is being evaluated.
#[derive(Debug, Clone)]
struct Level {
    /// The statement of the block that is under way.
    at: usize,
    kind: LevelKind,
}

/// What a block belongs to: the statement of the level around it that is under way.
#[derive(Debug, Clone)]
enum LevelKind {
    /// The function itself.
    Body,
    /// The branch of an `if`: whether it is the first.
    Branch(bool),
    /// The body of a `for`, with its iterator.
    For(Val),
    /// The body of a `while`, with its turns so far.
    While(u32),
    /// The `else` of a loop.
    LoopElse,
    /// A `case` by its number.
    Case(usize),
    /// The body of a `with`, with its managers, innermost last.
    With(Vec<(Val, Span)>),
    /// The body of a `try`.
    Try,
    /// A handler of a `try` by its number.
    Handler(usize),
    /// The `else` of a `try`.
    TryElse,
    /// The `finally` of a `try`, with what happens after it.
    Finally(Ending),
}

/// How a block ends, in a form that can be kept.
#[derive(Debug, Clone)]
enum Ending {
    Normal,
    Break,
    Continue,
    Return(Val),
    Raise(Val),
}

/// What wakes a generator.
#[derive(Debug)]
pub(crate) enum Input {
    /// `next(generator)`.
    Next,
    /// `generator.send(value)`.
    Send(Val),
    /// `generator.throw(exception)`.
    Throw(Val),
}

/// What the evaluation of a statement leads to.
enum Step {
    Ended(Flow),
    Enter(LevelKind),
    Yield(Val),
    /// `yield from` its iterator.
    Delegate(Val),
}

impl GeneratorState {
    pub(crate) fn new(function: &Rc<FunctionObject>, frame: Frame) -> Self {
        Self {
            function: Rc::clone(function),
            frame,
            levels: Vec::new(),
            is_suspended: false,
            delegate: None,
            ready: Vec::new(),
            open: None,
        }
    }

    /// Whether it may go on after an exception that is thrown into it.
    pub(crate) fn may_swallow(&self) -> bool {
        yields::catches(&self.function.def.body)
    }
}

impl Interp<'_> {
    /// Runs a generator up to its next `yield` or its end.
    pub(crate) fn resume(
        &mut self,
        state: &mut GeneratorState,
        input: Input,
        span: Span,
    ) -> Res<Next> {
        if self.depth >= self.settings.limits.depth {
            self.leave_unfinished(span);
            return Ok(Next::Open(self.limit_hole(span, "depth", CALLS_TOO_DEEP)));
        }
        let mut frame = state.frame.clone();
        frame.undecided = self.undecided();
        frame.call = span;
        self.frames.push(frame);
        self.depth += 1;
        let guards =
            state.levels.iter().filter(|level| matches!(level.kind, LevelKind::Try)).count();
        let height = self.guards.len();
        self.reopen_tries(guards);
        let next = self.run(state, input);
        self.guards.truncate(height);
        self.depth -= 1;
        if let Some(mut frame) = self.frames.pop() {
            frame.yields = Vec::new();
            state.frame = frame;
        }
        next
    }

    fn run(&mut self, state: &mut GeneratorState, input: Input) -> Res<Next> {
        let def = std::sync::Arc::clone(&state.function.def);
        let mut flow = match self.wake(state, &def, input)? {
            Ok(flow) => flow,
            Err(next) => return Ok(next),
        };
        loop {
            if let Some(item) = take_first(&mut state.ready) {
                state.is_suspended = true;
                return Ok(Next::Item(item));
            }
            if let Some(unknown) = state.open.take() {
                return self.open_end(state, &def, flow, unknown);
            }
            let step = match flow {
                Flow::Stop => return Err(Raised::Stop),
                Flow::Fork(_) => self.join_flow(state, &def, flow, None),
                Flow::Normal => match self.statement(state, &def) {
                    Some(stmt) => self.begin(stmt),
                    None => match self.close_level(state, &def, Flow::Normal) {
                        Ok(step) => step,
                        Err(flow) => return self.finish(flow, def.span),
                    },
                },
                flow => match self.close_level(state, &def, flow) {
                    Ok(step) => step,
                    Err(flow) => return self.finish(flow, def.span),
                },
            };
            flow = match step {
                Step::Ended(flow) => {
                    self.collect(state);
                    match flow {
                        Flow::Normal => match self.raised_perhaps(state, &def) {
                            Some(apart) => apart,
                            None => {
                                advance(state);
                                Flow::Normal
                            }
                        },
                        flow => flow,
                    }
                }
                Step::Enter(kind) => {
                    if matches!(kind, LevelKind::Try) {
                        self.open_loose_try();
                    }
                    state.levels.push(Level { at: 0, kind });
                    Flow::Normal
                }
                Step::Yield(val) => {
                    if let Some(apart) = self.raised_perhaps(state, &def) {
                        let decided = self.fork_hole(&apart, val.span);
                        let parts: Vec<&Val> = decided.iter().chain([&val]).collect();
                        let unknown = self.derived_safely(&parts, val.span);
                        return self.open_end(state, &def, apart, unknown);
                    }
                    state.is_suspended = true;
                    return Ok(Next::Item(val));
                }
                Step::Delegate(iterator) => {
                    state.delegate = Some(iterator);
                    match self.delegate(state, &def, Input::Next)? {
                        Ok(flow) => flow,
                        Err(next) => return Ok(next),
                    }
                }
            };
        }
    }

    /// Nobody knows what the generator gives from here on. Whoever goes over it may ask for more all the same, so what
    /// the rest of it does may happen.
    fn open_end(
        &mut self,
        state: &mut GeneratorState,
        def: &Function,
        flow: Flow,
        unknown: Val,
    ) -> Res<Next> {
        if let (Flow::Normal, Some(level)) = (&flow, state.levels.last_mut()) {
            // The statement that has just ended.
            level.at = level.at.saturating_sub(1);
        }
        let span = if unknown.span.is_some() { unknown.span } else { def.span };
        let cond = self.condition_at(span, &unknown);
        let mut flow = Some(flow);
        self.perhaps(&cond, span, &mut |this| {
            let flow = flow.take().unwrap_or(Flow::Normal);
            match this.join_flow(state, def, flow, Some(&cond)) {
                Step::Ended(Flow::Stop) => Err(Raised::Stop),
                Step::Ended(Flow::Raise(val)) => Err(Raised::Exception(val)),
                _ => Ok(()),
            }
        })?;
        if let Some(frame) = self.frames.last_mut() {
            frame.doubt = None;
            let rest = std::mem::take(&mut frame.yields);
            self.hold(&unknown, &rest.iter().collect::<Vec<_>>());
        }
        Ok(Next::Open(unknown))
    }

    /// Goes on from where the generator stopped: how the statement with the `yield` ended, or another
    /// element of what it delegates to.
    fn wake(
        &mut self,
        state: &mut GeneratorState,
        def: &Function,
        input: Input,
    ) -> Res<Result<Flow, Next>> {
        let was_suspended = std::mem::replace(&mut state.is_suspended, false);
        if state.levels.is_empty() {
            if let Input::Throw(val) = input {
                return Err(Raised::Exception(val));
            }
            state.levels.push(Level { at: 0, kind: LevelKind::Body });
            return Ok(Ok(Flow::Normal));
        }
        if state.delegate.is_some() {
            return self.delegate(state, def, input);
        }
        if !was_suspended || !state.ready.is_empty() {
            return Ok(Ok(Flow::Normal));
        }
        // An element of a statement that has ended already needs no answer.
        let at_yield = self.statement(state, def).is_some_and(|stmt| yield_of(stmt).is_some());
        match input {
            Input::Throw(val) => Ok(Ok(Flow::Raise(val))),
            Input::Next | Input::Send(_) if !at_yield => Ok(Ok(Flow::Normal)),
            Input::Next => self.answer(state, def, Val::none(def.span)).map(Ok),
            Input::Send(val) => self.answer(state, def, val).map(Ok),
        }
    }

    /// The value of a `yield` reaches its statement.
    fn answer(&mut self, state: &mut GeneratorState, def: &Function, val: Val) -> Res<Flow> {
        let Some(stmt) = self.statement(state, def) else { return Ok(Flow::Normal) };
        let flow = match &stmt.kind {
            StmtKind::Assign(targets, _) => self.answer_targets(targets, &val),
            StmtKind::AnnAssign(target, ..) => {
                self.answer_targets(std::slice::from_ref(target), &val)
            }
            StmtKind::Return(_) => Flow::Return(val),
            _ => Flow::Normal,
        };
        if matches!(flow, Flow::Normal) {
            advance(state);
        }
        Ok(flow)
    }

    fn answer_targets(&mut self, targets: &[Target], val: &Val) -> Flow {
        for target in targets {
            if let Err(raised) = self.assign(target, val.clone()) {
                return raised.into();
            }
        }
        Flow::Normal
    }

    /// Another element of what `yield from` takes its elements from.
    fn delegate(
        &mut self,
        state: &mut GeneratorState,
        def: &Function,
        input: Input,
    ) -> Res<Result<Flow, Next>> {
        let Some(iterator) = state.delegate.clone() else { return Ok(Ok(Flow::Normal)) };
        let next = match input {
            Input::Next => self.next_item(&iterator, def.span),
            input => self.wake_iterator(&iterator, input, def.span),
        };
        match next {
            Ok(Next::Item(val)) => {
                state.is_suspended = true;
                Ok(Err(Next::Item(val)))
            }
            Ok(Next::Open(unknown)) => {
                state.delegate = None;
                let given = self.derived(&[&unknown], def.span);
                state.open = Some(unknown);
                self.answer(state, def, given).map(Ok)
            }
            Ok(Next::End(val)) => {
                state.delegate = None;
                self.answer(state, def, val).map(Ok)
            }
            Err(raised) => {
                state.delegate = None;
                Ok(Ok(raised.into()))
            }
        }
    }

    /// `send` and `throw` on an iterator: on a generator they reach its `yield`.
    pub(crate) fn wake_iterator(&mut self, iterator: &Val, input: Input, span: Span) -> Res<Next> {
        use super::lazy::Lazy;
        let id = iterator.as_obj().map(|id| self.heap.resolve(id));
        if let Some(id) = id
            && let Object::Lazy(slot) = self.heap.get_mut(id)
            && matches!(slot, Lazy::Generator(_))
        {
            let mut lazy = std::mem::replace(slot, Lazy::Done);
            let Lazy::Generator(state) = &mut lazy else { return Ok(Next::End(Val::none(span))) };
            let next = self.resume(state, input, span);
            match &next {
                Ok(Next::Item(_)) => self.heap.set(id, Object::Lazy(lazy)),
                Ok(Next::Open(unknown)) => {
                    let unknown = unknown.clone();
                    self.poison_with(id, &unknown, span);
                }
                Ok(Next::End(_)) | Err(_) => {}
            }
            return next;
        }
        match input {
            Input::Throw(val) => Err(Raised::Exception(val)),
            Input::Next | Input::Send(_) => self.next_item(iterator, span),
        }
    }

    fn finish(&mut self, flow: Flow, span: Span) -> Res<Next> {
        match flow {
            Flow::Return(val) => Ok(Next::End(val)),
            Flow::Raise(val) => Err(Raised::Exception(val)),
            Flow::Stop => Err(Raised::Stop),
            _ => Ok(Next::End(Val::none(span))),
        }
    }

    /// The statement under way in the innermost block.
    fn statement<'a>(&self, state: &GeneratorState, def: &'a Function) -> Option<&'a Stmt> {
        self.statement_in(&state.levels, def)
    }

    /// The statement under way in the innermost of these blocks.
    fn statement_in<'a>(&self, levels: &[Level], def: &'a Function) -> Option<&'a Stmt> {
        block(def, levels)?.get(levels.last()?.at)
    }

    /// Begins a statement.
    fn begin(&mut self, stmt: &Stmt) -> Step {
        if !stmt_yields(stmt) {
            return Step::Ended(self.exec_stmt(stmt));
        }
        if let Err(raised) = self.step(stmt.span) {
            return Step::Ended(raised.into());
        }
        match self.begin_yielding(stmt) {
            Ok(Some(step)) => step,
            // In one go.
            Ok(None) => Step::Ended(self.exec_stmt(stmt)),
            Err(raised) => Step::Ended(raised.into()),
        }
    }

    /// Begins a statement that contains a `yield`; `None` when it has to be evaluated in one go.
    fn begin_yielding(&mut self, stmt: &Stmt) -> Res<Option<Step>> {
        if let Some(expr) = yield_of(stmt) {
            return match &expr.kind {
                ExprKind::Yield(None) => Ok(Some(Step::Yield(Val::none(expr.span)))),
                ExprKind::Yield(Some(value)) => self.eval(value).map(|val| Some(Step::Yield(val))),
                ExprKind::YieldFrom(value) => {
                    let val = self.eval(value)?;
                    match self.iter_of(&val, expr.span)? {
                        Some(iterator) => Ok(Some(Step::Delegate(iterator))),
                        None => Ok(None),
                    }
                }
                _ => Ok(None),
            };
        }
        match &stmt.kind {
            StmtKind::If(test, ..) if !expr_yields(test) => {
                let val = self.eval(test)?;
                Ok(self.truth(&val)?.map(|truth| Step::Enter(LevelKind::Branch(truth))))
            }
            StmtKind::For(target, iterable, body, orelse) if !expr_yields(iterable) => {
                let val = self.eval(iterable)?;
                let Some(iterator) = self.iter_of(&val, iterable.span)? else { return Ok(None) };
                self.turn(target, &iterator, (body, orelse), iterable.span).map(Some)
            }
            StmtKind::While(test, body, orelse) if !expr_yields(test) => {
                Ok(Some(match self.while_turn(test, 0)? {
                    Ok(step) => step,
                    Err(val) => Step::Ended(self.doubtful_while(test, body, orelse, &val)),
                }))
            }
            StmtKind::With(items, _) if !items.iter().any(|(expr, _)| expr_yields(expr)) => {
                let mut managers = Vec::new();
                for (expr, target) in items {
                    let entered = self.eval(expr).and_then(|manager| {
                        let entered = self.enter(&manager, expr.span)?;
                        managers.push((manager, expr.span));
                        if let Some(target) = target {
                            self.assign(target, entered)?;
                        }
                        Ok(())
                    });
                    if let Err(raised) = entered {
                        let flow = self.leave_all(managers, raised.into());
                        return Ok(Some(Step::Ended(flow)));
                    }
                }
                Ok(Some(Step::Enter(LevelKind::With(managers))))
            }
            StmtKind::Try(_) => Ok(Some(Step::Enter(LevelKind::Try))),
            StmtKind::Match(subject, cases) if !expr_yields(subject) => {
                let subject = self.eval(subject)?;
                for (index, case) in cases.iter().enumerate() {
                    match self.case_matches(case, &subject)?.0 {
                        Some(true) => return Ok(Some(Step::Enter(LevelKind::Case(index)))),
                        Some(false) => {}
                        None => return Ok(None),
                    }
                }
                Ok(Some(Step::Ended(Flow::Normal)))
            }
            _ => Ok(None),
        }
    }

    /// The next turn of a `for`, or its end.
    fn turn(
        &mut self,
        target: &Target,
        iterator: &Val,
        (body, orelse): (&[Stmt], &[Stmt]),
        span: Span,
    ) -> Res<Step> {
        match self.next_item(iterator, span)? {
            Next::Item(item) => {
                self.assign(target, item)?;
                Ok(Step::Enter(LevelKind::For(iterator.clone())))
            }
            Next::End(_) => Ok(Step::Enter(LevelKind::LoopElse)),
            Next::Open(unknown) => {
                self.bring_into_doubt(&unknown);
                let flow = self.unknown_turns(target, &unknown, body, span);
                Ok(Step::Ended(self.after_loop(flow, orelse)))
            }
        }
    }

    /// What the generator gives from here on is unknown.
    fn bring_into_doubt(&mut self, unknown: &Val) {
        if let Some(frame) = self.frames.last_mut() {
            frame.doubt.get_or_insert_with(|| unknown.clone());
        }
    }

    /// Takes what a statement evaluated in one go has yielded.
    fn collect(&mut self, state: &mut GeneratorState) {
        if let Some(frame) = self.frames.last_mut() {
            state.ready.append(&mut frame.yields);
            if let Some(unknown) = frame.doubt.take() {
                state.open = Some(unknown);
                state.ready.clear();
            }
        }
    }

    /// `generator.close()`: its open `finally` blocks and managers end.
    pub(crate) fn close_generator(&mut self, generator: &Val, span: Span) -> Res<()> {
        let exception = self.call_builtin("GeneratorExit", &Args::default(), span);
        let Some(Ok(exception)) = exception else { return Ok(()) };
        match self.wake_iterator(generator, Input::Throw(exception), span) {
            Err(Raised::Exception(val)) if self.exception_is(&val, "builtins.GeneratorExit") => {
                Ok(())
            }
            Err(raised) => Err(raised),
            Ok(_) => Ok(()),
        }
    }
}

/// After a `try`: its `finally`, when it has one.
fn finally(parts: &Try, flow: Flow) -> Step {
    if parts.finalbody.is_empty() {
        return Step::Ended(flow);
    }
    match Ending::of(flow) {
        Ok(ending) => Step::Enter(LevelKind::Finally(ending)),
        Err(flow) => Step::Ended(flow),
    }
}

impl Ending {
    fn of(flow: Flow) -> Result<Self, Flow> {
        Ok(match flow {
            Flow::Normal => Self::Normal,
            Flow::Break => Self::Break,
            Flow::Continue => Self::Continue,
            Flow::Return(val) => Self::Return(val),
            Flow::Raise(val) => Self::Raise(val),
            Flow::Stop | Flow::Fork(_) => return Err(flow),
        })
    }
}

impl From<Ending> for Flow {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Normal => Self::Normal,
            Ending::Break => Self::Break,
            Ending::Continue => Self::Continue,
            Ending::Return(val) => Self::Return(val),
            Ending::Raise(val) => Self::Raise(val),
        }
    }
}

fn advance(state: &mut GeneratorState) {
    if let Some(level) = state.levels.last_mut() {
        level.at += 1;
    }
}

fn take_first(vals: &mut Vec<Val>) -> Option<Val> {
    if vals.is_empty() { None } else { Some(vals.remove(0)) }
}
