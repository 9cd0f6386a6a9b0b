//! Whether a share is higher now than before, by chance or not.

use libm::{exp, lgamma, log, log1p};

/// ln of the probability that, of all documents with a theme, `now` or more
/// would fall among `whole_now` of all documents by chance: Fisher's exact test,
/// one-sided.
///
/// The other `before` of `whole_before` documents are those compared with; how
/// uncertain their share is, is part of the test.
///
/// # Cost
/// The smaller of `whole_now` and of all documents with the theme, at most.
///
/// # Source
/// Fisher (1935), J. Royal Stat. Soc. 98(1), 39–82.
///
/// ```
/// assert_eq!(tifa::tally::ln_fisher(0, 10, 5, 90), 0.0);
/// ```
#[must_use]
pub fn ln_fisher(now: u64, whole_now: u64, before: u64, whole_before: u64) -> f64 {
    let (now, before) = (now.min(whole_now), before.min(whole_before));
    let (with, without) = (now + before, whole_now - now + whole_before - before);
    let lowest = whole_now.saturating_sub(without);
    if now <= lowest {
        return 0.0;
    }
    // ln P(X = x), and how many times likelier x + 1 is than x.
    let ln_choose = |n: u64, k: u64| lgamma(n as f64 + 1.0) - lgamma(k as f64 + 1.0) - lgamma((n - k) as f64 + 1.0);
    let ln_mass = |x: u64| ln_choose(with, x) + ln_choose(without, whole_now - x) - ln_choose(with + without, whole_now);
    let rise = |x: u64| (with - x) as f64 * (whole_now - x) as f64 / ((x + 1) as f64 * (without + x + 1 - whole_now) as f64);
    let above_mean = u128::from(now) * u128::from(with + without) > u128::from(with) * u128::from(whole_now);
    let (mut sum, mut term) = (1.0, 1.0);
    if above_mean {
        let mut x = now;
        while x < with.min(whole_now) && term > sum * 1e-18 {
            term *= rise(x);
            sum += term;
            x += 1;
        }
        (ln_mass(now) + log(sum)).min(0.0)
    } else {
        // Most of the mass lies from `now` on: take the rest away from one.
        let mut x = now - 1;
        while x > lowest && term > sum * 1e-18 {
            term /= rise(x - 1);
            sum += term;
            x -= 1;
        }
        log1p(-exp(ln_mass(now - 1) + log(sum)).min(1.0)).min(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// C(n, k), exactly.
    fn choose(n: u128, k: u128) -> u128 {
        if k > n { 0 } else { (0..k).fold(1, |product, i| product * (n - i) / (i + 1)) }
    }

    proptest! {
        #[test]
        fn the_tail_is_the_share_of_all_ways_to_draw(whole_now in 1..20_u64, now in 0..20_u64, whole_before in 0..30_u64, before in 0..30_u64) {
            let (now, before) = (now.min(whole_now), before.min(whole_before));
            let [n, k, d] = [whole_now + whole_before, now + before, whole_now].map(u128::from);
            let ways: u128 = (u128::from(now)..=k.min(d)).map(|x| choose(k, x) * choose(n - k, d - x)).sum();
            let expected = (ways as f64 / choose(n, d) as f64).ln();
            let found = ln_fisher(now, whole_now, before, whole_before);
            prop_assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }
}
