//! A file as a stream of records: the whole file, or the lines and rows of a
//! record layout. A broken or oversized record is refused alone.

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::str::Utf8Error;
use std::sync::Arc;

use arrow::array::{Array, AsArray, BinaryArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use parquet::arrow::ProjectionMask;

use super::decode::{Decoded, decode, decode_as, detect};
use super::json_line::json_fields;
use super::parquet_input::{ParquetInput, careful};
use super::unpack::{read_at_most, unpack};
use super::{DecodeError, FieldNames, File, Input, Layout, Limits, Record, reject};
use crate::diagnostic::Reject;

/// Bytes looked at to find the encoding of a stream.
const HEAD_BYTES: usize = 64 * 1024;

/// Where to begin in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Number of the record, from 1.
    pub record: u64,
    /// Its first byte in the unpacked file, or 0 to count records instead.
    pub byte: u64,
}

impl Default for Start {
    fn default() -> Self {
        Self { record: 1, byte: 0 }
    }
}

/// A record as it lies in the file: cheap to hash, not decoded yet.
#[derive(Clone, Debug)]
pub struct Raw {
    number: u64,
    end_byte: u64,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    File(Vec<u8>),
    Line { bytes: Vec<u8>, encoding: &'static Encoding },
    Fields { fields: Box<FieldNames>, encoding: &'static str },
}

impl Raw {
    /// Number of the record in its file, from 1.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Hash of the content.
    #[must_use]
    pub fn hash(&self) -> blake3::Hash {
        match &self.content {
            Content::File(bytes) | Content::Line { bytes, .. } => blake3::hash(bytes),
            Content::Fields { fields, .. } => fields_hash(fields),
        }
    }

    /// Size in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        match &self.content {
            Content::File(bytes) | Content::Line { bytes, .. } => bytes.len() as u64,
            Content::Fields { fields, .. } => fields.text.as_ref().map_or(0, |t| t.len() as u64),
        }
    }

    /// Byte in the unpacked file after this record; 0 where there is none to seek to.
    pub(super) const fn end_byte(&self) -> u64 {
        self.end_byte
    }

    /// Decodes the record.
    ///
    /// # Errors
    /// A [`Reject`] with reason `empty`, `binary`, `undecodable`, `broken_record`
    /// or `missing_field`.
    pub fn decode(self, input: &Input, file: &File) -> Result<Record, Reject> {
        let Self { number, content, .. } = self;
        let place = Place { input, file };
        let mut record = match content {
            Content::File(bytes) => {
                if bytes.is_empty() {
                    return Err(place.refuse(None, "empty", "the file is empty", b""));
                }
                let head: Vec<u8> = bytes.iter().copied().take(HEAD_BYTES.min(400)).collect();
                let decoded = decode(bytes).map_err(|e| place.undecoded(None, &e, &head))?;
                place.record(1, decoded, FieldNames::default())
            }
            Content::Line { bytes, encoding } => {
                let fields = json_fields(&bytes, encoding, &input.fields).map_err(|(reason, detail)| place.refuse(Some(number), reason, detail, &bytes))?;
                let content_hash = has_no_id(&fields).then(|| blake3::hash(&bytes));
                Record { content_hash, ..place.fields(number, fields, encoding.name())? }
            }
            Content::Fields { fields, encoding } => {
                let content_hash = has_no_id(&fields).then(|| fields_hash(&fields));
                Record { content_hash, ..place.fields(number, *fields, encoding)? }
            }
        };
        if record.text.trim().is_empty() {
            return Err(place.refuse(input.layout.is_record().then_some(number), "empty", "there is no text but white space", b""));
        }
        if memchr::memchr(0, record.text.as_bytes()).is_some() {
            record.text = record.text.replace('\0', "\u{fffd}");
        }
        Ok(record)
    }
}

/// Whether the id of the document must be made from the content.
fn has_no_id(fields: &FieldNames) -> bool {
    fields.id.as_ref().is_none_or(String::is_empty)
}

