//! Whether a series rises or falls, and how steeply, without assuming a shape.

use libm::{erfc, sqrt};

/// Up to so many points all pairs are looked at.
const FEW_POINTS: usize = 64;

/// The median slope between all pairs of points (Theil–Sen estimator).
///
/// `points` are a position in time, in whole steps, and a value; the result is
/// in value per step. Pairs at one position are left out. `None` without a pair.
///
/// # Cost
/// About n^1.5 for n points: of slopes drawn at random it is known between which
/// two the median lies, how many pairs lie below is counted as inversions, and
/// those between are looked at. Whatever is drawn, the result is the same.
///
/// # Source
/// Sen (1968), J. Am. Stat. Assoc. 63(324), 1379–1389; the search: Dillencourt,
/// Mount and Netanyahu (1992), Int. J. Comput. Geom. Appl. 2(1), 1–27.
///
/// ```
/// assert_eq!(tifa::tally::theil_sen(&[(0, 1.0), (1, 3.0), (2, 90.0), (3, 7.0)]), Some(2.0));
/// ```
#[must_use]
pub fn theil_sen(points: &[(i64, f64)]) -> Option<f64> {
    let mut points = points.to_vec();
    points.sort_by_key(|(x, _)| *x);
    if points.len() > FEW_POINTS && points.iter().all(|(_, y)| y.is_finite()) {
        let found = no_slope(&points).or_else(|| [4, 16].into_iter().find_map(|width| median_between(&points, width)));
        if found.is_some() {
            return found;
        }
    }
    let mut slopes = Vec::with_capacity(points.len() * points.len().saturating_sub(1) / 2);
    for (number, point) in points.iter().enumerate() {
        slopes.extend(points.iter().skip(number + 1).filter_map(|other| slope(*point, *other)));
    }
    median(&mut slopes)
}

/// The slope of a pair; `None` at one position.
fn slope((x, y): (i64, f64), (other_x, other_y): (i64, f64)) -> Option<f64> {
    (x != other_x).then(|| (other_y - y) / (other_x - x) as f64)
}

/// The pairs of points in order of position that have a slope.
fn pairs(points: &[(i64, f64)]) -> usize {
    let of = |n: usize| n * (n - 1) / 2;
    of(points.len()) - points.chunk_by(|a, b| a.0 == b.0).map(|same| of(same.len())).sum::<usize>()
}

/// Zero, if that is the median: a theme that most periods do not have makes most
/// slopes nothing, and those can be counted.
fn no_slope(points: &[(i64, f64)]) -> Option<f64> {
    let falling = below(points, 0.0);
    let turned: Vec<(i64, f64)> = points.iter().map(|(x, y)| (*x, -y)).collect();
    let rising = below(&turned, 0.0);
    let half = pairs(points).div_ceil(2);
    (falling < half && rising < half).then_some(0.0)
}

/// Pairs whose slope is below this one: later in time, but lower against a line of
/// that slope.
fn below(points: &[(i64, f64)], slope: f64) -> usize {
    let mut heights: Vec<f64> = Vec::with_capacity(points.len());
    for same in points.chunk_by(|a, b| a.0 == b.0) {
        let from = heights.len();
        heights.extend(same.iter().map(|point| height(points, *point, slope)));
        if let Some(same) = heights.get_mut(from..) {
            same.sort_by(f64::total_cmp);
        }
    }
    inversions(&mut heights, |a, b| a <= b)
}

/// How far a point lies above a line of this slope through the first position.
fn height(points: &[(i64, f64)], (x, y): (i64, f64), slope: f64) -> f64 {
    y - slope * (x - points.first().map_or(0, |(first, _)| *first)) as f64
}

/// The median of the slopes, looked for in the middle of a sample of them, so many
/// of its standard errors wide; `None` if it is not surely there.
fn median_between(points: &[(i64, f64)], width: usize) -> Option<f64> {
    let mut sample = sampled_slopes(points, 4 * points.len());
    let (middle, reach) = (sample.len() / 2, width * sample.len().isqrt() / 2);
    let at = middle.checked_sub(reach).filter(|_| middle + reach < sample.len())?;
    let (_, low, above) = sample.select_nth_unstable_by(at, f64::total_cmp);
    let high = (2 * reach).checked_sub(1).map_or(*low, |at| *above.select_nth_unstable_by(at, f64::total_cmp).1);
    let low = *low;
    // Heights are rounded: a pair this near a bound may stand on its wrong side.
    let (first, last) = (points.first()?.0, points.last()?.0);
    let highest = points.iter().map(|(_, y)| y.abs()).fold(0.0, f64::max);
    let margin = 8.0 * f64::EPSILON * (highest + low.abs().max(high.abs()) * (last - first) as f64);
    let (low, high) = (low - 4.0 * margin, high + 4.0 * margin);
    let below = below(points, low);
    // In the order of their heights against the lower line, two points that have
    // changed places against the upper one have a slope between.
    let mut order: Vec<(f64, f64, (i64, f64))> = points.iter().map(|point| (height(points, *point, low), height(points, *point, high), *point)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.2.0.cmp(&b.2.0)));
    let mut between = Vec::new();
    merge_sort(&mut order, &|a, b| a.1 <= b.1, &mut |passed, by| between.extend(passed.iter().filter_map(|own| slope(own.2, by.2))));
    let all = pairs(points);
    let (lower, upper) = (((all - 1) / 2).checked_sub(below)?, (all / 2).checked_sub(below)?);
    if upper >= between.len() {
        return None;
    }
    let (_, found, rest) = between.select_nth_unstable_by(lower, f64::total_cmp);
    let lower_slope = *found;
    let upper_slope = if upper == lower { lower_slope } else { rest.iter().copied().min_by(f64::total_cmp)? };
    let surely = lower_slope > low + margin && upper_slope < high - margin;
    surely.then(|| if upper == lower { lower_slope } else { lower_slope.midpoint(upper_slope) })
}

