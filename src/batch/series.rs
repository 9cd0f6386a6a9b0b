//! From the rollups of all shards to the series, part by part. A part's tables
//! lie in the cache under a key of what its shards have for it, so that a new day
//! makes the tables of its year and links those of all others.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use chrono::Datelike;
use rayon::prelude::*;

use super::in_order::{Items, in_order};
use super::rollup_file::{Index, Slice, read_slice};
use super::shard::{Cache, Keys};
use super::table_part::TablePart;
use super::{BatchError, Run, SERIES, program};
use crate::diagnostic::Stage;
use crate::load::short_hex;
use crate::tally::{
    Breakdown, BreakdownRow, FrequencyRow, Kind, OccasionRow, OccasionSums, Occasions, PairCountRow, PairRow, Part, PartPairs, PartSummary, PartSums, Rollup,
    Series, Sums, Word,
};
use crate::write::{CheckFailure, Row, WriteError, check_breakdown, check_pairs, read_columns, row_count};

/// Name of the folder in the cache.
pub(super) const SERIES_KIND: &str = "series";

const SUMMARY: &str = "summary.bin";
const PAIRS: &str = "pairs.bin";
const OF_THEMES: &str = "of_themes.bin";

/// A part of a table, in the cache.
#[derive(Clone, Debug)]
pub(super) struct PartFile {
    pub part: Part,
    folder: PathBuf,
    table: &'static str,
    pub rows: u64,
}

impl PartFile {
    pub(super) fn parquet(&self) -> PathBuf {
        self.folder.join(self.table).with_extension("parquet")
    }

    /// Its rows as CSV, without the names of the columns; there for tables whose
    /// CSV was asked for.
    pub(super) fn csv(&self) -> PathBuf {
        self.folder.join(self.table).with_extension("csv")
    }
}

/// The tables that are made part by part, each in the order of the parts.
#[derive(Clone, Debug, Default)]
pub(super) struct PartFiles {
    files: BTreeMap<&'static str, Vec<PartFile>>,
    folders: BTreeSet<PathBuf>,
}

impl PartFiles {
    pub(super) fn of(&self, table: &str) -> &[PartFile] {
        self.files.get(table).map(Vec::as_slice).unwrap_or_default()
    }

    /// The folders in the cache that the series were made from.
    pub(super) fn folders(&self) -> &BTreeSet<PathBuf> {
        &self.folders
    }

    fn add(&mut self, mut files: Vec<PartFile>) {
        self.folders.extend(files.iter().map(|file| file.folder.clone()));
        // The whole has no members: its file of `theme_breakdown` never has a row.
        files.retain(|file| file.part != Part::Whole || file.table != BreakdownRow::table().name);
        files.sort_by_key(|file| file.part);
        if let Some(first) = files.first() {
            self.files.insert(first.table, files);
        }
    }
}

/// Themes with the number of occasions on which they were spoken of.
type OfThemes = Vec<(Word, u32)>;

/// What the shards have for a part.
type Slices<'i> = Vec<(usize, &'i Slice)>;

/// A part after it was summed.
struct Summed {
    key: String,
    pairs: PartPairs,
    breakdown: PartFile,
}

