//! `itertools`. What it yields is computed at once, so its endless iterators are unknown.

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::lazy::{Lazy, Next};
use crate::eval::object::{Data, Object, Val};
use crate::python::Span;
use crate::python::ast::BinaryOp;

impl Interp<'_> {
    pub(super) fn call_itertools(
        &mut self,
        module: &str,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        let made = match (module, name) {
            ("itertools.chain", "from_iterable") => self.chain_nested(args, span),
            ("itertools.chain", _) => return None,
            _ => self.iterator(name, args, span),
        };
        match made {
            Ok(Made::Items(items)) => {
                if items.len() > self.settings.limits.collection {
                    let message = "a collection is larger than the bound";
                    return Some(Ok(self.limit_hole(span, "collection", message)));
                }
                Some(Ok(self.heap.val(Object::Iterator(items, 0), span)))
            }
            Ok(Made::Val(val)) => Some(Ok(val)),
            Ok(Made::Open) => Some(Ok(self.derived(&args.all(), span))),
            Ok(Made::TooMany) => {
                let message = "a collection is larger than the bound";
                Some(Ok(self.limit_hole(span, "collection", message)))
            }
            Ok(Made::Unknown) => None,
            Err(raised) => Some(Err(raised)),
        }
    }

    fn chain_nested(&mut self, args: &Args, span: Span) -> Res<Made> {
        let Some(outer) = args.pos.first() else { return Ok(Made::Unknown) };
        let Some(lists) = self.iterate(outer, span)? else { return Ok(Made::Open) };
        self.chained(&lists, span)
    }

    fn chained(&mut self, lists: &[Val], span: Span) -> Res<Made> {
        // Unknown ones are told at once, so that the result as a whole is unknown.
        if lists.iter().any(|list| self.is_open(list)) {
            return Ok(Made::Open);
        }
        Ok(Made::Val(self.lazy(Lazy::Chain(lists.to_vec()), span)))
    }

    /// All positional arguments as lists.
    fn lists(&mut self, vals: &[Val], span: Span) -> Res<Option<Vec<Vec<Val>>>> {
        vals.iter().map(|val| self.iterate(val, span)).collect()
    }

    fn iterator(&mut self, name: &str, args: &Args, span: Span) -> Res<Made> {
        let pos = args.pos.as_slice();
        let tuples = |rows: Vec<Vec<Val>>| {
            Made::Items(rows.into_iter().map(|row| Val::tuple(row, span)).collect())
        };
        Ok(match (name, pos) {
            ("chain", lists) => self.chained(lists, span)?,
            ("product", lists) => {
                let repeat = args.named("repeat").map_or(Some(1), Val::as_int);
                let (Some(repeat), Some(lists)) = (repeat, self.lists(lists, span)?) else {
                    return Ok(Made::Open);
                };
                match product(&lists, repeat, self.settings.limits.collection) {
                    Some(rows) => tuples(rows),
                    None => Made::TooMany,
                }
            }
            ("permutations" | "combinations" | "combinations_with_replacement", [items, ..]) => {
                let Some(items) = self.iterate(items, span)? else { return Ok(Made::Open) };
                let length = match args.get(1, "r") {
                    Some(val) if !val.is_none() => match val.as_int() {
                        Some(length) => usize::try_from(length).unwrap_or(usize::MAX),
                        None => return Ok(Made::Open),
                    },
                    _ => items.len(),
                };
                let rule = match name {
                    "permutations" => Rule::Permutations,
                    "combinations" => Rule::Combinations,
                    _ => Rule::WithReplacement,
                };
                match arrangements(items.len(), length, rule, self.settings.limits.collection) {
                    Some(rows) => tuples(
                        rows.into_iter()
                            .map(|row| {
                                row.into_iter().filter_map(|at| items.get(at).cloned()).collect()
                            })
                            .collect(),
                    ),
                    None => Made::TooMany,
                }
            }
            ("zip_longest", lists) => {
                let fill = args.named("fillvalue").cloned().unwrap_or_else(|| Val::none(span));
                let Some(lists) = self.lists(lists, span)? else { return Ok(Made::Open) };
                let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
                let row = |at: usize| -> Vec<Val> {
                    let item = |list: &Vec<Val>| list.get(at).unwrap_or(&fill).clone();
                    lists.iter().map(item).collect()
                };
                tuples((0..longest).map(row).collect())
            }
            ("islice", [items, bounds @ ..]) => self.sliced(items, bounds, span)?,
            ("groupby", [items, ..]) => self.grouped(items, args.get(1, "key"), span)?,
            ("repeat", [val, ..]) => match args.get(1, "times").map(Val::as_int) {
                Some(Some(times)) => {
                    let times = usize::try_from(times).unwrap_or(0);
                    if times > self.settings.limits.collection {
                        return Ok(Made::TooMany);
                    }
                    Made::Items(vec![val.clone(); times])
                }
                Some(None) => Made::Open,
                None => Made::Val(self.lazy(Lazy::Repeat(val.clone()), span)),
            },
            ("count", _) => {
                let start = args.get(0, "start").cloned().unwrap_or_else(|| Val::int(0, span));
                let step = args.get(1, "step").cloned().unwrap_or_else(|| Val::int(1, span));
                if self.is_open(&start) || self.is_open(&step) {
                    return Ok(Made::Open);
                }
                Made::Val(self.lazy(Lazy::Count(start, step), span))
            }
            ("cycle", [items]) => match self.iter_of(items, span)? {
                Some(iterator) => {
                    Made::Val(self.lazy(Lazy::Cycle(iterator, Vec::new(), None), span))
                }
                None => Made::Open,
            },
            ("accumulate", [items, ..]) => {
                let Some(items) = self.iterate(items, span)? else { return Ok(Made::Open) };
                let function = args.get(1, "func").filter(|val| !val.is_none()).cloned();
                let mut total = args.named("initial").filter(|val| !val.is_none()).cloned();
                let mut totals: Vec<Val> = total.iter().cloned().collect();
                for item in items {
                    let next = match (total.take(), &function) {
                        (None, _) => item,
                        (Some(total), None) => self.binary(BinaryOp::Add, &total, &item, span)?,
                        (Some(total), Some(function)) => {
                            self.call(function, Args::positional(vec![total, item]), span)?
                        }
                    };
                    totals.push(next.clone());
                    total = Some(next);
                }
                Made::Items(totals)
            }
            ("starmap", [function, rows]) => {
                let Some(rows) = self.iterate(rows, span)? else { return Ok(Made::Open) };
                let mut made = Vec::new();
                for row in rows {
                    match self.iterate(&row, span)? {
                        Some(items) => {
                            made.push(self.call(function, Args::positional(items), span)?);
                        }
                        None => return Ok(Made::Open),
                    }
                }
                Made::Items(made)
            }
            ("takewhile" | "dropwhile" | "filterfalse", [test, items]) => {
                self.tested(name, test, items, span)?
            }
            ("compress", [items, selectors]) => {
                let (Some(items), Some(selectors)) =
                    (self.iterate(items, span)?, self.iterate(selectors, span)?)
                else {
                    return Ok(Made::Open);
                };
                let mut kept = Vec::new();
                for (item, selector) in items.into_iter().zip(selectors) {
                    match self.truth(&selector)? {
                        Some(true) => kept.push(item),
                        Some(false) => {}
                        None => return Ok(Made::Open),
                    }
                }
                Made::Items(kept)
            }
            ("tee", [items, ..]) => {
                let Some(items) = self.iterate(items, span)? else { return Ok(Made::Open) };
                let Some(number) = args.get(1, "n").map_or(Some(2), Val::as_int) else {
                    return Ok(Made::Open);
                };
                if !(0..=64).contains(&number) {
                    return Ok(Made::TooMany);
                }
                let iterators = (0..number)
                    .map(|_| self.heap.val(Object::Iterator(items.clone(), 0), span))
                    .collect();
                Made::Val(Val::tuple(iterators, span))
            }
            ("pairwise", [items]) => {
                let Some(items) = self.iterate(items, span)? else { return Ok(Made::Open) };
                tuples(items.windows(2).map(<[Val]>::to_vec).collect())
            }
            ("batched", [items, ..]) => {
                let Some(items) = self.iterate(items, span)? else { return Ok(Made::Open) };
                match args.get(1, "n").and_then(Val::as_int).map(usize::try_from) {
                    Some(Ok(size)) if size > 0 => {
                        tuples(items.chunks(size).map(<[Val]>::to_vec).collect())
                    }
                    _ => Made::Unknown,
                }
            }
            _ => Made::Unknown,
        })
    }

    fn sliced(&mut self, items: &Val, bounds: &[Val], span: Span) -> Res<Made> {
        let bound = |val: Option<&Val>, default: usize| match val {
            None => Some(default),
            Some(val) if val.is_none() => Some(default),
            Some(val) => val.as_int().and_then(|number| usize::try_from(number).ok()),
        };
        let (start, stop, step) = match bounds {
            [stop] => (Some(0), bound(Some(stop), usize::MAX), Some(1)),
            [start, stop, rest @ ..] => {
                (bound(Some(start), 0), bound(Some(stop), usize::MAX), bound(rest.first(), 1))
            }
            [] => return Ok(Made::Unknown),
        };
        let (Some(start), Some(stop), Some(step)) = (start, stop, step) else {
            return Ok(Made::Open);
        };
        if step == 0 {
            return Ok(Made::Unknown);
        }
        // An iterator gives up only what is taken from it.
        let Some(iterator) = self.iter_of(items, span)? else { return Ok(Made::Open) };
        let mut taken = Vec::new();
        let mut at = 0;
        while at < stop {
            self.step(span)?;
            match self.next_item(&iterator, span)? {
                Next::Item(_) if taken.len() > self.settings.limits.collection => {
                    return Ok(Made::TooMany);
                }
                Next::Item(item) => {
                    if at >= start && (at - start).is_multiple_of(step) {
                        taken.push(item);
                    }
                }
                Next::End(_) => break,
                Next::Open(_) => return Ok(Made::Open),
            }
            at += 1;
        }
        Ok(Made::Items(taken))
    }

    fn grouped(&mut self, items: &Val, key: Option<&Val>, span: Span) -> Res<Made> {
        let Some(items) = self.iterate(items, span)? else { return Ok(Made::Open) };
        let mut groups: Vec<(Val, Vec<Val>)> = Vec::new();
        for item in items {
            let by = match key {
                Some(key) if !key.is_none() => {
                    self.call(key, Args::positional(vec![item.clone()]), span)?
                }
                _ => item.clone(),
            };
            let joins = match groups.last() {
                Some((last, _)) => {
                    let last = last.clone();
                    match self.alike(&last, &by, span)? {
                        Some(same) => same,
                        None => return Ok(Made::Open),
                    }
                }
                None => false,
            };
            match groups.last_mut() {
                Some((_, members)) if joins => members.push(item),
                _ => groups.push((by, vec![item])),
            }
        }
        let groups = groups
            .into_iter()
            .map(|(by, members)| {
                let members = self.heap.val(Object::Iterator(members, 0), span);
                Val::tuple(vec![by, members], span)
            })
            .collect();
        Ok(Made::Items(groups))
    }

    fn tested(&mut self, name: &str, test: &Val, items: &Val, span: Span) -> Res<Made> {
        let Some(iterator) = self.iter_of(items, span)? else { return Ok(Made::Open) };
        let mut kept = Vec::new();
        let mut dropping = true;
        loop {
            self.step(span)?;
            if kept.len() > self.settings.limits.collection {
                return Ok(Made::TooMany);
            }
            let item = match self.next_item(&iterator, span)? {
                Next::Item(item) => item,
                Next::End(_) => break,
                Next::Open(_) => return Ok(Made::Open),
            };
            if name == "dropwhile" && !dropping {
                kept.push(item);
                continue;
            }
            let verdict = match &test.data {
                Data::None => item.clone(),
                _ => self.call(test, Args::positional(vec![item.clone()]), span)?,
            };
            let Some(holds) = self.truth(&verdict)? else { return Ok(Made::Open) };
            match (name, holds) {
                ("takewhile", false) => break,
                ("takewhile", true) | ("filterfalse", false) => kept.push(item),
                ("dropwhile", false) => {
                    dropping = false;
                    kept.push(item);
                }
                _ => {}
            }
        }
        Ok(Made::Items(kept))
    }
}

