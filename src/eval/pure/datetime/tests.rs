#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::*;
use crate::eval::pure::Failure;
use crate::eval::pure::number::Number;
use crate::eval::pure::oracle::{self, big, integer, number, of_float, of_int, text};

fn micros(value: &Value) -> Result<TimeDelta, Failure> {
    TimeDelta::of_micros(i128::try_from(big(value)).unwrap())
}

fn zone(value: &Value) -> Result<Option<Zone>, Failure> {
    Ok(match value {
        Value::Null => None,
        Value::String(name) if name == "UTC" => Some(Zone::Utc),
        Value::String(name) => Some(Zone::named(name)?),
        Value::Array(parts) => Some(Zone::fixed(micros(&parts[0])?, Some(text(&parts[1]).into()))?),
        _ => Some(Zone::fixed(micros(value)?, None)?),
    })
}

fn numbers(value: &Value) -> Vec<i64> {
    value.as_array().unwrap().iter().map(integer).collect()
}

fn date(value: &Value) -> Result<Date, Failure> {
    let fields = numbers(value);
    Date::new(fields[0], fields[1], fields[2])
}

fn moment(fields: &Value, tz: &Value) -> Result<DateTime, Failure> {
    let fields = numbers(fields);
    let date = Date::new(fields[0], fields[1], fields[2])?;
    let time = Time::new(fields[3], fields[4], fields[5], fields[6], zone(tz)?)?;
    Ok(DateTime::combine(date, time.with_fold(fields[7] == 1)))
}

fn describe(value: &DateTime) -> Result<Value, Failure> {
    Ok(json!([
        value.repr(),
        value.to_str()?,
        value.iso_format('T', TimeSpec::Auto)?,
        value.utc_offset()?.map(TimeDelta::repr),
        value.zone_name()?,
        match value.zone() {
            Some(_) => of_float(value.timestamp()?),
            None => Value::Null,
        },
    ]))
}

fn parts(value: &Value) -> DeltaParts {
    let mut parts = DeltaParts::default();
    for entry in value["dict"].as_array().unwrap() {
        let part = match text(&entry[0]) {
            "days" => &mut parts.days,
            "seconds" => &mut parts.seconds,
            "microseconds" => &mut parts.microseconds,
            "milliseconds" => &mut parts.milliseconds,
            "minutes" => &mut parts.minutes,
            "hours" => &mut parts.hours,
            "weeks" => &mut parts.weeks,
            other => panic!("no part: {other}"),
        };
        *part = number(&entry[1]);
    }
    parts
}

fn delta_op(op: &str, a: TimeDelta, other: &Value) -> Result<Value, Failure> {
    Ok(json!(match op {
        "add" => a.plus(micros(other)?)?.repr(),
        "subtract" => a.minus(micros(other)?)?.repr(),
        "multiply" => a.multiply(&number(other))?.repr(),
        "divide" => a.divide(&number(other))?.repr(),
        "floor_divide" => a.floor_divide(&big(other))?.repr(),
        "ratio" => return Ok(of_float(a.ratio(micros(other)?)?)),
        "divmod" => {
            let (quotient, remainder) = a.divmod(micros(other)?)?;
            return Ok(json!([of_int(quotient), remainder.repr()]));
        }
        _ => panic!("no operation: {op}"),
    }))
}

