//! What must hold of each shard before a release is seen: its counts can be
//! recomputed from `hits`, `sentences` and `documents`.

use std::collections::{BTreeMap, BTreeSet};

use crate::tag::Lexicon;
use crate::tally::{Breakdown, Period, Rollup};

use super::rows::HitRow;

/// A check that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckFailure {
    /// Name of the check.
    pub check: &'static str,
    /// What was found, with the numbers.
    pub found: String,
}

impl std::fmt::Display for CheckFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "check `{}` does not hold: {}", self.check, self.found)
    }
}

pub(super) fn equal(failures: &mut Vec<CheckFailure>, check: &'static str, of: &str, counted: u64, rows: u64) {
    if counted != rows {
        failures.push(CheckFailure { check, found: format!("{of}: the series have {counted}, the rows {rows}") });
    }
}

/// Counts of rows: of whole documents, on their way to the files.
#[derive(Debug, Default)]
pub struct RowCounts {
    /// By number of the theme: its own hits, and sentences that have one of it
    /// or of a theme below it.
    themes: Vec<[u64; 2]>,
    sentences: u64,
    han_chars: u64,
}

impl RowCounts {
    /// Adds the rows of a document: how many sentences there are, their Han
    /// characters, and its hits.
    pub fn add(&mut self, sentences: usize, han_chars: u64, hits: &[HitRow<'_>], themes: &ThemeNumbers<'_>) {
        self.sentences += sentences as u64;
        self.han_chars += han_chars;
        self.themes.resize(themes.parents.len(), [0; 2]);
        let mut with: Vec<usize> = Vec::new();
        for sentence in hits.chunk_by(|a, b| a.sentence == b.sentence) {
            with.clear();
            for theme in sentence.iter().filter_map(|hit| themes.of.get(&*hit.theme).copied()) {
                if let Some([own_hits, _]) = self.themes.get_mut(theme) {
                    *own_hits += 1;
                }
                with.push(theme);
                with.extend(themes.parents.get(theme).copied().flatten());
            }
            with.sort_unstable();
            with.dedup();
            for theme in &with {
                if let Some([_, sentences]) = self.themes.get_mut(*theme) {
                    *sentences += 1;
                }
            }
        }
    }
}

/// The numbers of themes by their ids, and of the parent of each that has one.
#[derive(Debug)]
pub struct ThemeNumbers<'l> {
    of: BTreeMap<&'l str, usize>,
    parents: Vec<Option<usize>>,
}

impl<'l> ThemeNumbers<'l> {
    /// Those of a lexicon.
    #[must_use]
    pub fn new(lexicon: &'l Lexicon) -> Self {
        let themes = lexicon.themes();
        Self { of: themes.iter().zip(0..).map(|(theme, number)| (theme.id.as_str(), number)).collect(), parents: themes.iter().map(|t| t.parent).collect() }
    }
}

/// Adds up what the rows of a shard count, to compare it with the rollup: hits
/// and sentences of each theme, and the denominators.
pub struct ShardCheck<'l> {
    lexicon: &'l Lexicon,
    numbers: ThemeNumbers<'l>,
    /// By number of the theme, as in [`RowCounts`].
    themes: Vec<[u64; 2]>,
    sentences: u64,
    han_chars: u64,
}

impl<'l> ShardCheck<'l> {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(lexicon: &'l Lexicon) -> Self {
        Self { lexicon, numbers: ThemeNumbers::new(lexicon), themes: vec![[0; 2]; lexicon.themes().len()], sentences: 0, han_chars: 0 }
    }

    /// The numbers of themes, for [`RowCounts::add`].
    #[must_use]
    pub fn numbers(&self) -> &ThemeNumbers<'l> {
        &self.numbers
    }

    /// Adds the counts of documents that count.
    pub fn add(&mut self, counts: &RowCounts) {
        for (to, from) in self.themes.iter_mut().flatten().zip(counts.themes.iter().flatten()) {
            *to += from;
        }
        self.sentences += counts.sentences;
        self.han_chars += counts.han_chars;
    }

    /// Hits of each theme itself that has any, without those of themes below it.
    #[must_use]
    pub fn own_hits(&self) -> BTreeMap<String, u64> {
        self.lexicon.themes().iter().zip(&self.themes).filter(|(_, [hits, _])| *hits > 0).map(|(theme, [hits, _])| (theme.id.clone(), *hits)).collect()
    }

    /// What does not agree. `han_documents` are the Han characters of the
    /// documents that count.
    #[must_use]
    pub fn compare(&self, han_documents: u64, rollup: &Rollup) -> Vec<CheckFailure> {
        let mut failures = Vec::new();
        equal(&mut failures, "han_chars_of_sentences", "all text", self.han_chars, han_documents);
        let mut hits: Vec<u64> = self.themes.iter().map(|[hits, _]| *hits).collect();
        for ([own_hits, _], parent) in self.themes.iter().zip(&self.numbers.parents) {
            if let Some(of_parent) = parent.and_then(|parent| hits.get_mut(parent)) {
                *of_parent += own_hits;
            }
        }
        let all = || rollup.counts.iter().filter(|r| r.breakdown == Breakdown::All);
        let periods: BTreeSet<Period> = all().map(|r| r.period).collect();
        for period in periods {
            let mut sums: BTreeMap<Option<&str>, (u64, u64, u64)> = BTreeMap::new();
            for row in all().filter(|r| r.period == period) {
                let sum = sums.entry(row.theme.as_deref()).or_default();
                *sum = (sum.0 + row.hits, sum.1 + row.sentences, sum.2 + row.han_chars);
            }
            let period = period.name();
            let (_, sentences, han_chars) = sums.get(&None).copied().unwrap_or_default();
            equal(&mut failures, "sentences_of_periods", period, sentences, self.sentences);
            equal(&mut failures, "han_chars_of_periods", period, han_chars, han_documents);
            for ((theme, hits), [_, with]) in self.lexicon.themes().iter().zip(&hits).zip(&self.themes) {
                let of = format!("{period} {}", theme.id);
                let (counted, sentences, _) = sums.get(&Some(theme.id.as_str())).copied().unwrap_or_default();
                equal(&mut failures, "hits_of_periods", &of, counted, *hits);
                equal(&mut failures, "sentences_with_theme", &of, sentences, *with);
            }
        }
        failures
    }
}
