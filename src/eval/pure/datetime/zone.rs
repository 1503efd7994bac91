//! `tzinfo`: UTC, fixed offsets, and the zones of the time zone database.

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};

use super::TimeDelta;
use crate::eval::pure::Failure;
use crate::eval::pure::text::repr_str;

/// A time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Zone {
    /// `datetime.timezone.utc`.
    Utc,
    /// `datetime.timezone(offset, name)`.
    Fixed {
        /// What is to be added to UTC.
        offset: TimeDelta,
        /// The name, when one was given.
        name: Option<String>,
    },
    /// A zone of the database by its name, such as `Europe/Oslo`.
    Named(String),
}

/// A point on the time line or on the wall, for the database.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wall {
    pub(super) date: super::Date,
    /// Seconds since midnight.
    pub(super) second: i64,
    /// Which of two readings, when the clocks went back.
    pub(super) fold: bool,
}

impl Zone {
    /// `datetime.timezone(offset, name)`.
    ///
    /// # Errors
    /// `ValueError` for an offset of a day or more.
    pub fn fixed(offset: TimeDelta, name: Option<String>) -> Result<Self, Failure> {
        if offset == TimeDelta::ZERO && name.is_none() {
            return Ok(Self::Utc);
        }
        if offset.micros().unsigned_abs() >= 86_400_000_000 {
            return Err(Failure::value(format!(
                "offset must be a timedelta strictly between -timedelta(hours=24) and \
                 timedelta(hours=24), not {}.",
                offset.repr()
            )));
        }
        Ok(Self::Fixed { offset, name })
    }

    /// `zoneinfo.ZoneInfo(name)`.
    ///
    /// # Errors
    /// `ZoneInfoNotFoundError` for a name that the database does not have.
    pub fn named(name: &str) -> Result<Self, Failure> {
        // The database forgives other letter cases, a file system does not.
        match load(name) {
            Some(zone) if zone.iana_name() == Some(name) => Ok(Self::Named(name.to_owned())),
            _ => Err(Failure::raised(
                "ZoneInfoNotFoundError",
                format!("No time zone found with key {name}"),
            )),
        }
    }

    /// What is to be added to UTC to get the time on the wall.
    pub(super) fn offset_on_wall(&self, wall: Wall) -> Result<TimeDelta, Failure> {
        let name = match self {
            Self::Utc => return Ok(TimeDelta::ZERO),
            Self::Fixed { offset, .. } => return Ok(*offset),
            Self::Named(name) => name,
        };
        offset_delta(wall_offset(&zone(name)?, wall)?.0)
    }

    /// The same, and whether the wall shows this time for the second time, for a UTC time given as a
    /// wall reading.
    pub(super) fn offset_at_utc(&self, utc: Wall) -> Result<(TimeDelta, bool), Failure> {
        let name = match self {
            Self::Utc => return Ok((TimeDelta::ZERO, false)),
            Self::Fixed { offset, .. } => return Ok((*offset, false)),
            Self::Named(name) => name,
        };
        let zone = zone(name)?;
        let timestamp = utc_timestamp(utc)?;
        let offset = zone.to_offset(timestamp);
        let local = offset.to_datetime(timestamp);
        let second_time = matches!(
            zone.to_ambiguous_timestamp(local).offset(),
            AmbiguousOffset::Fold { after, .. } if after == offset
        );
        Ok((offset_delta(offset)?, second_time))
    }

    /// `tzinfo.tzname(datetime)`.
    pub(super) fn name_on_wall(&self, wall: Wall) -> Result<String, Failure> {
        let name = match self {
            Self::Utc => return Ok("UTC".to_owned()),
            Self::Fixed { name: Some(name), .. } => return Ok(name.clone()),
            Self::Fixed { offset, .. } => return Ok(format!("UTC{}", offset_text(*offset, ":"))),
            Self::Named(name) => name,
        };
        let zone = zone(name)?;
        let (_, moment) = wall_offset(&zone, wall)?;
        let timestamp = moment.to_timestamp(civil_of(wall)?).map_err(out_of_range)?;
        Ok(zone.to_offset_info(timestamp).abbreviation().to_owned())
    }

