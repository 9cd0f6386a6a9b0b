//! Days known only in part: a range of days with the precision of its writing.

use std::fmt;

use chrono::{Datelike, Days, Months, NaiveDate};

/// How exactly a text dates something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    /// To the day, or a range of days.
    #[default]
    Day,
    /// To the week.
    Week,
    /// To the month.
    Month,
    /// To the quarter.
    Quarter,
    /// To the half year.
    Half,
    /// To the year.
    Year,
    /// To ten years.
    Decade,
    /// To a hundred years.
    Century,
    /// Not at all (近日).
    Vague,
}

impl Precision {
    /// All values.
    pub const ALL: [Self; 9] = [Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Half, Self::Year, Self::Decade, Self::Century, Self::Vague];

    /// The word in the tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Half => "half",
            Self::Year => "year",
            Self::Decade => "decade",
            Self::Century => "century",
            Self::Vague => "vague",
        }
    }

    /// The value with this [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }
}

/// A range of days, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRange {
    /// First day.
    pub start: NaiveDate,
    /// Last day.
    pub end: NaiveDate,
    /// Precision of the writing.
    pub precision: Precision,
}

impl DateRange {
    /// One day; `None` if there is no such day.
    #[must_use]
    pub fn day(year: i32, month: u32, day: u32) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, month, day).map(Self::of_day)
    }

    /// The range of this one day.
    #[must_use]
    pub const fn of_day(day: NaiveDate) -> Self {
        Self { start: day, end: day, precision: Precision::Day }
    }

    /// A whole month.
    #[must_use]
    pub fn month(year: i32, month: u32) -> Option<Self> {
        Self::months(year, month, 1, Precision::Month)
    }

    /// A quarter, 1 to 4.
    #[must_use]
    pub fn quarter(year: i32, quarter: u32) -> Option<Self> {
        Self::months(year, quarter.checked_mul(3)?.checked_sub(2)?, 3, Precision::Quarter)
    }

    /// A half year, 1 or 2.
    #[must_use]
    pub fn half(year: i32, half: u32) -> Option<Self> {
        Self::months(year, half.checked_mul(6)?.checked_sub(5)?, 6, Precision::Half)
    }

    /// A whole year.
    #[must_use]
    pub fn year(year: i32) -> Option<Self> {
        Self::months(year, 1, 12, Precision::Year)
    }

    fn months(year: i32, first: u32, count: u32, precision: Precision) -> Option<Self> {
        let start = NaiveDate::from_ymd_opt(year, first, 1)?;
        let end = start.checked_add_months(Months::new(count))?.checked_sub_days(Days::new(1))?;
        Some(Self { start, end, precision })
    }

    /// From the beginning of this range to the end of `other`, in the coarser
    /// precision; `None` if that runs backwards.
    #[must_use]
    pub fn to(self, other: Self) -> Option<Self> {
        (self.start <= other.end).then(|| Self { start: self.start, end: other.end, precision: self.precision.max(other.precision) })
    }
}

impl fmt::Display for DateRange {
    /// `2024-03-05`, `2024-03`, `2024`, `2024Q1`, `2024H1`, or `START/END`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month) = (self.start.year(), self.start.month());
        match self.precision {
            Precision::Day if self.start == self.end => write!(f, "{}", self.start),
            Precision::Month if Self::month(year, month) == Some(*self) => write!(f, "{year:04}-{month:02}"),
            Precision::Quarter if Self::quarter(year, month.div_ceil(3)) == Some(*self) => write!(f, "{year:04}Q{}", month.div_ceil(3)),
            Precision::Half if Self::half(year, month.div_ceil(6)) == Some(*self) => write!(f, "{year:04}H{}", month.div_ceil(6)),
            Precision::Year if Self::year(year) == Some(*self) => write!(f, "{year:04}"),
            _ => write!(f, "{}/{}", self.start, self.end),
        }
    }
}

