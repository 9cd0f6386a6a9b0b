//! How hot a theme is: levels by number and by share of documents.
//!
//! The levels are data, `pipelines/heat/`; the method is that of the China Media
//! Project. A number of documents is read against the cut-offs of a whole
//! calendar year; every other length of period has a level by share only.

use serde::{Deserialize, Serialize};

use super::series::SMALL_N;
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

    fn steps_by_count(&self, documents: u64) -> usize {
        self.steps(|level| documents >= level.documents)
    }

    fn steps_by_share(&self, documents: u64, whole: u64) -> usize {
        self.steps(|level| documents > 0 && documents as f64 >= level.share * whole as f64)
    }

    /// The heat of a theme in a period, after that directly before it; none without a
    /// scale.
    pub(super) fn heat(&self, now: Spoken, before: Option<Spoken>, whole_year: bool) -> Heat {
        if self.levels.is_empty() {
            return Heat::default();
        }
        // Few documents have no temperature.
        let is_enough = |spoken: Spoken| spoken.of >= SMALL_N;
        let by_share = |spoken: Spoken| is_enough(spoken).then(|| self.steps_by_share(spoken.documents, spoken.of));
        let signed = |steps: usize| i32::try_from(steps).unwrap_or(i32::MAX);
        let now_by_share = by_share(now);
        Heat {
            by_count: (whole_year && is_enough(now)).then(|| self.steps_by_count(now.documents)),
            by_share: now_by_share,
            change: now_by_share.zip(before.and_then(by_share)).map(|(now, before)| signed(now) - signed(before)),
        }
    }

    /// The words of so many steps, from 0 on.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        [OFF_SCALE].into_iter().chain(self.levels.iter().rev().map(|level| level.name.as_str()))
    }

    fn word(&self, steps: usize) -> String {
        self.words().nth(steps).unwrap_or(OFF_SCALE).to_owned()
    }

    /// The level of so many documents in a calendar year, or `none`.
    #[must_use]
    pub fn by_count(&self, documents: u64) -> String {
        self.word(self.steps_by_count(documents))
    }

    /// The level of so many of `whole` documents, or `none`.
    #[must_use]
    pub fn by_share(&self, documents: u64, whole: u64) -> String {
        self.word(self.steps_by_share(documents, whole))
    }
}

/// Documents with a theme in a period, and all documents.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spoken {
    pub documents: u64,
    pub of: u64,
}

/// How hot a theme is in a period, in steps from the bottom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Heat {
    /// By the number of documents in a calendar year.
    pub by_count: Option<usize>,
    /// By their share.
    pub by_share: Option<usize>,
    /// Steps risen, by share, since the period before.
    pub change: Option<i32>,
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
        let scale = builtin_scale();
        let spoken = |documents| Spoken { documents, of: 1000 };
        let shown = |now, before, whole_year| {
            let heat = scale.heat(now, before, whole_year);
            (heat.by_count.map(|n| scale.word(n)), heat.by_share.map(|n| scale.word(n)), heat.change)
        };
        let [cold, warm, hot, boiling] = ["冷", "暖", "热", "沸"].map(|word| Some(word.to_owned()));
        assert_eq!(shown(spoken(2), None, true), (cold, warm.clone(), None));
        assert_eq!(shown(spoken(60), Some(spoken(2)), true), (warm, boiling, Some(3)));
        let few = Spoken { documents: 2, of: SMALL_N - 1 };
        assert_eq!(shown(few, Some(spoken(60)), true), (None, None, None));
        assert_eq!(shown(spoken(5), Some(few), false), (None, hot, None));
        assert_eq!(HeatScale::default().heat(spoken(60), None, true), Heat::default());
    }
}