impl Run<'_> {
    /// Makes the series and the files of all parts.
    ///
    /// # Cost
    /// Memory for a part on each thread, and for what spans all parts. Parts that
    /// have not changed cost the reading of their summaries.
    pub(super) fn series(&self, keys: &[Keys], indexes: &[Index], cache: &Cache) -> Result<(Series, PartFiles), BatchError> {
        // Text without a period and the whole always have files, if of no rows. The
        // whole comes first: it is the largest.
        let mut parts: BTreeMap<(Kind, Part), Slices<'_>> = [Part::Unplaced, Part::Whole].map(|part| ((Kind::Series, part), Vec::new())).into();
        for (shard, index) in indexes.iter().enumerate() {
            for slice in &index.slices {
                parts.entry((slice.kind, slice.part)).or_default().push((shard, slice));
            }
        }
        let of = |kind: Kind| parts.iter().rev().filter(move |((own, _), _)| *own == kind).map(|((_, part), slices)| (*part, slices)).collect::<Vec<_>>();
        let (of_series, of_occasions) = (of(Kind::Series), of(Kind::Occasions));
        let maker = PartMaker::new(self, keys, cache);
        let mut sums = Sums::new(&self.plan.lexicon, &self.plan.tally);
        let (occasions, of_themes) = maker.occasions(&of_occasions)?;
        for of_themes in &of_themes {
            sums.add_occasions(of_themes);
        }
        let mut summed: Vec<Summed> = Vec::with_capacity(of_series.len());
        let sum = |number: usize| {
            let (part, slices) = of_series.get(number).ok_or(BatchError::Broken("a part without a number"))?;
            maker.summed(*part, slices)
        };
        in_order(Items { count: of_series.len(), threads: rayon::current_num_threads(), alone: 0 }, sum, |_, (of_part, summary)| {
            self.clock.time(Stage::Tally, || sums.add(of_part.breakdown.part, summary))?;
            summed.push(of_part);
            Ok::<_, BatchError>(())
        })?;
        let series = self.clock.time(Stage::Tally, || sums.finish(&self.plan.cadences(), self.options.as_of))?;
        let pairs = summed.par_iter().map(|of_part| maker.pairs(of_part, &series));
        let pairs = pairs.collect::<Result<Vec<_>, _>>()?;
        let frequency = series.theme_frequency.parts().into_par_iter().map(|part| maker.frequency(part, &series));
        let frequency = frequency.collect::<Result<Vec<_>, _>>()?;
        let mut files = PartFiles::default();
        for of_table in [summed.into_iter().map(|of_part| of_part.breakdown).collect(), pairs, frequency, occasions] {
            files.add(of_table);
        }
        Ok((series, files))
    }

    /// The rows of `theme_breakdown` by source that contrasts are compared with.
    pub(super) fn of_sources(&self, files: &PartFiles) -> Result<Vec<BreakdownRow>, WriteError> {
        const COLUMNS: [&str; 7] = ["period", "period_start", "period_end", "breakdown", "member", "theme", "hits"];
        let sides = self.plan.tally.contrasts.iter().flat_map(|contrast| [Some(&contrast.target), contrast.reference.as_ref()]).flatten();
        if sides.filter(|side| side.source.is_some()).count() == 0 {
            return Ok(Vec::new());
        }
        let of_sources = |file: &PartFile| -> Result<Vec<BreakdownRow>, WriteError> {
            let mut rows: Vec<BreakdownRow> = read_columns(&file.parquet(), &COLUMNS)?;
            rows.retain(|row| row.breakdown == Breakdown::Source.name());
            Ok(rows)
        };
        Ok(files.of("theme_breakdown").par_iter().map(of_sources).collect::<Result<Vec<_>, _>>()?.concat())
    }
}

/// Makes the files of parts, or finds them in the cache.
struct PartMaker<'r> {
    run: &'r Run<'r>,
    keys: &'r [Keys],
    cache: &'r Cache,
    /// What every file depends on.
    program: String,
    /// What counts of themes depend on besides.
    counted: String,
}

impl<'r> PartMaker<'r> {
    fn new(run: &'r Run<'r>, keys: &'r [Keys], cache: &'r Cache) -> Self {
        let counted = format!("{} {:?}", run.plan.lexicon.hash(), run.plan.tally.of_counts());
        Self { run, keys, cache, program: format!("{} {SERIES}", program()), counted }
    }

    /// A part's sums, with its rows of `theme_breakdown`, and what other parts need of it.
    fn summed(&self, part: Part, slices: &Slices<'_>) -> Result<(Summed, PartSummary), BatchError> {
        let (plan, clock) = (self.run.plan, &self.run.clock);
        let key = self.key::<BreakdownRow>(part, &format!("{} {:?}", self.counted, hashes(slices)));
        let mut summary = None;
        let read = |folder: &Path| {
            summary = Some(read_packed(folder, SUMMARY, PartSummary::from_bytes)?);
            read_pairs(folder).map(drop)
        };
        let make = |folder: &Path, table: TablePart<BreakdownRow>| {
            let mut sums = PartSums::new(part, &plan.lexicon);
            for slice in slices {
                let rollup = self.slice(*slice)?;
                clock.time(Stage::Tally, || sums.add(rollup))?;
            }
            let made = clock.time(Stage::Tally, || sums.finish(&plan.tally))?;
            clock.time(Stage::Write, || {
                passes(check_breakdown(made.theme_breakdown.counts(), &made.summary, &plan.tally))?;
                table.made(made.theme_breakdown.lengths(), &[("tifa.lexicon", plan.lexicon.hash())])?;
                let pairs = Rollup { pairs: made.pairs, ..Rollup::default() };
                for (name, bytes) in [(SUMMARY, made.summary.to_bytes()), (PAIRS, pairs.to_bytes())] {
                    write_packed(folder, name, bytes)?;
                }
                Ok(())
            })
        };
        let breakdown = self.file(part, &key, read, make)?;
        let summary = summary.ok_or(BatchError::Broken("a part without its summary"))?;
        Ok((Summed { key, pairs: summary.pairs(&plan.lexicon), breakdown }, summary))
    }

