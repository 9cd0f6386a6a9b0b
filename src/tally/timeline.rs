//! All periods of one length from the first to the last with text, those
//! without any included: what a series over time stands on.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::coverage::Days;
use super::frequency::FrequencyCounts;
use super::period::{Calendar, Period};
use super::rollup::{Breakdown, PresenceRow};
use super::totals::TotalRow;

/// A period of a timeline.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Slot {
    /// First day.
    pub start: NaiveDate,
    /// Last day; `None`: not known yet.
    pub end: Option<NaiveDate>,
    /// All documents.
    pub documents: u64,
    /// All Han characters.
    pub han_chars: u64,
    /// The corpus, or a source with a cadence, begins after its first day or ends
    /// before its last.
    pub cut: bool,
    /// Share of the units that a source was expected to fill and did not.
    pub missing: f64,
}

impl Slot {
    /// Whether nothing can be said of what was absent here: no text, or too much
    /// of it missing.
    pub(super) fn is_gap(&self, missing_allowed: f64) -> bool {
        self.documents == 0 || self.missing > missing_allowed
    }
}

/// The timelines of all lengths, and the length at which trends are read.
#[derive(Clone, Copy)]
pub(super) struct Timelines<'t> {
    pub of: &'t (dyn Fn(Period) -> Timeline + Sync),
    pub trend: Option<Period>,
}

/// The periods of one length, without a hole.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Timeline {
    /// In order of time.
    pub slots: Vec<Slot>,
    /// Number of the slot by its first day.
    pub at: BTreeMap<NaiveDate, usize>,
    /// Dated documents of each source, by slot.
    pub sources: Vec<Vec<u64>>,
}

/// A theme in a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub hits: u64,
    pub documents: u64,
}

impl Timeline {
    pub(super) fn new(period: Period, totals: &[TotalRow], presence: &[PresenceRow], days: &Days<'_>, calendar: &Calendar) -> Self {
        let own = totals.iter().filter(|t| t.period == period.name() && t.breakdown == Breakdown::All.name() && t.documents > 0);
        let found: BTreeMap<NaiveDate, &TotalRow> = own.filter_map(|t| Some((t.period_start?, t))).collect();
        let (Some(first), Some(last)) = (found.keys().next(), found.keys().next_back()) else { return Self::default() };
        // Text that is dated more coarsely is no part of this timeline. Without any
        // date of a document nobody knows where the corpus begins.
        let place = |row: &PresenceRow| calendar.place(period, row.date_start, row.date_end);
        let placed: Vec<Option<NaiveDate>> = presence.iter().map(place).collect();
        let own = || presence.iter().zip(&placed).filter(|(_, place)| place.is_some()).map(|(row, _)| row);
        let corpus = own().map(|row| row.date_start).min().zip(own().map(|row| row.date_end).max());
        let is_cut = |start: NaiveDate, end: Option<NaiveDate>| match corpus {
            Some((begin, finish)) => start < begin || end.is_none_or(|end| finish < end),
            None => start == *first || start == *last,
        };
        let slots: Vec<Slot> = calendar
            .starts(period, *first..=*last)
            .map(|start| {
                let total = found.get(&start);
                let end = calendar.end_of(period, start);
                Slot {
                    start,
                    end,
                    documents: total.map_or(0, |t| t.documents),
                    han_chars: total.map_or(0, |t| t.han_chars),
                    // A source that need not speak at the edge cuts nothing.
                    cut: (is_cut(start, end) && total.is_none_or(|t| t.partial != Some(false))) || days.cut(period, start, end),
                    missing: days.missing_share(start, end),
                }
            })
            .collect();
        let at: BTreeMap<NaiveDate, usize> = slots.iter().enumerate().map(|(number, slot)| (slot.start, number)).collect();
        let mut sources: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for (row, place) in presence.iter().zip(placed) {
            let number = place.and_then(|start| at.get(&start));
            let counts = sources.entry(&row.source).or_insert_with(|| vec![0; slots.len()]);
            if let Some(count) = number.and_then(|number| counts.get_mut(*number)) {
                *count += row.documents;
            }
        }
        let sources = sources.into_values().collect();
        Self { slots, at, sources }
    }

