//! **tally**: counts of whole documents → series.
//!
//! [`rollup`](Rolling) says what one document adds; the rest of the stage only
//! sums: over documents inside a shard, over shards here. Integers are summed,
//! and every table is sorted before it leaves. Sole importer of polars.

pub mod candidate;
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
    Ok(Tally { period_totals: totals, theme_frequency, theme_breakdown, theme_profile, coverage, occasions, candidates: Vec::new() })
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
            let (lexicon, settings) = (lexicon(), Settings::default());
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
            prop_assert_eq!(&whole.occasions, &halves.occasions);
            let hits: u64 = documents.iter().map(|d| tag(d, &lexicon).len() as u64).sum();
            let counted = |period: &str| whole.theme_frequency.iter().filter(|r| r.period == period && r.theme == "top").filter_map(|r| r.hits).sum::<u64>();
            prop_assert_eq!((counted("month"), counted("year")), (hits, hits));
        }
    }
}
