//! A sentence → date tokens: numerals, units, relative words, names of feasts
//! and periods, marks of range.

use super::almanac::Almanac;
use super::numeric::{Numeric, numeric};
use crate::diagnostic::Span;
use crate::parse::{Numeral, is_numeral, numeral};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number(Numeral),
    /// A whole date in digits.
    Numeric(Numeric),
    Year,
    Month,
    /// 日; 号 where it is a day.
    Day,
    Hao,
    /// A unit that counts: 3天, 8个月.
    Count(Unit),
    To,
    Dash,
    /// 第
    Ordinal,
    /// 前, 头 and 后 before a number.
    Front,
    Back,
    /// Days from the document's date.
    DayWord(i64),
    /// Days from the date before.
    PreviousDay(i64),
    MonthWord(i32),
    SameMonth,
    YearWord(i32),
    /// Years from the date before.
    PreviousYear(i32),
    /// Weeks from the document's.
    WeekWord(i64),
    /// 周三: 0 is Monday.
    Weekday(u32),
    /// 上周三.
    WeekdayIn(i64, u32),
    /// 上周末.
    WeekendIn(i64),
    Weekend,
    /// 季度
    Quarter,
    /// Q1.
    QuarterCode(u32),
    QuarterWord(i32),
    Half(u32),
    HalfMonth(u32),
    /// Third of a month.
    Third(u32),
    /// 春季 is 0.
    Season(u32),
    /// 世纪 and 年代 after a number.
    Century,
    Decade,
    CenturyWord(i32),
    /// 农历
    Lunar,
    /// 闰
    Leap,
    /// 正月, 冬月, 腊月.
    LunarMonth(u32),
    /// 初 before a lunar day.
    First,
    Feast(u16),
    Named(u16),
    Plan(u32),
    TwoSessions,
    /// Years to add: 民国.
    Era(i32),
    /// 公元前
    Bc,
    Vague,
    /// 近年来: too wide to date anything.
    VaguePeriod,
    /// 年底, 年初.
    EndOfYear,
    /// 月底, 月初.
    EndOfMonth,
    /// It begins like a date word and is none.
    Trap,
}

impl Kind {
    /// Its words are of every sentence, and make a token only before what a date
    /// goes on with.
    pub(super) const fn is_loose(self) -> bool {
        matches!(self, Self::Ordinal | Self::Front | Self::Back | Self::First | Self::To | Self::Dash)
    }

    /// Alone, or with others like it, it makes no date.
    pub(super) const fn needs_a_unit(self) -> bool {
        matches!(self, Self::Number(_) | Self::To | Self::Dash | Self::Ordinal | Self::Front | Self::Back | Self::First)
    }
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Day,
    Week,
    Month,
    Quarter,
}

/// A piece of a sentence that dates are made of.
#[derive(Clone, Copy, Debug)]
pub(in crate::resolve) struct Token {
    pub(super) span: Span,
    pub(super) kind: Kind,
}

