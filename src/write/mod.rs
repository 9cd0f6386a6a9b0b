//! **write**: rows → one release.
//!
//! Everything is written beside the last release and published by one rename of
//! a link, so a reader sees the old release or the new one, whole.

mod assertion;
mod check;
mod condition;
mod csv_file;
mod data_package;
mod parquet_file;
mod release;
mod report;
mod reread;
mod rows;
mod schema;
mod sums;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub(crate) use assertion::cell;
pub use assertion::{Assertion, BUILTIN_CHECKS, CheckRecord, CheckStatus, Severity};
pub use check::{CheckFailure, RowCounts, ShardCheck, ThemeNumbers};
pub use condition::{Condition, ConditionFault};
pub use csv_file::CsvFile;
pub use data_package::data_package;
pub use parquet_file::{TableFile, batches, concatenate, each_batch, open_parquet, read_columns, read_parquet, read_text_column, row_count, write_parquet};
pub use release::{Release, clear_unfinished, latest, prune, sync_folder, write_whole};
pub use report::{Facts, Language, REPORT_FILE, SourceFact, report};
pub use reread::{Reread, SENTENCE_COLUMNS, documents, han_chars_of, resolutions};
pub use rows::{
    DateRow, DocumentRow, DocumentRows, EventRow, HitRow, Offsets, PlaceRow, RowMaker, SentenceRow, SpanRow, ThemeRow, document_row, span_rows, theme_rows,
};
pub use schema::{Column, Kind, Row, SCHEMA_VERSION, Table, batch, columns_fingerprint, tables};
pub use sums::{Written, check_breakdown, check_pairs, check_tables};

/// The files of a table in a folder of tables, in order; `None`: it is not there.
#[must_use]
pub fn table_files(tables: &Path, table: &Table) -> Option<Vec<PathBuf>> {
    let path = tables.join(table.name);
    if table.folder {
        let mut files: Vec<PathBuf> = std::fs::read_dir(path).ok()?.flatten().map(|e| e.path()).collect();
        files.sort();
        return Some(files);
    }
    let file = path.with_extension("parquet");
    file.is_file().then(|| vec![file])
}

/// Which tables have a CSV twin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CsvTables {
    /// `single`, `all` or `none`.
    Set(CsvSet),
    /// These.
    List(Vec<String>),
    /// As `single`.
    #[default]
    #[serde(skip)]
    Unset,
}

/// A named set of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CsvSet {
    /// All that are not folders.
    Single,
    /// All.
    All,
    /// None.
    None,
}

impl CsvTables {
    /// Whether this table has a twin.
    #[must_use]
    pub fn has(&self, table: &Table) -> bool {
        match self {
            Self::Set(CsvSet::All) => true,
            Self::Set(CsvSet::None) => false,
            Self::Set(CsvSet::Single) | Self::Unset => !table.folder,
            Self::List(names) => names.iter().any(|n| n == table.name),
        }
    }
}

/// A release that cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The system refused.
    #[error("cannot write `{}`: {cause}", path.display())]
    Io {
        /// File or folder.
        path: PathBuf,
        /// The system's answer.
        cause: std::io::Error,
    },
    /// A table cannot be encoded or decoded.
    #[error("cannot encode or read `{}`: {cause}", path.display())]
    Table {
        /// File.
        path: PathBuf,
        /// The library's answer.
        cause: String,
    },
}

impl WriteError {
    pub(crate) fn io(path: &Path, cause: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), cause }
    }

    pub(crate) fn table(path: &Path, cause: &dyn std::fmt::Display) -> Self {
        Self::Table { path: path.to_owned(), cause: cause.to_string() }
    }
}
