//! Documents and what was read in them → rows.

use std::borrow::Cow;

use chrono::NaiveDate;

use crate::load::short_hex;
use crate::parse::{Document, han_chars};
use crate::resolve::{Event, Gazetteer, Place, Resolution, Voice};
use crate::tag::{Hit, Lexicon};
use crate::tally::{Word, event_of};

/// A word of the program's own: one of few values of a column.
pub(super) type Fixed = Cow<'static, str>;

macro_rules! row {
    ($(#[$meta:meta])* $name:ident { $($field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[expect(missing_docs, reason = "the columns are described in the schema, once")]
        pub struct $name { $(pub $field: $type,)* }
    };
}

row! {
    /// A row of `documents`.
    DocumentRow {
        doc_id: String, source: String, register: String, path: String, record: u64, preamble: bool, title: Option<String>,
        date_start: Option<NaiveDate>, date_end: Option<NaiveDate>, date_precision: Option<String>, date_from: String, url: Option<String>,
        text: String, chars: u64, han_chars: u64, sentences: u64, script: String, encoding: String, replaced_chars: u32, content_hash: String,
    }
}

row! {
    /// A row of `sentences`.
    SentenceRow {
        doc_id: Word, sentence: u32, char_start: u32, char_end: u32, paragraph: u32, in_title: bool, record_char_start: Option<u32>,
        record_char_end: Option<u32>, han_chars: u32, event_id: Option<Word>, voice: Fixed, continued: bool, speaker: Option<String>,
    }
}

row! {
    /// A row of `dates`.
    DateRow {
        doc_id: Word, sentence: u32, char_start: u32, char_end: u32, text: String, kind: Fixed, date_start: Option<NaiveDate>,
        date_end: Option<NaiveDate>, bound: Fixed, precision: Option<Fixed>, anchor: Fixed, rule: Fixed, candidates: Vec<String>,
    }
}

row! {
    /// A row of `places`.
    PlaceRow {
        doc_id: Word, sentence: u32, char_start: u32, char_end: u32, text: String, code: Option<String>, name: Option<String>, level: Option<Fixed>,
        province_code: Option<String>, country_code: Option<String>, rule: Fixed, candidates: Vec<String>,
    }
}

row! {
    /// A row of `events`.
    EventRow {
        event_id: Word, occasion_id: Option<String>, doc_id: Word, sentence: u32, char_start: u32, char_end: u32,
        date_start: Option<NaiveDate>, date_end: Option<NaiveDate>, date_precision: Fixed, name: String, occasion_type: Fixed, series: Option<String>,
        term: Option<u32>, session: Option<u32>, place_code: Option<String>, place_name: Option<String>, region_code: Option<String>,
        actor_names: Vec<String>, actor_titles: Vec<String>, rule: Fixed,
    }
}

row! {
    /// A row of `hits`.
    HitRow {
        doc_id: Word, sentence: u32, char_start: u32, char_end: u32, in_title: bool, theme: Word, term: Word, doc_date_start: Option<NaiveDate>,
        doc_date_end: Option<NaiveDate>, event_id: Option<Word>, event_date_start: Option<NaiveDate>, event_date_end: Option<NaiveDate>, voice: Fixed,
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
/// One pass to build; a look-up counts at most 256 bytes.
pub struct Offsets<'t> {
    text: &'t str,
    /// Code points before each multiple of `STEP` bytes.
    marks: Vec<u32>,
}

impl<'t> Offsets<'t> {
    const STEP: usize = 256;

    /// An index of `text`.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        let mut marks = Vec::with_capacity(text.len() / Self::STEP + 1);
        let mut chars = 0;
        for chunk in text.as_bytes().chunks(Self::STEP) {
            marks.push(chars);
            chars += starts(chunk);
        }
        Self { text, marks }
    }

    /// Code points before `byte`.
    #[must_use]
    pub fn chars(&self, byte: usize) -> u32 {
        let mark = byte / Self::STEP;
        let Some(before) = self.marks.get(mark) else {
            // The end of a text whose length is a multiple of the step.
            return starts(self.text.as_bytes());
        };
        before + starts(self.text.as_bytes().get(mark * Self::STEP..byte).unwrap_or_default())
    }
}

/// Code points that begin in `bytes`.
fn starts(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.iter().filter(|byte| (**byte & 0xc0) != 0x80).count()).unwrap_or(u32::MAX)
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The row of a document.
#[must_use]
pub fn document_row(document: &Document, register: &str) -> DocumentRow {
    DocumentRow {
        doc_id: document.doc_id.clone(),
        source: document.source.to_string(),
        register: register.to_owned(),
        path: document.path.to_string(),
        record: document.record,
        preamble: document.preamble,
        title: document.title().map(str::to_owned),
        date_start: document.date.map(|d| d.start),
        date_end: document.date.map(|d| d.end),
        date_precision: document.date.map(|d| d.precision.name().to_owned()),
        date_from: document.date_from.to_owned(),
        url: document.url.clone(),
        text: document.text.clone(),
        chars: document.text.chars().count() as u64,
        han_chars: han_chars(&document.text),
        sentences: document.sentences.len() as u64,
        script: document.script.name().to_owned(),
        encoding: document.encoding.to_owned(),
        replaced_chars: document.replaced_chars,
        content_hash: short_hex(&blake3::hash(document.text.as_bytes()), 32),
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

/// The rows of what was read in some documents.
#[derive(Debug, Default)]
pub struct AnnotationRows {
    /// Rows of `sentences`.
    pub sentences: Vec<SentenceRow>,
    /// Rows of `dates`.
    pub dates: Vec<DateRow>,
    /// Rows of `places`.
    pub places: Vec<PlaceRow>,
    /// Rows of `events`.
    pub events: Vec<EventRow>,
    /// Rows of `hits`.
    pub hits: Vec<HitRow>,
}

/// Makes the rows of documents: what a lexicon and gazetteer call their themes,
/// terms and places.
pub struct RowMaker<'r> {
    gazetteer: &'r Gazetteer,
    /// By number.
    themes: Vec<Word>,
    /// By number.
    terms: Vec<Word>,
}

impl<'r> RowMaker<'r> {
    /// A maker of rows for what these have found.
    #[must_use]
    pub fn new(lexicon: &Lexicon, gazetteer: &'r Gazetteer) -> Self {
        let themes = lexicon.themes().iter().map(|t| t.id.as_str().into()).collect();
        Self { gazetteer, themes, terms: lexicon.terms().map(Into::into).collect() }
    }

    /// The rows of a document in which these were read. What several tables need
    /// of it is made once, here.
    ///
    /// # Cost
    /// Linear in the text.
    #[must_use]
    pub fn rows_of<'d>(&'d self, document: &'d Document, resolution: &'d Resolution) -> DocumentRows<'d> {
        let doc_id = Word::from(document.doc_id.as_str());
        let event_ids = (0..resolution.events.len()).map(|number| format!("{doc_id}-e{number}").into()).collect();
        DocumentRows { maker: self, document, resolution, offsets: Offsets::new(&document.text), doc_id, event_ids }
    }
}

