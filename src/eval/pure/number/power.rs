//! `**`, which changes type with its operands and grows without mercy.

use num_bigint::BigInt;
use num_traits::{One, Pow, Signed, ToPrimitive, Zero};

use super::convert::int_to_float;
use super::{ArithmeticError, MAX_BITS, Number};

/// `a ** b` of integers: an integer, or a float when `b` is negative.
pub(super) fn int_power(a: &BigInt, b: &BigInt) -> Result<Number, ArithmeticError> {
    if b.is_negative() {
        return float_power(int_to_float(a)?, int_to_float(b)?).map(Number::Float);
    }
    if b.is_zero() || a.is_one() {
        return Ok(Number::from(1));
    }
    if a.is_zero() {
        return Ok(Number::from(0));
    }
    let odd = b.bit(0);
    if *a == BigInt::from(-1) {
        return Ok(Number::from(if odd { -1 } else { 1 }));
    }
    // The result has at least (bits - 1) * exponent bits, so nothing small is refused.
    let exponent = b
        .to_u32()
        .filter(|exponent| (a.bits() - 1).saturating_mul(u64::from(*exponent)) <= MAX_BITS)
        .ok_or(ArithmeticError::TooLarge)?;
    let value: BigInt = Pow::pow(a, exponent);
    if value.bits() > MAX_BITS { Err(ArithmeticError::TooLarge) } else { Ok(Number::Int(value)) }
}

/// `a ** b` of floats.
pub(super) fn float_power(a: f64, b: f64) -> Result<f64, ArithmeticError> {
    if a == 0.0 && b < 0.0 && b.is_finite() {
        return Err(ArithmeticError::ZeroDivision("0.0 cannot be raised to a negative power"));
    }
    if a < 0.0 && a.is_finite() && b.is_finite() && b.fract() != 0.0 {
        return Err(ArithmeticError::Complex);
    }
    let value = a.powf(b);
    if value.is_infinite() && a.is_finite() && b.is_finite() {
        return Err(ArithmeticError::Overflow("(34, 'Numerical result out of range')".to_owned()));
    }
    Ok(value)
}
