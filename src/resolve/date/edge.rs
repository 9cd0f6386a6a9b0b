//! What stands at the edge of a date: a weekday beside it, 底 and 初, 以来 and
//! 之前, a time of day.

use chrono::Datelike;

use super::grammar::Reader;
use super::token::Kind;
use super::{Bound, DateKind};
use crate::parse::DateRange;

impl Reader<'_> {
    /// A weekday right beside a date that falls on it: 周日, 二月十号 and
    /// 9月7日星期四. The date, and the byte and the token after both.
    pub(super) fn weekday_beside(&self, rule: &str, range: Option<DateRange>, to: usize, end: usize) -> Option<(DateRange, usize, usize)> {
        let day = range.filter(|r| r.start == r.end)?.start;
        let gap = self.text.get(to..self.tokens.get(end)?.span.start)?;
        if rule == "weekday" && matches!(gap, "," | "，" | ", " | "， " | " " | "") {
            let (value, _, next) = self.one(end)?;
            let other = self.complete(value, next).0.filter(|o| o.start == o.end && o.start.weekday() == day.weekday())?;
            return Some((other, self.span(next - 1).end, next));
        }
        let Some(Kind::Weekday(weekday)) = self.kind(end) else { return None };
        (matches!(gap, "" | " ") && day.weekday().num_days_from_monday() == weekday).then(|| (DateRange::of_day(day), self.span(end).end, end + 1))
    }

    /// 底, 初, 年底 after a year or a month: the byte after it, and whether the
    /// date is only somewhere in it.
    pub(super) fn edge(&self, rule: &str, to: usize) -> Option<(usize, bool)> {
        let after = self.after(to);
        let words: &[&str] = match rule {
            "year" | "year_word" | "short_year" => &["年底", "年末", "年初", "年中", "底", "末", "初"],
            "month" | "year_month" | "month_word" => &["底", "末", "初"],
            _ => return None,
        };
        let word = words.iter().find(|w| after.starts_with(**w))?;
        let common = after.starts_with('初') && after.chars().nth(1).is_some_and(|c| matches!(c, '步' | '期' | '级' | '中' | '心' | '试' | '创' | '次'));
        (!common).then_some((to + word.len(), matches!(rule, "year" | "year_word" | "short_year")))
    }

    /// Which side of the date is meant, and the byte after the mention.
    /// `clock` is the length of a time of day after it.
    pub(super) fn bound(&self, from: usize, to: usize, clock: usize, kind: DateKind) -> (Bound, usize) {
        let after = self.after(to);
        if let Some(word) = ["左右", "前后"].into_iter().find(|w| after.starts_with(w)) {
            return (Bound::About, to + word.len());
        }
        let to = if after.starts_with('内') && !after.chars().nth(1).is_some_and(|c| matches!(c, '部' | '容' | '需' | '外' | '蒙' | '地' | '阁')) {
            to + '内'.len_utf8()
        } else {
            to
        };
        let after = self.after(to + clock);
        let begins = |words: &[&str]| words.iter().any(|w| after.starts_with(*w));
        let common = |taken: &[char]| after.chars().nth(1).is_some_and(|c| taken.contains(&c));
        // Most dates are followed by no such word.
        let tells = after.starts_with(['或', '及', '为', '止', '以', '至', '开', '起', '之', '前', '后']);
        let by_word = if !tells {
            None
        } else if begins(&["或之前", "及之前", "及以前", "或以前", "为止"]) || (after.starts_with('止') && !common(&['于', '步'])) {
            Some(Bound::Until)
        } else if begins(&["或之后", "及之后", "及以后", "或以后", "以来", "至今", "开始"]) || (after.starts_with('起') && !common(&NOT_FROM))
        {
            Some(Bound::Since)
        } else if begins(&["以前", "之前"]) || (after.starts_with('前') && !common(&NOT_BEFORE)) {
            Some(if clock > 0 { Bound::Until } else { Bound::Before })
        } else if begins(&["以后", "之后"]) || (after.starts_with('后') && !common(&NOT_AFTER)) {
            Some(if clock > 0 { Bound::Since } else { Bound::After })
        } else {
            None
        };
        let before = self.before(from);
        let by_lead = || {
            if ["截至", "截止", "截止到", "截至到"].iter().any(|w| before.ends_with(w)) {
                return Bound::Until;
            }
            let from = before.strip_suffix("自从").or_else(|| before.strip_suffix('自').filter(|b| !b.ends_with(['来', '各', '出', '源', '亲', '独'])));
            if from.is_some() && kind != DateKind::Range { Bound::Since } else { Bound::Closed }
        };
        // 自5月26日至29日止: the range says it all.
        let by_word = by_word.map(|bound| if kind == DateKind::Range && matches!(bound, Bound::Until | Bound::Since) { Bound::Closed } else { bound });
        (by_word.unwrap_or_else(by_lead), to)
    }
}

