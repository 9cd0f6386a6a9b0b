//! Numbers and dates as the two languages write them.

use chrono::{Datelike, NaiveDate};

use super::Language;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `1234567` → `1,234,567`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A large number, short: `515.7 万`, `5.16 million`.
pub(super) fn large(number: u64, language: Language) -> String {
    let of = |unit: u64, digits: usize| format!("{:.digits$}", number as f64 / unit as f64);
    match language {
        Language::Zh if number >= 100_000_000 => of(100_000_000, 2) + " 亿",
        Language::Zh if number >= 100_000 => of(10_000, 1) + " 万",
        Language::En if number >= 1_000_000 => of(1_000_000, 2) + " million",
        _ => count(number),
    }
}

/// So many decimals, halves away from zero: the script rounds in the same way.
fn fixed(value: f64, digits: u8) -> String {
    let unit = 10_f64.powi(i32::from(digits));
    format!("{:.*}", usize::from(digits), (value * unit).round() / unit)
}

/// A share as percent: `12.3 %` is written `12.3%` in both languages.
pub(super) fn percent(share: f64) -> String {
    let value = share * 100.0;
    fixed(value, if value != 0.0 && value < 0.1 { 2 } else { 1 }) + "%"
}

/// A rate.
pub(super) fn rate(value: f64) -> String {
    fixed(value, if value >= 100.0 { 0 } else { 2 })
}

/// A signed number of so many digits, with the minus of the typographers.
pub(super) fn signed(value: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", value.abs());
    let zero = text.chars().all(|c| matches!(c, '0' | '.'));
    match (zero, value < 0.0) {
        (true, _) => text,
        (false, true) => format!("−{text}"),
        (false, false) => format!("+{text}"),
    }
}

/// A day.
pub(super) fn day(date: NaiveDate, language: Language) -> String {
    match language {
        Language::Zh => format!("{}年{}月{}日", date.year(), date.month(), date.day()),
        Language::En => format!("{} {} {}", date.day(), month_name(date.month()), date.year()),
    }
}

/// First to last day, or the one day.
pub(super) fn days(from: NaiveDate, to: NaiveDate, language: Language) -> String {
    if from == to { day(from, language) } else { format!("{}–{}", day(from, language), day(to, language)) }
}

/// Name of a month: `3月`, `Mar`.
pub(super) fn month(number: u32, language: Language) -> String {
    match language {
        Language::Zh => format!("{number}月"),
        Language::En => month_name(number).to_owned(),
    }
}

fn month_name(number: u32) -> &'static str {
    usize::try_from(number).ok().and_then(|n| n.checked_sub(1)).and_then(|n| MONTHS.get(n)).copied().unwrap_or_default()
}

/// A period by its label in the tables: `2024-03`, `2024-Q1`, `plan-14`.
pub(super) fn period(label: &str, language: Language) -> String {
    let zh = language == Language::Zh;
    if let Some((kind @ ("plan" | "congress"), number)) = label.split_once('-') {
        return match (kind, zh) {
            ("plan", true) => format!("第{number}个五年规划"),
            ("plan", false) => format!("five-year plan {number}"),
            (_, true) => format!("第{number}届中央"),
            (_, false) => format!("congress term {number}"),
        };
    }
    let number = |text: &str| text.parse::<u32>().ok();
    let year = |text: &str| text.len() == 4 && number(text).is_some();
    match label.split('-').collect::<Vec<_>>().as_slice() {
        [one] if year(one) => {
            if zh {
                format!("{one}年")
            } else {
                (*one).to_owned()
            }
        }
        [y, rest] if year(y) && rest.starts_with('Q') => {
            let quarter = rest.trim_start_matches('Q');
            if zh { format!("{y}年第{quarter}季度") } else { format!("Q{quarter} {y}") }
        }
        [y, rest] if year(y) && rest.starts_with('W') => {
            let week = rest.trim_start_matches('W');
            if zh { format!("{y}年第{week}周") } else { format!("week {week} of {y}") }
        }
        [y, m] if year(y) && m.len() == 2 => {
            number(m).map_or_else(|| label.to_owned(), |m| if zh { format!("{y}年{m}月") } else { format!("{} {y}", month_name(m)) })
        }
        [_, _, _] => NaiveDate::parse_from_str(label, "%Y-%m-%d").map_or_else(|_| label.to_owned(), |date| day(date, language)),
        _ => label.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{En, Zh};

    #[test]
    fn numbers_are_grouped_and_shortened_in_the_language() {
        assert_eq!((count(0), count(999), count(1_234_567)), ("0".into(), "999".into(), "1,234,567".into()));
        assert_eq!((large(5_156_668, Zh), large(5_156_668, En), large(512, En)), ("515.7 万".into(), "5.16 million".into(), "512".into()));
        assert_eq!((percent(0.1225), rate(0.125), rate(1.115)), ("12.3%".into(), "0.13".into(), "1.12".into()));
        assert_eq!((percent(0.1234), percent(0.0004), percent(0.0)), ("12.3%".into(), "0.04%".into(), "0.0%".into()));
        assert_eq!((signed(-1.25, 1), signed(0.04, 1), signed(2.0, 0)), ("−1.2".into(), "0.0".into(), "+2".into()));
    }

    #[test]
    fn periods_are_named_in_the_language() {
        let named = |label| (period(label, Zh), period(label, En));
        assert_eq!(named("2024"), ("2024年".into(), "2024".into()));
        assert_eq!(named("2024-03"), ("2024年3月".into(), "Mar 2024".into()));
        assert_eq!(named("2024-Q1"), ("2024年第1季度".into(), "Q1 2024".into()));
        assert_eq!(named("2024-W10"), ("2024年第10周".into(), "week 10 of 2024".into()));
        assert_eq!(named("2024-03-05"), ("2024年3月5日".into(), "5 Mar 2024".into()));
        assert_eq!(named("plan-14"), ("第14个五年规划".into(), "five-year plan 14".into()));
        assert_eq!(named("1963-1965"), ("1963-1965".into(), "1963-1965".into()));
    }
}
