//! `<` and its relatives, and `in`.

use crate::eval::call::Args;
use crate::eval::checkout;
use crate::eval::interp::{Interp, Res};
use crate::eval::library::containers::views::View;
use crate::eval::library::texts::find_bytes;
use crate::eval::object::{Data, Object, Val};
use crate::eval::pure::number;
use crate::python::Span;
use crate::python::ast::CompareOp;

impl Interp<'_> {
    /// `in` for an iterator: it is advanced until the element is found.
    pub(super) fn iterator_contains(
        &mut self,
        container: &Val,
        needle: &Val,
        span: Span,
    ) -> Res<Option<Option<bool>>> {
        let is_iterator = container
            .as_obj()
            .is_some_and(|id| matches!(self.heap.get(id), Object::Iterator(..) | Object::Lazy(_)));
        if !is_iterator {
            return Ok(None);
        }
        loop {
            self.step(span)?;
            match self.next_item(container, span)? {
                crate::eval::lazy::Next::Item(item) => match self.equals(&item, needle, span)? {
                    Some(true) => return Ok(Some(Some(true))),
                    Some(false) => {}
                    None => {
                        if let Some(id) = container.as_obj() {
                            self.poison_with(id, &item, span);
                        }
                        return Ok(Some(None));
                    }
                },
                crate::eval::lazy::Next::End(_) => return Ok(Some(Some(false))),
                crate::eval::lazy::Next::Open(_) => return Ok(Some(None)),
            }
        }
    }

    /// The order of two values: `Some(None)` when they cannot be ordered (NaN), `None` when unknown.
    #[allow(clippy::option_option, reason = "unknown and unordered are different answers")]
    pub(crate) fn order(
        &mut self,
        left: &Val,
        right: &Val,
        span: Span,
    ) -> Res<Option<Option<std::cmp::Ordering>>> {
        self.spend(1, span)?;
        if self.is_open(left) || self.is_open(right) {
            return Ok(None);
        }
        let (left, right) = (
            self.plain(left).unwrap_or_else(|| left.clone()),
            self.plain(right).unwrap_or_else(|| right.clone()),
        );
        if let (Some(a), Some(b)) = (self.number(&left), self.number(&right)) {
            return Ok(Some(number::compare(&a, &b)));
        }
        let (left, right) = match (self.as_set(&left, span)?, self.as_set(&right, span)?) {
            (Some(left), Some(right)) => (left, right),
            _ => return Ok(None),
        };
        let lists = |this: &Self, val: &Val| match &val.data {
            Data::Obj(_) if this.rules_of(&this.class_of(val)).order => this.compared_values(val),
            Data::Tuple(items) => Some(items.to_vec()),
            Data::Obj(id) => match this.heap.get(*id) {
                Object::List(items) => Some(items.clone()),
                _ => None,
            },
            _ => None,
        };
        match (&left.data, &right.data) {
            (Data::Str(a), Data::Str(b)) => return Ok(Some(Some(a.chars().cmp(b.chars())))),
            (Data::Bytes(a), Data::Bytes(b)) => return Ok(Some(Some(a.cmp(b)))),
            (Data::Native(a), Data::Native(b)) => {
                if let Some(order) = crate::eval::library::datetime::order(a, b) {
                    return Ok(Some(Some(order)));
                }
            }
            _ => {}
        }
        if let (Some(a), Some(b)) = (lists(self, &left), lists(self, &right)) {
            for (a, b) in a.iter().zip(&b) {
                match self.equals(a, b, span)? {
                    Some(true) => {}
                    Some(false) => return self.order(a, b, span),
                    None => return Ok(None),
                }
            }
            return Ok(Some(Some(a.len().cmp(&b.len()))));
        }
        if let (Some(Object::Set(a, _)), Some(Object::Set(b, _))) =
            (left.as_obj().map(|id| self.heap.get(id)), right.as_obj().map(|id| self.heap.get(id)))
        {
            use std::cmp::Ordering;
            let (inside, around) =
                (a.keys().all(|key| b.contains_key(key)), b.keys().all(|key| a.contains_key(key)));
            return Ok(Some(match (inside, around) {
                (true, true) => Some(Ordering::Equal),
                (true, false) => Some(Ordering::Less),
                (false, true) => Some(Ordering::Greater),
                (false, false) => None,
            }));
        }
        if left.as_symbol().is_some() || right.as_symbol().is_some() {
            return Ok(None);
        }
        if let Some(order) = self.keyed_order(&left, &right, span)? {
            return Ok(order);
        }
        if let Some(result) = self.own_order(CompareOp::Lt, &left, &right, span)? {
            return Ok(self.truth(&result)?.map(|less| {
                Some(if less { std::cmp::Ordering::Less } else { std::cmp::Ordering::Greater })
            }));
        }
        if instance_is_open(self, &left) || instance_is_open(self, &right) {
            return Ok(None);
        }
        let kinds = (self.full_type_name(&left), self.full_type_name(&right));
        let message = match (kinds.0.as_str(), kinds.1.as_str()) {
            ("datetime.datetime", "datetime.datetime") => {
                "can't compare offset-naive and offset-aware datetimes".to_owned()
            }
            (a, b) => format!("'<' not supported between instances of '{a}' and '{b}'"),
        };
        self.type_error(message, span)
    }

    /// The keys or entries of a dict as the set that comparisons take them for, and anything else as it is; `None` when
    /// they are not all known.
    fn as_set(&mut self, val: &Val, span: Span) -> Res<Option<Val>> {
        match self.view_of(val) {
            Some((View::Keys | View::Items, _)) => match self.view_items(val).flatten() {
                Some(items) => {
                    self.spend(items.len(), span)?;
                    self.make_set(items, true, span).map(Some)
                }
                None => Ok(None),
            },
            _ => Ok(Some(val.clone())),
        }
    }

    pub(super) fn keyed_order(
        &mut self,
        left: &Val,
        right: &Val,
        span: Span,
    ) -> Res<Option<Option<Option<std::cmp::Ordering>>>> {
        let part = |val: &Val, name: &str| match self.heap.get(val.as_obj()?) {
            Object::Record(class, attrs) if class.as_ref() == "functools.KeyWrapper" => {
                attrs.get(name).cloned()
            }
            _ => None,
        };
        let (Some(function), Some(a), Some(b)) =
            (part(left, "function"), part(left, "obj"), part(right, "obj"))
        else {
            return Ok(None);
        };
        let verdict = self.call(&function, Args::positional(vec![a, b]), span)?;
        Ok(Some(verdict.as_int().map(|sign| Some(sign.cmp(&0)))))
    }

    /// `needle in container`.
    pub(crate) fn contains(
        &mut self,
        container: &Val,
        needle: &Val,
        span: Span,
    ) -> Res<Option<bool>> {
        // The usual case first, without copying the container.
        if let Some(id) = container.as_obj()
            && matches!(self.heap.get(id), Object::Dict(..) | Object::Set(..))
            && !self.is_open(needle)
        {
            let key = self.key(needle, span)?;
            let is_there = match self.heap.get(id) {
                Object::Dict(entries, _) => {
                    entries.contains_key(&key) && !entries.is_doubtful(&key)
                }
                Object::Set(items, _) => items.contains_key(&key),
                _ => false,
            };
            if is_there {
                return Ok(Some(true));
            }
        }
        self.look_through(container, span)?;
        match (&container.data, &needle.data) {
            (Data::Str(text), Data::Str(part)) => return Ok(checkout::holds(text, part)),
            (Data::Bytes(text), Data::Bytes(part)) => {
                return Ok(Some(find_bytes(text, part).is_some()));
            }
            (Data::Text(text), Data::Str(part)) => {
                let found = text.segments.iter().any(|segment| match segment {
                    crate::eval::Segment::Literal(literal) => literal.contains(part.as_ref()),
                    crate::eval::Segment::Hole(_) => false,
                });
                return Ok(found.then_some(true));
            }
            (Data::Str(_), _) if self.is_open(needle) => return Ok(None),
            (Data::Str(text), _) => {
                if let Some(part) = self.known_str(needle) {
                    return Ok(Some(text.contains(part.as_ref())));
                }
                let kind = self.type_name(needle);
                let message = format!("'in <string>' requires string as left operand, not {kind}");
                return self.type_error(message, span);
            }
            _ => {}
        }
        if self.unknown(container).is_some() {
            return Ok(None);
        }
        if let Some((view, dict)) = self.view_of(container) {
            if view == crate::eval::library::containers::View::Keys {
                return self.contains(&dict, needle, span);
            }
            let Some(items) = self.iterate(container, span)? else { return Ok(None) };
            return self.contains(&Val::tuple(items, span), needle, span);
        }
        if let Some(class) = self.own_class(container)
            && let Ok(Some(method)) = self.class_lookup(&class, "__contains__")
        {
            let args = Args::positional(vec![container.clone(), needle.clone()]);
            let result = self.call(&method, args, span)?;
            return self.truth(&result);
        }
        if matches!(container.as_obj().map(|id| self.heap.get(id)), Some(Object::Class(..)))
            && let Some(found) =
                self.meta_call(container, "__contains__", std::slice::from_ref(needle), span)?
        {
            return self.truth(&found);
        }
        let parser = match container.as_obj().map(|id| self.heap.get(id)) {
            Some(Object::Record(class, attrs)) if class.starts_with("configparser.") => {
                Some(attrs.clone())
            }
            _ => None,
        };
        if let Some(attrs) = parser {
            let args = Args::positional(vec![needle.clone()]);
            return match self.config_method(container, &attrs, "__contains__", &args, span) {
                Some(found) => self.truth(&found?),
                None => Ok(None),
            };
        }
        if let Some(entries) = self.entries_of(container) {
            let key = self.key(needle, span)?;
            if entries.contains_key(&key) {
                return Ok((!entries.is_doubtful(&key)).then_some(true));
            }
            let open = matches!(key, crate::eval::object::Key::Hole(_))
                || entries.keys().any(|key| {
                    matches!(
                        key,
                        crate::eval::object::Key::Spread(_) | crate::eval::object::Key::Hole(_)
                    )
                });
            return Ok(if open && !entries.is_empty() { None } else { Some(false) });
        }
        if let Some(id) = container.as_obj() {
            if let Object::Set(items, _) = self.heap.get(id) {
                if self.is_open(needle) && !items.is_empty() {
                    return Ok(None);
                }
                let key = self.key(needle, span)?;
                let Object::Set(items, _) = self.heap.get(id) else { return Ok(None) };
                return Ok(Some(items.contains_key(&key)));
            }
            match self.heap.copy(id) {
                Object::Instance(instance) => {
                    if let (Some((_, whole)), Some((_, part))) =
                        (self.flag_number(container), self.flag_number(needle))
                    {
                        return Ok(Some(whole & part == part));
                    }
                    let (class, has_payload) = (instance.class.clone(), instance.payload.is_some());
                    if !has_payload && self.has_unseen_methods(&class) {
                        return Ok(None);
                    }
                }
                Object::Scope(_) if self.may_be_unbound(id, needle, span).is_some() => {
                    return Ok(None);
                }
                Object::Scope(names) => {
                    return Ok(needle.as_str().map(|name| names.contains_key(name)));
                }
                Object::Dag(_) | Object::Group(_) | Object::Record(..) => return Ok(None),
                _ => {}
            }
        }
        if let Some(path) = container.as_symbol() {
            let path = crate::python::ast::Name::from(path);
            return self.symbol_contains(&path, needle, span);
        }
        if let Some(found) = self.iterator_contains(container, needle, span)? {
            return Ok(found);
        }
        let Some(items) = self.iterate(container, span)? else { return Ok(None) };
        let mut unsure = false;
        for item in &items {
            match self.equals(item, needle, span)? {
                Some(true) => return Ok(Some(true)),
                Some(false) => {}
                None => unsure = true,
            }
        }
        Ok(if unsure { None } else { Some(false) })
    }
}

pub(super) fn instance_is_open(interp: &Interp<'_>, val: &Val) -> bool {
    match val.as_obj().map(|id| interp.heap.get(id)) {
        Some(Object::Instance(instance)) => instance.attrs.contains_key("__unknown_base__"),
        _ => false,
    }
}
