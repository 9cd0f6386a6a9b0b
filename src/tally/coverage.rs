//! Which days a source speaks on, and which it misses.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate, Weekday};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::period::{Calendar, Period};
use super::rollup::PresenceRow;
use super::word::Word;
use crate::parse::DateRange;

/// How often a source is expected to speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cadence {
    /// Every day.
    Daily,
    /// Monday to Friday.
    Weekdays,
    /// Once a year.
    Yearly,
    /// Nothing is expected.
    #[default]
    None,
}

impl Cadence {
    /// The word in the tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekdays => "weekdays",
            Self::Yearly => "yearly",
            Self::None => "none",
        }
    }

    /// The period in which it is expected once.
    #[must_use]
    pub const fn unit(self) -> Period {
        match self {
            Self::Yearly => Period::Year,
            Self::Daily | Self::Weekdays | Self::None => Period::Day,
        }
    }

    /// Whether it is expected in the unit that begins on `start`.
    #[must_use]
    pub fn expects(self, start: NaiveDate) -> bool {
        match self {
            Self::Daily | Self::Yearly => true,
            Self::Weekdays => !matches!(start.weekday(), Weekday::Sat | Weekday::Sun),
            Self::None => false,
        }
    }
}

/// A source and how often it is expected to speak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceCadence {
    /// Name.
    pub source: String,
    /// Cadence.
    pub cadence: Cadence,
}

/// A source on a day, or in a year if it speaks once a year.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoverageRow {
    /// Source.
    pub source: Word,
    /// Length of the unit: `day` or `year`.
    pub unit: Word,
    /// First day of the unit.
    pub date_start: NaiveDate,
    /// Last day of the unit.
    pub date_end: NaiveDate,
    /// The source was expected to speak.
    pub expected: bool,
    /// It did.
    pub present: bool,
    /// It was expected and did not.
    pub missing: bool,
    /// It did, with far less text than around that time.
    pub suspiciously_short: bool,
    /// Documents.
    pub documents: u64,
    /// Han characters.
    pub han_chars: u64,
}

/// Units on each side by which a unit is judged, and how many must be there.
const NEIGHBOURS: usize = 15;
const FEWEST_NEIGHBOURS: usize = 5;
/// A unit is suspiciously short below one part in this many of the median of
/// its neighbours.
const SHORT_PART: u64 = 4;

/// The coverage of every source from its first unit to its last, or to `as_of`.
pub(super) fn coverage(presence: &[PresenceRow], sources: &[SourceCadence], as_of: Option<NaiveDate>) -> Vec<CoverageRow> {
    let mut out = Vec::new();
    // Units are days and years, which need no almanac.
    let calendar = Calendar::default();
    for SourceCadence { source, cadence } in sources {
        let unit = cadence.unit();
        let mut found: BTreeMap<NaiveDate, (u64, u64)> = BTreeMap::new();
        for row in presence.iter().filter(|row| row.source == *source) {
            let range = DateRange { start: row.date_start, end: row.date_end, precision: crate::parse::Precision::Day };
            // Documents dated more coarsely than the unit are on no day.
            if let Some(start) = calendar.place(unit, range) {
                let sum = found.entry(start).or_default();
                *sum = (sum.0 + row.documents, sum.1 + row.han_chars);
            }
        }
        let (Some(first), Some(last)) = (found.keys().next().copied(), found.keys().next_back().copied()) else { continue };
        let last = as_of.and_then(|day| calendar.start_of(unit, day)).map_or(last, |day| last.max(day));
        let present: Vec<(NaiveDate, u64)> = found.iter().map(|(start, (_, han))| (*start, *han)).collect();
        let (of_source, of_unit): (Word, Word) = (source.as_str().into(), unit.name().into());
        let row = |start: NaiveDate| {
            let counts = found.get(&start);
            let expected = cadence.expects(start);
            let (documents, han_chars) = counts.copied().unwrap_or_default();
            (expected || counts.is_some()).then(|| CoverageRow {
                source: of_source.clone(),
                unit: of_unit.clone(),
                date_start: start,
                date_end: calendar.end_of(unit, start).unwrap_or(start),
                expected,
                present: counts.is_some(),
                missing: expected && counts.is_none(),
                suspiciously_short: *cadence != Cadence::None && counts.is_some() && is_short(&present, start, han_chars),
                documents,
                han_chars,
            })
        };
        let starts: Vec<NaiveDate> = calendar.starts(unit, first..=last).collect();
        out.par_extend(starts.into_par_iter().filter_map(row));
    }
    out.sort_by(|a, b| (&a.source, a.date_start).cmp(&(&b.source, b.date_start)));
    out
}

