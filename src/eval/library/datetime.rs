//! `datetime`, `zoneinfo`, `pytz`, `dateutil` and `pendulum`.
//!
//! What these modules mean is said in [`crate::eval::pure::datetime`]; here are their names, their
//! arguments, and the differences between them. Every look at the clock is a hole.

mod arithmetic;
mod attributes;
mod make;
mod pendulum;

pub(crate) use pendulum::{in_words, repr_duration};

use std::cmp::Ordering;

use crate::eval::object::{Data, Native, Val};
use crate::eval::pure::Failure;
use crate::eval::pure::datetime::{Date, DateTime, Time, TimeDelta, Zone};
use crate::python::Span;

/// The library a datetime or a zone comes from, where they behave differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Maker {
    /// `datetime` and `zoneinfo`.
    Standard,
    /// `pendulum`.
    Pendulum,
    /// `pytz`, whose zones must not be given to `datetime(...)` directly.
    Pytz,
}

/// A date, a time, a datetime, a zone or a `dateutil` delta.
#[derive(Debug, Clone)]
pub(crate) enum Moment {
    Date(Date),
    Time(Time),
    DateTime(DateTime, Maker),
    Zone(Zone, Maker),
    Relative(Relative),
}

/// A `dateutil.relativedelta.relativedelta` of relative parts only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Relative {
    /// Years and months, as months.
    pub(crate) months: i64,
    pub(crate) days: i64,
    pub(crate) micros: i64,
}

impl Moment {
    /// The class, by its dotted name.
    pub(crate) fn class(&self) -> &'static str {
        match self {
            Self::Date(_) => "datetime.date",
            Self::Time(_) => "datetime.time",
            Self::DateTime(_, Maker::Pendulum) => "pendulum.DateTime",
            Self::DateTime(..) => "datetime.datetime",
            Self::Zone(_, Maker::Pendulum) => "pendulum.Timezone",
            Self::Zone(Zone::Named(_), Maker::Pytz) => "pytz.tzfile",
            Self::Zone(Zone::Named(_), _) => "zoneinfo.ZoneInfo",
            Self::Zone(..) => "datetime.timezone",
            Self::Relative(_) => "dateutil.relativedelta.relativedelta",
        }
    }

    /// `str(moment)`; `None` when it needs a zone the database does not have.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Date(date) => Some(date.to_string()),
            Self::Time(time) => Some(time.iso_format(Default::default())),
            Self::DateTime(moment, _) => moment.to_str().ok(),
            Self::Zone(zone, _) => Some(zone.name()),
            Self::Relative(_) => None,
        }
    }

    /// `repr(moment)`.
    pub(crate) fn repr(&self) -> String {
        match self {
            Self::Date(date) => date.repr(),
            Self::Time(time) => time.repr(),
            Self::DateTime(moment, Maker::Pendulum) => pendulum::repr(moment),
            Self::DateTime(moment, _) => moment.repr(),
            Self::Zone(zone, Maker::Pendulum) => pendulum::repr_zone(zone),
            Self::Zone(zone, _) => zone.repr(),
            Self::Relative(relative) => relative.repr(),
        }
    }
}

impl Relative {
    fn repr(self) -> String {
        let seconds = self.micros / 1_000_000;
        let parts = [
            ("years", self.months / 12),
            ("months", self.months % 12),
            ("days", self.days),
            ("hours", seconds / 3600),
            ("minutes", seconds / 60 % 60),
            ("seconds", seconds % 60),
            ("microseconds", self.micros % 1_000_000),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(_, number)| *number != 0)
            .map(|(name, number)| format!("{name}={number:+}"))
            .collect();
        format!("relativedelta({})", parts.join(", "))
    }
}

/// A value of one of the kinds of this module.
fn moment(moment: Moment, span: Span) -> Val {
    Val::native(Native::Moment(moment), span)
}

fn datetime(value: DateTime, maker: Maker, span: Span) -> Val {
    moment(Moment::DateTime(value, maker), span)
}

/// A duration as a value.
///
/// # Errors
/// [`Failure::Unsupported`] for durations of hundreds of thousands of years.
fn delta(value: TimeDelta, span: Span) -> Result<Val, Failure> {
    match i64::try_from(value.micros()) {
        Ok(micros) => Ok(Val::native(Native::TimeDelta(micros), span)),
        Err(_) => Err(Failure::Unsupported("durations of more than 290000 years".to_owned())),
    }
}