    /// The stretch of time to which each slot belongs, `None` for a gap. What
    /// lies in two stretches is not to be compared: a gap is between them, or a
    /// source begins or ends there that gives more than `allowed` of the
    /// documents of the `window` slots next to it on its side.
    pub(super) fn stretches(&self, window: usize, allowed: f64) -> Vec<Option<usize>> {
        let mut broken = vec![false; self.slots.len()];
        for counts in &self.sources {
            let spoken = |number: &usize| counts.get(*number).is_some_and(|count| *count > 0);
            let (Some(first), Some(last)) = ((0..counts.len()).find(spoken), (0..counts.len()).rev().find(spoken)) else { continue };
            let is_large = |from: usize, to: usize| {
                let own: u64 = counts.iter().take(to).skip(from).sum();
                let all: u64 = self.slots.iter().take(to).skip(from).map(|slot| slot.documents).sum();
                own as f64 > allowed * all as f64
            };
            let begins = (first > 0 && is_large(first, first + window)).then_some(first);
            let ends = is_large((last + 1).saturating_sub(window), last + 1).then_some(last + 1);
            for number in begins.into_iter().chain(ends) {
                if let Some(broken) = broken.get_mut(number) {
                    *broken = true;
                }
            }
        }
        let mut stretch = 0;
        let slots = self.slots.iter().zip(broken);
        slots
            .map(|(slot, broken)| {
                let gap = slot.is_gap(allowed);
                stretch += usize::from(gap || broken);
                (!gap).then_some(stretch)
            })
            .collect()
    }

    /// Number of the slot that begins on a day.
    pub(super) fn number(&self, start: Option<NaiveDate>) -> Option<usize> {
        self.at.get(&start?).copied()
    }

