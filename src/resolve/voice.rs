//! Voice: whether a sentence reports what somebody said, and who said it.

use std::cell::{LazyCell, OnceCell};

use super::beginnings::{InSentence, SAYINGS, SAYS_NOTHING};
use super::saying::{Hit, SayingKind};
use super::short::{first_clause, last_clause};
use super::speaker::{Before, Speaker, resolved, subject};
use super::vocabulary::Vocabulary;
use crate::diagnostic::Span;

/// The voice of a sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Voice {
    /// It gives the content of what a person or body said.
    pub reported: bool,
    /// It is reported, but has no verb of saying of its own.
    pub continued: bool,
    /// Who said it, if that is told.
    pub speaker: Option<String>,
}

impl Voice {
    /// The word in the tables.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        if self.reported { "reported" } else { "narrated" }
    }

    const fn of(speaker: Option<String>, continued: bool) -> Self {
        Self { reported: true, continued, speaker }
    }
}

/// How far a speech may go on without a verb of saying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// A report of a speech or meeting: it goes on until something else begins.
    Speech,
    /// An article that quotes: what follows is the author's, unless it asks for something.
    Article,
    /// A news item: only what argues goes on.
    News,
}

/// A verb of saying with content.
struct Said {
    verb: Span,
    speaker: Option<Speaker>,
    flow: Flow,
}

/// Verbs that begin a report wherever they stand.
const STRONG: [&str; 8] = ["强调", "指出", "认为", "重申", "表示", "说", "称", "介绍"];

impl Said {
    /// Within a speech, its speaker's own saying: 我多次强调, 中方希望, 各国呼吁和平.
    fn is_of_the_speaker(&self, sentence: &str) -> bool {
        let verb = sentence.get(self.verb.start..self.verb.end).unwrap_or_default();
        let weak = !STRONG.contains(&verb) && !sentence.get(self.verb.end..).unwrap_or_default().starts_with(MARKS);
        match &self.speaker {
            Some(Speaker::Noun(name)) => name.starts_with('我') || weak,
            Some(Speaker::Body(name)) => name.starts_with("我们") || weak && !name.ends_with('议') && !name.ends_with("全会"),
            _ => false,
        }
    }
}

const MARKS: [char; 7] = ['，', '：', '“', '《', ',', ':', '「'];

/// Verbs looked at in one sentence.
const MAX_VERBS: usize = 24;

/// Bytes before a verb in which its subject is sought.
const MAX_HEAD: usize = 1800;

/// The first verb of saying that has content after it.
fn said(sentence: &Sentence<'_>, vocabulary: &Vocabulary) -> Option<Said> {
    let text = sentence.text;
    let (mut read, mut depth) = (0, 0_i64);
    for hit in vocabulary.saying.verbs(text, sentence.says()).take(MAX_VERBS) {
        let between = text.get(read..hit.span.start).unwrap_or_default();
        read = hit.span.start;
        for c in between.chars() {
            depth += i64::from(c == '“') - i64::from(c == '”');
        }
        // Words inside a quotation are the quoted one's.
        if depth > 0 {
            continue;
        }
        if let Some(found) = content_of(text, hit, vocabulary) {
            return (!ends_in_something_else(text, found.verb)).then_some(found);
        }
    }
    None
}

/// The last bytes of a text, from a character's beginning.
fn tail(text: &str, bytes: usize) -> &str {
    let mut start = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text.get(start..).unwrap_or_default()
}

