//! Rows ↔ Parquet: zstd, plain `Utf8`, whole numbers and days by their
//! differences, statistics for every row group, the schema's version in the file,
//! and nothing that differs between equal runs.

use std::fs::File;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use arrow::array::{AsArray, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{KeyValue, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::WriteError;
use super::schema::{Kind, Row, SCHEMA_VERSION, batch};

/// Rows in a row group: what DuckDB reads best.
const ROW_GROUP_ROWS: usize = 122_880;

/// Level of zstd: whole texts are a quarter smaller at level 3 than at 1, which takes
/// half as long again; tables of short cells are not (docs/performance.md).
fn zstd_level(table: &str) -> i32 {
    if table == "documents" { 3 } else { 1 }
}

/// Columns whose texts are all different: a dictionary of them is work for nothing.
const DIFFERENT: [(&str, &str); 8] = [
    ("documents", "doc_id"),
    ("documents", "title"),
    ("documents", "url"),
    ("documents", "text"),
    ("documents", "content_hash"),
    ("events", "event_id"),
    ("occasions", "occasion_id"),
    ("occasions", "name"),
];

/// A table's file while its rows come in.
pub struct TableFile<R> {
    path: PathBuf,
    writer: ArrowWriter<File>,
    rows: PhantomData<R>,
}

impl<R: Row> TableFile<R> {
    /// Begins a file. `metadata` is added to its key-value metadata: what the
    /// rows depend on and nothing else.
    ///
    /// # Errors
    /// [`WriteError`] with the path.
    pub fn create(path: &Path, metadata: &[(&str, &str)]) -> Result<Self, WriteError> {
        let table = R::table();
        let mut pairs =
            vec![KeyValue::new("tifa.table".to_owned(), table.name.to_owned()), KeyValue::new("tifa.schema_version".to_owned(), SCHEMA_VERSION.to_owned())];
        pairs.extend(metadata.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), (*value).to_owned())));
        let sorting = table.order.iter().filter_map(|name| {
            let index = table.columns.iter().position(|c| c.name == *name)?;
            Some(SortingColumn { column_idx: i32::try_from(index).ok()?, descending: false, nulls_first: false })
        });
        let level = ZstdLevel::try_new(zstd_level(table.name)).map_err(|e| WriteError::table(path, &e))?;
        let mut properties = WriterProperties::builder();
        for column in &table.columns {
            let path = ColumnPath::from(column.name);
            properties = match column.kind {
                Kind::Int32 | Kind::Int64 | Kind::Date => {
                    properties.set_column_dictionary_enabled(path.clone(), false).set_column_encoding(path, Encoding::DELTA_BINARY_PACKED)
                }
                Kind::Text if DIFFERENT.contains(&(table.name, column.name)) => properties.set_column_dictionary_enabled(path, false),
                _ => properties,
            };
        }
        let properties = properties
            .set_compression(Compression::ZSTD(level))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_sorting_columns(Some(sorting.collect::<Vec<_>>()).filter(|s| !s.is_empty()))
            .set_created_by(concat!("tifa ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_key_value_metadata(Some(pairs))
            .build();
        let file = File::create(path).map_err(|e| WriteError::io(path, e))?;
        let writer = ArrowWriter::try_new(file, table.arrow(), Some(properties)).map_err(|e| WriteError::table(path, &e))?;
        Ok(Self { path: path.to_owned(), writer, rows: PhantomData })
    }

    /// Adds rows.
    ///
    /// # Errors
    /// [`WriteError`] with the path.
    pub fn write(&mut self, rows: &[R]) -> Result<(), WriteError> {
        let batch = batch(rows).map_err(|e| WriteError::table(&self.path, &e))?;
        self.write_batch(&batch)
    }

    /// Adds rows that were made into a [`batch`] before.
    ///
    /// # Errors
    /// [`WriteError`] with the path.
    pub fn write_batch(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        self.writer.write(batch).map_err(|e| WriteError::table(&self.path, &e))
    }

    /// Ends the file.
    ///
    /// # Errors
    /// [`WriteError`] with the path.
    pub fn close(self) -> Result<(), WriteError> {
        let path = self.path;
        self.writer.close().map(|_| ()).map_err(|e| WriteError::table(&path, &e))
    }
}

/// Writes the rows of a table at once.
///
/// # Errors
/// [`WriteError`] with the path.
pub fn write_parquet<R: Row>(path: &Path, rows: &[R], metadata: &[(&str, &str)]) -> Result<(), WriteError> {
    let mut file = TableFile::create(path, metadata)?;
    file.write(rows)?;
    file.close()
}

/// The batches of a Parquet file, one at a time.
///
/// # Errors
/// [`WriteError`] with the path.
pub fn batches(path: &Path) -> Result<impl Iterator<Item = Result<RecordBatch, WriteError>>, WriteError> {
    let file = File::open(path).map_err(|e| WriteError::io(path, e))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|b| b.with_batch_size(8192).build()).map_err(|e| WriteError::table(path, &e))?;
    Ok(reader.map(|batch| batch.map_err(|e| WriteError::table(path, &e))))
}

