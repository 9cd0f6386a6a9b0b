//! From series and artifacts to a release, or to the tables of a run that stopped early.

use std::fs::{self, File};
use std::path::Path;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use rayon::prelude::*;

use super::record::{Status, TableRecord};
use super::shard::{Cache, Keys, resolved_tables};
use super::{BatchError, Run, checks, report};
use crate::diagnostic::{Reject, Stage};
use crate::tally::Tally;
use crate::write::{CsvFile, Release, Row, Table, TableFile, WriteError, batch, batches, clear_unfinished, data_package, prune, tables, theme_rows};

/// Rows of a series that are in memory together while they are written.
const ROWS_AT_ONCE: usize = 1 << 14;

impl Run<'_> {
    pub(super) fn publish(&mut self, keys: &[Keys], cache: &Cache, series: &Tally, rejects: &[Reject]) -> Result<(), BatchError> {
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
                    let (files, rows) = Self::link_parts(&release, &table, keys, cache)?;
                    if let Some(csv) = csv {
                        let mut csv = CsvFile::create(&csv, table.clone())?;
                        for file in &files {
                            batches(&release.folder().join(file))?.try_for_each(|batch| csv.write(&batch?))?;
                        }
                    }
                    (files, rows)
                } else {
                    let name = format!("tables/{}.parquet", table.name);
                    let rows = self.write_single(&release.folder().join(&name), csv.as_deref(), table.name, series, rejects)?;
                    (vec![name], rows)
                };
                Ok((table, files, twin, rows))
            })
            .collect();
        let mut package = Vec::new();
        self.record.tables.clear();
        for each in written {
            let (table, files, twin, rows) = each?;
            self.record.tables.push(TableRecord { name: table.name.to_owned(), rows, files: files.len() as u64, ..TableRecord::default() });
            package.push((table, files, twin));
        }
        let package = data_package(&self.plan.name, &self.plan.title, &package);
        release.write("datapackage.json", &pretty(&package)?)?;
        if let Err(error) = checks::before_publish(self.plan, release.folder(), &mut self.record) {
            clear_unfinished(&self.output)?;
            return Err(error);
        }
        self.record.facts = report::facts(self.plan, &self.record);
        report::write(&release, &self.record.facts)?;
        let id = format!("{}-{}", self.record.started.format("%Y%m%dT%H%M%SZ"), self.record.release_key.get(..8).unwrap_or_default());
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

    fn link_parts(release: &Release, table: &Table, keys: &[Keys], cache: &Cache) -> Result<(Vec<String>, u64), BatchError> {
        release.make_folder(&format!("tables/{}", table.name))?;
        let (mut files, mut rows) = (Vec::new(), 0);
        for key in keys {
            let (kind, own) = key.of_table(table.name);
            let from = cache.path(kind, own).join(format!("{}.parquet", table.name));
            let name = format!("tables/{}/part-{}.parquet", table.name, own.get(..16).unwrap_or(own));
            rows += row_count(&from)?;
            release.link(&from, &name)?;
            files.push(name);
        }
        files.sort();
        Ok((files, rows))
    }

    /// Writes a table that is one file, and its CSV twin, if it has one.
    fn write_single(&self, path: &Path, csv: Option<&Path>, table: &str, series: &Tally, rejects: &[Reject]) -> Result<u64, BatchError> {
        let lexicon = [("tifa.lexicon", self.plan.lexicon.hash())];
        let heat = self.plan.tally.measures.heat.id();
        let measured = [("tifa.lexicon", self.plan.lexicon.hash()), ("tifa.heat", heat.as_str())];
        let file = SingleFile { path, csv };
        match table {
            "occasions" => file.rows(&series.occasions, &[]),
            "themes" => file.rows(&theme_rows(&self.plan.lexicon), &lexicon),
            "copies" => file.rows(&series.copies, &[]),
            "coverage" => file.rows(&series.coverage, &[]),
            "period_totals" => file.rows(&series.period_totals, &[]),
            "theme_frequency" => file.rows(&series.theme_frequency, &measured),
            "theme_breakdown" => file.made(series.theme_breakdown.rows(), &lexicon),
            "theme_profile" => file.rows(&series.theme_profile, &measured),
            "theme_turns" => file.rows(&series.theme_turns, &lexicon),
            "theme_pairs" => file.made(series.theme_pairs.rows(), &lexicon),
            "theme_sources" => file.rows(&series.theme_sources, &lexicon),
            "keyness" => file.rows(&series.keyness, &lexicon),
            "candidates" => file.rows(&series.candidates, &lexicon),
            "rejects" => file.rows(rejects, &[]),
            _ => return Err(BatchError::Broken("a single table that nothing fills")),
        }
        .map_err(BatchError::from)
    }

    /// Leaves the tables made so far in the work folder, where `show` finds them.
    pub(super) fn leave_partial(&mut self, keys: &[Keys], cache: &Cache, rejects: &[Reject], series: Option<&Tally>) -> Result<(), BatchError> {
        self.record.status = Status::Partial;
        self.clear_partial()?;
        let folder = self.work.join("partial");
        let until = self.options.until;
        for table in tables() {
            let made = match table.name {
                "documents" => until >= Stage::Parse,
                "rejects" => true,
                "hits" => until >= Stage::Tag,
                name if resolved_tables().contains(&name) => until >= Stage::Resolve,
                _ => series.is_some(),
            };
            if !made {
                continue;
            }
            let path = folder.join("tables").join(table.name);
            let parent = if table.folder { path.clone() } else { folder.join("tables") };
            fs::create_dir_all(&parent).map_err(|e| WriteError::io(&parent, e))?;
            if table.folder {
                for key in keys {
                    let (kind, own) = key.of_table(table.name);
                    let from = cache.path(kind, own).join(format!("{}.parquet", table.name));
                    let to = path.join(format!("part-{}.parquet", own.get(..16).unwrap_or(own)));
                    fs::copy(&from, &to).map_err(|e| WriteError::io(&to, e))?;
                }
            } else {
                self.write_single(&path.with_extension("parquet"), None, table.name, series.unwrap_or(&Tally::default()), rejects)?;
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
        self.write(rows.chunks(ROWS_AT_ONCE), metadata)
    }

    /// Rows that are made while they are written.
    fn made<R: Row>(&self, mut rows: impl Iterator<Item = R>, metadata: &[(&str, &str)]) -> Result<u64, WriteError> {
        let some = || Some(rows.by_ref().take(ROWS_AT_ONCE).collect::<Vec<R>>()).filter(|some| !some.is_empty());
        self.write(std::iter::from_fn(some), metadata)
    }

    fn write<R: Row, S: AsRef<[R]>>(&self, parts: impl Iterator<Item = S>, metadata: &[(&str, &str)]) -> Result<u64, WriteError> {
        let mut file = TableFile::<R>::create(self.path, metadata)?;
        let mut csv = self.csv.map(|path| CsvFile::create(path, R::table())).transpose()?;
        let mut written = 0;
        for part in parts {
            let rows = batch(part.as_ref()).map_err(|e| WriteError::table(self.path, &e))?;
            written += rows.num_rows() as u64;
            file.write_batch(&rows)?;
            csv.as_mut().map_or(Ok(()), |csv| csv.write(&rows))?;
        }
        file.close()?;
        Ok(written)
    }
}

pub(super) fn row_count(path: &Path) -> Result<u64, WriteError> {
    let file = File::open(path).map_err(|e| WriteError::io(path, e))?;
    let reader = parquet::file::serialized_reader::SerializedFileReader::new(file).map_err(|e| WriteError::table(path, &e))?;
    let rows = parquet::file::reader::FileReader::metadata(&reader).file_metadata().num_rows();
    Ok(u64::try_from(rows).unwrap_or(0))
}

fn pretty(value: &serde_json::Value) -> Result<String, WriteError> {
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(|e| WriteError::table(Path::new("datapackage.json"), &e))
}
