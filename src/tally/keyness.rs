//! Which themes set one part of the corpus apart from another: G² with its
//! p-value, log-ratio, and the correction for many themes.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::counts::Counts;
use super::period::{Calendar, Period};
use super::rate::per_10k;
use super::rollup::Breakdown;
use super::word::Word;
use crate::tag::Lexicon;

/// Text of some time, of one source, of both, or all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Side {
    /// First day; `None`: from the beginning.
    pub from: Option<NaiveDate>,
    /// Last day; `None`: to the end.
    pub to: Option<NaiveDate>,
    /// Source; `None`: all.
    pub source: Option<String>,
}

impl Side {
    /// Whether periods of this length fill the side's time.
    fn tiles(&self, period: Period, calendar: &Calendar) -> bool {
        let ends = |day| calendar.start_of(period, day).and_then(|start| calendar.end_of(period, start)) == Some(day);
        self.from.is_none_or(|from| calendar.start_of(period, from) == Some(from)) && self.to.is_none_or(ends)
    }

    /// Without a bound in time all text counts, also that which has no place in it.
    fn holds(&self, start: Option<NaiveDate>, period: Period, calendar: &Calendar) -> bool {
        match start {
            Some(start) => self.from.is_none_or(|from| from <= start) && self.to.is_none_or(|to| calendar.end_of(period, start).is_some_and(|end| end <= to)),
            None => self.from.is_none() && self.to.is_none(),
        }
    }

    fn meets(&self, other: &Self) -> bool {
        let apart = |a: &Self, b: &Self| a.to.zip(b.from).is_some_and(|(to, from)| to < from);
        let sources = self.source.is_none() || other.source.is_none() || self.source == other.source;
        sources && !apart(self, other) && !apart(other, self)
    }
}

/// Two sides that are compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contrast {
    /// Name.
    pub name: String,
    /// Length of the periods that are summed.
    pub period: Period,
    /// What is looked at.
    pub target: Side,
    /// What it is compared with; `None`: all other text.
    pub reference: Option<Side>,
}

/// Two sides that cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContrastFault {
    /// A range that no period length of the pipeline fills.
    Cut,
    /// A range that ends before it begins.
    Backwards,
    /// The sides share text.
    Overlap,
    /// All text has nothing to be compared with.
    Everything,
}

impl Contrast {
    /// Chooses the length of the periods: of those asked the longest that fills
    /// both sides, because a document dated to a year lies in no month.
    ///
    /// # Errors
    /// [`ContrastFault`].
    pub fn new(name: String, target: Side, reference: Option<Side>, periods: &[Period], calendar: &Calendar) -> Result<Self, ContrastFault> {
        let sides = || [Some(&target), reference.as_ref()].into_iter().flatten();
        if sides().any(|side| side.from.zip(side.to).is_some_and(|(from, to)| to < from)) {
            return Err(ContrastFault::Backwards);
        }
        match &reference {
            Some(reference) if target.meets(reference) => return Err(ContrastFault::Overlap),
            None if target == Side::default() => return Err(ContrastFault::Everything),
            _ => {}
        }
        let period = periods.iter().copied().filter(|period| sides().all(|side| side.tiles(*period, calendar))).max();
        Ok(Self { name, period: period.ok_or(ContrastFault::Cut)?, target, reference })
    }
}

/// A theme in a contrast.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeynessRow {
    /// Name of the contrast.
    pub contrast: String,
    /// Theme id.
    pub theme: String,
    /// Chinese label.
    pub theme_zh: String,
    /// English label.
    pub theme_en: String,
    /// 0 or 1.
    pub level: u32,
    /// Length of the periods that were summed.
    pub period: String,
    /// Hits in the target.
    pub target_hits: u64,
    /// Han characters of the target.
    pub target_han_chars: u64,
    /// Hits in the reference.
    pub reference_hits: u64,
    /// Han characters of the reference.
    pub reference_han_chars: u64,
    /// Hits in 10,000 Han characters of the target.
    pub target_per_10k: Option<f64>,
    /// The same of the reference.
    pub reference_per_10k: Option<f64>,
    /// [`g2`].
    pub g2: Option<f64>,
    /// [`log_ratio`].
    pub log_ratio: Option<f64>,
    /// [`chi_square_tail`] of G².
    pub p: Option<f64>,
    /// [`benjamini_hochberg`] over the themes of the level in the contrast.
    pub p_adjusted: Option<f64>,
    /// Fewer than five hits are expected on one side.
    pub small_n: bool,
}