/// The closed words of the grammar. Words of the Guangdong dialect that written
/// text uses (听日) are among them.
pub(super) const WORDS: &[(&str, Kind)] = &[
    ("今天", Kind::DayWord(0)),
    ("今日", Kind::DayWord(0)),
    ("今晚", Kind::DayWord(0)),
    ("今早", Kind::DayWord(0)),
    ("今晨", Kind::DayWord(0)),
    ("今夜", Kind::DayWord(0)),
    ("本日", Kind::DayWord(0)),
    ("即日", Kind::DayWord(0)),
    ("昨天", Kind::DayWord(-1)),
    ("昨日", Kind::DayWord(-1)),
    ("昨晚", Kind::DayWord(-1)),
    ("昨夜", Kind::DayWord(-1)),
    ("昨晨", Kind::DayWord(-1)),
    ("寻日", Kind::DayWord(-1)),
    ("琴日", Kind::DayWord(-1)),
    ("前天", Kind::DayWord(-2)),
    ("前日", Kind::DayWord(-2)),
    ("前晚", Kind::DayWord(-2)),
    ("大前天", Kind::DayWord(-3)),
    ("大前日", Kind::DayWord(-3)),
    ("明天", Kind::DayWord(1)),
    ("明日", Kind::DayWord(1)),
    ("明晚", Kind::DayWord(1)),
    ("明早", Kind::DayWord(1)),
    ("明晨", Kind::DayWord(1)),
    ("听日", Kind::DayWord(1)),
    ("后天", Kind::DayWord(2)),
    ("后日", Kind::DayWord(2)),
    ("大后天", Kind::DayWord(3)),
    ("大后日", Kind::DayWord(3)),
    ("大大后天", Kind::DayWord(4)),
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
    ("这月", Kind::MonthWord(0)),
    ("这个月", Kind::MonthWord(0)),
    ("今个月", Kind::MonthWord(0)),
    ("上上个月", Kind::MonthWord(-2)),
    ("上一个月", Kind::MonthWord(-1)),
    ("上个月", Kind::MonthWord(-1)),
    ("上月", Kind::MonthWord(-1)),
    ("下一个月", Kind::MonthWord(1)),
    ("下个月", Kind::MonthWord(1)),
    ("下月", Kind::MonthWord(1)),
    ("下下个月", Kind::MonthWord(2)),
    ("当月", Kind::SameMonth),
    ("同月", Kind::SameMonth),
    ("今年", Kind::YearWord(0)),
    ("本年", Kind::YearWord(0)),
    ("这一年", Kind::YearWord(0)),
    ("去年", Kind::YearWord(-1)),
    ("上年", Kind::YearWord(-1)),
    ("前年", Kind::YearWord(-2)),
    ("大前年", Kind::YearWord(-3)),
    ("明年", Kind::YearWord(1)),
    ("来年", Kind::YearWord(1)),
    ("下年", Kind::YearWord(1)),
    ("后年", Kind::YearWord(2)),
    ("大后年", Kind::YearWord(3)),
    ("当年", Kind::PreviousYear(0)),
    ("同年", Kind::PreviousYear(0)),
    ("次年", Kind::PreviousYear(1)),
    ("翌年", Kind::PreviousYear(1)),
    ("周末", Kind::Weekend),
    ("季度", Kind::Quarter),
    ("本季度", Kind::QuarterWord(0)),
    ("这个季度", Kind::QuarterWord(0)),
    ("上季度", Kind::QuarterWord(-1)),
    ("上个季度", Kind::QuarterWord(-1)),
    ("上一季度", Kind::QuarterWord(-1)),
    ("下季度", Kind::QuarterWord(1)),
    ("下个季度", Kind::QuarterWord(1)),
    ("下一季度", Kind::QuarterWord(1)),
    ("上半年", Kind::Half(1)),
    ("前半年", Kind::Half(1)),
    ("下半年", Kind::Half(2)),
    ("后半年", Kind::Half(2)),
    ("上半月", Kind::HalfMonth(1)),
    ("下半月", Kind::HalfMonth(2)),
    ("上旬", Kind::Third(0)),
    ("中旬", Kind::Third(1)),
    ("下旬", Kind::Third(2)),
    ("春季", Kind::Season(0)),
    ("春天", Kind::Season(0)),
    ("夏季", Kind::Season(1)),
    ("夏天", Kind::Season(1)),
    ("秋季", Kind::Season(2)),
    ("秋天", Kind::Season(2)),
    ("冬季", Kind::Season(3)),
    ("冬天", Kind::Season(3)),
    ("世纪", Kind::Century),
    ("年代", Kind::Decade),
    ("上世纪", Kind::CenturyWord(-1)),
    ("上个世纪", Kind::CenturyWord(-1)),
    ("本世纪", Kind::CenturyWord(0)),
    ("这个世纪", Kind::CenturyWord(0)),
    ("农历", Kind::Lunar),
    ("阴历", Kind::Lunar),
    ("旧历", Kind::Lunar),
    ("夏历", Kind::Lunar),
    ("闰", Kind::Leap),
    ("初", Kind::First),
    ("正月", Kind::LunarMonth(1)),
    ("大年初", Kind::LunarMonth(0)),
    ("冬月", Kind::LunarMonth(11)),
    ("腊月", Kind::LunarMonth(12)),
    ("全国两会", Kind::TwoSessions),
    ("民国", Kind::Era(1911)),
    ("公元", Kind::Era(0)),
    ("公历", Kind::Era(0)),
    ("公元前", Kind::Bc),
    ("近日", Kind::Vague),
    ("日前", Kind::Vague),
    ("近来", Kind::Vague),
    ("近期", Kind::Vague),
    ("前不久", Kind::Vague),
    ("不久前", Kind::Vague),
    ("连日来", Kind::Vague),
    ("前些天", Kind::Vague),
    ("前几天", Kind::Vague),
    ("近年来", Kind::VaguePeriod),
    ("近些年来", Kind::VaguePeriod),
    ("近几年", Kind::VaguePeriod),
    ("多年来", Kind::VaguePeriod),
    ("长期以来", Kind::VaguePeriod),
    ("年底", Kind::EndOfYear),
    ("年末", Kind::EndOfYear),
    ("年初", Kind::EndOfYear),
    ("月底", Kind::EndOfMonth),
    ("月末", Kind::EndOfMonth),
    ("月初", Kind::EndOfMonth),
    ("第", Kind::Ordinal),
    ("前", Kind::Front),
    ("头", Kind::Front),
    ("后", Kind::Back),
    ("至", Kind::To),
    ("到", Kind::To),
    ("-", Kind::Dash),
    ("－", Kind::Dash),
    ("—", Kind::Dash),
    ("——", Kind::Dash),
    ("–", Kind::Dash),
    ("─", Kind::Dash),
    ("~", Kind::Dash),
    ("～", Kind::Dash),
    ("至今", Kind::Trap),
    ("本年度", Kind::Trap),
    ("当年度", Kind::Trap),
    ("到位", Kind::Trap),
    ("今日头条", Kind::Trap),
    ("上年纪", Kind::Trap),
    ("后天性", Kind::Trap),
    ("后天下", Kind::Trap),
    ("明日益", Kind::Trap),
    ("联合国日内瓦", Kind::Trap),
    ("日本日", Kind::Trap),
    ("十月革命", Kind::Trap),
    ("二月革命", Kind::Trap),
    ("三月街", Kind::Trap),
    ("五月花", Kind::Trap),
    ("前日本", Kind::Trap),
    ("后日本", Kind::Trap),
    ("今日本", Kind::Trap),
    ("当日本", Kind::Trap),
    ("近日本", Kind::Trap),
    ("近日点", Kind::Trap),
    ("前年度", Kind::Trap),
    ("同年级", Kind::Trap),
    ("同年龄", Kind::Trap),
    ("上周期", Kind::Trap),
    ("本周期", Kind::Trap),
    ("下周期", Kind::Trap),
    ("前天津", Kind::Trap),
    ("初步", Kind::Trap),
    ("当年轻", Kind::Trap),
];

