//! **tally**: counts of whole documents → series.
//!
//! [`rollup`](Rolling) says what one document adds; the rest of the stage only
//! sums: over documents inside a shard, over shards here. Integers are summed,
//! and every table is sorted before it leaves. Sole importer of polars.

mod association;
mod bursts;
pub mod candidate;
mod copies;
mod correlation;
mod counts;
mod coverage;
mod dispersion;
mod fingerprint;
mod fisher;
mod frequency;
mod grid;
mod heat;
mod keyness;
mod numbers;
mod packed;
mod pairs;
mod part;
mod period;
mod profile;
mod rate;
mod rollup;
mod series;
mod smooth;
mod sources;
mod timeline;
mod told;
mod totals;
mod trend;
mod turns;
mod word;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rayon::prelude::*;
use serde::Serialize;

pub use association::{log_dice, npmi};
pub use bursts::{Burst, Kleinberg, burst_states, bursts};
pub use copies::{CopyRow, Joining, KeyRank, Repeat, group_id};
pub use correlation::{BestLag, NoLag, best_lag};
pub use coverage::{Cadence, Coverage, CoverageRow, SourceCadence};
pub use dispersion::dp_norm;
pub use fingerprint::{ALIKE, Fingerprint};
pub use fisher::ln_fisher;
pub use frequency::{Frequencies, FrequencyCounts, FrequencyRow};
pub use heat::{HeatLevel, HeatScale};
pub use keyness::{Contrast, ContrastFault, KeynessRow, Side, benjamini_hochberg, chi_square_tail, g2, log_ratio};
pub(crate) use numbers::Numbers;
pub use pairs::{FirstTogether, PairCountRow, PairRow, Pairs, PartPairs};
pub use part::{Kind, OccasionSums, Occasions, Part, PartSeries, PartSummary, PartSums};
pub use period::{Calendar, Period};
pub use profile::ProfileRow;
pub use rate::{per_10k, share, wilson};
pub use rollup::{
    Breakdown, CountRow, DateBasis, NO_MEMBER, OccasionRow, PresenceRow, Rolling, Rollup, SeenRow, ThemeOccasionRow, add_occasion, add_seen, count_key,
    event_of, merge_presence, province_member,
};
pub use series::{BreakdownCounts, BreakdownRow, Breakdowns};
pub use smooth::smoothed;
pub use sources::{SourceRow, SourceSeenRow, Sources, smoothed_ratio};
pub use totals::{TotalRow, Totals};
pub use trend::{MannKendall, mann_kendall, seasonal_mann_kendall, theil_sen, two_sided};
pub use turns::{TurnRow, TurnSettings};
pub use word::Word;

