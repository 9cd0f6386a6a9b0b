//! All that is told of a phrase of the short list, counted exactly in one pass
//! over the text.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::grams::{Grams, Run, each_run};
use super::measure::branching_entropy;
use super::{Part, Passage, Texts, Window};

/// Most contexts taken at random, to tell of what a phrase speaks.
const SAMPLES: usize = 16;

/// Most contexts kept of a phrase.
pub(super) const CONTEXTS: usize = 3;

/// Characters on each side of a phrase in a context.
const CONTEXT_CHARS: usize = 32;

/// Characters by which two surroundings of one side are told apart.
const SURROUNDING_CHARS: usize = 2;

/// Hashes kept to estimate how many surroundings differ.
const KEPT_HASHES: usize = 64;

/// How many of the things seen were different, from the smallest hashes alone:
/// exact up to [`KEPT_HASHES`], and the same in whatever order they come.
///
/// # Source
/// Bar-Yossef et al. (2002), Counting distinct elements in a data stream,
/// RANDOM, 1-10: the k-th smallest value.
#[derive(Debug, Default)]
struct Distinct(BTreeSet<u64>);

impl Distinct {
    fn add(&mut self, hash: u64) {
        if self.0.len() < KEPT_HASHES || self.0.last().is_some_and(|last| hash < *last) {
            self.0.insert(hash);
            if self.0.len() > KEPT_HASHES {
                self.0.pop_last();
            }
        }
    }

    fn estimate(&self) -> f64 {
        match self.0.last() {
            Some(last) if self.0.len() == KEPT_HASHES => (KEPT_HASHES - 1) as f64 * (u64::MAX as f64 / *last as f64),
            _ => self.0.len() as f64,
        }
    }
}

/// What stands on one side of a phrase.
#[derive(Debug, Default)]
pub(super) struct Side {
    neighbours: BTreeMap<u32, u64>,
    edges: u64,
    line_edges: u64,
    /// Occurrences right at a digit: 4 before 届运动会.
    digits: u64,
    surroundings: Distinct,
}

