//! The tables compared with each other and with the corpus, before a release is
//! seen: what is part of a whole sums to it, and no part is larger.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rayon::prelude::*;

use super::check::{CheckFailure, equal};
use crate::tag::Lexicon;
use crate::tally::{
    ALIKE, Breakdown, BreakdownCounts, BreakdownRow, CopyRow, FrequencyCounts, KeynessRow, Numbers, PairRow, Part, PartSummary, Period, Series, Settings, Side,
    Sources, TotalRow, Word,
};

/// What the tables `documents` and `hits` hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Documents that are counted: all but the copies left out.
    pub documents: u64,
    /// Of them, those without a date.
    pub undated: u64,
    /// Their Han characters; `None` where copies are left out, which each shard
    /// compares with its own rows.
    pub han_chars: Option<u64>,
    /// Hits of each theme itself, without those of themes below it.
    pub hits: BTreeMap<String, u64>,
}

/// Compares the tables that span all parts of the series with each other before
/// they are published; those of the parts are compared when they are made
/// ([`check_breakdown`], [`check_pairs`]). `of_sources` are the rows of
/// `theme_breakdown` by source, if a contrast names one.
///
/// # Cost
/// Once over each table; numbers for each period and theme.
#[must_use]
pub fn check_tables(series: &Series, of_sources: &[BreakdownRow], lexicon: &Lexicon, settings: &Settings, written: &Written) -> Vec<CheckFailure> {
    type Check<'c> = &'c (dyn Fn(&mut Vec<CheckFailure>) + Sync);
    let checks: [Check<'_>; 7] = [
        &|failures| equal(failures, "documents_without_copies", "whole corpus", series.documents, written.documents),
        &|failures| check_copies(failures, &series.copies),
        &|failures| check_profile(failures, series, lexicon, written),
        &|failures| check_totals(failures, series.period_totals.rows(), settings, written),
        &|failures| check_frequency(failures, series.theme_frequency.counts(), series),
        &|failures| check_sources(failures, &series.theme_sources, series, written),
        &|failures| check_keyness(failures, &series.keyness, series, of_sources, settings),
    ];
    let of_check = |check: &Check<'_>| {
        let mut failures = Vec::new();
        check(&mut failures);
        failures
    };
    let mut failures: Vec<CheckFailure> = checks.par_iter().flat_map_iter(of_check).collect();
    // Sentences have one place each, so their pairs sum to those of the whole.
    let [whole, periods] = series.pair_sentences;
    let holds = series.period_totals.is_empty() || whole == periods;
    fails(&mut failures, "sentences_of_pairs", holds, || format!("{whole} in the whole, {periods} in its periods"));
    failures
}

fn fails(failures: &mut Vec<CheckFailure>, check: &'static str, holds: bool, found: impl FnOnce() -> String) {
    if !holds {
        failures.push(CheckFailure { check, found: found() });
    }
}

/// What must be true of copies: each has one first, that comes no later and is
/// none itself, and they are alike.
fn check_copies(failures: &mut Vec<CheckFailure>, copies: &[CopyRow]) {
    let ids: BTreeSet<&str> = copies.iter().map(|row| row.doc_id.as_str()).collect();
    equal(failures, "copies_once", "copies", copies.len() as u64, ids.len() as u64);
    for row in copies {
        let order = |date: Option<NaiveDate>| (date.is_none(), date);
        let holds = !ids.contains(row.first_doc_id.as_str())
            && order(row.first_date_start) <= order(row.date_start)
            && (ALIKE..=1.0).contains(&row.similarity)
            && (!row.exact || row.similarity >= 1.0);
        if !holds {
            failures.push(CheckFailure { check: "copies_of_a_first", found: format!("{} of {}", row.doc_id, row.first_doc_id) });
        }
    }
}

