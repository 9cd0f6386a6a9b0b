//! A theme over the whole corpus.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use rayon::prelude::*;

use super::Settings;
use super::counts::Counts;
use super::dispersion::dp_norm;
use super::frequency::{Frequencies, FrequencyCounts};
use super::period::Period;
use super::rate::{per_10k, share};
use super::rollup::{Breakdown, SeenRow};
use super::timeline::{Timeline, Timelines};
use super::trend::{mann_kendall, seasonal_mann_kendall, theil_sen};
use super::word::Word;
use crate::tag::Lexicon;

/// A theme.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProfileRow {
    /// Theme id.
    pub theme: String,
    /// Chinese label.
    pub theme_zh: String,
    /// English label.
    pub theme_en: String,
    /// Id of the theme above.
    pub parent: Option<String>,
    /// 0: a theme without one above it; 1: one below.
    pub level: u32,
    /// Hits.
    pub hits: u64,
    /// Sentences with a hit.
    pub sentences: u64,
    /// Documents with a hit.
    pub documents: u64,
    /// Occasions on which it was spoken of.
    pub occasions: u64,
    /// Hits in 10,000 Han characters of the corpus.
    pub per_10k: Option<f64>,
    /// Documents with the theme ÷ all documents.
    pub density: Option<f64>,
    /// First day of the earliest date with it.
    pub first_date: Option<NaiveDate>,
    /// The document of that date.
    pub first_doc_id: Option<String>,
    /// Date of the occasion that this document tells of.
    pub first_event_date: Option<NaiveDate>,
    /// First day of the latest date with it.
    pub last_date: Option<NaiveDate>,
    /// The document of that date.
    pub last_doc_id: Option<String>,
    /// Length of the period of the peak.
    pub peak_period: Option<String>,
    /// First day of the period with the highest rate; of equal ones the first.
    pub peak_start: Option<NaiveDate>,
    /// That rate.
    pub peak_per_10k: Option<f64>,
    /// Length of the periods of trend and dispersion.
    pub trend_period: Option<String>,
    /// Periods with text.
    pub periods: u64,
    /// Of them, those with the theme.
    pub periods_with_theme: u64,
    /// Their quotient.
    pub range: Option<f64>,
    /// Normalised deviation of proportions over these periods.
    pub dp_norm: Option<f64>,
    /// Periods in the trend: with text, and not cut by the edge of the corpus.
    pub trend_periods: u64,
    /// Median slope of the rate.
    pub slope_per_10k_per_year: Option<f64>,
    /// Pairs of periods in which the rate rises less those in which it falls.
    pub mk_s: Option<i64>,
    /// That in standard deviations.
    pub mk_z: Option<f64>,
    /// Probability of it without a trend.
    pub mk_p: Option<f64>,
    /// The same test by calendar month.
    pub seasonal_mk_p: Option<f64>,
    /// `up`, `down` or `none`.
    pub trend: Option<String>,
    /// Length of the period of the heat.
    pub heat_period: Option<String>,
    /// First day of that period: the newest whole one.
    pub heat_start: Option<NaiveDate>,
    /// Level by the number of documents.
    pub heat_by_count: Option<String>,
    /// Level by their share.
    pub heat_by_share: Option<String>,
    /// Levels risen, by share, since the period before.
    pub heat_change: Option<i32>,
    /// Name and version of the scale.
    pub heat_scale: Option<String>,
}

/// Chance below which a trend is one.
const ALPHA: f64 = 0.05;
/// With fewer periods a trend has no word: the test's p is an approximation.
const FEWEST_PERIODS: usize = 10;
/// With fewer, there is no p at all.
const FEWEST_TESTED: usize = 4;
/// Months from which on each calendar month can be compared with itself.
const TWO_YEARS: usize = 24;

/// Trend and dispersion of one theme.
#[derive(Default)]
struct Shape {
    periods: usize,
    with_theme: usize,
    dp_norm: Option<f64>,
    trend_periods: usize,
    slope: Option<f64>,
    mk: Option<super::trend::MannKendall>,
    seasonal: Option<super::trend::MannKendall>,
    trend: Option<&'static str>,
}

