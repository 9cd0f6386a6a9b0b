//! The day of a feast in a year, in every calendar that feasts are counted by.
//!
//! The only importer of the calendar libraries: the Chinese lunar, Hijri and
//! Hebrew calendars by `icu_calendar`, solar terms and public holidays by
//! tyme4rs.

use std::sync::{LazyLock, OnceLock};

use chrono::{Datelike, Days, NaiveDate, Weekday};
use icu_calendar::cal::Hebrew;
use icu_calendar::cal::hijri::UmmAlQura;
use icu_calendar::cal::{ChineseTraditional, Hijri, Julian};
use icu_calendar::types::Month;
use icu_calendar::{AsCalendar, Date, Iso};
use serde::Deserialize;
use tyme4rs::tyme::holiday::{LEGAL_HOLIDAY_DATA, LEGAL_HOLIDAY_NAMES};
use tyme4rs::tyme::solar::{SOLAR_TERM_NAMES, SolarDay, SolarTerm};

use crate::parse::{DateRange, Precision};

/// Years in which lunar dates and solar terms are computed.
const LUNAR_YEARS: std::ops::RangeInclusive<i32> = 1600..=2199;

/// How a feast is dated, as its data file says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Feast {
    pub names: Vec<String>,
    #[serde(default)]
    pub guarded: bool,
    /// Its name in the table of public holidays, where it is none of `names`.
    #[serde(default)]
    pub holiday: Option<String>,
    solar: Option<(u32, u32)>,
    nth: Option<(u32, u32, u32)>,
    lunar: Option<(u32, u32)>,
    eve: Option<i64>,
    term: Option<String>,
    easter: Option<i64>,
    orthodox: Option<i64>,
    hijri: Option<(u8, u8)>,
    hebrew: Option<(u8, u8)>,
    #[serde(default)]
    offset: i64,
    days: Option<u64>,
    #[serde(skip)]
    known: Known,
}

/// The years of most texts.
const COMMON_YEARS: std::ops::RangeInclusive<i32> = 1900..=2099;

/// The days of a feast in the common years, each computed when it is first asked
/// for: the sun's and the moon's take longer than all else about a date.
#[derive(Clone, Debug)]
struct Known(Vec<OnceLock<Option<DateRange>>>);

impl Default for Known {
    fn default() -> Self {
        Self(COMMON_YEARS.map(|_| OnceLock::new()).collect())
    }
}

impl Feast {
    /// Whether its year is the lunar one.
    pub(super) fn is_lunar(&self) -> bool {
        self.lunar.is_some() || self.eve.is_some()
    }

    /// Whether exactly one way of dating is given.
    pub(super) fn is_dated_once(&self) -> bool {
        let ways = [
            self.solar.is_some(),
            self.nth.is_some(),
            self.lunar.is_some(),
            self.eve.is_some(),
            self.term.as_deref().is_some_and(|t| SOLAR_TERM_NAMES.contains(&t)),
            self.easter.is_some(),
            self.orthodox.is_some(),
            self.hijri.is_some(),
            self.hebrew.is_some(),
        ];
        ways.into_iter().filter(|way| *way).count() == 1
    }

    /// Its days in `year` (the lunar year for lunar feasts): `None` where the
    /// calendar does not reach, or has no such day in that year.
    pub(super) fn in_year(&self, year: i32) -> Option<DateRange> {
        let known = usize::try_from(year - COMMON_YEARS.start()).ok().and_then(|at| self.known.0.get(at));
        known.map_or_else(|| self.days_in(year), |days| *days.get_or_init(|| self.days_in(year)))
    }

    fn days_in(&self, year: i32) -> Option<DateRange> {
        if let Some((month, day)) = self.hijri {
            return hijri_in(year, month, day, self.days);
        }
        if let Some((month, day)) = self.hebrew {
            return hebrew_in(year, month, day, self.days.unwrap_or(0));
        }
        let start = if let Some((month, day)) = self.solar {
            NaiveDate::from_ymd_opt(year, month, day)?
        } else if let Some((month, which, weekday)) = self.nth {
            nth_weekday(year, month, which, weekday)?
        } else if let Some((month, day)) = self.lunar {
            lunar_day(year, month, false, day)?
        } else if let Some(days) = self.eve {
            shifted(lunar_day(year + 1, 1, false, 1)?, days)?
        } else if let Some(term) = &self.term {
            solar_term(year, term)?
        } else if let Some(days) = self.easter {
            shifted(easter(year)?, days)?
        } else {
            shifted(orthodox_easter(year)?, self.orthodox?)?
        };
        let start = shifted(start, self.offset)?;
        let end = start.checked_add_days(Days::new(self.days.unwrap_or(1).saturating_sub(1)))?;
        Some(DateRange { start, end, precision: Precision::Day })
    }
}

pub(super) fn shifted(day: NaiveDate, days: i64) -> Option<NaiveDate> {
    let amount = Days::new(days.unsigned_abs());
    if days < 0 { day.checked_sub_days(amount) } else { day.checked_add_days(amount) }
}