pub(crate) fn delta_of(native: &Native) -> Option<TimeDelta> {
    TimeDelta::of_micros(i128::from(micros_of(native)?)).ok()
}

/// The microseconds of a duration, whoever made it.
pub(crate) fn micros_of(native: &Native) -> Option<i64> {
    match native {
        Native::TimeDelta(micros) | Native::Duration(micros) | Native::Interval(micros) => {
            Some(*micros)
        }
        _ => None,
    }
}

/// A duration of pendulum's when `is_pendulum`.
fn made_by(val: Val, is_pendulum: bool) -> Val {
    match &val.data {
        Data::Native(native) if is_pendulum => match native.as_ref() {
            Native::TimeDelta(micros) => Val::native(Native::Duration(*micros), val.span),
            _ => val,
        },
        _ => val,
    }
}

/// The zone of a value, and whose it is.
fn zone_of(val: &Val) -> Option<(Zone, Maker)> {
    let Data::Native(native) = &val.data else { return None };
    zone_in(native)
}

fn zone_in(native: &Native) -> Option<(Zone, Maker)> {
    match native {
        Native::Moment(Moment::Zone(zone, maker)) => Some((zone.clone(), *maker)),
        _ => None,
    }
}

/// The order of two dates, times or durations; `None` when Python refuses to compare them.
pub(crate) fn order(a: &Native, b: &Native) -> Option<Ordering> {
    match (a, b) {
        (a, b) if micros_of(a).is_some() && micros_of(b).is_some() => {
            Some(micros_of(a).cmp(&micros_of(b)))
        }
        (Native::Path(a), Native::Path(b)) => {
            // Paths compare part by part.
            Some(a.split('/').cmp(b.split('/')))
        }
        (Native::Moment(a), Native::Moment(b)) => match (a, b) {
            (Moment::Date(a), Moment::Date(b)) => Some(a.cmp(b)),
            (Moment::DateTime(a, _), Moment::DateTime(b, _)) => a.compare(b).ok().flatten(),
            (Moment::Time(a), Moment::Time(b)) if a.zone().is_none() && b.zone().is_none() => {
                Some(a.micros().cmp(&b.micros()))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Whether two values of this module are equal; `None` when that is not for this module to say.
pub(crate) fn equal(a: &Native, b: &Native) -> Option<bool> {
    if let (Some((a, _)), Some((b, _))) = (zone_in(a), zone_in(b)) {
        return Some(a == b);
    }
    match (a, b) {
        (a, b) if micros_of(a).is_some() && micros_of(b).is_some() => {
            Some(micros_of(a) == micros_of(b))
        }
        (Native::Moment(a), Native::Moment(b)) => Some(match (a, b) {
            (Moment::Date(a), Moment::Date(b)) => a == b,
            // A naive and an aware datetime are never equal.
            (Moment::DateTime(a, _), Moment::DateTime(b, _)) => {
                a.compare(b).ok()? == Some(Ordering::Equal)
            }
            (Moment::Time(a), Moment::Time(b)) => a == b,
            (Moment::Relative(a), Moment::Relative(b)) => a == b,
            _ => false,
        }),
        _ => None,
    }
}

/// `format(native, spec)` for dates: `strftime`. `None` for natives that are no dates.
pub(crate) fn format(native: &Native, spec: &str) -> Option<Result<String, Failure>> {
    match native {
        Native::Moment(Moment::Date(date)) => Some(date.strftime(spec)),
        Native::Moment(Moment::Time(time)) => Some(time.strftime(spec)),
        // pendulum reads most specs as formats of its own.
        Native::Moment(Moment::DateTime(moment, Maker::Pendulum)) if spec.contains('%') => {
            Some(moment.strftime(spec))
        }
        Native::Moment(Moment::DateTime(_, Maker::Pendulum)) => {
            Some(Err(Failure::Unsupported("pendulum's own formats".to_owned())))
        }
        Native::Moment(Moment::DateTime(moment, _)) => Some(moment.strftime(spec)),
        _ => None,
    }
}
