//! Periods by which counts are put together: those of the calendar, five-year
//! plans, and terms of the Party congress.
//!
//! What the calendar does not give, the bounds of plans and congresses, comes
//! in from the almanac; nothing is known here of any one of them.

use std::ops::RangeInclusive;

use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::parse::DateRange;

/// A length of period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// A day.
    #[default]
    Day,
    /// A week of ISO 8601, Monday to Sunday.
    Week,
    /// A month.
    Month,
    /// A quarter.
    Quarter,
    /// A year.
    Year,
    /// A five-year plan (五年规划), or the years between two plans.
    Plan,
    /// A term of the Party congress (届), from its opening day to the day
    /// before the next one opens.
    Congress,
    /// The whole corpus, dated or not: no length that a pipeline can ask for.
    #[serde(skip)]
    Whole,
}

impl Period {
    /// The length with this number, which `as u8` gives; the whole for any other.
    pub(super) fn from_number(number: u8) -> Self {
        Self::ALL.into_iter().find(|period| *period as u8 == number).unwrap_or(Self::Whole)
    }

    /// All lengths that a pipeline can ask for, shortest first.
    pub const ALL: [Self; 7] = [Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year, Self::Plan, Self::Congress];

    /// The word in the tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::Plan => "plan",
            Self::Congress => "congress",
            Self::Whole => "whole",
        }
    }

    /// The length with this [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }

    /// The length that a row of a table names: the whole too, for which no pipeline can ask.
    #[must_use]
    pub fn of_row(name: &str) -> Self {
        Self::from_name(name).unwrap_or(Self::Whole)
    }

    /// Where the period that begins on `start` stands in time, in whole steps,
    /// and how many steps make a year: months of twelve, days of 365.2425. Plans
    /// and congresses, which are not of one length, stand by their first day.
    #[must_use]
    pub fn ordinal(self, start: NaiveDate) -> (i64, f64) {
        let year = i64::from(start.year());
        match self {
            Self::Month => (year * 12 + i64::from(start.month0()), 12.0),
            Self::Quarter => (year * 4 + i64::from(start.month0() / 3), 4.0),
            Self::Year => (year, 1.0),
            Self::Day | Self::Week | Self::Plan | Self::Congress | Self::Whole => (i64::from(start.num_days_from_ce()), 365.2425),
        }
    }
}

/// A period with a name of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Named {
    label: String,
    start: NaiveDate,
    /// Last day; `None`: not known yet.
    end: Option<NaiveDate>,
}

/// Where periods begin and end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Calendar {
    plans: Vec<Named>,
    congresses: Vec<Named>,
}

impl Calendar {
    /// A calendar with five-year plans and Party congresses, each a number and
    /// its days.
    ///
    /// Plans are labelled `plan-14`. Years between two plans are a period too,
    /// labelled by its years, `1963-1965`. A congress, `congress-20`, lasts to the
    /// day before the next one; the end of the last is open. Days before the
    /// first and after the last plan, and before the first congress, lie in no
    /// period of that length.
    ///
    /// # Source
    /// The statistical yearbooks of China (中国统计年鉴) give growth by plan with
    /// `1963-1965` as a row between the second and the third.
    #[must_use]
    pub fn new(plans: &[(u32, DateRange)], congresses: &[(u32, DateRange)]) -> Self {
        let sorted = |spans: &[(u32, DateRange)]| {
            let mut spans = spans.to_vec();
            spans.sort_by_key(|(number, range)| (range.start, *number));
            spans.dedup_by_key(|(_, range)| range.start);
            spans
        };
        let (plans, congresses) = (sorted(plans), sorted(congresses));
        let mut spans: Vec<Named> = Vec::new();
        for (number, range) in &plans {
            if let Some(gap) = spans.last().and_then(|last| last.end?.succ_opt()).filter(|day| *day < range.start) {
                let end = range.start.pred_opt();
                spans.push(Named { label: format!("{}-{}", gap.year(), end.map_or(gap.year(), |day| day.year())), start: gap, end });
            }
            spans.push(Named { label: format!("plan-{number:02}"), start: range.start, end: Some(range.end) });
        }
        let ends = congresses.iter().skip(1).map(|(_, next)| next.start.pred_opt()).chain([None]);
        let congresses =
            congresses.iter().zip(ends).map(|((number, range), end)| Named { label: format!("congress-{number:02}"), start: range.start, end }).collect();
        Self { plans: spans, congresses }
    }

