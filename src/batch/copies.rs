//! Copies over the whole corpus: the fingerprints of all shards, read from their
//! parsed artifacts, their keys sorted (on disk where there are many), and the
//! rows that come of it.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use chrono::{Datelike, NaiveDate};
use rayon::prelude::*;

use crate::parse::Document;
use crate::tally::{CopyRow, Fingerprint, Joining, group_id};
use crate::write::{WriteError, read_text_column};

/// Name of the file in the parsed artifact: for each document in order whether
/// it is a preamble, its first and last day, and its fingerprint.
pub(super) const FINGERPRINTS: &str = "fingerprints.bin";

/// Bytes of a document in that file.
const RECORD: usize = 1 + 4 + 4 + Fingerprint::BYTES;

/// Day of a document without a date: after all others.
const UNDATED: i32 = i32::MAX;

/// Up to so many documents, fingerprints and keys are in memory: 55 MB. Beyond,
/// keys go to files of which each has the keys of about so many documents, and
/// what stays in memory is 24 bytes a document, and the copies.
pub(super) const IN_MEMORY: usize = 1 << 16;

/// Most files of keys.
const MOST_PARTS: usize = 256;

/// Files of fingerprints open at the same time.
const MOST_OPEN: usize = 64;

/// Writes the fingerprints of a shard's documents.
pub(super) fn write_fingerprints(path: &Path, documents: &[Document]) -> Result<(), WriteError> {
    let records: Vec<Vec<u8>> = documents.par_iter().map(record).collect();
    fs::write(path, records.concat()).map_err(|e| WriteError::io(path, e))
}

/// Whether the file has so many documents.
pub(super) fn check_fingerprints(path: &Path, documents: u64) -> Result<(), WriteError> {
    let bytes = fs::metadata(path).map_err(|e| WriteError::io(path, e))?.len();
    if bytes == documents * RECORD as u64 { Ok(()) } else { Err(WriteError::table(path, &"it is cut short")) }
}

fn record(document: &Document) -> Vec<u8> {
    let (start, end) = document.date.map_or((UNDATED, UNDATED), |d| (d.start.num_days_from_ce(), d.end.num_days_from_ce()));
    let mut out = Vec::with_capacity(RECORD);
    out.push(u8::from(document.preamble));
    out.extend(start.to_le_bytes());
    out.extend(end.to_le_bytes());
    out.extend(Fingerprint::of(&document.text).to_bytes());
    out
}

/// Whether it is a preamble, and its days.
fn head(record: &[u8]) -> (bool, i32, i32) {
    let day = |at: usize| record.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(UNDATED, i32::from_le_bytes);
    (record.first() == Some(&1), day(1), day(5))
}

fn fingerprint(record: &[u8]) -> Fingerprint {
    let (_, start, end) = head(record);
    Fingerprint::from_bytes(record.get(9..).unwrap_or_default()).on(start, end)
}

/// A shard as this module needs it.
pub(super) struct Part {
    /// Folder of its parsed artifact.
    pub folder: PathBuf,
    /// Name of its source.
    pub source: String,
}

/// What was found.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Found {
    /// The table.
    pub rows: Vec<CopyRow>,
    /// For each shard the documents that repeat another, by their place in it, in order.
    pub later: Vec<Vec<u32>>,
}

