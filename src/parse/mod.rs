//! **parse**: [`Record`] → [`Document`]s: structure, no meaning.
//!
//! Tags are stripped, broken lines rejoined, width and (if asked) script
//! normalised, sentences cut. A document's text is its title, a line feed, and
//! its paragraphs, one a line. The sentences of a paragraph joined give the
//! paragraph back, and each leads back to the decoded record.

mod calendar;
mod header;
mod html;
mod lines;
mod markdown;
mod numeral;
mod script;
mod sentence;
mod trace;

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::Regex;
use serde::{Deserialize, Serialize};

pub use calendar::{DateRange, Precision, absolute, read_date};
pub use header::{DateFormat, DateFrom};
pub use numeral::{Numeral, chinese, digit, is_numeral, numeral};
pub use script::{Script, simplified};
pub use sentence::sentences;

use crate::diagnostic::{Reject, Span, Stage, excerpt};
use crate::load::{Layout, Record, short_hex};
use lines::{Line, Lines};
use script::Evidence;
use trace::Traced;

/// How a record is split into documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Split {
    /// A record is a document.
    Whole,
    /// A heading of this level begins a document.
    Heading(u8),
}

/// Where a document's title comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum TitleFrom {
    /// The heading that begins it, or the first heading.
    Heading,
    /// A field of the record.
    Field,
    /// The first line of the text.
    FirstLine,
    /// It has none.
    Nothing,
}

/// The markup of a text field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Markup {
    /// HTML where there are tags of it, else plain text.
    #[default]
    Auto,
    /// Plain text.
    Text,
    /// Markdown.
    Markdown,
    /// HTML.
    Html,
}

/// What a source and the pipeline ask of this stage.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name of the source.
    pub source: Arc<str>,
    /// Layout of its files.
    pub layout: Layout,
    /// Markup of text fields.
    pub markup: Markup,
    /// How records are split.
    pub split: Split,
    /// Where dates come from.
    pub date: DateFrom,
    /// Where titles come from.
    pub title: TitleFrom,
    /// Whether traditional characters become simplified ones.
    pub simplify: bool,
    /// Lines to leave out.
    pub drop_lines: Vec<Regex>,
}

/// A document, the unit of every count.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    /// Unique in the release; empty until [`assign_ids`].
    pub doc_id: String,
    /// What the id depends on besides source and path: the title, or the
    /// content of a record; empty where the record has an id of its own.
    pub id_key: String,
    /// Name of the source.
    pub source: Arc<str>,
    /// Path of the file, relative to the source's folder.
    pub path: Arc<str>,
    /// Number of the record in its file, or of the document in a split file.
    pub record: u64,
    /// The text before or between the articles of a split file: kept, not counted.
    pub preamble: bool,
    /// When it speaks, if that is known.
    pub date: Option<DateRange>,
    /// `file_name`, `field`, `header` or `none`.
    pub date_from: &'static str,
    /// Its address.
    pub url: Option<String>,
    /// Title, line feed, paragraphs; without a title, the paragraphs alone.
    pub text: String,
    /// Whether sentence 0 is the title.
    pub has_title: bool,
    /// Its sentences, in order.
    pub sentences: Vec<Sentence>,
    /// Script before any conversion.
    pub script: Script,
    /// Encoding of the file.
    pub encoding: &'static str,
    /// Characters replaced in the record when it was decoded.
    pub replaced_chars: u32,
}

impl Document {
    /// The title, if it has one.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.has_title.then(|| self.text.lines().next()).flatten()
    }
}

/// A sentence of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sentence {
    /// Bytes of [`Document::text`].
    pub span: Span,
    /// Number of its paragraph; the title is paragraph 0.
    pub paragraph: u32,
    /// Han characters in it.
    pub han_chars: u32,
    /// Characters (code points) of the decoded record; `None` for a title that
    /// is a field of its own.
    pub record_chars: Option<Span>,
}

impl Sentence {
    /// A sentence of a document's text.
    #[must_use]
    pub fn new(text: &str, span: Span, paragraph: u32, record_chars: Option<Span>) -> Self {
        let han_chars = u32::try_from(han_chars(span.of(text))).unwrap_or(u32::MAX);
        Self { span, paragraph, han_chars, record_chars }
    }
}

