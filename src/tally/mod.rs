//! **tally**: counts of whole documents → series.
//!
//! [`rollup`](Rolling) says what one document adds; the rest of the stage only
//! sums: over documents inside a shard, over shards here. Integers are summed,
//! and every table is sorted before it leaves. Sole importer of polars.

mod bursts;
pub mod candidate;
mod copies;
mod coverage;
mod dispersion;
mod fingerprint;
mod fisher;
mod heat;
mod period;
mod profile;
mod rate;
mod rollup;
mod series;
mod smooth;
mod timeline;
mod trend;
mod turns;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

pub use bursts::{Burst, Kleinberg, burst_states, bursts};
pub use copies::{CopyRow, Joining, Repeat, group_id};
pub use coverage::{Cadence, CoverageRow, SourceCadence};
pub use dispersion::dp_norm;
pub use fingerprint::{ALIKE, Fingerprint};
pub use fisher::ln_fisher;
pub use heat::{HeatLevel, HeatScale};
pub use period::{Calendar, Period};
pub use profile::ProfileRow;
pub use rate::{per_10k, share, wilson};
pub use rollup::{
    Breakdown, CountRow, DateBasis, NO_MEMBER, OccasionRow, PresenceRow, Rolling, Rollup, SeenRow, ThemeOccasionRow, add_occasion, add_seen, count_key,
    event_of, merge_presence, occasion_id, province_member,
};
pub use series::{BreakdownRow, FrequencyRow, TotalRow};
pub use smooth::smoothed;
pub use trend::{MannKendall, mann_kendall, seasonal_mann_kendall, theil_sen, two_sided};
pub use turns::{TurnRow, TurnSettings};

use crate::tag::Lexicon;
use timeline::Timeline;

/// What the pipeline asks of this stage.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// Lengths of periods, shortest first.
    pub periods: Vec<Period>,
    /// Where plans and congresses begin and end; empty, if no such period is asked for.
    pub calendar: Calendar,
    /// Which date counts.
    pub date_basis: DateBasis,
    /// Breakdowns besides the totals.
    pub breakdowns: Vec<Breakdown>,
    /// Whether the text between the articles of split files counts too.
    pub preamble: bool,
    /// What is measured on the counts.
    pub measures: Measures,
}

/// What is measured on the counts, once they are summed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Measures {
    /// Periods on each side over which the smoothed rate is taken; without it there is none.
    pub smoothing: Option<usize>,
    /// Levels of heat.
    pub heat: HeatScale,
    /// By what turning points are declared.
    pub turns: TurnSettings,
}

impl Settings {
    /// The settings as counting reads them: another measure makes no rollup anew.
    #[must_use]
    pub fn of_counts(&self) -> Self {
        Self { measures: Measures::default(), ..self.clone() }
    }

    /// Length of the periods of trend, peak and dispersion: the shortest of a
    /// month or more, else the longest.
    fn trend_period(&self) -> Option<Period> {
        self.periods.iter().copied().filter(|p| *p >= Period::Month).min().or(self.periods.iter().max().copied())
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            periods: vec![Period::Month, Period::Quarter, Period::Year],
            calendar: Calendar::default(),
            date_basis: DateBasis::Auto,
            breakdowns: vec![Breakdown::Source, Breakdown::Register, Breakdown::OccasionType, Breakdown::Province, Breakdown::Voice],
            preamble: false,
            measures: Measures::default(),
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
    /// By theme in the order of the lexicon, then start.
    pub theme_turns: Vec<TurnRow>,
    /// By source and start.
    pub coverage: Vec<CoverageRow>,
    /// By date, type and name.
    pub occasions: Vec<OccasionRow>,
    /// By the first document's date. Found apart, from fingerprints.
    pub copies: Vec<CopyRow>,
    /// By window and rank; [`candidate`] fills it, for it needs the text.
    pub candidates: Vec<candidate::CandidateRow>,
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
    let presence = merge_presence(presence);
    let coverage = coverage::coverage(&presence, sources, as_of);
    let days = coverage::Days::new(&coverage, sources, &settings.calendar);
    let counts = series::sum(&counts)?;
    let totals = series::totals(&counts, &days, &settings.calendar);
    let timeline = |period| Timeline::new(period, &totals, &presence, &days, &settings.calendar);
    let mut theme_frequency = series::frequency(&counts, &totals, &theme_occasions, lexicon, settings);
    let theme_breakdown = series::breakdown(&counts, &totals, &theme_occasions, lexicon, &settings.calendar);
    fill_columns(&mut theme_frequency, &timeline, settings);
    let theme_profile = profile::profiles(&counts, &theme_frequency, &seen, &theme_occasions, lexicon, settings, &timeline);
    let theme_turns = turning_points(&theme_frequency, &seen, lexicon, settings, &timeline);
    let mut occasions: Vec<OccasionRow> = occasions.into_values().collect();
    occasions.sort_by(|a, b| {
        let key = |row: &OccasionRow| (row.date_start, row.date_end, row.occasion_type.clone(), row.name.clone(), row.occasion_id.clone());
        key(a).cmp(&key(b))
    });
    Ok(Tally {
        period_totals: totals,
        theme_frequency,
        theme_breakdown,
        theme_profile,
        theme_turns,
        coverage,
        occasions,
        copies: Vec::new(),
        candidates: Vec::new(),
    })
}

/// The columns of `theme_frequency` that look at several periods of a theme.
fn fill_columns(rows: &mut [FrequencyRow], timeline: &dyn Fn(Period) -> Timeline, settings: &Settings) {
    for of_period in rows.chunk_by_mut(|a, b| a.period == b.period) {
        let Some(period) = of_period.first().and_then(|row| Period::from_name(&row.period)) else { continue };
        let timeline = timeline(period);
        for of_theme in of_period.chunk_by_mut(|a, b| a.theme == b.theme) {
            if let Some(reach) = settings.measures.smoothing {
                smooth::fill(of_theme, &timeline, reach);
            }
            heat::fill(of_theme, &timeline, period, &settings.measures.heat);
        }
    }
}

/// The rows of each theme in the periods of one length.
fn rows_by_theme(rows: &[FrequencyRow], period: Period) -> BTreeMap<&str, &[FrequencyRow]> {
    let named = |rows: &&[FrequencyRow]| rows.first().is_some_and(|row| row.period == period.name());
    let chunks = rows.chunk_by(|a, b| a.period == b.period && a.theme == b.theme).filter(named);
    chunks.filter_map(|rows| Some((rows.first()?.theme.as_str(), rows))).collect()
}

fn turning_points(
    rows: &[FrequencyRow],
    seen: &BTreeMap<String, SeenRow>,
    lexicon: &Lexicon,
    settings: &Settings,
    timeline: &dyn Fn(Period) -> Timeline,
) -> Vec<TurnRow> {
    let turns = &settings.measures.turns;
    let Some(period) = turns.period.filter(|p| settings.periods.contains(p)).or_else(|| settings.trend_period()) else { return Vec::new() };
    let timeline = timeline(period);
    let rows = rows_by_theme(rows, period);
    let of_theme = |theme: &crate::tag::Theme| {
        let counts = timeline.counts(rows.get(theme.id.as_str()).copied().unwrap_or_default());
        let parts: Vec<u64> = counts.iter().map(|count| count.documents).collect();
        turns::turns(theme, period, &timeline, &parts, seen.get(&theme.id).map(|s| s.first_date), turns)
    };
    lexicon.themes().iter().flat_map(of_theme).collect()
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "numbers are drawn within the tables")]
mod tests {
    use super::*;
    use crate::diagnostic::DataFile;
    use crate::parse::{document_of, read_date};
    use crate::resolve::{Vocabulary, resolve};
    use crate::tag::tag;
    use proptest::prelude::*;