fn call(name: &str, args: &[Value]) -> Result<Value, Failure> {
    let ints = |values: &[i64]| values.iter().map(of_int).collect::<Vec<_>>();
    Ok(match name {
        "date" => {
            let date = Date::new(integer(&args[0]), integer(&args[1]), integer(&args[2]))?;
            let (year, week, day) = date.iso_calendar();
            json!([
                date.repr(),
                date.to_string(),
                of_int(date.weekday()),
                of_int(date.iso_weekday()),
                ints(&[year, week, day]),
                of_int(date.ordinal())
            ])
        }
        "date_of_ordinal" => json!(Date::from_ordinal(integer(&args[0]))?.repr()),
        "date_of_week" => {
            let (year, week, day) = (integer(&args[0]), integer(&args[1]), integer(&args[2]));
            json!(Date::from_iso_calendar(year, week, day)?.repr())
        }
        "date_add" => {
            let days = Number::Int(big(&args[1]));
            let delta = TimeDelta::new(&DeltaParts { days, ..DeltaParts::default() })?;
            json!(date(&args[0])?.plus(delta)?.repr())
        }
        "date_since" => json!(date(&args[0])?.since(&date(&args[1])?).repr()),
        "delta" => {
            let delta = TimeDelta::new(&parts(&args[0]))?;
            let rest = ints(&[delta.days(), delta.seconds(), delta.microseconds()]);
            json!([
                delta.repr(),
                delta.to_string(),
                of_float(delta.total_seconds()),
                rest[0],
                rest[1],
                rest[2]
            ])
        }
        "delta_op" => delta_op(text(&args[0]), micros(&args[1])?, &args[2])?,
        "time" => {
            let fields = numbers(&args[0]);
            let time = Time::new(fields[0], fields[1], fields[2], fields[3], zone(&args[1])?)?;
            json!([time.repr(), time.iso_format(TimeSpec::Auto)])
        }
        "datetime" => describe(&moment(&args[0], &args[1])?)?,
        "zone" => {
            let zone = zone(&args[0])?.unwrap();
            json!([zone.repr(), zone.name()])
        }
        "in_zone" => describe(&moment(&args[0], &args[1])?.in_zone(zone(&args[2])?.unwrap())?)?,
        "add" => describe(&moment(&args[0], &args[1])?.plus(micros(&args[2])?)?)?,
        "since" => {
            json!(moment(&args[0], &args[1])?.since(&moment(&args[2], &args[3])?)?.repr())
        }
        "compare" => match moment(&args[0], &args[1])?.compare(&moment(&args[2], &args[3])?)? {
            Some(Ordering::Less) => json!("<"),
            Some(Ordering::Equal) => json!("=="),
            Some(Ordering::Greater) => json!(">"),
            None => Value::Null,
        },
        "from_timestamp" => {
            describe(&DateTime::from_timestamp(&number(&args[0]), zone(&args[1])?.unwrap())?)?
        }
        "iso_format" => {
            let spec = TimeSpec::of_name(text(&args[2]))?;
            json!(moment(&args[0], &args[1])?.iso_format('_', spec)?)
        }
        "date_from_iso" => json!(Date::from_iso_format(text(&args[0]))?.repr()),
        "time_from_iso" => json!(Time::from_iso_format(text(&args[0]))?.repr()),
        "datetime_from_iso" => json!(DateTime::from_iso_format(text(&args[0]))?.repr()),
        "strftime" => json!(moment(&args[0], &args[1])?.strftime(text(&args[2]))?),
        "date_strftime" => json!(date(&args[0])?.strftime(text(&args[1]))?),
        "time_strftime" => {
            let fields = numbers(&args[0]);
            let time = Time::new(fields[0], fields[1], fields[2], fields[3], zone(&args[1])?)?;
            json!(time.strftime(text(&args[2]))?)
        }
        "strptime" => json!(strptime(text(&args[0]), text(&args[1]))?.repr()),
        _ => panic!("no function: {name}"),
    })
}

#[test]
fn dates_and_times_agree_with_cpython() {
    oracle::check("datetime", call);
}

#[test]
fn what_depends_on_the_machine_is_not_guessed() {
    let naive = DateTime::combine(Date::new(2024, 1, 1).unwrap(), Time::midnight());
    assert!(matches!(naive.timestamp(), Err(Failure::Unsupported(_))));
    assert!(matches!(naive.in_zone(Zone::Utc), Err(Failure::Unsupported(_))));
    assert!(matches!(naive.strftime("%s"), Err(Failure::Unsupported(_))));
    assert!(matches!(strptime("CET", "%Z"), Err(Failure::Unsupported(_))));
}
