//! How much one template may make: the template engine bounds the steps of a template, not the size of its values.
//!
//! Every value that is bound to a name, passed on, compared or printed is weighed as if it were written out, so that
//! `{% set x = [x, x] %}` forty times is refused long before somebody prints it. What makes more out of its arguments
//! than they weigh (`replace`, `join`, widths of formats) is charged before it does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use minijinja::value::{Rest, Value, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, State, escape_formatter, filters};

use super::refuse;

/// Bytes of text and values that one value may hold; Kubernetes takes no object over 1.5 MiB.
const LARGEST: u64 = 1 << 20;

/// Bytes of text that the templates of one task may touch, all their steps together; a value counts as [`VALUE`].
const TOTAL: u64 = 1 << 25;

/// Bytes of text that take as long as a value: sorting and grouping looks at each of them several times.
const VALUE: u64 = 8;

/// How deep values may lie in each other.
const DEEPEST: u64 = 64;

/// What is left for the templates of a task.
#[derive(Debug, Clone)]
pub(super) struct Budget(Arc<AtomicU64>);

/// The size of a value that is written out.
#[derive(Debug, Clone, Copy, Default)]
struct Weight {
    /// Bytes of text, and one for each value.
    size: u64,
    /// The levels of all values, which is what indenting them costs.
    levels: u64,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(TOTAL)))
    }

    /// Takes from what is left.
    fn charge(&self, cost: u64) -> Result<(), Error> {
        let take = |left: u64| left.checked_sub(cost);
        match self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => Ok(()),
            Err(_) => Err(refuse("the template makes too much text")),
        }
    }

    fn weigh(&self, values: &[Value]) -> Result<Weight, Error> {
        let mut weight = Weight::default();
        values.iter().try_for_each(|value| self.add(value, 1, &mut weight))?;
        Ok(weight)
    }

    fn add(&self, value: &Value, level: u64, weight: &mut Weight) -> Result<(), Error> {
        let text = value.as_str().map_or_else(|| value.as_bytes().map_or(0, <[u8]>::len), str::len);
        let size = u64::try_from(text).unwrap_or(u64::MAX).saturating_add(1);
        self.charge(size + VALUE)?;
        weight.size += size;
        weight.levels += level;
        if weight.size > LARGEST || level > DEEPEST {
            return Err(refuse("a value of the template is too large or too deep"));
        }
        match value.kind() {
            ValueKind::Seq | ValueKind::Iterable => {
                let items = value.try_iter()?;
                items.into_iter().try_for_each(|item| self.add(&item, level + 1, weight))
            }
            ValueKind::Map => {
                let pairs = value.as_object().and_then(|object| object.try_iter_pairs());
                pairs.into_iter().flatten().try_for_each(|(key, value)| {
                    self.add(&key, level + 1, weight)?;
                    self.add(&value, level + 1, weight)
                })
            }
            _ => Ok(()),
        }
    }

    /// A value that is small enough. One that is made anew whenever it is read becomes a list, since such values
    /// would stand on each other without end.
    pub(super) fn held(&self, value: Value) -> Result<Value, Error> {
        self.weigh(std::slice::from_ref(&value))?;
        match value.kind() {
            ValueKind::Iterable => Ok(Value::from(value.try_iter()?.collect::<Vec<_>>())),
            _ => Ok(value),
        }
    }

    /// Before two values become one text or one list.
    pub(super) fn joined(&self, a: &Value, b: &Value) -> Result<(), Error> {
        self.weigh(&[a.clone(), b.clone()]).map(drop)
    }

    /// Before a value is repeated.
    pub(super) fn repeated(&self, a: &Value, b: &Value) -> Result<(), Error> {
        let times = |value: &Value| value.as_usize().map(|times| times as u64);
        let cost = match (times(a), times(b)) {
            // Numbers do not grow.
            (Some(_), Some(_)) | (None, None) => return Ok(()),
            (Some(times), None) => times.saturating_mul(self.weigh(std::slice::from_ref(b))?.size),
            (None, Some(times)) => times.saturating_mul(self.weigh(std::slice::from_ref(a))?.size),
        };
        self.large(cost)
    }

    /// Takes the cost of one text.
    fn large(&self, cost: u64) -> Result<(), Error> {
        if cost > LARGEST {
            return Err(refuse("a value of the template is too large or too deep"));
        }
        self.charge(cost)
    }

    /// Before a filter or a method runs: the first argument is what it is called on.
    pub(super) fn call(&self, name: &str, args: &[Value]) -> Result<(), Error> {
        let weight = self.weigh(args)?;
        let text = |at: usize| args.get(at).and_then(|value| value.as_str()).unwrap_or_default();
        let length = |text: &str| u64::try_from(text.len()).unwrap_or(u64::MAX);
        let cost = match name {
            "replace" => {
                let (old, new) = (text(1), text(2));
                let times = match old.is_empty() {
                    true => length(text(0)) + 1,
                    false => text(0).matches(old).count() as u64,
                };
                times.saturating_mul(length(new))
            }
            "join" => {
                // As a method the separator comes first, as a filter the list.
                let separators = args.iter().map(|value| value.as_str().map_or(0, length));
                separators.sum::<u64>().saturating_mul(weight.size)
            }
            "indent" => integers(args).saturating_mul(text(0).matches('\n').count() as u64 + 1),
            "tojson" => weight.levels.saturating_mul(integers(args).max(2)),
            "pprint" => weight.levels.saturating_mul(8),
            "format" => widths(text(0), args).saturating_add(
                (text(0).matches(['%', '{']).count() as u64).saturating_mul(weight.size),
            ),
            "batch" | "slice" | "zfill" | "ljust" | "rjust" | "center" => integers(args),
            // Texts are joined one by one, and copied each time.
            "sum" => match args.first().and_then(|list| list.try_iter().ok()?.next()) {
                Some(first) if first.is_number() => 0,
                _ => weight.size.saturating_mul(weight.size),
            },
            _ => 0,
        };
        self.large(cost)
    }
}

