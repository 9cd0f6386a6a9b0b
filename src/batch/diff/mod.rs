//! What changed between two releases, table by table, and why.
//!
//! A row is told from another by its table's key. Part files that both releases
//! share (one file on disk, or the same bytes) are not read. Of the others,
//! rows are held as hashes of key and content, a part of all keys at a time, so
//! memory does not grow with a table.
//!
//! Why a row differs is told by what differs between the runs: the input, the
//! lexicon, the vocabulary, settings, the version. A row of a document that is
//! new, gone or changed differs by that; any other row of the tables by document
//! only by the rest. In a series, a sum over documents, the causes that are
//! possible stand together.

mod causes;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value};

pub use causes::{Cause, Difference, causes};
use rows::{Differing, Side};

use super::record::RunRecord;
use crate::plan::Plan;
use crate::write::{DocumentRow, Row, Table, ThemeRow, WriteError, latest, read_parquet, table_files, tables};

/// A release that is there.
#[derive(Clone, Debug)]
pub struct ReleaseEntry {
    /// Its id.
    pub id: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Whether `latest` leads to it.
    pub latest: bool,
    /// The run that made it.
    pub record: RunRecord,
}

/// The releases of a pipeline, oldest first. What cannot be read is left out.
#[must_use]
pub fn releases(plan: &Plan) -> Vec<ReleaseEntry> {
    let output = plan.output.join(&plan.name);
    let newest = latest(&output);
    let newest = newest.as_deref().and_then(Path::file_name);
    let mut folders: Vec<PathBuf> = std::fs::read_dir(output.join("releases")).into_iter().flatten().flatten().map(|e| e.path()).collect();
    folders.sort();
    let entry = |folder: PathBuf| {
        let id = folder.file_name()?.to_str().filter(|name| !name.starts_with('.'))?.to_owned();
        Some(ReleaseEntry { latest: folder.file_name() == newest, record: RunRecord::read(&folder.join("run.json"))?, id, folder })
    };
    folders.into_iter().filter_map(entry).collect()
}

/// The release that is meant by an id, by the beginning of one, by `latest`, or
/// by `latest~2`: the second before it.
///
/// # Errors
/// What is wrong with the name, for a person.
pub fn find_release<'r>(all: &'r [ReleaseEntry], named: &str) -> Result<&'r ReleaseEntry, String> {
    let known = || all.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(rest) = named.strip_prefix("latest").filter(|rest| rest.is_empty() || rest.starts_with('~')) {
        let back = match rest.strip_prefix('~') {
            None => 0,
            Some(number) => number.parse().map_err(|_| format!("`{named}` is no release: write latest~1 for the one before the latest"))?,
        };
        let at = all.iter().position(|entry| entry.latest).ok_or_else(|| "there is no latest release".to_owned())?;
        return at.checked_sub(back).and_then(|at| all.get(at)).ok_or_else(|| format!("there is no release `{named}`; there are {}", known()));
    }
    let fitting: Vec<&ReleaseEntry> = all.iter().filter(|entry| entry.id.starts_with(named) && !named.is_empty()).collect();
    match fitting.as_slice() {
        [only] => Ok(only),
        [] => Err(format!("there is no release `{named}`; there are {}", known())),
        several => Err(format!("{} releases begin with `{named}`", several.len())),
    }
}

/// Numbers of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// Rows with a new key.
    pub added: u64,
    /// Rows whose key is gone.
    pub removed: u64,
    /// Rows of one key with another content.
    pub changed: u64,
}

impl Changed {
    fn all(self) -> u64 {
        self.added + self.removed + self.changed
    }
}

/// Rows that differ for one reason.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// How many.
    pub rows: Changed,
    /// What may have done it; one, where it is known.
    pub causes: Vec<Cause>,
    /// Whether they belong to documents that are new, gone or changed.
    pub in_changed_documents: bool,
    /// Some of them.
    pub examples: Vec<Example>,
}

/// A row that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Example {
    /// `added`, `removed` or `changed`.
    pub kind: &'static str,
    /// Its key.
    pub key: Map<String, Value>,
    /// Of a changed row, the columns that differ, in the order of the table:
    /// before and after.
    pub columns: Map<String, Value>,
}

