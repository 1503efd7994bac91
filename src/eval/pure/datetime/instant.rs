//! `datetime.datetime`.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_traits::ToPrimitive;

use super::strftime::{Moment, strftime};
use super::zone::{Wall, offset_text};
use super::{Date, Time, TimeDelta, TimeSpec, Zone, iso};
use crate::eval::pure::Failure;
use crate::eval::pure::number::{Number, float_to_int, true_divide};

const MICROS_PER_DAY: i128 = 86_400_000_000;

/// 1970-01-01 in microseconds after the beginning of day 0.
const EPOCH: i128 = 719_163 * MICROS_PER_DAY;

/// A day and a time of day, perhaps in a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateTime {
    date: Date,
    time: Time,
}

/// The arguments of `datetime.replace(...)` but for the zone; what is `None` stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names are those of Python's arguments")]
pub struct DateTimeFields {
    pub year: Option<i64>,
    pub month: Option<i64>,
    pub day: Option<i64>,
    pub hour: Option<i64>,
    pub minute: Option<i64>,
    pub second: Option<i64>,
    pub microsecond: Option<i64>,
}

impl DateTime {
    /// `datetime.combine(date, time)`: the zone is the time's. `datetime(...)` is the combination of
    /// [`Date::new`] and [`Time::new`], whose errors come in this order too.
    pub fn combine(date: Date, time: Time) -> Self {
        Self { date, time }
    }

    /// `datetime.fromisoformat(text)`.
    ///
    /// # Errors
    /// `ValueError` for what is no datetime.
    pub fn from_iso_format(text: &str) -> Result<Self, Failure> {
        iso::parse_datetime(text)
    }

    /// `datetime.fromtimestamp(timestamp, zone)`.
    ///
    /// # Errors
    /// `ValueError` or `OverflowError` beyond the years 1 to 9999.
    pub fn from_timestamp(timestamp: &Number, zone: Zone) -> Result<Self, Failure> {
        let naive = Self::from_utc_timestamp(timestamp)?;
        naive.with_zone(Some(Zone::Utc)).in_zone(zone)
    }

    /// `datetime.utcfromtimestamp(timestamp)`, without a zone.
    ///
    /// # Errors
    /// `ValueError` or `OverflowError` beyond the years 1 to 9999.
    pub fn from_utc_timestamp(timestamp: &Number) -> Result<Self, Failure> {
        let micros: BigInt = match timestamp {
            Number::Int(seconds) => seconds * 1_000_000,
            Number::Float(seconds) => {
                if seconds.is_nan() {
                    return Err(Failure::value("Invalid value NaN (not a number)"));
                }
                let too_large = |_| Failure::overflow("timestamp out of range for platform time_t");
                let whole = float_to_int(*seconds).map_err(too_large)? * 1_000_000;
                whole + float_to_int((seconds.fract() * 1e6).round_ties_even())?
            }
        };
        let since_epoch = micros
            .to_i128()
            .filter(|micros| i64::try_from(micros.div_euclid(1_000_000)).is_ok())
            .ok_or_else(|| Failure::overflow("timestamp out of range for platform time_t"))?;
        let micros = since_epoch + EPOCH;
        Self::of_micros(micros).ok_or_else(|| {
            let day = i64::try_from(micros.div_euclid(MICROS_PER_DAY)).unwrap_or(0);
            let (year, _, _) = super::calendar::from_ordinal(day);
            // A C library counts years in 32 bits, from 1900.
            if i32::try_from(year - 1900).is_err() {
                let message = "[Errno 75] Value too large for defined data type";
                return Failure::raised("OSError", message);
            }
            Failure::value(format!("year {year} is out of range"))
        })
    }

    /// The naive datetime so many microseconds after the beginning of day 0.
    fn of_micros(micros: i128) -> Option<Self> {
        let day = i64::try_from(micros.div_euclid(MICROS_PER_DAY)).ok()?;
        let rest = i64::try_from(micros.rem_euclid(MICROS_PER_DAY)).ok()?;
        let (seconds, micros) = (rest / 1_000_000, rest % 1_000_000);
        let time = Time::new(seconds / 3600, seconds / 60 % 60, seconds % 60, micros, None).ok()?;
        Some(Self { date: Date::from_ordinal(day).ok()?, time })
    }

    fn micros(&self) -> i128 {
        i128::from(self.date.ordinal()) * MICROS_PER_DAY + i128::from(self.time.micros())
    }

    /// `datetime.date()`.
    pub fn date(&self) -> Date {
        self.date
    }

    /// `datetime.timetz()`; `datetime.time()` is this without a zone.
    pub fn time(&self) -> &Time {
        &self.time
    }

    /// `datetime.tzinfo`.
    pub fn zone(&self) -> Option<&Zone> {
        self.time.zone()
    }

    /// `datetime.replace(tzinfo=zone)`: the same time on the wall.
    #[must_use]
    pub fn with_zone(&self, zone: Option<Zone>) -> Self {
        Self { date: self.date, time: self.time.clone().with_zone(zone) }
    }

    /// `datetime.replace(fold=fold)`.
    #[must_use]
    pub fn with_fold(&self, fold: bool) -> Self {
        Self { date: self.date, time: self.time.clone().with_fold(fold) }
    }

