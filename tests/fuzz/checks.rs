//! What must hold for any text. The fuzz targets ask it of inputs that they make
//! up, `tests/regressions.rs` of the inputs that once failed.

#![allow(unreachable_pub, reason = "two crates have it as a module")]

use std::sync::LazyLock;

use tifa::diagnostic::Span;
use tifa::parse::{DateRange, document_of, read_date};
use tifa::resolve::{DATE_RULES, DateContext, DateMention, OCCASION_RULES, PLACE_RULES, Vocabulary, resolve};

static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::builtin);

/// The days on which an input is read: none, a day, the 29th of February, a year.
fn days() -> [Option<DateRange>; 4] {
    [None, read_date("2024-03-20"), read_date("2024-02-29"), read_date("1954")]
}

/// Spans stand in order, do not overlap, and hold whole characters.
fn in_order(text: &str, what: &str, spans: impl Iterator<Item = Span>) {
    let mut last = 0;
    for span in spans {
        assert!(span.start < span.end, "{what} {span:?} is empty");
        assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end), "{what} {span:?} cuts a character");
        assert!(last <= span.start, "{what} {span:?} begins before the end of the last, {last}");
        last = span.end;
    }
}

fn forward(range: DateRange) {
    assert!(range.start <= range.end, "{range} runs backwards");
}

/// Each date has its span in order, values that run forwards, and a known rule.
fn check_dates(text: &str, found: &[DateMention]) {
    in_order(text, "date", found.iter().map(|d| d.span));
    for date in found {
        date.range.iter().chain(&date.candidates).copied().for_each(forward);
        if let (Some(start), Some(end)) = date.days() {
            assert!(start <= end, "{} runs backwards", date.described(text));
        }
        known(date.rule, &DATE_RULES);
    }
}

fn known(rule: &str, rules: &[(&str, &str)]) {
    assert!(rules.iter().any(|(id, _)| *id == rule), "{rule} is no rule");
}

/// Reads an input as a sentence.
pub fn dates(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for document in days() {
        for previous in [None, read_date("2023-12-31")] {
            let found = tifa::resolve::dates(text, DateContext { document, previous }, &VOCABULARY.almanac);
            check_dates(text, &found);
        }
    }
}

/// Reads an input as a document.
pub fn occasions(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for date in days() {
        let document = document_of(text, date);
        let found = resolve(&document, &VOCABULARY);
        let sentences = document.sentences.len();
        in_order(&document.text, "sentence", document.sentences.iter().map(|s| s.span));
        check_dates(&document.text, &found.dates);
        in_order(&document.text, "place", found.places.iter().map(|p| p.span));
        found.places.iter().for_each(|place| known(place.rule, &PLACE_RULES));
        for date in &found.dates {
            assert!(document.sentences.iter().any(|s| s.span.contains(date.span)), "date {:?} is in no sentence", date.span);
        }
        assert_eq!(found.voices.len(), sentences, "each sentence has a voice");
        assert_eq!(found.scope.len(), sentences, "each sentence has a scope");
        assert!(found.scope.iter().flatten().all(|event| *event < found.events.len()), "a scope names no event");
        assert!(found.events.is_sorted_by_key(|e| e.sentence), "events are not in order");
        for event in &found.events {
            assert_eq!(document.sentences.get(event.sentence).map(|s| s.span), Some(event.span), "an event is not in its sentence");
            event.date.into_iter().for_each(forward);
            assert!(!event.name.is_empty(), "an event has no name");
            known(event.rule, &OCCASION_RULES);
            assert!(event.place.is_none_or(|place| VOCABULARY.gazetteer.place(place).is_some()), "an event is in no known place");
        }
        for (voice, number) in found.voices.iter().zip(0..) {
            assert!(voice.reported || (!voice.continued && voice.speaker.is_none()), "sentence {number} is narrated and has a speaker");
        }
    }
}
