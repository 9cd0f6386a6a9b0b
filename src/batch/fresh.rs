//! Whether a release is fresh: its newest document is not too old, and no day
//! on which a source was expected is missing.
//!
//! Days are days in China (UTC+8, the zone of the texts), whatever the machine's
//! zone. A day is due so long after it began as the window says: with `2d`, at
//! any hour of 10 March, 8 March and all days before it; with `36h`, from noon
//! on the day before. The newest document is too old if it is of a day before
//! the last that is due.
//!
//! An expected day that is due and missing is an error for as long as the window
//! again (a week at least); after that it is a gap that somebody has seen or
//! that no source will fill, and only warns. A source that has fallen silent
//! stays an error, because its newest document is too old.

use std::collections::BTreeSet;
use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Date32Type;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use super::BatchError;
use crate::plan::Plan;
use crate::tally::{Cadence, Calendar, CoverageRow, Period, SourceCadence};
use crate::write::{CheckRecord, Row, Severity, WriteError, each_batch, read_parquet, table_files};

/// How far China is east of Greenwich.
const CHINA: TimeDelta = TimeDelta::hours(8);

/// The shortest time for which a missing day is an error.
const RECENT: TimeDelta = TimeDelta::days(7);

/// Rows that a record shows.
const SHOWN: usize = 50;

/// Rows that are in memory together.
const ROWS_AT_ONCE: usize = 1 << 14;

/// When a release is looked at, and how old it may be.
#[derive(Clone, Copy, Debug)]
pub struct Freshness {
    /// How old the newest document may be.
    pub window: TimeDelta,
    /// The instant from which age is counted.
    pub now: DateTime<Utc>,
}

/// `36h`, `2d`, `1w` → a length of time.
#[must_use]
pub fn read_window(text: &str) -> Option<TimeDelta> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: i64 = text.get(..digits)?.parse().ok().filter(|number| *number < 100_000)?;
    match text.get(digits..)?.trim() {
        "h" => TimeDelta::try_hours(number),
        "d" => TimeDelta::try_days(number),
        "w" => TimeDelta::try_weeks(number),
        _ => None,
    }
}

/// The instant at which a day begins in China.
#[must_use]
pub fn start_of_day(day: NaiveDate) -> Option<DateTime<Utc>> {
    day.and_time(NaiveTime::MIN).checked_sub_signed(CHINA).map(|at| at.and_utc())
}

/// The last instant of a day in China: `now` of a check as of that day.
#[must_use]
pub fn end_of_day(day: NaiveDate) -> Option<DateTime<Utc>> {
    start_of_day(day.checked_add_days(Days::new(1))?)?.checked_sub_signed(TimeDelta::seconds(1))
}

impl Freshness {
    /// The day in China.
    fn today(self) -> NaiveDate {
        self.now.naive_utc().checked_add_signed(CHINA).unwrap_or(self.now.naive_utc()).date()
    }

    /// Whether a day is due, and has been for some time.
    fn due(self, day: NaiveDate, since: TimeDelta) -> bool {
        let at = start_of_day(day).and_then(|start| start.checked_add_signed(self.window)).and_then(|at| at.checked_add_signed(since));
        at.is_some_and(|at| at <= self.now)
    }

    /// Whether a newer day than this is due.
    fn too_old(self, day: NaiveDate) -> bool {
        day.succ_opt().is_some_and(|next| self.due(next, TimeDelta::zero()))
    }
}

