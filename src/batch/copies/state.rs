//! What a run leaves to the next one: which shards it saw, the keys under which
//! documents of them may join, and which of these documents were compared.
//!
//! Two files, each with the hash of all before it at its end: `meetings.bin`, a
//! line of JSON and entries in rising order of their keys, and `compared.bin`.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::entries::part;
use crate::batch::shard::{COPIES, Cache};
use crate::write::WriteError;

/// Raise it when the form of the files, a fingerprint or its keys change.
const VERSION: u32 = 1;

/// The state's name among those of its kind: there is one.
pub(in crate::batch) const KEY: &str = "state";

const MEETINGS: &str = "meetings.bin";
const COMPARED: &str = "compared.bin";

/// Bytes of an entry: key, shard, row.
const ENTRY: usize = 16;

/// Bytes of two documents, shard and row of each, and whether they are alike.
const PAIR: usize = 17;

/// What a state is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Of {
    version: u32,
    /// Whether preambles took part.
    preambles: bool,
    /// Keys of the parsed artifacts of all shards.
    pub shards: Vec<String>,
}

impl Of {
    pub(super) fn new(preambles: bool, shards: Vec<String>) -> Self {
        Self { version: VERSION, preambles, shards }
    }
}

/// Shard of a document, and its place in it.
pub(super) type Place = (u32, u32);

/// The last run's state, while it is read.
pub(super) struct State {
    pub of: Of,
    /// Documents that were compared, and whether they are alike.
    pub compared: Vec<(Place, Place, bool)>,
    meetings: Whole,
    /// The entry read last, if it was not asked for yet.
    next: Option<(u64, Place)>,
}

impl State {
    /// The last run's state, if there is one that is whole and of the same kind.
    pub(super) fn open(cache: &Cache, now: &Of) -> Option<Self> {
        let folder = cache.path(COPIES, KEY);
        if !folder.exists() {
            return None;
        }
        match Self::read(&folder) {
            Ok(state) => Some(state).filter(|state| (state.of.version, state.of.preambles) == (now.version, now.preambles)),
            Err(error) => {
                tracing::warn!("a cache entry is damaged and is made again: {error}");
                None
            }
        }
    }

    fn read(folder: &Path) -> Result<Self, WriteError> {
        let (mut meetings, mut pairs) = (Whole::open(folder.join(MEETINGS))?, Whole::open(folder.join(COMPARED))?);
        let of = serde_json::from_slice(&meetings.line()?).map_err(|e| WriteError::table(&meetings.path, &e))?;
        let mut compared = Vec::new();
        while let Some([a @ .., alike]) = pairs.next::<PAIR>()? {
            let [a0, a1, a2, a3, a4, a5, a6, a7, b @ ..] = a;
            compared.push((place([a0, a1, a2, a3, a4, a5, a6, a7]), place(b), alike == 1));
        }
        Ok(Self { of, compared, meetings, next: None })
    }

    /// Gives the entries of a part, of which each is asked for once, in order.
    pub(super) fn take(&mut self, of: u8, mut give: impl FnMut(u64, Place)) -> Result<(), WriteError> {
        loop {
            if self.next.is_none() {
                self.next = self.meetings.next::<ENTRY>()?.map(|[k0, k1, k2, k3, k4, k5, k6, k7, at @ ..]| {
                    let key = u64::from_le_bytes([k0, k1, k2, k3, k4, k5, k6, k7]);
                    (key, place(at))
                });
            }
            match self.next {
                Some((key, place)) if part(key) <= of => give(key, place),
                _ => return Ok(()),
            }
            self.next = None;
        }
    }
}

fn place([s0, s1, s2, s3, r0, r1, r2, r3]: [u8; 8]) -> Place {
    (u32::from_le_bytes([s0, s1, s2, s3]), u32::from_le_bytes([r0, r1, r2, r3]))
}

/// A file whose hash was compared with that at its end.
struct Whole {
    path: PathBuf,
    file: BufReader<File>,
    /// Bytes not yet read.
    left: u64,
}

