//! Which days a source speaks on, and which it misses.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate, Weekday};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::counts::small;
use super::period::{Calendar, Period};
use super::rollup::PresenceRow;
use super::word::Word;

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

/// The table `coverage`, kept as numbers. Rows are made when they are read.
#[derive(Debug, Default)]
pub struct Coverage {
    /// By name.
    sources: Vec<OfSource>,
}

/// The units of a source.
#[derive(Debug)]
struct OfSource {
    source: Word,
    unit: Period,
    /// By start.
    cells: Vec<CoverageCell>,
}

/// A source in a unit.
#[derive(Clone, Copy, Debug)]
struct CoverageCell {
    start: NaiveDate,
    expected: bool,
    present: bool,
    suspiciously_short: bool,
    documents: u32,
    han_chars: u64,
}

impl CoverageCell {
    const fn missing(&self) -> bool {
        self.expected && !self.present
    }
}

impl Coverage {
    /// The coverage of every source from its first unit to its last, or to `as_of`.
    pub(super) fn new(presence: &[PresenceRow], sources: &[SourceCadence], as_of: Option<NaiveDate>) -> Self {
        let of_source = |source: &SourceCadence| OfSource::new(presence, source, as_of);
        let mut sources: Vec<OfSource> = sources.iter().filter_map(of_source).collect();
        sources.sort_by(|a, b| a.source.cmp(&b.source));
        Self { sources }
    }

    /// The rows, by source and start.
    pub fn rows(&self) -> impl Iterator<Item = CoverageRow> + '_ {
        self.sources.iter().flat_map(|of| {
            let unit: Word = of.unit.name().into();
            of.cells.iter().map(move |cell| CoverageRow {
                source: of.source.clone(),
                unit: unit.clone(),
                date_start: cell.start,
                date_end: of.end(cell),
                expected: cell.expected,
                present: cell.present,
                missing: cell.missing(),
                suspiciously_short: cell.suspiciously_short,
                documents: cell.documents.into(),
                han_chars: cell.han_chars,
            })
        })
    }
}

impl OfSource {
    /// `None`: none of its documents has a unit.
    fn new(presence: &[PresenceRow], SourceCadence { source, cadence }: &SourceCadence, as_of: Option<NaiveDate>) -> Option<Self> {
        let (unit, calendar) = (cadence.unit(), plain_calendar());
        let mut found: BTreeMap<NaiveDate, (u64, u64)> = BTreeMap::new();
        for row in presence.iter().filter(|row| row.source == *source) {
            // Documents dated more coarsely than the unit are on no day.
            if let Some(start) = calendar.place(unit, row.date_start, row.date_end) {
                let sum = found.entry(start).or_default();
                *sum = (sum.0 + row.documents, sum.1 + row.han_chars);
            }
        }
        let (first, last) = (*found.keys().next()?, *found.keys().next_back()?);
        let last = as_of.and_then(|day| calendar.start_of(unit, day)).map_or(last, |day| last.max(day));
        let present: Vec<(NaiveDate, u64)> = found.iter().map(|(start, (_, han))| (*start, *han)).collect();
        let cell = |start: NaiveDate| {
            let counts = found.get(&start);
            let expected = cadence.expects(start);
            let (documents, han_chars) = counts.copied().unwrap_or_default();
            (expected || counts.is_some()).then(|| CoverageCell {
                start,
                expected,
                present: counts.is_some(),
                suspiciously_short: *cadence != Cadence::None && counts.is_some() && is_short(&present, start, han_chars),
                documents: small(documents),
                han_chars,
            })
        };
        let starts: Vec<NaiveDate> = calendar.starts(unit, first..=last).collect();
        let mut cells: Vec<CoverageCell> = starts.into_par_iter().filter_map(cell).collect();
        cells.shrink_to_fit();
        Some(Self { source: source.as_str().into(), unit, cells })
    }

    /// Last day of a unit.
    fn end(&self, cell: &CoverageCell) -> NaiveDate {
        plain_calendar().end_of(self.unit, cell.start).unwrap_or(cell.start)
    }

    fn present(&self) -> impl Iterator<Item = NaiveDate> + '_ {
        self.cells.iter().filter(|cell| cell.present).map(|cell| cell.start)
    }
}

