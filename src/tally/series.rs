//! The series: sums of counts over documents, filled with zeros where a source
//! spoke, and set over their denominators.

use std::collections::BTreeMap;

use super::Settings;
use super::counts::{Cell, Counts, Place, PlaceCounts, Whole};
use super::part::Part;
use super::period::{Calendar, Period};
use super::rate::{per_10k, share, wilson};
use super::rollup::Breakdown;
use super::told::ToldRows;
use super::word::Word;
use crate::tag::Lexicon;
use chrono::NaiveDate;

/// A theme in a period and member; only where there is a hit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BreakdownRow {
    /// Length of the period.
    pub period: Word,
    /// First day; `None` in the `unplaced` rows.
    pub period_start: Option<NaiveDate>,
    /// Last day; `None` in the `unplaced` row, and where it is not known yet.
    pub period_end: Option<NaiveDate>,
    /// `2024-03`, or `unplaced`.
    pub period_label: Word,
    /// Breakdown.
    pub breakdown: Word,
    /// Member.
    pub member: Word,
    /// Theme id.
    pub theme: Word,
    /// 0 or 1.
    pub level: u32,
    /// Hits.
    pub hits: u64,
    /// Sentences with a hit.
    pub sentences: u64,
    /// Documents with a hit.
    pub documents: u64,
    /// Occasions on which the theme was spoken of.
    pub occasions: u64,
    /// All documents of the period and member.
    pub period_documents: u64,
    /// All sentences.
    pub period_sentences: u64,
    /// All Han characters.
    pub period_han_chars: u64,
    /// Hits in 10,000 Han characters.
    pub per_10k: Option<f64>,
    /// Documents with the theme ÷ all documents.
    pub density: Option<f64>,
    /// Lower end of its 95 % Wilson interval.
    pub density_low: Option<f64>,
    /// Upper end.
    pub density_high: Option<f64>,
    /// Fewer than 20 documents.
    pub small_n: bool,
    /// Hits ÷ hits of all themes of the level in the period and member.
    pub share_of_hits: Option<f64>,
}

/// What a row of `theme_breakdown` counts, without what is computed from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the field of its name in BreakdownRow")]
pub struct BreakdownCounts<'b> {
    pub period: Period,
    pub period_start: Option<NaiveDate>,
    pub period_label: &'b str,
    pub breakdown: Breakdown,
    pub member: &'b str,
    pub theme: &'b str,
    pub hits: u64,
    pub sentences: u64,
    pub documents: u64,
    pub period_documents: u64,
    pub period_sentences: u64,
}

/// Below this many documents a share says little.
///
/// # Source
/// The noise limit of comparable phrase-trend services.
pub(super) const SMALL_N: u64 = 20;

/// Label of rows whose date is too coarse for the period, or missing.
const UNPLACED: &str = "unplaced";

/// Label of rows of the whole corpus.
const WHOLE: &str = "whole";

/// The columns by which rows name their place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PlaceColumns {
    pub period: Word,
    pub start: Option<NaiveDate>,
    pub end: Option<NaiveDate>,
    pub label: Word,
}

impl PlaceColumns {
    pub(super) fn new((period, start): Place, calendar: &Calendar) -> Self {
        let label = match start {
            Some(start) => calendar.label(period, start),
            None if period == Period::Whole => WHOLE.to_owned(),
            None => UNPLACED.to_owned(),
        };
        Self { period: period.name().into(), start, end: start.and_then(|start| calendar.end_of(period, start)), label: label.into() }
    }
}

/// Hits of all themes of each level in a place and member.
pub(super) fn hits_of_levels(place: &PlaceCounts, member: u32, below: &[bool]) -> [u64; 2] {
    let mut out = [0, 0];
    for cell in place.of_member(member) {
        let level = usize::from(below.get(cell.theme as usize).copied().unwrap_or_default());
        if let Some(sum) = out.get_mut(level) {
            *sum += u64::from(cell.hits);
        }
    }
    out
}

pub(super) fn of_level(hits: [u64; 2], level: u32) -> u64 {
    if level == 0 { hits[0] } else { hits[1] }
}

/// Whether each theme has one above it.
pub(super) fn below(lexicon: &Lexicon) -> Vec<bool> {
    lexicon.themes().iter().map(|t| t.parent.is_some()).collect()
}

/// The table `theme_breakdown` of a part, kept as counts: every theme in every period and
/// member where it has a hit. Its rows are made when they are read.
#[derive(Clone, Debug, Default)]
pub struct Breakdowns {
    counts: Counts,
    below: Vec<bool>,
    /// By period length and start, the unplaced last.
    places: Vec<Shown>,
    /// Of each row, in order.
    entries: Vec<Entry>,
}

/// Period length, member, theme, place, and the cell in it.
type Entry = (Period, u32, u32, u32, u32);

/// A place, and the hits of each level under each of its wholes.
#[derive(Clone, Debug)]
struct Shown {
    place: Place,
    columns: PlaceColumns,
    level_hits: Vec<[u64; 2]>,
    /// Occasions of each cell.
    occasions: Vec<u32>,
}

