//! The one list of columns. It makes the Arrow schema, the CSV header, the data
//! package, `tifa schema` and the docs; a row type that lacks a listed field
//! does not compile.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array, ListBuilder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Date32Type, Field, Float64Type, Int32Type, Int64Type, Schema};
use chrono::NaiveDate;

use super::rows::{DateRow, DocumentRow, EventRow, HitRow, PlaceRow, SentenceRow, SpanRow, ThemeRow};
use crate::diagnostic::Reject;
use crate::tally::candidate::CandidateRow;
use crate::tally::{
    Breakdown, BreakdownRow, CopyRow, CoverageRow, FrequencyRow, KeynessRow, OccasionRow, PairRow, Period, ProfileRow, SourceRow, TotalRow, TurnRow, Word,
};

/// Version of the tables. It rises with every change of a column; changes add.
pub const SCHEMA_VERSION: &str = "2";

/// Type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `Utf8`.
    Text,
    /// A list of `Utf8`.
    TextList,
    /// `Int32`. Signed, though no count is negative: readers without unsigned
    /// types (Spark, R) take it, and differences do not wrap around.
    Int32,
    /// `Int64`.
    Int64,
    /// `Float64`.
    Float64,
    /// `Boolean`.
    Boolean,
    /// `Date32`.
    Date,
}

impl Kind {
    /// Name for people and for `tifa schema`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::TextList => "list of text",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Float64 => "float64",
            Self::Boolean => "boolean",
            Self::Date => "date",
        }
    }

    /// Arrow type.
    #[must_use]
    pub fn arrow(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::TextList => DataType::List(Arc::new(Field::new("item", DataType::Utf8, false))),
            Self::Int32 => DataType::Int32,
            Self::Int64 => DataType::Int64,
            Self::Float64 => DataType::Float64,
            Self::Boolean => DataType::Boolean,
            Self::Date => DataType::Date32,
        }
    }

    /// Type of Table Schema (Data Package v2).
    #[must_use]
    pub const fn table_schema(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::TextList => "array",
            Self::Int32 | Self::Int64 => "integer",
            Self::Float64 => "number",
            Self::Boolean => "boolean",
            Self::Date => "date",
        }
    }
}

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Name: that of the field of the row type.
    pub name: &'static str,
    /// Type.
    pub kind: Kind,
    /// Whether it may be null.
    pub nullable: bool,
    /// Unit; empty where there is none.
    pub unit: &'static str,
    /// What it says, and what null means.
    pub meaning: &'static str,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Name.
    pub name: &'static str,
    /// What one row is.
    pub row: &'static str,
    /// A folder of part files, one a shard or a year, instead of a single file.
    pub folder: bool,
    /// Columns that together are unique.
    pub key: &'static [&'static str],
    /// Columns by which it is sorted.
    pub order: &'static [&'static str],
    /// Columns.
    pub columns: Vec<Column>,
}

impl Table {
    /// Arrow schema.
    #[must_use]
    pub fn arrow(&self) -> Arc<Schema> {
        let fields: Vec<Field> = self.columns.iter().map(|c| Field::new(c.name, c.kind.arrow(), c.nullable)).collect();
        Arc::new(Schema::new(fields))
    }
}

/// A row type with its table.
pub trait Row: Default + Sized {
    /// The table.
    fn table() -> Table;
    /// One array for each column.
    fn arrays(rows: &[Self]) -> Vec<ArrayRef>;
    /// Rows back from a batch with these columns.
    fn read(batch: &RecordBatch) -> Vec<Self>;
}

/// The rows as a record batch.
///
/// # Errors
/// Arrow's, if a column that may not be null is.
pub fn batch<R: Row>(rows: &[R]) -> Result<RecordBatch, arrow::error::ArrowError> {
    RecordBatch::try_new(R::table().arrow(), R::arrays(rows))
}

/// The cells of a column of a batch, without making whole rows; none, if it has no such
/// column.
pub(super) fn cells<C: Cell>(batch: &RecordBatch, column: &str) -> Vec<C> {
    batch.column_by_name(column).map(|array| C::read_all(array.as_ref())).unwrap_or_default()
}

/// A field type that can be a column.
pub(super) trait Cell: Sized {
    const KIND: Kind;
    const NULLABLE: bool;
    fn array<'a>(cells: impl Iterator<Item = &'a Self> + Clone) -> ArrayRef
    where
        Self: 'a;
    fn read(array: &dyn Array, row: usize) -> Self;
    /// All cells of a column.
    fn read_all(array: &dyn Array) -> Vec<Self> {
        (0..array.len()).map(|row| Self::read(array, row)).collect()
    }
}

macro_rules! cells {
    ($($type:ty, $kind:ident, $array:ty, $to:expr, $from:expr;)*) => {$(
        impl Cell for $type {
            const KIND: Kind = Kind::$kind;
            const NULLABLE: bool = false;
            fn array<'a>(cells: impl Iterator<Item = &'a Self> + Clone) -> ArrayRef {
                Arc::new(<$array>::from_iter(cells.map(|cell| Some($to(cell)))))
            }
            fn read(array: &dyn Array, row: usize) -> Self {
                $from(array, row)
            }
        }
        impl Cell for Option<$type> {
            const KIND: Kind = Kind::$kind;
            const NULLABLE: bool = true;
            fn array<'a>(cells: impl Iterator<Item = &'a Self> + Clone) -> ArrayRef {
                Arc::new(<$array>::from_iter(cells.map(|cell| cell.as_ref().map($to))))
            }
            fn read(array: &dyn Array, row: usize) -> Self {
                (!array.is_null(row)).then(|| $from(array, row))
            }
        }
    )*};
}