    /// What one theme counts in each slot; nothing in a slot without text. The counts
    /// come in order of time.
    pub(super) fn counts<'f>(&self, counts: impl Iterator<Item = FrequencyCounts<'f>>) -> Vec<Count> {
        let mut out = vec![Count::default(); self.slots.len()];
        let mut slots = self.slots.iter().zip(&mut out).peekable();
        for own in counts {
            let Some(start) = own.period_start else { continue };
            while slots.next_if(|(slot, _)| slot.start < start).is_some() {}
            if let Some((_, count)) = slots.next_if(|(slot, _)| slot.start == start) {
                *count = Count { hits: own.hits.unwrap_or(0), documents: own.documents.unwrap_or(0) };
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::coverage::Coverage;
    use super::super::{Cadence, SourceCadence};
    use super::*;

    fn day(text: &str) -> NaiveDate {
        crate::parse::read_date(text).unwrap().start
    }

    fn timeline(cadence: Cadence, days: &[&str]) -> Timeline {
        let presence: Vec<PresenceRow> =
            days.iter().map(|d| PresenceRow { source: "s".into(), date_start: day(d), date_end: day(d), documents: 1, han_chars: 10 }).collect();
        let sources = [SourceCadence { source: "s".into(), cadence }];
        let rows = Coverage::new(&presence, &sources, None);
        let calendar = Calendar::default();
        let asked = Days::new(&rows, &sources, &calendar);
        let mut totals: Vec<TotalRow> = Vec::new();
        for row in &presence {
            let start = calendar.start_of(Period::Month, row.date_start).unwrap();
            match totals.iter_mut().find(|t| t.period_start == Some(start)) {
                Some(total) => total.documents += 1,
                None => totals.push(TotalRow {
                    period: "month".into(),
                    period_start: Some(start),
                    breakdown: "all".into(),
                    documents: 1,
                    partial: asked.partial(Period::Month, start, calendar.end_of(Period::Month, start)),
                    ..TotalRow::default()
                }),
            }
        }
        Timeline::new(Period::Month, &totals, &presence, &asked, &calendar)
    }

    #[test]
    fn a_month_without_text_is_a_slot_and_the_months_at_the_edges_are_cut() {
        let found = timeline(Cadence::None, &["2024-01-10", "2024-02-01", "2024-04-01", "2024-05-31"]);
        let shown: Vec<_> = found.slots.iter().map(|s| (s.documents, s.cut, s.is_gap(0.1))).collect();
        assert_eq!(shown, [(1, true, false), (1, false, false), (0, false, true), (1, false, false), (1, false, false)]);
    }

    #[test]
    fn a_report_of_the_year_does_not_make_the_first_month_whole_and_a_source_cuts_its_own() {
        let row = |source: &str, start: &str, end: &str| PresenceRow {
            source: source.into(),
            date_start: day(start),
            date_end: day(end),
            documents: 9,
            han_chars: 9,
        };
        let mut presence = vec![row("reports", "2020-01-01", "2020-12-31")];
        let days = |from: u32, to: u32| (from..=to).map(|d| format!("2024-06-{d:02}")).chain((1..=31).map(|d| format!("2024-07-{d:02}"))).collect::<Vec<_>>();
        presence.extend(days(10, 30).iter().map(|d| row("paper", d, d)));
        let of = |presence: &[PresenceRow]| {
            let sources: Vec<SourceCadence> = ["paper", "news"].map(|s| SourceCadence { source: s.into(), cadence: Cadence::Daily }).to_vec();
            let rows = Coverage::new(presence, &sources, None);
            let calendar = Calendar::default();
            let total =
                |start: &str| TotalRow { period: "month".into(), period_start: Some(day(start)), breakdown: "all".into(), documents: 9, ..TotalRow::default() };
            let found = Timeline::new(Period::Month, &[total("2024-06-01"), total("2024-07-01")], presence, &Days::new(&rows, &sources, &calendar), &calendar);
            found.slots.iter().map(|s| s.cut).collect::<Vec<_>>()
        };
        assert_eq!(of(&presence), [true, false]);
        presence.extend(days(1, 30).iter().map(|d| row("news", d, d)));
        assert_eq!(of(&presence), [true, false]);
        presence.retain(|row| row.source != "paper");
        assert_eq!(of(&presence), [false, false]);
    }

    #[test]
    fn a_weekend_at_the_edge_cuts_nothing() {
        let workdays: Vec<String> = (3..=28).map(|d| format!("2024-06-{d:02}")).collect();
        let found = timeline(Cadence::Weekdays, &workdays.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(found.slots.iter().map(|s| s.cut).collect::<Vec<_>>(), [false]);
    }

    #[test]
    fn a_source_that_begins_or_ends_breaks_the_time_in_two_unless_it_is_small() {
        let slot = |month: u32| Slot {
            start: NaiveDate::from_ymd_opt(2024, month, 1).unwrap(),
            end: None,
            documents: if month == 9 { 0 } else { 100 },
            han_chars: 1,
            cut: false,
            missing: 0.0,
        };
        let slots: Vec<Slot> = (1..=10).map(slot).collect();
        let counts = |from: usize, to: usize, each: u64| (0..10).map(|n| if (from..to).contains(&n) { each } else { 0 }).collect::<Vec<u64>>();
        let of = |sources: Vec<Vec<u64>>| Timeline { slots: slots.clone(), sources, ..Timeline::default() }.stretches(3, 0.1);
        let numbers = |found: &[usize]| found.iter().map(|n| (*n != 9).then_some(*n)).collect::<Vec<_>>();
        assert_eq!(of(vec![counts(0, 10, 60), counts(3, 10, 9)]), numbers(&[0, 0, 0, 0, 0, 0, 0, 0, 9, 1]));
        assert_eq!(of(vec![counts(0, 10, 60), counts(3, 6, 40)]), numbers(&[0, 0, 0, 1, 1, 1, 2, 2, 9, 3]));
    }

    #[test]
    fn a_month_of_which_too_much_is_missing_is_a_gap() {
        let days: Vec<String> = (1..=30).filter(|d| !(5..=8).contains(d)).map(|d| format!("2024-06-{d:02}")).collect();
        let found = timeline(Cadence::Daily, &days.iter().map(String::as_str).collect::<Vec<_>>());
        let slot = &found.slots[0];
        assert!((slot.missing - 4.0 / 30.0).abs() < 1e-12 && slot.is_gap(0.1) && !slot.is_gap(0.2));
    }
}
