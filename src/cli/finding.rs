//! What was read in a sentence, for a person: the sentence with marks under the
//! findings, then each finding with its value and the rule that decided.

use std::ops::Range;

use anstyle::{AnsiColor, Effects, Style};

use super::underline::{Mark, underlined, wrapped};
use crate::diagnostic::Span;
use crate::parse::Document;
use crate::resolve::{Actor, Anchor, Bound, DATE_RULES, DateMention, Event, OCCASION_RULES, PLACE_RULES, PlaceMention, Voice};
use crate::tag::Hit;
use crate::write::Offsets;
use crate::{Annotations, Rules};

/// What a finding is, in the order in which findings of one place are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Occasion,
    Date,
    Place,
    Actor,
    Voice,
    Theme,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Occasion => "occasion",
            Self::Date => "date",
            Self::Place => "place",
            Self::Actor => "actor",
            Self::Voice => "voice",
            Self::Theme => "theme",
        }
    }

    /// What its marks are made of: a narrow character in every font, which box
    /// drawing is not beside Chinese.
    const fn fill(self) -> char {
        match self {
            Self::Occasion => '=',
            Self::Date => '^',
            Self::Place => '~',
            Self::Actor => '-',
            Self::Voice => '.',
            Self::Theme => '_',
        }
    }

    fn style(self) -> Style {
        let colour = match self {
            Self::Occasion => AnsiColor::Yellow,
            Self::Date => AnsiColor::Green,
            Self::Place => AnsiColor::Cyan,
            Self::Actor => AnsiColor::Magenta,
            Self::Voice => AnsiColor::Blue,
            Self::Theme => AnsiColor::Red,
        };
        colour.on_default()
    }
}

/// A line of the list.
#[derive(Debug)]
struct Finding {
    kind: Kind,
    /// Where it is marked, in characters of the document's text.
    chars: Option<Range<usize>>,
    /// What it is called where it has no mark.
    name: String,
    value: String,
    rule: String,
    notes: Vec<(&'static str, String)>,
}

/// `id: meaning` of a rule.
fn rule(id: &str, rules: &[(&str, &str)]) -> String {
    rules.iter().find(|(known, _)| *known == id).map_or_else(|| id.to_owned(), |(_, meaning)| format!("{id}: {meaning}"))
}

/// All that was read in a document.
pub(super) struct Findings<'d> {
    document: &'d Document,
    found: &'d Annotations,
    rules: Rules<'d>,
    offsets: Offsets<'d>,
}

impl<'d> Findings<'d> {
    pub(super) fn new(document: &'d Document, found: &'d Annotations, rules: Rules<'d>) -> Self {
        Self { document, found, rules, offsets: Offsets::new(&document.text) }
    }

    fn chars(&self, span: Span) -> Range<usize> {
        self.offsets.chars(span.start) as usize..self.offsets.chars(span.end) as usize
    }

    /// A sentence with its marks and its findings, in lines of at most `width`
    /// columns. `given` is the text as it was given, character for character.
    pub(super) fn of_sentence(&self, number: usize, given: &[char], width: usize) -> String {
        let Some(sentence) = self.document.sentences.get(number) else { return String::new() };
        let within = self.chars(sentence.span);
        let shown = |chars: &Range<usize>| given.get(chars.clone()).unwrap_or_default().iter().collect::<String>();
        let findings = self.findings(number);
        let labels = numbered(&findings);
        let marks: Vec<Mark> = findings
            .iter()
            .zip(&labels)
            .filter_map(|(finding, label)| {
                let chars = finding.chars.as_ref()?;
                let chars = chars.start.checked_sub(within.start)?..chars.end.checked_sub(within.start)?;
                Some(Mark { chars, label: label.clone(), fill: finding.kind.fill(), style: finding.kind.style() })
            })
            .collect();
        let mut out = underlined(shown(&within).trim_end(), &marks, width);
        let column = labels.iter().map(String::len).max().unwrap_or(1);
        for (finding, label) in findings.iter().zip(&labels) {
            let text = finding.chars.as_ref().map_or_else(|| finding.name.clone(), shown);
            out.push_str(&finding.line(label, column, &text, width));
        }
        out
    }

