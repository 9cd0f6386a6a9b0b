//! `run.json`: what a run read, did and made. The only file of a release that
//! may differ between equal runs.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::inventory::{Inventory, Shard};
use super::shard::{Made, Summary};
use super::{BatchError, Clock, Options, checks};
use crate::diagnostic::{Reject, Stage};
use crate::load::short_hex;
use crate::plan::{Duplicates, Plan};
use crate::write::{CheckRecord, Facts, SCHEMA_VERSION, WriteError, write_whole};

/// Version of this record: it rises when a key changes its meaning; keys are added.
const RUN_SCHEMA: &str = "1";

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
    /// It was told to stop; the last release is as it was.
    Interrupted,
}

impl Status {
    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Published => "published",
            Self::Unchanged => "unchanged",
            Self::Partial => "partial",
            Self::DryRun => "dry_run",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// A stage in a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    /// `stage.PIPELINE.NAME`.
    #[serde(default)]
    pub unique_id: String,
    /// Its name.
    pub name: String,
    /// `done`, `skipped` (not asked for), `failed` or `interrupted`.
    pub status: String,
    /// What it put out: records, documents, events, hits, rows.
    pub rows: u64,
    /// Time in it, summed over threads.
    pub thread_seconds: f64,
}

/// A table of a release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRecord {
    /// `table.PIPELINE.NAME`.
    #[serde(default)]
    pub unique_id: String,
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// Its files.
    pub files: u64,
    /// Their size, without CSV twins.
    #[serde(default)]
    pub bytes: u64,
}

