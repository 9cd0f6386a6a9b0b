//! A shard's four artifacts: parsed, resolved, tagged, rollups. Each lies in a
//! folder of its own under a key of all that it depends on, whole or absent.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use arrow::array::RecordBatch;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::copies::{STATE, check_prints, write_prints};
use super::inventory::Shard;
use super::pace::Pace;
use super::rollup_file::{Index, read_index, write_rollup};
use super::series::SERIES_KIND;
use super::{BatchError, Clock};
use crate::diagnostic::{Reject, Stage};
use crate::load::{Limits, Raw, Record, read_extent, short_hex};
use crate::parse::{self, Document, assign_ids};
use crate::plan::{Plan, Source};
use crate::resolve::{Resolution, resolve};
use crate::tag::{Hit, tag};
use crate::tally::Rolling;
use crate::write::{
    DateRow, DocumentRow, DocumentRows, EventRow, HitRow, PlaceRow, Reread, Row, RowCounts, RowMaker, SENTENCE_COLUMNS, SentenceRow, ShardCheck, SpanRow,
    TableFile, WriteError, batch, document_row, documents, han_chars_of, read_columns, read_parquet, resolutions, span_rows, write_parquet,
};

/// Versions of the code that makes each artifact: raise one when its output changes.
const PARSED: u32 = 5;
const RESOLVED: u32 = 2;
const TAGGED: u32 = 2;
const ROLLUP: u32 = 6;

/// All of them, for the record of a run.
pub(super) const VERSIONS: [u32; 4] = [PARSED, RESOLVED, TAGGED, ROLLUP];

/// Names of the artifacts' folders in the cache.
pub(super) const KINDS: [&str; 4] = ["parsed", "resolved", "tagged", "rollups"];

/// Folder of what is known of the copies of the corpus.
pub(super) const COPIES: &str = "copies";

/// The keys of a shard's artifacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Keys {
    pub parsed: String,
    pub resolved: String,
    pub tagged: String,
    pub rollups: String,
}

impl Keys {
    /// The keys of a shard of which these documents, by their place in it, are
    /// left out of the counts: only the rollup depends on them.
    pub(super) fn without(self, left_out: &[u32]) -> Self {
        if left_out.is_empty() {
            return self;
        }
        let rollups = short_hex(&blake3::hash(format!("{} without {left_out:?}", self.rollups).as_bytes()), 32);
        Self { rollups, ..self }
    }

    pub(super) fn each(&self) -> [(&'static str, &str); 4] {
        let [parsed, resolved, tagged, rollups] = KINDS;
        [(parsed, &self.parsed), (resolved, &self.resolved), (tagged, &self.tagged), (rollups, &self.rollups)]
    }

    /// The artifact that holds the part file of a table; `None`: no shard's does.
    pub(super) fn kind_of_table(table: &str) -> Option<&'static str> {
        let [parsed, resolved, tagged, _] = KINDS;
        match table {
            "documents" => Some(parsed),
            "hits" => Some(tagged),
            _ => resolved_tables().contains(&table).then_some(resolved),
        }
    }

    pub(super) fn of_kind(&self, kind: &str) -> &str {
        self.each().into_iter().find(|(own, _)| *own == kind).map_or("", |(_, key)| key)
    }

    /// The path of the part file of a table, which an artifact of this kind holds.
    pub(super) fn file(&self, kind: &str, table: &str, cache: &Cache) -> PathBuf {
        cache.path(kind, self.of_kind(kind)).join(table).with_extension("parquet")
    }
}

/// What a shard came to; also a file in its parsed artifact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Summary {
    /// Records that load gave or refused.
    pub records: u64,
    /// Of them, those that became documents.
    pub records_written: u64,
    /// Of them, those refused.
    pub records_rejected: u64,
    pub documents: u64,
    pub preambles: u64,
    pub undated: u64,
    pub han_chars: u64,
    /// Han characters of the preambles, which `han_chars` leaves out.
    pub preamble_han_chars: u64,
    pub replaced_chars: u64,
    pub dropped_lines: u64,
    pub page_numbers: u64,
    pub newest: Option<String>,
}

/// A shard whose artifacts are all in the cache.
pub(super) struct Made {
    pub summary: Summary,
    pub rejects: Vec<Reject>,
    /// Where what it adds to each part of the series is.
    pub rollup: Option<Index>,
    /// Whether anything had to be computed.
    pub computed: bool,
}

