//! How evenly a theme is spread over the parts of a corpus.

/// The normalised deviation of proportions (`DPnorm`).
///
/// `hits` and `sizes` are parallel, one for each part: occurrences, and the size
/// of the part (Han characters). 0: the theme follows the text exactly; 1: it
/// sits in the smallest part alone. Parts of no size count for nothing. `None`
/// without a hit, or with fewer than two parts.
///
/// # Cost
/// O(n).
///
/// # Source
/// Gries (2008), Int. J. of Corpus Linguistics 13(4), 403–437; the norm by
/// Lijffijt and Gries (2012), Int. J. of Corpus Linguistics 17(1), 147–149.
///
/// ```
/// assert_eq!(tifa::tally::dp_norm(&[5, 0], &[100, 100]), Some(1.0));
/// assert_eq!(tifa::tally::dp_norm(&[1, 3], &[100, 300]), Some(0.0));
/// ```
#[must_use]
pub fn dp_norm(hits: &[u64], sizes: &[u64]) -> Option<f64> {
    let parts: Vec<(u64, u64)> = hits.iter().zip(sizes).map(|(h, s)| (*h, *s)).filter(|(_, size)| *size > 0).collect();
    let (all_hits, all_size) = parts.iter().fold((0, 0), |sum: (u64, u64), part| (sum.0 + part.0, sum.1 + part.1));
    let smallest = parts.iter().map(|(_, size)| *size).min()?;
    if all_hits == 0 || parts.len() < 2 {
        return None;
    }
    let share = |part: u64, whole: u64| part as f64 / whole as f64;
    let deviation: f64 = parts.iter().map(|(h, s)| (share(*h, all_hits) - share(*s, all_size)).abs()).sum();
    Some(deviation / 2.0 / (1.0 - share(smallest, all_size)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_part_or_no_hit_has_no_dispersion() {
        assert_eq!((dp_norm(&[3], &[10]), dp_norm(&[0, 0], &[10, 20]), dp_norm(&[], &[]), dp_norm(&[3, 0], &[10, 0])), (None, None, None, None));
    }

    proptest! {
        #[test]
        fn it_lies_between_none_and_one_and_is_one_in_the_smallest_part_alone(parts in proptest::collection::vec((0..20_u64, 1..500_u64), 2..12)) {
            let (mut hits, sizes): (Vec<u64>, Vec<u64>) = parts.into_iter().unzip();
            hits[0] += 1;
            let found = dp_norm(&hits, &sizes).unwrap();
            prop_assert!((0.0..=1.0 + 1e-12).contains(&found));
            let smallest = (0..sizes.len()).min_by_key(|i| sizes[*i]).unwrap();
            let alone: Vec<u64> = (0..sizes.len()).map(|i| u64::from(i == smallest) * 7).collect();
            prop_assert!((dp_norm(&alone, &sizes).unwrap() - 1.0).abs() < 1e-12);
            prop_assert!(dp_norm(&sizes, &sizes).unwrap().abs() < 1e-12);
        }
    }
}