/// Length in bytes of a time of day that `text` begins with: 下午3点十分, 8:30.
pub(super) fn time_of_day(text: &str) -> usize {
    const WORDS: [&str; 26] = [
        "上午",
        "下午",
        "中午",
        "晚上",
        "晚间",
        "早上",
        "早晨",
        "早间",
        "清晨",
        "凌晨",
        "傍晚",
        "深夜",
        "半夜",
        "午夜",
        "夜间",
        "夜里",
        "后半夜",
        "前半夜",
        "午间",
        "黎明",
        "黄昏",
        "午后",
        "全天",
        "当晚",
        "早",
        "晚",
    ];
    let trimmed = text.trim_start_matches(' ');
    // Most dates are followed by none.
    let begins = |c| {
        let word = matches!(c, '上' | '下' | '中' | '晚' | '早' | '清' | '凌' | '傍' | '深' | '半' | '午' | '夜' | '后' | '前' | '黎' | '黄' | '全' | '当');
        word || is_hour(c)
    };
    if !trimmed.starts_with(begins) {
        return 0;
    }
    let word = WORDS.iter().filter(|w| trimmed.starts_with(**w)).map(|w| w.len()).max().unwrap_or(0);
    let clock = clock(trimmed.get(word..).unwrap_or_default());
    if word + clock == 0 { 0 } else { text.len() - trimmed.len() + word + clock }
}

/// Of the number of an hour or a minute.
const fn is_hour(c: char) -> bool {
    matches!(c, '0'..='9' | '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十' | '两')
}

/// 8点, 八点半, 8:30, 11:00时: its length.
pub(super) fn clock(text: &str) -> usize {
    let number = |text: &str| text.len() - text.trim_start_matches(is_hour).len();
    let hour = number(text.get(..text.char_indices().nth(4).map_or(text.len(), |(at, _)| at)).unwrap_or_default());
    if hour == 0 {
        return 0;
    }
    let rest = text.get(hour..).unwrap_or_default();
    let Some(mark) = ["点", "时", ":", "："].into_iter().find(|m| rest.starts_with(m)) else { return 0 };
    let mut end = hour + mark.len();
    let rest = text.get(end..).unwrap_or_default();
    let minutes = number(rest.get(..rest.char_indices().nth(3).map_or(rest.len(), |(at, _)| at)).unwrap_or_default());
    end += minutes;
    for tail in ["分", "半", "整", "时", "许"] {
        if text.get(end..).is_some_and(|t| t.starts_with(tail)) {
            end += tail.len();
        }
    }
    end
}

/// 前往, 前后, 前夕 …: 前 belongs to the next word.
pub(super) const NOT_BEFORE: [char; 18] = ['往', '来', '后', '夕', '线', '沿', '瞻', '述', '任', '提', '景', '列', '进', '方', '期', '三', '所', '身'];
/// 后来, 后续 …: 后 belongs to the next word.
pub(super) const NOT_AFTER: [char; 13] = ['来', '续', '期', '者', '台', '备', '代', '裔', '果', '世', '勤', '半', '院'];
/// 起草, 起飞 …: 起 belongs to the next word.
const NOT_FROM: [char; 12] = ['草', '飞', '诉', '点', '义', '降', '源', '步', '伏', '码', '火', '床'];