/// The `which`-th weekday (Monday is 1) of a month.
pub(super) fn nth_weekday(year: i32, month: u32, which: u32, weekday: u32) -> Option<NaiveDate> {
    let weekday = Weekday::try_from(u8::try_from(weekday.checked_sub(1)?).ok()?).ok()?;
    NaiveDate::from_weekday_of_month_opt(year, month, weekday, u8::try_from(which).ok()?)
}

/// Western Easter.
///
/// # Source
/// The anonymous Gregorian computus (Meeus, Astronomical Algorithms, ch. 8).
fn easter(year: i32) -> Option<NaiveDate> {
    let (golden, century, rest) = (year.rem_euclid(19), year.div_euclid(100), year.rem_euclid(100));
    let moon = (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15).rem_euclid(30);
    let weekday = (32 + 2 * (century % 4) + 2 * (rest / 4) - moon - rest % 4).rem_euclid(7);
    let correction = (golden + 11 * moon + 22 * weekday) / 451;
    let days = moon + weekday - 7 * correction + 114;
    NaiveDate::from_ymd_opt(year, u32::try_from(days / 31).ok()?, u32::try_from(days % 31 + 1).ok()?)
}

/// Eastern Easter: the Julian computus, in the Gregorian calendar.
///
/// # Source
/// Meeus, Astronomical Algorithms, ch. 8.
fn orthodox_easter(year: i32) -> Option<NaiveDate> {
    let moon = (19 * year.rem_euclid(19) + 15).rem_euclid(30);
    let weekday = (2 * year.rem_euclid(4) + 4 * year.rem_euclid(7) - moon + 34).rem_euclid(7);
    let days = moon + weekday + 114;
    gregorian(&Date::try_new(year.into(), Month::new(u8::try_from(days / 31).ok()?), u8::try_from(days % 31 + 1).ok()?, Julian).ok()?)
}

fn gregorian<C: AsCalendar>(date: &Date<C>) -> Option<NaiveDate> {
    let iso: Date<Iso> = date.to_calendar(Iso);
    NaiveDate::from_ymd_opt(iso.era_year().year, iso.month().ordinal.into(), iso.day_of_month().0.into())
}

/// A Hijri day, or a whole month for `days = 0`, whose first day lies in `year`.
fn hijri_in(year: i32, month: u8, day: u8, days: Option<u64>) -> Option<DateRange> {
    let calendar = Hijri::<UmmAlQura>::default();
    let of = |hijri_year: i32, month: u8, day: u8| gregorian(&Date::try_new(hijri_year.into(), Month::new(month), day, calendar).ok()?);
    // 33 Hijri years are 32 solar ones: the year is one of three.
    let near = (year - 622) * 33 / 32;
    (near - 1..=near + 2).find_map(|hijri_year| {
        let start = of(hijri_year, month, day).filter(|d| d.year() == year)?;
        let end = match days {
            Some(0) => of(hijri_year, month + 1, 1)?.pred_opt()?,
            _ => start,
        };
        Some(DateRange { start, end, precision: Precision::Day })
    })
}

/// A Hebrew feast that begins on an evening of `year`: from that day on, or
/// that day alone for one day.
fn hebrew_in(year: i32, month: u8, day: u8, days: u64) -> Option<DateRange> {
    (year + 3760..=year + 3761).find_map(|hebrew_year| {
        let start = gregorian(&Date::try_new(hebrew_year.into(), Month::new(month.min(12)), day, Hebrew).ok()?)?.pred_opt()?;
        let end = start.checked_add_days(Days::new(days))?;
        (start.year() == year).then_some(DateRange { start, end, precision: Precision::Day })
    })
}

fn solar_day(day: &SolarDay) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(i32::try_from(day.get_year()).ok()?, u32::try_from(day.get_month()).ok()?, u32::try_from(day.get_day()).ok()?)
}

/// The day of a solar term in a year.
pub(super) fn solar_term(year: i32, name: &str) -> Option<NaiveDate> {
    let index = SOLAR_TERM_NAMES.iter().position(|term| *term == name).filter(|_| LUNAR_YEARS.contains(&year))?;
    // Their year begins with the winter solstice of the year before.
    let of = if index == 0 { year + 1 } else { year };
    solar_day(&SolarTerm::from_index(isize::try_from(of).ok()?, isize::try_from(index).ok()?).get_solar_day())
}

/// A day of the lunar calendar.
pub(super) fn lunar_day(year: i32, month: u32, leap: bool, day: u32) -> Option<NaiveDate> {
    let number = u8::try_from(month).ok().filter(|m| (1..=12).contains(m) && LUNAR_YEARS.contains(&year))?;
    let month = if leap { Month::leap(number) } else { Month::new(number) };
    gregorian(&Date::try_new(year.into(), month, u8::try_from(day).ok()?, ChineseTraditional::new()).ok()?)
}

