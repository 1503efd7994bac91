//! Members of `enum.Flag`.

use crate::eval::interp::Interp;
use crate::eval::object::{Instance, Map, Object, Val};
use crate::python::Span;
use crate::python::ast::{BinaryOp, Name};

impl Interp<'_> {
    /// `|`, `&` and `^` of two members of an `enum.Flag`.
    pub(super) fn flags(
        &mut self,
        op: BinaryOp,
        left: &Val,
        right: &Val,
        span: Span,
    ) -> Option<Val> {
        if !matches!(op, BinaryOp::BitOr | BinaryOp::BitAnd | BinaryOp::BitXor) {
            return None;
        }
        let (class, a) = self.flag_number(left)?;
        let (other, b) = self.flag_number(right)?;
        if !self.same(&class, &other, 16) {
            return None;
        }
        let number = match op {
            BinaryOp::BitOr => a | b,
            BinaryOp::BitAnd => a & b,
            _ => a ^ b,
        };
        let members = self.members(&class);
        // Each is asked three times which number it stands for.
        self.work(members.len() * 4);
        if members.values().any(|member| self.flag_number(member).is_none()) {
            return None;
        }
        for member in members.values() {
            if self.flag_number(member).is_some_and(|(_, value)| value == number) {
                return Some(member.clone());
            }
        }
        let mut names: Vec<String> = Vec::new();
        for (name, member) in &members {
            if self
                .flag_number(member)
                .is_some_and(|(_, value)| value != 0 && number & value == value)
            {
                names.push(name.to_string());
            }
        }
        let mut attrs = Map::default();
        let name = Val::str(names.join("|"), span);
        for key in ["name", "_name_"] {
            attrs.insert(Name::from(key), name.clone());
        }
        for key in ["value", "_value_"] {
            attrs.insert(Name::from(key), Val::int(number, span));
        }
        let payload = Some(Val::int(number, span));
        let instance = Instance { class, attrs, payload };
        Some(self.heap.val(Object::Instance(instance), span))
    }

    /// Class and number of a member of an `enum.Flag`.
    pub(crate) fn flag_number(&self, val: &Val) -> Option<(Val, i64)> {
        let Object::Instance(instance) = self.heap.get(val.as_obj()?) else { return None };
        let base = self.symbol_base(&instance.class)?;
        let is_flag = matches!(base.as_ref(), "enum.Flag" | "enum.IntFlag");
        let number = instance.payload.as_ref().and_then(Val::as_int)?;
        is_flag.then(|| (instance.class.clone(), number))
    }
}
