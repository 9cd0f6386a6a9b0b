//! The figures of a phrase: novelty, cohesion, freedom.

use crate::tally::g2;

/// [`g2`] of a phrase in two texts: `count` occurrences among `size` characters
/// of the window, `before` among `size_before` before it; negative where the
/// phrase is rarer in the window. `None` without text on either side.
#[must_use]
pub fn log_likelihood(count: u64, size: u64, before: u64, size_before: u64) -> Option<f64> {
    if size == 0 || size_before == 0 {
        return None;
    }
    let (size, size_before) = (size.max(count), size_before.max(before));
    let ratio = g2(count, size, before, size_before).unwrap_or(0.0);
    let rarer = (count as f64 / size as f64) < before as f64 / size_before as f64;
    Some(if rarer { -ratio } else { ratio })
}

/// The binary logarithm of the ratio of the two shares and the lower end of its
/// 95 % interval: 3 means eight times as often. Half an occurrence is added to
/// each count, so that a phrase that is new has a finite ratio; the more often
/// it comes, the higher its lower end.
///
/// # Source
/// Hardie (2014), Log Ratio: an informal introduction, CASS; the interval of
/// Katz et al. (1978), Biometrics 34(3), 469-474, with the half of Haldane (1956).
#[must_use]
pub fn log_ratio(count: u64, size: u64, before: u64, size_before: u64) -> Option<(f64, f64)> {
    if size == 0 || size_before == 0 {
        return None;
    }
    let (count, before) = (count as f64 + 0.5, before as f64 + 0.5);
    let ratio = libm::log2((count / size as f64) / (before / size_before as f64));
    let error = (1.0 / count + 1.0 / before).sqrt() / std::f64::consts::LN_2;
    Some((ratio, ratio - 1.96 * error))
}

/// Pointwise mutual information of the two parts of a phrase, in bits: how much
/// more often they stand together than by chance, among `size` characters. The
/// cohesion of a phrase is the smallest over all its splits.
///
/// # Source
/// Church & Hanks (1990), Computational Linguistics 16(1), 22-29; the minimum
/// over splits as in Silva & Lopes (1999).
#[must_use]
pub fn mutual_information(together: u64, left: u64, right: u64, size: u64) -> f64 {
    libm::log2((together as f64 / left as f64) * (size as f64 / right as f64))
}

/// The entropy of a phrase's neighbours on one side, in bits: 0 where the same
/// character always follows. `neighbours` counts each character; each of `edges`
/// occurrences at the edge of a run is a neighbour of its own.
///
/// # Source
/// Branching entropy: Jin & Tanaka-Ishii (2006), Unsupervised segmentation of
/// Chinese text by use of branching entropy, COLING/ACL, 428-435.
#[must_use]
pub fn branching_entropy(neighbours: impl IntoIterator<Item = u64>, edges: u64) -> f64 {
    let (mut total, mut weighted) = (edges, 0.0);
    for count in neighbours {
        total += count;
        weighted += count as f64 * libm::log2(count as f64);
    }
    if total == 0 { 0.0 } else { libm::log2(total as f64) - weighted / total as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(serde::Deserialize)]
    struct Case {
        counts: [u64; 4],
        g2: f64,
        log_ratio: f64,
        log_ratio_low: f64,
        neighbours: Vec<u64>,
        edges: u64,
        entropy: f64,
        pmi: f64,
    }

    #[derive(serde::Deserialize)]
    struct Cases {
        case: Vec<Case>,
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
    }

    #[test]
    fn the_figures_are_those_of_scipy() {
        let cases: Cases = toml::from_str(include_str!("../../../tests/cases/phrase_figures.toml")).unwrap();
        assert!(cases.case.len() >= 6);
        for case in cases.case {
            let [count, size, before, size_before] = case.counts;
            let g2 = log_likelihood(count, size, before, size_before).unwrap();
            assert!(near(g2, case.g2), "{g2} {}", case.g2);
            let (ratio, low) = log_ratio(count, size, before, size_before).unwrap();
            assert!(near(ratio, case.log_ratio) && near(low, case.log_ratio_low), "{ratio} {low}");
            assert!(near(branching_entropy(case.neighbours, case.edges), case.entropy), "{}", case.entropy);
            assert!(near(mutual_information(count, before + count, size / 100, size), case.pmi), "{}", case.pmi);
        }
    }

    proptest! {
        #[test]
        fn g2_is_the_sum_over_the_cells(a in 0..50_u64, b in 0..50_u64, n in 50..5000_u64, m in 50..5000_u64) {
            let cells = [(a, n), (b, m)];
            let (hits, all) = ((a + b) as f64, (n + m) as f64);
            let mut sum = 0.0;
            for (o, size) in cells {
                for (observed, column) in [(o as f64, hits), ((size - o) as f64, all - hits)] {
                    let expected = size as f64 * column / all;
                    if observed > 0.0 {
                        sum += 2.0 * observed * (observed / expected).ln();
                    }
                }
            }
            prop_assert!((log_likelihood(a, n, b, m).unwrap().abs() - sum.max(0.0)).abs() < 1e-6);
        }

        #[test]
        fn entropy_lies_between_nothing_and_the_logarithm_of_the_occurrences(counts in proptest::collection::vec(1..40_u64, 0..20), edges in 0..40_u64) {
            let total = counts.iter().sum::<u64>() + edges;
            let entropy = branching_entropy(counts, edges);
            prop_assert!(entropy >= -1e-12 && entropy <= (total.max(1) as f64).log2() + 1e-12);
        }
    }

    #[test]
    fn without_text_on_one_side_nothing_can_be_said() {
        assert_eq!((log_likelihood(5, 0, 5, 10), log_ratio(5, 10, 0, 0)), (None, None));
        assert!(log_likelihood(1, 1000, 20, 1000).is_some_and(|g2| g2 < 0.0));
    }
}
