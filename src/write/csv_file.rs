//! Record batches → CSV: a header, line feeds, RFC 4180 quoting.
//!
//! A text cell that a spreadsheet would take for a formula gets an apostrophe
//! before it, and so does one that begins with an apostrophe: whoever takes one
//! leading apostrophe off every text cell has the table as it is in Parquet.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Float64Type, Int32Type, Int64Type};

use super::WriteError;
use super::schema::{Kind, Table};

/// First characters that begin a formula, and the guard itself.
const TRIGGERS: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\0', '＝', '＋', '－', '＠', '\''];

/// Writes a table's batches.
///
/// # Errors
/// [`WriteError`] with the path.
pub fn write_csv(path: &Path, table: &Table, batches: impl Iterator<Item = Result<RecordBatch, WriteError>>) -> Result<(), WriteError> {
    let file = File::create(path).map_err(|e| WriteError::io(path, e))?;
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(BufWriter::new(file));
    let failed = |e: csv::Error| WriteError::table(path, &e);
    writer.write_record(table.columns.iter().map(|c| c.name)).map_err(failed)?;
    for batch in batches {
        let batch = batch?;
        for row in 0..batch.num_rows() {
            for (column, array) in table.columns.iter().zip(batch.columns()) {
                writer.write_field(cell(column.kind, array, row)).map_err(failed)?;
            }
            writer.write_record(None::<&[u8]>).map_err(failed)?;
        }
    }
    let mut inner = writer.into_inner().map_err(|e| WriteError::table(path, &e))?;
    inner.flush().map_err(|e| WriteError::io(path, e))
}

fn cell(kind: Kind, array: &ArrayRef, row: usize) -> String {
    if array.is_null(row) {
        return String::new();
    }
    match kind {
        Kind::Text => guarded(array.as_string::<i32>().value(row)),
        Kind::TextList => {
            let list = array.as_list::<i32>().value(row);
            let texts: Vec<&str> = list.as_string::<i32>().iter().flatten().collect();
            serde_json::Value::from(texts).to_string()
        }
        Kind::Int32 => array.as_primitive::<Int32Type>().value(row).to_string(),
        Kind::Int64 => array.as_primitive::<Int64Type>().value(row).to_string(),
        Kind::Float64 => array.as_primitive::<Float64Type>().value(row).to_string(),
        Kind::Boolean => array.as_boolean().value(row).to_string(),
        Kind::Date => array.as_primitive::<Date32Type>().value_as_date(row).map_or_else(String::new, |day| day.to_string()),
    }
}

fn guarded(text: &str) -> String {
    if text.starts_with(TRIGGERS) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::rows::ThemeRow;
    use super::super::schema::{Row, batch};
    use super::*;

    #[test]
    fn cells_that_look_like_formulas_are_guarded_and_come_back() {
        for text in ["=1+1", "＝甲", "-5", "'quoted", "+", "@x", "\tx", "plain", "甲=乙", ""] {
            let guarded = guarded(text);
            assert!(!guarded.starts_with(['=', '+', '-', '@', '\t', '＝']), "{text}");
            assert_eq!(guarded.strip_prefix('\'').unwrap_or(&guarded), text);
        }
    }

    #[test]
    fn the_file_has_a_header_line_feeds_and_quotes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("themes.csv");
        let rows = [ThemeRow { theme: "a,b".into(), theme_zh: "甲\n\"乙\"".into(), terms: vec!["丙".into(), "丁".into()], ..ThemeRow::default() }];
        write_csv(&path, &ThemeRow::table(), std::iter::once(Ok(batch(&rows).unwrap()))).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            text,
            "theme,theme_zh,theme_en,parent,level,terms,nested,first_known,source,gap,not_in\n\"a,b\",\"甲\n\"\"乙\"\"\",,,0,\"[\"\"丙\"\",\"\"丁\"\"]\",false,,,,[]\n"
        );
    }
}
