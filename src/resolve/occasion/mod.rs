//! Occasions: which meeting, visit, call, message or ceremony a sentence tells of.
//!
//! A sentence is read as one stream of [`Token`]s: dates, places, titles, nouns
//! that head a name (座谈会), verbs that are an occasion (会见), the words that
//! shape a sentence around them, and marks. Marks and verbs of saying cut it
//! into clauses; each clause gives its heads and verbs a subject, a date and a
//! place, its own or those in scope. The words are data; what makes an occasion
//! of them is here.

mod clause;
mod deed;
mod name;
mod named;
mod series;
mod token;
mod writing;

use chrono::NaiveDate;
use serde::Deserialize;

pub use self::series::Series;
pub(super) use self::token::{Kind, Lexer, Role, Tells, Token};

use self::clause::{Clause, Found, State, When};
use super::actor::Actor;
use super::beginnings::InSentence;
use super::date::DateMention;
use super::place::Level;
use super::vocabulary::Vocabulary;
use crate::diagnostic::Span;
use crate::parse::{DateRange, Precision};

/// The type of an occasion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OccasionType {
    /// Full sessions of congresses and plenums.
    Plenary,
    /// Conferences, forums, expositions.
    Conference,
    /// 座谈会.
    Symposium,
    /// 集体学习.
    StudySession,
    /// Delegations' and groups' deliberations.
    Deliberation,
    /// 听取…汇报.
    Briefing,
    /// 考察, 调研.
    Inspection,
    /// 会见, 会谈.
    Meeting,
    /// 通电话, 视频会晤.
    Call,
    /// 访问.
    Visit,
    /// Letters, telegrams, instructions.
    Message,
    /// Openings, awards, celebrations.
    Ceremony,
    /// Press conferences.
    Press,
    /// Documents published.
    Publication,
    /// Anything else.
    Other,
}

impl OccasionType {
    /// All values.
    pub const EVERY: [Self; 15] = [
        Self::Plenary,
        Self::Conference,
        Self::Symposium,
        Self::StudySession,
        Self::Deliberation,
        Self::Briefing,
        Self::Inspection,
        Self::Meeting,
        Self::Call,
        Self::Visit,
        Self::Message,
        Self::Ceremony,
        Self::Press,
        Self::Publication,
        Self::Other,
    ];

    /// The value with this [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|kind| kind.name() == name)
    }

    /// The word in the tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plenary => "plenary",
            Self::Conference => "conference",
            Self::Symposium => "symposium",
            Self::StudySession => "study_session",
            Self::Deliberation => "deliberation",
            Self::Briefing => "briefing",
            Self::Inspection => "inspection",
            Self::Meeting => "meeting",
            Self::Call => "call",
            Self::Visit => "visit",
            Self::Message => "message",
            Self::Ceremony => "ceremony",
            Self::Press => "press",
            Self::Publication => "publication",
            Self::Other => "other",
        }
    }

    /// Whether persons attend it whom a later clause can name (甲主持会议).
    const fn is_attended(self) -> bool {
        matches!(
            self,
            Self::Plenary | Self::Conference | Self::Symposium | Self::StudySession | Self::Deliberation | Self::Briefing | Self::Ceremony | Self::Press
        )
    }
}

/// A mention of an occasion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Number of the sentence that introduces it.
    pub sentence: usize,
    /// Bytes of that sentence.
    pub span: Span,
    /// When it was; `None` where the text gives no date, a vague one, or one without value.
    pub date: Option<DateRange>,
    /// Precision of the writing.
    pub precision: Precision,
    /// Canonical name.
    pub name: String,
    /// Type.
    pub kind: OccasionType,
    /// Id of its series.
    pub series: Option<String>,
    /// Term of office.
    pub term: Option<u32>,
    /// Number of the session.
    pub session: Option<u32>,
    /// Under which all mentions of the occasion meet: 16 hex digits; `None` without a date.
    pub id: Option<String>,
    /// Number of the place in the gazetteer, if the text says where it was held.
    pub place: Option<usize>,
    /// Division of the organ or delegation that it concerns.
    pub region: Option<String>,
    /// Persons, in the order of the text.
    pub actors: Vec<Actor>,
    /// The rule that read it.
    pub rule: &'static str,
}

/// The rules, with their meaning.
pub const OCCASION_RULES: [(&str, &str); 12] = [
    ("named", "a name that ends in a head word (在…座谈会上, 主持召开…会议, …会议3日在京举行)"),
    ("inspection", "a place and a verb of inspection (在黑龙江考察)"),
    ("briefing", "听取 … 汇报"),
    ("meeting", "会见, or 同 … 会谈"),
    ("call", "同 … 通电话, 视频会晤"),
    ("visit", "对 … 进行访问"),
    ("arrival", "抵达 …, or 返回 …"),
    ("message", "向 … 致贺信, 就 … 作出重要指示"),
    ("publication", "a titled document with a date and a verb of publishing"),
    ("statement", "发表声明, 发布公告: its issuer and its kind"),
    ("deliberation", "a delegation and 审议"),
    ("ceremony", "签订, 揭牌, 举行仪式欢迎 …"),
];