fn fields_hash(fields: &FieldNames) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for field in [&fields.text, &fields.title, &fields.date, &fields.id, &fields.url] {
        // A length before each field keeps ("ab", "c") from ("a", "bc").
        hasher.update(&field.as_ref().map_or(u64::MAX, |f| f.len() as u64).to_le_bytes());
        hasher.update(field.as_deref().unwrap_or_default().as_bytes());
    }
    hasher.finalize()
}

/// The records of a file from `start` on.
///
/// # Errors
/// A [`Reject`] of the whole file: `oversized`, `unreadable`, `truncated`,
/// `binary`, `empty`.
pub fn open<'i>(input: &'i Input, file: &'i File, limits: Limits, start: Start) -> Result<Box<dyn Iterator<Item = Result<Raw, Reject>> + 'i>, Reject> {
    let place = Place { input, file };
    if file.bytes == 0 {
        return Err(place.refuse(None, "empty", "the file is empty", b""));
    }
    match input.layout {
        Layout::Text | Layout::Markdown | Layout::Html => {
            let raw = place.whole(limits.max_file_bytes)?;
            Ok(Box::new(std::iter::once(Ok(raw))))
        }
        Layout::Jsonl => Ok(skip_to(place.lines(limits, start)?, start)),
        Layout::Csv => Ok(skip_to(place.rows(limits)?, start)),
        Layout::Parquet => Ok(skip_to(place.parquet()?, start)),
    }
}

/// Passes over records before `start`; their rejects belong to another segment.
fn skip_to<'i>(stream: impl Iterator<Item = Result<Raw, Reject>> + 'i, start: Start) -> Box<dyn Iterator<Item = Result<Raw, Reject>> + 'i> {
    let number = |item: &Result<Raw, Reject>| item.as_ref().map_or_else(|reject| reject.record.unwrap_or(0), Raw::number);
    Box::new(stream.skip_while(move |item| number(item) < start.record))
}

#[derive(Clone, Copy)]
struct Place<'i> {
    input: &'i Input,
    file: &'i File,
}

impl<'i> Place<'i> {
    fn refuse(self, record: Option<u64>, reason: &str, detail: impl Into<String>, bytes: &[u8]) -> Reject {
        reject(&self.input.source, &self.file.name, record, reason, detail, bytes)
    }

    fn undecoded(self, record: Option<u64>, error: &DecodeError, bytes: &[u8]) -> Reject {
        let reason = match error {
            DecodeError::Binary(_) => "binary",
            DecodeError::Undecodable { .. } => "undecodable",
        };
        self.refuse(record, reason, error.to_string(), bytes)
    }

    fn unreadable(self, error: &io::Error) -> Reject {
        let truncated = matches!(error.kind(), io::ErrorKind::UnexpectedEof);
        let reason = if truncated { "truncated" } else { "unreadable" };
        self.refuse(None, reason, error.to_string(), b"")
    }

    fn oversized(self, record: Option<u64>, limit: u64, option: &str, bytes: &[u8]) -> Reject {
        let detail = format!("larger than {limit} bytes: raise {option} to read it");
        self.refuse(record, "oversized", detail, bytes)
    }

    fn whole(self, limit: u64) -> Result<Raw, Reject> {
        if self.file.bytes > limit {
            return Err(self.oversized(None, limit, "--max-file", b""));
        }
        let bytes = unpack(&self.file.path, 0)
            .and_then(|unpacked| read_at_most(unpacked.reader, limit, self.file.bytes))
            .map_err(|e| self.unreadable(&e))?
            .ok_or_else(|| self.oversized(None, limit, "--max-file", b""))?;
        Ok(Raw { number: 1, end_byte: bytes.len() as u64, content: Content::File(bytes) })
    }

