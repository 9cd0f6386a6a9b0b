//! The roof over the stages: which shards there are, which of their artifacts
//! are still good, and one run from the lock to the release.
//!
//! Sorts before the stages that it drives; no stage imports it.

mod checks;
mod copies;
mod diff;
mod discover;
mod fresh;
mod in_order;
mod inventory;
mod leftovers;
mod lineage;
mod made_of;
mod metrics;
mod pace;
mod publish;
mod record;
mod report;
mod rollup_file;
mod series;
mod shard;
mod survey;
mod table_part;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

use chrono::{DateTime, NaiveDate, Utc};
use rayon::prelude::*;
use rustix::fs::{FlockOperation, flock};

pub use checks::check_release;
pub use diff::{Cause, Changed, Difference, Example, Group, ReleaseDiff, ReleaseEntry, TableDiff, ThemeChanges, causes, diff, find_release, releases};
pub use discover::{discover, known_candidates, released_candidates};
pub use fresh::{Freshness, check_fresh, end_of_day, read_window, start_of_day};
pub use leftovers::Leftovers;
pub use lineage::Lineage;
pub use metrics::{PipelineState, metrics, write_metrics};
pub use record::{Counts, Inputs, RunRecord, SourceRecord, StageRecord, Status, TableRecord};
pub use report::remake_report;
pub use survey::{Survey, survey};

use crate::diagnostic::{Reject, Stage};
use crate::load::{Limits, LoadError, short_hex};
use crate::plan::{Duplicates, Plan};
use crate::tally::{CopyRow, TallyError};
use crate::write::{CheckFailure, CheckRecord, WriteError, Written, check_tables, clear_unfinished, columns_fingerprint, latest};
use copies::{Found, Head, IN_MEMORY, Part, Prints};
use in_order::{Items, in_order};
use inventory::{Inventory, Pieces, Shard};
use made_of::MadeOf;
use pace::Pace;
use rollup_file::Index;
use shard::{Asked, Cache, Keys, Made, Summary};

/// How a run is asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// Stop after this stage and leave its tables in the work folder.
    pub until: Stage,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
    /// Read every file again, whatever its time stamps say.
    pub verify: bool,
    /// Publish even if the corpus has shrunk, or a source is empty.
    pub allow_shrink: bool,
    /// The last day on which sources are expected to speak.
    pub as_of: Option<NaiveDate>,
    /// Sizes over which input is refused.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self { until: Stage::Write, dry_run: false, verify: false, allow_shrink: false, as_of: None, limits: Limits::default() }
    }
}

/// Somebody who watches a run.
pub trait Watch: Sync {
    /// The run will go through this many bytes.
    fn begin(&self, bytes: u64);
    /// It has gone through this many more.
    fn advance(&self, bytes: u64);
    /// It is done with them.
    fn finish(&self);
    /// What it does from now on, in a word or two for a person.
    fn step(&self, _what: &'static str) {}
    /// Whether it is to stop. Asked between the steps of a run, on the thread that
    /// called it; it need not return if the process is about to end.
    fn stopped(&self) -> bool {
        false
    }
    /// Asked once, when a release is whole and about to get its name: from a `true`
    /// on, nothing stops it halfway.
    fn commit(&self) -> bool {
        !self.stopped()
    }
    /// The run holds the lock and begins.
    fn started(&self, _record: &RunRecord) {}
    /// It ended, well or not.
    fn ended(&self, _record: &RunRecord) {}
}

/// A run that cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchError {
    /// Input that cannot be listed.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Series that cannot be computed.
    #[error(transparent)]
    Tally(#[from] TallyError),
    /// A file that cannot be written or read back.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Another run holds the lock.
    #[error("another run of this pipeline holds `{}`", .0.display())]
    Locked(PathBuf),
    /// A source whose globs match nothing.
    #[error("no file of source `{0}` was found: is its folder there? (--allow-shrink goes on without it)")]
    EmptySource(String),
    /// The release would have far fewer documents than the last one.
    #[error("the release would have {now} documents and the last one has {before}: is a folder missing? (--allow-shrink publishes it all the same)")]
    Shrunk {
        /// Documents now.
        now: u64,
        /// Documents of the last release.
        before: u64,
    },
    /// Checks that do not hold: nothing is published.
    #[error("{}", .0.iter().take(10).map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Checks(Vec<CheckFailure>),
    /// Whoever watches the run asked it to stop.
    #[error("nothing was published: the last release is as it was, and the next run goes on from what is in the cache")]
    Interrupted,
    /// Checks of the pipeline that do not hold: nothing is published. All checks
    /// that were made, also those that hold.
    #[error("{}", checks::told(.0))]
    Assertions(Vec<CheckRecord>),
    /// A defect of tifa.
    #[error("this is a defect of tifa: {0}")]
    Broken(&'static str),
}

impl BatchError {
    /// 1: the data failed a check and nothing was published; 2: a broken world;
    /// 75: another run holds the lock; 130: told to stop.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Checks(_) | Self::Assertions(_) | Self::Shrunk { .. } => 1,
            Self::Locked(_) => 75,
            Self::Interrupted => 130,
            _ => 2,
        }
    }
}

