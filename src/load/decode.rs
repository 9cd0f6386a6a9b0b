//! Bytes in, text out: the encoding is found, the text decoded, and every
//! replaced character counted.
//!
//! The order of trials: byte order mark, UTF-16 without a mark (by its zero
//! bytes or its Han bytes), valid UTF-8, UTF-8 with a few damaged bytes, then
//! chardetng's guess between GB18030 and Big5. GB18030 is a superset of GBK
//! and GB2312, so these three are one name here.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{BIG5, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

/// A text and how it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The text, without a byte order mark.
    pub text: String,
    /// `UTF-8`, `UTF-16LE`, `UTF-16BE`, `gb18030` or `Big5`.
    pub encoding: &'static str,
    /// Characters that stand for bytes that could not be read (U+FFFD).
    pub replaced_chars: u32,
}

/// Why bytes are not text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A known binary format, or zero bytes where no text has them.
    #[error("looks like {0}, not text")]
    Binary(&'static str),
    /// Too many bytes could not be read in the best encoding found.
    #[error("{replaced} of {chars} characters could not be read as {encoding}")]
    Undecodable {
        /// The best guess.
        encoding: &'static str,
        /// Characters replaced.
        replaced: usize,
        /// Characters in all.
        chars: usize,
    },
}

/// Most that may be replaced before a text is refused: one character in 100.
const MAX_REPLACED_SHARE: f64 = 0.01;

/// Bytes looked at to choose between encodings.
const SAMPLE_BYTES: usize = 64 * 1024;

/// First bytes of formats that come misnamed as text.
const MAGIC: [(&[u8], &str); 13] = [
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF-", "a PDF file"),
    (b"PK\x03\x04", "a ZIP archive or Office document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\x00", "a program"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"BZh", "bzip2 data"),
    (b"\xfd7zXZ\x00", "xz data"),
    (b"SQLite format 3\x00", "an SQLite database"),
];

/// Decodes a whole file.
///
/// # Errors
/// [`DecodeError::Binary`] for bytes that are no text,
/// [`DecodeError::Undecodable`] when more than one character in a hundred
/// would have to be replaced.
///
/// # Cost
/// One validation and a copy of the bytes if they are UTF-8; otherwise one
/// decoding and a guess over the first 64 KB.
pub fn decode(bytes: Vec<u8>) -> Result<Decoded, DecodeError> {
    if let Some(encoding) = marked(&bytes)? {
        return decode_as(bytes, encoding);
    }
    // Nearly all input is UTF-8. To validate it with vector instructions and
    // copy it takes less time than to validate it where it is, character by character.
    if let Ok(text) = simdutf8::basic::from_utf8(&bytes)
        && !sample(&bytes).contains(&0)
    {
        return Ok(Decoded { text: text.to_owned(), encoding: UTF_8.name(), replaced_chars: 0 });
    }
    let encoding = unmarked(sample(&bytes))?;
    decode_as(bytes, encoding)
}

/// Decodes bytes whose encoding is known.
///
/// # Errors
/// As [`decode`].
pub(super) fn decode_as(bytes: Vec<u8>, encoding: &'static Encoding) -> Result<Decoded, DecodeError> {
    if encoding == UTF_8 {
        let bytes = match bytes.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) => rest.to_vec(),
            None => bytes,
        };
        return match String::from_utf8(bytes) {
            Ok(text) => Ok(Decoded { text, encoding: UTF_8.name(), replaced_chars: 0 }),
            Err(broken) => accept(String::from_utf8_lossy(broken.as_bytes()).into_owned(), UTF_8),
        };
    }
    let (text, _) = encoding.decode_with_bom_removal(&bytes);
    accept(text.into_owned(), encoding)
}

/// The encoding of a text that begins with `bytes` (all of it, or a sample).
///
/// # Errors
/// [`DecodeError::Binary`].
pub(super) fn detect(bytes: &[u8]) -> Result<&'static Encoding, DecodeError> {
    match marked(bytes)? {
        Some(encoding) => Ok(encoding),
        None => unmarked(sample(bytes)),
    }
}

