//! Where the counts of a shard are kept while its documents come in: a row for
//! each period and member that text falls into, in it a cell for each theme.
//!
//! To add a sentence is a handful of sums at known places. A list of counts that
//! is sorted to be summed costs ten times as much: a document has few sentences
//! and many periods, members and themes.

use std::collections::BTreeMap;

use super::counts::Place;

/// Number of a place in the grid.
pub(super) type PlaceNumber = usize;

/// Number of a row of the grid.
pub(super) type RowNumber = u32;

/// No row yet.
const NO_ROW: RowNumber = RowNumber::MAX;

/// What a theme has in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct GridCell {
    pub hits: u32,
    pub sentences: u32,
    pub documents: u32,
    /// The last document that was counted, from 1.
    last: u32,
}

/// A period and member: what all its text has, and what each theme has of it.
#[derive(Debug)]
pub(super) struct GridRow {
    pub place: Place,
    pub member: u32,
    pub sentences: u64,
    pub documents: u64,
    pub han_chars: u64,
    last: u32,
    pub themes: Paged<GridCell>,
}

/// Counts by place, member and theme. Documents are added one after the other,
/// so that each counts once in a cell, however many of its sentences fall there.
#[derive(Debug, Default)]
pub(super) struct Grid {
    numbers: BTreeMap<Place, PlaceNumber>,
    /// Each place with the row of each member.
    places: Vec<(Place, Vec<RowNumber>)>,
    rows: Vec<GridRow>,
    document: u32,
}

impl Grid {
    /// What is added from here on belongs to another document.
    pub(super) fn next_document(&mut self) {
        self.document += 1;
    }

    /// The number of a place, for [`row`](Self::row).
    pub(super) fn place(&mut self, place: Place) -> PlaceNumber {
        let number = *self.numbers.entry(place).or_insert(self.places.len());
        if number == self.places.len() {
            self.places.push((place, Vec::new()));
        }
        number
    }

    /// The row of a member in a place; it is there from now on, if with zeros.
    pub(super) fn row(&mut self, place: PlaceNumber, member: u32) -> RowNumber {
        let Some((place, of_place)) = self.places.get_mut(place) else { return NO_ROW };
        if of_place.len() <= member as usize {
            of_place.resize(member as usize + 1, NO_ROW);
        }
        let Some(row) = of_place.get_mut(member as usize) else { return NO_ROW };
        if *row == NO_ROW {
            *row = RowNumber::try_from(self.rows.len()).unwrap_or(NO_ROW);
            self.rows.push(GridRow { place: *place, member, sentences: 0, documents: 0, han_chars: 0, last: 0, themes: Paged::default() });
        }
        *row
    }

    /// Adds text of the document to a row.
    pub(super) fn add_text(&mut self, row: RowNumber, sentences: u64, han_chars: u64) {
        let document = self.document;
        if let Some(row) = self.rows.get_mut(row as usize) {
            row.sentences += sentences;
            row.han_chars += han_chars;
            row.documents += u64::from(row.last != document);
            row.last = document;
        }
    }

    /// Adds hits of a theme in the document, and the sentences that have them.
    pub(super) fn add_hits(&mut self, row: RowNumber, theme: u32, hits: u32, sentences: u32) {
        let document = self.document;
        if let Some(cell) = self.rows.get_mut(row as usize).and_then(|row| row.themes.get_mut(theme)) {
            cell.hits = cell.hits.saturating_add(hits);
            cell.sentences = cell.sentences.saturating_add(sentences);
            cell.documents += u32::from(cell.last != document);
            cell.last = document;
        }
    }

    /// All rows, in the order in which they were met.
    pub(super) fn into_rows(self) -> Vec<GridRow> {
        self.rows
    }
}

/// Cells by number, of which only the pages exist in which one was touched.
#[derive(Debug)]
pub(super) struct Paged<C> {
    pages: Vec<Option<Box<[C; PAGE]>>>,
}

/// Cells of a page: of a lexicon of hundreds of themes a member meets few.
const PAGE: usize = 32;

impl<C> Default for Paged<C> {
    fn default() -> Self {
        Self { pages: Vec::new() }
    }
}

impl<C: Copy + Default> Paged<C> {
    /// The cell with this number; it exists from now on.
    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut C> {
        let (page, cell) = (number as usize / PAGE, number as usize % PAGE);
        if self.pages.len() <= page {
            self.pages.resize_with(page + 1, || None);
        }
        self.pages.get_mut(page)?.get_or_insert_with(|| Box::new([C::default(); PAGE])).get_mut(cell)
    }

    /// The cell with this number, if its page exists.
    pub(super) fn get(&self, number: u32) -> Option<&C> {
        self.pages.get(number as usize / PAGE)?.as_ref()?.get(number as usize % PAGE)
    }

    /// The cells of the pages that exist, with their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &C)> {
        let pages = self.pages.iter().enumerate().filter_map(|(page, cells)| Some((u32::try_from(page * PAGE).ok()?, cells.as_ref()?)));
        pages.flat_map(|(first, cells)| (first..).zip(cells.iter()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::period::Period;
    use super::*;

    #[test]
    fn a_document_counts_once_in_a_row_and_in_a_cell() {
        let mut grid = Grid::default();
        let place = grid.place((Period::Month, None));
        let (row, other) = (grid.row(place, 3), grid.row(place, 0));
        for sentences in [2, 1] {
            grid.next_document();
            grid.add_text(row, sentences, 10);
            grid.add_text(row, 1, 5);
            grid.add_hits(row, 70, 2, 1);
            grid.add_hits(row, 70, 1, 1);
        }
        assert_eq!((grid.row(place, 3), grid.row(place, 0)), (row, other));
        let rows = grid.into_rows();
        assert_eq!((rows[0].sentences, rows[0].documents, rows[0].han_chars), (5, 2, 30));
        let cell = rows[0].themes.get(70).unwrap();
        assert_eq!((cell.hits, cell.sentences, cell.documents), (6, 4, 2));
        assert_eq!((rows[0].themes.get(5), rows[1].documents), (None, 0));
        assert_eq!(rows[0].themes.iter().filter(|(_, cell)| cell.hits > 0).map(|(number, _)| number).collect::<Vec<_>>(), [70]);
    }
}
