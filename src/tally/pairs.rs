//! Themes that stand together: in a sentence, in a document.
//!
//! Counted while a document is whole, because both are distinct counts. Only
//! themes of one level are paired, so a theme never meets its own parent.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use super::Settings;
use super::association::{log_dice, npmi};
use super::counts::{Counts, Place};
use super::grid::Paged;
use super::part::Part;
use super::period::{Calendar, Period};
use super::rollup::ThemeHits;
use super::series::{PlaceColumns, below};
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
    /// Number of the theme that the lexicon has first.
    pub theme_a: u32,
    /// That of the other.
    pub theme_b: u32,
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
            let long = self.long.map(|period| (period, basis.and_then(|basis| self.calendar.place(period, basis.start, basis.end))));
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
        rows(&self.places, |cell| [u64::from(cell.sentences), u64::from(cell.documents)])
    }
}

/// The pairs of cells with a document, by place and themes.
fn rows<C: Copy + Default>(places: &BTreeMap<Place, Vec<Paged<C>>>, counts: impl Fn(&C) -> [u64; 2]) -> Vec<PairCountRow> {
    let mut out = Vec::new();
    for ((period, period_start), cells) in places {
        for (theme_a, of_first) in (0..).zip(cells) {
            for (theme_b, cell) in of_first.iter() {
                let [sentences, documents] = counts(cell);
                if documents > 0 {
                    out.push(PairCountRow { period: *period, period_start: *period_start, theme_a, theme_b, sentences, documents });
                }
            }
        }
    }
    out
}

fn words(lexicon: &Lexicon) -> Vec<Word> {
    lexicon.themes().iter().map(|t| t.id.as_str().into()).collect()
}

/// The table `theme_pairs` of a part of the series: its rows are made when they
/// are read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pairs {
    themes: Vec<Word>,
    below: Vec<bool>,
    /// By period length, themes and start.
    cells: Vec<PairCountRow>,
    places: BTreeMap<Place, PairPlace>,
    /// The first period of the pair of each cell.
    first: Vec<Option<NaiveDate>>,
}

/// First period of each pair of themes that has one, by their numbers: a place for
/// every pair, because most parts have most of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FirstTogether {
    themes: u32,
    /// By the numbers of pairs.
    days: Vec<Option<NaiveDate>>,
}

impl FirstTogether {
    /// Of so many themes; a pair of others is not kept.
    pub(super) fn new(themes: u32) -> Self {
        Self { themes, days: vec![None; number((0, themes))] }
    }

    /// The pair is together in the period that begins on this day.
    pub(super) fn meet(&mut self, pair: (u32, u32), start: NaiveDate) {
        if let Some(known) = self.days.get_mut(number(pair)) {
            *known = Some(known.map_or(start, |known| known.min(start)));
        }
    }

    fn get(&self, pair: (u32, u32)) -> Option<NaiveDate> {
        self.days.get(number(pair)).copied().flatten()
    }

    /// The pairs in the order of their themes.
    fn iter(&self) -> impl Iterator<Item = ((u32, u32), NaiveDate)> + '_ {
        let pairs = (0..self.themes).flat_map(|a| (a + 1..self.themes).map(move |b| (a, b)));
        pairs.filter_map(|pair| Some((pair, self.get(pair)?)))
    }
}

/// The number of a pair of which the first theme has the lower one: those of themes
/// below `b` are below that of (0, `b`).
fn number((a, b): (u32, u32)) -> usize {
    let number = u64::from(b) * u64::from(b.saturating_sub(1)) / 2 + u64::from(a);
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// What of the pairs of a part is kept until all parts are summed: which of them have
/// a period, a bit each, and their sentences.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartPairs {
    together: Vec<u64>,
    /// Sentences of all pairs.
    pub sentences: u64,
}

impl PartPairs {
    /// Of so many themes; a pair of others is not kept.
    pub(super) fn new(themes: u32, together: impl Iterator<Item = (u32, u32)>, sentences: u64) -> Self {
        let mut out = Self { together: vec![0; Self::bit((0, themes)).0 + 1], sentences };
        for (word, bit) in together.map(Self::bit) {
            if let Some(bits) = out.together.get_mut(word) {
                *bits |= bit;
            }
        }
        out
    }

    /// Where the bit of a pair is.
    fn bit(pair: (u32, u32)) -> (usize, u64) {
        let number = number(pair);
        (number / 64, 1 << (number % 64))
    }

    fn has(&self, pair: (u32, u32)) -> bool {
        let (word, bit) = Self::bit(pair);
        self.together.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// Hashes what the part's rows of `theme_pairs` take from other parts: the
    /// first times of its pairs.
    #[must_use]
    pub fn first_key(&self, part: Part, first: &FirstTogether) -> String {
        // Pairs without a period are not listed, so all first times count.
        let all = matches!(part, Part::Unplaced | Part::Whole);
        let mut bytes: Vec<u8> = Vec::new();
        for ((a, b), start) in first.iter().filter(|(pair, _)| all || self.has(*pair)) {
            bytes.extend([a.to_le_bytes(), b.to_le_bytes(), start.num_days_from_ce().to_le_bytes()].as_flattened());
        }
        blake3::hash(&bytes).to_hex().to_string()
    }
}

/// What a period has of all text and of each theme.
#[derive(Clone, Debug, Default, PartialEq)]
struct PairPlace {
    columns: PlaceColumns,
    sentences: u64,
    documents: u64,
    /// Sentences and documents by theme.
    of_theme: Vec<(u64, u64)>,
}

/// Sums the pairs of rollups: for each place and first theme what it has with
/// each second one.
#[derive(Debug, Default)]
pub(super) struct PairSums {
    places: BTreeMap<Place, Vec<Paged<[u64; 2]>>>,
}

impl PairSums {
    pub(super) fn add(&mut self, rows: &[PairCountRow]) {
        for of_place in rows.chunk_by(|a, b| (a.period, a.period_start) == (b.period, b.period_start)) {
            let Some(first) = of_place.first() else { continue };
            let cells = self.places.entry((first.period, first.period_start)).or_default();
            for row in of_place {
                if cells.len() <= row.theme_a as usize {
                    cells.resize_with(row.theme_a as usize + 1, Paged::default);
                }
                if let Some([sentences, documents]) = cells.get_mut(row.theme_a as usize).and_then(|of_first| of_first.get_mut(row.theme_b)) {
                    *sentences += row.sentences;
                    *documents += row.documents;
                }
            }
        }
    }