/// What a record became.
#[derive(Debug, Default)]
pub struct Parsed {
    /// Documents in the order of the record.
    pub documents: Vec<Document>,
    /// Parts without text.
    pub rejects: Vec<Reject>,
    /// Lines left out by the pipeline's patterns.
    pub dropped_lines: u64,
    /// Page numbers left out.
    pub page_numbers: u64,
}

/// Whether a character counts as Han: ideographs of every plane and 〇.
#[must_use]
pub const fn is_han(c: char) -> bool {
    matches!(c,
        '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '〇' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{2ee5d}' | '\u{2f800}'..='\u{2fa1f}' | '\u{30000}'..='\u{323af}')
}

/// Number of Han characters.
///
/// # Cost
/// Counted at several places for every text, so it is made for vector
/// instructions: three bytes side by side tell an ideograph, and nothing is
/// decoded. A text with characters of the higher planes is read one by one.
#[must_use]
pub fn han_chars(text: &str) -> u64 {
    let first = text.as_bytes();
    if first.iter().fold(0, |most, byte| most.max(*byte)) >= 0xf0 {
        return text.chars().filter(|c| is_han(*c)).count() as u64;
    }
    let (second, third) = (first.get(1..).unwrap_or_default(), first.get(2..).unwrap_or_default());
    // A sum in a byte is the fastest; 255 fit.
    let pieces = first.chunks(255).zip(second.chunks(255)).zip(third.chunks(255));
    pieces.map(|((a, b), c)| u64::from(a.iter().zip(b).zip(c).fold(0_u8, |sum, ((a, b), c)| sum + u8::from(is_han_bytes(*a, *b, *c))))).sum()
}

/// [`is_han`] for the bytes of a character of three bytes; false for any bytes
/// of which the first begins none.
const fn is_han_bytes(first: u8, second: u8, third: u8) -> bool {
    // U+5000 to U+9FFF; U+4000 to U+4FFF but for the hexagrams; U+3400 to U+3FFF
    // and 〇; U+F900 to U+FAFF.
    matches!((first, second, third), (0xe5..=0xe9, ..) | (0xe4, ..=0xb6 | 0xb8.., _) | (0xe3, 0x90.., _) | (0xe3, 0x80, 0x87) | (0xef, 0xa4..=0xab, _))
}

/// The characters of a text that are no common ideographs (U+4000 to U+9FFF),
/// each with its first byte. The many that are, are passed over without being
/// decoded.
fn but_ideographs(text: &str) -> impl Iterator<Item = (usize, char)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        while matches!(text.as_bytes().get(at)?, 0xe4..=0xe9) {
            at += 3;
        }
        let start = at;
        let c = text.get(start..)?.chars().next()?;
        at += c.len_utf8();
        Some((start, c))
    })
}

