//! **resolve**: [`Document`] → when, where, which occasion, who speaks.
//!
//! Never a guess: what cannot be decided stays without a value and keeps its
//! candidates, and every row names the rule that read it. Each document is read
//! alone, without a corpus, a clock or a disk.

mod actor;
mod beginnings;
mod char_set;
mod character;
mod date;
mod endings;
mod gazetteer;
mod occasion;
mod place;
mod place_reading;
mod saying;
mod short;
mod speaker;
mod vocabulary;
mod voice;
mod words;

pub use actor::{Actor, people, person};
pub use date::{Almanac, Anchor, Bound, DATE_RULES, DateCase, DateContext, DateKind, DateMention, dates};
pub use gazetteer::Gazetteer;
pub use occasion::{Event, OCCASION_RULES, OccasionType, Series};
pub use place::{Level, PLACE_RULES, Place, PlaceMention};
pub use saying::VoiceCase;
pub use vocabulary::{OccasionCase, Vocabulary, VocabularyError, builtin_files};
pub use voice::Voice;

use std::cell::OnceCell;

use crate::diagnostic::Span;
use crate::parse::{Document, Sentence, document_of, read_date};
use beginnings::{Beginning, DATES, InSentence, OCCASIONS, OF_DOCUMENTS, PLACES, SAYINGS};
use occasion::Tells;

/// What was read in a document. Spans are bytes of [`Document::text`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolution {
    /// Date expressions, in order.
    pub dates: Vec<DateMention>,
    /// Place mentions, in order.
    pub places: Vec<PlaceMention>,
    /// Mentions of dated occasions, in order.
    pub events: Vec<Event>,
    /// One for each sentence.
    pub voices: Vec<Voice>,
    /// For each sentence, the event of which it speaks, if any: the last one
    /// introduced before it in its paragraph. A paragraph that begins by
    /// pointing back (他强调, 会议指出) goes on with the event before.
    pub scope: Vec<Option<usize>>,
}

/// Reads one document.
///
/// # Cost
/// Linear in the text.
#[must_use]
pub fn resolve(document: &Document, vocabulary: &Vocabulary) -> Resolution {
    let mut beginnings = Vec::with_capacity(document.text.len() / 8);
    vocabulary.beginnings.find(&document.text, OF_DOCUMENTS, &mut beginnings);
    let names = beginnings.iter().filter(|b| b.readers & PLACES != 0).map(|b| b.at());
    let places = vocabulary.gazetteer.mentions_from(&document.text, names, document.date.map(|d| d.start));
    let mut reading = Reading {
        document,
        vocabulary,
        beginnings: &beginnings,
        place_at: 0,
        sentences: Vec::with_capacity(16),
        date_tokens: Vec::with_capacity(32),
        dates: Vec::with_capacity(8),
        tokens: Vec::with_capacity(64),
        places: Vec::with_capacity(16),
        out: Resolution {
            places,
            voices: Vec::with_capacity(document.sentences.len()),
            scope: Vec::with_capacity(document.sentences.len()),
            ..Resolution::default()
        },
    };
    let mut first = 0;
    for paragraph in document.sentences.chunk_by(|a, b| a.paragraph == b.paragraph) {
        reading.read(paragraph, first);
        first += paragraph.len();
    }
    reading.out
}

/// How many events of earlier paragraphs a sentence can tell of again.
const EARLIER_EVENTS: usize = 8;

/// A document while its paragraphs are read.
struct Reading<'d> {
    document: &'d Document,
    vocabulary: &'d Vocabulary,
    /// Where words may begin after the sentences that are read.
    beginnings: &'d [Beginning],
    /// Number of the first place after the sentences that are read.
    place_at: usize,
    /// The sentences of the paragraph, and buffers for one of them.
    sentences: Vec<voice::Sentence<'d>>,
    date_tokens: Vec<date::Token>,
    dates: Vec<DateMention>,
    tokens: Vec<occasion::Token>,
    places: Vec<occasion::PlaceAt>,
    out: Resolution,
}

