//! Between integers and floats, without losing a bit by accident.

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive, Zero};

use super::ArithmeticError;

/// `float(n)`: the nearest float, ties to even.
///
/// # Errors
/// `OverflowError` when the integer is beyond the largest float.
pub fn int_to_float(value: &BigInt) -> Result<f64, ArithmeticError> {
    divide_exactly(value, &BigInt::from(1), "int too large to convert to float")
}

/// `int(x)`: the integer part.
///
/// # Errors
/// `ValueError` for NaN, `OverflowError` for infinities.
pub fn float_to_int(value: f64) -> Result<BigInt, ArithmeticError> {
    exact_integer(value.trunc()).ok_or_else(|| {
        if value.is_nan() {
            ArithmeticError::Domain("cannot convert float NaN to integer".to_owned())
        } else {
            ArithmeticError::Overflow("cannot convert float infinity to integer".to_owned())
        }
    })
}

/// The integer that a float is, or `None` when it has a fraction or is not finite.
pub fn exact_integer(value: f64) -> Option<BigInt> {
    if !value.is_finite() || value.fract() != 0.0 {
        return None;
    }
    let (mantissa, exponent) = parts(value);
    let magnitude = if exponent >= 0 {
        BigInt::from(mantissa) << exponent.unsigned_abs()
    } else {
        BigInt::from(mantissa) >> exponent.unsigned_abs()
    };
    Some(if value < 0.0 { -magnitude } else { magnitude })
}

/// `x.as_integer_ratio()`: numerator and positive denominator, in lowest terms.
///
/// # Errors
/// `ValueError` for NaN, `OverflowError` for infinities.
pub fn integer_ratio(value: f64) -> Result<(BigInt, BigInt), ArithmeticError> {
    if value.is_nan() {
        return Err(ArithmeticError::Domain("cannot convert NaN to integer ratio".to_owned()));
    }
    if value.is_infinite() {
        let message = "cannot convert Infinity to integer ratio";
        return Err(ArithmeticError::Overflow(message.to_owned()));
    }
    let (mantissa, exponent) = parts(value);
    let mut numerator = BigInt::from(mantissa);
    let mut denominator = BigInt::from(1);
    if exponent >= 0 {
        numerator <<= exponent.unsigned_abs();
    } else if mantissa == 0 {
        return Ok((numerator, denominator));
    } else {
        let common = mantissa.trailing_zeros().min(exponent.unsigned_abs());
        numerator >>= common;
        denominator <<= exponent.unsigned_abs() - common;
    }
    Ok((if value < 0.0 { -numerator } else { numerator }, denominator))
}

/// `a / b` of integers.
pub(crate) fn true_divide(a: &BigInt, b: &BigInt) -> Result<f64, ArithmeticError> {
    if b.is_zero() {
        return Err(ArithmeticError::ZeroDivision("division by zero"));
    }
    divide_exactly(a, b, "integer division result too large for a float")
}

/// Mantissa and exponent of the magnitude of a finite float: `mantissa * 2**exponent`.
pub(super) fn parts(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let biased = i32::try_from((bits >> 52) & 0x7ff).unwrap_or(0);
    if biased == 0 { (fraction, -1074) } else { (fraction | (1 << 52), biased - 1075) }
}

/// `a / b` of integers, rounded once and correctly, which dividing two rounded floats would not be.
///
/// The divisor must not be zero. Beyond the floats the error carries `overflow`.
fn divide_exactly(a: &BigInt, b: &BigInt, overflow: &str) -> Result<f64, ArithmeticError> {
    const MIN_EXPONENT: i64 = -1021;
    const MANTISSA_BITS: i64 = 53;
    let negative = a.is_negative() != b.is_negative();
    let signed = |magnitude: f64| if negative { -magnitude } else { magnitude };
    if a.is_zero() {
        return Ok(signed(0.0));
    }
    let too_large = || ArithmeticError::Overflow(overflow.to_owned());
    let (a, b) = (a.magnitude(), b.magnitude());
    let bits = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let difference = bits(a.bits()) - bits(b.bits());
    if difference > 1024 {
        return Err(too_large());
    }
    if difference < MIN_EXPONENT - MANTISSA_BITS - 1 {
        return Ok(signed(0.0));
    }
    // The quotient is cut to a few bits more than a mantissa; what is cut off survives as one sticky bit.
    let shift = difference.max(MIN_EXPONENT) - MANTISSA_BITS - 2;
    let (numerator, denominator) = if shift <= 0 {
        (a << shift.unsigned_abs(), b.clone())
    } else {
        (a.clone(), b << shift.unsigned_abs())
    };
    let quotient = &numerator / &denominator;
    let inexact = &quotient * &denominator != numerator;
    let mut quotient = quotient.to_u64().unwrap_or(u64::MAX) | u64::from(inexact);
    let quotient_bits = i64::from(64 - quotient.leading_zeros());
    let extra = quotient_bits.max(MIN_EXPONENT - shift) - MANTISSA_BITS;
    if extra > 0 {
        let half = 1u64 << (extra - 1);
        if quotient & half != 0 && quotient & (3 * half - 1) != 0 {
            quotient += half;
        }
        quotient &= !(2 * half - 1);
    }
    #[allow(clippy::cast_precision_loss, reason = "rounded to 53 significant bits just above")]
    let magnitude = scale(quotient as f64, shift);
    if magnitude.is_infinite() { Err(too_large()) } else { Ok(signed(magnitude)) }
}

/// `value * 2**exponent` in two steps, so that the power itself never leaves the floats.
fn scale(value: f64, exponent: i64) -> f64 {
    let half = exponent / 2;
    value * power_of_two(half) * power_of_two(exponent - half)
}

fn power_of_two(exponent: i64) -> f64 {
    let biased = (exponent + 1023).clamp(1, 2046);
    f64::from_bits(biased.unsigned_abs() << 52)
}
