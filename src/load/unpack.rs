//! Opens a file, unpacking gzip and zstd by their first bytes, and bounds what
//! comes out of it.

use std::fs;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::read::MultiGzDecoder;

/// A file's bytes, unpacked.
pub(super) struct Unpacked {
    /// The bytes.
    pub reader: Box<dyn Read + Send>,
    /// Whether they were packed, so that offsets are not those of the file.
    pub packed: bool,
}

/// Opens `path` at byte `offset` (of the unpacked content; only a file that is
/// not packed can be entered past its beginning without reading what is before).
///
/// # Errors
/// The system's, and that of a packed header that cannot be read.
pub(super) fn unpack(path: &Path, offset: u64) -> io::Result<Unpacked> {
    let mut file = fs::File::open(path)?;
    let mut magic = Vec::with_capacity(4);
    file.by_ref().take(4).read_to_end(&mut magic)?;
    let gzip = magic.starts_with(b"\x1f\x8b");
    let zstd = magic.starts_with(b"\x28\xb5\x2f\xfd");
    file.seek(SeekFrom::Start(if gzip || zstd { 0 } else { offset }))?;
    let mut reader: Box<dyn Read + Send> = if gzip {
        Box::new(MultiGzDecoder::new(BufReader::new(file)))
    } else if zstd {
        Box::new(zstd::stream::read::Decoder::new(file)?)
    } else {
        Box::new(file)
    };
    if (gzip || zstd) && offset > 0 {
        io::copy(&mut reader.by_ref().take(offset), &mut io::sink())?;
    }
    Ok(Unpacked { reader, packed: gzip || zstd })
}

/// All bytes, or `None` if there are more than `limit`. `expected` is how many
/// there will be if nothing is packed and nothing changes: no more is copied then.
///
/// # Errors
/// The reader's.
pub(super) fn read_at_most(reader: impl Read, limit: u64, expected: u64) -> io::Result<Option<Vec<u8>>> {
    // One more, so that the end is seen without growing.
    let mut bytes = Vec::with_capacity(usize::try_from(expected.min(limit)).unwrap_or(0) + 1);
    reader.take(limit + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}