cells! {
    u32, Int32, Int32Array, |n: &u32| i32::try_from(*n).unwrap_or(i32::MAX), |a: &dyn Array, i| a.as_primitive::<Int32Type>().value(i).unsigned_abs();
    u64, Int64, Int64Array, |n: &u64| i64::try_from(*n).unwrap_or(i64::MAX), |a: &dyn Array, i| a.as_primitive::<Int64Type>().value(i).unsigned_abs();
    i32, Int32, Int32Array, |n: &i32| *n, |a: &dyn Array, i| a.as_primitive::<Int32Type>().value(i);
    i64, Int64, Int64Array, |n: &i64| *n, |a: &dyn Array, i| a.as_primitive::<Int64Type>().value(i);
    f64, Float64, Float64Array, |n: &f64| *n, |a: &dyn Array, i| a.as_primitive::<Float64Type>().value(i);
    bool, Boolean, BooleanArray, |b: &bool| *b, |a: &dyn Array, i| a.as_boolean().value(i);
    NaiveDate, Date, Date32Array, |d: &NaiveDate| Date32Type::from_naive_date(*d), |a: &dyn Array, i| {
        NaiveDate::from_epoch_days(a.as_primitive::<Date32Type>().value(i)).unwrap_or_default()
    };
}

/// A column of texts; its memory is taken once.
fn texts<'a>(cells: impl Iterator<Item = Option<&'a str>> + Clone) -> ArrayRef {
    let (mut rows, mut bytes) = (0, 0);
    for cell in cells.clone() {
        rows += 1;
        bytes += cell.map_or(0, str::len);
    }
    let mut builder = StringBuilder::with_capacity(rows, bytes);
    cells.for_each(|cell| builder.append_option(cell));
    Arc::new(builder.finish())
}

macro_rules! text_cells {
    ($($type:ty),*) => {$(
        impl Cell for $type {
            const KIND: Kind = Kind::Text;
            const NULLABLE: bool = false;
            fn array<'a>(cells: impl Iterator<Item = &'a Self> + Clone) -> ArrayRef
            where
                Self: 'a,
            {
                texts(cells.map(|cell| Some(&**cell)))
            }
            fn read(array: &dyn Array, row: usize) -> Self {
                Self::from(array.as_string::<i32>().value(row).to_owned())
            }
        }
        impl Cell for Option<$type> {
            const KIND: Kind = Kind::Text;
            const NULLABLE: bool = true;
            fn array<'a>(cells: impl Iterator<Item = &'a Self> + Clone) -> ArrayRef
            where
                Self: 'a,
            {
                texts(cells.map(Option::as_deref))
            }
            fn read(array: &dyn Array, row: usize) -> Self {
                (!array.is_null(row)).then(|| Cell::read(array, row))
            }
        }
    )*};
}

text_cells! { String, Cow<'_, str> }

impl Cell for Word {
    const KIND: Kind = Kind::Text;
    const NULLABLE: bool = false;
    fn array<'a>(cells: impl Iterator<Item = &'a Self> + Clone) -> ArrayRef {
        texts(cells.map(|cell| Some(cell.as_str())))
    }
    fn read(array: &dyn Array, row: usize) -> Self {
        array.as_string::<i32>().value(row).into()
    }
    fn read_all(array: &dyn Array) -> Vec<Self> {
        shared_words(array).into_iter().map(Option::unwrap_or_default).collect()
    }
}

impl Cell for Option<Word> {
    const KIND: Kind = Kind::Text;
    const NULLABLE: bool = true;
    fn array<'a>(cells: impl Iterator<Item = &'a Self> + Clone) -> ArrayRef {
        texts(cells.map(Option::as_deref))
    }
    fn read(array: &dyn Array, row: usize) -> Self {
        (!array.is_null(row)).then(|| Cell::read(array, row))
    }
    fn read_all(array: &dyn Array) -> Vec<Self> {
        shared_words(array)
    }
}

/// The words of a column, equal ones written once.
fn shared_words(array: &dyn Array) -> Vec<Option<Word>> {
    let mut known: BTreeMap<&str, Word> = BTreeMap::new();
    // Most columns are sorted: a word is mostly that of the row before.
    let mut before: (Option<&str>, Option<Word>) = (None, None);
    let cells = array.as_string::<i32>().iter().map(|cell| {
        if cell != before.0 {
            before = (cell, cell.map(|text| known.entry(text).or_insert_with(|| text.into()).clone()));
        }
        before.1.clone()
    });
    cells.collect()
}

