//! The file in a shard's parsed artifact that says of its documents what is asked
//! of all documents of the corpus: days, ids and fingerprints.
//!
//! How many documents; a head of each; their ids; a fingerprint of each.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use chrono::Datelike;
use rayon::prelude::*;

use crate::load::leading_u64;
use crate::parse::Document;
use crate::tally::Fingerprint;
use crate::write::WriteError;

/// Its name.
const FILE: &str = "fingerprints.bin";

/// Bytes of the number of documents.
const COUNT: usize = 8;

/// Bytes of a head: whether it is a preamble, first and last day, a hash of the
/// id, where the id ends.
const HEAD: usize = 1 + 4 + 4 + 8 + 4;

/// Day of a document without a date: after all others.
pub(super) const UNDATED: i32 = i32::MAX;

/// What ranks a document, and its id's hash.
#[derive(Clone, Copy, Debug)]
pub(in crate::batch) struct Head {
    pub preamble: bool,
    pub start: i32,
    pub end: i32,
    pub id_hash: u64,
    /// Where its id ends among those of the shard.
    id_end: u32,
}

impl Head {
    /// First and last day.
    pub(super) const fn days(&self) -> (i32, i32) {
        (self.start, self.end)
    }
}

/// Writes the file of a shard into the folder of its artifact.
pub(in crate::batch) fn write_prints(folder: &Path, documents: &[Document]) -> Result<(), WriteError> {
    let path = folder.join(FILE);
    let mut front = Vec::with_capacity(COUNT + documents.len() * (HEAD + 24));
    front.extend((documents.len() as u64).to_le_bytes());
    let mut id_end = 0_usize;
    for document in documents {
        id_end += document.doc_id.len();
        let (start, end) = days(document);
        front.push(u8::from(document.preamble));
        front.extend(start.to_le_bytes());
        front.extend(end.to_le_bytes());
        front.extend(leading_u64(&blake3::hash(document.doc_id.as_bytes())).to_le_bytes());
        front.extend(u32::try_from(id_end).map_err(|e| WriteError::table(&path, &e))?.to_le_bytes());
    }
    front.extend(documents.iter().flat_map(|document| document.doc_id.bytes()));
    let print = |document: &Document| {
        let (start, end) = days(document);
        Fingerprint::of(&document.text).on(start, end).to_bytes()
    };
    let prints: Vec<[u8; Fingerprint::BYTES]> = documents.par_iter().map(print).collect();
    let written = File::create(&path).and_then(|mut file| {
        file.write_all(&front)?;
        file.write_all(prints.as_flattened())
    });
    written.map_err(|e| WriteError::io(&path, e))
}

fn days(document: &Document) -> (i32, i32) {
    document.date.map_or((UNDATED, UNDATED), |d| (d.start.num_days_from_ce(), d.end.num_days_from_ce()))
}

/// Whether the file in this folder is whole, and of so many documents.
pub(in crate::batch) fn check_prints(folder: &Path, documents: u64) -> Result<(), WriteError> {
    let prints = Prints::open(folder)?;
    if prints.documents as u64 == documents { Ok(()) } else { Err(WriteError::table(&prints.path, &"it is of other documents")) }
}

/// The file of a shard, open.
pub(in crate::batch) struct Prints {
    path: PathBuf,
    file: File,
    documents: usize,
    /// Bytes of all ids.
    ids: usize,
}

impl Prints {
    /// Opens the file in this folder, which must be as long as it says.
    pub(in crate::batch) fn open(folder: &Path) -> Result<Self, WriteError> {
        let path = folder.join(FILE);
        let error = |e| WriteError::io(&path, e);
        let file = File::open(&path).map_err(error)?;
        let bytes = file.metadata().map_err(error)?.len();
        let mut count = [0; COUNT];
        file.read_exact_at(&mut count, 0).map_err(error)?;
        let cut = || WriteError::table(&path, &"it is cut short");
        let documents = usize::try_from(u64::from_le_bytes(count)).ok().filter(|documents| *documents as u64 <= bytes / HEAD as u64).ok_or_else(cut)?;
        let mut last = [0; HEAD];
        if documents > 0 {
            file.read_exact_at(&mut last, (COUNT + (documents - 1) * HEAD) as u64).map_err(error)?;
        }
        let ids = head(&last).id_end as usize;
        if bytes != (COUNT + documents * (HEAD + Fingerprint::BYTES) + ids) as u64 {
            return Err(cut());
        }
        Ok(Self { path, file, documents, ids })
    }

    /// Opens the file again that was opened before, without looking at it.
    pub(super) fn again(folder: &Path, (documents, ids): (usize, usize)) -> Result<Self, WriteError> {
        let path = folder.join(FILE);
        let file = File::open(&path).map_err(|e| WriteError::io(&path, e))?;
        Ok(Self { path, file, documents, ids })
    }

    /// How many documents it has.
    pub(in crate::batch) const fn documents(&self) -> usize {
        self.documents
    }

    /// How many documents it has, and bytes of ids.
    pub(super) const fn shape(&self) -> (usize, usize) {
        (self.documents, self.ids)
    }

    fn read(&self, bytes: &mut [u8], at: usize) -> Result<(), WriteError> {
        self.file.read_exact_at(bytes, at as u64).map_err(|e| WriteError::io(&self.path, e))
    }

    /// The heads of its documents, in order.
    pub(in crate::batch) fn heads(&self) -> Result<Vec<Head>, WriteError> {
        let mut bytes = vec![0; self.documents * HEAD];
        self.read(&mut bytes, COUNT)?;
        let (heads, _) = bytes.as_chunks();
        Ok(heads.iter().map(head).collect())
    }

    /// Heads and ids of the documents that are wanted, by their rows and heads, in order.
    pub(in crate::batch) fn ids(&self, mut wanted: impl FnMut(usize, &Head) -> bool) -> Result<Vec<(Head, String)>, WriteError> {
        let heads = self.heads()?;
        let mut bytes = vec![0; self.ids];
        self.read(&mut bytes, COUNT + self.documents * HEAD)?;
        let starts = std::iter::once(0).chain(heads.iter().map(|head| head.id_end as usize));
        let of_wanted = starts.zip(&heads).enumerate().filter(|(row, (_, head))| wanted(*row, head));
        let named = |(_, (start, head)): (usize, (usize, &Head))| {
            let id = bytes.get(start..head.id_end as usize).and_then(|id| str::from_utf8(id).ok());
            id.map(|id| (*head, id.to_owned())).ok_or_else(|| WriteError::table(&self.path, &"its ids are damaged"))
        };
        of_wanted.map(named).collect()
    }

    /// Reads the bytes of fingerprints, from that of `row` on as many as there is place for.
    pub(super) fn fingerprints(&self, row: usize, bytes: &mut [u8]) -> Result<(), WriteError> {
        self.read(bytes, COUNT + self.documents * HEAD + self.ids + row * Fingerprint::BYTES)
    }
}

fn head(bytes: &[u8; HEAD]) -> Head {
    let [preamble, s0, s1, s2, s3, e0, e1, e2, e3, h0, h1, h2, h3, h4, h5, h6, h7, i0, i1, i2, i3] = *bytes;
    Head {
        preamble: preamble == 1,
        start: i32::from_le_bytes([s0, s1, s2, s3]),
        end: i32::from_le_bytes([e0, e1, e2, e3]),
        id_hash: u64::from_le_bytes([h0, h1, h2, h3, h4, h5, h6, h7]),
        id_end: u32::from_le_bytes([i0, i1, i2, i3]),
    }
}
