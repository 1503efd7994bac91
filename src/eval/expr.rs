//! Expressions.

mod comprehension;
mod mapping;

use std::rc::Rc;

use super::interp::{Interp, Res};
use super::object::{Data, Entries, Object, Val};
use super::{HoleKind, Text};
use crate::diag::{Code, Diagnostic};
use crate::python::Span;
use crate::python::ast::{CompareOp, Expr, ExprKind, FPart, Name, UnaryOp};

/// Bytes of a new text that take one step.
pub(crate) const BYTES_MADE: usize = 32;

/// Bytes of a text that take one step when an operation goes over it.
const BYTES_READ: usize = 512;

/// Entries of a dict comprehension that are told apart although nobody knows whether they are there. The dict is copied
/// for each.
const MOST_IN_DOUBT: usize = 256;

impl Interp<'_> {
    /// Evaluates an expression.
    pub(crate) fn eval(&mut self, expr: &Expr) -> Res {
        self.step(expr.span)?;
        let val = self.eval_kind(expr)?;
        // Long values take more than one step to make, and to look at.
        let is_made = !matches!(
            expr.kind,
            ExprKind::Name(_) | ExprKind::Attribute(..) | ExprKind::Str(_) | ExprKind::Bytes(_)
        );
        let steps = match &val.data {
            Data::Str(text) => text.len() / if is_made { BYTES_MADE } else { BYTES_READ },
            Data::Bytes(bytes) => bytes.len() / if is_made { BYTES_MADE } else { BYTES_READ },
            Data::Big(value) => usize::try_from(value.bits()).unwrap_or(usize::MAX) / BYTES_MADE,
            Data::Text(text) if is_made => text.segments.len(),
            Data::Tuple(items) if is_made => items.len(),
            _ => 0,
        };
        self.spend(steps, expr.span)?;
        Ok(val)
    }

    fn eval_kind(&mut self, expr: &Expr) -> Res {
        let span = expr.span;
        match &expr.kind {
            ExprKind::None => Ok(Val::none(span)),
            ExprKind::Bool(value) => Ok(Val::bool(*value, span)),
            ExprKind::Int(value) => Ok(Val::int(*value, span)),
            ExprKind::BigInt(digits) => Ok(match digits.parse() {
                Ok(value) => Val::big(value, span),
                Err(_) => self.hole(HoleKind::Expression, digits.as_ref(), span),
            }),
            ExprKind::Float(value) => Ok(Val::new(Data::Float(*value), span)),
            ExprKind::Complex(_) => Ok(self.unsupported("complex numbers", span)),
            ExprKind::Str(text) => Ok(Val::str(text.as_ref(), span)),
            ExprKind::Bytes(bytes) => Ok(Val::new(Data::Bytes(Rc::from(bytes.as_ref())), span)),
            ExprKind::Ellipsis => Ok(Val::new(Data::Ellipsis, span)),
            ExprKind::FString(parts) => {
                let text = self.fstring(parts)?;
                Ok(self.bounded_text(text, span))
            }
            ExprKind::Name(name) => self.load(name, span),
            ExprKind::Attribute(object, name) => {
                let object = self.eval(object)?;
                self.attribute(&object, name, span)
            }
            ExprKind::Subscript(object, index) => {
                let object = self.eval(object)?;
                let index = self.eval(index)?;
                self.item(&object, &index, span)
            }
            ExprKind::Slice(start, stop, step) => {
                let mut part = |bound: &Option<Box<Expr>>| match bound {
                    Some(bound) => self.eval(bound),
                    None => Ok(Val::none(span)),
                };
                let parts = [part(start)?, part(stop)?, part(step)?];
                Ok(Val::new(Data::Slice(Rc::new(parts)), span))
            }
            ExprKind::Call(call) => self.eval_call(call, span),
            ExprKind::List(items) => {
                let (items, open) = self.items(items)?;
                match open {
                    Some(unknown) => Ok(unknown),
                    None => Ok(self.list(items, span)),
                }
            }
            ExprKind::Tuple(items) => {
                let (items, open) = self.items(items)?;
                Ok(open.unwrap_or_else(|| Val::tuple(items, span)))
            }
            ExprKind::Set(items) => {
                let (items, open) = self.items(items)?;
                match open {
                    Some(unknown) => Ok(unknown),
                    None => self.make_set(items, false, span),
                }
            }
            ExprKind::Dict(entries) => self.dict_display(entries, span),
            ExprKind::Starred(inner) => self.eval(inner),
            ExprKind::Unary(op, operand) => {
                let val = self.eval(operand)?;
                if *op == UnaryOp::Not {
                    return Ok(match self.truth(&val)? {
                        Some(truth) => Val::bool(!truth, span),
                        None => self.derived_safely(&[&val], span),
                    });
                }
                self.unary(*op, &val, span)
            }
            ExprKind::Binary(left, op, right) => {
                let left = self.eval(left)?;
                let right = self.eval(right)?;
                self.binary(*op, &left, &right, span)
            }
            ExprKind::And(operands) => self.short_circuit(operands, false, span),
            ExprKind::Or(operands) => self.short_circuit(operands, true, span),
            ExprKind::Compare(first, rest) => {
                let left = self.eval(first)?;
                self.comparisons(&left, rest, span)
            }
            ExprKind::IfElse(test, body, orelse) => {
                let val = self.eval(test)?;
                match self.truth(&val)? {
                    Some(true) => self.eval(body),
                    Some(false) => self.eval(orelse),
                    None => {
                        let cond = self.condition_hole(test, &val);
                        self.either(&cond, body, orelse)
                    }
                }
            }
            ExprKind::Lambda(def) => self.make_function(def),
            ExprKind::Walrus(name, value) => {
                let val = self.eval(value)?;
                self.bind(name, val.clone());
                Ok(val)
            }
            ExprKind::ListComp(element, generators) => {
                match self.comprehension(false, generators, &mut |this| {
                    this.eval(element).map(|val| vec![val])
                })? {
                    Ok(items) => Ok(self.list(items, span)),
                    Err(unknown) => Ok(unknown),
                }
            }
            ExprKind::Generator(expr) => self.generator_expression(expr, span),
            ExprKind::SetComp(element, generators) => {
                match self.comprehension(false, generators, &mut |this| {
                    this.eval(element).map(|val| vec![val])
                })? {
                    Ok(items) => self.make_set(items, false, span),
                    Err(unknown) => Ok(unknown),
                }
            }
            ExprKind::DictComp(key, value, generators) => {
                let dict = self.dict(Entries::default(), span);
                let certain = self.undecided();
                let mut doubtful = 0;
                let made = self.comprehension(true, generators, &mut |this| {
                    let key = this.eval(key)?;
                    let value = this.eval(value)?;
                    doubtful += usize::from(this.undecided() > certain);
                    if doubtful <= MOST_IN_DOUBT {
                        this.set_item(&dict, &key, value, span)?;
                    }
                    Ok(Vec::new())
                })?;
                Ok(match made {
                    Ok(_) if doubtful > MOST_IN_DOUBT => self.derived(&[&dict], span),
                    Ok(_) => dict,
                    Err(unknown) => {
                        if let Some(id) = dict.as_obj() {
                            let object = self.heap.copy(id);
                            self.hold_parts(&unknown, &object);
                        }
                        unknown
                    }
                })
            }
            ExprKind::Yield(value) => {
                let val = match value {
                    Some(value) => self.eval(value)?,
                    None => Val::none(span),
                };
                self.yielded(val, span);
                Ok(Val::none(span))
            }
            ExprKind::YieldFrom(value) => {
                let val = self.eval(value)?;
                match self.iterate(&val, span)? {
                    Some(items) => {
                        for item in items {
                            self.yielded(item, span);
                        }
                    }
                    None => {
                        // Any number of elements, so that what follows has no place.
                        let part = self.part_of(&val, "[...]", span);
                        if let Some(frame) = self.frames.last_mut() {
                            frame.doubt.get_or_insert(part);
                        }
                    }
                }
                Ok(Val::none(span))
            }
            ExprKind::Await(value) => self.eval(value),
            ExprKind::Invalid => Ok(self.hole(HoleKind::Expression, "unreadable code", span)),
        }
    }

    fn yielded(&mut self, val: Val, span: Span) {
        let bound = self.settings.limits.turns as usize;
        let mut full = false;
        let undecided = self.undecided();
        if self.frame().is_some_and(|frame| frame.undecided < undecided && frame.doubt.is_none()) {
            let conditions = self.conditions.last().or_else(|| self.patterns.last()).cloned();
            let by = conditions.map_or_else(|| val.clone(), |hole| Val::unknown(hole, span));
            let unknown = self.derived(&[&by], span);
            if let Some(frame) = self.frames.last_mut() {
                frame.doubt = Some(unknown);
            }
        }
        if let Some(frame) = self.frames.last_mut() {
            if frame.yields.len() < bound {
                frame.yields.push(val);
            } else {
                full = true;
            }
        }
        if full {
            self.limit(
                span,
                "turns",
                "a generator yields more values than the bound",
                "--max-turns",
            );
        }
    }

    /// A feature that is not evaluated: told once per place, its result is a hole.
    pub(crate) fn unsupported(&mut self, what: &str, span: Span) -> Val {
        self.tell(Diagnostic::new(
            Code::UnsupportedSyntax,
            span,
            format!("{what} are not evaluated; the result is unknown"),
        ));
        self.hole(HoleKind::Expression, what, span)
    }

    /// Evaluates one of two expressions, not knowing which.
    fn either(&mut self, cond: &std::sync::Arc<super::Hole>, body: &Expr, orelse: &Expr) -> Res {
        use super::branch::Flow;
        let flow = self.both(
            cond,
            &mut |this| this.eval(body).map_or_else(Flow::from, Flow::Return),
            &mut |this| this.eval(orelse).map_or_else(Flow::from, Flow::Return),
        );
        self.flow_value(flow, body.span)
    }

    /// `and` / `or`: stops at the first operand that decides.
    /// What follows the first operand of a comparison. A link that cannot be decided may be the last one.
    fn comparisons(&mut self, first: &Val, rest: &[(CompareOp, Expr)], span: Span) -> Res {
        let mut left = first.clone();
        let mut result = Val::bool(true, span);
        for (at, (op, right)) in rest.iter().enumerate() {
            let right = self.eval(right)?;
            result = self.compare(*op, &left, &right, span)?;
            left = right;
            let more = rest.get(at + 1..).unwrap_or_default();
            match self.truth(&result)? {
                _ if more.is_empty() => {}
                Some(true) => {}
                Some(false) => return Ok(result),
                None => {
                    let cond = self.condition_at(span, &result);
                    self.perhaps(&cond, span, &mut |this| {
                        let mut left = left.clone();
                        for (op, right) in more {
                            let right = this.eval(right)?;
                            let link = this.compare(*op, &left, &right, span)?;
                            if this.truth(&link)? == Some(false) {
                                break;
                            }
                            left = right;
                        }
                        Ok(())
                    })?;
                    return Ok(result);
                }
            }
        }
        Ok(result)
    }

    fn short_circuit(&mut self, operands: &[Expr], stop_at: bool, span: Span) -> Res {
        let mut rest = operands;
        while let Some((operand, tail)) = rest.split_first() {
            let val = self.eval(operand)?;
            if tail.is_empty() {
                return Ok(val);
            }
            match self.truth(&val)? {
                Some(truth) if truth == stop_at => return Ok(val),
                Some(_) => rest = tail,
                None => return self.open_circuit(&val, operand, tail, stop_at, span),
            }
        }
        Ok(Val::none(span))
    }

    /// An operand that cannot be decided: its own value or that of the rest.
    fn open_circuit(
        &mut self,
        val: &Val,
        operand: &Expr,
        tail: &[Expr],
        stop_at: bool,
        span: Span,
    ) -> Res {
        use super::branch::Flow;
        if let (Data::Unknown(hole), true, [last]) = (&val.data, stop_at, tail)
            && let ExprKind::Str(text) = &last.kind
            && self.assumes_default(hole, text, span)
        {
            return self.eval(last);
        }
        let cond = self.condition_hole(operand, val);
        let kept = val.clone();
        let flow = self.both(&cond, &mut |_| Flow::Return(kept.clone()), &mut |this| {
            this.short_circuit(tail, stop_at, span).map_or_else(Flow::from, Flow::Return)
        });
        let merged = self.flow_value(flow, span)?;
        // `os.environ.get("TAG") or "latest"`: the lookup's name closes the hole, and the other
        // operand is the default that the code gives.
        if let (Data::Unknown(hole), true) = (&val.data, stop_at)
            && let [last] = tail
            && let ExprKind::Str(text) = &last.kind
            && hole.default.is_none()
        {
            let mut with_default = hole.as_ref().clone();
            with_default.default = Some(serde_json::Value::String(text.to_string()));
            return Ok(Val::unknown(std::sync::Arc::new(with_default), val.span));
        }
        Ok(merged)
    }

    /// Elements of a display; a starred unknown makes the whole unknown.
    fn items(&mut self, exprs: &[Expr]) -> Res<(Vec<Val>, Option<Val>)> {
        let mut items = Vec::with_capacity(exprs.len());
        let mut open = None;
        for expr in exprs {
            if let ExprKind::Starred(inner) = &expr.kind {
                let val = self.eval(inner)?;
                match self.iterate(&val, expr.span)? {
                    Some(more) => items.extend(more),
                    None => open = Some(self.derived(&[&val], expr.span)),
                }
            } else {
                items.push(self.eval(expr)?);
            }
        }
        if let Some(open) = &open {
            self.hold_parts(open, &Object::List(items.clone()));
        }
        Ok((items, open))
    }

    fn dict_display(&mut self, entries: &[(Option<Expr>, Expr)], span: Span) -> Res {
        let dict = self.dict(Entries::default(), span);
        for (key, value) in entries {
            if let Some(key) = key {
                let key = self.eval(key)?;
                let value = self.eval(value)?;
                self.set_item(&dict, &key, value, span)?;
            } else {
                let value = self.eval(value)?;
                if let Data::Obj(id) = &dict.data {
                    self.update_dict(*id, &value, span)?;
                }
            }
        }
        Ok(dict)
    }

    /// The text of an f-string, with holes where a value is unknown.
    pub(crate) fn fstring(&mut self, parts: &[FPart]) -> Res<Text> {
        let mut text = Text::default();
        for part in parts {
            match part {
                FPart::Literal(literal) => text.push_str(literal),
                FPart::Value { value, conversion, spec, debug } => {
                    if let Some(debug) = debug {
                        text.push_str(debug);
                    }
                    let span = value.span;
                    let mut val = self.eval(value)?;
                    let spec = self.fstring(spec)?;
                    let conversion =
                        conversion.or(if debug.is_some() && spec.segments.is_empty() {
                            Some('r')
                        } else {
                            None
                        });
                    if let Some(conversion) = conversion {
                        val = self.converted(&val, conversion, span)?;
                    }
                    // What follows may bind names, so it is evaluated all the same.
                    if !text.is_full() {
                        let formatted = self.format(&val, &spec, span)?;
                        text.push_text(&formatted);
                    }
                }
            }
        }
        Ok(text)
    }

    /// `!r`, `!s`, `!a`.
    pub(crate) fn converted(&mut self, val: &Val, conversion: char, span: Span) -> Res {
        let text = match conversion {
            'r' => self.repr_text(val, span)?,
            'a' => match self.repr_text(val, span)?.as_literal() {
                Some(text) => Text::literal(super::library::builtins::escaped(text)),
                None => return Ok(self.derived(&[val], span)),
            },
            _ => self.str_text(val, span)?,
        };
        Ok(self.bounded_text(text, span))
    }

    /// A string value of bounded size.
    pub(crate) fn bounded_text(&mut self, text: Text, span: Span) -> Val {
        let size = text.len() + text.segments.len();
        if size > self.settings.limits.string || text.segments.len() > 10_000 || text.is_full() {
            return self.limit_hole(span, "string", "a string is longer than the bound");
        }
        self.write(size);
        Val::text(text, span)
    }

    /// Tells the `try` around that a name bound under a condition only may be missing.
    fn may_lack(&mut self, name: &Name, span: Span) {
        let Some(frame) = self.frame() else { return };
        let scopes = [frame.scope, frame.globals];
        let conds = scopes.map(|scope| self.maybe_unbound.get(&(scope, name.clone())).cloned());
        if let Some(cond) = conds.into_iter().flatten().next() {
            self.may_fail(&Val::unknown(cond, span), span);
        }
    }

    /// Looks a name up: local, enclosing functions, module, builtins.
    pub(crate) fn load(&mut self, name: &Name, span: Span) -> Res {
        let Some(frame) = self.frame() else {
            return Ok(self.hole(HoleKind::Name, name.as_ref(), span));
        };
        let globals = frame.globals;
        let find = |scope| match self.heap.get(scope) {
            Object::Scope(names) => names.get(name).cloned(),
            _ => None,
        };
        let local = if frame.global_names.contains(name) { None } else { find(frame.scope) };
        // A local that is not bound yet does not fall back to a name outside.
        let is_local = frame.function.as_ref().is_some_and(|function| {
            function.def.locals.contains(name) && !frame.nonlocal_names.contains(name)
        });
        if local.is_none() && is_local {
            if frame.tries > 0 {
                let message = format!(
                    "cannot access local variable '{name}' where it is not associated with a value"
                );
                return Err(self.exception("UnboundLocalError", message, span));
            }
            return Ok(self.hole(HoleKind::Name, name.as_ref(), span));
        }
        let inner = local
            .filter(|_| frame.scope != globals)
            .or_else(|| frame.closure.iter().find_map(|scope| find(*scope)));
        let is_global = inner.is_none();
        if let Some(val) = inner.or_else(|| find(globals)) {
            if self.maybe_unbound.is_empty() {
                return Ok(val);
            }
            // A name of the module that hides a builtin does so only where it is bound.
            let doubt = self.maybe_unbound.get(&(globals, name.clone())).filter(|_| is_global);
            if let Some(cond) = doubt.cloned()
                && let Some(hidden) = self.builtin(name, span)
            {
                return Ok(self.merge_vals(&cond, &val, &hidden, 0));
            }
            if !self.guards.is_empty() {
                self.may_lack(name, span);
            }
            return Ok(val);
        }
        if let Some(val) = self.builtin(name, span) {
            return Ok(val);
        }
        if let Some(val) = self.star_imported(globals, name, span) {
            return Ok(val);
        }
        // A name that no scope has. Where that may be caught, as in `try: unicode`, Python's NameError is
        // meant; else podlift has rather missed where it is bound, since the DAG is known to load.
        if self.frame().is_some_and(|frame| frame.tries > 0) {
            let message = format!("name '{name}' is not defined");
            return Err(self.exception("NameError", message, span));
        }
        let val = self.hole(HoleKind::Name, name.as_ref(), span);
        self.may_fail(&val, span);
        Ok(val)
    }
}

