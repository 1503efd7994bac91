//! Operators between dates, times and durations.

use super::{Maker, Moment, Relative, datetime, delta, delta_of, made_by, moment, pendulum};
use crate::eval::interp::{Interp, Res};
use crate::eval::item::as_big;
use crate::eval::object::{Data, Native, Val};
use crate::eval::pure::Failure;
use crate::eval::pure::datetime::{Date, DateTime, DateTimeFields, TimeDelta};
use crate::eval::pure::number::Number;
use crate::python::Span;
use crate::python::ast::BinaryOp;

type Outcome = Result<Option<Val>, Failure>;

impl Interp<'_> {
    /// An operator with a date or a duration on one side; `None` when Python does not know it.
    pub(crate) fn time_operation(
        &mut self,
        op: BinaryOp,
        left: &Val,
        right: &Val,
        span: Span,
    ) -> Res<Option<Val>> {
        match operation(op, left, right, span) {
            Ok(val) => Ok(val),
            Err(failure) => self.failed(failure, &[left, right], span).map(Some),
        }
    }
}

fn operation(op: BinaryOp, left: &Val, right: &Val, span: Span) -> Outcome {
    match (Interp::native_of(left), Interp::native_of(right)) {
        (Some(a), Some(b)) => match (a.as_ref(), b.as_ref()) {
            (Native::Moment(a), Native::Moment(b)) => moments(op, a, b, span),
            (Native::Moment(when), b) => match delta_of(b) {
                Some(by) if op == BinaryOp::Add => shifted(when, by, span),
                Some(by) if op == BinaryOp::Sub => shifted(when, -by, span),
                _ => Ok(None),
            },
            (a, Native::Moment(when)) if op == BinaryOp::Add => match delta_of(a) {
                Some(by) => shifted(when, by, span),
                None => Ok(None),
            },
            (one, other) => match (delta_of(one), delta_of(other)) {
                (Some(a), Some(b)) => {
                    let is_plain = |native: &Native| matches!(native, Native::TimeDelta(_));
                    let is_pendulum = !is_plain(one) || !is_plain(other);
                    let made = durations(op, a, b, span)?;
                    Ok(made.map(|made| made_by(made, is_pendulum)))
                }
                _ => Ok(None),
            },
        },
        (Some(a), None) => scaled(op, a, right, span),
        (None, Some(b)) if op == BinaryOp::Mul => scaled(op, b, left, span),
        _ => Ok(None),
    }
}

fn durations(op: BinaryOp, a: TimeDelta, b: TimeDelta, span: Span) -> Outcome {
    Ok(Some(match op {
        BinaryOp::Add => delta(a.plus(b)?, span)?,
        BinaryOp::Sub => delta(a.minus(b)?, span)?,
        BinaryOp::Div => Val::new(Data::Float(a.ratio(b)?), span),
        BinaryOp::FloorDiv => Val::big(a.divmod(b)?.0, span),
        BinaryOp::Mod => delta(a.divmod(b)?.1, span)?,
        _ => return Ok(None),
    }))
}

/// A duration times or divided by a number.
fn scaled(op: BinaryOp, native: &Native, by: &Val, span: Span) -> Outcome {
    if let Native::Moment(Moment::Relative(relative)) = native {
        return Ok(match (op, by.as_int()) {
            (BinaryOp::Mul, Some(by)) => {
                relative.times(by).map(|relative| moment(Moment::Relative(relative), span))
            }
            _ => None,
        });
    }
    let Some(value) = delta_of(native) else { return Ok(None) };
    let number = match &by.data {
        Data::Float(value) => Number::Float(*value),
        _ => match as_big(by) {
            Some(number) => Number::Int(number),
            None => return Ok(None),
        },
    };
    let result = match (op, &number) {
        (BinaryOp::Mul, number) => value.multiply(number)?,
        (BinaryOp::Div, number) => value.divide(number)?,
        (BinaryOp::FloorDiv, Number::Int(number)) => value.floor_divide(number)?,
        _ => return Ok(None),
    };
    let is_pendulum = !matches!(native, Native::TimeDelta(_));
    Ok(Some(made_by(delta(result, span)?, is_pendulum)))
}

