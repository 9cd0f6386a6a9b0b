//! Who speaks: the subject of a verb of saying, by the name the paragraph gives it.

use super::actor::person;
use super::beginnings::EDGES;
use super::saying::{Hit, SayingKind};
use super::short::{CLAUSE_ENDS, clauses_back};
use super::vocabulary::Vocabulary;
use super::voice::Sentence;

/// What a phrase names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Speaker {
    /// Persons by name.
    Person(String),
    /// A body, a document or unnamed persons.
    Body(String),
    /// A word that only points to somebody (他, 双方, 批示).
    Pointing(String),
    /// A noun of no known kind.
    Noun(String),
}

/// Words that point to a person named before.
const TO_PERSON: [&str; 10] = ["他", "她", "其", "批示", "重要批示", "指示", "贺信", "贺电", "回信", "讲话"];

/// Words that point to the speaker before.
const TO_SPEAKER: [&str; 8] = ["它", "发言人", "该发言人", "他们", "她们", "这位发言人", "该负责人", "该官员"];

/// Words that point to both sides.
const TO_BOTH: [&str; 10] = ["双方", "两国", "两国元首", "两国领导人", "两位领导人", "两人", "二人", "两国总理", "双方领导人", "两国外长"];

/// Most characters of a noun that is taken for a subject because it stands where one must.
const MAX_NOUN_CHARS: usize = 18;

/// Bytes of a clause in which a subject is sought.
const MAX_CLAUSE: usize = 600;

/// Most characters of a body or of unnamed persons.
const MAX_BODY_CHARS: usize = 40;

/// The text without what stands in brackets; borrowed where there is none.
fn without_brackets(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains(['（', '(']) {
        return text.into();
    }
    let mut depth = 0_usize;
    text.chars()
        .filter(|c| match c {
            '（' | '(' => {
                depth += 1;
                false
            }
            '）' | ')' => {
                depth = depth.saturating_sub(1);
                false
            }
            _ => depth == 0,
        })
        .collect::<String>()
        .into()
}

/// The subject of the verb after `head`, from the clause before the verb back
/// to the beginning of the sentence.
pub(super) fn subject(head: &str, vocabulary: &Vocabulary) -> Option<Speaker> {
    let head = without_brackets(head);
    let mut fallback = None;
    // A noun of no known kind is taken only next to the verb, or before a deed
    // if nothing but 并 stands between.
    let mut noun = Bare::Any;
    for clause in clauses_back(&head) {
        let found = subject_of_clause(clause, vocabulary, noun);
        noun = if noun != Bare::No && clause.chars().count() <= 2 { Bare::BeforeDeed } else { Bare::No };
        match found {
            Some(Speaker::Noun(noun)) => {
                fallback.get_or_insert(Speaker::Noun(noun));
            }
            Some(found) => return Some(found),
            None => {}
        }
    }
    fallback
}

/// The first subject of a sentence that names persons.
pub(super) fn persons_of(sentence: &str, vocabulary: &Vocabulary) -> Option<String> {
    let sentence = without_brackets(sentence);
    sentence.split(CLAUSE_ENDS).find_map(|clause| match subject_of_clause(clause, vocabulary, Bare::No) {
        Some(Speaker::Person(name)) => Some(name),
        _ => None,
    })
}

/// Digits before a unit of time, and what follows them: when, not who.
fn time_edges(text: &str, out: &mut Vec<Hit>) {
    let mut start = None;
    for (at, c) in text.char_indices() {
        match (c, start) {
            ('0'..='9', None) => start = Some(at),
            ('0'..='9', Some(_)) => {}
            ('年' | '月' | '日' | '时' | '分' | '至' | '到' | '-' | '—', Some(from)) => {
                out.push(Hit { kind: SayingKind::Adverb, span: crate::diagnostic::Span::new(from, at + c.len_utf8()) });
                start = None;
            }
            _ => start = None,
        }
    }
}

/// Whether a noun of no known kind is taken for the subject.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bare {
    No,
    BeforeDeed,
    Any,
}