/// What changed in a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TableDiff {
    /// Its name.
    pub table: &'static str,
    /// All rows that differ.
    pub rows: Changed,
    /// The same by reason.
    pub groups: Vec<Group>,
    /// Columns that only one of the releases has; they are not compared.
    pub other_columns: Vec<String>,
    /// Which release has the table, if one has not: `first` or `second`.
    pub only_in: Option<&'static str>,
}

/// What changed between two releases.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReleaseDiff {
    /// Id of the first.
    pub first: String,
    /// Id of the second.
    pub second: String,
    /// What differs between the runs that made them.
    pub causes: Vec<Difference>,
    /// Themes that are new, gone or changed.
    pub themes: ThemeChanges,
    /// The tables that differ, in the order of a release.
    pub tables: Vec<TableDiff>,
    /// The tables that do not.
    pub unchanged: Vec<&'static str>,
}

/// Ids of themes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ThemeChanges {
    /// In the second release only.
    pub added: Vec<String>,
    /// In the first only.
    pub removed: Vec<String>,
    /// In both, with other terms, labels, parent or exclusions.
    pub changed: Vec<String>,
}

/// Compares two releases, with at most `examples` rows for each kind and reason.
///
/// # Errors
/// [`WriteError`] if a table cannot be read.
///
/// # Cost
/// Reads the part files that the releases do not share, once for each million
/// rows of a table; memory for a million hashes of each side, and a number for
/// each document that differs.
pub fn diff(first: &ReleaseEntry, second: &ReleaseEntry, examples: usize) -> Result<ReleaseDiff, WriteError> {
    let causes = causes(&first.record, &second.record);
    let mut out = ReleaseDiff {
        first: first.id.clone(),
        second: second.id.clone(),
        themes: theme_changes(first, second)?,
        causes,
        tables: Vec::new(),
        unchanged: Vec::new(),
    };
    // Hashes of the ids of documents that differ; the table comes first.
    let mut touched: Vec<u64> = Vec::new();
    for table in tables() {
        let files = |release: &ReleaseEntry| table_files(&release.folder.join("tables"), &table);
        let (before, after) = match (files(first), files(second)) {
            (Some(before), Some(after)) => unshared(before, after)?,
            (None, None) => continue,
            (before, _) => {
                let only_in = Some(if before.is_some() { "first" } else { "second" });
                let rows = Changed::default();
                out.tables.push(TableDiff { table: table.name, rows, groups: Vec::new(), other_columns: Vec::new(), only_in });
                continue;
            }
        };
        let differing = rows::differing(&table, &before, &after, &touched, examples)?;
        if table.name == "documents" {
            touched.clone_from(&differing.keys);
        }
        if differing.all().all() == 0 && differing.other_columns.is_empty() {
            out.unchanged.push(table.name);
            continue;
        }
        out.tables.push(table_diff(&table, differing, &out.causes));
    }
    Ok(out)
}

fn table_diff(table: &Table, differing: Differing, causes: &[Difference]) -> TableDiff {
    let possible = causes::possible(table, causes);
    let of_documents = causes::possible(&DocumentRow::table(), causes);
    let by_document = rows::by_document(table);
    let rows = differing.all();
    let mut groups = Vec::new();
    for side in [Side::Elsewhere, Side::ChangedDocument] {
        let (rows, examples) = differing.of(side);
        if rows.all() == 0 {
            continue;
        }
        let in_changed_documents = side == Side::ChangedDocument;
        let causes = match (by_document, in_changed_documents) {
            // Nothing but the input, or how it is parsed, changes a document.
            (true, true) => possible.iter().copied().filter(|cause| of_documents.contains(cause)).collect(),
            (true, false) => possible.iter().copied().filter(|cause| *cause != Cause::Data).collect(),
            (false, _) => possible.clone(),
        };
        let causes: Vec<Cause> = if causes.is_empty() { possible.clone() } else { causes };
        groups.push(Group { rows, causes, in_changed_documents, examples });
    }
    TableDiff { table: table.name, rows, groups, other_columns: differing.other_columns, only_in: None }
}

