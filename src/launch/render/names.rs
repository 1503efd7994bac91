//! The names of a template and what stands behind them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{Kwargs, Object, ObjectRepr, Value, from_args};
use minijinja::{Error, ErrorKind, State, context};

use super::facts::{Facts, Interval};
use super::lookups::{Lookup, Misses, Names};
use super::macros::Macros;
use super::moment::Moment;
use super::{json, refuse};
use crate::eval::pure::Failure;
use crate::eval::pure::datetime::{DateTime, TimeDelta, TimeSpec};
use crate::values::Values;

/// Names that exist only in a run with a date.
pub(super) const DATES: &[&str] = &[
    "ds",
    "ds_nodash",
    "ts",
    "ts_nodash",
    "ts_nodash_with_tz",
    "yesterday_ds",
    "yesterday_ds_nodash",
    "tomorrow_ds",
    "tomorrow_ds_nodash",
    "prev_ds",
    "prev_ds_nodash",
    "next_ds",
    "next_ds_nodash",
    "logical_date",
    "execution_date",
    "data_interval_start",
    "data_interval_end",
    "task_instance_key_str",
];

/// Everything a template can read.
pub(super) fn context(facts: &Facts, misses: &Misses) -> Result<Value, Failure> {
    let values = &facts.values;
    let names = |lookup| Value::from_object(Names::new(lookup, values, misses));
    let instance = Value::from_object(Instance {
        fields: BTreeMap::from([
            ("task_id", facts.task.as_str().into()),
            ("dag_id", facts.dag.as_str().into()),
            ("run_id", facts.run.as_str().into()),
            ("map_index", facts.map_index.map_or(-1, i64::from).into()),
        ]),
    });
    let (dates, dag_run) = match &facts.interval {
        Some(interval) => (dates(facts, interval)?, moments(interval)),
        None => (context! {}, context! {}),
    };
    let dag_run = context! {
        run_id => facts.run.clone(),
        dag_id => facts.dag.clone(),
        conf => json(&serde_json::Value::Object(facts.conf.clone())),
        run_type => "manual",
        external_trigger => true,
        ..dag_run
    };
    Ok(context! {
        run_id => facts.run.clone(),
        dag => context! { dag_id => facts.dag.clone() },
        task => context! { task_id => facts.task.clone() },
        dag_run => dag_run,
        ti => instance.clone(),
        task_instance => instance,
        macros => Value::from_object(Macros),
        params => names(Lookup::Param),
        var => context! { value => names(Lookup::Variable), json => names(Lookup::VariableAsJson) },
        conn => names(Lookup::Connection),
        conf => Value::from_object(Conf { values: Arc::clone(values) }),
        test_mode => false,
        ..dates
    })
}

/// The names in [`DATES`].
fn dates(facts: &Facts, interval: &Interval) -> Result<Value, Failure> {
    let date = &interval.start;
    let days = |days: i64| TimeDelta::of_seconds(days * 86_400).and_then(|delta| date.plus(delta));
    let ds = date.strftime("%Y-%m-%d")?;
    let ts = date.iso_format('T', TimeSpec::Auto)?;
    let ds_nodash = ds.replace('-', "");
    let (yesterday, tomorrow) = (days(-1)?.strftime("%Y-%m-%d")?, days(1)?.strftime("%Y-%m-%d")?);
    let next_ds = interval.end.strftime("%Y-%m-%d")?;
    Ok(context! {
        ds => ds,
        ds_nodash => ds_nodash.clone(),
        ts => ts.clone(),
        ts_nodash => date.strftime("%Y%m%dT%H%M%S")?,
        ts_nodash_with_tz => ts.replace(['-', ':'], ""),
        yesterday_ds => yesterday.clone(),
        yesterday_ds_nodash => yesterday.replace('-', ""),
        tomorrow_ds => tomorrow.clone(),
        tomorrow_ds_nodash => tomorrow.replace('-', ""),
        prev_ds => yesterday.clone(),
        prev_ds_nodash => yesterday.replace('-', ""),
        next_ds => next_ds.clone(),
        next_ds_nodash => next_ds.replace('-', ""),
        task_instance_key_str => format!("{}__{}__{ds_nodash}", facts.dag, facts.task),
        ..moments(interval)
    })
}

