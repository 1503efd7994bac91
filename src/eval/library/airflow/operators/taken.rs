//! Arguments as constructors keep them: what is converted at once is a copy.

use super::attributes::empty_argument;
use crate::eval::interp::Interp;
use crate::eval::object::{Key, Object, Val};
use crate::mapping;

/// How deep dicts are copied that become models.
const DICTS_WITHIN: u32 = 16;

/// Steps that copying a container counts for.
const COPY: usize = 16;

impl Interp<'_> {
    /// An argument as the constructor keeps it. What it converts at once it copies, and it takes a container of its
    /// own for an empty one: later changes of the caller's list or dict do not reach the pod then, while those of
    /// everything else do.
    pub(super) fn as_taken(&mut self, name: &str, val: Val) -> Val {
        let object = val.as_obj().map(|id| self.heap.get(id));
        let is_list = matches!(object, Some(Object::List(_)));
        // Lists of these hold models already.
        let is_kept = is_list && matches!(name, "env_vars" | "image_pull_secrets");
        if converted_at_once(name, &self.settings.provider_version) && !is_kept {
            return self.dicts_copied(&val, DICTS_WITHIN);
        }
        let is_empty = match object {
            Some(Object::Dict(entries, _)) => entries.is_empty(),
            Some(Object::List(items)) => items.is_empty(),
            _ => false,
        };
        let own = match (is_empty, is_list) {
            (true, true) => Object::List(Vec::new()),
            (true, false) => Object::Dict(Default::default(), None),
            (false, _) => return val,
        };
        match empty_argument(name) {
            Some(_) => self.heap.val(own, val.span),
            None => val,
        }
    }

    /// Dicts, and lists in them, that a constructor makes models of, which later changes do not reach.
    fn dicts_copied(&mut self, val: &Val, depth: u32) -> Val {
        let Some(id) = val.as_obj().filter(|_| depth > 0) else { return val.clone() };
        let object = match self.heap.copy(id) {
            Object::Dict(mut entries, _) => {
                self.work(COPY + entries.len());
                let within: Vec<(Key, Val)> = entries
                    .iter()
                    .filter(|(_, (_, val))| val.as_obj().is_some())
                    .map(|(key, (_, val))| (key.clone(), val.clone()))
                    .collect();
                for (key, val) in within {
                    let copy = self.dicts_copied(&val, depth - 1);
                    if let Some((_, slot)) = entries.get_mut(&key) {
                        *slot = copy;
                    }
                }
                Object::Dict(entries, None)
            }
            Object::List(items) => {
                self.work(COPY + items.len());
                Object::List(items.iter().map(|val| self.dicts_copied(val, depth - 1)).collect())
            }
            _ => return val.clone(),
        };
        self.heap.val(object, val.span)
    }
}

/// Arguments that the constructor of the KubernetesPodOperator converts. Up to release 10.22 it converts a dict of
/// `env_vars`, too; since then that is done only when the task is rendered.
pub(crate) fn converted_at_once(name: &str, provider: &str) -> bool {
    match name {
        "ports" | "tolerations" | "affinity" | "image_pull_secrets" => true,
        "env_vars" => {
            mapping::Release::parse(provider).is_ok_and(|release| !release.is_at_least("10.23.0"))
        }
        _ => false,
    }
}
