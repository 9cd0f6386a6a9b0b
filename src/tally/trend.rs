//! Whether a series rises or falls, and how steeply, without assuming a shape.

use libm::{erfc, sqrt};

/// More points than these have no [`theil_sen`]: it looks at all pairs.
const MOST_POINTS: usize = 2_000;

/// The median slope between all pairs of points (Theil–Sen estimator).
///
/// `points` are a position in time, in whole steps, and a value; the result is
/// in value per step. Pairs at one position are left out. `None` without a pair,
/// or above 2,000 points.
///
/// # Cost
/// Time and memory in step with the number of pairs.
///
/// # Source
/// Sen (1968), J. Am. Stat. Assoc. 63(324), 1379–1389.
///
/// ```
/// assert_eq!(tifa::tally::theil_sen(&[(0, 1.0), (1, 3.0), (2, 90.0), (3, 7.0)]), Some(2.0));
/// ```
#[must_use]
pub fn theil_sen(points: &[(i64, f64)]) -> Option<f64> {
    if points.len() > MOST_POINTS {
        return None;
    }
    let mut slopes = Vec::with_capacity(points.len() * points.len().saturating_sub(1) / 2);
    for (number, (x, y)) in points.iter().enumerate() {
        for (other_x, other_y) in points.iter().skip(number + 1) {
            if other_x != x {
                slopes.push((other_y - y) / (other_x - x) as f64);
            }
        }
    }
    median(&mut slopes)
}

/// The middle value, of an even number the mean of the two.
fn median(values: &mut [f64]) -> Option<f64> {
    let half = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let even = values.len().is_multiple_of(2);
    let (below, middle, _) = values.select_nth_unstable_by(half, f64::total_cmp);
    let upper = *middle;
    let lower = below.iter().copied().max_by(f64::total_cmp);
    Some(if even { lower.map_or(upper, |lower| lower.midpoint(upper)) } else { upper })
}

/// A test for a monotonic trend.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MannKendall {
    /// Pairs that rise less pairs that fall.
    pub s: i64,
    /// Variance of `s` if there is no trend, corrected for equal values.
    pub variance: f64,
    /// `s` in standard deviations, with continuity correction.
    pub z: f64,
    /// Two-sided probability of such an `s` if there is no trend.
    pub p: f64,
}

impl MannKendall {
    fn new(s: i64, variance: f64) -> Self {
        let z = if variance > 0.0 { (s - s.signum()) as f64 / sqrt(variance) } else { 0.0 };
        Self { s, variance, z, p: two_sided(z) }
    }
}

