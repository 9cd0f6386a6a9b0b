//! The grammar of dates: neighbouring tokens → one mention.
//!
//! Each production looks at a few tokens from a place on and says which date
//! stands there, by which rule, and where it ends.

use chrono::{Datelike, NaiveDate};

use super::almanac::Almanac;
use super::days::{half_of, month_shifted, third_of, week_from, weekend_of, years};
use super::edge::{NOT_AFTER, NOT_BEFORE, time_of_day};
use super::feast::shifted;
use super::numeric::{Numeric, short_year};
use super::token::{Kind, Token, Unit};
use super::{Anchor, Bound, DateContext, DateKind, DateMention};
use crate::diagnostic::Span;
use crate::parse::{DateRange, Numeral, Precision};

/// A date as its writing gives it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fields {
    pub year: Option<i32>,
    pub month: Option<u32>,
    pub day: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// Something is left out.
    Fields(Fields),
    /// It is known, by an anchor; and what else it may be.
    Whole(DateRange, Anchor, Option<DateRange>),
    /// Either of two.
    Either(DateRange, DateRange),
    /// A period or occasion with a name.
    Named(DateRange),
    /// The text does not tell; somewhere in this range.
    Vague(Option<DateRange>),
    /// Its anchor is missing.
    Open,
}

/// What a production read: a value, its rule, and the token after it.
pub(super) type Read = (Value, &'static str, usize);

/// What makes a feast a holiday of several days.
pub(super) const HOLIDAYS: [&str; 4] = ["假期", "小长假", "长假", "黄金周"];

/// A sentence with its tokens and what it knows.
#[derive(Clone, Copy)]
pub(super) struct Reader<'t> {
    pub text: &'t str,
    pub tokens: &'t [Token],
    pub context: DateContext,
    /// The last date with a value in this sentence.
    pub in_sentence: Option<DateRange>,
    pub almanac: &'t Almanac,
}

pub(super) fn whole(range: Option<DateRange>, anchor: Anchor) -> Value {
    range.map_or(Value::Open, |r| Value::Whole(r, anchor, None))
}

impl<'t> Reader<'t> {
    pub(super) fn kind(&self, at: usize) -> Option<Kind> {
        self.tokens.get(at).map(|t| t.kind)
    }

