//! Cuts the sequence of input into pieces whose boundaries depend on content.
//!
//! A small file is one segment, and its path's hash says whether a shard ends
//! after it; a large file of records is cut after records whose hash says so.
//! So a new or changed file moves few boundaries but its own. The chance of a cut
//! depends on the size of what stands before it, taken in powers of two: a file
//! that grows a little keeps its place.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{File, Input, Limits, Raw, Start, leading_u64, open, unpack};

/// Which records of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// Number of the first one in the file, from 1.
    pub first_record: u64,
    /// Byte at which that record begins in the unpacked file.
    pub byte_offset: u64,
    /// How many records; `None`: to the end of the file.
    pub records: Option<u64>,
    /// Records that are the same as others before them in a file of several
    /// segments: their numbers, and how many are before.
    pub repeats: BTreeMap<u64, u32>,
}

impl Extent {
    /// The whole file.
    const WHOLE: Self = Self { first_record: 1, byte_offset: 0, records: None, repeats: BTreeMap::new() };

    /// Where to begin reading.
    #[must_use]
    pub const fn start(&self) -> Start {
        Start { record: self.first_record, byte: self.byte_offset }
    }
}

/// A run of records of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Which records.
    pub extent: Extent,
    /// Size in bytes.
    pub bytes: u64,
    /// BLAKE3 of its content; of a file that is not read, of the reason.
    pub hash: blake3::Hash,
    /// The number that decides where shards end: one ends after this segment
    /// when it is below the segment's share of a shard.
    pub cut: u64,
}

impl Segment {
    /// Whether a shard of about `shard_bytes`, which has `so_far` with this segment,
    /// ends after it.
    #[must_use]
    pub fn ends_shard(&self, so_far: u64, shard_bytes: u64) -> bool {
        is_cut(self.cut, self.bytes, so_far, shard_bytes)
    }
}

/// Shards end at the latest at this many times the size asked for.
pub const LONGEST: u64 = 2;

/// Whether a shard ends after a piece of so many bytes that brings it to `so_far`:
/// not before half of its size; from there on the chance is the size class of the
/// piece over the other half. It is at most one half, so that boundaries meet
/// again after a change, but for a piece of half a shard, which ends one by itself.
fn is_cut(draw: u64, bytes: u64, so_far: u64, shard_bytes: u64) -> bool {
    let half = shard_bytes.div_ceil(2).max(1);
    let class = u128::from(bytes.max(1).next_power_of_two());
    let chance = ((class << 64) / u128::from(half)).min(1 << 63);
    so_far >= half && (bytes >= half || u128::from(draw) < chance)
}

/// The segments of a file, for shards of about `shard_bytes`.
///
/// A file that cannot be read is one segment too: reading it gives its reject.
///
/// # Cost
/// Reads the file once; a file of records larger than a shard is also split
/// into records.
#[must_use]
pub fn segments(input: &Input, file: &File, limits: Limits, shard_bytes: u64) -> Vec<Segment> {
    let path_draw = leading_u64(&blake3::hash(file.name.as_bytes()));
    let whole = |hash| vec![Segment { extent: Extent::WHOLE, bytes: file.bytes, hash, cut: path_draw }];
    if input.layout.is_record() && file.bytes > shard_bytes {
        return large(input, file, limits, shard_bytes, path_draw).unwrap_or_else(|| whole(not_read("unreadable")));
    }
    if !input.layout.is_record() && file.bytes > limits.max_file_bytes {
        // It will be refused by its size alone.
        return whole(not_read(&format!("oversized-{}", file.bytes)));
    }
    whole(hash_of(file).unwrap_or_else(|_| not_read("unreadable")))
}

/// Stands for the content of a file that is not read; no content has this hash.
fn not_read(reason: &str) -> blake3::Hash {
    blake3::derive_key("tifa 2026-11-27 reason for which a file is not read", reason.as_bytes()).into()
}

/// Bytes up to which a file is hashed at once: most are far smaller than the
/// buffer of a reader.
const AT_ONCE: u64 = 256 * 1024;

fn hash_of(file: &File) -> std::io::Result<blake3::Hash> {
    if file.bytes <= AT_ONCE {
        return std::fs::read(&file.path).map(|bytes| blake3::hash(&bytes));
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(std::fs::File::open(&file.path)?)?;
    Ok(hasher.finalize())
}

fn large(input: &Input, file: &File, limits: Limits, shard_bytes: u64, path_draw: u64) -> Option<Vec<Segment>> {
    let packed = unpack::unpack(&file.path, 0).ok()?.packed;
    let mut out = Vec::new();
    let mut hasher = blake3::Hasher::new();
    // Half of a hash tells the records of one file apart.
    let mut seen: BTreeMap<u64, u32> = BTreeMap::new();
    let mut repeats = BTreeMap::new();
    let (mut first, mut offset, mut count, mut bytes) = (1_u64, 0_u64, 0_u64, 0_u64);
    for raw in open(input, file, limits, Start::default()).ok()? {
        if count == 0 {
            first = raw.as_ref().map_or_else(|reject| reject.record.unwrap_or(first), Raw::number);
        }
        count += 1;
        let cut = match &raw {
            Ok(raw) => {
                let hash = raw.hash();
                hasher.update(hash.as_bytes());
                bytes += raw.bytes();
                let before = seen.entry(leading_u64(&hash)).or_default();
                if *before > 0 {
                    repeats.insert(raw.number(), *before);
                }
                *before += 1;
                let hard_end = bytes > LONGEST * shard_bytes;
                (hard_end || is_cut(leading_u64(&hash), raw.bytes(), bytes, shard_bytes)).then_some(raw.end_byte())
            }
            Err(reject) => {
                hasher.update(format!("{reject:?}").as_bytes());
                None
            }
        };
        if let Some(end_byte) = cut {
            out.push(Segment {
                extent: Extent { first_record: first, byte_offset: offset, records: Some(count), repeats: std::mem::take(&mut repeats) },
                bytes,
                hash: hasher.finalize(),
                cut: 0,
            });
            hasher.reset();
            // Inside packed bytes and tables there is no offset to seek to; the
            // reader counts records instead.
            offset = if packed { 0 } else { end_byte };
            (count, bytes) = (0, 0);
        }
    }
    if count > 0 {
        out.push(Segment {
            extent: Extent { first_record: first, byte_offset: offset, records: None, repeats },
            bytes,
            hash: hasher.finalize(),
            cut: path_draw,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_files_make_shards_of_about_the_size_asked_for() {
        let (mut shards, mut so_far) = (Vec::new(), 0);
        for number in 0..20_000_u32 {
            so_far += 28_000;
            if is_cut(leading_u64(&blake3::hash(&number.to_le_bytes())), 28_000, so_far, 1 << 20) {
                shards.push(so_far);
                so_far = 0;
            }
        }
        // 20,000 files of 28,000 bytes are 534 MiB. Of a shard drawn by its bytes, as
        // one new file draws it, the mean size is this much.
        let drawn = shards.iter().map(|bytes| bytes * bytes).sum::<u64>() / shards.iter().sum::<u64>();
        assert!((500..640).contains(&shards.len()), "{}", shards.len());
        assert!(shards.iter().all(|bytes| *bytes >= 1 << 19) && drawn < (5 << 20) / 4, "{drawn}");
    }
}
