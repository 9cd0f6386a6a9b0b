//! The almanac: feasts and named periods, read from `pipelines/almanac/`, and
//! the table of all words that the date grammar knows.

use chrono::Datelike;
use serde::Deserialize;

use super::feast::Feast;
use super::token::{Kind, LOOSE, NUMERAL, UNIT, WORD, WORDS, class_of, week_words};
use super::{DateContext, dates};
use crate::diagnostic::{DataFile, Span};
use crate::parse::{DateRange, chinese, read_date};
use crate::resolve::vocabulary::VocabularyError;
use crate::resolve::words::Words;

/// What `pipelines/almanac/*.toml` may hold; all files together make one almanac.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct AlmanacFile {
    #[serde(default)]
    feast: Vec<Feast>,
    #[serde(default)]
    plans: Vec<(u32, i32, i32)>,
    #[serde(default)]
    congresses: Vec<(u32, String, String)>,
    #[serde(default)]
    plenums: Vec<(u32, u32, String, String)>,
    #[serde(default)]
    two_sessions: Vec<(String, String)>,
    #[serde(default)]
    period: Vec<PeriodEntry>,
    #[serde(default)]
    case: Vec<DateCase>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PeriodEntry {
    names: Vec<String>,
    start: String,
    end: String,
}

/// A case of the almanac: a text, the day on which it speaks, and each date in
/// it as `TEXT = VALUE [RULE]`; see [`DateMention::described`](super::DateMention::described).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DateCase {
    /// The text.
    pub text: String,
    /// The document's date.
    #[serde(default)]
    pub on: Option<String>,
    /// The dates.
    pub dates: Vec<String>,
    /// What it shows.
    #[serde(default)]
    pub why: String,
}

/// A period with a name.
#[derive(Clone, Debug)]
pub(super) struct Period {
    pub range: DateRange,
    /// It dates only with 以来, 以后 or the like after it.
    pub only_bound: bool,
}

/// Feasts, named periods and the words of the date grammar.
pub struct Almanac {
    pub(super) feasts: Vec<Feast>,
    pub(super) periods: Vec<Period>,
    /// In order of the plans' numbers.
    pub(super) plans: Vec<(u32, DateRange)>,
    /// Party congresses: number and days.
    congresses: Vec<(u32, DateRange)>,
    two_sessions: Vec<DateRange>,
    words: Words<Kind>,
    /// For each character of the basic plane, the bits of [`token`](super::token).
    classes: Vec<u8>,
    /// The cases that the files carry.
    pub cases: Vec<DateCase>,
}

impl Almanac {
    /// Reads the files.
    ///
    /// # Errors
    /// [`VocabularyError::Fault`] for the first file that cannot be read.
    pub fn new(files: &[DataFile]) -> Result<Self, VocabularyError> {
        let mut almanac = Self {
            feasts: Vec::new(),
            periods: Vec::new(),
            plans: Vec::new(),
            congresses: Vec::new(),
            two_sessions: Vec::new(),
            words: Words::default(),
            classes: (0..0x1_0000_u32).map(|c| char::from_u32(c).map_or(0, class_of)).collect(),
            cases: Vec::new(),
        };
        let mut words: Vec<(String, Kind)> = WORDS.iter().map(|(word, kind)| ((*word).to_owned(), *kind)).collect();
        for file in files {
            let read: AlmanacFile = toml::from_str(&file.text).map_err(|e| file.toml_fault(&e))?;
            let fault = |value: &str, message: String| {
                let span = file.text.find(value).map_or_else(Span::default, |at| Span::new(at, at + value.len()));
                VocabularyError::from(file.fault(span, message, None))
            };
            let day = |text: &str| read_date(text).map(|d| d.start).ok_or_else(|| fault(text, format!("`{text}` is no date")));
            let range = |start: &str, end: &str| -> Result<DateRange, VocabularyError> {
                let (start_day, end_day) = (day(start)?, day(end)?);
                DateRange::of_day(start_day).to(DateRange::of_day(end_day)).ok_or_else(|| fault(start, format!("`{start}` is after `{end}`")))
            };
            for feast in read.feast {
                let name = feast.names.first().map_or("", String::as_str);
                if !feast.is_dated_once() {
                    return Err(fault(name, format!("`{name}` needs exactly one way of dating, with a known solar term")));
                }
                let number = u16::try_from(almanac.feasts.len()).unwrap_or(u16::MAX);
                words.extend(feast.names.iter().map(|name| (name.clone(), Kind::Feast(number))));
                almanac.feasts.push(feast);
            }
            for (number, first, last) in read.plans {
                let years = (DateRange::year(first), DateRange::year(last));
                let range = years.0.zip(years.1).and_then(|(a, b)| a.to(b)).ok_or_else(|| fault("plans", format!("plan {number} has no years")))?;
                words.extend(plan_names(number).map(|name| (name, Kind::Plan(number))));
                almanac.plans.push((number, range));
            }
            for (number, start, end) in &read.congresses {
                let days = range(start, end)?;
                almanac.period(&mut words, congress_names(*number), days, false);
                almanac.congresses.push((*number, days));
            }
            for (term, number, start, end) in &read.plenums {
                almanac.period(&mut words, plenum_names(*term, *number), range(start, end)?, false);
            }
            for period in read.period {
                almanac.period(&mut words, period.names, range(&period.start, &period.end)?, true);
            }
            for (start, end) in &read.two_sessions {
                almanac.two_sessions.push(range(start, end)?);
            }
            almanac.cases.extend(read.case);
        }
        for (word, kind) in &words {
            if let Some(class) = word.chars().next().and_then(|first| almanac.classes.get_mut(first as usize)) {
                *class |= if kind.is_loose() { WORD | LOOSE } else { WORD };
            }
        }
        almanac.words = Words::new(words);
        Ok(almanac)
    }

