//! From the rollups of all shards to the series, part by part. A part's tables
//! lie in the cache under a key of what its shards have for it, so that a new day
//! makes the tables of its year and links those of all others.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use chrono::Datelike;
use rayon::prelude::*;

use super::in_order::in_order;
use super::publish::row_count;
use super::rollup_file::{Index, Kind, Slice, read_slice};
use super::shard::{Cache, Keys};
use super::table_part::TablePart;
use super::{BatchError, Run, SERIES};
use crate::diagnostic::Stage;
use crate::load::short_hex;
use crate::tally::{BreakdownRow, FrequencyRow, OccasionRow, PairRow, Part, PartSummary, PartSums, Rollup, Series, Sums, merge_occasions};
use crate::write::{CheckFailure, Row, WriteError, check_breakdown, check_pairs, columns_fingerprint, read_columns};

/// Name of the folder in the cache.
pub(super) const SERIES_KIND: &str = "series";

const SUMMARY: &str = "summary.bin";
const PAIRS: &str = "pairs.bin";

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
}

impl PartFiles {
    pub(super) fn of(&self, table: &str) -> &[PartFile] {
        self.files.get(table).map(Vec::as_slice).unwrap_or_default()
    }

    /// The folders in the cache that they lie in.
    pub(super) fn folders(&self) -> BTreeSet<&Path> {
        self.files.values().flatten().map(|file| file.folder.as_path()).collect()
    }
}

/// What the shards have for a part.
type Slices<'i> = Vec<(usize, &'i Slice)>;