/// Where the artifacts lie.
pub(super) struct Cache {
    folder: PathBuf,
    scratch: AtomicU64,
}

impl Cache {
    pub(super) fn open(folder: PathBuf) -> Result<Self, WriteError> {
        // What a killed run left half made.
        let scratch = folder.join("scratch");
        if scratch.exists() {
            fs::remove_dir_all(&scratch).map_err(|e| WriteError::io(&scratch, e))?;
        }
        for each in KINDS.iter().chain([&SERIES_KIND, &COPIES]).map(|kind| folder.join(kind)).chain([scratch]) {
            fs::create_dir_all(&each).map_err(|e| WriteError::io(&each, e))?;
        }
        Ok(Self { folder, scratch: AtomicU64::new(0) })
    }

    pub(super) fn path(&self, kind: &str, key: &str) -> PathBuf {
        self.folder.join(kind).join(key)
    }

    pub(super) fn has(&self, kind: &str, key: &str) -> bool {
        self.path(kind, key).is_dir()
    }

    /// Whether a shard's artifacts are there, those that are needed up to a stage.
    pub(super) fn has_all(&self, keys: &Keys, until: Stage) -> bool {
        let needed_from = [Stage::Load, Stage::Resolve, Stage::Tag, Stage::Tally];
        keys.each().iter().zip(needed_from).all(|((kind, key), stage)| until < stage || self.has(kind, key))
    }

    /// A path for a folder that nothing else uses, and that the next run clears away.
    pub(super) fn aside(&self) -> PathBuf {
        self.folder.join("scratch").join(self.scratch.fetch_add(1, Ordering::Relaxed).to_string())
    }

    /// Begins an artifact in a folder aside.
    pub(super) fn begin(&self) -> Result<PathBuf, WriteError> {
        let aside = self.aside();
        fs::create_dir_all(&aside).map_err(|e| WriteError::io(&aside, e))?;
        Ok(aside)
    }

    /// Gives a whole artifact its name.
    pub(super) fn put(&self, aside: &Path, kind: &str, key: &str) -> Result<(), WriteError> {
        let path = self.path(kind, key);
        if path.exists() {
            fs::remove_dir_all(&path).map_err(|e| WriteError::io(&path, e))?;
        }
        fs::rename(aside, &path).map_err(|e| WriteError::io(&path, e))
    }

    /// Removes artifacts that the release just made does not use, the oldest first,
    /// until all that is left takes at most `limit` bytes. What it uses stays.
    ///
    /// So going back to an earlier lexicon, setting or text finds its artifacts.
    pub(super) fn prune(&self, used: &[Keys], parts: &BTreeSet<PathBuf>, limit: u64) -> Result<(), WriteError> {
        let used: BTreeSet<(&str, &str)> = used.iter().flat_map(Keys::each).chain([(COPIES, STATE)]).collect();
        let mut found: Vec<(PathBuf, bool)> = Vec::new();
        for kind in KINDS.into_iter().chain([SERIES_KIND, COPIES]) {
            let folder = self.folder.join(kind);
            for entry in fs::read_dir(&folder).map_err(|e| WriteError::io(&folder, e))?.flatten() {
                let path = entry.path();
                let is_used = parts.contains(&path) || entry.file_name().to_str().is_some_and(|key| used.contains(&(kind, key)));
                found.push((path, is_used));
            }
        }
        let sized = |(path, is_used): (PathBuf, bool)| {
            let (bytes, made) = size_and_age(&path).map_err(|e| WriteError::io(&path, e))?;
            Ok((is_used, (made, path, bytes)))
        };
        let sized: Vec<_> = found.into_par_iter().map(sized).collect::<Result<_, WriteError>>()?;
        let mut total: u64 = sized.iter().map(|(_, (_, _, bytes))| bytes).sum();
        let mut unused: Vec<_> = sized.into_iter().filter(|(is_used, _)| !is_used).map(|(_, unused)| unused).collect();
        unused.sort();
        for (_, path, bytes) in unused {
            if total <= limit {
                break;
            }
            fs::remove_dir_all(&path).map_err(|e| WriteError::io(&path, e))?;
            total -= bytes;
        }
        Ok(())
    }
}

/// Bytes of the files of an artifact, and when it was made.
fn size_and_age(folder: &Path) -> std::io::Result<(u64, SystemTime)> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        bytes += entry?.metadata()?.len();
    }
    Ok((bytes, fs::metadata(folder)?.modified()?))
}