    /// The sums, by place and themes.
    pub(super) fn finish(self) -> Vec<PairCountRow> {
        rows(&self.places, |cell| *cell)
    }
}

/// The first period of each pair of `rows` that has one, in order.
pub(super) fn first_together(rows: &[PairCountRow]) -> Vec<((u32, u32), NaiveDate)> {
    let mut out = BTreeMap::new();
    for row in rows {
        if let Some(start) = row.period_start {
            let known = out.entry((row.theme_a, row.theme_b)).or_insert(start);
            *known = start.min(*known);
        }
    }
    out.into_iter().collect()
}

impl PairPlace {
    fn new(place: Place, counts: &Counts, themes: usize, calendar: &Calendar) -> Self {
        let mut out = Self { columns: PlaceColumns::new(place, calendar), of_theme: vec![(0, 0); themes], ..Self::default() };
        let (Some(of_place), Some(all)) = (counts.places.get(&place), counts.all()) else { return out };
        for whole in of_place.wholes.iter().filter(|whole| whole.member == all) {
            (out.sentences, out.documents) = (whole.sentences.into(), whole.documents.into());
        }
        for cell in of_place.of_member(all) {
            if let Some(of_theme) = out.of_theme.get_mut(cell.theme as usize) {
                *of_theme = (u64::from(cell.sentences), u64::from(cell.documents));
            }
        }
        out
    }
}

impl Pairs {
    /// The pairs `cells` of a part; `counts` are those of all themes and all text,
    /// `first` those of the whole corpus.
    pub(super) fn new(mut cells: Vec<PairCountRow>, counts: &Counts, first: &FirstTogether, lexicon: &Lexicon, calendar: &Calendar) -> Self {
        cells.sort_unstable_by_key(|row| (row.period, row.theme_a, row.theme_b, row.period_start));
        let mut places: BTreeMap<Place, PairPlace> = BTreeMap::new();
        for row in &cells {
            let place = (row.period, row.period_start);
            places.entry(place).or_insert_with(|| PairPlace::new(place, counts, lexicon.themes().len(), calendar));
        }
        let first = cells.iter().map(|row| first.get((row.theme_a, row.theme_b))).collect();
        Self { themes: words(lexicon), below: below(lexicon), cells, places, first }
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
        self.cells.iter().zip(&self.first).filter_map(move |(cell, first)| {
            let PairCountRow { period, period_start: start, theme_a: a, theme_b: b, sentences, documents } = cell;
            let place = self.places.get(&(*period, *start))?;
            let (sentences_a, documents_a) = *place.of_theme.get(*a as usize)?;
            let (sentences_b, documents_b) = *place.of_theme.get(*b as usize)?;
            Some(PairRow {
                period: place.columns.period.clone(),
                period_start: *start,
                period_end: place.columns.end,
                period_label: place.columns.label.clone(),
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
                first_start: *first,
                small_n: place.documents < SMALL_PERIOD || *documents < SMALL_JOINT,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_key_of_a_year_is_that_of_the_first_times_of_its_pairs(
            pairs in prop::collection::btree_map((0_u32..40, 1_u32..40).prop_map(|(a, more)| (a, a + more)), (0_i64..900, prop::bool::ANY), 0..60)
        ) {
            let day = |number: i64| NaiveDate::default() + chrono::TimeDelta::days(number);
            let of_all: Vec<_> = pairs.iter().map(|(pair, (number, _))| (*pair, day(*number))).collect();
            let first_of = |met: &[((u32, u32), NaiveDate)]| {
                let mut first = FirstTogether::new(80);
                for (pair, day) in met {
                    first.meet(*pair, *day);
                }
                first
            };
            let first = first_of(&of_all);
            prop_assert_eq!(&first.iter().collect::<Vec<_>>(), &of_all);
            let own: Vec<(u32, u32)> = pairs.iter().filter(|(_, (_, own))| *own).map(|(pair, _)| *pair).collect();
            let part = PartPairs::new(80, own.iter().copied().chain([(3, u32::MAX)]), 3);
            let has: Vec<(u32, u32)> = first.iter().map(|(pair, _)| pair).filter(|pair| part.has(*pair)).collect();
            prop_assert_eq!(&has, &own);
            let of_own = part.first_key(Part::Whole, &first_of(&first.iter().filter(|(pair, _)| own.contains(pair)).collect::<Vec<_>>()));
            prop_assert_eq!(part.first_key(Part::Year(1970), &first), of_own);
        }
    }
}