/// Reads the value of a date field: `2024-03-05`, `2024/3/5`, `20240305`,
/// `2024-03`, `2024`, each also with a time after it, or 2024年3月5日.
#[must_use]
pub fn read_date(text: &str) -> Option<DateRange> {
    let text = text.trim();
    if let Some((range, _)) = absolute(text) {
        return Some(range);
    }
    let parts: Vec<&str> = text.split(|c: char| !c.is_ascii_digit()).take(3).take_while(|part| !part.is_empty()).collect();
    let number = |part: &str| part.parse::<u32>().ok();
    let year = |part: &str| part.parse::<i32>().ok().filter(|_| part.len() == 4);
    match *parts.as_slice() {
        [y, m, d] if y.len() == 4 && m.len() <= 2 && d.len() <= 2 => DateRange::day(year(y)?, number(m)?, number(d)?),
        [y, m] if y.len() == 4 && m.len() <= 2 => DateRange::month(year(y)?, number(m)?),
        [y] if y.len() == 4 => DateRange::year(year(y)?),
        [packed, ..] if packed.len() == 8 => DateRange::day(year(packed.get(..4)?)?, number(packed.get(4..6)?)?, number(packed.get(6..)?)?),
        _ => None,
    }
}

/// The date with a year that `text` begins with (2024年3月5日, 二〇二四年三月,
/// 2024年), and its length in bytes.
#[must_use]
pub fn absolute(text: &str) -> Option<(DateRange, usize)> {
    let year = super::numeral::numeral(text).filter(|n| n.digits == 4 && (1000..=2999).contains(&n.value))?;
    let after = |at: usize, unit: &str| text.get(at..)?.trim_start().strip_prefix(unit).map(|rest| text.len() - rest.len());
    let value = i32::try_from(year.value).ok()?;
    let at = after(year.bytes, "年")?;
    let whole = DateRange::year(value).map(|range| (range, at));
    let part = |at: usize| -> Option<(u32, usize)> {
        let rest = text.get(at..)?;
        let skipped = rest.len() - rest.trim_start().len();
        let n = super::numeral::numeral(rest.trim_start()).filter(|n| n.bytes <= 9)?;
        Some((n.value, at + skipped + n.bytes))
    };
    let Some((month, end)) = part(at) else { return whole };
    let Some(at) = after(end, "月") else { return whole };
    let Some(range) = DateRange::month(value, month) else { return whole };
    let month_only = Some((range, at));
    let Some((day, end)) = part(at) else { return month_only };
    let Some(end) = after(end, "日").or_else(|| after(end, "号")) else { return month_only };
    DateRange::day(value, month, day).map(|range| (range, end)).or(month_only)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn date_fields_are_read_in_the_usual_writings() {
        let read = |text| read_date(text).map(|range| range.to_string());
        for (text, expected) in [
            ("2024-03-05", "2024-03-05"),
            ("2024/3/5", "2024-03-05"),
            ("20240305", "2024-03-05"),
            ("2024-03-05T19:00:00+08:00", "2024-03-05"),
            ("2024-03", "2024-03"),
            ("2010", "2010"),
            ("2024年3月5日", "2024-03-05"),
            ("二〇二四年三月", "2024-03"),
            (" 1954 ", "1954"),
            ("20240305 19:00", "2024-03-05"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "n/a", "2024-13-01", "20241301", "3月5日", "12345"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn an_absolute_date_ends_where_its_writing_ends() {
        assert_eq!(absolute("2024年3月5日至7日").map(|(r, n)| (r.to_string(), n)), Some(("2024-03-05".into(), "2024年3月5日".len())));
        assert_eq!(absolute("2024年3月的").map(|(r, n)| (r.to_string(), n)), Some(("2024-03".into(), "2024年3月".len())));
        assert_eq!(absolute("2024年13月").map(|(r, _)| r.to_string()), Some("2024".into()));
        assert_eq!(absolute("3000人"), None);
    }

    proptest! {
        #[test]
        fn printed_and_read_again_a_day_is_the_same(days in 0..80_000_i32) {
            let day = NaiveDate::from_num_days_from_ce_opt(700_000 + days).unwrap();
            let range = DateRange::of_day(day);
            prop_assert_eq!(read_date(&range.to_string()), Some(range));
        }
    }
}
