//! The counts of all documents, summed over rollups and packed: themes and
//! members by number, periods one after the other.
//!
//! A corpus of decades has millions of counts. Rollups are given up as they are
//! added, so that memory holds each sum once.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use polars::prelude::{Column, DataFrame, DataType, NamedFrom, Series};

use super::period::Period;
use super::rollup::{Breakdown, CountRow};
use super::word::Word;
use super::{Settings, TallyError};
use crate::tag::Lexicon;

/// A period of some length; without a first day, what has no place in any.
pub(super) type Place = (Period, Option<NaiveDate>);

/// What a theme has in a place and member. Numbers above four thousand million
/// stay there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    pub member: u32,
    pub theme: u32,
    pub hits: u32,
    pub sentences: u32,
    pub documents: u32,
}

/// What all text has in a place and member; documents and sentences as in [`Cell`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Whole {
    pub member: u32,
    pub documents: u32,
    pub sentences: u32,
    pub han_chars: u64,
}

impl Whole {
    pub(super) fn of(member: u32, documents: u64, sentences: u64, han_chars: u64) -> Self {
        Self { member, documents: small(documents), sentences: small(sentences), han_chars }
    }
}

/// The counts of a place, by member and theme.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct PlaceCounts {
    pub wholes: Vec<Whole>,
    pub cells: Vec<Cell>,
    /// Cells that are in order and summed.
    summed: usize,
}

impl PlaceCounts {
    pub(super) fn of_member(&self, member: u32) -> &[Cell] {
        let from = self.cells.partition_point(|cell| cell.member < member);
        let to = self.cells.partition_point(|cell| cell.member <= member);
        self.cells.get(from..to).unwrap_or_default()
    }
}

/// A count as the tables read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CountRef<'c> {
    pub period: Period,
    pub period_start: Option<NaiveDate>,
    pub member: &'c Word,
    pub theme: Option<&'c Word>,
    pub hits: u64,
    pub sentences: u64,
    pub documents: u64,
    pub han_chars: u64,
}

/// The sums.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Counts {
    /// Breakdown and name by number; in order once [`finish`](Self::finish) is done.
    pub members: Vec<(Breakdown, Word)>,
    /// Theme ids in the order of the lexicon.
    pub themes: Vec<Word>,
    pub places: BTreeMap<Place, PlaceCounts>,
    numbers: BTreeMap<(Breakdown, Word), u32>,
    of_theme: BTreeMap<Word, u32>,
}

