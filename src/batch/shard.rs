//! A shard's three artifacts: parsed, annotated, rollups. Each lies in a folder
//! of its own under a key of all that it depends on, whole or absent.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::copies::{FINGERPRINTS, check_fingerprints, write_fingerprints};
use super::inventory::Shard;
use super::{BatchError, Clock};
use crate::diagnostic::{Reject, Stage};
use crate::load::{Limits, Raw, Record, read_segment, short_hex};
use crate::parse::{self, Document, assign_ids};
use crate::plan::{Plan, Source};
use crate::resolve::resolve;
use crate::tag::tag;
use crate::tally::{CountRow, OccasionRow, PairCountRow, PresenceRow, Rolling, Rollup, SeenRow, SourceSeenRow, ThemeOccasionRow};
use crate::write::{
    AnnotationRows, DateRow, DocumentRow, EventRow, HitRow, PlaceRow, Row, SentenceRow, ShardCheck, SpanRow, TableFile, WriteError, annotation_rows,
    document_row, documents, read_parquet, span_rows, write_parquet,
};

/// Versions of the code that makes each artifact: raise one when its output changes.
const PARSED: u32 = 2;
const ANNOTATED: u32 = 3;
const ROLLUP: u32 = 2;

/// The three, for the record of a run.
pub(super) const VERSIONS: [u32; 3] = [PARSED, ANNOTATED, ROLLUP];

/// Names of an artifact's folder in the cache.
pub(super) const KINDS: [&str; 3] = ["parsed", "annotated", "rollups"];

/// The keys of a shard's artifacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Keys {
    pub parsed: String,
    pub annotated: String,
    pub rollups: String,
}

impl Keys {
    /// Each key covers the one before it, and the settings that the step reads.
    /// `version` is that of the program and its columns.
    pub(super) fn new(plan: &Plan, version: &str, shard: &Shard, source: &Source, limits: Limits) -> Self {
        let key = |text: String| short_hex(&blake3::hash(text.as_bytes()), 32);
        let parsed = key(format!("{version} {PARSED} {} {limits:?} {:?} {:?} {}", shard.id, source.input.fields, source.parse, source.register));
        let annotated = key(format!("{version} {ANNOTATED} {parsed} {} {} {}", plan.vocabulary.hash, plan.lexicon.hash(), plan.tally.preamble));
        let rollups = key(format!("{version} {ROLLUP} {annotated} {:?}", plan.tally.of_counts()));
        Self { parsed, annotated, rollups }
    }

    /// The keys of a shard of which these documents, by their place in it, are
    /// left out of the counts: only the rollup depends on them.
    pub(super) fn without(self, left_out: &[u32]) -> Self {
        if left_out.is_empty() {
            return self;
        }
        let rollups = short_hex(&blake3::hash(format!("{} without {left_out:?}", self.rollups).as_bytes()), 32);
        Self { rollups, ..self }
    }

    pub(super) fn each(&self) -> [(&'static str, &str); 3] {
        let [parsed, annotated, rollups] = KINDS;
        [(parsed, &self.parsed), (annotated, &self.annotated), (rollups, &self.rollups)]
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
    pub rollup: Option<Rollup>,
    /// Hits by theme, counted from the rows.
    pub hits: BTreeMap<String, u64>,
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
        for each in KINDS.map(|kind| folder.join(kind)).iter().chain([&scratch]) {
            fs::create_dir_all(each).map_err(|e| WriteError::io(each, e))?;
        }
        Ok(Self { folder, scratch: AtomicU64::new(0) })
    }

    pub(super) fn path(&self, kind: &str, key: &str) -> PathBuf {
        self.folder.join(kind).join(key)
    }

    pub(super) fn has(&self, kind: &str, key: &str) -> bool {
        self.path(kind, key).is_dir()
    }

    /// A path for a folder that nothing else uses, and that the next run clears away.
    pub(super) fn aside(&self) -> PathBuf {
        self.folder.join("scratch").join(self.scratch.fetch_add(1, Ordering::Relaxed).to_string())
    }

    /// Fills a folder aside and gives it its name when it is whole.
    fn put(&self, kind: &str, key: &str, fill: impl FnOnce(&Path) -> Result<(), WriteError>) -> Result<(), WriteError> {
        let aside = self.aside();
        fs::create_dir_all(&aside).map_err(|e| WriteError::io(&aside, e))?;
        fill(&aside)?;
        let path = self.path(kind, key);
        if path.exists() {
            fs::remove_dir_all(&path).map_err(|e| WriteError::io(&path, e))?;
        }
        fs::rename(&aside, &path).map_err(|e| WriteError::io(&path, e))
    }

    /// Removes every artifact whose key is not among `used`.
    pub(super) fn keep_only(&self, used: &[Keys]) -> Result<(), WriteError> {
        let used: std::collections::BTreeSet<(&str, &str)> = used.iter().flat_map(Keys::each).collect();
        for kind in KINDS {
            let folder = self.folder.join(kind);
            for entry in fs::read_dir(&folder).map_err(|e| WriteError::io(&folder, e))?.flatten() {
                if !entry.file_name().to_str().is_some_and(|key| used.contains(&(kind, key))) {
                    fs::remove_dir_all(entry.path()).map_err(|e| WriteError::io(&entry.path(), e))?;
                }
            }
        }
        Ok(())
    }
}

/// What of a shard is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'r> {
    /// Up to this stage.
    pub until: Stage,
    /// Documents left out of the counts, by their place in the shard, in order:
    /// the later copies. They have rows in all tables all the same.
    pub left_out: &'r [u32],
}