/// A sentence with what was read in it.
#[derive(Clone, Copy)]
pub(super) struct Sentence<'t> {
    pub text: &'t str,
    pub dates: &'t [&'t DateMention],
    pub places: &'t [PlaceAt],
    /// The most that one of its words may tell.
    pub tells: Tells,
    pub beginnings: InSentence<'t>,
}

/// A place mention of a sentence.
#[derive(Clone, Copy)]
pub(super) struct PlaceAt {
    /// Bytes of the sentence.
    pub span: Span,
    /// Its number in the gazetteer; `None` while it is ambiguous.
    pub place: Option<usize>,
}

/// What a paragraph knows while its sentences are read.
pub(super) struct Paragraph<'v> {
    vocabulary: &'v Vocabulary,
    /// The day on which the document speaks.
    day: Option<NaiveDate>,
    /// The date at the head of the paragraph or of a later sentence, which
    /// holds for the sentences after it.
    head: Option<When>,
}

impl<'v> Paragraph<'v> {
    pub(super) const fn new(vocabulary: &'v Vocabulary, day: Option<NaiveDate>) -> Self {
        Self { vocabulary, day, head: None }
    }

    /// The occasions of the next sentence. `tokens` is a buffer; `earlier` are
    /// the events before in the paragraph, to which a sentence can add actors.
    ///
    /// # Cost
    /// Linear: one scan, then a bounded window around each head or verb.
    pub(super) fn read(&mut self, sentence: Sentence<'_>, tokens: &mut Vec<Token>, earlier: &mut [Event]) -> Vec<Event> {
        let tells = sentence.tells == Tells::Occasion || sentence.tells == Tells::Part && !earlier.is_empty();
        if !tells && !may_have_preamble(sentence.text) {
            self.take_head(sentence, after_number(sentence.text));
            return Vec::new();
        }
        let found = self.vocabulary.lexer.read(sentence, tokens);
        let body = body_start(sentence.text, tokens);
        self.take_head(sentence, body);
        if !found {
            return Vec::new();
        }
        let mut state = State::new(self.head, body);
        let mut out: Vec<Found> = Vec::new();
        let mut from = tokens.partition_point(|t| t.span.start < state.body);
        // After the last word that tells of an occasion there is none, and nobody
        // takes part in one that is not told.
        let last = |tells: &dyn Fn(Kind) -> bool| tokens.iter().rposition(|t| tells(t.kind)).map_or(0, |at| at + 1);
        let until = if earlier.is_empty() { last(&|kind| matches!(kind, Kind::Head { .. } | Kind::Verb(_))) } else { last(&Kind::tells) };
        while from < until || !out.is_empty() && from < tokens.len() {
            let to = clause::end(tokens, from);
            let clause = Clause::new(sentence, tokens, from, to, self.vocabulary, self.day, &state);
            let before = out.len();
            for at in (from..to).filter(|_| clause.may_tell()) {
                for each in clause.occasions(at, &state, &out, earlier) {
                    if told_before(&each, earlier) {
                        continue;
                    }
                    // 政治局召开会议，甲主持会议
                    if let Some(known) =
                        out.iter_mut().rev().take(clause::WINDOW).find(|f| f.kind == each.kind && f.name == each.name && each.kind.is_attended())
                    {
                        for actor in each.actors {
                            add_actor(&mut known.actors, actor);
                        }
                        continue;
                    }
                    // 第八届东湖电影节…，电影节以…为主题
                    if out.iter().rev().take(clause::WINDOW).any(|f| f.kind == each.kind && f.name.ends_with(&each.name)) {
                        continue;
                    }
                    // A name inside a longer one is part of it.
                    while out.last().is_some_and(|other| each.replaces(other)) {
                        out.pop();
                    }
                    if !out.iter().rev().take(clause::WINDOW).any(|other| other.replaces(&each)) {
                        out.push(each);
                    }
                }
            }
            clause.add_actors(before.min(out.len()), &mut out, earlier, &state);
            state.go_on(clause, &out);
            from = to.max(from + 1);
        }
        out.into_iter().map(|found| self.event(found, sentence)).collect()
    }