/// A count as cells hold it.
pub(super) fn small(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The number of a theme. Most come in the order of the lexicon: it is looked for
/// first behind the one before.
fn number_of(themes: &[Word], numbers: &BTreeMap<Word, u32>, theme: &Word, before: u32) -> Option<u32> {
    const NEAR: usize = 4;
    let mut near = (before..).zip(themes.get(before as usize..).unwrap_or_default()).skip(1).take(NEAR);
    near.find(|(_, known)| *known == theme).map(|(number, _)| number).or_else(|| numbers.get(theme).copied())
}

/// Cells of a place before they are summed: bounds memory, not results.
const SUM_AT: usize = 1 << 12;

impl Counts {
    pub(super) fn new(lexicon: &Lexicon) -> Self {
        let themes: Vec<Word> = lexicon.themes().iter().map(|t| t.id.as_str().into()).collect();
        let of_theme = themes.iter().cloned().zip(0..).collect();
        Self { themes, of_theme, ..Self::default() }
    }

    /// Adds the counts of a rollup.
    pub(super) fn add(&mut self, rows: &[CountRow]) -> Result<(), TallyError> {
        // Rows come by place and member: both are looked up once for many.
        for of_place in rows.chunk_by(|a, b| (a.period, a.period_start) == (b.period, b.period_start)) {
            let Some(first) = of_place.first() else { continue };
            let counts = self.places.entry((first.period, first.period_start)).or_default();
            // A place of a part that is summed already gets nothing more.
            if counts.cells.is_empty() {
                let cells = of_place.iter().filter(|row| row.theme.is_some()).count();
                counts.cells.reserve_exact(cells);
                counts.wholes.reserve_exact(of_place.len() - cells);
            }
            let (mut last, mut last_theme): (Option<(&CountRow, u32)>, u32) = (None, 0);
            for row in of_place {
                let member = match last {
                    Some((last, member)) if (last.breakdown, &last.member) == (row.breakdown, &row.member) => member,
                    _ => {
                        let next = small(self.numbers.len() as u64);
                        *self.numbers.entry((row.breakdown, row.member.clone())).or_insert(next)
                    }
                };
                last = Some((row, member));
                match &row.theme {
                    None => counts.wholes.push(Whole::of(member, row.documents, row.sentences, row.han_chars)),
                    Some(theme) => {
                        let Some(theme) = number_of(&self.themes, &self.of_theme, theme, last_theme) else { continue };
                        last_theme = theme;
                        counts.cells.push(Cell { member, theme, hits: small(row.hits), sentences: small(row.sentences), documents: small(row.documents) });
                    }
                }
            }
            if counts.cells.len() > SUM_AT.max(counts.summed * 2) {
                sum(counts)?;
            }
        }
        Ok(())
    }

    /// Documents, each once, whatever periods it speaks of.
    pub(super) fn documents(&self) -> u64 {
        let all = self.members.iter().position(|(breakdown, _)| *breakdown == Breakdown::All);
        let whole = self.places.get(&(Period::Whole, None)).map(|counts| counts.wholes.as_slice()).unwrap_or_default();
        whole.iter().filter(|whole| all == usize::try_from(whole.member).ok()).map(|whole| u64::from(whole.documents)).sum()
    }

    /// Sums what is left, and numbers members in their order.
    pub(super) fn finish(&mut self) -> Result<(), TallyError> {
        self.members = self.numbers.keys().cloned().collect();
        let mut renumbered = vec![0; self.members.len()];
        for (new, old) in (0..).zip(self.numbers.values()) {
            if let Some(number) = renumbered.get_mut(*old as usize) {
                *number = new;
            }
        }
        let new = |old: u32| renumbered.get(old as usize).copied().unwrap_or(old);
        for (key, number) in &mut self.numbers {
            *number = new(*number);
            debug_assert!(self.members.get(*number as usize) == Some(key));
        }
        for counts in self.places.values_mut() {
            for cell in &mut counts.cells {
                cell.member = new(cell.member);
            }
            for whole in &mut counts.wholes {
                whole.member = new(whole.member);
            }
            sum(counts)?;
            counts.wholes.sort_unstable_by_key(|whole| whole.member);
            counts.wholes.dedup_by(|next, kept| {
                let same = next.member == kept.member;
                if same {
                    kept.documents = kept.documents.saturating_add(next.documents);
                    kept.sentences = kept.sentences.saturating_add(next.sentences);
                    kept.han_chars += next.han_chars;
                }
                same
            });
        }
        Ok(())
    }

    /// The number of a member.
    pub(super) fn member(&self, breakdown: Breakdown, name: &Word) -> Option<u32> {
        self.numbers.get(&(breakdown, name.clone())).copied()
    }

    /// The number of the whole.
    pub(super) fn all(&self) -> Option<u32> {
        self.member(Breakdown::All, &Breakdown::All.name().into())
    }

    /// The counts of a breakdown in the lengths that `wanted` takes, by place,
    /// member and theme, each after the whole of its member.
    pub(super) fn rows<'c>(&'c self, breakdown: Breakdown, wanted: impl Fn(Period) -> bool + 'c) -> impl Iterator<Item = CountRef<'c>> + 'c {
        let places = self.places.iter().filter(move |((period, _), _)| wanted(*period));
        places.flat_map(move |((period, start), counts)| {
            let of_breakdown = counts.wholes.iter().filter_map(move |whole| {
                let (own, name) = self.members.get(whole.member as usize)?;
                (*own == breakdown).then_some((whole, name))
            });
            of_breakdown.flat_map(move |(whole, member)| {
                let row = CountRef {
                    period: *period,
                    period_start: *start,
                    member,
                    theme: None,
                    hits: 0,
                    sentences: whole.sentences.into(),
                    documents: whole.documents.into(),
                    han_chars: whole.han_chars,
                };
                let themes = counts.of_member(whole.member).iter().filter_map(move |cell| {
                    let [hits, sentences, documents] = [cell.hits, cell.sentences, cell.documents].map(u64::from);
                    Some(CountRef { theme: Some(self.themes.get(cell.theme as usize)?), hits, sentences, documents, han_chars: 0, ..row })
                });
                std::iter::once(row).chain(themes)
            })
        })
    }

    /// All text by place and member, and of the themes what they have in all text
    /// and in each source.
    pub(super) fn summary(&self) -> Vec<CountRow> {
        let of = |breakdown: Breakdown| {
            let with_themes = matches!(breakdown, Breakdown::All | Breakdown::Source);
            self.rows(breakdown, |_| true).filter(move |row| with_themes || row.theme.is_none()).map(move |row| CountRow {
                period: row.period,
                period_start: row.period_start,
                breakdown,
                member: row.member.clone(),
                theme: row.theme.cloned(),
                hits: row.hits,
                sentences: row.sentences,
                documents: row.documents,
                han_chars: row.han_chars,
            })
        };
        let mut out: Vec<CountRow> = Breakdown::EVERY.into_iter().flat_map(of).collect();
        // By place; inside it they are in order.
        out.sort_by_key(|row| (row.period, row.period_start));
        out
    }

    /// Leaves out the themes of a place, if nothing compares them.
    pub(super) fn keep_compared(&mut self, (period, start): Place, settings: &Settings) {
        if let Some(counts) = self.places.get_mut(&(period, start)).filter(|_| !settings.compares(period)) {
            counts.cells = Vec::new();
        }
    }

    /// Leaves out what the tables of series do not show, and the whole.
    pub(super) fn keep_asked(&mut self, settings: &Settings) {
        let members = &self.members;
        self.places.retain(|(period, _), counts| {
            let asked = |member: u32| members.get(member as usize).is_some_and(|(breakdown, _)| settings.asks(*period, *breakdown));
            counts.cells.retain(|cell| asked(cell.member));
            counts.wholes.retain(|whole| asked(whole.member));
            *period != Period::Whole && !counts.wholes.is_empty()
        });
    }
}