/// A file with its place on the disk and its size.
type Known = (PathBuf, (u64, u64), u64);

/// The files that only one of the releases has.
fn unshared(before: Vec<PathBuf>, after: Vec<PathBuf>) -> Result<(Vec<PathBuf>, Vec<PathBuf>), WriteError> {
    let inode = |path: &PathBuf| path.metadata().map(|data| ((data.dev(), data.ino()), data.len())).map_err(|e| WriteError::io(path, e));
    let known = |paths: Vec<PathBuf>| -> Result<Vec<Known>, WriteError> {
        paths.into_iter().map(|path| inode(&path).map(|(inode, bytes)| (path, inode, bytes))).collect()
    };
    let (mut before, mut after) = (known(before)?, known(after)?);
    let inodes = |side: &[Known]| side.iter().map(|(_, inode, _)| *inode).collect::<BTreeSet<_>>();
    let (of_before, of_after) = (inodes(&before), inodes(&after));
    before.retain(|(_, inode, _)| !of_after.contains(inode));
    after.retain(|(_, inode, _)| !of_before.contains(inode));
    // Copies: the same bytes in another file.
    let sizes = |side: &[Known]| side.iter().map(|(_, _, bytes)| *bytes).collect::<BTreeSet<_>>();
    let (sizes_before, sizes_after) = (sizes(&before), sizes(&after));
    let hashes = |side: &[Known], other: &BTreeSet<u64>| -> Result<Vec<Option<blake3::Hash>>, WriteError> {
        side.iter().map(|(path, _, bytes)| other.contains(bytes).then(|| file_hash(path)).transpose()).collect()
    };
    let (hash_before, hash_after) = (hashes(&before, &sizes_after)?, hashes(&after, &sizes_before)?);
    let left = |side: Vec<Known>, own: &[Option<blake3::Hash>], other: &[Option<blake3::Hash>]| {
        let shared = |hash: &Option<blake3::Hash>| hash.is_some() && other.contains(hash);
        side.into_iter().zip(own).filter(|(_, hash)| !shared(hash)).map(|((path, ..), _)| path).collect::<Vec<_>>()
    };
    Ok((left(before, &hash_before, &hash_after), left(after, &hash_after, &hash_before)))
}

fn file_hash(path: &Path) -> Result<blake3::Hash, WriteError> {
    let mut file = File::open(path).map_err(|e| WriteError::io(path, e))?;
    let (mut hasher, mut buffer) = (blake3::Hasher::new(), vec![0; 1 << 16]);
    loop {
        let read = file.read(&mut buffer).map_err(|e| WriteError::io(path, e))?;
        if read == 0 {
            return Ok(hasher.finalize());
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
    }
}

fn theme_changes(first: &ReleaseEntry, second: &ReleaseEntry) -> Result<ThemeChanges, WriteError> {
    let name = ThemeRow::table().name;
    let read = |release: &ReleaseEntry| -> Result<BTreeMap<String, ThemeRow>, WriteError> {
        let path = release.folder.join("tables").join(name).with_extension("parquet");
        let rows: Vec<ThemeRow> = read_parquet(&path)?;
        Ok(rows.into_iter().map(|row| (row.theme.clone(), row)).collect())
    };
    let (before, after) = match (read(first), read(second)) {
        (Ok(before), Ok(after)) => (before, after),
        // Those of another version may have other columns.
        (Err(WriteError::Table { .. }), _) | (_, Err(WriteError::Table { .. })) => return Ok(ThemeChanges::default()),
        (Err(error), _) | (_, Err(error)) => return Err(error),
    };
    let names = |of: &BTreeMap<String, ThemeRow>, other: &BTreeMap<String, ThemeRow>| of.keys().filter(|id| !other.contains_key(*id)).cloned().collect();
    let changed = before.iter().filter(|(id, row)| after.get(*id).is_some_and(|other| other != *row)).map(|(id, _)| id.clone()).collect();
    Ok(ThemeChanges { added: names(&after, &before), removed: names(&before, &after), changed })
}
