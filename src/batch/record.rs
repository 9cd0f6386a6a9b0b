//! `run.json`: what a run read, did and made. The only file of a release that
//! may differ between equal runs.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::shard::Summary;
use super::{BatchError, Clock, Options};
use crate::diagnostic::{Reject, Stage};
use crate::plan::{Duplicates, Plan};
use crate::write::{Facts, SCHEMA_VERSION, WriteError, write_whole};

/// How a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It goes on.
    #[default]
    Running,
    /// A new release is there.
    Published,
    /// Nothing changed, nothing was published.
    Unchanged,
    /// It stopped after the stage that was asked for.
    Partial,
    /// It only said what it would do.
    DryRun,
    /// It failed; the last release is as it was.
    Failed,
}

/// A stage in a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    /// Its name.
    pub name: String,
    /// `done`, `skipped` (not asked for) or `failed`.
    pub status: String,
    /// What it put out: records, documents, events, hits, rows.
    pub rows: u64,
    /// Time in it, summed over threads.
    pub thread_seconds: f64,
}

/// A table of a release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRecord {
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// Its files.
    pub files: u64,
}

/// What a run read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// Files.
    pub files: u64,
    /// Their size.
    pub bytes: u64,
    /// Of them, those whose content was read to know whether they changed.
    pub files_hashed: u64,
    /// Shards.
    pub shards: u64,
    /// Of them, those with an artifact that had to be made.
    pub shards_computed: u64,
}

/// What the input came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Records loaded.
    pub records: u64,
    /// Of them, those that became documents.
    pub records_written: u64,
    /// Of them, those refused.
    pub records_rejected: u64,
    /// Documents that are counted: without preambles, unless the pipeline asks.
    pub documents: u64,
    /// Preambles of split files.
    pub preambles: u64,
    /// Documents without a date.
    pub undated_documents: u64,
    /// Han characters of the documents.
    pub han_chars: u64,
    /// Characters that could not be decoded.
    pub replaced_chars: u64,
    /// Lines left out by the pipeline's patterns.
    pub dropped_lines: u64,
    /// Page numbers left out.
    pub page_numbers: u64,
    /// The latest date of a document.
    pub newest_date: Option<String>,
    /// Documents that repeat another: rows of `copies`.
    #[serde(default)]
    pub copies: u64,
}

impl Counts {
    /// The counts of a run; preambles are documents if the pipeline counts them.
    pub(super) fn new(sum: Summary, count_preambles: bool) -> Self {
        let (more_documents, more_han) = if count_preambles { (sum.preambles, sum.preamble_han_chars) } else { (0, 0) };
        Self {
            records: sum.records,
            records_written: sum.records_written,
            records_rejected: sum.records_rejected,
            documents: sum.documents + more_documents,
            preambles: sum.preambles,
            undated_documents: sum.undated,
            han_chars: sum.han_chars + more_han,
            replaced_chars: sum.replaced_chars,
            dropped_lines: sum.dropped_lines,
            page_numbers: sum.page_numbers,
            newest_date: sum.newest,
            copies: 0,
        }
    }
}

/// The record of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Version of tifa.
    pub tifa: String,
    /// Version of the tables.
    pub schema_version: String,
    /// Name of the pipeline.
    pub pipeline: String,
    /// How it ended.
    pub status: Status,
    /// Why it failed.
    pub error: Option<String>,
    /// When it began.
    pub started: DateTime<Utc>,
    /// When it ended.
    pub finished: DateTime<Utc>,
    /// How long it took.
    pub seconds: f64,
    /// Threads.
    pub threads: usize,
    /// The day up to which sources were expected to speak, if one was given.
    pub as_of: Option<String>,
    /// The release that it published, or that was there already.
    pub release: Option<String>,
    /// A hash of all that the release depends on.
    pub release_key: String,
    /// How copies count in the series.
    #[serde(default)]
    pub duplicates: Duplicates,
    /// Hash of the lexicon.
    pub lexicon_hash: String,
    /// Hash of the vocabulary of occasions and places.
    pub vocabulary_hash: String,
    /// What it read.
    pub inputs: Inputs,
    /// What that came to.
    pub counts: Counts,
    /// Rejects by reason.
    pub rejects: BTreeMap<String, u64>,
    /// The stages.
    pub stages: Vec<StageRecord>,
    /// The tables.
    pub tables: Vec<TableRecord>,
    /// What the report says of the release besides its tables.
    #[serde(default)]
    pub facts: Facts,
    /// What a dry run says, a line a shard.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plan_lines: Vec<String>,
    #[serde(skip, default = "last_stage")]
    until: Stage,
}