    /// A part's rows of `theme_pairs`.
    fn pairs(&self, Summed { key, pairs: of_part, breakdown }: &Summed, series: &Series) -> Result<PartFile, BatchError> {
        let (plan, clock, part) = (self.run.plan, &self.run.clock, breakdown.part);
        let key = self.key::<PairRow>(part, &format!("{key} {}", of_part.first_key(part, &series.first_together)));
        let make = |_: &Path, table: TablePart<PairRow>| {
            let pairs = read_pairs(&breakdown.folder)?;
            let pairs = clock.time(Stage::Tally, || series.pairs(pairs, &plan.lexicon, &plan.tally));
            clock.time(Stage::Write, || {
                passes(check_pairs(pairs.rows(), part, of_part.sentences, series))?;
                Ok(table.made([pairs.rows()], &[("tifa.lexicon", plan.lexicon.hash())]).map(drop)?)
            })
        };
        self.file(part, &key, |_| Ok(()), make)
    }

    /// A part's rows of `theme_frequency`.
    fn frequency(&self, part: Part, series: &Series) -> Result<PartFile, BatchError> {
        let (plan, rows) = (self.run.plan, &series.theme_frequency);
        let heat = plan.tally.measures.heat.id();
        let key = self.key::<FrequencyRow>(part, &format!("{} {} {heat}", self.counted, rows.part_key(part)));
        let make = |_: &Path, table: TablePart<FrequencyRow>| {
            let metadata = [("tifa.lexicon", plan.lexicon.hash()), ("tifa.heat", heat.as_str())];
            self.run.clock.time(Stage::Write, || Ok(table.made([rows.part(part)], &metadata).map(drop)?))
        };
        self.file(part, &key, |_| Ok(()), make)
    }

