//! What the page is made of: sums over the tables of one release.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use arrow::array::RecordBatch;
use chrono::NaiveDate;

use super::super::WriteError;
use super::super::parquet_file::row_count;
use super::super::schema::cells;
use super::Facts;
use super::occasions::{self, Occasions};
use super::read::{Numbers, Only, Place, each_kept, each_row, parts, remembered, rows, texts, words};
use crate::diagnostic::Reject;
use crate::tally::candidate::CandidateRow;
use crate::tally::{BreakdownRow, CoverageRow, PairRow, Period, ProfileRow, TotalRow, TurnRow};

/// Candidates shown of a window, and pairs.
pub(super) const MOST_CANDIDATES: usize = 30;
pub(super) const MOST_PAIRS: usize = 25;

/// A source over the whole corpus.
#[derive(Clone, Debug, Default)]
pub(super) struct SourceSum {
    pub(super) documents: u64,
    pub(super) preambles: u64,
    pub(super) undated: u64,
    pub(super) sentences: u64,
    pub(super) han_chars: u64,
    pub(super) replaced_chars: u64,
    pub(super) first: Option<NaiveDate>,
    pub(super) last: Option<NaiveDate>,
}

impl SourceSum {
    /// One document: its day, Han characters, sentences and characters not decoded.
    fn one(left_out: bool, day: Option<NaiveDate>, [han_chars, sentences, replaced_chars]: [u64; 3]) -> Self {
        if left_out {
            return Self { preambles: 1, replaced_chars, ..Self::default() };
        }
        Self { documents: 1, preambles: 0, undated: u64::from(day.is_none()), sentences, han_chars, replaced_chars, first: day, last: day }
    }

    fn join(&mut self, other: &Self) {
        self.documents += other.documents;
        self.preambles += other.preambles;
        self.undated += other.undated;
        self.sentences += other.sentences;
        self.han_chars += other.han_chars;
        self.replaced_chars += other.replaced_chars;
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = self.last.max(other.last);
    }
}

/// A period in a block.
#[derive(Clone, Debug, Default)]
pub(super) struct Slot {
    pub(super) start: NaiveDate,
    pub(super) end: Option<NaiveDate>,
    pub(super) label: String,
    pub(super) documents: u64,
    pub(super) han_chars: u64,
    pub(super) partial: bool,
}

/// The themes in the periods of one length, of all sources or of one.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    pub(super) period: String,
    pub(super) source: Option<String>,
    pub(super) slots: Vec<Slot>,
    pub(super) hits: Grid,
    pub(super) documents: Grid,
}

/// Counts by theme and slot. Nearly all fit in two bytes, and weeks of centuries are
/// millions.
#[derive(Clone, Debug, Default)]
pub(super) struct Grid {
    slots: usize,
    /// By theme, then by slot.
    cells: Vec<u16>,
    /// Counts that do not fit, by the place of their cell.
    large: BTreeMap<usize, u32>,
}

impl Grid {
    pub(super) fn new(themes: usize, slots: usize) -> Self {
        Self { slots, cells: vec![0; themes * slots], large: BTreeMap::new() }
    }

    fn place(&self, theme: usize, slot: usize) -> Option<usize> {
        let place = theme.checked_mul(self.slots)?.checked_add(slot)?;
        (slot < self.slots && place < self.cells.len()).then_some(place)
    }

    pub(super) fn set(&mut self, theme: usize, slot: usize, count: u64) {
        let Some(place) = self.place(theme, slot) else { return };
        let short = u16::try_from(count).unwrap_or(u16::MAX);
        if let Some(cell) = self.cells.get_mut(place) {
            *cell = short;
        }
        if short == u16::MAX {
            self.large.insert(place, u32::try_from(count).unwrap_or(u32::MAX));
        }
    }

    fn themes(&self) -> usize {
        self.cells.len().checked_div(self.slots).unwrap_or(0)
    }

    /// `None`: no such theme or slot.
    pub(super) fn get(&self, theme: usize, slot: usize) -> Option<u32> {
        let place = self.place(theme, slot)?;
        let short = *self.cells.get(place)?;
        Some(if short == u16::MAX { self.large.get(&place).copied().unwrap_or(short.into()) } else { short.into() })
    }
}

impl Block {
    fn new(period: &str, source: Option<&str>, slots: BTreeMap<NaiveDate, Slot>, themes: usize) -> Self {
        let slots: Vec<Slot> = slots.into_values().collect();
        let none = Grid::new(themes, slots.len());
        Self { period: period.to_owned(), source: source.map(str::to_owned), slots, hits: none.clone(), documents: none }
    }