const fn last_stage() -> Stage {
    Stage::Write
}

impl RunRecord {
    pub(super) fn new(plan: &Plan, started: DateTime<Utc>, options: &Options) -> Self {
        Self {
            tifa: env!("CARGO_PKG_VERSION").to_owned(),
            schema_version: SCHEMA_VERSION.to_owned(),
            pipeline: plan.name.clone(),
            status: Status::Running,
            error: None,
            started,
            finished: started,
            seconds: 0.0,
            threads: rayon::current_num_threads(),
            as_of: options.as_of.map(|day| day.to_string()),
            release: None,
            release_key: String::new(),
            duplicates: plan.duplicates,
            lexicon_hash: String::new(),
            vocabulary_hash: String::new(),
            inputs: Inputs::default(),
            counts: Counts::default(),
            rejects: BTreeMap::new(),
            stages: Vec::new(),
            tables: Vec::new(),
            facts: Facts::default(),
            plan_lines: Vec::new(),
            until: options.until,
        }
    }

    pub(super) fn count_rejects(&mut self, rejects: &[Reject]) {
        for reject in rejects {
            *self.rejects.entry(reject.reason.clone()).or_default() += 1;
        }
    }

    /// Takes over what the last release says: the input is the same.
    pub(super) fn unchanged_since(&mut self, before: &Self) {
        self.status = Status::Unchanged;
        self.release.clone_from(&before.release);
        self.counts.clone_from(&before.counts);
        self.rejects.clone_from(&before.rejects);
        self.tables.clone_from(&before.tables);
    }

    pub(super) fn finish(&mut self, finished: DateTime<Utc>, clock: &Clock, error: Option<&BatchError>) {
        self.finished = finished;
        self.seconds = finished.signed_duration_since(self.started).as_seconds_f64();
        if let Some(error) = error {
            self.status = Status::Failed;
            self.error = Some(error.to_string());
        }
        let rows_of = |names: &[&str]| self.tables.iter().filter(|t| names.contains(&t.name.as_str())).map(|t| t.rows).sum::<u64>();
        self.stages = Stage::ALL
            .into_iter()
            .map(|stage| StageRecord {
                name: stage.name().to_owned(),
                status: match (stage <= self.until, error) {
                    (false, _) => "skipped",
                    (true, Some(_)) => "failed",
                    (true, None) => "done",
                }
                .to_owned(),
                rows: match stage {
                    Stage::Load => self.counts.records,
                    Stage::Parse => rows_of(&["documents"]),
                    Stage::Resolve => rows_of(&["dates", "places", "events"]),
                    Stage::Tag => rows_of(&["hits"]),
                    Stage::Tally => rows_of(&["period_totals", "theme_frequency", "theme_breakdown", "theme_profile", "coverage", "occasions", "copies"]),
                    Stage::Write => self.tables.iter().map(|t| t.rows).sum(),
                },
                thread_seconds: clock.seconds(stage),
            })
            .collect();
    }

    pub(super) fn json(&self) -> Result<String, WriteError> {
        serde_json::to_string_pretty(self).map(|text| text + "\n").map_err(|e| WriteError::table(Path::new("run.json"), &e))
    }

    pub(super) fn write(&self, runs: &Path) -> Result<(), WriteError> {
        let name = format!("{}.json", self.started.format("%Y%m%dT%H%M%S%.6fZ"));
        write_whole(&runs.join(name), &self.json()?)
    }

    /// Reads a record; `None` if there is none that can be read.
    #[must_use]
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
    }
}