/// What of a shard is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'r> {
    /// Up to this stage.
    pub until: Stage,
    /// Documents left out of the counts, by their place in the shard, in order:
    /// the later copies. They have rows in all tables all the same.
    pub left_out: &'r [u32],
    /// Told how far it is.
    pub pace: Option<&'r Pace<'r>>,
}

impl Asked<'_> {
    /// So much of the shard is done, unless the run is to stop.
    fn reach(self, done: usize, of: usize) -> Result<(), BatchError> {
        self.pace.map_or(Ok(()), |pace| pace.reach(done, of))
    }
}

/// Brings a shard's artifacts up to what is asked, from the cache where they are there.
pub(super) fn make(plan: &Plan, shard: &Shard, keys: &Keys, cache: &Cache, limits: Limits, asked: Asked<'_>, clock: &Clock) -> Result<Made, BatchError> {
    if cache.has_all(keys, asked.until) {
        match from_cache(keys, cache, asked.until) {
            Ok(made) => return Ok(made),
            Err(error) => tracing::warn!("a cache entry is damaged and is made again: {error}"),
        }
    }
    let source = plan.sources.get(shard.source).ok_or(BatchError::Broken("a shard without a source"))?;
    let parsed = parsed(source, shard, keys, cache, limits, clock)?;
    // Parsing is about a third of the work.
    asked.reach(1, 3)?;
    let mut made = Made { summary: parsed.summary, rejects: parsed.rejects, rollup: None, computed: true };
    if asked.until < Stage::Resolve {
        return Ok(made);
    }
    let of_tables: Vec<(usize, &Document)> = parsed.documents.iter().enumerate().filter(|(_, d)| plan.tally.preamble || !d.preamble).collect();
    // Whether a document is counted, or only in the tables.
    let counts = |place: usize| u32::try_from(place).is_ok_and(|place| asked.left_out.binary_search(&place).is_err());
    let han_documents = of_tables.iter().filter(|(place, _)| counts(*place)).filter_map(|(place, _)| parsed.han_chars.get(*place)).sum();
    let known = clock.time(Stage::Resolve, || known_resolutions(plan, &of_tables, keys, cache));
    // The part files of releases are links to these, which do not depend on what
    // is counted: a new rollup leaves them as they are.
    let resolved = known.is_none().then(|| cache.begin()).transpose()?;
    let tagged = (asked.until >= Stage::Tag && !has_table(cache, keys, "hits")).then(|| cache.begin()).transpose()?;
    let mut resolved_files = resolved.as_deref().map(ResolvedFiles::create).transpose()?;
    let mut hits_file = tagged.as_deref().map(|folder| table_file::<HitRow<'_>>(folder, &[("tifa.lexicon", plan.lexicon.hash())])).transpose()?;
    let mut check = ShardCheck::new(&plan.lexicon);
    let mut rolling = Rolling::new(&plan.tally, &plan.lexicon, &plan.vocabulary.gazetteer);
    let maker = RowMaker::new(&plan.lexicon, &plan.vocabulary.gazetteer);
    for (from, some) in (0..).step_by(DOCUMENTS_AT_ONCE).zip(of_tables.chunks(DOCUMENTS_AT_ONCE)) {
        let read = |(task, documents): (usize, &[(usize, &Document)])| {
            let known = known.as_ref().map(|known| known.get(from + task * DOCUMENTS_A_TASK..).unwrap_or_default());
            read_documents(plan, documents, known, &maker, &check, &counts, clock)
        };
        let read: Vec<_> = some.par_chunks(DOCUMENTS_A_TASK).enumerate().map(read).collect();
        let read: Vec<ReadDocuments<'_>> = read.into_iter().collect::<Result<_, _>>()?;
        let roll = || {
            for (documents, read) in some.chunks(DOCUMENTS_A_TASK).zip(&read) {
                check.add(&read.counts);
                if asked.until < Stage::Tally {
                    continue;
                }
                for ((place, document), (resolution, hits)) in documents.iter().zip(&read.read) {
                    if counts(*place) {
                        rolling.add(document, &source.register, resolution, hits);
                    } else {
                        rolling.add_copy(document, &source.register, resolution);
                    }
                }
            }
        };
        let write = || {
            let resolved: Vec<&[RecordBatch; 4]> = read.iter().filter_map(|read| read.resolved.as_ref()).collect();
            let of_resolved = || resolved_files.as_mut().map_or(Ok(()), |files| files.write(&resolved));
            let of_hits = || hits_file.as_mut().map_or(Ok(()), |file| write_batches(file, read.iter().map(|read| &read.hits)));
            let (of_resolved, of_hits) = rayon::join(of_resolved, of_hits);
            of_resolved.and(of_hits)
        };
        rayon::join(|| clock.time(Stage::Tally, roll), || clock.time(Stage::Write, write)).1?;
        let done = from + some.len();
        asked.reach(of_tables.len() + 2 * done, 3 * of_tables.len())?;
    }
    clock.time(Stage::Write, || -> Result<(), WriteError> {
        if let (Some(folder), Some(files)) = (resolved, resolved_files) {
            files.close()?;
            cache.put(&folder, "resolved", &keys.resolved)?;
        }
        if let (Some(folder), Some(file)) = (tagged, hits_file) {
            file.close()?;
            cache.put(&folder, "tagged", &keys.tagged)?;
        }
        Ok(())
    })?;
    if asked.until >= Stage::Tally {
        let rollup = clock.time(Stage::Tally, || rolling.finish());
        let failures = check.compare(han_documents, &rollup);
        if !failures.is_empty() {
            return Err(BatchError::Checks(failures));
        }
        clock.time(Stage::Write, || {
            let folder = cache.begin()?;
            made.rollup = Some(write_rollup(&folder, rollup, check.own_hits(), &plan.tally)?);
            cache.put(&folder, "rollups", &keys.rollups)
        })?;
    }
    Ok(made)
}

/// Documents whose rows are in memory together.
const DOCUMENTS_AT_ONCE: usize = 1024;

/// Of them, those that a thread reads at once.
const DOCUMENTS_A_TASK: usize = 64;

/// What was read in some documents.
struct ReadDocuments<'k> {
    read: Vec<(Cow<'k, Resolution>, Vec<Hit>)>,
    counts: RowCounts,
    /// Rows of the tables of the resolved artifact, unless they were known.
    resolved: Option<[RecordBatch; 4]>,
    hits: RecordBatch,
}

/// Resolves and tags documents, and makes their rows; `known` is what an earlier
/// run has resolved in them and those after them.
fn read_documents<'k>(
    plan: &Plan,
    documents: &[(usize, &Document)],
    known: Option<&'k [Reread]>,
    maker: &RowMaker<'_>,
    check: &ShardCheck<'_>,
    counts: &(impl Fn(usize) -> bool + Sync),
    clock: &Clock,
) -> Result<ReadDocuments<'k>, WriteError> {
    let known_of = |number: usize| known.and_then(|known| known.get(number));
    let read: Vec<(Cow<'k, Resolution>, Vec<Hit>)> = (0..)
        .zip(documents)
        .map(|(number, (_, document))| {
            let resolution = match known_of(number) {
                Some(known) => Cow::Borrowed(&known.resolution),
                None => Cow::Owned(clock.time(Stage::Resolve, || resolve(document, &plan.vocabulary))),
            };
            (resolution, clock.time(Stage::Tag, || tag(document, &plan.lexicon)))
        })
        .collect();
    let (row_counts, resolved, hits) = clock.time(Stage::Write, || -> Result<_, WriteError> {
        let of_documents: Vec<DocumentRows<'_>> =
            documents.iter().zip(&read).map(|((_, document), (found, hits))| maker.rows_of(document, found, hits)).collect();
        let hits = all_rows(&of_documents, DocumentRows::hits);
        let sentences = if known.is_none() { all_rows(&of_documents, DocumentRows::sentences) } else { Vec::new() };
        let mut row_counts = RowCounts::default();
        let (mut hits_left, mut sentences_left) = (hits.as_slice(), sentences.as_slice());
        for (number, ((place, document), (_, found))) in documents.iter().zip(&read).enumerate() {
            let (own_hits, own_sentences);
            (own_hits, hits_left) = hits_left.split_at_checked(found.len()).unwrap_or_default();
            (own_sentences, sentences_left) = sentences_left.split_at_checked(document.sentences.len()).unwrap_or_default();
            if counts(*place) {
                let (sentences, han_chars) = match known_of(number) {
                    Some(known) => (known.resolution.voices.len(), known.han_chars),
                    None => (own_sentences.len(), han_chars_of(own_sentences)),
                };
                row_counts.add(sentences, han_chars, own_hits, check.numbers());
            }
        }
        let resolved = match known {
            Some(_) => None,
            None => Some([
                record_batch(&sentences)?,
                record_batch(&all_rows(&of_documents, DocumentRows::dates))?,
                record_batch(&all_rows(&of_documents, DocumentRows::places))?,
                record_batch(&all_rows(&of_documents, DocumentRows::events))?,
            ]),
        };
        Ok((row_counts, resolved, record_batch(&hits)?))
    })?;
    Ok(ReadDocuments { read, counts: row_counts, resolved, hits })
}

