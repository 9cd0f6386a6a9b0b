//! `OpenLineage` events of runs, as lines of JSON in a file. Nothing is sent:
//! whoever wants them elsewhere reads the file.
//!
//! A run has an event START when it holds the lock, and one event when it ends:
//! COMPLETE (published, unchanged, or ended early as asked), FAIL or ABORT (told
//! to stop), with the same `runId`. A run that was killed has only the first.
//! Inputs are the sources of the pipeline, outputs the tables of the release, none
//! if nothing was published. A table on which the pipeline has a check was read for it, so it
//! is an input too, with what came of its checks.
//!
//! # Source
//! `OpenLineage` 2-0-2, with its facets in the versions that the constants name;
//! datasets in a file system are named by the rules of its *Naming* page.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::record::{RunRecord, Status};
use crate::load::without_dots;
use crate::plan::{Plan, Source};
use crate::write::{CheckRecord, CheckStatus, Table, WriteError, tables};

/// Who says so: a package URL.
const PRODUCER: &str = concat!("pkg:cargo/tifa@", env!("CARGO_PKG_VERSION"));

/// Where the schemas of the events and of the base of every facet are.
const CORE: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/";

/// Where the events go, and what they are named by.
#[derive(Clone, Debug, Default)]
pub struct Lineage {
    /// The file; events are added to it.
    pub file: PathBuf,
    /// Namespace of the jobs.
    pub namespace: String,
    /// The run that started this one: namespace, job and run id.
    pub parent: Option<(String, String, String)>,
}

impl Lineage {
    /// Reads `namespace/job/run`, as schedulers hand it down.
    #[must_use]
    pub fn read_parent(text: &str) -> Option<(String, String, String)> {
        let (rest, run) = text.rsplit_once('/')?;
        let (namespace, job) = rest.split_once('/')?;
        (!namespace.is_empty() && !job.is_empty() && run.len() == 36).then(|| (namespace.to_owned(), job.to_owned(), run.to_owned()))
    }

    /// Adds the event of a run that begins; a dry run has none.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn start(&self, plan: &Plan, record: &RunRecord) -> Result<(), WriteError> {
        let inputs = plan.sources.iter().map(|source| input(source, record)).collect();
        self.add(record, &self.event("START", record.started, plan, record, (inputs, Vec::new())))
    }

    /// Adds the event of a run that has ended.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn end(&self, plan: &Plan, record: &RunRecord) -> Result<(), WriteError> {
        let all = tables();
        let checked = all.iter().filter_map(|table| checked_table(plan, table, record));
        let inputs = plan.sources.iter().map(|source| input(source, record)).chain(checked).collect();
        let outputs = if record.status == Status::Published { all.iter().map(|table| output(plan, table, record)).collect() } else { Vec::new() };
        let kind = match record.status {
            Status::Failed => "FAIL",
            Status::Interrupted => "ABORT",
            _ => "COMPLETE",
        };
        self.add(record, &self.event(kind, record.finished, plan, record, (inputs, outputs)))
    }

    fn add(&self, record: &RunRecord, event: &Value) -> Result<(), WriteError> {
        if record.arguments.get("dry_run") == Some(&Value::Bool(true)) {
            return Ok(());
        }
        let mut file = OpenOptions::new().append(true).create(true).open(&self.file).map_err(|e| WriteError::io(&self.file, e))?;
        // One call, so that lines of several runs do not mix.
        file.write_all(format!("{event}\n").as_bytes()).map_err(|e| WriteError::io(&self.file, e))
    }

    fn event(&self, kind: &str, at: DateTime<Utc>, plan: &Plan, record: &RunRecord, (inputs, outputs): (Vec<Value>, Vec<Value>)) -> Value {
        let mut run = Map::new();
        run.insert("processing_engine".to_owned(), facet("1-1-1", "ProcessingEngineRunFacet", json!({"version": record.tifa, "name": "tifa"})));
        if let Some((namespace, job, id)) = &self.parent {
            let parent = json!({"run": {"runId": id}, "job": {"namespace": namespace, "name": job}});
            run.insert("parent".to_owned(), facet("1-2-0", "ParentRunFacet", parent));
        }
        if let Some(error) = &record.error {
            run.insert("errorMessage".to_owned(), facet("1-0-1", "ErrorMessageRunFacet", json!({"message": error, "programmingLanguage": "Rust"})));
        }
        if kind != "START" {
            let own = json!({"status": record.status.name(), "release": record.release, "exitCode": record.exit_code});
            run.insert("tifa_run".to_owned(), with_base(own, &format!("{CORE}RunFacet")));
        }
        let job_type = json!({"processingType": "BATCH", "integration": "TIFA", "jobType": "PIPELINE"});
        json!({
            "eventType": kind,
            "eventTime": at.to_rfc3339_opts(SecondsFormat::Micros, true),
            "producer": PRODUCER,
            "schemaURL": format!("{CORE}RunEvent"),
            "run": {"runId": record.invocation_id, "facets": run},
            "job": {
                "namespace": self.namespace,
                "name": plan.name,
                "facets": {
                    "documentation": facet("1-1-0", "DocumentationJobFacet", json!({"description": plan.title})),
                    "jobType": facet("2-0-4", "JobTypeJobFacet", job_type),
                },
            },
            "inputs": inputs,
            "outputs": outputs,
        })
    }
}

