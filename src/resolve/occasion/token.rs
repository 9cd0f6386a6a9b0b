//! A sentence → tokens: marks, dates, places, titles, heads, verbs and the
//! words that shape a sentence around them, in the order of the text.
//!
//! One pass over the places where one may begin; what lies between tokens is plain text.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{OccasionType, Sentence};
use crate::diagnostic::Span;
use crate::resolve::beginnings::{Beginnings, OCCASIONS, TOKENS};
use crate::resolve::char_set::CharSet;
use crate::resolve::words::Words;

/// The part of a word in a sentence that tells of an occasion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::resolve) enum Role {
    /// 举行, 召开: to hold.
    Hold,
    /// 开幕, 闭幕.
    Open,
    /// 出席, 参加.
    Attend,
    /// 主持.
    Chair,
    /// 致辞, 讲话: what a person does there.
    Speak,
    /// 强调, 称, 决定: its content follows.
    Say,
    /// 审议, 通过: what a meeting does.
    Deed,
    /// 在, 于.
    At,
    /// 来到, 赴.
    Go,
    /// 抵达.
    Arrive,
    /// 返回.
    Return,
    /// 同, 与.
    With,
    /// 和, 及.
    And,
    /// 暨.
    Joint,
    /// 向.
    Toward,
    /// 就, 对.
    About,
    /// 为.
    For,
    /// 由, 以, 据.
    By,
    /// 从.
    From,
    /// 的.
    Of,
    /// 了.
    Done,
    /// 并, 还, 共同.
    Also,
    /// 分别, 先后.
    Each,
    /// 将, 隆重, 下午: between subject, date and verb.
    Manner,
    /// 期间, 之后.
    During,
    /// 会上.
    On,
    /// 之际.
    Occasion,
    /// 精神, 以来: a name before it is only spoken of.
    Spoken,
    /// 来华, 结束: an occasion after it is only told in passing.
    Journey,
    /// 率领的.
    Led,
    /// 陪同下.
    Company,
    /// 主持下.
    Under,
    /// 他, 总书记.
    Pronoun,
    /// 在京.
    Capital,
    /// 两会期间.
    Congress,
    /// 现在: holds another word and means nothing.
    Trap,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::resolve) enum Kind {
    /// Number of a date of the sentence.
    Date(usize),
    /// Number of a place of the sentence.
    Place(usize),
    /// A noun that heads a name.
    Head {
        /// Its type.
        kind: OccasionType,
        /// It needs something before it to be a name.
        alone: bool,
    },
    /// A verb of an occasion.
    Verb(OccasionType),
    /// A shaping word.
    Role(Role),
    /// 主席, 总理.
    Title,
    /// 《…》.
    Work,
    /// “…” of one sentence or more: somebody's words.
    Speech,
    /// A mark of punctuation.
    Mark(char),
}

impl Kind {
    /// An occasion can be read from it; 甲主持会议 adds a person to one told before.
    pub(super) const fn tells(self) -> bool {
        matches!(self, Self::Head { .. } | Self::Verb(_) | Self::Role(Role::Attend | Role::Chair | Role::Speak))
    }
}

/// A piece of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::resolve) struct Token {
    pub span: Span,
    pub kind: Kind,
}

/// Most characters of a quotation that can be part of a name.
const MAX_QUOTED_BYTES: usize = 40 * 3;

/// The words of the vocabulary, ready to be found.
pub(in crate::resolve) struct Lexer {
    words: Words<Kind>,
    /// The words from which an occasion can be read.
    telling: Words<Tells>,
    /// What titles begin with.
    titles_firsts: CharSet,
    titles: Words<()>,
}

/// What a sentence may tell of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::resolve) enum Tells {
    Nothing,
    /// Who takes part in an occasion that was told before.
    Part,
    /// An occasion.
    Occasion,
}

