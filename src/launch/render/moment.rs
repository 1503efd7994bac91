//! Dates and durations in templates: pendulum's objects, as far as templates use them.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{DynObject, Kwargs, Object, ObjectRepr, Value, from_args};
use minijinja::{Error, ErrorKind, State};

use super::{failed, refuse};
use crate::eval::pure::Failure;
use crate::eval::pure::datetime::{
    Date, DateTime, DateTimeFields, DeltaParts, Time, TimeDelta, TimeSpec, Zone,
};
use crate::eval::pure::number::Number;

/// A moment: pendulum's `DateTime`, or Python's own.
#[derive(Debug, Clone)]
pub(super) struct Moment(pub(super) DateTime);

/// A day.
#[derive(Debug, Clone)]
struct Day(Date);

/// A duration.
#[derive(Debug, Clone)]
pub(super) struct Delta(pub(super) TimeDelta);

/// A duration as a value.
pub(super) fn delta(delta: Result<TimeDelta, Failure>) -> Result<Value, Error> {
    delta.map(|delta| Value::from_object(Delta(delta))).map_err(failed)
}

fn moment(moment: Result<DateTime, Failure>) -> Result<Value, Error> {
    moment.map(|moment| Value::from_object(Moment(moment))).map_err(failed)
}

/// `timedelta(days=1, ...)`.
pub(super) fn timedelta(args: &[Value]) -> Result<Value, Error> {
    let (positional, keywords): (&[Value], Kwargs) = from_args(args)?;
    let names = ["days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks"];
    if positional.len() > names.len() {
        return Err(refuse("timedelta() takes at most 7 arguments"));
    }
    let mut parts = DeltaParts::default();
    for (at, name) in names.into_iter().enumerate() {
        let value = match positional.get(at) {
            Some(value) => Some(value.clone()),
            None => keywords.get::<Option<Value>>(name)?,
        };
        let Some(value) = value else { continue };
        let number = number(&value)?;
        match name {
            "days" => parts.days = number,
            "seconds" => parts.seconds = number,
            "microseconds" => parts.microseconds = number,
            "milliseconds" => parts.milliseconds = number,
            "minutes" => parts.minutes = number,
            "hours" => parts.hours = number,
            _ => parts.weeks = number,
        }
    }
    keywords.assert_all_used()?;
    delta(TimeDelta::new(&parts))
}

fn number(value: &Value) -> Result<Number, Error> {
    match value.as_i64() {
        Some(integer) if value.is_integer() => Ok(Number::from(integer)),
        _ => {
            f64::try_from(value.clone()).map(Number::from).map_err(|_| refuse("a number is needed"))
        }
    }
}

impl Moment {
    pub(super) fn plus(&self, delta: TimeDelta) -> Result<Value, Error> {
        moment(self.0.plus(delta))
    }

    pub(super) fn since(&self, other: &Self) -> Result<Value, Error> {
        delta(self.0.since(&other.0))
    }

    /// `add(days=1)` and `subtract(...)`, months by the calendar.
    fn shift(&self, args: &[Value], sign: i64) -> Result<Value, Error> {
        let (keywords,): (Kwargs,) = from_args(args)?;
        let get = |name: &str| keywords.get::<Option<i64>>(name).map(|it| it.unwrap_or(0) * sign);
        let months = get("years")? * 12 + get("months")?;
        let days = get("weeks")? * 7 + get("days")?;
        let seconds = get("hours")? * 3600 + get("minutes")? * 60 + get("seconds")?;
        let micros = get("microseconds")?;
        keywords.assert_all_used()?;
        let shifted = self.0.date();
        let month = shifted.year() * 12 + shifted.month() - 1 + months;
        let (year, month) = (month.div_euclid(12), month.rem_euclid(12) + 1);
        let last = last_day(year, month).map_err(failed)?;
        let fields = DateTimeFields {
            year: Some(year),
            month: Some(month),
            day: Some(shifted.day().min(last)),
            ..DateTimeFields::default()
        };
        let total = i128::from(days * 86_400 + seconds) * 1_000_000 + i128::from(micros);
        let shifted = self.0.replace(fields).and_then(|it| it.plus(TimeDelta::of_micros(total)?));
        moment(shifted)
    }

    fn bounds(&self, unit: &str, end: bool) -> Result<Value, Error> {
        let date = self.0.date();
        let (first, last) = match unit {
            "day" => (date, date),
            "week" => {
                let days =
                    |count: i64| TimeDelta::of_seconds(count * 86_400).and_then(|it| date.plus(it));
                (days(-date.weekday()).map_err(failed)?, days(6 - date.weekday()).map_err(failed)?)
            }
            "month" => {
                let last = last_day(date.year(), date.month()).map_err(failed)?;
                (day(date.year(), date.month(), 1)?, day(date.year(), date.month(), last)?)
            }
            "year" => (day(date.year(), 1, 1)?, day(date.year(), 12, 31)?),
            "hour" => {
                let (minute, second, microsecond) = if end { (59, 59, 999_999) } else { (0, 0, 0) };
                return moment(self.0.replace(DateTimeFields {
                    minute: Some(minute),
                    second: Some(second),
                    microsecond: Some(microsecond),
                    ..DateTimeFields::default()
                }));
            }
            _ => return Err(refuse(format!("unit `{unit}` is not known here"))),
        };
        let zone = self.0.zone().cloned();
        let time = if end {
            Time::new(23, 59, 59, 999_999, zone)
        } else {
            Ok(Time::midnight().with_zone(zone))
        };
        moment(time.map(|time| DateTime::combine(if end { last } else { first }, time)))
    }