impl Whole {
    /// Reads all of it once, so that nothing is used of one that is not whole.
    fn open(path: PathBuf) -> Result<Self, WriteError> {
        let whole = || {
            let file = File::open(&path)?;
            let bytes = file.metadata()?.len();
            let mut file = BufReader::with_capacity(1 << 16, file);
            let left = bytes.saturating_sub(blake3::OUT_LEN as u64);
            let (mut hasher, mut hash) = (blake3::Hasher::new(), [0; blake3::OUT_LEN]);
            hasher.update_reader(file.by_ref().take(left))?;
            file.read_exact(&mut hash)?;
            file.seek(SeekFrom::Start(0))?;
            Ok((file, left, hasher.finalize() == hash))
        };
        let (file, left, is_whole) = whole().map_err(|e| WriteError::io(&path, e))?;
        if is_whole { Ok(Self { path, file, left }) } else { Err(WriteError::table(&path, &"it is damaged")) }
    }

    /// The next so many bytes, if there are any.
    fn next<const BYTES: usize>(&mut self) -> Result<Option<[u8; BYTES]>, WriteError> {
        if self.left == 0 {
            return Ok(None);
        }
        let mut bytes = [0; BYTES];
        self.file.read_exact(&mut bytes).map_err(|e| WriteError::io(&self.path, e))?;
        self.left = self.left.saturating_sub(BYTES as u64);
        Ok(Some(bytes))
    }

    fn line(&mut self) -> Result<Vec<u8>, WriteError> {
        let mut line = Vec::new();
        let read = self.file.read_until(b'\n', &mut line).map_err(|e| WriteError::io(&self.path, e))?;
        self.left = self.left.saturating_sub(read as u64);
        Ok(line)
    }
}

/// Such a file, while it is written.
struct Hashing {
    path: PathBuf,
    file: File,
    hasher: blake3::Hasher,
    /// Bytes not yet written.
    waiting: Vec<u8>,
}

impl Hashing {
    /// Bytes that are written and hashed at once.
    const AT_ONCE: usize = 1 << 16;

    fn create(path: PathBuf) -> Result<Self, WriteError> {
        let file = File::create(&path).map_err(|e| WriteError::io(&path, e))?;
        Ok(Self { path, file, hasher: blake3::Hasher::new(), waiting: Vec::with_capacity(Self::AT_ONCE) })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() < Self::AT_ONCE { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        self.hasher.update(&self.waiting);
        self.file.write_all(&self.waiting).map_err(|e| WriteError::io(&self.path, e))?;
        self.waiting.clear();
        Ok(())
    }

    fn close(mut self) -> Result<(), WriteError> {
        self.flush()?;
        self.file.write_all(self.hasher.finalize().as_bytes()).map_err(|e| WriteError::io(&self.path, e))
    }
}

/// The state of this run, while it is written.
pub(super) struct Writer<'c> {
    cache: &'c Cache,
    folder: PathBuf,
    meetings: Hashing,
}

impl<'c> Writer<'c> {
    pub(super) fn create(cache: &'c Cache, of: &Of) -> Result<Self, WriteError> {
        let folder = cache.begin()?;
        let mut meetings = Hashing::create(folder.join(MEETINGS))?;
        let line = serde_json::to_string(of).map_err(|e| WriteError::table(&meetings.path, &e))?;
        meetings.write(line.as_bytes())?;
        meetings.write(b"\n")?;
        Ok(Self { cache, folder, meetings })
    }

    /// Adds entries, by rising keys.
    pub(super) fn add(&mut self, entries: impl Iterator<Item = (u64, Place)>) -> Result<(), WriteError> {
        for (key, (shard, row)) in entries {
            self.meetings.write(&key.to_le_bytes())?;
            self.meetings.write([shard, row].map(u32::to_le_bytes).as_flattened())?;
        }
        Ok(())
    }

    /// Adds what was compared, and puts the state in the place of the last one.
    pub(super) fn close(self, compared: impl Iterator<Item = (Place, Place, bool)>) -> Result<(), WriteError> {
        self.meetings.close()?;
        let mut file = Hashing::create(self.folder.join(COMPARED))?;
        for ((a_shard, a_row), (b_shard, b_row), alike) in compared {
            let numbers = [a_shard, a_row, b_shard, b_row].map(u32::to_le_bytes);
            file.write(numbers.as_flattened())?;
            file.write(&[u8::from(alike)])?;
        }
        file.close()?;
        self.cache.put(&self.folder, COPIES, KEY)
    }
}
