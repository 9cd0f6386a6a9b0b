//! The state of pipelines as Prometheus metrics, for the textfile collector of
//! its node exporter.
//!
//! The file is written aside and renamed, so the collector reads it whole; it
//! has no timestamps, and every metric is a gauge that says how things stand
//! after the last run.
//!
//! # Source
//! Prometheus, *Exposition formats* (text format 0.0.4) and *Metric and label
//! naming*: base units, names that end in their unit.

use std::fmt::Write;
use std::path::Path;

use chrono::{DateTime, NaiveDate, Utc};

use super::fresh::start_of_day;
use super::record::{RunRecord, Status};
use crate::plan::Plan;
use crate::write::{WriteError, latest, write_whole};

/// A pipeline with what is known of its runs.
#[derive(Clone, Debug, Default)]
pub struct PipelineState {
    /// Its name.
    pub name: String,
    /// The last run, whatever came of it.
    pub last: Option<RunRecord>,
    /// The last run that published or found nothing changed.
    pub success: Option<RunRecord>,
    /// The run that made the newest release.
    pub release: Option<RunRecord>,
}

impl PipelineState {
    /// Reads what a pipeline's folder says.
    #[must_use]
    pub fn read(plan: &Plan) -> Self {
        let output = plan.output.join(&plan.name);
        let release = latest(&output).and_then(|folder| RunRecord::read(&folder.join("run.json")));
        let mut names: Vec<_> = std::fs::read_dir(output.join("runs")).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        // They are named by their time.
        names.sort();
        let mut records = names.iter().rev().filter_map(|path| RunRecord::read(path));
        let last = records.next();
        let good = |record: &RunRecord| matches!(record.status, Status::Published | Status::Unchanged);
        let success = last.clone().into_iter().chain(records).find(good).or_else(|| release.clone());
        Self { name: plan.name.clone(), last, success, release }
    }
}

/// Writes the metrics of some pipelines into one file.
///
/// # Errors
/// [`WriteError::Io`].
pub fn write_metrics(path: &Path, states: &[PipelineState]) -> Result<(), WriteError> {
    write_whole(path, metrics(states))
}

/// A metric of all pipelines: its name, what it says, and its samples.
struct Metric<'m> {
    name: &'m str,
    help: &'m str,
    samples: Vec<Sample>,
}