/// The rows of some documents in one table.
fn all_rows<'d, R, I: ExactSizeIterator<Item = R>>(documents: &'d [DocumentRows<'d>], rows: impl Fn(&'d DocumentRows<'d>) -> I) -> Vec<R> {
    let mut all = Vec::with_capacity(documents.iter().map(|document| rows(document).len()).sum());
    for document in documents {
        all.extend(rows(document));
    }
    all
}

fn record_batch<R: Row>(rows: &[R]) -> Result<RecordBatch, WriteError> {
    batch(rows).map_err(|e| WriteError::table(Path::new(R::table().name), &e))
}

/// What resolve read in these documents, if its artifact is whole.
fn known_resolutions(plan: &Plan, documents: &[(usize, &Document)], keys: &Keys, cache: &Cache) -> Option<Vec<Reread>> {
    if !resolved_tables().iter().all(|table| has_table(cache, keys, table)) {
        return None;
    }
    let folder = cache.path("resolved", &keys.resolved);
    let documents: Vec<&Document> = documents.iter().map(|(_, document)| *document).collect();
    let read = || -> Result<Option<Vec<Reread>>, WriteError> {
        let sentences: Vec<SentenceRow<'_>> = read_columns(&folder.join("sentences.parquet"), &SENTENCE_COLUMNS)?;
        let events: Vec<EventRow<'_>> = read_parquet(&folder.join("events.parquet"))?;
        Ok(resolutions(&documents, &sentences, &events, &plan.vocabulary.gazetteer))
    };
    match read() {
        Ok(Some(known)) => Some(known),
        Ok(None) => {
            tracing::warn!("a cache entry is damaged and is made again: {}", folder.display());
            None
        }
        Err(error) => {
            tracing::warn!("a cache entry is damaged and is made again: {error}");
            None
        }
    }
}

