//! The binary operators, with Python's signs, promotions and exceptions.

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{Signed, ToPrimitive, Zero};

use super::convert::{int_to_float, true_divide};
use super::power::{float_power, int_power};
use super::{ArithmeticError, MAX_BITS, Number};
use crate::python::ast::BinaryOp;

/// The value of `a op b`.
///
/// # Errors
/// What Python raises, or [`ArithmeticError::TooLarge`] beyond [`MAX_BITS`].
pub fn binary(op: BinaryOp, a: &Number, b: &Number) -> Result<Number, ArithmeticError> {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => int_binary(op, a, b),
        _ if is_integer_only(op) => Err(wrong_types(op, a, b)),
        _ => float_binary(op, to_float(a)?, to_float(b)?).map(Number::Float),
    }
}

/// `divmod(a, b)`: floor of the quotient, and the remainder with the sign of `b`.
///
/// # Errors
/// `ZeroDivisionError`; `OverflowError` when an integer does not fit beside a float.
pub fn divmod(a: &Number, b: &Number) -> Result<(Number, Number), ArithmeticError> {
    if let (Number::Int(a), Number::Int(b)) = (a, b) {
        if b.is_zero() {
            return Err(ArithmeticError::ZeroDivision("integer division or modulo by zero"));
        }
        let (quotient, remainder) = a.div_mod_floor(b);
        return Ok((Number::Int(quotient), Number::Int(remainder)));
    }
    let (a, b) = (to_float(a)?, to_float(b)?);
    if b == 0.0 {
        return Err(ArithmeticError::ZeroDivision("float divmod()"));
    }
    let (quotient, remainder) = float_divmod(a, b);
    Ok((Number::Float(quotient), Number::Float(remainder)))
}

fn to_float(number: &Number) -> Result<f64, ArithmeticError> {
    match number {
        Number::Int(value) => int_to_float(value),
        Number::Float(value) => Ok(*value),
    }
}

fn is_integer_only(op: BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::LShift
            | BinaryOp::RShift
            | BinaryOp::BitAnd
            | BinaryOp::BitOr
            | BinaryOp::BitXor
            | BinaryOp::MatMul
    )
}

fn wrong_types(op: BinaryOp, a: &Number, b: &Number) -> ArithmeticError {
    ArithmeticError::Type(format!(
        "unsupported operand type(s) for {}: '{}' and '{}'",
        op.in_messages(),
        a.type_name(),
        b.type_name()
    ))
}

fn int_binary(op: BinaryOp, a: &BigInt, b: &BigInt) -> Result<Number, ArithmeticError> {
    let value = match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => {
            if a.bits().saturating_add(b.bits()) > MAX_BITS {
                return Err(ArithmeticError::TooLarge);
            }
            a * b
        }
        BinaryOp::Div => return true_divide(a, b).map(Number::Float),
        BinaryOp::FloorDiv if b.is_zero() => {
            return Err(ArithmeticError::ZeroDivision("integer division or modulo by zero"));
        }
        BinaryOp::FloorDiv => a.div_floor(b),
        BinaryOp::Mod if b.is_zero() => {
            return Err(ArithmeticError::ZeroDivision("integer modulo by zero"));
        }
        BinaryOp::Mod => a.mod_floor(b),
        BinaryOp::Pow => return int_power(a, b),
        BinaryOp::LShift => shift_left(a, b)?,
        BinaryOp::RShift => shift_right(a, b)?,
        BinaryOp::BitAnd => a & b,
        BinaryOp::BitOr => a | b,
        BinaryOp::BitXor => a ^ b,
        BinaryOp::MatMul => {
            return Err(wrong_types(op, &Number::Int(a.clone()), &Number::Int(b.clone())));
        }
    };
    if value.bits() > MAX_BITS { Err(ArithmeticError::TooLarge) } else { Ok(Number::Int(value)) }
}

fn shift_left(a: &BigInt, count: &BigInt) -> Result<BigInt, ArithmeticError> {
    refuse_negative(count)?;
    if a.is_zero() {
        return Ok(BigInt::ZERO);
    }
    match count.to_u64() {
        Some(count) if a.bits().saturating_add(count) <= MAX_BITS => Ok(a << count),
        _ => Err(ArithmeticError::TooLarge),
    }
}

fn shift_right(a: &BigInt, count: &BigInt) -> Result<BigInt, ArithmeticError> {
    refuse_negative(count)?;
    Ok(match count.to_u64() {
        Some(count) if count <= a.bits() => a >> count,
        _ if a.is_negative() => BigInt::from(-1),
        _ => BigInt::ZERO,
    })
}

fn refuse_negative(count: &BigInt) -> Result<(), ArithmeticError> {
    if count.is_negative() {
        return Err(ArithmeticError::Domain("negative shift count".to_owned()));
    }
    Ok(())
}

fn float_binary(op: BinaryOp, a: f64, b: f64) -> Result<f64, ArithmeticError> {
    let by_zero = match op {
        BinaryOp::Div => "float division by zero",
        BinaryOp::FloorDiv => "float floor division by zero",
        _ => "float modulo",
    };
    match op {
        BinaryOp::Add => Ok(a + b),
        BinaryOp::Sub => Ok(a - b),
        BinaryOp::Mul => Ok(a * b),
        BinaryOp::Pow => float_power(a, b),
        _ if b == 0.0 => Err(ArithmeticError::ZeroDivision(by_zero)),
        BinaryOp::Div => Ok(a / b),
        BinaryOp::FloorDiv => Ok(float_divmod(a, b).0),
        BinaryOp::Mod => Ok(float_divmod(a, b).1),
        _ => Err(wrong_types(op, &Number::Float(a), &Number::Float(b))),
    }
}

/// Floor quotient and remainder of floats. The quotient is taken from the exact remainder, because
/// flooring `a / b` would be wrong by one where that division rounds up.
fn float_divmod(a: f64, b: f64) -> (f64, f64) {
    let mut remainder = a % b;
    let mut quotient = (a - remainder) / b;
    if remainder == 0.0 {
        remainder = 0.0f64.copysign(b);
    } else if (b < 0.0) != (remainder < 0.0) {
        remainder += b;
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return (0.0f64.copysign(a / b), remainder);
    }
    let floor = quotient.floor();
    (if quotient - floor > 0.5 { floor + 1.0 } else { floor }, remainder)
}