impl Cell for Period {
    const KIND: Kind = Kind::Text;
    const NULLABLE: bool = false;
    fn array<'a>(cells: impl Iterator<Item = &'a Self> + Clone) -> ArrayRef {
        texts(cells.map(|cell| Some(cell.name())))
    }
    fn read(array: &dyn Array, row: usize) -> Self {
        Self::of_row(array.as_string::<i32>().value(row))
    }
}

impl Cell for Breakdown {
    const KIND: Kind = Kind::Text;
    const NULLABLE: bool = false;
    fn array<'a>(cells: impl Iterator<Item = &'a Self> + Clone) -> ArrayRef {
        texts(cells.map(|cell| Some(cell.name())))
    }
    fn read(array: &dyn Array, row: usize) -> Self {
        Self::from_name(array.as_string::<i32>().value(row)).unwrap_or_default()
    }
}

impl<T: From<String> + AsRef<str>> Cell for Vec<T> {
    const KIND: Kind = Kind::TextList;
    const NULLABLE: bool = false;
    fn array<'a>(cells: impl Iterator<Item = &'a Self> + Clone) -> ArrayRef
    where
        Self: 'a,
    {
        let mut builder = ListBuilder::new(StringBuilder::new()).with_field(Field::new("item", DataType::Utf8, false));
        for cell in cells {
            for text in cell {
                builder.values().append_value(text);
            }
            builder.append(true);
        }
        Arc::new(builder.finish())
    }
    fn read(array: &dyn Array, row: usize) -> Self {
        let list = array.as_list::<i32>().value(row);
        list.as_string::<i32>().iter().flatten().map(|text| text.to_owned().into()).collect()
    }
}

fn column<R, C: Cell>(name: &'static str, _: fn(&R) -> &C, unit: &'static str, meaning: &'static str) -> Column {
    Column { name, kind: C::KIND, nullable: C::NULLABLE, unit, meaning }
}

macro_rules! table {
    ($row:ty, $name:literal, $what:literal, $folder:literal, key $key:expr, order $order:expr; $($field:ident $(($unit:literal))?: $meaning:literal,)*) => {
        impl Row for $row {
            fn table() -> Table {
                Table {
                    name: $name,
                    row: $what,
                    folder: $folder,
                    key: &$key,
                    order: &$order,
                    columns: vec![$(column(stringify!($field), |r: &Self| &r.$field, concat!($($unit)?), $meaning),)*],
                }
            }
            fn arrays(rows: &[Self]) -> Vec<ArrayRef> {
                vec![$(Cell::array(rows.iter().map(|r| &r.$field)),)*]
            }
            fn read(batch: &RecordBatch) -> Vec<Self> {
                let mut rows: Vec<Self> = (0..batch.num_rows()).map(|_| Self::default()).collect();
                $(if let Some(array) = batch.column_by_name(stringify!($field)) {
                    for (row, cell) in rows.iter_mut().zip(Cell::read_all(array.as_ref())) {
                        row.$field = cell;
                    }
                })*
                rows
            }
        }
    };
}

table! { DocumentRow<'_>, "documents", "a document", true, key ["doc_id"], order ["date_start"];
    doc_id: "unique in the release: the record's own id, else a hash of source, path and title (of a record: its content)",
    source: "name of the source in the pipeline file",
    register: "register of the source: speech, broadcast, report …",
    path: "path of the file, relative to the folder that the source's globs share",
    record: "number of the record in its file, or of the document in a split file, from 1",
    preamble: "text before or between the articles of a split file: kept here, but in no other table and no count unless the pipeline asks",
    title: "title; null: it has none",
    date_start: "first day on which it speaks; null: not known",
    date_end: "last day, inclusive",
    date_precision: "day, month or year",
    date_from: "how the date was found: file_name, field, header, none",
    url: "its own address; null: none given",
    text: "title, line feed, and the paragraphs, one a line; all offsets count code points of this",
    chars ("code points"): "length of text",
    han_chars ("characters"): "Han characters of text, title included",
    sentences ("sentences"): "sentences of text, title included",
    script: "script of the input: hans, hant, mixed, none (ISO 15924)",
    encoding: "encoding of the file",
    replaced_chars ("characters"): "characters of the record that could not be decoded",
    content_hash: "BLAKE3 of text, 32 hex digits",
}

table! { SentenceRow<'_>, "sentences", "a sentence", true, key ["doc_id", "sentence"], order [];
    doc_id: "document",
    sentence: "number in the document, from 0; the title is sentence 0",
    char_start ("code points"): "first code point in documents.text",
    char_end ("code points"): "one past the last",
    paragraph: "number of the paragraph; the title is paragraph 0",
    in_title: "it is the title",
    record_char_start ("code points"): "first code point in the decoded record; null for a title from a field",
    record_char_end ("code points"): "one past the last",
    han_chars ("characters"): "Han characters",
    event_id: "the occasion of which it speaks; null: none is in scope",
    voice: "reported (what somebody said) or narrated (facts and the author's comment)",
    continued: "reported without a verb of saying of its own",
    speaker: "who said it; null: narrated, or not told",
}

