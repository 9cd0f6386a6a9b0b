//! A theme over the whole corpus.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::Settings;
use super::period::Period;
use super::rate::{per_10k, share};
use super::rollup::{CountRow, SeenRow, ThemeOccasionRow};
use super::series::FrequencyRow;
use crate::tag::Lexicon;

/// A theme.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProfileRow {
    /// Theme id.
    pub theme: String,
    /// Chinese label.
    pub theme_zh: String,
    /// English label.
    pub theme_en: String,
    /// Id of the theme above.
    pub parent: Option<String>,
    /// 0: a theme without one above it; 1: one below.
    pub level: u32,
    /// Hits.
    pub hits: u64,
    /// Sentences with a hit.
    pub sentences: u64,
    /// Documents with a hit.
    pub documents: u64,
    /// Occasions on which it was spoken of.
    pub occasions: u64,
    /// Hits in 10,000 Han characters of the corpus.
    pub per_10k: Option<f64>,
    /// Documents with the theme ÷ all documents.
    pub density: Option<f64>,
    /// First day of the earliest date with it.
    pub first_date: Option<NaiveDate>,
    /// The document of that date.
    pub first_doc_id: Option<String>,
    /// Date of the occasion that this document tells of.
    pub first_event_date: Option<NaiveDate>,
    /// First day of the latest date with it.
    pub last_date: Option<NaiveDate>,
    /// The document of that date.
    pub last_doc_id: Option<String>,
    /// Length of the period of the peak.
    pub peak_period: Option<String>,
    /// First day of the period with the highest rate; of equal ones the first.
    pub peak_start: Option<NaiveDate>,
    /// That rate.
    pub peak_per_10k: Option<f64>,
}

/// The profiles in the order of the lexicon.
pub(super) fn profiles(
    counts: &[CountRow],
    frequency: &[FrequencyRow],
    seen: &BTreeMap<String, SeenRow>,
    occasions: &[ThemeOccasionRow],
    lexicon: &Lexicon,
    settings: &Settings,
) -> Vec<ProfileRow> {
    let longest = settings.periods.iter().max().copied();
    let peak_period = settings.periods.iter().copied().filter(|p| *p >= Period::Month).min().or(longest);
    let rows = || counts.iter().filter(|r| r.period == Period::Whole);
    let mut sums: BTreeMap<Option<&str>, [u64; 4]> = BTreeMap::new();
    for row in rows() {
        let sum = sums.entry(row.theme.as_deref()).or_default();
        for (sum, more) in sum.iter_mut().zip([row.hits, row.sentences, row.documents, row.han_chars]) {
            *sum += more;
        }
    }
    let [_, _, all_documents, all_han] = sums.get(&None).copied().unwrap_or_default();
    let mut told: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for row in occasions {
        told.entry(&row.theme).or_default().insert(&row.occasion_id);
    }
    lexicon
        .themes()
        .iter()
        .map(|theme| {
            let [hits, sentences, documents, _] = sums.get(&Some(theme.id.as_str())).copied().unwrap_or_default();
            let peak = frequency
                .iter()
                .filter(|r| {
                    r.theme == theme.id && Some(r.period.as_str()) == peak_period.map(Period::name) && r.period_start.is_some() && r.hits.is_some_and(|h| h > 0)
                })
                .fold(None, |best: Option<&FrequencyRow>, row| if best.is_some_and(|b| b.per_10k >= row.per_10k) { best } else { Some(row) });
            let seen = seen.get(&theme.id);
            ProfileRow {
                theme: theme.id.clone(),
                theme_zh: theme.zh.clone(),
                theme_en: theme.en.clone(),
                parent: theme.parent.and_then(|p| lexicon.themes().get(p)).map(|p| p.id.clone()),
                level: u32::from(theme.parent.is_some()),
                hits,
                sentences,
                documents,
                occasions: told.get(theme.id.as_str()).map_or(0, |set| set.len() as u64),
                per_10k: per_10k(hits, all_han),
                density: share(documents, all_documents),
                first_date: seen.map(|s| s.first_date),
                first_doc_id: seen.map(|s| s.first_doc_id.clone()),
                first_event_date: seen.and_then(|s| s.first_event_date),
                last_date: seen.map(|s| s.last_date),
                last_doc_id: seen.map(|s| s.last_doc_id.clone()),
                peak_period: peak.map(|r| r.period.to_string()),
                peak_start: peak.and_then(|r| r.period_start),
                peak_per_10k: peak.and_then(|r| r.per_10k),
            }
        })
        .collect()
}
