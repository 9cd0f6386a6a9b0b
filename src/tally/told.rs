//! On which occasions themes were spoken of. Occasions are distinct counts, so
//! they are counted when all rollups are in; until then each row is kept packed.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::Settings;
use super::counts::{Cell, Counts, Place};
use super::part::Part;
use super::period::{Calendar, Period};
use super::rollup::{Breakdown, ThemeOccasionRow};
use super::word::Word;
use crate::parse::{DateRange, Precision};

/// The rows of all rollups, packed: 40 bytes each.
#[derive(Clone, Debug, Default)]
pub(super) struct ToldRows {
    words: Vec<Word>,
    numbers: BTreeMap<Word, u32>,
    rows: Vec<ToldRow>,
    /// Rows that are in order and different.
    distinct: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ToldRow {
    theme: u32,
    occasion: u64,
    date_start: Option<NaiveDate>,
    date_end: Option<NaiveDate>,
    /// Of source, register, type, province and voice: what they are called.
    members: [u32; 5],
}

/// Rows kept before equal ones are given up: bounds memory, not results.
const DISTINCT_AT: usize = 1 << 16;

impl ToldRows {
    /// Adds the rows of a rollup.
    pub(super) fn add(&mut self, rows: Vec<ThemeOccasionRow>) {
        for row in rows {
            let members = [&row.source, &row.register, &row.occasion_type, &row.province, &row.voice].map(|word| self.number(word));
            let (theme, occasion) = (self.number(&row.theme), number_of(&row.occasion_id));
            self.rows.push(ToldRow { theme, occasion, date_start: row.date_start, date_end: row.date_end, members });
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

    fn number(&mut self, word: &Word) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let number = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        self.words.push(word.clone());
        self.numbers.insert(word.clone(), number);
        number
    }

    /// Distinct occasions of each theme, by its number, in the places of a part.
    pub(super) fn of_all(&self, part: Part, counts: &Counts, settings: &Settings) -> Vec<(Place, Vec<(u32, u32)>)> {
        let whole = [Period::Whole];
        let periods = if part == Part::Whole { &whole[..] } else { &settings.periods };
        let told = self.count(part, counts, &[Breakdown::All], periods, &settings.calendar);
        let of_place = |same: &[((Place, u32, u32), u32)]| Some((same.first()?.0.0, same.iter().map(|((_, _, theme), count)| (*theme, *count)).collect()));
        told.counts.chunk_by(|a, b| a.0.0 == b.0.0).filter_map(of_place).collect()
    }

    /// Distinct occasions of each place of a part, member and theme.
    pub(super) fn count(&self, part: Part, counts: &Counts, breakdowns: &[Breakdown], periods: &[Period], calendar: &Calendar) -> Told {
        let of_lexicon: BTreeMap<&Word, u32> = counts.themes.iter().zip(0..).collect();
        // What a word is called by the counts: as a theme, and as a member.
        let themes: Vec<Option<u32>> = self.words.iter().map(|word| of_lexicon.get(word).copied()).collect();
        let members: Vec<Vec<Option<u32>>> =
            breakdowns.iter().map(|breakdown| self.words.iter().map(|word| counts.member(*breakdown, word)).collect()).collect();
        let met = |row: &ToldRow, breakdown: &Breakdown, members: &[Option<u32>]| -> Option<u32> {
            let [source, register, occasion_type, province, voice] = row.members;
            let word = match breakdown {
                Breakdown::All => return counts.all(),
                Breakdown::Source => source,
                Breakdown::Register => register,
                Breakdown::OccasionType => occasion_type,
                Breakdown::Province => province,
                Breakdown::Voice => voice,
            };
            members.get(word as usize).copied().flatten()
        };
        let mut out: Vec<((Place, u32, u32), u32)> = Vec::new();
        // One length and breakdown after the other: each alone is a fraction of the memory.
        for period in periods {
            for (breakdown, members) in breakdowns.iter().zip(&members) {
                let mut placed: Vec<((Place, u32, u32), u64)> = Vec::with_capacity(self.rows.len());
                for row in &self.rows {
                    let range = row.date_start.zip(row.date_end).map(|(start, end)| DateRange { start, end, precision: Precision::Day });
                    let place = (*period, range.and_then(|range| calendar.place(*period, range)));
                    if Part::of(place) != part {
                        continue;
                    }
                    if let (Some(member), Some(theme)) = (met(row, breakdown, members), themes.get(row.theme as usize).copied().flatten()) {
                        placed.push(((place, member, theme), row.occasion));
                    }
                }
                placed.sort_unstable();
                placed.dedup();
                out.extend(placed.chunk_by(|a, b| a.0 == b.0).filter_map(|same| Some((same.first()?.0, u32::try_from(same.len()).ok()?))));
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