impl<'d> Reading<'d> {
    /// Where words may begin in the next sentence, which ends before `end`.
    fn beginnings(&mut self, end: usize) -> &'d [Beginning] {
        let count = self.beginnings.iter().take_while(|b| b.at() < end).count();
        let (here, after) = self.beginnings.split_at_checked(count).unwrap_or_default();
        self.beginnings = after;
        here
    }

    /// Reads a paragraph, whose first sentence has the number `first`.
    fn read(&mut self, paragraph: &[Sentence], first: usize) {
        let mut context = DateContext { document: self.document.date, previous: None };
        let mut occasions = occasion::Paragraph::new(self.vocabulary, self.document.date.map(|d| d.start));
        // A paragraph can tell again of what one before told of (出席座谈会).
        let earlier = self.out.events.len().saturating_sub(EARLIER_EVENTS);
        let mut scope = None;
        self.sentences.clear();
        for (number, sentence) in (first..).zip(paragraph) {
            let text = sentence.span.of(&self.document.text);
            let shift = sentence.span.start;
            self.beginnings(shift);
            let beginnings = InSentence { all: self.beginnings(sentence.span.end), sentence: shift };
            let mut readers = 0;
            let mut tells = Tells::Nothing;
            for beginning in beginnings.all {
                readers |= beginning.readers;
                if beginning.readers & OCCASIONS != 0 && tells != Tells::Occasion {
                    tells = tells.max(text.get(beginning.at() - shift..).map_or(Tells::Nothing, |rest| self.vocabulary.lexer.tells(rest)));
                }
            }
            self.dates.clear();
            if readers & DATES != 0 {
                let starts = beginnings.of(DATES);
                date::dates_from(text, starts, context, &self.vocabulary.almanac, &mut self.date_tokens, &mut self.dates);
            }
            if let Some(range) = self.dates.iter().rev().find_map(DateMention::anchors) {
                context.previous = Some(range);
            }
            self.take_places(sentence.span);
            let dated: Vec<&DateMention> = self.dates.iter().filter(|d| d.may_date_an_occasion()).collect();
            // A title is read only where it holds a date.
            let read = number > 0 || sentence.paragraph > 0 || !dated.is_empty();
            let told = if read && (tells != Tells::Nothing || !dated.is_empty()) {
                let sentence = occasion::Sentence { text, dates: &dated, places: &self.places, tells, beginnings };
                occasions.read(sentence, &mut self.tokens, self.out.events.get_mut(earlier..).unwrap_or_default())
            } else {
                Vec::new()
            };
            let actor = told.iter().find_map(|e| e.actors.first()).map(|a| a.name.clone());
            let beginnings = if readers & SAYINGS == 0 { InSentence::default() } else { beginnings };
            self.sentences.push(voice::Sentence { text, actor, beginnings, persons: OnceCell::new() });
            if number == first && told.is_empty() {
                scope = carried(text, &self.out);
            }
            for mut event in told {
                event.sentence = number;
                event.span = sentence.span;
                scope = Some(self.out.events.len());
                self.out.events.push(event);
            }
            self.out.scope.push(scope);
            self.out.dates.extend(self.dates.drain(..).map(|d| DateMention { span: Span::new(d.span.start + shift, d.span.end + shift), ..d }));
        }
        voice::voices(&self.sentences, self.vocabulary, &mut self.out.voices);
    }

    /// The places of a sentence, by its own bytes.
    fn take_places(&mut self, sentence: Span) {
        self.places.clear();
        while let Some(place) = self.out.places.get(self.place_at).filter(|p| p.span.end <= sentence.end) {
            if place.span.start >= sentence.start {
                self.places.push(occasion::PlaceAt { span: Span::new(place.span.start - sentence.start, place.span.end - sentence.start), place: place.place });
            }
            self.place_at += 1;
        }
    }
}

/// The last event of the document, if the first sentence of a paragraph points
/// back to it: by its kind (会上, 会议指出), by its actor, or by naming it again
/// without a date (出席座谈会).
fn carried(sentence: &str, out: &Resolution) -> Option<usize> {
    const POINTING: [&str; 13] =
        ["他强调", "他指出", "他表示", "他要求", "她强调", "会议", "座谈会", "会上", "会谈中", "考察期间", "考察中", "调研期间", "听取"];
    let last = out.events.len().checked_sub(1)?;
    let event = out.events.get(last)?;
    let opening = sentence.char_indices().nth(12).and_then(|(end, _)| sentence.get(..end)).unwrap_or(sentence);
    let points = POINTING.iter().any(|w| opening.starts_with(w));
    let same_actor = event.actors.iter().any(|a| opening.starts_with(a.name.as_str()));
    // The last three characters of its name.
    let head = event.name.char_indices().nth_back(2).and_then(|(from, _)| event.name.get(from..));
    let attended =
        |head: &str| sentence.match_indices('出').any(|(at, _)| sentence.get(at..).and_then(|t| t.strip_prefix("出席")).is_some_and(|t| t.starts_with(head)));
    let named_again = || head.is_some_and(attended);
    (points || same_actor || named_again()).then_some(last)
}

