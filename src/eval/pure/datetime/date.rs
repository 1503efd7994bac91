//! `datetime.date`.

use std::fmt;

use super::calendar::{self, LAST_DAY};
use super::strftime::{Moment, strftime};
use super::{TimeDelta, iso};
use crate::eval::pure::Failure;

/// A day between 0001-01-01 and 9999-12-31.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: i64,
    month: i64,
    day: i64,
}

impl Date {
    /// `date(year, month, day)`.
    ///
    /// # Errors
    /// `ValueError` for what is no date.
    pub fn new(year: i64, month: i64, day: i64) -> Result<Self, Failure> {
        if !(1..=9999).contains(&year) {
            return Err(Failure::value(format!("year {year} is out of range")));
        }
        if !(1..=12).contains(&month) {
            return Err(Failure::value("month must be in 1..12"));
        }
        if !(1..=calendar::days_in_month(year, month)).contains(&day) {
            return Err(Failure::value("day is out of range for month"));
        }
        Ok(Self { year, month, day })
    }

    /// `date.fromordinal(n)`.
    ///
    /// # Errors
    /// `ValueError` beyond the years 1 to 9999.
    pub fn from_ordinal(ordinal: i64) -> Result<Self, Failure> {
        if ordinal < 1 {
            return Err(Failure::value("ordinal must be >= 1"));
        }
        if ordinal > LAST_DAY {
            let (year, _, _) = calendar::from_ordinal(ordinal.min(LAST_DAY * 1000));
            return Err(Failure::value(format!("year {year} is out of range")));
        }
        let (year, month, day) = calendar::from_ordinal(ordinal);
        Ok(Self { year, month, day })
    }

    /// `date.fromisocalendar(year, week, day)`.
    ///
    /// # Errors
    /// `ValueError` for what is no week date.
    pub fn from_iso_calendar(year: i64, week: i64, day: i64) -> Result<Self, Failure> {
        let ordinal = calendar::from_iso_calendar(year, week, day).map_err(Failure::value)?;
        Self::from_ordinal(ordinal)
    }

    /// `date.fromisoformat(text)`.
    ///
    /// # Errors
    /// `ValueError` for what is no date.
    pub fn from_iso_format(text: &str) -> Result<Self, Failure> {
        iso::parse_date(text)
    }

    /// `date.year`.
    pub fn year(&self) -> i64 {
        self.year
    }

    /// `date.month`.
    pub fn month(&self) -> i64 {
        self.month
    }

    /// `date.day`.
    pub fn day(&self) -> i64 {
        self.day
    }

    /// `date.replace(...)`; what is `None` stays.
    ///
    /// # Errors
    /// `ValueError` when the result is no date.
    pub fn replace(
        &self,
        year: Option<i64>,
        month: Option<i64>,
        day: Option<i64>,
    ) -> Result<Self, Failure> {
        Self::new(year.unwrap_or(self.year), month.unwrap_or(self.month), day.unwrap_or(self.day))
    }

    /// `date.toordinal()`.
    pub fn ordinal(&self) -> i64 {
        calendar::ordinal(self.year, self.month, self.day)
    }

    /// `date.weekday()`: 0 for Monday.
    pub fn weekday(&self) -> i64 {
        calendar::weekday(self.ordinal())
    }

    /// `date.isoweekday()`: 1 for Monday.
    pub fn iso_weekday(&self) -> i64 {
        self.weekday() + 1
    }

    /// `date.isocalendar()`: year, week, weekday.
    pub fn iso_calendar(&self) -> (i64, i64, i64) {
        calendar::iso_calendar(self.ordinal())
    }

    /// 1 for the first of January.
    pub(super) fn day_of_year(&self) -> i64 {
        calendar::day_of_year(self.year, self.month, self.day)
    }

    /// `date + timedelta`, which looks at the days only.
    ///
    /// # Errors
    /// `OverflowError` beyond the years 1 to 9999.
    pub fn plus(&self, delta: TimeDelta) -> Result<Self, Failure> {
        Self::from_ordinal(self.ordinal().saturating_add(delta.days()))
            .map_err(|_| Failure::overflow("date value out of range"))
    }

    /// `date - date`.
    pub fn since(&self, other: &Self) -> TimeDelta {
        TimeDelta::of_days(self.ordinal() - other.ordinal())
    }

    /// `date.strftime(format)`.
    ///
    /// # Errors
    /// [`Failure::Unsupported`] for a directive podlift does not know.
    pub fn strftime(&self, format: &str) -> Result<String, Failure> {
        strftime(&Moment::of_date(*self), format)
    }

    /// `repr(date)`.
    pub fn repr(&self) -> String {
        format!("datetime.date({}, {}, {})", self.year, self.month, self.day)
    }
}

/// `str(date)`, which is `date.isoformat()`.
impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}
