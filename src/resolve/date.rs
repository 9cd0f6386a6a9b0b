//! Date expressions → ranges of days.
//!
//! A sentence is read as a stream of date [`Token`]s (numerals, units, relative
//! words, marks of range); a small grammar over neighbouring tokens gives
//! [`DateMention`]s. What cannot be decided stays without a value; what can be
//! two things keeps the other as a candidate.

use chrono::{Datelike, Days, Months, NaiveDate};

use super::date_token::{Kind, Token, tokens};
use crate::diagnostic::Span;
use crate::parse::{DateRange, Numeral, Precision};

/// What a date expression is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateKind {
    /// One day, month or year.
    Point,
    /// From one to another.
    Range,
    /// 近日, 日前.
    Vague,
}

impl DateKind {
    /// The word in the tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Range => "range",
            Self::Vague => "vague",
        }
    }
}

/// What gave the parts of a date that its writing leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anchor {
    /// Nothing is left out.
    Text,
    /// The date before it in the paragraph.
    Previous,
    /// The document's date.
    Document,
    /// Nothing did: it has no value.
    None,
}

impl Anchor {
    /// The word in the tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Previous => "previous",
            Self::Document => "document",
            Self::None => "none",
        }
    }
}

/// A date expression in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateMention {
    /// Bytes of the text.
    pub span: Span,
    /// What it is.
    pub kind: DateKind,
    /// Its value; `None` where it is vague or cannot be decided.
    pub range: Option<DateRange>,
    /// What completed it.
    pub anchor: Anchor,
    /// The rule that read it.
    pub rule: &'static str,
    /// Other values that it may have.
    pub candidates: Vec<DateRange>,
}

/// The rules, with their meaning.
pub const DATE_RULES: [(&str, &str); 13] = [
    ("year_month_day", "a full date, in characters, digits or with - or /"),
    ("year_month", "a month with its year"),
    ("year", "a year"),
    ("month_day", "a day with its month; the year from the document or the date before"),
    ("month", "a month; the year from the document or the date before"),
    ("day", "a bare day; the month from the date before in the sentence, or the nearest not after the document, unless the text speaks of the future"),
    ("day_word", "今天, 昨天 and the like, counted from the document's date"),
    ("previous_day_word", "当天, 同日, 次日, counted from the date before"),
    ("month_word", "本月, 上月 and the like, and 当月"),
    ("year_word", "今年, 去年 and the like, and 当年"),
    ("part_of_year", "quarters, halves and thirds of months"),
    ("range", "from one date to another, whose left-out parts come from the other end"),
    ("vague_word", "近日, 日前: a date that the text does not tell"),
];

/// What a sentence knows when its dates are read.
#[derive(Clone, Copy, Debug, Default)]
pub struct DateContext {
    /// The document's date.
    pub document: Option<DateRange>,
    /// The date before in the paragraph.
    pub previous: Option<DateRange>,
}

/// The date expressions of a sentence, in order. Spans are bytes of `sentence`.
///
/// # Cost
/// Linear: each character is looked at by one match, each token by one
/// production.
#[must_use]
pub fn dates(sentence: &str, context: DateContext) -> Vec<DateMention> {
    let tokens = tokens(sentence);
    let mut out: Vec<DateMention> = Vec::new();
    let mut reader = Reader { text: sentence, tokens: &tokens, context, in_sentence: None };
    let mut at = 0;
    while at < tokens.len() {
        match reader.mention(at) {
            Some((mention, next)) => {
                if let Some(range) = mention.range {
                    reader.context.previous = Some(range);
                    reader.in_sentence = Some(range);
                }
                out.push(mention);
                at = next;
            }
            None => at += 1,
        }
    }
    out
}

/// A date as its writing gives it.
#[derive(Clone, Copy, Debug, Default)]
struct Fields {
    year: Option<i32>,
    month: Option<u32>,
    day: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
enum Value {
    Fields(Fields),
    Whole(DateRange, Anchor),
    Vague,
    /// Its anchor is missing.
    Open,
}

struct Reader<'t> {
    text: &'t str,
    tokens: &'t [Token],
    context: DateContext,
    /// The last date with a value in this sentence.
    in_sentence: Option<DateRange>,
}