    fn lexicon() -> Lexicon {
        let theme = |id: &str, rest: &str| format!("[[theme]]\nid='{id}'\nzh='甲'\nen='a'\nsource='s'\n{rest}\n");
        let text = theme("top", "terms=[]") + &theme("water", "parent='top'\nterms=['水利','水利工程']") + &theme("farm", "parent='top'\nterms=['农业']");
        Lexicon::new(&[DataFile { path: "t.toml".into(), text }]).unwrap_or_else(|e| panic!("{e:?}"))
    }

    const TEXTS: [&str; 5] = [
        "3月4日，全省水利工作会议在某地召开。会议要求，加快水利工程建设。\n农业增产。",
        "农业和水利。2023年12月11日至12日，全省农业工作会议召开。会议强调，发展农业。",
        "没有主题的一段话。",
        "去年农业丰收。2024年2月2日，他在黑龙江考察时指出，水利是命脉。",
        "水利水利水利工程。",
    ];
    const DATES: [Option<&str>; 4] = [Some("2024-03-05"), Some("2024-03"), Some("2023"), None];

    proptest! {
        #[test]
        fn two_halves_counted_and_added_equal_the_whole(picks in proptest::collection::vec((0..TEXTS.len(), 0..DATES.len()), 1..12), cut in 0..12_usize) {
            // The vocabulary is costly to build; one for all cases.
            static VOCABULARY: std::sync::LazyLock<Vocabulary> = std::sync::LazyLock::new(Vocabulary::builtin);
            let calendar = Calendar::new(VOCABULARY.almanac.plans(), VOCABULARY.almanac.congresses());
            let (lexicon, settings) = (lexicon(), Settings { periods: Period::ALL.to_vec(), calendar, ..Settings::default() });
            let documents: Vec<_> = picks
                .iter()
                .enumerate()
                .map(|(i, (text, date))| {
                    let mut document = document_of(TEXTS[*text], DATES[*date].and_then(read_date));
                    document.doc_id = format!("d{i}");
                    document.source = "s".into();
                    document
                })
                .collect();
            let roll = |documents: &[crate::parse::Document]| {
                let mut rolling = Rolling::new(&settings, &lexicon, &VOCABULARY.gazetteer);
                for document in documents {
                    rolling.add(document, "r", &resolve(document, &VOCABULARY), &tag(document, &lexicon));
                }
                rolling.finish()
            };
            let sources = [SourceCadence { source: "s".into(), cadence: Cadence::Daily }];
            let cut = cut.min(documents.len());
            let (first, second) = documents.split_at(cut);
            let whole = tally(vec![roll(&documents)], &lexicon, &sources, &settings, None).unwrap();
            let halves = tally(vec![roll(first), roll(second)], &lexicon, &sources, &settings, None).unwrap();
            prop_assert_eq!(&whole.period_totals, &halves.period_totals);
            prop_assert_eq!(&whole.theme_frequency, &halves.theme_frequency);
            prop_assert_eq!(&whole.theme_breakdown, &halves.theme_breakdown);
            prop_assert_eq!(&whole.theme_profile, &halves.theme_profile);
            prop_assert_eq!(&whole.theme_turns, &halves.theme_turns);
            prop_assert_eq!(&whole.occasions, &halves.occasions);
            let hits: u64 = documents.iter().map(|d| tag(d, &lexicon).len() as u64).sum();
            let counted = |period: &str| whole.theme_frequency.iter().filter(|r| r.period == period && r.theme == "top").filter_map(|r| r.hits).sum::<u64>();
            for period in Period::ALL {
                prop_assert_eq!(counted(period.name()), hits);
            }
        }
    }
}