/// The week that each of these begins a word for, with 个, 一 or 一个 between or not.
const WEEKS: [(&str, i64); 8] = [("上上", -2), ("上", -1), ("这", 0), ("本", 0), ("今", 0), ("呢", 0), ("下下", 2), ("下", 1)];

/// What a week is called.
const WEEK_UNITS: [&str; 3] = ["星期", "礼拜", "周"];

/// 一 to 六 and 日 or 天, at the end of a weekday's name: 0 is Monday.
fn weekday(text: &str) -> Option<(u32, usize)> {
    let mut chars = text.chars();
    let c = chars.next()?;
    let number = "一二三四五六".chars().position(|d| d == c).or_else(|| matches!(c, '日' | '天').then_some(6))?;
    // 上周一共, 周三大看点, 上周日本: the character belongs to the next word.
    let taken = match c {
        '日' => ['本', '报', '益', '常'].as_slice(),
        '天' => ['天', '气', '津'].as_slice(),
        _ => ['共', '个', '些', '次', '直', '定', '月', '大', '场', '名', '天', '年', '项', '期', '十', '百', '分', '位', '起', '届'].as_slice(),
    };
    let next = chars.next();
    (!next.is_some_and(|n| taken.contains(&n) || (c != '日' && c != '天' && is_numeral(n)))).then_some((u32::try_from(number).ok()?, c.len_utf8()))
}