/// Sums the cells of equal member and theme.
fn sum(counts: &mut PlaceCounts) -> Result<(), TallyError> {
    const COUNTS: [&str; 3] = ["hits", "sentences", "documents"];
    let cells = &counts.cells;
    // One shard's alone, or none: there is nothing to sum.
    if cells.is_sorted_by(|a, b| (a.member, a.theme) < (b.member, b.theme)) {
        counts.summed = cells.len();
        return Ok(());
    }
    // A key is a number whose order is that of the cells.
    let key = Series::new("key".into(), cells.iter().map(|cell| u64::from(cell.member) << 32 | u64::from(cell.theme)).collect::<Vec<u64>>());
    let column =
        |name: &str, get: fn(&Cell) -> u32| Column::from(Series::new(name.into(), cells.iter().map(|cell| u64::from(get(cell))).collect::<Vec<u64>>()));
    let frame = DataFrame::new(
        cells.len(),
        vec![key.into(), column("hits", |cell| cell.hits), column("sentences", |cell| cell.sentences), column("documents", |cell| cell.documents)],
    )?;
    #[expect(deprecated, reason = "the eager sum; the lazy engine adds minutes of build for one operation")]
    let summed = frame.group_by(["key"])?.select(COUNTS).sum()?;
    let numbers = |name: &str| -> Result<Vec<u64>, TallyError> {
        let column = summed.column(name)?.cast(&DataType::UInt64)?;
        Ok(column.u64()?.iter().map(Option::unwrap_or_default).collect())
    };
    let [keys, hits, sentences, documents] = [numbers("key")?, numbers("hits_sum")?, numbers("sentences_sum")?, numbers("documents_sum")?];
    let mut out: Vec<Cell> = Vec::with_capacity(keys.len());
    for ((key, hits), (sentences, documents)) in keys.into_iter().zip(hits).zip(sentences.into_iter().zip(documents)) {
        out.push(Cell {
            member: small(key >> 32),
            theme: small(key & u64::from(u32::MAX)),
            hits: small(hits),
            sentences: small(sentences),
            documents: small(documents),
        });
    }
    // Groups come out in the order of a hash.
    out.sort_unstable_by_key(|cell| (cell.member, cell.theme));
    counts.summed = out.len();
    counts.cells = out;
    Ok(())
}

