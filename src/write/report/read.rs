//! Rows of a release, read back: only the columns and rows that the page needs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicate, ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowFilter, RowSelection,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::statistics::Statistics;
use rayon::prelude::*;

use super::super::WriteError;
use super::super::parquet_file::open_parquet;
use super::super::schema::Row;
use crate::load::{ParquetInput, careful};

/// Rows in memory at a time.
const ROWS_AT_ONCE: usize = 8192;

/// Values that are asked for and never gone through.
#[expect(clippy::disallowed_types, reason = "its order is not seen")]
pub(super) type Asked = std::collections::HashSet<String>;

/// Texts by number, looked up and never gone through.
#[expect(clippy::disallowed_types, reason = "its order is not seen")]
pub(super) type Numbers = std::collections::HashMap<String, usize>;

/// A text column and the values that are wanted of it.
pub(super) struct Only<'v> {
    column: &'static str,
    values: &'v BTreeSet<String>,
    /// The same, for a reader on each core.
    asked: Arc<Asked>,
}

impl<'v> Only<'v> {
    pub(super) fn new(column: &'static str, values: &'v BTreeSet<String>) -> Self {
        Self { column, values, asked: Arc::new(values.iter().cloned().collect()) }
    }
}

/// Whether a row group holds wanted values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Holds {
    None,
    /// Perhaps.
    Some,
    NothingElse,
}

/// A file of which the metadata are read.
struct Opened<'p> {
    path: &'p Path,
    input: ParquetInput,
    metadata: ArrowReaderMetadata,
}

impl<'p> Opened<'p> {
    /// The index of pages is read where some of them are left out.
    fn new(path: &'p Path, pages: PageIndexPolicy) -> Result<Self, WriteError> {
        Self::load(path, open_parquet(path)?, pages)
    }

    fn load(path: &'p Path, input: ParquetInput, pages: PageIndexPolicy) -> Result<Self, WriteError> {
        let options = ArrowReaderOptions::new().with_page_index_policy(pages);
        let metadata = input.metadata(options).map_err(|e| WriteError::table(path, &e))?;
        Ok(Self { path, input, metadata })
    }

