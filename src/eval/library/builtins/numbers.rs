//! `int`, `float` and the builtin functions of numbers.

use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::item::as_big;
use crate::eval::object::{Data, Native, Object, Val};
use crate::eval::pure::number::{self, Number};
use crate::eval::pure::text;
use crate::python::Span;
use num_bigint::BigInt;

impl Interp<'_> {
    pub(super) fn call_int(&mut self, val: &Val, base: Option<&Val>, span: Span) -> Res {
        if self.is_open(val) || val.as_symbol().is_some() {
            return self.converted_hole(val, "int", span);
        }
        if let Some(base) = base.filter(|base| self.is_open(base)) {
            return Ok(self.derived(&[val, base], span));
        }
        if let Some(number) = self.own_number(val, &["__int__", "__index__", "__trunc__"], span)? {
            return Ok(number);
        }
        match &val.data {
            Data::Str(text) => {
                let base = base.and_then(Val::as_int).unwrap_or(10);
                match number::parse_int(text, u32::try_from(base).unwrap_or(10)) {
                    Some(number) => Ok(Val::big(number, span)),
                    None => {
                        let message = format!(
                            "invalid literal for int() with base {base}: {}",
                            text::repr_str(text)
                        );
                        Err(self.exception("ValueError", message, span))
                    }
                }
            }
            Data::Bytes(bytes) => {
                let text = Val::str(String::from_utf8_lossy(bytes).as_ref(), span);
                self.call_int(&text, base, span)
            }
            Data::Float(value) => match number::float_to_int(*value) {
                Ok(number) => Ok(Val::big(number, span)),
                Err(_) => {
                    Err(self.exception("ValueError", "cannot convert float to integer", span))
                }
            },
            _ => match as_big(val) {
                Some(number) => Ok(Val::big(number, span)),
                None => {
                    if let Some(Object::Instance(instance)) =
                        val.as_obj().map(|id| self.heap.get(id))
                        && let Some(payload) = instance.payload.clone()
                    {
                        return self.call_int(&payload, base, span);
                    }
                    let message = format!(
                        "int() argument must be a string, a bytes-like object or a real number, not '{}'",
                        self.type_name(val)
                    );
                    self.type_error(message, span)
                }
            },
        }
    }

    /// What an instance says it is as a number.
    fn own_number(&mut self, val: &Val, methods: &[&str], span: Span) -> Res<Option<Val>> {
        if !self.is_instance(val) {
            return Ok(None);
        }
        let class = self.class_of(val);
        for name in methods {
            if let Ok(Some(method)) = self.class_lookup(&class, name) {
                return self.call(&method, Args::positional(vec![val.clone()]), span).map(Some);
            }
        }
        Ok(None)
    }

    /// `int(os.environ["N"])`: the hole stays the lookup, so that it can be closed by its own name.
    pub(super) fn converted_hole(&mut self, val: &Val, by: &str, span: Span) -> Res {
        let mut made = self.derived(&[val], span);
        if let (Data::Unknown(hole), Some(source)) = (&mut made.data, val.hole())
            && let Some(default) = &source.default
            && by == "int"
            && let Some(number) = default.as_str().and_then(|text| number::parse_int(text, 10))
            && let Ok(number) = i64::try_from(number)
        {
            let mut with = hole.as_ref().clone();
            with.default = Some(serde_json::Value::from(number));
            *hole = std::sync::Arc::new(with);
        }
        Ok(made)
    }

    pub(super) fn call_float(&mut self, val: &Val, span: Span) -> Res {
        if self.is_open(val) {
            return Ok(self.derived(&[val], span));
        }
        if let Some(number) = self.own_number(val, &["__float__", "__index__"], span)? {
            return self.call_float(&number, span);
        }
        match &val.data {
            Data::Float(value) => Ok(Val::new(Data::Float(*value), span)),
            Data::Str(text) => match number::parse_float(text) {
                Some(value) => Ok(Val::new(Data::Float(value), span)),
                None => {
                    let message =
                        format!("could not convert string to float: {}", text::repr_str(text));
                    Err(self.exception("ValueError", message, span))
                }
            },
            _ => match as_big(val).map(|number| number::int_to_float(&number)) {
                Some(Ok(value)) => Ok(Val::new(Data::Float(value), span)),
                Some(Err(_)) => {
                    Err(self.exception("OverflowError", "int too large to convert to float", span))
                }
                None => {
                    let message = format!(
                        "float() argument must be a string or a real number, not '{}'",
                        self.type_name(val)
                    );
                    self.type_error(message, span)
                }
            },
        }
    }

    pub(super) fn call_abs(&mut self, val: &Val, span: Span) -> Res {
        match &val.data {
            Data::Float(value) => Ok(Val::new(Data::Float(value.abs()), span)),
            Data::Native(native) => match native.as_ref() {
                // pendulum does not define one of its own.
                Native::TimeDelta(micros) | Native::Duration(micros) => {
                    Ok(Val::native(Native::TimeDelta(micros.saturating_abs()), span))
                }
                _ => Ok(self.derived(&[val], span)),
            },
            _ => match as_big(val) {
                Some(number) => {
                    let positive = if number < BigInt::ZERO { -number } else { number };
                    Ok(Val::big(positive, span))
                }
                None => Ok(self.derived(&[val], span)),
            },
        }
    }

    pub(super) fn call_round(&mut self, val: &Val, digits: Option<&Val>, span: Span) -> Res {
        if let Some(open) = digits.filter(|digits| !digits.is_none() && digits.as_int().is_none()) {
            return Ok(self.derived(&[val, open], span));
        }
        let number = match &val.data {
            Data::Float(value) => Number::Float(*value),
            _ => match as_big(val) {
                Some(number) => Number::Int(number),
                None => return Ok(self.derived(&[val], span)),
            },
        };
        match number::round(&number, digits.and_then(Val::as_int)) {
            Ok(Number::Int(number)) => Ok(Val::big(number, span)),
            Ok(Number::Float(value)) => Ok(Val::new(Data::Float(value), span)),
            Err(_) => Ok(self.derived(&[val], span)),
        }
    }

    pub(super) fn call_divmod(&mut self, val: &Val, by: Option<&Val>, span: Span) -> Res {
        let Some(by) = by else { return self.type_error("divmod expected 2 arguments", span) };
        for (this, other, name) in [(val, by, "__divmod__"), (by, val, "__rdivmod__")] {
            if self.is_instance(this)
                && let Ok(Some(method)) = self.class_lookup(&self.class_of(this), name)
            {
                let args = Args::positional(vec![this.clone(), other.clone()]);
                return self.call(&method, args, span);
            }
        }
        let quotient = self.binary(crate::python::ast::BinaryOp::FloorDiv, val, by, span)?;
        let rest = self.binary(crate::python::ast::BinaryOp::Mod, val, by, span)?;
        Ok(Val::tuple(vec![quotient, rest], span))
    }
}
