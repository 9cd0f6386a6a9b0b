//! Ranges: 至, 到 and the dash between two dates, whose left-out parts come
//! from the other end.

use super::days::month_shifted;
use super::edge::time_of_day;
use super::grammar::{Fields, Read, Reader, Value};
use super::token::Kind;
use super::{Anchor, DateContext};
use crate::parse::{DateRange, Precision};
use chrono::Datelike;

impl Reader<'_> {
    /// 11—13日, 3至5月, 2021—2025年, 1985到89年9月: the unit stands only at the end.
    pub(super) fn compact_range_head(&self, at: usize) -> Option<Read> {
        let Kind::Number(first) = self.kind(at)? else { return None };
        if !matches!(self.next(at + 1)?, Kind::To | Kind::Dash) {
            return None;
        }
        let last = self.number(at + 2)?;
        let mut fields = Fields::default();
        let rule = match self.next(at + 3)? {
            Kind::Day if last.value <= 31 && last.value > first.value => {
                fields.day = Some(first.value);
                "day"
            }
            Kind::Month if last.value <= 12 && last.value > first.value => {
                fields.month = Some(first.value);
                "month"
            }
            Kind::Year if first.digits == 4 && ((last.digits == 4 && last.value > first.value) || last.digits == 2) => {
                fields.year = Some(i32::try_from(first.value).ok().filter(|y| (1000..=2999).contains(y))?);
                "year"
            }
            _ => return None,
        };
        Some((Value::Fields(fields), rule, at + 1))
    }

    /// The range from `first`, which ends before token `at`, to what follows
    /// 至 or a dash; a time of day may stand between. `None` inside where the
    /// range has no value.
    pub(super) fn range_to(&self, first: Value, start: Option<DateRange>, at: usize) -> Option<(Option<DateRange>, usize)> {
        if matches!(first, Value::Vague(_) | Value::Named(_)) {
            return None;
        }
        let end = self.span(at.checked_sub(1)?).end;
        let skipped = time_of_day(self.after(end));
        let mut at = at;
        while skipped > 0 && self.tokens.get(at).is_some_and(|t| t.span.start < end + skipped) {
            at += 1;
        }
        let mark = self.tokens.get(at).filter(|t| matches!(t.kind, Kind::To | Kind::Dash))?;
        let between = self.text.get(end + skipped..mark.span.start)?;
        if !matches!(between, "" | " ") || self.next(at + 1).is_none() {
            return None;
        }
        let Some(start) = start else {
            let (_, _, end) = self.one(at + 1)?;
            return Some((None, end));
        };
        // 11月30日至次年2月28日: the date before is the beginning.
        let context = DateContext { previous: Some(start), ..self.context };
        let inner = Reader { in_sentence: Some(start), context, ..*self };
        // 2008.03-2009: a year without its unit.
        let bare_year = self.number(at + 1).filter(|n| n.digits == 4 && (1900..=2099).contains(&n.value) && self.next(at + 2).is_none());
        // 1985到89年: the year is short as the one before is long.
        let short = self.number(at + 1).filter(|n| n.digits == 2 && self.next(at + 2) == Some(Kind::Year) && start.precision == Precision::Year);
        if let Some(short) = short {
            let year = start.start.year().div_euclid(100) * 100 + i32::try_from(short.value).ok()?;
            let (Value::Whole(other, ..), _, end) = inner.with_year(year, "year", Anchor::Text, at + 3) else { return None };
            return Some((Some(start.to(other)?), end));
        }
        let (other, _, end) = match bare_year.filter(|_| start.precision >= Precision::Month) {
            Some(year) => (Value::Whole(DateRange::year(i32::try_from(year.value).ok()?)?, Anchor::Text, None), "year", at + 2),
            None => inner
                .one(at + 1)
                .or_else(|| inner.day_at(at + 1).map(|(day, end)| (Value::Fields(Fields { day: Some(day), ..Fields::default() }), "day", end)))?,
        };
        let other = match other {
            Value::Whole(range, ..) => range,
            Value::Fields(fields) => end_of_range(start, fields)?,
            _ => return None,
        };
        // It runs backwards: two dates, not one range.
        Some((Some(start.to(other)?), end))
    }
}

/// The end of a range that leaves out what its beginning says.
pub(super) fn end_of_range(start: DateRange, end: Fields) -> Option<DateRange> {
    let year = end.year.unwrap_or(start.end.year());
    match (end.month, end.day) {
        (Some(month), Some(day)) => {
            let same = DateRange::day(year, month, day)?;
            if same.start < start.start { DateRange::day(year + 1, month, day) } else { Some(same) }
        }
        (Some(month), None) => {
            let same = DateRange::month(year, month)?;
            if same.end < start.start { DateRange::month(year + 1, month) } else { Some(same) }
        }
        (None, Some(day)) if start.precision == Precision::Day => {
            let same = DateRange::day(year, start.end.month(), day).filter(|s| s.start >= start.start);
            same.or_else(|| {
                let next = month_shifted(start.end, 1)?;
                DateRange::day(next.start.year(), next.start.month(), day)
            })
        }
        (None, None) => DateRange::year(end.year?),
        _ => None,
    }
}