    /// A file, and its row groups that may hold wanted rows; `None`, if none does.
    fn for_rows(path: &'p Path, only: &[Only<'_>]) -> Result<Option<(Self, Vec<usize>)>, WriteError> {
        let file = Self::new(path, PageIndexPolicy::Skip)?;
        let all_hold = |group: usize, least| only.iter().all(|each| file.holds(group, each) >= least);
        let groups: Vec<usize> = (0..file.metadata.metadata().num_row_groups()).filter(|group| all_hold(*group, Holds::Some)).collect();
        match groups.as_slice() {
            [] => Ok(None),
            groups if groups.iter().all(|group| all_hold(*group, Holds::NothingElse)) => Ok(Some((file, groups.to_vec()))),
            _ => Ok(Some((Self::load(path, file.input, PageIndexPolicy::Optional)?, groups))),
        }
    }

    /// What the statistics of a row group say of wanted values.
    fn holds(&self, group: usize, only: &Only<'_>) -> Holds {
        let Some(metadata) = self.metadata.metadata().row_groups().get(group) else { return Holds::None };
        let Some(column) = metadata.columns().iter().find(|c| c.column_descr().name() == only.column) else { return Holds::Some };
        let Some(Statistics::ByteArray(range)) = column.statistics() else { return Holds::Some };
        let (Some(least), Some(most)) = (range.min_bytes_opt(), range.max_bytes_opt()) else { return Holds::Some };
        let mut wanted = only.values.iter().map(String::as_bytes);
        let one = least == most && range.min_is_exact() && range.max_is_exact() && range.null_count_opt() == Some(0);
        if one {
            return if wanted.any(|value| value == least) { Holds::NothingElse } else { Holds::None };
        }
        // A bound may be cut short, so the upper one is compared by its own length.
        let among = |value: &[u8]| value >= least && value.get(..most.len()).unwrap_or(value) <= most;
        if wanted.any(among) { Holds::Some } else { Holds::None }
    }

    /// Number of a row group's first row in the file.
    fn first_row(&self, group: usize) -> usize {
        let before = self.metadata.metadata().row_groups().iter().take(group);
        before.map(|group| usize::try_from(group.num_rows()).unwrap_or(0)).sum()
    }

    /// A reader of some columns.
    fn reader(&self, columns: &[&str]) -> ParquetRecordBatchReaderBuilder<ParquetInput> {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(self.input.clone(), self.metadata.clone());
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        builder.with_projection(mask).with_batch_size(ROWS_AT_ONCE)
    }

    fn each_batch(&self, groups: &[usize], columns: &[&str], only: &[Only<'_>], visit: &mut dyn FnMut(&RecordBatch)) -> Result<(), WriteError> {
        let failed = |e: ParquetError| WriteError::table(self.path, &e);
        let mut builder = self.reader(columns).with_row_groups(groups.to_vec());
        let with_others = |each: &&Only<'_>| groups.iter().any(|group| self.holds(*group, each) != Holds::NothingElse);
        let mut predicates: Vec<Box<dyn ArrowPredicate>> = Vec::new();
        for each in only.iter().filter(with_others) {
            let asked = Arc::clone(&each.asked);
            let own = ProjectionMask::columns(builder.parquet_schema(), [each.column]);
            predicates.push(Box::new(ArrowPredicateFn::new(own, move |batch| {
                let mut passes = remembered(|text| text.is_some_and(|text| asked.contains(text)));
                Ok(batch.column(0).as_string::<i32>().iter().map(|cell| Some(passes(cell))).collect::<BooleanArray>())
            })));
        }
        if !predicates.is_empty() {
            builder = builder.with_row_filter(RowFilter::new(predicates));
        }
        for batch in careful(builder.build().map_err(failed)?) {
            visit(&batch.map_err(|e| WriteError::table(self.path, &e))?);
        }
        Ok(())
    }

    /// The rows with these numbers, from 0 on; row groups are read side by side.
    fn rows_at<R: Row + Send>(&self, columns: &[&str], numbers: &BTreeSet<usize>) -> Result<Vec<R>, WriteError> {
        let failed = |e: ParquetError| WriteError::table(self.path, &e);
        let of_group = |group: usize| {
            let (first, end) = (self.first_row(group), self.first_row(group + 1));
            let ranges: Vec<_> = numbers.range(first..end).map(|number| number - first..number - first + 1).collect();
            // Also a row group of which nothing is read costs a reader for each column.
            let mut rows = Vec::with_capacity(ranges.len());
            if !ranges.is_empty() {
                let selection = RowSelection::from_consecutive_ranges(ranges.into_iter(), end - first);
                let reader = self.reader(columns).with_row_groups(vec![group]).with_row_selection(selection).build().map_err(failed)?;
                for batch in careful(reader) {
                    rows.extend(R::read(&batch.map_err(|e| WriteError::table(self.path, &e))?));
                }
            }
            Ok(rows)
        };
        let groups = (0..self.metadata.metadata().num_row_groups()).into_par_iter().map(of_group);
        Ok(groups.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }
}

/// A function of the cells of a column. Most columns are sorted: a cell is mostly that
/// of the row before, and so is what the function says of it.
pub(super) fn remembered<'c, T: Copy>(find: impl Fn(Option<&str>) -> T) -> impl FnMut(Option<&'c str>) -> T {
    let mut before: Option<(Option<&'c str>, T)> = None;
    move |cell| match before {
        Some((last, found)) if last == cell => found,
        _ => before.insert((cell, find(cell))).1,
    }
}

/// The cells of a text column; none, if the batch has no such column.
pub(super) fn texts<'b>(batch: &'b RecordBatch, column: &str) -> impl Iterator<Item = Option<&'b str>> {
    batch.column_by_name(column).and_then(|array| array.as_string_opt::<i32>()).into_iter().flatten()
}