    fn put(&mut self, theme: usize, start: NaiveDate, hits: u64, documents: u64) {
        let Ok(at) = self.slots.binary_search_by_key(&start, |slot| slot.start) else { return };
        self.hits.set(theme, at, hits);
        self.documents.set(theme, at, documents);
    }

    /// Hits of each theme in each slot, and its documents.
    pub(super) fn counts(&self) -> impl Iterator<Item = impl Iterator<Item = (u32, u32)>> {
        let count = |grid: &Grid, theme, slot| grid.get(theme, slot).unwrap_or(0);
        let cell = move |theme, slot| (count(&self.hits, theme, slot), count(&self.documents, theme, slot));
        (0..self.hits.themes()).map(move |theme| (0..self.slots.len()).map(move |slot| cell(theme, slot)))
    }

    /// Documents with a theme in a slot, and all of them; `None` where no source spoke.
    pub(super) fn share(&self, theme: usize, slot: usize) -> Option<(u64, u64)> {
        let whole = self.slots.get(slot).map(|s| s.documents).filter(|n| *n > 0)?;
        Some((u64::from(self.documents.get(theme, slot)?), whole))
    }

    /// Hits of a theme in a slot, and its Han characters.
    pub(super) fn rate(&self, theme: usize, slot: usize) -> Option<(u64, u64)> {
        let spoken = self.slots.get(slot).filter(|s| s.documents > 0)?;
        Some((u64::from(self.hits.get(theme, slot)?), spoken.han_chars))
    }

    /// The slots are one after another without a hole between `slot - 1` and `slot`.
    pub(super) fn joins(&self, slot: usize) -> bool {
        let before = slot.checked_sub(1).and_then(|before| self.slots.get(before));
        let (Some(before), Some(now)) = (before, self.slots.get(slot)) else { return false };
        before.end.and_then(|end| end.succ_opt()) == Some(now.start)
    }
}

/// A breakdown over the whole corpus: hits of each theme in each member.
#[derive(Clone, Debug, Default)]
pub(super) struct Members {
    /// Member → Han characters.
    pub(super) han_chars: BTreeMap<String, u64>,
    /// Member → hits of each theme.
    pub(super) hits: BTreeMap<String, Vec<u64>>,
}

impl Members {
    /// Hits of a theme in a member.
    pub(super) fn hits(&self, member: &str, theme: usize) -> u64 {
        self.hits.get(member).and_then(|hits| hits.get(theme)).copied().unwrap_or(0)
    }
}

