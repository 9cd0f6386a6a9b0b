//! Turning points of a theme: debut, spike, silence, return, burst.
//!
//! All of them speak of documents with the theme, in periods of one length, over
//! the whole corpus. The first four need periods before them that are covered
//! without a gap, and are never declared over one: what nobody could see is
//! neither silence nor news. Each carries its weight, so that a reader may be
//! stricter than this is.

use chrono::NaiveDate;
use libm::{log, log1p};
use serde::{Deserialize, Serialize};

use super::bursts::{Kleinberg, bursts};
use super::fisher::ln_fisher;
use super::period::Period;
use super::rate::share;
use super::timeline::{Slot, Timeline};
use crate::tag::Theme;

/// By what a turning point is declared.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TurnSettings {
    /// Length of the periods; without it the shortest of a month or more that
    /// the pipeline asks for, else the longest.
    pub period: Option<Period>,
    /// Periods by which a turning point is judged; without it 28 days, 26 weeks,
    /// 12 months, 8 quarters, 5 years, 3 plans or congresses.
    pub window: Option<usize>,
    /// Chance at which a debut, spike or silence is believed.
    pub alpha: f64,
    /// How many times its share before the share of a spike is, at least.
    pub spike_factor: f64,
    /// Documents of a spike, at least.
    pub spike_documents: u64,
    /// Periods of a silence, at least.
    pub silence_periods: usize,
    /// Share of a period's expected units that may be missing before the period
    /// is a gap, and of the text that a source may bring or take along before the
    /// time is broken in two.
    pub gap: f64,
    /// States of the bursts.
    pub burst_states: usize,
    /// Rate of a state in terms of the one below (s).
    pub burst_scale: f64,
    /// What a step up costs (γ).
    pub burst_cost: f64,
}

impl Default for TurnSettings {
    fn default() -> Self {
        let Kleinberg { states, scale, cost } = Kleinberg::default();
        Self {
            period: None,
            window: None,
            alpha: 0.001,
            spike_factor: 3.0,
            spike_documents: 5,
            silence_periods: 2,
            gap: 0.1,
            burst_states: states,
            burst_scale: scale,
            burst_cost: cost,
        }
    }
}

impl TurnSettings {
    /// What is wrong with these values, if anything is.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        let share = 0.0..=1.0;
        match self {
            _ if self.window.is_some_and(|window| !(2..=10_000).contains(&window)) => Some("`window` is a number of periods from 2 on"),
            _ if !(share.contains(&self.alpha) && self.alpha > 0.0 && self.alpha < 1.0) => Some("`alpha` is a chance between 0 and 1"),
            _ if !(self.spike_factor.is_finite() && self.spike_factor >= 1.0) => Some("`spike_factor` is at least 1"),
            _ if self.spike_documents == 0 => Some("`spike_documents` is at least 1"),
            _ if self.silence_periods == 0 => Some("`silence_periods` is at least 1"),
            _ if !share.contains(&self.gap) => Some("`gap` is a share from 0 to 1"),
            _ if !(2..=10).contains(&self.burst_states) => Some("`burst_states` is a number from 2 to 10"),
            _ if !(self.burst_scale.is_finite() && self.burst_scale > 1.0) => Some("`burst_scale` is more than 1"),
            _ if !(self.burst_cost.is_finite() && self.burst_cost >= 0.0) => Some("`burst_cost` is 0 or more"),
            _ => None,
        }
    }

    fn window(&self, period: Period) -> usize {
        self.window.unwrap_or(match period {
            Period::Day => 28,
            Period::Week => 26,
            Period::Month => 12,
            Period::Quarter => 8,
            Period::Year => 5,
            Period::Plan | Period::Congress | Period::Whole => 3,
        })
    }
}