impl Lexer {
    /// The first of two entries for one word holds.
    pub(in crate::resolve) fn new<'w>(entries: impl Iterator<Item = (&'w str, Kind)>) -> Self {
        const MARKS: [(&str, char); 14] = [
            ("，", '，'),
            ("。", '。'),
            ("；", '；'),
            ("：", '：'),
            ("！", '！'),
            ("？", '？'),
            ("、", '、'),
            ("“", '“'),
            ("”", '”'),
            ("《", '《'),
            ("》", '》'),
            ("（", '（'),
            ("）", '）'),
            ("\n", '\n'),
        ];
        let mut all: BTreeMap<&str, Kind> = MARKS.iter().map(|(text, mark)| (*text, Kind::Mark(*mark))).collect();
        for (word, kind) in entries {
            all.entry(word).or_insert(kind);
        }
        let tells = |kind: &Kind| if matches!(kind, Kind::Role(_)) { Tells::Part } else { Tells::Occasion };
        let telling = Words::new(all.iter().filter(|(_, kind)| kind.tells()).map(|(word, kind)| (*word, tells(kind))));
        let titles = || all.iter().filter(|(_, kind)| **kind == Kind::Title).map(|(word, _)| *word);
        let titles_firsts = titles().filter_map(|word| word.chars().next()).collect();
        let titles = Words::new(titles().map(|word| (word, ())));
        Self { words: Words::new(all), telling, titles_firsts, titles }
    }

    /// Tells `beginnings` of the words.
    pub(in crate::resolve) fn add_to(&self, beginnings: &mut Beginnings) {
        beginnings.add(OCCASIONS, self.telling.iter().map(|(word, _)| word));
        beginnings.add(TOKENS, self.words.iter().map(|(word, _)| word));
    }

    /// What the word tells with which `text` begins.
    pub(in crate::resolve) fn tells(&self, text: &str) -> Tells {
        self.telling.longest(text).map_or(Tells::Nothing, |(tells, _)| tells)
    }

    /// The titles in a short phrase.
    pub(in crate::resolve) fn titles(&self, phrase: &str, beginnings: &Beginnings) -> Vec<Span> {
        // Most phrases hold none, also none within another word.
        let begins = |at: usize| phrase.get(at..).is_some_and(|rest| self.titles.longest(rest).is_some());
        if !phrase.char_indices().any(|(at, c)| self.titles_firsts.contains(c) && begins(at)) {
            return Vec::new();
        }
        let tokens = self.words.leftmost(phrase, beginnings.each(phrase, TOKENS));
        tokens.filter(|(kind, _)| *kind == Kind::Title).map(|(_, span)| span).collect()
    }

    /// Reads a sentence into `out`; tells whether it holds anything from which
    /// an occasion can be read.
    ///
    /// # Cost
    /// One scan of the text; nothing is allocated once `out` has grown.
    pub(super) fn read(&self, sentence: Sentence<'_>, out: &mut Vec<Token>) -> bool {
        let Sentence { text, dates, places, beginnings, .. } = sentence;
        out.clear();
        let mut found = false;
        let (mut date, mut place) = (0, 0);
        for (kind, span) in self.words.leftmost(text, beginnings.of(TOKENS)) {
            if kind == Kind::Role(Role::Trap) {
                continue;
            }
            while let Some(next) = dates.get(date).filter(|d| d.span.start < span.end) {
                push(out, Token { span: next.span, kind: Kind::Date(date) });
                date += 1;
            }
            while let Some(next) = places.get(place).filter(|p| p.span.start < span.end) {
                // 人民大会堂 holds 大会, but 北京峰会 ends in a head.
                push(out, Token { span: next.span, kind: Kind::Place(place) });
                place += 1;
            }
            found |= kind.tells();
            push(out, Token { span, kind });
        }
        for (number, next) in dates.iter().enumerate().skip(date) {
            push(out, Token { span: next.span, kind: Kind::Date(number) });
        }
        for (number, next) in places.iter().enumerate().skip(place) {
            push(out, Token { span: next.span, kind: Kind::Place(number) });
        }
        if found {
            fold(out);
        }
        found
    }
}

/// Tokens do not overlap: a date holds what lies in it, and the longer of two
/// others holds the shorter.
fn push(out: &mut Vec<Token>, token: Token) {
    while let Some(last) = out.last().copied() {
        if last.span.end <= token.span.start {
            break;
        }
        let keeps = matches!(last.kind, Kind::Date(_))
            || (!matches!(token.kind, Kind::Date(_)) && last.span.end - last.span.start >= token.span.end - token.span.start);
        if keeps {
            return;
        }
        out.pop();
    }
    out.push(token);
}

/// Folds 《…》 into works, long “…” into speech, and drops what stands in （…）
/// and the marks and dates inside short quotations.
fn fold(tokens: &mut Vec<Token>) {
    let mut kept = 0;
    let mut at = 0;
    while let Some(token) = tokens.get(at).copied() {
        let close = match token.kind {
            Kind::Mark('《') => Some('》'),
            Kind::Mark('（') => Some('）'),
            Kind::Mark('“') => Some('”'),
            _ => None,
        };
        // Marks close within the sentence and at a bounded distance, or they are left alone.
        let end = close.and_then(|close| (at + 1..tokens.len().min(at + 400)).find(|i| tokens.get(*i).is_some_and(|t| t.kind == Kind::Mark(close))));
        let Some(end) = end else {
            keep(tokens, &mut kept, token);
            at += 1;
            continue;
        };
        let span = Span::new(token.span.start, tokens.get(end).map_or(token.span.end, |t| t.span.end));
        match close {
            Some('》') => keep(tokens, &mut kept, Token { span, kind: Kind::Work }),
            Some('”') if span.end - span.start > MAX_QUOTED_BYTES => keep(tokens, &mut kept, Token { span, kind: Kind::Speech }),
            Some('”') => {
                for inner in at..=end {
                    let Some(inner) = tokens.get(inner).copied() else { continue };
                    if matches!(inner.kind, Kind::Mark('“' | '”') | Kind::Head { .. } | Kind::Place(_) | Kind::Title) {
                        keep(tokens, &mut kept, inner);
                    }
                }
            }
            _ => {}
        }
        at = end + 1;
    }
    tokens.truncate(kept);
}

fn keep(tokens: &mut [Token], kept: &mut usize, token: Token) {
    if let Some(slot) = tokens.get_mut(*kept) {
        *slot = token;
        *kept += 1;
    }
}
