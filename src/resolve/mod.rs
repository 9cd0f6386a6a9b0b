//! **resolve**: [`Document`] → when, where, which occasion, who speaks.
//!
//! Never a guess: what cannot be decided stays without a value and keeps its
//! candidates, and every row names the rule that read it. Each document is read
//! alone, without a corpus, a clock or a disk.

mod actor;
mod char_set;
mod date;
mod gazetteer;
mod occasion;
mod place;
mod place_reading;
mod saying;
mod speaker;
mod vocabulary;
mod voice;

pub use actor::{Actor, people, person};
pub use date::{Almanac, Anchor, Bound, DATE_RULES, DateCase, DateContext, DateKind, DateMention, dates};
pub use gazetteer::Gazetteer;
pub use occasion::{Event, OCCASION_RULES, OccasionType, Series};
pub use place::{Level, PLACE_RULES, Place, PlaceMention};
pub use saying::VoiceCase;
pub use vocabulary::{OccasionCase, Vocabulary, VocabularyError, builtin_files};
pub use voice::Voice;

use crate::diagnostic::Span;
use crate::parse::{Document, document_of, read_date};

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
    let mut out = Resolution::default();
    let day = document.date.map(|d| d.start);
    out.places = vocabulary.gazetteer.mentions(&document.text, day);
    let mut first = 0;
    while let Some(paragraph) = document.sentences.get(first).map(|s| s.paragraph) {
        let count = document.sentences.iter().skip(first).take_while(|s| s.paragraph == paragraph).count();
        read_paragraph(document, first, count, vocabulary, &mut out);
        first += count;
    }
    out
}

/// How many events of earlier paragraphs a sentence can tell of again.
const EARLIER_EVENTS: usize = 8;

fn read_paragraph(document: &Document, first: usize, count: usize, vocabulary: &Vocabulary, out: &mut Resolution) {
    let mut context = DateContext { document: document.date, previous: None };
    let mut texts = Vec::with_capacity(count);
    let mut actors = Vec::with_capacity(count);
    let mut scope = None;
    let mut tokens = Vec::new();
    let mut paragraph = occasion::Paragraph::new(vocabulary, document.date.map(|d| d.start));
    // A paragraph can tell again of what one before told of (出席座谈会).
    let earlier = out.events.len().saturating_sub(EARLIER_EVENTS);
    let mut place_at = out.places.partition_point(|p| document.sentences.get(first).is_some_and(|s| p.span.end <= s.span.start));
    for (number, sentence) in document.sentences.iter().enumerate().skip(first).take(count) {
        let text = sentence.span.of(&document.text);
        let shift = sentence.span.start;
        let local = |span: Span| Span::new(span.start - shift, span.end - shift);
        let found = dates(text, context, &vocabulary.almanac);
        if let Some(range) = found.iter().rev().find_map(DateMention::anchors) {
            context.previous = Some(range);
        }
        let dated: Vec<DateMention> = found.iter().filter(|d| d.may_date_an_occasion()).cloned().collect();
        let mut places = Vec::new();
        while let Some(place) = out.places.get(place_at).filter(|p| p.span.end <= sentence.span.end) {
            if place.span.start >= shift {
                places.push(PlaceMention { span: local(place.span), ..place.clone() });
            }
            place_at += 1;
        }
        // A title is read only where it holds a date.
        let read = number > 0 || sentence.paragraph > 0 || !dated.is_empty();
        let told = if read {
            paragraph.read(occasion::Sentence { text, dates: &dated, places: &places }, &mut tokens, out.events.get_mut(earlier..).unwrap_or_default())
        } else {
            Vec::new()
        };
        actors.push(told.iter().find_map(|e| e.actors.first()).map(|a| a.name.clone()));
        if number == first && told.is_empty() {
            scope = carried(text, out);
        }
        for mut event in told {
            event.sentence = number;
            event.span = sentence.span;
            scope = Some(out.events.len());
            out.events.push(event);
        }
        out.scope.push(scope);
        out.dates.extend(found.into_iter().map(|d| DateMention { span: Span::new(d.span.start + shift, d.span.end + shift), ..d }));
        texts.push(text);
    }
    out.voices.extend(voice::voices(&texts, &actors, vocabulary));
}

/// The last event of the document, if the first sentence of a paragraph points
/// back to it: by its kind (会上, 会议指出), by its actor, or by naming it again
/// without a date (出席座谈会).
fn carried(sentence: &str, out: &Resolution) -> Option<usize> {
    const POINTING: [&str; 13] =
        ["他强调", "他指出", "他表示", "他要求", "她强调", "会议", "座谈会", "会上", "会谈中", "考察期间", "考察中", "调研期间", "听取"];
    let last = out.events.len().checked_sub(1)?;
    let event = out.events.get(last)?;
    let opening: String = sentence.chars().take(12).collect();
    let points = POINTING.iter().any(|w| opening.starts_with(w));
    let same_actor = event.actors.iter().any(|a| opening.starts_with(a.name.as_str()));
    let head: String = event.name.chars().skip(event.name.chars().count().saturating_sub(3)).collect();
    let named_again = head.chars().count() == 3 && sentence.contains(&format!("出席{head}"));
    (points || same_actor || named_again).then_some(last)
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
