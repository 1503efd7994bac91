//! The Gregorian calendar without end in both directions, as day numbers: 1 is 0001-01-01, a Monday.

/// The last day Python knows: 9999-12-31.
pub(super) const LAST_DAY: i64 = 3_652_059;

/// `calendar.isleap`.
pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The days of a month from 1 to 12.
pub(super) fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day number of a date.
pub(super) fn ordinal(year: i64, month: i64, day: i64) -> i64 {
    day_of_year(year, month, day) + days_before_year(year)
}

/// 1 for the first of January.
pub(super) fn day_of_year(year: i64, month: i64, day: i64) -> i64 {
    (1..month).map(|month| days_in_month(year, month)).sum::<i64>() + day
}

fn days_before_year(year: i64) -> i64 {
    let years = year - 1;
    years * 365 + years.div_euclid(4) - years.div_euclid(100) + years.div_euclid(400)
}

/// Year, month and day of a day number.
pub(super) fn from_ordinal(ordinal: i64) -> (i64, i64, i64) {
    // The mean length of a year gives the year, or one beside it.
    let mut year = (ordinal * 400).div_euclid(146_097) + 1;
    while days_before_year(year) >= ordinal {
        year -= 1;
    }
    while days_before_year(year + 1) < ordinal {
        year += 1;
    }
    let mut day = ordinal - days_before_year(year);
    let mut month = 1;
    while day > days_in_month(year, month) {
        day -= days_in_month(year, month);
        month += 1;
    }
    (year, month, day)
}

/// 0 for Monday.
pub(super) fn weekday(ordinal: i64) -> i64 {
    (ordinal + 6).rem_euclid(7)
}

/// The day number of the Monday of ISO week 1 of a year.
pub(super) fn first_iso_monday(year: i64) -> i64 {
    let new_year = ordinal(year, 1, 1);
    let weekday = weekday(new_year);
    // Week 1 is the one with the first Thursday.
    new_year - weekday + if weekday > 3 { 7 } else { 0 }
}

/// ISO year, ISO week and ISO weekday (Monday is 1).
pub(super) fn iso_calendar(ordinal: i64) -> (i64, i64, i64) {
    let (year, _, _) = from_ordinal(ordinal);
    let iso_year = [year + 1, year]
        .into_iter()
        .find(|year| first_iso_monday(*year) <= ordinal)
        .unwrap_or(year - 1);
    (iso_year, (ordinal - first_iso_monday(iso_year)) / 7 + 1, weekday(ordinal) + 1)
}

/// The day number of an ISO week date, or what is wrong with it.
pub(super) fn from_iso_calendar(year: i64, week: i64, day: i64) -> Result<i64, String> {
    if !(1..=9999).contains(&year) {
        return Err(format!("Year is out of range: {year}"));
    }
    let weeks = (first_iso_monday(year + 1) - first_iso_monday(year)) / 7;
    if !(1..=weeks).contains(&week) {
        return Err(format!("Invalid week: {week}"));
    }
    if !(1..=7).contains(&day) {
        return Err(format!("Invalid day: {day} (range is [1, 7])"));
    }
    Ok(first_iso_monday(year) + (week - 1) * 7 + day - 1)
}
