//! Cron expressions: which ones other schedulers take, and periods that are one.

use crate::spec::{Schedule, Start, Timing};

/// The names of months and days that cron knows.
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// An expression of five plain fields with single blanks between them. What only Airflow's own reader takes
/// (`L`, `#`, `R`, a field for seconds) is none.
pub(super) fn five_fields(cron: &str) -> Option<String> {
    let fields: Vec<&str> = cron.split_whitespace().collect();
    let bounds: [(u32, u32, &[&str]); 5] =
        [(0, 59, &[]), (0, 23, &[]), (1, 31, &[]), (1, 12, &MONTHS), (0, 7, &DAYS)];
    let is_plain = fields.len() == bounds.len()
        && fields.iter().zip(bounds).all(|(field, (least, most, names))| {
            field.split(',').all(|part| is_part(part, least, most, names))
        });
    is_plain.then(|| fields.join(" "))
}

/// The same with Sunday as 0 alone: Kubernetes takes no day 7. `None` where a 7 cannot plainly be written otherwise.
pub(super) fn without_day_seven(cron: &str) -> Option<String> {
    let (rest, days) = cron.rsplit_once(' ')?;
    if !days.contains('7') {
        return Some(cron.to_owned());
    }
    let parts: Option<Vec<String>> = days.split(',').map(part_without_seven).collect();
    Some(format!("{rest} {}", parts?.join(",")))
}

fn part_without_seven(part: &str) -> Option<String> {
    let (range, step) = match part.split_once('/') {
        Some((range, step)) => (range, Some(step)),
        None => (part, None),
    };
    match range.split_once('-') {
        Some((from, "7")) => {
            let (from, step): (usize, usize) =
                (from.parse().ok()?, step.unwrap_or("1").parse().ok()?);
            let mut days: Vec<String> =
                (from..=7).step_by(step.max(1)).map(|day| (day % 7).to_string()).collect();
            days.sort();
            days.dedup();
            Some(days.join(","))
        }
        _ if range != "7" => Some(part.to_owned()),
        // What `7/2` means differs from reader to reader.
        _ => step.is_none().then(|| "0".to_owned()),
    }
}

/// `*`, `5`, `1-5`, `mon`, each perhaps with a step.
fn is_part(part: &str, least: u32, most: u32, names: &[&str]) -> bool {
    let (range, step) = match part.split_once('/') {
        Some((range, step)) => (range, Some(step)),
        None => (part, None),
    };
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let by_name = || {
            let at = names.iter().position(|name| text.eq_ignore_ascii_case(name))?;
            u32::try_from(at).ok().map(|at| at + least)
        };
        let number = if digits { text.parse().ok() } else { by_name() };
        number.filter(|number| (least..=most).contains(number))
    };
    let has_step = step.is_none_or(|step| {
        !step.is_empty()
            && step.bytes().all(|byte| byte.is_ascii_digit())
            && step.parse::<u32>().is_ok_and(|step| step > 0)
    });
    let has_range = range == "*"
        || match range.split_once('-') {
            Some((from, to)) => number(from).zip(number(to)).is_some_and(|(from, to)| from <= to),
            None => number(range).is_some(),
        };
    has_step && has_range
}

/// The cron expression of a period that starts at the start date: days, weeks, and parts of a day or an hour
/// that leave no rest.
///
/// # Errors
/// A period that no cron expression says, in a few words.
pub(super) fn of_period(timing: &Timing) -> Result<String, String> {
    let Schedule::Every(seconds) = timing.schedule else {
        return Err("the schedule is no period".to_owned());
    };
    let Some(Start { hour, minute, weekday, .. }) = timing.start.clone() else {
        return Err(format!("the period of {seconds} s has no known start"));
    };
    // Airflow counts a period in real time, a cron expression follows the clocks. Those of a fixed offset never change.
    if timing.zone.as_ref().is_some_and(|zone| !zone.starts_with("Etc/")) && seconds >= 3600 {
        return Err(format!("a period of {seconds} s does not follow the clocks of its zone"));
    }
    let minutes = seconds / 60;
    let cron = match seconds {
        _ if seconds == 0 || seconds % 60 != 0 => None,
        604_800 => Some(format!("{minute} {hour} * * {weekday}")),
        86_400 => Some(format!("{minute} {hour} * * *")),
        3600 => Some(format!("{minute} * * * *")),
        60 => Some("* * * * *".to_owned()),
        _ if seconds % 3600 == 0 && 86_400 % seconds == 0 => {
            let step = seconds / 3600;
            let first = u64::from(hour) % step;
            let hours = if first == 0 { format!("*/{step}") } else { range(first, step, 23) };
            Some(format!("{minute} {hours} * * *"))
        }
        _ if 60 % minutes.max(1) == 0 && minutes > 0 => {
            let first = u64::from(minute) % minutes;
            let field = if first == 0 { format!("*/{minutes}") } else { range(first, minutes, 59) };
            Some(format!("{field} * * * *"))
        }
        _ => None,
    };
    cron.ok_or_else(|| format!("no cron expression says a period of {seconds} s"))
}