/// Shows rows of a file in their order. Columns that are not named keep the
/// default of their field; a row passes if each of `only` has its value.
///
/// # Errors
/// [`WriteError`] with the path.
///
/// # Cost
/// Row groups and pages without a wanted value are not decoded; memory for
/// one batch of rows.
pub(super) fn each_row<R: Row>(path: &Path, columns: &[&str], only: &[Only<'_>], visit: &mut dyn FnMut(R)) -> Result<(), WriteError> {
    let Some((file, groups)) = Opened::for_rows(path, only)? else { return Ok(()) };
    file.each_batch(&groups, columns, only, &mut |batch| R::read(batch).into_iter().for_each(&mut *visit))
}

/// All rows of a small file.
///
/// # Errors
/// [`WriteError`] with the path.
pub(super) fn rows<R: Row>(path: &Path, columns: &[&str], only: &[Only<'_>]) -> Result<Vec<R>, WriteError> {
    let mut out = Vec::new();
    each_row(path, columns, only, &mut |row| out.push(row))?;
    Ok(out)
}

/// A row of some files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Number of the file.
    pub(super) file: usize,
    /// Number of the row in it.
    pub(super) row: usize,
}

/// Files that are open together, and row groups that are read side by side before
/// what was kept of them is taken.
const AT_ONCE: usize = 32;

/// Gives what is `kept` of the wanted rows of some files, read on all cores, in the
/// order of the files and rows. Without `only`, a batch comes with the place of its
/// first row.
///
/// # Errors
/// [`WriteError`] with the path.
pub(super) fn each_kept<T: Send>(
    files: &[PathBuf],
    columns: &[&str],
    only: &[Only<'_>],
    kept: impl Fn(Place, &RecordBatch) -> Vec<T> + Sync,
    mut take: impl FnMut(T),
) -> Result<(), WriteError> {
    let of_group = |(number, file, group): &(usize, &Opened<'_>, usize)| {
        let (mut place, mut out) = (Place { file: *number, row: file.first_row(*group) }, Vec::new());
        file.each_batch(&[*group], columns, only, &mut |batch| {
            out.append(&mut kept(place, batch));
            place.row += batch.num_rows();
        })?;
        Ok(out)
    };
    for (first, files) in (0..).step_by(AT_ONCE).zip(files.chunks(AT_ONCE)) {
        let opened = files.par_iter().map(|path| Opened::for_rows(path, only)).collect::<Result<Vec<_>, _>>()?;
        let of_files = (first..).zip(&opened).filter_map(|(number, opened)| Some((number, opened.as_ref()?)));
        let groups: Vec<_> = of_files.flat_map(|(number, (file, groups))| groups.iter().map(move |group| (number, file, *group))).collect();
        for groups in groups.chunks(AT_ONCE) {
            let of_groups = groups.par_iter().map(of_group).collect::<Result<Vec<_>, WriteError>>()?;
            of_groups.into_iter().flatten().for_each(&mut take);
        }
    }
    Ok(())
}

/// The rows at these places, in their order.
///
/// # Errors
/// [`WriteError`] with the path.
pub(super) fn rows_at<R: Row + Send>(files: &[PathBuf], columns: &[&str], places: &BTreeSet<Place>) -> Result<Vec<R>, WriteError> {
    let mut of_files: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for place in places {
        of_files.entry(place.file).or_default().insert(place.row);
    }
    let of_file = |(number, path): (usize, &PathBuf)| {
        let numbers = of_files.get(&number)?;
        Some(Opened::new(path, PageIndexPolicy::Optional).and_then(|file| file.rows_at(columns, numbers)))
    };
    let all: Result<Vec<Vec<R>>, WriteError> = files.par_iter().enumerate().filter_map(of_file).collect();
    Ok(all?.into_iter().flatten().collect())
}

/// The part files of a folder table, by name.
///
/// # Errors
/// [`WriteError::Io`].
pub(super) fn parts(tables: &Path, table: &str) -> Result<Vec<PathBuf>, WriteError> {
    let folder = tables.join(table);
    let list = std::fs::read_dir(&folder).map_err(|e| WriteError::io(&folder, e))?;
    let mut files: Vec<PathBuf> = list.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "parquet")).collect();
    files.sort();
    Ok(files)
}