    /// In the order of the text; those without a place in it come first.
    fn findings(&self, number: usize) -> Vec<Finding> {
        let Some(sentence) = self.document.sentences.get(number) else { return Vec::new() };
        let resolution = &self.found.resolution;
        let text = sentence.span.of(&self.document.text);
        // Where `part` of the sentence is in the document.
        let place = |part: Range<usize>| self.chars(Span::new(sentence.span.start + part.start, sentence.span.start + part.end));
        let mut out: Vec<Finding> = Vec::new();
        out.extend(between(&resolution.dates, sentence.span, |d| d.span).map(|d| self.date(d)));
        out.extend(between(&resolution.places, sentence.span, |p| p.span).map(|p| self.place(p)));
        let first = resolution.events.partition_point(|e| e.sentence < number);
        let events = resolution.events.iter().skip(first).take_while(|e| e.sentence == number);
        for event in events.clone() {
            out.push(self.occasion(event, name_in(&event.name, text).map(place)));
            for actor in &event.actors {
                // Who takes part in several occasions of a sentence is listed once.
                if !out.iter().any(|f| f.kind == Kind::Actor && f.name == actor.name) {
                    out.push(person(actor, actor_in(actor, text).map(place)));
                }
            }
        }
        if let Some(voice) = resolution.voices.get(number) {
            let speaker = voice.speaker.as_deref().and_then(|s| text.find(s).map(|at| at..at + s.len()));
            out.push(speaks(voice, speaker.map(place)));
        }
        let first = self.found.hits.partition_point(|h| h.sentence < number);
        out.extend(self.found.hits.iter().skip(first).take_while(|h| h.sentence == number).map(|h| self.theme(h)));
        let carried = resolution.scope.get(number).copied().flatten().and_then(|event| resolution.events.get(event)).filter(|e| e.sentence != number);
        out.extend(carried.map(|event| Finding {
            kind: Kind::Occasion,
            chars: None,
            name: "(in scope)".into(),
            value: occasion_value(event),
            rule: String::new(),
            notes: Vec::new(),
        }));
        out.sort_by_key(|f| (f.chars.as_ref().map(|c| (c.start, std::cmp::Reverse(c.end))), f.kind));
        out
    }

    fn date(&self, date: &DateMention) -> Finding {
        let candidates: Vec<String> = date.candidates.iter().map(ToString::to_string).collect();
        let mut notes = Vec::new();
        if date.anchor != Anchor::Text {
            notes.push(("anchor", date.anchor.name().to_owned()));
        }
        let bound = if date.bound == Bound::Closed { String::new() } else { format!("{} ", date.bound.name()) };
        if !candidates.is_empty() {
            notes.push(("candidates", candidates.join(", ")));
        }
        Finding {
            kind: Kind::Date,
            chars: Some(self.chars(date.span)),
            name: String::new(),
            value: bound + &date.range.map_or_else(|| "?".to_owned(), |r| r.to_string()),
            rule: rule(date.rule, &DATE_RULES),
            notes,
        }
    }

    fn place(&self, place: &PlaceMention) -> Finding {
        let value = self.place_name(place.place).unwrap_or_else(|| "?".to_owned());
        let notes = if place.candidates.is_empty() { Vec::new() } else { vec![("candidates", place.candidates.join(", "))] };
        Finding { kind: Kind::Place, chars: Some(self.chars(place.span)), name: String::new(), value, rule: rule(place.rule, &PLACE_RULES), notes }
    }

    fn place_name(&self, number: Option<usize>) -> Option<String> {
        number.and_then(|n| self.rules.vocabulary.gazetteer.place(n)).map(|p| format!("{} {}", p.code, p.name))
    }

    fn occasion(&self, event: &Event, chars: Option<Range<usize>>) -> Finding {
        let mut notes = Vec::new();
        if let Some(series) = &event.series {
            let part = |name: &str, n: Option<u32>| n.map_or_else(String::new, |n| format!(" {name} {n}"));
            notes.push(("series", format!("{series}{}{}", part("term", event.term), part("session", event.session))));
        }
        notes.extend(self.place_name(event.place).map(|place| ("at", place)));
        notes.extend(event.region.clone().map(|region| ("region", region)));
        Finding { kind: Kind::Occasion, chars, name: event.name.clone(), value: occasion_value(event), rule: rule(event.rule, &OCCASION_RULES), notes }
    }

    fn theme(&self, hit: &Hit) -> Finding {
        let theme = self.rules.lexicon.themes().get(hit.theme);
        let (id, label) = theme.map_or(("", ""), |t| (t.id.as_str(), t.zh.as_str()));
        let term = self.rules.lexicon.term(hit.term);
        let rule = if term.contains('…') {
            format!("pattern: {term}, both parts with a gap between them")
        } else if theme.is_some_and(|t| t.nested) {
            "nested: a term, inside a longer one too".to_owned()
        } else {
            "term: a term that lies inside no longer one".to_owned()
        };
        Finding { kind: Kind::Theme, chars: Some(self.chars(hit.span)), name: String::new(), value: format!("{id} {label}"), rule, notes: Vec::new() }
    }
}

