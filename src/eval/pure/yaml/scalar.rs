//! What a scalar with a tag is worth.

use num_bigint::BigInt;

use super::YamlValue;
use super::construct::unknown_tag;
use super::resolve::truth_of_word;
use crate::eval::pure::Failure;
use crate::eval::pure::datetime::{Date, DateTime, Time, TimeDelta, Zone};
use crate::eval::pure::hash::b64decode;
use crate::eval::pure::number::{parse_float, parse_int};
use crate::eval::pure::text::repr_str;

/// Whether a tag is one of scalars.
pub(super) fn is_known(tag: &str) -> bool {
    matches!(tag, "null" | "bool" | "int" | "float" | "str" | "binary" | "timestamp")
}

/// The value of a scalar whose tag was given or resolved.
pub(super) fn construct(tag: &str, text: &str) -> Result<YamlValue, Failure> {
    let invalid = || {
        let shown = repr_str(text);
        Failure::value(format!("the YAML scalar {shown} is no valid value for its tag !!{tag}"))
    };
    match tag {
        "null" => Ok(YamlValue::Null),
        "str" => Ok(YamlValue::Str(text.to_owned())),
        "bool" => truth_of_word(text).map(YamlValue::Bool).ok_or_else(invalid),
        "int" => int(text).map(YamlValue::Int).ok_or_else(invalid),
        "float" => float(text).map(YamlValue::Float).ok_or_else(invalid),
        "binary" => {
            let message = "failed to convert or decode base64 data";
            let data = if text.is_ascii() { b64decode(text).ok() } else { None };
            data.map(YamlValue::Bytes).ok_or_else(|| Failure::raised("ConstructorError", message))
        }
        "timestamp" => timestamp(text).ok_or_else(invalid)?,
        _ => Err(unknown_tag(tag)),
    }
}

fn signed(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Binary, octal (with a leading zero), hexadecimal, sexagesimal and decimal integers.
fn int(text: &str) -> Option<BigInt> {
    let text = text.replace('_', "");
    let (negative, digits) = signed(&text);
    let magnitude = if digits == "0" {
        BigInt::ZERO
    } else if let Some(digits) = digits.strip_prefix("0b") {
        parse_int(digits, 2)?
    } else if let Some(digits) = digits.strip_prefix("0x") {
        parse_int(digits, 16)?
    } else if digits.starts_with('0') {
        parse_int(digits, 8)?
    } else {
        let mut value = BigInt::ZERO;
        for part in digits.split(':') {
            value = value * 60 + parse_int(part, 10)?;
        }
        value
    };
    Some(if negative { -magnitude } else { magnitude })
}

fn float(text: &str) -> Option<f64> {
    let text = text.replace('_', "").to_lowercase();
    let (negative, digits) = signed(&text);
    let magnitude = match digits {
        ".inf" => f64::INFINITY,
        ".nan" => return Some(f64::NAN),
        _ if digits.contains(':') => {
            // Summed from the last part on, as PyYAML does: floats mind the order.
            let (mut value, mut base) = (0.0, 1.0);
            for part in digits.rsplit(':') {
                value += parse_float(part)? * base;
                base *= 60.0;
            }
            value
        }
        _ => parse_float(digits)?,
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// `None` for what does not look like a timestamp; the error is for one that does not exist.
fn timestamp(text: &str) -> Option<Result<YamlValue, Failure>> {
    let date_end = text.find(['T', 't', ' ', '\t']).unwrap_or(text.len());
    let (date, rest) = text.split_at_checked(date_end)?;
    let mut parts = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() {
        return None;
    }
    let date = Date::new(year, month, day);
    let clock = rest.trim_start_matches(['T', 't', ' ', '\t']);
    if clock.is_empty() {
        return Some(date.map(YamlValue::Date));
    }
    let zone_at = clock.find([' ', '\t', 'Z', '+', '-']).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at_checked(zone_at)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut parts = clock.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    let micros: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let micros = micros.parse::<i64>().ok()?;
    let zone = match zone.trim() {
        "" => Ok(None),
        "Z" => Ok(Some(Zone::Utc)),
        offset => {
            let (negative, offset) = signed(offset);
            let (hours, minutes) = offset.split_once(':').unwrap_or((offset, "0"));
            let seconds = (hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?) * 60;
            TimeDelta::of_seconds(if negative { -seconds } else { seconds })
                .and_then(|offset| Zone::fixed(offset, None))
                .map(Some)
        }
    };
    Some(zone.and_then(|zone| {
        let time = Time::new(hour, minute, second, micros, zone)?;
        Ok(YamlValue::DateTime(DateTime::combine(date?, time)))
    }))
}