fn content_of(sentence: &str, hit: Hit, vocabulary: &Vocabulary) -> Option<Said> {
    let before = tail(sentence.get(..hit.span.start)?, MAX_HEAD);
    let after = sentence.get(hit.span.end..)?;
    if before.ends_with(['的', '据', '所', '地']) && !before.ends_with("地说") || after.starts_with(['的', '了', '。', '、', '）', '”', '；', '！'])
    {
        return None;
    }
    let marked = after.starts_with(MARKS);
    let clause_before = last_clause(before);
    let clause_after = after.split(['，', '。', '；']).next().unwrap_or(after);
    // 根据通报称: a source.
    if clause_before.starts_with("根据") {
        return None;
    }
    let long = clause_after.chars().nth(2).is_some();
    let found = LazyCell::new(|| subject(before, vocabulary));
    let near = LazyCell::new(|| subject(clause_before, vocabulary));
    let begins = clause_before.trim().is_empty();
    let accepted = match hit.kind {
        SayingKind::Object => (marked || long) && !nominal(before, after, vocabulary),
        // 他还说某某已到: without a mark only after somebody known.
        SayingKind::Mark => {
            marked && !nominal(before, after, vocabulary)
                || long && sentence.get(hit.span.start..hit.span.end) == Some("说") && matches!(&*near, Some(Speaker::Person(_) | Speaker::Pointing(_)))
        }
        SayingKind::Clause => marked && !after.starts_with('“') && !after.starts_with('《') || starts_with_modal(after),
        SayingKind::Stance => marked || says_more_than_attitude(clause_after, vocabulary),
        SayingKind::Urge => {
            (long || marked)
                && !nominal(before, after, vocabulary)
                && !(marked && clause_before.contains('的'))
                && (begins && found.is_some() || near.as_ref().is_some_and(|s| !matches!(s, Speaker::Noun(_))))
        }
        SayingKind::Encourage => long && !nominal(before, after, vocabulary) && matches!(&*found, Some(Speaker::Person(_) | Speaker::Pointing(_))),
        SayingKind::Announce => vocabulary.saying.holds(SayingKind::Claim, after),
        SayingKind::Message => after.strip_prefix('，').is_some_and(|content| {
            let first = first_clause(content);
            !first.is_empty() && !vocabulary.saying.begins(SayingKind::Deed, first)
        }),
        _ => false,
    };
    if !accepted {
        return None;
    }
    // It has been found by now, or is found here.
    let speaker = Option::clone(&found);
    let verb = sentence.get(hit.span.start..hit.span.end)?;
    // A whole quotation is closed: only another one goes on.
    let flow = if after.trim_end().ends_with('”') { Flow::Article } else { flow_of(before, verb, hit.kind, speaker.as_ref()) };
    Some(Said { verb: hit.span, speaker, flow })
}

/// A verb that stands as a noun: 提出明确要求, 全球发展倡议, 听取工作介绍.
fn nominal(before: &str, after: &str, vocabulary: &Vocabulary) -> bool {
    // After these an adverb may be meant, if content follows.
    const EITHER: [&str; 4] = ["提出", "明确", "共同", "提出明确"];
    let short = first_clause(after).is_empty();
    vocabulary.saying.ends(SayingKind::Nominal, before) || short && EITHER.iter().any(|w| before.ends_with(w)) || after.starts_with(['和', '与', '及'])
}

fn starts_with_modal(after: &str) -> bool {
    ["要", "应", "必须", "将", "希望"].iter().any(|w| after.starts_with(w)) && !after.starts_with("要求")
}

/// 表示祝贺 gives no content; 表示愿意, 表示支持各方的… do.
fn says_more_than_attitude(clause: &str, vocabulary: &Vocabulary) -> bool {
    let count = clause.chars().count();
    count >= 4 && !vocabulary.saying.holds(SayingKind::Attitude, clause) || count >= 3 && ["希望", "愿", "将", "要", "不"].iter().any(|w| clause.starts_with(w))
}

/// The sentence ends in a deed or comment of somebody else: …，她要和大家一起干.
fn ends_in_something_else(sentence: &str, verb: Span) -> bool {
    let after = sentence.get(verb.end..).unwrap_or_default();
    if after.contains('“') && !after.contains('”') {
        return false;
    }
    let last = after.trim_end_matches(['。', '！', '？']).rsplit('，').next().unwrap_or_default();
    let deed = ["已收集", "已有", "她要", "他要", "引发", "引起", "受到", "得到了", "为我们", "赢得", "激起"];
    after.contains('，') && deed.iter().any(|w| last.starts_with(w))
}

