//! Documents and what was read in them → rows.

use std::borrow::Cow;

use chrono::NaiveDate;

use crate::load::short_hex;
use crate::parse::{Document, han_chars};
use crate::resolve::{Gazetteer, Place, Resolution, Voice};
use crate::tag::{Hit, Lexicon};
use crate::tally::event_of;

/// A text of a row: on the way to a table, part of a document or of what was
/// read in it; back from one, its own.
pub(super) type Text<'t> = Cow<'t, str>;

macro_rules! row {
    ($(#[$meta:meta])* $name:ident $(<$lifetime:lifetime>)? { $($field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[expect(missing_docs, reason = "the columns are described in the schema, once")]
        pub struct $name $(<$lifetime>)? { $(pub $field: $type,)* }
    };
}

row! {
    /// A row of `documents`.
    DocumentRow<'t> {
        doc_id: Text<'t>, source: Text<'t>, register: Text<'t>, path: Text<'t>, record: u64, preamble: bool, title: Option<Text<'t>>,
        date_start: Option<NaiveDate>, date_end: Option<NaiveDate>, date_precision: Option<Text<'t>>, date_from: Text<'t>, url: Option<Text<'t>>,
        text: Text<'t>, chars: u64, han_chars: u64, sentences: u64, script: Text<'t>, encoding: Text<'t>, replaced_chars: u32, content_hash: Text<'t>,
    }
}

row! {
    /// A row of `sentences`.
    SentenceRow<'t> {
        doc_id: Text<'t>, sentence: u32, char_start: u32, char_end: u32, paragraph: u32, in_title: bool, record_char_start: Option<u32>,
        record_char_end: Option<u32>, han_chars: u32, event_id: Option<Text<'t>>, voice: Text<'t>, continued: bool, speaker: Option<Text<'t>>,
    }
}

row! {
    /// A row of `dates`.
    DateRow<'t> {
        doc_id: Text<'t>, sentence: u32, char_start: u32, char_end: u32, text: Text<'t>, kind: Text<'t>, date_start: Option<NaiveDate>,
        date_end: Option<NaiveDate>, bound: Text<'t>, precision: Option<Text<'t>>, anchor: Text<'t>, rule: Text<'t>, candidates: Vec<Text<'t>>,
    }
}

row! {
    /// A row of `places`.
    PlaceRow<'t> {
        doc_id: Text<'t>, sentence: u32, char_start: u32, char_end: u32, text: Text<'t>, code: Option<Text<'t>>, name: Option<Text<'t>>, level: Option<Text<'t>>,
        province_code: Option<Text<'t>>, country_code: Option<Text<'t>>, rule: Text<'t>, candidates: Vec<Text<'t>>,
    }
}

row! {
    /// A row of `events`.
    EventRow<'t> {
        event_id: Text<'t>, occasion_id: Option<Text<'t>>, doc_id: Text<'t>, sentence: u32, char_start: u32, char_end: u32,
        date_start: Option<NaiveDate>, date_end: Option<NaiveDate>, date_precision: Text<'t>, name: Text<'t>, occasion_type: Text<'t>, series: Option<Text<'t>>,
        term: Option<u32>, session: Option<u32>, place_code: Option<Text<'t>>, place_name: Option<Text<'t>>, region_code: Option<Text<'t>>,
        actor_names: Vec<Text<'t>>, actor_titles: Vec<Text<'t>>, rule: Text<'t>,
    }
}

row! {
    /// A row of `hits`.
    HitRow<'t> {
        doc_id: Text<'t>, sentence: u32, char_start: u32, char_end: u32, in_title: bool, theme: Text<'t>, term: Text<'t>, doc_date_start: Option<NaiveDate>,
        doc_date_end: Option<NaiveDate>, event_id: Option<Text<'t>>, event_date_start: Option<NaiveDate>, event_date_end: Option<NaiveDate>, voice: Text<'t>,
    }
}

row! {
    /// A row of `themes`.
    ThemeRow {
        theme: String, theme_zh: String, theme_en: String, parent: Option<String>, level: u32, terms: Vec<String>, nested: bool,
        first_known: Option<String>, source: String, gap: Option<u32>, not_in: Vec<String>,
    }
}

