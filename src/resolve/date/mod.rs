//! Date expressions → ranges of days.
//!
//! A sentence is read as a stream of [tokens](token): numerals,
//! units, relative words, names of feasts and periods. A small
//! [grammar](grammar) over neighbouring tokens gives
//! [`DateMention`]s. What cannot be decided stays without a value; what can be
//! two things keeps the other as a candidate.

mod almanac;
mod complete;
mod days;
mod edge;
mod ends;
mod feast;
mod grammar;
mod lunar;
mod numeric;
mod part;
mod token;

use chrono::{Days, NaiveDate};

pub use almanac::{Almanac, DateCase};

use crate::diagnostic::Span;
use crate::parse::DateRange;
use grammar::Reader;
pub(in crate::resolve) use token::Token;

/// What a date expression is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateKind {
    /// One day, month or year.
    Point,
    /// From one to another.
    Range,
    /// A period or an occasion with a name: “十四五”时期, 党的二十大.
    Named,
    /// 近日, 日前, 去年年底.
    Vague,
}

impl DateKind {
    /// The word in the tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Range => "range",
            Self::Named => "named",
            Self::Vague => "vague",
        }
    }
}

/// Which side of the date the text speaks of (the `mod` of TIMEX3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bound {
    /// The date itself.
    #[default]
    Closed,
    /// About it: 左右, 前后.
    About,
    /// 之前: the days before its first.
    Before,
    /// 截至, 及以前: the days up to its last.
    Until,
    /// 以来, 起: the days from its first on.
    Since,
    /// 之后: the days after its last.
    After,
}

impl Bound {
    /// The word in the tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::About => "about",
            Self::Before => "before",
            Self::Until => "until",
            Self::Since => "since",
            Self::After => "after",
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
    /// Bytes of the text: the date without 自 or 起, and without a time of day.
    pub span: Span,
    /// What it is.
    pub kind: DateKind,
    /// The date that is written; `None` where it is vague or cannot be decided.
    pub range: Option<DateRange>,
    /// Which side of it the text speaks of.
    pub bound: Bound,
    /// What completed it.
    pub anchor: Anchor,
    /// The rule that read it.
    pub rule: &'static str,
    /// Other values that it may have.
    pub candidates: Vec<DateRange>,
}

impl DateMention {
    /// First and last day of what the text speaks of; `None` on an open side,
    /// or without a value.
    #[must_use]
    pub fn days(&self) -> (Option<NaiveDate>, Option<NaiveDate>) {
        let Some(range) = self.range else { return (None, None) };
        match self.bound {
            Bound::Closed | Bound::About => (Some(range.start), Some(range.end)),
            Bound::Before => (None, range.start.checked_sub_days(Days::new(1))),
            Bound::Until => (None, Some(range.end)),
            Bound::Since => (Some(range.start), None),
            Bound::After => (range.end.checked_add_days(Days::new(1)), None),
        }
    }

    /// The value from which dates after it may be counted. A period with a name
    /// and the edge of an open range are background: none is counted from them.
    pub(in crate::resolve) fn anchors(&self) -> Option<DateRange> {
        let told = matches!(self.kind, DateKind::Point | DateKind::Range) && matches!(self.bound, Bound::Closed | Bound::About);
        self.range.filter(|_| told)
    }

    /// Whether an occasion can have been on it: it has its day in the text,
    /// and is neither the name of a period nor the edge of an open range.
    #[must_use]
    pub fn may_date_an_occasion(&self) -> bool {
        self.kind != DateKind::Named && !matches!(self.rule, "vague_period" | "century" | "decade")
    }

    /// `TEXT = VALUE [RULE]`, as cases write it: the value is `?` where there is
    /// none, and has the [`Bound`] before it unless it is closed.
    #[must_use]
    pub fn described(&self, text: &str) -> String {
        let value = self.range.map_or_else(|| "?".to_owned(), |r| r.to_string());
        let bound = if self.bound == Bound::Closed { String::new() } else { format!("{} ", self.bound.name()) };
        format!("{} = {bound}{value} [{}]", self.span.of(text), self.rule)
    }
}

