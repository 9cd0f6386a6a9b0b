//! Themes that stand together: in a sentence, in a document.
//!
//! Counted while a document is whole, because both are distinct counts. Only
//! themes of one level are paired, so a theme never meets its own parent.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::Settings;
use super::association::{log_dice, npmi};
use super::counts::{Counts, Place};
use super::grid::Paged;
use super::period::{Calendar, Period};
use super::rollup::{Breakdown, ThemeHits};
use super::series::{UNPLACED, WHOLE};
use super::word::Word;
use crate::parse::DateRange;
use crate::tag::Lexicon;

/// Two themes in a period: how often they stand together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PairCountRow {
    /// Length of the period: the long one, or the whole.
    pub period: Period,
    /// First day; `None`: unplaced, or the whole.
    pub period_start: Option<NaiveDate>,
    /// The theme that the lexicon has first.
    pub theme_a: Word,
    /// The other.
    pub theme_b: Word,
    /// Sentences with both.
    pub sentences: u64,
    /// Documents with both.
    pub documents: u64,
}

/// Two themes in a period, with the strength of their tie.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PairRow {
    /// Length of the period, or `whole`.
    pub period: Word,
    /// First day; `None` where unplaced and for the whole.
    pub period_start: Option<NaiveDate>,
    /// Last day.
    pub period_end: Option<NaiveDate>,
    /// `2024`, `unplaced` or `whole`.
    pub period_label: Word,
    /// The theme that the lexicon has first.
    pub theme_a: Word,
    /// The other.
    pub theme_b: Word,
    /// Level of both.
    pub level: u32,
    /// Sentences with both.
    pub sentences: u64,
    /// Documents with both.
    pub documents: u64,
    /// Sentences with the first.
    pub sentences_a: u64,
    /// Sentences with the second.
    pub sentences_b: u64,
    /// Documents with the first.
    pub documents_a: u64,
    /// Documents with the second.
    pub documents_b: u64,
    /// All sentences of the period.
    pub period_sentences: u64,
    /// All documents of the period.
    pub period_documents: u64,
    /// [`npmi`] over sentences.
    pub npmi_sentence: Option<f64>,
    /// [`npmi`] over documents.
    pub npmi_document: Option<f64>,
    /// [`log_dice`] over sentences.
    pub log_dice_sentence: Option<f64>,
    /// [`log_dice`] over documents.
    pub log_dice_document: Option<f64>,
    /// First day of the first period in which one document holds both.
    pub first_start: Option<NaiveDate>,
    /// Too few documents to read a tie from.
    pub small_n: bool,
}

/// Below this many documents of the period, or with both, a tie says little.
const SMALL_PERIOD: u64 = 20;
const SMALL_JOINT: u64 = 5;

type Key = (Period, Option<NaiveDate>, u32, u32);

/// Puts the pairs of documents together.
pub(super) struct PairCounting<'l> {
    lexicon: &'l Lexicon,
    calendar: &'l Calendar,
    long: Option<Period>,
    /// For each place and first theme what it has with each second one.
    places: BTreeMap<Place, Vec<Paged<PairCell>>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct PairCell {
    sentences: u32,
    documents: u32,
}

impl<'l> PairCounting<'l> {
    pub(super) fn new(lexicon: &'l Lexicon, settings: &'l Settings) -> Self {
        Self { lexicon, calendar: &settings.calendar, long: settings.long_period(), places: BTreeMap::new() }
    }

    /// Adds a document: its themes, parents included, by sentence, and the date
    /// that places each sentence.
    ///
    /// # Cost
    /// A document with t themes of a level has t (t − 1) ÷ 2 pairs of it, at most
    /// those of the lexicon, for each period that its sentences fall into.
    pub(super) fn add(&mut self, theme_hits: &ThemeHits, basis: impl Fn(usize) -> Option<DateRange>) {
        let mut in_document: Vec<(Place, u32)> = Vec::new();
        for sentence in theme_hits.chunk_by(|((a, _), _), ((b, _), _)| a == b) {
            let basis = sentence.first().and_then(|((number, _), _)| basis(*number));
            let themes: Vec<u32> = sentence.iter().map(|((_, theme), _)| *theme).collect();
            let long = self.long.map(|period| (period, basis.and_then(|basis| self.calendar.place(period, basis))));
            for place in long.into_iter().chain([(Period::Whole, None)]) {
                in_document.extend(themes.iter().map(|theme| (place, *theme)));
                self.each_pair(place, &themes, |cell| cell.sentences += 1);
            }
        }
        in_document.sort_unstable();
        in_document.dedup();
        for of_place in in_document.chunk_by(|a, b| a.0 == b.0) {
            let Some((place, _)) = of_place.first() else { continue };
            let themes: Vec<u32> = of_place.iter().map(|(_, theme)| *theme).collect();
            self.each_pair(*place, &themes, |cell| cell.documents += 1);
        }
    }

