//! Keys with the ranks of their documents, sorted: in memory while they are few,
//! then in files.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use rayon::prelude::*;

use crate::tally::KeyRank;
use crate::write::WriteError;

/// Parts by the leading byte of the key: what is read back from a file at a time.
pub(super) const PARTS: u8 = u8::MAX;

/// Bytes of an entry in a file.
const ENTRY: usize = 12;

/// The part of a key.
pub(super) const fn part(key: u64) -> u8 {
    let [part, ..] = key.to_be_bytes();
    part
}

/// Entries on their way to be sorted.
pub(super) struct Entries {
    memory: Vec<KeyRank>,
    /// So many are kept in memory.
    in_memory: usize,
    /// A folder for the files, made when there are too many.
    folder: PathBuf,
    files: Vec<BufWriter<File>>,
}

impl Entries {
    pub(super) fn new(folder: PathBuf, in_memory: usize) -> Self {
        Self { memory: Vec::new(), in_memory, folder, files: Vec::new() }
    }

    pub(super) fn add(&mut self, entries: &[KeyRank]) -> Result<(), WriteError> {
        if self.memory.len() + entries.len() > self.in_memory {
            self.spill()?;
        }
        self.memory.extend_from_slice(entries);
        Ok(())
    }

    fn path(&self, part: u8) -> PathBuf {
        self.folder.join(part.to_string())
    }

    fn spill(&mut self) -> Result<(), WriteError> {
        if self.files.is_empty() {
            fs::create_dir_all(&self.folder).map_err(|e| WriteError::io(&self.folder, e))?;
            for part in 0..=PARTS {
                let path = self.path(part);
                self.files.push(BufWriter::new(File::create(&path).map_err(|e| WriteError::io(&path, e))?));
            }
        }
        for (key, rank) in self.memory.drain(..) {
            if let Some(file) = self.files.get_mut(usize::from(part(key))) {
                let written = file.write_all(&key.to_le_bytes()).and_then(|()| file.write_all(&rank.to_le_bytes()));
                written.map_err(|e| WriteError::io(&self.folder, e))?;
            }
        }
        Ok(())
    }

    /// Gives the entries of each part, in no order; the parts by rising keys.
    pub(super) fn each(mut self, mut give: impl FnMut(u8, Vec<KeyRank>) -> Result<(), WriteError>) -> Result<(), WriteError> {
        if self.files.is_empty() {
            self.memory.par_sort_unstable();
            let mut rest = self.memory.as_slice();
            for part in 0..=PARTS {
                let (of_part, others) = rest.split_at(rest.partition_point(|(key, _)| self::part(*key) <= part));
                give(part, of_part.to_vec())?;
                rest = others;
            }
            return Ok(());
        }
        self.spill()?;
        self.memory = Vec::new();
        for file in std::mem::take(&mut self.files) {
            file.into_inner().map_err(|e| WriteError::io(&self.folder, e.into_error()))?;
        }
        for part in 0..=PARTS {
            let path = self.path(part);
            let bytes = fs::read(&path).map_err(|e| WriteError::io(&path, e))?;
            let (entries, _) = bytes.as_chunks();
            let entries = entries.iter().map(entry).collect();
            drop(bytes);
            fs::remove_file(&path).map_err(|e| WriteError::io(&path, e))?;
            give(part, entries)?;
        }
        fs::remove_dir(&self.folder).map_err(|e| WriteError::io(&self.folder, e))
    }
}

fn entry(bytes: &[u8; ENTRY]) -> KeyRank {
    let [k0, k1, k2, k3, k4, k5, k6, k7, rank @ ..] = *bytes;
    (u64::from_le_bytes([k0, k1, k2, k3, k4, k5, k6, k7]), u32::from_le_bytes(rank))
}
