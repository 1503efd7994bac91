//! `datetime.timedelta`.

use std::fmt;
use std::ops::Neg;

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{ToPrimitive, Zero};

use crate::eval::pure::Failure;
use crate::eval::pure::number::{Number, divide_nearest, float_to_int, integer_ratio, true_divide};

const MICROS_PER_SECOND: i128 = 1_000_000;
const MICROS_PER_DAY: i128 = 86_400 * MICROS_PER_SECOND;

/// A duration of whole microseconds, below 10**9 days in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TimeDelta {
    micros: i128,
}

/// The arguments of `timedelta(...)`, zero where not given.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are those of Python's arguments")]
pub struct DeltaParts {
    pub days: Number,
    pub seconds: Number,
    pub microseconds: Number,
    pub milliseconds: Number,
    pub minutes: Number,
    pub hours: Number,
    pub weeks: Number,
}

impl Default for DeltaParts {
    fn default() -> Self {
        let zero = || Number::from(0);
        Self {
            days: zero(),
            seconds: zero(),
            microseconds: zero(),
            milliseconds: zero(),
            minutes: zero(),
            hours: zero(),
            weeks: zero(),
        }
    }
}

impl TimeDelta {
    /// No time at all.
    pub const ZERO: Self = Self { micros: 0 };

    /// `timedelta(...)`.
    ///
    /// # Errors
    /// `OverflowError` for too many days, and for parts that are no finite number.
    pub fn new(parts: &DeltaParts) -> Result<Self, Failure> {
        let mut sum = BigInt::zero();
        let mut leftover = 0.0;
        let second = 1_000_000i64;
        // The order is Python's; it shows in the last bit when several fractions are given.
        for (part, unit) in [
            (&parts.microseconds, 1),
            (&parts.milliseconds, 1000),
            (&parts.seconds, second),
            (&parts.minutes, 60 * second),
            (&parts.hours, 3600 * second),
            (&parts.days, 86_400 * second),
            (&parts.weeks, 7 * 86_400 * second),
        ] {
            match part {
                Number::Int(value) => sum += value * unit,
                Number::Float(value) => {
                    sum += float_to_int(*value)? * unit;
                    #[expect(clippy::cast_precision_loss, reason = "units are below 2**53")]
                    let micros = value.fract() * unit as f64;
                    sum += float_to_int(micros)?;
                    leftover += micros.fract();
                }
            }
        }
        let mut whole = leftover.round();
        if (whole - leftover).abs() == 0.5 {
            // Halfway: the sum as a whole becomes even, not the leftover.
            let odd = f64::from(u8::from(sum.is_odd()));
            whole = 2.0 * ((leftover + odd) * 0.5).round() - odd;
        }
        Self::of_big_micros(&(sum + float_to_int(whole)?))
    }

    /// A duration of whole days. Differences of dates always fit.
    pub(super) fn of_days(days: i64) -> Self {
        Self { micros: i128::from(days) * MICROS_PER_DAY }
    }

    /// A duration of whole seconds.
    ///
    /// # Errors
    /// `OverflowError` for too many days.
    pub fn of_seconds(seconds: i64) -> Result<Self, Failure> {
        Self::of_micros(i128::from(seconds) * MICROS_PER_SECOND)
    }

    /// A duration of microseconds.
    ///
    /// # Errors
    /// `OverflowError` for too many days.
    pub fn of_micros(micros: i128) -> Result<Self, Failure> {
        let days = micros.div_euclid(MICROS_PER_DAY);
        if i32::try_from(days).is_err() {
            return Err(days_beyond_c());
        }
        if days.unsigned_abs() > 999_999_999 {
            let message = format!("days={days}; must have magnitude <= 999999999");
            return Err(Failure::overflow(message));
        }
        Ok(Self { micros })
    }

    fn of_big_micros(micros: &BigInt) -> Result<Self, Failure> {
        micros.to_i128().ok_or_else(days_beyond_c).and_then(Self::of_micros)
    }

    /// The whole duration in microseconds.
    pub fn micros(self) -> i128 {
        self.micros
    }

    /// `timedelta.days`; negative durations have negative days and positive rests.
    pub fn days(self) -> i64 {
        i64::try_from(self.micros.div_euclid(MICROS_PER_DAY)).unwrap_or(0)
    }

    /// `timedelta.seconds`, below a day.
    pub fn seconds(self) -> i64 {
        i64::try_from(self.micros.rem_euclid(MICROS_PER_DAY) / MICROS_PER_SECOND).unwrap_or(0)
    }

    /// `timedelta.microseconds`, below a second.
    pub fn microseconds(self) -> i64 {
        i64::try_from(self.micros.rem_euclid(MICROS_PER_SECOND)).unwrap_or(0)
    }

    /// `timedelta.total_seconds()`.
    pub fn total_seconds(self) -> f64 {
        true_divide(&BigInt::from(self.micros), &BigInt::from(MICROS_PER_SECOND)).unwrap_or(0.0)
    }

