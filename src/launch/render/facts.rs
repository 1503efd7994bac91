//! What templates of one task instance can read.

use std::sync::Arc;

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
    /// The data interval; none for a run without a date, in which names of dates are unknown.
    pub interval: Option<Interval>,
    /// `dag_run.conf`.
    pub conf: Map<String, Json>,
    /// Variables, Connections, params and configuration.
    pub values: Arc<Values>,
}

/// The time a run is about.
#[derive(Debug, Clone)]
pub struct Interval {
    /// The logical date, in UTC; also the start of the data interval.
    pub start: DateTime,
    /// The end of the data interval, in UTC.
    pub end: DateTime,
}

impl Interval {
    /// One day from a moment on.
    ///
    /// # Errors
    /// When its end is beyond the calendar.
    pub fn day(start: DateTime) -> Result<Self, Failure> {
        let end = start.plus(TimeDelta::of_seconds(86_400)?)?;
        Ok(Self { start, end })
    }
}

impl Facts {
    /// The facts of a task of a run.
    pub fn new(
        dag: &str,
        task: &str,
        map_index: Option<u32>,
        run: &str,
        interval: Option<Interval>,
    ) -> Self {
        Self {
            dag: dag.into(),
            task: task.into(),
            map_index,
            run: run.into(),
            interval,
            conf: Map::new(),
            values: Arc::default(),
        }
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