/// Log-likelihood ratio G² of `a` occurrences in `n` units against `b` in `m`:
/// 2 Σ O ln(O ÷ E) over the four cells (occurrences, and units without one),
/// without correction. `None` where there is nothing to compare: a side without
/// text, no occurrence at all, or more occurrences than units.
///
/// It grows with the corpus, so read it beside the log-ratio. It takes every
/// occurrence as independent; themes come in bursts, so its p-values are too small.
///
/// # Source
/// Dunning (1993), Computational Linguistics 19(1), 61–74; over four cells, as in
/// quanteda's `textstat_keyness`, not over two.
#[must_use]
pub fn g2(a: u64, n: u64, b: u64, m: u64) -> Option<f64> {
    if n == 0 || m == 0 || a + b == 0 || a > n || b > m || a + b == n + m {
        return None;
    }
    let (with, all) = ((a + b) as f64, (n + m) as f64);
    let cell = |observed: u64, row: u64, column: f64| {
        let expected = row as f64 * column / all;
        if observed == 0 { 0.0 } else { observed as f64 * libm::log(observed as f64 / expected) }
    };
    let sum = cell(a, n, with) + cell(n - a, n, all - with) + cell(b, m, with) + cell(m - b, m, all - with);
    // Rounding alone can lead below zero.
    Some((2.0 * sum).max(0.0))
}

/// log₂ of the rate of `a` in `n` over that of `b` in `m`: 1 is twice as often. A
/// count of zero is taken for one half. `None` where a side has no text or both
/// counts are zero.
///
/// # Source
/// Hardie (2014), Log Ratio – an informal introduction, CASS, Lancaster.
#[must_use]
pub fn log_ratio(a: u64, n: u64, b: u64, m: u64) -> Option<f64> {
    let count = |k: u64| if k == 0 { 0.5 } else { k as f64 };
    (n > 0 && m > 0 && a + b > 0).then(|| libm::log2((count(a) / n as f64) / (count(b) / m as f64)))
}

/// Probability that a chi-square variable with one degree of freedom is at least
/// `x`: erfc(√(x ÷ 2)).
#[must_use]
pub fn chi_square_tail(x: f64) -> f64 {
    libm::erfc((x.max(0.0) / 2.0).sqrt())
}

/// p-values adjusted so that taking all below α keeps the share of false ones
/// among them at α; in the order given.
///
/// # Source
/// Benjamini & Hochberg (1995), J. R. Stat. Soc. B 57(1), 289–300, step-up.
///
/// ```
/// assert_eq!(tifa::tally::benjamini_hochberg(&[0.04, 0.01]), [0.04, 0.02]);
/// ```
#[must_use]
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<(usize, f64)> = p.iter().copied().enumerate().collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1).then(b.0.cmp(&a.0)));
    let mut out = vec![1.0; p.len()];
    let mut least: f64 = 1.0;
    for (above, (at, p)) in order.into_iter().enumerate() {
        let rank = out.len() - above;
        least = least.min(p * out.len() as f64 / rank as f64);
        if let Some(adjusted) = out.get_mut(at) {
            *adjusted = least;
        }
    }
    out
}

/// Hits by theme, and Han characters under `None`.
type Sums<'c> = BTreeMap<Option<&'c str>, u64>;

fn sums<'c>(counts: &'c Counts, side: &Side, period: Period, calendar: &Calendar) -> Sums<'c> {
    let breakdown = if side.source.is_some() { Breakdown::Source } else { Breakdown::All };
    let mut out = Sums::new();
    for row in counts.rows(breakdown, move |length| length == period) {
        if side.source.as_ref().is_none_or(|source| *row.member == *source) && side.holds(row.period_start, period, calendar) {
            *out.entry(row.theme.map(Word::as_str)).or_default() += if row.theme.is_some() { row.hits } else { row.han_chars };
        }
    }
    out
}

/// The contrasts in the order of the pipeline, themes in that of the lexicon.
pub(super) fn keyness(counts: &Counts, contrasts: &[Contrast], lexicon: &Lexicon, calendar: &Calendar) -> Vec<KeynessRow> {
    contrasts.iter().flat_map(|contrast| rows(counts, contrast, lexicon, calendar)).collect()
}

