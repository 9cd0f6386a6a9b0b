//! `tifa run`.

use std::io::{self, IsTerminal};

use chrono::NaiveDate;
use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Folders, Pipelines, say};
use crate::Error;
use crate::batch::{Options, RunRecord, Status, Watch};
use crate::diagnostic::Stage;
use crate::load::Limits;
use crate::plan::{Plan, read_size};
use crate::write::Language;

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
        // All are read before the first runs: a mistake in the last file must
        // not be found at three in the morning, after an hour of work.
        let mut plans = Vec::new();
        for file in &files {
            let mut plan = Plan::read(file)?;
            self.folders.apply(&mut plan);
            plan.language = self.lang.unwrap_or(plan.language);
            plans.push(plan);
        }
        for plan in &plans {
            let bar = Bar::new(!quiet && !json && io::stderr().is_terminal());
            let record = crate::execute(plan, &options, &bar)?;
            report(plan, &record, quiet, json)?;
        }
        Ok(())
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
        Status::Running | Status::Failed => Ok(()),
    }
}

/// A progress bar on the terminal, or nothing.
pub(super) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    pub(super) fn new(shown: bool) -> Self {
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}") {
            bar.set_style(style);
        }
        Self { bar }
    }
}

impl Watch for Bar {
    fn begin(&self, bytes: u64) {
        self.bar.set_length(bytes);
    }

    fn advance(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