/// A source of a pipeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRecord {
    /// Its name.
    pub name: String,
    /// Its files.
    pub files: u64,
    /// Their size.
    pub bytes: u64,
    /// A hash of paths and content of its files.
    pub hash: String,
    /// Its documents, without preambles.
    pub documents: u64,
    /// The latest date of one.
    pub newest_date: Option<String>,
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
    /// A hash of paths and content of all files.
    #[serde(default)]
    pub hash: String,
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
    /// Version of this record.
    #[serde(default)]
    pub run_schema: String,
    /// A UUID (version 7) of the run; `OpenLineage` events have it too.
    #[serde(default)]
    pub invocation_id: String,
    /// Version of tifa.
    pub tifa: String,
    /// Version of the tables.
    pub schema_version: String,
    /// Name of the pipeline.
    pub pipeline: String,
    /// How it ended.
    pub status: Status,
    /// The exit code of the program, had it run this pipeline alone.
    #[serde(default)]
    pub exit_code: u8,
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
    /// What was asked of the run.
    #[serde(default)]
    pub arguments: serde_json::Value,
    /// The pipeline file as it was written.
    #[serde(default)]
    pub settings: serde_json::Value,
    /// Versions of the code that makes each artifact and the series.
    #[serde(default)]
    pub versions: BTreeMap<String, u32>,
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
    /// Hash of the words that bound phrases.
    #[serde(default)]
    pub phrases_hash: String,
    /// The scale of heat, and a hash of it.
    #[serde(default)]
    pub heat: String,
    /// What it read.
    pub inputs: Inputs,
    /// The same by source.
    #[serde(default)]
    pub sources: Vec<SourceRecord>,
    /// What that came to.
    pub counts: Counts,
    /// Rejects by reason.
    pub rejects: BTreeMap<String, u64>,
    /// The stages.
    pub stages: Vec<StageRecord>,
    /// The tables.
    pub tables: Vec<TableRecord>,
    /// The checks: tifa's own, then those of the pipeline. Of a run that failed,
    /// those that were made.
    #[serde(default)]
    pub checks: Vec<CheckRecord>,
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
        let heat = &plan.tally.measures.heat;
        Self {
            run_schema: RUN_SCHEMA.to_owned(),
            invocation_id: uuid(started, &plan.name),
            tifa: env!("CARGO_PKG_VERSION").to_owned(),
            schema_version: SCHEMA_VERSION.to_owned(),
            pipeline: plan.name.clone(),
            status: Status::Running,
            exit_code: 0,
            error: None,
            started,
            finished: started,
            seconds: 0.0,
            threads: rayon::current_num_threads(),
            arguments: json!({
                "until": options.until.name(),
                "dry_run": options.dry_run,
                "verify": options.verify,
                "allow_shrink": options.allow_shrink,
                "as_of": options.as_of.map(|day| day.to_string()),
                "max_file_bytes": options.limits.max_file_bytes,
                "max_record_bytes": options.limits.max_record_bytes,
                "output": plan.output.display().to_string(),
                "work": plan.work.display().to_string(),
            }),
            settings: plan.settings.clone(),
            versions: super::versions(),
            as_of: options.as_of.map(|day| day.to_string()),
            release: None,
            release_key: String::new(),
            duplicates: plan.duplicates,
            lexicon_hash: plan.lexicon.hash().to_owned(),
            vocabulary_hash: plan.vocabulary.hash.clone(),
            phrases_hash: plan.phrase_words.hash.clone(),
            heat: format!("{} {}", heat.id(), short_hex(&blake3::hash(format!("{heat:?}").as_bytes()), 16)),
            inputs: Inputs::default(),
            sources: Vec::new(),
            counts: Counts::default(),
            rejects: BTreeMap::new(),
            stages: Vec::new(),
            tables: Vec::new(),
            checks: Vec::new(),
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
        self.checks.clone_from(&before.checks);
        self.sources.clone_from(&before.sources);
    }

    /// What there is to read.
    pub(super) fn take(&mut self, plan: &Plan, taken: &Inventory) {
        self.inputs.files = taken.files;
        self.inputs.bytes = taken.bytes;
        self.inputs.files_hashed = taken.files_hashed;
        self.inputs.shards = taken.shards.len() as u64;
        let hash = |of: &dyn Fn(&Shard) -> bool| {
            let mut ids: Vec<&str> = taken.shards.iter().filter(|shard| of(shard)).map(|shard| shard.id.as_str()).collect();
            ids.sort_unstable();
            short_hex(&blake3::hash(ids.join(" ").as_bytes()), 32)
        };
        self.inputs.hash = hash(&|_| true);
        let source = |(number, source): (usize, &crate::plan::Source)| {
            let own = || taken.shards.iter().filter(|shard| shard.source == number);
            SourceRecord {
                name: source.input.source.to_string(),
                files: own().map(|shard| shard.files).sum(),
                bytes: own().map(|shard| shard.bytes).sum(),
                hash: hash(&|shard| shard.source == number),
                documents: 0,
                newest_date: None,
            }
        };
        self.sources = plan.sources.iter().enumerate().map(source).collect();
    }

    /// What that came to, shard by shard.
    pub(super) fn count_sources(&mut self, shards: &[Shard], made: &[Made]) {
        for (shard, made) in shards.iter().zip(made) {
            if let Some(source) = self.sources.get_mut(shard.source) {
                source.documents += made.summary.documents;
                source.newest_date = source.newest_date.take().max(made.summary.newest.clone());
            }
        }
    }

    pub(super) fn finish(&mut self, finished: DateTime<Utc>, clock: &Clock, error: Option<&BatchError>) {
        self.finished = finished;
        self.seconds = finished.signed_duration_since(self.started).as_seconds_f64();
        if let Some(error) = error {
            self.status = if matches!(error, BatchError::Interrupted) { Status::Interrupted } else { Status::Failed };
            self.error = Some(error.to_string());
            self.exit_code = error.exit_code();
            self.checks = checks::failed(error);
        }
        let pipeline = &self.pipeline;
        for table in &mut self.tables {
            table.unique_id = format!("table.{pipeline}.{}", table.name);
        }
        for check in &mut self.checks {
            check.unique_id = format!("check.{pipeline}.{}", check.name);
        }
        let rows_of = |names: &[&str]| self.tables.iter().filter(|t| names.contains(&t.name.as_str())).map(|t| t.rows).sum::<u64>();
        self.stages = Stage::ALL
            .into_iter()
            .map(|stage| StageRecord {
                unique_id: format!("stage.{pipeline}.{stage}"),
                name: stage.name().to_owned(),
                status: match (stage <= self.until, error) {
                    (false, _) => "skipped",
                    (true, Some(BatchError::Interrupted)) => "interrupted",
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
        write_whole(&runs.join(format!("{}.json", self.moment())), &self.json()?)
    }

    /// When the run began, for names of files: names order as runs did, and two
    /// runs of one second have two.
    fn moment(&self) -> String {
        self.started.format("%Y%m%dT%H%M%S%.6fZ").to_string()
    }

    pub(super) fn release_id(&self) -> String {
        format!("{}-{}", self.moment(), self.release_key.get(..8).unwrap_or_default())
    }

    /// Reads a record; `None` if there is none that can be read.
    #[must_use]
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_str(&std::fs::read_to_string(path).ok()?).ok()
    }
}

/// A UUID of version 7: milliseconds, then bits of the run itself. No table holds it.
///
/// # Source
/// RFC 9562, section 5.7.
fn uuid(started: DateTime<Utc>, pipeline: &str) -> String {
    let own = format!("{pipeline} {} {:?}", std::process::id(), started.timestamp_nanos_opt());
    let hash = blake3::hash(own.as_bytes());
    let mut words = hash.as_bytes().chunks_exact(8).map(|eight| eight.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte)));
    let mut word = || words.next().unwrap_or_default();
    let milliseconds = started.timestamp_millis().unsigned_abs() & ((1 << 48) - 1);
    let high = milliseconds << 16 | 7 << 12 | word() >> 52;
    let low = 1 << 63 | word() >> 2;
    let text = format!("{high:016x}{low:016x}");
    let part = |from, to| text.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_a_uuid_of_its_time() {
        let at = DateTime::from_timestamp_millis(1_710_000_000_123).unwrap();
        let id = uuid(at, "days");
        assert_eq!((id.len(), id.get(..13), id.get(14..15)), (36, Some("018e23f1-4c7b"), Some("7")), "{id}");
        assert!(id.get(19..20).is_some_and(|variant| "89ab".contains(variant)), "{id}");
        assert_ne!(id, uuid(at, "nights"));
    }
}