table! { DateRow<'_>, "dates", "a date expression", true, key ["doc_id", "char_start"], order [];
    doc_id: "document",
    sentence: "number of the sentence",
    char_start ("code points"): "first code point in documents.text",
    char_end ("code points"): "one past the last",
    text: "the expression",
    kind: "point, range, named (a plan, a congress) or vague",
    date_start: "first day; null: open on this side, vague, or its anchor is missing",
    date_end: "last day, inclusive; null as date_start",
    bound: "closed, about, before, until, since or after: which side of the written date is meant; before and until are open at date_start, since and after at date_end",
    precision: "day, week, month, quarter, half, year, decade or century, of the written date; null without a value",
    anchor: "what completed it: text (nothing was left out), previous, document, none",
    rule: "the rule that read it",
    candidates: "other values that it may have",
}

table! { PlaceRow<'_>, "places", "a place mention", true, key ["doc_id", "char_start"], order [];
    doc_id: "document",
    sentence: "number of the sentence",
    char_start ("code points"): "first code point in documents.text",
    char_end ("code points"): "one past the last",
    text: "the mention",
    code: "GB/T 2260 (six digits) at home, ISO 3166-1 alpha-2 abroad; null: ambiguous",
    name: "full name of the place",
    level: "country, province, prefecture, county, city (foreign) or venue",
    province_code: "code of the province; null abroad",
    country_code: "ISO 3166-1 alpha-2",
    rule: "the rule that decided",
    candidates: "codes that it may have, where it is ambiguous",
}

table! { EventRow<'_>, "events", "a mention of a dated occasion", true, key ["event_id"], order [];
    event_id: "unique in the release",
    occasion_id: "the same for every mention of the occasion; null: its date is vague",
    doc_id: "document",
    sentence: "number of the sentence that introduces it",
    char_start ("code points"): "first code point of that sentence in documents.text",
    char_end ("code points"): "one past the last",
    date_start: "first day; null: the text's date is vague",
    date_end: "last day, inclusive",
    date_precision: "day, month, quarter, half, year or vague",
    name: "name as the text gives it, in canonical form",
    occasion_type: "plenary, conference, symposium, study_session, deliberation, briefing, inspection, meeting, call, visit, message, ceremony, press, publication, other",
    series: "id of the meeting series; null: none",
    term: "term of office in the series, from the text or from the date",
    session: "number of the session in the series",
    place_code: "where the text says it was held; null: not said",
    place_name: "name of that place",
    region_code: "division of the organ or delegation that it concerns",
    actor_names: "persons who hold, chair, attend, address or meet",
    actor_titles: "their titles in the text, in the same order; empty text: none",
    rule: "the rule that read it",
}

table! { HitRow<'_>, "hits", "an occurrence of a theme's term", true, key ["doc_id", "char_start", "term"], order ["doc_date_start"];
    doc_id: "document",
    sentence: "number of the sentence",
    char_start ("code points"): "first code point in documents.text",
    char_end ("code points"): "one past the last",
    in_title: "it stands in the title",
    theme: "theme id",
    term: "the term that matched",
    doc_date_start: "first day of the document's date; null: it has none",
    doc_date_end: "its last day",
    event_id: "the occasion of which the sentence speaks",
    event_date_start: "first day of that occasion",
    event_date_end: "its last day",
    voice: "voice of the sentence",
}

table! { OccasionRow, "occasions", "an occasion, however many documents tell of it", false, key ["occasion_id"], order ["date_start"];
    occasion_id: "a hash of series, term and session, else of days, type and name",
    date_start: "first day",
    date_end: "last day, inclusive",
    precision: "day, month, quarter, half or year",
    name: "canonical name, from the document that tells of it first",
    occasion_type: "as in events",
    series: "id of the meeting series",
    term: "term of office in the series",
    session: "number of the session",
    place_code: "where it was held, from the first document that says so",
    place_name: "name of that place",
    region_code: "division of the organ or delegation that it concerns",
    first_doc_id: "the document that tells of it first, by date, then by id",
    first_doc_date: "that document's date",
    mentions: "rows of events",
    documents: "documents that mention it",
}

table! { ThemeRow, "themes", "a theme of the lexicon", false, key ["theme"], order [];
    theme: "stable id",
    theme_zh: "Chinese label",
    theme_en: "English label",
    parent: "id of the theme above; null: none",
    level: "0 without a theme above, 1 below one",
    terms: "its terms",
    nested: "its terms count inside longer ones too",
    first_known: "first known date, as the lexicon has it",
    source: "where the formulation comes from",
    gap: "the most characters between the parts of its patterns; null: it has no pattern",
    not_in: "strings inside which its terms are not there",
}

table! { CopyRow, "copies", "a document that repeats another", false, key ["doc_id"], order ["first_date_start"];
    doc_id: "the document that repeats",
    group_id: "the same for all copies of one document: a hash of the first document's letters and digits",
    first_doc_id: "the first document of the group, by date (undated ones last), then in the order of the corpus; it has no row of its own here",
    similarity ("share"): "of the shingles of seven letters or digits in either text those in both (Jaccard index), at least 0.8; 1 if exact, else estimated from a sketch with a standard error below 0.03",
    exact: "the same letters and digits in the same order, title included; only marks, spaces and line ends may differ. A text of fewer than 38 of them repeats another only if it is exact and has the same date",
    source: "source of the document",
    first_source: "source of the first document",
    date_start: "first day of the document's date; null: it has none",
    first_date_start: "first day of the first document's date",
}