/// Days in order, each once.
fn in_order(days: impl Iterator<Item = NaiveDate>) -> Vec<NaiveDate> {
    let mut out: Vec<NaiveDate> = days.collect();
    out.sort_unstable();
    out.dedup();
    out
}

fn is_short(present: &[(NaiveDate, u64)], start: NaiveDate, han_chars: u64) -> bool {
    let at = present.partition_point(|(day, _)| *day < start);
    let from = at.saturating_sub(NEIGHBOURS);
    let mut around: Vec<u64> = present.iter().skip(from).take(at + NEIGHBOURS + 1 - from).filter(|(day, _)| *day != start).map(|(_, han)| *han).collect();
    around.sort_unstable();
    let median = around.get(around.len() / 2).copied().unwrap_or(0);
    around.len() >= FEWEST_NEIGHBOURS && han_chars * SHORT_PART < median
}

/// Days with text, and units expected and missed, for asking by period.
pub(super) struct Days<'c> {
    calendar: &'c Calendar,
    /// In order.
    spoken: Vec<NaiveDate>,
    sources: Vec<Units>,
    /// By first and last day.
    expected: Vec<Expected>,
}

/// A unit, how many sources were expected to fill it, and how many did not.
struct Expected {
    start: NaiveDate,
    end: NaiveDate,
    sources: u32,
    missing: u32,
}

/// The units of a source with a cadence.
struct Units {
    cadence: Cadence,
    /// In order.
    present: Vec<NaiveDate>,
    /// First day of the first unit and last day of the last.
    span: (NaiveDate, NaiveDate),
}

impl<'c> Days<'c> {
    pub(super) fn new(coverage: &[CoverageRow], sources: &[SourceCadence], calendar: &'c Calendar) -> Self {
        let units = |source: &SourceCadence| -> Option<Units> {
            let rows = || coverage.iter().filter(|row| row.source == source.source);
            let span = (rows().map(|row| row.date_start).min()?, rows().map(|row| row.date_end).max()?);
            let present = in_order(rows().filter(|row| row.present).map(|row| row.date_start));
            (source.cadence != Cadence::None).then_some(Units { cadence: source.cadence, present, span })
        };
        let of_source = |row: &CoverageRow| Expected { start: row.date_start, end: row.date_end, sources: 1, missing: u32::from(row.missing) };
        let mut expected: Vec<Expected> = coverage.iter().filter(|row| row.expected).map(of_source).collect();
        expected.sort_unstable_by_key(|unit| (unit.start, unit.end));
        expected.dedup_by(|next, kept| {
            let same = (next.start, next.end) == (kept.start, kept.end);
            if same {
                (kept.sources, kept.missing) = (kept.sources + next.sources, kept.missing + next.missing);
            }
            same
        });
        Self {
            calendar,
            expected,
            spoken: in_order(coverage.iter().filter(|row| row.present && row.unit == Period::Day.name()).map(|row| row.date_start)),
            sources: sources.iter().filter_map(units).collect(),
        }
    }

    /// Days in the period on which any source speaks.
    pub(super) fn covered(&self, start: NaiveDate, end: Option<NaiveDate>) -> u64 {
        let until = self.spoken.partition_point(|day| end.is_none_or(|end| *day <= end));
        until.saturating_sub(self.spoken.partition_point(|day| *day < start)) as u64
    }

    /// First days of the periods in which a source was expected and missing.
    pub(super) fn missed(&self, period: Period) -> BTreeSet<NaiveDate> {
        let days = |unit: &Expected| DateRange { start: unit.start, end: unit.end, precision: crate::parse::Precision::Day };
        self.expected.iter().filter(|unit| unit.missing > 0).filter_map(|unit| self.calendar.place(period, days(unit))).collect()
    }

    /// Whether a source with a cadence begins or ends inside the period, so that
    /// units of it lie outside.
    pub(super) fn cut(&self, period: Period, start: NaiveDate, end: Option<NaiveDate>) -> bool {
        let last = end.unwrap_or(NaiveDate::MAX);
        self.sources.iter().filter(|source| source.cadence.unit() <= period).any(|Units { cadence, span, .. }| {
            let expects = |days: RangeInclusive<NaiveDate>| {
                let first = self.calendar.start_of(cadence.unit(), *days.start());
                !days.is_empty() && first.is_some_and(|first| self.calendar.starts(cadence.unit(), first..=*days.end()).any(|day| cadence.expects(day)))
            };
            let begins = start < span.0 && span.0 <= last && span.0.pred_opt().is_some_and(|day| expects(start..=day));
            let ends = start <= span.1 && span.1 < last && (end.is_none() || span.1.succ_opt().is_some_and(|day| expects(day..=last)));
            begins || ends
        })
    }

