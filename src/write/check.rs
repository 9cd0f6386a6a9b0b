//! What must hold before a release is seen: every count can be recomputed from
//! `hits`, `sentences` and `documents`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::tag::{Lexicon, Theme};
use crate::tally::{ALIKE, Breakdown, CopyRow, CountRow, Period, Rollup, Tally};

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

fn equal(failures: &mut Vec<CheckFailure>, check: &'static str, of: &str, counted: u64, rows: u64) {
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
        let periods: BTreeSet<&str> = rollup.counts.iter().map(|r| r.period.as_str()).collect();
        for period in periods {
            let all = rollup.counts.iter().filter(|r| r.period == period && r.breakdown == Breakdown::All.name());
            let mut sums: BTreeMap<Option<&str>, (u64, u64, u64)> = BTreeMap::new();
            for row in all {
                let sum = sums.entry(row.theme.as_deref()).or_default();
                *sum = (sum.0 + row.hits, sum.1 + row.sentences, sum.2 + row.han_chars);
            }
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

/// The documents that the series count are all but the copies left out.
#[must_use]
pub fn check_documents(rollups: &[Rollup], documents: u64, left_out: u64) -> Vec<CheckFailure> {
    let mut failures = Vec::new();
    let whole = |row: &&CountRow| row.period == Period::Whole.name() && row.breakdown == Breakdown::All.name() && row.theme.is_none();
    let counted: u64 = rollups.iter().flat_map(|rollup| rollup.counts.iter()).filter(whole).map(|row| row.documents).sum();
    equal(&mut failures, "documents_without_copies", "whole corpus", counted + left_out, documents);
    failures
}

/// What must be true of copies: each has one first, that comes no later and is
/// none itself, and they are alike.
fn check_copies(copies: &[CopyRow], failures: &mut Vec<CheckFailure>) {
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

/// Compares the tables with each other before they are published.
#[must_use]
pub fn check_tables(tally: &Tally, lexicon: &Lexicon, hits: &BTreeMap<String, u64>) -> Vec<CheckFailure> {
    let mut failures = Vec::new();
    check_copies(&tally.copies, &mut failures);
    let parent: BTreeMap<&str, Option<&str>> =
        lexicon.themes().iter().map(|t| (t.id.as_str(), t.parent.and_then(|p| lexicon.themes().get(p)).map(|p| p.id.as_str()))).collect();
    let mut expected: BTreeMap<&str, u64> = BTreeMap::new();
    for (theme, count) in hits {
        for id in std::iter::once(theme.as_str()).chain(parent.get(theme.as_str()).copied().flatten()) {
            *expected.entry(id).or_default() += count;
        }
    }
    for row in &tally.theme_profile {
        equal(&mut failures, "hits_of_profile", &row.theme, row.hits, expected.get(row.theme.as_str()).copied().unwrap_or(0));
    }
    let mut by_period: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut whole: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
    for row in &tally.theme_frequency {
        *by_period.entry((&row.period, &row.theme)).or_default() += row.hits.unwrap_or(0);
        whole.insert((&row.period, &row.period_label, &row.theme), row.hits.unwrap_or(0));
        if row.documents > Some(row.period_documents) || row.sentences > Some(row.period_sentences) {
            failures.push(CheckFailure { check: "part_within_whole", found: format!("{} {} {}", row.period, row.period_label, row.theme) });
        }
    }
    for ((period, theme), hits) in by_period {
        equal(&mut failures, "hits_of_frequency", &format!("{period} {theme}"), hits, expected.get(theme).copied().unwrap_or(0));
    }
    let mut members: BTreeMap<(&str, &str, &str, &str), u64> = BTreeMap::new();
    for row in &tally.theme_breakdown {
        *members.entry((&row.breakdown, &row.period, &row.period_label, &row.theme)).or_default() += row.hits;
    }
    for ((breakdown, period, label, theme), hits) in members {
        let all = whole.get(&(period, label, theme)).copied().unwrap_or(0);
        equal(&mut failures, "hits_of_members", &format!("{breakdown} {period} {label} {theme}"), hits, all);
    }
    for period in Period::ALL {
        let sums = |breakdown: Breakdown| -> u64 {
            tally.period_totals.iter().filter(|r| r.period == period.name() && r.breakdown == breakdown.name()).map(|r| r.han_chars).sum()
        };
        let all = sums(Breakdown::All);
        for breakdown in Breakdown::EVERY {
            let members = sums(breakdown);
            if members > 0 {
                equal(&mut failures, "han_chars_of_members", &format!("{} {}", period.name(), breakdown.name()), members, all);
            }
        }
    }
    failures
}
