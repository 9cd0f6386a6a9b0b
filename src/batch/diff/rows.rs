//! The rows of a table that differ between two sets of files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{Date32Type, Float64Type, Int32Type, Int64Type};
use serde_json::{Map, Value, json};

use super::{Changed, Example};
use crate::load::leading_u64;
use crate::write::{Column, Kind, Table, WriteError, cell, each_batch, open_parquet, row_count};

/// Rows of each side whose hashes are in memory together.
const AT_ONCE: u64 = 1 << 20;

/// Rows that are read together.
const BATCH: usize = 2048;

/// To which documents a row belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    /// To one that is the same, or to none.
    Elsewhere,
    /// To one that differs.
    ChangedDocument,
}

/// The kinds of difference.
const KINDS: [&str; 3] = ["added", "removed", "changed"];

/// What differs in a table.
#[derive(Debug, Default)]
pub(super) struct Differing {
    sums: BTreeMap<Side, Changed>,
    examples: BTreeMap<Side, Vec<Example>>,
    /// Hashes of the keys of all rows that differ, of `documents` alone.
    pub(super) keys: Vec<u64>,
    pub(super) other_columns: Vec<String>,
}

impl Differing {
    /// All rows that differ.
    pub(super) fn all(&self) -> Changed {
        self.sums.values().fold(Changed::default(), |sum, rows| Changed {
            added: sum.added + rows.added,
            removed: sum.removed + rows.removed,
            changed: sum.changed + rows.changed,
        })
    }

    /// Those of one side, with examples.
    pub(super) fn of(&self, side: Side) -> (Changed, Vec<Example>) {
        (self.sums.get(&side).copied().unwrap_or_default(), self.examples.get(&side).cloned().unwrap_or_default())
    }
}

/// Whether the rows of a table belong to documents.
pub(super) fn by_document(table: &Table) -> bool {
    table.folder && table.columns.iter().any(|column| column.name == "doc_id")
}

/// A row as hashes: its key; its content, whose last bit is its side.
type Hashed = (u128, u64);

/// Compares the rows of files, by hashes of key and content. `touched` are the
/// hashes of ids of documents that differ, in order.
pub(super) fn differing(table: &Table, before: &[PathBuf], after: &[PathBuf], touched: &[u64], shown: usize) -> Result<Differing, WriteError> {
    let mut out = Differing::default();
    if before.is_empty() && after.is_empty() {
        return Ok(out);
    }
    let reader = Reader::new(table, before, after, touched, &mut out.other_columns)?;
    let passes = count(before)?.max(count(after)?).div_ceil(AT_ONCE).max(1);
    // The smallest hashes of each side and kind: a sample that is the same each time.
    let mut chosen: BTreeMap<(Side, usize), BTreeSet<u128>> = BTreeMap::new();
    let documents = table.name == "documents";
    for pass in 0..passes {
        let (old, new) = (reader.hashes(before, pass, passes)?, reader.hashes(after, pass, passes)?);
        merge(&old, &new, |key, kind, changed_document| {
            // A document that differs is one that changed.
            let side = if changed_document || documents { Side::ChangedDocument } else { Side::Elsewhere };
            let sum = out.sums.entry(side).or_default();
            match kind {
                0 => sum.added += 1,
                1 => sum.removed += 1,
                _ => sum.changed += 1,
            }
            if documents {
                out.keys.push(high(key));
            }
            let some = chosen.entry((side, kind)).or_default();
            some.insert(key);
            if some.len() > shown {
                some.pop_last();
            }
        });
    }
    out.keys.sort_unstable();
    out.keys.dedup();
    let wanted: BTreeSet<u128> = chosen.values().flatten().copied().collect();
    if !wanted.is_empty() {
        let (old, new) = (reader.cells(before, &wanted)?, reader.cells(after, &wanted)?);
        for ((side, kind), keys) in chosen {
            let examples = keys.iter().filter_map(|key| reader.example(kind, old.get(key), new.get(key)));
            out.examples.entry(side).or_default().extend(examples);
        }
    }
    Ok(out)
}

fn high(key: u128) -> u64 {
    u64::try_from(key >> 64).unwrap_or_default()
}

/// Shows the keys of rows that differ: 0 added, 1 removed, 2 changed.
fn merge(old: &[Hashed], new: &[Hashed], mut visit: impl FnMut(u128, usize, bool)) {
    let (mut old, mut new) = (old, new);
    while let Some(key) = old.first().into_iter().chain(new.first()).map(|(key, _)| *key).min() {
        let own = |side: &mut &[Hashed]| {
            let (own, rest) = side.split_at(side.partition_point(|(other, _)| *other == key));
            *side = rest;
            own.to_vec()
        };
        let (mut a, mut b) = (own(&mut old), own(&mut new));
        // Rows of one key are few: the table says that it is unique.
        a.retain(|row| match b.iter().position(|other| other == row) {
            Some(at) => {
                b.swap_remove(at);
                false
            }
            None => true,
        });
        let pairs = a.len().min(b.len());
        let in_changed = a.iter().chain(&b).any(|(_, content)| content & 1 == 1);
        (0..pairs).for_each(|_| visit(key, 2, in_changed));
        (pairs..b.len()).for_each(|_| visit(key, 0, in_changed));
        (pairs..a.len()).for_each(|_| visit(key, 1, in_changed));
    }
}

