//! Ranges of days that a calendar gives: weeks, thirds, seasons, decades.

use chrono::{Datelike, Months, NaiveDate};

use super::feast::{self, shifted};
use crate::parse::{DateRange, Precision};

pub(super) fn month_shifted(day: NaiveDate, months: i32) -> Option<DateRange> {
    let amount = Months::new(months.unsigned_abs());
    let day = if months < 0 { day.checked_sub_months(amount) } else { day.checked_add_months(amount) }?;
    DateRange::month(day.year(), day.month())
}

pub(super) fn week_from(monday: NaiveDate) -> Option<DateRange> {
    Some(DateRange { start: monday, end: shifted(monday, 6)?, precision: Precision::Week })
}

pub(super) fn weekend_of(monday: NaiveDate) -> Option<DateRange> {
    DateRange::of_day(shifted(monday, 5)?).to(DateRange::of_day(shifted(monday, 6)?))
}

pub(super) fn third_of(year: i32, month: u32, third: u32) -> Option<DateRange> {
    let whole = DateRange::month(year, month)?;
    let first = DateRange::day(year, month, third * 10 + 1)?;
    let last = if third == 2 { DateRange::of_day(whole.end) } else { DateRange::day(year, month, third * 10 + 10)? };
    first.to(last)
}

/// Days 1 to 15 of a month, or the others.
pub(super) fn half_of(month: DateRange, half: u32) -> Option<DateRange> {
    let middle = shifted(month.start, 14)?;
    let (start, end) = if half == 1 { (month.start, middle) } else { (middle.succ_opt()?, month.end) };
    Some(DateRange { start, end, precision: Precision::Day })
}

/// The first or last `count` days of a range.
pub(super) fn days_of(range: DateRange, count: u32, back: bool) -> Option<DateRange> {
    let length = i64::from(count.checked_sub(1)?);
    let (start, end) = if back { (shifted(range.end, -length)?, range.end) } else { (range.start, shifted(range.start, length)?) };
    (start >= range.start && end <= range.end).then_some(DateRange { start, end, precision: Precision::Day })
}

pub(super) fn years(first: i32, count: i32, precision: Precision) -> Option<DateRange> {
    let range = DateRange::year(first)?.to(DateRange::year(first.checked_add(count - 1)?)?)?;
    Some(DateRange { precision, ..range })
}

/// From the term that begins a season to the day before the next.
pub(super) fn season_of(year: i32, season: u32) -> Option<DateRange> {
    const TERMS: [&str; 5] = ["立春", "立夏", "立秋", "立冬", "立春"];
    let begins = |at: usize, year: i32| feast::solar_term(year, TERMS.get(at)?);
    let at = usize::try_from(season).ok()?;
    let end = begins(at + 1, if season == 3 { year + 1 } else { year })?.pred_opt()?;
    Some(DateRange { start: begins(at, year)?, end, precision: Precision::Quarter })
}