impl Shape {
    fn new<'f>(period: Period, timeline: &Timeline, counts: impl Iterator<Item = FrequencyCounts<'f>>) -> Self {
        let counts = timeline.counts(counts);
        let spoken = || timeline.slots.iter().zip(&counts).filter(|(slot, _)| slot.documents > 0);
        let (hits, sizes): (Vec<u64>, Vec<u64>) = spoken().map(|(slot, count)| (count.hits, slot.han_chars)).unzip();
        // A period that the edge of the corpus cuts stands for a part of its
        // season only.
        let rate = |hits, han_chars| per_10k(hits, han_chars);
        let whole = spoken().filter(|(slot, _)| !slot.cut).filter_map(|(slot, count)| Some((slot.start, rate(count.hits, slot.han_chars)?)));
        let whole: Vec<(NaiveDate, f64)> = whole.collect();
        let points: Vec<(i64, f64)> = whole.iter().map(|(start, rate)| (period.ordinal(*start).0, *rate)).collect();
        let values: Vec<f64> = points.iter().map(|(_, rate)| *rate).collect();
        let in_a_year = whole.first().map_or(1.0, |(start, _)| period.ordinal(*start).1);
        let mk = (values.len() >= FEWEST_TESTED).then(|| mann_kendall(&values));
        let seasonal = (period == Period::Month && values.len() >= TWO_YEARS).then(|| {
            let season = |month| whole.iter().filter(|(start, _)| start.month() == month).map(|(_, rate)| *rate).collect();
            seasonal_mann_kendall(&(1..=12).map(season).collect::<Vec<Vec<f64>>>())
        });
        let judged = seasonal.or(mk).filter(|_| values.len() >= FEWEST_PERIODS);
        Self {
            periods: hits.len(),
            with_theme: spoken().filter(|(_, count)| count.hits > 0).count(),
            dp_norm: dp_norm(&hits, &sizes),
            trend_periods: values.len(),
            slope: theil_sen(&points).map(|slope| slope * in_a_year),
            mk,
            seasonal,
            trend: judged.map(|test| match test.s.signum() {
                1 if test.p < ALPHA => "up",
                -1 if test.p < ALPHA => "down",
                _ => "none",
            }),
        }
    }
}

