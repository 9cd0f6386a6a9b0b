//! Feeds the search for new phrases from the parsed artifacts, shard by shard.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Date32Type;
use chrono::{DateTime, Datelike, NaiveDate, Utc};

use super::shard::{Cache, Keys};
use super::{AllShards, BatchError, Clock, Options, Run, RunRecord, Watch, hold_lock, inventory};
use crate::diagnostic::Stage;
use crate::plan::{Duplicates, Plan};
use crate::tally::CopyRow;
use crate::tally::candidate::{CandidateRow, Part, Passage, Texts, Window, candidates};
use crate::write::{WriteError, each_batch, latest, read_parquet, write_parquet};

/// The queue that `discover` made last, in the work folder.
const QUEUE: &str = "discover.parquet";

/// Documents whose text is in memory together.
const DOCUMENTS_AT_ONCE: usize = 256;

/// The documents of all shards, from their parsed artifacts.
struct CachedTexts<'c> {
    /// File of each shard, with the first and last day of its dated documents
    /// once they are known.
    shards: Vec<(PathBuf, Option<(NaiveDate, NaiveDate)>)>,
    window: Window,
    preamble: bool,
    /// Ids of the copies that do not count.
    left_out: &'c BTreeSet<&'c str>,
}

impl<'c> CachedTexts<'c> {
    fn new(plan: &Plan, keys: &[Keys], cache: &Cache, window: Window, left_out: &'c BTreeSet<&'c str>) -> Self {
        let shards = keys.iter().map(|key| (cache.path("parsed", &key.parsed).join("documents.parquet"), None)).collect();
        Self { shards, window, preamble: plan.tally.preamble, left_out }
    }

    /// The last day of any dated document.
    fn last_day(&self) -> Result<Option<NaiveDate>, WriteError> {
        let mut last = None;
        for (path, _) in &self.shards {
            each_batch(path, &["date_end"], 8192, &mut |batch| {
                let days = batch.column_by_name("date_end").map(|c| c.as_primitive::<Date32Type>().iter().flatten().max());
                last = last.max(days.flatten().and_then(Date32Type::to_naive_date_opt));
            })?;
        }
        Ok(last)
    }
}

impl Texts for CachedTexts<'_> {
    type Error = WriteError;

    fn read(&mut self, part: Part, visit: &mut dyn FnMut(Passage<'_>)) -> Result<(), WriteError> {
        let window = self.window;
        for (path, days) in &mut self.shards {
            let outside = days.is_some_and(|(first, last)| match part {
                Part::Before => first >= window.start,
                Part::Window => last < window.start || first > window.end,
            });
            if outside {
                continue;
            }
            let mut range: Option<(NaiveDate, NaiveDate)> = None;
            each_batch(path, &["doc_id", "source", "preamble", "date_start", "date_end", "text"], DOCUMENTS_AT_ONCE, &mut |batch| {
                let column = |name: &str| batch.column_by_name(name);
                let (Some(ids), Some(sources), Some(preambles)) = (column("doc_id"), column("source"), column("preamble")) else { return };
                let (Some(starts), Some(ends), Some(texts)) = (column("date_start"), column("date_end"), column("text")) else { return };
                let (ids, sources, texts) = (ids.as_string::<i32>(), sources.as_string::<i32>(), texts.as_string::<i32>());
                let (starts, ends) = (starts.as_primitive::<Date32Type>(), ends.as_primitive::<Date32Type>());
                for row in 0..batch.num_rows() {
                    if starts.is_null(row) || ends.is_null(row) {
                        continue;
                    }
                    let day = |value: i32| Date32Type::to_naive_date_opt(value);
                    let (Some(start), Some(end)) = (day(starts.value(row)), day(ends.value(row))) else { continue };
                    range = Some(range.map_or((start, end), |(first, last)| (first.min(start), last.max(end))));
                    let counts = (self.preamble || !preambles.as_boolean().value(row)) && !self.left_out.contains(ids.value(row));
                    if counts && window.part(start, end) == Some(part) {
                        visit(Passage { doc_id: ids.value(row), source: sources.value(row), start, end, text: texts.value(row) });
                    }
                }
            })?;
            // A shard without a date is as one after every window.
            *days = Some(range.unwrap_or((NaiveDate::MAX, NaiveDate::MAX)));
        }
        Ok(())
    }
}

