//! `dict.keys()`, `dict.values()` and `dict.items()`: views that follow their dict.

use crate::eval::interp::{Interp, Res};
use crate::eval::object::{Data, Entries, Key, Map, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;

/// What a view shows of its dict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    Keys,
    Values,
    Items,
}

impl View {
    fn of(class: &str) -> Option<Self> {
        Some(match class {
            "builtins.dict_keys" => Self::Keys,
            "builtins.dict_values" => Self::Values,
            "builtins.dict_items" => Self::Items,
            _ => return None,
        })
    }
}

impl Interp<'_> {
    /// A view of a dict: `name` is `keys`, `values` or `items`.
    pub(super) fn dict_view(&mut self, dict: &Val, name: &str, span: Span) -> Val {
        let mut attrs = Map::default();
        attrs.insert(Name::from("mapping"), dict.clone());
        let class = Name::from(format!("builtins.dict_{name}"));
        self.heap.val(Object::Record(class, attrs), span)
    }

    /// The dict behind a view, and what the view shows of it.
    pub(crate) fn view_of(&self, val: &Val) -> Option<(View, Val)> {
        match self.heap.get(val.as_obj()?) {
            Object::Record(class, attrs) => Some((View::of(class)?, attrs.get("mapping")?.clone())),
            _ => None,
        }
    }

    /// The elements of a view; `None` inside when they are not all known.
    pub(crate) fn view_items(&self, val: &Val) -> Option<Option<Vec<Val>>> {
        let (view, dict) = self.view_of(val)?;
        let known = |entries: Entries| {
            if entries.is_untold() {
                return None;
            }
            let element = |(key, val): (Val, Val)| match view {
                View::Keys => key,
                View::Values => val,
                View::Items => {
                    let at = val.span.or(key.span);
                    Val::tuple(vec![key, val], at)
                }
            };
            Some(entries.into_values().map(element).collect())
        };
        Some(self.entries_of(&dict).and_then(known))
    }

    /// A view of keys or items as the set it behaves like; `None` for other values, and for keys that
    /// are not known.
    pub(crate) fn view_as_set(&mut self, val: &Val, span: Span) -> Res<Option<Val>> {
        match (self.view_of(val), self.view_items(val)) {
            (Some((View::Keys | View::Items, _)), Some(Some(items))) => {
                self.make_set(items, false, span).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// `==` of a view of keys with another such view or a set; `None` when this is about neither, and
    /// `None` inside when it is not known.
    pub(crate) fn views_equal(&self, left: &Val, right: &Val) -> Option<Option<bool>> {
        let keys = |val: &Val| -> Option<Option<Vec<Key>>> {
            if let Some((view, dict)) = self.view_of(val) {
                if view != View::Keys {
                    return Some(None);
                }
                let entries = self.entries_of(&dict)?;
                let open = entries.has_open_keys();
                return Some((!open).then(|| entries.into_keys().collect()));
            }
            match &val.data {
                Data::Obj(id) => match self.heap.get(*id) {
                    Object::Set(items, _) => Some(Some(items.keys().cloned().collect())),
                    _ => None,
                },
                _ => None,
            }
        };
        if self.view_of(left).is_none() && self.view_of(right).is_none() {
            return None;
        }
        let (Some(a), Some(b)) = (keys(left), keys(right)) else { return Some(Some(false)) };
        let (Some(a), Some(b)) = (a, b) else { return Some(None) };
        Some(Some(a.len() == b.len() && a.iter().all(|key| b.contains(key))))
    }
}
