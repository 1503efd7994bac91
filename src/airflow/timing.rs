//! When Airflow starts runs of a DAG: its schedule, its start date and the zone both are meant in.

use crate::eval::interp::Interp;
use crate::eval::library::airflow::DagObject;
use crate::eval::library::datetime::Moment;
use crate::eval::object::{Data, Key, Map, Native, ObjId, Object, Val};
use crate::eval::pure::datetime::{DateTime, Time, Zone};
use crate::python::ast::Name;
use crate::spec::{Schedule, Start, Timing};

/// The timing of a DAG in a release of Airflow.
pub(super) fn timing(interp: &Interp<'_>, dag: &DagObject, release: &str) -> Timing {
    let argument = |name: &str| dag.args.get(name).map(|kwarg| kwarg.val.clone());
    let start = argument("start_date")
        .filter(|val| !matches!(val.data, Data::None))
        .or_else(|| default_argument(interp, &dag.default_args, "start_date"));
    let moment = start.as_ref().and_then(moment);
    let zone = moment.as_ref().and_then(DateTime::zone).map_or(Ok(None), zone_name);
    let mut timing = Timing {
        start: moment.as_ref().map(wall),
        zone: zone.clone().unwrap_or_default(),
        schedule: Schedule::Never,
        is_trigger: !release.starts_with("1.") && !release.starts_with("2."),
    };
    let given = ["schedule", "schedule_interval", "timetable"]
        .into_iter()
        .filter_map(argument)
        .find(|val| !matches!(val.data, Data::None));
    if let Some(given) = given {
        schedule(interp, &given, &mut timing);
        let own = matches!(&given.data, Data::Obj(id) if has_zone(interp, *id));
        if let Err(zone) = zone
            && !own
        {
            timing.schedule = in_zone(&zone);
        }
    }
    timing
}

fn schedule(interp: &Interp<'_>, given: &Val, timing: &mut Timing) {
    timing.schedule = match &given.data {
        Data::Str(text) if text.as_ref() == "None" => Schedule::Never,
        Data::Str(text) if matches!(text.as_ref(), "@once" | "@continuous") => {
            Schedule::Other(text.to_string())
        }
        Data::Str(text) => Schedule::Cron(text.to_string()),
        Data::Native(_) => duration(given).map_or_else(|| other(interp, given), every),
        Data::Obj(id) => match interp.heap.get(*id) {
            Object::Record(class, attrs) => {
                let (class, attrs) = (class.to_string(), attrs.clone());
                return timetable(interp, &class, &attrs, given, timing);
            }
            _ => other(interp, given),
        },
        _ => other(interp, given),
    };
}

/// Whether what a trigger timetable says of the interval before a start is known to this program: none, or the time
/// since the start before, as with the timetables of intervals.
fn of_interval(attrs: &Map<Name, Val>, period: Option<i64>, timing: &mut Timing) -> bool {
    match attrs.get("interval").filter(|_| timing.is_trigger).map(duration) {
        None | Some(Some(0)) => true,
        Some(Some(interval)) if Some(interval) == period => {
            timing.is_trigger = false;
            true
        }
        Some(_) => false,
    }
}

/// The microseconds of a duration.
fn duration(val: &Val) -> Option<i64> {
    let Data::Native(native) = &val.data else { return None };
    match native.as_ref() {
        Native::TimeDelta(micros) | Native::Duration(micros) | Native::Interval(micros) => {
            Some(*micros)
        }
        _ => None,
    }
}

/// The microseconds between any two starts that a cron expression gives, where they are all the same: an hour, a day, a
/// week.
fn period(cron: &str, zone: Option<&str>) -> Option<i64> {
    let is_one = |field: &str| field.chars().all(|c| c.is_ascii_alphanumeric());
    let fields: Vec<&str> = cron.split_whitespace().collect();
    let hours = match fields.as_slice() {
        ["@hourly"] => 1,
        ["@daily" | "@midnight"] => 24,
        ["@weekly"] => 7 * 24,
        [minute, "*", "*", "*", "*"] if is_one(minute) => 1,
        [minute, hour, "*", "*", "*"] if is_one(minute) && is_one(hour) => 24,
        [minute, hour, "*", "*", day] if is_one(minute) && is_one(hour) && is_one(day) => 7 * 24,
        _ => return None,
    };
    // Days are not all of one length where clocks are changed.
    let is_even = hours == 1 || zone.is_none_or(|zone| zone.starts_with("Etc/"));
    is_even.then_some(hours * 3_600_000_000)
}

/// Whether a timetable has a zone of its own.
fn has_zone(interp: &Interp<'_>, id: ObjId) -> bool {
    let Object::Record(_, attrs) = interp.heap.get(id) else { return false };
    attrs.get("timezone").or_else(|| attrs.get("1")).is_some()
}