/// The profile has the hits of the table `hits`; a parent has those below it too.
fn check_profile(failures: &mut Vec<CheckFailure>, series: &Series, lexicon: &Lexicon, written: &Written) {
    let parent: BTreeMap<&str, Option<&str>> =
        lexicon.themes().iter().map(|t| (t.id.as_str(), t.parent.and_then(|p| lexicon.themes().get(p)).map(|p| p.id.as_str()))).collect();
    let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
    for (theme, count) in &written.hits {
        for id in std::iter::once(theme.as_str()).chain(parent.get(theme.as_str()).copied().flatten()) {
            *expected.entry(id).or_default() += count;
        }
    }
    for row in &series.theme_profile {
        equal(failures, "hits_of_profile", &row.theme, row.hits, expected.get(row.theme.as_str()).copied().unwrap_or(0));
        fails(failures, "documents_of_profile", row.documents <= written.documents, || {
            format!("{}: {} documents of {}", row.theme, row.documents, written.documents)
        });
    }
    equal(failures, "themes_of_profile", "all themes", series.theme_profile.len() as u64, lexicon.themes().len() as u64);
}

type Place<'t> = (&'t str, Option<NaiveDate>);

/// The denominators are those of the table `documents`, text without a place in
/// time included, and the members of each breakdown make up the whole.
fn check_totals(failures: &mut Vec<CheckFailure>, totals: impl Iterator<Item = TotalRow>, settings: &Settings, written: &Written) {
    let mut places: BTreeMap<(Word, Option<NaiveDate>), BTreeMap<Word, [u64; 2]>> = BTreeMap::new();
    let mut lengths: BTreeMap<Word, [u64; 2]> = BTreeMap::new();
    for row in totals {
        let sums = places.entry((row.period.clone(), row.period_start)).or_default().entry(row.breakdown.clone()).or_default();
        *sums = [sums[0] + row.sentences, sums[1] + row.han_chars];
        if row.breakdown == Breakdown::All.name() {
            let sums = lengths.entry(row.period).or_default();
            *sums = [sums[0] + row.documents, sums[1] + row.han_chars];
        }
    }
    // A document without a date speaks in the period of each occasion it tells of.
    let one_place = match settings.date_basis {
        crate::tally::DateBasis::Document => true,
        crate::tally::DateBasis::Auto => written.undated == 0 && !settings.preamble,
        crate::tally::DateBasis::Event => false,
    };
    for period in &settings.periods {
        let [documents, han_chars] = lengths.get(period.name()).copied().unwrap_or_default();
        if let Some(written) = written.han_chars {
            equal(failures, "han_chars_of_totals", period.name(), han_chars, written);
        }
        let holds = if one_place { documents == written.documents } else { documents >= written.documents };
        fails(failures, "documents_of_totals", holds, || format!("{}: the series have {documents}, the rows {}", period.name(), written.documents));
    }
    for ((period, start), of_breakdown) in &places {
        let all = of_breakdown.get(Breakdown::All.name()).copied().unwrap_or_default();
        for breakdown in &settings.breakdowns {
            let members = of_breakdown.get(breakdown.name()).copied().unwrap_or_default();
            let of = || format!("{} {} {}", breakdown.name(), period, label(*start));
            fails(failures, "members_of_totals", members == all, || {
                format!("{}: sentences and Han characters of the members are {members:?}, of all text {all:?}", of())
            });
        }
    }
}

fn label(start: Option<NaiveDate>) -> String {
    start.map_or_else(|| "unplaced".to_owned(), |start| start.to_string())
}

