//! `fromisoformat` of dates, times and datetimes: most of ISO 8601, as Python reads it since 3.11.

use super::{Date, DateTime, Time, TimeDelta, Zone};
use crate::eval::pure::Failure;
use crate::eval::pure::text::repr_str;

/// `date.fromisoformat`.
pub(super) fn parse_date(text: &str) -> Result<Date, Failure> {
    let invalid = || invalid(text);
    if !matches!(text.chars().count(), 7 | 8 | 10) {
        return Err(invalid());
    }
    date_part(text).ok_or_else(invalid)?.or_else(|error| keep_range_error(error, text))
}

/// `time.fromisoformat`; a `T` may come first.
pub(super) fn parse_time(text: &str) -> Result<Time, Failure> {
    let unmarked = text.strip_prefix('T').unwrap_or(text);
    time_part(unmarked).ok_or_else(|| invalid(text))?
}

/// `datetime.fromisoformat`; any one character may stand between date and time.
pub(super) fn parse_datetime(text: &str) -> Result<DateTime, Failure> {
    let invalid = || invalid(text);
    let chars: Vec<char> = text.chars().collect();
    let end = date_length(&chars).ok_or_else(invalid)?;
    let (date, rest) = chars.split_at_checked(end).ok_or_else(invalid)?;
    let date: String = date.iter().collect();
    let time = match rest.split_first() {
        None => Ok(Time::midnight()),
        Some((_, time)) => {
            let time: String = time.iter().collect();
            time_part(&time).ok_or_else(invalid)?
        }
    };
    let date = date_part(&date).ok_or_else(invalid)?;
    Ok(DateTime::combine(date.or_else(|error| keep_range_error(error, text))?, time?))
}

fn invalid(text: &str) -> Failure {
    Failure::value(format!("Invalid isoformat string: {}", repr_str(text)))
}

/// Ranges of week dates are reported as invalid strings, those of calendar dates by their names.
fn keep_range_error(error: Failure, text: &str) -> Result<Date, Failure> {
    match &error {
        Failure::Raised { message, .. } if message.starts_with("Invalid") => Err(invalid(text)),
        _ => Err(error),
    }
}

/// How many characters of a datetime are its date. Where the forms overlap this guesses as Python does.
fn date_length(chars: &[char]) -> Option<usize> {
    let at = |position: usize| chars.get(position).copied();
    let is_digit = |position: usize| at(position).is_some_and(|c| c.is_ascii_digit());
    if chars.len() < 7 {
        return None;
    }
    if chars.len() == 7 {
        return Some(7);
    }
    Some(match (at(4)?, at(5)?) {
        ('-', 'W') if at(8) == Some('-') => match chars.len() {
            9 => return None,
            // A digit behind the hyphen's digit: rather an hour than a weekday and a strange separator.
            length if length > 10 && is_digit(10) => 8,
            _ => 10,
        },
        ('-', 'W') => 8,
        ('-', _) => 10,
        ('W', _) => {
            let end = (7..chars.len()).find(|at| !is_digit(*at)).unwrap_or(chars.len());
            match end {
                ..9 => end,
                _ if end % 2 == 0 => 7,
                _ => 8,
            }
        }
        _ => 8,
    })
}

/// `None` for what is no date by its form; the error is for one that does not exist.
fn date_part(text: &str) -> Option<Result<Date, Failure>> {
    let (year, rest) = number(text, 4)?;
    let (hyphens, rest) = match rest.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let hyphen = |rest| if hyphens { str::strip_prefix(rest, '-') } else { Some(rest) };
    if let Some(rest) = rest.strip_prefix('W') {
        let (week, rest) = number(rest, 2)?;
        if rest.is_empty() {
            return Some(Date::from_iso_calendar(year, week, 1));
        }
        let (day, rest) = number(hyphen(rest)?, 1)?;
        return rest.is_empty().then(|| Date::from_iso_calendar(year, week, day));
    }
    let (month, rest) = number(rest, 2)?;
    let (day, rest) = number(hyphen(rest)?, 2)?;
    rest.is_empty().then(|| Date::new(year, month, day))
}

/// `None` for what is no time by its form; the error is for one that does not exist.
fn time_part(text: &str) -> Option<Result<Time, Failure>> {
    let zone_at = text.find(['+', '-', 'Z']);
    let (clock, zone) = match zone_at {
        Some(at) => text.split_at_checked(at)?,
        None => (text, ""),
    };
    let ([hour, minute, second, micros], stray) = clock_part(clock)?;
    let zone = match zone {
        "" if stray => return None,
        "" => Ok(None),
        "Z" => Ok(Some(Zone::Utc)),
        _ if zone.starts_with('Z') => return None,
        _ => {
            let negative = zone.starts_with('-');
            // The sign is one byte, whichever it is.
            let offset = zone.get(1..)?;
            let ([hours, minutes, seconds, micros], stray) = clock_part(offset)?;
            if stray {
                return None;
            }
            let seconds = (hours * 60 + minutes) * 60 + seconds;
            // CPython forgets the microseconds when there is nothing else.
            let micros = if seconds == 0 { 0 } else { seconds * 1_000_000 + micros };
            let micros = i128::from(micros);
            TimeDelta::of_micros(if negative { -micros } else { micros })
                .and_then(|offset| Zone::fixed(offset, None))
                .map(Some)
        }
    };
    Some(zone.and_then(|zone| Time::new(hour, minute, second, micros, zone)))
}

/// `HH[:MM[:SS[.ffffff]]]`, the colons in all places or in none, and whether something else follows.
///
/// This is as lenient as CPython, which takes a fraction after any part and leaves it to the caller
/// whether a stray character behind the clock matters.
fn clock_part(text: &str) -> Option<([i64; 4], bool)> {
    let mut parts = [0; 4];
    let mut rest = text;
    let mut colons = false;
    for (index, part) in parts.iter_mut().take(3).enumerate() {
        (*part, rest) = number(rest, 2)?;
        if rest.is_empty() {
            return Some((parts, false));
        }
        let (next, after) = rest.split_at_checked(1)?;
        if index == 0 {
            colons = next == ":";
        }
        match next {
            _ if after.is_empty() => return Some((parts, true)),
            ":" if colons => rest = after,
            "." | "," => {
                rest = after;
                break;
            }
            _ if colons => return None,
            _ => {}
        }
    }
    // Digits beyond microseconds are cut off.
    let digits = rest.len().min(6);
    let (micros, rest) = number(rest, digits)?;
    let missing = u32::try_from(6 - digits).unwrap_or(0);
    *parts.get_mut(3)? = micros * 10i64.pow(missing);
    Some((parts, !rest.trim_start_matches(|c: char| c.is_ascii_digit()).is_empty()))
}

/// A number of exactly so many digits, and what follows it.
fn number(text: &str, digits: usize) -> Option<(i64, &str)> {
    let (digits, rest) = text.split_at_checked(digits)?;
    if !digits.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    Some((digits.parse().ok()?, rest))
}
