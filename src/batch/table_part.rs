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
        let mut open = self.open(metadata)?;
        rows.chunks(ROWS_AT_ONCE).try_for_each(|some| open.add(some))?;
        open.close()
    }

    /// The same of rows that are made while they are written. Each group begins a row
    /// group: who asks for one need not read the others.
    pub(super) fn made<I: Iterator<Item = R>>(self, groups: impl IntoIterator<Item = I>, metadata: &[(&str, &str)]) -> Result<u64, WriteError> {
        let mut open = self.open(metadata)?;
        for mut rows in groups {
            open.parquet.end_row_group()?;
            let some = || Some(rows.by_ref().take(ROWS_AT_ONCE).collect::<Vec<R>>()).filter(|some| !some.is_empty());
            std::iter::from_fn(some).try_for_each(|some| open.add(&some))?;
        }
        open.close()
    }

    fn open(self, metadata: &[(&str, &str)]) -> Result<Open<R>, WriteError> {
        let parquet = TableFile::<R>::create(&self.parquet, metadata)?;
        let csv = match &self.csv {
            Some(path) if self.header => Some(CsvFile::create(path, R::table())?),
            Some(path) => Some(CsvFile::without_header(path, R::table())?),
            None => None,
        };
        Ok(Open { path: self.parquet, parquet, csv, written: 0 })
    }
}

/// Its files while rows come in.
struct Open<R> {
    path: PathBuf,
    parquet: TableFile<R>,
    csv: Option<CsvFile>,
    written: u64,
}

impl<R: Row> Open<R> {
    fn add(&mut self, rows: &[R]) -> Result<(), WriteError> {
        let rows = batch(rows).map_err(|e| WriteError::table(&self.path, &e))?;
        self.written += rows.num_rows() as u64;
        self.parquet.write_batch(&rows)?;
        self.csv.as_mut().map_or(Ok(()), |csv| csv.write(&rows))
    }

    fn close(self) -> Result<u64, WriteError> {
        self.parquet.close()?;
        Ok(self.written)
    }
}