/// Periods sum to the profile, unplaced rows included; no count is larger than
/// its denominator, which is that of `period_totals`.
fn check_frequency<'f>(failures: &mut Vec<CheckFailure>, rows: impl Iterator<Item = FrequencyCounts<'f>>, series: &Series) {
    let of_all: Vec<TotalRow> = series.period_totals.of_all().collect();
    let total = |row: &TotalRow| [row.documents, row.sentences, row.han_chars];
    let mut totals: Vec<(Place<'_>, [u64; 3])> = of_all.iter().map(|row| ((row.period.as_str(), row.period_start), total(row))).collect();
    totals.sort_unstable();
    // Rows come by period and theme, then start: a sum is begun for a run of them, and the
    // place of a row mostly is the one after that of the row before.
    let mut at = 0;
    let mut runs: Vec<((&str, &str), [u64; 2])> = Vec::new();
    for row in rows {
        let of = || format!("{} {} {}", row.period, row.period_label, row.theme);
        let (key, counts) = ((row.period, row.theme), [row.hits, row.sentences].map(Option::unwrap_or_default));
        match runs.last_mut() {
            Some((last, sum)) if *last == key => *sum = [sum[0] + counts[0], sum[1] + counts[1]],
            _ => runs.push((key, counts)),
        }
        let within = row.documents <= Some(row.period_documents) && row.sentences <= Some(row.period_sentences) && row.sentences <= row.hits;
        fails(failures, "part_within_whole", within, of);
        let place = (row.period, row.period_start);
        if totals.get(at).is_none_or(|(of, _)| *of != place) {
            at = totals.partition_point(|(of, _)| *of < place);
        }
        let total = totals.get(at).filter(|(of, _)| *of == place).map(|(_, counts)| *counts);
        at += 1;
        let own = [row.period_documents, row.period_sentences, row.period_han_chars];
        fails(failures, "denominators_of_frequency", total == Some(own), || format!("{}: {own:?}, period_totals has {total:?}", of()));
        fails(failures, "null_of_frequency", row.hits.is_none() == (row.period_documents == 0), of);
    }
    let mut sums: BTreeMap<(&str, &str), [u64; 2]> = BTreeMap::new();
    for (key, [hits, sentences]) in runs {
        let sum = sums.entry(key).or_default();
        *sum = [sum[0] + hits, sum[1] + sentences];
    }
    let lengths: BTreeSet<&str> = of_all.iter().map(|total| total.period.as_str()).collect();
    for row in &series.theme_profile {
        for period in &lengths {
            let [hits, sentences] = sums.get(&(*period, row.theme.as_str())).copied().unwrap_or_default();
            let of = format!("{period} {}", row.theme);
            equal(failures, "hits_of_frequency", &of, hits, row.hits);
            equal(failures, "sentences_of_frequency", &of, sentences, row.sentences);
        }
    }
}

/// What there is of each theme in each period, by their numbers.
#[derive(Default)]
struct Cells<T>(Vec<Vec<T>>);

impl<T: Copy + Default> Cells<T> {
    fn get(&self, [place, theme]: [u32; 2]) -> T {
        self.0.get(place as usize).and_then(|of_place| of_place.get(theme as usize)).copied().unwrap_or_default()
    }

    fn put(&mut self, [place, theme]: [u32; 2], cell: T) {
        let [place, theme] = [place, theme].map(|number| number as usize);
        if self.0.len() <= place {
            self.0.resize_with(place + 1, Vec::new);
        }
        let Some(of_place) = self.0.get_mut(place) else { return };
        if of_place.len() <= theme {
            of_place.resize(theme + 1, T::default());
        }
        if let Some(slot) = of_place.get_mut(theme) {
            *slot = cell;
        }
    }
}

/// Compares the rows of `theme_breakdown` of a part with its themes: hits and
/// sentences of the members of each breakdown sum to those of the theme in each
/// period; no member has more documents than it has.
#[must_use]
pub fn check_breakdown<'b>(rows: impl Iterator<Item = BreakdownCounts<'b>>, summary: &'b PartSummary, settings: &Settings) -> Vec<CheckFailure> {
    let mut failures = Vec::new();
    let (mut places, mut themes) = (Numbers::default(), Numbers::default());
    let mut whole: Cells<[u64; 2]> = Cells::default();
    for row in summary.rollup.counts.iter().filter(|row| row.breakdown == Breakdown::All && row.period != Period::Whole) {
        if let Some(theme) = row.theme.as_deref() {
            whole.put([places.of(&(row.period, row.period_start)), themes.of(&theme)], [row.hits, row.sentences]);
        }
    }
    let mut members: BTreeMap<Breakdown, Cells<[u64; 2]>> = settings.breakdowns.iter().map(|breakdown| (*breakdown, Cells::default())).collect();
    for row in rows {
        let sums = members.entry(row.breakdown).or_default();
        let at = [places.of(&(row.period, row.period_start)), themes.of(&row.theme)];
        let [hits, sentences] = sums.get(at);
        sums.put(at, [hits + row.hits, sentences + row.sentences]);
        let within = row.documents <= row.period_documents && row.sentences <= row.period_sentences;
        fails(&mut failures, "member_within_whole", within, || format!("{} {} {} {}", row.breakdown.name(), row.member, row.period_label, row.theme));
    }
    for (breakdown, sums) in members {
        for (place, (period, start)) in (0..).zip(&places.things) {
            for (number, theme) in (0..).zip(&themes.things) {
                let [own, whole] = [&sums, &whole].map(|of| of.get([place, number]));
                fails(&mut failures, "members_of_breakdown", own == whole, || {
                    let (breakdown, period) = (breakdown.name(), period.name());
                    format!("{breakdown} {period} {} {theme}: hits and sentences of the members are {own:?}, of the theme {whole:?}", label(*start))
                });
            }
        }
    }
    failures
}