    /// What stands between token `at` and the one before.
    pub(super) fn gap(&self, at: usize) -> Option<&'t str> {
        self.text.get(self.tokens.get(at.checked_sub(1)?)?.span.end..self.tokens.get(at)?.span.start)
    }

    /// The kind of token `at` if it touches the one before (one space allowed).
    pub(super) fn next(&self, at: usize) -> Option<Kind> {
        let (before, token) = (self.tokens.get(at.checked_sub(1)?)?, self.tokens.get(at)?);
        let touches = before.span.end == token.span.start || self.gap(at) == Some(" ");
        touches.then_some(token.kind)
    }

    /// The same, with 的 allowed between: 十月的第一周.
    pub(super) fn next_of(&self, at: usize) -> Option<Kind> {
        self.next(at).or_else(|| if self.gap(at) == Some("的") { self.kind(at) } else { None })
    }

    pub(super) fn number(&self, at: usize) -> Option<Numeral> {
        match self.next(at)? {
            Kind::Number(n) => Some(n),
            _ => None,
        }
    }

    pub(super) fn span(&self, at: usize) -> Span {
        self.tokens.get(at).map_or_else(Span::default, |t| t.span)
    }

    pub(super) fn before(&self, byte: usize) -> &'t str {
        self.text.get(..byte).unwrap_or_default()
    }

    pub(super) fn after(&self, byte: usize) -> &'t str {
        self.text.get(byte..).unwrap_or_default()
    }

    /// The mention that begins at token `at`, and the token after it.
    pub(super) fn mention(&self, at: usize) -> Option<(DateMention, usize)> {
        if !self.may_stand(at) {
            return None;
        }
        let (first, mut rule, mut end) = self.compact_range_head(at).or_else(|| self.one(at))?;
        let mut kind = match first {
            Value::Vague(_) => DateKind::Vague,
            Value::Named(_) => DateKind::Named,
            _ => DateKind::Point,
        };
        let (mut range, mut anchor, mut candidates) = self.complete(first, end);
        let mut to = self.span(end.checked_sub(1)?).end;
        let mut clock = 0;
        if let Some((joined, other_end)) = self.range_to(first, range, end) {
            (range, kind, rule, end) = (joined.or(range), DateKind::Range, "range", other_end);
            candidates.clear();
            if joined.is_none() {
                (range, anchor) = (None, Anchor::None);
            }
            let clock_inside = time_of_day(self.after(to)) > 0;
            to = self.span(end - 1).end;
            // 4月20日11时至25日17时: with one time of day inside, the other belongs too.
            to += if clock_inside { time_of_day(self.after(to)) } else { 0 };
        } else if kind == DateKind::Point {
            if let Some((day, byte, next)) = self.weekday_beside(rule, range, to, end) {
                (range, to, end) = (Some(day), byte, next);
                if rule == "weekday" {
                    rule = "month_day";
                    candidates.clear();
                }
            } else if let Some((byte, vague)) = self.edge(rule, to) {
                to = byte;
                if vague {
                    (kind, rule) = (DateKind::Vague, "vague_end");
                }
            }
            clock = time_of_day(self.after(to));
        }
        if !self.may_end(to, rule) {
            return None;
        }
        let mut from = self.span(at).start;
        let mut bound = Bound::Closed;
        if rule == "counted_from" {
            to += ["之前", "以前", "之后", "以后", "前", "后"].iter().find(|w| self.after(to).starts_with(**w)).map_or(0, |w| w.len());
        } else if rule == "public_holiday" {
            // “五一”假期
            let beyond = self.after(to).trim_start_matches(['”', '’']);
            let quote = self.text.len() - to - beyond.len();
            to += quote + HOLIDAYS.iter().find(|w| beyond.starts_with(**w)).map_or(0, |w| w.len());
            let open = self.before(from).chars().next_back().filter(|c| quote > 0 && matches!(c, '“' | '‘'));
            from -= open.map_or(0, char::len_utf8);
        } else if kind != DateKind::Vague {
            (bound, to) = self.bound(from, to, clock, kind);
        }
        if matches!(self.kind(at), Some(Kind::Named(n)) if bound == Bound::Closed && self.almanac.periods.get(usize::from(n)).is_some_and(|p| p.only_bound)) {
            return None;
        }
        // What stands inside the span, 内 or a weekday, is read.
        while self.tokens.get(end).is_some_and(|t| t.span.start < to) {
            end += 1;
        }
        Some((DateMention { span: Span::new(from, to), kind, range, bound, anchor, rule, candidates }, end))
    }

    /// Not inside a longer number, a document number or an ordinal.
    pub(super) fn may_stand(&self, at: usize) -> bool {
        let Some(token) = self.tokens.get(at) else { return false };
        if !matches!(token.kind, Kind::Number(_)) {
            return true;
        }
        // 2月30日: what is left of a date that does not exist is no date.
        if at > 0 && self.next(at).is_some() && matches!(self.kind(at - 1), Some(Kind::Month | Kind::Year | Kind::Ordinal)) {
            return false;
        }
        let head = self.before(token.span.start);
        let before = head.chars().next_back();
        // 1 2 月: digits that a bad copy has torn apart.
        let torn = before == Some(' ') && head.trim_end_matches(' ').ends_with(|c: char| c.is_ascii_digit());
        !torn && !before.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '〔' | '[' | '.' | '/' | '+' | '%' | '·'))
    }

    /// 10日内 and 3日游 are lengths of time, 6日本 is none of Japan.
    pub(super) fn may_end(&self, end: usize, rule: &str) -> bool {
        let rest = self.after(end);
        match rule {
            "day" => {
                let not_japan = !rest.starts_with('本') || rest.starts_with("本报") || rest.starts_with("本台");
                not_japan && !rest.starts_with(['内', '间', '游', '元', '程', '龄', '均', '子', '之', '常'])
            }
            "month" | "month_day" => !rest.starts_with(['街', '路', '内', '龄']),
            "year" | "short_year" => !rest.starts_with(['级', '版', '龄']),
            "feast" => !rest.starts_with(['路', '街', '村', '镇', '乡', '县', '小', '中', '大']) || rest.starts_with("中国") || rest.starts_with("中午"),
            _ => true,
        }
    }

    /// One date at token `at`.
    pub(super) fn one(&self, at: usize) -> Option<Read> {
        match self.kind(at)? {
            Kind::Number(n) => self.number_at(n, at),
            Kind::Numeric(value) => Some(match value {
                Numeric::Whole(range) if range.precision == Precision::Day => (Value::Whole(range, Anchor::Text, None), "year_month_day", at + 1),
                Numeric::Whole(range) => (Value::Whole(range, Anchor::Text, None), "year_month", at + 1),
                Numeric::MonthDay(month, day) => (Value::Fields(Fields { year: None, month: Some(month), day: Some(day) }), "month_day", at + 1),
                Numeric::Either(a, b) => (Value::Either(a, b), "either_order", at + 1),
            }),
            Kind::DayWord(days) => {
                Some((whole(self.document_day().and_then(|d| shifted(d, days)).map(DateRange::of_day), Anchor::Document), "day_word", at + 1))
            }
            Kind::PreviousDay(days) => {
                let before = self.context.previous.filter(|b| b.precision == Precision::Day);
                let value = match before {
                    Some(before) => whole(shifted(before.end, days).map(DateRange::of_day), Anchor::Previous),
                    None => whole(self.gloss(at), Anchor::Text),
                };
                Some((value, "previous_day_word", at + 1))
            }
            Kind::YearWord(years) => {
                let Some(document) = self.context.document else { return Some((Value::Open, "year_word", at + 1)) };
                Some(self.with_year(document.start.year() + years, "year_word", Anchor::Document, at + 1))
            }
            Kind::PreviousYear(years) => {
                let Some(before) = self.context.previous else { return Some((Value::Open, "year_word", at + 1)) };
                Some(self.with_year(before.start.year() + years, "year_word", Anchor::Previous, at + 1))
            }
            Kind::MonthWord(months) => {
                let month = self.context.document.filter(|d| d.precision <= Precision::Month).and_then(|d| month_shifted(d.start, months));
                Some(self.with_month(month, "month_word", Anchor::Document, at + 1))
            }
            Kind::SameMonth => {
                let before = self.context.previous.filter(|d| d.precision <= Precision::Month);
                let (month, anchor) = match before {
                    Some(before) => (month_shifted(before.start, 0), Anchor::Previous),
                    None if self.text.get(self.span(at).start..)?.starts_with('同') => {
                        (self.document_day().and_then(|d| month_shifted(d, 0)), Anchor::Document)
                    }
                    None => (None, Anchor::None),
                };
                Some(self.with_month(month, "month_word", anchor, at + 1))
            }
            Kind::WeekWord(weeks) => {
                let monday = self.monday(weeks);
                // 下周周六, 上周星期三.
                if let Some(Kind::Weekday(day)) = self.next(at + 1) {
                    return Some((whole(monday.and_then(|m| shifted(m, day.into())).map(DateRange::of_day), Anchor::Document), "weekday", at + 2));
                }
                Some((whole(monday.and_then(week_from), Anchor::Document), "week_word", at + 1))
            }
            Kind::WeekdayIn(weeks, day) => {
                let day = self.monday(weeks).and_then(|m| shifted(m, day.into())).map(DateRange::of_day);
                Some((whole(day, Anchor::Document), "weekday", at + 1))
            }
            Kind::WeekendIn(weeks) => Some((whole(self.monday(weeks).and_then(weekend_of), Anchor::Document), "weekend", at + 1)),
            Kind::Weekend if self.alone(at, at + 1) => Some((whole(self.monday(0).and_then(weekend_of), Anchor::Document), "weekend", at + 1)),
            Kind::Weekday(day) => self.weekday(day, at),
            Kind::QuarterWord(quarters) => {
                let month = self.document_day().and_then(|d| month_shifted(d, quarters * 3));
                let quarter = month.and_then(|m| DateRange::quarter(m.start.year(), m.start.month().div_ceil(3)));
                Some((whole(quarter, Anchor::Document), "quarter_word", at + 1))
            }
            // 国庆前三天: not of the year.
            Kind::Front if self.next(at + 2) == Some(Kind::Count(Unit::Day)) => None,
            Kind::QuarterCode(_) | Kind::Half(_) | Kind::Front | Kind::Ordinal => {
                let (year, anchor) = self.year().map_or((None, Anchor::None), |(year, anchor)| (Some(year), anchor));
                // Which year is unknown, but not where it ends.
                let (range, end) = self.part(year.unwrap_or(2000), at)?;
                Some((whole(range.filter(|_| year.is_some()), anchor), "part_of_year", end))
            }
            Kind::Third(third) => {
                let month = self.in_sentence.or(self.context.document).filter(|d| d.precision <= Precision::Month);
                Some((whole(month.and_then(|m| third_of(m.start.year(), m.start.month(), third)), Anchor::Document), "part_of_year", at + 1))
            }
            Kind::HalfMonth(half) => {
                let month = self.context.document.filter(|d| d.precision <= Precision::Month).and_then(|d| month_shifted(d.start, 0));
                Some((whole(month.and_then(|m| half_of(m, half)), Anchor::Document), "part_of_month", at + 1))
            }
            Kind::CenturyWord(centuries) => {
                let century = self.context.document.map(|d| d.start.year().div_euclid(100) + centuries);
                let first = century.map(|c| c * 100);
                let anchor = Anchor::Document;
                Some(
                    self.decade_in(first, anchor, at + 1)
                        .unwrap_or_else(|| (whole(first.and_then(|y| years(y, 100, Precision::Century)), anchor), "century", at + 1)),
                )
            }
            Kind::Lunar => self.lunar_at(at + 1),
            Kind::Leap | Kind::LunarMonth(_) => self.lunar(self.lunar_year(), Anchor::Document, at, false),
            Kind::Feast(number) => self.feast(number, None, at),
            Kind::Plan(number) => Some((self.almanac.plan(number).map_or(Value::Open, Value::Named), "five_year_plan", at + 1)),
            Kind::Named(number) => Some((Value::Named(self.almanac.periods.get(usize::from(number))?.range), "named_period", at + 1)),
            Kind::TwoSessions => {
                let range = self.year().and_then(|(year, _)| self.almanac.two_sessions(year));
                Some((range.map_or(Value::Open, Value::Named), "two_sessions", at + 1))
            }
            Kind::Era(offset) => self.era(offset, at),
            Kind::Bc => {
                self.number(at + 1).filter(|_| self.next(at + 2) == Some(Kind::Year))?;
                Some((Value::Open, "before_christ", at + 3))
            }
            Kind::Vague => Some((Value::Vague(None), "vague_word", at + 1)),
            Kind::VaguePeriod => Some((Value::Vague(None), "vague_period", at + 1)),
            Kind::EndOfYear => {
                let year = self.context.document.and_then(|d| DateRange::year(d.start.year()));
                Some((Value::Vague(year), "vague_end", at + 1))
            }
            Kind::EndOfMonth => {
                let month = self.context.document.filter(|d| d.precision <= Precision::Month).and_then(|d| month_shifted(d.start, 0));
                Some((whole(month, Anchor::Document), "month_word", at + 1))
            }
            _ => None,
        }
    }

    /// 当天（6月30日）: the day in the brackets after token `at`.
    fn gloss(&self, at: usize) -> Option<DateRange> {
        if !matches!(self.gap(at + 1)?, "（" | "(") {
            return None;
        }
        let (value, _, end) = self.one(at + 1)?;
        self.complete(value, end).0.filter(|range| range.start == range.end)
    }

    /// The document's day, if it is dated to the day.
    pub(super) fn document_day(&self) -> Option<NaiveDate> {
        self.context.document.filter(|d| d.precision == Precision::Day).map(|d| d.start)
    }

    /// The Monday of a week counted from the document's.
    pub(super) fn monday(&self, weeks: i64) -> Option<NaiveDate> {
        let day = self.document_day()?;
        shifted(day, weeks * 7 - i64::from(day.weekday().num_days_from_monday()))
    }

    /// The year in which a date without one lies: that of the date before in
    /// the sentence, of the document, or of the date before in the paragraph.
    pub(super) fn year(&self) -> Option<(i32, Anchor)> {
        self.in_sentence
            .map(|d| (d.end.year(), Anchor::Previous))
            .or_else(|| self.context.document.map(|d| (d.start.year(), Anchor::Document)))
            .or_else(|| self.context.previous.map(|d| (d.end.year(), Anchor::Previous)))
    }

    /// Whether nothing else stands in the text.
    pub(super) fn alone(&self, at: usize, end: usize) -> bool {
        self.text.trim().len() == self.span(end.saturating_sub(1)).end - self.span(at).start
    }

    fn weekday(&self, day: u32, at: usize) -> Option<Read> {
        let span = self.span(at);
        // 周一、周三、周五 recur; 一个星期六 is any.
        let beyond = self.after(span.end).strip_prefix('、');
        let recurs = beyond.is_some_and(|t| t.starts_with(['周', '星', '礼'])) || self.before(span.start).ends_with('、');
        if recurs || span.of(self.text).starts_with('个') {
            return None;
        }
        // 9月7日（星期四）: the weekday of the date that it glosses.
        let glossed = self.in_sentence.filter(|d| d.start == d.end && at > 0 && matches!(self.gap(at), Some("（" | "("))).map(|d| d.start);
        if let Some(date) = glossed.filter(|d| d.weekday().num_days_from_monday() == day) {
            return Some((Value::Whole(DateRange::of_day(date), Anchor::Previous, None), "weekday", at + 1));
        }
        let in_week = |weeks: i64| self.monday(weeks).and_then(|m| shifted(m, day.into())).map(DateRange::of_day);
        let own = in_week(0);
        let ahead = own.zip(self.document_day()).is_some_and(|(own, document)| own.start > document);
        let other = if ahead { in_week(-1) } else { None };
        Some((own.map_or(Value::Open, |own| Value::Whole(own, Anchor::Document, other)), "weekday", at + 1))
    }

    pub(super) fn number_at(&self, n: Numeral, at: usize) -> Option<Read> {
        let fields = |year, month, day| Value::Fields(Fields { year, month, day });
        match self.next(at + 1)? {
            Kind::Year => self.year_at(n, at),
            Kind::Month if (1..=12).contains(&n.value) => {
                if let Some(lunar) = self.lunar(self.lunar_year(), Anchor::Document, at, true) {
                    return Some(lunar);
                }
                if let Some((day, end)) = self.day_at(at + 2) {
                    return Some((fields(None, Some(n.value), Some(day)), "month_day", end));
                }
                // 1月3: the unit is left out where nothing follows.
                if let Some(day) = self.number(at + 2).filter(|d| (1..=31).contains(&d.value) && self.span(at + 2).end == self.text.len()) {
                    return Some((fields(None, Some(n.value), Some(day.value)), "month_day", at + 3));
                }
                let (range, anchor, _) = self.complete_month(n.value, None, at + 2);
                let part = range.and_then(|month| self.part_of_month(month, anchor, at + 2));
                Some(part.unwrap_or((fields(None, Some(n.value), None), "month", at + 2)))
            }
            Kind::Day if (1..=31).contains(&n.value) => {
                // 一日三餐: one character is hardly ever a day of a month.
                let word = n.digits == 1 && !self.span(at).of(self.text).is_ascii() && self.in_sentence.is_none();
                // 近三日, 如一日: a length of time.
                let length = self.before(self.span(at).start).ends_with(['如', '近', '每', '连', '数', '超', '逾']);
                (!word && !length).then_some((fields(None, None, Some(n.value)), "day", at + 2))
            }
            // 一至三季度: the unit stands only at the end.
            Kind::To | Kind::Dash if self.next(at + 3) == Some(Kind::Quarter) => {
                let (year, anchor) = self.year()?;
                let (range, end) = self.part(year, at)?;
                Some((whole(range, anchor), "part_of_year", end))
            }
            Kind::Quarter if (1..=4).contains(&n.value) => {
                let (year, anchor) = self.year().map_or((None, Anchor::None), |(y, a)| (Some(y), a));
                Some((whole(year.and_then(|y| DateRange::quarter(y, n.value)), anchor), "part_of_year", at + 2))
            }
            // 四分之一世纪 and 一世纪 are lengths of time.
            Kind::Century if (2..=30).contains(&n.value) => {
                let first = i32::try_from(n.value).ok()?.checked_mul(100)? - 100;
                Some(self.decade_in(Some(first), Anchor::Text, at + 2).unwrap_or((
                    whole(years(first, 100, Precision::Century), Anchor::Text),
                    "century",
                    at + 2,
                )))
            }
            Kind::Decade if n.value.is_multiple_of(10) && n.value < 100 => self.bare_decade(n, at),
            Kind::Count(unit) => self.counted_from(i64::from(n.value), Some(unit), at),
            _ => None,
        }
    }

    /// 2024年, 08年, 三六七年, 3年前.
    pub(super) fn year_at(&self, n: Numeral, at: usize) -> Option<Read> {
        let value = i32::try_from(n.value).ok()?;
        if n.digits == 4 && (1000..=2999).contains(&value) {
            // 逾2500年的运河
            if self.before(self.span(at).start).ends_with(['逾', '近', '约', '超', '达']) {
                return None;
            }
            return Some(self.with_year(value, "year", Anchor::Text, at + 2));
        }
        let text = self.span(at).of(self.text);
        let zero = text.starts_with(['0', '〇', '○', '零']);
        if n.digits == 2 {
            let year = short_year(n.value)?;
            let (value, rule, end) = self.with_year(year, "short_year", Anchor::Text, at + 2);
            if zero || end > at + 2 || self.alone(at, at + 2) {
                return Some((value, if rule == "year" { "short_year" } else { rule }, end));
            }
        }
        if n.digits == 3 {
            let read = self.with_year(value, "year", Anchor::Text, at + 2);
            let told = read.2 > at + 2 || self.before(self.span(at).start).ends_with(['在', '于', '自']);
            if told {
                return Some(read);
            }
        }
        if n.digits == 4 || zero {
            return None;
        }
        self.counted_from(i64::from(n.value), None, at)
    }

    /// 3天前, 两周后, 5年后: a whole day, week, month or year. Without a unit, years.
    pub(super) fn counted_from(&self, count: i64, unit: Option<Unit>, at: usize) -> Option<Read> {
        let end = self.span(at + 1).end;
        let (before, after) = (self.before(self.span(at).start), self.after(end));
        let long = |w: &str| after.starts_with(w);
        let past = long("之前") || long("以前") || (long("前") && !after.chars().nth(1).is_some_and(|c| NOT_BEFORE.contains(&c)));
        let future = long("之后") || long("以后") || (long("后") && !after.chars().nth(1).is_some_and(|c| NOT_AFTER.contains(&c)));
        // 结束3天后, 满5年后 are counted from what happened, not from now.
        let opens = before.is_empty()
            || before.ends_with(['，', '。', '；', '：', '、', '“', '在', '于', '将', '约', '到', '是', '而', '他', '她', '我', '们', '（', ' ']);
        if !(past || (future && opens)) || before.ends_with(['第', '满', '每', '近', '多', '约']) {
            return None;
        }
        // 一年后，… at the head of a sentence goes on with a story: it is counted
        // from the date before, unless the text speaks of the future.
        let tells_on = after.contains('，') && before.trim_end_matches(' ').is_empty();
        let story = future && tells_on && !self.speaks_of_future(at + 2);
        let anchor = self
            .in_sentence
            .or(self.context.previous.filter(|_| story))
            .map(|d| (d, Anchor::Previous))
            .or_else(|| self.context.document.filter(|_| !story).map(|d| (d, Anchor::Document)));
        let sign = if past { -count } else { count };
        let value = anchor.and_then(|(from, anchor)| {
            let day = Some(from.start).filter(|_| from.precision == Precision::Day);
            let range = match unit {
                None => DateRange::year(from.start.year().checked_add(i32::try_from(sign).ok()?)?),
                Some(Unit::Day) => shifted(day?, sign).map(DateRange::of_day),
                Some(Unit::Week) => {
                    let day = day?;
                    shifted(day, sign.checked_mul(7)? - i64::from(day.weekday().num_days_from_monday())).and_then(week_from)
                }
                Some(Unit::Month) => month_shifted(Some(from.start).filter(|_| from.precision <= Precision::Month)?, i32::try_from(sign).ok()?),
                Some(Unit::Quarter) => None,
            }?;
            Some(Value::Whole(range, anchor, None))
        });
        // The word after the count belongs to it: `mention` takes it in.
        Some((value.unwrap_or(Value::Open), "counted_from", at + 2))
    }

    /// 民国三十八年, 公元789年.
    pub(super) fn era(&self, offset: i32, at: usize) -> Option<Read> {
        let n = self.number(at + 1)?;
        if self.next(at + 2) != Some(Kind::Year) {
            return None;
        }
        let year = i32::try_from(n.value).ok()?.checked_add(offset).filter(|y| (1..=2999).contains(y))?;
        let (value, rule, end) = self.with_year(year, "era_year", Anchor::Text, at + 3);
        Some((value, rule, end))
    }

    pub(super) fn decade_in(&self, century: Option<i32>, anchor: Anchor, at: usize) -> Option<Read> {
        let n = self.number(at).filter(|n| n.value.is_multiple_of(10) && n.value < 100)?;
        // 上世纪50到70年代: the unit stands only at the end.
        let compact = matches!(self.next(at + 1), Some(Kind::To | Kind::Dash)) && self.number(at + 2).is_some() && self.next(at + 3) == Some(Kind::Decade);
        if !compact && self.next(at + 1) != Some(Kind::Decade) {
            return None;
        }
        let first = century.and_then(|c| Some(c + i32::try_from(n.value).ok()?));
        Some((whole(first.and_then(|y| years(y, 10, Precision::Decade)), anchor), "decade", if compact { at + 1 } else { at + 2 }))
    }

    /// 九十年代: the last one begun before the document; without one, of the twentieth century.
    pub(super) fn bare_decade(&self, n: Numeral, at: usize) -> Option<Read> {
        let within = i32::try_from(n.value).ok()?;
        let beside = self.in_sentence.filter(|d| d.precision == Precision::Decade);
        let (first, anchor) = match self.context.document {
            _ if beside.is_some() => (beside?.start.year().div_euclid(100) * 100 + within, Anchor::Previous),
            Some(document) => {
                let own = document.start.year().div_euclid(100) * 100 + within;
                (if own > document.start.year() { own - 100 } else { own }, Anchor::Document)
            }
            None => (1900 + within, Anchor::None),
        };
        let range = years(first, 10, Precision::Decade)?;
        let value = match anchor {
            Anchor::None => Value::Either(range, years(first + 100, 10, Precision::Decade)?),
            _ => Value::Whole(range, anchor, years(first + 100, 10, Precision::Decade)),
        };
        Some((value, "decade", at + 2))
    }
}