/// Those that are moments; a `dag_run` has them, too.
fn moments(interval: &Interval) -> Value {
    let moment = |moment: &DateTime| Value::from_object(Moment(moment.clone()));
    context! {
        logical_date => moment(&interval.start),
        execution_date => moment(&interval.start),
        data_interval_start => moment(&interval.start),
        data_interval_end => moment(&interval.end),
    }
}

/// The names of a context.
pub(super) fn known(context: &Value) -> Vec<String> {
    context.try_iter().map(|keys| keys.map(|key| key.to_string()).collect()).unwrap_or_default()
}

/// `ti`: what is known of it before it runs.
#[derive(Debug)]
struct Instance {
    fields: BTreeMap<&'static str, Value>,
}

impl Object for Instance {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.fields.get(key.as_str()?).cloned()
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        _: &[Value],
    ) -> Result<Value, Error> {
        Err(match method {
            "xcom_pull" | "xcom_push" => {
                refuse("XCom does not exist outside Airflow; pass the value another way")
            }
            _ => refuse(format!("`ti.{method}` does not exist outside Airflow")),
        })
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("task instance")
    }
}

/// `conf`: Airflow's configuration.
#[derive(Debug)]
struct Conf {
    values: Arc<Values>,
}

impl Object for Conf {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        if method != "get" {
            return Err(refuse(format!("`conf.{method}` is not known outside Airflow")));
        }
        let (section, option, keywords): (&str, &str, Kwargs) = from_args(args)?;
        let fallback: Option<Value> = keywords.get("fallback")?;
        keywords.assert_all_used()?;
        let name = format!("{section}.{option}");
        match (self.values.conf.get(&name), fallback) {
            (Some(value), _) => Ok(value.as_str().into()),
            (None, Some(value)) => Ok(value),
            (None, None) => Err(refuse(format!(
                "conf:{name} is not known; pass it with `--set conf:{name}=VALUE`"
            ))),
        }
    }
}

/// Methods of Python's texts, lists and maps.
pub(super) fn unknown_method(
    state: &mut State<'_, '_>,
    value: &Value,
    method: &str,
    args: &[Value],
) -> Result<Value, Error> {
    match (value.as_str(), method) {
        (Some(text), "zfill") => {
            let (width,): (usize,) = from_args(args)?;
            let (sign, digits) = match text.strip_prefix(['-', '+']) {
                Some(digits) => (text.get(..1).unwrap_or_default(), digits),
                None => ("", text),
            };
            let missing = width.saturating_sub(text.chars().count()).min(1 << 16);
            Ok(format!("{sign}{}{digits}", "0".repeat(missing)).into())
        }
        (Some(text), "ljust" | "rjust") => {
            let (width, fill): (usize, Option<&str>) = from_args(args)?;
            let missing = width.saturating_sub(text.chars().count()).min(1 << 16);
            let pad = fill.unwrap_or(" ").repeat(missing);
            Ok(if method == "ljust" { format!("{text}{pad}") } else { format!("{pad}{text}") }
                .into())
        }
        (Some(text), "removeprefix" | "removesuffix") => {
            let (part,): (&str,) = from_args(args)?;
            let cut = if method == "removeprefix" {
                text.strip_prefix(part)
            } else {
                text.strip_suffix(part)
            };
            Ok(cut.unwrap_or(text).into())
        }
        _ => match minijinja_contrib::pycompat::unknown_method_callback(state, value, method, args)
        {
            Err(error) if error.kind() == ErrorKind::UnknownMethod => {
                Err(refuse(format!("method `{method}` is not known here")))
            }
            result => result,
        },
    }
}
