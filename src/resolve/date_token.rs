//! A sentence → date tokens: numerals, units, relative words, marks of range.

use crate::diagnostic::Span;
use crate::parse::{Numeral, is_numeral, numeral};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number(Numeral),
    Year,
    Month,
    Day,
    To,
    Dash,
    /// Days from the document's date.
    DayWord(i64),
    /// Days from the date before.
    PreviousDay(i64),
    MonthWord(i32),
    YearWord(i32),
    SameMonth,
    SameYear,
    /// 1 to 4; 0: the number stands before (三季度).
    Quarter,
    FirstQuarters,
    Half(u32),
    /// Third of a month.
    Third(u32),
    Vague,
}

/// A piece of a sentence that dates are made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub span: Span,
    pub kind: Kind,
}

/// Words that date without a number, longest first among those with one beginning.
const WORDS: [(&str, Kind); 62] = [
    ("今天", Kind::DayWord(0)),
    ("今日", Kind::DayWord(0)),
    ("今晚", Kind::DayWord(0)),
    ("今早", Kind::DayWord(0)),
    ("今晨", Kind::DayWord(0)),
    ("昨天", Kind::DayWord(-1)),
    ("昨日", Kind::DayWord(-1)),
    ("昨晚", Kind::DayWord(-1)),
    ("昨夜", Kind::DayWord(-1)),
    ("前天", Kind::DayWord(-2)),
    ("明天", Kind::DayWord(1)),
    ("明日", Kind::DayWord(1)),
    ("明晚", Kind::DayWord(1)),
    ("后天", Kind::DayWord(2)),
    ("当天", Kind::PreviousDay(0)),
    ("当日", Kind::PreviousDay(0)),
    ("同日", Kind::PreviousDay(0)),
    ("同一天", Kind::PreviousDay(0)),
    ("当晚", Kind::PreviousDay(0)),
    ("次日", Kind::PreviousDay(1)),
    ("翌日", Kind::PreviousDay(1)),
    ("第二天", Kind::PreviousDay(1)),
    ("前一天", Kind::PreviousDay(-1)),
    ("此前一天", Kind::PreviousDay(-1)),
    ("本月", Kind::MonthWord(0)),
    ("这个月", Kind::MonthWord(0)),
    ("上个月", Kind::MonthWord(-1)),
    ("上月", Kind::MonthWord(-1)),
    ("下个月", Kind::MonthWord(1)),
    ("下月", Kind::MonthWord(1)),
    ("当月", Kind::SameMonth),
    ("今年", Kind::YearWord(0)),
    ("本年", Kind::YearWord(0)),
    ("去年", Kind::YearWord(-1)),
    ("上年", Kind::YearWord(-1)),
    ("前年", Kind::YearWord(-2)),
    ("明年", Kind::YearWord(1)),
    ("来年", Kind::YearWord(1)),
    ("后年", Kind::YearWord(2)),
    ("当年", Kind::SameYear),
    ("同年", Kind::SameYear),
    ("次年", Kind::SameYear),
    ("季度", Kind::Quarter),
    ("前三季度", Kind::FirstQuarters),
    ("上半年", Kind::Half(1)),
    ("下半年", Kind::Half(2)),
    ("上旬", Kind::Third(0)),
    ("中旬", Kind::Third(1)),
    ("下旬", Kind::Third(2)),
    ("近日", Kind::Vague),
    ("日前", Kind::Vague),
    ("近来", Kind::Vague),
    ("近期", Kind::Vague),
    ("前不久", Kind::Vague),
    ("不久前", Kind::Vague),
    ("连日来", Kind::Vague),
    ("前些天", Kind::Vague),
    ("前几天", Kind::Vague),
    ("至", Kind::To),
    ("到", Kind::To),
    ("－", Kind::Dash),
    ("～", Kind::Dash),
];

/// Words that begin like a date word and are none.
const TRAPS: [&str; 8] = ["今天下", "明天下", "至今", "本年度", "到位", "今日头条", "上年纪", "当年度"];

/// The date tokens of a sentence, in order; most characters begin none.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    let mut skip_to = 0;
    for (at, c) in text.char_indices() {
        if at < skip_to || !may_begin(c) {
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        if let Some(trap) = TRAPS.iter().find(|trap| rest.starts_with(**trap)) {
            skip_to = at + trap.len();
            continue;
        }
        let touches = |t: &Token| matches!(text.get(t.span.end..at), Some("" | " "));
        let after_number = out.last().is_some_and(|t| matches!(t.kind, Kind::Number(_)) && touches(t));
        let found = match c {
            '年' if after_number => Some((Kind::Year, c.len_utf8())),
            '月' if after_number => Some((Kind::Month, if rest.starts_with("月份") { 6 } else { 3 })),
            '日' | '号' if after_number => Some((Kind::Day, 3)),
            '-' | '—' | '–' | '~' | '/' | '.' => Some((Kind::Dash, rest.len() - rest.trim_start_matches(c).len())),
            _ => WORDS
                .iter()
                .filter(|(word, _)| rest.starts_with(word))
                .max_by_key(|(word, _)| word.len())
                .map(|(word, kind)| (*kind, word.len()))
                .or_else(|| numeral(rest).map(|n| (Kind::Number(n), n.bytes))),
        };
        if let Some((kind, bytes)) = found {
            out.push(Token { span: Span::new(at, at + bytes), kind });
            skip_to = at + bytes;
        } else if is_numeral(c) {
            // A run too long to be a numeral is passed over as one.
            skip_to = at + rest.len() - rest.trim_start_matches(is_numeral).len();
        }
    }
    out
}

fn may_begin(c: char) -> bool {
    is_numeral(c)
        || matches!(
            c,
            '年' | '月'
                | '日'
                | '号'
                | '-'
                | '—'
                | '–'
                | '~'
                | '/'
                | '.'
                | '－'
                | '～'
                | '今'
                | '昨'
                | '前'
                | '明'
                | '后'
                | '当'
                | '同'
                | '次'
                | '翌'
                | '第'
                | '此'
                | '本'
                | '这'
                | '上'
                | '下'
                | '去'
                | '来'
                | '季'
                | '中'
                | '近'
                | '不'
                | '连'
                | '至'
                | '到'
        )
}