fn rows(counts: &Counts, contrast: &Contrast, lexicon: &Lexicon, calendar: &Calendar) -> Vec<KeynessRow> {
    let target = sums(counts, &contrast.target, contrast.period, calendar);
    let reference = contrast.reference.as_ref().map(|side| sums(counts, side, contrast.period, calendar));
    let all = sums(counts, &Side::default(), contrast.period, calendar);
    let of = |key: Option<&str>| {
        let in_target = target.get(&key).copied().unwrap_or(0);
        let in_reference = match &reference {
            Some(reference) => reference.get(&key).copied().unwrap_or(0),
            None => all.get(&key).copied().unwrap_or(0).saturating_sub(in_target),
        };
        (in_target, in_reference)
    };
    let (n, m) = of(None);
    let mut out: Vec<KeynessRow> = lexicon
        .themes()
        .iter()
        .map(|theme| {
            let (a, b) = of(Some(&theme.id));
            let g2 = g2(a, n, b, m);
            let expected = |units: u64| (a + b) as f64 * units as f64 / (n + m).max(1) as f64;
            KeynessRow {
                contrast: contrast.name.clone(),
                theme: theme.id.clone(),
                theme_zh: theme.zh.clone(),
                theme_en: theme.en.clone(),
                level: theme.level(),
                period: contrast.period.name().to_owned(),
                target_hits: a,
                target_han_chars: n,
                reference_hits: b,
                reference_han_chars: m,
                target_per_10k: per_10k(a, n),
                reference_per_10k: per_10k(b, m),
                g2,
                log_ratio: log_ratio(a, n, b, m),
                p: g2.map(chi_square_tail),
                p_adjusted: None,
                small_n: expected(n) < 5.0 || expected(m) < 5.0,
            }
        })
        .collect();
    // The levels say the same twice; each is a family of tests of its own.
    for level in [0, 1] {
        let family: Vec<f64> = out.iter().filter(|r| r.level == level).filter_map(|r| r.p).collect();
        let adjusted = benjamini_hochberg(&family);
        for (row, adjusted) in out.iter_mut().filter(|r| r.level == level && r.p.is_some()).zip(adjusted) {
            row.p_adjusted = Some(adjusted);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn side(from: &str, to: &str, source: Option<&str>) -> Side {
        let day = |text: &str| text.parse().ok();
        Side { from: day(from), to: day(to), source: source.map(Into::into) }
    }

    #[test]
    fn the_longest_periods_that_fill_both_sides_are_summed() {
        let periods = [Period::Month, Period::Quarter, Period::Year];
        let of = |target: Side, reference: Option<Side>| Contrast::new("c".into(), target, reference, &periods, &Calendar::default()).map(|c| c.period);
        assert_eq!(of(side("2024-01-01", "2024-12-31", None), None), Ok(Period::Year));
        assert_eq!(of(side("2024-01-01", "2024-12-31", None), Some(side("2023-04-01", "2023-12-31", None))), Ok(Period::Quarter));
        assert_eq!(of(side("2024-02-01", "", None), None), Ok(Period::Month));
        assert_eq!(of(side("2024-02-02", "", None), None), Err(ContrastFault::Cut));
        assert_eq!(of(side("", "", Some("a")), Some(side("", "", Some("b")))), Ok(Period::Year));
        assert_eq!(of(side("", "", Some("a")), Some(side("", "", None))), Err(ContrastFault::Overlap));
        assert_eq!(of(side("2024-01-01", "", None), Some(side("", "2024-12-31", None))), Err(ContrastFault::Overlap));
        assert_eq!(of(side("2024-12-31", "2024-01-01", None), None), Err(ContrastFault::Backwards));
        assert_eq!(of(Side::default(), None), Err(ContrastFault::Everything));
    }

    #[test]
    fn text_without_a_place_counts_only_where_all_time_does() {
        assert!(
            side("", "", Some("a")).holds(None, Period::Year, &Calendar::default())
                && !side("2024-01-01", "", None).holds(None, Period::Year, &Calendar::default())
        );
    }

    #[test]
    fn nothing_to_compare_has_no_statistic() {
        assert_eq!((g2(0, 10, 0, 10), g2(1, 1, 0, 0), g2(5, 4, 0, 9), g2(3, 3, 4, 4)), (None, None, None, None));
        assert_eq!((log_ratio(0, 10, 0, 10), log_ratio(1, 1, 0, 0)), (None, None));
        assert_eq!((log_ratio(2, 10, 0, 10), log_ratio(0, 10, 1, 10)), (Some(2.0), Some(-1.0)));
        assert!(benjamini_hochberg(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn g2_is_twice_the_information_of_the_table(n in 2..500_u64, m in 2..500_u64, a in 0..500_u64, b in 0..500_u64) {
            // The slow reference: likelihoods of two rates against one.
            let (a, b) = (a % n, b % m);
            prop_assume!(a + b > 0);
            let fit = |k: u64, n: u64, p: f64| {
                let part = |count: u64, p: f64| if count == 0 { 0.0 } else { count as f64 * p.ln() };
                part(k, p) + part(n - k, 1.0 - p)
            };
            let one = (a + b) as f64 / (n + m) as f64;
            let expected = 2.0 * (fit(a, n, a as f64 / n as f64) + fit(b, m, b as f64 / m as f64) - fit(a, n, one) - fit(b, m, one));
            prop_assert!((g2(a, n, b, m).unwrap() - expected).abs() < 1e-8, "{expected}");
        }

        #[test]
        fn the_adjusted_values_reject_what_the_step_up_rule_rejects(p in proptest::collection::vec(0.0..1.0_f64, 1..30), alpha in 0.01..0.5_f64) {
            // The rule as it is told: the largest rank k with p(k) ≤ k α ÷ m, and all below.
            let mut sorted = p.clone();
            sorted.sort_by(f64::total_cmp);
            let m = p.len() as f64;
            let last = (1..=p.len()).rfind(|k| sorted[k - 1] * m / *k as f64 <= alpha).map(|k| sorted[k - 1]);
            let adjusted = benjamini_hochberg(&p);
            for (p, adjusted) in p.iter().zip(adjusted) {
                prop_assert_eq!(adjusted <= alpha, last.is_some_and(|last| *p <= last));
            }
        }
    }
}
