//! Attributes and methods of dates, times, durations and zones.

use std::rc::Rc;

use super::make::{Made, int, moment_of, plain_zone};
use super::{Maker, Moment, datetime, delta, delta_of, moment, pendulum, zone_in, zone_of};
use crate::eval::HoleKind;
use crate::eval::call::Args;
use crate::eval::interp::{Interp, Res};
use crate::eval::library::natives;
use crate::eval::object::{Data, Instance, Native, Object, Val};
use crate::eval::pure::Failure;
use crate::eval::pure::datetime::{
    Date, DateTime, DateTimeFields, Time, TimeDelta, TimeSpec, Zone,
};
use crate::python::Span;
use crate::python::ast::Name;

const DATE_METHODS: &[&str] = &[
    "isoformat",
    "strftime",
    "weekday",
    "isoweekday",
    "isocalendar",
    "toordinal",
    "replace",
    "timetuple",
    "ctime",
    "__str__",
    "__format__",
];
const DATETIME_METHODS: &[&str] = &[
    "date",
    "time",
    "timetz",
    "timestamp",
    "astimezone",
    "utcoffset",
    "tzname",
    "dst",
    "utctimetuple",
];
const TIME_METHODS: &[&str] =
    &["isoformat", "strftime", "replace", "utcoffset", "tzname", "__str__"];
const ZONE_METHODS: &[&str] = &["utcoffset", "tzname", "dst", "localize", "normalize", "fromutc"];

impl Interp<'_> {
    /// `object.name` of a date, a time, a duration or a zone.
    pub(crate) fn time_attribute(
        &mut self,
        object: &Val,
        native: &Rc<Native>,
        name: &Name,
        span: Span,
    ) -> Res<Option<Val>> {
        if let Some(value) = delta_of(native) {
            // pendulum counts the parts of what is negative in another way.
            let is_odd = !matches!(native.as_ref(), Native::TimeDelta(_)) && value.micros() < 0;
            return Ok(match name.as_ref() {
                "days" | "seconds" | "microseconds" if is_odd => {
                    Some(self.hole(HoleKind::Name, format!("pendulum.Duration.{name}"), span))
                }
                "days" => Some(Val::int(value.days(), span)),
                "seconds" => Some(Val::int(value.seconds(), span)),
                "microseconds" => Some(Val::int(value.microseconds(), span)),
                "total_seconds" | "__str__" => Some(natives::method(object, name, span)),
                _ => match native.as_ref() {
                    Native::TimeDelta(_) => None,
                    Native::Duration(micros) if *micros >= 0 => {
                        pendulum::duration_attribute(value, name, span)
                            .or_else(|| Some(natives::method(object, name, span)))
                    }
                    _ => Some(self.hole(HoleKind::Name, format!("pendulum.Duration.{name}"), span)),
                },
            });
        }
        if let Some((zone, _)) = zone_in(native) {
            return Ok(match name.as_ref() {
                "key" | "zone" | "name" => Some(Val::str(zone.name(), span)),
                _ if ZONE_METHODS.contains(&name.as_ref()) => {
                    Some(natives::method(object, name, span))
                }
                _ => Some(self.hole(HoleKind::Name, format!("tzinfo.{name}"), span)),
            });
        }
        let Native::Moment(when) = native.as_ref() else { return Ok(None) };
        let found = |methods: &[&str]| {
            methods.contains(&name.as_ref()).then(|| natives::method(object, name, span))
        };
        Ok(match when {
            Moment::Date(date) => match name.as_ref() {
                // What a date of pendulum has besides.
                "add" | "subtract" | "format" | "diff" | "to_date_string" | "start_of"
                | "end_of" => Some(self.hole(HoleKind::Name, format!("date.{name}"), span)),
                _ => date_part(date, name, span).or_else(|| found(DATE_METHODS)),
            },
            Moment::Time(time) => time_part(time, name, span).or_else(|| found(TIME_METHODS)),
            Moment::DateTime(value, maker) => {
                let part = date_part(&value.date(), name, span)
                    .or_else(|| time_part(value.time(), name, span))
                    .or_else(|| found(DATE_METHODS))
                    .or_else(|| found(DATETIME_METHODS));
                match (part, maker) {
                    (None, Maker::Pendulum) => Some(match pendulum::attribute(value, name, span) {
                        Some(val) => val,
                        // Releases of pendulum number the days of a week in different ways.
                        None if pendulum::VARYING.contains(&name.as_ref()) => {
                            self.hole(HoleKind::Name, format!("pendulum.DateTime.{name}"), span)
                        }
                        None => natives::method(object, name, span),
                    }),
                    (part, _) => part,
                }
            }
            Moment::Relative(_) => {
                Some(self.hole(HoleKind::Name, format!("relativedelta.{name}"), span))
            }
            Moment::Zone(..) => None,
        })
    }

    /// A method of a date, a time, a duration or a zone.
    pub(crate) fn time_method(
        &mut self,
        this: &Val,
        native: &Rc<Native>,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Option<Res> {
        if args.all().iter().any(|val| self.is_open(val)) {
            let mut from = vec![this];
            from.extend(args.all());
            return Some(Ok(self.derived(&from, span)));
        }
        let made = match native.as_ref() {
            Native::TimeDelta(_) | Native::Duration(_) | Native::Interval(_) => {
                match (name, delta_of(native)) {
                    ("total_seconds", Some(value)) => {
                        Ok(Some(Val::new(Data::Float(value.total_seconds()), span)))
                    }
                    ("__str__", _) => Ok(self.native_str(native).map(|text| Val::str(text, span))),
                    (_, Some(value)) if matches!(native.as_ref(), Native::Duration(_)) => {
                        Ok(pendulum::duration_method(value, name, args, span))
                    }
                    _ => Ok(None),
                }
            }
            Native::Moment(when) => match when {
                Moment::Date(date) => date_method(date, name, args, span),
                Moment::Time(time) => time_method(time, name, args, span),
                Moment::DateTime(value, maker) => datetime_method(value, *maker, name, args, span),
                _ => zone_method(native, name, args, span),
            },
            _ => zone_method(native, name, args, span),
        };
        match made {
            Ok(Some(val)) if name == "isocalendar" => Some(Ok(self.iso_calendar_date(val))),
            Ok(val) => val.map(Ok),
            Err(failure) => Some(self.failed(failure, &[this], span)),
        }
    }

    /// Year, week and weekday as the named tuple that `isocalendar()` gives.
    fn iso_calendar_date(&mut self, parts: Val) -> Val {
        let span = parts.span;
        let Data::Tuple(items) = &parts.data else { return parts };
        let names = ["year", "week", "weekday"].map(Name::from);
        let attrs = names.into_iter().zip(items.iter().cloned()).collect();
        let class = Val::symbol("datetime.IsoCalendarDate", span);
        self.heap.val(Object::Instance(Instance { class, attrs, payload: Some(parts) }), span)
    }
}

