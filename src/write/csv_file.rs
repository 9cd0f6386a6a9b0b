//! Record batches → CSV: a header, line feeds, RFC 4180 quoting.
//!
//! A text cell that a spreadsheet would take for a formula gets an apostrophe
//! before it, and so does one that begins with an apostrophe: whoever takes one
//! leading apostrophe off every text cell has the table as it is in Parquet.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Float64Type, Int32Type, Int64Type};
use rayon::prelude::*;

use super::WriteError;
use super::schema::{Kind, Table};

/// First characters that begin a formula, and the guard itself.
const TRIGGERS: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\0', '＝', '＋', '－', '＠', '\''];

/// A table's CSV file while its rows come in.
pub struct CsvFile {
    path: PathBuf,
    file: File,
    table: Table,
}

impl CsvFile {
    /// Begins a file with the names of the columns.
    ///
    /// # Errors
    /// [`WriteError`] with the path.
    pub fn create(path: &Path, table: Table) -> Result<Self, WriteError> {
        let mut header = writer();
        header.write_record(table.columns.iter().map(|c| c.name)).map_err(|e| WriteError::table(path, &e))?;
        let header = header.into_inner().map_err(|e| WriteError::table(path, &e))?;
        let mut out = Self::without_header(path, table)?;
        out.file.write_all(&header).map_err(|e| WriteError::io(path, e))?;
        Ok(out)
    }

    /// Begins a file of rows alone, which [`append`](Self::append) puts into another.
    ///
    /// # Errors
    /// [`WriteError`] with the path.
    pub fn without_header(path: &Path, table: Table) -> Result<Self, WriteError> {
        let file = File::create(path).map_err(|e| WriteError::io(path, e))?;
        Ok(Self { path: path.to_owned(), file, table })
    }

    /// Adds the rows of a file that has no header.
    ///
    /// # Errors
    /// [`WriteError`] with the path.
    pub fn append(&mut self, rows: &Path) -> Result<(), WriteError> {
        let mut rows = File::open(rows).map_err(|e| WriteError::io(rows, e))?;
        std::io::copy(&mut rows, &mut self.file).map(|_| ()).map_err(|e| WriteError::io(&self.path, e))
    }

    /// Adds rows.
    ///
    /// # Errors
    /// [`WriteError`] with the path.
    ///
    /// # Cost
    /// The text of the whole batch is in memory; it is made on all cores.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), WriteError> {
        let parts: Vec<RecordBatch> =
            (0..batch.num_rows()).step_by(ROWS_A_TASK).map(|from| batch.slice(from, ROWS_A_TASK.min(batch.num_rows() - from))).collect();
        let texts: Vec<Result<Vec<u8>, csv::Error>> = parts.par_iter().map(|part| text(&self.table, part)).collect();
        for text in texts {
            let text = text.map_err(|e| WriteError::table(&self.path, &e))?;
            self.file.write_all(&text).map_err(|e| WriteError::io(&self.path, e))?;
        }
        Ok(())
    }
}

/// Rows that a thread makes into text at once.
const ROWS_A_TASK: usize = 2048;

fn writer() -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new())
}

/// The rows of a batch, as they stand in the file.
fn text(table: &Table, batch: &RecordBatch) -> Result<Vec<u8>, csv::Error> {
    let mut writer = writer();
    let mut field = String::new();
    for row in 0..batch.num_rows() {
        for (column, array) in table.columns.iter().zip(batch.columns()) {
            field.clear();
            if !array.is_null(row) {
                // A String takes whatever is written.
                let _ = cell(&mut field, column.kind, array, row);
            }
            writer.write_field(&field)?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.into_inner().map_err(|e| csv::Error::from(std::io::Error::other(e.to_string())))
}

fn cell(out: &mut String, kind: Kind, array: &ArrayRef, row: usize) -> std::fmt::Result {
    match kind {
        Kind::Text => guarded(out, array.as_string::<i32>().value(row)),
        Kind::TextList => {
            let list = array.as_list::<i32>().value(row);
            let texts: Vec<&str> = list.as_string::<i32>().iter().flatten().collect();
            write!(out, "{}", serde_json::Value::from(texts))
        }
        Kind::Int32 => write!(out, "{}", array.as_primitive::<Int32Type>().value(row)),
        Kind::Int64 => write!(out, "{}", array.as_primitive::<Int64Type>().value(row)),
        Kind::Float64 => write!(out, "{}", array.as_primitive::<Float64Type>().value(row)),
        Kind::Boolean => write!(out, "{}", array.as_boolean().value(row)),
        Kind::Date => array.as_primitive::<Date32Type>().value_as_date(row).map_or(Ok(()), |day| write!(out, "{day}")),
    }
}

fn guarded(out: &mut String, text: &str) -> std::fmt::Result {
    if text.starts_with(TRIGGERS) {
        out.push('\'');
    }
    out.write_str(text)
}

#[cfg(test)]
mod tests {
    use super::super::rows::ThemeRow;
    use super::super::schema::{Row, batch};
    use super::*;

    #[test]
    fn cells_that_look_like_formulas_are_guarded_and_come_back() {
        for text in ["=1+1", "＝甲", "-5", "'quoted", "+", "@x", "\tx", "plain", "甲=乙", ""] {
            let mut guarded = String::new();
            super::guarded(&mut guarded, text).unwrap();
            assert!(!guarded.starts_with(['=', '+', '-', '@', '\t', '＝']), "{text}");
            assert_eq!(guarded.strip_prefix('\'').unwrap_or(&guarded), text);
        }
    }

    #[test]
    fn the_file_has_a_header_line_feeds_and_quotes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("themes.csv");
        let rows = [ThemeRow { theme: "a,b".into(), theme_zh: "甲\n\"乙\"".into(), terms: vec!["丙".into(), "丁".into()], ..ThemeRow::default() }];
        CsvFile::create(&path, ThemeRow::table()).unwrap().write(&batch(&rows).unwrap()).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            text,
            "theme,theme_zh,theme_en,parent,level,terms,nested,first_known,source,gap,not_in\n\"a,b\",\"甲\n\"\"乙\"\"\",,,0,\"[\"\"丙\"\",\"\"丁\"\"]\",false,,,,[]\n"
        );
    }
}