/// A month of the lunar calendar: 29 or 30 days.
pub(super) fn lunar_month(year: i32, month: u32, leap: bool) -> Option<DateRange> {
    let start = lunar_day(year, month, leap, 1)?;
    let end = [30, 29].into_iter().find_map(|day| lunar_day(year, month, leap, day))?;
    Some(DateRange { start, end, precision: Precision::Month })
}

/// A lunar year, from New Year to New Year's Eve.
pub(super) fn lunar_year(year: i32) -> Option<DateRange> {
    let (start, end) = (lunar_day(year, 1, false, 1)?, lunar_day(year + 1, 1, false, 1)?.pred_opt()?);
    Some(DateRange { start, end, precision: Precision::Year })
}

/// The last lunar year up to `year` that has this leap month.
pub(super) fn year_of_leap_month(year: i32, month: u32) -> Option<i32> {
    (year - 60..=year).rev().find(|y| lunar_day(*y, month, true, 1).is_some())
}

/// The days off of a public holiday in a year (2002 and on).
///
/// # Source
/// The yearly notices of the State Council's general office, as tyme4rs keeps them.
pub(super) fn public_holiday(name: &str, year: i32) -> Option<DateRange> {
    let own = |off: &&DayOff| off.target.year() == year && (off.name == name || (off.name == "国庆中秋" && matches!(name, "国庆节" | "中秋节")));
    let (mut start, mut end) = (DAYS_OFF.iter().find(own)?.day, DAYS_OFF.iter().rfind(own)?.day);
    // 中秋 right before 国庆 makes one holiday.
    for off in DAYS_OFF.iter().rev() {
        start = if off.day.succ_opt() == Some(start) { off.day } else { start };
    }
    for off in DAYS_OFF.iter() {
        end = if end.succ_opt() == Some(off.day) { off.day } else { end };
    }
    Some(DateRange { start, end, precision: Precision::Day })
}

/// A day off, the holiday that gives it, and the day of the feast.
struct DayOff {
    day: NaiveDate,
    name: &'static str,
    target: NaiveDate,
}

/// All days off, in order. The table has rows of 13 characters: day, 1 for a
/// day off, number of the holiday, days to the feast.
static DAYS_OFF: LazyLock<Vec<DayOff>> = LazyLock::new(|| {
    let rows = LEGAL_HOLIDAY_DATA.as_bytes().chunks_exact(13).filter_map(|row| std::str::from_utf8(row).ok());
    let off = |row: &str| {
        let day = NaiveDate::parse_from_str(row.get(..8)?, "%Y%m%d").ok()?;
        let name = LEGAL_HOLIDAY_NAMES.get(row.get(9..10)?.parse::<usize>().ok()?)?;
        let target = shifted(day, row.get(10..13)?.parse().ok()?)?;
        (row.get(8..9) == Some("1")).then_some(DayOff { day, name, target })
    };
    rows.filter_map(off).collect()
});

#[cfg(test)]
mod tests {
    use super::*;
    use tyme4rs::tyme::lunar::LunarDay;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn easter_is_that_of_the_published_tables() {
        for (year, western, eastern) in
            [(2013, "2013-03-31", "2013-05-05"), (2018, "2018-04-01", "2018-04-08"), (2024, "2024-03-31", "2024-05-05"), (2025, "2025-04-20", "2025-04-20")]
        {
            assert_eq!(easter(year), Some(day(western)));
            assert_eq!(orthodox_easter(year), Some(day(eastern)));
        }
    }

    #[test]
    fn the_lunar_new_year_is_that_of_another_library() {
        for year in 1912..=2099 {
            let other = solar_day(&LunarDay::from_ymd(year, 1, 1).get_solar_day());
            // The new moon of 3 February 1954 fell minutes before midnight,
            // which the other library's series puts on the next day.
            let other = if year == 1954 { Some(day("1954-02-03")) } else { other };
            assert_eq!(lunar_day(i32::try_from(year).unwrap(), 1, false, 1), other, "{year}");
        }
    }

    #[test]
    fn solar_terms_and_leap_months_are_found() {
        assert_eq!(solar_term(2024, "冬至"), Some(day("2024-12-21")));
        assert_eq!(solar_term(2024, "清明"), Some(day("2024-04-04")));
        assert_eq!(lunar_month(2020, 4, true).map(|r| r.to_string()).as_deref(), Some("2020-05-23/2020-06-20"));
        assert_eq!(lunar_month(2021, 4, true), None);
        assert_eq!(year_of_leap_month(2022, 4), Some(2020));
    }

    #[test]
    fn holidays_are_the_days_off_around_the_feast() {
        assert_eq!(public_holiday("国庆节", 2024).map(|r| r.to_string()).as_deref(), Some("2024-10-01/2024-10-07"));
        assert_eq!(public_holiday("国庆节", 2023).map(|r| r.to_string()).as_deref(), Some("2023-09-29/2023-10-06"));
        assert_eq!(public_holiday("国庆节", 1990), None);
    }
}
