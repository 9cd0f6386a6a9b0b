//! By how many months one series follows another.

/// Lags that are tried, in months to each side.
pub(super) const MAX_LAG: i32 = 12;
/// Pairs of months that a lag needs to be tried.
pub(super) const MIN_PAIRS: usize = 24;

/// The lag at which two monthly series go together best.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BestLag {
    /// Months by which the second series follows the first; below zero: it leads.
    pub months: i32,
    /// Pearson's r at this lag.
    pub correlation: f64,
    /// Pairs of months that it rests on.
    pub pairs: usize,
}

/// Why two series have no best lag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoLag {
    /// Fewer than 24 months in which both have a value.
    TooShort,
    /// One of them never changes.
    Constant,
}

/// The lag, of at most 12 months to each side, with the highest correlation of
/// `first` in month t and `second` in month t + lag; of equal ones the shortest,
/// then the one above zero. A lag is tried if at least 24 pairs of months have
/// both values and neither side of them is constant.
///
/// The slices are parallel: one entry a month, without gaps; `None`: no value.
///
/// # Errors
/// [`NoLag`].
///
/// # Cost
/// 25 passes over the months.
///
/// # Source
/// The sample cross-correlation function, with the means of the paired months in
/// place of those of the series (Pearson's r of each shifted pair).
pub fn best_lag(first: &[Option<f64>], second: &[Option<f64>]) -> Result<BestLag, NoLag> {
    let mut lags: Vec<i32> = (-MAX_LAG..=MAX_LAG).collect();
    lags.sort_by_key(|lag| (lag.abs(), *lag < 0));
    let mut why = NoLag::TooShort;
    let mut best: Option<BestLag> = None;
    let mut pairs: Vec<(f64, f64)> = Vec::with_capacity(first.len());
    for months in lags {
        let shift = months.unsigned_abs() as usize;
        let (ahead, behind) = if months >= 0 { (0, shift) } else { (shift, 0) };
        pairs.clear();
        pairs.extend(first.iter().skip(ahead).zip(second.iter().skip(behind)).filter_map(|(x, y)| (*x).zip(*y)));
        if pairs.len() < MIN_PAIRS {
            continue;
        }
        why = NoLag::Constant;
        let Some(correlation) = pearson(&pairs) else { continue };
        // Later lags are longer: they must be better by more than rounding.
        if best.is_none_or(|known| correlation > known.correlation + 1e-12) {
            best = Some(BestLag { months, correlation, pairs: pairs.len() });
        }
    }
    best.ok_or(why)
}

/// Pearson's r; `None` where one side is constant.
fn pearson(pairs: &[(f64, f64)]) -> Option<f64> {
    let n = pairs.len() as f64;
    // To the bit: a mean of equal values may differ from them by rounding.
    let constant = |side: fn(&(f64, f64)) -> u64| pairs.windows(2).all(|pair| matches!(pair, [a, b] if side(a) == side(b)));
    if constant(|pair| pair.0.to_bits()) || constant(|pair| pair.1.to_bits()) {
        return None;
    }
    let (sum_x, sum_y) = pairs.iter().fold((0.0, 0.0), |(sx, sy), (x, y)| (sx + x, sy + y));
    let (mean_x, mean_y) = (sum_x / n, sum_y / n);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        let (dx, dy) = (x - mean_x, y - mean_y);
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
    }
    let scale = (xx * yy).sqrt();
    (scale > 0.0).then(|| (xy / scale).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Some hills of different height, so that no lag but one fits.
    fn series(months: usize) -> Vec<Option<f64>> {
        (0..months).map(|i| Some(((i * i * 7 + i * 3) % 23) as f64)).collect()
    }

    #[test]
    fn a_series_that_follows_by_three_months_is_found() {
        let first = series(60);
        let second: Vec<Option<f64>> = std::iter::repeat_n(Some(0.0), 3).chain(first.iter().copied()).take(60).collect();
        let got = best_lag(&first, &second).unwrap();
        assert_eq!((got.months, got.pairs), (3, 57));
        assert!((got.correlation - 1.0).abs() < 1e-12);
        assert_eq!(best_lag(&second, &first).unwrap().months, -3);
    }

    #[test]
    fn a_short_or_flat_series_has_no_lag() {
        let some = series(23);
        assert_eq!(best_lag(&some, &some), Err(NoLag::TooShort));
        assert_eq!(best_lag(&series(40), &vec![Some(0.5); 40]), Err(NoLag::Constant));
        let gaps: Vec<Option<f64>> = series(46).into_iter().enumerate().map(|(i, x)| x.filter(|_| i % 2 == 0)).collect();
        assert_eq!(best_lag(&gaps, &gaps), Err(NoLag::TooShort));
        assert_eq!(best_lag(&[], &[]), Err(NoLag::TooShort));
    }

    proptest! {
        #[test]
        fn the_best_lag_is_the_best_of_all_tried_one_by_one(
            months in proptest::collection::vec((proptest::option::weighted(0.9, 0..9_u8), proptest::option::weighted(0.9, 0..9_u8)), 0..70)
        ) {
            let first: Vec<Option<f64>> = months.iter().map(|m| m.0.map(f64::from)).collect();
            let second: Vec<Option<f64>> = months.iter().map(|m| m.1.map(f64::from)).collect();
            // The slow reference looks months up by their number, and takes r from sums.
            let mut best: Option<(f64, i32)> = None;
            for lag in -12..=12_i32 {
                let at = |series: &[Option<f64>], month: i32| usize::try_from(month).ok().and_then(|m| series.get(m).copied().flatten());
                let pairs: Vec<(f64, f64)> = (0..70).filter_map(|t| at(&first, t).zip(at(&second, t + lag))).collect();
                let n = pairs.len() as f64;
                let sum = |f: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(f).sum::<f64>();
                let (vx, vy) = (n * sum(&|p| p.0 * p.0) - sum(&|p| p.0).powi(2), n * sum(&|p| p.1 * p.1) - sum(&|p| p.1).powi(2));
                if pairs.len() < 24 || vx == 0.0 || vy == 0.0 {
                    continue;
                }
                let r = (n * sum(&|p| p.0 * p.1) - sum(&|p| p.0) * sum(&|p| p.1)) / (vx * vy).sqrt();
                if best.is_none_or(|(known, l)| r > known + 1e-9 || ((r - known).abs() <= 1e-9 && (lag.abs(), lag < 0) < (l.abs(), l < 0))) {
                    best = Some((r, lag));
                }
            }
            match (best_lag(&first, &second), best) {
                (Ok(got), Some((r, lag))) => {
                    prop_assert_eq!(got.months, lag);
                    prop_assert!((got.correlation - r).abs() < 1e-9);
                }
                (Err(_), None) => {}
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }
}
