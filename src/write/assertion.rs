//! Named checks with a severity, and what came of them: those of a pipeline,
//! which are conditions on a table, and the record that every check leaves.

use std::path::PathBuf;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{Date32Type, Float64Type, Int32Type, Int64Type};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::condition::Condition;
use super::schema::{Kind, Table};
use super::{WriteError, each_batch};

/// Failing rows that a record shows.
const SHOWN_ROWS: usize = 5;

/// Characters of a text cell that a record shows.
const SHOWN_CHARS: usize = 80;

/// Names of the checks that tifa makes itself; a pipeline's checks have others.
pub const BUILTIN_CHECKS: [&str; 10] = [
    "loaded_is_written_and_rejected",
    "doc_id_is_unique",
    "shards_are_recounted",
    "tables_agree",
    "documents_have_not_shrunk",
    "cases_hold",
    "newest_document_is_fresh",
    "expected_days_are_there",
    "past_days_are_there",
    "no_document_is_in_the_future",
];

/// Rows that are in memory together.
const ROWS_AT_ONCE: usize = 1 << 14;

/// What a check that does not hold means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It is told, and nothing stops.
    Warn,
    /// Nothing is published, and the command ends with 1.
    #[default]
    Error,
}

impl Severity {
    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// How a check ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckStatus {
    /// It holds.
    #[default]
    Pass,
    /// It does not hold, and only warns.
    Warn,
    /// It does not hold, and stops what it guards.
    Fail,
}

impl CheckStatus {
    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// What came of a check.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CheckRecord {
    /// `check.PIPELINE.NAME`.
    #[serde(default)]
    pub unique_id: String,
    /// Its name.
    pub name: String,
    /// The table that it is on; null: on more than one.
    pub table: Option<String>,
    /// What it means if it does not hold.
    pub severity: Severity,
    /// How it ended.
    pub status: CheckStatus,
    /// Rows, or things, that fail.
    pub failures: u64,
    /// What was found, in words; null where it holds.
    pub message: Option<String>,
    /// The condition of a pipeline's check: a row fails where it is true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// The first failing rows: key columns, and those that the check reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Map<String, Value>>,
    /// Failing rows that are not shown.
    #[serde(default)]
    pub more: u64,
}

impl CheckRecord {
    /// A check that holds.
    #[must_use]
    pub fn passed(name: &str, table: Option<&str>) -> Self {
        Self { name: name.to_owned(), table: table.map(str::to_owned), ..Self::default() }
    }

    /// A check that finds so many failures; none: it holds.
    #[must_use]
    pub fn found(name: &str, table: Option<&str>, severity: Severity, failures: u64, message: String, rows: Vec<Map<String, Value>>) -> Self {
        let status = match (failures, severity) {
            (0, _) => CheckStatus::Pass,
            (_, Severity::Warn) => CheckStatus::Warn,
            (_, Severity::Error) => CheckStatus::Fail,
        };
        let more = if rows.is_empty() { 0 } else { failures.saturating_sub(rows.len() as u64) };
        Self { severity, status, failures, message: (failures > 0).then_some(message), rows, more, ..Self::passed(name, table) }
    }

    /// Whether it stops what it guards.
    #[must_use]
    pub fn stops(&self) -> bool {
        self.status == CheckStatus::Fail
    }

    /// The record in lines for people: what failed, and the first failing rows.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let on = self.table.as_deref().map_or_else(String::new, |table| format!(" on {table}"));
        let told = self.message.as_deref().map_or_else(String::new, |message| format!(": {message}"));
        let mut out = vec![format!("{} {}{on}{told}", self.status.name(), self.name)];
        for row in &self.rows {
            let cells = row.iter().map(|(name, value)| format!("{name}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
            out.push(format!("  {}", cells.collect::<Vec<_>>().join(" ")));
        }
        if self.more > 0 {
            out.push(format!("  … and {} more", self.more));
        }
        out
    }
}

/// A check that a pipeline adds: rows of a table for which the condition is
/// true fail.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// Its name, unique in the pipeline.
    pub name: String,
    /// The table.
    pub table: Table,
    /// What it means if a row fails.
    pub severity: Severity,
    /// What must not be true of a row.
    pub condition: Condition,
}

