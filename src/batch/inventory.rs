//! What there is to read, and which of it changed since the last run.

use std::borrow::Cow;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::{BatchError, Options};
use crate::diagnostic::Reject;
use crate::load::{Extent, File, Found, LONGEST, Limits, LoadError, Segment, find, segments, short_hex};
use crate::plan::Plan;
use crate::write::{WriteError, write_whole};

/// What is read of a file.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub file: File,
    pub extent: Extent,
}

/// Pieces as bytes, an eighth of the size: a corpus of days has two hundred thousand,
/// and each is read once.
#[derive(Clone, Debug, Default)]
pub(super) struct Pieces {
    /// What stands before the name in the path of the first one.
    folder: Box<[u8]>,
    packed: Vec<u8>,
    len: usize,
}

/// A piece as its bytes hold it: path, unless it is the folder and the name, name,
/// size, times and extent.
type Packed<'p, E> = (Option<&'p [u8]>, &'p str, u64, i128, i128, E);

impl Pieces {
    fn push(&mut self, file: &File, extent: &Extent) -> Result<(), BatchError> {
        let File { path, name, bytes, mtime_ns, ctime_ns } = file;
        let path = path.as_os_str().as_bytes();
        let folder = path.strip_suffix(name.as_bytes());
        if self.len == 0 {
            self.folder = folder.unwrap_or_default().into();
        }
        let path = (folder != Some(&self.folder)).then_some(path);
        let piece: Packed<'_, &Extent> = (path, name, *bytes, *mtime_ns, *ctime_ns, extent);
        self.packed = postcard::to_extend(&piece, std::mem::take(&mut self.packed)).map_err(|_| BatchError::Broken("a piece that cannot be packed"))?;
        self.len += 1;
        Ok(())
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// The pieces, in order.
    pub(super) fn unpack(&self) -> Result<Vec<Piece>, BatchError> {
        let mut rest = self.packed.as_slice();
        let next = |_| {
            let (piece, after) = postcard::take_from_bytes(rest).map_err(|_| BatchError::Broken("a piece that cannot be unpacked"))?;
            rest = after;
            let (path, name, bytes, mtime_ns, ctime_ns, extent): Packed<'_, Extent> = piece;
            let path = path.map_or_else(|| [&self.folder, name.as_bytes()].concat(), <[u8]>::to_vec);
            Ok(Piece { file: File { path: OsString::from_vec(path).into(), name: name.into(), bytes, mtime_ns, ctime_ns }, extent })
        };
        (0..self.len).map(next).collect()
    }
}

/// Pieces that are read, cached and published together.
#[derive(Clone, Debug, Default)]
pub(super) struct Shard {
    /// 16 hex digits that depend on the paths and the content.
    pub id: String,
    pub source: usize,
    pub pieces: Pieces,
    /// Files that begin in it.
    pub files: u64,
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
#[derive(Debug, Serialize, Deserialize)]
struct Known<'f> {
    /// Number of its source.
    source: usize,
    name: Cow<'f, str>,
    bytes: u64,
    mtime_ns: i128,
    ctime_ns: i128,
    segments: Cow<'f, [Segment]>,
}

impl<'f> Known<'f> {
    fn of(source: usize, file: &'f File, segments: &'f [Segment]) -> Self {
        let File { name, bytes, mtime_ns, ctime_ns, .. } = file;
        Self { source, name: Cow::Borrowed(name), bytes: *bytes, mtime_ns: *mtime_ns, ctime_ns: *ctime_ns, segments: Cow::Borrowed(segments) }
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Memory<'f> {
    version: u32,
    /// Limits and shard size: they decide the segments of large files.
    settings: String,
    /// When it was written: a file touched in the same moment is read again.
    written_ns: i128,
    /// In order of source and name.
    files: Vec<Known<'f>>,
}

impl Memory<'_> {
    /// The segments of a file that has not been touched since.
    fn segments_of(&self, source: usize, file: &File) -> Option<&[Segment]> {
        let place = self.files.binary_search_by(|known| (known.source, &*known.name).cmp(&(source, &file.name))).ok()?;
        let known = self.files.get(place)?;
        let same = known.bytes == file.bytes && known.mtime_ns == file.mtime_ns && known.ctime_ns == file.ctime_ns;
        let racy = file.mtime_ns.max(file.ctime_ns) + RACY_NS >= self.written_ns;
        (same && !racy).then_some(&known.segments)
    }
}

const VERSION: u32 = 4;

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
    // Most files are one segment, which lies in the list itself.
    let cut: Vec<(bool, SmallVec<[Segment; 1]>)> = found
        .par_iter()
        .map(|(source, file)| match memory.segments_of(*source, file) {
            Some(known) => (false, known.into()),
            None => (true, plan.sources.get(*source).map(|s| segments(&s.input, file, limits, shard_bytes)).unwrap_or_default().into_iter().collect()),
        })
        .collect();
    out.files_hashed = cut.iter().filter(|(hashed, _)| *hashed).count() as u64;
    let files = || found.iter().zip(&cut).map(|((source, file), (_, segments))| (*source, file, segments.as_slice()));
    let remember = || {
        // Else there is nothing that the memory would say anew.
        let changed = out.files_hashed > 0 || memory.files.len() != found.len();
        drop(memory);
        if !changed {
            return Ok(());
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i128::try_from(d.as_nanos()).unwrap_or(0));
        let files = files().map(|(source, file, segments)| Known::of(source, file, segments)).collect();
        remember(memory_file, &Memory { version: VERSION, settings, written_ns: now, files })
    };
    let (shards, written) = rayon::join(|| shards(files(), shard_bytes), remember);
    written?;
    out.shards = shards?;
    Ok(out)
}