    /// The occasions by the year in which they begin. Those of series have no year
    /// before all that texts say of them is put together. For each year, and for those
    /// of series, the themes with the number of their occasions.
    fn occasions(&self, slices: &[(Part, &Slices<'_>)]) -> Result<(Vec<PartFile>, Vec<OfThemes>), BatchError> {
        let clock = &self.run.clock;
        let mut years: BTreeMap<Part, (Slices<'_>, Vec<OccasionRow>)> = BTreeMap::new();
        let mut of_themes = Vec::new();
        for (part, slices) in slices {
            if *part == Part::Whole {
                let of_series = self.of_occasions(slices, Vec::new())?;
                of_themes.push(of_series.of_themes);
                for row in of_series.rows {
                    years.entry(Part::Year(row.date_start.year())).or_default().1.push(row);
                }
            } else {
                years.entry(*part).or_default().0.clone_from(slices);
            }
        }
        let file = |(part, (slices, of_series)): (Part, (Slices<'_>, Vec<OccasionRow>))| {
            let mut of_themes = OfThemes::new();
            let read = |folder: &Path| {
                of_themes = read_packed(folder, OF_THEMES, |bytes| postcard::from_bytes(bytes))?;
                Ok(())
            };
            let of_series = Rollup { occasions: of_series, ..Rollup::default() };
            let bytes = of_series.to_bytes().map_err(|e| WriteError::table(&self.run.work, &e))?;
            let key = self.key::<OccasionRow>(part, &format!("{:?} {}", hashes(&slices), blake3::hash(&bytes)));
            let make = |folder: &Path, table: TablePart<OccasionRow>| {
                let made = self.of_occasions(&slices, of_series.occasions)?;
                clock.time(Stage::Write, || {
                    table.rows(&made.rows, &[])?;
                    Ok(write_packed(folder, OF_THEMES, postcard::to_allocvec(&made.of_themes))?)
                })
            };
            let file = self.file(part, &key, read, make)?;
            Ok((file, of_themes))
        };
        let (files, of_years): (Vec<_>, Vec<_>) = years.into_par_iter().map(file).collect::<Result<Vec<_>, BatchError>>()?.into_iter().unzip();
        of_themes.extend(of_years);
        Ok((files, of_themes))
    }

    /// What a shard has for a part.
    fn slice(&self, (shard, slice): (usize, &Slice)) -> Result<Rollup, BatchError> {
        let keys = self.keys.get(shard).ok_or(BatchError::Broken("a slice without a shard"))?;
        Ok(read_slice(&self.cache.path("rollups", &keys.rollups), slice)?)
    }

    /// What the shards say of the occasions of a part, and some more of them.
    fn of_occasions(&self, slices: &Slices<'_>, more: Vec<OccasionRow>) -> Result<Occasions, BatchError> {
        let mut sums = OccasionSums::default();
        sums.add(Rollup { occasions: more, ..Rollup::default() });
        for slice in slices {
            let rollup = self.slice(*slice)?;
            self.run.clock.time(Stage::Tally, || sums.add(rollup));
        }
        Ok(self.run.clock.time(Stage::Tally, || sums.finish()))
    }

    /// Whether the files of a table have a CSV beside them. That of a folder is made
    /// from its files.
    fn has_csv<R: Row>(&self) -> bool {
        let table = R::table();
        !table.folder && self.run.plan.csv.has(&table)
    }

    /// The key of a file: all that it depends on.
    fn key<R: Row>(&self, part: Part, of: &str) -> String {
        let all = format!("{} {} {part} {} {of}", self.program, R::table().name, self.has_csv::<R>());
        short_hex(&blake3::hash(all.as_bytes()), 32)
    }

    /// A file: from the cache, if it is whole and can be `read`, else made.
    fn file<R: Row>(
        &self,
        part: Part,
        key: &str,
        mut read: impl FnMut(&Path) -> Result<(), WriteError>,
        make: impl FnOnce(&Path, TablePart<R>) -> Result<(), BatchError>,
    ) -> Result<PartFile, BatchError> {
        if self.run.watch.stopped() {
            return Err(BatchError::Interrupted);
        }
        let file = PartFile { part, folder: self.cache.path(SERIES_KIND, key), table: R::table().name, rows: 0 };
        let csv = self.has_csv::<R>();
        let mut known = || -> Result<u64, WriteError> {
            read(&file.folder)?;
            if csv {
                fs::metadata(file.csv()).map_err(|e| WriteError::io(&file.csv(), e))?;
            }
            row_count(&file.parquet())
        };
        if self.cache.has(SERIES_KIND, key) {
            match known() {
                Ok(rows) => return Ok(PartFile { rows, ..file }),
                Err(error) => tracing::warn!("a cache entry is damaged and is made again: {error}"),
            }
        }
        let aside = self.cache.begin()?;
        make(&aside, TablePart::new(&aside, csv))?;
        self.cache.put(&aside, SERIES_KIND, key)?;
        let rows = known()?;
        Ok(PartFile { rows, ..file })
    }
}

/// What slices hold, in an order that does not depend on that of the shards.
fn hashes<'i>(slices: &Slices<'i>) -> Vec<&'i str> {
    let mut hashes: Vec<&str> = slices.iter().map(|(_, slice)| slice.hash.as_str()).collect();
    hashes.sort_unstable();
    hashes
}

/// The pairs that lie beside a part's sums.
fn read_pairs(folder: &Path) -> Result<Vec<PairCountRow>, WriteError> {
    Ok(read_packed(folder, PAIRS, Rollup::from_bytes)?.pairs)
}

/// What a file beside a part's table holds.
fn read_packed<T>(folder: &Path, name: &str, unpack: impl FnOnce(&[u8]) -> Result<T, postcard::Error>) -> Result<T, WriteError> {
    let path = folder.join(name);
    let bytes = fs::read(&path).map_err(|e| WriteError::io(&path, e))?;
    unpack(&bytes).map_err(|e| WriteError::table(&path, &e))
}

fn write_packed(folder: &Path, name: &str, bytes: Result<Vec<u8>, postcard::Error>) -> Result<(), WriteError> {
    let path = folder.join(name);
    let bytes = bytes.map_err(|e| WriteError::table(&path, &e))?;
    fs::write(&path, bytes).map_err(|e| WriteError::io(&path, e))
}

fn passes(failures: Vec<CheckFailure>) -> Result<(), BatchError> {
    if failures.is_empty() { Ok(()) } else { Err(BatchError::Checks(failures)) }
}