fn moments(op: BinaryOp, a: &Moment, b: &Moment, span: Span) -> Outcome {
    Ok(match (a, b, op) {
        (Moment::Date(a), Moment::Date(b), BinaryOp::Sub) => Some(delta(a.since(b), span)?),
        (Moment::DateTime(a, made), Moment::DateTime(b, other), BinaryOp::Sub) => {
            let between = delta(a.since(b)?, span)?;
            let is_pendulum = [made, other].contains(&&Maker::Pendulum);
            Some(match Interp::native_of(&between).map(AsRef::as_ref) {
                Some(Native::TimeDelta(micros)) if is_pendulum => {
                    Val::native(Native::Interval(*micros), span)
                }
                _ => between,
            })
        }
        (Moment::Relative(a), Moment::Relative(b), BinaryOp::Add) => {
            a.plus(*b).map(|sum| moment(Moment::Relative(sum), span))
        }
        (Moment::Relative(a), Moment::Relative(b), BinaryOp::Sub) => b
            .times(-1)
            .and_then(|b| a.plus(b))
            .map(|difference| moment(Moment::Relative(difference), span)),
        (when, Moment::Relative(by), BinaryOp::Add)
        | (Moment::Relative(by), when, BinaryOp::Add) => relatively(when, *by, span)?,
        (when, Moment::Relative(by), BinaryOp::Sub) => match by.times(-1) {
            Some(by) => relatively(when, by, span)?,
            None => None,
        },
        _ => None,
    })
}

fn shifted(when: &Moment, by: TimeDelta, span: Span) -> Outcome {
    Ok(match when {
        Moment::Date(date) => Some(moment(Moment::Date(date.plus(by)?), span)),
        // pendulum adds elapsed time, not wall time.
        Moment::DateTime(value, Maker::Pendulum) => {
            Some(datetime(pendulum::elapsed(value, by)?, Maker::Pendulum, span))
        }
        Moment::DateTime(value, maker) => Some(datetime(value.plus(by)?, *maker, span)),
        _ => None,
    })
}

/// `date + relativedelta(...)`: months first, the day cut to the month's end, then the rest.
fn relatively(when: &Moment, by: Relative, span: Span) -> Outcome {
    let rest = TimeDelta::of_micros(i128::from(by.days) * 86_400_000_000 + i128::from(by.micros))?;
    Ok(match when {
        Moment::Date(date) if by.micros == 0 => {
            Some(moment(Moment::Date(months_later(date, by.months)?.plus(rest)?), span))
        }
        // A date and hours make a datetime in dateutil; rare enough to stay unknown.
        Moment::Date(_) => return Err(Failure::Unsupported("hours added to dates".to_owned())),
        Moment::DateTime(value, maker) if *maker != Maker::Pendulum => {
            let moved = on_date(value, months_later(&value.date(), by.months)?)?;
            Some(datetime(moved.plus(rest)?, *maker, span))
        }
        _ => None,
    })
}

/// The same day some months later, or the last day of that month.
pub(super) fn months_later(date: &Date, months: i64) -> Result<Date, Failure> {
    let months = (date.year() * 12 + date.month() - 1).saturating_add(months);
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    let mut day = date.day();
    loop {
        match Date::new(year, month, day) {
            Ok(date) => return Ok(date),
            Err(_) if day > 28 => day -= 1,
            Err(failure) => return Err(failure),
        }
    }
}

/// The same time on another day.
pub(super) fn on_date(value: &DateTime, date: Date) -> Result<DateTime, Failure> {
    value.replace(DateTimeFields {
        year: Some(date.year()),
        month: Some(date.month()),
        day: Some(date.day()),
        ..DateTimeFields::default()
    })
}

impl Relative {
    fn plus(self, other: Self) -> Option<Self> {
        Some(
            Self {
                months: self.months.checked_add(other.months)?,
                days: self.days.checked_add(other.days)?,
                micros: self.micros.checked_add(other.micros)?,
            }
            .carried(),
        )
    }

    fn times(self, by: i64) -> Option<Self> {
        Some(
            Self {
                months: self.months.checked_mul(by)?,
                days: self.days.checked_mul(by)?,
                micros: self.micros.checked_mul(by)?,
            }
            .carried(),
        )
    }

    /// 24 hours are carried into a day, as dateutil does, towards zero.
    pub(super) fn carried(self) -> Self {
        const DAY: i64 = 86_400_000_000;
        Self {
            days: self.days.saturating_add(self.micros / DAY),
            micros: self.micros % DAY,
            ..self
        }
    }
}
