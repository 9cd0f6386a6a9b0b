//! Documents, and what was read in them, back from their rows: a lexicon that
//! changed needs neither parse nor resolve.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::rows::{DocumentRow, EventRow, SentenceRow, SpanRow};
use crate::diagnostic::Span;
use crate::parse::{DateRange, Document, Precision, Script, Sentence};
use crate::resolve::{Event, Gazetteer, OccasionType, Resolution, Voice};

/// Documents back from their rows and spans.
#[must_use]
pub fn documents(rows: Vec<DocumentRow<'_>>, spans: &[SpanRow]) -> Vec<Document> {
    let mut out: Vec<Document> = rows
        .into_iter()
        .map(|row| Document {
            doc_id: row.doc_id.into_owned(),
            id_key: String::new(),
            source: row.source.as_ref().into(),
            path: row.path.as_ref().into(),
            record: row.record,
            preamble: row.preamble,
            date: range(row.date_start, row.date_end, row.date_precision.as_deref()),
            date_from: match &*row.date_from {
                "file_name" => "file_name",
                "field" => "field",
                "header" => "header",
                _ => "none",
            },
            url: row.url.map(Cow::into_owned),
            has_title: row.title.is_some(),
            text: row.text.into_owned(),
            script: Script::from_name(&row.script),
            encoding: encoding_rs::Encoding::for_label(row.encoding.as_bytes()).map_or("UTF-8", encoding_rs::Encoding::name),
            replaced_chars: row.replaced_chars,
            sentences: Vec::new(),
        })
        .collect();
    for span in spans {
        if let Some(document) = out.get_mut(span.document as usize) {
            let in_text = Span::new(span.byte_start as usize, span.byte_end as usize);
            let in_record = span.record_char_start.zip(span.record_char_end).map(|(start, end)| Span::new(start as usize, end as usize));
            document.sentences.push(Sentence::new(&document.text, in_text, span.paragraph, in_record));
        }
    }
    out
}

fn range(start: Option<chrono::NaiveDate>, end: Option<chrono::NaiveDate>, precision: Option<&str>) -> Option<DateRange> {
    let precision = precision.and_then(Precision::from_name).unwrap_or_default();
    start.zip(end).map(|(start, end)| DateRange { start, end, precision })
}

/// Han characters of rows of `sentences`.
#[must_use]
pub fn han_chars_of(sentences: &[SentenceRow<'_>]) -> u64 {
    sentences.iter().map(|s| u64::from(s.han_chars)).sum()
}

/// Columns of `sentences` that [`resolutions`] reads.
pub const SENTENCE_COLUMNS: [&str; 4] = ["sentence", "han_chars", "event_id", "voice"];

/// What was read in a document, back from its rows.
pub struct Reread {
    /// Its occasions and voices.
    pub resolution: Resolution,
    /// Han characters of the rows of its sentences.
    pub han_chars: u64,
}

/// The occasions and voices that were read in documents, back from the rows of
/// `sentences` and `events`: what tally and the rows of `hits` need. Dates,
/// places, persons, speakers and rules are not there.
///
/// `documents` are those that have rows, in their order. `None`: the rows are not
/// those of these documents.
#[must_use]
pub fn resolutions(documents: &[&Document], sentences: &[SentenceRow<'_>], events: &[EventRow<'_>], gazetteer: &Gazetteer) -> Option<Vec<Reread>> {
    let places: BTreeMap<(&str, &str), usize> = gazetteer.places().map(|(number, place)| ((place.code.as_str(), place.name.as_str()), number)).collect();
    let (mut sentences, mut events) = (sentences, events.iter().peekable());
    let mut out = Vec::with_capacity(documents.len());
    for document in documents {
        let (own, rest) = sentences.split_at_checked(document.sentences.len())?;
        sentences = rest;
        let mut resolution = Resolution::default();
        for (number, row) in own.iter().enumerate() {
            if row.sentence as usize != number {
                return None;
            }
            // The id of an event ends in its number in the document.
            let scope = row.event_id.as_ref().map(|id| id.rsplit_once("-e").and_then(|(_, number)| number.parse().ok()));
            resolution.scope.push(match scope {
                Some(None) => return None,
                Some(number) => number,
                None => None,
            });
            resolution.voices.push(Voice { reported: row.voice == "reported", ..Voice::default() });
        }
        while let Some(row) = events.next_if(|row| row.doc_id == document.doc_id) {
            let place = match (&row.place_code, &row.place_name) {
                (Some(code), Some(name)) => Some(*places.get(&(&**code, &**name))?),
                _ => None,
            };
            resolution.events.push(Event {
                sentence: row.sentence as usize,
                span: Span::default(),
                date: range(row.date_start, row.date_end, Some(&row.date_precision)),
                precision: Precision::from_name(&row.date_precision).unwrap_or_default(),
                name: row.name.to_string(),
                kind: OccasionType::from_name(&row.occasion_type)?,
                series: row.series.as_deref().map(str::to_owned),
                term: row.term,
                session: row.session,
                id: row.occasion_id.as_deref().map(str::to_owned),
                place,
                region: row.region_code.as_deref().map(str::to_owned),
                actors: Vec::new(),
                rule: "",
            });
        }
        out.push(Reread { resolution, han_chars: han_chars_of(own) });
    }
    (sentences.is_empty() && events.peek().is_none()).then_some(out)
}
