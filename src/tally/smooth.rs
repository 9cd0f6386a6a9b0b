//! The centred moving rate.

use super::rate::per_10k;
use super::timeline::{Count, Timeline};

/// The rate over each period and those up to `reach` before and after it: hits
/// of the window in 10,000 of its Han characters. `counts` are hits and Han
/// characters, one pair a period, without a hole; fewer periods stand at the ends.
///
/// A mean of rates, as Google's Ngram Viewer takes it, would let a period with
/// little text weigh as much as one with much. A period without text has no
/// value, so that a gap stays to be seen, and adds nothing to its neighbours.
///
/// # Cost
/// O(n).
///
/// ```
/// let counts = [(1, 10_000), (0, 0), (5, 10_000), (3, 20_000)];
/// assert_eq!(tifa::tally::smoothed(&counts, 1), [Some(1.0), None, Some(8.0 / 3.0), Some(8.0 / 3.0)]);
/// ```
#[must_use]
pub fn smoothed(counts: &[(u64, u64)], reach: usize) -> Vec<Option<f64>> {
    let mut sums = vec![(0, 0)];
    let (mut hits, mut han_chars) = (0, 0);
    for count in counts {
        (hits, han_chars) = (hits + count.0, han_chars + count.1);
        sums.push((hits, han_chars));
    }
    let up_to = |number: usize| sums.get(number.min(counts.len())).copied().unwrap_or_default();
    counts
        .iter()
        .enumerate()
        .map(|(at, count)| {
            let (from, to) = (up_to(at.saturating_sub(reach)), up_to(at.saturating_add(reach).saturating_add(1)));
            (count.1 > 0).then(|| per_10k(to.0 - from.0, to.1 - from.1)).flatten()
        })
        .collect()
}

/// The smoothed rate of one theme in each slot.
pub(super) fn of_slots(counts: &[Count], timeline: &Timeline, reach: usize) -> Vec<Option<f64>> {
    let counts: Vec<(u64, u64)> = counts.iter().zip(&timeline.slots).map(|(count, slot)| (count.hits, slot.han_chars)).collect();
    smoothed(&counts, reach)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_the_rate_of_the_window_written_out(counts in proptest::collection::vec((0..9_u64, 0..4_u64), 0..15), reach in 0..5_usize) {
            let found = smoothed(&counts, reach);
            prop_assert_eq!(found.len(), counts.len());
            for (at, value) in found.iter().enumerate() {
                let window: Vec<_> = counts.iter().enumerate().filter(|(i, _)| i.abs_diff(at) <= reach).map(|(_, c)| *c).collect();
                let (hits, han) = (window.iter().map(|c| c.0).sum::<u64>(), window.iter().map(|c| c.1).sum::<u64>());
                let expected = (counts[at].1 > 0).then(|| hits as f64 * 10_000.0 / han as f64);
                prop_assert_eq!(*value, expected);
            }
        }
    }
}