fn date_part(date: &Date, name: &str, span: Span) -> Option<Val> {
    Some(Val::int(
        match name {
            "year" => date.year(),
            "month" => date.month(),
            "day" => date.day(),
            _ => return None,
        },
        span,
    ))
}

fn time_part(time: &Time, name: &str, span: Span) -> Option<Val> {
    Some(Val::int(
        match name {
            "hour" => time.hour(),
            "minute" => time.minute(),
            "second" => time.second(),
            "microsecond" => time.microsecond(),
            "fold" => i64::from(time.fold()),
            "tzinfo" => {
                return Some(match time.zone() {
                    Some(zone) => moment(Moment::Zone(zone.clone(), Maker::Standard), span),
                    None => Val::none(span),
                });
            }
            _ => return None,
        },
        span,
    ))
}

/// An integer keyword of `replace`, at its place or by its name.
fn part(args: &Args, index: usize, name: &str) -> Result<Option<i64>, Failure> {
    args.get(index, name).map(|_| int(args, index, name)).transpose()
}

fn known_parts(args: &Args, names: &[&str]) -> bool {
    args.kw.keys().all(|name| names.contains(&name.as_ref()))
}

fn date_method(date: &Date, name: &str, args: &Args, span: Span) -> Made {
    let text = |text: String| Some(Val::str(text, span));
    Ok(match name {
        "isoformat" | "__str__" => text(date.to_string()),
        "strftime" | "__format__" => match args.pos.first().and_then(Val::as_str) {
            Some(format) => text(date.strftime(format)?),
            None => None,
        },
        "weekday" => Some(Val::int(date.weekday(), span)),
        "isoweekday" => Some(Val::int(date.iso_weekday(), span)),
        "toordinal" => Some(Val::int(date.ordinal(), span)),
        "isocalendar" => {
            let (year, week, day) = date.iso_calendar();
            Some(Val::tuple([year, week, day].map(|part| Val::int(part, span)).to_vec(), span))
        }
        "replace" if known_parts(args, &["year", "month", "day"]) => {
            let made = date.replace(
                part(args, 0, "year")?,
                part(args, 1, "month")?,
                part(args, 2, "day")?,
            )?;
            Some(moment(Moment::Date(made), span))
        }
        _ => None,
    })
}

fn spec(args: &Args, index: usize) -> Result<Option<TimeSpec>, Failure> {
    match args.get(index, "timespec") {
        None => Ok(Some(TimeSpec::Auto)),
        Some(val) => val.as_str().map(TimeSpec::of_name).transpose(),
    }
}

fn time_method(time: &Time, name: &str, args: &Args, span: Span) -> Made {
    Ok(match name {
        "isoformat" | "__str__" => spec(args, 0)?.map(|spec| Val::str(time.iso_format(spec), span)),
        "strftime" => match args.pos.first().and_then(Val::as_str) {
            Some(format) => Some(Val::str(time.strftime(format)?, span)),
            None => None,
        },
        "replace" => {
            let names = ["hour", "minute", "second", "microsecond", "tzinfo"];
            if !known_parts(args, &names) {
                return Ok(None);
            }
            let mut made = time.replace(
                part(args, 0, "hour")?,
                part(args, 1, "minute")?,
                part(args, 2, "second")?,
                part(args, 3, "microsecond")?,
            )?;
            if let Some(zone) = args.get(4, "tzinfo") {
                match plain_zone(zone) {
                    Some(zone) => made = made.with_zone(zone),
                    None => return Ok(None),
                }
            }
            Some(moment(Moment::Time(made), span))
        }
        _ => None,
    })
}

