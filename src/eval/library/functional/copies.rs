//! `copy.copy` and `copy.deepcopy`.

use crate::eval::HoleKind;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::Data;
use crate::eval::object::{Entries, Instance, Key, Map, ObjId, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;

/// Objects that were copied already, so that what was one object stays one object.
type Memo = Map<ObjId, Val>;

/// How deep values may be nested.
const MAX_DEPTH: u32 = 100;

impl Interp<'_> {
    /// `copy.copy(val)`.
    pub(crate) fn shallow_copy(&mut self, val: &Val, span: Span) -> Val {
        let Some(id) = val.as_obj() else { return val.clone() };
        match self.heap.get(id) {
            object @ (Object::List(_)
            | Object::Dict(..)
            | Object::Set(..)
            | Object::Model(..)
            | Object::Record(..)
            | Object::Partial(..)
            | Object::Iterator(..)
            | Object::Lazy(_)) => {
                let object = object.clone();
                self.heap.val(object, span)
            }
            Object::Instance(instance) => {
                let instance = instance.clone();
                if self.copies_itself(&instance, "__copy__") {
                    return self.derived(&[val], span);
                }
                // The value underneath is the copy's own: a copied subclass of `dict` is another dict.
                let payload = instance.payload.as_ref().map(|inner| self.shallow_copy(inner, span));
                self.heap.val(Object::Instance(Instance { payload, ..instance }), span)
            }
            Object::Dag(_) | Object::Task(_) | Object::Group(_) => self.derived(&[val], span),
            _ => val.clone(),
        }
    }

    fn copies_itself(&self, instance: &Instance, method: &str) -> bool {
        !matches!(self.class_lookup(&instance.class, method), Ok(None))
    }

    /// `copy.deepcopy(val)`.
    pub(crate) fn deep_copy(&mut self, val: &Val, span: Span) -> Res {
        let mut memo = Memo::default();
        self.deep(val, &mut memo, 0, span)
    }

    /// The copy a DAG keeps of its `default_args`. Airflow 2 copies them deeply, Airflow 3 only the dict itself: where
    /// what lies in one of both is changed later, it is not known whether the other changes with it.
    pub(crate) fn default_args_copy(&mut self, val: &Val, span: Span) -> Res {
        let mut memo = Memo::default();
        let copy = self.deep(val, &mut memo, 0, span)?;
        let top = val.as_obj().map(|id| self.heap.resolve(id));
        let inner: Vec<(ObjId, Val)> = memo
            .into_iter()
            .filter(|(id, made)| {
                let is_mutable = matches!(
                    self.heap.get(*id),
                    Object::List(_)
                        | Object::Dict(..)
                        | Object::Set(_, false)
                        | Object::Model(..)
                        | Object::Instance(_)
                );
                is_mutable && Some(*id) != top && made.as_obj() != Some(*id)
            })
            .collect();
        if !inner.is_empty() {
            let shared = self.hole(HoleKind::Condition, "default_args of Airflow 3", span);
            if let Some(cond) = shared.hole() {
                for (id, made) in inner {
                    self.heap.link(&made, [id, id], cond);
                }
            }
        }
        Ok(copy)
    }

    fn deep(&mut self, val: &Val, memo: &mut Memo, depth: u32, span: Span) -> Res {
        self.step(span)?;
        if depth > MAX_DEPTH {
            return Ok(self.derived(&[val], span));
        }
        match &val.data {
            Data::Tuple(items) => {
                let items = items.to_vec();
                let copied = self.deep_all(&items, memo, depth, span)?;
                Ok(Val::tuple(copied, val.span))
            }
            Data::Obj(id) => self.deep_object(val, *id, memo, depth, span),
            _ => Ok(val.clone()),
        }
    }

    fn deep_all(
        &mut self,
        items: &[Val],
        memo: &mut Memo,
        depth: u32,
        span: Span,
    ) -> Res<Vec<Val>> {
        items.iter().map(|item| self.deep(item, memo, depth + 1, span)).collect()
    }

    fn deep_map(
        &mut self,
        attrs: Map<Name, Val>,
        memo: &mut Memo,
        depth: u32,
        span: Span,
    ) -> Res<Map<Name, Val>> {
        attrs
            .into_iter()
            .map(|(name, val)| Ok((name, self.deep(&val, memo, depth + 1, span)?)))
            .collect()
    }

    fn deep_object(
        &mut self,
        val: &Val,
        id: ObjId,
        memo: &mut Memo,
        depth: u32,
        span: Span,
    ) -> Res {
        let id = self.heap.resolve(id);
        if let Some(copy) = memo.get(&id) {
            return Ok(copy.clone());
        }
        let object = self.heap.copy(id);
        // The place of the copy is remembered before its parts are copied: they may contain it.
        let mut begin = |this: &mut Self, empty: Object| {
            let copy = this.heap.val(empty, val.span);
            memo.insert(id, copy.clone());
            copy
        };
        match object {
            Object::List(items) => {
                let copy = begin(self, Object::List(Vec::new()));
                let items = self.deep_all(&items, memo, depth, span)?;
                self.fill(&copy, Object::List(items));
                Ok(copy)
            }
            Object::Dict(entries, class) => {
                let copy = begin(self, Object::Dict(Entries::default(), class.clone()));
                let mut copied = Entries::default();
                for (key, (name, value)) in &entries {
                    let value = self.deep(value, memo, depth + 1, span)?;
                    let is_doubtful = entries.is_doubtful(key);
                    let (key, name) = if matches!(key, Key::Obj(_)) {
                        let name = self.deep(name, memo, depth + 1, span)?;
                        (self.key(&name, span)?, name)
                    } else {
                        (key.clone(), name.clone())
                    };
                    copied.insert(key.clone(), (name, value));
                    if is_doubtful {
                        copied.doubt(key);
                    }
                }
                if entries.is_disordered() {
                    copied.disorder();
                }
                self.fill(&copy, Object::Dict(copied, class));
                Ok(copy)
            }
            Object::Set(items, frozen) => {
                let elements: Vec<Val> = items.into_values().collect();
                let elements = self.deep_all(&elements, memo, depth, span)?;
                let copy = self.make_set(elements, frozen, val.span)?;
                memo.insert(id, copy.clone());
                Ok(copy)
            }
            Object::Model(class, fields) => {
                let copy = begin(self, Object::Model(class.clone(), Map::default()));
                let fields = self.deep_map(fields, memo, depth, span)?;
                self.fill(&copy, Object::Model(class, fields));
                Ok(copy)
            }
            Object::Record(class, attrs) => {
                let copy = begin(self, Object::Record(class.clone(), Map::default()));
                let attrs = self.deep_map(attrs, memo, depth, span)?;
                self.fill(&copy, Object::Record(class, attrs));
                Ok(copy)
            }
            Object::Instance(instance) => {
                let is_member = matches!(
                    self.flavour_of(&instance.class),
                    Some(crate::eval::object::Flavour::Enum)
                );
                if is_member {
                    return Ok(val.clone());
                }
                if self.copies_itself(&instance, "__deepcopy__") {
                    return Ok(self.derived(&[val], span));
                }
                let empty = Instance { attrs: Map::default(), ..instance.clone() };
                let copy = begin(self, Object::Instance(empty));
                let attrs = self.deep_map(instance.attrs, memo, depth, span)?;
                let payload = match &instance.payload {
                    Some(inner) => Some(self.deep(inner, memo, depth + 1, span)?),
                    None => None,
                };
                let class = instance.class;
                self.fill(&copy, Object::Instance(Instance { class, attrs, payload }));
                Ok(copy)
            }
            Object::Partial(function, pos, kw) => {
                let pos = self.deep_all(&pos, memo, depth, span)?;
                let kw = self.deep_map(kw, memo, depth, span)?;
                Ok(self.heap.val(Object::Partial(function, pos, kw), val.span))
            }
            Object::Bound(function, this) => {
                let this = self.deep(&this, memo, depth + 1, span)?;
                Ok(self.heap.val(Object::Bound(function, this), val.span))
            }
            // Copies of these would be tasks and DAGs that nobody wrote.
            Object::Dag(_)
            | Object::Task(_)
            | Object::Group(_)
            | Object::TaskDecorator(_)
            | Object::Iterator(..)
            | Object::Lazy(_) => Ok(self.derived(&[val], span)),
            _ => Ok(val.clone()),
        }
    }

    fn fill(&mut self, copy: &Val, object: Object) {
        if let Some(id) = copy.as_obj() {
            self.heap.set(id, object);
        }
    }
}