fn occasion_value(event: &Event) -> String {
    let date = event.date.map_or_else(|| if event.precision == crate::parse::Precision::Vague { "vague".into() } else { "?".into() }, |d| d.to_string());
    format!("{date} {} {}", event.kind.name(), event.name)
}

fn person(actor: &Actor, chars: Option<Range<usize>>) -> Finding {
    let value = if actor.title.is_empty() { actor.name.clone() } else { format!("{}, {}", actor.name, actor.title) };
    Finding { kind: Kind::Actor, chars, name: actor.name.clone(), value, rule: String::new(), notes: Vec::new() }
}

fn speaks(voice: &Voice, chars: Option<Range<usize>>) -> Finding {
    let rule = match (voice.reported, voice.continued) {
        (true, true) => "continued: it goes on with what was said before, without a verb of saying of its own",
        (true, false) => "reported: it gives the content of what somebody said",
        (false, _) => "narrated: facts, scene, process, or the author's own comment",
    };
    let by = voice.speaker.as_ref().map_or_else(String::new, |s| format!(" by {s}"));
    Finding { kind: Kind::Voice, chars, name: "(sentence)".into(), value: format!("{}{by}", voice.name()), rule: rule.into(), notes: Vec::new() }
}

/// The items of a list in order of their spans that lie in `within`.
fn between<T>(all: &[T], within: Span, span: impl Fn(&T) -> Span) -> impl Iterator<Item = &T> {
    let first = all.partition_point(|item| span(item).start < within.start);
    all.iter().skip(first).take_while(move |item| span(item).start < within.end)
}

/// The number of each finding that has a mark.
fn numbered(findings: &[Finding]) -> Vec<String> {
    let mut last = 0;
    let number = |finding: &Finding| {
        last += usize::from(finding.chars.is_some());
        if finding.chars.is_some() { last.to_string() } else { String::new() }
    };
    findings.iter().map(number).collect()
}

impl Finding {
    /// `1 date      3月4日 = 2024-03-04  anchor: document  [rule: meaning]`.
    fn line(&self, label: &str, column: usize, text: &str, width: usize) -> String {
        let (plain, dimmed) = (Style::new(), Style::new().effects(Effects::DIMMED));
        let head = format!("{label:>column$} {:<8}", self.kind.name());
        // A name that the text has as it is, is not said twice.
        let named = matches!(self.kind, Kind::Occasion | Kind::Theme);
        let same = self.value.strip_suffix(text).and_then(|value| value.strip_suffix(' ')).filter(|_| named);
        let value = format!("= {}", same.unwrap_or(&self.value));
        let mut pieces = vec![(head.as_str(), self.kind.style()), ("  ", plain), (text, plain), (" ", plain), (value.as_str(), plain.bold())];
        let notes: Vec<String> = self.notes.iter().map(|(name, value)| format!("  {name}: {value}")).collect();
        pieces.extend(notes.iter().map(|note| (note.as_str(), plain)));
        let rule = if self.rule.is_empty() { String::new() } else { format!("  [{}]", self.rule) };
        pieces.push((rule.as_str(), dimmed));
        wrapped(&pieces, column + 11, width)
    }
}

/// How far into a sentence a name is searched for that does not stand there as it is.
const SEARCHED_CHARS: usize = 2_000;

/// Where an occasion's name is in a sentence: the shortest stretch that has its
/// characters in order, for the name leaves out what the text says between
/// (五届全国人大三次会议 for 第五届全国人民代表大会第三次会议), up to twice the name's
/// length.
fn name_in(name: &str, text: &str) -> Option<Range<usize>> {
    if let Some(at) = text.find(name) {
        return Some(at..at + name.len());
    }
    let name: Vec<char> = name.chars().collect();
    let text: Vec<(usize, char)> = text.char_indices().take(SEARCHED_CHARS).collect();
    let mut best: Option<Range<usize>> = None;
    // For each character of the name: where the stretch that has all up to it begins.
    let mut begins: Vec<Option<usize>> = vec![None; name.len()];
    for (at, (_, c)) in text.iter().enumerate() {
        for i in (0..name.len()).rev().filter(|i| name.get(*i) == Some(c)) {
            let begin = if i == 0 { Some(at) } else { begins.get(i - 1).copied().flatten() };
            if let Some(slot) = begins.get_mut(i).filter(|_| begin.is_some()) {
                *slot = begin;
            }
        }
        let whole = begins.last().copied().flatten().filter(|_| name.last() == Some(c));
        if let Some(begin) = whole.filter(|begin| at + 1 - begin <= best.as_ref().map_or(2 * name.len(), |b| b.len() - 1)) {
            best = Some(begin..at + 1);
        }
    }
    let best = best?;
    let (start, end) = (text.get(best.start)?.0, text.get(best.end - 1)?);
    Some(start..end.0 + end.1.len_utf8())
}