/// `3-23/6`.
fn range(first: u64, step: u64, last: u64) -> String {
    format!("{first}-{last}/{step}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(seconds: u64, hour: u32, minute: u32) -> Option<String> {
        let start = Start { date: "2024-01-01".to_owned(), hour, minute, weekday: 1 };
        let timing = Timing {
            schedule: Schedule::Every(seconds),
            start: Some(start),
            zone: None,
            is_trigger: false,
        };
        of_period(&timing).ok()
    }

    #[test]
    fn plain_fields_are_taken() {
        let cases = [
            ("*/5  8-18 * * MON-FRI", Some("*/5 8-18 * * MON-FRI")),
            ("0 0 1 jan,JUL *", Some("0 0 1 jan,JUL *")),
            ("30-59 9 * * 1-7", Some("30-59 9 * * 1-7")),
            ("0 0 * * * *", None),
            ("TZ=x 0 0 * *", None),
            ("0 0 L * *", None),
            ("0 0 * * 1#2", None),
            ("60 0 * * *", None),
            ("0 24 * * *", None),
            ("*/0 * * * *", None),
            ("5-1 * * * *", None),
            ("", None),
        ];
        for (cron, expected) in cases {
            assert_eq!(five_fields(cron).as_deref(), expected, "{cron}");
        }
    }

    #[test]
    fn day_seven_is_sunday() {
        // As croniter, which Airflow reads expressions with, lists the days.
        let cases = [
            ("0 7 7 7 1-5", Some("0 7 7 7 1-5")),
            ("0 0 * * 7", Some("0 0 * * 0")),
            ("0 0 * * mon,7", Some("0 0 * * mon,0")),
            ("0 0 * * 5-7", Some("0 0 * * 0,5,6")),
            ("0 0 * * 1-7", Some("0 0 * * 0,1,2,3,4,5,6")),
            ("0 0 * * 1-7/2", Some("0 0 * * 0,1,3,5")),
            ("0 0 * * 0-7/7", Some("0 0 * * 0")),
            ("0 0 * * */7", Some("0 0 * * */7")),
            ("0 0 * * mon-7", None),
            ("0 0 * * 7/2", None),
        ];
        for (cron, expected) in cases {
            assert!(five_fields(cron).is_some(), "{cron}");
            assert_eq!(without_day_seven(cron).as_deref(), expected, "{cron}");
        }
    }

    #[test]
    fn a_period_without_rest_is_a_cron_expression() {
        let cases = [
            (86_400, 0, 0, Some("0 0 * * *")),
            (86_400, 6, 30, Some("30 6 * * *")),
            (604_800, 0, 0, Some("0 0 * * 1")),
            (21_600, 0, 0, Some("0 */6 * * *")),
            (21_600, 9, 15, Some("15 3-23/6 * * *")),
            (1800, 0, 0, Some("*/30 * * * *")),
            (600, 0, 5, Some("5-59/10 * * * *")),
            (60, 0, 0, Some("* * * * *")),
            (90, 0, 0, None),
            (2_700, 0, 0, None),
            (172_800, 0, 0, None),
            (18_000, 0, 0, None),
        ];
        for (seconds, hour, minute, expected) in cases {
            let cron = period(seconds, hour, minute);
            assert_eq!(cron.as_deref(), expected, "{seconds}");
            assert!(cron.is_none_or(|cron| five_fields(&cron).is_some()));
        }
    }
}