/// A set of words.
pub(super) fn words<'w>(words: impl IntoIterator<Item = &'w str>) -> BTreeSet<String> {
    words.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::parquet_file::{TableFile, write_parquet};
    use super::super::super::schema::cells;
    use super::*;
    use crate::tally::TotalRow;

    #[test]
    fn only_the_wanted_rows_and_columns_come_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.parquet");
        let row = |period: &str, documents| TotalRow { period: period.into(), member: "all".into(), documents, ..TotalRow::default() };
        write_parquet(&path, &[row("month", 1), row("month", 2), row("year", 3)], &[]).unwrap();
        let year = words(["year"]);
        let got = rows::<TotalRow>(&path, &["period", "documents"], &[Only::new("period", &year)]).unwrap();
        assert_eq!(got, [TotalRow { period: "year".into(), documents: 3, ..TotalRow::default() }]);
        let (files, columns) = ([path.clone(), path.clone()], ["period", "documents"]);
        let last = Place { file: 1, row: 2 };
        let at: Vec<TotalRow> = rows_at(&files, &columns, &[Place { file: 0, row: 1 }, last].into()).unwrap();
        assert_eq!(at.iter().map(|row| row.documents).collect::<Vec<_>>(), [2, 3]);
        let keep = |place: Place, batch: &RecordBatch| {
            let rows = texts(batch, "period").zip(cells::<u64>(batch, "documents")).enumerate();
            rows.map(|(at, (period, documents))| (Place { row: place.row + at, ..place }, period.map(str::to_owned), documents)).collect()
        };
        let mut kept = Vec::new();
        each_kept(&files, &columns, &[], keep, |row| kept.push(row)).unwrap();
        assert_eq!((kept.len(), kept.last().cloned()), (6, Some((last, Some("year".to_owned()), 3))));
        let mut kept = Vec::new();
        each_kept(&files, &columns, &[Only::new("period", &year)], |_, batch| cells::<u64>(batch, "documents"), |row| kept.push(row)).unwrap();
        assert_eq!(kept, [3, 3]);
        assert!(Opened::for_rows(&path, &[Only::new("period", &words(["a"]))]).unwrap().is_none());
        let week = words(["week"]);
        assert!(rows::<TotalRow>(&path, &["documents"], &[Only::new("period", &week)]).unwrap().is_empty());
        assert_eq!(rows::<TotalRow>(&path, &["documents"], &[]).unwrap().len(), 3);
    }

    #[test]
    fn row_groups_of_a_file_are_read_where_they_hold_a_wanted_row() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.parquet");
        let row = |period: &str, documents| TotalRow { period: period.into(), documents, ..TotalRow::default() };
        let mut file = TableFile::<TotalRow>::create(&path, &[]).unwrap();
        for group in [&[row("month", 0), row("month", 1)][..], &[row("month", 2), row("quarter", 3), row("year", 4)], &[row("year", 5), row("year", 6)]] {
            file.end_row_group().unwrap();
            file.write(group).unwrap();
        }
        file.close().unwrap();
        let (month, year) = (words(["month"]), words(["year"]));
        let (only_month, only_year) = (Only::new("period", &month), Only::new("period", &year));
        let opened = Opened::new(&path, PageIndexPolicy::Skip).unwrap();
        let says = |only: &Only<'_>| [0, 1, 2].map(|group| opened.holds(group, only));
        assert_eq!(says(&only_month), [Holds::NothingElse, Holds::Some, Holds::None]);
        assert_eq!(says(&only_year), [Holds::None, Holds::Some, Holds::NothingElse]);
        let documents = |rows: Vec<TotalRow>| rows.into_iter().map(|row| row.documents).collect::<Vec<_>>();
        assert_eq!(documents(rows(&path, &["documents"], &[only_month]).unwrap()), [0, 1, 2]);
        assert_eq!(documents(rows(&path, &["documents"], &[only_year]).unwrap()), [4, 5, 6]);
        for wanted in [vec![], vec![1], vec![0, 6], vec![3, 4], vec![1, 2, 5], (0..7).collect()] {
            let places = wanted.iter().map(|row| Place { file: 0, row: *row }).collect();
            let got = documents(rows_at(std::slice::from_ref(&path), &["documents"], &places).unwrap());
            assert_eq!(got, wanted.iter().map(|row| *row as u64).collect::<Vec<_>>());
        }
    }
}