table! { CoverageRow, "coverage", "a source on a day (or in a year, if it speaks once a year)", false, key ["source", "date_start"], order ["source", "date_start"];
    source: "source",
    unit: "day or year",
    date_start: "first day of the unit",
    date_end: "last day of the unit",
    expected: "the source's cadence has it speak",
    present: "it does",
    missing: "expected and not present",
    suspiciously_short: "present with less than a quarter of the median of the 15 units on each side",
    documents ("documents"): "documents dated to the unit; preambles are not counted",
    han_chars ("characters"): "their Han characters",
}

table! { TotalRow, "period_totals", "a period and a member of a breakdown: the denominators", false, key ["period", "period_start", "breakdown", "member"], order [];
    period: "day, week (ISO), month, quarter, year, plan (five-year plan) or congress (term of the Party congress)",
    period_start: "first day; null: text whose date is missing, coarser than the period, or in no period of this length",
    period_end: "last day; null: unplaced, or the term of the last congress, whose end is not known",
    period_label: "2024-03-05, 2024-W10, 2024-03, 2024-Q1, 2024, plan-14, 1963-1965 (between two plans), congress-20 or unplaced",
    breakdown: "all, source, register, occasion_type, province or voice",
    member: "member of the breakdown; all, none and abroad are words",
    documents ("documents"): "documents; a document is in every member that one of its sentences is in, so do not sum over members of occasion_type, province or voice",
    sentences ("sentences"): "sentences; may be summed over the members of a breakdown",
    han_chars ("characters"): "Han characters; may be summed over members and periods",
    days_covered ("days"): "days of the period on which any source speaks; null when unplaced",
    partial: "a source with a cadence misses a unit of the period, or the period is open; null: no cadence says",
}

table! { FrequencyRow, "theme_frequency", "a period and a theme, zero-filled", false, key ["period", "theme", "period_start"], order [];
    period: "day, week (ISO), month, quarter, year, plan or congress, as in period_totals",
    period_start: "first day; null: text whose date is missing, coarser than the period, or in no period of this length",
    period_end: "last day; null: unplaced, or not known yet",
    period_label: "2024-03, as in period_totals, or unplaced",
    theme: "theme id",
    theme_zh: "Chinese label",
    theme_en: "English label",
    parent: "id of the theme above",
    level: "0 or 1; rows of level 0 include those below them, so sum over one level only",
    hits ("hits"): "occurrences that count; 0: spoken, theme absent; null: no source spoke. May be summed over periods, and over themes of one level",
    sentences ("sentences"): "sentences with a hit; may be summed over periods, not over themes",
    documents ("documents"): "documents with a hit; not to be summed over themes, nor over periods where the date basis is the occasion's",
    occasions ("occasions"): "distinct occasions in whose scope a hit stands; not to be summed",
    period_documents ("documents"): "all documents of the period",
    period_sentences ("sentences"): "all sentences",
    period_han_chars ("characters"): "all Han characters",
    per_10k ("hits per 10,000 Han characters"): "hits ÷ period_han_chars × 10,000",
    density ("share"): "documents ÷ period_documents",
    density_low ("share"): "lower end of the 95 % Wilson interval of density",
    density_high ("share"): "upper end",
    small_n: "fewer than 20 documents in the period",
    partial: "a source with a cadence misses a unit of the period",
    share_of_hits ("share"): "hits ÷ hits of all themes of the same level in the period; null: no source spoke, or no theme was hit",
    per_10k_smooth ("hits per 10,000 Han characters"): "hits ÷ Han characters × 10,000 over the period and as many before and after it as [tally] smoothing says; null: no smoothing, or no source spoke in the period itself",
    heat_by_count: "level of heat by documents in a whole calendar year: 沸, 烫, 热, 暖, 温, 冷, from hot to cold, or none; null: another period, a year that the edge of the corpus or of a source with a cadence cuts, or one with fewer than 20 documents",
    heat_by_share: "level by density; null: no source spoke, or fewer than 20 documents",
    heat_change ("levels"): "levels risen (negative: fallen) by share since the period before; null: one of the two has none",
}

table! { BreakdownRow, "theme_breakdown", "a period, a member of a breakdown and a theme; only where there is a hit", true, key ["period", "breakdown", "member", "theme", "period_start"], order [];
    period: "day, week (ISO), month, quarter, year, plan or congress, as in period_totals",
    period_start: "first day; null: text whose date is missing, coarser than the period, or in no period of this length",
    period_end: "last day; null: unplaced, or not known yet",
    period_label: "2024-03, as in period_totals, or unplaced",
    breakdown: "source, register, occasion_type, province or voice",
    member: "member; none: no occasion in scope, or one without the attribute",
    theme: "theme id",
    level: "0 or 1",
    hits ("hits"): "occurrences that count; over the members of a breakdown they sum to theme_frequency.hits",
    sentences ("sentences"): "sentences with a hit",
    documents ("documents"): "documents with a hit in this member",
    occasions ("occasions"): "distinct occasions in whose scope a hit stands",
    period_documents ("documents"): "all documents of the period and member",
    period_sentences ("sentences"): "all sentences",
    period_han_chars ("characters"): "all Han characters",
    per_10k ("hits per 10,000 Han characters"): "hits ÷ period_han_chars × 10,000",
    density ("share"): "documents ÷ period_documents",
    density_low ("share"): "lower end of the 95 % Wilson interval of density",
    density_high ("share"): "upper end",
    small_n: "fewer than 20 documents in the period and member",
    share_of_hits ("share"): "hits ÷ hits of all themes of the same level in the period and member",
}