impl Reader<'_> {
    fn kind(&self, at: usize) -> Option<Kind> {
        self.tokens.get(at).map(|t| t.kind)
    }

    /// The kind of token `at` if it touches the one before (one space allowed).
    fn next(&self, at: usize) -> Option<Kind> {
        let (before, this) = (self.tokens.get(at.checked_sub(1)?)?, self.tokens.get(at)?);
        let between = self.text.get(before.span.end..this.span.start)?;
        (between.is_empty() || between == " ").then_some(this.kind)
    }

    fn number(&self, at: usize, next: bool) -> Option<Numeral> {
        match if next { self.next(at)? } else { self.kind(at)? } {
            Kind::Number(n) => Some(n),
            _ => None,
        }
    }

    fn mention(&self, at: usize) -> Option<(DateMention, usize)> {
        if !self.may_stand(at) {
            return None;
        }
        let (first, rule, mut end) = self.compact_range_head(at).or_else(|| self.one(at))?;
        let mut kind = if matches!(first, Value::Vague) { DateKind::Vague } else { DateKind::Point };
        let mut rule = rule;
        let (mut range, mut anchor, mut candidates) = self.complete(first, end);
        if let Some((other, other_end)) = self.range_end(first, range, end) {
            match range.and_then(|r| r.to(other)) {
                Some(joined) => {
                    (range, kind, rule, end) = (Some(joined), DateKind::Range, "range", other_end);
                    candidates.clear();
                }
                // It runs backwards: two dates, not one range.
                None if range.is_some() => {}
                None => (kind, rule, end, anchor) = (DateKind::Range, "range", other_end, Anchor::None),
            }
        }
        let (from, to) = (self.tokens.get(at)?.span.start, self.tokens.get(end - 1)?.span.end);
        if !self.may_end(to, rule) {
            return None;
        }
        Some((DateMention { span: Span::new(from, to), kind, range, anchor, rule, candidates }, end))
    }

    /// Not inside a longer number, a document number or an ordinal.
    fn may_stand(&self, at: usize) -> bool {
        let Some(token) = self.tokens.get(at) else { return false };
        if !matches!(token.kind, Kind::Number(_)) {
            return true;
        }
        // 2月30日: what is left of a date that does not exist is no date.
        if at > 0 && matches!(self.kind(at - 1), Some(Kind::Month | Kind::Year)) && self.next(at).is_some() {
            return false;
        }
        let before = self.text.get(..token.span.start).and_then(|t| t.chars().next_back());
        !before.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '第' | '〔' | '[' | '.' | '/' | '+' | '%'))
            || (before == Some('第') && matches!(self.next(at + 1), Some(Kind::Quarter)))
    }

    /// 10日内 and 3日游 are lengths of time, 6日本 is none of Japan.
    fn may_end(&self, end: usize, rule: &str) -> bool {
        let rest = self.text.get(end..).unwrap_or_default();
        match rule {
            "day" => {
                let not_japan = !rest.starts_with('本') || rest.starts_with("本报") || rest.starts_with("本台");
                not_japan && !rest.starts_with(['内', '间', '游', '元', '程', '龄'])
            }
            "month" | "month_day" => !rest.starts_with('街') && !rest.starts_with('路') && !rest.starts_with('内'),
            "year" => !rest.starts_with("级") && !rest.starts_with('版'),
            _ => true,
        }
    }

    /// One date at token `at`: its value, rule, and the token after it.
    fn one(&self, at: usize) -> Option<(Value, &'static str, usize)> {
        match self.kind(at)? {
            Kind::Number(n) => self.number_at(n, at),
            Kind::DayWord(days) => {
                let value = match self.context.document {
                    Some(document) if document.precision == Precision::Day => {
                        shifted(document.start, days).map_or(Value::Open, |d| Value::Whole(d, Anchor::Document))
                    }
                    _ => Value::Open,
                };
                Some((value, "day_word", at + 1))
            }
            Kind::PreviousDay(days) => {
                let value = match self.context.previous {
                    Some(before) if before.precision == Precision::Day => shifted(before.end, days).map_or(Value::Open, |d| Value::Whole(d, Anchor::Previous)),
                    // The first date word of a broadcast item: 当天 is the day of the broadcast or the one before.
                    _ => Value::Open,
                };
                Some((value, "previous_day_word", at + 1))
            }
            Kind::YearWord(years) => {
                let Some(document) = self.context.document else { return Some((Value::Open, "year_word", at + 1)) };
                Some(self.with_year(document.start.year() + years, "year_word", Anchor::Document, at + 1))
            }
            Kind::SameYear => {
                let Some(before) = self.context.previous else { return Some((Value::Open, "year_word", at + 1)) };
                let next = self.text.get(self.tokens.get(at)?.span.start..)?.starts_with('次');
                Some(self.with_year(before.start.year() + i32::from(next), "year_word", Anchor::Previous, at + 1))
            }
            Kind::MonthWord(months) => {
                let month = self.context.document.filter(|d| d.precision <= Precision::Month).and_then(|d| month_shifted(d.start, months));
                self.with_month(month, Anchor::Document, at + 1)
            }
            Kind::SameMonth => {
                let month = self.context.previous.filter(|d| d.precision <= Precision::Month).and_then(|d| month_shifted(d.start, 0));
                self.with_month(month, Anchor::Previous, at + 1)
            }
            Kind::FirstQuarters | Kind::Half(_) => {
                let document = self.context.previous.filter(|_| self.in_sentence.is_some()).or(self.context.document);
                let value = document.and_then(|d| self.part(d.start.year(), at)).map_or(Value::Open, |(range, _)| Value::Whole(range, Anchor::Document));
                Some((value, "part_of_year", at + 1))
            }
            Kind::Vague => Some((Value::Vague, "vague_word", at + 1)),
            _ => None,
        }
    }

    fn number_at(&self, n: Numeral, at: usize) -> Option<(Value, &'static str, usize)> {
        let fields = |year, month, day| Value::Fields(Fields { year, month, day });
        match self.next(at + 1)? {
            Kind::Year if n.digits == 4 && (1000..=2999).contains(&n.value) => Some(self.with_year(i32::try_from(n.value).ok()?, "year", Anchor::Text, at + 2)),
            Kind::Month if (1..=12).contains(&n.value) => {
                if let Some(Kind::Third(third)) = self.next(at + 2) {
                    let year = self.context.document.or(self.context.previous).map(|d| d.start.year());
                    let value = year.and_then(|y| third_of(y, n.value, third)).map_or(Value::Open, |r| Value::Whole(r, Anchor::Document));
                    return Some((value, "part_of_year", at + 3));
                }
                match self.day_at(at + 2) {
                    Some((day, end)) => Some((fields(None, Some(n.value), Some(day)), "month_day", end)),
                    None => Some((fields(None, Some(n.value), None), "month", at + 2)),
                }
            }
            Kind::Day if (1..=31).contains(&n.value) && self.tokens.get(at + 1)?.span.of(self.text) == "日" => {
                Some((fields(None, None, Some(n.value)), "day", at + 2))
            }
            Kind::Dash if n.digits == 4 && (1000..=2999).contains(&n.value) => {
                let mark = self.tokens.get(at + 1)?.span.of(self.text);
                let month = self.number(at + 2, true).filter(|m| m.bytes <= 2 && (1..=12).contains(&m.value))?;
                if self.next(at + 3) != Some(Kind::Dash) || self.tokens.get(at + 3)?.span.of(self.text) != mark || mark.len() != 1 {
                    return None;
                }
                let day = self.number(at + 4, true).filter(|d| d.bytes <= 2)?;
                DateRange::day(i32::try_from(n.value).ok()?, month.value, day.value).map(|d| (Value::Whole(d, Anchor::Text), "year_month_day", at + 5))
            }
            Kind::Quarter if (1..=4).contains(&n.value) => {
                let year = self.context.document.or(self.context.previous).map(|d| d.start.year());
                let value = year.and_then(|y| DateRange::quarter(y, n.value)).map_or(Value::Open, |r| Value::Whole(r, Anchor::Document));
                Some((value, "part_of_year", at + 2))
            }
            _ => None,
        }
    }

    /// What may follow a year: a month, a day, a quarter, a half.
    fn with_year(&self, year: i32, rule: &'static str, anchor: Anchor, at: usize) -> (Value, &'static str, usize) {
        let whole = |range: Option<DateRange>| range.map_or(Value::Open, |r| Value::Whole(r, anchor));
        if let Some((range, end)) = self.next(at).and_then(|_| self.part(year, at)) {
            return (Value::Whole(range, anchor), "part_of_year", end);
        }
        let month = self.number(at, true).filter(|m| (1..=12).contains(&m.value) && self.next(at + 1) == Some(Kind::Month));
        let Some(month) = month else { return (whole(DateRange::year(year)), rule, at) };
        let at = at + 2;
        if let Some(Kind::Third(third)) = self.next(at) {
            return (whole(third_of(year, month.value, third)), "part_of_year", at + 1);
        }
        match self.day_at(at) {
            Some((day, end)) if DateRange::day(year, month.value, day).is_some() => (whole(DateRange::day(year, month.value, day)), "year_month_day", end),
            _ => (whole(DateRange::month(year, month.value)), "year_month", at),
        }
    }

    fn with_month(&self, month: Option<DateRange>, anchor: Anchor, at: usize) -> Option<(Value, &'static str, usize)> {
        let Some(month) = month else { return Some((Value::Open, "month_word", at)) };
        let (year, number) = (month.start.year(), month.start.month());
        let (range, end) = match self.day_at(at) {
            Some((day, end)) => (DateRange::day(year, number, day)?, end),
            None => (month, at),
        };
        Some((Value::Whole(range, anchor), "month_word", end))
    }

    fn day_at(&self, at: usize) -> Option<(u32, usize)> {
        let day = self.number(at, true).filter(|d| (1..=31).contains(&d.value))?;
        match self.next(at + 1)? {
            Kind::Day => Some((day.value, at + 2)),
            // 3月11—13日: the unit stands only at the end.
            Kind::To | Kind::Dash => {
                let last = self.number(at + 2, true).filter(|last| last.value > day.value)?;
                (last.value <= 31 && self.next(at + 3)? == Kind::Day).then_some((day.value, at + 1))
            }
            _ => None,
        }
    }

    /// A part of `year` at token `at`, and the token after it.
    fn part(&self, year: i32, at: usize) -> Option<(DateRange, usize)> {
        match self.kind(at)? {
            Kind::Half(half) => Some((DateRange::half(year, half)?, at + 1)),
            Kind::FirstQuarters => {
                let range = DateRange::quarter(year, 1)?.to(DateRange::quarter(year, 3)?)?;
                Some((range, at + 1))
            }
            Kind::Number(n) if self.next(at + 1) == Some(Kind::Quarter) => Some((DateRange::quarter(year, n.value)?, at + 2)),
            _ => None,
        }
    }

    /// 11—13日, 3至5月, 2021—2025年: the unit stands only at the end.
    fn compact_range_head(&self, at: usize) -> Option<(Value, &'static str, usize)> {
        let first = self.number(at, false)?;
        if !matches!(self.next(at + 1)?, Kind::To | Kind::Dash) {
            return None;
        }
        let last = self.number(at + 2, true)?;
        if last.value <= first.value {
            return None;
        }
        let mut fields = Fields::default();
        match self.next(at + 3)? {
            Kind::Day if last.value <= 31 => fields.day = Some(first.value),
            Kind::Month if last.value <= 12 => fields.month = Some(first.value),
            Kind::Year if first.digits == 4 && last.digits == 4 => fields.year = Some(i32::try_from(first.value).ok()?),
            _ => return None,
        }
        let rule = if fields.day.is_some() {
            "day"
        } else if fields.month.is_some() {
            "month"
        } else {
            "year"
        };
        Some((Value::Fields(fields), rule, at + 1))
    }

    /// The other end of a range that begins with `first`, which ends before
    /// token `at`: what it leaves out comes from `first`.
    fn range_end(&self, first: Value, start: Option<DateRange>, at: usize) -> Option<(DateRange, usize)> {
        if matches!(first, Value::Vague | Value::Open) || !matches!(self.next(at)?, Kind::To | Kind::Dash) {
            return None;
        }
        self.next(at + 1)?;
        let start = start?;
        let (other, _, end) = self.one(at + 1)?;
        let range = match other {
            Value::Whole(range, _) => range,
            Value::Fields(Fields { year, month, day }) => {
                let year = year.unwrap_or(start.end.year());
                match (month, day) {
                    (Some(month), Some(day)) => {
                        let same = DateRange::day(year, month, day)?;
                        if same.start < start.start { DateRange::day(year + 1, month, day)? } else { same }
                    }
                    (Some(month), None) => {
                        let same = DateRange::month(year, month)?;
                        if same.end < start.start { DateRange::month(year + 1, month)? } else { same }
                    }
                    (None, Some(day)) if start.precision == Precision::Day => {
                        let same = DateRange::day(year, start.end.month(), day);
                        if let Some(same) = same.filter(|s| s.start >= start.start) {
                            same
                        } else {
                            let next = month_shifted(start.end, 1)?;
                            DateRange::day(next.start.year(), next.start.month(), day)?
                        }
                    }
                    _ => return None,
                }
            }
            Value::Vague | Value::Open => return None,
        };
        Some((range, end))
    }

    /// Fills in what the writing leaves out.
    fn complete(&self, value: Value, end: usize) -> (Option<DateRange>, Anchor, Vec<DateRange>) {
        match value {
            Value::Whole(range, anchor) => (Some(range), anchor, Vec::new()),
            Value::Vague | Value::Open | Value::Fields(Fields { year: None, month: None, day: None }) => (None, Anchor::None, Vec::new()),
            Value::Fields(Fields { year: Some(year), .. }) => (DateRange::year(year), Anchor::Text, Vec::new()),
            Value::Fields(Fields { month: Some(month), day, .. }) => self.complete_month(month, day, end),
            Value::Fields(Fields { day: Some(day), .. }) => self.complete_day(day, end),
        }
    }

    fn complete_month(&self, month: u32, day: Option<u32>, end: usize) -> (Option<DateRange>, Anchor, Vec<DateRange>) {
        let make = |year| match day {
            Some(day) => DateRange::day(year, month, day),
            None => DateRange::month(year, month),
        };
        // A date with its year in the same sentence says which year is meant.
        if let Some(before) = self.in_sentence {
            return (make(before.end.year()), Anchor::Previous, Vec::new());
        }
        if let Some(document) = self.context.document {
            let own = document.start.year();
            let (Some(here), last) = (make(own), make(own - 1)) else {
                // 29 February: the nearest leap year before.
                return ((own - 3..own).rev().find_map(make), Anchor::Document, Vec::new());
            };
            if document.precision == Precision::Year {
                return (Some(here), Anchor::Document, Vec::new());
            }
            // A date more than half a year ahead is last year's, unless the
            // text says that it is to come.
            let far = document.end.checked_add_days(Days::new(183)).is_some_and(|limit| here.start > limit);
            if far && !self.speaks_of_future(end) {
                return (last, Anchor::Document, vec![here]);
            }
            let ahead = here.start > document.end;
            return (Some(here), Anchor::Document, last.filter(|_| ahead).into_iter().collect());
        }
        match self.context.previous {
            Some(before) => (make(before.end.year()), Anchor::Previous, Vec::new()),
            None => (None, Anchor::None, Vec::new()),
        }
    }

    fn complete_day(&self, day: u32, end: usize) -> (Option<DateRange>, Anchor, Vec<DateRange>) {
        let make = |month: NaiveDate| DateRange::day(month.year(), month.month(), day);
        if let Some(before) = self.in_sentence.filter(|b| b.precision <= Precision::Month) {
            return (make(before.end), Anchor::Previous, Vec::new());
        }
        if let Some(document) = self.context.document.filter(|d| d.precision == Precision::Day) {
            let here = make(document.start);
            let last = month_shifted(document.start, -1).and_then(|m| make(m.start));
            let next = month_shifted(document.start, 1).and_then(|m| make(m.start));
            let past = here.filter(|h| h.start <= document.end).or(last);
            let ahead = here.filter(|h| h.start >= document.start).or(next);
            let (chosen, other) = if self.speaks_of_future(end) { (ahead, past) } else { (past, ahead) };
            let candidates = other.filter(|o| Some(*o) != chosen).into_iter().collect();
            return (chosen, Anchor::Document, candidates);
        }
        match self.context.previous.filter(|b| b.precision <= Precision::Month) {
            Some(before) => (make(before.end), Anchor::Previous, Vec::new()),
            None => (None, Anchor::None, Vec::new()),
        }
    }

    /// 将于3日, 定于5日, 3日将: the words next to the date tell of what is to come.
    fn speaks_of_future(&self, end: usize) -> bool {
        let Some(last) = end.checked_sub(1).and_then(|at| self.tokens.get(at)) else { return false };
        let before: String = self.text.get(..last.span.start).unwrap_or_default().chars().rev().take(14).collect();
        let after: String = self.text.get(last.span.end..).unwrap_or_default().chars().take(10).collect();
        before.contains(['将', '拟']) || before.contains("于定") || before.contains("划计") || before.contains("定决") || after.contains('将')
    }
}

