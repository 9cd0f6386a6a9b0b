//! `tifa chart`: a theme over time, as bars on the terminal.
//!
//! The numbers are those of the table `theme_frequency`; nothing is computed here
//! but the length of a bar. A period without text is shown as one.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use unicode_width::UnicodeWidthStr;

use super::complete::{pipelines, themes};
use super::{Folders, say, the_pipeline};
use crate::Error;
use crate::batch::newest_tables;
use crate::diagnostic::suggestion;
use crate::plan::Plan;
use crate::tally::{FrequencyRow, Period};
use crate::write::read_parquet;

#[derive(Debug, Args)]
pub(super) struct ChartArguments {
    /// Theme: its id, or its Chinese or English label
    #[arg(add = themes())]
    theme: String,
    /// Length of the periods: day, week, month, quarter, year, plan or congress
    ///
    /// Without it, the shortest that gives at most 40 of them.
    #[arg(long, value_name = "PERIOD", value_parser = period)]
    period: Option<Period>,
    /// Pipeline file or name
    #[arg(long, value_name = "PIPELINE", add = pipelines())]
    pipeline: Option<PathBuf>,
    #[command(flatten)]
    folders: Folders,
}

fn period(text: &str) -> Result<Period, String> {
    let all = Period::ALL;
    all.into_iter().find(|period| period.name() == text).ok_or_else(|| {
        let names = all.map(Period::name);
        let near = suggestion(text, names).map_or_else(String::new, |near| format!("did you mean `{near}`? "));
        format!("{near}write one of {}", names.join(", "))
    })
}

/// Periods that a chart without `--period` has at most.
const MOST: usize = 40;
/// Columns of the longest bar.
const BAR: usize = 32;

impl ChartArguments {
    pub(super) fn execute(&self) -> Result<(), Error> {
        let mut plan = Plan::read(&the_pipeline(self.pipeline.as_deref())?)?;
        self.folders.apply(&mut plan);
        let none = || Error::Usage(format!("pipeline `{}` has no release yet: run it first, with `tifa run`", plan.name));
        let file = newest_tables(&plan).ok_or_else(none)?.join("theme_frequency.parquet");
        if !file.is_file() {
            return Err(none());
        }
        let mut rows: Vec<FrequencyRow> = read_parquet(&file)?;
        let theme = self.theme_of(&rows)?;
        rows.retain(|row| &*row.theme == theme.as_str() && row.period_start.is_some());
        let lengths = &plan.tally.periods;
        let of = |length: Period| rows.iter().filter(|row| &*row.period == length.name()).collect::<Vec<_>>();
        let short = || lengths.iter().find(|length| (1..=MOST).contains(&of(**length).len())).or(lengths.last()).copied();
        let chosen = self.period.or_else(short).ok_or_else(none)?;
        if !lengths.contains(&chosen) {
            let have: Vec<&str> = lengths.iter().map(|length| length.name()).collect();
            return Err(Error::Usage(format!(
                "the pipeline has no periods of a {}: take one of {}, or add it to `periods` under [tally]",
                chosen.name(),
                have.join(", ")
            )));
        }
        let rows = of(chosen);
        let Some(first) = rows.first() else {
            return Err(Error::Usage("no text has a date, so there is nothing to draw over time: see `date` of the sources".into()));
        };
        say(format_args!("{} {} ({}): hits per 10,000 Han characters, by {}", first.theme_zh, first.theme_en, first.theme, chosen.name()))?;
        say(format_args!("{}", drawn(&rows).trim_end()))
    }

    /// The id of the theme that is meant.
    fn theme_of(&self, rows: &[FrequencyRow]) -> Result<String, Error> {
        let names = |row: &FrequencyRow| [row.theme.to_string(), row.theme_zh.to_string(), row.theme_en.to_string()];
        if let Some(row) = rows.iter().find(|row| names(row).contains(&self.theme)) {
            return Ok(row.theme.to_string());
        }
        let mut known: Vec<String> = rows.iter().flat_map(names).collect();
        known.sort();
        known.dedup();
        let near = suggestion(&self.theme, known.iter().map(String::as_str)).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        Err(Error::Usage(format!(
            "there is no theme `{}` in the last release{near} (`tifa show themes --rows 1000 --columns theme,zh,en` lists them)",
            self.theme
        )))
    }
}

