//! **tally**: counts of whole documents → series.
//!
//! [`rollup`](Rolling) says what one document adds; the rest of the stage only
//! sums: over documents inside a shard, over shards here. Integers are summed,
//! and every table is sorted before it leaves. Sole importer of polars.

mod association;
mod correlation;
mod coverage;
mod keyness;
mod pairs;
mod period;
mod profile;
mod rate;
mod rollup;
mod series;
mod sources;
mod word;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

pub use association::{log_dice, npmi};
pub use correlation::{BestLag, NoLag, best_lag};
pub use coverage::{Cadence, CoverageRow, SourceCadence};
pub use keyness::{Contrast, ContrastFault, KeynessRow, Side, benjamini_hochberg, chi_square_tail, g2, log_ratio};
pub use pairs::{PairCountRow, PairRow, Pairs};
pub use period::Period;
pub use profile::ProfileRow;
pub use rate::{per_10k, share, wilson};
pub use rollup::{
    Breakdown, CountRow, DateBasis, NO_MEMBER, OccasionRow, PresenceRow, Rolling, Rollup, SeenRow, ThemeOccasionRow, add_occasion, add_seen, count_key,
    event_of, merge_presence, occasion_id, province_member,
};
pub use series::{BreakdownRow, Breakdowns, FrequencyRow, TotalRow};
pub use sources::{SourceRow, SourceSeenRow, smoothed_ratio};
pub use word::Word;

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
    /// The source with which the others are compared.
    pub base: Option<String>,
    /// What keyness compares.
    pub contrasts: Vec<Contrast>,
}

impl Settings {
    /// What rollups depend on, for their key; the rest only series read.
    #[must_use]
    pub fn rolled(&self) -> String {
        format!("{:?} {:?} {:?} {}", self.periods, self.date_basis, self.breakdowns, self.preamble)
    }

    /// The length of period for which pairs and sources are counted besides the
    /// whole: of those asked the longest up to a year, else the shortest.
    #[must_use]
    pub fn long_period(&self) -> Option<Period> {
        let up_to_a_year = self.periods.iter().copied().filter(|period| *period <= Period::Year).max();
        up_to_a_year.or_else(|| self.periods.iter().copied().min())
    }

    /// Lengths for which sources are counted though the pipeline does not ask:
    /// the long one, and months, in which sources are compared.
    fn source_periods(&self) -> Vec<Period> {
        let mut out: Vec<Period> = self.long_period().into_iter().chain([Period::Month]).filter(|period| !self.asks(*period, Breakdown::Source)).collect();
        out.sort();
        out.dedup();
        out
    }

    /// Whether the tables of series show this length and breakdown.
    fn asks(&self, period: Period, breakdown: Breakdown) -> bool {
        match (period, breakdown) {
            (Period::Whole, _) => breakdown == Breakdown::All,
            _ => self.periods.contains(&period) && (breakdown == Breakdown::All || self.breakdowns.contains(&breakdown)),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            periods: vec![Period::Month, Period::Quarter, Period::Year],
            date_basis: DateBasis::Auto,
            breakdowns: vec![Breakdown::Source, Breakdown::Register, Breakdown::OccasionType, Breakdown::Province, Breakdown::Voice],
            preamble: false,
            base: None,
            contrasts: Vec::new(),
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
    pub theme_breakdown: Breakdowns,
    /// In the order of the lexicon.
    pub theme_profile: Vec<ProfileRow>,
    /// By period length, themes in the order of the lexicon, start.
    pub theme_pairs: Pairs,
    /// By period length, theme in the order of the lexicon, source, start.
    pub theme_sources: Vec<SourceRow>,
    /// By contrast in the order of the pipeline, theme in that of the lexicon.
    pub keyness: Vec<KeynessRow>,
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
/// Memory in step with the rollups and the zero-filled table, which has periods ×
/// themes rows; the largest tables, `theme_breakdown` and `theme_pairs`, are kept
/// as counts until they are read. `benches/tally.rs` measures it.
pub fn tally(rollups: Vec<Rollup>, lexicon: &Lexicon, sources: &[SourceCadence], settings: &Settings, as_of: Option<NaiveDate>) -> Result<Tally, TallyError> {
    let mut counts = Vec::new();
    let mut theme_occasions = Vec::new();
    let mut pairs = Vec::new();
    let mut seen: BTreeMap<String, SeenRow> = BTreeMap::new();
    let mut source_seen = Vec::new();
    let mut presence = Vec::new();
    let mut occasions: BTreeMap<String, OccasionRow> = BTreeMap::new();
    for rollup in rollups {
        counts.push(rollup.counts);
        theme_occasions.extend(rollup.theme_occasions);
        pairs.push(rollup.pairs);
        source_seen.extend(rollup.source_seen);
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
    let mut counts = series::sum(counts)?;
    let unasked: Vec<CountRow> = counts.extract_if(.., |row| !settings.asks(row.period, row.breakdown)).collect();
    let totals = series::totals(&counts, &days);
    let theme_frequency = series::frequency(&counts, &totals, &theme_occasions, lexicon, settings);
    let theme_profile = profile::profiles(&counts, &theme_frequency, &seen, &theme_occasions, lexicon, settings);
    let theme_pairs = Pairs::new(pairs, &counts, lexicon);
    let theme_sources = sources::source_rows(counts.iter().chain(&unasked), &sources::merge_seen(source_seen), settings.base.as_deref(), lexicon, settings);
    drop(unasked);
    let keyness = keyness::keyness(&counts, &settings.contrasts, lexicon);
    let theme_breakdown = Breakdowns::new(counts, &totals, &theme_occasions, lexicon);
    let mut occasions: Vec<OccasionRow> = occasions.into_values().collect();
    occasions.sort_by(|a, b| {
        let key = |row: &OccasionRow| (row.date_start, row.date_end, row.occasion_type.clone(), row.name.clone(), row.occasion_id.clone());
        key(a).cmp(&key(b))
    });
    Ok(Tally { period_totals: totals, theme_frequency, theme_breakdown, theme_profile, theme_pairs, theme_sources, keyness, coverage, occasions })
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
            prop_assert!(whole.theme_breakdown.rows().eq(halves.theme_breakdown.rows()));
            prop_assert!(whole.theme_pairs.rows().eq(halves.theme_pairs.rows()));
            prop_assert_eq!(&whole.theme_sources, &halves.theme_sources);
            prop_assert_eq!(&whole.keyness, &halves.keyness);
            prop_assert_eq!(&whole.theme_profile, &halves.theme_profile);
            prop_assert_eq!(&whole.occasions, &halves.occasions);
            let hits: u64 = documents.iter().map(|d| tag(d, &lexicon).len() as u64).sum();
            let counted = |period: &str| whole.theme_frequency.iter().filter(|r| r.period == period && r.theme == "top").filter_map(|r| r.hits).sum::<u64>();
            prop_assert_eq!((counted("month"), counted("year")), (hits, hits));
        }
    }
}
