//! What one turn of a loop hands on to the next.
//!
//! The body of a loop over something unknown is evaluated once. What a second turn would find changed by the first
//! may change more: `a, b = b, a + b` leaves `a` alone the first time only. So a name that is written by the help of
//! names the loop writes is not known after it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::eval::Hole;
use crate::eval::interp::Interp;
use crate::eval::object::{Object, Val};
use crate::python::ast::{Name, Stmt};
use crate::python::writes;

impl Interp<'_> {
    /// The names that are bound before a loop and depend on what its earlier turns wrote, each with whether its value
    /// is changed in place.
    pub(super) fn carried(&self, body: &[Stmt]) -> Vec<(Name, bool)> {
        let writes = writes::writes(body);
        let known = |name: &Name| self.bound_here(name).is_some();
        // What the first turn makes itself is made anew by the second.
        let mut carried: BTreeSet<&Name> =
            writes.iter().map(|write| &write.name).filter(|name| known(name)).collect();
        let mut written_by: BTreeMap<&Name, Vec<&Name>> = BTreeMap::new();
        for write in &writes {
            for read in &write.reads {
                written_by.entry(read).or_default().push(&write.name);
            }
        }
        let mut open: Vec<&Name> = carried.iter().copied().collect();
        while let Some(name) = open.pop() {
            for written in written_by.get(name).into_iter().flatten().copied() {
                if carried.insert(written) {
                    open.push(written);
                }
            }
        }
        writes
            .iter()
            .filter(|write| known(&write.name))
            .filter(|write| write.reads.iter().any(|name| carried.contains(name)))
            .map(|write| (write.name.clone(), write.is_in_place))
            .collect()
    }

    /// After the one turn of a loop that stands for all of them.
    pub(super) fn forget_carried(&mut self, names: &[(Name, bool)], cond: &Arc<Hole>) {
        for (name, is_in_place) in names {
            let Some(val) = self.bound_here(name) else { continue };
            let object = val.as_obj().map(|id| (id, self.heap.get(id)));
            let is_data = match object {
                None => val.as_symbol().is_none(),
                Some((_, object)) => {
                    matches!(object, Object::List(_) | Object::Dict(..) | Object::Set(..))
                }
            };
            if !is_data || self.unknown(&val).is_some() {
                continue;
            }
            let by = Val::unknown(Arc::clone(cond), val.span);
            match object.map(|(id, _)| id) {
                Some(id) if *is_in_place => self.poison_with(id, &by, val.span),
                _ if *is_in_place => {}
                _ => {
                    let made = self.derived_safely(&[&by], val.span);
                    self.may_be(&made, &[&val]);
                    self.bind(name, made);
                }
            }
        }
    }
}