/// What a function of the module gives.
enum Made {
    /// The elements of an iterator.
    Items(Vec<Val>),
    /// Something else than an iterator.
    Val(Val),
    /// Something unknown decides.
    Open,
    /// More than the bound on collections.
    TooMany,
    /// A function, or a use of it, podlift does not know.
    Unknown,
}

fn product(lists: &[Vec<Val>], repeat: i64, bound: usize) -> Option<Vec<Vec<Val>>> {
    let repeat = usize::try_from(repeat).unwrap_or(0);
    let factors = lists.len().checked_mul(repeat).filter(|factors| *factors <= 64)?;
    let mut rows: Vec<Vec<Val>> = vec![Vec::new()];
    for list in lists.iter().cycle().take(factors) {
        if rows.len().checked_mul(list.len())? > bound {
            return None;
        }
        rows = rows
            .iter()
            .flat_map(|row| {
                list.iter().map(|item| row.iter().chain([item]).cloned().collect::<Vec<_>>())
            })
            .collect();
    }
    Some(rows)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    Permutations,
    Combinations,
    WithReplacement,
}

/// The index tuples of a rule in lexicographic order; `None` when there are more than the bound.
fn arrangements(count: usize, length: usize, rule: Rule, bound: usize) -> Option<Vec<Vec<usize>>> {
    if rule != Rule::WithReplacement && length > count {
        return Some(Vec::new());
    }
    if length > 64 {
        return None;
    }
    let mut rows: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..length {
        let mut longer = Vec::new();
        for row in &rows {
            let from = match (rule, row.last()) {
                (Rule::Permutations, _) | (_, None) => 0,
                (Rule::Combinations, Some(last)) => last + 1,
                (Rule::WithReplacement, Some(last)) => *last,
            };
            for next in from..count {
                if rule == Rule::Permutations && row.contains(&next) {
                    continue;
                }
                if longer.len() >= bound {
                    return None;
                }
                longer.push(row.iter().copied().chain([next]).collect());
            }
        }
        rows = longer;
    }
    Some(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrangements_come_in_order() {
        let all = |rule| arrangements(3, 2, rule, 100);
        assert_eq!(all(Rule::Combinations), Some(vec![vec![0, 1], vec![0, 2], vec![1, 2]]));
        assert_eq!(
            all(Rule::Permutations),
            Some(vec![vec![0, 1], vec![0, 2], vec![1, 0], vec![1, 2], vec![2, 0], vec![2, 1]])
        );
        assert_eq!(all(Rule::WithReplacement).map(|rows| rows.len()), Some(6));
        assert_eq!(arrangements(2, 3, Rule::Combinations, 100), Some(Vec::new()));
        assert_eq!(arrangements(10, 5, Rule::Permutations, 100), None);
    }
}
