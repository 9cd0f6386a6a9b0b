//! The denominators: all text of each period and member, kept as numbers. Rows of
//! `period_totals` are made when they are read.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Settings;
use super::counts::{Counts, PlaceCounts, Whole};
use super::coverage::Days;
use super::period::Period;
use super::rollup::Breakdown;
use super::series::label;
use super::word::Word;

/// The denominators of a period and member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TotalRow {
    /// Length of the period.
    pub period: Word,
    /// First day; `None` in the `unplaced` row.
    pub period_start: Option<NaiveDate>,
    /// Last day; `None` in the `unplaced` row, and where it is not known yet.
    pub period_end: Option<NaiveDate>,
    /// `2024-03`, `2024-Q1`, or `unplaced`.
    pub period_label: Word,
    /// Breakdown.
    pub breakdown: Word,
    /// Member.
    pub member: Word,
    /// Documents.
    pub documents: u64,
    /// Sentences.
    pub sentences: u64,
    /// Han characters.
    pub han_chars: u64,
    /// Days of the period on which any source speaks.
    pub days_covered: Option<u64>,
    /// A source with a cadence misses a unit of the period.
    pub partial: Option<bool>,
}

/// The table `period_totals`, by period length, start, breakdown and member, the
/// unplaced last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    members: Vec<Member>,
    places: Vec<PlaceTotals>,
    rows: Vec<Total>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Member {
    breakdown: Word,
    name: Word,
    /// It is all text.
    all: bool,
}

/// What the rows of a place have of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct PlaceTotals {
    period: Word,
    start: Option<NaiveDate>,
    end: Option<NaiveDate>,
    label: Word,
    days_covered: Option<u64>,
    partial: Option<bool>,
}

/// A row by the numbers of its place and member; 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Total {
    place: u32,
    member: u32,
    documents: u64,
    sentences: u64,
    han_chars: u64,
}

impl Totals {
    /// Of all text. A period in which a source was expected and nothing at all was said
    /// gets a row of zeros under `all`.
    pub(super) fn new(counts: &Counts, days: &Days, settings: &Settings) -> Self {
        let calendar = &settings.calendar;
        let member =
            |(breakdown, name): &(Breakdown, Word)| Member { breakdown: breakdown.name().into(), name: name.clone(), all: *breakdown == Breakdown::All };
        let mut out = Self { members: counts.members.iter().map(member).collect(), ..Self::default() };
        // Room for all of them, and for periods without text.
        out.rows.reserve_exact(counts.places.values().map(|place| place.wholes.len() + 1).sum());
        for period in Period::ALL.into_iter().filter(|period| settings.asks(*period, Breakdown::All)) {
            let of_period = counts.places.range((period, None)..=(period, Some(NaiveDate::MAX)));
            let key = |start: Option<NaiveDate>| (start.is_none(), start);
            let mut places: BTreeMap<_, Option<&PlaceCounts>> = of_period.map(|((_, start), counts)| (key(*start), Some(counts))).collect();
            if places.keys().any(|(unplaced, _)| !unplaced) {
                for start in days.missed(period) {
                    places.entry(key(Some(start))).or_insert(None);
                }
            }
            let length: Word = period.name().into();
            for ((_, start), counted) in places {
                let end = start.and_then(|start| calendar.end_of(period, start));
                let place = u32::try_from(out.places.len()).unwrap_or(u32::MAX);
                out.places.push(PlaceTotals {
                    period: length.clone(),
                    start,
                    end,
                    label: label((period, start), calendar).into(),
                    days_covered: start.map(|start| days.covered(start, end)),
                    partial: start.and_then(|start| days.partial(period, start, end)),
                });
                // Members are numbered in the order of breakdowns and names.
                let asked = |whole: &&Whole| counts.members.get(whole.member as usize).is_some_and(|(breakdown, _)| settings.asks(period, *breakdown));
                let nothing = Whole { member: counts.all().unwrap_or_default(), ..Whole::default() };
                let wholes = counted.map_or(std::slice::from_ref(&nothing), |counted| counted.wholes.as_slice());
                let total = |whole: &Whole| {
                    let Whole { member, documents, sentences, han_chars } = *whole;
                    Total { place, member, documents, sentences, han_chars }
                };
                out.rows.extend(wholes.iter().filter(asked).map(total));
            }
        }
        out
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows.
    pub fn rows(&self) -> impl Iterator<Item = TotalRow> + '_ {
        self.rows.iter().filter_map(|total| self.row(total))
    }

    /// The rows of all text.
    pub fn of_all(&self) -> impl Iterator<Item = TotalRow> + '_ {
        let is_all = |total: &&Total| self.members.get(total.member as usize).is_some_and(|member| member.all);
        self.rows.iter().filter(is_all).filter_map(|total| self.row(total))
    }

    fn row(&self, total: &Total) -> Option<TotalRow> {
        let (place, member) = (self.places.get(total.place as usize)?, self.members.get(total.member as usize)?);
        Some(TotalRow {
            period: place.period.clone(),
            period_start: place.start,
            period_end: place.end,
            period_label: place.label.clone(),
            breakdown: member.breakdown.clone(),
            member: member.name.clone(),
            documents: total.documents,
            sentences: total.sentences,
            han_chars: total.han_chars,
            days_covered: place.days_covered,
            partial: place.partial,
        })
    }

    /// Changes rows as no run does.
    #[cfg(test)]
    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut Vec<TotalRow>)) {
        let mut rows: Vec<TotalRow> = self.rows().collect();
        change(&mut rows);
        *self = Self::default();
        for (number, row) in (0..).zip(rows) {
            let TotalRow { period, period_start: start, period_end: end, period_label: label, breakdown, member: name, .. } = row;
            self.members.push(Member { all: breakdown == Breakdown::All.name(), breakdown, name });
            self.places.push(PlaceTotals { period, start, end, label, days_covered: row.days_covered, partial: row.partial });
            self.rows.push(Total { place: number, member: number, documents: row.documents, sentences: row.sentences, han_chars: row.han_chars });
        }
    }
}