/// Finds the copies among the documents of all shards.
///
/// Preambles take part if they count. `scratch` is a folder for files of keys,
/// made and removed here; `in_memory` is [`IN_MEMORY`] but in tests.
///
/// # Cost
/// Two readings of the fingerprints, 281 bytes a document, and a sort of at most
/// 33 keys each. Memory: see [`IN_MEMORY`].
pub(super) fn find(parts: &[Part], preambles: bool, scratch: &Path, in_memory: usize) -> Result<Found, WriteError> {
    let mut store = Store::open(parts, in_memory)?;
    let ranked = Ranked::new(&store.days, preambles);
    let mut joining = Joining::new(small(ranked.numbers.len()));
    let count = if ranked.numbers.len() <= in_memory { 1 } else { ranked.numbers.len().div_ceil(in_memory.max(1)).next_power_of_two().min(MOST_PARTS) };
    let mut keys = Keys::create(scratch, count)?;
    for shard in 0..parts.len() {
        let (first, bytes) = store.shard(shard)?;
        let entries: Vec<(u64, u32)> = bytes
            .par_chunks_exact(RECORD)
            .enumerate()
            .flat_map_iter(|(row, record)| {
                let mut keys = Vec::new();
                let rank = ranked.ranks.get(first + row).copied().unwrap_or(UNRANKED);
                if rank != UNRANKED {
                    fingerprint(record).keys(&mut keys);
                }
                keys.into_iter().map(move |key| (key, rank))
            })
            .collect();
        keys.add(entries)?;
    }
    let mut read = |rank: u32| store.read(ranked.numbers.get(rank as usize).copied().unwrap_or_default() as usize);
    keys.each(|entries| joining.entries(entries, &mut |rank| read(rank).map(|record| fingerprint(&record))))?;
    let copies = joining.copies(&mut |rank| read(rank).map(|record| fingerprint(&record)))?;
    // From ranks to rows: the ids of those that are in a group.
    let number = |rank: u32| ranked.numbers.get(rank as usize).copied().unwrap_or_default() as usize;
    let mut ids: BTreeMap<usize, String> = copies.iter().flat_map(|copy| [number(copy.rank), number(copy.first)]).map(|n| (n, String::new())).collect();
    let mut later: Vec<Vec<u32>> = vec![Vec::new(); parts.len()];
    for copy in &copies {
        let (shard, row) = store.place(number(copy.rank));
        if let Some(later) = later.get_mut(shard) {
            later.push(small(row));
        }
    }
    for each in &mut later {
        each.sort_unstable();
    }
    for (shard, part) in parts.iter().enumerate() {
        let (first, documents) = store.range(shard);
        let mut wanted = ids.range_mut(first..first + documents).peekable();
        if wanted.peek().is_some() {
            let all = read_text_column(&part.folder.join("documents.parquet"), "doc_id")?;
            for (number, id) in wanted {
                *id = all.get(number - first).cloned().unwrap_or_default();
            }
        }
    }
    let mut rows = Vec::with_capacity(copies.len());
    for copy in &copies {
        let (of, first) = (number(copy.rank), number(copy.first));
        let (record, first_record) = (store.read(of)?, store.read(first)?);
        let id = |number: usize| ids.get(&number).cloned().unwrap_or_default();
        let source = |number: usize| parts.get(store.place(number).0).map(|part| part.source.clone()).unwrap_or_default();
        rows.push(CopyRow {
            doc_id: id(of),
            group_id: group_id(&fingerprint(&first_record)),
            first_doc_id: id(first),
            similarity: copy.similarity,
            exact: copy.exact,
            source: source(of),
            first_source: source(first),
            date_start: day(head(&record).1),
            first_date_start: day(head(&first_record).1),
        });
    }
    Ok(Found { rows, later })
}