    /// A date at the head of a sentence: 24日上午，…; 当地时间5日，….
    fn take_head(&mut self, sentence: Sentence<'_>, body: usize) {
        let Some(first) = sentence.dates.iter().find(|d| d.span.start >= body) else { return };
        let lead = Span::new(body, first.span.start).of(sentence.text);
        if lead.len() > 30 || !clause::is_lead(lead) {
            return;
        }
        // A month or year at the head of a sentence is more often one of figures.
        if let Some(when) = clause::when(first, sentence.text).filter(|w| w.range.is_none_or(|r| r.precision <= Precision::Day)) {
            self.head = Some(when);
        }
    }

    fn event(&self, found: Found, sentence: Sentence<'_>) -> Event {
        let range = found.when.and_then(|w| w.range);
        let numbered = series::series(&found.name, range.map(|r| r.start).or(self.day), self.vocabulary);
        let kind = numbered.as_ref().map_or(found.kind, |n| n.series.kind);
        let region = matches!(kind, OccasionType::Briefing | OccasionType::Deliberation)
            .then(|| {
                sentence
                    .places
                    .iter()
                    .skip(sentence.places.partition_point(|p| p.span.start < found.span.start))
                    .take_while(|p| p.span.start < found.span.end)
                    .find_map(|p| self.vocabulary.gazetteer.place(p.place?))
            })
            .flatten()
            .filter(|p| p.country() == "CN" && p.level != Level::Country)
            .map(|p| p.code.clone());
        let mut actors: Vec<Actor> = Vec::new();
        for actor in found.actors {
            if !actors.iter().any(|a| a.name == actor.name) {
                actors.push(actor);
            }
        }
        Event {
            sentence: 0,
            span: Span::new(0, sentence.text.len()),
            date: range,
            precision: range.map_or(Precision::Vague, |r| r.precision),
            id: range.map(|range| series::id(&found.name, kind, range, numbered.as_ref())),
            kind,
            series: numbered.as_ref().map(|n| n.series.id.clone()),
            term: numbered.as_ref().and_then(|n| n.term),
            session: numbered.as_ref().and_then(|n| n.session),
            place: found.place.filter(|_| region.is_none() || kind == OccasionType::Briefing),
            region,
            actors,
            name: found.name,
            rule: found.rule,
        }
    }
}

/// The same occasion, or the same meeting by its guest, was told in the
/// paragraph before; who is new at it is added.
fn told_before(found: &Found, earlier: &mut [Event]) -> bool {
    let range = found.when.and_then(|w| w.range);
    let same = |e: &Event| {
        let met = matches!(found.kind, OccasionType::Meeting | OccasionType::Call)
            && found.actors.iter().any(|a| found.name.contains(a.name.as_str()) && e.name.contains(a.name.as_str()));
        e.kind == found.kind
            && (range.is_none() || range == e.date)
            && (met || e.name == found.name || (range.is_none() && e.name.ends_with(found.name.as_str())))
    };
    let Some(event) = earlier.iter_mut().rev().take(clause::WINDOW).find(|e| same(e)) else { return false };
    for actor in &found.actors {
        add_actor(&mut event.actors, actor.clone());
    }
    true
}

/// The byte after which no colon ends a preamble.
const MAX_PREAMBLE: usize = 90;

fn may_have_preamble(text: &str) -> bool {
    let may_be = text.as_bytes().get(..=MAX_PREAMBLE).unwrap_or(text.as_bytes());
    memchr::memchr_iter(0xef, may_be).any(|at| text.get(at..).is_some_and(|rest| rest.starts_with('：')))
}

/// Where the sentence begins after 央视网消息（新闻联播）：.
fn body_start(text: &str, tokens: &[Token]) -> usize {
    let colon = tokens.iter().take(6).find(|t| t.kind == Kind::Mark('：'));
    let Some(colon) = colon.filter(|c| c.span.start <= MAX_PREAMBLE) else { return after_number(text) };
    let lead = text.get(..colon.span.start).unwrap_or_default();
    if lead.contains("消息") || lead.contains("报道") || lead.ends_with('电') || lead.ends_with('讯') { colon.span.end } else { after_number(text) }
}

/// Where a sentence begins after the number of a list: （2）, 7..
fn after_number(text: &str) -> usize {
    let is_number = |c: char| matches!(c, '0'..='9' | '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十');
    let number = text.trim_start_matches(['（', '(']).trim_start_matches(is_number);
    let rest = number.strip_prefix(['）', ')', '.', '．', '、']).filter(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()));
    rest.map_or(0, |rest| text.len() - rest.len())
}

/// Pushes an actor that is not there yet.
fn add_actor(actors: &mut Vec<Actor>, actor: Actor) {
    match actors.iter_mut().find(|a| a.name == actor.name) {
        Some(known) if known.title.is_empty() => known.title = actor.title,
        Some(_) => {}
        None => actors.push(actor),
    }
}
