//! Periods of the calendar by which counts are put together.

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
    /// The whole corpus, dated or not: no length that a pipeline can ask for.
    #[serde(skip)]
    Whole,
}

impl Period {
    /// All lengths of the calendar.
    pub const ALL: [Self; 5] = [Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// The word in the tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::Whole => "whole",
        }
    }

    /// The length with this [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }

    /// First day of the period that holds `day`.
    #[must_use]
    pub fn start_of(self, day: NaiveDate) -> NaiveDate {
        let first = |month| NaiveDate::from_ymd_opt(day.year(), month, 1);
        match self {
            Self::Day | Self::Whole => Some(day),
            Self::Week => day.checked_sub_days(Days::new(u64::from(day.weekday().num_days_from_monday()))),
            Self::Month => first(day.month()),
            Self::Quarter => first((day.month() - 1) / 3 * 3 + 1),
            Self::Year => first(1),
        }
        .unwrap_or(day)
    }

    /// Last day of the period that begins on `start`.
    #[must_use]
    pub fn end_of(self, start: NaiveDate) -> NaiveDate {
        let range = match self {
            Self::Day | Self::Whole => None,
            Self::Week => return start.checked_add_days(Days::new(6)).unwrap_or(start),
            Self::Month => DateRange::month(start.year(), start.month()),
            Self::Quarter => DateRange::quarter(start.year(), start.month().div_ceil(3)),
            Self::Year => DateRange::year(start.year()),
        };
        range.map_or(start, |r| r.end)
    }

    /// First day of the period after the one that begins on `start`.
    #[must_use]
    pub fn next(self, start: NaiveDate) -> NaiveDate {
        self.end_of(start).succ_opt().unwrap_or(start)
    }

    /// First day of the one period in which the whole range lies; `None` if it
    /// is spread over several: such a date has no place in a series of this length.
    #[must_use]
    pub fn place(self, range: DateRange) -> Option<NaiveDate> {
        let start = self.start_of(range.start);
        (range.end <= self.end_of(start)).then_some(start)
    }

    /// `2024-03-05`, `2024-W10`, `2024-03`, `2024-Q1`, `2024`.
    #[must_use]
    pub fn label(self, start: NaiveDate) -> String {
        match self {
            Self::Day | Self::Whole => start.to_string(),
            Self::Week => format!("{:04}-W{:02}", start.iso_week().year(), start.iso_week().week()),
            Self::Month => format!("{:04}-{:02}", start.year(), start.month()),
            Self::Quarter => format!("{:04}-Q{}", start.year(), start.month().div_ceil(3)),
            Self::Year => format!("{:04}", start.year()),
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

    #[test]
    fn weeks_are_those_of_iso_8601() {
        let start = Period::Week.start_of(day("2021-01-03"));
        assert_eq!((start, Period::Week.label(start)), (day("2020-12-28"), "2020-W53".to_owned()));
    }

    #[test]
    fn a_date_coarser_than_the_period_has_no_place() {
        let year = crate::parse::read_date("2010").unwrap();
        assert_eq!(Period::Month.place(year), None);
        assert_eq!(Period::Year.place(year), Some(day("2010-01-01")));
        let range = DateRange::of_day(day("2023-12-31")).to(DateRange::of_day(day("2024-01-01"))).unwrap();
        assert_eq!(Period::Year.place(range), None);
        assert!(Period::Week.place(range).is_none());
    }

    proptest! {
        #[test]
        fn periods_tile_the_days(days in 0..60_000_u64) {
            let day = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + Days::new(days);
            for period in Period::ALL {
                let start = period.start_of(day);
                prop_assert!(start <= day && day <= period.end_of(start));
                prop_assert_eq!(period.start_of(period.next(start)), period.next(start));
                prop_assert_eq!(period.place(DateRange::of_day(day)), Some(start));
            }
        }
    }
}
