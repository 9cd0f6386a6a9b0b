//! What there is to read, and which of it changed since the last run.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{BatchError, Options};
use crate::diagnostic::Reject;
use crate::load::{File, Found, LONGEST, Limits, LoadError, Segment, find, segments, short_hex};
use crate::plan::Plan;
use crate::write::{WriteError, write_whole};

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

const VERSION: u32 = 2;

/// A file changed this short a time before the memory was written may change
/// again without a new time stamp (git calls such an entry racily clean).
const RACY_NS: i128 = 2_000_000_000;

/// Most shards; beyond, shards are twice as large, and twice again.
const MOST_SHARDS: u64 = 1024;

/// Lists all input and cuts it into shards.
///
/// A source whose folder is missing is empty if shrinking is allowed.
pub(super) fn take(plan: &Plan, options: &Options, memory_file: &Path) -> Result<Inventory, BatchError> {
    let (limits, verify) = (options.limits, options.verify);
    let mut out = Inventory::default();
    let mut found = Vec::new();
    let listed = || plan.sources.iter().map(|source| find(&source.input)).collect::<Vec<_>>();
    let (listed, memory) = rayon::join(listed, || remembered(memory_file));
    for (number, listed) in listed.into_iter().enumerate() {
        let listed = match listed {
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
    let memory = memory.filter(|m| m.version == VERSION && m.settings == settings && !verify).unwrap_or_default();
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
    // Nothing that the memory would say anew.
    let same = out.files_hashed == 0 && memory.files.len() == found.len();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i128::try_from(d.as_nanos()).unwrap_or(0));
    let mut memory = Memory { version: VERSION, settings, written_ns: now, files: BTreeMap::new() };
    let mut pieces = Vec::new();
    for ((source, file), (_, segments)) in found.into_iter().zip(cut) {
        if !same {
            let known = Known { bytes: file.bytes, mtime_ns: file.mtime_ns, ctime_ns: file.ctime_ns, segments: segments.clone() };
            memory.files.insert(key(source, &file), known);
        }
        pieces.extend(segments.into_iter().map(|segment| Piece { source, file: file.clone(), segment }));
    }
    let (shards, written) = rayon::join(|| shards(pieces, shard_bytes), || if same { Ok(()) } else { remember(memory_file, &memory) });
    written?;
    out.shards = shards;
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

/// Writes the memory, after its hash.
fn remember(path: &Path, memory: &Memory) -> Result<(), WriteError> {
    let bytes = postcard::to_allocvec(memory).map_err(|e| WriteError::table(path, &e))?;
    write_whole(path, [blake3::hash(&bytes).as_bytes().as_slice(), &bytes].concat())
}

/// The memory; `None`: there is none, or it is damaged.
fn remembered(path: &Path) -> Option<Memory> {
    let bytes = std::fs::read(path).ok()?;
    let (hash, bytes) = bytes.split_first_chunk::<{ blake3::OUT_LEN }>()?;
    if blake3::hash(bytes) == *hash { postcard::from_bytes(bytes).ok() } else { None }
}

fn shards(pieces: Vec<Piece>, shard_bytes: u64) -> Vec<Shard> {
    let mut out: Vec<Shard> = Vec::new();
    let mut open = false;
    for piece in pieces {
        let fits = |last: &Shard| open && last.source == piece.source && last.bytes + piece.segment.bytes <= LONGEST * shard_bytes;
        if !out.last().is_some_and(fits) {
            out.push(Shard { id: String::new(), source: piece.source, bytes: 0, pieces: Vec::new() });
        }
        let Some(shard) = out.last_mut() else { continue };
        shard.bytes += piece.segment.bytes;
        // A cut inside a large file always ends a shard.
        open = piece.segment.records.is_none() && !piece.segment.ends_shard(shard.bytes, shard_bytes);
        shard.pieces.push(piece);
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

    fn pieces(bytes: u64, names: impl Iterator<Item = u32>) -> Vec<Piece> {
        names
            .map(|i| {
                let name = format!("{i:05}.md");
                let hash = blake3::hash(name.as_bytes());
                let cut = crate::load::leading_u64(&hash);
                Piece {
                    source: 0,
                    file: File { path: name.clone().into(), name: name.into(), bytes, mtime_ns: 0, ctime_ns: 0 },
                    segment: Segment { first_record: 1, byte_offset: 0, records: None, bytes, hash: hash.to_hex().to_string(), cut, repeats: BTreeMap::new() },
                }
            })
            .collect()
    }

    #[test]
    fn a_new_file_changes_one_shard() {
        let before = shards(pieces(30_000, (0..2000).filter(|i| *i != 777)), 1_000_000);
        let after = shards(pieces(30_000, 0..2000), 1_000_000);
        let old: std::collections::BTreeSet<&str> = before.iter().map(|s| s.id.as_str()).collect();
        let new = after.iter().filter(|s| !old.contains(s.id.as_str())).count();
        assert!((1..=3).contains(&new), "{new} of {}", after.len());
        assert!((30..120).contains(&after.len()), "{}", after.len());
    }

    #[test]
    fn a_new_file_changes_one_shard_and_seldom_a_neighbour_whatever_the_size_of_files() {
        for bytes in [3_000, 30_000, 200_000, 400_000, 600_000, 2_500_000] {
            let mut changed = Vec::new();
            for new in (3..600).step_by(17) {
                let before = shards(pieces(bytes, (0..600).filter(|i| *i != new)), 1_000_000);
                let after = shards(pieces(bytes, 0..600), 1_000_000);
                let old: std::collections::BTreeSet<&str> = before.iter().map(|s| s.id.as_str()).collect();
                changed.push(after.iter().filter(|s| !old.contains(s.id.as_str())).count());
                assert!(after.iter().all(|s| s.bytes <= (LONGEST * 1_000_000).max(bytes)));
            }
            let mean = changed.iter().sum::<usize>() as f64 / changed.len() as f64;
            assert!(mean < 2.5 && changed.iter().all(|n| (1..=12).contains(n)), "{bytes}: {mean} {changed:?}");
        }
    }

    #[test]
    fn what_was_known_of_files_is_read_back_and_not_when_it_is_damaged() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("inventory.bin");
        assert!(remembered(&path).is_none());
        let known = |piece: Piece| (piece.file.name.to_string(), Known { bytes: piece.file.bytes, mtime_ns: -1, ctime_ns: 2, segments: vec![piece.segment] });
        let files: BTreeMap<String, Known> = pieces(30_000, 0..20).into_iter().map(known).collect();
        remember(&path, &Memory { version: VERSION, settings: "s".into(), written_ns: 3, files }).unwrap();
        let back = remembered(&path).unwrap();
        assert_eq!((back.files.len(), back.files["00007.md"].mtime_ns, back.files["00007.md"].segments.len()), (20, -1, 1));
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[200] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert!(remembered(&path).is_none());
    }
}