/// Verbs of talks and speeches.
const TALKS: [&str; 5] = ["表示", "指出", "强调", "重申", "认为"];

/// Verbs of an interview: the programme's own voice comes back soon.
const RECORDED: [&str; 5] = ["告诉", "坦言", "感慨", "回忆", "常说"];

fn flow_of(before: &str, verb: &str, kind: SayingKind, speaker: Option<&Speaker>) -> Flow {
    let clause = last_clause(before);
    // 总书记 after the name, or 习主席: the tone of commentary, not of a report.
    let commentary = || (before.contains("总书记") || before.contains("习主席")) && !before.contains("中共中央总书记");
    if !matches!(kind, SayingKind::Message) && commentary() {
        return Flow::Article;
    }
    if clause.ends_with("告诉") || RECORDED.iter().any(|w| verb.starts_with(w)) {
        return Flow::News;
    }
    // With a day it is an item of the news; without, one of those who talk.
    let dated = || {
        clause.contains('日') && (clause.contains(|c: char| c.is_ascii_digit()) || ["日前", "近日"].iter().any(|w| clause.contains(w)))
            || clause.contains('天') && ["今天", "当天", "昨天"].iter().any(|w| clause.contains(w))
    };
    match speaker {
        None | Some(Speaker::Pointing(_)) => Flow::Speech,
        Some(Speaker::Person(_)) => {
            if verb == "称" || dated() {
                Flow::News
            } else {
                Flow::Speech
            }
        }
        Some(Speaker::Noun(_)) => {
            if !TALKS.contains(&verb) || dated() {
                Flow::News
            } else {
                Flow::Speech
            }
        }
        Some(Speaker::Body(name)) => {
            let of_congress = ["全会", "报告", "大会", "规划", "决定"].iter().any(|w| name.ends_with(w));
            if of_congress && name.chars().count() > 3 {
                return Flow::Article;
            }
            let home = [
                "会议",
                "全会",
                "大会",
                "中央",
                "国务院",
                "政治局",
                "中方",
                "中国",
                "我国",
                "负责人",
                "负责同志",
                "发言人",
                "批示",
                "指示",
                "中国代表",
                "座谈会",
                "部",
                "委",
            ];
            let is_home = home.iter().any(|w| name.ends_with(w)) || name.starts_with("中国") || name.starts_with("外交部");
            if is_home && !dated() { Flow::Speech } else { Flow::News }
        }
    }
}

/// The state of a paragraph while it is read.
struct Reading<'t> {
    flow: Flow,
    /// Sentences since the verb of saying.
    since: usize,
    /// A quotation is open at the end of the sentence before.
    open: bool,
    /// What stands after the verb of saying: where it holds the claims of a
    /// warring side, they go on.
    after: &'t str,
}

/// A sentence with what was read in it before its voice.
pub(super) struct Sentence<'t> {
    pub text: &'t str,
    /// The first person of the events that it introduces.
    pub actor: Option<String>,
    /// Where words may begin; nothing if it holds no verb of saying.
    pub beginnings: InSentence<'t>,
    /// The first subject that names persons, once somebody is sought who is only
    /// pointed to.
    pub persons: OnceCell<Option<String>>,
}

impl Sentence<'_> {
    /// Where verbs of saying, and what only looks like one, may begin.
    fn says(&self) -> impl Iterator<Item = usize> {
        self.beginnings.of(SAYINGS | SAYS_NOTHING)
    }
}