impl Breakdowns {
    pub(super) fn new(part: Part, mut counts: Counts, told: &ToldRows, lexicon: &Lexicon, settings: &Settings) -> Self {
        counts.keep_asked(settings);
        let (below, calendar) = (below(lexicon), &settings.calendar);
        let told = told.count(part, &counts, &settings.breakdowns, &settings.periods, calendar);
        let mut order: Vec<Place> = counts.places.keys().copied().collect();
        order.sort_unstable_by_key(|(period, start)| (*period, start.is_none(), *start));
        let (mut places, mut entries) = (Vec::with_capacity(order.len()), Vec::new());
        let all = counts.all();
        for (number, place) in (0..).zip(order) {
            let Some(of_place) = counts.places.get(&place) else { continue };
            places.push(Shown {
                place,
                columns: PlaceColumns::new(place, calendar),
                occasions: told.of_cells(place, &of_place.cells),
                level_hits: of_place.wholes.iter().map(|whole| hits_of_levels(of_place, whole.member, &below)).collect(),
            });
            let shown = (0..).zip(&of_place.cells).filter(|(_, cell)| Some(cell.member) != all);
            entries.extend(shown.map(|(at, cell)| (place.0, cell.member, cell.theme, number, at)));
        }
        entries.sort_unstable();
        entries.shrink_to_fit();
        Self { counts, below, places, entries }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The rows, by period length, breakdown, member, theme and start.
    pub fn rows(&self) -> impl Iterator<Item = BreakdownRow> + '_ {
        self.lengths().flatten()
    }

    /// The rows of each period length.
    pub fn lengths(&self) -> impl Iterator<Item = impl Iterator<Item = BreakdownRow>> {
        self.entries.chunk_by(|a, b| a.0 == b.0).map(|entries| self.rows_of(entries))
    }

    /// What the rows count, in their order.
    pub fn counts(&self) -> impl Iterator<Item = BreakdownCounts<'_>> {
        let counts = |(period, member, theme, number, cell_at): &Entry| {
            let (shown, _, cell, whole) = self.cell(*member, *number, *cell_at)?;
            let (breakdown, name) = self.counts.members.get(*member as usize)?;
            let [hits, sentences, documents] = [cell.hits, cell.sentences, cell.documents].map(u64::from);
            Some(BreakdownCounts {
                period: *period,
                period_start: shown.columns.start,
                period_label: &shown.columns.label,
                breakdown: *breakdown,
                member: name,
                theme: self.counts.themes.get(*theme as usize)?,
                hits,
                sentences,
                documents,
                period_documents: whole.documents.into(),
                period_sentences: whole.sentences.into(),
            })
        };
        self.entries.iter().filter_map(counts)
    }

    /// A place, and in it a cell, the whole of its member, and the number of that.
    fn cell(&self, member: u32, place: u32, cell: u32) -> Option<(&Shown, usize, &Cell, &Whole)> {
        let shown = self.places.get(place as usize)?;
        let place = self.counts.places.get(&shown.place)?;
        let at = place.wholes.binary_search_by_key(&member, |whole| whole.member).ok()?;
        Some((shown, at, place.cells.get(cell as usize)?, place.wholes.get(at)?))
    }

    fn rows_of<'b>(&'b self, entries: &'b [Entry]) -> impl Iterator<Item = BreakdownRow> + 'b {
        let mut words: BTreeMap<&str, Word> = BTreeMap::new();
        entries.iter().filter_map(move |(_, member, theme, number, cell_at)| {
            let (shown, at, cell, whole) = self.cell(*member, *number, *cell_at)?;
            let (breakdown, name) = self.counts.members.get(*member as usize)?;
            let level = u32::from(*self.below.get(*theme as usize)?);
            let [hits, sentences, documents] = [cell.hits, cell.sentences, cell.documents].map(u64::from);
            let period_documents = u64::from(whole.documents);
            let interval = wilson(documents, period_documents);
            let mut word = |text: &'static str| words.entry(text).or_insert_with(|| text.into()).clone();
            Some(BreakdownRow {
                period: shown.columns.period.clone(),
                period_start: shown.columns.start,
                period_end: shown.columns.end,
                period_label: shown.columns.label.clone(),
                breakdown: word(breakdown.name()),
                member: name.clone(),
                theme: self.counts.themes.get(*theme as usize)?.clone(),
                level,
                hits,
                sentences,
                documents,
                occasions: u64::from(*shown.occasions.get(*cell_at as usize)?),
                period_documents,
                period_sentences: whole.sentences.into(),
                period_han_chars: whole.han_chars,
                per_10k: per_10k(hits, whole.han_chars),
                density: share(documents, period_documents),
                density_low: interval.map(|i| i.0),
                density_high: interval.map(|i| i.1),
                small_n: period_documents < SMALL_N,
                share_of_hits: share(hits, of_level(*shown.level_hits.get(at)?, level)),
            })
        })
    }
}
