//! Numbers as text: `repr`, `bin`, and the float styles behind format specs.

use num_bigint::BigInt;
use num_traits::Signed;

use super::digits::{Digits, rounded, shortest, significant};
use crate::eval::pure::Failure;

/// Decimal digits beyond which Python refuses to convert an integer.
pub(super) const MAX_DECIMAL_DIGITS: usize = 4300;

/// How to lay out a float.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FloatStyle {
    /// `repr`: shortest digits, exponent from 1e16 on.
    Repr,
    /// `e`: digits after the point of the mantissa.
    Exponent(usize),
    /// `f`: digits after the point.
    Fixed(usize),
    /// `g`: significant digits.
    General(usize),
}

/// `repr(x)`.
pub fn repr_float(value: f64) -> String {
    render_float(value, FloatStyle::Repr, false, true)
}

/// `str(n)`, which is `repr(n)`.
///
/// # Errors
/// `ValueError` beyond 4300 digits, as Python guards itself.
pub fn repr_int(value: &BigInt) -> Result<String, Failure> {
    // 4300 digits are 14284 bits and something.
    if value.bits() < 14_284 {
        return Ok(value.to_string());
    }
    // Nor is it made for one that is far longer, which would take the square of its length.
    let text = if value.bits() < 14_300 { value.to_string() } else { String::new() };
    if text.is_empty() || text.trim_start_matches('-').len() > MAX_DECIMAL_DIGITS {
        return Err(Failure::value(
            "Exceeds the limit (4300 digits) for integer string conversion; \
             use sys.set_int_max_str_digits() to increase the limit",
        ));
    }
    Ok(text)
}

/// `bin(n)`.
pub fn bin(value: &BigInt) -> String {
    prefixed(value, "0b", 2)
}

/// `oct(n)`.
pub fn oct(value: &BigInt) -> String {
    prefixed(value, "0o", 8)
}

/// `hex(n)`.
pub fn hex(value: &BigInt) -> String {
    prefixed(value, "0x", 16)
}

/// The digits of `n` in a base from 2 to 36, in lower case, with `-` before negative ones and no prefix.
pub fn int_to_string(value: &BigInt, base: u32) -> String {
    value.to_str_radix(base.clamp(2, 36))
}

fn prefixed(value: &BigInt, prefix: &str, base: u32) -> String {
    let sign = if value.is_negative() { "-" } else { "" };
    format!("{sign}{prefix}{}", int_to_string(&value.abs(), base))
}

/// A float in a style, with `-` for negative ones (the negative zero too).
///
/// `alternate` keeps the point and, for [`FloatStyle::General`], trailing zeros. `point_zero` adds the
/// `.0` that tells a float from an integer.
pub(crate) fn render_float(
    value: f64,
    style: FloatStyle,
    alternate: bool,
    point_zero: bool,
) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if value.is_infinite() {
        return format!("{sign}inf");
    }
    format!("{sign}{}", lay_out(value, style, alternate, point_zero))
}

fn lay_out(value: f64, style: FloatStyle, alternate: bool, point_zero: bool) -> String {
    let (decimal, with_exponent, wanted) = match style {
        FloatStyle::Repr => {
            let decimal = shortest(value);
            let with_exponent = value != 0.0 && !(-3..=16).contains(&decimal.point);
            (decimal, with_exponent, 0)
        }
        FloatStyle::Exponent(places) => {
            (significant(value, places.saturating_add(1)), true, signed(places) + 1)
        }
        FloatStyle::Fixed(places) => {
            let decimal = rounded(value, signed(places));
            let wanted = decimal.point + signed(places);
            (decimal, false, wanted)
        }
        FloatStyle::General(count) => {
            let count = count.max(1);
            let decimal = significant(value, count);
            let widest = signed(count) - i64::from(point_zero);
            let with_exponent = decimal.point <= -4 || decimal.point > widest;
            (decimal, with_exponent, if alternate { signed(count) } else { 0 })
        }
    };
    if with_exponent {
        let exponent = decimal.point - 1;
        let mantissa = place_point(&Digits { digits: decimal.digits, point: 1 }, wanted, alternate);
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    let wanted = if point_zero { wanted.max(decimal.point.max(0) + 1) } else { wanted };
    place_point(&decimal, wanted, alternate)
}

/// Digits with the point in its place and zeros up to `wanted` digits; a bare point goes away unless
/// `keep_point`.
fn place_point(decimal: &Digits, wanted: i64, keep_point: bool) -> String {
    let Digits { digits, point } = decimal;
    let have = signed(digits.len());
    let (mut whole, mut fraction) = if *point <= 0 {
        ("0".to_owned(), "0".repeat(unsigned(-point)) + digits)
    } else {
        let whole: String = digits.chars().take(unsigned(*point)).collect();
        (whole, digits.chars().skip(unsigned(*point)).collect())
    };
    if have < *point {
        whole.push_str(&"0".repeat(unsigned(point - have)));
    }
    let missing = wanted - have.max(*point);
    fraction.push_str(&"0".repeat(unsigned(missing)));
    if fraction.is_empty() && !keep_point { whole } else { format!("{whole}.{fraction}") }
}

fn signed(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

fn unsigned(length: i64) -> usize {
    usize::try_from(length).unwrap_or(0)
}
