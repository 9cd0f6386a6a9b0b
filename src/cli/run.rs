//! `tifa run`.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use chrono::NaiveDate;
use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::progress::{Watched, watch};
use super::{Folders, Pipelines, say};
use crate::Error;
use crate::batch::{BatchError, Leftovers, Lineage, Options, PipelineState, RunRecord, Status, Watch, write_metrics};
use crate::diagnostic::Stage;
use crate::load::Limits;
use crate::plan::{Plan, PlanError, read_size};
use crate::write::{Language, WriteError};

#[derive(Debug, Args)]
pub(super) struct RunArguments {
    #[command(flatten)]
    pipelines: Pipelines,
    /// Stop after this stage and leave its tables to `tifa show`
    #[arg(long, value_enum, value_name = "STAGE")]
    until: Option<Stage>,
    /// Say what would be made and why, and make nothing
    #[arg(long)]
    dry_run: bool,
    /// Threads; 0: one a core
    #[arg(long, default_value_t = 0, value_name = "N")]
    threads: usize,
    #[command(flatten)]
    folders: Folders,
    /// Publish even if there are far fewer documents than in the last release
    #[arg(long)]
    allow_shrink: bool,
    /// Read every file again, whatever its time stamps say
    #[arg(long)]
    verify: bool,
    /// Last day on which the sources are expected to speak
    #[arg(long, value_name = "DAY")]
    as_of: Option<NaiveDate>,
    /// Write metrics of the pipelines to this file, for Prometheus
    ///
    /// In the text format of the node exporter's textfile collector, which reads files that end
    /// in .prom. Written aside and renamed, also after a run that failed; not when another run
    /// holds the lock or the pipeline has mistakes.
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// Add `OpenLineage` events of the runs to this file, a line each
    ///
    /// START, then COMPLETE, FAIL or ABORT. The environment's `OPENLINEAGE_NAMESPACE` names the namespace
    /// of the job (else tifa), `OPENLINEAGE_PARENT_ID` the run that started this one, as
    /// NAMESPACE/JOB/RUN. Nothing is sent anywhere.
    #[arg(long, value_name = "FILE")]
    openlineage: Option<PathBuf>,
    /// Language of the report, instead of the pipeline's
    #[arg(long, value_enum, value_name = "LANG")]
    lang: Option<Language>,
    /// Largest file that is read whole
    #[arg(long, value_name = "SIZE", default_value = "64 MB", value_parser = size)]
    max_file: u64,
    /// Largest record of jsonl, csv and parquet
    #[arg(long, value_name = "SIZE", default_value = "64 MB", value_parser = size)]
    max_record: u64,
}

fn size(text: &str) -> Result<u64, String> {
    read_size(text).ok_or_else(|| "write a number and KB, MB or GB".to_owned())
}

impl ValueEnum for Stage {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

impl RunArguments {
    pub(super) fn execute(&self, quiet: bool, json: bool) -> Result<(), Error> {
        rayon::ThreadPoolBuilder::new().num_threads(self.threads).build_global().map_err(|e| Error::Usage(e.to_string()))?;
        let files = self.pipelines.files()?;
        let options = Options {
            until: self.until.unwrap_or(Stage::Write),
            dry_run: self.dry_run,
            verify: self.verify,
            allow_shrink: self.allow_shrink,
            as_of: self.as_of,
            limits: Limits { max_file_bytes: self.max_file, max_record_bytes: self.max_record },
        };
        for file in [&self.metrics, &self.openlineage].into_iter().flatten() {
            has_folder(file)?;
        }
        let lineage = self.openlineage.as_ref().map(|file| Lineage {
            file: file.clone(),
            namespace: std::env::var("OPENLINEAGE_NAMESPACE").ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "tifa".to_owned()),
            parent: std::env::var("OPENLINEAGE_PARENT_ID").ok().as_deref().and_then(Lineage::read_parent),
        });
        let (progress, stop) = watch(!quiet && !json, json)?;
        let outcome = self.plans(&files).and_then(|plans| {
            plans.iter().try_for_each(|plan| {
                let shown = Watched::new(&progress, &stop, Some(Leftovers::of(plan, &options)));
                let watched = Observer { shown, plan, lineage: lineage.as_ref(), trouble: Mutex::default() };
                let outcome = crate::execute(plan, &options, &watched);
                // A run that found the lock held has done nothing that is worth telling.
                let held = outcome.as_ref().is_err_and(|error| error.exit_code() == 75);
                let monitored = if held || self.dry_run { Ok(()) } else { self.tell(&plans) };
                let record = outcome.map_err(|error| shown_in_file(plan, error))?;
                let told = progress.aside(|| report(plan, &record, quiet, json));
                stop.release();
                told.and(monitored).and_then(|()| watched.trouble())
            })
        });
        stop.ended(&progress, outcome)
    }