/// A turning point.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TurnRow {
    /// Theme id.
    pub theme: String,
    /// Chinese label.
    pub theme_zh: String,
    /// English label.
    pub theme_en: String,
    /// 0 or 1.
    pub level: u32,
    /// `debut`, `spike`, `silence`, `return` or `burst`.
    pub kind: String,
    /// State of a burst, from 1; 0 for the other kinds.
    pub burst_level: u32,
    /// Length of its periods.
    pub period: String,
    /// First day of its first period.
    pub period_start: NaiveDate,
    /// Last day of its last period.
    pub period_end: Option<NaiveDate>,
    /// First day of the period with the highest share.
    pub peak_start: Option<NaiveDate>,
    /// Periods with text.
    pub periods: u64,
    /// Periods without, or with too little of it.
    pub gap_periods: u64,
    /// Documents with the theme in these periods.
    pub documents: u64,
    /// All documents.
    pub period_documents: u64,
    /// Their quotient.
    pub density: Option<f64>,
    /// Documents with the theme in what it is compared with.
    pub baseline_documents: u64,
    /// All documents there.
    pub baseline_period_documents: u64,
    /// Their quotient.
    pub baseline_density: Option<f64>,
    /// How unlikely it is by chance, in nats.
    pub weight: f64,
    /// It may have begun earlier, or may go on.
    pub censored: bool,
}

/// A stretch of slots.
type Stretch = std::ops::RangeInclusive<usize>;

/// Documents with a theme, of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    periods: usize,
    /// Of them, those with the theme.
    present: usize,
    part: u64,
    whole: u64,
}

impl Sum {
    /// Share of documents with the theme, a little below what was seen: it is
    /// never one, and the more documents there are, the closer it comes.
    fn cautious(self) -> f64 {
        self.part as f64 / (self.whole + 1) as f64
    }
}

/// A theme on a timeline.
struct Series<'t> {
    slots: &'t [Slot],
    /// Documents with the theme, by slot.
    parts: &'t [u64],
    /// The stretch to which each slot belongs; none: a gap.
    stretches: Vec<Option<usize>>,
    window: usize,
    settings: &'t TurnSettings,
}

/// The turning points of a theme, by start. `parts` are its documents in each
/// slot; `known` is the first day of the earliest date with it, however coarse.
pub(super) fn turns(theme: &Theme, period: Period, timeline: &Timeline, parts: &[u64], known: Option<NaiveDate>, settings: &TurnSettings) -> Vec<TurnRow> {
    let window = settings.window(period);
    let stretches = timeline.stretches(window, settings.gap);
    let series = Series { slots: &timeline.slots, parts, stretches, window, settings };
    let mut rows = series.silences();
    rows.extend(series.debut(known));
    rows.extend(series.spikes(known));
    rows.extend(series.bursts());
    for row in &mut rows {
        row.theme.clone_from(&theme.id);
        row.theme_zh.clone_from(&theme.zh);
        row.theme_en.clone_from(&theme.en);
        row.level = theme.level();
        period.name().clone_into(&mut row.period);
    }
    let order = |row: &TurnRow| (row.period_start, ["debut", "return", "spike", "silence", "burst"].iter().position(|kind| *kind == row.kind), row.burst_level);
    rows.sort_by_key(order);
    rows
}

