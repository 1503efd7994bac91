//! What templates of one task instance can read.

use serde_json::{Map, Value as Json};

use crate::eval::pure::Failure;
use crate::eval::pure::datetime::{Date, DateTime, Time, TimeDelta, Zone};
use crate::values::Values;

/// What is known of a task instance.
#[derive(Debug, Clone)]
pub struct Facts {
    /// DAG id.
    pub dag: String,
    /// Task id, with the prefixes of its groups.
    pub task: String,
    /// Index of a mapped task.
    pub map_index: Option<u32>,
    /// Run id.
    pub run: String,
    /// The logical date, in UTC; also the start of the data interval.
    pub logical_date: DateTime,
    /// The end of the data interval.
    pub interval_end: DateTime,
    /// `dag_run.conf`.
    pub conf: Map<String, Json>,
    /// Variables, Connections, params and configuration.
    pub values: Values,
}

impl Facts {
    /// The facts of a task of a run for one day.
    pub fn new(
        dag: &str,
        task: &str,
        map_index: Option<u32>,
        run: &str,
        date: DateTime,
    ) -> Result<Self, Failure> {
        let interval_end = date.plus(TimeDelta::of_seconds(86_400)?)?;
        Ok(Self {
            dag: dag.into(),
            task: task.into(),
            map_index,
            run: run.into(),
            logical_date: date,
            interval_end,
            conf: Map::new(),
            values: Values::default(),
        })
    }
}

/// Reads a date or a moment; without a zone it is in UTC.
///
/// # Errors
/// When it is neither.
pub fn parse_date(text: &str) -> Result<DateTime, Failure> {
    let moment = match Date::from_iso_format(text) {
        Ok(date) => DateTime::combine(date, Time::midnight()),
        Err(_) => DateTime::from_iso_format(text)?,
    };
    match moment.zone() {
        None => Ok(moment.with_zone(Some(Zone::Utc))),
        Some(_) => moment.in_zone(Zone::Utc),
    }
}