    /// The cells of all pairs of one level among `themes`, which are in order.
    fn each_pair(&mut self, place: Place, themes: &[u32], change: impl Fn(&mut PairCell)) {
        if themes.len() < 2 {
            return;
        }
        let below = |theme: u32| self.lexicon.themes().get(theme as usize).is_some_and(|t| t.parent.is_some());
        let cells = self.places.entry(place).or_default();
        cells.resize_with(self.lexicon.themes().len(), Paged::default);
        for level in [false, true] {
            let mut rest: Vec<u32> = themes.iter().copied().filter(|t| below(*t) == level).collect();
            while let Some(last) = rest.pop() {
                for first in &rest {
                    if let Some(cell) = cells.get_mut(*first as usize).and_then(|of_first| of_first.get_mut(last)) {
                        change(cell);
                    }
                }
            }
        }
    }

    /// The pairs that were met, by place and themes.
    pub(super) fn finish(self) -> Vec<PairCountRow> {
        let words = words(self.lexicon);
        let word = |theme: u32| words.get(theme as usize).cloned().unwrap_or_default();
        let mut out = Vec::new();
        for ((period, period_start), cells) in self.places {
            for (a, of_first) in (0..).zip(&cells) {
                let met = of_first.iter().filter(|(_, cell)| cell.documents > 0);
                out.extend(met.map(|(b, cell)| PairCountRow {
                    period,
                    period_start,
                    theme_a: word(a),
                    theme_b: word(b),
                    sentences: u64::from(cell.sentences),
                    documents: u64::from(cell.documents),
                }));
            }
        }
        out
    }
}

fn words(lexicon: &Lexicon) -> Vec<Word> {
    lexicon.themes().iter().map(|t| t.id.as_str().into()).collect()
}

fn merge(counts: &mut Vec<(Key, [u64; 2])>) {
    counts.sort_unstable_by_key(|(key, _)| *key);
    counts.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            for (sum, more) in kept.1.iter_mut().zip(next.1) {
                *sum += more;
            }
        }
        same
    });
}

/// The table `theme_pairs`, kept as counts: its rows are made when they are read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pairs {
    themes: Vec<Word>,
    below: Vec<bool>,
    /// By period length, themes and start, the unplaced last.
    cells: Vec<Cell>,
    places: BTreeMap<Place, PlaceTexts>,
    /// First period of each pair that has one, by themes.
    first: BTreeMap<(u32, u32), NaiveDate>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Cell {
    key: Key,
    sentences: u64,
    documents: u64,
}

/// What a period has of all text and of each theme.
#[derive(Clone, Debug, Default, PartialEq)]
struct PlaceTexts {
    label: Word,
    end: Option<NaiveDate>,
    sentences: u64,
    documents: u64,
    /// Sentences and documents by theme.
    of_theme: Vec<(u64, u64)>,
}

/// Rows kept before equal keys are summed: bounds memory, not results.
const MERGE_AT: usize = 1 << 18;

/// Sums the pairs of rollups.
pub(super) struct PairSums {
    numbers: BTreeMap<Word, u32>,
    counts: Vec<(Key, [u64; 2])>,
    merge_at: usize,
}

impl PairSums {
    pub(super) fn new(lexicon: &Lexicon) -> Self {
        Self { numbers: words(lexicon).into_iter().zip(0..).collect(), counts: Vec::new(), merge_at: MERGE_AT }
    }