/// Reads the columns that both sides have.
struct Reader<'t> {
    key: Vec<Column>,
    columns: Vec<Column>,
    touched: &'t [u64],
    by_document: bool,
}

impl<'t> Reader<'t> {
    fn new(table: &Table, before: &[PathBuf], after: &[PathBuf], touched: &'t [u64], other: &mut Vec<String>) -> Result<Self, WriteError> {
        let side = |files: &[PathBuf]| files.first().map(|path| columns_of(path)).transpose();
        let (old, new) = (side(before)?, side(after)?);
        let has = |side: &Option<BTreeMap<String, String>>, column: &Column| {
            side.as_ref().is_none_or(|all| all.get(column.name).is_some_and(|kind| *kind == column.kind.arrow().to_string()))
        };
        let (columns, lacking): (Vec<Column>, Vec<Column>) = table.columns.iter().copied().partition(|column| has(&old, column) && has(&new, column));
        other.extend(lacking.iter().map(|column| column.name.to_owned()));
        // A table without a key has rows that are what they hold.
        let key: Vec<Column> = columns.iter().copied().filter(|column| table.key.is_empty() || table.key.contains(&column.name)).collect();
        Ok(Self { key, columns, touched, by_document: by_document(table) && table.name != "documents" })
    }

    fn names(&self) -> Vec<&'static str> {
        self.columns.iter().map(|column| column.name).collect()
    }

    /// Hashes of the rows whose key is in this part of all keys, in order.
    fn hashes(&self, files: &[PathBuf], pass: u64, passes: u64) -> Result<Vec<Hashed>, WriteError> {
        let mut out = Vec::new();
        for file in files {
            each_batch(file, &self.names(), BATCH, &mut |batch| {
                let mut buffer = Vec::new();
                let all = arrays(batch, &self.columns);
                let key_arrays = arrays(batch, &self.key);
                let document = batch.column_by_name("doc_id").filter(|_| self.by_document);
                for row in 0..batch.num_rows() {
                    let key = hash(&key_arrays, row, &mut buffer);
                    if high(key) % passes != pass {
                        continue;
                    }
                    let content = high(hash(&all, row, &mut buffer)) & !1;
                    let touched = document.is_some_and(|array| self.touched.binary_search(&high(hash(&[(array, Kind::Text)], row, &mut buffer))).is_ok());
                    out.push((key, content | u64::from(touched)));
                }
            })?;
        }
        out.sort_unstable();
        Ok(out)
    }

    /// The cells of the rows with these keys; of several with one key, the first.
    fn cells(&self, files: &[PathBuf], wanted: &BTreeSet<u128>) -> Result<BTreeMap<u128, Map<String, Value>>, WriteError> {
        let mut out: BTreeMap<u128, Map<String, Value>> = BTreeMap::new();
        for file in files {
            each_batch(file, &self.names(), BATCH, &mut |batch| {
                let mut buffer = Vec::new();
                let (all, key_arrays) = (arrays(batch, &self.columns), arrays(batch, &self.key));
                for row in 0..batch.num_rows() {
                    let key = hash(&key_arrays, row, &mut buffer);
                    if wanted.contains(&key) {
                        let cells = self.columns.iter().zip(&all).map(|(column, (array, kind))| (column.name.to_owned(), cell(array, *kind, row)));
                        out.entry(key).or_insert_with(|| cells.collect());
                    }
                }
            })?;
        }
        Ok(out)
    }

    fn example(&self, kind: usize, old: Option<&Map<String, Value>>, new: Option<&Map<String, Value>>) -> Option<Example> {
        let row = new.or(old)?;
        let key = self.key.iter().filter_map(|column| Some((column.name.to_owned(), row.get(column.name)?.clone()))).collect();
        let mut columns = Map::new();
        if let (2, Some(old), Some(new)) = (kind, old, new) {
            let differs = |(name, value): (&String, &Value)| Some((name.clone(), json!([old.get(name).filter(|was| *was != value)?, value])));
            columns = new.iter().filter_map(differs).collect();
        }
        Some(Example { kind: KINDS.get(kind).copied()?, key, columns })
    }
}

/// The arrays of columns in a batch, in the order of the list.
fn arrays<'b>(batch: &'b RecordBatch, columns: &[Column]) -> Vec<(&'b ArrayRef, Kind)> {
    columns.iter().filter_map(|column| Some((batch.column_by_name(column.name)?, column.kind))).collect()
}

