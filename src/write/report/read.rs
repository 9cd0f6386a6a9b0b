//! Rows of a release, read back: only the columns and rows that the page needs.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{AsArray, BooleanArray};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowPredicate, ArrowPredicateFn, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowFilter};
use parquet::file::metadata::PageIndexPolicy;
use parquet::file::statistics::Statistics;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::super::WriteError;
use super::super::schema::Row;

/// Rows in memory at a time.
const ROWS_AT_ONCE: usize = 8192;

/// A text column and the values that are wanted of it.
pub(super) struct Only<'v> {
    pub(super) column: &'static str,
    pub(super) values: &'v BTreeSet<String>,
}

impl<'v> Only<'v> {
    pub(super) const fn new(column: &'static str, values: &'v BTreeSet<String>) -> Self {
        Self { column, values }
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
    let file = File::open(path).map_err(|e| WriteError::io(path, e))?;
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
    let mut builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).map_err(|e| WriteError::table(path, &e))?;
    let schema = builder.parquet_schema();
    let mask = ProjectionMask::columns(schema, columns.iter().copied());
    let mut predicates: Vec<Box<dyn ArrowPredicate>> = Vec::new();
    for each in only {
        let values = each.values.clone();
        let own = ProjectionMask::columns(schema, [each.column]);
        predicates.push(Box::new(ArrowPredicateFn::new(own, move |batch| {
            let passes = batch.column(0).as_string::<i32>().iter().map(|cell| cell.is_some_and(|text| values.contains(text)));
            Ok(passes.map(Some).collect::<BooleanArray>())
        })));
    }
    let groups: Vec<usize> = (0..builder.metadata().num_row_groups()).filter(|group| only.iter().all(|each| may_hold(&builder, *group, each))).collect();
    builder = builder.with_projection(mask).with_batch_size(ROWS_AT_ONCE).with_row_groups(groups);
    if !predicates.is_empty() {
        builder = builder.with_row_filter(RowFilter::new(predicates));
    }
    for batch in builder.build().map_err(|e| WriteError::table(path, &e))? {
        R::read(&batch.map_err(|e| WriteError::table(path, &e))?).into_iter().for_each(&mut *visit);
    }
    Ok(())
}

/// Whether the statistics of a row group leave room for one of the values.
fn may_hold(builder: &ParquetRecordBatchReaderBuilder<File>, group: usize, only: &Only<'_>) -> bool {
    let Some(metadata) = builder.metadata().row_groups().get(group) else { return false };
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

/// Wanted rows of all part files, on all cores, in the order of the files.
///
/// # Errors
/// [`WriteError`] with the path.
pub(super) fn rows_of_parts<R: Row + Send>(parts: &[PathBuf], columns: &[&str], only: &[Only<'_>]) -> Result<Vec<R>, WriteError> {
    let all: Result<Vec<Vec<R>>, WriteError> = parts.par_iter().map(|part| rows(part, columns, only)).collect();
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
        let week = words(["week"]);
        assert!(rows::<TotalRow>(&path, &["documents"], &[Only::new("period", &week)]).unwrap().is_empty());
        assert_eq!(rows::<TotalRow>(&path, &["documents"], &[]).unwrap().len(), 3);
    }
}