/// Time spent in each stage, summed over threads.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    nanoseconds: [AtomicU64; 6],
}

impl Clock {
    fn time<T>(&self, stage: Stage, work: impl FnOnce() -> T) -> T {
        let from = Instant::now();
        let out = work();
        self.add(stage, from);
        out
    }

    fn add(&self, stage: Stage, from: Instant) {
        if let Some(sum) = self.nanoseconds.get(stage as usize) {
            sum.fetch_add(u64::try_from(from.elapsed().as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    fn seconds(&self, stage: Stage) -> f64 {
        self.nanoseconds.get(stage as usize).map_or(0.0, |sum| sum.load(Ordering::Relaxed) as f64 / 1e9)
    }
}

/// Version of the code that makes series and files: raise it when their
/// output changes, so that an unchanged corpus is published anew.
const SERIES: u32 = 11;

/// Versions of the code that makes each artifact and the series.
pub(crate) fn versions() -> BTreeMap<String, u32> {
    let [parsed, resolved, tagged, rollups] = shard::VERSIONS;
    [("parsed", parsed), ("resolved", resolved), ("tagged", tagged), ("rollups", rollups), ("series", SERIES)]
        .map(|(name, version)| (name.to_owned(), version))
        .into()
}

/// What every artifact depends on: the program, and the columns of its tables.
fn program() -> String {
    format!("{} {}", env!("CARGO_PKG_VERSION"), columns_fingerprint())
}

/// Name of the file in the work folder that says what the last release was made of.
const MADE_OF: &str = "made_of.json";

/// A release with fewer than this share of the last one's documents is stopped.
const SHRINK_PERCENT: u64 = 80;

/// Runs a pipeline: inventory, shards, series, checks, release, record.
///
/// # Errors
/// [`BatchError`]; then the last release is as it was, and the record of the run
/// says why (unless the lock was held).
///
/// # Cost
/// A few times one shard in memory, and the rollups; time in step with what
/// changed.
pub fn run(plan: &Plan, options: &Options, watch: &dyn Watch) -> Result<RunRecord, BatchError> {
    let work = plan.work.join(&plan.name);
    let output = plan.output.join(&plan.name);
    for folder in [&work, &output.join("runs"), &output.join("releases")] {
        fs::create_dir_all(folder).map_err(|e| WriteError::io(folder, e))?;
    }
    let _lock = hold_lock(&work)?;
    let started: DateTime<Utc> = SystemTime::now().into();
    let mut run = Run { plan, options, watch, output, work, clock: Clock::default(), record: RunRecord::new(plan, started, options) };
    watch.started(&run.record);
    // What goes wrong once a run is to stop is the stop's doing.
    let outcome = run.execute().map_err(|error| if watch.stopped() { BatchError::Interrupted } else { error });
    let finished: DateTime<Utc> = SystemTime::now().into();
    run.record.finish(finished, &run.clock, outcome.as_ref().err());
    if !options.dry_run {
        run.record.write(&run.output.join("runs"))?;
    }
    watch.ended(&run.record);
    outcome.map(|()| run.record)
}

/// Takes the lock of a work folder; the system lets go of it when the process
/// ends, however it ends.
fn hold_lock(work: &Path) -> Result<File, BatchError> {
    let path = work.join("lock");
    let lock = File::create(&path).map_err(|e| WriteError::io(&path, e))?;
    flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|_| BatchError::Locked(path))?;
    Ok(lock)
}

struct Run<'r> {
    plan: &'r Plan,
    options: &'r Options,
    watch: &'r dyn Watch,
    output: PathBuf,
    work: PathBuf,
    clock: Clock,
    record: RunRecord,
}

/// All shards of a run.
struct AllShards {
    /// Those of the rollups as counted.
    keys: Vec<Keys>,
    made: Vec<Made>,
    /// Hits by theme, counted from the rows of `hits`.
    hits: BTreeMap<String, u64>,
    /// The copies, where they had to be known before.
    found: Option<Found>,
}

impl Run<'_> {
    /// Begins a step of the run, unless it is to stop.
    fn step(&self, what: &'static str) -> Result<(), BatchError> {
        self.watch.step(what);
        if self.watch.stopped() { Err(BatchError::Interrupted) } else { Ok(()) }
    }

    fn execute(&mut self) -> Result<(), BatchError> {
        self.step("listing files")?;
        clear_unfinished(&self.output)?;
        let cache = Cache::open(self.work.join("cache"))?;
        let (plan, options) = (self.plan, self.options);
        let mut taken = self.clock.time(Stage::Load, || inventory::take(plan, options, &self.work.join("inventory.bin")))?;
        self.record.take(plan, &taken);
        if !options.allow_shrink {
            for (number, source) in plan.sources.iter().enumerate() {
                let refused = taken.rejects.iter().any(|r| r.source == *source.input.source);
                if !refused && !taken.shards.iter().any(|s| s.source == number) {
                    return Err(BatchError::EmptySource(source.input.source.to_string()));
                }
            }
        }
        let keys = self.keys(&taken.shards)?;
        if options.dry_run {
            let before = MadeOf::read(&self.work.join(MADE_OF));
            self.record.plan_lines = dry_run_lines(plan, &taken.shards, &keys, &cache, &self.made_of(&taken.shards), before.as_ref())?;
            self.record.status = Status::DryRun;
            return Ok(());
        }
        if options.until == Stage::Load {
            self.record.count_rejects(&taken.rejects);
            return self.leave_partial(&keys, &cache, &taken.rejects, None);
        }
        // The keys say all that a release depends on, so an unchanged one is known
        // before any artifact is read.
        let release_key = self.release_key(&keys, &taken);
        self.record.release_key.clone_from(&release_key);
        let before = latest(&self.output).and_then(|folder| RunRecord::read(&folder.join("run.json")));
        if options.until == Stage::Write
            && let Some(before) = before.as_ref().filter(|b| b.release_key == release_key)
        {
            self.record.unchanged_since(before);
            return self.clear_partial();
        }
        let AllShards { keys, made, hits, found } = self.shards(&taken, keys, &cache)?;
        // All is read: what follows asks of a shard only which it is.
        taken.shards.iter_mut().for_each(|shard| shard.pieces = Pieces::default());
        self.reconcile(&made)?;
        self.record.count_sources(&taken.shards, &made);
        let mut rejects: Vec<Reject> = taken.rejects.clone();
        rejects.extend(made.iter().flat_map(|m| m.rejects.iter().cloned()));
        rejects.sort();
        self.record.count_rejects(&rejects);
        if options.until < Stage::Tally {
            check_ids(&keys, &cache)?;
            return self.leave_partial(&keys, &cache, &rejects, None);
        }
        let rollups: Vec<Index> = made.into_iter().filter_map(|made| made.rollup).collect();
        self.step("computing series")?;
        // What the cache says of documents, and what the rollups say of themes, side by side.
        let (found, series) = rayon::join(
            || {
                check_ids(&keys, &cache)?;
                found.map_or_else(|| self.copies(&taken.shards, &keys, &cache), Ok)
            },
            || self.series(&keys, &rollups, &cache),
        );
        let (found, (mut series, parts)) = (found?, series?);
        self.record.counts.copies = found.rows.len() as u64;
        series.copies = found.rows;
        if !plan.discover.windows.is_empty() {
            self.step("looking for new phrases")?;
            series.candidates = self.clock.time(Stage::Tally, || discover::of_windows(plan, &keys, &cache, &plan.discover.windows, &series.copies))?;
        }
        let written = self.counted(&series.copies, hits);
        self.step("checking tables")?;
        let of_sources = self.of_sources(&parts)?;
        let failures = self.clock.time(Stage::Write, || check_tables(&series, &of_sources, &plan.lexicon, &plan.tally, &written));
        if !failures.is_empty() {
            return Err(BatchError::Checks(failures));
        }
        if let Some(before) = before.as_ref().filter(|_| !options.allow_shrink && options.until == Stage::Write) {
            let now = self.record.counts.documents;
            if now * 100 < before.counts.documents * SHRINK_PERCENT {
                return Err(BatchError::Shrunk { now, before: before.counts.documents });
            }
        }
        let started = Instant::now();
        if options.until == Stage::Tally {
            self.leave_partial(&keys, &cache, &rejects, Some((&series, &parts)))?;
        } else {
            self.publish(&keys, &cache, series, &parts, &rejects)?;
            self.made_of(&taken.shards).write(&self.work.join(MADE_OF))?;
            cache.prune(&keys, parts.folders(), plan.cache_bytes)?;
        }
        self.clock.add(Stage::Write, started);
        Ok(())
    }

    fn made_of(&self, shards: &[Shard]) -> MadeOf {
        MadeOf::new(self.plan, &program(), self.options.limits, shards)
    }

    fn keys(&self, shards: &[Shard]) -> Result<Vec<Keys>, BatchError> {
        let made_of = self.made_of(shards);
        let keys = |shard: &Shard| {
            let source = self.plan.sources.get(shard.source).ok_or(BatchError::Broken("a shard without a source"))?;
            Ok(made_of.keys(shard, &source.input.source))
        };
        shards.iter().map(keys).collect()
    }

    /// Makes all shards. Where later copies do not count, they must be known before
    /// a shard is counted: then all are parsed first, copies are found, and the rest
    /// is made from what that left in the cache. Rollups stay there; memory holds
    /// where they are.
    fn shards(&mut self, taken: &Inventory, keys: Vec<Keys>, cache: &Cache) -> Result<AllShards, BatchError> {
        let (until, threads) = (self.options.until, rayon::current_num_threads());
        let first = self.plan.duplicates == Duplicates::First && until >= Stage::Tally;
        self.watch.begin(taken.bytes * if first { 2 } else { 1 });
        let (mut keys, mut found, mut parsed) = (keys, Found::default(), Vec::new());
        // The last ones that are to be made have all cores.
        let items = |keys: &[Keys], until| {
            let to_make: Vec<usize> = (0..).zip(keys).filter(|(_, keys)| !cache.has_all(keys, until)).map(|(number, _)| number).collect();
            let alone = to_make.len().checked_sub(threads).and_then(|at| to_make.get(at).copied()).unwrap_or(0);
            Items { count: keys.len(), threads, alone }
        };
        if first {
            let parse = |number| self.shard(taken, &keys, cache, number, Asked { until: Stage::Parse, left_out: &[], pace: None });
            in_order(items(&keys, Stage::Parse), parse, |_, made| {
                parsed.push(made.computed);
                Ok(())
            })?;
            found = self.copies(&taken.shards, &keys, cache)?;
            keys = keys.into_iter().zip(&found.later).map(|(keys, later)| keys.without(later)).collect();
        }
        let mut out = Vec::with_capacity(taken.shards.len());
        let mut hits: BTreeMap<String, u64> = BTreeMap::new();
        let mut computed = 0;
        let work = |number| {
            let left_out = found.later.get(number).map_or(&[][..], Vec::as_slice);
            self.shard(taken, &keys, cache, number, Asked { until, left_out, pace: None })
        };
        in_order(items(&keys, until), work, |number, mut made| {
            computed += u64::from(made.computed || parsed.get(number).is_some_and(|computed| *computed));
            // Summed here: those of all shards would be the larger part of what stays of them.
            for (theme, count) in made.rollup.as_mut().map(|rollup| std::mem::take(&mut rollup.hits)).into_iter().flatten() {
                *hits.entry(theme).or_default() += count;
            }
            out.push(made);
            Ok(())
        })?;
        self.record.inputs.shards_computed = computed;
        self.watch.finish();
        Ok(AllShards { keys, made: out, hits, found: first.then_some(found) })
    }

    /// What the series are to count: the documents of the corpus, without the
    /// copies left out.
    fn counted(&self, copies: &[CopyRow], hits: BTreeMap<String, u64>) -> Written {
        let counts = &self.record.counts;
        let left_out: &[CopyRow] = if self.plan.duplicates == Duplicates::First { copies } else { &[] };
        let undated = left_out.iter().filter(|row| row.date_start.is_none()).count() as u64;
        Written {
            documents: counts.documents - left_out.len() as u64,
            undated: counts.undated_documents - undated,
            han_chars: left_out.is_empty().then_some(counts.han_chars),
            hits,
        }
    }

    fn shard(&self, taken: &Inventory, keys: &[Keys], cache: &Cache, number: usize, asked: Asked<'_>) -> Result<Made, BatchError> {
        let (Some(shard), Some(keys)) = (taken.shards.get(number), keys.get(number)) else { return Err(BatchError::Broken("a shard without keys")) };
        self.step("reading")?;
        let pace = Pace::new(self.watch, shard.bytes);
        let asked = Asked { pace: Some(&pace), ..asked };
        let made = shard::make(self.plan, shard, keys, cache, self.options.limits, asked, &self.clock)?;
        pace.reach(1, 1)?;
        Ok(made)
    }

    fn copies(&self, shards: &[Shard], keys: &[Keys], cache: &Cache) -> Result<Found, BatchError> {
        self.step("finding copies")?;
        let source = |shard: &Shard| self.plan.sources.get(shard.source).map(|s| s.input.source.to_string()).unwrap_or_default();
        let parts: Vec<Part> = shards.iter().zip(keys).map(|(shard, keys)| Part { parsed: keys.parsed.clone(), source: source(shard) }).collect();
        Ok(self.clock.time(Stage::Tally, || copies::find(&parts, self.plan.tally.preamble, cache, IN_MEMORY))?)
    }

    /// loaded = written + rejected, and the sums for the record.
    fn reconcile(&mut self, made: &[Made]) -> Result<(), BatchError> {
        let mut sum = Summary::default();
        for Made { summary, .. } in made {
            sum.records += summary.records;
            sum.records_written += summary.records_written;
            sum.records_rejected += summary.records_rejected;
            sum.documents += summary.documents;
            sum.preambles += summary.preambles;
            sum.undated += summary.undated;
            sum.han_chars += summary.han_chars;
            sum.preamble_han_chars += summary.preamble_han_chars;
            sum.replaced_chars += summary.replaced_chars;
            sum.dropped_lines += summary.dropped_lines;
            sum.page_numbers += summary.page_numbers;
            sum.newest = sum.newest.max(summary.newest.clone());
        }
        if sum.records != sum.records_written + sum.records_rejected {
            let found = format!("{} records were loaded, {} written and {} rejected", sum.records, sum.records_written, sum.records_rejected);
            return Err(BatchError::Checks(vec![CheckFailure { check: "loaded_is_written_and_rejected", found }]));
        }
        self.record.counts = Counts::new(sum, self.plan.tally.preamble);
        Ok(())
    }

    /// All that a release depends on.
    fn release_key(&self, keys: &[Keys], taken: &Inventory) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut keys: Vec<&Keys> = keys.iter().collect();
        keys.sort_by(|a, b| a.rollups.cmp(&b.rollups));
        for key in keys {
            hasher.update(key.rollups.as_bytes());
        }
        let cadences: Vec<_> = self.plan.sources.iter().map(|s| (&s.input.source, s.cadence)).collect();
        let settings = format!(
            "{} {SERIES} {:?} {cadences:?} {:?} {:?} {:?} {} {:?} {:?}",
            env!("CARGO_PKG_VERSION"),
            self.plan.duplicates,
            self.plan.tally,
            self.plan.csv,
            self.options.as_of,
            self.plan.title,
            taken.rejects,
            self.plan.language
        );
        hasher.update(settings.as_bytes());
        hasher.update(self.plan.lexicon.hash().as_bytes());
        for check in &self.plan.checks {
            hasher.update(check.key().as_bytes());
        }
        if !self.plan.discover.windows.is_empty() {
            let drafts = self.plan.lexicon.drafts();
            hasher.update(format!("{:?} {} {drafts:?}", self.plan.discover, self.plan.phrase_words.hash).as_bytes());
        }
        short_hex(&hasher.finalize(), 32)
    }
}

