//! What `collections.Counter` does beyond a dict.

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Entries, ObjId, Object, Val};
use crate::python::Span;
use crate::python::ast::{BinaryOp, CompareOp};

/// Steps that an element and its count, as a pair, count for.
const COUNT: usize = 3;

impl Interp<'_> {
    /// A method of a counter that a dict does not have, or has with another meaning.
    pub(super) fn counter_method(
        &mut self,
        id: ObjId,
        entries: &Entries,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Res<Option<Val>> {
        match name {
            "update" | "subtract" => {
                let op = if name == "update" { BinaryOp::Add } else { BinaryOp::Sub };
                if args.is_open() {
                    return Ok(Some(self.changed_by(id, &args.all(), span)));
                }
                if let Some(from) = args.pos.first() {
                    self.count_into(id, from, op, span)?;
                }
                if !args.kw.is_empty() {
                    let keywords = Args { pos: Vec::new(), ..args.clone() };
                    let counts = self.call_dict_type(&keywords, span)?;
                    self.count_into(id, &counts, op, span)?;
                }
                Ok(Some(Val::none(span)))
            }
            "total" => {
                let mut total = Val::int(0, span);
                for (_, count) in entries.values() {
                    total = self.binary(BinaryOp::Add, &total, count, span)?;
                }
                Ok(Some(total))
            }
            "elements" => {
                let mut items = Vec::new();
                for (key, count) in entries.values() {
                    let Some(count) = count.as_int() else {
                        return Ok(Some(self.derived(&[count], span)));
                    };
                    let count = usize::try_from(count).unwrap_or(0);
                    if items.len().saturating_add(count) > self.settings.limits.collection {
                        return Ok(Some(self.too_large(span)));
                    }
                    items.extend(std::iter::repeat_n(key.clone(), count));
                }
                Ok(Some(self.heap.val(Object::Iterator(items, 0), span)))
            }
            "most_common" => self.most_common(entries, args.get(0, "n"), span).map(Some),
            _ => Ok(None),
        }
    }

    /// Adds the elements of an iterable, or the counts of a mapping, to a counter.
    pub(crate) fn count_into(
        &mut self,
        id: ObjId,
        from: &Val,
        op: BinaryOp,
        span: Span,
    ) -> Res<()> {
        let counts: Vec<(Val, Val)> = match self.entries_of(from) {
            Some(entries) if !entries.has_open_keys() => entries.into_values().collect(),
            Some(_) => {
                self.changed_by(id, &[from], span);
                return Ok(());
            }
            None => match self.iterate(from, span)? {
                Some(items) => items.into_iter().map(|item| (item, Val::int(1, span))).collect(),
                None => {
                    self.changed_by(id, &[from], span);
                    return Ok(());
                }
            },
        };
        for (name, count) in counts {
            if self.is_open(&name) {
                self.changed_by(id, &[&name], span);
                return Ok(());
            }
            let key = self.key(&name, span)?;
            let old = match self.heap.get(id) {
                Object::Dict(entries, _) => entries.get(&key).map(|(_, count)| count.clone()),
                _ => return Ok(()),
            };
            let old = old.unwrap_or_else(|| Val::int(0, span));
            let new = self.binary(op, &old, &count, span)?;
            self.insert(id, key, name, new);
        }
        Ok(())
    }

    /// `+`, `-`, `|` and `&` of counters, which keep only what counts more than zero.
    pub(crate) fn counter_operation(
        &mut self,
        op: BinaryOp,
        left: &Val,
        right: &Val,
        span: Span,
    ) -> Res {
        let zero = Val::int(0, span);
        let mut entries = self.entries_of(left).unwrap_or_default();
        let others = self.entries_of(right).unwrap_or_default();
        if entries.has_open_keys() || others.has_open_keys() {
            return Ok(self.derived(&[left, right], span));
        }
        if op == BinaryOp::BitAnd {
            entries = entries.into_iter().filter(|(key, _)| others.contains_key(key)).collect();
        }
        for (key, (name, val)) in others {
            let own = match entries.get(&key) {
                Some((_, own)) => own.clone(),
                None if op == BinaryOp::BitAnd => continue,
                None => zero.clone(),
            };
            let count = match op {
                BinaryOp::Add | BinaryOp::Sub => self.binary(op, &own, &val, span)?,
                _ => {
                    let is_less = self.compare(CompareOp::Lt, &own, &val, span)?;
                    match self.truth(&is_less)? {
                        Some(is_less) if is_less == (op == BinaryOp::BitOr) => val,
                        Some(_) => own,
                        None => return Ok(self.derived(&[left, right], span)),
                    }
                }
            };
            entries.insert(key, (name, count));
        }
        let mut kept = Entries::default();
        for (key, (name, val)) in entries {
            let counts = self.compare(CompareOp::Gt, &val, &zero, span)?;
            match self.truth(&counts)? {
                Some(true) => kept.insert(key, (name, val)),
                Some(false) => {}
                None => return Ok(self.derived(&[left, right], span)),
            }
        }
        let class = Val::symbol("collections.Counter", span);
        Ok(self.heap.val(Object::Dict(kept, Some(class)), span))
    }

    fn most_common(&mut self, entries: &Entries, number: Option<&Val>, span: Span) -> Res {
        let mut counts = Vec::new();
        self.spend(entries.len() * COUNT, span)?;
        for (key, count) in entries.values() {
            match count.as_int() {
                Some(number) => counts.push((number, key.clone(), count.clone())),
                None => return Ok(self.derived(&[count], span)),
            }
        }
        counts.sort_by_key(|(number, ..)| std::cmp::Reverse(*number));
        match number {
            Some(number) if !number.is_none() => match number.as_int() {
                Some(number) => counts.truncate(usize::try_from(number).unwrap_or(0)),
                None => return Ok(self.derived(&[number], span)),
            },
            _ => {}
        }
        let items =
            counts.into_iter().map(|(_, key, count)| Val::tuple(vec![key, count], span)).collect();
        Ok(self.list(items, span))
    }
}