fn subject_of_clause(clause: &str, vocabulary: &Vocabulary, bare: Bare) -> Option<Speaker> {
    let clause = clause.trim().trim_start_matches(['”', '、', '“']);
    let mut end = clause.len().min(MAX_CLAUSE);
    while !clause.is_char_boundary(end) {
        end -= 1;
    }
    let clause = clause.get(..end)?;
    if TO_PERSON.contains(&clause) {
        return Some(Speaker::Pointing(clause.to_owned()));
    }
    if DOCUMENTS.contains(&clause) {
        return Some(Speaker::Body(clause.to_owned()));
    }
    let clause = if clause.starts_with("据") { clause.get("据".len()..)? } else { clause };
    if clause.is_empty() {
        return None;
    }
    let mut edges: Vec<Hit> = vocabulary.saying.edges(clause, vocabulary.beginnings.each(clause, EDGES)).collect();
    let words = edges.len();
    time_edges(clause, &mut edges);
    if edges.len() > words {
        edges.sort_by_key(|e| (e.span.start, std::cmp::Reverse(e.span.end)));
    }
    let mut from = 0;
    let mut edges = edges.iter();
    let mut first_noun = None;
    while let Some(edge) = edges.next() {
        // 发言人, 评论员, 研究会: a deed within a noun.
        let after = clause.get(edge.span.end..).unwrap_or_default();
        if edge.span.start < from || edge.kind == SayingKind::Deed && within_noun(after) {
            continue;
        }
        if edge.span.start == from {
            match edge.kind {
                SayingKind::End => {}
                SayingKind::Preposition => {
                    let Some(end) = edges.by_ref().find(|e| e.kind == SayingKind::End) else { break };
                    from = end.span.end;
                }
                // 出席会议的某某: the deed is an attribute.
                SayingKind::Deed => from = attribute_end(clause, edge.span.end).unwrap_or(clause.len()),
                _ => from = edge.span.end,
            }
            continue;
        }
        if edge.kind == SayingKind::End {
            continue;
        }
        let candidate = clause.get(from..edge.span.start)?;
        if let Some(found) = known(candidate, vocabulary) {
            return Some(found);
        }
        if first_noun.is_none() && edge.kind != SayingKind::Preposition {
            first_noun = Some(candidate);
        }
        // What follows a deed is its object, unless the deed is within an attribute.
        if edge.kind == SayingKind::Deed {
            match after.strip_prefix('的') {
                Some(rest) => {
                    from = clause.len() - rest.len();
                    first_noun = None;
                }
                None => break,
            }
        }
    }
    let rest = clause.get(from..)?;
    if first_noun.is_none()
        && let Some(found) = known(rest, vocabulary)
    {
        return Some(found);
    }
    let noun = first_noun.unwrap_or(rest).trim();
    let allowed = match bare {
        Bare::No => false,
        Bare::BeforeDeed => first_noun.is_some_and(|n| !n.contains('的')),
        Bare::Any => true,
    };
    let fits = allowed && (2..=MAX_NOUN_CHARS).contains(&noun.chars().count()) && !noun.contains(['“', '”', '、']) && !noun.starts_with('的');
    fits.then(|| Speaker::Noun(unquoted(noun)))
}

/// Where an attribute ends that begins before `at`: after its 的, near by.
fn attribute_end(clause: &str, at: usize) -> Option<usize> {
    let after = clause.get(at..)?;
    let (near, _) = after.char_indices().nth(MAX_ATTRIBUTE).unwrap_or((after.len(), ' '));
    after.get(..near)?.find('的').map(|found| at + found + '的'.len_utf8())
}

/// Characters of an attribute before its 的.
const MAX_ATTRIBUTE: usize = 16;

fn unquoted(text: &str) -> String {
    let may_be = text.chars().any(|c| matches!(c, '媒' | '派' | '智'));
    let apposed = APPOSITION.iter().filter(|w| may_be && text.contains(**w)).filter_map(|w| text.rsplit_once(w)).map(|(_, name)| name);
    let apposed = apposed.into_iter().find(|name| name.chars().count() > 2);
    let text = apposed.unwrap_or(text);
    let text = text.strip_suffix("网站").filter(|t| t.ends_with(['社', '报', '台', '网'])).unwrap_or(text);
    text.trim_matches(['《', '》', '“', '”', ' ']).to_owned()
}

