//! Constructors and functions of `datetime`, `zoneinfo`, `pytz`, `dateutil` and `calendar`.

use super::{Maker, Moment, Relative, datetime, delta, moment, zone_of};
use crate::eval::HoleKind;
use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::item::as_big;
use crate::eval::object::{Data, Native, Val};
use crate::eval::pure::Failure;
use crate::eval::pure::datetime::{Date, DateTime, DeltaParts, Time, TimeDelta, Zone, strptime};
use crate::eval::pure::number::Number;
use crate::python::Span;

/// A result, `None` when podlift does not know the function or an argument of it.
pub(super) type Made = Result<Option<Val>, Failure>;

impl Interp<'_> {
    /// Constants of the modules about time.
    pub(crate) fn datetime_constant(&mut self, full: &str, span: Span) -> Option<Val> {
        let zone = |maker| Some(moment(Moment::Zone(Zone::Utc, maker), span));
        match full {
            "datetime.timezone.utc" | "datetime.UTC" | "pytz.utc" | "pytz.UTC" => {
                zone(Maker::Standard)
            }
            "pendulum.UTC" | "pendulum.tz.UTC" => zone(Maker::Pendulum),
            "datetime.datetime.min" => {
                let first = DateTime::combine(Date::new(1, 1, 1).ok()?, Time::midnight());
                Some(datetime(first, Maker::Standard, span))
            }
            "datetime.datetime.max" => {
                let last = Time::new(23, 59, 59, 999_999, None).ok()?;
                let last = DateTime::combine(Date::new(9999, 12, 31).ok()?, last);
                Some(datetime(last, Maker::Standard, span))
            }
            "datetime.date.min" => Some(moment(Moment::Date(Date::new(1, 1, 1).ok()?), span)),
            "datetime.date.max" => Some(moment(Moment::Date(Date::new(9999, 12, 31).ok()?), span)),
            "calendar.month_name"
            | "calendar.month_abbr"
            | "calendar.day_name"
            | "calendar.day_abbr" => {
                // Month 0 is the empty text.
                let (count, directive, first) = match full {
                    "calendar.month_name" => (12, "%B", vec![Val::str("", span)]),
                    "calendar.month_abbr" => (12, "%b", vec![Val::str("", span)]),
                    "calendar.day_name" => (7, "%A", Vec::new()),
                    _ => (7, "%a", Vec::new()),
                };
                let mut names = first;
                for at in 1..=count {
                    // The first of January 2024 is a Monday.
                    let (month, day) = if count == 12 { (at, 1) } else { (1, at) };
                    let date = Date::new(2024, month, day).ok()?;
                    names.push(Val::str(date.strftime(directive).ok()?, span));
                }
                Some(Val::tuple(names, span))
            }
            "datetime.time.min" => Some(moment(Moment::Time(Time::midnight()), span)),
            "datetime.MINYEAR" => Some(Val::int(1, span)),
            "datetime.MAXYEAR" => Some(Val::int(9999, span)),
            "pendulum.MONDAY" | "calendar.MONDAY" => Some(Val::int(0, span)),
            _ => None,
        }
    }

    /// A function or class of a module about time.
    pub(crate) fn call_datetime(&mut self, path: &str, args: &Args, span: Span) -> Option<Res> {
        let name = path.rsplit('.').next().unwrap_or(path);
        if matches!(name, "now" | "utcnow" | "today" | "tomorrow" | "yesterday") {
            let call = format!("{}()", path.strip_prefix("datetime.").unwrap_or(path));
            return Some(Ok(self.hole(HoleKind::Nondeterministic, call, span)));
        }
        if args.is_open() {
            return None;
        }
        if args.all().iter().any(|val| self.is_open(val)) {
            return Some(Ok(self.derived(&args.all(), span)));
        }
        let made = if path.starts_with("pendulum.") {
            super::pendulum::make(path, args, span)
        } else {
            self.make_time(path, args, span)
        };
        match made {
            Ok(val) => val.map(Ok),
            Err(failure) => Some(self.failed(failure, &args.all(), span)),
        }
    }

    fn make_time(&mut self, path: &str, args: &Args, span: Span) -> Made {
        let first = args.pos.first();
        let first_text = first.and_then(Val::as_str);
        Ok(Some(match path {
            "datetime.datetime" => return make_datetime(args, span),
            "datetime.date" => moment(
                Moment::Date(Date::new(
                    int(args, 0, "year")?,
                    int(args, 1, "month")?,
                    int(args, 2, "day")?,
                )?),
                span,
            ),
            "datetime.time" => {
                let Some(time) = make_time_of_day(args, 0)? else { return Ok(None) };
                moment(Moment::Time(time), span)
            }
            "datetime.timedelta" => delta(make_delta(args, &DELTA_ORDER)?, span)?,
            "datetime.timezone" => {
                let offset = match args.get(0, "offset").map(|val| &val.data) {
                    Some(Data::Native(native)) => super::delta_of(native),
                    _ => None,
                };
                let Some(offset) = offset else { return Ok(None) };
                let name = args.get(1, "name").and_then(Val::as_str).map(str::to_owned);
                moment(Moment::Zone(Zone::fixed(offset, name)?, Maker::Standard), span)
            }
            "datetime.datetime.strptime" => {
                let (Some(text), Some(format)) =
                    (first_text, args.pos.get(1).and_then(Val::as_str))
                else {
                    return Ok(None);
                };
                datetime(strptime(text, format)?, Maker::Standard, span)
            }
            "datetime.datetime.fromisoformat" => match first_text {
                Some(text) => datetime(DateTime::from_iso_format(text)?, Maker::Standard, span),
                None => return Ok(None),
            },
            "datetime.date.fromisoformat" => match first_text {
                Some(text) => moment(Moment::Date(Date::from_iso_format(text)?), span),
                None => return Ok(None),
            },
            "datetime.time.fromisoformat" => match first_text {
                Some(text) => moment(Moment::Time(Time::from_iso_format(text)?), span),
                None => return Ok(None),
            },
            "datetime.date.fromordinal" => {
                moment(Moment::Date(Date::from_ordinal(int(args, 0, "ordinal")?)?), span)
            }
            "datetime.date.fromisocalendar" => {
                let parts = [int(args, 0, "year")?, int(args, 1, "week")?, int(args, 2, "day")?];
                let [year, week, day] = parts;
                moment(Moment::Date(Date::from_iso_calendar(year, week, day)?), span)
            }
            "datetime.datetime.combine" => {
                let (Some(Moment::Date(date)), Some(Moment::Time(time))) = (
                    moment_of(args.get(0, "date")).map(as_date),
                    moment_of(args.get(1, "time")).cloned(),
                ) else {
                    return Ok(None);
                };
                let time = match args.get(2, "tzinfo") {
                    Some(zone) => match plain_zone(zone) {
                        Some(zone) => time.with_zone(zone),
                        None => return Ok(None),
                    },
                    None => time,
                };
                datetime(DateTime::combine(date, time), Maker::Standard, span)
            }
            "datetime.datetime.utcfromtimestamp" | "datetime.datetime.fromtimestamp" => {
                let Some(stamp) = first.and_then(number) else { return Ok(None) };
                let value = match args.get(1, "tz") {
                    Some(zone) => match zone_of(zone) {
                        Some((zone, _)) => DateTime::from_timestamp(&stamp, zone)?,
                        None => return Ok(None),
                    },
                    None if path.ends_with("utcfromtimestamp") => {
                        DateTime::from_utc_timestamp(&stamp)?
                    }
                    // The local time of whatever machine loads the DAG.
                    None => return Ok(Some(self.hole(HoleKind::Nondeterministic, path, span))),
                };
                datetime(value, Maker::Standard, span)
            }
            "zoneinfo.ZoneInfo" | "dateutil.tz.gettz" => {
                match args.get(0, "key").and_then(Val::as_str) {
                    Some(name) => moment(Moment::Zone(Zone::named(name)?, Maker::Standard), span),
                    None => return Ok(None),
                }
            }
            "pytz.timezone" => match args.get(0, "zone").and_then(Val::as_str) {
                Some("UTC" | "utc") => moment(Moment::Zone(Zone::Utc, Maker::Standard), span),
                // pytz forgives letter case, so a failure is not an error here.
                Some(name) => match Zone::named(name) {
                    Ok(zone) => moment(Moment::Zone(zone, Maker::Pytz), span),
                    Err(_) => return Ok(None),
                },
                None => return Ok(None),
            },
            "dateutil.tz.tzutc" | "dateutil.tz.UTC" => {
                moment(Moment::Zone(Zone::Utc, Maker::Standard), span)
            }
            // dateutil guesses; where the text is ISO 8601 its guess is no guess.
            "dateutil.parser.parse"
            | "dateutil.parser.isoparse"
            | "dateutil.parser.parser.parse" => match first_text.map(DateTime::from_iso_format) {
                Some(Ok(value)) if args.kw.is_empty() && args.pos.len() == 1 => {
                    datetime(value, Maker::Standard, span)
                }
                _ => return Ok(None),
            },
            "dateutil.relativedelta.relativedelta" => {
                return Ok(relative(args).map(|by| moment(Moment::Relative(by), span)));
            }
            "calendar.monthrange" => {
                let first = Date::new(int(args, 0, "year")?, int(args, 1, "month")?, 1)?;
                let next = super::arithmetic::months_later(&first, 1);
                let days = match next {
                    Ok(next) => next.ordinal() - first.ordinal(),
                    Err(_) => 31,
                };
                Val::tuple(vec![Val::int(first.weekday(), span), Val::int(days, span)], span)
            }
            "calendar.isleap" => {
                let year = int(args, 0, "year")?;
                Val::bool(Date::new(year, 2, 29).is_ok(), span)
            }
            _ => return Ok(None),
        }))
    }
}