/// Checks the newest document and the expected days of a release.
///
/// # Errors
/// [`BatchError::Write`] if its tables cannot be read.
///
/// # Cost
/// Reads `coverage` and the dates of `documents`.
pub fn check_fresh(plan: &Plan, folder: &Path, fresh: Freshness) -> Result<Vec<CheckRecord>, BatchError> {
    let tables = folder.join("tables");
    let coverage: Vec<CoverageRow> = read_parquet(&tables.join("coverage.parquet"))?;
    let documents = crate::write::DocumentRow::table();
    let files = table_files(&tables, &documents).ok_or_else(|| WriteError::table(&tables.join("documents"), &"the release has no such table"))?;
    let (today, mut newest, mut ahead, mut rows) = (fresh.today(), None, 0_u64, Vec::new());
    for file in files {
        each_batch(&file, &["doc_id", "date_start", "date_end"], ROWS_AT_ONCE, &mut |batch| {
            let column = |name: &str| batch.column_by_name(name);
            let (Some(id), Some(start), Some(end)) = (column("doc_id"), column("date_start"), column("date_end")) else { return };
            let day =
                |array: &dyn Array, row| (!array.is_null(row)).then(|| Date32Type::to_naive_date_opt(array.as_primitive::<Date32Type>().value(row))).flatten();
            for row in 0..batch.num_rows() {
                let Some(first) = day(start, row) else { continue };
                if first > today {
                    ahead += 1;
                    if rows.len() < SHOWN {
                        rows.push(object(&[("doc_id", json!(id.as_string::<i32>().value(row))), ("date_start", json!(first.to_string()))]));
                    }
                } else {
                    newest = newest.max(Some(day(end, row).unwrap_or(first).min(today)));
                }
            }
        })?;
    }
    let mut out = findings(&coverage, &plan.cadences(), newest, fresh);
    let message = format!("{ahead} documents are dated after {today}");
    out.push(CheckRecord::found("no_document_is_in_the_future", Some("documents"), Severity::Warn, ahead, message, rows));
    Ok(out)
}

