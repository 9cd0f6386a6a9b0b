//! On which occasions themes were spoken of. Occasions are distinct counts, so
//! they are counted when all rollups are in; until then each row is kept packed.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Settings;
use super::counts::{Cell, Counts, Place};
use super::numbers::Numbers;
use super::part::Part;
use super::period::{Calendar, Period};
use super::rollup::{Breakdown, ThemeOccasionRow};
use super::word::Word;

/// The rows of all rollups, packed: 24 bytes each.
#[derive(Clone, Debug, Default)]
pub(super) struct ToldRows {
    themes: Numbers<Word>,
    /// First and last days.
    spans: Numbers<(Option<NaiveDate>, Option<NaiveDate>)>,
    /// What source, register, type, province and voice are called.
    words: [Numbers<Word>; 5],
    /// Numbers of these five.
    members: Numbers<[u32; 5]>,
    rows: Vec<ToldRow>,
    /// Rows that are in order and different.
    distinct: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ToldRow {
    theme: u32,
    occasion: u64,
    span: u32,
    members: u32,
}

/// Rows kept before equal ones are given up: bounds memory, not results.
const DISTINCT_AT: usize = 1 << 16;

impl ToldRows {
    /// Adds the rows of a rollup.
    pub(super) fn add(&mut self, rows: &[ThemeOccasionRow]) {
        for row in rows {
            let mut words = self.words.iter_mut().zip([&row.source, &row.register, &row.occasion_type, &row.province, &row.voice]);
            let members = std::array::from_fn(|_| words.next().map_or(0, |(numbers, word)| numbers.of(word)));
            self.rows.push(ToldRow {
                theme: self.themes.of(&row.theme),
                occasion: number_of(&row.occasion_id),
                span: self.spans.of(&(row.date_start, row.date_end)),
                members: self.members.of(&members),
            });
        }
        if self.rows.len() > DISTINCT_AT.max(self.distinct * 2) {
            self.finish();
        }
    }

    /// Gives up equal rows.
    pub(super) fn finish(&mut self) {
        self.rows.sort_unstable();
        self.rows.dedup();
        self.distinct = self.rows.len();
    }

    /// Distinct occasions of each theme.
    pub(super) fn of_themes(mut self) -> Vec<(Word, u32)> {
        self.rows.sort_unstable();
        self.rows.dedup_by_key(|row| (row.theme, row.occasion));
        let of_theme = |same: &[ToldRow]| Some((self.themes.things.get(same.first()?.theme as usize)?.clone(), u32::try_from(same.len()).ok()?));
        let mut out: Vec<(Word, u32)> = self.rows.chunk_by(|a, b| a.theme == b.theme).filter_map(of_theme).collect();
        out.sort_unstable();
        out
    }

    /// Distinct occasions of each theme, by its number, in the periods of a part.
    pub(super) fn of_all(&self, part: Part, counts: &Counts, settings: &Settings) -> Vec<(Place, Vec<(u32, u32)>)> {
        let told = self.count(part, counts, &[Breakdown::All], &settings.periods, &settings.calendar);
        let of_place = |same: &[((Place, u32, u32), u32)]| Some((same.first()?.0.0, same.iter().map(|((_, _, theme), count)| (*theme, *count)).collect()));
        told.counts.chunk_by(|a, b| a.0.0 == b.0.0).filter_map(of_place).collect()
    }

    /// Distinct occasions of each place of a part, member and theme.
    pub(super) fn count(&self, part: Part, counts: &Counts, breakdowns: &[Breakdown], periods: &[Period], calendar: &Calendar) -> Told {
        let of_lexicon: BTreeMap<&Word, u32> = counts.themes.iter().zip(0..).collect();
        let themes: Vec<Option<u32>> = self.themes.things.iter().map(|word| of_lexicon.get(word).copied()).collect();
        let [sources, registers, types, provinces, voices] = &self.words;
        let mut out: Vec<((Place, u32, u32), u32)> = Vec::new();
        // One length and breakdown after the other: each alone is a fraction of the memory.
        for period in periods {
            let of_span = |(start, end): &(Option<NaiveDate>, Option<NaiveDate>)| {
                let place = (*period, start.zip(*end).and_then(|(start, end)| calendar.place(*period, start, end)));
                (Part::of(place) == part).then_some(place)
            };
            let places: Vec<Option<Place>> = self.spans.things.iter().map(of_span).collect();
            for breakdown in breakdowns {
                let of_words = |words: &Numbers<Word>| -> Vec<Option<u32>> { words.things.iter().map(|word| counts.member(*breakdown, word)).collect() };
                let (column, called) = match breakdown {
                    Breakdown::All => (0, vec![counts.all(); sources.things.len()]),
                    Breakdown::Source => (0, of_words(sources)),
                    Breakdown::Register => (1, of_words(registers)),
                    Breakdown::OccasionType => (2, of_words(types)),
                    Breakdown::Province => (3, of_words(provinces)),
                    Breakdown::Voice => (4, of_words(voices)),
                };
                let member = |members: &[u32; 5]| called.get(*members.get(column)? as usize).copied().flatten();
                let members: Vec<Option<u32>> = self.members.things.iter().map(member).collect();
                let met = self.rows.iter().filter_map(|row| {
                    let key =
                        (places.get(row.span as usize).copied()??, members.get(row.members as usize).copied()??, themes.get(row.theme as usize).copied()??);
                    Some((key, row.occasion))
                });
                let mut met: Vec<((Place, u32, u32), u64)> = met.collect();
                met.sort_unstable();
                met.dedup();
                out.extend(met.chunk_by(|a, b| a.0 == b.0).filter_map(|same| Some((same.first()?.0, u32::try_from(same.len()).ok()?))));
            }
        }
        out.sort_unstable_by_key(|(key, _)| *key);
        out.shrink_to_fit();
        Told { counts: out }
    }
}

/// The number that an id is: 16 hex digits.
fn number_of(id: &str) -> u64 {
    u64::from_str_radix(id, 16).unwrap_or_else(|_| crate::load::leading_u64(&blake3::hash(id.as_bytes())))
}

/// Distinct occasions for each place, member and theme.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    counts: Vec<((Place, u32, u32), u32)>,
}

impl Told {
    /// Counts of a place's cells; both are in order of member and theme.
    pub(super) fn of_cells(&self, place: Place, cells: &[Cell]) -> Vec<u32> {
        let from = self.counts.partition_point(|((of, ..), _)| *of < place);
        let mut told = self.counts.iter().skip(from).take_while(|((of, ..), _)| *of == place).peekable();
        let count = |cell: &Cell| -> u32 {
            while told.next_if(|((_, member, theme), _)| (*member, *theme) < (cell.member, cell.theme)).is_some() {}
            told.next_if(|((_, member, theme), _)| (*member, *theme) == (cell.member, cell.theme)).map_or(0, |(_, count)| *count)
        };
        cells.iter().map(count).collect()
    }
}