/// Brings a shard's artifacts up to what is asked, from the cache where they are there.
pub(super) fn make(plan: &Plan, shard: &Shard, keys: &Keys, cache: &Cache, limits: Limits, asked: Asked<'_>, clock: &Clock) -> Result<Made, BatchError> {
    let wants_annotated = asked.until >= Stage::Resolve;
    let wants_rollup = asked.until >= Stage::Tally;
    let whole = cache.has("parsed", &keys.parsed)
        && (!wants_annotated || cache.has("annotated", &keys.annotated))
        && (!wants_rollup || cache.has("rollups", &keys.rollups));
    if whole {
        match from_cache(keys, cache, wants_annotated, wants_rollup) {
            Ok(made) => return Ok(made),
            Err(error) => tracing::warn!("a cache entry is damaged and is made again: {error}"),
        }
    }
    let source = plan.sources.get(shard.source).ok_or(BatchError::Broken("a shard without a source"))?;
    let (rows, documents, summary, rejects) = parsed(source, shard, keys, cache, limits, clock)?;
    let mut made = Made { summary, rejects, rollup: None, hits: BTreeMap::new(), computed: true };
    if !wants_annotated {
        return Ok(made);
    }
    // Whether a document is counted, or only in the tables.
    let counts = |place: usize| u32::try_from(place).is_ok_and(|place| asked.left_out.binary_search(&place).is_err());
    let of_tables = |preamble: bool| plan.tally.preamble || !preamble;
    let han_documents = rows.iter().enumerate().filter(|(place, d)| of_tables(d.preamble) && counts(*place)).map(|(_, d)| d.han_chars).sum();
    drop(rows);
    let of_tables: Vec<(usize, &Document)> = documents.iter().enumerate().filter(|(_, d)| of_tables(d.preamble)).collect();
    let mut check = ShardCheck::new(&plan.lexicon);
    let mut rolling = Rolling::new(&plan.tally, &plan.lexicon, &plan.vocabulary.gazetteer);
    let mut read = |files: &mut Option<AnnotatedFiles>| -> Result<(), WriteError> {
        for some in of_tables.chunks(DOCUMENTS_AT_ONCE) {
            let annotated: Vec<_> = some
                .par_iter()
                .map(|(_, document)| {
                    let resolution = clock.time(Stage::Resolve, || resolve(document, &plan.vocabulary));
                    let hits = clock.time(Stage::Tag, || tag(document, &plan.lexicon));
                    let rows = clock.time(Stage::Write, || annotation_rows(document, &resolution, &hits, &plan.lexicon, &plan.vocabulary.gazetteer));
                    (resolution, hits, rows)
                })
                .collect();
            let mut all = AnnotationRows::default();
            for ((place, document), (resolution, hits, rows)) in some.iter().zip(annotated) {
                let counts = counts(*place);
                if wants_rollup {
                    clock.time(Stage::Tally, || {
                        if counts {
                            rolling.add(document, &source.register, &resolution, &hits);
                        } else {
                            rolling.add_copy(document, &source.register, &resolution);
                        }
                    });
                }
                if counts {
                    clock.time(Stage::Write, || check.add(&rows));
                }
                all.append(rows);
            }
            if let Some(files) = files {
                clock.time(Stage::Write, || files.write(&all))?;
            }
        }
        Ok(())
    };
    // The part files of releases are links to the annotated ones, which do not
    // depend on what is counted: a new rollup leaves them as they are.
    if annotated_is_whole(&cache.path("annotated", &keys.annotated)).is_ok() {
        read(&mut None)?;
    } else {
        cache.put("annotated", &keys.annotated, |folder| {
            let mut files = Some(AnnotatedFiles::create(folder, plan.lexicon.hash())?);
            read(&mut files)?;
            files.map_or(Ok(()), |files| clock.time(Stage::Write, || files.close()))
        })?;
    }
    made.hits.clone_from(check.own_hits());
    if wants_rollup {
        let rollup = clock.time(Stage::Tally, || rolling.finish());
        let failures = check.compare(han_documents, &rollup);
        if !failures.is_empty() {
            return Err(BatchError::Checks(failures));
        }
        clock.time(Stage::Write, || cache.put("rollups", &keys.rollups, |folder| rollup_files(folder, &rollup, &made.hits)))?;
        made.rollup = Some(rollup);
    }
    Ok(made)
}

