//! Binding: names, attributes, subscripts, unpacking, deletion.

use super::HoleKind;
use super::candidates::changes::changes_in_place;
use super::interp::{Interp, Res};
use super::object::{Data, ObjId, Object, Val};
use crate::python::Span;
use crate::python::ast::{BinaryOp, Expr, ExprKind, Name, Target};

impl Interp<'_> {
    /// Binds a name in the scope that Python would choose.
    pub(crate) fn bind(&mut self, name: &Name, val: Val) {
        if let Some(scope) = self.scope_for(name) {
            self.bind_in(scope, name, val);
        }
    }

    /// The value of a name in the scope that binding it here writes to.
    pub(crate) fn bound_here(&self, name: &Name) -> Option<Val> {
        match self.heap.get(self.scope_for(name)?) {
            Object::Scope(names) => names.get(name).cloned(),
            _ => None,
        }
    }

    /// The scope that binding a name here writes to.
    fn scope_for(&self, name: &Name) -> Option<ObjId> {
        let frame = self.frame()?;
        Some(if frame.global_names.contains(name) {
            frame.globals
        } else if frame.nonlocal_names.contains(name) {
            let owner = frame.closure.iter().copied().find(|scope| {
                matches!(self.heap.get(*scope), Object::Scope(names) if names.contains_key(name))
            });
            owner.unwrap_or(frame.scope)
        } else {
            frame.scope
        })
    }

    /// Binds a name in a given scope.
    pub(crate) fn bind_in(&mut self, scope: super::object::ObjId, name: &Name, val: Val) {
        if let Object::Scope(names) = self.heap.get_mut(scope) {
            names.insert(name.clone(), val);
        }
        if !self.maybe_unbound.is_empty() && self.conditions.is_empty() {
            let scope = self.heap.resolve(scope);
            self.maybe_unbound.shift_remove(&(scope, name.clone()));
        }
    }

    /// Binds a target.
    pub(crate) fn assign(&mut self, target: &Target, val: Val) -> Res<()> {
        match target {
            Target::Name(name, _) => {
                self.bind(name, val);
                Ok(())
            }
            Target::Attribute(object, name, span) => {
                let object = self.eval(object)?;
                self.set_attribute(&object, name, val, *span)
            }
            Target::Subscript(object, index, span) => {
                let object = self.eval(object)?;
                let index = self.eval(index)?;
                self.set_item(&object, &index, val, *span)
            }
            Target::Sequence(targets, span) => self.unpack(targets, &val, *span),
            Target::Star(target, _) => self.assign(target, val),
            Target::Invalid(_) => Ok(()),
        }
    }

    fn unpack(&mut self, targets: &[Target], val: &Val, span: Span) -> Res<()> {
        let Some(items) = self.iterate(val, span)? else {
            self.may_fail(val, span);
            for (index, target) in targets.iter().enumerate() {
                let part = self.part_of(val, &format!("[{index}]"), span);
                self.assign(target, part)?;
            }
            return Ok(());
        };
        let star = targets.iter().position(|target| matches!(target, Target::Star(..)));
        let needed = targets.len() - usize::from(star.is_some());
        if items.len() < needed || (star.is_none() && items.len() > needed) {
            let problem = if items.len() < needed {
                let at_least = if star.is_some() { "at least " } else { "" };
                let got = items.len();
                format!("not enough values to unpack (expected {at_least}{needed}, got {got})")
            } else {
                format!("too many values to unpack (expected {needed})")
            };
            return Err(self.exception("ValueError", problem, span));
        }
        let extra = items.len() - needed;
        let mut items = items.into_iter();
        for target in targets {
            if let Target::Star(inner, at) = target {
                let taken: Vec<Val> = items.by_ref().take(extra).collect();
                let list = self.list(taken, *at);
                self.assign(inner, list)?;
            } else if let Some(item) = items.next() {
                self.assign(target, item)?;
            }
        }
        Ok(())
    }

    /// `target: annotation = value`. At class level a bare annotation declares a field, which the
    /// class remembers under `__annotations__`.
    pub(crate) fn annotated(
        &mut self,
        target: &Target,
        annotation: &Expr,
        value: Option<&Expr>,
    ) -> Res<()> {
        let in_class = self.frame().is_some_and(|frame| frame.is_class);
        if let (true, Target::Name(name, span)) = (in_class, target) {
            let scope = self.frame().map(|frame| frame.scope);
            if let Some(scope) = scope {
                let key = Name::from("__annotations__");
                let known = match self.heap.get(scope) {
                    Object::Scope(names) => names.get(&key).cloned(),
                    _ => None,
                };
                let fields = match known {
                    Some(fields) => fields,
                    None => {
                        let fields = self.heap.val(Object::Dict(Default::default(), None), *span);
                        self.bind_in(scope, &key, fields.clone());
                        fields
                    }
                };
                let field = Val::str(name.as_ref(), *span);
                let kind = self.annotation_val(annotation);
                self.set_item(&fields, &field, kind, *span)?;
            }
        }
        if let Some(value) = value {
            let val = self.eval(value)?;
            self.assign(target, val)?;
        }
        Ok(())
    }

    /// What `__annotations__` holds for an annotation: builtin classes and texts; anything else is a hole with
    /// the annotation as its name, since what it evaluates to is of no use to any job spec.
    fn annotation_val(&mut self, annotation: &Expr) -> Val {
        let span = annotation.span;
        let text = self.snippet(span);
        let future = self.frame().and_then(|frame| match self.heap.get(frame.globals) {
            Object::Scope(names) => names.get("annotations").cloned(),
            _ => None,
        });
        let is_text = future.as_ref().and_then(Val::as_symbol) == Some("__future__.annotations");
        let is_plain = |text: &str| {
            text.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.'))
        };
        match &annotation.kind {
            ExprKind::Str(text) => return Val::str(text.as_ref(), span),
            _ if is_text && is_plain(&text) => return Val::str(text, span),
            _ if is_text => {}
            ExprKind::Name(name) => {
                if let Ok(val) = self.eval(annotation)
                    && val.as_symbol().and_then(|path| path.strip_prefix("builtins."))
                        == Some(name.as_ref())
                {
                    return val;
                }
            }
            _ => {}
        }
        self.hole(HoleKind::Name, text, span)
    }

    /// `target op= value`: lists, dicts and sets change in place, as every other name for them sees.
    pub(crate) fn augmented(
        &mut self,
        target: &Target,
        op: BinaryOp,
        value: &Expr,
        span: Span,
    ) -> Res<()> {
        match target {
            Target::Name(name, at) => {
                let old = self.load(name, *at)?;
                let val = self.eval(value)?;
                let new = self.in_place(op, &old, &val, span)?;
                self.bind(name, new);
            }
            Target::Attribute(object, name, at) => {
                let object = self.eval(object)?;
                let old = self.attribute(&object, name, *at)?;
                let val = self.eval(value)?;
                let new = self.in_place(op, &old, &val, span)?;
                self.set_attribute(&object, name, new, *at)?;
            }
            Target::Subscript(object, index, at) => {
                let object = self.eval(object)?;
                let index = self.eval(index)?;
                let old = self.item(&object, &index, *at)?;
                let val = self.eval(value)?;
                let new = self.in_place(op, &old, &val, span)?;
                self.set_item(&object, &index, new, *at)?;
            }
            Target::Sequence(..) | Target::Star(..) | Target::Invalid(_) => {}
        }
        Ok(())
    }

    /// `old op= val`: the value that is bound afterwards.
    pub(crate) fn in_place(&mut self, op: BinaryOp, old: &Val, val: &Val, span: Span) -> Res {
        if let Some(result) = self.own_in_place(op, old, val, span)? {
            return Ok(result);
        }
        if self.unknown(old).is_some() {
            self.change_candidates(old, &[val], span);
        }
        if let Data::Obj(id) = &old.data {
            match (self.heap.get(*id), op) {
                (Object::List(_), BinaryOp::Add) => {
                    match self.iterate(val, span)? {
                        Some(items) => {
                            let bound = self.settings.limits.collection;
                            match self.heap.get_mut(*id) {
                                Object::List(list) if list.len() + items.len() <= bound => {
                                    list.extend(items);
                                }
                                _ => {
                                    let message = "a collection is larger than the bound";
                                    let hole = self.limit_hole(span, "collection", message);
                                    self.poison_with(*id, &hole, span);
                                }
                            }
                        }
                        None => self.poison_with(*id, val, span),
                    }
                    return Ok(old.clone());
                }
                (Object::Dict(..), BinaryOp::BitOr) => {
                    self.update_dict(*id, val, span)?;
                    return Ok(old.clone());
                }
                (Object::List(_), BinaryOp::Mul)
                | (
                    Object::Set(_, false),
                    BinaryOp::BitOr | BinaryOp::BitAnd | BinaryOp::BitXor | BinaryOp::Sub,
                ) => {
                    let id = *id;
                    let made = self.binary(op, old, val, span)?;
                    match made.as_obj() {
                        Some(made) => {
                            let object = self.heap.copy(made);
                            self.heap.set(id, object);
                        }
                        None => self.poison_with(id, &made, span),
                    }
                    return Ok(old.clone());
                }
                _ => {}
            }
        }
        self.binary(op, old, val, span)
    }

    /// Marks an object as changed by something unknown.
    pub(crate) fn poison_with(&mut self, id: super::object::ObjId, by: &Val, span: Span) {
        let derived = self.derived(&[by], span);
        if let Some(hole) = derived.hole() {
            let hole = std::sync::Arc::clone(hole);
            let object = self.heap.copy(id);
            self.hold_parts(&derived, &object);
            self.heap.poison(id, &hole);
        }
    }

    /// Takes a name out of the scope Python would choose: whether it was there.
    pub(crate) fn unbind(&mut self, name: &Name) -> bool {
        let Some(scope) = self.scope_for(name) else { return false };
        match self.heap.get_mut(scope) {
            Object::Scope(names) => names.shift_remove(name).is_some(),
            _ => false,
        }
    }

    /// `del target`.
    pub(crate) fn delete(&mut self, target: &Target) -> Res<()> {
        match target {
            Target::Name(name, _) => {
                self.unbind(name);
                Ok(())
            }
            Target::Attribute(object, name, span) => {
                let object = self.eval(object)?;
                self.delete_attribute(&object, name, *span)
            }
            Target::Subscript(object, index, span) => {
                let object = self.eval(object)?;
                let index = self.eval(index)?;
                self.delete_item(&object, &index, *span)
            }
            Target::Sequence(targets, _) => {
                targets.iter().try_for_each(|target| self.delete(target))
            }
            Target::Star(..) | Target::Invalid(_) => Ok(()),
        }
    }

    /// A part of an unknown value: `name` is how the part is reached, such as `[0]` or `.host`.
    pub(crate) fn part_of(&mut self, val: &Val, part: &str, span: Span) -> Val {
        let Some(unknown) = self.unknown(val) else {
            return self.derived(&[val], span);
        };
        let Some(hole) = unknown.hole() else { return unknown };
        let roots = if hole.roots.is_empty() && !matches!(hole.kind, HoleKind::Import) {
            vec![std::sync::Arc::clone(hole)]
        } else {
            hole.roots.clone()
        };
        let kind = match hole.kind {
            HoleKind::Import
            | HoleKind::Loop
            | HoleKind::Argument
            | HoleKind::Connection
            | HoleKind::Call => hole.kind,
            _ => HoleKind::Expression,
        };
        let reason = self.snippet(span);
        let made = super::Hole {
            kind,
            name: self.bounded_name(format!("{}{part}", hole.name)),
            default: None,
            reason: if reason.is_empty() { hole.reason.clone() } else { reason },
            span,
            roots,
        };
        let made = Val::unknown(std::sync::Arc::new(made), span);
        self.may_be(&made, &[&unknown, val]);
        self.hold(&made, &[&unknown]);
        let is_method = part.strip_prefix('.').is_some_and(changes_in_place);
        self.may_be_kept(&made, &unknown, is_method);
        made
    }
}
