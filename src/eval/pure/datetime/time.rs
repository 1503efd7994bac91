//! `datetime.time`.

use super::strftime::{Moment, strftime};
use super::zone::offset_text;
use super::{TimeDelta, Zone, iso};
use crate::eval::pure::Failure;

/// A time of day, perhaps with a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Time {
    hour: i64,
    minute: i64,
    second: i64,
    microsecond: i64,
    fold: bool,
    zone: Option<Zone>,
}

/// How exact `isoformat` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimeSpec {
    /// Microseconds only when there are any.
    #[default]
    Auto,
    /// `hours`.
    Hours,
    /// `minutes`.
    Minutes,
    /// `seconds`.
    Seconds,
    /// `milliseconds`, cut and not rounded.
    Milliseconds,
    /// `microseconds`.
    Microseconds,
}

impl TimeSpec {
    /// The spec by its name in Python.
    ///
    /// # Errors
    /// `ValueError` for other names.
    pub fn of_name(name: &str) -> Result<Self, Failure> {
        Ok(match name {
            "auto" => Self::Auto,
            "hours" => Self::Hours,
            "minutes" => Self::Minutes,
            "seconds" => Self::Seconds,
            "milliseconds" => Self::Milliseconds,
            "microseconds" => Self::Microseconds,
            _ => return Err(Failure::value("Unknown timespec value")),
        })
    }
}

impl Time {
    /// `time(hour, minute, second, microsecond, tzinfo, fold=0)`.
    ///
    /// # Errors
    /// `ValueError` for what is no time.
    pub fn new(
        hour: i64,
        minute: i64,
        second: i64,
        microsecond: i64,
        zone: Option<Zone>,
    ) -> Result<Self, Failure> {
        for (value, limit, name) in
            [(hour, 24, "hour"), (minute, 60, "minute"), (second, 60, "second")]
        {
            if !(0..limit).contains(&value) {
                return Err(Failure::value(format!("{name} must be in 0..{}", limit - 1)));
            }
        }
        if !(0..1_000_000).contains(&microsecond) {
            return Err(Failure::value("microsecond must be in 0..999999"));
        }
        Ok(Self { hour, minute, second, microsecond, fold: false, zone })
    }

    /// `time.min`: midnight.
    pub fn midnight() -> Self {
        Self { hour: 0, minute: 0, second: 0, microsecond: 0, fold: false, zone: None }
    }

    /// `time.fromisoformat(text)`.
    ///
    /// # Errors
    /// `ValueError` for what is no time.
    pub fn from_iso_format(text: &str) -> Result<Self, Failure> {
        iso::parse_time(text)
    }

    /// The same time with this `fold`.
    #[must_use]
    pub fn with_fold(mut self, fold: bool) -> Self {
        self.fold = fold;
        self
    }

    /// The same time in this zone.
    #[must_use]
    pub fn with_zone(mut self, zone: Option<Zone>) -> Self {
        self.zone = zone;
        self
    }

    /// `time.hour`.
    pub fn hour(&self) -> i64 {
        self.hour
    }

    /// `time.minute`.
    pub fn minute(&self) -> i64 {
        self.minute
    }

    /// `time.second`.
    pub fn second(&self) -> i64 {
        self.second
    }

    /// `time.microsecond`.
    pub fn microsecond(&self) -> i64 {
        self.microsecond
    }

    /// `time.fold`.
    pub fn fold(&self) -> bool {
        self.fold
    }

    /// `time.tzinfo`.
    pub fn zone(&self) -> Option<&Zone> {
        self.zone.as_ref()
    }

    /// `time.replace(...)` without the zone, for which see [`Self::with_zone`]; what is `None` stays.
    ///
    /// # Errors
    /// `ValueError` when the result is no time.
    pub fn replace(
        &self,
        hour: Option<i64>,
        minute: Option<i64>,
        second: Option<i64>,
        microsecond: Option<i64>,
    ) -> Result<Self, Failure> {
        let time = Self::new(
            hour.unwrap_or(self.hour),
            minute.unwrap_or(self.minute),
            second.unwrap_or(self.second),
            microsecond.unwrap_or(self.microsecond),
            self.zone.clone(),
        )?;
        Ok(time.with_fold(self.fold))
    }

    /// Microseconds since midnight.
    pub fn micros(&self) -> i64 {
        self.whole_seconds() * 1_000_000 + self.microsecond
    }

    pub(super) fn whole_seconds(&self) -> i64 {
        (self.hour * 60 + self.minute) * 60 + self.second
    }

    /// `time.utcoffset()`: a zone of the database has none, because it depends on the day.
    pub fn utc_offset(&self) -> Option<TimeDelta> {
        match &self.zone {
            Some(Zone::Utc) => Some(TimeDelta::ZERO),
            Some(Zone::Fixed { offset, .. }) => Some(*offset),
            Some(Zone::Named(_)) | None => None,
        }
    }

    /// `time.isoformat(timespec)`.
    pub fn iso_format(&self, spec: TimeSpec) -> String {
        let offset = self.utc_offset().map(|offset| offset_text(offset, ":"));
        self.clock_text(spec) + &offset.unwrap_or_default()
    }

    /// The time without its offset.
    pub(super) fn clock_text(&self, spec: TimeSpec) -> String {
        let Self { hour, minute, second, microsecond, .. } = self;
        let spec = match spec {
            TimeSpec::Auto if *microsecond == 0 => TimeSpec::Seconds,
            TimeSpec::Auto => TimeSpec::Microseconds,
            other => other,
        };
        match spec {
            TimeSpec::Hours => format!("{hour:02}"),
            TimeSpec::Minutes => format!("{hour:02}:{minute:02}"),
            TimeSpec::Milliseconds => {
                format!("{hour:02}:{minute:02}:{second:02}.{:03}", microsecond / 1000)
            }
            TimeSpec::Microseconds => {
                format!("{hour:02}:{minute:02}:{second:02}.{microsecond:06}")
            }
            TimeSpec::Auto | TimeSpec::Seconds => format!("{hour:02}:{minute:02}:{second:02}"),
        }
    }

    /// `time.strftime(format)`, on the first day of 1900.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] for a directive podlift does not know.
    pub fn strftime(&self, format: &str) -> Result<String, Failure> {
        strftime(&Moment::of_time(self)?, format)
    }

    /// The numbers in `repr`: seconds only when they or the microseconds are not zero.
    pub(super) fn repr_numbers(&self) -> String {
        let mut text = format!("{}, {}", self.hour, self.minute);
        if self.second != 0 || self.microsecond != 0 {
            text.push_str(&format!(", {}", self.second));
        }
        if self.microsecond != 0 {
            text.push_str(&format!(", {}", self.microsecond));
        }
        text
    }

    /// `fold` and zone in `repr`.
    pub(super) fn repr_rest(&self) -> String {
        let fold = if self.fold { ", fold=1" } else { "" };
        let zone = self.zone.as_ref().map(|zone| format!(", tzinfo={}", zone.repr()));
        format!("{fold}{}", zone.unwrap_or_default())
    }

    /// `repr(time)`.
    pub fn repr(&self) -> String {
        format!("datetime.time({}{})", self.repr_numbers(), self.repr_rest())
    }
}