/// An integer argument that must be there.
pub(super) fn int(args: &Args, index: usize, name: &str) -> Result<i64, Failure> {
    match args.get(index, name) {
        Some(val) => val.as_int().ok_or_else(|| Failure::type_error("an integer is required")),
        None => Err(Failure::type_error(format!(
            "function missing required argument '{name}' (pos {})",
            index + 1
        ))),
    }
}

/// An integer argument that may be left out.
pub(super) fn int_or(args: &Args, index: usize, name: &str, default: i64) -> Result<i64, Failure> {
    if args.get(index, name).is_some() { int(args, index, name) } else { Ok(default) }
}

pub(super) fn number(val: &Val) -> Option<Number> {
    match &val.data {
        Data::Float(value) => Some(Number::Float(*value)),
        _ => as_big(val).map(Number::Int),
    }
}

pub(super) fn moment_of(val: Option<&Val>) -> Option<&Moment> {
    match &val?.data {
        Data::Native(native) => match native.as_ref() {
            Native::Moment(moment) => Some(moment),
            _ => None,
        },
        _ => None,
    }
}

/// A datetime where a date is wanted is its date.
fn as_date(moment: &Moment) -> Moment {
    match moment {
        Moment::DateTime(value, _) => Moment::Date(value.date()),
        other => other.clone(),
    }
}

