//! Rates and shares with their uncertainty.

/// Occurrences in 10,000 Han characters; `None` where there are no characters.
#[must_use]
pub fn per_10k(hits: u64, han_chars: u64) -> Option<f64> {
    (han_chars > 0).then(|| hits as f64 * 10_000.0 / han_chars as f64)
}

/// `part / whole`; `None` where the whole is empty.
#[must_use]
pub fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Quantile of the normal distribution for a 95 % interval.
const Z: f64 = 1.959_963_984_540_054;

/// The 95 % Wilson score interval of a share, without continuity correction.
///
/// `None` where the whole is empty. The interval lies in 0 to 1 and holds the
/// share; unlike the normal one it does not collapse at 0 and 1.
///
/// # Source
/// Wilson (1927), J. Am. Stat. Assoc. 22(158), 209–212.
///
/// ```
/// let (low, high) = tifa::tally::wilson(10, 100).unwrap();
/// assert!((low - 0.055_229_1).abs() < 1e-6 && (high - 0.174_365_7).abs() < 1e-6);
/// ```
#[must_use]
pub fn wilson(part: u64, whole: u64) -> Option<(f64, f64)> {
    let p = share(part, whole)?;
    let n = whole as f64;
    let z2 = Z * Z;
    let centre = p + z2 / (2.0 * n);
    let spread = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z2 / n;
    let low = if part == 0 { 0.0 } else { (centre - spread) / scale };
    let high = if part == whole { 1.0 } else { (centre + spread) / scale };
    Some((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_interval_agrees_with_an_outside_implementation() {
        // statsmodels 0.14: proportion_confint(k, n, method="wilson")
        for (k, n, low, high) in [
            (0, 10, 0.0, 0.277_532_799_862_889_26),
            (1, 10, 0.017_876_213_095_072_924, 0.404_150_026_795_238_54),
            (5, 10, 0.236_593_090_512_564_2, 0.763_406_909_487_435_4),
            (10, 10, 0.722_467_200_137_110_7, 1.0),
            (37, 1523, 0.017_676_251_066_106_23, 0.033_305_766_988_877_37),
        ] {
            let (l, h) = wilson(k, n).unwrap();
            assert!((l - low).abs() < 1e-12 && (h - high).abs() < 1e-12, "{k}/{n}: {l} {h}");
        }
    }

    #[test]
    fn an_empty_whole_has_no_rate() {
        assert_eq!((per_10k(0, 0), share(0, 0), wilson(0, 0)), (None, None, None));
    }

    proptest! {
        #[test]
        fn the_interval_holds_the_share(whole in 1..10_000_u64, part in 0..10_000_u64) {
            let part = part.min(whole);
            let (low, high) = wilson(part, whole).unwrap();
            let p = part as f64 / whole as f64;
            prop_assert!(0.0 <= low && low <= p && p <= high && high <= 1.0);
        }
    }
}