/// The newest tables of a pipeline: those of a run that stopped early, if one
/// did since the last release, else those of the last release.
#[must_use]
pub fn newest_tables(plan: &Plan) -> Option<PathBuf> {
    let partial = plan.work.join(&plan.name).join("partial").join("tables");
    if partial.is_dir() {
        return Some(partial);
    }
    latest(&plan.output.join(&plan.name)).map(|folder| folder.join("tables"))
}

/// A document's id stands in every table, so it must be unique in the release.
fn check_ids(keys: &[Keys], cache: &Cache) -> Result<(), BatchError> {
    let prints = |key: &Keys| Prints::open(&cache.path("parsed", &key.parsed));
    let documents: Vec<usize> = keys.par_iter().map(|key| Ok(prints(key)?.documents())).collect::<Result<_, WriteError>>()?;
    // Half of a hash tells which documents are to be looked at.
    let half = |head: &Head| head.id_hash.to_le_bytes().first_chunk().map_or(0, |half| u32::from_le_bytes(*half));
    let mut halves: Vec<u32> = Vec::with_capacity(documents.iter().sum());
    for key in keys {
        halves.extend(prints(key)?.heads()?.iter().map(half));
    }
    let halves = twice(halves);
    let mut hashes: Vec<u64> = Vec::new();
    for key in keys.iter().filter(|_| !halves.is_empty()) {
        hashes.extend(prints(key)?.heads()?.iter().filter(|head| halves.binary_search(&half(head)).is_ok()).map(|head| head.id_hash));
    }
    let hashes = twice(hashes);
    if hashes.is_empty() {
        return Ok(());
    }
    let mut seen = BTreeSet::new();
    let mut failures = Vec::new();
    for key in keys {
        for (head, id) in prints(key)?.ids(|_, head| hashes.binary_search(&head.id_hash).is_ok())? {
            if !seen.insert(head.id_hash) {
                let found = format!("the id `{id}` is given to two documents: make the records' ids unique, or take `id` out of the source");
                failures.push(CheckFailure { check: "doc_id_is_unique", found });
            }
        }
    }
    Err(BatchError::Checks(failures))
}