table! { ProfileRow, "theme_profile", "a theme over the whole corpus", false, key ["theme"], order [];
    theme: "theme id",
    theme_zh: "Chinese label",
    theme_en: "English label",
    parent: "id of the theme above",
    level: "0 or 1",
    hits ("hits"): "all occurrences that count, unplaced ones included",
    sentences ("sentences"): "sentences with a hit",
    documents ("documents"): "documents with a hit, each once whatever periods it falls into",
    occasions ("occasions"): "distinct occasions in whose scope a hit stands",
    per_10k ("hits per 10,000 Han characters"): "over all text",
    density ("share"): "documents ÷ all documents",
    first_date: "first day of the earliest date with a hit; null: none is dated",
    first_doc_id: "the document of that date, the first by id",
    first_event_date: "first day of the occasion that this document tells of; null: none in scope",
    last_date: "first day of the latest date with a hit",
    last_doc_id: "the document of that date, the last by id",
    peak_period: "length of the period of the peak: the shortest from a month on",
    peak_start: "first day of the period with the highest per_10k; the earliest of equal ones",
    peak_per_10k ("hits per 10,000 Han characters"): "that rate",
    trend_period: "length of the periods of the columns that follow: the shortest from a month on in which half of the dated documents have a place",
    periods ("periods"): "periods with text",
    periods_with_theme ("periods"): "of them, those with a hit",
    range ("share"): "periods_with_theme ÷ periods",
    dp_norm ("index"): "Gries's DPnorm over the periods, sized by Han characters: 0 as evenly spread as the text, 1 in the smallest period alone; null: no dated hit, or one period",
    trend_periods ("periods"): "periods of the trend: with text, and not cut by the edge of the corpus or of a source with a cadence",
    slope_per_10k_per_year ("hits per 10,000 Han characters and year"): "Theil–Sen slope of per_10k over these periods",
    mk_s ("pairs"): "Mann–Kendall's S: pairs of periods in which per_10k rises less those in which it falls; null: fewer than 4 periods",
    mk_z ("standard deviations"): "S over its standard deviation, ties and continuity corrected",
    mk_p ("probability"): "two-sided, by the normal distribution, of one theme: not corrected for the number of themes, nor for dependence from period to period",
    seasonal_mk_p ("probability"): "the same test with each calendar month compared with itself alone; null: no months, or fewer than 24",
    trend: "up, down or none: p below 0.05, seasonal_mk_p where it is not null, else mk_p; null: fewer than 10 periods",
    heat_period: "length of the period of the heat: year, or trend_period if no whole year is there",
    heat_start: "first day of the newest such period that no edge cuts",
    heat_by_count: "as in theme_frequency",
    heat_by_share: "as in theme_frequency",
    heat_change ("levels"): "as in theme_frequency",
    heat_scale: "name and version of the scale",
}

table! { TurnRow, "theme_turns", "a turning point of a theme over the whole corpus", false, key ["theme", "kind", "burst_level", "period_start"], order [];
    theme: "theme id",
    theme_zh: "Chinese label",
    theme_en: "English label",
    level: "0 or 1",
    kind: "debut: the first time after a whole window of periods without it; spike: a share several times that of the window before; silence: a stretch without a theme that stood in at least half of the window's periods; return: the period that ends a silence; burst: a stretch in a higher state of Kleinberg's model",
    burst_level: "state of a burst, from 1; a burst of level 2 lies inside one of level 1; 0 for the other kinds",
    period: "length of its periods: [tally.turns] period, else as trend_period of theme_profile",
    period_start: "first day of its first period",
    period_end: "last day of its last period; null: not known yet",
    peak_start: "first day of its period with the highest share; the earliest of equal ones; null: a silence",
    periods ("periods"): "its periods with text",
    gap_periods ("periods"): "its periods without text or with too much of it missing; only a burst may have some",
    documents ("documents"): "documents with the theme",
    period_documents ("documents"): "all documents",
    density ("share"): "documents ÷ period_documents",
    baseline_documents ("documents"): "documents with the theme in what it is compared with: the window before a spike or silence, all periods without the theme before a debut or return, the whole corpus for a burst",
    baseline_period_documents ("documents"): "all documents there",
    baseline_density ("share"): "baseline_documents ÷ baseline_period_documents",
    weight ("nats"): "debut, silence, return: −ln of the probability that chance leaves the theme out so long; spike: −ln p of Fisher's exact test; burst: log-likelihood of its counts at the rate of the state over that at the rate of the whole corpus",
    censored: "it touches the first or last period with text, a gap, or the begin or end of a source that gives much of the text: it may have begun earlier or may go on",
}