    /// `datetime.replace(...)`.
    ///
    /// # Errors
    /// `ValueError` when the result is no datetime.
    pub fn replace(&self, fields: DateTimeFields) -> Result<Self, Failure> {
        let DateTimeFields { year, month, day, hour, minute, second, microsecond } = fields;
        Ok(Self {
            date: self.date.replace(year, month, day)?,
            time: self.time.replace(hour, minute, second, microsecond)?,
        })
    }

    fn wall(&self) -> Wall {
        Wall { date: self.date, second: self.time.whole_seconds(), fold: self.time.fold() }
    }

    /// `datetime.utcoffset()`.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] for a time that the zone database does not reach.
    pub fn utc_offset(&self) -> Result<Option<TimeDelta>, Failure> {
        self.zone().map(|zone| zone.offset_on_wall(self.wall())).transpose()
    }

    /// `datetime.tzname()`.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] for a time that the zone database does not reach.
    pub fn zone_name(&self) -> Result<Option<String>, Failure> {
        self.zone().map(|zone| zone.name_on_wall(self.wall())).transpose()
    }

    /// `datetime.astimezone(zone)`: the same moment on another wall.
    ///
    /// # Errors
    /// `OverflowError` beyond the calendar; [`Failure::Unsupported`] for a naive datetime, which Python
    /// takes for the machine's local time.
    pub fn in_zone(&self, zone: Zone) -> Result<Self, Failure> {
        let local = || Failure::Unsupported("the local time of the machine".to_owned());
        // Fixed zones are objects of their own each time, so Python does not see that they are the same.
        if self.zone() == Some(&zone) && !matches!(zone, Zone::Fixed { .. }) {
            return Ok(self.clone());
        }
        let offset = self.utc_offset()?.ok_or_else(local)?;
        let utc = self.with_zone(None).plus(-offset)?;
        let (offset, second_time) = zone.offset_at_utc(utc.wall())?;
        Ok(utc.plus(offset)?.with_zone(Some(zone)).with_fold(second_time))
    }

    /// `datetime + timedelta`, on the wall: an hour later may be two hours later, or none.
    ///
    /// # Errors
    /// `OverflowError` beyond the years 1 to 9999.
    pub fn plus(&self, delta: TimeDelta) -> Result<Self, Failure> {
        let moved = Self::of_micros(self.micros() + delta.micros())
            .ok_or_else(|| Failure::overflow("date value out of range"))?;
        Ok(moved.with_zone(self.zone().cloned()))
    }

    /// `datetime - datetime`: on the wall within a zone, in UTC between zones.
    ///
    /// # Errors
    /// `TypeError` when only one has a zone.
    pub fn since(&self, other: &Self) -> Result<TimeDelta, Failure> {
        let (a, b) = self.comparable(other)?.ok_or_else(|| {
            Failure::type_error("can't subtract offset-naive and offset-aware datetimes")
        })?;
        TimeDelta::of_micros(a - b)
    }

    /// The order of two datetimes; `None` when only one has a zone, which is unequal and otherwise a
    /// `TypeError`.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] for a time that the zone database does not reach.
    pub fn compare(&self, other: &Self) -> Result<Option<Ordering>, Failure> {
        Ok(self.comparable(other)?.map(|(a, b)| a.cmp(&b)))
    }

    fn comparable(&self, other: &Self) -> Result<Option<(i128, i128)>, Failure> {
        if self.zone() == other.zone() {
            return Ok(Some((self.micros(), other.micros())));
        }
        Ok(match (self.utc_offset()?, other.utc_offset()?) {
            (Some(a), Some(b)) => Some((self.micros() - a.micros(), other.micros() - b.micros())),
            _ => None,
        })
    }

    /// `datetime.timestamp()`.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] for a naive datetime, which Python takes for the machine's local time.
    pub fn timestamp(&self) -> Result<f64, Failure> {
        let local = || Failure::Unsupported("the local time of the machine".to_owned());
        let offset = self.utc_offset()?.ok_or_else(local)?;
        let micros = self.micros() - offset.micros() - EPOCH;
        Ok(true_divide(&BigInt::from(micros), &BigInt::from(1_000_000))?)
    }

    /// `datetime.isoformat(separator, timespec)`.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] for a time that the zone database does not reach.
    pub fn iso_format(&self, separator: char, spec: TimeSpec) -> Result<String, Failure> {
        let offset = self.utc_offset()?.map(|offset| offset_text(offset, ":")).unwrap_or_default();
        Ok(format!("{}{separator}{}{offset}", self.date, self.time.clock_text(spec)))
    }

    /// `str(datetime)`.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] for a time that the zone database does not reach.
    pub fn to_str(&self) -> Result<String, Failure> {
        self.iso_format(' ', TimeSpec::Auto)
    }

    /// `repr(datetime)`.
    pub fn repr(&self) -> String {
        format!(
            "datetime.datetime({}, {}, {}, {}{})",
            self.date.year(),
            self.date.month(),
            self.date.day(),
            self.time.repr_numbers(),
            self.time.repr_rest()
        )
    }

    /// `datetime.strftime(format)`.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] for a directive podlift does not know.
    pub fn strftime(&self, format: &str) -> Result<String, Failure> {
        strftime(&Moment::of_datetime(self)?, format)
    }
}