/// FNV-1a over code points, spread by a multiplication.
fn hashed(text: impl Iterator<Item = char>) -> u64 {
    let hash = text.fold(0xcbf2_9ce4_8422_2325_u64, |hash, c| (hash ^ u64::from(u32::from(c))).wrapping_mul(0x0100_0000_01b3));
    (hash ^ (hash >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Side {
    fn add(&mut self, neighbour: Option<u32>, mut surrounding: impl Iterator<Item = char> + Clone) {
        match neighbour {
            Some(c) => *self.neighbours.entry(c).or_default() += 1,
            None => self.edges += 1,
        }
        self.surroundings.add(hashed(surrounding.clone()));
        let next = surrounding.next();
        self.line_edges += u64::from(next.is_none_or(|c| c == '\n'));
        self.digits += u64::from(next.is_some_and(|c| c.is_ascii_digit() || c == '%'));
    }

    /// In bits.
    pub(super) fn entropy(&self) -> f64 {
        branching_entropy(self.neighbours.values().copied(), self.edges)
    }

    /// Whether most occurrences go on with a number.
    pub(super) fn is_number(&self) -> bool {
        self.digits * 2 > self.neighbours.values().sum::<u64>() + self.edges
    }

    /// Whether the side is always the same: nearly always the edge of a line, or
    /// with fewer different surroundings than this share of the occurrences.
    pub(super) fn is_fixed(&self, share: f64) -> bool {
        let total = (self.neighbours.values().sum::<u64>() + self.edges) as f64;
        self.line_edges as f64 >= (1.0 - share) * total || self.surroundings.estimate() < (share * total).max(2.0_f64.min(total))
    }
}

/// A phrase of the short list with what the text tells of it.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub text: String,
    pub count: u64,
    pub before: u64,
    pub documents: u64,
    pub days: BTreeSet<NaiveDate>,
    pub sources: BTreeSet<String>,
    pub left: Side,
    pub right: Side,
    /// The earliest date with it, before the window or in it, and the document.
    pub first: Option<(NaiveDate, String)>,
    /// The earliest contexts in the window that differ, by date and document.
    pub contexts: BTreeMap<(NaiveDate, String), String>,
    /// Contexts in the window, the ones whose documents' ids have the smallest hashes.
    pub samples: BTreeMap<u64, String>,
    last_document: u64,
}

impl Found {
    fn first_of_document(&mut self, passage: &Passage<'_>, part: Part, start: usize) {
        let earlier = self.first.as_ref().is_none_or(|(day, id)| (passage.start, passage.doc_id) < (*day, id.as_str()));
        if earlier {
            self.first = Some((passage.start, passage.doc_id.to_owned()));
        }
        if part == Part::Before {
            return;
        }
        self.documents += 1;
        self.days.insert(passage.start);
        if !self.sources.contains(passage.source) {
            self.sources.insert(passage.source.to_owned());
        }
        let hash = hashed(passage.doc_id.chars());
        if self.samples.len() < SAMPLES || self.samples.last_key_value().is_some_and(|(last, _)| hash < *last) {
            self.samples.insert(hash, context(passage.text, start, start + self.text.len()));
            if self.samples.len() > SAMPLES {
                self.samples.pop_last();
            }
        }
        let key = (passage.start, passage.doc_id.to_owned());
        if self.contexts.len() == CONTEXTS && self.contexts.last_key_value().is_some_and(|(last, _)| *last < key) {
            return;
        }
        let context = context(passage.text, start, start + self.text.len());
        match self.contexts.iter().find(|(_, known)| **known == context).map(|(key, _)| key.clone()) {
            Some(known) if known < key => return,
            Some(known) => {
                self.contexts.remove(&known);
            }
            None => {}
        }
        self.contexts.insert(key, context);
        if self.contexts.len() > CONTEXTS {
            self.contexts.pop_last();
        }
    }
}

/// The sentence around a phrase, with at most [`CONTEXT_CHARS`] on each side.
fn context(text: &str, start: usize, end: usize) -> String {
    const ENDS: [char; 5] = ['。', '！', '？', '；', '\n'];
    let (before, after) = (text.get(..start).unwrap_or_default(), text.get(end..).unwrap_or_default());
    let from = before.rfind(ENDS).map_or(before, |at| before.get(at..).unwrap_or_default().trim_start_matches(ENDS));
    let to = after.find(ENDS).map_or(after, |at| after.get(..at).unwrap_or_default());
    let cut = from.chars().count().saturating_sub(CONTEXT_CHARS);
    let mut out = String::new();
    if cut > 0 {
        out.push('…');
    }
    out.extend(from.chars().skip(cut));
    out.push_str(text.get(start..end).unwrap_or_default());
    out.extend(to.chars().take(CONTEXT_CHARS));
    if to.chars().count() > CONTEXT_CHARS {
        out.push('…');
    }
    out.trim().to_owned()
}

/// Counts the phrases with these lengths and numbers. The result is in the
/// order of `wanted`.
///
/// # Errors
/// Those of `texts`.
///
/// # Cost
/// One pass over the text up to the window's end; memory for each phrase in
/// step with its days and different neighbours.
pub(super) fn gather<T: Texts>(texts: &mut T, grams: &Grams, wanted: &[(usize, u32)], window: Window) -> Result<Vec<Found>, T::Error> {
    let mut out: Vec<Found> = wanted.iter().map(|(length, number)| Found { text: grams.text(*length, *number), ..Found::default() }).collect();
    // The place in `out` of each sequence, by length and number.
    let mut places: Vec<Vec<u32>> = grams.levels.iter().map(|level| vec![u32::MAX; level.grams.len()]).collect();
    for ((length, number), place) in wanted.iter().zip(0..) {
        if let Some(cell) = length.checked_sub(1).and_then(|level| places.get_mut(level)).and_then(|level| level.get_mut(*number as usize)) {
            *cell = place;
        }
    }
    let mut run = Run::default();
    let mut document = 0;
    for part in [Part::Before, Part::Window] {
        texts.read(part, &mut |passage: Passage<'_>| {
            debug_assert_eq!(window.part(passage.start, passage.end), Some(part));
            document += 1;
            each_run(passage.text, &mut run, |run, run_start| {
                let mut start = run_start;
                for at in 0..run.chars.len() {
                    for (length, number) in grams.at(run, at) {
                        let place = places.get(length - 1).and_then(|level| level.get(number as usize));
                        let Some(found) = place.and_then(|place| out.get_mut(*place as usize)) else { continue };
                        let end = start + found.text.len();
                        // Two sequences may have one fingerprint, if hardly ever.
                        if passage.text.get(start..end) != Some(found.text.as_str()) {
                            continue;
                        }
                        match part {
                            Part::Before => found.before += 1,
                            Part::Window => {
                                found.count += 1;
                                let (before, after) = (passage.text.get(..start).unwrap_or_default(), passage.text.get(end..).unwrap_or_default());
                                found.left.add(at.checked_sub(1).and_then(|at| run.chars.get(at).copied()), before.chars().rev().take(SURROUNDING_CHARS));
                                found.right.add(run.chars.get(at + length).copied(), after.chars().take(SURROUNDING_CHARS));
                            }
                        }
                        if found.last_document != document {
                            found.last_document = document;
                            found.first_of_document(&passage, part, start);
                        }
                    }
                    start += run.chars.get(at).and_then(|c| char::from_u32(*c)).map_or(0, char::len_utf8);
                }
            });
        })?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_things_are_counted_exactly_while_they_are_few_and_nearly_when_many() {
        let mut few = Distinct::default();
        for i in 0..200_u64 {
            few.add((i % 20).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
        assert!((few.estimate() - 20.0).abs() < f64::EPSILON);
        let mut many = Distinct::default();
        for i in 0..5000_u64 {
            many.add(i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
        assert!((3000.0..8000.0).contains(&many.estimate()), "{}", many.estimate());
    }

    #[test]
    fn a_context_is_the_sentence_cut_on_both_sides() {
        let text = "前一句。会议提出，发展新质生产力，不搞一窝蜂。后一句";
        let start = text.find("新质").unwrap();
        assert_eq!(context(text, start, start + "新质生产力".len()), "会议提出，发展新质生产力，不搞一窝蜂");
        let long = "甲".repeat(50) + "新质" + &"乙".repeat(50);
        let got = context(&long, 150, 156);
        assert_eq!(got.chars().count(), 2 + 2 * CONTEXT_CHARS + 2);
        assert!(got.starts_with("…甲") && got.ends_with("乙…"));
    }
}