    /// The stream as UTF-8 or an encoding that keeps ASCII line ends.
    fn stream(self, limits: Limits, offset: u64) -> Result<Stream, Reject> {
        let mut head = Vec::new();
        unpack(&self.file.path, 0).and_then(|unpacked| unpacked.reader.take(HEAD_BYTES as u64).read_to_end(&mut head)).map_err(|e| self.unreadable(&e))?;
        let encoding = detect(&head).map_err(|e| self.undecoded(None, &e, &head))?;
        if encoding == UTF_16LE || encoding == UTF_16BE {
            // Its line ends are two bytes wide, so it is decoded whole, within
            // the limit of a whole file.
            let Content::File(bytes) = self.whole(limits.max_file_bytes)?.content else {
                return Err(self.refuse(None, "unreadable", "no bytes", b""));
            };
            let text = decode_as(bytes, encoding).map_err(|e| self.undecoded(None, &e, &head))?.text;
            let mut cursor = Cursor::new(text.into_bytes());
            cursor.set_position(offset);
            return Ok(Stream { reader: Box::new(cursor), content: UTF_8, name: encoding.name() });
        }
        let unpacked = unpack(&self.file.path, offset).map_err(|e| self.unreadable(&e))?;
        Ok(Stream { reader: Box::new(BufReader::with_capacity(256 * 1024, unpacked.reader)), content: encoding, name: encoding.name() })
    }

