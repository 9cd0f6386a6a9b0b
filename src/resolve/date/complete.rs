//! What a date leaves out, filled in from the sentence, the document or the
//! date before; and what else it may be.

use chrono::{Datelike, NaiveDate};

use super::Anchor;
use super::days::month_shifted;
use super::grammar::{Fields, Reader, Value};
use crate::parse::{DateRange, Precision};

impl Reader<'_> {
    /// Fills in what the writing leaves out.
    pub(super) fn complete(&self, value: Value, end: usize) -> (Option<DateRange>, Anchor, Vec<DateRange>) {
        match value {
            Value::Whole(range, anchor, other) => (Some(range), anchor, other.into_iter().collect()),
            Value::Named(range) => (Some(range), Anchor::Text, Vec::new()),
            Value::Either(a, b) => (None, Anchor::None, vec![a, b]),
            Value::Vague(range) => (range, range.map_or(Anchor::None, |_| Anchor::Document), Vec::new()),
            Value::Open | Value::Fields(Fields { year: None, month: None, day: None }) => (None, Anchor::None, Vec::new()),
            Value::Fields(Fields { year: Some(year), .. }) => (DateRange::year(year), Anchor::Text, Vec::new()),
            Value::Fields(Fields { month: Some(month), day, .. }) => self.complete_month(month, day, end),
            Value::Fields(Fields { day: Some(day), .. }) => self.complete_day(day, end),
        }
    }

    pub(super) fn complete_month(&self, month: u32, day: Option<u32>, end: usize) -> (Option<DateRange>, Anchor, Vec<DateRange>) {
        const FAR_DAYS: i64 = 300;
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
            // A date ten months ahead is last year's, unless the text says
            // that it is to come.
            let far = (here.start - document.end).num_days() > FAR_DAYS;
            if far && last.is_some() && !self.speaks_of_future(end) {
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

    pub(super) fn complete_day(&self, day: u32, end: usize) -> (Option<DateRange>, Anchor, Vec<DateRange>) {
        let make = |month: NaiveDate| DateRange::day(month.year(), month.month(), day);
        if let Some(before) = self.in_sentence.filter(|b| b.precision <= Precision::Month) {
            return (make(before.end), Anchor::Previous, Vec::new());
        }
        if let Some(document) = self.document_day() {
            let here = make(document);
            let beside = |months| month_shifted(document, months).and_then(|m| make(m.start));
            let past = here.filter(|h| h.start <= document).or_else(|| beside(-1));
            let ahead = here.filter(|h| h.start >= document).or_else(|| beside(1));
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
    pub(super) fn speaks_of_future(&self, end: usize) -> bool {
        let Some(last) = end.checked_sub(1).and_then(|at| self.tokens.get(at)) else { return false };
        let head = self.before(last.span.start);
        let near = head.char_indices().rev().take(14).last().map_or("", |(at, _)| head.get(at..).unwrap_or_default());
        let after = self.after(last.span.end);
        near.contains(['将', '拟']) || ["定于", "计划", "决定"].iter().any(|w| near.contains(w)) || after.chars().take(10).any(|c| c == '将')
    }
}