fn day(days: i32) -> Option<NaiveDate> {
    (days != UNDATED).then(|| NaiveDate::from_num_days_from_ce_opt(days)).flatten()
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Rank of a document that takes no part.
const UNRANKED: u32 = u32::MAX;

/// Documents by date; of one date, in the order of the corpus, which shards keep.
struct Ranked {
    /// Number of each rank.
    numbers: Vec<u32>,
    /// Rank of each number.
    ranks: Vec<u32>,
}

impl Ranked {
    fn new(days: &[(bool, i32, i32)], preambles: bool) -> Self {
        let mut sorted: Vec<(i32, i32, u32)> = (0..).zip(days).filter(|(_, day)| preambles || !day.0).map(|(number, day)| (day.1, day.2, number)).collect();
        sorted.par_sort_unstable();
        let mut ranks = vec![UNRANKED; days.len()];
        let numbers: Vec<u32> = sorted.into_iter().map(|(_, _, number)| number).collect();
        for (rank, number) in (0_u32..).zip(&numbers) {
            if let Some(place) = ranks.get_mut(*number as usize) {
                *place = rank;
            }
        }
        Self { numbers, ranks }
    }
}

/// The fingerprints of all shards, in memory if they are few, else in their files.
struct Store {
    paths: Vec<PathBuf>,
    /// Number of the first document of each shard, and at the end of all.
    starts: Vec<usize>,
    days: Vec<(bool, i32, i32)>,
    /// The files' bytes, where all are kept.
    kept: Option<Vec<Vec<u8>>>,
    open: VecDeque<(usize, File)>,
}

impl Store {
    fn open(parts: &[Part], in_memory: usize) -> Result<Self, WriteError> {
        let paths: Vec<PathBuf> = parts.iter().map(|part| part.folder.join(FINGERPRINTS)).collect();
        let mut store = Self { paths, starts: vec![0], days: Vec::new(), kept: Some(Vec::new()), open: VecDeque::new() };
        for path in &store.paths {
            let bytes = fs::read(path).map_err(|e| WriteError::io(path, e))?;
            store.days.extend(bytes.chunks_exact(RECORD).map(head));
            store.starts.push(store.days.len());
            store.kept = store.kept.filter(|_| store.days.len() <= in_memory);
            if let Some(kept) = &mut store.kept {
                kept.push(bytes);
            }
        }
        Ok(store)
    }

    /// Number of the first document of a shard, and how many there are.
    fn range(&self, shard: usize) -> (usize, usize) {
        let start = |i: usize| self.starts.get(i).copied().unwrap_or_default();
        (start(shard), start(shard + 1).saturating_sub(start(shard)))
    }

    /// Shard of a document, and its place in it.
    fn place(&self, number: usize) -> (usize, usize) {
        let shard = self.starts.partition_point(|start| *start <= number).saturating_sub(1);
        (shard, number - self.range(shard).0)
    }

    /// All records of a shard, with the number of the first.
    fn shard(&self, shard: usize) -> Result<(usize, std::borrow::Cow<'_, [u8]>), WriteError> {
        let bytes = match (self.kept.as_ref().and_then(|kept| kept.get(shard)), self.paths.get(shard)) {
            (Some(kept), _) => kept.as_slice().into(),
            (None, Some(path)) => fs::read(path).map_err(|e| WriteError::io(path, e))?.into(),
            (None, None) => Vec::new().into(),
        };
        Ok((self.range(shard).0, bytes))
    }

    /// The record of a document.
    fn read(&mut self, number: usize) -> Result<[u8; RECORD], WriteError> {
        let (shard, row) = self.place(number);
        let mut out = [0; RECORD];
        if let Some(bytes) = self.kept.as_ref().and_then(|kept| kept.get(shard)) {
            if let Some(record) = bytes.get(row * RECORD..(row + 1) * RECORD) {
                out.copy_from_slice(record);
            }
            return Ok(out);
        }
        let Some(path) = self.paths.get(shard) else { return Ok(out) };
        if !self.open.iter().any(|(open, _)| *open == shard) {
            if self.open.len() == MOST_OPEN {
                self.open.pop_front();
            }
            self.open.push_back((shard, File::open(path).map_err(|e| WriteError::io(path, e))?));
        }
        if let Some((_, file)) = self.open.iter().find(|(open, _)| *open == shard) {
            file.read_exact_at(&mut out, (row * RECORD) as u64).map_err(|e| WriteError::io(path, e))?;
        }
        Ok(out)
    }
}

/// Keys with ranks, given back in rising order; in files by the leading bits of
/// the key if there is more than one part.
enum Keys {
    Memory(Vec<(u64, u32)>),
    Disk { folder: PathBuf, files: Vec<BufWriter<File>> },
}

/// Bytes of a key and its rank in a file.
const ENTRY: usize = 12;

impl Keys {
    fn create(folder: &Path, parts: usize) -> Result<Self, WriteError> {
        if parts < 2 {
            return Ok(Self::Memory(Vec::new()));
        }
        fs::create_dir_all(folder).map_err(|e| WriteError::io(folder, e))?;
        let file = |part: usize| {
            let path = folder.join(part.to_string());
            Ok(BufWriter::new(File::create(&path).map_err(|e| WriteError::io(&path, e))?))
        };
        Ok(Self::Disk { folder: folder.to_owned(), files: (0..parts).map(file).collect::<Result<_, WriteError>>()? })
    }

    fn add(&mut self, mut entries: Vec<(u64, u32)>) -> Result<(), WriteError> {
        match self {
            Self::Memory(all) => all.append(&mut entries),
            Self::Disk { folder, files } => {
                // The parts are a power of two, at least two.
                let shift = u64::BITS - files.len().trailing_zeros();
                for (key, rank) in entries {
                    let part = usize::try_from(key >> shift).unwrap_or_default();
                    if let Some(file) = files.get_mut(part) {
                        let written = file.write_all(&key.to_le_bytes()).and_then(|()| file.write_all(&rank.to_le_bytes()));
                        written.map_err(|e| WriteError::io(&folder.join(part.to_string()), e))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Gives the entries part after part: a key is in one part only.
    fn each(self, mut give: impl FnMut(&[(u64, u32)]) -> Result<(), WriteError>) -> Result<(), WriteError> {
        match self {
            Self::Memory(mut all) => {
                all.par_sort_unstable();
                give(&all)
            }
            Self::Disk { folder, files } => {
                let count = files.len();
                for (part, file) in files.into_iter().enumerate() {
                    file.into_inner().map_err(|e| WriteError::io(&folder.join(part.to_string()), e.into_error()))?;
                }
                for part in 0..count {
                    let path = folder.join(part.to_string());
                    let bytes = fs::read(&path).map_err(|e| WriteError::io(&path, e))?;
                    let entry = |bytes: &[u8]| {
                        let (key, rank) = bytes.split_at_checked(8).unwrap_or_default();
                        (key.try_into().map(u64::from_le_bytes).unwrap_or_default(), rank.try_into().map(u32::from_le_bytes).unwrap_or_default())
                    };
                    let mut entries: Vec<(u64, u32)> = bytes.par_chunks_exact(ENTRY).map(entry).collect();
                    drop(bytes);
                    fs::remove_file(&path).map_err(|e| WriteError::io(&path, e))?;
                    entries.par_sort_unstable();
                    give(&entries)?;
                }
                fs::remove_dir(&folder).map_err(|e| WriteError::io(&folder, e))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{DateRange, document_of};
    use crate::write::{document_row, write_parquet};
    use proptest::prelude::*;

    /// A document of one of some texts, with a few characters changed.
    fn document(number: usize, text: u32, edits: u32, on: Option<u32>) -> Document {
        let mut chars: Vec<char> = (0..90 + text * 40).filter_map(|i| char::from_u32(0x4e00 + (i * 7919 + text * 104_729) % 6000)).collect();
        for edit in 0..edits {
            let at = (edit * 41 + text) as usize % chars.len();
            chars[at] = '改';
        }
        let date = on.and_then(|day| NaiveDate::from_yo_opt(2024, day + 1)).map(DateRange::of_day);
        let mut document = document_of(&chars.into_iter().collect::<String>(), date);
        document.doc_id = format!("d{number}");
        document.preamble = text == 9;
        document
    }

    /// The same documents in shards of so many, as a run leaves them.
    fn parts(folder: &Path, documents: &[Document], shard: usize) -> Vec<Part> {
        let folder = folder.join(shard.to_string());
        let mut parts = Vec::new();
        for (number, some) in documents.chunks(shard).enumerate() {
            let mut some = some.to_vec();
            some.sort_by_key(|d| (d.date.is_none(), d.date.map(|date| (date.start, date.end))));
            let part = Part { folder: folder.join(number.to_string()), source: "s".into() };
            fs::create_dir_all(&part.folder).unwrap();
            write_fingerprints(&part.folder.join(FINGERPRINTS), &some).unwrap();
            check_fingerprints(&part.folder.join(FINGERPRINTS), some.len() as u64).unwrap();
            write_parquet(&part.folder.join("documents.parquet"), &some.iter().map(|d| document_row(d, "r")).collect::<Vec<_>>(), &[]).unwrap();
            parts.push(part);
        }
        parts
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        #[test]
        fn copies_do_not_depend_on_shards_or_on_what_fits_into_memory(
            picks in proptest::collection::vec((0_u32..10, 0_u32..3, proptest::option::of(0_u32..20)), 1..50),
            shard in 1_usize..20,
            in_memory in 0_usize..40,
        ) {
            let dir = tempfile::tempdir().unwrap();
            let documents: Vec<Document> = picks.iter().enumerate().map(|(n, (text, edits, on))| document(n, *text, *edits, *on)).collect();
            let scratch = dir.path().join("scratch");
            let whole = find(&parts(dir.path(), &documents, 1000), false, &scratch, 1000).unwrap();
            let other = parts(dir.path(), &documents, shard);
            let spilled = find(&other, false, &scratch, in_memory).unwrap();
            prop_assert_eq!(&whole.rows, &spilled.rows);
            prop_assert!(!scratch.exists());
            // The places are those of the same documents.
            let mut named: Vec<String> = Vec::new();
            for (part, later) in other.iter().zip(&spilled.later) {
                let ids = read_text_column(&part.folder.join("documents.parquet"), "doc_id").unwrap();
                named.extend(later.iter().map(|place| ids[*place as usize].clone()));
            }
            named.sort();
            let mut listed: Vec<String> = whole.rows.iter().map(|row| row.doc_id.clone()).collect();
            listed.sort();
            prop_assert_eq!(named, listed);
            prop_assert!(whole.rows.iter().all(|row| row.first_date_start.is_some() || row.date_start.is_none()));
            let of_preambles: u32 = picks.iter().map(|(text, ..)| u32::from(*text == 9)).sum();
            let with = find(&other, true, &scratch, in_memory).unwrap();
            prop_assert!(of_preambles > 1 || with.rows.len() == whole.rows.len());
            prop_assert!(of_preambles < 2 || with.rows.len() > whole.rows.len());
        }
    }

    #[test]
    fn a_file_that_is_cut_short_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FINGERPRINTS);
        write_fingerprints(&path, &[document(0, 1, 0, None)]).unwrap();
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[1..]).unwrap();
        assert!(check_fingerprints(&path, 1).is_err());
    }
}
