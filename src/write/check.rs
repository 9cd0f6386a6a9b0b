//! What must hold of each shard before a release is seen: its counts can be
//! recomputed from `hits`, `sentences` and `documents`.

use std::collections::{BTreeMap, BTreeSet};

use crate::tag::{Lexicon, Theme};
use crate::tally::{Breakdown, Period, Rollup};

use super::rows::AnnotationRows;

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

/// Recounts a shard's rows as they are written, to compare them with its
/// rollup: hits and sentences of each theme, and the denominators.
pub struct ShardCheck<'l> {
    lexicon: &'l Lexicon,
    parents: BTreeMap<&'l str, &'l str>,
    /// Hits of each theme itself.
    own_hits: BTreeMap<String, u64>,
    hits: BTreeMap<String, u64>,
    sentences_with: BTreeMap<String, u64>,
    sentences: u64,
    han_chars: u64,
}

impl<'l> ShardCheck<'l> {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(lexicon: &'l Lexicon) -> Self {
        let parent = |t: &'l Theme| Some((t.id.as_str(), lexicon.themes().get(t.parent?)?.id.as_str()));
        let parents = lexicon.themes().iter().filter_map(parent).collect();
        Self { lexicon, parents, own_hits: BTreeMap::new(), hits: BTreeMap::new(), sentences_with: BTreeMap::new(), sentences: 0, han_chars: 0 }
    }

    /// Counts the rows of whole documents.
    pub fn add(&mut self, rows: &AnnotationRows) {
        let mut with: BTreeSet<(&str, &str, u32)> = BTreeSet::new();
        for hit in &rows.hits {
            *self.own_hits.entry(hit.theme.clone()).or_default() += 1;
            for theme in std::iter::once(hit.theme.as_str()).chain(self.parents.get(hit.theme.as_str()).copied()) {
                *self.hits.entry(theme.to_owned()).or_default() += 1;
                with.insert((theme, &hit.doc_id, hit.sentence));
            }
        }
        for (theme, _, _) in with {
            *self.sentences_with.entry(theme.to_owned()).or_default() += 1;
        }
        self.sentences += rows.sentences.len() as u64;
        self.han_chars += rows.sentences.iter().map(|s| u64::from(s.han_chars)).sum::<u64>();
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
                let (hits, sentences, _) = sums.get(&Some(theme.id.as_str())).copied().unwrap_or_default();
                equal(&mut failures, "hits_of_periods", &of, hits, self.hits.get(&theme.id).copied().unwrap_or(0));
                equal(&mut failures, "sentences_with_theme", &of, sentences, self.sentences_with.get(&theme.id).copied().unwrap_or(0));
            }
        }
        failures
    }
}