/// What a phrase names, if it is of a known kind.
fn known(phrase: &str, vocabulary: &Vocabulary) -> Option<Speaker> {
    let saying = &vocabulary.saying;
    let phrase = phrase.trim().trim_start_matches(['”', '、']).trim_end_matches('”');
    if phrase.is_empty() {
        return None;
    }
    if let Some(name) = saying.alias(phrase) {
        return Some(Speaker::Person(name.to_owned()));
    }
    if TO_PERSON.contains(&phrase) || TO_SPEAKER.contains(&phrase) || TO_BOTH.contains(&phrase) || phrase.starts_with('该') {
        return Some(Speaker::Pointing(phrase.to_owned()));
    }
    // 他常, 他还: an adverb of one character after the pronoun.
    if let Some(pronoun) = ["他", "她"].into_iter().find(|p| phrase.starts_with(p))
        && phrase.chars().count() == 2
        && !phrase.ends_with('们')
    {
        return Some(Speaker::Pointing(pronoun.to_owned()));
    }
    // 《某报》 and what belongs to it (网站).
    if let (Some((_, tail)), Some((_, title))) = (phrase.rsplit_once('》'), phrase.split_once('《'))
        && tail.chars().count() <= 3
    {
        return Some(Speaker::Body(title.split('》').next().unwrap_or(title).to_owned()));
    }
    if is_place(phrase, vocabulary) {
        return Some(Speaker::Body(phrase.to_owned()));
    }
    let joints = ['、', '和', '与'];
    if phrase.contains(joints) && phrase.split(joints).all(|part| is_place(part, vocabulary)) {
        return Some(Speaker::Body(phrase.split(joints).collect::<Vec<_>>().join("、")));
    }
    let long_body = OFFICES.iter().any(|w| phrase.ends_with(w)) || saying.ends(SayingKind::Body, phrase) && LONG_BODIES.iter().any(|w| phrase.ends_with(w));
    if !long_body && let Some(names) = persons(phrase, vocabulary) {
        return Some(Speaker::Person(names));
    }
    let count = phrase.chars().count();
    let named = saying.ends(SayingKind::Body, phrase) || saying.ends(SayingKind::People, phrase);
    (named && (2..=MAX_BODY_CHARS).contains(&count) && !phrase.starts_with(['的', '了', '将', '已'])).then(|| Speaker::Body(unquoted(phrase)))
}

/// What makes a noun of a deed before it.
const MAKES_NOUN: [char; 11] = ['人', '者', '团', '员', '席', '室', '组', '院', '所', '方', '局'];

/// 发言人, 评论员, 研究会, but not 主持会议.
fn within_noun(after: &str) -> bool {
    let meeting = ["会议", "会见", "会谈", "会晤", "会场"].iter().any(|w| after.starts_with(w));
    after.starts_with(MAKES_NOUN) || after.starts_with('会') && !meeting
}

/// Titles that name nobody without a name of a person before them or after.
const OFFICES: [&str; 8] = ["发言人", "领导人", "代表", "负责人", "大使", "特使", "官员", "专家"];

/// Documents that are verbs too.
const DOCUMENTS: [&str; 7] = ["报道", "评论", "声明", "消息", "通报", "致辞", "社论"];

/// Words of two characters that begin with a family name and are no person.
const NO_PERSONS: [&str; 17] =
    ["外方", "国家", "国防", "国外", "国内", "各方", "全体", "安全", "和平", "成员", "平台", "全球", "全国", "双方", "方面", "国际", "连日"];

/// Nouns before a name in apposition: 某国媒体某某社. Each holds 媒, 派 or 智.
const APPOSITION: [&str; 4] = ["媒体", "派别", "智库", "官媒"];

/// Endings that no name of a person has.
const LONG_BODIES: [&str; 14] = ["办公室", "政府", "委员会", "组织", "机构", "公司", "集团", "中心", "媒体", "部队", "武装部队", "总统府", "通讯社", "电视台"];

/// The phrase is the name of a place, which may begin with a family name.
fn is_place(phrase: &str, vocabulary: &Vocabulary) -> bool {
    let gazetteer = &vocabulary.gazetteer;
    gazetteer.words.contains(phrase)
        && phrase.chars().count() <= 8
        && gazetteer.mentions(phrase, None).iter().any(|m| m.span.start == 0 && m.span.end == phrase.len())
}

/// The persons of a phrase, joined by 、.
fn persons(phrase: &str, vocabulary: &Vocabulary) -> Option<String> {
    let phrase = phrase.strip_suffix('等').unwrap_or(phrase);
    let short = phrase.chars().count() <= MAX_NOUN_CHARS && !phrase.contains("思想");
    if short
        && !phrase.contains(['、', '和', '同'])
        && let Some(name) = vocabulary.saying.known_person(phrase)
    {
        return Some(name.to_owned());
    }
    for joints in [&['和', '与', '及'][..], &['、', '和', '与', '及'][..]] {
        let names = || phrase.split(joints).map(|part| one_person(part, vocabulary)).collect::<Option<Vec<String>>>();
        if phrase.contains(joints)
            && let Some(names) = names()
        {
            return Some(names.join("、"));
        }
    }
    one_person(phrase, vocabulary)
}