/// The profiles in the order of the lexicon.
pub(super) fn profiles(
    counts: &Counts,
    frequency: &Frequencies,
    seen: &BTreeMap<String, SeenRow>,
    occasions: &BTreeMap<Word, u64>,
    lexicon: &Lexicon,
    settings: &Settings,
    timelines: &Timelines<'_>,
) -> Vec<ProfileRow> {
    let Timelines { of: timeline, trend: trend_period } = *timelines;
    let trend = trend_period.map(|period| (period, timeline(period)));
    // Heat is that of the newest whole year, where there is one.
    let newest = |period| -> Option<(Period, NaiveDate)> {
        let slots = timeline(period).slots;
        slots.iter().rev().find(|slot| !slot.cut && slot.documents > 0).map(|slot| (period, slot.start))
    };
    let years = settings.periods.contains(&Period::Year).then_some(Period::Year);
    let scale = &settings.measures.heat;
    let heat = years.and_then(newest).or_else(|| newest(trend_period?)).filter(|_| !scale.levels.is_empty());
    let rows = || counts.rows(Breakdown::All, |period| period == Period::Whole);
    let mut sums: BTreeMap<Option<&str>, [u64; 4]> = BTreeMap::new();
    for row in rows() {
        let sum = sums.entry(row.theme.map(Word::as_str)).or_default();
        for (sum, more) in sum.iter_mut().zip([row.hits, row.sentences, row.documents, row.han_chars]) {
            *sum += more;
        }
    }
    let [_, _, all_documents, all_han] = sums.get(&None).copied().unwrap_or_default();
    lexicon
        .themes()
        .par_iter()
        .enumerate()
        .map(|(number, theme)| {
            let [hits, sentences, documents, _] = sums.get(&Some(theme.id.as_str())).copied().unwrap_or_default();
            let of_theme = || trend_period.into_iter().flat_map(|period| frequency.of_theme(period, number));
            let shape = trend.as_ref().map(|(period, timeline)| Shape::new(*period, timeline, of_theme())).unwrap_or_default();
            let hot = heat.and_then(|(period, start)| frequency.row_at(period, start, number));
            let rates = of_theme().filter_map(|own| Some((own.period_start?, own.hits.filter(|hits| *hits > 0)?, own.period_han_chars)));
            let rates = rates.map(|(start, hits, han_chars)| (start, per_10k(hits, han_chars)));
            let peak = rates.reduce(|best, own| if best.1 >= own.1 { best } else { own });
            let seen = seen.get(&theme.id);
            ProfileRow {
                theme: theme.id.clone(),
                theme_zh: theme.zh.clone(),
                theme_en: theme.en.clone(),
                parent: theme.parent.and_then(|p| lexicon.themes().get(p)).map(|p| p.id.clone()),
                level: theme.level(),
                hits,
                sentences,
                documents,
                occasions: occasions.get(theme.id.as_str()).copied().unwrap_or(0),
                per_10k: per_10k(hits, all_han),
                density: share(documents, all_documents),
                first_date: seen.map(|s| s.first_date),
                first_doc_id: seen.map(|s| s.first_doc_id.clone()),
                first_event_date: seen.and_then(|s| s.first_event_date),
                last_date: seen.map(|s| s.last_date),
                last_doc_id: seen.map(|s| s.last_doc_id.clone()),
                peak_period: peak.and(trend_period).map(|period| period.name().to_owned()),
                peak_start: peak.map(|(start, _)| start),
                peak_per_10k: peak.and_then(|(_, rate)| rate),
                trend_period: trend_period.map(|p| p.name().to_owned()),
                periods: shape.periods as u64,
                periods_with_theme: shape.with_theme as u64,
                range: share(shape.with_theme as u64, shape.periods as u64),
                dp_norm: shape.dp_norm,
                trend_periods: shape.trend_periods as u64,
                slope_per_10k_per_year: shape.slope,
                mk_s: shape.mk.map(|mk| mk.s),
                mk_z: shape.mk.map(|mk| mk.z),
                mk_p: shape.mk.map(|mk| mk.p),
                seasonal_mk_p: shape.seasonal.map(|mk| mk.p),
                trend: shape.trend.map(str::to_owned),
                heat_period: heat.map(|(period, _)| period.name().to_owned()),
                heat_start: heat.map(|(_, start)| start),
                heat_by_count: hot.as_ref().and_then(|r| r.heat_by_count.as_deref()).map(str::to_owned),
                heat_by_share: hot.as_ref().and_then(|r| r.heat_by_share.as_deref()).map(str::to_owned),
                heat_change: hot.as_ref().and_then(|r| r.heat_change),
                heat_scale: (!scale.levels.is_empty()).then(|| scale.id()),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::Calendar;
    use super::super::timeline::Slot;
    use super::*;

    /// Months from January 2020 on with 10,000 characters and so many hits each;
    /// `None`: a month without text. The first is cut by the edge of the corpus.
    fn shape(hits: &[Option<u64>]) -> Shape {
        let calendar = Calendar::default();
        let day = |text: &str| crate::parse::read_date(text).unwrap().start;
        let starts: Vec<NaiveDate> = calendar.starts(Period::Month, day("2020-01-01")..=day("2029-12-01")).take(hits.len()).collect();
        let slot = |(number, start): (usize, &NaiveDate)| Slot {
            start: *start,
            end: calendar.end_of(Period::Month, *start),
            documents: u64::from(hits[number].is_some()) * 30,
            han_chars: u64::from(hits[number].is_some()) * 10_000,
            cut: number == 0,
            missing: 0.0,
        };
        let slots: Vec<Slot> = starts.iter().enumerate().map(slot).collect();
        let at = starts.iter().enumerate().map(|(number, start)| (*start, number)).collect();
        let counts = starts.iter().zip(hits).map(|(start, hits)| FrequencyCounts {
            period_start: Some(*start),
            hits: *hits,
            documents: *hits,
            ..FrequencyCounts::default()
        });
        Shape::new(Period::Month, &Timeline { slots, at, ..Timeline::default() }, counts)
    }

    #[test]
    fn a_month_cut_by_the_edge_and_a_gap_bend_no_trend() {
        let mut hits: Vec<Option<u64>> = (0..30).map(Some).collect();
        hits[0] = Some(900);
        hits[7] = None;
        let found = shape(&hits);
        assert_eq!((found.periods, found.with_theme, found.trend_periods), (29, 29, 28));
        assert_eq!((found.slope, found.mk.map(|mk| mk.s), found.trend), (Some(12.0), Some(28 * 27 / 2), Some("up")));
        // 28 months lie in seasons of two or three, and all their pairs rise.
        let pairs: usize = (0..12).map(|month| (1..30).filter(|n| n % 12 == month && *n != 7).count()).map(|n| n * (n - 1) / 2).sum();
        assert_eq!(found.seasonal.map(|mk| mk.s), i64::try_from(pairs).ok());
    }

    #[test]
    fn a_theme_of_every_march_has_no_trend_and_few_periods_have_no_word() {
        let hits: Vec<Option<u64>> = (0..48).map(|month| Some(if month % 12 == 2 { 40 } else { 0 })).collect();
        let found = shape(&hits);
        assert_eq!((found.trend, found.seasonal.map(|mk| mk.p), found.slope), (Some("none"), Some(1.0), Some(0.0)));
        assert!(found.dp_norm.unwrap() > 0.9);
        let found = shape(&(0..10).map(Some).collect::<Vec<_>>());
        assert_eq!((found.trend_periods, found.trend, found.mk.map(|mk| mk.s)), (9, None, Some(36)));
        assert!(shape(&[Some(1), Some(2), Some(3)]).mk.is_none());
    }
}