row! {
    /// A sentence of a parsed document in the cache.
    SpanRow { document: u32, byte_start: u32, byte_end: u32, paragraph: u32, record_char_start: Option<u32>, record_char_end: Option<u32>, }
}

/// Bytes of a text → code points.
///
/// # Cost
/// One pass to build; a look-up counts at most 64 bytes.
pub struct Offsets<'t> {
    text: &'t str,
    /// Code points before each multiple of `STEP` bytes, up to the end.
    marks: Vec<u32>,
}

impl<'t> Offsets<'t> {
    const STEP: usize = 64;

    /// An index of `text`.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        let mut marks = Vec::with_capacity(text.len() / Self::STEP + 2);
        let mut chars = 0;
        for chunk in text.as_bytes().chunks(Self::STEP) {
            marks.push(chars);
            chars += starts(chunk);
        }
        marks.push(chars);
        Self { text, marks }
    }

    /// Code points before `byte`.
    #[must_use]
    pub fn chars(&self, byte: usize) -> u32 {
        let mark = byte / Self::STEP;
        let before = self.marks.get(mark).copied().unwrap_or_default();
        before + starts(self.text.as_bytes().get(mark * Self::STEP..byte).unwrap_or_default())
    }
}

/// Code points that begin in at most 255 bytes: their sum is kept in a byte,
/// so that many are added at once.
fn starts(bytes: &[u8]) -> u32 {
    u32::from(bytes.iter().fold(0_u8, |sum, byte| sum + u8::from((*byte & 0xc0) != 0x80)))
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The row of a document.
#[must_use]
pub fn document_row<'d>(document: &'d Document, register: &'d str) -> DocumentRow<'d> {
    DocumentRow {
        doc_id: document.doc_id.as_str().into(),
        source: Cow::Borrowed(&document.source),
        register: register.into(),
        path: Cow::Borrowed(&document.path),
        record: document.record,
        preamble: document.preamble,
        title: document.title().map(Cow::Borrowed),
        date_start: document.date.map(|d| d.start),
        date_end: document.date.map(|d| d.end),
        date_precision: document.date.map(|d| d.precision.name().into()),
        date_from: document.date_from.into(),
        url: document.url.as_deref().map(Cow::Borrowed),
        text: document.text.as_str().into(),
        chars: document.text.chars().count() as u64,
        han_chars: han_chars(&document.text),
        sentences: document.sentences.len() as u64,
        script: document.script.name().into(),
        encoding: document.encoding.into(),
        replaced_chars: document.replaced_chars,
        content_hash: short_hex(&blake3::hash(document.text.as_bytes()), 32).into(),
    }
}

/// The cached spans of a document's sentences; `number` is its place in the shard.
pub fn span_rows(document: &Document, number: usize) -> impl Iterator<Item = SpanRow> {
    document.sentences.iter().map(move |sentence| SpanRow {
        document: small(number),
        byte_start: small(sentence.span.start),
        byte_end: small(sentence.span.end),
        paragraph: sentence.paragraph,
        record_char_start: sentence.record_chars.map(|s| small(s.start)),
        record_char_end: sentence.record_chars.map(|s| small(s.end)),
    })
}

/// Makes the rows of documents: what a lexicon and gazetteer call their themes,
/// terms and places.
pub struct RowMaker<'r> {
    lexicon: &'r Lexicon,
    gazetteer: &'r Gazetteer,
    /// By number.
    terms: Vec<&'r str>,
}

impl<'r> RowMaker<'r> {
    /// A maker of rows for what these have found.
    #[must_use]
    pub fn new(lexicon: &'r Lexicon, gazetteer: &'r Gazetteer) -> Self {
        Self { lexicon, gazetteer, terms: lexicon.terms().collect() }
    }