    fn period(&mut self, words: &mut Vec<(String, Kind)>, names: Vec<String>, range: DateRange, only_bound: bool) {
        let number = u16::try_from(self.periods.len()).unwrap_or(u16::MAX);
        words.extend(names.into_iter().map(|name| (name, Kind::Named(number))));
        self.periods.push(Period { range, only_bound });
    }

    /// Five-year plans: number and days.
    #[must_use]
    pub fn plans(&self) -> &[(u32, DateRange)] {
        &self.plans
    }

    /// Party congresses: number, and the days from opening to close.
    #[must_use]
    pub fn congresses(&self) -> &[(u32, DateRange)] {
        &self.congresses
    }

    /// The two sessions of a year.
    pub(super) fn two_sessions(&self, year: i32) -> Option<DateRange> {
        self.two_sessions.iter().find(|range| range.start.year() == year).copied()
    }

    pub(super) fn plan(&self, number: u32) -> Option<DateRange> {
        self.plans.iter().find(|(of, _)| *of == number).map(|(_, range)| *range)
    }

    /// The cases that do not hold, and what was found instead.
    #[must_use]
    pub fn failing_cases(&self) -> Vec<(&DateCase, Vec<String>)> {
        let found = |case: &DateCase| -> Vec<String> {
            let context = DateContext { document: case.on.as_deref().and_then(read_date), previous: None };
            dates(&case.text, context, self).iter().map(|d| d.described(&case.text)).collect()
        };
        self.cases.iter().map(|case| (case, found(case))).filter(|(case, found)| *found != case.dates).collect()
    }

    /// What this character may begin: the bits of [`token`](super::token).
    pub(super) fn class(&self, c: char) -> u8 {
        self.classes.get(c as usize).copied().unwrap_or_default()
    }

    /// What a token of a date begins with that touches none before it: words, a
    /// numeral with more of it or a unit or mark after it, names of weeks,
    /// seasons in one character; and of words that mean nothing alone, what
    /// they must be followed by.
    pub(in crate::resolve) fn beginnings(&self) -> Vec<String> {
        let of_class = |class: u8| ('\0'..='\u{ffff}').filter(move |c| self.class(*c) & class != 0);
        let then = |word: &str, next: &mut dyn Iterator<Item = char>| next.map(|c| format!("{word}{c}")).collect::<Vec<_>>();
        let marks = || self.words.iter().filter(|(_, kind)| matches!(kind, Kind::To | Kind::Dash)).filter_map(|(word, _)| word.chars().next());
        let words = self.words.iter().flat_map(|(word, kind)| match kind {
            Kind::To | Kind::Dash => then(&word, &mut of_class(!UNIT).chain([' '])),
            _ if kind.is_loose() => then(&word, &mut of_class(NUMERAL)),
            _ => vec![word],
        });
        let numerals = of_class(NUMERAL).flat_map(|c| then(c.encode_utf8(&mut [0; 4]), &mut of_class(NUMERAL | UNIT).chain(marks()).chain(" ./·•".chars())));
        words.chain(numerals).chain("春夏秋冬".chars().map(String::from)).chain(week_words()).collect()
    }

    /// The longest word that `text` begins with, and its length in bytes.
    pub(super) fn word(&self, text: &str) -> Option<(Kind, usize)> {
        self.words.longest(text)
    }
}

/// 一五 … 十五五.
fn plan_names(number: u32) -> impl Iterator<Item = String> {
    let short = match number {
        10 => "十五".to_owned(),
        _ => format!("{}五", chinese(number)),
    };
    let long = chinese(number);
    [short, format!("第{long}个五年计划"), format!("第{long}个五年规划")].into_iter()
}

fn congress_names(number: u32) -> Vec<String> {
    let n = chinese(number);
    let mut names = vec![format!("党的{n}大"), format!("中共{n}大"), format!("中国共产党第{n}次全国代表大会"), format!("党的第{n}次全国代表大会")];
    // 八大, 九大 and 十大 are words of their own.
    if number > 11 {
        names.push(format!("{n}大"));
    }
    names
}

fn plenum_names(term: u32, number: u32) -> Vec<String> {
    let (t, n) = (chinese(term), chinese(number));
    ["党的", "", "中共"]
        .into_iter()
        .map(|prefix| format!("{prefix}{t}届{n}中全会"))
        .chain(["中国共产党", "党的", "中共"].map(|prefix| format!("{prefix}第{t}届中央委员会第{n}次全体会议")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::Vocabulary;

    #[test]
    fn every_case_of_the_almanac_holds() {
        let vocabulary = Vocabulary::builtin();
        assert!(vocabulary.almanac.cases.len() >= 10);
        let failing: Vec<String> = vocabulary.almanac.failing_cases().iter().map(|(case, found)| format!("{}\n  found {found:?}", case.text)).collect();
        assert!(failing.is_empty(), "{}", failing.join("\n"));
    }

    #[test]
    fn a_feast_without_a_date_is_refused_with_its_place() {
        let file = DataFile { path: "feasts.toml".into(), text: "[[feast]]\nnames = [\"某节\"]\n".into() };
        assert!(matches!(Almanac::new(&[file]), Err(VocabularyError::Fault(_))));
    }
}