    /// All are read before the first runs: a mistake in the last file must not be
    /// found at three in the morning, after an hour of work.
    fn plans(&self, files: &[PathBuf]) -> Result<Vec<Plan>, Error> {
        let read = |file: &PathBuf| {
            let mut plan = Plan::read(file)?;
            self.folders.apply(&mut plan);
            plan.language = self.lang.unwrap_or(plan.language);
            Ok(plan)
        };
        files.iter().map(read).collect()
    }

    /// Writes the metrics of all pipelines of the command: those that have not
    /// run yet as they were left.
    fn tell(&self, plans: &[Plan]) -> Result<(), Error> {
        let Some(file) = &self.metrics else { return Ok(()) };
        let states: Vec<PipelineState> = plans.iter().map(PipelineState::read).collect();
        Ok(write_metrics(file, &states)?)
    }
}

/// A source without files is shown where the pipeline names them.
fn shown_in_file(plan: &Plan, error: Error) -> Error {
    match error {
        Error::Batch(BatchError::Load(_) | BatchError::EmptySource(_)) => match plan.source_without_files() {
            Some(fault) => Error::Plan(PlanError::Faults(vec![fault])),
            None => error,
        },
        error => error,
    }
}

/// A file that is written at the end: its folder must be there at the beginning.
fn has_folder(file: &Path) -> Result<(), Error> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if folder.is_dir() { Ok(()) } else { Err(Error::Usage(format!("there is no folder `{}` to write `{}` into", folder.display(), file.display()))) }
}

/// Shows how a run goes on, and writes its events.
struct Observer<'p> {
    shown: Watched<'p>,
    plan: &'p Plan,
    lineage: Option<&'p Lineage>,
    /// An event that could not be written.
    trouble: Mutex<Option<WriteError>>,
}

impl Observer<'_> {
    fn event(&self, write: impl FnOnce(&Lineage) -> Result<(), WriteError>) {
        if let Some(Err(error)) = self.lineage.map(write)
            && let Ok(mut trouble) = self.trouble.lock()
        {
            *trouble = Some(error);
        }
    }

    fn trouble(self) -> Result<(), Error> {
        match self.trouble.into_inner() {
            Ok(Some(error)) => Err(error.into()),
            _ => Ok(()),
        }
    }
}

impl Watch for Observer<'_> {
    fn begin(&self, bytes: u64) {
        self.shown.begin(bytes);
    }

    fn advance(&self, bytes: u64) {
        self.shown.advance(bytes);
    }

    fn finish(&self) {
        self.shown.finish();
    }

    fn step(&self, what: &'static str) {
        self.shown.step(what);
    }

    fn stopped(&self) -> bool {
        self.shown.stopped()
    }

    fn commit(&self) -> bool {
        self.shown.commit()
    }

    fn started(&self, record: &RunRecord) {
        self.event(|lineage| lineage.start(self.plan, record));
    }

    fn ended(&self, record: &RunRecord) {
        self.event(|lineage| lineage.end(self.plan, record));
    }
}

fn report(plan: &Plan, record: &RunRecord, quiet: bool, json: bool) -> Result<(), Error> {
    if json {
        let line = serde_json::to_string(record).map_err(|e| Error::Usage(e.to_string()))?;
        return say(format_args!("{line}"));
    }
    for line in &record.plan_lines {
        say(format_args!("{line}"))?;
    }
    let counts = &record.counts;
    if !quiet && matches!(record.status, Status::Published | Status::Partial) {
        for (reason, number) in &record.rejects {
            say(format_args!("{}: {number} rejected: {reason}", plan.name))?;
        }
        for table in &record.tables {
            say(format_args!("{}: {:>9} rows  {}", plan.name, table.rows, table.name))?;
        }
    }
    let release = record.release.as_deref().unwrap_or_default();
    let folder = plan.output.join(&plan.name).join("latest");
    match record.status {
        Status::Published => say(format_args!(
            "{}: published {release}: {} documents, {} Han characters, {:.1} s; tables in {}",
            plan.name,
            counts.documents,
            counts.han_chars,
            record.seconds,
            folder.join("tables").display()
        )),
        Status::Unchanged => {
            say(format_args!("{}: unchanged since {release}, {:.1} s; tables in {}", plan.name, record.seconds, folder.join("tables").display()))
        }
        Status::Partial => say(format_args!("{}: stopped as asked, {} documents, {:.1} s; see `tifa show`", plan.name, counts.documents, record.seconds)),
        Status::DryRun => say(format_args!("{}: {} files, {} shards; nothing was made", plan.name, record.inputs.files, record.inputs.shards)),
        Status::Running | Status::Failed | Status::Interrupted => Ok(()),
    }
}