/// The shards of all input, and how many files were refused, without a memory of
/// the last run.
pub(super) fn shards_of(plan: &Plan, limits: Limits) -> Result<(Vec<Shard>, u64), BatchError> {
    let mut files = Vec::new();
    let mut refused = 0;
    for (number, source) in plan.sources.iter().enumerate() {
        let found = find(&source.input)?;
        refused += found.rejects.len() as u64;
        let cut: Vec<Vec<Segment>> = found.files.par_iter().map(|file| segments(&source.input, file, limits, plan.shard_bytes)).collect();
        files.extend(found.files.into_iter().zip(cut).map(|(file, segments)| (number, file, segments)));
    }
    let files = files.iter().map(|(number, file, segments)| (*number, file, segments.as_slice()));
    Ok((shards(files, plan.shard_bytes)?, refused))
}

/// Writes the memory, after its hash.
fn remember(path: &Path, memory: &Memory<'_>) -> Result<(), WriteError> {
    let mut bytes = postcard::to_extend(memory, vec![0; blake3::OUT_LEN]).map_err(|e| WriteError::table(path, &e))?;
    if let Some((hash, memory)) = bytes.split_first_chunk_mut() {
        *hash = *blake3::hash(memory).as_bytes();
    }
    write_whole(path, bytes)
}

/// The memory; `None`: there is none, or it is damaged.
fn remembered(path: &Path) -> Option<Memory<'static>> {
    let bytes = std::fs::read(path).ok()?;
    let (hash, bytes) = bytes.split_first_chunk::<{ blake3::OUT_LEN }>()?;
    if blake3::hash(bytes) == *hash { postcard::from_bytes(bytes).ok() } else { None }
}