fn datetime_method(value: &DateTime, maker: Maker, name: &str, args: &Args, span: Span) -> Made {
    let optional_delta = |value: Option<TimeDelta>| match value {
        Some(value) => delta(value, span),
        None => Ok(Val::none(span)),
    };
    if maker == Maker::Pendulum
        && let Some(val) = pendulum::method(value, name, args, span)?
    {
        return Ok(Some(val));
    }
    Ok(match name {
        "isoformat" => {
            let separator = match args.get(0, "sep") {
                Some(val) => val.as_str().and_then(|text| text.chars().next()),
                None => Some('T'),
            };
            match (separator, spec(args, 1)?) {
                (Some(separator), Some(spec)) => {
                    Some(Val::str(value.iso_format(separator, spec)?, span))
                }
                _ => None,
            }
        }
        "__str__" => Some(Val::str(value.to_str()?, span)),
        "strftime" | "__format__" => match args.pos.first().and_then(Val::as_str) {
            Some(format) => Some(Val::str(value.strftime(format)?, span)),
            None => None,
        },
        "date" => Some(moment(Moment::Date(value.date()), span)),
        "time" => Some(moment(Moment::Time(value.time().clone().with_zone(None)), span)),
        "timetz" => Some(moment(Moment::Time(value.time().clone()), span)),
        "timestamp" => Some(Val::new(Data::Float(value.timestamp()?), span)),
        "utcoffset" => Some(optional_delta(value.utc_offset()?)?),
        "tzname" => Some(match value.zone_name()? {
            Some(name) => Val::str(name, span),
            None => Val::none(span),
        }),
        "astimezone" => match args.get(0, "tz").and_then(zone_of) {
            Some((zone, Maker::Pytz)) => {
                Some(datetime(pinned(&value.in_zone(zone)?)?, maker, span))
            }
            Some((zone, _)) => Some(datetime(value.in_zone(zone)?, maker, span)),
            None => None,
        },
        "replace" => {
            let names = [
                "year",
                "month",
                "day",
                "hour",
                "minute",
                "second",
                "microsecond",
                "tzinfo",
                "fold",
            ];
            if !known_parts(args, &names) {
                return Ok(None);
            }
            let fields = DateTimeFields {
                year: part(args, 0, "year")?,
                month: part(args, 1, "month")?,
                day: part(args, 2, "day")?,
                hour: part(args, 3, "hour")?,
                minute: part(args, 4, "minute")?,
                second: part(args, 5, "second")?,
                microsecond: part(args, 6, "microsecond")?,
            };
            let mut made = value.replace(fields)?;
            if let Some(zone) = args.get(7, "tzinfo") {
                match plain_zone(zone) {
                    Some(zone) => made = made.with_zone(zone),
                    None => return Ok(None),
                }
            }
            if let Some(fold) = args.named("fold") {
                made = made.with_fold(fold.as_int() == Some(1));
            }
            Some(datetime(made, maker, span))
        }
        _ => return date_method_of(value, name, args, span),
    })
}

/// Methods a datetime shares with its date.
fn date_method_of(value: &DateTime, name: &str, args: &Args, span: Span) -> Made {
    match name {
        "weekday" | "isoweekday" | "toordinal" | "isocalendar" => {
            date_method(&value.date(), name, args, span)
        }
        _ => Ok(None),
    }
}

/// A datetime of pytz keeps the offset it got, whatever is added to it later.
fn pinned(value: &DateTime) -> Result<DateTime, Failure> {
    let (Some(Zone::Named(_)), Some(offset), Some(name)) =
        (value.zone(), value.utc_offset()?, value.zone_name()?)
    else {
        return Ok(value.clone());
    };
    Ok(value.with_zone(Some(Zone::fixed(offset, Some(name))?)))
}

fn zone_method(native: &Native, name: &str, args: &Args, span: Span) -> Made {
    let Some((zone, maker)) = zone_in(native) else { return Ok(None) };
    let when = match moment_of(args.pos.first()) {
        Some(Moment::DateTime(value, _)) => value,
        _ => return Ok(None),
    };
    Ok(match name {
        "utcoffset" if maker != Maker::Pytz => match when.with_zone(Some(zone)).utc_offset()? {
            Some(offset) => Some(delta(offset, span)?),
            None => None,
        },
        "tzname" if maker != Maker::Pytz => {
            when.with_zone(Some(zone)).zone_name()?.map(|name| Val::str(name, span))
        }
        "localize" if when.zone().is_none() => {
            Some(datetime(pinned(&when.with_zone(Some(zone)))?, Maker::Standard, span))
        }
        "normalize" => Some(datetime(pinned(&when.in_zone(zone)?)?, Maker::Standard, span)),
        _ => None,
    })
}