impl Interp<'_> {
    /// A name that `from library import *` may have brought: one podlift knows the library to have, or
    /// any name when nothing is known of the library.
    fn star_imported(
        &mut self,
        globals: super::object::ObjId,
        name: &Name,
        span: Span,
    ) -> Option<Val> {
        let sources = self.star_imports.get(&globals)?.clone();
        for source in sources.iter().rev() {
            match source.as_symbol() {
                Some(path) => {
                    let full = super::library::canonical(&format!("{path}.{name}"));
                    if super::library::has(&full) {
                        return Some(self.symbol_attribute(&Name::from(path), name, span));
                    }
                }
                None => return Some(self.part_of(source, &format!(".{name}"), span)),
            }
        }
        None
    }
}

/// Whether a text with holes can be equal to a known string.
pub(crate) fn text_may_equal(text: &Text, known: &str) -> bool {
    use super::Segment;
    let begins = match text.segments.first() {
        Some(Segment::Literal(prefix)) => known.starts_with(prefix.as_str()),
        _ => true,
    };
    let ends = match text.segments.last() {
        Some(Segment::Literal(suffix)) => known.ends_with(suffix.as_str()),
        _ => true,
    };
    begins && ends
}

/// Names a target binds.
fn target_names(target: &crate::python::ast::Target, names: &mut Vec<Name>) {
    use crate::python::ast::Target;
    match target {
        Target::Name(name, _) => names.push(name.clone()),
        Target::Sequence(targets, _) => {
            for target in targets {
                target_names(target, names);
            }
        }
        Target::Star(target, _) => target_names(target, names),
        Target::Attribute(..) | Target::Subscript(..) | Target::Invalid(_) => {}
    }
}
