//! How the blocks around a `yield` are left.

use std::sync::Arc;

use super::{GeneratorState, LevelKind, Step, block, finally};
use crate::eval::branch::Flow;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::Val;
use crate::eval::{Hole, HoleKind};
use crate::python::Span;
use crate::python::ast::{Expr, Function, Stmt, StmtKind, Try};

impl Interp<'_> {
    /// The innermost block ended: what follows in the block around it. `Err` is the end of the function.
    pub(super) fn close_level(
        &mut self,
        state: &mut GeneratorState,
        def: &Function,
        flow: Flow,
    ) -> Result<Step, Flow> {
        let Some(level) = state.levels.pop() else { return Err(flow) };
        let Some(stmt) = self.statement(state, def) else { return Err(flow) };
        Ok(match (level.kind, &stmt.kind) {
            (LevelKind::For(iterator), StmtKind::For(target, iterable, body, orelse)) => match flow
            {
                Flow::Normal | Flow::Continue => self
                    .turn(target, &iterator, (body, orelse), iterable.span)
                    .unwrap_or_else(|raised| Step::Ended(raised.into())),
                Flow::Break => Step::Ended(Flow::Normal),
                flow => Step::Ended(flow),
            },
            (LevelKind::While(turn), StmtKind::While(test, body, orelse)) => match flow {
                Flow::Normal | Flow::Continue => match self.while_turn(test, turn) {
                    Ok(Ok(step)) => step,
                    Ok(Err(val)) => Step::Ended(self.doubtful_while(test, body, orelse, &val)),
                    Err(raised) => Step::Ended(raised.into()),
                },
                Flow::Break => Step::Ended(Flow::Normal),
                flow => Step::Ended(flow),
            },
            (LevelKind::With(managers), _) => Step::Ended(self.leave_all(managers, flow)),
            (LevelKind::Try, StmtKind::Try(parts)) => self.close_try_body(parts, flow),
            (LevelKind::Handler(index), StmtKind::Try(parts)) => {
                let flow = match parts.handlers.get(index) {
                    Some(handler) => self.end_handler(handler, flow),
                    None => flow,
                };
                finally(parts, flow)
            }
            (LevelKind::TryElse, StmtKind::Try(parts)) => finally(parts, flow),
            (LevelKind::Finally(ending), _) => Step::Ended(match flow {
                Flow::Normal => ending.into(),
                flow => flow,
            }),
            _ => Step::Ended(flow),
        })
    }

    /// The next turn of a `while`, or its end; what its test gave if that is not known.
    pub(super) fn while_turn(&mut self, test: &Expr, turn: u32) -> Res<Result<Step, Val>> {
        let val = self.eval(test)?;
        let Some(truth) = self.truth(&val)? else { return Ok(Err(val)) };
        Ok(Ok(match truth {
            true if turn >= self.settings.limits.turns => {
                let message = format!("loop ended after {turn} turns");
                self.limit(test.span, "turns", &message, "--max-turns");
                let unknown = self.hole(HoleKind::Limit, "turns", test.span);
                self.bring_into_doubt(&unknown);
                Step::Ended(Flow::Return(unknown))
            }
            true => Step::Enter(LevelKind::While(turn + 1)),
            false => Step::Enter(LevelKind::LoopElse),
        }))
    }

    /// The rest of a `while` of which nobody knows whether it has another turn.
    pub(super) fn doubtful_while(
        &mut self,
        test: &Expr,
        body: &[Stmt],
        orelse: &[Stmt],
        val: &Val,
    ) -> Flow {
        let cond = self.condition_hole(test, val);
        let unknown = self.derived(&[val], test.span);
        self.bring_into_doubt(&unknown);
        let flow = self.any_turns(&cond, test, body);
        self.after_loop(flow, orelse)
    }

    /// Whether the statement that has ended in the body of a `try` may have raised something that a handler there
    /// takes: it goes on, or it does not.
    pub(super) fn raised_perhaps(
        &mut self,
        state: &GeneratorState,
        def: &Function,
    ) -> Option<Flow> {
        let within = state.levels.iter().rposition(|level| matches!(level.kind, LevelKind::Try))?;
        let around = state.levels.get(..=within)?;
        let doubt = self.guards.last_mut()?.take_doubt()?;
        let StmtKind::Try(parts) = &self.statement_in(around.split_last()?.1, def)?.kind else {
            return None;
        };
        if !parts.handlers.iter().any(|handler| doubt.may_reach(handler)) {
            return None;
        }
        let exception = self.hole(HoleKind::Call, "exception", doubt.cond.span);
        let mut raise = Some(Flow::Raise(exception));
        Some(self.both(&doubt.cond, &mut |_| Flow::Normal, &mut |_| {
            raise.take().unwrap_or(Flow::Normal)
        }))
    }

    pub(super) fn close_try_body(&mut self, parts: &Try, flow: Flow) -> Step {
        // Something called from here may have raised: the handlers are evaluated too.
        if let Some(doubt) = self.close_try()
            && let Some(handler) = parts.handlers.iter().find(|handler| doubt.may_reach(handler))
        {
            let cond = doubt.cond;
            let met = self.both(&cond, &mut |_| Flow::Normal, &mut |this| match this
                .exec_block(&handler.body)
            {
                Flow::Stop => Flow::Stop,
                _ => Flow::Normal,
            });
            if matches!(met, Flow::Stop) {
                return Step::Ended(Flow::Stop);
            }
        }
        match flow {
            Flow::Normal if !parts.orelse.is_empty() => Step::Enter(LevelKind::TryElse),
            Flow::Raise(val) => match self.find_handler(&val, &parts.handlers) {
                Ok(Some(index)) => {
                    if let Some(handler) = parts.handlers.get(index) {
                        self.begin_handler(handler, &val);
                    }
                    Step::Enter(LevelKind::Handler(index))
                }
                Ok(None) => finally(parts, Flow::Raise(val)),
                Err(raised) => finally(parts, raised.into()),
            },
            flow => finally(parts, flow),
        }
    }

    pub(super) fn leave_all(&mut self, managers: Vec<(Val, Span)>, flow: Flow) -> Flow {
        let mut flow = flow;
        for (manager, span) in managers.into_iter().rev() {
            flow = self.leave_with(&manager, flow, span);
        }
        flow
    }

    /// Two sides that ended differently: the rest is evaluated in one go for both, and what is yielded
    /// from here on is unknown. A `while` that may go on without end, because nobody may ask for more (`perhaps`), is
    /// evaluated once for all its turns.
    pub(super) fn join_flow(
        &mut self,
        state: &mut GeneratorState,
        def: &Function,
        flow: Flow,
        perhaps: Option<&Arc<Hole>>,
    ) -> Step {
        let mut flow = flow;
        let unknown = self.fork_hole(&flow, def.span);
        if let Some(unknown) = unknown {
            self.bring_into_doubt(&unknown);
        }
        while let Some(level) = state.levels.last().cloned() {
            let rest = block(def, &state.levels).and_then(|block| block.get(level.at + 1..));
            let rest = rest.unwrap_or_default();
            flow = self.each_end(flow, &mut |this, end| match end {
                Flow::Normal => this.exec_block(rest),
                end => end,
            });
            state.levels.pop();
            let Some(stmt) = self.statement(state, def) else { break };
            flow = match (level.kind, &stmt.kind) {
                (LevelKind::For(iterator), StmtKind::For(target, iterable, body, orelse)) => {
                    let span = iterable.span;
                    let flow = self.each_end(flow, &mut |this, end| match end {
                        Flow::Normal | Flow::Continue => {
                            this.for_turns(target, &iterator, body, span, 0)
                        }
                        end => end,
                    });
                    self.after_loop(flow, orelse)
                }
                (LevelKind::While(turn), StmtKind::While(test, body, orelse)) => {
                    let flow = self.each_end(flow, &mut |this, end| match end {
                        Flow::Normal | Flow::Continue => match perhaps {
                            Some(cond) => this.any_turns(cond, test, body),
                            None => this.while_turns(test, body, turn, 0),
                        },
                        end => end,
                    });
                    self.after_loop(flow, orelse)
                }
                (LevelKind::With(managers), _) => self.leave_all(managers, flow),
                (LevelKind::Try, StmtKind::Try(parts)) => {
                    let maybe = self.close_try();
                    self.finish_try(parts, flow, crate::eval::heap::Delta::default(), maybe)
                }
                (LevelKind::Handler(index), StmtKind::Try(parts)) => {
                    let flow = match parts.handlers.get(index) {
                        Some(handler) => self.end_handler(handler, flow),
                        None => flow,
                    };
                    self.run_finally(parts, flow)
                }
                (LevelKind::TryElse, StmtKind::Try(parts)) => self.run_finally(parts, flow),
                (LevelKind::Finally(ending), _) => self.each_end(flow, &mut |_, end| match end {
                    Flow::Normal => ending.clone().into(),
                    end => end,
                }),
                _ => flow,
            };
        }
        let flow = self.each_end(flow, &mut |_, end| match end {
            Flow::Raise(_) | Flow::Stop => end,
            _ => Flow::Normal,
        });
        match flow {
            Flow::Stop => Step::Ended(Flow::Stop),
            flow => {
                // Whatever is left apart here is an exception on one side.
                let joined = self.flow_value(flow, def.span);
                Step::Ended(match joined {
                    Ok(val) => Flow::Return(val),
                    Err(raised) => raised.into(),
                })
            }
        }
    }
}