/// The rows of a document on their way to the tables.
pub struct DocumentRows<'d> {
    maker: &'d RowMaker<'d>,
    document: &'d Document,
    resolution: &'d Resolution,
    offsets: Offsets<'d>,
    doc_id: Word,
    event_ids: Vec<Word>,
}

impl DocumentRows<'_> {
    /// Adds the rows of what resolve read.
    ///
    /// # Cost
    /// Linear in the text and in what was found.
    pub fn add_resolution(&self, rows: &mut AnnotationRows) {
        let Self { maker, document, resolution, offsets, doc_id, event_ids } = self;
        let sentence_at = |byte: usize| small(document.sentences.partition_point(|s| s.span.end <= byte));
        rows.sentences.extend(document.sentences.iter().enumerate().map(|(number, sentence)| {
            let voice = resolution.voices.get(number);
            SentenceRow {
                doc_id: doc_id.clone(),
                sentence: small(number),
                char_start: offsets.chars(sentence.span.start),
                char_end: offsets.chars(sentence.span.end),
                paragraph: sentence.paragraph,
                in_title: sentence.paragraph == 0,
                record_char_start: sentence.record_chars.map(|s| small(s.start)),
                record_char_end: sentence.record_chars.map(|s| small(s.end)),
                han_chars: u32::try_from(han_chars(sentence.span.of(&document.text))).unwrap_or(u32::MAX),
                event_id: self.event_id(number),
                voice: voice.map_or(NARRATED, Voice::name).into(),
                continued: voice.is_some_and(|v| v.continued),
                speaker: voice.and_then(|v| v.speaker.clone()),
            }
        }));
        rows.dates.extend(resolution.dates.iter().map(|date| DateRow {
            doc_id: doc_id.clone(),
            sentence: sentence_at(date.span.start),
            char_start: offsets.chars(date.span.start),
            char_end: offsets.chars(date.span.end),
            text: date.span.of(&document.text).to_owned(),
            kind: date.kind.name().into(),
            date_start: date.days().0,
            date_end: date.days().1,
            bound: date.bound.name().into(),
            precision: date.range.map(|r| r.precision.name().into()),
            anchor: date.anchor.name().into(),
            rule: date.rule.into(),
            candidates: date.candidates.iter().map(ToString::to_string).collect(),
        }));
        rows.places.extend(resolution.places.iter().map(|mention| {
            let place = mention.place.and_then(|p| maker.gazetteer.place(p));
            PlaceRow {
                doc_id: doc_id.clone(),
                sentence: sentence_at(mention.span.start),
                char_start: offsets.chars(mention.span.start),
                char_end: offsets.chars(mention.span.end),
                text: mention.span.of(&document.text).to_owned(),
                code: place.map(|p| p.code.clone()),
                name: place.map(|p| p.name.clone()),
                level: place.map(|p| p.level.name().into()),
                province_code: place.and_then(Place::province),
                country_code: place.map(|p| p.country().to_owned()),
                rule: mention.rule.into(),
                candidates: mention.candidates.clone(),
            }
        }));
        let events = resolution.events.iter().zip(event_ids);
        rows.events.extend(events.map(|(event, id)| self.event_row(event, id.clone())));
    }

    /// Adds the rows of what tag found.
    ///
    /// # Cost
    /// Linear in the hits.
    pub fn add_hits(&self, rows: &mut Vec<HitRow>, hits: &[Hit]) {
        let Self { maker, document, resolution, offsets, doc_id, .. } = self;
        rows.extend(hits.iter().map(|hit| {
            let event = event_of(resolution, hit.sentence).and_then(|e| e.date);
            HitRow {
                doc_id: doc_id.clone(),
                sentence: small(hit.sentence),
                char_start: offsets.chars(hit.span.start),
                char_end: offsets.chars(hit.span.end),
                in_title: document.sentences.get(hit.sentence).is_some_and(|s| s.paragraph == 0),
                theme: maker.themes.get(hit.theme).cloned().unwrap_or_default(),
                term: maker.terms.get(hit.term).cloned().unwrap_or_default(),
                doc_date_start: document.date.map(|d| d.start),
                doc_date_end: document.date.map(|d| d.end),
                event_id: self.event_id(hit.sentence),
                event_date_start: event.map(|d| d.start),
                event_date_end: event.map(|d| d.end),
                voice: resolution.voices.get(hit.sentence).map_or(NARRATED, Voice::name).into(),
            }
        }));
    }

    /// The id of the event of which a sentence speaks.
    fn event_id(&self, sentence: usize) -> Option<Word> {
        self.event_ids.get(self.resolution.scope.get(sentence).copied().flatten()?).cloned()
    }

    fn event_row(&self, event: &Event, event_id: Word) -> EventRow {
        let place = event.place.and_then(|p| self.maker.gazetteer.place(p));
        EventRow {
            event_id,
            occasion_id: event.id.clone(),
            doc_id: self.doc_id.clone(),
            sentence: small(event.sentence),
            char_start: self.offsets.chars(event.span.start),
            char_end: self.offsets.chars(event.span.end),
            date_start: event.date.map(|d| d.start),
            date_end: event.date.map(|d| d.end),
            date_precision: event.precision.name().into(),
            name: event.name.clone(),
            occasion_type: event.kind.name().into(),
            series: event.series.clone(),
            term: event.term,
            session: event.session,
            place_code: place.map(|p| p.code.clone()),
            place_name: place.map(|p| p.name.clone()),
            region_code: event.region.clone(),
            actor_names: event.actors.iter().map(|a| a.name.clone()).collect(),
            actor_titles: event.actors.iter().map(|a| a.title.clone()).collect(),
            rule: event.rule.into(),
        }
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
            level: u32::from(theme.parent.is_some()),
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
