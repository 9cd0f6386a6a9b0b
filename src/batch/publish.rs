//! From series and artifacts to a release, or to the tables of a run that stopped early.

use std::fs;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use rayon::prelude::*;

use super::record::{Status, TableRecord};
use super::series::{PartFile, PartFiles};
use super::shard::{Cache, Keys, resolved_tables};
use super::table_part::TablePart;
use super::{BatchError, Run, checks, report};
use crate::diagnostic::{Reject, Stage};
use crate::tally::Series;
use crate::write::{CsvFile, Release, Row, Table, WriteError, batches, clear_unfinished, concatenate, data_package, prune, row_count, tables, theme_rows};

impl Run<'_> {
    pub(super) fn publish(&mut self, keys: &[Keys], cache: &Cache, series: Series, parts: &PartFiles, rejects: &[Reject]) -> Result<(), BatchError> {
        let release = Release::begin(&self.output)?;
        release.make_folder("csv")?;
        self.step("writing tables")?;
        let written: Vec<Result<_, BatchError>> = tables()
            .into_par_iter()
            .map(|table| {
                if self.watch.stopped() {
                    return Err(BatchError::Interrupted);
                }
                let twin = self.plan.csv.has(&table).then(|| format!("csv/{}.csv", table.name));
                let csv = twin.as_ref().map(|name| release.folder().join(name));
                let (files, rows) = if table.folder {
                    let (files, rows) = Self::link_parts(&release, &table, keys, parts, cache)?;
                    if let Some(csv) = csv {
                        let mut csv = CsvFile::create(&csv, table.clone())?;
                        for file in &files {
                            batches(&release.folder().join(file))?.try_for_each(|batch| csv.write(&batch?))?;
                        }
                    }
                    (files, rows)
                } else {
                    let name = format!("tables/{}.parquet", table.name);
                    let rows = self.write_single(&release.folder().join(&name), csv.as_deref(), &table, &series, parts, rejects)?;
                    (vec![name], rows)
                };
                Ok((table, files, twin, rows))
            })
            .collect();
        // The report is made from the tables.
        drop(series);
        let (mut package, mut joined_twins) = (Vec::new(), Vec::new());
        self.record.tables.clear();
        for each in written {
            let (table, files, twin, rows) = each?;
            if let Some(twin) = twin.as_ref().filter(|_| JOINED.contains(&table.name)) {
                joined_twins.push((release.folder().join(twin), table.clone()));
            }
            self.record.tables.push(TableRecord { name: table.name.to_owned(), rows, files: files.len() as u64, ..TableRecord::default() });
            package.push((table, files, twin));
        }
        let package = data_package(&self.plan.name, &self.plan.title, &package);
        release.write("datapackage.json", &pretty(&package)?)?;
        let twins = || {
            joined_twins.iter().try_for_each(|(twin, table)| joined_csv(twin, table, parts))?;
            release.sync()
        };
        let mut checked = || -> Result<(), BatchError> {
            checks::before_publish(self.plan, release.folder(), &mut self.record)?;
            self.record.facts = report::facts(self.plan, &self.record);
            Ok(report::write(&release, &self.record.facts)?)
        };
        // Copying and syncing is the disk's work, the report the processor's: a worker that
        // waits for the disk would keep a core from the report.
        let (twins, checked) = thread::scope(|scope| {
            let twins = scope.spawn(twins);
            let checked = checked();
            (twins.join().unwrap_or_else(|panic| resume_unwind(panic)), checked)
        });
        if let Err(error) = checked {
            clear_unfinished(&self.output)?;
            return Err(error);
        }
        twins?;
        let id = self.record.release_id();
        self.record.release = Some(id.clone());
        self.record.status = Status::Published;
        let finished: DateTime<Utc> = SystemTime::now().into();
        self.record.finish(finished, &self.clock, None);
        release.write("run.json", &self.record.json()?)?;
        self.step("publishing")?;
        if !self.watch.commit() {
            return Err(BatchError::Interrupted);
        }
        release.publish(&id)?;
        prune(&self.output, self.plan.keep)?;
        self.clear_partial()
    }

    /// Removes what a run that stopped early left, so that `show` reads the release.
    pub(super) fn clear_partial(&self) -> Result<(), BatchError> {
        let partial = self.work.join("partial");
        if partial.exists() {
            fs::remove_dir_all(&partial).map_err(|e| WriteError::io(&partial, e))?;
        }
        Ok(())
    }

    fn link_parts(release: &Release, table: &Table, keys: &[Keys], parts: &PartFiles, cache: &Cache) -> Result<(Vec<String>, u64), BatchError> {
        release.make_folder(&format!("tables/{}", table.name))?;
        let (mut files, mut rows) = (Vec::new(), 0);
        for (name, from, count) in part_files(table, keys, parts, cache)? {
            let name = format!("tables/{}/{name}", table.name);
            rows += count;
            release.link(&from, &name)?;
            files.push(name);
        }
        files.sort();
        Ok((files, rows))
    }

    /// Writes a table that is one file, and its CSV twin, if it has one that is not
    /// put together from parts.
    fn write_single(&self, path: &Path, csv: Option<&Path>, table: &Table, series: &Series, parts: &PartFiles, rejects: &[Reject]) -> Result<u64, BatchError> {
        let lexicon = [("tifa.lexicon", self.plan.lexicon.hash())];
        let heat = self.plan.tally.measures.heat.id();
        let measured = [("tifa.lexicon", self.plan.lexicon.hash()), ("tifa.heat", heat.as_str())];
        let file = SingleFile { path, csv };
        match table.name {
            "occasions" => file.joined(table, parts, &[]),
            "themes" => file.rows(&theme_rows(&self.plan.lexicon), &lexicon),
            "copies" => file.rows(&series.copies, &[]),
            "coverage" => file.made(series.coverage.rows(), &[]),
            "period_totals" => file.made(series.period_totals.rows(), &[]),
            "theme_frequency" => file.joined(table, parts, &measured),
            "theme_profile" => file.rows(&series.theme_profile, &measured),
            "theme_turns" => file.rows(&series.theme_turns, &lexicon),
            "theme_sources" => file.made(series.theme_sources.rows(), &lexicon),
            "keyness" => file.rows(&series.keyness, &lexicon),
            "candidates" => file.rows(&series.candidates, &lexicon),
            "rejects" => file.rows(rejects, &[]),
            _ => return Err(BatchError::Broken("a single table that nothing fills")),
        }
        .map_err(BatchError::from)
    }

    /// Leaves the tables made so far in the work folder, where `show` finds them.
    pub(super) fn leave_partial(&mut self, keys: &[Keys], cache: &Cache, rejects: &[Reject], series: Option<(&Series, &PartFiles)>) -> Result<(), BatchError> {
        self.record.status = Status::Partial;
        self.clear_partial()?;
        let folder = self.work.join("partial");
        let until = self.options.until;
        let (none, no_parts) = (Series::default(), PartFiles::default());
        let (made_series, (series, parts)) = (series.is_some(), series.unwrap_or((&none, &no_parts)));
        for table in tables() {
            let made = match table.name {
                "documents" => until >= Stage::Parse,
                "rejects" => true,
                "hits" => until >= Stage::Tag,
                name if resolved_tables().contains(&name) => until >= Stage::Resolve,
                _ => made_series,
            };
            if !made {
                continue;
            }
            let path = folder.join("tables").join(table.name);
            let parent = if table.folder { path.clone() } else { folder.join("tables") };
            fs::create_dir_all(&parent).map_err(|e| WriteError::io(&parent, e))?;
            if table.folder {
                for (name, from, _) in part_files(&table, keys, parts, cache)? {
                    let to = path.join(name);
                    fs::copy(&from, &to).map_err(|e| WriteError::io(&to, e))?;
                }
            } else {
                self.write_single(&path.with_extension("parquet"), None, &table, series, parts, rejects)?;
            }
        }
        Ok(())
    }
}

