//! Statistics against programs that are not ours: `tests/cases/statistics.toml`,
//! made by `tests/outside/statistics.py`.

use serde::Deserialize;
use tifa::tally::{Kleinberg, burst_states, bursts, dp_norm, ln_fisher, mann_kendall, seasonal_mann_kendall, theil_sen, two_sided, wilson};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatisticsFile {
    wilson: Vec<WilsonCase>,
    trend: Vec<TrendCase>,
    normal: Vec<NormalCase>,
    fisher: Vec<FisherCase>,
    burst: Vec<BurstCase>,
    dispersion: Vec<DispersionCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WilsonCase {
    part: u64,
    whole: u64,
    low: f64,
    high: f64,
}

/// A monthly series; a gap is nan. The seasons are those of twelve values.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrendCase {
    values: Vec<f64>,
    slope: f64,
    s: f64,
    variance: f64,
    z: f64,
    p: f64,
    season_s: Option<f64>,
    season_variance: Option<f64>,
    season_z: Option<f64>,
    season_p: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NormalCase {
    z: f64,
    p: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FisherCase {
    now: u64,
    whole_now: u64,
    before: u64,
    whole_before: u64,
    p: f64,
    log_p: f64,
}

/// `cost` is that of `path`, without the binomial coefficients; `weight` that of
/// the batches in state 1 or above.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BurstCase {
    part: Vec<u64>,
    whole: Vec<u64>,
    states: usize,
    scale: f64,
    up: f64,
    cost: f64,
    path: Vec<usize>,
    weight: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DispersionCase {
    hits: Vec<u64>,
    size: Vec<u64>,
    dp_norm: f64,
}

fn file() -> StatisticsFile {
    toml::from_str(include_str!("cases/statistics.toml")).unwrap()
}

fn near(what: &str, found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * (1.0 + expected.abs()), "{what}: {found}, outside {expected}");
}

#[test]
fn wilson_intervals_are_those_of_an_outside_implementation() {
    for case in file().wilson {
        let (low, high) = wilson(case.part, case.whole).unwrap();
        near("low", low, case.low);
        near("high", high, case.high);
    }
}

#[test]
fn trends_are_those_of_an_outside_implementation() {
    let cases = file().trend;
    assert!(cases.iter().any(|c| c.season_p.is_some() && c.values.iter().any(|v| v.is_nan())));
    for case in cases {
        let points: Vec<(i64, f64)> = (0..).zip(case.values.iter().copied()).filter(|(_, v)| !v.is_nan()).collect();
        near("slope", theil_sen(&points).unwrap(), case.slope);
        let plain = mann_kendall(&points.iter().map(|(_, v)| *v).collect::<Vec<f64>>());
        near("s", plain.s as f64, case.s);
        near("variance", plain.variance, case.variance);
        near("z", plain.z, case.z);
        near("p", plain.p, case.p);
        if let (Some(s), Some(variance), Some(z), Some(p)) = (case.season_s, case.season_variance, case.season_z, case.season_p) {
            let season = |month| points.iter().filter(|(at, _)| at % 12 == month).map(|(_, v)| *v).collect();
            let found = seasonal_mann_kendall(&(0..12).map(season).collect::<Vec<Vec<f64>>>());
            near("seasonal s", found.s as f64, s);
            near("seasonal variance", found.variance, variance);
            near("seasonal z", found.z, z);
            near("seasonal p", found.p, p);
        }
    }
}

#[test]
fn tails_are_those_of_an_outside_implementation() {
    for case in file().normal {
        let found = two_sided(case.z);
        assert!((found - case.p).abs() <= 1e-9 * case.p, "{}: {found}, outside {}", case.z, case.p);
    }
    for case in file().fisher {
        let found = ln_fisher(case.now, case.whole_now, case.before, case.whole_before);
        near("ln p", found, case.log_p);
        near("p", found.exp(), case.p);
    }
}

#[test]
fn bursts_are_those_of_an_outside_implementation() {
    for case in file().burst {
        let model = Kleinberg { states: case.states, scale: case.scale, cost: case.up };
        let path = burst_states(&case.part, &case.whole, &model);
        assert_eq!(path, case.path);
        let base = case.part.iter().sum::<u64>() as f64 / case.whole.iter().sum::<u64>() as f64;
        let up = case.up * (case.part.len() as f64).ln();
        let (mut cost, mut before) = (0.0, 0);
        for ((state, r), d) in path.iter().zip(&case.part).zip(&case.whole) {
            let rate = base * case.scale.powi(i32::try_from(*state).unwrap());
            cost += state.saturating_sub(before) as f64 * up - *r as f64 * rate.ln() - (*d - *r) as f64 * (1.0 - rate).ln();
            before = *state;
        }
        near("cost", cost, case.cost);
        near("weight", bursts(&case.part, &case.whole, &model).iter().filter(|b| b.level == 1).map(|b| b.weight).sum(), case.weight);
    }
}

#[test]
fn dispersion_is_that_of_an_outside_implementation() {
    for case in file().dispersion {
        near("DPnorm", dp_norm(&case.hits, &case.size).unwrap(), case.dp_norm);
    }
}