impl Series<'_> {
    fn stretch(&self, at: usize) -> Option<usize> {
        self.stretches.get(at).copied().flatten()
    }

    fn is_gap(&self, at: usize) -> bool {
        self.stretch(at).is_none()
    }

    /// Whether two slots lie in one stretch, without a gap or break between them.
    fn together(&self, one: usize, other: usize) -> bool {
        !self.is_gap(one) && self.stretch(one) == self.stretch(other)
    }

    fn part(&self, at: usize) -> u64 {
        self.parts.get(at).copied().unwrap_or(0)
    }

    fn whole(&self, at: usize) -> u64 {
        self.slots.get(at).map_or(0, |slot| slot.documents)
    }

    fn sum(&self, slots: impl Iterator<Item = usize>) -> Sum {
        slots.fold(Sum::default(), |sum, at| Sum {
            periods: sum.periods + 1,
            present: sum.present + usize::from(self.part(at) > 0),
            part: sum.part + self.part(at),
            whole: sum.whole + self.whole(at),
        })
    }

    /// At most `most` slots right before one, back to the last gap or break.
    fn before(&self, at: usize, most: usize) -> Sum {
        self.sum((0..at).rev().take(most).take_while(|other| self.together(*other, at)))
    }

    /// Least number of slots that can be compared with.
    fn fewest(&self) -> usize {
        self.window.div_ceil(2)
    }

    fn believed(&self, weight: f64) -> bool {
        weight >= -log(self.settings.alpha)
    }

    fn row(&self, kind: &str, stretch: Stretch, baseline: Sum, weight: f64) -> Option<TurnRow> {
        let own = self.sum(stretch.clone().filter(|at| self.whole(*at) > 0));
        let higher = |a: usize, b: usize| u128::from(self.part(a)) * u128::from(self.whole(b)) > u128::from(self.part(b)) * u128::from(self.whole(a));
        let peak = stretch.clone().filter(|at| self.part(*at) > 0).fold(None, |best, at| match best {
            Some(best) if !higher(at, best) => Some(best),
            _ => Some(at),
        });
        let edge = |at: usize| at == 0 || at + 1 >= self.slots.len();
        Some(TurnRow {
            kind: kind.to_owned(),
            period_start: self.slots.get(*stretch.start())?.start,
            period_end: self.slots.get(*stretch.end())?.end,
            peak_start: peak.and_then(|at| self.slots.get(at)).map(|slot| slot.start),
            periods: own.periods as u64,
            gap_periods: stretch.clone().filter(|at| self.is_gap(*at)).count() as u64,
            documents: own.part,
            period_documents: own.whole,
            density: share(own.part, own.whole),
            baseline_documents: baseline.part,
            baseline_period_documents: baseline.whole,
            baseline_density: share(baseline.part, baseline.whole),
            weight,
            censored: edge(*stretch.start())
                || edge(*stretch.end())
                || !self.together(stretch.start() - 1, *stretch.start())
                || !self.together(*stretch.end(), stretch.end() + 1),
            ..TurnRow::default()
        })
    }

    /// The first time of a theme after a whole window without it: where so many
    /// documents without it are no chance, by its share from then on.
    fn debut(&self, known: Option<NaiveDate>) -> Option<TurnRow> {
        let at = self.parts.iter().position(|part| *part > 0)?;
        let slot = self.slots.get(at)?;
        let absent = self.before(at, self.slots.len());
        let after = self.sum((at..self.slots.len()).take(self.window).take_while(|other| self.together(at, *other)));
        let weight = -(absent.whole as f64) * log1p(-after.cautious());
        let spoken_before = known.is_some_and(|day| day < slot.start);
        if spoken_before || self.is_gap(at) || absent.periods < self.window || !self.believed(weight) {
            return None;
        }
        self.row("debut", at..=at, absent, weight).map(|row| TurnRow { censored: false, ..row })
    }

    /// Periods in a row in each of which the share is several times that of the
    /// window before it, as far as the theme was known in it, beyond chance.
    fn spikes(&self, known: Option<NaiveDate>) -> Vec<TurnRow> {
        let settings = self.settings;
        let first = self.parts.iter().position(|part| *part > 0).unwrap_or(self.parts.len());
        // A theme that is new has been nowhere, so its first periods are no baseline.
        let known_at = known.map_or(first, |day| self.slots.partition_point(|slot| slot.start <= day).saturating_sub(1));
        let since = first.min(known_at);
        let judged = |at: usize| -> Option<(Sum, f64)> {
            let (part, whole) = (self.part(at), self.whole(at));
            let baseline = self.before(at, self.window.min(at.saturating_sub(since)));
            if self.is_gap(at) || part < settings.spike_documents || baseline.periods < self.fewest() {
                return None;
            }
            let ratio = share(part, whole)? - settings.spike_factor * share(baseline.part, baseline.whole)?;
            let weight = -ln_fisher(part, whole, baseline.part, baseline.whole);
            (ratio >= 0.0 && self.believed(weight)).then_some((baseline, weight))
        };
        let mut out = Vec::new();
        // Right after a gap or break nothing is judged, so a run never crosses one.
        let mut open: Option<(usize, usize, Sum, f64)> = None;
        for at in 0..=self.slots.len() {
            open = match (judged(at), open) {
                (Some((_, weight)), Some((from, _, baseline, heaviest))) => Some((from, at, baseline, weight.max(heaviest))),
                (Some((baseline, weight)), None) => Some((at, at, baseline, weight)),
                (None, Some((from, to, baseline, weight))) => {
                    out.extend(self.row("spike", from..=to, baseline, weight));
                    None
                }
                (None, None) => None,
            };
        }
        out
    }

    /// Stretches without a theme that was there in most periods of the window
    /// before, too long for chance; and the period in which it comes back.
    fn silences(&self) -> Vec<TurnRow> {
        let mut out = Vec::new();
        let mut at = 0;
        while at < self.slots.len() {
            if self.part(at) > 0 || self.is_gap(at) {
                at += 1;
                continue;
            }
            let from = at;
            while self.part(at) == 0 && self.together(from, at) {
                at += 1;
            }
            let (absent, baseline) = (self.sum(from..at), self.before(from, self.window));
            let weight = -(absent.whole as f64) * log1p(-baseline.cautious());
            let steady = baseline.periods >= self.fewest() && baseline.present * 2 >= baseline.periods;
            if !steady || absent.periods < self.settings.silence_periods || !self.believed(weight) {
                continue;
            }
            out.extend(self.row("silence", from..=at - 1, baseline, weight));
            if self.together(from, at) {
                out.extend(self.row("return", at..=at, absent, weight).map(|row| TurnRow { censored: false, ..row }));
            }
        }
        out
    }

    fn bursts(&self) -> Vec<TurnRow> {
        let settings = self.settings;
        let model = Kleinberg { states: settings.burst_states, scale: settings.burst_scale, cost: settings.burst_cost };
        let wholes: Vec<u64> = self.slots.iter().map(|slot| slot.documents).collect();
        let all = self.sum(0..self.slots.len());
        let row = |burst: &super::bursts::Burst| {
            let row = self.row("burst", burst.first..=burst.last, all, burst.weight)?;
            Some(TurnRow { burst_level: u32::try_from(burst.level).unwrap_or(u32::MAX), ..row })
        };
        bursts(self.parts, &wholes, &model).iter().filter_map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A timeline of months with so many documents; 0 is a gap.
    fn timeline(wholes: &[u64]) -> Timeline {
        let calendar = super::super::Calendar::default();
        let start = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap();
        let starts: Vec<NaiveDate> = calendar.starts(Period::Month, start..=NaiveDate::from_ymd_opt(2030, 1, 1).unwrap()).collect();
        let slot = |(start, documents): (&NaiveDate, &u64)| Slot {
            start: *start,
            end: calendar.end_of(Period::Month, *start),
            documents: *documents,
            han_chars: documents * 100,
            cut: false,
            missing: 0.0,
        };
        Timeline { slots: starts.iter().zip(wholes).map(slot).collect(), ..Timeline::default() }
    }

    fn found(parts: &[u64], wholes: &[u64], known: Option<&str>) -> Vec<(String, String, String, bool)> {
        let text = "[[theme]]\nid='a'\nzh='甲'\nen='a'\nsource='s'\nterms=['甲乙']\n";
        let lexicon = crate::tag::Lexicon::new(&[crate::diagnostic::DataFile { path: "t.toml".into(), text: text.into() }]).unwrap_or_else(|e| panic!("{e:?}"));
        let known = known.map(|day| crate::parse::read_date(day).unwrap().start);
        turns(&lexicon.themes()[0], Period::Month, &timeline(wholes), parts, known, &TurnSettings::default())
            .into_iter()
            .filter(|row| row.kind != "burst")
            .map(|row| (row.kind, row.period_start.format("%Y-%m").to_string(), row.period_end.unwrap().format("%Y-%m").to_string(), row.censored))
            .collect()
    }

    fn row(kind: &str, start: &str, end: &str, censored: bool) -> (String, String, String, bool) {
        (kind.into(), start.into(), end.into(), censored)
    }

    #[test]
    fn a_theme_that_comes_after_a_year_without_it_has_a_debut() {
        let parts: Vec<u64> = [0; 12].into_iter().chain([4, 6, 5]).collect();
        assert_eq!(found(&parts, &[100; 15], None), [row("debut", "2021-01", "2021-01", false)]);
    }

    #[test]
    fn no_debut_at_the_beginning_of_the_corpus_nor_of_a_rare_theme_nor_of_one_dated_earlier() {
        assert_eq!(found(&[0, 0, 0, 4, 6, 5, 4], &[100; 7], None), []);
        let rare: Vec<u64> = [0; 12].into_iter().chain([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).collect();
        assert_eq!(found(&rare, &[100; 26], None), []);
        let parts: Vec<u64> = [0; 12].into_iter().chain([4, 6, 5]).collect();
        assert!(found(&parts, &[100; 15], Some("2019")).iter().all(|row| row.0 != "debut"));
    }

    #[test]
    fn a_gap_before_its_first_time_hides_a_debut() {
        let parts: Vec<u64> = [0; 14].into_iter().chain([4, 6, 5]).collect();
        let mut wholes = [100; 17];
        assert_eq!(found(&parts, &wholes, None).len(), 1);
        wholes[13] = 0;
        assert_eq!(found(&parts, &wholes, None), []);
    }

    #[test]
    fn a_steady_theme_that_stops_is_silent_and_returns() {
        let parts = [5, 6, 4, 5, 6, 5, 4, 0, 0, 0, 5, 6];
        assert_eq!(found(&parts, &[100; 12], None), [row("silence", "2020-08", "2020-10", false), row("return", "2020-11", "2020-11", false)]);
        assert_eq!(found(&parts[..10], &[100; 10], None), [row("silence", "2020-08", "2020-10", true)]);
    }

    #[test]
    fn silence_is_never_declared_over_a_gap() {
        let parts = [5, 6, 4, 5, 6, 5, 4, 0, 0, 0, 5, 6];
        // Nothing was said at all: no silence, no return.
        let mut wholes = [100; 12];
        (7..10).for_each(|i| wholes[i] = 0);
        assert_eq!(found(&parts, &wholes, None), []);
        // It ends at a gap: nobody knows when it came back.
        let mut wholes = [100; 12];
        wholes[10] = 0;
        let parts = [5, 6, 4, 5, 6, 5, 4, 0, 0, 0, 0, 6];
        assert_eq!(found(&parts, &wholes, None), [row("silence", "2020-08", "2020-10", true)]);
        // It begins after a gap: it may have begun in it.
        let mut wholes = [100; 12];
        wholes[7] = 0;
        assert_eq!(found(&parts, &wholes, None), []);
    }

    #[test]
    fn a_source_that_joins_brings_no_debut_and_one_that_leaves_no_silence() {
        let parts: Vec<u64> = [0; 12].into_iter().chain([30; 12]).chain([0; 6]).collect();
        let of = |sources: Vec<Vec<u64>>| {
            let timeline = Timeline { sources, ..timeline(&[100; 30]) };
            let text = "[[theme]]\nid='a'\nzh='甲'\nen='a'\nsource='s'\nterms=['甲乙']\n";
            let lexicon =
                crate::tag::Lexicon::new(&[crate::diagnostic::DataFile { path: "t.toml".into(), text: text.into() }]).unwrap_or_else(|e| panic!("{e:?}"));
            let rows = turns(&lexicon.themes()[0], Period::Month, &timeline, &parts, None, &TurnSettings::default());
            rows.into_iter().map(|row| row.kind).filter(|kind| kind != "burst").collect::<Vec<_>>()
        };
        assert_eq!(of(vec![vec![100; 30]]), ["debut", "silence"]);
        let other: Vec<u64> = (0..30).map(|month| if (12..24).contains(&month) { 40 } else { 0 }).collect();
        assert_eq!(of(vec![vec![60; 30], other]), Vec::<String>::new());
    }

    #[test]
    fn a_theme_that_comes_once_a_year_is_not_silent_in_between() {
        let parts: Vec<u64> = (0..36).map(|month| if month % 12 == 2 { 30 } else { 0 }).collect();
        assert!(found(&parts, &[100; 36], None).iter().all(|row| row.0 == "spike"));
    }

    #[test]
    fn a_spike_is_several_times_the_share_before_and_no_chance() {
        let mut parts = [4, 5, 3, 4, 5, 4, 4, 3, 20, 30, 4, 5];
        assert_eq!(found(&parts, &[100; 12], None), [row("spike", "2020-09", "2020-10", false)]);
        parts[8] = 9;
        parts[9] = 4;
        assert_eq!(found(&parts, &[100; 12], None), []);
        // Twice the documents with twice the text are none.
        let mut wholes = [100; 12];
        (parts[8], wholes[8]) = (20, 500);
        assert_eq!(found(&parts, &wholes, None), []);
    }

    #[test]
    fn a_spike_needs_covered_periods_before_it() {
        let parts = [4, 5, 3, 4, 5, 4, 4, 3, 20, 4, 5, 4];
        let mut wholes = [100; 12];
        wholes[4] = 0;
        assert_eq!(found(&parts, &wholes, None), []);
    }

    #[test]
    fn settings_that_make_no_sense_are_told() {
        assert_eq!(TurnSettings::default().fault(), None);
        let wrong = [
            TurnSettings { window: Some(1), ..TurnSettings::default() },
            TurnSettings { alpha: 0.0, ..TurnSettings::default() },
            TurnSettings { alpha: f64::NAN, ..TurnSettings::default() },
            TurnSettings { spike_factor: 0.5, ..TurnSettings::default() },
            TurnSettings { burst_scale: 1.0, ..TurnSettings::default() },
            TurnSettings { burst_states: 1, ..TurnSettings::default() },
        ];
        assert!(wrong.iter().all(|settings| settings.fault().is_some()));
    }

    proptest! {
        #[test]
        fn no_turning_point_lies_over_a_gap_and_every_one_is_believed(months in proptest::collection::vec((0..20_u64, prop_oneof![1 => Just(0_u64), 6 => 20..200_u64]), 1..60)) {
            let (parts, wholes): (Vec<u64>, Vec<u64>) = months.iter().map(|(part, whole)| ((*part).min(*whole) * u64::from(*part > 6), *whole)).unzip();
            let text = "[[theme]]\nid='a'\nzh='甲'\nen='a'\nsource='s'\nterms=['甲乙']\n";
            let lexicon = crate::tag::Lexicon::new(&[crate::diagnostic::DataFile { path: "t.toml".into(), text: text.into() }]).unwrap_or_else(|e| panic!("{e:?}"));
            let timeline = timeline(&wholes);
            for row in turns(&lexicon.themes()[0], Period::Month, &timeline, &parts, None, &TurnSettings::default()) {
                let inside = timeline.slots.iter().enumerate().filter(|(_, slot)| slot.start >= row.period_start && slot.end <= row.period_end);
                let (mut part, mut whole) = (0, 0);
                for (at, slot) in inside {
                    prop_assert!(row.kind == "burst" || slot.documents > 0, "{row:?}");
                    (part, whole) = (part + parts[at], whole + slot.documents);
                }
                prop_assert_eq!((part, whole), (row.documents, row.period_documents));
                prop_assert!(row.weight.is_finite() && row.weight >= if row.kind == "burst" { 0.0 } else { 1000_f64.ln() - 1e-9 }, "{row:?}");
                prop_assert_eq!(part == 0, row.kind == "silence");
            }
        }
    }
}
