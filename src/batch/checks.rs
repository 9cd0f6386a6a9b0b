//! The checks of a release: those that every run makes, those that its pipeline
//! adds, and what came of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::record::RunRecord;
use super::{BatchError, Plan};
use crate::write::{CheckRecord, Severity, WriteError, table_files, tables};

/// What every run has checked when it comes to publishing.
const OWN: [&str; 5] = ["loaded_is_written_and_rejected", "doc_id_is_unique", "shards_are_recounted", "tables_agree", "documents_have_not_shrunk"];

/// Makes the pipeline's checks on a release that nobody sees yet, and notes
/// them with the size of its tables.
///
/// # Errors
/// [`BatchError::Assertions`] if one of them stops it.
pub(super) fn before_publish(plan: &Plan, folder: &Path, record: &mut RunRecord) -> Result<(), BatchError> {
    let tables_folder = folder.join("tables");
    let size = |path: &Path| fs::metadata(path).map(|data| data.len()).map_err(|e| WriteError::io(path, e));
    for table in tables() {
        let files = table_files(&tables_folder, &table).unwrap_or_default();
        let bytes = files.iter().map(|path| size(path)).sum::<Result<u64, WriteError>>()?;
        for record in record.tables.iter_mut().filter(|record| record.name == table.name) {
            record.bytes = bytes;
        }
    }
    let allow_shrink = record.arguments.get("allow_shrink").and_then(serde_json::Value::as_bool).unwrap_or_default();
    let held = OWN.into_iter().filter(|name| *name != "documents_have_not_shrunk" || !allow_shrink);
    let mut all: Vec<CheckRecord> = held.map(|name| CheckRecord::passed(name, None)).collect();
    all.extend(check_release(plan, folder)?);
    if all.iter().any(CheckRecord::stops) {
        return Err(BatchError::Assertions(all));
    }
    for check in all.iter().filter(|check| check.failures > 0) {
        tracing::warn!("{}: {}", record.pipeline, check.lines().join("\n"));
    }
    record.checks = all;
    Ok(())
}

/// Makes the pipeline's checks on the tables of a release.
///
/// # Errors
/// [`BatchError::Write`] if a table cannot be read, or has other columns.
///
/// # Cost
/// Reads the columns that the checks name; memory for one batch.
pub fn check_release(plan: &Plan, folder: &Path) -> Result<Vec<CheckRecord>, BatchError> {
    let tables_folder = folder.join("tables");
    let mut out = Vec::new();
    for check in &plan.checks {
        let files = table_files(&tables_folder, &check.table)
            .ok_or_else(|| WriteError::table(&tables_folder.join(check.table.name), &"the release has no such table"))?;
        out.push(check.check(&files)?);
    }
    Ok(out)
}

/// The checks that an error is about; none, if it is about the world.
pub(super) fn failed(error: &BatchError) -> Vec<CheckRecord> {
    let record = |name: &str, failures: u64, message: String| CheckRecord::found(name, None, Severity::Error, failures, message, Vec::new());
    match error {
        BatchError::Assertions(all) => all.clone(),
        BatchError::Shrunk { .. } => vec![record("documents_have_not_shrunk", 1, error.to_string())],
        BatchError::Checks(failures) => {
            let mut by_name: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
            for failure in failures {
                by_name.entry(failure.check).or_insert((0, &failure.found)).0 += 1;
            }
            by_name.into_iter().map(|(name, (count, found))| record(name, count, found.to_owned())).collect()
        }
        _ => Vec::new(),
    }
}

/// The checks that stop a run, in lines for people.
pub(super) fn told(all: &[CheckRecord]) -> String {
    let lines = all.iter().filter(|check| check.stops()).flat_map(CheckRecord::lines).collect::<Vec<_>>();
    format!("checks of the pipeline do not hold, and nothing was published\n{}", lines.join("\n"))
}