fn from_cache(keys: &Keys, cache: &Cache, until: Stage) -> Result<Made, WriteError> {
    let folder = cache.path("parsed", &keys.parsed);
    let mut made =
        Made { summary: read_json(&folder.join("summary.json"))?, rejects: read_parquet(&folder.join("rejects.parquet"))?, rollup: None, computed: false };
    check_prints(&folder, made.summary.documents + made.summary.preambles)?;
    let tables = resolved_tables();
    let tables = tables.iter().filter(|_| until >= Stage::Resolve).chain(["hits"].iter().filter(|_| until >= Stage::Tag));
    for table in tables {
        let Some(kind) = Keys::kind_of_table(table) else { continue };
        let path = keys.file(kind, table, cache);
        fs::metadata(&path).map_err(|e| WriteError::io(&path, e))?;
    }
    if until >= Stage::Tally {
        made.rollup = Some(read_index(&cache.path("rollups", &keys.rollups))?);
    }
    Ok(made)
}

/// Whether the part file of a table is in the cache.
fn has_table(cache: &Cache, keys: &Keys, table: &str) -> bool {
    Keys::kind_of_table(table).is_some_and(|kind| keys.file(kind, table, cache).is_file())
}

/// The tables of the resolved artifact.
pub(super) const fn resolved_tables() -> [&'static str; 4] {
    ["sentences", "dates", "places", "events"]
}

/// The parsed artifact of a shard.
struct Parsed {
    documents: Vec<Document>,
    /// Of each document.
    han_chars: Vec<u64>,
    summary: Summary,
    rejects: Vec<Reject>,
}