/// A facet of the standard.
fn facet(version: &str, name: &str, content: Value) -> Value {
    with_base(content, &format!("https://openlineage.io/spec/facets/{version}/{name}.json#/$defs/{name}"))
}

fn with_base(content: Value, schema: &str) -> Value {
    let mut out = Map::new();
    out.insert("_producer".to_owned(), json!(PRODUCER));
    out.insert("_schemaURL".to_owned(), json!(schema));
    if let Value::Object(content) = content {
        out.extend(content);
    }
    Value::Object(out)
}

/// A dataset in the file system: its name is its absolute path.
fn dataset(path: &Path, version: Option<&str>, more: Vec<(&str, Value)>) -> Map<String, Value> {
    let path = without_dots(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
    let name = path.display().to_string();
    let uri: String =
        name.bytes().map(|b| if b.is_ascii_alphanumeric() || b"/-_.~".contains(&b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect();
    let mut facets = Map::new();
    facets.insert("dataSource".to_owned(), facet("1-0-1", "DatasourceDatasetFacet", json!({"name": "file", "uri": format!("file://{uri}")})));
    if let Some(version) = version {
        facets.insert("version".to_owned(), facet("1-0-1", "DatasetVersionDatasetFacet", json!({"datasetVersion": version})));
    }
    facets.extend(more.into_iter().map(|(name, facet)| (name.to_owned(), facet)));
    [("namespace".to_owned(), json!("file")), ("name".to_owned(), json!(name)), ("facets".to_owned(), Value::Object(facets))].into_iter().collect()
}

/// A source: its first glob, because two sources may share a folder.
fn input(source: &Source, record: &RunRecord) -> Value {
    let known = record.sources.iter().find(|known| known.name == *source.input.source);
    let mut out = dataset(source.input.files.first().map_or(Path::new("."), PathBuf::as_path), known.map(|known| known.hash.as_str()), Vec::new());
    if let Some(known) = known {
        let statistics = json!({"rowCount": known.documents, "size": known.bytes, "fileCount": known.files});
        out.insert("inputFacets".to_owned(), json!({"inputStatistics": facet("1-0-0", "InputStatisticsInputDatasetFacet", statistics)}));
    }
    Value::Object(out)
}

/// A table by the path that stays the same over releases.
fn table_dataset(plan: &Plan, table: &Table, record: &RunRecord) -> Map<String, Value> {
    let folder = plan.output.join(&plan.name).join("latest").join("tables");
    let path = if table.folder { folder.join(table.name) } else { folder.join(table.name).with_extension("parquet") };
    let field = |(number, column): (usize, &crate::write::Column)| json!({"name": column.name, "type": column.kind.name(), "description": column.meaning, "ordinal_position": number + 1});
    let schema = json!({"fields": table.columns.iter().enumerate().map(field).collect::<Vec<_>>()});
    dataset(&path, record.release.as_deref(), vec![("schema", facet("1-2-0", "SchemaDatasetFacet", schema))])
}

fn output(plan: &Plan, table: &Table, record: &RunRecord) -> Value {
    let mut out = table_dataset(plan, table, record);
    if let Some(made) = record.tables.iter().find(|made| made.name == table.name) {
        let statistics = json!({"rowCount": made.rows, "size": made.bytes, "fileCount": made.files});
        out.insert("outputFacets".to_owned(), json!({"outputStatistics": facet("1-0-2", "OutputStatisticsOutputDatasetFacet", statistics)}));
    }
    Value::Object(out)
}

/// A table on which checks were made; `None`: there was none.
fn checked_table(plan: &Plan, table: &Table, record: &RunRecord) -> Option<Value> {
    let own = |check: &&CheckRecord| check.condition.is_some() && check.table.as_deref() == Some(table.name);
    let assertion = |check: &CheckRecord| {
        json!({
            "assertion": "custom_sql",
            "name": check.name,
            "success": check.status == CheckStatus::Pass,
            "severity": check.severity.name(),
            "expected": "0",
            "actual": check.failures.to_string(),
            "content": check.condition,
            "contentType": "expression",
        })
    };
    let assertions: Vec<Value> = record.checks.iter().filter(own).map(assertion).collect();
    if assertions.is_empty() {
        return None;
    }
    let mut out = table_dataset(plan, table, record);
    let found = facet("1-1-0", "DataQualityAssertionsDatasetFacet", json!({"assertions": assertions}));
    out.insert("inputFacets".to_owned(), json!({"dataQualityAssertions": found}));
    Some(Value::Object(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_read_as_schedulers_write_it() {
        let run = "018e23f1-4c7b-7000-8000-000000000000";
        let parent = |namespace: &str, job: &str| Some((namespace.to_owned(), job.to_owned(), run.to_owned()));
        assert_eq!(Lineage::read_parent(&format!("airflow/tifa.run/{run}")), parent("airflow", "tifa.run"));
        assert_eq!(Lineage::read_parent(&format!("airflow/a/b/{run}")), parent("airflow", "a/b"));
        assert_eq!(Lineage::read_parent("airflow/tifa"), None);
    }

    #[test]
    fn a_dataset_is_named_by_its_path_and_its_address_is_a_uri() {
        let set = dataset(Path::new("/data/水 a"), Some("1"), Vec::new());
        assert_eq!((&set["namespace"], &set["name"]), (&json!("file"), &json!("/data/水 a")));
        assert_eq!(set["facets"]["dataSource"]["uri"], "file:///data/%E6%B0%B4%20a");
    }
}