    /// `a + b`.
    ///
    /// # Errors
    /// `OverflowError` for too many days.
    pub fn plus(self, other: Self) -> Result<Self, Failure> {
        Self::of_micros(self.micros + other.micros)
    }

    /// `a - b`.
    ///
    /// # Errors
    /// `OverflowError` for too many days.
    pub fn minus(self, other: Self) -> Result<Self, Failure> {
        Self::of_micros(self.micros - other.micros)
    }

    /// `abs(a)`.
    ///
    /// # Errors
    /// `OverflowError` for the one duration without a counterpart.
    pub fn abs(self) -> Result<Self, Failure> {
        Self::of_micros(self.micros.abs())
    }

    /// `a * factor`, rounded half to even.
    ///
    /// # Errors
    /// `OverflowError` for too many days; what `float.as_integer_ratio` raises for NaN and infinities.
    pub fn multiply(self, factor: &Number) -> Result<Self, Failure> {
        let micros = BigInt::from(self.micros);
        match factor {
            Number::Int(factor) => Self::of_big_micros(&(micros * factor)),
            Number::Float(factor) => {
                let (numerator, denominator) = integer_ratio(*factor)?;
                Self::of_big_micros(&divide_nearest(&(micros * numerator), &denominator))
            }
        }
    }

    /// `a / divisor`, rounded half to even.
    ///
    /// # Errors
    /// `ZeroDivisionError`; otherwise as [`Self::multiply`].
    pub fn divide(self, divisor: &Number) -> Result<Self, Failure> {
        let micros = BigInt::from(self.micros);
        let (numerator, denominator) = match divisor {
            Number::Int(divisor) => (micros, divisor.clone()),
            Number::Float(divisor) => {
                let (numerator, denominator) = integer_ratio(*divisor)?;
                (micros * denominator, numerator)
            }
        };
        if denominator.is_zero() {
            return Err(division_by_zero());
        }
        Self::of_big_micros(&divide_nearest(&numerator, &denominator))
    }

    /// `a // divisor` for an integer.
    ///
    /// # Errors
    /// `ZeroDivisionError`.
    pub fn floor_divide(self, divisor: &BigInt) -> Result<Self, Failure> {
        if divisor.is_zero() {
            return Err(division_by_zero());
        }
        Self::of_big_micros(&BigInt::from(self.micros).div_floor(divisor))
    }

    /// `a / b` of two durations.
    ///
    /// # Errors
    /// `ZeroDivisionError`.
    pub fn ratio(self, other: Self) -> Result<f64, Failure> {
        if other.micros == 0 {
            return Err(Failure::raised("ZeroDivisionError", "division by zero"));
        }
        Ok(true_divide(&BigInt::from(self.micros), &BigInt::from(other.micros))?)
    }

    /// `divmod(a, b)` of two durations: `a // b` and `a % b`.
    ///
    /// # Errors
    /// `ZeroDivisionError`.
    pub fn divmod(self, other: Self) -> Result<(BigInt, Self), Failure> {
        if other.micros == 0 {
            return Err(division_by_zero());
        }
        let (quotient, remainder) =
            BigInt::from(self.micros).div_mod_floor(&BigInt::from(other.micros));
        Ok((quotient, Self::of_big_micros(&remainder)?))
    }

    /// `repr(timedelta)`.
    pub fn repr(self) -> String {
        let parts: Vec<String> = [
            ("days", self.days()),
            ("seconds", self.seconds()),
            ("microseconds", self.microseconds()),
        ]
        .into_iter()
        .filter(|(_, value)| *value != 0)
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
        let parts = if parts.is_empty() { "0".to_owned() } else { parts.join(", ") };
        format!("datetime.timedelta({parts})")
    }
}

fn days_beyond_c() -> Failure {
    Failure::overflow("Python int too large to convert to C int")
}

fn division_by_zero() -> Failure {
    Failure::raised("ZeroDivisionError", "integer division or modulo by zero")
}

/// `-a`. The longest negative duration keeps its sign's room: it has no positive counterpart in
/// Python either, but one day more does no harm here.
impl Neg for TimeDelta {
    type Output = Self;

    fn neg(self) -> Self {
        Self { micros: -self.micros }
    }
}

/// `str(timedelta)`.
impl fmt::Display for TimeDelta {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.days();
        if days != 0 {
            let plural = if days.abs() == 1 { "" } else { "s" };
            write!(formatter, "{days} day{plural}, ")?;
        }
        let (minutes, seconds) = (self.seconds() / 60, self.seconds() % 60);
        write!(formatter, "{}:{:02}:{seconds:02}", minutes / 60, minutes % 60)?;
        if self.microseconds() != 0 {
            write!(formatter, ".{:06}", self.microseconds())?;
        }
        Ok(())
    }
}