/// The parsed artifact: from the cache, else from the input.
fn parsed(source: &Source, shard: &Shard, keys: &Keys, cache: &Cache, limits: Limits, clock: &Clock) -> Result<Parsed, BatchError> {
    let folder = cache.path("parsed", &keys.parsed);
    if cache.has("parsed", &keys.parsed) {
        let read = || -> Result<Parsed, WriteError> {
            let rows: Vec<DocumentRow<'_>> = read_parquet(&folder.join("documents.parquet"))?;
            let spans: Vec<SpanRow> = read_parquet(&folder.join("spans.parquet"))?;
            let summary = read_json(&folder.join("summary.json"))?;
            check_prints(&folder, rows.len() as u64)?;
            let han_chars = rows.iter().map(|row| row.han_chars).collect();
            Ok(Parsed { documents: documents(rows, &spans), han_chars, summary, rejects: read_parquet(&folder.join("rejects.parquet"))? })
        };
        match clock.time(Stage::Parse, read) {
            Ok(read) => return Ok(read),
            Err(error) => tracing::warn!("a cache entry is damaged and is made again: {error}"),
        }
    }
    let (mut documents, mut summary, rejects) = from_input(source, shard, limits, clock)?;
    clock.time(Stage::Parse, || {
        assign_ids(&mut documents);
        // Part files are sorted by date; documents of one date keep their order.
        documents.sort_by_key(|d| (d.date.is_none(), d.date.map(|date| (date.start, date.end))));
    });
    let mut han_chars = Vec::with_capacity(documents.len());
    let aside = cache.begin()?;
    let of_documents = || -> Result<(), WriteError> {
        let mut file = table_file::<DocumentRow<'_>>(&aside, &[])?;
        for some in documents.chunks(DOCUMENTS_AT_ONCE) {
            let rows: Vec<DocumentRow<'_>> = some.par_iter().map(|d| document_row(d, &source.register)).collect();
            for row in &rows {
                *if row.preamble { &mut summary.preamble_han_chars } else { &mut summary.han_chars } += row.han_chars;
                han_chars.push(row.han_chars);
            }
            file.write(&rows)?;
        }
        file.close()
    };
    let of_others = || -> Result<(), WriteError> {
        clock.time(Stage::Tally, || write_prints(&aside, &documents))?;
        let spans: Vec<SpanRow> = documents.iter().enumerate().flat_map(|(number, d)| span_rows(d, number)).collect();
        write_parquet(&aside.join("spans.parquet"), &spans, &[])?;
        write_parquet(&aside.join("rejects.parquet"), &rejects, &[])
    };
    let (of_documents, of_others) = rayon::join(|| clock.time(Stage::Write, of_documents), of_others);
    of_documents.and(of_others)?;
    clock.time(Stage::Write, || {
        write_json(&aside.join("summary.json"), &summary)?;
        cache.put(&aside, "parsed", &keys.parsed)
    })?;
    Ok(Parsed { documents, han_chars, summary, rejects })
}

/// Documents of a shard, and the summary and rejects of their reading.
pub(super) fn from_input(source: &Source, shard: &Shard, limits: Limits, clock: &Clock) -> Result<(Vec<Document>, Summary, Vec<Reject>), BatchError> {
    let pieces = shard.pieces.unpack()?;
    let raw: Vec<(usize, Result<Raw, Reject>)> = clock.time(Stage::Load, || {
        pieces
            .par_iter()
            .enumerate()
            .flat_map_iter(|(number, piece)| read_extent(&source.input, &piece.file, &piece.extent, limits).into_iter().map(move |raw| (number, raw)))
            .collect()
    });
    let records = raw.len() as u64;
    let parsed: Vec<Result<_, Reject>> = raw
        .into_par_iter()
        .map(|(number, raw)| {
            let raw = raw?;
            let Some(piece) = pieces.get(number) else { return Ok(parse::Parsed::default()) };
            let repeats = piece.extent.repeats.get(&raw.number()).copied().unwrap_or(0);
            let record = clock.time(Stage::Load, || raw.decode(&source.input, &piece.file))?;
            let record = Record { repeats, ..record };
            Ok(clock.time(Stage::Parse, || parse::parse(&record, &source.parse)))
        })
        .collect();
    let mut summary = Summary { records, ..Summary::default() };
    let (mut documents, mut rejects) = (Vec::new(), Vec::new());
    for each in parsed {
        match each {
            Err(reject) => {
                summary.records_rejected += 1;
                rejects.push(reject);
            }
            Ok(mut parsed) => {
                if parsed.documents.is_empty() {
                    summary.records_rejected += 1;
                } else {
                    summary.records_written += 1;
                }
                summary.dropped_lines += parsed.dropped_lines;
                summary.page_numbers += parsed.page_numbers;
                summary.replaced_chars += parsed.documents.first().map_or(0, |d| u64::from(d.replaced_chars));
                documents.append(&mut parsed.documents);
                rejects.append(&mut parsed.rejects);
            }
        }
    }
    summary.documents = documents.iter().filter(|d| !d.preamble).count() as u64;
    summary.preambles = documents.len() as u64 - summary.documents;
    summary.undated = documents.iter().filter(|d| !d.preamble && d.date.is_none()).count() as u64;
    summary.newest = documents.iter().filter_map(|d| d.date).map(|d| d.end).max().map(|d| d.to_string());
    Ok((documents, summary, rejects))
}