table! { PairRow, "theme_pairs", "two themes of one level in a year (the longest length up to it) and in the whole corpus; only where a document holds both", true, key ["period", "theme_a", "theme_b", "period_start"], order [];
    period: "length of the period: the longest that the pipeline asks, up to a year; or whole, all text, dated or not",
    period_start: "first day; null: unplaced, or whole",
    period_end: "last day",
    period_label: "2024, unplaced or whole",
    theme_a: "theme id, of the two the one that the lexicon has first",
    theme_b: "the other",
    level: "0 or 1, of both; themes of different levels are not paired",
    sentences ("sentences"): "sentences with a hit of both",
    documents ("documents"): "documents with a hit of both; of a document that speaks of several periods, the part that falls into this one",
    sentences_a ("sentences"): "sentences with a hit of theme_a",
    sentences_b ("sentences"): "sentences with a hit of theme_b",
    documents_a ("documents"): "documents with a hit of theme_a",
    documents_b ("documents"): "documents with a hit of theme_b",
    period_sentences ("sentences"): "all sentences of the period",
    period_documents ("documents"): "all documents of the period",
    npmi_sentence: "normalised pointwise mutual information over sentences (Bouma 2009): -1 never together, 0 as by chance, 1 never apart; null: both are in every sentence. High for rare themes",
    npmi_document: "the same over documents",
    log_dice_sentence: "logDice over sentences (Rychlý 2008): at most 14, one less is half as strong; null: in no sentence together",
    log_dice_document: "logDice over documents",
    first_start: "first day of the first period of this length in which a document holds both; null: none is placed",
    small_n: "fewer than 20 documents in the period, or fewer than 5 with both",
}

table! { SourceRow, "theme_sources", "a theme in a source beside the base source, in the whole corpus and in each year (the longest length up to it); years only where the source or the base has a hit", false, key ["period", "theme", "source", "period_start"], order [];
    period: "length of the period: the longest that the pipeline asks, up to a year; or whole, all text, dated or not",
    period_start: "first day; null: unplaced, or whole",
    period_end: "last day",
    period_label: "2024, unplaced or whole",
    theme: "theme id",
    level: "0 or 1",
    source: "source",
    base: "the source that it is compared with, as the pipeline names it; null: none",
    hits ("hits"): "occurrences in the source",
    documents ("documents"): "documents of the source with a hit",
    period_documents ("documents"): "all documents of the source",
    density ("share"): "documents ÷ period_documents",
    base_documents ("documents"): "documents of the base with a hit; null: no base",
    base_period_documents ("documents"): "all documents of the base",
    base_density ("share"): "base_documents ÷ base_period_documents; null: no base, or it is silent",
    amplification ("ratio"): "density ÷ base_density; above 1 the source is louder than the base",
    amplification_smoothed ("ratio"): "((documents + 0.5) ÷ (period_documents + 1)) over the same of the base: there also where base_documents is 0",
    amplification_reason: "why amplification is null: no_base, is_base, base_silent (no document of the base in the period), no_common_period (whole: the two never speak in the same period), base_zero",
    first_date: "whole only: first day of the source's earliest date with a hit",
    base_first_date: "whole only: the same of the base; null in its own rows",
    lag_days ("days"): "whole only: first_date − base_first_date; below zero the source is first",
    lag_reason: "why lag_days is null: no_base, is_base, base_never, source_never (no dated hit), coarse_date (one of the two is no single day), corpus_begins (the earlier of the two is not after the first month of both sources, so an earlier time may lie before the corpus). Null in the rows of periods",
    lag_months ("months"): "whole only: the lag, of at most 12 months to each side, at which the monthly densities of source and base go together best; above zero the source follows",
    lag_correlation: "Pearson's r at that lag",
    lag_pairs ("months"): "pairs of months that it rests on, at least 24; both sources speak in each",
    lag_months_reason: "why lag_months is null: no_base, is_base, too_short (fewer than 24 pairs of months), constant (a density never changes)",
}

table! { KeynessRow, "keyness", "a theme in a contrast that the pipeline names; empty without one", false, key ["contrast", "theme"], order [];
    contrast: "name of the contrast",
    theme: "theme id",
    theme_zh: "Chinese label",
    theme_en: "English label",
    level: "0 or 1",
    period: "length of the periods that were summed: the longest that fills both sides",
    target_hits ("hits"): "occurrences in the target",
    target_han_chars ("characters"): "Han characters of the target",
    reference_hits ("hits"): "occurrences in the reference",
    reference_han_chars ("characters"): "Han characters of the reference",
    target_per_10k ("hits per 10,000 Han characters"): "target_hits ÷ target_han_chars × 10,000; null: no text",
    reference_per_10k ("hits per 10,000 Han characters"): "the same of the reference",
    g2: "log-likelihood ratio over hits and characters without one, of target and reference, without correction; never below zero: log_ratio has the direction. It grows with the corpus. Null: a side without text, or no hit",
    log_ratio: "log₂ of target_per_10k ÷ reference_per_10k: 1 is twice as often in the target; 0 hits are taken for 0.5. Null as g2",
    p: "p-value of g2 (chi-square, one degree of freedom), as if hits were independent; they come in bursts, so it is too small",
    p_adjusted: "p after Benjamini and Hochberg, over the themes of this level in the contrast that have one",
    small_n: "fewer than 5 hits are expected in the target or in the reference",
}