/// What is there twice or more, in order.
fn twice<T: Ord + Copy + Send>(mut all: Vec<T>) -> Vec<T> {
    all.par_sort_unstable();
    let mut out: Vec<T> = all.windows(2).filter_map(|pair| (pair.first() == pair.last()).then(|| pair.first().copied())?).collect();
    out.dedup();
    out
}

/// For each shard and artifact whether it is in the cache, else why it would be made.
fn dry_run_lines(plan: &Plan, shards: &[Shard], keys: &[Keys], cache: &Cache, now: &MadeOf, before: Option<&MadeOf>) -> Result<Vec<String>, BatchError> {
    shards
        .iter()
        .zip(keys)
        .map(|(shard, keys)| {
            let files = match shard.pieces.unpack()?.as_slice() {
                [] => String::new(),
                [only] => only.file.name.to_string(),
                [first, .., last] => format!("{} … {} ({} pieces)", first.file.name, last.file.name, shard.pieces.len()),
            };
            let states: Vec<String> = keys
                .each()
                .iter()
                .map(|(kind, key)| {
                    let source = plan.sources.get(shard.source).map_or("", |source| &*source.input.source);
                    match cache.has(kind, key) {
                        true => format!("{kind}: cached"),
                        // Its key depends on the copies, which only a run finds.
                        false if *kind == "rollups" && plan.duplicates == Duplicates::First => format!("{kind}: known when copies are found"),
                        false => format!("{kind}: to make ({})", now.why(before, shard, source, kind)),
                    }
                })
                .collect();
            Ok(format!("shard {} {} bytes {files}; {}", shard.id, shard.bytes, states.join("; ")))
        })
        .collect()
}
