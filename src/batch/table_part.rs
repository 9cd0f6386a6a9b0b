//! Rows into a Parquet file and its CSV twin: a whole table, or one part of it
//! that is put together with the others later.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use crate::write::{CsvFile, Row, TableFile, WriteError, batch};

/// Rows that are in memory together while they are written.
const ROWS_AT_ONCE: usize = 1 << 14;

/// A table that is one file, or a part of one.
pub(super) struct TablePart<R> {
    parquet: PathBuf,
    csv: Option<PathBuf>,
    /// Whether the CSV begins with the names of the columns.
    header: bool,
    rows: PhantomData<R>,
}

impl<R: Row> TablePart<R> {
    /// A part in a folder of the cache, with its CSV if that is asked for.
    pub(super) fn new(folder: &Path, csv: bool) -> Self {
        let path = folder.join(R::table().name);
        Self { parquet: path.with_extension("parquet"), csv: csv.then(|| path.with_extension("csv")), header: false, rows: PhantomData }
    }

    /// A whole table.
    pub(super) fn whole(parquet: &Path, csv: Option<&Path>) -> Self {
        Self { parquet: parquet.to_owned(), csv: csv.map(Path::to_owned), header: true, rows: PhantomData }
    }

    /// Writes its rows, and says how many they are.
    pub(super) fn rows(self, rows: &[R], metadata: &[(&str, &str)]) -> Result<u64, WriteError> {
        self.write(rows.chunks(ROWS_AT_ONCE), metadata)
    }

    /// The same of rows that are made while they are written.
    pub(super) fn made(self, mut rows: impl Iterator<Item = R>, metadata: &[(&str, &str)]) -> Result<u64, WriteError> {
        let some = || Some(rows.by_ref().take(ROWS_AT_ONCE).collect::<Vec<R>>()).filter(|some| !some.is_empty());
        self.write(std::iter::from_fn(some), metadata)
    }

    fn write<S: AsRef<[R]>>(self, parts: impl Iterator<Item = S>, metadata: &[(&str, &str)]) -> Result<u64, WriteError> {
        let mut file = TableFile::<R>::create(&self.parquet, metadata)?;
        let mut csv = match &self.csv {
            Some(path) if self.header => Some(CsvFile::create(path, R::table())?),
            Some(path) => Some(CsvFile::without_header(path, R::table())?),
            None => None,
        };
        let mut written = 0;
        for part in parts {
            let rows = batch(part.as_ref()).map_err(|e| WriteError::table(&self.parquet, &e))?;
            written += rows.num_rows() as u64;
            file.write_batch(&rows)?;
            csv.as_mut().map_or(Ok(()), |csv| csv.write(&rows))?;
        }
        file.close()?;
        Ok(written)
    }
}
