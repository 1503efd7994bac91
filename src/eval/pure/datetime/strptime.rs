//! `datetime.strptime`: a format becomes a pattern, and the parts it finds become a datetime.

use std::cell::RefCell;

use fancy_regex::Regex;
use rustc_hash::FxHashMap;

use super::calendar;
use super::strftime::{MONTHS, WEEKDAYS};
use super::{Date, DateTime, Time, TimeDelta, Zone};
use crate::eval::pure::number::parse_int;
use crate::eval::pure::text::{is_space, repr_str};
use crate::eval::pure::{Failure, within_bound};

/// `datetime.strptime(text, format)`.
///
/// # Errors
/// `ValueError` when the text does not fit; [`Failure::Unsupported`] for zone names other than UTC and
/// GMT, which depend on the machine.
pub fn strptime(text: &str, format: &str) -> Result<DateTime, Failure> {
    let found = find(text, format)?;
    let clock = clock(&found)?;
    let date = date(&found)?;
    Ok(DateTime::combine(date, clock))
}

/// What the directives found, in the order of the format.
struct Found(Vec<(char, String)>);

impl Found {
    fn get(&self, letter: char) -> Option<&str> {
        self.last_of(&[letter]).map(|(_, text)| text)
    }

    /// Of directives that say the same thing, the last one counts.
    fn last_of(&self, letters: &[char]) -> Option<(char, &str)> {
        let found = self.0.iter().rfind(|(letter, _)| letters.contains(letter));
        found.map(|(letter, text)| (*letter, text.as_str()))
    }

    fn number(&self, letter: char) -> Option<i64> {
        self.get(letter).and_then(integer)
    }
}

fn integer(text: &str) -> Option<i64> {
    parse_int(text, 10).and_then(|value| i64::try_from(value).ok())
}

/// Formats that are kept, as many as Python keeps.
const MOST_FORMATS: usize = 5;

thread_local! {
    /// Formats made ready, with the letters of their parts.
    static FORMATS: RefCell<FxHashMap<String, (Regex, Vec<char>)>> = RefCell::default();
}

fn find(text: &str, format: &str) -> Result<Found, Failure> {
    within_bound(text.len().saturating_add(format.len()), "strptime")?;
    let unsupported = |error: fancy_regex::Error| {
        Failure::Unsupported(format!("strptime with the format {}: {error}", repr_str(format)))
    };
    let known = FORMATS.with_borrow(|formats| formats.get(format).cloned());
    let (regex, letters) = match known {
        Some(known) => known,
        None => {
            let (pattern, letters) = pattern(format)?;
            let made = (Regex::new(&pattern).map_err(unsupported)?, letters);
            FORMATS.with_borrow_mut(|formats| {
                if formats.len() >= MOST_FORMATS {
                    formats.clear();
                }
                formats.insert(format.to_owned(), made.clone());
            });
            made
        }
    };
    let Some(captures) = regex.captures(text).map_err(unsupported)? else {
        if letters.contains(&'Z') {
            return Err(Failure::Unsupported("the zone names of the machine in strptime".into()));
        }
        return Err(Failure::value(format!(
            "time data {} does not match format {}",
            repr_str(text),
            repr_str(format)
        )));
    };
    let end = captures.get(0).map_or(0, |all| all.end());
    let rest = text.get(end..).unwrap_or_default();
    if !rest.is_empty() {
        return Err(Failure::value(format!("unconverted data remains: {rest}")));
    }
    let groups = letters.into_iter().zip(captures.iter().skip(1));
    Ok(Found(
        groups.filter_map(|(letter, group)| Some((letter, group?.as_str().to_owned()))).collect(),
    ))
}

/// The pattern of a format, and the directives in the order of their groups.
fn pattern(format: &str) -> Result<(String, Vec<char>), Failure> {
    let mut pattern = String::from("(?i)^");
    let mut letters = Vec::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if is_space(c) {
            while chars.next_if(|c| is_space(*c)).is_some() {}
            pattern.push_str(r"\s+");
        } else if c == '%' {
            let letter = chars
                .next()
                .ok_or_else(|| Failure::value(format!("stray % in format '{format}'")))?;
            push_directive(&mut pattern, &mut letters, letter, format)?;
        } else {
            pattern.push_str(&fancy_regex::escape(c.encode_utf8(&mut [0; 4])));
        }
    }
    Ok((pattern, letters))
}