/// A word for a week or a day or the end of one: 上周, 本周三, 下个星期天, 周末.
fn week_word(text: &str) -> Option<(Kind, usize)> {
    let prefix = WEEKS.iter().find(|(word, _)| text.starts_with(word));
    let Some((word, week)) = prefix else {
        let unit = WEEK_UNITS.iter().find(|unit| text.starts_with(**unit))?;
        let (day, bytes) = weekday(text.get(unit.len()..)?)?;
        return Some((Kind::Weekday(day), unit.len() + bytes));
    };
    let middle = ["一个", "个", "一"].into_iter().find(|m| text.get(word.len()..).is_some_and(|t| t.starts_with(m))).map_or(0, str::len);
    // 今周 is no word, 今个星期 is one.
    if (*word == "今" || *word == "呢") && middle == 0 {
        return None;
    }
    let at = word.len() + middle;
    let unit = WEEK_UNITS.iter().find(|unit| text.get(at..).is_some_and(|t| t.starts_with(**unit)))?;
    let at = at + unit.len();
    let rest = text.get(at..)?;
    if let Some((day, bytes)) = weekday(rest) {
        return Some((Kind::WeekdayIn(*week, day), at + bytes));
    }
    if rest.starts_with('末') {
        return Some((Kind::WeekendIn(*week), at + '末'.len_utf8()));
    }
    (!rest.starts_with(['期', '年', '岁', '边', '围', '刊', '报'])).then_some((Kind::WeekWord(*week), at))
}

/// The names of weeks and weekdays, and what they begin with.
pub(super) fn week_words() -> impl Iterator<Item = String> {
    let of_a_week = WEEKS.iter().flat_map(|(word, _)| {
        let units = || WEEK_UNITS.iter();
        ["", "个", "一", "一个"].into_iter().flat_map(move |middle| units().map(move |unit| format!("{word}{middle}{unit}")))
    });
    let days = WEEK_UNITS.iter().flat_map(|unit| "一二三四五六日天".chars().map(move |day| format!("{unit}{day}")));
    let quarters = ["Q", "q"].into_iter().flat_map(|letter| (1..=4).map(move |number| format!("{letter}{number}")));
    of_a_week.chain(days).chain(quarters)
}

