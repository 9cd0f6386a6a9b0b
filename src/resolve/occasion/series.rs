//! Meeting series: which one a name belongs to, its term and session, and the
//! key under which mentions of one occasion meet.

use std::fmt::Write as _;

use chrono::{Datelike, NaiveDate};
use serde::Deserialize;

use super::OccasionType;
use crate::load::short_hex;
use crate::parse::{DateRange, is_numeral, numeral};
use crate::resolve::vocabulary::Vocabulary;

/// What makes an occasion of a series one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::resolve) enum Unit {
    /// Its session, or its days where it has no number.
    #[default]
    Session,
    /// It is held once a year.
    Year,
    /// Its days and name: several are held at a time (delegations).
    Day,
}

/// A meeting series: an organ and a head that its canonical names hold in this
/// order, the head at their end.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// Stable id.
    pub id: String,
    /// Name without term and session.
    pub name: String,
    /// One of these begins the series' part of the name.
    pub(in crate::resolve) organ: Vec<String>,
    /// One of these ends it.
    pub(in crate::resolve) head: Vec<String>,
    #[serde(rename = "type")]
    pub(in crate::resolve) kind: OccasionType,
    /// Whose terms of office number it.
    #[serde(default)]
    pub(in crate::resolve) term: Option<String>,
    #[serde(default)]
    pub(in crate::resolve) unit: Unit,
    /// Words that show a name to be of another body: 常委会 in 全国人大常委会.
    #[serde(default)]
    pub(in crate::resolve) without: Vec<String>,
}

/// A series with the numbers that the name and the date give.
pub(super) struct Numbered<'v> {
    pub series: &'v Series,
    pub term: Option<u32>,
    pub session: Option<u32>,
}

/// The series of a canonical name. The term comes from the name, else from the
/// date; the session only from the name.
pub(super) fn series<'v>(name: &str, day: Option<NaiveDate>, vocabulary: &'v Vocabulary) -> Option<Numbered<'v>> {
    let fits = |(rest, number): (&str, &usize)| {
        let head = name.get(rest.len()..)?;
        let of_organ = |organ: &String| rest.contains(organ.as_str()) || head.starts_with(organ.as_str());
        vocabulary.series.get(*number).filter(|s| s.organ.iter().any(of_organ) && !s.without.iter().any(|word| name.contains(word.as_str())))
    };
    let series = vocabulary.series_heads.of(name).find_map(fits)?;
    let number_before = |unit: &str| {
        let head = name.get(..name.find(unit)?)?;
        let from = head.char_indices().rev().take_while(|(_, c)| is_numeral(*c)).last()?.0;
        numeral(head.get(from..)?).map(|n| n.value)
    };
    let term = number_before("届").or_else(|| vocabulary.term(series.term.as_deref()?, day?));
    let session = number_before("次").or_else(|| number_before("中全会"));
    Some(Numbered { series, term, session })
}

/// The id of an occasion: a hash of its [`key`].
pub(super) fn id(name: &str, kind: OccasionType, date: DateRange, numbered: Option<&Numbered<'_>>) -> String {
    short_hex(&blake3::hash(key(name, kind, date, numbered).as_bytes()), 16)
}

/// The key of an occasion: equal for all mentions of it.
///
/// A session of a series is one occasion whatever its name and day are; a
/// yearly conference is one by its year; another is known by its days, type
/// and name, the name without what writers add or leave out (全国, 第…届, the
/// organ's 中共).
fn key(name: &str, kind: OccasionType, date: DateRange, numbered: Option<&Numbered<'_>>) -> String {
    let days = || {
        let start = date.start.to_string();
        let end = if date.end == date.start { start.clone() } else { date.end.to_string() };
        start + "\0" + &end
    };
    match numbered.map(|n| (n, n.series.unit, n.session)) {
        Some((n, Unit::Session, Some(session))) => format!("{}\0{:?}\0{session}", n.series.id, n.term),
        Some((n, Unit::Year, _)) => format!("{}\0{}", n.series.id, date.start.year()),
        Some((n, Unit::Session, None)) => format!("{}\0{}", n.series.id, days()),
        _ => format!("{}\0{}\0{}", days(), kind.name(), normalised(name)),
    }
}

/// Of the block in which nearly all characters of a name are: the tables of
/// Unicode need not be searched for them.
const fn is_common_han(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}')
}

/// A name without what writers add or leave out.
fn normalised(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    out.extend(name.chars().filter(|c| is_common_han(*c) || c.is_alphanumeric()));
    for added in ["中国共产党", "中共", "中国", "全国", "全军", "中央"] {
        if let Some(rest) = out.strip_prefix(added)
            && rest.chars().count() >= 4
        {
            out = rest.to_owned();
        }
    }
    // 第五届论坛, 5届论坛: the number stays, its writing does not matter.
    let mut plain = String::with_capacity(out.len());
    let mut rest = out.as_str();
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        let number = match c {
            '第' => numeral(after).map(|n| (n, after)),
            _ if is_numeral(c) => numeral(rest).map(|n| (n, rest)),
            _ => None,
        };
        match number {
            Some((n, from)) if from.get(n.bytes..).is_some_and(|r| r.starts_with(['届', '次', '场', '轮'])) => {
                let _ = write!(plain, "{}", n.value);
                rest = from.get(n.bytes..).unwrap_or_default();
            }
            _ => {
                plain.push(c);
                rest = after;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{document_of, read_date};
    use crate::resolve::resolve;

    fn id_of(text: &str, date: &str) -> String {
        let vocabulary = Vocabulary::builtin();
        let resolved = resolve(&document_of(text, read_date(date)), &vocabulary);
        assert_eq!(resolved.events.len(), 1, "{text} {:?}", resolved.events);
        resolved.events[0].id.clone().unwrap_or_default()
    }

    #[test]
    fn one_occasion_told_in_several_ways_has_one_id() {
        for same in [
            [
                ("中共中央政治局1月31日下午就产业发展进行第十一次集体学习。", "2024-02-01"),
                ("2024年1月31日，县长王明在二十届中央政治局第十一次集体学习上谈到此事。", "2024-03-01"),
            ],
            [("中央经济工作会议12月11日至12日在北京举行。", "2023-12-12"), ("2023年12月召开的中央经济工作会议对此作出部署。", "2024-02-01")],
            [("全国水利建设工作会议3月4日在某地召开。", "2024-03-05"), ("3月4日，县长王明出席水利建设工作会议。", "2024-03-06")],
            [("第十四届全国人民代表大会第二次会议3月5日在京开幕。", "2024-03-05"), ("十四届全国人大二次会议11日在京闭幕。", "2024-03-11")],
            [("第5届水利论坛3月4日在某地举行。", "2024-03-05"), ("第五届水利论坛3月4日在某地举行。", "2024-03-05")],
        ] {
            assert_eq!(id_of(same[0].0, same[0].1), id_of(same[1].0, same[1].1), "{same:?}");
        }
    }

    #[test]
    fn occasions_of_one_day_stay_apart() {
        assert_ne!(id_of("3月4日，县长王明会见商人赵建国。", "2024-03-05"), id_of("3月4日，县长王明会见教授李四光。", "2024-03-05"));
        assert_ne!(
            id_of("5日，县长王明参加十四届全国人大二次会议江苏代表团审议。", "2024-03-05"),
            id_of("5日，县长王明参加十四届全国人大二次会议河南代表团审议。", "2024-03-05")
        );
    }
}