/// The rules, with their meaning.
pub const DATE_RULES: [(&str, &str); 38] = [
    ("year_month_day", "a full date, in characters, digits or with - or /"),
    ("year_month", "a month with its year"),
    ("year", "a year"),
    ("short_year", "a year of two digits, with a month or the like after it, or written with a zero"),
    ("era_year", "a year of the Republic (民国) or of the common era"),
    ("month_day", "a day with its month; the year from the document or the date before"),
    ("month", "a month; the year from the document or the date before"),
    ("day", "a bare day; the month from the date before in the sentence, or the nearest not after the document, unless the text speaks of the future"),
    ("day_word", "今天, 昨天 and the like, counted from the document's date"),
    ("previous_day_word", "当天, 同日, 次日, counted from the date before"),
    ("month_word", "本月, 上月 and the like, and 当月"),
    ("year_word", "今年, 去年 and the like, and 当年"),
    ("week_word", "上周, 本周: Monday to Sunday, counted from the document's week"),
    ("weekday", "a weekday of the week that is named, or of the document's"),
    ("weekend", "Saturday and Sunday"),
    ("week_of_year", "the n-th week of a year by ISO 8601"),
    ("week_of_month", "the n-th week of a month, the first beginning on its first Monday"),
    ("weekday_of_month", "the n-th such weekday of a month"),
    ("counted_from", "3天前, 两周后: counted from the document, or the date before in the sentence"),
    ("part_of_year", "quarters, halves and thirds of months, and the months from the first on (前8个月)"),
    ("part_of_month", "the first days of a month, or a half of it"),
    ("season", "from 立春, 立夏, 立秋 or 立冬 to the day before the next"),
    ("quarter_word", "本季度, 上个季度, counted from the document's"),
    ("nth_day", "the n-th day or month of a year"),
    ("decade", "ten years; the century from the text, or the nearest begun before the document"),
    ("century", "a hundred years from the one ending in 00"),
    ("lunar_date", "a day, month or year of the lunar calendar, of the lunar year named or of the document's"),
    ("feast", "a feast or a day with a name, of the year named, or of the document's"),
    ("public_holiday", "the days off around a feast, by the notice of the year"),
    ("five_year_plan", "the years of a five-year plan"),
    ("named_period", "a congress, a plenum or another occasion with a name, by the table"),
    ("two_sessions", "全国两会 of the year named, or of the document's, by the table"),
    ("range", "from one date to another, whose left-out parts come from the other end"),
    ("vague_word", "近日, 日前: a date that the text does not tell"),
    ("vague_end", "年底, 年初: somewhere in the year that is its value"),
    ("vague_period", "近年来, 多年来: years that the text does not tell"),
    ("either_order", "day and month in digits, in an order that cannot be told"),
    ("before_christ", "a year before the common era: outside the tables' calendar"),
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
pub fn dates(sentence: &str, context: DateContext, almanac: &Almanac) -> Vec<DateMention> {
    let starts = sentence.char_indices().filter(|(_, c)| almanac.class(*c) != 0).map(|(at, _)| at);
    let mut out = Vec::new();
    dates_from(sentence, starts, context, almanac, &mut Vec::new(), &mut out);
    out
}

/// The same, of a sentence in which dates can begin only at `starts`, pushed to
/// `out`. `tokens` is a buffer.
pub(in crate::resolve) fn dates_from(
    sentence: &str,
    starts: impl Iterator<Item = usize>,
    context: DateContext,
    almanac: &Almanac,
    tokens: &mut Vec<Token>,
    out: &mut Vec<DateMention>,
) {
    token::tokens(sentence, starts, almanac, tokens);
    // Numbers without a unit, and what stands around them, are no date.
    if tokens.iter().all(|t| t.kind.needs_a_unit()) {
        return;
    }
    let mut reader = Reader { text: sentence, tokens, context, in_sentence: None, almanac };
    let mut at = 0;
    while at < tokens.len() {
        match reader.mention(at) {
            Some((mention, next)) => {
                if let Some(range) = mention.anchors() {
                    reader.context.previous = Some(range);
                    reader.in_sentence = Some(range);
                }
                out.push(mention);
                at = next;
            }
            None => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Vocabulary;
    use super::*;
    use chrono::Datelike;
    use proptest::prelude::*;
    use std::sync::LazyLock;

    static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::builtin);

    fn read(text: &str, context: DateContext) -> Vec<DateMention> {
        dates(text, context, &VOCABULARY.almanac)
    }

    fn document(day: &str) -> DateContext {
        DateContext { document: crate::parse::read_date(day), previous: None }
    }

    #[test]
    fn a_date_of_the_far_future_is_last_years_with_this_year_as_candidate() {
        let found = read("12月28日，会议召开", document("2024-01-05"));
        assert_eq!(found[0].range.map(|r| r.to_string()).as_deref(), Some("2023-12-28"));
        assert_eq!(found[0].candidates.len(), 1);
    }

    #[test]
    fn open_ranges_are_open_on_one_side() {
        let days = |text: &str| {
            let shown = |day: Option<NaiveDate>| day.map_or_else(|| "..".to_owned(), |d| d.to_string());
            let (start, end) = read(text, document("2024-05-06"))[0].days();
            format!("{} {}", shown(start), shown(end))
        };
        assert_eq!(days("2018年以前"), ".. 2017-12-31");
        assert_eq!(days("截至2018年"), ".. 2018-12-31");
        assert_eq!(days("自2018年起"), "2018-01-01 ..");
        assert_eq!(days("2018年之后"), "2019-01-01 ..");
        assert_eq!(days("今天8点之前"), ".. 2024-05-06");
    }

    proptest! {
        #[test]
        fn text_of_date_characters_alone_is_read_without_fault(
            text in "[0-9一二十〇年月日号周天个季度世纪代至今昨当上下半第前后初正腊闰农历春节以来·/. -]{0,60}"
        ) {
            let mut last = 0;
            for mention in read(&text, document("2024-03-20")) {
                prop_assert!(text.is_char_boundary(mention.span.start) && text.is_char_boundary(mention.span.end));
                prop_assert!(last <= mention.span.start && mention.span.start < mention.span.end);
                last = mention.span.end;
                prop_assert!(mention.range.is_none_or(|range| range.start <= range.end));
                prop_assert!(DATE_RULES.iter().any(|(id, _)| *id == mention.rule), "{}", mention.rule);
            }
        }

        #[test]
        fn a_full_date_is_read_whatever_stands_around_it(days in 0..60_000_u64, before in "[会议于在，]{0,4}", after in "[，召开在举行]{0,4}") {
            let day = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + Days::new(days);
            let text = format!("{before}{}年{}月{}日{after}", day.year(), day.month(), day.day());
            let found = read(&text, DateContext::default());
            prop_assert_eq!(found.len(), 1);
            prop_assert_eq!(found[0].range, Some(DateRange::of_day(day)));
        }
    }
}
