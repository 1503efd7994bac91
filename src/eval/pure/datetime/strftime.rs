//! `strftime`, in the C locale and with the extensions of glibc that people use.

use super::zone::offset_text;
use super::{Date, DateTime, Time};
use crate::eval::pure::{Failure, within_bound};

pub(super) const WEEKDAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// What a format can ask for.
pub(super) struct Moment {
    date: Date,
    time: Time,
    /// `%z`.
    offset: String,
    /// `%:z`.
    offset_with_colons: String,
    /// `%Z`.
    zone: String,
}

impl Moment {
    pub(super) fn of_date(date: Date) -> Self {
        let nothing = String::new;
        Self {
            date,
            time: Time::midnight(),
            offset: nothing(),
            offset_with_colons: nothing(),
            zone: nothing(),
        }
    }

    pub(super) fn of_time(time: &Time) -> Result<Self, Failure> {
        let date = Date::new(1900, 1, 1)?;
        // A zone of the database has neither offset nor name without a day.
        let zone = match time.zone() {
            Some(_) if time.utc_offset().is_some() => {
                DateTime::combine(date, time.clone()).zone_name()?
            }
            _ => None,
        };
        let offset = |separator| time.utc_offset().map(|offset| offset_text(offset, separator));
        Ok(Self {
            date,
            offset: offset("").unwrap_or_default(),
            offset_with_colons: offset(":").unwrap_or_default(),
            zone: zone.unwrap_or_default(),
            time: time.clone(),
        })
    }

    pub(super) fn of_datetime(datetime: &DateTime) -> Result<Self, Failure> {
        let utc_offset = datetime.utc_offset()?;
        let offset = |separator| utc_offset.map(|offset| offset_text(offset, separator));
        Ok(Self {
            date: datetime.date(),
            time: datetime.time().clone(),
            offset: offset("").unwrap_or_default(),
            offset_with_colons: offset(":").unwrap_or_default(),
            zone: datetime.zone_name()?.unwrap_or_default(),
        })
    }
}

/// The text of a moment in a format.
///
/// # Errors
/// [`Failure::Unsupported`] for directives that depend on the machine or that podlift does not know.
pub(super) fn strftime(moment: &Moment, format: &str) -> Result<String, Failure> {
    let mut result = String::with_capacity(format.len());
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c == '%' {
            result.push_str(&directive(moment, &mut chars)?);
            within_bound(result.len(), "strftime")?;
        } else {
            result.push(c);
        }
    }
    Ok(result)
}

/// How glibc is asked to lay out a directive: `%-d`, `%_H`, `%^a`.
#[derive(Default)]
struct Layout {
    pad: Option<char>,
    upper: bool,
    swap: bool,
}

fn directive(moment: &Moment, chars: &mut std::str::Chars<'_>) -> Result<String, Failure> {
    let mut layout = Layout::default();
    let mut text = String::from("%");
    let unknown = |text: &str| Failure::Unsupported(format!("the directive {text} of strftime"));
    loop {
        let Some(c) = chars.next() else { return Err(unknown(&text)) };
        text.push(c);
        match c {
            '-' | '_' | '0' => layout.pad = Some(c),
            '^' => layout.upper = true,
            '#' => layout.swap = true,
            // Only Python itself knows this one, and it takes no flags.
            ':' if text == "%:" && chars.as_str().starts_with('z') => {
                chars.next();
                return Ok(moment.offset_with_colons.clone());
            }
            _ => break,
        }
    }
    let letter = text.chars().next_back().unwrap_or('%');
    let plain = text.chars().count() == 2;
    // Python replaces these before the C library sees the format, so flags do not reach them.
    match letter {
        'f' | 'z' | 'Z' if !plain => return Err(unknown(&text)),
        'f' => return Ok(format!("{:06}", moment.time.microsecond())),
        'z' => return Ok(moment.offset.clone()),
        'Z' => return Ok(moment.zone.clone()),
        _ => {}
    }
    if let Some((value, width, pad)) = numeric(moment, letter) {
        let pad = layout.pad.unwrap_or(pad);
        return Ok(match pad {
            '-' => value.to_string(),
            '_' => format!("{value:width$}"),
            _ => format!("{value:0width$}"),
        });
    }
    if let Some(value) = textual(moment, letter) {
        return Ok(if letter == 'P' {
            value
        } else if layout.upper || (layout.swap && letter != 'p') {
            value.to_uppercase()
        } else if layout.swap {
            value.to_lowercase()
        } else {
            value
        });
    }
    let composed = match letter {
        '%' => return Ok("%".to_owned()),
        'n' => return Ok("\n".to_owned()),
        't' => return Ok("\t".to_owned()),
        'c' => "%a %b %e %H:%M:%S %Y",
        'x' | 'D' => "%m/%d/%y",
        'X' | 'T' => "%H:%M:%S",
        'F' => "%Y-%m-%d",
        'R' => "%H:%M",
        'r' => "%I:%M:%S %p",
        _ => return Err(unknown(&text)),
    };
    if plain { strftime(moment, composed) } else { Err(unknown(&text)) }
}

/// A directive that is a number, its width and how it is usually filled.
fn numeric(moment: &Moment, letter: char) -> Option<(i64, usize, char)> {
    let Moment { date, time, .. } = moment;
    let twelve = |hour: i64| (hour + 11) % 12 + 1;
    // Days of week 0 come before the first Monday (or Sunday).
    let week = |weekday: i64| (date.day_of_year() + 6 - weekday) / 7;
    Some(match letter {
        'Y' => (date.year(), 1, '0'),
        // What the C library makes of early centuries changed with its versions.
        'C' if date.year() >= 1000 => (date.year() / 100, 2, '0'),
        'y' => (date.year() % 100, 2, '0'),
        'm' => (date.month(), 2, '0'),
        'd' => (date.day(), 2, '0'),
        'e' => (date.day(), 2, '_'),
        'j' => (date.day_of_year(), 3, '0'),
        'H' => (time.hour(), 2, '0'),
        'k' => (time.hour(), 2, '_'),
        'I' => (twelve(time.hour()), 2, '0'),
        'l' => (twelve(time.hour()), 2, '_'),
        'M' => (time.minute(), 2, '0'),
        'S' => (time.second(), 2, '0'),
        'u' => (date.iso_weekday(), 1, '0'),
        'w' => (date.iso_weekday() % 7, 1, '0'),
        'G' => (date.iso_calendar().0, 1, '0'),
        'g' => (date.iso_calendar().0 % 100, 2, '0'),
        'V' => (date.iso_calendar().1, 2, '0'),
        'U' => (week(date.iso_weekday() % 7), 2, '0'),
        'W' => (week(date.weekday()), 2, '0'),
        _ => return None,
    })
}

/// A directive that is a word.
fn textual(moment: &Moment, letter: char) -> Option<String> {
    let of = |names: &[&str], index: i64| {
        usize::try_from(index)
            .ok()
            .and_then(|index| names.get(index).map(|name| (*name).to_owned()))
    };
    let short = |name: String| name.chars().take(3).collect::<String>();
    let half = if moment.time.hour() < 12 { "AM" } else { "PM" };
    match letter {
        'A' => of(&WEEKDAYS, moment.date.weekday()),
        'a' => of(&WEEKDAYS, moment.date.weekday()).map(short),
        'B' => of(&MONTHS, moment.date.month() - 1),
        'b' | 'h' => of(&MONTHS, moment.date.month() - 1).map(short),
        'p' => Some(half.to_owned()),
        'P' => Some(half.to_lowercase()),
        _ => None,
    }
}
