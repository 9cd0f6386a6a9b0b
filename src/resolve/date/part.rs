//! What may follow a year or a month: months, days, quarters, weeks, thirds.

use chrono::{Datelike, NaiveDate};

use super::Anchor;
use super::days::{days_of, half_of, season_of, third_of, week_from};
use super::feast::{self, shifted};
use super::grammar::{Read, Reader, Value, whole};
use super::token::{Kind, Unit};
use crate::parse::{DateRange, Precision};

impl Reader<'_> {
    /// What may follow a year: a month, a day, a quarter, a feast …
    pub(super) fn with_year(&self, year: i32, rule: &'static str, anchor: Anchor, at: usize) -> Read {
        let plain = (whole(DateRange::year(year), anchor), rule, at);
        let Some(kind) = self.next_of(at) else { return plain };
        match kind {
            Kind::Lunar => return self.lunar(Some(year), anchor, at + 1, false).unwrap_or(plain),
            Kind::Leap | Kind::LunarMonth(_) => return self.lunar(Some(year), anchor, at, false).unwrap_or(plain),
            Kind::Feast(number) => return self.feast(number, Some((year, anchor)), at).unwrap_or(plain),
            Kind::TwoSessions => return (self.almanac.two_sessions(year).map_or(Value::Open, Value::Named), "two_sessions", at + 1),
            Kind::Season(season) => return (whole(season_of(year, season), anchor), "season", at + 1),
            // 去年本月十日, 去年同月.
            Kind::MonthWord(0) | Kind::SameMonth => {
                let month = self.context.document.filter(|d| d.precision <= Precision::Month).map(|d| d.start.month());
                return self.with_month(month.and_then(|m| DateRange::month(year, m)), "month_word", anchor, at + 1);
            }
            _ => {}
        }
        if let Some((range, end)) = self.part(year, at) {
            return (whole(range, anchor), "part_of_year", end);
        }
        if let Some((range, rule, end)) = self.nth(year, at) {
            return (whole(range, anchor), rule, end);
        }
        if let Some((month, end)) = self.month_at(at) {
            if let Some(lunar) = self.lunar(Some(year), anchor, at, true) {
                return lunar;
            }
            if let Some((day, day_end)) = self.day_at(end)
                && let Some(range) = DateRange::day(year, month, day)
            {
                return (Value::Whole(range, anchor, None), "year_month_day", day_end);
            }
            let Some(range) = DateRange::month(year, month) else { return plain };
            return self.part_of_month(range, anchor, end).unwrap_or((Value::Whole(range, anchor, None), "year_month", end));
        }
        plain
    }

    pub(super) fn with_month(&self, month: Option<DateRange>, rule: &'static str, anchor: Anchor, at: usize) -> Read {
        let Some(month) = month else {
            let end = self.day_at(at).map_or(at, |(_, end)| end);
            return (Value::Open, rule, end);
        };
        if let Some((day, end)) = self.day_at(at) {
            return (whole(DateRange::day(month.start.year(), month.start.month(), day), anchor), rule, end);
        }
        self.part_of_month(month, anchor, at).unwrap_or((Value::Whole(month, anchor, None), rule, at))
    }

    /// A part of `month` at token `at`: a third, a half, the first days, a week.
    pub(super) fn part_of_month(&self, month: DateRange, anchor: Anchor, at: usize) -> Option<Read> {
        let (year, number) = (month.start.year(), month.start.month());
        match self.next_of(at)? {
            Kind::Third(third) => Some((whole(third_of(year, number, third), anchor), "part_of_year", at + 1)),
            Kind::HalfMonth(half) => Some((whole(half_of(month, half), anchor), "part_of_month", at + 1)),
            Kind::Front | Kind::Back => {
                let n = self.number(at + 1).filter(|_| matches!(self.next(at + 2), Some(Kind::Count(Unit::Day))))?;
                let back = self.kind(at) == Some(Kind::Back);
                Some((whole(days_of(month, n.value, back), anchor), "part_of_month", at + 3))
            }
            Kind::Ordinal => {
                let n = self.number(at + 1)?;
                match self.next(at + 2)? {
                    Kind::Count(Unit::Week) => {
                        let first = feast::nth_weekday(year, number, 1, 1)?;
                        let week = shifted(first, (i64::from(n.value) - 1) * 7).filter(|_| (1..=5).contains(&n.value)).and_then(week_from);
                        Some((whole(week, anchor), "week_of_month", at + 3))
                    }
                    Kind::Weekday(day) => {
                        let day = feast::nth_weekday(year, number, n.value, day + 1).map(DateRange::of_day);
                        Some((whole(day, anchor), "weekday_of_month", at + 3))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The month at token `at`, and the token after it.
    pub(super) fn month_at(&self, at: usize) -> Option<(u32, usize)> {
        let month = self.number(at).filter(|m| (1..=12).contains(&m.value))?;
        match self.next(at + 1)? {
            Kind::Month => Some((month.value, at + 2)),
            // 2018年2—4月: the unit stands only at the end.
            Kind::To | Kind::Dash => {
                let last = self.number(at + 2).filter(|last| last.value > month.value && last.value <= 12)?;
                (last.value > 0 && self.next(at + 3)? == Kind::Month).then_some((month.value, at + 1))
            }
            _ => None,
        }
    }

    pub(super) fn day_at(&self, at: usize) -> Option<(u32, usize)> {
        let day = self.number(at).filter(|d| (1..=31).contains(&d.value))?;
        match self.next(at + 1)? {
            Kind::Day | Kind::Hao => Some((day.value, at + 2)),
            // 3月11—13日: the unit stands only at the end.
            Kind::To | Kind::Dash => {
                let last = self.number(at + 2).filter(|last| last.value > day.value)?;
                (last.value <= 31 && matches!(self.next(at + 3)?, Kind::Day | Kind::Hao)).then_some((day.value, at + 1))
            }
            _ => None,
        }
    }

    /// A part of `year` at token `at`, and the token after it: a half, a
    /// quarter, the first or last months.
    pub(super) fn part(&self, year: i32, at: usize) -> Option<(Option<DateRange>, usize)> {
        let quarters = |first: u32, last: u32| DateRange::quarter(year, first).and_then(|q| q.to(DateRange::quarter(year, last)?));
        match self.kind(at)? {
            Kind::Half(half) => Some((DateRange::half(year, half), at + 1)),
            Kind::QuarterCode(quarter) => {
                let end = if self.next(at + 1) == Some(Kind::Quarter) { at + 2 } else { at + 1 };
                Some((DateRange::quarter(year, quarter), end))
            }
            Kind::Ordinal => {
                let n = self.number(at + 1).filter(|n| (1..=4).contains(&n.value))?;
                (self.next(at + 2)? == Kind::Quarter).then(|| (DateRange::quarter(year, n.value), at + 3))
            }
            Kind::Number(n) if self.next(at + 1) == Some(Kind::Quarter) => Some((DateRange::quarter(year, n.value), at + 2)),
            // 一至三季度
            Kind::Number(n) if matches!(self.next(at + 1), Some(Kind::To | Kind::Dash)) && self.next(at + 3) == Some(Kind::Quarter) => {
                Some((quarters(n.value, self.number(at + 2)?.value), at + 4))
            }
            Kind::Front | Kind::Back => {
                let n = self.number(at + 1)?;
                let back = self.kind(at) == Some(Kind::Back);
                let months = |count: u32| {
                    let first = if back { 13_u32.checked_sub(count)? } else { 1 };
                    DateRange::month(year, first)?.to(DateRange::month(year, first + count - 1)?)
                };
                match self.next(at + 2)? {
                    Kind::Quarter | Kind::Count(Unit::Quarter) if (1..=4).contains(&n.value) => {
                        let range = if back { quarters(5 - n.value, 4) } else { quarters(1, n.value) };
                        Some((range, at + 3))
                    }
                    Kind::Count(Unit::Month) | Kind::Month if (1..=12).contains(&n.value) => Some((months(n.value), at + 3)),
                    Kind::Count(Unit::Day) if self.next_of(at).is_some() => Some((DateRange::year(year).and_then(|y| days_of(y, n.value, back)), at + 3)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The n-th day, week or month of `year` at token `at`.
    pub(super) fn nth(&self, year: i32, at: usize) -> Option<(Option<DateRange>, &'static str, usize)> {
        let n = self.number(at + 1).filter(|_| self.kind(at) == Some(Kind::Ordinal))?;
        let range = match self.next(at + 2)? {
            Kind::Count(Unit::Week) => {
                let monday = NaiveDate::from_isoywd_opt(year, n.value, chrono::Weekday::Mon);
                return Some((monday.and_then(week_from), "week_of_year", at + 3));
            }
            Kind::Count(Unit::Month) => DateRange::month(year, n.value),
            Kind::Count(Unit::Day) => NaiveDate::from_yo_opt(year, n.value).map(DateRange::of_day),
            _ => return None,
        };
        Some((range, "nth_day", at + 3))
    }
}
