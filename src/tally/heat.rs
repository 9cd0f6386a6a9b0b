//! How hot a theme is: levels by number and by share of documents.
//!
//! The levels are data, `pipelines/heat/`; the method is that of the China Media
//! Project. A number of documents is read against the cut-offs of a whole
//! calendar year; every other length of period has a level by share only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::frequency::FrequencyRow;
use super::period::Period;
use super::timeline::Timeline;
use super::word::Word;
use crate::diagnostic::{DataFile, Diagnostic, Span};

/// Word for a theme that reaches no level.
pub(super) const OFF_SCALE: &str = "none";

/// A level of heat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeatLevel {
    /// Name.
    pub name: String,
    /// Documents with the theme in a calendar year, from which on it holds.
    pub documents: u64,
    /// Their share of all documents, from which on it holds.
    pub share: f64,
    /// Whose cut-offs these are.
    pub source: String,
}

/// Levels of heat, hottest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeatScale {
    /// Name of the scale.
    pub name: String,
    /// Version of its cut-offs.
    pub version: String,
    /// Levels.
    #[serde(default, rename = "level")]
    pub levels: Vec<HeatLevel>,
}

impl HeatScale {
    /// Reads a scale.
    ///
    /// # Errors
    /// The first mistake in the file: no level, a name given twice, or cut-offs
    /// that do not fall from level to level.
    pub fn new(file: &DataFile) -> Result<Self, Box<Diagnostic>> {
        let scale: Self = toml::from_str(&file.text).map_err(|e| Box::new(file.toml_fault(&e)))?;
        let fault = |value: &str, message: String| {
            let span = file.text.find(value).map_or_else(Span::default, |at| Span::new(at, at + value.len()));
            Err(Box::new(file.fault(span, message, None)))
        };
        if scale.levels.is_empty() {
            return fault("name", "a scale needs a [[level]]".to_owned());
        }
        for (hotter, colder) in scale.levels.iter().zip(scale.levels.iter().skip(1)) {
            if hotter.documents <= colder.documents || hotter.share.total_cmp(&colder.share).is_le() {
                return fault(&colder.name, format!("the cut-offs of `{}` are not below those of `{}`", colder.name, hotter.name));
            }
        }
        for (number, level) in scale.levels.iter().enumerate() {
            let again = scale.levels.iter().skip(number + 1).any(|other| other.name == level.name);
            if again || level.name.is_empty() || level.name == OFF_SCALE {
                return fault(&level.name, format!("`{}` is no name for a level, or stands twice", level.name));
            }
            if level.documents == 0 || !(0.0..=1.0).contains(&level.share) {
                return fault(&level.name, format!("`{}` needs documents from 1 on and a share from 0 to 1", level.name));
            }
        }
        Ok(scale)
    }

    /// Name and version, as they stand in the tables.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{} {}", self.name, self.version).trim().to_owned()
    }

    /// Steps from the bottom: 0 is off the scale.
    fn steps(&self, reaches: impl Fn(&HeatLevel) -> bool) -> usize {
        self.levels.iter().position(reaches).map_or(0, |number| self.levels.len() - number)
    }

    fn steps_by_share(&self, documents: u64, whole: u64) -> usize {
        self.steps(|level| documents > 0 && documents as f64 >= level.share * whole as f64)
    }

    fn word(&self, steps: usize) -> String {
        let number = self.levels.len().checked_sub(steps);
        number.and_then(|number| self.levels.get(number)).map_or(OFF_SCALE, |level| level.name.as_str()).to_owned()
    }

    /// The level of so many documents in a calendar year, or `none`.
    #[must_use]
    pub fn by_count(&self, documents: u64) -> String {
        self.word(self.steps(|level| documents >= level.documents))
    }

    /// The level of so many of `whole` documents, or `none`.
    #[must_use]
    pub fn by_share(&self, documents: u64, whole: u64) -> String {
        self.word(self.steps_by_share(documents, whole))
    }
}

