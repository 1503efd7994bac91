//! Integers and floats under a format spec.

use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive};

use super::spec::{Align, Spec};
use crate::eval::pure::Failure;
use crate::eval::pure::number::{FloatStyle, int_to_float, int_to_string, render_float, repr_int};

/// `int.__format__` with a spec that is not empty.
pub(super) fn format_int(value: &BigInt, spec: &Spec, type_name: &str) -> Result<String, Failure> {
    let (prefix, base) = match spec.conversion {
        'c' => return format_character(value, spec),
        'd' | 'n' => ("", 10),
        'b' => ("0b", 2),
        'o' => ("0o", 8),
        'x' => ("0x", 16),
        'X' => ("0X", 16),
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%' => {
            return format_float(int_to_float(value)?, spec);
        }
        _ => return Err(spec.unknown_code(type_name)),
    };
    refuse_precision_and_z(spec)?;
    let magnitude = value.abs();
    let digits = match spec.conversion {
        'd' | 'n' => repr_int(&magnitude)?,
        'X' => int_to_string(&magnitude, base).to_uppercase(),
        _ => int_to_string(&magnitude, base),
    };
    let sign = sign_text(value.is_negative(), spec.sign);
    let prefix = if spec.alternate { format!("{sign}{prefix}") } else { sign.to_owned() };
    Ok(finish(spec, &prefix, &digits, "", if base == 10 { 3 } else { 4 }))
}

/// `float.__format__` with a spec that is not empty.
pub(super) fn format_float(value: f64, spec: &Spec) -> Result<String, Failure> {
    let precision = spec.precision;
    let digits = precision.unwrap_or(6);
    let (style, point_zero) = match spec.conversion {
        'e' | 'E' => (FloatStyle::Exponent(digits), false),
        'f' | 'F' | '%' => (FloatStyle::Fixed(digits), false),
        'g' | 'G' | 'n' => (FloatStyle::General(digits), false),
        '\0' => match precision {
            Some(digits) => (FloatStyle::General(digits), true),
            None => (FloatStyle::Repr, true),
        },
        _ => return Err(spec.unknown_code("float")),
    };
    let scaled = if spec.conversion == '%' { value * 100.0 } else { value };
    let mut text = render_float(scaled, style, spec.alternate, point_zero);
    if matches!(spec.conversion, 'E' | 'F' | 'G') {
        text.make_ascii_uppercase();
    }
    if spec.conversion == '%' {
        text.push('%');
    }
    let unsigned = text.strip_prefix('-');
    let body = unsigned.unwrap_or(&text);
    // What was rounded to zero lost its digits, but kept its sign.
    let only_zeros = || !body.contains(|c: char| matches!(c, '1'..='9' | 'n' | 'N'));
    let negative = unsigned.is_some() && !(spec.no_negative_zero && only_zeros());
    let sign = sign_text(negative, spec.sign);
    let end = body.find(|c: char| !c.is_ascii_digit()).unwrap_or(body.len());
    let (whole, rest) = body.split_at_checked(end).unwrap_or((body, ""));
    Ok(finish(spec, sign, whole, rest, 3))
}

fn format_character(value: &BigInt, spec: &Spec) -> Result<String, Failure> {
    refuse_precision_and_z(spec)?;
    if spec.sign.is_some() {
        return Err(Failure::value("Sign not allowed with integer format specifier 'c'"));
    }
    if spec.alternate {
        return Err(Failure::value(
            "Alternate form (#) not allowed with integer format specifier 'c'",
        ));
    }
    let Some(code) = value.to_i64() else {
        return Err(Failure::overflow("Python int too large to convert to C long"));
    };
    let Some(code) = u32::try_from(code).ok().filter(|code| *code < 0x11_0000) else {
        return Err(Failure::overflow("%c arg not in range(0x110000)"));
    };
    let c = char::from_u32(code)
        .ok_or_else(|| Failure::Unsupported("a lone surrogate as text".to_owned()))?;
    Ok(spec.padded("", &c.to_string(), spec.width.saturating_sub(1)))
}

fn refuse_precision_and_z(spec: &Spec) -> Result<(), Failure> {
    if spec.precision.is_some() {
        return Err(Failure::value("Precision not allowed in integer format specifier"));
    }
    if spec.no_negative_zero {
        return Err(Failure::value(
            "Negative zero coercion (z) not allowed in integer format specifier",
        ));
    }
    Ok(())
}

fn sign_text(negative: bool, wanted: Option<char>) -> &'static str {
    match wanted {
        _ if negative => "-",
        Some('+') => "+",
        Some(' ') => " ",
        _ => "",
    }
}

/// Groups the digits before the point and pads. Zeros that fill a number are digits too: they are
/// grouped with the others, which may make the number one wider than asked for.
fn finish(spec: &Spec, prefix: &str, whole: &str, rest: &str, group: usize) -> String {
    let around = prefix.len() + rest.len();
    let whole = match spec.grouping {
        Some(separator) if !whole.is_empty() => {
            let zero_filled = spec.fill == '0' && spec.align == Align::AfterSign;
            let least = if zero_filled { spec.width.saturating_sub(around) } else { 0 };
            grouped(whole, separator, group, least)
        }
        _ => whole.to_owned(),
    };
    let missing = spec.width.saturating_sub(around + whole.len());
    spec.padded(prefix, &format!("{whole}{rest}"), missing)
}

fn grouped(digits: &str, separator: char, group: usize, least: usize) -> String {
    let mut reversed = String::with_capacity(least.max(digits.len() * 2));
    let mut digits = digits.chars().rev();
    let mut in_group = 0;
    loop {
        let next = digits.next();
        // A group is only begun for a digit, or when the width is not reached yet.
        let Some(digit) = next.or_else(|| (reversed.len() < least).then_some('0')) else { break };
        if in_group == group {
            reversed.push(separator);
            in_group = 0;
        }
        reversed.push(digit);
        in_group += 1;
    }
    reversed.chars().rev().collect()
}