/// Compares the rows of `theme_pairs` of a part with its themes: two are together
/// at most as often as each is there, each is there as often as its own rows say, and
/// no pair that was summed is left out.
#[must_use]
pub fn check_pairs(rows: impl Iterator<Item = PairRow>, part: Part, pair_sentences: u64, series: &Series) -> Vec<CheckFailure> {
    let (mut failures, mut sentences) = (Vec::new(), 0);
    let (mut places, mut themes) = (Numbers::default(), Numbers::default());
    // Sentences and documents of each theme, and documents of the period.
    let mut singles: Cells<Option<([u64; 2], u64)>> = Cells::default();
    if part == Part::Whole {
        let place = places.of(&(Period::Whole, None));
        for row in &series.theme_profile {
            singles.put([place, themes.of(&row.theme.as_str())], Some(([row.sentences, row.documents], series.documents)));
        }
    } else {
        for row in series.theme_frequency.part_counts(part) {
            let own = [row.sentences, row.documents].map(Option::unwrap_or_default);
            singles.put([places.of(&(Period::of_row(row.period), row.period_start)), themes.of(&row.theme)], Some((own, row.period_documents)));
        }
    }
    for row in rows {
        let of = || format!("{} {} and {}", row.period_label, row.theme_a, row.theme_b);
        sentences += row.sentences;
        let least = row.sentences <= row.sentences_a.min(row.sentences_b) && row.documents <= row.documents_a.min(row.documents_b);
        fails(&mut failures, "pairs_within_singles", least && row.documents > 0, of);
        let place = places.find(&(Period::of_row(&row.period), row.period_start));
        let mut single = |theme: &Word| singles.get([place?, themes.find(theme.as_str())?]);
        let found = [single(&row.theme_a), single(&row.theme_b)];
        let own = [[row.sentences_a, row.documents_a], [row.sentences_b, row.documents_b]].map(|counts| Some((counts, row.period_documents)));
        fails(&mut failures, "singles_of_pairs", found.map(|of| of.map(|of| of.0)) == own.map(|of| of.map(|of| of.0)), of);
        fails(&mut failures, "denominators_of_pairs", found.map(|of| of.map(|of| of.1)) == own.map(|of| of.map(|of| of.1)), of);
    }
    equal(&mut failures, "sentences_of_pairs", &part.to_string(), sentences, pair_sentences);
    failures
}

/// The sources' hits sum to those of the theme, in the whole and in each period;
/// their documents to all documents.
fn check_sources(failures: &mut Vec<CheckFailure>, sources: &Sources, series: &Series, written: &Written) {
    // Hits of each theme in each period.
    let mut sums: BTreeMap<Word, BTreeMap<(&str, Option<NaiveDate>), u64>> = BTreeMap::new();
    let mut documents: BTreeMap<Word, u64> = BTreeMap::new();
    let mut lengths: BTreeSet<&str> = BTreeSet::new();
    for row in sources.rows() {
        let of = || format!("{} {} {}", row.source, row.period_label, row.theme);
        let period = Period::of_row(&row.period);
        *sums.entry(row.theme.clone()).or_default().entry((period.name(), row.period_start)).or_default() += row.hits;
        if period == Period::Whole {
            documents.insert(row.source.clone(), row.period_documents);
        } else {
            lengths.insert(period.name());
        }
        fails(failures, "source_within_whole", row.documents <= row.period_documents && row.base_documents <= row.base_period_documents, of);
        let reason = row.amplification.is_none() == row.amplification_reason.is_some();
        fails(failures, "reasons_of_sources", reason, of);
    }
    if !sources.is_empty() {
        equal(failures, "documents_of_sources", "all sources", documents.values().sum(), written.documents);
    }
    let hits = |theme: &str, period, start| sums.get(theme).and_then(|of| of.get(&(period, start))).copied().unwrap_or(0);
    for row in &series.theme_profile {
        equal(failures, "hits_of_sources", &format!("whole {}", row.theme), hits(&row.theme, Period::Whole.name(), None), row.hits);
    }
    for row in series.theme_frequency.counts().filter(|r| lengths.contains(r.period)) {
        let found = hits(row.theme, row.period, row.period_start);
        equal(failures, "hits_of_sources", &format!("{} {}", row.period_label, row.theme), found, row.hits.unwrap_or(0));
    }
}

