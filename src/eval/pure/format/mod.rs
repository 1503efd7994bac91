//! The format mini-language: `format(value, spec)`, as f-strings and `str.format` use it.

mod numbers;
mod spec;

use num_bigint::BigInt;

use super::Failure;
use super::number::{repr_float, repr_int};
use super::text::length;
use spec::{Align, Spec, TypeNames};

/// A value that knows how to format itself.
#[derive(Debug, Clone, PartialEq)]
pub enum FormatArg {
    /// `int`.
    Int(BigInt),
    /// `float`.
    Float(f64),
    /// `str`.
    Str(String),
    /// `bool`.
    Bool(bool),
    /// `None`.
    None,
}

impl FormatArg {
    /// The name of the Python type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "str",
            Self::Bool(_) => "bool",
            Self::None => "NoneType",
        }
    }

    /// `str(value)`.
    ///
    /// # Errors
    /// `ValueError` for an integer of more than 4300 digits.
    pub fn to_str(&self) -> Result<String, Failure> {
        Ok(match self {
            Self::Int(value) => repr_int(value)?,
            Self::Float(value) => repr_float(*value),
            Self::Str(value) => value.clone(),
            Self::Bool(true) => "True".to_owned(),
            Self::Bool(false) => "False".to_owned(),
            Self::None => "None".to_owned(),
        })
    }

    /// `repr(value)`.
    ///
    /// # Errors
    /// `ValueError` for an integer of more than 4300 digits.
    pub fn to_repr(&self) -> Result<String, Failure> {
        match self {
            Self::Str(value) => Ok(super::text::repr_str(value)),
            other => other.to_str(),
        }
    }
}

/// `format(value, spec)`.
///
/// # Errors
/// What Python raises for a spec that does not fit the value; [`Failure::Bound`] for a width or a
/// precision beyond [`super::MAX_LENGTH`].
pub fn format_value(arg: &FormatArg, spec: &str) -> Result<String, Failure> {
    if spec.is_empty() {
        return arg.to_str();
    }
    match arg {
        FormatArg::None => {
            Err(Failure::type_error("unsupported format string passed to NoneType.__format__"))
        }
        FormatArg::Str(value) => {
            let names = TypeNames { own: "str", default_type: 's', default_align: Align::Left };
            format_str(value, &Spec::parse(spec, names)?)
        }
        FormatArg::Int(value) => numbers::format_int(value, &number_spec(spec, "int", 'd')?, "int"),
        FormatArg::Bool(value) => {
            let spec = number_spec(spec, "bool", 'd')?;
            numbers::format_int(&BigInt::from(u8::from(*value)), &spec, "bool")
        }
        FormatArg::Float(value) => {
            numbers::format_float(*value, &number_spec(spec, "float", '\0')?)
        }
    }
}

fn number_spec(spec: &str, own: &'static str, default_type: char) -> Result<Spec, Failure> {
    Spec::parse(spec, TypeNames { own, default_type, default_align: Align::Right })
}

fn format_str(value: &str, spec: &Spec) -> Result<String, Failure> {
    let refuse =
        |what: &str| Err(Failure::value(format!("{what} not allowed in string format specifier")));
    if spec.conversion != 's' {
        return Err(spec.unknown_code("str"));
    }
    match spec.sign {
        Some(' ') => return refuse("Space"),
        Some(_) => return refuse("Sign"),
        None => {}
    }
    if spec.no_negative_zero {
        return refuse("Negative zero coercion (z)");
    }
    if spec.alternate {
        return refuse("Alternate form (#)");
    }
    if spec.align == Align::AfterSign {
        return refuse("'=' alignment");
    }
    let text: String = match spec.precision {
        Some(precision) => value.chars().take(precision).collect(),
        None => value.to_owned(),
    };
    let missing = spec.width.saturating_sub(length(&text));
    Ok(spec.padded("", &text, missing))
}

#[cfg(test)]
mod tests;