    fn replaced(&self, args: &[Value]) -> Result<Value, Error> {
        let (keywords,): (Kwargs,) = from_args(args)?;
        let fields = DateTimeFields {
            year: keywords.get("year")?,
            month: keywords.get("month")?,
            day: keywords.get("day")?,
            hour: keywords.get("hour")?,
            minute: keywords.get("minute")?,
            second: keywords.get("second")?,
            microsecond: keywords.get("microsecond")?,
        };
        keywords.assert_all_used()?;
        moment(self.0.replace(fields))
    }
}

fn day(year: i64, month: i64, day: i64) -> Result<Date, Error> {
    Date::new(year, month, day).map_err(failed)
}

fn last_day(year: i64, month: i64) -> Result<i64, Failure> {
    let next =
        if month == 12 { Date::new(year + 1, 1, 1)? } else { Date::new(year, month + 1, 1)? };
    Ok(next.ordinal() - Date::new(year, month, 1)?.ordinal())
}

impl Object for Moment {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let (date, time) = (self.0.date(), self.0.time());
        Some(match key.as_str()? {
            "year" => date.year().into(),
            "month" => date.month().into(),
            "day" => date.day().into(),
            "hour" => time.hour().into(),
            "minute" => time.minute().into(),
            "second" => time.second().into(),
            "microsecond" => time.microsecond().into(),
            // Pendulum counts from Monday.
            "day_of_week" => date.weekday().into(),
            "day_of_year" => {
                (date.ordinal() - Date::new(date.year(), 1, 1).ok()?.ordinal() + 1).into()
            }
            "week_of_year" => date.iso_calendar().1.into(),
            "quarter" => ((date.month() + 2) / 3).into(),
            "int_timestamp" => (self.0.timestamp().ok()?.floor() as i64).into(),
            "float_timestamp" => self.0.timestamp().ok()?.into(),
            "timezone_name" => self.0.zone_name().ok()??.into(),
            _ => return None,
        })
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let none = || from_args::<()>(args);
        let text = |text: Result<String, Failure>| text.map(Value::from).map_err(failed);
        match method {
            "strftime" => {
                let (format,): (&str,) = from_args(args)?;
                text(self.0.strftime(format))
            }
            "isoformat" => none().and_then(|()| text(self.0.iso_format('T', TimeSpec::Auto))),
            "to_iso8601_string" => {
                none()?;
                text(self.0.iso_format('T', TimeSpec::Auto).map(|it| it.replace("+00:00", "Z")))
            }
            "to_date_string" => none().and_then(|()| text(self.0.strftime("%Y-%m-%d"))),
            "to_time_string" => none().and_then(|()| text(self.0.strftime("%H:%M:%S"))),
            "to_datetime_string" => {
                none().and_then(|()| text(self.0.strftime("%Y-%m-%d %H:%M:%S")))
            }
            "date" => none().map(|()| Value::from_object(Day(self.0.date()))),
            "weekday" => none().map(|()| self.0.date().weekday().into()),
            "isoweekday" => none().map(|()| self.0.date().iso_weekday().into()),
            "timestamp" => none().and_then(|()| Ok(self.0.timestamp().map_err(failed)?.into())),
            "add" => self.shift(args, 1),
            "subtract" => self.shift(args, -1),
            "replace" => self.replaced(args),
            "start_of" | "end_of" => {
                let (unit,): (&str,) = from_args(args)?;
                self.bounds(unit, method == "end_of")
            }
            "in_timezone" | "in_tz" | "astimezone" => {
                let (zone,): (&str,) = from_args(args)?;
                let zone = if zone == "UTC" { Ok(Zone::Utc) } else { Zone::named(zone) };
                moment(zone.and_then(|zone| self.0.in_zone(zone)))
            }
            "naive" => none().and_then(|()| moment(Ok(self.0.with_zone(None)))),
            _ => Err(Error::new(
                ErrorKind::UnknownMethod,
                format!("a date has no method `{method}` here"),
            )),
        }
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        self.0.compare(&other.downcast_ref::<Self>()?.0).ok()?
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_str().map_err(|_| fmt::Error)?)
    }
}

impl Object for Day {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "year" => self.0.year().into(),
            "month" => self.0.month().into(),
            "day" => self.0.day().into(),
            _ => return None,
        })
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "strftime" => {
                let (format,): (&str,) = from_args(args)?;
                self.0.strftime(format).map(Value::from).map_err(failed)
            }
            "isoformat" => from_args::<()>(args).map(|()| self.0.to_string().into()),
            "weekday" => from_args::<()>(args).map(|()| self.0.weekday().into()),
            _ => Err(Error::new(
                ErrorKind::UnknownMethod,
                format!("a date has no method `{method}` here"),
            )),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Object for Delta {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "days" => self.0.days().into(),
            "seconds" => self.0.seconds().into(),
            "microseconds" => self.0.microseconds().into(),
            _ => return None,
        })
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "total_seconds" => from_args::<()>(args).map(|()| self.0.total_seconds().into()),
            _ => Err(Error::new(
                ErrorKind::UnknownMethod,
                format!("a duration has no method `{method}` here"),
            )),
        }
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        Some(self.0.cmp(&other.downcast_ref::<Self>()?.0))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
