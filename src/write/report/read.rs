//! Rows of a release, read back: only the columns and rows that the page needs.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowPredicate, ArrowPredicateFn, ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowFilter, RowSelection,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData};
use parquet::file::statistics::Statistics;
use rayon::prelude::*;

use super::super::WriteError;
use super::super::schema::Row;

/// Rows in memory at a time.
const ROWS_AT_ONCE: usize = 8192;

/// Values that are asked for and never gone through.
#[expect(clippy::disallowed_types, reason = "its order is not seen")]
type Asked = std::collections::HashSet<String>;

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

/// A file of which the metadata are read.
struct Opened<'p> {
    path: &'p Path,
    metadata: ArrowReaderMetadata,
}

impl<'p> Opened<'p> {
    fn new(path: &'p Path) -> Result<Self, WriteError> {
        let file = File::open(path).map_err(|e| WriteError::io(path, e))?;
        let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
        let metadata = ArrowReaderMetadata::load(&file, options).map_err(|e| WriteError::table(path, &e))?;
        Ok(Self { path, metadata })
    }

    /// The row groups that may hold wanted rows.
    fn groups(&self, only: &[Only<'_>]) -> Vec<usize> {
        let groups = 0..self.metadata.metadata().num_row_groups();
        groups.filter(|group| only.iter().all(|each| may_hold(self.metadata.metadata(), *group, each))).collect()
    }

    fn each_row<R: Row>(&self, groups: Vec<usize>, columns: &[&str], only: &[Only<'_>], visit: &mut dyn FnMut(R)) -> Result<(), WriteError> {
        let failed = |e: ParquetError| WriteError::table(self.path, &e);
        // Each reader has a file of its own: two threads cannot share a place in one.
        let file = File::open(self.path).map_err(|e| WriteError::io(self.path, e))?;
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        let schema = builder.parquet_schema();
        let mask = ProjectionMask::columns(schema, columns.iter().copied());
        let mut predicates: Vec<Box<dyn ArrowPredicate>> = Vec::new();
        for each in only {
            let asked = Arc::clone(&each.asked);
            let own = ProjectionMask::columns(schema, [each.column]);
            predicates.push(Box::new(ArrowPredicateFn::new(own, move |batch| {
                // Most columns are sorted: a value is mostly that of the row before.
                let mut before = (None, false);
                let passes = batch.column(0).as_string::<i32>().iter().map(|cell| {
                    if cell != before.0 {
                        before = (cell, cell.is_some_and(|text| asked.contains(text)));
                    }
                    Some(before.1)
                });
                Ok(passes.collect::<BooleanArray>())
            })));
        }
        builder = builder.with_projection(mask).with_batch_size(ROWS_AT_ONCE).with_row_groups(groups);
        if !predicates.is_empty() {
            builder = builder.with_row_filter(RowFilter::new(predicates));
        }
        for batch in builder.build().map_err(failed)? {
            R::read(&batch.map_err(|e| WriteError::table(self.path, &e))?).into_iter().for_each(&mut *visit);
        }
        Ok(())
    }
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
    let file = Opened::new(path)?;
    file.each_row(file.groups(only), columns, only, visit)
}

/// Whether the statistics of a row group leave room for one of the values.
fn may_hold(metadata: &ParquetMetaData, group: usize, only: &Only<'_>) -> bool {
    let Some(metadata) = metadata.row_groups().get(group) else { return false };
    let Some(column) = metadata.columns().iter().find(|c| c.column_descr().name() == only.column) else { return true };
    let Some(Statistics::ByteArray(range)) = column.statistics() else { return true };
    let (Some(least), Some(most)) = (range.min_bytes_opt(), range.max_bytes_opt()) else { return true };
    // A bound may be cut short, so the upper one is compared by its own length.
    only.values.iter().map(String::as_bytes).any(|value| value >= least && value.get(..most.len()).unwrap_or(value) <= most)
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

/// What is kept of the wanted rows of some files, on all cores, in the order of the
/// files and rows.
///
/// # Errors
/// [`WriteError`] with the path.
pub(super) fn kept_of_rows<R: Row, T: Send>(
    files: &[PathBuf],
    columns: &[&str],
    only: &[Only<'_>],
    keep: impl Fn(R) -> Option<T> + Sync,
) -> Result<Vec<T>, WriteError> {
    let of_file = |path: &PathBuf| -> Result<Vec<Vec<T>>, WriteError> {
        let file = Opened::new(path)?;
        let of_group = |group| {
            let mut kept = Vec::new();
            file.each_row(vec![group], columns, only, &mut |row| kept.extend(keep(row)))?;
            Ok(kept)
        };
        file.groups(only).into_par_iter().map(of_group).collect()
    };
    let all: Result<Vec<Vec<Vec<T>>>, WriteError> = files.par_iter().map(of_file).collect();
    Ok(all?.into_iter().flatten().flatten().collect())
}

/// The rows of a file with these numbers, from 0 on.
///
/// # Errors
/// [`WriteError`] with the path.
pub(super) fn numbered_rows<R: Row>(path: &Path, columns: &[&str], numbers: &BTreeSet<usize>) -> Result<Vec<R>, WriteError> {
    let failed = |e: ParquetError| WriteError::table(path, &e);
    let file = File::open(path).map_err(|e| WriteError::io(path, e))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(failed)?;
    let all = usize::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    let selection = RowSelection::from_consecutive_ranges(numbers.iter().map(|number| *number..number + 1), all);
    let mut rows = Vec::with_capacity(numbers.len());
    for batch in builder.with_projection(mask).with_row_selection(selection).build().map_err(failed)? {
        rows.extend(R::read(&batch.map_err(|e| WriteError::table(path, &e))?));
    }
    Ok(rows)
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
    use super::super::super::parquet_file::write_parquet;
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
        assert_eq!(numbered_rows::<TotalRow>(&path, &["documents"], &[1].into()).unwrap().first().map(|row| row.documents), Some(2));
        let kept = kept_of_rows(&[path.clone(), path.clone()], &["documents"], &[], |row: TotalRow| (row.documents != 2).then_some(row.documents));
        assert_eq!(kept.unwrap(), [1, 3, 1, 3]);
        let week = words(["week"]);
        assert!(rows::<TotalRow>(&path, &["documents"], &[Only::new("period", &week)]).unwrap().is_empty());
        assert_eq!(rows::<TotalRow>(&path, &["documents"], &[]).unwrap().len(), 3);
    }
}
