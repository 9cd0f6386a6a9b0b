//! New phrases: what is not in the lexicon and is new or rising in a window
//! against all dated text before it.
//!
//! In: documents with their dates, as often as they are asked for. Out: rows for
//! a person to look through; nothing goes into the lexicon by itself.
//!
//! 1. `grams`: which sequences of 2 to 12 Han characters are frequent in the
//!    window, and how often each comes before it, in bounded memory.
//! 2. `select`: those that may be phrases (cohesion, edges, rise).
//! 3. `gather`: what the text tells of those: exact counts, documents, days,
//!    neighbours, contexts.
//! 4. `select` again: freedom on both sides, boilerplate, names, repeats, order.
//!
//! The score orders the queue and has no other meaning: √G² (how surely it
//! rose) × the lower end of the log ratio over 5, at most 1, or the square of
//! the share of the days before that had passed when it was first seen (how
//! strongly) × the
//! smaller entropy over 3.5, at most 1 (how freely it stands) × the share of its
//! characters that are no place × the square of the share of a sample of
//! sixteen sentences that do not name foreign places alone × a weight for its length (0.3 for two
//! characters, 0.7 for three) × the root of the share of its occurrences that
//! no phrase above explains.

mod gather;
mod grams;
mod measure;
mod proper;
mod select;
mod table;
mod window;
mod words;

use chrono::NaiveDate;
use serde::Serialize;

pub use measure::{branching_entropy, log_likelihood, log_ratio, mutual_information};
pub use window::{Part, Window};
pub use words::{PhraseCase, PhraseWords};

use crate::load::short_hex;
use crate::resolve::Vocabulary;
use crate::tag::Lexicon;
use grams::Grams;
use select::{Chosen, Rules};

/// Most characters of a phrase.
pub const MAX_CHARS: usize = 12;

/// A dated document.
#[derive(Clone, Copy, Debug)]
pub struct Passage<'t> {
    /// Its id.
    pub doc_id: &'t str,
    /// Its source.
    pub source: &'t str,
    /// First day of its date.
    pub start: NaiveDate,
    /// Last day.
    pub end: NaiveDate,
    /// Its text.
    pub text: &'t str,
}

/// Dated documents that can be read again and again.
pub trait Texts {
    /// What goes wrong in reading.
    type Error;

    /// Shows every document of this side of the window, each once, in any order.
    ///
    /// # Errors
    /// Those of the medium.
    fn read(&mut self, part: Part, visit: &mut dyn FnMut(Passage<'_>)) -> Result<(), Self::Error>;
}

/// What is asked of the search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// Windows whose phrases go into the table.
    #[serde(skip)]
    pub windows: Vec<Window>,
    /// Most phrases of a window.
    pub top: usize,
    /// Least occurrences in the window; one for each million Han characters if
    /// that is more.
    pub min_count: u32,
    /// Least documents with it in the window; of a window of few documents, more
    /// than half of them.
    pub min_documents: u32,
    /// Least days with it in the window, on the same terms.
    pub min_days: u32,
    /// Memory for counting, in bytes.
    pub memory_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { windows: Vec::new(), top: 200, min_count: 5, min_documents: 3, min_days: 2, memory_bytes: 64_000_000 }
    }
}

/// A phrase that is new or rising, for a person to look at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CandidateRow {
    /// First day of the window.
    pub window_start: NaiveDate,
    /// Last day.
    pub window_end: NaiveDate,
    /// Place in the queue of the window, from 1.
    pub rank: u32,
    /// A hash of phrase and window.
    pub candidate_id: String,
    /// The phrase.
    pub phrase: String,
    /// Its characters.
    pub chars: u32,
    /// Occurrences in the window.
    pub count: u64,
    /// Documents of the window with it.
    pub documents: u64,
    /// Different dates of these documents.
    pub days: u64,
    /// Their sources.
    pub sources: Vec<String>,
    /// Occurrences before the window.
    pub count_before: u64,
    /// Han characters of the window.
    pub han_chars_window: u64,
    /// Han characters before it.
    pub han_chars_before: u64,
    /// Occurrences per 10,000 Han characters of the window.
    pub per_10k: f64,
    /// The same before it.
    pub per_10k_before: Option<f64>,
    /// [`log_likelihood`].
    pub g2: Option<f64>,
    /// [`log_ratio`].
    pub log_ratio: Option<f64>,
    /// Least [`mutual_information`] over all splits.
    pub cohesion: f64,
    /// [`branching_entropy`] of what stands before it.
    pub entropy_left: f64,
    /// Of what stands after it.
    pub entropy_right: f64,
    /// First date with it, before the window or in it.
    pub first_date: NaiveDate,
    /// That document.
    pub first_doc_id: String,
    /// Whether there is less text before the window than in it.
    pub baseline_thin: bool,
    /// The term of the lexicon that shares most with it.
    pub nearest_term: Option<String>,
    /// What orders the queue.
    pub score: f64,
    /// Up to three sentences of the window with it.
    pub contexts: Vec<String>,
}