/// A timetable object of Airflow: the cron ones and the ones of a period say what they are.
fn timetable(
    interp: &Interp<'_>,
    class: &str,
    attrs: &Map<Name, Val>,
    given: &Val,
    timing: &mut Timing,
) {
    let class = class.rsplit('.').next().unwrap_or(class);
    timing.is_trigger = class.ends_with("TriggerTimetable");
    let first = attrs.get("cron").or_else(|| attrs.get("0")).or_else(|| attrs.get("delta"));
    let zone = attrs.get("timezone").or_else(|| attrs.get("1"));
    timing.schedule = match (class, first.map(|val| &val.data)) {
        ("CronDataIntervalTimetable" | "CronTriggerTimetable", Some(Data::Str(cron))) => {
            match zone.map(|zone| &zone.data) {
                None => {}
                Some(Data::Str(name)) => timing.zone = known_zone(name),
                Some(Data::Native(native)) => {
                    if let Native::Moment(Moment::Zone(zone, _)) = native.as_ref() {
                        match zone_name(zone) {
                            Ok(name) => timing.zone = name,
                            Err(zone) => {
                                timing.schedule = in_zone(&zone);
                                return;
                            }
                        }
                    }
                }
                Some(_) => {
                    timing.schedule = other(interp, given);
                    return;
                }
            }
            if !of_interval(attrs, period(cron, timing.zone.as_deref()), timing) {
                timing.schedule = other(interp, given);
                return;
            }
            Schedule::Cron(cron.to_string())
        }
        ("DeltaDataIntervalTimetable" | "DeltaTriggerTimetable", Some(_)) => {
            match first.and_then(duration) {
                Some(micros) if of_interval(attrs, Some(micros), timing) => every(micros),
                _ => other(interp, given),
            }
        }
        _ => other(interp, given),
    };
}

fn every(micros: i64) -> Schedule {
    match u64::try_from(micros) {
        Ok(micros) if micros > 0 && micros % 1_000_000 == 0 => Schedule::Every(micros / 1_000_000),
        _ => Schedule::Other(format!("a period of {micros} microseconds")),
    }
}

fn other(interp: &Interp<'_>, given: &Val) -> Schedule {
    let words = match &given.data {
        Data::Unknown(hole) => format!("`{}`, which is not known", hole.reason),
        Data::Text(text) => format!("`{}`, which is not known", text.display()),
        _ => format!("`{}`", interp.short_repr(given)),
    };
    Schedule::Other(words)
}

/// An entry of `default_args`.
fn default_argument(interp: &Interp<'_>, default_args: &Val, name: &str) -> Option<Val> {
    let Object::Dict(entries, _) = interp.heap.get(default_args.as_obj()?) else { return None };
    entries.get(&Key::Str(name.into())).map(|(_, val)| val.clone())
}

fn moment(val: &Val) -> Option<DateTime> {
    let Data::Native(native) = &val.data else { return None };
    match native.as_ref() {
        Native::Moment(Moment::DateTime(moment, _)) => Some(moment.clone()),
        Native::Moment(Moment::Date(date)) => Some(DateTime::combine(*date, Time::midnight())),
        _ => None,
    }
}

fn wall(moment: &DateTime) -> Start {
    let number = |format| {
        moment.strftime(format).ok().and_then(|text| text.parse().ok()).unwrap_or_default()
    };
    Start {
        date: moment.strftime("%Y-%m-%d").unwrap_or_default(),
        hour: number("%H"),
        minute: number("%M"),
        weekday: number("%w"),
    }
}

/// The name of a zone that is not UTC, as the zone database has it.
///
/// # Errors
/// An offset that no zone of the database has all the time.
fn zone_name(zone: &Zone) -> Result<Option<String>, String> {
    match zone {
        Zone::Named(name) => Ok(known_zone(name)),
        Zone::Utc => Ok(None),
        Zone::Fixed { offset, .. } => {
            let micros = offset.micros();
            let hours = micros / HOUR;
            match hours {
                _ if micros == 0 => Ok(None),
                // The signs of these zones are those of POSIX: west is positive.
                -12..=14 if micros % HOUR == 0 => Ok(Some(format!("Etc/GMT{:+}", -hours))),
                _ => Err(format!("UTC{}", offset_text(micros / 1_000_000))),
            }
        }
    }
}

/// Microseconds of an hour.
const HOUR: i128 = 3_600_000_000;

/// `+05:30`.
fn offset_text(seconds: i128) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

fn in_zone(zone: &str) -> Schedule {
    Schedule::Other(format!("in the zone `{zone}`, which has no name,"))
}

fn known_zone(name: &str) -> Option<String> {
    let is_utc = ["UTC", "utc", "Etc/UTC", "GMT", "Z"].contains(&name);
    (!is_utc).then(|| name.to_owned())
}