impl Assertion {
    /// Asks every row of the table, which lies in these files.
    ///
    /// # Errors
    /// [`WriteError`] if a file cannot be read.
    ///
    /// # Cost
    /// Reads the key columns and those of the condition; memory for one batch.
    pub fn check(&self, files: &[PathBuf]) -> Result<CheckRecord, WriteError> {
        let key = if self.table.key.is_empty() { self.table.order } else { self.table.key };
        let mut wanted: Vec<&str> = key.to_vec();
        wanted.extend(self.condition.columns().iter().filter(|name| !key.contains(name)));
        let (mut failures, mut rows, mut lacks) = (0, Vec::new(), false);
        for file in files {
            each_batch(file, &wanted, ROWS_AT_ONCE, &mut |batch| {
                // A release of another version; a missing column is not null.
                lacks |= wanted.iter().any(|name| batch.column_by_name(name).is_none());
                let failing = self.condition.rows(batch);
                failures += failing.len() as u64;
                for row in failing.into_iter().take(SHOWN_ROWS.saturating_sub(rows.len())) {
                    let cell_of = |name: &&str| {
                        let kind = self.table.columns.iter().find(|c| c.name == *name)?.kind;
                        Some(((*name).to_owned(), cell(batch.column_by_name(name)?, kind, row)))
                    };
                    rows.push(wanted.iter().filter_map(cell_of).collect::<Map<String, Value>>());
                }
            })?;
            if lacks {
                return Err(WriteError::table(file, &"its columns are not those of this version"));
            }
        }
        let message = format!("{failures} {} with {}", if failures == 1 { "row" } else { "rows" }, self.condition.text());
        let found = CheckRecord::found(&self.name, Some(self.table.name), self.severity, failures, message, rows);
        Ok(CheckRecord { condition: Some(self.condition.text().to_owned()), ..found })
    }

    /// All that its outcome depends on, but the table.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{} {} {} {}", self.name, self.table.name, self.severity.name(), self.condition.text())
    }
}

/// A cell for a record: long text is cut.
#[must_use]
pub(crate) fn cell(array: &ArrayRef, kind: Kind, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    match kind {
        Kind::Text => json!(shortened(array.as_string::<i32>().value(row))),
        Kind::TextList => {
            let list = array.as_list::<i32>().value(row);
            json!(list.as_string::<i32>().iter().flatten().take(SHOWN_ROWS).map(shortened).collect::<Vec<_>>())
        }
        Kind::Int32 => json!(array.as_primitive::<Int32Type>().value(row)),
        Kind::Int64 => json!(array.as_primitive::<Int64Type>().value(row)),
        Kind::Float64 => json!(array.as_primitive::<Float64Type>().value(row)),
        Kind::Boolean => json!(array.as_boolean().value(row)),
        Kind::Date => Date32Type::to_naive_date_opt(array.as_primitive::<Date32Type>().value(row)).map_or(Value::Null, |day| json!(day.to_string())),
    }
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= SHOWN_CHARS { text.to_owned() } else { text.chars().take(SHOWN_CHARS - 1).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::super::rows::DocumentRow;
    use super::super::schema::Row;
    use super::super::write_parquet;
    use super::*;

    #[test]
    fn failing_rows_are_counted_over_all_files_and_the_first_are_shown() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, from: u64| {
            let rows: Vec<_> = (from..from + 10)
                .map(|i| DocumentRow { doc_id: format!("d{i}").into(), chars: i, text: "字".repeat(200).into(), ..Default::default() })
                .collect();
            write_parquet(&dir.path().join(name), &rows, &[]).unwrap();
            dir.path().join(name)
        };
        let files = [file("a.parquet", 0), file("b.parquet", 10)];
        let check = |text: &str, severity| {
            let condition = Condition::new(&DocumentRow::table(), text).unwrap();
            Assertion { name: "short".into(), table: DocumentRow::table(), severity, condition }.check(&files).unwrap()
        };
        let found = check("chars >= 8 and length(text) = 200", Severity::Error);
        assert_eq!((found.failures, found.status, found.rows.len()), (12, CheckStatus::Fail, SHOWN_ROWS));
        assert_eq!(found.message.as_deref(), Some("12 rows with chars >= 8 and length(text) = 200"));
        assert_eq!((&found.rows[0]["doc_id"], &found.rows[0]["chars"]), (&json!("d8"), &json!(8)));
        assert_eq!(found.rows[2]["text"].as_str().unwrap().chars().count(), SHOWN_CHARS);
        assert_eq!(found.lines().last().unwrap(), "  … and 7 more");
        assert_eq!(check("chars >= 8", Severity::Warn).status, CheckStatus::Warn);
        let held = check("chars > 99", Severity::Error);
        assert_eq!((held.status, held.message), (CheckStatus::Pass, None));
    }
}