/// The sum of all whole numbers among arguments, those in keywords included.
fn integers(args: &[Value]) -> u64 {
    let whole = |value: &Value| value.as_usize().map_or(0, |number| number as u64);
    args.iter().fold(0_u64, |sum, value| {
        let named = value.as_object().filter(|_| value.is_kwargs());
        let named = named.and_then(|object| object.try_iter_pairs()).into_iter().flatten();
        named.fold(sum.saturating_add(whole(value)), |sum, (_, value)| {
            sum.saturating_add(whole(&value))
        })
    })
}

/// How wide a format may make its text: the numbers in it, and arguments that may be widths.
fn widths(format: &str, args: &[Value]) -> u64 {
    let numbers = format.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    let fixed = numbers
        .map(|digits| digits.parse().unwrap_or(u64::MAX))
        .fold(0_u64, |sum: u64, number| sum.saturating_add(number));
    let nested = format.split('{').skip(1).any(|part| !part.contains('}'));
    if format.contains('*') || nested { fixed.saturating_add(integers(args)) } else { fixed }
}

/// Has the engine's own filters charged, and values before they are printed.
pub(super) fn install(environment: &mut Environment<'_>, budget: &Budget) {
    // It shows everything a template can see.
    environment.remove_global("debug");
    let printing = budget.clone();
    environment.set_formatter(move |out, state, value| {
        printing.weigh(std::slice::from_ref(value))?;
        escape_formatter(out, state, value)
    });
    macro_rules! charged {
        ($($name:literal = $filter:expr),* $(,)?) => {$({
            const KEPT: &str = concat!("__", $name);
            environment.add_filter(KEPT, $filter);
            let budget = budget.clone();
            environment.add_filter(
                $name,
                move |state: &mut State<'_, '_>, args: Rest<ValueOrKwargs>| -> Result<Value, Error> {
                    let args = args.into_values();
                    budget.call($name, &args)?;
                    budget.held(state.apply_filter(KEPT, &args)?)
                },
            );
        })*};
    }
    charged! {
        "batch" = filters::batch,
        "chain" = filters::chain,
        "format" = filters::format,
        "groupby" = filters::groupby,
        "indent" = filters::indent,
        "items" = filters::items,
        "join" = filters::join,
        "list" = filters::list,
        "map" = filters::map,
        "pprint" = filters::pprint,
        "replace" = filters::replace,
        "reverse" = filters::reverse,
        "slice" = filters::slice,
        "sort" = filters::sort,
        "split" = filters::split,
        "string" = filters::string,
        "sum" = filters::sum,
        "tojson" = filters::tojson,
        "unique" = filters::unique,
        "zip" = filters::zip,
    }
}