/// One text column of a file, without reading the others.
///
/// # Errors
/// [`WriteError`] with the path.
pub fn read_text_column(path: &Path, column: &str) -> Result<Vec<String>, WriteError> {
    let file = File::open(path).map_err(|e| WriteError::io(path, e))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| WriteError::table(path, &e))?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), [column]);
    let reader = builder.with_projection(mask).build().map_err(|e| WriteError::table(path, &e))?;
    let mut out = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|e| WriteError::table(path, &e))?;
        out.extend(batch.columns().iter().flat_map(|c| c.as_string::<i32>().iter()).flatten().map(str::to_owned));
    }
    Ok(out)
}

/// Shows some columns of a file, batch by batch of at most `rows` rows.
///
/// # Errors
/// [`WriteError`] with the path.
///
/// # Cost
/// Memory for one batch and one compressed page of each column.
pub fn each_batch(path: &Path, columns: &[&str], rows: usize, visit: &mut dyn FnMut(&RecordBatch)) -> Result<(), WriteError> {
    let file = File::open(path).map_err(|e| WriteError::io(path, e))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| WriteError::table(path, &e))?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    let reader = builder.with_projection(mask).with_batch_size(rows).build().map_err(|e| WriteError::table(path, &e))?;
    for batch in reader {
        visit(&batch.map_err(|e| WriteError::table(path, &e))?);
    }
    Ok(())
}

/// Reads some columns of the rows of a table; the others have their defaults.
///
/// # Errors
/// [`WriteError`] with the path.
pub fn read_columns<R: Row>(path: &Path, columns: &[&str]) -> Result<Vec<R>, WriteError> {
    let mut rows = Vec::new();
    each_batch(path, columns, 8192, &mut |batch| rows.extend(R::read(batch)))?;
    Ok(rows)
}

/// Reads the rows of a table.
///
/// # Errors
/// [`WriteError`] with the path.
pub fn read_parquet<R: Row>(path: &Path) -> Result<Vec<R>, WriteError> {
    let expected = R::table().arrow();
    let mut rows = Vec::new();
    for batch in batches(path)? {
        let batch = batch?;
        // A file of another version must not be taken for one of this.
        let same = batch.schema().fields().iter().map(|f| (f.name(), f.data_type())).eq(expected.fields().iter().map(|f| (f.name(), f.data_type())));
        if !same {
            return Err(WriteError::table(path, &"its columns are not those of this version"));
        }
        rows.extend(R::read(&batch));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::super::rows::HitRow;
    use super::*;

    #[test]
    fn rows_written_twice_give_the_same_bytes_and_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let rows: Vec<HitRow> = (0..1000).map(|i| HitRow { doc_id: format!("d{i}").into(), theme: "甲".into(), char_start: i, ..HitRow::default() }).collect();
        let (a, b) = (dir.path().join("a.parquet"), dir.path().join("b.parquet"));
        write_parquet(&a, &rows, &[("tifa.lexicon", "x")]).unwrap();
        write_parquet(&b, &rows, &[("tifa.lexicon", "x")]).unwrap();
        assert_eq!(std::fs::read(&a).unwrap(), std::fs::read(&b).unwrap());
        assert_eq!(read_parquet::<HitRow>(&a).unwrap(), rows);
    }
}
