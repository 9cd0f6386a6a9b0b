//! Dates written in digits alone: 2024-03-05, 2024/3/5, 20240305, 6·30.

use crate::parse::DateRange;

/// A date in digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numeric {
    /// A day, or a month.
    Whole(DateRange),
    /// A month and a day.
    MonthDay(u32, u32),
    /// Two days that it may be: 3/4/2024.
    Either(DateRange, DateRange),
}

/// Counters and units after eight digits show a quantity: 20240307元.
const UNITS: [char; 23] =
    ['元', '万', '亿', '千', '百', '人', '吨', '米', '公', '个', '名', '件', '户', '亩', '股', '次', '台', '辆', '%', '％', '号', '位', '倍'];

/// The date in digits that begins at byte `at`, and its length in bytes.
///
/// # Cost
/// Constant: it looks at some twenty characters.
pub(super) fn numeric(text: &str, at: usize) -> Option<(Numeric, usize)> {
    let before = text.get(..at)?.chars().next_back();
    let year_follows = before == Some('-') && text.get(at..)?.as_bytes().get(4).is_some_and(|b| matches!(b, b'/' | b'.'));
    if !year_follows && before.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '/' | '·' | ':' | '+' | '〔' | '[' | '$' | '￥' | '¥'))
    {
        return None;
    }
    let rest = text.get(at..)?;
    let (first, a) = digits(rest)?;
    let separator = rest.get(a..)?.chars().next().filter(|_| a < 8).unwrap_or('-');
    let ends = |bytes: usize| {
        let mut after = rest.get(bytes..).unwrap_or_default().chars();
        let next = after.next();
        // 2018/1/10-2018/7/10 is a range, 1.2.3.4 an address.
        let continued = next.is_some_and(|c| c == separator || c == '.') && after.next().is_some_and(|c| c.is_ascii_digit());
        // 2024-03-05T08:00
        let clock = next == Some('T') && rest.get(bytes + 1..).is_some_and(|t| t.starts_with(|c: char| c.is_ascii_digit()));
        (clock || !next.is_some_and(|c| c.is_ascii_alphanumeric())) && !continued
    };
    if a == 8 {
        let next = rest.get(8..)?.chars().next();
        let plausible = (1900..=2099).contains(&(first / 10_000)) && ends(8) && !next.is_some_and(|c| UNITS.contains(&c)) && before != Some('第');
        let day = DateRange::day(i32::try_from(first / 10_000).ok()?, first / 100 % 100, first % 100)?;
        return plausible.then_some((Numeric::Whole(day), 8));
    }
    let width = separator.len_utf8();
    let (second, b) = digits(rest.get(a + width..)?).filter(|(_, b)| *b <= 2)?;
    let two = a + width + b;
    let third = rest.get(two..)?.strip_prefix(separator).and_then(digits);
    let alone = text.trim().len() == two;
    let year = |value: u32| i32::try_from(value).ok();
    match (a, separator, third) {
        (4, '-' | '/' | '.' | ' ', Some((third, c))) if (1000..=2999).contains(&first) => {
            // 2018-12-1209:03: the clock stands right after the day.
            let glued = c == 4 && rest.get(two + width + c..)?.starts_with([':', '：']);
            let (day, c) = if glued { (third / 100, 2) } else { (third, c) };
            let end = two + width + c;
            if c > 2 || (separator == ' ' && (b, c) != (2, 2)) || !(glued || ends(end)) {
                return None;
            }
            DateRange::day(year(first)?, second, day).map(|d| (Numeric::Whole(d), end))
        }
        (4, '-' | '/' | '.', None) if b == 2 && (1000..=2999).contains(&first) => {
            let next = rest.get(two..)?.chars().next();
            let goes_on = next.is_some_and(|c| matches!(c, '-' | '—' | '–' | '~' | '至' | '到'));
            let bounded = match separator {
                // 2008.03 is a number unless nothing else is.
                '.' => alone || goes_on,
                _ => (ends(two) || goes_on) && !next.is_some_and(|c| matches!(c, '年' | '月' | '届')),
            };
            if !bounded {
                return None;
            }
            DateRange::month(year(first)?, second).map(|m| (Numeric::Whole(m), two))
        }
        (1 | 2, '-' | '/' | '.', Some((third, c))) if matches!((c, separator), (4, _) | (2, '/')) => {
            let end = two + width + c;
            let year = if c == 4 { year(third)? } else { short_year(third)? };
            if !ends(end) || !(1000..=2999).contains(&year) {
                return None;
            }
            let (day_first, month_first) = (DateRange::day(year, second, first), DateRange::day(year, first, second));
            match (day_first, month_first) {
                (Some(a), Some(b)) if a != b => Some((Numeric::Either(a, b), end)),
                (Some(day), _) | (None, Some(day)) => Some((Numeric::Whole(day), end)),
                (None, None) => None,
            }
        }
        // A fraction and a score look like it: only where nothing else stands.
        (1 | 2, '/', None) if alone => month_day(first, second).map(|m| (m, two)),
        (1 | 2, '·' | '•', None) if ends(two) && !rest.get(two..)?.starts_with(UNITS) => month_day(first, second).map(|m| (m, two)),
        (2, '-', None) if b == 2 && followed_by_clock(rest.get(two..)?) => month_day(first, second).map(|m| (m, two)),
        _ => None,
    }
}