    /// `repr(tzinfo)`.
    pub fn repr(&self) -> String {
        match self {
            Self::Utc => "datetime.timezone.utc".to_owned(),
            Self::Fixed { offset, name: None } => format!("datetime.timezone({})", offset.repr()),
            Self::Fixed { offset, name: Some(name) } => {
                format!("datetime.timezone({}, {})", offset.repr(), repr_str(name))
            }
            Self::Named(name) => format!("zoneinfo.ZoneInfo(key={})", repr_str(name)),
        }
    }

    /// `str(tzinfo)`.
    pub fn name(&self) -> String {
        match self {
            Self::Utc => "UTC".to_owned(),
            Self::Fixed { name: Some(name), .. } | Self::Named(name) => name.clone(),
            Self::Fixed { offset, name: None } => format!("UTC{}", offset_text(*offset, ":")),
        }
    }
}

/// `+02:00`, with seconds and microseconds only where there are any.
pub(super) fn offset_text(offset: TimeDelta, separator: &str) -> String {
    let sign = if offset < TimeDelta::ZERO { '-' } else { '+' };
    let micros = offset.micros().unsigned_abs();
    let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = format!("{sign}{hours:02}{separator}{minutes:02}");
    if seconds != 0 || micros != 0 {
        text.push_str(&format!("{separator}{seconds:02}"));
    }
    if micros != 0 {
        text.push_str(&format!(".{micros:06}"));
    }
    text
}

fn load(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok()
}

fn zone(name: &str) -> Result<TimeZone, Failure> {
    load(name).ok_or_else(|| Failure::Unsupported(format!("unknown time zone {name}")))
}

/// The offset of a wall reading, and an offset that leads from it to a moment when that one was valid.
///
/// Python reads a time that the clocks skipped as if they had not moved yet, and with `fold` as if
/// they had; a time they showed twice is the first one, and with `fold` the second. Going back from a
/// skipped time by the old offset leads behind the change, so there the two are not the same.
fn wall_offset(zone: &TimeZone, wall: Wall) -> Result<(Offset, Offset), Failure> {
    Ok(match zone.to_ambiguous_timestamp(civil_of(wall)?).offset() {
        AmbiguousOffset::Unambiguous { offset } => (offset, offset),
        AmbiguousOffset::Gap { before, after } if wall.fold => (after, before),
        AmbiguousOffset::Gap { before, after } => (before, after),
        AmbiguousOffset::Fold { after, .. } if wall.fold => (after, after),
        AmbiguousOffset::Fold { before, .. } => (before, before),
    })
}

fn civil_of(wall: Wall) -> Result<civil::DateTime, Failure> {
    let small = |value: i64| i8::try_from(value).unwrap_or(0);
    // The database ends a day before Python's calendar does, and rules repeat every 400 years.
    let year = wall.date.year() - if wall.date.year() > 9900 { 400 } else { 0 };
    let year = i16::try_from(year).unwrap_or(0);
    civil::DateTime::new(
        year,
        small(wall.date.month()),
        small(wall.date.day()),
        small(wall.second / 3600),
        small(wall.second / 60 % 60),
        small(wall.second % 60),
        0,
    )
    .map_err(out_of_range)
}

fn utc_timestamp(utc: Wall) -> Result<Timestamp, Failure> {
    Offset::UTC.to_timestamp(civil_of(utc)?).map_err(out_of_range)
}

fn offset_delta(offset: Offset) -> Result<TimeDelta, Failure> {
    TimeDelta::of_seconds(i64::from(offset.seconds()))
}

fn out_of_range(_: jiff::Error) -> Failure {
    Failure::Unsupported("a time in a zone beyond its database".to_owned())
}