fn object(cells: &[(&str, Value)]) -> Map<String, Value> {
    cells.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

/// A source with a cadence that has spoken: its units, and which are missing.
struct Expected {
    source: String,
    newest: Option<NaiveDate>,
    /// First and last days of due units without a document.
    missing: Vec<(NaiveDate, NaiveDate)>,
}

impl Expected {
    fn new(coverage: &[CoverageRow], source: &SourceCadence, fresh: Freshness) -> Self {
        let calendar = Calendar::default();
        let unit = source.cadence.unit();
        let today = fresh.today();
        let own = || coverage.iter().filter(|row| row.source == source.source);
        let present: BTreeSet<NaiveDate> = own().filter(|row| row.present && row.date_start <= today).map(|row| row.date_start).collect();
        let mut missing = Vec::new();
        if let Some(first) = present.first() {
            for start in calendar.starts(unit, *first..=today).filter(|start| source.cadence.expects(*start) && !present.contains(start)) {
                let end = calendar.end_of(unit, start).unwrap_or(start);
                if fresh.due(end, TimeDelta::zero()) {
                    missing.push((start, end));
                }
            }
        }
        Self { source: source.source.clone(), newest: present.last().copied(), missing }
    }
}

/// The checks of expected units and of the newest document.
fn findings(coverage: &[CoverageRow], sources: &[SourceCadence], newest: Option<NaiveDate>, fresh: Freshness) -> Vec<CheckRecord> {
    let expected: Vec<(Period, Expected)> =
        sources.iter().filter(|s| s.cadence != Cadence::None).map(|s| (s.cadence.unit(), Expected::new(coverage, s, fresh))).collect();
    // Where a source speaks on days that are known, it is too old if it missed
    // the last that is due; elsewhere by the age of the newest document of all.
    let mut old = Vec::new();
    let mut daily = expected.iter().filter(|(unit, _)| *unit == Period::Day).map(|(_, expected)| expected).peekable();
    if daily.peek().is_none() {
        if newest.is_none_or(|day| fresh.too_old(day)) {
            old.push(object(&[("newest", newest.map_or(Value::Null, |day| json!(day.to_string())))]));
        }
    } else {
        for source in daily {
            let late = source.missing.last().is_some_and(|(start, _)| source.newest.is_none_or(|newest| *start > newest));
            if late || source.newest.is_none() {
                let newest = source.newest.map_or(Value::Null, |day| json!(day.to_string()));
                old.push(object(&[("source", json!(source.source)), ("newest", newest)]));
            }
        }
    }
    let today = fresh.today();
    let seen = |row: &Map<String, Value>| {
        let newest = row.get("newest").and_then(Value::as_str).unwrap_or("none").to_owned();
        row.get("source").and_then(Value::as_str).map_or_else(|| newest.clone(), |source| format!("{newest} ({source})"))
    };
    let message = format!("on {today} the newest document is of {}", old.iter().map(seen).collect::<Vec<_>>().join(", "));
    let mut out = vec![CheckRecord::found("newest_document_is_fresh", Some("documents"), Severity::Error, old.len() as u64, message, old)];
    let recent = fresh.window.max(RECENT);
    for (name, severity) in [("expected_days_are_there", Severity::Error), ("past_days_are_there", Severity::Warn)] {
        let (mut rows, mut days, mut years) = (Vec::new(), 0, 0);
        for (unit, source) in &expected {
            let own = source.missing.iter().filter(|(_, end)| fresh.due(*end, recent) == (severity == Severity::Warn));
            let mut runs: Vec<(NaiveDate, NaiveDate, u64)> = Vec::new();
            for (start, end) in own {
                *(if *unit == Period::Day { &mut days } else { &mut years }) += 1;
                match runs.last_mut() {
                    Some((_, last, count)) if last.succ_opt() == Some(*start) => (*last, *count) = (*end, *count + 1),
                    _ => runs.push((*start, *end, 1)),
                }
            }
            let cells = |(from, to, count): &(NaiveDate, NaiveDate, u64)| {
                let units = if *unit == Period::Day { "days" } else { "years" };
                object(&[("source", json!(source.source)), ("from", json!(from.to_string())), ("to", json!(to.to_string())), (units, json!(count))])
            };
            rows.extend(runs.iter().map(cells));
        }
        let of = |number: u64, unit: &str| (number > 0).then(|| format!("{number} {unit}{}", if number == 1 { "" } else { "s" }));
        let counted: Vec<String> = [of(days, "expected day"), of(years, "expected year")].into_iter().flatten().collect();
        let message = format!("{} without a document", counted.join(" and "));
        let mut record = CheckRecord::found(name, Some("coverage"), severity, days + years, message, rows);
        // Rows are runs of days here, and the newest tell most.
        record.more = record.rows.len().saturating_sub(SHOWN) as u64;
        record.rows.drain(..record.rows.len().saturating_sub(SHOWN));
        out.push(record);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn row(source: &str, unit: Period, start: &str) -> CoverageRow {
        let start = day(start);
        let date_end = Calendar::default().end_of(unit, start).unwrap();
        CoverageRow { source: source.into(), unit: unit.name().into(), date_start: start, date_end, present: true, documents: 1, ..CoverageRow::default() }
    }

    fn look(cadence: Cadence, days: &[&str], window: &str, now: &str) -> Vec<(String, CheckStatus, u64)> {
        let rows: Vec<CoverageRow> = days.iter().map(|d| row("s", cadence.unit(), d)).collect();
        let fresh = Freshness { window: read_window(window).unwrap(), now: now.parse().unwrap() };
        let newest = rows.iter().map(|r| r.date_end).max();
        let sources = [SourceCadence { source: "s".into(), cadence }];
        findings(&rows, &sources, newest, fresh).into_iter().map(|r| (r.name, r.status, r.failures)).collect()
    }

    use crate::write::CheckStatus::{self, Fail, Pass, Warn};

    fn got(newest: (CheckStatus, u64), days: (CheckStatus, u64), past: (CheckStatus, u64)) -> Vec<(String, CheckStatus, u64)> {
        let named = |name: &str, (status, failures)| (name.to_owned(), status, failures);
        vec![named("newest_document_is_fresh", newest), named("expected_days_are_there", days), named("past_days_are_there", past)]
    }

    const NONE: (CheckStatus, u64) = (Pass, 0);

    #[test]
    fn a_day_is_due_so_long_after_it_began_in_china() {
        // 2024-03-10 00:00 in China is 2024-03-09T16:00Z.
        let days = ["2024-03-07", "2024-03-08"];
        assert_eq!(look(Cadence::Daily, &days, "2d", "2024-03-10T15:59:59Z"), got(NONE, NONE, NONE));
        assert_eq!(look(Cadence::Daily, &days, "2d", "2024-03-10T16:00:00Z"), got((Fail, 1), (Fail, 1), NONE));
        // Noon of the tenth.
        assert_eq!(look(Cadence::Daily, &days, "36h", "2024-03-10T03:59:59Z"), got(NONE, NONE, NONE));
        assert_eq!(look(Cadence::Daily, &days, "36h", "2024-03-10T04:00:00Z"), got((Fail, 1), (Fail, 1), NONE));
        assert_eq!(look(Cadence::None, &days, "2d", "2024-03-10T15:59:59Z"), got(NONE, NONE, NONE));
        assert_eq!(look(Cadence::None, &days, "2d", "2024-03-10T16:00:00Z"), got((Fail, 1), NONE, NONE));
        assert_eq!(look(Cadence::None, &[], "2d", "2024-03-11T16:00:00Z"), got((Fail, 1), NONE, NONE));
        assert_eq!(end_of_day(day("2024-03-10")).unwrap().to_rfc3339(), "2024-03-10T15:59:59+00:00");
    }

    #[test]
    fn a_missing_day_is_an_error_while_it_is_recent_and_a_warning_later() {
        let days = ["2024-03-01", "2024-03-03", "2024-03-04", "2024-03-05"];
        // The second of March is due on the fourth, with a window of two days.
        assert_eq!(look(Cadence::Daily, &days, "2d", "2024-03-03T15:59:59Z"), got(NONE, NONE, NONE));
        assert_eq!(look(Cadence::Daily, &days, "2d", "2024-03-03T16:00:00Z"), got(NONE, (Fail, 1), NONE));
        let more = ["2024-03-01", "2024-03-03", "2024-03-04", "2024-03-05", "2024-03-06", "2024-03-07", "2024-03-08", "2024-03-09", "2024-03-10"];
        assert_eq!(look(Cadence::Daily, &more, "2d", "2024-03-10T15:59:59Z"), got(NONE, (Fail, 1), NONE));
        assert_eq!(look(Cadence::Daily, &more, "2d", "2024-03-10T16:00:00Z"), got(NONE, NONE, (Warn, 1)));
    }

    #[test]
    fn weekends_and_years_are_expected_as_their_cadence_says() {
        // The eighth of March 2024 is a Friday.
        assert_eq!(look(Cadence::Weekdays, &["2024-03-07", "2024-03-08"], "1d", "2024-03-11T15:59:59Z"), got(NONE, NONE, NONE));
        assert_eq!(look(Cadence::Weekdays, &["2024-03-07", "2024-03-08"], "1d", "2024-03-11T16:00:00Z"), got((Fail, 1), (Fail, 1), NONE));
        let years = ["2020-01-01", "2022-01-01", "2023-01-01"];
        assert_eq!(look(Cadence::Yearly, &years, "60w", "2024-12-31T15:00:00Z").get(1..), got(NONE, NONE, (Warn, 1)).get(1..));
        assert_eq!(look(Cadence::Yearly, &years, "1d", "2025-01-05T15:00:00Z").get(1..), got(NONE, (Fail, 1), (Warn, 1)).get(1..));
    }

    #[test]
    fn missing_days_in_a_row_are_one_line() {
        let rows = [row("s", Period::Day, "2024-01-01"), row("s", Period::Day, "2024-01-05"), row("s", Period::Day, "2024-01-07")];
        let sources = [SourceCadence { source: "s".into(), cadence: Cadence::Daily }];
        let fresh = Freshness { window: read_window("1d").unwrap(), now: "2024-01-08T00:00:00Z".parse().unwrap() };
        let found = findings(&rows, &sources, None, fresh);
        assert_eq!(
            found[1].lines(),
            [
                "fail expected_days_are_there on coverage: 4 expected days without a document",
                "  source=s from=2024-01-02 to=2024-01-04 days=3",
                "  source=s from=2024-01-06 to=2024-01-06 days=1",
            ]
        );
    }

    #[test]
    fn a_window_is_hours_days_or_weeks() {
        assert_eq!(
            (read_window("36h"), read_window("2d"), read_window("1 w")),
            (Some(TimeDelta::hours(36)), Some(TimeDelta::days(2)), Some(TimeDelta::days(7)))
        );
        assert_eq!((read_window("2"), read_window("d"), read_window("2m"), read_window("999999999999w")), (None, None, None, None));
    }
}
