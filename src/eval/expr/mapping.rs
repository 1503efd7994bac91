//! Dicts that take entries of other mappings: `{**mapping}`, `dict.update`, `**keywords`.

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::item::may_be_one_key;
use crate::eval::object::{Entries, Key, ObjId, Object, Val};
use crate::python::Span;
use crate::python::ast::Name;

impl Interp<'_> {
    /// Adds the entries of a mapping, or of pairs, to a dict.
    pub(crate) fn update_dict(&mut self, id: ObjId, from: &Val, span: Span) -> Res<()> {
        if self.unknown(from).is_some() {
            return self.spread(id, from, span);
        }
        if let Some(entries) = self.entries_of(from) {
            return self.update_from(id, entries, span);
        }
        if let Some(entries) = self.entries_by_keys(from, span)? {
            return self.update_from(id, entries, span);
        }
        let Some(pairs) = self.iterate(from, span)? else { return self.spread(id, from, span) };
        for (index, pair) in pairs.into_iter().enumerate() {
            let items = self.iterate(&pair, span)?;
            match items.as_deref() {
                Some([key, value]) => {
                    let target = Val::obj(id, span);
                    self.set_item(&target, key, value.clone(), span)?;
                }
                Some(items) => {
                    let message = format!(
                        "dictionary update sequence element #{index} has length {}; 2 is required",
                        items.len()
                    );
                    return Err(self.exception("ValueError", message, span));
                }
                None => self.spread(id, &pair, span)?,
            }
        }
        Ok(())
    }

    /// The entries of an instance that is a mapping because it has `keys()` and `[key]`; `None` for other values.
    pub(crate) fn entries_by_keys(&mut self, from: &Val, span: Span) -> Res<Option<Entries>> {
        if !self.is_instance(from) {
            return Ok(None);
        }
        let class = self.class_of(from);
        let has = |this: &Self, name: &str| matches!(this.class_lookup(&class, name), Ok(Some(_)));
        if !has(self, "keys") || !has(self, "__getitem__") {
            return Ok(None);
        }
        let Some(method) = self.find_attribute(from, "keys", span)? else { return Ok(None) };
        let keys = self.call(&method, Args::default(), span)?;
        let made = self.dict(Entries::default(), span);
        let Some(id) = made.as_obj() else { return Ok(None) };
        match self.iterate(&keys, span)? {
            Some(keys) => {
                for key in keys {
                    let val = self.item(from, &key, span)?;
                    self.set_item(&made, &key, val, span)?;
                }
            }
            None => self.spread(id, &keys, span)?,
        }
        Ok(self.entries_of(&made))
    }

    /// Adds known entries to a dict: those that may be missing replace what is there, or not.
    fn update_from(&mut self, id: ObjId, from: Entries, span: Span) -> Res<()> {
        let doubtful: Vec<Key> = from.keys().filter(|key| from.is_doubtful(key)).cloned().collect();
        let is_disordered = from.is_disordered();
        for (key, (name, value)) in from {
            if matches!(key, Key::Spread(_)) {
                self.spread(id, &value, span)?;
                continue;
            }
            if !doubtful.contains(&key) {
                self.insert(id, key, name, value);
                continue;
            }
            let before = match self.heap.get(id) {
                Object::Dict(entries, _) => entries.get(&key).map(|(_, val)| val.clone()),
                _ => None,
            };
            let is_certain = before.is_some()
                && matches!(self.heap.get(id), Object::Dict(entries, _) if !entries.is_doubtful(&key));
            let value = match before {
                Some(before) => self.derived(&[&before, &value], span),
                None => value,
            };
            self.insert(id, key.clone(), name, value);
            if let (false, Object::Dict(entries, _)) = (is_certain, self.heap.get_mut(id)) {
                entries.doubt(key);
            }
        }
        if let (true, Object::Dict(entries, _)) = (is_disordered, self.heap.get_mut(id)) {
            entries.disorder();
        }
        Ok(())
    }

    /// Keywords that may be missing are entries of the dict that takes them, or not.
    pub(crate) fn doubt_keys(&mut self, id: ObjId, names: &[Name]) {
        if let (false, Object::Dict(entries, _)) = (names.is_empty(), self.heap.get_mut(id)) {
            names.iter().for_each(|name| entries.doubt(Key::Str(name.as_ref().into())));
        }
    }

    /// Entries of an unknown mapping: they may replace any entry that is there.
    pub(super) fn spread(&mut self, id: ObjId, from: &Val, span: Span) -> Res<()> {
        let number = self.fresh();
        let unknown = self.derived(&[from], span);
        self.doubt_entries(id, &unknown, None, span);
        if let Object::Dict(entries, _) = self.heap.get_mut(id) {
            entries.insert(Key::Spread(number), (unknown.clone(), unknown));
        }
        Ok(())
    }

    /// Entries that an assignment under an unknown key may have replaced are no longer certain. A key
    /// with a known beginning and end can only replace keys that fit it. `by` is that key, or a mapping with
    /// any keys where there is none.
    pub(crate) fn doubt_entries(&mut self, id: ObjId, by: &Val, key: Option<&Key>, span: Span) {
        let Object::Dict(entries, _) = self.heap.get(id) else { return };
        self.work(entries.len());
        let doubtful: Vec<(Key, Val)> = entries
            .iter()
            .filter(|(other, (name, _))| {
                !matches!(other, Key::Spread(_))
                    && key.is_none_or(|key| key != *other && may_be_one_key(by, name))
            })
            .map(|(key, (_, value))| (key.clone(), value.clone()))
            .collect();
        self.doubt_values(id, doubtful, &[by], span);
    }

    /// An assignment under a known key may have replaced entries under open keys: those that come after it
    /// would else be taken for the later ones.
    pub(crate) fn doubt_open_entries(&mut self, id: ObjId, key: &Key, name: &Val, val: &Val) {
        let Object::Dict(entries, _) = self.heap.get(id) else { return };
        let Some(at) = entries.get_index_of(key) else { return };
        let mut like = entries.like(key, name);
        self.work(like.len());
        like.retain(|(other, ..)| *other > at);
        let doubtful = like.into_iter().map(|(_, key, value)| (key, value)).collect();
        self.doubt_values(id, doubtful, &[val, name], name.span);
    }

    /// The entry under a key is taken out: what is under open keys may have been this one.
    pub(crate) fn doubt_like(&mut self, id: ObjId, key: &Key, span: Span) {
        let Object::Dict(entries, _) = self.heap.get(id) else { return };
        let Some((name, _)) = entries.get(key).cloned() else { return };
        let like = entries.like(key, &name);
        self.work(like.len());
        let doubtful = like.iter().map(|(_, key, value)| (key.clone(), value.clone())).collect();
        self.doubt_values(id, doubtful, &[&name], span);
        if let (false, Object::Dict(entries, _)) = (like.is_empty(), self.heap.get_mut(id)) {
            like.into_iter().for_each(|(_, key, _)| entries.doubt(key));
        }
    }

    fn doubt_values(&mut self, id: ObjId, entries: Vec<(Key, Val)>, by: &[&Val], span: Span) {
        for (key, value) in entries {
            let mut from = vec![&value];
            from.extend(by);
            // The open key decides: without a hole in it nothing would be in doubt.
            let name = match self.heap.get(id) {
                Object::Dict(entries, _) => entries.get(&key).map(|(name, _)| name.clone()),
                _ => None,
            };
            from.extend(name.as_ref());
            let unknown = self.derived(&from, span);
            if let Object::Dict(entries, _) = self.heap.get_mut(id)
                && let Some(entry) = entries.get_mut(&key)
            {
                entry.1 = unknown;
            }
        }
    }
}