/// The voices of a paragraph's sentences, in order, pushed to `voices`.
pub(super) fn voices(sentences: &[Sentence<'_>], vocabulary: &Vocabulary, voices: &mut Vec<Voice>) {
    let before = voices.len();
    voices.resize(before + sentences.len(), Voice::default());
    // Nothing is reported where nobody says anything.
    if sentences.iter().any(|s| !s.beginnings.all.is_empty())
        && let Some(out) = voices.get_mut(before..)
    {
        read(sentences, vocabulary, out);
    }
}

fn read(sentences: &[Sentence<'_>], vocabulary: &Vocabulary, out: &mut [Voice]) {
    let mut reading = Reading { flow: Flow::News, since: 0, open: false, after: "" };
    let mut speaker: Option<String> = None;
    let mut last_person: Option<(usize, String)> = None;
    let mut reported = false;
    for (i, this) in sentences.iter().enumerate() {
        let sentence = this.text;
        let goes_on_with = |speaker: &Option<String>| Voice::of(speaker.clone(), true);
        let quoted = reported && reading.open;
        let found = if quoted || this.beginnings.all.is_empty() { None } else { said(this, vocabulary) };
        let voice = if quoted {
            reading.open = !sentence.contains('”') || sentence.rfind('“') > sentence.rfind('”');
            if !reading.open {
                (reading.flow, reading.since) = (Flow::Article, 1);
            }
            goes_on_with(&speaker)
        } else if reported && reading.flow == Flow::Speech && found.as_ref().is_some_and(|f| f.is_of_the_speaker(sentence)) {
            reading.since += 1;
            goes_on_with(&speaker)
        } else if let Some(found) = found {
            let before = Before {
                sentences: sentences.get(..i).unwrap_or_default(),
                speaker: speaker.as_deref(),
                person: last_person.as_ref().map(|(number, name)| (*number, name.as_str())),
                vocabulary,
            };
            let head = tail(sentence.get(..found.verb.start).unwrap_or_default(), MAX_HEAD);
            let is_person = matches!(found.speaker, Some(Speaker::Person(_)));
            let points = matches!(found.speaker, Some(Speaker::Pointing(_)));
            let named = resolved(found.speaker, head, &before);
            if let (true, Some(name)) = (is_person, &named) {
                last_person = Some((i, name.clone()));
            }
            speaker.clone_from(&named);
            let after = sentence.get(found.verb.end..).unwrap_or_default();
            let same_item = points && reading.flow == Flow::News && reported;
            reading = Reading {
                flow: if same_item { Flow::News } else { found.flow },
                since: 0,
                open: after.matches('“').count() > after.matches('”').count(),
                after,
            };
            Voice::of(named, false)
        } else if reported && goes_on(sentence, &reading, speaker.as_deref(), vocabulary) {
            reading.since += 1;
            goes_on_with(&speaker)
        } else {
            if !this.beginnings.all.is_empty() {
                name_quotation_before(this, sentences.get(..i).unwrap_or_default(), out, vocabulary);
            }
            Voice::default()
        };
        reported = voice.reported;
        if let Some(slot) = out.get_mut(i) {
            *slot = voice;
        }
    }
}

/// A quotation whose speaker only the next sentence names: “……。”王某说。
fn name_quotation_before(sentence: &Sentence<'_>, before: &[Sentence<'_>], out: &mut [Voice], vocabulary: &Vocabulary) {
    if !before.last().is_some_and(|s| s.text.ends_with('”')) {
        return;
    }
    let bare = sentence.text.trim_end_matches(['。', '！']);
    let clause = bare.split('，').next().unwrap_or(bare);
    let Some(verb) = vocabulary.saying.verbs(clause, sentence.says()).last().filter(|v| v.span.end == clause.len()) else { return };
    let Some(Speaker::Person(name) | Speaker::Body(name) | Speaker::Noun(name) | Speaker::Pointing(name)) =
        clause.get(..verb.span.start).and_then(|head| subject(head, vocabulary))
    else {
        return;
    };
    for (sentence, voice) in before.iter().zip(out.iter_mut()).rev() {
        let opens = sentence.text.contains('“');
        let opens_first = sentence.text.starts_with('“');
        if voice.reported {
            break;
        }
        *voice = Voice::of(Some(name.clone()), !opens_first);
        if opens {
            break;
        }
    }
}

/// A sentence without a verb of saying goes on with the words before it.
fn goes_on(sentence: &str, reading: &Reading<'_>, speaker: Option<&str>, vocabulary: &Vocabulary) -> bool {
    let saying = &vocabulary.saying;
    let begins = |kind| saying.begins(kind, sentence);
    let first = sentence.split('，').next().unwrap_or(sentence);
    if saying.ends(SayingKind::Told, first) || begins(SayingKind::Off) || tells_a_deed(sentence, speaker, vocabulary) {
        return false;
    }
    let asks = || sentence.starts_with(['要', '愿']) || sentence.starts_with("希望") || sentence.starts_with("必须");
    let argues = || !sentence.contains(|c: char| c.is_ascii_digit()) && saying.holds(SayingKind::Argue, sentence);
    match reading.flow {
        Flow::Article => reading.since == 0 && !begins(SayingKind::Time) && (asks() || we_must(sentence) || argues()),
        Flow::Speech => !begins(SayingKind::Show),
        Flow::News => {
            if speaker.is_some_and(|name| sentence.contains(name)) {
                return false;
            }
            let side = || sentence.chars().nth(1) == Some('军') || saying.holds(SayingKind::Claim, reading.after);
            let claimed = || !sentence.starts_with(|c: char| c.is_ascii_digit()) && saying.holds(SayingKind::Claim, sentence) && side();
            begins(SayingKind::On) || claimed() || !begins(SayingKind::Time) && argues()
        }
    }
}

/// 我们必须 in the first words after a condition.
fn we_must(sentence: &str) -> bool {
    ["我们必须", "我们要", "我们应"].iter().any(|w| sentence.find(w).is_some_and(|at| at > 0 && at < 60))
}

/// The sentence begins with a day, with the speaker as its subject, or ends with who was there.
fn tells_a_deed(sentence: &str, speaker: Option<&str>, vocabulary: &Vocabulary) -> bool {
    let opening = || sentence.chars().take(8);
    let day = opening().take(3).any(|c| c.is_ascii_digit()) && opening().any(|c| c == '日');
    let of_speaker = speaker.and_then(|name| sentence.strip_prefix(name)).is_some_and(|rest| !rest.starts_with(['要', '应', '愿', '将', '必']))
        || sentence.starts_with("他") && !sentence.starts_with("他们")
        || sentence.starts_with('她');
    day || of_speaker || sentence.starts_with("据") || vocabulary.saying.holds(SayingKind::Attended, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sentences: &[&str]) -> Vec<String> {
        let vocabulary = Vocabulary::builtin();
        let beginnings: Vec<Vec<_>> = sentences
            .iter()
            .map(|text| {
                let mut out = Vec::new();
                vocabulary.beginnings.find(text, SAYINGS | SAYS_NOTHING, &mut out);
                out
            })
            .collect();
        let sentences: Vec<Sentence<'_>> = sentences
            .iter()
            .zip(&beginnings)
            .map(|(text, beginnings)| Sentence { text, actor: None, beginnings: InSentence { all: beginnings, sentence: 0 }, persons: OnceCell::new() })
            .collect();
        let mut out = Vec::new();
        voices(&sentences, &vocabulary, &mut out);
        let shown = |v: &Voice| v.speaker.as_ref().map_or_else(|| v.name().to_owned(), |s| format!("{}{s}", if v.continued { "…" } else { "" }));
        out.iter().map(shown).collect()
    }

    #[test]
    fn reported_speech_has_its_speaker_and_comment_has_none() {
        assert_eq!(
            read(&[
                "2024年5月6日，省委书记赵建国在座谈会上强调，要抓好落实。",
                "要见到实效。",
                "随后，赵建国来到水渠边。",
                "他指出，前景广阔。",
                "会议指出，形势向好。",
            ]),
            ["赵建国", "…赵建国", "narrated", "赵建国", "会议"]
        );
    }

    #[test]
    fn words_that_only_look_like_saying_are_narrated() {
        assert_eq!(read(&["这部小说的名称很长。", "数据说明，生产在恢复。", "会议发表了重要讲话。"]), ["narrated", "narrated", "narrated"]);
    }
}