/// Where a person is in a sentence, with the title that stands beside the name.
fn actor_in(actor: &Actor, text: &str) -> Option<Range<usize>> {
    let (before, after) = (format!("{}{}", actor.title, actor.name), format!("{}{}", actor.name, actor.title));
    [before.as_str(), after.as_str(), actor.name.as_str()].into_iter().find_map(|written| text.find(written).map(|at| at..at + written.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{document_of, read_date};
    use crate::resolve::Vocabulary;
    use crate::{annotate, builtin_lexicon};
    use unicode_width::UnicodeWidthStr;

    fn explained(text: &str, date: &str, width: usize) -> String {
        let (vocabulary, lexicon) = (Vocabulary::builtin(), builtin_lexicon());
        let rules = Rules { vocabulary: &vocabulary, lexicon: &lexicon };
        let document = document_of(text, read_date(date));
        let found = annotate(&document, rules);
        let given: Vec<char> = text.chars().collect();
        let findings = Findings::new(&document, &found, rules);
        let text: String = (0..document.sentences.len()).map(|n| findings.of_sentence(n, &given, width)).collect();
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn a_sentence_is_shown_with_its_marks_and_values() {
        let text = explained("全市经济工作会议3月4日至5日在哈尔滨召开。", "2024-03-06", 100);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.get(..2).unwrap(), ["全市经济工作会议3月4日至5日在哈尔滨召开。", "1===============2^^^^^^^^^^  3~~~~~"]);
        for line in [
            "  voice     (sentence) = narrated  [narrated: ",
            "1 occasion  全市经济工作会议 = 2024-03-04/2024-03-05 conference  at: 230100 哈尔滨市  [named: ",
            "2 date      3月4日至5日 = 2024-03-04/2024-03-05  anchor: document  [range: from one date to another",
            "3 place     哈尔滨 = 230100 哈尔滨市  [short_name: ",
        ] {
            assert!(lines.iter().any(|l| l.starts_with(line)), "{line}\n{text}");
        }
    }

    #[test]
    fn a_sentence_in_the_scope_of_an_occasion_before_says_so() {
        let text = explained("全市经济工作会议3月4日召开。\n会议强调，要发展新质生产力。", "2024-03-06", 100);
        assert!(text.contains("  occasion  (in scope) = 2024-03-04 conference 全市经济工作会议\n"), "{text}");
        assert!(text.contains("\n1...            2_________\n"), "{text}");
    }

    #[test]
    fn what_is_not_decided_shows_its_candidates() {
        let text = explained("　　１２月２８日，在朝阳区举行。", "2024-01-06", 200);
        assert!(text.starts_with("　　１２月２８日，在朝阳区举行。\n    1^^^^^^^^^^^    2~~~~~\n"), "{text}");
        assert!(text.contains("１２月２８日 = 2023-12-28  anchor: document  candidates: 2024-12-28  [month_day: "), "{text}");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let long = "2024年3月4日，省委书记赵建国在哈尔滨主持召开全省农业工作会议并强调，要发展新质生产力，".repeat(8);
        for width in [20, 47, 80, 120] {
            for line in explained(&long, "2024-03-06", width).lines() {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn an_occasion_is_found_where_the_text_says_more_than_its_name() {
        let found = |name: &str, text: &str| name_in(name, text).map(|at| text.get(at).unwrap().to_owned());
        assert_eq!(found("全省农业会议", "在全省农业会议上").as_deref(), Some("全省农业会议"));
        assert_eq!(found("会见德国总理某某", "会见外宾时，会见了德国总理某某。").as_deref(), Some("会见了德国总理某某"));
        assert_eq!(found("三届全国人大二次会议", "第三届全国人民代表大会第二次会议").as_deref(), Some("三届全国人民代表大会第二次会议"));
        assert_eq!(found("致某大学贺信", "某人向某大学致信"), None);
        assert_eq!(found("会议", "会场里人们都在等着，大家议论"), None);
    }
}