/// Labels and value.
type Sample = (Vec<(&'static str, String)>, f64);

impl Metric<'_> {
    /// Its lines; none without a sample.
    fn write(&self, out: &mut String) {
        if self.samples.is_empty() {
            return;
        }
        // Writing into a string does not fail.
        let _ = writeln!(out, "# HELP {} {}\n# TYPE {} gauge", self.name, self.help, self.name);
        for (labels, value) in &self.samples {
            let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
            let _ = writeln!(out, "{}{{{}}} {value}", self.name, labels.join(","));
        }
    }
}

/// The text of the file.
#[must_use]
pub fn metrics(states: &[PipelineState]) -> String {
    let mut out = String::new();
    let mut metric = |name: &str, help: &str, of: &dyn Fn(&PipelineState) -> Vec<Sample>| {
        let own = |state: &PipelineState| {
            let pipeline = [("pipeline", state.name.clone())];
            of(state).into_iter().map(|(labels, value)| (pipeline.iter().cloned().chain(labels).collect(), value)).collect::<Vec<_>>()
        };
        Metric { name, help, samples: states.iter().flat_map(own).collect() }.write(&mut out);
    };
    let one = |value: Option<f64>| value.map(|value| (Vec::new(), value)).into_iter().collect::<Vec<_>>();
    metric("tifa_build_info", "Version of tifa that ran last; always 1.", &|state| {
        state.last.iter().map(|last| (vec![("version", last.tifa.clone()), ("schema_version", last.schema_version.clone())], 1.0)).collect()
    });
    metric("tifa_last_success_timestamp_seconds", "End of the last run that published or found nothing changed, Unix time.", &|state| {
        one(state.success.as_ref().map(|record| unix(record.finished)))
    });
    metric("tifa_last_publish_timestamp_seconds", "End of the run that made the newest release, Unix time.", &|state| {
        one(state.release.as_ref().map(|record| unix(record.finished)))
    });
    metric("tifa_last_run_timestamp_seconds", "End of the last run, whatever came of it, Unix time.", &|state| {
        one(state.last.as_ref().map(|record| unix(record.finished)))
    });
    metric("tifa_last_run_exit_code", "Exit code of the last run: 0, 1 (the data failed a check) or 2 (configuration or a broken world).", &|state| {
        one(state.last.as_ref().map(|record| f64::from(record.exit_code)))
    });
    metric("tifa_last_run_status", "How the last run ended: 1 for its status, 0 for the others.", &|state| {
        let all = [Status::Published, Status::Unchanged, Status::Partial, Status::Failed, Status::Interrupted];
        let own = |last: &RunRecord| all.map(|status| (vec![("status", status.name().to_owned())], f64::from(u8::from(status == last.status))));
        state.last.iter().flat_map(own).collect()
    });
    metric("tifa_last_run_duration_seconds", "How long the last run took.", &|state| one(state.last.as_ref().map(|record| record.seconds)));
    metric("tifa_stage_thread_seconds", "Time of the last run in a stage, summed over threads.", &|state| {
        let all = state.last.iter().flat_map(|last| &last.stages);
        all.map(|stage| (vec![("stage", stage.name.clone())], stage.thread_seconds)).collect()
    });
    metric("tifa_input_files", "Files that the last run found.", &|state| one(state.last.as_ref().map(|record| record.inputs.files as f64)));
    metric("tifa_input_bytes", "Their size.", &|state| one(state.last.as_ref().map(|record| record.inputs.bytes as f64)));
    metric("tifa_shards_computed", "Shards of which the last run made an artifact.", &|state| {
        one(state.last.as_ref().map(|record| record.inputs.shards_computed as f64))
    });
    // What follows is of the newest release, so a run that fails changes none of it.
    metric("tifa_documents", "Documents of the newest release that are counted.", &|state| {
        one(state.release.as_ref().map(|record| record.counts.documents as f64))
    });
    metric("tifa_table_rows", "Rows of a table of the newest release.", &|state| {
        let tables = state.release.iter().flat_map(|record| &record.tables);
        tables.map(|table| (vec![("table", table.name.clone())], table.rows as f64)).collect()
    });
    metric("tifa_table_bytes", "Size of a table's Parquet files in the newest release.", &|state| {
        let tables = state.release.iter().flat_map(|record| &record.tables);
        tables.map(|table| (vec![("table", table.name.clone())], table.bytes as f64)).collect()
    });
    metric("tifa_rejected_records", "Records of the input that the newest release could not use.", &|state| {
        one(state.release.as_ref().map(|record| record.counts.records_rejected as f64))
    });
    metric("tifa_rejects", "Rows of the table rejects in the newest release, by reason.", &|state| {
        let rejects = state.release.iter().flat_map(|record| &record.rejects);
        rejects.map(|(reason, count)| (vec![("reason", reason.clone())], *count as f64)).collect()
    });
    metric(
        "tifa_newest_document_timestamp_seconds",
        "Beginning (in China) of the latest day of which a document of the newest release speaks, Unix time.",
        &|state| one(state.release.as_ref().and_then(|record| day(record.counts.newest_date.as_deref()))),
    );
    metric("tifa_source_documents", "Documents of a source in the newest release, without preambles.", &|state| {
        let sources = state.release.iter().flat_map(|record| &record.sources);
        sources.map(|source| (vec![("source", source.name.clone())], source.documents as f64)).collect()
    });
    metric("tifa_source_newest_document_timestamp_seconds", "The same as tifa_newest_document_timestamp_seconds, of a source.", &|state| {
        let sources = state.release.iter().flat_map(|record| &record.sources);
        sources.filter_map(|source| Some((vec![("source", source.name.clone())], day(source.newest_date.as_deref())?))).collect()
    });
    // Of the run that failed, if one did: what stopped it must be seen.
    metric("tifa_check_failures", "Rows or things that failed a check: of the last run if it failed, else of the newest release.", &|state| {
        let shown = state.last.as_ref().filter(|last| !last.checks.is_empty()).or(state.release.as_ref());
        let labels = |check: &crate::write::CheckRecord| {
            vec![
                ("check", check.name.clone()),
                ("table", check.table.clone().unwrap_or_default()),
                ("severity", check.severity.name().to_owned()),
                ("status", check.status.name().to_owned()),
            ]
        };
        shown.into_iter().flat_map(|record| &record.checks).map(|check| (labels(check), check.failures as f64)).collect()
    });
    out
}

fn unix(at: DateTime<Utc>) -> f64 {
    at.timestamp_millis() as f64 / 1000.0
}

fn day(written: Option<&str>) -> Option<f64> {
    written?.parse::<NaiveDate>().ok().and_then(start_of_day).map(unix)
}

/// A label's value: backslash, quotation mark and line feed are escaped.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_has_help_and_type_once_and_labels_are_escaped() {
        let state = |name: &str| PipelineState { name: name.to_owned(), ..PipelineState::default() };
        assert_eq!(metrics(&[state("a"), state("b")]), "");
        let mut out = String::new();
        let labels = |value: &str| vec![("reason", value.to_owned())];
        Metric { name: "tifa_rejects", help: "Rows.", samples: vec![(labels("a\"b\\c\nd"), 2.0), (labels("空"), 0.5)] }.write(&mut out);
        assert_eq!(out, "# HELP tifa_rejects Rows.\n# TYPE tifa_rejects gauge\ntifa_rejects{reason=\"a\\\"b\\\\c\\nd\"} 2\ntifa_rejects{reason=\"空\"} 0.5\n");
        assert_eq!(day(Some("2024-03-05")), Some(1_709_568_000.0));
        assert_eq!(day(Some("no day")), None);
    }
}