/// The encoding that a byte order mark tells.
fn marked(bytes: &[u8]) -> Result<Option<&'static Encoding>, DecodeError> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return Ok(Some(encoding));
    }
    match MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        Some((_, name)) => Err(DecodeError::Binary(name)),
        None => Ok(None),
    }
}

fn sample(bytes: &[u8]) -> &[u8] {
    bytes.get(..SAMPLE_BYTES).unwrap_or(bytes)
}

/// The encoding of a text without a mark.
fn unmarked(sample: &[u8]) -> Result<&'static Encoding, DecodeError> {
    if let Some(encoding) = unmarked_utf16(sample) {
        return Ok(encoding);
    }
    if sample.contains(&0) {
        return Err(DecodeError::Binary("binary data with zero bytes"));
    }
    if mostly_utf8(sample) {
        return Ok(UTF_8);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    // Without the hint of a Chinese domain, short GB18030 texts are taken for
    // other double-byte encodings.
    let guess = detector.guess(Some(b"cn"), Utf8Detection::Deny);
    if guess == BIG5 {
        return Ok(BIG5);
    }
    // The detector takes short Big5 for GB18030, whose code space covers nearly
    // all of it. Read in the wrong one, text is full of rare characters.
    if oddness(BIG5, sample) < oddness(GB18030, sample) { Ok(BIG5) } else { Ok(GB18030) }
}

/// Characters that Chinese text does not have: replaced ones, private use,
/// kana, Cyrillic, Greek and the like.
fn oddness(encoding: &'static Encoding, sample: &[u8]) -> usize {
    let (text, _) = encoding.decode_without_bom_handling(sample);
    let odd = |c: &char| matches!(c, '\u{fffd}' | '\u{e000}'..='\u{f8ff}' | '\u{3040}'..='\u{312f}' | '\u{370}'..='\u{58f}' | '\u{2500}'..='\u{257f}');
    text.chars().filter(odd).count()
}

/// Valid UTF-8 but for a cut at the end of the sample and a few damaged bytes.
fn mostly_utf8(sample: &[u8]) -> bool {
    let (mut wide, mut broken) = (0_usize, 0_usize);
    for chunk in sample.utf8_chunks() {
        wide += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    // GB18030 read as UTF-8 breaks at nearly every character.
    broken == 0 || wide > 20 * broken
}

/// UTF-16 without a mark: ASCII leaves zeros on one side, Han text leaves
/// 0x4E to 0x9F (the high bytes of U+4E00 to U+9FFF) or 0x30/0xFF (punctuation)
/// on one side.
fn unmarked_utf16(sample: &[u8]) -> Option<&'static Encoding> {
    let pairs = sample.chunks_exact(2);
    let units = pairs.len();
    if units < 8 || std::str::from_utf8(sample).is_ok_and(|text| !text.contains('\0')) {
        return None;
    }
    let (mut high_first, mut high_last) = (0_usize, 0_usize);
    let high = |byte: u8| matches!(byte, 0x00 | 0x30 | 0x4e..=0x9f | 0xff);
    let (mut zeros, mut line_ends) = (0_usize, 0_usize);
    for pair in pairs {
        if let [first, last] = *pair {
            high_first += usize::from(high(first));
            high_last += usize::from(high(last));
            zeros += usize::from((first == 0) != (last == 0));
            line_ends += usize::from(matches!(pair, [0, b'\n' | b' '] | [b'\n' | b' ', 0]));
        }
    }
    // Double-byte encodings have no zero bytes at all; text in UTF-16 has line
    // ends or ASCII, each with one.
    if zeros == 0 || (line_ends == 0 && zeros * 4 < units) {
        return None;
    }
    let most = units * 9 / 10;
    match (high_first >= most, high_last >= most) {
        (true, false) => Some(UTF_16BE),
        (false, true) => Some(UTF_16LE),
        _ => None,
    }
}