/// Parses one record. Knows no other record; ids come with [`assign_ids`].
///
/// # Cost
/// Linear in the record; a few times its size in memory.
#[must_use]
pub fn parse(record: &Record, settings: &Settings) -> Parsed {
    let mut parsed = Parsed::default();
    let dropped = dropped_spans(&record.text, &settings.drop_lines);
    parsed.dropped_lines = dropped.len() as u64;
    let (lines, page_url) = read_lines(record, settings, &dropped);
    let mut origins = CharIndex::new(&record.text);
    let sections = split(lines, settings);
    let one = sections.len() == 1;
    let record_date = record_date(record, &settings.date);
    for (number, section) in sections.into_iter().enumerate() {
        let url = record.url.clone().or_else(|| section.own_link()).or_else(|| page_url.clone().filter(|_| one));
        let (mut title, from_record, body) = title(section.lines, settings.title, section.preamble, record);
        let (mut paragraphs, page_numbers) = lines::paragraphs(body);
        parsed.page_numbers += page_numbers;
        if title.is_none() && paragraphs.is_empty() {
            if !section.preamble {
                parsed.rejects.push(empty(record, settings));
            }
            continue;
        }
        let script = one_script(title.iter_mut().chain(&mut paragraphs).collect(), settings.simplify);
        let (date, date_from) = match settings.date {
            DateFrom::Header => (header::header_date(paragraphs.iter().map(Traced::text)), "header"),
            _ => record_date,
        };
        let mut document = Document {
            source: Arc::clone(&settings.source),
            path: Arc::clone(&record.path),
            record: if settings.layout.is_record() { record.number } else { number as u64 + 1 },
            preamble: section.preamble,
            date,
            date_from: if date.is_some() { date_from } else { "none" },
            url,
            has_title: title.is_some(),
            script,
            encoding: record.encoding,
            replaced_chars: record.replaced_chars,
            ..Document::default()
        };
        document.lay_out(title.as_ref(), from_record, &paragraphs, &mut origins);
        match record.id.as_ref().filter(|id| one && !id.is_empty()) {
            Some(id) => document.doc_id.clone_from(id),
            None => {
                document.id_key = match (&record.content_hash, document.title()) {
                    (Some(hash), _) => format!("{} {} {number}", hash.to_hex(), record.repeats),
                    (None, Some(title)) => title.to_owned(),
                    (None, None) => document.text.clone(),
                }
            }
        }
        parsed.documents.push(document);
    }
    if parsed.documents.is_empty() && parsed.rejects.is_empty() {
        parsed.rejects.push(empty(record, settings));
    }
    parsed
}

/// The script of a document of these texts; makes them simplified if asked to,
/// those that are traditional in part only too.
fn one_script(mut texts: Vec<&mut Traced>, simplify: bool) -> Script {
    let evidence: Vec<Evidence> = texts.iter().map(|traced| Evidence::of(traced.text())).collect();
    let script = evidence.iter().copied().fold(Evidence::default(), Evidence::and).script();
    let traditional = |evidence: &Evidence| evidence.traditional_chars();
    if simplify {
        for (traced, evidence) in texts.iter_mut().zip(&evidence) {
            if script == Script::Hant || traditional(evidence) > 0 {
                let plain = simplified(traced.text());
                traced.replace_chars(&plain);
            }
        }
    }
    if script == Script::Hans && evidence.iter().map(traditional).sum::<usize>() >= script::FEW_TRADITIONAL { Script::Mixed } else { script }
}

/// A document of a text as it is given, whose offsets count code points of that
/// text: characters are narrowed and simplified one for one, and nothing is
/// joined or dropped. Each line is a paragraph; there is no title.
#[must_use]
pub fn document_of(text: &str, date: Option<DateRange>) -> Document {
    let narrow: String = text.chars().map(trace::narrowed).collect();
    let script = Evidence::of(&narrow).script();
    let one_script = |line: &str| if script == Script::Hant || Evidence::of(line).traditional_chars() > 0 { simplified(line) } else { line.to_owned() };
    let plain = narrow.split('\n').map(one_script).collect::<Vec<_>>().join("\n");
    let mut document = Document { date, date_from: if date.is_some() { "field" } else { "none" }, script, encoding: "UTF-8", ..Document::default() };
    let mut at = 0;
    for (line, paragraph) in plain.split('\n').zip(1..) {
        let spans = sentences(line).into_iter().map(|span| Span::new(at + span.start, at + span.end));
        document.sentences.extend(spans.map(|span| Sentence::new(&plain, span, paragraph, None)));
        at += line.len() + 1;
    }
    document.text = plain;
    document
}

impl Document {
    fn lay_out(&mut self, title: Option<&Traced>, title_in_record: bool, paragraphs: &[Traced], origins: &mut CharIndex<'_>) {
        let mut place = |traced: &Traced, span: Span, in_record: bool| in_record.then(|| origins.chars(traced.origin(span)));
        self.text.reserve_exact(title.into_iter().chain(paragraphs).map(|traced| traced.text().len() + 1).sum());
        if let Some(title) = title {
            self.text.push_str(title.text());
            let span = Span::new(0, title.text().len());
            self.sentences.push(Sentence::new(&self.text, span, 0, place(title, span, title_in_record)));
        }
        for (traced, paragraph) in paragraphs.iter().zip(1..) {
            if !self.text.is_empty() {
                self.text.push('\n');
            }
            let start = self.text.len();
            self.text.push_str(traced.text());
            for span in sentences(traced.text()) {
                let in_text = Span::new(start + span.start, start + span.end);
                self.sentences.push(Sentence::new(&self.text, in_text, paragraph, place(traced, span, true)));
            }
        }
    }
}