/// The date tokens of a sentence, in order. `starts` are the bytes, in order, at
/// which one may begin that touches none before it.
///
/// # Cost
/// A search in a short list for each byte given and after each token.
pub(super) fn tokens(text: &str, starts: impl Iterator<Item = usize>, almanac: &Almanac, out: &mut Vec<Token>) {
    out.clear();
    let mut starts = starts.peekable();
    let mut skip_to = 0;
    // Where a token would touch the one before.
    let mut touching: Option<usize> = None;
    loop {
        let start = starts.peek().copied();
        let at = match (touching, start) {
            (Some(touching), Some(start)) => touching.min(start),
            (Some(at), None) | (None, Some(at)) => at,
            (None, None) => break,
        };
        let (touches, starts_here) = (touching == Some(at), start == Some(at));
        if touches {
            touching = None;
        }
        if starts_here {
            starts.next();
        }
        if at < skip_to {
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        let Some(c) = rest.chars().next() else { break };
        let class = almanac.class(c);
        let mut found = None;
        if touches && class & UNIT != 0 && out.last().is_some_and(|t| matches!(t.kind, Kind::Number(_))) {
            found = unit(rest).map(|(kind, bytes)| (kind, Span::new(at, at + bytes)));
        }
        if found.is_none() && (starts_here && class & !UNIT != 0 || class & (NUMERAL | LOOSE) != 0) {
            found = token(text, at, c, class, almanac);
        }
        if let Some((kind, span)) = found {
            skip_to = span.end;
            if kind != Kind::Trap && !(out.is_empty() && matches!(kind, Kind::To | Kind::Dash)) {
                out.push(Token { span, kind });
                let space = text.get(span.end..).is_some_and(|after| after.starts_with(' '));
                touching = Some(span.end + usize::from(space));
            }
        } else if class & NUMERAL != 0 {
            // A run too long to be a numeral is passed over as one.
            skip_to = at + rest.len() - rest.trim_start_matches(is_numeral).len();
        }
    }
}

/// Classes of characters: what one may begin.
pub(super) const WORD: u8 = 1;
pub(super) const NUMERAL: u8 = 2;
/// What only follows a number.
pub(super) const UNIT: u8 = 4;
const WEEK: u8 = 8;
/// A word that begins a token by itself only before certain characters, but
/// always where it touches the one before.
pub(super) const LOOSE: u8 = 16;

/// The classes of a character, but for [`WORD`] and [`LOOSE`].
pub(super) const fn class_of(c: char) -> u8 {
    let numeral = if is_numeral(c) { NUMERAL } else { 0 };
    let unit = if matches!(c, '年' | '月' | '日' | '号' | '天' | '周' | '个' | '星' | '礼' | '季' | '世') { UNIT } else { 0 };
    let week = if matches!(c, '周' | '星' | '礼' | '上' | '下' | '这' | '本' | '今' | '呢' | 'Q' | 'q') { WEEK } else { 0 };
    numeral | unit | week
}

/// What only follows a number.
fn unit(rest: &str) -> Option<(Kind, usize)> {
    const UNITS: [(&str, Kind); 16] = [
        ("年代", Kind::Decade),
        ("年", Kind::Year),
        ("月份", Kind::Month),
        ("月", Kind::Month),
        ("日", Kind::Day),
        ("号", Kind::Hao),
        ("天", Kind::Count(Unit::Day)),
        ("个月", Kind::Count(Unit::Month)),
        ("个季度", Kind::Count(Unit::Quarter)),
        ("世纪", Kind::Century),
        ("季度", Kind::Quarter),
        ("个星期", Kind::Count(Unit::Week)),
        ("个礼拜", Kind::Count(Unit::Week)),
        ("星期", Kind::Count(Unit::Week)),
        ("礼拜", Kind::Count(Unit::Week)),
        ("周", Kind::Count(Unit::Week)),
    ];
    // 第一个星期一, 第一个周二.
    if let Some(word) = rest.strip_prefix('个')
        && let Some((Kind::Weekday(day), bytes)) = week_word(word)
    {
        return Some((Kind::Weekday(day), '个'.len_utf8() + bytes));
    }
    UNITS.iter().find(|(word, _)| rest.starts_with(word)).map(|(word, kind)| (*kind, word.len()))
}

fn token(text: &str, at: usize, c: char, class: u8, almanac: &Almanac) -> Option<(Kind, Span)> {
    let rest = text.get(at..)?;
    let here = |kind: Kind, bytes: usize| (kind, Span::new(at, at + bytes));
    let before = text.get(..at)?.chars().next_back();
    if c.is_ascii_digit() {
        if let Some((value, bytes)) = numeric(text, at) {
            return Some(here(Kind::Numeric(value), bytes));
        }
        return numeral(rest).map(|n| here(Kind::Number(n), n.bytes));
    }
    if matches!(c, 'Q' | 'q') {
        let digit = rest.chars().nth(1).and_then(|d| d.to_digit(10)).filter(|d| (1..=4).contains(d))?;
        let bounded = |c: Option<char>| !c.is_some_and(|c| c.is_ascii_alphabetic());
        return (bounded(before) && !rest.chars().nth(2).is_some_and(|c| c.is_ascii_alphanumeric())).then(|| here(Kind::QuarterCode(digit), 2));
    }
    // 每周三 and 一周三次 are recurrences.
    let recurs = || before.is_some_and(|b| matches!(b, '每' | '隔' | '几' | '半' | '整' | '逐' | '商') || is_numeral(b) || (b == '日' && c == '本'));
    if class & WEEK != 0
        && let Some((kind, bytes)) = week_word(rest).filter(|_| !recurs())
    {
        return Some(here(kind, bytes));
    }
    // 2021年春, where no word of several characters begins with it.
    if before == Some('年')
        && class & WORD != 0
        && let Some(season) = "春夏秋冬".chars().position(|s| s == c)
        && !rest.chars().nth(1).is_some_and(crate::parse::is_han)
    {
        return Some(here(Kind::Season(u32::try_from(season).ok()?), c.len_utf8()));
    }
    if c == '两' && rest.get('两'.len_utf8()..)?.starts_with(['天', '周', '个', '年']) {
        return Some(here(Kind::Number(Numeral { value: 2, bytes: c.len_utf8(), digits: 1 }), c.len_utf8()));
    }
    let number = if class & NUMERAL != 0 { numeral(rest) } else { None };
    let word = almanac.word(rest).filter(|(_, bytes)| number.is_none_or(|n| *bytes >= n.bytes));
    word.and_then(|(kind, bytes)| admitted(kind, text, Span::new(at, at + bytes), almanac)).or_else(|| number.map(|n| here(Kind::Number(n), n.bytes)))
}

const OPENING: [char; 4] = ['“', '‘', '"', '「'];
const CLOSING: [char; 4] = ['”', '’', '"', '」'];

/// A word whose surroundings allow it, and its span: names that are numbers or
/// common words as well need quotation marks or a word after them.
fn admitted(kind: Kind, text: &str, span: Span, almanac: &Almanac) -> Option<(Kind, Span)> {
    let (before, after) = (text.get(..span.start)?, text.get(span.end..)?);
    let quoted = before.ends_with(OPENING) && after.starts_with(CLOSING);
    let number_goes_on = || {
        let last = span.of(text).chars().next_back().is_some_and(is_numeral);
        last && after.starts_with(|c: char| is_numeral(c) || matches!(c, '日' | '号' | '月' | '年' | '个' | '届'))
    };
    match kind {
        // 至今年2月: 今年 is a word of its own.
        Kind::Trap if span.of(text) == "至今" && after.starts_with(['年', '天', '日', '晚', '晨', '早', '夜', '春', '夏', '秋', '冬']) => {
            Some((Kind::To, Span::new(span.start, span.start + '至'.len_utf8())))
        }
        // Without a number after them these are words of every sentence.
        Kind::Front | Kind::Back | Kind::Ordinal if !after.starts_with(|c: char| is_numeral(c) || c == '两') => None,
        // 《明日之后》: a word that points is none in a title.
        Kind::DayWord(_) | Kind::MonthWord(_) | Kind::YearWord(_) if before.ends_with('《') => None,
        Kind::Plan(number) if !span.of(text).starts_with('第') => {
            let beyond = if quoted { after.trim_start_matches(CLOSING) } else { after };
            let suffix = ["时期", "期间", "规划", "计划"].into_iter().find(|s| beyond.starts_with(s));
            let told = ["末", "初", "以来", "开局", "收官", "中期", "后期", "以后", "之后", "之前", "发展规划"].iter().any(|s| beyond.starts_with(s));
            let long = number > 10;
            let fits = suffix.is_some() || (quoted && long) || ((quoted || long) && told);
            if !fits || before.ends_with(|c: char| c == '第' || is_numeral(c)) {
                return None;
            }
            let start = if quoted { span.start - before.chars().next_back().map_or(0, char::len_utf8) } else { span.start };
            Some((kind, Span::new(start, text.len() - beyond.len() + suffix.map_or(0, str::len))))
        }
        Kind::Feast(number) => {
            let feast = almanac.feasts.get(usize::from(number))?;
            let beyond = if quoted { after.trim_start_matches(CLOSING) } else { after };
            let told = ["假期", "小长假", "长假", "黄金周", "假日", "期间", "节气", "时节", "前后", "前夕", "将至"].iter().any(|s| beyond.starts_with(s));
            let alone = text.trim().len() == span.end - span.start;
            (!number_goes_on() && (!feast.guarded || quoted || told || alone)).then_some((kind, span))
        }
        Kind::Named(_) => {
            let inside = before.ends_with(|c: char| c == '第' || is_numeral(c)) || after.starts_with(['类', '项', '个', '任']);
            (!inside).then_some((kind, span))
        }
        _ => Some((kind, span)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        let mut out = Vec::new();
        tokens(text, text.char_indices().map(|(at, _)| at), &crate::resolve::Vocabulary::builtin().almanac, &mut out);
        out.into_iter().map(|t| t.kind).collect()
    }

    #[test]
    fn words_of_weeks_are_read_with_their_day() {
        assert_eq!(kinds("上周三"), [Kind::WeekdayIn(-1, 2)]);
        assert_eq!(kinds("下下个星期天"), [Kind::WeekdayIn(2, 6)]);
        assert_eq!(kinds("本周末"), [Kind::WeekendIn(0)]);
        assert_eq!(kinds("这一周"), [Kind::WeekWord(0)]);
        assert_eq!(kinds("礼拜日"), [Kind::Weekday(6)]);
    }

    #[test]
    fn what_recurs_or_goes_on_is_no_weekday() {
        assert!(!kinds("每周三").iter().any(|k| matches!(k, Kind::Weekday(_))));
        assert!(!kinds("一周三次").iter().any(|k| matches!(k, Kind::Weekday(_))));
        assert_eq!(kinds("上周一共").first(), Some(&Kind::WeekWord(-1)));
        assert!(kinds("上周期").is_empty());
    }

    #[test]
    fn a_plan_needs_its_quotation_marks_or_a_word_after_it() {
        assert_eq!(kinds("“十四五”"), [Kind::Plan(14)]);
        assert_eq!(kinds("十五期间"), [Kind::Plan(10)]);
        assert!(!kinds("十五人").contains(&Kind::Plan(10)));
        assert!(!kinds("十四五个人").contains(&Kind::Plan(14)));
    }
}