    /// Whether periods of this length are known here.
    #[must_use]
    pub fn has(&self, period: Period) -> bool {
        self.named(period).is_none_or(|spans| !spans.is_empty())
    }

    fn named(&self, period: Period) -> Option<&[Named]> {
        match period {
            Period::Plan => Some(&self.plans),
            Period::Congress => Some(&self.congresses),
            _ => None,
        }
    }

    fn with_start(&self, period: Period, start: NaiveDate) -> Option<&Named> {
        let spans = self.named(period)?;
        spans.binary_search_by_key(&start, |span| span.start).ok().and_then(|at| spans.get(at))
    }

    /// First day of the period that holds `day`; `None`: none does.
    #[must_use]
    pub fn start_of(&self, period: Period, day: NaiveDate) -> Option<NaiveDate> {
        let first = |month| NaiveDate::from_ymd_opt(day.year(), month, 1);
        match period {
            Period::Day | Period::Whole => Some(day),
            Period::Week => day.checked_sub_days(Days::new(u64::from(day.weekday().num_days_from_monday()))).or(Some(day)),
            Period::Month => first(day.month()),
            Period::Quarter => first((day.month() - 1) / 3 * 3 + 1),
            Period::Year => first(1),
            Period::Plan | Period::Congress => {
                let spans = self.named(period)?;
                let at = spans.partition_point(|span| span.start <= day).checked_sub(1)?;
                spans.get(at).filter(|span| span.end.is_none_or(|end| day <= end)).map(|span| span.start)
            }
        }
    }

    /// Last day of the period that begins on `start`; `None`: its end is not
    /// known yet.
    #[must_use]
    pub fn end_of(&self, period: Period, start: NaiveDate) -> Option<NaiveDate> {
        let range = match period {
            Period::Day | Period::Whole => return Some(start),
            Period::Week => return start.checked_add_days(Days::new(6)),
            Period::Month => DateRange::month(start.year(), start.month()),
            Period::Quarter => DateRange::quarter(start.year(), start.month().div_ceil(3)),
            Period::Year => DateRange::year(start.year()),
            Period::Plan | Period::Congress => return self.with_start(period, start).map_or(Some(start), |span| span.end),
        };
        Some(range.map_or(start, |r| r.end))
    }

    /// First day of the period after the one that begins on `start`; `None`:
    /// that one is the last.
    #[must_use]
    pub fn next(&self, period: Period, start: NaiveDate) -> Option<NaiveDate> {
        let day = self.end_of(period, start)?.succ_opt()?;
        self.start_of(period, day)
    }