/// Slopes of so many pairs drawn at random, always the same.
fn sampled_slopes(points: &[(i64, f64)], number: usize) -> Vec<f64> {
    // SplitMix64, Steele, Lea and Flood (2014).
    let mut state = 0_u64;
    let mut drawn = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let place = (u128::from(mixed ^ (mixed >> 31)) * points.len() as u128) >> 64;
        points.get(usize::try_from(place).unwrap_or(0)).copied().unwrap_or_default()
    };
    (0..number).filter_map(|_| slope(drawn(), drawn())).collect()
}

/// Pairs of values that are not in order; sorts them.
fn inversions<T: Copy>(values: &mut [T], in_order: impl Fn(&T, &T) -> bool) -> usize {
    let mut count = 0;
    merge_sort(values, &in_order, &mut |passed, _| count += passed.len());
    count
}

/// Up to so many values are sorted one by one.
const FEW_VALUES: usize = 16;

/// Sorts, and shows for each value those before it that it has to pass.
fn merge_sort<T: Copy>(values: &mut [T], in_order: &impl Fn(&T, &T) -> bool, passes: &mut impl FnMut(&[T], &T)) {
    if values.len() <= FEW_VALUES {
        for number in 1..values.len() {
            let Some((value, before)) = values.get_mut(..=number).and_then(|values| values.split_last_mut()) else { return };
            let place = before.partition_point(|own| in_order(own, value));
            let Some(higher) = before.get(place..).filter(|higher| !higher.is_empty()) else { continue };
            passes(higher, value);
            if let Some(moved) = values.get_mut(place..=number) {
                moved.rotate_right(1);
            }
        }
        return;
    }
    let (left, right) = values.split_at_mut(values.len() / 2);
    merge_sort(left, in_order, passes);
    merge_sort(right, in_order, passes);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right): (&[T], &[T]) = (left, right);
    while let ([own, after_own @ ..], [value, after_value @ ..]) = (left, right) {
        if in_order(own, value) {
            merged.push(*own);
            left = after_own;
        } else {
            passes(left, value);
            merged.push(*value);
            right = after_value;
        }
    }
    merged.extend_from_slice(left);
    merged.extend_from_slice(right);
    values.copy_from_slice(&merged);
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
    let falls = inversions(&mut sorted, |a, b| a.total_cmp(b).is_le());
    let pairs = |n: usize| n * n.saturating_sub(1) / 2;
    let (mut ties, mut equal_pairs) = (0, 0);
    for equal in sorted.chunk_by(|a, b| a.total_cmp(b).is_eq()) {
        ties += weight(equal.len());
        equal_pairs += pairs(equal.len());
    }
    let s = i64::try_from(pairs(values.len()) - equal_pairs).unwrap_or(i64::MAX) - 2 * i64::try_from(falls).unwrap_or(0);
    (s, weight(values.len()) - ties)
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
        assert_eq!(theil_sen(&[(0, 0.0); FEW_POINTS + 1]), None);
    }

    fn median_of_all(points: &[(i64, f64)]) -> Option<f64> {
        let mut slopes = Vec::new();
        for i in 0..points.len() {
            for j in 0..i {
                if points[i].0 != points[j].0 {
                    // Adding zero makes −0 and 0 one value.
                    slopes.push((points[i].1 - points[j].1) / (points[i].0 - points[j].0) as f64 + 0.0);
                }
            }
        }
        slopes.sort_by(f64::total_cmp);
        let n = slopes.len();
        (n > 0).then(|| f64::midpoint(slopes[(n - 1) / 2], slopes[n / 2]))
    }

    #[test]
    fn a_line_and_a_silence_and_what_is_not_finite_have_their_slope() {
        let line: Vec<(i64, f64)> = (0..500).map(|x| (x, 2.5 * x as f64)).collect();
        assert_eq!(theil_sen(&line), Some(2.5));
        let seldom: Vec<(i64, f64)> = (0..500).map(|x| (x, f64::from(u8::from(x % 9 == 0)))).collect();
        assert_eq!(theil_sen(&seldom), Some(0.0));
        let broken: Vec<(i64, f64)> = line.iter().map(|(x, y)| (*x, if *x == 499 { f64::INFINITY } else { *y })).collect();
        assert_eq!(theil_sen(&broken), Some(2.5));
    }

    proptest! {
        #[test]
        fn the_slope_is_the_median_over_all_pairs(values in proptest::collection::vec((0..40_i64, 0..12_u32), 2..14)) {
            let points: Vec<(i64, f64)> = values.iter().map(|(x, y)| (*x, f64::from(*y) / 3.0)).collect();
            prop_assert_eq!(theil_sen(&points), median_of_all(&points));
        }

        /// Of few values and of many, rising, falling and neither, with holes and with
        /// several values at a position.
        #[test]
        fn the_slope_of_many_points_is_the_median_over_all_pairs_to_the_bit(
            values in proptest::collection::vec((0..300_i64, 0..1_000_u32), FEW_POINTS + 1..250),
            (kinds, rise) in (1..1_000_u32, prop_oneof![Just(0.0), -3.0..3.0_f64]),
        ) {
            let value = |x: i64, y: u32| f64::from(y % kinds) / 7.0 + rise * x as f64;
            let points: Vec<(i64, f64)> = values.iter().map(|(x, y)| (*x, value(*x, *y))).collect();
            prop_assert_eq!(theil_sen(&points).map(f64::to_bits), median_of_all(&points).map(f64::to_bits));
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
