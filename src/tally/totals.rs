//! The denominators: all text of each period and member, kept as numbers. Rows of
//! `period_totals` are made when they are read.

use std::collections::BTreeMap;
use std::mem::take;

use chrono::NaiveDate;

use super::Settings;
use super::counts::{Counts, PlaceCounts, Whole};
use super::coverage::Days;
use super::period::Period;
use super::rollup::Breakdown;
use super::series::PlaceColumns;
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
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Member {
    breakdown: Word,
    name: Word,
    /// It is all text.
    all: bool,
}

/// The rows of a place, and what they have of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct PlaceTotals {
    columns: PlaceColumns,
    days_covered: Option<u64>,
    partial: Option<bool>,
    wholes: Vec<Whole>,
}

impl Totals {
    /// Of all text. A period in which a source was expected and nothing at all was said
    /// gets a row of zeros under `all`. Counts that nothing else looks at are given up.
    pub(super) fn new(counts: &mut Counts, days: &Days, settings: &Settings) -> Self {
        let calendar = &settings.calendar;
        let member =
            |(breakdown, name): &(Breakdown, Word)| Member { breakdown: breakdown.name().into(), name: name.clone(), all: *breakdown == Breakdown::All };
        let mut out = Self { members: counts.members.iter().map(member).collect(), places: Vec::new() };
        let nothing = Whole { member: counts.all().unwrap_or_default(), ..Whole::default() };
        for period in Period::ALL.into_iter().filter(|period| settings.asks(*period, Breakdown::All)) {
            let of_period = counts.places.range_mut((period, None)..=(period, Some(NaiveDate::MAX)));
            let key = |start: Option<NaiveDate>| (start.is_none(), start);
            let wholes = |of_place: &mut PlaceCounts| if settings.compares(period) { of_place.wholes.clone() } else { take(&mut of_place.wholes) };
            let mut places: BTreeMap<_, Vec<Whole>> = of_period.map(|((_, start), of_place)| (key(*start), wholes(of_place))).collect();
            if places.keys().any(|(unplaced, _)| !unplaced) {
                for start in days.missed(period) {
                    places.entry(key(Some(start))).or_insert_with(|| vec![nothing]);
                }
            }
            for ((_, start), mut wholes) in places {
                let columns = PlaceColumns::new((period, start), calendar);
                // Members are numbered in the order of breakdowns and names.
                wholes.retain(|whole| counts.members.get(whole.member as usize).is_some_and(|(breakdown, _)| settings.asks(period, *breakdown)));
                wholes.shrink_to_fit();
                out.places.push(PlaceTotals {
                    days_covered: start.map(|start| days.covered(start, columns.end)),
                    partial: start.and_then(|start| days.partial(period, start, columns.end)),
                    columns,
                    wholes,
                });
            }
        }
        counts.places.retain(|(period, _), _| settings.compares(*period));
        out
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.iter().map(|place| place.wholes.len()).sum()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows.
    pub fn rows(&self) -> impl Iterator<Item = TotalRow> + '_ {
        self.rows_of(|_| true)
    }

    /// The rows of all text.
    pub fn of_all(&self) -> impl Iterator<Item = TotalRow> + '_ {
        self.rows_of(|member| member.all)
    }

    fn rows_of(&self, wanted: impl Fn(&Member) -> bool + Copy) -> impl Iterator<Item = TotalRow> {
        self.places.iter().flat_map(move |place| {
            let of_place = place.wholes.iter().filter_map(move |whole| Some((whole, self.members.get(whole.member as usize).filter(|member| wanted(member))?)));
            of_place.map(move |(whole, member)| TotalRow {
                period: place.columns.period.clone(),
                period_start: place.columns.start,
                period_end: place.columns.end,
                period_label: place.columns.label.clone(),
                breakdown: member.breakdown.clone(),
                member: member.name.clone(),
                documents: whole.documents.into(),
                sentences: whole.sentences.into(),
                han_chars: whole.han_chars,
                days_covered: place.days_covered,
                partial: place.partial,
            })
        })
    }

    /// Changes rows as no run does.
    #[cfg(test)]
    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut Vec<TotalRow>)) {
        let mut rows: Vec<TotalRow> = self.rows().collect();
        change(&mut rows);
        *self = Self::default();
        for (member, row) in (0..).zip(rows) {
            let TotalRow { period, period_start: start, period_end: end, period_label: label, breakdown, member: name, .. } = row;
            self.members.push(Member { all: breakdown == Breakdown::All.name(), breakdown, name });
            let whole = Whole::of(member, row.documents, row.sentences, row.han_chars);
            let columns = PlaceColumns { period, start, end, label };
            self.places.push(PlaceTotals { columns, days_covered: row.days_covered, partial: row.partial, wholes: vec![whole] });
        }
    }
}