/// Gives every document without an id of its own one that depends on its
/// source, path and title (of a record: its content), and on its order only
/// among those that share all of these.
///
/// `documents` are those of a shard, in order; a file is never in two shards
/// unless it is a file of records.
pub fn assign_ids(documents: &mut [Document]) {
    let mut seen: BTreeMap<[u8; 32], u32> = BTreeMap::new();
    let mut key = Vec::new();
    for document in documents.iter_mut().filter(|d| d.doc_id.is_empty()) {
        key.clear();
        for part in [&*document.source, &*document.path, &document.id_key] {
            key.extend((part.len() as u64).to_le_bytes());
            key.extend_from_slice(part.as_bytes());
        }
        let mut hash = blake3::hash(&key);
        let ties = seen.entry(*hash.as_bytes()).or_default();
        if *ties > 0 {
            key.extend(ties.to_le_bytes());
            hash = blake3::hash(&key);
        }
        *ties += 1;
        document.doc_id = short_hex(&hash, 16);
    }
}

fn empty(record: &Record, settings: &Settings) -> Reject {
    Reject {
        source: settings.source.to_string(),
        path: record.path.to_string(),
        record: settings.layout.is_record().then_some(record.number),
        stage: Stage::Parse.name().to_owned(),
        reason: "empty".to_owned(),
        detail: "there is no text but markup and dropped lines".to_owned(),
        excerpt: excerpt(record.text.as_bytes()),
    }
}

fn dropped_spans(text: &str, patterns: &[Regex]) -> Vec<Span> {
    if patterns.is_empty() {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive(['\n', '\r', '\u{c}']) {
        if !line.trim().is_empty() && patterns.iter().any(|pattern| pattern.is_match(line.trim_end())) {
            out.push(Span::new(start, start + line.trim_end_matches(['\n', '\r']).len()));
        }
        start += line.len();
    }
    out
}

fn read_lines(record: &Record, settings: &Settings, dropped: &[Span]) -> (Vec<Line>, Option<String>) {
    let markup = match (settings.layout, settings.markup) {
        (Layout::Text, _) => Markup::Text,
        (Layout::Markdown, _) => Markup::Markdown,
        (Layout::Html, _) => Markup::Html,
        (_, Markup::Auto) if html::looks_like_html(&record.text) => Markup::Html,
        (_, Markup::Auto) => Markup::Text,
        (_, markup) => markup,
    };
    let mut lines = Lines::new(dropped);
    match markup {
        Markup::Auto | Markup::Text => (lines::text_lines(&record.text, dropped), None),
        Markup::Markdown => {
            markdown::read_markdown(&record.text, &mut lines);
            (lines.finish(), None)
        }
        Markup::Html => {
            let url = html::read_html(&record.text, Span::new(0, record.text.len()), &mut lines);
            (lines.finish(), url)
        }
    }
}

/// A run of lines that is one document.
#[derive(Default)]
struct Section {
    lines: Vec<Line>,
    preamble: bool,
}

impl Section {
    /// The address that a line of its own links to, if there is only one.
    fn own_link(&self) -> Option<String> {
        let mut links = self.lines.iter().filter_map(|line| line.link.as_ref());
        let first = links.next()?;
        (!self.preamble && links.all(|other| other == first)).then(|| first.clone())
    }
}

/// A heading of the level asked for begins a document; one above it ends the
/// document, and what follows up to the next belongs to none.
fn split(lines: Vec<Line>, settings: &Settings) -> Vec<Section> {
    let Split::Heading(level) = settings.split else {
        return vec![Section { lines, preamble: false }];
    };
    let mut out = vec![Section { lines: Vec::new(), preamble: true }];
    for line in lines {
        match line.heading {
            Some(own) if own == level => out.push(Section { lines: vec![line], preamble: false }),
            Some(own) if own < level && out.last().is_some_and(|s| !s.preamble) => {
                out.push(Section { lines: vec![line], preamble: true });
            }
            _ => {
                if let Some(section) = out.last_mut() {
                    section.lines.push(line);
                }
            }
        }
    }
    out.retain(|section| !section.lines.is_empty());
    out
}

/// Takes the title out of the lines; says whether it lies in the record's text.
fn title(mut lines: Vec<Line>, from: TitleFrom, preamble: bool, record: &Record) -> (Option<Traced>, bool, Vec<Line>) {
    let at = match from {
        _ if preamble => None,
        TitleFrom::Heading => lines.iter().position(|line| line.heading.is_some() && !line.text.is_empty()),
        TitleFrom::FirstLine => lines.iter().position(|line| !line.text.is_empty()),
        TitleFrom::Nothing => None,
        TitleFrom::Field => {
            let mut title = Traced::default();
            title.push(record.title.as_deref().unwrap_or_default(), 0);
            title.trim_end();
            return ((!title.is_empty()).then_some(title), false, lines);
        }
    };
    let title = at.map(|at| lines.remove(at).text);
    (title, true, lines)
}

/// The date that all documents of a record have, and where it comes from.
fn record_date(record: &Record, from: &DateFrom) -> (Option<DateRange>, &'static str) {
    match from {
        DateFrom::Nothing | DateFrom::Header => (None, "none"),
        DateFrom::FileName(format) => (format.find(&record.path), "file_name"),
        DateFrom::Field(format) => (record.date.as_deref().and_then(|value| header::field_date(value, format.as_ref())), "field"),
    }
}

/// Bytes → code points of one text, cheap when asked in ascending order.
struct CharIndex<'t> {
    text: &'t str,
    byte: usize,
    chars: usize,
}