    /// Of the units that sources were expected to fill between two days, the share
    /// that they did not; 0 where nothing was expected.
    pub(super) fn missing_share(&self, start: NaiveDate, end: Option<NaiveDate>) -> f64 {
        let end = end.unwrap_or(NaiveDate::MAX);
        let first = self.expected.partition_point(|unit| unit.start < start);
        let units = self.expected.iter().skip(first).take_while(|unit| unit.start <= end).filter(|unit| unit.end <= end);
        let (expected, missing) = units.fold((0, 0), |sum, unit| (sum.0 + u64::from(unit.sources), sum.1 + u64::from(unit.missing)));
        if expected == 0 { 0.0 } else { missing as f64 / expected as f64 }
    }

    /// Whether a source with a cadence that speaks around the period misses a
    /// unit of it; `None` if no such source has units as short as the period. A
    /// period whose end is not known is never whole.
    pub(super) fn partial(&self, period: Period, start: NaiveDate, end: Option<NaiveDate>) -> Option<bool> {
        let mut asked = false;
        let mut misses = end.is_none();
        let last = end.unwrap_or(start);
        for Units { cadence, present, span } in &self.sources {
            let unit = cadence.unit();
            if unit > period || span.1 < start || end.is_some_and(|end| end < span.0) {
                continue;
            }
            asked = true;
            let first = self.calendar.start_of(unit, start).unwrap_or(start);
            misses |= self.calendar.starts(unit, first..=last).any(|day| cadence.expects(day) && present.binary_search(&day).is_err());
        }
        asked.then_some(misses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        crate::parse::read_date(text).unwrap().start
    }

    fn rows(days: &[(&str, u64)]) -> Vec<PresenceRow> {
        days.iter().map(|(d, han)| PresenceRow { source: "s".into(), date_start: day(d), date_end: day(d), documents: 1, han_chars: *han }).collect()
    }

    fn source(cadence: Cadence) -> Vec<SourceCadence> {
        vec![SourceCadence { source: "s".into(), cadence }]
    }

    #[test]
    fn missing_and_short_days_are_marked() {
        let mut days: Vec<(String, u64)> = (1..=20).filter(|d| *d != 7).map(|d| (format!("2024-03-{d:02}"), 1000)).collect();
        days[10].1 = 100;
        let days: Vec<(&str, u64)> = days.iter().map(|(d, n)| (d.as_str(), *n)).collect();
        let got = coverage(&rows(&days), &source(Cadence::Daily), Some(day("2024-03-21")));
        let missing: Vec<_> = got.iter().filter(|r| r.missing).map(|r| r.date_start.to_string()).collect();
        let short: Vec<_> = got.iter().filter(|r| r.suspiciously_short).map(|r| r.date_start.to_string()).collect();
        assert_eq!(missing, ["2024-03-07", "2024-03-21"]);
        assert_eq!(short, ["2024-03-12"]);
        assert_eq!(got.len(), 21);
    }

    #[test]
    fn weekends_are_not_expected_of_a_weekday_source() {
        let got = coverage(&rows(&[("2024-03-01", 9), ("2024-03-05", 9)]), &source(Cadence::Weekdays), None);
        let dates: Vec<_> = got.iter().map(|r| (r.date_start.day(), r.missing)).collect();
        assert_eq!(dates, [(1, false), (4, true), (5, false)]);
    }

    #[test]
    fn years_without_a_report_are_missing_and_a_year_is_whole_with_one() {
        let presence: Vec<_> = [2017, 2019]
            .iter()
            .map(|y| {
                let range = DateRange::year(*y).unwrap();
                PresenceRow { source: "s".into(), date_start: range.start, date_end: range.end, documents: 1, han_chars: 9 }
            })
            .collect();
        let sources = source(Cadence::Yearly);
        let got = coverage(&presence, &sources, None);
        assert_eq!(got.iter().map(|r| r.missing).collect::<Vec<_>>(), [false, true, false]);
        let calendar = Calendar::default();
        let days = Days::new(&got, &sources, &calendar);
        assert_eq!(days.partial(Period::Year, day("2017-01-01"), Some(day("2017-12-31"))), Some(false));
        assert_eq!(days.partial(Period::Year, day("2018-01-01"), Some(day("2018-12-31"))), Some(true));
        assert_eq!(days.partial(Period::Month, day("2017-01-01"), Some(day("2017-01-31"))), None);
        assert_eq!(days.partial(Period::Year, day("1998-01-01"), Some(day("1998-12-31"))), None);
        assert_eq!(days.missed(Period::Year).into_iter().collect::<Vec<_>>(), [day("2018-01-01")]);
        assert!(days.missed(Period::Month).is_empty());
    }
}
