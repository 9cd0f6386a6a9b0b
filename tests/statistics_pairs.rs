//! Statistics of pairs, contrasts and sources beside those of scipy, statsmodels
//! and numpy: `tests/cases/statistics_pairs.toml`, which names its command.

use serde::Deserialize;
use tifa::tally::{benjamini_hochberg, best_lag, chi_square_tail, g2, log_dice, log_ratio, npmi};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    g2: Vec<Table>,
    adjusted: Vec<Adjusted>,
    association: Vec<Association>,
    lag: Vec<Lag>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    a: u64,
    n: u64,
    b: u64,
    m: u64,
    g2: f64,
    p: f64,
    log_ratio: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Adjusted {
    p: Vec<f64>,
    adjusted: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Association {
    joint: u64,
    a: u64,
    b: u64,
    total: u64,
    npmi: f64,
    log_dice: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lag {
    first: Vec<f64>,
    second: Vec<f64>,
    months: i32,
    correlation: f64,
    pairs: usize,
}

/// To 1e-9 of the value, where it is above one.
fn near(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-9 * expected.abs().max(1.0)
}

#[test]
fn pairs_contrasts_and_lags_agree_with_outside_implementations() {
    let file: File = toml::from_str(include_str!("cases/statistics_pairs.toml")).unwrap();
    assert!(file.g2.len() >= 30 && file.adjusted.len() == 4 && file.association.len() >= 25 && file.lag.len() >= 10);
    for Table { a, n, b, m, g2: expected, p, log_ratio: ratio } in file.g2 {
        let found = g2(a, n, b, m).unwrap();
        assert!(near(found, expected), "G² of {a}/{n}, {b}/{m}: {found}, outside {expected}");
        // A p-value is compared by its size as well: most are far below 1e-9.
        let tail = chi_square_tail(found);
        assert!(near(tail, p) && (tail - p).abs() <= 1e-6 * p, "p of {expected}: {tail}, outside {p}");
        assert!(near(log_ratio(a, n, b, m).unwrap(), ratio), "log-ratio of {a}/{n}, {b}/{m}, outside {ratio}");
    }
    for Adjusted { p, adjusted } in file.adjusted {
        let found = benjamini_hochberg(&p);
        assert!(found.len() == adjusted.len() && found.iter().zip(&adjusted).all(|(f, e)| near(*f, *e)), "{p:?}: {found:?}, outside {adjusted:?}");
    }
    for Association { joint, a, b, total, npmi: expected, log_dice: dice } in file.association {
        let found = (npmi(joint, a, b, total).unwrap(), log_dice(joint, a, b).unwrap());
        assert!(near(found.0, expected) && near(found.1, dice), "{joint} of {a}, {b} in {total}: {found:?}, outside {expected}, {dice}");
    }
    for Lag { first, second, months, correlation, pairs } in file.lag {
        let cells = |series: &[f64]| -> Vec<Option<f64>> { series.iter().map(|v| (*v >= 0.0).then_some(*v)).collect() };
        let found = best_lag(&cells(&first), &cells(&second)).unwrap();
        assert_eq!((found.months, found.pairs), (months, pairs));
        assert!(near(found.correlation, correlation), "{} at {months}, outside {correlation}", found.correlation);
    }
}
