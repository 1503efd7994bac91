//! What unknown values were made of, so far as it may be called or have methods.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::REMEMBERED;
use crate::eval::object::Val;

/// How deep they lie within each other before they are put into one list: what is computed again and again, as in a
/// loop, is joined each time.
const DEEPEST: u32 = 24;

/// Some values. Those of several unknown values are not copied: whatever is computed from a collection holds the same.
#[derive(Debug, Clone)]
pub(crate) enum Held {
    /// These.
    Vals(Rc<[Val]>),
    /// Those of all of these, and how deep these lie.
    Joined(Rc<[Held]>, u32),
}

impl Held {
    /// One value.
    pub(super) fn one(val: &Val) -> Self {
        Self::Vals(Rc::new([val.clone()]))
    }

    /// All of these; `None` when there are none. `work` hears of values that are copied.
    pub(super) fn join(mut parts: Vec<Self>, work: impl FnOnce(usize)) -> Option<Self> {
        let mut seen = FxHashSet::default();
        parts.retain(|part| seen.insert(part.place()));
        match parts.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            all => {
                let depth = all.iter().map(Self::depth).max().unwrap_or(0) + 1;
                Some(match depth > DEEPEST {
                    true => {
                        let vals = Self::vals(all);
                        work(vals.len());
                        Self::Vals(vals.into())
                    }
                    false => Self::Joined(parts.into(), depth),
                })
            }
        }
    }

    /// The values, from the first on, as many as are remembered.
    pub(super) fn vals(parts: &[Self]) -> Vec<Val> {
        let mut open: Vec<&Self> = parts.iter().rev().collect();
        let mut seen = FxHashSet::default();
        let mut found = Vec::new();
        while let Some(part) = open.pop() {
            if found.len() >= REMEMBERED {
                break;
            }
            if !seen.insert(part.place()) {
                continue;
            }
            match part {
                Self::Vals(vals) => {
                    let room = REMEMBERED - found.len();
                    found.extend(vals.iter().take(room).cloned());
                }
                Self::Joined(parts, _) => open.extend(parts.iter().rev()),
            }
        }
        found
    }

    fn depth(&self) -> u32 {
        match self {
            Self::Vals(_) => 0,
            Self::Joined(_, depth) => *depth,
        }
    }

    /// Where it lies in memory: the same place is the same values.
    fn place(&self) -> usize {
        match self {
            Self::Vals(vals) => Rc::as_ptr(vals).cast::<()>().addr(),
            Self::Joined(parts, _) => Rc::as_ptr(parts).cast::<()>().addr(),
        }
    }
}
