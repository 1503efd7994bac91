//! `pendulum`: datetimes that are always aware, and move by elapsed time.

use super::arithmetic::{months_later, on_date};
use super::make::{Made, int, int_or, make_delta, moment_of, number};
use super::{Maker, Moment, datetime, delta, made_by, moment, zone_of};
use crate::eval::call::Args;
use crate::eval::object::{Data, Val};
use crate::eval::pure::Failure;
use crate::eval::pure::datetime::{
    Date, DateTime, DateTimeFields, DeltaParts, Time, TimeDelta, TimeSpec, Zone,
};
use crate::eval::pure::number::Number;
use crate::eval::pure::text::repr_str;
use crate::python::Span;

/// `repr` of a datetime.
pub(super) fn repr(value: &DateTime) -> String {
    let (date, time) = (value.date(), value.time());
    let zone = value.zone().map_or_else(|| "None".to_owned(), repr_zone);
    let micros = match time.microsecond() {
        0 => String::new(),
        micros => format!(", {micros}"),
    };
    format!(
        "DateTime({}, {}, {}, {}, {}, {}{micros}, tzinfo={zone})",
        date.year(),
        date.month(),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

/// Attributes of datetimes that differ between the releases of pendulum.
pub(super) const VARYING: &[&str] =
    &["day_of_week", "week_of_month", "age", "float_timestamp", "offset", "offset_hours", "is_dst"];

/// The parts of a duration as pendulum counts them; `None` for negative ones, whose parts it writes
/// with a sign each.
fn parts(value: TimeDelta) -> Option<[(&'static str, i64); 5]> {
    if value.micros() < 0 {
        return None;
    }
    let seconds = value.seconds();
    Some([
        ("week", value.days() / 7),
        ("day", value.days() % 7),
        ("hour", seconds / 3600),
        ("minute", seconds / 60 % 60),
        ("second", seconds % 60),
    ])
}

/// `str(duration)`: its parts in words.
pub(crate) fn in_words(value: TimeDelta) -> Option<String> {
    let mut words: Vec<String> = Vec::new();
    for (name, number) in parts(value)? {
        match number {
            0 => {}
            1 => words.push(format!("1 {name}")),
            number => words.push(format!("{number} {name}s")),
        }
    }
    match (words.is_empty(), value.microseconds()) {
        (true, 0) => Some("0 microseconds".to_owned()),
        (true, _) => None,
        (false, _) => Some(words.join(" ")),
    }
}

/// `repr(duration)`.
pub(crate) fn repr_duration(value: TimeDelta) -> Option<String> {
    let micros = [("microsecond", value.microseconds())];
    let parts = parts(value)?.into_iter().chain(micros).filter(|(_, number)| *number != 0);
    let parts: Vec<String> = parts.map(|(name, number)| format!("{name}s={number}")).collect();
    Some(format!("Duration({})", parts.join(", ")))
}

/// Attributes that only pendulum's durations have.
pub(super) fn duration_attribute(value: TimeDelta, name: &str, span: Span) -> Option<Val> {
    let [weeks, days, hours, minutes, seconds] = parts(value)?.map(|(_, number)| number);
    Some(match name {
        "years" | "months" => Val::int(0, span),
        "weeks" => Val::int(weeks, span),
        "remaining_days" => Val::int(days, span),
        "hours" => Val::int(hours, span),
        "minutes" => Val::int(minutes, span),
        "remaining_seconds" => Val::int(seconds, span),
        "invert" => Val::bool(false, span),
        _ => return None,
    })
}

/// Methods that only pendulum's durations have; `None` for one podlift does not know.
pub(super) fn duration_method(
    value: TimeDelta,
    name: &str,
    args: &Args,
    span: Span,
) -> Option<Val> {
    const SECOND: i128 = 1_000_000;
    if !args.all().is_empty() || value.micros() < 0 {
        return None;
    }
    let (how, unit) = name.split_once('_')?;
    let length = match unit {
        "words" => return in_words(value).map(|text| Val::str(text, span)),
        "weeks" => 7 * 86_400 * SECOND,
        "days" => 86_400 * SECOND,
        "hours" => 3600 * SECOND,
        "minutes" => 60 * SECOND,
        "seconds" => SECOND,
        _ => return None,
    };
    match how {
        "in" => i64::try_from(value.micros() / length).ok().map(|whole| Val::int(whole, span)),
        "total" => {
            // As pendulum does: the seconds, then the seconds of the unit.
            #[allow(clippy::cast_precision_loss, reason = "a unit is a small whole number")]
            let seconds = (length / SECOND) as f64;
            Some(Val::new(Data::Float(value.total_seconds() / seconds), span))
        }
        _ => None,
    }
}

/// `repr` of a zone.
pub(super) fn repr_zone(zone: &Zone) -> String {
    match zone {
        Zone::Fixed { offset, .. } => {
            format!(
                "FixedTimezone({}, name={})",
                offset.micros() / 1_000_000,
                repr_str(&zone.name())
            )
        }
        zone => format!("Timezone({})", repr_str(&zone.name())),
    }
}

/// A datetime moved by elapsed time.
pub(super) fn elapsed(value: &DateTime, by: TimeDelta) -> Result<DateTime, Failure> {
    match value.zone() {
        Some(zone @ Zone::Named(_)) => {
            let zone = zone.clone();
            value.in_zone(Zone::Utc)?.plus(by)?.in_zone(zone)
        }
        _ => value.plus(by),
    }
}

/// A zone argument: a name or a zone. UTC when it is left out.
fn zone_arg(val: Option<&Val>) -> Result<Option<Zone>, Failure> {
    let Some(val) = val else { return Ok(Some(Zone::Utc)) };
    match &val.data {
        Data::Str(name) => named(name).map(Some),
        _ => Ok(zone_of(val).map(|(zone, _)| zone)),
    }
}

fn named(name: &str) -> Result<Zone, Failure> {
    match name {
        "UTC" | "utc" => Ok(Zone::Utc),
        // The exception has a class of pendulum's own.
        name => Zone::named(name).map_err(|failure| Failure::Unsupported(failure.to_string())),
    }
}

/// A function of the module.
pub(super) fn make(path: &str, args: &Args, span: Span) -> Made {
    let first_text = args.pos.first().and_then(Val::as_str);
    Ok(Some(match path {
        "pendulum.datetime" | "pendulum.DateTime" | "pendulum.local" | "pendulum.naive" => {
            let date =
                Date::new(int(args, 0, "year")?, int(args, 1, "month")?, int(args, 2, "day")?)?;
            let zone = match path {
                "pendulum.datetime" => zone_arg(args.get(7, "tz"))?,
                "pendulum.DateTime" => match args.get(7, "tzinfo") {
                    Some(val) => zone_arg(Some(val))?,
                    None => return Ok(None),
                },
                "pendulum.local" => return Ok(None),
                _ => None,
            };
            if zone.is_none() && path != "pendulum.naive" {
                return Ok(None);
            }
            let time = Time::new(
                int_or(args, 3, "hour", 0)?,
                int_or(args, 4, "minute", 0)?,
                int_or(args, 5, "second", 0)?,
                int_or(args, 6, "microsecond", 0)?,
                zone,
            )?;
            datetime(DateTime::combine(date, time), Maker::Pendulum, span)
        }
        "pendulum.date" => moment(
            Moment::Date(Date::new(
                int(args, 0, "year")?,
                int(args, 1, "month")?,
                int(args, 2, "day")?,
            )?),
            span,
        ),
        "pendulum.timezone"
        | "pendulum.Timezone"
        | "pendulum.tz.timezone"
        | "pendulum.tz.timezone.Timezone" => match (first_text, args.pos.first()) {
            (Some(name), _) => moment(Moment::Zone(named(name)?, Maker::Pendulum), span),
            (None, Some(val)) => match val.as_int() {
                Some(seconds) => {
                    let offset = TimeDelta::of_seconds(seconds)?;
                    moment(Moment::Zone(Zone::fixed(offset, None)?, Maker::Pendulum), span)
                }
                None => return Ok(None),
            },
            _ => return Ok(None),
        },
        "pendulum.parse" | "pendulum.parser.parse" => {
            let Some(text) = first_text.filter(|text| text.len() >= 10) else { return Ok(None) };
            let Ok(value) = DateTime::from_iso_format(text) else { return Ok(None) };
            if args.kw.keys().any(|name| name.as_ref() != "tz") {
                return Ok(None);
            }
            let Some(zone) = zone_arg(args.named("tz"))? else { return Ok(None) };
            let value = if value.zone().is_some() { value } else { value.with_zone(Some(zone)) };
            datetime(value, Maker::Pendulum, span)
        }
        "pendulum.instance" => {
            let Some(Moment::DateTime(value, _)) = moment_of(args.pos.first()) else {
                return Ok(None);
            };
            let Some(zone) = zone_arg(args.get(1, "tz"))? else { return Ok(None) };
            let value = match value.zone() {
                Some(_) => value.clone(),
                None => value.with_zone(Some(zone)),
            };
            datetime(value, Maker::Pendulum, span)
        }
        "pendulum.from_timestamp" => {
            let Some(stamp) = args.pos.first().and_then(number) else { return Ok(None) };
            let Some(zone) = zone_arg(args.get(1, "tz"))? else { return Ok(None) };
            datetime(DateTime::from_timestamp(&stamp, zone)?, Maker::Pendulum, span)
        }
        "pendulum.duration" | "pendulum.Duration" | "pendulum.interval" => {
            let named = args.named("years").or_else(|| args.named("months"));
            if named.is_some() {
                return Ok(None);
            }
            let order =
                ["days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks"];
            made_by(delta(make_delta(args, &order)?, span)?, true)
        }
        _ => return Ok(None),
    }))
}

/// Attributes that only pendulum's datetimes have.
pub(super) fn attribute(value: &DateTime, name: &str, span: Span) -> Option<Val> {
    let date = value.date();
    let number = match name {
        "day_of_year" => date.ordinal() - Date::new(date.year(), 1, 1).ok()?.ordinal() + 1,
        "week_of_year" => date.iso_calendar().1,
        "quarter" => (date.month() + 2) / 3,
        "days_in_month" => months_later(&date.replace(None, None, Some(1)).ok()?, 1)
            .map_or(31, |next| next.ordinal() - date.ordinal() + date.day() - 1),
        "int_timestamp" => {
            let epoch = Date::new(1970, 1, 1).ok()?.ordinal();
            let utc = value.in_zone(Zone::Utc).ok()?;
            let seconds = utc.time().hour() * 3600 + utc.time().minute() * 60 + utc.time().second();
            (utc.date().ordinal() - epoch) * 86_400 + seconds
        }
        "timezone" | "tz" => {
            let zone = value.zone()?.clone();
            return Some(moment(Moment::Zone(zone, Maker::Pendulum), span));
        }
        "timezone_name" => return Some(Val::str(value.zone()?.name(), span)),
        _ => return None,
    };
    Some(Val::int(number, span))
}

/// Methods that only pendulum's datetimes have; `None` for one podlift does not know.
pub(super) fn method(value: &DateTime, name: &str, args: &Args, span: Span) -> Made {
    let first = args.pos.first();
    let text = |text: String| Some(Val::str(text, span));
    Ok(match name {
        "add" | "subtract" => {
            let sign = if name == "add" { 1 } else { -1 };
            moved(value, args, sign)?.map(|value| datetime(value, Maker::Pendulum, span))
        }
        "in_timezone" | "in_tz" | "astimezone" | "convert" => match zone_arg(first)? {
            Some(zone) if first.is_some() => {
                Some(datetime(value.in_zone(zone)?, Maker::Pendulum, span))
            }
            _ => None,
        },
        "set" | "set_timezone" => {
            if !args.pos.is_empty() {
                return Ok(None);
            }
            let part = |name: &str| args.named(name).map(|_| int(args, 99, name)).transpose();
            let fields = DateTimeFields {
                year: part("year")?,
                month: part("month")?,
                day: part("day")?,
                hour: part("hour")?,
                minute: part("minute")?,
                second: part("second")?,
                microsecond: part("microsecond")?,
            };
            let mut made = value.replace(fields)?;
            if let Some(zone) = args.named("tz").or_else(|| args.named("tzinfo")) {
                match zone_arg(Some(zone))? {
                    Some(zone) => made = made.with_zone(Some(zone)),
                    None => return Ok(None),
                }
            }
            Some(datetime(made, Maker::Pendulum, span))
        }
        "start_of" => match first.and_then(Val::as_str) {
            Some(unit) => {
                start_of(value, unit)?.map(|value| datetime(value, Maker::Pendulum, span))
            }
            None => None,
        },
        "to_date_string" => text(value.date().to_string()),
        "to_time_string" => {
            text(value.time().clone().with_zone(None).iso_format(TimeSpec::Seconds))
        }
        "to_datetime_string" => text(value.with_zone(None).iso_format(' ', TimeSpec::Seconds)?),
        "to_iso8601_string" => {
            let iso = value.iso_format('T', TimeSpec::Auto)?;
            text(match value.zone() {
                Some(Zone::Utc) => iso.replace("+00:00", "Z"),
                _ => iso,
            })
        }
        "naive" => Some(datetime(value.with_zone(None), Maker::Pendulum, span)),
        "is_utc" => Some(Val::bool(value.zone() == Some(&Zone::Utc), span)),
        _ => None,
    })
}

fn moved(value: &DateTime, args: &Args, sign: i64) -> Result<Option<DateTime>, Failure> {
    const ORDER: [&str; 8] =
        ["years", "months", "weeks", "days", "hours", "minutes", "seconds", "microseconds"];
    let mut amounts = [0_i64; 8];
    for (index, (slot, name)) in amounts.iter_mut().zip(ORDER).enumerate() {
        *slot = int_or(args, index, name, 0)?.saturating_mul(sign);
    }
    if args.kw.keys().any(|name| !ORDER.contains(&name.as_ref())) {
        return Ok(None);
    }
    let [years, months, weeks, days, hours, minutes, seconds, microseconds] = amounts;
    let whole = |number: i64| Number::from(number);
    let rest = TimeDelta::new(&DeltaParts {
        weeks: whole(weeks),
        days: whole(days),
        hours: whole(hours),
        minutes: whole(minutes),
        seconds: whole(seconds),
        microseconds: whole(microseconds),
        ..DeltaParts::default()
    })?;
    if [years, months, weeks, days] == [0; 4] {
        return elapsed(value, rest).map(Some);
    }
    let months = years.saturating_mul(12).saturating_add(months);
    let moved = on_date(value, months_later(&value.date(), months)?)?;
    moved.plus(rest).map(Some)
}

fn start_of(value: &DateTime, unit: &str) -> Result<Option<DateTime>, Failure> {
    let date = value.date();
    let start = match unit {
        "day" | "hour" | "minute" | "second" => date,
        "week" => Date::from_ordinal(date.ordinal() - date.weekday())?,
        "month" => date.replace(None, None, Some(1))?,
        "year" => date.replace(None, Some(1), Some(1))?,
        _ => return Ok(None),
    };
    let keep = |kept: bool, number: i64| Some(if kept { number } else { 0 });
    let time = value.time();
    let fields = DateTimeFields {
        year: Some(start.year()),
        month: Some(start.month()),
        day: Some(start.day()),
        hour: keep(matches!(unit, "hour" | "minute" | "second"), time.hour()),
        minute: keep(matches!(unit, "minute" | "second"), time.minute()),
        second: keep(unit == "second", time.second()),
        microsecond: Some(0),
    };
    value.replace(fields).map(Some)
}