/// A part after it was summed.
struct Summed {
    part: Part,
    key: String,
    summary: PartSummary,
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
        let mut sums = Sums::new(&self.plan.lexicon);
        let (mut breakdowns, mut summed) = (Vec::new(), Vec::new());
        let sum = |number: usize| {
            let (part, slices) = of_series.get(number).ok_or(BatchError::Broken("a part without a number"))?;
            self.summed(*part, slices, keys, cache)
        };
        in_order(of_series.len(), rayon::current_num_threads(), sum, |_, mut of_part| {
            self.clock.time(Stage::Tally, || sums.add(of_part.part, &mut of_part.summary))?;
            breakdowns.push(of_part.breakdown);
            summed.push((of_part.part, of_part.key, of_part.summary));
            Ok::<_, BatchError>(())
        })?;
        // The whole has no members, so its file would never have a row.
        breakdowns.retain(|file| file.part != Part::Whole);
        let series = self.clock.time(Stage::Tally, || sums.finish(&self.plan.cadences(), &self.plan.tally, self.options.as_of))?;
        let pairs = summed.par_iter().map(|(part, key, summary)| self.pairs_of(*part, key, summary, &series, cache));
        let pairs = pairs.collect::<Result<Vec<_>, _>>()?;
        let frequency = series.theme_frequency.parts().into_par_iter().map(|part| self.frequency_of(part, &series, cache));
        let frequency = frequency.collect::<Result<Vec<_>, _>>()?;
        let occasions = self.occasions(&of_occasions, keys, cache)?;
        let mut files = PartFiles::default();
        for mut of_table in [breakdowns, pairs, frequency, occasions] {
            of_table.sort_by_key(|file| file.part);
            if let Some(first) = of_table.first() {
                files.files.insert(first.table, of_table);
            }
        }
        Ok((series, files))
    }

    /// A part's sums and its rows of `theme_breakdown`.
    fn summed(&self, part: Part, slices: &Slices<'_>, keys: &[Keys], cache: &Cache) -> Result<Summed, BatchError> {
        let plan = self.plan;
        let key = self.part_key::<BreakdownRow>(part, slices, "");
        let mut summary = None;
        let breakdown = self.part_file::<BreakdownRow>(
            part,
            &key,
            cache,
            |folder| {
                let bytes = fs::read(folder.join(SUMMARY)).map_err(|e| WriteError::io(folder, e))?;
                summary = Some(PartSummary::from_bytes(&bytes).map_err(|e| WriteError::table(folder, &e))?);
                fs::metadata(folder.join(PAIRS)).map(|_| ()).map_err(|e| WriteError::io(folder, e))
            },
            |folder| {
                let mut sums = PartSums::new(part, &plan.lexicon);
                for (shard, slice) in slices {
                    let rollup = keys.get(*shard).map(|keys| read_slice(&cache.path("rollups", &keys.rollups), slice)).transpose()?;
                    self.clock.time(Stage::Tally, || sums.add(rollup.unwrap_or_default()))?;
                }
                let made = self.clock.time(Stage::Tally, || sums.finish(&plan.tally))?;
                self.clock.time(Stage::Write, || {
                    passes(check_breakdown(made.theme_breakdown.rows(), &made.summary, &plan.tally))?;
                    let table = TablePart::<BreakdownRow>::new(folder, false);
                    table.write(made.theme_breakdown.rows(), &[("tifa.lexicon", plan.lexicon.hash())])?;
                    let pairs = Rollup { pairs: made.pairs, ..Rollup::default() };
                    for (name, bytes) in [(SUMMARY, made.summary.to_bytes()), (PAIRS, pairs.to_bytes())] {
                        let path = folder.join(name);
                        let bytes = bytes.map_err(|e| WriteError::table(&path, &e))?;
                        fs::write(&path, bytes).map_err(|e| WriteError::io(&path, e))?;
                    }
                    Ok::<_, BatchError>(())
                })
            },
        )?;
        let summary = summary.ok_or(BatchError::Broken("a part without its summary"))?;
        Ok(Summed { part, key, summary, breakdown })
    }

    /// A part's rows of `theme_pairs`; `key` is that of its sums.
    fn pairs_of(&self, part: Part, key: &str, summary: &PartSummary, series: &Series, cache: &Cache) -> Result<PartFile, BatchError> {
        let plan = self.plan;
        let sums = cache.path(SERIES_KIND, key).join(PAIRS);
        let key = self.part_key::<PairRow>(part, &Vec::new(), &format!("{key} {}", summary.first_key(part, &series.first_together)));
        self.part_file::<PairRow>(
            part,
            &key,
            cache,
            |_| Ok(()),
            |folder| {
                let bytes = fs::read(&sums).map_err(|e| WriteError::io(&sums, e))?;
                let pairs = Rollup::from_bytes(&bytes).map_err(|e| WriteError::table(&sums, &e))?.pairs;
                let pairs = self.clock.time(Stage::Tally, || series.pairs(pairs, &plan.lexicon, &plan.tally));
                self.clock.time(Stage::Write, || {
                    passes(check_pairs(pairs.rows(), part, series))?;
                    Ok(TablePart::<PairRow>::new(folder, false).write(pairs.rows(), &[("tifa.lexicon", plan.lexicon.hash())])?)
                })
            },
        )
    }

    /// A part's rows of `theme_frequency`.
    fn frequency_of(&self, part: Part, series: &Series, cache: &Cache) -> Result<PartFile, BatchError> {
        let heat = self.plan.tally.measures.heat.id();
        let key = self.part_key::<FrequencyRow>(part, &Vec::new(), &format!("{} {heat}", series.theme_frequency.part_key(part)));
        let csv = self.has_csv::<FrequencyRow>();
        self.part_file::<FrequencyRow>(
            part,
            &key,
            cache,
            |_| Ok(()),
            |folder| {
                let metadata = [("tifa.lexicon", self.plan.lexicon.hash()), ("tifa.heat", heat.as_str())];
                self.clock.time(Stage::Write, || Ok(TablePart::<FrequencyRow>::new(folder, csv).write(series.theme_frequency.part(part), &metadata)?))
            },
        )
    }

    /// The occasions by the year in which they begin. Those of series have no year
    /// before all that texts say of them is put together.
    fn occasions(&self, slices: &[(Part, &Slices<'_>)], keys: &[Keys], cache: &Cache) -> Result<Vec<PartFile>, BatchError> {
        let mut years: BTreeMap<Part, (Slices<'_>, Vec<OccasionRow>)> = BTreeMap::new();
        for (part, slices) in slices {
            if *part == Part::Whole {
                let of_series = read_occasions(slices, keys, cache)?;
                for row in self.clock.time(Stage::Tally, || merge_occasions(of_series)) {
                    years.entry(Part::Year(row.date_start.year())).or_default().1.push(row);
                }
            } else {
                years.entry(*part).or_default().0.clone_from(slices);
            }
        }
        let csv = self.has_csv::<OccasionRow>();
        let file = |(part, (slices, of_series)): (Part, (Slices<'_>, Vec<OccasionRow>))| {
            let of_series = Rollup { occasions: of_series, ..Rollup::default() };
            let hash = of_series.to_bytes().map_err(|e| WriteError::table(&self.work, &e))?;
            let key = self.part_key::<OccasionRow>(part, &slices, blake3::hash(&hash).to_hex().as_str());
            let make = |folder: &Path| {
                let mut rows = read_occasions(&slices, keys, cache)?;
                rows.extend(of_series.occasions);
                let rows = self.clock.time(Stage::Tally, || merge_occasions(rows));
                self.clock.time(Stage::Write, || Ok(TablePart::<OccasionRow>::new(folder, csv).write(rows.into_iter(), &[])?))
            };
            self.part_file::<OccasionRow>(part, &key, cache, |_| Ok(()), make)
        };
        years.into_par_iter().map(file).collect()
    }

    fn has_csv<R: Row>(&self) -> bool {
        self.plan.csv.has(&R::table())
    }

    /// The key of a part of a table: all that it depends on.
    fn part_key<R: Row>(&self, part: Part, slices: &Slices<'_>, more: &str) -> String {
        let mut hashes: Vec<&str> = slices.iter().map(|(_, slice)| slice.hash.as_str()).collect();
        hashes.sort_unstable();
        let (program, columns, table) = (env!("CARGO_PKG_VERSION"), columns_fingerprint(), R::table().name);
        // Occasions depend on nothing but what was read in the text.
        let settings = match table {
            "occasions" => String::new(),
            _ => format!("{} {:?}", self.plan.lexicon.hash(), self.plan.tally.of_counts()),
        };
        let all = format!("{program} {SERIES} {columns} {table} {part} {} {settings} {hashes:?} {more}", self.has_csv::<R>());
        short_hex(&blake3::hash(all.as_bytes()), 32)
    }

    /// A file of the cache: from it, if it is whole and can be `read`, else made.
    fn part_file<R: Row>(
        &self,
        part: Part,
        key: &str,
        cache: &Cache,
        mut read: impl FnMut(&Path) -> Result<(), WriteError>,
        make: impl FnOnce(&Path) -> Result<(), BatchError>,
    ) -> Result<PartFile, BatchError> {
        if self.watch.stopped() {
            return Err(BatchError::Interrupted);
        }
        let file = PartFile { part, folder: cache.path(SERIES_KIND, key), table: R::table().name, rows: 0 };
        let csv = !R::table().folder && self.has_csv::<R>();
        let mut known = || -> Result<u64, WriteError> {
            read(&file.folder)?;
            if csv {
                fs::metadata(file.csv()).map_err(|e| WriteError::io(&file.folder, e))?;
            }
            row_count(&file.parquet())
        };
        if cache.has(SERIES_KIND, key) {
            match known() {
                Ok(rows) => return Ok(PartFile { rows, ..file }),
                Err(error) => tracing::warn!("a cache entry is damaged and is made again: {error}"),
            }
        }
        let aside = cache.begin()?;
        make(&aside)?;
        cache.put(&aside, SERIES_KIND, key)?;
        let rows = known()?;
        Ok(PartFile { rows, ..file })
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
            rows.retain(|row| row.breakdown == crate::tally::Breakdown::Source.name());
            Ok(rows)
        };
        Ok(files.of("theme_breakdown").par_iter().map(of_sources).collect::<Result<Vec<_>, _>>()?.concat())
    }
}

/// What the shards say of occasions of a part.
fn read_occasions(slices: &Slices<'_>, keys: &[Keys], cache: &Cache) -> Result<Vec<OccasionRow>, WriteError> {
    let mut rows = Vec::new();
    for (shard, slice) in slices {
        if let Some(keys) = keys.get(*shard) {
            rows.extend(read_slice(&cache.path("rollups", &keys.rollups), slice)?.occasions);
        }
    }
    Ok(rows)
}

fn passes(failures: Vec<CheckFailure>) -> Result<(), BatchError> {
    if failures.is_empty() { Ok(()) } else { Err(BatchError::Checks(failures)) }
}
