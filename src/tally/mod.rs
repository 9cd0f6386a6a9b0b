//! **tally**: counts of whole documents → series.
//!
//! [`rollup`](Rolling) says what one document adds; the rest of the stage only
//! sums: over documents inside a shard, over shards here. Integers are summed,
//! and every table is sorted before it leaves. Sole importer of polars.

mod coverage;
mod period;
mod profile;
mod rate;
mod rollup;
mod series;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

pub use coverage::{Cadence, CoverageRow, SourceCadence};
pub use period::Period;
pub use profile::ProfileRow;
pub use rate::{per_10k, share, wilson};
pub use rollup::{
    Breakdown, CountRow, DateBasis, NO_MEMBER, OccasionRow, PresenceRow, Rolling, Rollup, SeenRow, ThemeOccasionRow, add_occasion, add_seen, count_key,
    event_of, merge_presence, occasion_id, province_member,
};
pub use series::{BreakdownRow, FrequencyRow, TotalRow};

use crate::tag::Lexicon;

/// What the pipeline asks of this stage.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// Lengths of periods, shortest first.
    pub periods: Vec<Period>,
    /// Which date counts.
    pub date_basis: DateBasis,
    /// Breakdowns besides the totals.
    pub breakdowns: Vec<Breakdown>,
    /// Whether the text between the articles of split files counts too.
    pub preamble: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            periods: vec![Period::Month, Period::Quarter, Period::Year],
            date_basis: DateBasis::Auto,
            breakdowns: vec![Breakdown::Source, Breakdown::Register, Breakdown::OccasionType, Breakdown::Province, Breakdown::Voice],
            preamble: false,
        }
    }
}

/// A series that cannot be computed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TallyError {
    /// The frame library refused a frame that this stage made.
    #[error("cannot sum the counts: {0}")]
    Frame(#[from] polars::error::PolarsError),
}

/// All tables of this stage, each sorted.
#[derive(Debug, Default)]
pub struct Tally {
    /// By period length, start, breakdown, member.
    pub period_totals: Vec<TotalRow>,
    /// By period length, theme in the order of the lexicon, start.
    pub theme_frequency: Vec<FrequencyRow>,
    /// By period length, breakdown, member, theme, start.
    pub theme_breakdown: Vec<BreakdownRow>,
    /// In the order of the lexicon.
    pub theme_profile: Vec<ProfileRow>,
    /// By source and start.
    pub coverage: Vec<CoverageRow>,
    /// By date, type and name.
    pub occasions: Vec<OccasionRow>,
}

/// Adds up rollups and makes the series.
///
/// `as_of` is the last day on which the sources are expected to speak; without
/// it, the last day on which they do: no clock is asked.
///
/// # Errors
/// [`TallyError::Frame`].
///
/// # Cost
/// Memory in step with the rollups; the zero-filled table has periods × themes rows.
pub fn tally(rollups: Vec<Rollup>, lexicon: &Lexicon, sources: &[SourceCadence], settings: &Settings, as_of: Option<NaiveDate>) -> Result<Tally, TallyError> {
    let mut counts = Vec::new();
    let mut theme_occasions = Vec::new();
    let mut seen: BTreeMap<String, SeenRow> = BTreeMap::new();
    let mut presence = Vec::new();
    let mut occasions: BTreeMap<String, OccasionRow> = BTreeMap::new();
    for rollup in rollups {
        counts.extend(rollup.counts);
        theme_occasions.extend(rollup.theme_occasions);
        presence.extend(rollup.presence);
        for row in rollup.seen {
            match seen.get_mut(&row.theme) {
                Some(known) => add_seen(known, row),
                None => {
                    seen.insert(row.theme.clone(), row);
                }
            }
        }
        for row in rollup.occasions {
            match occasions.get_mut(&row.occasion_id) {
                Some(known) => add_occasion(known, row),
                None => {
                    occasions.insert(row.occasion_id.clone(), row);
                }
            }
        }
    }
    theme_occasions.sort_unstable();
    theme_occasions.dedup();
    let coverage = coverage::coverage(&merge_presence(presence), sources, as_of);
    let days = coverage::Days::new(&coverage, sources);
    let counts = series::sum(&counts)?;
    let totals = series::totals(&counts, &days);
    let theme_frequency = series::frequency(&counts, &totals, &theme_occasions, lexicon, settings);
    let theme_breakdown = series::breakdown(&counts, &totals, &theme_occasions, lexicon);
    let theme_profile = profile::profiles(&counts, &theme_frequency, &seen, &theme_occasions, lexicon, settings);
    let mut occasions: Vec<OccasionRow> = occasions.into_values().collect();
    occasions.sort_by(|a, b| {
        let key = |row: &OccasionRow| (row.date_start, row.date_end, row.occasion_type.clone(), row.name.clone(), row.occasion_id.clone());
        key(a).cmp(&key(b))
    });
    Ok(Tally { period_totals: totals, theme_frequency, theme_breakdown, theme_profile, coverage, occasions })
}