    /// The rows of a document in which these were read. What several tables need
    /// of it is made once, here.
    ///
    /// # Cost
    /// Linear in the text.
    #[must_use]
    pub fn rows_of<'d>(&'d self, document: &'d Document, resolution: &'d Resolution, hits: &'d [Hit]) -> DocumentRows<'d> {
        let event_ids = (0..resolution.events.len()).map(|number| format!("{}-e{number}", document.doc_id)).collect();
        DocumentRows { maker: self, document, resolution, hits, offsets: Offsets::new(&document.text), event_ids }
    }
}

/// The rows of a document on their way to the tables: they borrow their texts.
pub struct DocumentRows<'d> {
    maker: &'d RowMaker<'d>,
    document: &'d Document,
    resolution: &'d Resolution,
    hits: &'d [Hit],
    offsets: Offsets<'d>,
    event_ids: Vec<String>,
}

impl DocumentRows<'_> {
    /// Rows of `sentences`.
    ///
    /// # Cost
    /// Linear in the text.
    #[must_use]
    pub fn sentences(&self) -> impl ExactSizeIterator<Item = SentenceRow<'_>> {
        let Self { document, resolution, offsets, .. } = self;
        document.sentences.iter().enumerate().map(move |(number, sentence)| {
            let voice = resolution.voices.get(number);
            SentenceRow {
                doc_id: self.doc_id(),
                sentence: small(number),
                char_start: offsets.chars(sentence.span.start),
                char_end: offsets.chars(sentence.span.end),
                paragraph: sentence.paragraph,
                in_title: sentence.paragraph == 0,
                record_char_start: sentence.record_chars.map(|s| small(s.start)),
                record_char_end: sentence.record_chars.map(|s| small(s.end)),
                han_chars: sentence.han_chars,
                event_id: self.event_id(number),
                voice: voice.map_or(NARRATED, Voice::name).into(),
                continued: voice.is_some_and(|v| v.continued),
                speaker: voice.and_then(|v| v.speaker.as_deref()).map(Cow::Borrowed),
            }
        })
    }

    /// Rows of `dates`.
    #[must_use]
    pub fn dates(&self) -> impl ExactSizeIterator<Item = DateRow<'_>> {
        let Self { document, resolution, offsets, .. } = self;
        resolution.dates.iter().map(move |date| DateRow {
            doc_id: self.doc_id(),
            sentence: self.sentence_at(date.span.start),
            char_start: offsets.chars(date.span.start),
            char_end: offsets.chars(date.span.end),
            text: date.span.of(&document.text).into(),
            kind: date.kind.name().into(),
            date_start: date.days().0,
            date_end: date.days().1,
            bound: date.bound.name().into(),
            precision: date.range.map(|r| r.precision.name().into()),
            anchor: date.anchor.name().into(),
            rule: date.rule.into(),
            candidates: date.candidates.iter().map(|c| c.to_string().into()).collect(),
        })
    }

    /// Rows of `places`.
    #[must_use]
    pub fn places(&self) -> impl ExactSizeIterator<Item = PlaceRow<'_>> {
        let Self { maker, document, resolution, offsets, .. } = self;
        resolution.places.iter().map(move |mention| {
            let place = mention.place.and_then(|p| maker.gazetteer.place(p));
            PlaceRow {
                doc_id: self.doc_id(),
                sentence: self.sentence_at(mention.span.start),
                char_start: offsets.chars(mention.span.start),
                char_end: offsets.chars(mention.span.end),
                text: mention.span.of(&document.text).into(),
                code: place.map(|p| p.code.as_str().into()),
                name: place.map(|p| p.name.as_str().into()),
                level: place.map(|p| p.level.name().into()),
                province_code: place.and_then(Place::province).map(Cow::Owned),
                country_code: place.map(|p| p.country().into()),
                rule: mention.rule.into(),
                candidates: mention.candidates.iter().map(|c| c.as_str().into()).collect(),
            }
        })
    }

    /// Rows of `events`.
    #[must_use]
    pub fn events(&self) -> impl ExactSizeIterator<Item = EventRow<'_>> {
        let Self { maker, resolution, offsets, .. } = self;
        resolution.events.iter().zip(&self.event_ids).map(move |(event, id)| {
            let place = event.place.and_then(|p| maker.gazetteer.place(p));
            EventRow {
                event_id: id.into(),
                occasion_id: event.id.as_deref().map(Cow::Borrowed),
                doc_id: self.doc_id(),
                sentence: small(event.sentence),
                char_start: offsets.chars(event.span.start),
                char_end: offsets.chars(event.span.end),
                date_start: event.date.map(|d| d.start),
                date_end: event.date.map(|d| d.end),
                date_precision: event.precision.name().into(),
                name: event.name.as_str().into(),
                occasion_type: event.kind.name().into(),
                series: event.series.as_deref().map(Cow::Borrowed),
                term: event.term,
                session: event.session,
                place_code: place.map(|p| p.code.as_str().into()),
                place_name: place.map(|p| p.name.as_str().into()),
                region_code: event.region.as_deref().map(Cow::Borrowed),
                actor_names: event.actors.iter().map(|a| a.name.as_str().into()).collect(),
                actor_titles: event.actors.iter().map(|a| a.title.as_str().into()).collect(),
                rule: event.rule.into(),
            }
        })
    }

    /// Rows of `hits`.
    #[must_use]
    pub fn hits(&self) -> impl ExactSizeIterator<Item = HitRow<'_>> {
        let Self { maker, document, resolution, offsets, .. } = self;
        self.hits.iter().map(move |hit| {
            let event = event_of(resolution, hit.sentence).and_then(|e| e.date);
            HitRow {
                doc_id: self.doc_id(),
                sentence: small(hit.sentence),
                char_start: offsets.chars(hit.span.start),
                char_end: offsets.chars(hit.span.end),
                in_title: document.sentences.get(hit.sentence).is_some_and(|s| s.paragraph == 0),
                theme: maker.lexicon.themes().get(hit.theme).map_or("", |t| &t.id).into(),
                term: maker.terms.get(hit.term).copied().unwrap_or_default().into(),
                doc_date_start: document.date.map(|d| d.start),
                doc_date_end: document.date.map(|d| d.end),
                event_id: self.event_id(hit.sentence),
                event_date_start: event.map(|d| d.start),
                event_date_end: event.map(|d| d.end),
                voice: resolution.voices.get(hit.sentence).map_or(NARRATED, Voice::name).into(),
            }
        })
    }

    fn doc_id(&self) -> Text<'_> {
        self.document.doc_id.as_str().into()
    }

    /// The number of the sentence that holds a byte of the text.
    fn sentence_at(&self, byte: usize) -> u32 {
        small(self.document.sentences.partition_point(|s| s.span.end <= byte))
    }

    /// The id of the event of which a sentence speaks.
    fn event_id(&self, sentence: usize) -> Option<Text<'_>> {
        let event = self.resolution.scope.get(sentence).copied().flatten()?;
        self.event_ids.get(event).map(|id| id.as_str().into())
    }
}

/// The voice of a sentence of which resolve says nothing.
const NARRATED: &str = "narrated";

/// The rows of the lexicon.
#[must_use]
pub fn theme_rows(lexicon: &Lexicon) -> Vec<ThemeRow> {
    lexicon
        .themes()
        .iter()
        .map(|theme| ThemeRow {
            theme: theme.id.clone(),
            theme_zh: theme.zh.clone(),
            theme_en: theme.en.clone(),
            parent: theme.parent.and_then(|p| lexicon.themes().get(p)).map(|p| p.id.clone()),
            level: theme.level(),
            terms: theme.terms.clone(),
            nested: theme.nested,
            first_known: theme.first.clone(),
            source: theme.source.clone(),
            gap: theme.gap,
            not_in: theme.not_in.clone(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn offsets_count_code_points(text in "[a甲𠮷é\n]{0,700}") {
            let offsets = Offsets::new(&text);
            for (chars, (byte, _)) in text.char_indices().enumerate().step_by(37) {
                prop_assert_eq!(offsets.chars(byte) as usize, chars);
            }
            prop_assert_eq!(offsets.chars(text.len()) as usize, text.chars().count());
        }
    }
}
