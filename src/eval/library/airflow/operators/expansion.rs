//! Mapped operators: `partial`, `expand` and `expand_kwargs`.

use rustc_hash::FxHashSet;

use crate::airflow::{OperatorKind, Origin};
use crate::eval::call::{Args, Kwarg};
use crate::eval::interp::{Interp, Res};
use crate::eval::library::airflow::{DecoratorObject, TaskKeyword, operator_kind};
use crate::eval::object::{Map, Object, Val};
use crate::eval::{Hole, HoleKind};
use crate::python::Span;
use crate::python::ast::Name;
use std::sync::Arc;

/// The keywords that every instance of a task has.
fn common_keywords(instances: &[Map<Name, TaskKeyword>]) -> Map<Name, TaskKeyword> {
    let Some((first, others)) = instances.split_first() else { return Map::default() };
    let shared = first.iter().filter(|(name, _)| others.iter().all(|one| one.contains_key(*name)));
    shared.map(|(name, keyword)| (name.clone(), keyword.clone())).collect()
}

impl Interp<'_> {
    /// `.partial(...)` of an operator class.
    pub(crate) fn partial_operator(&mut self, class: &Val, args: Args, span: Span) -> Val {
        let object = DecoratorObject {
            kind: Name::from("airflow.partial"),
            kwargs: args.kw,
            function: Some(class.clone()),
            partial: Map::default(),
            more_kw: args.more_kw,
            mark: None,
        };
        self.heap.val(Object::TaskDecorator(Box::new(object)), span)
    }

    /// `.expand(...)` and `.expand_kwargs(...)` after `.partial(...)`.
    pub(crate) fn expand_operator(
        &mut self,
        partial: &DecoratorObject,
        method: &str,
        args: &Args,
        span: Span,
    ) -> Res {
        let Some(class) = partial.function.clone() else { return Ok(Val::none(span)) };
        let base = match self.symbol_base(&class) {
            Some(base) => base,
            None => return Ok(self.derived(&[&class], span)),
        };
        let unrolled = match self.instances(method, args, span)? {
            Some(instances) => {
                self.airflow.detached += 1;
                let made = self.make_instances(&class, &base, partial, &instances, span);
                self.airflow.detached -= 1;
                Some(made?)
            }
            None => None,
        };
        let open: Vec<Val> = args.all().into_iter().cloned().collect();
        let hole = match &unrolled {
            Some(_) => None,
            None => {
                let refs: Vec<&Val> = open.iter().collect();
                Some(self.expansion_hole(&refs, span))
            }
        };
        // The task itself: what all instances share, and in place of what each has for itself a hole.
        let mut kw = partial.kwargs.clone();
        let mut more_kw = partial.more_kw.clone();
        match &hole {
            Some(hole) if method == "expand" => {
                for (name, kwarg) in &args.kw {
                    let val = Val::unknown(Arc::clone(hole), kwarg.span);
                    kw.insert(name.clone(), Kwarg { val, span: kwarg.span });
                }
            }
            Some(hole) => more_kw = Some(Val::unknown(Arc::clone(hole), span)),
            None => {}
        }
        let shared = Args { kw, more_kw, ..Args::default() };
        // The constructor of a subclass knows what becomes of its own arguments. Where all instances are known it
        // has been asked for each of them.
        let is_own =
            class.as_symbol().is_none() && !matches!(operator_kind(&base), OperatorKind::Other);
        let val = if is_own && hole.is_some() {
            self.make_operator(&class, &base, shared, span)?
        } else {
            self.make_operator(&Val::symbol(base.clone(), span), &base, shared, span)?
        };
        if let Some(id) = val.as_obj()
            && let Object::Task(task) = self.heap.get_mut(id)
        {
            task.class = class;
            for (name, keyword) in &mut task.keywords {
                let is_each = hole.is_some() && (args.kw.contains_key(name) || &**name == "**");
                keyword.origin = match &keyword.origin {
                    Origin::Call if is_each => Origin::Expand,
                    Origin::Call => Origin::Partial,
                    other => other.clone(),
                };
            }
            if let (true, Some(each)) = (is_own, &unrolled) {
                task.keywords = common_keywords(each);
            }
            task.expansion = match (unrolled, hole) {
                (Some(keywords), _) => Some(Ok(keywords)),
                (None, Some(hole)) => Some(Err(hole)),
                (None, None) => None,
            };
        }
        if let Some(id) = val.as_obj() {
            self.forget_task(id);
        }
        // Upstream tasks whose results are mapped over.
        self.depend_on_all(&val, &open);
        Ok(val)
    }

    /// The keywords of each instance, made as Airflow makes it when it runs: by the constructor of the class.
    fn make_instances(
        &mut self,
        class: &Val,
        base: &Name,
        partial: &DecoratorObject,
        instances: &[Map<Name, Kwarg>],
        span: Span,
    ) -> Res<Vec<Map<Name, TaskKeyword>>> {
        let mut keywords = Vec::new();
        for instance in instances {
            let mut kw = partial.kwargs.clone();
            for (name, kwarg) in instance {
                kw.insert(name.clone(), kwarg.clone());
            }
            let args = Args { kw, more_kw: partial.more_kw.clone(), ..Args::default() };
            let val = self.make_operator(class, base, args, span)?;
            if let Some(Object::Task(task)) = val.as_obj().map(|id| self.heap.get(id)) {
                let mut own = task.keywords.clone();
                for (name, keyword) in &mut own {
                    keyword.origin = match &keyword.origin {
                        Origin::Call if instance.contains_key(name) => Origin::Expand,
                        Origin::Call => Origin::Partial,
                        other => other.clone(),
                    };
                }
                keywords.push(own);
            }
        }
        Ok(keywords)
    }

    pub(super) fn expansion_hole(&mut self, from: &[&Val], span: Span) -> Arc<Hole> {
        let mut roots = Vec::new();
        for val in from {
            self.roots_of(val, &mut roots, 0);
        }
        // What is mapped over names the values: the tasks whose results they are, or else the expression.
        let mut tasks = Vec::new();
        for val in from {
            self.xcoms_in(val, &mut tasks);
        }
        let mut seen = FxHashSet::default();
        tasks.retain(|task| seen.insert(*task));
        let ids: Vec<String> = tasks
            .into_iter()
            .filter_map(|id| match self.heap.get(id) {
                Object::Task(task) => Some(task.id.to_template()),
                _ => None,
            })
            .collect();
        let place = from.iter().map(|val| val.span).find(|place| place.is_some()).unwrap_or(span);
        let reason = self.snippet(place);
        Arc::new(Hole {
            kind: HoleKind::XCom,
            name: if ids.is_empty() { reason.clone() } else { ids.join(", ") },
            default: None,
            reason,
            span,
            roots,
        })
    }

    /// Keywords of each instance of a mapped task; `None` when they are not known.
    #[allow(clippy::type_complexity, reason = "one map of keywords per instance")]
    pub(crate) fn instances(
        &mut self,
        method: &str,
        args: &Args,
        span: Span,
    ) -> Res<Option<Vec<Map<Name, Kwarg>>>> {
        if args.is_open() {
            return Ok(None);
        }
        if method == "expand_kwargs" {
            let Some(val) = args.pos.first() else { return Ok(None) };
            let Some(rows) = self.iterate(val, span)? else { return Ok(None) };
            let mut instances = Vec::new();
            for row in rows {
                let Some(entries) = self.entries_of(&row) else { return Ok(None) };
                let mut instance = Map::default();
                for (key, val) in entries.into_values() {
                    let Some(name) = key.as_str() else { return Ok(None) };
                    let span = val.span;
                    instance.insert(Name::from(name), Kwarg { val, span });
                }
                instances.push(instance);
            }
            return Ok(Some(instances));
        }
        // The last keyword runs fastest, as in nested loops over the keywords in order.
        let mut instances: Vec<Map<Name, Kwarg>> = vec![Map::default()];
        for (name, kwarg) in &args.kw {
            if self.is_open(&kwarg.val) {
                return Ok(None);
            }
            let values = match self.entries_of(&kwarg.val) {
                Some(entries) => entries
                    .into_values()
                    .map(|(key, val)| Val::tuple(vec![key, val], kwarg.span))
                    .collect(),
                None => match self.iterate(&kwarg.val, span)? {
                    Some(values) => values,
                    None => return Ok(None),
                },
            };
            if instances.len().saturating_mul(values.len()) > self.settings.limits.collection {
                return Ok(None);
            }
            let mut product = Vec::new();
            for instance in &instances {
                for val in &values {
                    let mut next = instance.clone();
                    next.insert(name.clone(), Kwarg { val: val.clone(), span: kwarg.span });
                    product.push(next);
                }
            }
            instances = product;
        }
        Ok(Some(instances))
    }
}

/// The arguments of one instance of a mapped function.
pub(crate) fn given(instance: &Map<Name, Kwarg>) -> Map<Name, TaskKeyword> {
    let keyword = |kwarg: &Kwarg| TaskKeyword {
        val: kwarg.val.clone(),
        origin: Origin::Expand,
        span: kwarg.span,
    };
    instance.iter().map(|(name, kwarg)| (name.clone(), keyword(kwarg))).collect()
}