/// Documents whose rows are in memory together.
const DOCUMENTS_AT_ONCE: usize = 512;

fn from_cache(keys: &Keys, cache: &Cache, wants_annotated: bool, wants_rollup: bool) -> Result<Made, WriteError> {
    let folder = cache.path("parsed", &keys.parsed);
    let mut made = Made {
        summary: read_json(&folder.join("summary.json"))?,
        rejects: read_parquet(&folder.join("rejects.parquet"))?,
        rollup: None,
        hits: BTreeMap::new(),
        computed: false,
    };
    check_fingerprints(&folder.join(FINGERPRINTS), made.summary.documents + made.summary.preambles)?;
    if wants_annotated {
        annotated_is_whole(&cache.path("annotated", &keys.annotated))?;
    }
    if wants_rollup {
        let folder = cache.path("rollups", &keys.rollups);
        let file = |name: &str| folder.join(format!("{name}.parquet"));
        made.hits = read_json(&folder.join("hits.json"))?;
        made.rollup = Some(Rollup {
            counts: read_parquet(&file("counts"))?,
            theme_occasions: read_parquet(&file("theme_occasions"))?,
            pairs: read_parquet(&file("pairs"))?,
            seen: read_parquet(&file("seen"))?,
            source_seen: read_parquet(&file("source_seen"))?,
            presence: read_parquet(&file("presence"))?,
            occasions: read_parquet(&file("occasions"))?,
        });
    }
    Ok(made)
}

/// Whether every file of an annotated artifact is there.
fn annotated_is_whole(folder: &Path) -> Result<(), WriteError> {
    for table in annotated_tables() {
        let path = folder.join(format!("{table}.parquet"));
        fs::metadata(&path).map_err(|e| WriteError::io(&path, e))?;
    }
    Ok(())
}

/// The tables of the annotated artifact.
pub(super) fn annotated_tables() -> [&'static str; 5] {
    ["sentences", "dates", "places", "events", "hits"]
}

type ParsedShard = (Vec<DocumentRow>, Vec<Document>, Summary, Vec<Reject>);

/// The parsed artifact: from the cache, else from the input.
fn parsed(source: &Source, shard: &Shard, keys: &Keys, cache: &Cache, limits: Limits, clock: &Clock) -> Result<ParsedShard, BatchError> {
    let folder = cache.path("parsed", &keys.parsed);
    if cache.has("parsed", &keys.parsed) {
        let read = || -> Result<ParsedShard, WriteError> {
            let rows: Vec<DocumentRow> = read_parquet(&folder.join("documents.parquet"))?;
            let spans: Vec<SpanRow> = read_parquet(&folder.join("spans.parquet"))?;
            let summary = read_json(&folder.join("summary.json"))?;
            check_fingerprints(&folder.join(FINGERPRINTS), rows.len() as u64)?;
            Ok((rows.clone(), documents(rows, &spans), summary, read_parquet(&folder.join("rejects.parquet"))?))
        };
        match clock.time(Stage::Parse, read) {
            Ok(read) => return Ok(read),
            Err(error) => tracing::warn!("a cache entry is damaged and is made again: {error}"),
        }
    }
    let (mut documents, summary, rejects) = from_input(source, shard, limits, clock);
    clock.time(Stage::Parse, || {
        assign_ids(&mut documents);
        // Part files are sorted by date; documents of one date keep their order.
        documents.sort_by_key(|d| (d.date.is_none(), d.date.map(|date| (date.start, date.end))));
    });
    let rows: Vec<DocumentRow> = documents.par_iter().map(|d| document_row(d, &source.register)).collect();
    let han = |preamble: bool| rows.iter().filter(|r| r.preamble == preamble).map(|r| r.han_chars).sum();
    let summary = Summary { han_chars: han(false), preamble_han_chars: han(true), ..summary };
    let spans: Vec<SpanRow> = documents.iter().enumerate().flat_map(|(number, d)| span_rows(d, number)).collect();
    clock.time(Stage::Write, || {
        cache.put("parsed", &keys.parsed, |folder| {
            write_parquet(&folder.join("documents.parquet"), &rows, &[])?;
            write_parquet(&folder.join("spans.parquet"), &spans, &[])?;
            write_parquet(&folder.join("rejects.parquet"), &rejects, &[])?;
            clock.time(Stage::Tally, || write_fingerprints(&folder.join(FINGERPRINTS), &documents))?;
            write_json(&folder.join("summary.json"), &summary)
        })
    })?;
    Ok((rows, documents, summary, rejects))
}