/// A breakdown, a member of it, and themes with their hits.
type OfMember = (&'static str, String, Vec<(usize, u64)>);

/// All that the page shows.
#[derive(Debug, Default)]
pub(super) struct Data {
    pub(super) themes: Vec<ProfileRow>,
    pub(super) sources: BTreeMap<String, SourceSum>,
    pub(super) coverage: Vec<CoverageRow>,
    pub(super) copies: u64,
    pub(super) rejects: BTreeMap<String, u64>,
    pub(super) blocks: Vec<Block>,
    /// Text that no period of this length holds: documents and Han characters.
    pub(super) unplaced: BTreeMap<String, (u64, u64)>,
    pub(super) members: BTreeMap<&'static str, Members>,
    pub(super) turns: Vec<TurnRow>,
    pub(super) pairs: Vec<PairRow>,
    pub(super) all_pairs: u64,
    pub(super) candidates: Vec<CandidateRow>,
    pub(super) all_candidates: u64,
    pub(super) occasions: Occasions,
}

impl Data {
    /// Reads a release.
    ///
    /// # Errors
    /// [`WriteError`] with the path of the table.
    pub(super) fn read(release: &Path, facts: &Facts) -> Result<Self, WriteError> {
        let tables = release.join("tables");
        let single = |name: &str| tables.join(name).with_extension("parquet");
        let mut data = Self { themes: rows(&single("theme_profile"), &PROFILE, &[])?, ..Self::default() };
        data.documents(&tables, facts)?;
        data.coverage = rows(&single("coverage"), &COVERAGE, &[])?;
        data.copies = row_count(&single("copies"))?;
        each_row(&single("rejects"), &["reason"], &[], &mut |row: Reject| *data.rejects.entry(row.reason).or_default() += 1)?;
        data.turns = rows(&single("theme_turns"), &TURN, &[])?;
        each_row(&single("candidates"), &CANDIDATE, &[], &mut |row: CandidateRow| {
            data.all_candidates += 1;
            if usize::try_from(row.rank).is_ok_and(|rank| rank <= MOST_CANDIDATES) {
                data.candidates.push(row);
            }
        })?;
        let newest = data.sources.values().filter_map(|s| s.last).max();
        let series = || {
            data.series(&tables, facts)?;
            data.pairs(&tables)
        };
        let (series, occasions) = rayon::join(series, || occasions::read(&tables, newest));
        series?;
        data.occasions = occasions?;
        Ok(data)
    }

    fn documents(&mut self, tables: &Path, facts: &Facts) -> Result<(), WriteError> {
        for fact in &facts.sources {
            self.sources.insert(fact.name.clone(), SourceSum::default());
        }
        let columns = ["source", "preamble", "date_start", "han_chars", "sentences", "replaced_chars"];
        let of_batch = |_: Place, batch: &RecordBatch| {
            let mut sums: BTreeMap<&str, SourceSum> = BTreeMap::new();
            let (preambles, days) = (cells::<bool>(batch, "preamble"), cells::<Option<NaiveDate>>(batch, "date_start"));
            let (counts, replaced) =
                (cells::<u64>(batch, "han_chars").into_iter().zip(cells::<u64>(batch, "sentences")), cells::<u32>(batch, "replaced_chars"));
            let counts = counts.zip(replaced).map(|((han_chars, sentences), replaced)| [han_chars, sentences, replaced.into()]);
            for (((source, preamble), day), counts) in texts(batch, "source").zip(preambles).zip(days).zip(counts) {
                let one = SourceSum::one(preamble && !facts.preamble, day, counts);
                sums.entry(source.unwrap_or_default()).or_default().join(&one);
            }
            sums.into_iter().map(|(source, sum)| (source.to_owned(), sum)).collect()
        };
        each_kept(&parts(tables, "documents")?, &columns, &[], of_batch, |(source, sum): (String, SourceSum)| {
            self.sources.entry(source).or_default().join(&sum);
        })
    }

    /// Series of all sources and of each, and the breakdowns over the whole.
    fn series(&mut self, tables: &Path, facts: &Facts) -> Result<(), WriteError> {
        let single = |name: &str| tables.join(name).with_extension("parquet");
        let breakdown = parts(tables, "theme_breakdown")?;
        let index: Numbers = self.themes.iter().enumerate().map(|(at, row)| (row.theme.clone(), at)).collect();
        // Days are too many for a page; the tables have them.
        let lengths: Vec<&str> = facts.periods.iter().map(String::as_str).filter(|p| *p != Period::Day.name()).collect();
        let lengths = if lengths.is_empty() { vec![Period::Day.name()] } else { lengths };
        let summed = lengths.iter().copied().find(|p| *p == Period::Year.name()).or(lengths.last().copied()).unwrap_or_default();
        let mut slots: BTreeMap<(String, String), BTreeMap<NaiveDate, Slot>> = BTreeMap::new();
        let mut slot_of = |period: &str, member: &str, slot: Slot| {
            slots.entry((period.to_owned(), member.to_owned())).or_default().insert(slot.start, slot);
        };
        let wanted = words(lengths.iter().copied());
        let breakdowns = words(["all", "source", "occasion_type", "province"]);
        let only = [Only::new("period", &wanted), Only::new("breakdown", &breakdowns)];
        for kind in ["occasion_type", "province"] {
            self.members.insert(kind, Members::default());
        }
        // One source alone has what all text has.
        let several = self.sources.values().filter(|s| s.documents > 0).count() > 1;
        each_row(&single("period_totals"), &TOTAL, &only, &mut |row: TotalRow| {
            if let Some(members) = self.members.get_mut(row.breakdown.as_str()) {
                if row.period == summed {
                    *members.han_chars.entry(row.member.to_string()).or_default() += row.han_chars;
                }
                return;
            }
            match row.period_start {
                Some(start) if several || row.breakdown == "all" => {
                    let member = if row.breakdown == "source" { row.member.as_str() } else { "" };
                    let partial = row.partial == Some(true);
                    let slot =
                        Slot { start, end: row.period_end, label: row.period_label.to_string(), documents: row.documents, han_chars: row.han_chars, partial };
                    slot_of(&row.period, member, slot);
                }
                None if row.breakdown == "all" => {
                    let sum = self.unplaced.entry(row.period.to_string()).or_default();
                    *sum = (sum.0 + row.documents, sum.1 + row.han_chars);
                }
                _ => {}
            }
        })?;
        let mut blocks: BTreeMap<(String, String), Block> = slots
            .into_iter()
            .map(|((period, source), slots)| {
                let block = Block::new(&period, Some(source.as_str()).filter(|s| !s.is_empty()), slots, self.themes.len());
                ((period, source), block)
            })
            .collect();
        let counted = |_: Place, batch: &RecordBatch| {
            let mut length = remembered(|name| lengths.iter().position(|length| Some(*length) == name));
            let mut theme = remembered(|id| index.get(id?).copied());
            let counts = cells::<Option<u64>>(batch, "hits").into_iter().zip(cells::<Option<u64>>(batch, "documents"));
            let rows = texts(batch, "period").zip(cells::<Option<NaiveDate>>(batch, "period_start")).zip(texts(batch, "theme")).zip(counts);
            let counted = rows.filter_map(|(((period, start), id), counts)| {
                let (hits, documents) = (counts.0?, counts.1?);
                (hits > 0 || documents > 0).then_some((start?, length(period)?, theme(id)?, hits, documents))
            });
            counted.collect::<Vec<_>>()
        };
        // Where every length is wanted, there is nothing to leave out.
        let some = [Only::new("period", &wanted)];
        let only = if lengths.len() < facts.periods.len() { &some[..] } else { &[] };
        let of_all = blocks.iter_mut().filter(|((_, source), _)| source.is_empty());
        let mut of_all: BTreeMap<&str, &mut Block> = of_all.map(|((period, _), block)| (period.as_str(), block)).collect();
        let mut of_lengths: Vec<Option<&mut Block>> = lengths.iter().map(|length| of_all.remove(length)).collect();
        each_kept(&[single("theme_frequency")], &FREQUENCY, only, counted, |(start, length, theme, hits, documents)| {
            if let Some(Some(block)) = of_lengths.get_mut(length) {
                block.put(theme, start, hits, documents);
            }
        })?;
        if several {
            let source = words(["source"]);
            let only = [Only::new("period", &wanted), Only::new("breakdown", &source)];
            for part in &breakdown {
                each_row(part, &BREAKDOWN, &only, &mut |row: BreakdownRow| {
                    let block = blocks.get_mut(&(row.period.to_string(), row.member.to_string()));
                    if let (Some(block), Some(start), Some(theme)) = (block, row.period_start, index.get(row.theme.as_str())) {
                        block.put(*theme, start, row.hits, row.documents);
                    }
                })?;
            }
        }
        let of_length = |period: &str| Period::from_name(period);
        self.blocks = blocks.into_values().collect();
        self.blocks.sort_by(|a, b| (a.source.is_some(), of_length(&a.period), &a.source).cmp(&(b.source.is_some(), of_length(&b.period), &b.source)));
        let one = words([summed]);
        // Rows of other breakdowns are as quickly read as left out.
        let kinds: Vec<&'static str> = self.members.keys().copied().collect();
        let summed_up = |_: Place, batch: &RecordBatch| {
            let mut kind = remembered(|name| kinds.iter().copied().find(|kind| Some(*kind) == name));
            let mut theme = remembered(|id| index.get(id?).copied());
            let mut of_members: Vec<OfMember> = Vec::new();
            let rows = texts(batch, "breakdown").zip(texts(batch, "member")).zip(texts(batch, "theme"));
            for (((breakdown, member), id), hits) in rows.zip(cells::<u64>(batch, "hits")) {
                let (Some(kind), Some(member), Some(theme)) = (kind(breakdown), member, theme(id)) else { continue };
                match of_members.last_mut() {
                    Some((last, of, themes)) if (*last, of.as_str()) == (kind, member) => themes.push((theme, hits)),
                    _ => of_members.push((kind, member.to_owned(), vec![(theme, hits)])),
                }
            }
            of_members
        };
        each_kept(&breakdown, &SUMMED, &[Only::new("period", &one)], summed_up, |(kind, member, themes): OfMember| {
            let Some(members) = self.members.get_mut(kind) else { return };
            let sums = members.hits.entry(member).or_insert_with(|| vec![0; self.themes.len()]);
            for (theme, hits) in themes {
                if let Some(sum) = sums.get_mut(theme) {
                    *sum += hits;
                }
            }
        })
    }

    fn pairs(&mut self, tables: &Path) -> Result<(), WriteError> {
        let whole = words([Period::Whole.name()]);
        for part in parts(tables, "theme_pairs")? {
            each_row(&part, &PAIR, &[Only::new("period", &whole)], &mut |row: PairRow| {
                self.all_pairs += u64::from(row.level == 1);
                if row.level == 1 && !row.small_n && row.log_dice_document.is_some() {
                    self.pairs.push(row);
                }
            })?;
        }
        let strength = |row: &PairRow| row.log_dice_document.unwrap_or_default();
        self.pairs.sort_by(|a, b| strength(b).total_cmp(&strength(a)).then_with(|| (&a.theme_a, &a.theme_b).cmp(&(&b.theme_a, &b.theme_b))));
        self.pairs.truncate(MOST_PAIRS);
        Ok(())
    }

    /// The block of all sources with periods of this length.
    pub(super) fn block(&self, period: &str) -> Option<&Block> {
        self.blocks.iter().find(|block| block.source.is_none() && block.period == period)
    }

    /// Number of a theme.
    pub(super) fn theme(&self, id: &str) -> Option<&ProfileRow> {
        self.themes.iter().find(|row| row.theme == id)
    }

    /// Documents of the corpus, preambles left out unless they count.
    pub(super) fn documents_in_all(&self) -> u64 {
        self.sources.values().map(|s| s.documents).sum()
    }

    /// First and last day of a document's date.
    pub(super) fn range(&self) -> Option<(NaiveDate, NaiveDate)> {
        let first = self.sources.values().filter_map(|s| s.first).min()?;
        Some((first, self.sources.values().filter_map(|s| s.last).max()?))
    }

    /// Sources of which a source's cadence lets one say that units are missing.
    pub(super) fn expected_sources(&self) -> BTreeSet<&str> {
        self.coverage.iter().filter(|row| row.expected).map(|row| row.source.as_str()).collect()
    }
}

const PROFILE: [&str; 29] = [
    "theme",
    "theme_zh",
    "theme_en",
    "parent",
    "level",
    "hits",
    "sentences",
    "documents",
    "occasions",
    "per_10k",
    "density",
    "first_date",
    "last_date",
    "peak_period",
    "peak_start",
    "peak_per_10k",
    "trend_period",
    "trend_periods",
    "slope_per_10k_per_year",
    "mk_p",
    "seasonal_mk_p",
    "trend",
    "heat_period",
    "heat_start",
    "heat_by_count",
    "heat_by_share",
    "heat_change",
    "heat_scale",
    "periods",
];
const COVERAGE: [&str; 9] = ["source", "unit", "date_start", "date_end", "expected", "present", "missing", "suspiciously_short", "documents"];
const TOTAL: [&str; 9] = ["period", "period_start", "period_end", "period_label", "breakdown", "member", "documents", "han_chars", "partial"];
const FREQUENCY: [&str; 5] = ["period", "period_start", "theme", "hits", "documents"];
const BREAKDOWN: [&str; 7] = ["period", "period_start", "breakdown", "member", "theme", "hits", "documents"];
const SUMMED: [&str; 4] = ["breakdown", "member", "theme", "hits"];
const PAIR: [&str; 12] = [
    "theme_a",
    "theme_b",
    "level",
    "sentences",
    "documents",
    "documents_a",
    "documents_b",
    "period_documents",
    "npmi_document",
    "log_dice_document",
    "first_start",
    "small_n",
];
const TURN: [&str; 15] = [
    "theme",
    "theme_zh",
    "theme_en",
    "level",
    "kind",
    "burst_level",
    "period",
    "period_start",
    "period_end",
    "documents",
    "period_documents",
    "baseline_documents",
    "baseline_period_documents",
    "weight",
    "censored",
];
const CANDIDATE: [&str; 15] = [
    "window_start",
    "window_end",
    "rank",
    "candidate_id",
    "phrase",
    "count",
    "documents",
    "days",
    "count_before",
    "han_chars_before",
    "log_ratio",
    "first_date",
    "baseline_thin",
    "nearest_term",
    "contexts",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_any_size_come_back_from_their_cell() {
        let mut grid = Grid::new(2, 3);
        let counts = [[0, 1, 65_534], [65_535, 65_536, 5_000_000_000_u64]];
        for (theme, counts) in counts.iter().enumerate() {
            for (slot, count) in counts.iter().enumerate() {
                grid.set(theme, slot, *count);
            }
        }
        let back = |theme| (0..3).map(|slot| grid.get(theme, slot).unwrap()).collect::<Vec<u32>>();
        assert_eq!([back(0), back(1)], [[0, 1, 65_534], [65_535, 65_536, u32::MAX]]);
        assert_eq!((grid.get(0, 3), grid.get(2, 0)), (None, None));
    }
}
