//! A shard's rollup as a file: what it adds to each part of the series, one after
//! the other, and an index with the hash of each. A part is made anew when one of
//! these hashes changes, not when a shard does.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::shard::{read_json, write_json};
use crate::load::short_hex;
use crate::tally::{Kind, Part, Rollup, Settings};
use crate::write::WriteError;

const ROLLUP: &str = "rollup.bin";
const INDEX: &str = "index.json";

/// Where in the file a slice is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Slice {
    pub part: Part,
    pub kind: Kind,
    pub hash: String,
    offset: u64,
    bytes: usize,
}

/// What a rollup's file has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Index {
    pub slices: Vec<Slice>,
    /// Hits by theme, counted from the rows of `hits`.
    pub hits: BTreeMap<String, u64>,
}

/// Writes the two files into a folder.
pub(super) fn write_rollup(folder: &Path, rollup: Rollup, hits: BTreeMap<String, u64>, settings: &Settings) -> Result<Index, WriteError> {
    let path = folder.join(ROLLUP);
    let mut index = Index { slices: Vec::new(), hits };
    let mut all: Vec<u8> = Vec::new();
    for ((kind, part), slice) in rollup.into_parts(settings) {
        if slice == Rollup::default() {
            continue;
        }
        let bytes = slice.to_bytes().map_err(|e| WriteError::table(&path, &e))?;
        index.slices.push(Slice { part, kind, hash: hash(&bytes), offset: all.len() as u64, bytes: bytes.len() });
        all.extend(bytes);
    }
    fs::write(&path, all).map_err(|e| WriteError::io(&path, e))?;
    write_json(&folder.join(INDEX), &index)?;
    Ok(index)
}

/// Reads the index, and makes sure that each slice is what was written.
pub(super) fn read_index(folder: &Path) -> Result<Index, WriteError> {
    let path = folder.join(ROLLUP);
    let index: Index = read_json(&folder.join(INDEX))?;
    let all = fs::read(&path).map_err(|e| WriteError::io(&path, e))?;
    for slice in &index.slices {
        let from = usize::try_from(slice.offset).unwrap_or(usize::MAX);
        if all.get(from..from.saturating_add(slice.bytes)).is_none_or(|bytes| hash(bytes) != slice.hash) {
            return Err(WriteError::table(&path, &"a part of it is not what was written"));
        }
    }
    Ok(index)
}

/// Reads a slice.
pub(super) fn read_slice(folder: &Path, slice: &Slice) -> Result<Rollup, WriteError> {
    let path = folder.join(ROLLUP);
    let mut bytes = vec![0; slice.bytes];
    File::open(&path).and_then(|file| file.read_exact_at(&mut bytes, slice.offset)).map_err(|e| WriteError::io(&path, e))?;
    Rollup::from_bytes(&bytes).map_err(|e| WriteError::table(&path, &e))
}

fn hash(bytes: &[u8]) -> String {
    short_hex(&blake3::hash(bytes), 32)
}