/// Units are days and years, which need no almanac.
fn plain_calendar() -> Calendar {
    Calendar::default()
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
    sources: Vec<WithCadence>,
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

/// A source with a cadence.
struct WithCadence {
    cadence: Cadence,
    /// First days of the units in which it speaks, in order.
    present: Vec<NaiveDate>,
    /// First day of the first unit and last day of the last.
    span: (NaiveDate, NaiveDate),
}

impl<'c> Days<'c> {
    pub(super) fn new(coverage: &Coverage, sources: &[SourceCadence], calendar: &'c Calendar) -> Self {
        let with_cadence = |source: &SourceCadence| -> Option<WithCadence> {
            let of = coverage.sources.iter().find(|of| of.source == source.source)?;
            let span = (of.cells.first()?.start, of.end(of.cells.last()?));
            (source.cadence != Cadence::None).then(|| WithCadence { cadence: source.cadence, present: of.present().collect(), span })
        };
        let of_sources = coverage.sources.iter().flat_map(|of| {
            let of_cell = |cell: &CoverageCell| Expected { start: cell.start, end: of.end(cell), sources: 1, missing: cell.missing().into() };
            of.cells.iter().filter(|cell| cell.expected).map(of_cell)
        });
        let mut expected: Vec<Expected> = of_sources.collect();
        expected.sort_unstable_by_key(|unit| (unit.start, unit.end));
        expected.dedup_by(|next, kept| {
            let same = (next.start, next.end) == (kept.start, kept.end);
            if same {
                (kept.sources, kept.missing) = (kept.sources + next.sources, kept.missing + next.missing);
            }
            same
        });
        let by_day = coverage.sources.iter().filter(|of| of.unit == Period::Day);
        let mut spoken: Vec<NaiveDate> = by_day.flat_map(OfSource::present).collect();
        spoken.sort_unstable();
        spoken.dedup();
        Self { calendar, expected, spoken, sources: sources.iter().filter_map(with_cadence).collect() }
    }

    /// Days in the period on which any source speaks.
    pub(super) fn covered(&self, start: NaiveDate, end: Option<NaiveDate>) -> u64 {
        let until = self.spoken.partition_point(|day| end.is_none_or(|end| *day <= end));
        until.saturating_sub(self.spoken.partition_point(|day| *day < start)) as u64
    }

    /// First days of the periods in which a source was expected and missing.
    pub(super) fn missed(&self, period: Period) -> BTreeSet<NaiveDate> {
        self.expected.iter().filter(|unit| unit.missing > 0).filter_map(|unit| self.calendar.place(period, unit.start, unit.end)).collect()
    }

    /// Whether a source with a cadence begins or ends inside the period, so that
    /// units of it lie outside.
    pub(super) fn cut(&self, period: Period, start: NaiveDate, end: Option<NaiveDate>) -> bool {
        let last = end.unwrap_or(NaiveDate::MAX);
        self.sources.iter().filter(|source| source.cadence.unit() <= period).any(|WithCadence { cadence, span, .. }| {
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
        for WithCadence { cadence, present, span } in &self.sources {
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

    fn rows_of(presence: &[PresenceRow], sources: &[SourceCadence], as_of: Option<NaiveDate>) -> Vec<CoverageRow> {
        Coverage::new(presence, sources, as_of).rows().collect()
    }

    fn source(cadence: Cadence) -> Vec<SourceCadence> {
        vec![SourceCadence { source: "s".into(), cadence }]
    }

    #[test]
    fn missing_and_short_days_are_marked() {
        let mut days: Vec<(String, u64)> = (1..=20).filter(|d| *d != 7).map(|d| (format!("2024-03-{d:02}"), 1000)).collect();
        days[10].1 = 100;
        let days: Vec<(&str, u64)> = days.iter().map(|(d, n)| (d.as_str(), *n)).collect();
        let got = rows_of(&rows(&days), &source(Cadence::Daily), Some(day("2024-03-21")));
        let missing: Vec<_> = got.iter().filter(|r| r.missing).map(|r| r.date_start.to_string()).collect();
        let short: Vec<_> = got.iter().filter(|r| r.suspiciously_short).map(|r| r.date_start.to_string()).collect();
        assert_eq!(missing, ["2024-03-07", "2024-03-21"]);
        assert_eq!(short, ["2024-03-12"]);
        assert_eq!(got.len(), 21);
    }

    #[test]
    fn weekends_are_not_expected_of_a_weekday_source() {
        let got = rows_of(&rows(&[("2024-03-01", 9), ("2024-03-05", 9)]), &source(Cadence::Weekdays), None);
        let dates: Vec<_> = got.iter().map(|r| (r.date_start.day(), r.missing)).collect();
        assert_eq!(dates, [(1, false), (4, true), (5, false)]);
    }

    #[test]
    fn years_without_a_report_are_missing_and_a_year_is_whole_with_one() {
        let presence: Vec<_> = [2017, 2019]
            .iter()
            .map(|y| {
                let range = crate::parse::DateRange::year(*y).unwrap();
                PresenceRow { source: "s".into(), date_start: range.start, date_end: range.end, documents: 1, han_chars: 9 }
            })
            .collect();
        let sources = source(Cadence::Yearly);
        let coverage = Coverage::new(&presence, &sources, None);
        let got: Vec<CoverageRow> = coverage.rows().collect();
        assert_eq!(got.iter().map(|r| r.missing).collect::<Vec<_>>(), [false, true, false]);
        let calendar = Calendar::default();
        let days = Days::new(&coverage, &sources, &calendar);
        assert_eq!(days.partial(Period::Year, day("2017-01-01"), Some(day("2017-12-31"))), Some(false));
        assert_eq!(days.partial(Period::Year, day("2018-01-01"), Some(day("2018-12-31"))), Some(true));
        assert_eq!(days.partial(Period::Month, day("2017-01-01"), Some(day("2017-01-31"))), None);
        assert_eq!(days.partial(Period::Year, day("1998-01-01"), Some(day("1998-12-31"))), None);
        assert_eq!(days.missed(Period::Year).into_iter().collect::<Vec<_>>(), [day("2018-01-01")]);
        assert!(days.missed(Period::Month).is_empty());
    }
}
