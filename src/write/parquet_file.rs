//! Rows ↔ Parquet: zstd, plain `Utf8`, whole numbers and days by their
//! differences, statistics of row groups where they can be told apart by them, the
//! schema's version in the file, and nothing that differs between equal runs.

use std::fs::File;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter, ProjectionMask, add_encoded_arrow_schema_to_metadata};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::{KeyValue, ParquetMetaData, ParquetMetaDataReader, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

use super::WriteError;
use super::schema::{Kind, Row, SCHEMA_VERSION, Table, batch};
use crate::load::{ParquetInput, careful};

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

/// Tables of which each shard has a file: they hold nearly all rows.
const OF_SHARDS: [&str; 7] = ["documents", "sentences", "dates", "places", "events", "hits", "spans"];

/// How the file of a table is written.
fn properties(table: &Table, path: &Path, metadata: &[(&str, &str)]) -> Result<WriterProperties, WriteError> {
    let mut pairs =
        vec![KeyValue::new("tifa.table".to_owned(), table.name.to_owned()), KeyValue::new("tifa.schema_version".to_owned(), SCHEMA_VERSION.to_owned())];
    pairs.extend(metadata.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), (*value).to_owned())));
    let sorting = table.order.iter().filter_map(|name| {
        let index = table.columns.iter().position(|c| c.name == *name)?;
        Some(SortingColumn { column_idx: i32::try_from(index).ok()?, descending: false, nulls_first: false })
    });
    let level = ZstdLevel::try_new(zstd_level(table.name)).map_err(|e| WriteError::table(path, &e))?;
    let mut properties = WriterProperties::builder();
    let of_shards = OF_SHARDS.contains(&table.name);
    for column in &table.columns {
        let path = || ColumnPath::from(column.name);
        let different = DIFFERENT.contains(&(table.name, column.name));
        if matches!(column.kind, Kind::Int32 | Kind::Int64 | Kind::Date) {
            properties = properties.set_column_dictionary_enabled(path(), false).set_column_encoding(path(), Encoding::DELTA_BINARY_PACKED);
            if of_shards {
                // zstd would make the tables a hundredth smaller, and is set up anew for each column.
                properties = properties.set_column_compression(path(), Compression::UNCOMPRESSED);
            }
        } else if different {
            properties = properties.set_column_dictionary_enabled(path(), false);
        }
        // A document is looked up by its id. Of other texts, a file has some from first to last.
        let same_everywhere = different || of_shards && table.name != "documents";
        if column.kind == Kind::Text && same_everywhere && !table.key.contains(&column.name) {
            properties = properties.set_column_statistics_enabled(path(), EnabledStatistics::None);
        }
    }
    Ok(properties
        .set_compression(Compression::ZSTD(level))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_sorting_columns(Some(sorting.collect::<Vec<_>>()).filter(|s| !s.is_empty()))
        .set_created_by(concat!("tifa ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_key_value_metadata(Some(pairs))
        .build())
}

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
        let properties = properties(&R::table(), path, metadata)?;
        let file = File::create(path).map_err(|e| WriteError::io(path, e))?;
        let writer = ArrowWriter::try_new(file, R::table().arrow(), Some(properties)).map_err(|e| WriteError::table(path, &e))?;
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

    /// Ends the row group, if it has rows: what comes next is in another.
    ///
    /// # Errors
    /// [`WriteError`] with the path.
    pub fn end_row_group(&mut self) -> Result<(), WriteError> {
        self.writer.flush().map_err(|e| WriteError::table(&self.path, &e))
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

/// Puts files of a table one after the other into one file, with their row groups
/// as they are.
///
/// # Errors
/// [`WriteError`] with the path.
///
/// # Cost
/// That of copying: nothing is decoded.
pub fn concatenate(path: &Path, table: &Table, parts: &[PathBuf], metadata: &[(&str, &str)]) -> Result<(), WriteError> {
    let failed = |e: parquet::errors::ParquetError| WriteError::table(path, &e);
    let schema = table.arrow();
    let mut properties = properties(table, path, metadata)?;
    add_encoded_arrow_schema_to_metadata(&schema, &mut properties);
    let columns = ArrowSchemaConverter::new().convert(&schema).map_err(failed)?;
    let file = File::create(path).map_err(|e| WriteError::io(path, e))?;
    let mut writer = SerializedFileWriter::new(file, columns.root_schema_ptr(), Arc::new(properties)).map_err(failed)?;
    for part in parts {
        let failed = |e: parquet::errors::ParquetError| WriteError::table(part, &e);
        let (file, of_part) = with_footer(part)?;
        for row_group in of_part.row_groups() {
            let mut out = writer.next_row_group().map_err(failed)?;
            for column in row_group.columns() {
                let closed = ColumnCloseResult {
                    bytes_written: u64::try_from(column.compressed_size()).unwrap_or(0),
                    rows_written: u64::try_from(row_group.num_rows()).unwrap_or(0),
                    metadata: column.clone(),
                    bloom_filter: None,
                    column_index: None,
                    offset_index: None,
                };
                out.append_column(&file, closed).map_err(failed)?;
            }
            out.close().map_err(failed)?;
        }
    }
    writer.close().map(|_| ()).map_err(failed)
}

/// Opens a table's file.
///
/// # Errors
/// [`WriteError`] with the path.
pub fn open_parquet(path: &Path) -> Result<ParquetInput, WriteError> {
    ParquetInput::open(path).map_err(|e| WriteError::io(path, e))
}

/// How many rows a table's file has, as its footer says.
///
/// # Errors
/// [`WriteError`] with the path.
pub fn row_count(path: &Path) -> Result<u64, WriteError> {
    let (_, footer) = with_footer(path)?;
    u64::try_from(footer.file_metadata().num_rows()).map_err(|e| WriteError::table(path, &e))
}

/// Opens a table's file, and reads what its footer says.
fn with_footer(path: &Path) -> Result<(ParquetInput, ParquetMetaData), WriteError> {
    let file = open_parquet(path)?;
    let footer = ParquetMetaDataReader::new().parse_and_finish(&file).and_then(|footer| file.check(&footer).map(|()| footer));
    footer.map(|footer| (file, footer)).map_err(|e| WriteError::table(path, &e))
}

/// The batches of a Parquet file, one at a time.
///
/// # Errors
/// [`WriteError`] with the path.
pub fn batches(path: &Path) -> Result<impl Iterator<Item = Result<RecordBatch, WriteError>>, WriteError> {
    let reader = open_parquet(path)?.reader().and_then(|b| b.with_batch_size(8192).build()).map_err(|e| WriteError::table(path, &e))?;
    Ok(careful(reader).map(|batch| batch.map_err(|e| WriteError::table(path, &e))))
}

/// One text column of a file, without reading the others.
///
/// # Errors
/// [`WriteError`] with the path.
pub fn read_text_column(path: &Path, column: &str) -> Result<Vec<String>, WriteError> {
    let builder = open_parquet(path)?.reader().map_err(|e| WriteError::table(path, &e))?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), [column]);
    let reader = builder.with_projection(mask).build().map_err(|e| WriteError::table(path, &e))?;
    let mut out = Vec::new();
    for batch in careful(reader) {
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
    let builder = open_parquet(path)?.reader().map_err(|e| WriteError::table(path, &e))?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    let reader = builder.with_projection(mask).with_batch_size(rows).build().map_err(|e| WriteError::table(path, &e))?;
    for batch in careful(reader) {
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