/// Cuts files, each with the number of its source and its segments, into shards.
fn shards<'f>(files: impl IntoIterator<Item = (usize, &'f File, &'f [Segment])>, shard_bytes: u64) -> Result<Vec<Shard>, BatchError> {
    // Each with what its id is to be the hash of.
    let mut out: Vec<(Shard, blake3::Hasher)> = Vec::new();
    let mut open = false;
    for (source, file, segments) in files {
        for (number, segment) in segments.iter().enumerate() {
            let fits = |last: &Shard| open && last.source == source && last.bytes + segment.bytes <= LONGEST * shard_bytes;
            if !out.last().is_some_and(|(last, _)| fits(last)) {
                out.push((Shard { source, ..Shard::default() }, blake3::Hasher::new()));
            }
            let Some((shard, hasher)) = out.last_mut() else { continue };
            shard.bytes += segment.bytes;
            shard.files += u64::from(number == 0);
            // A cut inside a large file always ends a shard.
            open = segment.extent.records.is_none() && !segment.ends_shard(shard.bytes, shard_bytes);
            hasher.update(format!("{}\0{}\0{}\0", file.name, segment.extent.first_record, segment.hash.to_hex()).as_bytes());
            shard.pieces.push(file, &segment.extent)?;
        }
    }
    let whole = |(mut shard, hasher): (Shard, blake3::Hasher)| {
        shard.id = short_hex(&hasher.finalize(), 16);
        shard.pieces.packed.shrink_to_fit();
        shard
    };
    Ok(out.into_iter().map(whole).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn extent(first_record: u64, records: Option<u64>) -> Extent {
        Extent { first_record, byte_offset: 0, records, repeats: BTreeMap::new() }
    }

    fn files(bytes: u64, names: impl Iterator<Item = u32>) -> Vec<(usize, File, Vec<Segment>)> {
        let file = |i| {
            let name = format!("{i:05}.md");
            let hash = blake3::hash(name.as_bytes());
            let cut = crate::load::leading_u64(&hash);
            let segment = Segment { extent: extent(1, None), bytes, hash, cut };
            (0, File { path: name.clone().into(), name: name.into(), bytes, mtime_ns: 0, ctime_ns: 0 }, vec![segment])
        };
        names.map(file).collect()
    }

    fn cut(files: &[(usize, File, Vec<Segment>)]) -> Vec<Shard> {
        shards(files.iter().map(|(source, file, segments)| (*source, file, segments.as_slice())), 1_000_000).unwrap()
    }

    #[test]
    fn pieces_are_unpacked_as_they_were_also_of_a_path_that_is_no_text() {
        let (first, second) = (Extent { repeats: [(2, 1)].into(), ..extent(1, Some(3)) }, Extent { byte_offset: 4, ..extent(4, None) });
        let file =
            |path: &[u8], name: &str| File { path: OsString::from_vec(path.to_vec()).into(), name: name.into(), bytes: 7, mtime_ns: -1, ctime_ns: i128::MAX };
        let (text, no_text, elsewhere) = (file(b"/a/b.md", "b.md"), file(b"/a/\xff\xfe.md", "\u{fffd}.md"), file(b"/c/b.md", "b.md"));
        for order in [[&text, &no_text, &elsewhere, &text], [&no_text, &text, &elsewhere, &no_text]] {
            let mut pieces = Pieces::default();
            for file in order {
                pieces.push(file, &first).unwrap();
                pieces.push(file, &second).unwrap();
            }
            let back: Vec<(File, Extent)> = pieces.unpack().unwrap().into_iter().map(|piece| (piece.file, piece.extent)).collect();
            let pushed: Vec<(File, Extent)> = order.iter().flat_map(|file| [&first, &second].map(|extent| ((*file).clone(), extent.clone()))).collect();
            assert_eq!(back, pushed);
            assert_eq!(pieces.len(), 8);
        }
    }

    #[test]
    fn files_of_a_shard_are_those_that_begin_in_it() {
        let mut all = files(600_000, 0..3);
        let of_second = Segment { bytes: 300_000, ..all[1].2[0].clone() };
        all[1].2 = vec![Segment { extent: extent(1, Some(1)), ..of_second.clone() }, Segment { extent: extent(2, None), ..of_second }];
        let shards = cut(&all);
        assert_eq!(shards.iter().map(|shard| shard.files).sum::<u64>(), 3);
        assert_eq!(shards.iter().map(|shard| shard.pieces.len()).sum::<usize>(), 4);
    }

    #[test]
    fn a_new_file_changes_one_shard() {
        let before = cut(&files(30_000, (0..2000).filter(|i| *i != 777)));
        let after = cut(&files(30_000, 0..2000));
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
                let before = cut(&files(bytes, (0..600).filter(|i| *i != new)));
                let after = cut(&files(bytes, 0..600));
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
        let files = files(30_000, 0..20);
        let known = files.iter().map(|(source, file, segments)| Known::of(*source, file, segments)).collect();
        remember(&path, &Memory { version: VERSION, settings: "s".into(), written_ns: RACY_NS + 1, files: known }).unwrap();
        let back = remembered(&path).unwrap();
        for (source, file, segments) in &files {
            assert_eq!(back.segments_of(*source, file), Some(segments.as_slice()));
            assert_eq!(back.segments_of(source + 1, file), None);
            assert_eq!(back.segments_of(*source, &File { mtime_ns: 1, ..file.clone() }), None);
        }
        let racy = Memory { written_ns: RACY_NS, ..back };
        assert_eq!(racy.segments_of(0, &files[0].1), None);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[200] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert!(remembered(&path).is_none());
    }
}