table! { CandidateRow, "candidates", "a phrase not in the lexicon that is new or rising in a window of the pipeline", false, key ["window_start", "window_end", "phrase"], order ["window_start", "window_end", "rank"];
    window_start: "first day of the window",
    window_end: "last day",
    rank: "place in the window's queue, from 1",
    candidate_id: "a hash of phrase and window; `tifa discover --accept` takes it",
    phrase: "the phrase: 2 to 12 Han characters",
    chars ("characters"): "its length",
    count ("occurrences"): "occurrences in documents whose whole date lies in the window, overlapping ones included",
    documents ("documents"): "documents of the window with it",
    days ("days"): "different first days of these documents",
    sources: "their sources",
    count_before ("occurrences"): "occurrences in all documents dated wholly before the window",
    han_chars_window ("characters"): "Han characters of the window's documents",
    han_chars_before ("characters"): "of the documents before it",
    per_10k ("occurrences per 10,000 Han characters"): "count ÷ han_chars_window × 10,000",
    per_10k_before ("occurrences per 10,000 Han characters"): "count_before ÷ han_chars_before × 10,000; null: no text before",
    g2: "log-likelihood ratio of the two shares, negative where the phrase is rarer; null: no text before",
    log_ratio ("bits"): "binary logarithm of the ratio of the two shares, half an occurrence added to each; null: no text before",
    cohesion ("bits"): "least mutual information over all splits of the phrase, in the window",
    entropy_left ("bits"): "entropy of what stands before it in the window; each occurrence at the beginning of a run of Han characters is a neighbour of its own",
    entropy_right ("bits"): "of what stands after it",
    first_date: "first day of the earliest document with it, before the window or in it",
    first_doc_id: "that document, the first by id",
    baseline_thin: "there is less text before the window than in it, so that much looks new",
    nearest_term: "the term of the lexicon that shares the longest part with it; null: none shares two characters",
    score: "orders the queue: the higher the surer, stronger and freer; it has no unit",
    contexts: "up to three sentences of the window with it: the earliest that differ",
}

table! { Reject, "rejects", "input that could not be used", false, key [], order ["source", "path", "record"];
    source: "source",
    path: "path of the file, relative to the source's folder",
    record: "number of the record in the file (a line, for JSON Lines); null: the whole file",
    stage: "stage that refused it",
    reason: "a stable word: empty, binary, oversized, undecodable, truncated, unreadable, broken_record, missing_field, link, special_file",
    detail: "what was found, and what to do",
    excerpt: "the beginning of the refused text, at most 80 characters",
}

// Tables of the cache, which no release holds.

table! { SpanRow, "spans", "a sentence of a parsed document", false, key [], order [];
    document: "number of the document in its shard",
    byte_start: "first byte of the text",
    byte_end: "one past the last",
    paragraph: "paragraph",
    record_char_start: "first code point of the record",
    record_char_end: "one past the last",
}

/// The tables of a release, in the order in which people read them.
#[must_use]
pub fn tables() -> Vec<Table> {
    vec![
        DocumentRow::table(),
        SentenceRow::table(),
        DateRow::table(),
        PlaceRow::table(),
        EventRow::table(),
        HitRow::table(),
        OccasionRow::table(),
        ThemeRow::table(),
        CopyRow::table(),
        CoverageRow::table(),
        TotalRow::table(),
        FrequencyRow::table(),
        BreakdownRow::table(),
        ProfileRow::table(),
        TurnRow::table(),
        PairRow::table(),
        SourceRow::table(),
        KeynessRow::table(),
        CandidateRow::table(),
        Reject::table(),
    ]
}

/// Names and types of all columns, those of the cache too: what was written
/// under another list is not read under this one.
#[must_use]
pub fn columns_fingerprint() -> String {
    let cached = [SpanRow::table()];
    let columns = |t: &Table| t.columns.iter().map(|c| format!("{} {} {:?} {}\n", t.name, c.name, c.kind, c.nullable)).collect::<String>();
    let all: String = tables().iter().chain(&cached).map(columns).collect();
    blake3::hash(all.as_bytes()).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_of_a_release_has_a_meaning_and_keys_name_columns() {
        for table in tables() {
            for column in &table.columns {
                assert!(column.meaning.chars().count() > 2, "{}.{}", table.name, column.name);
            }
            for name in table.key.iter().chain(table.order) {
                assert!(table.columns.iter().any(|c| c.name == *name), "{}.{name}", table.name);
            }
        }
    }

    #[test]
    fn rows_written_and_read_are_the_same() {
        let rows = vec![
            DateRow {
                doc_id: "a".into(),
                text: "今天".into(),
                date_start: NaiveDate::from_ymd_opt(2024, 3, 5),
                candidates: vec!["2023".into(), "2022".into()],
                ..DateRow::default()
            },
            DateRow { doc_id: "b".into(), ..DateRow::default() },
        ];
        assert_eq!(DateRow::read(&batch(&rows).unwrap()), rows);
    }
}