    pub(super) fn add(&mut self, rows: Vec<PairCountRow>) {
        let number = |theme: &Word| self.numbers.get(theme).copied();
        self.counts
            .extend(rows.into_iter().filter_map(|r| Some(((r.period, r.period_start, number(&r.theme_a)?, number(&r.theme_b)?), [r.sentences, r.documents]))));
        if self.counts.len() > self.merge_at {
            merge(&mut self.counts);
            self.merge_at = MERGE_AT.max(self.counts.len() * 2);
        }
    }
}

impl Pairs {
    /// The pairs of all rollups; `counts` are those of all themes and all text.
    pub(super) fn new(sums: PairSums, counts: &Counts, lexicon: &Lexicon, calendar: &Calendar) -> Self {
        let themes = words(lexicon);
        let PairSums { numbers, counts: mut summed, .. } = sums;
        merge(&mut summed);
        summed.sort_unstable_by_key(|((period, start, a, b), _)| (*period, *a, *b, start.is_none(), *start));
        let mut places: BTreeMap<Place, PlaceTexts> = BTreeMap::new();
        let mut first: BTreeMap<(u32, u32), NaiveDate> = BTreeMap::new();
        for ((period, start, a, b), _) in &summed {
            if let Some(start) = start {
                let known = first.entry((*a, *b)).or_insert(*start);
                *known = (*known).min(*start);
            }
            places.entry((*period, *start)).or_insert_with(|| PlaceTexts {
                label: match start {
                    Some(start) => calendar.label(*period, *start).into(),
                    None if *period == Period::Whole => WHOLE.into(),
                    None => UNPLACED.into(),
                },
                end: start.and_then(|start| calendar.end_of(*period, start)),
                of_theme: vec![(0, 0); themes.len()],
                ..PlaceTexts::default()
            });
        }
        let lengths: BTreeSet<Period> = places.keys().map(|(period, _)| *period).collect();
        for row in counts.rows(Breakdown::All, |period| lengths.contains(&period)) {
            let Some(place) = places.get_mut(&(row.period, row.period_start)) else { continue };
            match row.theme {
                None => (place.sentences, place.documents) = (row.sentences, row.documents),
                Some(theme) => {
                    if let Some(of_theme) = numbers.get(theme).and_then(|n| place.of_theme.get_mut(*n as usize)) {
                        *of_theme = (row.sentences, row.documents);
                    }
                }
            }
        }
        let cells = summed.into_iter().map(|(key, [sentences, documents])| Cell { key, sentences, documents }).collect();
        let below = lexicon.themes().iter().map(|t| t.parent.is_some()).collect();
        Self { themes, below, cells, places, first }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The rows, by period length, themes in the order of the lexicon, and start.
    pub fn rows(&self) -> impl Iterator<Item = PairRow> + '_ {
        let names: BTreeMap<Period, Word> = self.places.keys().map(|(period, _)| (*period, period.name().into())).collect();
        self.cells.iter().filter_map(move |Cell { key: (period, start, a, b), sentences, documents }| {
            let place = self.places.get(&(*period, *start))?;
            let (sentences_a, documents_a) = *place.of_theme.get(*a as usize)?;
            let (sentences_b, documents_b) = *place.of_theme.get(*b as usize)?;
            Some(PairRow {
                period: names.get(period).cloned().unwrap_or_default(),
                period_start: *start,
                period_end: place.end,
                period_label: place.label.clone(),
                theme_a: self.themes.get(*a as usize)?.clone(),
                theme_b: self.themes.get(*b as usize)?.clone(),
                level: u32::from(*self.below.get(*a as usize)?),
                sentences: *sentences,
                documents: *documents,
                sentences_a,
                sentences_b,
                documents_a,
                documents_b,
                period_sentences: place.sentences,
                period_documents: place.documents,
                npmi_sentence: npmi(*sentences, sentences_a, sentences_b, place.sentences),
                npmi_document: npmi(*documents, documents_a, documents_b, place.documents),
                log_dice_sentence: log_dice(*sentences, sentences_a, sentences_b),
                log_dice_document: log_dice(*documents, documents_a, documents_b),
                first_start: self.first.get(&(*a, *b)).copied(),
                small_n: place.documents < SMALL_PERIOD || *documents < SMALL_JOINT,
            })
        })
    }
}