    fn lines(self, limits: Limits, start: Start) -> Result<impl Iterator<Item = Result<Raw, Reject>> + 'i, Reject> {
        let stream = self.stream(limits, start.byte)?;
        let mut reader = stream.reader;
        let encoding = stream.content;
        let (mut number, mut offset) = if start.byte > 0 { (start.record, start.byte) } else { (1, 0) };
        let mut done = false;
        Ok(std::iter::from_fn(move || {
            while !done {
                let (line, used) = match read_line(&mut reader, limits.max_record_bytes) {
                    Ok(read) => read,
                    Err(error) => {
                        done = true;
                        return Some(Err(Reject { record: Some(number), ..self.unreadable(&error) }));
                    }
                };
                if used == 0 {
                    done = true;
                    break;
                }
                offset += used;
                let this = number;
                number += 1;
                match line {
                    Line::Long(head) => {
                        return Some(Err(self.oversized(Some(this), limits.max_record_bytes, "--max-record", &head)));
                    }
                    // A blank line is no record, but it keeps its number: a
                    // reject's number is the line that an editor shows.
                    Line::Whole(bytes) if bytes.iter().all(u8::is_ascii_whitespace) => {}
                    Line::Whole(bytes) => {
                        return Some(Ok(Raw { number: this, end_byte: offset, content: Content::Line { bytes, encoding } }));
                    }
                }
            }
            None
        }))
    }

    fn rows(self, limits: Limits) -> Result<impl Iterator<Item = Result<Raw, Reject>> + 'i, Reject> {
        let stream = self.stream(limits, 0)?;
        let (encoding, name) = (stream.content, stream.name);
        let meter = Meter { inner: stream.reader, left: limits.max_record_bytes };
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(meter);
        let header = reader.byte_headers().map_err(|e| self.refuse(Some(0), "broken_record", e.to_string(), b""))?.clone();
        let columns: Vec<String> = header.iter().map(|cell| encoding.decode(cell).0.trim_start_matches('\u{feff}').to_owned()).collect();
        let mut number = 0;
        let mut done = false;
        Ok(std::iter::from_fn(move || {
            if done {
                return None;
            }
            number += 1;
            reader.get_mut().left = limits.max_record_bytes;
            let mut row = csv::ByteRecord::new();
            match reader.read_byte_record(&mut row) {
                Ok(false) => None,
                Ok(true) => Some(self.row(&row, &columns, encoding, name, number)),
                Err(error) => {
                    // After a broken row the reader cannot tell where the next begins.
                    done = true;
                    let reason = if reader.get_ref().left == 0 { "oversized" } else { "broken_record" };
                    Some(Err(self.refuse(Some(number), reason, format!("{error}; the rest of the file is not read"), b"")))
                }
            }
        }))
    }

    fn row(self, row: &csv::ByteRecord, columns: &[String], encoding: &'static Encoding, name: &'static str, number: u64) -> Result<Raw, Reject> {
        let get = |wanted: &Option<String>| -> Option<String> {
            let at = columns.iter().position(|c| Some(c) == wanted.as_ref())?;
            row.get(at).map(|cell| encoding.decode_without_bom_handling(cell).0.into_owned())
        };
        let names = &self.input.fields;
        let fields = FieldNames { text: get(&names.text), title: get(&names.title), date: get(&names.date), id: get(&names.id), url: get(&names.url) };
        if row.len() > columns.len() {
            let detail = format!("{} cells under {} headings", row.len(), columns.len());
            return Err(self.refuse(Some(number), "broken_record", detail, row.as_slice()));
        }
        Ok(Raw { number, end_byte: 0, content: Content::Fields { fields: Box::new(fields), encoding: name } })
    }

    fn parquet(self) -> Result<impl Iterator<Item = Result<Raw, Reject>> + 'i, Reject> {
        let broken = |e: &dyn std::fmt::Display| self.refuse(None, "unreadable", e.to_string(), b"");
        let opened = ParquetInput::open(&self.file.path).map_err(|e| self.unreadable(&e))?;
        let builder = opened.reader().map_err(|e| broken(&e))?;
        let names = &self.input.fields;
        let wanted: Vec<&str> = [&names.text, &names.title, &names.date, &names.id, &names.url].into_iter().filter_map(|name| name.as_deref()).collect();
        let mask = ProjectionMask::columns(builder.parquet_schema(), wanted);
        let reader = builder.with_projection(mask).with_batch_size(64).build().map_err(|e| broken(&e))?;
        let mut number = 0;
        Ok(careful(reader).flat_map(move |batch| -> Vec<Result<Raw, Reject>> {
            match batch {
                Err(error) => vec![Err(self.refuse(Some(number + 1), "broken_record", error.to_string(), b""))],
                Ok(batch) => {
                    let rows = parquet_fields(&batch, names);
                    rows.into_iter()
                        .map(|fields| {
                            number += 1;
                            let fields = fields.map_err(|e| self.refuse(Some(number), "broken_record", e.to_string(), b""))?;
                            Ok(Raw { number, end_byte: 0, content: Content::Fields { fields: Box::new(fields), encoding: "UTF-8" } })
                        })
                        .collect()
                }
            }
        }))
    }

    fn fields(self, number: u64, mut fields: FieldNames, encoding: &'static str) -> Result<Record, Reject> {
        let Some(text) = fields.text.take() else {
            let name = self.input.fields.text.as_deref().unwrap_or("text");
            return Err(self.refuse(Some(number), "missing_field", format!("there is no field `{name}` with text"), b""));
        };
        let replaced_chars = u32::try_from(memchr::memmem::find_iter(text.as_bytes(), "\u{fffd}").count()).unwrap_or(u32::MAX);
        Ok(self.record(number, Decoded { text, encoding, replaced_chars }, fields))
    }

    fn record(self, number: u64, decoded: Decoded, fields: FieldNames) -> Record {
        Record {
            path: Arc::clone(&self.file.name),
            number,
            text: decoded.text,
            title: fields.title,
            date: fields.date,
            id: fields.id,
            url: fields.url,
            encoding: decoded.encoding,
            replaced_chars: decoded.replaced_chars,
            ..Record::default()
        }
    }
}

struct Stream {
    reader: Box<dyn BufRead + Send>,
    /// Encoding of the bytes that the reader gives.
    content: &'static Encoding,
    /// Encoding of the file.
    name: &'static str,
}

/// Refuses to give more than `left` bytes, so that an unclosed quotation mark
/// cannot draw a whole file into one CSV record.
struct Meter<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Meter<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other("the record is larger than --max-record allows"));
        }
        let most = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.inner.read(buffer.get_mut(..most).unwrap_or_default())?;
        self.left -= read as u64;
        Ok(read)
    }
}

