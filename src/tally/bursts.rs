//! Stretches of time in which a theme is far more frequent than over all.

use libm::log;
use serde::{Deserialize, Serialize};

/// What a burst is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Kleinberg {
    /// Number of states; state 0 is the rate over all.
    pub states: usize,
    /// How much higher the rate of a state is than that of the one below (s).
    pub scale: f64,
    /// What a step up costs, in ln of the number of batches (γ).
    pub cost: f64,
}

impl Default for Kleinberg {
    fn default() -> Self {
        Self { states: 2, scale: 2.0, cost: 1.0 }
    }
}

/// A stretch of batches in a state or above it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burst {
    /// The state, from 1; a burst of level 2 lies inside one of level 1.
    pub level: usize,
    /// First batch.
    pub first: usize,
    /// Last batch.
    pub last: usize,
    /// Batch with the highest share, the first of equal ones.
    pub peak: usize,
    /// How much likelier its counts are at the rate of the state than at that
    /// of state 0, in nats.
    pub weight: f64,
}

/// Rates end below one, so that a document without the theme stays possible.
const HIGHEST_RATE: f64 = 0.9999;

/// Rates of the states, or none where no document is relevant.
fn rates(parts: &[u64], wholes: &[u64], model: &Kleinberg) -> Vec<f64> {
    let (part, whole) = (parts.iter().sum::<u64>(), wholes.iter().sum::<u64>());
    if part == 0 || whole == 0 {
        return Vec::new();
    }
    let mut rate = part as f64 / whole as f64;
    let mut out = Vec::with_capacity(model.states);
    for _ in 0..model.states {
        out.push(rate.min(HIGHEST_RATE));
        rate = (rate * model.scale).min(HIGHEST_RATE);
    }
    out
}

/// −ln of the likelihood of a batch at a rate, without the binomial
/// coefficient, which is the same at every rate.
fn unlikelihood(part: u64, whole: u64, rate: f64) -> f64 {
    -(part as f64 * log(rate) + whole.saturating_sub(part) as f64 * log(1.0 - rate))
}

/// The state of each batch on the cheapest path: exact, by the Viterbi
/// algorithm. `parts` of `wholes` documents are relevant; a batch without
/// documents is skipped, and has the state of the batch before it. The path
/// begins in state 0; of equally cheap paths, the one that ends lower.
///
/// # Cost
/// Batches times states squared.
///
/// # Source
/// Kleinberg (2002), Bursty and Hierarchical Structure in Streams, KDD, part 4
/// (batched arrivals): rates p·s^i, cost γ·ln n for each step up, none down.
#[must_use]
pub fn burst_states(parts: &[u64], wholes: &[u64], model: &Kleinberg) -> Vec<usize> {
    let rates = rates(parts, wholes, model);
    let batches: Vec<(u64, u64)> = parts.iter().zip(wholes).map(|(r, d)| (*r, *d)).collect();
    let told: Vec<(u64, u64)> = batches.iter().copied().filter(|(_, whole)| *whole > 0).collect();
    let up = model.cost * log(told.len() as f64);
    let mut costs: Vec<f64> = rates.iter().enumerate().map(|(state, _)| state as f64 * up).collect();
    // For each batch, the state before it on the cheapest path to each state.
    let mut before: Vec<Vec<usize>> = Vec::with_capacity(told.len());
    for (number, (part, whole)) in told.iter().enumerate() {
        let mut next = Vec::with_capacity(rates.len());
        let mut from = Vec::with_capacity(rates.len());
        for (state, rate) in rates.iter().enumerate() {
            let reach = |other: usize, cost: f64| if number == 0 { cost } else { cost + state.saturating_sub(other) as f64 * up };
            let start = if number == 0 { state } else { 0 };
            let (mut best, mut cheapest) = (start, f64::INFINITY);
            for (other, cost) in costs.iter().enumerate() {
                let reached = reach(other, *cost);
                if (number > 0 || other == state) && reached < cheapest {
                    (best, cheapest) = (other, reached);
                }
            }
            next.push(cheapest + unlikelihood(*part, *whole, *rate));
            from.push(best);
        }
        costs = next;
        before.push(from);
    }
    let last = costs.iter().enumerate().fold((0, f64::INFINITY), |best, (state, cost)| if *cost < best.1 { (state, *cost) } else { best }).0;
    let mut state = last;
    let mut path: Vec<usize> = Vec::with_capacity(told.len());
    for from in before.iter().rev() {
        path.push(state);
        state = from.get(state).copied().unwrap_or(0);
    }
    path.reverse();
    let mut path = path.into_iter();
    let mut held = 0;
    batches
        .iter()
        .map(|(_, whole)| {
            if *whole > 0 {
                held = path.next().unwrap_or(0);
            }
            held
        })
        .collect()
}

