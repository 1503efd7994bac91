//! `int("…", base)` and `float("…")`.

use num_bigint::BigInt;
use num_traits::Num;
use unicode_general_category::{GeneralCategory, get_general_category};

use super::render::MAX_DECIMAL_DIGITS;
use crate::eval::pure::text::is_space;

/// `int(text, base)`: blanks around, a sign, a prefix that fits the base, single underscores between
/// digits, and decimal digits of any script. Base 0 reads the prefix, as in source code. `None` is
/// Python's `ValueError`, the one for texts of more than 4300 digits included.
pub fn parse_int(text: &str, base: u32) -> Option<BigInt> {
    if base != 0 && !(2..=36).contains(&base) {
        return None;
    }
    let ascii = to_ascii(text)?;
    let (negative, unsigned) = sign(&ascii);
    let (base, digits, after_prefix) = strip_prefix(unsigned, base);
    // An underscore may follow a prefix, but may not begin a number.
    let digits = if after_prefix { digits.strip_prefix('_').unwrap_or(digits) } else { digits };
    let digits =
        without_underscores(digits, |digit| digit.is_digit(if base == 0 { 10 } else { base }))?;
    let base = if base == 0 {
        // `010` in source code would be a mistake; `00` is zero.
        if digits.starts_with('0') && digits.chars().any(|digit| digit != '0') {
            return None;
        }
        10
    } else {
        base
    };
    if !base.is_power_of_two() && digits.len() > MAX_DECIMAL_DIGITS {
        return None;
    }
    let magnitude = BigInt::from_str_radix(&digits, base).ok()?;
    Some(if negative { -magnitude } else { magnitude })
}

/// `float(text)`: blanks around, single underscores between digits, `inf`, `infinity` and `nan`. `None`
/// is Python's `ValueError`.
pub fn parse_float(text: &str) -> Option<f64> {
    let ascii = to_ascii(text)?;
    let (negative, unsigned) = sign(&ascii);
    let lower = unsigned.to_ascii_lowercase();
    let magnitude = match lower.as_str() {
        "inf" | "infinity" => f64::INFINITY,
        "nan" => f64::NAN,
        _ => decimal(&lower)?,
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// Digits, perhaps a point, perhaps an exponent.
fn decimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = match text.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| {
        if part.is_empty() {
            Some(String::new())
        } else {
            without_underscores(part, |digit| digit.is_ascii_digit())
        }
    };
    let (whole, fraction) = (digits(whole)?, digits(fraction)?);
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let exponent = match exponent {
        Some(exponent) => {
            let (negative, unsigned) = sign(exponent);
            let digits = without_underscores(unsigned, |digit| digit.is_ascii_digit())?;
            format!("{}{digits}", if negative { "-" } else { "" })
        }
        None => "0".to_owned(),
    };
    format!("{whole}.{fraction}e{exponent}").parse().ok()
}

/// The text without blanks around it, with digits of every script as ASCII. Any other character
/// beyond ASCII makes it no number.
fn to_ascii(text: &str) -> Option<String> {
    // Python looks at Unicode only when there is any, so ASCII's separators are no blanks by themselves.
    let ascii = text.is_ascii();
    let is_blank = |c: char| matches!(c, ' ' | '\t'..='\r') || (!ascii && is_space(c));
    let trimmed = text.trim_matches(is_blank);
    trimmed
        .chars()
        .map(|c| {
            if c.is_ascii() {
                return Some(c);
            }
            decimal_digit(c).and_then(|digit| char::from_digit(digit, 10))
        })
        .collect()
}

/// The value of a decimal digit of any script.
pub(crate) fn decimal_digit(c: char) -> Option<u32> {
    if let Some(digit) = c.to_digit(10) {
        return Some(digit);
    }
    let is_digit = |c: char| get_general_category(c) == GeneralCategory::DecimalNumber;
    if !is_digit(c) {
        return None;
    }
    // Unicode keeps the ten digits of a script together, zero first, and runs only follow whole runs.
    let code = u32::from(c);
    let before =
        (1..=code).take_while(|back| char::from_u32(code - back).is_some_and(is_digit)).count();
    u32::try_from(before % 10).ok()
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// The base after looking at the prefix (still 0 for base 0 without one), the rest, and whether a
/// prefix was there.
fn strip_prefix(text: &str, base: u32) -> (u32, &str, bool) {
    for (wanted, lower, upper) in [(16, "0x", "0X"), (8, "0o", "0O"), (2, "0b", "0B")] {
        if base != 0 && base != wanted {
            continue;
        }
        if let Some(rest) = text.strip_prefix(lower).or_else(|| text.strip_prefix(upper)) {
            return (wanted, rest, true);
        }
    }
    (base, text, false)
}

/// The digits alone; `None` when there is none, a stranger, or an underscore without digits beside it.
fn without_underscores(text: &str, is_digit: impl Fn(char) -> bool) -> Option<String> {
    let mut digits = String::with_capacity(text.len());
    for group in text.split('_') {
        if group.is_empty() || !group.chars().all(&is_digit) {
            return None;
        }
        digits.push_str(group);
    }
    Some(digits)
}