/// The files of the resolved artifact while rows come in.
struct ResolvedFiles {
    sentences: TableFile<SentenceRow<'static>>,
    dates: TableFile<DateRow<'static>>,
    places: TableFile<PlaceRow<'static>>,
    events: TableFile<EventRow<'static>>,
}

impl ResolvedFiles {
    fn create(folder: &Path) -> Result<Self, WriteError> {
        Ok(Self { sentences: table_file(folder, &[])?, dates: table_file(folder, &[])?, places: table_file(folder, &[])?, events: table_file(folder, &[])? })
    }

    fn write(&mut self, batches: &[&[RecordBatch; 4]]) -> Result<(), WriteError> {
        let Self { sentences, dates, places, events } = self;
        let of = |number: usize| batches.iter().filter_map(move |batches| batches.get(number));
        let of_two = || rayon::join(|| write_batches(sentences, of(0)), || write_batches(dates, of(1)));
        let of_others = || rayon::join(|| write_batches(places, of(2)), || write_batches(events, of(3)));
        let ((sentences, dates), (places, events)) = rayon::join(of_two, of_others);
        sentences.and(dates).and(places).and(events)
    }

    fn close(self) -> Result<(), WriteError> {
        self.sentences.close()?;
        self.dates.close()?;
        self.places.close()?;
        self.events.close()
    }
}

fn write_batches<'b, R: Row>(file: &mut TableFile<R>, mut batches: impl Iterator<Item = &'b RecordBatch>) -> Result<(), WriteError> {
    batches.try_for_each(|batch| file.write_batch(batch))
}

fn table_file<R: Row>(folder: &Path, metadata: &[(&str, &str)]) -> Result<TableFile<R>, WriteError> {
    TableFile::create(&folder.join(format!("{}.parquet", R::table().name)), metadata)
}

pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), WriteError> {
    let text = serde_json::to_string(value).map_err(|e| WriteError::table(path, &e))?;
    fs::write(path, text).map_err(|e| WriteError::io(path, e))
}

pub(super) fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, WriteError> {
    let text = fs::read_to_string(path).map_err(|e| WriteError::io(path, e))?;
    serde_json::from_str(&text).map_err(|e| WriteError::table(path, &e))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn artifacts_that_are_not_used_go_when_they_take_too_much_the_oldest_first() {
        let place = tempfile::tempdir().unwrap();
        let cache = Cache::open(place.path().to_owned()).unwrap();
        for (age, key) in [(3, "used"), (2, "old"), (1, "new")] {
            let folder = cache.path("parsed", key);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("a.parquet"), [0; 100]).unwrap();
            fs::File::open(&folder).unwrap().set_modified(SystemTime::now() - Duration::from_secs(age * 60)).unwrap();
        }
        let word = String::from;
        let used = [Keys { parsed: word("used"), resolved: word("r"), tagged: word("t"), rollups: word("u") }];
        let left = |limit: u64| -> Vec<&str> {
            cache.prune(&used, &BTreeSet::new(), limit).unwrap();
            ["used", "old", "new"].into_iter().filter(|key| cache.has("parsed", key)).collect()
        };
        assert_eq!(left(300), ["used", "old", "new"]);
        assert_eq!(left(299), ["used", "new"]);
        assert_eq!(left(10), ["used"]);
        // What is known of copies counts, and stays.
        let state = cache.path(COPIES, STATE);
        fs::create_dir_all(&state).unwrap();
        fs::write(state.join("meetings.bin"), [0; 100]).unwrap();
        fs::create_dir_all(cache.path("tagged", "old")).unwrap();
        assert_eq!(left(200), ["used"]);
        assert!(cache.has("tagged", "old") && state.is_dir());
        assert_eq!(left(199), ["used"]);
        assert!(!cache.has("tagged", "old") && state.is_dir());
    }
}