/// Counts of all text, or of a theme, in a month.
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests give days")]
pub(super) fn of_month(start: Option<&str>, theme: Option<&str>, counts: [u64; 4]) -> CountRow {
    CountRow {
        period: Period::Month,
        period_start: start.map(|s| s.parse().unwrap()),
        breakdown: Breakdown::All,
        member: "all".into(),
        theme: theme.map(Into::into),
        hits: counts[0],
        sentences: counts[1],
        documents: counts[2],
        han_chars: counts[3],
    }
}

#[cfg(test)]
mod tests {
    use super::of_month as row;
    use super::*;

    #[test]
    fn equal_keys_are_summed_and_nulls_are_keys_of_their_own() {
        let text = "[[theme]]\nid='a'\nzh='甲'\nen='a'\nsource='s'\nterms=['甲乙']\n";
        let lexicon = Lexicon::new(&[crate::diagnostic::DataFile { path: "t.toml".into(), text: text.into() }]).unwrap_or_else(|e| panic!("{e:?}"));
        let mut counts = Counts::new(&lexicon);
        counts.add(&[row(Some("2024-03-01"), None, [0, 5, 2, 100]), row(Some("2024-03-01"), Some("a"), [3, 2, 1, 0]), row(None, None, [0, 1, 1, 9])]).unwrap();
        counts.add(&[row(None, None, [0, 1, 1, 9]), row(Some("2024-03-01"), None, [0, 7, 1, 50]), row(Some("2024-03-01"), Some("a"), [1, 1, 1, 0])]).unwrap();
        counts.finish().unwrap();
        let got: Vec<_> = counts
            .rows(Breakdown::All, |period| period == Period::Month)
            .map(|r| (r.period_start.map(|d| d.to_string()), r.theme.map(ToString::to_string), [r.hits, r.sentences, r.documents, r.han_chars]))
            .collect();
        let march = || Some("2024-03-01".to_owned());
        assert_eq!(got, [(None, None, [0, 2, 2, 18]), (march(), None, [0, 12, 3, 150]), (march(), Some("a".to_owned()), [4, 3, 2, 0])]);
        assert_eq!(counts.rows(Breakdown::Voice, |_| true).count(), 0);
    }

    #[test]
    fn members_are_numbered_in_their_order_whenever_they_came() {
        let text = "[[theme]]\nid='a'\nzh='甲'\nen='a'\nsource='s'\nterms=['甲乙']\n";
        let lexicon = Lexicon::new(&[crate::diagnostic::DataFile { path: "t.toml".into(), text: text.into() }]).unwrap_or_else(|e| panic!("{e:?}"));
        let of = |member: &str, theme| CountRow { breakdown: Breakdown::Voice, member: member.into(), ..row(None, theme, [2, 1, 1, 5]) };
        let mut counts = Counts::new(&lexicon);
        for member in ["reported", "narrated", "reported"] {
            counts.add(&[of(member, None), of(member, Some("a"))]).unwrap();
        }
        counts.finish().unwrap();
        let got: Vec<_> = counts.rows(Breakdown::Voice, |_| true).map(|r| (r.member.to_string(), r.hits)).collect();
        let expected = [("narrated", 0), ("narrated", 2), ("reported", 0), ("reported", 4)].map(|(member, hits)| (member.to_owned(), hits));
        assert_eq!(got, expected);
        assert_eq!(counts.places.values().next().map(|p| p.of_member(1).iter().map(|c| c.hits).collect()), Some(vec![4]));
    }
}