/// Documents of a shard, and the summary and rejects of their reading.
pub(super) fn from_input(source: &Source, shard: &Shard, limits: Limits, clock: &Clock) -> (Vec<Document>, Summary, Vec<Reject>) {
    let raw: Vec<(usize, Result<Raw, Reject>)> = clock.time(Stage::Load, || {
        shard
            .pieces
            .par_iter()
            .enumerate()
            .flat_map_iter(|(number, piece)| read_segment(&source.input, &piece.file, &piece.segment, limits).into_iter().map(move |raw| (number, raw)))
            .collect()
    });
    let records = raw.len() as u64;
    let parsed: Vec<Result<_, Reject>> = raw
        .into_par_iter()
        .map(|(number, raw)| {
            let raw = raw?;
            let Some(piece) = shard.pieces.get(number) else { return Ok(parse::Parsed::default()) };
            let repeats = piece.segment.repeats.get(&raw.number()).copied().unwrap_or(0);
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
    (documents, summary, rejects)
}

/// The files of the annotated artifact while rows come in.
struct AnnotatedFiles {
    sentences: TableFile<SentenceRow>,
    dates: TableFile<DateRow>,
    places: TableFile<PlaceRow>,
    events: TableFile<EventRow>,
    hits: TableFile<HitRow>,
}

impl AnnotatedFiles {
    fn create(folder: &Path, lexicon: &str) -> Result<Self, WriteError> {
        fn file<R: Row>(folder: &Path, metadata: &[(&str, &str)]) -> Result<TableFile<R>, WriteError> {
            TableFile::create(&folder.join(format!("{}.parquet", R::table().name)), metadata)
        }
        Ok(Self {
            sentences: file(folder, &[])?,
            dates: file(folder, &[])?,
            places: file(folder, &[])?,
            events: file(folder, &[])?,
            hits: file(folder, &[("tifa.lexicon", lexicon)])?,
        })
    }

    fn write(&mut self, rows: &AnnotationRows) -> Result<(), WriteError> {
        self.sentences.write(&rows.sentences)?;
        self.dates.write(&rows.dates)?;
        self.places.write(&rows.places)?;
        self.events.write(&rows.events)?;
        self.hits.write(&rows.hits)
    }

    fn close(self) -> Result<(), WriteError> {
        self.sentences.close()?;
        self.dates.close()?;
        self.places.close()?;
        self.events.close()?;
        self.hits.close()
    }
}

fn rollup_files(folder: &Path, rollup: &Rollup, hits: &BTreeMap<String, u64>) -> Result<(), WriteError> {
    let file = |name: &str| folder.join(format!("{name}.parquet"));
    write_parquet::<CountRow>(&file("counts"), &rollup.counts, &[])?;
    write_parquet::<ThemeOccasionRow>(&file("theme_occasions"), &rollup.theme_occasions, &[])?;
    write_parquet::<PairCountRow>(&file("pairs"), &rollup.pairs, &[])?;
    write_parquet::<SourceSeenRow>(&file("source_seen"), &rollup.source_seen, &[])?;
    write_parquet::<SeenRow>(&file("seen"), &rollup.seen, &[])?;
    write_parquet::<PresenceRow>(&file("presence"), &rollup.presence, &[])?;
    write_parquet::<OccasionRow>(&file("occasions"), &rollup.occasions, &[])?;
    write_json(&folder.join("hits.json"), hits)
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), WriteError> {
    let text = serde_json::to_string(value).map_err(|e| WriteError::table(path, &e))?;
    fs::write(path, text).map_err(|e| WriteError::io(path, e))
}

fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, WriteError> {
    let text = fs::read_to_string(path).map_err(|e| WriteError::io(path, e))?;
    serde_json::from_str(&text).map_err(|e| WriteError::table(path, &e))
}