/// A zone as `tzinfo=` takes it: `None` inside for naive. A zone of pytz would give the first offset
/// in its history here, which podlift does not compute; the result is unknown.
pub(super) fn plain_zone(val: &Val) -> Option<Option<Zone>> {
    if val.is_none() {
        return Some(None);
    }
    match zone_of(val)? {
        (Zone::Named(_), Maker::Pytz) => None,
        (zone, _) => Some(Some(zone)),
    }
}

fn make_datetime(args: &Args, span: Span) -> Made {
    let (year, month, day) = (int(args, 0, "year")?, int(args, 1, "month")?, int(args, 2, "day")?);
    let date = Date::new(year, month, day)?;
    let Some(time) = make_time_of_day(args, 3)? else { return Ok(None) };
    Ok(Some(datetime(DateTime::combine(date, time), Maker::Standard, span)))
}

/// Hour to zone, beginning at an argument.
fn make_time_of_day(args: &Args, from: usize) -> Result<Option<Time>, Failure> {
    let zone = match args.get(from + 4, "tzinfo") {
        Some(val) => match plain_zone(val) {
            Some(zone) => zone,
            None => return Ok(None),
        },
        None => None,
    };
    let time = Time::new(
        int_or(args, from, "hour", 0)?,
        int_or(args, from + 1, "minute", 0)?,
        int_or(args, from + 2, "second", 0)?,
        int_or(args, from + 3, "microsecond", 0)?,
        zone,
    )?;
    let fold = args.named("fold").and_then(Val::as_int) == Some(1);
    Ok(Some(time.with_fold(fold)))
}

/// The order of the arguments of `timedelta`.
const DELTA_ORDER: [&str; 7] =
    ["days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks"];

/// `timedelta(...)` with its arguments in some order.
pub(super) fn make_delta(args: &Args, order: &[&str]) -> Result<TimeDelta, Failure> {
    if let Some(wrong) = args.kw.keys().find(|name| !order.contains(&name.as_ref())) {
        let message = format!("'{wrong}' is an invalid keyword argument for __new__()");
        return Err(Failure::type_error(message));
    }
    let mut parts = DeltaParts::default();
    for (index, name) in order.iter().enumerate() {
        let Some(val) = args.get(index, name) else { continue };
        let Some(number) = number(val) else {
            let kind = match &val.data {
                Data::Str(_) => "str",
                Data::None => "NoneType",
                _ => "object",
            };
            let message = format!("unsupported type for timedelta {name} component: {kind}");
            return Err(Failure::type_error(message));
        };
        match *name {
            "days" => parts.days = number,
            "seconds" => parts.seconds = number,
            "microseconds" => parts.microseconds = number,
            "milliseconds" => parts.milliseconds = number,
            "minutes" => parts.minutes = number,
            "hours" => parts.hours = number,
            _ => parts.weeks = number,
        }
    }
    TimeDelta::new(&parts)
}

/// `relativedelta(...)` of relative parts; `None` for absolute parts and weekdays.
fn relative(args: &Args) -> Option<Relative> {
    if !args.pos.is_empty() {
        return None;
    }
    let mut made = Relative::default();
    for (name, kwarg) in &args.kw {
        let number = kwarg.val.as_int()?;
        let (months, days, micros) = match name.as_ref() {
            "years" => (12, 0, 0),
            "months" => (1, 0, 0),
            "weeks" => (0, 7, 0),
            "days" => (0, 1, 0),
            "hours" => (0, 0, 3_600_000_000),
            "minutes" => (0, 0, 60_000_000),
            "seconds" => (0, 0, 1_000_000),
            "microseconds" => (0, 0, 1),
            _ => return None,
        };
        made.months = made.months.checked_add(number.checked_mul(months)?)?;
        made.days = made.days.checked_add(number.checked_mul(days)?)?;
        made.micros = made.micros.checked_add(number.checked_mul(micros)?)?;
    }
    Some(made.carried())
}