/// Names and types of a file's columns.
fn columns_of(path: &Path) -> Result<BTreeMap<String, String>, WriteError> {
    let builder = open_parquet(path)?.reader().map_err(|e| WriteError::table(path, &e))?;
    Ok(builder.schema().fields().iter().map(|field| (field.name().clone(), field.data_type().to_string())).collect())
}

fn count(files: &[PathBuf]) -> Result<u64, WriteError> {
    files.iter().map(|path| row_count(path)).sum()
}

/// A hash of some cells of a row. `buffer` is emptied first.
fn hash(arrays: &[(&ArrayRef, Kind)], row: usize, buffer: &mut Vec<u8>) -> u128 {
    buffer.clear();
    for (array, kind) in arrays {
        if array.is_null(row) {
            buffer.push(0);
            continue;
        }
        buffer.push(1);
        match kind {
            Kind::Text => text(array.as_string::<i32>().value(row), buffer),
            Kind::TextList => {
                let list = array.as_list::<i32>().value(row);
                buffer.extend(list.len().to_le_bytes());
                list.as_string::<i32>().iter().flatten().for_each(|each| text(each, buffer));
            }
            Kind::Int32 => buffer.extend(array.as_primitive::<Int32Type>().value(row).to_le_bytes()),
            Kind::Int64 => buffer.extend(array.as_primitive::<Int64Type>().value(row).to_le_bytes()),
            Kind::Float64 => buffer.extend(array.as_primitive::<Float64Type>().value(row).to_le_bytes()),
            Kind::Boolean => buffer.push(u8::from(array.as_boolean().value(row))),
            Kind::Date => buffer.extend(array.as_primitive::<Date32Type>().value(row).to_le_bytes()),
        }
    }
    let hash = blake3::hash(buffer);
    let low = hash.as_bytes().iter().rev().take(8).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    u128::from(leading_u64(&hash)) << 64 | u128::from(low)
}

fn text(value: &str, buffer: &mut Vec<u8>) {
    buffer.extend(value.len().to_le_bytes());
    buffer.extend(value.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::write::{HitRow, Row, write_parquet};
    use proptest::prelude::*;

    /// By definition: rows of one key in both are compared, the others are new or gone.
    fn slow(old: &BTreeMap<u32, u32>, new: &BTreeMap<u32, u32>) -> Changed {
        Changed {
            added: new.keys().filter(|key| !old.contains_key(key)).count() as u64,
            removed: old.keys().filter(|key| !new.contains_key(key)).count() as u64,
            changed: old.iter().filter(|(key, value)| new.get(key).is_some_and(|other| other != *value)).count() as u64,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn rows_differ_by_hashes_as_they_do_by_definition(
            old in prop::collection::btree_map(0..40_u32, 0..3_u32, 0..30),
            new in prop::collection::btree_map(0..40_u32, 0..3_u32, 0..30),
        ) {
            let dir = tempfile::tempdir().unwrap();
            let file = |name: &str, rows: &BTreeMap<u32, u32>| {
                let rows: Vec<HitRow> = rows.iter().map(|(key, value)| HitRow { doc_id: format!("d{}", key % 7).into(), char_start: *key, char_end: *value, ..HitRow::default() }).collect();
                let path = dir.path().join(name);
                write_parquet(&path, &rows, &[]).unwrap();
                vec![path]
            };
            let (before, after) = (file("a", &old), file("b", &new));
            let found = differing(&HitRow::table(), &before, &after, &[], 3).unwrap();
            prop_assert_eq!(found.all(), slow(&old, &new));
            // In several passes over the files, the same.
            let reader = Reader::new(&HitRow::table(), &before, &after, &[], &mut Vec::new()).unwrap();
            let mut sum = [0_u64; 3];
            for pass in 0..3 {
                merge(&reader.hashes(&before, pass, 3).unwrap(), &reader.hashes(&after, pass, 3).unwrap(), |_, kind, _| sum[kind] += 1);
            }
            prop_assert_eq!(sum, [found.all().added, found.all().removed, found.all().changed]);
        }
    }

    #[test]
    fn rows_without_a_key_of_their_own_are_counted_as_often_as_they_stand() {
        let rows = |contents: &[u64]| contents.iter().map(|content| (1_u128, content << 1)).collect::<Vec<Hashed>>();
        let kinds = |old: &[u64], new: &[u64]| {
            let mut kinds = Vec::new();
            merge(&rows(old), &rows(new), |_, kind, _| kinds.push(kind));
            kinds
        };
        assert_eq!(kinds(&[5, 5], &[5, 5]), [] as [usize; 0]);
        assert_eq!(kinds(&[5], &[5, 5]), [0]);
        assert_eq!(kinds(&[5, 6], &[5]), [1]);
        assert_eq!(kinds(&[5, 6], &[5, 7]), [2]);
    }
}