fn push_directive(
    pattern: &mut String,
    letters: &mut Vec<char>,
    letter: char,
    format: &str,
) -> Result<(), Failure> {
    let names = |names: &[&str], length: usize| {
        let mut names: Vec<String> =
            names.iter().map(|name| name.chars().take(length).collect()).collect();
        // The longest first, or `Mar` would hide `March`.
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        names.join("|")
    };
    let group = match letter {
        'd' => r"3[0-1]|[1-2]\d|0[1-9]|[1-9]| [1-9]".to_owned(),
        'f' => "[0-9]{1,6}".to_owned(),
        'H' => r"2[0-3]|[0-1]\d|\d".to_owned(),
        'I' => "1[0-2]|0[1-9]|[1-9]".to_owned(),
        'j' => r"36[0-6]|3[0-5]\d|[1-2]\d\d|0[1-9]\d|00[1-9]|[1-9]\d|0[1-9]|[1-9]".to_owned(),
        'm' => "1[0-2]|0[1-9]|[1-9]".to_owned(),
        'M' => r"[0-5]\d|\d".to_owned(),
        'S' => r"6[0-1]|[0-5]\d|\d".to_owned(),
        'U' | 'W' => r"5[0-3]|[0-4]\d|\d".to_owned(),
        'V' => r"5[0-3]|0[1-9]|[1-4]\d|\d".to_owned(),
        'w' => "[0-6]".to_owned(),
        'u' => "[1-7]".to_owned(),
        'y' => r"\d\d".to_owned(),
        'Y' | 'G' => r"\d\d\d\d".to_owned(),
        'z' => r"[+-]\d\d:?[0-5]\d(?::?[0-5]\d(?:\.\d{1,6})?)?|(?-i:Z)".to_owned(),
        'Z' => "utc|gmt".to_owned(),
        'A' => names(&WEEKDAYS, usize::MAX),
        'a' => names(&WEEKDAYS, 3),
        'B' => names(&MONTHS, usize::MAX),
        'b' => names(&MONTHS, 3),
        'p' => "am|pm".to_owned(),
        '%' => {
            pattern.push('%');
            return Ok(());
        }
        'c' | 'x' | 'X' => {
            let composed = match letter {
                'c' => "%a %b %d %H:%M:%S %Y",
                'x' => "%m/%d/%y",
                _ => "%H:%M:%S",
            };
            let mut chars = composed.chars();
            while let Some(c) = chars.next() {
                match c {
                    '%' => {
                        let letter = chars.next().unwrap_or('%');
                        push_directive(pattern, letters, letter, format)?;
                    }
                    ' ' => pattern.push_str(r"\s+"),
                    _ => pattern.push(c),
                }
            }
            return Ok(());
        }
        _ => {
            // A backslash is what Python's own escaping puts before punctuation.
            let shown = if r"\.^$*+?(){}[]|".contains(letter) { '%' } else { letter };
            let shown = if is_space(letter) { '%' } else { shown };
            return Err(Failure::value(format!(
                "'{shown}' is a bad directive in format '{format}'"
            )));
        }
    };
    if letters.contains(&letter) {
        return Err(Failure::raised(
            "error",
            format!("redefinition of group name '{letter}' in the pattern of a format"),
        ));
    }
    letters.push(letter);
    pattern.push_str(&format!("({group})"));
    Ok(())
}

fn position(names: &[&str], found: &str) -> Option<i64> {
    let found = found.to_lowercase();
    let at = names.iter().position(|name| name.to_lowercase().starts_with(&found))?;
    i64::try_from(at).ok()
}

fn clock(found: &Found) -> Result<Time, Failure> {
    let afternoon = found.get('p').is_some_and(|half| half.eq_ignore_ascii_case("pm"));
    let hour = match found.last_of(&['H', 'I']) {
        Some(('I', hour)) => integer(hour).map(|hour| hour % 12 + if afternoon { 12 } else { 0 }),
        Some((_, hour)) => integer(hour),
        None => None,
    };
    let micros = found.get('f').and_then(|digits| format!("{digits:0<6}").parse().ok());
    let zone = found.get('z').map(|text| zone(text, found.get('Z'))).transpose()?;
    Time::new(
        hour.unwrap_or(0),
        found.number('M').unwrap_or(0),
        found.number('S').unwrap_or(0),
        micros.unwrap_or(0),
        zone,
    )
}