fn one_person(phrase: &str, vocabulary: &Vocabulary) -> Option<String> {
    if NO_PERSONS.contains(&phrase) {
        return None;
    }
    if let Some(actor) = person(phrase, vocabulary) {
        return (!is_place(&actor.name, vocabulary)).then_some(actor.name);
    }
    // 某地村民王某某: a trade before the name.
    if let Some(name) = vocabulary.saying.last_end(SayingKind::Trade, phrase).and_then(|at| phrase.get(at..)) {
        let count = name.chars().count();
        let nobody = [SayingKind::Body, SayingKind::People].into_iter().any(|kind| vocabulary.saying.ends(kind, name));
        if name.contains('·') && count <= MAX_NOUN_CHARS || (2..=8).contains(&count) && !nobody && !name.contains(['的', '等', '和', '们']) {
            return Some(name.to_owned());
        }
    }
    // A title after the name, and more after the title: 某某总书记牢牢.
    let end = vocabulary.titles(phrase).last()?.end;
    let (titled, rest) = (phrase.get(..end)?, phrase.get(end..)?);
    let actor = person(titled, vocabulary).filter(|a| !rest.is_empty() && rest.chars().count() <= 4 && !is_place(&a.name, vocabulary))?;
    Some(actor.name)
}

/// Who is meant by what was found, given the sentences before.
pub(super) fn resolved(found: Option<Speaker>, head: &str, before: &Before<'_>) -> Option<String> {
    match found {
        Some(Speaker::Person(name) | Speaker::Body(name) | Speaker::Noun(name)) => Some(name),
        Some(Speaker::Pointing(word)) => {
            if TO_BOTH.contains(&word.as_str()) {
                return before.both(head).or(Some(word));
            }
            if TO_PERSON.contains(&word.as_str()) {
                return before.person(head).or(Some(word));
            }
            before.speaker.map(str::to_owned).or(Some(word))
        }
        None => before.speaker.map(str::to_owned).or_else(|| before.person(head)),
    }
}

/// What stands before a sentence in its paragraph.
pub(super) struct Before<'t> {
    /// The sentences, in order.
    pub sentences: &'t [Sentence<'t>],
    /// The last speaker.
    pub speaker: Option<&'t str>,
    /// The last speaker that is a person, and the number of the sentence.
    pub person: Option<(usize, &'t str)>,
    /// The vocabulary.
    pub vocabulary: &'t Vocabulary,
}

impl Before<'_> {
    /// The person named last before the verb.
    fn person(&self, head: &str) -> Option<String> {
        if let Some(name) = persons_of(head, self.vocabulary) {
            return Some(name);
        }
        // A bare foreign name that the paragraph gave before: 某某感谢…，他表示.
        if let Some(Speaker::Noun(noun)) = head.split('，').next().and_then(|clause| subject_of_clause(clause, self.vocabulary, Bare::Any))
            && noun.chars().count() <= 6
            && self.sentences.iter().rev().take(MAX_BACK).any(|s| s.text.contains(&noun))
        {
            return Some(noun);
        }
        let until = self.person.map_or(0, |(number, _)| number + 1);
        let nearer = self.sentences.iter().skip(until).rev().take(MAX_BACK);
        for sentence in nearer {
            let persons = sentence.persons.get_or_init(|| persons_of(sentence.text, self.vocabulary));
            if let Some(name) = persons.as_ref().or(sentence.actor.as_ref()) {
                return Some(name.clone());
            }
        }
        let known = self.person.map(|(_, name)| name.to_owned());
        known.or_else(|| self.sentences.iter().rev().take(MAX_BACK).find_map(|s| possessor(s.text, self.vocabulary)))
    }

    /// Two persons that meet.
    fn both(&self, head: &str) -> Option<String> {
        let sentences = std::iter::once(head).chain(self.sentences.iter().rev().map(|s| s.text).take(MAX_BACK));
        for sentence in sentences {
            for clause in sentence.split(['，', '。', '；']) {
                if let Some(pair) = pair(clause, self.vocabulary) {
                    return Some(pair);
                }
            }
        }
        None
    }
}

/// The person of whom a sentence tells: 某某的办法.
fn possessor(sentence: &str, vocabulary: &Vocabulary) -> Option<String> {
    sentence.split('，').find_map(|clause| clause.split_once('的').and_then(|(head, _)| one_person(head, vocabulary)))
}

/// Sentences searched for a person who is only pointed to.
const MAX_BACK: usize = 8;

/// Both sides of 甲同乙举行会谈.
fn pair(clause: &str, vocabulary: &Vocabulary) -> Option<String> {
    let (one, other) = clause.split_once(['同', '与', '和'])?;
    let one = subject_of_clause(one, vocabulary, Bare::No)?;
    let other = subject_of_clause(other, vocabulary, Bare::No)?;
    let (Speaker::Person(one), Speaker::Person(other)) = (one, other) else { return None };
    Some(format!("{one}、{other}"))
}