/// Fills in the levels of one theme.
pub(super) fn fill(rows: &mut [FrequencyRow], timeline: &Timeline, period: Period, scale: &HeatScale) {
    if scale.levels.is_empty() {
        return;
    }
    // Few documents have no temperature.
    let steps = |row: &FrequencyRow| Some(scale.steps_by_share(row.documents.filter(|_| !row.small_n)?, row.period_documents));
    let mut by_slot: Vec<Option<usize>> = vec![None; timeline.slots.len()];
    for row in &*rows {
        if let Some(slot) = timeline.number(row.period_start).and_then(|number| by_slot.get_mut(number)) {
            *slot = steps(row);
        }
    }
    let mut words: BTreeMap<String, Word> = BTreeMap::new();
    let mut word = |text: String| words.entry(text).or_insert_with_key(|text| text.as_str().into()).clone();
    let signed = |steps: usize| i32::try_from(steps).unwrap_or(i32::MAX);
    for row in rows {
        let Some(number) = timeline.number(row.period_start) else { continue };
        let now = by_slot.get(number).copied().flatten();
        let before = number.checked_sub(1).and_then(|before| by_slot.get(before).copied().flatten());
        row.heat_by_share = now.map(|steps| word(scale.word(steps)));
        row.heat_change = now.zip(before).map(|(now, before)| signed(now) - signed(before));
        let whole_year = period == Period::Year && timeline.slot(row.period_start).is_some_and(|slot| !slot.cut);
        row.heat_by_count = row.documents.filter(|_| whole_year && !row.small_n).map(|documents| word(scale.by_count(documents)));
    }
}

#[cfg(test)]
pub(super) fn builtin_scale() -> HeatScale {
    let files = crate::resolve::builtin_files("heat");
    assert_eq!(files.len(), 1);
    HeatScale::new(&files[0]).unwrap_or_else(|e| panic!("{e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_of_the_china_media_project() {
        let scale = builtin_scale();
        let names: Vec<&str> = scale.levels.iter().map(|l| l.name.as_str()).collect();
        assert_eq!(names, ["沸", "烫", "热", "暖", "温", "冷"]);
        assert!(scale.levels.iter().enumerate().all(|(number, level)| level.source.starts_with(if number < 2 { "published" } else { "tifa's own" })));
        let counts = [2000, 1999, 500, 499, 125, 31, 8, 7, 1, 0].map(|n| scale.by_count(n));
        assert_eq!(counts, ["沸", "烫", "烫", "热", "热", "暖", "温", "冷", "冷", "none"]);
        let shares = [518, 517, 129, 128, 1, 0].map(|n| scale.by_share(n, 10_000));
        assert_eq!(shares, ["沸", "烫", "烫", "热", "冷", "none"]);
    }

    #[test]
    fn a_scale_whose_cut_offs_rise_is_refused_with_its_place() {
        let level = |name: &str, documents: u64| format!("[[level]]\nname='{name}'\ndocuments={documents}\nshare=0.{documents:03}\nsource='s'\n");
        let read = |levels: &str| HeatScale::new(&DataFile { path: "h.toml".into(), text: format!("name='h'\nversion='1'\n{levels}") });
        assert!(read(&(level("高", 20) + &level("低", 10))).is_ok());
        let faults: Vec<String> = [level("高", 10) + &level("低", 20), level("高", 20) + &level("高", 10), level("none", 3), level("零", 0), String::new()]
            .iter()
            .map(|levels| read(levels).unwrap_err().to_string())
            .collect();
        assert!(faults[0].contains("h.toml:9") && faults[0].contains("`低`"), "{faults:?}");
    }

    #[test]
    fn another_year_is_a_change_and_half_a_year_has_no_level_by_count() {
        use super::super::timeline::Slot;
        use super::super::{Calendar, coverage::Days, rollup::PresenceRow, series::TotalRow};
        let day = |text: &str| crate::parse::read_date(text).unwrap().start;
        let totals: Vec<TotalRow> = (2020..2024)
            .filter(|y| *y != 2022)
            .map(|y| TotalRow {
                period: "year".into(),
                period_start: Some(day(&y.to_string())),
                breakdown: "all".into(),
                documents: 1000,
                ..TotalRow::default()
            })
            .collect();
        let presence =
            ["2020-01-01", "2023-06-30"].map(|date| PresenceRow { source: "s".into(), date_start: day(date), date_end: day(date), documents: 9, han_chars: 9 });
        let calendar = Calendar::default();
        let timeline = Timeline::new(Period::Year, &totals, &presence, &Days::new(&[], &[], &calendar), &calendar);
        assert_eq!(timeline.slots.iter().map(|s: &Slot| (s.documents, s.cut)).collect::<Vec<_>>(), [(1000, false), (1000, false), (0, false), (1000, true)]);
        let row = |year: &str, documents| FrequencyRow {
            period_start: Some(day(year)),
            documents: Some(documents),
            period_documents: 1000,
            ..FrequencyRow::default()
        };
        let mut rows = [row("2020", 2), row("2021", 60), row("2023", 5)];
        fill(&mut rows, &timeline, Period::Year, &builtin_scale());
        let shown: Vec<_> = rows.iter().map(|r| (r.heat_by_count.as_deref(), r.heat_by_share.as_deref(), r.heat_change)).collect();
        assert_eq!(shown, [(Some("冷"), Some("暖"), None), (Some("暖"), Some("沸"), Some(3)), (None, Some("热"), None)]);
    }
}
