//! What there is to read, and which of it changed since the last run.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{BatchError, Options};
use crate::diagnostic::Reject;
use crate::load::{File, Found, Limits, LoadError, Segment, find, segments, short_hex};
use crate::plan::Plan;
use crate::write::write_whole;

/// A segment with the file and source that it belongs to.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub source: usize,
    pub file: File,
    pub segment: Segment,
}

/// Pieces that are read, cached and published together.
#[derive(Clone, Debug)]
pub(super) struct Shard {
    /// 16 hex digits that depend on the paths and the content.
    pub id: String,
    pub source: usize,
    pub pieces: Vec<Piece>,
    pub bytes: u64,
}

/// All input.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    pub shards: Vec<Shard>,
    pub rejects: Vec<Reject>,
    pub files: u64,
    pub bytes: u64,
    /// Files whose content was read to know them.
    pub files_hashed: u64,
}

/// What the last run knew of a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Known {
    bytes: u64,
    mtime_ns: i128,
    ctime_ns: i128,
    segments: Vec<Segment>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Memory {
    version: u32,
    /// Limits and shard size: they decide the segments of large files.
    settings: String,
    /// When it was written: a file touched in the same moment is read again.
    written_ns: i128,
    files: BTreeMap<String, Known>,
}

const VERSION: u32 = 1;

/// A file changed this short a time before the memory was written may change
/// again without a new time stamp (git calls such an entry racily clean).
const RACY_NS: i128 = 2_000_000_000;

/// Most shards; beyond, shards are twice as large, and twice again.
const MOST_SHARDS: u64 = 512;

/// Shards end at the latest at this many times the size asked for.
const LONGEST: u64 = 3;

/// Lists all input and cuts it into shards.
///
/// A source whose folder is missing is empty if shrinking is allowed.
pub(super) fn take(plan: &Plan, options: &Options, memory_file: &Path) -> Result<Inventory, BatchError> {
    let (limits, verify) = (options.limits, options.verify);
    let mut out = Inventory::default();
    let mut found = Vec::new();
    for (number, source) in plan.sources.iter().enumerate() {
        let listed = match find(&source.input) {
            Err(LoadError::Folder { .. }) if options.allow_shrink => Found::default(),
            listed => listed?,
        };
        out.rejects.extend(listed.rejects);
        found.extend(listed.files.into_iter().map(|file| (number, file)));
    }
    out.files = found.len() as u64;
    out.bytes = found.iter().map(|(_, file)| file.bytes).sum();
    let mut shard_bytes = plan.shard_bytes;
    while out.bytes / shard_bytes > MOST_SHARDS {
        shard_bytes *= 2;
    }
    let settings = format!("{} {} {shard_bytes}", limits.max_file_bytes, limits.max_record_bytes);
    let memory = remembered(memory_file).filter(|m| m.version == VERSION && m.settings == settings && !verify).unwrap_or_default();
    let key = |source: usize, file: &File| format!("{source}/{}", file.name);
    let known = |source: usize, file: &File| {
        memory.files.get(&key(source, file)).filter(|k| {
            let same = k.bytes == file.bytes && k.mtime_ns == file.mtime_ns && k.ctime_ns == file.ctime_ns;
            same && file.mtime_ns.max(file.ctime_ns) + RACY_NS < memory.written_ns
        })
    };
    let cut: Vec<(bool, Vec<Segment>)> = found
        .par_iter()
        .map(|(source, file)| match known(*source, file) {
            Some(known) => (false, known.segments.clone()),
            None => (true, plan.sources.get(*source).map(|s| segments(&s.input, file, limits, shard_bytes)).unwrap_or_default()),
        })
        .collect();
    out.files_hashed = cut.iter().filter(|(hashed, _)| *hashed).count() as u64;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i128::try_from(d.as_nanos()).unwrap_or(0));
    let mut memory = Memory { version: VERSION, settings, written_ns: now, files: BTreeMap::new() };
    let mut pieces = Vec::new();
    for ((source, file), (_, segments)) in found.into_iter().zip(cut) {
        let known = Known { bytes: file.bytes, mtime_ns: file.mtime_ns, ctime_ns: file.ctime_ns, segments: segments.clone() };
        memory.files.insert(key(source, &file), known);
        pieces.extend(segments.into_iter().map(|segment| Piece { source, file: file.clone(), segment }));
    }
    let text = serde_json::to_string(&memory).unwrap_or_default();
    write_whole(memory_file, &text)?;
    out.shards = shards(pieces, shard_bytes);
    Ok(out)
}

