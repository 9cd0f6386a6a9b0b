//! What must hold of each shard before a release is seen: its counts can be
//! recomputed from `hits`, `sentences` and `documents`.

use std::collections::{BTreeMap, BTreeSet};

use crate::tag::{Lexicon, Theme};
use crate::tally::{Breakdown, Period, Rollup, Word};

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
    /// Hits of each theme itself, and sentences that have one of it or of a
    /// theme below it.
    themes: BTreeMap<Word, [u64; 2]>,
    sentences: u64,
    han_chars: u64,
}

impl RowCounts {
    /// Adds the rows of a document: how many sentences there are, their Han
    /// characters, and its hits.
    pub fn add(&mut self, sentences: usize, han_chars: u64, hits: &[HitRow], parents: &Parents) {
        self.sentences += sentences as u64;
        self.han_chars += han_chars;
        let mut with: Vec<&Word> = Vec::new();
        for sentence in hits.chunk_by(|a, b| a.sentence == b.sentence && a.doc_id == b.doc_id) {
            with.clear();
            for hit in sentence {
                self.theme(&hit.theme)[0] += 1;
                with.extend(std::iter::once(&hit.theme).chain(parents.of.get(&hit.theme)));
            }
            with.sort_unstable();
            with.dedup();
            for theme in &with {
                self.theme(theme)[1] += 1;
            }
        }
    }

    fn theme(&mut self, theme: &Word) -> &mut [u64; 2] {
        self.themes.entry(theme.clone()).or_default()
    }
}

/// The parent of each theme that has one.
#[derive(Debug)]
pub struct Parents {
    of: BTreeMap<Word, Word>,
}

impl Parents {
    /// Those of a lexicon.
    #[must_use]
    pub fn new(lexicon: &Lexicon) -> Self {
        let parent = |t: &Theme| Some((t.id.as_str().into(), lexicon.themes().get(t.parent?)?.id.as_str().into()));
        Self { of: lexicon.themes().iter().filter_map(parent).collect() }
    }
}

/// Adds up what the rows of a shard count, to compare it with the rollup: hits
/// and sentences of each theme, and the denominators.
pub struct ShardCheck<'l> {
    lexicon: &'l Lexicon,
    parents: Parents,
    /// Hits of each theme itself.
    own_hits: BTreeMap<String, u64>,
    sentences_with: BTreeMap<String, u64>,
    sentences: u64,
    han_chars: u64,
}

impl<'l> ShardCheck<'l> {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(lexicon: &'l Lexicon) -> Self {
        Self { lexicon, parents: Parents::new(lexicon), own_hits: BTreeMap::new(), sentences_with: BTreeMap::new(), sentences: 0, han_chars: 0 }
    }

    /// The parents of themes, for [`RowCounts::add`].
    #[must_use]
    pub fn parents(&self) -> &Parents {
        &self.parents
    }

    /// Adds the counts of documents that count.
    pub fn add(&mut self, counts: &RowCounts) {
        let add = |to: &mut BTreeMap<String, u64>, theme: &Word, number: u64| {
            if number > 0 {
                match to.get_mut(theme.as_str()) {
                    Some(sum) => *sum += number,
                    None => drop(to.insert(theme.to_string(), number)),
                }
            }
        };
        for (theme, [own_hits, sentences]) in &counts.themes {
            add(&mut self.own_hits, theme, *own_hits);
            add(&mut self.sentences_with, theme, *sentences);
        }
        self.sentences += counts.sentences;
        self.han_chars += counts.han_chars;
    }

    /// Hits of each theme itself, without those of themes below it.
    #[must_use]
    pub fn own_hits(&self) -> &BTreeMap<String, u64> {
        &self.own_hits
    }

    /// What does not agree. `han_documents` are the Han characters of the
    /// documents that count.
    #[must_use]
    pub fn compare(&self, han_documents: u64, rollup: &Rollup) -> Vec<CheckFailure> {
        let mut failures = Vec::new();
        equal(&mut failures, "han_chars_of_sentences", "all text", self.han_chars, han_documents);
        let mut hits = self.own_hits.clone();
        for (theme, number) in &self.own_hits {
            if let Some(parent) = self.parents.of.get(theme.as_str()) {
                *hits.entry(parent.to_string()).or_default() += number;
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
            for theme in self.lexicon.themes() {
                let of = format!("{period} {}", theme.id);
                let (counted, sentences, _) = sums.get(&Some(theme.id.as_str())).copied().unwrap_or_default();
                equal(&mut failures, "hits_of_periods", &of, counted, hits.get(&theme.id).copied().unwrap_or(0));
                equal(&mut failures, "sentences_with_theme", &of, sentences, self.sentences_with.get(&theme.id).copied().unwrap_or(0));
            }
        }
        failures
    }
}
