//! `round(number, ndigits)`: half to even, decided on exact values.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{Signed, ToPrimitive};

use super::convert::float_to_int;
use super::digits::rounded;
use super::{ArithmeticError, Number};

/// `round(number)` and `round(number, ndigits)`. Without `ndigits` the result is an integer.
///
/// # Errors
/// NaN and infinities have no integer; a float may overflow when rounded up before the point.
pub fn round(number: &Number, ndigits: Option<i64>) -> Result<Number, ArithmeticError> {
    match (number, ndigits) {
        (Number::Int(value), None) => Ok(Number::Int(value.clone())),
        (Number::Int(value), Some(places)) => Ok(Number::Int(round_int(value, places))),
        (Number::Float(value), None) => Ok(Number::Int(round_to_int(*value)?)),
        (Number::Float(value), Some(places)) => round_float(*value, places).map(Number::Float),
    }
}

fn round_int(value: &BigInt, places: i64) -> BigInt {
    if places >= 0 {
        return value.clone();
    }
    // A unit of more digits than the number has leaves zero.
    let Some(exponent) = places.unsigned_abs().to_u32().filter(|e| u64::from(*e) <= value.bits())
    else {
        return BigInt::ZERO;
    };
    let unit = BigInt::from(10).pow(exponent);
    divide_nearest(value, &unit) * unit
}

/// The integer nearest to `a / b`, ties to even; `b` is not zero.
pub(crate) fn divide_nearest(a: &BigInt, b: &BigInt) -> BigInt {
    let (quotient, remainder) = a.abs().div_rem(&b.abs());
    let twice: BigInt = remainder * 2;
    let order = twice.cmp(&b.abs());
    let up = order.is_gt() || (order.is_eq() && quotient.is_odd());
    let magnitude = if up { quotient + 1 } else { quotient };
    if a.is_negative() == b.is_negative() { magnitude } else { -magnitude }
}

fn round_to_int(value: f64) -> Result<BigInt, ArithmeticError> {
    float_to_int(if value.is_finite() { value.round_ties_even() } else { value })
}

fn round_float(value: f64, places: i64) -> Result<f64, ArithmeticError> {
    // Beyond these places a float has no digits, or nothing but them.
    if !value.is_finite() || places > 323 {
        return Ok(value);
    }
    if places < -308 {
        return Ok(0.0f64.copysign(value));
    }
    let decimal = rounded(value, places);
    if decimal.digits.is_empty() {
        return Ok(0.0f64.copysign(value));
    }
    let magnitude: f64 = format!("0.{}e{}", decimal.digits, decimal.point).parse().unwrap_or(0.0);
    if magnitude.is_infinite() {
        let message = "rounded value too large to represent";
        return Err(ArithmeticError::Overflow(message.to_owned()));
    }
    Ok(magnitude.copysign(value))
}