/// A table that is one file, and its CSV twin, if it has one.
struct SingleFile<'p> {
    path: &'p Path,
    csv: Option<&'p Path>,
}

impl SingleFile<'_> {
    fn rows<R: Row>(&self, rows: &[R], metadata: &[(&str, &str)]) -> Result<u64, WriteError> {
        TablePart::whole(self.path, self.csv).rows(rows, metadata)
    }

    fn made<R: Row>(&self, rows: impl Iterator<Item = R>, metadata: &[(&str, &str)]) -> Result<u64, WriteError> {
        TablePart::whole(self.path, self.csv).made([rows], metadata)
    }

    /// The parts of a table, one after the other; their CSV is [`joined_csv`].
    fn joined(&self, table: &Table, parts: &PartFiles, metadata: &[(&str, &str)]) -> Result<u64, WriteError> {
        let parts = parts.of(table.name);
        concatenate(self.path, table, &parts.iter().map(PartFile::parquet).collect::<Vec<_>>(), metadata)?;
        Ok(parts.iter().map(|part| part.rows).sum())
    }
}

/// Tables of one file that is put together from parts.
const JOINED: [&str; 2] = ["occasions", "theme_frequency"];

/// Puts the CSV of the parts of a table together.
fn joined_csv(path: &Path, table: &Table, parts: &PartFiles) -> Result<(), WriteError> {
    let mut csv = CsvFile::create(path, table.clone())?;
    parts.of(table.name).iter().try_for_each(|part| csv.append(&part.csv()))
}

/// The files in the cache of a table that is a folder: their names in the folder,
/// their paths and rows.
fn part_files(table: &Table, keys: &[Keys], parts: &PartFiles, cache: &Cache) -> Result<Vec<(String, PathBuf, u64)>, WriteError> {
    match Keys::kind_of_table(table.name) {
        None => Ok(parts.of(table.name).iter().map(|part| (format!("part-{}.parquet", part.part), part.parquet(), part.rows)).collect()),
        Some(kind) => {
            let file = |key: &Keys| {
                let from = key.file(kind, table.name, cache);
                let name = format!("part-{}.parquet", key.of_kind(kind).get(..16).unwrap_or_default());
                row_count(&from).map(|rows| (name, from, rows))
            };
            keys.iter().map(file).collect()
        }
    }
}

fn pretty(value: &serde_json::Value) -> Result<String, WriteError> {
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(|e| WriteError::table(Path::new("datapackage.json"), &e))
}
