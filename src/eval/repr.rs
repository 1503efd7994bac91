//! Finished values as Python writes them.

use super::pure::datetime::TimeDelta;
use super::pure::{number, text};
use super::{Kind, Text, Value, template};

impl Value {
    /// Python's `repr` of the value, with every hole as `${kind:name}`; in a string, what is known
    /// around a hole is quoted as if the hole were text.
    ///
    /// Dates print in ISO 8601 form, and objects podlift has no closer picture of as `<class name>`.
    pub fn repr(&self) -> String {
        let mut out = String::new();
        self.repr_into(&mut out);
        out
    }

    fn repr_into(&self, out: &mut String) {
        match &self.kind {
            Kind::None => out.push_str("None"),
            Kind::Bool(true) => out.push_str("True"),
            Kind::Bool(false) => out.push_str("False"),
            Kind::Int(value) => out.push_str(&value.to_string()),
            Kind::Float(value) => out.push_str(&number::repr_float(*value)),
            Kind::Str(value) => out.push_str(&repr_text(value)),
            Kind::Bytes(bytes) => out.push_str(&text::repr_bytes(bytes)),
            Kind::List(items) => repr_items(items, "[", "]", out),
            Kind::Tuple(items) if items.len() == 1 => repr_items(items, "(", ",)", out),
            Kind::Tuple(items) => repr_items(items, "(", ")", out),
            Kind::Set(items) if items.is_empty() => out.push_str("set()"),
            Kind::Set(items) => repr_items(items, "{", "}", out),
            Kind::Dict(entries) => {
                out.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    key.repr_into(out);
                    out.push_str(": ");
                    value.repr_into(out);
                }
                out.push('}');
            }
            Kind::Model(model) => {
                out.push_str(&model.class);
                out.push('(');
                for (index, (name, value)) in model.fields.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    out.push_str(name);
                    out.push('=');
                    value.repr_into(out);
                }
                out.push(')');
            }
            Kind::TimeDelta(micros) => match TimeDelta::of_micros(i128::from(*micros)) {
                Ok(delta) => out.push_str(&delta.repr()),
                Err(_) => out.push_str(&format!("timedelta({micros} microseconds)")),
            },
            Kind::DateTime(iso) => out.push_str(iso),
            Kind::Object(object) => out.push_str(&format!("<{} {}>", object.class, object.name)),
            Kind::XCom(xcom) => template::push_hole(out, super::HoleKind::XCom, &xcom.task_id),
            Kind::Unknown(hole) => template::push_hole(out, hole.kind, &hole.name),
        }
    }
}

fn repr_items(items: &[Value], open: &str, close: &str, out: &mut String) {
    out.push_str(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        item.repr_into(out);
    }
    out.push_str(close);
}

fn repr_text(value: &Text) -> String {
    match value.as_literal() {
        Some(literal) => text::repr_str(literal),
        None => text::repr_str(&value.to_template()),
    }
}
