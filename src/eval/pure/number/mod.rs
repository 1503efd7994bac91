//! Integers without limits and floats, as Python computes with them.
//!
//! `bool` is an integer in Python; callers pass it as one.

mod arithmetic;
mod convert;
mod digits;
mod parse;
mod power;
mod render;
mod rounding;

use std::cmp::Ordering;

use num_bigint::BigInt;

use super::Failure;

pub use arithmetic::{binary, divmod};
pub(crate) use convert::true_divide;
pub use convert::{exact_integer, float_to_int, int_to_float, integer_ratio};
pub(crate) use parse::decimal_digit;
pub use parse::{parse_float, parse_int};
pub(crate) use render::{FloatStyle, render_float};
pub use render::{bin, hex, int_to_string, oct, repr_float, repr_int};
pub(crate) use rounding::divide_nearest;
pub use rounding::round;

/// The most bits an integer result may have.
pub const MAX_BITS: u64 = 1 << 20;

/// A number.
#[derive(Debug, Clone, PartialEq)]
pub enum Number {
    /// `int`.
    Int(BigInt),
    /// `float`.
    Float(f64),
}

impl Number {
    /// The name of the Python type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Int(_) => "int",
            Self::Float(_) => "float",
        }
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self::Int(BigInt::from(value))
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

/// Why an operation on numbers has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArithmeticError {
    /// `ZeroDivisionError` with this text.
    #[error("{0}")]
    ZeroDivision(&'static str),
    /// `OverflowError` with this text.
    #[error("{0}")]
    Overflow(String),
    /// `ValueError` with this text.
    #[error("{0}")]
    Domain(String),
    /// `TypeError` with this text: the operator does not take these types.
    #[error("{0}")]
    Type(String),
    /// The result is a complex number, which podlift does not compute with.
    #[error("the result is a complex number")]
    Complex,
    /// The result is larger than [`MAX_BITS`].
    #[error("the result is too large")]
    TooLarge,
}

impl From<ArithmeticError> for Failure {
    fn from(error: ArithmeticError) -> Self {
        match error {
            ArithmeticError::ZeroDivision(message) => Self::raised("ZeroDivisionError", message),
            ArithmeticError::Overflow(message) => Self::overflow(message),
            ArithmeticError::Domain(message) => Self::value(message),
            ArithmeticError::Type(message) => Self::type_error(message),
            ArithmeticError::Complex => Self::Unsupported(error.to_string()),
            ArithmeticError::TooLarge => Self::Bound("an arithmetic operation"),
        }
    }
}

/// Compares two numbers by their exact values, so `2**53 + 1 > float(2**53)`. With NaN there is no order.
pub fn compare(a: &Number, b: &Number) -> Option<Ordering> {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => Some(a.cmp(b)),
        (Number::Float(a), Number::Float(b)) => a.partial_cmp(b),
        (Number::Int(a), Number::Float(b)) => compare_int_float(a, *b),
        (Number::Float(a), Number::Int(b)) => compare_int_float(b, *a).map(Ordering::reverse),
    }
}

fn compare_int_float(a: &BigInt, b: f64) -> Option<Ordering> {
    match exact_integer(b.trunc()) {
        // The fraction decides only between equal integer parts.
        Some(whole) => Some(
            a.cmp(&whole).then_with(|| 0.0f64.partial_cmp(&b.fract()).unwrap_or(Ordering::Equal)),
        ),
        None if b.is_nan() => None,
        None if b > 0.0 => Some(Ordering::Less),
        None => Some(Ordering::Greater),
    }
}

#[cfg(test)]
mod tests;