/// The id of a phrase in a window.
#[must_use]
pub fn candidate_id(phrase: &str, window: Window) -> String {
    short_hex(&blake3::hash(format!("{phrase}\0{window}").as_bytes()), 12)
}

/// The phrases of one window, best first.
///
/// # Errors
/// Those of `texts`.
///
/// # Cost
/// Up to 14 passes over the window and two over the text before it; memory as
/// the settings say, and a little for each phrase of the short list.
pub fn candidates<T: Texts>(
    texts: &mut T,
    window: Window,
    settings: &Settings,
    lexicon: &Lexicon,
    vocabulary: &Vocabulary,
    words: &PhraseWords,
) -> Result<Vec<CandidateRow>, T::Error> {
    let rules = Rules { settings, lexicon, vocabulary, words };
    let grams = Grams::count(texts, settings)?;
    let short = select::short_list(&grams, window.start, &rules);
    let wanted: Vec<(usize, u32)> = short.iter().map(|s| (s.length, s.number)).collect();
    let found = gather::gather(texts, &grams, &wanted, window)?;
    let chosen = select::choose(&grams, window.start, short, found, &rules);
    Ok(chosen.into_iter().zip(1..).map(|(chosen, rank)| row(chosen, rank, window, &grams, lexicon)).collect())
}

fn row(chosen: Chosen, rank: u32, window: Window, grams: &Grams, lexicon: &Lexicon) -> CandidateRow {
    let found = chosen.found;
    let rate = |count: u64, size: u64| (size > 0).then(|| count as f64 / size as f64 * 10_000.0);
    let (first_date, first_doc_id) = found.first.unwrap_or_default();
    CandidateRow {
        window_start: window.start,
        window_end: window.end,
        rank,
        candidate_id: candidate_id(&found.text, window),
        nearest_term: nearest_term(&found.text, lexicon),
        phrase: found.text,
        chars: u32::try_from(chosen.length).unwrap_or(u32::MAX),
        count: found.count,
        documents: found.documents,
        days: found.days.len() as u64,
        sources: found.sources.into_iter().collect(),
        count_before: found.before,
        han_chars_window: grams.han_window,
        han_chars_before: grams.han_before,
        per_10k: rate(found.count, grams.han_window).unwrap_or_default(),
        per_10k_before: rate(found.before, grams.han_before),
        g2: chosen.g2,
        log_ratio: chosen.log_ratio,
        cohesion: chosen.cohesion,
        entropy_left: chosen.entropy_left,
        entropy_right: chosen.entropy_right,
        first_date,
        first_doc_id,
        baseline_thin: grams.han_before < grams.han_window,
        score: chosen.score,
        contexts: found.contexts.into_values().collect(),
    }
}

/// The term that shares the longest part of two or more characters with the
/// phrase; of several, the shortest, then the first of the lexicon.
fn nearest_term(phrase: &str, lexicon: &Lexicon) -> Option<String> {
    let chars: Vec<char> = phrase.chars().collect();
    let shared = |term: &str| {
        let other: Vec<char> = term.chars().collect();
        let mut best = 0;
        let mut row = vec![0_usize; other.len() + 1];
        for a in &chars {
            let mut diagonal = 0;
            for (b, at) in other.iter().zip(1..) {
                let above = row.get(at).copied().unwrap_or(0);
                let length = if a == b { diagonal + 1 } else { 0 };
                if let Some(cell) = row.get_mut(at) {
                    *cell = length;
                }
                best = best.max(length);
                diagonal = above;
            }
        }
        (best, std::cmp::Reverse(other.len()))
    };
    let mut best: Option<((usize, std::cmp::Reverse<usize>), &str)> = None;
    for term in lexicon.terms() {
        let score = shared(term);
        if score.0 >= 2 && best.is_none_or(|(known, _)| score > known) {
            best = Some((score, term));
        }
    }
    best.map(|(_, term)| term.to_owned())
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "numbers are drawn within the tables")]
mod tests;