    /// First days of the periods from `first` to `last`, which begin periods.
    pub fn starts(&self, period: Period, days: RangeInclusive<NaiveDate>) -> impl Iterator<Item = NaiveDate> + '_ {
        let last = *days.end();
        std::iter::successors(Some(*days.start()), move |start| self.next(period, *start).filter(|next| next > start)).take_while(move |start| *start <= last)
    }

    /// First day of the one period in which all days from `first` to `last` lie;
    /// `None` if they are spread over several, or in none: such a date has no place in
    /// a series of this length.
    #[must_use]
    pub fn place(&self, period: Period, first: NaiveDate, last: NaiveDate) -> Option<NaiveDate> {
        let start = self.start_of(period, first)?;
        self.end_of(period, start).is_none_or(|end| last <= end).then_some(start)
    }

    /// `2024-03-05`, `2024-W10`, `2024-03`, `2024-Q1`, `2024`, `plan-14`,
    /// `1963-1965`, `congress-20`.
    #[must_use]
    pub fn label(&self, period: Period, start: NaiveDate) -> String {
        match period {
            Period::Day | Period::Whole => start.to_string(),
            Period::Week => format!("{:04}-W{:02}", start.iso_week().year(), start.iso_week().week()),
            Period::Month => format!("{:04}-{:02}", start.year(), start.month()),
            Period::Quarter => format!("{:04}-Q{}", start.year(), start.month().div_ceil(3)),
            Period::Year => format!("{:04}", start.year()),
            Period::Plan | Period::Congress => self.with_start(period, start).map_or_else(|| start.to_string(), |span| span.label.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        crate::parse::read_date(text).unwrap().start
    }

    fn calendar() -> Calendar {
        let almanac = crate::resolve::Vocabulary::builtin().almanac;
        Calendar::new(almanac.plans(), almanac.congresses())
    }

    #[test]
    fn weeks_are_those_of_iso_8601() {
        let calendar = Calendar::default();
        let start = calendar.start_of(Period::Week, day("2021-01-03")).unwrap();
        assert_eq!((start, calendar.label(Period::Week, start)), (day("2020-12-28"), "2020-W53".to_owned()));
    }

    #[test]
    fn a_date_coarser_than_the_period_has_no_place() {
        let calendar = calendar();
        let year = crate::parse::read_date("2010").unwrap();
        assert_eq!(calendar.place(Period::Month, year.start, year.end), None);
        assert_eq!(calendar.place(Period::Year, year.start, year.end), Some(day("2010-01-01")));
        assert_eq!(calendar.place(Period::Plan, year.start, year.end), Some(day("2006-01-01")));
        assert_eq!(calendar.place(Period::Congress, year.start, year.end), Some(day("2007-10-15")));
        assert_eq!(calendar.place(Period::Congress, day("2007"), day("2007-12-31")), None);
        let range = DateRange::of_day(day("2023-12-31")).to(DateRange::of_day(day("2024-01-01"))).unwrap();
        assert_eq!(calendar.place(Period::Year, range.start, range.end), None);
        assert_eq!(calendar.place(Period::Week, range.start, range.end), None);
    }

    #[test]
    fn the_years_between_two_plans_are_a_period_and_those_outside_all_are_none() {
        let calendar = calendar();
        let labelled = |period, text: &str| calendar.start_of(period, day(text)).map(|start| (calendar.label(period, start), calendar.end_of(period, start)));
        assert_eq!(labelled(Period::Plan, "1952-12-31"), None);
        assert_eq!(labelled(Period::Plan, "1953-01-01"), Some(("plan-01".into(), Some(day("1957-12-31")))));
        assert_eq!(labelled(Period::Plan, "1964-06-01"), Some(("1963-1965".into(), Some(day("1965-12-31")))));
        assert_eq!(labelled(Period::Plan, "2024-03-05"), Some(("plan-14".into(), Some(day("2025-12-31")))));
        assert_eq!(labelled(Period::Plan, "2099-01-01"), None);
        assert_eq!(calendar.next(Period::Plan, day("1958-01-01")), Some(day("1963-01-01")));
    }

    #[test]
    fn a_congress_lasts_to_the_day_before_the_next_and_the_last_one_is_open() {
        let calendar = calendar();
        let start = calendar.start_of(Period::Congress, day("2022-10-15")).unwrap();
        assert_eq!((start, calendar.end_of(Period::Congress, start)), (day("2017-10-18"), Some(day("2022-10-15"))));
        assert_eq!(calendar.label(Period::Congress, start), "congress-19");
        let next = calendar.next(Period::Congress, start).unwrap();
        let open: Vec<_> = calendar.starts(Period::Congress, next..=day("2999-01-01")).collect();
        assert_eq!(calendar.end_of(Period::Congress, *open.last().unwrap()), None);
        assert_eq!(calendar.start_of(Period::Congress, day("1921-07-22")), None);
    }

    proptest! {
        #[test]
        fn periods_tile_the_days(days in 0..60_000_u64) {
            static CALENDAR: std::sync::LazyLock<Calendar> = std::sync::LazyLock::new(calendar);
            let day = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + Days::new(days);
            for period in Period::ALL {
                let Some(start) = CALENDAR.start_of(period, day) else {
                    prop_assert!(period >= Period::Plan);
                    continue;
                };
                prop_assert!(start <= day && CALENDAR.end_of(period, start).is_none_or(|end| day <= end));
                if let Some(next) = CALENDAR.next(period, start) {
                    prop_assert_eq!(CALENDAR.start_of(period, next), Some(next));
                    prop_assert_eq!(CALENDAR.end_of(period, start).and_then(|end| end.succ_opt()), Some(next));
                    prop_assert!(period.ordinal(start).0 < period.ordinal(next).0);
                }
                prop_assert_eq!(CALENDAR.place(period, day, day), Some(start));
            }
        }
    }
}