impl<'t> CharIndex<'t> {
    const fn new(text: &'t str) -> Self {
        Self { text, byte: 0, chars: 0 }
    }

    fn chars(&mut self, span: Span) -> Span {
        Span::new(self.at(span.start), self.at(span.end))
    }

    fn at(&mut self, byte: usize) -> usize {
        if byte < self.byte {
            (self.byte, self.chars) = (0, 0);
        }
        self.chars += self.text.get(self.byte..byte).map_or(0, |between| between.chars().count());
        self.byte = byte;
        self.chars
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn settings(layout: Layout, split: Split, title: TitleFrom) -> Settings {
        Settings {
            source: "s".into(),
            layout,
            markup: Markup::Auto,
            split,
            date: DateFrom::FileName(DateFormat::new("%Y%m%d").unwrap()),
            title,
            simplify: true,
            drop_lines: vec![Regex::new(r"^\[查看原文\]").unwrap()],
        }
    }

    fn record(path: &str, text: &str) -> Record {
        Record { path: path.into(), number: 1, text: text.into(), encoding: "UTF-8", ..Record::default() }
    }

    #[test]
    fn bytes_tell_the_han_characters_that_code_points_tell() {
        let all: Vec<char> = (0..=u32::from(char::MAX)).filter_map(char::from_u32).collect();
        for c in &all {
            assert_eq!(han_chars(&c.to_string()), u64::from(is_han(*c)), "{c:?}");
        }
        let common: String = all.iter().filter(|c| **c < '\u{10000}').collect();
        assert_eq!(han_chars(&common), common.chars().filter(|c| is_han(*c)).count() as u64);
    }

    proptest! {
        #[test]
        fn all_characters_but_ideographs_are_seen_in_their_place(text in "[㐀\u{4000}一-十\u{9fff}\u{a000}、。a，é\u{20000}\u{10ffff}]{0,30}") {
            let expected: Vec<_> = text.char_indices().filter(|(_, c)| !('\u{4000}'..='\u{9fff}').contains(c)).collect();
            prop_assert_eq!(but_ideographs(&text).collect::<Vec<_>>(), expected);
        }
    }

    fn original(record: &Record, sentence: &Sentence) -> String {
        let span = sentence.record_chars.unwrap();
        record.text.chars().skip(span.start).take(span.end - span.start).collect()
    }

    #[test]
    fn a_split_file_gives_a_preamble_and_its_articles() {
        let text = "# 晚间新闻 (20240305)\n\n## 摘要\n\n一条。\n\n### 甲　会议\n\n<p><strong>消息</strong>（台）：会议&nbsp;召开。１日<br>结束。</p><p>完。</p>\n\n[查看原文](https://example.org/1)\n\n### 乙\n\n正文。\n";
        let record = record("20240305.md", text);
        let parsed = parse(&record, &settings(Layout::Markdown, Split::Heading(3), TitleFrom::Heading));
        let got: Vec<_> = parsed.documents.iter().map(|d| (d.preamble, d.text.as_str(), d.url.as_deref())).collect();
        assert_eq!(
            got,
            [
                (true, "晚间新闻 (20240305)\n摘要\n一条。", None),
                (false, "甲 会议\n消息（台）：会议 召开。1日结束。\n完。", Some("https://example.org/1")),
                (false, "乙\n正文。", None),
            ]
        );
        assert_eq!(parsed.dropped_lines, 1);
        let article = &parsed.documents[1];
        assert_eq!(article.title(), Some("甲 会议"));
        assert_eq!(article.date.map(|d| d.to_string()).as_deref(), Some("2024-03-05"));
        let originals: Vec<_> = article.sentences.iter().map(|s| original(&record, s)).collect();
        assert_eq!(originals, ["甲　会议", "消息</strong>（台）：会议&nbsp;召开。", "１日<br>结束。", "完。"]);
    }

    #[test]
    fn every_character_outside_the_sentences_is_a_line_feed() {
        let record = record("a.txt", "题目\n\n　　甲乙。丙\n\n丁戊！ 己\n\n　　庚。");
        let parsed = parse(&record, &settings(Layout::Text, Split::Whole, TitleFrom::FirstLine));
        let document = &parsed.documents[0];
        let mut at = 0;
        for sentence in &document.sentences {
            assert!(Span::new(at, sentence.span.start).of(&document.text).chars().all(|c| c == '\n'));
            at = sentence.span.end;
        }
        assert_eq!(at, document.text.len());
    }

    #[test]
    fn traditional_text_becomes_simplified_and_leads_back() {
        let record = record("a.txt", "題目\n　　發展經濟，後來居上。");
        let parsed = parse(&record, &settings(Layout::Text, Split::Whole, TitleFrom::FirstLine));
        let document = &parsed.documents[0];
        assert_eq!(document.text, "题目\n发展经济，后来居上。");
        assert_eq!(document.script, Script::Hant);
        assert_eq!(original(&record, &document.sentences[1]), "發展經濟，後來居上。");
    }

    #[test]
    fn ids_depend_on_order_only_among_equals() {
        let make = |titles: &[&str]| {
            let text: String = titles.iter().map(|t| format!("### {t}\n\n文。\n\n")).collect();
            let mut parsed = parse(&record("a.md", &text), &settings(Layout::Markdown, Split::Heading(3), TitleFrom::Heading));
            assign_ids(&mut parsed.documents);
            parsed.documents.into_iter().map(|d| d.doc_id).collect::<Vec<_>>()
        };
        let (some, more) = (make(&["甲", "同", "同"]), make(&["新", "甲", "同", "同"]));
        assert_eq!(some[..], more[1..]);
        assert_ne!(some[1], some[2]);
    }

    #[test]
    fn a_text_as_given_keeps_its_code_points() {
        let document = document_of("　　２０２４年３月５日，會議召開。\n第二段。", None);
        assert_eq!(document.text, "　　2024年3月5日，会议召开。\n第二段。");
        assert_eq!(document.sentences.len(), 2);
    }

    #[test]
    fn a_document_without_text_is_refused() {
        let parsed = parse(&record("a.md", "[查看原文](x)\n"), &settings(Layout::Markdown, Split::Whole, TitleFrom::Nothing));
        assert_eq!(parsed.rejects.len(), 1);
        assert!(parsed.documents.is_empty());
    }
}
