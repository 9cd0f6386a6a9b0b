//! How strongly two themes hold together: NPMI and logDice.

/// Normalised pointwise mutual information of two events in `total` units, of
/// which `a` hold the one, `b` the other and `joint` both.
///
/// −1: never together; 0: as often as by chance; 1: never apart. `None` where one
/// of them is absent, or where both stand in every unit, which says nothing.
/// Rare events reach high values easily: read it beside the counts.
///
/// # Source
/// Bouma (2009), Normalized (Pointwise) Mutual Information in Collocation
/// Extraction, Proc. of GSCL: ln(p(a,b) ÷ (p(a) p(b))) ÷ −ln p(a,b).
///
/// ```
/// assert_eq!(tifa::tally::npmi(5, 5, 5, 100), Some(1.0));
/// assert_eq!(tifa::tally::npmi(0, 5, 5, 100), Some(-1.0));
/// ```
#[must_use]
pub fn npmi(joint: u64, a: u64, b: u64, total: u64) -> Option<f64> {
    if a == 0 || b == 0 || joint >= total {
        return None;
    }
    if joint == 0 {
        return Some(-1.0);
    }
    let [joint, a, b, total] = [joint, a, b, total].map(|n| libm::log(n as f64));
    // Rounding alone can lead out of the range.
    Some(((joint + total - a - b) / (total - joint)).clamp(-1.0, 1.0))
}

/// logDice of two events of which `a` units hold the one, `b` the other and
/// `joint` both: at most 14; one less is half as strong. It does not depend on the
/// size of the corpus. `None` where they are never together.
///
/// # Source
/// Rychlý (2008), A Lexicographer-Friendly Association Score, Proc. of RASLAN,
/// 6–9: 14 + log₂(2 f(a,b) ÷ (f(a) + f(b))).
///
/// ```
/// assert_eq!(tifa::tally::log_dice(5, 5, 5), Some(14.0));
/// assert_eq!(tifa::tally::log_dice(5, 10, 10), Some(13.0));
/// ```
#[must_use]
pub fn log_dice(joint: u64, a: u64, b: u64) -> Option<f64> {
    (joint > 0 && a + b > 0).then(|| 14.0 + libm::log2(2.0 * joint as f64 / (a + b) as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_absent_or_everywhere_has_no_npmi() {
        assert_eq!((npmi(0, 0, 5, 9), npmi(0, 5, 0, 9), npmi(9, 9, 9, 9), npmi(0, 0, 0, 0)), (None, None, None, None));
        assert_eq!((log_dice(0, 3, 4), log_dice(0, 0, 0)), (None, None));
    }

    proptest! {
        #[test]
        fn both_equal_a_count_over_the_units_themselves(units in proptest::collection::vec((any::<bool>(), any::<bool>()), 2..60)) {
            // The slow reference goes over the units and takes probabilities.
            let count = |f: &dyn Fn(&(bool, bool)) -> bool| units.iter().filter(|u| f(u)).count() as u64;
            let (a, b, both) = (count(&|u| u.0), count(&|u| u.1), count(&|u| u.0 && u.1));
            let [pa, pb, pab] = [a, b, both].map(|n| n as f64 / units.len() as f64);
            let got = npmi(both, a, b, units.len() as u64);
            if a == 0 || b == 0 || both == units.len() as u64 {
                prop_assert_eq!(got, None);
            } else if both == 0 {
                prop_assert_eq!(got, Some(-1.0));
            } else {
                let expected = (pab / (pa * pb)).ln() / -pab.ln();
                prop_assert!((got.unwrap() - expected).abs() < 1e-9, "{got:?} {expected}");
            }
            if both > 0 {
                let dice = log_dice(both, a, b).unwrap();
                prop_assert!((dice - (14.0 + (2.0 * pab / (pa + pb)).log2())).abs() < 1e-9 && dice <= 14.0);
            }
        }
    }
}