/// Both sides of a contrast, summed again from the tables of periods.
fn check_keyness(failures: &mut Vec<CheckFailure>, rows: &[KeynessRow], series: &Series, of_sources: &[BreakdownRow], settings: &Settings) {
    for contrast in &settings.contrasts {
        let period = contrast.period.name();
        let holds = |side: &Side, start: Option<NaiveDate>, end: Option<NaiveDate>| match start {
            Some(start) => side.from.is_none_or(|from| from <= start) && side.to.is_none_or(|to| end.is_some_and(|end| end <= to)),
            None => side.from.is_none() && side.to.is_none(),
        };
        let han_chars = |side: &Side| -> u64 {
            let breakdown = if side.source.is_some() { Breakdown::Source } else { Breakdown::All };
            let rows = series.period_totals.rows().filter(|t| t.period == period && t.breakdown == breakdown.name());
            let rows = rows.filter(|t| side.source.as_ref().is_none_or(|source| t.member == *source));
            rows.filter(|t| holds(side, t.period_start, t.period_end)).map(|t| t.han_chars).sum()
        };
        let hits = |side: &Side| -> BTreeMap<String, u64> {
            let mut out: BTreeMap<String, u64> = BTreeMap::new();
            if let Some(source) = &side.source {
                let of_source = |r: &&BreakdownRow| r.period == period && r.breakdown == Breakdown::Source.name() && r.member == *source;
                for row in of_sources.iter().filter(of_source).filter(|r| holds(side, r.period_start, r.period_end)) {
                    *out.entry(row.theme.to_string()).or_default() += row.hits;
                }
            } else {
                for row in series.theme_frequency.counts().filter(|r| r.period == period && holds(side, r.period_start, r.period_end)) {
                    *out.entry(row.theme.to_string()).or_default() += row.hits.unwrap_or(0);
                }
            }
            out
        };
        let (target, target_han) = (hits(&contrast.target), han_chars(&contrast.target));
        let rest = Side::default();
        let other = contrast.reference.as_ref().unwrap_or(&rest);
        let (reference, reference_han) = (hits(other), han_chars(other));
        let (less, less_han) = if contrast.reference.is_some() { (BTreeMap::new(), 0) } else { (target.clone(), target_han) };
        for row in rows.iter().filter(|r| r.contrast == contrast.name) {
            let of = |counts: &BTreeMap<String, u64>| counts.get(&row.theme).copied().unwrap_or(0);
            let expected = [of(&target), target_han, of(&reference).saturating_sub(of(&less)), reference_han.saturating_sub(less_han)];
            let own = [row.target_hits, row.target_han_chars, row.reference_hits, row.reference_han_chars];
            fails(failures, "counts_of_keyness", own == expected, || format!("{} {}: {own:?}, the periods have {expected:?}", row.contrast, row.theme));
        }
        let number = rows.iter().filter(|r| r.contrast == contrast.name).count() as u64;
        equal(failures, "themes_of_keyness", &contrast.name, number, series.theme_profile.len() as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::DataFile;
    use crate::parse::{document_of, read_date};
    use crate::resolve::{Vocabulary, resolve};
    use crate::tag::tag;
    use crate::tally::{Cadence, Contrast, FrequencyRow, PartSums, Rolling, SourceCadence, Tally, tally};

    /// A corpus of two sources over two years, one document without a date.
    struct Corpus {
        lexicon: Lexicon,
        settings: Settings,
        tally: Tally,
        /// Of all parts together.
        summary: PartSummary,
        written: Written,
    }

    fn corpus() -> Corpus {
        static VOCABULARY: std::sync::LazyLock<Vocabulary> = std::sync::LazyLock::new(Vocabulary::builtin);
        let theme = |id: &str, rest: &str| format!("[[theme]]\nid='{id}'\nzh='甲'\nen='a'\nsource='s'\n{rest}\n");
        let text = theme("top", "terms=[]") + &theme("water", "parent='top'\nterms=['水利']") + &theme("farm", "parent='top'\nterms=['农业']");
        let lexicon = Lexicon::new(&[DataFile { path: "t.toml".into(), text }]).unwrap_or_else(|e| panic!("{e:?}"));
        let mut settings = Settings { base: Some("s".into()), ..Settings::default() };
        let target = Side { from: read_date("2024").map(|d| d.start), ..Side::default() };
        let other = Side { source: Some("t".into()), to: read_date("2023").map(|d| d.end), ..Side::default() };
        let contrast = |name: &str, reference| Contrast::new(name.into(), target.clone(), reference, &settings.periods, &settings.calendar).unwrap();
        settings.contrasts = vec![contrast("rest", None), contrast("t", Some(other))];
        let mut rolling = Rolling::new(&settings, &lexicon, &VOCABULARY.gazetteer);
        let mut written = Written::default();
        let texts = [
            ("s", Some("2023-05-04"), "全省水利工作会议5月4日召开。会议强调，水利和农业都重要。"),
            ("t", Some("2023"), "农业增产，水利增收。水利。"),
            ("s", Some("2024-02-02"), "农业。"),
            ("t", Some("2024-03-05"), "水利和农业。"),
            ("s", None, "水利。没有日期。"),
        ];
        for (number, (source, date, text)) in texts.into_iter().enumerate() {
            let mut document = document_of(text, date.and_then(read_date));
            document.doc_id = number.to_string();
            document.source = source.into();
            let hits = tag(&document, &lexicon);
            for hit in &hits {
                *written.hits.entry(lexicon.themes()[hit.theme].id.clone()).or_default() += 1;
            }
            written.documents += 1;
            written.undated += u64::from(date.is_none());
            let han_chars: u64 = document.sentences.iter().map(|s| crate::parse::han_chars(s.span.of(&document.text))).sum();
            written.han_chars = Some(written.han_chars.unwrap_or(0) + han_chars);
            rolling.add(&document, "r", &resolve(&document, &VOCABULARY), &hits);
        }
        let sources = ["s", "t"].map(|source| SourceCadence { source: source.into(), cadence: Cadence::Daily });
        let rollup = rolling.finish();
        let mut sums = PartSums::new(Part::Whole, &lexicon);
        sums.add(rollup.clone()).unwrap();
        let summary = sums.finish(&settings).unwrap().summary;
        let tally = tally(vec![rollup], &lexicon, &sources, &settings, None).unwrap();
        Corpus { lexicon, settings, tally, summary, written }
    }

    /// Names of the checks that fail after a change.
    fn broken(change: impl FnOnce(&mut Corpus)) -> BTreeSet<&'static str> {
        let mut corpus = corpus();
        change(&mut corpus);
        let Corpus { lexicon, settings, tally, written, .. } = corpus;
        check_tables(&tally.series, &tally.theme_breakdown, &lexicon, &settings, &written).into_iter().map(|f| f.check).collect()
    }

    /// Names of the checks that fail after a change of rows.
    fn broken_rows<R>(
        rows: impl Iterator<Item = R>,
        change: impl FnOnce(&mut Vec<R>),
        check: impl FnOnce(Vec<R>) -> Vec<CheckFailure>,
    ) -> BTreeSet<&'static str> {
        let mut rows: Vec<R> = rows.collect();
        change(&mut rows);
        check(rows).into_iter().map(|f| f.check).collect()
    }

    fn counts(row: &FrequencyRow) -> FrequencyCounts<'_> {
        FrequencyCounts {
            period: &row.period,
            period_start: row.period_start,
            period_end: row.period_end,
            period_label: &row.period_label,
            theme: &row.theme,
            hits: row.hits,
            sentences: row.sentences,
            documents: row.documents,
            period_documents: row.period_documents,
            period_sentences: row.period_sentences,
            period_han_chars: row.period_han_chars,
        }
    }

    fn breakdown_counts(row: &BreakdownRow) -> BreakdownCounts<'_> {
        BreakdownCounts {
            period: Period::from_name(&row.period).unwrap(),
            period_start: row.period_start,
            period_label: &row.period_label,
            breakdown: Breakdown::from_name(&row.breakdown).unwrap(),
            member: &row.member,
            theme: &row.theme,
            hits: row.hits,
            sentences: row.sentences,
            documents: row.documents,
            period_documents: row.period_documents,
            period_sentences: row.period_sentences,
        }
    }

    fn broken_frequency(change: impl FnOnce(&mut Vec<FrequencyRow>)) -> BTreeSet<&'static str> {
        let Corpus { tally, .. } = corpus();
        broken_rows(tally.series.theme_frequency.rows(), change, |rows| {
            let mut failures = Vec::new();
            check_frequency(&mut failures, rows.iter().map(counts), &tally.series);
            failures
        })
    }

    #[test]
    fn tables_that_were_made_from_a_corpus_hold() {
        let corpus = corpus();
        assert_eq!(check_tables(&corpus.tally.series, &corpus.tally.theme_breakdown, &corpus.lexicon, &corpus.settings, &corpus.written), []);
        assert!(!corpus.tally.theme_pairs.is_empty() && !corpus.tally.theme_breakdown.is_empty());
        assert!(corpus.tally.series.theme_frequency.rows().any(|r| r.period_label == "unplaced" && r.hits > Some(0)));
        assert!(corpus.tally.series.keyness.iter().any(|r| r.target_hits > 0 && r.reference_hits > 0));
    }

    #[test]
    fn the_counts_that_are_checked_are_those_of_the_rows() {
        let frequency = corpus().tally.series.theme_frequency;
        let rows: Vec<FrequencyRow> = frequency.rows().collect();
        let sorted = |mut counts: Vec<FrequencyCounts<'_>>| -> Vec<String> {
            counts.sort_by_key(|row| (row.period.to_owned(), row.theme.to_owned(), row.period_start));
            counts.iter().map(|row| format!("{row:?}")).collect()
        };
        let (own, of_parts) = (frequency.counts().collect(), frequency.parts().into_iter().flat_map(|part| frequency.part_counts(part)).collect());
        assert!(!rows.is_empty());
        assert_eq!(sorted(own), sorted(rows.iter().map(counts).collect()));
        assert_eq!(sorted(of_parts), sorted(rows.iter().map(counts).collect()));
    }

    #[test]
    fn a_hit_too_many_in_the_profile_is_found() {
        let got = broken(|c| c.tally.series.theme_profile[1].hits += 1);
        assert!(got.contains("hits_of_profile") && got.contains("hits_of_frequency"), "{got:?}");
        assert!(broken(|c| *c.written.hits.entry("water".into()).or_default() += 1).contains("hits_of_profile"));
    }

    #[test]
    fn a_theme_with_more_documents_than_there_are_is_found() {
        assert!(broken(|c| c.tally.series.theme_profile[1].documents = 9).contains("documents_of_profile"));
        assert!(broken_frequency(|rows| rows[0].documents = Some(9)).contains("part_within_whole"));
    }

    #[test]
    fn a_theme_that_is_missing_is_found() {
        assert!(broken(|c| drop(c.tally.series.theme_profile.pop())).contains("themes_of_profile"));
    }

    #[test]
    fn denominators_that_are_not_those_of_the_documents_are_found() {
        let got = broken(|c| c.tally.series.period_totals.edit(|rows| rows[0].han_chars += 1));
        assert!(got.contains("han_chars_of_totals") && got.contains("denominators_of_frequency"), "{got:?}");
        assert!(broken(|c| c.written.documents += 9).contains("documents_of_totals"));
        assert!(broken_frequency(|rows| rows[0].period_sentences += 1).contains("denominators_of_frequency"));
    }

    #[test]
    fn members_that_do_not_make_up_the_whole_are_found() {
        let voice = |rows: &mut Vec<TotalRow>| rows.iter_mut().filter(|t| t.breakdown == "voice").take(1).for_each(|t| t.sentences += 1);
        let member = |c: &mut Corpus| c.tally.series.period_totals.edit(voice);
        assert!(broken(member).contains("members_of_totals"));
        assert!(broken(|c| c.tally.series.period_totals.edit(|rows| rows.retain(|t| t.breakdown != "province"))).contains("members_of_totals"));
    }

    #[test]
    fn unplaced_text_that_is_left_out_is_found() {
        let got = broken_frequency(|rows| rows.retain(|r| r.period_label != "unplaced"));
        assert!(got.contains("hits_of_frequency") && got.contains("sentences_of_frequency"), "{got:?}");
        assert!(broken(|c| c.tally.series.period_totals.edit(|rows| rows.retain(|t| t.period_label != "unplaced"))).contains("han_chars_of_totals"));
    }

    #[test]
    fn a_zero_where_nobody_spoke_is_found() {
        let silent = |rows: &mut Vec<FrequencyRow>| (rows[0].period_documents, rows[0].documents, rows[0].hits) = (0, Some(0), Some(0));
        assert!(broken_frequency(silent).contains("null_of_frequency"));
        assert!(broken_frequency(|_| {}).is_empty());
    }

    #[test]
    fn a_member_of_a_breakdown_that_is_lost_or_too_large_is_found() {
        let Corpus { tally, summary, settings, .. } = corpus();
        let broken = |change: &dyn Fn(&mut Vec<BreakdownRow>)| {
            broken_rows(tally.theme_breakdown.iter().cloned(), change, |rows| check_breakdown(rows.iter().map(breakdown_counts), &summary, &settings))
        };
        assert!(broken(&|_| {}).is_empty());
        assert!(broken(&|rows| rows[0].hits += 1).contains("members_of_breakdown"));
        assert!(broken(&|rows| drop(rows.remove(0))).contains("members_of_breakdown"));
        assert!(broken(&|rows| rows.retain(|r| r.breakdown != "voice")).contains("members_of_breakdown"));
        assert!(broken(&|rows| rows.retain(|r| r.period_label != "unplaced")).contains("members_of_breakdown"));
        assert!(broken(&|rows| rows[0].theme = "nobody".into()).contains("members_of_breakdown"));
        assert!(broken(&|rows| rows[0].documents = 99).contains("member_within_whole"));
    }

    #[test]
    fn pairs_that_are_more_than_their_themes_are_found() {
        let Corpus { tally, .. } = corpus();
        let broken = |change: &dyn Fn(&mut Vec<PairRow>)| {
            let part = |row: &PairRow| Part::of((Period::of_row(&row.period), row.period_start));
            broken_rows(tally.theme_pairs.iter().cloned(), change, |rows| {
                let parts: BTreeSet<Part> = tally.theme_pairs.iter().map(part).collect();
                let of = |rows: &[PairRow], own: Part| -> Vec<PairRow> { rows.iter().filter(|row| part(row) == own).cloned().collect() };
                let check = |own: Part| {
                    let sentences = of(&tally.theme_pairs, own).iter().map(|row| row.sentences).sum();
                    check_pairs(of(&rows, own).into_iter(), own, sentences, &tally.series)
                };
                parts.into_iter().flat_map(check).collect()
            })
        };
        assert!(broken(&|_| {}).is_empty());
        assert!(broken(&|rows| rows[0].documents = 99).contains("pairs_within_singles"));
        assert!(broken(&|rows| rows[0].documents_a += 1).contains("singles_of_pairs"));
        assert!(broken(&|rows| rows[0].period_documents += 1).contains("denominators_of_pairs"));
        assert!(broken(&|rows| rows.retain(|r| r.period != "whole" || r.sentences == 0)).contains("sentences_of_pairs"));
        assert!(super::tests::broken(|c| c.tally.series.pair_sentences[0] += 1).contains("sentences_of_pairs"));
    }

    #[test]
    fn sources_that_do_not_sum_to_the_whole_are_found() {
        assert!(broken(|c| c.tally.series.theme_sources.edit(|rows| rows[0].hits += 1)).contains("hits_of_sources"));
        assert!(broken(|c| c.tally.series.theme_sources.edit(|rows| rows.retain(|r| r.source != "t"))).contains("documents_of_sources"));
        assert!(broken(|c| c.tally.series.theme_sources.edit(|rows| rows[0].documents = 99)).contains("source_within_whole"));
        assert!(broken(|c| c.tally.series.theme_sources.edit(|rows| rows[0].amplification_reason = None)).contains("reasons_of_sources"));
    }

    #[test]
    fn a_contrast_that_is_not_the_sum_of_its_periods_is_found() {
        for number in 0..6 {
            assert_eq!(broken(|c| c.tally.series.keyness[number].target_hits += 1), BTreeSet::from(["counts_of_keyness"]));
            assert_eq!(broken(|c| c.tally.series.keyness[number].reference_han_chars += 1), BTreeSet::from(["counts_of_keyness"]));
        }
        assert!(broken(|c| drop(c.tally.series.keyness.pop())).contains("themes_of_keyness"));
    }
}
