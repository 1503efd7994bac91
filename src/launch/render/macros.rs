//! `macros` and Airflow's filters.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Kwargs, Object, ObjectRepr, Value, from_args};
use minijinja::{Environment, Error, ErrorKind, State};

use super::moment::{Moment, timedelta};
use super::{failed, refuse};
use crate::eval::pure::datetime::{Date, DateTime, Time, TimeDelta, TimeSpec, strptime};

/// `macros`.
#[derive(Debug)]
pub(super) struct Macros;

/// `macros.datetime`.
#[derive(Debug)]
struct DateTimeClass;

/// A Python module that Airflow puts into `macros` and podlift does not know.
#[derive(Debug)]
struct Module(String);

impl Object for Module {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        _: &[Value],
    ) -> Result<Value, Error> {
        Err(refuse(format!("`macros.{}.{method}` is not known outside Airflow", self.0)))
    }
}

impl Object for Macros {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "datetime" => Some(Value::from_object(DateTimeClass)),
            module @ ("uuid" | "time" | "dateutil" | "json" | "yaml" | "random") => {
                Some(Value::from_object(Module(module.to_owned())))
            }
            _ => None,
        }
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "ds_add" => {
                let (ds, days): (String, i64) = from_args(args)?;
                if days == 0 {
                    return Ok(ds.into());
                }
                let moved = strptime(&ds, "%Y-%m-%d")
                    .and_then(|day| day.plus(TimeDelta::of_seconds(days.saturating_mul(86_400))?))
                    .and_then(|day| day.strftime("%Y-%m-%d"));
                moved.map(Value::from).map_err(failed)
            }
            "ds_format" => {
                let (ds, from, to): (String, &str, &str) = from_args(args)?;
                strptime(&ds, from)
                    .and_then(|day| day.strftime(to))
                    .map(Value::from)
                    .map_err(failed)
            }
            "timedelta" => timedelta(args),
            "datetime" => datetime(args),
            "random" | "uuid" | "time" => Err(refuse(format!(
                "`macros.{method}` differs every time, so podlift does not render it"
            ))),
            _ => Err(refuse(format!("`macros.{method}` is not known outside Airflow"))),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("macros")
    }
}

/// `datetime(2026, 1, 31, ...)`.
fn datetime(args: &[Value]) -> Result<Value, Error> {
    let (positional, keywords): (&[Value], Kwargs) = from_args(args)?;
    let get = |at: usize, name: &str, default: Option<i64>| -> Result<i64, Error> {
        let value = match positional.get(at) {
            Some(value) => Some(value.clone()),
            None => keywords.get::<Option<Value>>(name)?,
        };
        match (value, default) {
            (Some(value), _) => {
                value.as_i64().ok_or_else(|| refuse(format!("{name} is no integer")))
            }
            (None, Some(default)) => Ok(default),
            (None, None) => Err(refuse(format!("datetime() needs {name}"))),
        }
    };
    let date = Date::new(get(0, "year", None)?, get(1, "month", None)?, get(2, "day", None)?);
    let (hour, minute) = (get(3, "hour", Some(0))?, get(4, "minute", Some(0))?);
    let (second, micro) = (get(5, "second", Some(0))?, get(6, "microsecond", Some(0))?);
    keywords.assert_all_used()?;
    let made = date.and_then(|date| {
        Ok(DateTime::combine(date, Time::new(hour, minute, second, micro, None)?))
    });
    made.map(|made| Value::from_object(Moment(made))).map_err(failed)
}

impl Object for DateTimeClass {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let made = match method {
            "strptime" => {
                let (text, format): (&str, &str) = from_args(args)?;
                strptime(text, format)
            }
            "fromisoformat" => {
                let (text,): (&str,) = from_args(args)?;
                DateTime::from_iso_format(text)
            }
            "now" | "utcnow" | "today" => {
                return Err(refuse(format!(
                    "`macros.datetime.{method}` differs every time, so podlift does not render it"
                )));
            }
            _ => {
                return Err(Error::new(
                    ErrorKind::UnknownMethod,
                    format!("datetime has no `{method}` here"),
                ));
            }
        };
        made.map(|made| Value::from_object(Moment(made))).map_err(failed)
    }
}

/// Adds the filters `ds`, `ds_nodash`, `ts`, `ts_nodash` and `ts_nodash_with_tz`.
pub(super) fn install_filters(environment: &mut Environment<'_>) {
    fn of(value: &Value) -> Result<DateTime, Error> {
        match value.downcast_object_ref::<Moment>() {
            Some(moment) => Ok(moment.0.clone()),
            None => Err(refuse("the filter is for dates")),
        }
    }
    environment.add_filter("ds", |value: Value| of(&value)?.strftime("%Y-%m-%d").map_err(failed));
    environment
        .add_filter("ds_nodash", |value: Value| of(&value)?.strftime("%Y%m%d").map_err(failed));
    environment.add_filter("ts", |value: Value| {
        of(&value)?.iso_format('T', TimeSpec::Auto).map_err(failed)
    });
    environment.add_filter("ts_nodash", |value: Value| {
        of(&value)?.strftime("%Y%m%dT%H%M%S").map_err(failed)
    });
    environment.add_filter("ts_nodash_with_tz", |value: Value| {
        let text = of(&value)?.iso_format('T', TimeSpec::Auto).map_err(failed)?;
        Ok::<_, Error>(text.replace(['-', ':'], ""))
    });
}
