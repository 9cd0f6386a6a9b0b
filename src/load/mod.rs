//! **load**: files → decoded [`Record`]s, one for each file or each record in it.
//!
//! Every input that a glob names is either loaded or refused as a
//! [`Reject`] with a reason. What enters is bytes; what leaves is text with its
//! encoding. Nothing here knows titles, sentences or dates.

mod decode;
mod digest;
mod files;
mod json_line;
mod parquet_input;
mod records;
mod segment;
mod unpack;

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use decode::{DecodeError, Decoded, decode};
pub use digest::{leading_u64, short_hex};
pub use files::{File, Found, check_pattern, find, without_dots};
pub use parquet_input::{ParquetInput, careful};
pub use records::{Raw, Start, open};
pub use segment::{Extent, LONGEST, Segment, segments};

use crate::diagnostic::{Reject, Stage, excerpt};

/// How the files of a source are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// Plain text, possibly broken across pages.
    Text,
    /// Markdown, possibly with HTML in it.
    Markdown,
    /// HTML.
    Html,
    /// JSON Lines: an object a line.
    Jsonl,
    /// CSV with a header.
    Csv,
    /// Parquet.
    Parquet,
}

impl Layout {
    /// Whether a file holds many records, so that it is read as a stream.
    #[must_use]
    pub const fn is_record(self) -> bool {
        matches!(self, Self::Jsonl | Self::Csv | Self::Parquet)
    }
}

/// Which fields of a record hold what; none for files read whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldNames {
    /// The text.
    pub text: Option<String>,
    /// The title.
    pub title: Option<String>,
    /// The date.
    pub date: Option<String>,
    /// The id.
    pub id: Option<String>,
    /// The address.
    pub url: Option<String>,
}

/// What a source asks of this stage.
#[derive(Clone, Debug)]
pub struct Input {
    /// Name of the source.
    pub source: Arc<str>,
    /// Globs, absolute or relative to the working folder.
    pub files: Vec<PathBuf>,
    /// Layout of every file.
    pub layout: Layout,
    /// Fields of record layouts.
    pub fields: FieldNames,
}

/// Sizes over which input is refused, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A file that is read whole, also after unpacking.
    pub max_file_bytes: u64,
    /// A record of a record layout.
    pub max_record_bytes: u64,
}

impl Default for Limits {
    /// 64 MB each: a hundred times the longest work report.
    fn default() -> Self {
        Self { max_file_bytes: 64_000_000, max_record_bytes: 64_000_000 }
    }
}

/// A decoded record: the text of a file, or the fields of a record in one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Path relative to the source's folder, with `/`.
    pub path: Arc<str>,
    /// Number of the record in its file, from 1.
    pub number: u64,
    /// The decoded text, as it is in the input.
    pub text: String,
    /// Title field, if the source names one.
    pub title: Option<String>,
    /// Date field, if the source names one.
    pub date: Option<String>,
    /// Id field, if the source names one.
    pub id: Option<String>,
    /// Address field, if the source names one.
    pub url: Option<String>,
    /// Encoding of the file.
    pub encoding: &'static str,
    /// Characters replaced in decoding.
    pub replaced_chars: u32,
    /// BLAKE3 of the record as it lies in a file of records, if it has no id.
    pub content_hash: Option<blake3::Hash>,
    /// How many records before it in its file are the same, where the file is
    /// in several segments.
    pub repeats: u32,
}

/// A world in which this stage cannot work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// A glob that cannot be read.
    #[error("`{glob}` is not a file pattern: {cause}")]
    Glob {
        /// The pattern as written.
        glob: String,
        /// What the parser says.
        cause: String,
    },
    /// The folder of a glob cannot be listed.
    #[error("cannot list `{}`: {cause}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's answer.
        cause: std::io::Error,
    },
}

/// A reject of this stage.
pub(crate) fn reject(source: &str, path: &str, record: Option<u64>, reason: &str, detail: impl Into<String>, bytes: &[u8]) -> Reject {
    Reject {
        source: source.to_owned(),
        path: path.to_owned(),
        record,
        stage: Stage::Load.name().to_owned(),
        reason: reason.to_owned(),
        detail: detail.into(),
        excerpt: excerpt(bytes),
    }
}

/// The first bytes of a file, unpacked if it is packed, at most `limit`, and whether
/// there are more.
///
/// # Errors
/// The system's, and that of a packed file that cannot be read.
pub fn head(path: &std::path::Path, limit: u64) -> std::io::Result<(Vec<u8>, bool)> {
    use std::io::Read;
    let mut bytes = Vec::new();
    unpack::unpack(path, 0)?.reader.take(limit + 1).read_to_end(&mut bytes)?;
    let more = bytes.len() as u64 > limit;
    bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok((bytes, more))
}

/// Reads records of a file in order.
///
/// # Errors
/// None: what cannot be read comes out as a [`Reject`] in its place.
///
/// # Cost
/// Holds their bytes in memory, at most the larger of one shard and
/// one record.
#[must_use]
pub fn read_extent(input: &Input, file: &File, extent: &Extent, limits: Limits) -> Vec<Result<Raw, Reject>> {
    match open(input, file, limits, extent.start()) {
        Err(reject) => vec![Err(reject)],
        Ok(stream) => match extent.records {
            Some(count) => stream.take(usize::try_from(count).unwrap_or(usize::MAX)).collect(),
            None => stream.collect(),
        },
    }
}