/// A line a period: its label, the rate as a number and as a bar, hits and documents.
fn drawn(rows: &[&FrequencyRow]) -> String {
    let most = rows.iter().filter_map(|row| row.per_10k).fold(0.0, f64::max);
    let label = rows.iter().map(|row| row.period_label.width()).max().unwrap_or(0).max(7);
    let mut out = String::new();
    let mut before = None;
    for row in rows {
        let gap = before.is_some_and(|end: chrono::NaiveDate| end.succ_opt() != row.period_start);
        if gap {
            let _ = writeln!(out, "{:label$}     ·  no text", "…");
        }
        before = row.period_end;
        let name = &*row.period_label;
        let pad = " ".repeat(label - name.width().min(label));
        let _ = match (row.per_10k, row.hits) {
            (Some(rate), Some(hits)) => {
                let counted = format!("{hits} in {} of {}", row.documents.unwrap_or(0), row.period_documents);
                let marks = match (row.small_n, row.partial) {
                    (true, Some(true)) => " few, partial",
                    (true, _) => " few",
                    (false, Some(true)) => " partial",
                    _ => "",
                };
                let bar = bar(rate, most);
                let space = if bar.is_empty() { "" } else { " " };
                writeln!(out, "{name}{pad} {rate:6.2} {bar}{space}{counted}{marks}")
            }
            _ => writeln!(out, "{name}{pad}      ·  no text"),
        };
    }
    let _ = writeln!(out, "{:label$}  rate, hits in documents with the theme of all documents", "");
    for (mark, meaning) in [("few", "fewer than 20 documents"), ("partial", "a source misses some of the period")] {
        if out.lines().any(|line| line.ends_with(mark) || line.contains(" few, ")) {
            let _ = writeln!(out, "{:label$}  {mark}: {meaning}", "");
        }
    }
    out
}

/// A bar to an eighth of a column.
fn bar(rate: f64, most: f64) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if rate <= 0.0 || most <= 0.0 {
        return String::new();
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 256")]
    let eighths = ((rate / most * (BAR * 8) as f64).round() as usize).clamp(1, BAR * 8);
    format!("{}{}", "█".repeat(eighths / 8), PARTS.get(eighths % 8).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_has_the_length_of_its_rate() {
        assert_eq!(bar(2.0, 2.0), "█".repeat(BAR));
        assert_eq!(bar(1.0, 2.0), "█".repeat(BAR / 2));
        assert_eq!((bar(0.0, 2.0).as_str(), bar(1e-9, 2.0).as_str(), bar(0.0, 0.0).as_str()), ("", "▏", ""));
    }

    #[test]
    fn a_period_without_text_is_shown_and_no_line_is_wider_than_80_columns() {
        let day = |month: u32, day: u32| chrono::NaiveDate::from_ymd_opt(2024, month, day);
        let row = |label: &str, start, end, rate: Option<f64>| FrequencyRow {
            period_label: label.into(),
            period_start: start,
            period_end: end,
            per_10k: rate,
            hits: rate.map(|_| 123_456),
            documents: rate.map(|_| 12_345),
            period_documents: 123_456,
            ..FrequencyRow::default()
        };
        let rows =
            [row("2024-01", day(1, 1), day(1, 31), Some(1.0)), row("2024-02", day(2, 1), day(2, 29), None), row("2024-04", day(4, 1), day(4, 30), Some(0.0))];
        let text = drawn(&rows.iter().collect::<Vec<_>>());
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("2024-01   1.00 ████") && lines[1] == "2024-02      ·  no text", "{text}");
        assert!(lines[2].starts_with("…") && lines[2].ends_with("no text") && lines[3].starts_with("2024-04   0.00 123456 in"), "{text}");
        assert!(lines[..4].iter().all(|line| line.width() <= 80), "{text}");
    }
}
