//! What a run is about: date, partition, extras, assets.

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value as Json};

use super::args::AboutArgs;
use crate::cli::failure::Trouble;
use crate::eval::pure::datetime::{DateTime, Time, TimeSpec};
use crate::launch::render::{Interval, parse_date};
use crate::pipes::{AssetKey, ContextData, KeyRange, TimeWindow};
use crate::spec::Metadata;

/// What a run is about.
pub(super) struct About {
    pub(super) interval: Option<Interval>,
    pub(super) conf: Map<String, Json>,
    partition_key: Option<String>,
    partition_range: Option<KeyRange>,
    window: Option<TimeWindow>,
    extras: Map<String, Json>,
    assets: Vec<(Option<String>, AssetKey)>,
}

impl About {
    /// Reads the arguments.
    pub(super) fn of(args: &AboutArgs) -> Result<Self> {
        let interval = interval(args)?;
        let window = interval.as_ref().map(window).transpose()?;
        let (partition_key, partition_range) = match (&args.partition, &args.partition_range) {
            (Some(key), _) => (Some(key.clone()), Some(only(key))),
            (None, Some(range)) => (None, Some(key_range(range)?)),
            (None, None) => {
                let key = interval.as_ref().map(|it| date_key(&it.start)).transpose()?;
                (key.clone(), key.as_deref().map(only))
            }
        };
        Ok(Self {
            conf: conf(args.conf.as_deref())?,
            extras: args.extra.iter().map(|text| extra(text)).collect::<Result<_>>()?,
            assets: args.asset.iter().map(|text| asset(text)).collect(),
            interval,
            partition_key,
            partition_range,
            window,
        })
    }

    /// What the process of a task reads when it opens Pipes.
    pub(super) fn context(
        &self,
        run: &str,
        task: &Metadata,
        own: &Map<String, Json>,
    ) -> ContextData {
        let index = task.map_index.map(|index| index.to_string());
        let parts = [task.dag.clone(), task.task.clone()];
        let default = AssetKey(parts.into_iter().chain(index).collect());
        let of_task = |name: &Option<String>| name.as_ref() == Some(&task.task);
        let mut keys: Vec<&AssetKey> =
            self.assets.iter().filter(|(name, _)| of_task(name)).map(|(_, key)| key).collect();
        if keys.is_empty() {
            keys = self.assets.iter().filter(|(name, _)| name.is_none()).map(|it| &it.1).collect();
        }
        if keys.is_empty() {
            keys.push(&default);
        }
        let mut extras = own.clone();
        extras.extend(self.extras.clone());
        ContextData {
            partition_key: self.partition_key.clone(),
            partition_key_range: self.partition_range.clone(),
            partition_time_window: self.window.clone(),
            job_name: Some(task.dag.clone()),
            extras,
            ..ContextData::new(run).assets(&keys)
        }
    }
}

fn interval(args: &AboutArgs) -> Result<Option<Interval>> {
    let Some(date) = &args.date else { return Ok(None) };
    let start = moment("--date", date)?;
    let Some(end) = &args.interval_end else {
        return Ok(Some(Interval::day(start).context("the day after --date does not exist")?));
    };
    let end = moment("--interval-end", end)?;
    if start.compare(&end)? != Some(std::cmp::Ordering::Less) {
        bail!(Trouble::new("--interval-end is not after --date", "name a later moment"));
    }
    Ok(Some(Interval { start, end }))
}

fn moment(flag: &str, text: &str) -> Result<DateTime> {
    parse_date(text).with_context(|| {
        Trouble::new(
            format!("{flag} `{text}` is no date"),
            "write it as 2026-11-21 or 2026-11-21T06:00:00+01:00",
        )
    })
}

/// The key Dagster gives to the partition of a day, or of an hour.
fn date_key(date: &DateTime) -> Result<String> {
    let midnight = date.time().strftime("%H%M%S")? == Time::midnight().strftime("%H%M%S")?;
    Ok(date.strftime(if midnight { "%Y-%m-%d" } else { "%Y-%m-%d-%H:%M" })?)
}

fn window(interval: &Interval) -> Result<TimeWindow> {
    Ok(TimeWindow {
        start: interval.start.iso_format('T', TimeSpec::Auto)?,
        end: interval.end.iso_format('T', TimeSpec::Auto)?,
    })
}

fn only(key: &str) -> KeyRange {
    KeyRange { start: key.to_owned(), end: key.to_owned() }
}

