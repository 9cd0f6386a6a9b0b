//! Feasts and dates of the lunar calendar, in the year that is named or meant.

use super::Anchor;
use super::feast::{self, Feast};
use super::grammar::{HOLIDAYS, Read, Reader, Value, whole};
use super::token::Kind;
use crate::parse::{DateRange, Precision};
use chrono::Datelike;

impl Reader<'_> {
    pub(super) fn feast(&self, number: u16, year: Option<(i32, Anchor)>, at: usize) -> Option<Read> {
        let feast = self.almanac.feasts.get(usize::from(number))?;
        let end = self.span(at).end;
        let beyond = self.after(end).trim_start_matches(['”', '’']);
        let value = match year {
            Some((year, anchor)) => whole(feast.in_year(year), anchor),
            None => self.occurrence(feast),
        };
        if let Value::Whole(day, anchor, _) = value
            && HOLIDAYS.iter().any(|w| beyond.starts_with(w))
            && let Some(off) = feast.holiday.iter().chain(&feast.names).find_map(|name| feast::public_holiday(name, day.start.year()))
        {
            return Some((Value::Whole(off, anchor, None), "public_holiday", at + 1));
        }
        Some((value, "feast", at + 1))
    }

    /// The feast of a year that is not named: that of the date before in the
    /// sentence, else the document's. A lunar year begins at no fixed day, so
    /// a lunar feast is the one nearest to the date before.
    fn occurrence(&self, feast: &Feast) -> Value {
        if let Some(before) = self.in_sentence.filter(|d| feast.is_lunar() && d.precision <= Precision::Month) {
            let year = before.end.year();
            let all = (year - 1..=year + 1).filter_map(|year| feast.in_year(year));
            let nearest = all.min_by_key(|range| (range.start - before.end).num_days().abs());
            return whole(nearest, Anchor::Previous);
        }
        let Some((mut year, anchor)) = self.year() else { return Value::Open };
        if anchor == Anchor::Document && feast.is_lunar() {
            year = self.lunar_year().unwrap_or(year);
        }
        self.nearest(feast, year, anchor)
    }

    /// The feast of this year, with last year's as candidate where it lies
    /// ahead; last year's where it is just over (除夕 in the first weeks after
    /// it), and next year's where it is near and this year's long over (元旦
    /// in December).
    pub(super) fn nearest(&self, feast: &Feast, year: i32, anchor: Anchor) -> Value {
        const JUST_OVER_DAYS: i64 = 45;
        const NEAR_DAYS: i64 = 60;
        const LONG_OVER_DAYS: i64 = 250;
        let Some(own) = feast.in_year(year) else { return Value::Open };
        let Some(document) = self.context.document.filter(|_| anchor == Anchor::Document) else { return Value::Whole(own, anchor, None) };
        if own.start <= document.end {
            let long_over = document.precision == Precision::Day && (document.start - own.end).num_days() >= LONG_OVER_DAYS;
            let near = |next: &DateRange| (next.start - document.end).num_days() <= NEAR_DAYS;
            let next = if long_over { feast.in_year(year + 1).filter(near) } else { None };
            return next.map_or(Value::Whole(own, anchor, None), |next| Value::Whole(next, anchor, Some(own)));
        }
        let last = feast.in_year(year - 1);
        let over = last.filter(|l| feast.is_lunar() && l.end <= document.start && (document.start - l.end).num_days() <= JUST_OVER_DAYS);
        match over {
            Some(last) => Value::Whole(last, anchor, Some(own)),
            None => Value::Whole(own, anchor, last),
        }
    }

    /// The lunar year in which the document lies.
    pub(super) fn lunar_year(&self) -> Option<i32> {
        let document = self.context.document?;
        let year = document.start.year();
        let new_year = feast::lunar_day(year, 1, false, 1)?;
        Some(if document.precision == Precision::Day && document.start < new_year { year - 1 } else { year })
    }

    /// After 农历: a year, a month or a feast.
    pub(super) fn lunar_at(&self, at: usize) -> Option<Read> {
        match self.next(at)? {
            Kind::Feast(number) => self.feast(number, None, at),
            Kind::YearWord(years) => {
                let year = self.lunar_year().map(|y| y + years);
                self.lunar(year, Anchor::Document, at + 1, false)
                    .or_else(|| Some((whole(year.and_then(feast::lunar_year), Anchor::Document), "lunar_date", at + 1)))
            }
            Kind::Number(n) if n.digits == 4 && self.next(at + 1) == Some(Kind::Year) => {
                let year = i32::try_from(n.value).ok();
                self.lunar(year, Anchor::Text, at + 2, false).or_else(|| Some((whole(year.and_then(feast::lunar_year), Anchor::Text), "lunar_date", at + 2)))
            }
            _ => self.lunar(self.lunar_year(), Anchor::Document, at, false),
        }
    }

    /// A lunar month at token `at`, and its day. Where the calendar is not
    /// named, only what no other calendar writes: 初八, 廿三.
    pub(super) fn lunar(&self, year: Option<i32>, anchor: Anchor, at: usize, unnamed: bool) -> Option<Read> {
        let mut at = at;
        let leap = self.kind(at) == Some(Kind::Leap);
        if leap {
            at += 1;
        }
        let (month, mut end) = match self.kind(at)? {
            Kind::LunarMonth(0) => (1, at),
            Kind::LunarMonth(month) => (month, at + 1),
            Kind::Number(n) if (1..=12).contains(&n.value) && self.next(at + 1) == Some(Kind::Month) => (n.value, at + 2),
            _ => return None,
        };
        // 大年初一: the word holds 初 itself.
        let great = self.kind(at) == Some(Kind::LunarMonth(0));
        let first = great || self.next(end) == Some(Kind::First);
        let day_at = if first { end + 1 } else { end };
        let day = self.number(day_at).filter(|d| {
            let written = self.span(day_at).of(self.text);
            let lunar = first || written.contains(['廿', '卅']) || !unnamed;
            let unit = matches!(self.next(day_at + 1), Some(Kind::Day | Kind::Month | Kind::Year | Kind::Count(_)));
            lunar && (1..=if first { 10 } else { 30 }).contains(&d.value) && (!unit || (!unnamed && self.next(day_at + 1) == Some(Kind::Day)))
        });
        let mut year = year;
        if leap && anchor == Anchor::Document {
            year = year.and_then(|y| feast::year_of_leap_month(y, month));
        }
        let range = match day {
            Some(day) => {
                end = day_at + if self.next(day_at + 1) == Some(Kind::Day) { 2 } else { 1 };
                year.and_then(|y| feast::lunar_day(y, month, leap, day.value)).map(DateRange::of_day)
            }
            None if unnamed || great => return None,
            None => year.and_then(|y| feast::lunar_month(y, month, leap)),
        };
        Some((whole(range, anchor), "lunar_date", end))
    }
}