fn zone(text: &str, name: Option<&str>) -> Result<Zone, Failure> {
    if text == "Z" {
        return Zone::fixed(TimeDelta::ZERO, name.map(str::to_owned));
    }
    let inconsistent = || Failure::value(format!("Inconsistent use of : in {text}"));
    let (sign, digits) = text.split_at_checked(1).unwrap_or((text, ""));
    let (digits, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    // `+hh:mmss` is refused, `+hhmm:ss` is not.
    if digits.chars().nth(2) == Some(':') && digits.len() > 5 && digits.chars().nth(5) != Some(':')
    {
        return Err(inconsistent());
    }
    if digits.chars().nth(2) != Some(':') && digits.contains(':') {
        // Python trips over its own slicing here.
        let seconds: String = digits.chars().skip(4).take(2).collect();
        return Err(Failure::value(format!(
            "invalid literal for int() with base 10: {}",
            repr_str(&seconds)
        )));
    }
    let digits: Vec<u32> = digits.chars().filter_map(|c| c.to_digit(10)).collect();
    let pair = |at: usize| match digits.get(at..at + 2) {
        Some([tens, ones]) => i128::from(tens * 10 + ones),
        _ => 0,
    };
    let seconds = (pair(0) * 60 + pair(2)) * 60 + pair(4);
    let micros = seconds * 1_000_000 + format!("{fraction:0<6}").parse::<i128>().unwrap_or(0);
    let offset = TimeDelta::of_micros(if sign == "-" { -micros } else { micros })?;
    Zone::fixed(offset, name.map(str::to_owned))
}

fn date(found: &Found) -> Result<Date, Failure> {
    let year = found.last_of(&['y', 'Y']).and_then(|(letter, text)| {
        let year = integer(text)?;
        let century = if year <= 68 { 2000 } else { 1900 };
        Some(if letter == 'y' { century + year } else { year })
    });
    let weekday = found.last_of(&['a', 'A', 'w', 'u']).and_then(|(letter, text)| match letter {
        'w' => integer(text).map(|weekday| (weekday + 6) % 7),
        'u' => integer(text).map(|weekday| weekday - 1),
        _ => position(&WEEKDAYS, text),
    });
    let month = found.last_of(&['b', 'B', 'm']).and_then(|(letter, text)| match letter {
        'm' => integer(text),
        _ => position(&MONTHS, text).map(|index| index + 1),
    });
    let week = found.last_of(&['U', 'W']);
    let sunday_first = week.is_some_and(|(letter, _)| letter == 'U');
    let week = week.and_then(|(_, text)| integer(text));
    let iso_year = found.number('G');
    let iso_week = found.number('V');
    let day_of_year = found.number('j');
    refuse_half_iso(year, iso_year, week, iso_week, weekday, day_of_year)?;
    let month = month.unwrap_or(1);
    let day = found.number('d').unwrap_or(1);
    // Without a year the 29th of February is still a day, but 1900 has none.
    let year = year.unwrap_or(1900);
    let new_year = calendar::ordinal(year, 1, 1);
    match (day_of_year, weekday, week) {
        (Some(day_of_year), ..) => Date::from_ordinal(new_year + day_of_year - 1),
        (None, Some(weekday), Some(week)) => {
            Date::from_ordinal(new_year + day_in_week(new_year, week, weekday, sunday_first))
        }
        (None, Some(weekday), None) if iso_week.is_some() => match (iso_year, iso_week) {
            (Some(year), Some(week)) => Date::from_iso_calendar(year, week, weekday + 1),
            _ => Date::new(year, month, day),
        },
        _ => Date::new(year, month, day),
    }
}

/// Days after new year of a weekday in a week that `%U` or `%W` counted.
fn day_in_week(new_year: i64, week: i64, weekday: i64, sunday_first: bool) -> i64 {
    let shift = i64::from(sunday_first);
    let first = (calendar::weekday(new_year) + shift) % 7;
    let weekday = (weekday + shift) % 7;
    if week == 0 {
        return weekday - first;
    }
    (7 - first) % 7 + 7 * (week - 1) + weekday
}

fn refuse_half_iso(
    year: Option<i64>,
    iso_year: Option<i64>,
    week: Option<i64>,
    iso_week: Option<i64>,
    weekday: Option<i64>,
    day_of_year: Option<i64>,
) -> Result<(), Failure> {
    let partner = "and a weekday directive ('%A', '%a', '%w', or '%u').";
    if year.is_none() && iso_year.is_some() {
        if iso_week.is_none() || weekday.is_none() {
            return Err(Failure::value(format!(
                "ISO year directive '%G' must be used with the ISO week directive '%V' {partner}"
            )));
        }
        if day_of_year.is_some() {
            return Err(Failure::value(
                "Day of the year directive '%j' is not compatible with ISO year directive '%G'. \
                 Use '%Y' instead.",
            ));
        }
    } else if week.is_none() && iso_week.is_some() {
        return Err(Failure::value(if weekday.is_none() {
            format!(
                "ISO week directive '%V' must be used with the ISO year directive '%G' {partner}"
            )
        } else {
            "ISO week directive '%V' is incompatible with the year directive '%Y'. \
             Use the ISO year '%G' instead."
                .to_owned()
        }));
    }
    Ok(())
}
