//! The decimal digits of a float: exact where a number of places is asked for, shortest for `repr`.

use num_bigint::BigUint;
use num_integer::Integer;
use num_traits::Zero;

use super::convert::parts;

/// A magnitude in decimal: `0.d₁d₂d₃… × 10^point`, without trailing zeros. Zero has the digit `0`, or
/// no digit at all when it is something small that was rounded away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digits {
    /// ASCII digits.
    pub(super) digits: String,
    /// Where the decimal point stands, counted from before the first digit.
    pub(super) point: i64,
}

/// More places after the point than any float has; asking for more yields zeros.
const MAX_PLACES: i64 = 1100;

/// The shortest digits that read back as the same finite float.
pub(super) fn shortest(value: f64) -> Digits {
    let found = near_shortest(value);
    // Where two texts of that length are equally near, Python takes the one with an even last digit.
    if found.digits.len() >= 15 {
        let even = significant(value, found.digits.len());
        let text = format!("0.{}e{}", even.digits, even.point);
        if even != found && text.parse::<f64>().is_ok_and(|read| read == value.abs()) {
            return even;
        }
    }
    found
}

/// The shortest digits, any of them where two texts of that length are equally near.
fn near_shortest(value: f64) -> Digits {
    let text = format!("{:e}", value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    Digits { digits, point: exponent.parse::<i64>().unwrap_or(0) + 1 }
}

/// The magnitude of a finite float rounded half to even at `places` after the point (before it, when
/// negative), decided on the exact binary value.
pub(super) fn rounded(value: f64, places: i64) -> Digits {
    let places = places.clamp(-MAX_PLACES, MAX_PLACES);
    if value == 0.0 {
        return Digits { digits: "0".to_owned(), point: 1 };
    }
    let (mantissa, exponent) = parts(value);
    let mut numerator = BigUint::from(mantissa);
    let mut denominator = BigUint::from(1u32);
    let scale = BigUint::from(10u32).pow(u32::try_from(places.unsigned_abs()).unwrap_or(0));
    if places >= 0 {
        numerator *= scale
    } else {
        denominator *= scale
    }
    if exponent >= 0 {
        numerator <<= exponent.unsigned_abs();
    } else {
        denominator <<= exponent.unsigned_abs();
    }
    let (mut quotient, remainder) = numerator.div_rem(&denominator);
    let twice = remainder << 1u32;
    if twice > denominator || (twice == denominator && quotient.is_odd()) {
        quotient += 1u32;
    }
    if quotient.is_zero() {
        return Digits { digits: String::new(), point: -places };
    }
    let mut digits = quotient.to_string();
    let point = i64::try_from(digits.len()).unwrap_or(i64::MAX) - places;
    digits.truncate(digits.trim_end_matches('0').len());
    Digits { digits, point }
}

/// The magnitude of a finite float rounded half to even to `count` significant digits.
pub(super) fn significant(value: f64, count: usize) -> Digits {
    let count = i64::try_from(count).unwrap_or(MAX_PLACES).clamp(1, MAX_PLACES);
    let estimate = near_shortest(value).point;
    let digits = rounded(value, count - estimate);
    if digits.point == estimate && digits.digits != "1" {
        return digits;
    }
    // Either estimate or digits may have been rounded up to a power of ten that the value does not
    // reach. One more place shows whether it does.
    let finer = rounded(value, count - estimate + 1);
    if finer.point < estimate { finer } else { digits }
}
