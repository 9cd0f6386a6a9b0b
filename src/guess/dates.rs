//! Dates in names and fields, and how often a source speaks.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::{Datelike, NaiveDate, Weekday};

use super::{Finding, of};
use crate::parse::{DateFormat, DateRange, Precision, read_date};

/// Formats of dates in paths, the more exact ones first.
const IN_NAMES: [&str; 22] = [
    "%Y%m%d",
    "%Y-%m-%d",
    "%Y_%m_%d",
    "%Y.%m.%d",
    "%Y年%m月%d日",
    "%Y/%m/%d",
    "%Y/%m-%d",
    "%Y-%m/%d",
    "%Y%m/%d",
    "%Y/%m%d",
    "%Y年/%m月/%d日",
    "%Y年/%m月%d日",
    "%Y/%m月%d日",
    "%y%m%d",
    "%Y年%m月",
    "%Y-%m",
    "%Y_%m",
    "%Y.%m",
    "%Y/%m",
    "%Y%m",
    "%Y年",
    "%Y",
];

/// Formats of dates in fields that are read by a format only.
const IN_FIELDS: [&str; 8] = ["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y.%m.%d", "%Y年%m月%d", "%y-%m-%d"];

/// Years in which texts of this kind were written.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2099;

fn plausible(date: &DateRange) -> bool {
    YEARS.contains(&date.start.year())
}

/// The dates of names or fields that are dates.
pub(super) struct Dated {
    /// The value of `date`: `filename:%Y%m%d`.
    pub finding: Finding,
    pub dates: Vec<DateRange>,
}

/// The format of the dates in the paths of files, if nearly all have one.
pub(super) fn in_names(names: &[String]) -> Option<Dated> {
    let (_, format, dates) = fitting(&IN_NAMES, &names.iter().map(String::as_str), 0.9)?;
    let first = names.first()?;
    let mut why = format!("{} file names fit, such as {first}: {}", of(dates.len(), names.len()), range(&dates));
    if dates.len() < names.len() {
        let reads = |name: &&String| DateFormat::new(format).is_ok_and(|f| f.find(name).is_none());
        let odd: Vec<&str> = names.iter().filter(reads).take(3).map(String::as_str).collect();
        let _ = write!(why, "; without a date: {}", odd.join(", "));
    }
    let mut finding = Finding::new("date", format!("filename:{format}"), why);
    if format == "%y%m%d" && fitting(&["%Y%m"], &names.iter().map(String::as_str), 0.9).is_some() {
        finding = finding.unsure("filename:%Y%m, if the six digits are a year and a month");
    }
    if format == "%Y%m" && fitting(&["%y%m%d"], &names.iter().map(String::as_str), 0.9).is_some() {
        finding = finding.unsure("filename:%y%m%d, if the six digits are year, month and day");
    }
    Some(Dated { finding, dates })
}

/// The dates of a field that a person would call its date: the format if it needs
/// one, and how many values are dates.
pub(super) fn in_values(values: &[&str]) -> Option<(Option<&'static str>, Vec<DateRange>)> {
    let plain: Vec<DateRange> = values.iter().filter_map(|value| read_date(value)).filter(plausible).collect();
    let with_format = fitting(&IN_FIELDS, &values.iter().copied(), 0.9);
    match with_format {
        Some((_, format, dates)) if dates.len() > plain.len() => Some((Some(format), dates)),
        _ => (!plain.is_empty()).then_some((None, plain)),
    }
}

/// The other order of day and month that fits all values too.
pub(super) fn other_order(format: &str, values: &[&str]) -> Option<&'static str> {
    let other = match format {
        "%d/%m/%Y" => "%m/%d/%Y",
        "%d-%m-%Y" => "%m-%d-%Y",
        _ => return None,
    };
    fitting(&[other], &values.iter().copied(), 1.0).map(|_| other)
}

/// Of the formats, the one that fits most texts, if it fits this share of them; of
/// several, the first of the most exact.
fn fitting<'t>(formats: &[&'static str], texts: &(impl Iterator<Item = &'t str> + Clone), least: f64) -> Option<(usize, &'static str, Vec<DateRange>)> {
    let all = texts.clone().count();
    let mut best: Option<(usize, &'static str, Vec<DateRange>)> = None;
    for format in formats {
        let Ok(reader) = DateFormat::new(format) else { continue };
        let dates: Vec<DateRange> = texts.clone().filter_map(|text| reader.find(text)).filter(plausible).collect();
        let exact = |dates: &[DateRange]| {
            dates.first().map_or(0, |date| if date.precision == Precision::Day { 2 } else { usize::from(date.precision == Precision::Month) })
        };
        let better = best.as_ref().is_none_or(|(count, _, known)| exact(&dates) >= exact(known) && dates.len() > *count);
        if !dates.is_empty() && dates.len() as f64 >= all as f64 * least && better {
            best = Some((dates.len(), format, dates));
        }
    }
    best
}

/// Whether a date to the day stands somewhere in a line.
pub(super) fn has_date(line: &str) -> bool {
    IN_NAMES
        .iter()
        .filter(|format| format.contains("%Y") && format.contains("%d"))
        .any(|format| DateFormat::new(format).is_ok_and(|format| format.find(line).is_some_and(|date| plausible(&date))))
}

/// `2024-03-01 to 2024-03-13`.
pub(super) fn range(dates: &[DateRange]) -> String {
    let (first, last) = (dates.iter().min_by_key(|d| (d.start, d.end)), dates.iter().max_by_key(|d| (d.end, d.start)));
    match (first, last) {
        (Some(first), Some(last)) if first == last => first.to_string(),
        (Some(first), Some(last)) => format!("{first} to {last}"),
        _ => "no date".to_owned(),
    }
}

/// How often the source speaks, from the dates of all its files, or from a sample
/// of its records (`whole` is false): then gaps say little.
pub(super) fn cadence(dates: &[DateRange], whole: bool) -> Option<Finding> {
    let years: BTreeSet<i32> = dates.iter().map(|date| date.start.year()).collect();
    let (first, last) = (years.first()?, years.last()?);
    let span = usize::try_from(last - first + 1).unwrap_or(1);
    if years.len() >= 3 && dates.len() * 2 <= years.len() * 3 && years.len() * 2 >= span {
        return Some(Finding::new("cadence", "yearly", format!("{} dates in {} of the {span} years {first} to {last}", dates.len(), years.len())));
    }
    let days: BTreeSet<NaiveDate> = dates.iter().filter(|date| date.precision == Precision::Day && date.start == date.end).map(|date| date.start).collect();
    let (first, last) = (days.first()?, days.last()?);
    let span = usize::try_from((*last - *first).num_days() + 1).unwrap_or(1);
    if days.len() < 5 || !whole {
        return None;
    }
    let weekend = |day: &&NaiveDate| matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
    let weekends = days.iter().filter(weekend).count();
    let working = first.iter_days().take(span).filter(|day| !weekend(&day)).count();
    if days.len() * 10 >= span * 6 && weekends * 20 > days.len() {
        return Some(Finding::new("cadence", "daily", format!("text on {} of the {span} days {first} to {last}", days.len())));
    }
    if weekends * 20 <= days.len() && days.len() * 10 >= working * 6 && span > 7 {
        return Some(Finding::new("cadence", "weekdays", format!("text on {} of the {working} days Monday to Friday, {first} to {last}", days.len())));
    }
    None
}
