//! The date that a document itself, or the name of its file, carries.

use regex::Regex;
use serde::Serialize;

use super::calendar::{DateRange, absolute, read_date};

/// Where the date of a document comes from.
#[derive(Clone, Debug, Default, Serialize)]
pub enum DateFrom {
    /// Nowhere.
    #[default]
    Nothing,
    /// The file's path.
    FileName(DateFormat),
    /// A field of the record, in a format or in any usual writing.
    Field(Option<DateFormat>),
    /// A date line near the head or the foot of the text.
    Header,
}

/// A `strftime`-like format of numbers: `%Y` `%m` `%d` `%y` `%H` `%M` `%S`, `%%`;
/// other characters stand for themselves.
#[derive(Clone, Debug)]
pub struct DateFormat {
    text: String,
    pattern: Regex,
    parts: Vec<char>,
}

impl Serialize for DateFormat {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl DateFormat {
    /// Reads a format.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub fn new(format: &str) -> Result<Self, String> {
        let mut pattern = String::new();
        let mut parts = Vec::new();
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            if c != '%' {
                pattern.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
                continue;
            }
            match chars.next() {
                Some('%') => pattern.push('%'),
                Some('Y') => pattern.push_str(r"(\d{4})"),
                Some('m' | 'd' | 'y' | 'H' | 'M' | 'S') => pattern.push_str(r"(\d{1,2})"),
                Some(other) => return Err(format!("`%{other}` is not known: use %Y %y %m %d %H %M %S")),
                None => return Err("the format ends with `%`".to_owned()),
            }
            parts.extend(pattern.ends_with(')').then(|| last_letter(format, &chars)).flatten());
        }
        if !parts.iter().any(|part| matches!(part, 'Y' | 'y')) {
            return Err(format!("`{format}` has no year: put %Y in it"));
        }
        if format.contains("%Y%m") || format.contains("%m%d") || format.contains("%y%m") {
            // Without a mark between them the numbers have two digits.
            pattern = pattern.replace(r"\d{1,2}", r"\d{2}");
        }
        let pattern = Regex::new(&pattern).map_err(|e| e.to_string())?;
        Ok(Self { text: format.to_owned(), pattern, parts })
    }

    /// The last place in `text` that fits the format, no digit touching it.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<DateRange> {
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        self.pattern
            .captures_iter(text)
            .filter(|found| {
                found.get(0).is_some_and(|whole| {
                    let before = text.get(..whole.start()).and_then(|t| t.chars().next_back());
                    let after = text.get(whole.end()..).and_then(|t| t.chars().next());
                    !digit(before) && !digit(after)
                })
            })
            .filter_map(|found| self.value(&found))
            .last()
    }

    fn value(&self, found: &regex::Captures<'_>) -> Option<DateRange> {
        let (mut year, mut month, mut day) = (None, None, None);
        for (i, part) in self.parts.iter().enumerate() {
            let number: u32 = found.get(i + 1)?.as_str().parse().ok()?;
            match part {
                'Y' => year = i32::try_from(number).ok(),
                // POSIX: 69 to 99 are of the last century.
                'y' => year = i32::try_from(number).ok().map(|y| if y < 69 { y + 2000 } else { y + 1900 }),
                'm' => month = Some(number),
                'd' => day = Some(number),
                _ => {}
            }
        }
        match (year?, month, day) {
            (year, Some(month), Some(day)) => DateRange::day(year, month, day),
            (year, Some(month), None) => DateRange::month(year, month),
            (year, None, _) => DateRange::year(year),
        }
    }
}

fn last_letter(format: &str, rest: &std::str::Chars<'_>) -> Option<char> {
    let read = format.len() - rest.as_str().len();
    format.get(..read)?.chars().next_back()
}

/// The value of a date field.
pub(super) fn field_date(value: &str, format: Option<&DateFormat>) -> Option<DateRange> {
    match format {
        Some(format) => format.find(value),
        None => read_date(value),
    }
}

/// Lines at the head and at the foot of a text that may be its date line.
const HEAD_LINES: usize = 6;
const FOOT_LINES: usize = 2;
/// A longer line is no date line but prose that has a date.
const MAX_CHARS: usize = 60;

/// The first date line among the first or last lines: a short line with a full
/// date that is in brackets, alone, or before a source or a time.
pub(super) fn header_date<'p>(paragraphs: impl DoubleEndedIterator<Item = &'p str> + Clone) -> Option<DateRange> {
    let head = paragraphs.clone().take(HEAD_LINES);
    let foot = paragraphs.rev().take(FOOT_LINES);
    head.chain(foot).find_map(date_line)
}

fn date_line(line: &str) -> Option<DateRange> {
    if line.chars().count() > MAX_CHARS || line.contains('。') {
        return None;
    }
    line.char_indices()
        .filter(|(_, c)| super::numeral::is_numeral(*c))
        .find_map(|(at, _)| absolute(line.get(at..)?).map(|(range, bytes)| (at, range, bytes)))
        .and_then(|(at, range, bytes)| {
            let before = line.get(..at)?.trim_end_matches([' ', '（', '(', '—', '-', '：', ':']);
            let after = line.get(at + bytes..)?.trim_start_matches([' ', '）', ')']);
            let alone = before.is_empty() || ["发布时间", "时间", "日期", "发布日期", "发表于", "来源"].iter().any(|w| before.ends_with(w));
            let closed = after.is_empty() || after.starts_with(|c: char| c.is_ascii_digit()) || after.contains("来源") || line.starts_with(['（', '(']);
            (alone && closed).then_some(range)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_found_in_a_file_name() {
        let find = |format: &str, name: &str| DateFormat::new(format).unwrap().find(name).map(|r| r.to_string());
        assert_eq!(find("%Y%m%d", "20240305.md").as_deref(), Some("2024-03-05"));
        assert_eq!(find("%Y%m%d", "news/xwlb-20240305-v2.md").as_deref(), Some("2024-03-05"));
        assert_eq!(find("%Y/%m/%d", "2024/3/5/a.html").as_deref(), Some("2024-03-05"));
        assert_eq!(find("%Y", "report-1954.txt").as_deref(), Some("1954"));
        assert_eq!(find("%Y-%m", "1999-12.txt").as_deref(), Some("1999-12"));
        assert_eq!(find("%d%m%y", "050324.txt").as_deref(), Some("2024-03-05"));
        assert_eq!(find("%Y%m%d", "20241305.md"), None);
        assert_eq!(find("%Y", "20240305.md"), None);
    }

    #[test]
    fn a_format_without_a_year_or_with_an_unknown_letter_is_refused() {
        assert!(DateFormat::new("%m%d").unwrap_err().contains("no year"));
        assert!(DateFormat::new("%Y%j").unwrap_err().contains("%j"));
    }

    #[test]
    fn a_date_line_is_told_from_prose() {
        let date = |lines: &[&str]| header_date(lines.iter().copied()).map(|r| r.to_string());
        assert_eq!(date(&["某某通知", "（1998年3月5日）", "正文。"]).as_deref(), Some("1998-03-05"));
        assert_eq!(date(&["2024年03月05日 19:00 来源：某报"]).as_deref(), Some("2024-03-05"));
        assert_eq!(date(&["正文。", "县政府", "二〇二四年三月五日"]).as_deref(), Some("2024-03-05"));
        assert_eq!(date(&["2024年3月5日，会议在某地召开，研究工作"]), None);
        assert_eq!(date(&["关于2024年3月5日会议的通知"]), None);
    }
}