enum Line {
    Whole(Vec<u8>),
    /// The beginning of a line over the limit; the rest was passed over unread.
    Long(Vec<u8>),
}

/// The next line without its end, and how many bytes it took; 0 at the end.
fn read_line(reader: &mut impl BufRead, limit: u64) -> io::Result<(Line, u64)> {
    let mut bytes = Vec::new();
    let mut used = 0;
    let mut long = false;
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            break;
        }
        let (take, last) = match memchr::memchr(b'\n', buffer) {
            Some(at) => (at + 1, true),
            None => (buffer.len(), false),
        };
        used += take as u64;
        if used > limit + 2 && !long {
            long = true;
            bytes.truncate(400);
        }
        if !long {
            bytes.extend_from_slice(buffer.get(..take).unwrap_or(buffer));
        }
        reader.consume(take);
        if last {
            break;
        }
    }
    if long {
        return Ok((Line::Long(bytes), used));
    }
    while matches!(bytes.last(), Some(b'\n' | b'\r')) {
        bytes.pop();
    }
    Ok((Line::Whole(bytes), used))
}

/// The fields of each row. Of text that parquet marks as JSON its reader does not
/// check that it is UTF-8.
fn parquet_fields(batch: &RecordBatch, names: &FieldNames) -> Vec<Result<FieldNames, Utf8Error>> {
    let column = |name: &Option<String>| -> Option<BinaryArray> {
        let texts = cast(batch.column_by_name(name.as_ref()?)?, &DataType::Utf8).ok()?;
        Some(BinaryArray::from(texts.as_string::<i32>().clone()))
    };
    let columns = [&names.text, &names.title, &names.date, &names.id, &names.url].map(column);
    (0..batch.num_rows())
        .map(|row| {
            let field = |column: &Option<BinaryArray>| -> Result<Option<String>, Utf8Error> {
                let cell = column.as_ref().filter(|column| !column.is_null(row)).map(|column| column.value(row));
                cell.map(|cell| str::from_utf8(cell).map(str::to_owned)).transpose()
            };
            let [text, title, date, id, url] = &columns;
            Ok(FieldNames { text: field(text)?, title: field(title)?, date: field(date)?, id: field(id)?, url: field(url)? })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::{find, segments};
    use super::*;
    use proptest::prelude::*;

    fn input(dir: &std::path::Path, layout: Layout) -> Input {
        let name = |n: &str| Some(n.to_owned());
        Input {
            source: "s".into(),
            files: vec![dir.join("*")],
            layout,
            fields: FieldNames { text: name("text"), title: name("title"), date: None, id: name("id"), url: None },
        }
    }

    fn read_all(input: &Input, limits: Limits) -> Vec<Result<Record, Reject>> {
        let found = find(input).unwrap();
        let mut out = Vec::new();
        for file in &found.files {
            match open(input, file, limits, Start::default()) {
                Err(reject) => out.push(Err(reject)),
                Ok(stream) => out.extend(stream.map(|raw| raw.and_then(|r| r.decode(input, file)))),
            }
        }
        out
    }

    #[test]
    fn a_broken_or_oversized_line_is_refused_alone_with_its_number() {
        let dir = tempfile::tempdir().unwrap();
        let long = format!("{{\"text\":\"{}\"}}", "长".repeat(1000));
        let lines = format!("{{\"text\":\"一\",\"id\":7}}\n{{broken\n{long}\n{{\"text\":\"\\ud800\"}}\n{{\"title\":\"无\"}}\n{{\"text\":\"末\"}}");
        std::fs::write(dir.path().join("a.jsonl"), lines).unwrap();
        let limits = Limits { max_record_bytes: 1000, ..Limits::default() };
        let got: Vec<_> = read_all(&input(dir.path(), Layout::Jsonl), limits)
            .into_iter()
            .map(|r| match r {
                Ok(record) => format!("{} {} {:?}", record.number, record.text, record.id),
                Err(reject) => format!("{:?} {}", reject.record, reject.reason),
            })
            .collect();
        assert_eq!(got, ["1 一 Some(\"7\")", "Some(2) broken_record", "Some(3) oversized", "Some(4) broken_record", "Some(5) missing_field", "6 末 None",]);
    }

    #[test]
    fn csv_rows_keep_their_quoted_line_breaks() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a.csv"), "id,title,text\n1,题,\"甲\n乙\"\n2,题,丙,多\n3,题,丁\n").unwrap();
        let got = read_all(&input(dir.path(), Layout::Csv), Limits::default());
        let texts: Vec<_> = got.iter().flatten().map(|r| r.text.as_str()).collect();
        assert_eq!(texts, ["甲\n乙", "丁"]);
        assert_eq!(got.iter().filter_map(|r| r.as_ref().err()).map(|r| r.record).collect::<Vec<_>>(), [Some(2)]);
    }

    #[test]
    fn an_unclosed_quotation_mark_does_not_draw_in_the_file() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a.csv"), format!("id,text\n1,好\n2,\"{}", "坏".repeat(100_000))).unwrap();
        let limits = Limits { max_record_bytes: 40_000, ..Limits::default() };
        let got = read_all(&input(dir.path(), Layout::Csv), limits);
        assert_eq!(got.len(), 2);
        assert_eq!(got[1].as_ref().unwrap_err().reason, "oversized");
    }

    #[test]
    fn parquet_rows_are_records_whatever_their_text_type() {
        use arrow::array::{Date32Array, LargeStringArray, StringArray};
        let dir = tempfile::tempdir().unwrap();
        let columns: Vec<(&str, Arc<dyn Array>)> = vec![
            ("text", Arc::new(LargeStringArray::from(vec![Some("甲"), None]))),
            ("id", Arc::new(StringArray::from(vec!["1", "2"]))),
            ("day", Arc::new(Date32Array::from(vec![19_787, 19_788]))),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let file = std::fs::File::create(dir.path().join("a.parquet")).unwrap();
        let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        let mut input = input(dir.path(), Layout::Parquet);
        input.fields.date = Some("day".to_owned());
        let got = read_all(&input, Limits::default());
        let first = got[0].as_ref().unwrap();
        assert_eq!((first.text.as_str(), first.id.as_deref(), first.date.as_deref()), ("甲", Some("1"), Some("2024-03-05")));
        assert_eq!(got[1].as_ref().unwrap_err().reason, "missing_field");
    }

    /// A Parquet file of columns of text, and where its footer begins.
    fn parquet_of<const N: usize>(columns: [(&str, Vec<String>); N]) -> (Vec<u8>, usize) {
        let columns = columns.map(|(name, texts)| (name, Arc::new(arrow::array::StringArray::from(texts)) as Arc<dyn Array>));
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut writer = parquet::arrow::ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        let bytes = writer.into_inner().unwrap();
        let footer = u32::from_le_bytes(*bytes[..bytes.len() - 4].last_chunk().unwrap()) as usize;
        let end = bytes.len() - footer - 8;
        (bytes, end)
    }

    fn read_parquet(bytes: &[u8]) -> Vec<Result<Record, Reject>> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a.parquet"), bytes).unwrap();
        read_all(&input(dir.path(), Layout::Parquet), Limits::default())
    }

    fn reasons(got: &[Result<Record, Reject>]) -> Vec<&str> {
        got.iter().map(|each| each.as_ref().unwrap_err().reason.as_str()).collect()
    }

    #[test]
    fn a_parquet_file_with_damaged_pages_is_refused_once_where_it_breaks() {
        let (mut bytes, footer) = parquet_of([("text", (0..500).map(|number| format!("第{number}号报告")).collect())]);
        bytes[4..footer].fill(0xff);
        assert_eq!(reasons(&read_parquet(&bytes)), ["broken_record"]);
    }

    #[test]
    fn a_parquet_file_whose_footer_asks_for_more_than_there_is_is_refused() {
        use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter};
        let (bytes, footer) = parquet_of([("text", vec!["报告".to_owned()])]);
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&bytes::Bytes::from(bytes.clone())).unwrap();
        for claimed in [i64::MAX, 1 << 45, 1 << 20, -1] {
            let of_group = |group: &parquet::file::metadata::RowGroupMetaData| {
                let columns = group.columns().iter().map(|column| column.clone().into_builder().set_total_compressed_size(claimed).build().unwrap());
                group.clone().into_builder().set_column_metadata(columns.collect()).build().unwrap()
            };
            let lying = ParquetMetaData::new(metadata.file_metadata().clone(), metadata.row_groups().iter().map(of_group).collect());
            let mut file = bytes[..footer].to_vec();
            ParquetMetaDataWriter::new(&mut file, &lying).finish().unwrap();
            assert_eq!(reasons(&read_parquet(&file)), ["unreadable"], "{claimed}");
        }
    }

    #[test]
    fn text_that_parquet_does_not_check_is_refused_where_it_is_no_utf_8() {
        use parquet::data_type::{ByteArray, ByteArrayType};
        let schema = parquet::schema::parser::parse_message_type("message m { required binary text (JSON); }").unwrap();
        let mut writer = parquet::file::writer::SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::default()).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&[ByteArray::from(vec![0xb1, 0xa8]), ByteArray::from("报告")], None, None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
        let got = read_parquet(&writer.into_inner().unwrap());
        assert_eq!(got[0].as_ref().unwrap_err().reason, "broken_record");
    }

    proptest! {
        #[test]
        fn a_parquet_file_with_changed_bytes_is_read_or_refused(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
            let (mut bytes, _) = parquet_of([("text", vec!["报告".to_owned(); 40]), ("id", (0..40).map(|id| id.to_string()).collect())]);
            for (at, byte) in changes {
                *at.get_mut(&mut bytes) = byte;
            }
            prop_assert!(read_parquet(&bytes).len() <= 41);
        }
    }

    #[test]
    fn packed_files_are_read_and_truncated_ones_refused() {
        use std::io::Write;
        let dir = tempfile::tempdir().unwrap();
        let text = "会议强调，要抓好落实。".repeat(50);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(text.as_bytes()).unwrap();
        let gzip = gzip.finish().unwrap();
        std::fs::write(dir.path().join("a.txt.gz"), &gzip).unwrap();
        std::fs::write(dir.path().join("b.txt.gz"), &gzip[..gzip.len() / 2]).unwrap();
        std::fs::write(dir.path().join("c.txt.zst"), zstd::encode_all(text.as_bytes(), 1).unwrap()).unwrap();
        let got = read_all(&input(dir.path(), Layout::Text), Limits::default());
        assert_eq!(got[0].as_ref().unwrap().text, text);
        assert_eq!(got[1].as_ref().unwrap_err().reason, "truncated");
        assert_eq!(got[2].as_ref().unwrap().text, text);
    }

    #[test]
    fn segments_of_a_large_file_give_its_records_once_and_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let lines: String = (0..3000).map(|i| format!("{{\"id\":\"{i}\",\"text\":\"第{i}号报告\"}}\n\n")).collect();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        std::io::Write::write_all(&mut packed, lines.as_bytes()).unwrap();
        std::fs::write(dir.path().join("a.jsonl"), &lines).unwrap();
        std::fs::write(dir.path().join("b.jsonl.gz"), packed.finish().unwrap()).unwrap();
        let input = input(dir.path(), Layout::Jsonl);
        for file in &find(&input).unwrap().files {
            let cut = segments(&input, file, Limits::default(), 8_000);
            assert!(cut.len() > 5, "{}", cut.len());
            let ids: Vec<String> = cut
                .iter()
                .flat_map(|s| super::super::read_extent(&input, file, &s.extent, Limits::default()))
                .map(|raw| raw.unwrap().decode(&input, file).unwrap().id.unwrap())
                .collect();
            assert_eq!(ids, (0..3000).map(|i| i.to_string()).collect::<Vec<_>>());
        }
    }
}