/// `A:B`; keys of hours have colons of their own, as many on both sides.
fn key_range(text: &str) -> Result<KeyRange> {
    let colons: Vec<usize> = text.match_indices(':').map(|(at, _)| at).collect();
    let middle = colons.get(colons.len() / 2).filter(|_| colons.len() % 2 == 1);
    let parts = middle.and_then(|at| Some((text.get(..*at)?, text.get(at + 1..)?)));
    match parts {
        Some((start, end)) if !start.is_empty() && !end.is_empty() => {
            Ok(KeyRange { start: start.to_owned(), end: end.to_owned() })
        }
        _ => bail!(Trouble::new(
            format!("--partition-range `{text}` has no two keys"),
            "write --partition-range FIRST:LAST",
        )),
    }
}

fn extra(text: &str) -> Result<(String, Json)> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => {
            let value = serde_json::from_str(value).unwrap_or_else(|_| Json::from(value));
            Ok((name.to_owned(), value))
        }
        _ => bail!(Trouble::new(
            format!("--extra `{text}` cannot be used"),
            "write --extra NAME=VALUE",
        )),
    }
}

fn asset(text: &str) -> (Option<String>, AssetKey) {
    match text.split_once('=') {
        Some((task, key)) => (Some(task.to_owned()), AssetKey::parse(key)),
        None => (None, AssetKey::parse(text)),
    }
}

fn conf(text: Option<&str>) -> Result<Map<String, Json>> {
    let Some(text) = text else { return Ok(Map::new()) };
    serde_json::from_str(text).with_context(|| {
        Trouble::new("--conf is not a JSON object", "write it as --conf '{\"name\": \"value\"}'")
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn args() -> AboutArgs {
        AboutArgs {
            date: None,
            interval_end: None,
            partition: None,
            partition_range: None,
            extra: Vec::new(),
            asset: Vec::new(),
            conf: None,
        }
    }

    fn context(args: &AboutArgs) -> ContextData {
        let task = Metadata { dag: "d".into(), task: "t".into(), ..Metadata::default() };
        About::of(args).unwrap().context("r", &task, &Map::new())
    }

    #[test]
    fn a_date_is_a_day_partition() {
        let context = context(&AboutArgs { date: Some("2026-11-21".into()), ..args() });
        assert_eq!(context.partition_key.as_deref(), Some("2026-11-21"));
        assert_eq!(context.partition_key_range, Some(only("2026-11-21")));
        let window = context.partition_time_window.unwrap();
        assert_eq!(window.start, "2026-11-21T00:00:00+00:00");
        assert_eq!(window.end, "2026-11-22T00:00:00+00:00");
    }

    #[test]
    fn a_moment_is_an_hour_partition_with_the_interval_that_was_given() {
        let context = context(&AboutArgs {
            date: Some("2026-11-21T07:00+01:00".into()),
            interval_end: Some("2026-11-21T07:00".into()),
            ..args()
        });
        assert_eq!(context.partition_key.as_deref(), Some("2026-11-21-06:00"));
        assert_eq!(context.partition_time_window.unwrap().end, "2026-11-21T07:00:00+00:00");
    }

    #[test]
    fn a_key_claims_no_time() {
        let context = context(&AboutArgs { partition: Some("eu".into()), ..args() });
        assert_eq!(context.partition_key.as_deref(), Some("eu"));
        assert_eq!(context.partition_time_window, None);
    }

    #[test]
    fn ranges_are_split_in_their_middle() {
        let keys = |text: &str| key_range(text).map(|range| (range.start, range.end)).ok();
        assert_eq!(keys("a:b"), Some(("a".into(), "b".into())));
        assert_eq!(
            keys("2026-01-01-00:00:2026-01-01-03:00"),
            Some(("2026-01-01-00:00".into(), "2026-01-01-03:00".into()))
        );
        assert_eq!((keys("a"), keys("a:b:c"), keys(":b")), (None, None, None));
    }

    #[test]
    fn extras_are_json_or_text_and_win_over_the_spec() {
        let extra = vec!["n=3".to_owned(), "s=2026-11-21".to_owned(), "l=[1]".to_owned()];
        let about = About::of(&AboutArgs { extra, ..args() }).unwrap();
        let own = serde_json::json!({"n": 1, "o": 2});
        let context = about.context("r", &Metadata::default(), own.as_object().unwrap());
        assert_eq!(
            Json::Object(context.extras),
            serde_json::json!({"n": 3, "o": 2, "s": "2026-11-21", "l": [1]})
        );
        assert!(About::of(&AboutArgs { extra: vec!["x".into()], ..args() }).is_err());
    }

    #[test]
    fn assets_are_those_of_the_task_or_of_all() {
        let keys = |asset: &[&str]| {
            let asset = asset.iter().map(ToString::to_string).collect();
            context(&AboutArgs { asset, ..args() }).asset_keys.unwrap()
        };
        assert_eq!(keys(&[]), ["d/t"]);
        assert_eq!(keys(&["a/b"]), ["a/b"]);
        assert_eq!(keys(&["a", "t=b", "t=c", "u=d"]), ["b", "c"]);
    }
}