/// A case of the vocabulary that does not hold.
#[derive(Clone, Debug)]
pub struct FailingCase {
    /// The case.
    pub case: OccasionCase,
    /// What was found instead, in the words of a case.
    pub found: Vec<String>,
}

/// The cases that the vocabulary's files carry and that do not hold.
#[must_use]
pub fn failing_cases(vocabulary: &Vocabulary) -> Vec<FailingCase> {
    let words = |e: &Event| -> Vec<String> {
        let mut words = vec![e.date.map_or_else(|| "vague".to_owned(), |d| d.to_string()), e.kind.name().to_owned(), e.name.clone()];
        words.extend(e.place.and_then(|p| vocabulary.gazetteer.place(p)).map(|p| format!("place={}", p.code)));
        words.extend(e.region.as_ref().map(|r| format!("region={r}")));
        words.extend(e.series.as_ref().map(|s| format!("series={s}")));
        words.extend(e.term.map(|t| format!("term={t}")));
        words.extend(e.session.map(|s| format!("session={s}")));
        words.extend(e.actors.iter().map(|a| format!("actor={}", a.name)));
        words
    };
    let mut out = Vec::new();
    for case in &vocabulary.cases {
        let document = document_of(&case.text, case.date.as_deref().and_then(read_date));
        let found: Vec<Vec<String>> = resolve(&document, vocabulary).events.iter().map(words).collect();
        let holds = found.len() == case.events.len()
            && case.events.iter().zip(&found).all(|(expected, found)| expected.split(' ').all(|word| found.iter().any(|f| f == word)));
        if !holds {
            out.push(FailingCase { case: case.clone(), found: found.iter().map(|words| words.join(" ")).collect() });
        }
    }
    out
}

/// A case of voice that does not hold.
#[derive(Clone, Debug)]
pub struct FailingVoice {
    /// The case.
    pub case: VoiceCase,
    /// What was found instead, in the words of a case.
    pub found: Vec<String>,
}

/// The cases of voice that the vocabulary's files carry and that do not hold.
#[must_use]
pub fn failing_voices(vocabulary: &Vocabulary) -> Vec<FailingVoice> {
    let words = |voice: &Voice| match (voice.reported, &voice.speaker) {
        (false, _) => voice.name().to_owned(),
        (true, speaker) => format!("{}{}", if voice.continued { "…" } else { "" }, speaker.as_deref().unwrap_or("?")),
    };
    let found = |case: &VoiceCase| resolve(&document_of(&case.text, None), vocabulary).voices.iter().map(words).collect::<Vec<_>>();
    let all = vocabulary.voice_cases.iter().map(|case| FailingVoice { found: found(case), case: case.clone() });
    all.filter(|f| f.found != f.case.voices).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_of_voice_holds() {
        let vocabulary = Vocabulary::builtin();
        assert!(vocabulary.voice_cases.len() >= 5);
        let failing: Vec<String> =
            failing_voices(&vocabulary).iter().map(|f| format!("{}\n  expected {:?}\n  found    {:?}", f.case.text, f.case.voices, f.found)).collect();
        assert!(failing.is_empty(), "{}", failing.join("\n"));
    }

    #[test]
    fn every_case_of_the_vocabulary_holds() {
        let vocabulary = Vocabulary::builtin();
        assert!(vocabulary.cases.len() >= 10);
        let failing: Vec<String> =
            failing_cases(&vocabulary).iter().map(|f| format!("{}\n  expected {:?}\n  found    {:?}", f.case.text, f.case.events, f.found)).collect();
        assert!(failing.is_empty(), "{}", failing.join("\n"));
    }

    #[test]
    fn the_scope_of_an_occasion_ends_with_its_paragraph_unless_the_next_points_back() {
        let vocabulary = Vocabulary::builtin();
        let text = "3月4日，全省农业工作会议在某地召开。各地响应。\n会议指出，形势向好。\n今年雨水充足。";
        let resolved = resolve(&document_of(text, read_date("2024-03-05")), &vocabulary);
        assert_eq!(resolved.scope, [Some(0), Some(0), Some(0), None]);
    }
}