/// The phrases of these windows, by window and rank; without any, those of the
/// last calendar year that has text. Later copies are left out where they do not count.
///
/// # Cost
/// Reads the parsed text about fifteen times, see [`candidates`].
pub(super) fn of_windows(plan: &Plan, keys: &[Keys], cache: &Cache, windows: &[Window], copies: &[CopyRow]) -> Result<Vec<CandidateRow>, WriteError> {
    let left_out: BTreeSet<&str> = match plan.duplicates {
        Duplicates::First => copies.iter().map(|row| row.doc_id.as_str()).collect(),
        Duplicates::All => BTreeSet::new(),
    };
    let mut windows = windows.to_vec();
    if windows.is_empty() {
        let any = Window { start: NaiveDate::MIN, end: NaiveDate::MAX };
        let year = CachedTexts::new(plan, keys, cache, any, &left_out).last_day()?.map(|day| day.year());
        windows.extend(year.and_then(|year| Window::read(&format!("{year:04}"))));
    }
    let mut out = Vec::new();
    for window in windows {
        let mut texts = CachedTexts::new(plan, keys, cache, window, &left_out);
        out.extend(candidates(&mut texts, window, &plan.discover, &plan.lexicon, &plan.vocabulary, &plan.phrase_words)?);
    }
    Ok(out)
}

/// The queue of these windows, computed from what the sources hold now; nothing is published.
/// It stays in the work folder, where [`known_candidates`] finds it.
///
/// # Errors
/// [`BatchError`].
///
/// # Cost
/// That of a run up to parse, and of [`candidates`] for each window.
pub fn discover(plan: &Plan, options: &Options, windows: &[Window], watch: &dyn Watch) -> Result<Vec<CandidateRow>, BatchError> {
    let options = Options { until: Stage::Parse, ..options.clone() };
    let work = plan.work.join(&plan.name);
    fs::create_dir_all(&work).map_err(|e| WriteError::io(&work, e))?;
    let _lock = hold_lock(&work)?;
    let started: DateTime<Utc> = SystemTime::now().into();
    let output = plan.output.join(&plan.name);
    let record = RunRecord::new(plan, started, &options);
    let mut run = Run { plan, options: &options, watch, output, work: work.clone(), clock: Clock::default(), record };
    let cache = Cache::open(work.join("cache"))?;
    let taken = inventory::take(plan, &options, &work.join("inventory.bin"))?;
    let keys = run.keys(&taken.shards)?;
    let AllShards { keys, .. } = run.shards(&taken, keys, &cache)?;
    let windows = if windows.is_empty() { &plan.discover.windows } else { windows };
    let copies = match plan.duplicates {
        Duplicates::First => run.copies(&taken.shards, &keys, &cache)?.rows,
        Duplicates::All => Vec::new(),
    };
    let rows = of_windows(plan, &keys, &cache, windows, &copies)?;
    write_parquet(&work.join(QUEUE), &rows, &[])?;
    Ok(rows)
}

/// The candidates that are on disk: those of the last release, and those of the
/// last [`discover`].
#[must_use]
pub fn known_candidates(plan: &Plan) -> Vec<CandidateRow> {
    let mut out = released_candidates(plan);
    out.extend(read_parquet(&plan.work.join(&plan.name).join(QUEUE)).unwrap_or_default());
    out
}

/// The candidates of the last release; none if it has none or is of another version.
#[must_use]
pub fn released_candidates(plan: &Plan) -> Vec<CandidateRow> {
    let release = latest(&plan.output.join(&plan.name));
    release.and_then(|folder| read_parquet(&folder.join("tables").join("candidates.parquet")).ok()).unwrap_or_default()
}