fn shifted(day: NaiveDate, days: i64) -> Option<DateRange> {
    let amount = Days::new(days.unsigned_abs());
    let day = if days < 0 { day.checked_sub_days(amount) } else { day.checked_add_days(amount) };
    day.map(DateRange::of_day)
}

fn month_shifted(day: NaiveDate, months: i32) -> Option<DateRange> {
    let amount = Months::new(months.unsigned_abs());
    let day = if months < 0 { day.checked_sub_months(amount) } else { day.checked_add_months(amount) }?;
    DateRange::month(day.year(), day.month())
}

fn third_of(year: i32, month: u32, third: u32) -> Option<DateRange> {
    let whole = DateRange::month(year, month)?;
    let first = DateRange::day(year, month, third * 10 + 1)?;
    let last = if third == 2 { DateRange::of_day(whole.end) } else { DateRange::day(year, month, third * 10 + 10)? };
    first.to(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn document(day: &str) -> DateContext {
        DateContext { document: crate::parse::read_date(day), previous: None }
    }

    #[test]
    fn every_rule_that_a_mention_can_carry_is_described() {
        for text in ["2024年3月5日", "2024年3月", "2024年", "3月5日", "3月", "5日", "今天", "本月", "今年", "上半年", "3日至5日", "近日"]
        {
            let found = dates(text, document("2024-03-20"));
            assert_eq!(found.len(), 1, "{text}");
            assert!(DATE_RULES.iter().any(|(id, _)| *id == found[0].rule), "{text} {}", found[0].rule);
        }
    }

    #[test]
    fn a_date_of_the_far_future_is_last_years_with_this_year_as_candidate() {
        let found = dates("12月28日，会议召开", document("2024-01-05"));
        assert_eq!(found[0].range.map(|r| r.to_string()).as_deref(), Some("2023-12-28"));
        assert_eq!(found[0].candidates.len(), 1);
    }

    proptest! {
        #[test]
        fn text_of_date_characters_alone_is_read_without_fault(text in "[0-9一二十〇年月日号至今昨当上下半季度第前三-]{0,60}") {
            for mention in dates(&text, document("2024-03-20")) {
                prop_assert!(text.is_char_boundary(mention.span.start) && text.is_char_boundary(mention.span.end));
                prop_assert!(mention.span.start < mention.span.end);
                if let Some(range) = mention.range {
                    prop_assert!(range.start <= range.end);
                }
            }
        }

        #[test]
        fn a_full_date_is_read_whatever_stands_around_it(days in 0..60_000_u64, before in "[会议于在，]{0,4}", after in "[，召开在举行]{0,4}") {
            let day = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + Days::new(days);
            let text = format!("{before}{}年{}月{}日{after}", day.year(), day.month(), day.day());
            let found = dates(&text, DateContext::default());
            prop_assert_eq!(found.len(), 1);
            prop_assert_eq!(found[0].range, Some(DateRange::of_day(day)));
        }
    }
}