fn accept(text: String, encoding: &'static Encoding) -> Result<Decoded, DecodeError> {
    let replaced = text.chars().filter(|c| *c == '\u{fffd}').count();
    let chars = text.chars().count();
    if replaced as f64 > chars as f64 * MAX_REPLACED_SHARE {
        return Err(DecodeError::Undecodable { encoding: encoding.name(), replaced, chars });
    }
    Ok(Decoded { text, encoding: encoding.name(), replaced_chars: u32::try_from(replaced).unwrap_or(u32::MAX) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "各地加快推进水利工程建设，３月５日召开座谈会。\n会议要求抓好落实。";
    const TRADITIONAL: &str = "各地加快推進水利工程建設，三月五日召開座談會。\n會議要求抓好落實。";

    fn read(bytes: &[u8]) -> Decoded {
        decode(bytes.to_vec()).unwrap()
    }

    #[test]
    fn each_encoding_is_found_and_gives_the_same_text() {
        assert_eq!(read(TEXT.as_bytes()).encoding, "UTF-8");
        assert_eq!(read(&[b"\xef\xbb\xbf", TEXT.as_bytes()].concat()).text, TEXT);
        let (gb, _, _) = GB18030.encode(TEXT);
        let decoded = read(&gb);
        assert_eq!((decoded.text.as_str(), decoded.encoding), (TEXT, "gb18030"));
        let (big5, _, _) = BIG5.encode(TRADITIONAL);
        let decoded = read(&big5);
        assert_eq!((decoded.text.as_str(), decoded.encoding), (TRADITIONAL, "Big5"));
        for mark in [true, false] {
            let mut le: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let mut be: Vec<u8> = TEXT.encode_utf16().flat_map(u16::to_be_bytes).collect();
            if mark {
                le.splice(0..0, [0xff, 0xfe]);
                be.splice(0..0, [0xfe, 0xff]);
            }
            assert_eq!(read(&le).text, TEXT);
            assert_eq!(read(&be).text, TEXT);
            assert_eq!(read(&be).encoding, "UTF-16BE");
        }
    }

    #[test]
    fn characters_outside_gbk_survive_in_gb18030() {
        let (bytes, _, unmappable) = GB18030.encode("在𠮷安镇召开，㐂庆丰收，各方表示祝贺");
        assert!(!unmappable);
        assert_eq!(read(&bytes).text, "在𠮷安镇召开，㐂庆丰收，各方表示祝贺");
    }

    #[test]
    fn a_few_damaged_bytes_are_replaced_and_counted() {
        let mut bytes = TEXT.repeat(20).into_bytes();
        bytes.extend_from_slice(b"\xe5\x8f");
        let decoded = read(&bytes);
        assert_eq!((decoded.encoding, decoded.replaced_chars), ("UTF-8", 1));
    }

    #[test]
    fn a_long_text_with_few_wide_characters_is_utf8_wherever_the_sample_cuts_it() {
        for shift in 0..3 {
            let text = ["a".repeat(SAMPLE_BYTES - shift), "提法".into()].concat();
            assert_eq!(read(text.as_bytes()).text, text);
        }
    }

    #[test]
    fn images_and_noise_are_refused_with_a_reason() {
        let png = decode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec());
        assert_eq!(png, Err(DecodeError::Binary("a PNG image")));
        let byte = |i: u32| i.wrapping_mul(2_654_435_761).to_be_bytes()[1];
        let noise: Vec<u8> = (0..4096).map(byte).collect();
        assert!(decode(noise).is_err());
        let odd: Vec<u8> = (0..4096).map(|i| byte(i) | 0x80).collect();
        assert!(matches!(decode(odd), Err(DecodeError::Undecodable { .. })));
    }
}