/// The bursts of a series of batches, by level, then in order of time.
///
/// # Cost
/// As [`burst_states`].
///
/// ```
/// use tifa::tally::{Kleinberg, bursts};
/// let found = bursts(&[1, 1, 12, 15, 1, 0], &[50, 50, 50, 50, 0, 50], &Kleinberg::default());
/// assert_eq!(found.iter().map(|b| (b.level, b.first, b.last, b.peak)).collect::<Vec<_>>(), [(1, 2, 3, 3)]);
/// ```
#[must_use]
pub fn bursts(parts: &[u64], wholes: &[u64], model: &Kleinberg) -> Vec<Burst> {
    let rates = rates(parts, wholes, model);
    let states = burst_states(parts, wholes, model);
    let Some(base) = rates.first() else { return Vec::new() };
    let mut out = Vec::new();
    for (level, rate) in rates.iter().enumerate().skip(1) {
        let mut open: Option<(Burst, (u64, u64))> = None;
        for (at, ((part, whole), state)) in parts.iter().zip(wholes).zip(&states).enumerate() {
            if *whole == 0 {
                continue;
            }
            if *state < level {
                out.extend(open.take().map(|(burst, _)| burst));
                continue;
            }
            let gain = unlikelihood(*part, *whole, *base) - unlikelihood(*part, *whole, *rate);
            let (burst, peak) = open.get_or_insert((Burst { level, first: at, last: at, peak: at, weight: 0.0 }, (*part, *whole)));
            burst.last = at;
            burst.weight += gain;
            if u128::from(*part) * u128::from(peak.1) > u128::from(peak.0) * u128::from(*whole) {
                burst.peak = at;
                *peak = (*part, *whole);
            }
        }
        out.extend(open.map(|(burst, _)| burst));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a path costs.
    fn paid(path: &[usize], parts: &[u64], wholes: &[u64], model: &Kleinberg) -> f64 {
        let p = parts.iter().sum::<u64>() as f64 / wholes.iter().sum::<u64>() as f64;
        let up = model.cost * (wholes.iter().filter(|d| **d > 0).count() as f64).ln();
        let (mut before, mut sum) = (0, 0.0);
        for ((state, r), d) in path.iter().zip(parts).zip(wholes) {
            if *d == 0 {
                continue;
            }
            let rate = (p * model.scale.powi(i32::try_from(*state).unwrap())).min(HIGHEST_RATE);
            sum -= *r as f64 * rate.ln() + (*d - *r) as f64 * (1.0 - rate).ln();
            sum += state.saturating_sub(before) as f64 * up;
            before = *state;
        }
        sum
    }

    /// The cheapest of all paths, each written out.
    fn cheapest(parts: &[u64], wholes: &[u64], model: &Kleinberg) -> f64 {
        let all = (model.states as u64).pow(u32::try_from(parts.len()).unwrap());
        let path = |number: u64| -> Vec<usize> {
            (0..parts.len())
                .scan(number, |left, _| Some(usize::try_from(std::mem::replace(left, *left / model.states as u64) % model.states as u64).unwrap()))
                .collect()
        };
        (0..all).map(|number| paid(&path(number), parts, wholes, model)).fold(f64::INFINITY, f64::min)
    }

    fn batches(most: usize) -> impl Strategy<Value = (Vec<u64>, Vec<u64>)> {
        proptest::collection::vec((0..30_u64, 0..60_u64), 1..=most).prop_map(|pairs| pairs.into_iter().map(|(r, d)| (r.min(d), d)).unzip())
    }

    #[test]
    fn a_theme_in_every_document_or_in_none_never_bursts() {
        assert_eq!(bursts(&[5, 5, 5], &[5, 5, 5], &Kleinberg::default()), []);
        assert_eq!(bursts(&[0, 0, 0], &[5, 5, 5], &Kleinberg::default()), []);
        assert_eq!(bursts(&[], &[], &Kleinberg::default()), []);
    }

    #[test]
    fn a_stronger_burst_lies_inside_a_weaker_one() {
        let model = Kleinberg { states: 3, ..Kleinberg::default() };
        let found = bursts(&[2, 2, 2, 8, 9, 30, 30, 8, 2, 2, 2, 2, 2], &[100; 13], &model);
        let shown: Vec<_> = found.iter().map(|b| (b.level, b.first, b.last)).collect();
        assert_eq!(shown, [(1, 5, 6), (2, 5, 6)]);
        let model = Kleinberg { states: 3, scale: 1.6, cost: 0.3 };
        let shown: Vec<_> = bursts(&[2, 2, 2, 13, 13, 30, 30, 13, 2, 2, 2, 2, 2], &[100; 13], &model).iter().map(|b| (b.level, b.first, b.last)).collect();
        assert_eq!(shown, [(1, 3, 7), (2, 5, 6)]);
    }

    #[test]
    fn a_batch_without_documents_neither_ends_nor_weighs_a_burst() {
        let model = Kleinberg::default();
        let (with, without) = (bursts(&[1, 1, 20, 0, 20, 1, 1], &[50, 50, 50, 0, 50, 50, 50], &model), bursts(&[1, 1, 20, 20, 1, 1], &[50; 6], &model));
        assert_eq!(with.iter().map(|b| (b.first, b.last)).collect::<Vec<_>>(), [(2, 4)]);
        assert!((with[0].weight - without[0].weight).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn no_path_is_cheaper_with_two_states((parts, wholes) in batches(12), scale in 1.2..4.0_f64, cost in 0.1..2.0_f64) {
            prop_assume!(parts.iter().sum::<u64>() > 0);
            let model = Kleinberg { states: 2, scale, cost };
            let found = paid(&burst_states(&parts, &wholes, &model), &parts, &wholes, &model);
            let best = cheapest(&parts, &wholes, &model);
            prop_assert!((found - best).abs() <= 1e-9 * (1.0 + best.abs()), "{found} {best}");
        }

        #[test]
        fn no_path_is_cheaper_with_three_states((parts, wholes) in batches(7), scale in 1.2..4.0_f64, cost in 0.1..2.0_f64) {
            prop_assume!(parts.iter().sum::<u64>() > 0);
            let model = Kleinberg { states: 3, scale, cost };
            let found = paid(&burst_states(&parts, &wholes, &model), &parts, &wholes, &model);
            let best = cheapest(&parts, &wholes, &model);
            prop_assert!((found - best).abs() <= 1e-9 * (1.0 + best.abs()), "{found} {best}");
        }

        #[test]
        fn a_burst_is_worth_its_weight((parts, wholes) in batches(30)) {
            for burst in bursts(&parts, &wholes, &Kleinberg::default()) {
                prop_assert!(burst.weight > 0.0 && burst.first <= burst.peak && burst.peak <= burst.last && wholes[burst.peak] > 0);
            }
        }
    }
}
