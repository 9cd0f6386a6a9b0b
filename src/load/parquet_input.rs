//! A file of Parquet as its readers see it.

use std::fs::File;
use std::io::{BufReader, Read};
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::reader::{ChunkReader, Length};

/// Bytes read at once where a page begins: its header fits.
const HEADER: usize = 1024;

/// A Parquet file to read, by several readers at once if need be.
///
/// Each reads at a place of its own; parquet's own way through a [`File`] takes a new
/// descriptor and a seek for each header and each page.
#[derive(Clone, Debug)]
pub struct ParquetInput {
    file: Arc<File>,
    bytes: u64,
}

impl ParquetInput {
    /// Opens a file.
    ///
    /// # Errors
    /// Those of opening and of asking for its size.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let file = File::open(path)?;
        Ok(Self { bytes: file.metadata()?.len(), file: Arc::new(file) })
    }

    /// What its footer says, if that can be true.
    ///
    /// # Errors
    /// [`ParquetError`] of a footer that cannot be read, or as [`check`](Self::check).
    pub fn metadata(&self, options: ArrowReaderOptions) -> parquet::errors::Result<ArrowReaderMetadata> {
        let found = ArrowReaderMetadata::load(self, options)?;
        self.check(found.metadata())?;
        Ok(found)
    }

    /// Whether the columns of its footer lie in the file: parquet's readers trust it,
    /// and panic over a column of negative length.
    ///
    /// # Errors
    /// [`ParquetError`] for the first column that does not.
    pub fn check(&self, metadata: &ParquetMetaData) -> parquet::errors::Result<()> {
        let inside = |column: &ColumnChunkMetaData| {
            let first = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
            let end = u64::try_from(first).ok().zip(u64::try_from(column.compressed_size()).ok()).and_then(|(first, bytes)| first.checked_add(bytes));
            column.data_page_offset() >= 0 && end.is_some_and(|end| end <= self.bytes)
        };
        for (number, group) in metadata.row_groups().iter().enumerate() {
            if let Some(column) = group.columns().iter().find(|column| !inside(column)) {
                return Err(ParquetError::General(format!("column {} of row group {number} does not lie in the file", column.column_path())));
            }
        }
        Ok(())
    }

    /// A reader of its rows.
    ///
    /// # Errors
    /// As [`metadata`](Self::metadata).
    pub fn reader(&self) -> parquet::errors::Result<ParquetRecordBatchReaderBuilder<Self>> {
        let metadata = self.metadata(ArrowReaderOptions::default())?;
        Ok(ParquetRecordBatchReaderBuilder::new_with_metadata(self.clone(), metadata))
    }
}

impl Length for ParquetInput {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for ParquetInput {
    type T = BufReader<ReadFrom>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(BufReader::with_capacity(HEADER, ReadFrom { file: Arc::clone(&self.file), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        // A damaged footer may ask for any length.
        if start.checked_add(length as u64).is_none_or(|end| end > self.bytes) {
            return Err(ParquetError::EOF(format!("{length} bytes from byte {start} on, of {}", self.bytes)));
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, start)?;
        Ok(bytes.into())
    }
}

/// The batches of a reader, up to its first error. What it panics over, in a damaged
/// file, is an error too.
pub fn careful(mut reader: ParquetRecordBatchReader) -> impl Iterator<Item = Result<RecordBatch, ArrowError>> {
    let mut ended = false;
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let next = match catch_unwind(AssertUnwindSafe(|| reader.next())) {
            Ok(next) => next?,
            Err(_) => Err(ArrowError::ParquetError("its reader broke down over it".to_owned())),
        };
        // After an error it gives errors without end.
        ended = next.is_err();
        Some(next)
    })
}

/// A file from some byte on.
#[derive(Debug)]
pub struct ReadFrom {
    file: Arc<File>,
    at: u64,
}

impl Read for ReadFrom {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_places_are_read_at_once_and_nothing_beyond_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let all: Vec<u8> = (0..=255).cycle().take(3000).collect();
        std::fs::write(&path, &all).unwrap();
        let input = ParquetInput::open(&path).unwrap();
        assert_eq!(input.len(), 3000);
        let (mut first, mut second) = (input.get_read(0).unwrap(), input.clone().get_read(1500).unwrap());
        let (mut a, mut b) = (vec![0; 1200], Vec::new());
        first.read_exact(&mut a).unwrap();
        second.read_to_end(&mut b).unwrap();
        assert_eq!((a.as_slice(), b.as_slice()), (&all[..1200], &all[1500..]));
        assert_eq!(input.get_bytes(2990, 10).unwrap(), all[2990..]);
        for (start, length) in [(2990, 11), (u64::MAX, 1), (0, usize::MAX)] {
            assert!(input.get_bytes(start, length).is_err());
        }
        assert!(ParquetInput::open(&dir.path().join("none")).is_err());
    }
}