/// Two-sided tail of the normal distribution: P(|Z| ≥ |z|).
#[must_use]
pub fn two_sided(z: f64) -> f64 {
    erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// The Mann–Kendall test of values in order of time, with ties corrected and
/// continuity correction; normal approximation. Values of one series do not
/// depend on each other; where they do, `p` is too small.
///
/// # Cost
/// O(n log n).
///
/// # Source
/// Mann (1945), Econometrica 13(3), 245–259; Kendall (1975), Rank Correlation
/// Methods, 4th ed.
#[must_use]
pub fn mann_kendall(values: &[f64]) -> MannKendall {
    let (s, variance) = score(values);
    MannKendall::new(s, variance as f64 / 18.0)
}

/// The test by season: scores and variances of the seasons are added, so that a
/// value is compared only with those of the same season in other years.
///
/// # Source
/// Hirsch, Slack and Smith (1982), Water Resources Research 18(1), 107–121.
#[must_use]
pub fn seasonal_mann_kendall(seasons: &[Vec<f64>]) -> MannKendall {
    let (s, variance) = seasons.iter().map(|values| score(values)).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    MannKendall::new(s, variance as f64 / 18.0)
}

/// S, and 18 times its variance.
fn score(values: &[f64]) -> (i64, i64) {
    // Adding zero makes −0 and 0 one value.
    let mut sorted: Vec<f64> = values.iter().map(|value| value + 0.0).collect();
    sorted.sort_by(f64::total_cmp);
    let ties = sorted.chunk_by(|a, b| a.total_cmp(b).is_eq()).map(|equal| weight(equal.len())).sum::<i64>();
    sorted.dedup();
    // Counts of the values so far by rank, as a Fenwick tree.
    let mut tree = vec![0_i64; sorted.len() + 1];
    let mut s = 0;
    for (before, value) in values.iter().enumerate() {
        let rank = sorted.partition_point(|other| other < value);
        let (lower, not_higher) = (counted(&tree, rank), counted(&tree, rank + 1));
        s += lower - (i64::try_from(before).unwrap_or(i64::MAX) - not_higher);
        let mut at = rank + 1;
        while let Some(count) = tree.get_mut(at) {
            *count += 1;
            at += at & at.wrapping_neg();
        }
    }
    (s, weight(values.len()) - ties)
}

/// How many values are among the first `ranks` ranks.
fn counted(tree: &[i64], ranks: usize) -> i64 {
    let (mut at, mut sum) = (ranks, 0);
    while at > 0 {
        sum += tree.get(at).copied().unwrap_or(0);
        at &= at - 1;
    }
    sum
}

/// n(n − 1)(2n + 5).
fn weight(n: usize) -> i64 {
    let n = i64::try_from(n).unwrap_or(0);
    n * (n - 1) * (2 * n + 5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn too_few_points_have_no_slope_and_no_trend() {
        assert_eq!((theil_sen(&[]), theil_sen(&[(3, 1.0)]), theil_sen(&[(3, 1.0), (3, 2.0)])), (None, None, None));
        assert_eq!(mann_kendall(&[]).p.to_bits(), 1.0_f64.to_bits());
        assert_eq!(mann_kendall(&[2.0; 9]), MannKendall { s: 0, variance: 0.0, z: 0.0, p: 1.0 });
        assert_eq!(theil_sen(&vec![(0, 0.0); MOST_POINTS + 1]), None);
    }

    proptest! {
        #[test]
        fn the_slope_is_the_median_over_all_pairs(values in proptest::collection::vec((0..40_i64, 0..12_u32), 2..14)) {
            let points: Vec<(i64, f64)> = values.iter().map(|(x, y)| (*x, f64::from(*y) / 3.0)).collect();
            let mut slopes = Vec::new();
            for i in 0..points.len() {
                for j in 0..i {
                    if points[i].0 != points[j].0 {
                        slopes.push((points[i].1 - points[j].1) / (points[i].0 - points[j].0) as f64);
                    }
                }
            }
            slopes.sort_by(f64::total_cmp);
            let n = slopes.len();
            let expected = (n > 0).then(|| f64::midpoint(slopes[(n - 1) / 2], slopes[n / 2]));
            match (theil_sen(&points), expected) {
                (Some(found), Some(expected)) => prop_assert!((found - expected).abs() < 1e-12),
                (found, expected) => prop_assert_eq!(found, expected),
            }
        }

        #[test]
        fn the_score_is_the_sum_of_the_signs_of_all_pairs(values in proptest::collection::vec(0..8_u32, 0..20)) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let (mut s, n) = (0_i64, values.len() as f64);
            for i in 0..values.len() {
                for j in 0..i {
                    s += i64::from(values[i] > values[j]) - i64::from(values[i] < values[j]);
                }
            }
            let mut ties = 0.0;
            for value in 0..8 {
                let t = values.iter().filter(|v| v.total_cmp(&f64::from(value)).is_eq()).count() as f64;
                ties += t * (t - 1.0) * (2.0 * t + 5.0);
            }
            let variance = (n * (n - 1.0) * (2.0 * n + 5.0) - ties) / 18.0;
            let found = mann_kendall(&values);
            prop_assert_eq!(found.s, s);
            prop_assert!((found.variance - variance).abs() < 1e-9);
            let correction = -s.signum() as f64;
            let z = if variance > 0.0 { (s as f64 + correction) / variance.sqrt() } else { 0.0 };
            prop_assert!((found.z - z).abs() < 1e-12);
        }

        #[test]
        fn one_season_is_the_plain_test_and_seasons_add_up(a in proptest::collection::vec(0..5_u32, 0..9), b in proptest::collection::vec(0..5_u32, 0..9)) {
            let [a, b] = [a, b].map(|values| values.into_iter().map(f64::from).collect::<Vec<f64>>());
            let (of_a, of_b) = (mann_kendall(&a), mann_kendall(&b));
            prop_assert_eq!(seasonal_mann_kendall(std::slice::from_ref(&a)), of_a);
            let both = seasonal_mann_kendall(&[a, b]);
            prop_assert_eq!(both.s, of_a.s + of_b.s);
            prop_assert!((both.variance - of_a.variance - of_b.variance).abs() < 1e-9);
        }
    }
}