/// The year that two digits stand for: 49 is 2049, 50 is 1950.
pub(super) fn short_year(value: u32) -> Option<i32> {
    let century = if value < 50 { 2000 } else { 1900 };
    i32::try_from(value + century).ok()
}

fn month_day(month: u32, day: u32) -> Option<Numeric> {
    // 2000 is a leap year: 2·29 is a date.
    DateRange::day(2000, month, day).map(|_| Numeric::MonthDay(month, day))
}

/// A run of up to eight digits: its value and length.
fn digits(text: &str) -> Option<(u32, usize)> {
    let count = text.bytes().take(9).take_while(u8::is_ascii_digit).count();
    (1..=8).contains(&count).then_some(())?;
    Some((text.get(..count)?.parse().ok()?, count))
}

/// ` 20:01`.
fn followed_by_clock(text: &str) -> bool {
    text.strip_prefix(' ').and_then(|rest| Some((rest, digits(rest)?))).is_some_and(|(rest, (_, n))| rest.get(n..).is_some_and(|r| r.starts_with(':')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<String> {
        let (value, bytes) = numeric(text, 0)?;
        let value = match value {
            Numeric::Whole(range) => range.to_string(),
            Numeric::MonthDay(month, day) => format!("--{month:02}-{day:02}"),
            Numeric::Either(a, b) => format!("{a} or {b}"),
        };
        Some(format!("{value} {}", text.get(bytes..).unwrap()))
    }

    #[test]
    fn dates_in_digits_are_read_in_the_usual_writings() {
        for (text, expected) in [
            ("2024-03-05发布", "2024-03-05 发布"),
            ("2024/3/5", "2024-03-05 "),
            ("2010.01.29", "2010-01-29 "),
            ("20240307计划", "2024-03-07 计划"),
            ("2024-03-05T08:00", "2024-03-05 T08:00"),
            ("2022 11 23", "2022-11-23 "),
            ("2018-12-1209:03", "2018-12-12 09:03"),
            ("13.5.2015有空", "2015-05-13 有空"),
            ("05/05/89", "1989-05-05 "),
            ("3/4/2024", "2024-04-03 or 2024-03-04 "),
            ("12/1", "--12-01 "),
            ("6·30", "--06-30 "),
            ("09-01 20:01", "--09-01  20:01"),
            ("2008.03-2009", "2008-03 -2009"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn numbers_that_only_look_like_dates_are_none() {
        for text in [
            "20240307元",
            "2021-13-01",
            "192.168.0.1",
            "888-000-9999",
            "4/5G",
            "3/4的人",
            "2008.03亿",
            "2.0.1",
            "2020-21赛季",
            "2882015",
            "1.2.3.4",
            "2024.1.2.3",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_fault(text in "[0-9./· :—-]{0,24}") {
            if let Some((_, bytes)) = numeric(&text, 0) {
                prop_assert!(text.is_char_boundary(bytes) && bytes > 0);
            }
        }
    }
}