use crate::tag::Lexicon;
use counts::{Counts, small};
use frequency::FrequencyCells;
use timeline::{Timeline, Timelines};

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
    /// The source with which the others are compared.
    pub base: Option<String>,
    /// What keyness compares.
    pub contrasts: Vec<Contrast>,
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
        Self { measures: Measures::default(), base: None, contrasts: Vec::new(), ..self.clone() }
    }

    /// Length of the periods of trend, peak and dispersion: the shortest of a
    /// month or more in which at least half of the documents that have a date
    /// fine enough for any have their place, else the longest. Yearly reports
    /// have no months.
    fn trend_period(&self, totals: &[TotalRow]) -> Option<Period> {
        let placed = |period: Period| -> u64 {
            let rows = totals.iter().filter(|r| r.breakdown == Breakdown::All.name() && r.period == period.name() && r.period_start.is_some());
            rows.map(|r| r.documents).sum()
        };
        let most = self.periods.iter().map(|period| placed(*period)).max()?;
        self.periods.iter().copied().filter(|p| *p >= Period::Month && placed(*p) * 2 >= most).min().or(self.periods.iter().max().copied())
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

    /// Whether the themes of sources or of pairs, or the sides of a contrast, are looked
    /// at in periods of this length.
    fn compares(&self, period: Period) -> bool {
        let of_base = self.base.is_some() && period == Period::Month;
        of_base || period == Period::Whole || Some(period) == self.long_period() || self.contrasts.iter().any(|contrast| contrast.period == period)
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
            calendar: Calendar::default(),
            date_basis: DateBasis::Auto,
            breakdowns: vec![Breakdown::Source, Breakdown::Register, Breakdown::OccasionType, Breakdown::Province, Breakdown::Voice],
            preamble: false,
            measures: Measures::default(),
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

/// What the tables are made of that span all parts, each sorted.
#[derive(Debug, Default)]
pub struct Series {
    /// By period length, start, breakdown, member.
    pub period_totals: Totals,
    /// By part, period length, theme in the order of the lexicon, start.
    pub theme_frequency: Frequencies,
    /// In the order of the lexicon.
    pub theme_profile: Vec<ProfileRow>,
    /// By period length, theme in the order of the lexicon, source, start.
    pub theme_sources: Sources,
    /// By contrast in the order of the pipeline, theme in that of the lexicon.
    pub keyness: Vec<KeynessRow>,
    /// By theme in the order of the lexicon, then start.
    pub theme_turns: Vec<TurnRow>,
    /// By source and start.
    pub coverage: Coverage,
    /// By the first document's date. Found apart, from fingerprints.
    pub copies: Vec<CopyRow>,
    /// Documents that are counted, each once.
    pub documents: u64,
    /// Sentences of all pairs of themes, in the whole and in its periods.
    pub pair_sentences: [u64; 2],
    /// When themes are first together.
    pub first_together: FirstTogether,
    /// By window and rank; [`candidate`] fills it, for it needs the text.
    pub candidates: Vec<candidate::CandidateRow>,
    counts: Counts,
}

impl Series {
    /// The table `theme_pairs` of a part, from its [`PartSeries::pairs`].
    #[must_use]
    pub fn pairs(&self, pairs: Vec<PairCountRow>, lexicon: &Lexicon, settings: &Settings) -> Pairs {
        Pairs::new(pairs, &self.counts, &self.first_together, lexicon, &settings.calendar)
    }
}

/// All tables of this stage in memory.
#[derive(Debug, Default)]
pub struct Tally {
    /// Those that span all parts.
    pub series: Series,
    /// By part, period length, breakdown, member, theme, start.
    pub theme_breakdown: Vec<BreakdownRow>,
    /// By part, period length, themes in the order of the lexicon, start.
    pub theme_pairs: Vec<PairRow>,
    /// By date, type and name.
    pub occasions: Vec<OccasionRow>,
}

/// Adds up rollups and makes all tables: [`PartSums`] of each part, [`OccasionSums`]
/// of all, and [`Sums`] over them.
///
/// # Errors
/// [`TallyError::Frame`].
///
/// # Cost
/// Memory for all rows: a run goes part by part.
pub fn tally(
    rollups: impl IntoIterator<Item = Rollup>,
    lexicon: &Lexicon,
    sources: &[SourceCadence],
    settings: &Settings,
    as_of: Option<NaiveDate>,
) -> Result<Tally, TallyError> {
    let (mut parts, mut occasions): (BTreeMap<Part, PartSums<'_>>, _) = (BTreeMap::new(), OccasionSums::default());
    for rollup in rollups {
        for ((kind, part), rollup) in rollup.into_parts(settings) {
            match kind {
                Kind::Series => parts.entry(part).or_insert_with(|| PartSums::new(part, lexicon)).add(rollup)?,
                Kind::Occasions => occasions.add(rollup),
            }
        }
    }
    let (mut sums, mut pairs) = (Sums::new(lexicon, settings), Vec::new());
    let occasions = occasions.finish();
    sums.add_occasions(&occasions.of_themes);
    let mut out = Tally { occasions: occasions.rows, ..Tally::default() };
    for (part, own) in parts {
        let own = own.finish(settings)?;
        sums.add(part, own.summary)?;
        out.theme_breakdown.extend(own.theme_breakdown.rows());
        pairs.push(own.pairs);
    }
    out.series = sums.finish(sources, as_of)?;
    out.theme_pairs = pairs.into_iter().flat_map(|pairs| out.series.pairs(pairs, lexicon, settings).rows().collect::<Vec<_>>()).collect();
    Ok(out)
}

/// The parts of the series while they are put together; each is given up as it is
/// added.
pub struct Sums<'l> {
    lexicon: &'l Lexicon,
    settings: &'l Settings,
    counts: Counts,
    cells: FrequencyCells,
    occasions: BTreeMap<Word, u64>,
    first_together: FirstTogether,
    pair_sentences: [u64; 2],
    seen: BTreeMap<String, SeenRow>,
    source_seen: Vec<SourceSeenRow>,
    presence: Vec<PresenceRow>,
}

impl<'l> Sums<'l> {
    /// Nothing added yet.
    #[must_use]
    pub fn new(lexicon: &'l Lexicon, settings: &'l Settings) -> Self {
        Self {
            lexicon,
            settings,
            counts: Counts::new(lexicon),
            cells: FrequencyCells::default(),
            occasions: BTreeMap::new(),
            first_together: FirstTogether::new(small(lexicon.themes().len() as u64)),
            pair_sentences: [0; 2],
            seen: BTreeMap::new(),
            source_seen: Vec::new(),
            presence: Vec::new(),
        }
    }

    /// Adds a part.
    ///
    /// # Errors
    /// [`TallyError::Frame`].
    pub fn add(&mut self, part: Part, summary: PartSummary) -> Result<(), TallyError> {
        let mut rollup = summary.rollup;
        let (settings, told) = (self.settings, summary.told);
        rollup.counts.retain(|row| row.theme.is_none() || row.breakdown == Breakdown::All || settings.compares(row.period));
        self.counts.add(&rollup.counts)?;
        for of_place in rollup.counts.chunk_by(|a, b| (a.period, a.period_start) == (b.period, b.period_start)) {
            let Some(place) = of_place.first().map(|row| (row.period, row.period_start)) else { continue };
            if settings.periods.contains(&place.0) {
                let told = told.binary_search_by_key(&place, |(of, _)| *of).ok().and_then(|at| told.get(at));
                self.cells.add(place, &self.counts, told.map(|(_, told)| told.as_slice()).unwrap_or_default());
            }
            self.counts.keep_compared(place, settings);
        }
        for (pair, start) in summary.together {
            self.first_together.meet(pair, start);
        }
        let [whole, periods] = &mut self.pair_sentences;
        *if part == Part::Whole { whole } else { periods } += summary.pair_sentences;
        // The whole alone has these.
        self.seen.extend(rollup.seen.into_iter().map(|row| (row.theme.clone(), row)));
        self.source_seen.extend(rollup.source_seen);
        self.presence.extend(rollup.presence);
        Ok(())
    }

    /// Adds the [`Occasions::of_themes`] of occasions that were not among those before.
    pub fn add_occasions(&mut self, of_themes: &[(Word, u32)]) {
        for (theme, occasions) in of_themes {
            *self.occasions.entry(theme.clone()).or_default() += u64::from(*occasions);
        }
    }

    /// Makes the series.
    ///
    /// `as_of` is the last day on which the sources are expected to speak; without
    /// it, the last day on which they do: no clock is asked.
    ///
    /// # Errors
    /// [`TallyError::Frame`].
    ///
    /// # Cost
    /// Memory for 8 bytes a period and theme, 16 where a count is above 65,535, 8 more
    /// if rates are smoothed, and for the counts by source.
    /// `benches/tally.rs` measures it.
    pub fn finish(self, sources: &[SourceCadence], as_of: Option<NaiveDate>) -> Result<Series, TallyError> {
        let Self { lexicon, settings, mut counts, cells, occasions, first_together, pair_sentences, seen, source_seen, presence } = self;
        counts.finish()?;
        let coverage = Coverage::new(&presence, sources, as_of);
        let days = coverage::Days::new(&coverage, sources, &settings.calendar);
        let period_totals = Totals::new(&mut counts, &days, settings);
        let of_all: Vec<TotalRow> = period_totals.of_all().collect();
        let timeline = |period| Timeline::new(period, &of_all, &presence, &days, &settings.calendar);
        let theme_frequency = Frequencies::new(cells, &of_all, &timeline, lexicon, settings);
        let timelines = Timelines { of: &timeline, trend: settings.trend_period(&of_all) };
        let of_sources = || Sources::new(&counts, &source_seen, lexicon, settings);
        let of_themes = || {
            let profile = profile::profiles(&counts, &theme_frequency, &seen, &occasions, lexicon, settings, &timelines);
            (profile, turning_points(&theme_frequency, &seen, lexicon, settings, &timelines))
        };
        let (theme_sources, (theme_profile, theme_turns)) = rayon::join(of_sources, of_themes);
        let keyness = keyness::keyness(&counts, &settings.contrasts, lexicon, &settings.calendar);
        let documents = counts.documents();
        Ok(Series {
            theme_frequency,
            theme_profile,
            theme_turns,
            theme_sources,
            keyness,
            coverage,
            copies: Vec::new(),
            documents,
            pair_sentences,
            first_together,
            candidates: Vec::new(),
            period_totals,
            counts,
        })
    }
}

fn turning_points(
    frequency: &Frequencies,
    seen: &BTreeMap<String, SeenRow>,
    lexicon: &Lexicon,
    settings: &Settings,
    timelines: &Timelines<'_>,
) -> Vec<TurnRow> {
    let turns = &settings.measures.turns;
    let Some(period) = turns.period.filter(|p| settings.periods.contains(p)).or(timelines.trend) else { return Vec::new() };
    let timeline = (timelines.of)(period);
    let of_theme = |(number, theme): (usize, &crate::tag::Theme)| {
        let counts = timeline.counts(frequency.of_theme(period, number));
        let parts: Vec<u64> = counts.iter().map(|count| count.documents).collect();
        turns::turns(theme, period, &timeline, &parts, seen.get(&theme.id).map(|s| s.first_date), turns)
    };
    lexicon.themes().par_iter().enumerate().flat_map_iter(of_theme).collect()
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
    use std::collections::BTreeSet;

    fn lexicon() -> Lexicon {
        let theme = |id: &str, rest: &str| format!("[[theme]]\nid='{id}'\nzh='甲'\nen='a'\nsource='s'\n{rest}\n");
        let text = theme("top", "terms=[]")
            + &theme("water", "parent='top'\nterms=['水利','水利工程']")
            + &theme("farm", "parent='top'\nterms=['农业']")
            + &theme("other", "terms=['命脉']")
            + &theme("growth", "parent='other'\nterms=['增产','丰收']");
        Lexicon::new(&[DataFile { path: "t.toml".into(), text }]).unwrap_or_else(|e| panic!("{e:?}"))
    }

    // The vocabulary is costly to build; one for all cases.
    static VOCABULARY: std::sync::LazyLock<Vocabulary> = std::sync::LazyLock::new(Vocabulary::builtin);

    fn documents(picks: &[(usize, usize)]) -> Vec<crate::parse::Document> {
        let document = |(i, (text, date)): (usize, &(usize, usize))| {
            let mut document = document_of(TEXTS[*text], DATES[*date].and_then(read_date));
            document.doc_id = format!("d{i}");
            document.source = if i % 3 == 0 { "t" } else { "s" }.into();
            document
        };
        picks.iter().enumerate().map(document).collect()
    }

    fn roll(documents: &[crate::parse::Document], lexicon: &Lexicon, settings: &Settings) -> Rollup {
        let mut rolling = Rolling::new(settings, lexicon, &VOCABULARY.gazetteer);
        for document in documents {
            rolling.add(document, "r", &resolve(document, &VOCABULARY), &tag(document, lexicon));
        }
        rolling.finish()
    }

    fn year(document: &crate::parse::Document) -> Option<String> {
        document.date.map(|date| Calendar::default().label(Period::Year, date.start))
    }

    fn cadences() -> [SourceCadence; 2] {
        ["s", "t"].map(|source| SourceCadence { source: source.into(), cadence: Cadence::Daily })
    }

    /// Settings under which every table has rows.
    fn with_comparisons() -> Settings {
        let target = Side { from: read_date("2024").map(|d| d.start), ..Side::default() };
        let settings = Settings { base: Some("s".into()), ..Settings::default() };
        let sides = [None, Some(Side { to: read_date("2023").map(|d| d.end), source: Some("t".into()), ..Side::default() })];
        let contrasts = sides
            .into_iter()
            .zip(["rest", "before"])
            .map(|(side, name)| Contrast::new(name.into(), target.clone(), side, &settings.periods, &settings.calendar).unwrap());
        Settings { contrasts: contrasts.collect(), ..settings }
    }

    const TEXTS: [&str; 6] = [
        "3月4日，全省水利工作会议在某地召开。会议要求，加快水利工程建设。\n农业增产。",
        "农业和水利。2023年12月11日至12日，全省农业工作会议召开。会议强调，发展农业。",
        "没有主题的一段话。",
        "去年农业丰收。2024年2月2日，他在黑龙江考察时指出，水利是命脉。",
        "水利水利水利工程。",
        "2024年3月6日，十四届全国人大二次会议继续举行。会议强调，发展农业，兴修水利。",
    ];
    const DATES: [Option<&str>; 4] = [Some("2024-03-05"), Some("2024-03"), Some("2023"), None];

    proptest! {
        #[test]
        fn two_halves_counted_and_added_equal_the_whole(picks in proptest::collection::vec((0..TEXTS.len(), 0..DATES.len()), 1..12), cut in 0..12_usize) {
            let (lexicon, settings) = (lexicon(), Settings { periods: Period::ALL.to_vec(), calendar: Calendar::new(VOCABULARY.almanac.plans(), VOCABULARY.almanac.congresses()), ..with_comparisons() });
            let documents = documents(&picks);
            let sources = cadences();
            let cut = cut.min(documents.len());
            let (first, second) = documents.split_at(cut);
            let whole = tally(vec![roll(&documents, &lexicon, &settings)], &lexicon, &sources, &settings, None).unwrap();
            let halves = tally(vec![roll(first, &lexicon, &settings), roll(second, &lexicon, &settings)], &lexicon, &sources, &settings, None).unwrap();
            prop_assert_eq!(&whole.series.period_totals, &halves.series.period_totals);
            prop_assert!(whole.series.theme_frequency.rows().eq(halves.series.theme_frequency.rows()));
            prop_assert_eq!(&whole.theme_breakdown, &halves.theme_breakdown);
            prop_assert_eq!(&whole.theme_pairs, &halves.theme_pairs);
            prop_assert_eq!(&whole.series.theme_sources, &halves.series.theme_sources);
            prop_assert_eq!(&whole.series.keyness, &halves.series.keyness);
            prop_assert_eq!(&whole.series.theme_profile, &halves.series.theme_profile);
            prop_assert_eq!(&whole.series.theme_turns, &halves.series.theme_turns);
            prop_assert_eq!(&whole.occasions, &halves.occasions);
            let hits: u64 = documents.iter().map(|d| tag(d, &lexicon).len() as u64).sum();
            let counted = |period: &str| whole.series.theme_frequency.rows().filter(|r| r.period == period && r.level == 0).filter_map(|r| r.hits).sum::<u64>();
            for period in Period::ALL {
                prop_assert_eq!(counted(period.name()), hits);
            }
        }

        #[test]
        fn occasions_of_themes_summed_part_by_part_are_those_of_a_slow_count(picks in proptest::collection::vec((0..TEXTS.len(), 0..DATES.len()), 1..12)) {
            let (lexicon, settings) = (lexicon(), Settings::default());
            let (mut parts, mut met): (BTreeMap<Part, OccasionSums>, BTreeSet<(Word, Word)>) = Default::default();
            for document in documents(&picks) {
                let rollup = roll(&[document], &lexicon, &settings);
                met.extend(rollup.theme_occasions.iter().map(|row| (row.theme.clone(), row.occasion_id.clone())));
                for ((kind, part), rollup) in rollup.into_parts(&settings) {
                    if kind == Kind::Occasions {
                        parts.entry(part).or_default().add(rollup);
                    }
                }
            }
            let mut expected: BTreeMap<Word, u64> = BTreeMap::new();
            for (theme, _) in met {
                *expected.entry(theme).or_default() += 1;
            }
            let mut sums = Sums::new(&lexicon, &settings);
            for (_, own) in parts {
                sums.add_occasions(&own.finish().of_themes);
            }
            prop_assert_eq!(sums.occasions, expected);
        }

        #[test]
        fn pairs_are_those_of_a_slow_count(picks in proptest::collection::vec((0..TEXTS.len(), 0..DATES.len()), 1..12)) {
            let lexicon = lexicon();
            let settings = Settings { date_basis: DateBasis::Document, ..Settings::default() };
            let documents = documents(&picks);
            let got = tally(vec![roll(&documents, &lexicon, &settings)], &lexicon, &cadences(), &settings, None).unwrap();
            let rows = &got.theme_pairs;
            let themes = lexicon.themes();
            let hits: Vec<_> = documents.iter().map(|d| tag(d, &lexicon)).collect();
            // Sentences of a document that have all these themes, or one below each.
            let sentences = |(document, hits): &(&crate::parse::Document, &Vec<crate::tag::Hit>), with: &[usize]| {
                let has = |sentence, theme| hits.iter().any(|h| h.sentence == sentence && (h.theme == theme || themes[h.theme].parent == Some(theme)));
                (0..document.sentences.len()).filter(|s| with.iter().all(|t| has(*s, *t))).count() as u64
            };
            let mut number = 0;
            for label in ["whole", "2023", "2024", "unplaced"] {
                let of_period: Vec<_> = documents
                    .iter()
                    .zip(&hits)
                    .filter(|(d, _)| label == "whole" || label == year(d).as_deref().unwrap_or("unplaced"))
                    .collect();
                for (a, b) in [(0, 3), (1, 2), (1, 4), (2, 4)] {
                    let sum = |with: &[usize]| of_period.iter().map(|d| sentences(d, with)).sum::<u64>();
                    let holding = |with: &[usize]| of_period.iter().filter(|d| with.iter().all(|t| sentences(d, &[*t]) > 0)).count() as u64;
                    let row = rows.iter().find(|r| r.period_label == label && r.theme_a == themes[a].id && r.theme_b == themes[b].id);
                    prop_assert_eq!(row.is_some(), holding(&[a, b]) > 0);
                    let Some(row) = row else { continue };
                    number += 1;
                    let expected = [sum(&[a, b]), sum(&[a]), sum(&[b]), sum(&[]), holding(&[a, b]), holding(&[a]), holding(&[b]), of_period.len() as u64];
                    let found = [row.sentences, row.sentences_a, row.sentences_b, row.period_sentences, row.documents, row.documents_a, row.documents_b, row.period_documents];
                    prop_assert_eq!(found, expected, "{} {:?}", label, row);
                    prop_assert_eq!(row.npmi_document, npmi(row.documents, row.documents_a, row.documents_b, row.period_documents));
                    prop_assert_eq!(row.log_dice_sentence, log_dice(row.sentences, row.sentences_a, row.sentences_b));
                }
            }
            prop_assert_eq!(rows.len(), number);
        }

        #[test]
        fn sources_and_contrasts_are_those_of_a_slow_count(picks in proptest::collection::vec((0..TEXTS.len(), 0..DATES.len()), 1..12)) {
            let lexicon = lexicon();
            let settings = Settings { date_basis: DateBasis::Document, ..with_comparisons() };
            let documents = documents(&picks);
            let got = tally(vec![roll(&documents, &lexicon, &settings)], &lexicon, &cadences(), &settings, None).unwrap();
            let tagged: BTreeMap<&str, _> = documents.iter().map(|d| (d.doc_id.as_str(), tag(d, &lexicon))).collect();
            let hits = |document: &crate::parse::Document, theme: usize| {
                tagged[document.doc_id.as_str()].iter().filter(|hit| hit.theme == theme || lexicon.themes()[hit.theme].parent == Some(theme)).count() as u64
            };
            for (number, theme) in lexicon.themes().iter().enumerate() {
                for source in ["s", "t"] {
                    let own: Vec<_> = documents.iter().filter(|d| *d.source == *source).collect();
                    let row = got.series.theme_sources.rows().find(|r| r.period == "whole" && r.theme == theme.id && r.source == source);
                    prop_assert_eq!(row.is_some(), !own.is_empty());
                    let Some(row) = row else { continue };
                    let expected = [own.iter().map(|d| hits(d, number)).sum(), own.iter().filter(|d| hits(d, number) > 0).count() as u64, own.len() as u64];
                    prop_assert_eq!([row.hits, row.documents, row.period_documents], expected);
                    let first = own.iter().filter(|d| hits(d, number) > 0).filter_map(|d| d.date).map(|d| d.start).min();
                    prop_assert_eq!(row.first_date, first);
                }
                let row = |name: &str| got.series.keyness.iter().find(|r| r.contrast == name && r.theme == theme.id).unwrap();
                let sum = |of: &dyn Fn(&&crate::parse::Document) -> bool| {
                    let some: Vec<_> = documents.iter().filter(of).collect();
                    let han = |d: &&crate::parse::Document| d.sentences.iter().map(|s| crate::parse::han_chars(s.span.of(&d.text))).sum::<u64>();
                    [some.iter().map(|d| hits(d, number)).sum::<u64>(), some.iter().map(han).sum::<u64>()]
                };
                let target = sum(&|d| year(d).as_deref() == Some("2024"));
                for (name, reference) in
                    [("rest", sum(&|d| year(d).as_deref() != Some("2024"))), ("before", sum(&|d| year(d).as_deref() == Some("2023") && &*d.source == "t"))]
                {
                    let row = row(name);
                    prop_assert_eq!([row.target_hits, row.target_han_chars, row.reference_hits, row.reference_han_chars], [target[0], target[1], reference[0], reference[1]]);
                    prop_assert_eq!(row.g2, g2(target[0], target[1], reference[0], reference[1]));
                }
            }
        }
    }
}