/// The shards of all input, and how many files were refused, without a memory of
/// the last run.
pub(super) fn shards_of(plan: &Plan, limits: Limits) -> Result<(Vec<Shard>, u64), BatchError> {
    let mut pieces = Vec::new();
    let mut refused = 0;
    for (number, source) in plan.sources.iter().enumerate() {
        let found = find(&source.input)?;
        refused += found.rejects.len() as u64;
        let cut: Vec<Vec<Segment>> = found.files.par_iter().map(|file| segments(&source.input, file, limits, plan.shard_bytes)).collect();
        for (file, segments) in found.files.into_iter().zip(cut) {
            pieces.extend(segments.into_iter().map(|segment| Piece { source: number, file: file.clone(), segment }));
        }
    }
    Ok((shards(pieces, plan.shard_bytes), refused))
}

fn remembered(path: &Path) -> Option<Memory> {
    serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
}

fn shards(pieces: Vec<Piece>, shard_bytes: u64) -> Vec<Shard> {
    let mut out: Vec<Shard> = Vec::new();
    let mut open = false;
    for piece in pieces {
        let fits = open && out.last().is_some_and(|last| last.source == piece.source && last.bytes + piece.segment.bytes <= LONGEST * shard_bytes);
        // A cut inside a large file always ends a shard.
        open = piece.segment.records.is_none() && !piece.segment.ends_shard(shard_bytes);
        match out.last_mut() {
            Some(last) if fits => {
                last.bytes += piece.segment.bytes;
                last.pieces.push(piece);
            }
            _ => out.push(Shard { id: String::new(), source: piece.source, bytes: piece.segment.bytes, pieces: vec![piece] }),
        }
    }
    for shard in &mut out {
        let mut hasher = blake3::Hasher::new();
        for piece in &shard.pieces {
            let line = format!("{}\0{}\0{}\0", piece.file.name, piece.segment.first_record, piece.segment.hash);
            hasher.update(line.as_bytes());
        }
        shard.id = short_hex(&hasher.finalize(), 16);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(names: impl Iterator<Item = u32>) -> Vec<Piece> {
        names
            .map(|i| {
                let name = format!("{i:05}.md");
                let hash = blake3::hash(name.as_bytes());
                let cut = crate::load::leading_u64(&hash);
                Piece {
                    source: 0,
                    file: File { path: name.clone().into(), name: name.into(), bytes: 30_000, mtime_ns: 0, ctime_ns: 0 },
                    segment: Segment {
                        first_record: 1,
                        byte_offset: 0,
                        records: None,
                        bytes: 30_000,
                        hash: hash.to_hex().to_string(),
                        cut,
                        repeats: BTreeMap::new(),
                    },
                }
            })
            .collect()
    }

    #[test]
    fn a_new_file_changes_one_shard() {
        let before = shards(pieces((0..2000).filter(|i| *i != 777)), 1_000_000);
        let after = shards(pieces(0..2000), 1_000_000);
        let old: std::collections::BTreeSet<&str> = before.iter().map(|s| s.id.as_str()).collect();
        let new = after.iter().filter(|s| !old.contains(s.id.as_str())).count();
        assert!((1..=3).contains(&new), "{new} of {}", after.len());
        assert!((30..120).contains(&after.len()), "{}", after.len());
        assert!(after.iter().all(|s| s.bytes <= 3_000_000));
    }
}
