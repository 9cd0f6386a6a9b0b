//! What must hold before a release is seen: every count can be recomputed from
//! `hits`, `sentences` and `documents`.

use std::collections::{BTreeMap, BTreeSet};

use crate::tag::Lexicon;
use crate::tally::{Breakdown, Period, Rollup, Tally};

use super::rows::{AnnotationRows, DocumentRow};

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

/// Recounts a shard's rows and compares them with its rollup, for every period
/// length: hits, sentences and documents of each theme, and the denominators.
#[must_use]
pub fn check_shard(documents: &[DocumentRow], rows: &AnnotationRows, rollup: &Rollup, lexicon: &Lexicon, count_preamble: bool) -> Vec<CheckFailure> {
    let mut failures = Vec::new();
    let parents: BTreeMap<&str, &str> = lexicon.themes().iter().filter_map(|t| Some((t.id.as_str(), lexicon.themes().get(t.parent?)?.id.as_str()))).collect();
    let mut hits: BTreeMap<&str, u64> = BTreeMap::new();
    let mut sentences: BTreeMap<&str, BTreeSet<(&str, u32)>> = BTreeMap::new();
    for hit in &rows.hits {
        for theme in std::iter::once(hit.theme.as_str()).chain(parents.get(hit.theme.as_str()).copied()) {
            *hits.entry(theme).or_default() += 1;
            sentences.entry(theme).or_default().insert((&hit.doc_id, hit.sentence));
        }
    }
    let counted: Vec<&DocumentRow> = documents.iter().filter(|d| count_preamble || !d.preamble).collect();
    let han: u64 = rows.sentences.iter().map(|s| u64::from(s.han_chars)).sum();
    let han_documents: u64 = counted.iter().map(|d| d.han_chars).sum();
    equal(&mut failures, "han_chars_of_sentences", "all text", han, han_documents);
    let periods: BTreeSet<&str> = rollup.counts.iter().map(|r| r.period.as_str()).collect();
    for period in periods {
        let all: Vec<_> = rollup.counts.iter().filter(|r| r.period == period && r.breakdown == Breakdown::All.name()).collect();
        let sum =
            |theme: Option<&str>, get: fn(&crate::tally::CountRow) -> u64| -> u64 { all.iter().filter(|r| r.theme.as_deref() == theme).map(|r| get(r)).sum() };
        equal(&mut failures, "sentences_of_periods", period, sum(None, |r| r.sentences), rows.sentences.len() as u64);
        equal(&mut failures, "han_chars_of_periods", period, sum(None, |r| r.han_chars), han_documents);
        for theme in lexicon.themes() {
            let of = format!("{period} {}", theme.id);
            let id = Some(theme.id.as_str());
            equal(&mut failures, "hits_of_periods", &of, sum(id, |r| r.hits), hits.get(theme.id.as_str()).copied().unwrap_or(0));
            let spoken = sentences.get(theme.id.as_str()).map_or(0, |set| set.len() as u64);
            equal(&mut failures, "sentences_with_theme", &of, sum(id, |r| r.sentences), spoken);
        }
    }
    failures
}

/// Compares the tables with each other before they are published.
#[must_use]
pub fn check_tables(tally: &Tally, lexicon: &Lexicon, hits: &BTreeMap<String, u64>) -> Vec<CheckFailure> {
    let mut failures = Vec::new();
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
