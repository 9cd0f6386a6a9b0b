//! Voice: whether a sentence reports what somebody said, and who said it.

use super::actor::person;
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
}

/// Verbs of saying; `true`: an object is content enough (强调发展的重要性), else
/// the content must follow after a mark.
const VERBS: [(&str, bool); 26] = [
    ("强调", true),
    ("指出", true),
    ("要求", true),
    ("重申", true),
    ("呼吁", true),
    ("认为", true),
    ("警告", true),
    ("谴责", true),
    ("叮嘱", true),
    ("表示", false),
    ("说", false),
    ("称", false),
    ("提出", false),
    ("介绍", false),
    ("告诉记者", false),
    ("透露", false),
    ("坦言", false),
    ("证实", false),
    ("提到", false),
    ("谈到", false),
    ("写道", false),
    ("勉励", true),
    ("寄语", false),
    ("建议", false),
    ("回应", false),
    ("评论", false),
];

/// Beginnings of a sentence that goes on with what was said before.
const GOES_ON: [&str; 12] = ["要", "希望", "必须", "双方", "一要", "二要", "三要", "四要", "第一，", "第二，", "第三，", "让我们"];

/// The first verb of saying that has content after it: its bytes.
fn saying(sentence: &str) -> Option<Span> {
    let mut best: Option<Span> = None;
    for (verb, with_object) in VERBS {
        for (at, _) in sentence.match_indices(verb) {
            let end = at + verb.len();
            let after = sentence.get(end..).unwrap_or_default();
            let before = sentence.get(..at).unwrap_or_default();
            let marked = after.starts_with(['，', '：', '“', ',', ':', '「']);
            let object = with_object && !after.starts_with(['的', '了', '。', '、', '和']) && after.chars().count() > 4;
            // 说明, 名称, 称为, 所称, 小说, 据说: parts of other words.
            let other_word = after.starts_with(['明', '为', '号', '法', '赞', '谢']) || before.ends_with(['名', '小', '据', '所', '传', '学', '简', '的']);
            if !other_word && (marked || object) && best.is_none_or(|b| at < b.start) {
                best = Some(Span::new(at, end));
            }
        }
    }
    best
}

/// The voices of a paragraph's sentences, in order. `actors` are the first
/// persons of the events that each sentence introduces.
#[must_use]
pub(super) fn voices(sentences: &[&str], actors: &[Option<String>], vocabulary: &Vocabulary) -> Vec<Voice> {
    let mut out: Vec<Voice> = Vec::new();
    let mut last_person: Option<String> = None;
    for (i, sentence) in sentences.iter().enumerate() {
        if let Some(actor) = actors.get(i).and_then(Clone::clone) {
            last_person = Some(actor);
        }
        let voice = match saying(sentence) {
            Some(verb) => {
                let speaker = speaker(sentence, verb, last_person.as_deref(), vocabulary);
                if speaker.is_some() {
                    last_person.clone_from(&speaker);
                }
                Voice { reported: true, continued: false, speaker }
            }
            None => match out.last() {
                Some(before) if before.reported && GOES_ON.iter().any(|w| sentence.starts_with(w)) => {
                    Voice { reported: true, continued: true, speaker: before.speaker.clone() }
                }
                _ => Voice::default(),
            },
        };
        out.push(voice);
    }
    out
}

fn speaker(sentence: &str, verb: Span, last: Option<&str>, vocabulary: &Vocabulary) -> Option<String> {
    let head = sentence.get(..verb.start)?;
    let head = head.rsplit_once('）').map_or(head, |(_, rest)| rest);
    // From the clause of the verb back to the beginning of the sentence.
    for clause in head.rsplit(['，', '。', '；', '：', '”']) {
        let phrase = clause.split(['在', '就', '对', '向', '同']).next().unwrap_or(clause);
        let phrase = ["同时", "并", "还", "再次", "共同", "分别", "进一步", "特别", "反复", "也", "都", "则", "明确", "当天", "今天"]
            .iter()
            .fold(phrase.trim(), |p, w| p.strip_suffix(w).unwrap_or(p));
        if matches!(phrase, "他" | "她" | "总书记" | "其") {
            return last.map(str::to_owned).or_else(|| (phrase == "总书记").then(|| "习近平".to_owned()));
        }
        if let Some(actor) = person(phrase, vocabulary) {
            return Some(actor.name);
        }
        let count = phrase.chars().count();
        let is_date = phrase.ends_with(['日', '月', '年']) || phrase.contains(|c: char| c.is_ascii_digit());
        if (2..=16).contains(&count) && !is_date && !phrase.contains(['、', '“']) {
            return Some(phrase.to_owned());
        }
    }
    last.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sentences: &[&str]) -> Vec<String> {
        let vocabulary = Vocabulary::builtin();
        let actors = vec![None; sentences.len()];
        let shown = |v: &Voice| v.speaker.as_ref().map_or_else(|| v.name().to_owned(), |s| format!("{}{s}", if v.continued { "…" } else { "" }));
        voices(sentences, &actors, &vocabulary).iter().map(shown).collect()
    }

    #[test]
    fn reported_speech_has_its_speaker_and_comment_has_none() {
        assert_eq!(
            read(&[
                "2024年5月6日，省委书记赵建国在座谈会上强调，要抓好落实。",
                "要见到实效。",
                "水渠是农田的血脉。",
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
